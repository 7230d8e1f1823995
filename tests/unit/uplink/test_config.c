/* Configurations of gateways: what is packed comes out as it was; what cannot be is refused, at both ends, by the name
 * of the item. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "base/hex.h"
#include "fuzz/uplink_sane.h"
#include "unit/uplink/by_hand.h"
#include "unit/uplink/counted_memory.h"
#include "unit/uplink/random_body.h"

#include "unit/uplink/random_config.h"

enum { SEEDS = 400, BITS_SEEDS = 30 };

static struct site site;
static uint64_t seed; /* of the test that runs; told when it is over */

static int tell_seed(void **state)
{
    (void)state;
    print_message("last seed %llu\n", (unsigned long long)seed);
    return 0;
}

static uint8_t *pack(const struct heng_gateway_config *config, size_t *ret_n)
{
    uint8_t *bytes = NULL;
    struct heng_err err = {.text = ""};
    if (heng_config_pack(config, &bytes, ret_n, &err) != HENG_OK) fail_msg("not packed: %s", err.text);
    return bytes;
}

static void every_configuration_comes_out_as_it_was(void **state)
{
    (void)state;
    for (seed = 1; seed <= SEEDS; seed++) {
        struct heng_sim_rng rng = heng_sim_rng_of(seed, 1);
        struct heng_gateway_config back;
        struct heng_err err = {.text = ""};
        void *memory;
        size_t n;
        random_site(&rng, &site);
        uint8_t *bytes = pack(&site.config, &n);
        heng_rc rc = heng_config_unpack(heng_slice_of(bytes, n), &back, &memory, &err);
        free(bytes); /* nothing of it is borrowed */
        if (rc != HENG_OK) fail_msg("%s", err.text);
        same_config(&site.config, &back);
        assert_null(sane_config(&back));
        heng_config_free(memory);
    }
}

/* One damaged configuration: refused with a reason, or another sound one. Where: bytes that are left, or a bit. */
static heng_rc damage(const uint8_t *bytes, size_t n, size_t where)
{
    struct heng_gateway_config config;
    struct heng_err err = {.text = ""};
    void *memory = NULL;
    size_t length = where < n ? where : n;
    uint8_t *copy = malloc(n); /* its own allocation: the sanitizer sees one byte too much */
    assert_non_null(copy);
    memcpy(copy, bytes, n);
    if (where >= n) copy[(where - n) / 8] ^= (uint8_t)(1u << (where - n) % 8);
    heng_rc rc = heng_config_unpack(heng_slice_of(copy, length), &config, &memory, &err);
    const char *wrong = rc == HENG_OK ? sane_config(&config) : err.text[0] && err.rc == rc ? NULL : "no reason";
    if (wrong) fail_msg("place %zu: %s", where, wrong);
    if (rc == HENG_OK) heng_config_free(memory);
    free(copy);
    return rc;
}

static void damaged_configurations_do_no_harm(void **state)
{
    (void)state;
    unsigned refused = 0, taken = 0;
    for (seed = 1; seed <= BITS_SEEDS; seed++) {
        struct heng_sim_rng rng = heng_sim_rng_of(seed, 2);
        size_t n;
        random_site(&rng, &site);
        uint8_t *bytes = pack(&site.config, &n);
        for (size_t i = 0; i < n; i += 1 + n / 150)
            if (damage(bytes, n, i) == HENG_OK)
                taken++;
            else
                refused++;
        for (size_t i = n; i < 9 * n; i += 1 + n / 150)
            if (damage(bytes, n, i) == HENG_OK)
                taken++;
            else
                refused++;
        free(bytes);
    }
    print_message("%u refused, %u taken as another sound configuration\n", refused, taken);
    assert_true(refused > 1000 && taken > 1000);
}

/* --- laws ----------------------------------------------------------------------------------------------------------
 */

