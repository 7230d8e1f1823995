/* heng usage, heng event: what was used and why that is so, and what happened at a point, on the database itself. */
#include "app/cmd/usage.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cmd/exceptions.h"
#include "app/options.h"
#include "base/json.h"
#include "usage/events.h"
#include "usage/explain.h"
#include "usage/known.h"
#include "usage/profile.h"
#include "usage/tou.h"
#include "usage/usage.h"
#include "vee/quality.h"
#include "vee/verdict.h"

enum { FILE_MAX = HENG_PHOTO_MAX, DAY_LAST = 100000, EXPLAIN_MAX = 4 << 20, CHANNELS_MAX = 64, EVENTS_PAGE = 64 };

static const char usage_help[] =
    "usage: heng usage show    --point ID [--from DAY] [--to DAY] [--by interval|day|month] [--data DIR]\n"
    "       heng usage explain --channel ID --day DAY [--data DIR]   from the amount down to the frames, as JSON\n"
    "       heng usage rebuild [--point ID] [--data DIR]             derive again from the facts\n"
    "       heng usage close   --month 2026-03 [--point ID] [--data DIR]   estimate what is missing of a month\n"
    "       heng usage rules    --file FILE --from DAY [--group NAME] [--data DIR]   a set of rules from a day on\n"
    "       heng usage calendar --file FILE --from DAY --key KEY [--data DIR]        a calendar of tariff periods\n"
    "       heng usage profile  --file FILE --from DAY [--group NAME] [--data DIR]   a standard profile, for "
    "estimates\n"
    "       heng usage holidays --key KEY [--data DIR]      the calendar whose working days and holidays the site "
    "keeps\n"
    "       heng usage check    --point ID --by ID [--data DIR]   the point that measures the same again; 0: none\n"
    "       heng usage exceptions [--point ID] [--from DAY] [--to DAY] [--data DIR]   what the rules found\n"
    "       heng usage answer   --channel ID --rule RULE --from DAY --to DAY --by right|wrong|order|open --who WHO\n"
    "                           --reason WHY [--meter ID --at TIME [--source line|handheld]] [--data DIR]\n"
    "DAY is 2026-03-01; --to is not included. What changes the database needs it for itself: while 'heng serve' runs,\n"
    "use its console. Exit status: 0 good, 1 it failed, 2 wrong usage.\n";

static const char event_help[] =
    "usage: heng event list --point ID [--data DIR]\n"
    "       heng event add  --point ID --kind KIND --who WHO --reason WHY [--at TIME] [--until TIME] [--meter ID]\n"
    "                       [--before INDEX] [--after INDEX] [--unit UNIT] [--digits N] [--factor N[/N]]\n"
    "                       [--channel ID] [--second WHO] [--photo FILE] [--source line|handheld] [--data DIR]\n"
    "                       [--register 'CHANNEL UNIT BEFORE AFTER']...   what further registers showed then\n"
    "       heng event undo --point ID --event ID --who WHO --reason WHY [--data DIR]\n"
    "KIND: install, remove, exchange, move, rollover, reset, multiplier, unit, accept, reject (of the reading of "
    "--meter\n"
    "at --at), edit. TIME is 2026-03-01T08:00:00Z.\n";

struct asked {
    const char *data, *by, *month, *photo, *file, *group, *key, *rule;
    int64_t point_id, channel_id;
    int32_t from, to;
    bool has_from, has_to, has_at;
    struct heng_event_wish wish;
};

enum {
    OPT_DATA = 256,
    OPT_POINT,
    OPT_FROM,
    OPT_TO,
    OPT_BY,
    OPT_CHANNEL,
    OPT_DAY,
    OPT_MONTH,
    OPT_KIND,
    OPT_WHO,
    OPT_REASON,
    OPT_AT,
    OPT_UNTIL,
    OPT_METER,
    OPT_BEFORE,
    OPT_AFTER,
    OPT_UNIT,
    OPT_DIGITS,
    OPT_FACTOR,
    OPT_SECOND,
    OPT_REGISTER,
    OPT_PHOTO,
    OPT_SOURCE,
    OPT_EVENT,
    OPT_HELP,
    OPT_FILE,
    OPT_GROUP,
    OPT_KEY,
    OPT_RULE
};

