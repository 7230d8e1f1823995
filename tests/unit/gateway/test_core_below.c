/* Gateways below gateways: storage at each tier, once and in order at the top, and who may speak at all.
 *
 *   centre ── gw-0 (11) ──┬── gw-1 (12) ── gw-3 (14)
 *                         └── gw-2 (13)                */
#include "core_rig.h"
#include "trust/pki.h"

/* --- configurations -------------------------------------------------------------------------------------------- */

static const size_t no_lines[1] = {0};

struct packed {
    uint8_t *bytes;
    size_t n;
};

static struct packed pack(uint64_t version, const struct heng_config_child *children, size_t count,
                          const uint64_t *revoked, size_t revoked_count)
{
    struct heng_gateway_config config = {.version = version,
                                         .name = "cellar",
                                         .time_zone = "Asia/Shanghai",
                                         .first = no_lines,
                                         .children = children,
                                         .child_count = count,
                                         .revoked = revoked,
                                         .revoked_count = revoked_count};
    struct packed packed;
    struct heng_err err;
    if (heng_config_pack(&config, &packed.bytes, &packed.n, &err) != HENG_OK) fail_msg("%s", err.text);
    return packed;
}

/* Of gw-0, with what is below it. below: version of those of its children. */
static struct packed tree(uint64_t version, uint64_t below, bool with_second, uint64_t revoked)
{
    struct packed leaf = pack(below, NULL, 0, NULL, 0);
    struct heng_config_child grandchild = {14, "gw-3", "attic", heng_slice_of(leaf.bytes, leaf.n)};
    struct packed middle = pack(below, &grandchild, 1, NULL, 0);
    struct heng_config_child children[] = {{12, "gw-1", "stairs", heng_slice_of(middle.bytes, middle.n)},
                                           {13, "gw-2", "garage", heng_slice_of(leaf.bytes, leaf.n)}};
    struct packed all = pack(version, children, with_second ? 2 : 1, &revoked, revoked ? 1 : 0);
    free(leaf.bytes);
    free(middle.bytes);
    return all;
}

static void send_tree(struct rig *r, uint64_t version, uint64_t below, bool with_second, uint64_t revoked)
{
    struct packed all = tree(version, below, with_second, revoked);
    struct heng_err err;
    heng_rc rc = heng_core_offer_config(r->gateways[0].core, r->now, heng_slice_of(all.bytes, all.n), &err);
    if (rc != HENG_OK) fail_msg("%s", err.text);
    free(all.bytes);
    rig_run(r, HENG_US_PER_S);
}

static struct rig *house(uint64_t seed)
{
    struct rig *r = rig_new(seed);
    rig_add(r, 0, -1);
    rig_add(r, 1, 0);
    rig_add(r, 2, 0);
    rig_add(r, 3, 1);
    rig_open(r, 0);
    send_tree(r, 1, 1, true, 0);
    return r;
}

static void open_all(struct rig *r)
{
    for (int i = 1; i < RIG_GATEWAYS; i++) rig_open(r, i);
    rig_run(r, 300 * HENG_US_PER_S);
}

/* --- delivery -------------------------------------------------------------------------------------------------- */

static void entries_of_three_tiers_arrive_with_their_makers_numbers(void **state)
{
    (void)state;
    struct rig *r = house(1);
    open_all(r);
    for (int64_t mark = 1; mark <= 300; mark++)
        for (int i = 0; i < RIG_GATEWAYS; i++) assert_int_equal(rig_tell(r, i, mark, false, 0), HENG_OK);
    rig_run(r, 60 * HENG_US_PER_S);
    for (int i = 0; i < RIG_GATEWAYS; i++) rig_expect_marks(r, r->gateways[i].id, 300);
    /* The configuration has gone down all the way. */
    for (int i = 1; i < RIG_GATEWAYS; i++) {
        assert_int_equal(r->gateways[i].config_version, 1);
        assert_int_equal(rig_events(r, r->gateways[i].id, HENG_GATEWAY_CONFIG_APPLIED), 1);
    }
    rig_free(r);
}

