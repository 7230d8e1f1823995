#ifndef HENG_GATEWAY_LINES_H
#define HENG_GATEWAY_LINES_H
/* The lines of a gateway while they run: what they tell goes into the journal, what the tier above and people on site
 * want goes to them, and a silent one is healed. All on the loop's thread. */
#include <uv.h>

#include "gateway/core.h"
#include "gateway/watch.h"
#include "meter/profile.h"
#include "run/bus.h"
#include "run/clock_watch.h"
#include "run/news.h"

struct heng_lines;

/* What somebody on site hears while the journal is written: how a read of his has ended, what his search does. Borrowed
 * during the call. line_id and job_id: as he was given them. */
struct heng_lines_events {
    void *owner;
    void (*read)(void *owner, int64_t job_id, int64_t line_id, const struct heng_read *read);
    void (*found)(void *owner, int64_t line_id, const struct heng_search_found *found);
    void (*searched)(void *owner, int64_t line_id, const struct heng_search_progress *progress, bool running);
};

/* dtu: NULL: none can dial in. Errors: ENOMEM, ELIMIT. */
HENG_NODISCARD heng_rc heng_lines_new(uv_loop_t *loop, struct heng_core *core, struct heng_dtu_listener *dtu,
                                      struct heng_lines **ret, struct heng_err *err);
void heng_lines_listen(struct heng_lines *lines, struct heng_lines_events events); /* zero: nobody does */
void heng_lines_watch(struct heng_lines *lines, heng_us least_us);                 /* struct heng_watch_seen */

/* Let lines and meters be as this configuration says: all of it is tried first, and nothing is done when something of
 * it cannot be. Lines that are as before go on without interruption. Errors: ECONFIG, EFORMAT, ELIMIT, ENOMEM: the text
 * names the line or meter; what ran goes on. */
HENG_NODISCARD heng_rc heng_lines_apply(struct heng_lines *lines, const struct heng_gateway_config *config,
                                        struct heng_err *err);

/* The last news of all lines are told, and the links end; no event comes after it. The loop then has to run until all
 * handles are gone; then free. */
void heng_lines_stop(struct heng_lines *lines);
void heng_lines_free(struct heng_lines *lines); /* accepts NULL */

/* There is room in the journal again, or a moment has passed: those that wait go on. True: something was done. */
bool heng_lines_go_on(struct heng_lines *lines);
void heng_lines_let_go(struct heng_lines *lines, int64_t token);

/* --- what is wanted (lines_orders.c); the answers to the core are given here --- */
void heng_lines_order(struct heng_lines *lines, const struct heng_down_order *order);
void heng_lines_cancel(struct heng_lines *lines, int64_t id);
void heng_lines_search(struct heng_lines *lines, const struct heng_down_search *search);
void heng_lines_tunnel(struct heng_lines *lines, const struct heng_tunnel_message *message);

/* On site. *ret_job is given to events.read. Errors: ENOTFOUND, EBUSY, those of heng_line_submit and heng_line_search.
 */
HENG_NODISCARD heng_rc heng_lines_read_now(struct heng_lines *lines, int64_t device_id, int64_t *ret_job,
                                           struct heng_err *err);
HENG_NODISCARD heng_rc heng_lines_search_now(struct heng_lines *lines, const struct heng_down_search *search,
                                             struct heng_err *err);

/* Is a reading that somebody has brought of one of our meters? Errors: ENOTFOUND. */
HENG_NODISCARD heng_rc heng_lines_knows(const struct heng_lines *lines, int64_t line_id, int64_t device_id,
                                        struct heng_err *err);
void heng_lines_event(struct heng_lines *lines, heng_gateway_event kind, int64_t value, int64_t line_id,
                      const char *fmt, ...) HENG_PRINTF(5, 6);

/* --- for who shows them --- */
struct heng_line_view {
    const struct heng_line_config *config;
    const struct heng_meter_config *meters;
    size_t meter_count;
    heng_line_state state;
    const char *detail;
    struct heng_line_vitals_status vitals;
    heng_us answer_us; /* wall clock of the last good answer; 0: none since the start */
    bool runs, silent, searching, tunnelled;
};
size_t heng_lines_count(const struct heng_lines *lines);
void heng_lines_view(const struct heng_lines *lines, size_t index, struct heng_line_view *ret);

#endif
