#include "usage/explain.h"

#include "store/pack.h"
#include "store/read.h"
#include "usage/parts.h"
#include "usage/quality.h"

enum { VERDICTS_MAX = 200, ANSWERS_MAX = 50, BEFORE = 2, AFTER = 2, LOOK_DAYS = 40 };

void heng_usage_day_text(int32_t day, char ret[HENG_AT_LEAST(HENG_DAY_TEXT_MAX)]) { heng_date_format(day, ret); }

heng_rc heng_usage_day_parse(const char *text, int32_t *ret, struct heng_err *err)
{
    return heng_date_parse(text, ret) ? HENG_OK
                                      : heng_fail(err, HENG_EFORMAT, 0, "'%.20s' is no day: 2026-03-01 is one", text);
}

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

static void key_time(struct heng_json *json, const char *key, heng_us at_us)
{
    heng_json_key(json, key);
    heng_json_time(json, at_us);
}

static void put_channel(struct heng_json *json, const struct heng_channel_row *row)
{
    heng_json_key(json, "channel");
    heng_json_object(json);
    key_int(json, "id", row->id);
    key_int(json, "point_id", row->point_id);
    key_text(json, "quantity", heng_quantity_text(row->quantity));
    key_int(json, "tariff", row->tariff);
    key_text(json, "unit", heng_unit_text(row->unit));
    key_int(json, "interval_minutes", row->minutes);
    heng_json_end_object(json);
}

static void put_day(struct heng_json *json, const char *key, const struct heng_usage_row *row, int minutes,
                    heng_us from_us)
{
    heng_json_key(json, key);
    heng_json_object(json);
    heng_json_key(json, "amount");
    heng_json_dec(json, (struct heng_dec){row->amount, row->exp});
    key_text(json, "trust", heng_trust_text((heng_trust)row->trust));
    key_text(json, "method", heng_method_text((heng_method)row->method));
    key_int(json, "confidence_permille", row->permille);
    key_int(json, "missing", row->missing);
    heng_json_key(json, "intervals");
    heng_json_array(json);
    for (unsigned i = 0; i < row->count; i++) {
        heng_json_object(json);
        key_time(json, "at", from_us + (heng_us)i * minutes * 60 * HENG_US_PER_S);
        heng_json_key(json, "amount");
        if (row->trusts[i] == HENG_TRUST_MISSING)
            heng_json_null(json);
        else
            heng_json_dec(json, (struct heng_dec){row->amounts[i], row->exp});
        key_text(json, "trust", heng_trust_text((heng_trust)row->trusts[i]));
        heng_json_end_object(json);
    }
    heng_json_end_array(json);
    heng_json_end_object(json);
}

/* The reading that a fact is of, and the frame that proves its value. */
static heng_rc put_proof(struct heng_json *json, struct heng_store_reader *reader, const struct heng_usage_facts *facts,
                         const struct heng_channel_fact *fact, struct heng_err *err)
{
    static _Thread_local struct heng_reading reading;
    struct heng_frame frame;
    int64_t frame_id = 0;
    heng_rc rc = heng_store_get_reading(reader, fact->device_id, fact->at_us, (heng_source)fact->source, &reading, err);
    if (rc != HENG_OK) return rc == HENG_ENOTFOUND ? HENG_OK : rc;
    for (unsigned i = 0; i < reading.value_count && !frame_id; i++)
        for (size_t r = 0; r < facts->range_count && !frame_id; r++)
            for (unsigned j = 0; j < facts->ranges[r].id_count && !frame_id; j++)
                if (facts->ranges[r].ids[j] == reading.values[i].register_id && reading.frame_count)
                    frame_id = reading.first_frame + reading.values[i].frame;
    rc = frame_id ? heng_store_get_frame(reader, frame_id, &frame, err) : HENG_ENOTFOUND;
    if (rc != HENG_OK) return rc == HENG_ENOTFOUND ? HENG_OK : rc;
    key_int(json, "frame_id", frame_id);
    key_time(json, "frame_at", frame.at_us);
    key_text(json, "protocol", heng_protocol_text(frame.protocol));
    heng_json_key(json, "frame");
    heng_json_hex(json, heng_slice_of(frame.bytes, frame.n));
    return HENG_OK;
}

