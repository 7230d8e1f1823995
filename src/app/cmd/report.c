#include "app/cmd/report.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/options.h"
#include "app/report_table.h"
#include "store/archive.h"
#include "store/gateways.h"
#include "store/read.h"
#include "usage/compare.h"

static const char command[] = "report";

static void print_help(void)
{
    puts(
        "usage: heng report loss         [--place KEY | --point KEY] [OPTION...]   in - out - own use, the worst "
        "first\n"
        "       heng report read-success [--by day|line|gateway|building]          how many meters were read\n"
        "       heng report matrix                                                 each meter on each day\n"
        "       heng report missing      [--day DATE]                              who was not read, and why\n"
        "       heng report lost                                                   who is silent, and for how long\n"
        "       heng report compare      --point KEY                               with the past, and with others\n"
        "       heng report habits       --point KEY [--show curve|duration]       peak, valley, night, load curve\n"
        "       heng report swapped      --point KEY --since DATE                  meters exchanged with each other\n\n"
        "Numbers of a database, on which heng serve may be at work. What they mean: docs/analysis.md.\n\n"
        "  --data DATABASE  a data folder, a file, or postgresql://... (default: data)\n"
        "  --from DATE      first day, 2026-11-01; by default 30 days before --to\n"
        "  --to DATE        the first day that is not in it any more; by default today\n"
        "  --month MONTH    a month instead of both, 2026-11\n"
        "  --place KEY      only what is there or below; --line KEY, --gateway KEY: only their meters\n"
        "  --point KEY      the key of a metering point, or its number\n"
        "  --org KEY        as this organisation sees it\n"
        "  --accuracy N     what meters may be off, in hundredths of a percent; by default by their medium\n"
        "  --station NAME   whose degree days; by default the first there is\n"
        "  --format FORMAT  table (as by default) or csv\n\n"
        "  f first try, r later, e estimated, m missing, . not planned: the letters of the matrix.\n"
        "Exit status: 0 printed, 1 it cannot be said, 2 wrong usage.");
}

/* What was asked for, as words. */
struct wish {
    const char *database, *from, *to, *month, *day, *since, *place, *line, *gateway, *point, *org, *station, *by, *show;
    uint16_t accuracy;
    bool csv;
};

/* What it comes to. Owns: reader, days, arena. */
struct job {
    const struct wish *wish;
    struct heng_store_reader *reader;
    struct heng_site_days days;
    struct heng_arena arena;
    heng_us now_us;
    struct heng_quality_ask quality;
    struct heng_loss_ask loss;
    int64_t point_id;
    struct heng_table table;
};

/* --- what was asked for ----------------------------------------------------------------------------------------------
 */

static heng_rc find_days(struct job *job, struct heng_err *err)
{
    const struct wish *wish = job->wish;
    heng_day from = 0, to = 0;
    heng_rc rc = HENG_OK;
    if (!wish->month)
        rc = heng_period_parse(&job->days, job->now_us, wish->from, wish->to, &from, &to, err);
    else if (!heng_month_parse(wish->month, &from))
        rc = heng_fail(err, HENG_ERANGE, 0, "'%.20s' is no month like 2026-11", wish->month);
    else
        to = heng_month_next(from, 1);
    job->quality.from = job->loss.from = from;
    job->quality.to = job->loss.to = to;
    job->quality.now_us = job->now_us;
    return rc == HENG_ERANGE ? HENG_ECONFIG : rc;
}

static heng_rc date_of(const char *text, heng_day *ret, struct heng_err *err)
{
    if (heng_date_parse(text, ret)) return HENG_OK;
    return heng_fail(err, HENG_ECONFIG, 0, "'%.20s' is no day like 2026-11-01", text);
}

static heng_rc not_found(heng_rc rc, const char *what, const char *key, struct heng_err *err)
{
    return rc == HENG_ENOTFOUND ? heng_fail(err, rc, 0, "there is no %s '%.60s'", what, key) : rc;
}

