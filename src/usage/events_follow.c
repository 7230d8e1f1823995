/* What follows an event: installations, and how its index agrees with readings. */
#include <string.h>

#include "store/pack.h"
#include "store/read.h"
#include "usage/events_parts.h"
#include "usage/facts.h"

enum { INSTALLATIONS_MAX = 256, LOOK_DAYS = 35 };

/* --- installations --------------------------------------------------------------------------------------------- */

static heng_rc begin(struct heng_event_check *c, const struct heng_point_event *e, struct heng_err *err)
{
    const struct heng_installation inst = {.device_id = e->device_id,
                                           .point_id = e->point_id,
                                           .from_us = e->at_us,
                                           .factor_num = e->factor_num,
                                           .factor_den = e->factor_den,
                                           .digits = e->digits};
    return heng_store_begin_installation(c->store, &inst, err);
}

/* The installation of a device at a point that began or ended at a moment. */
static heng_rc find(struct heng_event_check *c, int64_t device_id, int64_t point_id, heng_us at_us, bool began,
                    struct heng_installation *ret, struct heng_err *err)
{
    struct heng_installation list[INSTALLATIONS_MAX];
    size_t n = 0;
    heng_rc rc = heng_store_list_installations(c->reader, device_id, point_id, list, INSTALLATIONS_MAX, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        if ((began ? list[i].from_us : list[i].until_us) != at_us) continue;
        *ret = list[i];
        return HENG_OK;
    }
    return rc == HENG_OK ? HENG_ENOTFOUND : rc;
}

static bool installs(heng_event_kind kind)
{
    return kind == HENG_EVENT_INSTALL || kind == HENG_EVENT_EXCHANGE || kind == HENG_EVENT_MOVE;
}

static bool ends(heng_event_kind kind)
{
    return kind == HENG_EVENT_REMOVE || kind == HENG_EVENT_EXCHANGE || kind == HENG_EVENT_MOVE;
}

/* What an event ended: by an exchange whoever was there, by a move the same device elsewhere. */
static heng_rc find_ended(struct heng_event_check *c, struct heng_installation *ret, struct heng_err *err)
{
    const struct heng_point_event *e = &c->undone;
    bool moved = e->kind == HENG_EVENT_MOVE;
    return find(c, moved ? e->device_id : 0, moved ? e->other_point : e->point_id, e->at_us, false, ret, err);
}

heng_rc heng_event_check_undo(struct heng_event_check *c, struct heng_err *err)
{
    const struct heng_point_event *e = &c->undone;
    struct heng_installation inst, list[INSTALLATIONS_MAX];
    size_t n = 0;
    heng_rc rc = HENG_OK;
    if (installs(e->kind)) {
        rc = find(c, e->device_id, e->point_id, e->at_us, true, &inst, err);
        if (rc == HENG_ENOTFOUND || (rc == HENG_OK && inst.until_us))
            return heng_fail(err, HENG_ECONFLICT, 0,
                             "the meter that came with this event was taken away since: undo that first");
    }
    if (rc != HENG_OK || !ends(e->kind)) return rc;
    rc = find_ended(c, &inst, err);
    if (rc == HENG_ENOTFOUND)
        return heng_fail(err, HENG_ECONFLICT, 0, "what was installed before this event is not known any more");
    if (rc == HENG_OK)
        rc = heng_store_list_installations(c->reader, inst.device_id, 0, list, INSTALLATIONS_MAX, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        bool own = installs(e->kind) && list[i].device_id == e->device_id && list[i].from_us == e->at_us;
        if (list[i].from_us >= e->at_us && !own)
            return heng_fail(err, HENG_ECONFLICT, 0,
                             "the meter that was here before is at another point since: undo that first");
    }
    if (rc == HENG_OK)
        rc = heng_store_list_installations(c->reader, 0, inst.point_id, list, INSTALLATIONS_MAX, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        bool own = installs(e->kind) && list[i].device_id == e->device_id && list[i].from_us == e->at_us;
        if (list[i].from_us >= e->at_us && !own)
            return heng_fail(err, HENG_ECONFLICT, 0, "another meter came to this point since: undo that first");
    }
    return rc;
}

static heng_rc take_back(struct heng_event_check *c, struct heng_err *err)
{
    const struct heng_point_event *e = &c->undone;
    struct heng_installation came, ended;
    heng_rc rc = ends(e->kind) ? find_ended(c, &ended, err) : HENG_OK;
    if (rc == HENG_OK && installs(e->kind)) {
        /* Its channels are found by its installations: they are marked before that is gone. */
        rc = heng_store_due_device(c->store, e->device_id, INT64_MIN, HENG_US_NEVER, err);
        if (rc == HENG_OK) rc = find(c, e->device_id, e->point_id, e->at_us, true, &came, err);
        if (rc == HENG_OK) rc = heng_store_drop_installation(c->store, came.id, err);
    }
    if (rc == HENG_OK && ends(e->kind)) rc = heng_store_end_installation(c->store, ended.id, 0, err);
    return rc;
}

