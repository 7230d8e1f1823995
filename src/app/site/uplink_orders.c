/* What people want of meters, lines and gateways below: it goes down, and what became of it comes back as entries. A
 * command is remembered until its row says that it has ended; a gateway that connects gets what is open once more, and
 * does it once. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/site/uplink_parts.h"
#include "base/log.h"

/* GRACE_S: how long after its time a command that went down is waited for: its gateway may be away, and tell later. */
enum { ANSWER_S = 10, GRACE_S = 3600, AGAIN_S = 10, SECONDS_SENT = 64 };

static const char part[] = "uplink";

/* --- the way down --------------------------------------------------------------------------------------------------
 */

heng_rc uplink_way_to(struct site_uplink *uplink, int64_t gateway_id, struct session **ret, struct heng_path *ret_path,
                      struct heng_err *err)
{
    const struct seat *seat = uplink_seat(uplink, gateway_id);
    int64_t below[HENG_UPLINK_PATH_MAX];
    size_t n = 0;
    if (!seat) return heng_fail(err, HENG_ENOTFOUND, 0, "there is no gateway %lld", (long long)gateway_id);
    for (; seat; seat = uplink_seat(uplink, seat->parent_id)) {
        if (seat->session && seat->session->welcomed) break;
        if (!seat->parent_id || n == HENG_UPLINK_PATH_MAX)
            return heng_fail(err, HENG_EUNSUPPORTED, 0, "gateway '%s' is not connected", seat->name);
        below[n++] = seat->id;
    }
    if (!seat) return heng_fail(err, HENG_EUNSUPPORTED, 0, "the gateway above this one is not known");
    /* Whether the others are there, the gateways between us know best: they refuse what they cannot pass on. */
    *ret = seat->session;
    ret_path->n = n;
    for (size_t i = 0; i < n; i++) ret_path->gateway_ids[i] = below[n - 1 - i];
    return HENG_OK;
}

heng_rc uplink_way(struct site_uplink *uplink, int64_t line_id, struct session **ret, struct heng_path *ret_path,
                   struct heng_err *err)
{
    int64_t gateway_id = 0;
    heng_rc rc = heng_store_line_gateway(uplink->reader, line_id, &gateway_id, err);
    if (rc != HENG_OK) return rc;
    if (!gateway_id) return heng_fail(err, HENG_ENOTFOUND, 0, "no gateway reads this line: we do");
    return uplink_way_to(uplink, gateway_id, ret, ret_path, err);
}

bool site_uplink_has_line(struct site_uplink *uplink, int64_t line_id)
{
    struct heng_err err;
    int64_t gateway_id = 0;
    return heng_store_line_gateway(uplink->reader, line_id, &gateway_id, &err) == HENG_OK && gateway_id;
}

/* --- reads ---------------------------------------------------------------------------------------------------------
 */

heng_rc site_uplink_read(struct site_uplink *uplink, int64_t line_id, const struct heng_line_job *job,
                         struct heng_err *err)
{
    struct session *session = NULL;
    heng_us now = heng_clock_mono();
    struct heng_down_order order = {.id = job->id,
                                    .group = job->group,
                                    .cls = job->cls,
                                    .line_id = line_id,
                                    .device_id = job->device_id,
                                    .protocol = job->protocol,
                                    .order = job->order,
                                    .expires_us = heng_clock_wall() + (job->expires_us - now)};
    heng_rc rc = uplink_way(uplink, line_id, &session, &order.path, err);
    if (rc != HENG_OK) return rc;
    if (!heng_host_order(session->host, now, &order))
        return heng_fail(err, HENG_EBUSY, 0, "too much waits for gateway '%s' already", session->seat->name);
    uplink_pump(session);
    return HENG_OK;
}

void site_uplink_cancel_read(struct site_uplink *uplink, int64_t line_id, int64_t job_id)
{
    struct session *session = NULL;
    struct heng_path path;
    struct heng_err err;
    if (uplink_way(uplink, line_id, &session, &path, &err) != HENG_OK) return;
    if (heng_host_cancel(session->host, heng_clock_mono(), job_id, &path)) uplink_pump(session);
}

