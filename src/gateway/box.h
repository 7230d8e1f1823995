#ifndef HENG_GATEWAY_BOX_H
#define HENG_GATEWAY_BOX_H
/* The box: heart, lines, uplink, gateways below, local port and service manager on one loop. */
#include "gateway/options.h"

/* Run until SIGTERM or SIGINT. Errors: what kept it from starting. */
HENG_NODISCARD heng_rc heng_box_run(const struct gateway_options *options, struct heng_err *err);

#endif
