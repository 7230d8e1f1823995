/* What meters say of themselves: out of the golden frames as whoever reads the sheets would, out of every word of every
 * protocol, and out of bytes that say nothing. */
#include "unit/codec/corpus.h"
#include "unit/small_site.h"

#include <time.h>

#include "codec/cjt188.h"
#include "codec/dlt645.h"
#include "codec/modbus.h"
#include "codec/present.h"
#include "flow/conditions.h"
#include "store/conditions.h"

#define BIT(condition) ((heng_conditions)1 << HENG_CONDITION_##condition)
enum { FUZZ_ROUNDS = 20000 };

static struct corpus corpus;

static heng_protocol protocol_of(const char *text) /* COUNT: none of ours */
{
    for (int i = 0; i < HENG_PROTOCOL_COUNT; i++)
        if (strcmp(heng_protocol_text((heng_protocol)i), text) == 0) return (heng_protocol)i;
    return HENG_PROTOCOL_COUNT;
}

static void say(heng_conditions conditions, char *ret, size_t cap)
{
    size_t n = 0;
    ret[0] = '\0';
    for (int i = 0; i < HENG_CONDITION_COUNT; i++)
        if (conditions >> i & 1)
            n += (size_t)snprintf(ret + n, cap - n, "%s%s", n ? ", " : "", heng_condition_text((heng_condition)i));
}

static void assert_said(heng_conditions ours, const char *wanted, const char *where, size_t line)
{
    char text[400];
    say(ours, text, sizeof text);
    if (strcmp(text, wanted) != 0) fail_msg("%s:%zu says '%s', not '%s'", where, line, text, wanted);
}

/* --- golden frames --------------------------------------------------------------------------------------------- */

/* Frames whose meter says something; line as in the file. All other rows of these files say nothing. Worked out by hand
 * from the bytes and the standards named in model/condition.c. */
static const struct {
    const char *file;
    size_t line;
    const char *says;
} stated[] = {
    {"cjt188.tsv", 2, "valve closed"}, /* ST0 21: D1 D0 = 01 */
    {"cjt188.tsv", 12, "valve fault"}, /* ST0 03 */
    {"cjt188.tsv", 16, "battery low"}, /* ST0 04 */
    {"cjt188.tsv", 40, "valve fault"}, /* ST0 13 */
    {"dlt645-made-functions.tsv", 90, "battery low, reverse flow"},
    {"dlt645-made.tsv", 84, "battery low, credit low"},
    {"dlt645-made.tsv", 85, "valve closed"},
    {"dlt645-made.tsv", 87, "reverse flow, supply fault"},
    {"mbus-wired-extra.tsv", 8, "temporary fault, unnamed"},                     /* status 30 */
    {"mbus-wired-wmbusmeters.tsv", 2, "device fault, unnamed"},                  /* status E8 */
    {"mbus-wired-wmbusmeters.tsv", 3, "device fault, temporary fault, unnamed"}, /* status F8 */
    {"mbus-wired-wmbusmeters.tsv", 8, "unnamed"},                                /* error flags 64 */
    {"mbus-wired-wmbusmeters.tsv", 10, "unnamed"},
    {"mbus-wired-wmbusmeters.tsv", 12, "unnamed"},
    {"mbus-wired-wmbusmeters.tsv", 26, "temporary fault, unnamed"},           /* status 10, error flags 16 */
    {"mbus-wired-wmbusmeters.tsv", 27, "battery low, device fault, unnamed"}, /* status 27 */
    {"mbus-wired.tsv", 4, "temporary fault, unnamed"},
    {"mbus-wired.tsv", 12, "temporary fault"},
    {"mbus-wired.tsv", 15, "battery low, device fault, unnamed"},
    {"mbus-wired.tsv", 16, "temporary fault, unnamed"},
    {"mbus-wired.tsv", 25, "temporary fault"},
    {"mbus-wired.tsv", 26, "temporary fault, unnamed"},
    {"mbus-wired.tsv", 30, "temporary fault"},
    {"mbus-wired.tsv", 34, "temporary fault"},
    {"mbus-wired.tsv", 35, "battery low, device fault, unnamed"},
    {"mbus-wired.tsv", 36, "unnamed"},
    {"mbus-wired.tsv", 45, "device fault, unnamed"},
    {"mbus-wired.tsv", 48, "temporary fault, unnamed"},
    {"mbus-wired.tsv", 69, "temporary fault, unnamed"},
};

static const char *stated_of(const char *file, size_t line)
{
    for (size_t i = 0; i < sizeof stated / sizeof *stated; i++)
        if (stated[i].line == line && strcmp(stated[i].file, file) == 0) return stated[i].says;
    return "";
}

