/* What was booked is read, and proven. */
#include "store/money/ledger.h"

#include "base/buf.h"
#include "store/db_rows.h"
#include "store/money/ledger_inside.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>

/* Each field on a line of its own; texts with their length, so that no text can look like the next field. */
static void digest_text(struct heng_buf *out, const char *text)
{
    char head[24];
    int n = snprintf(head, sizeof head, "%zu:", strlen(text));
    heng_buf_put(out, heng_slice_of(head, (size_t)n));
    heng_buf_put(out, heng_slice_str(text));
    heng_buf_u8(out, '\n');
}

static void digest_int(struct heng_buf *out, int64_t value)
{
    char line[24];
    int n = snprintf(line, sizeof line, "%" PRId64 "\n", value);
    heng_buf_put(out, heng_slice_of(line, (size_t)n));
}

bool heng_booking_digest(const struct heng_booking *k, uint8_t ret[static HENG_DIGEST_SIZE])
{
    uint8_t memory[1024 + HENG_POSTINGS_MAX * 128];
    struct heng_buf out = heng_buf_of(memory, sizeof memory);
    digest_text(&out, "heng booking 1");
    digest_text(&out, k->key);
    digest_int(&out, k->org_id);
    digest_int(&out, k->account_id);
    digest_text(&out, heng_booking_text(k->kind));
    digest_int(&out, k->amount);
    digest_text(&out, k->currency);
    digest_int(&out, k->day);
    digest_text(&out, k->channel);
    digest_text(&out, k->desk);
    digest_int(&out, k->cash_day_id);
    digest_text(&out, k->subject);
    digest_int(&out, k->subject_id);
    digest_int(&out, k->reverses);
    digest_text(&out, k->who);
    digest_text(&out, k->second);
    digest_text(&out, k->reason);
    digest_int(&out, (int64_t)k->posting_count);
    for (size_t i = 0; i < k->posting_count; i++) {
        digest_text(&out, heng_book_text(k->postings[i].book));
        digest_int(&out, k->postings[i].account_id);
        digest_text(&out, k->postings[i].ref);
        digest_int(&out, k->postings[i].amount);
    }
    return !out.full && EVP_Digest(out.p, out.n, ret, NULL, EVP_sha256(), NULL) == 1;
}

/* The columns of booking_get and its like, but for the postings. */
static void fill_booking(struct heng_query *q, struct heng_booking *ret)
{
    char kind[24];
    memset(ret, 0, sizeof *ret);
    ret->id = heng_query_get_int(q);
    heng_query_get_text(q, ret->key, sizeof ret->key);
    ret->org_id = heng_query_get_int(q);
    ret->account_id = heng_query_get_int(q);
    heng_query_get_text(q, kind, sizeof kind);
    ret->kind = heng_booking_of(kind);
    ret->amount = heng_query_get_int(q);
    heng_query_get_text(q, ret->currency, sizeof ret->currency);
    ret->at_us = heng_query_get_int(q);
    ret->day = (int32_t)heng_query_get_int(q);
    heng_query_get_text(q, ret->channel, sizeof ret->channel);
    heng_query_get_text(q, ret->desk, sizeof ret->desk);
    ret->cash_day_id = heng_query_get_int(q);
    heng_query_get_text(q, ret->subject, sizeof ret->subject);
    ret->subject_id = heng_query_get_int(q);
    ret->reverses = heng_query_get_int(q);
    heng_query_get_text(q, ret->who, sizeof ret->who);
    heng_query_get_text(q, ret->second, sizeof ret->second);
    heng_query_get_text(q, ret->reason, sizeof ret->reason);
}

static void fill_posting(struct heng_query *q, struct heng_posting *ret)
{
    char kind[24];
    heng_query_get_text(q, kind, sizeof kind);
    ret->book = heng_book_of(kind);
    ret->account_id = heng_query_get_int(q);
    heng_query_get_text(q, ret->ref, sizeof ret->ref);
    ret->amount = heng_query_get_int(q);
}

static heng_rc read_postings(struct heng_store_reader *reader, struct heng_booking *ret, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_POSTING_OF);
    heng_query_int(&q, ret->id);
    HENG_QUERY_ALL(fill_posting, ret->postings, HENG_POSTINGS_MAX, &ret->posting_count);
}

