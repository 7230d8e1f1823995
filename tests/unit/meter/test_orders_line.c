/* Orders all the way: given to a line, asked over a wire in virtual time, ended by what the meter shows. */
#include "power_meter.h"
#include "water_meter.h"

#include <stdlib.h>

#include "line/line.h"

typedef void (*answer_fn)(void *meter, struct heng_slice request, struct heng_buf *ret);

struct wire {
    struct heng_line *line;
    answer_fn answer;
    void *meter;
    heng_us now, arrives;
    uint8_t bytes[600];
    size_t n;
    heng_stage stages[8];
    unsigned stage_count, requests;
    char why[120];
    unsigned values, ends;
};

static void wire_init(struct wire *w, const struct heng_meter_config *meter, answer_fn answer, void *device)
{
    struct heng_line_config config = {.name = "bus", .baud = 2400, .parity = 'E', .period_s = 86400};
    struct heng_err err = {.text = ""};
    *w = (struct wire){.answer = answer, .meter = device, .now = HENG_US_PER_S, .arrives = HENG_US_NEVER};
    if (heng_line_new(&config, meter, 1, &w->line, &err) != HENG_OK) fail_msg("%s", err.text);
    const struct heng_civil noon = {2026, 11, 20, 12, 0, 0};
    heng_line_opened(w->line, w->now);
    heng_line_set_clock(w->line, w->now, heng_civil_to_us(&noon));
}

static void on_send(struct wire *w, struct heng_slice request)
{
    struct heng_buf buf = heng_buf_of(w->bytes, sizeof w->bytes);
    w->requests++;
    w->answer(w->meter, request, &buf);
    w->n = buf.n;
    w->arrives = buf.n ? w->now + (heng_us)request.n * 11 * HENG_US_PER_S / 2400 + 60 * HENG_US_PER_MS : HENG_US_NEVER;
}

static bool on_result(struct wire *w, const struct heng_line_result *result)
{
    if (result->job_id == 0) return false; /* the periodic read */
    assert_true(w->stage_count < sizeof w->stages / sizeof *w->stages);
    w->stages[w->stage_count++] = result->stage;
    if (result->stage < HENG_STAGE_CONFIRMED) return false;
    w->ends++;
    w->values = result->read ? result->read->value_count : 0;
    snprintf(w->why, sizeof w->why, "%s", result->read ? result->read->why : "");
    return true;
}

/* Give the order, and let time pass until it has ended. */
static heng_stage order(struct wire *w, const struct heng_order *what)
{
    struct heng_line_job job = {
        .id = 1, .cls = HENG_CLASS_CONTROL, .device_id = 7, .order = *what, .expires_us = HENG_US_NEVER};
    struct heng_err err = {.text = ""};
    w->stage_count = w->requests = 0;
    if (heng_line_submit(w->line, w->now, &job, &err) != HENG_OK) fail_msg("%s", err.text);
    for (unsigned turns = 0; turns < 20000; turns++) {
        struct heng_line_action action;
        heng_line_poll(w->line, w->now, &action);
        if (action.kind == HENG_LINE_SEND) on_send(w, action.bytes);
        if (action.kind == HENG_LINE_RESULT && on_result(w, &action.result)) return w->stages[w->stage_count - 1];
        if (action.kind != HENG_LINE_NONE) continue;
        heng_us next = heng_line_deadline(w->line);
        assert_true(next != HENG_US_NEVER || w->arrives != HENG_US_NEVER);
        if (w->arrives <= next) {
            w->now = w->arrives > w->now ? w->arrives : w->now;
            w->arrives = HENG_US_NEVER;
            heng_line_feed(w->line, w->now, heng_slice_of(w->bytes, w->n));
        } else {
            w->now = next > w->now ? next : w->now + 1;
        }
    }
    fail_msg("the order never ends");
    return HENG_STAGE_COUNT;
}

static void test_valve(void **state)
{
    struct water water = water_new();
    struct heng_meter_config meter = {
        .device_id = 7, .protocol = HENG_PROTOCOL_CJT188, .medium = HENG_MEDIUM_COLD_WATER};
    struct wire w;
    (void)state;
    memcpy(meter.address, water_number, sizeof water_number);
    wire_init(&w, &meter, water_answers, &water);
    assert_int_equal(order(&w, &(struct heng_order){.kind = HENG_ORDER_DISCONNECT}), HENG_STAGE_CONFIRMED);
    assert_int_equal(water.valve, 1);
    const heng_stage way[] = {HENG_STAGE_SENT, HENG_STAGE_ACCEPTED, HENG_STAGE_CONFIRMED};
    assert_int_equal(w.stage_count, 3);
    assert_memory_equal(w.stages, way, sizeof way);
    assert_true(w.values > 0);
    /* It sticks: a minute later somebody knows. */
    water.stuck = true;
    heng_us begin = w.now;
    assert_int_equal(order(&w, &(struct heng_order){.kind = HENG_ORDER_CONNECT}), HENG_STAGE_FAILED);
    assert_non_null(strstr(w.why, "still closed"));
    assert_in_range((w.now - begin) / HENG_US_PER_S, 60, 90);
    water.deaf = true;
    assert_int_equal(order(&w, &(struct heng_order){.kind = HENG_ORDER_CONNECT}), HENG_STAGE_FAILED);
    heng_line_free(w.line);
}

static void test_relay(void **state)
{
    struct power power = power_new();
    struct heng_meter_config meter = {
        .device_id = 7, .protocol = HENG_PROTOCOL_DLT645_2007, .medium = HENG_MEDIUM_ELECTRICITY};
    struct heng_order off = {.kind = HENG_ORDER_DISCONNECT, .has_secret = true, .password = {0x02, 0x11, 0x22, 0x33}};
    struct wire w;
    (void)state;
    memcpy(meter.address, power_number, sizeof power_number);
    wire_init(&w, &meter, power_answers, &power);
    power.clock.hour = 4;
    assert_int_equal(order(&w, &off), HENG_STAGE_CONFIRMED);
    assert_true(power.open);
    assert_int_equal(power.written, 2);
    off.password[1] = 0x12;
    assert_int_equal(order(&w, &off), HENG_STAGE_FAILED);
    assert_non_null(strstr(w.why, "password wrong"));
    assert_int_equal(power.wrong, 1);
    off.password[1] = 0x11;
    off.kind = HENG_ORDER_SET_CLOCK;
    power.clock.year = 2020;
    assert_int_equal(order(&w, &off), HENG_STAGE_CONFIRMED);
    assert_int_equal(power.clock.year, 2026);
    heng_line_free(w.line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_valve), cmocka_unit_test(test_relay)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