static heng_rc find_point(struct job *job, struct heng_err *err)
{
    const char *key = job->wish->point;
    struct heng_point point;
    char *end;
    heng_rc rc = heng_archive_find_point(job->reader, job->loss.scope, key, &point, err);
    if (rc == HENG_OK) job->point_id = point.id;
    if (rc != HENG_ENOTFOUND) return rc;
    long long id = strtoll(key, &end, 10);
    if (*key < '0' || *key > '9' || *end) return not_found(rc, "point", key, err);
    job->point_id = id;
    return HENG_OK;
}

static heng_rc find_all(struct job *job, struct heng_err *err)
{
    const struct wish *wish = job->wish;
    struct heng_org org;
    struct heng_archive_place place;
    struct heng_gateway gateway;
    bool visible = false;
    heng_rc rc = HENG_OK;
    if (wish->org) {
        rc = not_found(heng_archive_find_org(job->reader, 0, wish->org, &org, err), "organisation", wish->org, err);
        if (rc == HENG_OK) job->quality.scope = job->loss.scope = org.id;
    }
    if (rc == HENG_OK && wish->place) {
        rc = heng_archive_find_place(job->reader, job->loss.scope, wish->place, &place, err);
        rc = not_found(rc, "place", wish->place, err);
        if (rc == HENG_OK) job->quality.place_id = place.place.id;
    }
    if (rc == HENG_OK && wish->line) {
        rc = heng_archive_find_line(job->reader, job->loss.scope, wish->line, &job->quality.line_id, &visible, err);
        rc = not_found(rc == HENG_OK && !visible ? HENG_ENOTFOUND : rc, "line", wish->line, err);
    }
    if (rc == HENG_OK && wish->gateway) {
        rc = not_found(heng_store_gateway_by_key(job->reader, wish->gateway, &gateway, err), "gateway", wish->gateway,
                       err);
        if (rc == HENG_OK) job->quality.gateway_id = gateway.id;
    }
    if (rc == HENG_OK && wish->point) rc = find_point(job, err);
    return rc;
}

static heng_rc open_job(const struct wish *wish, struct job *job, struct heng_err *err)
{
    char name[DATA_PATH_MAX];
    struct stat st;
    *job = (struct job){.wish = wish, .arena = {.max = (size_t)1 << 30}, .now_us = heng_clock_wall()};
    job->loss.limits = heng_balance_limits_default;
    job->loss.error_permyriad = wish->accuracy;
    heng_rc rc = HENG_OK;
    if (stat(wish->database, &st) == 0 && S_ISDIR(st.st_mode))
        rc = heng_data_name(wish->database, name, err);
    else if (snprintf(name, sizeof name, "%s", wish->database) >= (int)sizeof name)
        rc = heng_fail(err, HENG_ECONFIG, 0, "the name of the database is too long");
    if (rc == HENG_OK) rc = heng_store_reader_open(name, &job->reader, err);
    if (rc == HENG_OK) rc = heng_site_days_init(&job->days, job->reader, err);
    if (rc == HENG_OK) rc = find_days(job, err);
    return rc == HENG_OK ? find_all(job, err) : rc;
}

static void close_job(struct job *job)
{
    heng_str_fini(&job->table.cells);
    heng_arena_fini(&job->arena);
    heng_site_days_fini(&job->days);
    heng_store_reader_close(job->reader);
}

/* --- cells
 * ------------------------------------------------------------------------------------------------------------ */

static void begin(struct job *job, const char *titles) { heng_table_begin(&job->table, job->wish->csv, titles); }

/* The unit in which people speak: kWh and GJ, not Wh and J. */
static int shift_of(heng_unit unit) { return unit == HENG_UNIT_WH ? -3 : unit == HENG_UNIT_J ? -9 : 0; }

static const char *unit_text(heng_unit unit)
{
    return unit == HENG_UNIT_WH ? "kWh" : unit == HENG_UNIT_J ? "GJ" : heng_unit_text(unit);
}

static void put_amount(struct job *job, heng_unit unit, bool is, struct heng_dec amount)
{
    struct heng_opt_dec cell = {.is = is, .dec = amount};
    if (is) cell.is = heng_dec_shift(amount, shift_of(unit), &cell.dec) == HENG_OK;
    heng_table_opt(&job->table, cell);
}

static void put_permyriad(struct job *job, bool is, int32_t permyriad)
{
    heng_table_opt(&job->table, (struct heng_opt_dec){.is = is, .dec = {permyriad, -2}});
}

