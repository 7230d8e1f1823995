/* Orders that are done once, configurations that hold as a whole or not at all. */
#include "core_rig.h"

static struct rig *one(void)
{
    struct rig *r = rig_new(1);
    rig_add(r, 0, -1);
    rig_open(r, 0);
    rig_run(r, HENG_US_PER_S);
    return r;
}

/* --- orders ---------------------------------------------------------------------------------------------------- */

static void send_order(struct rig *r, int64_t id, heng_us lives_us)
{
    struct heng_down_order order = {.id = id,
                                    .command = true,
                                    .cls = HENG_CLASS_CONTROL,
                                    .line_id = 1,
                                    .device_id = 5,
                                    .protocol = HENG_PROTOCOL_DLT645_2007,
                                    .order.kind = HENG_ORDER_DISCONNECT,
                                    .expires_us = RIG_WALL + r->now + lives_us};
    assert_true(heng_host_order(r->gateways[0].host, r->now, &order));
    rig_run(r, HENG_US_PER_S);
}

static bool taken(const struct rig *r, int64_t id)
{
    const struct heng_down_outcome *outcome = rig_outcome(r, HENG_OUTCOME_OF_ORDER, id);
    assert_non_null(outcome);
    return outcome->taken;
}

static size_t stages(const struct rig *r, int64_t id, heng_stage stage)
{
    size_t n = 0;
    for (size_t i = 0; i < r->count; i++)
        n += r->entries[i].kind == HENG_ENTRY_ORDER && r->entries[i].order.id == id &&
             r->entries[i].order.stage == stage;
    return n;
}

static void an_order_that_comes_twice_is_done_once(void **state)
{
    (void)state;
    struct rig *r = one();
    struct rig_gateway *g = &r->gateways[0];
    send_order(r, 7, 60 * HENG_US_PER_S);
    send_order(r, 7, 60 * HENG_US_PER_S);
    assert_int_equal(g->orders, 1);
    assert_int_equal(r->outcome_count, 2);
    assert_true(taken(r, 7));
    assert_int_equal(rig_tell_order(r, 0, 7, HENG_STAGE_SENT, 1), HENG_OK);
    assert_int_equal(rig_tell_order(r, 0, 7, HENG_STAGE_CONFIRMED, 0), HENG_OK);
    rig_run(r, HENG_US_PER_S);
    assert_int_equal(g->token_count, 1);
    send_order(r, 7, 60 * HENG_US_PER_S);
    rig_restart(r, 0);
    rig_run(r, 60 * HENG_US_PER_S);
    send_order(r, 7, 60 * HENG_US_PER_S);
    assert_int_equal(g->orders, 1);
    assert_true(taken(r, 7));
    assert_int_equal(stages(r, 7, HENG_STAGE_CONFIRMED), 1);
    assert_int_equal(stages(r, 7, HENG_STAGE_FAILED), 0);
    rig_free(r);
}

static void an_order_that_was_sent_when_the_power_went_has_failed(void **state)
{
    (void)state;
    for (heng_stage stage = HENG_STAGE_SENT; stage <= HENG_STAGE_ACCEPTED; stage++) {
        struct rig *r = one();
        struct rig_gateway *g = &r->gateways[0];
        send_order(r, 8, 60 * HENG_US_PER_S);
        assert_int_equal(rig_tell_order(r, 0, 8, HENG_STAGE_SENT, 1), HENG_OK);
        if (stage == HENG_STAGE_ACCEPTED) assert_int_equal(rig_tell_order(r, 0, 8, stage, 0), HENG_OK);
        rig_settle(r);
        assert_int_equal(g->token_count, 1);
        for (int i = 0; i < 3; i++) {
            rig_restart(r, 0);
            rig_run(r, 60 * HENG_US_PER_S);
        }
        assert_int_equal(stages(r, 8, HENG_STAGE_FAILED), 1);
        send_order(r, 8, 60 * HENG_US_PER_S);
        assert_int_equal(g->orders, 1); /* not again under the same id */
        for (size_t i = 0; i < r->count; i++)
            if (r->entries[i].kind == HENG_ENTRY_ORDER && r->entries[i].order.stage == HENG_STAGE_FAILED) {
                assert_non_null(strstr(r->entries[i].order.why, "the gateway was restarted"));
                assert_int_equal(r->entries[i].order.device_id, 5);
                assert_true(r->entries[i].order.ended);
            }
        rig_free(r);
    }
}

