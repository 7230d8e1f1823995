/* Usage out of the database: the same whatever came first and in however many pieces; what cannot be is said. */
#include "unit/usage/usage_point.h"

#include <sys/stat.h>

#include "usage/events.h"
#include "usage/explain.h"
#include "usage/tou.h"
#include "usage/usage.h"
#include "usage/verdicts.h"
#include "vee/verdict.h"

/* The proof of 1,000 orders is this program, optimised. The environment's HENG_USAGE_ORDERS asks for another number. */
#ifndef HENG_USAGE_ORDERS
#define HENG_USAGE_ORDERS 100
#endif
enum { READINGS = 31 * 24, ORDERS = HENG_USAGE_ORDERS, ORDERS_SERVER = 20 };

static uint64_t seed = 20261121;

static uint32_t draw(uint32_t below)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % below;
}

/* All that is derived, byte by byte; %s: blobs as hexadecimal digits. */
static const char all_lines[] =
    "SELECT line FROM (SELECT 1 AS part, channel_id, day, 0 AS nr, day || ' ' || exp || ' ' || amount || ' ' || trust "
    "|| ' ' || method || ' ' || permille || ' ' || intervals || ' ' || missing || ' ' || flags || ' ' || %s AS line "
    "FROM usage_day UNION ALL SELECT 2, channel_id, day, 0, 'checkpoint ' || day || ' ' || %s FROM usage_checkpoint "
    "UNION ALL SELECT 3, channel_id, day, nr, 'verdict ' || day || ' ' || rule || ' ' || severity || ' "
    "' || from_us || ' ' || to_us || ' ' || seen || ' ' || low || ' ' || high || ' ' || reference FROM verdict) AS l "
    "ORDER BY part, channel_id, day, nr";

static char *everything(const struct usage_point *s)
{
    char text[1024];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(text, sizeof text, all_lines, on_server() ? "encode(packed, 'hex')" : "hex(packed)",
             on_server() ? "encode(state, 'hex')" : "hex(state)");
#pragma GCC diagnostic pop
    return small_site_lines(s->site.path, text);
}

static void work(struct usage_point *s, struct heng_usage_worker *worker)
{
    struct heng_err err;
    uint32_t channels = 0;
    bool left = true;
    while (left) {
        assert_ok(heng_store_begin(s->store, &err));
        assert_ok(heng_usage_work(worker, s->store, 0, &channels, &left, &err));
        assert_ok(heng_store_commit(s->store, &err));
    }
    int64_t due = -1;
    assert_ok(heng_store_count_due(heng_store_as_reader(s->store), &due, &err));
    assert_int_equal(due, 0);
}

/* One reading of the month as it came: device, moment, source, index. */
struct given {
    int64_t device_id, value;
    heng_us at_us;
    heng_source source;
};

/* A month of hourly readings of two devices that were exchanged, with gaps, a spike, some told twice, some told with
 * another value, one dated in 2000 and some after the removal. */
static size_t make_month(struct given *ret)
{
    size_t n = 0;
    int64_t a = 100000, b = 500;
    for (int i = 0; i < READINGS; i++) {
        heng_us at_us = MONTH_US + i * 60 * MINUTE_US + 3 * HENG_US_PER_S;
        bool second = i >= 400;
        a += second ? 0 : 40 + (int64_t)draw(20);
        b += second ? 40 + (int64_t)draw(20) : 0;
        if (i % 97 > 90 || (i > 500 && i < 560)) continue;
        int64_t value = second ? b : a;
        if (i == 333) value += 900000;
        ret[n++] = (struct given){second ? 2 : 1, value, at_us, HENG_SOURCE_LINE};
        if (i % 50 == 7) ret[n++] = (struct given){second ? 2 : 1, value, at_us, HENG_SOURCE_HANDHELD};
        if (i % 100 == 9) ret[n++] = (struct given){second ? 2 : 1, value + 1, at_us, HENG_SOURCE_LINE};
        if (i > 420 && i < 424) ret[n++] = (struct given){1, a, at_us, HENG_SOURCE_LINE};
    }
    ret[n++] = (struct given){1, 1, INT64_C(946684800) * HENG_US_PER_S, HENG_SOURCE_LINE};
    return n;
}