/* --- commands ------------------------------------------------------------------------------------------------------
 */

static struct remote_command *find_command(struct site_uplink *uplink, int64_t id)
{
    for (size_t i = 0; i < uplink->command_count; i++)
        if (uplink->commands[i].id == id) return &uplink->commands[i];
    return NULL;
}

static void drop_command(struct site_uplink *uplink, struct remote_command *command)
{
    *command = uplink->commands[--uplink->command_count];
}

/* Those that have ended, by what has come, make room. */
static void forget_ended(struct site_uplink *uplink)
{
    struct heng_command_row row;
    struct heng_err err;
    for (size_t i = uplink->command_count; i-- > 0;) {
        heng_rc rc = heng_store_get_command(uplink->reader, uplink->commands[i].id, &row, &err);
        if (rc == HENG_ENOTFOUND || (rc == HENG_OK && row.command.ended_us)) drop_command(uplink, &uplink->commands[i]);
    }
}

heng_rc site_uplink_can_command(struct site_uplink *uplink, const struct heng_command *command, struct heng_err *err)
{
    struct session *session = NULL;
    struct heng_path path;
    heng_rc rc = uplink_way(uplink, command->line_id, &session, &path, err);
    if (rc == HENG_OK && !session->can_order)
        return heng_fail(err, HENG_EUNSUPPORTED, 0, "gateway '%s' takes no orders", session->seat->name);
    if (rc != HENG_OK && rc != HENG_EUNSUPPORTED) return rc; /* one that is away gets it later */
    if (uplink->command_count == UPLINK_COMMANDS_MAX) forget_ended(uplink);
    if (uplink->command_count == UPLINK_COMMANDS_MAX)
        return heng_fail(err, HENG_EBUSY, 0, "too many commands wait for gateways");
    return HENG_OK;
}

/* Down with it, if its gateway is there. What cannot be asked of the database now stays due. */
static void send_command(struct site_uplink *uplink, struct remote_command *remote)
{
    struct heng_command_row row;
    struct heng_down_order order = {.id = remote->id, .group = remote->id, .command = true};
    struct session *session = NULL;
    struct heng_err err;
    if (uplink_way_to(uplink, remote->gateway_id, &session, &order.path, &err) != HENG_OK) {
        remote->due = false; /* it goes when the gateway comes */
        return;
    }
    if (heng_store_get_command(uplink->reader, remote->id, &row, &err) != HENG_OK) return;
    const struct heng_command *command = &row.command;
    if (command->ended_us || command->expires_us <= heng_clock_wall()) {
        remote->due = false;
        return;
    }
    order.cls = heng_order_changes(command->order.kind) ? HENG_CLASS_CONTROL : HENG_CLASS_ON_DEMAND;
    order.line_id = command->line_id;
    order.device_id = command->device_id;
    order.protocol = command->protocol;
    order.order = command->order;
    order.expires_us = command->expires_us;
    site_wishes_give_keys(uplink->site->wishes, command->device_id, &order.order);
    if (heng_host_order(session->host, heng_clock_mono(), &order)) {
        remote->due = false;
        remote->sent_before = remote->sent;
        remote->sent = true;
        heng_log(HENG_LOG_INFO, part, "event=command_down id=%lld gateway='%s'", (long long)remote->id,
                 session->seat->name);
    }
    explicit_bzero(&order.order, sizeof order.order);
    uplink_pump(session);
}

heng_rc site_uplink_command(struct site_uplink *uplink, const struct heng_command *command, bool fresh,
                            struct heng_err *err)
{
    int64_t gateway_id = 0;
    heng_rc rc = heng_store_line_gateway(uplink->reader, command->line_id, &gateway_id, err);
    if (rc != HENG_OK) return rc;
    if (uplink->command_count == UPLINK_COMMANDS_MAX)
        return heng_fail(err, HENG_EBUSY, 0, "too many commands wait for gateways");
    struct remote_command *remote = &uplink->commands[uplink->command_count++];
    *remote = (struct remote_command){.id = command->id,
                                      .line_id = command->line_id,
                                      .device_id = command->device_id,
                                      .gateway_id = gateway_id,
                                      .expires_us = command->expires_us,
                                      .due = true,
                                      .sent = !fresh};
    send_command(uplink, remote);
    return HENG_OK;
}

