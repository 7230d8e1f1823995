#include "store/gateways.h"

#include "store/db.h"

/* Epochs, numbers, checks and serial numbers use all 64 bits; SQLite has signed ones. */
static int64_t signed_of(uint64_t value)
{
    int64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static void bind_u64(struct heng_query *q, uint64_t value) { heng_query_int(q, signed_of(value)); }

static uint64_t get_u64(struct heng_query *q)
{
    uint64_t value;
    int64_t bits = heng_query_get_int(q);
    memcpy(&value, &bits, sizeof value);
    return value;
}

#define X(symbol, text) text,
static const char *const state_texts[] = {HENG_GATEWAY_STATE_LIST(X)};
#undef X

const char *heng_gateway_state_text(heng_gateway_state state)
{
    return state < HENG_GATEWAY_STATE_COUNT ? state_texts[state] : "unknown";
}

heng_gateway_state heng_gateway_state_of(const char *text)
{
    unsigned i = 0;
    while (i < HENG_GATEWAY_STATE_COUNT && strcmp(state_texts[i], text) != 0) i++;
    return (heng_gateway_state)i;
}

static struct heng_db *db_of(struct heng_store *store) { return &store->reader.db; }

static heng_rc need_transaction(const struct heng_store *store, struct heng_err *err)
{
    return store->reader.db.in_transaction ? HENG_OK : heng_fail(err, HENG_EBUG, 0, "no transaction is open");
}

/* A question whose answer is that there is a row. */
static heng_rc finish_exists(struct heng_query *q, bool *ret, struct heng_err *err)
{
    heng_rc rc = heng_query_step(q, err);
    heng_query_end(q);
    *ret = rc == HENG_OK;
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

/* --- who -------------------------------------------------------------------------------------------------- */

static void fill_gateway(struct heng_query *q, struct heng_gateway *ret)
{
    *ret = (struct heng_gateway){.id = heng_query_get_int(q)};
    ret->parent_id = heng_query_get_int(q);
    heng_query_get_text(q, ret->key, sizeof ret->key);
    heng_query_get_text(q, ret->name, sizeof ret->name);
    heng_query_get_text(q, ret->common_name, sizeof ret->common_name);
    ret->state = heng_gateway_state_of(heng_query_peek_text(q));
    ret->serial = get_u64(q);
    ret->enrolled_us = heng_query_get_int(q);
    ret->expires_us = heng_query_get_int(q);
    ret->journal_bytes = heng_query_get_int(q);
    ret->journal_days = (uint32_t)heng_query_get_int(q);
}

heng_rc heng_store_get_gateway(struct heng_store_reader *reader, int64_t id, struct heng_gateway *ret,
                               struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_GATEWAY_GET);
    heng_query_int(&q, id);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) fill_gateway(&q, ret);
    heng_query_end(&q);
    return rc;
}

static heng_rc find_gateway(struct heng_store_reader *reader, const char *key, int64_t *ret_id, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_GATEWAY_FIND);
    heng_query_text(&q, key);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) *ret_id = heng_query_get_int(&q);
    heng_query_end(&q);
    return rc;
}

heng_rc heng_store_gateway_by_key(struct heng_store_reader *reader, const char *key, struct heng_gateway *ret,
                                  struct heng_err *err)
{
    int64_t id = 0;
    heng_rc rc = find_gateway(reader, key, &id, err);
    return rc == HENG_OK ? heng_store_get_gateway(reader, id, ret, err) : rc;
}

heng_rc heng_store_gateway_by_certificate(struct heng_store_reader *reader, const char *common_name, uint64_t serial,
                                          struct heng_gateway *ret, struct heng_err *err)
{
    int64_t id = 0, revoked_us = 0;
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_GATEWAY_OF_CERTIFICATE);
    bind_u64(&q, serial);
    heng_query_text(&q, common_name);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) {
        id = heng_query_get_int(&q);
        revoked_us = heng_query_get_int(&q);
    }
    heng_query_end(&q);
    if (rc == HENG_ENOTFOUND) return heng_fail(err, rc, 0, "no gateway has this certificate");
    if (rc == HENG_OK) rc = heng_store_get_gateway(reader, id, ret, err);
    if (rc != HENG_OK) return rc;
    if (revoked_us || ret->state == HENG_GATEWAY_STATE_REVOKED)
        return heng_fail(err, HENG_EDENIED, 0, "the certificate of gateway '%s' is revoked", ret->key);
    return HENG_OK;
}

