/* What must hold for any house: seeded, the seed is printed; HENG_SEED repeats one. */
#include <time.h>

#include "bill/largest.h"
#include "heat/heizkosten.h"
#include "heat/measures.h"
#include "unit/heat/heat_case.h"

static uint64_t state_of_dice;

static uint64_t dice(uint64_t below)
{
    state_of_dice ^= state_of_dice << 13;
    state_of_dice ^= state_of_dice >> 7;
    state_of_dice ^= state_of_dice << 17;
    return state_of_dice % below;
}

static int throw_dice(void **state)
{
    const char *seed = getenv("HENG_SEED");
    (void)state;
    state_of_dice = seed ? strtoull(seed, NULL, 10) : (uint64_t)time(NULL) * 2654435761u + 1;
    print_message("# HENG_SEED=%llu\n", (unsigned long long)state_of_dice);
    return 0;
}

enum { FLATS = 60 };
static char ids[FLATS][48];

/* Flats with all the ways in which a device fails; at least one that works. */
static size_t make_parties(struct heng_party *parties)
{
    size_t n = 1 + dice(FLATS);
    for (size_t i = 0; i < n; i++) {
        snprintf(ids[i], sizeof ids[i], "%llu-%zu", (unsigned long long)dice(1000), i);
        parties[i] = (struct heng_party){.id = ids[i], .area = heng_dec_of((int64_t)(2000 + dice(12000)), -2)};
        parties[i].measure = heng_dec_of((int64_t)dice(300000), -2);
        if (i == 0 || dice(5)) continue;
        parties[i].state = dice(4) ? HENG_PARTY_MISSING : HENG_PARTY_TAMPERED;
        parties[i].has_memory = dice(4) == 0;
        parties[i].memory = heng_dec_of((int64_t)dice(3000), 0);
        if (dice(3) == 0) {
            parties[i].window = heng_dec_of(2880, 0);
            parties[i].covered = heng_dec_of((int64_t)dice(2880), 0);
        }
        if (dice(3)) continue;
        parties[i].before = heng_dec_of((int64_t)dice(20), 0);
        parties[i].before_all = heng_dec_of(2000, 0);
    }
    return n;
}

struct answer {
    struct heng_share_line lines[FLATS];
    struct heng_share_sum sum;
};

static void apportion(heng_share_method method, struct heng_dec total, int places, const struct heng_party *parties,
                      size_t n, struct answer *ret)
{
    struct heng_share_rules rules = heng_share_rules_default();
    struct heng_arena arena = {.max = 1 << 24};
    struct heng_err err = {0};
    const struct heng_share_ask ask = {method, "", "kWh", total, places, &rules, parties, n};
    if (heng_apportion(&ask, &arena, ret->lines, &ret->sum, NULL, &err) != HENG_OK) fail_msg("%s", err.text);
    heng_arena_fini(&arena);
}

static void shuffle(struct heng_party *parties, size_t n)
{
    for (size_t i = n; i-- > 1;) {
        size_t k = dice(i + 1);
        struct heng_party one = parties[i];
        parties[i] = parties[k];
        parties[k] = one;
    }
}

static heng_share_method any_method(void)
{
    static const heng_share_method methods[] = {HENG_SHARE_HEAT_METER, HENG_SHARE_ON_OFF, HENG_SHARE_ROOM_TEMPERATURE,
                                                HENG_SHARE_HOT_WATER,  HENG_SHARE_AREA,   HENG_SHARE_WEIGHTS};
    return methods[dice(sizeof methods / sizeof methods[0])];
}