/* Two lines: 1 with schedule 11, relays 21 <- 22 and meters 31, 32; 2 with meter 33. */
static void small_site(void)
{
    memset(&site, 0, sizeof site);
    site.config = (struct heng_gateway_config){.version = 7,
                                               .name = "cellar",
                                               .time_zone = "Asia/Shanghai",
                                               .lines = site.lines,
                                               .meters = site.meters,
                                               .first = site.first,
                                               .line_count = 2,
                                               .profiles = site.profiles,
                                               .profile_count = 1,
                                               .children = site.children,
                                               .child_count = 1,
                                               .revoked = site.revoked,
                                               .revoked_count = 1,
                                               .journal_bytes = 1 << 20,
                                               .journal_days = 30};
    site.lines[0] = (struct heng_line_config){.id = 1,
                                              .name = "north",
                                              .endpoint = "/dev/ttyS1",
                                              .transport = HENG_TRANSPORT_SERIAL,
                                              .baud = 2400,
                                              .parity = 'E',
                                              .schedules = site.schedules[0],
                                              .schedule_count = 1,
                                              .relays = site.relays[0],
                                              .relay_count = 2};
    site.lines[1] = (struct heng_line_config){.id = 2, .name = "south", .endpoint = "10.0.0.2:4001"};
    site.schedules[0][0] = (struct heng_schedule){.id = 11, .name = "hourly", .period_s = 3600, .due_days = 1};
    site.relays[0][0] = (struct heng_relay_config){.id = 21, .name = "r", .open_n = 2, .open = {0x10, 0x20}};
    site.relays[0][1] = (struct heng_relay_config){.id = 22, .parent_id = 21, .name = "s"};
    for (int i = 0; i < 3; i++)
        site.meters[i] = (struct heng_meter_config){
            .device_id = 31 + i, .line_id = i < 2 ? 1 : 2, .medium = HENG_MEDIUM_HEAT, .address = "12345678"};
    site.meters[0].schedule_id = 11;
    site.meters[0].relay_id = 22;
    site.meters[0].learned.answer_us = 300;
    site.first[1] = 2;
    site.first[2] = 3;
    site.profiles[0] = (struct heng_config_profile){"own", heng_slice_str("{}")};
    site.children[0] = (struct heng_config_child){5, "cn-5", "below", heng_slice_str("\x08\x01")};
    site.revoked[0] = 0x0102030405060708;
}

/* The wire format does not change by accident: gateways in the field speak it. */
static void the_bytes_stay_as_they_are(void **state)
{
    (void)state;
    char hex[1024];
    size_t n;
    small_site();
    uint8_t *bytes_packed = pack(&site.config, &n);
    assert_int_equal(heng_hex_format(heng_slice_of(bytes_packed, n), 0, hex, sizeof hex), HENG_OK);
    free(bytes_packed);
    assert_string_equal(
        hex, "0807120663656C6C61721A0D417369612F5368616E67686169226F080112056E6F7274681802220A2F6465762F747479533138E0"
             "124045A2010F080B1206686F75726C7918901C2801AA010908151A01723A021020AA0107081610151A0173B20117081F18042208"
             "3132333435363738380B4016520308AC02B2010E0820180422083132333435363738222908021205736F757468220D31302E302E"
             "302E323A34303031B2010E08211804220831323334353637382A090A036F776E12027B7D321308051204636E2D351A0562656C6F"
             "77220208013A08080706050403020140808040481E");
}

#define LAW(name, change)                                                                                              \
    static void law_##name(void) { change; }
