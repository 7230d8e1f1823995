/* Facts into the database: states, repeats, conflicts, strangers, and what the browser hears of. */
#include "unit/small_site.h"

static struct heng_meter_row meter_of(struct heng_store *store, int64_t id)
{
    struct heng_meter_row row;
    struct heng_err err;
    assert_ok(heng_store_get_meter(heng_store_as_reader(store), id, &row, &err));
    return row;
}

static void failed_read(struct heng_read *read, int64_t device_id, heng_us at_us, heng_outcome outcome)
{
    memset(read, 0, sizeof *read);
    read->device_id = device_id;
    read->at_us = at_us;
    read->outcome = outcome;
    read->tries = 3;
}

static void test_states(void **state)
{
    struct small_site site;
    struct heng_store *store = small_site_open(&site);
    struct heng_ingested ingested = {0};
    static struct heng_read read;
    (void)state;
    assert_int_equal(meter_of(store, HEAT_1).state.state, HENG_METER_STATE_NEVER);
    failed_read(&read, HEAT_1, START_US, HENG_OUTCOME_SILENCE);
    ingest_one(store, &read, &ingested);
    struct heng_meter_row meter = meter_of(store, HEAT_1);
    assert_int_equal(meter.state.state, HENG_METER_STATE_MISSING); /* a meter that never answered is missing, too */
    assert_int_equal(meter.state.misses, 1);
    assert_int_equal(meter.state.last_outcome, HENG_OUTCOME_SILENCE);
    assert_int_equal(ingested.failed, 1);
    assert_int_equal(ingested.live_n, 0);

    heat_read(&read, HEAT_1, START_US + 60, 100);
    ingest_one(store, &read, &ingested);
    meter = meter_of(store, HEAT_1);
    assert_int_equal(meter.state.state, HENG_METER_STATE_OK);
    assert_int_equal(meter.state.misses, 0);
    assert_int_equal(meter.state.reads, 1);
    assert_true(meter.state.last_read_us == START_US + 60);

    for (int i = 0; i < 2; i++) { /* told twice, counted once */
        failed_read(&read, HEAT_1, START_US + 120, HENG_OUTCOME_CHECKSUM);
        ingest_one(store, &read, &ingested);
    }
    meter = meter_of(store, HEAT_1);
    assert_int_equal(meter.state.state, HENG_METER_STATE_MISSING);
    assert_int_equal(meter.state.misses, 1);

    heat_read(&read, HEAT_1, START_US + 30, 90); /* late: stored, but not news of the meter's state */
    ingest_one(store, &read, &ingested);
    meter = meter_of(store, HEAT_1);
    assert_int_equal(meter.state.state, HENG_METER_STATE_MISSING);
    assert_int_equal(meter.state.reads, 2);
    assert_true(meter.state.last_read_us == START_US + 60);
    heng_store_close(store);
    heng_ingested_fini(&ingested);
    small_site_fini(&site);
}

/* Who says no to a command is there. A read that nobody understands brings nothing, and so does no answer at all. */
static void test_a_refusal_is_an_answer(void **state)
{
    static const struct {
        heng_order_kind order;
        heng_outcome outcome;
        bool alive;
    } cases[] = {
        {HENG_ORDER_SET_CLOCK, HENG_OUTCOME_REFUSED, true},  {HENG_ORDER_DISCONNECT, HENG_OUTCOME_REFUSED, true},
        {HENG_ORDER_READ, HENG_OUTCOME_REFUSED, true},       {HENG_ORDER_DISCONNECT, HENG_OUTCOME_FORMAT, true},
        {HENG_ORDER_READ, HENG_OUTCOME_FORMAT, false},       {HENG_ORDER_SET_CLOCK, HENG_OUTCOME_SILENCE, false},
        {HENG_ORDER_SET_CLOCK, HENG_OUTCOME_CHECKSUM, false}};
    struct small_site site;
    struct heng_store *store = small_site_open(&site);
    struct heng_ingested ingested = {0};
    struct heng_err err;
    static struct heng_read read;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        heng_us at_us = START_US + (heng_us)i * HENG_US_PER_S;
        struct heng_order_fact order = {.line_id = HEAT_LINE,
                                        .device_id = HEAT_1,
                                        .order = cases[i].order,
                                        .stage = HENG_STAGE_FAILED,
                                        .at_us = at_us,
                                        .outcome = cases[i].outcome,
                                        .ended = true};
        struct heng_fact fact = {.kind = HENG_FACT_READ, .read = &read, .order = &order};
        failed_read(&read, HEAT_1, at_us, cases[i].outcome);
        assert_ok(heng_ingest(store, &fact, 1, INGEST_NOW_US, &ingested, &err));
        struct heng_device_state after = meter_of(store, HEAT_1).state;
        assert_int_equal(after.state, cases[i].alive ? HENG_METER_STATE_OK : HENG_METER_STATE_MISSING);
        assert_int_equal(after.misses == 0, cases[i].alive);
        assert_int_equal(after.last_outcome, cases[i].outcome);
    }
    heng_store_close(store);
    heng_ingested_fini(&ingested);
    small_site_fini(&site);
}