static heng_conditions said_by(const struct row *row)
{
    heng_protocol protocol = protocol_of(row->protocol);
    return protocol == HENG_PROTOCOL_COUNT ? 0 : heng_conditions_of_frame(protocol, row_slice(row), NULL, "");
}

static void test_golden_frames_say_what_their_bytes_say(void **state)
{
    (void)state;
    struct dirent **files;
    size_t count = corpus_files(&files), found = 0;
    for (size_t f = 0; f < count; f++) {
        if (strcmp(files[f]->d_name, "cjt188-made.tsv") == 0) continue; /* below */
        corpus_load(&corpus, files[f]->d_name);
        for (size_t i = 0; i < corpus.count; i++) {
            const char *says = stated_of(files[f]->d_name, i + 2);
            assert_said(said_by(&corpus.rows[i]), says, files[f]->d_name, i + 2);
            found += says[0] != '\0';
        }
    }
    assert_int_equal(found, sizeof stated / sizeof *stated);
    corpus_files_free(files, count);
}

/* Each of these rows states its status: ST0, ST1 as hex. */
static void test_made_frames_say_what_they_state(void **state)
{
    (void)state;
    static const char *const valve[4] = {NULL, "valve closed", NULL, "valve fault"};
    size_t found = 0;
    corpus_load(&corpus, "cjt188-made.tsv");
    for (size_t i = 0; i < corpus.count; i++) {
        const char *at = strstr(corpus.rows[i].stated, ";status=");
        unsigned st0 = 0;
        char wanted[64];
        if (at) assert_int_equal(sscanf(at + 8, "%2x", &st0), 1);
        if (st0 == 0xFF) st0 = 0;
        const char *closed = valve[st0 & 3];
        snprintf(wanted, sizeof wanted, "%s%s%s", st0 & 4 ? "battery low" : "", st0 & 4 && closed ? ", " : "",
                 closed ? closed : "");
        assert_said(said_by(&corpus.rows[i]), wanted, "cjt188-made.tsv", i + 2);
        found += wanted[0] != '\0';
    }
    assert_true(found > 20);
}

/* --- every word of every protocol ------------------------------------------------------------------------------ */

static heng_conditions of_bytes(heng_protocol protocol, const struct heng_buf *bytes,
                                const struct heng_dialect *dialect)
{
    struct heng_telegram t;
    size_t used;
    assert_int_equal(heng_codec_of(protocol)->decode(heng_buf_slice(bytes), &t, &used, NULL), HENG_OK);
    heng_conditions plain = heng_conditions_of_frame(protocol, heng_buf_slice(bytes), NULL, "");
    if (!dialect) return plain;
    heng_telegram_use(&t, dialect);
    return heng_conditions_of_telegram(&t);
}

/* A variable data answer: header with this status, energy 1 kWh, and error flags. */
static heng_conditions of_mbus(uint8_t status, uint8_t flags)
{
    uint8_t bytes[] = {0x68, 0x18, 0x18, 0x68, 0x08, 0x01, 0x72, 0x78, 0x56, 0x34, 0x12, 0x24, 0x40, 0x01, 0x04, 0x00,
                       0x00, 0x00, 0x00, 0x04, 0x06, 0x01, 0x00, 0x00, 0x00, 0x01, 0xFD, 0x17, 0x00, 0x00, 0x16};
    const size_t n = sizeof bytes;
    bytes[1] = bytes[2] = (uint8_t)(n - 6);
    bytes[16] = status;
    bytes[28] = flags;
    for (size_t i = 4; i < n - 2; i++) bytes[n - 2] = (uint8_t)(bytes[n - 2] + bytes[i]);
    return heng_conditions_of_frame(HENG_PROTOCOL_MBUS, heng_slice_of(bytes, n), NULL, "");
}

static void test_every_status_byte_of_mbus(void **state)
{
    (void)state;
    for (unsigned status = 0; status < 256; status++) {
        heng_conditions wanted = (status & 8 || (status & 3) == 3 ? BIT(DEVICE_FAULT) : 0) |
                                 (status & 4 ? BIT(BATTERY_LOW) : 0) | (status & 0x10 ? BIT(TEMPORARY_FAULT) : 0) |
                                 (status & 0xE0 ? BIT(UNNAMED) : 0);
        assert_int_equal(of_mbus((uint8_t)status, 0), wanted);
        assert_int_equal(of_mbus((uint8_t)status, 0x40), wanted | BIT(UNNAMED));
    }
}

