#include "usage/verdicts.h"

#include <stdlib.h>
#include <string.h>

#include "store/usage.h"
#include "usage/events.h"
#include "vee/day.h"
#include "vee/verdict.h"

static const char *const answers[] = {"right", "wrong", "order", "open"};
enum { ANSWER_RIGHT, ANSWER_WRONG, ANSWER_COUNT = 4 };

/* --- answers --------------------------------------------------------------------------------------------------- */

/* What to do instead of saying of a rule that it is right. */
static const struct {
    heng_rule rule;
    const char *instead;
} needs[] = {
    {HENG_RULE_CONFLICT, "say which reading is right: its meter and its time"},
    {HENG_RULE_FUTURE, "say which reading is right: its meter and its time"},
    {HENG_RULE_ANCIENT, "say which reading is right: its meter and its time"},
    {HENG_RULE_OUTLIER, "say which reading is right: its meter and its time"},
    {HENG_RULE_LIMIT, "say which reading is right: its meter and its time"},
    {HENG_RULE_NEGATIVE, "say which reading is right, or enter what happened: an exchange, a rollover, a reset"},
    {HENG_RULE_RESET, "say which reading is right, or enter what happened: an exchange, a rollover, a reset"},
    {HENG_RULE_WRONG_DEVICE, "enter where the meter was installed, and when"},
    {HENG_RULE_INACTIVE, "enter where the meter was installed, and when"},
    {HENG_RULE_UNDECLARED, "make a channel for the register"},
    {HENG_RULE_UNIT, "enter the unit of the meter as an event"},
    {HENG_RULE_MULTIPLIER, "enter the index at the moment of the new factor"},
    {HENG_RULE_NO_VALUE, "there is no value that could be right; write one as an event"},
};

static const char *instead_of_right(heng_rule rule)
{
    for (size_t i = 0; i < sizeof needs / sizeof *needs; i++)
        if (needs[i].rule == rule) return needs[i].instead;
    return NULL;
}

/* `limit` is said of readings and of days; of a day it can be right as a whole. */
static heng_rc check_answer(struct heng_store_reader *reader, const struct heng_answer_row *row, bool right,
                            struct heng_err *err)
{
    const char *instead =
        right ? instead_of_right((heng_rule)row->rule) : "say which reading is wrong, or write the value as an event";
    bool of_day = false;
    if (!instead) return HENG_OK;
    if (right && row->rule == HENG_RULE_LIMIT) {
        struct heng_verdict_row list[64];
        size_t n = 0;
        heng_rc rc = heng_store_list_verdicts(reader, row->channel_id, row->to_day, row->to_day + 1, list,
                                              sizeof list / sizeof *list, &n, err);
        if (rc != HENG_OK) return rc;
        for (size_t i = 0; i < n; i++) of_day |= list[i].rule == row->rule && list[i].place != 0;
    }
    return of_day ? HENG_OK : heng_fail(err, HENG_ERANGE, 0, "%s", instead);
}

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
    if (kind <= ANSWER_WRONG && !wish->reading_at)
        rc = check_answer(heng_store_as_reader(store), &row, kind == ANSWER_RIGHT, err);
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

/* --- tasks ----------------------------------------------------------------------------------------------------- */

bool heng_exception_is_closed(const struct heng_exception_row *row)
{
    return strcmp(row->answer, answers[ANSWER_RIGHT]) == 0 || strcmp(row->answer, answers[ANSWER_WRONG]) == 0;
}

static int compare(const struct heng_exception_row *a, const struct heng_exception_row *b)
{
    if (a->newest.channel_id != b->newest.channel_id) return a->newest.channel_id < b->newest.channel_id ? -1 : 1;
    return (a->newest.rule > b->newest.rule) - (a->newest.rule < b->newest.rule);
}

