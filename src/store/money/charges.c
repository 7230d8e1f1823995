#include "store/money/bills.h"

#include <openssl/evp.h>
#include <stdlib.h>

#include "base/arena.h"
#include "store/db_rows.h"
#include "store/money/charge_ahead.h"
#include "store/money/runs.h"

enum { CHUNK = 1000, OF_BILL_MAX = 4096 };

static const char *const kinds[] = {
#define X(symbol, text) text,
    HENG_CHARGE_KIND_LIST(X)
#undef X
};
const char *heng_charge_kind_text(heng_charge_kind kind)
{
    return kind < HENG_CHARGE_KIND_COUNT ? kinds[kind] : "unknown";
}

heng_charge_kind heng_charge_kind_of(const char *text)
{
    unsigned i = 0;
    while (i < HENG_CHARGE_KIND_COUNT && strcmp(kinds[i], text) != 0) i++;
    return (heng_charge_kind)i;
}

/* --- digest ------------------------------------------------------------------------------------------------------ */

/* Numbers as 8 bytes, low byte first; texts behind their length: nothing can stand for something else. */
static void add_int(EVP_MD_CTX *md, int64_t value)
{
    uint8_t bytes[8];
    for (unsigned i = 0; i < 8; i++) bytes[i] = (uint8_t)((uint64_t)value >> (8 * i));
    EVP_DigestUpdate(md, bytes, sizeof bytes);
}

static void add_bytes(EVP_MD_CTX *md, const void *p, size_t n)
{
    add_int(md, (int64_t)n);
    EVP_DigestUpdate(md, p, n);
}

static void add_text(EVP_MD_CTX *md, const char *text) { add_bytes(md, text, strlen(text)); }

static uint32_t time_of(uint32_t value) { return value ? value : 1; }

static void add_line(EVP_MD_CTX *md, const struct heng_charge_line *line)
{
    const char *const texts[] = {line->component, line->name,  line->version, line->rate, line->unit,
                                 line->quantity,  line->price, line->note,    line->vat};
    const int64_t ints[] = {line->tier,
                            line->from_day,
                            line->to_day,
                            line->amount,
                            line->tax,
                            time_of(line->time_count),
                            time_of(line->time_of)};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) add_text(md, texts[i]);
    for (size_t i = 0; i < sizeof ints / sizeof *ints; i++) add_int(md, ints[i]);
}

heng_rc heng_charge_digest(const struct heng_charge *charge, uint8_t ret[32], struct heng_err *err)
{
    const int64_t ints[] = {charge->contract_id, charge->account_id, (int64_t)charge->kind,
                            charge->from_day,    charge->to_day,     charge->total,
                            charge->before,      charge->amount,     charge->tax,
                            charge->before_tax,  charge->estimated,  (int64_t)charge->line_count};
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    bool ok = md && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1;
    if (ok) {
        for (size_t i = 0; i < sizeof ints / sizeof *ints; i++) add_int(md, ints[i]);
        add_text(md, charge->medium);
        add_bytes(md, charge->ask.p, charge->ask.n);
        add_bytes(md, charge->states.p, charge->states.n);
        add_bytes(md, charge->trace.p, charge->trace.n);
        for (size_t i = 0; i < charge->line_count; i++) add_line(md, &charge->lines[i]);
        ok = EVP_DigestFinal_ex(md, ret, NULL) == 1;
    }
    EVP_MD_CTX_free(md);
    return ok ? HENG_OK : heng_fail(err, HENG_ENOMEM, 0, "out of memory for a digest");
}

/* --- write ------------------------------------------------------------------------------------------------------- */

/* SQLite wants texts that end with a NUL. */
static const char *put_text(struct heng_str *memory, size_t *at, struct heng_slice text)
{
    const char *copy = memory->text + *at;
    memcpy(memory->text + *at, text.n ? (const char *)text.p : "", text.n);
    memory->text[*at + text.n] = '\0';
    *at += text.n + 1;
    return copy;
}

