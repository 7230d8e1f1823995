/* What happened at the points, oldest first. Photos stay in the database: a backup has them. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "archive/names.h"
#include "archive/out.h"
#include "store/events.h"
#include "store/read.h"
#include "store/usage.h"

/* The events of a point, without those of devices that came from it. */
static heng_rc load(struct exporting *ex, int64_t point_id, struct heng_point_event *ret, size_t *ret_n,
                    struct heng_err *err)
{
    size_t n = 0;
    heng_rc rc = heng_store_list_events(ex->reader, ex->scope, point_id, INT64_MIN, 0, ret, HENG_EVENTS_MAX, &n, err);
    if (rc == HENG_OK && n == HENG_EVENTS_MAX)
        rc = heng_fail(err, HENG_ELIMIT, 0, "a point has %d events or more", HENG_EVENTS_MAX);
    *ret_n = 0;
    for (size_t i = 0; i < n; i++)
        if (ret[i].point_id == point_id) ret[(*ret_n)++] = ret[i];
    return rc;
}

static heng_rc put_device(struct exporting *ex, int64_t device_id, struct heng_err *err)
{
    struct heng_meter_row meter = {.device.number = ""};
    heng_rc rc = device_id ? heng_store_get_meter(ex->reader, device_id, &meter, err) : HENG_OK;
    archive_put_text(ex, meter.device.number);
    archive_put_text(ex, meter.device.manufacturer);
    return rc;
}

static heng_rc put_channel(struct exporting *ex, int64_t channel_id, struct heng_err *err)
{
    struct heng_channel_row channel;
    if (!channel_id) {
        while (ex->column < HENG_HAPPENED_OTHER) archive_put_empty(ex);
        return HENG_OK;
    }
    heng_rc rc = heng_store_get_channel(ex->reader, 0, channel_id, &channel, err);
    if (rc != HENG_OK) return rc;
    archive_put_text(ex, heng_quantity_text(channel.quantity));
    archive_put_int(ex, channel.tariff);
    archive_put_text(ex, channel.qualifier);
    return HENG_OK;
}

static heng_rc put_event(struct exporting *ex, const char *name, const struct heng_point_event *list, size_t n,
                         size_t at, struct heng_err *err)
{
    const struct heng_point_event *e = &list[at];
    char text[HENG_KEY_MAX] = "";
    size_t undoes = 0;
    for (size_t i = 0; e->undoes && i < n; i++)
        if (list[i].id == e->undoes) undoes = i + 1;
    archive_put_text(ex, name);
    archive_put_int(ex, (int64_t)at + 1);
    archive_put_text(ex, heng_event_text(e->kind));
    archive_put_moment(ex, e->at_us);
    archive_put_moment(ex, e->until_us);
    heng_rc rc = put_device(ex, e->device_id, err);
    if (rc == HENG_OK) rc = put_channel(ex, e->channel_id, err);
    if (rc == HENG_OK && e->other_point) rc = archive_point_text(ex, e->other_point, text, err);
    if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc; /* where it came from may be another's */
    archive_put_text(ex, text);
    archive_put_text(ex, e->before);
    archive_put_text(ex, e->after);
    archive_put_some(ex, e->factor_num);
    archive_put_some(ex, e->factor_den);
    archive_put_some(ex, e->digits);
    archive_put_text(ex, e->unit);
    snprintf(text, sizeof text, "%" PRId64, e->reading_at);
    archive_put_text(ex, e->reading_at ? text : "");
    archive_put_some(ex, e->reading_source);
    archive_put_some(ex, (int64_t)undoes);
    archive_put_text(ex, e->who);
    archive_put_text(ex, e->second);
    archive_put_text(ex, e->reason);
    archive_put_moment(ex, e->recorded_us);
    archive_end_row(ex);
    return HENG_OK;
}

heng_rc archive_put_events(struct exporting *ex, const struct heng_archive_place *place, const struct heng_point *point,
                           struct heng_err *err)
{
    char name[HENG_KEY_MAX];
    size_t n = 0;
    struct heng_point_event *list = calloc(HENG_EVENTS_MAX, sizeof *list);
    if (!list) return heng_fail(err, HENG_ENOMEM, 0, "no memory for the events of a point");
    heng_rc rc = load(ex, point->id, list, &n, err);
    if (rc == HENG_OK) rc = archive_name_of(ex->reader, place, point, name, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) rc = put_event(ex, name, list, n, i, err);
    free(list);
    return rc;
}
