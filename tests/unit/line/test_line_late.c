/* Meters that are slower than the time-out, in virtual time: an answer that does not say what it answers must never be
 * taken for that of another question, however late it comes; and a meter that is late within its tries is read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "codec/dlt645.h"
#include "codec/modbus.h"
#include "line/line.h"

enum { ANSWERS_MAX = 64, ANSWER_BYTES = 64, METERS_MAX = 2, LATENCY_MS = 300, SEED = 20261 };

/* serial: the meter begins with a request when it has answered the one before; else each has its own time.
 * loss: of so many answers one is lost; 0: none. refuses: Modbus register that the meter does not have; 0: none. */
struct slow {
    uint32_t latency_ms, jitter_ms, loss, refuses;
    bool serial;
};

struct bus {
    struct slow how;
    struct heng_line *line;
    heng_us now, busy;
    uint64_t random;
    struct {
        heng_us at;
        size_t n;
        uint8_t bytes[ANSWER_BYTES];
    } wire[ANSWERS_MAX];
    unsigned wire_n, good, failed, wrong, missing;
    const char *why;
    void (*hear)(struct bus *bus, struct heng_slice request, struct heng_buf *ret);
    void (*judge)(struct bus *bus, const struct heng_read *read);
};

static uint32_t chance(struct bus *bus, uint32_t of)
{
    bus->random = bus->random * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (uint32_t)((bus->random >> 33) % of);
}

static void on_send(struct bus *bus, struct heng_slice request)
{
    heng_us end = bus->now + (heng_us)request.n * 11 * HENG_US_PER_S / 9600;
    heng_us from = bus->how.serial && bus->busy > end ? bus->busy : end;
    heng_us at = from + (bus->how.latency_ms + chance(bus, bus->how.jitter_ms + 1)) * HENG_US_PER_MS;
    uint8_t bytes[ANSWER_BYTES];
    struct heng_buf answer = heng_buf_of(bytes, sizeof bytes);
    bus->busy = at;
    bus->hear(bus, request, &answer);
    if (bus->how.loss && chance(bus, bus->how.loss) == 0) return;
    assert_true(bus->wire_n < ANSWERS_MAX && answer.n);
    bus->wire[bus->wire_n].at = at;
    bus->wire[bus->wire_n].n = answer.n;
    memcpy(bus->wire[bus->wire_n++].bytes, bytes, answer.n);
}

static void arrive(struct bus *bus, unsigned i)
{
    uint8_t bytes[ANSWER_BYTES];
    size_t n = bus->wire[i].n;
    if (bus->wire[i].at > bus->now) bus->now = bus->wire[i].at;
    memcpy(bytes, bus->wire[i].bytes, n);
    bus->wire[i] = bus->wire[--bus->wire_n];
    heng_line_feed(bus->line, bus->now, heng_slice_of(bytes, n / 2)); /* in two pieces */
    heng_line_feed(bus->line, bus->now, heng_slice_of(bytes + n / 2, n - n / 2));
}

static void run(struct bus *bus, heng_us until)
{
    while (bus->now < until) {
        struct heng_line_action action;
        heng_line_poll(bus->line, bus->now, &action);
        if (action.kind == HENG_LINE_SEND) on_send(bus, action.bytes);
        if (action.kind == HENG_LINE_RESULT) {
            if (action.result.read->outcome == HENG_OUTCOME_OK)
                bus->good++, bus->judge(bus, action.result.read);
            else
                bus->failed++;
        }
        if (action.kind != HENG_LINE_NONE) continue;
        heng_us next = heng_line_deadline(bus->line);
        unsigned first = 0;
        for (unsigned i = 1; i < bus->wire_n; i++)
            if (bus->wire[i].at < bus->wire[first].at) first = i;
        if (bus->wire_n && bus->wire[first].at <= next)
            arrive(bus, first);
        else
            bus->now = next > bus->now ? next : bus->now + 1;
    }
}

/* --- Modbus RTU: the value of register a is 1000 * (a + 1) ------------------------------------------------ */

#define FIELD(address, q, u)                                                                                           \
    {                                                                                                                  \
        .di = address, .bytes = 2, .function_code = 3, .coding = HENG_CODING_UNSIGNED, .factor = 1,                    \
        .quantity = HENG_QUANTITY_##q, .unit = HENG_UNIT_##u                                                           \
    }
static const struct heng_field fields[] = {FIELD(0, ENERGY, WH), FIELD(10, VOLTAGE, V), FIELD(20, CURRENT, A),
                                           FIELD(30, POWER, W)};

static const struct heng_profile four = {
    .name = "four",
    .protocols = 1u << HENG_PROTOCOL_MODBUS_RTU,
    .asks = {{.di = 0, .count = 1, .function_code = 3},
             {.di = 10, .count = 1, .function_code = 3},
             {.di = 20, .count = 1, .function_code = 3},
             {.di = 30, .count = 1, .function_code = 3}},
    .ask_count = 4,
    .dialect = {.fields = fields, .field_count = sizeof fields / sizeof *fields},
};
static struct heng_profile four_optional;

