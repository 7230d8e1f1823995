/* The wire of the simulated bus: noise, collisions, echoes, late, half and glued answers; the same seed does the same
 * whatever the moments at which somebody looks, and no bytes of a master can break it. */
#include "bus_case.h"

enum { METERS = 24 };

static uint8_t memory[300];
static struct heng_buf buf;

static int set_up(void **state)
{
    (void)state;
    buf = heng_buf_of(memory, sizeof memory);
    return 0;
}

/* How many of n REQ_UD2 a second apart are answered by a good telegram, and how many bytes came up in all. */
static unsigned good_of(struct heng_sim_bus *bus, unsigned n, uint64_t *ret_bytes)
{
    unsigned good = 0;
    struct heard h;
    struct heng_telegram t;
    for (unsigned i = 0; i < n; i++) {
        exchange(bus, (heng_us)(i + 1) * HENG_US_PER_S, mbus_short(i % 2 ? 0x7B : 0x5B, 5, &buf), 999000, &h);
        good += telegram_of(HENG_PROTOCOL_MBUS, &h, &t) && t.kind == HENG_TELEGRAM_VARIABLE;
        *ret_bytes += h.n;
    }
    return good;
}

/* A byte error of 1e-3 hits about one answer of 100 bytes in ten, and one request of 5 bytes in two hundred. */
static void errors_come_as_often_as_told(void **state)
{
    (void)state;
    enum { N = 4000 };
    struct heng_sim_bus_config config = quiet_bus();
    struct heng_sim_meter_config meter = mbus_meter(5);
    struct heng_sim_bus_ledger ledger;
    uint64_t bytes = 0;
    struct heng_sim_bus *bus = new_bus(&config, &meter, 1);
    assert_int_equal(good_of(bus, N, &bytes), N);
    heng_sim_bus_ledger_now(bus, &ledger);
    assert_int_equal(ledger.bytes_hit, 0);
    assert_int_equal(ledger.collisions, 0);
    heng_sim_bus_free(bus);

    config.byte_error_ppm = 1000;
    bus = new_bus(&config, &meter, 1);
    uint64_t noisy = 0;
    unsigned good = good_of(bus, N, &noisy);
    heng_sim_bus_ledger_now(bus, &ledger);
    double expected = (double)(bytes + 5 * N) * 1e-3; /* six deviations either way */
    assert_true((double)ledger.bytes_hit > expected * 0.7 && (double)ledger.bytes_hit < expected * 1.3);
    assert_in_range(good, N * 87 / 100, N * 94 / 100);
    heng_sim_bus_free(bus);

    config = quiet_bus();
    config.byte_lost_ppm = 1000;
    bus = new_bus(&config, &meter, 1);
    noisy = 0;
    (void)good_of(bus, N, &noisy);
    assert_in_range(bytes - noisy, 200, 2500 + N / 100 * 90);
    heng_sim_bus_free(bus);
}

static void bursts_and_strays(void **state)
{
    (void)state;
    struct heng_sim_bus_config config = quiet_bus();
    struct heng_sim_meter_config meter = mbus_meter(5);
    struct heng_sim_bus_ledger ledger;
    uint64_t bytes = 0;
    config.burst_ppm = 200;
    config.burst_bytes = 20;
    struct heng_sim_bus *bus = new_bus(&config, &meter, 1);
    (void)good_of(bus, 4000, &bytes);
    heng_sim_bus_ledger_now(bus, &ledger);
    /* 200 ppm of 400,000 bytes are 80 bursts, of which each hits ten bytes */
    assert_in_range(ledger.bytes_hit, 400, 1300);
    heng_sim_bus_free(bus);

    config = quiet_bus();
    config.noise_ppm = 10000;
    bus = new_bus(&config, &meter, 1);
    struct heard h;
    listen_until(bus, 60 * HENG_US_PER_S, &h);
    assert_in_range(h.n, 80, 180); /* 13,090 byte times, one in a hundred */
    heng_sim_bus_free(bus);
}

static void an_echo_comes_back(void **state)
{
    (void)state;
    struct heng_sim_bus_config config = quiet_bus();
    struct heng_sim_meter_config meter = mbus_meter(5);
    struct heard h;
    struct heng_slice said;
    heng_us at;
    config.echo = true;
    struct heng_sim_bus *bus = new_bus(&config, &meter, 1);
    struct heng_slice request = mbus_short(0x5B, 5, &buf);
    exchange(bus, 1000000, request, 2000000, &h);
    assert_true(heng_sim_bus_said(bus, 0, 0, &said, &at));
    assert_int_equal(h.n, request.n + said.n);
    assert_memory_equal(h.p, request.p, request.n);
    assert_memory_equal(h.p + request.n, said.p, said.n);
    assert_in_range(h.first_us, 1004583, 1004584);
    heng_sim_bus_free(bus);
}

