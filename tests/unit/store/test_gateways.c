/* Gateways in the database: certificates, journals, gaps, events that stay, entries set aside, enrolments. */

#include "store/db.h"
#include "store/gateways.h"
#include "unit/small_site.h"

static void begin(struct heng_store *store)
{
    struct heng_err err;
    assert_ok(heng_store_begin(store, &err));
}
static void commit(struct heng_store *store)
{
    struct heng_err err;
    assert_ok(heng_store_commit(store, &err));
}

static struct heng_store *open_with_gateways(struct small_site *site)
{
    struct heng_store *store = small_site_open(site);
    struct heng_gateway one = {.key = "one", .name = "One", .journal_bytes = 1 << 20, .journal_days = 9};
    struct heng_gateway two = {.key = "two", .name = "Two"};
    struct heng_err err;
    begin(store);
    assert_ok(heng_store_put_gateway(store, &one, &two.parent_id, &err));
    assert_ok(heng_store_put_gateway(store, &two, &two.id, &err));
    commit(store);
    assert_int_equal(two.parent_id, 1);
    assert_int_equal(two.id, 2);
    return store;
}

static heng_rc sql(struct heng_store *store, const char *text)
{
    struct heng_err err;
    return heng_db_exec(&store->reader.db, "test", text, NULL, &err);
}

static void test_who(void **state)
{
    struct small_site site;
    struct heng_store *store = open_with_gateways(&site);
    struct heng_store_reader *reader = heng_store_as_reader(store);
    struct heng_gateway got, all[4];
    uint64_t serials[4];
    struct heng_err err;
    size_t n = 0;
    (void)state;
    assert_ok(heng_store_get_gateway(reader, 2, &got, &err));
    assert_string_equal(got.key, "two");
    assert_string_equal(got.common_name, "");
    assert_int_equal(got.parent_id, 1);
    assert_int_equal(got.state, HENG_GATEWAY_STATE_DECLARED);
    assert_int_equal(heng_store_get_gateway(reader, 3, &got, &err), HENG_ENOTFOUND);
    assert_int_equal(heng_store_gateway_by_certificate(reader, "gw", 5, &got, &err), HENG_ENOTFOUND);

    begin(store);
    assert_ok(heng_store_enrol_gateway(store, 2, "gw", 5, 100, 1000, &err));
    assert_ok(heng_store_enrol_gateway(store, 2, "gw", UINT64_MAX, 200, 2000, &err)); /* renewed: both are good */
    commit(store);
    assert_ok(heng_store_gateway_by_certificate(reader, "gw", 5, &got, &err));
    assert_ok(heng_store_gateway_by_certificate(reader, "gw", UINT64_MAX, &got, &err));
    assert_int_equal(got.id, 2);
    assert_true(got.serial == UINT64_MAX);
    assert_int_equal(got.expires_us, 2000);
    assert_int_equal(got.state, HENG_GATEWAY_STATE_ENROLLED);
    assert_int_equal(heng_store_gateway_by_certificate(reader, "gx", 5, &got, &err), HENG_ENOTFOUND);

    begin(store);
    assert_ok(heng_store_revoke_gateway(store, 2, 300, &err));
    assert_int_equal(heng_store_revoke_gateway(store, 9, 300, &err), HENG_ENOTFOUND);
    commit(store);
    assert_int_equal(heng_store_gateway_by_certificate(reader, "gw", 5, &got, &err), HENG_EDENIED);
    assert_string_equal(err.text, "the certificate of gateway 'two' is revoked");
    assert_ok(heng_store_list_revoked(reader, 500, serials, 4, &n, &err));
    assert_int_equal(n, 2);
    assert_ok(heng_store_list_revoked(reader, 1500, serials, 4, &n, &err));
    assert_int_equal(n, 1); /* one has ended by itself */
    assert_true(serials[0] == UINT64_MAX);
    assert_ok(heng_store_list_revoked_around(reader, 1, 0, serials, 4, &n, &err));
    assert_int_equal(n, 2);
    assert_ok(heng_store_list_revoked_around(reader, 2, 0, serials, 4, &n, &err));
    assert_int_equal(n, 0);

    begin(store); /* the box was found again: a new certificate, the old ones stay void */
    assert_ok(heng_store_enrol_gateway(store, 2, "gw", 7, 400, 3000, &err));
    commit(store);
    assert_ok(heng_store_gateway_by_certificate(reader, "gw", 7, &got, &err));
    assert_int_equal(got.serial, 7);
    assert_int_equal(heng_store_gateway_by_certificate(reader, "gw", 5, &got, &err), HENG_EDENIED);
    assert_int_equal(sql(store, "DELETE FROM gateway_certificate"), HENG_ECONFLICT);
    assert_ok(heng_store_list_gateways(reader, 0, all, 4, &n, &err));
    assert_int_equal(n, 2);
    assert_int_equal(all[0].journal_bytes, 1 << 20);
    assert_ok(heng_store_list_gateways(reader, 1, all, 4, &n, &err));
    assert_int_equal(n, 1);
    heng_store_close(store);
    small_site_fini(&site);
}

