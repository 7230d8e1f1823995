#ifndef HENG_STORE_MONEY_RUNS_H
#define HENG_STORE_MONEY_RUNS_H
/* Bill runs, what they walk over, prepayments and apportionments. Writing needs an open transaction. scope: the
 * organisation that asks, 0: the operator. */
#include "store/money/accounts.h"
#include "store/money/bills.h"

/* X(symbol, text) */
#define HENG_RUN_KIND_LIST(X)                                                                                          \
    X(USAGE, "usage")   /* what was used, by tariff; of prepaid contracts a statement */                               \
    X(HEAT, "heat")     /* a season, from an apportionment */                                                          \
    X(PREPAY, "prepay") /* what is asked for beforehand */
typedef enum heng_run_kind {
#define X(symbol, text) HENG_RUN_##symbol,
    HENG_RUN_KIND_LIST(X)
#undef X
        HENG_RUN_KIND_COUNT
} heng_run_kind;
/* X(symbol, text) */
#define HENG_RUN_STATE_LIST(X)                                                                                         \
    X(WAITING, "waiting")                                                                                              \
    X(WORKING, "working")   /* drafts are made */                                                                      \
    X(PREVIEW, "preview")   /* a person looks at them */                                                               \
    X(APPROVED, "approved") /* they are numbered and booked */                                                         \
    X(ISSUED, "issued")                                                                                                \
    X(DROPPING, "dropping") /* given up: its drafts go */                                                              \
    X(CANCELLED, "cancelled")                                                                                          \
    X(FAILED, "failed")
typedef enum heng_run_state {
#define X(symbol, text) HENG_RUN_STATE_##symbol,
    HENG_RUN_STATE_LIST(X)
#undef X
        HENG_RUN_STATE_COUNT
} heng_run_state;
const char *heng_run_kind_text(heng_run_kind kind);
heng_run_kind heng_run_kind_of(const char *text); /* COUNT when it is none; the same below */
const char *heng_run_state_text(heng_run_state state);
heng_run_state heng_run_state_of(const char *text);

enum { HENG_RUN_SELECTION_MAX = 16384, HENG_RUN_WHY_MAX = 512 };

/* selection: JSON (docs/billing.md). done of total accounts; next_id: the account, or the bill, behind which it goes
 * on. */
