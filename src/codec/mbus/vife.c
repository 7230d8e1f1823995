/* Words for orthogonal VIFEs: what they add to the quantity that the VIF names.
 *
 *   00..1F  answer: record errors, kinds of profile; command: actions | 20..3F per unit, conditions, direction
 *   40..6F  limits: values, counts, begin, end, duration | 70..7B 7D corrections | 7C one byte of the second table
 *   7E      future value | 7F the rest is the vendor's
 *
 * Source: EN 13757-3:2013 clause 6.4 and EN 13757-3:2018 tables 15 to 18. */
#include "codec/mbus/vif.h"

/* VIFEs that say which value of the quantity it is. Factors (70..7B, 7D) and record errors (01..1C) are not
 * here: they change the number, not the register. Source: EN 13757-3 table of combinable VIFEs. */
static const char *const vife_texts[128] = {
    [0x12] = "average",
    [0x13] = "inverse compact profile",
    [0x14] = "relative deviation",
    [0x1E] = "compact registers",
    [0x1F] = "compact profile",
    [0x20] = "per s",
    [0x21] = "per min",
    [0x22] = "per h",
    [0x23] = "per day",
    [0x24] = "per week",
    [0x25] = "per month",
    [0x26] = "per year",
    [0x27] = "per revolution",
    [0x28] = "per input pulse 0",
    [0x29] = "per input pulse 1",
    [0x2A] = "per output pulse 0",
    [0x2B] = "per output pulse 1",
    [0x2C] = "per L",
    [0x2D] = "per m3",
    [0x2E] = "per kg",
    [0x2F] = "per K",
    [0x30] = "per kWh",
    [0x31] = "per GJ",
    [0x32] = "per kW",
    [0x33] = "per K L",
    [0x34] = "per V",
    [0x35] = "per A",
    [0x36] = "times s",
    [0x37] = "times s/V",
    [0x38] = "times s/A",
    [0x39] = "start",
    [0x3A] = "uncorrected",
    [0x3B] = "forward",
    [0x3C] = "backward",
    [0x3D] = "non-metric",
    [0x3E] = "base conditions",
    [0x3F] = "obis",
    [0x40] = "lower limit",
    [0x41] = "exceeds lower",
    [0x42] = "begin first lower",
    [0x43] = "end first lower",
    [0x46] = "begin last lower",
    [0x47] = "end last lower",
    [0x48] = "upper limit",
    [0x49] = "exceeds upper",
    [0x4A] = "begin first upper",
    [0x4B] = "end first upper",
    [0x4E] = "begin last upper",
    [0x4F] = "end last upper",
    [0x50] = "duration first lower",
    [0x51] = "duration first lower",
    [0x52] = "duration first lower",
    [0x53] = "duration first lower",
    [0x54] = "duration last lower",
    [0x55] = "duration last lower",
    [0x56] = "duration last lower",
    [0x57] = "duration last lower",
    [0x58] = "duration first upper",
    [0x59] = "duration first upper",
    [0x5A] = "duration first upper",
    [0x5B] = "duration first upper",
    [0x5C] = "duration last upper",
    [0x5D] = "duration last upper",
    [0x5E] = "duration last upper",
    [0x5F] = "duration last upper",
    [0x60] = "duration first",
    [0x61] = "duration first",
    [0x62] = "duration first",
    [0x63] = "duration first",
    [0x64] = "duration last",
    [0x65] = "duration last",
    [0x66] = "duration last",
    [0x67] = "duration last",
    [0x68] = "during lower limit",
    [0x69] = "leakage",
    [0x6A] = "begin first",
    [0x6B] = "end first",
    [0x6C] = "during upper limit",
    [0x6D] = "overflow",
    [0x6E] = "begin last",
    [0x6F] = "end last",
    [0x7E] = "future",
};

/* VIFEs behind FC. Source: EN 13757-3 extension of combinable VIFEs. */
static const char *const extension_texts[] = {
    [0x01] = "L1",    [0x02] = "L2",    [0x03] = "L3",       [0x04] = "N",        [0x05] = "L1-L2",
    [0x06] = "L2-L3", [0x07] = "L3-L1", [0x08] = "Q1",       [0x09] = "Q2",       [0x0A] = "Q3",
    [0x0B] = "Q4",    [0x0C] = "delta", [0x10] = "absolute", [0x13] = "to meter", [0x14] = "from meter",
};

/* Reasons for VIFE 01..1C of an answer; what else is below 1D is reserved. Source: EN 13757-3, record errors. */
static const char *const record_errors[0x20] = {
    [0x01] = "too many dife",
    [0x02] = "storage not implemented",
    [0x03] = "subunit not implemented",
    [0x04] = "tariff not implemented",
    [0x05] = "function not implemented",
    [0x06] = "data class not implemented",
    [0x07] = "data size not implemented",
    [0x0B] = "too many vife",
    [0x0C] = "illegal vif group",
    [0x0D] = "illegal vif exponent",
    [0x0E] = "vif and dif do not match",
    [0x0F] = "action not implemented",
    [0x15] = "no data available",
    [0x16] = "data overflow",
    [0x17] = "data underflow",
    [0x18] = "data error",
    [0x1C] = "premature end of record",
};

/* What a command wants done; 00, the value becomes the meter's, goes without saying. Source: EN 13757-3, object
 * actions. */
static const char *const actions[0x20] = {
    [0x01] = "add value",
    [0x02] = "subtract value",
    [0x03] = "or",
    [0x04] = "and",
    [0x05] = "xor",
    [0x06] = "and not",
    [0x07] = "clear",
    [0x08] = "add entry",
    [0x09] = "delete entry",
    [0x0A] = "delayed",
    [0x0B] = "freeze",
    [0x0C] = "add to readout list",
    [0x0D] = "delete from readout list",
};

const char *heng_vife_word(uint8_t vife) { return vife_texts[vife & 0x7F]; }

const char *heng_vife_extension_word(uint8_t vife)
{
    size_t i = vife & 0x7F;
    return i < sizeof extension_texts / sizeof extension_texts[0] ? extension_texts[i] : NULL;
}

const char *heng_vife_error(uint8_t vife) { return (vife & 0x7F) < 0x20 ? record_errors[vife & 0x7F] : NULL; }

const char *heng_vife_action(uint8_t vife) { return (vife & 0x7F) < 0x20 ? actions[vife & 0x7F] : NULL; }
