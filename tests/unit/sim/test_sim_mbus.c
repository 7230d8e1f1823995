#include "codec/mbus.h"
#include "sim_case.h"

#include <math.h>

static struct heng_sim_answer ask(struct building *b, uint8_t control, uint8_t address)
{
    struct heng_sim_answer answer = {0};
    uint8_t frame[8];
    struct heng_buf request = heng_buf_of(frame, sizeof frame);
    assert_int_equal(heng_mbus_encode_short(control, address, &request), HENG_OK);
    heng_sim_mbus_ask(&b->heat.meters.mbus, &b->heat.wire, heng_buf_slice(&request), &answer);
    return answer;
}

static bool same(const struct heng_sim_answer *a, const struct heng_sim_answer *b)
{
    return heng_slice_eq(heng_slice_of(a->bytes, a->n), heng_slice_of(b->bytes, b->n));
}

/* Asserts that a value on the wire is `steps` steps of 10^exp. */
static void check(const struct heng_record *r, int64_t steps, int exp)
{
    struct heng_dec want;
    assert_int_equal(heng_dec_make(steps, exp, &want), HENG_OK);
    assert_int_equal(r->kind, HENG_VALUE_DEC);
    assert_int_equal(heng_dec_cmp(r->dec, want), 0);
}

/* True when the record is one of those that carry a value of the world. */
static bool check_record(const struct heng_record *r, const struct building *b, unsigned index)
{
    const struct heng_sim_heat *h = &b->world.heat[index];
    bool big = index == HENG_SIM_BUILDING;
    double ten = big ? 10.0 : 1.0;
    int coarse = big ? 1 : 0;
    if (r->quantity == HENG_QUANTITY_ENERGY || r->quantity == HENG_QUANTITY_ENERGY_HEAT)
        check(r, (int64_t)floor((r->storage ? h->due_energy_wh : h->energy_wh) / ten), coarse);
    else if (r->quantity == HENG_QUANTITY_VOLUME)
        check(r, (int64_t)floor(h->volume_m3 * 1000.0 / ten), coarse - 3);
    else if (r->quantity == HENG_QUANTITY_POWER)
        check(r, llround(h->power_w), 0);
    else if (r->quantity == HENG_QUANTITY_VOLUME_FLOW)
        check(r, llround(h->flow_m3_h / 0.001), -3);
    else if (r->quantity == HENG_QUANTITY_FLOW_TEMPERATURE)
        check(r, llround(h->supply_c / (0.01 * ten)), coarse - 2);
    else if (r->quantity == HENG_QUANTITY_RETURN_TEMPERATURE)
        check(r, llround(h->return_c / (0.01 * ten)), coarse - 2);
    else if (r->quantity == HENG_QUANTITY_TEMPERATURE_DIFFERENCE)
        check(r, llround((h->supply_c - h->return_c) / (0.01 * ten)), coarse - 2);
    else
        return false;
    return true;
}

static unsigned check_telegram(const struct building *b, unsigned index, const struct heng_sim_answer *answer)
{
    struct heng_telegram t;
    struct heng_err err = {0};
    size_t used;
    bool big = index == HENG_SIM_BUILDING;
    assert_int_equal(heng_mbus_codec.decode(heng_slice_of(answer->bytes, answer->n), &t, &used, &err), HENG_OK);
    assert_int_equal(used, answer->n);
    assert_int_equal(t.kind, HENG_TELEGRAM_VARIABLE);
    assert_int_equal(t.address, big ? HENG_SIM_BUILDING_ADDRESS : b->site.flats[index].heat_address);
    assert_string_equal(t.id, big ? b->site.building_number : b->site.flats[index].heat_number);
    assert_string_equal(t.manufacturer, HENG_SIM_MANUFACTURER);
    assert_int_equal(t.medium, HENG_MEDIUM_HEAT);
    assert_false(t.more);

    struct heng_records records = heng_telegram_records(&t);
    struct heng_record r;
    unsigned n = 0, values = 0, dates = 0;
    heng_rc rc;
    while ((rc = heng_mbus_codec.next(&records, &r, &err)) == HENG_OK) {
        assert_true(r.vif_known);
        values += check_record(&r, b, index);
        struct heng_civil now = heng_sim_local(b->world.now_us);
        if (r.kind == HENG_VALUE_DATETIME) {
            assert_int_equal(r.civil.year, now.year);
            assert_int_equal(r.civil.hour, now.hour);
            assert_int_equal(r.civil.minute, now.minute);
        }
        dates += r.kind == HENG_VALUE_DATETIME || r.kind == HENG_VALUE_DATE;
        n++;
    }
    assert_int_equal(rc, HENG_ENOTFOUND);
    assert_int_equal(values, 8);
    assert_int_equal(dates, 2);
    return n;
}

