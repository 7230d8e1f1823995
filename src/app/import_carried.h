#ifndef HENG_APP_IMPORT_CARRIED_H
#define HENG_APP_IMPORT_CARRIED_H
/* heng import of a carry file: what a handheld or a gateway's journal has read. */
#include <stdbool.h>

#include "meter/profile.h"

/* By its first bytes; a file that cannot be read is none. */
bool heng_import_is_carried(const char *path);

/* profiles: the meter models that are known. Returns the exit status; says what was stored, known and refused. */
int heng_import_carried(const char *folder, const struct heng_profiles *profiles, const char *path);

#endif
