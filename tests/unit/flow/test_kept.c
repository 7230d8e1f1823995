/* Values that meters keep themselves become readings of their dates: once, of the right day, of nothing that has not
 * come yet; whatever bytes arrive. */
#include "unit/codec/corpus.h"
#include "unit/small_site.h"

#include "flow/kept.h"
#include "meter/values.h"

static struct corpus corpus;

static heng_us utc_us(int year, int month, int day, int hour, int minute)
{
    const struct heng_civil civil = {.year = (int16_t)year,
                                     .month = (uint8_t)month,
                                     .day = (uint8_t)day,
                                     .hour = (uint8_t)hour,
                                     .minute = (uint8_t)minute};
    return heng_civil_to_us(&civil);
}

/* Line as in the file. */
static void golden(const char *file, size_t line, struct heng_telegram *ret)
{
    size_t used;
    corpus_load(&corpus, file);
    assert_true(line - 2 < corpus.count);
    assert_int_equal(heng_codec_of(HENG_PROTOCOL_MBUS)->decode(row_slice(&corpus.rows[line - 2]), ret, &used, NULL),
                     HENG_OK);
}

static void assert_date(const char *file, size_t line, heng_us now_us, uint32_t storage, heng_us due_us)
{
    struct heng_telegram telegram;
    struct heng_kept_date dates[16];
    golden(file, line, &telegram);
    size_t n = heng_kept_dates(&telegram, NULL, now_us, dates, 16), i = 0;
    while (i < n && dates[i].storage != storage) i++;
    if (!due_us) {
        assert_int_equal(i, n);
        return;
    }
    assert_true(i < n);
    if (dates[i].due_us != due_us) fail_msg("%s:%zu storage %u", file, line, (unsigned)storage);
}

/* Of golden frames: one with the last and the next due date, one with times of day, one with a date alone. */
static void test_dates(void **state)
{
    (void)state;
    const char *file = "mbus-wired.tsv";
    assert_date(file, 10, utc_us(2015, 6, 1, 0, 0), 1, utc_us(2015, 1, 1, 0, 0));
    assert_date(file, 10, utc_us(2016, 1, 1, 0, 0), 1, utc_us(2016, 1, 1, 0, 0));
    assert_date(file, 10, utc_us(2014, 6, 1, 0, 0), 1, 0); /* both lie ahead */
    assert_date(file, 16, utc_us(2012, 1, 15, 0, 0), 1, utc_us(2011, 4, 30, 23, 59));
    assert_date(file, 16, utc_us(2012, 1, 15, 0, 0), 2, utc_us(2011, 12, 31, 23, 59));
    assert_date(file, 19, utc_us(2007, 6, 1, 0, 0), 1,
                utc_us(2007, 1, 1, 0, 0)); /* a first of a month is its beginning */
    assert_date(file, 4, utc_us(2014, 1, 1, 0, 0), 1, utc_us(2013, 6, 1, 0, 0));
}

static int64_t count(const struct small_site *site, const char *where)
{
    char text[256];
    snprintf(text, sizeof text, "SELECT count(*) FROM reading WHERE %s", where);
    return small_site_number(site->path, text);
}

/* more: added to what the meter kept. */
static void ingest_more(struct heng_store *store, heng_us at_us, struct heng_read *read, int64_t more)
{
    struct heng_telegram telegram;
    struct heng_ingested ingested = {0};
    struct heng_err err;
    golden("mbus-wired.tsv", 10, &telegram);
    memset(read, 0, sizeof *read);
    read->device_id = HEAT_1;
    read->outcome = HENG_OUTCOME_OK;
    read->tries = 1;
    assert_ok(heng_values_take(&telegram, at_us, read, &err));
    for (unsigned i = 0; i < read->value_count; i++)
        if (read->values[i].key.storage == 1) read->values[i].dec.mantissa += more;
    struct heng_fact fact = fact_of(read);
    assert_ok(heng_ingest(store, &fact, 1, at_us + HENG_US_PER_S, &ingested, &err));
    assert_int_equal(ingested.stored, 1); /* what it kept is no news of its own */
    heng_ingested_fini(&ingested);
}

static void ingest_golden(struct heng_store *store, heng_us at_us, struct heng_read *read)
{
    ingest_more(store, at_us, read, 0);
}

