/* How long a command waits for the wire, whatever the line is doing: from submit to the first byte of its first
 * request, over many moments. Usage: proof_control [MOMENTS [SEED]] */
#include "bus_rig.h"

enum { WAIT_MAX_S = 3, MOMENTS_MAX = 10000 };

static unsigned moments = 300;
static uint64_t seed = 5;

/* Reads nobody asked for: the meter that gets the commands is never read by itself. */
static const struct heng_schedule schedules[] = {{.id = 1, .name = "never"}};

struct watch {
    uint8_t mark[8]; /* bytes that only a request to the commanded meter has ... */
    size_t mark_n;
    uint8_t primary; /* ... or the address of its M-Bus frames */
    heng_us sent_at; /* 0: not yet */
    unsigned ended;
    int64_t id;
    bool search; /* one runs all the time */
};

static bool has_mark(const struct watch *w, struct heng_slice bytes)
{
    if (w->primary) return bytes.n == 5 && bytes.p[2] == w->primary;
    return memmem(bytes.p, bytes.n, w->mark, w->mark_n) != NULL;
}

static void on_action(struct rig *rig, const struct heng_line_action *action)
{
    struct watch *w = rig->owner;
    if (action->kind == HENG_LINE_SEND && w->sent_at == 0 && w->id && has_mark(w, action->bytes)) w->sent_at = rig->now;
    if (action->kind == HENG_LINE_RESULT && action->result.job_id == w->id &&
        action->result.stage >= HENG_STAGE_CONFIRMED)
        w->ended++;
}

static bool is_over(const struct rig *rig)
{
    const struct watch *w = rig->owner;
    return w->ended > 0;
}

static int by_size(const void *a, const void *b)
{
    const heng_us x = *(const heng_us *)a, y = *(const heng_us *)b;
    return x < y ? -1 : x > y;
}

static void begin_search(struct rig *rig)
{
    struct heng_search_config config = {.kind = HENG_SEARCH_MBUS_SECONDARY};
    rig->ended = false;
    rig->book.found = 0;
    assert_int_equal(heng_line_search(rig->line, rig->now, &config, NULL), HENG_OK);
}

/* The last meter that the line knows is the one that is commanded. exchange_max: how long the current exchange can take
 * at most. */
static void command_at_random(struct rig *rig, struct watch *w, heng_order_kind order, heng_us exchange_max)
{
    static heng_us waits[MOMENTS_MAX];
    heng_us most = 0;
    size_t last = rig->listed - 1;
    rig->on_action = on_action;
    rig->owner = w;
    rig->config.schedules = schedules;
    rig->config.schedule_count = 1;
    rig->meters[last].schedule_id = 1;
    rig_start(rig);
    rig_run(rig, 120 * HENG_US_PER_S);
    for (unsigned i = 0; i < moments; i++) {
        if (w->search && (i == 0 || rig->ended)) begin_search(rig);
        rig_run(rig, rig->now + heng_sim_rng_below(&rig->rng, 20000000));
        w->id = (int64_t)i + 1;
        w->ended = 0;
        w->sent_at = 0;
        heng_us asked = rig->now;
        assert_int_equal(rig_submit(rig, w->id, HENG_CLASS_CONTROL, last, order, HENG_US_NEVER), HENG_OK);
        assert_true(rig_run_until(rig, rig->now + 600 * HENG_US_PER_S, is_over));
        assert_true(w->sent_at > 0);
        waits[i] = w->sent_at - asked;
        if (waits[i] > most) most = waits[i];
    }
    qsort(waits, moments, sizeof waits[0], by_size);
    print_message("# %-44s %u commands: p50 %4lld ms, p99 %4lld ms, longest %4lld ms; reads %llu ok, %llu failed\n",
                  rig->name, moments, (long long)waits[moments / 2] / 1000, (long long)waits[moments * 99 / 100] / 1000,
                  (long long)most / 1000, (unsigned long long)rig->book.ok, (unsigned long long)rig->book.failed);
    rig_must_be_true(rig);
    if (most > exchange_max + WAIT_MAX_S * HENG_US_PER_S)
        fail_msg("%s: %lld ms, the current exchange takes %lld at most", rig->name, (long long)most / 1000,
                 (long long)exchange_max / 1000);
    rig_free(rig);
}

static void on_long_mbus(void **state)
{
    (void)state;
    struct rig *rig = rig_new("60 M-Bus, 6 telegrams each", HENG_PROTOCOL_MBUS, 60, 2400, 60, seed);
    for (size_t i = 0; i < rig->count; i++) rig->slaves[i].telegrams = 6;
    struct watch w = {.primary = 60};
    command_at_random(rig, &w, HENG_ORDER_READ, 1500 * HENG_US_PER_MS);
}

