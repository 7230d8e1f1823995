#ifndef HENG_APP_GATEWAY_TUNNEL_H
#define HENG_APP_GATEWAY_TUNNEL_H
/* The fitter's end of a tunnel to a line: bytes between a server's port on this machine and standard input and output,
 * or a pty that a program takes for a serial port. */
#include "base/rc.h"

/* Until one side ends it. pty: where to put a link to the pty, NULL: standard input and output.
 * Errors: EIO, EEXISTS (something else is at that path). */
HENG_NODISCARD heng_rc gateway_tunnel_run(uint16_t port, const char *token, const char *pty, struct heng_err *err);

#endif
