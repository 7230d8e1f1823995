/* The operations about how meters are read, what is lost, and how points use what they use. */
#include <string.h>

#include "api/internal.h"
#include "usage/compare.h"

/* There are no accounts yet: whoever reaches the server is its operator. */
enum { SCOPE = 0 };

static heng_rc no_memory(struct heng_err *err) { return heng_fail(err, HENG_ENOMEM, 0, "the answer is too large"); }

static heng_us or_never(heng_us at_us) { return at_us ? at_us : HENG_US_NEVER; }

static const char *date_text(struct heng_api_call *call, heng_day day)
{
    char text[HENG_DATE_TEXT_MAX];
    heng_date_format(day, text);
    return heng_arena_text(call->arena, text);
}

static const char *dec_text(struct heng_api_call *call, struct heng_dec dec)
{
    return heng_api_dec_text(call->arena, dec);
}

static const char *opt_text(struct heng_api_call *call, struct heng_opt_dec opt)
{
    return opt.is ? heng_api_dec_text(call->arena, opt.dec) : NULL;
}

/* 1/10000 as percent. */
static const char *permyriad_text(struct heng_api_call *call, int32_t permyriad)
{
    return dec_text(call, (struct heng_dec){permyriad, -2});
}

/* --- how meters are read
 * ---------------------------------------------------------------------------------------------- */

static struct heng_api_read_quality_group group_from(struct heng_api_call *call, const struct heng_quality_group *group)
{
    return (struct heng_api_read_quality_group){
        .id = group->id,
        .name = group->name,
        .planned = group->count.planned,
        .first = group->count.first,
        .answered = group->count.answered,
        .estimated = group->count.estimated,
        .first_percent = opt_text(call, group->rates.first),
        .read_percent = opt_text(call, group->rates.daily),
        .complete_percent = opt_text(call, group->rates.complete),
    };
}

static heng_rc tell_quality(struct heng_api_call *call, const struct heng_site_days *days,
                            const struct heng_api_get_read_quality_params *params, struct heng_api_read_quality *ret,
                            struct heng_err *err)
{
    struct heng_quality_view view;
    struct heng_quality_ask ask = {.scope = SCOPE,
                                   .now_us = heng_clock_wall(),
                                   .line_id = params->has_line ? params->line : 0,
                                   .gateway_id = params->has_gateway ? params->gateway : 0,
                                   .place_id = params->has_place ? params->place : 0};
    heng_quality_by by = HENG_QUALITY_BY_DAY;
    if (params->has_by) by = heng_quality_by_of(heng_api_read_quality_by_text(params->by));
    heng_rc rc = heng_period_parse(days, heng_clock_wall(), params->has_from ? params->from : NULL,
                                   params->has_to ? params->to : NULL, &ask.from, &ask.to, err);
    if (rc == HENG_OK) rc = heng_view_read_success(call->reader, call->arena, days, &ask, by, &view, err);
    if (rc != HENG_OK) return rc;
    struct heng_api_read_quality_group *items = heng_arena_take(call->arena, view.n + 1, sizeof *items);
    if (!items) return no_memory(err);
    for (size_t i = 0; i < view.n; i++) items[i] = group_from(call, &view.items[i]);
    *ret = (struct heng_api_read_quality){.from = date_text(call, ask.from),
                                          .to = date_text(call, ask.to),
                                          .all = group_from(call, &view.all),
                                          .items = items,
                                          .items_n = view.n};
    return HENG_OK;
}

heng_rc heng_api_get_read_quality(struct heng_api_call *call, const struct heng_api_get_read_quality_params *params,
                                  struct heng_api_read_quality *ret, struct heng_err *err)
{
    struct heng_site_days days;
    heng_rc rc = heng_site_days_init(&days, call->reader, err);
    if (rc == HENG_OK) rc = tell_quality(call, &days, params, ret, err);
    heng_site_days_fini(&days);
    return rc;
}

