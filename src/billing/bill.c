#include "billing/bill.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/read.h"

heng_rc heng_draft_sum(struct heng_draft *draft, struct heng_err *err)
{
    int64_t total = 0, tax = 0;
    for (size_t i = 0; i < draft->charge_count; i++) {
        const struct heng_charge *charge = &draft->charges[i];
        int64_t lines = 0, of_lines = 0;
        for (size_t k = 0; k < charge->line_count; k++)
            if (__builtin_add_overflow(lines, charge->lines[k].amount, &lines) ||
                __builtin_add_overflow(of_lines, charge->lines[k].tax, &of_lines))
                return heng_fail(err, HENG_ERANGE, 0, "the lines of a charge do not fit a number");
        if (lines != charge->amount || of_lines != charge->tax)
            return heng_fail(err, HENG_EBUG, 0, "the lines of a charge sum to %lld, it says %lld", (long long)lines,
                             (long long)charge->amount);
        if (__builtin_add_overflow(total, lines, &total) || __builtin_add_overflow(tax, of_lines, &tax))
            return heng_fail(err, HENG_ERANGE, 0, "the charges of a bill do not fit a number");
    }
    draft->bill.total = total;
    draft->bill.tax = tax;
    return HENG_OK;
}

void heng_draft_block(struct heng_draft *draft, uint32_t flags, const char *why)
{
    struct heng_bill *bill = &draft->bill;
    bill->flags |= flags;
    if (bill->state == HENG_BILL_STATE_BLOCKED) return;
    bill->state = HENG_BILL_STATE_BLOCKED;
    snprintf(bill->why, sizeof bill->why, "%s", why);
}

int32_t heng_bill_rank(const struct heng_bill *bill)
{
    static const uint32_t by_weight[] = {
        HENG_BILL_FLAG_NEGATIVE,  HENG_BILL_FLAG_ZERO,      HENG_BILL_FLAG_FAR,  HENG_BILL_FLAG_OPEN_TASK,
        HENG_BILL_FLAG_ESTIMATED, HENG_BILL_FLAG_EXCHANGED, HENG_BILL_FLAG_PART, HENG_BILL_FLAG_FIRST,
    };
    enum { WEIGHTS = sizeof by_weight / sizeof *by_weight };
    int32_t rank = 1;
    if (bill->state == HENG_BILL_STATE_BLOCKED) return 0;
    for (size_t i = 0; i < WEIGHTS && !(bill->flags & by_weight[i]); i++) rank++;
    return rank;
}

heng_rc heng_bill_digest(const struct heng_bill *bill, const struct heng_charge *charges, size_t n, uint8_t ret[32],
                         struct heng_err *err)
{
    char text[512];
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    int length =
        snprintf(text, sizeof text, "bill\n%s\n%s\n%lld\n%lld\n%d\n%d\n%d\n%lld\n%lld\n%s\n%lld\n%lld\n", bill->number,
                 heng_bill_kind_text(bill->kind), (long long)bill->org_id, (long long)bill->account_id, bill->from_day,
                 bill->to_day, bill->due_day, (long long)bill->total, (long long)bill->tax, bill->currency,
                 (long long)bill->reverses, (long long)bill->replaces);
    bool good = ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) && EVP_DigestUpdate(ctx, text, (size_t)length);
    for (size_t i = 0; i < n && good; i++) good = EVP_DigestUpdate(ctx, charges[i].digest, sizeof charges[i].digest);
    good = good && EVP_DigestFinal_ex(ctx, ret, NULL);
    EVP_MD_CTX_free(ctx);
    return good ? HENG_OK : heng_fail(err, HENG_ENOMEM, 0, "no memory for the digest of a bill");
}

/* Of each contract and period the newest charge that was there at until_us: it has all lines of the period. */
static heng_rc statement_charges(struct heng_store_reader *reader, const struct heng_bill *bill,
                                 struct heng_arena *arena, struct heng_charge **ret, size_t *ret_n,
                                 struct heng_err *err)
{
    enum { MAX = 4096 };
    int64_t *ids = heng_arena_take(arena, MAX, sizeof *ids);
    struct heng_charge *charges = heng_arena_take(arena, HENG_CONTRACTS_MAX, sizeof *charges);
    size_t n = 0, count = 0;
    heng_rc rc = ids && charges ? HENG_OK : heng_fail(err, HENG_ENOMEM, 0, "no memory for a statement");
    if (rc == HENG_OK)
        rc = heng_store_list_prepaid_charges(reader, bill->account_id, bill->from_day, bill->to_day, ids, MAX, &n, err);
    for (size_t i = 0; i < n && rc == HENG_OK; i++) {
        struct heng_charge charge;
        rc = heng_store_get_charge(reader, ids[i], arena, &charge, err);
        if (rc != HENG_OK || (bill->issued_us && charge.at_us > bill->issued_us)) continue;
        bool same = count && charges[count - 1].contract_id == charge.contract_id &&
                    charges[count - 1].from_day == charge.from_day;
        if (!same && count == HENG_CONTRACTS_MAX)
            rc =
                heng_fail(err, HENG_ELIMIT, 0, "a statement has more than %d periods of contracts", HENG_CONTRACTS_MAX);
        else
            charges[same ? count - 1 : count++] = charge;
    }
    *ret = charges;
    *ret_n = count;
    return rc;
}

