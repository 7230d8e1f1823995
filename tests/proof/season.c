/* The season: day by day, what is read, used, charged, paid, billed; then all of it is proven.
 *   season [--flats N] [--months N] [--seed N] [--folder F]
 * On a file, or on the server of HENG_TEST_DB. Facts and balances lie in the folder for season_truth.py, which runs at
 * the end. */
#include "proof/season.h"

#include <stdarg.h>
#include <time.h>

#include "account/accounts.h"
#include "account/money.h"
#include "vee/day.h"

struct heng_err season_err;

static int wanted_flats = 40, wanted_months = 2;
static uint64_t seed = 20261101;
static const char *folder = NULL;

uint32_t season_draw(struct season *s, uint32_t below)
{
    s->chance = s->chance * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(s->chance >> 33) % below;
}

void season_begin(struct season *s)
{
    if (heng_store_begin(s->store, &season_err) != HENG_OK) fail_msg("%s", season_err.text);
}

void season_commit(struct season *s)
{
    struct heng_err err;
    if (heng_store_commit(s->store, &err) != HENG_OK) fail_msg("%s", err.text);
}

void season_fact(struct season *s, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vfprintf(s->facts, format, arguments);
    va_end(arguments);
    putc('\n', s->facts);
}

/* Shanghai: eight hours ahead, all year. */
heng_us season_us(int day, int minute) { return (int64_t)day * HENG_US_PER_DAY + (minute - 480) * 60 * HENG_US_PER_S; }

void season_clock(struct season *s, int day, int minute)
{
    s->today = day;
    s->li.now_us = s->wang.now_us = season_us(day, minute);
    s->li.day = s->wang.day = day;
}

void season_key(struct season *s, const char *what, char ret[static 32])
{
    snprintf(ret, 32, "%s-%u", what, ++s->keys);
}

/* --- at the beginning -------------------------------------------------------------------------------------------- */

#define POWER(from_to, peak, flat, valley)                                                                             \
    "{\"id\": \"energy\", \"rule\": \"tou-steps\", \"quantity\": \"active\", \"unit\": \"kWh\", \"cycle\": \"year\", " \
    "\"part_cycle\": \"whole\", " from_to ", \"rates\": [{\"rate\": \"peak\", \"price\": \"" peak                      \
    "\"}, {\"rate\": \"flat\", \"price\": \"" flat "\"}, {\"rate\": \"valley\", \"price\": \"" valley                  \
    "\"}], \"steps\": [{\"from\": \"0\", \"increment\": \"0\"}, {\"from\": \"400\", \"increment\": \"0.0500\"}, "      \
    "{\"from\": \"700\", \"increment\": \"0.3000\"}]}"
#define WATER(from_to, one, two)                                                                                       \
    "{\"id\": \"water\", \"rule\": \"steps\", \"quantity\": \"water\", \"unit\": \"m3\", \"cycle\": \"month\", "       \
    "\"part_cycle\": \"whole\", " from_to ", \"form\": \"slices\", \"steps\": [{\"from\": \"0\", \"price\": \"" one    \
    "\"}, {\"from\": \"12\", \"price\": \"" two "\"}, {\"from\": \"18\", \"price\": \"8.3500\"}]}"

static void tariffs(struct season *s)
{
    /* The power price changes in the middle of December, known beforehand. */
    season_tariff(s, "power",
                  "{\"id\": \"P\", \"currency\": \"CNY\", \"components\": [" POWER(
                      "\"to\": \"2026-12-15\"", "0.8513", "0.5469",
                      "0.2478") ", " POWER("\"from\": \"2026-12-15\"", "0.9027", "0.5811", "0.2593") "]}");
    season_tariff(s, "water",
                  "{\"id\": \"W\", \"currency\": \"CNY\", \"components\": [" WATER(
                      "\"to\": \"2027-02-01\"", "3.4500",
                      "4.8300") ", " WATER("\"from\": \"2027-02-01\"", "3.6200",
                                           "5.0700") ", "
                                                     "{\"id\": \"sewage\", \"rule\": \"per-unit\", \"quantity\": "
                                                     "\"water\", \"unit\": \"m3\", \"price\": "
                                                     "\"0.9500\"}]}");
    season_tariff(s, "heat",
                  "{\"id\": \"H\", \"currency\": \"CNY\", \"components\": [{\"id\": \"heat\", \"rule\": \"per-unit\", "
                  "\"quantity\": \"heat\", \"unit\": \"kWh\", \"price\": \"0.2000\"}]}");
}

