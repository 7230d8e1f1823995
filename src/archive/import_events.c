/* Rows about what happened at points: the record of it, as it was written down elsewhere. Installations come from the
 * sheets of meters and former meters; an event that says otherwise is a fault. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "archive/history.h"
#include "archive/inside.h"
#include "store/usage.h"

const char *archive_who(const struct importing *im) { return im->import->who ? im->import->who : "import"; }

/* --- what the sheets of meters say -----------------------------------------------------------------------------------
 */

/* since when a meter is there, and what it showed then. */
static heng_rc tell_now(struct importing *im, const struct archive_told *told, struct heng_err *err)
{
    struct heng_point_event event = {.point_id = told->point_id,
                                     .device_id = told->device_id,
                                     .kind = told->former_point ? HENG_EVENT_MOVE : HENG_EVENT_INSTALL,
                                     .other_point = told->former_point,
                                     .at_us = told->from_us,
                                     .recorded_us = im->import->at_us,
                                     .factor_num = told->factor_num,
                                     .factor_den = told->factor_den,
                                     .digits = told->digits};
    struct heng_point_channel channels[HENG_CHANNELS_MAX];
    size_t n = 0;
    int64_t id = 0;
    snprintf(event.who, sizeof event.who, "%s", archive_who(im));
    snprintf(event.reason, sizeof event.reason, "sheet '%s', row %" PRIu32, im->sheet_name, told->row);
    heng_rc rc = heng_store_add_event(im->store, &event, &id, err);
    if (rc == HENG_OK) rc = heng_store_due_point(im->store, told->point_id, 0, told->from_us, im->import->at_us, err);
    if (rc != HENG_OK || !told->has_index) return rc;
    rc = heng_archive_list_channels(im->reader, 0, told->point_id, channels, HENG_CHANNELS_MAX, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        if (!channels[i].main) continue;
        event.kind = HENG_EVENT_INDEX;
        event.channel_id = channels[i].id;
        event.other_point = 0;
        event.factor_num = event.factor_den = 0;
        event.digits = 0;
        heng_dec_format(told->index, event.after);
        return heng_store_add_event(im->store, &event, &id, err);
    }
    return rc;
}

heng_rc archive_tell(struct importing *im, const struct archive_told *told, struct heng_err *err)
{
    void *list = im->told;
    if (!im->has_events) return tell_now(im, told, err);
    if (!archive_grow(&list, im->told_n, &im->told_cap, sizeof *im->told))
        return heng_fail(err, HENG_ENOMEM, 0, "no memory for the meters of a sheet");
    im->told = list;
    im->told[im->told_n++] = *told;
    return HENG_OK;
}

/* --- the point and its events
 * ------------------------------------------------------------------------------------------ */

static heng_rc open_point(struct importing *im, int64_t point_id, struct heng_err *err)
{
    if (!im->happened) im->happened = calloc(1, sizeof *im->happened);
    struct archive_happened *h = im->happened;
    if (h && !h->known) h->known = calloc(ARCHIVE_EVENTS_MAX, sizeof *h->known);
    if (!h || !h->known) return heng_fail(err, HENG_ENOMEM, 0, "no memory for the events of a point");
    if (h->point_id == point_id) return HENG_OK;
    h->point_id = point_id;
    memset(h->taken, 0, sizeof h->taken);
    memset(h->ids, 0, sizeof h->ids);
    return heng_store_list_events(im->reader, 0, point_id, INT64_MIN, 0, h->known, ARCHIVE_EVENTS_MAX, &h->known_n,
                                  err);
}

static bool same_event(const struct heng_point_event *a, const struct heng_point_event *b)
{
    return a->kind == b->kind && a->point_id == b->point_id && archive_same_ms(a->at_us, b->at_us) &&
           archive_same_ms(a->until_us, b->until_us) && a->device_id == b->device_id &&
           a->channel_id == b->channel_id && a->undoes == b->undoes && a->factor_num == b->factor_num &&
           a->factor_den == b->factor_den && a->reading_at == b->reading_at && a->reading_source == b->reading_source &&
           strcmp(a->before, b->before) == 0 && strcmp(a->after, b->after) == 0 && strcmp(a->unit, b->unit) == 0;
}

