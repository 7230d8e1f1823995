#include "billing/instalment.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account/note.h"
#include "billing/collect.h"
#include "billing/late.h"
#include "ledger/amount.h"

enum { ROWS_MAX = 1000 };

/* The same day of a later month, or its last one. */
static int32_t months_on(int32_t day, int months)
{
    int year, month, of_month;
    heng_day_date(day, &year, &month, &of_month);
    month += months;
    year += (month - 1) / 12;
    month = (month - 1) % 12 + 1;
    const int32_t first = heng_day_of_date(year, month, 1);
    const int32_t next = month == 12 ? heng_day_of_date(year + 1, 1, 1) : heng_day_of_date(year, month + 1, 1);
    return first + of_month - 1 < next ? first + of_month - 1 : next - 1;
}

heng_rc heng_instalment_split(int64_t amount, size_t n, int32_t first_day, struct heng_instalment *ret,
                              struct heng_err *err)
{
    if (n == 0 || n > HENG_INSTALMENTS_MAX || amount < (int64_t)n)
        return heng_fail(err, HENG_ERANGE, 0, "a bill is paid in 1 to %d parts, each above zero", HENG_INSTALMENTS_MAX);
    for (size_t i = 0; i < n; i++)
        ret[i] = (struct heng_instalment){.n = (int32_t)i + 1,
                                          .due_day = months_on(first_day, (int)i),
                                          .amount = amount / (int64_t)n + ((int64_t)i < amount % (int64_t)n)};
    return HENG_OK;
}

/* The open bill, and the late fee until today that is not booked. */
static heng_rc open_of(struct heng_store_reader *reader, int64_t scope, int64_t bill_id, int32_t day,
                       struct heng_bill *ret_bill, struct heng_open_bill *ret, int64_t *ret_fee, struct heng_err *err)
{
    struct heng_dunning_rules *rules = malloc(sizeof *rules);
    heng_rc rc = rules ? HENG_OK : heng_fail(err, HENG_ENOMEM, 0, "no memory for the rules");
    if (rc == HENG_OK) rc = heng_store_get_bill(reader, scope, bill_id, ret_bill, err);
    if (rc == HENG_ENOTFOUND) rc = heng_fail(err, rc, 0, "there is no bill with the id %" PRId64, bill_id);
    if (rc == HENG_OK) rc = heng_bill_open(reader, ret_bill->account_id, bill_id, ret, err);
    if (rc == HENG_OK) rc = heng_dunning_rules_get(reader, rules, err);
    if (rc == HENG_OK) rc = heng_late_due(reader, rules, ret, day, ret_fee, err);
    free(rules);
    return rc;
}

heng_rc heng_instalment_amount(struct heng_store_reader *reader, int64_t scope, int64_t bill_id, int32_t day,
                               int64_t *ret, struct heng_err *err)
{
    struct heng_bill bill;
    struct heng_open_bill open;
    int64_t fee;
    heng_rc rc = open_of(reader, scope, bill_id, day, &bill, &open, &fee, err);
    if (rc == HENG_OK) *ret = open.principal + open.late + fee;
    return rc;
}

static heng_rc check_parts(const struct heng_instalment *parts, size_t n, int64_t open, int32_t day,
                           struct heng_err *err)
{
    char text[2][HENG_AMOUNT_TEXT_MAX];
    int64_t sum = 0;
    if (n == 0 || n > HENG_INSTALMENTS_MAX)
        return heng_fail(err, HENG_ERANGE, 0, "a plan has 1 to %d parts", HENG_INSTALMENTS_MAX);
    for (size_t i = 0; i < n; i++) {
        if (parts[i].amount <= 0 || __builtin_add_overflow(sum, parts[i].amount, &sum))
            return heng_fail(err, HENG_ERANGE, 0, "part %zu: an amount above zero is wanted", i + 1);
        if (parts[i].due_day < (i ? parts[i - 1].due_day + 1 : day))
            return heng_fail(err, HENG_ERANGE, 0,
                             "part %zu: parts are due one after the other, the first not before today", i + 1);
    }
    if (sum == open) return HENG_OK;
    heng_amount_text(sum, text[0]);
    heng_amount_text(open, text[1]);
    return heng_fail(err, HENG_ECONFLICT, 0, "the parts sum to %s, open are %s with fees until today", text[0],
                     text[1]);
}

static heng_rc check_bill(struct heng_store_reader *reader, const struct heng_bill *bill, struct heng_err *err)
{
    bool disputed, planned;
    heng_rc rc = heng_store_bill_held(reader, bill->id, &disputed, &planned, err);
    if (rc != HENG_OK) return rc;
    if (planned) return heng_fail(err, HENG_ECONFLICT, 0, "bill %s has a plan: stop that one first", bill->number);
    if (disputed) return heng_fail(err, HENG_ECONFLICT, 0, "bill %s is in dispute: release it first", bill->number);
    return heng_bill_locked(reader, bill->id, err);
}

