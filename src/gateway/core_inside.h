#ifndef HENG_GATEWAY_CORE_INSIDE_H
#define HENG_GATEWAY_CORE_INSIDE_H
/* What the files of the heart of a gateway do for each other: core.c (news in, actions out), core_journal.c (what is
 * written, committed, thinned), core_batch.c (what is read for the tier above), core_clock.c, core_config.c,
 * core_orders.c, core_up.c (the tier above), core_children.c, core_below.c (the gateways below), core_pass.c (what only
 * passes through). */
#include "gateway/core_parts.h"

/* --- core_clock.c: the time of ours --- */
void core_clock_start(struct heng_core *core, heng_us now, heng_us wall_us, heng_us newest_us);
void core_clock_see(struct heng_core *core, heng_us now, heng_us wall_us);
/* The tier above is ahead of core_clock_plain by so much. */
void core_clock_above(struct heng_core *core, heng_us now, heng_us by, heng_us error_us);
heng_us core_clock_plain(const struct heng_core *core, heng_us now); /* which may turn back a little */
heng_us core_time(const struct heng_core *core, heng_us now);

/* --- core_journal.c --- */

/* The entry of a body, packed in core->body. Errors: ELIMIT. */
HENG_NODISCARD heng_rc core_entry_of(struct heng_core *core, const struct heng_body *body, heng_us at_us,
                                     struct heng_entry *ret, struct heng_err *err);
/* An own entry, and with it what is to be remembered (name NULL: nothing): both or none of them. While the disk takes
 * nothing: ELIMIT, EIO. */
HENG_NODISCARD heng_rc core_write(struct heng_core *core, heng_us now, const struct heng_entry *entry, const char *name,
                                  struct heng_slice value, struct heng_err *err);
/* The same; while the disk takes nothing it waits in memory, if there is room. */
void core_write_surely(struct heng_core *core, heng_us now, const struct heng_entry *entry, const char *name,
                       struct heng_slice value);
/* An event about ourselves, surely. */
void core_event(struct heng_core *core, heng_us now, heng_gateway_event kind, int64_t value, const char *fmt, ...)
    HENG_PRINTF(5, 6);
/* The entry that tells of numbers of a gateway below that do not come by way of us. Errors: ERANGE: there are none. */
HENG_NODISCARD heng_rc core_gap_entry(struct heng_core *core, heng_us now, const struct heng_spool_maker *gap,
                                      const char *why, struct heng_entry *ret);
/* Something to remember, surely. */
void core_keep(struct heng_core *core, heng_us now, const char *name, struct heng_slice value);
/* The entry of a child, or what we have to say of it, and how far it has come; not written again after a failure: the
 * child has it. */
HENG_NODISCARD heng_rc core_write_passed(struct heng_core *core, heng_us now, const struct heng_entry *entry);
HENG_NODISCARD heng_rc core_keep_passed(struct heng_core *core, heng_us now, const char *name, struct heng_slice value);
/* Own or not, out of an older journal; not written again after a failure: it is read there again. */
HENG_NODISCARD heng_rc core_write_saved(struct heng_core *core, heng_us now, const struct heng_entry *entry);
void core_hurry(struct heng_core *core, heng_us now); /* commit at the next poll */
bool core_commit(struct heng_core *core, heng_us now);
void core_journal_failed(struct heng_core *core, heng_us now, heng_rc rc);
void core_journal_work(struct heng_core *core, heng_us now);
heng_us core_journal_deadline(const struct heng_core *core);
HENG_NODISCARD heng_rc core_journal_open(struct heng_core *core, heng_us now, struct heng_spool_found *ret_found,
                                         struct heng_err *err);
void core_journal_limits(struct heng_core *core, heng_us now); /* those of the configuration, from now on */
void core_pending_fini(struct core_pending *pending);

/* --- core_salvage.c: what is sound of a journal that was set aside --- */
void core_salvage_start(struct heng_core *core, heng_us now);
void core_salvage_stop(struct heng_core *core); /* what was not committed is read again */
void core_salvage_work(struct heng_core *core, heng_us now);
heng_us core_salvage_deadline(const struct heng_core *core);

/* --- core_batch.c --- */
void core_live_note(struct heng_core *core, int64_t device_id, uint64_t seq);
void core_live_scan(struct heng_core *core);
void core_live_clear(struct heng_core *core);
void core_batch_answer(struct heng_core *core, heng_us now); /* what wanted asks for */
void core_batch_live(struct heng_core *core, heng_us now, uint64_t from, uint32_t bytes_max);