static void late_half_glued_lumped(void **state)
{
    (void)state;
    struct heng_sim_bus_config config = quiet_bus();
    struct heng_sim_meter_config meter = mbus_meter(5);
    struct heard h;
    struct heng_slice said;
    struct heng_sim_bus_ledger ledger;
    heng_us at;
    config.late_ppm = 1000000;
    config.late_min_ms = 50;
    config.late_max_ms = 5000;
    struct heng_sim_bus *bus = new_bus(&config, &meter, 1);
    exchange(bus, 1000000, mbus_short(0x5B, 5, &buf), 7000000, &h);
    assert_true(heng_sim_bus_said(bus, 0, 0, &said, &at));
    assert_true(heng_slice_eq(said, heard_slice(&h)));
    assert_in_range(h.first_us, 1077500 + 50000, 1077501 + 5000000);
    heng_sim_bus_ledger_now(bus, &ledger);
    assert_int_equal(ledger.delay_us, 50000); /* what is ideal does not become later */
    heng_sim_bus_free(bus);

    config = quiet_bus();
    config.half_ppm = 1000000;
    bus = new_bus(&config, &meter, 1);
    exchange(bus, 1000000, mbus_short(0x5B, 5, &buf), 2000000, &h);
    assert_true(heng_sim_bus_said(bus, 0, 0, &said, &at));
    assert_in_range(h.n, 1, said.n - 1);
    assert_memory_equal(h.p, said.p, h.n);
    heng_sim_bus_free(bus);

    config = quiet_bus();
    config.glue_ppm = 1000000;
    bus = new_bus(&config, &meter, 1);
    exchange(bus, 1000000, mbus_short(0x40, 5, &buf), 2000000, &h);
    assert_int_equal(h.n, 0);
    exchange(bus, 4000000, mbus_short(0x7B, 5, &buf), 2000000, &h);
    assert_true(heng_sim_bus_said(bus, 0, 0, &said, &at));
    assert_int_equal(h.n, 1 + said.n);
    assert_int_equal(h.p[0], 0xE5);
    heng_sim_bus_free(bus);

    config = quiet_bus();
    config.chunk_ms = 50;
    bus = new_bus(&config, &meter, 1);
    heng_sim_bus_hear(bus, 1000000, mbus_short(0x5B, 5, &buf));
    for (at = heng_sim_bus_due(bus); at < 3000000; at = heng_sim_bus_due(bus)) {
        uint8_t p[300];
        size_t n = heng_sim_bus_take(bus, at, p, sizeof p);
        assert_true(n == 0 || at % 50000 == 0);
        assert_true(n <= 11 + 1); /* 50 ms at 2400 */
    }
    heng_sim_bus_free(bus);
}

/* Two meters answer, apart by less than half a bit, by whole bits, by bytes: each bit on the wire is the AND. */
static void collisions_are_the_and_of_bits(void **state)
{
    (void)state;
    struct heng_telegram t;
    unsigned same = 0, broken = 0;
    for (uint32_t shift_us = 0; shift_us <= 20000; shift_us += 100) {
        struct heng_sim_bus_config config = quiet_bus();
        struct heng_sim_meter_config meters[2] = {mbus_meter(5), mbus_meter(5)};
        struct heng_sim_bus_ledger ledger;
        struct heard h;
        struct heng_slice a, b;
        heng_us at;
        meters[1].delay_min_us = meters[1].delay_max_us = 50000 + shift_us;
        struct heng_sim_bus *bus = new_bus(&config, meters, 2);
        exchange(bus, 1000000, mbus_short(0x40, 5, &buf), 1000000, &h); /* two E5 */
        if (shift_us < 200) assert_true(h.n == 1 && h.p[0] == 0xE5);
        if (shift_us > 4600) assert_true(h.n == 2 && h.p[0] == 0xE5 && h.p[1] == 0xE5);
        exchange(bus, 3000000, mbus_short(0x7B, 5, &buf), 2000000, &h);
        assert_true(heng_sim_bus_said(bus, 0, 0, &a, &at) && heng_sim_bus_said(bus, 1, 0, &b, &at));
        assert_int_equal(a.n, b.n);
        if (shift_us < 200) {
            assert_int_equal(h.n, a.n);
            for (size_t i = 0; i < a.n; i++) assert_int_equal(h.p[i], a.p[i] & b.p[i]);
            same++;
        } else {
            broken += !telegram_of(HENG_PROTOCOL_MBUS, &h, &t) || t.kind != HENG_TELEGRAM_VARIABLE;
        }
        heng_sim_bus_ledger_now(bus, &ledger);
        assert_in_range(ledger.collisions, 1, 2);
        heng_sim_bus_free(bus);
    }
    assert_int_equal(same, 2);
    assert_int_equal(broken, 199);
}