static void customers(struct season *s)
{
    static const char *const tariff[] = {"power", "water"};
    struct heng_err *e = &season_err;
    for (int i = 0; i < s->flat_count; i++) {
        struct season_flat *flat = &s->flats[i];
        struct heng_account account = {.warn = {5000, 2000, 0}, .overdraft = 1000, .hoard = HENG_LIMIT_NONE};
        struct heng_booked booked;
        snprintf(account.number, sizeof account.number, "A%04d", i + 1);
        snprintf(account.name, sizeof account.name, "household %d", i + 1);
        snprintf(flat->account, sizeof flat->account, "%s", account.number);
        flat->accounts = 1;
        season_begin(s);
        if (heng_account_open(s->store, 0, &account, &s->li, "", e) != HENG_OK) fail_msg("%s", e->text);
        flat->account_id = account.id;
        season_fact(s, "account\t%lld\t%s", (long long)account.id, account.number);
        for (int k = 0; k < SEASON_ROOM; k++) {
            struct heng_contract contract = {.account_id = account.id,
                                             .point_id = flat->meters[k].point_id,
                                             .mode = k == SEASON_POWER ? HENG_MODE_PREPAID : HENG_MODE_POSTPAID,
                                             .cycle = HENG_BILL_CYCLE_MONTH,
                                             .from_day = s->first_day,
                                             .terms = "{}"};
            snprintf(contract.tariff_key, sizeof contract.tariff_key, "%s", tariff[k]);
            if (heng_contract_add(s->store, 0, &contract, &s->li, "", e) != HENG_OK) fail_msg("%s", e->text);
            flat->contracts[k] = contract.id;
            season_fact(s, "contract\t%lld\t%lld\t%lld\t%d\t0", (long long)contract.id, (long long)account.id,
                        (long long)flat->meters[k].point_id, s->first_day);
        }
        if (season_draw(s, 3) == 0) {
            const struct heng_opening opening = {.purse = (int64_t)season_draw(s, 12000) - 800,
                                                 .deposit = season_draw(s, 2) ? 10000 : 0};
            if (heng_account_carry_in(s->store, 0, account.id, &opening, &s->li, "old system", &booked, e) != HENG_OK)
                fail_msg("%s", e->text);
            season_fact(s, "money\t%lld\t%lld\topening", (long long)account.id, (long long)opening.purse);
            season_fact(s, "deposit\t%lld\t%lld", (long long)account.id, (long long)opening.deposit);
        }
        season_commit(s);
    }
}

static void season_open(struct season *s)
{
    struct heng_err *e = &season_err;
    char name[256];
    *s = (struct season){.flat_count = wanted_flats, .chance = seed, .folder = folder};
    s->first_day = heng_day_of_date(2026, 11, 1);
    int last = s->first_day;
    for (int i = 0; i < wanted_months; i++) last = heng_month_next(last, 1);
    s->days = last - s->first_day;
    s->house_count = (s->flat_count + SEASON_PER_HOUSE - 1) / SEASON_PER_HOUSE;
    s->flats = calloc((size_t)s->flat_count, sizeof *s->flats);
    s->houses = calloc((size_t)s->house_count, sizeof *s->houses);
    s->house_first = calloc((size_t)s->house_count, sizeof *s->house_first);
    s->reads = calloc(SEASON_BATCH, sizeof *s->reads);
    assert_true(s->flats && s->houses && s->house_first && s->reads);
    s->li = (struct heng_hand){.who = "Li", .channel = "bank"};
    s->wang = (struct heng_hand){.who = "Wang", .second = "Li", .channel = "bank"};
    season_clock(s, s->first_day, 1);
    snprintf(name, sizeof name, "%s/facts.tsv", folder);
    s->facts = fopen(name, "w");
    assert_non_null(s->facts);
    small_site_init(&s->site);
    if (heng_store_create(s->site.path, e) != HENG_OK) fail_msg("%s", e->text);
    if (heng_store_open(s->site.path, &s->store, e) != HENG_OK) fail_msg("%s", e->text);
    s->reader = heng_store_as_reader(s->store);
    season_sites(s);
    for (int h = 0; h < s->house_count; h++) s->house_first[h] = s->houses[h].index[0];
    tariffs(s);
    customers(s);
    if (heng_usage_worker_new(&s->usage, e) != HENG_OK) fail_msg("%s", e->text);
    if (heng_prepaid_worker_new(s->store, &s->prepaid, e) != HENG_OK) fail_msg("%s", e->text);
}

