/* Gateways in the description of a site, in the tree, and what they are told to work by. */
#include "flow/gateways.h"
#include "meter/profile.h"
#include "store/gateways.h"
#include "store/write.h"
#include "unit/flow/gateway_site.h"

struct made {
    uint8_t *bytes;
    size_t n;
    uint64_t version;
};

static struct made make(struct heng_store *store, int64_t gateway_id, const struct heng_profiles *profiles)
{
    struct made made = {0};
    struct heng_err err = {.text = ""};
    assert_ok(heng_store_begin(store, &err));
    assert_ok(
        heng_gateway_config_build(store, gateway_id, profiles, START_US, &made.bytes, &made.n, &made.version, &err));
    assert_ok(heng_store_commit(store, &err));
    return made;
}

static uint64_t version_of(struct heng_store *store, int64_t gateway_id, const struct heng_profiles *profiles)
{
    struct made made = make(store, gateway_id, profiles);
    free(made.bytes);
    return made.version;
}

static void enrol(struct heng_store *store, int64_t id, const char *common_name, uint64_t serial)
{
    struct heng_err err;
    assert_ok(heng_store_begin(store, &err));
    assert_ok(heng_store_enrol_gateway(store, id, common_name, serial, START_US, START_US + HENG_US_PER_DAY, &err));
    assert_ok(heng_store_commit(store, &err));
}

static heng_rc apply(struct heng_store *store, const struct heng_site *site, struct heng_err *err)
{
    struct heng_site_applied applied;
    return heng_site_apply(store, site, START_US, &applied, err);
}

static heng_rc apply_gateways(struct heng_store *store, const struct heng_site_gateway *gateways, size_t n,
                              struct heng_err *err)
{
    return apply(store, &(struct heng_site){.gateways = gateways, .gateway_count = n}, err);
}

static void test_what_it_should_work_by(void **state)
{
    struct small_site site;
    struct heng_store *store = gateways_open(&site);
    struct heng_gateway_config config, child;
    struct heng_profiles profiles;
    struct heng_err err = {.text = ""};
    void *memory = NULL, *child_memory = NULL;
    (void)state;
    assert_ok(heng_profiles_init(&profiles, &err));
    const struct heng_site_meter meters[] = {{.number = "10000002",
                                              .manufacturer = "HNG",
                                              .line = "heat",
                                              .place = "b1-u1-102",
                                              .protocol = "mbus",
                                              .address = "2",
                                              .medium = "heat",
                                              .profile = profiles.items[0]->name},
                                             {.number = "10000001",
                                              .manufacturer = "HNG",
                                              .line = "heat",
                                              .place = "b1-u1-101",
                                              .protocol = "mbus",
                                              .address = "1",
                                              .medium = "heat",
                                              .profile = "of-a-folder-that-is-gone"}};
    assert_ok(apply(store, &(struct heng_site){.meters = meters, .meter_count = 2}, &err));
    enrol(store, COLLECTOR, "gw-2", 22);
    struct made made = make(store, EAST, &profiles);
    assert_int_equal(made.version, 1);
    assert_ok(heng_config_unpack(heng_slice_of(made.bytes, made.n), &config, &memory, &err));
    assert_int_equal(config.version, 1);
    assert_string_equal(config.name, "East");
    assert_string_equal(config.time_zone, "Asia/Shanghai");
    assert_int_equal(config.journal_bytes, 64 << 20);
    assert_int_equal(config.journal_days, 400);
    assert_int_equal(config.line_count, 1); /* its own, and no other */
    assert_int_equal(config.lines[0].id, HEAT_LINE);
    assert_string_equal(config.lines[0].endpoint, "127.0.0.1:10001");
    assert_int_equal(config.first[1], 2);
    assert_string_equal(config.meters[0].profile_name, "");
    assert_string_equal(config.meters[1].profile_name, profiles.items[0]->name);
    assert_int_equal(config.profile_count, 1);
    assert_string_equal(config.profiles[0].name, profiles.items[0]->name);
    assert_true(
        heng_slice_eq(config.profiles[0].json, heng_slice_of(heng_profile_files[0].json, heng_profile_files[0].bytes)));
    assert_int_equal(config.child_count, 1);
    assert_int_equal(config.children[0].gateway_id, COLLECTOR);
    assert_string_equal(config.children[0].common_name, "gw-2");
    assert_ok(heng_config_unpack(config.children[0].config, &child, &child_memory, &err));
    assert_int_equal(child.version, 1);
    assert_string_equal(child.lines[0].endpoint, "/dev/ttyS1");
    assert_int_equal(child.meters[0].device_id, WATER_1);
    heng_config_free(child_memory);
    heng_config_free(memory);
    free(made.bytes);
    heng_profiles_fini(&profiles);
    heng_store_close(store);
    small_site_fini(&site);
}