static heng_rc tell_matrix(struct heng_api_call *call, const struct heng_site_days *days,
                           const struct heng_api_get_read_matrix_params *params, struct heng_api_read_matrix *ret,
                           struct heng_err *err)
{
    struct heng_matrix_view view;
    struct heng_quality_ask ask = {.scope = SCOPE,
                                   .now_us = heng_clock_wall(),
                                   .line_id = params->has_line ? params->line : 0,
                                   .gateway_id = params->has_gateway ? params->gateway : 0,
                                   .place_id = params->has_place ? params->place : 0};
    heng_rc rc = heng_period_parse(days, heng_clock_wall(), params->has_from ? params->from : NULL,
                                   params->has_to ? params->to : NULL, &ask.from, &ask.to, err);
    if (rc == HENG_OK) rc = heng_view_read_matrix(call->reader, call->arena, days, &ask, params->after, &view, err);
    if (rc != HENG_OK) return rc;
    struct heng_api_read_matrix_row *items = heng_arena_take(call->arena, view.n + 1, sizeof *items);
    if (!items) return no_memory(err);
    for (size_t i = 0; i < view.n; i++)
        items[i] = (struct heng_api_read_matrix_row){.meter_id = view.items[i].device_id,
                                                     .number = view.items[i].number,
                                                     .place = view.items[i].place,
                                                     .line_name = view.items[i].line_name,
                                                     .days = view.items[i].cells};
    *ret = (struct heng_api_read_matrix){date_text(call, ask.from), date_text(call, ask.to), items, view.n};
    return HENG_OK;
}

heng_rc heng_api_get_read_matrix(struct heng_api_call *call, const struct heng_api_get_read_matrix_params *params,
                                 struct heng_api_read_matrix *ret, struct heng_err *err)
{
    struct heng_site_days days;
    heng_rc rc = heng_site_days_init(&days, call->reader, err);
    if (rc == HENG_OK) rc = tell_matrix(call, &days, params, ret, err);
    heng_site_days_fini(&days);
    return rc;
}

static heng_rc tell_missing(struct heng_api_call *call, const struct heng_site_days *days,
                            const struct heng_api_list_missing_meters_params *params,
                            struct heng_api_missing_meter_list *ret, struct heng_err *err)
{
    struct heng_missing_view view;
    struct heng_quality_ask ask = {.scope = SCOPE,
                                   .from = heng_day_at(&days->rule, heng_clock_wall()) - 1,
                                   .line_id = params->has_line ? params->line : 0,
                                   .gateway_id = params->has_gateway ? params->gateway : 0,
                                   .place_id = params->has_place ? params->place : 0};
    if (params->has_day && !heng_date_parse(params->day, &ask.from))
        return heng_fail(err, HENG_ERANGE, 0, "'%.20s' is no day like 2026-11-01", params->day);
    ask.to = ask.from + 1;
    heng_rc rc = heng_view_missing(call->reader, call->arena, days, &ask, heng_clock_wall(), &view, err);
    if (rc != HENG_OK) return rc;
    struct heng_api_missing_meter *items = heng_arena_take(call->arena, view.n + 1, sizeof *items);
    if (!items) return no_memory(err);
    for (size_t i = 0; i < view.n; i++)
        items[i] = (struct heng_api_missing_meter){.meter_id = view.items[i].device_id,
                                                   .line_id = view.items[i].line_id,
                                                   .has_gateway_id = view.items[i].gateway_id != 0,
                                                   .gateway_id = view.items[i].gateway_id,
                                                   .number = view.items[i].number,
                                                   .medium = heng_medium_text(view.items[i].medium),
                                                   .place = view.items[i].place,
                                                   .line_name = view.items[i].line_name,
                                                   .reason = view.items[i].reason,
                                                   .line_missing = view.items[i].line_missing,
                                                   .line_planned = view.items[i].line_planned,
                                                   .estimated = view.items[i].estimated};
    *ret = (struct heng_api_missing_meter_list){date_text(call, ask.from), view.planned, items, view.n};
    return HENG_OK;
}

heng_rc heng_api_list_missing_meters(struct heng_api_call *call,
                                     const struct heng_api_list_missing_meters_params *params,
                                     struct heng_api_missing_meter_list *ret, struct heng_err *err)
{
    struct heng_site_days days;
    heng_rc rc = heng_site_days_init(&days, call->reader, err);
    if (rc == HENG_OK) rc = tell_missing(call, &days, params, ret, err);
    heng_site_days_fini(&days);
    return rc;
}