static void test_journals_and_gaps(void **state)
{
    const uint64_t epoch = UINT64_MAX - 1;
    struct small_site site;
    struct heng_store *store = open_with_gateways(&site);
    struct heng_store_reader *reader = heng_store_as_reader(store);
    struct heng_gateway_journal journal = {1, epoch, 40, UINT64_MAX, 10, 20}, got;
    struct heng_gateway_gap gaps[] = {{1, epoch, 3, 5, true}, {1, epoch, 9, 9, false}, {1, epoch, 20, 30, false}}, gap;
    struct heng_gateway_count count;
    struct heng_err err;
    (void)state;
    assert_int_equal(heng_store_get_journal(reader, 1, epoch, &got, &err), HENG_ENOTFOUND);
    assert_int_equal(heng_store_put_journal(store, &journal, &err), HENG_EBUG); /* no transaction */
    begin(store);
    assert_ok(heng_store_put_journal(store, &journal, &err));
    journal.seq = 41;
    journal.first_us = 99; /* the first entry came when it came */
    assert_ok(heng_store_put_journal(store, &journal, &err));
    for (size_t i = 0; i < 3; i++) assert_ok(heng_store_put_gap(store, &gaps[i], &err));
    commit(store);
    assert_ok(heng_store_get_journal(reader, 1, epoch, &got, &err));
    assert_int_equal(got.seq, 41);
    assert_true(got.check == UINT64_MAX && got.epoch == epoch);
    assert_int_equal(got.first_us, 10);
    static const struct {
        uint64_t seq, first, open_first; /* 0: none */
    } cases[] = {{0, 3, 9}, {3, 3, 9}, {5, 3, 9}, {6, 9, 9}, {10, 20, 20}, {30, 20, 20}, {31, 0, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        heng_rc rc = heng_store_get_gap(reader, 1, epoch, cases[i].seq, &gap, &err);
        assert_int_equal(rc, cases[i].first ? HENG_OK : HENG_ENOTFOUND);
        if (rc == HENG_OK) assert_int_equal(gap.first, cases[i].first);
        rc = heng_store_get_open_gap(reader, 1, epoch, cases[i].seq, &gap, &err);
        assert_int_equal(rc, cases[i].open_first ? HENG_OK : HENG_ENOTFOUND);
        if (rc == HENG_OK) assert_int_equal(gap.first, cases[i].open_first);
    }
    assert_int_equal(heng_store_get_gap(reader, 1, epoch - 1, 1, &gap, &err), HENG_ENOTFOUND);
    assert_ok(heng_store_count_gateway(reader, 1, &count, &err));
    assert_int_equal(count.missing, 12);
    begin(store); /* what no honest gateway says does not make a number overflow */
    for (uint64_t e = 1; e <= 3; e++)
        assert_ok(heng_store_put_gap(store, &(struct heng_gateway_gap){1, e, 1, INT64_MAX, false}, &err));
    assert_ok(heng_store_drop_gap(store, &gaps[1], &err));
    commit(store);
    assert_ok(heng_store_count_gateway(reader, 1, &count, &err));
    assert_true(count.missing == 11 + 3 * (UINT64_C(1) << 40));
    heng_store_close(store);
    small_site_fini(&site);
}

static void test_events_stay(void **state)
{
    struct small_site site;
    struct heng_store *store = open_with_gateways(&site);
    struct heng_store_reader *reader = heng_store_as_reader(store);
    struct heng_gateway_event_row told = {.gateway_id = 1,
                                          .line_id = HEAT_LINE,
                                          .at_us = 50,
                                          .kind = HENG_GATEWAY_LINE_SILENT,
                                          .value = -3,
                                          .detail = "heat",
                                          .epoch = UINT64_MAX,
                                          .seq = 4};
    struct heng_gateway_event_row noticed = {.gateway_id = 1, .at_us = 60, .kind = HENG_GATEWAY_LOST};
    struct heng_gateway_event_row stranger = {.at_us = 70, .kind = HENG_GATEWAY_REFUSED}, got[8];
    struct heng_err err;
    size_t n = 0;
    bool yes = false;
    (void)state;
    begin(store);
    for (int i = 0; i < 2; i++) { /* one that an entry told is there once */
        assert_ok(heng_store_add_gateway_event(store, &told, &err));
        assert_ok(heng_store_add_gateway_event(store, &noticed, &err));
        assert_ok(heng_store_add_gateway_event(store, &stranger, &err));
    }
    commit(store);
    assert_ok(heng_store_list_gateway_events(reader, 1, 0, got, 8, &n, &err));
    assert_int_equal(n, 3);
    assert_int_equal(got[2].kind, HENG_GATEWAY_LINE_SILENT);
    assert_int_equal(got[2].line_id, HEAT_LINE);
    assert_int_equal(got[2].value, -3);
    assert_string_equal(got[2].detail, "heat");
    assert_true(got[2].epoch == UINT64_MAX);
    assert_ok(heng_store_list_gateway_events(reader, 1, got[1].id, got, 8, &n, &err));
    assert_int_equal(n, 1);
    assert_ok(heng_store_list_gateway_events(reader, 0, 0, got, 8, &n, &err));
    assert_int_equal(n, 2);
    assert_int_equal(got[0].gateway_id, 0);
    assert_ok(heng_store_list_gateway_events(reader, -1, 0, got, 8, &n, &err));
    assert_int_equal(n, 5);
    assert_ok(heng_store_gateway_noticed(reader, 1, HENG_GATEWAY_LOST, 0, 60, &yes, &err));
    assert_true(yes);
    assert_ok(heng_store_gateway_noticed(reader, 1, HENG_GATEWAY_LOST, 60, 100, &yes, &err));
    assert_false(yes);
    assert_ok(heng_store_gateway_noticed(reader, 1, HENG_GATEWAY_LINE_SILENT, 0, 100, &yes, &err));
    assert_false(yes); /* told by an entry */
    assert_int_equal(sql(store, "UPDATE gateway_event SET value = 1"), HENG_ECONFLICT);
    assert_int_equal(sql(store, "DELETE FROM gateway_event"), HENG_ECONFLICT);
    heng_store_close(store);
    small_site_fini(&site);
}

static void test_set_aside(void **state)
{
    static const uint8_t body[] = {1, 2, 3};
    struct small_site site;
    struct heng_store *store = open_with_gateways(&site);
    struct heng_entry entry = {.epoch = 1, .kind = HENG_ENTRY_READ, .body = heng_slice_of(body, sizeof body)};
    struct heng_gateway_count count;
    struct heng_err err;
    (void)state;
    begin(store);
    for (entry.seq = 1; entry.seq <= HENG_REFUSED_KEPT_MAX + 5; entry.seq++)
        assert_ok(heng_store_add_refused_entry(store, 1, &entry, "why", &err));
    assert_ok(heng_store_add_refused_entry(store, 2, &entry, "why", &err)); /* the other one has room of its own */
    assert_int_equal(heng_store_add_refused_entry(store, 9, &entry, "why", &err), HENG_ENOTFOUND);
    commit(store);
    assert_ok(heng_store_count_gateway(heng_store_as_reader(store), 1, &count, &err));
    assert_int_equal(count.refused, HENG_REFUSED_KEPT_MAX + 5);
    int64_t kept = 0;
    assert_ok(heng_db_exec(&store->reader.db, "test", "SELECT count(*) FROM gateway_refused WHERE length(body) = 3",
                           &kept, &err));
    assert_int_equal(kept, HENG_REFUSED_KEPT_MAX + 1);
    assert_int_equal(sql(store, "UPDATE gateway_refused SET why = ''"), HENG_ECONFLICT);
    assert_int_equal(sql(store, "DELETE FROM gateway_refused"), HENG_ECONFLICT);
    heng_store_close(store);
    small_site_fini(&site);
}

static void test_status_and_configuration(void **state)
{
    struct small_site site;
    struct heng_store *store = open_with_gateways(&site);
    struct heng_store_reader *reader = heng_store_as_reader(store);
    struct heng_gateway_status status = {.gateway_id = 1,
                                         .connected = true,
                                         .clock_doubtful = true,
                                         .last_contact_us = 5,
                                         .clock_error_us = -6,
                                         .queued = UINT64_MAX,
                                         .config_version = 77, /* not this way */
                                         .applied_version = 3,
                                         .free_bytes = 8,
                                         .software = "s",
                                         .firmware = "f",
                                         .address = "a",
                                         .config_why = "w"},
                               got;
    uint64_t version = 0;
    struct heng_err err;
    (void)state;
    assert_int_equal(heng_store_get_gateway_status(reader, 1, &got, &err), HENG_ENOTFOUND);
    begin(store);
    assert_ok(heng_store_put_gateway_config(store, 1, heng_slice_str("x"), &version, &err));
    assert_int_equal(version, 1);
    assert_ok(heng_store_put_gateway_status(store, &status, &err));
    assert_ok(heng_store_put_gateway_config(store, 1, heng_slice_str("x"), &version, &err));
    assert_int_equal(version, 1);
    assert_ok(heng_store_put_gateway_config(store, 1, heng_slice_str("y"), &version, &err));
    assert_int_equal(version, 2);
    assert_ok(heng_store_put_gateway_config(store, 1, heng_slice_str("x"), &version, &err));
    assert_int_equal(version, 3); /* back again is news, too */
    assert_ok(heng_store_put_gateway_status(store, &(struct heng_gateway_status){.gateway_id = 2}, &err));
    assert_ok(heng_store_put_gateway_config(store, 2, heng_slice_str("x"), &version, &err));
    assert_int_equal(version, 1);
    commit(store);
    assert_ok(heng_store_get_gateway_status(reader, 1, &got, &err));
    status.config_version = 3;
    assert_memory_equal(&got, &status, sizeof got);
    begin(store);
    assert_ok(heng_store_rest_gateways(store, &err));
    commit(store);
    assert_ok(heng_store_get_gateway_status(reader, 1, &got, &err));
    assert_false(got.connected);
    assert_int_equal(got.applied_version, 3);
    heng_store_close(store);
    small_site_fini(&site);
}

static void test_enrolments(void **state)
{
    struct small_site site;
    struct heng_store *store = open_with_gateways(&site);
    struct heng_store_reader *reader = heng_store_as_reader(store);
    struct heng_enrolment ask = {.code = "ABCD-EFGH-JKMN", .name = "box", .serial = "S1", .request_n = 2}, got, all[4];
    struct heng_err err;
    size_t n = 0;
    (void)state;
    begin(store);
    for (unsigned i = 0; i < HENG_ENROLMENTS_MAX; i++) {
        ask.hash[0] = (uint8_t)i;
        ask.request[0] = (uint8_t)i;
        ask.last_us = START_US + i;
        snprintf(ask.code, sizeof ask.code, "2222-3333-%04u", i);
        assert_ok(heng_store_put_enrolment(store, &ask, &got, &err));
        assert_int_equal(got.id, i + 1);
        assert_int_equal(got.first_us, START_US + i);
        assert_memory_equal(got.request, ask.request, 2);
    }
    snprintf(ask.code, sizeof ask.code, "ABCD-EFGH-JKMN");
    ask.hash[0] = HENG_ENROLMENTS_MAX;
    assert_int_equal(heng_store_put_enrolment(store, &ask, &got, &err), HENG_ELIMIT);
    ask.hash[0] = 3; /* who is known may come again */
    ask.last_us = START_US + HENG_US_PER_DAY + 50;
    assert_ok(heng_store_put_enrolment(store, &ask, &got, &err));
    assert_int_equal(got.first_us, START_US + 3);
    assert_int_equal(got.last_us, ask.last_us);
    ask.hash[0] = HENG_ENROLMENTS_MAX; /* those who were not seen for a day make room */
    assert_ok(heng_store_put_enrolment(store, &ask, &got, &err));
    ask.hash[1] = 1; /* a restart: the same key and so the same code, signed anew */
    ask.request[1] = 5;
    assert_ok(heng_store_put_enrolment(store, &ask, &got, &err));
    assert_int_equal(got.id, HENG_ENROLMENTS_MAX + 1);
    assert_memory_equal(got.hash, ask.hash, sizeof got.hash);
    assert_memory_equal(got.request, ask.request, 2);
    commit(store);
    ask.hash[1] = 0;
    ask.hash[0] = 4;
    assert_int_equal(heng_store_enrolment_by_hash(reader, ask.hash, &got, &err), HENG_ENOTFOUND);
    ask.hash[0] = 3;
    assert_ok(heng_store_enrolment_by_hash(reader, ask.hash, &got, &err));
    assert_int_equal(heng_store_enrolment_by_code(reader, "2222-3333-0007", &got, &err), HENG_ENOTFOUND); /* gone */
    assert_ok(heng_store_enrolment_by_code(reader, "abcd efghJKMN", &got, &err));
    assert_int_equal(got.id, HENG_ENROLMENTS_MAX + 1);

    got.state = HENG_ENROLMENT_ACCEPTED;
    got.gateway_id = 2;
    got.certificate_n = 3;
    got.certificate[2] = 9;
    begin(store);
    assert_ok(heng_store_decide_enrolment(store, &got, &err));
    commit(store);
    assert_ok(heng_store_list_enrolments(reader, HENG_ENROLMENT_ACCEPTED, all, 4, &n, &err));
    assert_int_equal(n, 1);
    assert_int_equal(all[0].gateway_id, 2);
    assert_int_equal(all[0].certificate_n, 0); /* left out of lists */
    assert_ok(heng_store_get_enrolment(reader, got.id, &got, &err));
    assert_int_equal(got.certificate_n, 3);
    assert_int_equal(got.certificate[2], 9);
    assert_ok(heng_store_enrolment_by_code(reader, "ABCD-EFGH-JKMN", &got, &err));
    assert_int_equal(got.state, HENG_ENROLMENT_ACCEPTED);
    assert_ok(heng_store_list_enrolments(reader, HENG_ENROLMENT_STATE_COUNT, all, 4, &n, &err));
    assert_int_equal(n, 4);
    heng_store_close(store);
    small_site_fini(&site);
}

/* However many came after it. */
static void test_a_box_is_known_by_its_number(void **state)
{
    struct small_site site;
    struct heng_store *store = open_with_gateways(&site);
    struct heng_store_reader *reader = heng_store_as_reader(store);
    struct heng_enrolment ask = {.name = "box"}, got;
    struct heng_err err;
    int64_t gateway_id = 0;
    (void)state;
    begin(store);
    for (unsigned i = 0; i <= HENG_ENROLMENTS_MAX; i++) {
        ask.hash[0] = (uint8_t)i;
        ask.last_us = START_US + i;
        snprintf(ask.code, sizeof ask.code, "2222-3333-%04u", i);
        snprintf(ask.serial, sizeof ask.serial, "S%u", i);
        assert_ok(heng_store_put_enrolment(store, &ask, &got, &err));
        got.state = HENG_ENROLMENT_ACCEPTED;
        got.gateway_id = 2;
        assert_ok(heng_store_decide_enrolment(store, &got, &err));
    }
    commit(store);
    ask.hash[0] = 255;
    assert_ok(heng_store_enrolment_of_serial(reader, "S0", ask.hash, &gateway_id, &err));
    assert_int_equal(gateway_id, 2);
    ask.hash[0] = 0; /* its own request */
    assert_int_equal(heng_store_enrolment_of_serial(reader, "S0", ask.hash, &gateway_id, &err), HENG_ENOTFOUND);
    assert_int_equal(heng_store_enrolment_of_serial(reader, "S", ask.hash, &gateway_id, &err), HENG_ENOTFOUND);
    heng_store_close(store);
    small_site_fini(&site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who),
        cmocka_unit_test(test_journals_and_gaps),
        cmocka_unit_test(test_events_stay),
        cmocka_unit_test(test_set_aside),
        cmocka_unit_test(test_enrolments),
        cmocka_unit_test(test_a_box_is_known_by_its_number),
        cmocka_unit_test(test_status_and_configuration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