/* Told, but the power went before it was on disk: then it was not sent either. */
static void an_order_that_waits_is_forgotten_and_may_come_again(void **state)
{
    (void)state;
    struct rig *r = one();
    struct rig_gateway *g = &r->gateways[0];
    send_order(r, 9, 600 * HENG_US_PER_S);
    assert_int_equal(rig_tell_order(r, 0, 9, HENG_STAGE_SENT, 1), HENG_OK);
    rig_restart(r, 0);
    rig_run(r, 60 * HENG_US_PER_S);
    assert_int_equal(g->token_count, 0);
    assert_int_equal(stages(r, 9, HENG_STAGE_FAILED), 0);
    send_order(r, 9, 600 * HENG_US_PER_S);
    assert_int_equal(g->orders, 2);
    rig_free(r);
}

static void orders_that_are_refused(void **state)
{
    (void)state;
    struct rig *r = one();
    struct rig_gateway *g = &r->gateways[0];
    send_order(r, 10, -HENG_US_PER_S);
    assert_false(taken(r, 10));
    assert_non_null(strstr(rig_outcome(r, HENG_OUTCOME_OF_ORDER, 10)->why, "time was over"));
    assert_int_equal(g->orders, 0);
    g->refuse_orders = true;
    send_order(r, 11, 60 * HENG_US_PER_S);
    assert_false(taken(r, 11));
    assert_string_equal(rig_outcome(r, HENG_OUTCOME_OF_ORDER, 11)->why, "no such meter");
    g->refuse_orders = false;
    send_order(r, 11, 60 * HENG_US_PER_S); /* the meter was put on: now it is taken */
    assert_true(taken(r, 11));
    assert_int_equal(g->orders, 2);
    rig_free(r);
}

/* What ended long ago is forgotten, on disk too; the table is bounded. */
static void old_orders_are_forgotten(void **state)
{
    (void)state;
    struct rig *r = one();
    struct rig_gateway *g = &r->gateways[0];
    char name[65] = "", next[65];
    struct heng_slice value;
    for (int64_t id = 1; id <= 5000; id++) assert_int_equal(rig_tell_order(r, 0, id, HENG_STAGE_CONFIRMED, 0), HENG_OK);
    rig_run(r, HENG_US_PER_S);
    unsigned n = 0;
    while (heng_spool_recall_next(heng_core_journal(g->core), "order:", name, next, &value, NULL) == HENG_OK) {
        memcpy(name, next, sizeof name);
        n++;
    }
    assert_int_equal(n, 4096);
    send_order(r, 4999, 60 * HENG_US_PER_S);
    assert_int_equal(g->orders, 0);
    r->now += 8 * HENG_US_PER_DAY;
    rig_run(r, 200 * HENG_US_PER_S);
    assert_int_equal(rig_tell(r, 0, 1, true, 0), HENG_OK);
    rig_run(r, HENG_US_PER_S);
    assert_int_equal(heng_spool_recall_next(heng_core_journal(g->core), "order:", "", next, &value, NULL),
                     HENG_ENOTFOUND);
    rig_free(r);
}

/* The clock was put right by more than the days that an order is remembered; who gave it has not heard of its end. */
static void a_clock_that_is_put_right_forgets_no_order(void **state)
{
    (void)state;
    struct rig *r = one();
    struct rig_gateway *g = &r->gateways[0];
    for (int restart = 0; restart < 2; restart++) {
        int64_t id = 7 + restart;
        send_order(r, id, 60 * HENG_US_PER_DAY);
        assert_int_equal(g->orders, 1 + restart);
        assert_int_equal(rig_tell_order(r, 0, id, HENG_STAGE_SENT, 1), HENG_OK);
        assert_int_equal(rig_tell_order(r, 0, id, HENG_STAGE_CONFIRMED, 0), HENG_OK);
        rig_run(r, HENG_US_PER_S);
        if (restart) rig_restart(r, 0);
        g->wall_shift_us += 20 * HENG_US_PER_DAY;
        r->clock_shift_us += 20 * HENG_US_PER_DAY;
        rig_cut(r, 0);
        rig_run(r, 300 * HENG_US_PER_S);
        send_order(r, id, 60 * HENG_US_PER_DAY);
        assert_true(taken(r, id));
        assert_int_equal(g->orders, 1 + restart);
    }
    rig_free(r);
}

/* The centre was put back from a backup, and gives a number once more. */
static void another_order_of_a_known_number_is_refused(void **state)
{
    (void)state;
    struct rig *r = one();
    struct rig_gateway *g = &r->gateways[0];
    struct heng_down_order order = {.id = 7,
                                    .command = true,
                                    .cls = HENG_CLASS_CONTROL,
                                    .line_id = 1,
                                    .device_id = 6,
                                    .protocol = HENG_PROTOCOL_DLT645_2007,
                                    .order.kind = HENG_ORDER_DISCONNECT,
                                    .expires_us = RIG_WALL + HENG_US_PER_DAY};
    send_order(r, 7, HENG_US_PER_DAY);
    assert_true(taken(r, 7));
    assert_true(heng_host_order(g->host, r->now, &order));
    rig_run(r, HENG_US_PER_S);
    assert_false(taken(r, 7));
    assert_int_equal(g->orders, 1);
    rig_free(r);
}

