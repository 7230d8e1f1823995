#ifndef HENG_API_ARCHIVE_H
#define HENG_API_ARCHIVE_H
/* What the operations on the archive share among themselves. Inside of api/ only. */
#include <stdio.h>

#include "api/internal.h"
#include "archive/archive.h"

heng_rc heng_api_no_memory(struct heng_err *err);

/* In the arena of the call; NULL for "", and without memory. */
const char *heng_api_opt_text(struct heng_api_call *call, const char *text);

/* False when a text that is given does not fit. */
bool heng_api_put_text(char *ret, size_t cap, bool is, const char *text);

struct heng_api_archive_place heng_api_archive_place_from(struct heng_api_call *call,
                                                          const struct heng_archive_place *place);

#endif