static void put_day(struct job *job, heng_day day)
{
    char text[HENG_DATE_TEXT_MAX];
    heng_date_format(day, text);
    heng_table_text(&job->table, text);
}

/* By the clock of the site. */
static void put_time(struct job *job, heng_us at_us)
{
    char text[96] = "";
    struct heng_civil c = heng_zone_civil(job->days.zone, at_us);
    if (at_us)
        snprintf(text, sizeof text, "%04d-%02d-%02d %02d:%02d", (int)c.year, (int)c.month, (int)c.day, (int)c.hour,
                 (int)c.minute);
    heng_table_text(&job->table, text);
}

static void put_point(struct job *job, const struct heng_point_usage *point)
{
    char id[64];
    snprintf(id, sizeof id, "%lld", (long long)point->point_id);
    heng_table_text(&job->table, point->key[0] ? point->key : id);
    heng_table_text(&job->table, point->visible ? point->place : "(managed by others)");
}

/* --- the reports
 * ------------------------------------------------------------------------------------------------------ */

static void put_loss(struct job *job, const struct heng_loss *loss)
{
    const struct heng_balance *b = &loss->balance;
    put_point(job, &loss->point);
    heng_table_int(&job->table, loss->depth);
    put_amount(job, loss->unit, true, b->in);
    put_amount(job, loss->unit, true, b->out);
    put_amount(job, loss->unit, true, b->own);
    put_amount(job, loss->unit, b->loss.is, b->loss.dec);
    heng_table_text(&job->table, unit_text(loss->unit));
    heng_table_opt(&job->table, b->loss_pct);
    heng_table_opt(&job->table, b->band_pct);
    heng_table_text(&job->table, heng_balance_state_text(b->state));
    heng_table_text(&job->table, heng_balance_why_text(b->why));
    put_permyriad(job, b->why != HENG_BALANCE_WHY_NOTHING, b->share_permyriad);
    heng_table_int(&job->table, (int64_t)b->children);
    heng_table_int(&job->table, (int64_t)b->missing);
    heng_table_int(&job->table, (int64_t)b->estimated);
    put_permyriad(job, b->area_permyriad >= 0, b->area_permyriad);
}

static void put_part(struct job *job, const struct heng_loss *loss, const struct heng_loss_part *part)
{
    static const char *const sides[] = {
        [HENG_BALANCE_IN] = "in", [HENG_BALANCE_OUT] = "out", [HENG_BALANCE_OWN] = "own use"};
    heng_table_text(&job->table, sides[part->part.side]);
    put_point(job, &part->amount.point);
    heng_table_text(&job->table, part->amount.point.serves);
    put_amount(job, loss->unit, part->part.has_amount, part->part.amount);
    put_amount(job, loss->unit, part->part.has_amount, part->part.estimated);
    heng_table_text(&job->table, unit_text(loss->unit));
    heng_table_text(&job->table, part->part.unlike ? "unlike" : part->part.has_amount ? "" : "missing");
}

static heng_rc report_loss(struct job *job, struct heng_err *err)
{
    static const char titles[] =
        "point|place|level|in|out|own use|loss|unit|loss %|band %|state|why|share %|meters|missing|"
        "estimated|area %";
    struct heng_losses all;
    struct heng_loss one;
    heng_rc rc;
    if (!job->point_id) {
        rc = heng_view_losses(job->reader, &job->arena, &job->days, &job->loss, job->quality.place_id, &all, err);
        if (rc != HENG_OK) return rc;
        begin(job, titles);
        for (size_t i = 0; i < all.n; i++) put_loss(job, &all.items[i]);
        return HENG_OK;
    }
    rc = heng_view_loss(job->reader, &job->arena, &job->days, &job->loss, job->point_id, &one, err);
    if (rc != HENG_OK) return rc;
    begin(job, titles);
    put_loss(job, &one);
    if (!heng_table_print(&job->table)) return heng_fail(err, HENG_EIO, 0, "the table could not be written");
    puts("");
    begin(job, "side|point|place|serves|amount|not measured|unit|state");
    for (size_t i = 0; i < one.part_n; i++) put_part(job, &one, &one.parts[i]);
    return HENG_OK;
}

