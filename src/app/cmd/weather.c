/* heng weather: days of weather into the database, which heat is compared, shared and estimated by. */
#include "app/cmd/weather.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/weather_sheet.h"
#include "app/options.h"
#include "store/write.h"
#include "usage/quality.h"
#include "vee/derive.h"

static const char command[] = "weather";
enum { PAGE = 256, FAULTS_MAX = 100 };

static const char help[] =
    "usage: heng weather import FILE --station NAME [--language zh|en|de] [--data DIR]\n"
    "       heng weather list   [--station NAME [--from DAY] [--to DAY]] [--data DIR]\n"
    "       heng weather use    --station NAME [--base BASE] [--data DIR]\n\n"
    "FILE is .xlsx or .csv; its first row names the columns date, mean temperature (degrees Celsius) and, where they "
    "are\n"
    "told, degree days. It is taken as a whole or not at all; taken twice it changes nothing. 'use' says which "
    "station\n"
    "the site goes by, and how degree days come from mean temperatures: BASE is 18 (HDD18, as by default) or 20/15\n"
    "(Gradtagzahl), or other degrees. DAY is 2026-03-01; --to is not included. import and use need the database for\n"
    "themselves: while 'heng serve' runs, use its interface. Exit status: 0 good, 1 it failed, 2 wrong usage.\n";

struct asked {
    const char *what, *file, *station, *base, *data, *language;
    heng_day from, to;
};

static bool print_fault(void *ctx, const char *text)
{
    size_t *told = ctx;
    fprintf(stderr, "%s\n", text);
    return ++*told < FAULTS_MAX;
}

static heng_rc take_days(const struct asked *a, const struct heng_weather_told *days, size_t n, struct heng_err *err)
{
    char name[DATA_PATH_MAX];
    struct heng_store *store = NULL;
    size_t changed = 0;
    heng_rc rc = heng_data_open(a->data, name, &store, err);
    if (rc == HENG_OK) rc = heng_store_begin(store, err);
    if (rc == HENG_OK) rc = heng_usage_take_weather(store, a->station, days, n, &changed, err);
    if (rc == HENG_OK) rc = heng_store_commit(store, err);
    heng_store_close(store);
    if (rc == HENG_OK) printf("%zu days, %zu of them new or changed\n", n, changed);
    return rc;
}

static heng_rc import(const struct asked *a, struct heng_err *err)
{
    struct heng_sheet *sheet = NULL;
    struct heng_weather_told *days = NULL;
    struct heng_sheet_locale locale = heng_sheet_locale_of(a->language);
    size_t n = 0, faults = 0, told = 0;
    heng_rc rc = heng_sheet_open(a->file, NULL, &sheet, err);
    if (rc == HENG_OK) rc = heng_weather_sheet_read(sheet, locale, print_fault, &told, &days, &n, &faults, err);
    heng_sheet_close(sheet);
    if (rc == HENG_OK && faults)
        rc = heng_fail(err, HENG_EFORMAT, 0, "%zu cells of '%.80s' are wrong: nothing was taken", faults, a->file);
    if (rc == HENG_OK) rc = take_days(a, days, n, err);
    free(days);
    return rc;
}

static heng_rc print_stations(struct heng_store_reader *reader, struct heng_err *err)
{
    struct heng_station_row rows[16];
    char after[HENG_KEY_MAX] = "", first[HENG_DATE_TEXT_MAX], last[HENG_DATE_TEXT_MAX];
    heng_rc rc = HENG_OK;
    for (size_t n = 16; rc == HENG_OK && n == 16;) {
        rc = heng_store_list_stations(reader, after, rows, 16, &n, err);
        for (size_t i = 0; rc == HENG_OK && i < n; i++) {
            heng_date_format(rows[i].first, first);
            heng_date_format(rows[i].last, last);
            printf("%s  %lld days  %s .. %s\n", rows[i].station, (long long)rows[i].days, first, last);
            memcpy(after, rows[i].station, sizeof after);
        }
    }
    return rc;
}

static void print_tenths(int64_t value)
{
    struct heng_dec dec = {value, -1};
    char text[HENG_DEC_TEXT_MAX];
    heng_dec_format(dec, text);
    printf("  %8s", text);
}