/* The same wire looked at microsecond by microsecond: the level of all frames, then a UART by the book. */
struct sender {
    struct heng_slice frame;
    heng_us at_us;
};

static heng_us after_bits(uint32_t baud, unsigned half_bits)
{
    return ((heng_us)half_bits * HENG_US_PER_S + 2 * (heng_us)baud - 1) / (2 * (heng_us)baud);
}

static bool level(const struct sender *senders, size_t count, uint32_t baud, heng_us t)
{
    for (size_t i = 0; i < count; i++) {
        const struct sender *s = &senders[i];
        if (t < s->at_us) continue;
        uint64_t bit = (uint64_t)(t - s->at_us) * baud / (uint64_t)HENG_US_PER_S;
        if (bit / 11 >= s->frame.n) continue;
        uint8_t byte = s->frame.p[bit / 11];
        unsigned within = (unsigned)(bit % 11);
        bool high = within == 0   ? false
                    : within <= 8 ? byte >> (within - 1) & 1
                    : within == 9 ? __builtin_parity(byte)
                                  : true;
        if (!high) return false;
    }
    return true;
}

static size_t by_the_book(const struct sender *senders, size_t count, uint32_t baud, heng_us from, heng_us until,
                          uint8_t *ret)
{
    size_t n = 0;
    bool was_high = true;
    for (heng_us t = from; t < until; t++) {
        bool high = level(senders, count, baud, t);
        if (high || !was_high) {
            was_high = high;
            continue;
        }
        unsigned byte = 0;
        for (unsigned i = 0; i < 8; i++)
            byte |= (unsigned)level(senders, count, baud, t + after_bits(baud, 2 * i + 3)) << i;
        ret[n++] = (uint8_t)byte;
        t += after_bits(baud, 21); /* the middle of the stop bit */
        was_high = level(senders, count, baud, t);
    }
    return n;
}

static void a_uart_by_the_book_hears_the_same(void **state)
{
    (void)state;
    const uint64_t seed = 31415;
    struct heng_sim_rng rng = heng_sim_rng_of(seed, 2);
    print_message("seed %llu\n", (unsigned long long)seed);
    for (unsigned i = 0; i < 60; i++) {
        struct heng_sim_bus_config config = quiet_bus();
        struct heng_sim_meter_config meters[3];
        struct sender senders[3];
        struct heard h;
        uint8_t expected[1000];
        size_t count = 2 + i % 2;
        config.baud = i % 3 ? 9600 : 2400;
        for (unsigned k = 0; k < count; k++) {
            meters[k] = mbus_meter(5);
            meters[k].start_count = heng_sim_rng_below(&rng, 100000000);
            meters[k].telegrams = (uint8_t)(1 + heng_sim_rng_below(&rng, 2));
            meters[k].delay_min_us = meters[k].delay_max_us = 20000 + heng_sim_rng_below(&rng, i % 5 ? 150000 : 1000);
        }
        struct heng_sim_bus *bus = new_bus(&config, meters, count);
        exchange(bus, 1000000, mbus_short(0x5B, 5, &buf), 2000000, &h);
        for (unsigned k = 0; k < count; k++)
            assert_true(heng_sim_bus_said(bus, k, 0, &senders[k].frame, &senders[k].at_us));
        size_t n = by_the_book(senders, count, config.baud, 1000000, 2800000, expected);
        assert_int_equal(h.n, n);
        assert_memory_equal(h.p, expected, n);
        heng_sim_bus_free(bus);
    }
}