/* The clock ran eight hours fast and was set right: what comes now is news, although its stamp is earlier. */
static void test_a_wrong_clock_does_not_freeze_a_meter(void **state)
{
    struct small_site site;
    struct heng_store *store = small_site_open(&site);
    struct heng_ingested ingested = {0};
    struct heng_err err;
    static struct heng_read read;
    const heng_us fast = START_US + 8 * 3600 * HENG_US_PER_S;
    struct heng_fact fact = {.kind = HENG_FACT_READ, .read = &read};
    (void)state;
    heat_read(&read, HEAT_1, fast, 100);
    assert_ok(heng_ingest(store, &fact, 1, fast, &ingested, &err));
    heat_read(&read, HEAT_1, START_US + 15, 101);
    assert_ok(heng_ingest(store, &fact, 1, START_US + 15, &ingested, &err));
    assert_true(meter_of(store, HEAT_1).state.last_read_us == START_US + 15);
    failed_read(&read, HEAT_1, START_US + 30, HENG_OUTCOME_SILENCE);
    assert_ok(heng_ingest(store, &fact, 1, START_US + 30, &ingested, &err));
    assert_int_equal(meter_of(store, HEAT_1).state.state, HENG_METER_STATE_MISSING);
    assert_int_equal(meter_of(store, HEAT_1).state.reads, 2); /* the early one is kept, too */
    heng_store_close(store);
    heng_ingested_fini(&ingested);
    small_site_fini(&site);
}

static void test_replay_changes_nothing(void **state)
{
    struct small_site site;
    struct heng_store *store = small_site_open(&site);
    struct heng_ingested ingested = {0};
    static struct heng_read reads[4];
    struct heng_fact facts[4];
    struct heng_totals totals;
    struct heng_err err;
    (void)state;
    for (int i = 0; i < 4; i++) {
        heat_read(&reads[i], HEAT_1 + i % 2, START_US + i, i);
        facts[i] = fact_of(&reads[i]);
    }
    assert_ok(heng_ingest(store, facts, 4, INGEST_NOW_US, &ingested, &err));
    assert_int_equal(ingested.stored, 4);
    struct heng_meter_row before = meter_of(store, HEAT_1);
    for (int round = 0; round < 3; round++) {
        assert_ok(heng_ingest(store, facts, 4, INGEST_NOW_US, &ingested, &err));
        assert_int_equal(ingested.stored, 0);
        assert_int_equal(ingested.same, 4);
        assert_int_equal(ingested.live_n, 0);
    }
    struct heng_meter_row after = meter_of(store, HEAT_1);
    assert_int_equal(after.state.reads, before.state.reads);
    reads[0].values[0].dec.mantissa++;
    assert_ok(heng_ingest(store, facts, 4, INGEST_NOW_US, &ingested, &err));
    assert_int_equal(ingested.conflicts, 1);
    assert_int_equal(ingested.same, 3);
    assert_ok(heng_store_totals(heng_store_as_reader(store), &totals, &err));
    assert_int_equal(totals.readings, 4);
    assert_int_equal(totals.conflicts, 1);
    heng_store_close(store);
    heng_ingested_fini(&ingested);
    small_site_fini(&site);
}

static void test_strangers_do_not_spoil_a_batch(void **state)
{
    struct small_site site;
    struct heng_store *store = small_site_open(&site);
    struct heng_ingested ingested = {0};
    static struct heng_read reads[5];
    struct heng_line_fact line = {.line_id = 77, .at_us = START_US, .state = HENG_LINE_STATE_IDLE};
    struct heng_fact facts[6];
    struct heng_err err;
    (void)state;
    for (int i = 0; i < 5; i++) {
        heat_read(&reads[i], HEAT_1, START_US + i, i);
        facts[i] = fact_of(&reads[i]);
    }
    reads[1].device_id = 4711;
    reads[2].frame_of_value[3] = 9;
    reads[3].frame_count = 0;
    facts[5] = (struct heng_fact){.kind = HENG_FACT_LINE, .line = &line};
    assert_ok(heng_ingest(store, facts, 6, INGEST_NOW_US, &ingested, &err));
    assert_int_equal(ingested.stored, 2);
    assert_int_equal(ingested.refused, 4);
    assert_int_equal(ingested.live_n, 2);
    heng_store_close(store);
    heng_ingested_fini(&ingested);
    small_site_fini(&site);
}

