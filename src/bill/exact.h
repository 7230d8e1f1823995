#ifndef HENG_BILL_EXACT_H
#define HENG_BILL_EXACT_H
/* Products and quotients of exact decimals, rounded once, by a rule that has a name. What is between is 128 bits wide;
 * what does not fit is an error, never a cut amount. */
#include "base/dec.h"
#include "base/slice.h"

/* X(symbol, text) How a result is brought to its places; the text is that of the JSON forms. */
#define HENG_ROUNDING_LIST(X)                                                                                          \
    X(HALF_UP, "half-up")     /* half away from zero: 2.345 is 2.35, -2.345 is -2.35 */                                \
    X(HALF_EVEN, "half-even") /* half to the even neighbour */                                                         \
    X(DOWN, "down")           /* towards zero, as "cut to 3 decimals" */                                               \
    X(UP, "up")               /* away from zero */
typedef enum heng_rounding {
#define X(symbol, text) HENG_ROUNDING_##symbol,
    HENG_ROUNDING_LIST(X)
#undef X
        HENG_ROUNDING_COUNT
} heng_rounding;
const char *heng_rounding_text(heng_rounding rounding); /* "none" for COUNT */
heng_rounding heng_rounding_of(struct heng_slice text); /* COUNT when it is none */

enum { HENG_PLACES_MAX = 9 };

/* a to so many places behind the point (0..HENG_PLACES_MAX); fewer digits are filled with zeros.
 * Errors: ERANGE when it does not fit 18 digits. The same for the next three. */
HENG_NODISCARD heng_rc heng_exact_round(struct heng_dec a, int places, heng_rounding rounding, struct heng_dec *ret);

/* a x b. */
HENG_NODISCARD heng_rc heng_exact_mul(struct heng_dec a, struct heng_dec b, int places, heng_rounding rounding,
                                      struct heng_dec *ret);

/* a x b / c. ERANGE also when c is zero. */
HENG_NODISCARD heng_rc heng_exact_div(struct heng_dec a, struct heng_dec b, struct heng_dec c, int places,
                                      heng_rounding rounding, struct heng_dec *ret);

/* a x b without rounding, at the places that both have together. */
HENG_NODISCARD heng_rc heng_exact_product(struct heng_dec a, struct heng_dec b, struct heng_dec *ret);

/* How often the step 10^-places is in a, when that is a whole number. False when a is finer, or it does not fit. */
bool heng_exact_steps(struct heng_dec a, int places, int64_t *ret);

static inline struct heng_dec heng_dec_of(int64_t mantissa, int exp)
{
    struct heng_dec dec = {mantissa, (int8_t)exp};
    return dec;
}

#endif
