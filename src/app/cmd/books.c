#include "app/cmd/books.h"

#include <getopt.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "account/note.h"
#include "account/texts.h"
#include "app/options.h"
#include "ledger/amount.h"
#include "store/archive_places.h"
#include "store/archive_points.h"

/* --- words ---------------------------------------------------------------------------------------------------------
 */

static const struct option options[] = {
#define X(symbol, name, letter) {name, required_argument, NULL, letter},
    HENG_BOOKS_OPTION_LIST(X)
#undef X
        {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0}};

int heng_books_words(struct books_words *w, int argc, char **argv)
{
    int option;
    *w = (struct books_words){.command = argv[0], .word = argc > 1 ? argv[1] : "", .of[BOOKS_DATA] = "data"};
    opterr = 0;
    optind = argc > 1 ? 2 : 1;
    while ((option = getopt_long(argc, argv, ":", options, NULL)) != -1) {
        size_t i = 0;
        while (i < BOOKS_OPTIONS && options[i].val != option) i++;
        if (i < BOOKS_OPTIONS)
            w->of[i] = optarg;
        else if (option == 'h')
            w->help = true;
        else
            return heng_option_error(w->command, option, argv);
    }
    w->rest = argv + optind;
    w->rest_n = argc - optind;
    return EXIT_SUCCESS;
}

const char *heng_books_text(const struct books_words *w, books_option option)
{
    return w->of[option] ? w->of[option] : "";
}

/* --- the database --------------------------------------------------------------------------------------------------
 */

static heng_rc find_scope(struct books *books, const char *org, struct heng_err *err)
{
    struct heng_org found;
    if (!org) return HENG_OK;
    heng_rc rc = heng_archive_find_org(books->reader, 0, org, &found, err);
    if (rc == HENG_ENOTFOUND) return heng_fail(err, rc, 0, "there is no organisation '%.60s'", org);
    if (rc == HENG_OK) books->scope = found.id;
    return rc;
}

/* Who sits at the machine, when --who does not say it. */
static heng_rc find_hand(struct books *books, const struct books_words *w, struct heng_err *err)
{
    struct heng_hand *hand = &books->hand;
    const struct passwd *user = getpwuid(getuid());
    const char *who = w->of[BOOKS_WHO] ? w->of[BOOKS_WHO] : user ? user->pw_name : "";
    heng_rc rc = heng_text_take(heng_slice_str(who), "--who", hand->who, sizeof hand->who, err);
    if (rc == HENG_OK)
        rc = heng_text_take(heng_slice_str(heng_books_text(w, BOOKS_SECOND)), "--second", hand->second,
                            sizeof hand->second, err);
    if (rc == HENG_OK)
        rc = heng_text_take(heng_slice_str(heng_books_text(w, BOOKS_DESK)), "--desk", hand->desk, sizeof hand->desk,
                            err);
    if (rc == HENG_OK)
        rc = heng_text_take(heng_slice_str(heng_books_text(w, BOOKS_CHANNEL)), "--channel", hand->channel,
                            sizeof hand->channel, err);
    hand->now_us = heng_clock_wall();
    hand->day = heng_day_at(&books->site.days, hand->now_us);
    return rc;
}

heng_rc heng_books_open(struct books *books, const struct books_words *w, bool writes, struct heng_err *err)
{
    char path[DATA_PATH_MAX];
    *books = (struct books){.store = NULL};
    heng_rc rc;
    if (writes) {
        rc = heng_data_open(w->of[BOOKS_DATA], path, &books->store, err);
        if (rc == HENG_EBUSY)
            rc = heng_fail(err, rc, 0,
                           "a server has '%.40s' open: ask it over HTTP (docs/money-api.md), or stop it first",
                           w->of[BOOKS_DATA]);
        if (rc == HENG_OK) books->reader = heng_store_as_reader(books->store);
    } else {
        rc = heng_data_name(w->of[BOOKS_DATA], path, err);
        if (rc == HENG_OK) rc = heng_store_reader_open(path, &books->reader, err);
    }
    if (rc == HENG_OK) rc = find_scope(books, w->of[BOOKS_ORG], err);
    if (rc == HENG_OK) rc = heng_usage_site_open(books->reader, &books->site, err);
    if (rc == HENG_OK) rc = find_hand(books, w, err);
    if (rc == HENG_OK && writes) rc = heng_store_begin(books->store, err);
    books->begun = rc == HENG_OK && writes;
    return rc;
}

/* About the account that the line names first, where it does. The answer is the refusal, whatever becomes of the line.
 */
