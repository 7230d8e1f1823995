/* Bill runs, of runs.h. */
#include "store/money/runs.h"

#include "store/db_rows.h"

static const char *const kinds[] = {
#define X(symbol, text) text,
    HENG_RUN_KIND_LIST(X)
#undef X
};

static const char *const states[] = {
#define X(symbol, text) text,
    HENG_RUN_STATE_LIST(X)
#undef X
};

const char *heng_run_kind_text(heng_run_kind kind) { return kind < HENG_RUN_KIND_COUNT ? kinds[kind] : "unknown"; }

heng_run_kind heng_run_kind_of(const char *text)
{
    heng_run_kind i = HENG_RUN_USAGE;
    while (i < HENG_RUN_KIND_COUNT && strcmp(kinds[i], text) != 0) i++;
    return i;
}

const char *heng_run_state_text(heng_run_state state)
{
    return state < HENG_RUN_STATE_COUNT ? states[state] : "unknown";
}

heng_run_state heng_run_state_of(const char *text)
{
    heng_run_state i = HENG_RUN_STATE_WAITING;
    while (i < HENG_RUN_STATE_COUNT && strcmp(states[i], text) != 0) i++;
    return i;
}

static heng_rc add_run(struct heng_store *store, struct heng_run *run, struct heng_err *err)
{
    struct heng_query q;
    run->id = store->next[HENG_ID_BILL_RUN]++;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_BILL_RUN_ADD);
    heng_query_int(&q, run->id);
    heng_query_int(&q, run->org_id);
    heng_query_text(&q, heng_run_kind_text(run->kind));
    heng_query_text(&q, run->name);
    heng_query_text(&q, run->selection);
    heng_query_int(&q, run->from_day);
    heng_query_int(&q, run->to_day);
    heng_query_int(&q, run->due_day);
    heng_query_text(&q, run->currency);
    heng_query_text(&q, heng_run_state_text(run->state));
    heng_query_int(&q, run->made_us);
    heng_query_text(&q, run->made_by);
    return heng_query_finish(&q, err);
}

heng_rc heng_store_put_run(struct heng_store *store, struct heng_run *run, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = heng_store_need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    if (!run->id) return add_run(store, run, err);
    heng_query_begin(&q, &store->reader.db, HENG_SQL_BILL_RUN_CHANGE);
    heng_query_int(&q, run->id);
    heng_query_text(&q, heng_run_state_text(run->state));
    heng_query_int(&q, run->done);
    heng_query_int(&q, run->total);
    heng_query_int(&q, run->next_id);
    heng_query_text(&q, run->approved_by);
    heng_query_int(&q, run->issued_us);
    heng_query_text(&q, run->why);
    return heng_query_finish(&q, err);
}

static void fill_run(struct heng_query *q, struct heng_run *ret)
{
    memset(ret, 0, sizeof *ret);
    ret->id = heng_query_get_int(q);
    ret->org_id = heng_query_get_int(q);
    ret->kind = heng_run_kind_of(heng_query_peek_text(q));
    heng_query_get_text(q, ret->name, sizeof ret->name);
    heng_query_get_text(q, ret->selection, sizeof ret->selection);
    ret->from_day = (int32_t)heng_query_get_int(q);
    ret->to_day = (int32_t)heng_query_get_int(q);
    ret->due_day = (int32_t)heng_query_get_int(q);
    heng_query_get_text(q, ret->currency, sizeof ret->currency);
    ret->state = heng_run_state_of(heng_query_peek_text(q));
    ret->done = heng_query_get_int(q);
    ret->total = heng_query_get_int(q);
    ret->next_id = heng_query_get_int(q);
    ret->made_us = heng_query_get_int(q);
    heng_query_get_text(q, ret->made_by, sizeof ret->made_by);
    heng_query_get_text(q, ret->approved_by, sizeof ret->approved_by);
    ret->issued_us = heng_query_get_int(q);
    heng_query_get_text(q, ret->why, sizeof ret->why);
}

heng_rc heng_store_get_run(struct heng_store_reader *reader, int64_t scope, int64_t id, struct heng_run *ret,
                           struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_BILL_RUN_GET);
    heng_query_int(&q, scope);
    heng_query_int(&q, id);
    HENG_QUERY_ONE(fill_run, ret);
}