static void who_speaks_into_an_answer_spoils_it(void **state)
{
    (void)state;
    struct heng_sim_bus_config config = quiet_bus();
    struct heng_sim_meter_config meters[2] = {mbus_meter(5), mbus_meter(6)};
    struct heng_sim_bus *bus = new_bus(&config, meters, 2);
    struct heard h;
    struct heng_telegram t;
    heng_sim_bus_hear(bus, 1000000, mbus_short(0x5B, 5, &buf));
    exchange(bus, 1200000, mbus_short(0x5B, 6, &buf), 2000000, &h);
    assert_false(telegram_of(HENG_PROTOCOL_MBUS, &h, &t) && t.kind == HENG_TELEGRAM_VARIABLE);
    assert_true(h.n > 50);
    exchange(bus, 5000000, mbus_short(0x5B, 6, &buf), 2000000, &h); /* and then all is well */
    assert_true(telegram_of(HENG_PROTOCOL_MBUS, &h, &t));
    heng_sim_bus_free(bus);
}

/* --- the same again ---------------------------------------------------------------------------------------- */

static struct heng_sim_bus *wild_bus(uint64_t seed, struct heng_sim_meter_config meters[METERS])
{
    struct heng_sim_bus_config config = {.baud = 2400,
                                         .parity = 'E',
                                         .seed = seed,
                                         .byte_error_ppm = 3000,
                                         .byte_lost_ppm = 1000,
                                         .burst_ppm = 100,
                                         .burst_bytes = 10,
                                         .noise_ppm = 500,
                                         .echo = seed & 1,
                                         .late_ppm = 100000,
                                         .late_min_ms = 50,
                                         .late_max_ms = 5000,
                                         .half_ppm = 50000,
                                         .glue_ppm = 50000,
                                         .chunk_ms = seed & 2 ? 20 : 0};
    static const heng_protocol protocols[4] = {HENG_PROTOCOL_MBUS, HENG_PROTOCOL_CJT188, HENG_PROTOCOL_DLT645_2007,
                                               HENG_PROTOCOL_DLT645_1997};
    for (unsigned i = 0; i < METERS; i++) {
        meters[i] = mbus_meter(i % 5);
        meters[i].protocol = protocols[i % 4];
        meters[i].delay_min_us = 20000;
        meters[i].delay_max_us = 120000;
        if (i % 4 == 1) snprintf(meters[i].address, sizeof meters[i].address, "0000%010u", i);
        if (i % 4 > 1) snprintf(meters[i].address, sizeof meters[i].address, "0000%08u", i);
    }
    if (seed % 3 == 0) { /* Modbus on the same wire */
        meters[0].protocol = HENG_PROTOCOL_MODBUS_RTU;
        snprintf(meters[0].address, sizeof meters[0].address, "17");
    }
    return new_bus(&config, meters, METERS);
}

/* A question that somebody may understand. */
static void any_request(struct heng_sim_rng *rng)
{
    uint32_t who = heng_sim_rng_below(rng, METERS);
    struct heng_mbus_selection selection = {.who = {.version = 0xFF, .medium = 0xFF}};
    struct heng_cjt188_frame cjt = {.type = 0x10, .control = 1, .ser = (uint8_t)who, .preamble = 2, .di = 0x901F};
    struct heng_dlt645_frame dlt = {.control = 0x11, .preamble = 4};
    static const uint8_t energy[4] = {0x00, 0xFF, 0x01, 0x00};
    heng_rc rc = HENG_OK;
    buf.n = 0;
    switch (heng_sim_rng_below(rng, 6)) {
    case 0: rc = heng_mbus_encode_short(who % 2 ? 0x7B : 0x5B, (uint8_t)heng_sim_rng_below(rng, 6), &buf); break;
    case 1: rc = heng_mbus_encode_short(0x40, 0xFE, &buf); break;
    case 2:
        snprintf(selection.who.id, sizeof selection.who.id, "100000%sF", who % 2 ? "0" : "F");
        rc = heng_mbus_encode_select(HENG_MBUS_C_SND_UD, &selection, &buf);
        break;
    case 3: rc = heng_mbus_encode_short(0x7B, 0xFD, &buf); break;
    case 4:
        snprintf(cjt.id, sizeof cjt.id, "0000%010u", who);
        if (who == 0) memset(cjt.id, 'A', 14);
        rc = heng_cjt188_encode(&cjt, &buf);
        break;
    default:
        snprintf(dlt.id, sizeof dlt.id, "0000%08u", who);
        dlt.data = heng_slice_of(energy, sizeof energy);
        rc = heng_dlt645_encode(&dlt, &buf);
        break;
    }
    assert_int_equal(rc, HENG_OK);
}

