#include "store/checks.h"

#include "store/db.h"

enum { PART_BYTES = 8 * HENG_CHECKS_PER_PART };

static int64_t signed_of(uint64_t value)
{
    int64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static uint64_t unsigned_of(int64_t value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static heng_rc need_transaction(const struct heng_store *store, struct heng_err *err)
{
    return store->reader.db.in_transaction ? HENG_OK : heng_fail(err, HENG_EBUG, 0, "no transaction is open");
}

static void unpack(struct heng_slice bytes, uint64_t ret[static HENG_CHECKS_PER_PART])
{
    for (size_t i = 0; i < HENG_CHECKS_PER_PART; i++) {
        ret[i] = 0;
        for (size_t k = 8; k > 0; k--) {
            size_t at = 8 * i + k - 1;
            ret[i] = ret[i] << 8 | (at < bytes.n ? bytes.p[at] : 0);
        }
    }
}

heng_rc heng_store_get_checks(struct heng_store_reader *reader, int64_t gateway_id, uint64_t epoch, uint64_t part,
                              uint64_t ret[static HENG_CHECKS_PER_PART], struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_CHECKS_GET);
    heng_query_int(&q, gateway_id);
    heng_query_int(&q, signed_of(epoch));
    heng_query_int(&q, signed_of(part));
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) unpack(heng_query_get_blob(&q), ret);
    heng_query_end(&q);
    return rc;
}

heng_rc heng_store_put_checks(struct heng_store *store, int64_t gateway_id, uint64_t epoch, uint64_t part,
                              const uint64_t checks[static HENG_CHECKS_PER_PART], struct heng_err *err)
{
    uint8_t bytes[PART_BYTES];
    struct heng_query q;
    heng_rc rc = need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    for (size_t i = 0; i < PART_BYTES; i++) bytes[i] = (uint8_t)(checks[i / 8] >> (8 * (i % 8)));
    heng_query_begin(&q, &store->reader.db, HENG_SQL_CHECKS_PUT);
    heng_query_int(&q, gateway_id);
    heng_query_int(&q, signed_of(epoch));
    heng_query_int(&q, signed_of(part));
    heng_query_blob(&q, heng_slice_of(bytes, sizeof bytes));
    return heng_query_finish(&q, err);
}

heng_rc heng_store_find_check(struct heng_store_reader *reader, int64_t gateway_id, uint64_t epoch, uint64_t check,
                              uint64_t *ret_seq, struct heng_err *err)
{
    uint64_t checks[HENG_CHECKS_PER_PART], seq = 0;
    struct heng_query q;
    heng_rc rc;
    heng_query_begin(&q, &reader->db, HENG_SQL_CHECKS_WALK);
    heng_query_int(&q, gateway_id);
    heng_query_int(&q, signed_of(epoch));
    heng_query_int(&q, HENG_CHECKS_WALK_MAX);
    while (!seq && (rc = heng_query_step(&q, err)) == HENG_OK) {
        uint64_t part = unsigned_of(heng_query_get_int(&q));
        unpack(heng_query_get_blob(&q), checks);
        for (size_t i = 0; i < HENG_CHECKS_PER_PART && !seq; i++)
            if (checks[i] == check) seq = part * HENG_CHECKS_PER_PART + i + 1;
    }
    heng_query_end(&q);
    if (!seq) return rc;
    *ret_seq = seq;
    return HENG_OK;
}

heng_rc heng_store_list_relatives(struct heng_store_reader *reader, int64_t gateway_id, uint64_t epoch,
                                  struct heng_relative *ret, size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    size_t n = 0;
    heng_rc rc = HENG_OK;
    heng_query_begin(&q, &reader->db, HENG_SQL_RELATIVE_LIST);
    heng_query_int(&q, gateway_id);
    heng_query_int(&q, signed_of(epoch));
    heng_query_int(&q, (int64_t)cap);
    while (n < cap && (rc = heng_query_step(&q, err)) == HENG_OK) {
        ret[n].epoch = unsigned_of(heng_query_get_int(&q));
        ret[n].aligned = heng_query_get_int(&q) != 0;
        ret[n++].base = heng_query_get_int(&q);
    }
    heng_query_end(&q);
    if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
    *ret_n = n;
    return HENG_OK;
}

heng_rc heng_store_list_apart(struct heng_store_reader *reader, int64_t gateway_id, uint64_t of_epoch, uint64_t *ret,
                              size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    size_t n = 0;
    heng_rc rc = HENG_OK;
    heng_query_begin(&q, &reader->db, HENG_SQL_APART_LIST);
    heng_query_int(&q, gateway_id);
    heng_query_int(&q, signed_of(of_epoch));
    heng_query_int(&q, (int64_t)cap);
    while (n < cap && (rc = heng_query_step(&q, err)) == HENG_OK) ret[n++] = unsigned_of(heng_query_get_int(&q));
    heng_query_end(&q);
    if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
    *ret_n = n;
    return HENG_OK;
}

heng_rc heng_store_put_branch(struct heng_store *store, int64_t gateway_id, uint64_t of_epoch,
                              const struct heng_relative *branch, bool kept_apart, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_BRANCH_PUT);
    heng_query_int(&q, gateway_id);
    heng_query_int(&q, signed_of(branch->epoch));
    heng_query_int(&q, signed_of(of_epoch));
    heng_query_int(&q, branch->base);
    heng_query_int(&q, kept_apart);
    return heng_query_finish(&q, err);
}

heng_rc heng_store_part_begin(struct heng_store *store, struct heng_err *err)
{
    heng_rc rc = need_transaction(store, err);
    return rc == HENG_OK ? heng_db_run(&store->reader.db, HENG_SQL_SAVEPOINT, NULL, err) : rc;
}

heng_rc heng_store_part_end(struct heng_store *store, bool take_back, struct heng_err *err)
{
    heng_rc rc = need_transaction(store, err);
    if (rc == HENG_OK && take_back) rc = heng_db_run(&store->reader.db, HENG_SQL_SAVEPOINT_BACK, NULL, err);
    if (take_back) memset(store->months, 0, sizeof store->months); /* one that was made is gone with the rest */
    /* What of the part is still on its way may fail: not behind its end, where it would be another part's. */
    if (rc == HENG_OK) rc = heng_db_settle(&store->reader.db, err);
    if (rc != HENG_OK) return rc;
    struct heng_query q;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_SAVEPOINT_END);
    return heng_query_queue(&q, err);
}

heng_rc heng_store_settle(struct heng_store *store, struct heng_err *err)
{
    return heng_db_settle(&store->reader.db, err);
}