static void three_tiers_deliver_once_whatever_is_cut_and_killed(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        struct rig *r = house(seed);
        int64_t marks[RIG_GATEWAYS] = {0};
        open_all(r);
        r->cut_per_mille = 40;
        r->lazy = true;
        for (unsigned step = 0; step < 120; step++) {
            uint64_t what = rig_random(r, 24);
            int i = (int)rig_random(r, RIG_GATEWAYS);
            if (what < 15) {
                for (uint64_t n = rig_random(r, 20); n > 0; n--)
                    assert_int_equal(rig_tell(r, i, ++marks[i], rig_random(r, 2), 0), HENG_OK);
            } else if (what < 18) {
                rig_commit(r);
            } else if (what == 18) {
                rig_kill_centre(r);
            } else if (what < 22) {
                /* In the middle of whatever it does: what the tiers below have is theirs until we are sure of it. */
                rig_run(r, (heng_us)rig_random(r, 50) * HENG_US_PER_MS);
                rig_restart(r, i);
            } else {
                rig_cut(r, i);
            }
            if (what >= 15 || what < 3) rig_run(r, (heng_us)rig_random(r, 20000) * HENG_US_PER_MS);
            rig_run(r, (HENG_CORE_COMMIT_MS + 50) * HENG_US_PER_MS);
        }
        r->cut_per_mille = 0;
        for (int i = 0; i < 120; i++) {
            rig_run(r, 10 * HENG_US_PER_S);
            rig_commit(r);
        }
        for (int i = 0; i < RIG_GATEWAYS; i++) rig_expect_marks(r, r->gateways[i].id, marks[i]);
        assert_int_equal(r->same, 0); /* a concentrator has each entry once as well */
        for (int i = 0; i < RIG_GATEWAYS; i++)
            assert_int_equal(rig_events(r, r->gateways[i].id, HENG_GATEWAY_FORKED), 0);
        rig_free(r);
    }
}

/* Nothing is acknowledged downward before it is committed here. */
/* A group in each tier would double the time that a person waits for a meter behind a collector. */
static void what_somebody_waits_for_passes_all_tiers_at_once(void **state)
{
    (void)state;
    struct rig *r = house(1);
    open_all(r);
    size_t had = r->count;
    assert_int_equal(rig_tell_read(r, 2, 5), HENG_OK);
    rig_run(r, HENG_CORE_COMMIT_MS / 2 * HENG_US_PER_MS);
    assert_int_equal(r->count, had);
    assert_int_equal(rig_tell_order(r, 2, 9, HENG_STAGE_CONFIRMED, 0), HENG_OK);
    rig_settle(r); /* no time goes by, and the read has come along */
    assert_int_equal(r->count, had + 2);
    assert_int_equal(rig_tell(r, 3, 777, true, 0), HENG_OK);
    rig_settle(r); /* an event, which may be an alarm, is not kept back by any tier */
    assert_int_equal(rig_marks(r, 14, 777), 1);
    rig_free(r);
}

static void a_child_keeps_what_the_concentrator_lost(void **state)
{
    (void)state;
    struct rig *r = house(1);
    r->gateways[0].deaf = true;
    open_all(r);
    rig_cut(r, 0);
    struct heng_core_status status;
    heng_core_status_now(r->gateways[2].core, r->now, &status);
    uint64_t before = status.acked, told = status.last + 1;
    assert_int_equal(rig_tell_read(r, 2, 5), HENG_OK);
    rig_run(r, (HENG_CORE_COMMIT_MS + 100) * HENG_US_PER_MS); /* it is with the concentrator, not committed there */
    heng_core_status_now(r->gateways[2].core, r->now, &status);
    assert_int_equal(status.last, told);
    assert_int_equal(status.acked, before);
    rig_kill(r, 0);
    rig_run(r, HENG_US_PER_S);
    rig_open(r, 0);
    r->gateways[0].deaf = false;
    rig_run(r, 300 * HENG_US_PER_S);
    heng_core_status_now(r->gateways[2].core, r->now, &status);
    assert_int_equal(status.acked, status.last);
    assert_true(rig_has(r, 13, status.epoch, told));
    rig_free(r);
}