static heng_rc note(struct heng_store *store, const struct heng_bill *bill, const char *action,
                    const struct heng_hand *hand, const char *reason, struct heng_err *err)
{
    const struct heng_note note = {
        .action = action, .subject = "bill", .subject_id = bill->id, .org_id = bill->org_id, .reason = reason};
    return heng_account_note(store, &note, hand, "", "", err);
}

/* All parts of all plans of a bill. */
static heng_rc list(struct heng_store_reader *reader, int64_t bill_id, struct heng_instalment **ret, size_t *ret_n,
                    struct heng_err *err)
{
    *ret = calloc(ROWS_MAX, sizeof **ret);
    *ret_n = 0;
    if (!*ret) return heng_fail(err, HENG_ENOMEM, 0, "no memory for instalments");
    return heng_store_list_instalments(reader, bill_id, *ret, ROWS_MAX, ret_n, err);
}

heng_rc heng_instalment_plan(struct heng_store *store, int64_t scope, int64_t bill_id,
                             const struct heng_instalment *parts, size_t n, const struct heng_hand *hand,
                             const char *reason, struct heng_err *err)
{
    struct heng_store_reader *reader = heng_store_as_reader(store);
    struct heng_instalment *before = NULL;
    struct heng_bill bill;
    struct heng_open_bill open;
    int64_t fee;
    size_t count = 0;
    heng_rc rc = heng_hand_check(hand, err);
    if (rc == HENG_OK) rc = open_of(reader, scope, bill_id, hand->day, &bill, &open, &fee, err);
    if (rc == HENG_OK) rc = check_bill(reader, &bill, err);
    if (rc == HENG_OK) rc = check_parts(parts, n, open.principal + open.late + fee, hand->day, err);
    if (rc == HENG_OK) rc = list(reader, bill_id, &before, &count, err);
    if (rc == HENG_OK) rc = heng_fee_book(store, &open, HENG_FEE_LATE, fee, hand, NULL, err);
    const int32_t plan = count ? before[count - 1].plan + 1 : 1;
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        struct heng_instalment part = {.bill_id = bill_id,
                                       .plan = plan,
                                       .n = (int32_t)i + 1,
                                       .due_day = parts[i].due_day,
                                       .amount = parts[i].amount,
                                       .made_us = hand->now_us};
        memcpy(part.who, hand->who, sizeof part.who);
        rc = heng_store_add_instalment(store, &part, err);
    }
    free(before);
    return rc == HENG_OK ? note(store, &bill, "bill.instalments", hand, reason, err) : rc;
}

heng_rc heng_instalment_stop(struct heng_store *store, int64_t scope, int64_t bill_id, const struct heng_hand *hand,
                             const char *reason, struct heng_err *err)
{
    struct heng_store_reader *reader = heng_store_as_reader(store);
    struct heng_bill bill;
    bool disputed, planned = false;
    heng_rc rc = heng_hand_check(hand, err);
    if (rc == HENG_OK) rc = heng_store_get_bill(reader, scope, bill_id, &bill, err);
    if (rc == HENG_OK) rc = heng_store_bill_held(reader, bill_id, &disputed, &planned, err);
    if (rc == HENG_OK && !planned)
        rc = heng_fail(err, HENG_ENOTFOUND, 0, "bill %s is not paid in instalments", bill.number);
    if (rc == HENG_OK) rc = heng_store_end_instalments(store, bill_id, hand->now_us, reason, err);
    return rc == HENG_OK ? note(store, &bill, "bill.instalments-end", hand, reason, err) : rc;
}

heng_rc heng_instalment_state(struct heng_store_reader *reader, const struct heng_bill *bill, int32_t before_day,
                              struct heng_instalment_state *ret, struct heng_err *err)
{
    struct heng_instalment *parts = NULL;
    struct heng_open_bill open = {.principal = 0};
    size_t n = 0;
    memset(ret, 0, sizeof *ret);
    heng_rc rc = heng_bill_open(reader, bill->account_id, bill->id, &open, err);
    if (rc == HENG_ENOTFOUND) rc = HENG_OK;
    if (rc == HENG_OK) rc = list(reader, bill->id, &parts, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        if (parts[i].ended_us) continue;
        ret->total += parts[i].amount;
        if (parts[i].due_day < before_day) ret->due += parts[i].amount;
    }
    ret->paid = ret->total - open.principal - open.late;
    int64_t so_far = 0;
    for (size_t i = 0; rc == HENG_OK && i < n && !ret->next_day; i++) {
        if (parts[i].ended_us) continue;
        so_far += parts[i].amount;
        if (so_far > ret->paid) ret->next_day = parts[i].due_day;
    }
    free(parts);
    return rc;
}
