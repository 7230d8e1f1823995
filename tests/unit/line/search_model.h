#ifndef HENG_TESTS_SEARCH_MODEL_H
#define HENG_TESTS_SEARCH_MODEL_H
/* An M-Bus of made-up meters for the searches. It is a wire: what several meters send at once is the AND of their bits,
 * 16 samples to a bit, each meter with its own delay, and a UART at the other end makes bytes of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/mbus.h"
#include "line/search.h"
#include "sim/rng.h"

enum { METERS_MAX = 260, SAMPLES = 16, BITS_MAX = 6000, BYTES_MAX = 1024, BAUD = 2400, REQUESTS_MAX = 100000 };

struct meter {
    char id[9], manufacturer[4], fabrication[9];
    uint8_t version, medium, access;
    uint32_t energy, volume;
    unsigned delay; /* samples */
    bool selected, ignores_number, ignores_mask, mute;
    uint8_t primary;
};

struct bus {
    struct meter meters[METERS_MAX];
    size_t count;
    uint32_t noise_ppm, late_ppm; /* per byte; per answer: it comes after the next request */
    bool exact;                   /* no jitter: equal delays are equal to the sample */
    bool eager;                   /* the line takes the first good frame and does not wait for what follows */
    bool hum;                     /* a converter that makes a byte of its own after every request */
    struct heng_sim_rng rng;
    uint8_t wire[BITS_MAX * SAMPLES]; /* 1: mark */
    size_t wire_n;
    uint8_t late[64];
    size_t late_n;
    uint64_t bits; /* time gone by */
    /* what came of it */
    struct heng_search_found found[METERS_MAX + 50];
    size_t found_count;
    struct heng_search_progress progress;
};

static inline bool chance(struct bus *bus, uint32_t ppm) { return ppm && heng_sim_rng_below(&bus->rng, 1000000) < ppm; }

static inline void spoil(struct bus *bus, uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (chance(bus, bus->noise_ppm)) bytes[i] ^= (uint8_t)(1u << heng_sim_rng_below(&bus->rng, 8));
}

/* --- meters ---------------------------------------------------------------------------------------------- */

static inline void put_byte(struct bus *bus, size_t at, uint8_t byte)
{
    unsigned parity = 0, bits = 0;
    for (unsigned i = 0; i < 8; i++) parity ^= (unsigned)byte >> i & 1u;
    bits = (unsigned)byte << 1 | parity << 9 | 1u << 10;
    for (unsigned bit = 0; bit < 11; bit++)
        for (size_t i = 0; i < SAMPLES; i++) {
            size_t sample = at + bit * SAMPLES + i;
            if (sample < sizeof bus->wire && !(bits >> bit & 1u)) bus->wire[sample] = 0;
        }
    size_t end = at + 11 * SAMPLES;
    if (end > bus->wire_n && end < sizeof bus->wire) bus->wire_n = end;
}

static inline void say(struct bus *bus, const struct meter *m, const uint8_t *bytes, size_t n)
{
    if (chance(bus, bus->late_ppm) && n <= sizeof bus->late) {
        memcpy(bus->late, bytes, n);
        bus->late_n = n;
        return;
    }
    size_t at = m->delay + (bus->exact ? 0 : heng_sim_rng_below(&bus->rng, 4 * SAMPLES));
    for (size_t i = 0; i < n; i++) put_byte(bus, at + i * 11 * SAMPLES, bytes[i]);
}

static inline bool nibble_fits(uint8_t mask, char digit)
{
    const char *digits = "0123456789ABCDEF";
    return mask == 0x0F || digits[mask] == digit;
}