static void install(struct usage_point *s)
{
    char text[256];
    heng_us exchange_us = MONTH_US + 400 * 60 * MINUTE_US - 10 * MINUTE_US;
    snprintf(
        text, sizeof text,
        "INSERT INTO installation (id, device_id, point_id, from_us, until_us) VALUES (1, 1, 1, %lld, %lld), (2, 2, "
        "1, %lld, NULL)",
        (long long)MONTH_US - 5, (long long)exchange_us, (long long)exchange_us);
    assert_int_equal(small_site_sql(s->site.path, text), HENG_OK);
}

/* Put a reading of the month and derive now and then, as the draw has it. */
static void put_all(struct usage_point *s, struct heng_usage_worker *worker, const struct given *given, size_t n)
{
    struct heng_err err;
    uint32_t often = 1 + draw(400);
    assert_ok(heng_store_begin(s->store, &err));
    for (size_t i = 0; i < n; i++) {
        put_index(s, given[i].device_id, given[i].at_us, given[i].source, given[i].value);
        if (draw(often)) continue;
        assert_ok(heng_store_commit(s->store, &err));
        work(s, worker);
        assert_ok(heng_store_begin(s->store, &err));
    }
    assert_ok(heng_store_commit(s->store, &err));
    work(s, worker);
}

static void shuffle(struct given *given, size_t n)
{
    uint32_t how = draw(4);
    for (size_t i = n; i > 1; i--) {
        size_t reach = how == 0 ? i : how == 1 ? (i < 12 ? i : 12) : 1; /* all over, near by, as they were */
        size_t j = i - 1 - draw((uint32_t)reach);
        struct given other = given[i - 1];
        given[i - 1] = given[j];
        given[j] = other;
    }
    for (size_t i = 0; how == 3 && i < n / 2; i++) { /* backwards */
        struct given other = given[i];
        given[i] = given[n - 1 - i];
        given[n - 1 - i] = other;
    }
}

/* The database of the point before anything was read: copied for each order, where it is a file. */
struct blank {
    char *bytes;
    size_t n;
};

static void blank_keep(struct blank *blank, struct usage_point *s)
{
    struct heng_err err;
    struct stat info;
    heng_store_close(s->store); /* the journal goes into the file */
    FILE *file = fopen(s->site.path, "rb");
    assert_non_null(file);
    assert_int_equal(fstat(fileno(file), &info), 0);
    blank->n = (size_t)info.st_size;
    blank->bytes = malloc(blank->n);
    assert_non_null(blank->bytes);
    assert_int_equal(fread(blank->bytes, 1, blank->n, file), blank->n);
    fclose(file);
    assert_ok(heng_store_open(s->site.path, &s->store, &err));
}

static void blank_restore(const struct blank *blank, struct usage_point *s)
{
    struct heng_err err;
    heng_store_close(s->store);
    FILE *file = fopen(s->site.path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(blank->bytes, 1, blank->n, file), blank->n);
    assert_int_equal(fclose(file), 0);
    assert_ok(heng_store_open(s->site.path, &s->store, &err));
}

static void one_order(struct usage_point *s, struct heng_usage_worker *worker, const struct given *month, size_t n,
                      int order, char **first)
{
    static struct given mixed[READINGS * 2];
    struct heng_err err;
    unsigned long long from = seed;
    const char *quick = on_server() ? "SET synchronous_commit = off" : "PRAGMA synchronous = OFF";
    assert_ok(heng_db_exec(&s->store->reader.db, "test", quick, NULL, &err));
    memcpy(mixed, month, n * sizeof *month);
    if (order) shuffle(mixed, n);
    put_all(s, worker, mixed, n);
    char *all = everything(s);
    if (!*first) *first = strdup(all);
    assert_true(strlen(*first) > 5000);
    if (strcmp(*first, all) != 0) fail_msg("order %d, from seed %llu, ends otherwise", order, from);
    free(all);
}

/* A month's readings in any order and any pieces end as the same bytes. */
static void test_orders(void **state)
{
    static struct given month[READINGS * 2];
    struct heng_usage_worker *worker = NULL;
    struct heng_err err;
    struct blank blank = {NULL, 0};
    char *first = NULL;
    size_t n = make_month(month);
    const char *asked = getenv("HENG_USAGE_ORDERS");
    int orders = asked ? atoi(asked) : on_server() ? ORDERS_SERVER : ORDERS;
    (void)state;
    struct usage_point s;
    assert_ok(heng_usage_worker_new(&worker, &err));
    usage_point_open(&s);
    install(&s);
    if (!on_server()) blank_keep(&blank, &s);
    for (int i = 0; i < orders; i++) {
        if (i && on_server()) {
            usage_point_close(&s);
            usage_point_open(&s);
            install(&s);
        } else if (i) {
            blank_restore(&blank, &s);
        }
        one_order(&s, worker, month, n, i, &first);
    }
    usage_point_close(&s);
    free(blank.bytes);
    free(first);
    heng_usage_worker_free(worker);
}