static void put_success(struct job *job, const char *name, const struct heng_quality_group *group)
{
    heng_table_text(&job->table, name);
    heng_table_int(&job->table, group->count.planned);
    heng_table_int(&job->table, group->count.first);
    heng_table_int(&job->table, group->count.answered);
    heng_table_int(&job->table, group->count.estimated);
    heng_table_opt(&job->table, group->rates.first);
    heng_table_opt(&job->table, group->rates.daily);
    heng_table_opt(&job->table, group->rates.complete);
}

static heng_rc report_success(struct job *job, struct heng_err *err)
{
    struct heng_quality_view view;
    heng_quality_by by = heng_quality_by_of(job->wish->by);
    if (by == HENG_QUALITY_BY_COUNT)
        return heng_fail(err, HENG_ECONFIG, 0, "--by is day, line, gateway or building, not '%.40s'", job->wish->by);
    heng_rc rc = heng_view_read_success(job->reader, &job->arena, &job->days, &job->quality, by, &view, err);
    if (rc != HENG_OK) return rc;
    begin(job, "|planned|first try|read|estimated|first %|read %|complete %");
    for (size_t i = 0; i < view.n; i++)
        put_success(job, view.items[i].name[0] ? view.items[i].name : "(centre)", &view.items[i]);
    put_success(job, "all", &view.all);
    return HENG_OK;
}

static heng_rc report_matrix(struct job *job, struct heng_err *err)
{
    struct heng_matrix_view view = {.n = HENG_MATRIX_METERS_MAX};
    begin(job, "meter|place|line|days");
    for (int64_t after = 0; view.n == HENG_MATRIX_METERS_MAX;) {
        heng_rc rc = heng_view_read_matrix(job->reader, &job->arena, &job->days, &job->quality, after, &view, err);
        if (rc != HENG_OK) return rc;
        for (size_t i = 0; i < view.n; i++) {
            heng_table_text(&job->table, view.items[i].number);
            heng_table_text(&job->table, view.items[i].place);
            heng_table_text(&job->table, view.items[i].line_name);
            heng_table_text(&job->table, view.items[i].cells);
            after = view.items[i].device_id;
        }
    }
    return HENG_OK;
}

static heng_rc report_missing(struct job *job, struct heng_err *err)
{
    struct heng_missing_view view;
    struct heng_quality_ask ask = job->quality;
    heng_rc rc = HENG_OK;
    ask.from = heng_day_at(&job->days.rule, job->now_us) - 1;
    if (job->wish->day) rc = date_of(job->wish->day, &ask.from, err);
    ask.to = ask.from + 1;
    if (rc == HENG_OK) rc = heng_view_missing(job->reader, &job->arena, &job->days, &ask, job->now_us, &view, err);
    if (rc != HENG_OK) return rc;
    begin(job, "day|meter|medium|place|line|reason|missing on the line|of|estimated");
    for (size_t i = 0; i < view.n; i++) {
        const struct heng_missing_row *row = &view.items[i];
        put_day(job, ask.from);
        heng_table_text(&job->table, row->number);
        heng_table_text(&job->table, heng_medium_text(row->medium));
        heng_table_text(&job->table, row->place);
        heng_table_text(&job->table, row->line_name);
        heng_table_text(&job->table, row->reason);
        heng_table_int(&job->table, row->line_missing);
        heng_table_int(&job->table, row->line_planned);
        heng_table_text(&job->table, row->estimated ? "yes" : "");
    }
    return HENG_OK;
}