LAW(name, site.config.name = "\xFF")
LAW(zone, site.config.time_zone = "0123456789012345678901234567890123456789012345678901234567890123")
LAW(journal, site.config.journal_bytes = -1)
LAW(lines, site.config.line_count = HENG_CONFIG_LINES_MAX + 1)
LAW(line_twice, site.lines[1].id = 1)
LAW(line_id, site.lines[1].id = 0)
LAW(line_text, memset(site.lines[1].name, 'x', HENG_NAME_MAX))
LAW(endpoint, memset(site.lines[0].endpoint, 'x', HENG_ENDPOINT_MAX))
LAW(transport, site.lines[0].transport = HENG_TRANSPORT_COUNT)
LAW(parity, site.lines[0].parity = 'X')
LAW(rts, site.lines[0].rts = HENG_RTS_COUNT)
LAW(overload, site.lines[0].overload = HENG_SIGNAL_COUNT)
LAW(schedule_id, site.schedules[0][0].id = -1)
LAW(due_minute, site.schedules[0][0].due_minute = 1440)
LAW(windows, site.schedules[0][0].read_window_count = HENG_SCHEDULE_WINDOWS_MAX + 1)
LAW(relay_twice, site.relays[0][1].id = 21)
LAW(relay_parent, site.relays[0][1].parent_id = 23)
LAW(relay_circle, site.relays[0][0].parent_id = 22)
LAW(relay_self, site.relays[0][1].parent_id = 22)
LAW(relay_bytes, site.relays[0][0].open_n = HENG_RELAY_BYTES_MAX + 1)
LAW(meter_twice, site.meters[2].device_id = 31)
LAW(meter_id, site.meters[2].device_id = 0)
LAW(protocol, site.meters[1].protocol = HENG_PROTOCOL_COUNT)
LAW(medium, site.meters[1].medium = HENG_MEDIUM_COUNT)
LAW(meter_schedule, site.meters[2].schedule_id = 11)
LAW(meter_relay, site.meters[1].relay_id = 23)
LAW(ser, site.meters[1].learned.ser = 3)
LAW(address, memset(site.meters[1].address, '1', HENG_ADDRESS_MAX))
LAW(profile_name, site.profiles[0].name = "")
LAW(profile_twice, (site.profiles[1] = site.profiles[0], site.config.profile_count = 2))
LAW(profile_size, site.profiles[0].json.n = HENG_CONFIG_PROFILE_BYTES_MAX + 1)
LAW(child_id, site.children[0].gateway_id = 0)
LAW(child_name, site.children[0].common_name = "")
LAW(child_twice, (site.children[1] = site.children[0], site.children[1].gateway_id = 6, site.config.child_count = 2))
LAW(children, site.config.child_count = HENG_UPLINK_CHILDREN_MAX + 1)
LAW(above, memset(site.above, 'x', sizeof site.above); site.config.above = site.above)
LAW(revoked, site.config.revoked_count = HENG_CONFIG_REVOKED_MAX + 1)

static const struct {
    void (*change)(void);
    heng_rc rc;
    const char *words; /* that a person needs to find it */
} laws[] = {
    {law_name, HENG_ECONFIG, "gateway's name"},
    {law_zone, HENG_ECONFIG, "time zone"},
    {law_journal, HENG_ECONFIG, "journal"},
    {law_lines, HENG_ELIMIT, "65 lines"},
    {law_line_twice, HENG_ECONFIG, "line 1 is there twice"},
    {law_line_id, HENG_ECONFIG, "line 0"},
    {law_line_text, HENG_ECONFIG, "line 2: its name"},
    {law_endpoint, HENG_ECONFIG, "line 1: its endpoint"},
    {law_transport, HENG_ECONFIG, "line 1: its transport"},
    {law_parity, HENG_ECONFIG, "line 1: its parity"},
    {law_rts, HENG_ECONFIG, "line 1: its rts"},
    {law_overload, HENG_ECONFIG, "line 1: its overload"},
    {law_schedule_id, HENG_ECONFIG, "schedule -1"},
    {law_due_minute, HENG_ECONFIG, "'north': schedule 11: its due minute"},
    {law_windows, HENG_ECONFIG, "'north': schedule 11: its read windows"},
    {law_relay_twice, HENG_ECONFIG, "relay 21 is there twice"},
    {law_relay_parent, HENG_ECONFIG, "'north': relay 22: the one in front of it"},
    {law_relay_circle, HENG_ECONFIG, "'north': relay 21: behind"},
    {law_relay_self, HENG_ECONFIG, "'north': relay 22: behind"},
    {law_relay_bytes, HENG_ECONFIG, "'north': relay 21: too many bytes"},
    {law_meter_twice, HENG_ECONFIG, "meter 31 is there twice"},
    {law_meter_id, HENG_ECONFIG, "meter 0"},
    {law_protocol, HENG_ECONFIG, "'north': meter 32: its protocol"},
    {law_medium, HENG_ECONFIG, "'north': meter 32: its medium"},
    {law_meter_schedule, HENG_ECONFIG, "'south': meter 33: its schedule"},
    {law_meter_relay, HENG_ECONFIG, "'north': meter 32: its relay"},
    {law_ser, HENG_ECONFIG, "'north': meter 32: its ser"},
    {law_address, HENG_ECONFIG, "'north': meter 32: its address"},
    {law_profile_name, HENG_ECONFIG, "profile number 1"},
    {law_profile_twice, HENG_ECONFIG, "profile 'own' is there twice"},
    {law_profile_size, HENG_ELIMIT, "profile 'own' has 65537 bytes"},
    {law_child_id, HENG_ECONFIG, "gateway 0"},
    {law_child_name, HENG_ECONFIG, "gateway 5: its common name"},
    {law_child_twice, HENG_ECONFIG, "'cn-5'"},
    {law_children, HENG_ELIMIT, "65 gateways"},
    {law_above, HENG_ECONFIG, "gateway above"},
    {law_revoked, HENG_ELIMIT, "4097 revoked"},
};