static void note_refusal(struct books *books, const struct books_words *w, const char *why)
{
    struct heng_account account;
    struct heng_err err = {.text = ""};
    char action[32];
    struct heng_note note = {.action = action, .subject = w->command, .org_id = books->scope, .reason = why};
    snprintf(action, sizeof action, "%.10s.%.12s", w->command, w->word);
    if (w->rest_n && heng_store_find_account(books->reader, books->scope, w->rest[0], &account, &err) == HENG_OK) {
        note.subject = "account";
        note.subject_id = account.id;
        note.org_id = account.org_id;
    }
    heng_rc rc = heng_store_begin(books->store, &err);
    if (rc != HENG_OK) return;
    rc = heng_note_refused(books->store, &note, &books->hand, heng_books_text(w, BOOKS_KEY), &err);
    if (rc == HENG_OK) rc = heng_store_commit(books->store, &err);
    if (rc != HENG_OK) heng_store_rollback(books->store);
}

int heng_books_close(struct books *books, const struct books_words *w, heng_rc rc, bool keep, struct heng_err *err)
{
    struct heng_err saved = {.text = ""};
    if (rc != HENG_OK && err) saved = *err;
    if (books->store && (rc == HENG_OK || keep)) {
        heng_rc committed = heng_store_commit(books->store, err);
        if (rc == HENG_OK && committed != HENG_OK) {
            rc = committed;
            saved = *err;
        }
    } else if (books->store)
        heng_store_rollback(books->store);
    if (books->begun && heng_is_refusal(rc)) note_refusal(books, w, saved.text);
    heng_usage_site_close(&books->site);
    if (!books->store) heng_store_reader_close(books->reader);
    heng_store_close(books->store);
    return rc == HENG_OK ? EXIT_SUCCESS : heng_failure(w->command, &saved);
}

/* --- what words mean -----------------------------------------------------------------------------------------------
 */

heng_rc heng_books_account(const struct books *books, const char *number, struct heng_account *ret,
                           struct heng_err *err)
{
    heng_rc rc = heng_store_find_account(books->reader, books->scope, number, ret, err);
    return rc == HENG_ENOTFOUND ? heng_fail(err, rc, 0, "there is no account '%.40s'", number) : rc;
}

heng_rc heng_books_point(const struct books *books, const char *name, int64_t *ret, struct heng_err *err)
{
    struct heng_point point;
    heng_rc rc = heng_archive_find_point(books->reader, books->scope, name, &point, err);
    if (rc == HENG_OK) *ret = point.id;
    if (rc == HENG_ENOTFOUND) rc = heng_archive_numbered_point(books->reader, books->scope, name, ret, err);
    return rc == HENG_ENOTFOUND ? heng_fail(err, rc, 0, "there is no point or meter '%.60s'", name) : rc;
}

heng_rc heng_books_amount(const char *text, int64_t otherwise, int64_t *ret, struct heng_err *err)
{
    *ret = otherwise;
    return text && text[0] ? heng_amount_of(text, ret, err) : HENG_OK;
}

heng_rc heng_books_day(const struct books *books, const char *text, int32_t *ret, struct heng_err *err)
{
    *ret = books->hand.day;
    return text ? heng_text_day(text, "the day", ret, err) : HENG_OK;
}

void heng_books_key(const struct books *books, const struct books_words *w, const char *what,
                    char ret[HENG_AT_LEAST(HENG_BOOKING_KEY_MAX)])
{
    if (w->of[BOOKS_KEY])
        snprintf(ret, HENG_BOOKING_KEY_MAX, "%s", w->of[BOOKS_KEY]);
    else
        snprintf(ret, HENG_BOOKING_KEY_MAX, "%s/%" PRId64, what, books->hand.now_us);
}

int heng_books_command(int argc, char **argv, const struct books_verb *verbs, size_t count, void (*help)(void),
                       const char *missing, const char *unknown)
{
    struct books_words w;
    struct books books;
    struct heng_err err = {.text = ""};
    const char *word = argc > 1 ? argv[1] : "";
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
        help();
        return EXIT_SUCCESS;
    }
    int status = heng_books_words(&w, argc, argv);
    if (status != EXIT_SUCCESS) return status;
    if (w.help) {
        help();
        return EXIT_SUCCESS;
    }
    for (size_t i = 0; i < count; i++) {
        if (strcmp(word, verbs[i].word) != 0) continue;
        if (w.rest_n < verbs[i].rest) return heng_usage_error(w.command, "%s", missing);
        heng_rc rc = heng_books_open(&books, &w, verbs[i].writes, &err);
        if (rc == HENG_OK) rc = verbs[i].run(&books, &w, &err);
        return heng_books_close(&books, &w, rc, false, &err);
    }
    return heng_usage_error(w.command, "%s", unknown);
}
