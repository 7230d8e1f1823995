/* Tariffs as they were put in, and what binds them to groups and classes, of accounts.h. */
#include <openssl/evp.h>

#include "store/db_rows.h"
#include "store/money/accounts.h"

static void fill_edition(struct heng_query *q, struct heng_tariff_edition *ret)
{
    *ret = (struct heng_tariff_edition){.id = heng_query_get_int(q)};
    ret->org_id = heng_query_get_int(q);
    heng_query_get_text(q, ret->key, sizeof ret->key);
    ret->edition = heng_query_get_int(q);
    ret->at_us = heng_query_get_int(q);
    heng_query_get_text(q, ret->who, sizeof ret->who);
    heng_query_get_text(q, ret->reason, sizeof ret->reason);
    struct heng_slice digest = heng_query_get_blob(q);
    if (digest.n == sizeof ret->digest) memcpy(ret->digest, digest.p, digest.n);
}

static heng_rc last_edition(struct heng_store *store, int64_t org_id, const char *key, int64_t *ret,
                            struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_TARIFF_LAST);
    heng_query_int(&q, org_id);
    heng_query_text(&q, key);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) *ret = heng_query_get_int(&q);
    heng_query_end(&q);
    return rc;
}

heng_rc heng_store_put_tariff(struct heng_store *store, struct heng_tariff_edition *edition, struct heng_slice body,
                              struct heng_err *err)
{
    struct heng_query q;
    int64_t last = 0;
    heng_rc rc = heng_store_need_transaction(store, err);
    if (rc == HENG_OK) rc = last_edition(store, edition->org_id, edition->key, &last, err);
    if (rc != HENG_OK) return rc;
    if (EVP_Digest(body.p, body.n, edition->digest, NULL, EVP_sha256(), NULL) != 1)
        return heng_fail(err, HENG_ENOMEM, 0, "no memory for a hash");
    edition->id = store->next[HENG_ID_TARIFF_DOC]++;
    edition->edition = last + 1;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_TARIFF_PUT);
    heng_query_int(&q, edition->id);
    heng_query_int(&q, edition->org_id);
    heng_query_text(&q, edition->key);
    heng_query_int(&q, edition->edition);
    heng_query_int(&q, edition->at_us);
    heng_query_text(&q, edition->who);
    heng_query_text(&q, edition->reason);
    heng_query_blob(&q, heng_slice_of(edition->digest, sizeof edition->digest));
    return heng_query_finish_text(&q, body, err);
}

heng_rc heng_store_get_tariff(struct heng_store_reader *reader, int64_t org_id, const char *key, int64_t edition,
                              struct heng_tariff_edition *ret, struct heng_str *ret_body, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_TARIFF_GET);
    heng_query_int(&q, org_id);
    heng_query_text(&q, key);
    heng_query_int(&q, edition);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) {
        fill_edition(&q, ret);
        if (ret_body) {
            const char *body = heng_query_peek_text(&q);
            heng_str_put(ret_body, body, strlen(body));
            if (ret_body->rc != HENG_OK) rc = heng_fail(err, ret_body->rc, 0, "the tariff is too large to read");
        }
    }
    heng_query_end(&q);
    return rc;
}

heng_rc heng_store_list_tariffs(struct heng_store_reader *reader, int64_t scope, struct heng_tariff_edition *ret,
                                size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_TARIFF_LIST);
    heng_query_int(&q, scope);
    heng_query_int(&q, (int64_t)cap);
    HENG_QUERY_ALL(fill_edition, ret, cap, ret_n);
}

/* --- bindings ----------------------------------------------------------------------------------------------------- */

static void fill_binding(struct heng_query *q, struct heng_tariff_binding *ret)
{
    *ret = (struct heng_tariff_binding){.id = heng_query_get_int(q)};
    ret->org_id = heng_query_get_int(q);
    heng_query_get_text(q, ret->level, sizeof ret->level);
    heng_query_get_text(q, ret->name, sizeof ret->name);
    heng_query_get_text(q, ret->tariff_key, sizeof ret->tariff_key);
    ret->from_day = (int32_t)heng_query_get_int(q);
    ret->to_day = (int32_t)heng_query_get_int(q);
}

static heng_rc check_binding(struct heng_store *store, const struct heng_tariff_binding *binding, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_TARIFF_BINDING_AT);
    heng_query_int(&q, binding->org_id);
    heng_query_text(&q, binding->level);
    heng_query_text(&q, binding->name);
    heng_query_int(&q, binding->from_day);
    heng_rc rc = heng_query_step(&q, err);
    bool taken = rc == HENG_OK && heng_query_get_int(&q) != binding->id;
    heng_query_end(&q);
    if (taken)
        return heng_fail(err, HENG_ECONFLICT, 0, "another tariff of %s '%s' begins on the same day", binding->level,
                         binding->name);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

heng_rc heng_store_put_binding(struct heng_store *store, struct heng_tariff_binding *binding, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = heng_store_need_transaction(store, err);
    if (rc == HENG_OK) rc = check_binding(store, binding, err);
    if (rc != HENG_OK) return rc;
    if (binding->id == 0) binding->id = store->next[HENG_ID_TARIFF_BINDING]++;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_TARIFF_BINDING_PUT);
    heng_query_int(&q, binding->id);
    heng_query_int(&q, binding->org_id);
    heng_query_text(&q, binding->level);
    heng_query_text(&q, binding->name);
    heng_query_text(&q, binding->tariff_key);
    heng_query_int(&q, binding->from_day);
    heng_query_int(&q, binding->to_day);
    return heng_query_finish(&q, err);
}

heng_rc heng_store_list_bindings(struct heng_store_reader *reader, int64_t org_id, const char *level, const char *name,
                                 struct heng_tariff_binding *ret, size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_TARIFF_BINDING_LIST);
    heng_query_int(&q, org_id);
    heng_query_text(&q, level);
    heng_query_text(&q, name);
    heng_query_int(&q, (int64_t)cap);
    HENG_QUERY_ALL(fill_binding, ret, cap, ret_n);
}
