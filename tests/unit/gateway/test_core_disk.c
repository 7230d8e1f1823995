/* Disks that are full, that fail, and whose power goes between any two operations. */
#include "core_rig.h"
#include "sim/disk.h"

static struct rig *on_disk(struct heng_sim_disk **ret_disk, uint64_t seed)
{
    struct rig *r = rig_new(seed);
    struct rig_gateway *g = rig_add(r, 0, -1);
    *ret_disk = heng_sim_disk_new("core-disk", seed);
    assert_non_null(*ret_disk);
    (void)snprintf(g->path, sizeof g->path, "journal.heng");
    g->config.vfs = heng_sim_disk_vfs(*ret_disk);
    return r;
}

static void end(struct rig *r, struct heng_sim_disk *disk)
{
    rig_cut(r, 0);
    heng_core_free(r->gateways[0].core, false);
    r->gateways[0].core = NULL;
    heng_sim_disk_free(disk);
    rig_free(r);
}

/* The power went; the disk has what survived. */
static void power_back(struct rig *r, struct heng_sim_disk *disk)
{
    struct rig_gateway *g = &r->gateways[0];
    rig_cut(r, 0);
    heng_core_free(g->core, false);
    g->core = NULL;
    heng_sim_disk_restart(disk);
    rig_open(r, 0);
}

/* --- full ------------------------------------------------------------------------------------------------------ */

static void a_full_disk_is_survived_and_told(void **state)
{
    (void)state;
    struct heng_sim_disk *disk;
    struct rig *r = on_disk(&disk, 1);
    struct rig_gateway *g = &r->gateways[0];
    rig_open(r, 0);
    rig_run(r, 10 * HENG_US_PER_S);
    heng_sim_disk_set_room(disk, heng_sim_disk_bytes(disk));
    int64_t taken = 0, refused = 0;
    heng_us since = 0;
    for (int i = 0; i < 600; i++) {
        if (heng_core_has_room(g->core) && rig_tell(r, 0, taken + 1, i % 3 == 0, 0) == HENG_OK)
            taken++;
        else
            refused++;
        rig_run(r, 100 * HENG_US_PER_MS);
        if (g->full && !since) since = RIG_WALL + r->now;
    }
    assert_true(g->full);
    assert_true(refused > 0);
    assert_int_equal(rig_tell(r, 0, 999, true, 5), HENG_ELIMIT);
    assert_int_equal(g->token_count, 0);
    assert_true(g->up); /* it can still be asked how it is */
    heng_sim_disk_set_room(disk, -1);
    rig_run(r, 10 * HENG_US_PER_S);
    assert_false(g->full);
    assert_true(heng_core_has_room(g->core));
    assert_int_equal(g->full_news, 2);
    rig_run(r, HENG_US_PER_S);
    rig_expect_marks(r, 11, taken);
    const struct rig_entry *full = rig_event(r, HENG_GATEWAY_DISK_FULL), *ok = rig_event(r, HENG_GATEWAY_DISK_OK);
    assert_true(full && ok);
    assert_int_equal(rig_events(r, 11, HENG_GATEWAY_DISK_FULL), 1);
    assert_true(llabs(full->at_us - since) < HENG_US_PER_S);
    assert_true(ok->mark > 50 * HENG_US_PER_S && ok->at_us > full->at_us);
    assert_non_null(strstr(ok->detail, "disk-since at=20"));
    end(r, disk);
}

/* The journal itself runs full in a storm: it makes room, and the lines hear of nothing. */
static void a_journal_that_runs_full_makes_room(void **state)
{
    (void)state;
    struct heng_sim_disk *disk;
    struct rig *r = on_disk(&disk, 1);
    struct rig_gateway *g = &r->gateways[0];
    g->config.limits.bytes_max = 1024 * 1024;
    g->deaf = true;
    rig_open(r, 0);
    unsigned taken = 0;
    for (int i = 0; i < 30000; i++) {
        if (rig_tell_read(r, 0, 1 + i % 20) == HENG_OK) taken++;
        if (i % 3000 == 0) rig_settle(r);
    }
    rig_run(r, HENG_US_PER_S);
    assert_true(taken > 15000);
    for (int i = 0; i < 10000; i++) {
        assert_int_equal(rig_tell_read(r, 0, 1 + i % 20), HENG_OK);
        taken++;
        if (i % 100 == 0) rig_run(r, HENG_US_PER_S);
    }
    assert_int_equal(g->full_news, 0);
    g->deaf = false;
    rig_run(r, 600 * HENG_US_PER_S);
    assert_int_equal(rig_events(r, 11, HENG_GATEWAY_DISK_FULL), 0);
    int64_t thinned = 0;
    unsigned reads = 0;
    for (size_t i = 0; i < r->count; i++) {
        reads += r->entries[i].kind == HENG_ENTRY_READ;
        if (r->entries[i].kind == HENG_ENTRY_EVENT && r->entries[i].event == HENG_GATEWAY_THINNED)
            thinned += r->entries[i].mark;
    }
    assert_true(thinned > 0);
    assert_int_equal((unsigned)thinned + reads, taken);
    end(r, disk);
}