void uplink_send_commands(struct site_uplink *uplink, int64_t gateway_id)
{
    for (size_t i = 0; i < uplink->command_count; i++) {
        struct remote_command *remote = &uplink->commands[i];
        const struct seat *seat = uplink_seat(uplink, remote->gateway_id);
        for (unsigned deep = 0; seat && seat->id != gateway_id && deep < HENG_UPLINK_PATH_MAX; deep++)
            seat = uplink_seat(uplink, seat->parent_id);
        if (seat && seat->id == gateway_id) remote->due = true; /* out with the next second */
    }
}

/* Its time is over. What never left us was certainly not sent; what did has ended as its gateway tells, now or when it
 * is back, and at last nobody knows. */
static bool settle(struct site_uplink *uplink, const struct remote_command *remote, heng_us now_us)
{
    struct heng_command_row row;
    struct heng_err err;
    char why[HENG_WHY_MAX];
    const struct seat *seat = uplink_seat(uplink, remote->gateway_id);
    const char *name = seat ? seat->name : "";
    bool late = now_us - remote->expires_us >= GRACE_S * HENG_US_PER_S;
    if (remote->sent && !late) return false;
    heng_rc rc = heng_store_get_command(uplink->reader, remote->id, &row, &err);
    if (rc == HENG_ENOTFOUND || (rc == HENG_OK && row.command.ended_us)) return true;
    if (rc != HENG_OK) return false;
    if (remote->sent)
        snprintf(why, sizeof why, "not known: gateway '%.64s' has not told how it ended; read the state", name);
    else
        snprintf(why, sizeof why, "gateway '%.64s' was not connected in time: not sent", name);
    site_wishes_end(uplink->site->wishes, &row.command, remote->sent ? HENG_STAGE_FAILED : HENG_STAGE_EXPIRED, why);
    return true;
}

static void end_late_answers(struct site_uplink *uplink);

void uplink_orders_second(struct site_uplink *uplink)
{
    heng_us now_us = heng_clock_wall(), now = heng_clock_mono();
    unsigned sent = 0;
    for (size_t i = uplink->command_count; i-- > 0;) {
        struct remote_command *remote = &uplink->commands[i];
        if (remote->expires_us <= now_us) {
            if (settle(uplink, remote, now_us)) drop_command(uplink, remote);
        } else if ((remote->due || (remote->again_us && remote->again_us <= now)) && sent++ < SECONDS_SENT) {
            remote->again_us = 0;
            send_command(uplink, remote);
        }
    }
    end_late_answers(uplink);
}

/* --- who waits for a gateway's answer ------------------------------------------------------------------------------
 */

static struct answer *new_answer(struct site_uplink *uplink, struct heng_wish_slot *slot, struct heng_err *err)
{
    for (size_t i = 0; i < UPLINK_ANSWERS_MAX; i++) {
        struct answer *answer = &uplink->answers[i];
        if (answer->slot) continue;
        if (!heng_desk_hold(uplink->desk, slot)) {
            heng_fail(err, HENG_ECLOSED, 0, "nobody waits for it any more");
            return NULL;
        }
        *answer = (struct answer){.slot = slot,
                                  .kind = HENG_SEARCH_KIND_COUNT,
                                  .until_us = heng_clock_mono() + ANSWER_S * HENG_US_PER_S,
                                  .text = {.max = UPLINK_TEXT_MAX}};
        return answer;
    }
    heng_fail(err, HENG_EBUSY, 0, "too many people wait for answers of gateways: try again");
    return NULL;
}

