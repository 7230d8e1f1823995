/* Words and codes whose bits have names.
 * Source: DL/T 645-2007 appendix C; the bits that came with prepaid meters, as three independent implementations
 * agree on them. */
#include "codec/dlt645.h"
#include "codec/dlt645/table.h"

#include <stdio.h>

#define BIT(n, name)                                                                                                   \
    {                                                                                                                  \
        UINT32_C(1) << (n), UINT32_C(1) << (n), name                                                                   \
    }
#define END                                                                                                            \
    {                                                                                                                  \
        0, 0, NULL                                                                                                     \
    }

const struct heng_flag heng_dlt645_word1[] = {
    BIT(1, "interval demand"),
    BIT(2, "clock battery low"),
    BIT(3, "outage battery low"),
    BIT(4, "active power reversed"),
    BIT(5, "reactive power reversed"),
    BIT(8, "control loop error"),
    BIT(9, "esam error"),
    BIT(12, "program error"),
    BIT(13, "memory error"),
    BIT(14, "overdraft"),
    BIT(15, "clock error"),
    END,
};

const struct heng_flag heng_dlt645_word2[] = {
    BIT(0, "active L1 reversed"),
    BIT(1, "active L2 reversed"),
    BIT(2, "active L3 reversed"),
    BIT(4, "reactive L1 reversed"),
    BIT(5, "reactive L2 reversed"),
    BIT(6, "reactive L3 reversed"),
    END,
};

/* Bit 4 is the contact, bit 6 what it was last told: after a command the two differ until the contact has moved.
 * A cleared bit 4 is named too, because whoever reads this word asks whether there is power. */
const struct heng_flag heng_dlt645_word3[] = {
    BIT(0, "second day tables"),
    {0x0006, 0x0002, "auxiliary supply"},
    {0x0006, 0x0004, "battery supply"},
    BIT(3, "programming allowed"),
    {0x0010, 0x0000, "relay closed"},
    BIT(4, "relay open"),
    BIT(5, "second zone tables"),
    BIT(6, "open commanded"),
    BIT(7, "trip warning"),
    {0x0300, 0x0100, "prepaid energy"},
    {0x0300, 0x0200, "prepaid money"},
    BIT(10, "second tariffs"),
    BIT(11, "second steps"),
    BIT(12, "power kept"),
    BIT(13, "identity valid"),
    BIT(14, "local account missing"),
    BIT(15, "remote account missing"),
    END,
};

const struct heng_flag heng_dlt645_phase_word[] = {
    BIT(0, "voltage loss"),   BIT(1, "undervoltage"),
    BIT(2, "overvoltage"),    BIT(3, "current loss"),
    BIT(4, "overcurrent"),    BIT(5, "overload"),
    BIT(6, "power reversal"), BIT(7, "phase break"),
    BIT(8, "current break"),  END,
};

const struct heng_flag heng_dlt645_word7[] = {
    BIT(0, "voltage sequence"),  BIT(1, "current sequence"),     BIT(2, "voltage unbalance"),
    BIT(3, "current unbalance"), BIT(4, "auxiliary power loss"), BIT(5, "power down"),
    BIT(6, "demand exceeded"),   BIT(7, "power factor low"),     BIT(8, "severe unbalance"),
    BIT(9, "cover open"),        BIT(10, "terminal cover open"), END,
};

const struct heng_flag heng_dlt645_meter_word_1997[] = {
    BIT(0, "manual reading"),        BIT(1, "interval demand"),         BIT(2, "battery low"),
    BIT(4, "active power reversed"), BIT(5, "reactive power reversed"), END,
};

const struct heng_flag heng_dlt645_errors[] = {
    BIT(0, "other error"),    BIT(1, "no such data"),   BIT(2, "password wrong"),   BIT(3, "baud fixed"),
    BIT(4, "too many zones"), BIT(5, "too many slots"), BIT(6, "too many tariffs"), END,
};

const struct heng_flag heng_dlt645_long_errors[] = {
    BIT(0, "other error"),    BIT(1, "repeated top-up"),    BIT(2, "esam failed"),   BIT(3, "identity failed"),
    BIT(4, "wrong customer"), BIT(5, "wrong top-up count"), BIT(6, "over-purchase"), END,
};

/* N1 of function 1C. 1D and 1E came with later meters and no text of the standard that we have holds them: both warn
 * first (status word 3 says "trip warning") and trip then; in one implementation the relay closes again by itself after
 * 1D and waits for a key after 1E. That is too little to promise it, so they are told apart by number. */
const struct heng_flag heng_dlt645_actions[] = {
    {0xFF, 0x1A, "trip"},          {0xFF, 0x1B, "allow close"},
    {0xFF, 0x1C, "close"},         {0xFF, 0x1D, "warned trip 1"},
    {0xFF, 0x1E, "warned trip 2"}, {0xFF, 0x2A, "alarm"},
    {0xFF, 0x2B, "alarm off"},     {0xFF, 0x3A, "keep power"},
    {0xFF, 0x3B, "release power"}, END,
};

/* What the multi-function terminal gives out. */
const struct heng_flag heng_dlt645_outputs[] = {
    {0xFF, 0x00, "seconds"},
    {0xFF, 0x01, "demand period"},
    {0xFF, 0x02, "tariff switch"},
    END,
};

const char *heng_dlt645_relay_action(uint8_t n1)
{
    for (const struct heng_flag *f = heng_dlt645_actions; f->mask; f++)
        if (f->value == n1) return f->name;
    return NULL;
}

const char *heng_dlt645_flag_text(const struct heng_flag *flags, uint32_t word, char *ret_text, size_t cap)
{
    size_t n = 0;
    if (cap) ret_text[0] = '\0';
    for (const struct heng_flag *f = flags; f->mask && n < cap; f++) {
        if ((word & f->mask) != f->value) continue;
        int more = snprintf(ret_text + n, cap - n, "%s%s", n ? "; " : "", f->name);
        n += more > 0 ? (size_t)more : 0;
    }
    return ret_text;
}

const char *heng_dlt645_error_text(uint8_t error, char *ret_text, size_t cap)
{
    return heng_dlt645_flag_text(heng_dlt645_errors, error, ret_text, cap);
}

const char *heng_dlt645_refusal_text(const struct heng_telegram *telegram, char *ret_text, size_t cap)
{
    const uint8_t *p = telegram->body.p;
    if (telegram->body.n != 2) return heng_dlt645_error_text(telegram->error_code, ret_text, cap);
    uint32_t word = (uint8_t)(p[0] - telegram->bias) | (uint32_t)(uint8_t)(p[1] - telegram->bias) << 8;
    return heng_dlt645_flag_text(heng_dlt645_long_errors, word, ret_text, cap);
}
