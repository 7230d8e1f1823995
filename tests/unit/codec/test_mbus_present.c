/* What people see of M-Bus frames: the JSON of requests, reports and headers, and the words for every byte.
 * Frames are made from application data in hex; the expected texts are worked out by hand from EN 13757-3. */
#include "corpus.h"

#include "codec/mbus.h"
#include "codec/present.h"

static struct heng_slice long_frame(uint8_t *bytes, size_t cap, uint8_t control, uint8_t ci, const char *hex)
{
    uint8_t data[300];
    struct heng_buf body = heng_buf_of(data, sizeof data), buf = heng_buf_of(bytes, cap);
    assert_int_equal(heng_hex_parse(heng_slice_str(hex), &body, NULL), HENG_OK);
    assert_int_equal(heng_mbus_encode_long(control, 5, ci, heng_buf_slice(&body), &buf), HENG_OK);
    return heng_buf_slice(&buf);
}

static void json_of(struct heng_slice in, const struct heng_dialect *dialect, struct heng_str *ret)
{
    struct heng_json json = heng_json_of(ret);
    struct heng_capture capture;
    heng_capture_init(&capture, HENG_PROTOCOL_MBUS, in);
    heng_capture_use(&capture, dialect);
    heng_present_json(&capture, NULL, &json);
    assert_int_equal(ret->rc, HENG_OK);
}

/* One line per entry: "offset+length name[record]: value". */
static void explanation_of(struct heng_slice in, const struct heng_dialect *dialect, char *ret_text, size_t cap)
{
    static struct heng_explained entries[HENG_EXPLAIN_ENTRIES_MAX];
    struct heng_capture capture;
    heng_capture_init(&capture, HENG_PROTOCOL_MBUS, in);
    heng_capture_use(&capture, dialect);
    size_t count = heng_explain(&capture, entries, HENG_EXPLAIN_ENTRIES_MAX), n = 0, at = 0;
    ret_text[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        const struct heng_explained *e = &entries[i];
        char index[16] = "";
        assert_int_equal(e->at, at); /* no byte left out, none told twice */
        at += e->length;
        if (e->record >= 0) snprintf(index, sizeof index, "[%d]", e->record);
        n += (size_t)snprintf(ret_text + n, cap - n, "%u+%u %s%s: %s\n", e->at, e->length, e->name, index, e->value);
        assert_true(n < cap);
    }
    assert_int_equal(at, in.n);
}

struct shown {
    uint8_t control, ci;
    const char *data, *text;
};

static void check_json(const struct shown *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint8_t bytes[300];
        struct heng_str out = {.max = 1 << 20};
        json_of(long_frame(bytes, sizeof bytes, list[i].control, list[i].ci, list[i].data), NULL, &out);
        if (!strstr(out.text, list[i].text)) fail_msg("%02X %s: %s", list[i].ci, list[i].data, out.text);
        heng_str_fini(&out);
    }
}

static void check_words(const struct shown *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint8_t bytes[300];
        char text[20000];
        explanation_of(long_frame(bytes, sizeof bytes, list[i].control, list[i].ci, list[i].data), NULL, text,
                       sizeof text);
        if (!strstr(text, list[i].text)) fail_msg("%02X %s: %s", list[i].ci, list[i].data, text);
    }
}

#define COUNT(list) (sizeof list / sizeof list[0])