static heng_rc need_room(struct heng_str *memory, size_t n, struct heng_err *err)
{
    heng_str_clear(memory);
    for (size_t left = n; left > 0; left -= left < 64 ? left : 64)
        heng_str_put(memory, "                                                                ", left < 64 ? left : 64);
    return memory->rc == HENG_OK ? HENG_OK : heng_fail(err, memory->rc, 0, "the texts of a charge are too long");
}

static heng_rc add_line_row(struct heng_store *store, const struct heng_charge_line *line, int64_t charge_id, size_t n,
                            struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_CHARGE_LINE_ADD);
    heng_query_int(&q, charge_id);
    heng_query_int(&q, (int64_t)n);
    heng_query_text(&q, line->component);
    heng_query_text(&q, line->name);
    heng_query_text(&q, line->version);
    heng_query_int(&q, line->tier);
    heng_query_text(&q, line->rate);
    heng_query_int(&q, line->from_day);
    heng_query_int(&q, line->to_day);
    heng_query_text(&q, line->quantity);
    heng_query_text(&q, line->unit);
    heng_query_text(&q, line->price);
    heng_query_int(&q, line->amount);
    heng_query_int(&q, line->tax);
    heng_query_text(&q, line->note);
    heng_query_text(&q, line->vat);
    heng_query_int(&q, time_of(line->time_count));
    heng_query_int(&q, time_of(line->time_of));
    return heng_query_finish(&q, err);
}

static heng_rc add_charge(struct heng_store *store, const struct heng_charge *charge, struct heng_str *memory,
                          struct heng_err *err)
{
    struct heng_query q;
    size_t at = 0;
    heng_rc rc = need_room(memory, charge->ask.n + charge->states.n + charge->trace.n + 3, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_CHARGE_ADD);
    heng_query_int(&q, charge->id);
    heng_query_int(&q, charge->contract_id);
    heng_query_int(&q, charge->account_id);
    heng_query_text(&q, heng_charge_kind_text(charge->kind));
    heng_query_int(&q, charge->from_day);
    heng_query_int(&q, charge->to_day);
    heng_query_text(&q, charge->medium);
    heng_query_int(&q, charge->total);
    heng_query_int(&q, charge->before);
    heng_query_int(&q, charge->amount);
    heng_query_int(&q, charge->tax);
    heng_query_int(&q, charge->before_tax);
    heng_query_int(&q, charge->estimated);
    heng_query_int(&q, charge->bill_id);
    heng_query_int(&q, charge->booking_id);
    heng_query_int(&q, charge->at_us);
    heng_query_text(&q, put_text(memory, &at, charge->ask));
    heng_query_text(&q, put_text(memory, &at, charge->states));
    heng_query_text(&q, put_text(memory, &at, charge->trace));
    heng_query_blob(&q, heng_slice_of(charge->digest, sizeof charge->digest));
    rc = heng_query_finish(&q, err);
    for (size_t i = 0; rc == HENG_OK && i < charge->line_count; i++)
        rc = add_line_row(store, &charge->lines[i], charge->id, i, err);
    return rc;
}

/* A server is told of a chunk in two statements: one array for each column. */
struct columns {
    int64_t *ints;
    struct heng_slice *slices;
    size_t n, rows, int_count, slice_count;
};

static heng_rc columns_new(struct columns *c, size_t rows, size_t ints, size_t slices, struct heng_err *err)
{
    *c = (struct columns){.rows = rows, .int_count = ints, .slice_count = slices};
    c->ints = calloc(rows * ints + 1, sizeof *c->ints);
    c->slices = calloc(rows * slices + 1, sizeof *c->slices);
    return c->ints && c->slices ? HENG_OK : heng_fail(err, HENG_ENOMEM, 0, "out of memory for charges");
}

static void columns_free(struct columns *c)
{
    free(c->ints);
    free(c->slices);
}