/* --- core_config.c --- */
void core_config_load(struct heng_core *core, heng_us now);
void core_config_come(struct heng_core *core, heng_us now, uint64_t version, struct heng_slice bytes);
void core_config_keep(struct heng_core *core, heng_us now); /* into a journal that does not know it */
bool core_config_poll(struct heng_core *core, struct heng_core_action *ret);
void core_config_committed(struct heng_core *core, heng_us now);
uint64_t core_config_child_version(const struct heng_core *core, int64_t gateway_id); /* 0: there is none */
void core_config_fini(struct heng_core *core);

/* --- core_orders.c --- */
void core_orders_load(struct heng_core *core, heng_us now);
void core_orders_keep(struct heng_core *core, heng_us now);
/* As it was remembered in an older journal. */
void core_order_saved(struct heng_core *core, heng_us now, const char *name, struct heng_slice value);
/* Is it for our lines? Else it is seen to. */
bool core_order_come(struct heng_core *core, heng_us now, const struct heng_down_order *order);
/* What to remember when this news is written. False: nothing on disk. */
bool core_order_news(const struct heng_core *core, heng_us now, const struct heng_order_news *news,
                     struct core_order *ret, char ret_name[static 65], uint8_t ret_value[static 32], size_t *ret_n);
void core_order_set(struct heng_core *core, heng_us now, const struct core_order *order);
void core_order_refused(struct heng_core *core, int64_t id);
void core_orders_sweep(struct heng_core *core, heng_us now);

/* --- core_up.c --- */
void core_outcome(struct heng_core *core, heng_us now, heng_outcome_of what, int64_t of, bool taken, const char *fmt,
                  ...) HENG_PRINTF(6, 7);
void core_outcome_pass(struct heng_core *core, heng_us now, const struct heng_down_outcome *outcome);
bool core_up_poll(struct heng_core *core, heng_us now, struct heng_core_action *ret, bool *ret_again);

/* --- core_children.c, core_below.c --- */
void core_nodes_build(struct heng_core *core); /* out of the configuration in force */
struct core_node *core_node_find(struct heng_core *core, int64_t gateway_id);
size_t core_nodes_list(const struct heng_core *core, struct heng_uplink_child *ret);
void core_node_says(struct heng_core *core, int64_t child_id, const struct heng_uplink_child *children, size_t count);
struct core_conn *core_conn_of(struct heng_core *core, int64_t gateway_id); /* welcomed; NULL: not connected */
void core_conn_refuse(struct core_conn *conn, heng_us now, heng_refusal refusal, const char *text);
void core_conn_config(struct heng_core *core, heng_us now, struct core_conn *conn);
void core_children_check(struct heng_core *core, heng_us now);     /* after a new configuration */
void core_children_committed(struct heng_core *core, heng_us now); /* tell them what is stored */
void core_children_drop(struct heng_core *core, heng_us now);      /* the disk takes nothing */
void core_children_work(struct heng_core *core, heng_us now);
bool core_children_poll(struct heng_core *core, heng_us now, struct heng_core_action *ret, bool *ret_again);
heng_us core_children_deadline(const struct heng_core *core);
/* What core->below says; true: it is for the owner. */
bool core_below_heard(struct heng_core *core, heng_us now, struct core_conn *conn, struct heng_core_action *ret);

/* --- core_pass.c: down by a path, up from below --- */
bool core_path_down(struct heng_core *core, const struct heng_path *path, struct heng_path *ret_rest,
                    struct core_conn **ret_conn, char ret_why[static 64]);
void core_pass_ask(struct heng_core *core, heng_us now, uint64_t id, const char *what, const struct heng_path *path);
bool core_pass_tunnel(struct heng_core *core, heng_us now, const struct heng_tunnel_message *message);
void core_pass_tunnel_up(struct heng_core *core, heng_us now, int conn, const struct heng_tunnel_message *message);
void core_pass_answer_up(struct heng_core *core, heng_us now, int conn, uint64_t id, bool last, struct heng_slice text);
void core_pass_tunnel_over(struct heng_core *core, uint64_t id);
void core_pass_enrol_up(struct heng_core *core, heng_us now, int conn, const struct heng_enrol_ask *ask);
void core_pass_enrol_down(struct heng_core *core, heng_us now, const struct heng_enrol_answer *answer);
void core_pass_lost(struct heng_core *core, heng_us now, int conn);        /* a connection from below */
void core_pass_up_lost(struct heng_core *core, heng_us now);               /* the one above */
bool core_pass_poll(struct heng_core *core, struct heng_core_action *ret); /* tunnels of ours that must close */

#endif
