/* What is believed: how much noise demands a second read, which values fit, when two reads say the same, and that of
 * three reads a single damaged one bends nothing. */
#include "line/confirm.h"
#include "sim/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct heng_sim_rng rng;

static uint32_t below(uint32_t n) { return heng_sim_rng_below(&rng, n); }

/* --- noise ---------------------------------------------------------------------------------------------------- */

static void test_a_clean_line_is_believed_within_a_round(void **state)
{
    (void)state;
    static const size_t lengths[] = {20, 100, 250};
    for (size_t i = 0; i < 3; i++) {
        struct heng_noise_gauge gauge = {0};
        unsigned frames = 0;
        assert_true(heng_noise_demands(&gauge, lengths[i], HENG_PROTOCOL_MBUS));
        for (; frames < 32 && heng_noise_demands(&gauge, lengths[i], HENG_PROTOCOL_MBUS); frames++)
            heng_noise_note(&gauge, lengths[i], false);
        assert_in_range(frames, 10, 31);
        for (; frames < 100000; frames++) {
            heng_noise_note(&gauge, lengths[i], false);
            assert_false(heng_noise_demands(&gauge, lengths[i], HENG_PROTOCOL_DLT645_2007));
        }
        assert_int_equal(gauge.bad_ppm, 0);
        assert_int_equal(gauge.frames, frames);
    }
}

static void test_one_damaged_frame_is_remembered_and_forgotten(void **state)
{
    (void)state;
    struct heng_noise_gauge gauge = {0};
    unsigned frames = 0;
    for (unsigned i = 0; i < 10000; i++) heng_noise_note(&gauge, 100, false);
    heng_noise_note(&gauge, 100, true);
    assert_true(heng_noise_demands(&gauge, 100, HENG_PROTOCOL_CJT188));
    assert_true(heng_noise_demands(&gauge, 100, HENG_PROTOCOL_DLT645_1997));
    assert_true(heng_noise_demands(&gauge, 100, HENG_PROTOCOL_COUNT));
    assert_false(heng_noise_demands(&gauge, 100, HENG_PROTOCOL_MODBUS_RTU));
    assert_in_range(gauge.bad_ppm, 4, 6); /* 1 in 2048 frames of 100 bytes */
    for (; frames < 5000 && heng_noise_demands(&gauge, 100, HENG_PROTOCOL_CJT188); frames++)
        heng_noise_note(&gauge, 100, false);
    assert_in_range(frames, 2500, 2900);
}

/* Of a hundred thousand reads at this byte error rate, how many would go unconfirmed? */
static unsigned unconfirmed(unsigned errors_per_million, heng_protocol protocol)
{
    enum { READS = 100000, BYTES = 100 };
    struct heng_noise_gauge gauge = {0};
    unsigned count = 0;
    for (unsigned i = 0; i < READS; i++) {
        count += !heng_noise_demands(&gauge, BYTES, protocol);
        heng_noise_note(&gauge, BYTES, below(1000000) < errors_per_million * BYTES);
    }
    return count;
}

static void test_a_noisy_line_practically_always_demands(void **state)
{
    (void)state;
    assert_in_range(unconfirmed(1000, HENG_PROTOCOL_MBUS), 0, 10);
    assert_in_range(unconfirmed(100, HENG_PROTOCOL_MBUS), 0, 1000); /* 1 %: 1e-2 x 1e-4 / 32 is far below 1e-7 */
    assert_in_range(unconfirmed(1000, HENG_PROTOCOL_MODBUS_RTU), 0, 1000);
    assert_in_range(unconfirmed(30, HENG_PROTOCOL_MODBUS_TCP), 99990, 100000);
}

static void test_no_length_upsets_the_gauge(void **state)
{
    (void)state;
    struct heng_noise_gauge gauge = {.frames = UINT32_MAX};
    for (unsigned i = 0; i < 2000; i++) heng_noise_note(&gauge, i % 2 ? SIZE_MAX : 0, true);
    assert_true(heng_noise_demands(&gauge, SIZE_MAX, HENG_PROTOCOL_MODBUS_RTU));
    assert_false(heng_noise_demands(&gauge, 0, HENG_PROTOCOL_MBUS)); /* next to nothing can be wrong in nothing */
    assert_int_equal(gauge.frames, UINT32_MAX);
}