static heng_rc report_lost(struct job *job, struct heng_err *err)
{
    struct heng_lost_view view;
    heng_rc rc = heng_view_lost(job->reader, &job->arena, job->quality.scope, job->now_us, &heng_lost_limits_default,
                                &view, err);
    if (rc != HENG_OK) return rc;
    begin(job, "what|number|place|line|last heard of|state|last try");
    for (size_t i = 0; i < view.gateway_n; i++) {
        char meters[64];
        snprintf(meters, sizeof meters, "%lld meters", (long long)view.gateways[i].meters);
        heng_table_text(&job->table, "gateway");
        heng_table_text(&job->table, view.gateways[i].key);
        heng_table_text(&job->table, view.gateways[i].name);
        heng_table_text(&job->table, meters);
        put_time(job, view.gateways[i].last_contact_us);
        heng_table_text(&job->table, view.gateways[i].last_contact_us ? "lost" : "never-seen");
        heng_table_text(&job->table, "");
    }
    for (size_t i = 0; i < view.meter_n; i++) {
        const struct heng_lost_meter_row *row = &view.meters[i].row;
        heng_table_text(&job->table, "meter");
        heng_table_text(&job->table, row->number);
        heng_table_text(&job->table, row->place);
        heng_table_text(&job->table, row->line_name);
        put_time(job, row->last_read_us);
        heng_table_text(&job->table, heng_lost_text(view.meters[i].lost));
        heng_table_text(&job->table,
                        row->last_outcome < HENG_OUTCOME_COUNT ? heng_outcome_text(row->last_outcome) : "");
    }
    return HENG_OK;
}

static void put_past(struct job *job, const char *name, heng_unit unit, const struct heng_comparison_past *past)
{
    heng_table_text(&job->table, name);
    put_day(job, past->from);
    put_day(job, past->to);
    put_amount(job, unit, past->is, past->amount);
    heng_table_text(&job->table, unit_text(unit));
    heng_table_opt(&job->table, past->change.change_pct);
    heng_table_opt(&job->table, past->change.corrected_change_pct);
    heng_table_opt(&job->table, past->degree_days);
    heng_table_text(&job->table, past->why ? past->why : "");
}

static heng_rc report_compare(struct job *job, struct heng_err *err)
{
    struct heng_comparison made;
    heng_rc rc = heng_view_comparison(job->reader, &job->arena, &job->days, &job->loss, job->point_id,
                                      job->wish->station, &made, err);
    if (rc != HENG_OK) return rc;
    const struct heng_comparison_past now = {.is = made.now.has_amount,
                                             .why = made.why,
                                             .from = job->loss.from,
                                             .to = job->loss.to,
                                             .amount = made.now.amount,
                                             .degree_days = made.degree_days};
    heng_unit unit = made.now.unit;
    begin(job, "period|from|to|amount|unit|change to it %|corrected by weather %|degree days|why not");
    put_past(job, "this", unit, &now);
    put_past(job, "before", unit, &made.before);
    put_past(job, "a year ago", unit, &made.year_ago);
    if (!heng_table_print(&job->table)) return heng_fail(err, HENG_EIO, 0, "the table could not be written");
    puts("");
    begin(job, "place in the row|of|uses more than %|median of the others|unit|to the median %|W/m2|left out|unlike");
    struct heng_opt_dec median = made.among.median;
    heng_table_int(&job->table, (int64_t)made.among.rank);
    heng_table_int(&job->table, (int64_t)made.among.of);
    heng_table_opt(&job->table, made.among.below_pct);
    put_amount(job, unit, median.is, median.dec);
    char text[32];
    snprintf(text, sizeof text, "%s%s", unit_text(unit), made.by_m2 ? "/m2" : "");
    heng_table_text(&job->table, text);
    heng_table_opt(&job->table, made.among.to_median_pct);
    heng_table_opt(&job->table, made.watt_per_m2);
    heng_table_int(&job->table, (int64_t)made.left_out);
    heng_table_int(&job->table, (int64_t)made.unlike);
    return HENG_OK;
}

static void put_habit(struct job *job, const char *what, bool is, struct heng_dec value, const char *unit,
                      heng_us at_us)
{
    heng_table_text(&job->table, what);
    heng_table_opt(&job->table, (struct heng_opt_dec){.is = is, .dec = value});
    heng_table_text(&job->table, unit);
    put_time(job, at_us);
}

static void put_use(struct job *job, const struct heng_habits_view *view, const char *what, bool is, int64_t amount,
                    int exp, heng_us at_us)
{
    struct heng_dec value = {0};
    if (is) is = heng_dec_make(amount, view->exp + exp + shift_of(view->unit), &value) == HENG_OK;
    put_habit(job, what, is, value, unit_text(view->unit), at_us);
}

static void put_count(struct job *job, const char *what, uint32_t count, const char *unit)
{
    put_habit(job, what, true, (struct heng_dec){count, 0}, unit, 0);
}

