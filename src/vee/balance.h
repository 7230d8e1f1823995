#ifndef HENG_VEE_BALANCE_H
#define HENG_VEE_BALANCE_H
/* What went in, what came out, what is lost, and how far that can be believed. All amounts of one balance are of the
 * same unit and the same stretch of time. */
#include "model/medium.h"
#include "vee/quality.h"
#include "vee/verdict.h"

#include <stddef.h>

typedef enum heng_balance_side { HENG_BALANCE_IN, HENG_BALANCE_OUT, HENG_BALANCE_OWN } heng_balance_side;

/* What a meter of an accuracy class may be off by in use, in 1/10000; 0: a class that is not known for the medium.
 * Source: IEC 62053-21/-22 and EN 50470-3 (electricity: 0.2S .. 3, A B C), OIML R 49 (water: 1, 2, above Q2), OIML
 * R 137 (gas: 0.5, 1, 1.5), EN 1434-1 (heat: 1, 2, 3: flow sensor, temperatures and calculator together). */
uint16_t heng_accuracy_permyriad(heng_medium medium, const char *accuracy);

/* One meter. estimated: the part of amount that was not measured. error_permyriad: what the meter may be off by its
 * class, in 1/10000 of amount. area_cm2: what it supplies, 0: not known. unlike: it counts what cannot be compared with
 * the others; it has no amount then. */
struct heng_balance_part {
    heng_balance_side side;
    bool has_amount, unlike;
    struct heng_dec amount, estimated;
    uint16_t error_permyriad;
    int64_t area_cm2;
};

/* All in 1/10000. low, high: of in; loss outside is a finding. estimated_max: share of out that may be estimated;
 * missing_max: share of the meters of out (and of their area, where it is known of all) that may have no amount;
 * estimate_error: what an estimated part may be off. */
struct heng_balance_limits {
    int32_t low, high;
    uint16_t estimated_max, missing_max, estimate_error;
};
extern const struct heng_balance_limits heng_balance_limits_default; /* -2 % .. 15 %, 5 %, 0, 20 % */

/* X(symbol, text) */
#define HENG_BALANCE_STATE_LIST(X)                                                                                     \
    X(OK, "ok")               /* within the limits */                                                                  \
    X(UNCERTAIN, "uncertain") /* beyond a limit, but not by more than the band */                                      \
    X(HIGH, "high")           /* more is lost than allowed, whatever the meters are off */                             \
    X(NEGATIVE, "negative")   /* more came out than went in: a meter, a unit or the plan of pipes is wrong */          \
    X(CANNOT_SAY, "cannot-conclude")
typedef enum heng_balance_state {
#define X(symbol, text) HENG_BALANCE_##symbol,
    HENG_BALANCE_STATE_LIST(X)
#undef X
        HENG_BALANCE_STATE_COUNT
} heng_balance_state;
const char *heng_balance_state_text(heng_balance_state state);

/* X(symbol, text): why nothing can be concluded; share is the figure beside it. */
#define HENG_BALANCE_WHY_LIST(X)                                                                                       \
    X(NOTHING, "")                                                                                                     \
    X(UNLIKE, "unlike")               /* a meter that counts something else, or in a unit that is none of its kind */  \
    X(NO_INPUT, "no-input")           /* nothing goes in, or it is not above zero */                                   \
    X(INPUT_MISSING, "input-missing") /* a meter of the input has no amount */                                         \
    X(INPUT_ESTIMATED, "input-estimated") /* share: of the input */                                                    \
    X(NO_OUTPUT, "no-output")             /* no meter below */                                                         \
    X(MISSING, "children-missing")        /* share: of the meters below */                                             \
    X(MISSING_AREA, "area-missing")       /* share: of the area below */                                               \
    X(ESTIMATED, "children-estimated")    /* share: of the sum below */
typedef enum heng_balance_why {
#define X(symbol, text) HENG_BALANCE_WHY_##symbol,
    HENG_BALANCE_WHY_LIST(X)
#undef X
        HENG_BALANCE_WHY_COUNT
} heng_balance_why;
const char *heng_balance_why_text(heng_balance_why why);

/* The sums are of what is there, also when nothing can be concluded; loss and percent are there only when it can.
 * band: loss is loss -band .. +band. percents of in with two places. share_permyriad: with why. area_permyriad: area of
 * the meters below that have an amount, of all of it; -1: the area is not known of all. */
struct heng_balance {
    heng_balance_state state;
    heng_balance_why why;
    int32_t share_permyriad;
    size_t children, missing, estimated; /* below: how many; without an amount; with an estimated part */
    int32_t area_permyriad;
    struct heng_dec in, out, own, out_estimated;
    struct heng_opt_dec loss, loss_pct, band, band_pct;
};

/* Errors: ERANGE when sums do not fit, or a part is estimated that is greater than its amount. */
HENG_NODISCARD heng_rc heng_balance(const struct heng_balance_part *parts, size_t count,
                                    const struct heng_balance_limits *limits, struct heng_balance *ret);

#endif