static struct heng_api_lost_meter lost_meter_from(const struct heng_lost_meter_view *view)
{
    const struct heng_lost_meter_row *row = &view->row;
    return (struct heng_api_lost_meter){
        .meter_id = row->device_id,
        .line_id = row->line_id,
        .has_gateway_id = row->gateway_id != 0,
        .gateway_id = row->gateway_id,
        .number = row->number,
        .medium = heng_medium_text(row->medium),
        .place = row->place,
        .line_name = row->line_name,
        .last_read_at = or_never(row->last_read_us),
        .state = heng_api_lost_meter_state_of(heng_lost_text(view->lost)),
        .reason = row->last_outcome < HENG_OUTCOME_COUNT ? heng_outcome_text(row->last_outcome) : "",
    };
}

heng_rc heng_api_list_lost(struct heng_api_call *call, struct heng_api_lost_list *ret, struct heng_err *err)
{
    struct heng_lost_view view;
    heng_rc rc =
        heng_view_lost(call->reader, call->arena, SCOPE, heng_clock_wall(), &heng_lost_limits_default, &view, err);
    if (rc != HENG_OK) return rc;
    struct heng_api_lost_meter *meters = heng_arena_take(call->arena, view.meter_n + 1, sizeof *meters);
    struct heng_api_lost_gateway *gateways = heng_arena_take(call->arena, view.gateway_n + 1, sizeof *gateways);
    if (!meters || !gateways) return no_memory(err);
    for (size_t i = 0; i < view.meter_n; i++) meters[i] = lost_meter_from(&view.meters[i]);
    for (size_t i = 0; i < view.gateway_n; i++)
        gateways[i] =
            (struct heng_api_lost_gateway){view.gateways[i].id, view.gateways[i].key, view.gateways[i].name,
                                           or_never(view.gateways[i].last_contact_us), view.gateways[i].meters};
    *ret = (struct heng_api_lost_list){.alarms = (int64_t)view.alarms,
                                       .meters = meters,
                                       .meters_n = view.meter_n,
                                       .gateways = gateways,
                                       .gateways_n = view.gateway_n};
    return HENG_OK;
}

/* --- loss
 * ------------------------------------------------------------------------------------------------------------- */

static heng_rc ask_from(const struct heng_site_days *days, const char *from, const char *to, struct heng_loss_ask *ret,
                        struct heng_err *err)
{
    *ret = (struct heng_loss_ask){.scope = SCOPE, .limits = heng_balance_limits_default};
    return heng_period_parse(days, heng_clock_wall(), from, to, &ret->from, &ret->to, err);
}

static struct heng_api_loss loss_from(struct heng_api_call *call, const struct heng_loss *loss)
{
    const struct heng_balance *b = &loss->balance;
    return (struct heng_api_loss){
        .point_id = loss->point.point_id,
        .key = heng_arena_text(call->arena, loss->point.key),
        .name = heng_arena_text(call->arena, loss->point.name),
        .place = heng_arena_text(call->arena, loss->point.place),
        .level = loss->depth,
        .unit = heng_unit_text(loss->unit),
        .in = dec_text(call, b->in),
        .out = dec_text(call, b->out),
        .own_use = dec_text(call, b->own),
        .loss = opt_text(call, b->loss),
        .loss_percent = opt_text(call, b->loss_pct),
        .band = opt_text(call, b->band),
        .band_percent = opt_text(call, b->band_pct),
        .state = heng_api_loss_state_of(heng_balance_state_text(b->state)),
        .why = heng_balance_why_text(b->why),
        .has_share_percent = b->why != HENG_BALANCE_WHY_NOTHING,
        .share_percent = permyriad_text(call, b->share_permyriad),
        .has_area_percent = b->area_permyriad >= 0,
        .area_percent = permyriad_text(call, b->area_permyriad),
        .children = (int64_t)b->children,
        .missing = (int64_t)b->missing,
        .estimated = (int64_t)b->estimated,
        .others = (int64_t)loss->others,
    };
}

