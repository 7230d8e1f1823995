/* heng bill: runs of bills on the database itself, from begin to issue, and what is taken back. */
#include "app/cmd/bill_run.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account/texts.h"
#include "app/cmd/books.h"
#include "app/options.h"
#include "base/json.h"
#include "billing/correct.h"
#include "billing/heat.h"
#include "billing/issue.h"
#include "billing/prepay.h"
#include "ledger/amount.h"
#include "vee/day.h"

enum { PAGE = 200, FORM_MAX = 256 << 20 };
#define PIECE_US (200 * HENG_US_PER_MS)

static void money(int64_t amount, char ret[HENG_AMOUNT_TEXT_MAX]) { heng_amount_text(amount, ret); }

static heng_rc get_id(const struct books_words *w, const char *what, int64_t *ret, struct heng_err *err)
{
    char *end;
    if (w->rest_n < 1) return heng_fail(err, HENG_ECONFIG, 0, "say which %s", what);
    long long id = strtoll(w->rest[0], &end, 10);
    if (end == w->rest[0] || *end || id <= 0)
        return heng_fail(err, HENG_ECONFIG, 0, "'%.40s' is no number of a %s", w->rest[0], what);
    *ret = id;
    return HENG_OK;
}

/* Pieces, each its own commit, until nothing is left. */
static heng_rc work(struct books *books, struct heng_err *err)
{
    struct heng_run_worker *worker = NULL;
    bool left = true;
    heng_rc rc = heng_run_worker_new(books->reader, &worker, err);
    while (rc == HENG_OK && left) {
        rc = heng_bill_run_work(worker, books->store, &books->hand, PIECE_US, &left, err);
        if (rc == HENG_OK) rc = heng_store_commit(books->store, err);
        if (rc == HENG_OK) rc = heng_store_begin(books->store, err);
    }
    heng_run_worker_free(worker);
    return rc;
}

/* --- what is shown --------------------------------------------------------------------------------------------- */

static void print_bill(const struct heng_bill *bill)
{
    static const char *const flags[] = {
#define X(symbol, bit, text) text,
        HENG_BILL_FLAG_LIST(X)
#undef X
    };
    char total[HENG_AMOUNT_TEXT_MAX], from[HENG_DATE_TEXT_MAX], to[HENG_DATE_TEXT_MAX];
    money(bill->total, total);
    heng_date_format(bill->from_day, from);
    heng_date_format(bill->to_day, to);
    printf("%-16s id=%" PRId64 " account=%" PRId64 " %-9s %-8s %s..%s %14s %s", bill->number[0] ? bill->number : "-",
           bill->id, bill->account_id, heng_bill_kind_text(bill->kind), heng_bill_state_text(bill->state), from, to,
           total, bill->currency);
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (bill->flags & (1u << i)) printf(" %s", flags[i]);
    printf("%s%s\n", bill->why[0] ? "  " : "", bill->why);
}

static void print_run(const struct heng_run *run)
{
    char from[HENG_DATE_TEXT_MAX], to[HENG_DATE_TEXT_MAX];
    heng_date_format(run->from_day, from);
    heng_date_format(run->to_day, to);
    printf("run %" PRId64 "  %s  %s  %s..%s  %s  %" PRId64 " of %" PRId64 " accounts%s%s\n", run->id, run->name,
           heng_run_kind_text(run->kind), from, to, heng_run_state_text(run->state), run->done, run->total,
           run->why[0] ? "  " : "", run->why);
}