/* On a quiet bus, one question at a time: what comes up is what the meter said, at its time. */
static void a_quiet_wire_changes_nothing(void **state)
{
    (void)state;
    const uint64_t seed = 99;
    struct heng_sim_rng rng = heng_sim_rng_of(seed, 5);
    struct heng_sim_bus_config config = quiet_bus();
    struct heng_sim_meter_config meters[METERS];
    heng_sim_bus_free(wild_bus(seed + 2, meters)); /* for its meters; seed without Modbus */
    print_message("seed %llu\n", (unsigned long long)seed);
    unsigned answered = 0;
    for (unsigned round = 0; round < 20; round++) {
        static const uint32_t speeds[] = {300, 1200, 2400, 9600, 19200, 38400};
        static const char parities[] = "ENO";
        config.baud = speeds[heng_sim_rng_below(&rng, 6)];
        config.parity = parities[heng_sim_rng_below(&rng, 3)];
        for (unsigned i = 0; i < METERS; i++) { /* no two of one address */
            if (meters[i].protocol == HENG_PROTOCOL_MBUS)
                snprintf(meters[i].address, sizeof meters[i].address, "%u", i);
            meters[i].delay_max_us = meters[i].delay_min_us = 20000 + heng_sim_rng_below(&rng, 200000);
        }
        struct heng_sim_bus *bus = new_bus(&config, meters, METERS);
        heng_us now = 0;
        for (unsigned i = 0; i < METERS; i++) {
            struct heng_slice said;
            struct heard h;
            heng_us at;
            do any_request(&rng);
            while (buf.p[0] == 0x10 ? buf.p[2] > 250 : buf.p[0] == 0x68 || buf.p[6] == 0xAA);
            exchange(bus, now, heng_buf_slice(&buf), 15 * HENG_US_PER_S, &h);
            bool found = h.n == 0; /* nobody of that number */
            answered += h.n > 0;
            for (unsigned k = 0; k < METERS && !found; k++)
                found = heng_sim_bus_said(bus, k, 0, &said, &at) && at > now && heng_slice_eq(said, heard_slice(&h)) &&
                        llabs(h.first_us - at - 1000000 * (config.parity == 'N' ? 10 : 11) / (heng_us)config.baud) <= 2;
            assert_true(found);
            now += 20 * HENG_US_PER_S;
        }
        heng_sim_bus_free(bus);
    }
    assert_true(answered > 100);
}

/* Everything that comes up while questions are asked; looked at when something is due, or at moments of chance. */
static size_t record(uint64_t seed, bool by_chance, uint8_t *ret, size_t cap)
{
    struct heng_sim_meter_config meters[METERS];
    struct heng_sim_bus *bus = wild_bus(seed, meters);
    struct heng_sim_rng questions = heng_sim_rng_of(seed, 77), looks = heng_sim_rng_of(seed, by_chance ? 78 : 79);
    heng_us now = 0;
    size_t n = 0;
    for (unsigned i = 0; i < 60; i++) {
        heng_us next = now + 100000 + heng_sim_rng_below(&questions, 2500000);
        any_request(&questions);
        while (now < next) {
            heng_us due = heng_sim_bus_due(bus);
            heng_us at = by_chance ? now + 1 + heng_sim_rng_below(&looks, 300000) : due > now ? due : now + 1;
            now = at < next ? at : next;
            n += heng_sim_bus_take(bus, now, ret + n, cap - n);
        }
        heng_sim_bus_hear(bus, now, heng_buf_slice(&buf));
    }
    n += heng_sim_bus_take(bus, now + 20 * HENG_US_PER_S, ret + n, cap - n);
    heng_sim_bus_free(bus);
    return n;
}

static void the_same_seed_does_the_same(void **state)
{
    (void)state;
    static uint8_t a[40000], b[40000];
    uint64_t seed = 20261121;
    print_message("seed %llu\n", (unsigned long long)seed);
    for (unsigned i = 0; i < 12; i++, seed++) {
        size_t n = record(seed, false, a, sizeof a), m = record(seed, true, b, sizeof b);
        assert_true(n > 500 && n < sizeof a);
        assert_int_equal(n, m);
        assert_memory_equal(a, b, n);
        m = record(seed + 1000, false, b, sizeof b);
        assert_true(m != n || memcmp(a, b, n) != 0);
    }
}

