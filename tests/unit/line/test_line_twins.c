/* Two meters with one address answer at once. Whatever of it gets through: no value is stored that neither of them
 * said, and the line tells its people that two meters may have this address. */
#include "virtual_bus.h"

#include "model/reading.h"

enum { NEIGHBOURS = 4, TWIN = NEIGHBOURS, OTHER = NEIGHBOURS + 1, SLAVES = NEIGHBOURS + 2, PERIOD_S = 60 };

#define HOURS_US INT64_C(3600000000)

static uint64_t seed = 20261121;

struct twins {
    bool secondary; /* alike in the secondary address, else in the primary one */
    bool in_step;   /* both answer after exactly the same time: bit meets bit */
    uint32_t error_ppm;
    uint64_t count[2], rate[2];
    unsigned reads, stored, untrue, told;
};

static bool was_said(const struct virtual_bus *v, size_t slave, const uint8_t *frame, size_t n)
{
    struct heng_slice said;
    heng_us at;
    for (size_t i = 0; heng_sim_bus_said(v->bus, slave, i, &said, &at); i++)
        if (said.n == n && memcmp(said.p, frame, n) == 0) return true;
    return false;
}

static void note(struct virtual_bus *v, const struct heng_line_action *action)
{
    struct twins *t = v->owner;
    const struct heng_read *read = action->kind == HENG_LINE_RESULT ? action->result.read : NULL;
    if (!read || read->device_id != TWIN + 1) return;
    t->reads++;
    t->told += strstr(read->why, "two meters may have this address") != NULL;
    if (action->result.stage != HENG_STAGE_CONFIRMED) return;
    t->stored++;
    for (unsigned i = 0; i < read->frame_count; i++) {
        const uint8_t *bytes = read->frames[i].bytes;
        size_t n = read->frames[i].n;
        t->untrue += !was_said(v, TWIN, bytes, n) && !was_said(v, OTHER, bytes, n);
    }
}

static void be_twins(struct virtual_bus *v, const struct twins *t)
{
    struct heng_sim_meter_config *a = &v->slaves[TWIN], *b = &v->slaves[OTHER];
    if (t->secondary) {
        snprintf(v->meters[TWIN].address, sizeof v->meters[TWIN].address, "%s", a->secondary);
        memcpy(b->secondary, a->secondary, sizeof b->secondary);
        snprintf(a->fabrication, sizeof a->fabrication, "11111111");
        snprintf(b->fabrication, sizeof b->fabrication, "22222222");
    } else {
        memcpy(b->address, a->address, sizeof b->address);
    }
    a->start_count = t->count[0];
    b->start_count = t->count[1];
    a->rate_per_h = (uint32_t)t->rate[0];
    b->rate_per_h = (uint32_t)t->rate[1];
    if (t->in_step) a->delay_min_us = a->delay_max_us = b->delay_min_us = b->delay_max_us = 50000;
}

/* A day of it. */
static void a_day(struct twins *t)
{
    struct heng_err err = {.text = ""};
    struct virtual_bus *v = virtual_new(HENG_PROTOCOL_MBUS, SLAVES, PERIOD_S);
    v->config.single_reads = false;
    v->wire.seed = seed;
    v->wire.byte_error_ppm = t->error_ppm;
    v->on_action = note;
    v->owner = t;
    be_twins(v, t);
    if (heng_sim_bus_new(&v->wire, v->slaves, SLAVES, VIRTUAL_WALL_DAYS * HENG_US_PER_DAY, &v->bus, &err) != HENG_OK ||
        heng_line_new(&v->config, v->meters, TWIN + 1, &v->line, &err) != HENG_OK)
        fail_msg("%s", err.text);
    v->now = HENG_US_PER_S;
    heng_line_opened(v->line, v->now);
    virtual_run(v, 24 * HOURS_US);
    print_message("# %s, %s, %u ppm, counts %llu and %llu: %u reads, %u stored, %u frames of nobody, told %u times\n",
                  t->secondary ? "secondary" : "primary", t->in_step ? "in step" : "not in step", t->error_ppm,
                  (unsigned long long)t->count[0], (unsigned long long)t->count[1], t->reads, t->stored, t->untrue,
                  t->told);
    for (unsigned i = 0; i < NEIGHBOURS; i++) assert_true(v->of_device[i + 1] > 0);
    virtual_free(v);
    assert_true(t->reads > 0);
    assert_int_equal(t->untrue, 0);
    assert_true(t->told > 0);
}

static void days_of(bool secondary)
{
    static const uint64_t counts[][2] = {{1000, 777777}, {123456, 123465}};
    for (unsigned i = 0; i < sizeof counts / sizeof counts[0]; i++)
        for (unsigned k = 0; k < 4; k++) {
            struct twins t = {.secondary = secondary,
                              .in_step = k & 1,
                              .error_ppm = k & 2 ? 1000 : 0,
                              .count = {counts[i][0], counts[i][1]},
                              .rate = {10, 37}};
            a_day(&t);
        }
}

static void test_of_one_secondary_address(void **state)
{
    (void)state;
    days_of(true);
}

static void test_of_one_primary_address(void **state)
{
    (void)state;
    days_of(false);
}

int main(int argc, char **argv)
{
    if (argc > 1) seed = strtoull(argv[1], NULL, 10);
    print_message("# seed %llu\n", (unsigned long long)seed);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_of_one_secondary_address),
        cmocka_unit_test(test_of_one_primary_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
