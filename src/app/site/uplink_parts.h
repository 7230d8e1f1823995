#ifndef HENG_APP_SITE_UPLINK_PARTS_H
#define HENG_APP_SITE_UPLINK_PARTS_H
/* What the files of the uplink do for each other. All on the loop's thread, but for uplink_come_back. */
#include "app/site/uplink_inside.h"

/* --- site_uplink.c ---------------------------------------------------------------------------------------------- */

struct seat *uplink_seat(const struct site_uplink *uplink, int64_t gateway_id); /* NULL: no such gateway */
heng_rc uplink_add_seat(struct site_uplink *uplink, const struct heng_gateway *gateway, struct seat **ret,
                        struct heng_err *err);
struct session *uplink_session(const struct site_uplink *uplink, uint64_t number); /* NULL: it is gone */

/* Is this gateway the one at the end of the connection, or one below it? What is said of others is not heard. */
bool uplink_speaks_for(const struct session *session, int64_t gateway_id);

/* Let out what the host has to say, and hear what the gateway said. The session may be gone after it. */
void uplink_pump(struct session *session);
void uplink_host_of(const char *address, char *ret, size_t cap); /* without its port */
void uplink_refuse(struct session *session, heng_refusal refusal, uint32_t retry_s, const char *why);

/* Welcome it if all that its former connection brought is stored. */
void uplink_try_welcome(struct session *session);

/* Make sure that the gateway and those above it have the configuration that the database says. */
void uplink_config_changed(struct site_uplink *uplink, int64_t gateway_id);

/* A note for the writer that comes back; free it with uplink_drop. Errors: NULL: no memory. */
struct told *uplink_told(struct site_uplink *uplink, told_kind kind);
void uplink_drop(struct told *told);
void uplink_come_back(struct told *told); /* on the writer's thread */

void uplink_answer(struct site_uplink *uplink, struct heng_wish_slot *slot, const struct heng_receipt *receipt,
                   heng_rc rc, const char *why);

/* --- site_uplink_deliver.c ---------------------------------------------------------------------------------------- */

void uplink_take_batch(struct session *session, struct heng_slice bytes, bool live);
void uplink_delivered(struct site_uplink *uplink, const struct told *told);
void uplink_give_turns(struct site_uplink *uplink);
void uplink_forget_waiting(struct session *session);

/* --- site_uplink_status.c ----------------------------------------------------------------------------------------- */

/* Does the way up from this gateway lead past that one? */
bool uplink_is_below(const struct site_uplink *uplink, const struct seat *seat, int64_t above_id);
void uplink_note_hello(struct seat *seat, const struct heng_hello *hello);
void uplink_note_ping(struct seat *seat, const struct heng_ping *ping);
void uplink_note_connected(struct site_uplink *uplink, struct seat *seat, bool connected);
void uplink_event(struct site_uplink *uplink, int64_t gateway_id, int64_t line_id, heng_gateway_event kind,
                  int64_t value, const char *detail);
/* The same, once a minute of who. */
void uplink_event_of(struct site_uplink *uplink, const char *who, int64_t gateway_id, heng_gateway_event kind,
                     const char *detail);
void uplink_tell_second(struct site_uplink *uplink);

/* --- site_uplink_enrol.c ------------------------------------------------------------------------------------------ */

void uplink_enrol(struct session *session, const struct heng_enrol_ask *ask);
void uplink_renew(struct session *session, struct heng_slice request);
/* One of ours below another gateway asks again, with the key that a person has let in: its certificate ends soon. That
 * key alone can use what is signed, so whoever passes it on gains nothing
 * (docs/decisions/0009-what-the-code-proves.md). False: its certificate is good for long, or it is not ours to renew.
 */
bool uplink_renew_below(struct session *session, const struct heng_enrolment *asks);
void uplink_take_enrolment(struct site_uplink *uplink, struct heng_wish_slot *slot);
void uplink_take_revoke(struct site_uplink *uplink, struct heng_wish_slot *slot);
void uplink_enrolled(struct site_uplink *uplink, struct told *told);
void uplink_revoked(struct site_uplink *uplink, struct told *told);
void uplink_renewed(struct site_uplink *uplink, struct told *told);

/* --- site_uplink_orders.c ----------------------------------------------------------------------------------------- */

/* The connection that leads to a line, and the way from there. Errors: ENOTFOUND no such line, or it is ours;
 * EUNSUPPORTED: its gateway is not connected. */
HENG_NODISCARD heng_rc uplink_way(struct site_uplink *uplink, int64_t line_id, struct session **ret,
                                  struct heng_path *ret_path, struct heng_err *err);
HENG_NODISCARD heng_rc uplink_way_to(struct site_uplink *uplink, int64_t gateway_id, struct session **ret,
                                     struct heng_path *ret_path, struct heng_err *err);
/* A gateway is there, or there again: what has not ended of its commands goes down. */
void uplink_send_commands(struct site_uplink *uplink, int64_t gateway_id);
void uplink_orders_second(struct site_uplink *uplink);
void uplink_searches_stored(struct site_uplink *uplink); /* as far as the database has them now */
void uplink_outcome(struct session *session, const struct heng_down_outcome *outcome);
void uplink_take_answer(struct session *session, uint64_t id, bool last, struct heng_slice text);
void uplink_take_ask(struct site_uplink *uplink, struct heng_wish_slot *slot);
void uplink_forget_answers(struct site_uplink *uplink, const struct session *session, const char *why);

/* --- site_uplink_tunnel.c ----------------------------------------------------------------------------------------- */

void uplink_take_tunnel(struct site_uplink *uplink, struct heng_wish_slot *slot);
void uplink_tunnel_outcome(struct session *session, const struct heng_down_outcome *outcome);
void uplink_tunnel_message(struct session *session, const struct heng_tunnel_message *message);
void uplink_tunnels_second(struct site_uplink *uplink);
void uplink_tunnels_end(struct site_uplink *uplink, const struct session *session, const char *why); /* NULL: all */

#endif