static void modbus_hear(struct bus *bus, struct heng_slice request, struct heng_buf *ret)
{
    unsigned address = request.p[2] * 256u + request.p[3], value = 1000 * (address + 1);
    uint8_t good[] = {0x03, 0x02, (uint8_t)(value >> 8), (uint8_t)value}, bad[] = {0x83, 0x02};
    bool refused = bus->how.refuses && address == bus->how.refuses;
    struct heng_slice pdu = refused ? heng_slice_of(bad, sizeof bad) : heng_slice_of(good, sizeof good);
    assert_int_equal(heng_modbus_encode_rtu(request.p[0], pdu, ret), HENG_OK);
}

static void modbus_judge(struct bus *bus, const struct heng_read *read)
{
    bool there[4] = {false};
    for (unsigned i = 0; i < read->value_count; i++)
        for (unsigned f = 0; f < 4; f++)
            if (read->values[i].key.quantity == fields[f].quantity) {
                there[f] = true;
                if (read->values[i].dec.mantissa != (int64_t)(1000 * (fields[f].di + 1))) bus->wrong++;
            }
    for (unsigned f = 0; f < 4; f++)
        if (!there[f] && fields[f].di != bus->how.refuses) bus->missing++;
}

static struct bus modbus(struct slow how, unsigned meters, const struct heng_profile *profile)
{
    struct bus bus = {.how = how, .hear = modbus_hear, .judge = modbus_judge, .now = HENG_US_PER_S, .random = SEED};
    struct heng_line_config config = {
        .name = "bus", .baud = 9600, .parity = 'N', .latency_ms = LATENCY_MS, .period_s = 1, .single_reads = true};
    struct heng_meter_config configs[METERS_MAX];
    memset(configs, 0, sizeof configs);
    for (unsigned i = 0; i < meters; i++) {
        configs[i] = (struct heng_meter_config){
            .device_id = i, .protocol = HENG_PROTOCOL_MODBUS_RTU, .address = {(char)('1' + i)}, .profile = profile};
    }
    assert_int_equal(heng_line_new(&config, configs, meters, &bus.line, NULL), HENG_OK);
    heng_line_opened(bus.line, bus.now);
    run(&bus, bus.now + 120 * HENG_US_PER_S);
    if (bus.wrong)
        fail_msg("%u of %u reads wrong: %u ms, jitter %u, loss %u, serial %d, meters %u", bus.wrong, bus.good,
                 how.latency_ms, how.jitter_ms, how.loss, how.serial, meters);
    heng_line_free(bus.line);
    return bus;
}

static void no_register_is_taken_for_another(void **state)
{
    (void)state;
    print_message("seed %d\n", SEED);
    for (uint32_t ms = 500; ms <= 2500; ms += 25)
        for (uint32_t loss = 0; loss <= 8; loss += 4)
            for (unsigned kind = 0; kind < 16; kind++) {
                if (loss && (kind & 6) == 6) continue; /* a queue for two that loses a part of it grows for ever */
                struct slow how = {
                    .latency_ms = ms, .jitter_ms = kind & 1 ? 100 : 0, .loss = loss, .serial = (kind & 2) != 0};
                struct bus bus = modbus(how, kind & 4 ? 2 : 1, kind & 8 ? &four_optional : &four);
                if (!(kind & 8)) assert_int_equal(bus.missing, 0);
                assert_true(bus.good + bus.failed > 0);
            }
}

static void a_slow_meter_is_read_and_a_too_slow_one_fails(void **state)
{
    (void)state;
    /* Three tries of 0.8 s and a pause: 2.4 s and more after the first one nobody waits any longer. */
    for (uint32_t ms = 500; ms <= 2300; ms += 100) {
        struct bus bus = modbus((struct slow){.latency_ms = ms}, 1, &four);
        assert_true(bus.good > 3);
        assert_int_equal(bus.failed, 0);
    }
    for (uint32_t ms = 2600; ms <= 4500; ms += 100) {
        struct bus bus = modbus((struct slow){.latency_ms = ms}, 1, &four);
        assert_int_equal(bus.good, 0);
        assert_true(bus.failed > 3);
    }
}

static void a_late_exception_does_not_skip_the_next_question(void **state)
{
    (void)state;
    for (uint32_t ms = 100; ms <= 2300; ms += 50) {
        struct bus bus = modbus((struct slow){.latency_ms = ms, .refuses = 10}, 1, &four_optional);
        assert_true(bus.good > 3);
        assert_int_equal(bus.failed + bus.missing, 0);
    }
}

