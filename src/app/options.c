#include "app/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int heng_usage_error(const char *command, const char *fmt, ...)
{
    va_list args;
    fprintf(stderr, "heng %s: ", command);
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fprintf(stderr, "; see heng %s --help\n", command);
    return EXIT_USAGE;
}

int heng_option_error(const char *command, int result, char **argv)
{
    if (result == ':') return heng_usage_error(command, "%s needs a value", argv[optind - 1]);
    /* A short option may stand in the middle of a word; a long one is the word itself. */
    if (optopt) return heng_usage_error(command, "-%c is not an option", optopt);
    return heng_usage_error(command, "%s is not an option", argv[optind - 1]);
}

int heng_failure(const char *command, const struct heng_err *err)
{
    fprintf(stderr, "heng %s: %s\n", command, err->text);
    return EXIT_FAILURE;
}

/* mkdir -p, for the owner only: the database holds people's consumption. */
static heng_rc make_folder(const char *folder, struct heng_err *err)
{
    char path[DATA_PATH_MAX];
    snprintf(path, sizeof path, "%s", folder);
    for (char *p = path + 1;; p++) {
        if (*p != '/' && *p != '\0') continue;
        char cut = *p;
        *p = '\0';
        if (mkdir(path, 0700) != 0 && errno != EEXIST)
            return heng_fail(err, errno == EACCES || errno == EPERM ? HENG_EDENIED : HENG_EIO, 0,
                             "cannot make the data folder '%.80s': %s", path, strerror(errno));
        *p = cut;
        if (cut == '\0') return HENG_OK;
    }
}

heng_rc heng_data_name(const char *folder, char ret_name[static DATA_PATH_MAX], struct heng_err *err)
{
    char path[DATA_PATH_MAX + 16];
    if (folder[0] == '\0' || strlen(folder) > DATA_PATH_MAX - 16)
        return heng_fail(err, HENG_ECONFIG, 0, "the name of the data folder is empty or too long");
    snprintf(path, sizeof path, "%s/database", folder);
    FILE *f = fopen(path, "r");
    if (!f && errno != ENOENT) return heng_fail(err, HENG_EIO, 0, "cannot read '%s': %s", path, strerror(errno));
    if (!f) {
        snprintf(ret_name, DATA_PATH_MAX, "%s/heng.db", folder);
        return HENG_OK;
    }
    bool good = fgets(ret_name, DATA_PATH_MAX, f) != NULL;
    fclose(f);
    if (good) ret_name[strcspn(ret_name, "\r\n")] = '\0';
    return good && ret_name[0] ? HENG_OK
                               : heng_fail(err, HENG_ECONFIG, 0, "'%s' names no database in its first line", path);
}

heng_rc heng_data_open(const char *folder, char ret_path[static DATA_PATH_MAX], struct heng_store **ret,
                       struct heng_err *err)
{
    heng_rc rc = heng_data_name(folder, ret_path, err);
    if (rc == HENG_OK) rc = make_folder(folder, err);
    if (rc != HENG_OK) return rc;
    rc = heng_store_open(ret_path, ret, err);
    if (rc == HENG_ENOTFOUND) {
        rc = heng_store_create(ret_path, err);
        if (rc == HENG_OK) rc = heng_store_open(ret_path, ret, err);
    }
    return rc;
}
