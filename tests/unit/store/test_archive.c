/* Places, points and who manages them: the tree, its words, the search box, and what another organisation sees. */
#include "store/archive.h"
#include "store/archive_search.h"
#include "unit/small_site.h"

static void test_words(void **state)
{
    static const struct {
        const char *name;
        const char *const words[10];
    } cases[] = {
        {"3号楼", {"3", "号", "楼", "号楼"}},
        {"b1-u12", {"b1", "b", "1", "u12", "u", "12"}},
        {"Haus Ä 7", {"haus", "ä", "7"}},
        {"Ｂ２ 阳光", {"b2", "b", "2", "阳", "光", "阳光"}},
        {"101", {"101"}},
        {"\xFF\xC3", {NULL}}, /* no UTF-8: nothing, and no crash */
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct heng_words words = {.n = 0};
        heng_words_add(&words, cases[i].name);
        for (size_t k = 0; k < 10 && cases[i].words[k]; k++) {
            bool found = false;
            for (size_t j = 0; j < words.n; j++) found = found || strcmp(words.words[j], cases[i].words[k]) == 0;
            /* the first letters of a run are found as its beginning */
            if (!found)
                for (size_t j = 0; j < words.n; j++)
                    found = found || strncmp(words.words[j], cases[i].words[k], strlen(cases[i].words[k])) == 0;
            if (!found) fail_msg("'%s' has no word '%s'", cases[i].name, cases[i].words[k]);
        }
    }
}

static void test_words_of_anything(void **state)
{
    uint32_t seed = 4711;
    (void)state;
    print_message("seed %u\n", seed);
    for (int round = 0; round < 2000; round++) {
        char text[200];
        size_t n = (size_t)round % 199;
        for (size_t i = 0; i < n; i++) {
            seed = seed * 1664525U + 1013904223U;
            text[i] = (char)(seed >> 24);
            if (!text[i]) text[i] = ' ';
        }
        text[n] = '\0';
        struct heng_words words = {.n = 0};
        struct heng_search_words typed;
        heng_words_add(&words, text);
        heng_search_words_of(&typed, text);
        for (size_t i = 0; i < words.n; i++) assert_in_range(strlen(words.words[i]), 1, HENG_WORD_MAX - 1);
        for (size_t i = 0; i < typed.n; i++) assert_in_range(strlen(typed.words[i]), 1, HENG_WORD_MAX - 1);
    }
}

static int64_t add(struct heng_store *store, int64_t parent_id, const char *key, const char *kind, const char *name,
                   int64_t org_id)
{
    struct heng_archive_place place = {.place.parent_id = parent_id, .org_id = org_id};
    struct heng_err err;
    snprintf(place.place.key, sizeof place.place.key, "%s", key);
    snprintf(place.place.kind, sizeof place.place.kind, "%s", kind);
    snprintf(place.place.name, sizeof place.place.name, "%s", name);
    assert_ok(heng_archive_put_place(store, &place, &err));
    return place.place.id;
}

static size_t search(struct heng_store *store, int64_t scope, const char *typed, struct heng_archive_place ret[20])
{
    size_t n = 0;
    bool all;
    struct heng_err err;
    assert_ok(heng_archive_search_places(heng_store_as_reader(store), scope, typed, ret, 20, &n, &all, &err));
    return n;
}

/* Area A: building 1 (units 1, 2), building 31; each unit has 101 and 102. Unit 2 of building 1 is managed by B. */
struct town {
    struct small_site site;
    struct heng_store *store;
    int64_t org_a, org_b, area, building, unit_1, unit_2, other;
};

static void build(struct town *t)
{
    struct heng_err err;
    struct heng_org a = {.key = "a", .name = "物业甲"}, b = {.key = "b", .name = "物业乙"};
    t->store = small_site_open(&t->site);
    assert_ok(heng_store_begin(t->store, &err));
    assert_ok(heng_archive_put_org(t->store, &a, &err));
    assert_ok(heng_archive_put_org(t->store, &b, &err));
    t->org_a = a.id;
    t->org_b = b.id;
    t->area = add(t->store, 0, "sun", "area", "阳光小区", a.id);
    t->building = add(t->store, t->area, "sun-1", "building", "1号楼", 0);
    t->other = add(t->store, t->area, "sun-31", "building", "31号楼", 0);
    t->unit_1 = add(t->store, t->building, "sun-1-1", "unit", "1单元", 0);
    t->unit_2 = add(t->store, t->building, "sun-1-2", "unit", "2单元", b.id);
    add(t->store, t->unit_1, "sun-1-1-101", "household", "101", 0);
    add(t->store, t->unit_1, "sun-1-1-102", "household", "102", 0);
    add(t->store, t->unit_2, "sun-1-2-101", "household", "101", 0);
    add(t->store, t->unit_2, "sun-1-2-102", "household", "102", 0);
    add(t->store, t->other, "sun-31-101", "household", "101", 0);
    assert_ok(heng_store_commit(t->store, &err));
}

static void tear(struct town *t)
{
    heng_store_close(t->store);
    small_site_fini(&t->site);
}

