#include "billing/explain.h"

#include <stdio.h>

#include "billing/bill.h"
#include "billing/charge_recompute.h"
#include "billing/trace.h"
#include "store/read.h"

enum { STEPS_MAX = 4096, MEMORY_MAX = 256 << 20 };

/* X(symbol, zh, en, de) */
#define WORD_LIST(X)                                                                                                   \
    X(BILL, "账单", "bill", "Rechnung")                                                                                \
    X(TOTAL, "合计", "total", "Summe")                                                                                 \
    X(TAX, "其中税额", "of it tax", "darin Steuer")                                                                    \
    X(CHARGE, "计费", "charge", "Abrechnung")                                                                          \
    X(BEFORE, "此前已计", "charged before", "schon berechnet")                                                         \
    X(STEPS, "计算过程", "how it was worked out", "Rechenweg")                                                         \
    X(USAGE, "用量", "usage", "Verbrauch")                                                                             \
    X(ESTIMATED, "估算天数", "days estimated", "Tage geschätzt")                                                       \
    X(CHANGED, "用量此后有变动", "these days were changed since", "diese Tage wurden seither geändert")                \
    X(READING, "抄表", "reading", "Ablesung")                                                                          \
    X(NO_READING, "附近没有抄表", "no reading near", "keine Ablesung in der Nähe")                                     \
    X(FRAME, "原始报文", "frame", "Telegramm")                                                                         \
    X(SAME, "重新计算: 结果一致", "worked out again: the same", "neu berechnet: dasselbe")                             \
    X(DIFFERS, "重新计算: 不一致", "worked out again: it differs", "neu berechnet: es weicht ab")
enum {
#define X(symbol, zh, en, de) WORD_##symbol,
    WORD_LIST(X)
#undef X
};
static const char *const words[][HENG_LANGUAGES] = {
#define X(symbol, zh, en, de) {zh, en, de},
    WORD_LIST(X)
#undef X
};

/* A charge with all that is known of it. */
struct told {
    const struct heng_charge *charge;
    struct heng_trace trace;
    struct heng_steps steps;
    bool same;
    struct heng_err why; /* not the same: where */
    bool *rows_same;     /* of the trace */
    struct heng_err trace_why;
};

static heng_rc check_rows(struct heng_charger *charger, struct told *told, struct heng_arena *arena,
                          struct heng_bill_explanation *how, struct heng_err *err)
{
    heng_rc rc = HENG_OK;
    told->rows_same = heng_arena_take(arena, told->trace.row_count, sizeof *told->rows_same);
    if (!told->rows_same) return heng_fail(err, HENG_ENOMEM, 0, "out of memory for a trace");
    for (size_t i = 0; rc == HENG_OK && i < told->trace.row_count; i++) {
        const struct heng_trace_row *row = &told->trace.rows[i];
        uint8_t digest[32];
        char text[72];
        rc = charge_days_digest(charger, row->channel_id, row->from, row->to, digest, err);
        for (size_t k = 0; k < 32; k++) snprintf(text + 2 * k, 3, "%02X", digest[k]);
        told->rows_same[i] = strcmp(text, row->sha256) == 0;
        how->rows_changed += !told->rows_same[i];
    }
    return rc;
}

static heng_rc tell(struct heng_charger *charger, const struct heng_charge *charge, struct heng_arena *arena,
                    struct heng_bill_explanation *how, struct told *ret, struct heng_err *err)
{
    *ret = (struct told){.charge = charge,
                         .steps = {heng_arena_take(arena, STEPS_MAX, sizeof(struct heng_step)), 0, STEPS_MAX, 0}};
    if (!ret->steps.items) return heng_fail(err, HENG_ENOMEM, 0, "out of memory for an explanation");
    heng_rc rc = heng_charge_again(charger, charge, &ret->steps, arena, &ret->why);
    ret->same = rc == HENG_OK;
    if (rc != HENG_OK && rc != HENG_ECONFLICT) return heng_fail(err, rc, 0, "%.150s", ret->why.text);
    how->charges++;
    how->differ += !ret->same;
    if (charge->kind != HENG_CHARGE_USAGE) return HENG_OK; /* of heat, its ask and answer are the trace */
    rc = heng_trace_read(charge->trace, arena, &ret->trace, &ret->trace_why);
    if (rc != HENG_OK) {
        ret->same = false;
        ret->why = ret->trace_why;
        how->differ++;
        return HENG_OK;
    }
    return check_rows(charger, ret, arena, how, err);
}

/* --- for a person ------------------------------------------------------------------------------------------------ */

static void money(int64_t amount, const char *currency, char *ret, size_t cap)
{
    uint64_t size = amount < 0 ? 0 - (uint64_t)amount : (uint64_t)amount;
    snprintf(ret, cap, "%s%llu.%02llu %s", amount < 0 ? "-" : "", (unsigned long long)(size / 100),
             (unsigned long long)(size % 100), currency);
}

