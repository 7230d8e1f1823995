/* Who changed what, of accounts.h. */
#include "store/db_rows.h"
#include "store/money/accounts.h"

heng_rc heng_store_add_audit(struct heng_store *store, const struct heng_audit *audit, struct heng_slice before,
                             struct heng_slice after, struct heng_err *err)
{
    struct heng_query q;
    struct heng_str texts = {.max = (size_t)1 << 20};
    heng_rc rc = heng_store_need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    /* both with a NUL behind them, which slices need not have */
    heng_str_put(&texts, (const char *)before.p, before.n);
    heng_str_put(&texts, "", 1);
    heng_str_put(&texts, (const char *)after.p, after.n);
    if (texts.rc != HENG_OK) {
        rc = heng_fail(err, texts.rc, 0, "'%s' says too much for one line of the audit", audit->action);
        heng_str_fini(&texts);
        return rc;
    }
    heng_query_begin(&q, &store->reader.db, HENG_SQL_AUDIT_ADD);
    heng_query_int(&q, store->next[HENG_ID_AUDIT]++);
    heng_query_int(&q, audit->org_id);
    heng_query_int(&q, audit->at_us);
    heng_query_text(&q, audit->who);
    heng_query_text(&q, audit->second);
    heng_query_text(&q, audit->action);
    heng_query_text(&q, audit->subject);
    heng_query_int(&q, audit->subject_id);
    heng_query_text(&q, texts.text);
    heng_query_text(&q, texts.text + before.n + 1);
    heng_query_text(&q, audit->reason);
    rc = heng_query_finish(&q, err);
    heng_str_fini(&texts);
    return rc;
}

static void fill_audit(struct heng_query *q, struct heng_audit *ret)
{
    *ret = (struct heng_audit){.id = heng_query_get_int(q)};
    ret->org_id = heng_query_get_int(q);
    ret->at_us = heng_query_get_int(q);
    heng_query_get_text(q, ret->who, sizeof ret->who);
    heng_query_get_text(q, ret->second, sizeof ret->second);
    heng_query_get_text(q, ret->action, sizeof ret->action);
    heng_query_get_text(q, ret->subject, sizeof ret->subject);
    ret->subject_id = heng_query_get_int(q);
    heng_query_get_text(q, ret->reason, sizeof ret->reason);
}

heng_rc heng_store_each_audit(struct heng_store_reader *reader, int64_t scope, int64_t before_id, const char *subject,
                              int64_t subject_id, size_t cap, heng_audit_each *each, void *ctx, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc;
    heng_query_begin(&q, &reader->db, HENG_SQL_AUDIT_LIST);
    heng_query_int(&q, scope);
    heng_query_int(&q, before_id);
    heng_query_text(&q, subject);
    heng_query_int(&q, subject_id);
    heng_query_int(&q, (int64_t)cap);
    while ((rc = heng_query_step(&q, err)) == HENG_OK) {
        struct heng_audit audit;
        fill_audit(&q, &audit);
        struct heng_slice before = heng_slice_str(heng_query_peek_text(&q));
        rc = each(ctx, &audit, before, heng_slice_str(heng_query_peek_text(&q)));
        if (rc != HENG_OK) break;
    }
    heng_query_end(&q);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}
