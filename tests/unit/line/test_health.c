/* The score of a line, overload, and where to look: as an operator would want them. */
#include "line/health.h"
#include "sim/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct heng_sim_rng rng;

static uint32_t below(uint32_t n) { return heng_sim_rng_below(&rng, n); }

/* --- the score ------------------------------------------------------------------------------------------------ */

/* The score of a line of which so many percent of the exchanges end like this. */
static uint32_t score_with(heng_exchange_end end, unsigned percent)
{
    struct heng_health health = {0};
    for (unsigned i = 0; i < 2000; i++) heng_health_note(&health, i % 100 < percent ? end : HENG_EXCHANGE_GOOD);
    return heng_health_score(&health);
}

static void test_score(void **state)
{
    (void)state;
    struct heng_health health = {0};
    assert_int_equal(heng_health_score(&health), 100); /* nothing asked yet */
    heng_health_note(&health, HENG_EXCHANGE_COUNT);    /* none of the ends: not counted */
    assert_int_equal(health.exchanges, 0);
    heng_health_note(&health, HENG_EXCHANGE_SILENCE);
    assert_int_equal(heng_health_score(&health), 0);
    for (int i = 0; i < 3; i++) heng_health_note(&health, HENG_EXCHANGE_GOOD);
    assert_int_equal(heng_health_score(&health), 75);
    for (unsigned end = HENG_EXCHANGE_GOOD + 1; end < HENG_EXCHANGE_COUNT; end++) {
        uint32_t before = 100;
        for (unsigned percent = 0; percent <= 100; percent += 10) { /* the more, the worse */
            uint32_t score = score_with((heng_exchange_end)end, percent);
            assert_true(percent == 0 ? score == 100 : score < before);
            before = score;
        }
        assert_int_equal(before, 0); /* nothing works */
    }
    assert_true(score_with(HENG_EXCHANGE_CHECKSUM, 20) > score_with(HENG_EXCHANGE_SILENCE, 20));
    assert_true(score_with(HENG_EXCHANGE_FRAMING, 20) > score_with(HENG_EXCHANGE_COLLISION, 20));
    assert_in_range(score_with(HENG_EXCHANGE_SILENCE, 20), 75, 90);
}

static void test_a_mended_line_is_whole_again(void **state)
{
    (void)state;
    struct heng_health health = {.exchanges = UINT32_MAX};
    for (int i = 0; i < 5000; i++) heng_health_note(&health, (heng_exchange_end)below(HENG_EXCHANGE_COUNT));
    assert_in_range(heng_health_score(&health), 1, 60);
    for (int i = 0; i < 3000; i++) heng_health_note(&health, HENG_EXCHANGE_GOOD);
    assert_int_equal(heng_health_score(&health), 100);
    assert_int_equal(health.share_ppm[HENG_EXCHANGE_GOOD], 1000000);
    /* Shares that somebody has made up: still a score. */
    for (unsigned i = 0; i < HENG_EXCHANGE_COUNT; i++) health.share_ppm[i] = UINT32_MAX;
    assert_int_equal(heng_health_score(&health), 0);
}

static void test_overload(void **state)
{
    (void)state;
    struct heng_health health = {0};
    for (int i = 0; i < 100; i++) { /* a noisy line is not a short one */
        heng_health_note(&health, i % 5 ? HENG_EXCHANGE_NOISE : HENG_EXCHANGE_CHECKSUM);
        assert_false(heng_health_is_overload(&health));
    }
    for (int i = 0; i < 100; i++) heng_health_note(&health, HENG_EXCHANGE_NOISE);
    assert_true(heng_health_is_overload(&health));
    heng_health_note(&health, HENG_EXCHANGE_SILENCE);
    assert_false(heng_health_is_overload(&health));
    health.overload = true;
    assert_true(heng_health_is_overload(&health));
}

/* --- where to look -------------------------------------------------------------------------------------------- */

enum { METERS_MAX = 60 };

