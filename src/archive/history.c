#include "archive/history.h"

#include <string.h>

#include "store/usage.h"

enum { PAGE = 16, US_PER_MS = 1000 };

bool archive_same_ms(heng_us a_us, heng_us b_us) { return a_us / US_PER_MS == b_us / US_PER_MS; }

static bool begins(heng_event_kind kind)
{
    return kind == HENG_EVENT_INSTALL || kind == HENG_EVENT_MOVE || kind == HENG_EVENT_EXCHANGE;
}

/* An index of another channel than the main one is not what the sheet has. */
static bool is_main(struct heng_store_reader *reader, int64_t channel_id)
{
    struct heng_channel_row channel;
    struct heng_err why;
    return !channel_id || (heng_store_get_channel(reader, 0, channel_id, &channel, &why) == HENG_OK && channel.main);
}

/* What one event says of the counter of a device since it came. */
static void take(struct heng_store_reader *reader, const struct heng_archive_device *device,
                 const struct heng_point_event *e, struct archive_counter *ret)
{
    bool here = e->device_id == device->device.id && archive_same_ms(e->at_us, device->from_us);
    if (e->undone_by || e->point_id != device->point_id) return;
    if (e->kind == HENG_EVENT_MULTIPLIER && e->at_us >= device->from_us && e->factor_num) {
        ret->factor_num = e->factor_num;
        ret->factor_den = e->factor_den ? e->factor_den : 1;
    }
    if (here && (begins(e->kind) || e->kind == HENG_EVENT_INDEX) && e->after[0] && !e->unit[0] &&
        is_main(reader, e->channel_id))
        memcpy(ret->start_index, e->after, sizeof ret->start_index);
}

heng_rc archive_counter_of(struct heng_store_reader *reader, const struct heng_archive_device *device,
                           struct archive_counter *ret, struct heng_err *err)
{
    struct heng_point_event page[PAGE];
    heng_us after_us = device->from_us / US_PER_MS * US_PER_MS - 1;
    int64_t after_id = INT64_MAX;
    *ret = (struct archive_counter){.factor_num = device->factor_num, .factor_den = device->factor_den};
    for (size_t n = PAGE; n == PAGE;) {
        heng_rc rc = heng_store_list_events(reader, 0, device->point_id, after_us, after_id, page, PAGE, &n, err);
        if (rc != HENG_OK) return rc;
        for (size_t i = 0; i < n; i++) take(reader, device, &page[i], ret);
        if (n) {
            after_us = page[n - 1].at_us;
            after_id = page[n - 1].id;
        }
    }
    return HENG_OK;
}

heng_rc archive_is_told(struct heng_store_reader *reader, int64_t point_id, int64_t device_id, heng_us at_us, bool *ret,
                        struct heng_err *err)
{
    struct heng_point_event page[PAGE];
    heng_us after_us = at_us / US_PER_MS * US_PER_MS - 1;
    int64_t after_id = INT64_MAX;
    *ret = false;
    for (size_t n = PAGE; n == PAGE;) {
        heng_rc rc = heng_store_list_events(reader, 0, point_id, after_us, after_id, page, PAGE, &n, err);
        if (rc != HENG_OK) return rc;
        for (size_t i = 0; i < n; i++) {
            const struct heng_point_event *e = &page[i];
            if (!archive_same_ms(e->at_us, at_us)) return HENG_OK;
            *ret = *ret || (begins(e->kind) && !e->undone_by && e->device_id == device_id && e->point_id == point_id);
        }
        if (n) {
            after_us = page[n - 1].at_us;
            after_id = page[n - 1].id;
        }
    }
    return HENG_OK;
}
