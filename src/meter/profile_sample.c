/* The samples of a profile: frames with the readings that must come out of them. They are read here and run here, on
 * the same path as in production: capture, dialect, records, values. */
#include "codec/present.h"
#include "meter/profile_reader.h"
#include "meter/values.h"

#include <stdio.h>

#define SEEN(member) (members.seen & UINT32_C(1) << (member))

/* X(symbol, text): the members of a stated reading. */
#define READING_MEMBER_LIST(X)                                                                                         \
    X(QUANTITY, "quantity")                                                                                            \
    X(UNIT, "unit")                                                                                                    \
    X(FUNCTION, "function")                                                                                            \
    X(STORAGE, "storage")                                                                                              \
    X(TARIFF, "tariff")                                                                                                \
    X(SUBUNIT, "subunit")                                                                                              \
    X(QUALIFIER, "qualifier")                                                                                          \
    X(VALUE, "value")                                                                                                  \
    X(TEXT, "text")                                                                                                    \
    X(REASON, "reason")

enum {
#define X(symbol, text) READING_##symbol,
    READING_MEMBER_LIST(X)
#undef X
};

/* The value in the unit of the model: 1.27 kWh is 1270 Wh, at the same resolution. */
static void convert(struct heng_profile_reader *r, const struct heng_profile_unit *unit,
                    struct heng_profile_reading *reading)
{
    reading->unit = unit->unit;
    if (!reading->has_value) return;
    if (heng_dec_scale(reading->value, unit->factor, &reading->value) != HENG_OK ||
        heng_dec_shift(reading->value, unit->exp, &reading->value) != HENG_OK)
        heng_profile_refuse(r, HENG_ERANGE, "the value is too large");
}

static void read_reading(struct heng_profile_reader *r, struct heng_profile_reading *reading)
{
    static const char *const names[] = {
#define X(symbol, text) text,
        READING_MEMBER_LIST(X)
#undef X
    };
    struct heng_profile_members members = HENG_PROFILE_MEMBERS(names);
    const struct heng_profile_unit *unit = heng_profile_unit_of("");
    reading->qualifier = "";
    heng_profile_open(r);
    for (int m; (m = heng_profile_member(r, &members)) >= 0;) {
        switch (m) {
        case READING_QUANTITY: reading->quantity = heng_profile_quantity(r); break;
        case READING_UNIT: unit = heng_profile_unit(r); break;
        case READING_FUNCTION: reading->function = heng_profile_function(r); break;
        case READING_STORAGE: reading->storage = (uint64_t)heng_json_get_int(&r->json, 0, UINT32_MAX); break;
        case READING_TARIFF: reading->tariff = (uint32_t)heng_json_get_int(&r->json, 0, UINT32_MAX); break;
        case READING_SUBUNIT: reading->subunit = (uint32_t)heng_json_get_int(&r->json, 0, UINT32_MAX); break;
        case READING_QUALIFIER: reading->qualifier = heng_profile_qualifier(r, true); break;
        case READING_VALUE: reading->value = heng_profile_decimal(r); break;
        case READING_TEXT: reading->text = heng_profile_keep(r, 120); break;
        default: reading->reason = heng_profile_keep(r, 40); break;
        }
    }
    reading->has_value = SEEN(READING_VALUE);
    heng_profile_require(r, &members, 1U << READING_QUANTITY);
    int said = (SEEN(READING_VALUE) != 0) + (SEEN(READING_TEXT) != 0) + (SEEN(READING_REASON) != 0);
    if (said != 1)
        heng_profile_refuse(r, HENG_EFORMAT, "say one of 'value', 'text' or, where there is no value, 'reason'");
    if (SEEN(READING_VALUE) && !SEEN(READING_UNIT))
        heng_profile_refuse(r, HENG_EFORMAT, "'unit' is missing: write \"\" for a number without a unit");
    convert(r, unit, reading);
}

static void read_sample(struct heng_profile_reader *r, struct heng_profile_sample *sample)
{
    enum { REQUEST, ANSWER, SOURCE, READINGS };
    static const char *const names[] = {"request", "answer", "source", "readings"};
    struct heng_profile_members members = HENG_PROFILE_MEMBERS(names);
    bool modbus = heng_profile_is(r, HENG_PROFILE_MODBUS);
    struct heng_profile_reading *readings = NULL;
    void *items;
    (void)heng_json_peek(&r->json);
    sample->line = r->json.line;
    sample->request = (struct heng_slice){(const uint8_t *)"", 0};
    heng_profile_open(r);
    for (int m; (m = heng_profile_member(r, &members)) >= 0;) {
        switch (m) {
        case REQUEST: sample->request = heng_profile_bytes(r, HENG_PROFILE_FRAME_MAX / 2); break;
        case ANSWER: sample->answer = heng_profile_bytes(r, HENG_PROFILE_FRAME_MAX / 2); break;
        case SOURCE: sample->source = heng_profile_keep(r, HENG_PROFILE_TEXT_MAX); break;
        default:
            sample->reading_count = heng_profile_array(r, HENG_PROFILE_READINGS_MAX, sizeof *readings, &items);
            readings = items;
            for (size_t i = 0; heng_profile_item(r, i) && i < sample->reading_count; i++) read_reading(r, &readings[i]);
            break;
        }
    }
    sample->readings = readings;
    heng_profile_require(r, &members, 1U << ANSWER | 1U << READINGS | (modbus ? 1U << REQUEST : 0U));
    if (SEEN(REQUEST) && !modbus)
        heng_profile_refuse(r, HENG_EFORMAT, "'request' is for Modbus only: other answers say what they are");
}

