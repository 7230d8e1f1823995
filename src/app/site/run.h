#ifndef HENG_APP_SITE_RUN_H
#define HENG_APP_SITE_RUN_H
/* The lines of a site while they run: what they tell goes to the writer, what people want goes to them. All of it on
 * the loop's thread, but for the wakes of desk and writer. */
#include <stdatomic.h>

#include "app/site/keys.h"
#include "app/turns.h"
#include "app/writer.h"
#include "flow/desk.h"
#include "flow/site.h"
#include "run/bus.h"
#include "run/clock_watch.h"
#include "run/news.h"

struct site_run;

/* The search that runs on a line, or ran last. */
struct running_search {
    heng_search_kind kind;
    bool known_only, running;
    struct heng_wish_slot *stop; /* who wants it stopped, and waits until that is stored */
    heng_us started_us;
};

/* One line. told: what the writer has of it. bus NULL: it cannot run. held: a command goes out when it is on the disk
 * that it does; under the mutex of the wishes. */
struct running_line {
    struct site_run *site;
    struct heng_bus *bus;
    int64_t id;
    heng_us last_answer_us; /* wall clock, 0: none since it was told */
    bool held, let_go;
    struct heng_news_told told;
    struct running_search search;
    struct turn turn; /* waits for room with the writer */
    bool has_turn;    /* until its next result */
    uint64_t mark;    /* of what it runs by: site_reload.h */
};

/* The database is looked at anew when somebody has changed it. looking: just now; rest_s: not before. */
struct site_reload {
    atomic_bool changed;
    bool looking;
    unsigned rest_s;
};

struct site_wishes;
struct site_uplink;

struct site_run {
    uv_loop_t *loop;
    struct heng_writer *writer;
    struct heng_dtu_listener *dtu;
    const char *database;
    const struct heng_profiles *profiles;
    void (*trouble)(void *owner, const char *why);
    void *trouble_owner;
    struct running_line **lines; /* by id; one that is there stays where it is in memory */
    size_t line_count, meter_count;
    size_t told_next, statuses_left; /* whose turn it is to tell its status; how many may, in this second */
    struct heng_zone *zone;
    struct site_wishes *wishes;
    struct site_uplink *uplink; /* lines that gateways read */
    uv_timer_t second, patience;
    uv_async_t emptied; /* by the writer: whoever waits may go on */
    bool ticks;         /* the timers and emptied are there */
    struct turns turns;
    heng_us crowded_us; /* monotonic: when somebody waited last; 0: the memory of that is given back */
    struct clock_watch clock;
    struct site_reload reload;
};

/* --- lines (site_lines.c) ------------------------------------------------------------------------------------- */

/* Make the lines run. database, profiles: borrowed until the end. trouble: a line that cannot run, or is not what was
 * wanted, for the health page; the others run.
 * Errors: those of heng_site_load_lines, ENOMEM. */
HENG_NODISCARD heng_rc site_run_start(struct site_run *site, const char *database, const struct heng_profiles *profiles,
                                      void (*trouble)(void *owner, const char *why), void *owner, struct heng_err *err);

/* End links and timers; the loop has to run until they are gone, then site_run_fini. */
void site_run_stop(struct site_run *site);
void site_run_fini(struct site_run *site);

/* One more line, which does not run yet; NULL: no memory. */
struct running_line *site_run_add(struct site_run *site, int64_t line_id);
/* Let it run by this configuration; let it rest. Its state is told to the writer, and what is under way on it is given
 * up: nothing that people wait for may be (site_wishes_uses). */
void site_run_begin_line(struct site_run *site, struct running_line *line, const struct heng_line_config *config,
                         struct heng_meter_config *meters, size_t count, uint64_t mark);
void site_run_end_line(struct site_run *site, struct running_line *line);

/* NULL: there is none. site_run_line: or it cannot run. */
struct running_line *site_run_known(const struct site_run *site, int64_t line_id);
struct running_line *site_run_line(struct site_run *site, int64_t line_id);

/* Tell the writer; a fact that finds no room is lost with a line in the log, which happens to no fact of a line. token:
 * see heng_writer_put. */
void site_run_put(struct site_run *site, const struct heng_fact *fact, heng_us arrived_us, void *token);

/* --- wishes (site_wishes.c) ------------------------------------------------------------------------------------ */

/* keys: may be NULL; borrowed. Errors: ENOMEM, those of heng_store_reader_open. */
HENG_NODISCARD heng_rc site_wishes_new(struct site_run *site, const char *database,
                                       const struct heng_profiles *profiles, const struct heng_site_keys *keys,
                                       struct site_wishes **ret, struct heng_err *err);
struct heng_desk *site_wishes_desk(struct site_wishes *wishes);

/* heng_writer_events.stored; owner: the wishes. token: of a command and of the end of an order or search, who waits for
 * it (struct heng_wish_slot); of a stage that is none, the line that waits. */
void site_wishes_stored(void *owner, void *token, const struct heng_fact *fact);

/* heng_writer_events.live: reads of a gateway's lines are known to people by the number of their group. */
void site_wishes_live(void *owner, struct heng_live *live, size_t count);

/* The line sends nothing more until site_wishes_stored comes with it. */
void site_wishes_hold(struct site_wishes *wishes, struct running_line *line);
bool site_wishes_holds(struct site_wishes *wishes, const struct running_line *line);

/* Is there anything on this line that somebody waits for: a command, a read? */
bool site_wishes_uses(struct site_wishes *wishes, const struct running_line *line);

/* Once a second: what found no room before. */
void site_wishes_second(struct site_wishes *wishes);

/* Hand commands that were waiting when the program ended to their lines again. */
void site_wishes_resume(struct site_wishes *wishes);

/* Whose job is it? Fills id and command of the fact; the job is forgotten when its stage is an end. Returns who waits
 * for that end to be stored, or NULL. */
struct heng_wish_slot *site_wishes_identify(struct site_wishes *wishes, int64_t job_id, struct heng_order_fact *fact);

/* For the uplink: a command ends here; the line of a read of a group, and that it was refused further down; what an
 * order needs to be sent, which the caller wipes when it is. */
void site_wishes_end(struct site_wishes *wishes, const struct heng_command *command, heng_stage stage, const char *why);
int64_t site_wishes_line_of(const struct site_wishes *wishes, int64_t job_id); /* 0: no such read */
void site_wishes_refused(struct site_wishes *wishes, int64_t job_id, const char *why);
void site_wishes_give_keys(struct site_wishes *wishes, int64_t device_id, struct heng_order *order);

/* When the loop has ended, before the writer does: commands that are stored and did not reach a line are taken back. */
void site_wishes_settle(struct site_wishes *wishes);

/* Nobody may ask any more: who waits is told so, and the loop lets go of it. */
void site_wishes_stop(struct site_wishes *wishes);
void site_wishes_free(struct site_wishes *wishes); /* after the writer's and the API's end; accepts NULL */

#endif
