#ifndef HENG_MODEL_ORDER_H
#define HENG_MODEL_ORDER_H
/* What can be wanted of a meter, how urgent it is, and how far it has come. */
#include "base/time.h"

/* X(symbol, text): supply is named, not valve or relay, because an open valve lets through and an open relay does not.
 */
#define HENG_ORDER_LIST(X)                                                                                             \
    X(READ, "read")                 /* the values of now, as its profile asks for them */                              \
    X(READ_HISTORY, "read-history") /* the frozen values of the due date or month `back` ago, 1: the last one */       \
    X(READ_ADDRESS, "read-address") /* who are you? for a line with a single meter */                                  \
    X(READ_CLOCK, "read-clock")                                                                                        \
    X(READ_STATE, "read-state")   /* of valve or relay */                                                              \
    X(PROBE, "probe")             /* is it there? the cheapest question it answers */                                  \
    X(SET_CLOCK, "set-clock")     /* to the time at the moment of sending; broadcast: without an answer */             \
    X(FREEZE, "freeze")           /* keep the values of now; broadcast: without an answer */                           \
    X(CONNECT, "connect")         /* supply on: valve open, relay closed or allowed to close */                        \
    X(DISCONNECT, "disconnect")   /* supply off */                                                                     \
    X(KEEP, "keep")               /* supply stays on whatever the credit says */                                       \
    X(RELEASE, "release")         /* ends KEEP */                                                                      \
    X(SET_ADDRESS, "set-address") /* to `address` */                                                                   \
    X(SET_BAUD, "set-baud")       /* to `baud` */                                                                      \
    X(READ_PURSE, "read-purse")   /* of a meter that holds money: purchases so far, the last one, what is left */      \
    X(PURCHASE, "purchase")       /* `amount` into it, as purchase `number`: see model/purse.h */

typedef enum heng_order_kind {
#define X(symbol, text) HENG_ORDER_##symbol,
    HENG_ORDER_LIST(X)
#undef X
        HENG_ORDER_COUNT
} heng_order_kind;

/* Does it change something in the meter or behind it? Such an order ends with reading the state back. */
bool heng_order_changes(heng_order_kind kind);

/* X(symbol, text): who comes first on a line. */
#define HENG_CLASS_LIST(X)                                                                                             \
    X(CONTROL, "control")     /* somebody waits for a valve or relay */                                                \
    X(ON_DEMAND, "on-demand") /* somebody looks at the screen */                                                       \
    X(DUE_DATE, "due-date")   /* frozen values: bills wait for them */                                                 \
    X(PERIODIC, "periodic")                                                                                            \
    X(PROBE, "probe") /* of a meter in quarantine */                                                                   \
    X(SEARCH, "search")

typedef enum heng_class {
#define X(symbol, text) HENG_CLASS_##symbol,
    HENG_CLASS_LIST(X)
#undef X
        HENG_CLASS_COUNT
} heng_class;

/* X(symbol, text): how far an order has come. Nothing is done because a meter said OK: CONFIRMED is what the state
 * that was read back says; a read ends with CONFIRMED too. A broadcast ends with SENT, for nobody answers it. */
#define HENG_STAGE_LIST(X)                                                                                             \
    X(QUEUED, "queued")                                                                                                \
    X(SENT, "sent")                                                                                                    \
    X(ACCEPTED, "accepted") /* the meter said OK */                                                                    \
    X(CONFIRMED, "confirmed")                                                                                          \
    X(FAILED, "failed")                                                                                                \
    X(EXPIRED, "expired") /* its time was over before it was sent */                                                   \
    X(CANCELLED, "cancelled")

typedef enum heng_stage {
#define X(symbol, text) HENG_STAGE_##symbol,
    HENG_STAGE_LIST(X)
#undef X
        HENG_STAGE_COUNT
} heng_stage;

enum { HENG_ADDRESS_MAX = 24 };

/* The secrets are those of the meter (DL/T 645 password PA P0..P2, operator code C0..C3; the CJ/T 188 key byte of
 * vendors that have one): never logged, never stored. */
struct heng_order {
    heng_order_kind kind;
    uint16_t back;                  /* READ_HISTORY */
    uint32_t baud;                  /* SET_BAUD */
    char address[HENG_ADDRESS_MAX]; /* SET_ADDRESS */
    uint32_t number;                /* PURCHASE: from 1 for each meter */
    int64_t amount;                 /* PURCHASE: smallest unit of the currency; below zero: taken out */
    bool has_secret;
    uint8_t password[4], operator_code[4];
};

/* The texts of the tables; "unknown" for a number outside; COUNT when the text is not in the table. */
const char *heng_order_text(heng_order_kind kind);
heng_order_kind heng_order_of(const char *text);
const char *heng_class_text(heng_class cls);
const char *heng_stage_text(heng_stage stage);
heng_stage heng_stage_of(const char *text);

#endif