/* Something that never stops sending keeps the line from asking; the meter is told as failed, round after round. */
static void a_babbling_bus_is_not_waited_for_for_ever(void **state)
{
    (void)state;
    struct heng_line_config config = {
        .name = "bus", .baud = 9600, .parity = 'N', .latency_ms = LATENCY_MS, .period_s = 1, .single_reads = true};
    struct heng_meter_config meter = {.protocol = HENG_PROTOCOL_MODBUS_RTU, .address = "1", .profile = &four};
    struct heng_line *line;
    unsigned noise = 0;
    heng_us now = HENG_US_PER_S;
    assert_int_equal(heng_line_new(&config, &meter, 1, &line, NULL), HENG_OK);
    heng_line_opened(line, now);
    for (; now < 120 * HENG_US_PER_S; now += 100 * HENG_US_PER_MS) {
        struct heng_line_action action;
        do {
            heng_line_poll(line, now, &action);
            if (action.kind == HENG_LINE_RESULT) {
                assert_int_not_equal(action.result.read->outcome, HENG_OUTCOME_OK);
                noise += strstr(action.result.read->why, "nobody asked") != NULL;
            }
        } while (action.kind != HENG_LINE_NONE);
        heng_line_feed(line, now, heng_slice_str("\x55"));
    }
    assert_true(noise > 3);
    heng_line_free(line);
}

/* --- DL/T 645: a refusal does not say what it refuses ----------------------------------------------------- */

static const struct heng_profile dlt = {
    .name = "dlt",
    .protocols = 1u << HENG_PROTOCOL_DLT645_2007,
    .asks = {{.di = 0x00010000},
             {.di = 0x00020000, .optional = true}, /* the meter has it not */
             {.di = 0x02010100, .optional = true},
             {.di = 0x02020100, .optional = true}},
    .ask_count = 4,
    .preamble = 1,
};

static void dlt_hear(struct bus *bus, struct heng_slice request, struct heng_buf *ret)
{
    struct heng_telegram asked;
    size_t used;
    uint8_t data[16] = {2};
    struct heng_buf body = heng_buf_of(data, sizeof data);
    (void)bus;
    assert_int_equal(heng_codec_of(HENG_PROTOCOL_DLT645_2007)->decode(request, &asked, &used, NULL), HENG_OK);
    struct heng_dlt645_frame frame = {.control = 0xD1, .data = heng_slice_of(data, 1)};
    memcpy(frame.id, asked.id, sizeof frame.id);
    if (asked.di != 0x00020000) {
        frame.control = 0x91;
        heng_dlt645_put_di(&body, HENG_PROTOCOL_DLT645_2007, asked.di);
        for (unsigned i = 0; i < (asked.di == 0x00010000 ? 4 : asked.di == 0x02010100 ? 2 : 3); i++)
            heng_buf_u8(&body, 0x10);
        frame.data = heng_buf_slice(&body);
    }
    assert_int_equal(heng_dlt645_encode(&frame, ret), HENG_OK);
}

static void dlt_judge(struct bus *bus, const struct heng_read *read)
{
    if (read->value_count != 3) bus->missing++;
}

static void a_late_refusal_does_not_skip_the_next_question(void **state)
{
    (void)state;
    for (uint32_t ms = 100; ms <= 2300; ms += 50) {
        struct bus bus = {
            .how = {.latency_ms = ms}, .hear = dlt_hear, .judge = dlt_judge, .now = HENG_US_PER_S, .random = SEED};
        struct heng_line_config config = {
            .name = "bus", .baud = 9600, .parity = 'E', .latency_ms = LATENCY_MS, .period_s = 1, .single_reads = true};
        struct heng_meter_config meter = {
            .protocol = HENG_PROTOCOL_DLT645_2007, .address = "000024060001", .profile = &dlt};
        assert_int_equal(heng_line_new(&config, &meter, 1, &bus.line, NULL), HENG_OK);
        heng_line_opened(bus.line, bus.now);
        run(&bus, bus.now + 60 * HENG_US_PER_S);
        heng_line_free(bus.line);
        if (bus.missing) fail_msg("%u of %u reads lack a value at %u ms", bus.missing, bus.good, ms);
        assert_true(bus.good > 2);
    }
}

static int make_profiles(void **state)
{
    (void)state;
    four_optional = four;
    for (unsigned i = 0; i < four.ask_count; i++) four_optional.asks[i].optional = true;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_register_is_taken_for_another),
        cmocka_unit_test(a_slow_meter_is_read_and_a_too_slow_one_fails),
        cmocka_unit_test(a_late_exception_does_not_skip_the_next_question),
        cmocka_unit_test(a_babbling_bus_is_not_waited_for_for_ever),
        cmocka_unit_test(a_late_refusal_does_not_skip_the_next_question),
    };
    return cmocka_run_group_tests(tests, make_profiles, NULL);
}