heng_rc heng_bill_charges(struct heng_store_reader *reader, const struct heng_bill *bill, struct heng_arena *arena,
                          struct heng_charge **ret, size_t *ret_n, struct heng_err *err)
{
    if (bill->kind == HENG_BILL_STATEMENT) return statement_charges(reader, bill, arena, ret, ret_n, err);
    return heng_store_list_charges(reader, bill->kind == HENG_BILL_REVERSAL ? bill->reverses : bill->id, arena, ret,
                                   ret_n, err);
}

static heng_rc verify_charges(const struct heng_bill *bill, const struct heng_charge *charges, size_t n,
                              struct heng_err *err)
{
    uint8_t digest[32];
    heng_rc rc = HENG_OK;
    for (size_t i = 0; i < n && rc == HENG_OK; i++) {
        rc = heng_charge_digest(&charges[i], digest, err);
        if (rc == HENG_OK && memcmp(digest, charges[i].digest, sizeof digest) != 0)
            rc = heng_fail(err, HENG_ECONFLICT, 0, "charge %lld of bill %s was changed after it was made",
                           (long long)charges[i].id, bill->number);
    }
    if (rc == HENG_OK) rc = heng_bill_digest(bill, charges, n, digest, err);
    if (rc == HENG_OK && (!bill->has_digest || memcmp(digest, bill->digest, sizeof digest) != 0))
        rc = heng_fail(err, HENG_ECONFLICT, 0, "bill %s was changed after it was issued", bill->number);
    return rc;
}

heng_rc heng_bill_verify(struct heng_store_reader *reader, const struct heng_bill *bill, struct heng_err *err)
{
    struct heng_arena arena = {.max = 64 << 20};
    struct heng_charge *charges = NULL;
    size_t n = 0;
    heng_rc rc = heng_bill_charges(reader, bill, &arena, &charges, &n, err);
    if (rc == HENG_OK) rc = verify_charges(bill, charges, n, err);
    heng_arena_fini(&arena);
    return rc;
}

heng_rc heng_bill_booking(const struct heng_draft *draft, const struct heng_hand *hand, struct heng_booking *ret,
                          struct heng_err *err)
{
    const struct heng_bill *bill = &draft->bill;
    heng_rc rc = HENG_OK;
    memset(ret, 0, sizeof *ret);
    ret->kind = HENG_BOOKING_BILL;
    ret->org_id = bill->org_id;
    ret->account_id = bill->account_id;
    ret->amount = bill->total;
    ret->at_us = hand->now_us;
    ret->day = hand->day;
    ret->subject_id = bill->id;
    snprintf(ret->key, sizeof ret->key, "bill:%lld", (long long)bill->id);
    snprintf(ret->subject, sizeof ret->subject, "bill");
    snprintf(ret->currency, sizeof ret->currency, "%s", bill->currency);
    snprintf(ret->who, sizeof ret->who, "%s", hand->who);
    snprintf(ret->second, sizeof ret->second, "%s", hand->second);
    if (bill->kind == HENG_BILL_STATEMENT) return HENG_OK;
    for (size_t i = 0; i < draft->charge_count && rc == HENG_OK; i++)
        rc = heng_charge_post(&draft->charges[i], HENG_BOOK_OWED, 1, ret, err);
    if (rc == HENG_OK && ret->posting_count) rc = heng_ledger_check(ret, err);
    return rc;
}

static heng_rc whole_setting(struct heng_store_reader *reader, const char *name, int64_t otherwise, int64_t max,
                             int64_t *ret, struct heng_err *err)
{
    char text[32], *end;
    heng_rc rc = heng_store_get_setting(reader, name, text, sizeof text, err);
    *ret = otherwise;
    if (rc == HENG_ENOTFOUND) return HENG_OK;
    if (rc != HENG_OK) return rc;
    long long value = strtoll(text, &end, 10);
    if (end == text || *end || value < 0 || value > max)
        return heng_fail(err, HENG_ECONFIG, 0, "setting %s is '%s': a number from 0 to %lld is wanted", name, text,
                         (long long)max);
    *ret = value;
    return HENG_OK;
}

heng_rc heng_bill_settings_get(struct heng_store_reader *reader, struct heng_bill_settings *ret, struct heng_err *err)
{
    int64_t second = 1, advance = 1;
    heng_rc rc = whole_setting(reader, "bill_far_percent", 50, 100000, &ret->far_percent, err);
    if (rc == HENG_OK) rc = whole_setting(reader, "bill_second_person", 1, 1, &second, err);
    if (rc == HENG_OK) rc = whole_setting(reader, "bill_advance", 1, 1, &advance, err);
    ret->second_person = second != 0;
    ret->use_advance = advance != 0;
    return rc;
}