static void end_answer(struct site_uplink *uplink, struct answer *answer, heng_rc rc, const char *why)
{
    struct heng_receipt receipt = {.id = answer->of, .accepted = 1};
    struct heng_wish_slot *slot = answer->slot;
    if (rc == HENG_OK && !answer->what) {
        receipt.text = answer->text.text ? answer->text.text : calloc(1, 1);
        answer->text = (struct heng_str){0};
    }
    heng_str_fini(&answer->text);
    *answer = (struct answer){0};
    uplink_answer(uplink, slot, &receipt, rc, why);
}

static struct answer *find_answer(struct site_uplink *uplink, const struct session *session, heng_outcome_of what,
                                  int64_t of)
{
    for (size_t i = 0; i < UPLINK_ANSWERS_MAX; i++) {
        struct answer *answer = &uplink->answers[i];
        if (answer->slot && answer->session == session->number && answer->what == what && answer->of == of)
            return answer;
    }
    return NULL;
}

static void end_late_answers(struct site_uplink *uplink)
{
    heng_us now = heng_clock_mono();
    for (size_t i = 0; i < UPLINK_ANSWERS_MAX; i++)
        if (uplink->answers[i].slot && uplink->answers[i].until_us <= now)
            end_answer(uplink, &uplink->answers[i], uplink->answers[i].begins ? HENG_OK : HENG_EBUSY,
                       "the gateway has not answered in time");
}

void uplink_forget_answers(struct site_uplink *uplink, const struct session *session, const char *why)
{
    char text[160];
    snprintf(text, sizeof text, "the connection to the gateway has ended: %.100s", why);
    for (size_t i = 0; i < UPLINK_ANSWERS_MAX; i++)
        if (uplink->answers[i].slot && uplink->answers[i].session == session->number)
            end_answer(uplink, &uplink->answers[i], uplink->answers[i].begins ? HENG_OK : HENG_EBUSY, text);
}

/* Who starts a search looks for it at once: the answer waits until it is there. */
void uplink_searches_stored(struct site_uplink *uplink)
{
    struct heng_search_row row;
    for (size_t i = 0; i < UPLINK_ANSWERS_MAX; i++) {
        struct answer *answer = &uplink->answers[i];
        if (!answer->slot || !answer->begins) continue;
        heng_rc rc = heng_store_get_search(uplink->reader, answer->of, answer->kind, &row, NULL);
        if (rc == HENG_OK && row.started_us != answer->before_us) end_answer(uplink, answer, HENG_OK, "");
    }
}

/* Does the read hang on a line of who speaks? */
static bool is_its_read(struct session *session, int64_t id)
{
    struct heng_err err;
    int64_t gateway_id = 0, line_id = site_wishes_line_of(session->uplink->site->wishes, id);
    return line_id && heng_store_line_gateway(session->uplink->reader, line_id, &gateway_id, &err) == HENG_OK &&
           uplink_speaks_for(session, gateway_id);
}

/* An order that its gateway does not take has ended without being done. A command that one on the way cannot pass on
 * has not come so far, and is tried again. */
static void order_refused(struct session *session, int64_t id, int64_t by, const char *why)
{
    struct site_uplink *uplink = session->uplink;
    struct remote_command *remote = find_command(uplink, id);
    struct heng_command_row row;
    struct heng_err err;
    if (!remote) {
        if (is_its_read(session, id)) site_wishes_refused(uplink->site->wishes, id, why);
        return;
    }
    if (!uplink_speaks_for(session, remote->gateway_id)) return;
    if (by != remote->gateway_id) {
        remote->sent = remote->sent_before;
        remote->again_us = heng_clock_mono() + AGAIN_S * HENG_US_PER_S;
        return;
    }
    if (heng_store_get_command(uplink->reader, id, &row, &err) != HENG_OK) return; /* its time will be over */
    if (!row.command.ended_us) site_wishes_end(uplink->site->wishes, &row.command, HENG_STAGE_FAILED, why);
    drop_command(uplink, remote);
}

