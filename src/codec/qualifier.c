/* Names for what VIFEs add to a quantity. Two records that differ in it are different registers. */
#include "codec/mbus_vif.h"
#include "codec/present.h"

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
    [0x01] = "L1", [0x02] = "L2", [0x03] = "L3", [0x04] = "N",  [0x05] = "L1-L2", [0x06] = "L2-L3",    [0x07] = "L3-L1",
    [0x08] = "Q1", [0x09] = "Q2", [0x0A] = "Q3", [0x0B] = "Q4", [0x0C] = "delta", [0x10] = "absolute",
};

/* A text of any length that becomes a qualifier: words in the first `cap` bytes, a hash over all. */
struct words {
    char text[64];
    size_t n;
    uint32_t hash;
};

static void add_char(struct words *w, char c)
{
    if (w->n < sizeof w->text) w->text[w->n++] = c;
    w->hash = (w->hash ^ (uint8_t)c) * UINT32_C(16777619); /* FNV-1a */
}

static void add_word(struct words *w, const char *word)
{
    if (w->n) add_char(w, ' ');
    while (*word) add_char(w, *word++);
}

static void add_hex(struct words *w, struct heng_slice bytes)
{
    static const char digits[] = "0123456789ABCDEF";
    if (w->n) add_char(w, ' ');
    for (size_t i = 0; i < bytes.n; i++) {
        add_char(w, digits[bytes.p[i] >> 4]);
        add_char(w, digits[bytes.p[i] & 15]);
    }
}

/* The unit text of VIF 7C in reading order; what is not printable ASCII becomes '?'. */
static void add_reversed(struct words *w, struct heng_slice text)
{
    if (w->n && text.n) add_char(w, ' ');
    for (size_t i = text.n; i-- > 0;) add_char(w, text.p[i] >= 0x20 && text.p[i] < 0x7F ? (char)text.p[i] : '?');
}

/* Main VIFs that share a quantity with a neighbour. */
static const char *main_word(const struct heng_vif *vif)
{
    if (vif->bytes.p[0] == 0xFB) {
        uint8_t second = vif->bytes.p[1] & 0x7F;
        return second == 0x2A ? "U-U" : second == 0x2B ? "U-I" : NULL;
    }
    if (vif->bytes.p[0] != 0xFD) return NULL;
    switch (vif->bytes.p[1] & 0x7F) {
    case 0x12: return "user";
    case 0x13: return "operator";
    case 0x14: return "system operator";
    case 0x15: return "developer";
    case 0x20: return "first";
    case 0x21: return "last";
    }
    return NULL;
}

static void add_vifes(struct words *w, const struct heng_vif *vif)
{
    size_t n = vif->bytes.n;
    for (size_t i = vif->vife; i < n; i++) {
        uint8_t vife = vif->bytes.p[i] & 0x7F;
        if (vife == 0x7F) {
            add_hex(w, heng_slice_of(vif->bytes.p + i, n - i));
            return;
        }
        bool number_only = vife < 0x20 || (vife >= 0x70 && vife <= 0x7B) || vife == 0x7D;
        if (vife == 0x7C && i + 1 < n) {
            uint8_t extension = vif->bytes.p[++i] & 0x7F;
            const char *text =
                extension < sizeof extension_texts / sizeof extension_texts[0] ? extension_texts[extension] : NULL;
            if (text)
                add_word(w, text);
            else
                add_hex(w, heng_slice_of(vif->bytes.p + i - 1, 2));
        } else if (vife_texts[vife]) {
            add_word(w, vife_texts[vife]);
        } else if (!number_only) {
            add_hex(w, heng_slice_of(vif->bytes.p + i, 1));
        }
    }
}

/* What does not fit is cut and marked with a hash of the whole, so that long qualifiers stay different. */
static void finish(const struct words *w, char ret_text[static HENG_QUALIFIER_MAX])
{
    static const char digits[] = "0123456789ABCDEF";
    enum { KEPT = HENG_QUALIFIER_MAX - 6 };
    size_t n = w->n < HENG_QUALIFIER_MAX ? w->n : KEPT;
    memcpy(ret_text, w->text, n);
    if (w->n >= HENG_QUALIFIER_MAX) {
        uint32_t hash = w->hash ^ w->hash >> 16;
        ret_text[n++] = '~';
        for (unsigned shift = 16; shift > 0; shift -= 4) ret_text[n++] = digits[hash >> (shift - 4) & 15];
    }
    ret_text[n] = '\0';
}

void heng_record_qualifier(const struct heng_record *record, char ret_text[static HENG_QUALIFIER_MAX])
{
    struct words w = {.hash = UINT32_C(2166136261)};
    struct heng_vif vif;
    const char *problem;
    size_t at;
    if (record->qualifier) add_word(&w, record->qualifier);
    if (record->vif.n && heng_vif_read(record->vif, &vif, &problem, &at) == HENG_OK) {
        uint8_t first = vif.bytes.p[0];
        const char *word = main_word(&vif);
        if (word) add_word(&w, word);
        if (vif.text.n && record->quantity == HENG_QUANTITY_TEXT_UNIT) add_reversed(&w, vif.text);
        if (!record->vif_known) /* what is not understood is told apart by its bytes */
            add_hex(&w, vif.bytes);
        else if ((first & 0x7F) != 0x7F)
            add_vifes(&w, &vif);
    }
    finish(&w, ret_text);
}
