#ifndef HENG_MODEL_BOOKING_H
#define HENG_MODEL_BOOKING_H
/* Movements of money, double entry. Amounts are whole numbers of the smallest unit of the currency (fen, cents). */
#include "base/time.h"

#include <stddef.h>

/* X(symbol, text) Books. Debit is positive: what customers and channels owe us, cash, losses. Credit is negative: what
 * we owe customers, revenue, tax. ref: what tells books of one kind apart. */
#define HENG_BOOK_LIST(X)                                                                                              \
    X(PURSE, "purse")     /* of an account: paid in beforehand, for prepaid use; below zero is the customer's */       \
    X(OWED, "owed")       /* of an account: bills, late fees that are not paid */                                      \
    X(ADVANCE, "advance") /* of an account: paid beyond what was owed, for the next bills */                           \
    X(DEPOSIT, "deposit") /* of an account */                                                                          \
    X(METER, "meter")     /* of an account, ref: point id: money that lies in the meter */                             \
    X(CASH, "cash")       /* ref: desk; what is in its drawer */                                                       \
    X(SAFE, "safe")       /* handed over by cashiers, not yet at the bank */                                           \
    X(CHANNEL, "channel") /* ref: channel; paid there, not yet on our account */                                       \
    X(BANK, "bank")       /* ref: channel or ''; on our account */                                                     \
    X(CHANNEL_FEE, "channel-fee") /* ref: channel */                                                                   \
    X(UNCLEAR, "unclear")         /* ref: channel; money that belongs to nobody known */                               \
    X(REVENUE, "revenue")         /* ref: component's kind or medium: "electricity" */                                 \
    X(TAX, "tax")                 /* ref: rate in percent: "13" */                                                     \
    X(LATE, "late")               /* late fees and dunning fees */                                                     \
    X(LOSS, "loss")               /* write-offs and waivers */                                                         \
    X(OVER_SHORT, "over-short")   /* ref: desk; differences of the drawer */                                           \
    X(OPENING, "opening")         /* balances of an old system */
typedef enum heng_book_kind {
#define X(symbol, text) HENG_BOOK_##symbol,
    HENG_BOOK_LIST(X)
#undef X
        HENG_BOOK_COUNT
} heng_book_kind;

/* X(symbol, text) What happened. Which books a kind moves: ledger/rules.h. */
#define HENG_BOOKING_LIST(X)                                                                                           \
    X(OPENING, "opening")           /* carried in from an old system */                                                \
    X(DEPOSIT, "deposit")           /* paid in as a security */                                                        \
    X(DEPOSIT_BACK, "deposit-back") /* paid back, or turned into purse or owed */                                      \
    X(SALE, "sale")                 /* money into the purse */                                                         \
    X(REFUND, "refund")             /* money out of purse or advance */                                                \
    X(CHARGE, "charge")             /* prepaid use: purse to revenue and tax */                                        \
    X(BILL, "bill")                 /* owed to revenue and tax; negative: a credit note */                             \
    X(PAYMENT, "payment")           /* money to owed, what is over to advance */                                       \
    X(APPLY, "apply")               /* advance, purse or deposit to owed */                                            \
    X(LATE_FEE, "late-fee")         /* owed to late */                                                                 \
    X(WAIVER, "waiver")             /* a late fee is let off */                                                        \
    X(WRITE_OFF, "write-off")       /* owed to loss */                                                                 \
    X(ADJUSTMENT, "adjustment")     /* by a person, with reason and second: purse or owed against loss or revenue */   \
    X(TRANSFER, "transfer")         /* between accounts, or purse and advance of one */                                \
    X(TO_METER, "to-meter")         /* purse to meter */                                                               \
    X(FROM_METER, "from-meter")     /* meter to purse */                                                               \
    X(METER_USE, "meter-use")       /* what a meter took from its own money: meter to revenue and tax */               \
    X(PAYOUT, "payout")             /* purse, advance, deposit to money, at closing */                                 \
    X(REVERSAL, "reversal")         /* the mirror of another booking */                                                \
    X(HAND_OVER, "hand-over")       /* cash to safe, at the end of a cash day */                                       \
    X(OVER_SHORT, "over-short")     /* the drawer did not hold what it should */                                       \
    X(SETTLEMENT, "settlement")     /* channel or safe to bank */                                                      \
    X(CHANNEL_FEE, "channel-fee")   /* channel to channel-fee */                                                       \
    X(UNCLEAR, "unclear")           /* money came and nobody knows for whom */                                         \
    X(CLEARED, "cleared")           /* and now somebody does, or it went back */
typedef enum heng_booking_kind {
#define X(symbol, text) HENG_BOOKING_##symbol,
    HENG_BOOKING_LIST(X)
#undef X
        HENG_BOOKING_COUNT
} heng_booking_kind;

const char *heng_book_text(heng_book_kind kind);
heng_book_kind heng_book_of(const char *text); /* COUNT when it is none */
const char *heng_booking_text(heng_booking_kind kind);
heng_booking_kind heng_booking_of(const char *text);

enum {
    HENG_BOOK_REF_MAX = 48,
    HENG_BOOKING_KEY_MAX = 96,
    HENG_POSTINGS_MAX = 24,
    HENG_CURRENCY_MAX = 4,
    HENG_CHANNEL_MAX = 24,
    HENG_DESK_MAX = 24,
    HENG_SUBJECT_MAX = 16,
    HENG_WHO_MAX = 64,
    HENG_REASON_MAX = 160,
};

struct heng_posting {
    heng_book_kind book;
    int64_t account_id; /* 0: not of an account */
    char ref[HENG_BOOK_REF_MAX];
    int64_t amount; /* debit positive */
};

/* amount: what a person would say was moved, never below zero but where what was taken may be given back
 * (BILL: a credit note, CHARGE, METER_USE, ADJUSTMENT, OPENING, and REVERSAL of such a one). day: of the
 * site, for which it counts. */
struct heng_booking {
    int64_t id;
    char key[HENG_BOOKING_KEY_MAX];
    int64_t org_id, account_id;
    heng_booking_kind kind;
    int64_t amount;
    char currency[HENG_CURRENCY_MAX];
    heng_us at_us;
    int32_t day;
    char channel[HENG_CHANNEL_MAX], desk[HENG_DESK_MAX];
    int64_t cash_day_id;
    char subject[HENG_SUBJECT_MAX];
    int64_t subject_id, reverses;
    char who[HENG_WHO_MAX], second[HENG_WHO_MAX], reason[HENG_REASON_MAX];
    size_t posting_count;
    struct heng_posting postings[HENG_POSTINGS_MAX]; /* sum to zero */
};

#endif