void uplink_outcome(struct session *session, const struct heng_down_outcome *outcome)
{
    if (outcome->what == HENG_OUTCOME_OF_ORDER) {
        int64_t by = outcome->gateway_id ? outcome->gateway_id : session->seat ? session->seat->id : 0;
        if (!outcome->taken) order_refused(session, outcome->of, by, outcome->why);
        return;
    }
    struct answer *answer = find_answer(session->uplink, session, outcome->what, outcome->of);
    if (answer && outcome->taken && answer->kind != HENG_SEARCH_KIND_COUNT) {
        answer->begins = true;
        uplink_searches_stored(session->uplink);
        return;
    }
    if (answer) end_answer(session->uplink, answer, outcome->taken ? HENG_OK : HENG_ECONFLICT, outcome->why);
}

/* --- taking back -----------------------------------------------------------------------------------------------------
 */

/* It never left us: it ends here, and who asked hears of it when that is on the disk. */
static heng_rc cancel_here(struct site_uplink *uplink, const struct remote_command *remote, struct heng_wish_slot *slot,
                           struct heng_err *err)
{
    struct heng_command_row row;
    heng_rc rc = heng_store_get_command(uplink->reader, remote->id, &row, err);
    if (rc != HENG_OK) return rc;
    struct heng_order_fact fact = {.id = remote->id,
                                   .command = true,
                                   .line_id = remote->line_id,
                                   .device_id = remote->device_id,
                                   .order = row.command.order.kind,
                                   .stage = HENG_STAGE_CANCELLED,
                                   .at_us = heng_clock_wall(),
                                   .outcome = HENG_OUTCOME_COUNT,
                                   .ended = true};
    if (heng_writer_put(uplink->site->writer, &(struct heng_fact){.kind = HENG_FACT_ORDER, .order = &fact}, 0, slot) !=
        HENG_OK)
        return heng_fail(err, HENG_EBUSY, 0, "the disk is slow: try again in a second");
    return HENG_OK;
}

static heng_rc cancel_there(struct site_uplink *uplink, const struct remote_command *remote,
                            struct heng_wish_slot *slot, struct heng_err *err)
{
    struct session *session = NULL;
    struct heng_path path;
    heng_rc rc = uplink_way_to(uplink, remote->gateway_id, &session, &path, err);
    if (rc == HENG_EUNSUPPORTED)
        return heng_fail(err, HENG_ECONFLICT, 0,
                         "it has gone down to its gateway, which is not connected now: it cannot be taken back");
    if (rc != HENG_OK) return rc;
    if (find_answer(uplink, session, HENG_OUTCOME_OF_CANCEL, remote->id))
        return heng_fail(err, HENG_ECONFLICT, 0, "it is being taken back already");
    struct answer *answer = new_answer(uplink, slot, err);
    if (!answer) return err->rc;
    answer->what = HENG_OUTCOME_OF_CANCEL;
    answer->of = remote->id;
    answer->session = session->number;
    if (!heng_host_cancel(session->host, heng_clock_mono(), remote->id, &path)) {
        *answer = (struct answer){0};
        return heng_fail(err, HENG_EBUSY, 0, "too much waits for the gateway already");
    }
    uplink_pump(session);
    return HENG_OK;
}

bool site_uplink_cancel(struct site_uplink *uplink, int64_t id, struct heng_wish_slot *slot)
{
    struct remote_command *remote = find_command(uplink, id);
    struct heng_err why = {.text = ""};
    if (!remote) return false;
    bool sent = remote->sent;
    heng_rc rc = sent ? cancel_there(uplink, remote, slot, &why) : cancel_here(uplink, remote, slot, &why);
    if (rc != HENG_OK)
        uplink_answer(uplink, slot, NULL, rc, why.text);
    else if (!sent)
        drop_command(uplink, remote);
    return true;
}

/* --- searches, questions ---------------------------------------------------------------------------------------------
 */