static const struct option options[] = {{"data", required_argument, NULL, OPT_DATA},
                                        {"point", required_argument, NULL, OPT_POINT},
                                        {"from", required_argument, NULL, OPT_FROM},
                                        {"to", required_argument, NULL, OPT_TO},
                                        {"by", required_argument, NULL, OPT_BY},
                                        {"channel", required_argument, NULL, OPT_CHANNEL},
                                        {"day", required_argument, NULL, OPT_DAY},
                                        {"month", required_argument, NULL, OPT_MONTH},
                                        {"kind", required_argument, NULL, OPT_KIND},
                                        {"who", required_argument, NULL, OPT_WHO},
                                        {"reason", required_argument, NULL, OPT_REASON},
                                        {"at", required_argument, NULL, OPT_AT},
                                        {"until", required_argument, NULL, OPT_UNTIL},
                                        {"meter", required_argument, NULL, OPT_METER},
                                        {"before", required_argument, NULL, OPT_BEFORE},
                                        {"after", required_argument, NULL, OPT_AFTER},
                                        {"unit", required_argument, NULL, OPT_UNIT},
                                        {"digits", required_argument, NULL, OPT_DIGITS},
                                        {"factor", required_argument, NULL, OPT_FACTOR},
                                        {"second", required_argument, NULL, OPT_SECOND},
                                        {"register", required_argument, NULL, OPT_REGISTER},
                                        {"photo", required_argument, NULL, OPT_PHOTO},
                                        {"source", required_argument, NULL, OPT_SOURCE},
                                        {"event", required_argument, NULL, OPT_EVENT},
                                        {"help", no_argument, NULL, OPT_HELP},
                                        {"file", required_argument, NULL, OPT_FILE},
                                        {"group", required_argument, NULL, OPT_GROUP},
                                        {"key", required_argument, NULL, OPT_KEY},
                                        {"rule", required_argument, NULL, OPT_RULE},
                                        {NULL, 0, NULL, 0}};

/* --- options --------------------------------------------------------------------------------------------------- */

static heng_rc take_id(const char *text, int64_t *ret, struct heng_err *err)
{
    char *end;
    *ret = strtoll(text, &end, 10);
    return *end || end == text || *ret < 0 ? heng_fail(err, HENG_EFORMAT, 0, "'%.40s' is no number", text) : HENG_OK;
}

static heng_rc take_text(const char *text, char *ret, size_t cap, struct heng_err *err)
{
    if (strlen(text) >= cap) return heng_fail(err, HENG_EFORMAT, 0, "'%.40s...' is too long", text);
    memcpy(ret, text, strlen(text) + 1);
    return HENG_OK;
}

static heng_rc take_factor(const char *text, struct heng_point_event *e, struct heng_err *err)
{
    char *end;
    e->factor_num = strtoll(text, &end, 10);
    e->factor_den = *end == '/' ? strtoll(end + 1, &end, 10) : 1;
    return *end || e->factor_num <= 0 || e->factor_den <= 0
               ? heng_fail(err, HENG_EFORMAT, 0, "'%.40s' is no multiplier: 20 or 1/3 is one", text)
               : HENG_OK;
}

static heng_rc take_event(int option, const char *text, struct asked *a, struct heng_err *err)
{
    struct heng_point_event *e = &a->wish.event;
    int64_t number = 0;
    heng_rc rc;
    switch (option) {
    case OPT_KIND:
        e->kind = heng_event_of(text);
        return e->kind == HENG_EVENT_COUNT ? heng_fail(err, HENG_EFORMAT, 0, "'%.40s' is no kind of event", text)
                                           : HENG_OK;
    case OPT_WHO: return take_text(text, e->who, sizeof e->who, err);
    case OPT_REASON: return take_text(text, e->reason, sizeof e->reason, err);
    case OPT_AT: a->has_at = true; return heng_us_parse(text, &e->at_us, err);
    case OPT_UNTIL: return heng_us_parse(text, &e->until_us, err);
    case OPT_METER: return take_id(text, &e->device_id, err);
    case OPT_BEFORE: return take_text(text, e->before, sizeof e->before, err);
    case OPT_AFTER: return take_text(text, e->after, sizeof e->after, err);
    case OPT_UNIT: return take_text(text, e->unit, sizeof e->unit, err);
    case OPT_DIGITS:
        rc = take_id(text, &number, err);
        e->digits = (uint8_t)(number > 99 ? 99 : number);
        return rc;
    case OPT_FACTOR: return take_factor(text, e, err);
    case OPT_REGISTER: return heng_event_indexes_parse(text, &a->wish, err);
    case OPT_SECOND: return take_text(text, e->second, sizeof e->second, err);
    case OPT_SOURCE:
        e->reading_source = strcmp(text, "line") == 0       ? HENG_SOURCE_LINE
                            : strcmp(text, "handheld") == 0 ? HENG_SOURCE_HANDHELD
                                                            : 0;
        return e->reading_source ? HENG_OK : heng_fail(err, HENG_EFORMAT, 0, "a source is line or handheld");
    case OPT_EVENT: return take_id(text, &e->undoes, err);
    }
    return heng_fail(err, HENG_EBUG, 0, "option %d", option);
}

