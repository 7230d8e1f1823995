#ifndef HENG_APP_FORM_FILE_H
#define HENG_APP_FORM_FILE_H
/* A JSON form from a file or from standard input. */
#include "base/buf.h"
#include "base/rc.h"

/* All of it; path NULL or "-" is standard input. Errors: EIO, ELIMIT beyond ret->max, EFORMAT when it is empty. */
HENG_NODISCARD heng_rc heng_form_file_read(const char *path, struct heng_str *ret, struct heng_err *err);

#endif