/* Good frames with damage whose check is repaired, rubbish, and floods. */
static void no_request_breaks_it(void **state)
{
    (void)state;
    const uint64_t seed = 4711;
    struct heng_sim_rng rng = heng_sim_rng_of(seed, 1);
    struct heng_sim_meter_config meters[METERS];
    struct heng_sim_bus *bus = NULL;
    uint8_t bytes[600], up[700];
    heng_us now = 0;
    print_message("seed %llu\n", (unsigned long long)seed);
    for (unsigned i = 0; i < 30000; i++) {
        if (i % 1000 == 0) {
            heng_sim_bus_free(bus);
            bus = wild_bus(seed + i, meters);
            now = 0;
        }
        any_request(&rng);
        size_t n = buf.n;
        memcpy(bytes, buf.p, n);
        size_t at = bytes[0] == 0xFE ? (bytes[3] == 0xFE ? 4 : 2) : 0, sum_from = at + (bytes[at + 3] == 0x68 ? 4 : 0);
        for (unsigned k = heng_sim_rng_below(&rng, 4); k > 0; k--)
            bytes[at + heng_sim_rng_below(&rng, (uint32_t)(n - at))] = (uint8_t)heng_sim_rng_next(&rng);
        if (n > 5 && bytes[at] == 0x68) { /* the check is right again */
            uint8_t sum = 0;
            for (size_t k = sum_from; k + 2 < n; k++) sum = (uint8_t)(sum + bytes[k]);
            bytes[n - 2] = sum;
            bytes[n - 1] = 0x16;
        }
        if (i % 50 == 0) {
            n = 1 + heng_sim_rng_below(&rng, sizeof bytes);
            for (size_t k = 0; k < n; k++) bytes[k] = (uint8_t)heng_sim_rng_next(&rng);
        }
        heng_sim_bus_hear(bus, now, heng_slice_of(bytes, n));
        now += 1000 + heng_sim_rng_below(&rng, 700000);
        (void)heng_sim_bus_take(bus, now, up, heng_sim_rng_below(&rng, sizeof up));
        if (i % 997 == 0) heng_sim_bus_set_cut(bus, heng_sim_rng_below(&rng, METERS + 1));
        if (i % 499 == 0) heng_sim_bus_swap(bus, heng_sim_rng_below(&rng, METERS), &meters[0]);
        if (i % 301 == 0) heng_sim_bus_set_speed(bus, now, i % 2 ? 1200 : 2400, i % 4 ? 'E' : 'N');
    }
    heng_sim_bus_free(bus);
}

/* 32 meters, asked one after another as fast as they answer. The number is for people. */
static void it_is_fast(void **state)
{
    (void)state;
    struct heng_sim_bus_config config = quiet_bus();
    struct heng_sim_meter_config meters[32];
    config.byte_error_ppm = 1000;
    config.chunk_ms = 10;
    for (unsigned i = 0; i < 32; i++) meters[i] = mbus_meter(i + 1);
    struct heng_sim_bus *bus = new_bus(&config, meters, 32);
    heng_us cpu = heng_clock_cpu(), now = 0;
    uint8_t up[300];
    uint64_t bytes = 0;
    for (unsigned i = 0; i < 20000; i++) {
        heng_sim_bus_hear(bus, now, mbus_short(i / 32 % 2 ? 0x7B : 0x5B, (uint8_t)(i % 32 + 1), &buf));
        heng_us until = now + 600000;
        while (now < until) {
            heng_us due = heng_sim_bus_due(bus);
            now = due < until ? due : until;
            bytes += heng_sim_bus_take(bus, now, up, sizeof up);
        }
    }
    cpu = heng_clock_cpu() - cpu;
    print_message("%.1f bus hours in %.2f s: %.0f bus hours a second, %.1f us an exchange\n", (double)now / 3.6e9,
                  (double)cpu / 1e6, (double)now / 3.6e9 / ((double)cpu / 1e6), (double)cpu / 20000);
    assert_true(bytes > 20000 * 60);
    heng_sim_bus_free(bus);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(errors_come_as_often_as_told, set_up),
        cmocka_unit_test_setup(bursts_and_strays, set_up),
        cmocka_unit_test_setup(an_echo_comes_back, set_up),
        cmocka_unit_test_setup(late_half_glued_lumped, set_up),
        cmocka_unit_test_setup(collisions_are_the_and_of_bits, set_up),
        cmocka_unit_test_setup(a_uart_by_the_book_hears_the_same, set_up),
        cmocka_unit_test_setup(who_speaks_into_an_answer_spoils_it, set_up),
        cmocka_unit_test_setup(a_quiet_wire_changes_nothing, set_up),
        cmocka_unit_test_setup(the_same_seed_does_the_same, set_up),
        cmocka_unit_test_setup(no_request_breaks_it, set_up),
        cmocka_unit_test_setup(it_is_fast, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
