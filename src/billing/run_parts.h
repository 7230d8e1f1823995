#ifndef HENG_BILLING_RUN_PARTS_H
#define HENG_BILLING_RUN_PARTS_H
/* What the files of runs share. Inside of billing/ only. */
#include "billing/run.h"

enum {
    HENG_RUN_PIECE = 100, /* accounts, or bills, of one piece */
    HENG_RUN_ITEMS_MAX = 1600,
    HENG_RUN_LISTED_MAX = 1000, /* accounts that a selection names */
    HENG_RUN_PAST_MAX = 16,
    HENG_RUN_ARENA_MAX = 256 << 20,
};

/* A selection as it was read. listed_n 0: all accounts. */
struct heng_run_selection {
    struct heng_run_filter filter;
    int64_t listed[HENG_RUN_LISTED_MAX];
    size_t listed_n;
};
HENG_NODISCARD heng_rc heng_run_select(struct heng_store_reader *reader, int64_t scope, const char *currency,
                                       const char *json, struct heng_run_selection *ret, struct heng_err *err);

/* Bills of an account for days before day. */
struct heng_run_past {
    int64_t account_id;
    int32_t day;
    size_t count;
    const struct heng_bill_past *bills;
};

struct heng_run_worker {
    struct heng_store_reader *reader;
    struct heng_charger *charger;
    struct heng_arena arena;
    struct heng_bill_settings settings;
    int64_t selected_for; /* the run whose selection this is; -1 none */
    struct heng_run_selection selection;
    struct heng_run_item items[HENG_RUN_ITEMS_MAX];
    struct heng_run_past pasts[HENG_RUN_ITEMS_MAX];
    size_t item_n, accounts, past_n;
    int64_t last_id;
};

/* Whatever making the drafts of the page will ask for each account, asked once for all: run_ahead.c. */
HENG_NODISCARD heng_rc heng_run_ahead(struct heng_run_worker *worker, const struct heng_run *run, struct heng_err *err);
/* NULL: it was not read ahead. */
const struct heng_run_past *heng_run_past_of(const struct heng_run_worker *worker, int64_t account_id, int32_t day);
/* The days of a run that a contract has and that are not charged yet. */
bool heng_run_open_days(const struct heng_run *run, const struct heng_run_item *item, int32_t *ret_from,
                        int32_t *ret_to);

/* The draft of an account from n of its items, that all are prepaid or all are not. ret->charge_count 0: there is
 * nothing to bill. Texts in the worker's arena. */
HENG_NODISCARD heng_rc heng_draft_make(struct heng_run_worker *worker, const struct heng_run *run,
                                       const struct heng_run_item *items, size_t n, struct heng_draft *ret,
                                       bool *ret_is, struct heng_err *err);
/* The same for what is asked for beforehand, and of what was asked for, what a bill of use takes off again. */
HENG_NODISCARD heng_rc heng_prepay_draft(struct heng_run_worker *worker, const struct heng_run *run,
                                         const struct heng_run_item *items, size_t n, struct heng_draft *ret,
                                         bool *ret_is, struct heng_err *err);
HENG_NODISCARD heng_rc heng_prepay_take_off(struct heng_store_reader *reader, const struct heng_contract *contract,
                                            int32_t from, int32_t to, struct heng_arena *arena, struct heng_charge *ret,
                                            bool *ret_is, struct heng_err *err);

/* Store drafts with their charges; those with an id take the place of what was there. */
HENG_NODISCARD heng_rc heng_drafts_put(struct heng_store *store, struct heng_draft *drafts, size_t n, heng_us now_us,
                                       struct heng_err *err);

/* Number and book some drafts of a run behind run->next_id; ret_n: how many were looked at. */
HENG_NODISCARD heng_rc heng_issue_piece(struct heng_store *store, struct heng_run *run, const struct heng_hand *hand,
                                        const struct heng_bill_settings *settings, size_t *ret_n, struct heng_err *err);

#endif