static inline bool is_selected(const struct meter *m, const struct heng_telegram *t)
{
    const uint8_t *p = t->frame.p + 7;
    unsigned bits = 0;
    for (size_t i = 0; i < 4; i++) {
        if (!nibble_fits(p[3 - i] >> 4, m->id[2 * i]) || !nibble_fits(p[3 - i] & 15, m->id[2 * i + 1])) return false;
    }
    for (int i = 0; i < 3; i++) bits = bits << 5 | (unsigned)(m->manufacturer[i] - '@');
    unsigned wanted = (unsigned)(p[4] | p[5] << 8);
    if (wanted != 0xFFFF && wanted != bits) return false;
    if ((p[6] != 0xFF && p[6] != m->version) || (p[7] != 0xFF && p[7] != m->medium)) return false;
    if (t->frame.n < 7 + 14 + 2 || m->ignores_number) return true;
    for (size_t i = 0; i < 4; i++) {
        uint8_t byte = p[10 + 3 - i];
        if (!nibble_fits(byte >> 4, m->fabrication[2 * i]) || !nibble_fits(byte & 15, m->fabrication[2 * i + 1]))
            return false;
    }
    return true;
}

static inline void answer(struct bus *bus, struct meter *m)
{
    uint8_t data[100], frame[128];
    struct heng_buf body = heng_buf_of(data, sizeof data), buf = heng_buf_of(frame, sizeof frame);
    struct heng_mbus_secondary who = {.version = m->version, .medium = m->medium};
    static const uint8_t energy[] = {0x06}, volume[] = {0x13}, number[] = {0x78}, hours[] = {0x22};
    memcpy(who.id, m->id, sizeof who.id);
    memcpy(who.manufacturer, m->manufacturer, sizeof who.manufacturer);
    assert_int_equal(heng_mbus_encode_header(&who, m->access++, 0, &body), HENG_OK);
    assert_int_equal(heng_mbus_encode_record(0x04, heng_slice_of(energy, 1), m->energy, 4, &body), HENG_OK);
    assert_int_equal(heng_mbus_encode_record(0x04, heng_slice_of(volume, 1), m->volume, 4, &body), HENG_OK);
    assert_int_equal(heng_mbus_encode_record(0x04, heng_slice_of(hours, 1), m->energy * 7 + m->volume, 4, &body),
                     HENG_OK);
    if (m->fabrication[0])
        assert_int_equal(
            heng_mbus_encode_record(0x0C, heng_slice_of(number, 1), strtoul(m->fabrication, NULL, 16), 4, &body),
            HENG_OK);
    assert_int_equal(
        heng_mbus_encode_long(HENG_MBUS_C_RSP_UD, m->primary, HENG_MBUS_CI_RSP_VARIABLE, heng_buf_slice(&body), &buf),
        HENG_OK);
    say(bus, m, frame, buf.n);
}

static inline void hear(struct bus *bus, struct meter *m, const struct heng_ask *ask)
{
    static const uint8_t ack = HENG_MBUS_ACK;
    uint8_t bytes[HENG_ASK_BYTES_MAX];
    struct heng_telegram t;
    size_t used;
    memcpy(bytes, ask->bytes, ask->n);
    spoil(bus, bytes, ask->n);
    if (heng_mbus_codec.decode(heng_slice_of(bytes, ask->n), &t, &used, NULL) != HENG_OK) return;
    if (t.kind == HENG_TELEGRAM_SELECT) {
        m->selected = m->ignores_mask || is_selected(m, &t);
        if (m->selected) say(bus, m, &ack, 1);
        return;
    }
    bool mine = t.address == m->primary || (t.address == HENG_MBUS_SELECTED && m->selected);
    if (!mine || m->mute) return;
    if (t.control == HENG_MBUS_C_SND_NKE) say(bus, m, &ack, 1);
    if ((t.control & 0x4F) == 0x4B) answer(bus, m);
}

/* --- the line -------------------------------------------------------------------------------------------- */

