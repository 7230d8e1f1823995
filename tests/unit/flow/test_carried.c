/* Files that people bring to the centre: each reading once, whichever way it comes, no number moved, and a file that is
 * broken or of somebody else changes nothing. */
#include "flow/carried.h"
#include "unit/flow/gateway_rig.h"

static const char east_name[] = "gw-00000000000000aa";

struct paper {
    struct heng_carry_writer writer;
    uint8_t bytes[1 << 17];
    struct heng_buf buf;
};

static void begin(struct paper *paper, const char *name)
{
    struct heng_carry_header header = {.made_us = START_US};
    snprintf(header.name, sizeof header.name, "%s", name);
    paper->buf = heng_buf_of(paper->bytes, sizeof paper->bytes);
    assert_int_equal(heng_carry_begin(&paper->writer, &header, &paper->buf), HENG_OK);
}

static void put_all(struct paper *paper, const struct toy_journal *toy, size_t first)
{
    for (size_t i = first; i < toy->n; i++)
        assert_int_equal(heng_carry_put_entry(&paper->writer, &toy->entries[i], &paper->buf), HENG_OK);
    assert_int_equal(heng_carry_end(&paper->writer, &paper->buf), HENG_OK);
}

/* The heat line and its first meter, under this number. */
static void put_route(struct paper *paper, const char *number)
{
    struct heng_line_config line = {.id = HEAT_LINE,
                                    .name = "heat",
                                    .transport = HENG_TRANSPORT_TCP,
                                    .endpoint = "127.0.0.1:10001",
                                    .baud = 2400,
                                    .parity = 'E',
                                    .period_s = 60};
    struct heng_meter_config meter = {.device_id = HEAT_1,
                                      .line_id = HEAT_LINE,
                                      .protocol = HENG_PROTOCOL_MBUS,
                                      .medium = HENG_MEDIUM_HEAT,
                                      .address = "1"};
    const size_t first[] = {0, 1};
    struct heng_gateway_config config = {.version = 1,
                                         .name = "east",
                                         .time_zone = "UTC",
                                         .lines = &line,
                                         .meters = &meter,
                                         .first = first,
                                         .line_count = 1};
    struct heng_err err;
    uint8_t *bytes = NULL;
    size_t n = 0;
    snprintf(meter.number, sizeof meter.number, "%s", number);
    assert_ok(heng_config_pack(&config, &bytes, &n, &err));
    assert_int_equal(heng_carry_put_route(&paper->writer, heng_slice_of(bytes, n), &paper->buf), HENG_OK);
    free(bytes);
}

static void by_hand(struct toy_journal *toy, int64_t device_id, heng_us at_us, int64_t value, bool frames)
{
    static struct heng_read read;
    struct heng_body body = {.kind = HENG_ENTRY_READ, .read = {.line_id = HEAT_LINE, .read = &read, .by_hand = true}};
    heat_read(&read, device_id, at_us, value);
    if (!frames) {
        read.frame_count = 0;
        for (size_t i = 0; i < read.value_count; i++) read.frame_of_value[i] = 0;
    }
    toy_add(toy, &body, at_us);
}

static heng_rc bring(struct heng_store *store, const struct paper *paper, struct heng_carried_counts *ret,
                     struct heng_err *err)
{
    struct heng_carried *carried = NULL;
    *ret = (struct heng_carried_counts){0};
    heng_rc rc = heng_carried_begin(store, NULL, INGEST_NOW_US, &carried, err);
    for (size_t at = 0; rc == HENG_OK && at < paper->buf.n; at += 1000) {
        size_t n = paper->buf.n - at < 1000 ? paper->buf.n - at : 1000;
        rc = heng_carried_take(carried, heng_slice_of(paper->bytes + at, n), err);
    }
    if (rc == HENG_OK) rc = heng_carried_end(carried, ret, err);
    heng_carried_free(carried);
    return rc;
}

static void assert_brought(struct heng_store *store, const struct paper *paper, unsigned stored, unsigned same,
                           unsigned refused, unsigned left)
{
    struct heng_carried_counts counts;
    struct heng_err err;
    assert_ok(bring(store, paper, &counts, &err));
    if (counts.stored != stored || counts.same != same || counts.refused != refused || counts.left != left)
        fail_msg("%u stored, %u known, %u refused, %u left; the last one: %s", (unsigned)counts.stored,
                 (unsigned)counts.same, (unsigned)counts.refused, (unsigned)counts.left,
                 counts.reason_count ? counts.reasons[counts.reason_count - 1].why : "");
}