/* By the clock of the site. */
static void moment(const struct heng_charger *charger, heng_us at_us, char *ret, size_t cap)
{
    struct heng_civil civil = heng_zone_civil(charger->site.zone, at_us);
    snprintf(ret, cap, "%04d-%02d-%02d %02d:%02d:%02d", civil.year, civil.month, civil.day, civil.hour, civil.minute,
             civil.second);
}

static void put_line(const struct heng_charge_line *line, const char *currency, struct heng_str *out)
{
    char amount[48], tier[16] = "", time[32] = "";
    money(line->amount, currency, amount, sizeof amount);
    if (line->tier) snprintf(tier, sizeof tier, " T%u", line->tier);
    if (line->time_count != line->time_of) snprintf(time, sizeof time, " x %u/%u", line->time_count, line->time_of);
    heng_str_fmt(out, "  %s%s%s%s%s%s: %s %s x %s%s = %s\n", line->name, tier, line->rate[0] ? " " : "", line->rate,
                 line->note[0] ? " " : "", line->note, line->quantity, line->unit, line->price, time, amount);
}

static void put_steps(const struct told *told, heng_language language, const char *currency, struct heng_str *out)
{
    if (!told->steps.count) return;
    heng_str_fmt(out, "  %s:\n", words[WORD_STEPS][language]);
    for (size_t i = 0; i < told->steps.count; i++) {
        heng_str_put(out, "    ", 4);
        heng_step_write(&told->steps.items[i], language, currency, out);
        heng_str_put(out, "\n", 1);
    }
}

static heng_rc put_frame(struct heng_charger *charger, const struct heng_bill_explanation *how, int64_t frame_id,
                         struct heng_str *out, struct heng_err *err)
{
    static _Thread_local struct heng_frame frame;
    char at[48];
    heng_rc rc = heng_store_get_frame(charger->reader, frame_id, &frame, err);
    if (rc != HENG_OK) return rc == HENG_ENOTFOUND ? HENG_OK : rc;
    moment(charger, frame.at_us, at, sizeof at);
    heng_str_fmt(out, "      %s %lld %s %s: ", words[WORD_FRAME][how->language], (long long)frame_id, at,
                 heng_protocol_text(frame.protocol));
    for (size_t i = 0; i < frame.n; i++) heng_str_fmt(out, "%02X", frame.bytes[i]);
    heng_str_put(out, "\n", 1);
    if (how->words) how->words(how->words_ctx, &frame, false, out);
    return HENG_OK;
}

static heng_rc put_rows(struct heng_charger *charger, const struct told *told, const struct heng_bill_explanation *how,
                        struct heng_str *out, struct heng_err *err)
{
    heng_rc rc = HENG_OK;
    for (size_t i = 0; i < told->trace.row_count; i++) {
        const struct heng_trace_row *row = &told->trace.rows[i];
        char from[HENG_DATE_TEXT_MAX], to[HENG_DATE_TEXT_MAX];
        heng_date_format(row->from, from);
        heng_date_format(row->to, to);
        heng_str_fmt(out, "  %s #%lld [%s, %s): %s %s, %s", words[WORD_USAGE][how->language],
                     (long long)row->channel_id, from, to, row->amount, row->unit, row->trust);
        if (row->estimated)
            heng_str_fmt(out, ", %s: %lld", words[WORD_ESTIMATED][how->language], (long long)row->estimated);
        heng_str_fmt(out, "%s%s\n", told->rows_same[i] ? "" : " !! ",
                     told->rows_same[i] ? "" : words[WORD_CHANGED][how->language]);
    }
    for (size_t i = 0; rc == HENG_OK && i < told->trace.reading_count; i++) {
        const struct heng_trace_reading *reading = &told->trace.readings[i];
        char at[48] = "";
        moment(charger, reading->due_us ? reading->due_us : reading->at_us, at, sizeof at);
        if (reading->at_us == 0)
            heng_str_fmt(out, "    %s (%s): %s\n", reading->meter, reading->of, words[WORD_NO_READING][how->language]);
        else
            heng_str_fmt(out, "    %s %s (%s) %s: %s %s\n", words[WORD_READING][how->language], reading->meter,
                         reading->of, at, reading->register_id ? reading->index : "-", reading->unit);
        if (reading->frame_id) rc = put_frame(charger, how, reading->frame_id, out, err);
    }
    return rc;
}

