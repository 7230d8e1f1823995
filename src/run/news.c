#include "run/news.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"

enum { DETAIL_LOG_MAX = 120 };

void heng_news_copy_read(struct heng_read *to, const struct heng_read *from)
{
    size_t values = from->value_count < HENG_READ_VALUES_MAX ? from->value_count : HENG_READ_VALUES_MAX;
    size_t frames = from->frame_count < HENG_READ_FRAMES_MAX ? from->frame_count : HENG_READ_FRAMES_MAX;
    memcpy(to, from, offsetof(struct heng_read, values));
    memcpy(to->values, from->values, values * sizeof *from->values);
    memcpy(to->frames, from->frames, frames * sizeof *from->frames);
    memcpy(to->frame_of_value, from->frame_of_value, values * sizeof *from->frame_of_value);
}

void heng_news_stamp_read(struct heng_read *to, const struct heng_read *from, heng_us wall_ahead_us)
{
    heng_news_copy_read(to, from);
    to->at_us = from->at_us + wall_ahead_us;
    for (unsigned i = 0; i < to->frame_count && i < HENG_READ_FRAMES_MAX; i++) to->frames[i].at_us += wall_ahead_us;
}

static bool never_sent(heng_stage stage) { return stage == HENG_STAGE_EXPIRED || stage == HENG_STAGE_CANCELLED; }

bool heng_news_was_asked(const struct heng_line_result *result)
{
    return result->read && result->read->device_id && !never_sent(result->stage);
}

heng_outcome heng_news_outcome(const struct heng_line_result *result)
{
    return result->read && !never_sent(result->stage) ? result->read->outcome : HENG_OUTCOME_COUNT;
}

void heng_news_why(const struct heng_line_result *result, bool command, char *ret_why, size_t cap)
{
    snprintf(ret_why, cap, "%s", result->read ? result->read->why : "");
    if (result->stage == HENG_STAGE_EXPIRED && !ret_why[0])
        snprintf(ret_why, cap, "its time was over before the line came to it");
    if (command && result->stage == HENG_STAGE_CONFIRMED) ret_why[0] = '\0'; /* of a try before */
}

void heng_news_log_read(const struct heng_line *line, const struct heng_read *read)
{
    bool good = read->outcome == HENG_OUTCOME_OK;
    bool of_line = read->outcome == HENG_OUTCOME_DISCONNECTED ||
                   (read->outcome == HENG_OUTCOME_SILENCE && heng_line_state_now(line) == HENG_LINE_STATE_NO_LOAD);
    if (of_line || (good && !read->why[0])) return;
    heng_log(good ? HENG_LOG_DEBUG : HENG_LOG_WARN, "line",
             "event=%s line='%s' meter=%lld outcome=%s tries=%u why='%s'", good ? "not_all_read" : "read_failed",
             heng_line_config(line)->name, (long long)read->device_id, heng_outcome_text(read->outcome), read->tries,
             read->why);
}

struct heng_line_vitals_status heng_news_vitals(const struct heng_line *line)
{
    static const char *const hints[] = {[HENG_HINT_NONE] = "none",
                                        [HENG_HINT_ALL] = "all",
                                        [HENG_HINT_CUT] = "cut",
                                        [HENG_HINT_METER] = "meter",
                                        [HENG_HINT_WEAK] = "weak"};
    struct heng_line_vitals vitals = {0};
    heng_line_vitals_now(line, &vitals);
    struct heng_line_vitals_status status = {.health = vitals.health,
                                             .queued = vitals.queued,
                                             .quarantined = vitals.quarantined,
                                             .cycle_us = vitals.cycle_us,
                                             .dead_us = vitals.dead_us,
                                             .hint_from = vitals.hint_from,
                                             .hint_to = vitals.hint_to};
    memcpy(status.hint, vitals.hint, sizeof status.hint);
    memcpy(status.hint_meter, vitals.hint_meter, sizeof status.hint_meter);
    snprintf(status.hint_kind, sizeof status.hint_kind, "%s", hints[vitals.hint_kind]);
    return status;
}

bool heng_news_is_trouble(heng_line_state state)
{
    return state == HENG_LINE_STATE_DOWN || state == HENG_LINE_STATE_OVERLOAD || state == HENG_LINE_STATE_NO_LOAD;
}

bool heng_news_status_due(const struct heng_news_told *told, heng_us now)
{
    return told->news && now - told->at_us >= HENG_NEWS_PAUSE_MS * HENG_US_PER_MS;
}

bool heng_news_status_now(struct heng_news_told *told, const struct heng_line *line, heng_us now, bool share,
                          bool *ret_urgent)
{
    heng_line_state state = heng_line_state_now(line);
    told->news = true;
    *ret_urgent = state != told->state && (heng_news_is_trouble(state) || heng_news_is_trouble(told->state));
    return *ret_urgent || (share && (heng_news_is_trouble(state) || heng_news_status_due(told, now)));
}

void heng_news_status_take(struct heng_news_told *told, const struct heng_line *line, heng_us now,
                           struct heng_news_status *ret)
{
    const struct heng_line_counters *counters = heng_line_counters_now(line);
    *ret = (struct heng_news_status){.state = heng_line_state_now(line), .vitals = heng_news_vitals(line)};
    ret->changed = ret->state != told->state;
    ret->since_us = ret->changed ? heng_line_since(line) : now;
    snprintf(ret->detail, sizeof ret->detail, "%s", heng_line_detail(line));
#define X(field) ret->counters.field = counters->field - told->counters.field;
    HENG_LINE_COUNTER_LIST(X)
#undef X
    *told = (struct heng_news_told){.state = ret->state, .counters = *counters, .at_us = now};
    if (ret->changed && heng_news_is_trouble(ret->state))
        heng_log(HENG_LOG_WARN, "line", "event=%s line='%s' why='%.*s'", heng_line_state_text(ret->state),
                 heng_line_config(line)->name, DETAIL_LOG_MAX, ret->detail);
}
