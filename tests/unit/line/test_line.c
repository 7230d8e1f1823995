/* The line in virtual time: a bus of made-up meters answers what the line sends, byte by byte at 2400 baud,
 * with every trouble a bus knows. Nothing here sleeps and nothing reads a clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "codec/cjt188.h"
#include "codec/mbus.h"
#include "line/line.h"
#include "sim/rng.h"

enum { METERS_MAX = 250, ANSWER_MAX = 2048, ON_THE_WIRE_MAX = 4096 };

/* What a meter on the bus does when it is asked. */
struct fake {
    uint8_t address;
    uint32_t energy_kwh;
    bool dead;
    bool access_stands_still; /* its access number does not count */
    bool ignores_reset;       /* SND_NKE is not acknowledged */
    unsigned telegrams;       /* of one read; 1 is usual */
    unsigned spoil;           /* so many answers get a flipped bit first */
    unsigned refuse;          /* so many requests are answered with error `refuse_code` */
    uint8_t refuse_code;
    uint8_t answers_as; /* the primary address in its answers, when not its own */
    /* state */
    int last_fcb; /* -1 after a reset */
    unsigned telegram;
    uint8_t access;
    uint8_t last[300];
    size_t last_n;
    unsigned asked;
};

struct bus {
    struct heng_line *line;
    heng_us now;
    struct fake meters[METERS_MAX];
    size_t meter_count;
    bool cut;         /* requests vanish */
    bool echo;        /* the converter hears itself */
    const char *junk; /* hex in front of every answer */
    heng_us answer_delay;
    heng_us byte_us; /* 11 bits at the speed of the bus */
    size_t chunk;    /* bytes per delivery */
    uint64_t seed;
    /* bytes on their way to the line: when, what */
    struct {
        heng_us at;
        size_t n;
        uint8_t bytes[64];
    } wire[ON_THE_WIRE_MAX];
    size_t wire_n;
    /* what came of it */
    struct heng_read results[4096];
    size_t result_count;
    unsigned status_count;
};

static const uint8_t record_energy_kwh[] = {0x06};

static size_t answer_data(struct fake *m, uint8_t *out, size_t cap)
{
    uint8_t data[200];
    struct heng_buf body = heng_buf_of(data, sizeof data);
    char id[9];
    snprintf(id, sizeof id, "%08u", 10000000u + m->address);
    struct heng_mbus_secondary who = {.manufacturer = "HNG", .version = 1, .medium = 0x04};
    memcpy(who.id, id, sizeof id);
    assert_int_equal(heng_mbus_encode_header(&who, m->access_stands_still ? 0 : m->access++, 0, &body), HENG_OK);
    /* Telegram n carries storage number n - 1, so that a lost or doubled one shows. */
    uint8_t dif = (uint8_t)(0x04 | (m->telegram ? 0x40 : 0));
    assert_int_equal(
        heng_mbus_encode_record(dif, heng_slice_of(record_energy_kwh, 1), m->energy_kwh + m->telegram, 4, &body),
        HENG_OK);
    if (m->telegram + 1 < m->telegrams) heng_buf_u8(&body, 0x1F);
    struct heng_buf frame = heng_buf_of(out, cap);
    uint8_t address = m->answers_as ? m->answers_as : m->address;
    assert_int_equal(
        heng_mbus_encode_long(HENG_MBUS_C_RSP_UD, address, HENG_MBUS_CI_RSP_VARIABLE, heng_buf_slice(&body), &frame),
        HENG_OK);
    return frame.n;
}

/* The answer of the bus to one request; 0 bytes for silence. */
static size_t ask_meter(struct fake *m, uint8_t control, uint8_t *out, size_t cap)
{
    m->asked++;
    if (m->dead) return 0;
    if (control == HENG_MBUS_C_SND_NKE) {
        m->last_fcb = -1;
        m->telegram = 0;
        if (m->ignores_reset) return 0;
        out[0] = HENG_MBUS_ACK;
        return 1;
    }
    int fcb = (control & HENG_MBUS_C_FCB) != 0;
    if (m->refuse) {
        m->refuse--;
        struct heng_buf frame = heng_buf_of(out, cap);
        assert_int_equal(heng_mbus_encode_long(0x08, m->address, 0x70, heng_slice_of(&m->refuse_code, 1), &frame),
                         HENG_OK);
        return frame.n;
    }
    if (fcb != m->last_fcb || m->last_n == 0) {
        if (m->last_fcb >= 0) m->telegram = m->telegram + 1 < m->telegrams ? m->telegram + 1 : 0;
        m->last_n = answer_data(m, m->last, sizeof m->last);
        m->last_fcb = fcb;
    }
    memcpy(out, m->last, m->last_n);
    if (m->spoil) {
        m->spoil--;
        out[m->last_n - 6] ^= 0x10;
    }
    return m->last_n;
}

