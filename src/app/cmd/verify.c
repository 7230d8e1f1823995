/* heng verify, heng seal: is everything as it was sealed, and what is to be kept outside so that nobody can deny it. */
#include "app/cmd/verify.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/options.h"
#include "base/log.h"
#include "seal/key.h"
#include "seal/proof.h"
#include "seal/seal.h"
#include "seal/verify.h"
#include "usage/explain.h"

enum { STEP_ROWS = 1000000, PROOF_MAX = 64 << 20 };

static const char verify_help[] =
    "usage: heng verify [--data DIR] [--from DAY] [--stream NAME] [--head LINE] [--key FILE]\n"
    "Computes again what was sealed, and names every row that was altered, taken away or put in later. It may run "
    "while\n"
    "heng serve does.\n"
    "  --from DAY     only rows sealed on this day (UTC, 2026-03-01) or later; the chain is looked at as a whole\n"
    "  --stream NAME  only frame, reading, by-eye, point-event, booking, posting, receipt, tariff, audit, pay-notice,\n"
    "                 bill, charge, charge-line, cash-day or final\n"
    "  --head LINE    a line that 'heng seal head' printed before and that was kept elsewhere\n"
    "  --key FILE     the public key, as 'heng seal public' prints it, kept elsewhere\n"
    "Exit status: 0 all is as it was sealed, 1 it is not or could not be found out, 2 wrong usage.\n";

static const char seal_help[] =
    "usage: heng seal head   [--data DIR]   the newest checkpoint as one line: print it, send it to somebody\n"
    "       heng seal public [--data DIR]   the public key, to be kept elsewhere\n"
    "       heng seal init   [--data DIR]   seal all that is there now; heng serve does the same by itself\n"
    "       heng seal key    [--data DIR] [--lost]   a new key from now on, signed by the old one unless that is lost\n"
    "       heng seal proof  --stream NAME --position N [--data DIR]   the proof of one row, as JSON\n"
    "init and key need the database for themselves: stop heng serve first.\n"
    "Exit status: 0 good, 1 it failed, 2 wrong usage.\n";

struct asked {
    const char *data, *key;
    heng_seal_stream stream;
    heng_us from_us;
    int64_t position;
    bool lost, has_position;
    size_t head_count;
    struct heng_seal_line heads[2]; /* the last place is for the folder's own */
    uint8_t public_key[HENG_SEAL_HASH];
};

static const struct option options[] = {{"data", required_argument, NULL, 'd'},
                                        {"from", required_argument, NULL, 'f'},
                                        {"stream", required_argument, NULL, 's'},
                                        {"head", required_argument, NULL, 'e'},
                                        {"key", required_argument, NULL, 'k'},
                                        {"position", required_argument, NULL, 'p'},
                                        {"lost", no_argument, NULL, 'l'},
                                        {"help", no_argument, NULL, 'h'},
                                        {NULL, 0, NULL, 0}};

static heng_rc take(int option, const char *text, struct asked *a, struct heng_err *err)
{
    int32_t day = 0;
    char *end;
    heng_rc rc = HENG_OK;
    switch (option) {
    case 'd': a->data = text; return HENG_OK;
    case 'k': a->key = text; return HENG_OK;
    case 'l': a->lost = true; return HENG_OK;
    case 'f':
        rc = heng_usage_day_parse(text, &day, err);
        a->from_us = day * HENG_US_PER_DAY;
        return rc;
    case 's':
        a->stream = heng_seal_stream_of(text);
        return a->stream == HENG_SEAL_STREAM_COUNT ? heng_fail(err, HENG_EFORMAT, 0, "'%.40s' is not sealed", text)
                                                   : HENG_OK;
    case 'e':
        rc = heng_seal_line_parse(text, &a->heads[0], err);
        a->head_count = rc == HENG_OK;
        return rc;
    case 'p':
        a->position = strtoll(text, &end, 10);
        a->has_position = true;
        return *end || end == text ? heng_fail(err, HENG_EFORMAT, 0, "'%.40s' is no number", text) : HENG_OK;
    }
    return heng_fail(err, HENG_EBUG, 0, "option %d", option);
}

/* -1: go on; else the exit status. */
static int parse(const char *command, const char *help, int argc, char **argv, struct asked *a)
{
    struct heng_err err;
    int option;
    *a = (struct asked){.data = "data", .stream = HENG_SEAL_STREAM_COUNT};
    opterr = 0;
    optind = 1;
    while ((option = getopt_long(argc, argv, ":", options, NULL)) != -1) {
        if (option == 'h') {
            fputs(help, stdout);
            return EXIT_SUCCESS;
        }
        if (option == '?' || option == ':') return heng_option_error(command, option, argv);
        if (take(option, optarg, a, &err) != HENG_OK) return heng_usage_error(command, "%s", err.text);
    }
    return optind < argc ? heng_usage_error(command, "'%s' is too much", argv[optind]) : -1;
}

