#ifndef HENG_FLOW_GATEWAYS_H
#define HENG_FLOW_GATEWAYS_H
/* Gateways as people and the uplink see them: the tree, their configuration out of the database, enrolment. */
#include "store/gateways.h"
#include "uplink/config.h"

struct heng_profiles;

/* One gateway of the tree, with what hangs on it. refused: entries that were set aside. */
struct heng_gateway_row {
    struct heng_gateway gateway;
    struct heng_gateway_status status;
    int64_t lines, meters, refused;
    heng_us last_event_us;
    uint64_t missing; /* numbers of its journals that never came, not declared gone */
};

/* At most cap of those with ids > after, the lowest ones; parents before their children. The next page is after the
 * highest id of this one. Errors: ENOMEM and those of the store. */
HENG_NODISCARD heng_rc heng_view_gateways(struct heng_store_reader *reader, int64_t after, struct heng_gateway_row *ret,
                                          size_t cap, size_t *ret_n, struct heng_err *err);
HENG_NODISCARD heng_rc heng_view_gateway(struct heng_store_reader *reader, int64_t id, struct heng_gateway_row *ret,
                                         struct heng_err *err);

/* The configuration of a gateway and of all below it, packed (uplink/config.h); a new version if it differs from the
 * one before. What was learned of its meters is in it, for a box that is new, and makes no new version. A profile that
 * is not in profiles is left out: the meter says who it is. In an open transaction. *ret is allocated; free() it.
 * Errors: ENOTFOUND, ECONFIG, ELIMIT, EIO, ENOMEM. */
HENG_NODISCARD heng_rc heng_gateway_config_build(struct heng_store *store, int64_t gateway_id,
                                                 const struct heng_profiles *profiles, heng_us now_us, uint8_t **ret,
                                                 size_t *ret_n, uint64_t *ret_version, struct heng_err *err);

/* The gateways from the one that is connected to us (first in ret) down to the one of this line. n 0: the line is ours.
 * Errors: ENOTFOUND, ELIMIT (deeper than the path can be). */
HENG_NODISCARD heng_rc heng_gateway_path(struct heng_store_reader *reader, int64_t gateway_id,
                                         int64_t ret[static HENG_UPLINK_PATH_MAX], size_t *ret_n, struct heng_err *err);

#endif