/* Put bytes on the wire; they arrive in chunks at the speed of the bus. Returns when the last one arrives. */
static heng_us deliver(struct bus *bus, heng_us at, const uint8_t *bytes, size_t n)
{
    size_t chunk = bus->chunk ? bus->chunk : 8;
    for (size_t from = 0; from < n;) {
        size_t some = n - from < chunk ? n - from : chunk;
        at += (heng_us)some * bus->byte_us;
        assert_true(bus->wire_n < ON_THE_WIRE_MAX && some <= sizeof bus->wire[0].bytes);
        bus->wire[bus->wire_n].at = at;
        bus->wire[bus->wire_n].n = some;
        memcpy(bus->wire[bus->wire_n++].bytes, bytes + from, some);
        from += some;
    }
    return at;
}

/* The next bytes to arrive; ON_THE_WIRE_MAX when there are none. */
static size_t next_on_wire(const struct bus *bus)
{
    size_t best = ON_THE_WIRE_MAX;
    for (size_t i = 0; i < bus->wire_n; i++)
        if (best == ON_THE_WIRE_MAX || bus->wire[i].at < bus->wire[best].at) best = i;
    return best;
}

static void arrive(struct bus *bus, size_t i)
{
    if (bus->wire[i].at > bus->now) bus->now = bus->wire[i].at;
    heng_line_feed(bus->line, bus->now, heng_slice_of(bus->wire[i].bytes, bus->wire[i].n));
    memmove(&bus->wire[i], &bus->wire[i + 1], (--bus->wire_n - i) * sizeof bus->wire[0]);
}

static void on_send(struct bus *bus, struct heng_slice request)
{
    uint8_t answer[ANSWER_MAX];
    size_t n = 0;
    heng_us at = bus->now + (heng_us)request.n * bus->byte_us;
    if (bus->cut) return;
    if (bus->echo) deliver(bus, bus->now, request.p, request.n);
    if (request.n == 5 && request.p[0] == 0x10)
        for (size_t i = 0; i < bus->meter_count; i++)
            if (bus->meters[i].address == request.p[2])
                n = ask_meter(&bus->meters[i], request.p[1], answer, sizeof answer);
    if (n == 0) return;
    at += bus->answer_delay;
    if (bus->junk) {
        uint8_t junk[64];
        struct heng_buf b = heng_buf_of(junk, sizeof junk);
        assert_int_equal(heng_hex_parse(heng_slice_str(bus->junk), &b, NULL), HENG_OK);
        at = deliver(bus, at, junk, b.n);
    }
    deliver(bus, at, answer, n);
}

/* Let the bus run until the given time. */
static void run(struct bus *bus, heng_us until)
{
    for (unsigned turns = 0; turns < 2000000; turns++) {
        struct heng_line_action action;
        heng_line_poll(bus->line, bus->now, &action);
        switch (action.kind) {
        case HENG_LINE_SEND: on_send(bus, action.bytes); break;
        case HENG_LINE_RESULT:
            assert_true(bus->result_count < sizeof bus->results / sizeof bus->results[0]);
            bus->results[bus->result_count++] = *action.result.read;
            break;
        case HENG_LINE_STATUS: bus->status_count++; break;
        case HENG_LINE_SPEED:
        case HENG_LINE_FOUND:
        case HENG_LINE_SEARCHED: break;
        case HENG_LINE_NONE: {
            heng_us next = heng_line_deadline(bus->line);
            size_t i = next_on_wire(bus);
            if (i < ON_THE_WIRE_MAX && bus->wire[i].at <= next && bus->wire[i].at <= until) {
                arrive(bus, i);
                break;
            }
            if (next > until) {
                bus->now = until > bus->now ? until : bus->now;
                return;
            }
            if (next > bus->now) bus->now = next;
            break;
        }
        }
    }
    fail_msg("the line never rests");
}

static struct bus *make_bus_at(unsigned meters, uint32_t period_s, uint32_t baud, uint32_t latency_ms)
{
    struct bus *bus = calloc(1, sizeof *bus);
    struct heng_meter_config *configs = calloc(meters, sizeof *configs);
    assert_true(bus && configs);
    bus->now = HENG_US_PER_S;
    bus->answer_delay = 60 * HENG_US_PER_MS;
    bus->byte_us = 11 * HENG_US_PER_S / baud;
    bus->meter_count = meters;
    for (unsigned i = 0; i < meters; i++) {
        bus->meters[i] =
            (struct fake){.address = (uint8_t)(i + 1), .energy_kwh = 1000 * (i + 1), .telegrams = 1, .last_fcb = -1};
        configs[i] = (struct heng_meter_config){.device_id = i + 1, .line_id = 1, .protocol = HENG_PROTOCOL_MBUS};
        snprintf(configs[i].address, sizeof configs[i].address, "%u", i + 1);
        snprintf(configs[i].number, sizeof configs[i].number, "%u", 10000001 + i);
    }
    struct heng_line_config config = {.id = 1,
                                      .name = "test",
                                      .baud = baud,
                                      .parity = 'E',
                                      .latency_ms = latency_ms,
                                      .period_s = period_s,
                                      .single_reads = true};
    struct heng_err err = {.text = ""};
    if (heng_line_new(&config, configs, meters, &bus->line, &err) != HENG_OK) fail_msg("%s", err.text);
    free(configs);
    return bus;
}