static heng_rc take(int option, const char *text, struct asked *a, struct heng_err *err)
{
    switch (option) {
    case OPT_DATA: a->data = text; return HENG_OK;
    case OPT_POINT: return take_id(text, &a->point_id, err);
    case OPT_CHANNEL: return take_id(text, &a->channel_id, err);
    case OPT_FROM:
    case OPT_DAY: a->has_from = true; return heng_usage_day_parse(text, &a->from, err);
    case OPT_TO: a->has_to = true; return heng_usage_day_parse(text, &a->to, err);
    case OPT_BY: a->by = text; return HENG_OK;
    case OPT_MONTH: a->month = text; return HENG_OK;
    case OPT_PHOTO: a->photo = text; return HENG_OK;
    case OPT_FILE: a->file = text; return HENG_OK;
    case OPT_GROUP: a->group = text; return HENG_OK;
    case OPT_KEY: a->key = text; return HENG_OK;
    case OPT_RULE: a->rule = text; return HENG_OK;
    }
    return take_event(option, text, a, err);
}

/* -1: go on; else the exit status. */
static int parse(const char *command, const char *help, int argc, char **argv, struct asked *a)
{
    struct heng_err err;
    int option;
    a->data = "data";
    a->by = "day";
    a->wish.event.reading_source = HENG_SOURCE_LINE;
    opterr = 0;
    optind = 1;
    while ((option = getopt_long(argc, argv, ":", options, NULL)) != -1) {
        if (option == OPT_HELP) {
            fputs(help, stdout);
            return EXIT_SUCCESS;
        }
        if (option == '?' || option == ':') return heng_option_error(command, option, argv);
        if (take(option, optarg, a, &err) != HENG_OK) return heng_usage_error(command, "%s", err.text);
    }
    return optind < argc ? heng_usage_error(command, "'%s' is too much", argv[optind]) : -1;
}

/* --- usage ----------------------------------------------------------------------------------------------------- */

static heng_rc open_reader(const struct asked *a, struct heng_store_reader **ret, struct heng_err *err)
{
    char name[DATA_PATH_MAX];
    heng_rc rc = heng_data_name(a->data, name, err);
    return rc == HENG_OK ? heng_store_reader_open(name, ret, err) : rc;
}

static void print_row(const struct heng_channel_row *channel, const struct heng_usage_row *row, bool intervals)
{
    char day[HENG_DAY_TEXT_MAX], amount[HENG_DEC_TEXT_MAX];
    heng_usage_day_text(row->day, day);
    heng_dec_format((struct heng_dec){row->amount, row->exp}, amount);
    printf("%s  %14s %-3s %-12s %-14s %4u missing %u\n", day, amount, heng_unit_text(channel->unit),
           heng_trust_text((heng_trust)row->trust), heng_method_text((heng_method)row->method), row->permille,
           row->missing);
    for (unsigned i = 0; intervals && i < row->count; i++) {
        unsigned minute = i * (unsigned)channel->minutes;
        heng_dec_format((struct heng_dec){row->amounts[i], row->exp}, amount);
        printf("  +%02u:%02u %16s %s\n", minute / 60, minute % 60, row->trusts[i] == HENG_TRUST_MISSING ? "-" : amount,
               heng_trust_text((heng_trust)row->trusts[i]));
    }
}