static void what_cannot_be_is_not_packed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof laws / sizeof laws[0]; i++) {
        struct heng_err err = {.text = ""};
        uint8_t *bytes_packed = NULL;
        size_t n;
        small_site();
        laws[i].change();
        heng_rc rc = heng_config_pack(&site.config, &bytes_packed, &n, &err);
        if (rc != laws[i].rc || !strstr(err.text, laws[i].words))
            fail_msg("%s: %s (%s)", laws[i].words, heng_rc_name(rc), err.text);
        assert_null(bytes_packed);
    }
}

/* Two configurations are compared without their versions. */
static void without_a_version_it_is_packed_and_not_taken(void **state)
{
    (void)state;
    struct heng_gateway_config back;
    struct heng_err err;
    void *memory = NULL;
    size_t n;
    small_site();
    site.config.version = 0;
    uint8_t *bytes_packed = pack(&site.config, &n);
    assert_int_equal(heng_config_unpack(heng_slice_of(bytes_packed, n), &back, &memory, &err), HENG_ECONFIG);
    assert_non_null(strstr(err.text, "version"));
    assert_null(memory);
    free(bytes_packed);
}

/* --- strangers -----------------------------------------------------------------------------------------------------
 */

enum { VERSION = 1, NAME, ZONE, LINES, PROFILES, CHILDREN, REVOKED, JOURNAL_BYTES };

#define BYTES(text) .content = text, .n = sizeof(text) - 1

/* What is added to the packed small site: fields of Config itself. */
static const struct {
    const char *what;
    unsigned field;
    const char *content;
    size_t n;
    uint64_t value; /* without content */
    unsigned times;
    heng_rc rc;
    const char *words;
} strangers[] = {
    {"nothing", VERSION, .value = 8, .times = 1, .rc = HENG_OK},
    {"a field of a newer program", 999, .value = 8, .times = 1, .rc = HENG_OK},
    {"no version", VERSION, .value = 0, .times = 1, .rc = HENG_ECONFIG, .words = "version"},
    {"NUL in a name", NAME, BYTES("a\0b"), .times = 1, .rc = HENG_ECONFIG, .words = "name"},
    {"no UTF-8", ZONE, BYTES("\xC0\x80"), .times = 1, .rc = HENG_ECONFIG, .words = "time zone"},
    {"negative journal", JOURNAL_BYTES, .value = UINT64_MAX, .times = 1, .rc = HENG_ECONFIG, .words = "journal"},
    {"a line again", LINES, BYTES("\x08\x02"), .times = 1, .rc = HENG_ECONFIG, .words = "line 2 is there twice"},
    {"a third line", LINES, BYTES("\x08\x03"), .times = 1, .rc = HENG_OK},
    {"a line without id", LINES, BYTES(""), .times = 1, .rc = HENG_ECONFIG, .words = "line 0"},
    {"transport", LINES, BYTES("\x08\x03\x18\x7F"), .times = 1, .rc = HENG_ECONFIG, .words = "line 3: its transport"},
    {"parity cut to 8 bits", LINES, BYTES("\x08\x03\x40\xC5\x02"), .times = 1, .rc = HENG_ECONFIG, .words = "parity"},
    {"wake byte", LINES, BYTES("\x08\x03\x70\x80\x02"), .times = 1, .rc = HENG_ECONFIG, .words = "wake byte"},
    {"NUL in a line's name", LINES, BYTES("\x08\x03\x12\x01\x00"), .times = 1, .rc = HENG_ECONFIG,
     .words = "line 3: its name"},
    {"a meter again", LINES, BYTES("\x08\x03\xB2\x01\x02\x08\x1F"), .times = 1, .rc = HENG_ECONFIG,
     .words = "meter 31 is there twice"},
    {"a meter on a schedule of another line", LINES, BYTES("\x08\x03\xB2\x01\x04\x08\x05\x38\x0B"), .times = 1,
     .rc = HENG_ECONFIG, .words = "meter 5: its schedule"},
    {"a relay behind itself", LINES, BYTES("\x08\x03\xAA\x01\x04\x08\x05\x10\x05"), .times = 1, .rc = HENG_ECONFIG,
     .words = "relay 5: behind"},
    {"a minute cut to 16 bits", LINES, BYTES("\x08\x03\xA2\x01\x07\x08\x05\x42\x03\x80\x80\x04"), .times = 1,
     .rc = HENG_ECONFIG, .words = "schedule 5: its time"},
    {"a window out of the day", LINES, BYTES("\x08\x03\xA2\x01\x07\x08\x05\x4A\x03\x08\xA0\x0B"), .times = 1,
     .rc = HENG_ECONFIG, .words = "schedule 5: its read windows"},
    {"half a line", LINES, BYTES("\x08"), .times = 1, .rc = HENG_EFORMAT, .words = "understood"},
    {"a profile again", PROFILES, BYTES("\x0A\x03own"), .times = 1, .rc = HENG_ECONFIG,
     .words = "'own' is there twice"},
    {"a profile without a name", PROFILES, BYTES(""), .times = 1, .rc = HENG_ECONFIG, .words = "profile number 2"},
    {"a gateway again", CHILDREN, BYTES("\x08\x05\x12\x01x"), .times = 1, .rc = HENG_ECONFIG,
     .words = "gateway 5 is there twice"},
    {"half a serial number", REVOKED, BYTES("\1\2\3\4"), .times = 1, .rc = HENG_EFORMAT, .words = "understood"},
    {"lines without end", LINES, BYTES(""), .times = 100000, .rc = HENG_ELIMIT, .words = ""},
    {"65 lines", LINES, BYTES("\x08\x03"), .times = 63, .rc = HENG_ELIMIT, .words = "65 lines"},
    {"gateways without end", CHILDREN, BYTES(""), .times = 2000, .rc = HENG_ELIMIT, .words = "gateways"},
    {"unknown things without end", 999, BYTES(""), .times = 300000, .rc = HENG_ELIMIT, .words = ""},
};

