#include "store/enrolments.h"

#include "store/db.h"

#define X(symbol, text) text,
static const char *const enrolment_texts[] = {HENG_ENROLMENT_STATE_LIST(X)};
#undef X

const char *heng_enrolment_state_text(heng_enrolment_state state)
{
    return state < HENG_ENROLMENT_STATE_COUNT ? enrolment_texts[state] : "unknown";
}

heng_enrolment_state heng_enrolment_state_of(const char *text)
{
    unsigned i = 0;
    while (i < HENG_ENROLMENT_STATE_COUNT && strcmp(enrolment_texts[i], text) != 0) i++;
    return (heng_enrolment_state)i;
}

static struct heng_db *db_of(struct heng_store *store) { return &store->reader.db; }

static heng_rc need_transaction(const struct heng_store *store, struct heng_err *err)
{
    return store->reader.db.in_transaction ? HENG_OK : heng_fail(err, HENG_EBUG, 0, "no transaction is open");
}

/* The columns of enrolment_list; a whole row has request and certificate behind them. */
static void fill_enrolment(struct heng_query *q, struct heng_enrolment *ret)
{
    *ret = (struct heng_enrolment){.id = heng_query_get_int(q)};
    ret->via_id = heng_query_get_int(q);
    ret->gateway_id = heng_query_get_int(q);
    ret->state = heng_enrolment_state_of(heng_query_peek_text(q));
    heng_query_get_text(q, ret->code, sizeof ret->code);
    heng_query_get_text(q, ret->name, sizeof ret->name);
    heng_query_get_text(q, ret->serial, sizeof ret->serial);
    heng_query_get_text(q, ret->software, sizeof ret->software);
    heng_query_get_text(q, ret->address, sizeof ret->address);
    heng_query_get_text(q, ret->why, sizeof ret->why);
    ret->first_us = heng_query_get_int(q);
    ret->last_us = heng_query_get_int(q);
    struct heng_slice hash = heng_query_get_blob(q);
    if (hash.n == sizeof ret->hash) memcpy(ret->hash, hash.p, hash.n);
}

static size_t take_blob(struct heng_query *q, uint8_t *ret, size_t cap)
{
    struct heng_slice bytes = heng_query_get_blob(q);
    if (!bytes.n || bytes.n > cap) return 0;
    memcpy(ret, bytes.p, bytes.n);
    return bytes.n;
}

static heng_rc finish_enrolment(struct heng_query *q, struct heng_enrolment *ret, struct heng_err *err)
{
    heng_rc rc = heng_query_step(q, err);
    if (rc == HENG_OK) {
        fill_enrolment(q, ret);
        ret->request_n = take_blob(q, ret->request, sizeof ret->request);
        ret->certificate_n = take_blob(q, ret->certificate, sizeof ret->certificate);
    }
    heng_query_end(q);
    return rc;
}

heng_rc heng_store_get_enrolment(struct heng_store_reader *reader, int64_t id, struct heng_enrolment *ret,
                                 struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_ENROLMENT_GET);
    heng_query_int(&q, id);
    return finish_enrolment(&q, ret, err);
}

heng_rc heng_store_enrolment_by_hash(struct heng_store_reader *reader, const uint8_t hash[static 32],
                                     struct heng_enrolment *ret, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_ENROLMENT_BY_HASH);
    heng_query_blob(&q, heng_slice_of(hash, 32));
    return finish_enrolment(&q, ret, err);
}

heng_rc heng_store_enrolment_by_code(struct heng_store_reader *reader, const char *code, struct heng_enrolment *ret,
                                     struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_ENROLMENT_BY_CODE);
    heng_query_text(&q, code);
    return finish_enrolment(&q, ret, err);
}

heng_rc heng_store_enrolment_of_serial(struct heng_store_reader *reader, const char *serial,
                                       const uint8_t hash[static 32], int64_t *ret_gateway_id, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_ENROLMENT_OF_SERIAL);
    heng_query_text(&q, serial);
    heng_query_blob(&q, heng_slice_of(hash, 32));
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) *ret_gateway_id = heng_query_get_int(&q);
    heng_query_end(&q);
    return rc;
}

heng_rc heng_store_list_enrolments(struct heng_store_reader *reader, heng_enrolment_state state,
                                   struct heng_enrolment *ret, size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    size_t n = 0;
    heng_rc rc = HENG_OK;
    heng_query_begin(&q, &reader->db, HENG_SQL_ENROLMENT_LIST);
    heng_query_text(&q, state < HENG_ENROLMENT_STATE_COUNT ? heng_enrolment_state_text(state) : "");
    heng_query_int(&q, (int64_t)cap);
    while (n < cap && (rc = heng_query_step(&q, err)) == HENG_OK) fill_enrolment(&q, &ret[n++]);
    heng_query_end(&q);
    if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
    *ret_n = n;
    return HENG_OK;
}