static void test_every_answer_decodes_to_the_world(void **state)
{
    (void)state;
    static struct building b;
    build(&b, 1, JANUARY_US);
    unsigned answered = 0;
    for (unsigned hour = 1; hour <= 3; hour++) {
        heng_sim_world_advance(&b.world, JANUARY_US + hour * 3600 * HENG_US_PER_S);
        for (unsigned i = 0; i < HENG_SIM_HEAT_METERS; i++) {
            uint8_t address = b.heat.meters.mbus.slaves[i].address;
            struct heng_sim_answer answer = ask(&b, hour % 2 ? 0x7B : 0x5B, address);
            if (address == HENG_SIM_DEAD_HEAT_ADDRESS) continue;
            assert_int_equal(check_telegram(&b, i, &answer), 13);
            answered++;
        }
    }
    assert_int_equal(answered, 3 * 48);
}

static void test_same_frame_count_bit_repeats_the_telegram(void **state)
{
    (void)state;
    static struct building b;
    build(&b, 1, JANUARY_US);
    struct heng_sim_answer reset = ask(&b, HENG_MBUS_C_SND_NKE, 5);
    assert_int_equal(reset.n, 1);
    assert_int_equal(reset.bytes[0], HENG_MBUS_ACK);
    struct heng_sim_answer first = ask(&b, 0x7B, 5);
    heng_sim_world_advance(&b.world, JANUARY_US + 3600 * HENG_US_PER_S);
    struct heng_sim_answer again = ask(&b, 0x7B, 5);
    struct heng_sim_answer next = ask(&b, 0x5B, 5);
    assert_true(first.n > 20 && same(&first, &again));
    assert_false(same(&again, &next));
    (void)ask(&b, HENG_MBUS_C_SND_NKE, 5);
    struct heng_sim_answer after_reset = ask(&b, 0x5B, 5); /* the bit is as before, but it was forgotten */
    assert_false(same(&next, &after_reset));
}

static void test_silence(void **state)
{
    (void)state;
    static struct building b;
    build(&b, 1, JANUARY_US);
    assert_int_equal(ask(&b, 0x7B, HENG_SIM_DEAD_HEAT_ADDRESS).n, 0);
    assert_int_equal(ask(&b, 0x7B, 77).n, 0);   /* nobody there */
    assert_int_equal(ask(&b, 0x40, 0xFF).n, 0); /* broadcast */
    uint8_t wrong[] = {0x10, 0x7B, 0x05, 0x81, 0x16};
    struct heng_sim_answer answer = {0};
    heng_sim_mbus_ask(&b.heat.meters.mbus, &b.heat.wire, heng_slice_of(wrong, sizeof wrong), &answer);
    assert_int_equal(answer.n, 0);
    wrong[3] = 0x80; /* and right */
    heng_sim_mbus_ask(&b.heat.meters.mbus, &b.heat.wire, heng_slice_of(wrong, sizeof wrong), &answer);
    assert_true(answer.n > 20);
}

static void test_death_and_revival(void **state)
{
    (void)state;
    static struct building b;
    build(&b, 1, JANUARY_US);
    assert_int_equal(heng_sim_line_set_alive(&b.heat, "5", false), HENG_OK);
    assert_int_equal(heng_sim_line_set_alive(&b.heat, "17", true), HENG_OK);
    assert_int_equal(ask(&b, 0x7B, 5).n, 0);
    assert_true(ask(&b, 0x7B, 17).n > 20);
    assert_int_equal(heng_sim_line_set_alive(&b.heat, "77", true), HENG_ENOTFOUND);
    assert_int_equal(heng_sim_line_set_alive(&b.heat, "5x", true), HENG_ENOTFOUND);
    assert_int_equal(heng_sim_line_set_alive(&b.heat, "", true), HENG_ENOTFOUND);
}