static heng_rc print_sums(struct books *books, int64_t run_id, struct heng_err *err)
{
    struct heng_run_sums sums;
    struct heng_run_component *components = calloc(HENG_RUN_COMPONENTS_MAX, sizeof *components);
    char total[HENG_AMOUNT_TEXT_MAX], tax[HENG_AMOUNT_TEXT_MAX];
    size_t n = 0;
    heng_rc rc = components ? heng_store_sum_run(books->reader, run_id, &sums, err)
                            : heng_fail(err, HENG_ENOMEM, 0, "no memory for a preview");
    if (rc == HENG_OK)
        rc = heng_store_sum_run_components(books->reader, run_id, components, HENG_RUN_COMPONENTS_MAX, &n, err);
    if (rc == HENG_OK) {
        money(sums.total, total);
        money(sums.tax, tax);
        printf("bills %" PRId64 ", blocked %" PRId64 ", issued %" PRId64 ", without exception %" PRId64
               ", total %s (tax %s)\n",
               sums.bills, sums.blocked, sums.issued, sums.clean, total, tax);
    }
    for (size_t i = 0; i < n && rc == HENG_OK; i++) {
        money(components[i].amount, total);
        printf("  %-24s %8" PRId64 " lines %16s\n", components[i].component, components[i].lines, total);
    }
    free(components);
    return rc;
}

static heng_rc list_bills(struct books *books, int64_t run_id, struct heng_err *err)
{
    struct heng_bill_ask ask = {.scope = books->scope,
                                .run_id = run_id,
                                .kind = HENG_BILL_KIND_COUNT,
                                .state = HENG_BILL_STATE_COUNT,
                                .after_rank = -1};
    struct heng_bill *bills = calloc(PAGE, sizeof *bills);
    size_t n = PAGE;
    heng_rc rc = bills ? HENG_OK : heng_fail(err, HENG_ENOMEM, 0, "no memory for a list");
    while (rc == HENG_OK && n == PAGE) {
        rc = heng_store_list_bills(books->reader, &ask, bills, PAGE, &n, err);
        for (size_t i = 0; i < n && rc == HENG_OK; i++) print_bill(&bills[i]);
        if (rc != HENG_OK || !n) break;
        ask.after_rank = bills[n - 1].rank;
        ask.after_id = bills[n - 1].id;
    }
    free(bills);
    return rc;
}

static heng_rc list_runs(struct books *books, struct heng_err *err)
{
    struct heng_run *run = malloc(sizeof *run);
    size_t n = 1;
    int64_t before = 0;
    heng_rc rc = run ? HENG_OK : heng_fail(err, HENG_ENOMEM, 0, "no memory for a list");
    while (rc == HENG_OK && n) {
        rc = heng_store_list_runs(books->reader, books->scope, before, run, 1, &n, err);
        if (rc == HENG_OK && n) print_run(run);
        if (rc == HENG_OK && n) before = run->id;
    }
    free(run);
    return rc;
}

/* --- verbs ----------------------------------------------------------------------------------------------------- */

static void put_word(struct heng_json *json, const char *key, const struct books_words *w, books_option option)
{
    if (!w->of[option]) return;
    heng_json_key(json, key);
    heng_json_text(json, w->of[option]);
}

static heng_rc selection_of(const struct books_words *w, struct heng_str *out, struct heng_err *err)
{
    struct heng_json json = heng_json_of(out);
    heng_json_object(&json);
    put_word(&json, "place", w, BOOKS_PLACE);
    put_word(&json, "medium", w, BOOKS_MEDIUM);
    put_word(&json, "mode", w, BOOKS_MODE);
    put_word(&json, "group", w, BOOKS_GROUP);
    put_word(&json, "cycle", w, BOOKS_CYCLE);
    if (w->rest_n > 2) {
        heng_json_key(&json, "accounts");
        heng_json_array(&json);
        for (int i = 2; i < w->rest_n; i++) heng_json_text(&json, w->rest[i]);
        heng_json_end_array(&json);
    }
    heng_json_end_object(&json);
    return out->rc == HENG_OK ? HENG_OK : heng_fail(err, out->rc, 0, "too many accounts: select a place or a group");
}

