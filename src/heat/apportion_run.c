#include "heat/apportion_run.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "bill/calc.h"
#include "heat/apportion_parts.h"

struct heng_steps *heng_job_steps(struct heng_share_job *job) { return job->steps.cap ? &job->steps : NULL; }

heng_rc heng_job_room_for_steps(struct heng_share_job *job, size_t count)
{
    if (!job->options->explain) return HENG_OK;
    job->steps.items = heng_arena_take(job->arena, count, sizeof *job->steps.items);
    if (!job->steps.items) return heng_fail(job->err, HENG_ENOMEM, 0, "no memory for %zu steps of explanation", count);
    job->steps.cap = count;
    return HENG_OK;
}

heng_rc heng_job_warn(struct heng_share_job *job, const char *code, const char *subject, const char *fmt, ...)
{
    size_t count = job->warning_count;
    if (count == 0 || (count >= 4 && (count & (count - 1)) == 0)) {
        struct heng_warning *room = heng_arena_take(job->arena, count ? 2 * count : 4, sizeof *room);
        if (!room) return heng_fail(job->err, HENG_ENOMEM, 0, "no memory for warnings");
        if (count) memcpy(room, job->warnings, count * sizeof *room);
        job->warnings = room;
    }
    struct heng_warning *warning = &job->warnings[job->warning_count++];
    va_list args;
    warning->code = code;
    warning->subject = subject;
    va_start(args, fmt);
    vsnprintf(warning->text, sizeof warning->text, fmt, args);
    va_end(args);
    return HENG_OK;
}

heng_rc heng_job_prefix(struct heng_share_job *job, heng_rc rc, const char *fmt, ...)
{
    char text[sizeof job->err->text], front[HENG_FORM_PATH_MAX];
    va_list args;
    if (rc == HENG_OK || !job->err) return rc;
    va_start(args, fmt);
    vsnprintf(front, sizeof front, fmt, args);
    va_end(args);
    memcpy(text, job->err->text, sizeof text);
    return heng_fail(job->err, rc, job->err->at, "%s%s", front, text);
}

/* --- members -------------------------------------------------------------------------------------------------------
 */

void heng_put_text(struct heng_json *json, const char *key, const char *text)
{
    heng_json_key(json, key);
    heng_json_text(json, text);
}

void heng_put_int(struct heng_json *json, const char *key, int64_t value)
{
    heng_json_key(json, key);
    heng_json_int(json, value);
}

void heng_put_bool(struct heng_json *json, const char *key, bool value)
{
    heng_json_key(json, key);
    heng_json_bool(json, value);
}

void heng_put_dec(struct heng_json *json, const char *key, struct heng_dec value)
{
    heng_json_key(json, key);
    heng_json_dec(json, value);
}

void heng_put_some(struct heng_json *json, const char *key, struct heng_dec value)
{
    if (value.mantissa) heng_put_dec(json, key, value);
}

void heng_put_percent(struct heng_json *json, const char *key, struct heng_dec now, struct heng_dec then, int places)
{
    struct heng_calc calc = {0};
    if (!then.mantissa) return;
    struct heng_dec more = heng_calc_sub(&calc, now, then);
    struct heng_dec percent = heng_calc_div(&calc, more, heng_dec_of(100, 0), then, places);
    if (calc.rc == HENG_OK) heng_put_dec(json, key, percent);
}

static void put_date(struct heng_json *json, const char *key, heng_day day)
{
    char text[HENG_DATE_TEXT_MAX];
    heng_date_format(day, text);
    heng_put_text(json, key, text);
}

void heng_put_period(struct heng_json *json, const struct heng_period *period)
{
    if (!period->is) return;
    heng_json_key(json, "period");
    heng_json_object(json);
    put_date(json, "from", period->from);
    put_date(json, "to", period->to);
    heng_put_int(json, "days", period->to - period->from);
    heng_json_end_object(json);
}

/* --- the end of the text -------------------------------------------------------------------------------------------
 */