/* --- reads ---------------------------------------------------------------------------------------------------- */

static struct heng_read reads[4];

static struct heng_value *put(struct heng_read *read, heng_quantity quantity, heng_unit unit, int64_t mantissa, int exp)
{
    struct heng_value *value = &read->values[read->value_count];
    *value = (struct heng_value){.key = {.quantity = quantity, .unit = unit}, .has_value = true};
    value->dec = (struct heng_dec){mantissa, (int8_t)exp};
    read->frame_of_value[read->value_count++] = 0;
    return value;
}

static struct heng_value *put_energy(struct heng_read *read, int64_t kwh)
{
    return put(read, HENG_QUANTITY_ENERGY, HENG_UNIT_WH, kwh, 3);
}

static struct heng_read *start(unsigned which, int64_t at_s)
{
    struct heng_read *read = &reads[which];
    read->device_id = 7;
    read->at_us = at_s * HENG_US_PER_S;
    read->outcome = HENG_OUTCOME_OK;
    read->value_count = read->skipped = 0;
    read->why[0] = '\0';
    read->frame_count = 1;
    read->frames[0].at_us = read->at_us;
    read->frames[0].n = 1;
    read->frames[0].bytes[0] = (uint8_t)(which * 100);
    return read;
}

/* --- what is expected ----------------------------------------------------------------------------------------- */

static const struct heng_read *energy_at(int64_t at_s, int64_t kwh)
{
    put_energy(start(0, at_s), kwh);
    return &reads[0];
}

static bool fits(const struct heng_expect *expect, int64_t at_s, int64_t kwh)
{
    char why[120] = "?";
    bool fit = heng_expect_fits(expect, energy_at(at_s, kwh), why, sizeof why);
    assert_int_equal(fit, why[0] == '\0');
    return fit;
}

static void test_counters_rise_as_they_did(void **state)
{
    (void)state;
    struct heng_expect expect = {0};
    char why[120];
    assert_true(fits(&expect, 1000, 99999999)); /* nothing is expected */
    heng_expect_learn(&expect, energy_at(1000, 5000));
    assert_true(fits(&expect, 4600, 5000));
    assert_false(fits(&expect, 4600, 4999));
    assert_false(heng_expect_fits(&expect, energy_at(4600, 4999), why, sizeof why));
    assert_string_equal(why, "energy went back from 5000000 to 4999000 Wh");
    assert_true(fits(&expect, 4600, 15000)); /* read once: much is possible ... */
    assert_false(fits(&expect, 4600, 5000 + 40001));
    heng_expect_learn(&expect, energy_at(4600, 5010)); /* 10 kWh in an hour */
    assert_true(expect.values[0].has_rise);
    assert_true(fits(&expect, 4601, 5110)); /* ten times that */
    assert_false(fits(&expect, 4601, 5111));
    assert_true(fits(&expect, 4600 + 86400, 5010 + 25 * 100));
    assert_false(fits(&expect, 4600 + 86400, 5010 + 25 * 100 + 1));
    heng_expect_learn(&expect, energy_at(4600 + 36000, 5010)); /* it stands still: what was seen stays */
    assert_true(fits(&expect, 4600 + 36001, 5110));
    heng_expect_learn(&expect, energy_at(50000, 17)); /* another meter, believed all the same */
    assert_false(expect.values[0].has_rise);
    assert_true(fits(&expect, 50001, 18));
    assert_true(fits(&expect, 1, 18)); /* the owner's time went back */
}