static struct heng_store *open_east(struct small_site *site)
{
    struct heng_store *store = gateways_open(site);
    struct heng_err err;
    assert_ok(heng_store_begin(store, &err));
    assert_ok(heng_store_enrol_gateway(store, EAST, east_name, 7, START_US, START_US + HENG_US_PER_DAY, &err));
    assert_ok(heng_store_commit(store, &err));
    return store;
}

static struct paper *paper_new(void)
{
    struct paper *paper = calloc(1, sizeof *paper);
    assert_non_null(paper);
    return paper;
}

static void test_a_journal_that_comes_by_both_ways_is_stored_once(void **state)
{
    struct small_site site;
    struct heng_store *store = open_east(&site);
    struct toy_journal *toy = toy_new(EAST, 9);
    struct paper *paper = paper_new();
    (void)state;
    for (int i = 0; i < 10; i++) {
        toy_read(toy, HEAT_LINE, HEAT_1, START_US + i * HENG_US_PER_S, 1000 + i);
        toy_line(toy, HEAT_LINE, START_US + i * HENG_US_PER_S, 1);
    }
    /* The first four come by uplink; then the file, without the first ten: a hole that no number may jump over. */
    assert_delivered(deliver(store, EAST, toy_batch(toy, 1, 4)), 4, 0, 0, 4);
    begin(paper, east_name);
    put_all(paper, toy, 10);
    assert_brought(store, paper, 5, 0, 0, 5);
    assert_brought(store, paper, 0, 5, 0, 5);
    assert_resume(store, EAST, 9, 4, toy->entries[3].check);
    assert_int_equal(number_of(store, "SELECT count(*) FROM gateway_gap"), 0);
    assert_delivered(deliver(store, EAST, toy_batch(toy, 5, 20)), 11, 5, 0, 20);
    assert_int_equal(number_of(store, "SELECT count(*) FROM reading"), 10);
    assert_int_equal(number_of(store, "SELECT requests FROM line_state WHERE line_id = 1"), 10);
    assert_int_equal(number_of(store, "SELECT count(*) FROM reading_conflict"), 0);
    assert_brought(store, paper, 0, 5, 0, 5);
    free(paper);
    free(toy);
    heng_store_close(store);
    small_site_fini(&site);
}

static void test_what_was_read_by_hand(void **state)
{
    struct small_site site;
    struct heng_store *store = open_east(&site);
    struct toy_journal *toy = toy_new(0, 0), *east = toy_new(EAST, 9);
    struct paper *paper = paper_new();
    (void)state;
    by_hand(toy, HEAT_1, START_US, 1000, true);
    by_hand(toy, HEAT_1, START_US + HENG_US_PER_S, 1001, false);        /* typed in */
    by_hand(toy, HEAT_2, START_US, 1, true);                            /* not on the list */
    by_hand(toy, 999, START_US, 1, true);                               /* nowhere */
    by_hand(toy, HEAT_1, INGEST_NOW_US + 2 * HENG_US_PER_DAY, 1, true); /* not yet */
    by_hand(toy, HEAT_1, HENG_US_PER_DAY, 1, true);                     /* 1970 */
    toy_read(toy, HEAT_LINE, HEAT_1, START_US + 2 * HENG_US_PER_S, 1);  /* by a line */
    toy_event(toy, START_US, HENG_GATEWAY_STARTED, 0, "");              /* not a reading at all */
    by_hand(toy, HEAT_1, START_US + 3 * HENG_US_PER_S, 1, true);
    toy->entries[toy->n - 1].check ^= 1;
    begin(paper, "A. Weber");
    put_route(paper, "10000001");
    put_all(paper, toy, 0);
    assert_brought(store, paper, 2, 0, 7, 0);
    assert_brought(store, paper, 0, 2, 7, 0);
    /* The same two through the gateway, as its own entries. */
    by_hand(east, HEAT_1, START_US, 1000, true);
    by_hand(east, HEAT_1, START_US + HENG_US_PER_S, 1001, false);
    assert_delivered(deliver(store, EAST, toy_batch(east, 1, 2)), 0, 2, 0, 2);
    assert_int_equal(number_of(store, "SELECT count(*) FROM reading WHERE source = 2"), 2);
    assert_int_equal(number_of(store, "SELECT count(*) FROM reading"), 2);
    assert_int_equal(number_of(store, "SELECT count(*) FROM reading_conflict"), 0);
    free(paper);
    free(toy);
    free(east);
    heng_store_close(store);
    small_site_fini(&site);
}