/* The same rule of the same channel, from usage and from what is kept beside: one task. */
static void join(struct heng_exception_row *into, const struct heng_exception_row *from)
{
    int32_t first = from->first_day < into->first_day ? from->first_day : into->first_day;
    int64_t count = into->count + from->count, days = into->days > from->days ? into->days : from->days;
    if (from->newest.day > into->newest.day) *into = *from;
    into->first_day = first;
    into->count = count;
    into->days = days;
}

static void merge(const struct heng_exception_row *a, size_t a_n, const struct heng_exception_row *b, size_t b_n,
                  struct heng_exception_row *ret, size_t cap, size_t *ret_n)
{
    size_t i = 0, k = 0;
    for (*ret_n = 0; *ret_n < cap && (i < a_n || k < b_n); ++*ret_n) {
        int order = i == a_n ? 1 : k == b_n ? -1 : compare(&a[i], &b[k]);
        ret[*ret_n] = order <= 0 ? a[i] : b[k];
        if (order == 0) join(&ret[*ret_n], &b[k]);
        i += order <= 0;
        k += order >= 0;
    }
}

static struct heng_exception_ask with_moments(const struct heng_day_rule *days, const struct heng_exception_ask *ask)
{
    struct heng_exception_ask ret = *ask;
    ret.came_from_us = heng_day_from_us(days, ask->from);
    ret.came_to_us = heng_day_from_us(days, ask->to);
    return ret;
}

heng_rc heng_list_exceptions(struct heng_store_reader *reader, const struct heng_day_rule *days,
                             const struct heng_exception_ask *ask, int64_t after_channel, uint8_t after_rule,
                             struct heng_exception_row *ret, size_t cap, size_t *ret_n, struct heng_err *err)
{
    const struct heng_exception_ask full = with_moments(days, ask);
    struct heng_exception_row *rows = calloc(cap ? cap * 2 : 1, sizeof *rows);
    size_t n = 0, doubts = 0;
    *ret_n = 0;
    if (!rows) return heng_fail(err, HENG_ENOMEM, 0, "no memory for exceptions");
    heng_rc rc = heng_store_list_exceptions(reader, &full, after_channel, after_rule, rows, cap, &n, err);
    if (rc == HENG_OK)
        rc = heng_store_list_doubt_exceptions(reader, &full, after_channel, after_rule, rows + cap, cap, &doubts, err);
    for (size_t i = cap; rc == HENG_OK && i < cap + doubts; i++) {
        rows[i].first_day = heng_day_at(days, rows[i].first_came_us);
        rows[i].newest.day = heng_day_at(days, rows[i].last_came_us);
        rows[i].days = rows[i].newest.day == rows[i].first_day ? 1 : rows[i].count;
    }
    if (rc == HENG_OK) merge(rows, n, rows + cap, doubts, ret, cap, ret_n);
    free(rows);
    return rc;
}

heng_rc heng_count_exceptions(struct heng_store_reader *reader, const struct heng_day_rule *days,
                              const struct heng_exception_ask *ask, struct heng_exception_count *ret, size_t cap,
                              size_t *ret_n, struct heng_err *err)
{
    const struct heng_exception_ask full = with_moments(days, ask);
    struct heng_exception_count doubts[HENG_EXCEPTION_COUNTS_MAX];
    size_t n = 0;
    heng_rc rc = heng_store_count_exceptions(reader, &full, false, ret, cap, ret_n, err);
    if (rc == HENG_OK)
        rc = heng_store_count_exceptions(reader, &full, true, doubts, HENG_EXCEPTION_COUNTS_MAX, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        size_t at = 0;
        while (at < *ret_n && ret[at].rule != doubts[i].rule) at++;
        if (at == cap) break;
        if (at == *ret_n) {
            ret[at] = doubts[i];
            ++*ret_n;
        } else {
            ret[at].tasks += doubts[i].tasks;
            ret[at].verdicts += doubts[i].verdicts;
        }
    }
    return rc;
}
