#include "codec/cjt188.h"
#include "sim_case.h"

#include <math.h>
#include <stdio.h>

static struct heng_sim_answer write_to(struct building *b, const char *number, uint8_t control, uint16_t di,
                                       bool swapped, struct heng_slice payload)
{
    struct heng_sim_answer answer = {0};
    uint8_t memory[64];
    struct heng_buf request = heng_buf_of(memory, sizeof memory);
    struct heng_cjt188_frame frame = {.type = 0x10,
                                      .control = control,
                                      .ser = 0x2A,
                                      .preamble = 2,
                                      .di = di,
                                      .di_swapped = swapped,
                                      .payload = payload};
    snprintf(frame.id, sizeof frame.id, "%s", number);
    assert_int_equal(heng_cjt188_encode(&frame, &request), HENG_OK);
    size_t skip, n = heng_sim_cjt188_take(heng_buf_slice(&request), &skip);
    assert_int_equal(skip, 2);
    assert_int_equal(n, request.n - 2);
    heng_sim_cjt188_ask(&b->water.meters.cjt188, &b->water.wire, heng_slice_of(memory + skip, n), &answer);
    return answer;
}

static struct heng_sim_answer ask(struct building *b, const char *number, uint8_t control, uint16_t di, bool swapped)
{
    return write_to(b, number, control, di, swapped, heng_slice_of(NULL, 0));
}

static struct heng_telegram decoded(const struct heng_sim_answer *answer)
{
    struct heng_telegram t;
    size_t used;
    assert_int_equal(heng_cjt188_codec.decode(heng_slice_of(answer->bytes, answer->n), &t, &used, NULL), HENG_OK);
    return t;
}

static void check_total(const struct heng_record *r, double litres)
{
    struct heng_dec want;
    assert_int_equal(heng_dec_make((int64_t)floor(litres / 10.0), -2, &want), HENG_OK);
    assert_int_equal(r->kind, HENG_VALUE_DEC);
    assert_int_equal(r->unit, HENG_UNIT_M3);
    assert_int_equal(heng_dec_cmp(r->dec, want), 0);
}

static void check_telegram(const struct building *b, unsigned index, const struct heng_sim_answer *answer, bool swapped)
{
    struct heng_telegram t;
    struct heng_err err = {0};
    size_t used;
    assert_int_equal(heng_cjt188_codec.decode(heng_slice_of(answer->bytes, answer->n), &t, &used, &err), HENG_OK);
    assert_int_equal(used, answer->n);
    assert_int_equal(t.kind, HENG_TELEGRAM_DATA);
    assert_string_equal(t.id, b->site.flats[index].water_number);
    assert_int_equal(t.medium, HENG_MEDIUM_COLD_WATER);
    assert_int_equal(t.di, 0x901F);
    assert_int_equal(t.di_swapped, swapped);
    assert_int_equal(t.ser, 0x2A);

    struct heng_records records = heng_telegram_records(&t);
    struct heng_record r;
    unsigned volumes = 0, clocks = 0;
    heng_rc rc;
    while ((rc = heng_cjt188_codec.next(&records, &r, &err)) == HENG_OK) {
        if (r.quantity == HENG_QUANTITY_VOLUME) {
            check_total(&r, r.storage ? b->world.water[index].due_volume_l : b->world.water[index].volume_l);
            volumes++;
        }
        if (r.kind == HENG_VALUE_DATETIME) {
            struct heng_civil now = heng_sim_local(b->world.now_us);
            assert_memory_equal(&r.civil.day, &now.day, 1);
            assert_int_equal(r.civil.year, now.year);
            assert_int_equal(r.civil.hour, now.hour);
            assert_int_equal(r.civil.second, now.second);
            clocks++;
        }
    }
    assert_int_equal(rc, HENG_ENOTFOUND);
    assert_int_equal(volumes, 2);
    assert_int_equal(clocks, 1);
}

static void test_every_answer_decodes_to_the_world(void **state)
{
    (void)state;
    static struct building b;
    build(&b, 1, JANUARY_US);
    for (unsigned hour = 1; hour <= 2; hour++) {
        heng_sim_world_advance(&b.world, JANUARY_US + hour * 3605 * HENG_US_PER_S);
        for (unsigned i = 0; i < HENG_SIM_FLATS; i++) {
            bool swapped = hour % 2;
            struct heng_sim_answer answer = ask(&b, b.site.flats[i].water_number, 0x01, 0x901F, swapped);
            if (i == HENG_SIM_DEAD_WATER)
                assert_int_equal(answer.n, 0);
            else
                check_telegram(&b, i, &answer, swapped);
        }
    }
}

static void test_address_is_told(void **state)
{
    (void)state;
    static struct building b;
    build(&b, 1, JANUARY_US);
    struct heng_sim_answer answer = ask(&b, b.site.flats[3].water_number, 0x03, 0x810A, false);
    struct heng_telegram t;
    size_t used;
    assert_int_equal(heng_cjt188_codec.decode(heng_slice_of(answer.bytes, answer.n), &t, &used, NULL), HENG_OK);
    assert_int_equal(t.kind, HENG_TELEGRAM_ADDRESS);
    assert_string_equal(t.id, b.site.flats[3].water_number);
}

