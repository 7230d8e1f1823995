#ifndef HENG_STORE_MONEY_ACCOUNTS_H
#define HENG_STORE_MONEY_ACCOUNTS_H
/* Accounts, contracts, tariffs as they were put in, and the audit. scope: the organisation that asks, 0: the operator.
 * Writing needs an open transaction. */
#include "base/buf.h"
#include "model/booking.h"
#include "store/store.h"

enum {
    HENG_ACCOUNT_NUMBER_MAX = 32,
    HENG_ACCOUNT_NAME_MAX = 96,
    HENG_PHONE_MAX = 32,
    HENG_LETTER_MAX = 192,
    HENG_BANK_TEXT_MAX = 512,
    HENG_TARIFF_KEY_MAX = 40,
    HENG_TERMS_TEXT_MAX = 4096,
    HENG_CONTRACTS_MAX = 64, /* of an account, at one time */
};
#define HENG_LIMIT_NONE INT64_MIN /* a limit that the account does not have of its own */

/* X(symbol, text) */
#define HENG_PROTECTION_LIST(X)                                                                                        \
    X(NONE, "none")                                                                                                    \
    X(SECOND, "second")       /* supply ends only when a second person agrees */                                       \
    X(PROTECTED, "protected") /* never */
typedef enum heng_protection {
#define X(symbol, text) HENG_PROTECTION_##symbol,
    HENG_PROTECTION_LIST(X)
#undef X
        HENG_PROTECTION_COUNT
} heng_protection;
const char *heng_protection_text(heng_protection protection);
heng_protection heng_protection_of(const char *text);

struct heng_account {
    int64_t id, org_id, place_id; /* place_id 0: not known */
    char number[HENG_ACCOUNT_NUMBER_MAX], name[HENG_ACCOUNT_NAME_MAX], phone[HENG_PHONE_MAX];
    char address[HENG_LETTER_MAX], language[4], currency[HENG_CURRENCY_MAX], bank[HENG_BANK_TEXT_MAX];
    int64_t warn[3], overdraft, hoard; /* HENG_LIMIT_NONE: those of the site */
    heng_protection protection;
    heng_us opened_us, closed_us;
    char note[HENG_REASON_MAX];
};

/* X(symbol, text) */
#define HENG_MODE_LIST(X)                                                                                              \
    X(PREPAID, "prepaid")   /* the balance is here, charged from usage */                                              \
    X(IN_METER, "in-meter") /* the money lies in the meter */                                                          \
    X(POSTPAID, "postpaid")
typedef enum heng_mode {
#define X(symbol, text) HENG_MODE_##symbol,
    HENG_MODE_LIST(X)
#undef X
        HENG_MODE_COUNT
} heng_mode;
const char *heng_mode_text(heng_mode mode);
heng_mode heng_mode_of(const char *text);

#define HENG_CYCLE_OF_BILL_LIST(X)                                                                                     \
    X(MONTH, "month", 1)                                                                                               \
    X(TWO_MONTHS, "two-months", 2)                                                                                     \
    X(QUARTER, "quarter", 3)                                                                                           \
    X(YEAR, "year", 12) X(SEASON, "season", 0) /* of heating: from and to are told by who bills */
typedef enum heng_bill_cycle {
#define X(symbol, text, months) HENG_BILL_CYCLE_##symbol,
    HENG_CYCLE_OF_BILL_LIST(X)
#undef X
        HENG_BILL_CYCLE_COUNT
} heng_bill_cycle;
const char *heng_bill_cycle_text(heng_bill_cycle cycle);
heng_bill_cycle heng_bill_cycle_of(const char *text);
unsigned heng_bill_cycle_months(heng_bill_cycle cycle);

/* [from_day, to_day); to_day 0: no end. terms: JSON, see sql/sqlite/0013_money.sql. */
struct heng_contract {
    int64_t id, account_id, point_id;
    heng_mode mode;
    char tariff_key[HENG_TARIFF_KEY_MAX], price_class[HENG_TARIFF_KEY_MAX], tariff_group[HENG_TARIFF_KEY_MAX];
    heng_bill_cycle cycle;
    int32_t from_day, to_day;
    char terms[HENG_TERMS_TEXT_MAX];
    int64_t follows, meter_count;
};