heng_rc heng_store_list_gateways(struct heng_store_reader *reader, int64_t after, struct heng_gateway *ret, size_t cap,
                                 size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    size_t n = 0;
    heng_rc rc = HENG_OK;
    heng_query_begin(&q, &reader->db, HENG_SQL_GATEWAY_LIST);
    heng_query_int(&q, after);
    heng_query_int(&q, (int64_t)cap);
    while (n < cap && (rc = heng_query_step(&q, err)) == HENG_OK) fill_gateway(&q, &ret[n++]);
    heng_query_end(&q);
    if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
    *ret_n = n;
    return HENG_OK;
}

/* Numbers in one column, to the end or cap. */
static heng_rc get_numbers(struct heng_query *q, uint64_t *ret, size_t cap, size_t *ret_n, struct heng_err *err)
{
    size_t n = 0;
    heng_rc rc = HENG_OK;
    while (n < cap && (rc = heng_query_step(q, err)) == HENG_OK) ret[n++] = get_u64(q);
    heng_query_end(q);
    if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
    *ret_n = n;
    return HENG_OK;
}

heng_rc heng_store_list_children(struct heng_store_reader *reader, int64_t gateway_id, int64_t *ret, size_t cap,
                                 size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    size_t n = 0;
    heng_rc rc = HENG_OK;
    heng_query_begin(&q, &reader->db, HENG_SQL_GATEWAY_CHILDREN);
    heng_query_int(&q, gateway_id);
    heng_query_int(&q, (int64_t)cap);
    while (n < cap && (rc = heng_query_step(&q, err)) == HENG_OK) ret[n++] = heng_query_get_int(&q);
    heng_query_end(&q);
    if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
    *ret_n = n;
    return HENG_OK;
}

heng_rc heng_store_list_revoked(struct heng_store_reader *reader, heng_us now_us, uint64_t *ret, size_t cap,
                                size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_REVOKED_LIST);
    heng_query_int(&q, now_us);
    heng_query_int(&q, (int64_t)cap);
    return get_numbers(&q, ret, cap, ret_n, err);
}

heng_rc heng_store_list_revoked_around(struct heng_store_reader *reader, int64_t gateway_id, heng_us now_us,
                                       uint64_t *ret, size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_REVOKED_LIST_AROUND);
    heng_query_int(&q, now_us);
    heng_query_int(&q, (int64_t)cap);
    heng_query_int(&q, gateway_id);
    return get_numbers(&q, ret, cap, ret_n, err);
}

heng_rc heng_store_gateway_has_meter(struct heng_store_reader *reader, int64_t gateway_id, int64_t device_id, bool *ret,
                                     struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_GATEWAY_HAS_METER);
    heng_query_int(&q, gateway_id);
    heng_query_int(&q, device_id);
    return finish_exists(&q, ret, err);
}

heng_rc heng_store_gateway_has_line(struct heng_store_reader *reader, int64_t gateway_id, int64_t line_id, bool *ret,
                                    struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_GATEWAY_HAS_LINE);
    heng_query_int(&q, gateway_id);
    heng_query_int(&q, line_id);
    return finish_exists(&q, ret, err);
}

heng_rc heng_store_gateway_is_below(struct heng_store_reader *reader, int64_t gateway_id, int64_t above_id, bool *ret,
                                    struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_GATEWAY_IS_BELOW);
    heng_query_int(&q, gateway_id);
    heng_query_int(&q, above_id);
    return finish_exists(&q, ret, err);
}