/* A cable whose meters remember their last eight conversations, as the line keeps them. */
struct cable {
    size_t n;
    uint32_t position[METERS_MAX];
    uint8_t history[METERS_MAX], kept[METERS_MAX]; /* bit 0: the last one was good */
};

static struct cable make_cable(size_t n)
{
    struct cable cable = {.n = n};
    for (size_t i = 0; i < n; i++) cable.position[i] = (uint32_t)i + 1;
    return cable;
}

static void meet(struct cable *cable, size_t i, bool good)
{
    cable->history[i] = (uint8_t)(cable->history[i] << 1 | good);
    if (cable->kept[i] < 8) cable->kept[i]++;
}

/* One round: meters from index `cut` on, and `dead`, do not answer. */
static void go_round(struct cable *cable, size_t cut, size_t dead)
{
    for (size_t i = 0; i < cable->n; i++) meet(cable, i, i < cut && i != dead);
}

static void tell(const struct cable *cable, struct heng_health_meter ret[METERS_MAX])
{
    for (size_t i = 0; i < cable->n; i++) {
        ret[i] = (struct heng_health_meter){.position = cable->position[i]};
        snprintf(ret[i].name, sizeof ret[i].name, "flat %u", (unsigned)(i + 1));
        for (unsigned k = 0; k < cable->kept[i]; k++)
            if (cable->history[i] >> k & 1)
                ret[i].good++;
            else
                ret[i].missed++;
        ret[i].answered_last = cable->kept[i] && (cable->history[i] & 1);
    }
}

/* The hint, and that it does not depend on the order of the meters. */
static struct heng_hint hint_of(const struct cable *cable)
{
    struct heng_health_meter meters[METERS_MAX] = {0}, mixed[METERS_MAX];
    struct heng_hint hint, other;
    tell(cable, meters);
    memcpy(mixed, meters, sizeof mixed);
    for (size_t i = cable->n; i > 1; i--) {
        size_t k = below((uint32_t)i);
        struct heng_health_meter swap = mixed[i - 1];
        mixed[i - 1] = mixed[k];
        mixed[k] = swap;
    }
    heng_health_hint(meters, cable->n, &hint);
    heng_health_hint(mixed, cable->n, &other);
    assert_int_equal(hint.kind, other.kind);
    assert_int_equal(hint.from_position, other.from_position);
    assert_int_equal(hint.to_position, other.to_position);
    assert_string_equal(hint.text, other.text);
    assert_int_equal(hint.kind == HENG_HINT_NONE, hint.text[0] == '\0');
    for (size_t i = 1; i < cable->n; i++) assert_true(mixed[i - 1].position <= mixed[i].position);
    return hint;
}

enum { NOBODY = METERS_MAX };

static void test_a_cut_is_found_within_two_rounds_and_forgotten_when_mended(void **state)
{
    (void)state;
    for (size_t n = 2; n <= 40; n += 1 + n / 4)
        for (size_t cut = 0; cut < n; cut++) {
            struct cable cable = make_cable(n);
            for (int round = 0; round < 8; round++) go_round(&cable, n, NOBODY);
            assert_int_equal(hint_of(&cable).kind, HENG_HINT_NONE);
            go_round(&cable, cut, NOBODY);
            assert_int_equal(hint_of(&cable).kind, HENG_HINT_NONE); /* once is chance */
            for (unsigned rounds = 2 + below(9); rounds > 1; rounds--) {
                go_round(&cable, cut, NOBODY);
                struct heng_hint hint = hint_of(&cable);
                heng_hint_kind kind = cut == 0 ? HENG_HINT_ALL : cut == n - 1 ? HENG_HINT_METER : HENG_HINT_CUT;
                assert_int_equal(hint.kind, kind);
                if (kind == HENG_HINT_CUT) {
                    char text[160];
                    snprintf(text, sizeof text, "between 'flat %zu' (%zu) and 'flat %zu' (%zu)", cut, cut, cut + 1,
                             cut + 1);
                    assert_non_null(strstr(hint.text, text));
                    assert_int_equal(hint.from_position, cut);
                    assert_int_equal(hint.to_position, cut + 1);
                }
            }
            go_round(&cable, n, NOBODY);
            heng_hint_kind kind = hint_of(&cable).kind;
            assert_true(kind == HENG_HINT_NONE || kind == HENG_HINT_WEAK);
            for (int round = 0; round < 8; round++) go_round(&cable, n, NOBODY);
            assert_int_equal(hint_of(&cable).kind, HENG_HINT_NONE);
        }
}