static void strangers_are_refused_with_a_reason(void **state)
{
    (void)state;
    static uint8_t room[HENG_UPLINK_MESSAGE_MAX];
    for (size_t i = 0; i < sizeof strangers / sizeof strangers[0]; i++) {
        struct heng_gateway_config config = {.version = 99};
        struct heng_err err = {.text = ""};
        struct heng_buf buf = heng_buf_of(room, sizeof room);
        void *memory = NULL;
        size_t n;
        small_site();
        uint8_t *sound = pack(&site.config, &n);
        heng_buf_put(&buf, heng_slice_of(sound, n));
        free(sound);
        const char *content = strangers[i].content;
        if (content) repeat(&buf, strangers[i].field, heng_slice_of(content, strangers[i].n), strangers[i].times);
        if (!content) field(&buf, strangers[i].field, strangers[i].value);
        assert_false(buf.full);
        heng_rc rc = heng_config_unpack(heng_buf_slice(&buf), &config, &memory, &err);
        if (rc != strangers[i].rc || (rc != HENG_OK && !strstr(err.text, strangers[i].words)))
            fail_msg("%s: %s (%s)", strangers[i].what, heng_rc_name(rc), err.text);
        assert_true(rc == HENG_OK ? memory != NULL : memory == NULL && config.version == 99);
        if (rc == HENG_OK) heng_config_free(memory);
    }
}

static void what_is_too_long_is_not_looked_at(void **state)
{
    (void)state;
    static const uint8_t zeros[HENG_CONFIG_BYTES_MAX + 1];
    struct heng_gateway_config config;
    struct heng_err err;
    void *memory;
    assert_int_equal(heng_config_unpack(heng_slice_of(zeros, sizeof zeros), &config, &memory, &err), HENG_ELIMIT);
    assert_int_equal(heng_config_unpack(heng_slice_of(zeros, 0), &config, &memory, &err), HENG_EFORMAT);
    heng_config_free(NULL);
}

/* --- great ones ----------------------------------------------------------------------------------------------------
 */

