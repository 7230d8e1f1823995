#ifndef HENG_MODEL_PURSE_H
#define HENG_MODEL_PURSE_H
/* Money that lies in a meter, and the count of purchases that keeps it from coming twice: a meter takes purchase n + 1
 * behind n and no other. So whoever sends one asks for the count first, and asks again before it sends again. */
#include <stdbool.h>
#include <stdint.h>

/* What a meter says of its purse. Amounts in the smallest unit of the currency. */
struct heng_purse {
    bool has_number, has_last, has_total, has_remaining;
    uint32_t number; /* purchases so far, as far as the meter's digits go */
    int64_t last, total, remaining;
};

/* What the count says about the purchase behind `done`. */
typedef enum heng_purse_says {
    HENG_PURSE_SEND,    /* the meter has `done`: the next one may go, or go again */
    HENG_PURSE_ARRIVED, /* it has the next one already: only the answer was lost */
    HENG_PURSE_AHEAD,   /* it has more: money from elsewhere, or a record that is lost */
    HENG_PURSE_BEHIND   /* it has less: another meter, or one that was reset */
} heng_purse_says;

/* done: purchases that are known to be in the meter; wrap: 100 for a count of two digits, 0: it never begins anew. A
 * count that begins anew says only where it stands: total and last amount are the second witness. */
heng_purse_says heng_purse_compare(uint32_t done, uint32_t meter, uint32_t wrap);

#endif