static struct bus *make_bus(unsigned meters, uint32_t period_s) { return make_bus_at(meters, period_s, 2400, 20); }

static void end_bus(struct bus *bus)
{
    heng_line_free(bus->line);
    free(bus);
}

static void assert_energy(const struct heng_read *read, int64_t kwh)
{
    char text[HENG_DEC_TEXT_MAX], wanted[32];
    assert_int_equal(read->outcome, HENG_OUTCOME_OK);
    assert_true(read->value_count >= 1 && read->values[0].has_value);
    assert_int_equal(read->values[0].key.quantity, HENG_QUANTITY_ENERGY);
    assert_int_equal(read->values[0].key.unit, HENG_UNIT_WH);
    heng_dec_format(read->values[0].dec, text);
    snprintf(wanted, sizeof wanted, "%lld", (long long)kwh * 1000);
    assert_string_equal(text, wanted);
}

static void a_round_reads_every_meter_once(void **state)
{
    (void)state;
    struct bus *bus = make_bus(48, 60);
    heng_line_opened(bus->line, bus->now);
    run(bus, 55 * HENG_US_PER_S);
    assert_int_equal(bus->result_count, 48);
    for (unsigned i = 0; i < 48; i++) {
        assert_int_equal(bus->results[i].device_id, i + 1);
        assert_energy(&bus->results[i], 1000 * (i + 1));
        assert_int_equal(bus->results[i].frame_count, 1);
        assert_int_equal(bus->results[i].frames[0].bytes[0], 0x68);
    }
    assert_int_equal(heng_line_state_now(bus->line), HENG_LINE_STATE_IDLE);
    const struct heng_line_counters *c = heng_line_counters_now(bus->line);
    assert_int_equal(c->reads_ok, 48);
    assert_int_equal(c->requests, 96); /* a reset and a request each */
    assert_int_equal(c->silence + c->noise + c->checksum + c->format + c->foreign + c->echo, 0);

    run(bus, 115 * HENG_US_PER_S); /* the second round needs no resets */
    assert_int_equal(bus->result_count, 96);
    assert_int_equal(c->requests, 96 + 48);
    end_bus(bus);
}

static void a_dead_meter_costs_three_tries_and_stops_nobody(void **state)
{
    (void)state;
    struct bus *bus = make_bus(10, 60);
    bus->meters[3].dead = true;
    heng_line_opened(bus->line, bus->now);
    heng_us start = bus->now;
    run(bus, 55 * HENG_US_PER_S);
    assert_int_equal(bus->result_count, 10);
    assert_int_equal(bus->results[3].outcome, HENG_OUTCOME_SILENCE);
    assert_int_equal(bus->results[3].tries, 3);
    assert_int_equal(bus->results[3].value_count, 0);
    assert_int_equal(bus->meters[3].asked, 3);
    for (unsigned i = 0; i < 10; i++)
        if (i != 3) assert_energy(&bus->results[i], 1000 * (i + 1));
    /* three tries of at most 23 + 250 + 20 ms of waiting and 20 ms of rest */
    assert_true(bus->results[4].at_us - bus->results[2].at_us < start + 2 * HENG_US_PER_S);
    assert_int_equal(heng_line_counters_now(bus->line)->silence, 3);
    end_bus(bus);
}

static void a_damaged_answer_is_asked_for_again(void **state)
{
    (void)state;
    struct bus *bus = make_bus(3, 60);
    bus->meters[1].spoil = 2;
    heng_line_opened(bus->line, bus->now);
    run(bus, 30 * HENG_US_PER_S);
    assert_int_equal(bus->result_count, 3);
    assert_energy(&bus->results[1], 2000);
    assert_int_equal(heng_line_counters_now(bus->line)->checksum, 2);

    bus->meters[1].spoil = 3; /* all tries of the conversation: it is asked once more at the end of the round */
    run(bus, 90 * HENG_US_PER_S);
    assert_int_equal(bus->result_count, 6);
    assert_energy(&bus->results[4], 3000);
    assert_energy(&bus->results[5], 2000);

    bus->meters[1].spoil = 6;
    run(bus, 150 * HENG_US_PER_S);
    assert_int_equal(bus->result_count, 9);
    assert_energy(&bus->results[7], 3000);
    assert_int_equal(bus->results[8].outcome, HENG_OUTCOME_CHECKSUM);
    assert_int_equal(bus->results[8].value_count, 0);
    assert_int_equal(bus->results[8].frame_count, 0);
    end_bus(bus);
}