/* Every number of a gateway below comes, or the concentrator says that it does not. */
static void expect_numbers(const struct rig *r, int64_t gateway_id, uint64_t last)
{
    enum { NUMBERS = 14000 };
    static bool here[NUMBERS + 1], told[NUMBERS + 1];
    uint64_t reads = 0, gone = 0;
    memset(here, 0, sizeof here);
    memset(told, 0, sizeof told);
    assert_in_range(last, 1, NUMBERS);
    for (size_t i = 0; i < r->count; i++) {
        const struct rig_entry *e = &r->entries[i];
        if (e->gateway_id == gateway_id) here[e->seq] = true;
        if (e->gateway_id == gateway_id && e->kind == HENG_ENTRY_READ) reads++;
        if (e->kind != HENG_ENTRY_EVENT || e->event != HENG_GATEWAY_GAP) continue;
        assert_int_equal(e->gateway_id, 11);
        assert_int_equal(e->maker_id, gateway_id);
        assert_in_range(e->last, e->first, last);
        for (uint64_t seq = e->first; seq <= e->last; seq++) told[seq] = true;
        gone += (uint64_t)e->mark;
    }
    for (uint64_t seq = 1; seq <= last; seq++) assert_true(here[seq] || told[seq]);
    assert_true(gone > 1000);
    assert_int_equal(reads + gone, 12000);
}

/* The child has thinned its journal, or the concentrator has thinned what it should pass on. */
static void thinned_at(int machine)
{
    struct rig *r = house(1);
    struct heng_core_status status;
    r->gateways[machine].config.limits.bytes_max = 1024 * 1024;
    open_all(r);
    rig_restart(r, machine);
    r->gateways[machine].deaf = true;
    rig_cut(r, machine);
    for (int i = 0; i < 12000; i++) {
        assert_int_equal(rig_tell_read(r, 2, 1 + i % 20), HENG_OK);
        if (i % 10 == 0) rig_run(r, HENG_US_PER_S);
    }
    r->gateways[machine].deaf = false;
    rig_run(r, 900 * HENG_US_PER_S);
    heng_core_status_now(r->gateways[2].core, r->now, &status);
    assert_int_equal(status.acked, status.last);
    expect_numbers(r, 13, status.last);
    rig_free(r);
}

static void what_a_child_has_thinned_is_told_by_the_concentrator(void **state)
{
    (void)state;
    thinned_at(2);
}

static void what_a_concentrator_thins_of_a_child_is_told(void **state)
{
    (void)state;
    thinned_at(0);
}

/* A box whose journal is damaged again and again: each epoch is another cursor, and the old ones are forgotten. */
static void cursors_of_old_epochs_are_forgotten(void **state)
{
    (void)state;
    struct rig *r = house(1);
    struct rig_gateway *g = &r->gateways[2];
    for (int64_t i = 1; i <= 9; i++) {
        if (g->core) rig_kill(r, 2);
        (void)snprintf(g->path, sizeof g->path, "%s/fresh-%d.heng", r->directory, (int)i);
        rig_open(r, 2);
        assert_int_equal(rig_tell(r, 2, i, true, 0), HENG_OK);
        rig_run(r, 300 * HENG_US_PER_S);
    }
    rig_expect_marks(r, 13, 9);
    char name[65] = "", next[65];
    struct heng_slice value;
    unsigned n = 0;
    while (heng_spool_recall_next(heng_core_journal(r->gateways[0].core), "child:13:", name, next, &value, NULL) ==
           HENG_OK) {
        memcpy(name, next, sizeof name);
        n++;
    }
    assert_in_range(n, 2, 5);
    rig_free(r);
}

/* --- who may speak --------------------------------------------------------------------------------------------- */