static struct rig *cjt188(const char *name, size_t count, uint32_t period_s)
{
    return rig_new(name, HENG_PROTOCOL_CJT188, count, 2400, period_s, seed);
}

static struct watch cjt188_mark(size_t count)
{
    assert_true(count < 100); /* its number ends with 0000 and these two digits, the last ones first on the wire */
    return (struct watch){.mark = {(uint8_t)(count / 10 << 4 | count % 10), 0, 0}, .mark_n = 3};
}

static void on_a_slow_dtu(void **state)
{
    (void)state;
    struct rig *rig = cjt188("60 CJ/T 188 behind a DTU of 5 s", 60, 60);
    rig->config.latency_ms = 5500;
    rig->wire.late_ppm = 1000000;
    rig->wire.late_min_ms = 3000;
    rig->wire.late_max_ms = 5000;
    struct watch w = cjt188_mark(60);
    command_at_random(rig, &w, HENG_ORDER_DISCONNECT, 7000 * HENG_US_PER_MS);
}

static void with_all_meters_dead(void **state)
{
    (void)state;
    struct rig *rig = cjt188("60 CJ/T 188, all dead", 60, 60);
    for (size_t i = 0; i < rig->count; i++) rig->slaves[i].fate = HENG_SIM_FATE_DEAD;
    struct watch w = cjt188_mark(60);
    command_at_random(rig, &w, HENG_ORDER_READ_STATE, 1000 * HENG_US_PER_MS);
}

static void with_a_third_in_quarantine(void **state)
{
    (void)state;
    struct rig *rig = cjt188("90 CJ/T 188, a third dead", 90, 60);
    for (size_t i = 0; i < 30; i++) rig->slaves[3 * i].fate = HENG_SIM_FATE_DEAD;
    struct watch w = cjt188_mark(90);
    command_at_random(rig, &w, HENG_ORDER_CONNECT, 1000 * HENG_US_PER_MS);
}

static void in_noise(void **state)
{
    (void)state;
    struct rig *rig = cjt188("90 CJ/T 188 at 1e-2", 90, 60);
    rig->wire.byte_error_ppm = 10000;
    struct watch w = cjt188_mark(90);
    command_at_random(rig, &w, HENG_ORDER_READ_STATE, 1500 * HENG_US_PER_MS);
}

static void on_dlt645(void **state)
{
    (void)state;
    struct rig *rig = rig_new("32 DL/T 645, answers up to 5 s late", HENG_PROTOCOL_DLT645_2007, 32, 2400, 60, seed);
    rig->wire.late_ppm = 50000;
    rig->wire.late_min_ms = 50;
    rig->wire.late_max_ms = 5000;
    struct watch w = {.mark = {0x32, 0, 0, 0, 0, 0}, .mark_n = 6};
    command_at_random(rig, &w, HENG_ORDER_READ_STATE, 1500 * HENG_US_PER_MS);
}

/* A secondary search of a full line; its meters are not known, but for the one that is commanded. */
static void while_a_search_runs(void **state)
{
    (void)state;
    struct rig *rig = rig_new("a secondary search of 120 M-Bus", HENG_PROTOCOL_MBUS, 120, 2400, 0, seed);
    struct watch w = {.primary = 1, .search = true};
    rig->listed = 1;
    for (size_t i = 1; i < rig->count; i++) {
        snprintf(rig->slaves[i].address, sizeof rig->slaves[i].address, "0");
        snprintf(rig->slaves[i].secondary, sizeof rig->slaves[i].secondary, "%08u24770104",
                 heng_sim_rng_below(&rig->rng, 100000000));
    }
    command_at_random(rig, &w, HENG_ORDER_READ, 1500 * HENG_US_PER_MS);
}

int main(int argc, char **argv)
{
    if (argc > 1) moments = (unsigned)strtoul(argv[1], NULL, 10);
    if (argc > 2) seed = strtoull(argv[2], NULL, 10);
    if (moments > MOMENTS_MAX) moments = MOMENTS_MAX;
    print_message("# seed %llu\n", (unsigned long long)seed);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(on_long_mbus),
        cmocka_unit_test(on_a_slow_dtu),
        cmocka_unit_test(with_all_meters_dead),
        cmocka_unit_test(with_a_third_in_quarantine),
        cmocka_unit_test(in_noise),
        cmocka_unit_test(on_dlt645),
        cmocka_unit_test(while_a_search_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
