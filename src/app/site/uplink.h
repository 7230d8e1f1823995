#ifndef HENG_APP_SITE_UPLINK_H
#define HENG_APP_SITE_UPLINK_H
/* The centre's end of the uplinks: gateways that dial in, what they deliver, what goes down to them. All of it on the
 * loop's thread, but for site_uplink_stored. */
#include "app/site/run.h"
#include "flow/delivery.h"
#include "flow/gateways.h"

struct site_uplink;

/* host "": nobody may dial in. if_gateways: nor may anybody while the site has no gateways. directory: of the site's
 * authority. All are borrowed. */
struct site_uplink_options {
    const char *host;
    uint16_t port;
    bool if_gateways;
    const char *directory, *database;
    const struct heng_profiles *profiles;
};

/* Authority, and gateways as the database knows them: before heng_orders_recover, which forgets who was connected.
 * Errors: those of heng_authority_open and of the store, ENOMEM. */
HENG_NODISCARD heng_rc site_uplink_new(struct site_run *site, const struct site_uplink_options *options,
                                       struct site_uplink **ret, struct heng_err *err);

/* When the writer runs: listen. Errors: those of heng_tls_listen, ELIMIT. */
HENG_NODISCARD heng_rc site_uplink_start(struct site_uplink *uplink, struct heng_err *err);
uint16_t site_uplink_port(const struct site_uplink *uplink);   /* 0: nobody may dial in */
size_t site_uplink_gateways(const struct site_uplink *uplink); /* that there are */

/* Lines, meters or schedules may be others now: every gateway gets the configuration that the database says. */
void site_uplink_changed(struct site_uplink *uplink);

/* heng_writer_events.stored, of the facts that site_uplink_owns. On the writer's thread. */
bool site_uplink_owns(const struct heng_fact *fact);
void site_uplink_stored(struct site_uplink *uplink, void *token, const struct heng_fact *fact);

/* End connections and timers, answer who waits; the loop has to run until they are gone. Free after the writer's end;
 * both accept NULL. */
void site_uplink_stop(struct site_uplink *uplink);
void site_uplink_free(struct site_uplink *uplink);

/* --- wishes (site_wishes.c) ----------------------------------------------------------------------------------------
 */

/* One about a gateway: it is answered. */
void site_uplink_take(struct site_uplink *uplink, struct heng_wish_slot *slot);

/* Is this line read by a gateway? */
bool site_uplink_has_line(struct site_uplink *uplink, int64_t line_id);

/* A read on demand, for the gateway of line_id. Errors: EUNSUPPORTED not connected, EBUSY too much waits. */
HENG_NODISCARD heng_rc site_uplink_read(struct site_uplink *uplink, int64_t line_id, const struct heng_line_job *job,
                                        struct heng_err *err);
void site_uplink_cancel_read(struct site_uplink *uplink, int64_t line_id, int64_t job_id);

/* A command that is stored: it goes down now, or when its gateway connects; again after each connection, for a gateway
 * does one id once. fresh: it never went down before. Errors: EBUSY. */
HENG_NODISCARD heng_rc site_uplink_can_command(struct site_uplink *uplink, const struct heng_command *command,
                                               struct heng_err *err);
HENG_NODISCARD heng_rc site_uplink_command(struct site_uplink *uplink, const struct heng_command *command, bool fresh,
                                           struct heng_err *err);

/* Take command `id` back; false: it is not one for a gateway. Answered when the gateway has said so, or, for one that
 * never left us, when it is stored. */
bool site_uplink_cancel(struct site_uplink *uplink, int64_t id, struct heng_wish_slot *slot);

/* SEARCH and SEARCH_STOP on a line of a gateway. Answered when the gateway has. */
void site_uplink_search(struct site_uplink *uplink, struct heng_wish_slot *slot);

#endif