static void test_search(void **state)
{
    struct town t;
    struct heng_archive_place found[20];
    (void)state;
    build(&t);
    assert_int_equal(search(t.store, 0, "阳光小区 1号楼 101", found), 2); /* not building 31 */
    assert_true(search(t.store, 0, "阳光小区1号楼2单元102", found) >= 1);
    assert_string_equal(found[0].place.path, "阳光小区 / 1号楼 / 2单元 / 102");
    assert_int_equal(search(t.store, 0, "阳光 31 101", found), 1);
    assert_string_equal(found[0].place.key, "sun-31-101");
    assert_int_equal(search(t.store, 0, "阳光 2单元 10", found), 2); /* the beginning of the last number */
    assert_int_equal(search(t.store, 0, "sun-1-2-102", found), 1);
    struct heng_err err;
    assert_ok(heng_store_begin(t.store, &err));
    add(t.store, t.area, "a7-31", "building", "3", 0); /* its name is the end of what is typed */
    add(t.store, t.area, "a7-3", "building", "Annex", 0);
    assert_ok(heng_store_commit(t.store, &err));
    assert_int_equal(search(t.store, 0, "a7-3", found), 2);
    assert_string_equal(found[0].place.key, "a7-3"); /* a key is meant as it is */
    assert_int_equal(search(t.store, 0, "月亮", found), 0);
    assert_int_equal(search(t.store, 0, "", found), 0);
    assert_int_equal(search(t.store, 0, "%_'\"\\", found), 0);
    assert_int_equal(search(t.store, 0, "阳光小区", found), 1); /* itself, not everything below */
    assert_int_equal(found[0].place.id, t.area);
    assert_true(search(t.store, 0, "1号楼", found) >= 2); /* that of the small site and ours stand first */
    assert_string_equal(found[0].place.name, "1号楼");
    assert_string_equal(found[1].place.name, "1号楼");
    tear(&t);
}

/* A renamed, moved place is found under its new words, and so is what is below it. */
static void test_rename_and_move(void **state)
{
    struct town t;
    struct heng_archive_place found[20], place;
    struct heng_err err;
    (void)state;
    build(&t);
    assert_ok(heng_store_begin(t.store, &err));
    assert_int_equal(search(t.store, 0, "西单元", found), 0);
    assert_int_equal(search(t.store, 0, "阳光 1号楼 101", found), 2);
    assert_ok(heng_archive_get_place(heng_store_as_reader(t.store), 0, t.unit_2, &place, &err));
    snprintf(place.place.name, sizeof place.place.name, "西单元");
    place.place.parent_id = t.other;
    assert_ok(heng_archive_put_place(t.store, &place, &err));
    assert_string_equal(place.place.path, "阳光小区 / 31号楼 / 西单元");
    assert_int_equal(search(t.store, 0, "31号楼 西单元 101", found), 1);
    assert_string_equal(found[0].place.path, "阳光小区 / 31号楼 / 西单元 / 101");
    assert_true(search(t.store, 0, "阳光小区 1单元 101", found) >= 1);
    assert_string_equal(found[0].place.path, "阳光小区 / 1号楼 / 1单元 / 101");
    assert_ok(heng_archive_get_place(heng_store_as_reader(t.store), 0, t.area, &place, &err));
    place.place.parent_id = t.unit_2;
    assert_int_equal(heng_archive_put_place(t.store, &place, &err), HENG_ECONFLICT);
    heng_store_rollback(t.store);
    tear(&t);
}

