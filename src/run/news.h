#ifndef HENG_RUN_NEWS_H
#define HENG_RUN_NEWS_H
/* What the actions of a line are news of, for whoever keeps them: server and gateway alike. Reads no clock: times
 * become wall clock by what the owner says its clock is ahead of the monotonic one. */
#include "line/line.h"

/* Copy what is used of a read, mostly a hundredth of the largest one. */
void heng_news_copy_read(struct heng_read *to, const struct heng_read *from);

/* The same, its times put on the wall clock. */
void heng_news_stamp_read(struct heng_read *to, const struct heng_read *from, heng_us wall_ahead_us);

/* Did this result ask its meter something? Else it is news of the order alone: a broadcast, or one that did not come
 * to be sent. */
bool heng_news_was_asked(const struct heng_line_result *result);

/* How an order has ended, COUNT: in no conversation; and why, for a person: ret_why has cap bytes. */
heng_outcome heng_news_outcome(const struct heng_line_result *result);
void heng_news_why(const struct heng_line_result *result, bool command, char *ret_why, size_t cap);

/* One line in the log for a meter that was not read, unless the whole line is to blame, which is told once; and for
 * what a good read lacks. */
void heng_news_log_read(const struct heng_line *line, const struct heng_read *read);

struct heng_line_vitals_status heng_news_vitals(const struct heng_line *line);
bool heng_news_is_trouble(heng_line_state state);

/* What was told of a line last, and whether there is more to tell. Zero-initialised with the state it is known in. */
struct heng_news_told {
    heng_line_state state;
    struct heng_line_counters counters;
    heng_us at_us; /* monotonic */
    bool news;
};

/* What to tell of it now. since_us: monotonic, when the state began or, not changed, now. */
struct heng_news_status {
    heng_line_state state;
    bool changed;
    heng_us since_us;
    char detail[160];
    struct heng_line_counters counters; /* since the last one */
    struct heng_line_vitals_status vitals;
};

enum { HENG_NEWS_PAUSE_MS = 1000 };

/* A STATUS has come. Trouble and its end are told at once (*ret_urgent); all else as long as there is a share left, and
 * of one line no more than once a second, but for the reasons of trouble. False: not now; it counts as news. */
bool heng_news_status_now(struct heng_news_told *told, const struct heng_line *line, heng_us now, bool share,
                          bool *ret_urgent);
/* Later: has what was put off rested long enough? */
bool heng_news_status_due(const struct heng_news_told *told, heng_us now);
/* Take it: it counts as told. */
void heng_news_status_take(struct heng_news_told *told, const struct heng_line *line, heng_us now,
                           struct heng_news_status *ret);

#endif
