/* The ledger: bookings with their postings, books, and the proof that all of it adds up. */
#include "account/receipt.h"
#include "api/money/change.h"

enum { BOOKS_MAX = 4096 };

static const struct heng_api_money_posting *postings_from(struct heng_api_call *call, const struct heng_booking *k)
{
    struct heng_api_money_posting *items = heng_arena_take(call->arena, k->posting_count + 1, sizeof *items);
    for (size_t i = 0; items && i < k->posting_count; i++)
        items[i] = (struct heng_api_money_posting){.book = heng_book_text(k->postings[i].book),
                                                   .has_account = k->postings[i].account_id != 0,
                                                   .account = k->postings[i].account_id,
                                                   .has_ref = k->postings[i].ref[0] != '\0',
                                                   .ref = heng_api_opt_text(call, k->postings[i].ref),
                                                   .amount = k->postings[i].amount};
    return items;
}

heng_rc heng_money_booking_from(struct heng_api_call *call, const struct heng_booking *k,
                                struct heng_api_money_booking *ret, struct heng_err *err)
{
    struct heng_receipt_row receipt;
    char number[HENG_RECEIPT_TEXT_MAX] = "";
    heng_rc rc = heng_store_find_receipt(call->reader, k->id, &receipt, err);
    if (rc == HENG_OK) heng_receipt_text(&receipt, number);
    if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
    *ret = (struct heng_api_money_booking){
        .id = k->id,
        .key = heng_arena_text(call->arena, k->key),
        .kind = heng_booking_text(k->kind),
        .has_account = k->account_id != 0,
        .account = k->account_id,
        .amount = k->amount,
        .currency = heng_arena_text(call->arena, k->currency),
        .at = k->at_us,
        .day = heng_money_day_text(call->arena, k->day),
        .has_channel = k->channel[0] != '\0',
        .channel = heng_api_opt_text(call, k->channel),
        .has_desk = k->desk[0] != '\0',
        .desk = heng_api_opt_text(call, k->desk),
        .has_cash_day = k->cash_day_id != 0,
        .cash_day = k->cash_day_id,
        .has_subject = k->subject[0] != '\0',
        .subject = heng_api_opt_text(call, k->subject),
        .has_subject_id = k->subject_id != 0,
        .subject_id = k->subject_id,
        .has_reverses = k->reverses != 0,
        .reverses = k->reverses,
        .who = heng_arena_text(call->arena, k->who),
        .has_second = k->second[0] != '\0',
        .second = heng_api_opt_text(call, k->second),
        .has_reason = k->reason[0] != '\0',
        .reason = heng_api_opt_text(call, k->reason),
        .has_receipt = number[0] != '\0',
        .receipt = heng_api_opt_text(call, number),
        .postings = postings_from(call, k),
        .postings_n = k->posting_count,
    };
    return ret->postings && ret->key && ret->who ? HENG_OK : heng_api_no_memory(err);
}

/* A page of which one more row than limit was asked for. */
static heng_rc page_from(struct heng_api_call *call, const struct heng_booking *rows, size_t n, size_t limit,
                         struct heng_api_booking_list *ret, struct heng_err *err)
{
    struct heng_api_money_booking *items = heng_arena_take(call->arena, limit, sizeof *items);
    heng_rc rc = items ? HENG_OK : heng_api_no_memory(err);
    *ret = (struct heng_api_booking_list){.items = items, .items_n = n < limit ? n : limit, .more = n > limit};
    for (size_t i = 0; rc == HENG_OK && i < ret->items_n; i++)
        rc = heng_money_booking_from(call, &rows[i], &items[i], err);
    return rc;
}

