#include "app/cmd/tariff.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account/tariffs.h"
#include "app/cmd/books.h"
#include "app/form_file.h"
#include "app/options.h"
#include "rate/tariff_form.h"

static const char command[] = "tariff";

enum { INPUT_MAX = 16 << 20, FINDINGS = 256 };

static void print_help(void)
{
    puts(
        "usage: heng tariff WORD [OPTION...]\n\n"
        "  check FILE...          what is wrong with tariffs, without a database\n"
        "  put KEY FILE           keep it as the next edition of this key\n"
        "  list                   keys, editions, who put them in\n"
        "  show KEY [EDITION]     the document as it was put in (the newest)\n"
        "  bind class|group NAME KEY [--from DAY]   it holds for a price class or group from that day on\n"
        "  bindings               which holds for what\n\n"
        "  --data DIR, --org KEY, --who NAME, --reason WORDS as in heng account --help\n\n"
        "heng tariff check FILE...\n"
        "Reads tariffs (docs/rating.md) and says what is wrong with them: versions that overlap or leave a gap, steps\n"
        "that are never reached, calendars with holes, units that do not fit, names that nothing has. A form of heng\n"
        "rate will do as well: its tariff is checked.\n\n"
        "One line for each finding: FILE: PATH: what it is. 'note:' stands before what is allowed but odd.\n"
        "Exit status: 0 good, 1 something is wrong, 2 wrong usage.");
}

/* The tariff of a form of heng rate, or the whole text. */
static void find_tariff(struct heng_form *form, struct heng_slice json)
{
    struct heng_form scan;
    struct heng_slice key;
    heng_form_open(form, json);
    heng_form_open(&scan, json);
    heng_form_object(&scan);
    while (heng_form_key(&scan, &key)) {
        if (heng_slice_is(key, "tariff")) {
            *form = scan;
            return;
        }
        heng_form_skip(&scan);
    }
}

static bool show(const char *path, const struct heng_tariff *tariff)
{
    static struct heng_tariff_finding findings[FINDINGS];
    size_t count = heng_tariff_check(tariff, findings, FINDINGS), errors = 0;
    for (size_t i = 0; i < count; i++) {
        errors += findings[i].is_error;
        printf("%s: %s%s: %s\n", path, findings[i].is_error ? "" : "note: ", findings[i].path, findings[i].text);
    }
    if (count == FINDINGS) printf("%s: there may be more\n", path);
    if (!errors) printf("ok %s: %u components\n", path, (unsigned)tariff->count);
    return errors == 0;
}

static bool check_file(const char *path)
{
    struct heng_str in = {.max = INPUT_MAX};
    struct heng_arena arena = {.max = (size_t)256 << 20};
    struct heng_form form;
    struct heng_tariff tariff;
    struct heng_err err = {0};
    bool good = false;
    heng_rc rc = heng_form_file_read(path, &in, &err);
    if (rc == HENG_OK) {
        find_tariff(&form, heng_slice_of(in.text, in.n));
        heng_tariff_read_unchecked(&form, &arena, &tariff);
        if (!heng_form_failed(&form))
            good = show(path, &tariff);
        else
            rc = heng_form_close(&form, &err);
    }
    if (rc != HENG_OK) printf("%s: %s\n", path, err.text);
    heng_arena_fini(&arena);
    heng_str_fini(&in);
    return good;
}

/* --- in the database ------------------------------------------------------------------------------------------------
 */

static heng_rc do_put(struct books *b, const struct books_words *w, struct heng_err *err)
{
    struct heng_str in = {.max = HENG_TARIFF_BODY_MAX};
    struct heng_tariff_edition edition;
    bool is_new = false;
    heng_rc rc = heng_form_file_read(w->rest[1], &in, err);
    if (rc == HENG_OK)
        rc = heng_tariff_put(b->store, b->scope, w->rest[0], heng_slice_of(in.text, in.n), &b->hand,
                             heng_books_text(w, BOOKS_REASON), &edition, &is_new, err);
    heng_str_fini(&in);
    if (rc == HENG_OK)
        printf("tariff %s, edition %" PRId64 "%s\n", edition.key, edition.edition,
               is_new ? "" : ": the same is there already");
    return rc;
}