static void test_a_meter_that_stood_still_may_start(void **state)
{
    (void)state;
    static const struct {
        heng_unit unit;
        int64_t most;
        int exp;
    } cases[] = {{HENG_UNIT_WH, 20000, 0}, {HENG_UNIT_J, 72, 6},  {HENG_UNIT_CAL, 17, 6},
                 {HENG_UNIT_M3, 5000, -3}, {HENG_UNIT_GAL, 2, 1}, /* two steps of the last digit */
                 {HENG_UNIT_WH, 2, 6}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct heng_expect expect = {0};
        char why[120];
        for (int64_t hour = 1; hour <= 2; hour++) {
            put(start(0, hour * 3600), HENG_QUANTITY_VOLUME, cases[i].unit, 1000, cases[i].exp);
            heng_expect_learn(&expect, &reads[0]);
        }
        put(start(0, 7300), HENG_QUANTITY_VOLUME, cases[i].unit, 1000 + cases[i].most, cases[i].exp);
        assert_true(heng_expect_fits(&expect, &reads[0], why, sizeof why));
        reads[0].values[0].dec.mantissa++;
        assert_false(heng_expect_fits(&expect, &reads[0], why, sizeof why));
        assert_non_null(strstr(why, "volume went up from"));
    }
}

/* What has no number of now is expected to stay, but nothing is remembered of a read of nothing else. */
static void test_counters_are_expected_first(void **state)
{
    (void)state;
    struct heng_expect expect = {0}, before;
    char why[120];
    for (unsigned turn = 0; turn < 2; turn++) {
        struct heng_read *read = start(0, 1000 + turn * 100);
        int64_t less = turn * 50; /* the second time all is less */
        put_energy(read, 100 - less)->key.storage = 1;
        put_energy(read, 100 - less)->key.function = HENG_FUNCTION_MAXIMUM;
        put_energy(read, 100 - less)->has_value = false;
        assert_true(heng_expect_fits(&expect, read, why, sizeof why));
        heng_expect_learn(&expect, read);
        assert_int_equal(expect.n, 0);
    }
    struct heng_read *read = start(0, 2000);
    put(read, HENG_QUANTITY_POWER, HENG_UNIT_W, 7, 0);
    for (uint32_t tariff = 1; tariff < 11; tariff++) {
        put(read, tariff % 2 ? HENG_QUANTITY_ENERGY_HEAT : HENG_QUANTITY_ENERGY_COOLING, HENG_UNIT_WH, 100, 0)
            ->key.tariff = tariff;
        if (tariff == 1) snprintf(read->values[tariff].key.qualifier, HENG_QUALIFIER_MAX, "forward");
    }
    heng_expect_learn(&expect, read);
    assert_int_equal(expect.n, HENG_EXPECT_MAX);
    read->values[HENG_EXPECT_MAX + 1].dec.mantissa = 1; /* no room for it: nothing is expected */
    read->values[0].dec.mantissa = 1000;                /* nor for the power, which stands first */
    assert_true(heng_expect_fits(&expect, read, why, sizeof why));
    read->values[1].dec.mantissa = 1;
    assert_false(heng_expect_fits(&expect, read, why, sizeof why));
    before = expect;
    put(start(0, 3000), HENG_QUANTITY_RELAY_STATE, HENG_UNIT_NONE, 1, 0);
    heng_expect_learn(&expect, &reads[0]);
    assert_memory_equal(&before, &expect, sizeof expect);
    /* The same register twice counts once; the first is meant. */
    expect = (struct heng_expect){0};
    put_energy(start(0, 3000), 5);
    put_energy(&reads[0], 6);
    heng_expect_learn(&expect, &reads[0]);
    assert_int_equal(expect.n, 1);
    assert_int_equal(expect.values[0].dec.mantissa, 5);
}

