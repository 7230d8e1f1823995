#include "app/import_carried.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/options.h"
#include "base/log.h"
#include "base/time.h"
#include "flow/carried.h"

static const char command[] = "import";

enum { READ_BYTES = 64 * 1024 };

bool heng_import_is_carried(const char *path)
{
    uint8_t bytes[8];
    FILE *file = strcmp(path, "-") == 0 ? NULL : fopen(path, "rb");
    if (!file) return false;
    size_t n = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    return heng_carry_is(heng_slice_of(bytes, n));
}

static heng_rc take_file(struct heng_store *store, const struct heng_profiles *profiles, FILE *file,
                         struct heng_carried_counts *ret, struct heng_err *err)
{
    static uint8_t bytes[READ_BYTES];
    struct heng_carried *carried = NULL;
    heng_rc rc = heng_carried_begin(store, profiles, heng_clock_wall(), &carried, err);
    size_t n = 1;
    while (rc == HENG_OK && n) {
        n = fread(bytes, 1, sizeof bytes, file);
        if (ferror(file))
            rc = heng_fail(err, HENG_EIO, 0, "cannot read it: %s", strerror(errno));
        else
            rc = heng_carried_take(carried, heng_slice_of(bytes, n), err);
    }
    if (rc == HENG_OK) rc = heng_carried_end(carried, ret, err);
    heng_carried_free(carried);
    return rc;
}

static void say(const struct heng_carried_counts *counts)
{
    uint64_t told = 0;
    printf("%s '%s': %" PRIu64 " readings stored, %" PRIu64 " known already, %" PRIu64 " refused\n",
           counts->by_hand ? "read by" : "journal of gateway", counts->header.name, counts->stored, counts->same,
           counts->refused);
    for (size_t i = 0; i < counts->reason_count; i++) {
        printf("  refused %" PRIu64 ": %s\n", counts->reasons[i].count, counts->reasons[i].why);
        told += counts->reasons[i].count;
    }
    if (told < counts->refused) printf("  refused %" PRIu64 " for other reasons\n", counts->refused - told);
    if (counts->conflicts)
        printf("  %" PRIu64 " have other values for a moment that is known: they are kept beside the first ones\n",
               counts->conflicts);
    if (counts->left)
        printf("  %" PRIu64 " other entries (events, failed reads, commands) come when the gateway delivers\n",
               counts->left);
}

int heng_import_carried(const char *folder, const struct heng_profiles *profiles, const char *path)
{
    char database[DATA_PATH_MAX];
    struct heng_carried_counts counts;
    struct heng_store *store = NULL;
    struct heng_err err = {.text = ""}, why = {.text = ""};
    heng_log_set_level(HENG_LOG_ERROR); /* what matters is in the output */
    FILE *file = fopen(path, "rb");
    if (!file) {
        heng_fail(&err, HENG_EIO, 0, "'%.80s': %s", path, strerror(errno));
        return heng_failure(command, &err);
    }
    heng_rc rc = heng_data_open(folder, database, &store, &err);
    if (rc == HENG_EBUSY)
        rc = heng_fail(&err, rc, 0,
                       "'heng serve' runs on '%.40s': stop it for the import, or give the file to the gateway: "
                       "heng-gateway import FILE",
                       folder);
    if (rc == HENG_OK) {
        rc = take_file(store, profiles, file, &counts, &why);
        if (rc != HENG_OK) heng_fail(&err, rc, 0, "'%.40s', nothing of it is stored: %.90s", path, why.text);
    }
    heng_store_close(store);
    fclose(file);
    if (rc != HENG_OK) return heng_failure(command, &err);
    say(&counts);
    return counts.refused ? EXIT_FAILURE : EXIT_SUCCESS;
}