static heng_rc do_list(struct books *b, const struct books_words *w, struct heng_err *err)
{
    enum { ALL_MAX = 10000 };
    struct heng_tariff_edition *all = calloc(ALL_MAX, sizeof *all);
    size_t n = 0;
    (void)w;
    heng_rc rc = all ? heng_store_list_tariffs(b->reader, b->scope, all, ALL_MAX, &n, err)
                     : heng_fail(err, HENG_ENOMEM, 0, "no memory for a list");
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        char at[HENG_TIME_TEXT_MAX];
        heng_us_format(all[i].at_us, at);
        printf("%s\t%" PRId64 "\t%s\t%s\t%s\n", all[i].key, all[i].edition, at, all[i].who, all[i].reason);
    }
    free(all);
    return rc;
}

static heng_rc do_show(struct books *b, const struct books_words *w, struct heng_err *err)
{
    struct heng_str body = {.max = 2 * HENG_TARIFF_BODY_MAX};
    struct heng_tariff_edition edition;
    int64_t number = w->rest_n > 1 ? strtoll(w->rest[1], NULL, 10) : 0;
    heng_rc rc = heng_store_get_tariff(b->reader, b->scope, w->rest[0], number, &edition, &body, err);
    if (rc == HENG_ENOTFOUND) rc = heng_fail(err, rc, 0, "there is no such tariff or edition '%.40s'", w->rest[0]);
    if (rc == HENG_OK) fwrite(body.text, 1, body.n, stdout);
    heng_str_fini(&body);
    return rc;
}

static heng_rc do_bind(struct books *b, const struct books_words *w, struct heng_err *err)
{
    int32_t day = 0;
    heng_rc rc = heng_books_day(b, w->of[BOOKS_FROM], &day, err);
    if (rc == HENG_OK)
        rc = heng_tariff_bind(b->store, b->scope, w->rest[0], w->rest[1], w->rest[2], day, &b->hand,
                              heng_books_text(w, BOOKS_REASON), err);
    if (rc == HENG_OK) printf("%s %s has tariff %s\n", w->rest[0], w->rest[1], w->rest[2]);
    return rc;
}

static heng_rc do_bindings(struct books *b, const struct books_words *w, struct heng_err *err)
{
    enum { ALL_MAX = 4096 };
    struct heng_tariff_binding *all = calloc(ALL_MAX, sizeof *all);
    size_t n = 0;
    (void)w;
    heng_rc rc = all ? heng_store_list_bindings(b->reader, b->scope, "", "", all, ALL_MAX, &n, err)
                     : heng_fail(err, HENG_ENOMEM, 0, "no memory for a list");
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        char from[HENG_DATE_TEXT_MAX], to[HENG_DATE_TEXT_MAX] = "-";
        heng_date_format(all[i].from_day, from);
        if (all[i].to_day) heng_date_format(all[i].to_day, to);
        printf("%s\t%s\t%s\t%s\t%s\n", all[i].level, all[i].name, all[i].tariff_key, from, to);
    }
    free(all);
    return rc;
}

static const struct {
    const char *word;
    heng_rc (*run)(struct books *b, const struct books_words *w, struct heng_err *err);
    int rest;
    bool writes;
} verbs[] = {{"put", do_put, 2, true},
             {"list", do_list, 0, false},
             {"show", do_show, 1, false},
             {"bind", do_bind, 3, true},
             {"bindings", do_bindings, 0, false}};

static int in_database(int argc, char **argv)
{
    struct books_words w;
    struct books books;
    struct heng_err err = {.text = ""};
    int status = heng_books_words(&w, argc, argv);
    if (status != EXIT_SUCCESS) return status;
    if (w.help) {
        print_help();
        return EXIT_SUCCESS;
    }
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(argv[1], verbs[i].word) != 0) continue;
        if (w.rest_n < verbs[i].rest)
            return heng_usage_error(command, "there are words missing: see heng tariff --help");
        heng_rc rc = heng_books_open(&books, &w, verbs[i].writes, &err);
        if (rc == HENG_OK) rc = verbs[i].run(&books, &w, &err);
        return heng_books_close(&books, &w, rc, false, &err);
    }
    return heng_usage_error(command, "check, put, list, show, bind, bindings are what it can do");
}

int heng_cmd_tariff(int argc, char **argv)
{
    bool good = true;
    if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        print_help();
        return EXIT_SUCCESS;
    }
    if (argc < 2) return heng_usage_error(command, "check is what it can do, put, list, show, bind and bindings");
    if (strcmp(argv[1], "check") != 0) return in_database(argc, argv);
    if (argc < 3) return heng_usage_error(command, "check what? name files");
    for (int i = 2; i < argc; i++) good = check_file(argv[i]) && good;
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