/* A meter of everything: a counter, a clock, a time of day, hours of operation, flags, a value that is not there. */
static struct heng_read *whole(unsigned which, int64_t at_s)
{
    struct heng_read *read = start(which, at_s);
    put_energy(read, 5000);
    put(read, HENG_QUANTITY_DATETIME, HENG_UNIT_S, 1795176000 + at_s, 0);
    put(read, HENG_QUANTITY_TIME, HENG_UNIT_S, (86390 + at_s) % 86400, 0);
    put(read, HENG_QUANTITY_ON_TIME, HENG_UNIT_S, 3600 * 1000, 0);
    put(read, HENG_QUANTITY_ERROR_FLAGS, HENG_UNIT_NONE, 4, 0);
    struct heng_value *absent = put(read, HENG_QUANTITY_POWER, HENG_UNIT_W, 0, 0);
    absent->has_value = false;
    snprintf(absent->reason, sizeof absent->reason, "not available");
    put(read, HENG_QUANTITY_FLOW_TEMPERATURE, HENG_UNIT_DEG_C, 215, -1);
    return read;
}

static bool fits_after(const struct heng_expect *expect, unsigned which, int64_t add)
{
    char why[120];
    struct heng_read *read = whole(0, 7200);
    read->values[3].dec.mantissa += 7200;
    read->values[which].dec.mantissa += add;
    return heng_expect_fits(expect, read, why, sizeof why);
}

/* Clocks and hours go on, levels do not jump, all else stays. */
static void test_all_values_are_expected(void **state)
{
    (void)state;
    struct heng_expect expect = {0};
    char why[120];
    heng_expect_learn(&expect, whole(0, 0));
    for (unsigned i = 0; i < 7; i++) assert_true(fits_after(&expect, i, 0));
    assert_true(fits_after(&expect, 1, 16)); /* 7200 s / 500 and 2 s */
    assert_false(fits_after(&expect, 1, 17));
    assert_false(fits_after(&expect, 1, -17));
    assert_false(fits_after(&expect, 2, 17));
    assert_true(fits_after(&expect, 3, 3600)); /* an hour may be full */
    assert_false(fits_after(&expect, 3, 7200));
    assert_false(fits_after(&expect, 3, -10800));
    assert_false(fits_after(&expect, 4, 1)); /* flags */
    assert_true(fits_after(&expect, 6, 26)); /* an eighth of 21.5 */
    assert_false(fits_after(&expect, 6, 27));
    assert_false(fits_after(&expect, 6, -27));

    struct heng_read *read = whole(0, 10);
    read->values[6].dec.mantissa += 50; /* that was true: from now on it may jump four times as far */
    heng_expect_learn(&expect, read);
    assert_true(fits_after(&expect, 6, 50 + 200));
    assert_false(fits_after(&expect, 6, 50 + 201));

    expect = (struct heng_expect){0};
    heng_expect_learn(&expect, whole(0, 0));
    read = whole(0, 10);
    read->value_count--; /* a register less */
    assert_false(heng_expect_fits(&expect, read, why, sizeof why));
    assert_non_null(strstr(why, "other registers"));
    read = whole(0, 10);
    snprintf(read->values[5].reason, sizeof read->values[5].reason, "invalid bcd");
    assert_false(heng_expect_fits(&expect, read, why, sizeof why));
}

/* A meter whose frozen values are new in each read is not read twice for ever. */
static void test_what_never_rests_is_not_expected_to(void **state)
{
    (void)state;
    struct heng_expect expect = {0};
    char why[120];
    unsigned unfit = 0;
    for (int i = 0; i < 100; i++) {
        struct heng_read *read = whole(0, i);
        put_energy(read, 100 + i)->key.storage = 1;
        unfit += !heng_expect_fits(&expect, read, why, sizeof why);
        heng_expect_learn(&expect, read);
    }
    assert_in_range(unfit, 3, 8);
    for (int i = 100; i < 200; i++) heng_expect_learn(&expect, whole(0, i)); /* it rests again */
    struct heng_read *read = whole(0, 200);
    read->values[4].dec.mantissa ^= 1;
    assert_false(heng_expect_fits(&expect, read, why, sizeof why));
}