static void columns_put(struct columns *c, const int64_t *ints, const struct heng_slice *slices)
{
    for (size_t i = 0; i < c->int_count; i++) c->ints[i * c->rows + c->n] = ints[i];
    for (size_t i = 0; i < c->slice_count; i++) c->slices[i * c->rows + c->n] = slices[i];
    c->n++;
}

/* texts: how many of the slices are texts; those behind are bytes. */
static heng_rc columns_send(struct heng_store *store, const struct columns *c, heng_sql sql, size_t texts,
                            struct heng_err *err)
{
    struct heng_query q;
    if (c->n == 0) return HENG_OK;
    heng_query_begin(&q, &store->reader.db, sql);
    for (size_t i = 0; i < c->int_count; i++) heng_query_ints(&q, c->ints + i * c->rows, c->n);
    for (size_t i = 0; i < c->slice_count; i++) heng_query_slices(&q, i < texts, c->slices + i * c->rows, c->n);
    return heng_query_finish(&q, err);
}

static void put_charge(struct columns *c, const struct heng_charge *charge)
{
    const int64_t ints[] = {charge->id,         charge->contract_id, charge->account_id, charge->from_day,
                            charge->to_day,     charge->total,       charge->before,     charge->amount,
                            charge->tax,        charge->before_tax,  charge->estimated,  charge->bill_id,
                            charge->booking_id, charge->at_us};
    const struct heng_slice slices[] = {heng_slice_str(heng_charge_kind_text(charge->kind)),
                                        heng_slice_str(charge->medium),
                                        charge->ask,
                                        charge->states,
                                        charge->trace,
                                        heng_slice_of(charge->digest, sizeof charge->digest)};
    columns_put(c, ints, slices);
}

static void put_line(struct columns *c, const struct heng_charge_line *line, int64_t charge_id, size_t n)
{
    const int64_t ints[] = {charge_id,
                            (int64_t)n,
                            line->tier,
                            line->from_day,
                            line->to_day,
                            line->amount,
                            line->tax,
                            time_of(line->time_count),
                            time_of(line->time_of)};
    const struct heng_slice slices[] = {
        heng_slice_str(line->component), heng_slice_str(line->name),     heng_slice_str(line->version),
        heng_slice_str(line->rate),      heng_slice_str(line->quantity), heng_slice_str(line->unit),
        heng_slice_str(line->price),     heng_slice_str(line->note),     heng_slice_str(line->vat)};
    columns_put(c, ints, slices);
}

static heng_rc add_chunk(struct heng_store *store, const struct heng_charge *charges, size_t n, struct heng_err *err)
{
    struct columns heads, lines = {0};
    size_t line_count = 0;
    for (size_t i = 0; i < n; i++) line_count += charges[i].line_count;
    heng_rc rc = columns_new(&heads, n, 14, 6, err);
    if (rc == HENG_OK) rc = columns_new(&lines, line_count, 9, 9, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        put_charge(&heads, &charges[i]);
        for (size_t k = 0; k < charges[i].line_count; k++) put_line(&lines, &charges[i].lines[k], charges[i].id, k);
    }
    if (rc == HENG_OK) rc = columns_send(store, &heads, HENG_SQL_CHARGE_ADD_ALL, 5, err);
    if (rc == HENG_OK) rc = columns_send(store, &lines, HENG_SQL_CHARGE_LINE_ADD_ALL, 9, err);
    columns_free(&heads);
    columns_free(&lines);
    return rc;
}

/* The lines sum to the charge, or it is not stored: whoever made it is wrong. */
static heng_rc check_sum(const struct heng_charge *charge, struct heng_err *err)
{
    int64_t sum = 0, tax = 0, amount = 0;
    bool fits = charge->line_count <= HENG_CHARGE_LINES_MAX;
    for (size_t i = 0; fits && i < charge->line_count; i++)
        fits = !__builtin_add_overflow(sum, charge->lines[i].amount, &sum) &&
               !__builtin_add_overflow(tax, charge->lines[i].tax, &tax);
    fits = fits && !__builtin_sub_overflow(charge->total, charge->before, &amount);
    if (fits && sum == charge->total && tax == charge->tax && amount == charge->amount) return HENG_OK;
    return heng_fail(err, HENG_EBUG, 0, "the lines of a charge of contract %lld do not sum to it",
                     (long long)charge->contract_id);
}