static heng_rc begin_run(struct books *books, const struct books_words *w, heng_run_kind kind, struct heng_err *err)
{
    struct heng_str selection = {.max = HENG_RUN_SELECTION_MAX - 1};
    struct heng_run_ask ask = {.org_id = books->scope, .kind = kind};
    int64_t id = 0;
    heng_rc rc = HENG_OK;
    if (w->rest_n < 2 || !w->of[BOOKS_FROM] || !w->of[BOOKS_TO])
        return heng_fail(err, HENG_ECONFIG, 0, "a run needs NAME, the day it is DUE, --from and --to");
    ask.name = w->rest[0];
    ask.currency = w->of[BOOKS_CURRENCY] ? w->of[BOOKS_CURRENCY] : "CNY";
    rc = heng_books_day(books, w->rest[1], &ask.due_day, err);
    if (rc == HENG_OK) rc = heng_books_day(books, w->of[BOOKS_FROM], &ask.from_day, err);
    if (rc == HENG_OK) rc = heng_books_day(books, w->of[BOOKS_TO], &ask.to_day, err);
    if (rc == HENG_OK) rc = selection_of(w, &selection, err);
    ask.selection = selection.text;
    if (rc == HENG_OK) rc = heng_run_begin(books->store, &ask, &books->hand, &id, err);
    heng_str_fini(&selection);
    if (rc == HENG_OK) rc = work(books, err);
    if (rc == HENG_OK) printf("run %" PRId64 "\n", id);
    return rc == HENG_OK ? print_sums(books, id, err) : rc;
}

static heng_rc verb_run(struct books *books, const struct books_words *w, struct heng_err *err)
{
    return begin_run(books, w, HENG_RUN_USAGE, err);
}

static heng_rc verb_prepay(struct books *books, const struct books_words *w, struct heng_err *err)
{
    return begin_run(books, w, HENG_RUN_PREPAY, err);
}

static heng_rc verb_list(struct books *books, const struct books_words *w, struct heng_err *err)
{
    int64_t id = 0;
    if (!w->rest_n) return list_runs(books, err);
    heng_rc rc = get_id(w, "run", &id, err);
    return rc == HENG_OK ? list_bills(books, id, err) : rc;
}

static heng_rc verb_show(struct books *books, const struct books_words *w, struct heng_err *err)
{
    struct heng_bill bill;
    if (w->rest_n < 1) return heng_fail(err, HENG_ECONFIG, 0, "say which bill, by its number");
    heng_rc rc = heng_store_find_bill(books->reader, books->scope, w->rest[0], &bill, err);
    if (rc == HENG_ENOTFOUND) return heng_fail(err, rc, 0, "there is no bill '%.40s'", w->rest[0]);
    if (rc == HENG_OK) print_bill(&bill);
    return rc == HENG_OK ? heng_bill_verify(books->reader, &bill, err) : rc;
}

static heng_rc verb_issue(struct books *books, const struct books_words *w, struct heng_err *err)
{
    int64_t id = 0;
    heng_rc rc = get_id(w, "run", &id, err);
    if (rc == HENG_OK) rc = heng_run_approve(books->store, books->scope, id, &books->hand, err);
    if (rc == HENG_OK) rc = work(books, err);
    return rc == HENG_OK ? print_sums(books, id, err) : rc;
}

static heng_rc verb_cancel(struct books *books, const struct books_words *w, struct heng_err *err)
{
    int64_t id = 0;
    heng_rc rc = get_id(w, "run", &id, err);
    if (rc == HENG_OK)
        rc = heng_run_cancel(books->store, books->scope, id, &books->hand, heng_books_text(w, BOOKS_REASON), err);
    return rc == HENG_OK ? work(books, err) : rc;
}

static heng_rc find_bill(struct books *books, const struct books_words *w, struct heng_bill *ret, struct heng_err *err)
{
    if (w->rest_n < 1) return heng_fail(err, HENG_ECONFIG, 0, "say which bill, by its number");
    heng_rc rc = heng_store_find_bill(books->reader, books->scope, w->rest[0], ret, err);
    return rc == HENG_ENOTFOUND ? heng_fail(err, rc, 0, "there is no bill '%.40s'", w->rest[0]) : rc;
}