static heng_conditions of_cjt188(uint8_t st0, uint8_t st1, const struct heng_dialect *dialect)
{
    uint8_t bytes[64];
    const uint8_t payload[] = {0x78, 0x56, 0x34, 0x12, 0x2C, 0x00, 0x00, 0x34, 0x12, 0x2C,
                               0x31, 0x01, 0x22, 0x11, 0x05, 0x26, 0x20, st0,  st1};
    struct heng_buf buf = heng_buf_of(bytes, sizeof bytes);
    const struct heng_cjt188_frame frame = {.type = 0x10,
                                            .control = HENG_CJT188_C_READ | HENG_CJT188_C_ANSWER,
                                            .id = "00311234567890",
                                            .di = HENG_CJT188_DI_CURRENT,
                                            .payload = heng_slice_of(payload, sizeof payload)};
    assert_int_equal(heng_cjt188_encode(&frame, &buf), HENG_OK);
    return of_bytes(HENG_PROTOCOL_CJT188, &buf, dialect);
}

static void test_status_of_water_meters(void **state)
{
    (void)state;
    static const struct heng_flag flags[] = {{0x2000, 0x2000, "empty pipe"},   {0x0800, 0x0800, "sensor fault"},
                                             {0x0100, 0x0100, "reverse flow"}, {0x0010, 0x0010, "tamper"},
                                             {0x0020, 0x0020, "warm season"},  {0, 0, NULL}};
    struct heng_dialect second = heng_dialect_standard, named = heng_dialect_standard;
    second.cjt188.status_second = true;
    named.cjt188.status_flags = flags;
    assert_int_equal(of_cjt188(0x00, 0x00, NULL), 0);
    assert_int_equal(of_cjt188(0x05, 0x00, NULL), BIT(VALVE_CLOSED) | BIT(BATTERY_LOW));
    assert_int_equal(of_cjt188(0xFF, 0xFF, NULL), 0);
    assert_int_equal(of_cjt188(0x05, 0x03, &second), BIT(VALVE_FAULT));
    assert_int_equal(of_cjt188(0x10, 0x29, &named),
                     BIT(TAMPER) | BIT(EMPTY_PIPE) | BIT(SENSOR_FAULT) | BIT(REVERSE_FLOW));
    assert_int_equal(of_cjt188(0x21, 0x00, &named), BIT(VALVE_CLOSED) | BIT(UNNAMED));
    assert_int_equal(of_cjt188(0xFF, 0xFF, &named), 0);
}

static heng_conditions of_dlt645(uint32_t di, uint16_t word)
{
    uint8_t data[8], bytes[64];
    struct heng_buf content = heng_buf_of(data, sizeof data), buf = heng_buf_of(bytes, sizeof bytes);
    heng_dlt645_put_di(&content, HENG_PROTOCOL_DLT645_2007, di);
    const uint8_t low_first[] = {(uint8_t)(word & 0xFF), (uint8_t)(word >> 8)};
    heng_buf_put(&content, heng_slice_of(low_first, sizeof low_first));
    const struct heng_dlt645_frame frame = {
        .id = "202411110002", .control = HENG_DLT645_C_READ | HENG_DLT645_C_ANSWER, .data = heng_buf_slice(&content)};
    assert_int_equal(heng_dlt645_encode(&frame, &buf), HENG_OK);
    return of_bytes(HENG_PROTOCOL_DLT645_2007, &buf, NULL);
}

/* The names that the codec gives the bits mean what the table of words says; no bit of them is a name unknown to us. */
static void test_every_word_of_electricity_meters(void **state)
{
    (void)state;
    for (unsigned number = 1; number <= 7; number++) {
        heng_conditions any = 0;
        for (unsigned bit = 0; bit < 16; bit++) {
            uint16_t word = (uint16_t)(1U << bit);
            heng_conditions said = of_dlt645(0x04000500 + number, word);
            assert_int_equal(said, heng_conditions_dlt645(number, word));
            any |= said;
        }
        assert_int_not_equal(any, 0);
        assert_int_equal(of_dlt645(0x04000500 + number, 0), 0);
    }
    assert_int_equal(of_dlt645(0x04000507, 0x0600), BIT(TAMPER));
}