static heng_rc one_booking(struct heng_store_reader *reader, struct heng_query *q, struct heng_booking *ret,
                           struct heng_err *err)
{
    heng_rc rc = heng_query_step(q, err);
    if (rc == HENG_OK) fill_booking(q, ret);
    heng_query_end(q);
    return rc == HENG_OK ? read_postings(reader, ret, err) : rc;
}

heng_rc heng_store_get_booking(struct heng_store_reader *reader, int64_t id, struct heng_booking *ret,
                               struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_BOOKING_GET);
    heng_query_int(&q, id);
    heng_rc rc = one_booking(reader, &q, ret, err);
    return rc == HENG_ENOTFOUND ? heng_fail(err, rc, 0, "there is no booking %" PRId64, id) : rc;
}

heng_rc heng_store_find_booking(struct heng_store_reader *reader, const char *key, struct heng_booking *ret,
                                struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_BOOKING_FIND);
    heng_query_text(&q, key);
    heng_rc rc = one_booking(reader, &q, ret, err);
    return rc == HENG_ENOTFOUND ? heng_fail(err, rc, 0, "there is no booking with the key '%s'", key) : rc;
}

heng_rc heng_store_find_reversal(struct heng_store_reader *reader, int64_t id, int64_t *ret, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_BOOKING_REVERSAL);
    heng_query_int(&q, id);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) *ret = heng_query_get_int(&q);
    heng_query_end(&q);
    return rc == HENG_ENOTFOUND ? heng_fail(err, rc, 0, "booking %" PRId64 " is not reversed", id) : rc;
}

static heng_rc all_bookings(struct heng_store_reader *reader, struct heng_query *at_work, struct heng_booking *ret,
                            size_t cap, size_t *ret_n, struct heng_err *err)
{
    heng_rc rc = HENG_OK;
    size_t n = 0;
    while (n < cap && (rc = heng_query_step(at_work, err)) == HENG_OK) fill_booking(at_work, &ret[n++]);
    heng_query_end(at_work);
    if (rc == HENG_ENOTFOUND) rc = HENG_OK;
    for (size_t i = 0; rc == HENG_OK && i < n; i++) rc = read_postings(reader, &ret[i], err);
    if (rc == HENG_OK) *ret_n = n;
    return rc;
}

heng_rc heng_store_list_bookings(struct heng_store_reader *reader, int64_t account_id, int64_t before_id,
                                 struct heng_booking *ret, size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_BOOKING_LIST);
    heng_query_int(&q, account_id);
    heng_query_int(&q, before_id > 0 ? before_id : INT64_MAX);
    heng_query_int(&q, (int64_t)cap);
    heng_query_int(&q, (int64_t)cap * HENG_POSTINGS_MAX);
    return all_bookings(reader, &q, ret, cap, ret_n, err);
}

heng_rc heng_store_cash_day_bookings(struct heng_store_reader *reader, int64_t cash_day_id, int64_t after_id,
                                     struct heng_booking *ret, size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_BOOKING_OF_CASH_DAY);
    heng_query_int(&q, cash_day_id);
    heng_query_int(&q, after_id);
    heng_query_int(&q, (int64_t)cap);
    return all_bookings(reader, &q, ret, cap, ret_n, err);
}

heng_rc heng_store_last_sale(struct heng_store_reader *reader, int64_t account_id, int64_t *ret, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_BOOKING_LAST);
    heng_query_int(&q, account_id);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) *ret = heng_query_get_int(&q);
    heng_query_end(&q);
    return rc;
}

heng_rc heng_store_book_balance(struct heng_store_reader *reader, int64_t org_id, heng_book_kind kind,
                                int64_t account_id, const char *ref, const char *currency, int64_t *ret,
                                struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_BOOK_BALANCE);
    heng_query_int(&q, account_id);
    heng_query_text(&q, heng_book_text(kind));
    heng_query_int(&q, org_id);
    heng_query_text(&q, ref);
    heng_query_text(&q, currency);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) *ret = heng_query_get_int(&q);
    if (rc == HENG_ENOTFOUND) *ret = 0;
    heng_query_end(&q);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

