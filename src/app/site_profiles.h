#ifndef HENG_APP_SITE_PROFILES_H
#define HENG_APP_SITE_PROFILES_H
/* The meter models that this program knows: the built-in ones and those of a site's folder. */
#include "meter/profile.h"

/* Read the built-in profiles and every *.json of a folder, in the order of their names; one with the name of a built-in
 * profile takes its place. folder NULL: the built-in ones only.
 * Owns:   *ret is to be finished with heng_profiles_fini, also after an error.
 * Errors: EIO, ENOMEM, those of heng_profiles_add; the text begins with file and line. */
HENG_NODISCARD heng_rc heng_site_profiles_read(const char *folder, struct heng_profiles *ret, struct heng_err *err);

/* ECONFIG with the names that there are, for a name that is not one of them; HENG_OK for "". */
HENG_NODISCARD heng_rc heng_site_profiles_check(const struct heng_profiles *profiles, heng_protocol protocol,
                                                const char *name, struct heng_err *err);

#endif
