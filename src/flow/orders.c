#include "flow/orders.h"

#include <stdio.h>
#include <string.h>

#include "store/gateways.h"
#include "store/write.h"

enum { LINE_METERS_MAX = 512, OPEN_PAGE = 64 };

static heng_rc need_line(struct heng_store_reader *reader, int64_t line_id, struct heng_err *err)
{
    struct heng_line_row line;
    heng_rc rc = heng_store_get_line(reader, line_id, &line, err);
    return rc == HENG_ENOTFOUND ? heng_fail(err, rc, 0, "there is no line %lld", (long long)line_id) : rc;
}

static heng_rc line_meters(struct heng_store_reader *reader, int64_t line_id, struct heng_place_member *ret, size_t cap,
                           size_t *ret_n, struct heng_err *err)
{
    struct heng_meter_config page[32];
    int64_t after = 0;
    size_t n = 0;
    *ret_n = 0;
    heng_rc rc = need_line(reader, line_id, err);
    while (rc == HENG_OK) {
        rc = heng_store_list_line_members(reader, line_id, after, page, sizeof page / sizeof *page, &n, err);
        if (rc != HENG_OK || n == 0) return rc;
        for (size_t i = 0; i < n && *ret_n < cap; i++)
            ret[(*ret_n)++] = (struct heng_place_member){page[i].device_id, line_id};
        after = page[n - 1].device_id;
        if (*ret_n == cap) return HENG_OK;
    }
    return rc;
}

static heng_rc named_meters(struct heng_store_reader *reader, const struct heng_wish *wish,
                            struct heng_place_member *ret, size_t cap, size_t *ret_n, size_t *ret_refused,
                            char ret_why[static HENG_WHY_MAX], struct heng_err *err)
{
    *ret_n = *ret_refused = 0;
    for (size_t i = 0; i < wish->device_count && *ret_n < cap; i++) {
        struct heng_meter_row meter;
        heng_rc rc = heng_store_get_meter(reader, wish->device_ids[i], &meter, err);
        if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
        if (rc == HENG_OK && meter.line_id) {
            ret[(*ret_n)++] = (struct heng_place_member){meter.device.id, meter.line_id};
            continue;
        }
        if ((*ret_refused)++) continue;
        if (rc == HENG_OK)
            snprintf(ret_why, HENG_WHY_MAX, "meter %s hangs on no line", meter.device.number);
        else
            snprintf(ret_why, HENG_WHY_MAX, "there is no meter %lld", (long long)wish->device_ids[i]);
    }
    return HENG_OK;
}

heng_rc heng_wish_meters(struct heng_store_reader *reader, const struct heng_wish *wish, struct heng_place_member *ret,
                         size_t cap, size_t *ret_n, size_t *ret_refused, char ret_why[static HENG_WHY_MAX],
                         struct heng_err *err)
{
    heng_rc rc;
    *ret_refused = 0;
    ret_why[0] = '\0';
    if (wish->place_id) {
        struct heng_place place;
        rc = heng_store_get_place(reader, wish->place_id, &place, err);
        if (rc == HENG_ENOTFOUND) return heng_fail(err, rc, 0, "there is no place %lld", (long long)wish->place_id);
        if (rc == HENG_OK) rc = heng_store_list_place_members(reader, wish->place_id, ret, cap, ret_n, err);
    } else if (wish->line_id) {
        rc = line_meters(reader, wish->line_id, ret, cap, ret_n, err);
    } else {
        return named_meters(reader, wish, ret, cap, ret_n, ret_refused, ret_why, err);
    }
    if (rc == HENG_OK && *ret_n == cap)
        return heng_fail(err, HENG_ELIMIT, 0, "these are more than %zu meters: choose a line or a smaller place",
                         cap - 1);
    return rc;
}