static void fill_book(struct heng_query *q, struct heng_book_row *ret)
{
    char kind[24];
    ret->id = heng_query_get_int(q);
    ret->org_id = heng_query_get_int(q);
    heng_query_get_text(q, kind, sizeof kind);
    ret->kind = heng_book_of(kind);
    ret->account_id = heng_query_get_int(q);
    heng_query_get_text(q, ret->ref, sizeof ret->ref);
    heng_query_get_text(q, ret->currency, sizeof ret->currency);
    ret->balance = heng_query_get_int(q);
    ret->postings = heng_query_get_int(q);
}

heng_rc heng_store_list_books(struct heng_store_reader *reader, int64_t scope, int64_t account_id,
                              struct heng_book_row *ret, size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_BOOK_LIST);
    heng_query_int(&q, scope);
    heng_query_int(&q, account_id);
    HENG_QUERY_ALL(fill_book, ret, cap, ret_n);
}

/* In the books credit is what we owe the customer; what he owes is debit. */
static void add_balance(struct heng_account_balance *to, heng_book_kind kind, int64_t balance)
{
    switch (kind) {
    case HENG_BOOK_PURSE: to->purse -= balance; break;
    case HENG_BOOK_OWED: to->owed += balance; break;
    case HENG_BOOK_ADVANCE: to->advance -= balance; break;
    case HENG_BOOK_DEPOSIT: to->deposit -= balance; break;
    case HENG_BOOK_METER: to->in_meter -= balance; break;
    case HENG_BOOK_CASH:
    case HENG_BOOK_SAFE:
    case HENG_BOOK_CHANNEL:
    case HENG_BOOK_BANK:
    case HENG_BOOK_CHANNEL_FEE:
    case HENG_BOOK_UNCLEAR:
    case HENG_BOOK_REVENUE:
    case HENG_BOOK_TAX:
    case HENG_BOOK_LATE:
    case HENG_BOOK_LOSS:
    case HENG_BOOK_OVER_SHORT:
    case HENG_BOOK_OPENING:
    case HENG_BOOK_COUNT: break;
    }
}

heng_rc heng_store_account_balance(struct heng_store_reader *reader, int64_t account_id,
                                   struct heng_account_balance *ret, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc;
    memset(ret, 0, sizeof *ret);
    heng_query_begin(&q, &reader->db, HENG_SQL_BOOK_OF_ACCOUNT);
    heng_query_int(&q, account_id);
    while ((rc = heng_query_step(&q, err)) == HENG_OK) {
        char kind[24];
        heng_query_get_text(&q, kind, sizeof kind);
        add_balance(ret, heng_book_of(kind), heng_query_get_int(&q));
    }
    heng_query_end(&q);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

heng_rc heng_store_next_number(struct heng_store *store, int64_t org_id, const char *kind, const char *scope, int year,
                               int64_t *ret, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = heng_store_need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_NUMBER_NEXT);
    heng_query_int(&q, org_id);
    heng_query_text(&q, kind);
    heng_query_text(&q, scope);
    heng_query_int(&q, year);
    rc = heng_query_step(&q, err);
    if (rc == HENG_OK) *ret = heng_query_get_int(&q);
    heng_query_end(&q);
    return rc;
}

/* --- Proof --- */

static void wrong(struct heng_books_proof *proof, const char *format, ...) HENG_PRINTF(2, 3);
static void wrong(struct heng_books_proof *proof, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (proof->wrong++ == 0) vsnprintf(proof->why, sizeof proof->why, format, args);
    va_end(args);
}

static heng_rc count_all(struct heng_store_reader *reader, struct heng_books_proof *ret, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_PROVE_COUNTS);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) {
        ret->books = heng_query_get_int(&q);
        ret->bookings = heng_query_get_int(&q);
        ret->postings = heng_query_get_int(&q);
    }
    heng_query_end(&q);
    return rc;
}