/* A meter that is installed, and quarter-hour readings of [from, to) days of the month, 40 steps each. */
static void put_plain(struct usage_point *s, int from, int to)
{
    struct heng_err err;
    assert_ok(heng_store_begin(s->store, &err));
    for (int i = from * 96; i <= to * 96; i++)
        put_index(s, 1, MONTH_US + i * 15 * MINUTE_US, HENG_SOURCE_LINE, 1000 + i * 40);
    assert_ok(heng_store_commit(s->store, &err));
}

static void install_one(struct usage_point *s)
{
    char text[160];
    snprintf(text, sizeof text, "INSERT INTO installation (id, device_id, point_id, from_us) VALUES (1, 1, 1, %lld)",
             (long long)MONTH_US);
    assert_int_equal(small_site_sql(s->site.path, text), HENG_OK);
}

static int64_t number(struct usage_point *s, const char *text) { return small_site_number(s->site.path, text); }

/* A program that ends between storing and deriving loses nothing: what is due is on the disk with the readings. */
static void test_due_survives(void **state)
{
    struct usage_point s;
    struct heng_usage_worker *worker = NULL;
    struct heng_err err;
    uint32_t channels;
    bool left;
    (void)state;
    usage_point_open(&s);
    install_one(&s);
    assert_ok(heng_usage_worker_new(&worker, &err));
    put_plain(&s, 0, 2);
    assert_int_equal(number(&s, "SELECT count(*) FROM usage_due"), 1);
    assert_ok(heng_store_begin(s.store, &err)); /* derived, and not committed */
    assert_ok(heng_usage_work(worker, s.store, HENG_US_PER_S, &channels, &left, &err));
    assert_int_equal(channels, 1);
    heng_store_close(s.store);
    assert_int_equal(number(&s, "SELECT count(*) FROM usage_day"), 0);
    assert_int_equal(number(&s, "SELECT count(*) FROM usage_due"), 1);
    assert_ok(heng_store_open(s.site.path, &s.store, &err));
    work(&s, worker);
    assert_int_equal(number(&s, "SELECT sum(amount) FROM usage_day"), 2 * 96 * 40);
    heng_usage_worker_free(worker);
    usage_point_close(&s);
}

static void close_month(struct usage_point *s, struct heng_usage_worker *worker, uint32_t *ret_days, uint32_t *ret_left)
{
    struct heng_err err;
    heng_day first = heng_day_of_date(2026, 3, 1);
    assert_ok(heng_store_begin(s->store, &err));
    assert_ok(heng_usage_close(worker, s->store, 1, first, first + 31, ret_days, ret_left, &err));
    assert_ok(heng_store_commit(s->store, &err));
}

/* The days at the end of a month that nothing bounds are estimated, and give way when readings come. */
static void test_close(void **state)
{
    struct usage_point s;
    struct heng_usage_worker *worker = NULL;
    struct heng_usage_sum sum;
    struct heng_err err;
    uint32_t days, left;
    heng_day first = heng_day_of_date(2026, 3, 1);
    (void)state;
    usage_point_open(&s);
    install_one(&s);
    assert_ok(heng_usage_worker_new(&worker, &err));
    put_plain(&s, 0, 28);
    work(&s, worker);
    close_month(&s, worker, &days, &left);
    assert_int_equal(days, 3);
    assert_int_equal(left, 0);
    assert_ok(heng_store_sum_usage(heng_store_as_reader(s.store), 1, first, first + 31, &sum, &err));
    assert_int_equal(sum.days, 31);
    assert_int_equal(sum.estimated, 3);
    assert_int_equal(sum.missing, 0);
    assert_int_equal(sum.trust, 6);
    assert_int_equal(number(&s, "SELECT min(permille) FROM usage_estimate WHERE method > 0 AND permille <= 1000") >= 0,
                     1);
    close_month(&s, worker, &days, &left); /* once more: the same */
    assert_int_equal(number(&s, "SELECT count(*) FROM usage_estimate"), 3);

    put_plain(&s, 30, 31);
    work(&s, worker);
    assert_int_equal(number(&s, "SELECT count(*) FROM usage_estimate"), 0);
    assert_ok(heng_store_sum_usage(heng_store_as_reader(s.store), 1, first, first + 31, &sum, &err));
    assert_int_equal(sum.estimated, 0);
    assert_int_equal(sum.amount.mantissa, 31 * 96 * 40);
    heng_usage_worker_free(worker);
    usage_point_close(&s);
}