heng_rc heng_store_list_runs(struct heng_store_reader *reader, int64_t scope, int64_t before_id, struct heng_run *ret,
                             size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_BILL_RUN_LIST);
    heng_query_int(&q, scope);
    heng_query_int(&q, before_id);
    heng_query_int(&q, (int64_t)cap);
    HENG_QUERY_ALL(fill_run, ret, cap, ret_n);
}

heng_rc heng_store_next_run(struct heng_store_reader *reader, struct heng_run *ret, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_BILL_RUN_NEXT);
    HENG_QUERY_ONE(fill_run, ret);
}

/* --- what a run walks over ------------------------------------------------------------------------------------- */

static void fill_count(struct heng_query *q, int64_t *ret) { *ret = heng_query_get_int(q); }

heng_rc heng_store_count_run_accounts(struct heng_store_reader *reader, const struct heng_run *run, int64_t *ret,
                                      struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_BILL_RUN_ACCOUNTS);
    heng_query_int(&q, run->org_id);
    heng_query_text(&q, run->currency);
    HENG_QUERY_ONE(fill_count, ret);
}

static void fill_item(struct heng_query *q, struct heng_run_item *ret)
{
    struct heng_contract *contract = &ret->contract;
    memset(ret, 0, sizeof *ret);
    ret->account_id = heng_query_get_int(q);
    ret->org_id = heng_query_get_int(q);
    heng_query_get_text(q, ret->number, sizeof ret->number);
    if (heng_query_is_null(q)) return;
    contract->id = heng_query_get_int(q);
    contract->account_id = ret->account_id;
    contract->point_id = heng_query_get_int(q);
    contract->mode = heng_mode_of(heng_query_peek_text(q));
    heng_query_get_text(q, contract->tariff_key, sizeof contract->tariff_key);
    heng_query_get_text(q, contract->price_class, sizeof contract->price_class);
    heng_query_get_text(q, contract->tariff_group, sizeof contract->tariff_group);
    contract->cycle = heng_bill_cycle_of(heng_query_peek_text(q));
    contract->from_day = (int32_t)heng_query_get_int(q);
    contract->to_day = (int32_t)heng_query_get_int(q);
    heng_query_get_text(q, contract->terms, sizeof contract->terms);
    contract->follows = heng_query_get_int(q);
    contract->meter_count = heng_query_get_int(q);
    ret->medium = heng_medium_of(heng_query_peek_text(q));
    ret->charged_to = (int32_t)heng_query_get_int(q);
    ret->asked = heng_query_get_int(q) != 0;
    ret->fatal = heng_query_get_int(q);
    ret->tasks = heng_query_get_int(q);
}

heng_rc heng_store_list_run_items(struct heng_store_reader *reader, const struct heng_run *run,
                                  const struct heng_run_filter *filter, int64_t after_id, int64_t only_id,
                                  size_t accounts, struct heng_run_item *ret, size_t cap, size_t *ret_n,
                                  struct heng_err *err)
{
    struct heng_query q;
    size_t n = 0;
    heng_rc rc;
    heng_query_begin(&q, &reader->db, HENG_SQL_BILL_RUN_PAGE);
    heng_query_int(&q, run->org_id);
    heng_query_text(&q, run->currency);
    heng_query_int(&q, after_id);
    heng_query_int(&q, only_id ? 1 : (int64_t)accounts);
    heng_query_int(&q, run->from_day);
    heng_query_int(&q, run->to_day);
    heng_query_text(&q, filter->medium < HENG_MEDIUM_COUNT ? heng_medium_text(filter->medium) : "");
    heng_query_text(&q, filter->mode < HENG_MODE_COUNT ? heng_mode_text(filter->mode) : "");
    heng_query_text(&q, filter->group);
    heng_query_text(&q, filter->cycle < HENG_BILL_CYCLE_COUNT ? heng_bill_cycle_text(filter->cycle) : "");
    heng_query_int(&q, filter->place_id);
    heng_query_int(&q, only_id);
    while ((rc = heng_query_step(&q, err)) == HENG_OK && n < cap) fill_item(&q, &ret[n++]);
    heng_query_end(&q);
    if (rc == HENG_OK)
        return heng_fail(err, HENG_ELIMIT, 0, "more than %zu contracts of %zu accounts at once", cap, accounts);
    if (rc != HENG_ENOTFOUND) return rc;
    *ret_n = n;
    return HENG_OK;
}