static void test_readings(void **state)
{
    struct small_site site;
    struct heng_store *store = small_site_open(&site);
    static struct heng_read read;
    static struct heng_reading kept;
    struct heng_err err;
    char *zone = small_site_lines(site.path, "SELECT value FROM setting WHERE name = 'time_zone'");
    (void)state;
    ingest_golden(store, utc_us(2015, 6, 1, 9, 0), &read);
    assert_int_equal(count(&site, "due_us <> 0"), 1);
    ingest_golden(store, utc_us(2015, 6, 2, 9, 0), &read); /* the same again */
    assert_int_equal(count(&site, "due_us <> 0"), 1);
    assert_int_equal(small_site_number(site.path, "SELECT count(*) FROM reading_conflict"), 0);
    ingest_golden(store, utc_us(2016, 2, 1, 9, 0), &read);
    assert_int_equal(count(&site, "due_us <> 0"), 2);
    assert_int_equal(count(&site, "due_us = 0"), 3);

    /* In the zone of the site; its values are those of the storage number, each with its frame. */
    heng_us due_us = small_site_number(site.path, "SELECT min(due_us) FROM reading WHERE due_us <> 0");
    heng_us want_us = utc_us(2015, 1, 1, 0, 0) - (strstr(zone, "Shanghai") ? 8 * INT64_C(3600) * HENG_US_PER_S : 0);
    assert_true(due_us == want_us);
    assert_ok(heng_store_get_reading(heng_store_as_reader(store), HEAT_1, due_us, HENG_SOURCE_LINE, &kept, &err));
    unsigned wanted = 0;
    for (unsigned i = 0; i < read.value_count; i++)
        wanted += read.values[i].key.storage == 1 && read.values[i].has_value &&
                  read.values[i].key.function == HENG_FUNCTION_INSTANTANEOUS;
    assert_true(wanted > 0);
    assert_int_equal(kept.value_count, wanted);
    assert_int_equal(kept.frame_count, 1);
    assert_true(kept.first_frame > 0);

    /* It says something else of a date that is known: kept beside it once, the first stays what it was. */
    ingest_more(store, utc_us(2015, 6, 3, 9, 0), &read, 1);
    ingest_more(store, utc_us(2015, 6, 4, 9, 0), &read, 1);
    assert_int_equal(small_site_number(site.path, "SELECT count(*) FROM reading_conflict WHERE due_us <> 0"), 1);
    assert_int_equal(small_site_number(site.path, "SELECT min(due_us) FROM reading_conflict"), due_us);
    static struct heng_reading still;
    assert_ok(heng_store_get_reading(heng_store_as_reader(store), HEAT_1, due_us, HENG_SOURCE_LINE, &still, &err));
    assert_true(heng_dec_cmp(still.values[0].dec, kept.values[0].dec) == 0);
    free(zone);
    heng_store_close(store);
    small_site_fini(&site);
}

/* Bytes of no meter, and golden ones with a bit turned, with the checksums made good again or not: never a date outside
 * of what can be, nothing written behind the end. */
static void test_hostile(void **state)
{
    uint64_t seed = 20261121;
    size_t dates_seen = 0;
    (void)state;
    print_message("seed %llu\n", (unsigned long long)seed);
    corpus_load(&corpus, "mbus-wired.tsv");
    heng_us now_us = utc_us(2020, 1, 1, 0, 0);
    for (size_t i = 0; i < corpus.count; i++) {
        struct heng_slice row = row_slice(&corpus.rows[i]);
        for (int round = 0; round < 40 && row.n > 12 && row.n <= HENG_FRAME_BYTES_MAX; round++) {
            uint8_t bytes[HENG_FRAME_BYTES_MAX];
            struct heng_kept_date dates[3];
            struct heng_telegram telegram;
            size_t used;
            memcpy(bytes, row.p, row.n);
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            size_t at = 7 + (size_t)(seed >> 33) % (row.n - 9);
            uint8_t bit = (uint8_t)(1u << (seed >> 61));
            bytes[at] ^= bit;
            uint8_t sum = 0;
            for (size_t k = 4; k + 2 < row.n; k++) sum = (uint8_t)(sum + bytes[k]);
            bytes[row.n - 2] = sum;
            if (heng_codec_of(HENG_PROTOCOL_MBUS)->decode(heng_slice_of(bytes, row.n), &telegram, &used, NULL) !=
                HENG_OK)
                continue;
            size_t n = heng_kept_dates(&telegram, NULL, now_us, dates, 3);
            assert_true(n <= 3);
            for (size_t k = 0; k < n; k++) {
                assert_true(dates[k].due_us <= now_us && dates[k].due_us > 0 && dates[k].storage > 0);
                assert_true(k == 0 || dates[k].storage > dates[k - 1].storage);
            }
            dates_seen += n;
        }
    }
    assert_true(dates_seen > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_dates), cmocka_unit_test(test_readings),
                                       cmocka_unit_test(test_hostile)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