static void strangers_revoked_and_unknown_ones_stay_outside(void **state)
{
    (void)state;
    struct rig *r = house(1);
    rig_open(r, 2);
    rig_run(r, 10 * HENG_US_PER_S);
    assert_true(r->gateways[2].up);
    send_tree(r, 2, 1, true, r->gateways[2].serial); /* its certificate is revoked: at once */
    assert_false(r->gateways[2].up);
    struct heng_client_status status;
    struct heng_core_status all;
    rig_run(r, 300 * HENG_US_PER_S);
    heng_core_status_now(r->gateways[2].core, r->now, &all);
    status = all.uplink;
    assert_false(status.welcomed);
    assert_non_null(strstr(status.text, "revoked"));
    r->gateways[2].serial = 999; /* with a new one it may come back */
    rig_run(r, 300 * HENG_US_PER_S);
    assert_true(r->gateways[2].up);
    send_tree(r, 3, 1, false, 0); /* it was moved elsewhere */
    rig_run(r, 200 * HENG_US_PER_S);
    heng_core_status_now(r->gateways[2].core, r->now, &all);
    assert_false(all.uplink.welcomed);
    assert_non_null(strstr(all.uplink.text, "unknown-gateway"));
    assert_true(rig_events(r, 11, HENG_GATEWAY_REFUSED) >= 2);
    assert_true(rig_events(r, 11, HENG_GATEWAY_REFUSED) <= 16); /* one a minute, however often it knocks */
    rig_free(r);
}

/* Whoever has a certificate of our authority can pose as a tier above: who may is written in our own certificate and
 * in the configuration. */
static void only_whom_we_stand_below_is_trusted_above(void **state)
{
    (void)state;
    struct rig *r = rig_new(1);
    rig_add(r, 0, -1);
    rig_open(r, 0);
    const struct heng_core *core = r->gateways[0].core;
    assert_false(heng_core_trusts_above(core, "gw-thief", 5, ""));
    assert_false(heng_core_trusts_above(core, "gw-thief", 5, "gw-above"));
    assert_false(heng_core_trusts_above(core, "", 5, ""));
    assert_true(heng_core_trusts_above(core, "gw-above", 5, "gw-above"));
    static const uint64_t revoked = 6;
    struct heng_gateway_config config = {.version = 1, .name = "cellar", .time_zone = "Asia/Shanghai"};
    for (int moved = 0; moved < 2; moved++) {
        uint8_t *bytes;
        size_t n;
        struct heng_err err;
        config.version++;
        config.first = no_lines;
        config.above = moved ? "gw-new" : NULL;
        config.revoked = &revoked;
        config.revoked_count = 1;
        assert_int_equal(heng_config_pack(&config, &bytes, &n, &err), HENG_OK);
        assert_int_equal(heng_core_offer_config(r->gateways[0].core, r->now, heng_slice_of(bytes, n), &err), HENG_OK);
        free(bytes);
        rig_run(r, HENG_US_PER_S);
        core = r->gateways[0].core;
        assert_int_equal(heng_core_trusts_above(core, "gw-new", 5, "gw-above"), moved);
        assert_false(heng_core_trusts_above(core, "gw-new", 6, "gw-above"));
        assert_true(heng_core_trusts_above(core, "gw-above", 5, "gw-above"));
        assert_false(heng_core_trusts_above(core, "gw-above", 6, "gw-above"));
        assert_false(heng_core_trusts_above(core, "gw-thief", 5, "gw-above"));
        assert_false(heng_core_trusts_above(core, "", 5, ""));
    }
    rig_free(r);
}