heng_rc heng_api_list_losses(struct heng_api_call *call, const struct heng_api_list_losses_params *params,
                             struct heng_api_loss_list *ret, struct heng_err *err)
{
    struct heng_site_days days;
    struct heng_loss_ask ask;
    struct heng_losses all;
    struct heng_api_loss *items = NULL;
    heng_rc rc = heng_site_days_init(&days, call->reader, err);
    if (rc == HENG_OK)
        rc = ask_from(&days, params->has_from ? params->from : NULL, params->has_to ? params->to : NULL, &ask, err);
    if (rc == HENG_OK)
        rc = heng_view_losses(call->reader, call->arena, &days, &ask, params->has_place ? params->place : 0, &all, err);
    heng_site_days_fini(&days);
    if (rc != HENG_OK) return rc;
    items = heng_arena_take(call->arena, all.n + 1, sizeof *items);
    if (!items) return no_memory(err);
    for (size_t i = 0; i < all.n; i++) items[i] = loss_from(call, &all.items[i]);
    *ret = (struct heng_api_loss_list){date_text(call, ask.from), date_text(call, ask.to), items, all.n};
    return HENG_OK;
}

static struct heng_api_loss_part part_from(struct heng_api_call *call, const struct heng_loss_part *part)
{
    static const heng_api_loss_part_side sides[] = {[HENG_BALANCE_IN] = HENG_API_LOSS_PART_SIDE_IN,
                                                    [HENG_BALANCE_OUT] = HENG_API_LOSS_PART_SIDE_OUT,
                                                    [HENG_BALANCE_OWN] = HENG_API_LOSS_PART_SIDE_OWN_USE};
    const struct heng_point_usage *point = &part->amount.point;
    return (struct heng_api_loss_part){
        .side = sides[part->part.side],
        .point_id = point->point_id,
        .key = point->key,
        .name = point->name,
        .place = point->place,
        .serves = point->serves,
        .amount = part->part.has_amount ? dec_text(call, part->part.amount) : NULL,
        .not_measured = part->part.has_amount ? dec_text(call, part->part.estimated) : NULL,
        .unlike = part->part.unlike,
    };
}

heng_rc heng_api_get_loss(struct heng_api_call *call, const struct heng_api_get_loss_params *params,
                          struct heng_api_loss_detail *ret, struct heng_err *err)
{
    struct heng_site_days days;
    struct heng_loss_ask ask;
    struct heng_loss *loss = heng_arena_take(call->arena, 1, sizeof *loss);
    if (!loss) return no_memory(err);
    heng_rc rc = heng_site_days_init(&days, call->reader, err);
    if (rc == HENG_OK)
        rc = ask_from(&days, params->has_from ? params->from : NULL, params->has_to ? params->to : NULL, &ask, err);
    if (rc == HENG_OK) rc = heng_view_loss(call->reader, call->arena, &days, &ask, params->point_id, loss, err);
    heng_site_days_fini(&days);
    if (rc != HENG_OK) return rc;
    struct heng_api_loss_part *parts = heng_arena_take(call->arena, loss->part_n + 1, sizeof *parts);
    if (!parts) return no_memory(err);
    for (size_t i = 0; i < loss->part_n; i++) parts[i] = part_from(call, &loss->parts[i]);
    *ret = (struct heng_api_loss_detail){.from = date_text(call, ask.from),
                                         .to = date_text(call, ask.to),
                                         .loss = loss_from(call, loss),
                                         .parts = parts,
                                         .parts_n = loss->part_n};
    return HENG_OK;
}

/* --- comparison
 * ------------------------------------------------------------------------------------------------------- */

static struct heng_api_comparison_past past_from(struct heng_api_call *call, const struct heng_comparison_past *past)
{
    return (struct heng_api_comparison_past){
        .from = date_text(call, past->from),
        .to = date_text(call, past->to),
        .amount = past->is ? dec_text(call, past->amount) : NULL,
        .change_percent = opt_text(call, past->change.change_pct),
        .corrected_percent = opt_text(call, past->change.corrected_change_pct),
        .why = past->why,
    };
}

