/* Bodies of entries: what is packed comes out as it was, and nothing else comes out of what strangers send. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hex.h"
#include "fuzz/uplink_sane.h"
#include "unit/uplink/by_hand.h"
#include "unit/uplink/counted_memory.h"
#include "unit/uplink/random_body.h"

enum { SEEDS = 2000, ROOM = HENG_ENTRY_BODY_MAX };

static struct heng_read given, scratch;
static uint8_t packed[ROOM];
static uint64_t seed; /* of the test that runs; told when it is over */

static int tell_seed(void **state)
{
    (void)state;
    print_message("last seed %llu\n", (unsigned long long)seed);
    return 0;
}

static struct heng_entry entry_of(const struct heng_body *body, heng_us at_us)
{
    return (struct heng_entry){.kind = body->kind, .at_us = at_us, .subject_id = heng_body_subject(body)};
}

static heng_entry_kind kind_of_seed(void) { return (heng_entry_kind)(seed % 6 + 1); }

static size_t pack(const struct heng_body *body)
{
    struct heng_buf buf = heng_buf_of(packed, sizeof packed);
    struct heng_err err = {.text = ""};
    if (heng_body_pack(body, NOW_US, &buf, &err) != HENG_OK) fail_msg("not packed: %s", err.text);
    return buf.n;
}

/* --- tests ---------------------------------------------------------------------------------------------------------
 */

static void every_body_comes_out_as_it_was(void **state)
{
    (void)state;
    for (seed = 1; seed <= SEEDS; seed++) {
        struct heng_sim_rng rng = heng_sim_rng_of(seed, 1);
        struct heng_body body, back;
        struct heng_err err = {.text = ""};
        random_body(&rng, kind_of_seed(), &body, &given);
        size_t n = pack(&body);
        struct heng_entry entry = entry_of(&body, NOW_US);
        memset(&scratch, 0xAA, sizeof scratch);
        if (heng_body_unpack(heng_slice_of(packed, n), &entry, &scratch, &back, &err) != HENG_OK)
            fail_msg("%s", err.text);
        same_body(&body, &back);
    }
}

/* What is left of a body, or damaged in it, is refused with a reason, or is a body whose numbers are in their tables.
 */
static void damaged_bodies_do_no_harm(void **state)
{
    (void)state;
    unsigned refused = 0, taken = 0;
    for (seed = 1; seed <= 60; seed++) {
        struct heng_sim_rng rng = heng_sim_rng_of(seed, 2);
        struct heng_body body, back;
        random_body(&rng, kind_of_seed(), &body, &given);
        size_t n = pack(&body);
        struct heng_entry entry = entry_of(&body, NOW_US);
        if (n > 1200) continue; /* each of its bits is tried */
        for (size_t i = 0; i < n + 8 * n; i++) {
            uint8_t *copy = malloc(n); /* its own allocation: the sanitizer sees one byte too much */
            struct heng_err err = {.text = ""};
            size_t length = i < n ? i : n;
            assert_non_null(copy);
            memcpy(copy, packed, n);
            if (i >= n) copy[(i - n) / 8] ^= (uint8_t)(1u << (i - n) % 8);
            heng_rc rc = heng_body_unpack(heng_slice_of(copy, length), &entry, &scratch, &back, &err);
            const char *wrong = rc == HENG_OK ? sane_body(&back) : err.text[0] && err.rc == rc ? NULL : "no reason";
            if (wrong) fail_msg("case %zu: %s", i, wrong);
            free(copy);
            if (rc == HENG_OK) taken++;
            if (rc != HENG_OK) refused++;
        }
    }
    print_message("%u refused, %u taken as another sound body\n", refused, taken);
    assert_true(refused > 1000 && taken > 1000);
}

static void room_that_is_too_small_is_told(void **state)
{
    (void)state;
    struct heng_sim_rng rng = heng_sim_rng_of(5, 3);
    for (unsigned kind = 1; kind <= 6; kind++) {
        struct heng_body body;
        random_body(&rng, (heng_entry_kind)kind, &body, &given);
        size_t n = pack(&body);
        for (size_t cap = 0; cap < n; cap += n / 7 + 1) {
            struct heng_buf buf = heng_buf_of(packed, cap);
            struct heng_err err;
            assert_int_equal(heng_body_pack(&body, NOW_US, &buf, &err), HENG_ELIMIT);
            assert_true(buf.full && buf.n == 0);
        }
    }
}