heng_rc heng_store_put_charges(struct heng_store *store, struct heng_charge *charges, size_t n, struct heng_err *err)
{
    struct heng_str memory = {.max = (size_t)64 << 20};
    heng_rc rc = heng_store_need_transaction(store, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        charges[i].id = store->next[HENG_ID_CHARGE]++;
        rc = check_sum(&charges[i], err);
        if (rc == HENG_OK) rc = heng_charge_digest(&charges[i], charges[i].digest, err);
    }
    if (store->reader.db.postgres)
        for (size_t i = 0; rc == HENG_OK && i < n; i += CHUNK)
            rc = add_chunk(store, charges + i, n - i < CHUNK ? n - i : CHUNK, err);
    else
        for (size_t i = 0; rc == HENG_OK && i < n; i++) rc = add_charge(store, &charges[i], &memory, err);
    heng_str_fini(&memory);
    return rc;
}

heng_rc heng_store_charge_booked(struct heng_store *store, int64_t charge_id, int64_t booking_id, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = heng_store_need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_CHARGE_BOOKED);
    heng_query_int(&q, charge_id);
    heng_query_int(&q, booking_id);
    return heng_query_queue(&q, err);
}

heng_rc heng_store_drop_charges(struct heng_store *store, int64_t bill_id, struct heng_err *err)
{
    heng_rc rc = heng_store_need_transaction(store, err);
    const heng_sql sqls[] = {HENG_SQL_CHARGE_LINE_DROP, HENG_SQL_CHARGE_DROP};
    for (size_t i = 0; rc == HENG_OK && i < 2; i++) {
        struct heng_query q;
        heng_query_begin(&q, &store->reader.db, sqls[i]);
        heng_query_int(&q, bill_id);
        rc = heng_query_queue(&q, err);
    }
    return rc;
}

/* --- read -------------------------------------------------------------------------------------------------------- */

static void fill_head(struct heng_query *q, struct heng_charge *ret)
{
    *ret = (struct heng_charge){.id = heng_query_get_int(q)};
    ret->contract_id = heng_query_get_int(q);
    ret->account_id = heng_query_get_int(q);
    ret->kind = heng_charge_kind_of(heng_query_peek_text(q));
    ret->from_day = (int32_t)heng_query_get_int(q);
    ret->to_day = (int32_t)heng_query_get_int(q);
    heng_query_get_text(q, ret->medium, sizeof ret->medium);
    ret->total = heng_query_get_int(q);
    ret->before = heng_query_get_int(q);
    ret->amount = heng_query_get_int(q);
    ret->tax = heng_query_get_int(q);
    ret->before_tax = heng_query_get_int(q);
    ret->estimated = heng_query_get_int(q) != 0;
    ret->bill_id = heng_query_get_int(q);
    ret->booking_id = heng_query_get_int(q);
    ret->at_us = heng_query_get_int(q);
    struct heng_slice digest = heng_query_get_blob(q);
    if (digest.n == sizeof ret->digest) memcpy(ret->digest, digest.p, sizeof ret->digest);
}

static heng_rc fill_text(struct heng_query *q, struct heng_arena *arena, struct heng_slice *ret, struct heng_err *err)
{
    const char *text = heng_arena_text(arena, heng_query_peek_text(q));
    if (!text) return heng_fail(err, HENG_ENOMEM, 0, "out of memory for a charge");
    *ret = heng_slice_str(text);
    return HENG_OK;
}