static void season_close(struct season *s)
{
    heng_usage_worker_free(s->usage);
    heng_prepaid_worker_free(s->prepaid);
    heng_ingested_fini(&s->ingested);
    heng_store_close(s->store);
    small_site_fini(&s->site);
    while (s->left) {
        struct season_left *left = s->left;
        s->left = left->next;
        free(left);
    }
    free(s->flats);
    free(s->houses);
    free(s->house_first);
    free(s->reads);
}

/* --- a day ------------------------------------------------------------------------------------------------------- */

static void derive(struct season *s)
{
    uint32_t channels = 0;
    bool left = true;
    struct heng_err *e = &season_err;
    while (left) {
        season_begin(s);
        if (heng_usage_work(s->usage, s->store, HENG_US_PER_S, &channels, &left, e) != HENG_OK) fail_msg("%s", e->text);
        season_commit(s);
    }
}

static void charge(struct season *s)
{
    struct heng_prepaid_counts counts = {0};
    struct heng_err *e = &season_err;
    bool left = true;
    while (left) {
        season_begin(s);
        if (heng_prepaid_work(s->prepaid, s->store, s->li.now_us, HENG_US_PER_S, &counts, &left, e) != HENG_OK)
            fail_msg("%s", e->text);
        season_commit(s);
    }
}

static void one_day(struct season *s, int day)
{
    const int of_month = day - heng_month_of(day) + 1;
    season_clock(s, day, 5);
    season_readings(s, day);
    derive(s);
    if (of_month == 1 && day >= s->first_day + 31 + 30 + 31) season_switch(s);
    season_clock(s, day, 450);
    if (of_month == 10) season_moves(s);
    charge(s);
    season_clock(s, day, 510);
    season_cash_open(s);
    season_clock(s, day, 570);
    season_supply(s);
    if (of_month == 4 && day > s->first_day + 5) {
        season_clock(s, day, 580);
        season_run(s, heng_month_next(heng_month_of(day), -1), heng_month_of(day));
    }
    if (of_month == 16) {
        season_clock(s, day, 590);
        season_again(s);
        season_corrections(s);
        season_closings(s);
    }
    season_clock(s, day, 600);
    season_people(s);
    season_payments(s);
    season_clock(s, day, 840);
    season_supply(s);
    season_live(s, day);
    season_clock(s, day, 1020);
    season_cash_close(s);
}

static void mixed_day(struct season *s)
{
    season_clock(s, s->today, 800);
    for (int i = 0; i < s->flat_count; i++) {
        if (season_draw(s, 2500) == 0) season_exchange(s, &s->flats[i]);
        if (season_draw(s, 3000) == 0) season_wrong(s, &s->flats[i]);
    }
}

/* What is still out comes in; the last month is billed; what is late is corrected. */
static void the_end(struct season *s)
{
    const int day = s->first_day + s->days;
    season_clock(s, day, 5);
    season_readings(s, day);
    derive(s);
    season_clock(s, day + 3, 450);
    charge(s);
    season_again(s);
    season_run(s, heng_month_next(heng_month_of(day), -1), heng_month_of(day));
    season_corrections(s);
    season_heat(s);
    season_clock(s, day + 4, 510);
    season_cash_open(s);
    season_closings(s);
    season_clock(s, day + 4, 1020);
    season_cash_close(s);
}