static void test_requests_have_names(void **state)
{
    (void)state;
    static const struct shown list[] = {
        {0x53, 0x50, "",
         "\"kind\":\"control\",\"address\":5,\"control\":\"SND_UD\",\"fcb\":false,\"fcv\":true,\"ci\":"
         "\"50\",\"ci_text\":\"application reset\",\"application\":\"all\",\"telegram\":0}"},
        {0x73, 0x50, "32",
         "\"fcb\":true,\"fcv\":true,\"ci\":\"50\",\"ci_text\":\"application reset\",\"application\":"
         "\"enhanced billing\",\"telegram\":2,\"data\":\"32\"}"},
        {0x53, 0x50, "D0", "\"application\":\"self test\""},
        {0x53, 0x54, "", "\"ci_text\":\"synchronize\"}"},
        {0x53, 0x5C, "01",
         "\"kind\":\"command\",\"address\":5,\"control\":\"SND_UD\",\"fcb\":false,\"fcv\":true,"
         "\"ci\":\"5C\",\"ci_text\":\"synchronize\",\"data\":\"01\"}"},
        {0x43, 0xB8, "", "\"fcv\":false,\"ci\":\"B8\",\"baud\":300,\"ci_text\":\"set baud rate\"}"},
        {0x53, 0xBF, "", "\"baud\":38400"},
        {0x53, 0xB1, "0102",
         "\"kind\":\"other\",\"address\":5,\"control\":\"SND_UD\",\"fcb\":false,\"fcv\":true,"
         "\"ci\":\"B1\",\"ci_text\":\"manufacturer specific\",\"data\":\"0102\"}"},
        {0x53, 0x53, "01", "\"ci_text\":\"application reset, long header\",\"data\":\"01\"}"},
        {0x53, 0x6D, "01", "\"kind\":\"command\""},
        {0x53, 0xC0, "", "\"ci\":\"C0\",\"ci_text\":\"image transfer\"}"},
        {0x53, 0x51, "01 FC 01 68 07 05", "\"value\":\"5\",\"qualifier\":\"clear h\"}]}"},
        {0x53, 0x51, "7F 01 7A 08", "\"reason\":\"readout request\"},{"},
        {0x53, 0x52, "FFFFFFFF FF00 FF FF", "\"manufacturer\":\"@G_\""},
        {0x53, 0x40, "",
         "\"kind\":\"control\",\"address\":5,\"control\":\"SND_UD\",\"fcb\":false,\"fcv\":true,"
         "\"ci\":\"40\",\"ci_text\":\"reserved\"}"},
        {0x44, 0x6C, "00", "\"control\":\"44\",\"fcb\":false,\"fcv\":false,\"ci\":\"6C\",\"ci_text\":\"set clock\""},
        {0x53, 0x52, "FFFFFFFF FFFF FF FF",
         "\"ci\":\"52\",\"id\":\"FFFFFFFF\",\"manufacturer\":null,\"version\":null,\"medium\":null,"
         "\"ci_text\":\"select\",\"records\":[]}"},
        {0x53, 0x52, "78563412 2440 01 06 0C 78 04 03 02 F1",
         "\"id\":\"12345678\",\"manufacturer\":\"PAD\",\"version\":1,\"medium\":\"warm water\",\"ci_text\":\"select\","
         "\"records\":[{\"function\":\"instantaneous\",\"storage\":0,\"tariff\":0,\"subunit\":0,\"quantity\":"
         "\"fabrication number\",\"unit\":\"\",\"value\":\"F1020304\"}]}"},
        {0x53, 0x56, "12345678 4024 01 06", "\"id\":\"12345678\",\"manufacturer\":\"PAD\",\"version\":1"},
        {0x53, 0x51, "01 7A 08", "\"quantity\":\"bus address\",\"unit\":\"\",\"value\":\"8\"}]}"},
        {0x53, 0x51, "01 FA 07 08", "\"value\":\"8\",\"qualifier\":\"clear\"}]}"},
        {0x53, 0x51, "08 93 0C",
         "\"quantity\":\"volume\",\"unit\":\"m3\",\"value\":null,\"reason\":"
         "\"readout selection\",\"qualifier\":\"add to readout list\"}]}"},
        {0x53, 0x51, "02 93 00 01 00", "\"value\":\"0.001\"}]}"}, /* 00: becomes the meter's */
        {0x53, 0x51, "02 93 10 01 00", "\"value\":\"0.001\"}]}"}, /* 10: reserved in a command */
        {0x53, 0x51, "C8 3F 7E",
         "\"storage\":31,\"tariff\":3,\"subunit\":0,\"quantity\":\"any\",\"unit\":null,"
         "\"value\":null,\"reason\":\"readout selection\"}]}"},
        {0x53, 0x51, "7F", "\"quantity\":\"any\",\"unit\":null,\"value\":null,\"reason\":\"readout request\"}]}"},
        {0x53, 0x51, "7F 7E 01 7A 08",
         "\"reason\":\"readout request\"},{\"function\":\"instantaneous\",\"storage\":0,"
         "\"tariff\":0,\"subunit\":0,\"quantity\":\"bus address\""},
        {0x53, 0x55, "02 13 30 39", "\"value\":\"12.345\"}]}"},
        {0x53, 0x5A, "2A 00 00 00 01 7A 08",
         "\"ci\":\"5A\",\"access\":42,\"status\":0,\"ci_text\":"
         "\"command, short header\",\"records\":[{"},
        {0x53, 0x5B, "78563412 2440 01 06 2A 00 0000 01 7A 08",
         "\"ci\":\"5B\",\"id\":\"12345678\",\"manufacturer\":\"PAD\",\"version\":1,\"medium\":\"warm water\","
         "\"access\":42,\"status\":0,\"ci_text\":\"command, long header\",\"records\":[{"},
    };
    check_json(list, COUNT(list));
}