static void fill_line(struct heng_query *q, struct heng_charge_line *ret)
{
    heng_query_get_text(q, ret->component, sizeof ret->component);
    heng_query_get_text(q, ret->name, sizeof ret->name);
    heng_query_get_text(q, ret->version, sizeof ret->version);
    ret->tier = (uint8_t)heng_query_get_int(q);
    heng_query_get_text(q, ret->rate, sizeof ret->rate);
    ret->from_day = (int32_t)heng_query_get_int(q);
    ret->to_day = (int32_t)heng_query_get_int(q);
    heng_query_get_text(q, ret->quantity, sizeof ret->quantity);
    heng_query_get_text(q, ret->unit, sizeof ret->unit);
    heng_query_get_text(q, ret->price, sizeof ret->price);
    ret->amount = heng_query_get_int(q);
    ret->tax = heng_query_get_int(q);
    heng_query_get_text(q, ret->note, sizeof ret->note);
    heng_query_get_text(q, ret->vat, sizeof ret->vat);
    ret->time_count = (uint32_t)heng_query_get_int(q);
    ret->time_of = (uint32_t)heng_query_get_int(q);
}

/* Room grows as 4, 16, 64 ... lines. */
static heng_rc take_line(struct heng_query *q, struct heng_arena *arena, struct heng_charge *ret, struct heng_err *err)
{
    size_t cap = 4;
    while (cap < ret->line_count) cap *= 4;
    if (ret->line_count == 0 || ret->line_count == cap) {
        struct heng_charge_line *lines = heng_arena_take(arena, ret->line_count ? cap * 4 : cap, sizeof *lines);
        if (!lines) return heng_fail(err, HENG_ENOMEM, 0, "out of memory for the lines of a charge");
        if (ret->line_count) memcpy(lines, ret->lines, ret->line_count * sizeof *lines);
        ret->lines = lines;
    }
    fill_line(q, &ret->lines[ret->line_count++]);
    return HENG_OK;
}

static heng_rc get_lines(struct heng_store_reader *reader, struct heng_arena *arena, struct heng_charge *ret,
                         struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc;
    heng_query_begin(&q, &reader->db, HENG_SQL_CHARGE_LINES);
    heng_query_int(&q, ret->id);
    while ((rc = heng_query_step(&q, err)) == HENG_OK)
        if ((rc = take_line(&q, arena, ret, err)) != HENG_OK) break;
    heng_query_end(&q);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

heng_rc heng_store_get_charge(struct heng_store_reader *reader, int64_t id, struct heng_arena *arena,
                              struct heng_charge *ret, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_CHARGE_GET);
    heng_query_int(&q, id);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) {
        fill_head(&q, ret);
        rc = fill_text(&q, arena, &ret->states, err);
        if (rc == HENG_OK) rc = fill_text(&q, arena, &ret->ask, err);
        if (rc == HENG_OK) rc = fill_text(&q, arena, &ret->trace, err);
    }
    heng_query_end(&q);
    return rc == HENG_OK ? get_lines(reader, arena, ret, err) : rc;
}