heng_rc heng_store_put_gateway(struct heng_store *store, const struct heng_gateway *gateway, int64_t *ret_id,
                               struct heng_err *err)
{
    int64_t id = 0;
    struct heng_query q;
    heng_rc rc = need_transaction(store, err);
    if (rc == HENG_OK) rc = find_gateway(&store->reader, gateway->key, &id, err);
    if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
    if (rc == HENG_ENOTFOUND) id = store->next[HENG_ID_GATEWAY]++;
    heng_query_begin(&q, db_of(store), HENG_SQL_GATEWAY_PUT);
    heng_query_int(&q, id);
    heng_query_text(&q, gateway->key);
    heng_query_text(&q, gateway->name);
    heng_query_int(&q, gateway->parent_id);
    heng_query_int(&q, gateway->journal_bytes);
    heng_query_int(&q, gateway->journal_days);
    rc = heng_query_finish(&q, err);
    if (rc == HENG_OK) *ret_id = id;
    return rc;
}

heng_rc heng_store_check_gateways(struct heng_store *store, size_t deep_max, size_t children_max, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, db_of(store), HENG_SQL_GATEWAY_ASTRAY);
    heng_query_int(&q, (int64_t)deep_max);
    rc = heng_query_step(&q, err);
    if (rc == HENG_OK) {
        const char *key = heng_query_peek_text(&q);
        rc = heng_query_get_int(&q) == 0
                 ? heng_fail(err, HENG_ECONFLICT, 0, "gateway '%s': it is below itself", key)
                 : heng_fail(err, HENG_ECONFLICT, 0, "gateway '%s': more than %zu would stand one below the other", key,
                             deep_max);
    }
    heng_query_end(&q);
    if (rc != HENG_ENOTFOUND) return rc;
    heng_query_begin(&q, db_of(store), HENG_SQL_GATEWAY_CROWDED);
    heng_query_int(&q, (int64_t)children_max);
    rc = heng_query_step(&q, err);
    if (rc == HENG_OK)
        rc = heng_fail(err, HENG_ECONFLICT, 0, "gateway '%s': more than %zu are right below it",
                       heng_query_peek_text(&q), children_max);
    heng_query_end(&q);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

heng_rc heng_store_enrol_gateway(struct heng_store *store, int64_t id, const char *common_name, uint64_t serial,
                                 heng_us at_us, heng_us expires_us, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, db_of(store), HENG_SQL_GATEWAY_ENROL);
    heng_query_int(&q, id);
    heng_query_text(&q, common_name);
    heng_query_int(&q, at_us);
    rc = heng_query_finish(&q, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, db_of(store), HENG_SQL_CERTIFICATE_ADD);
    bind_u64(&q, serial);
    heng_query_int(&q, id);
    heng_query_text(&q, common_name);
    heng_query_int(&q, at_us);
    heng_query_int(&q, expires_us);
    return heng_query_finish(&q, err);
}

heng_rc heng_store_revoke_gateway(struct heng_store *store, int64_t id, heng_us at_us, struct heng_err *err)
{
    struct heng_gateway gateway;
    struct heng_query q;
    heng_rc rc = need_transaction(store, err);
    if (rc == HENG_OK) rc = heng_store_get_gateway(&store->reader, id, &gateway, err);
    if (rc == HENG_ENOTFOUND) return heng_fail(err, rc, 0, "there is no gateway %lld", (long long)id);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, db_of(store), HENG_SQL_GATEWAY_REVOKE);
    heng_query_int(&q, id);
    rc = heng_query_finish(&q, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, db_of(store), HENG_SQL_CERTIFICATE_REVOKE);
    heng_query_int(&q, id);
    heng_query_int(&q, at_us ? at_us : 1); /* 0 says that it is not revoked */
    return heng_query_finish(&q, err);
}

/* --- what is seen ----------------------------------------------------------------------------------------- */