static void test_no_number_upsets_what_is_expected(void **state)
{
    (void)state;
    static const struct heng_dec dec[] = {{INT64_MAX, 18}, {INT64_MIN, 18}, {INT64_MAX, -30}, {INT64_MIN, -30},
                                          {1, 0},          {INT64_MAX, 0},  {INT64_MIN, 0},   {0, -30}};
    enum { DECS = sizeof dec / sizeof dec[0] };
    for (unsigned i = 0; i < DECS * DECS * DECS; i++) {
        struct heng_expect expect = {0};
        char why[20];
        for (unsigned k = i, turn = 0; turn < 3; turn++, k /= DECS) {
            put_energy(start(0, (int64_t)turn * 1000000000 - (i % 2) * 5), 0)->dec = dec[k % DECS];
            bool fit = heng_expect_fits(&expect, &reads[0], why, sizeof why);
            if (turn && heng_dec_cmp(dec[k % DECS], expect.values[0].dec) < 0) assert_false(fit);
            heng_expect_learn(&expect, &reads[0]);
        }
    }
}

/* --- the same said twice -------------------------------------------------------------------------------------- */

static void test_two_reads_agree(void **state)
{
    (void)state;
    struct heng_read *first = whole(0, 0), *second = whole(1, 20); /* the time of day goes over midnight */
    assert_true(heng_reads_agree(first, second));
    assert_true(heng_reads_agree(second, first));
    second->values[3].dec = (struct heng_dec){3600 * 10, 2};
    assert_true(heng_reads_agree(first, second));
    struct heng_value swap = second->values[0]; /* another order */
    second->values[0] = second->values[6];
    second->values[6] = swap;
    assert_true(heng_reads_agree(first, second));
}

static void test_two_reads_do_not_agree(void **state)
{
    (void)state;
    for (unsigned which = 0; which < 14; which++) {
        struct heng_read *first = whole(0, 0), *second = whole(1, 20);
        struct heng_value *values = second->values;
        switch (which) {
        case 0: values[0].dec.mantissa++; break;
        case 1: values[0].dec = (struct heng_dec){50000, 2}; break; /* another resolution */
        case 2: values[1].dec.mantissa += 3; break;
        case 3: values[1].dec.mantissa -= 3; break;
        case 4: values[2].dec.mantissa += 3; break;
        case 5: values[3].dec.mantissa += 3600; break; /* an hour is full: so seldom that a third read shall tell */
        case 6: values[3].dec.mantissa -= 3600; break;
        case 7: values[4].dec.mantissa ^= 1; break;
        case 8: values[5].reason[0] = 'N'; break;
        case 9: values[5].has_value = true; break;
        case 10: values[6].key.tariff = 1; break;
        case 11: second->value_count--; break;
        case 12: values[6] = values[0]; break; /* twice the same, and one that is not there */
        case 13: first->values[6] = first->values[0]; break;
        }
        assert_false(heng_reads_agree(first, second));
        assert_false(heng_reads_agree(second, first));
    }
}

static void test_clocks_and_hours_at_the_ends(void **state)
{
    (void)state;
    static const heng_quantity quantities[] = {HENG_QUANTITY_DATETIME, HENG_QUANTITY_TIME, HENG_QUANTITY_ON_TIME,
                                               HENG_QUANTITY_OPERATING_TIME};
    static const struct heng_dec dec[] = {{INT64_MAX, 0}, {INT64_MAX, 18}, {INT64_MIN, 18}, {-1, 2}, {0, 0}};
    for (size_t q = 0; q < 4; q++)
        for (size_t d = 0; d < 5; d++) {
            put(start(0, 0), quantities[q], HENG_UNIT_S, 86399, 0);
            put(start(1, 1), quantities[q], HENG_UNIT_S, 0, 0)->dec = dec[d];
            bool is_midnight = quantities[q] == HENG_QUANTITY_TIME && d == 4;
            assert_int_equal(heng_reads_agree(&reads[0], &reads[1]), is_midnight);
            put(start(0, 0), quantities[q], HENG_UNIT_S, 0, 0)->dec = dec[d]; /* a clock that has stopped */
            put(start(1, 0), quantities[q], HENG_UNIT_S, 0, 0)->dec = dec[d];
            assert_true(heng_reads_agree(&reads[0], &reads[1]));
        }
    put(start(0, 0), HENG_QUANTITY_ON_TIME, HENG_UNIT_S, 100, 0); /* a counter of seconds, 20 s later */
    put(start(1, 20), HENG_QUANTITY_ON_TIME, HENG_UNIT_S, 121, 0);
    assert_true(heng_reads_agree(&reads[0], &reads[1]));
    reads[1].values[0].dec.mantissa++;
    assert_false(heng_reads_agree(&reads[0], &reads[1]));
    reads[1].values[0].dec.mantissa = 100;
    reads[1].values[0].key.storage = reads[0].values[0].key.storage = 1; /* a frozen one does not go on */
    assert_true(heng_reads_agree(&reads[0], &reads[1]));
    reads[1].values[0].dec.mantissa = 101;
    assert_false(heng_reads_agree(&reads[0], &reads[1]));
    put(start(0, 0), HENG_QUANTITY_DATETIME, HENG_UNIT_S, 15005, -1); /* tenths */
    put(start(1, 1), HENG_QUANTITY_DATETIME, HENG_UNIT_S, 1501, 0);
    assert_true(heng_reads_agree(&reads[0], &reads[1]));
}

