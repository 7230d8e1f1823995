#include "gateway/options.h"

#include <stdio.h>
#include <string.h>

#include "run/options.h"

enum { JOURNAL_MB_MAX = 65536, RHYTHM_S_MAX = 24 * 3600, COMMIT_MS_MAX = 60000 };

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
         "  --commit-ms N         what schedules read is written in groups of so long, to spare the flash; orders\n"
         "                        and reads that somebody waits for are written at once (default: 2000)\n"
         "  --rhythm-s N          a line is silent after three rhythms, and none is shorter than this (default: 60)\n"
         "  --verbose             log more\n\n"
         "Stops cleanly on SIGINT and SIGTERM. Logs to standard error.");
}

static heng_rc check_address(const char *name, const char *address, struct heng_err *err)
{
    char host[128];
    uint16_t port;
    return address ? heng_option_address(name, address, host, sizeof host, &port, err) : HENG_OK;
}

static heng_rc check(struct gateway_options *o, const char *local, struct heng_err *err)
{
    if (!o->directory || !o->directory[0]) return heng_fail(err, HENG_ECONFIG, 0, "--dir is missing");
    heng_rc rc = check_address("listen", o->listen, err);
    if (rc == HENG_OK) rc = check_address("dtu-listen", o->dtu_listen, err);
    for (unsigned i = 0; rc == HENG_OK && i < o->server_count; i++) rc = check_address("server", o->servers[i], err);
    if (rc != HENG_OK) return rc;
    if (!local) return gateway_socket_path(o->directory, o->local, err);
    if (strlen(local) >= sizeof o->local) return heng_fail(err, HENG_ECONFIG, 0, "--local: the path is too long");
    snprintf(o->local, sizeof o->local, "%s", local);
    return HENG_OK;
}

heng_rc gateway_options_read(int argc, char **argv, struct gateway_options *ret, struct heng_err *err)
{
    const char *local = NULL;
    bool help = false;
    const struct heng_option options[] = {
        {"dir", .text = &ret->directory},
        {"server", .text = ret->servers, .text_count = &ret->server_count, .text_max = GATEWAY_SERVERS_MAX},
        {"listen", .text = &ret->listen},
        {"dtu-listen", .text = &ret->dtu_listen},
        {"name", .text = &ret->name},
        {"serial", .text = &ret->serial},
        {"journal-mb", .number = &ret->journal_mb, .number_max = JOURNAL_MB_MAX},
        {"console", .text = &ret->console},
        {"commit-ms", .number = &ret->commit_ms, .number_max = COMMIT_MS_MAX},
        {"rhythm-s", .number = &ret->watch_s, .number_max = RHYTHM_S_MAX},
        {"local", .text = &local},
        {"verbose", .flag = &ret->verbose},
        {"help", .flag = &help},
    };
    *ret = (struct gateway_options){.name = "", .serial = ""};
    heng_rc rc = heng_options_read(argc, argv, options, sizeof options / sizeof options[0], err);
    if (rc != HENG_OK) return rc;
    return help ? HENG_EEXISTS : check(ret, local, err);
}
