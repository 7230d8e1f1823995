#ifndef HENG_STORE_MONEY_BILLS_H
#define HENG_STORE_MONEY_BILLS_H
/* Charges with their lines and trace, bills, runs. charges.c and bills.c. Writing needs an open transaction. */
#include "base/buf.h"
#include "model/booking.h"
#include "store/store.h"

enum {
    HENG_CHARGE_LINES_MAX = 512,
    HENG_COMPONENT_MAX = 64,
    HENG_BILL_NUMBER_MAX = 32,
    HENG_BILL_UNIT_MAX = 16,
    HENG_DEC_SHORT_MAX = 28,
    HENG_MEDIUM_TEXT_MAX = 24,
};

/* X(symbol, text) */
#define HENG_CHARGE_KIND_LIST(X) X(USAGE, "usage") X(HEAT, "heat") X(FEE, "fee")
typedef enum heng_charge_kind {
#define X(symbol, text) HENG_CHARGE_##symbol,
    HENG_CHARGE_KIND_LIST(X)
#undef X
        HENG_CHARGE_KIND_COUNT
} heng_charge_kind;
const char *heng_charge_kind_text(heng_charge_kind kind);
heng_charge_kind heng_charge_kind_of(const char *text);

/* One line as it is printed. quantity, price: exact decimals; amount and tax in the smallest unit of the currency; the
 * amounts of the lines sum to the charge's total. tax: contained in amount. */
struct heng_charge_line {
    char component[HENG_COMPONENT_MAX], name[HENG_COMPONENT_MAX], version[HENG_COMPONENT_MAX];
    uint8_t tier;
    char rate[HENG_COMPONENT_MAX], unit[HENG_BILL_UNIT_MAX];
    int32_t from_day, to_day;
    char quantity[HENG_DEC_SHORT_MAX], price[HENG_DEC_SHORT_MAX];
    int64_t amount, tax;
    char note[HENG_COMPONENT_MAX], vat[HENG_DEC_SHORT_MAX]; /* note: which transformer, say; vat: "0.13", "" none */
    uint32_t time_count, time_of; /* amount is quantity x price x time_count / time_of; 0 of 0 is 1 of 1 */
};

/* [from_day, to_day). Texts are borrowed JSON: of who made it, or of the arena of who read it. */
struct heng_charge {
    int64_t id, contract_id, account_id;
    heng_charge_kind kind;
    int32_t from_day, to_day;
    char medium[HENG_MEDIUM_TEXT_MAX];              /* heng_medium_text of the point: "" for fees */
    int64_t total, before, amount, tax, before_tax; /* tax is part of total, before_tax of before */
    bool estimated;
    int64_t bill_id, booking_id;
    heng_us at_us;
    struct heng_slice ask, states, trace;
    uint8_t digest[32];
    size_t line_count;
    struct heng_charge_line *lines;
};

struct heng_arena;
/* Many at once: their ids are given here. */
HENG_NODISCARD heng_rc heng_store_put_charges(struct heng_store *store, struct heng_charge *charges, size_t n,
                                              struct heng_err *err);
/* With its lines and texts, in the arena. Errors: ENOTFOUND. */
HENG_NODISCARD heng_rc heng_store_get_charge(struct heng_store_reader *reader, int64_t id, struct heng_arena *arena,
                                             struct heng_charge *ret, struct heng_err *err);
/* Of a bill, with lines and texts, in the order of their ids. */
HENG_NODISCARD heng_rc heng_store_list_charges(struct heng_store_reader *reader, int64_t bill_id,
                                               struct heng_arena *arena, struct heng_charge **ret, size_t *ret_n,
                                               struct heng_err *err);
/* SHA-256 of what a charge says: contract, period, amounts, ask, lines and trace. What heng_charge.digest must be. */
HENG_NODISCARD heng_rc heng_charge_digest(const struct heng_charge *charge, uint8_t ret[32], struct heng_err *err);
/* The newest charge that counts (not of a bill that is a draft or was reversed) of a contract with to_day <= until,
 * with its states, without lines, ask and trace; ENOTFOUND: none. What the next charge goes on from. */
HENG_NODISCARD heng_rc heng_store_last_charge(struct heng_store_reader *reader, int64_t contract_id, int32_t until,
                                              struct heng_arena *arena, struct heng_charge *ret, struct heng_err *err);
/* The booking of a prepaid charge, when it is known. */
HENG_NODISCARD heng_rc heng_store_charge_booked(struct heng_store *store, int64_t charge_id, int64_t booking_id,
                                                struct heng_err *err);
/* Those of a draft go with it. */
HENG_NODISCARD heng_rc heng_store_drop_charges(struct heng_store *store, int64_t bill_id, struct heng_err *err);

/* X(symbol, text) */
#define HENG_BILL_KIND_LIST(X)                                                                                         \
    X(BILL, "bill")                                                                                                    \
    X(STATEMENT, "statement") /* of what prepaid charges took; nothing is owed by it */                                \
    X(FINAL, "final")         /* at move-out or closing */                                                             \
    X(HEAT, "heat")           /* a season, from an apportionment */                                                    \
    X(PREPAY, "prepay")       /* asked for beforehand: area fee of a season, monthly prepayment */                     \
    X(DELTA, "delta")         /* what late readings change */                                                          \
    X(REVERSAL, "reversal")   /* the mirror of a bill */