/* A burst between two rounds of thinning: room is made before the file is full, and its size holds at every moment. */
static void a_burst_finds_room(void **state)
{
    (void)state;
    struct heng_sim_disk *disk;
    struct rig *r = on_disk(&disk, 1);
    struct rig_gateway *g = &r->gateways[0];
    struct heng_core_status status;
    g->config.limits.bytes_max = 1024 * 1024;
    g->deaf = true;
    rig_open(r, 0);
    for (int i = 0; i < 20000; i++) {
        assert_int_equal(i % 4 ? rig_tell(r, 0, i, false, 0) : rig_tell_read(r, 0, 1 + i % 20), HENG_OK);
        heng_core_status_now(g->core, r->now, &status);
        assert_false(status.full);
        assert_true(heng_sim_disk_bytes(disk) <= g->config.limits.bytes_max);
    }
    end(r, disk);
}

/* --- errors ---------------------------------------------------------------------------------------------------- */

/* Whatever operation fails, once or for a minute: what was taken arrives, once. */
static void any_error_of_the_disk_is_survived(void **state)
{
    (void)state;
    unsigned failures = 0;
    for (uint64_t n = 0; n < 80; n++) {
        struct heng_sim_disk *disk;
        struct rig *r = on_disk(&disk, n + 1);
        struct rig_gateway *g = &r->gateways[0];
        int64_t taken = 0;
        rig_open(r, 0);
        heng_sim_disk_fail(disk, HENG_SIM_DISK_CHANGES, n, n % 2);
        for (int i = 0; i < 60; i++) {
            if (rig_tell(r, 0, taken + 1, i % 4 == 0, 0) == HENG_OK) taken++;
            rig_run(r, 150 * HENG_US_PER_MS);
        }
        failures += heng_sim_disk_has_failed(disk);
        heng_sim_disk_heal(disk);
        rig_run(r, 120 * HENG_US_PER_S);
        assert_false(g->full);
        rig_expect_marks(r, 11, taken);
        assert_int_equal(rig_events(r, 11, HENG_GATEWAY_DISK_FULL), rig_events(r, 11, HENG_GATEWAY_DISK_OK));
        assert_int_equal(rig_events(r, 11, HENG_GATEWAY_FORKED), 0);
        end(r, disk);
    }
    assert_true(failures > 60);
}

/* --- power ----------------------------------------------------------------------------------------------------- */

/* Between any two operations: what was let go is there, what the centre has is there, and nothing comes twice. */
static void power_cuts_lose_nothing_that_was_let_go(void **state)
{
    (void)state;
    for (uint64_t point = 0; point < 150; point++) {
        struct heng_sim_disk *disk;
        struct rig *r = on_disk(&disk, point + 1);
        struct rig_gateway *g = &r->gateways[0];
        rig_open(r, 0);
        rig_run(r, HENG_US_PER_S);
        g->deaf = point % 3 == 0;
        heng_sim_disk_cut_at(disk, heng_sim_disk_counts(disk).points + point);
        int64_t mark = 0;
        for (int i = 0; i < 40 && !heng_sim_disk_is_cut(disk); i++) {
            if (rig_tell(r, 0, mark + 1, i % 3 == 0, mark + 1) != HENG_OK) break;
            mark++;
            rig_run(r, 100 * HENG_US_PER_MS);
        }
        int64_t let_go = g->token_count ? g->tokens[g->token_count - 1] : 0;
        if (!heng_sim_disk_is_cut(disk)) heng_sim_disk_cut(disk);
        power_back(r, disk);
        g->deaf = false;
        rig_run(r, 200 * HENG_US_PER_S);
        int64_t last = 0;
        while (rig_marks(r, 11, last + 1) == 1) last++;
        assert_in_range(last, let_go, mark);
        rig_expect_marks(r, 11, last);
        assert_int_equal(rig_events(r, 11, HENG_GATEWAY_FORKED), 0);
        assert_int_equal(rig_events(r, 11, HENG_GATEWAY_JOURNAL_ASIDE), 0);
        end(r, disk);
    }
}