/* As many of everything as a read can have, all of it different and as long as can be. */
static void the_largest_read_fits_into_an_entry(void **state)
{
    (void)state;
    struct heng_body body = {.kind = HENG_ENTRY_READ}, back;
    memset(&given, 0, sizeof given);
    body.read = (struct heng_read_news){.line_id = INT64_MAX,
                                        .read = &given,
                                        .due_us = INT64_MIN,
                                        .has_learned = true,
                                        .quarantined = true,
                                        .learned = {UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX, INT64_MIN, 2},
                                        .order = {.id = INT64_MAX,
                                                  .line_id = INT64_MAX,
                                                  .device_id = INT64_MAX,
                                                  .command = true,
                                                  .ended = true,
                                                  .has_outcome = true,
                                                  .outcome = HENG_OUTCOME_COUNT - 1}};
    memset(body.read.order.why, 'w', sizeof body.read.order.why - 1);
    given.device_id = INT64_MAX;
    given.value_count = HENG_READ_VALUES_MAX;
    given.frame_count = HENG_READ_FRAMES_MAX;
    given.tries = UINT8_MAX;
    given.skipped = UINT16_MAX;
    memset(given.why, 'w', sizeof given.why - 1);
    for (unsigned i = 0; i < HENG_READ_VALUES_MAX; i++) {
        struct heng_value *value = &given.values[i];
        value->key = (struct heng_register_key){.quantity = HENG_QUANTITY_COUNT - 1,
                                                .unit = HENG_UNIT_COUNT - 1,
                                                .function = HENG_FUNCTION_COUNT - 1,
                                                .storage = UINT32_MAX,
                                                .tariff = UINT32_MAX,
                                                .subunit = UINT32_MAX};
        snprintf(value->key.qualifier, sizeof value->key.qualifier, "%023u", i);
        snprintf(value->reason, sizeof value->reason, "%039u", i);
        given.frame_of_value[i] = HENG_READ_FRAMES_MAX - 1;
    }
    for (unsigned i = 0; i < HENG_READ_FRAMES_MAX; i++) {
        given.frames[i].n = HENG_FRAME_BYTES_MAX;
        given.frames[i].at_us = INT64_MAX;
    }
    size_t n = pack(&body);
    struct heng_entry entry = entry_of(&body, NOW_US);
    print_message("%zu bytes\n", n);
    assert_int_equal(heng_body_unpack(heng_slice_of(packed, n), &entry, &scratch, &back, NULL), HENG_OK);
    same_body(&body, &back);
}

/* A heat meter: eight values from one frame of a hundred bytes. What a read costs on the link is a promise. */
static void heat_meter(struct heng_body *body, struct heng_read *read)
{
    static const struct {
        heng_quantity quantity;
        heng_unit unit;
        int64_t mantissa;
        int exponent;
    } values[8] = {{HENG_QUANTITY_ENERGY, HENG_UNIT_WH, 1234567, 3},
                   {HENG_QUANTITY_VOLUME, HENG_UNIT_M3, 4567890, -2},
                   {HENG_QUANTITY_POWER, HENG_UNIT_W, 11800, 0},
                   {HENG_QUANTITY_VOLUME_FLOW, HENG_UNIT_M3_H, 512, -3},
                   {HENG_QUANTITY_FLOW_TEMPERATURE, HENG_UNIT_DEG_C, 6521, -2},
                   {HENG_QUANTITY_RETURN_TEMPERATURE, HENG_UNIT_DEG_C, 4417, -2},
                   {HENG_QUANTITY_TEMPERATURE_DIFFERENCE, HENG_UNIT_K, 2104, -2},
                   {HENG_QUANTITY_OPERATING_TIME, HENG_UNIT_S, 94608000, 0}};
    memset(read, 0, sizeof *read);
    memset(body, 0, sizeof *body);
    read->device_id = 70123;
    read->at_us = NOW_US;
    read->tries = 1;
    read->value_count = 8;
    for (size_t i = 0; i < 8; i++)
        read->values[i] = (struct heng_value){.key = {.quantity = values[i].quantity, .unit = values[i].unit},
                                              .has_value = true,
                                              .dec = {values[i].mantissa, (int8_t)values[i].exponent}};
    read->frame_count = 1;
    read->frames[0].at_us = NOW_US;
    read->frames[0].n = 100;
    for (size_t i = 0; i < 100; i++) read->frames[0].bytes[i] = (uint8_t)i;
    body->kind = HENG_ENTRY_READ;
    body->read = (struct heng_read_news){.line_id = 131,
                                         .read = read,
                                         .has_learned = true,
                                         .learned = {.answer_us = 81234, .spread_us = 4321, .answers = 26280}};
}

