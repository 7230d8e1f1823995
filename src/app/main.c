/* heng: one program for the server and its tools. Each sub-command is a file of its own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/cmd/apportion.h"
#include "app/cmd/archive.h"
#include "app/cmd/bench.h"
#include "app/cmd/decode.h"
#include "app/cmd/gateway.h"
#include "app/cmd/import.h"
#include "app/cmd/profile.h"
#include "app/cmd/rate.h"
#include "app/cmd/read.h"
#include "app/cmd/report.h"
#include "app/cmd/route.h"
#include "app/cmd/scan.h"
#include "app/cmd/send.h"
#include "app/cmd/serve.h"
#include "app/cmd/store.h"
#include "app/cmd/tariff.h"
#include "app/cmd/usage.h"
#include "app/cmd/weather.h"
#include "app/options.h"

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *what;
} commands[] = {
    {"serve", heng_cmd_serve, "read the meters, keep the readings, show the console"},
    {"archive", heng_cmd_archive, "places, meters and who manages them: sheets in and out, search, move, copy, close"},
    {"import", heng_cmd_import, "put places, lines and meters from a file into the database"},
    {"backup", heng_cmd_backup, "write the whole database to one file while it is at work"},
    {"restore", heng_cmd_restore, "make a new database from such a file, on either engine"},
    {"migrate", heng_cmd_migrate, "bring a database up to date, or say that it is"},
    {"gateway", heng_cmd_gateway, "let boxes in as gateways, see how they are, reach a line of one"},
    {"usage", heng_cmd_usage, "show what was used, explain it down to the frames, close a month"},
    {"event", heng_cmd_event, "tell what happened at a point: a meter exchanged, moved, reset, an amount edited"},
    {"weather", heng_cmd_weather, "days of weather in, and by which base they make degree days"},
    {"read", heng_cmd_read, "read meters of a line, or give them an order, without a database"},
    {"report", heng_cmd_report, "loss, quality of reading, comparison and habits, as tables"},
    {"rate", heng_cmd_rate, "what a period costs: usage, contract and tariff in, lines and totals out"},
    {"tariff", heng_cmd_tariff, "check tariffs: overlaps, gaps, steps that nothing reaches"},
    {"apportion", heng_cmd_apportion, "share the heat of a building over its flats, and what it costs them"},
    {"route", heng_cmd_route, "walk from meter to meter with a list, read them on site, bring a file back"},
    {"scan", heng_cmd_scan, "find the meters of a line, its protocol and its speed"},
    {"send", heng_cmd_send, "send raw bytes to a line and explain what comes back"},
    {"decode", heng_cmd_decode, "decode meter frames from hex to JSON, or explain them byte by byte"},
    {"profile", heng_cmd_profile, "check, list and show meter profiles"},
    {"bench", heng_cmd_bench, "measure how fast frames are decoded"},
};

static void print_help(FILE *out)
{
    fprintf(out, "heng %s: remote metering from the bus to the bill\n\nusage: heng COMMAND [OPTION...]\n\n",
            HENG_VERSION);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        fprintf(out, "  %-9s %s\n", commands[i].name, commands[i].what);
    fprintf(out, "\n'heng COMMAND --help' tells the options of a command; 'heng --version' the version.\n");
}

int main(int argc, char **argv)
{
    umask(0077); /* what we write tells how people live: for the owner only */
    if (argc < 2) {
        print_help(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return EXIT_SUCCESS;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("heng %s\n", HENG_VERSION);
        return EXIT_SUCCESS;
    }
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(argv[1], commands[i].name) == 0) return commands[i].run(argc - 1, argv + 1);
    fprintf(stderr, "heng: '%s' is not a command; see heng --help\n", argv[1]);
    return EXIT_USAGE;
}