static heng_rc tell_comparison(struct heng_api_call *call, const struct heng_loss_ask *ask,
                               const struct heng_comparison *made, struct heng_api_comparison *ret,
                               struct heng_err *err)
{
    struct heng_api_comparison_peer *peers = heng_arena_take(call->arena, made->peer_n + 1, sizeof *peers);
    if (!peers) return no_memory(err);
    for (size_t i = 0; i < made->peer_n; i++)
        peers[i] = (struct heng_api_comparison_peer){made->peers[i].point_id,
                                                     made->peers[i].key,
                                                     made->peers[i].name,
                                                     made->peers[i].place,
                                                     dec_text(call, made->peers[i].amount),
                                                     opt_text(call, made->peers[i].per_m2)};
    *ret = (struct heng_api_comparison){
        .from = date_text(call, ask->from),
        .to = date_text(call, ask->to),
        .unit = heng_unit_text(made->now.unit),
        .amount = made->now.has_amount ? dec_text(call, made->now.amount) : NULL,
        .why = made->why,
        .per_m2 = opt_text(call, made->per_m2),
        .per_degree_day = opt_text(call, made->per_degree_day),
        .watt_per_m2 = opt_text(call, made->watt_per_m2),
        .before = past_from(call, &made->before),
        .year_ago = past_from(call, &made->year_ago),
        .by_m2 = made->by_m2,
        .rank = made->has_among ? (int64_t)made->among.rank : 0,
        .of = made->has_among ? (int64_t)made->among.of : 0,
        .median = opt_text(call, made->among.median),
        .below_percent = opt_text(call, made->among.below_pct),
        .to_median_percent = opt_text(call, made->among.to_median_pct),
        .left_out = (int64_t)made->left_out,
        .unlike = (int64_t)made->unlike,
        .peers = peers,
        .peers_n = made->peer_n,
    };
    return HENG_OK;
}

heng_rc heng_api_get_comparison(struct heng_api_call *call, const struct heng_api_get_comparison_params *params,
                                struct heng_api_comparison *ret, struct heng_err *err)
{
    struct heng_site_days days;
    struct heng_loss_ask ask;
    struct heng_comparison *made = heng_arena_take(call->arena, 1, sizeof *made);
    if (!made) return no_memory(err);
    heng_rc rc = heng_site_days_init(&days, call->reader, err);
    if (rc == HENG_OK)
        rc = ask_from(&days, params->has_from ? params->from : NULL, params->has_to ? params->to : NULL, &ask, err);
    if (rc == HENG_OK)
        rc = heng_view_comparison(call->reader, call->arena, &days, &ask, params->point_id,
                                  params->has_station ? params->station : "", made, err);
    heng_site_days_fini(&days);
    return rc == HENG_OK ? tell_comparison(call, &ask, made, ret, err) : rc;
}

/* --- habits
 * ----------------------------------------------------------------------------------------------------------- */

/* amount x 10^exp; NULL: not there. */
static const char *amount_text(struct heng_api_call *call, bool is, int64_t amount, int exp)
{
    struct heng_opt_dec opt = {.is = is};
    if (is) opt.is = heng_dec_make(amount, exp, &opt.dec) == HENG_OK;
    return opt_text(call, opt);
}

static struct heng_api_habits_moment moment_from(struct heng_api_call *call, const struct heng_habits_moment *moment,
                                                 int exp)
{
    return (struct heng_api_habits_moment){.at = moment->is ? moment->from_us : HENG_US_NEVER,
                                           .amount = amount_text(call, moment->is, moment->amount, exp)};
}

static heng_rc tell_curves(struct heng_api_call *call, const struct heng_habits_found *f, int exp,
                           struct heng_api_habits *ret, struct heng_err *err)
{
    struct heng_api_habits_slot *curve = heng_arena_take(call->arena, f->slots + 1u, sizeof *curve);
    struct heng_api_habits_step *steps = heng_arena_take(call->arena, f->step_count + 1u, sizeof *steps);
    if (!curve || !steps) return no_memory(err);
    for (unsigned i = 0; i < f->slots; i++) {
        curve[i].minute = i * (1440 / f->slots);
        curve[i].working_day = amount_text(call, f->curve_counts[0][i] != 0, f->curve_milli[0][i], exp - 3);
        curve[i].saturday = amount_text(call, f->curve_counts[1][i] != 0, f->curve_milli[1][i], exp - 3);
        curve[i].sunday = amount_text(call, f->curve_counts[2][i] != 0, f->curve_milli[2][i], exp - 3);
    }
    for (unsigned i = 0; i < f->step_count; i++) {
        steps[i].percent = permyriad_text(call, f->steps[i].permyriad);
        steps[i].amount = amount_text(call, true, f->steps[i].amount, exp);
    }
    ret->curve = curve;
    ret->curve_n = f->slots;
    ret->duration = steps;
    ret->duration_n = f->step_count;
    return HENG_OK;
}

