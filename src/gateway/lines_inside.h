#ifndef HENG_GATEWAY_LINES_INSIDE_H
#define HENG_GATEWAY_LINES_INSIDE_H
/* What the lines of a gateway are made of, for the files that make them: lines.c (what they tell; once a second),
 * lines_config.c (a configuration becomes lines), lines_orders.c (what is wanted of them), lines_heal.c (what is done
 * about silence), tunnel.c (a line in the hands of a fitter). */
#include "base/zone.h"
#include "gateway/lines.h"

enum {
    LINES_STATUSES_PER_S = 32,
    LINES_ORDERS_MAX = 4096,
    LINES_BACKLOG_MAX = 512 + LINES_ORDERS_MAX,
    LINES_BACKLOG_TRIES = 100,
    LINES_FINGERPRINT = 32
};

/* Jobs of people on site have numbers that no order comes to. */
#define LINES_LOCAL_IDS_FROM (INT64_C(1) << 61)

struct tunnel;

/* The search that runs on a line, or ran last. found: what it has told, kept for one that goes on from there. */
struct gate_search {
    heng_search_kind kind;
    bool known_only, running, stopping;
    heng_us started_us;
    struct heng_search_found *found;
    size_t found_count, found_cap;
    struct heng_search_progress progress;
};

/* One line. config, meters: its own copies. bus NULL: it cannot run, or is just being made anew. token: of the command
 * that waits until it is on the disk that it goes out; 0: none. connect_us: when its link is made anew; 0: it is there.
 */
struct gate_line {
    struct heng_lines *lines;
    struct heng_bus *bus;
    int64_t id;
    uint8_t fingerprint[LINES_FINGERPRINT];
    struct heng_line_config config;
    struct heng_schedule *schedules;
    struct heng_relay_config *relays;
    struct heng_meter_config *meters;
    size_t meter_count;
    struct heng_news_told told;
    heng_us answer_us, told_answer_us; /* wall clock; told_answer_us: the one that was told */
    heng_us connect_us;
    int64_t token;
    bool waits;
    struct heng_watch watch;
    struct gate_search search;
    struct tunnel *tunnel;
};

/* An order that has not ended. job: to give it to a line that was made anew; its secrets are wiped with it. */
struct gate_order {
    struct heng_line_job job;
    int64_t line_id;
    bool command, sent;
};

/* What the journal did not take yet. */
struct gate_news {
    struct heng_body body;
    struct heng_read *read; /* of body */
    heng_us at_us;
    bool urgent;
    int64_t token;
    unsigned tries;
    struct gate_news *next;
};

struct heng_lines {
    uv_loop_t *loop;
    struct heng_core *core;
    struct heng_dtu_listener *dtu;
    struct heng_lines_events events;
    uv_timer_t second;
    struct gate_line **lines; /* by id */
    size_t line_count, turn, told_next, statuses_left;
    struct heng_profiles *profiles;
    uint8_t profiles_fingerprint[LINES_FINGERPRINT];
    struct heng_zone *zone;
    char time_zone[64];
    struct gate_order *orders;
    size_t order_count, order_cap;
    int64_t next_job, next_token;
    struct gate_news *first, *last;
    size_t news_count;
    struct clock_watch clock;
    heng_us watch_least_us; /* struct heng_watch_seen */
    bool stopped;
};

/* --- lines.c --- */
heng_us lines_wall(const struct heng_lines *lines);
/* Into the journal, or kept until it takes it: nothing that a line has told is lost. */
void lines_tell(struct heng_lines *lines, const struct heng_body *body, heng_us at_us, bool urgent, int64_t token);
struct gate_line *lines_find(const struct heng_lines *lines, int64_t line_id); /* NULL: there is none */
struct heng_bus_events lines_bus_events(struct gate_line *line);
void lines_put_status(struct gate_line *line);

/* --- lines_config.c --- */
heng_rc gate_line_open(struct gate_line *line, struct heng_err *err);
void gate_line_free(struct gate_line *line);

/* --- lines_orders.c --- */
/* What came of it, for the body; the order is forgotten when ended. local: somebody on site asked, and nobody above. */
bool lines_order_news(struct heng_lines *lines, int64_t line_id, const struct heng_line_result *result,
                      struct heng_order_news *ret, bool *ret_local);
/* The line object has gone: what was not sent goes to the one that is there now, or fails. */
void lines_orders_move(struct heng_lines *lines, int64_t line_id);
void lines_found(struct gate_line *line, const struct heng_search_found *found);
void lines_searched(struct gate_line *line, const struct heng_search_progress *progress, bool running, bool fresh);
void lines_search_lost(struct gate_line *line);

/* --- lines_heal.c --- */
void lines_heal(struct gate_line *line, heng_us now);
void lines_restart(struct gate_line *line);
void lines_rest(struct gate_line *line, const char *why, heng_us how_long); /* off its link for so long */

/* --- tunnel.c --- */
void lines_tunnel_second(struct gate_line *line, heng_us now);
void lines_tunnel_end(struct gate_line *line, const char *why);

#endif