static heng_rc open_reader(const struct asked *a, struct heng_store_reader **ret, struct heng_err *err)
{
    char name[DATA_PATH_MAX];
    heng_rc rc = heng_data_name(a->data, name, err);
    return rc == HENG_OK ? heng_store_reader_open(name, ret, err) : rc;
}

/* --- verify ---------------------------------------------------------------------------------------------------- */

struct showing {
    uint64_t shown_at;
    bool on_terminal;
};

static heng_rc print_finding(void *owner, const struct heng_seal_finding *f, struct heng_err *err)
{
    char at[HENG_TIME_TEXT_MAX] = "";
    (void)owner, (void)err;
    if (f->at_us) heng_us_format(f->at_us, at);
    printf("%s: ", heng_seal_wrong_text(f->wrong));
    if (f->stream < HENG_SEAL_STREAM_COUNT) printf("%s ", heng_seal_stream_text(f->stream));
    if (f->wrong == HENG_SEAL_PIECE || f->wrong == HENG_SEAL_GAP)
        printf("%" PRId64 " to %" PRId64, f->position == INT64_MIN ? 1 : f->position + 1, f->upto);
    else
        printf("%" PRId64, f->position);
    if (f->name[0] || at[0]) printf(" (%s%s%s)", f->name, f->name[0] && at[0] ? ", " : "", at);
    if (f->why[0]) printf(": %s", f->why);
    if (f->more) printf(", and %" PRId64 " more there", f->more);
    putchar('\n');
    return HENG_OK;
}

static void show_progress(void *owner, uint64_t rows)
{
    struct showing *s = owner;
    if (!s->on_terminal || rows < s->shown_at + STEP_ROWS) return;
    s->shown_at = rows;
    fprintf(stderr, "\r%" PRIu64 " million rows ", rows / STEP_ROWS);
}

/* The folder's own head, which heng serve writes behind each checkpoint. */
static heng_rc take_folder_head(struct asked *a, struct heng_err *err)
{
    char path[HENG_SEAL_PATH_MAX], line[HENG_SEAL_LINE_MAX];
    if (snprintf(path, sizeof path, "%s/seal.head", a->data) >= (int)sizeof path)
        return heng_fail(err, HENG_ECONFIG, 0, "the name of the data folder is too long");
    heng_rc rc = heng_seal_file_get(path, false, line, sizeof line, err);
    if (rc == HENG_ENOTFOUND) return HENG_OK;
    if (rc == HENG_OK) rc = heng_seal_line_parse(line, &a->heads[a->head_count], err);
    if (rc == HENG_OK) a->head_count++;
    return rc;
}

static void print_told(const struct heng_seal_told *told, double seconds)
{
    char at[HENG_TIME_TEXT_MAX] = "never";
    if (told->last.n) heng_us_format(told->last.at_us, at);
    printf("%" PRIu64 " rows under %" PRIu64 " checkpoints, the last one %s; %" PRIu64
           " rows since the last seal; %.1f s\n",
           told->rows, told->checkpoints, at, told->since, seconds);
    if (told->findings)
        printf("%" PRIu64 " things are not as they were sealed\n", told->findings);
    else if (told->last.n)
        puts("all is as it was sealed");
    else
        puts("nothing is sealed yet: heng serve does it once a minute, heng seal init now");
}