/* An order is on disk before it is sent: after any cut it was either never let go, or it has failed, once. */
static void power_cuts_never_do_an_order_twice(void **state)
{
    (void)state;
    unsigned all_sent = 0;
    for (uint64_t point = 0; point < 40; point++) {
        struct heng_sim_disk *disk;
        struct rig *r = on_disk(&disk, point + 1);
        struct rig_gateway *g = &r->gateways[0];
        struct heng_down_order order = {.id = 7,
                                        .command = true,
                                        .cls = HENG_CLASS_CONTROL,
                                        .line_id = 1,
                                        .device_id = 5,
                                        .protocol = HENG_PROTOCOL_MBUS,
                                        .order.kind = HENG_ORDER_DISCONNECT,
                                        .expires_us = HENG_US_NEVER};
        unsigned sent = 0;
        rig_open(r, 0);
        rig_run(r, HENG_US_PER_S);
        heng_sim_disk_cut_at(disk, heng_sim_disk_counts(disk).points + point);
        for (int life = 0; life < 3; life++) {
            rig_run(r, 200 * HENG_US_PER_S);
            if (g->host && heng_host_order(g->host, r->now, &order)) rig_run(r, HENG_US_PER_S);
            if (g->orders == 1 && rig_tell_order(r, 0, 7, HENG_STAGE_SENT, 1) == HENG_OK) {
                rig_run(r, HENG_US_PER_S);
                sent += g->token_count == 1; /* the line may go on: the telegram is out */
            }
            g->orders = 0;
            g->token_count = 0;
            if (!heng_sim_disk_is_cut(disk)) heng_sim_disk_cut(disk);
            power_back(r, disk);
        }
        rig_run(r, 200 * HENG_US_PER_S);
        if (sent > 1) fail_msg("sent %u times, cut at %llu", sent, (unsigned long long)point);
        size_t failed = 0;
        for (size_t i = 0; i < r->count; i++)
            failed += r->entries[i].kind == HENG_ENTRY_ORDER && r->entries[i].order.stage == HENG_STAGE_FAILED;
        assert_int_equal(failed, 1);
        all_sent += sent;
        end(r, disk);
    }
    assert_true(all_sent > 20);
}

/* --- below ----------------------------------------------------------------------------------------------------- */

static void children_wait_while_the_disk_takes_nothing(void **state)
{
    (void)state;
    struct heng_sim_disk *disk;
    struct rig *r = on_disk(&disk, 1);
    static const size_t no_lines[1] = {0};
    struct heng_gateway_config leaf = {.version = 1, .name = "l", .time_zone = "Asia/Shanghai", .first = no_lines};
    uint8_t *bytes, *all;
    size_t n, all_n;
    struct heng_err err;
    rig_add(r, 2, 0);
    rig_open(r, 0);
    assert_int_equal(heng_config_pack(&leaf, &bytes, &n, &err), HENG_OK);
    struct heng_config_child child = {13, "gw-2", "garage", heng_slice_of(bytes, n)};
    struct heng_gateway_config config = leaf;
    config.children = &child;
    config.child_count = 1;
    assert_int_equal(heng_config_pack(&config, &all, &all_n, &err), HENG_OK);
    assert_int_equal(heng_core_offer_config(r->gateways[0].core, r->now, heng_slice_of(all, all_n), &err), HENG_OK);
    rig_run(r, HENG_US_PER_S);
    rig_open(r, 2);
    rig_run(r, 100 * HENG_US_PER_S);
    heng_sim_disk_set_room(disk, heng_sim_disk_bytes(disk));
    int64_t mark = 0;
    for (int i = 0; i < 400; i++) {
        assert_int_equal(rig_tell(r, 2, ++mark, true, 0), HENG_OK);
        rig_run(r, 500 * HENG_US_PER_MS);
    }
    assert_true(r->gateways[0].full);
    assert_false(r->gateways[2].up);
    struct heng_core_status status;
    heng_core_status_now(r->gateways[2].core, r->now, &status);
    assert_non_null(strstr(status.uplink.text, "busy"));
    assert_true(status.acked < status.last);
    heng_sim_disk_set_room(disk, -1);
    rig_run(r, 300 * HENG_US_PER_S);
    rig_expect_marks(r, 13, mark);
    free(bytes);
    free(all);
    end(r, disk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_disk_is_survived_and_told),
        cmocka_unit_test(a_journal_that_runs_full_makes_room),
        cmocka_unit_test(a_burst_finds_room),
        cmocka_unit_test(any_error_of_the_disk_is_survived),
        cmocka_unit_test(power_cuts_lose_nothing_that_was_let_go),
        cmocka_unit_test(power_cuts_never_do_an_order_twice),
        cmocka_unit_test(children_wait_while_the_disk_takes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