static void assert_no(struct heng_store *store, const struct paper *paper, heng_rc rc, const char *says)
{
    struct heng_carried_counts counts;
    struct heng_err err = {.text = ""};
    assert_int_equal(bring(store, paper, &counts, &err), rc);
    if (!strstr(err.text, says)) fail_msg("'%s' does not say '%s'", err.text, says);
    assert_int_equal(number_of(store, "SELECT count(*) FROM reading"), 0);
}

static void test_files_of_others(void **state)
{
    struct small_site site;
    struct heng_store *store = open_east(&site);
    struct toy_journal *toy = toy_new(EAST, 9), *hand = toy_new(0, 0);
    struct paper *paper = paper_new();
    struct heng_err err;
    (void)state;
    toy_read(toy, WEST_LINE, WEST_METER, START_US, 1);
    toy_read(toy, HEAT_LINE, 999, START_US, 1);
    toy_read(toy, HEAT_LINE, HEAT_1, START_US, 1);
    toy->entries[2].gateway_id = WEST; /* not below it */
    begin(paper, east_name);
    put_all(paper, toy, 0);
    assert_brought(store, paper, 0, 0, 3, 0);
    begin(paper, "gw-ffffffffffffffff");
    put_all(paper, toy, 0);
    assert_no(store, paper, HENG_ENOTFOUND, "none of ours");
    begin(paper, "");
    put_all(paper, toy, 0);
    assert_no(store, paper, HENG_ENOTFOUND, "none of ours");
    by_hand(hand, HEAT_1, START_US, 1, true);
    begin(paper, "A. Weber");
    put_route(paper, "77000001");
    put_all(paper, hand, 0);
    assert_no(store, paper, HENG_ECONFLICT, "another site");
    assert_ok(heng_store_begin(store, &err));
    assert_ok(heng_store_revoke_gateway(store, EAST, START_US, &err));
    assert_ok(heng_store_commit(store, &err));
    begin(paper, east_name);
    put_all(paper, toy, 2);
    assert_no(store, paper, HENG_EDENIED, "revoked");
    free(paper);
    free(toy);
    free(hand);
    heng_store_close(store);
    small_site_fini(&site);
}

static void test_a_broken_file_leaves_nothing(void **state)
{
    struct small_site site;
    struct heng_store *store = open_east(&site);
    struct toy_journal *hand = toy_new(0, 0);
    struct paper *paper = paper_new();
    struct heng_carried_counts counts;
    (void)state;
    by_hand(hand, HEAT_1, START_US, 1000, true);
    by_hand(hand, HEAT_1, START_US + HENG_US_PER_S, 1001, true);
    begin(paper, "A. Weber");
    put_route(paper, "10000001");
    put_all(paper, hand, 0);
    size_t whole = paper->buf.n;
    for (size_t n = 0; n < whole; n += 3) {
        struct heng_err err = {.text = ""};
        paper->buf.n = n;
        assert_int_not_equal(bring(store, paper, &counts, &err), HENG_OK);
        assert_true(err.text[0] != '\0');
        paper->buf.n = whole;
        paper->bytes[n] ^= (uint8_t)(1u << n % 8);
        assert_int_not_equal(bring(store, paper, &counts, &err), HENG_OK);
        paper->bytes[n] ^= (uint8_t)(1u << n % 8);
    }
    assert_int_equal(number_of(store, "SELECT count(*) FROM reading"), 0);
    assert_brought(store, paper, 2, 0, 0, 0);
    free(paper);
    free(hand);
    heng_store_close(store);
    small_site_fini(&site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_journal_that_comes_by_both_ways_is_stored_once),
        cmocka_unit_test(test_what_was_read_by_hand),
        cmocka_unit_test(test_files_of_others),
        cmocka_unit_test(test_a_broken_file_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
