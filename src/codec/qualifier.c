/* Names for what VIFEs add to a quantity. Two records that differ in it are different registers. */
#include "codec/mbus/vif.h"
#include "codec/present.h"

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

/* The unit text of VIF 7C in reading order. */
static void add_unit(struct words *w, struct heng_slice text, bool reversed)
{
    if (w->n) add_char(w, ' ');
    for (size_t i = 0; i < text.n; i++) {
        char utf8[2];
        size_t n = heng_vif_character(text.p[reversed ? text.n - 1 - i : i], utf8);
        for (size_t k = 0; k < n; k++) add_char(w, utf8[k]);
    }
}

/* Main VIFs that share a quantity with a neighbour. */
static const char *main_word(const struct heng_vif *vif)
{
    if (vif->bytes.p[0] == 0xFB) {
        static const char *const ratings[] = {"K", "Kq", "Kc", "Kcr", "Kch", "Kt", "KD"};
        uint8_t second = vif->bytes.p[1] & 0x7F;
        if (second >= 0x68 && second <= 0x6E) return ratings[second - 0x68];
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
    size_t n = vif->vife_end;
    for (size_t i = vif->vife; i < n; i++) {
        uint8_t vife = vif->bytes.p[i] & 0x7F;
        if (vife == 0x7F) {
            add_hex(w, heng_slice_of(vif->bytes.p + i, n - i));
            return;
        }
        bool number_only = vife < 0x20 || (vife >= 0x70 && vife <= 0x7B) || vife == 0x7D;
        if (vife == 0x7C && i + 1 < n) {
            const char *text = heng_vife_extension_word(vif->bytes.p[++i]);
            uint8_t extension = vif->bytes.p[i] & 0x7F;
            if (text)
                add_word(w, text);
            else if (extension != HENG_VIFE_TYPE_C && extension != HENG_VIFE_TYPE_D)
                add_hex(w, heng_slice_of(vif->bytes.p + i - 1, 2));
        } else if (heng_vife_word(vife)) {
            add_word(w, heng_vife_word(vife));
        } else if (!number_only) {
            add_hex(w, heng_slice_of(vif->bytes.p + i, 1));
        }
    }
}

/* What does not fit is cut between two characters and marked with a hash of the whole, so that long qualifiers stay
 * different. */
static void finish(const struct words *w, char ret_text[static HENG_QUALIFIER_MAX])
{
    static const char digits[] = "0123456789ABCDEF";
    enum { KEPT = HENG_QUALIFIER_MAX - 6 };
    bool cut = w->n >= HENG_QUALIFIER_MAX;
    size_t n = cut ? KEPT : w->n;
    if (cut && (w->text[n] & 0xC0) == 0x80) n--; /* the second byte of a character goes with its first */
    memcpy(ret_text, w->text, n);
    if (cut) {
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
        if (vif.text.n && record->quantity == HENG_QUANTITY_TEXT_UNIT) add_unit(&w, vif.text, record->text_reversed);
        if (!record->vif_known) /* what is not understood is told apart by its bytes */
            add_hex(&w, vif.bytes);
        else if ((first & 0x7F) != 0x7F)
            add_vifes(&w, &vif);
    }
    finish(&w, ret_text);
}
