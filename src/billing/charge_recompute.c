/* A stored charge worked out again from what it keeps: its ask, with the editions of the tariffs put back in. */
#include "billing/charge_recompute.h"

#include <stdio.h>

enum { LINE_TEXT_MAX = 160 };

/* --- the form of heng rate --------------------------------------------------------------------------------------- */

static struct heng_slice raw_value(struct heng_json_reader *reader)
{
    (void)heng_json_peek(reader);
    size_t from = reader->at;
    heng_json_skip(reader);
    return heng_slice_of(reader->text.p + from, reader->at - from);
}

/* {"key", "org", "edition", "digest"} becomes the text of that edition, if it still has that digest. */
static heng_rc put_edition(struct heng_charger *charger, struct heng_json_reader *reader, struct heng_str *ret,
                           struct heng_err *err)
{
    struct heng_tariff_edition edition;
    struct heng_slice key;
    char name[HENG_TARIFF_KEY_MAX] = "", digest[72] = "", ours[72];
    int64_t org_id = 0, number = 0;
    heng_json_open_object(reader);
    while (heng_json_next_key(reader, &key)) {
        if (heng_slice_is(key, "key"))
            heng_json_get_string(reader, name, sizeof name);
        else if (heng_slice_is(key, "org"))
            org_id = heng_json_get_int(reader, 0, INT64_MAX);
        else if (heng_slice_is(key, "edition"))
            number = heng_json_get_int(reader, 1, INT64_MAX);
        else if (heng_slice_is(key, "digest"))
            heng_json_get_string(reader, digest, sizeof digest);
        else
            heng_json_skip(reader);
    }
    if (reader->err.rc != HENG_OK) return heng_fail(err, HENG_ECONFLICT, 0, "the ask is damaged: %s", reader->err.text);
    heng_str_clear(&charger->body);
    heng_rc rc = heng_store_get_tariff(charger->reader, org_id, name, number, &edition, &charger->body, err);
    if (rc == HENG_ENOTFOUND)
        return heng_fail(err, HENG_ECONFLICT, 0, "edition %lld of tariff '%.39s' is not there any more",
                         (long long)number, name);
    if (rc != HENG_OK) return rc;
    uint8_t sha[32];
    if (EVP_Digest(charger->body.text, charger->body.n, sha, NULL, EVP_sha256(), NULL) != 1)
        return heng_fail(err, HENG_ENOMEM, 0, "out of memory for a digest");
    for (size_t i = 0; i < 32; i++) snprintf(ours + 2 * i, 3, "%02X", sha[i]);
    if (strcmp(ours, digest) != 0)
        return heng_fail(err, HENG_ECONFLICT, 0,
                         "edition %lld of tariff '%.39s' is not what it was: its digest differs", (long long)number,
                         name);
    heng_str_put(ret, charger->body.text, charger->body.n);
    return HENG_OK;
}

heng_rc heng_charge_form(struct heng_charger *charger, struct heng_slice ask, struct heng_str *ret,
                         struct heng_err *err)
{
    struct heng_json_reader reader = heng_json_reader_of(ask);
    struct heng_slice key;
    bool first = true;
    heng_rc rc = HENG_OK;
    heng_json_open_object(&reader);
    while (rc == HENG_OK && heng_json_next_key(&reader, &key)) {
        heng_str_fmt(ret, "%s\"%.*s\":", first ? "{" : ",\n", (int)key.n, (const char *)key.p);
        first = false;
        if (heng_slice_is(key, "tariff")) {
            rc = put_edition(charger, &reader, ret, err);
        } else if (heng_slice_is(key, "tariffs")) {
            bool item = false;
            heng_json_open_array(&reader);
            while (rc == HENG_OK && heng_json_next_item(&reader)) {
                heng_str_put(ret, item ? ",\n" : "[", item ? 2 : 1);
                item = true;
                rc = put_edition(charger, &reader, ret, err);
            }
            heng_str_put(ret, "]", 1);
        } else {
            struct heng_slice value = raw_value(&reader);
            heng_str_put(ret, (const char *)value.p, value.n);
        }
    }
    if (rc == HENG_OK && reader.err.rc != HENG_OK)
        return heng_fail(err, HENG_ECONFLICT, 0, "the ask is damaged: %s", reader.err.text);
    heng_str_put(ret, "}\n", 2);
    return rc == HENG_OK && ret->rc != HENG_OK ? heng_fail(err, ret->rc, 0, "the ask is too large") : rc;
}

/* --- compare ----------------------------------------------------------------------------------------------------- */

static void line_text(const struct heng_charge_line *line, char ret[HENG_AT_LEAST(LINE_TEXT_MAX)])
{
    snprintf(ret, LINE_TEXT_MAX, "%.20s T%u %.10s %.27s %.8s x %.27s = %lld", line->component, line->tier, line->rate,
             line->quantity, line->unit, line->price, (long long)line->amount);
}