/* Parts sum to the total; in another order everybody has the same part, weight and source. */
static void test_sum_and_order(void **state)
{
    (void)state;
    struct heng_party parties[FLATS], mixed[FLATS];
    static struct answer a, b;
    for (int round = 0; round < 2000; round++) {
        size_t n = make_parties(parties);
        heng_share_method method = any_method();
        int64_t total = (int64_t)dice(1000000000), sum = 0;
        apportion(method, heng_dec_of(total, -2), 2, parties, n, &a);
        memcpy(mixed, parties, sizeof mixed);
        shuffle(mixed, n);
        apportion(method, heng_dec_of(total, -2), 2, mixed, n, &b);
        for (size_t i = 0; i < n; i++) {
            sum += a.lines[i].part.mantissa;
            assert_true(a.lines[i].part.mantissa >= 0);
            assert_string_equal(parties[a.lines[i].party].id, mixed[b.lines[i].party].id);
            assert_int_equal(a.lines[i].part.mantissa, b.lines[i].part.mantissa);
            assert_int_equal(a.lines[i].source, b.lines[i].source);
            assert_int_equal(heng_dec_cmp(a.lines[i].weight, b.lines[i].weight), 0);
        }
        assert_int_equal(sum, total);
    }
}

/* Ten times, or three times, all weights is the same share; each part is the exact one, cut or one more. */
static void test_scale(void **state)
{
    (void)state;
    uint64_t weights[FLATS], more[FLATS];
    int64_t parts[FLATS], same[FLATS];
    struct heng_rest rests[FLATS];
    for (int round = 0; round < 2000; round++) {
        size_t n = 1 + dice(FLATS);
        uint64_t times = 1 + dice(1000), sum = 0;
        int64_t total = (int64_t)dice(1000000000);
        for (size_t i = 0; i < n; i++) {
            weights[i] = dice(3) ? dice(100000) : dice(3);
            more[i] = weights[i] * times;
            sum += weights[i];
        }
        if (!sum) continue;
        heng_largest_remainder(total, weights, n, rests, parts);
        heng_largest_remainder(total, more, n, rests, same);
        int64_t all = 0;
        for (size_t i = 0; i < n; i++) {
            int64_t cut = (int64_t)((uint64_t)total * weights[i] / sum);
            assert_int_equal(parts[i], same[i]);
            assert_in_range(parts[i] - cut, 0, 1);
            if (!weights[i]) assert_int_equal(parts[i], 0);
            all += parts[i];
        }
        assert_int_equal(all, total);
        for (size_t i = 0; i < n; i++) /* nobody who was cut had more left than somebody who was not, ties by place */
            for (size_t k = 0; k < n; k++) {
                uint64_t a = (uint64_t)total * weights[i] % sum, b = (uint64_t)total * weights[k] % sum;
                bool up = parts[i] > (int64_t)((uint64_t)total * weights[i] / sum);
                bool cut = parts[k] == (int64_t)((uint64_t)total * weights[k] / sum);
                if (up && cut) assert_true(a > b || (a == b && i < k));
            }
    }
}

/* --- a German house ------------------------------------------------------------------------------------------------
 */

static void bill_house(const struct heng_house_ask *ask, struct heng_arena *arena, struct heng_house_bill *ret)
{
    struct heng_err err = {0};
    if (heng_house_bill(ask, arena, NULL, ret, &err) != HENG_OK) fail_msg("%s", err.text);
}

