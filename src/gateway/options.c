#include "gateway/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "link/link.h"

enum { JOURNAL_MB_MAX = 65536 };

heng_rc gateway_socket_path(const char *directory, char ret[static GATEWAY_PATH_MAX], struct heng_err *err)
{
    int n = snprintf(ret, GATEWAY_PATH_MAX, "%s/heng-gateway.sock", directory);
    if (n > 0 && n < GATEWAY_PATH_MAX) return HENG_OK;
    return heng_fail(err, HENG_ELIMIT, 0, "the folder's name is too long for a socket: use --local PATH");
}

void gateway_options_help(void)
{
    puts("usage: heng-gateway run --dir DIR [OPTION...]\n\n"
         "Reads the lines of its configuration, keeps everything in DIR, delivers it to the server above.\n\n"
         "  --dir DIR             journal, keys and socket (made when missing, for the owner only)\n"
         "  --server HOST:PORT    the server or gateway above; twice: the second is used when the first is away;\n"
         "                        none: works by an imported configuration and keeps what it reads\n"
         "  --listen ADDR:PORT    where gateways below dial in (once this one is enrolled)\n"
         "  --dtu-listen ADDR:PORT  where DTUs dial in\n"
         "  --name TEXT           how it introduces itself when it is enrolled\n"
         "  --serial TEXT         number on the box, shown to who accepts it\n"
         "  --journal-mb N        size of the journal, unless the configuration says another (default: 64)\n"
         "  --local PATH          socket for status, read and so on (default: DIR/heng-gateway.sock)\n"
         "  --console DEVICE      a serial or USB port with the same words for people (/dev/ttyGS0)\n"
         "  --verbose             log more\n\n"
         "Stops cleanly on SIGINT and SIGTERM. Logs to standard error.");
}

static heng_rc check_address(const char *option, const char *address, struct heng_err *err)
{
    char host[128], port[8];
    if (!address || heng_endpoint_split(address, host, sizeof host, port, sizeof port, NULL) == HENG_OK) return HENG_OK;
    return heng_fail(err, HENG_ECONFIG, 0, "%s '%.60s' is not an address: write host:port", option, address);
}

static heng_rc check(struct gateway_options *o, struct heng_err *err)
{
    if (!o->directory || !o->directory[0]) return heng_fail(err, HENG_ECONFIG, 0, "--dir is missing");
    heng_rc rc = check_address("--listen", o->listen, err);
    if (rc == HENG_OK) rc = check_address("--dtu-listen", o->dtu_listen, err);
    for (unsigned i = 0; rc == HENG_OK && i < o->server_count; i++) rc = check_address("--server", o->servers[i], err);
    if (rc == HENG_OK && !o->local[0]) rc = gateway_socket_path(o->directory, o->local, err);
    return rc;
}

static heng_rc take(int option, struct gateway_options *o, struct heng_err *err)
{
    switch (option) {
    case 'd': o->directory = optarg; return HENG_OK;
    case 's':
        if (o->server_count == GATEWAY_SERVERS_MAX)
            return heng_fail(err, HENG_ECONFIG, 0, "at most %d servers", GATEWAY_SERVERS_MAX);
        o->servers[o->server_count++] = optarg;
        return HENG_OK;
    case 'l': o->listen = optarg; return HENG_OK;
    case 't': o->dtu_listen = optarg; return HENG_OK;
    case 'n': o->name = optarg; return HENG_OK;
    case 'e': o->serial = optarg; return HENG_OK;
    case 'c': o->console = optarg; return HENG_OK;
    case 'v': o->verbose = true; return HENG_OK;
    case 'h': return HENG_EEXISTS;
    case 'j': {
        char *end;
        unsigned long mb = strtoul(optarg, &end, 10);
        if (*end || mb < 1 || mb > JOURNAL_MB_MAX)
            return heng_fail(err, HENG_ECONFIG, 0, "--journal-mb '%.20s' is not a number from 1 to %d", optarg,
                             JOURNAL_MB_MAX);
        o->journal_mb = (unsigned)mb;
        return HENG_OK;
    }
    case 'p':
        if (strlen(optarg) >= sizeof o->local) return heng_fail(err, HENG_ECONFIG, 0, "--local: the path is too long");
        snprintf(o->local, sizeof o->local, "%s", optarg);
        return HENG_OK;
    }
    return heng_fail(err, HENG_ECONFIG, 0, "%s is no option, or needs a value", optarg ? optarg : "this");
}

heng_rc gateway_options_read(int argc, char **argv, struct gateway_options *ret, struct heng_err *err)
{
    static const struct option options[] = {{"dir", required_argument, NULL, 'd'},
                                            {"server", required_argument, NULL, 's'},
                                            {"listen", required_argument, NULL, 'l'},
                                            {"dtu-listen", required_argument, NULL, 't'},
                                            {"name", required_argument, NULL, 'n'},
                                            {"serial", required_argument, NULL, 'e'},
                                            {"journal-mb", required_argument, NULL, 'j'},
                                            {"console", required_argument, NULL, 'c'},
                                            {"local", required_argument, NULL, 'p'},
                                            {"verbose", no_argument, NULL, 'v'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    int option;
    *ret = (struct gateway_options){.name = "", .serial = ""};
    while ((option = getopt_long(argc, argv, ":", options, NULL)) != -1) {
        if (option == ':') return heng_fail(err, HENG_ECONFIG, 0, "%.60s needs a value", argv[optind - 1]);
        if (option == '?') return heng_fail(err, HENG_ECONFIG, 0, "%.60s is not an option", argv[optind - 1]);
        heng_rc rc = take(option, ret, err);
        if (rc != HENG_OK) return rc;
    }
    if (optind < argc) return heng_fail(err, HENG_ECONFIG, 0, "what is '%.60s'?", argv[optind]);
    return check(ret, err);
}