static void test_a_dead_meter_is_no_cut(void **state)
{
    (void)state;
    for (size_t n = 1; n <= 12; n++)
        for (size_t dead = 0; dead < n; dead++) {
            struct cable cable = make_cable(n);
            for (int round = 0; round < 3; round++) go_round(&cable, n, dead);
            struct heng_hint hint = hint_of(&cable);
            char name[24];
            snprintf(name, sizeof name, "'flat %u'", (unsigned)(dead + 1));
            assert_int_equal(hint.kind, HENG_HINT_METER);
            assert_int_equal(hint.from_position, dead + 1);
            assert_int_equal(hint.to_position, dead + 1);
            assert_non_null(strstr(hint.text, name));
            name[strlen(name) - 1] = '\0';
            assert_string_equal(hint.meter, name + 1);
        }
}

/* Many dead ones, by chance also the last two: no cut. But a long mute end is one, dead meters in front or not. */
static void test_dead_meters_here_and_there(void **state)
{
    (void)state;
    struct cable cable = make_cable(20);
    static const size_t dead[] = {2, 5, 6, 11, 14, 18, 19};
    for (int round = 0; round < 4; round++)
        for (size_t i = 0, d = 0; i < 20; i++) {
            bool is_dead = d < 7 && dead[d] == i;
            d += is_dead;
            meet(&cable, i, !is_dead);
        }
    struct heng_hint hint = hint_of(&cable);
    assert_int_equal(hint.kind, HENG_HINT_METER);
    assert_int_equal(hint.from_position, 3);
    assert_int_equal(hint.to_position, 20);
    assert_non_null(strstr(hint.text, "7 of 20"));
    assert_string_equal(hint.meter, ""); /* it is not one alone */
    cable = make_cable(20);
    for (int round = 0; round < 4; round++) go_round(&cable, 10, 3);
    hint = hint_of(&cable);
    assert_int_equal(hint.kind, HENG_HINT_CUT);
    assert_int_equal(hint.from_position, 10);
}

static void test_positions_that_nobody_knows(void **state)
{
    (void)state;
    struct cable cable = make_cable(10);
    memset(cable.position, 0, sizeof cable.position);
    for (int round = 0; round < 4; round++) go_round(&cable, 5, NOBODY);
    assert_int_equal(hint_of(&cable).kind, HENG_HINT_METER);
    cable = make_cable(10); /* only the mute ones are known: no end of the cable answers */
    for (size_t i = 0; i < 5; i++) cable.position[i] = 0;
    for (int round = 0; round < 4; round++) go_round(&cable, 5, NOBODY);
    assert_int_equal(hint_of(&cable).kind, HENG_HINT_METER);
    memset(cable.position, 0, sizeof cable.position);
    for (int round = 0; round < 4; round++) go_round(&cable, 0, NOBODY);
    assert_int_equal(hint_of(&cable).kind, HENG_HINT_ALL);
    struct cable none = make_cable(0);
    assert_int_equal(hint_of(&none).kind, HENG_HINT_NONE);
    struct cable fresh = make_cable(5); /* nobody was asked yet */
    assert_int_equal(hint_of(&fresh).kind, HENG_HINT_NONE);
}