static void a_read_is_cheap_on_the_link(void **state)
{
    (void)state;
    struct heng_body body;
    heat_meter(&body, &given);
    size_t n = pack(&body);
    print_message("8 values, a frame of 100 bytes: %zu bytes\n", n);
    assert_true(n <= 200);
}

/* A program that cuts a name cuts it where the room ends, within a character or not. */
static void a_text_cut_within_a_character_is_told(void **state)
{
    (void)state;
    struct heng_body body = {.kind = HENG_ENTRY_EVENT, .event = {.kind = HENG_GATEWAY_STARTED}}, back;
    memset(body.event.detail, 'x', sizeof body.event.detail);
    memcpy(body.event.detail + 195, "热热", 5); /* 195 + 6 > 200: half a character */
    body.event.detail[199] = 0;
    size_t n = pack(&body);
    struct heng_entry entry = entry_of(&body, NOW_US);
    assert_int_equal(heng_body_unpack(heng_slice_of(packed, n), &entry, &scratch, &back, NULL), HENG_OK);
    assert_int_equal(strlen(back.event.detail), 198);
    assert_string_equal(back.event.detail + 195, "热");
}

static void what_cannot_be_is_not_packed(void **state)
{
    (void)state;
    struct heng_body body;
    struct heng_buf buf = heng_buf_of(packed, sizeof packed);
    struct heng_err err;
    heat_meter(&body, &given);
    given.frame_of_value[7] = 1;
    assert_int_equal(heng_body_pack(&body, NOW_US, &buf, &err), HENG_ERANGE);
    heat_meter(&body, &given);
    given.value_count = HENG_READ_VALUES_MAX + 1;
    assert_int_equal(heng_body_pack(&body, NOW_US, &buf, &err), HENG_ELIMIT);
    heat_meter(&body, &given);
    given.values[0].dec.exp = HENG_DEC_EXP_MAX + 1;
    assert_int_equal(heng_body_pack(&body, NOW_US, &buf, &err), HENG_ERANGE);
    heat_meter(&body, &given);
    given.at_us = INT64_MIN;
    assert_int_equal(heng_body_pack(&body, NOW_US, &buf, &err), HENG_ERANGE);
    body = (struct heng_body){.kind = (heng_entry_kind)99};
    assert_int_equal(heng_body_pack(&body, NOW_US, &buf, &err), HENG_EUNSUPPORTED);
    assert_int_equal(buf.n, 0);
}

/* --- the bytes themselves ------------------------------------------------------------------------------------------
 */

/* The wire format does not change by accident: gateways in the field speak it. Each byte below was compared with
 * uplink.proto by hand. */
static const char *const golden[] = {
    "0A570803100520023A0217004201054A01045201055A01016201026A0103820101048A01010192010200029A01024C319A01046E6F6E65A001"
    "01AA01046B616C74B001AC02B8010DC201080809280330034001C80101D00101",
    "1239080410021A056361626C6520012A10AC02020000000000000000000000000130840738014002480350045A036375746005680672016D7A"
    "0168",
    "1A1B08AC0210011801200228093004380640014A066C6F636B65645001",
    "222608011002180120042A0E303030303132333435363738393032016E3A03414357400148015001",
    "2A2008011001180120012801300238034004480550065807600868E7077201707801",
    "3209080410091A01642007",
};