static void test_answers_have_names(void **state)
{
    (void)state;
    static const struct shown list[] = {
        {0x08, 0x70, "", "\"error_code\":0,\"error_text\":\"unspecified error\"}"},
        {0x08, 0x70, "07", "\"error_text\":\"reserved error\"}"},
        {0x08, 0x70, "09", "\"error_text\":\"too many readouts\"}"},
        {0x08, 0x70, "14", "\"error_text\":\"access violation\"}"},
        {0x08, 0x70, "23", "\"error_text\":\"reserved error\"}"},
        {0x08, 0x70, "F0 01 02", "\"error_text\":\"dynamic error\",\"data\":\"0102\"}"},
        {0x08, 0x70, "F1", "\"error_text\":\"manufacturer specific error\"}"},
        {0x08, 0x6E, "2A 10 0000 08",
         "\"kind\":\"error\",\"address\":5,\"error_code\":8,\"error_text\":"
         "\"application busy\",\"access\":42,\"status\":16,\"status_flags\":"
         "[\"temporary error\"]}"},
        {0x28, 0x6F, "78563412 2440 01 06 2A 00 0000",
         "\"error_code\":0,\"error_text\":\"unspecified error\",\"id\":\"12345678\",\"manufacturer\":\"PAD\","
         "\"version\":1,\"medium\":\"warm water\",\"access\":42,\"status\":0,\"acd\":true}"},
        {0x08, 0x71, "81",
         "\"kind\":\"alarm\",\"address\":5,\"more\":false,\"records\":[{\"function\":"
         "\"instantaneous\",\"storage\":0,\"tariff\":0,\"subunit\":0,\"quantity\":\"alarm\",\"unit\":"
         "\"\",\"value\":\"129\"}]}"},
        {0x08, 0x71, "", "\"kind\":\"alarm\",\"address\":5,\"more\":false,\"records\":[]}"},
        {0x08, 0x74, "2A 00 0000 81",
         "\"access\":42,\"status\":0,\"more\":false,\"records\":[{\"function\":"
         "\"instantaneous\",\"storage\":0,\"tariff\":0,\"subunit\":0,\"quantity\":"
         "\"alarm\",\"unit\":\"\",\"value\":\"129\"}]}"},
        {0x08, 0x75, "78563412 2440 01 06 2A 00 0000 01", "\"id\":\"12345678\""},
        {0x08, 0x74, "2A 00 1005 818283848586878889 8A8B8C8D8E8F90",
         "\"kind\":\"other\""}, /* cipher text is no alarm */
        {0x08, 0x7A, "2A 00 0000", "\"status\":0,\"more\":false"},
        {0x08, 0x7A, "2A 01 0000", "\"status\":1,\"status_flags\":[\"application busy\"]"},
        {0x08, 0x7A, "2A 02 0000", "\"status_flags\":[\"application error\"]"},
        {0x38, 0x7A, "2A 07 0000", "\"status_flags\":[\"abnormal condition\",\"power low\"],\"acd\":true,\"dfc\":true"},
        {0x08, 0x7A, "2A F8 0000",
         "[\"permanent error\",\"temporary error\",\"vendor bit 5\",\"vendor bit 6\","
         "\"vendor bit 7\"]"},
        {0x08, 0x73, "78563412 0A 07 E9 7E 01000000 35010000",
         "\"status_flags\":[\"binary counters\","
         "\"stored values\",\"power low\"]"},
        {0x08, 0x73, "78563412 0A 02 E9 69 01000000 35010000",
         "\"storage\":1,\"tariff\":0,\"subunit\":1,\"quantity\":\"volume\",\"unit\":\"m3\",\"value\":\"0.135\""},
        {0x08, 0x73, "78563412 0A 00 00 01 12345600 11220300",
         "\"quantity\":\"time\",\"unit\":\"\",\"value\":null,\"reason\":\"time of unknown "
         "coding\",\"raw\":\"12345600\"},"
         "{\"function\":\"instantaneous\",\"storage\":0,\"tariff\":0,\"subunit\":0,\"quantity\":\"date\""},
        {0x08, 0x73, "78563412 0A 00 3F 3A 01000000 35010000",
         "\"quantity\":\"dimensionless\",\"unit\":\"\",\"value\":\"1\"},{\"function\":\"instantaneous\",\"storage\":0,"
         "\"tariff\":0,\"subunit\":0,\"quantity\":\"unknown\",\"unit\":null,\"value\":null,\"reason\":\"unknown "
         "unit\""},
        {0x08, 0x73, "78563412 0A 00 E9 FE 01000000 35010000",
         "\"medium\":\"reserved\",\"access\":10,\"status\":0,"
         "\"more\":false,\"records\":[{\"function\":"
         "\"instantaneous\",\"storage\":0,\"tariff\":0,"
         "\"subunit\":0,\"quantity\":\"volume\",\"unit\":"
         "\"m3\",\"value\":\"0.001\"}"},
        /* Mode 5 without a body, and with one byte. */
        {0x08, 0x7A, "2A 00 1005", "\"records\":[]}"},
        {0x08, 0x7A, "2A 00 1005 84", "\"reason\":\"encrypted\",\"raw\":\"84\"}]}"},
        {0x08, 0x7A, "2A 00 1005 2F 01", "\"reason\":\"encrypted\",\"raw\":\"2F01\"}]}"},
        /* Medium A..E: high byte first. */
        {0x08, 0x73, "78563412 0A 00 A9 BE 00000001 00000135",
         "\"medium\":\"gas\",\"access\":10,\"status\":0,\"more\":false,\"records\":[{\"function\":\"instantaneous\","
         "\"storage\":0,\"tariff\":0,\"subunit\":0,\"quantity\":\"volume\",\"unit\":\"m3\",\"value\":\"0.001\"}"},
        {0x08, 0x77, "12345678 0A 00 E9 7E 00000001 00000135",
         "\"id\":\"12345678\",\"medium\":\"water\",\"access\":10,\"status\":0,\"more\":false,\"records\":[{"
         "\"function\":\"instantaneous\",\"storage\":0,\"tariff\":0,\"subunit\":0,\"quantity\":\"volume\",\"unit\":"
         "\"m3\",\"value\":\"0.001\"}"},
        {0x08, 0x78, "0F AA BB",
         "\"quantity\":\"manufacturer data\",\"unit\":null,\"value\":null,\"reason\":"
         "\"manufacturer specific\",\"raw\":\"AABB\"}]}"},
        {0x08, 0x78, "1F AA", "\"more\":true,\"records\":[{"},
        {0x08, 0x69, "01 02",
         "\"kind\":\"other\",\"address\":5,\"control\":\"RSP_UD\",\"ci\":\"69\",\"ci_text\":"
         "\"format frame\",\"data\":\"0102\"}"},
        {0x08, 0xA0, "", "\"kind\":\"other\",\"address\":5,\"control\":\"RSP_UD\",\"ci\":\"A0\""},
        {0x18, 0x8A, "00", "\"control\":\"RSP_UD\",\"dfc\":true,\"ci\":\"8A\",\"ci_text\":\"transport layer\""},
    };
    check_json(list, COUNT(list));
}