static void an_answer_of_another_meter_is_never_used(void **state)
{
    (void)state;
    struct bus *bus = make_bus(3, 60);
    bus->meters[1].answers_as = 3; /* wrong A field */
    heng_line_opened(bus->line, bus->now);
    run(bus, 30 * HENG_US_PER_S);
    assert_int_equal(bus->results[1].outcome, HENG_OUTCOME_FOREIGN);
    assert_int_equal(bus->results[1].value_count, 0);
    assert_int_equal(heng_line_counters_now(bus->line)->foreign, 3);
    assert_energy(&bus->results[2], 3000); /* and the late comer does not become meter 3's reading */
    end_bus(bus);
}

static void a_meter_with_another_number_is_foreign(void **state)
{
    (void)state;
    struct heng_meter_config meter = {
        .device_id = 1, .line_id = 1, .protocol = HENG_PROTOCOL_MBUS, .address = "1", .number = "10000002"};
    struct heng_line_config config = {
        .id = 1, .name = "test", .baud = 2400, .parity = 'E', .latency_ms = 20, .period_s = 60, .single_reads = true};
    struct bus *bus = make_bus(1, 60);
    heng_line_free(bus->line);
    assert_int_equal(heng_line_new(&config, &meter, 1, &bus->line, NULL), HENG_OK);
    heng_line_opened(bus->line, bus->now);
    run(bus, 30 * HENG_US_PER_S);
    assert_int_equal(bus->result_count, 1);
    assert_int_equal(bus->results[0].outcome, HENG_OUTCOME_FOREIGN);
    assert_int_equal(bus->results[0].value_count, 0);
    end_bus(bus);
}

static void a_plate_number_with_letters_is_no_bus_id(void **state)
{
    (void)state;
    struct heng_meter_config meter = {
        .device_id = 1, .line_id = 1, .protocol = HENG_PROTOCOL_MBUS, .address = "1", .number = "HM-2024-A"};
    struct heng_line_config config = {
        .id = 1, .name = "test", .baud = 2400, .parity = 'E', .latency_ms = 20, .period_s = 60, .single_reads = true};
    struct bus *bus = make_bus(1, 60);
    heng_line_free(bus->line);
    assert_int_equal(heng_line_new(&config, &meter, 1, &bus->line, NULL), HENG_OK);
    heng_line_opened(bus->line, bus->now);
    run(bus, 30 * HENG_US_PER_S);
    assert_int_equal(bus->result_count, 1);
    assert_energy(&bus->results[0], 1000);
    end_bus(bus);
}

/* A meter of three telegrams whose first one never changes, and which acknowledges no reset. */
static void a_first_telegram_that_never_changes_is_not_lost(void **state)
{
    (void)state;
    struct bus *bus = make_bus(1, 60);
    bus->meters[0].telegrams = 3;
    bus->meters[0].ignores_reset = true;
    bus->meters[0].access_stands_still = true;
    heng_line_opened(bus->line, bus->now);
    run(bus, 170 * HENG_US_PER_S);
    assert_int_equal(bus->result_count, 3);
    for (unsigned i = 0; i < 3; i++) {
        assert_energy(&bus->results[i], 1000);
        assert_int_equal(bus->results[i].value_count, 3);
    }
    end_bus(bus);
}

static void echo_and_junk_are_counted_and_do_no_harm(void **state)
{
    (void)state;
    struct bus *bus = make_bus(5, 60);
    bus->echo = true;
    bus->junk = "00 13 68 FE A5";
    heng_line_opened(bus->line, bus->now);
    run(bus, 30 * HENG_US_PER_S);
    assert_int_equal(bus->result_count, 5);
    for (unsigned i = 0; i < 5; i++) assert_energy(&bus->results[i], 1000 * (i + 1));
    assert_int_equal(heng_line_counters_now(bus->line)->echo, 10);
    assert_true(heng_line_counters_now(bus->line)->noise >= 5 * 2);
    end_bus(bus);
}