/* --- the middle of three -------------------------------------------------------------------------------------- */

static const struct heng_value *value_of(const struct heng_read *read, const struct heng_register_key *key)
{
    for (unsigned i = 0; i < read->value_count; i++)
        if (heng_register_key_eq(&read->values[i].key, key)) return &read->values[i];
    return NULL;
}

/* A value stands for what its frame says: its proof must come along. Frames here say who they are in two bytes. */
static void random_read(struct heng_read *read, unsigned values, unsigned which)
{
    start(which, 1000 + 3 * (int64_t)which);
    read->frame_count = (uint16_t)(1 + values / 40);
    for (unsigned f = 0; f < read->frame_count; f++) {
        read->frames[f].n = 2;
        read->frames[f].bytes[0] = (uint8_t)which;
        read->frames[f].bytes[1] = (uint8_t)f;
    }
    for (unsigned v = 0; v < values; v++) {
        struct heng_value *value = put(read, HENG_QUANTITY_ENERGY, HENG_UNIT_WH, 1000 + v, 0);
        value->key.storage = v;
        read->frame_of_value[v] = (uint16_t)(v / 40);
        if (v % 7 == 3) value->has_value = false;
        if (v % 7 == 4) value->key.quantity = HENG_QUANTITY_ERROR_FLAGS;
    }
}

static void corrupt(struct heng_read *read)
{
    for (uint32_t n = 1 + below(20); n > 0 && read->value_count; n--) {
        uint32_t i = below(read->value_count);
        struct heng_value *value = &read->values[i];
        switch (below(7)) {
        case 0: value->dec.mantissa ^= INT64_C(1) << below(62); break;
        case 1: value->dec.exp = (int8_t)((int)below(49) - 30); break;
        case 2: value->has_value = !value->has_value; break;
        case 3: value->key.storage = below(600); break; /* perhaps one that is there already */
        case 4: *value = read->values[--read->value_count]; break;
        case 5:
            if (read->value_count < HENG_READ_VALUES_MAX) {
                read->frame_of_value[read->value_count] = 0;
                read->values[read->value_count] = *value;
                read->values[read->value_count++].key.tariff = 1 + below(3);
            }
            break;
        case 6: read->frame_of_value[i] = (uint16_t)below(60); break;
        }
    }
    if (below(10) == 0) read->value_count = 0;
}