/* --- drafts ---------------------------------------------------------------------------------------------------- */

heng_rc heng_store_list_billed_twice(struct heng_store_reader *reader, int64_t first, int64_t last,
                                     struct heng_billed_twice *ret, size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc;
    heng_query_begin(&q, &reader->db, HENG_SQL_BILL_TWICE);
    heng_query_int(&q, first);
    heng_query_int(&q, last);
    for (*ret_n = 0; (rc = heng_query_step(&q, err)) == HENG_OK && *ret_n < cap; ++*ret_n) {
        ret[*ret_n].bill_id = heng_query_get_int(&q);
        heng_query_get_text(&q, ret[*ret_n].number, sizeof ret[*ret_n].number);
    }
    heng_query_end(&q);
    if (rc == HENG_OK) return heng_fail(err, HENG_ELIMIT, 0, "more than %zu drafts of days that are billed", cap);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

heng_rc heng_store_which_have_advance(struct heng_store_reader *reader, const int64_t *account_ids, size_t n, bool *ret,
                                      struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc;
    /* Asking for many at once is for where asking costs; elsewhere who wants to know asks for the balance. */
    for (size_t i = 0; i < n; i++) ret[i] = !reader->db.postgres;
    if (!reader->db.postgres || !n) return HENG_OK;
    heng_query_begin(&q, &reader->db, HENG_SQL_BILL_ADVANCES);
    heng_query_ints(&q, account_ids, n);
    while ((rc = heng_query_step(&q, err)) == HENG_OK) {
        int64_t nr = heng_query_get_int(&q);
        if (nr >= 1 && (uint64_t)nr <= n) ret[nr - 1] = true;
    }
    heng_query_end(&q);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

heng_rc heng_store_take_bill_numbers(struct heng_store *store, int64_t org_id, int year, size_t n, int64_t *ret_first,
                                     struct heng_err *err)
{
    struct heng_query q;
    int64_t last = 0;
    heng_rc rc = heng_store_need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_BILL_NUMBERS);
    heng_query_int(&q, org_id);
    heng_query_int(&q, year);
    heng_query_int(&q, (int64_t)n);
    if ((rc = heng_query_step(&q, err)) == HENG_OK) last = heng_query_get_int(&q);
    heng_query_end(&q);
    if (rc == HENG_OK) *ret_first = last - (int64_t)n + 1;
    return rc;
}

heng_rc heng_store_drop_draft(struct heng_store *store, int64_t bill_id, struct heng_err *err)
{
    struct heng_query q;
    struct heng_bill bill;
    heng_rc rc = heng_store_get_bill(&store->reader, 0, bill_id, &bill, err);
    if (rc != HENG_OK) return rc;
    if (bill.state != HENG_BILL_STATE_DRAFT && bill.state != HENG_BILL_STATE_BLOCKED)
        return heng_fail(err, HENG_EBUG, 0, "bill %s was issued and stays", bill.number);
    if ((rc = heng_store_drop_charges(store, bill_id, err)) != HENG_OK) return rc;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_BILL_DROP);
    heng_query_int(&q, bill_id);
    return heng_query_finish(&q, err);
}

heng_rc heng_store_drop_drafts(struct heng_store *store, int64_t run_id, size_t max, size_t *ret_n,
                               struct heng_err *err)
{
    enum { AT_ONCE = 256 };
    int64_t ids[AT_ONCE];
    size_t n = 0;
    struct heng_query q;
    heng_rc rc;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_BILL_DRAFTS);
    heng_query_int(&q, run_id);
    heng_query_int(&q, (int64_t)(max < AT_ONCE ? max : AT_ONCE));
    while ((rc = heng_query_step(&q, err)) == HENG_OK && n < AT_ONCE) ids[n++] = heng_query_get_int(&q);
    heng_query_end(&q);
    if (rc == HENG_ENOTFOUND) rc = HENG_OK;
    for (size_t i = 0; i < n && rc == HENG_OK; i++) rc = heng_store_drop_draft(store, ids[i], err);
    if (rc == HENG_OK) *ret_n = n;
    return rc;
}