/* Who told it, and why. */
static heng_rc put_person(struct heng_json *json, struct heng_store_reader *reader, int64_t event_id,
                          struct heng_err *err)
{
    struct heng_point_event event;
    heng_rc rc = heng_store_get_event(reader, 0, event_id, &event, err);
    if (rc == HENG_ENOTFOUND) return HENG_OK;
    if (rc != HENG_OK) return rc;
    key_text(json, "who", event.who);
    if (event.second[0]) key_text(json, "second", event.second);
    key_text(json, "reason", event.reason);
    key_time(json, "recorded", event.recorded_us);
    return HENG_OK;
}

static bool is_told(heng_channel_fact_kind kind)
{
    return kind == HENG_CHANNEL_FACT_RESET || kind == HENG_CHANNEL_FACT_CHANGE || kind == HENG_CHANNEL_FACT_ROLLOVER ||
           kind == HENG_CHANNEL_FACT_EDITED || kind == HENG_CHANNEL_FACT_SUBSTITUTED;
}

static heng_rc put_fact(struct heng_json *json, struct heng_store_reader *reader, const struct heng_usage_facts *facts,
                        const struct heng_channel_fact *fact, struct heng_err *err)
{
    heng_rc rc = HENG_OK;
    bool reading = fact->kind == HENG_CHANNEL_FACT_READING;
    heng_json_object(json);
    key_time(json, "at", fact->at_us);
    key_text(json, "kind", heng_channel_fact_text(fact->kind));
    if (fact->device_id) key_int(json, "meter_id", fact->device_id);
    if (fact->index.is) {
        heng_json_key(json, "index");
        heng_json_dec(json, fact->index.dec);
    }
    if (fact->index2.is) {
        heng_json_key(json, "new_index");
        heng_json_dec(json, fact->index2.dec);
    }
    if (fact->unit != HENG_UNIT_NONE) key_text(json, "unit", heng_unit_text(fact->unit));
    if (fact->multiplier > 1 || fact->divisor > 1) {
        key_int(json, "multiplier", fact->multiplier);
        key_int(json, "divisor", fact->divisor);
    }
    if (fact->to_us) key_time(json, "until", fact->to_us);
    if (is_told(fact->kind)) key_int(json, "event_id", fact->id);
    if (is_told(fact->kind)) rc = put_person(json, reader, fact->id, err);
    if (reading) rc = put_proof(json, reader, facts, fact, err);
    heng_json_end_object(json);
    return rc;
}

/* The last facts before the day, those of it, and the first ones behind it. */
static heng_rc put_facts(struct heng_json *json, struct heng_store_reader *reader, struct heng_usage_facts *facts,
                         heng_us from_us, heng_us to_us, struct heng_err *err)
{
    struct heng_channel_fact before[BEFORE], fact;
    size_t n = 0, after = 0;
    const struct heng_channel_fact *last = NULL;
    heng_rc rc;
    heng_json_key(json, "facts");
    heng_json_array(json);
    while ((rc = heng_usage_facts_next(facts, from_us - LOOK_DAYS * HENG_US_PER_DAY, last, &fact, err)) == HENG_OK) {
        static _Thread_local struct heng_channel_fact kept;
        kept = fact;
        last = &kept;
        if (fact.at_us < from_us) {
            before[n++ % BEFORE] = fact;
            continue;
        }
        for (size_t i = n > BEFORE ? n - BEFORE : 0; rc == HENG_OK && i < n; i++)
            rc = put_fact(json, reader, facts, &before[i % BEFORE], err);
        n = 0;
        if (fact.at_us >= to_us && ++after > AFTER) break;
        if (rc == HENG_OK) rc = put_fact(json, reader, facts, &fact, err);
        if (rc != HENG_OK) return rc;
    }
    if (rc == HENG_ENOTFOUND) rc = HENG_OK;
    for (size_t i = n > BEFORE ? n - BEFORE : 0; rc == HENG_OK && i < n; i++)
        rc = put_fact(json, reader, facts, &before[i % BEFORE], err);
    heng_json_end_array(json);
    return rc;
}