/* Registers 0 and 1 of a meter whose profile names a bit of one and a word of trouble in the other. */
static heng_conditions of_modbus(uint8_t first, uint8_t second, bool with_profile)
{
    static const struct heng_field fields[] = {
        {.di = 0,
         .bytes = 2,
         .function_code = 3,
         .bit = 2,
         .coding = HENG_CODING_BIT,
         .factor = 1,
         .quantity = HENG_QUANTITY_STATUS,
         .unit = HENG_UNIT_NONE,
         .qualifier = "tamper"},
        {.di = 0,
         .bytes = 2,
         .function_code = 3,
         .bit = 3,
         .coding = HENG_CODING_BIT,
         .factor = 1,
         .quantity = HENG_QUANTITY_STATUS,
         .unit = HENG_UNIT_NONE,
         .qualifier = "heating season"},
        {.di = 1,
         .bytes = 2,
         .function_code = 3,
         .coding = HENG_CODING_UNSIGNED,
         .factor = 1,
         .quantity = HENG_QUANTITY_ALARM,
         .unit = HENG_UNIT_NONE},
    };
    struct heng_dialect dialect = heng_dialect_standard;
    uint8_t pdu[8], bytes[32], data[] = {0, first, 0, second};
    struct heng_buf buf = heng_buf_of(bytes, sizeof bytes), put = heng_buf_of(pdu, sizeof pdu);
    dialect.fields = fields;
    dialect.field_count = sizeof fields / sizeof *fields;
    assert_int_equal(heng_modbus_put_read(3, 0, 2, &put), HENG_OK);
    assert_int_equal(heng_modbus_encode_rtu(1, heng_buf_slice(&put), &buf), HENG_OK);
    size_t asked = buf.n;
    put.n = 0;
    assert_int_equal(heng_modbus_put_data(3, heng_slice_of(data, sizeof data), &put), HENG_OK);
    assert_int_equal(heng_modbus_encode_rtu(1, heng_buf_slice(&put), &buf), HENG_OK);
    assert_int_equal(heng_conditions_of_frame(HENG_PROTOCOL_MODBUS_RTU, heng_buf_slice(&buf), NULL, ""), 0);
    assert_int_equal(heng_conditions_of_frame(HENG_PROTOCOL_MODBUS_RTU, heng_slice_of(bytes, asked), NULL, ""),
                     0); /* unanswered */
    struct heng_capture capture;
    heng_capture_init(&capture, HENG_PROTOCOL_MODBUS_RTU, heng_buf_slice(&buf));
    heng_capture_use(&capture, with_profile ? &dialect : NULL);
    return heng_conditions_of_telegram(&capture.telegram);
}

static void test_bits_that_a_profile_names(void **state)
{
    (void)state;
    assert_int_equal(of_modbus(0xFF, 0xFF, false), 0);
    assert_int_equal(of_modbus(0x00, 0x00, true), 0);
    assert_int_equal(of_modbus(0x04, 0x00, true), BIT(TAMPER));
    assert_int_equal(of_modbus(0x08, 0x00, true), 0); /* it means nothing to us */
    assert_int_equal(of_modbus(0x04, 0x80, true), BIT(TAMPER) | BIT(UNNAMED));
}

/* --- hostile bytes --------------------------------------------------------------------------------------------- */

static uint32_t next(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    return *seed ^= *seed << 5;
}

/* Golden frames with bytes changed, checks repaired or not, cut short: every answer is some set of conditions. */
static void test_spoiled_frames_do_no_harm(void **state)
{
    (void)state;
    struct heng_profiles profiles;
    struct dirent **files;
    uint32_t seed = (uint32_t)time(NULL) | 1;
    size_t count = corpus_files(&files);
    print_message("seed %u\n", seed);
    assert_int_equal(heng_profiles_init(&profiles, NULL), HENG_OK);
    for (size_t f = 0; f < count; f++) {
        corpus_load(&corpus, files[f]->d_name);
        for (size_t i = 0; i < FUZZ_ROUNDS / count; i++) {
            const struct row *row = &corpus.rows[next(&seed) % corpus.count];
            size_t n = row->n - next(&seed) % 4 % row->n;
            uint8_t *bytes = malloc(n); /* its own allocation, so that one byte too much is seen */
            memcpy(bytes, row->bytes, n);
            for (unsigned k = next(&seed) % 4; k > 0; k--) bytes[next(&seed) % n] = (uint8_t)next(&seed);
            if (n > 8 && next(&seed) % 2) { /* the sum of M-Bus (behind 4 bytes), CJ/T 188 and DL/T 645 (behind FE) */
                size_t from = bytes[0] == 0x68 && bytes[3] == 0x68 ? 4 : 0;
                while (bytes[from] == 0xFE && from + 3 < n) from++;
                for (bytes[n - 2] = 0; from < n - 2; from++) bytes[n - 2] = (uint8_t)(bytes[n - 2] + bytes[from]);
            }
            heng_protocol protocol = (heng_protocol)(next(&seed) % (HENG_PROTOCOL_COUNT + 1));
            if (next(&seed) % 2) protocol = protocol_of(row->protocol);
            heng_conditions said = heng_conditions_of_frame(protocol, heng_slice_of(bytes, n), &profiles, "no such");
            assert_int_equal(said & ~(heng_conditions)HENG_CONDITIONS_ALL, 0);
            free(bytes);
        }
    }
    assert_int_equal(heng_conditions_of_frame(HENG_PROTOCOL_MBUS, heng_slice_of(NULL, 0), NULL, ""), 0);
    heng_profiles_fini(&profiles);
    corpus_files_free(files, count);
}

