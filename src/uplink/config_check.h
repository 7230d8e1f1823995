#ifndef HENG_UPLINK_CONFIG_CHECK_H
#define HENG_UPLINK_CONFIG_CHECK_H
/* The laws of a gateway's configuration: what is packed obeys them, and what was unpacked. */
#include "base/arena.h"
#include "uplink/config.h"

/* arena: for lists of ids; they stay in it. Errors: ECONFIG, ELIMIT, with the item in the text; ENOMEM. */
HENG_NODISCARD heng_rc heng_config_check(const struct heng_gateway_config *config, struct heng_arena *arena,
                                         struct heng_err *err);

#endif
