/* Who changed what, and what was refused. */
#include <string.h>

#include "account/note.h"
#include "api/money/change.h"
#include "base/json_reader.h"

/* Lines are looked through in pieces, so that what was refused is found behind a lot that was not. */
enum { PIECE = 500, PIECES_MAX = 20 };

struct audit_page {
    struct heng_api_call *call;
    struct heng_api_audit_line *items;
    size_t n, cap, seen;
    bool refused;
    int64_t last_id;
    bool no_memory;
};

/* JSON as it was kept; what is none, as a text in JSON: a line of an older hand must not break the list. */
static const char *copy(struct audit_page *page, struct heng_slice text)
{
    struct heng_json_reader reader = heng_json_reader_of(text);
    heng_json_skip(&reader);
    heng_json_finish(&reader);
    char *to = heng_arena_take(page->call->arena, text.n + 1, 1);
    if (!to) return NULL;
    memcpy(to, text.p, text.n);
    if (reader.err.rc == HENG_OK) return to;
    struct heng_str quoted = {.max = 6 * text.n + 16};
    struct heng_json json = heng_json_of(&quoted);
    heng_json_text(&json, to);
    const char *done = quoted.rc == HENG_OK ? heng_arena_text(page->call->arena, quoted.text) : NULL;
    heng_str_fini(&quoted);
    return done;
}

static heng_rc each(void *ctx, const struct heng_audit *a, struct heng_slice before, struct heng_slice after)
{
    struct audit_page *page = ctx;
    if (page->n == page->cap) return HENG_OK;
    page->seen++;
    page->last_id = a->id;
    if (page->refused && !heng_note_is_refused(a)) return HENG_OK;
    struct heng_api_audit_line *item = &page->items[page->n++];
    *item = (struct heng_api_audit_line){.id = a->id,
                                         .has_organisation = a->org_id != 0,
                                         .organisation = a->org_id,
                                         .at = a->at_us,
                                         .who = heng_arena_text(page->call->arena, a->who),
                                         .has_second = a->second[0] != '\0',
                                         .second = heng_api_opt_text(page->call, a->second),
                                         .action = heng_arena_text(page->call->arena, a->action),
                                         .subject = heng_arena_text(page->call->arena, a->subject),
                                         .subject_id = a->subject_id,
                                         .has_reason = a->reason[0] != '\0',
                                         .reason = heng_api_opt_text(page->call, a->reason),
                                         .has_before = before.n != 0,
                                         .before = before.n ? copy(page, before) : NULL,
                                         .has_after = after.n != 0,
                                         .after = after.n ? copy(page, after) : NULL};
    page->no_memory = page->no_memory || (before.n && !item->before) || (after.n && !item->after);
    return HENG_OK;
}

heng_rc heng_api_list_audit(struct heng_api_call *call, const struct heng_api_list_audit_params *params,
                            struct heng_api_audit_list *ret, struct heng_err *err)
{
    struct audit_page page = {.call = call,
                              .cap = (size_t)params->limit,
                              .refused = params->refused != 0,
                              .last_id = params->has_before ? params->before : 0};
    int64_t scope = heng_money_scope(call, params->has_organisation, params->organisation);
    page.items = heng_arena_take(call->arena, page.cap, sizeof *page.items);
    if (!page.items) return heng_api_no_memory(err);
    size_t piece = page.refused ? PIECE : page.cap;
    bool more = true;
    heng_rc rc = HENG_OK;
    for (int i = 0; rc == HENG_OK && more && page.n < page.cap && i < PIECES_MAX; i++) {
        page.seen = 0;
        rc = heng_store_each_audit(call->reader, scope, page.last_id, params->has_subject ? params->subject : "",
                                   params->has_subject_id ? params->subject_id : 0, piece, each, &page, err);
        more = page.seen == piece || page.n == page.cap;
    }
    if (rc == HENG_OK && page.no_memory) return heng_api_no_memory(err);
    *ret = (struct heng_api_audit_list){.items = page.items,
                                        .items_n = page.n,
                                        .more = more,
                                        .has_before = more && page.last_id != 0,
                                        .before = page.last_id};
    return rc;
}