static void the_newer_connection_wins(void **state)
{
    (void)state;
    struct rig *r = house(1);
    rig_open(r, 2);
    rig_run(r, 10 * HENG_US_PER_S);
    assert_true(r->gateways[2].up);
    /* The same gateway by another wire: the old one has not noticed yet that it is dead. */
    heng_core_child_connected(r->gateways[0].core, r->now, 40, "gw-2", r->gateways[2].serial);
    r->gateways[2].deaf = true;
    struct heng_core_action *a = &r->act;
    bool replaced = false;
    for (int i = 0; i < 100; i++) {
        heng_core_poll(r->gateways[0].core, r->now, RIG_WALL + r->now, a);
        if (a->kind == HENG_CORE_CHILD_HANG_UP && a->child == 2) replaced = true;
        assert_false(a->kind == HENG_CORE_CHILD_HANG_UP && a->child == 40);
        if (a->kind == HENG_CORE_NONE) break;
    }
    assert_true(replaced);
    heng_core_child_closed(r->gateways[0].core, r->now, 40, "");
    rig_cut(r, 2);
    r->gateways[2].deaf = false;
    assert_int_equal(rig_tell(r, 2, 1, true, 0), HENG_OK);
    rig_run(r, 300 * HENG_US_PER_S);
    rig_expect_marks(r, 13, 1);
    rig_free(r);
}

/* A gateway without a certificate asks through the concentrator. */
static void enrolment_is_passed_up_and_down(void **state)
{
    (void)state;
    struct rig *r = house(1);
    struct rig_gateway *g = &r->gateways[2];
    static const uint8_t request[200] = {0x30, 1, 2, 3};
    g->config.enrolled = false;
    g->config.enrol = (struct heng_enrol_ask){.request = heng_slice_of(request, sizeof request), .name = "new box"};
    rig_run(r, 10 * HENG_US_PER_S);
    rig_open(r, 2);
    rig_run(r, HENG_US_PER_S);
    assert_int_equal(r->ask_count, 1);
    assert_int_equal(r->asked.via_id, 11);
    assert_string_equal(r->asked.name, "new box");
    struct heng_enrol_answer answer = {.certificate = heng_slice_str("certificate"), .authority = heng_slice_str("a")};
    heng_sha256(heng_slice_of(request, sizeof request), answer.request_hash);
    struct heng_enrol_answer other = answer;
    other.request_hash[0] ^= 1;
    assert_true(heng_host_enrol_answer(r->gateways[0].host, r->now, &other)); /* for somebody else */
    rig_settle(r);
    assert_int_equal(g->enrolled, 0);
    assert_true(heng_host_enrol_answer(r->gateways[0].host, r->now, &answer));
    rig_settle(r);
    assert_int_equal(g->enrolled, 1);
    g->config.enrolled = true;
    heng_core_restart(g->core, r->now, 1, true);
    rig_run(r, 300 * HENG_US_PER_S);
    assert_int_equal(rig_tell(r, 2, 1, true, 0), HENG_OK);
    rig_run(r, (HENG_CORE_COMMIT_MS + 1000) * HENG_US_PER_MS);
    rig_expect_marks(r, 13, 1);
    rig_free(r);
}

/* A crowd of strangers costs the tier above ten asks, and then one each six seconds. */
static void a_crowd_of_strangers_is_kept_back(void **state)
{
    (void)state;
    struct rig *r = house(1);
    rig_run(r, 10 * HENG_US_PER_S);
    struct heng_client *crowd[40];
    struct heng_client_action action;
    for (int i = 0; i < 40; i++) {
        uint8_t request[64] = {0x30, (uint8_t)i};
        struct heng_client_config config = {.servers = 1, .enrol.request = heng_slice_of(request, sizeof request)};
        assert_int_equal(heng_client_new(&config, r->now, &crowd[i], NULL), HENG_OK);
        heng_core_child_connected(r->gateways[0].core, r->now, 10 + i, "", 0);
        for (int n = 0; n < 20; n++) {
            heng_client_poll(crowd[i], r->now, RIG_WALL, &action);
            if (action.kind == HENG_CLIENT_CONNECT) heng_client_connected(crowd[i], r->now);
            if (action.kind == HENG_CLIENT_SEND)
                heng_core_child_bytes(r->gateways[0].core, r->now, RIG_WALL + r->now, 10 + i, action.bytes);
        }
    }
    unsigned answered = 0, asked = 0;
    for (int n = 0; n < 1000; n++) {
        struct heng_core_action *a = &r->act;
        heng_core_poll(r->gateways[0].core, r->now, RIG_WALL + r->now, a);
        if (a->kind == HENG_CORE_NONE) break;
        answered += a->kind == HENG_CORE_CHILD_SEND;
        if (a->kind == HENG_CORE_SEND) rig_up(r, 0, a->bytes);
    }
    while (rig_poll_centre(r, 0)) asked++;
    assert_int_equal(r->ask_count, 10);
    assert_int_equal(answered, 30); /* the others hear that they must wait */
    for (int i = 0; i < 40; i++) heng_client_free(crowd[i]);
    rig_free(r);
}

