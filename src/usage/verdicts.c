#include "usage/verdicts.h"

#include <stdio.h>

#include "store/usage.h"
#include "usage/events.h"

static const char *const answers[] = {"right", "wrong", "order", "open"};
enum { ANSWER_RIGHT, ANSWER_WRONG, ANSWER_COUNT = 4 };

heng_rc heng_verdict_answer(struct heng_store *store, int64_t scope, const struct heng_answer_wish *wish,
                            heng_us now_us, struct heng_err *err)
{
    struct heng_channel_row channel;
    struct heng_answer_row row = wish->answer;
    unsigned kind = 0;
    while (kind < ANSWER_COUNT && strcmp(answers[kind], row.answer) != 0) kind++;
    if (kind == ANSWER_COUNT) return heng_fail(err, HENG_ERANGE, 0, "an answer is right, wrong, order or open");
    if (!row.who[0] || !row.reason[0]) return heng_fail(err, HENG_ERANGE, 0, "who says so, and why, has to be told");
    if (row.to_day < row.from_day) return heng_fail(err, HENG_ERANGE, 0, "the days end before they begin");
    heng_rc rc = heng_store_get_channel(heng_store_as_reader(store), scope, row.channel_id, &channel, err);
    if (rc == HENG_ENOTFOUND) return heng_fail(err, rc, 0, "there is no channel %lld", (long long)row.channel_id);
    if (rc != HENG_OK) return rc;
    row.recorded_us = now_us;
    rc = heng_store_add_answer(store, &row, err);
    if (rc != HENG_OK || !wish->reading_at || kind > ANSWER_WRONG) return rc;
    int64_t id;
    struct heng_event_wish event = {.event = {.kind = kind == ANSWER_RIGHT ? HENG_EVENT_ACCEPT : HENG_EVENT_REJECT,
                                              .point_id = channel.point_id,
                                              .channel_id = channel.id,
                                              .device_id = wish->device_id,
                                              .reading_at = wish->reading_at,
                                              .reading_source = wish->reading_source}};
    memcpy(event.event.who, row.who, sizeof event.event.who);
    memcpy(event.event.reason, row.reason, sizeof event.event.reason);
    return heng_event_add(store, scope, &event, now_us, &id, err);
}
