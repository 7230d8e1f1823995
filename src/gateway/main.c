/* heng-gateway: the concentrator or collector in a building. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "gateway/box.h"
#include "gateway/local.h"
#include "gateway/options.h"

static void print_help(FILE *out)
{
    fprintf(out,
            "heng-gateway %s: reads meters on site, keeps everything, delivers it once\n\n"
            "usage: heng-gateway run --dir DIR [OPTION...]     the service; see heng-gateway run --help\n\n"
            "and, on the same box, with or without a server:\n"
            "  heng-gateway status                  the gateway, its lines and the gateways below\n"
            "  heng-gateway code                    the enrolment code\n"
            "  heng-gateway read [METER]            read now: its number, address or id; none: all\n"
            "  heng-gateway scan LINE KIND          look for meters; KIND: mbus-secondary, mbus-primary, cjt188,\n"
            "                                       dlt645-2007, dlt645-1997, modbus-rtu\n"
            "  heng-gateway stop LINE               end the search of a line\n"
            "  heng-gateway log                     the newest lines of the log\n"
            "  heng-gateway export list FILE        the route list with all settings, for a handheld or another box\n"
            "  heng-gateway export entries FILE     what was read, for the centre; --from 2026-11-20, --days N\n"
            "  heng-gateway import FILE             a configuration, or readings made by hand\n"
            "  --dir DIR                            of the gateway (default: /var/lib/heng-gateway)\n"
            "  --local PATH                         its socket, when it is elsewhere\n"
            "  --json                               as it comes, a line of JSON each\n",
            HENG_VERSION);
}

static int run(int argc, char **argv)
{
    static struct gateway_options options;
    struct heng_err err = {.text = ""};
    heng_rc rc = gateway_options_read(argc, argv, &options, &err);
    if (rc == HENG_EEXISTS) {
        gateway_options_help();
        return EXIT_SUCCESS;
    }
    if (rc != HENG_OK) {
        fprintf(stderr, "heng-gateway run: %s; see heng-gateway run --help\n", err.text);
        return GATEWAY_EXIT_USAGE;
    }
    if (options.verbose) heng_log_set_level(HENG_LOG_DEBUG);
    rc = heng_box_run(&options, &err);
    if (rc != HENG_OK) fprintf(stderr, "heng-gateway run: %s\n", err.text);
    return rc == HENG_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    static const char *const words[] = {"status", "code", "read", "scan", "stop", "log", "export", "import"};
    umask(0077); /* what we write tells how people live: for the owner only */
    if (argc < 2) {
        print_help(stderr);
        return GATEWAY_EXIT_USAGE;
    }
    if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0) {
        print_help(stdout);
        return EXIT_SUCCESS;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("heng-gateway %s\n", HENG_VERSION);
        return EXIT_SUCCESS;
    }
    if (strcmp(argv[1], "run") == 0) return run(argc - 1, argv + 1);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(argv[1], words[i]) == 0) return heng_local_client(argc - 1, argv + 1);
    fprintf(stderr, "heng-gateway: '%s' is not a command; see heng-gateway help\n", argv[1]);
    return GATEWAY_EXIT_USAGE;
}
