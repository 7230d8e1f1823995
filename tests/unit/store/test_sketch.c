/* A sketch holds the archive as it is and nothing that was read; what is tried on it never comes to the database. */
#include "archive/archive.h"
#include "store/archive_search.h"
#include "store/read.h"
#include "store/sketch.h"
#include "unit/small_site.h"

struct house {
    struct small_site site;
    struct heng_store *store, *sketch;
    struct heng_store_reader *reader;
    char path[128];
};

static void open_house(struct house *h)
{
    struct heng_err err;
    h->store = small_site_open(&h->site);
    assert_ok(heng_store_reader_open(h->site.path, &h->reader, &err));
    snprintf(h->path, sizeof h->path, "%s/sketch", h->site.directory);
}

static void close_house(struct house *h)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    char name[160];
    heng_store_close(h->sketch);
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        snprintf(name, sizeof name, "%s%s", h->path, suffixes[i]);
        unlink(name);
    }
    heng_store_reader_close(h->reader);
    heng_store_close(h->store);
    small_site_fini(&h->site);
}

static void read_once(struct house *h)
{
    static struct heng_read read;
    struct heng_ingested ingested = {0};
    struct heng_err err;
    heat_read(&read, 1, START_US + HENG_US_PER_S, 1000);
    assert_ok(heng_ingest(h->store, &(struct heng_fact){.kind = HENG_FACT_READ, .read = &read}, 1,
                          START_US + 2 * HENG_US_PER_S, &ingested, &err));
    heng_ingested_fini(&ingested);
}

static void test_the_archive_and_no_readings(void **state)
{
    struct house h = {.sketch = NULL};
    struct heng_archive_place found[4];
    struct heng_err err;
    int64_t places, points, devices, places2, points2, devices2;
    size_t n = 0;
    bool all = false;
    (void)state;
    open_house(&h);
    read_once(&h);
    assert_ok(heng_store_sketch(h.reader, h.path, &h.sketch, &err));
    struct heng_store_reader *sketch = heng_store_as_reader(h.sketch);
    assert_ok(heng_archive_counts(h.reader, 0, &places, &points, &devices, &err));
    assert_ok(heng_archive_counts(sketch, 0, &places2, &points2, &devices2, &err));
    assert_true(places == 4 && devices == 4);
    assert_true(places == places2 && points == points2 && devices == devices2);
    assert_ok(heng_archive_search_places(sketch, 0, "1号楼 102", found, 4, &n, &all, &err));
    assert_int_equal(n, 1);
    assert_int_equal(small_site_number(h.site.path, "SELECT count(*) FROM reading"), 1);
    heng_store_close(h.sketch);
    h.sketch = NULL;
    assert_int_equal(small_site_number(h.path, "SELECT count(*) FROM reading"), 0);
    assert_int_equal(small_site_number(h.path, "SELECT count(*) FROM frame"), 0);
    close_house(&h);
}

/* Numbers go on behind those of the database, references hold, and the writer is free meanwhile. */
static void test_trying(void **state)
{
    struct house h = {.sketch = NULL};
    struct heng_archive_place place = {.place = {.kind = "household", .name = "103"}}, seen;
    struct heng_err err;
    (void)state;
    open_house(&h);
    assert_ok(heng_archive_find_place(h.reader, 0, "b1-u1", &seen, &err));
    place.place.parent_id = seen.place.id;
    assert_ok(heng_store_sketch(h.reader, h.path, &h.sketch, &err));
    assert_ok(heng_store_begin(h.sketch, &err));
    assert_ok(heng_archive_add(h.sketch, 0, &place, &err));
    assert_true(place.place.id > 4);
    read_once(&h); /* while the transaction on the sketch is open */
    assert_ok(heng_archive_find_place(heng_store_as_reader(h.sketch), 0, "b1-u1-103", &seen, &err));
    heng_store_rollback(h.sketch);
    assert_int_equal(heng_archive_find_place(h.reader, 0, "b1-u1-103", &seen, &err), HENG_ENOTFOUND);
    close_house(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_archive_and_no_readings),
        cmocka_unit_test(test_trying),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