static void all_telegrams_of_a_meter_make_one_reading(void **state)
{
    (void)state;
    struct bus *bus = make_bus(2, 60);
    bus->meters[0].telegrams = 3;
    heng_line_opened(bus->line, bus->now);
    for (unsigned round = 0; round < 3; round++) {
        run(bus, bus->now + 58 * HENG_US_PER_S);
        const struct heng_read *read = &bus->results[2 * round];
        assert_energy(read, 1000);
        assert_int_equal(read->frame_count, 3);
        assert_int_equal(read->value_count, 3);
        assert_int_equal(read->values[1].key.storage, 1);
        assert_int_equal(read->frame_of_value[2], 2);
        assert_string_equal(read->values[2].key.qualifier, "#2"); /* telegrams 2 and 3 name the same register */
    }
    end_bus(bus);
}

static void a_telegram_of_long_ago_is_not_taken_for_news(void **state)
{
    (void)state;
    struct bus *bus = make_bus(1, 60);
    bus->meters[0].ignores_reset = true;
    heng_line_opened(bus->line, bus->now);
    run(bus, 30 * HENG_US_PER_S);
    assert_energy(&bus->results[0], 1000);
    /* The bus is cut in the middle: we forget the frame count bit, the meter does not, and it moves on. */
    bus->meters[0].dead = true;
    run(bus, 90 * HENG_US_PER_S);
    assert_int_equal(bus->results[1].outcome, HENG_OUTCOME_SILENCE);
    bus->meters[0].dead = false;
    bus->meters[0].last_fcb = 1; /* what our first guess will be: the meter repeats its old telegram */
    bus->meters[0].energy_kwh = 1007;
    run(bus, 150 * HENG_US_PER_S);
    assert_energy(&bus->results[2], 1007);
    end_bus(bus);
}

static void an_error_report_is_no_value(void **state)
{
    (void)state;
    struct bus *bus = make_bus(2, 60);
    bus->meters[0].refuse = 1;
    bus->meters[0].refuse_code = 8; /* busy: worth another try */
    bus->meters[1].refuse = 10;
    bus->meters[1].refuse_code = 9; /* too many readouts: asking again does harm */
    heng_line_opened(bus->line, bus->now);
    run(bus, 30 * HENG_US_PER_S);
    assert_energy(&bus->results[0], 1000);
    assert_int_equal(bus->results[1].outcome, HENG_OUTCOME_REFUSED);
    assert_int_equal(bus->meters[1].asked, 2); /* the reset and one request */
    assert_int_equal(heng_line_counters_now(bus->line)->refused, 2);
    end_bus(bus);
}

static void a_lost_line_is_down_and_goes_on_where_it_was(void **state)
{
    (void)state;
    struct bus *bus = make_bus(4, 20);
    heng_line_opened(bus->line, bus->now);
    run(bus, bus->now + HENG_US_PER_S);
    size_t before = bus->result_count;
    assert_in_range(before, 1, 3);
    heng_line_closed(bus->line, bus->now, "the other end hung up");
    assert_int_equal(heng_line_state_now(bus->line), HENG_LINE_STATE_DOWN);
    assert_string_equal(heng_line_detail(bus->line), "the other end hung up");
    bus->wire_n = 0;
    run(bus, bus->now + HENG_US_PER_S);
    assert_int_equal(bus->result_count, before); /* it may be back in time */
    heng_line_opened(bus->line, bus->now);
    run(bus, bus->now + 5 * HENG_US_PER_S);
    assert_int_equal(bus->result_count, 4);
    for (unsigned i = 0; i < 4; i++) assert_energy(&bus->results[i], 1000 * (i + 1));

    heng_line_closed(bus->line, bus->now, "the other end hung up"); /* and now for good */
    run(bus, 41 * HENG_US_PER_S + HENG_US_PER_MS);                  /* the round of 21 s is over */
    assert_int_equal(bus->result_count, 8);                         /* one whole round was missed, and is told once */
    for (size_t i = 4; i < 8; i++) assert_int_equal(bus->results[i].outcome, HENG_OUTCOME_DISCONNECTED);
    heng_line_opened(bus->line, bus->now);
    run(bus, bus->now + 5 * HENG_US_PER_S);
    assert_int_equal(bus->result_count, 12);
    for (unsigned i = 0; i < 4; i++) assert_energy(&bus->results[8 + i], 1000 * (i + 1));
    end_bus(bus);
}

/* Up for 0.8 s, down for 0.5 s, for ten minutes: no meter is starved, none is read more often than its period says. */
static void a_flapping_line_starves_nobody(void **state)
{
    (void)state;
    struct bus *bus = make_bus(4, 60);
    unsigned reads[5] = {0};
    for (unsigned i = 0; i < 460; i++) {
        heng_line_opened(bus->line, bus->now);
        run(bus, bus->now + 800 * HENG_US_PER_MS);
        heng_line_closed(bus->line, bus->now, "flap");
        bus->wire_n = 0;
        run(bus, bus->now + 500 * HENG_US_PER_MS);
    }
    for (size_t i = 0; i < bus->result_count; i++)
        if (bus->results[i].outcome == HENG_OUTCOME_OK) reads[bus->results[i].device_id]++;
    for (unsigned i = 1; i <= 4; i++) assert_in_range(reads[i], 9, 11);
    end_bus(bus);
}

