#ifndef HENG_APP_SITE_PROFILES_H
#define HENG_APP_SITE_PROFILES_H
/* The meter models that this program knows: the built-in ones and those of a site's folder. */
#include "meter/profile.h"

#include <dirent.h>

/* A filter for scandir: *.json, but no schema and nothing hidden. */
int heng_is_profile_file(const struct dirent *entry);
/* The text of a profile file, which no profile of a sane size can fill: ret_text has HENG_PROFILE_BYTES_MAX + 1 bytes.
 * Errors: EIO, ELIMIT; the text goes behind the name of the file: "cannot be read: No such file or directory". */
HENG_NODISCARD heng_rc heng_profile_file_read(const char *path, char *ret_text, size_t *ret_n, struct heng_err *err);

/* What a file must be besides readable: called like the profile in it, so that one finds the other and a folder cannot
 * hold two of one name, and right about its own samples. Errors: ECONFLICT, err->at = line number. */
HENG_NODISCARD heng_rc heng_profile_prove(const struct heng_profile *profile, const char *path, struct heng_err *err);

/* Read the built-in profiles and every *.json of a folder, in the order of their names; one with the name of a built-in
 * profile takes its place. Each must prove itself: what decodes its own samples wrongly decodes meters wrongly.
 * folder NULL: the built-in ones only.
 * Owns:   *ret is to be finished with heng_profiles_fini, also after an error.
 * Errors: EIO, ENOMEM, those of heng_profiles_add and heng_profile_prove; the text begins with file and line. */
HENG_NODISCARD heng_rc heng_site_profiles_read(const char *folder, struct heng_profiles *ret, struct heng_err *err);

/* ECONFIG with the names that there are, for a name that is not one of them; HENG_OK for "". */
HENG_NODISCARD heng_rc heng_site_profiles_check(const struct heng_profiles *profiles, heng_protocol protocol,
                                                const char *name, struct heng_err *err);

#endif