static heng_rc verb_reverse(struct books *books, const struct books_words *w, struct heng_err *err)
{
    struct heng_bill bill, reversal;
    heng_rc rc = find_bill(books, w, &bill, err);
    if (rc == HENG_OK)
        rc = heng_bill_reverse(books->store, books->scope, bill.id, &books->hand, heng_books_text(w, BOOKS_REASON),
                               &reversal, err);
    if (rc == HENG_OK) print_bill(&reversal);
    return rc;
}

static heng_rc verb_correct(struct books *books, const struct books_words *w, struct heng_err *err)
{
    struct heng_run_worker *worker = NULL;
    struct heng_bill bill, reversal, draft, issued;
    heng_rc rc = find_bill(books, w, &bill, err);
    if (rc == HENG_OK) rc = heng_run_worker_new(books->reader, &worker, err);
    if (rc == HENG_OK)
        rc = heng_bill_correct(worker, books->store, books->scope, bill.id, &books->hand,
                               heng_books_text(w, BOOKS_REASON), &reversal, &draft, err);
    if (rc == HENG_OK) rc = heng_issue_one(books->store, books->scope, draft.id, &books->hand, &issued, err);
    if (rc == HENG_OK) print_bill(&reversal);
    if (rc == HENG_OK) print_bill(&issued);
    heng_run_worker_free(worker);
    return rc;
}

/* What bills would be by the readings of today: only looks. */
static heng_rc verb_late(struct books *books, const struct books_words *w, struct heng_err *err)
{
    struct heng_run_worker *worker = NULL;
    struct heng_delta_found found;
    int64_t next = 0;
    int32_t from, to;
    size_t n = 0;
    heng_rc rc = heng_books_day(books, w->of[BOOKS_FROM] ? w->of[BOOKS_FROM] : "2000-01-01", &from, err);
    if (rc == HENG_OK) rc = heng_books_day(books, w->of[BOOKS_TO], &to, err);
    if (rc == HENG_OK) rc = heng_run_worker_new(books->reader, &worker, err);
    while (rc == HENG_OK) {
        char difference[HENG_AMOUNT_TEXT_MAX];
        rc = heng_delta_find(worker, books->scope, from, to, next, PAGE, &found, 1, &n, &next, err);
        if (rc == HENG_OK && n) {
            money(found.difference, difference);
            printf("%s  difference %s %s: heng bill correct %s --reason ...\n", found.bill.number, difference,
                   found.bill.currency, found.bill.number);
        }
        if (!next) break;
    }
    heng_run_worker_free(worker);
    return rc;
}

/* --- heat ------------------------------------------------------------------------------------------------------ */

static heng_rc read_form(const char *path, struct heng_str *out, struct heng_err *err)
{
    char piece[65536];
    size_t n;
    FILE *file = fopen(path, "rb");
    if (!file) return heng_fail(err, HENG_EIO, 0, "'%.100s' cannot be read", path);
    while ((n = fread(piece, 1, sizeof piece, file)) > 0) heng_str_put(out, piece, n);
    bool ok = !ferror(file);
    fclose(file);
    if (out->rc != HENG_OK) return heng_fail(err, out->rc, 0, "'%.100s' is larger than a form may be", path);
    return ok ? HENG_OK : heng_fail(err, HENG_EIO, 0, "'%.100s' cannot be read", path);
}