static void an_answer_lost_with_the_line_is_not_taken_for_news(void **state)
{
    (void)state;
    struct bus *bus = make_bus(1, 20);
    heng_line_opened(bus->line, bus->now);
    run(bus, 10 * HENG_US_PER_S);
    assert_energy(&bus->results[0], 1000);
    bus->meters[0].energy_kwh = 2000;
    run(bus, 21 * HENG_US_PER_S + 50 * HENG_US_PER_MS); /* the second request is out, its answer on the way */
    assert_int_equal(bus->result_count, 1);
    assert_true(bus->wire_n > 0);
    heng_line_closed(bus->line, bus->now, "cut");
    bus->wire_n = 0;
    bus->meters[0].energy_kwh = 9000;
    run(bus, 30 * HENG_US_PER_S);
    heng_line_opened(bus->line, bus->now);
    run(bus, 35 * HENG_US_PER_S);
    assert_int_equal(bus->result_count, 2);
    assert_energy(&bus->results[1], 9000);
    end_bus(bus);
}

static void an_echo_takes_no_time_from_the_answer(void **state)
{
    (void)state;
    for (heng_us delay_ms = 20; delay_ms <= 180; delay_ms += 20) {
        struct bus *bus = make_bus_at(2, 60, 2400, 0);
        bus->echo = true;
        bus->answer_delay = delay_ms * HENG_US_PER_MS;
        heng_line_opened(bus->line, bus->now);
        run(bus, 30 * HENG_US_PER_S);
        assert_int_equal(bus->result_count, 2);
        for (unsigned i = 0; i < 2; i++) {
            assert_energy(&bus->results[i], 1000 * (i + 1));
            assert_int_equal(bus->results[i].tries, 1); /* nothing is asked twice */
        }
        end_bus(bus);
    }
}

static void the_longest_pause_of_the_standard_is_waited_for_at_every_speed(void **state)
{
    (void)state;
    static const uint32_t bauds[] = {300, 600, 1200, 2400, 9600, 38400};
    for (size_t i = 0; i < sizeof bauds / sizeof bauds[0]; i++) {
        struct bus *bus = make_bus_at(1, 60, bauds[i], 0);
        bus->chunk = 1;
        bus->answer_delay = 330 * HENG_US_PER_S / bauds[i] + 50 * HENG_US_PER_MS;
        heng_line_opened(bus->line, bus->now);
        run(bus, 50 * HENG_US_PER_S);
        assert_int_equal(bus->result_count, 1);
        assert_energy(&bus->results[0], 1000);
        assert_int_equal(bus->results[0].tries, 1);
        end_bus(bus);
    }
}

/* A converter that hands over whole packets, late: the answer to the first try arrives during the second. */
static void a_late_repetition_does_not_end_a_long_read(void **state)
{
    (void)state;
    struct bus *bus = make_bus(1, 60);
    bus->meters[0].telegrams = 3;
    bus->chunk = 64;
    bus->answer_delay = 290 * HENG_US_PER_MS; /* a little more than the line waits */
    heng_line_opened(bus->line, bus->now);
    run(bus, 4 * HENG_US_PER_S);
    bus->answer_delay = 60 * HENG_US_PER_MS;
    run(bus, 115 * HENG_US_PER_S);
    for (size_t i = 0; i < bus->result_count; i++)
        if (bus->results[i].outcome == HENG_OUTCOME_OK) assert_int_equal(bus->results[i].value_count, 3);
    assert_int_equal(bus->results[bus->result_count - 1].outcome, HENG_OUTCOME_OK);
    end_bus(bus);
}

static void a_line_that_opens_late_misses_nothing_before(void **state)
{
    (void)state;
    struct bus *bus = make_bus(4, 20);
    heng_line_closed(bus->line, bus->now, "connecting");
    run(bus, bus->now + 5 * HENG_US_PER_S);
    assert_int_equal(bus->result_count, 0);
    heng_line_opened(bus->line, bus->now);
    run(bus, bus->now + 10 * HENG_US_PER_S);
    assert_int_equal(bus->result_count, 4);
    assert_int_equal(heng_line_counters_now(bus->line)->reads_failed, 0);
    end_bus(bus);

    bus = make_bus(4, 20); /* and one that never opens is told after its period */
    heng_line_closed(bus->line, bus->now, "no route to host");
    run(bus, bus->now + 25 * HENG_US_PER_S);
    assert_int_equal(bus->result_count, 4);
    assert_int_equal(bus->results[0].outcome, HENG_OUTCOME_DISCONNECTED);
    end_bus(bus);
}

