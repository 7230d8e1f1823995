/* What a meter says of itself comes to the day on which it said so: out of the bytes of a frame, through the door for
 * readings, into a verdict; the same whatever came first. */
#include "unit/usage/usage_point.h"

#include "codec/dlt645.h"
#include "flow/ingest.h"
#include "model/condition.h"
#include "store/conditions.h"
#include "usage/usage.h"
#include "vee/rules.h"

enum { DAYS = 70, HOURS = 24, COVER_OPEN = 0x0200, RELAY_OPEN = 0x0010 };

struct rig {
    struct usage_point s;
    struct heng_usage_worker *worker;
    struct heng_ingested ingested;
};

static void open_rig(struct rig *r)
{
    struct heng_err err;
    char text[160];
    *r = (struct rig){0};
    usage_point_open(&r->s);
    assert_int_equal(small_site_sql(r->s.site.path, "UPDATE device SET protocol = 'dlt645-2007'"), HENG_OK);
    snprintf(text, sizeof text,
             "INSERT INTO installation (id, device_id, point_id, from_us, until_us) VALUES (1, 1, 1, %lld, NULL)",
             (long long)MONTH_US - 5);
    assert_int_equal(small_site_sql(r->s.site.path, text), HENG_OK);
    assert_ok(heng_usage_worker_new(&r->worker, &err));
}

static void close_rig(struct rig *r)
{
    heng_usage_worker_free(r->worker);
    heng_ingested_fini(&r->ingested);
    usage_point_close(&r->s);
}

/* A read `hour` hours after the begin of the month, with a status word in its frame. */
static void tell(struct rig *r, int hour, unsigned number, uint16_t word)
{
    static struct heng_read read;
    struct heng_err err;
    uint8_t data[8];
    const uint8_t low_first[] = {(uint8_t)(word & 0xFF), (uint8_t)(word >> 8)};
    struct heng_buf content = heng_buf_of(data, sizeof data);
    heng_dlt645_put_di(&content, HENG_PROTOCOL_DLT645_2007, 0x04000500 + number);
    heng_buf_put(&content, heng_slice_of(low_first, sizeof low_first));
    const struct heng_dlt645_frame frame = {
        .id = "202411110002", .control = HENG_DLT645_C_READ | HENG_DLT645_C_ANSWER, .data = heng_buf_slice(&content)};
    read = (struct heng_read){.device_id = 1,
                              .at_us = MONTH_US + hour * 60 * MINUTE_US,
                              .outcome = HENG_OUTCOME_OK,
                              .tries = 1,
                              .frame_count = 1,
                              .value_count = 1};
    struct heng_buf bytes = heng_buf_of(read.frames[0].bytes, sizeof read.frames[0].bytes);
    assert_int_equal(heng_dlt645_encode(&frame, &bytes), HENG_OK);
    read.frames[0].at_us = read.at_us;
    read.frames[0].n = (uint16_t)bytes.n;
    read.values[0] = (struct heng_value){.key = {.quantity = HENG_QUANTITY_ENERGY, .unit = HENG_UNIT_WH},
                                         .has_value = true,
                                         .dec = {1000 + 5 * hour, 1}};
    const struct heng_fact fact = {.kind = HENG_FACT_READ, .read = &read};
    assert_ok(heng_ingest(r->s.store, &fact, 1, MONTH_US + (DAYS + 1) * HENG_US_PER_DAY, &r->ingested, &err));
    assert_int_equal(r->ingested.stored, 1);
}

static void derive(struct rig *r)
{
    struct heng_err err;
    uint32_t channels = 0;
    bool left = true;
    while (left) {
        assert_ok(heng_store_begin(r->s.store, &err));
        assert_ok(heng_usage_work(r->worker, r->s.store, 0, &channels, &left, &err));
        assert_ok(heng_store_commit(r->s.store, &err));
    }
}

/* "day severity conditions" of each verdict `status`, days of the month from 0. */
static void assert_status(const struct rig *r, const char *wanted)
{
    char text[300];
    snprintf(text, sizeof text,
             "SELECT (day - %lld) || ' ' || severity || ' ' || seen FROM verdict WHERE channel_id = 1 AND rule = %d "
             "ORDER BY day",
             (long long)((MONTH_US + 8 * 60 * MINUTE_US) / HENG_US_PER_DAY), (int)HENG_RULE_STATUS);
    char *lines = small_site_lines(r->s.site.path, text);
    assert_string_equal(lines, wanted);
    free(lines);
}

static int64_t suspects(const struct rig *r)
{
    char text[160];
    snprintf(text, sizeof text, "SELECT count(*) FROM usage_day WHERE channel_id = 1 AND trust = %d",
             (int)HENG_TRUST_SUSPECT);
    return small_site_number(r->s.site.path, text);
}

static void test_tamper_is_a_verdict_on_its_day(void **state)
{
    (void)state;
    static const char *const wanted = "3 task 512\n5 told 16384\n60 task 512\n";
    for (int backwards = 0; backwards < 2; backwards++) {
        struct rig r;
        struct heng_err err;
        open_rig(&r);
        for (int i = 0; i < DAYS * HOURS; i += 6) {
            int hour = backwards ? DAYS * HOURS - 6 - i : i;
            bool tampered = hour == 3 * HOURS + 12 || hour == 60 * HOURS + 18;
            bool relay = hour == 5 * HOURS;
            tell(&r, hour, relay ? 3 : 7, tampered ? COVER_OPEN : relay ? RELAY_OPEN : 0);
            if (i % (9 * HOURS) == 0) derive(&r);
        }
        derive(&r);
        assert_status(&r, wanted);
        int64_t doubted = suspects(&r);
        assert_true(doubted > 0 && doubted < 6); /* days that end or begin with it; all others are as before */
        assert_ok(heng_store_begin(r.s.store, &err));
        assert_ok(heng_usage_rebuild(r.worker, r.s.store, 1, NULL, &err));
        assert_ok(heng_store_commit(r.s.store, &err));
        assert_status(&r, wanted);
        assert_int_equal(suspects(&r), doubted);
        close_rig(&r);
    }
}

/* What it said before it was taken away is none of the next meter's. */
static void test_what_is_said_elsewhere_is_not_ours(void **state)
{
    (void)state;
    struct rig r;
    struct heng_err err;
    open_rig(&r);
    for (int hour = 0; hour < 5 * HOURS; hour += 6) tell(&r, hour, 7, 0);
    const struct heng_condition_row row = {MONTH_US + 2 * HENG_US_PER_DAY, HENG_SOURCE_LINE,
                                           1U << HENG_CONDITION_TAMPER};
    assert_ok(heng_store_begin(r.s.store, &err));
    assert_ok(heng_store_add_conditions(r.s.store, 2, &row, &err)); /* in a store room */
    assert_ok(heng_store_commit(r.s.store, &err));
    derive(&r);
    assert_status(&r, "");
    close_rig(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_tamper_is_a_verdict_on_its_day),
                                       cmocka_unit_test(test_what_is_said_elsewhere_is_not_ours)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