heng_rc heng_store_put_gateway_status(struct heng_store *store, const struct heng_gateway_status *status,
                                      struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, db_of(store), HENG_SQL_GATEWAY_STATUS_PUT);
    heng_query_int(&q, status->gateway_id);
    heng_query_int(&q, status->connected);
    heng_query_int(&q, status->clock_doubtful);
    heng_query_int(&q, status->last_contact_us);
    heng_query_int(&q, status->clock_error_us);
    bind_u64(&q, status->queued);
    bind_u64(&q, status->applied_version);
    bind_u64(&q, status->free_bytes);
    heng_query_text(&q, status->software);
    heng_query_text(&q, status->firmware);
    heng_query_text(&q, status->address);
    heng_query_text(&q, status->config_why);
    return heng_query_finish(&q, err);
}

heng_rc heng_store_get_gateway_status(struct heng_store_reader *reader, int64_t gateway_id,
                                      struct heng_gateway_status *ret, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_GATEWAY_STATUS_GET);
    heng_query_int(&q, gateway_id);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) {
        *ret = (struct heng_gateway_status){.gateway_id = heng_query_get_int(&q)};
        ret->connected = heng_query_get_int(&q) != 0;
        ret->clock_doubtful = heng_query_get_int(&q) != 0;
        ret->last_contact_us = heng_query_get_int(&q);
        ret->clock_error_us = heng_query_get_int(&q);
        ret->queued = get_u64(&q);
        ret->config_version = get_u64(&q);
        ret->applied_version = get_u64(&q);
        ret->free_bytes = get_u64(&q);
        heng_query_get_text(&q, ret->software, sizeof ret->software);
        heng_query_get_text(&q, ret->firmware, sizeof ret->firmware);
        heng_query_get_text(&q, ret->address, sizeof ret->address);
        heng_query_get_text(&q, ret->config_why, sizeof ret->config_why);
    }
    heng_query_end(&q);
    return rc;
}

heng_rc heng_store_rest_gateways(struct heng_store *store, struct heng_err *err)
{
    heng_rc rc = need_transaction(store, err);
    return rc == HENG_OK ? heng_db_run(db_of(store), HENG_SQL_GATEWAY_REST, NULL, err) : rc;
}

heng_rc heng_store_count_gateway(struct heng_store_reader *reader, int64_t gateway_id, struct heng_gateway_count *ret,
                                 struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_GATEWAY_COUNT);
    heng_query_int(&q, gateway_id);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) {
        ret->lines = heng_query_get_int(&q);
        ret->meters = heng_query_get_int(&q);
        ret->last_event_us = heng_query_get_int(&q);
        ret->missing = get_u64(&q);
        ret->refused = heng_query_get_int(&q);
    }
    heng_query_end(&q);
    return rc;
}

heng_rc heng_store_put_gateway_config(struct heng_store *store, int64_t gateway_id, struct heng_slice hash,
                                      uint64_t *ret_version, struct heng_err *err)
{
    uint64_t version = 0;
    bool same = false;
    struct heng_query q;
    heng_rc rc = need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, db_of(store), HENG_SQL_GATEWAY_CONFIG_GET);
    heng_query_int(&q, gateway_id);
    rc = heng_query_step(&q, err);
    if (rc == HENG_OK) {
        version = get_u64(&q);
        same = version != 0 && heng_slice_eq(heng_query_get_blob(&q), hash);
    }
    heng_query_end(&q);
    if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
    if (!same) {
        version++;
        heng_query_begin(&q, db_of(store), HENG_SQL_GATEWAY_CONFIG_PUT);
        heng_query_int(&q, gateway_id);
        bind_u64(&q, version);
        heng_query_blob(&q, hash);
        rc = heng_query_finish(&q, err);
        if (rc != HENG_OK) return rc;
    }
    *ret_version = version;
    return HENG_OK;
}

heng_rc heng_store_add_gateway_event(struct heng_store *store, const struct heng_gateway_event_row *event,
                                     struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, db_of(store), HENG_SQL_GATEWAY_EVENT_ADD);
    heng_query_int(&q, store->next[HENG_ID_GATEWAY_EVENT]++);
    heng_query_int(&q, event->gateway_id);
    heng_query_int(&q, event->line_id);
    heng_query_int(&q, event->at_us);
    heng_query_int(&q, event->kind);
    heng_query_int(&q, event->value);
    heng_query_text(&q, event->detail);
    bind_u64(&q, event->epoch);
    bind_u64(&q, event->seq);
    return heng_query_finish(&q, err);
}