static void golden_read(struct heng_body *body)
{
    memset(&given, 0, sizeof given);
    given.device_id = 5;
    given.at_us = NOW_US - 7;
    given.tries = 2;
    given.skipped = 1;
    given.value_count = 2;
    snprintf(given.why, sizeof given.why, "kalt");
    given.values[0] = (struct heng_value){.key = {.quantity = HENG_QUANTITY_VOLUME,
                                                  .unit = HENG_UNIT_M3,
                                                  .function = HENG_FUNCTION_MAXIMUM,
                                                  .storage = 2,
                                                  .tariff = 3,
                                                  .subunit = 4,
                                                  .qualifier = "L1"},
                                          .has_value = true,
                                          .dec = {-12, -3}};
    given.values[1] = (struct heng_value){.reason = "none"};
    body->read = (struct heng_read_news){
        .line_id = 3,
        .read = &given,
        .due_us = 300,
        .by_hand = true,
        .quarantined = true,
        .order = {.id = 9, .kind = HENG_ORDER_READ_CLOCK, .stage = HENG_STAGE_CONFIRMED, .ended = true}};
}

static void golden_line(struct heng_body *body)
{
    body->line = (struct heng_line_news){.line_id = 4,
                                         .state = HENG_LINE_STATE_NO_LOAD,
                                         .detail = "cable",
                                         .last_answer_us = 1,
                                         .counters = {.requests = 300, .answers = 2, .reads_failed = 1},
                                         .vitals = {.health = 900,
                                                    .queued = 1,
                                                    .quarantined = 2,
                                                    .cycle_us = 3,
                                                    .dead_us = 4,
                                                    .hint_kind = "cut",
                                                    .hint_from = 5,
                                                    .hint_to = 6,
                                                    .hint_meter = "m",
                                                    .hint = "h"}};
}

static void golden_order(struct heng_body *body)
{
    body->order = (struct heng_order_news){.id = 300,
                                           .line_id = 1,
                                           .device_id = 2,
                                           .command = true,
                                           .ended = true,
                                           .has_outcome = true,
                                           .kind = HENG_ORDER_DISCONNECT,
                                           .stage = HENG_STAGE_FAILED,
                                           .outcome = HENG_OUTCOME_REFUSED,
                                           .why = "locked"};
}

static void golden_search(struct heng_body *body)
{
    body->search = (struct heng_search_news){.line_id = 1,
                                             .kind = HENG_SEARCH_MBUS_PRIMARY,
                                             .known_only = true,
                                             .running = true,
                                             .fresh = true,
                                             .started_us = 2,
                                             .progress = {true, 3, 4, 5, 6, 7, 8, 999, "p"}};
}

static void golden_found(struct heng_body *body)
{
    body->found = (struct heng_found_news){.line_id = 1,
                                           .kind = HENG_SEARCH_CJT188,
                                           .found = {.protocol = HENG_PROTOCOL_CJT188,
                                                     .medium = HENG_MEDIUM_HEAT,
                                                     .address = "00001234567890",
                                                     .number = "n",
                                                     .manufacturer = "ACW",
                                                     .primary = -1,
                                                     .known = true,
                                                     .twin = true}};
}

static void the_bytes_stay_as_they_are(void **state)
{
    (void)state;
    for (unsigned kind = 1; kind <= 6; kind++) {
        struct heng_body body = {.kind = (heng_entry_kind)kind};
        char hex[1024];
        switch (body.kind) {
        case HENG_ENTRY_READ: golden_read(&body); break;
        case HENG_ENTRY_LINE: golden_line(&body); break;
        case HENG_ENTRY_ORDER: golden_order(&body); break;
        case HENG_ENTRY_FOUND: golden_found(&body); break;
        case HENG_ENTRY_SEARCH: golden_search(&body); break;
        case HENG_ENTRY_EVENT:
            body.event =
                (struct heng_event_news){.kind = HENG_GATEWAY_CLOCK_SET, .value = -5, .line_id = 7, .detail = "d"};
            break;
        }
        assert_int_equal(heng_hex_format(heng_slice_of(packed, pack(&body)), 0, hex, sizeof hex), HENG_OK);
        assert_string_equal(hex, golden[kind - 1]);
    }
}

/* --- strangers -----------------------------------------------------------------------------------------------------
 */