static void put_warnings(struct heng_share_job *job)
{
    heng_json_key(&job->json, "warnings");
    heng_json_array(&job->json);
    for (size_t i = 0; i < job->warning_count; i++) {
        heng_json_object(&job->json);
        heng_put_text(&job->json, "code", job->warnings[i].code);
        if (job->warnings[i].subject) heng_put_text(&job->json, "id", job->warnings[i].subject);
        heng_put_text(&job->json, "text", job->warnings[i].text);
        heng_json_end_object(&job->json);
    }
    heng_json_end_array(&job->json);
}

/* FNV-1a, 64 bits (Fowler, Noll, Vo): it finds a changed byte, it is no seal against somebody who means it. */
static uint64_t checksum_of(const struct heng_str *text)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < text->n; i++) hash = (hash ^ (uint8_t)text->text[i]) * UINT64_C(0x100000001b3);
    return hash;
}

heng_rc heng_job_finish(struct heng_share_job *job)
{
    struct heng_json *json = &job->json;
    char sum[40];
    if (job->steps.lost) {
        heng_rc rc = heng_job_warn(job, "steps-cut", NULL, "%zu steps had no room", job->steps.lost);
        if (rc != HENG_OK) return rc;
    }
    put_warnings(job);
    snprintf(sum, sizeof sum, "fnv1a64:%016llx", (unsigned long long)checksum_of(json->out));
    heng_put_text(json, "checksum", sum);
    if (job->options->explain) {
        heng_json_key(json, "steps");
        heng_json_array(json);
        for (size_t i = 0; i < job->steps.count; i++)
            heng_step_json(&job->steps.items[i], job->options->language, job->currency, json);
        heng_json_end_array(json);
    }
    return HENG_OK;
}

/* --- which form ----------------------------------------------------------------------------------------------------
 */

typedef enum form_kind { KIND_SHARES, KIND_HEAT_BILL, KIND_HEIZKOSTEN, KIND_MONTHLY, KINDS } form_kind;
static const char *const KIND_TEXTS[] = {"shares", "heat-bill", "heizkosten", "monthly-information"};

static heng_rc find_kind(struct heng_slice json, form_kind *ret, struct heng_err *err)
{
    struct heng_form form;
    struct heng_slice key;
    *ret = KINDS;
    heng_form_open(&form, json);
    heng_form_object(&form);
    while (heng_form_key(&form, &key))
        if (heng_slice_is(key, "kind"))
            *ret = (form_kind)heng_form_word(&form, KIND_TEXTS, KINDS);
        else
            heng_form_skip(&form);
    heng_rc rc = heng_form_close(&form, err);
    if (rc == HENG_OK && *ret == KINDS)
        return heng_fail(err, HENG_ECONFIG, 0,
                         "kind: is missing; shares, heat-bill, heizkosten or monthly-information");
    return rc;
}

static heng_rc write_form(struct heng_share_job *job, form_kind kind, struct heng_slice json)
{
    switch (kind) {
    case KIND_SHARES: return heng_shares_write(job, json, false);
    case KIND_HEAT_BILL: return heng_shares_write(job, json, true);
    case KIND_HEIZKOSTEN: return heng_heizkosten_write(job, json);
    case KIND_MONTHLY: return heng_monthly_write(job, json);
    case KINDS: break;
    }
    return heng_fail(job->err, HENG_EBUG, 0, "a form without a writer");
}

heng_rc heng_apportion_json(struct heng_slice json, const struct heng_apportion_options *options,
                            struct heng_arena *arena, struct heng_str *out, struct heng_err *err)
{
    form_kind kind;
    struct heng_share_job job = {
        .options = options, .arena = arena, .json = heng_json_of(out), .currency = "CNY", .err = err};
    heng_rc rc = find_kind(json, &kind, err);
    if (rc != HENG_OK) return rc;
    heng_json_object(&job.json);
    heng_put_text(&job.json, "kind", KIND_TEXTS[kind]);
    rc = write_form(&job, kind, json);
    if (rc == HENG_OK) rc = heng_job_finish(&job);
    if (rc != HENG_OK) return rc;
    heng_json_end_object(&job.json);
    return out->rc == HENG_OK ? HENG_OK : heng_fail(err, out->rc, 0, "no room for the result");
}