static void test_versions(void **state)
{
    static const struct heng_site_line named[] = {{.key = "water",
                                                   .name = "cold water",
                                                   .gateway = "east-b",
                                                   .transport = "serial",
                                                   .endpoint = "/dev/ttyS1",
                                                   .parity = "E",
                                                   .baud = 2400,
                                                   .period_s = 3600}};
    struct small_site site;
    struct heng_store *store = gateways_open(&site);
    struct heng_device_state known = {.device_id = HEAT_1, .learned = {.answer_us = 1234, .answers = 9}};
    struct heng_gateway_config config;
    struct heng_err err = {.text = ""};
    void *memory = NULL;
    (void)state;
    assert_int_equal(version_of(store, EAST, NULL), 1);
    assert_int_equal(version_of(store, EAST, NULL), 1); /* nothing has changed */
    gateways_apply(store);
    assert_int_equal(version_of(store, EAST, NULL), 1);
    /* What was learned goes along, but it is no news. */
    assert_ok(heng_store_begin(store, &err));
    assert_ok(heng_store_put_device_state(store, &known, &err));
    assert_ok(heng_store_commit(store, &err));
    struct made made = make(store, EAST, NULL);
    assert_int_equal(made.version, 1);
    assert_ok(heng_config_unpack(heng_slice_of(made.bytes, made.n), &config, &memory, &err));
    assert_int_equal(config.meters[0].learned.answer_us, 1234);
    heng_config_free(memory);
    free(made.bytes);
    /* A collector that may connect is news for the one above it; so is what it should do itself, and a name. */
    enrol(store, COLLECTOR, "gw-2", 22);
    assert_int_equal(version_of(store, COLLECTOR, NULL), 1);
    assert_int_equal(version_of(store, EAST, NULL), 2);
    assert_ok(apply(store, &(struct heng_site){.lines = named, .line_count = 1}, &err));
    assert_int_equal(version_of(store, COLLECTOR, NULL), 2);
    assert_int_equal(version_of(store, EAST, NULL), 3);
    assert_int_equal(version_of(store, WEST, NULL), 1);
    /* And that it may not connect any more: the one above hears the number of its certificate. */
    assert_ok(heng_store_begin(store, &err));
    assert_ok(heng_store_revoke_gateway(store, COLLECTOR, START_US, &err));
    assert_ok(heng_store_commit(store, &err));
    made = make(store, EAST, NULL);
    assert_int_equal(made.version, 4);
    assert_ok(heng_config_unpack(heng_slice_of(made.bytes, made.n), &config, &memory, &err));
    assert_int_equal(config.revoked_count, 1);
    assert_int_equal(config.revoked[0], 22);
    heng_config_free(memory);
    free(made.bytes);
    assert_int_equal(version_of(store, WEST, NULL), 1);
    assert_ok(heng_store_begin(store, &err));
    assert_int_equal(heng_gateway_config_build(store, 99, NULL, START_US, &made.bytes, &made.n, &made.version, &err),
                     HENG_ENOTFOUND);
    heng_store_rollback(store);
    heng_store_close(store);
    small_site_fini(&site);
}

