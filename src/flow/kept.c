#include "flow/kept.h"

#include "store/read.h"

enum { DATES_MAX = 64 };
#define OLDEST_US (INT64_C(631152000) * HENG_US_PER_S) /* 1990 */

static heng_us moment_of(const struct heng_record *record, const struct heng_zone *zone)
{
    struct heng_civil civil = record->civil;
    if (record->kind == HENG_VALUE_DATETIME) return heng_zone_us(zone, &civil);
    civil.hour = civil.minute = civil.second = 0;
    if (civil.day == 1) return heng_zone_us(zone, &civil);
    heng_us noon_us = heng_civil_to_us(&civil) + 36 * INT64_C(3600) * HENG_US_PER_S; /* of the day after */
    civil = heng_us_to_civil(noon_us);
    civil.hour = civil.minute = civil.second = 0;
    return heng_zone_us(zone, &civil);
}

/* Put a date in its place; of one number the later one stays. */
static size_t put_date(struct heng_kept_date *list, size_t n, size_t cap, struct heng_kept_date date)
{
    size_t i = 0;
    while (i < n && list[i].storage < date.storage) i++;
    if (i < n && list[i].storage == date.storage) {
        if (date.due_us > list[i].due_us) list[i] = date;
        return n;
    }
    if (n == cap) return n;
    memmove(&list[i + 1], &list[i], (n - i) * sizeof *list);
    list[i] = date;
    return n + 1;
}

size_t heng_kept_dates(const struct heng_telegram *telegram, const struct heng_zone *zone, heng_us now_us,
                       struct heng_kept_date *ret, size_t cap)
{
    struct heng_records records = heng_telegram_records(telegram);
    struct heng_record record;
    size_t n = 0;
    if (telegram->protocol != HENG_PROTOCOL_MBUS || !telegram->from_meter) return 0;
    while (heng_record_next(&records, &record, NULL) == HENG_OK) {
        bool plain = record.function == HENG_FUNCTION_INSTANTANEOUS && !record.tariff && !record.subunit &&
                     (record.quantity == HENG_QUANTITY_DATE || record.quantity == HENG_QUANTITY_DATETIME) &&
                     (record.kind == HENG_VALUE_DATE || record.kind == HENG_VALUE_DATETIME);
        if (!plain || !record.storage || record.storage > UINT32_MAX || !heng_civil_valid(&record.civil)) continue;
        heng_us due_us = moment_of(&record, zone);
        if (due_us > now_us || due_us < OLDEST_US) continue;
        n = put_date(ret, n, cap, (struct heng_kept_date){(uint32_t)record.storage, due_us});
    }
    return n;
}

/* --- readings of them -------------------------------------------------------------------------------------------- */

static bool is_kept(const struct heng_value *value)
{
    return value->key.storage && value->has_value && value->key.function == HENG_FUNCTION_INSTANTANEOUS;
}

/* What frame `frame` says of due date i; numbers with one date are one reading. */
static void fill(const struct heng_kept_from *from, unsigned frame, const struct heng_kept_date *dates, size_t n,
                 heng_us due_us, struct heng_reading *ret)
{
    const struct heng_reading *reading = from->reading;
    ret->device_id = reading->device_id;
    ret->at_us = ret->due_us = due_us;
    ret->source = reading->source;
    ret->quality = reading->quality;
    ret->partial = true;
    ret->first_frame = 0;
    ret->frame_count = 1;
    ret->value_count = 0;
    for (unsigned v = 0; v < reading->value_count; v++) {
        if (reading->values[v].frame != frame || !is_kept(&from->values[v])) continue;
        for (size_t i = 0; i < n; i++) {
            if (dates[i].storage != from->values[v].key.storage || dates[i].due_us != due_us) continue;
            ret->values[ret->value_count] = reading->values[v];
            ret->values[ret->value_count++].frame = 0;
        }
    }
}

/* Do two readings say something else of a register that both have? */
static bool differs(const struct heng_reading *known, const struct heng_reading *said)
{
    for (unsigned i = 0; i < said->value_count; i++) {
        const struct heng_reading_value *v = &said->values[i];
        for (unsigned k = 0; k < known->value_count; k++) {
            const struct heng_reading_value *w = &known->values[k];
            if (w->register_id == v->register_id && w->has_value && heng_dec_cmp(w->dec, v->dec) != 0) return true;
        }
    }
    return false;
}

/* A meter tells the same again for a month or a year: the first time is enough. What it says otherwise later is kept
 * beside that as a conflict, which the rules tell of. */
static heng_rc add_date(struct heng_store *store, const struct heng_kept_from *from, unsigned frame,
                        const struct heng_kept_date *dates, size_t n, heng_us due_us, size_t *added,
                        struct heng_err *err)
{
    static _Thread_local struct heng_reading known, reading; /* 40 kB each */
    heng_stored stored;
    int64_t first_frame = 0;
    heng_rc rc = heng_store_get_reading(heng_store_as_reader(store), from->reading->device_id, due_us,
                                        from->reading->source, &known, err);
    if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
    fill(from, frame, dates, n, due_us, &reading);
    if (!reading.value_count || (rc == HENG_OK && !differs(&known, &reading))) return HENG_OK;
    rc = heng_store_add_reading(store, &reading, &from->frames[frame], &stored, &first_frame, err);
    if (rc == HENG_OK) *added += stored == HENG_STORED_NEW;
    return rc;
}

static heng_rc add_frame(struct heng_store *store, const struct heng_kept_from *from, unsigned frame, size_t *added,
                         struct heng_err *err)
{
    const struct heng_frame *bytes = &from->frames[frame];
    struct heng_kept_date dates[DATES_MAX];
    struct heng_telegram telegram;
    size_t used;
    heng_rc rc = HENG_OK;
    if (heng_codec_of(HENG_PROTOCOL_MBUS)->decode(heng_slice_of(bytes->bytes, bytes->n), &telegram, &used, NULL) !=
        HENG_OK)
        return HENG_OK;
    if (from->dialect) heng_telegram_use(&telegram, from->dialect);
    size_t n = heng_kept_dates(&telegram, from->zone, from->reading->at_us, dates, DATES_MAX);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        bool told = false;
        for (size_t j = 0; j < i && !told; j++) told = dates[j].due_us == dates[i].due_us;
        if (!told) rc = add_date(store, from, frame, dates, n, dates[i].due_us, added, err);
    }
    return rc;
}

heng_rc heng_kept_add(struct heng_store *store, const struct heng_kept_from *from, size_t *ret_added,
                      struct heng_err *err)
{
    const struct heng_reading *reading = from->reading;
    bool keeps[HENG_READ_FRAMES_MAX] = {false};
    heng_rc rc = HENG_OK;
    *ret_added = 0;
    if (reading->due_us || reading->partial) return HENG_OK; /* who was asked for them has their date */
    for (unsigned v = 0; v < reading->value_count; v++)
        if (is_kept(&from->values[v]) && reading->values[v].frame < HENG_READ_FRAMES_MAX)
            keeps[reading->values[v].frame] = true;
    for (unsigned f = 0; rc == HENG_OK && f < reading->frame_count && f < HENG_READ_FRAMES_MAX; f++)
        if (keeps[f] && from->frames[f].protocol == HENG_PROTOCOL_MBUS) rc = add_frame(store, from, f, ret_added, err);
    return rc;
}
