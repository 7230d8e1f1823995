#include "store/money/requests.h"

#include <openssl/evp.h>
#include <string.h>

#include "store/db_rows.h"

enum { DIGEST_SIZE = 32 };

static heng_rc digest_of(const struct heng_asked *asked, uint8_t ret[static DIGEST_SIZE], struct heng_err *err)
{
    unsigned n = 0;
    if (EVP_Digest(asked->asked.p, asked->asked.n, ret, &n, EVP_sha256(), NULL) == 1 && n == DIGEST_SIZE)
        return HENG_OK;
    return heng_fail(err, HENG_ENOMEM, 0, "no memory for a digest");
}

heng_rc heng_store_find_asked(struct heng_store_reader *reader, struct heng_asked *asked, struct heng_err *err)
{
    char operation[HENG_OPERATION_MAX];
    uint8_t digest[DIGEST_SIZE];
    struct heng_query q;
    heng_rc rc = digest_of(asked, digest, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, &reader->db, HENG_SQL_REQUEST_GET);
    heng_query_text(&q, asked->key);
    rc = heng_query_step(&q, err);
    if (rc == HENG_OK) {
        heng_query_get_text(&q, operation, sizeof operation);
        bool same = heng_slice_eq(heng_query_get_blob(&q), heng_slice_of(digest, sizeof digest)) &&
                    strcmp(operation, asked->operation) == 0;
        asked->answer_id = heng_query_get_int(&q);
        asked->booking_id = heng_query_get_int(&q);
        asked->made = heng_query_get_int(&q);
        if (!same)
            rc = heng_fail(err, HENG_ECONFLICT, 0,
                           "the key '%.40s' was used for another wish (%.30s): a new wish needs a new key", asked->key,
                           operation);
    }
    heng_query_end(&q);
    return rc;
}

heng_rc heng_store_add_asked(struct heng_store *store, const struct heng_asked *asked, struct heng_err *err)
{
    uint8_t digest[DIGEST_SIZE];
    struct heng_query q;
    heng_rc rc = heng_store_need_transaction(store, err);
    if (rc == HENG_OK) rc = digest_of(asked, digest, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_REQUEST_ADD);
    heng_query_text(&q, asked->key);
    heng_query_text(&q, asked->operation);
    heng_query_blob(&q, heng_slice_of(digest, sizeof digest));
    heng_query_int(&q, asked->answer_id);
    heng_query_int(&q, asked->booking_id);
    heng_query_int(&q, asked->made);
    heng_query_int(&q, asked->at_us);
    heng_query_text(&q, asked->who);
    return heng_query_finish(&q, err);
}