/* What the bus says to a selection by its mask: eight bytes, the number low byte first. */
static struct heng_sim_answer select_mask(struct building *b, const uint8_t mask[8])
{
    struct heng_sim_answer answer = {0};
    uint8_t frame[32];
    struct heng_buf request = heng_buf_of(frame, sizeof frame);
    assert_int_equal(
        heng_mbus_encode_long(0x53, HENG_MBUS_SELECTED, HENG_MBUS_CI_SELECT, heng_slice_of(mask, 8), &request),
        HENG_OK);
    heng_sim_mbus_ask(&b->heat.meters.mbus, &b->heat.wire, heng_buf_slice(&request), &answer);
    return answer;
}

/* The mask of one meter: its number, all else for any. */
static void mask_of(const char *number, uint8_t ret[8])
{
    memset(ret, 0xFF, 8);
    for (size_t i = 0; i < 4; i++) ret[i] = (uint8_t)((number[6 - 2 * i] - '0') << 4 | (number[7 - 2 * i] - '0'));
}

static void assert_ack(const struct heng_sim_answer *answer)
{
    assert_int_equal(answer->n, 1);
    assert_int_equal(answer->bytes[0], HENG_MBUS_ACK);
}

static void test_the_selected_meter_answers_to_fd(void **state)
{
    (void)state;
    static struct building b;
    build(&b, 1, JANUARY_US);
    assert_int_equal(ask(&b, 0x7B, HENG_MBUS_SELECTED).n, 0); /* nobody is selected yet */
    for (unsigned i = 0; i < HENG_SIM_HEAT_METERS; i++) {
        bool big = i == HENG_SIM_BUILDING, dead = b.heat.meters.mbus.slaves[i].address == HENG_SIM_DEAD_HEAT_ADDRESS;
        uint8_t mask[8];
        mask_of(big ? b.site.building_number : b.site.flats[i].heat_number, mask);
        struct heng_sim_answer answer = select_mask(&b, mask);
        if (dead) {
            assert_int_equal(answer.n, 0);
            continue;
        }
        assert_ack(&answer);
        answer = ask(&b, 0x7B, HENG_MBUS_SELECTED); /* it, and not the one before: it would be a collision */
        assert_int_equal(check_telegram(&b, i, &answer), 13);
    }
    struct heng_sim_answer end = ask(&b, HENG_MBUS_C_SND_NKE, HENG_MBUS_SELECTED);
    assert_ack(&end);
    assert_int_equal(ask(&b, 0x7B, HENG_MBUS_SELECTED).n, 0);
}

static void test_a_selection_that_means_nobody_is_silent(void **state)
{
    (void)state;
    static struct building b;
    build(&b, 1, JANUARY_US);
    uint8_t right[8], wrong[8];
    mask_of(b.site.flats[3].heat_number, right);
    struct heng_sim_answer answer = select_mask(&b, right);
    assert_ack(&answer);
    answer = ask(&b, 0x7B, HENG_MBUS_SELECTED);
    assert_int_equal(check_telegram(&b, 3, &answer), 13);
    mask_of("99999999", wrong);
    assert_int_equal(select_mask(&b, wrong).n, 0);
    assert_int_equal(ask(&b, 0x5B, HENG_MBUS_SELECTED).n, 0); /* and who was selected is no more */
    for (unsigned digit = 0; digit < 8; digit++) {            /* A fits no digit of a meter */
        unsigned shift = digit % 2 * 4;
        memcpy(wrong, right, sizeof wrong);
        wrong[digit / 2] = (uint8_t)((wrong[digit / 2] & (0xF0 >> shift)) | 0x0A << shift);
        assert_int_equal(select_mask(&b, wrong).n, 0);
    }
    for (size_t i = 4; i < 8; i++) { /* a foreign maker, version or medium */
        memcpy(wrong, right, sizeof wrong);
        wrong[i] = 0x7E;
        assert_int_equal(select_mask(&b, wrong).n, 0);
    }
}