/* --- what passes through --------------------------------------------------------------------------------------- */

static void orders_find_their_way_down_and_outcomes_up(void **state)
{
    (void)state;
    struct rig *r = house(1);
    open_all(r);
    struct heng_down_order order = {.id = 5,
                                    .command = true,
                                    .line_id = 1,
                                    .device_id = 5,
                                    .protocol = HENG_PROTOCOL_MBUS,
                                    .order.kind = HENG_ORDER_SET_CLOCK,
                                    .expires_us = HENG_US_NEVER,
                                    .path = {2, {12, 14}}};
    assert_true(heng_host_order(r->gateways[0].host, r->now, &order));
    rig_run(r, HENG_US_PER_S);
    assert_int_equal(r->gateways[3].orders, 1);
    assert_int_equal(r->gateways[3].order_id, 5);
    const struct heng_down_outcome *outcome = rig_outcome(r, HENG_OUTCOME_OF_ORDER, 5);
    assert_non_null(outcome);
    assert_true(outcome->taken);
    assert_int_equal(outcome->gateway_id, 14);
    /* Over the whole way it is done once. */
    assert_true(heng_host_order(r->gateways[0].host, r->now, &order));
    rig_run(r, HENG_US_PER_S);
    assert_int_equal(r->gateways[3].orders, 1);

    struct heng_path path = {2, {12, 14}};
    assert_true(heng_host_ask(r->gateways[0].host, r->now, 6, "status", &path));
    struct heng_down_search search = {.line_id = 3, .path = {1, {13}}};
    assert_true(heng_host_search(r->gateways[0].host, r->now, &search));
    assert_true(heng_host_cancel(r->gateways[0].host, r->now, 5, &path));
    struct heng_tunnel_message tunnel = {.id = 8, .open = true, .line_id = 1, .seconds = 9, .path = path};
    assert_true(heng_host_tunnel(r->gateways[0].host, r->now, &tunnel));
    rig_run(r, HENG_US_PER_S);
    assert_string_equal(r->answer, "gw-3");
    assert_int_equal(r->gateways[2].searches, 1);
    assert_int_equal(r->gateways[3].cancels, 1);
    assert_int_equal(r->gateways[3].tunnel_count, 1);
    struct heng_tunnel_message up = {.id = 8, .bytes = heng_slice_str("xyz")};
    assert_true(heng_core_tunnel(r->gateways[3].core, r->now, &up));
    rig_run(r, HENG_US_PER_S);
    assert_true(r->tunnel.id == 8 && !r->tunnel.close);

    rig_kill(r, 3); /* who looks through the tunnel is told; what is for it is refused with the reason */
    rig_run(r, HENG_US_PER_S);
    assert_true(r->tunnel.id == 8 && r->tunnel.close);
    order.id = 9;
    assert_true(heng_host_order(r->gateways[0].host, r->now, &order));
    assert_true(heng_host_ask(r->gateways[0].host, r->now, 10, "status", &path));
    rig_run(r, HENG_US_PER_S);
    outcome = rig_outcome(r, HENG_OUTCOME_OF_ORDER, 9);
    assert_non_null(outcome);
    assert_false(outcome->taken);
    assert_string_equal(outcome->why, "gateway 14 is not connected");
    assert_string_equal(r->answer, "{\"error\":\"gateway 14 is not connected\"}\n");
    rig_free(r);
}