enum {
    LINE_ID = 1,
    DEVICE_ID,
    OUTCOME,
    TRIES,
    LEARNED,
    FRAMES,
    MANTISSAS,
    EXPONENTS,
    QUANTITIES,
    UNITS,
    FUNCTIONS,
    FRAME_OF_VALUE = 14,
    FRAME_AFTER = 15,
    QUALIFIERS = 17,
    REASONS = 18,
    TEXTS = 19,
    SKIPPED = 20,
    WHY = 21,
    AFTER = 23,
    ORDER = 24,
    BY_HAND = 25
};

/* What a stranger adds to a good read of device 7 with one value from one frame, and what he is told. */
struct stranger {
    const char *what;
    unsigned field;
    uint64_t value;      /* without content */
    const char *content; /* with a content of n bytes */
    size_t n;
    unsigned times;
    heng_rc rc;
};

static const uint8_t frame_bytes[HENG_FRAME_BYTES_MAX + 1], zeros[HENG_READ_VALUES_MAX + 1];
#define BYTES(text) .content = text, .n = sizeof(text) - 1, .times = 1

static const struct stranger strangers[] = {
    {"nothing more", TRIES, 1, .rc = HENG_OK},
    {"a field of a newer program", 999, 1, .rc = HENG_OK},
    {"outcome", OUTCOME, HENG_OUTCOME_COUNT, .rc = HENG_ERANGE},
    {"tries", TRIES, 256, .rc = HENG_ERANGE},
    {"left out", SKIPPED, 65536, .rc = HENG_ERANGE},
    {"no meter", DEVICE_ID, 0, .rc = HENG_ERANGE},
    {"another meter", DEVICE_ID, 8, .rc = HENG_EFORMAT},
    {"negative line", LINE_ID, UINT64_MAX, .rc = HENG_ERANGE},
    {"NUL in a text", WHY, BYTES("a\0b"), .rc = HENG_EFORMAT},
    {"no UTF-8", WHY, BYTES("a\xC0\x80"), .rc = HENG_EFORMAT},
    {"half a character", WHY, BYTES("a\xE7\x83"), .rc = HENG_EFORMAT},
    {"a text without room", WHY, .content = (const char *)zeros, .n = 120, .times = 1, .rc = HENG_EFORMAT},
    {"exponent", EXPONENTS, BYTES("\x26"), .rc = HENG_ERANGE},
    {"exponent below", EXPONENTS, BYTES("\x3D"), .rc = HENG_ERANGE},
    {"greatest exponent", EXPONENTS, BYTES("\x24"), .rc = HENG_OK},
    {"quantity", QUANTITIES, BYTES("\xFF\x7F"), .rc = HENG_ERANGE},
    {"unit", UNITS, BYTES("\xFF\x7F"), .rc = HENG_ERANGE},
    {"function", FUNCTIONS, BYTES("\x7F"), .rc = HENG_ERANGE},
    {"frame that is not there", FRAME_OF_VALUE, BYTES("\x01"), .rc = HENG_ERANGE},
    {"frame that is not there, if cut to 16 bits it were", FRAME_OF_VALUE, BYTES("\x80\x80\x04"), .rc = HENG_ERANGE},
    {"a column that is too long", UNITS, BYTES("\0\0"), .rc = HENG_EFORMAT},
    {"text that is not there", QUALIFIERS, BYTES("\x01"), .rc = HENG_ERANGE},
    {"reason that is not there", REASONS, BYTES("\x01"), .rc = HENG_ERANGE},
    {"more texts than values can have", TEXTS, .content = "", .times = 3, .rc = HENG_ELIMIT},
    {"half a packed number", UNITS, BYTES("\x80"), .rc = HENG_EFORMAT},
    {"frame out of all time", FRAME_AFTER, BYTES("\xFE\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"), .rc = HENG_ERANGE},
    {"read out of all time", AFTER, UINT64_MAX - 1, .rc = HENG_ERANGE},
    {"48 frames", FRAMES, .content = "", .times = 47, .rc = HENG_OK},
    {"49 frames", FRAMES, .content = "", .times = 48, .rc = HENG_ELIMIT},
    {"a frame of 300 bytes", FRAMES, .content = (const char *)frame_bytes, .n = 300, .times = 1, .rc = HENG_OK},
    {"a frame of 301 bytes", FRAMES, .content = (const char *)frame_bytes, .n = 301, .times = 1, .rc = HENG_ELIMIT},
    {"512 values", MANTISSAS, .content = (const char *)zeros, .n = 511, .times = 1, .rc = HENG_OK},
    {"513 values", MANTISSAS, .content = (const char *)zeros, .n = 512, .times = 1, .rc = HENG_ELIMIT},
    {"values without end", MANTISSAS, .content = (const char *)zeros, .n = 500, .times = 128, .rc = HENG_ELIMIT},
    {"frames without end", FRAMES, .content = "", .times = 32000, .rc = HENG_ELIMIT},
    {"what is learned, without end", LEARNED, .content = "", .times = 32000, .rc = HENG_ELIMIT},
    {"unknown things without end", 999, .content = "", .times = 21000, .rc = HENG_ELIMIT},
    {"an order of no id", ORDER, .content = "", .times = 1, .rc = HENG_ERANGE},
    {"an order that is none", ORDER, BYTES("\x08\x01\x28\x7F"), .rc = HENG_ERANGE},
    {"what the meter does with ser", LEARNED, BYTES("\x30\x03"), .rc = HENG_ERANGE},
    {"what the meter does with ser, if cut to 8 bits", LEARNED, BYTES("\x30\x80\x02"), .rc = HENG_ERANGE},
};

