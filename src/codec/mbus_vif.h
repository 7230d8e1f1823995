#ifndef HENG_CODEC_MBUS_VIF_H
#define HENG_CODEC_MBUS_VIF_H
/* What the value information of an M-Bus record means: main tables (VIF, FB, FD) and orthogonal VIFEs.
 * Private to codec/. */
#include "codec/telegram.h"

/* X(symbol): how the data bytes of a VIF are to be read. */
typedef enum heng_vif_type {
    HENG_VIF_UNKNOWN = 0, /* reserved or vendor's: the value stays raw */
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

/* Seconds of a second, minute, hour, day, for `scale`. */
extern const int32_t heng_vif_factor[4];
extern const struct heng_vif_entry heng_vif_main[128], heng_vif_fb[128], heng_vif_fd[128];

enum { HENG_VIFE_MAX = 10 };

/* VIF bytes of a record taken apart.
 * bytes: from VIF to the last VIFE; text: plain-text unit behind VIF 7C/FC, as sent (backwards);
 * vife: offset in bytes of the first orthogonal VIFE (bytes.n when there is none). */
struct heng_vif {
    struct heng_slice bytes, text;
    size_t vife;
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
    const char *reason; /* the meter says why there is no value; or why we do not understand it */
    bool raw;           /* with a reason: the data are of another shape than the VIF says and stay bytes */
};

/* from_meter: VIFEs 00..1F are record errors and the like of an answer, object actions in a command. */
void heng_vif_resolve(const struct heng_vif *vif, bool from_meter, struct heng_vif_meaning *ret);

#endif