/* Answers come only from where the question went. */
static void a_child_cannot_answer_for_another(void **state)
{
    (void)state;
    struct rig *r = house(1);
    open_all(r);
    heng_core_answer(r->gateways[2].core, r->now, 6, true, heng_slice_str("forged"));
    struct heng_down_outcome forged = {.what = HENG_OUTCOME_OF_ORDER, .of = 5, .gateway_id = 12, .taken = true};
    heng_core_outcome(r->gateways[2].core, r->now, &forged);
    rig_run(r, HENG_US_PER_S);
    assert_int_equal(r->answer_count, 0);
    assert_null(rig_outcome(r, HENG_OUTCOME_OF_ORDER, 5));
    rig_free(r);
}

static void a_new_configuration_goes_down_to_whom_it_concerns(void **state)
{
    (void)state;
    struct rig *r = house(1);
    open_all(r);
    unsigned configs = r->gateways[2].configs;
    send_tree(r, 2, 1, true, 0); /* nothing new for those below */
    rig_run(r, 60 * HENG_US_PER_S);
    assert_int_equal(r->gateways[2].configs, configs);
    r->gateways[2].refuse_config = true;
    send_tree(r, 3, 2, true, 0);
    rig_run(r, 60 * HENG_US_PER_S);
    assert_int_equal(r->gateways[1].config_version, 2);
    assert_int_equal(r->gateways[3].config_version, 2);
    const struct heng_down_outcome *outcome = rig_outcome(r, HENG_OUTCOME_OF_CONFIG, 2);
    assert_non_null(outcome);
    bool refused = false;
    for (size_t i = 0; i < r->outcome_count; i++)
        refused |= r->outcomes[i].gateway_id == 13 && !r->outcomes[i].taken && r->outcomes[i].of == 2;
    assert_true(refused);
    rig_free(r);
}

static const struct heng_uplink_child *child_of(const struct heng_core_status *status, int64_t id)
{
    for (size_t i = 0; i < status->child_count; i++)
        if (status->children[i].gateway_id == id) return &status->children[i];
    return NULL;
}

static void the_tree_is_known_at_the_top(void **state)
{
    (void)state;
    struct rig *r = house(1);
    static struct heng_core_status status;
    r->gateways[3].wall_shift_us = 0;
    open_all(r);
    heng_core_status_now(r->gateways[0].core, r->now, &status);
    assert_int_equal(status.child_count, 3);
    const struct heng_uplink_child *child = child_of(&status, 14);
    assert_non_null(child);
    assert_int_equal(child->via_id, 12);
    assert_true(child->connected);
    assert_string_equal(child->software, "heng-gateway 0.1.0");
    assert_int_equal(r->ping.child_count, 3); /* and the centre has heard of it */
    rig_kill(r, 1);
    rig_run(r, HENG_US_PER_S);
    heng_core_status_now(r->gateways[0].core, r->now, &status);
    assert_false(child_of(&status, 12)->connected);
    assert_false(child_of(&status, 14)->connected); /* through it */
    assert_true(child_of(&status, 13)->connected);
    assert_true(child_of(&status, 12)->last_contact_us > RIG_WALL);
    rig_free(r);
}

static const struct heng_uplink_child *in_ping(const struct rig *r, int64_t gateway_id)
{
    for (size_t i = 0; i < r->ping.child_count; i++)
        if (r->ping.children[i].gateway_id == gateway_id) return &r->ping.children[i];
    return NULL;
}

/* Who looks at the console must not wait for the next ping in turn. */
static void a_change_in_the_tree_is_told_at_once(void **state)
{
    (void)state;
    struct rig *r = house(1);
    open_all(r);
    assert_true(in_ping(r, 14) && in_ping(r, 14)->connected);
    r->gateways[3].deaf = true;
    rig_cut(r, 3); /* two tiers below the centre */
    rig_run(r, 3 * HENG_US_PER_S);
    assert_false(in_ping(r, 14)->connected);
    send_tree(r, 2, 2, true, 0);
    rig_run(r, 3 * HENG_US_PER_S);
    assert_int_equal(in_ping(r, 12)->config_version, 2);
    /* One that flaps costs the tier above no more than a ping a second. */
    unsigned pings = 0;
    for (int i = 0; i < 200; i++) {
        r->ping.clock_us = 0;
        rig_cut(r, 2);
        rig_run(r, 100 * HENG_US_PER_MS);
        pings += r->ping.clock_us != 0;
    }
    assert_in_range(pings, 1, 21);
    rig_free(r);
}

