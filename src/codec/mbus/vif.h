#ifndef HENG_CODEC_MBUS_VIF_H
#define HENG_CODEC_MBUS_VIF_H
/* What the value information of an M-Bus record means: main tables (VIF, FB, FD) and orthogonal VIFEs.
 * Private to codec/. */
#include "codec/telegram.h"

/* X(symbol): how the data bytes of a VIF are to be read. */
typedef enum heng_vif_type {
    HENG_VIF_UNKNOWN = 0, /* reserved or vendor's: the value stays raw */
    HENG_VIF_SECRET,      /* passwords, keys, access codes: not shown at all */
    HENG_VIF_RAW,         /* known, but no number: types K and L, data containers; stays raw, too */
    HENG_VIF_NUMBER,      /* a quantity: signed */
    HENG_VIF_UNSIGNED,    /* flags and numbers that name things: no sign */
    HENG_VIF_TIME_POINT   /* date or time, of a type told by its length */
} heng_vif_type;

/* exp: value = raw x 10^exp x heng_vif_factor[scale]. */
struct heng_vif_entry {
    uint8_t quantity, unit;
    int8_t exp;
    uint8_t type : 4, scale : 4;
};

/* For `scale`: seconds of a second, minute, hour, day; and 5^12, which with exp -12 divides by 2^12. */
enum { HENG_VIF_SCALE_BINARY = 4, HENG_VIF_SCALES };
extern const int32_t heng_vif_factor[HENG_VIF_SCALES];
extern const struct heng_vif_entry heng_vif_main[128], heng_vif_fb[128], heng_vif_fd[128];

/* The two bytes behind FC that are about the coding of the data, not about what they mean. */
enum { HENG_VIFE_MAX = 10, HENG_VIFE_TYPE_C = 0x11, HENG_VIFE_TYPE_D = 0x12 };

/* VIF bytes of a record taken apart.
 * bytes: from VIF to the last VIFE, or to the text if that comes last; text: plain-text unit of VIF 7C/FC, as sent
 * (low byte first: backwards), its length byte stands in front; vife, vife_end: offsets in bytes of the first
 * orthogonal VIFE and behind the last one. */
struct heng_vif {
    struct heng_slice bytes, text;
    size_t vife, vife_end;
};

/* Take the VIF bytes from the front of `in`.
 * Errors: EFORMAT for more than 10 VIFEs or when they run over the end (ret_at = offset in `in`). */
HENG_NODISCARD heng_rc heng_vif_read(struct heng_slice in, struct heng_vif *ret, const char **ret_problem,
                                     size_t *ret_at);

/* What the VIF bytes ask to be done with the raw value. */
struct heng_vif_meaning {
    struct heng_vif_entry entry;
    int exp;             /* entry.exp and all multiplicative corrections */
    struct heng_dec add; /* additive correction, in the unit before heng_vif_factor */
    bool has_add;
    bool secret;        /* not to be shown, whatever VIFEs make of it */
    const char *reason; /* the meter says why there is no value; or why we do not understand it */
    bool raw;           /* with a reason: the data are of another shape than the VIF says and stay bytes */
    const char *action; /* what a command wants done with the value; NULL: that it becomes the meter's */
};

/* VIFEs 00..1F are record errors and the like in an answer, object actions in a command. */
void heng_vif_resolve(const struct heng_vif *vif, const struct heng_telegram *t, struct heng_vif_meaning *ret);

/* The table entry that the VIF, or the byte behind FB, FD or FD FD, points at. */
const struct heng_vif_entry *heng_vif_entry_of(const struct heng_vif *vif);

/* One byte of a plain-text unit, ISO 8859-1, as 1 or 2 bytes of UTF-8; what is not printable becomes '?'. */
size_t heng_vif_character(uint8_t byte, char ret_utf8[static 2]);

/* Words for one VIFE, b7 ignored; NULL for none. They are identifiers: texts of qualifiers and reasons. */
const char *heng_vife_word(uint8_t vife);           /* which value of the quantity it is: "forward" */
const char *heng_vife_extension_word(uint8_t vife); /* the same behind FC: "L1" */
const char *heng_vife_error(uint8_t vife);          /* 00..1F in an answer: "data overflow" */
const char *heng_vife_action(uint8_t vife);         /* 00..1F in a command: "clear" */

#endif
