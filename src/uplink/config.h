#ifndef HENG_UPLINK_CONFIG_H
#define HENG_UPLINK_CONFIG_H
/* The configuration of a gateway, packed and unpacked: all that it works by, by version. */
#include "uplink/uplink.h"

/* Shape: texts have room as in model/line.h; names of gateways HENG_NAME_MAX. Versions are above 0. */
enum {
    HENG_CONFIG_BYTES_MAX = HENG_UPLINK_MESSAGE_MAX - 64, /* packed: the rest is for what is around it */
    HENG_CONFIG_LINES_MAX = 64,
    HENG_CONFIG_METERS_MAX = 4096,   /* of a line */
    HENG_CONFIG_SCHEDULES_MAX = 256, /* of a line */
    HENG_CONFIG_RELAYS_MAX = 256,    /* of a line */
    HENG_CONFIG_PROFILES_MAX = 256,
    HENG_CONFIG_PROFILE_BYTES_MAX = 64 * 1024,
    HENG_CONFIG_REVOKED_MAX = 4096,
    HENG_CONFIG_ZONE_NAME_MAX = 64,  /* with NUL, as the next */
    HENG_CONFIG_COMMON_NAME_MAX = 65 /* of a certificate: RFC 5280, ub-common-name */
};

struct heng_config_profile {
    const char *name;
    struct heng_slice json;
};

/* A gateway below: its own configuration is passed on as it is. */
struct heng_config_child {
    int64_t gateway_id;
    const char *common_name, *name;
    struct heng_slice config;
};

/* meters of lines[i]: meters[first[i]] .. meters[first[i + 1] - 1]. lines[].zone, .profiles and meters[].profile are
 * NULL; profile_name says which. */
struct heng_gateway_config {
    uint64_t version;
    const char *name, *time_zone, *above; /* above: see uplink.proto; "", to pack also NULL: the centre */
    const struct heng_line_config *lines;
    const struct heng_meter_config *meters;
    const size_t *first;
    size_t line_count;
    const struct heng_config_profile *profiles;
    size_t profile_count;
    const struct heng_config_child *children;
    size_t child_count;
    const uint64_t *revoked;
    size_t revoked_count;
    int64_t journal_bytes;
    uint32_t journal_days;
};

/* Pack as a Config. *ret is allocated; free() it. What unpack would refuse is refused here, with the same words; but
 * for version 0, of a configuration that is packed only to be compared. Errors: ECONFIG, ELIMIT also over
 * HENG_CONFIG_BYTES_MAX, ENOMEM. */
HENG_NODISCARD heng_rc heng_config_pack(const struct heng_gateway_config *config, uint8_t **ret, size_t *ret_n,
                                        struct heng_err *err);

/* Everything unpacked lives in *ret_memory, until heng_config_free of it. What it says is compared with tables and
 * limits, ids are > 0 and unique, references found; whether it can run is for the lines to say.
 * Errors: EFORMAT, ECONFIG (the text names the item), ELIMIT, ENOMEM. */
HENG_NODISCARD heng_rc heng_config_unpack(struct heng_slice bytes, struct heng_gateway_config *ret, void **ret_memory,
                                          struct heng_err *err);
void heng_config_free(void *memory);

#endif