static heng_rc put_verdicts(struct heng_json *json, struct heng_store_reader *reader, int64_t channel_id, int32_t day,
                            struct heng_err *err)
{
    static const char *const names[] = {"seen", "low", "high", "reference"};
    static _Thread_local struct heng_verdict_row list[VERDICTS_MAX];
    size_t n = 0;
    heng_rc rc = heng_store_list_verdicts(reader, channel_id, day, day + 1, list, VERDICTS_MAX, &n, err);
    heng_json_key(json, "verdicts");
    heng_json_array(json);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        heng_json_object(json);
        key_text(json, "rule", heng_rule_text((heng_rule)list[i].rule));
        key_int(json, "version", list[i].version);
        key_text(json, "severity", list[i].severity);
        key_time(json, "from", list[i].from_us);
        key_time(json, "to", list[i].to_us);
        for (unsigned j = 0; j < HENG_VERDICT_NUMBERS; j++)
            if (list[i].numbers[j][0]) key_text(json, names[j], list[i].numbers[j]);
        heng_json_end_object(json);
    }
    heng_json_end_array(json);
    return rc;
}

static heng_rc put_answers(struct heng_json *json, struct heng_store_reader *reader, int64_t channel_id, int32_t day,
                           struct heng_err *err)
{
    struct heng_answer_row list[ANSWERS_MAX];
    size_t n = 0;
    heng_rc rc = heng_store_list_answers(reader, channel_id, day, day + 1, list, ANSWERS_MAX, &n, err);
    heng_json_key(json, "answers");
    heng_json_array(json);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        heng_json_object(json);
        key_text(json, "rule", heng_rule_text((heng_rule)list[i].rule));
        key_text(json, "answer", list[i].answer);
        key_time(json, "at", list[i].recorded_us);
        key_text(json, "who", list[i].who);
        key_text(json, "reason", list[i].reason);
        heng_json_end_object(json);
    }
    heng_json_end_array(json);
    return rc;
}

/* The day as measured, and its estimate. */
static heng_rc put_days(struct heng_json *json, struct heng_store_reader *reader,
                        const struct heng_channel_row *channel, int32_t day, heng_us from_us, struct heng_err *err)
{
    static _Thread_local struct heng_usage_row row;
    for (int estimate = 0; estimate < 2; estimate++) {
        heng_rc rc = heng_store_get_usage(reader, estimate ? HENG_USAGE_ESTIMATE : HENG_USAGE_MEASURED, channel->id,
                                          day, &row, err);
        if (rc == HENG_OK) put_day(json, estimate ? "estimate" : "usage", &row, channel->minutes, from_us);
        if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
    }
    return HENG_OK;
}

heng_rc heng_usage_explain(struct heng_store_reader *reader, int64_t scope, int64_t channel_id, int32_t day,
                           struct heng_json *json, struct heng_err *err)
{
    struct heng_usage_site site;
    struct heng_channel_row channel;
    struct heng_usage_facts facts;
    char text[HENG_DAY_TEXT_MAX];
    heng_rc rc = heng_store_get_channel(reader, scope, channel_id, &channel, err);
    if (rc == HENG_ENOTFOUND) return heng_fail(err, rc, 0, "there is no channel %lld", (long long)channel_id);
    if (rc == HENG_OK) rc = heng_usage_site_open(reader, &site, err);
    if (rc != HENG_OK) return rc;
    heng_us from_us = heng_day_from_us(&site.days, day), to_us = heng_day_from_us(&site.days, day + 1);
    heng_usage_site_close(&site);
    rc = heng_usage_facts_open(&facts, reader, &channel, err);
    if (rc != HENG_OK) return rc;
    heng_json_object(json);
    put_channel(json, &channel);
    heng_usage_day_text(day, text);
    key_text(json, "day", text);
    key_time(json, "from", from_us);
    key_time(json, "to", to_us);
    rc = put_days(json, reader, &channel, day, from_us, err);
    if (rc == HENG_OK) rc = put_facts(json, reader, &facts, from_us, to_us, err);
    if (rc == HENG_OK) rc = put_verdicts(json, reader, channel_id, day, err);
    if (rc == HENG_OK) rc = put_answers(json, reader, channel_id, day, err);
    heng_json_end_object(json);
    heng_usage_facts_close(&facts);
    return rc;
}