static void test_unknown_data_identifier_is_refused(void **state)
{
    (void)state;
    static struct building b;
    build(&b, 1, JANUARY_US);
    struct heng_sim_answer answer = ask(&b, b.site.flats[3].water_number, 0x01, 0x9999, false);
    struct heng_telegram t;
    size_t used;
    assert_int_equal(heng_cjt188_codec.decode(heng_slice_of(answer.bytes, answer.n), &t, &used, NULL), HENG_OK);
    assert_int_equal(t.kind, HENG_TELEGRAM_ERROR);
    assert_int_equal(t.control, 0xC1);
    assert_string_equal(t.id, b.site.flats[3].water_number);
}

static heng_cjt188_valve valve_of(struct building *b, unsigned index)
{
    struct heng_sim_answer answer = ask(b, b->site.flats[index].water_number, 0x01, 0x901F, false);
    struct heng_telegram t = decoded(&answer);
    heng_cjt188_valve valve;
    assert_true(heng_cjt188_valve_of(&t, &valve));
    return valve;
}

/* It says OK at once and moves five seconds later; what is behind a closed valve is not used, not now and not later. */
static void test_a_valve_moves_and_holds_the_water_back(void **state)
{
    (void)state;
    enum { FLAT = 3, LEAKING = 35 };
    static struct building b;
    static const uint8_t closes = 0x99, opens = 0x55, nonsense = 0x42;
    build(&b, 1, JANUARY_US);
    const char *number = b.site.flats[LEAKING].water_number;
    struct heng_sim_answer answer = write_to(&b, number, 0x04, 0xA017, false, heng_slice_of(&nonsense, 1));
    assert_int_equal(decoded(&answer).kind, HENG_TELEGRAM_ERROR);
    answer = write_to(&b, number, 0x04, 0xA017, true, heng_slice_of(&closes, 1));
    struct heng_telegram t = decoded(&answer);
    assert_int_equal(t.control, 0x84);
    assert_int_equal(t.di, 0xA017);
    assert_int_equal(valve_of(&b, LEAKING), HENG_CJT188_VALVE_OPEN);
    heng_sim_world_advance(&b.world, JANUARY_US + 5 * HENG_US_PER_S);
    assert_int_equal(valve_of(&b, LEAKING), HENG_CJT188_VALVE_CLOSED);
    assert_int_equal(valve_of(&b, FLAT), HENG_CJT188_VALVE_OPEN);

    double closed_l = b.world.water[LEAKING].volume_l, other_l = b.world.water[FLAT].volume_l;
    heng_sim_world_advance(&b.world, JANUARY_US + HENG_US_PER_DAY);
    assert_true(b.world.water[LEAKING].volume_l <= closed_l && b.world.water[LEAKING].volume_l >= closed_l);
    assert_true(b.world.water[FLAT].volume_l > other_l);

    answer = write_to(&b, number, 0x04, 0xA017, false, heng_slice_of(&opens, 1));
    heng_us now = b.world.now_us;
    heng_sim_world_advance(&b.world, now + 5 * HENG_US_PER_S);
    assert_int_equal(valve_of(&b, LEAKING), HENG_CJT188_VALVE_OPEN);
    heng_sim_world_advance(&b.world, now + 65 * HENG_US_PER_S);
    assert_true(b.world.water[LEAKING].volume_l > closed_l && b.world.water[LEAKING].volume_l < closed_l + 20);
}

static struct heng_civil clock_of(struct building *b, unsigned index)
{
    struct heng_sim_answer answer = ask(b, b->site.flats[index].water_number, 0x01, 0x901F, false);
    struct heng_telegram t = decoded(&answer);
    struct heng_records records = heng_telegram_records(&t);
    struct heng_record r;
    while (heng_cjt188_codec.next(&records, &r, NULL) == HENG_OK)
        if (r.kind == HENG_VALUE_DATETIME) return r.civil;
    fail_msg("no clock");
    return (struct heng_civil){0};
}

