#include "measure.h"

#include "meter/driver.h"

/* The first hours are longer than any pump rests: then the line knows how far its levels jump. */
enum { COLD_S = 4 * 3600 };
enum { COLD_ROUNDS = 8, WARM_ROUNDS = 12, BITS_PER_BYTE = 11, NAIVE_MS = 1500, NAIVE_TRIES = 3, NAIVE_REST_MS = 30 };

static const struct heng_profile five_registers = {
    .name = "five",
    .protocols = 1u << HENG_PROTOCOL_DLT645_2007,
    .asks = {{.di = 0x00010000}, {.di = 0x02010100}, {.di = 0x02020100}, {.di = 0x02030000}, {.di = 0x00020000}},
    .ask_count = 5,
    .preamble = 4};

const struct line_kind heng_line_kinds[] = {
    {.name = "250 M-Bus, 2400 baud",
     .protocol = HENG_PROTOCOL_MBUS,
     .count = 250,
     .baud = 2400,
     .period_s = 600,
     .asks = 1,
     .request_bytes = 5},
    {.name = "32 DL/T 645 x 5 registers, 2400",
     .protocol = HENG_PROTOCOL_DLT645_2007,
     .count = 32,
     .baud = 2400,
     .period_s = 120,
     .asks = 5,
     .request_bytes = 20},
    {.name = "120 CJ/T 188, 2400 baud",
     .protocol = HENG_PROTOCOL_CJT188,
     .count = 120,
     .baud = 2400,
     .period_s = 300,
     .asks = 1,
     .request_bytes = 20},
};
const size_t heng_line_kind_count = sizeof heng_line_kinds / sizeof heng_line_kinds[0];

struct rig *measure_rig(const struct line_kind *kind, uint64_t seed)
{
    struct rig *rig = rig_new(kind->name, kind->protocol, kind->count, kind->baud, kind->period_s, seed);
    size_t alive = 0;
    for (size_t i = 0; i < kind->count; i++) {
        bool dead = i % 5 < kind->dead_of_five;
        if (dead && kind->without_them) continue;
        rig->meters[alive] = rig->meters[i];
        rig->slaves[alive] = rig->slaves[i];
        rig->meters[alive].device_id = (int64_t)alive + 1;
        if (dead) rig->slaves[alive].fate = HENG_SIM_FATE_DEAD;
        if (kind->protocol == HENG_PROTOCOL_DLT645_2007) rig->meters[alive].profile = &five_registers;
        alive++;
    }
    rig->count = rig->listed = alive;
    return rig;
}

/* Ideal time of the exchanges that were of use: not of those that nobody answered, nor of reads that were made again.
 */
static heng_us useful(const struct line_kind *kind, const struct heng_sim_bus_ledger *from,
                      const struct heng_sim_bus_ledger *to, uint64_t reads)
{
    heng_us all = to->wire_us + to->delay_us - from->wire_us - from->delay_us;
    uint64_t answers = to->answers - from->answers, requests = to->requests - from->requests,
             needed = reads * kind->asks;
    heng_us request = (heng_us)kind->request_bytes * BITS_PER_BYTE * HENG_US_PER_S / kind->baud;
    all -= (heng_us)(requests - answers) * request;
    return answers > needed ? all * (heng_us)needed / (heng_us)answers : all;
}

static void print_cycle(const struct line_kind *kind, const struct cycle *c)
{
    const char *dead = !kind->dead_of_five ? "" : kind->without_them ? ", without the dead" : ", 20 % dead";
    char what[80];
    snprintf(what, sizeof what, "%s%s", kind->name, dead);
    print_message("# %-50s cold %7lld ms, warm %7lld ms, efficiency %u.%u %%, asked again %u.%u %%\n", what,
                  (long long)c->cold_us / 1000, (long long)c->warm_us / 1000, c->permille / 10, c->permille % 10,
                  c->again_permille / 10, c->again_permille % 10);
}

