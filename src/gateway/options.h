#ifndef HENG_GATEWAY_OPTIONS_H
#define HENG_GATEWAY_OPTIONS_H
/* What heng-gateway is told on its command line. */
#include <stdbool.h>
#include <stdint.h>

#include "base/rc.h"

enum { GATEWAY_SERVERS_MAX = 2, GATEWAY_PATH_MAX = 100, GATEWAY_EXIT_USAGE = 2 };

/* Addresses: host:port; NULL where there is none. local: path of the socket; directory/heng-gateway.sock by itself. */
struct gateway_options {
    const char *directory, *servers[GATEWAY_SERVERS_MAX], *listen, *dtu_listen, *name, *serial, *console;
    unsigned server_count, journal_mb;
    bool verbose;
    char local[GATEWAY_PATH_MAX];
    unsigned commit_ms; /* how long entries wait for others before they are written; 0: the usual */
    unsigned watch_s;   /* the least rhythm that silence is reckoned by (heng_lines_watch); 0: the usual */
};

/* The options of `run`. Errors: ECONFIG: the text is for a person; EEXISTS: help was asked for. */
HENG_NODISCARD heng_rc gateway_options_read(int argc, char **argv, struct gateway_options *ret, struct heng_err *err);
void gateway_options_help(void);

/* directory/heng-gateway.sock. Errors: ELIMIT: a socket's path is shorter. */
HENG_NODISCARD heng_rc gateway_socket_path(const char *directory, char ret[static GATEWAY_PATH_MAX],
                                           struct heng_err *err);

#endif