static heng_rc text_of(struct heng_charger *charger, const struct told *told, const struct heng_bill *bill,
                       const struct heng_bill_explanation *how, struct heng_str *out, struct heng_err *err)
{
    const struct heng_charge *charge = told->charge;
    char from[HENG_DATE_TEXT_MAX], to[HENG_DATE_TEXT_MAX], amount[48];
    heng_date_format(charge->from_day, from);
    heng_date_format(charge->to_day, to);
    money(charge->amount, bill->currency, amount, sizeof amount);
    heng_str_fmt(out, "\n%s %lld %s [%s, %s): %s\n", words[WORD_CHARGE][how->language], (long long)charge->id,
                 charge->medium, from, to, amount);
    for (size_t i = 0; i < charge->line_count; i++) put_line(&charge->lines[i], bill->currency, out);
    if (charge->before) {
        money(charge->before, bill->currency, amount, sizeof amount);
        heng_str_fmt(out, "  %s: %s\n", words[WORD_BEFORE][how->language], amount);
    }
    put_steps(told, how->language, bill->currency, out);
    heng_rc rc = put_rows(charger, told, how, out, err);
    if (told->same)
        heng_str_fmt(out, "  %s\n", words[WORD_SAME][how->language]);
    else
        heng_str_fmt(out, "  !! %s: %s\n", words[WORD_DIFFERS][how->language], told->why.text);
    return rc;
}

heng_rc heng_bill_explain_text(struct heng_charger *charger, const struct heng_bill *bill,
                               struct heng_bill_explanation *how, struct heng_str *out, struct heng_err *err)
{
    struct heng_arena arena = {.max = MEMORY_MAX};
    struct heng_charge *charges = NULL;
    size_t n = 0;
    char total[48], tax[48], from[HENG_DATE_TEXT_MAX], to[HENG_DATE_TEXT_MAX];
    heng_date_format(bill->from_day, from);
    heng_date_format(bill->to_day, to);
    money(bill->total, bill->currency, total, sizeof total);
    money(bill->tax, bill->currency, tax, sizeof tax);
    heng_str_fmt(out, "%s %s [%s, %s): %s %s, %s %s\n", words[WORD_BILL][how->language],
                 bill->number[0] ? bill->number : "-", from, to, words[WORD_TOTAL][how->language], total,
                 words[WORD_TAX][how->language], tax);
    heng_rc rc = heng_bill_charges(charger->reader, bill, &arena, &charges, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        struct told told;
        rc = tell(charger, &charges[i], &arena, how, &told, err);
        if (rc == HENG_OK) rc = text_of(charger, &told, bill, how, out, err);
    }
    heng_arena_fini(&arena);
    return rc == HENG_OK && out->rc != HENG_OK ? heng_fail(err, out->rc, 0, "the explanation is too large") : rc;
}

/* --- as JSON ----------------------------------------------------------------------------------------------------- */

static void key_text(struct heng_json *json, const char *key, const char *text)
{
    heng_json_key(json, key);
    heng_json_text(json, text);
}

static void key_int(struct heng_json *json, const char *key, int64_t value)
{
    heng_json_key(json, key);
    heng_json_int(json, value);
}

static void key_day(struct heng_json *json, const char *key, heng_day day)
{
    char text[HENG_DATE_TEXT_MAX];
    heng_date_format(day, text);
    key_text(json, key, text);
}

static void line_json(const struct heng_charge_line *line, struct heng_json *json)
{
    heng_json_object(json);
    key_text(json, "component", line->component);
    key_text(json, "name", line->name);
    if (line->version[0]) key_text(json, "version", line->version);
    if (line->tier) key_int(json, "tier", line->tier);
    if (line->rate[0]) key_text(json, "rate", line->rate);
    if (line->note[0]) key_text(json, "note", line->note);
    key_day(json, "from", line->from_day);
    key_day(json, "to", line->to_day);
    key_text(json, "quantity", line->quantity);
    key_text(json, "unit", line->unit);
    key_text(json, "price", line->price);
    if (line->time_count != line->time_of) {
        key_int(json, "time_count", line->time_count);
        key_int(json, "time_of", line->time_of);
    }
    key_int(json, "amount", line->amount);
    key_int(json, "tax", line->tax);
    if (line->vat[0]) key_text(json, "vat", line->vat);
    heng_json_end_object(json);
}