struct cycle measure(const struct line_kind *kind, uint64_t seed)
{
    struct cycle c = {.permille = 1000};
    struct heng_line_vitals vitals;
    struct heng_sim_bus_ledger before, after;
    struct rig *rig = measure_rig(kind, seed);
    heng_us period = kind->period_s * HENG_US_PER_S;
    rig_start(rig);
    rig_run(rig, period - 1);
    heng_line_vitals_now(rig->line, &vitals);
    c.cold_us = vitals.cycle_us;
    heng_us cold_rounds = COLD_S / kind->period_s > COLD_ROUNDS ? COLD_S / kind->period_s : COLD_ROUNDS;
    rig_run(rig, cold_rounds * period - 1); /* who is dead is known by then */
    uint64_t answers = 0, needed = 0;
    for (unsigned round = 0; round < WARM_ROUNDS; round++) {
        uint64_t ok = rig->book.ok;
        heng_sim_bus_ledger_now(rig->bus, &before);
        rig_run(rig, rig->now + period);
        heng_sim_bus_ledger_now(rig->bus, &after);
        heng_line_vitals_now(rig->line, &vitals);
        unsigned permille = (unsigned)(useful(kind, &before, &after, rig->book.ok - ok) * 1000 / vitals.cycle_us);
        answers += after.answers - before.answers;
        needed += (rig->book.ok - ok) * kind->asks;
        if (permille < c.permille) c.permille = permille;
        if (vitals.cycle_us > c.warm_us) c.warm_us = vitals.cycle_us;
    }
    rig_must_be_true(rig);
    if (answers > needed) c.again_permille = (unsigned)((answers - needed) * 1000 / needed);
    print_cycle(kind, &c);
    assert_int_equal(rig->book.in_time, rig->book.due);
    rig_free(rig);
    return c;
}

/* --- as simple programs do ------------------------------------------------------------------------------------ */

/* Waits until the time-out, or until a whole answer is there. */
static bool naive_hears(struct rig *rig, heng_protocol protocol, heng_us until, struct heng_telegram *ret)
{
    const struct heng_codec *codec = heng_codec_of(protocol);
    rig->tap_n = 0;
    for (heng_us due = heng_sim_bus_due(rig->bus); due <= until; due = heng_sim_bus_due(rig->bus)) {
        size_t used = 0;
        rig->now = due;
        rig->tap_n += heng_sim_bus_take(rig->bus, due, rig->tap + rig->tap_n, sizeof rig->tap - rig->tap_n);
        if (codec->decode(heng_slice_of(rig->tap, rig->tap_n), ret, &used, NULL) == HENG_OK) return true;
    }
    rig->now = until;
    return false;
}

static void naive_read(struct rig *rig, const struct heng_meter_config *meter, struct heng_meter_memory *memory)
{
    static struct heng_read read; /* large */
    const struct heng_driver *driver = heng_driver_of(meter->protocol);
    struct heng_talk talk = {.meter = meter, .memory = memory};
    struct heng_telegram t;
    read.value_count = read.frame_count = 0;
    driver->begin(&talk);
    for (;;) {
        struct heng_ask ask = {.n = 0};
        driver->next(&talk, &ask);
        heng_sim_bus_hear(rig->bus, rig->now, heng_slice_of(ask.bytes, ask.n));
        bool heard = naive_hears(rig, meter->protocol, rig->now + NAIVE_MS * HENG_US_PER_MS, &t);
        rig->now += NAIVE_REST_MS * HENG_US_PER_MS;
        heng_talk_verdict verdict = heard ? driver->reply(&talk, &t, rig->now, &read, NULL) : HENG_TALK_IGNORE;
        if (verdict == HENG_TALK_DONE) return;
        if (verdict != HENG_TALK_NEXT && driver->timeout(&talk, NAIVE_TRIES) != HENG_MISSED_AGAIN) return;
    }
}

heng_us measure_naive(const struct line_kind *kind, uint64_t seed)
{
    struct rig *rig = measure_rig(kind, seed);
    struct heng_err err;
    if (heng_sim_bus_new(&rig->wire, rig->slaves, rig->count, RIG_LOCAL_US, &rig->bus, &err) != HENG_OK)
        fail_msg("%s", err.text);
    for (size_t i = 0; i < rig->count; i++) {
        struct heng_meter_memory memory = {0};
        naive_read(rig, &rig->meters[i], &memory);
    }
    heng_us took = rig->now;
    rig_free(rig);
    return took;
}