static void test_a_whole_answer_byte_by_byte(void **state)
{
    (void)state;
    uint8_t bytes[300];
    char text[20000];
    struct heng_slice in = long_frame(bytes, sizeof bytes, 0x08, 0x72,
                                      "78563412 2440 01 07 2A 05 0000  84 10 13 40E20100  42 6C 5F1C  2F 2F  1F");
    explanation_of(in, NULL, text, sizeof text);
    assert_string_equal(text, "0+1 start: 68\n"
                              "1+1 length: 29\n"
                              "2+1 length repeated: 29\n"
                              "3+1 start repeated: 68\n"
                              "4+1 control: 08 RSP_UD\n"
                              "5+1 address: 5\n"
                              "6+1 ci: 72 variable data, long header\n"
                              "7+4 id: 12345678\n"
                              "11+2 manufacturer: PAD\n"
                              "13+1 version: 1\n"
                              "14+1 medium: 07 water\n"
                              "15+1 access: 42\n"
                              "16+1 status: 05 application busy, power low\n"
                              "17+2 configuration: 0000 plain\n"
                              "19+1 dif[0]: 84 32 bit integer, instantaneous\n"
                              "20+1 dife[0]: 10 storage 0, tariff 1, subunit 0\n"
                              "21+1 vif[0]: 13 volume, 10^-3 m3\n"
                              "22+4 volume[0]: 123.456 m3\n"
                              "26+1 dif[1]: 42 16 bit integer, instantaneous, storage 1\n"
                              "27+1 vif[1]: 6C date\n"
                              "28+2 date[1]: 2010-12-31\n"
                              "30+2 filler: 2F2F\n"
                              "32+1 dif: 1F more follows\n"
                              "33+1 checksum: 9E\n"
                              "34+1 stop: 16\n");
}