/* The event that is there already and says the same; each stands for one row. 0: none. */
static int64_t known_event(struct importing *im, const struct heng_point_event *event)
{
    struct archive_happened *h = im->happened;
    for (size_t i = 0; i < h->known_n; i++) {
        if (h->taken[i] || !same_event(&h->known[i], event)) continue;
        h->taken[i] = true;
        return h->known[i].id;
    }
    return 0;
}

/* --- cells
 * ------------------------------------------------------------------------------------------------------------- */

static void take_number(struct importing *im, int column, char *ret, size_t cap)
{
    struct heng_dec number;
    struct heng_err why;
    if (archive_given(im, column) && heng_dec_parse(archive_text(im, column), &number, &why) != HENG_OK)
        archive_row_fault(im, column, "a number with a point is needed, as 123.45");
    snprintf(ret, cap, "%.*s", (int)cap - 1, archive_text(im, column));
}

static heng_rc take_channel(struct importing *im, struct heng_point_event *event, struct heng_err *err)
{
    struct heng_channel_row list[HENG_CHANNELS_MAX];
    size_t n = 0;
    if (!archive_given(im, HENG_HAPPENED_QUANTITY)) return HENG_OK;
    heng_quantity quantity = heng_quantity_of(archive_text(im, HENG_HAPPENED_QUANTITY));
    heng_rc rc = heng_store_list_channels(im->reader, 0, event->point_id, 0, list, HENG_CHANNELS_MAX, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++)
        if (list[i].quantity == quantity && list[i].tariff == im->row.cells[HENG_HAPPENED_TARIFF].whole &&
            strcmp(list[i].qualifier, archive_text(im, HENG_HAPPENED_QUALIFIER)) == 0)
            event->channel_id = list[i].id;
    if (rc == HENG_OK && !event->channel_id)
        archive_row_fault(im, HENG_HAPPENED_QUANTITY, "the point counts no such quantity");
    return rc;
}

