/* How much a gateway wears its flash, and that nobody waits for that: an hour of 2,048 meters that are read every 15
 * minutes, spread evenly, with commits that are grouped for 200 ms and for the usual time. */
#include "core_rig.h"
#include "sim/disk.h"

enum { METERS = 2048, PERIOD_S = 900, VALUES = 10, BEFORE_MS = 200 };

struct wear {
    double syncs, mib;
};

static void fill_read(struct heng_read *read)
{
    read->value_count = VALUES;
    for (uint32_t i = 0; i < VALUES; i++)
        read->values[i] =
            (struct heng_value){.key = {.quantity = HENG_QUANTITY_ENERGY, .unit = HENG_UNIT_WH, .storage = i},
                                .has_value = true,
                                .dec = {INT64_C(123456) + i, 3}};
}

static struct wear wear_of_an_hour(unsigned commit_ms)
{
    struct rig *r = rig_new(1);
    struct heng_sim_disk *disk = heng_sim_disk_new("wear", 1);
    struct rig_gateway *g = rig_add(r, 0, -1);
    g->config.vfs = heng_sim_disk_vfs(disk);
    g->config.commit_ms = commit_ms;
    fill_read(&r->read);
    rig_open(r, 0);
    rig_run(r, 10 * HENG_US_PER_S);
    struct heng_sim_disk_counts from = heng_sim_disk_counts(disk);
    heng_us between = PERIOD_S * HENG_US_PER_S / METERS, start = r->now;
    int64_t reads = 0;
    for (; r->now < start + 3600 * HENG_US_PER_S; reads++) {
        assert_int_equal(rig_tell_read(r, 0, 1 + reads % METERS), HENG_OK);
        rig_run(r, between);
    }
    struct heng_sim_disk_counts to = heng_sim_disk_counts(disk);
    rig_run(r, 10 * HENG_US_PER_S);
    assert_true((int64_t)r->committed >= reads); /* all of it has arrived */
    struct wear wear = {(double)(to.syncs - from.syncs), (double)(to.bytes_written - from.bytes_written) / 1048576.0};
    print_message("%u ms: %.0f syncs, %.1f MiB written in an hour for %lld reads\n", commit_ms, wear.syncs, wear.mib,
                  (long long)reads);
    rig_free(r);
    heng_sim_disk_free(disk);
    return wear;
}

static void the_flash_is_worn_by_groups(void **state)
{
    (void)state;
    struct wear before = wear_of_an_hour(BEFORE_MS), now = wear_of_an_hour(HENG_CORE_COMMIT_MS);
    assert_true(before.syncs > 8000);
    assert_true(now.syncs < before.syncs / 3);
    assert_true(now.mib < before.mib / 2);
}

/* --- who waits does not wait for the group --------------------------------------------------------------------- */

static struct rig *one(void)
{
    struct rig *r = rig_new(1);
    rig_add(r, 0, -1);
    rig_open(r, 0);
    rig_run(r, 10 * HENG_US_PER_S);
    return r;
}

static void a_read_waits_for_others_and_an_awaited_one_takes_it_along(void **state)
{
    (void)state;
    struct rig *r = one();
    size_t had = r->count;
    assert_int_equal(rig_tell_read(r, 0, 5), HENG_OK);
    rig_run(r, (HENG_CORE_COMMIT_MS - 1) * HENG_US_PER_MS);
    assert_int_equal(r->count, had);
    assert_int_equal(rig_tell(r, 0, 1, true, 0), HENG_OK);
    rig_settle(r); /* no time goes by */
    assert_int_equal(r->count, had + 2);
    assert_int_equal(rig_tell_read(r, 0, 6), HENG_OK);
    rig_run(r, (HENG_CORE_COMMIT_MS + 1) * HENG_US_PER_MS);
    assert_int_equal(r->count, had + 3);
    rig_free(r);
}

static void an_order_that_goes_on_lets_its_line_go_at_once(void **state)
{
    (void)state;
    struct rig *r = one();
    size_t had = r->count;
    assert_int_equal(rig_tell_order(r, 0, 9, HENG_STAGE_SENT, 77), HENG_OK);
    assert_int_equal(r->gateways[0].token_count, 0);
    rig_settle(r);
    assert_int_equal(r->gateways[0].token_count, 1);
    assert_true(r->count > had);
    rig_free(r);
}

static void the_group_is_as_long_as_it_is_configured(void **state)
{
    (void)state;
    struct rig *r = rig_new(1);
    struct rig_gateway *g = rig_add(r, 0, -1);
    g->config.commit_ms = 50;
    rig_open(r, 0);
    rig_run(r, 10 * HENG_US_PER_S);
    size_t had = r->count;
    assert_int_equal(rig_tell_read(r, 0, 5), HENG_OK);
    rig_run(r, 49 * HENG_US_PER_MS);
    assert_int_equal(r->count, had);
    rig_run(r, 2 * HENG_US_PER_MS);
    assert_int_equal(r->count, had + 1);
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_flash_is_worn_by_groups),
        cmocka_unit_test(a_read_waits_for_others_and_an_awaited_one_takes_it_along),
        cmocka_unit_test(an_order_that_goes_on_lets_its_line_go_at_once),
        cmocka_unit_test(the_group_is_as_long_as_it_is_configured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