static void a_child_that_flaps_is_an_event_a_minute(void **state)
{
    (void)state;
    struct rig *r = house(1);
    rig_open(r, 2);
    for (int i = 0; i < 300; i++) {
        rig_run(r, 2 * HENG_US_PER_S);
        rig_cut(r, 2);
    }
    size_t n = rig_events(r, 11, HENG_GATEWAY_CHILD_CONNECTED) + rig_events(r, 11, HENG_GATEWAY_CHILD_LOST);
    assert_in_range(n, 2, 12);
    r->gateways[2].deaf = true;
    rig_run(r, 200 * HENG_US_PER_S);
    const struct rig_entry *lost = rig_event(r, HENG_GATEWAY_CHILD_LOST),
                           *came = rig_event(r, HENG_GATEWAY_CHILD_CONNECTED);
    assert_true(lost > came); /* how it is now */
    assert_int_equal(lost->mark, 13);
    rig_free(r);
}

/* A concentrator that does not know the time does not tell it. */
static void a_doubtful_clock_is_not_passed_on(void **state)
{
    (void)state;
    struct rig *r = rig_new(1);
    bool doubtful;
    rig_add(r, 0, -1)->deaf = true;
    rig_add(r, 2, 0);
    r->gateways[0].wall_shift_us = -RIG_WALL;
    rig_open(r, 0);
    send_tree(r, 1, 1, true, 0);
    rig_open(r, 2);
    rig_run(r, 300 * HENG_US_PER_S);
    assert_true(r->gateways[2].up);
    struct rig_gateway *g = &r->gateways[2];
    heng_us wall = heng_core_wall(g->core, r->now, rig_wall(r, g), &doubtful);
    assert_false(doubtful);
    assert_true(wall == rig_wall(r, g));
    r->gateways[0].deaf = false;
    rig_run(r, 600 * HENG_US_PER_S);
    assert_int_equal(rig_events(r, 13, HENG_GATEWAY_CLOCK_SET), 0);
    assert_int_equal(rig_events(r, 11, HENG_GATEWAY_CLOCK_SET), 1);
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_of_three_tiers_arrive_with_their_makers_numbers),
        cmocka_unit_test(three_tiers_deliver_once_whatever_is_cut_and_killed),
        cmocka_unit_test(what_somebody_waits_for_passes_all_tiers_at_once),
        cmocka_unit_test(a_child_keeps_what_the_concentrator_lost),
        cmocka_unit_test(what_a_child_has_thinned_is_told_by_the_concentrator),
        cmocka_unit_test(what_a_concentrator_thins_of_a_child_is_told),
        cmocka_unit_test(cursors_of_old_epochs_are_forgotten),
        cmocka_unit_test(strangers_revoked_and_unknown_ones_stay_outside),
        cmocka_unit_test(only_whom_we_stand_below_is_trusted_above),
        cmocka_unit_test(the_newer_connection_wins),
        cmocka_unit_test(enrolment_is_passed_up_and_down),
        cmocka_unit_test(a_crowd_of_strangers_is_kept_back),
        cmocka_unit_test(orders_find_their_way_down_and_outcomes_up),
        cmocka_unit_test(a_child_cannot_answer_for_another),
        cmocka_unit_test(a_new_configuration_goes_down_to_whom_it_concerns),
        cmocka_unit_test(the_tree_is_known_at_the_top),
        cmocka_unit_test(a_change_in_the_tree_is_told_at_once),
        cmocka_unit_test(a_child_that_flaps_is_an_event_a_minute),
        cmocka_unit_test(a_doubtful_clock_is_not_passed_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