/* A UART: a falling edge, then the middle of each bit. Bytes behind a pause of 40 bits begin another burst. */
static inline size_t receive(const struct bus *bus, uint8_t *ret, size_t cap, size_t *ret_first_n, size_t *ret_end)
{
    size_t n = 0, at = 0, first = 0, last = 0;
    while (at < bus->wire_n && n < cap) {
        if (bus->wire[at]) {
            at++;
            continue;
        }
        if (n && at - last > 40 * SAMPLES && !first) first = n;
        unsigned byte = 0;
        for (unsigned bit = 0; bit < 8; bit++) {
            size_t sample = at + (bit + 1) * SAMPLES + SAMPLES / 2;
            if (sample >= sizeof bus->wire || bus->wire[sample]) byte |= 1u << bit;
        }
        ret[n++] = (uint8_t)byte;
        at += 10 * SAMPLES + SAMPLES / 2;
        while (at < bus->wire_n && !bus->wire[at]) at++; /* a stop bit that is not there */
        last = at;
    }
    *ret_first_n = first ? first : n;
    *ret_end = last;
    return n;
}

static inline heng_search_heard judge(struct heng_slice bytes, struct heng_telegram *ret)
{
    size_t used;
    if (bytes.n == 0) return HENG_SEARCH_NOTHING;
    if (heng_mbus_codec.decode(bytes, ret, &used, NULL) != HENG_OK || used != bytes.n || ret->frame.n != used)
        return HENG_SEARCH_GARBAGE;
    return HENG_SEARCH_FRAME;
}

static inline heng_search_heard exchange(struct bus *bus, const struct heng_ask *ask, uint8_t *bytes,
                                         struct heng_telegram *t)
{
    memset(bus->wire, 1, bus->wire_n ? bus->wire_n : sizeof bus->wire);
    bus->wire_n = 0;
    size_t late_n = bus->late_n;
    for (size_t i = 0; i < late_n; i++) put_byte(bus, 30 * SAMPLES + i * 11 * SAMPLES, bus->late[i]);
    bus->late_n = 0;
    for (size_t i = 0; i < bus->count; i++) hear(bus, &bus->meters[i], ask);
    if (bus->hum) put_byte(bus, 5 * SAMPLES, 0xFD);
    size_t first, end, n = receive(bus, bytes, BYTES_MAX, &first, &end);
    spoil(bus, bytes, n);
    bus->bits += ask->n * 11;
    if (n == 0)
        bus->bits += ask->answer_bits + ask->answer_ms * BAUD / 1000;
    else
        bus->bits += end / SAMPLES + (ask->idle_bits > 33 ? ask->idle_bits : 33);
    return judge(heng_slice_of(bytes, bus->eager ? first : n), t);
}

/* Run a search to its end, or to `most` requests. */
static inline void run(struct bus *bus, struct heng_search *search, unsigned most)
{
    struct heng_ask ask;
    struct heng_telegram t;
    struct heng_search_found found;
    static uint8_t bytes[BYTES_MAX];
    unsigned requests = 0;
    uint32_t permille = 0;
    while (requests++ < most && heng_search_next(search, &ask)) {
        heng_search_heard heard = exchange(bus, &ask, bytes, &t);
        if (heng_search_heard_now(search, heard, heard == HENG_SEARCH_FRAME ? &t : NULL, &found)) {
            assert_true(bus->found_count < sizeof bus->found / sizeof bus->found[0]);
            bus->found[bus->found_count++] = found;
        }
        heng_search_progress_now(search, &bus->progress);
        assert_true(bus->progress.permille >= permille && bus->progress.permille <= 1000);
        permille = bus->progress.permille;
    }
    heng_search_progress_now(search, &bus->progress);
    assert_true(requests < REQUESTS_MAX);
}

static inline struct heng_search *start(const struct heng_search_config *config)
{
    struct heng_search *search;
    struct heng_err err = {.text = ""};
    if (heng_search_new(config, &search, &err) != HENG_OK) fail_msg("%s", err.text);
    return search;
}

static inline void search_all(struct bus *bus, const struct heng_search_config *config)
{
    struct heng_search *search = start(config);
    run(bus, search, REQUESTS_MAX);
    assert_true(bus->progress.ended);
    assert_string_equal(bus->progress.place, "");
    heng_search_free(search);
}