void heng_profile_read_samples(struct heng_profile_reader *r, struct heng_profile *profile)
{
    void *items;
    size_t count = heng_profile_array(r, HENG_PROFILE_SAMPLES_MAX, sizeof(struct heng_profile_sample), &items);
    struct heng_profile_sample *samples = items;
    for (size_t i = 0; heng_profile_item(r, i) && i < count; i++) read_sample(r, &samples[i]);
    profile->samples = samples;
    profile->sample_count = count;
}

/* One run of one sample. */
struct run {
    const struct heng_profile *profile;
    const struct heng_profile_sample *sample;
    struct heng_capture capture;
    struct heng_read *read;
    bool *stated; /* per value of read: a stated reading said it */
    uint8_t *bytes;
    struct heng_err *err;
};

static const char *register_name(const struct heng_register_key *key, char ret_text[static 160])
{
    static const char *const words[] = {"storage", "tariff", "subunit"};
    const uint32_t numbers[] = {key->storage, key->tariff, key->subunit};
    int n = snprintf(ret_text, 160, "%s", heng_quantity_text(key->quantity));
    if (key->function != HENG_FUNCTION_INSTANTANEOUS)
        n += snprintf(ret_text + n, (size_t)(160 - n), " %s", heng_function_text(key->function));
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (numbers[i]) n += snprintf(ret_text + n, (size_t)(160 - n), " %s %u", words[i], numbers[i]);
    if (key->qualifier[0]) snprintf(ret_text + n, (size_t)(160 - n), " '%s'", key->qualifier);
    return ret_text;
}

static heng_rc differs(const struct run *run, const struct heng_register_key *key, const char *stated, const char *is)
{
    char name[160];
    return heng_fail(run->err, HENG_ECONFLICT, run->sample->line, "%s: stated is %s, but the frame gives %s",
                     register_name(key, name), stated, is);
}

static struct heng_register_key key_of(const struct heng_profile_reading *reading)
{
    struct heng_register_key key = {.quantity = reading->quantity,
                                    .unit = reading->unit,
                                    .function = reading->function,
                                    .storage = (uint32_t)reading->storage,
                                    .tariff = reading->tariff,
                                    .subunit = reading->subunit};
    snprintf(key.qualifier, sizeof key.qualifier, "%s", reading->qualifier);
    return key;
}

/* Number and resolution must both be as stated: 1.50 is not 1.5. */
static heng_rc compare_value(const struct run *run, const struct heng_profile_reading *reading,
                             const struct heng_value *value)
{
    char stated[HENG_DEC_TEXT_MAX + 8] = "no value", is[HENG_DEC_TEXT_MAX] = "no value";
    if (reading->has_value) heng_dec_format(reading->value, stated);
    if (value->has_value) heng_dec_format(value->dec, is);
    if (reading->text) return differs(run, &value->key, reading->text, is);
    if (reading->has_value != value->has_value || (reading->has_value && strcmp(stated, is) != 0))
        return differs(run, &value->key, stated, is);
    if (!reading->has_value && reading->reason && strcmp(reading->reason, value->reason) != 0)
        return differs(run, &value->key, reading->reason, value->reason);
    return HENG_OK;
}

/* A stated reading that is not measured (a state, a date, a text) stands in the frame only. */
static bool is_record(const struct run *run, const struct heng_profile_reading *reading,
                      const struct heng_register_key *key, char *ret_found, size_t cap)
{
    struct heng_records records = heng_telegram_records(&run->capture.telegram);
    struct heng_record record;
    bool found = false;
    while (!found && heng_record_next(&records, &record, NULL) == HENG_OK) {
        struct heng_register_key own = {
            record.quantity, record.unit, record.function, (uint32_t)record.storage, record.tariff, record.subunit, ""};
        heng_record_qualifier(&record, own.qualifier);
        if (!heng_register_key_eq(&own, key)) continue;
        char stated[HENG_DEC_TEXT_MAX] = "";
        heng_record_summary(&record, run->capture.telegram.bias, ret_found, cap);
        if (reading->has_value) {
            heng_dec_format(reading->value, stated);
            char is[HENG_DEC_TEXT_MAX] = "";
            if (record.kind == HENG_VALUE_DEC) heng_dec_format(record.dec, is);
            found = strcmp(stated, is) == 0;
        } else if (reading->text) {
            found = strcmp(reading->text, ret_found) == 0;
        } else {
            found = record.kind == HENG_VALUE_NONE && record.reason &&
                    (!reading->reason || strcmp(record.reason, reading->reason) == 0);
        }
    }
    return found;
}