static void counters_are_told_while_a_long_round_runs(void **state)
{
    (void)state;
    struct bus *bus = make_bus(100, 3600);
    heng_line_opened(bus->line, bus->now);
    run(bus, bus->now + 31 * HENG_US_PER_S);
    assert_in_range(bus->status_count, 6, 8); /* the opening, and every five seconds */
    assert_int_equal(heng_line_state_now(bus->line), HENG_LINE_STATE_READING);
    end_bus(bus);
}

static void a_cut_cable_makes_the_line_silent_within_its_time_out(void **state)
{
    (void)state;
    struct bus *bus = make_bus(20, 60);
    heng_line_opened(bus->line, bus->now);
    run(bus, 50 * HENG_US_PER_S);
    assert_int_equal(heng_line_state_now(bus->line), HENG_LINE_STATE_IDLE);
    bus->cut = true;
    run(bus, 61 * HENG_US_PER_S + 5 * HENG_US_PER_S); /* the next round starts at 61 s */
    assert_int_equal(heng_line_state_now(bus->line), HENG_LINE_STATE_NO_LOAD);
    bus->cut = false;
    run(bus, 140 * HENG_US_PER_S);
    assert_int_equal(heng_line_state_now(bus->line), HENG_LINE_STATE_IDLE);
    assert_energy(&bus->results[bus->result_count - 1], 20000);
    end_bus(bus);
}

static void any_chunking_gives_the_same_reading(void **state)
{
    (void)state;
    for (size_t chunk = 1; chunk <= 64; chunk++) {
        struct bus *bus = make_bus_at(3, 60, 2400, 400); /* the latency covers what the converter holds back */
        bus->chunk = chunk;
        bus->meters[1].telegrams = 2;
        heng_line_opened(bus->line, bus->now);
        run(bus, 30 * HENG_US_PER_S);
        assert_int_equal(bus->result_count, 3);
        for (unsigned i = 0; i < 3; i++) assert_energy(&bus->results[i], 1000 * (i + 1));
        assert_int_equal(heng_line_counters_now(bus->line)->noise, 0);
        end_bus(bus);
    }
}

/* Bytes that are thrown at a line at any moment must neither hang it nor become a value. */
static void garbage_never_becomes_a_value(void **state)
{
    (void)state;
    uint64_t seed = 20261120;
    print_message("# seed %llu\n", (unsigned long long)seed);
    struct heng_sim_rng rng = heng_sim_rng_of(seed, 0);
    for (unsigned turn = 0; turn < 200; turn++) {
        struct bus *bus = make_bus(3, 5);
        bus->cut = true;
        heng_line_opened(bus->line, bus->now);
        for (unsigned step = 0; step < 50; step++) {
            uint8_t bytes[1500];
            size_t n = heng_sim_rng_next(&rng) % sizeof bytes;
            for (size_t i = 0; i < n; i++) {
                static const uint8_t likely[] = {0x68, 0x16, 0xE5, 0x10, 0xFE, 0x08, 0x72, 0x01};
                uint64_t r = heng_sim_rng_next(&rng);
                bytes[i] = r & 1 ? likely[(r >> 8) % sizeof likely] : (uint8_t)(r >> 16);
            }
            heng_line_feed(bus->line, bus->now, heng_slice_of(bytes, n));
            run(bus, bus->now + (heng_us)(heng_sim_rng_next(&rng) % 400000));
        }
        for (size_t i = 0; i < bus->result_count; i++) {
            assert_int_not_equal(bus->results[i].outcome, HENG_OUTCOME_OK);
            assert_int_equal(bus->results[i].value_count, 0);
        }
        end_bus(bus);
    }
}

static void a_line_with_a_bad_setting_is_refused_by_name(void **state)
{
    (void)state;
    struct heng_line_config config = {
        .id = 1, .name = "heat", .baud = 2400, .parity = 'E', .period_s = 60, .single_reads = true};
    struct heng_meter_config meter = {
        .device_id = 1, .protocol = HENG_PROTOCOL_MBUS, .address = "251", .number = "4711"};
    struct heng_line *line = NULL;
    struct heng_err err;
    assert_int_equal(heng_line_new(&config, &meter, 1, &line, &err), HENG_ECONFIG);
    assert_non_null(strstr(err.text, "4711"));
    meter.protocol = HENG_PROTOCOL_CJT188;
    assert_int_equal(heng_line_new(&config, &meter, 1, &line, &err), HENG_ECONFIG);
    config.baud = 0;
    assert_int_equal(heng_line_new(&config, NULL, 0, &line, &err), HENG_ECONFIG);
    assert_non_null(strstr(err.text, "heat"));
}

/* --- CJ/T 188: one water meter that wants its DI in one order ----------------------------------------- */