static void test_words_for_records(void **state)
{
    (void)state;
    static const struct shown list[] = {
        {0x08, 0x78, "05 FD 48 00000000",
         "dif[0]: 05 32 bit real, instantaneous\n8+1 vif[0]: FD table fd\n9+1 vife[0]: "
         "48 voltage, 10^-1 V\n"},
        {0x08, 0x78, "D1 8F 0F 13 05",
         "dif[0]: D1 8 bit integer, maximum, storage 1\n8+1 dife[0]: 8F storage 31, "
         "tariff 0, subunit 0\n9+1 dife[0]: 0F storage 511, tariff 0, subunit 0\n"},
        {0x08, 0x78, "81 40 13 05", "dife[0]: 40 storage 0, tariff 0, subunit 1\n"},
        {0x08, 0x78, "01 22 05", "vif[0]: 22 on time, h\n9+1 on time[0]: 18000 s\n"},
        {0x08, 0x78, "01 FB 68 05", "vif[0]: FB table fb\n9+1 vife[0]: 68 rating factor, 2^-12\n"},
        {0x08, 0x78, "01 2B 05", "vif[0]: 2B power, W\n"},
        {0x08, 0x78, "01 FD FD 02 05",
         "vif[0]: FD table fd\n9+1 vife[0]: FD table fd fd\n10+1 vife[0]: 02 remaining "
         "battery life, month\n"},
        {0x08, 0x78, "01 FD 7C 05", "vife[0]: 7C reserved\n10+1 unknown[0]: 05\n"},
        {0x08, 0x78, "01 FF 05 01", "vif[0]: FF manufacturer specific\n9+1 vife[0]: 05 manufacturer specific\n"},
        {0x08, 0x78, "01 93 FF 3B 01", "vife[0]: FF manufacturer specific\n10+1 vife[0]: 3B manufacturer specific\n"},
        {0x08, 0x78, "01 93 3B 05", "vife[0]: 3B forward\n"},
        {0x08, 0x78, "01 93 95 00 05",
         "vife[0]: 95 no data available\n10+1 vife[0]: 00 no error\n11+1 volume[0]: no "
         "data available\n"},
        {0x08, 0x78, "01 93 1A 05", "vife[0]: 1A reserved\n"},
        {0x08, 0x78, "01 93 70 05", "vife[0]: 70 times 10^-6\n"},
        {0x08, 0x78, "01 93 7B 05", "vife[0]: 7B plus 10^0\n"},
        {0x08, 0x78, "01 93 7D 05", "vife[0]: 7D times 10^3\n"},
        {0x08, 0x78, "01 AB FC 01 05", "vife[0]: FC second vife table\n10+1 vife[0]: 01 L1\n"},
        {0x08, 0x78, "01 AB FC 11 05", "vife[0]: 11 unsigned\n"},
        {0x08, 0x78, "01 AB FC 12 05", "vife[0]: 12 bits\n"},
        {0x08, 0x78, "01 AB FC 7F 05", "vife[0]: 7F reserved\n"},
        {0x08, 0x78, "01 93 44 05", "vife[0]: 44 reserved\n"},
        {0x53, 0x51, "01 93 07 05", "vife[0]: 07 clear\n"},
        {0x53, 0x51, "01 93 00 05", "vife[0]: 00 write\n"},
        {0x53, 0x51, "01 93 15 05", "vife[0]: 15 reserved\n"},
        {0x53, 0x51, "08 7E", "dif[0]: 08 selection, instantaneous\n8+1 vif[0]: 7E any\n"},
        {0x53, 0x51, "7F 7E", "dif[0]: 7F readout request\n8+1 vif[0]: 7E any\n"},
        {0x08, 0x78, "02 FC 03 48 52 25 74 D4 11",
         "vif[0]: FC plain text unit\n9+4 unit text[0]: %RH\n13+1 vife[0]: "
         "74 times 10^-2\n14+2 relative humidity[0]: 45.64 %\n"},
        {0x08, 0x78, "02 FC 74 03 48 52 25 D4 11",
         "vif[0]: FC plain text unit\n9+1 vife[0]: 74 times 10^-2\n10+4 unit "
         "text[0]: %RH\n14+2 relative humidity[0]: 45.64 %\n"},
        {0x08, 0x78,
         "01 7C 50 30313233343536373839303132333435363738393031323334353637383930313233343536373839303132333435363738"
         "3930313233343536373839303132333435363738393031323334353637383905",
         "unit text[0]: 9876543210987654321098765432109876543210987654321098765432109876543210987654321\n"},
        {0x53, 0x55, "02 7C 03 70 0A 6D 30 39", "unit text[0]: p?m\n"},
        {0x08, 0x78, "0D 78 03 33 32 31", "lvar[0]: 03 3 characters\n10+3 fabrication number[0]: 123\n"},
        {0x08, 0x78, "0D 13 C2 34 12", "lvar[0]: C2 positive bcd, 4 digits\n10+2 volume[0]: 1.234 m3\n"},
        {0x08, 0x78, "0D 13 D2 34 12", "lvar[0]: D2 negative bcd, 4 digits\n10+2 volume[0]: -1.234 m3\n"},
        {0x08, 0x78, "0D 13 E1 05", "lvar[0]: E1 binary, 1 bytes\n10+1 volume[0]: 0.005 m3\n"},
        {0x08, 0x78, "0F AABB", "dif[0]: 0F manufacturer data\n8+2 manufacturer data[0]: AABB\n"},
        {0x08, 0x78, "1F AABB", "dif[0]: 1F manufacturer data, more follows\n"},
        {0x08, 0x78, "01 13 05 0F", "10+1 dif: 0F end of records\n"},
    };
    check_words(list, COUNT(list));
}

