/* Tariffs as documents: editions in and out, who has which, and what a period would cost. */
#include "account/tariffs.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "api/money/change.h"
#include "rate/form.h"

enum { ALL_MAX = 4096, LINES = 4096, STATES = 128, STEPS = 1 << 14, WARNINGS = 1024, TEST_MEMORY = 48 << 20 };

/* --- out -----------------------------------------------------------------------------------------------------------
 */

static struct heng_api_tariff_edition edition_from(struct heng_api_call *call, const struct heng_tariff_edition *e)
{
    char digest[2 * sizeof e->digest + 1];
    for (size_t i = 0; i < sizeof e->digest; i++) snprintf(digest + 2 * i, 3, "%02x", e->digest[i]);
    return (struct heng_api_tariff_edition){.id = e->id,
                                            .has_organisation = e->org_id != 0,
                                            .organisation = e->org_id,
                                            .tariff = heng_arena_text(call->arena, e->key),
                                            .edition = e->edition,
                                            .at = e->at_us,
                                            .who = heng_arena_text(call->arena, e->who),
                                            .has_reason = e->reason[0] != '\0',
                                            .reason = heng_api_opt_text(call, e->reason),
                                            .sha256 = heng_arena_text(call->arena, digest)};
}

heng_rc heng_api_list_tariffs(struct heng_api_call *call, const struct heng_api_list_tariffs_params *params,
                              struct heng_api_tariff_list *ret, struct heng_err *err)
{
    struct heng_tariff_edition *rows = heng_arena_take(call->arena, ALL_MAX, sizeof *rows);
    struct heng_api_tariff_edition *items = heng_arena_take(call->arena, ALL_MAX, sizeof *items);
    size_t n = 0;
    if (!rows || !items) return heng_api_no_memory(err);
    heng_rc rc = heng_store_list_tariffs(
        call->reader, heng_money_scope(call, params->has_organisation, params->organisation), rows, ALL_MAX, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) items[i] = edition_from(call, &rows[i]);
    *ret = (struct heng_api_tariff_list){.items = items, .items_n = n, .more = n == ALL_MAX};
    return rc;
}

heng_rc heng_api_get_tariff(struct heng_api_call *call, const struct heng_api_get_tariff_params *params,
                            struct heng_api_tariff_document *ret, struct heng_err *err)
{
    struct heng_str body = {.max = 2 * HENG_TARIFF_BODY_MAX};
    struct heng_tariff_edition edition;
    call->is_wish = true;
    heng_rc rc =
        heng_store_get_tariff(call->reader, heng_money_scope(call, params->has_organisation, params->organisation),
                              params->tariff, params->edition, &edition, &body, err);
    if (rc == HENG_ENOTFOUND) heng_fail(err, rc, 0, "there is no such tariff or edition '%.40s'", params->tariff);
    if (rc == HENG_OK) {
        ret->edition = edition_from(call, &edition);
        ret->body = body.text ? heng_arena_text(call->arena, body.text) : NULL;
        rc = ret->body ? HENG_OK : heng_api_no_memory(err);
    }
    heng_str_fini(&body);
    return rc;
}

heng_rc heng_api_list_bindings(struct heng_api_call *call, const struct heng_api_list_bindings_params *params,
                               struct heng_api_binding_list *ret, struct heng_err *err)
{
    struct heng_tariff_binding *rows = heng_arena_take(call->arena, ALL_MAX, sizeof *rows);
    struct heng_api_tariff_binding *items = heng_arena_take(call->arena, ALL_MAX, sizeof *items);
    size_t n = 0;
    if (!rows || !items) return heng_api_no_memory(err);
    heng_rc rc =
        heng_store_list_bindings(call->reader, heng_money_scope(call, params->has_organisation, params->organisation),
                                 "", "", rows, ALL_MAX, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++)
        items[i] = (struct heng_api_tariff_binding){.id = rows[i].id,
                                                    .has_organisation = rows[i].org_id != 0,
                                                    .organisation = rows[i].org_id,
                                                    .level = rows[i].level,
                                                    .name = rows[i].name,
                                                    .tariff = rows[i].tariff_key,
                                                    .from = heng_money_day_text(call->arena, rows[i].from_day),
                                                    .has_to = rows[i].to_day != 0,
                                                    .to = heng_money_day_text(call->arena, rows[i].to_day)};
    *ret = (struct heng_api_binding_list){.items = items, .items_n = n, .more = n == ALL_MAX};
    return rc;
}

/* --- in ------------------------------------------------------------------------------------------------------------
 */

/* The file that came, as text in the arena. */
static heng_rc read_upload(struct heng_api_call *call, const struct heng_api_upload *upload, struct heng_slice *ret,
                           struct heng_err *err)
{
    size_t n = (size_t)upload->n, have = 0;
    char *text = heng_arena_take(call->arena, n + 1, 1);
    if (!text) return heng_api_no_memory(err);
    while (have < n) {
        ssize_t got = pread(upload->fd, text + have, n - have, (off_t)have);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return heng_fail(err, HENG_EIO, 0, "the file that came cannot be read: %s", strerror(errno));
        have += (size_t)got;
    }
    *ret = heng_slice_of(text, n);
    return HENG_OK;
}