static heng_rc list_ids(struct heng_store_reader *reader, int64_t bill_id, int64_t *ret, size_t *ret_n,
                        struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = HENG_OK;
    heng_query_begin(&q, &reader->db, HENG_SQL_CHARGE_OF_BILL);
    heng_query_int(&q, bill_id);
    heng_query_int(&q, 0);
    heng_query_int(&q, OF_BILL_MAX);
    for (*ret_n = 0; *ret_n < OF_BILL_MAX && (rc = heng_query_step(&q, err)) == HENG_OK; ++*ret_n)
        ret[*ret_n] = heng_query_get_int(&q);
    heng_query_end(&q);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

heng_rc heng_store_list_charges(struct heng_store_reader *reader, int64_t bill_id, struct heng_arena *arena,
                                struct heng_charge **ret, size_t *ret_n, struct heng_err *err)
{
    int64_t ids[OF_BILL_MAX];
    size_t n = 0;
    heng_rc rc = list_ids(reader, bill_id, ids, &n, err);
    struct heng_charge *charges = heng_arena_take(arena, n + 1, sizeof *charges);
    if (rc == HENG_OK && !charges) rc = heng_fail(err, HENG_ENOMEM, 0, "out of memory for charges");
    for (size_t i = 0; rc == HENG_OK && i < n; i++) rc = heng_store_get_charge(reader, ids[i], arena, &charges[i], err);
    if (rc != HENG_OK) return rc;
    *ret = charges;
    *ret_n = n;
    return HENG_OK;
}

static heng_rc get_lines_of_drafts(struct heng_store_reader *reader, int64_t first, int64_t last,
                                   struct heng_arena *arena, struct heng_charge *charges, size_t n,
                                   struct heng_err *err)
{
    struct heng_query q;
    size_t at = 0;
    heng_rc rc;
    heng_query_begin(&q, &reader->db, HENG_SQL_CHARGE_LINES_OF_DRAFTS);
    heng_query_int(&q, first);
    heng_query_int(&q, last);
    while ((rc = heng_query_step(&q, err)) == HENG_OK) {
        int64_t id = heng_query_get_int(&q);
        while (at < n && charges[at].id != id) at++;
        if (at == n) break;
        if ((rc = take_line(&q, arena, &charges[at], err)) != HENG_OK) break;
    }
    heng_query_end(&q);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

heng_rc heng_store_list_draft_charges(struct heng_store_reader *reader, int64_t first, int64_t last,
                                      struct heng_arena *arena, struct heng_charge **ret, size_t *ret_n,
                                      struct heng_err *err)
{
    struct heng_query q;
    size_t n = 0;
    heng_rc rc;
    struct heng_charge *charges = heng_arena_take(arena, OF_BILL_MAX, sizeof *charges);
    if (!charges) return heng_fail(err, HENG_ENOMEM, 0, "out of memory for charges");
    heng_query_begin(&q, &reader->db, HENG_SQL_CHARGE_OF_DRAFTS);
    heng_query_int(&q, first);
    heng_query_int(&q, last);
    heng_query_int(&q, OF_BILL_MAX);
    while ((rc = heng_query_step(&q, err)) == HENG_OK && n < OF_BILL_MAX) fill_head(&q, &charges[n++]);
    heng_query_end(&q);
    if (n == OF_BILL_MAX) return heng_fail(err, HENG_ELIMIT, 0, "bills have more than %d charges", OF_BILL_MAX - 1);
    if (rc == HENG_ENOTFOUND) rc = get_lines_of_drafts(reader, first, last, arena, charges, n, err);
    *ret = charges;
    *ret_n = n;
    return rc;
}

heng_rc charge_fill_last(struct heng_query *q, struct heng_arena *arena, struct heng_charge *ret, struct heng_err *err)
{
    fill_head(q, ret);
    return fill_text(q, arena, &ret->states, err);
}

heng_rc heng_store_last_charge(struct heng_store_reader *reader, int64_t contract_id, int32_t until,
                               struct heng_arena *arena, struct heng_charge *ret, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_CHARGE_LAST);
    heng_query_int(&q, contract_id);
    heng_query_int(&q, until);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) rc = charge_fill_last(&q, arena, ret, err);
    heng_query_end(&q);
    return rc;
}

heng_rc heng_store_list_contract_charges(struct heng_store_reader *reader, int64_t contract_id, int32_t from_day,
                                         int32_t to_day, struct heng_charge *ret, size_t cap, size_t *ret_n,
                                         struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_CHARGE_LIST);
    heng_query_int(&q, contract_id);
    heng_query_int(&q, from_day);
    heng_query_int(&q, to_day);
    heng_query_int(&q, (int64_t)cap);
    HENG_QUERY_ALL(fill_head, ret, cap, ret_n);
}

heng_rc heng_store_charged_tax(struct heng_store_reader *reader, int64_t contract_id, int32_t from_day,
                               int64_t *ret_total, int64_t *ret_tax, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_CHARGE_TAX);
    heng_query_int(&q, contract_id);
    heng_query_int(&q, from_day);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) *ret_total = heng_query_get_int(&q);
    if (rc == HENG_OK) *ret_tax = heng_query_get_int(&q);
    heng_query_end(&q);
    return rc;
}