static void test_a_clock_is_set_alone_and_for_all(void **state)
{
    (void)state;
    static struct building b;
    static const uint8_t clock[] = {0x05, 0x30, 0x12, 0x28, 0x02, 0x27, 0x20}; /* 2027-02-28 12:30:05 */
    static const uint8_t no_clock[] = {0x05, 0x30, 0x12, 0x31, 0x02, 0x27, 0x20};
    static const uint8_t no_digit[] = {0x0A, 0x30, 0x12, 0x28, 0x02, 0x27, 0x20};
    build(&b, 1, JANUARY_US);
    const char *number = b.site.flats[3].water_number;
    struct heng_sim_answer answer = write_to(&b, number, 0x04, 0xA015, false, heng_slice_of(no_clock, 7));
    assert_int_equal(decoded(&answer).kind, HENG_TELEGRAM_ERROR);
    answer = write_to(&b, number, 0x04, 0xA015, false, heng_slice_of(no_digit, 7));
    assert_int_equal(decoded(&answer).kind, HENG_TELEGRAM_ERROR);
    answer = write_to(&b, number, 0x04, 0xA015, false, heng_slice_of(clock, 6)); /* cut short */
    assert_int_equal(decoded(&answer).kind, HENG_TELEGRAM_ERROR);
    answer = write_to(&b, number, 0x04, 0xA015, false, heng_slice_of(clock, 7));
    assert_int_equal(decoded(&answer).control, 0x84);
    heng_sim_world_advance(&b.world, JANUARY_US + 10 * HENG_US_PER_S);
    struct heng_civil c = clock_of(&b, 3);
    assert_true(c.year == 2027 && c.month == 2 && c.day == 28 && c.hour == 12 && c.minute == 30 && c.second == 15);
    assert_int_equal(clock_of(&b, 4).year, 2026);
    answer = write_to(&b, "AAAAAAAAAAAAAA", 0x04, 0xA015, false, heng_slice_of(clock, 7));
    assert_int_equal(answer.n, 0);
    c = clock_of(&b, 4);
    assert_true(c.year == 2027 && c.second == 5);
}

static void test_the_last_settlement_day_is_kept(void **state)
{
    (void)state;
    static struct building b;
    build(&b, 1, JANUARY_US);
    const char *number = b.site.flats[3].water_number;
    struct heng_sim_answer answer = ask(&b, number, 0x01, 0xD120, false);
    struct heng_telegram t = decoded(&answer);
    struct heng_records records = heng_telegram_records(&t);
    struct heng_record r;
    struct heng_err err = {0};
    assert_int_equal(heng_cjt188_codec.next(&records, &r, &err), HENG_OK);
    check_total(&r, b.world.water[3].due_volume_l);
    answer = ask(&b, number, 0x01, 0xD121, false);
    assert_int_equal(decoded(&answer).kind, HENG_TELEGRAM_ERROR);
}

static void test_wildcard_collides_until_one_is_left(void **state)
{
    (void)state;
    static struct building b;
    build(&b, 1, JANUARY_US);
    struct heng_telegram t;
    size_t used;
    struct heng_sim_answer all = ask(&b, "AAAAAAAAAAAAAA", 0x01, 0x901F, false);
    assert_true(all.n > 20);
    assert_int_not_equal(heng_cjt188_codec.decode(heng_slice_of(all.bytes, all.n), &t, &used, NULL), HENG_OK);
    for (unsigned i = 0; i < HENG_SIM_FLATS; i++)
        if (i != 7) assert_int_equal(heng_sim_line_set_alive(&b.water, b.site.flats[i].water_number, false), HENG_OK);
    struct heng_sim_answer one = ask(&b, "AAAAAAAAAAAAAA", 0x01, 0x901F, false);
    check_telegram(&b, 7, &one, false);
    assert_int_equal(heng_sim_line_set_alive(&b.water, "8", false), HENG_OK); /* by running number */
    assert_int_equal(ask(&b, "AAAAAAAAAAAAAA", 0x01, 0x901F, false).n, 0);
    assert_int_equal(heng_sim_line_set_alive(&b.water, "49", false), HENG_ENOTFOUND);
}

static void test_silence(void **state)
{
    (void)state;
    static struct building b;
    build(&b, 1, JANUARY_US);
    assert_int_equal(ask(&b, "88010023060099", 0x01, 0x901F, false).n, 0);
    assert_int_equal(ask(&b, b.site.flats[0].water_number, 0x81, 0x901F, false).n, 0); /* another meter's answer */
    uint8_t wrong[] = {0x68, 0x10, 0x01, 0x00, 0x06, 0x23, 0x00, 0x01, 0x88, 0x01, 0x03, 0x90, 0x1F, 0x00, 0x00, 0x16};
    for (size_t i = 0; i < 14; i++) wrong[14] = (uint8_t)(wrong[14] + wrong[i]);
    struct heng_sim_answer answer = {0};
    heng_sim_cjt188_ask(&b.water.meters.cjt188, &b.water.wire, heng_slice_of(wrong, sizeof wrong), &answer);
    assert_true(answer.n > 20);
    wrong[14] ^= 1;
    heng_sim_cjt188_ask(&b.water.meters.cjt188, &b.water.wire, heng_slice_of(wrong, sizeof wrong), &answer);
    assert_int_equal(answer.n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_answer_decodes_to_the_world),
        cmocka_unit_test(test_address_is_told),
        cmocka_unit_test(test_unknown_data_identifier_is_refused),
        cmocka_unit_test(test_a_valve_moves_and_holds_the_water_back),
        cmocka_unit_test(test_a_clock_is_set_alone_and_for_all),
        cmocka_unit_test(test_the_last_settlement_day_is_kept),
        cmocka_unit_test(test_wildcard_collides_until_one_is_left),
        cmocka_unit_test(test_silence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