static uint64_t child_config(struct heng_store *store, struct heng_gateway_config *ret, void **ret_memory)
{
    struct heng_err err = {.text = ""};
    struct made made = make(store, COLLECTOR, NULL);
    assert_ok(heng_config_unpack(heng_slice_of(made.bytes, made.n), ret, ret_memory, &err));
    free(made.bytes);
    return made.version;
}

/* A collector believes the centre and the one that it stands below; a box in that one's place, by the same name, but
 * not the box that was there before. */
static void test_who_stands_above(void **state)
{
    struct small_site site;
    struct heng_store *store = gateways_open(&site);
    struct heng_gateway_config config;
    struct heng_err err = {.text = ""};
    void *memory = NULL;
    (void)state;
    uint64_t before = child_config(store, &config, &memory);
    assert_string_equal(config.above, "");
    heng_config_free(memory);
    enrol(store, EAST, "gw-1", 11);
    uint64_t now = child_config(store, &config, &memory);
    assert_true(now > before);
    assert_string_equal(config.above, "gw-1");
    assert_int_equal(config.revoked_count, 0);
    heng_config_free(memory);
    before = now;
    assert_ok(heng_store_begin(store, &err));
    assert_ok(heng_store_revoke_gateway(store, EAST, START_US, &err));
    assert_ok(heng_store_commit(store, &err));
    enrol(store, EAST, "gw-1", 12);
    now = child_config(store, &config, &memory);
    assert_true(now > before);
    assert_string_equal(config.above, "gw-1");
    assert_int_equal(config.revoked_count, 1);
    assert_int_equal(config.revoked[0], 11);
    heng_config_free(memory);
    struct made made = make(store, EAST, NULL);
    assert_ok(heng_config_unpack(heng_slice_of(made.bytes, made.n), &config, &memory, &err));
    assert_string_equal(config.above, "");
    assert_int_equal(config.revoked_count, 0);
    heng_config_free(memory);
    free(made.bytes);
    heng_store_close(store);
    small_site_fini(&site);
}

static void test_a_site_with_gateways(void **state)
{
    struct small_site site;
    struct heng_store *store = gateways_open(&site);
    struct heng_store_reader *reader = heng_store_as_reader(store);
    struct heng_site_lines lines;
    struct heng_gateway gateway;
    struct heng_line_row line;
    struct heng_err err = {.text = ""};
    (void)state;
    /* We run what hangs on no gateway, and nothing else. */
    assert_ok(heng_site_load_lines(reader, NULL, &lines, &err));
    assert_int_equal(lines.line_count, 0);
    heng_site_lines_fini(&lines);
    assert_ok(heng_site_load_gateway_lines(reader, COLLECTOR, NULL, &lines, &err));
    assert_int_equal(lines.line_count, 1);
    assert_int_equal(lines.lines[0].id, WATER_LINE);
    assert_int_equal(lines.meter_count, 2);
    heng_site_lines_fini(&lines);
    assert_ok(heng_store_gateway_by_key(reader, "east-b", &gateway, &err));
    assert_int_equal(gateway.parent_id, EAST);
    assert_int_equal(gateway.state, HENG_GATEWAY_STATE_DECLARED);
    enrol(store, COLLECTOR, "gw-2", 22);
    gateways_apply(store); /* the same again changes nothing, and nobody is enrolled anew */
    assert_ok(heng_store_gateway_by_key(reader, "east-b", &gateway, &err));
    assert_int_equal(gateway.state, HENG_GATEWAY_STATE_ENROLLED);
    small_site_apply(store); /* this one has the lines without a gateway: they are ours again */
    assert_ok(heng_site_load_lines(reader, NULL, &lines, &err));
    assert_int_equal(lines.line_count, 2);
    assert_int_equal(lines.meter_count, 4);
    heng_site_lines_fini(&lines);
    assert_ok(heng_store_get_line(reader, WATER_LINE, &line, &err));
    assert_int_equal(line.gateway_id, 0);
    assert_string_equal(line.status.detail, "");
    heng_store_close(store);
    small_site_fini(&site);
}