static heng_rc make_put(struct heng_money_change *c, struct heng_store *store, struct heng_err *err)
{
    const char *const *key = c->body;
    struct heng_tariff_edition edition;
    bool is_new = false;
    heng_rc rc = heng_tariff_put(store, c->scope, *key, c->more, &c->hand, c->reason, &edition, &is_new, err);
    if (rc != HENG_OK) return rc;
    c->answer_id = edition.id;
    c->made = edition.edition;
    return HENG_OK;
}

heng_rc heng_api_put_tariff(struct heng_api_call *call, const struct heng_api_put_tariff_params *params,
                            const struct heng_api_upload *upload, struct heng_api_money_done *ret, struct heng_err *err)
{
    struct heng_money_change change = {.body = &params->tariff,
                                       .key = params->key,
                                       .who = params->who,
                                       .reason = params->has_reason ? params->reason : NULL,
                                       .organisation = params->has_organisation ? params->organisation : 0,
                                       .subject = "tariff",
                                       .make = make_put};
    heng_rc rc = read_upload(call, upload, &change.more, err);
    return rc == HENG_OK ? heng_money_ask(call, &change, ret, err) : rc;
}

static heng_rc make_bind(struct heng_money_change *c, struct heng_store *store, struct heng_err *err)
{
    const struct heng_api_bind_tariff_request *b = c->body;
    int32_t from = 0;
    heng_rc rc = heng_money_day(true, b->from, "field 'from'", 0, &from, err);
    if (rc == HENG_OK)
        rc = heng_tariff_bind(store, c->scope, heng_api_binding_level_text(b->level), b->name, b->tariff, from,
                              &c->hand, c->reason, err);
    return rc;
}

heng_rc heng_api_bind_tariff(struct heng_api_call *call, const struct heng_api_bind_tariff_request *body,
                             struct heng_api_money_done *ret, struct heng_err *err)
{
    struct heng_money_change change = {HENG_MONEY_ASKED(body), .subject = "tariff", .make = make_bind};
    return heng_money_ask(call, &change, ret, err);
}

/* --- what it would cost --------------------------------------------------------------------------------------------
 */

/* The engine's memory is its own: a form of a few megabytes must not take that of the answer. */
static heng_rc rate(struct heng_slice json, heng_language language, struct heng_arena *arena, struct heng_str *out,
                    struct heng_err *err)
{
    struct heng_rate_request *request = heng_arena_take(arena, 1, sizeof *request);
    struct heng_steps steps = {heng_arena_take(arena, STEPS, sizeof *steps.items), 0, STEPS, 0};
    struct heng_steps warnings = {heng_arena_take(arena, WARNINGS, sizeof *warnings.items), 0, WARNINGS, 0};
    struct heng_rate_result result = {.lines = heng_arena_take(arena, LINES, sizeof *result.lines),
                                      .cap = LINES,
                                      .states = heng_arena_take(arena, STATES, sizeof *result.states),
                                      .state_cap = STATES,
                                      .steps = &steps,
                                      .warnings = &warnings};
    struct heng_json writer = heng_json_of(out);
    if (!request || !steps.items || !warnings.items || !result.lines || !result.states) return heng_api_no_memory(err);
    heng_rc rc = heng_rate_request_read(json, arena, request, err);
    if (rc == HENG_OK) rc = heng_rate_answer(request, &result, language, &writer, err);
    return rc == HENG_OK && out->rc != HENG_OK ? heng_fail(err, out->rc, 0, "the answer is too large") : rc;
}

heng_rc heng_api_test_tariff(struct heng_api_call *call, const struct heng_api_test_tariff_params *params,
                             const struct heng_api_upload *upload, struct heng_api_tariff_test *ret,
                             struct heng_err *err)
{
    static const heng_language languages[] = {HENG_LANGUAGE_ZH, HENG_LANGUAGE_EN, HENG_LANGUAGE_DE};
    struct heng_arena arena = {.max = TEST_MEMORY};
    struct heng_str out = {.max = HENG_API_BODY_MAX / 2};
    struct heng_slice json;
    call->is_wish = true;
    heng_rc rc = read_upload(call, upload, &json, err);
    if (rc == HENG_OK)
        rc = rate(json, params->has_language ? languages[params->language] : HENG_LANGUAGES, &arena, &out, err);
    if (rc == HENG_OK) {
        ret->answer = out.text ? heng_arena_text(call->arena, out.text) : NULL;
        if (!ret->answer) rc = heng_api_no_memory(err);
    }
    if (rc == HENG_ELIMIT) rc = heng_fail(err, HENG_ERANGE, 0, "the form is too large to be tested here");
    heng_str_fini(&out);
    heng_arena_fini(&arena);
    return rc;
}