/* Two meters at one place are on the same side of a cut. */
static void test_meters_that_share_a_position(void **state)
{
    (void)state;
    struct cable cable = make_cable(8);
    cable.position[5] = 5; /* 1 2 3 4 5 5 7 8: the second at 5 is dead, and all behind */
    for (int round = 0; round < 4; round++) go_round(&cable, 5, NOBODY);
    struct heng_hint hint = hint_of(&cable);
    assert_int_equal(hint.kind, HENG_HINT_CUT);
    assert_int_equal(hint.from_position, 5);
    assert_int_equal(hint.to_position, 7);
    cable.position[6] = cable.position[7] = 5;
    assert_int_equal(hint_of(&cable).kind, HENG_HINT_METER);
    struct heng_health_meter same[2] = {{.position = 1, .name = "a", .good = 8, .answered_last = true},
                                        {.position = 1, .name = "a", .good = 6, .missed = 2}};
    heng_health_hint(same, 2, &hint); /* all alike but for their history */
    assert_int_equal(hint.kind, HENG_HINT_METER);
    assert_int_equal(same[0].good, 6);
}

/* Nothing is known of the last conversation: two misses are enough. */
static void test_without_the_last_conversation(void **state)
{
    (void)state;
    struct heng_health_meter meters[6];
    struct heng_hint hint;
    for (uint32_t i = 0; i < 6; i++)
        meters[i] = (struct heng_health_meter){.position = i + 1, .good = i < 3 ? 8 : 6, .missed = i < 3 ? 0 : 2};
    heng_health_hint(meters, 6, &hint);
    assert_int_equal(hint.kind, HENG_HINT_CUT);
    assert_int_equal(hint.from_position, 3);
}

static void test_a_weak_end(void **state)
{
    (void)state;
    struct heng_health_meter meters[METERS_MAX];
    struct heng_hint hint;
    for (uint32_t n = 2; n <= 40; n++) {
        for (uint32_t i = 0; i < n; i++) {
            uint8_t missed = (uint8_t)(i * 5 / n); /* 0 .. 4 of 8 */
            meters[i] = (struct heng_health_meter){.position = i + 1, .missed = missed, .answered_last = true};
            meters[i].good = (uint8_t)(8 - missed);
        }
        heng_health_hint(meters, n, &hint);
        assert_int_equal(hint.kind, n < 4 ? HENG_HINT_NONE : HENG_HINT_WEAK);
        if (n >= 4) assert_int_equal(hint.from_position, n / 2 + 1);
        if (n >= 4) assert_int_equal(hint.to_position, n);
        for (uint32_t i = 0; i < n; i++) { /* everywhere the same: that is noise, not distance */
            meters[i].missed = 2;
            meters[i].good = 6;
        }
        heng_health_hint(meters, n, &hint);
        assert_int_equal(hint.kind, HENG_HINT_NONE);
    }
}

/* Names and numbers as long as they get: a sentence that ends within its room. */
static void test_long_names(void **state)
{
    (void)state;
    struct heng_health_meter meters[6];
    struct heng_hint hint;
    for (uint32_t i = 0; i < 6; i++) {
        meters[i] = (struct heng_health_meter){.position = UINT32_MAX - 10 + i, .missed = i < 3 ? 0 : 8};
        memset(meters[i].name, 'm', sizeof meters[i].name); /* without its NUL */
    }
    heng_health_hint(meters, 6, &hint);
    assert_int_equal(hint.kind, HENG_HINT_CUT);
    assert_true(strlen(hint.text) < sizeof hint.text);
}

int main(void)
{
    enum { SEED = 20261121 };
    print_message("# seed %d\n", SEED);
    rng = heng_sim_rng_of(SEED, 3);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_score),
        cmocka_unit_test(test_a_mended_line_is_whole_again),
        cmocka_unit_test(test_overload),
        cmocka_unit_test(test_a_cut_is_found_within_two_rounds_and_forgotten_when_mended),
        cmocka_unit_test(test_a_dead_meter_is_no_cut),
        cmocka_unit_test(test_dead_meters_here_and_there),
        cmocka_unit_test(test_positions_that_nobody_knows),
        cmocka_unit_test(test_meters_that_share_a_position),
        cmocka_unit_test(test_without_the_last_conversation),
        cmocka_unit_test(test_a_weak_end),
        cmocka_unit_test(test_long_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
