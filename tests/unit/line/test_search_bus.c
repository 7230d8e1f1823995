/* The searches as a line runs them, on the simulated bus: real delays, collisions on the wire, noise. In virtual time;
 * the line time is printed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "line/line.h"
#include "sim/bus.h"
#include "sim/rng.h"

enum { METERS_MAX = 260, HOURS_MAX = 4 };

struct town {
    struct heng_sim_bus_config bus;
    struct heng_sim_meter_config meters[METERS_MAX];
    size_t count;
    struct heng_sim_rng rng;
    struct heng_search_found found[METERS_MAX];
    size_t found_count;
    struct heng_search_progress progress;
    heng_us took_us;
};

static struct town *town_of(uint64_t seed, heng_protocol protocol)
{
    struct town *t = calloc(1, sizeof *t);
    assert_non_null(t);
    t->bus = (struct heng_sim_bus_config){.baud = 2400, .parity = 'E', .seed = seed};
    t->rng = heng_sim_rng_of(seed, 77);
    for (size_t i = 0; i < METERS_MAX; i++)
        t->meters[i] = (struct heng_sim_meter_config){.protocol = protocol, .telegrams = 1};
    return t;
}

static struct heng_sim_meter_config *add(struct town *t, heng_medium medium, const char *address, const char *secondary)
{
    assert_true(t->count < METERS_MAX);
    struct heng_sim_meter_config *m = &t->meters[t->count++];
    m->medium = medium;
    m->delay_min_us = 15000 + heng_sim_rng_below(&t->rng, 60000);
    m->delay_max_us = m->delay_min_us + 20000;
    m->start_count = heng_sim_rng_below(&t->rng, 90000000);
    m->rate_per_h = heng_sim_rng_below(&t->rng, 2000);
    snprintf(m->address, sizeof m->address, "%s", address);
    snprintf(m->secondary, sizeof m->secondary, "%s", secondary);
    return m;
}

/* Neighbouring numbers, a cluster, others anywhere; on one line, all at primary address 0. */
static void add_mbus(struct town *t, size_t row, size_t cluster, size_t others)
{
    for (size_t i = 0; i < row + cluster + others; i++) {
        char secondary[17];
        bool again;
        do {
            unsigned id = i < row             ? 21400317 + (unsigned)i
                          : i < row + cluster ? 30000000 + heng_sim_rng_below(&t->rng, 1000000)
                                              : heng_sim_rng_below(&t->rng, 100000000);
            snprintf(secondary, sizeof secondary, "%08uC7210104", id);
            again = false;
            for (size_t k = 0; k < t->count; k++) again = again || strcmp(t->meters[k].secondary, secondary) == 0;
        } while (again);
        add(t, HENG_MEDIUM_HEAT, "0", secondary);
    }
}

static void take(struct town *t, struct heng_sim_bus *bus, heng_us now, const struct heng_line_action *action)
{
    switch (action->kind) {
    case HENG_LINE_SEND: heng_sim_bus_hear(bus, now, action->bytes); break;
    case HENG_LINE_FOUND:
        assert_true(t->found_count < METERS_MAX);
        t->found[t->found_count++] = action->found;
        break;
    case HENG_LINE_SEARCHED: t->progress = action->progress; break;
    case HENG_LINE_NONE:
    case HENG_LINE_SPEED:
    case HENG_LINE_RESULT:
    case HENG_LINE_STATUS: break;
    }
}

static void search(struct town *t, const struct heng_search_config *config)
{
    struct heng_line_config line_config = {.id = 1, .name = "test", .baud = t->bus.baud, .parity = t->bus.parity};
    struct heng_schedule never = {.id = 1, .name = "never"};
    struct heng_sim_bus *bus = NULL;
    struct heng_line *line = NULL;
    struct heng_line_action action;
    struct heng_err err = {.text = ""};
    heng_us now = HENG_US_PER_S, start = now;
    t->progress = (struct heng_search_progress){0};
    line_config.schedules = &never;
    line_config.schedule_count = 1;
    if (heng_sim_bus_new(&t->bus, t->meters, t->count, INT64_C(1768464000000000), &bus, &err) != HENG_OK ||
        heng_line_new(&line_config, NULL, 0, &line, &err) != HENG_OK)
        fail_msg("%s", err.text);
    heng_line_opened(line, now);
    assert_int_equal(heng_line_search(line, now, config, &err), HENG_OK);
    for (;;) {
        uint8_t bytes[256];
        size_t n;
        while ((n = heng_sim_bus_take(bus, now, bytes, sizeof bytes)) > 0)
            heng_line_feed(line, now, heng_slice_of(bytes, n));
        do {
            heng_line_poll(line, now, &action);
            take(t, bus, now, &action);
        } while (action.kind != HENG_LINE_NONE);
        if (t->progress.ended) break;
        heng_us next = heng_line_deadline(line), due = heng_sim_bus_due(bus);
        if (due < next) next = due;
        now = next > now ? next : now + 1;
        assert_true(now - start < HOURS_MAX * INT64_C(3600) * HENG_US_PER_S);
    }
    t->took_us = now - start;
    heng_line_free(line);
    heng_sim_bus_free(bus);
}

static size_t told(const struct town *t, const struct heng_sim_meter_config *m, bool by_secondary)
{
    size_t n = 0;
    for (size_t i = 0; i < t->found_count; i++)
        n += strcmp(t->found[i].address, by_secondary ? m->secondary : m->address) == 0;
    return n;
}