static void put_summary(struct job *job, const struct heng_habits_view *view)
{
    const struct heng_habits_found *f = view->found;
    char interval[32];
    snprintf(interval, sizeof interval, "of %d minutes", view->minutes);
    begin(job, "what|value|unit|when");
    put_count(job, "days", f->days, "");
    put_count(job, "intervals", f->intervals, interval);
    put_count(job, "intervals left out", f->left_out, "");
    put_use(job, view, "used", true, f->total, 0, 0);
    put_use(job, view, "peak interval", f->peak.is, f->peak.amount, 0, f->peak.from_us);
    put_use(job, view, "lowest interval", f->valley.is, f->valley.amount, 0, f->valley.from_us);
    put_use(job, view, "mean interval", f->intervals != 0, f->mean_milli, -3, 0);
    put_use(job, view, "least hour of the night, usual", f->night.days != 0, f->night.median, 0, 0);
    put_use(job, view, "least hour of the night, lowest", f->night.days != 0, f->night.least, 0, 0);
    put_count(job, "nights that never stood still", f->night.running, "");
    put_count(job, "nights", f->night.days, "");
    put_use(job, view, "base load of an hour", f->base.days != 0, f->base.median, 0, 0);
    put_count(job, "days with reverse flow", f->reverse_days, "");
    put_count(job, "days with night flow", f->night_flow_days, "");
    put_habit(job, "mean temperature difference", view->spread.is, view->spread.dec, "K", 0);
    put_count(job, "days with low difference", view->low_spread_days, "");
    put_count(job, "days with flow", view->spread_days, "");
}

static void put_curve(struct job *job, const struct heng_habits_view *view)
{
    const struct heng_habits_found *f = view->found;
    begin(job, "time|unit|working day|Saturday|Sunday");
    for (unsigned i = 0; i < f->slots; i++) {
        char time[32];
        unsigned minute = i * (1440u / f->slots);
        snprintf(time, sizeof time, "%02u:%02u", minute / 60, minute % 60);
        heng_table_text(&job->table, time);
        heng_table_text(&job->table, unit_text(view->unit));
        for (unsigned k = 0; k < HENG_HABITS_KINDS; k++) {
            struct heng_opt_dec cell = {.is = f->curve_counts[k][i] != 0};
            if (cell.is)
                cell.is =
                    heng_dec_make(f->curve_milli[k][i], view->exp - 3 + shift_of(view->unit), &cell.dec) == HENG_OK;
            heng_table_opt(&job->table, cell);
        }
    }
}

static heng_rc report_habits(struct job *job, struct heng_err *err)
{
    struct heng_habits_view view;
    const char *show = job->wish->show;
    if (*show && strcmp(show, "curve") != 0 && strcmp(show, "duration") != 0)
        return heng_fail(err, HENG_ECONFIG, 0, "--show is curve or duration, not '%.40s'", show);
    heng_rc rc = heng_view_habits(job->reader, &job->arena, &job->days, &job->loss, job->point_id, &view, err);
    if (rc != HENG_OK) return rc;
    if (!*show) put_summary(job, &view);
    if (*show == 'c') put_curve(job, &view);
    if (*show != 'd') return HENG_OK;
    begin(job, "share of the time %|at least|unit");
    for (unsigned i = 0; i < view.found->step_count; i++) {
        const struct heng_habits_step *step = &view.found->steps[i];
        put_permyriad(job, true, step->permyriad);
        put_amount(job, view.unit, true, (struct heng_dec){step->amount, view.exp});
        heng_table_text(&job->table, unit_text(view.unit));
    }
    return HENG_OK;
}

static heng_rc report_swapped(struct job *job, struct heng_err *err)
{
    struct heng_swaps_view view;
    heng_day since;
    if (!job->wish->since) return heng_fail(err, HENG_ECONFIG, 0, "since when? --since DATE");
    heng_rc rc = date_of(job->wish->since, &since, err);
    if (rc == HENG_OK)
        rc = heng_view_swaps(job->reader, &job->arena, &job->days, &job->loss, job->point_id, since, &view, err);
    if (rc != HENG_OK) return rc;
    begin(job, "point|place|with|at|far from the other's past, % of own");
    for (size_t i = 0; i < view.n; i++) {
        put_point(job, &view.items[i].a);
        put_point(job, &view.items[i].b);
        heng_table_dec(&job->table, view.items[i].cross_pct);
    }
    return HENG_OK;
}