/* Those who have not come for a day have gone away. */
heng_rc heng_store_enrolment_room(struct heng_store *store, heng_us now_us, bool *ret, struct heng_err *err)
{
    int64_t waiting = 0;
    struct heng_query q;
    heng_rc rc = need_transaction(store, err);
    if (rc == HENG_OK) rc = heng_db_run(db_of(store), HENG_SQL_ENROLMENT_WAITING, &waiting, err);
    if (rc == HENG_OK && waiting >= HENG_ENROLMENTS_MAX) {
        heng_query_begin(&q, db_of(store), HENG_SQL_ENROLMENT_FORGET);
        heng_query_int(&q, now_us - HENG_US_PER_DAY);
        rc = heng_query_finish(&q, err);
        if (rc == HENG_OK) rc = heng_db_run(db_of(store), HENG_SQL_ENROLMENT_WAITING, &waiting, err);
    }
    *ret = waiting < HENG_ENROLMENTS_MAX;
    return rc;
}

static heng_rc add_enrolment(struct heng_store *store, const struct heng_enrolment *enrolment, int64_t *ret_id,
                             struct heng_err *err)
{
    bool room = false;
    struct heng_query q;
    heng_rc rc = heng_store_enrolment_room(store, enrolment->last_us, &room, err);
    if (rc != HENG_OK) return rc;
    if (!room)
        return heng_fail(err, HENG_ELIMIT, 0, "%d gateways wait to be accepted: decide about some of them first",
                         HENG_ENROLMENTS_MAX);
    *ret_id = store->next[HENG_ID_ENROLMENT]++;
    heng_query_begin(&q, db_of(store), HENG_SQL_ENROLMENT_ADD);
    heng_query_int(&q, *ret_id);
    heng_query_blob(&q, heng_slice_of(enrolment->hash, sizeof enrolment->hash));
    heng_query_text(&q, enrolment->code);
    heng_query_int(&q, enrolment->via_id);
    heng_query_text(&q, enrolment->name);
    heng_query_text(&q, enrolment->serial);
    heng_query_text(&q, enrolment->software);
    heng_query_text(&q, enrolment->address);
    heng_query_int(&q, enrolment->last_us);
    heng_query_blob(&q, heng_slice_of(enrolment->request, enrolment->request_n));
    return heng_query_finish(&q, err);
}

heng_rc heng_store_put_enrolment(struct heng_store *store, const struct heng_enrolment *enrolment,
                                 struct heng_enrolment *ret, struct heng_err *err)
{
    struct heng_enrolment known;
    struct heng_query q;
    int64_t id = 0;
    heng_rc rc = need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    if (enrolment->request_n > sizeof enrolment->request)
        return heng_fail(err, HENG_EBUG, 0, "a request of %zu bytes", enrolment->request_n);
    rc = heng_store_enrolment_by_hash(&store->reader, enrolment->hash, &known, err);
    if (rc == HENG_ENOTFOUND) rc = heng_store_enrolment_by_code(&store->reader, enrolment->code, &known, err);
    if (rc == HENG_ENOTFOUND) {
        rc = add_enrolment(store, enrolment, &id, err);
    } else if (rc == HENG_OK) {
        id = known.id;
        heng_query_begin(&q, db_of(store), HENG_SQL_ENROLMENT_AGAIN);
        heng_query_int(&q, id);
        heng_query_int(&q, enrolment->via_id);
        heng_query_text(&q, enrolment->software);
        heng_query_text(&q, enrolment->address);
        heng_query_int(&q, enrolment->last_us);
        heng_query_blob(&q, heng_slice_of(enrolment->hash, sizeof enrolment->hash));
        heng_query_blob(&q, heng_slice_of(enrolment->request, enrolment->request_n));
        rc = heng_query_finish(&q, err);
    }
    return rc == HENG_OK ? heng_store_get_enrolment(&store->reader, id, ret, err) : rc;
}

heng_rc heng_store_decide_enrolment(struct heng_store *store, const struct heng_enrolment *enrolment,
                                    struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    if (enrolment->certificate_n > sizeof enrolment->certificate)
        return heng_fail(err, HENG_EBUG, 0, "a certificate of %zu bytes", enrolment->certificate_n);
    heng_query_begin(&q, db_of(store), HENG_SQL_ENROLMENT_DECIDE);
    heng_query_int(&q, enrolment->id);
    heng_query_text(&q, heng_enrolment_state_text(enrolment->state));
    heng_query_int(&q, enrolment->gateway_id);
    heng_query_blob(&q, heng_slice_of(enrolment->certificate, enrolment->certificate_n));
    heng_query_text(&q, enrolment->why);
    return heng_query_finish(&q, err);
}