/* The protocol of a broadcast that does not say it: the one that all meters of the line speak. */
static heng_rc broadcast_protocol(struct heng_store_reader *reader, int64_t line_id, heng_protocol *ret,
                                  struct heng_err *err)
{
    struct heng_meter_config meters[LINE_METERS_MAX];
    size_t n = 0;
    heng_rc rc = need_line(reader, line_id, err);
    if (rc == HENG_OK) rc = heng_store_list_line_members(reader, line_id, 0, meters, LINE_METERS_MAX, &n, err);
    if (rc != HENG_OK || *ret != HENG_PROTOCOL_COUNT) return rc;
    if (n == 0) return heng_fail(err, HENG_EUNSUPPORTED, 0, "no meter hangs on this line");
    for (size_t i = 1; i < n; i++)
        if (meters[i].protocol != meters[0].protocol)
            return heng_fail(err, HENG_EUNSUPPORTED, 0,
                             "the meters of this line speak several protocols: say which one is meant");
    *ret = meters[0].protocol;
    return HENG_OK;
}

heng_rc heng_wish_command(struct heng_store_reader *reader, const struct heng_wish *wish, heng_us now_us,
                          struct heng_command *ret, struct heng_err *err)
{
    heng_us expires_s = wish->expires_s ? wish->expires_s : HENG_WISH_EXPIRES_S;
    *ret = (struct heng_command){.line_id = wish->line_id,
                                 .protocol = wish->protocol,
                                 .order = wish->order,
                                 .stage = HENG_STAGE_QUEUED,
                                 .requested_us = now_us,
                                 .expires_us = now_us + expires_s * HENG_US_PER_S,
                                 .outcome = HENG_OUTCOME_COUNT};
    ret->order.has_secret = false;
    memset(ret->order.password, 0, sizeof ret->order.password);
    memset(ret->order.operator_code, 0, sizeof ret->order.operator_code);
    memcpy(ret->key, wish->key, sizeof ret->key);
    if (wish->line_id) return broadcast_protocol(reader, wish->line_id, &ret->protocol, err);
    struct heng_meter_row meter;
    heng_rc rc = heng_store_get_meter(reader, wish->device_ids[0], &meter, err);
    if (rc == HENG_ENOTFOUND) return heng_fail(err, rc, 0, "there is no meter %lld", (long long)wish->device_ids[0]);
    if (rc != HENG_OK) return rc;
    if (!meter.line_id) return heng_fail(err, HENG_EUNSUPPORTED, 0, "meter %s hangs on no line", meter.device.number);
    ret->device_id = meter.device.id;
    ret->line_id = meter.line_id;
    ret->protocol = meter.device.protocol;
    return HENG_OK;
}

static bool is_same_wish(const struct heng_command *a, const struct heng_command *b)
{
    return a->line_id == b->line_id && a->device_id == b->device_id && a->protocol == b->protocol &&
           a->order.kind == b->order.kind && a->order.back == b->order.back && a->order.baud == b->order.baud &&
           a->order.number == b->order.number && a->order.amount == b->order.amount &&
           strcmp(a->order.address, b->order.address) == 0;
}

heng_rc heng_command_store(struct heng_store *store, struct heng_command_fact *fact, struct heng_err *err)
{
    struct heng_command_row known;
    fact->existed = false;
    fact->rc = HENG_OK;
    heng_rc rc = HENG_ENOTFOUND;
    if (fact->command.key[0]) rc = heng_store_find_command(heng_store_as_reader(store), fact->command.key, &known, err);
    if (rc == HENG_ENOTFOUND) return heng_store_add_command(store, &fact->command, &fact->command.id, err);
    if (rc != HENG_OK) return rc;
    if (!is_same_wish(&known.command, &fact->command)) {
        fact->rc = HENG_ECONFLICT;
        snprintf(fact->why, sizeof fact->why, "the key '%s' belongs to command %lld, which is another one",
                 fact->command.key, (long long)known.command.id);
        return HENG_OK;
    }
    fact->existed = true;
    fact->command = known.command;
    return HENG_OK;
}

bool heng_stage_ends(heng_stage stage)
{
    switch (stage) {
    case HENG_STAGE_QUEUED:
    case HENG_STAGE_SENT:
    case HENG_STAGE_ACCEPTED: return false;
    case HENG_STAGE_CONFIRMED:
    case HENG_STAGE_FAILED:
    case HENG_STAGE_EXPIRED:
    case HENG_STAGE_CANCELLED: return true;
    case HENG_STAGE_COUNT: return false;
    }
    return false;
}

