#ifndef HENG_RUN_BUS_H
#define HENG_RUN_BUS_H
/* A line on its link, on a libuv loop: carries bytes and time between the two and hands everything else to its owner.
 * For serve and for the tools of a fitter. All calls and events happen on the loop's thread. */
#include "line/line.h"
#include "link/link.h"

struct heng_bus;

struct heng_bus_events {
    void *owner;
    /* RESULT, FOUND, SEARCHED or STATUS; borrowed during the call. Times are still monotonic. */
    void (*action)(void *owner, struct heng_bus *bus, const struct heng_line_action *action);
    /* Can the owner take another action? brings: a request is under way, and what comes of it. Once it said no the line
     * rests until the owner pumps it. NULL: always. */
    bool (*has_room)(void *owner, bool brings);
};

/* Errors: those of heng_line_new and heng_link_open. When only the link cannot be had *ret is set all the same and the
 * line runs as DOWN with the reason. */
HENG_NODISCARD heng_rc heng_bus_open(uv_loop_t *loop, struct heng_dtu_listener *listener,
                                     const struct heng_line_config *config, const struct heng_meter_config *meters,
                                     size_t meter_count, struct heng_bus_events events, struct heng_bus **ret,
                                     struct heng_err *err);

/* The same by another clock than the system's: at this moment it is wall_us. */
HENG_NODISCARD heng_rc heng_bus_open_by(uv_loop_t *loop, struct heng_dtu_listener *listener,
                                        const struct heng_line_config *config, const struct heng_meter_config *meters,
                                        size_t meter_count, heng_us wall_us, struct heng_bus_events events,
                                        struct heng_bus **ret, struct heng_err *err);

/* For submit, cancel, search; call heng_bus_pump after it. */
struct heng_line *heng_bus_line(struct heng_bus *bus);
void heng_bus_pump(struct heng_bus *bus);

/* Take the line off its link: it is DOWN for the reason why until heng_bus_connect makes a new link. What waits goes on
 * waiting. Between the two the place at the converter, DTU or port is free for somebody else. */
void heng_bus_disconnect(struct heng_bus *bus, const char *why);
HENG_NODISCARD heng_rc heng_bus_connect(struct heng_bus *bus, const struct heng_line_config *config,
                                        struct heng_err *err);

/* End the link and the timer; the memory goes when the loop has let both go. No event comes after this call. */
void heng_bus_close(struct heng_bus *bus);

heng_us heng_bus_to_wall(heng_us mono);

#endif