heng_rc heng_store_clock_was_ahead(struct heng_store *store, int64_t gateway_id, heng_us at_us, heng_us until_us,
                                   struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, db_of(store), HENG_SQL_CLOCK_WAS_AHEAD);
    heng_query_int(&q, gateway_id);
    heng_query_int(&q, at_us);
    heng_query_int(&q, until_us);
    return heng_query_finish(&q, err);
}

static void fill_event(struct heng_query *q, struct heng_gateway_event_row *ret)
{
    *ret = (struct heng_gateway_event_row){.id = heng_query_get_int(q)};
    ret->gateway_id = heng_query_get_int(q);
    ret->line_id = heng_query_get_int(q);
    ret->at_us = heng_query_get_int(q);
    ret->kind = (heng_gateway_event)heng_query_get_int(q);
    ret->value = heng_query_get_int(q);
    heng_query_get_text(q, ret->detail, sizeof ret->detail);
    ret->epoch = get_u64(q);
    ret->seq = get_u64(q);
}

heng_rc heng_store_list_gateway_events(struct heng_store_reader *reader, int64_t gateway_id, int64_t before,
                                       struct heng_gateway_event_row *ret, size_t cap, size_t *ret_n,
                                       struct heng_err *err)
{
    struct heng_query q;
    size_t n = 0;
    heng_rc rc = HENG_OK;
    if (gateway_id == 0)
        heng_query_begin(&q, &reader->db, HENG_SQL_GATEWAY_EVENT_LIST_STRANGERS);
    else
        heng_query_begin(&q, &reader->db,
                         gateway_id < 0 ? HENG_SQL_GATEWAY_EVENT_LIST_ALL : HENG_SQL_GATEWAY_EVENT_LIST);
    if (gateway_id > 0) heng_query_int(&q, gateway_id);
    heng_query_int(&q, before ? before : INT64_MAX);
    heng_query_int(&q, (int64_t)cap);
    while (n < cap && (rc = heng_query_step(&q, err)) == HENG_OK) fill_event(&q, &ret[n++]);
    heng_query_end(&q);
    if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
    *ret_n = n;
    return HENG_OK;
}

heng_rc heng_store_gateway_noticed(struct heng_store_reader *reader, int64_t gateway_id, heng_gateway_event kind,
                                   heng_us after_us, heng_us until_us, bool *ret, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_GATEWAY_EVENT_NOTICED);
    heng_query_int(&q, gateway_id);
    heng_query_int(&q, kind);
    heng_query_int(&q, after_us);
    heng_query_int(&q, until_us);
    return finish_exists(&q, ret, err);
}

/* --- journals --------------------------------------------------------------------------------------------- */

heng_rc heng_store_get_journal(struct heng_store_reader *reader, int64_t gateway_id, uint64_t epoch,
                               struct heng_gateway_journal *ret, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_JOURNAL_GET);
    heng_query_int(&q, gateway_id);
    bind_u64(&q, epoch);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) {
        ret->gateway_id = heng_query_get_int(&q);
        ret->epoch = get_u64(&q);
        ret->seq = get_u64(&q);
        ret->check = get_u64(&q);
        ret->first_us = heng_query_get_int(&q);
        ret->last_us = heng_query_get_int(&q);
    }
    heng_query_end(&q);
    return rc;
}

heng_rc heng_store_put_journal(struct heng_store *store, const struct heng_gateway_journal *journal,
                               struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, db_of(store), HENG_SQL_JOURNAL_PUT);
    heng_query_int(&q, journal->gateway_id);
    bind_u64(&q, journal->epoch);
    bind_u64(&q, journal->seq);
    bind_u64(&q, journal->check);
    heng_query_int(&q, journal->first_us);
    heng_query_int(&q, journal->last_us);
    return heng_query_finish(&q, err);
}