static const struct {
    const char *name;
    heng_rc (*run)(struct job *job, struct heng_err *err);
    bool needs_point;
} reports[] = {
    {"loss", report_loss, false},     {"read-success", report_success, false},
    {"matrix", report_matrix, false}, {"missing", report_missing, false},
    {"lost", report_lost, false},     {"compare", report_compare, true},
    {"habits", report_habits, true},  {"swapped", report_swapped, true},
};

static int run(size_t which, const struct wish *wish)
{
    struct job job;
    struct heng_err err = {0};
    heng_rc rc = open_job(wish, &job, &err);
    if (rc == HENG_OK) rc = heng_store_reader_begin(job.reader, &err); /* one moment of the database */
    if (rc == HENG_OK) {
        rc = reports[which].run(&job, &err);
        heng_store_reader_end(job.reader);
    }
    if (rc == HENG_OK && !heng_table_print(&job.table))
        rc = heng_fail(&err, HENG_EIO, 0, "the table could not be written");
    close_job(&job);
    if (rc == HENG_ECONFIG) return heng_usage_error(command, "%s", err.text);
    return rc == HENG_OK ? EXIT_SUCCESS : heng_failure(command, &err);
}

static bool parse_accuracy(const char *text, uint16_t *ret)
{
    char *end;
    long number = strtol(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || number < 1 || number > 10000) return false;
    *ret = (uint16_t)number;
    return true;
}

int heng_cmd_report(int argc, char **argv)
{
    enum { WORDS = 14 };
    static const struct option options[] = {
        {"data", required_argument, NULL, 'w'},    {"from", required_argument, NULL, 'w'},
        {"to", required_argument, NULL, 'w'},      {"month", required_argument, NULL, 'w'},
        {"day", required_argument, NULL, 'w'},     {"since", required_argument, NULL, 'w'},
        {"place", required_argument, NULL, 'w'},   {"line", required_argument, NULL, 'w'},
        {"gateway", required_argument, NULL, 'w'}, {"point", required_argument, NULL, 'w'},
        {"org", required_argument, NULL, 'w'},     {"station", required_argument, NULL, 'w'},
        {"by", required_argument, NULL, 'w'},      {"show", required_argument, NULL, 'w'},
        {"format", required_argument, NULL, 'F'},  {"accuracy", required_argument, NULL, 'a'},
        {"help", no_argument, NULL, 'h'},          {NULL, 0, NULL, 0}};
    struct wish wish = {.database = "data", .station = "", .by = "day", .show = ""};
    const char **const words[WORDS] = {&wish.database, &wish.from,    &wish.to,   &wish.month,   &wish.day,
                                       &wish.since,    &wish.place,   &wish.line, &wish.gateway, &wish.point,
                                       &wish.org,      &wish.station, &wish.by,   &wish.show};
    int option, which = 0;
    opterr = 0;
    optind = 1;
    while ((option = getopt_long(argc, argv, ":", options, &which)) != -1) {
        switch (option) {
        case 'w': *words[which] = optarg; break;
        case 'a':
            if (!parse_accuracy(optarg, &wish.accuracy))
                return heng_usage_error(command, "--accuracy is 1 to 10000, not '%.40s'", optarg);
            break;
        case 'F':
            wish.csv = strcmp(optarg, "csv") == 0;
            if (!wish.csv && strcmp(optarg, "table") != 0)
                return heng_usage_error(command, "--format is table or csv, not '%.40s'", optarg);
            break;
        case 'h': print_help(); return EXIT_SUCCESS;
        default: return heng_option_error(command, option, argv);
        }
    }
    if (argc - optind != 1) return heng_usage_error(command, "one report at a time: loss, read-success, missing ...");
    for (size_t i = 0; i < sizeof reports / sizeof *reports; i++) {
        if (strcmp(argv[optind], reports[i].name) != 0) continue;
        if (reports[i].needs_point && !wish.point)
            return heng_usage_error(command, "%s of which point? --point KEY", reports[i].name);
        return run(i, &wish);
    }
    return heng_usage_error(command, "'%.40s' is no report", argv[optind]);
}
