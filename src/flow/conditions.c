#include "flow/conditions.h"

#include "codec/present.h"
#include "store/conditions.h"

#define BIT(condition) ((heng_conditions)1 << HENG_CONDITION_##condition)

/* The bits of a word that are set and have a name. What a vendor named and we do not know is told as that. */
static heng_conditions named(const struct heng_flag *flags, uint32_t word)
{
    heng_conditions found = 0, meant;
    for (const struct heng_flag *f = flags; f->mask; f++) {
        if ((word & f->mask) != f->value) continue;
        found |= heng_conditions_named(f->name, &meant) ? meant : BIT(UNNAMED);
    }
    return found;
}

/* One bit of a word that a profile has taken apart: its qualifier says what it is. A word without names, such as the
 * number of the last event, has a normal value that we do not know. */
static heng_conditions of_status(const struct heng_record *record)
{
    heng_conditions meant;
    if (record->flags) return named(record->flags, (uint32_t)record->dec.mantissa);
    if (record->dec.mantissa != 1 || record->dec.exp != 0 || !record->qualifier) return 0;
    return heng_conditions_named(record->qualifier, &meant) ? meant : 0;
}

/* A word in which every bit is trouble. */
static heng_conditions of_trouble(const struct heng_record *record)
{
    heng_conditions said = of_status(record);
    return said || record->flags || record->dec.mantissa == 0 ? said : BIT(UNNAMED);
}

/* 0 open, 1 closed, 3 fault. */
static heng_conditions of_valve(const struct heng_record *record)
{
    if (record->dec.exp != 0) return 0;
    if (record->dec.mantissa == 1) return BIT(VALVE_CLOSED);
    return record->dec.mantissa == 3 ? BIT(VALVE_FAULT) : 0;
}

static heng_conditions of_record(const struct heng_record *record)
{
    if (record->storage || record->time_point || record->kind != HENG_VALUE_DEC) return 0;
    if (record->quantity == HENG_QUANTITY_STATUS) return of_status(record);
    if (record->quantity == HENG_QUANTITY_ALARM || record->quantity == HENG_QUANTITY_ERROR_FLAGS)
        return of_trouble(record);
    return record->quantity == HENG_QUANTITY_VALVE_STATE ? of_valve(record) : 0;
}

static heng_conditions of_cjt188(const struct heng_telegram *t)
{
    const struct heng_dialect *dialect = t->dialect ? t->dialect : &heng_dialect_standard;
    if (t->status == 0xFFFF) return 0;
    heng_conditions said =
        heng_conditions_cjt188((uint8_t)(dialect->cjt188.status_second ? t->status >> 8 : t->status & 0xFF));
    if (dialect->cjt188.status_flags) said |= named(dialect->cjt188.status_flags, t->status);
    return said;
}

/* Of fixed data the lowest two bits and the highest one are about how it counts. */
enum { FIXED_STATUS = 0x7C };

static heng_conditions of_status_bytes(const struct heng_telegram *t)
{
    if (!t->has_status && !t->has_header) return 0;
    switch (t->protocol) {
    case HENG_PROTOCOL_MBUS:
        return heng_conditions_mbus((uint8_t)(t->kind == HENG_TELEGRAM_FIXED ? t->status & FIXED_STATUS : t->status));
    case HENG_PROTOCOL_CJT188: return t->has_status ? of_cjt188(t) : 0;
    case HENG_PROTOCOL_DLT645_2007:
    case HENG_PROTOCOL_DLT645_1997:
    case HENG_PROTOCOL_MODBUS_RTU:
    case HENG_PROTOCOL_MODBUS_TCP:
    case HENG_PROTOCOL_COUNT: return 0; /* they have words in records only */
    }
    return 0;
}