static heng_rc check_reading(const struct run *run, const struct heng_profile_reading *reading)
{
    struct heng_register_key key = key_of(reading);
    char name[160], found[HENG_EXPLAIN_VALUE_MAX] = "";
    for (unsigned i = 0; i < run->read->value_count; i++) {
        if (!heng_register_key_eq(&run->read->values[i].key, &key)) continue;
        if (run->stated[i])
            return heng_fail(run->err, HENG_ECONFLICT, run->sample->line, "%s is stated twice",
                             register_name(&key, name));
        run->stated[i] = true;
        return compare_value(run, reading, &run->read->values[i]);
    }
    if (is_record(run, reading, &key, found, sizeof found)) return HENG_OK;
    if (found[0]) {
        char stated[HENG_DEC_TEXT_MAX];
        heng_dec_format(reading->value, stated);
        return differs(run, &key, reading->has_value ? stated : reading->text ? reading->text : reading->reason, found);
    }
    return heng_fail(run->err, HENG_ECONFLICT, run->sample->line, "%s in %s is stated, but the frame has none",
                     register_name(&key, name), key.unit == HENG_UNIT_NONE ? "no unit" : heng_unit_text(key.unit));
}

/* Take the frame apart by the first of the profile's protocols that it is good in. */
static heng_rc capture(struct run *run)
{
    const struct heng_profile_sample *sample = run->sample;
    memcpy(run->bytes, sample->request.p, sample->request.n);
    memcpy(run->bytes + sample->request.n, sample->answer.p, sample->answer.n);
    struct heng_slice in = {run->bytes, sample->request.n + sample->answer.n};
    struct heng_err first = {0};
    for (unsigned protocol = 0; protocol < HENG_PROTOCOL_COUNT; protocol++) {
        if (!(run->profile->protocols & UINT32_C(1) << protocol)) continue;
        heng_capture_init(&run->capture, (heng_protocol)protocol, in);
        if (run->capture.has_telegram) heng_capture_use(&run->capture, &run->profile->dialect);
        if (run->capture.rc == HENG_OK) return HENG_OK;
        if (first.rc == HENG_OK) first = run->capture.err;
    }
    return heng_fail(run->err, HENG_ECONFLICT, sample->line, "the frame is refused at byte %u: %s", first.at,
                     first.text);
}

static heng_rc run_sample(struct run *run)
{
    char name[160], is[HENG_DEC_TEXT_MAX];
    struct heng_err why = {.text = ""};
    heng_rc rc = capture(run);
    if (rc != HENG_OK) return rc;
    *run->read = (struct heng_read){0};
    if (heng_values_take(&run->capture.telegram, 0, run->read, &why) != HENG_OK)
        return heng_fail(run->err, HENG_ECONFLICT, run->sample->line, "the frame gives no values: %s", why.text);
    for (unsigned i = 0; i < run->read->value_count; i++) run->stated[i] = false;
    for (size_t i = 0; i < run->sample->reading_count; i++) {
        rc = check_reading(run, &run->sample->readings[i]);
        if (rc != HENG_OK) return rc;
    }
    for (unsigned i = 0; i < run->read->value_count; i++) {
        const struct heng_value *value = &run->read->values[i];
        if (run->stated[i]) continue;
        heng_dec_format(value->dec, is);
        return heng_fail(run->err, HENG_ECONFLICT, run->sample->line, "the frame gives %s = %s %s, which is not stated",
                         register_name(&value->key, name), value->has_value ? is : value->reason,
                         heng_unit_text(value->key.unit));
    }
    return HENG_OK;
}

heng_rc heng_profile_check(const struct heng_profile *profile, struct heng_err *err)
{
    struct heng_arena arena = {.max = 1 << 20};
    struct run run = {.profile = profile, .err = err};
    heng_rc rc = HENG_OK;
    run.read = heng_arena_take(&arena, 1, sizeof *run.read);
    run.stated = heng_arena_take(&arena, HENG_READ_VALUES_MAX, sizeof *run.stated);
    run.bytes = heng_arena_take(&arena, HENG_PROFILE_FRAME_MAX, 1);
    if (!run.read || !run.stated || !run.bytes) rc = heng_fail(err, HENG_ENOMEM, 0, "no memory to run the samples");
    for (size_t i = 0; rc == HENG_OK && i < profile->sample_count; i++) {
        run.sample = &profile->samples[i];
        rc = run_sample(&run);
    }
    heng_arena_fini(&arena);
    return rc;
}
