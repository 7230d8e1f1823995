#ifndef HENG_BASE_DEC_H
#define HENG_BASE_DEC_H
/* Exact decimals: mantissa x 10^exp. They keep the resolution the meter sent: 1.50 stays 1.50. */
#include "base/rc.h"
#include <stddef.h>

struct heng_dec {
    int64_t mantissa;
    int8_t exp;
};

/* exp of every heng_dec lies within these bounds; a wider one is a range error where it is made. */
enum { HENG_DEC_EXP_MIN = -30, HENG_DEC_EXP_MAX = 18, HENG_DEC_TEXT_MAX = 64 };

/* Make a decimal. Errors: ERANGE when exp is out of bounds. */
HENG_NODISCARD heng_rc heng_dec_make(int64_t mantissa, int exp, struct heng_dec *ret);

/* a x 10^shift, exactly. Errors: ERANGE. */
HENG_NODISCARD heng_rc heng_dec_shift(struct heng_dec a, int shift, struct heng_dec *ret);

/* a x factor, exactly (seconds from hours, say). Errors: ERANGE when the mantissa does not fit. */
HENG_NODISCARD heng_rc heng_dec_scale(struct heng_dec a, int64_t factor, struct heng_dec *ret);

/* a + b and a - b at the finer resolution of both. Errors: ERANGE. */
HENG_NODISCARD heng_rc heng_dec_add(struct heng_dec a, struct heng_dec b, struct heng_dec *ret);
HENG_NODISCARD heng_rc heng_dec_sub(struct heng_dec a, struct heng_dec b, struct heng_dec *ret);

/* -1, 0, 1 by numeric value (1.50 equals 1.5), for any two decimals. */
int heng_dec_cmp(struct heng_dec a, struct heng_dec b);

/* Plain decimal text without exponent, NUL-terminated; returns its length. ret_text has
 * HENG_DEC_TEXT_MAX bytes, which always suffice. A positive exp is written out in zeros. */
size_t heng_dec_format(struct heng_dec a, char ret_text[HENG_AT_LEAST(HENG_DEC_TEXT_MAX)]);

/* Shape:  [+-]digits[.digits], at least one digit, nothing else. Keeps trailing zeros as resolution.
 * Errors: EFORMAT (err->at = offset of the first bad character), ERANGE when it does not fit. */
HENG_NODISCARD heng_rc heng_dec_parse(const char *text, struct heng_dec *ret, struct heng_err *err);

/* The shortest decimal that reads back as the given IEEE 754 single (at most 9 digits; of two that are
 * equally near, the even one), from its bits; no floating-point arithmetic is used.
 * Errors: ERANGE for infinity, NaN and what does not fit a heng_dec. */
HENG_NODISCARD heng_rc heng_dec_from_f32(uint32_t bits, struct heng_dec *ret);

/* The same for a double (at most 17 digits). What fits lies between 10^-30 and 10^36, roughly, and zero; a double whose
 * shortest decimal has digits below 10^-30 does not. */
HENG_NODISCARD heng_rc heng_dec_from_f64(uint64_t bits, struct heng_dec *ret);

#endif
