/* Many readings at once end as they would one by one, whatever is there already and whatever comes twice. */
#include "store/conditions.h"
#include "store/db.h"
#include "store/write.h"
#include "unit/small_site.h"

enum { COUNT = 2500, MOMENTS = 200 };

static uint64_t seed = 20261121;

static uint32_t draw(uint32_t below)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % below;
}

struct given {
    struct heng_reading *readings;
    struct heng_frame frames[2];
};

static struct given make_readings(void)
{
    struct given given = {.readings = calloc(COUNT, sizeof(struct heng_reading))};
    assert_non_null(given.readings);
    for (size_t i = 0; i < 2; i++)
        given.frames[i] = (struct heng_frame){.at_us = START_US + (heng_us)i, .n = 3, .bytes = {1, 2, (uint8_t)i}};
    for (size_t i = 0; i < COUNT; i++) {
        struct heng_reading *r = &given.readings[i];
        r->device_id = 1 + draw(4);
        r->at_us = START_US + draw(MOMENTS) * 6 * HENG_US_PER_DAY / 100;
        r->source = draw(9) ? HENG_SOURCE_LINE : HENG_SOURCE_HANDHELD;
        r->quality = draw(50) ? HENG_QUALITY_MEASURED : HENG_QUALITY_TIME_DOUBTFUL;
        r->frame_count = (uint16_t)(1 + draw(2));
        r->value_count = (uint16_t)draw(4);
        r->partial = draw(2);
        for (uint16_t j = 0; j < r->value_count; j++)
            r->values[j] = (struct heng_reading_value){
                .register_id = j + 1, .has_value = true, .dec = {draw(3), -1}, .frame = (uint8_t)(r->frame_count - 1)};
    }
    return given;
}

static const char all_readings[] =
    "SELECT device_id || ' ' || at_us || ' ' || source || ' ' || quality || ' ' || frame_count || ' ' || partial || ' "
    "' || "
    "(SELECT count(*) FROM frame f WHERE f.device_id = r.device_id AND f.id BETWEEN r.first_frame AND r.first_frame + "
    "r.frame_count - 1) FROM reading r ORDER BY device_id, at_us, source";
static const char all_values[] =
    "SELECT device_id || ' ' || at_us || ' ' || source || ' ' || register_id || ' ' || value FROM "
    "reading_value ORDER BY device_id, at_us, source, register_id";
static const char all_conflicts[] = "SELECT device_id || ' ' || at_us || ' ' || source || ' ' || quality || ' ' || "
                                    "length(packed) FROM reading_conflict ORDER BY device_id, at_us, source, packed";

static const char all_conditions[] = "SELECT device_id || ' ' || at_us || ' ' || source || ' ' || conditions "
                                     "FROM reading_condition ORDER BY device_id, at_us, source";

static void assert_same(const struct small_site *a, const struct small_site *b, const char *question)
{
    char *left = small_site_lines(a->path, question), *right = small_site_lines(b->path, question);
    assert_string_equal(left, right);
    assert_true(left[0] != '\0');
    free(left);
    free(right);
}

static void test_as_one_by_one(void **state)
{
    struct given given = make_readings();
    struct small_site sites[2];
    struct heng_store *one = small_site_open(&sites[0]), *bulk = small_site_open(&sites[1]);
    struct heng_bulk_reading *items = calloc(COUNT, sizeof *items);
    heng_stored *stored = calloc(COUNT, sizeof *stored);
    struct heng_err err;
    size_t seen[3] = {0};
    (void)state;
    print_message("seed %llu\n", (unsigned long long)20261121);
    assert_true(items && stored);
    for (size_t i = 0; i < COUNT; i++)
        items[i] = (struct heng_bulk_reading){
            .reading = &given.readings[i], .frames = given.frames, .conditions = i % 7 ? 0 : UINT32_C(1) << i % 3};
    assert_int_equal(heng_store_add_readings(bulk, items, 1, &err), HENG_EBUG); /* no transaction */
    for (size_t at = 0, n; at < COUNT; at += n) {
        n = 1 + draw(1400);
        if (n > COUNT - at) n = COUNT - at;
        assert_ok(heng_store_begin(one, &err));
        assert_ok(heng_store_begin(bulk, &err));
        for (size_t i = at; i < at + n; i++) {
            int64_t first;
            assert_ok(heng_store_add_reading(one, &given.readings[i], given.frames, &stored[i], &first, &err));
            const struct heng_condition_row said = {given.readings[i].at_us, given.readings[i].source,
                                                    items[i].conditions};
            if (said.conditions && stored[i] != HENG_STORED_SAME)
                assert_ok(heng_store_add_conditions(one, given.readings[i].device_id, &said, &err));
        }
        assert_ok(heng_store_add_readings(bulk, items + at, n, &err));
        assert_ok(heng_store_commit(one, &err));
        assert_ok(heng_store_commit(bulk, &err));
    }
    for (size_t i = 0; i < COUNT; i++) {
        assert_int_equal(items[i].stored, stored[i]);
        seen[stored[i]]++;
    }
    assert_true(seen[0] > 100 && seen[1] > 100 && seen[2] > 100);
    assert_same(&sites[0], &sites[1], all_readings);
    assert_same(&sites[0], &sites[1], all_values);
    assert_same(&sites[0], &sites[1], all_conflicts);
    assert_same(&sites[0], &sites[1], "SELECT count(*) FROM frame");
    assert_same(&sites[0], &sites[1], all_conditions); /* what the frames say of the meters comes along */
    assert_true(small_site_number(sites[1].path, "SELECT count(*) FROM reading_condition") > 100);

    /* All of it again: nothing is new, and each knows its frames. */
    assert_ok(heng_store_begin(bulk, &err));
    assert_ok(heng_store_add_readings(bulk, items, COUNT, &err));
    for (size_t i = 0; i < COUNT; i++) assert_int_equal(items[i].stored, HENG_STORED_SAME);
    heng_store_rollback(bulk);
    heng_store_close(one);
    heng_store_close(bulk);
    small_site_fini(&sites[0]);
    small_site_fini(&sites[1]);
    free(given.readings);
    free(items);
    free(stored);
}

/* A meter that is not there: none of it is stored, whichever way it comes. */
static void test_no_such_meter(void **state)
{
    static struct heng_reading readings[2];
    struct small_site site;
    struct heng_store *store = small_site_open(&site);
    struct heng_bulk_reading items[2];
    struct heng_err err;
    (void)state;
    for (int i = 0; i < 2; i++) {
        readings[i] = (struct heng_reading){.device_id = i ? 4711 : 1,
                                            .at_us = START_US,
                                            .source = HENG_SOURCE_HANDHELD,
                                            .quality = HENG_QUALITY_MEASURED};
        items[i] = (struct heng_bulk_reading){.reading = &readings[i]};
    }
    for (int bulk = 0; bulk < 2; bulk++) {
        assert_ok(heng_store_begin(store, &err));
        heng_rc rc =
            bulk ? heng_store_add_readings(store, items, 2, &err)
                 : heng_store_add_reading(store, &readings[1], NULL, &items[1].stored, &items[1].first_frame, &err);
        assert_int_equal(rc, HENG_ECONFLICT);
        heng_store_rollback(store);
    }
    assert_int_equal(small_site_number(site.path, "SELECT count(*) FROM reading"), 0);
    heng_store_close(store);
    small_site_fini(&site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_as_one_by_one), cmocka_unit_test(test_no_such_meter)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
