#include "app/cmd/exceptions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/options.h"
#include "usage/quality.h"
#include "vee/day.h"
#include "vee/verdict.h"

enum { PAGE = 128 };

static void print_one(const struct heng_exception_row *e)
{
    const struct heng_verdict_row *v = &e->newest;
    char first[HENG_DATE_TEXT_MAX], last[HENG_DATE_TEXT_MAX];
    heng_date_format(e->device_id ? v->day : e->first_day, first);
    heng_date_format(v->day, last);
    printf("channel %lld  %s  %s  %s..%s  %lld times", (long long)v->channel_id, heng_rule_text((heng_rule)v->rule),
           v->severity, first, last, (long long)e->count);
    if (v->numbers[HENG_VERDICT_SEEN][0]) printf("  seen %s", v->numbers[HENG_VERDICT_SEEN]);
    if (v->numbers[HENG_VERDICT_LOW][0]) printf("  low %s", v->numbers[HENG_VERDICT_LOW]);
    if (v->numbers[HENG_VERDICT_HIGH][0]) printf("  high %s", v->numbers[HENG_VERDICT_HIGH]);
    if (e->device_id) printf("  reading of meter %lld, kept beside", (long long)e->device_id);
    printf("  %s%s%s\n", e->place, e->answer[0] ? "  answered: " : "", e->answer);
}

static void print_undeclared(const struct heng_undeclared_row *u)
{
    printf("point %lld  meter %lld counts what no channel takes: %s in %s, tariff %u %s\n", (long long)u->point_id,
           (long long)u->device_id, heng_quantity_text(u->quantity), heng_unit_text(u->unit), u->tariff, u->qualifier);
}

static heng_rc print_undeclared_of(struct heng_store_reader *reader, int64_t point_id, struct heng_err *err)
{
    struct heng_undeclared_row rows[PAGE];
    size_t n = PAGE;
    heng_rc rc = HENG_OK;
    for (int64_t after = 0; rc == HENG_OK && n == PAGE; after = n ? rows[n - 1].register_id : after) {
        rc = heng_store_list_undeclared(reader, 0, point_id, after, rows, PAGE, &n, err);
        for (size_t i = 0; rc == HENG_OK && i < n; i++) print_undeclared(&rows[i]);
    }
    return rc;
}

static heng_rc print_all(struct heng_store_reader *reader, const struct heng_day_rule *days,
                         const struct heng_exception_ask *ask, struct heng_err *err)
{
    struct heng_exception_row *rows = calloc(PAGE, sizeof *rows);
    heng_rc rc = rows ? HENG_OK : heng_fail(err, HENG_ENOMEM, 0, "no memory for exceptions");
    int64_t channel = 0;
    uint8_t rule = 0;
    for (size_t n = PAGE; rc == HENG_OK && n == PAGE;) {
        rc = heng_list_exceptions(reader, days, ask, channel, rule, rows, PAGE, &n, err);
        for (size_t i = 0; rc == HENG_OK && i < n; i++) {
            print_one(&rows[i]);
            channel = rows[i].newest.channel_id;
            rule = rows[i].newest.rule;
        }
    }
    free(rows);
    return rc == HENG_OK ? print_undeclared_of(reader, ask->point_id, err) : rc;
}

heng_rc heng_exceptions_print(const char *data, int64_t point_id, int32_t from, int32_t to, struct heng_err *err)
{
    const struct heng_exception_ask ask = {
        .point_id = point_id, .from = from, .to = to, .medium = "", .group_name = "", .severity = ""};
    char name[DATA_PATH_MAX];
    struct heng_store *store = NULL;
    struct heng_site_days days = {0};
    heng_rc rc = heng_data_open(data, name, &store, err);
    if (rc == HENG_OK) rc = heng_site_days_init(&days, heng_store_as_reader(store), err);
    if (rc == HENG_OK) rc = print_all(heng_store_as_reader(store), &days.rule, &ask, err);
    heng_site_days_fini(&days);
    heng_store_close(store);
    return rc;
}

heng_rc heng_exceptions_answer(const char *data, const struct heng_answer_wish *wish, struct heng_err *err)
{
    char name[DATA_PATH_MAX];
    struct heng_store *store = NULL;
    heng_rc rc = heng_data_open(data, name, &store, err);
    if (rc == HENG_OK) rc = heng_store_begin(store, err);
    if (rc == HENG_OK) rc = heng_verdict_answer(store, 0, wish, heng_clock_wall(), err);
    if (rc == HENG_OK) rc = heng_store_commit(store, err);
    heng_store_close(store);
    return rc;
}