static void test_descriptions_that_cannot_be(void **state)
{
    static const struct heng_site_line line = {.key = "new",
                                               .name = "new",
                                               .gateway = "nowhere",
                                               .transport = "serial",
                                               .endpoint = "/dev/ttyS1",
                                               .parity = "E",
                                               .baud = 2400,
                                               .period_s = 60};
    static const struct {
        struct heng_site_gateway gateways[5];
        size_t n;
        heng_rc rc;
        const char *text;
    } cases[] = {
        {{{.key = "a", .name = "A", .parent = "b"}},
         1,
         HENG_ECONFIG,
         "gateway 'a': its parent 'b' is not known: name it before"},
        {{{.key = "a", .name = "A", .parent = "a"}}, 1, HENG_ECONFIG, "gateway 'a': it is its own parent"},
        {{{.key = "a"}}, 1, HENG_ECONFIG, "gateway 'a': name is missing"},
        {{{.name = "A"}}, 1, HENG_ECONFIG, "gateway '': key is missing"},
        {{{.key = "a", .name = "A", .journal_mb = -1}},
         1,
         HENG_ECONFIG,
         "gateway 'a': journal_mb is -1, it must be between 0 and 1048576"},
        {{{.key = "east", .name = "East", .parent = "east-b"}},
         1,
         HENG_ECONFLICT,
         "gateway 'east': it is below itself"},
        {{{.key = "c", .name = "C", .parent = "east-b"},
          {.key = "d", .name = "D", .parent = "c"},
          {.key = "e", .name = "E", .parent = "d"}},
         3,
         HENG_ECONFLICT,
         "gateway 'e': more than 4 would stand one below the other"},
    };
    struct small_site site;
    struct heng_store *store = gateways_open(&site);
    struct heng_gateway gateway;
    struct heng_err err = {.text = ""};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(apply_gateways(store, cases[i].gateways, cases[i].n, &err), cases[i].rc);
        assert_string_equal(err.text, cases[i].text);
        assert_int_equal(heng_store_gateway_by_key(heng_store_as_reader(store), "c", &gateway, &err), HENG_ENOTFOUND);
    }
    assert_int_equal(apply(store, &(struct heng_site){.lines = &line, .line_count = 1}, &err), HENG_ECONFIG);
    assert_string_equal(err.text, "line 'new': gateway 'nowhere' is not known");
    struct heng_site_line twice = line;
    twice.gateway = "west"; /* another box may have such a port, this one has it already */
    assert_int_equal(apply(store, &(struct heng_site){.lines = &twice, .line_count = 1}, &err), HENG_ECONFLICT);
    assert_string_equal(err.text, "line 'new': the endpoint '/dev/ttyS1' is used by another line");
    twice.gateway = "east";
    assert_ok(apply(store, &(struct heng_site){.lines = &twice, .line_count = 1}, &err));
    heng_store_close(store);
    small_site_fini(&site);
}

static void test_the_tree(void **state)
{
    /* deep is declared before what it is below is moved there: parents come first all the same */
    static const struct heng_site_gateway moved[] = {{.key = "north", .name = "North"},
                                                     {.key = "west", .name = "West", .parent = "north"}};
    static const int64_t order[] = {EAST, COLLECTOR, 4, WEST};
    struct small_site site;
    struct heng_store *store = gateways_open(&site);
    struct heng_store_reader *reader = heng_store_as_reader(store);
    struct heng_gateway_row rows[8];
    int64_t path[HENG_UPLINK_PATH_MAX];
    struct heng_err err = {.text = ""};
    size_t n = 0;
    (void)state;
    assert_ok(apply_gateways(store, moved, 2, &err));
    assert_ok(heng_view_gateways(reader, 0, rows, 8, &n, &err));
    assert_int_equal(n, 4);
    for (size_t i = 0; i < n; i++) assert_int_equal(rows[i].gateway.id, order[i]);
    assert_int_equal(rows[0].lines, 1);
    assert_int_equal(rows[0].meters, 2);
    assert_int_equal(rows[3].meters, 1);
    assert_ok(heng_view_gateways(reader, EAST, rows, 2, &n, &err));
    assert_int_equal(n, 2);
    assert_int_equal(rows[0].gateway.id, COLLECTOR);
    assert_int_equal(rows[1].gateway.id, WEST);
    assert_ok(heng_gateway_path(reader, WEST, path, &n, &err));
    assert_int_equal(n, 2);
    assert_int_equal(path[0], 4);
    assert_int_equal(path[1], WEST);
    assert_ok(heng_gateway_path(reader, 0, path, &n, &err));
    assert_int_equal(n, 0);
    assert_int_equal(heng_gateway_path(reader, 77, path, &n, &err), HENG_ENOTFOUND);
    assert_int_equal(heng_view_gateway(reader, 77, rows, &err), HENG_ENOTFOUND);
    heng_store_close(store);
    small_site_fini(&site);
}