/* Whatever day somebody moves, those who lived there pay together what the flat pays; and all flats what it cost. */
static void test_moves(void **state)
{
    (void)state;
    static const struct heng_house_group group = {.id = "house"};
    for (int round = 0; round < 1000; round++) {
        struct heng_house_tenant tenants[3] = {{.name = "a"}, {.name = "b"}, {.name = "c"}};
        struct heng_house_flat flats[3] = {{.id = "1"}, {.id = "2"}, {.id = "3"}};
        struct heng_arena arena = {.max = 1 << 22};
        struct heng_house_bill bill;
        heng_day from = heng_day_of_date(2020 + (int)dice(5), 1 + (int)dice(12), 1), to = heng_month_next(from, 12);
        struct heng_house_ask ask = {
            .currency = "EUR",
            .from = from,
            .to = to,
            .joint = heng_dec_of((int64_t)dice(10000000), -2),
            .heat_only = heng_dec_of((int64_t)dice(100000), -2),
            .warm = {.rule = HENG_WARM_SHARE, .share = {(int64_t)dice(500), -3}, .share_places = 255},
            .heat_key = heng_dec_of((int64_t)(50 + dice(21)), -2),
            .water_key = heng_dec_of((int64_t)(50 + dice(21)), -2),
            .heat_by_time = dice(2),
            .table = heng_degree_tables[dice(HENG_DEGREE_KINDS)],
            .rules = heng_share_rules_default(),
            .groups = &group,
            .group_count = 1,
            .flats = flats,
            .count = 3};
        for (size_t i = 0; i < 3; i++) {
            flats[i].area = heng_dec_of((int64_t)(2000 + dice(9000)), -2);
            flats[i].heat.measure = heng_dec_of((int64_t)dice(3000000), -3);
            flats[i].water.measure = heng_dec_of((int64_t)dice(50000), -3);
        }
        flats[1].tenants = tenants;
        flats[1].tenant_count = 2 + dice(2);
        tenants[0].from = from;
        tenants[1].from = from + 1 + (heng_day)dice(300);
        tenants[2].from = tenants[1].from + 1 + (heng_day)dice(60);
        for (size_t i = 0; i < 2; i++) {
            tenants[i].has_use = dice(2);
            tenants[i].use = heng_dec_of(flats[1].heat.measure.mantissa / (int64_t)(2 + dice(9)), -3);
        }
        bill_house(&ask, &arena, &bill);
        struct heng_calc calc = {0};
        struct heng_dec all = {0, 0};
        for (unsigned k = 0; k < HENG_POTS; k++) {
            struct heng_dec sum = {0, 0};
            for (size_t i = 0; i < flats[1].tenant_count; i++) {
                assert_true(bill.flats[1].tenants[i].amounts[k].mantissa >= 0);
                sum = heng_calc_add(&calc, sum, bill.flats[1].tenants[i].amounts[k]);
            }
            assert_int_equal(heng_dec_cmp(sum, bill.flats[1].parts[k].amount), 0);
            for (size_t i = 0; i < 3; i++) all = heng_calc_add(&calc, all, bill.flats[i].parts[k].amount);
        }
        assert_int_equal(heng_dec_cmp(all, heng_calc_add(&calc, ask.joint, ask.heat_only)), 0);
        heng_arena_fini(&arena);
    }
}

/* A year is 1000 permille in every table, and any day cuts it into two parts that make it again. */
static void test_degree_days(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < HENG_DEGREE_KINDS; kind++)
        for (int year = 2019; year < 2029; year++) {
            const struct heng_degree_table *table = &heng_degree_tables[kind];
            heng_day from = heng_day_of_date(year, 1, 1), to = heng_day_of_date(year + 1, 1, 1);
            int64_t all = heng_degree_weight(table, from, to);
            assert_int_equal(all, INT64_C(1000) * table->den * HENG_DEGREE_UNIT);
            for (heng_day day = from; day <= to; day++)
                assert_int_equal(heng_degree_weight(table, from, day) + heng_degree_weight(table, day, to), all);
        }
}

/* --- spans ---------------------------------------------------------------------------------------------------------
 */

enum { SECONDS = 400 };

static size_t make_spans(struct heng_span *spans, bool *seconds)
{
    size_t n = 0;
    memset(seconds, 0, SECONDS * sizeof *seconds);
    for (int64_t at = (int64_t)dice(30); at < SECONDS - 1 && n < 10; at += 1 + (int64_t)dice(30)) {
        int64_t to = at + 1 + (int64_t)dice(40);
        if (to > SECONDS) to = SECONDS;
        spans[n++] = (struct heng_span){at, to};
        for (; at < to; at++) seconds[at] = true;
    }
    return n;
}

static void test_spans(void **state)
{
    (void)state;
    static bool supply[SECONDS], outages[SECONDS], open[SECONDS];
    struct heng_span a[10], b[10], c[10], left[20];
    for (int round = 0; round < 5000; round++) {
        size_t a_count = make_spans(a, supply), b_count = make_spans(b, outages), c_count = make_spans(c, open);
        size_t n = heng_spans_without(a, a_count, b, b_count, left);
        int64_t by_hand = 0;
        for (int i = 0; i < SECONDS; i++) by_hand += supply[i] && !outages[i] && open[i];
        assert_true(n <= a_count + b_count);
        assert_int_equal(heng_spans_both(c, c_count, left, n), by_hand);
    }
}

/* --- the JSON door -------------------------------------------------------------------------------------------------
 */