static heng_rc find_gap(heng_sql sql, struct heng_store_reader *reader, int64_t gateway_id, uint64_t epoch,
                        uint64_t seq, struct heng_gateway_gap *ret, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, sql);
    heng_query_int(&q, gateway_id);
    bind_u64(&q, epoch);
    bind_u64(&q, seq);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) {
        ret->gateway_id = heng_query_get_int(&q);
        ret->epoch = get_u64(&q);
        ret->first = get_u64(&q);
        ret->last = get_u64(&q);
        ret->gone = (heng_gap_state)heng_query_get_int(&q);
    }
    heng_query_end(&q);
    return rc;
}

heng_rc heng_store_get_gap(struct heng_store_reader *reader, int64_t gateway_id, uint64_t epoch, uint64_t seq,
                           struct heng_gateway_gap *ret, struct heng_err *err)
{
    return find_gap(HENG_SQL_GAP_GET, reader, gateway_id, epoch, seq, ret, err);
}

heng_rc heng_store_get_open_gap(struct heng_store_reader *reader, int64_t gateway_id, uint64_t epoch, uint64_t seq,
                                struct heng_gateway_gap *ret, struct heng_err *err)
{
    return find_gap(HENG_SQL_GAP_GET_OPEN, reader, gateway_id, epoch, seq, ret, err);
}

heng_rc heng_store_get_wanted_gap(struct heng_store_reader *reader, int64_t gateway_id, uint64_t epoch, uint64_t seq,
                                  struct heng_gateway_gap *ret, struct heng_err *err)
{
    return find_gap(HENG_SQL_GAP_GET_WANTED, reader, gateway_id, epoch, seq, ret, err);
}

heng_rc heng_store_put_gap(struct heng_store *store, const struct heng_gateway_gap *gap, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, db_of(store), HENG_SQL_GAP_PUT);
    heng_query_int(&q, gap->gateway_id);
    bind_u64(&q, gap->epoch);
    bind_u64(&q, gap->first);
    bind_u64(&q, gap->last);
    heng_query_int(&q, gap->gone);
    return heng_query_finish(&q, err);
}

heng_rc heng_store_drop_gap(struct heng_store *store, const struct heng_gateway_gap *gap, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, db_of(store), HENG_SQL_GAP_DROP);
    heng_query_int(&q, gap->gateway_id);
    bind_u64(&q, gap->epoch);
    bind_u64(&q, gap->first);
    return heng_query_finish(&q, err);
}

heng_rc heng_store_add_refused_entry(struct heng_store *store, int64_t gateway_id, const struct heng_entry *entry,
                                     const char *why, struct heng_err *err)
{
    int64_t count = 0;
    struct heng_query q;
    heng_rc rc = need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, db_of(store), HENG_SQL_REFUSED_COUNT);
    heng_query_int(&q, gateway_id);
    rc = heng_query_step(&q, err);
    if (rc == HENG_OK) count = heng_query_get_int(&q);
    heng_query_end(&q);
    if (rc == HENG_ENOTFOUND) return heng_fail(err, rc, 0, "there is no gateway %lld", (long long)gateway_id);
    if (rc != HENG_OK || count > HENG_REFUSED_KEPT_MAX) return rc;
    heng_query_begin(&q, db_of(store), HENG_SQL_REFUSED_ADD);
    heng_query_int(&q, store->next[HENG_ID_REFUSED_ENTRY]++);
    heng_query_int(&q, gateway_id);
    heng_query_int(&q, entry->gateway_id ? entry->gateway_id : gateway_id);
    bind_u64(&q, entry->epoch);
    bind_u64(&q, entry->seq);
    heng_query_int(&q, entry->at_us);
    heng_query_int(&q, entry->kind);
    heng_query_int(&q, entry->rank);
    heng_query_int(&q, entry->subject_id);
    heng_query_int(&q, entry->doubtful);
    bind_u64(&q, entry->check);
    heng_query_blob(&q, entry->body);
    heng_query_text(&q, why);
    return heng_query_finish(&q, err);
}