heng_rc heng_event_follow(struct heng_event_check *c, const struct heng_point_event *event, struct heng_err *err)
{
    heng_rc rc = HENG_OK;
    if (event->kind == HENG_EVENT_UNDO) return take_back(c, err);
    if (ends(event->kind)) {
        rc = heng_store_end_installation(c->store, c->old.id, event->at_us, err);
        if (rc == HENG_OK) rc = heng_store_due_device(c->store, c->old.device_id, INT64_MIN, HENG_US_NEVER, err);
    }
    return rc == HENG_OK && installs(event->kind) ? begin(c, event, err) : rc;
}

/* --- indexes and readings -------------------------------------------------------------------------------------- */

/* The main channel of the point of an event; ENOTFOUND. */
static heng_rc main_channel(struct heng_event_check *c, const struct heng_point_event *e, struct heng_channel_row *ret,
                            struct heng_err *err)
{
    struct heng_channel_row list[HENG_EVENT_INDEXES_MAX];
    size_t n = 0;
    heng_rc rc = heng_store_list_channels(c->reader, 0, e->point_id, 0, list, HENG_EVENT_INDEXES_MAX, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        if (!(e->channel_id ? list[i].id == e->channel_id : list[i].main)) continue;
        *ret = list[i];
        return HENG_OK;
    }
    return rc == HENG_OK ? HENG_ENOTFOUND : rc;
}

/* A register of the device that the channel counts, in the unit of the event; 0: none. */
static heng_rc find_register(struct heng_event_check *c, const struct heng_channel_row *channel, int64_t device_id,
                             heng_unit unit, int64_t *ret, struct heng_err *err)
{
    static _Thread_local struct heng_register regs[HENG_REGISTERS_MAX];
    size_t n = 0;
    heng_rc rc = heng_store_list_registers(c->reader, device_id, regs, HENG_REGISTERS_MAX, &n, err);
    *ret = 0;
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        const struct heng_register_key *key = &regs[i].key;
        if (key->quantity == channel->quantity && key->tariff == channel->tariff && key->unit == unit &&
            key->function == HENG_FUNCTION_INSTANTANEOUS && !key->storage && !key->subunit &&
            strcmp(key->qualifier, channel->qualifier) == 0)
            *ret = regs[i].id;
    }
    return rc;
}

/* What the counter showed nearest to a moment: before it (the last) or from it on (the first). */
static heng_rc nearest(struct heng_event_check *c, int64_t device_id, int64_t register_id, heng_us at_us, bool before,
                       struct heng_dec *ret, heng_us *ret_at_us, bool *ret_is, struct heng_err *err)
{
    struct heng_reading_scan scan;
    heng_us look_us = LOOK_DAYS * HENG_US_PER_DAY;
    struct heng_reading_value value;
    *ret_is = false;
    heng_rc rc = heng_reading_scan_begin(&scan, c->reader, device_id, before ? at_us - look_us : at_us,
                                         before ? at_us : at_us + look_us, err);
    if (rc != HENG_OK) return rc;
    while ((rc = heng_reading_scan_next(&scan, err)) == HENG_OK && (before || !*ret_is)) {
        if (scan.due_us || heng_reading_pick(scan.packed, register_id, &value, err) != HENG_OK || !value.has_value)
            continue;
        *ret = value.dec;
        *ret_at_us = scan.at_us;
        *ret_is = true;
    }
    heng_reading_scan_end(&scan);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

static heng_rc check_index(struct heng_event_check *c, const struct heng_point_event *e, int64_t device_id,
                           const char *text, bool final, struct heng_err *err)
{
    char shown[HENG_DEC_TEXT_MAX], at[HENG_EVENT_TIME_MAX];
    struct heng_channel_row channel;
    struct heng_dec index, seen;
    heng_us seen_us = 0;
    heng_unit unit;
    int8_t exp;
    int64_t register_id = 0;
    bool is = false;
    if (!text[0] || !heng_usage_unit(e->unit, &unit, &exp)) return HENG_OK;
    heng_rc rc = main_channel(c, e, &channel, err);
    if (rc == HENG_OK) rc = find_register(c, &channel, device_id, unit, &register_id, err);
    if (rc == HENG_OK && register_id)
        rc = nearest(c, device_id, register_id, e->at_us, final, &seen, &seen_us, &is, err);
    if (rc == HENG_ENOTFOUND || !is) return rc == HENG_ENOTFOUND ? HENG_OK : rc;
    if (heng_dec_shift(seen, -exp, &seen) != HENG_OK || heng_dec_parse(text, &index, err) != HENG_OK) return HENG_OK;
    int order = heng_dec_cmp(index, seen);
    if (final ? order >= 0 : order <= 0) return HENG_OK;
    heng_dec_format(seen, shown);
    return heng_fail(err, HENG_ECONFLICT, 0,
                     "%s index of %s %s: at %s the meter showed %s %s, and a counter does not run back",
                     final ? "a final" : "an initial", text, e->unit, heng_event_time(seen_us, at), shown, e->unit);
}

heng_rc heng_event_check_final(struct heng_event_check *c, const struct heng_point_event *event, int64_t device_id,
                               struct heng_err *err)
{
    return check_index(c, event, device_id, event->before, true, err);
}

heng_rc heng_event_check_initial(struct heng_event_check *c, const struct heng_point_event *event, struct heng_err *err)
{
    return check_index(c, event, event->device_id, event->after, false, err);
}