/* --- in the database ------------------------------------------------------------------------------------------- */

struct kept {
    size_t n;
    struct heng_condition_row rows[8];
};

static heng_rc keep_row(void *ctx, const struct heng_condition_row *row)
{
    struct kept *kept = ctx;
    assert_true(kept->n < 8);
    kept->rows[kept->n++] = *row;
    return HENG_OK;
}

static struct kept kept_of(struct heng_store *store, int64_t device_id)
{
    struct heng_err err;
    struct kept kept = {0};
    assert_ok(heng_store_each_condition(heng_store_as_reader(store), device_id, START_US - HENG_US_PER_DAY,
                                        START_US + HENG_US_PER_DAY, keep_row, &kept, &err));
    return kept;
}

/* A reading whose one frame is a telegram with this status. */
static void tell(struct heng_store *store, heng_us at_us, int64_t value, uint8_t status, struct heng_ingested *ingested)
{
    static struct heng_read read;
    uint8_t bytes[] = {0x68, 0x15, 0x15, 0x68, 0x08, 0x01, 0x72, 0x01, 0x00, 0x00, 0x26, 0xC7, 0x21, 0x01,
                       0x04, 0x00, 0x00, 0x00, 0x00, 0x04, 0x06, 0x01, 0x00, 0x00, 0x00, 0x00, 0x16};
    const size_t n = sizeof bytes;
    bytes[16] = status;
    for (size_t i = 4; i < n - 2; i++) bytes[n - 2] = (uint8_t)(bytes[n - 2] + bytes[i]);
    heat_read(&read, HEAT_1, at_us, value);
    memcpy(read.frames[0].bytes, bytes, n);
    read.frames[0].n = (uint16_t)n;
    ingest_one(store, &read, ingested);
}

/* Kept are readings of meters that say something, once; two that contradict each other say both, whoever is first. */
static void test_readings_keep_what_they_say(void **state)
{
    (void)state;
    struct small_site site;
    struct heng_store *store = small_site_open(&site);
    struct heng_ingested ingested = {0};
    tell(store, START_US, 10, 0x00, &ingested);
    assert_int_equal(kept_of(store, HEAT_1).n, 0);
    tell(store, START_US + 1, 11, 0x04, &ingested);
    tell(store, START_US + 1, 11, 0x04, &ingested); /* told again */
    tell(store, START_US + 2, 12, 0x08, &ingested);
    tell(store, START_US + 2, 13, 0x04, &ingested);
    struct kept kept = kept_of(store, HEAT_1);
    assert_int_equal(kept.n, 2);
    assert_int_equal(kept.rows[0].at_us, START_US + 1);
    assert_int_equal(kept.rows[0].source, HENG_SOURCE_LINE);
    assert_int_equal(kept.rows[0].conditions, BIT(BATTERY_LOW));
    assert_int_equal(kept.rows[1].conditions, BIT(BATTERY_LOW) | BIT(DEVICE_FAULT));
    assert_int_equal(kept_of(store, HEAT_2).n, 0);

    struct heng_err err;
    struct heng_reading reading;
    heng_conditions said;
    assert_ok(
        heng_store_get_reading(heng_store_as_reader(store), HEAT_1, START_US + 1, HENG_SOURCE_LINE, &reading, &err));
    assert_ok(heng_conditions_of_reading(heng_store_as_reader(store), &reading, NULL, "", &said, &err));
    assert_int_equal(said, BIT(BATTERY_LOW));
    heng_ingested_fini(&ingested);
    heng_store_close(store);
    small_site_fini(&site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden_frames_say_what_their_bytes_say),
        cmocka_unit_test(test_made_frames_say_what_they_state),
        cmocka_unit_test(test_every_status_byte_of_mbus),
        cmocka_unit_test(test_status_of_water_meters),
        cmocka_unit_test(test_every_word_of_electricity_meters),
        cmocka_unit_test(test_bits_that_a_profile_names),
        cmocka_unit_test(test_spoiled_frames_do_no_harm),
        cmocka_unit_test(test_readings_keep_what_they_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