heng_rc heng_api_list_bookings(struct heng_api_call *call, const struct heng_api_list_bookings_params *params,
                               struct heng_api_booking_list *ret, struct heng_err *err)
{
    size_t limit = (size_t)params->limit, n = 0;
    struct heng_booking *rows = heng_arena_take(call->arena, limit + 1, sizeof *rows);
    struct heng_account account;
    if (!rows) return heng_api_no_memory(err);
    heng_rc rc =
        heng_money_account(call->reader, heng_money_scope(call, params->has_organisation, params->organisation),
                           params->account_id, &account, err);
    if (rc == HENG_OK)
        rc = heng_store_list_bookings(call->reader, account.id, params->has_before ? params->before : 0, rows,
                                      limit + 1, &n, err);
    return rc == HENG_OK ? page_from(call, rows, n, limit, ret, err) : rc;
}

heng_rc heng_api_get_booking(struct heng_api_call *call, const struct heng_api_get_booking_params *params,
                             struct heng_api_money_booking *ret, struct heng_err *err)
{
    struct heng_booking *row = heng_arena_take(call->arena, 1, sizeof *row);
    int64_t scope = heng_money_scope(call, params->has_organisation, params->organisation);
    if (!row) return heng_api_no_memory(err);
    heng_rc rc = heng_store_get_booking(call->reader, params->booking_id, row, err);
    if (rc == HENG_OK && scope && row->org_id != scope)
        return heng_fail(err, HENG_ENOTFOUND, 0, "there is no such booking");
    return rc == HENG_OK ? heng_money_booking_from(call, row, ret, err) : rc;
}

heng_rc heng_api_list_cash_day_bookings(struct heng_api_call *call,
                                        const struct heng_api_list_cash_day_bookings_params *params,
                                        struct heng_api_booking_list *ret, struct heng_err *err)
{
    size_t limit = (size_t)params->limit, n = 0;
    struct heng_booking *rows = heng_arena_take(call->arena, limit + 1, sizeof *rows);
    struct heng_cash_day day;
    if (!rows) return heng_api_no_memory(err);
    heng_rc rc =
        heng_store_get_cash_day(call->reader, heng_money_scope(call, params->has_organisation, params->organisation),
                                params->cash_day_id, &day, err);
    if (rc == HENG_OK)
        rc = heng_store_cash_day_bookings(call->reader, day.id, params->has_after ? params->after : 0, rows, limit + 1,
                                          &n, err);
    return rc == HENG_OK ? page_from(call, rows, n, limit, ret, err) : rc;
}

heng_rc heng_api_list_books(struct heng_api_call *call, const struct heng_api_list_books_params *params,
                            struct heng_api_book_list *ret, struct heng_err *err)
{
    struct heng_book_row *rows = heng_arena_take(call->arena, BOOKS_MAX, sizeof *rows);
    struct heng_api_money_book *items = heng_arena_take(call->arena, BOOKS_MAX, sizeof *items);
    size_t n = 0;
    if (!rows || !items) return heng_api_no_memory(err);
    heng_rc rc =
        heng_store_list_books(call->reader, heng_money_scope(call, params->has_organisation, params->organisation), 0,
                              rows, BOOKS_MAX, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++)
        items[i] = (struct heng_api_money_book){.id = rows[i].id,
                                                .has_organisation = rows[i].org_id != 0,
                                                .organisation = rows[i].org_id,
                                                .kind = heng_book_text(rows[i].kind),
                                                .has_ref = rows[i].ref[0] != '\0',
                                                .ref = rows[i].ref,
                                                .currency = rows[i].currency,
                                                .balance = rows[i].balance,
                                                .postings = rows[i].postings};
    *ret = (struct heng_api_book_list){.items = items, .items_n = n, .more = n == BOOKS_MAX};
    return rc;
}

heng_rc heng_api_check_ledger(struct heng_api_call *call, struct heng_api_ledger_proof *ret, struct heng_err *err)
{
    struct heng_books_proof proof;
    heng_rc rc = heng_store_prove_books(call->reader, &proof, err);
    if (rc != HENG_OK) return rc;
    *ret = (struct heng_api_ledger_proof){.books = proof.books,
                                          .bookings = proof.bookings,
                                          .postings = proof.postings,
                                          .wrong = proof.wrong,
                                          .has_why = proof.why[0] != '\0',
                                          .why = heng_arena_text(call->arena, proof.why)};
    return HENG_OK;
}