typedef enum heng_bill_kind {
#define X(symbol, text) HENG_BILL_##symbol,
    HENG_BILL_KIND_LIST(X)
#undef X
        HENG_BILL_KIND_COUNT
} heng_bill_kind;
/* X(symbol, text) */
#define HENG_BILL_STATE_LIST(X)                                                                                        \
    X(DRAFT, "draft")                                                                                                  \
    X(BLOCKED, "blocked") /* something holds it: why says what */                                                      \
    X(ISSUED, "issued")   /* numbered, booked, for ever */                                                             \
    X(REVERSED, "reversed")
typedef enum heng_bill_state {
#define X(symbol, text) HENG_BILL_STATE_##symbol,
    HENG_BILL_STATE_LIST(X)
#undef X
        HENG_BILL_STATE_COUNT
} heng_bill_state;
const char *heng_bill_kind_text(heng_bill_kind kind);
heng_bill_kind heng_bill_kind_of(const char *text);
const char *heng_bill_state_text(heng_bill_state state);
heng_bill_state heng_bill_state_of(const char *text);

/* X(symbol, bit, text) What the preview shows first. */
#define HENG_BILL_FLAG_LIST(X)                                                                                         \
    X(INCOMPLETE, 0, "incomplete") /* usage is missing: blocks */                                                      \
    X(NO_TARIFF, 1, "no-tariff")   /* blocks */                                                                        \
    X(OPEN_TASK, 2, "open-task")   /* a verdict on its usage is not answered: blocks when it is severe */              \
    X(ZERO, 3, "zero")                                                                                                 \
    X(NEGATIVE, 4, "negative")                                                                                         \
    X(ESTIMATED, 5, "estimated")                                                                                       \
    X(FAR, 6, "far")             /* from the same time last year, or from the period before */                         \
    X(FIRST, 7, "first")         /* nothing to compare it with */                                                      \
    X(EXCHANGED, 8, "exchanged") /* a meter was changed in it */                                                       \
    X(PART, 9, "part")           /* not the whole cycle */
enum {
#define X(symbol, bit, text) HENG_BILL_FLAG_##symbol = 1u << (bit),
    HENG_BILL_FLAG_LIST(X)
#undef X
};

struct heng_bill {
    int64_t id, run_id, org_id, account_id;
    heng_bill_kind kind;
    heng_bill_state state;
    char number[HENG_BILL_NUMBER_MAX];
    int32_t from_day, to_day, due_day;
    int64_t total, tax;
    char currency[HENG_CURRENCY_MAX];
    uint32_t flags;
    char why[HENG_DETAIL_MAX];
    int64_t booking_id, reverses, replaces;
    heng_us issued_us;
    int32_t rank; /* place in the preview: the lowest first */
    bool has_digest;
    uint8_t digest[32];
};
/* Insert (id 0) or change. An issued bill changes its state, and nothing else (EBUG). */
HENG_NODISCARD heng_rc heng_store_put_bill(struct heng_store *store, struct heng_bill *bill, struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_get_bill(struct heng_store_reader *reader, int64_t scope, int64_t id,
                                           struct heng_bill *ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_find_bill(struct heng_store_reader *reader, int64_t scope, const char *number,
                                            struct heng_bill *ret, struct heng_err *err);
/* Many, each as put_bill. */
HENG_NODISCARD heng_rc heng_store_put_bills(struct heng_store *store, struct heng_bill *bills, size_t n,
                                            struct heng_err *err);

/* Which: 0, "" and COUNT: all. Of a run they come by rank and id behind (after_rank, after_id), else newest first below
 * after_id (0: from the newest). */
struct heng_bill_ask {
    int64_t scope, account_id, run_id;
    heng_bill_kind kind;
    heng_bill_state state;
    int32_t from_day, to_day; /* whose period touches [from_day, to_day); 0, 0: all */
    int32_t after_rank;
    int64_t after_id;
};
HENG_NODISCARD heng_rc heng_store_list_bills(struct heng_store_reader *reader, const struct heng_bill_ask *ask,
                                             struct heng_bill *ret, size_t cap, size_t *ret_n, struct heng_err *err);
/* The bill that takes this one back. Errors: ENOTFOUND. */
HENG_NODISCARD heng_rc heng_store_find_bill_reversal(struct heng_store_reader *reader, int64_t bill_id,
                                                     struct heng_bill *ret, struct heng_err *err);

/* --- which money pays which bill ------------------------------------------------------------------------------- */

enum { HENG_PART_MAX = 12 };
/* n: of the booking, from 0. part: "principal", "late". amount below zero takes back. */
struct heng_allocation {
    int64_t booking_id, bill_id, amount;
    int32_t n, day;
    char part[HENG_PART_MAX];
};
HENG_NODISCARD heng_rc heng_store_add_allocations(struct heng_store *store, const struct heng_allocation *rows,
                                                  size_t n, struct heng_err *err);
/* Of a bill, or of a booking (the other is 0), in the order in which they were made. */
HENG_NODISCARD heng_rc heng_store_list_allocations(struct heng_store_reader *reader, int64_t bill_id,
                                                   int64_t booking_id, struct heng_allocation *ret, size_t cap,
                                                   size_t *ret_n, struct heng_err *err);

/* An issued bill of which something is left: principal of its total, late of the fees booked for it. */
struct heng_open_bill {
    int64_t id, account_id, principal, late;
    int32_t due_day;
    char number[HENG_BILL_NUMBER_MAX], currency[HENG_CURRENCY_MAX];
};
/* Of an account, oldest due first. */
HENG_NODISCARD heng_rc heng_store_list_open_bills(struct heng_store_reader *reader, int64_t account_id,
                                                  struct heng_open_bill *ret, size_t cap, size_t *ret_n,
                                                  struct heng_err *err);

#endif