static const char told_late[] = "told late, after it had been given up";

/* It ended because nobody told how it did: no meter's answer stands behind that. */
static bool was_given_up(const struct heng_command *command)
{
    return command->stage == HENG_STAGE_FAILED && command->outcome == HENG_OUTCOME_COUNT;
}

heng_rc heng_command_advance(struct heng_store *store, const struct heng_order_fact *fact,
                             const struct heng_evidence *evidence, struct heng_err *err)
{
    struct heng_command_row row;
    heng_rc rc = heng_store_get_command(heng_store_as_reader(store), fact->id, &row, err);
    if (rc != HENG_OK) return rc;
    struct heng_command *command = &row.command;
    bool ends = fact->ended || heng_stage_ends(fact->stage), late = command->ended_us != 0;
    if (late && !was_given_up(command)) return HENG_OK;
    if (fact->stage == HENG_STAGE_SENT && !command->sent_us) command->sent_us = fact->at_us;
    if (fact->stage == HENG_STAGE_ACCEPTED) command->accepted_us = fact->at_us;
    if (late && !ends) return heng_store_put_command(store, command, err); /* how it ended is still not known */
    command->stage = fact->stage;
    if (ends) command->ended_us = fact->at_us;
    if (fact->outcome < HENG_OUTCOME_COUNT) command->outcome = fact->outcome;
    int fits = (int)sizeof command->why - 1 - (late ? (int)strlen(told_late) + 2 : 0);
    snprintf(command->why, sizeof command->why, "%s%s%.*s", late ? told_late : "", late && fact->why[0] ? ": " : "",
             fits, fact->why);
    if (evidence && evidence->frame_count) {
        command->first_frame = evidence->first_frame;
        command->frame_count = evidence->frame_count;
    }
    if (evidence && evidence->reading_us) command->reading_us = evidence->reading_us;
    return heng_store_put_command(store, command, err);
}

/* What is known of a command that was open when the program ended. False: it waits on. One on a line of a gateway is
 * the gateway's: it goes on without us, keeps what it was given by id, and tells what became of it, however late. */
static bool settle(struct heng_command *command, heng_us now_us)
{
    bool waiting = command->stage == HENG_STAGE_QUEUED;
    if (waiting && command->expires_us > now_us) return false;
    command->stage = waiting ? HENG_STAGE_EXPIRED : HENG_STAGE_FAILED;
    command->ended_us = now_us;
    snprintf(command->why, sizeof command->why, "%s",
             waiting ? "its time was over while Heng was stopped" : "not known: Heng was stopped; read the state");
    return true;
}

static heng_rc recover(struct heng_store *store, heng_us now_us, struct heng_err *err)
{
    struct heng_command_row rows[OPEN_PAGE];
    int64_t after = 0;
    size_t n = 0;
    heng_rc rc = heng_store_rest(store, now_us, err);
    if (rc == HENG_OK) rc = heng_store_rest_gateways(store, err);
    while (rc == HENG_OK) {
        rc = heng_store_list_open_commands(heng_store_as_reader(store), after, rows, OPEN_PAGE, &n, err);
        if (rc != HENG_OK || n == 0) return rc;
        after = rows[n - 1].command.id;
        for (size_t i = 0; rc == HENG_OK && i < n; i++) {
            int64_t gateway_id = 0;
            rc = heng_store_line_gateway(heng_store_as_reader(store), rows[i].command.line_id, &gateway_id, err);
            if (rc == HENG_OK && gateway_id == 0 && settle(&rows[i].command, now_us))
                rc = heng_store_put_command(store, &rows[i].command, err);
        }
    }
    return rc;
}

heng_rc heng_orders_recover(struct heng_store *store, heng_us now_us, struct heng_err *err)
{
    heng_rc rc = heng_store_begin(store, err);
    if (rc != HENG_OK) return rc;
    rc = recover(store, now_us, err);
    if (rc == HENG_OK) return heng_store_commit(store, err);
    heng_store_rollback(store);
    return rc;
}
