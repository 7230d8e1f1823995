/* The view for people says of every reading what heng_reading_unpack says, whatever is in it. */
#include "store/db.h"
#include "store/pack.h"
#include "store/write.h"
#include "unit/small_site.h"

enum { READINGS = 60, VALUES = 12 };

static uint64_t seed = 20261121;

static uint32_t draw(uint32_t below)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % below;
}

static int64_t draw_mantissa(void)
{
    switch (draw(6)) {
    case 0: return 0;
    case 1: return INT64_MIN;
    case 2: return INT64_MAX;
    case 3: return -(int64_t)draw(300);
    case 4: return draw(100000);
    default: return (int64_t)(seed ^ (uint64_t)draw(1u << 30) << 40);
    }
}

static void draw_value(struct heng_reading_value *ret, int64_t register_id)
{
    static const char *const reasons[] = {
        "", "not available", "invalid bcd", "text", "date", "unknown coding", "it's said \"so\" \\ 表", "x"};
    *ret = (struct heng_reading_value){.register_id = register_id, .frame = (uint8_t)draw(3)};
    ret->has_value = draw(4) != 0;
    if (ret->has_value)
        ret->dec = (struct heng_dec){draw_mantissa(),
                                     (int8_t)(HENG_DEC_EXP_MIN + (int)draw(HENG_DEC_EXP_MAX - HENG_DEC_EXP_MIN + 1))};
    else
        snprintf(ret->reason, sizeof ret->reason, "%s", reasons[draw(8)]);
}

static void print_reading(FILE *out, const struct heng_reading *reading, int64_t first_frame)
{
    char text[HENG_DEC_TEXT_MAX];
    for (size_t i = 0; i < reading->value_count; i++) {
        const struct heng_reading_value *v = &reading->values[i];
        fprintf(out, "%lld %lld ", (long long)reading->at_us, (long long)v->register_id);
        if (v->has_value) {
            heng_dec_format(v->dec, text);
            fprintf(out, "%lld %d %s", (long long)v->dec.mantissa, v->dec.exp, text);
        } else {
            fprintf(out, "(%s)", v->reason);
        }
        fprintf(out, " %lld\n", (long long)(first_frame + v->frame));
    }
}

static void test_says_what_is_packed(void **state)
{
    static struct heng_reading reading;
    static struct heng_frame frames[3];
    struct small_site site;
    struct heng_store *store = small_site_open(&site);
    struct heng_err err;
    heng_stored stored;
    int64_t first = 0;
    char *expected = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&expected, &n);
    (void)state;
    print_message("seed %llu\n", (unsigned long long)seed);
    assert_ok(heng_store_begin(store, &err));
    for (int i = 0; i < READINGS; i++) {
        int64_t id = 0;
        memset(&reading, 0, sizeof reading);
        reading.device_id = HEAT_1;
        reading.at_us = START_US + i * HENG_US_PER_DAY;
        reading.source = HENG_SOURCE_LINE;
        reading.quality = HENG_QUALITY_MEASURED;
        reading.frame_count = 3;
        reading.value_count = (uint16_t)(i == 0 ? 0 : draw(VALUES) + (i == 1 ? 200 : 1));
        for (uint16_t j = 0; j < reading.value_count; j++)
            draw_value(&reading.values[j], id += 1 + (draw(3) ? 0 : (int64_t)draw(1u << 30) << draw(20)));
        assert_ok(heng_store_add_reading(store, &reading, frames, &stored, &first, &err));
        print_reading(out, &reading, first);
    }
    assert_ok(heng_store_commit(store, &err));
    fclose(out);
    char *lines =
        small_site_lines(site.path, "SELECT at_us || ' ' || register_id || ' ' || CASE WHEN reason IS NULL THEN "
                                    "mantissa || ' ' || exponent || ' ' || value ELSE '(' || reason || ')' END "
                                    "|| ' ' || frame_id FROM reading_value WHERE device_id = 1 "
                                    "ORDER BY at_us, register_id");
    assert_string_equal(lines, expected);
    free(lines);
    free(expected);
    heng_store_close(store);
    small_site_fini(&site);
}

/* With the words of people around it: who, when, what. */
static void test_reads_well(void **state)
{
    struct small_site site;
    struct heng_store *store = small_site_open(&site);
    struct heng_ingested ingested = {0};
    static struct heng_read read;
    (void)state;
    heat_read(&read, HEAT_1, START_US, 12345);
    ingest_one(store, &read, &ingested);
    char *lines = small_site_lines(
        site.path,
        "SELECT at || ' ' || number || ' ' || quantity || ' ' || storage || ' ' || coalesce(value || ' ' || unit, "
        "reason) FROM reading_value WHERE at_us > 0 ORDER BY register_id");
    assert_string_equal(lines, "2026-11-18T11:06:40Z 10000001 energy 0 12345000 Wh\n"
                               "2026-11-18T11:06:40Z 10000001 energy 1 7000 Wh\n"
                               "2026-11-18T11:06:40Z 10000001 power 0 -125.0 W\n"
                               "2026-11-18T11:06:40Z 10000001 flow temperature 0 not available\n");
    free(lines);
    heng_ingested_fini(&ingested);
    heng_store_close(store);
    small_site_fini(&site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_says_what_is_packed),
        cmocka_unit_test(test_reads_well),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