/* A reading that is far off is left out and told; who says that it is right makes it count; others do not see it. */
static void test_answers(void **state)
{
    struct usage_point s;
    struct heng_usage_worker *worker = NULL;
    static struct heng_exception_row list[20];
    struct heng_err err;
    size_t n = 0;
    heng_day first = heng_day_of_date(2026, 3, 1);
    (void)state;
    usage_point_open(&s);
    install_one(&s);
    assert_ok(heng_usage_worker_new(&worker, &err));
    put_plain(&s, 0, 3);
    assert_ok(heng_store_begin(s.store, &err));
    heng_us odd_us = MONTH_US + HENG_US_PER_DAY + 7 * MINUTE_US;
    put_index(&s, 1, odd_us, HENG_SOURCE_HANDHELD, 900000);
    assert_ok(heng_store_commit(s.store, &err));
    work(&s, worker);
    assert_int_equal(number(&s, "SELECT sum(amount) FROM usage_day"), 3 * 96 * 40);
    struct heng_store_reader *reader = heng_store_as_reader(s.store);
    struct heng_exception_ask ask = {.scope = 7, .point_id = 1, .from = first, .to = first + 31};
    assert_ok(heng_store_list_exceptions(reader, &ask, 0, 0, list, 20, &n, &err));
    size_t at = 0;
    while (at < n && list[at].newest.rule != HENG_RULE_OUTLIER) at++;
    assert_true(at < n);
    assert_true(list[at].newest.numbers[HENG_VERDICT_SEEN][0] != '\0');
    assert_string_equal(list[at].answer, "");
    ask = (struct heng_exception_ask){.scope = 8, .from = first, .to = first + 31};
    assert_ok(heng_store_list_exceptions(reader, &ask, 0, 0, list, 20, &n, &err));
    assert_int_equal(n, 0); /* another organisation */

    struct heng_answer_wish wish = {.answer = {.channel_id = 1,
                                               .rule = HENG_RULE_OUTLIER,
                                               .from_day = first,
                                               .to_day = first + 5,
                                               .answer = "wrong",
                                               .who = "Li",
                                               .reason = "a typing error"},
                                    .device_id = 1,
                                    .reading_source = HENG_SOURCE_HANDHELD,
                                    .reading_at = odd_us};
    assert_ok(heng_store_begin(s.store, &err));
    assert_int_equal(heng_verdict_answer(s.store, 8, &wish, MONTH_US * 2, &err), HENG_ENOTFOUND);
    heng_store_rollback(s.store);
    assert_ok(heng_store_begin(s.store, &err));
    assert_ok(heng_verdict_answer(s.store, 7, &wish, MONTH_US * 2, &err));
    assert_ok(heng_store_commit(s.store, &err));
    work(&s, worker);
    assert_int_equal(number(&s, "SELECT count(*) FROM verdict WHERE rule = 16"), 0);
    assert_int_equal(number(&s, "SELECT count(*) FROM point_event WHERE kind = 'reject'"), 1);
    assert_int_equal(number(&s, "SELECT count(*) FROM reading WHERE source = 2"), 1);
    heng_usage_worker_free(worker);
    usage_point_close(&s);
}

/* From an amount down to the bytes of the meter; nothing of it for who may not see the point. */
static void test_explain(void **state)
{
    struct usage_point s;
    struct heng_usage_worker *worker = NULL;
    struct heng_err err;
    struct heng_str text = {.max = 4 << 20};
    struct heng_json json = heng_json_of(&text);
    (void)state;
    usage_point_open(&s);
    install_one(&s);
    assert_ok(heng_usage_worker_new(&worker, &err));
    put_plain(&s, 0, 3);
    work(&s, worker);
    heng_day day = heng_day_of_date(2026, 3, 2);
    assert_int_equal(heng_usage_explain(heng_store_as_reader(s.store), 8, 1, day, &json, &err), HENG_ENOTFOUND);
    assert_ok(heng_usage_explain(heng_store_as_reader(s.store), 7, 1, day, &json, &err));
    assert_int_equal(text.rc, HENG_OK);
    assert_non_null(strstr(text.text, "\"amount\":\"38400\"")); /* 96 x 40 x 10 Wh */
    assert_non_null(strstr(text.text, "\"frame\":\"6816\""));
    size_t facts = 0;
    for (const char *p = text.text; (p = strstr(p, "\"kind\":\"reading\"")) != NULL; p++) facts++;
    assert_int_equal(facts, 2 + 96 + 2);
    heng_str_fini(&text);
    heng_usage_worker_free(worker);
    usage_point_close(&s);
}