static heng_rc hear(const struct stranger *s, struct heng_err *err)
{
    static uint8_t inner[ROOM + 1024], outer[ROOM + 2048];
    struct heng_buf read = heng_buf_of(inner, sizeof inner), body = heng_buf_of(outer, sizeof outer);
    struct heng_entry entry = {.kind = HENG_ENTRY_READ, .at_us = NOW_US, .subject_id = 7};
    struct heng_body ret;
    field(&read, LINE_ID, 1);
    field(&read, DEVICE_ID, 7);
    bytes(&read, FRAMES, heng_slice_of("\x10\x20", 2));
    bytes(&read, MANTISSAS, heng_slice_of("\x02", 1));
    if (s->content) repeat(&read, s->field, heng_slice_of(s->content, s->n), s->times);
    if (!s->content) field(&read, s->field, s->value);
    bytes(&body, 1, heng_buf_slice(&read));
    assert_false(read.full || body.full);
    return heng_body_unpack(heng_buf_slice(&body), &entry, &scratch, &ret, err);
}

static void strangers_are_refused_with_a_reason(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof strangers / sizeof strangers[0]; i++) {
        struct heng_err err = {.text = ""};
        heng_rc rc = hear(&strangers[i], &err);
        if (rc != strangers[i].rc) fail_msg("%s: %s (%s)", strangers[i].what, heng_rc_name(rc), err.text);
        assert_true(rc == HENG_OK || (err.rc == rc && err.text[0]));
    }
}

static void a_good_read_needs_its_frame(void **state)
{
    (void)state;
    struct heng_entry entry = {.kind = HENG_ENTRY_READ, .at_us = NOW_US, .subject_id = 7};
    struct heng_body body;
    for (unsigned by_hand = 0; by_hand < 2; by_hand++) {
        uint8_t inner[64], outer[64];
        struct heng_buf read = heng_buf_of(inner, sizeof inner), buf = heng_buf_of(outer, sizeof outer);
        field(&read, DEVICE_ID, 7);
        field(&read, BY_HAND, by_hand);
        bytes(&read, MANTISSAS, heng_slice_of("\x02", 1));
        bytes(&buf, 1, heng_buf_slice(&read));
        heng_rc rc = heng_body_unpack(heng_buf_slice(&buf), &entry, &scratch, &body, NULL);
        assert_true(by_hand ? rc == HENG_OK : rc != HENG_OK);
    }
}