static void test_words_for_heads(void **state)
{
    (void)state;
    static const struct shown list[] = {
        {0x73, 0x50, "32",
         "control: 73 SND_UD, fcb, fcv\n5+1 address: 5\n6+1 ci: 50 application reset\n7+1 "
         "application: 32 enhanced billing, telegram 2\n8+1 checksum"},
        {0x53, 0x50, "", "6+1 ci: 50 application reset\n7+1 checksum"},
        {0x53, 0x52, "FFFFFFFF FF00 01 FF", "manufacturer: @G_\n13+1 version: 1\n14+1 medium: FF any\n"},
        {0x08, 0x7A, "2A FF 0000",
         "status: FF abnormal condition, power low, permanent error, temporary error, "
         "vendor bit 5, "},
        {0x38, 0x71, "81", "control: 38 RSP_UD, acd, dfc\n5+1 address: 5\n6+1 ci: 71 alarm\n7+1 alarm[0]: 129\n"},
        {0x53, 0xBB, "", "ci: BB set baud rate 2400\n"},
        {0x47, 0x40, "01", "control: 47 reserved\n5+1 address: 5\n6+1 ci: 40 reserved\n7+1 data: 01\n"},
        {0x08, 0x70, "08 01", "ci: 70 application error\n7+1 error code: 08 application busy\n8+1 data: 01\n"},
        {0x53, 0x52, "FFFFFFFF FFFF FF FF",
         "7+4 id: FFFFFFFF\n11+2 manufacturer: any\n13+1 version: any\n14+1 medium: "
         "FF any\n"},
        {0x53, 0x52, "78563412 2440 01 06 0C 78 04030201",
         "manufacturer: PAD\n13+1 version: 1\n14+1 medium: 06 warm water\n15+1 dif[0]: 0C 8 digits bcd, "
         "instantaneous\n16+1 vif[0]: 78 fabrication number\n17+4 fabrication number[0]: 1020304\n"},
        {0x08, 0x7A, "2A 00 2005 0102",
         "access: 42\n8+1 status: 00 ok\n9+2 configuration: 2005 mode 5, "
         "encrypted\n11+2 cipher text[0]: encrypted\n"},
        {0x08, 0x76, "12345678 4024 01 07 2A 00 0710 0102", "configuration: 0710 mode 7, encrypted\n"},
        {0x08, 0x73, "78563412 0A 00 E9 7F 01000000 35010000",
         "7+4 id: 12345678\n11+1 access: 10\n12+1 status: 00 ok\n13+1 unit: E9 volume, 10^-3 m3, medium bits 11 "
         "of water\n14+1 unit: 7F no unit, medium bits 01 of water\n15+4 volume[0]: 0.001 m3\n19+4 dimensionless[1]: "
         "135\n"},
        {0x08, 0x78, "01 13 05 03 13",
         "7+1 dif[0]: 01 8 bit integer, instantaneous\n8+1 vif[0]: 13 volume, 10^-3 "
         "m3\n9+1 volume[0]: 0.005 m3\n10+1 dif: 03 24 bit integer, instantaneous\n11+1 vif: 13 volume, 10^-3 "
         "m3\n12+1 checksum: "},
    };
    check_words(list, COUNT(list));
    static const struct {
        uint8_t address;
        const char *words;
    } addresses[] = {{0, "address: 0 not configured\n"},
                     {250, "address: 250\n"},
                     {253, "address: 253 selected meter\n"},
                     {254, "address: 254 all, with answer\n"},
                     {255, "address: 255 all, no answer\n"}};
    for (size_t i = 0; i < COUNT(addresses); i++) {
        uint8_t bytes[8];
        char text[1000];
        struct heng_buf buf = heng_buf_of(bytes, sizeof bytes);
        assert_int_equal(heng_mbus_encode_short(HENG_MBUS_C_SND_NKE, addresses[i].address, &buf), HENG_OK);
        explanation_of(heng_buf_slice(&buf), NULL, text, sizeof text);
        assert_non_null(strstr(text, "control: 40 SND_NKE\n"));
        assert_non_null(strstr(text, addresses[i].words));
    }
    char text[1000];
    explanation_of(heng_slice_of("\xE5", 1), NULL, text, sizeof text);
    assert_string_equal(text, "0+1 acknowledgement: E5\n");
    explanation_of(heng_slice_of("\x10\x7A\x05\x7F\x16", 5), NULL, text, sizeof text);
    assert_non_null(strstr(text, "1+1 control: 7A REQ_UD1, fcb, fcv\n"));
    explanation_of(heng_slice_of("\x10\x49\x05\x4E\x16", 5), NULL, text, sizeof text);
    assert_non_null(strstr(text, "1+1 control: 49 REQ_SKE\n"));
    explanation_of(heng_slice_of("\x10\x0B\x05\x10\x16", 5), NULL, text, sizeof text);
    assert_non_null(strstr(text, "1+1 control: 0B RSP_SKE\n"));
}

