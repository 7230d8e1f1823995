#ifndef HENG_CODEC_CJT188_H
#define HENG_CODEC_CJT188_H
/* CJ/T 188-2004 (with the 2018 differences): water, gas and heat meters on M-Bus or RS-485 lines. */
#include "base/buf.h"
#include "codec/telegram.h"

extern const struct heng_codec heng_cjt188_codec;

/* Control codes of requests; an answer adds ANSWER, a refusal ERROR as well. */
enum {
    HENG_CJT188_C_READ = 0x01,
    HENG_CJT188_C_READ_ADDRESS = 0x03,
    HENG_CJT188_C_WRITE = 0x04,
    HENG_CJT188_C_READ_KEY_VERSION = 0x09,
    HENG_CJT188_C_WRITE_ADDRESS = 0x15,
    HENG_CJT188_C_WRITE_BASE = 0x16,
    HENG_CJT188_C_EXTENDED = 0x20, /* a function of the vendor; 2018: more frames follow */
    HENG_CJT188_C_ANSWER = 0x80,
    HENG_CJT188_C_ERROR = 0x40,
};

/* Data identifiers. HISTORY is last month; 1 is added for every month before it. */
enum {
    HENG_CJT188_DI_CURRENT = 0x901F,
    HENG_CJT188_DI_HISTORY = 0xD120,
    HENG_CJT188_DI_PRICES = 0x8102,
    HENG_CJT188_DI_SETTLEMENT_DAY = 0x8103,
    HENG_CJT188_DI_READING_DAY = 0x8104,
    HENG_CJT188_DI_PURCHASE = 0x8105,
    HENG_CJT188_DI_KEY_VERSION = 0x8106,
    HENG_CJT188_DI_ADDRESS = 0x810A,
    HENG_CJT188_DI_WRITE_PRICES = 0xA010,
    HENG_CJT188_DI_WRITE_SETTLEMENT_DAY = 0xA011,
    HENG_CJT188_DI_WRITE_READING_DAY = 0xA012,
    HENG_CJT188_DI_WRITE_PURCHASE = 0xA013,
    HENG_CJT188_DI_WRITE_KEY = 0xA014,
    HENG_CJT188_DI_WRITE_CLOCK = 0xA015,
    HENG_CJT188_DI_WRITE_BASE = 0xA016,
    HENG_CJT188_DI_VALVE = 0xA017,
    HENG_CJT188_DI_WRITE_ADDRESS = 0xA018,
};

/* One frame in the sender's terms.
 * Shape: id 14 hex digits as printed (A6 .. A0); type T; payload is what follows SER.
 *        preamble FE bytes are sent in front. di_swapped sends 1F 90 for 0x901F. without_ser: some meters and testers
 *        leave SER out of requests; without_di: error answers are SER ST0 ST1, or a single byte with neither. */
struct heng_cjt188_frame {
    uint8_t type, control, ser, preamble;
    char id[15];
    uint16_t di;
    bool di_swapped, without_di, without_ser;
    struct heng_slice payload;
};

/* Append the frame. Errors: EFORMAT for a bad id, ELIMIT for more than 255 bytes of data or a small buf; buf is
 * then unchanged. */
HENG_NODISCARD heng_rc heng_cjt188_encode(const struct heng_cjt188_frame *frame, struct heng_buf *buf);

/* --- payloads: what stands behind SER -------------------------------------------------------------------------
 * Errors: ERANGE for a number, time or id that the field cannot hold, ELIMIT for a small buf; buf is then unchanged. */

/* A number in so many BCD bytes, 1..8, low byte first. */
HENG_NODISCARD heng_rc heng_cjt188_put_bcd(struct heng_buf *buf, uint64_t number, size_t bytes);

/* A raw number of 4 bytes with its unit code (05 kWh, 2C m3 ...), which some models want in front: 901F, D120, A016. */
HENG_NODISCARD heng_rc heng_cjt188_put_measured(struct heng_buf *buf, uint32_t number, uint8_t unit, bool unit_first);

/* The clock of 901F and A015; years 1900 to 2199. */
HENG_NODISCARD heng_rc heng_cjt188_put_clock(struct heng_buf *buf, const struct heng_civil *civil);

/* The number of A018: 14 hex digits as printed. Errors: EFORMAT instead of ERANGE. */
HENG_NODISCARD heng_rc heng_cjt188_put_id(struct heng_buf *buf, const char *id);

/* 8102 and A010: three prices and the two volumes up to which the first two hold; A010 adds the day of the month from
 * which they hold (0: left out). */
struct heng_cjt188_prices {
    uint32_t price_cent[3], limit_m3[2];
    uint8_t first_day;
};
HENG_NODISCARD heng_rc heng_cjt188_put_prices(struct heng_buf *buf, const struct heng_cjt188_prices *prices);

/* A013: the count of purchases and what is bought. */
HENG_NODISCARD heng_rc heng_cjt188_put_purchase(struct heng_buf *buf, uint8_t number, uint64_t amount_cent);

/* The byte of A017 that opens or closes the valve of this model; dialect may be NULL. */
uint8_t heng_cjt188_valve_code(bool open, const struct heng_dialect *dialect);

/* What the status of an answer says of the valve, as its dialect has it; false when it says nothing. */
typedef enum heng_cjt188_valve {
    HENG_CJT188_VALVE_OPEN,
    HENG_CJT188_VALVE_CLOSED,
    HENG_CJT188_VALVE_RESERVED, /* some say so while it moves */
    HENG_CJT188_VALVE_ABNORMAL
} heng_cjt188_valve;
bool heng_cjt188_valve_of(const struct heng_telegram *telegram, heng_cjt188_valve *ret);

/* The medium of a meter type T and the usual T of a medium (0x10 when the medium has none). */
heng_medium heng_cjt188_medium(uint8_t type);
uint8_t heng_cjt188_type(heng_medium medium);

#endif
