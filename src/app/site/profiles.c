#include "app/site/profiles.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_CAP = 1024 };

int heng_is_profile_file(const struct dirent *entry)
{
    size_t n = strlen(entry->d_name);
    if (n > 12 && strcmp(entry->d_name + n - 12, ".schema.json") == 0) return 0; /* what "$schema" names */
    return entry->d_name[0] != '.' && n > 5 && strcmp(entry->d_name + n - 5, ".json") == 0;
}

heng_rc heng_profile_prove(const struct heng_profile *profile, const char *path, struct heng_err *err)
{
    const char *slash = strrchr(path, '/'), *file = slash ? slash + 1 : path;
    size_t n = strlen(profile->name);
    if (strncmp(file, profile->name, n) != 0 || strcmp(file + n, ".json") != 0)
        return heng_fail(err, HENG_ECONFLICT, 1, "the profile is called '%s': call the file %s.json", profile->name,
                         profile->name);
    return heng_profile_check(profile, err);
}

heng_rc heng_profile_file_read(const char *path, char *ret_text, size_t *ret_n, struct heng_err *err)
{
    FILE *file = fopen(path, "rb");
    if (!file) return heng_fail(err, HENG_EIO, 0, "cannot be read: %s", strerror(errno));
    errno = 0;
    *ret_n = fread(ret_text, 1, HENG_PROFILE_BYTES_MAX + 1, file);
    int failed = ferror(file) ? errno : 0;
    (void)fclose(file); /* nothing was written */
    if (failed) return heng_fail(err, HENG_EIO, 0, "cannot be read: %s", strerror(failed));
    if (*ret_n > HENG_PROFILE_BYTES_MAX)
        return heng_fail(err, HENG_ELIMIT, 0, "has more than %d bytes", HENG_PROFILE_BYTES_MAX);
    return HENG_OK;
}

static heng_rc add_file(const char *folder, const char *name, char *text, struct heng_profiles *profiles,
                        struct heng_err *err)
{
    char path[PATH_CAP];
    size_t n = 0;
    int length = snprintf(path, sizeof path, "%s/%s", folder, name);
    if (length < 0 || (size_t)length >= sizeof path)
        return heng_fail(err, HENG_EIO, 0, "the name of the folder '%.80s' is too long", folder);
    struct heng_err why = {.text = ""};
    heng_rc rc = heng_profile_file_read(path, text, &n, &why);
    if (rc != HENG_OK) return heng_fail(err, rc, 0, "'%.80s' %s", path, why.text);
    rc = heng_profiles_add(profiles, heng_slice_of(text, n), &why);
    if (rc == HENG_OK) rc = heng_profile_prove(profiles->items[profiles->count - 1], name, &why);
    if (rc == HENG_OK) return rc;
    return heng_fail(err, rc, why.at, "%.60s:%u: %s", name, why.at ? why.at : 1, why.text);
}

static heng_rc add_folder(const char *folder, struct heng_profiles *profiles, struct heng_err *err)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, heng_is_profile_file, alphasort);
    if (count < 0)
        return heng_fail(err, HENG_EIO, 0, "cannot read the folder of profiles '%.80s': %s", folder, strerror(errno));
    char *text = malloc(HENG_PROFILE_BYTES_MAX + 1);
    heng_rc rc = text ? HENG_OK : heng_fail(err, HENG_ENOMEM, 0, "no memory for a profile");
    for (int i = 0; i < count; i++) {
        if (rc == HENG_OK) rc = add_file(folder, entries[i]->d_name, text, profiles, err);
        free(entries[i]);
    }
    free(entries);
    free(text);
    return rc;
}

heng_rc heng_site_profiles_read(const char *folder, struct heng_profiles *ret, struct heng_err *err)
{
    heng_rc rc = heng_profiles_init(ret, err);
    return rc == HENG_OK && folder ? add_folder(folder, ret, err) : rc;
}

heng_rc heng_site_profiles_check(const struct heng_profiles *profiles, heng_protocol protocol, const char *name,
                                 struct heng_err *err)
{
    char names[100] = "";
    size_t n = 0;
    if (name[0] == '\0' || heng_profiles_find(profiles, name)) return HENG_OK;
    for (size_t i = 0; i < profiles->count; i++) {
        const struct heng_profile *profile = profiles->items[i];
        if (!(profile->protocols & 1u << protocol)) continue;
        if (n + strlen(profile->name) + 6 >= sizeof names) {
            snprintf(names + n, sizeof names - n, ", ...");
            break;
        }
        n += (size_t)snprintf(names + n, sizeof names - n, "%s%s", n ? ", " : "", profile->name);
    }
    return heng_fail(err, HENG_ECONFIG, 0, "no profile '%.30s'; there are %s", name, n ? names : "none for it");
}