/* The frames that readings of the trace name, each once. */
static heng_rc frames_json(struct heng_charger *charger, const struct told *told,
                           const struct heng_bill_explanation *how, struct heng_json *json, struct heng_err *err)
{
    static _Thread_local struct heng_frame frame;
    heng_rc rc = HENG_OK;
    heng_json_key(json, "frames");
    heng_json_array(json);
    for (size_t i = 0; rc == HENG_OK && i < told->trace.reading_count; i++) {
        int64_t id = told->trace.readings[i].frame_id;
        bool before = id == 0;
        for (size_t k = 0; k < i; k++) before = before || told->trace.readings[k].frame_id == id;
        if (before) continue;
        rc = heng_store_get_frame(charger->reader, id, &frame, err);
        if (rc == HENG_ENOTFOUND) {
            rc = HENG_OK;
            continue;
        }
        if (rc != HENG_OK) break;
        heng_json_object(json);
        key_int(json, "id", id);
        heng_json_key(json, "at");
        heng_json_time(json, frame.at_us);
        key_text(json, "protocol", heng_protocol_text(frame.protocol));
        heng_json_key(json, "bytes");
        heng_json_hex(json, heng_slice_of(frame.bytes, frame.n));
        if (how->words) {
            struct heng_str said = {.max = 1 << 20};
            how->words(how->words_ctx, &frame, true, &said);
            heng_json_key(json, "says");
            if (said.rc == HENG_OK && said.n)
                heng_json_raw(json, said.text, said.n);
            else
                heng_json_null(json);
            heng_str_fini(&said);
        }
        heng_json_end_object(json);
    }
    heng_json_end_array(json);
    return rc;
}

static heng_rc json_of(struct heng_charger *charger, const struct told *told, const struct heng_bill *bill,
                       const struct heng_bill_explanation *how, struct heng_json *json, struct heng_err *err)
{
    const struct heng_charge *charge = told->charge;
    heng_json_object(json);
    key_int(json, "id", charge->id);
    key_text(json, "kind", heng_charge_kind_text(charge->kind));
    key_text(json, "medium", charge->medium);
    key_day(json, "from", charge->from_day);
    key_day(json, "to", charge->to_day);
    key_int(json, "total", charge->total);
    key_int(json, "before", charge->before);
    key_int(json, "amount", charge->amount);
    key_int(json, "tax", charge->tax);
    heng_json_key(json, "same");
    heng_json_bool(json, told->same);
    if (!told->same) key_text(json, "differs", told->why.text);
    heng_json_key(json, "sha256");
    heng_json_hex(json, heng_slice_of(charge->digest, sizeof charge->digest));
    heng_json_key(json, "lines");
    heng_json_array(json);
    for (size_t i = 0; i < charge->line_count; i++) line_json(&charge->lines[i], json);
    heng_json_end_array(json);
    heng_json_key(json, "ask");
    heng_json_raw(json, (const char *)charge->ask.p, charge->ask.n);
    heng_json_key(json, "states");
    heng_json_raw(json, (const char *)charge->states.p, charge->states.n);
    heng_json_key(json, "trace");
    heng_json_raw(json, (const char *)charge->trace.p, charge->trace.n);
    heng_json_key(json, "rows_same");
    heng_json_array(json);
    for (size_t i = 0; i < told->trace.row_count; i++) heng_json_bool(json, told->rows_same[i]);
    heng_json_end_array(json);
    heng_rc rc = frames_json(charger, told, how, json, err);
    heng_json_key(json, "steps");
    heng_json_array(json);
    for (size_t i = 0; i < told->steps.count; i++)
        heng_step_json(&told->steps.items[i], how->language, bill->currency, json);
    heng_json_end_array(json);
    heng_json_end_object(json);
    return rc;
}

heng_rc heng_bill_explain_json(struct heng_charger *charger, const struct heng_bill *bill,
                               struct heng_bill_explanation *how, struct heng_str *out, struct heng_err *err)
{
    struct heng_arena arena = {.max = MEMORY_MAX};
    struct heng_json json = heng_json_of(out);
    struct heng_charge *charges = NULL;
    size_t n = 0;
    heng_json_object(&json);
    key_int(&json, "id", bill->id);
    key_text(&json, "number", bill->number);
    key_text(&json, "kind", heng_bill_kind_text(bill->kind));
    key_text(&json, "state", heng_bill_state_text(bill->state));
    key_int(&json, "account_id", bill->account_id);
    key_day(&json, "from", bill->from_day);
    key_day(&json, "to", bill->to_day);
    key_int(&json, "total", bill->total);
    key_int(&json, "tax", bill->tax);
    key_text(&json, "currency", bill->currency);
    heng_json_key(&json, "sha256");
    if (bill->has_digest)
        heng_json_hex(&json, heng_slice_of(bill->digest, sizeof bill->digest));
    else
        heng_json_null(&json);
    heng_json_key(&json, "charges");
    heng_json_array(&json);
    heng_rc rc = heng_bill_charges(charger->reader, bill, &arena, &charges, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        struct told told;
        rc = tell(charger, &charges[i], &arena, how, &told, err);
        if (rc == HENG_OK) rc = json_of(charger, &told, bill, how, &json, err);
    }
    heng_json_end_array(&json);
    heng_json_end_object(&json);
    heng_arena_fini(&arena);
    return rc == HENG_OK && out->rc != HENG_OK ? heng_fail(err, out->rc, 0, "the explanation is too large") : rc;
}