/* What the dialect drops keeps its words and loses its number; the numbers are those of the JSON. */
static void test_records_are_numbered_as_in_the_json(void **state)
{
    (void)state;
    uint8_t bytes[300];
    char text[20000];
    const struct heng_record_rule rules[] = {
        {.match = {.has_quantity = true, .quantity = HENG_QUANTITY_DATE}, .then = {.drop = true}},
        {.match = {.has_quantity = true, .quantity = HENG_QUANTITY_VOLUME}, .then = {.shift = 1}},
    };
    const struct heng_dialect dialect = {.rules = rules, .rule_count = 2};
    struct heng_str out = {.max = 1 << 20};
    struct heng_slice in =
        long_frame(bytes, sizeof bytes, 0x08, 0x78, "42 6C 5F1C 01 13 05 42 6C 5F1C 01 22 05 42 6C 5F1C");
    json_of(in, &dialect, &out);
    assert_non_null(strstr(out.text, "\"records\":[{\"function\":\"instantaneous\",\"storage\":0,\"tariff\":0,"
                                     "\"subunit\":0,\"quantity\":\"volume\",\"unit\":\"m3\",\"value\":\"0.05\"},"));
    heng_str_fini(&out);
    explanation_of(in, &dialect, text, sizeof text);
    assert_non_null(strstr(text, "7+1 dif: 42 16 bit integer, instantaneous, storage 1\n8+1 vif: 6C date\n"
                                 "9+2 date: 2010-12-31\n11+1 dif[0]: 01 8 bit integer, instantaneous\n"
                                 "12+1 vif[0]: 13 volume, 10^-3 m3\n13+1 volume[0]: 0.05 m3\n14+1 dif: 42"));
    assert_non_null(strstr(text, "18+1 dif[1]: 01"));
    assert_non_null(strstr(text, "21+1 dif: 42"));

    in = long_frame(bytes, sizeof bytes, 0x08, 0x73, "78563412 0A 00 E9 7F 01000000 35010000");
    const struct heng_record_rule drop = {.match = {.has_quantity = true, .quantity = HENG_QUANTITY_DIMENSIONLESS},
                                          .then = {.drop = true}};
    explanation_of(in, &(struct heng_dialect){.rules = &drop, .rule_count = 1}, text, sizeof text);
    assert_non_null(strstr(text, "15+4 volume[0]: 0.001 m3\n19+4 dimensionless: 135\n"));

    /* A rule gives a meaning to a VIF of the vendor's: the bytes are no qualifier any more. */
    static const uint8_t vendor[] = {0xFF, 0x05};
    const struct heng_record_rule name = {.match = {.vif = {vendor, 2}},
                                          .then = {.has_quantity = true, .quantity = HENG_QUANTITY_ERROR_FLAGS}};
    struct heng_str named = {.max = 1 << 20};
    json_of(long_frame(bytes, sizeof bytes, 0x08, 0x78, "01 FF 05 01"),
            &(struct heng_dialect){.rules = &name, .rule_count = 1}, &named);
    assert_non_null(strstr(named.text, "\"quantity\":\"error flags\",\"unit\":null,\"value\":null,\"reason\":"
                                       "\"manufacturer specific\",\"raw\":\"01\"}]}"));
    heng_str_fini(&named);
}