/* What an organisation does not manage is not there for it: by id, key, name, list, search. */
static void test_scope(void **state)
{
    struct town t;
    struct heng_archive_place found[20], place;
    struct heng_point point = {.medium = HENG_MEDIUM_HEAT, .key = "p1", .serves = "household"}, got;
    struct heng_point_channel channels[HENG_CHANNELS_MAX];
    struct heng_archive_line line;
    struct heng_archive_device device;
    struct heng_err err;
    size_t n;
    (void)state;
    build(&t);
    struct heng_store_reader *reader = heng_store_as_reader(t.store);
    assert_ok(heng_archive_find_place(reader, t.org_b, "sun-1-2-101", &place, &err));
    assert_int_equal(place.managed_by, t.org_b);
    assert_int_equal(heng_archive_find_place(reader, t.org_a, "sun-1-2-101", &place, &err), HENG_ENOTFOUND);
    assert_int_equal(heng_archive_find_place(reader, t.org_b, "sun-1-1-101", &place, &err), HENG_ENOTFOUND);
    assert_int_equal(heng_archive_get_place(reader, t.org_b, t.area, &place, &err), HENG_ENOTFOUND);
    assert_int_equal(search(t.store, t.org_a, "101", found), 2);
    assert_int_equal(search(t.store, t.org_b, "101", found), 1);
    assert_int_equal(search(t.store, t.org_b, "阳光小区 1号楼 101", found), 1); /* the address is above it */
    assert_ok(heng_archive_list_places(reader, t.org_b, 0, NULL, found, 20, &n, &err));
    assert_true(n == 1 && found[0].place.id == t.unit_2);
    assert_ok(heng_archive_list_places(reader, t.org_a, 0, NULL, found, 20, &n, &err));
    assert_true(n == 1 && found[0].place.id == t.area);
    assert_ok(heng_archive_list_places(reader, t.org_a, t.building, NULL, found, 20, &n, &err));
    assert_true(n == 1 && found[0].place.id == t.unit_1);
    assert_ok(heng_archive_list_places(reader, t.org_a, t.unit_2, NULL, found, 20, &n, &err));
    assert_int_equal(n, 0);

    assert_ok(heng_store_begin(t.store, &err));
    point.place_id = t.unit_2;
    assert_ok(heng_archive_put_point(t.store, &point, &err));
    assert_ok(heng_store_commit(t.store, &err));
    assert_ok(heng_archive_get_point(reader, t.org_b, point.id, &got, &err));
    assert_int_equal(heng_archive_get_point(reader, t.org_a, point.id, &got, &err), HENG_ENOTFOUND);
    assert_int_equal(heng_archive_find_point(reader, t.org_a, "p1", &got, &err), HENG_ENOTFOUND);
    assert_ok(heng_archive_list_points(reader, t.org_a, t.unit_2, 0, &got, 1, &n, &err));
    assert_int_equal(n, 0);
    assert_ok(heng_archive_list_channels(reader, t.org_a, point.id, channels, HENG_CHANNELS_MAX, &n, &err));
    assert_int_equal(n, 0);
    assert_ok(heng_archive_list_channels(reader, t.org_b, point.id, channels, HENG_CHANNELS_MAX, &n, &err));
    assert_int_equal(n, 2);
    assert_true(channels[0].main && channels[0].quantity == HENG_QUANTITY_ENERGY);

    assert_ok(heng_archive_list_lines(reader, t.org_a, 0, "", &line, 1, &n, &err));
    assert_int_equal(n, 0);
    assert_ok(heng_archive_list_lines(reader, 0, 0, "", &line, 1, &n, &err));
    assert_int_equal(n, 1);
    assert_ok(heng_archive_find_device(reader, t.org_a, "10000001", "HNG", &device, &err));
    assert_false(device.visible);
    assert_ok(heng_archive_find_device(reader, 0, "10000001", "HNG", &device, &err));
    assert_true(device.visible);
    tear(&t);
}

/* What the JSON of a site brings in is found, and belongs to nobody but the operator. */
static void test_site_has_words(void **state)
{
    struct small_site site;
    struct heng_archive_place found[20];
    struct heng_store *store = small_site_open(&site);
    (void)state;
    assert_int_equal(search(store, 0, "1号楼 102", found), 1);
    assert_string_equal(found[0].place.key, "b1-u1-102");
    heng_store_close(store);
    small_site_fini(&site);
}

/* A database from before there were words gets them when it is opened. */
static void test_words_of_before(void **state)
{
    struct small_site site;
    struct heng_archive_place found[20];
    struct heng_err err;
    struct heng_store *store = small_site_open(&site);
    (void)state;
    heng_store_close(store);
    assert_int_equal(small_site_sql(site.path, "DELETE FROM place_word"), HENG_OK);
    assert_ok(heng_store_open(site.path, &store, &err));
    assert_int_equal(search(store, 0, "1号楼 102", found), 1);
    heng_store_close(store);
    small_site_fini(&site);
}

static void test_sums(void **state)
{
    struct town t;
    struct heng_err err;
    struct heng_point a = {.medium = HENG_MEDIUM_WATER, .key = "a", .serves = "building"}, b = a, sum = a;
    (void)state;
    build(&t);
    assert_ok(heng_store_begin(t.store, &err));
    a.place_id = b.place_id = sum.place_id = t.building;
    b.key[0] = 'b';
    sum.key[0] = 's';
    sum.is_virtual = true;
    assert_ok(heng_archive_put_point(t.store, &a, &err));
    b.main_id = a.id;
    assert_ok(heng_archive_put_point(t.store, &b, &err));
    assert_ok(heng_archive_put_point(t.store, &sum, &err));
    struct heng_point_term term = {a.id, 1, 1}, back = {sum.id, -1, 1};
    assert_ok(heng_archive_put_term(t.store, sum.id, &term, &err));
    assert_int_equal(heng_archive_put_term(t.store, a.id, &back, &err), HENG_ECONFLICT);
    a.main_id = b.id;
    assert_int_equal(heng_archive_put_point(t.store, &a, &err), HENG_ECONFLICT);
    a.main_id = 0;
    snprintf(a.key, sizeof a.key, "b");
    assert_int_equal(heng_archive_put_point(t.store, &a, &err), HENG_ECONFLICT);
    heng_store_rollback(t.store);
    tear(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),           cmocka_unit_test(test_words_of_anything),
        cmocka_unit_test(test_search),          cmocka_unit_test(test_rename_and_move),
        cmocka_unit_test(test_scope),           cmocka_unit_test(test_site_has_words),
        cmocka_unit_test(test_words_of_before), cmocka_unit_test(test_sums),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
