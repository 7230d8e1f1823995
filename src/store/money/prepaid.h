#ifndef HENG_STORE_MONEY_PREPAID_H
#define HENG_STORE_MONEY_PREPAID_H
/* Prepaid: how far contracts are charged, what accounts were told, tasks of supply, days without cuts. scope: the
 * organisation that asks, 0: the operator. Writing needs an open transaction. */
#include "base/buf.h"
#include "store/money/accounts.h"

/* All settings of prepaid and supply, in one question. each returns what is wrong with one. */
typedef heng_rc heng_prepaid_setting_each(void *ctx, const char *name, const char *value);
HENG_NODISCARD heng_rc heng_store_each_prepaid_setting(struct heng_store_reader *reader,
                                                       heng_prepaid_setting_each *each, void *ctx,
                                                       struct heng_err *err);

/* --- charging -------------------------------------------------------------------------------------------------- */

/* [period_day, charged_to) is charged, with charged in all. changed_from: usage of that day or later may have changed
 * since; HENG_UNCHANGED: not. */
#define HENG_UNCHANGED INT32_MAX
struct heng_prepaid_state {
    int64_t contract_id;
    int32_t period_day, charged_to, changed_from;
    int64_t charged;
    bool estimated;
};
HENG_NODISCARD heng_rc heng_store_put_prepaid(struct heng_store *store, const struct heng_prepaid_state *state,
                                              struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_get_prepaid(struct heng_store_reader *reader, int64_t contract_id,
                                              struct heng_prepaid_state *ret, struct heng_err *err);
/* Contracts of which days before `today` are to be looked at, behind after_id. */
HENG_NODISCARD heng_rc heng_store_prepaid_due(struct heng_store_reader *reader, int32_t today, int64_t after_id,
                                              struct heng_prepaid_state *ret, size_t cap, size_t *ret_n,
                                              struct heng_err *err);
/* Of up to limit prepaid contracts behind after_id: who has no state gets one, who is not charged up to `today` is
 * due. ret_last: the last of them, 0: there were none. Once a day over all. */
HENG_NODISCARD heng_rc heng_store_prepaid_sweep(struct heng_store *store, int32_t today, int64_t after_id,
                                                int64_t limit, int64_t *ret_last, struct heng_err *err);
/* Usage of a channel from a day on is not what it was: what was charged by it is looked at again. */
HENG_NODISCARD heng_rc heng_store_usage_changed(struct heng_store *store, int64_t channel_id, int32_t from_day,
                                                struct heng_err *err);
/* What was charged of the period of a contract that begins on from_day: the sum, how often, the newest of the charges
 * and how far it goes (0: none). */
struct heng_period_charged {
    int64_t sum, count, last_id;
    int32_t to_day;
};
HENG_NODISCARD heng_rc heng_store_period_charged(struct heng_store_reader *reader, int64_t contract_id,
                                                 int32_t from_day, struct heng_period_charged *ret,
                                                 struct heng_err *err);

/* --- levels ---------------------------------------------------------------------------------------------------- */

/* level: 0 none, 1..3. told_us: when each level was last told, 0: never. told: notices so far. */
struct heng_credit_state {
    int64_t account_id;
    int level;
    heng_us since_us, told_us[3];
    int64_t told;
};
/* Errors: none when there is no row: it is level 0, never told. */
HENG_NODISCARD heng_rc heng_store_get_credit(struct heng_store_reader *reader, int64_t account_id,
                                             struct heng_credit_state *ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_put_credit(struct heng_store *store, const struct heng_credit_state *state,
                                             struct heng_err *err);
/* Prepaid accounts with their purse, the lowest level last told first; behind after_id by id. level: only those at it
 * or below (0: all). */
struct heng_credit_row {
    int64_t account_id;
    char number[HENG_ACCOUNT_NUMBER_MAX], name[HENG_ACCOUNT_NAME_MAX], currency[HENG_CURRENCY_MAX];
    int64_t purse;
    int level;
    heng_us since_us;
};
HENG_NODISCARD heng_rc heng_store_list_credit(struct heng_store_reader *reader, int64_t scope, int level,
                                              int64_t after_id, struct heng_credit_row *ret, size_t cap, size_t *ret_n,
                                              struct heng_err *err);
/* What an account was charged in days [from_day, to_day) of booking, for "use per day". */
HENG_NODISCARD heng_rc heng_store_charged_between(struct heng_store_reader *reader, int64_t account_id,
                                                  int32_t from_day, int32_t to_day, int64_t *ret, struct heng_err *err);

/* --- supply ---------------------------------------------------------------------------------------------------- */

/* X(symbol, text) */
#define HENG_SUPPLY_STATE_LIST(X)                                                                                      \
    X(WAITING, "waiting") X(ORDERED, "ordered") X(DONE, "done") X(FAILED, "failed") X(DROPPED, "dropped")
typedef enum heng_supply_state {
#define X(symbol, text) HENG_SUPPLY_STATE_##symbol,
    HENG_SUPPLY_STATE_LIST(X)
#undef X
        HENG_SUPPLY_STATE_COUNT
} heng_supply_state;
const char *heng_supply_state_text(heng_supply_state state);
heng_supply_state heng_supply_state_of(const char *text);

/* on: supply comes back; else it ends. reason: 'overdraft', 'arrears', 'paid', 'person'. */
struct heng_supply_task {
    int64_t id;
    char key[HENG_BOOKING_KEY_MAX];
    int64_t org_id, account_id, point_id;
    bool on;
    heng_supply_state state;
    char reason[16];
    heng_us made_us, not_before_us, ended_us;
    int64_t notice_id, command_id;
    char approved_by[HENG_WHO_MAX];
    uint32_t tries;
    char why[HENG_DETAIL_MAX];
};
/* Insert (id 0: it is given) or change. A new one with a key that is there changes nothing: its id is that one's and
 * ret_existed (may be NULL) true. Errors: ECONFLICT another task of the point is open. */
HENG_NODISCARD heng_rc heng_store_put_supply(struct heng_store *store, struct heng_supply_task *task, bool *ret_existed,
                                             struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_get_supply(struct heng_store_reader *reader, int64_t scope, int64_t id,
                                             struct heng_supply_task *ret, struct heng_err *err);
/* The task of a point that is open. Errors: ENOTFOUND. */
HENG_NODISCARD heng_rc heng_store_open_supply(struct heng_store_reader *reader, int64_t point_id,
                                              struct heng_supply_task *ret, struct heng_err *err);
/* The last task of a point; ordered: the last of which an order went out, which is what the meter was told last.
 * Errors: ENOTFOUND: never anything. */
HENG_NODISCARD heng_rc heng_store_last_supply(struct heng_store_reader *reader, int64_t point_id, bool ordered,
                                              struct heng_supply_task *ret, struct heng_err *err);
/* Waiting ones whose time has come, of a wish, by time and id, behind (after_us, after_id). */
HENG_NODISCARD heng_rc heng_store_due_supply(struct heng_store_reader *reader, bool on, heng_us now_us,
                                             heng_us after_us, int64_t after_id, struct heng_supply_task *ret,
                                             size_t cap, size_t *ret_n, struct heng_err *err);
/* Newest first, below before_id (0: from the newest); account_id 0: all; open_only: waiting, ordered, failed. */
HENG_NODISCARD heng_rc heng_store_list_supply(struct heng_store_reader *reader, int64_t scope, int64_t account_id,
                                              bool open_only, int64_t before_id, struct heng_supply_task *ret,
                                              size_t cap, size_t *ret_n, struct heng_err *err);

/* Cuts that wait are looked at now, of an account (0: of all): what holds for them was changed. */
HENG_NODISCARD heng_rc heng_store_supply_again(struct heng_store *store, int64_t account_id, heng_us now_us,
                                               struct heng_err *err);

/* Supply is kept, whatever is owed. Errors of get: none when there is no row: 0. */
HENG_NODISCARD heng_rc heng_store_put_keep(struct heng_store *store, int64_t account_id, heng_us until_us,
                                           heng_us at_us, const char *who, const char *reason, struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_get_keep(struct heng_store_reader *reader, int64_t account_id, heng_us *ret_until_us,
                                           struct heng_err *err);

/* What the guards of a cut look at. known_day: the last day of the point's main channel with a complete row, measured
 * or not, INT32_MIN none; measured: it is no estimate. */
struct heng_supply_point {
    heng_medium medium;
    bool main_meter; /* others hang below it, or it serves more than a unit */
    int32_t known_day;
    bool measured;
};
HENG_NODISCARD heng_rc heng_store_supply_point(struct heng_store_reader *reader, int64_t point_id,
                                               struct heng_supply_point *ret, struct heng_err *err);
/* Money on its way: orders of payment that are not ended and not older than since_us; orders into meters under way. */
HENG_NODISCARD heng_rc heng_store_money_on_way(struct heng_store_reader *reader, int64_t account_id, heng_us since_us,
                                               int64_t *ret_payments, int64_t *ret_meter_orders, struct heng_err *err);
/* Issued bills with something left to pay that were due before a day: the first of those days (0: none) and the sum. */
HENG_NODISCARD heng_rc heng_store_arrears(struct heng_store_reader *reader, int64_t account_id, int32_t before_day,
                                          int32_t *ret_since_day, int64_t *ret_sum, struct heng_err *err);
/* Accounts that owe something, behind a book's id. */
struct heng_debtor {
    int64_t book_id, account_id;
};
HENG_NODISCARD heng_rc heng_store_debtors(struct heng_store_reader *reader, int64_t after_book_id,
                                          struct heng_debtor *ret, size_t cap, size_t *ret_n, struct heng_err *err);

/* --- days without cuts ------------------------------------------------------------------------------------------ */

/* A version of a calendar, in force from a day on; body is JSON (prepaid/no_cut.h). */
HENG_NODISCARD heng_rc heng_store_put_no_cut(struct heng_store *store, const char *name, int32_t from_day,
                                             struct heng_slice body, const char *who, int64_t *ret_version,
                                             struct heng_err *err);
/* In force on a day; text is appended. Errors: ENOTFOUND. */
HENG_NODISCARD heng_rc heng_store_get_no_cut(struct heng_store_reader *reader, const char *name, int32_t day,
                                             int64_t *ret_version, struct heng_str *ret_body, struct heng_err *err);

#endif