/* --- configuration --------------------------------------------------------------------------------------------- */

static void send_config(struct rig *r, uint64_t version)
{
    static const size_t first[1] = {0};
    struct heng_gateway_config config = {
        .version = version, .name = "cellar", .time_zone = "Asia/Shanghai", .first = first};
    uint8_t *bytes;
    size_t n;
    struct heng_err err;
    if (heng_config_pack(&config, &bytes, &n, &err) != HENG_OK) fail_msg("%s", err.text);
    assert_true(heng_host_config(r->gateways[0].host, r->now, heng_slice_of(bytes, n)));
    free(bytes);
    rig_run(r, HENG_US_PER_S);
}

static const struct heng_down_outcome *config_outcome(const struct rig *r, uint64_t version)
{
    const struct heng_down_outcome *outcome = rig_outcome(r, HENG_OUTCOME_OF_CONFIG, (int64_t)version);
    assert_non_null(outcome);
    return outcome;
}

static uint64_t version_of(struct rig *r)
{
    struct heng_core_status status;
    heng_core_status_now(r->gateways[0].core, r->now, &status);
    return status.config_version;
}

static void a_configuration_is_kept_and_comes_back(void **state)
{
    (void)state;
    struct rig *r = one();
    struct rig_gateway *g = &r->gateways[0];
    send_config(r, 3);
    assert_int_equal(g->configs, 1);
    assert_true(config_outcome(r, 3)->taken);
    assert_int_equal(rig_events(r, 11, HENG_GATEWAY_CONFIG_APPLIED), 1);
    assert_int_equal(rig_event(r, HENG_GATEWAY_CONFIG_APPLIED)->mark, 3);
    send_config(r, 3); /* the same again */
    assert_int_equal(g->configs, 1);
    rig_restart(r, 0);
    rig_run(r, 60 * HENG_US_PER_S);
    assert_int_equal(g->configs, 2);
    assert_int_equal(g->config_version, 3);
    assert_int_equal(version_of(r), 3);
    assert_int_equal(r->hello.config_version, 3);
    assert_int_equal(rig_events(r, 11, HENG_GATEWAY_CONFIG_APPLIED), 1);
    send_config(r, 3);
    assert_int_equal(g->configs, 2);
    rig_free(r);
}

static void a_configuration_that_is_refused_leaves_the_old_one(void **state)
{
    (void)state;
    struct rig *r = one();
    struct rig_gateway *g = &r->gateways[0];
    send_config(r, 3);
    g->refuse_config = true;
    send_config(r, 4);
    send_config(r, 4); /* asked again, answered again, but one event is enough */
    assert_false(config_outcome(r, 4)->taken);
    assert_string_equal(config_outcome(r, 4)->why, "line 7: no such port");
    assert_int_equal(rig_events(r, 11, HENG_GATEWAY_CONFIG_REFUSED), 1);
    assert_string_equal(rig_event(r, HENG_GATEWAY_CONFIG_REFUSED)->detail, "line 7: no such port");
    assert_int_equal(version_of(r), 3);
    g->refuse_config = false;
    rig_restart(r, 0);
    rig_run(r, 60 * HENG_US_PER_S);
    assert_int_equal(g->config_version, 3);
    assert_int_equal(version_of(r), 3);
    rig_free(r);
}

static void a_configuration_that_cannot_be_read_is_refused(void **state)
{
    (void)state;
    struct rig *r = one();
    struct rig_gateway *g = &r->gateways[0];
    static const uint8_t bad[] = {0x08, 0x05, 0x22, 0x02, 0x08, 0x00}; /* version 5, a line without a number */
    assert_true(heng_host_config(g->host, r->now, heng_slice_of(bad, sizeof bad)));
    rig_run(r, HENG_US_PER_S);
    assert_int_equal(g->configs, 0);
    assert_false(config_outcome(r, 5)->taken);
    assert_int_equal(rig_events(r, 11, HENG_GATEWAY_CONFIG_REFUSED), 1);
    rig_free(r);
}