static heng_rc show_days(struct heng_store_reader *reader, const struct heng_channel_row *channel,
                         const struct asked *a, struct heng_err *err)
{
    static struct heng_usage_row row;
    struct heng_usage_scan scan;
    heng_rc rc;
    heng_usage_scan_begin(&scan, reader, HENG_USAGE_BEST, channel->id, a->from, a->to);
    while ((rc = heng_usage_scan_next(&scan, &row, err)) == HENG_OK)
        print_row(channel, &row, strcmp(a->by, "interval") == 0);
    heng_usage_scan_end(&scan);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

static heng_rc show_months(struct heng_store_reader *reader, const struct heng_channel_row *channel,
                           const struct asked *a, struct heng_err *err)
{
    heng_rc rc = HENG_OK;
    for (heng_day month = heng_month_of(a->from); rc == HENG_OK && month < a->to; month = heng_month_next(month, 1)) {
        struct heng_usage_sum sum;
        char day[HENG_DAY_TEXT_MAX], amount[HENG_DEC_TEXT_MAX];
        rc = heng_store_sum_usage(reader, channel->id, month, heng_month_next(month, 1), &sum, err);
        if (rc != HENG_OK || !sum.days) continue;
        heng_usage_day_text(month, day);
        heng_dec_format(sum.amount, amount);
        printf("%.7s     %14s %-3s %-12s days %u missing %u estimated %u\n", day, amount, heng_unit_text(channel->unit),
               heng_trust_text((heng_trust)sum.trust), sum.days, sum.missing, sum.estimated);
    }
    return rc;
}

static heng_rc show(const struct asked *a, struct heng_err *err)
{
    static struct heng_channel_row list[CHANNELS_MAX];
    struct heng_store_reader *reader = NULL;
    size_t n = 0;
    heng_rc rc = open_reader(a, &reader, err);
    if (rc == HENG_OK) rc = heng_store_list_channels(reader, 0, a->point_id, 0, list, CHANNELS_MAX, &n, err);
    if (rc == HENG_OK && !n)
        rc = heng_fail(err, HENG_ENOTFOUND, 0, "point %lld is not there, or counts nothing", (long long)a->point_id);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        printf("channel %lld: %s, tariff %u%s\n", (long long)list[i].id, heng_quantity_text(list[i].quantity),
               list[i].tariff, list[i].main ? ", main" : "");
        rc = (strcmp(a->by, "month") == 0 ? show_months : show_days)(reader, &list[i], a, err);
    }
    heng_store_reader_close(reader);
    return rc;
}

static heng_rc explain(const struct asked *a, struct heng_err *err)
{
    struct heng_store_reader *reader = NULL;
    struct heng_str text = {.max = EXPLAIN_MAX};
    struct heng_json json = heng_json_of(&text);
    heng_rc rc = open_reader(a, &reader, err);
    if (rc == HENG_OK) rc = heng_usage_explain(reader, 0, a->channel_id, a->from, &json, err);
    if (rc == HENG_OK && text.rc != HENG_OK) rc = heng_fail(err, text.rc, 0, "the answer is too long");
    if (rc == HENG_OK) puts(text.text);
    heng_str_fini(&text);
    heng_store_reader_close(reader);
    return rc;
}

/* A month to close: its first day and that of the next. */
static heng_rc take_month(struct asked *a, struct heng_err *err)
{
    char text[HENG_DAY_TEXT_MAX];
    if (!a->month || strlen(a->month) != 7) return heng_fail(err, HENG_EFORMAT, 0, "--month 2026-03 says which");
    snprintf(text, sizeof text, "%.7s-01", a->month);
    heng_rc rc = heng_usage_day_parse(text, &a->from, err);
    if (rc == HENG_OK) a->to = heng_month_next(a->from, 1);
    return rc;
}

static heng_rc on_channel(const struct asked *a, struct heng_store *store, struct heng_usage_worker *worker,
                          int64_t channel_id, bool close, struct heng_err *err)
{
    uint32_t days = 0, left = 0;
    heng_rc rc = heng_store_begin(store, err);
    if (rc != HENG_OK) return rc;
    struct heng_usage_counts counts = {0};
    if (!close) rc = heng_usage_rebuild(worker, store, channel_id, &counts, err);
    if (close) rc = heng_usage_close(worker, store, channel_id, a->from, a->to, &days, &left, err);
    if (rc == HENG_OK) rc = heng_store_commit(store, err);
    if (rc != HENG_OK) {
        heng_store_rollback(store);
        return rc;
    }
    if (close)
        printf("channel %lld: %u days estimated, %u left open\n", (long long)channel_id, days, left);
    else
        printf("channel %lld: %u facts, %u days of which %u are different\n", (long long)channel_id, counts.facts,
               counts.days_read, counts.days_written);
    return HENG_OK;
}