/* Fewer entries than the frame has: the first ones, and no more. */
static void test_few_entries(void **state)
{
    (void)state;
    uint8_t bytes[300];
    struct heng_capture capture;
    struct heng_explained entries[40];
    heng_capture_init(&capture, HENG_PROTOCOL_MBUS,
                      long_frame(bytes, sizeof bytes, 0x08, 0x72,
                                 "78563412 2440 01 07 2A 05 0000 84 10 13 40E20100 2F 2F 02 FC 01 68 74 0500 1F"));
    assert_int_equal(capture.rc, HENG_OK);
    size_t all = heng_explain(&capture, entries, 40);
    assert_in_range(all, 25, 39);
    for (size_t cap = 0; cap < all; cap++) {
        assert_int_equal(heng_explain(&capture, entries, cap), cap);
        for (size_t i = 1; i < cap; i++) assert_int_equal(entries[i].at, entries[i - 1].at + entries[i - 1].length);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests_have_names),
        cmocka_unit_test(test_answers_have_names),
        cmocka_unit_test(test_a_whole_answer_byte_by_byte),
        cmocka_unit_test(test_words_for_records),
        cmocka_unit_test(test_words_for_heads),
        cmocka_unit_test(test_records_are_numbered_as_in_the_json),
        cmocka_unit_test(test_few_entries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