/* Usage by periods of a calendar sums to the day; a calendar that cannot be is refused with its line. */
static void test_periods(void **state)
{
    static const char calendar[] =
        "{\"otherwise\": 3, \"windows\": [{\"kinds\": [0,1,2,3,4,5,6], \"period\": 1, "
        "\"from\": 480, \"to\": 660}], \"specials\": [{\"date\": \"2026-03-02\", \"kind\": 7}]}";
    static const char *const bad[] = {
        "{\"otherwise\": 9}", "{\"windows\": [{\"hour\": 1}]}", "{\"seasons\": [\"13-01\"]}",
        "{\"otherwise\": 1, \"windows\": [{\"period\": 1, \"from\": 9, \"to\": 9}]}", "[]"};
    struct usage_point s;
    struct heng_usage_worker *worker = NULL;
    struct heng_channel_row channel;
    struct heng_tou_sum sum;
    struct heng_err err;
    int64_t version = 0;
    heng_day first = heng_day_of_date(2026, 3, 1);
    (void)state;
    usage_point_open(&s);
    install_one(&s);
    assert_ok(heng_usage_worker_new(&worker, &err));
    put_plain(&s, 0, 2);
    work(&s, worker);
    assert_ok(heng_store_begin(s.store, &err));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_not_equal(heng_usage_put_calendar(s.store, "c", first, heng_slice_str(bad[i]), &version, &err),
                             HENG_OK);
    assert_ok(heng_usage_put_calendar(s.store, "c", first, heng_slice_str(calendar), &version, &err));
    assert_int_equal(version, 1);
    assert_ok(heng_store_commit(s.store, &err));
    struct heng_store_reader *reader = heng_store_as_reader(s.store);
    assert_ok(heng_store_get_channel(reader, 0, 1, &channel, &err));
    assert_ok(heng_usage_by_period(reader, "c", &channel, first, first + 2, &sum, &err));
    assert_int_equal(sum.amounts[1], 12 * 40); /* the second day is a holiday */
    assert_int_equal(sum.amounts[3], (2 * 96 - 12) * 40);
    assert_int_equal(sum.seconds[1], 3 * 3600);
    assert_int_equal(heng_usage_by_period(reader, "d", &channel, first, first + 2, &sum, &err), HENG_ENOTFOUND);
    heng_usage_worker_free(worker);
    usage_point_close(&s);
}

/* A rule set is checked, gets its version, and what it may change is due; its version is in the verdicts. */
static void test_rules(void **state)
{
    struct usage_point s;
    struct heng_usage_worker *worker = NULL;
    struct heng_err err;
    int64_t version = 0;
    (void)state;
    usage_point_open(&s);
    install_one(&s);
    assert_ok(heng_usage_worker_new(&worker, &err));
    put_plain(&s, 0, 3);
    work(&s, worker);
    assert_ok(heng_store_begin(s.store, &err));
    assert_int_equal(heng_usage_put_rules(s.store,
                                          heng_slice_str("{\"version\": 1, \"medium\": \"electricity\", \"rules\": "
                                                         "{\"spikes\": {\"on\": true}}}"),
                                          "", 0, &version, &err),
                     HENG_ECONFIG);
    assert_ok(heng_usage_put_rules(s.store,
                                   heng_slice_str("{\"version\": 1, \"medium\": \"electricity\", \"rules\": "
                                                  "{\"flat\": {\"on\": true, \"severity\": \"task\"}}}"),
                                   "", 0, &version, &err));
    assert_ok(heng_store_commit(s.store, &err));
    assert_int_equal(version, 1);
    assert_int_equal(number(&s, "SELECT count(*) FROM usage_due"), 2);
    work(&s, worker);
    assert_true(number(&s, "SELECT count(*) FROM verdict WHERE rule = 39 AND version = 1") > 0);
    heng_usage_worker_free(worker);
    usage_point_close(&s);
}

int main(void)
{
    print_message("seed %llu\n", (unsigned long long)seed);
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_orders),  cmocka_unit_test(test_due_survives),
                                       cmocka_unit_test(test_close),   cmocka_unit_test(test_answers),
                                       cmocka_unit_test(test_explain), cmocka_unit_test(test_periods),
                                       cmocka_unit_test(test_rules)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