/* The owner takes its time; what comes meanwhile waits, and only the newest of it counts. */
static void one_configuration_at_a_time(void **state)
{
    (void)state;
    struct rig *r = one();
    struct rig_gateway *g = &r->gateways[0];
    g->hold_config = true;
    send_config(r, 3);
    send_config(r, 4);
    send_config(r, 5);
    assert_int_equal(g->configs, 1);
    assert_int_equal(version_of(r), 0);
    heng_core_config_done(g->core, r->now, true, "");
    rig_run(r, HENG_US_PER_S);
    assert_int_equal(version_of(r), 3);
    assert_int_equal(g->configs, 2);
    assert_int_equal(g->config_version, 5);
    /* Killed in the middle of it: the one in force is the last whole one. */
    rig_restart(r, 0);
    g->hold_config = false;
    rig_run(r, 60 * HENG_US_PER_S);
    assert_int_equal(version_of(r), 3);
    rig_free(r);
}

static void a_configuration_out_of_a_file(void **state)
{
    (void)state;
    struct rig *r = one();
    struct rig_gateway *g = &r->gateways[0];
    static const size_t first[1] = {0};
    struct heng_gateway_config config = {.version = 9, .name = "cellar", .time_zone = "Asia/Shanghai", .first = first};
    uint8_t *bytes;
    size_t n;
    struct heng_err err;
    assert_int_equal(heng_config_pack(&config, &bytes, &n, &err), HENG_OK);
    assert_int_equal(heng_core_offer_config(g->core, r->now, heng_slice_of(bytes, n), &err), HENG_OK);
    assert_int_equal(heng_core_offer_config(g->core, r->now, heng_slice_of(bytes, n), &err), HENG_EBUSY);
    rig_run(r, HENG_US_PER_S);
    assert_int_equal(version_of(r), 9);
    assert_int_equal(heng_core_offer_config(g->core, r->now, heng_slice_of(bytes, n), &err), HENG_OK);
    rig_run(r, HENG_US_PER_S);
    assert_int_equal(g->configs, 1);
    assert_int_not_equal(heng_core_offer_config(g->core, r->now, heng_slice_of(bytes, n - 1), &err), HENG_OK);
    free(bytes);
    rig_free(r);
}

/* --- questions and tunnels ------------------------------------------------------------------------------------- */

static void questions_and_tunnels(void **state)
{
    (void)state;
    struct rig *r = one();
    struct rig_gateway *g = &r->gateways[0];
    struct heng_path here = {0};
    assert_true(heng_host_ask(g->host, r->now, 5, "status", &here));
    assert_true(heng_host_cancel(g->host, r->now, 6, &here));
    rig_run(r, HENG_US_PER_S);
    assert_int_equal(g->asks, 1);
    assert_int_equal(g->cancels, 1);
    assert_string_equal(r->answer, "gw-0");
    struct heng_tunnel_message message = {.id = 4, .open = true, .line_id = 1, .seconds = 60, .who = "Li", .why = "x"};
    struct heng_tunnel_message stray = {.id = 5, .bytes = heng_slice_str("abc")};
    assert_true(heng_host_tunnel(g->host, r->now, &message));
    assert_true(heng_host_tunnel(g->host, r->now, &stray));
    rig_run(r, HENG_US_PER_S);
    assert_int_equal(g->tunnel_count, 1);
    assert_true(r->tunnel.id == 5 && r->tunnel.close); /* there is no such tunnel */
    struct heng_tunnel_message up = {.id = 4, .bytes = heng_slice_str("from the line")};
    assert_true(heng_core_tunnel(g->core, r->now, &up));
    assert_false(heng_core_tunnel(g->core, r->now, &stray));
    rig_run(r, HENG_US_PER_S);
    assert_int_equal(r->tunnel.id, 4);
    rig_cut(r, 0); /* nobody looks through it any more */
    rig_run(r, HENG_US_PER_S);
    assert_int_equal(g->tunnel_count, 2);
    assert_true(g->tunnels[1].id == 4 && g->tunnels[1].close);
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_order_that_comes_twice_is_done_once),
        cmocka_unit_test(an_order_that_was_sent_when_the_power_went_has_failed),
        cmocka_unit_test(an_order_that_waits_is_forgotten_and_may_come_again),
        cmocka_unit_test(orders_that_are_refused),
        cmocka_unit_test(old_orders_are_forgotten),
        cmocka_unit_test(a_clock_that_is_put_right_forgets_no_order),
        cmocka_unit_test(another_order_of_a_known_number_is_refused),
        cmocka_unit_test(a_configuration_is_kept_and_comes_back),
        cmocka_unit_test(a_configuration_that_is_refused_leaves_the_old_one),
        cmocka_unit_test(a_configuration_that_cannot_be_read_is_refused),
        cmocka_unit_test(one_configuration_at_a_time),
        cmocka_unit_test(a_configuration_out_of_a_file),
        cmocka_unit_test(questions_and_tunnels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