static void a_body_is_of_the_kind_of_its_entry(void **state)
{
    (void)state;
    struct heng_body body = {.kind = HENG_ENTRY_EVENT, .event = {.kind = HENG_GATEWAY_STARTED}}, back;
    size_t n = pack(&body);
    for (unsigned kind = 0; kind < 9; kind++) {
        struct heng_entry entry = {.kind = (heng_entry_kind)kind};
        heng_rc rc = heng_body_unpack(heng_slice_of(packed, n), &entry, &scratch, &back, NULL);
        heng_rc wanted = kind == 0 || kind > 6 ? HENG_EUNSUPPORTED : kind == 6 ? HENG_OK : HENG_EFORMAT;
        assert_int_equal(rc, wanted);
        rc = heng_body_unpack(heng_slice_of(NULL, 0), &entry, &scratch, &back, NULL);
        assert_int_equal(rc, kind == 0 || kind > 6 ? HENG_EUNSUPPORTED : HENG_EFORMAT);
    }
}

static void bills_and_people_come_first(void **state)
{
    (void)state;
    struct heng_body read = {.kind = HENG_ENTRY_READ, .read = {.read = &given}};
    given.device_id = 12;
    assert_int_equal(heng_body_subject(&read), 12);
    assert_int_equal(heng_body_rank(&read), HENG_ENTRY_RANK_PERIODIC);
    read.read.due_us = 1;
    assert_int_equal(heng_body_rank(&read), HENG_ENTRY_RANK_LASTING);
    read.read.due_us = 0;
    read.read.order.id = 1;
    assert_int_equal(heng_body_rank(&read), HENG_ENTRY_RANK_LASTING);
    assert_int_equal(heng_body_rank(&(struct heng_body){.kind = HENG_ENTRY_LINE}), HENG_ENTRY_RANK_STATUS);
    assert_int_equal(heng_body_rank(&(struct heng_body){.kind = HENG_ENTRY_FOUND}), HENG_ENTRY_RANK_STATUS);
    assert_int_equal(heng_body_rank(&(struct heng_body){.kind = HENG_ENTRY_SEARCH}), HENG_ENTRY_RANK_STATUS);
    assert_int_equal(heng_body_rank(&(struct heng_body){.kind = HENG_ENTRY_ORDER}), HENG_ENTRY_RANK_LASTING);
    assert_int_equal(heng_body_rank(&(struct heng_body){.kind = HENG_ENTRY_EVENT}), HENG_ENTRY_RANK_LASTING);
    assert_int_equal(heng_body_subject(&(struct heng_body){.kind = HENG_ENTRY_ORDER, .order = {.id = 4}}), 4);
    assert_int_equal(heng_body_subject(&(struct heng_body){.kind = HENG_ENTRY_FOUND, .found = {.line_id = 5}}), 5);
}

/* Memory that ends says nothing about the body: it must not be set aside as one that cannot be believed. */
static void memory_that_ends_is_told(void **state)
{
    (void)state;
    struct heng_body body, back;
    heng_rc rc = HENG_ENOMEM;
    unsigned faults = 0;
    heat_meter(&body, &given);
    size_t n = pack(&body);
    struct heng_entry entry = entry_of(&body, NOW_US);
    for (unsigned i = 1; rc == HENG_ENOMEM; i++, faults++) {
        heap_count();
        heap.fail_in = i;
        rc = heng_body_unpack(heng_slice_of(packed, n), &entry, &scratch, &back, NULL);
        assert_true(heap.live == 0);
    }
    heap_count();
    pack(&body);
    assert_true(heap.peak == 0); /* packing allocates nothing */
    heap.counting = false;
    assert_int_equal(rc, HENG_OK);
    assert_true(faults > 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(every_body_comes_out_as_it_was, tell_seed),
        cmocka_unit_test_teardown(damaged_bodies_do_no_harm, tell_seed),
        cmocka_unit_test(room_that_is_too_small_is_told),
        cmocka_unit_test(the_largest_read_fits_into_an_entry),
        cmocka_unit_test(a_read_is_cheap_on_the_link),
        cmocka_unit_test(a_text_cut_within_a_character_is_told),
        cmocka_unit_test(what_cannot_be_is_not_packed),
        cmocka_unit_test(the_bytes_stay_as_they_are),
        cmocka_unit_test(strangers_are_refused_with_a_reason),
        cmocka_unit_test(a_good_read_needs_its_frame),
        cmocka_unit_test(a_body_is_of_the_kind_of_its_entry),
        cmocka_unit_test(bills_and_people_come_first),
        cmocka_unit_test(memory_that_ends_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