static heng_rc print_days(struct heng_store_reader *reader, const struct asked *a, struct heng_err *err)
{
    static struct heng_weather_row rows[PAGE];
    heng_rc rc = HENG_OK;
    heng_day from = a->from;
    for (size_t n = PAGE; rc == HENG_OK && n == PAGE;) {
        rc = heng_store_list_weather(reader, a->station, from, a->to, rows, PAGE, &n, err);
        for (size_t i = 0; rc == HENG_OK && i < n; i++) {
            char date[HENG_DATE_TEXT_MAX];
            from = rows[i].day + 1;
            heng_date_format(rows[i].day, date);
            fputs(date, stdout);
            print_tenths(rows[i].weather.outdoor_dc);
            print_tenths(rows[i].weather.degree_dk);
            puts(rows[i].weather.computed ? "  by the base" : "  told");
        }
    }
    return rc;
}

static heng_rc list(const struct asked *a, struct heng_err *err)
{
    char name[DATA_PATH_MAX];
    struct heng_store_reader *reader = NULL;
    heng_rc rc = heng_data_name(a->data, name, err);
    if (rc == HENG_OK) rc = heng_store_reader_open(name, &reader, err);
    if (rc == HENG_OK) rc = a->station ? print_days(reader, a, err) : print_stations(reader, err);
    heng_store_reader_close(reader);
    return rc;
}

static heng_rc use(const struct asked *a, struct heng_err *err)
{
    char name[DATA_PATH_MAX];
    struct heng_store *store = NULL;
    heng_rc rc = heng_data_open(a->data, name, &store, err);
    if (rc == HENG_OK) rc = heng_store_begin(store, err);
    if (rc == HENG_OK) rc = heng_usage_use_weather(store, a->station, a->base, err);
    if (rc == HENG_OK) rc = heng_store_commit(store, err);
    heng_store_close(store);
    return rc;
}

static bool take_day(const char *text, heng_day *ret)
{
    if (heng_date_parse(text, ret)) return true;
    heng_usage_error(command, "'%.40s' is no day: 2026-03-01 is one", text);
    return false;
}

/* -1: go on. */
static int parse(int argc, char **argv, struct asked *a)
{
    static const struct option options[] = {
        {"station", required_argument, NULL, 's'},  {"base", required_argument, NULL, 'b'},
        {"language", required_argument, NULL, 'l'}, {"from", required_argument, NULL, 'f'},
        {"to", required_argument, NULL, 't'},       {"data", required_argument, NULL, 'd'},
        {"help", no_argument, NULL, 'h'},           {0}};
    int option;
    optind = 1;
    while ((option = getopt_long(argc, argv, ":", options, NULL)) != -1) {
        switch (option) {
        case 's': a->station = optarg; break;
        case 'b': a->base = optarg; break;
        case 'l': a->language = optarg; break;
        case 'd': a->data = optarg; break;
        case 'h': fputs(help, stdout); return EXIT_SUCCESS;
        case 'f':
        case 't':
            if (!take_day(optarg, option == 'f' ? &a->from : &a->to)) return EXIT_USAGE;
            break;
        default: return heng_option_error(command, option, argv);
        }
    }
    if (optind < argc) a->file = argv[optind++];
    return optind < argc ? heng_usage_error(command, "'%s' is too much", argv[optind]) : -1;
}

int heng_cmd_weather(int argc, char **argv)
{
    struct asked a = {
        .what = argc > 1 ? argv[1] : "", .data = "data", .language = "en", .from = HENG_DAY_MIN, .to = HENG_DAY_MAX};
    struct heng_err err = {.text = ""};
    heng_rc rc;
    if (strcmp(a.what, "--help") == 0) return fputs(help, stdout), EXIT_SUCCESS;
    int status = argc > 1 ? parse(argc - 1, argv + 1, &a) : -1;
    if (status >= 0) return status;
    if (strcmp(a.what, "import") == 0 && a.file && a.station)
        rc = import(&a, &err);
    else if (strcmp(a.what, "list") == 0 && !a.file)
        rc = list(&a, &err);
    else if (strcmp(a.what, "use") == 0 && a.station && !a.file)
        rc = use(&a, &err);
    else
        return fputs(help, stderr), EXIT_USAGE;
    return rc == HENG_OK ? EXIT_SUCCESS : heng_failure(command, &err);
}