/* lines x meters of the usual kind. */
static size_t build(struct heng_gateway_config *config, struct heng_line_config *lines, size_t line_count,
                    struct heng_meter_config *meters, size_t meters_of_line, size_t *first)
{
    size_t n = 0;
    *config = (struct heng_gateway_config){.version = 1,
                                           .name = "",
                                           .time_zone = "",
                                           .lines = lines,
                                           .meters = meters,
                                           .first = first,
                                           .line_count = line_count};
    for (size_t l = 0; l < line_count; l++) {
        lines[l] = (struct heng_line_config){.id = (int64_t)l + 1, .baud = 2400, .parity = 'E', .period_s = 3600};
        snprintf(lines[l].endpoint, sizeof lines[l].endpoint, "10.1.2.%zu:4001", l);
        for (size_t m = 0; m < meters_of_line; m++, n++) {
            meters[n] = (struct heng_meter_config){.device_id = (int64_t)n + 1,
                                                   .line_id = lines[l].id,
                                                   .medium = HENG_MEDIUM_HEAT,
                                                   .learned = {80000, 4000, 20000, 0, 0, 1}};
            snprintf(meters[n].address, sizeof meters[n].address, "%08zu", n);
            snprintf(meters[n].number, sizeof meters[n].number, "%08zu", n);
        }
        first[l + 1] = n;
    }
    return n;
}

static void the_design_load_and_the_greatest_fit(void **state)
{
    (void)state;
    static const struct {
        size_t lines, meters;
        heng_rc rc;
    } cases[] = {{32, 64, HENG_OK},  {64, 350, HENG_OK},     {64, 400, HENG_ELIMIT},
                 {5, 4096, HENG_OK}, {1, 4097, HENG_ELIMIT}, {64, 4096, HENG_ELIMIT}};
    struct heng_line_config *lines = calloc(64, sizeof *lines);
    struct heng_meter_config *meters = calloc(64 * 4096, sizeof *meters);
    size_t first[65] = {0};
    assert_true(lines && meters);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct heng_gateway_config config, back;
        struct heng_err err = {.text = ""};
        uint8_t *bytes_packed = NULL;
        void *memory = NULL;
        size_t n = 0;
        build(&config, lines, cases[i].lines, meters, cases[i].meters, first);
        heng_rc rc = heng_config_pack(&config, &bytes_packed, &n, &err);
        if (rc != cases[i].rc) fail_msg("case %zu: %s", i, err.text);
        if (rc != HENG_OK) continue;
        print_message("%zu lines x %zu meters: %zu bytes\n", cases[i].lines, cases[i].meters, n);
        rc = heng_config_unpack(heng_slice_of(bytes_packed, n), &back, &memory, &err);
        if (rc != HENG_OK) fail_msg("case %zu: %s", i, err.text);
        same_config(&config, &back);
        heng_config_free(memory);
        free(bytes_packed);
    }
    free(lines);
    free(meters);
}

/* --- faults --------------------------------------------------------------------------------------------------------
 */

/* Whichever allocation fails: the error says so, and nothing is left behind. */
static void memory_that_ends_is_told_and_given_back(void **state)
{
    (void)state;
    struct heng_gateway_config back;
    uint8_t *sound;
    void *memory = NULL;
    size_t n;
    unsigned faults = 0;
    heng_rc rc = HENG_ENOMEM;
    small_site();
    sound = pack(&site.config, &n);
    for (unsigned i = 1; rc == HENG_ENOMEM; i++, faults++) {
        heap_count();
        heap.fail_in = i;
        rc = heng_config_unpack(heng_slice_of(sound, n), &back, &memory, NULL);
        if (rc != HENG_OK) assert_true(rc == HENG_ENOMEM && heap.live == 0);
    }
    heng_config_free(memory);
    rc = HENG_ENOMEM;
    for (unsigned i = 1; rc == HENG_ENOMEM; i++, faults++) {
        uint8_t *bytes_packed = NULL;
        heap_count();
        heap.fail_in = i;
        rc = heng_config_pack(&site.config, &bytes_packed, &n, NULL);
        if (rc != HENG_OK) assert_true(rc == HENG_ENOMEM && heap.live == 0);
        free(bytes_packed);
    }
    heap.counting = false;
    free(sound);
    assert_int_equal(rc, HENG_OK);
    assert_true(faults > 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(every_configuration_comes_out_as_it_was, tell_seed),
        cmocka_unit_test_teardown(damaged_configurations_do_no_harm, tell_seed),
        cmocka_unit_test(the_bytes_stay_as_they_are),
        cmocka_unit_test(what_cannot_be_is_not_packed),
        cmocka_unit_test(without_a_version_it_is_packed_and_not_taken),
        cmocka_unit_test(strangers_are_refused_with_a_reason),
        cmocka_unit_test(what_is_too_long_is_not_looked_at),
        cmocka_unit_test(the_design_load_and_the_greatest_fit),
        cmocka_unit_test(memory_that_ends_is_told_and_given_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
