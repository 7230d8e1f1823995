#ifndef HENG_APP_FORM_FILE_H
#define HENG_APP_FORM_FILE_H
/* A JSON form from a file or from standard input, and commands that answer one. */
#include "base/arena.h"
#include "base/buf.h"
#include "bill/explain.h"

/* All of it; path NULL or "-" is standard input. Errors: EIO, ELIMIT beyond ret->max, EFORMAT when it is empty. */
HENG_NODISCARD heng_rc heng_form_file_read(const char *path, struct heng_str *ret, struct heng_err *err);

/* heng NAME [--explain LANGUAGE] [FILE]: one form in, its answer to standard output. language: LANGUAGES when nobody
 * wants it explained. input_max, output_max, memory_max: bytes. */
struct heng_form_command {
    const char *name, *help;
    size_t input_max, output_max, memory_max;
    heng_rc (*answer)(struct heng_slice json, heng_language language, struct heng_arena *arena, struct heng_str *out,
                      struct heng_err *err);
};

/* The status to exit with: 0 done, 1 the form is wrong, 2 wrong usage; what was wrong is on standard error. */
int heng_form_command_run(const struct heng_form_command *command, int argc, char **argv);

#endif
