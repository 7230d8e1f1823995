#ifndef HENG_CODEC_DIALECT_H
#define HENG_CODEC_DIALECT_H
/* How one meter model deviates from its protocol, as data. Profiles (meter/profile.h) are the source; codecs only
 * read it. All pointers are borrowed from whoever made the dialect. */
#include "base/rc.h"
#include "base/slice.h"
#include "model/quantity.h"

/* X(symbol, text): how a number lies in the bytes of a field. The texts are those of profile files.
 * DL/T 645 and CJ/T 188 fields are low byte first, Modbus registers as `order` says. */
#define HENG_CODING_LIST(X)                                                                                            \
    X(BCD, "bcd")               /* packed decimal digits */                                                            \
    X(BCD_SIGNED, "bcd-signed") /* the same, the top bit is the minus */                                               \
    X(UNSIGNED, "unsigned")     /* 1..8 bytes */                                                                       \
    X(SIGNED, "signed")         /* two's complement, 1..8 bytes */                                                     \
    X(FLOAT, "float")           /* IEEE 754, 4 or 8 bytes: becomes the shortest exact decimal or a range error */      \
    X(BIT, "bit")               /* one bit of a register (bit 0 = 1), or a coil */                                     \
    X(TEXT, "text")             /* characters; Modbus: in reading order, two per register */                           \
    X(CLOCK, "clock")           /* BCD ss mm hh DD MM YY [CC], or the fields that `bytes` leaves: see the codec */     \
    X(BYTES, "bytes")           /* kept as hex */

typedef enum heng_coding {
#define X(symbol, text) HENG_CODING_##symbol,
    HENG_CODING_LIST(X)
#undef X
        HENG_CODING_COUNT
} heng_coding;

/* X(symbol, text): order of the bytes of a 32-bit number whose bytes are A (highest) B C D. For 64 bits the same:
 * whole words swapped, or the bytes in each word, or both. */
#define HENG_WORD_ORDER_LIST(X)                                                                                        \
    X(ABCD, "ABCD") /* high word first, high byte first: the usual */                                                  \
    X(CDAB, "CDAB") /* low word first */                                                                               \
    X(BADC, "BADC") /* high word first, low byte first */                                                              \
    X(DCBA, "DCBA") /* low word first, low byte first */

typedef enum heng_word_order {
#define X(symbol, text) HENG_WORD_ORDER_##symbol,
    HENG_WORD_ORDER_LIST(X)
#undef X
        HENG_WORD_ORDER_COUNT
} heng_word_order;

/* X(symbol, text): what stands first in a CJ/T 188 value of four digit bytes and a unit byte. */
#define HENG_UNIT_ORDER_LIST(X)                                                                                        \
    X(AUTO, "auto")               /* only the bytes tell; a value that they leave open is none */                      \
    X(VALUE_FIRST, "value-first") /* the usual */                                                                      \
    X(UNIT_FIRST, "unit-first")

typedef enum heng_unit_order {
#define X(symbol, text) HENG_UNIT_ORDER_##symbol,
    HENG_UNIT_ORDER_LIST(X)
#undef X
        HENG_UNIT_ORDER_COUNT
} heng_unit_order;

/* From the text of a table to its number and back; "unknown" for a number outside. */
heng_coding heng_coding_of(const char *text);         /* COUNT when not in the table */
heng_word_order heng_word_order_of(const char *text); /* COUNT when not in the table */
heng_unit_order heng_unit_order_of(const char *text); /* COUNT when not in the table */
const char *heng_coding_text(heng_coding coding);
const char *heng_word_order_text(heng_word_order order);

/* One value at a fixed place: a Modbus register, or a field of a data block that the codec's own tables do not know
 * or that this model fills in its own way.
 * value = raw x factor x 10^exp in `unit`. */
struct heng_field {
    uint32_t di;           /* data identifier; Modbus: register or coil address */
    uint16_t at;           /* offset in the data behind DI (DL/T 645) or SER (CJ/T 188); Modbus: 0 */
    uint16_t bytes;        /* 1..8 for numbers (Modbus: 2, 4 or 8; coils 1), more for TEXT and BYTES */
    uint8_t function_code; /* Modbus: 1, 2, 3 or 4: which of the four address spaces */
    uint8_t bit;           /* coding BIT: 0..15 */
    heng_coding coding;
    heng_word_order order;
    int8_t exp;
    int32_t factor; /* not 0 */
    bool has_absent;
    uint64_t absent; /* this raw value means that there is none */
    heng_quantity quantity;
    heng_unit unit;
    heng_function function;
    uint16_t storage, tariff, subunit;
    const char *qualifier; /* NULL without */
};

/* A rule over the records that a codec yields. Every given condition must hold; then the record is dropped, or the
 * given members are replaced. The first rule that fits is the only one applied. */
struct heng_record_rule {
    struct {
        bool has_quantity, has_unit, has_function, has_storage, has_tariff, has_subunit, has_di;
        heng_quantity quantity;
        heng_unit unit;
        heng_function function;
        uint64_t storage;
        uint32_t tariff, subunit, di;
        struct heng_slice vif; /* M-Bus: VIF and VIFE bytes; empty: any */
        const char *qualifier; /* NULL: any; "" : none */
    } match;
    struct {
        bool drop;
        bool has_quantity, has_unit, has_function, has_storage, has_tariff, has_subunit;
        heng_quantity quantity;
        heng_unit unit;
        heng_function function;
        uint64_t storage;
        uint32_t tariff, subunit;
        int8_t shift;          /* the value x 10^shift */
        int32_t factor;        /* ... x factor; 0: as it is */
        const char *qualifier; /* NULL: as it is */
    } then;
};

enum { HENG_DECIMALS_UNKNOWN = -1 };

struct heng_flag; /* codec/telegram.h */
struct heng_dialect {
    const struct heng_field *fields; /* sorted by (function_code, di, at) */
    size_t field_count;
    const struct heng_record_rule *rules;
    size_t rule_count;
    struct {
        /* Decimals of the raw BCD in 901F; HENG_DECIMALS_UNKNOWN: the standard's, and for heat flow what physics
         * says (docs/decisions/0004-cjt188-flow-scale.md). */
        int8_t total_decimals, energy_decimals, power_decimals, flow_decimals, volume_decimals;
        bool settlement_is_cooling;      /* the settlement field of a heat meter holds the cooling energy */
        bool status_second;              /* the standard's status byte is ST1, not ST0 */
        heng_unit_order unit_order;      /* where units and digits of a telegram fit both ways */
        uint8_t valve_open, valve_close; /* argument of A017; 0: the standard's 55, 99 */
        /* Names of vendor bits in ST0 | ST1 << 8, ended by mask 0; NULL: none. */
        const struct heng_flag *status_flags;
    } cjt188;
};

/* What a dialect without deviations holds. */
extern const struct heng_dialect heng_dialect_standard;

#endif
