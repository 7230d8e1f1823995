/* heng: one program for the server and its tools. Each sub-command is a file of its own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/cmd/account.h"
#include "app/cmd/apportion.h"
#include "app/cmd/archive.h"
#include "app/cmd/arrears.h"
#include "app/cmd/bench.h"
#include "app/cmd/bill.h"
#include "app/cmd/cash.h"
#include "app/cmd/contract.h"
#include "app/cmd/decode.h"
#include "app/cmd/gateway.h"
#include "app/cmd/import.h"
#include "app/cmd/paper.h"
#include "app/cmd/pay.h"
#include "app/cmd/prepaid.h"
#include "app/cmd/profile.h"
#include "app/cmd/purse.h"
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
#include "app/cmd/verify.h"
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
    {"verify", heng_cmd_verify, "find what was changed behind our back: frames, readings, money, bills"},
    {"seal", heng_cmd_seal, "the newest checkpoint for paper, the key, the proof of one row"},
    {"migrate", heng_cmd_migrate, "bring a database up to date, or say that it is"},
    {"gateway", heng_cmd_gateway, "let boxes in as gateways, see how they are, reach a line of one"},
    {"usage", heng_cmd_usage, "show what was used, explain it down to the frames, close a month"},
    {"event", heng_cmd_event, "tell what happened at a point: a meter exchanged, moved, reset, an amount edited"},
    {"weather", heng_cmd_weather, "days of weather in, and by which base they make degree days"},
    {"read", heng_cmd_read, "read meters of a line, or give them an order, without a database"},
    {"report", heng_cmd_report, "loss, quality of reading, comparison and habits, as tables"},
    {"account", heng_cmd_account, "who pays: open, change, show, close; deposits, transfers, an old system's balances"},
    {"purse", heng_cmd_purse, "money that lies in meters: sell, see orders, decide about those that got stuck"},
    {"contract", heng_cmd_contract, "which account pays for which point by which tariff, from when; moving out and in"},
    {"bill", heng_cmd_bill, "bills: why one says what it says, down to the frames of the meters"},
    {"prepaid", heng_cmd_prepaid, "balances paid in beforehand: sell, refund, charge; warnings, supply off and on"},
    {"arrears", heng_cmd_arrears, "what is owed and for how long, payments, dunning, instalments, write-offs, notices"},
    {"cash", heng_cmd_cash, "a cashier's day: open, close, what it holds, sums; refund, reverse"},
    {"ledger", heng_cmd_ledger, "what was booked for an account, and the proof that all books add up"},
    {"rate", heng_cmd_rate, "what a period costs: usage, contract and tariff in, lines and totals out"},
    {"tariff", heng_cmd_tariff, "check tariffs, and keep them by key and edition for contracts"},
    {"apportion", heng_cmd_apportion, "share the heat of a building over its flats, and what it costs them"},
    {"route", heng_cmd_route, "walk from meter to meter with a list, read them on site, bring a file back"},
    {"paper", heng_cmd_paper, "bills, receipts, statements, lists: as PDF, page, for printers with pins, as .xlsx"},
    {"pay", heng_cmd_pay, "payments through channels and banks: orders, files in and out, refunds, days compared"},
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