static heng_rc tell_habits(struct heng_api_call *call, const struct heng_loss_ask *ask,
                           const struct heng_habits_view *view, struct heng_api_habits *ret, struct heng_err *err)
{
    const struct heng_habits_found *f = view->found;
    *ret = (struct heng_api_habits){
        .from = date_text(call, ask->from),
        .to = date_text(call, ask->to),
        .unit = heng_unit_text(view->unit),
        .minutes = view->minutes,
        .days = f->days,
        .intervals = f->intervals,
        .left_out = f->left_out,
        .total = amount_text(call, true, f->total, view->exp),
        .mean = amount_text(call, f->intervals != 0, f->mean_milli, view->exp - 3),
        .peak = moment_from(call, &f->peak, view->exp),
        .valley = moment_from(call, &f->valley, view->exp),
        .nights = f->night.days,
        .nights_running = f->night.running,
        .night_least = amount_text(call, f->night.days != 0, f->night.least, view->exp),
        .night_median = amount_text(call, f->night.days != 0, f->night.median, view->exp),
        .base_hour = amount_text(call, f->base.days != 0, f->base.median, view->exp),
        .reverse_days = f->reverse_days,
        .night_flow_days = f->night_flow_days,
        .spread_kelvin = opt_text(call, view->spread),
        .spread_days = view->spread_days,
        .low_spread_days = view->low_spread_days,
    };
    return tell_curves(call, f, view->exp, ret, err);
}

heng_rc heng_api_get_habits(struct heng_api_call *call, const struct heng_api_get_habits_params *params,
                            struct heng_api_habits *ret, struct heng_err *err)
{
    struct heng_site_days days;
    struct heng_loss_ask ask;
    struct heng_habits_view view;
    heng_rc rc = heng_site_days_init(&days, call->reader, err);
    if (rc == HENG_OK)
        rc = ask_from(&days, params->has_from ? params->from : NULL, params->has_to ? params->to : NULL, &ask, err);
    if (rc == HENG_OK) rc = heng_view_habits(call->reader, call->arena, &days, &ask, params->point_id, &view, err);
    heng_site_days_fini(&days);
    return rc == HENG_OK ? tell_habits(call, &ask, &view, ret, err) : rc;
}

heng_rc heng_api_list_swapped(struct heng_api_call *call, const struct heng_api_list_swapped_params *params,
                              struct heng_api_swap_list *ret, struct heng_err *err)
{
    struct heng_site_days days;
    struct heng_loss_ask ask;
    struct heng_swaps_view view;
    heng_day since;
    if (!heng_date_parse(params->since, &since))
        return heng_fail(err, HENG_ERANGE, 0, "'%.20s' is no day like 2026-11-01", params->since);
    heng_rc rc = heng_site_days_init(&days, call->reader, err);
    if (rc == HENG_OK)
        rc = ask_from(&days, params->has_from ? params->from : NULL, params->has_to ? params->to : NULL, &ask, err);
    if (rc == HENG_OK)
        rc = heng_view_swaps(call->reader, call->arena, &days, &ask, params->point_id, since, &view, err);
    heng_site_days_fini(&days);
    if (rc != HENG_OK) return rc;
    struct heng_api_swap *items = heng_arena_take(call->arena, view.n + 1, sizeof *items);
    if (!items) return no_memory(err);
    for (size_t i = 0; i < view.n; i++)
        items[i] = (struct heng_api_swap){view.items[i].a.point_id,
                                          view.items[i].a.key,
                                          view.items[i].a.place,
                                          view.items[i].b.point_id,
                                          view.items[i].b.key,
                                          view.items[i].b.place,
                                          dec_text(call, view.items[i].cross_pct)};
    *ret = (struct heng_api_swap_list){items, view.n};
    return HENG_OK;
}