/* Digits F stand for any, in each place of their own; all the others have to fit. */
static void test_wild_digits_of_a_selection(void **state)
{
    (void)state;
    static struct building b;
    build(&b, 1, JANUARY_US);
    uint8_t mask[8], any[8];
    mask_of(b.site.flats[3].heat_number, mask);
    for (unsigned digit = 0; digit < 8; digit++) {
        unsigned meant = 0;
        memcpy(any, mask, sizeof any);
        any[digit / 2] |= (uint8_t)(digit % 2 ? 0xF0 : 0x0F);
        struct heng_sim_answer answer = select_mask(&b, any);
        for (unsigned i = 0; i < HENG_SIM_HEAT_METERS; i++) meant += b.heat.meters.mbus.slaves[i].selected;
        assert_true(b.heat.meters.mbus.slaves[3].selected);
        assert_in_range(meant, 1, 10);
        assert_int_equal(answer.bytes[0], HENG_MBUS_ACK);
    }
    memset(any, 0xFF, sizeof any);
    (void)select_mask(&b, any);
    for (unsigned i = 0; i < HENG_SIM_HEAT_METERS; i++) assert_true(b.heat.meters.mbus.slaves[i].selected);
}

static void test_all_at_once_is_a_collision(void **state)
{
    (void)state;
    static struct building b;
    build(&b, 1, JANUARY_US);
    struct heng_sim_answer all = ask(&b, 0x7B, 0xFE);
    struct heng_telegram t;
    size_t used;
    assert_true(all.n > 20);
    assert_int_not_equal(heng_mbus_codec.decode(heng_slice_of(all.bytes, all.n), &t, &used, NULL), HENG_OK);
}

static void test_user_data_is_acknowledged(void **state)
{
    (void)state;
    static struct building b;
    build(&b, 1, JANUARY_US);
    uint8_t memory[16];
    static const uint8_t cis[] = {0x50, 0x51, 0x99};
    static const size_t answers[] = {1, 1, 0};
    for (unsigned i = 0; i < 3; i++) {
        struct heng_sim_answer answer = {0};
        struct heng_buf request = heng_buf_of(memory, sizeof memory);
        assert_int_equal(heng_mbus_encode_long(0x53, 9, cis[i], heng_slice_of("", 1), &request), HENG_OK);
        heng_sim_mbus_ask(&b.heat.meters.mbus, &b.heat.wire, heng_buf_slice(&request), &answer);
        assert_int_equal(answer.n, answers[i]);
    }
}

static void test_requests_are_found_in_a_stream(void **state)
{
    (void)state;
    static const uint8_t stream[] = {0x00, 0x68, 0x10, 0x7B, 0x05, 0x80, 0x16, 0x10, 0x40};
    size_t skip;
    assert_int_equal(heng_sim_mbus_take(heng_slice_of(stream, sizeof stream), &skip), 5);
    assert_int_equal(skip, 2);
    assert_int_equal(heng_sim_mbus_take(heng_slice_of(stream + 7, 2), &skip), 0);
    assert_int_equal(skip, 0);
    assert_int_equal(heng_sim_mbus_take(heng_slice_of(stream, 1), &skip), 0);
    assert_int_equal(skip, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_answer_decodes_to_the_world),
        cmocka_unit_test(test_same_frame_count_bit_repeats_the_telegram),
        cmocka_unit_test(test_silence),
        cmocka_unit_test(test_death_and_revival),
        cmocka_unit_test(test_the_selected_meter_answers_to_fd),
        cmocka_unit_test(test_a_selection_that_means_nobody_is_silent),
        cmocka_unit_test(test_wild_digits_of_a_selection),
        cmocka_unit_test(test_all_at_once_is_a_collision),
        cmocka_unit_test(test_user_data_is_acknowledged),
        cmocka_unit_test(test_requests_are_found_in_a_stream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