static heng_rc take_device(struct importing *im, struct heng_point_event *event, struct heng_err *err)
{
    struct heng_archive_device device;
    if (!archive_given(im, HENG_HAPPENED_NUMBER)) return HENG_OK;
    heng_rc rc = archive_device_of(im, archive_text(im, HENG_HAPPENED_NUMBER), archive_text(im, HENG_HAPPENED_MAKER),
                                   HENG_PROTOCOL_COUNT, &device, err);
    if (rc == HENG_OK) event->device_id = device.device.id;
    if (rc == HENG_ENOTFOUND)
        archive_row_fault(im, HENG_HAPPENED_NUMBER,
                          "there is no such meter: give it in the sheet of meters, or of former meters");
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

static void take_reading(struct importing *im, struct heng_point_event *event)
{
    char *end = NULL;
    const char *text = archive_text(im, HENG_HAPPENED_READING);
    if (!archive_given(im, HENG_HAPPENED_READING)) return;
    event->reading_at = strtoll(text, &end, 10);
    if (*end || event->reading_at <= 0) archive_row_fault(im, HENG_HAPPENED_READING, "a whole number is needed");
}

static void take_undoes(struct importing *im, struct heng_point_event *event)
{
    int64_t nr = im->row.cells[HENG_HAPPENED_UNDOES].whole;
    if (event->kind != HENG_EVENT_UNDO) return;
    if (archive_given(im, HENG_HAPPENED_UNDOES) && nr <= ARCHIVE_EVENTS_MAX) event->undoes = im->happened->ids[nr];
    if (!event->undoes)
        archive_row_fault(im, HENG_HAPPENED_UNDOES, "it is the number of no event of this point in a row above");
}

static heng_rc take_cells(struct importing *im, struct heng_point_event *event, struct heng_err *err)
{
    const struct archive_cell *cells = im->row.cells;
    event->kind = heng_event_of(archive_text(im, HENG_HAPPENED_KIND));
    event->at_us = cells[HENG_HAPPENED_AT].at_us;
    if (archive_given(im, HENG_HAPPENED_UNTIL)) event->until_us = cells[HENG_HAPPENED_UNTIL].at_us;
    event->recorded_us = im->import->at_us;
    if (archive_given(im, HENG_HAPPENED_RECORDED)) event->recorded_us = cells[HENG_HAPPENED_RECORDED].at_us;
    if (archive_given(im, HENG_HAPPENED_FACTOR)) {
        event->factor_num = cells[HENG_HAPPENED_FACTOR].whole;
        event->factor_den = archive_given(im, HENG_HAPPENED_DIVISOR) ? cells[HENG_HAPPENED_DIVISOR].whole : 1;
    }
    if (archive_given(im, HENG_HAPPENED_DIGITS)) event->digits = (uint8_t)cells[HENG_HAPPENED_DIGITS].whole;
    if (archive_given(im, HENG_HAPPENED_SOURCE)) event->reading_source = cells[HENG_HAPPENED_SOURCE].whole;
    take_number(im, HENG_HAPPENED_BEFORE, event->before, sizeof event->before);
    take_number(im, HENG_HAPPENED_AFTER, event->after, sizeof event->after);
    snprintf(event->unit, sizeof event->unit, "%.15s", archive_text(im, HENG_HAPPENED_UNIT));
    snprintf(event->who, sizeof event->who, "%.63s", archive_text(im, HENG_HAPPENED_WHO));
    snprintf(event->second, sizeof event->second, "%.63s", archive_text(im, HENG_HAPPENED_SECOND));
    snprintf(event->reason, sizeof event->reason, "%.199s", archive_text(im, HENG_HAPPENED_REASON));
    take_reading(im, event);
    take_undoes(im, event);
    heng_rc rc = take_channel(im, event, err);
    if (rc == HENG_OK) rc = take_device(im, event, err);
    if (rc != HENG_OK || !archive_given(im, HENG_HAPPENED_OTHER)) return rc;
    rc = archive_point_of(im, archive_text(im, HENG_HAPPENED_OTHER), &event->other_point, err);
    if (rc == HENG_ENOTFOUND || rc == HENG_ECONFLICT) {
        archive_row_fault(im, HENG_HAPPENED_OTHER, "there is no such point");
        rc = HENG_OK;
    }
    return rc;
}

/* --- into the database
 * -------------------------------------------------------------------------------------------------- */

static bool is_about_device(heng_event_kind kind)
{
    return kind == HENG_EVENT_INSTALL || kind == HENG_EVENT_REMOVE || kind == HENG_EVENT_EXCHANGE ||
           kind == HENG_EVENT_MOVE;
}

static heng_rc add(struct importing *im, const struct heng_point_event *event, int64_t *ret_id, struct heng_err *err)
{
    heng_rc rc = heng_store_add_event(im->store, event, ret_id, err);
    bool wide = is_about_device(event->kind) || event->kind == HENG_EVENT_UNDO;
    if (rc == HENG_OK && wide && event->device_id)
        rc = heng_store_due_device(im->store, event->device_id, INT64_MIN, HENG_US_NEVER, err);
    if (rc == HENG_OK)
        rc = heng_store_due_point(im->store, event->point_id, 0, wide ? INT64_MIN : event->at_us, HENG_US_NEVER, err);
    if (rc != HENG_OK || !is_about_device(event->kind)) return rc;
    void *list = im->claims;
    if (!archive_grow(&list, im->claim_n, &im->claim_cap, sizeof *im->claims))
        return heng_fail(err, HENG_ENOMEM, 0, "no memory for the events of a sheet");
    im->claims = list;
    im->claims[im->claim_n++] = (struct archive_claim){*ret_id, im->row.number};
    return HENG_OK;
}

static heng_rc undone_before(struct importing *im, const struct heng_point_event *event, struct heng_err *err)
{
    struct heng_point_event before;
    heng_rc rc = event->undoes ? heng_store_get_event(im->reader, 0, event->undoes, &before, err) : HENG_ENOTFOUND;
    if (rc == HENG_OK && before.undone_by)
        archive_row_fault(im, HENG_HAPPENED_UNDOES, "that event has been taken back already");
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

heng_rc archive_take_event(struct importing *im, struct heng_err *err)
{
    struct heng_point_event event = {.id = 0};
    char what[HENG_KEY_MAX + 32];
    if (im->scope) archive_row_fault(im, ARCHIVE_NO_COLUMN, "only the operator of the system writes down who did what");
    if (im->row.bad) return HENG_OK;
    heng_rc rc = archive_point_of(im, archive_text(im, HENG_HAPPENED_POINT), &event.point_id, err);
    if (rc == HENG_ENOTFOUND || rc == HENG_ECONFLICT) {
        archive_row_fault(im, HENG_HAPPENED_POINT, "there is no such point");
        return HENG_OK;
    }
    if (rc == HENG_OK) rc = open_point(im, event.point_id, err);
    if (rc == HENG_OK) rc = take_cells(im, &event, err);
    if (rc != HENG_OK || im->row.bad) return rc;
    int64_t id = known_event(im, &event);
    if (!id) rc = undone_before(im, &event, err);
    if (rc != HENG_OK || im->row.bad) return rc;
    snprintf(what, sizeof what, "%.63s: %s", archive_text(im, HENG_HAPPENED_POINT), heng_event_text(event.kind));
    if (archive_decide(im, HENG_ARCHIVE_EVENTS, id == 0, what)) rc = add(im, &event, &id, err);
    int64_t nr = im->row.cells[HENG_HAPPENED_NR].whole;
    if (archive_given(im, HENG_HAPPENED_NR) && nr <= ARCHIVE_EVENTS_MAX) im->happened->ids[nr] = id;
    return rc;
}

/* --- when all are there
 * ------------------------------------------------------------------------------------------------ */

/* Does the device come to the point, or leave it, when the event says so? */
static heng_rc check_claim(struct importing *im, const struct archive_claim *claim, struct heng_err *err)
{
    enum { MAX = 256 };
    struct heng_point_event e;
    size_t n = 0;
    bool fits = false;
    heng_rc rc = heng_store_get_event(im->reader, 0, claim->event_id, &e, err);
    if (rc != HENG_OK || e.undone_by || !e.device_id) return rc;
    struct heng_installation *list = calloc(MAX, sizeof *list);
    if (!list) return heng_fail(err, HENG_ENOMEM, 0, "no memory for the history of a meter");
    rc = heng_store_list_installations(im->reader, e.device_id, e.point_id, list, MAX, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++)
        fits = fits || archive_same_ms(e.kind == HENG_EVENT_REMOVE ? list[i].until_us : list[i].from_us, e.at_us);
    free(list);
    if (rc == HENG_OK && !fits)
        archive_fault(im, claim->row, HENG_HAPPENED_NUMBER, "",
                      "the sheets of meters and former meters say nothing of this: give it there, too");
    return rc;
}

heng_rc archive_end_events(struct importing *im, struct heng_err *err)
{
    heng_rc rc = HENG_OK;
    im->table = HENG_ARCHIVE_EVENTS;
    im->sheet = heng_archive_sheet_of(HENG_ARCHIVE_EVENTS);
    for (size_t i = 0; rc == HENG_OK && i < im->claim_n; i++) rc = check_claim(im, &im->claims[i], err);
    for (size_t i = 0; rc == HENG_OK && i < im->told_n; i++) {
        const struct archive_told *told = &im->told[i];
        bool known = false;
        rc = archive_is_told(im->reader, told->point_id, told->device_id, told->from_us, &known, err);
        if (rc == HENG_OK && !known) rc = tell_now(im, told, err);
    }
    return rc;
}
