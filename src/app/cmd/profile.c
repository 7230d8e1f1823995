#include "app/cmd/profile.h"
#include "app/options.h"
#include "app/site/profiles.h"
#include "meter/profile.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { OK = 0, SOME_BAD = 1, PATH_CAP = 1024, PARSED_MAX = 16 << 20 };

static const char usage[] =
    "usage: heng profile check FILE|DIR...   read profiles and run their samples\n"
    "       heng profile list                the profiles that are built in\n"
    "       heng profile show NAME           print one of them, as a start for your own\n"
    "A profile describes one meter model in JSON: how to recognise it, what to ask, what the answers mean, and frames\n"
    "that prove it. Exit status: 0 good, 1 a profile is bad or not there, 2 wrong usage.\n";

static void print_good(const struct heng_profile *profile)
{
    size_t readings = 0;
    for (size_t i = 0; i < profile->sample_count; i++) readings += profile->samples[i].reading_count;
    printf("ok %s: %zu samples, %zu readings%s\n", profile->name, profile->sample_count, readings,
           profile->sample_count ? "" : " (nothing is proven: add a frame with what must come out of it)");
}

static int check_file(const char *path)
{
    static char text[HENG_PROFILE_BYTES_MAX + 1];
    struct heng_arena arena = {.max = PARSED_MAX};
    struct heng_profile profile;
    struct heng_err err = {0};
    size_t n = 0;
    heng_rc rc = heng_profile_file_read(path, text, &n, &err);
    if (rc != HENG_OK) {
        printf("%s: %s\n", path, err.text);
        return SOME_BAD;
    }
    rc = heng_profile_parse(heng_slice_of(text, n), &arena, &profile, &err);
    if (rc == HENG_OK) rc = heng_profile_prove(&profile, path, &err);
    if (rc == HENG_OK)
        print_good(&profile);
    else
        printf("%s:%u: %s\n", path, err.at ? err.at : 1, err.text);
    heng_arena_fini(&arena);
    return rc == HENG_OK ? OK : SOME_BAD;
}

static int check_folder(const char *folder)
{
    struct dirent **entries = NULL;
    char path[PATH_CAP];
    int status = OK, count = scandir(folder, &entries, heng_is_profile_file, alphasort);
    if (count < 0) {
        printf("%s: cannot be read: %s\n", folder, strerror(errno));
        return SOME_BAD;
    }
    if (count == 0) {
        printf("%s: there is no profile (*.json) in it\n", folder);
        status = SOME_BAD;
    }
    for (int i = 0; i < count; i++) {
        int n = snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        if (n < 0 || (size_t)n >= sizeof path) printf("%s: the name of the folder is too long\n", folder);
        if (n < 0 || (size_t)n >= sizeof path || check_file(path) != OK) status = SOME_BAD;
        free(entries[i]);
    }
    free(entries);
    return status;
}

static int check(int count, char **paths)
{
    int status = OK;
    if (count == 0) return heng_usage_error("profile", "check what? name files or folders");
    for (int i = 0; i < count; i++) {
        struct stat st;
        bool folder = stat(paths[i], &st) == 0 && S_ISDIR(st.st_mode);
        if ((folder ? check_folder(paths[i]) : check_file(paths[i])) != OK) status = SOME_BAD;
    }
    return status;
}

static void print_row(const struct heng_profile *profile)
{
    char protocols[64] = "";
    size_t n = 0;
    for (unsigned i = 0; i < HENG_PROTOCOL_COUNT; i++)
        if (profile->protocols & UINT32_C(1) << i)
            n += (size_t)snprintf(protocols + n, sizeof protocols - n, "%s%s", n ? ", " : "",
                                  heng_protocol_text((heng_protocol)i));
    printf("%-24s %-23s %s\n", profile->name, protocols, profile->title[0]);
}

static int list(void)
{
    struct heng_profiles profiles;
    struct heng_err err = {0};
    heng_rc rc = heng_profiles_init(&profiles, &err);
    for (size_t i = 0; rc == HENG_OK && i < profiles.count; i++) print_row(profiles.items[i]);
    heng_profiles_fini(&profiles);
    return rc == HENG_OK ? OK : heng_failure("profile", &err);
}

static int show(const char *name)
{
    for (size_t i = 0; i < heng_profile_file_count; i++) {
        const struct heng_profile_file *file = &heng_profile_files[i];
        if (strcmp(file->name, name) != 0) continue;
        fwrite(file->json, 1, file->bytes, stdout);
        return OK;
    }
    fprintf(stderr, "heng profile: there is no profile '%s': see heng profile list\n", name);
    return SOME_BAD;
}

static int finish_output(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout)) return status;
    fprintf(stderr, "heng profile: cannot write to standard output: is the disk full, or the reader gone?\n");
    return SOME_BAD;
}

int heng_cmd_profile(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    if (strcmp(what, "--help") == 0 || strcmp(what, "-h") == 0) {
        fputs(usage, stdout);
        return finish_output(OK);
    }
    if (strcmp(what, "check") == 0) return finish_output(check(argc - 2, argv + 2));
    if (strcmp(what, "list") == 0 && argc == 2) return finish_output(list());
    if (strcmp(what, "show") == 0 && argc == 3) return finish_output(show(argv[2]));
    return heng_usage_error("profile", "check, list or show, not '%s'", what);
}