static void cjt188_order_is_learned(void **state)
{
    (void)state;
    struct heng_line_config config = {
        .id = 1, .name = "water", .baud = 2400, .parity = 'E', .latency_ms = 20, .period_s = 10, .single_reads = true};
    struct heng_meter_config meter = {.device_id = 7,
                                      .protocol = HENG_PROTOCOL_CJT188,
                                      .medium = HENG_MEDIUM_COLD_WATER,
                                      .address = "33780012345678",
                                      .number = "33780012345678"};
    struct heng_line *line = NULL;
    assert_int_equal(heng_line_new(&config, &meter, 1, &line, NULL), HENG_OK);
    static const uint8_t payload[] = {0x68, 0x24, 0x01, 0x00, 0x2C, 0x00, 0x20, 0x01, 0x00, 0x2C,
                                      0x00, 0x00, 0x12, 0x20, 0x11, 0x26, 0x20, 0x00, 0x00};
    heng_us now = HENG_US_PER_S;
    unsigned asked = 0, read = 0;
    heng_line_opened(line, now);
    while (now < 35 * HENG_US_PER_S) {
        struct heng_line_action action;
        heng_line_poll(line, now, &action);
        if (action.kind == HENG_LINE_NONE) {
            now = heng_line_deadline(line) > now ? heng_line_deadline(line) : now + 1;
        } else if (action.kind == HENG_LINE_RESULT) {
            assert_int_equal(action.result.read->outcome, HENG_OUTCOME_OK);
            char text[HENG_DEC_TEXT_MAX];
            heng_dec_format(action.result.read->values[0].dec, text);
            assert_string_equal(text, "124.68");
            read++;
        } else if (action.kind == HENG_LINE_SEND) {
            struct heng_telegram request;
            size_t used;
            asked++;
            assert_int_equal(heng_cjt188_codec.decode(action.bytes, &request, &used, NULL), HENG_OK);
            assert_string_equal(request.id, "33780012345678");
            if (!request.di_swapped) continue; /* this meter knows 1F 90 only */
            uint8_t bytes[64];
            struct heng_buf buf = heng_buf_of(bytes, sizeof bytes);
            struct heng_cjt188_frame answer = {.type = 0x10,
                                               .control = 0x81,
                                               .ser = request.ser,
                                               .preamble = 2,
                                               .di = 0x901F,
                                               .di_swapped = true,
                                               .payload = heng_slice_of(payload, sizeof payload)};
            memcpy(answer.id, request.id, sizeof answer.id);
            assert_int_equal(heng_cjt188_encode(&answer, &buf), HENG_OK);
            now += 300 * HENG_US_PER_MS;
            heng_line_feed(line, now, heng_buf_slice(&buf));
        }
    }
    assert_int_equal(read, 4);
    assert_int_equal(asked, 5); /* one wrong order, once */
    heng_line_free(line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_round_reads_every_meter_once),
        cmocka_unit_test(a_dead_meter_costs_three_tries_and_stops_nobody),
        cmocka_unit_test(a_damaged_answer_is_asked_for_again),
        cmocka_unit_test(an_answer_of_another_meter_is_never_used),
        cmocka_unit_test(a_meter_with_another_number_is_foreign),
        cmocka_unit_test(a_plate_number_with_letters_is_no_bus_id),
        cmocka_unit_test(a_first_telegram_that_never_changes_is_not_lost),
        cmocka_unit_test(echo_and_junk_are_counted_and_do_no_harm),
        cmocka_unit_test(all_telegrams_of_a_meter_make_one_reading),
        cmocka_unit_test(a_telegram_of_long_ago_is_not_taken_for_news),
        cmocka_unit_test(an_error_report_is_no_value),
        cmocka_unit_test(a_lost_line_is_down_and_goes_on_where_it_was),
        cmocka_unit_test(a_flapping_line_starves_nobody),
        cmocka_unit_test(an_answer_lost_with_the_line_is_not_taken_for_news),
        cmocka_unit_test(an_echo_takes_no_time_from_the_answer),
        cmocka_unit_test(the_longest_pause_of_the_standard_is_waited_for_at_every_speed),
        cmocka_unit_test(a_late_repetition_does_not_end_a_long_read),
        cmocka_unit_test(a_line_that_opens_late_misses_nothing_before),
        cmocka_unit_test(counters_are_told_while_a_long_round_runs),
        cmocka_unit_test(a_cut_cable_makes_the_line_silent_within_its_time_out),
        cmocka_unit_test(any_chunking_gives_the_same_reading),
        cmocka_unit_test(garbage_never_becomes_a_value),
        cmocka_unit_test(a_line_with_a_bad_setting_is_refused_by_name),
        cmocka_unit_test(cjt188_order_is_learned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