static void test_one_damaged_read_of_three_bends_nothing(void **state)
{
    (void)state;
    for (int turn = 0; turn < 400; turn++) {
        unsigned values = turn % 50 ? 1 + below(60) : HENG_READ_VALUES_MAX, bad = below(3);
        for (unsigned i = 0; i < 3; i++) random_read(&reads[i], values, i);
        corrupt(&reads[bad]);
        const struct heng_read *good = &reads[(bad + 1) % 3];
        assert_int_equal(heng_reads_median(&reads[0], &reads[1], &reads[2], &reads[3]), HENG_OK);
        const struct heng_read *middle = &reads[3];
        assert_int_equal(middle->value_count, good->value_count);
        assert_int_equal(middle->device_id, 7);
        for (unsigned v = 0; v < good->value_count; v++) {
            const struct heng_value *value = value_of(middle, &good->values[v].key);
            assert_non_null(value);
            assert_int_equal(value->has_value, good->values[v].has_value);
            if (value->has_value) assert_int_equal(heng_dec_cmp(value->dec, good->values[v].dec), 0);
            unsigned frame = middle->frame_of_value[value - middle->values];
            assert_in_range(frame, 0, middle->frame_count - 1);
            unsigned from = middle->frames[frame].bytes[0];
            if (from != bad) assert_int_equal(middle->frames[frame].bytes[1], v / 40);
        }
    }
}

/* Counters go on between the reads: the middle of what they say, never outside of what two good ones say. */
static void test_the_middle_of_a_rising_counter(void **state)
{
    (void)state;
    static const int64_t orders[][3] = {{1, 2, 3}, {3, 2, 1}, {2, 3, 1}, {2, 1, 3}, {1, 3, 2}, {3, 1, 2}};
    for (size_t i = 0; i < 6; i++) {
        for (unsigned r = 0; r < 3; r++) put_energy(start(r, r), 5000 + orders[i][r]);
        assert_int_equal(heng_reads_median(&reads[0], &reads[1], &reads[2], &reads[3]), HENG_OK);
        assert_int_equal(reads[3].values[0].dec.mantissa, 5002);
        assert_int_equal(reads[3].frame_count, 1);
        for (unsigned r = 0; r < 3; r++)
            if (orders[i][r] == 2) {
                assert_int_equal(reads[3].frames[0].bytes[0], r * 100);
                assert_true(reads[3].at_us == reads[r].at_us);
            }
    }
}

static void test_what_only_one_says_is_left_out(void **state)
{
    (void)state;
    for (unsigned r = 0; r < 3; r++) {
        put_energy(start(r, r), 5000);
        put(&reads[r], HENG_QUANTITY_ERROR_FLAGS, HENG_UNIT_NONE, r, 0); /* all different: no middle of flags */
        put(&reads[r], HENG_QUANTITY_DATETIME, HENG_UNIT_S, 1000000 * r, 0);
        if (r == 1) put(&reads[r], HENG_QUANTITY_POWER, HENG_UNIT_W, 1, 0);
        if (r) put(&reads[r], HENG_QUANTITY_VOLUME, HENG_UNIT_M3, r, 0); /* two that differ */
        if (r) put(&reads[r], HENG_QUANTITY_VOLTAGE, HENG_UNIT_V, 230, 0);
    }
    assert_int_equal(heng_reads_median(&reads[0], &reads[1], &reads[2], &reads[3]), HENG_OK);
    assert_int_equal(reads[3].value_count, 2);
    assert_int_equal(reads[3].values[0].key.quantity, HENG_QUANTITY_ENERGY);
    assert_int_equal(reads[3].values[1].key.quantity, HENG_QUANTITY_VOLTAGE);
    for (unsigned r = 0; r < 3; r++) put(start(r, r), HENG_QUANTITY_ERROR_FLAGS, HENG_UNIT_NONE, r, 0);
    assert_int_equal(heng_reads_median(&reads[0], &reads[1], &reads[2], &reads[3]), HENG_EFORMAT);
}