static struct heng_enrolment_fact tell(struct heng_store *store, struct heng_enrolment_fact fact)
{
    struct heng_ingested ingested = {0};
    struct heng_fact told = {.kind = HENG_FACT_ENROLMENT, .enrolment = &fact};
    struct heng_err err = {.text = ""};
    assert_ok(heng_ingest(store, &told, 1, START_US, &ingested, &err));
    heng_ingested_fini(&ingested);
    return fact;
}

static void test_somebody_wants_to_come_in(void **state)
{
    struct small_site site;
    struct heng_store *store = gateways_open(&site);
    struct heng_store_reader *reader = heng_store_as_reader(store);
    struct heng_enrolment_fact asked = {
        .enrolment = {.code = "ABCD-EFGH-JKMN", .name = "box", .last_us = START_US, .request_n = 3, .hash = {7}}};
    struct heng_gateway gateway;
    struct heng_err err;
    (void)state;
    struct heng_enrolment_fact got = tell(store, asked);
    assert_int_equal(got.rc, HENG_OK);
    assert_int_equal(got.enrolment.state, HENG_ENROLMENT_WAITING);
    assert_int_equal(got.enrolment.id, 1);
    asked.enrolment.last_us += 5;
    assert_int_equal(tell(store, asked).enrolment.id, 1); /* it came again */

    struct heng_enrolment_fact yes = {.decide = true,
                                      .at_us = START_US,
                                      .enrolment = {.id = 1, .state = HENG_ENROLMENT_ACCEPTED, .certificate_n = 2},
                                      .gateway = {.key = "south",
                                                  .name = "South",
                                                  .parent_id = COLLECTOR,
                                                  .common_name = "gw-1",
                                                  .serial = UINT64_MAX,
                                                  .expires_us = START_US + 1}};
    struct heng_enrolment_fact bad = yes;
    bad.gateway.parent_id = 99;
    assert_int_equal(tell(store, bad).rc, HENG_ECONFLICT);
    bad = yes;
    bad.gateway.key[0] = '\0';
    assert_int_equal(tell(store, bad).rc, HENG_ECONFLICT);
    bad = yes;
    bad.enrolment.id = 5;
    assert_int_equal(tell(store, bad).rc, HENG_ENOTFOUND);
    assert_int_equal(heng_store_gateway_by_key(reader, "south", &gateway, &err), HENG_ENOTFOUND);
    got = tell(store, yes);
    assert_int_equal(got.rc, HENG_OK);
    assert_int_equal(got.enrolment.state, HENG_ENROLMENT_ACCEPTED);
    assert_ok(heng_store_gateway_by_certificate(reader, "gw-1", UINT64_MAX, &gateway, &err));
    assert_string_equal(gateway.key, "south");
    assert_int_equal(gateway.parent_id, COLLECTOR);
    assert_int_equal(got.enrolment.gateway_id, gateway.id);
    assert_int_equal(tell(store, yes).rc, HENG_ECONFLICT); /* decided already */
    heng_store_close(store);
    small_site_fini(&site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_it_should_work_by),
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_who_stands_above),
        cmocka_unit_test(test_a_site_with_gateways),
        cmocka_unit_test(test_descriptions_that_cannot_be),
        cmocka_unit_test(test_the_tree),
        cmocka_unit_test(test_somebody_wants_to_come_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
