#ifndef HENG_TESTS_BUS_CASE_H
#define HENG_TESTS_BUS_CASE_H
/* What the tests of the simulated bus share: cmocka, a bus with meters, and one exchange on it. */
#include "codec/cjt188.h"
#include "codec/dlt645.h"
#include "codec/mbus.h"
#include "codec/modbus.h"
#include "sim/bus.h"
#include "sim/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define START_WALL_US INT64_C(1768435200000000) /* 2026-01-15 00:00:00 by the meters' clocks */

enum { CASE_BYTES_MAX = 4096 };

struct heard {
    uint8_t p[CASE_BYTES_MAX];
    size_t n;
    heng_us first_us, last_us; /* when the first and the last byte came up */
};

static inline struct heng_sim_bus_config quiet_bus(void)
{
    return (struct heng_sim_bus_config){.baud = 2400, .parity = 'E', .seed = 7};
}

static inline struct heng_sim_meter_config mbus_meter(unsigned primary)
{
    struct heng_sim_meter_config m = {.protocol = HENG_PROTOCOL_MBUS,
                                      .medium = HENG_MEDIUM_HEAT,
                                      .delay_min_us = 50000,
                                      .delay_max_us = 50000,
                                      .start_count = 12345,
                                      .rate_per_h = 60};
    snprintf(m.address, sizeof m.address, "%u", primary);
    return m;
}

static inline struct heng_sim_bus *new_bus(const struct heng_sim_bus_config *config,
                                           const struct heng_sim_meter_config *meters, size_t count)
{
    struct heng_sim_bus *bus = NULL;
    struct heng_err err = {0};
    if (heng_sim_bus_new(config, meters, count, START_WALL_US, &bus, &err) != HENG_OK) fail_msg("%s", err.text);
    return bus;
}

/* All that comes up until then. */
static inline void listen_until(struct heng_sim_bus *bus, heng_us until, struct heard *ret)
{
    *ret = (struct heard){.first_us = HENG_US_NEVER};
    for (heng_us at = heng_sim_bus_due(bus); at <= until; at = heng_sim_bus_due(bus)) {
        size_t n = heng_sim_bus_take(bus, at, ret->p + ret->n, sizeof ret->p - ret->n);
        if (n && ret->n == 0) ret->first_us = at;
        if (n) ret->last_us = at;
        ret->n += n;
        assert_true(heng_sim_bus_due(bus) > at || ret->n == sizeof ret->p);
        if (ret->n == sizeof ret->p) break;
    }
}

/* Ask, and listen for so long. */
static inline void exchange(struct heng_sim_bus *bus, heng_us now, struct heng_slice request, heng_us wait_us,
                            struct heard *ret)
{
    heng_sim_bus_hear(bus, now, request);
    listen_until(bus, now + wait_us, ret);
}

static inline struct heng_slice heard_slice(const struct heard *h) { return heng_slice_of(h->p, h->n); }

static inline struct heng_slice mbus_short(uint8_t control, uint8_t address, struct heng_buf *buf)
{
    buf->n = 0;
    assert_int_equal(heng_mbus_encode_short(control, address, buf), HENG_OK);
    return heng_buf_slice(buf);
}

/* A good telegram in what was heard. */
static inline bool telegram_of(heng_protocol protocol, const struct heard *h, struct heng_telegram *ret)
{
    const struct heng_codec *codec = heng_codec_of(protocol);
    struct heng_slice in = heard_slice(h);
    while (in.n) {
        size_t used = 0;
        heng_rc rc = (codec->decode_answer ? codec->decode_answer : codec->decode)(in, ret, &used, NULL);
        if (rc == HENG_OK) return true;
        if (rc == HENG_MORE || used == 0) return false;
        in = heng_slice_from(in, used);
    }
    return false;
}

/* The first record of a quantity; its number, or -1. */
static inline int64_t value_of(const struct heng_telegram *t, heng_quantity quantity, uint64_t storage)
{
    struct heng_records records = heng_telegram_records(t);
    struct heng_record r;
    while (heng_record_next(&records, &r, NULL) == HENG_OK)
        if (r.quantity == quantity && r.storage == storage && r.kind == HENG_VALUE_DEC) return r.dec.mantissa;
    return -1;
}

#endif