int heng_cmd_verify(int argc, char **argv)
{
    struct showing showing = {.on_terminal = isatty(STDERR_FILENO) == 1};
    struct heng_store_reader *reader = NULL;
    struct heng_seal_told told;
    struct heng_err err;
    struct asked a;
    int status = parse("verify", verify_help, argc, argv, &a);
    if (status >= 0) return status;
    heng_rc rc = take_folder_head(&a, &err);
    if (rc == HENG_OK && a.key) rc = heng_seal_public_read(a.key, a.public_key, &err);
    struct heng_seal_ask ask = {.from_us = a.from_us,
                                .stream = a.stream,
                                .heads = a.heads,
                                .head_count = a.head_count,
                                .public_key = a.key ? a.public_key : NULL,
                                .owner = &showing,
                                .found = print_finding,
                                .progress = show_progress};
    const heng_us begun_us = heng_clock_mono();
    if (rc == HENG_OK) rc = open_reader(&a, &reader, &err);
    if (rc == HENG_OK) rc = heng_seal_verify(reader, &ask, &told, &err);
    heng_store_reader_close(reader);
    if (showing.shown_at) fputc('\n', stderr);
    if (rc != HENG_OK) return heng_failure("verify", &err);
    print_told(&told, (double)(heng_clock_mono() - begun_us) / 1e6);
    return told.findings || !told.last.n ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* --- seal ------------------------------------------------------------------------------------------------------ */

static heng_rc print_head(const struct asked *a, bool key_only, struct heng_err *err)
{
    char line[HENG_SEAL_LINE_CAP];
    struct heng_store_reader *reader = NULL;
    heng_rc rc = open_reader(a, &reader, err);
    if (rc == HENG_OK) rc = heng_seal_head(reader, line, err);
    if (rc == HENG_OK && key_only)
        printf("heng-seal-public %s\n", strstr(line, " key=") + 5);
    else if (rc == HENG_OK)
        puts(line);
    heng_store_reader_close(reader);
    return rc;
}

static heng_rc print_proof(const struct asked *a, struct heng_err *err)
{
    struct heng_str out = {.max = PROOF_MAX};
    struct heng_store_reader *reader = NULL;
    heng_rc rc = open_reader(a, &reader, err);
    if (rc == HENG_OK) rc = heng_seal_proof(reader, a->stream, a->position, &out, err);
    if (rc == HENG_OK) puts(out.text);
    heng_store_reader_close(reader);
    heng_str_fini(&out);
    return rc;
}

/* One transaction: a checkpoint, or with change_key a new key. */
static heng_rc write_once(struct heng_seal *seal, struct heng_store *store, const struct asked *a, bool change_key,
                          bool *ret_left, struct heng_err *err)
{
    struct heng_err other;
    *ret_left = false;
    heng_rc rc = heng_store_begin(store, err);
    if (rc != HENG_OK) return rc;
    rc = change_key ? heng_seal_change_key(seal, store, heng_clock_wall(), a->lost, err)
                    : heng_seal_work(seal, store, heng_clock_wall(), HENG_US_PER_S, ret_left, err);
    if (rc == HENG_OK) rc = heng_store_commit(store, err);
    if (rc != HENG_OK) {
        heng_store_rollback(store);
        if (heng_seal_committed(seal, false, &other) != HENG_OK)
            heng_log(HENG_LOG_ERROR, "seal", "event=failed why='%s'", other.text);
        return rc;
    }
    return heng_seal_committed(seal, true, err);
}

static heng_rc write_seals(const struct asked *a, bool change_key, struct heng_err *err)
{
    char name[DATA_PATH_MAX];
    struct heng_store *store = NULL;
    struct heng_seal *seal = NULL;
    bool left = false;
    heng_rc rc = heng_data_open(a->data, name, &store, err);
    if (rc == HENG_OK) rc = heng_seal_new(a->data, &seal, err);
    do {
        if (rc == HENG_OK) rc = write_once(seal, store, a, change_key, &left, err);
    } while (rc == HENG_OK && left);
    heng_seal_free(seal);
    heng_store_close(store);
    if (rc == HENG_OK && change_key)
        puts("a new key signs from now on; keep a copy of seal.key where only you can reach it");
    return rc == HENG_OK && !change_key ? print_head(a, false, err) : rc;
}

int heng_cmd_seal(int argc, char **argv)
{
    struct heng_err err;
    struct asked a;
    heng_rc rc;
    const char *what = argc > 1 ? argv[1] : "";
    if (strcmp(what, "--help") == 0) {
        fputs(seal_help, stdout);
        return EXIT_SUCCESS;
    }
    int status = parse("seal", seal_help, argc > 1 ? argc - 1 : argc, argc > 1 ? argv + 1 : argv, &a);
    if (status >= 0) return status;
    if (strcmp(what, "head") == 0 || strcmp(what, "public") == 0)
        rc = print_head(&a, strcmp(what, "public") == 0, &err);
    else if (strcmp(what, "init") == 0 || strcmp(what, "key") == 0)
        rc = write_seals(&a, strcmp(what, "key") == 0, &err);
    else if (strcmp(what, "proof") == 0 && a.has_position && a.stream < HENG_SEAL_STREAM_COUNT)
        rc = print_proof(&a, &err);
    else if (strcmp(what, "proof") == 0)
        return heng_usage_error("seal", "a proof needs --stream and --position");
    else
        return heng_usage_error("seal", "head, public, init, key or proof is wanted, not '%s'", what);
    return rc == HENG_OK ? EXIT_SUCCESS : heng_failure("seal", &err);
}
