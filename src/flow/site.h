#ifndef HENG_FLOW_SITE_H
#define HENG_FLOW_SITE_H
/* A site as described by people (keys and names) into the database, and the lines to run out of it. */
#include "store/store.h"

/* Texts are borrowed; NULL means "". */
struct heng_site_place {
    const char *key, *parent; /* parent: key of a place further up in the list or in the database, "" for a root */
    const char *kind, *name;
    int64_t area_cm2;
};

/* A concentrator or collector. journal_mb, journal_days: how much of the past it keeps, 0: the usual. */
struct heng_site_gateway {
    const char *key, *name;
    const char *parent; /* key of the gateway above it, further up in the list or in the database, "" for the centre */
    int64_t journal_mb, journal_days;
};

struct heng_site_line {
    const char *key, *name;
    const char *gateway;                          /* key of the one that reads it, "" or NULL: we do */
    const char *transport, *endpoint, *heartbeat; /* as in struct heng_line_config */
    const char *parity;                           /* "E", "N" or "O" */
    int64_t baud, latency_ms, period_s;
    const char *rts, *overload; /* "" or NULL for none */
    int64_t heartbeat_s, wake_byte, wake_ms, wake_rest_ms, wake_after_s, quarantine_after;
    bool infrared, single_reads;
};

/* A collector or repeater of a line. open, open_answer: hex. */
struct heng_site_relay {
    const char *key, *line;
    const char *parent; /* key of a relay further up in the list or in the database, "" for the line itself */
    const char *open, *open_answer;
    int64_t delay_ms, hold_ms;
    bool stores;
};

/* Found again by number and manufacturer. */
struct heng_site_meter {
    const char *number, *manufacturer;
    const char *line;  /* key of a line */
    const char *place; /* key of a place */
    const char *protocol, *address, *medium;
    const char *profile;          /* the meter model */
    const char *schedule, *relay; /* keys; "" or NULL: the period of the line; the line itself */
    int64_t position;             /* along the cable, 0: not known */
};

struct heng_site {
    const char *name, *time_zone; /* "" leaves what is there */
    const struct heng_site_place *places;
    const struct heng_site_line *lines;
    const struct heng_site_meter *meters;
    size_t place_count, line_count, meter_count;
    const struct heng_schedule *schedules; /* checked by line/schedule.h; id is ignored */
    const struct heng_site_relay *relays;
    size_t schedule_count, relay_count;
    const struct heng_site_gateway *gateways;
    size_t gateway_count;
};

struct heng_site_applied {
    size_t places, lines, meters, gateways;
};

/* Bring the database to the description, in one transaction: what is new is made, what differs is changed, what is not
 * mentioned stays. Applying the same twice changes nothing.
 * Errors: ECONFIG, ECONFLICT (the text names the item: "meter '123': ..."), EIO, ELIMIT: nothing is applied. */
HENG_NODISCARD heng_rc heng_site_apply(struct heng_store *store, const struct heng_site *site, heng_us at_us,
                                       struct heng_site_applied *ret, struct heng_err *err);

/* Lines to run, by id, and their meters: those of lines[i] are meters[first[i]] .. meters[first[i + 1] - 1].
 * Owns: the arrays, until heng_site_lines_fini. */
struct heng_site_lines {
    struct heng_line_config *lines;
    struct heng_meter_config *meters;
    size_t *first; /* line_count + 1 entries */
    size_t line_count, meter_count;
    struct heng_schedule *schedules; /* of all lines, those of a line together */
    struct heng_relay_config *relays;
};

/* Meters get the profile of their name out of profiles, which outlive *ret; one that is not there leaves profile NULL
 * and profile_name as configured. profiles NULL: no meter gets one.
 * Errors: EIO, ENOMEM. *ret must be zero or finished. */
struct heng_profiles;
/* Those that we run ourselves, as they were at one moment. */
HENG_NODISCARD heng_rc heng_site_load_lines(struct heng_store_reader *reader, const struct heng_profiles *profiles,
                                            struct heng_site_lines *ret, struct heng_err *err);
/* Those of a gateway; in a transaction that is open, also the writer's. */
HENG_NODISCARD heng_rc heng_site_load_gateway_lines(struct heng_store_reader *reader, int64_t gateway_id,
                                                    const struct heng_profiles *profiles, struct heng_site_lines *ret,
                                                    struct heng_err *err);
void heng_site_lines_fini(struct heng_site_lines *lines);

#endif