static void test_the_middle_clock(void **state)
{
    (void)state;
    for (unsigned bad = 0; bad < 4; bad++) { /* 3: none */
        for (unsigned r = 0; r < 3; r++) {
            put(start(r, 5 * r), HENG_QUANTITY_DATETIME, HENG_UNIT_S, 1795176000 + 5 * r + r % 2, 0);
            put(&reads[r], HENG_QUANTITY_ON_TIME, HENG_UNIT_S, 3600 * 7, 0);
            if (r == bad) reads[r].values[0].dec.mantissa += (int64_t)below(200000) - 100000;
            if (r == bad) reads[r].values[1].dec.mantissa += 3600;
        }
        assert_int_equal(heng_reads_median(&reads[0], &reads[1], &reads[2], &reads[3]), HENG_OK);
        int64_t ahead = reads[3].values[0].dec.mantissa - 1795176000 -
                        reads[3].frames[reads[3].frame_of_value[0]].at_us / HENG_US_PER_S;
        assert_true(ahead >= 0 && ahead <= 1);
        assert_int_equal(reads[3].values[1].dec.mantissa, 3600 * 7);
    }
}

/* An answer in several frames is named by its first one, and needs all. */
static void test_all_frames_of_an_answer_come_along(void **state)
{
    (void)state;
    for (unsigned r = 0; r < 3; r++) {
        start(r, r);
        reads[r].frame_count = 4;
        for (unsigned f = 0; f < 4; f++) reads[r].frames[f] = reads[r].frames[0];
        for (unsigned f = 0; f < 4; f++) reads[r].frames[f].bytes[0] = (uint8_t)(r * 100 + f);
        put_energy(&reads[r], 5000 + r % 2);                                    /* frames 0 and 1; from the last read */
        put(&reads[r], HENG_QUANTITY_VOLUME, HENG_UNIT_M3, r == 2 ? 99 : r, 0); /* 2 and 3; from the middle read */
        reads[r].frame_of_value[1] = 2;
    }
    assert_int_equal(heng_reads_median(&reads[0], &reads[1], &reads[2], &reads[3]), HENG_OK);
    assert_int_equal(reads[3].frame_count, 4);
    static const uint8_t frames[] = {200, 201, 102, 103};
    for (unsigned f = 0; f < 4; f++) assert_int_equal(reads[3].frames[f].bytes[0], frames[f]);
    assert_int_equal(reads[3].frame_of_value[0], 0);
    assert_int_equal(reads[3].frame_of_value[1], 2);
}

static void test_frames_that_find_no_room(void **state)
{
    (void)state;
    for (unsigned r = 0; r < 3; r++) {
        start(r, r);
        reads[r].frame_count = HENG_READ_FRAMES_MAX;
        for (unsigned v = 0; v < 2; v++) put_energy(&reads[r], 5000 + (v ? r : 4 - r))->key.tariff = v;
        put_energy(&reads[r], r == 1 ? 7 : 8)->key.tariff = 2;
    }
    assert_int_equal(heng_reads_median(&reads[0], &reads[1], &reads[2], &reads[3]), HENG_ELIMIT);
}

int main(void)
{
    enum { SEED = 20261121 };
    print_message("# seed %d\n", SEED);
    rng = heng_sim_rng_of(SEED, 2);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_clean_line_is_believed_within_a_round),
        cmocka_unit_test(test_one_damaged_frame_is_remembered_and_forgotten),
        cmocka_unit_test(test_a_noisy_line_practically_always_demands),
        cmocka_unit_test(test_no_length_upsets_the_gauge),
        cmocka_unit_test(test_counters_rise_as_they_did),
        cmocka_unit_test(test_a_meter_that_stood_still_may_start),
        cmocka_unit_test(test_counters_are_expected_first),
        cmocka_unit_test(test_all_values_are_expected),
        cmocka_unit_test(test_what_never_rests_is_not_expected_to),
        cmocka_unit_test(test_no_number_upsets_what_is_expected),
        cmocka_unit_test(test_two_reads_agree),
        cmocka_unit_test(test_two_reads_do_not_agree),
        cmocka_unit_test(test_clocks_and_hours_at_the_ends),
        cmocka_unit_test(test_one_damaged_read_of_three_bends_nothing),
        cmocka_unit_test(test_the_middle_of_a_rising_counter),
        cmocka_unit_test(test_what_only_one_says_is_left_out),
        cmocka_unit_test(test_the_middle_clock),
        cmocka_unit_test(test_all_frames_of_an_answer_come_along),
        cmocka_unit_test(test_frames_that_find_no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