/* All that is due, so that what is estimated rests on all that is known. */
static heng_rc derive_due(struct heng_store *store, struct heng_usage_worker *worker, struct heng_err *err)
{
    bool left = true;
    heng_rc rc = HENG_OK;
    while (rc == HENG_OK && left) {
        uint32_t channels;
        rc = heng_store_begin(store, err);
        if (rc == HENG_OK) rc = heng_usage_work(worker, store, HENG_US_PER_S, &channels, &left, err);
        if (rc == HENG_OK) rc = heng_store_commit(store, err);
    }
    heng_store_rollback(store); /* of what failed; nothing otherwise */
    return rc;
}

static heng_rc on_channels(struct asked *a, bool close, struct heng_err *err)
{
    static struct heng_channel_row list[CHANNELS_MAX];
    char name[DATA_PATH_MAX];
    struct heng_store *store = NULL;
    struct heng_usage_worker *worker = NULL;
    int64_t after = 0;
    size_t n = CHANNELS_MAX;
    heng_rc rc = close ? take_month(a, err) : HENG_OK;
    if (rc == HENG_OK) rc = heng_data_open(a->data, name, &store, err);
    if (rc == HENG_OK) rc = heng_usage_worker_new(&worker, err);
    if (rc == HENG_OK && close) rc = derive_due(store, worker, err);
    while (rc == HENG_OK && n == CHANNELS_MAX) {
        rc = heng_store_list_channels(heng_store_as_reader(store), 0, a->point_id, after, list, CHANNELS_MAX, &n, err);
        for (size_t i = 0; rc == HENG_OK && i < n; i++) {
            after = list[i].id;
            if (!list[i].is_virtual) rc = on_channel(a, store, worker, after, close, err);
        }
    }
    if (rc == HENG_OK && !close) rc = derive_due(store, worker, err); /* and the rules over several channels */
    heng_usage_worker_free(worker);
    heng_store_close(store);
    return rc;
}

/* The whole file; *ret is to be freed. */
static heng_rc read_file(const char *path, uint8_t **ret, size_t *ret_n, struct heng_err *err)
{
    FILE *file = fopen(path, "rb");
    *ret = file ? malloc(FILE_MAX + 1) : NULL;
    *ret_n = *ret ? fread(*ret, 1, FILE_MAX + 1, file) : 0;
    bool bad = !file || !*ret || ferror(file) || !*ret_n;
    if (file) fclose(file);
    return bad ? heng_fail(err, HENG_EIO, 0, "'%s' cannot be read", path) : HENG_OK;
}

/* Rules, a calendar or a profile of a file, checked and stored as the next version. */
typedef enum file_kind { FILE_RULES, FILE_CALENDAR, FILE_PROFILE } file_kind;

static heng_rc put_text(const struct asked *a, file_kind kind, struct heng_store *store, struct heng_slice json,
                        int64_t *ret_version, struct heng_err *err)
{
    const char *group = a->group ? a->group : "";
    switch (kind) {
    case FILE_RULES: return heng_usage_put_rules(store, json, group, a->from, ret_version, err);
    case FILE_CALENDAR: return heng_usage_put_calendar(store, a->key, a->from, json, ret_version, err);
    case FILE_PROFILE: return heng_usage_put_profile(store, json, group, a->from, ret_version, err);
    }
    return heng_fail(err, HENG_EBUG, 0, "file of kind %d", (int)kind);
}

static heng_rc put_file(const struct asked *a, file_kind kind, struct heng_err *err)
{
    char name[DATA_PATH_MAX];
    struct heng_store *store = NULL;
    uint8_t *bytes = NULL;
    size_t n = 0;
    int64_t version = 0;
    heng_rc rc = read_file(a->file, &bytes, &n, err);
    if (rc == HENG_OK) rc = heng_data_open(a->data, name, &store, err);
    if (rc == HENG_OK) rc = heng_store_begin(store, err);
    if (rc == HENG_OK) rc = put_text(a, kind, store, heng_slice_of(bytes, n), &version, err);
    if (rc == HENG_OK) rc = heng_store_commit(store, err);
    heng_store_close(store);
    free(bytes);
    if (rc == HENG_OK) printf("version %lld\n", (long long)version);
    return rc;
}