/* Insert (id 0: it is given) or change. Errors: ECONFLICT the number is taken. */
HENG_NODISCARD heng_rc heng_store_put_account(struct heng_store *store, struct heng_account *account,
                                              struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_get_account(struct heng_store_reader *reader, int64_t scope, int64_t id,
                                              struct heng_account *ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_find_account(struct heng_store_reader *reader, int64_t scope, const char *number,
                                               struct heng_account *ret, struct heng_err *err);
/* By number behind after ("": from the first); words: the beginning of number or name, or of the phone; "": all. */
HENG_NODISCARD heng_rc heng_store_list_accounts(struct heng_store_reader *reader, int64_t scope, const char *words,
                                                const char *after, struct heng_account *ret, size_t cap, size_t *ret_n,
                                                struct heng_err *err);

/* Errors: ECONFLICT another contract of the point begins that day. */
HENG_NODISCARD heng_rc heng_store_put_contract(struct heng_store *store, struct heng_contract *contract,
                                               struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_get_contract(struct heng_store_reader *reader, int64_t id, struct heng_contract *ret,
                                               struct heng_err *err);
/* By account (0: any) and point (0: any), by their first day; behind after_id when neither is given. */
HENG_NODISCARD heng_rc heng_store_list_contracts(struct heng_store_reader *reader, int64_t account_id, int64_t point_id,
                                                 int64_t after_id, struct heng_contract *ret, size_t cap, size_t *ret_n,
                                                 struct heng_err *err);

/* How people name a point: by its key, else by the number of the meter there; "" when it has neither. */
HENG_NODISCARD heng_rc heng_store_contract_point(struct heng_store_reader *reader, int64_t point_id,
                                                 char ret[HENG_AT_LEAST(HENG_KEY_MAX)], struct heng_err *err);
/* The first day behind all charges of a contract that count (not of a draft, not of a bill that was reversed); 0: none
 * was made. */
HENG_NODISCARD heng_rc heng_store_contract_charged(struct heng_store_reader *reader, int64_t id, int32_t *ret_to_day,
                                                   struct heng_err *err);

/* An edition of a tariff. */
struct heng_tariff_edition {
    int64_t id, org_id;
    char key[HENG_TARIFF_KEY_MAX];
    int64_t edition;
    heng_us at_us;
    char who[HENG_WHO_MAX], reason[HENG_REASON_MAX];
    uint8_t digest[32];
};
/* body is stored as the next edition of its key; id, edition and digest are given here. An organisation's first edition
 * counts on from those of the operator that it saw before: what an edition's number meant to it, it means for ever. */
HENG_NODISCARD heng_rc heng_store_put_tariff(struct heng_store *store, struct heng_tariff_edition *edition,
                                             struct heng_slice body, struct heng_err *err);
/* The edition (0: the newest) of a key, as seen by an organisation: its own, else the operator's. ret_body: appended
 * to, may be NULL. Errors: ENOTFOUND. */
HENG_NODISCARD heng_rc heng_store_get_tariff(struct heng_store_reader *reader, int64_t org_id, const char *key,
                                             int64_t edition, struct heng_tariff_edition *ret,
                                             struct heng_str *ret_body, struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_list_tariffs(struct heng_store_reader *reader, int64_t scope,
                                               struct heng_tariff_edition *ret, size_t cap, size_t *ret_n,
                                               struct heng_err *err);

struct heng_tariff_binding {
    int64_t id, org_id;
    char level[8], name[HENG_TARIFF_KEY_MAX], tariff_key[HENG_TARIFF_KEY_MAX]; /* level: "group", "class" */
    int32_t from_day, to_day;
};
HENG_NODISCARD heng_rc heng_store_put_binding(struct heng_store *store, struct heng_tariff_binding *binding,
                                              struct heng_err *err);
/* Of a level and name ("" and "": all), as an organisation sees them. */
HENG_NODISCARD heng_rc heng_store_list_bindings(struct heng_store_reader *reader, int64_t org_id, const char *level,
                                                const char *name, struct heng_tariff_binding *ret, size_t cap,
                                                size_t *ret_n, struct heng_err *err);

/* One line of the audit. before, after: JSON or "". */
struct heng_audit {
    int64_t id, org_id;
    heng_us at_us;
    char who[HENG_WHO_MAX], second[HENG_WHO_MAX], action[32], subject[HENG_SUBJECT_MAX];
    int64_t subject_id;
    char reason[HENG_REASON_MAX];
};
HENG_NODISCARD heng_rc heng_store_add_audit(struct heng_store *store, const struct heng_audit *audit,
                                            struct heng_slice before, struct heng_slice after, struct heng_err *err);
/* Newest first, below before_id (0: from the newest); of a subject ("": any) and its id (0: any). before and after are
 * borrowed for the call of each. */
typedef heng_rc heng_audit_each(void *ctx, const struct heng_audit *audit, struct heng_slice before,
                                struct heng_slice after);
HENG_NODISCARD heng_rc heng_store_each_audit(struct heng_store_reader *reader, int64_t scope, int64_t before_id,
                                             const char *subject, int64_t subject_id, size_t cap, heng_audit_each *each,
                                             void *ctx, struct heng_err *err);

/* What is under way for an account, or for one contract of it (contract_id 0: all, and what is of the account itself):
 * how many of each. */
struct heng_account_busy {
    int64_t commands, supply_tasks, meter_orders, pay_orders, draft_bills;
};
HENG_NODISCARD heng_rc heng_store_account_busy(struct heng_store_reader *reader, int64_t account_id,
                                               int64_t contract_id, struct heng_account_busy *ret,
                                               struct heng_err *err);

#endif