static void fill_past(struct heng_query *q, struct heng_bill_past *ret)
{
    ret->from_day = (int32_t)heng_query_get_int(q);
    ret->to_day = (int32_t)heng_query_get_int(q);
    ret->total = heng_query_get_int(q);
}

heng_rc heng_store_list_bills_before(struct heng_store_reader *reader, int64_t account_id, int32_t day,
                                     struct heng_bill_past *ret, size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_BILL_BEFORE);
    heng_query_int(&q, account_id);
    heng_query_int(&q, day);
    heng_query_int(&q, (int64_t)cap);
    HENG_QUERY_ALL(fill_past, ret, cap, ret_n);
}

static heng_rc ask_all_before(struct heng_store_reader *reader, const int64_t *account_ids, const int64_t *days,
                              size_t n, struct heng_bill_past *ret, size_t cap, size_t *ret_counts,
                              struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc;
    heng_query_begin(&q, &reader->db, HENG_SQL_BILL_BEFORE_ALL);
    heng_query_ints(&q, account_ids, n);
    heng_query_ints(&q, days, n);
    heng_query_int(&q, (int64_t)cap);
    while ((rc = heng_query_step(&q, err)) == HENG_OK) {
        size_t i = (size_t)heng_query_get_int(&q) - 1;
        if (i < n && ret_counts[i] < cap) fill_past(&q, &ret[i * cap + ret_counts[i]++]);
    }
    heng_query_end(&q);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

heng_rc heng_store_list_all_bills_before(struct heng_store_reader *reader, const int64_t *account_ids,
                                         const int64_t *days, size_t n, struct heng_bill_past *ret, size_t cap,
                                         size_t *ret_counts, struct heng_err *err)
{
    heng_rc rc = HENG_OK;
    for (size_t i = 0; i < n; i++) ret_counts[i] = 0;
    if (reader->db.postgres && n) return ask_all_before(reader, account_ids, days, n, ret, cap, ret_counts, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++)
        rc = heng_store_list_bills_before(reader, account_ids[i], (int32_t)days[i], ret + i * cap, cap, &ret_counts[i],
                                          err);
    return rc;
}

heng_rc heng_store_list_prepaid_charges(struct heng_store_reader *reader, int64_t account_id, int32_t from, int32_t to,
                                        int64_t *ret, size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_BILL_STATEMENT_CHARGES);
    heng_query_int(&q, account_id);
    heng_query_int(&q, from);
    heng_query_int(&q, to);
    heng_query_int(&q, (int64_t)cap);
    HENG_QUERY_ALL(fill_count, ret, cap, ret_n);
}

/* --- what a preview shows in sum -------------------------------------------------------------------------------- */

static void fill_sums(struct heng_query *q, struct heng_run_sums *ret)
{
    ret->bills = heng_query_get_int(q);
    ret->blocked = heng_query_get_int(q);
    ret->issued = heng_query_get_int(q);
    ret->clean = heng_query_get_int(q);
    ret->total = heng_query_get_int(q);
    ret->tax = heng_query_get_int(q);
    for (size_t i = 0; i < HENG_RUN_FLAGS; i++) ret->by_flag[i] = heng_query_get_int(q);
}

heng_rc heng_store_sum_run(struct heng_store_reader *reader, int64_t run_id, struct heng_run_sums *ret,
                           struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_BILL_RUN_SUMS);
    heng_query_int(&q, run_id);
    HENG_QUERY_ONE(fill_sums, ret);
}

static void fill_component(struct heng_query *q, struct heng_run_component *ret)
{
    heng_query_get_text(q, ret->component, sizeof ret->component);
    ret->lines = heng_query_get_int(q);
    ret->amount = heng_query_get_int(q);
    ret->tax = heng_query_get_int(q);
}

heng_rc heng_store_sum_run_components(struct heng_store_reader *reader, int64_t run_id, struct heng_run_component *ret,
                                      size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_BILL_RUN_COMPONENTS);
    heng_query_int(&q, run_id);
    heng_query_int(&q, (int64_t)cap);
    HENG_QUERY_ALL(fill_component, ret, cap, ret_n);
}