/* What estimates go by: the calendar of the site, or who measures a point again. */
static heng_rc set_known(const struct asked *a, bool holidays, struct heng_err *err)
{
    char name[DATA_PATH_MAX];
    struct heng_store *store = NULL;
    heng_rc rc = heng_data_open(a->data, name, &store, err);
    if (rc == HENG_OK) rc = heng_store_begin(store, err);
    if (rc == HENG_OK)
        rc = holidays ? heng_usage_use_holidays(store, a->key, err)
                      : heng_usage_use_check(store, 0, a->point_id, strtoll(a->by, NULL, 10), err);
    if (rc == HENG_OK) rc = heng_store_commit(store, err);
    heng_store_close(store);
    return rc;
}

static heng_rc answer(const struct asked *a, struct heng_err *err)
{
    static const char *const answers[] = {"right", "wrong", "order", "open"};
    const struct heng_point_event *e = &a->wish.event;
    struct heng_answer_wish wish = {.device_id = e->device_id,
                                    .reading_source = e->reading_source ? e->reading_source : HENG_SOURCE_LINE,
                                    .reading_at = a->has_at ? e->at_us : 0};
    struct heng_answer_row *row = &wish.answer;
    heng_rule rule = heng_rule_of(a->rule);
    size_t i = 0;
    while (i < sizeof answers / sizeof *answers && strcmp(answers[i], a->by) != 0) i++;
    if (i == sizeof answers / sizeof *answers)
        return heng_fail(err, HENG_EFORMAT, 0, "--by is right, wrong, order or open");
    if (rule == HENG_RULE_COUNT) return heng_fail(err, HENG_EFORMAT, 0, "there is no rule '%.40s'", a->rule);
    *row = (struct heng_answer_row){
        .channel_id = a->channel_id, .rule = (uint8_t)rule, .from_day = a->from, .to_day = a->to - 1};
    snprintf(row->answer, sizeof row->answer, "%s", answers[i]);
    heng_rc rc = take_text(e->who, row->who, sizeof row->who, err);
    if (rc == HENG_OK) rc = take_text(e->reason, row->reason, sizeof row->reason, err);
    return rc == HENG_OK ? heng_exceptions_answer(a->data, &wish, err) : rc;
}

int heng_cmd_usage(int argc, char **argv)
{
    struct asked a = {0};
    struct heng_err err = {.text = ""};
    const char *what = argc > 1 ? argv[1] : "";
    heng_rc rc;
    if (strcmp(what, "--help") == 0) return fputs(usage_help, stdout), EXIT_SUCCESS;
    int status = argc > 1 ? parse("usage", usage_help, argc - 1, argv + 1, &a) : -1;
    if (status >= 0) return status;
    if (!a.has_to) a.to = a.has_from ? a.from + 366 : DAY_LAST;
    if (strcmp(what, "show") == 0 && a.point_id)
        rc = show(&a, &err);
    else if (strcmp(what, "explain") == 0 && a.channel_id && a.has_from)
        rc = explain(&a, &err);
    else if (strcmp(what, "rules") == 0 && a.file && a.has_from)
        rc = put_file(&a, FILE_RULES, &err);
    else if (strcmp(what, "calendar") == 0 && a.file && a.key && a.has_from)
        rc = put_file(&a, FILE_CALENDAR, &err);
    else if (strcmp(what, "profile") == 0 && a.file && a.has_from)
        rc = put_file(&a, FILE_PROFILE, &err);
    else if (strcmp(what, "holidays") == 0 && a.key)
        rc = set_known(&a, true, &err);
    else if (strcmp(what, "check") == 0 && a.point_id && a.by)
        rc = set_known(&a, false, &err);
    else if (strcmp(what, "exceptions") == 0)
        rc = heng_exceptions_print(a.data, a.point_id, a.has_from ? a.from : 0, a.to, &err);
    else if (strcmp(what, "answer") == 0 && a.channel_id && a.rule && a.by && a.has_from && a.has_to)
        rc = answer(&a, &err);
    else if (strcmp(what, "rebuild") == 0)
        rc = on_channels(&a, false, &err);
    else if (strcmp(what, "close") == 0)
        rc = on_channels(&a, true, &err);
    else
        return fputs(usage_help, stderr), EXIT_USAGE;
    return rc == HENG_OK ? EXIT_SUCCESS : heng_failure("usage", &err);
}

