/* Uplinks of gateways at the centre: connections, who is at their ends, where each goes on. */
#include "app/site/uplink_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

/* HANDSHAKES_MAX: some hundred who dial in and say nothing shall not keep a gateway out: it gives up after 15 s. */
enum {
    HANDSHAKES_MAX = 512,
    TICK_MS = 1000,
    GATEWAY_PAGE = 64,
    BUSY_RETRY_S = 10,
    COME_BACK_S = 120,
    REPLACED_SOON_S = 60
};

static const char part[] = "uplink";

/* --- who there is ------------------------------------------------------------------------------------------------ */

/* Where the seat of this gateway is, or would be. */
static size_t seat_place(const struct site_uplink *uplink, int64_t gateway_id)
{
    size_t low = 0, high = uplink->seat_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (uplink->seats[middle]->id < gateway_id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct seat *uplink_seat(const struct site_uplink *uplink, int64_t gateway_id)
{
    size_t at = seat_place(uplink, gateway_id);
    return at < uplink->seat_count && uplink->seats[at]->id == gateway_id ? uplink->seats[at] : NULL;
}

static void describe_seat(struct seat *seat, const struct heng_gateway *gateway)
{
    seat->id = gateway->id;
    seat->parent_id = gateway->parent_id;
    memcpy(seat->name, gateway->name, sizeof seat->name);
    memcpy(seat->common_name, gateway->common_name, sizeof seat->common_name);
}

heng_rc uplink_add_seat(struct site_uplink *uplink, const struct heng_gateway *gateway, struct seat **ret,
                        struct heng_err *err)
{
    size_t at = seat_place(uplink, gateway->id);
    if (at < uplink->seat_count && uplink->seats[at]->id == gateway->id) {
        describe_seat(uplink->seats[at], gateway);
        *ret = uplink->seats[at];
        return HENG_OK;
    }
    if (uplink->seat_count == uplink->seat_cap) {
        size_t cap = uplink->seat_cap ? 2 * uplink->seat_cap : GATEWAY_PAGE;
        struct seat **seats = realloc(uplink->seats, cap * sizeof *seats);
        if (!seats) return heng_fail(err, HENG_ENOMEM, 0, "no memory for %zu gateways", cap);
        uplink->seats = seats;
        uplink->seat_cap = cap;
    }
    struct seat *seat = calloc(1, sizeof *seat);
    if (!seat) return heng_fail(err, HENG_ENOMEM, 0, "no memory for a gateway");
    describe_seat(seat, gateway);
    seat->since_us = heng_clock_mono();
    seat->status.gateway_id = gateway->id;
    memmove(&uplink->seats[at + 1], &uplink->seats[at], (uplink->seat_count - at) * sizeof *uplink->seats);
    uplink->seats[at] = seat;
    uplink->seat_count++;
    *ret = seat;
    return HENG_OK;
}

struct session *uplink_session(const struct site_uplink *uplink, uint64_t number)
{
    struct session *session = uplink->sessions;
    while (session && session->number != number) session = session->next;
    return session;
}

bool uplink_speaks_for(const struct session *session, int64_t gateway_id)
{
    const struct seat *seat = uplink_seat(session->uplink, gateway_id);
    if (!seat || !session->seat) return false;
    return seat == session->seat || uplink_is_below(session->uplink, seat, session->seat->id);
}

/* --- what is with the writer ------------------------------------------------------------------------------------- */

struct told *uplink_told(struct site_uplink *uplink, told_kind kind)
{
    struct told *told = calloc(1, sizeof *told);
    if (!told) return NULL;
    told->kind = kind;
    told->uplink = uplink;
    told->after = uplink->all;
    if (uplink->all) uplink->all->before = told;
    uplink->all = told;
    return told;
}

void uplink_drop(struct told *told)
{
    if (told->before)
        told->before->after = told->after;
    else
        told->uplink->all = told->after;
    if (told->after) told->after->before = told->before;
    free(told->enrolment);
    free(told->bytes);
    free(told);
}

void uplink_come_back(struct told *told)
{
    struct site_uplink *uplink = told->uplink;
    pthread_mutex_lock(&uplink->mutex);
    told->next = NULL;
    if (uplink->last)
        uplink->last->next = told;
    else
        uplink->first = told;
    uplink->last = told;
    if (!uplink->stopped) uv_async_send(&uplink->async);
    pthread_mutex_unlock(&uplink->mutex);
}

bool site_uplink_owns(const struct heng_fact *fact)
{
    return fact->kind == HENG_FACT_DELIVERY || fact->kind == HENG_FACT_ENROLMENT || fact->kind == HENG_FACT_REVOKE;
}

void site_uplink_stored(struct site_uplink *uplink, void *token, const struct heng_fact *fact)
{
    struct told *told = token;
    (void)uplink;
    if (fact->kind == HENG_FACT_DELIVERY) {
        told->rc = fact->delivery->rc;
        told->epoch = fact->delivery->epoch;
        told->durable = fact->delivery->durable;
        memcpy(told->why, fact->delivery->why, sizeof told->why);
    } else if (fact->kind == HENG_FACT_ENROLMENT) {
        told->rc = fact->enrolment->rc;
        memcpy(told->why, fact->enrolment->why, sizeof told->why);
        if (told->enrolment) *told->enrolment = fact->enrolment->enrolment;
    } else {
        told->rc = fact->revoke->rc;
        if (told->rc != HENG_OK) snprintf(told->why, sizeof told->why, "there is no such gateway");
    }
    uplink_come_back(told);
}

static void on_told(struct site_uplink *uplink, struct told *told);

static void on_async(uv_async_t *async)
{
    struct site_uplink *uplink = async->data;
    pthread_mutex_lock(&uplink->mutex);
    struct told *told = uplink->first;
    uplink->first = uplink->last = NULL;
    pthread_mutex_unlock(&uplink->mutex);
    for (struct told *next; told; told = next) {
        next = told->next;
        on_told(uplink, told);
        uplink_drop(told);
    }
    uplink_give_turns(uplink);
}

/* --- configuration ----------------------------------------------------------------------------------------------- */

static heng_rc build_config(struct heng_writer_work *work, struct heng_store *store, struct heng_err *err)
{
    struct told *told = (struct told *)work;
    return heng_gateway_config_build(store, told->gateway_id, told->uplink->options.profiles, heng_clock_wall(),
                                     &told->bytes, &told->n, &told->version, err);
}

static void work_done(struct heng_writer_work *work, heng_rc rc, const char *why)
{
    struct told *told = (struct told *)work;
    told->rc = rc;
    snprintf(told->why, sizeof told->why, "%s", why);
    uplink_come_back(told);
}

/* Should it get another configuration than it has? What is not known is asked of the database, one at a time. */
static void want_config(struct site_uplink *uplink, struct seat *seat)
{
    seat->config_due = false;
    if (!seat->session || !seat->session->welcomed || seat->building) return;
    bool has = seat->version == seat->status.applied_version || seat->version == seat->refused_version;
    if (seat->version_known && has) return;
    struct told *told = uplink_told(uplink, TOLD_CONFIG);
    if (!told) {
        seat->config_due = true;
        return;
    }
    told->gateway_id = seat->id;
    told->work = (struct heng_writer_work){.run = build_config, .done = work_done};
    seat->building = true;
    heng_writer_ask(uplink->site->writer, &told->work);
}

static void on_config(struct site_uplink *uplink, const struct told *told)
{
    struct seat *seat = uplink_seat(uplink, told->gateway_id);
    if (!seat) return;
    seat->building = false;
    if (seat->config_due) { /* it has changed since */
        want_config(uplink, seat);
        return;
    }
    if (told->rc != HENG_OK) {
        heng_log(HENG_LOG_ERROR, part, "event=no_config gateway='%s' why='%s'", seat->name, told->why);
        snprintf(seat->status.config_why, sizeof seat->status.config_why, "%s", told->why);
        seat->news = true;
        seat->config_due = told->rc == HENG_EIO || told->rc == HENG_ELIMIT || told->rc == HENG_EBUSY;
        return;
    }
    seat->version = told->version;
    seat->version_known = true;
    seat->status.config_version = told->version;
    seat->news = true;
    if (!seat->session || !seat->session->welcomed || told->version == seat->status.applied_version) return;
    heng_log(HENG_LOG_INFO, part, "event=config gateway='%s' version=%llu bytes=%zu", seat->name,
             (unsigned long long)told->version, told->n);
    if (!heng_host_config(seat->session->host, heng_clock_mono(), heng_slice_of(told->bytes, told->n)))
        seat->config_due = true; /* too much waits: in a second */
    uplink_pump(seat->session);
}

void uplink_config_changed(struct site_uplink *uplink, int64_t gateway_id)
{
    struct seat *seat = uplink_seat(uplink, gateway_id);
    for (unsigned deep = 0; seat && deep < HENG_UPLINK_PATH_MAX; deep++) {
        seat->version_known = false;
        if (seat->building)
            seat->config_due = true; /* what is being built may be the old one */
        else
            want_config(uplink, seat);
        seat = seat->parent_id ? uplink_seat(uplink, seat->parent_id) : NULL;
    }
}

void site_uplink_changed(struct site_uplink *uplink)
{
    for (size_t i = 0; i < uplink->seat_count; i++) {
        uplink->seats[i]->version_known = false;
        uplink->seats[i]->config_due = true;
    }
}

/* --- sessions ---------------------------------------------------------------------------------------------------- */

static void unlink_session(struct session *session)
{
    if (session->before)
        session->before->next = session->next;
    else
        session->uplink->sessions = session->next;
    if (session->next) session->next->before = session->before;
    session->uplink->session_count--;
}

/* The connection is gone. */
static void free_session(struct session *session, const char *why)
{
    struct site_uplink *uplink = session->uplink;
    struct seat *seat = session->seat;
    unlink_session(session);
    uplink_forget_answers(uplink, session, why);
    uplink_tunnels_end(uplink, session, why);
    uplink_forget_waiting(session);
    turns_leave(&uplink->turns, &session->turn);
    if (seat && seat->session == session) {
        seat->session = NULL;
        uplink_note_connected(uplink, seat, false);
        heng_log(HENG_LOG_INFO, part, "event=lost gateway='%s' why='%s'", seat->name, why);
    }
    heng_host_free(session->host);
    free(session);
}

void uplink_host_of(const char *address, char *ret, size_t cap)
{
    snprintf(ret, cap, "%s", address);
    char *colon = strrchr(ret, ':');
    if (colon) *colon = '\0';
}

/* Why it ends is told to people, unless it is what happens every day. */
static void note_hang_up(struct session *session, heng_refusal refusal, const char *why)
{
    char host[64], detail[200];
    uplink_host_of(session->address, host, sizeof host);
    const char *who = session->common_name[0] ? session->common_name : host;
    snprintf(detail, sizeof detail, "refused from=%.60s reason=%s why='%.90s'", session->address,
             heng_refusal_text(refusal), why);
    int64_t gateway_id = session->seat ? session->seat->id : session->revoked_id;
    switch (refusal) {
    case HENG_REFUSAL_UNKNOWN:
    case HENG_REFUSAL_REVOKED:
    case HENG_REFUSAL_VERSION:
    case HENG_REFUSAL_ENROLMENT: uplink_event_of(session->uplink, who, gateway_id, HENG_GATEWAY_REFUSED, detail); break;
    case HENG_REFUSAL_PROTOCOL:
    case HENG_REFUSAL_TOO_LONG:
    case HENG_REFUSAL_SEQUENCE:
    case HENG_REFUSAL_FORKED: uplink_event_of(session->uplink, who, gateway_id, HENG_GATEWAY_PROTOCOL, detail); break;
    case HENG_REFUSAL_REPLACED:
    case HENG_REFUSAL_BUSY:
    case HENG_REFUSAL_STOPPING:
    case HENG_REFUSAL_SILENT: break;
    }
    heng_log(HENG_LOG_INFO, part, "event=hung_up who='%.64s' address=%s reason=%s why='%s'", who, session->address,
             heng_refusal_text(refusal), why);
}

void uplink_refuse(struct session *session, heng_refusal refusal, uint32_t retry_s, const char *why)
{
    heng_host_refuse(session->host, heng_clock_mono(), refusal, retry_s, why);
}

/* Every day a connection dies unnoticed and its gateway comes anew. But one that comes from elsewhere, or pushes out
 * what has just come in, may be a copy of the box. */
static void tell_replaced(const struct session *older, const struct session *by)
{
    char here[64], there[64], detail[200];
    uplink_host_of(older->address, there, sizeof there);
    uplink_host_of(by->address, here, sizeof here);
    bool young = heng_clock_mono() - older->since_us < REPLACED_SOON_S * HENG_US_PER_S;
    if (!young && strcmp(here, there) == 0) return;
    snprintf(detail, sizeof detail, "twice before=%s now=%s", older->address, by->address);
    uplink_event_of(by->uplink, by->common_name, by->seat->id, HENG_GATEWAY_REPLACED, detail);
}

/* The same gateway comes anew: the older connection is one that nobody has noticed to be dead, or a copy of the box. */
static void replace(struct seat *seat, struct session *by)
{
    struct session *older = seat->session;
    seat->session = by;
    if (!older || older == by) return;
    older->seat = NULL;
    older->welcomed = false;
    tell_replaced(older, by);
    uplink_refuse(older, HENG_REFUSAL_REPLACED, 0, "the same gateway has connected anew");
    uplink_pump(older);
}

static uint32_t window_of(const struct site_uplink *uplink)
{
    size_t share = UPLINK_WINDOWS_ALL / (uplink->session_count + 1);
    if (share > UPLINK_WINDOW_MAX) return UPLINK_WINDOW_MAX;
    return share < UPLINK_WINDOW_MIN ? UPLINK_WINDOW_MIN : (uint32_t)share;
}

void uplink_try_welcome(struct session *session)
{
    struct site_uplink *uplink = session->uplink;
    struct seat *seat = session->seat;
    struct heng_err err = {.text = ""};
    if (!seat || !session->said_hello || session->welcomed || seat->pending) return;
    heng_us now = heng_clock_mono();
    struct heng_welcome welcome = {.epoch = session->epoch,
                                   .window_bytes = window_of(uplink),
                                   .ping_s = HENG_UPLINK_PING_S,
                                   .config_version = seat->version_known ? seat->version : seat->status.config_version,
                                   .gateway_id = seat->id};
    welcome.batch_bytes = welcome.window_bytes / 4;
    memcpy(welcome.name, seat->name, sizeof welcome.name);
    heng_rc rc = heng_delivery_resume(uplink->reader, seat->id, session->epoch, &welcome.resume_after,
                                      &welcome.resume_check, &err);
    if (rc != HENG_OK) {
        heng_log(HENG_LOG_ERROR, part, "event=no_resume gateway='%s' why='%s'", seat->name, err.text);
        uplink_refuse(session, HENG_REFUSAL_BUSY, BUSY_RETRY_S, "the database cannot be asked now");
        return;
    }
    heng_host_welcome(session->host, now, heng_clock_wall(), &welcome);
    session->welcomed = true;
    seat->status.queued = session->newest > welcome.resume_after ? session->newest - welcome.resume_after : 0;
    heng_log(HENG_LOG_INFO, part, "event=welcomed gateway='%s' address=%s resume=%llu", seat->name, session->address,
             (unsigned long long)welcome.resume_after);
    want_config(uplink, seat);
    uplink_send_commands(uplink, seat->id);
}

/* Whose certificate is it? False: it was refused. */
static bool recognise(struct session *session)
{
    struct site_uplink *uplink = session->uplink;
    struct heng_gateway gateway;
    struct heng_err err = {.text = ""};
    heng_rc rc =
        heng_store_gateway_by_certificate(uplink->reader, session->common_name, session->serial, &gateway, &err);
    if (rc == HENG_OK) rc = uplink_add_seat(uplink, &gateway, &session->seat, &err);
    if (rc == HENG_OK) return true;
    if (rc == HENG_EDENIED) {
        session->revoked_id = gateway.id;
        uplink_refuse(session, HENG_REFUSAL_REVOKED, 0, "its certificate was revoked");
    } else if (rc == HENG_ENOTFOUND)
        uplink_refuse(session, HENG_REFUSAL_UNKNOWN, 0, "no gateway here has this certificate");
    else
        uplink_refuse(session, HENG_REFUSAL_BUSY, BUSY_RETRY_S, err.text);
    return false;
}

static void on_hello(struct session *session, const struct heng_hello *hello)
{
    struct site_uplink *uplink = session->uplink;
    if (session->seat || !recognise(session)) return;
    struct seat *seat = session->seat;
    replace(seat, session);
    session->said_hello = true;
    session->epoch = hello->epoch;
    session->newest = hello->last;
    session->can_order = hello->can_order;
    session->can_search = hello->can_search;
    session->can_tunnel = hello->can_tunnel;
    seat->refused_version = 0;
    snprintf(seat->status.address, sizeof seat->status.address, "%s", session->address);
    uplink_note_hello(seat, hello);
    uplink_note_connected(uplink, seat, true);
    uplink_try_welcome(session);
}

/* A new configuration is in force, or was refused. */
static void on_config_outcome(struct session *session, const struct heng_down_outcome *outcome)
{
    struct site_uplink *uplink = session->uplink;
    struct seat *seat = outcome->gateway_id ? uplink_seat(uplink, outcome->gateway_id) : session->seat;
    if (!seat || !uplink_speaks_for(session, seat->id)) return;
    if (outcome->taken)
        seat->status.applied_version = (uint64_t)outcome->of;
    else
        seat->refused_version = (uint64_t)outcome->of;
    snprintf(seat->status.config_why, sizeof seat->status.config_why, "%s", outcome->taken ? "" : outcome->why);
    seat->news = true;
    seat->told_us = 0;
    if (!outcome->taken)
        heng_log(HENG_LOG_WARN, part, "event=config_refused gateway='%s' why='%s'", seat->name, outcome->why);
}

static void on_outcome(struct session *session, const struct heng_down_outcome *outcome)
{
    switch (outcome->what) {
    case HENG_OUTCOME_OF_CONFIG: on_config_outcome(session, outcome); break;
    case HENG_OUTCOME_OF_ORDER:
    case HENG_OUTCOME_OF_CANCEL:
    case HENG_OUTCOME_OF_SEARCH: uplink_outcome(session, outcome); break;
    case HENG_OUTCOME_OF_TUNNEL: uplink_tunnel_outcome(session, outcome); break;
    }
}

/* One action. False: the session has ended. */
static bool act(struct session *session, struct heng_host_action *action)
{
    switch (action->kind) {
    case HENG_HOST_NONE: break;
    case HENG_HOST_SEND:
        if (heng_tls_send(session->tls, action->bytes) == HENG_OK) {
            heng_host_unsent(session->host, heng_clock_mono(), heng_tls_unsent(session->tls));
            break;
        }
        heng_tls_close(session->tls, false);
        free_session(session, "it does not take what it is sent");
        return false;
    case HENG_HOST_HANG_UP:
        note_hang_up(session, action->refusal, action->text);
        heng_tls_close(session->tls, true);
        free_session(session, action->text);
        return false;
    case HENG_HOST_HELLO: on_hello(session, &action->hello); break;
    case HENG_HOST_BATCH: uplink_take_batch(session, action->bytes, false); break;
    case HENG_HOST_LIVE: uplink_take_batch(session, action->bytes, true); break;
    case HENG_HOST_OUTCOME: on_outcome(session, &action->outcome); break;
    case HENG_HOST_ANSWER: uplink_take_answer(session, action->id, action->last, action->bytes); break;
    case HENG_HOST_ENROL: uplink_enrol(session, &action->enrol); break;
    case HENG_HOST_RENEW: uplink_renew(session, action->bytes); break;
    case HENG_HOST_TUNNEL: uplink_tunnel_message(session, &action->tunnel); break;
    case HENG_HOST_PING:
        if (session->seat) uplink_note_ping(session->seat, &action->ping);
        break;
    }
    return true;
}

/* What an action leads to may want to pump again: the loop that is under way does it. */
void uplink_pump(struct session *session)
{
    struct heng_host_action action; /* 30 kB; what one session says may make another one speak */
    if (session->polling) return;
    session->polling = true;
    do {
        heng_host_poll(session->host, heng_clock_mono(), heng_clock_wall(), &action);
        if (!act(session, &action)) return;
    } while (action.kind != HENG_HOST_NONE);
    session->polling = false;
}

static void on_bytes(void *owner, struct heng_tls *tls, struct heng_slice bytes)
{
    struct session *session = owner;
    (void)tls;
    heng_host_feed(session->host, heng_clock_mono(), heng_clock_wall(), bytes);
    uplink_pump(session);
}

static void on_unsent(void *owner, struct heng_tls *tls, size_t bytes)
{
    struct session *session = owner;
    (void)tls;
    heng_host_unsent(session->host, heng_clock_mono(), bytes);
    uplink_pump(session);
}

static void on_closed(void *owner, struct heng_tls *tls, const char *why)
{
    (void)tls;
    free_session(owner, why);
}

static struct heng_tls_events on_accepted(void *owner, struct heng_tls *tls, const struct heng_tls_peer *peer)
{
    struct site_uplink *uplink = owner;
    struct session *session = calloc(1, sizeof *session);
    struct heng_err err = {.text = ""};
    if (!session || heng_host_new(peer->stranger, heng_clock_mono(), &session->host, &err) != HENG_OK) {
        free(session);
        return (struct heng_tls_events){.owner = NULL};
    }
    session->uplink = uplink;
    session->tls = tls;
    session->number = ++uplink->next_session;
    session->since_us = heng_clock_mono();
    session->serial = peer->serial;
    snprintf(session->common_name, sizeof session->common_name, "%s", peer->common_name);
    snprintf(session->address, sizeof session->address, "%s", peer->address);
    session->next = uplink->sessions;
    if (session->next) session->next->before = session;
    uplink->sessions = session;
    uplink->session_count++;
    return (struct heng_tls_events){.owner = session, .bytes = on_bytes, .unsent = on_unsent, .closed = on_closed};
}

/* Who did not come so far as to be a session. */
static void on_refused(void *owner, const char *address, const char *why)
{
    char host[64], detail[200];
    uplink_host_of(address, host, sizeof host);
    snprintf(detail, sizeof detail, "refused from=%.60s why='%.110s'", address, why);
    heng_log(HENG_LOG_INFO, part, "event=refused address=%s why='%s'", address, why);
    uplink_event_of(owner, host, 0, HENG_GATEWAY_REFUSED, detail);
}

/* --- time -------------------------------------------------------------------------------------------------------- */

static void poll_deadlines(struct site_uplink *uplink)
{
    heng_us now = heng_clock_mono();
    for (struct session *session = uplink->sessions, *next; session; session = next) {
        next = session->next;
        if (heng_host_deadline(session->host) <= now) uplink_pump(session); /* ends no other one */
    }
}

static void on_second(uv_timer_t *timer)
{
    struct site_uplink *uplink = timer->data;
    poll_deadlines(uplink);
    for (size_t i = 0; i < uplink->seat_count; i++)
        if (uplink->seats[i]->config_due && !uplink->seats[i]->building) want_config(uplink, uplink->seats[i]);
    uplink_tell_second(uplink);
    uplink_orders_second(uplink);
    uplink_tunnels_second(uplink);
    uplink_give_turns(uplink);
}

static void on_told(struct site_uplink *uplink, struct told *told)
{
    switch (told->kind) {
    case TOLD_DELIVERY: uplink_delivered(uplink, told); break;
    case TOLD_ENROLMENT: uplink_enrolled(uplink, told); break;
    case TOLD_REVOKED: uplink_revoked(uplink, told); break;
    case TOLD_CONFIG: on_config(uplink, told); break;
    case TOLD_RENEWED: uplink_renewed(uplink, told); break;
    }
}

/* --- wishes ------------------------------------------------------------------------------------------------------ */

void uplink_answer(struct site_uplink *uplink, struct heng_wish_slot *slot, const struct heng_receipt *receipt,
                   heng_rc rc, const char *why)
{
    heng_desk_answer(uplink->desk, slot, receipt, rc, why);
}

void site_uplink_take(struct site_uplink *uplink, struct heng_wish_slot *slot)
{
    uplink->desk = site_wishes_desk(uplink->site->wishes);
    switch (heng_wish_of(slot)->kind) {
    case HENG_WISH_ENROL_ACCEPT:
    case HENG_WISH_ENROL_REFUSE: uplink_take_enrolment(uplink, slot); break;
    case HENG_WISH_REVOKE: uplink_take_revoke(uplink, slot); break;
    case HENG_WISH_TUNNEL: uplink_take_tunnel(uplink, slot); break;
    case HENG_WISH_GATEWAY_ASK: uplink_take_ask(uplink, slot); break;
    case HENG_WISH_READ:
    case HENG_WISH_COMMAND:
    case HENG_WISH_CANCEL:
    case HENG_WISH_SEARCH:
    case HENG_WISH_SEARCH_STOP:
    case HENG_WISH_COUNT: uplink_answer(uplink, slot, NULL, HENG_EUNSUPPORTED, "this wish is not known"); break;
    }
}

/* --- life -------------------------------------------------------------------------------------------------------- */

/* One that was connected when Heng ended was not lost if it comes back soon. */
static heng_rc load_gateway(struct site_uplink *uplink, const struct heng_gateway *gateway, struct heng_err *err)
{
    struct seat *seat;
    heng_rc rc = uplink_add_seat(uplink, gateway, &seat, err);
    if (rc != HENG_OK) return rc;
    rc = heng_store_get_gateway_status(uplink->reader, gateway->id, &seat->status, err);
    if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
    if (rc == HENG_OK && seat->status.connected) {
        seat->told_connected = true;
        seat->since_us = heng_clock_mono() + COME_BACK_S * HENG_US_PER_S;
    }
    seat->status.gateway_id = gateway->id;
    seat->status.connected = false;
    return HENG_OK;
}

static heng_rc load_gateways(struct site_uplink *uplink, struct heng_err *err)
{
    struct heng_gateway page[GATEWAY_PAGE];
    int64_t after = 0;
    size_t n = 0;
    heng_rc rc;
    do {
        rc = heng_store_list_gateways(uplink->reader, after, page, GATEWAY_PAGE, &n, err);
        for (size_t i = 0; rc == HENG_OK && i < n; i++) rc = load_gateway(uplink, &page[i], err);
        if (rc == HENG_OK && n) after = page[n - 1].id;
    } while (rc == HENG_OK && n);
    return rc;
}

heng_rc site_uplink_new(struct site_run *site, const struct site_uplink_options *options, struct site_uplink **ret,
                        struct heng_err *err)
{
    struct site_uplink *uplink = calloc(1, sizeof *uplink);
    char name[64] = "";
    if (!uplink) return heng_fail(err, HENG_ENOMEM, 0, "out of memory");
    uplink->site = site;
    uplink->options = *options;
    uplink->stopped = true;
    uplink->next_id = (uint64_t)heng_clock_wall();
    pthread_mutex_init(&uplink->mutex, NULL);
    heng_rc rc = heng_store_reader_open(options->database, &uplink->reader, err);
    if (rc == HENG_OK) rc = load_gateways(uplink, err);
    if (rc == HENG_OK && heng_store_get_setting(uplink->reader, "name", name, sizeof name, NULL) != HENG_OK)
        snprintf(name, sizeof name, "Heng");
    if (options->if_gateways && !uplink->seat_count) uplink->options.host = "";
    if (rc == HENG_OK && uplink->options.host[0])
        rc = heng_authority_open(options->directory, name, heng_clock_wall(), &uplink->authority, err);
    if (rc != HENG_OK) {
        site_uplink_free(uplink);
        return rc;
    }
    *ret = uplink;
    return HENG_OK;
}

heng_rc site_uplink_start(struct site_uplink *uplink, struct heng_err *err)
{
    if (uv_async_init(uplink->site->loop, &uplink->async, on_async) != 0)
        return heng_fail(err, HENG_ELIMIT, 0, "cannot make a signal between threads: too many files are open");
    uv_timer_init(uplink->site->loop, &uplink->second);
    uplink->async.data = uplink->second.data = uplink;
    uplink->runs = true;
    uplink->stopped = false;
    uplink->desk = site_wishes_desk(uplink->site->wishes);
    uv_timer_start(&uplink->second, on_second, TICK_MS, TICK_MS);
    uplink_tell_second(uplink); /* who is refused in the first second is told as well */
    if (!uplink->options.host[0] && uplink->options.if_gateways)
        heng_log(HENG_LOG_INFO, part, "event=off why='the site has no gateways' next='--uplink-listen lets them in'");
    if (!uplink->options.host[0]) return HENG_OK;
    struct heng_pki_files files = heng_authority_files(uplink->authority);
    struct heng_tls_listen_config config = {.host = uplink->options.host,
                                            .port = uplink->options.port,
                                            .strangers_max = HANDSHAKES_MAX,
                                            .key_file = files.key,
                                            .certificate_file = files.certificate,
                                            .authority_file = files.authority};
    struct heng_tls_listener_events events = {uplink, on_accepted, on_refused};
    heng_rc rc = heng_tls_listen(uplink->site->loop, &config, events, &uplink->listener, err);
    if (rc != HENG_OK) {
        struct heng_err why = *err;
        return heng_fail(err, rc, 0, "cannot listen for gateways (--uplink-listen): %s", why.text);
    }
    heng_log(HENG_LOG_INFO, part, "event=listening address=%s port=%u gateways=%zu", uplink->options.host,
             heng_tls_port(uplink->listener), uplink->seat_count);
    return HENG_OK;
}

uint16_t site_uplink_port(const struct site_uplink *uplink)
{
    return uplink && uplink->listener ? heng_tls_port(uplink->listener) : 0;
}

size_t site_uplink_gateways(const struct site_uplink *uplink) { return uplink->seat_count; }

void site_uplink_stop(struct site_uplink *uplink)
{
    if (!uplink || !uplink->runs) return;
    uplink_tunnels_end(uplink, NULL, "Heng is being stopped");
    while (uplink->sessions) {
        struct session *session = uplink->sessions;
        uplink_refuse(session, HENG_REFUSAL_STOPPING, 0, "Heng is being stopped");
        uplink_pump(session);
        if (uplink->sessions != session) continue;
        heng_tls_close(session->tls, true);
        free_session(session, "Heng is being stopped");
    }
    if (uplink->listener) heng_tls_listener_close(uplink->listener);
    uplink->listener = NULL;
    pthread_mutex_lock(&uplink->mutex);
    uplink->stopped = true;
    uplink->runs = false;
    uv_close((uv_handle_t *)&uplink->async, NULL);
    pthread_mutex_unlock(&uplink->mutex);
    uv_close((uv_handle_t *)&uplink->second, NULL);
}

void site_uplink_free(struct site_uplink *uplink)
{
    if (!uplink) return;
    while (uplink->all) uplink_drop(uplink->all);
    for (size_t i = 0; i < uplink->seat_count; i++) free(uplink->seats[i]);
    free(uplink->seats);
    for (size_t i = 0; i < UPLINK_ANSWERS_MAX; i++) heng_str_fini(&uplink->answers[i].text);
    heng_authority_free(uplink->authority);
    heng_store_reader_close(uplink->reader);
    pthread_mutex_destroy(&uplink->mutex);
    free(uplink);
}