/* A form of heng apportion, worked out and kept for a building until a second person approves it. */
static heng_rc verb_apportion(struct books *books, const struct books_words *w, struct heng_err *err)
{
    struct heng_str form = {.max = FORM_MAX};
    struct heng_apportion_ask ask = {.org_id = books->scope, .place = w->of[BOOKS_PLACE]};
    int64_t id = 0;
    if (w->rest_n < 1 || !ask.place || !w->of[BOOKS_FROM] || !w->of[BOOKS_TO])
        return heng_fail(err, HENG_ECONFIG, 0, "an apportionment needs FILE, --place, --from and --to");
    heng_rc rc = heng_books_day(books, w->of[BOOKS_FROM], &ask.from_day, err);
    if (rc == HENG_OK) rc = heng_books_day(books, w->of[BOOKS_TO], &ask.to_day, err);
    if (rc == HENG_OK) rc = read_form(w->rest[0], &form, err);
    ask.json = heng_slice_of(form.text, form.n);
    if (rc == HENG_OK) rc = heng_apportion_keep(books->store, &ask, &books->hand, &id, err);
    heng_str_fini(&form);
    if (rc == HENG_OK) printf("apportionment %" PRId64 "\n", id);
    return rc;
}

static heng_rc verb_approve(struct books *books, const struct books_words *w, struct heng_err *err)
{
    int64_t id = 0;
    heng_rc rc = get_id(w, "apportionment", &id, err);
    return rc == HENG_OK ? heng_apportion_approve(books->store, books->scope, id, &books->hand, err) : rc;
}

/* The words "flat=account" behind NAME and DUE, as JSON. */
static heng_rc accounts_of(const struct books_words *w, struct heng_str *out, struct heng_err *err)
{
    struct heng_json json = heng_json_of(out);
    heng_json_object(&json);
    for (int i = 3; i < w->rest_n; i++) {
        char flat[HENG_KEY_MAX];
        const char *is = strrchr(w->rest[i], '=');
        if (!is || (size_t)(is - w->rest[i]) >= sizeof flat)
            return heng_fail(err, HENG_ECONFIG, 0, "'%.60s' is not FLAT=ACCOUNT", w->rest[i]);
        snprintf(flat, sizeof flat, "%.*s", (int)(is - w->rest[i]), w->rest[i]);
        heng_json_key(&json, flat);
        heng_json_text(&json, is + 1);
    }
    heng_json_end_object(&json);
    return out->rc == HENG_OK ? HENG_OK : heng_fail(err, out->rc, 0, "too many flats");
}

static heng_rc verb_heat(struct books *books, const struct books_words *w, struct heng_err *err)
{
    struct heng_str accounts = {.max = FORM_MAX};
    struct heng_heat_ask ask = {.currency = w->of[BOOKS_CURRENCY] ? w->of[BOOKS_CURRENCY] : "CNY"};
    int64_t run = 0;
    heng_rc rc = get_id(w, "apportionment", &ask.apportion_id, err);
    if (rc == HENG_OK && w->rest_n < 3)
        rc = heng_fail(err, HENG_ECONFIG, 0, "the bills of an apportionment need ID, NAME and the day they are DUE");
    if (rc == HENG_OK) rc = heng_books_day(books, w->rest[2], &ask.due_day, err);
    if (rc == HENG_OK) rc = accounts_of(w, &accounts, err);
    ask.name = w->rest_n > 1 ? w->rest[1] : "";
    ask.accounts = accounts.text;
    if (rc == HENG_OK) rc = heng_heat_run(books->store, books->scope, &ask, &books->hand, &run, err);
    heng_str_fini(&accounts);
    if (rc == HENG_OK) printf("run %" PRId64 "\n", run);
    return rc == HENG_OK ? print_sums(books, run, err) : rc;
}