/* --- events ---------------------------------------------------------------------------------------------------- */

static void print_event(const struct heng_point_event *e)
{
    char at[HENG_TIME_TEXT_MAX];
    heng_us_format(e->at_us, at);
    printf("%lld  %s  %s", (long long)e->id, at, heng_event_text(e->kind));
    if (e->device_id) printf(" meter %lld", (long long)e->device_id);
    if (e->undoes) printf(" of %lld", (long long)e->undoes);
    if (e->before[0]) printf(" before %s %s", e->before, e->unit);
    if (e->after[0]) printf(" after %s %s", e->after, e->unit);
    if (e->factor_num) printf(" x%lld/%lld", (long long)e->factor_num, (long long)e->factor_den);
    printf(" by %s%s%s: %s", e->who, e->second[0] ? " and " : "", e->second, e->reason);
    if (e->undone_by) printf(" (undone by %lld)", (long long)e->undone_by);
    putchar('\n');
}

static heng_rc list_events(const struct asked *a, struct heng_err *err)
{
    static struct heng_point_event list[EVENTS_PAGE];
    struct heng_store_reader *reader = NULL;
    struct heng_point_scope point;
    size_t n = EVENTS_PAGE;
    heng_us after_us = INT64_MIN;
    int64_t after_id = 0;
    heng_rc rc = open_reader(a, &reader, err);
    if (rc == HENG_OK) rc = heng_store_point_scope(reader, 0, a->point_id, &point, err);
    if (rc == HENG_ENOTFOUND) heng_fail(err, rc, 0, "there is no point %lld", (long long)a->point_id);
    while (rc == HENG_OK && n == EVENTS_PAGE) {
        rc = heng_store_list_events(reader, 0, a->point_id, after_us, after_id, list, EVENTS_PAGE, &n, err);
        for (size_t i = 0; rc == HENG_OK && i < n; i++) print_event(&list[i]);
        if (n) after_us = list[n - 1].at_us;
        if (n) after_id = list[n - 1].id;
    }
    heng_store_reader_close(reader);
    return rc;
}

static heng_rc add_event(struct asked *a, struct heng_err *err)
{
    char name[DATA_PATH_MAX];
    struct heng_store *store = NULL;
    struct heng_point_event *e = &a->wish.event;
    uint8_t *photo = NULL;
    size_t photo_n = 0;
    int64_t id = 0;
    heng_us now_us = heng_clock_wall();
    e->point_id = a->point_id;
    e->channel_id = a->channel_id;
    if (!a->has_at) e->at_us = now_us;
    e->reading_at = e->at_us;
    heng_rc rc = a->photo ? read_file(a->photo, &photo, &photo_n, err) : HENG_OK;
    e->photo = heng_slice_of(photo, photo_n);
    if (rc == HENG_OK) rc = heng_data_open(a->data, name, &store, err);
    if (rc == HENG_OK) rc = heng_store_begin(store, err);
    if (rc == HENG_OK) rc = heng_event_add(store, 0, &a->wish, now_us, &id, err);
    if (rc == HENG_OK) rc = heng_store_commit(store, err);
    heng_store_close(store);
    free(photo);
    if (rc == HENG_OK) printf("event %lld\n", (long long)id);
    return rc;
}

int heng_cmd_event(int argc, char **argv)
{
    struct asked a = {.wish.event.kind = HENG_EVENT_COUNT};
    struct heng_err err = {.text = ""};
    const char *what = argc > 1 ? argv[1] : "";
    heng_rc rc;
    if (strcmp(what, "--help") == 0) return fputs(event_help, stdout), EXIT_SUCCESS;
    int status = argc > 1 ? parse("event", event_help, argc - 1, argv + 1, &a) : -1;
    if (status >= 0) return status;
    if (strcmp(what, "undo") == 0) a.wish.event.kind = HENG_EVENT_UNDO;
    if (strcmp(what, "list") == 0 && a.point_id)
        rc = list_events(&a, &err);
    else if ((strcmp(what, "add") == 0 || strcmp(what, "undo") == 0) && a.point_id &&
             a.wish.event.kind != HENG_EVENT_COUNT)
        rc = add_event(&a, &err);
    else
        return fputs(event_help, stderr), EXIT_USAGE;
    return rc == HENG_OK ? EXIT_SUCCESS : heng_failure("event", &err);
}