/* --- buses ----------------------------------------------------------------------------------------------- */

static inline struct bus *bus_of(uint64_t seed)
{
    struct bus *bus = calloc(1, sizeof *bus);
    assert_non_null(bus);
    memset(bus->wire, 1, sizeof bus->wire);
    bus->rng = heng_sim_rng_of(seed, 1);
    return bus;
}

static inline struct meter *add(struct bus *bus, const char *id, const char *manufacturer, uint8_t version,
                                uint8_t medium)
{
    struct meter *m = &bus->meters[bus->count++];
    assert_true(bus->count <= METERS_MAX);
    *m = (struct meter){.version = version, .medium = medium, .primary = 0};
    snprintf(m->id, sizeof m->id, "%s", id);
    snprintf(m->manufacturer, sizeof m->manufacturer, "%s", manufacturer);
    m->energy = heng_sim_rng_below(&bus->rng, 1u << 30);
    m->volume = heng_sim_rng_below(&bus->rng, 1u << 30);
    m->access = (uint8_t)heng_sim_rng_below(&bus->rng, 256);
    m->delay = 11 * SAMPLES + heng_sim_rng_below(&bus->rng, 300 * SAMPLES);
    return m;
}

static inline bool has_meter(const struct bus *bus, const char *id)
{
    for (size_t i = 0; i < bus->count; i++)
        if (strcmp(bus->meters[i].id, id) == 0) return true;
    return false;
}

/* Other digits each time, until no meter has them yet. */
static inline void add_random(struct bus *bus, size_t count, const char *prefix)
{
    static const char makers[][4] = {"KAM", "HNG", "SON", "ZRM"};
    while (count) {
        char id[9];
        size_t n = strlen(prefix);
        memcpy(id, prefix, n);
        for (size_t i = n; i < 8; i++) id[i] = (char)('0' + heng_sim_rng_below(&bus->rng, 10));
        id[8] = '\0';
        if (has_meter(bus, id)) continue;
        add(bus, id, makers[heng_sim_rng_below(&bus->rng, 4)], (uint8_t)heng_sim_rng_below(&bus->rng, 3), 0x04);
        count--;
    }
}

static inline void add_row(struct bus *bus, unsigned first, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char id[9];
        snprintf(id, sizeof id, "%08u", first + (unsigned)i);
        add(bus, id, "HNG", 1, 0x04);
    }
}

static inline const struct heng_search_found *told(const struct bus *bus, const struct meter *m)
{
    char address[HENG_ADDRESS_MAX];
    unsigned bits = 0;
    for (int i = 0; i < 3; i++) bits = bits << 5 | (unsigned)(m->manufacturer[i] - '@');
    snprintf(address, sizeof address, "%.8s%02X%02X%02X%02X", m->id, bits & 255, bits >> 8 & 255, m->version,
             m->medium);
    for (size_t i = 0; i < bus->found_count; i++)
        if (strcmp(bus->found[i].address, address) == 0) return &bus->found[i];
    return NULL;
}

/* All that are there were told, and nobody else. */
static inline void all_found(const struct bus *bus, const char *what, uint64_t seed)
{
    size_t missing = 0;
    for (size_t i = 0; i < bus->count; i++)
        if (!told(bus, &bus->meters[i])) {
            missing++;
            print_error("%s, seed %llu: %s is not found\n", what, (unsigned long long)seed, bus->meters[i].id);
        }
    printf("# %s, seed %llu: %zu of %zu meters, %u selects, %u requests, %u collisions, %llu s of line time\n", what,
           (unsigned long long)seed, bus->count - missing, bus->count, bus->progress.selects, bus->progress.requests,
           bus->progress.collisions, (unsigned long long)(bus->bits / BAUD));
    assert_int_equal(missing, 0);
    assert_int_equal(bus->found_count, bus->count);
}

#endif
