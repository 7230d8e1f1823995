/* What the rules over several channels have to look at, piece by piece, behind the channels that were derived. */
#include "usage/check.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "store/checks.h"

/* --- rules and verdicts ---------------------------------------------------------------------------------------- */

heng_rc heng_usage_rules_on(struct heng_store_reader *reader, struct heng_rules_in_force *in_force, heng_medium medium,
                            const char *group_name, heng_day day, struct heng_err *err)
{
    struct heng_channel_row row = {.medium = medium};
    if (in_force->known && day >= in_force->from && day < in_force->to && in_force->medium == medium &&
        strcmp(in_force->group_name, group_name) == 0)
        return HENG_OK;
    in_force->known = false;
    in_force->medium = medium;
    snprintf(in_force->group_name, sizeof in_force->group_name, "%s", group_name);
    snprintf(row.group_name, sizeof row.group_name, "%s", group_name);
    heng_rc rc = heng_store_rules_span(reader, medium, group_name, day, &in_force->from, &in_force->to, err);
    if (rc == HENG_OK) rc = heng_usage_rules(reader, &row, day, &in_force->set, err);
    in_force->known = rc == HENG_OK;
    return rc;
}

bool heng_usage_is_heated(heng_medium medium)
{
    return medium == HENG_MEDIUM_HEAT || medium == HENG_MEDIUM_HEAT_INLET || medium == HENG_MEDIUM_HEAT_COOLING ||
           medium == HENG_MEDIUM_STEAM;
}

static void put_number(const struct heng_opt_dec *number, char ret[HENG_AT_LEAST(HENG_DEC_TEXT_MAX)])
{
    ret[0] = '\0';
    if (number->is) heng_dec_format(number->dec, ret);
}

void heng_usage_verdict_row(const struct heng_verdict *v, struct heng_verdict_row *ret)
{
    memset(ret, 0, sizeof *ret);
    ret->rule = (uint8_t)v->rule;
    ret->version = v->version;
    snprintf(ret->severity, sizeof ret->severity, "%s", heng_severity_text(v->severity));
    ret->from_us = v->from_us;
    ret->to_us = v->to_us;
    put_number(&v->seen, ret->numbers[HENG_VERDICT_SEEN]);
    put_number(&v->low, ret->numbers[HENG_VERDICT_LOW]);
    put_number(&v->high, ret->numbers[HENG_VERDICT_HIGH]);
    put_number(&v->reference, ret->numbers[HENG_VERDICT_REFERENCE]);
}

heng_rc heng_check_say(struct heng_usage_check *c, int64_t channel_id, heng_day day, heng_verdict_place place,
                       uint16_t nr, struct heng_err *err)
{
    heng_rc rc = HENG_OK;
    for (unsigned i = 0; rc == HENG_OK && i < c->verdicts.count; i++) {
        struct heng_verdict_row row;
        heng_usage_verdict_row(&c->verdicts.items[i], &row);
        row.channel_id = channel_id;
        row.day = day;
        row.place = (uint16_t)place;
        row.nr = (uint16_t)(nr + i);
        rc = heng_store_put_verdict(c->store, &row, err);
    }
    return rc;
}

/* --- what is due ----------------------------------------------------------------------------------------------- */

static heng_day day_of(const struct heng_usage_worker *w, heng_us at_us)
{
    if (at_us < HENG_CHANNEL_FACT_US_MIN) at_us = HENG_CHANNEL_FACT_US_MIN;
    if (at_us > HENG_CHANNEL_FACT_US_MAX) at_us = HENG_CHANNEL_FACT_US_MAX;
    return heng_day_at(&w->site.days, at_us);
}

void heng_usage_days_due(const struct heng_usage_worker *w, const struct heng_usage_due *due, heng_day *ret_from,
                         heng_day *ret_to)
{
    const struct heng_derive_counts *counts = &w->derive.counts;
    *ret_from = day_of(w, due->from_us);
    *ret_to = day_of(w, due->to_us);
    if (counts->first <= counts->last && counts->first < *ret_from) *ret_from = counts->first;
    if (counts->first <= counts->last && counts->last > *ret_to) *ret_to = counts->last;
}

static heng_rc begin(struct heng_usage_worker *w, struct heng_store *store, struct heng_err *err)
{
    if (!w->check) w->check = calloc(1, sizeof *w->check);
    if (!w->check) return heng_fail(err, HENG_ENOMEM, 0, "no memory to check usage");
    w->check->store = store;
    w->check->reader = heng_store_as_reader(store);
    w->check->site = &w->site;
    w->check->in_force.known = false; /* somebody may have stored others */
    memset(w->check->weather, 0, sizeof w->check->weather);
    return HENG_OK;
}

/* A fault of one point is its own; a fault of the disk is everybody's. */
static bool is_own_fault(heng_rc rc)
{
    return rc != HENG_EIO && rc != HENG_ELIMIT && rc != HENG_ENOMEM && rc != HENG_EBUG;
}

/* One piece, in a part of the transaction that is taken back when it fails: it is then not tried again before something
 * changes. */
static heng_rc work_one(struct heng_usage_check *c, const struct heng_check_due *due, bool group, struct heng_err *err)
{
    struct heng_err why = {.text = ""};
    heng_day until = due->to_day;
    heng_rc rc = heng_store_part_begin(c->store, err);
    if (rc != HENG_OK) return rc;
    heng_rc checked = group ? heng_check_group(c, due, &until, &why) : heng_check_point(c, due, &until, &why);
    if (checked == HENG_OK) checked = heng_store_settle(c->store, &why);
    if (checked != HENG_OK && !is_own_fault(checked)) return heng_fail(err, checked, why.at, "%s", why.text);
    if (checked != HENG_OK) {
        heng_log(HENG_LOG_ERROR, "flow", "event=check_failed %s=%lld rc=%s text='%s'", group ? "place" : "point",
                 (long long)due->id, heng_rc_name(checked), why.text);
        until = due->to_day;
    }
    rc = heng_store_part_end(c->store, checked != HENG_OK, err);
    if (rc != HENG_OK) return rc;
    return group ? heng_store_group_check_done(c->store, due, until, err)
                 : heng_store_check_done(c->store, due, until, err);
}

heng_rc heng_usage_check_work(struct heng_usage_worker *w, struct heng_store *store, heng_us until_us, bool at_least,
                              bool *ret_left, struct heng_err *err)
{
    bool group = false;
    heng_rc rc = begin(w, store, err);
    while (rc == HENG_OK) {
        struct heng_check_due due;
        rc = group ? heng_store_next_group_check(w->check->reader, 0, "", &due, err)
                   : heng_store_next_check(w->check->reader, 0, &due, err);
        if (rc == HENG_ENOTFOUND && !group) { /* groups last: they look at what all points came to */
            group = true;
            rc = HENG_OK;
            continue;
        }
        if (rc != HENG_OK) break;
        if (!at_least && heng_clock_mono() >= until_us) {
            *ret_left = true;
            break;
        }
        at_least = false;
        rc = work_one(w->check, &due, group, err);
    }
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}