static heng_rc search(struct site_uplink *uplink, struct heng_wish_slot *slot, struct heng_err *err)
{
    const struct heng_wish *wish = heng_wish_of(slot);
    bool stop = wish->kind == HENG_WISH_SEARCH_STOP;
    struct heng_down_search down = {.line_id = wish->line_id,
                                    .kind = stop ? HENG_SEARCH_MBUS_SECONDARY : wish->search,
                                    .known_only = wish->known_only,
                                    .stop = stop};
    struct session *session = NULL;
    heng_rc rc = uplink_way(uplink, wish->line_id, &session, &down.path, err);
    if (rc != HENG_OK) return rc;
    if (!session->can_search) return heng_fail(err, HENG_EUNSUPPORTED, 0, "this gateway cannot search");
    struct heng_search_row before = {.started_us = 0};
    if (!stop) rc = heng_store_get_search(uplink->reader, wish->line_id, wish->search, &before, err);
    if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
    if (!stop && wish->resume) {
        if (rc == HENG_ENOTFOUND || (rc == HENG_OK && (before.progress.ended || !before.progress.place[0])))
            return heng_fail(err, HENG_ECONFLICT, 0, "there is no search of this kind to go on with: start a new one");
        memcpy(down.resume, before.progress.place, sizeof down.resume);
    }
    if (find_answer(uplink, session, HENG_OUTCOME_OF_SEARCH, wish->line_id))
        return heng_fail(err, HENG_ECONFLICT, 0, "somebody has just asked for this: try again");
    struct answer *answer = new_answer(uplink, slot, err);
    if (!answer) return err->rc;
    answer->what = HENG_OUTCOME_OF_SEARCH;
    answer->of = wish->line_id;
    if (!stop) answer->kind = wish->search;
    answer->before_us = before.started_us;
    answer->session = session->number;
    if (!heng_host_search(session->host, heng_clock_mono(), &down)) {
        *answer = (struct answer){0};
        return heng_fail(err, HENG_EBUSY, 0, "too much waits for the gateway already");
    }
    uplink_pump(session);
    return HENG_OK;
}

void site_uplink_search(struct site_uplink *uplink, struct heng_wish_slot *slot)
{
    struct heng_err why = {.text = ""};
    heng_rc rc = search(uplink, slot, &why);
    if (rc != HENG_OK) uplink_answer(uplink, slot, NULL, rc, why.text);
}

static heng_rc ask(struct site_uplink *uplink, struct heng_wish_slot *slot, struct heng_err *err)
{
    const struct heng_wish *wish = heng_wish_of(slot);
    struct session *session = NULL;
    struct heng_path path;
    uint64_t id = ++uplink->next_id;
    heng_rc rc = uplink_way_to(uplink, wish->id, &session, &path, err);
    if (rc != HENG_OK) return rc;
    struct answer *answer = new_answer(uplink, slot, err);
    if (!answer) return err->rc;
    answer->of = (int64_t)id;
    answer->session = session->number;
    if (!heng_host_ask(session->host, heng_clock_mono(), id, wish->gateway.what, &path)) {
        *answer = (struct answer){0};
        return heng_fail(err, HENG_EBUSY, 0, "too much waits for the gateway already");
    }
    uplink_pump(session);
    return HENG_OK;
}

void uplink_take_ask(struct site_uplink *uplink, struct heng_wish_slot *slot)
{
    struct heng_err why = {.text = ""};
    heng_rc rc = ask(uplink, slot, &why);
    if (rc != HENG_OK) uplink_answer(uplink, slot, NULL, rc, why.text);
}

void uplink_take_answer(struct session *session, uint64_t id, bool last, struct heng_slice text)
{
    struct site_uplink *uplink = session->uplink;
    struct answer *answer = find_answer(uplink, session, 0, (int64_t)id);
    if (!answer) return; /* it came too late */
    heng_str_put(&answer->text, (const char *)text.p, text.n);
    if (answer->text.rc != HENG_OK)
        end_answer(uplink, answer, HENG_ELIMIT, "the gateway's answer is longer than can be shown");
    else if (last)
        end_answer(uplink, answer, HENG_OK, "");
}