static void test_live_reading(void **state)
{
    struct small_site site;
    struct heng_store *store = small_site_open(&site);
    struct heng_ingested ingested = {0};
    static struct heng_read read;
    (void)state;
    heat_read(&read, HEAT_2, START_US, 4321);
    ingest_one(store, &read, &ingested);
    assert_int_equal(ingested.live_n, 1);
    const struct heng_reading_view *view = &ingested.live[0].reading;
    assert_int_equal(ingested.live[0].kind, HENG_LIVE_READING);
    assert_string_equal(view->number, "10000002");
    assert_string_equal(view->place, "1号楼 / 1单元 / 102");
    assert_int_equal(view->line_id, HEAT_LINE);
    assert_true(view->has_main && view->main.has_value && view->main.dec.mantissa == 4321);
    assert_int_equal(view->main.key.storage, 0);
    assert_int_equal(view->frame_id, 1);
    heng_store_close(store);
    heng_ingested_fini(&ingested);
    small_site_fini(&site);
}

static void tell_line(struct heng_store *store, heng_us at_us, heng_line_state line_state, const char *detail,
                      struct heng_ingested *ingested)
{
    struct heng_line_fact facts[2] = {
        {.line_id = HEAT_LINE, .at_us = at_us, .state = line_state, .counters = {.requests = 3, .bytes_in = 100}},
        {.line_id = HEAT_LINE, .at_us = at_us, .state = line_state, .counters = {.requests = 4, .noise = 1}}};
    struct heng_fact batch[2] = {{.kind = HENG_FACT_LINE, .line = &facts[0]},
                                 {.kind = HENG_FACT_LINE, .line = &facts[1]}};
    struct heng_err err;
    snprintf(facts[0].detail, sizeof facts[0].detail, "%s", detail);
    snprintf(facts[1].detail, sizeof facts[1].detail, "%s", detail);
    assert_ok(heng_ingest(store, batch, 2, INGEST_NOW_US, ingested, &err));
}

static void test_line_facts(void **state)
{
    struct small_site site;
    struct heng_store *store = small_site_open(&site);
    struct heng_ingested ingested = {0};
    struct heng_line_event events[8];
    struct heng_err err;
    size_t n;
    (void)state;
    tell_line(store, START_US + 10, HENG_LINE_STATE_READING, "", &ingested);
    tell_line(store, START_US + 20, HENG_LINE_STATE_READING, "", &ingested);
    tell_line(store, START_US + 30, HENG_LINE_STATE_DOWN, "connection refused", &ingested);
    assert_int_equal(ingested.live_n, 1); /* two facts of a line are one piece of news */
    const struct heng_line_row *line = &ingested.live[0].line;
    assert_int_equal(line->status.state, HENG_LINE_STATE_DOWN);
    assert_true(line->status.since_us == START_US + 30);
    assert_int_equal(line->status.counters.requests, 21);
    assert_int_equal(line->status.counters.noise, 3);
    assert_int_equal(line->meters, 2);
    assert_ok(heng_store_list_line_events(heng_store_as_reader(store), HEAT_LINE, events, 8, &n, &err));
    assert_int_equal(n, 2);
    assert_int_equal(events[0].state, HENG_LINE_STATE_DOWN);
    assert_string_equal(events[0].detail, "connection refused");
    assert_true(events[1].state == HENG_LINE_STATE_READING && events[1].at_us == START_US + 10);

    /* Rounds that begin and end are no events; trouble, another reason for it and its end are. */
    tell_line(store, START_US + 40, HENG_LINE_STATE_DOWN, "no route to host", &ingested);
    tell_line(store, START_US + 50, HENG_LINE_STATE_READING, "", &ingested);
    tell_line(store, START_US + 60, HENG_LINE_STATE_IDLE, "", &ingested);
    tell_line(store, START_US + 70, HENG_LINE_STATE_READING, "", &ingested);
    tell_line(store, START_US + 80, HENG_LINE_STATE_NO_LOAD, "no meter answers", &ingested);
    assert_ok(heng_store_list_line_events(heng_store_as_reader(store), HEAT_LINE, events, 8, &n, &err));
    assert_int_equal(n, 5);
    assert_int_equal(events[0].state, HENG_LINE_STATE_NO_LOAD);
    assert_int_equal(events[1].state, HENG_LINE_STATE_READING);
    assert_true(events[1].at_us == START_US + 50);
    assert_string_equal(events[2].detail, "no route to host");
    heng_store_close(store);
    heng_ingested_fini(&ingested);
    small_site_fini(&site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_states),
        cmocka_unit_test(test_a_refusal_is_an_answer),
        cmocka_unit_test(test_a_wrong_clock_does_not_freeze_a_meter),
        cmocka_unit_test(test_replay_changes_nothing),
        cmocka_unit_test(test_strangers_do_not_spoil_a_batch),
        cmocka_unit_test(test_live_reading),
        cmocka_unit_test(test_line_facts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