heng_conditions heng_conditions_of_telegram(const struct heng_telegram *telegram)
{
    if (!telegram->from_meter) return 0;
    heng_conditions said = of_status_bytes(telegram);
    if (telegram->kind == HENG_TELEGRAM_ERROR) return said; /* why it refused is about the question */
    struct heng_records records = heng_telegram_records(telegram);
    struct heng_record record;
    while (heng_record_next(&records, &record, NULL) == HENG_OK) said |= of_record(&record);
    return said;
}

/* Whom the archive names, else who says of itself that it is. */
static const struct heng_dialect *dialect_of(const struct heng_telegram *telegram, const struct heng_profiles *profiles,
                                             const char *profile)
{
    if (!profiles) return NULL;
    const struct heng_profile *found = profile[0] ? heng_profiles_find(profiles, profile) : NULL;
    if (!found) found = heng_profiles_recognise(profiles, telegram);
    return found ? &found->dialect : NULL;
}

/* The answer in stored bytes, which are one frame, or a request and its answer. */
static bool answer_of(heng_protocol protocol, struct heng_slice bytes, struct heng_telegram *ret)
{
    if (protocol == HENG_PROTOCOL_MODBUS_RTU || protocol == HENG_PROTOCOL_MODBUS_TCP) {
        struct heng_capture capture;
        heng_capture_init(&capture, protocol, bytes);
        *ret = capture.telegram;
        return capture.has_telegram;
    }
    size_t used;
    return heng_codec_of(protocol)->decode(bytes, ret, &used, NULL) == HENG_OK;
}

const struct heng_dialect *heng_dialect_of_frame(heng_protocol protocol, struct heng_slice bytes,
                                                 const struct heng_profiles *profiles, const char *profile)
{
    struct heng_telegram telegram;
    bool good = protocol < HENG_PROTOCOL_COUNT && answer_of(protocol, bytes, &telegram);
    return good ? dialect_of(&telegram, profiles, profile) : NULL;
}

heng_conditions heng_conditions_of_frame(heng_protocol protocol, struct heng_slice bytes,
                                         const struct heng_profiles *profiles, const char *profile)
{
    struct heng_telegram telegram;
    if (protocol >= HENG_PROTOCOL_COUNT || !answer_of(protocol, bytes, &telegram)) return 0;
    const struct heng_dialect *dialect = dialect_of(&telegram, profiles, profile);
    if (dialect) heng_telegram_use(&telegram, dialect);
    return heng_conditions_of_telegram(&telegram);
}

heng_conditions heng_conditions_of_frames(const struct heng_frame *frames, size_t count,
                                          const struct heng_profiles *profiles, const char *profile)
{
    heng_conditions said = 0;
    for (size_t i = 0; i < count; i++)
        said |= heng_conditions_of_frame(frames[i].protocol, heng_slice_of(frames[i].bytes, frames[i].n), profiles,
                                         profile);
    return said;
}

heng_rc heng_conditions_of_reading(struct heng_store_reader *reader, const struct heng_reading *reading,
                                   const struct heng_profiles *profiles, const char *profile, heng_conditions *ret,
                                   struct heng_err *err)
{
    *ret = 0;
    for (uint16_t i = 0; i < reading->frame_count; i++) {
        struct heng_frame frame;
        heng_rc rc = heng_store_get_frame(reader, reading->first_frame + i, &frame, err);
        if (rc == HENG_ENOTFOUND) continue;
        if (rc != HENG_OK) return rc;
        *ret |= heng_conditions_of_frames(&frame, 1, profiles, profile);
    }
    return HENG_OK;
}

heng_rc heng_conditions_keep(struct heng_store *store, const struct heng_reading *reading,
                             const struct heng_frame *frames, const struct heng_profiles *profiles, const char *profile,
                             struct heng_err *err)
{
    const struct heng_condition_row row = {
        .at_us = reading->at_us,
        .source = reading->source,
        .conditions = heng_conditions_of_frames(frames, reading->frame_count, profiles, profile),
    };
    return heng_store_add_conditions(store, reading->device_id, &row, err);
}