/* The bytes of the answer, its checksum too, do not depend on the order of the participants; and twice is the same. */
static void test_bytes(void **state)
{
    (void)state;
    struct heng_err err;
    for (int round = 0; round < 50; round++) {
        json_t *list = json_array(), *mixed = json_array();
        size_t n = 2 + dice(20);
        for (size_t i = 0; i < n; i++) {
            json_t *one =
                json_pack("{s:o, s:o, s:o}", "id", json_sprintf("%02llu-%zu", (unsigned long long)dice(90), i), "area",
                          json_sprintf("%llu.%02llu", 20 + (unsigned long long)dice(99), (unsigned long long)dice(99)),
                          "open_h", json_sprintf("%llu", (unsigned long long)dice(2900)));
            if (i && dice(9) == 0) json_object_set_new(one, "missing", json_string("radio"));
            json_array_append_new(list, one);
        }
        for (size_t i = n; i-- > 0;) json_array_append(mixed, json_array_get(list, i));
        json_t *form =
            json_pack("{s:s, s:s, s:i, s:{s:s, s:s}, s:{s:{s:s}, s:{s:s}, s:s}, s:O}", "kind", "shares", "method",
                      "on-off-area", "supply_h", 2880, "quantity", "value", "86420", "unit", "kWh", "price", "area",
                      "price", "26.70", "base", "share", "0.30", "unit_price", "0.20", "participants", list);
        json_t *other = json_copy(form);
        json_object_set(other, "participants", mixed);
        char *a = json_dumps(form, 0), *b = json_dumps(other, 0);
        char *one = heat_text(a, strlen(a), HENG_LANGUAGE_ZH, &err),
             *two = heat_text(b, strlen(b), HENG_LANGUAGE_ZH, &err);
        if (!one || !two) fail_msg("%s", err.text);
        assert_string_equal(one, two);
        free(one);
        free(two);
        free(a);
        free(b);
        json_decref(form);
        json_decref(other);
        json_decref(list);
        json_decref(mixed);
    }
}

/* Each sentence shows its numbers, in every language, and no place is left open. */
static void test_sentences(void **state)
{
    (void)state;
    static const char form[] =
        "{\"kind\":\"heizkosten\",\"period\":{\"first\":\"2023-01-01\",\"last\":\"2023-12-31\"},\"costs\":[{\"name\":"
        "\"x\","
        "\"amount\":\"1000.00\"}],\"flats\":[{\"id\":\"1\",\"area\":\"50\",\"units\":\"10\"},{\"id\":\"2\",\"area\":"
        "\"70\","
        "\"missing_heat\":\"dead\",\"own_periods\":[\"5\"]}],\"estimate\":{\"area_limit\":\"0.60\"}}";
    struct heng_err err;
    for (unsigned language = 0; language < HENG_LANGUAGES; language++) {
        char *text = heat_text(form, sizeof form - 1, (heng_language)language, &err);
        if (!text) fail_msg("%s", err.text);
        json_t *answer = json_loads(text, 0, NULL), *step;
        size_t i, k;
        assert_true(json_array_size(json_object_get(answer, "steps")) > 8);
        json_array_foreach(json_object_get(answer, "steps"), i, step)
        {
            const char *said = json_string_value(json_object_get(step, "text"));
            json_t *number;
            assert_null(strchr(said, '{'));
            json_array_foreach(json_object_get(step, "numbers"), k, number)
            {
                char shown[64];
                snprintf(shown, sizeof shown, "%s", json_string_value(number));
                char *point = strchr(shown, '.');
                if (point && language == HENG_LANGUAGE_DE) *point = ',';
                if (!strstr(said, shown)) fail_msg("'%s' does not show %s", said, shown);
            }
        }
        json_decref(answer);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sum_and_order), cmocka_unit_test(test_scale),
                                       cmocka_unit_test(test_moves),         cmocka_unit_test(test_degree_days),
                                       cmocka_unit_test(test_spans),         cmocka_unit_test(test_bytes),
                                       cmocka_unit_test(test_sentences)};
    return cmocka_run_group_tests(tests, throw_dice, NULL);
}