static void all_found(const struct town *t, const char *what, bool by_secondary)
{
    size_t missing = 0;
    for (size_t i = 0; i < t->count; i++)
        if (!told(t, &t->meters[i], by_secondary)) {
            missing++;
            print_error("%s, seed %llu: %s is not found\n", what, (unsigned long long)t->bus.seed,
                        by_secondary ? t->meters[i].secondary : t->meters[i].address);
        }
    printf("# %s, seed %llu: %zu of %zu meters, %u selects, %u requests, %u collisions, line time %llu s\n", what,
           (unsigned long long)t->bus.seed, t->count - missing, t->count, t->progress.selects, t->progress.requests,
           t->progress.collisions, (unsigned long long)(t->took_us / HENG_US_PER_S));
    assert_int_equal(missing, 0);
    assert_int_equal(t->found_count, t->count);
}

static const struct heng_search_config secondary = {.kind = HENG_SEARCH_MBUS_SECONDARY};

static void finds_250_on_a_clean_line(void **state)
{
    (void)state;
    struct town *t = town_of(1, HENG_PROTOCOL_MBUS);
    add_mbus(t, 80, 70, 100);
    search(t, &secondary);
    all_found(t, "250 by secondary address", true);
    free(t);
}

/* 250 of them: tests/proof/test_search.c. */
static void finds_40_in_noise(void **state)
{
    (void)state;
    struct town *t = town_of(1, HENG_PROTOCOL_MBUS);
    t->bus.byte_error_ppm = 1000;
    t->bus.late_ppm = 2000;
    t->bus.late_min_ms = 50;
    t->bus.late_max_ms = 5000;
    t->bus.echo = true;
    add_mbus(t, 15, 10, 15);
    search(t, &secondary);
    all_found(t, "40 in noise", true);
    free(t);
}

static void finds_twins(void **state)
{
    (void)state;
    struct town *t = town_of(3, HENG_PROTOCOL_MBUS);
    add_mbus(t, 0, 0, 30);
    for (unsigned i = 0; i < 3; i++) {
        struct heng_sim_meter_config *m = add(t, HENG_MEDIUM_HEAT, "0", "45454545C7210104");
        snprintf(m->fabrication, sizeof m->fabrication, "%08u", 70010000 + i * 9);
    }
    search(t, &secondary);
    all_found(t, "twins", true);
    assert_int_equal(told(t, &t->meters[30], true), 3);
    for (size_t i = 0; i < t->found_count; i++)
        assert_int_equal(t->found[i].twin, strcmp(t->found[i].address, "45454545C7210104") == 0);
    free(t);
}

static void finds_other_protocols(void **state)
{
    (void)state;
    struct heng_search_config config = {.kind = HENG_SEARCH_CJT188};
    struct town *t = town_of(4, HENG_PROTOCOL_CJT188);
    for (unsigned i = 0; i < 20; i++) {
        char address[HENG_ADDRESS_MAX];
        snprintf(address, sizeof address, "78330000%06u", 1200 + i * 37);
        add(t, HENG_MEDIUM_COLD_WATER, address, "");
    }
    search(t, &config);
    all_found(t, "cjt188", false);
    free(t);

    t = town_of(5, HENG_PROTOCOL_DLT645_2007);
    for (unsigned i = 0; i < 32; i++) {
        char address[HENG_ADDRESS_MAX];
        snprintf(address, sizeof address, "0021%08u", 5500 + i * 211);
        add(t, HENG_MEDIUM_ELECTRICITY, address, "");
    }
    config.kind = HENG_SEARCH_DLT645_2007;
    search(t, &config);
    all_found(t, "dlt645-2007", false);
    free(t);

    t = town_of(6, HENG_PROTOCOL_MBUS);
    for (unsigned i = 0; i < 20; i++) {
        char address[HENG_ADDRESS_MAX], number[17];
        snprintf(address, sizeof address, "%u", 1 + i * 12);
        snprintf(number, sizeof number, "%08uC7210104", 11000000 + i);
        add(t, HENG_MEDIUM_HEAT, address, number);
    }
    config.kind = HENG_SEARCH_MBUS_PRIMARY;
    search(t, &config);
    all_found(t, "mbus-primary", false);
    free(t);
}

/* A meter of one edition of DL/T 645 refuses the question of the other: it is there, and not of this protocol. */
static void editions_are_not_mixed_up(void **state)
{
    (void)state;
    for (unsigned old = 0; old < 2; old++) {
        struct town *t = town_of(7, old ? HENG_PROTOCOL_DLT645_1997 : HENG_PROTOCOL_DLT645_2007);
        add(t, HENG_MEDIUM_ELECTRICITY, "000000002411", "");
        search(t, &(struct heng_search_config){.kind = old ? HENG_SEARCH_DLT645_2007 : HENG_SEARCH_DLT645_1997});
        assert_int_equal(t->found_count, 0);
        search(t, &(struct heng_search_config){.kind = old ? HENG_SEARCH_DLT645_1997 : HENG_SEARCH_DLT645_2007});
        assert_int_equal(t->found_count, 1);
        free(t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_250_on_a_clean_line),
        cmocka_unit_test(finds_40_in_noise),
        cmocka_unit_test(finds_twins),
        cmocka_unit_test(finds_other_protocols),
        cmocka_unit_test(editions_are_not_mixed_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
