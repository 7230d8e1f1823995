/* Names for control fields, CI fields, sub-codes, report bytes and status bits.
 *
 *   C        b6 from the master | master: b5 FCB, b4 FCV | meter: b5 ACD, b4 DFC | b3..0 function
 *   CI 50    sub-code: b7..4 application, b3..0 number of the telegram
 *   status   b1..0 01 busy, 10 application error, 11 abnormal | b2 power low | b3 permanent error |
 *            b4 temporary error | b7..5 the vendor's | of fixed data: b0 binary counters, by some sources b7,
 *            b1 stored values
 *
 * Source: EN 13757-2 clause 5.7; EN 13757-3:2013 clauses 5, 7, 8, annex H; EN 13757-7:2018 table 2; the sub-codes
 * and report bytes 10..22 as EN 13757-3:2018 has them. */
#include "codec/mbus/words.h"

/* X(first, last, word) */
#define CI_LIST(X)                                                                                                     \
    X(0x50, 0x50, "application reset")                                                                                 \
    X(0x51, 0x51, "data send")                                                                                         \
    X(0x52, 0x52, "select")                                                                                            \
    X(0x53, 0x53, "application reset, long header")                                                                    \
    X(0x54, 0x54, "synchronize")                                                                                       \
    X(0x55, 0x55, "data send, high byte first")                                                                        \
    X(0x56, 0x56, "select, high byte first")                                                                           \
    X(0x5A, 0x5A, "command, short header")                                                                             \
    X(0x5B, 0x5B, "command, long header")                                                                              \
    X(0x5C, 0x5C, "synchronize")                                                                                       \
    X(0x5F, 0x5F, "security")                                                                                          \
    X(0x60, 0x61, "cosem data to meter")                                                                               \
    X(0x64, 0x65, "obis data to meter")                                                                                \
    X(0x66, 0x68, "selected application")                                                                              \
    X(0x69, 0x6B, "format frame")                                                                                      \
    X(0x6C, 0x6C, "set clock")                                                                                         \
    X(0x6D, 0x6D, "adjust clock")                                                                                      \
    X(0x6E, 0x6E, "application error, short header")                                                                   \
    X(0x6F, 0x6F, "application error, long header")                                                                    \
    X(0x70, 0x70, "application error")                                                                                 \
    X(0x71, 0x71, "alarm")                                                                                             \
    X(0x72, 0x72, "variable data, long header")                                                                        \
    X(0x73, 0x73, "fixed data")                                                                                        \
    X(0x74, 0x74, "alarm, short header")                                                                               \
    X(0x75, 0x75, "alarm, long header")                                                                                \
    X(0x76, 0x76, "variable data, long header, high byte first")                                                       \
    X(0x77, 0x77, "fixed data, high byte first")                                                                       \
    X(0x78, 0x78, "variable data, no header")                                                                          \
    X(0x79, 0x79, "compact frame, no header")                                                                          \
    X(0x7A, 0x7A, "variable data, short header")                                                                       \
    X(0x7B, 0x7B, "compact frame, short header")                                                                       \
    X(0x7C, 0x7D, "cosem data")                                                                                        \
    X(0x7E, 0x7F, "obis data")                                                                                         \
    X(0x80, 0x80, "transport layer to meter")                                                                          \
    X(0x81, 0x81, "network layer")                                                                                     \
    X(0x8A, 0x8B, "transport layer")                                                                                   \
    X(0x8C, 0x8F, "extended link layer")                                                                               \
    X(0x90, 0x90, "authentication layer")                                                                              \
    X(0xA0, 0xB7, "manufacturer specific")                                                                             \
    X(0xB8, 0xBF, "set baud rate")                                                                                     \
    X(0xC0, 0xC2, "image transfer")                                                                                    \
    X(0xC3, 0xC5, "security information")

static const struct {
    uint8_t first, last;
    const char *word;
} ci_words[] = {
#define X(first, last, word) {first, last, word},
    CI_LIST(X)
#undef X
};

const char *heng_mbus_ci_word(uint8_t ci)
{
    for (size_t i = 0; i < sizeof ci_words / sizeof ci_words[0]; i++)
        if (ci >= ci_words[i].first && ci <= ci_words[i].last) return ci_words[i].word;
    return "reserved";
}

const char *heng_mbus_control_word(uint8_t control)
{
    switch (control & 0xCF) {
    case 0x40: return "SND_NKE";
    case 0x43: return "SND_UD";
    case 0x4A: return "REQ_UD1";
    case 0x4B: return "REQ_UD2";
    case 0x49: return "REQ_SKE";
    case 0x08: return "RSP_UD";
    case 0x0B: return "RSP_SKE";
    }
    return NULL;
}

const char *heng_mbus_application_word(uint8_t sub)
{
    static const char *const words[16] = {
        "all",          "user data",      "simple billing", "enhanced billing", "multi tariff billing", "instantaneous",
        "load profile", "static content", "installation",   "testing",          "calibration",          "manufacturing",
        "development",  "self test",      "configuration",  "user defined",
    };
    return words[sub >> 4];
}

const char *heng_mbus_error_word(uint8_t code)
{
    static const char *const words[] = {
        [0x00] = "unspecified error",
        [0x01] = "ci field not implemented",
        [0x02] = "buffer too long, truncated",
        [0x03] = "too many records",
        [0x04] = "premature end of record",
        [0x05] = "more than 10 dife",
        [0x06] = "more than 10 vife",
        [0x08] = "application busy",
        [0x09] = "too many readouts",
        [0x11] = "function not implemented",
        [0x12] = "data error",
        [0x13] = "routing error",
        [0x14] = "access violation",
        [0x15] = "parameter error",
        [0x16] = "size error",
        [0x20] = "security error",
        [0x21] = "security mechanism not supported",
        [0x22] = "inadequate security",
    };
    if (code == 0xF0) return "dynamic error";
    if (code > 0xF0) return "manufacturer specific error";
    return code < sizeof words / sizeof words[0] && words[code] ? words[code] : "reserved error";
}

uint32_t heng_mbus_baud(uint8_t ci)
{
    static const uint32_t bauds[8] = {300, 600, 1200, 2400, 4800, 9600, 19200, 38400};
    return ci >= 0xB8 && ci <= 0xBF ? bauds[ci - 0xB8] : 0;
}

const struct heng_flag *heng_mbus_status_flags(const struct heng_telegram *t)
{
#define COMMON                                                                                                         \
    {0x04, 0x04, "power low"}, {0x08, 0x08, "permanent error"}, {0x10, 0x10, "temporary error"},                       \
        {0x20, 0x20, "vendor bit 5"},                                                                                  \
    {                                                                                                                  \
        0x40, 0x40, "vendor bit 6"                                                                                     \
    }
    static const struct heng_flag variable[] = {{0x03, 0x01, "application busy"},   {0x03, 0x02, "application error"},
                                                {0x03, 0x03, "abnormal condition"}, COMMON,
                                                {0x80, 0x80, "vendor bit 7"},       {0, 0, NULL}};
    static const struct heng_flag fixed[] = {{0x01, 0x01, "binary counters"},
                                             {0x02, 0x02, "stored values"},
                                             COMMON,
                                             {0x80, 0x80, "binary counters or vendor bit 7"},
                                             {0, 0, NULL}};
#undef COMMON
    return t->kind == HENG_TELEGRAM_FIXED ? fixed : variable;
}