static bool same_line(const struct heng_charge_line *a, const struct heng_charge_line *b)
{
    return strcmp(a->component, b->component) == 0 && strcmp(a->name, b->name) == 0 &&
           strcmp(a->version, b->version) == 0 && strcmp(a->rate, b->rate) == 0 && strcmp(a->unit, b->unit) == 0 &&
           strcmp(a->quantity, b->quantity) == 0 && strcmp(a->price, b->price) == 0 && strcmp(a->note, b->note) == 0 &&
           strcmp(a->vat, b->vat) == 0 && a->tier == b->tier && a->from_day == b->from_day && a->to_day == b->to_day &&
           a->amount == b->amount && a->tax == b->tax && a->time_count == b->time_count && a->time_of == b->time_of;
}

static heng_rc compare(const struct heng_charge *was, const struct heng_charge *is, struct heng_err *err)
{
    char old[LINE_TEXT_MAX], new[LINE_TEXT_MAX];
    for (size_t i = 0; i < was->line_count && i < is->line_count; i++) {
        if (same_line(&was->lines[i], &is->lines[i])) continue;
        line_text(&was->lines[i], old);
        line_text(&is->lines[i], new);
        return heng_fail(err, HENG_ECONFLICT, (uint32_t)i, "line %zu says %.60s, worked out again it is %.60s", i + 1,
                         old, new);
    }
    if (was->line_count != is->line_count)
        return heng_fail(err, HENG_ECONFLICT, 0, "it has %zu lines, worked out again there are %zu", was->line_count,
                         is->line_count);
    if (was->total != is->total || was->tax != is->tax)
        return heng_fail(err, HENG_ECONFLICT, 0, "its total is %lld with a tax of %lld, worked out again %lld and %lld",
                         (long long)was->total, (long long)was->tax, (long long)is->total, (long long)is->tax);
    if (!heng_slice_eq(was->states, is->states))
        return heng_fail(err, HENG_ECONFLICT, 0, "the used tiers that it keeps are not those that come out");
    return HENG_OK;
}

static heng_rc check_digest(const struct heng_charge *charge, struct heng_err *err)
{
    uint8_t digest[32];
    heng_rc rc = heng_charge_digest(charge, digest, err);
    if (rc != HENG_OK || memcmp(digest, charge->digest, sizeof digest) == 0) return rc;
    return heng_fail(err, HENG_ECONFLICT, 0, "charge %lld was changed after it was stored: its digest differs",
                     (long long)charge->id);
}

static heng_rc work_again(struct heng_charger *charger, const struct heng_charge *charge, struct heng_steps *steps,
                          struct heng_arena *arena, struct heng_charge *ret, struct heng_err *err)
{
    struct heng_str form = {.max = CHARGE_TEXT_MAX};
    struct heng_rate_request *request = heng_arena_take(arena, 1, sizeof *request);
    struct heng_rate_result result = {.lines = charger->lines,
                                      .cap = HENG_CHARGE_LINES_MAX,
                                      .states = charger->states,
                                      .state_cap = CHARGE_STATES_MAX,
                                      .steps = steps};
    struct heng_err why = {0};
    if (!request) return heng_fail(err, HENG_ENOMEM, 0, "out of memory for a charge");
    heng_rc rc = heng_charge_form(charger, charge->ask, &form, err);
    if (rc != HENG_OK) goto out;
    rc = heng_rate_request_read(heng_slice_of(form.text, form.n), arena, request, &why);
    if (rc == HENG_OK && request->binding_count)
        rc = heng_bind(request->bindings, request->binding_count, request->ask.from, request->ask.to, request->spans,
                       HENG_RATE_SPANS_MAX, &request->ask.span_count, NULL, &why);
    else if (rc == HENG_OK) {
        request->spans[0] = (struct heng_rate_span){request->tariffs, request->ask.from, request->ask.to};
        request->ask.span_count = 1;
    }
    request->ask.spans = request->spans;
    if (rc == HENG_OK) rc = heng_rate(&request->ask, &result, &why);
    if (rc != HENG_OK) {
        rc = heng_fail(err, HENG_ECONFLICT, 0, "it cannot be worked out again: %.120s", why.text);
        goto out;
    }
    *ret = (struct heng_charge){.lines = charger->out};
    rc = charge_lines(&result, request->tariffs[0].currency, ret, HENG_CHARGE_LINES_MAX, err);
    if (rc == HENG_OK) rc = charge_states_text(&charger->text, &result, arena, &ret->states, err);
out:
    heng_str_fini(&form);
    return rc;
}

heng_rc heng_charge_again(struct heng_charger *charger, const struct heng_charge *charge, struct heng_steps *steps,
                          struct heng_arena *arena, struct heng_err *err)
{
    struct heng_charge again = {0};
    heng_rc rc = check_digest(charge, err);
    if (rc != HENG_OK || charge->kind != HENG_CHARGE_USAGE) return rc;
    rc = work_again(charger, charge, steps, arena, &again, err);
    return rc == HENG_OK ? compare(charge, &again, err) : rc;
}

heng_rc heng_charge_recompute(struct heng_charger *charger, const struct heng_charge *charge, struct heng_err *err)
{
    struct heng_arena arena = {.max = (size_t)256 << 20};
    heng_rc rc = heng_charge_again(charger, charge, NULL, &arena, err);
    heng_arena_fini(&arena);
    return rc;
}