/* What is asked for beforehand of a contract: once a period, or by month. */
static heng_rc verb_plan(struct books *books, const struct books_words *w, struct heng_err *err)
{
    struct heng_prepay_plan plan = {.by_month = w->of[BOOKS_CYCLE] != NULL};
    heng_rc rc = get_id(w, "contract", &plan.contract_id, err);
    if (rc == HENG_OK && (w->rest_n < 2 || !w->of[BOOKS_FROM]))
        rc = heng_fail(err, HENG_ECONFIG, 0, "a plan needs CONTRACT, AMOUNT and --from");
    if (rc == HENG_OK && plan.by_month && strcmp(w->of[BOOKS_CYCLE], "month") != 0)
        rc = heng_fail(err, HENG_ECONFIG, 0, "--cycle of a plan is month, or it is not given: once a period");
    if (rc == HENG_OK) rc = heng_books_amount(w->rest[1], 0, &plan.amount, err);
    if (rc == HENG_OK) rc = heng_books_day(books, w->of[BOOKS_FROM], &plan.from_day, err);
    if (rc == HENG_OK && w->of[BOOKS_TO]) rc = heng_books_day(books, w->of[BOOKS_TO], &plan.to_day, err);
    if (rc == HENG_OK)
        rc = heng_text_take(heng_slice_str(w->of[BOOKS_TAX] ? w->of[BOOKS_TAX] : "0"), "--tax", plan.tax_percent,
                            sizeof plan.tax_percent, err);
    return rc == HENG_OK ? heng_prepay_plan(books->store, &plan, &books->hand, err) : rc;
}

static const struct {
    const char *name;
    bool writes;
    heng_rc (*run)(struct books *books, const struct books_words *w, struct heng_err *err);
} verbs[] = {
    {"run", true, verb_run},         {"prepay", true, verb_prepay},       {"list", false, verb_list},
    {"show", false, verb_show},      {"issue", true, verb_issue},         {"cancel", true, verb_cancel},
    {"reverse", true, verb_reverse}, {"correct", true, verb_correct},     {"late", false, verb_late},
    {"plan", true, verb_plan},       {"apportion", true, verb_apportion}, {"approve", true, verb_approve},
    {"heat", true, verb_heat},
};
enum { VERBS = sizeof verbs / sizeof *verbs };

static const char help[] =
    "usage: heng bill run|prepay NAME DUE --from DAY --to DAY [--place P] [--medium M] [--mode M] [--group G]\n"
    "                     [--cycle C] [--currency CNY] [ACCOUNT...]   makes the drafts and shows them in sum\n"
    "       heng bill list [RUN]        runs, or the bills of one: what a person has to look at first\n"
    "       heng bill show NUMBER       a bill, and whether it is still what was issued\n"
    "       heng bill issue RUN         approve, number and book; by somebody else than who made it\n"
    "       heng bill cancel RUN --reason WHY\n"
    "       heng bill reverse|correct NUMBER --reason WHY --second NAME\n"
    "       heng bill late [--from DAY] [--to DAY]   issued bills that today's readings contradict\n"
    "       heng bill plan CONTRACT AMOUNT --from DAY [--to DAY] [--cycle month] [--tax PERCENT]\n"
    "                                   asked for beforehand by heng bill prepay: once a period, or by month\n"
    "       heng bill apportion FILE --place P --from DAY --to DAY   a form of heng apportion, worked out and kept\n"
    "       heng bill approve ID        this apportionment; by somebody else than who kept it\n"
    "       heng bill heat ID NAME DUE [FLAT=ACCOUNT...] [--currency CNY]   its bills, at their preview\n"
    "All with [--data DIR] [--org ORG] [--who NAME]. docs/billing.md tells more.\n";

bool heng_is_bill_run_verb(const char *verb)
{
    for (size_t i = 0; i < VERBS; i++)
        if (strcmp(verbs[i].name, verb) == 0) return true;
    return false;
}

int heng_cmd_bill_run(int argc, char **argv)
{
    struct books_words w;
    struct books books = {0};
    struct heng_err err = {0};
    size_t verb = 0;
    int status = heng_books_words(&w, argc, argv);
    if (status != EXIT_SUCCESS) return status;
    while (verb < VERBS && argc > 1 && strcmp(verbs[verb].name, argv[1]) != 0) verb++;
    if (w.help || argc < 2 || verb == VERBS) {
        fputs(help, stdout);
        return w.help ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    heng_rc rc = heng_books_open(&books, &w, verbs[verb].writes, &err);
    if (rc == HENG_OK) rc = verbs[verb].run(&books, &w, &err);
    return heng_books_close(&books, &w, rc, false, &err);
}