static heng_rc prove_sums(struct heng_store_reader *reader, struct heng_books_proof *ret, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc;
    heng_query_begin(&q, &reader->db, HENG_SQL_PROVE_BOOKS);
    while ((rc = heng_query_step(&q, err)) == HENG_OK) {
        struct heng_book_row book = {.id = heng_query_get_int(&q)};
        char kind[24];
        heng_query_get_text(&q, kind, sizeof kind);
        book.account_id = heng_query_get_int(&q);
        heng_query_get_text(&q, book.ref, sizeof book.ref);
        book.balance = heng_query_get_int(&q);
        int64_t sum = heng_query_get_int(&q);
        wrong(ret, "book %" PRId64 " (%s %s, account %" PRId64 ") says %" PRId64 ", its postings add up to %" PRId64,
              book.id, kind, book.ref, book.account_id, book.balance, sum);
    }
    heng_query_end(&q);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

/* All postings of a booking are in it: they sum to zero, and it is what was written. */
static void prove_booking(const struct heng_booking *k, const uint8_t digest[static HENG_DIGEST_SIZE],
                          struct heng_books_proof *ret)
{
    uint8_t now[HENG_DIGEST_SIZE];
    int64_t sum = 0;
    bool fits = true;
    for (size_t i = 0; fits && i < k->posting_count; i++)
        fits = !__builtin_add_overflow(sum, k->postings[i].amount, &sum);
    if (!fits || sum)
        wrong(ret, "booking %" PRId64 " (%s): its postings do not sum to zero", k->id, heng_booking_text(k->kind));
    else if (!heng_booking_digest(k, now) || memcmp(now, digest, sizeof now) != 0)
        wrong(ret, "booking %" PRId64 " (%s) is not what was written: its digest differs", k->id,
              heng_booking_text(k->kind));
}

/* A row of prove_bookings begins a booking, or adds a posting to it. */
static void take_posting(struct heng_query *q, struct heng_booking *k, struct heng_books_proof *ret)
{
    if (heng_query_is_null(q)) return;
    int64_t org_id = heng_query_get_int(q);
    bool fits = org_id == k->org_id && strcmp(heng_query_peek_text(q), k->currency) == 0;
    if (!fits || k->posting_count == HENG_POSTINGS_MAX) {
        wrong(ret, "booking %" PRId64 " has a posting in a book of another organisation or currency", k->id);
        return;
    }
    fill_posting(q, &k->postings[k->posting_count++]);
}

static heng_rc prove_bookings(struct heng_store_reader *reader, struct heng_books_proof *ret, struct heng_err *err)
{
    struct heng_query q;
    struct heng_booking now = {0}, row;
    uint8_t digest[HENG_DIGEST_SIZE] = {0};
    heng_rc rc;
    heng_query_begin(&q, &reader->db, HENG_SQL_PROVE_BOOKINGS);
    q.streamed = true;
    while ((rc = heng_query_step(&q, err)) == HENG_OK) {
        fill_booking(&q, &row);
        struct heng_slice bytes = heng_query_get_blob(&q);
        if (row.id != now.id) {
            if (now.id) prove_booking(&now, digest, ret);
            now = row;
            memset(digest, 0, sizeof digest);
            if (bytes.n == sizeof digest) memcpy(digest, bytes.p, sizeof digest);
        }
        take_posting(&q, &now, ret);
    }
    heng_query_end(&q);
    if (rc == HENG_ENOTFOUND && now.id) prove_booking(&now, digest, ret);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

static heng_rc prove_receipts(struct heng_store_reader *reader, struct heng_books_proof *ret, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc;
    heng_query_begin(&q, &reader->db, HENG_SQL_PROVE_RECEIPTS);
    while ((rc = heng_query_step(&q, err)) == HENG_OK) {
        char desk[HENG_DESK_MAX];
        int64_t org_id = heng_query_get_int(&q);
        heng_query_get_text(&q, desk, sizeof desk);
        int64_t year = heng_query_get_int(&q), last = heng_query_get_int(&q), count = heng_query_get_int(&q);
        wrong(ret,
              "receipts of desk '%s' in %" PRId64 " (organisation %" PRId64 "): %" PRId64 " are there, the last "
              "number given is %" PRId64,
              desk, year, org_id, count, last);
    }
    heng_query_end(&q);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

heng_rc heng_store_prove_books(struct heng_store_reader *reader, struct heng_books_proof *ret, struct heng_err *err)
{
    memset(ret, 0, sizeof *ret);
    heng_rc rc = count_all(reader, ret, err);
    if (rc == HENG_OK) rc = prove_sums(reader, ret, err);
    if (rc == HENG_OK) rc = prove_bookings(reader, ret, err);
    if (rc == HENG_OK) rc = prove_receipts(reader, ret, err);
    return rc;
}
