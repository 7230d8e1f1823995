#include "app/cmd/store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/options.h"
#include "store/dump.h"

#define DATABASE_IS                                                                                                    \
    "DATABASE is a data folder as of heng serve --data, a file, or postgresql://USER@HOST/NAME with the password in\n" \
    "~/.pgpass.\n"

static const char migrate_usage[] =
    "usage: heng migrate DATABASE\n"
    "Brings the schema of a database up to date, or says that it is. heng serve does the same when it starts; whoever\n"
    "wants to know beforehand how long it takes makes a backup, restores it elsewhere and runs this "
    "there.\n" DATABASE_IS "Exit status: 0 up to date, 1 it cannot be, 2 wrong usage.\n";
static const char backup_usage[] =
    "usage: heng backup DATABASE FILE\n"
    "Writes all of a database, as it is at one moment, to a new FILE, while heng serve goes on with its work. The "
    "file\n"
    "is the same whichever engine the database is on. Nothing is left when it fails.\n" DATABASE_IS
    "Exit status: 0 written, 1 not, 2 wrong usage.\n";
static const char restore_usage[] =
    "usage: heng restore FILE DATABASE\n"
    "Makes a new database from a backup: where nothing is yet, on either engine. The file is checked before anything "
    "is\n"
    "touched, and what was stored is read back and compared: all of it is there then, or nothing.\n" DATABASE_IS
    "Exit status: 0 restored, 1 not, 2 wrong usage.\n";

/* A data folder stands for its database. */
static heng_rc find_database(const char *word, char ret_name[static DATA_PATH_MAX], struct heng_err *err)
{
    struct stat st;
    if (stat(word, &st) == 0 && S_ISDIR(st.st_mode)) return heng_data_name(word, ret_name, err);
    if (word[0] && word[strlen(word) - 1] == '/')
        return heng_fail(err, HENG_ENOTFOUND, 0, "there is no folder '%.100s': make it first", word);
    if (strlen(word) >= DATA_PATH_MAX) return heng_fail(err, HENG_ECONFIG, 0, "the name of the database is too long");
    memcpy(ret_name, word, strlen(word) + 1);
    return HENG_OK;
}

/* The status when the arguments are not what is wanted or help is; -1: go on. */
static int check_arguments(int argc, char **argv, int wanted, const char *usage)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            fputs(usage, stdout);
            return EXIT_SUCCESS;
        }
        if (argv[i][0] == '-') return heng_usage_error(argv[0], "%s is not an option", argv[i]);
    }
    return argc - 1 == wanted ? -1 : heng_usage_error(argv[0], "%d arguments are needed, not %d", wanted, argc - 1);
}

static void print_told(const char *done, const char *file, const struct heng_dump_told *told)
{
    char hash[2 * sizeof told->sha256 + 1];
    for (size_t i = 0; i < sizeof told->sha256; i++) snprintf(hash + 2 * i, 3, "%02x", told->sha256[i]);
    printf("%s %s: %" PRIu64 " rows of %" PRIu64 " tables, %" PRIu64 " bytes, schema %" PRId64 ", sha256 %s\n", done,
           file, told->rows, told->tables, told->bytes, told->schema, hash);
}

int heng_cmd_migrate(int argc, char **argv)
{
    char database[DATA_PATH_MAX];
    struct heng_err err = {0};
    int64_t from = 0, to = 0;
    int status = check_arguments(argc, argv, 1, migrate_usage);
    if (status >= 0) return status;
    heng_rc rc = find_database(argv[1], database, &err);
    if (rc == HENG_OK) rc = heng_store_migrate(database, &from, &to, &err);
    if (rc != HENG_OK) return heng_failure(argv[0], &err);
    if (from == to)
        printf("is up to date: schema %" PRId64 "\n", to);
    else
        printf("brought from schema %" PRId64 " to %" PRId64 "\n", from, to);
    return EXIT_SUCCESS;
}

int heng_cmd_backup(int argc, char **argv)
{
    char database[DATA_PATH_MAX];
    struct heng_dump_told told;
    struct heng_err err = {0};
    int status = check_arguments(argc, argv, 2, backup_usage);
    if (status >= 0) return status;
    heng_rc rc = find_database(argv[1], database, &err);
    if (rc == HENG_OK) rc = heng_store_backup(database, argv[2], &told, &err);
    if (rc != HENG_OK) return heng_failure(argv[0], &err);
    print_told("written", argv[2], &told);
    return EXIT_SUCCESS;
}

int heng_cmd_restore(int argc, char **argv)
{
    char database[DATA_PATH_MAX];
    struct heng_dump_told told;
    struct heng_err err = {0};
    int status = check_arguments(argc, argv, 2, restore_usage);
    if (status >= 0) return status;
    heng_rc rc = find_database(argv[2], database, &err);
    if (rc == HENG_OK) rc = heng_store_restore(argv[1], database, &told, &err);
    if (rc != HENG_OK) return heng_failure(argv[0], &err);
    print_told("restored from", argv[1], &told);
    return EXIT_SUCCESS;
}