static void balances(struct season *s)
{
    char name[256], text[256];
    struct heng_err *e = &season_err;
    snprintf(name, sizeof name, "%s/balances.tsv", folder);
    FILE *out = fopen(name, "w");
    assert_non_null(out);
    const int64_t last = small_site_number(s->site.path, "SELECT max(id) FROM account");
    for (int64_t id = 1; id <= last; id++) {
        struct heng_account_balance b;
        if (heng_store_account_balance(s->reader, id, &b, e) != HENG_OK) fail_msg("%s", e->text);
        fprintf(out, "%lld\t%lld\t%lld\n", (long long)id, (long long)(b.purse + b.advance - b.owed),
                (long long)b.deposit);
    }
    fclose(out);
    snprintf(name, sizeof name, "%s/charges.tsv", folder);
    out = fopen(name, "w");
    assert_non_null(out);
    snprintf(
        text, sizeof text,
        "SELECT contract_id || ' ' || from_day || ' ' || to_day || ' ' || total || ' ' || amount FROM charge ORDER "
        "BY id");
    char *lines = small_site_lines(s->site.path, text);
    fputs(lines, out);
    free(lines);
    fclose(out);
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void a_season_agrees_with_its_frames(void **state)
{
    struct season s;
    char command[512];
    (void)state;
    const double began = seconds();
    season_open(&s);
    for (int day = s.first_day; day < s.first_day + s.days; day++) {
        one_day(&s, day);
        mixed_day(&s);
    }
    the_end(&s);
    fclose(s.facts);
    balances(&s);
    const double lived = seconds();
    season_prove(&s);
    const double proven = seconds();
    print_message("# %d flats, %d days, seed %llu, %s: %.0f s lived, %.0f s proven\n", s.flat_count, s.days,
                  (unsigned long long)seed, on_server() ? "PostgreSQL" : "SQLite", lived - began, proven - lived);
    print_message("# frames %lld (late %lld, lost %lld, rejected %lld), exchanges %lld, moves %lld, closed %lld, "
                  "switched %lld\n",
                  s.n.frames, s.n.late, s.n.lost, s.n.rejected, s.n.exchanges, s.n.moves, s.n.closed, s.n.switched);
    print_message(
        "# sales %lld, orders %lld, notices %lld, refunds %lld, reversals %lld, transfers %lld, refused %lld; "
        "cuts %lld, restores %lld\n",
        s.n.sales, s.n.orders, s.n.notices, s.n.refunds, s.n.reversals, s.n.transfers, s.n.refused, s.n.cuts,
        s.n.restores);
    print_message("# runs %lld, bills %lld, again %lld, corrected %lld; cash days %lld, days reconciled %lld with %lld "
                  "differences\n",
                  s.n.runs, s.n.bills, s.n.again, s.n.corrected, s.n.cash_days, s.n.reconciled, s.n.differences);
    snprintf(command, sizeof command, "python3 %s/tests/proof/season_truth.py %s", HENG_SOURCE_DIR, folder);
    if (system(command) != 0) fail_msg("the balances are not those of the frames: %s", folder);
    season_close(&s);
}

int main(int argc, char **argv)
{
    char made[] = "/tmp/heng-season-XXXXXX";
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--flats") == 0) wanted_flats = (int)strtol(argv[i + 1], NULL, 10);
        if (strcmp(argv[i], "--months") == 0) wanted_months = (int)strtol(argv[i + 1], NULL, 10);
        if (strcmp(argv[i], "--seed") == 0) seed = strtoull(argv[i + 1], NULL, 10);
        if (strcmp(argv[i], "--folder") == 0) folder = argv[i + 1];
    }
    if (wanted_flats < 1 || wanted_flats > 5000 || wanted_months < 1 || wanted_months > 12) return 2;
    const bool own = !folder;
    if (own) folder = mkdtemp(made);
    if (!folder) return 2;
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_season_agrees_with_its_frames)};
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    static const char *const files[] = {"facts.tsv", "balances.tsv", "charges.tsv", "seal.key", "seal.head"};
    for (size_t i = 0; own && !failed && i < sizeof files / sizeof *files; i++) {
        char name[128];
        snprintf(name, sizeof name, "%s/%s", folder, files[i]);
        unlink(name);
    }
    if (own && !failed) rmdir(folder);
    return failed;
}