struct heng_run {
    int64_t id, org_id;
    heng_run_kind kind;
    char name[HENG_NAME_MAX], selection[HENG_RUN_SELECTION_MAX];
    int32_t from_day, to_day, due_day;
    char currency[HENG_CURRENCY_MAX];
    heng_run_state state;
    int64_t done, total, next_id;
    heng_us made_us;
    char made_by[HENG_WHO_MAX], approved_by[HENG_WHO_MAX];
    heng_us issued_us;
    char why[HENG_RUN_WHY_MAX];
};
/* Insert (id 0), or change its state, progress, approval and why. */
HENG_NODISCARD heng_rc heng_store_put_run(struct heng_store *store, struct heng_run *run, struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_get_run(struct heng_store_reader *reader, int64_t scope, int64_t id,
                                          struct heng_run *ret, struct heng_err *err);
/* Newest first, below before_id (0: from the newest). */
HENG_NODISCARD heng_rc heng_store_list_runs(struct heng_store_reader *reader, int64_t scope, int64_t before_id,
                                            struct heng_run *ret, size_t cap, size_t *ret_n, struct heng_err *err);
/* The oldest one with work to do. Errors: ENOTFOUND. */
HENG_NODISCARD heng_rc heng_store_next_run(struct heng_store_reader *reader, struct heng_run *ret,
                                           struct heng_err *err);

/* Which accounts and contracts. medium COUNT, mode COUNT, cycle COUNT, "" and 0: all. */
struct heng_run_filter {
    int64_t place_id;
    heng_medium medium;
    heng_mode mode;
    heng_bill_cycle cycle;
    char group[HENG_KEY_MAX];
};

/* A contract that a run walks over; contract.id 0: its account has none that it asks for. charged_to: the first day
 * that is not charged yet, 0: none was. asked: something of its days was asked for beforehand, it may stand. fatal,
 * tasks: verdicts on its usage that nobody has answered. */
struct heng_run_item {
    int64_t account_id, org_id;
    char number[HENG_ACCOUNT_NUMBER_MAX];
    struct heng_contract contract;
    heng_medium medium;
    int32_t charged_to;
    bool asked;
    int64_t fatal, tasks;
};
HENG_NODISCARD heng_rc heng_store_count_run_accounts(struct heng_store_reader *reader, const struct heng_run *run,
                                                     int64_t *ret, struct heng_err *err);
/* Of the accounts behind after_id in the order of their numbers, or of account only_id alone (0: none); each gets a row
 * at least. Errors: ELIMIT cap is too small for so many accounts. */
HENG_NODISCARD heng_rc heng_store_list_run_items(struct heng_store_reader *reader, const struct heng_run *run,
                                                 const struct heng_run_filter *filter, int64_t after_id,
                                                 int64_t only_id, size_t accounts, struct heng_run_item *ret,
                                                 size_t cap, size_t *ret_n, struct heng_err *err);

/* Drafts in the order in which they get numbers, behind after_id. */
HENG_NODISCARD heng_rc heng_store_list_drafts(struct heng_store_reader *reader, int64_t run_id, int64_t after_id,
                                              struct heng_bill *ret, size_t cap, size_t *ret_n, struct heng_err *err);
/* Drafts with ids from first to last for days that an issued bill is for too, with the number of that one; by their
 * ids. Errors: ELIMIT there are more than cap. */
struct heng_billed_twice {
    int64_t bill_id;
    char number[HENG_BILL_NUMBER_MAX];
};
HENG_NODISCARD heng_rc heng_store_list_billed_twice(struct heng_store_reader *reader, int64_t first, int64_t last,
                                                    struct heng_billed_twice *ret, size_t cap, size_t *ret_n,
                                                    struct heng_err *err);
/* The charges of bills with ids from first to last, by bill and id, with their lines and without their texts.
 * Errors: ELIMIT these are more than fit at once: ask for fewer. */
HENG_NODISCARD heng_rc heng_store_list_draft_charges(struct heng_store_reader *reader, int64_t first, int64_t last,
                                                     struct heng_arena *arena, struct heng_charge **ret, size_t *ret_n,
                                                     struct heng_err *err);
/* ret[i]: account i may have paid something in advance: its balance says how much. */
HENG_NODISCARD heng_rc heng_store_which_have_advance(struct heng_store_reader *reader, const int64_t *account_ids,
                                                     size_t n, bool *ret, struct heng_err *err);
/* The first of n numbers without a gap, in the transaction that uses them all. */
HENG_NODISCARD heng_rc heng_store_take_bill_numbers(struct heng_store *store, int64_t org_id, int year, size_t n,
                                                    int64_t *ret_first, struct heng_err *err);
/* Where an issued bill stands in the stream of bills that are sealed. Errors: ENOTFOUND. */
HENG_NODISCARD heng_rc heng_store_bill_seal_position(struct heng_store_reader *reader, int64_t bill_id, int64_t *ret,
                                                     struct heng_err *err);
/* A draft goes, with its charges; one that was issued stays. */
HENG_NODISCARD heng_rc heng_store_drop_draft(struct heng_store *store, int64_t bill_id, struct heng_err *err);
/* Some drafts of a run go. ret_n: how many did. */
HENG_NODISCARD heng_rc heng_store_drop_drafts(struct heng_store *store, int64_t run_id, size_t max, size_t *ret_n,
                                              struct heng_err *err);

/* What an earlier bill came to, for days [from, to). */
struct heng_bill_past {
    int32_t from_day, to_day;
    int64_t total;
};
HENG_NODISCARD heng_rc heng_store_list_bills_before(struct heng_store_reader *reader, int64_t account_id, int32_t day,
                                                    struct heng_bill_past *ret, size_t cap, size_t *ret_n,
                                                    struct heng_err *err);
/* The same of n accounts, each before its own day: at most cap each, those of account i from ret[i * cap] on. */
HENG_NODISCARD heng_rc heng_store_list_all_bills_before(struct heng_store_reader *reader, const int64_t *account_ids,
                                                        const int64_t *days, size_t n, struct heng_bill_past *ret,
                                                        size_t cap, size_t *ret_counts, struct heng_err *err);
/* Charges of prepaid contracts of an account for days [from, to): their ids, by contract and time. */
HENG_NODISCARD heng_rc heng_store_list_prepaid_charges(struct heng_store_reader *reader, int64_t account_id,
                                                       int32_t from, int32_t to, int64_t *ret, size_t cap,
                                                       size_t *ret_n, struct heng_err *err);

/* --- what a preview shows in sum -------------------------------------------------------------------------------- */

enum { HENG_RUN_FLAGS = 10, HENG_RUN_COMPONENTS_MAX = 200 };
/* clean: nothing to look at. by_flag: in the order of their bits. */
struct heng_run_sums {
    int64_t bills, blocked, issued, clean, total, tax, by_flag[HENG_RUN_FLAGS];
};
struct heng_run_component {
    char component[HENG_COMPONENT_MAX];
    int64_t lines, amount, tax;
};
HENG_NODISCARD heng_rc heng_store_sum_run(struct heng_store_reader *reader, int64_t run_id, struct heng_run_sums *ret,
                                          struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_sum_run_components(struct heng_store_reader *reader, int64_t run_id,
                                                     struct heng_run_component *ret, size_t cap, size_t *ret_n,
                                                     struct heng_err *err);

#endif
