/* The tier above: what its client wants of us, and what it brings. */
#include <stdarg.h>
#include <stdio.h>

#include "gateway/core_inside.h"

/* --- outcomes: a few wait for the connection ------------------------------------------------------------------- */

static void say_outcomes(struct heng_core *core, heng_us now)
{
    size_t said = 0;
    while (core->welcomed && said < core->outcome_count &&
           heng_client_outcome(core->client, now, &core->outcomes[said]))
        said++;
    if (!said) return;
    core->outcome_count -= said;
    memmove(core->outcomes, core->outcomes + said, core->outcome_count * sizeof *core->outcomes);
}

/* Full: the oldest is dropped; who waits for it asks again, and hears the same. */
void core_outcome_pass(struct heng_core *core, heng_us now, const struct heng_down_outcome *outcome)
{
    if (core->outcome_count == CORE_OUTCOMES_MAX)
        memmove(core->outcomes, core->outcomes + 1, --core->outcome_count * sizeof *core->outcomes);
    core->outcomes[core->outcome_count++] = *outcome;
    say_outcomes(core, now);
}

void core_outcome(struct heng_core *core, heng_us now, heng_outcome_of what, int64_t of, bool taken, const char *fmt,
                  ...)
{
    struct heng_down_outcome outcome = {.what = what, .of = of, .taken = taken};
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(outcome.why, sizeof outcome.why, fmt, args);
    va_end(args);
    core_outcome_pass(core, now, &outcome);
}

void heng_core_outcome(struct heng_core *core, heng_us now, const struct heng_down_outcome *outcome)
{
    if (outcome->what == HENG_OUTCOME_OF_ORDER && !outcome->taken) core_order_refused(core, outcome->of);
    if (outcome->what == HENG_OUTCOME_OF_TUNNEL && !outcome->taken) core_pass_tunnel_over(core, (uint64_t)outcome->of);
    core_outcome_pass(core, now, outcome);
}

void heng_core_answer(struct heng_core *core, heng_us now, uint64_t id, bool last, struct heng_slice text)
{
    (void)heng_client_answer(core->client, now, id, last, text); /* who asked is gone, or asks again */
}

/* --- what the client asks -------------------------------------------------------------------------------------- */

static void fill_hello(struct heng_core *core, heng_us now)
{
    struct heng_hello hello = {.version = HENG_UPLINK_VERSION,
                               .oldest_version = HENG_UPLINK_OLDEST_VERSION,
                               .epoch = core->journal.epoch,
                               .first = core->journal.first,
                               .last = core->journal.last,
                               .config_version = core->in_force.config.version,
                               .clock_us = core_time(core, now),
                               .clock_doubtful = core->clock.doubtful,
                               .free_bytes = core->free_bytes,
                               .can_order = true,
                               .can_search = true,
                               .can_tunnel = true,
                               .can_cascade = true};
    memcpy(hello.software, core->config.software, sizeof hello.software);
    memcpy(hello.firmware, core->config.firmware, sizeof hello.firmware);
    hello.child_count = core_nodes_list(core, hello.children);
    heng_client_hello(core->client, now, &hello);
}

static void fill_ping(struct heng_core *core, heng_us now)
{
    struct heng_ping ping = {.clock_us = core_time(core, now),
                             .clock_doubtful = core->clock.doubtful,
                             .queued = core->journal.last - core->journal.acked,
                             .config_version = core->in_force.config.version};
    ping.child_count = core_nodes_list(core, ping.children);
    heng_client_ping(core->client, now, &ping);
}

static void welcome(struct heng_core *core, heng_us now)
{
    const struct heng_welcome *welcome = &core->up.welcome;
    core->welcomed = true;
    core->own_id = welcome->gateway_id;
    core->wanted = (struct core_wanted){
        .welcome = true, .resume_after = welcome->resume_after, .resume_check = welcome->resume_check};
    core_batch_answer(core, now);
    /* Where it goes on is what it has; after a restored database that is less than it had. */
    if (core->wanted.welcome || core->journal.fork || core->journal.acked == welcome->resume_after) return;
    core->journal.acked = welcome->resume_after;
    core->journal.acked_news = true;
}

static void acked(struct heng_core *core, uint64_t number)
{
    if (number <= core->journal.acked || number > core->journal.last) return;
    core->journal.acked = number;
    core->journal.acked_news = true;
}

/* --- what it brings -------------------------------------------------------------------------------------------- */

static bool cancel(struct heng_core *core, heng_us now)
{
    struct heng_path rest;
    struct core_conn *conn;
    char why[64];
    if (!core->up.path.n) return true;
    if (!core_path_down(core, &core->up.path, &rest, &conn, why))
        core_outcome(core, now, HENG_OUTCOME_OF_CANCEL, core->up.id, false, "%s", why);
    else if (!heng_host_cancel(conn->host, now, core->up.id, &rest))
        core_outcome(core, now, HENG_OUTCOME_OF_CANCEL, core->up.id, false, "the gateway does not take it now");
    else
        conn->stirred = true;
    return false;
}

static bool search(struct heng_core *core, heng_us now)
{
    struct heng_down_search rest = core->up.search;
    struct core_conn *conn;
    char why[64];
    if (!rest.path.n) return true;
    if (!core_path_down(core, &core->up.search.path, &rest.path, &conn, why))
        core_outcome(core, now, HENG_OUTCOME_OF_SEARCH, rest.line_id, false, "%s", why);
    else if (!heng_host_search(conn->host, now, &rest))
        core_outcome(core, now, HENG_OUTCOME_OF_SEARCH, rest.line_id, false, "the gateway does not take it now");
    else
        conn->stirred = true;
    return false;
}

static bool ask(struct heng_core *core, heng_us now)
{
    if (!core->up.path.n) return true;
    core_pass_ask(core, now, (uint64_t)core->up.id, core->up.text, &core->up.path);
    return false;
}

/* The certificate for us, or an answer for one below. */
static bool enrol(struct heng_core *core, heng_us now)
{
    const struct heng_enrol_answer *answer = &core->up.enrol;
    bool ours = !core->config.enrolled ||
                (core->renewing && memcmp(answer->request_hash, core->renew_hash, sizeof core->renew_hash) == 0);
    if (!ours) {
        core_pass_enrol_down(core, now, answer);
        return false;
    }
    if (!answer->certificate.n) return answer->why[0] != '\0'; /* refused, or it waits */
    core->renewing = false;
    return true;
}

/* --- actions --------------------------------------------------------------------------------------------------- */

static bool internal(struct heng_core *core, heng_us now)
{
    const struct heng_client_action *up = &core->up;
    switch (up->kind) {
    case HENG_CLIENT_HELLO: fill_hello(core, now); return true;
    case HENG_CLIENT_READ:
        core->wanted.read = true;
        core->wanted.from = up->from;
        core->wanted.bytes_max = up->bytes_max;
        core_batch_answer(core, now);
        return true;
    case HENG_CLIENT_READ_LIVE: core_batch_live(core, now, up->from, up->bytes_max); return true;
    case HENG_CLIENT_WELCOME: welcome(core, now); return true;
    case HENG_CLIENT_ACKED: acked(core, up->from); return true;
    case HENG_CLIENT_CLOCK: core_clock_above(core, now, up->offset_us, up->error_us); return true;
    case HENG_CLIENT_CONFIG: core_config_come(core, now, up->version, up->bytes); return true;
    case HENG_CLIENT_PING: fill_ping(core, now); return true;
    case HENG_CLIENT_NONE:
    case HENG_CLIENT_CONNECT:
    case HENG_CLIENT_HANG_UP:
    case HENG_CLIENT_SEND:
    case HENG_CLIENT_ORDER:
    case HENG_CLIENT_CANCEL:
    case HENG_CLIENT_SEARCH:
    case HENG_CLIENT_ASK:
    case HENG_CLIENT_TUNNEL:
    case HENG_CLIENT_ENROL: break;
    }
    return false;
}

static bool external(struct heng_core *core, heng_us now, heng_core_action_kind *ret_kind)
{
    switch (core->up.kind) {
    case HENG_CLIENT_CONNECT: *ret_kind = HENG_CORE_CONNECT; return true;
    case HENG_CLIENT_HANG_UP: *ret_kind = HENG_CORE_HANG_UP; return true;
    case HENG_CLIENT_SEND: *ret_kind = HENG_CORE_SEND; return true;
    case HENG_CLIENT_ORDER: *ret_kind = HENG_CORE_ORDER; return core_order_come(core, now, &core->up.order);
    case HENG_CLIENT_CANCEL: *ret_kind = HENG_CORE_CANCEL; return cancel(core, now);
    case HENG_CLIENT_SEARCH: *ret_kind = HENG_CORE_SEARCH; return search(core, now);
    case HENG_CLIENT_ASK: *ret_kind = HENG_CORE_ASK; return ask(core, now);
    case HENG_CLIENT_TUNNEL: *ret_kind = HENG_CORE_TUNNEL; return core_pass_tunnel(core, now, &core->up.tunnel);
    case HENG_CLIENT_ENROL: *ret_kind = HENG_CORE_ENROLLED; return enrol(core, now);
    case HENG_CLIENT_NONE:
    case HENG_CLIENT_HELLO:
    case HENG_CLIENT_READ:
    case HENG_CLIENT_READ_LIVE:
    case HENG_CLIENT_WELCOME:
    case HENG_CLIENT_ACKED:
    case HENG_CLIENT_CLOCK:
    case HENG_CLIENT_CONFIG:
    case HENG_CLIENT_PING: break;
    }
    return false;
}

bool core_up_poll(struct heng_core *core, heng_us now, struct heng_core_action *ret, bool *ret_again)
{
    struct heng_client_action *up = &core->up;
    core_batch_answer(core, now);
    say_outcomes(core, now);
    heng_client_poll(core->client, now, core_clock_plain(core, now), up);
    if (up->kind == HENG_CLIENT_NONE) return false;
    *ret_again = true;
    heng_core_action_kind kind;
    if (internal(core, now) || !external(core, now, &kind)) return false;
    ret->kind = kind;
    ret->server = up->server;
    ret->bytes = up->bytes;
    ret->order = up->order;
    ret->search = up->search;
    ret->tunnel = up->tunnel;
    ret->enrol = up->enrol;
    ret->id = up->id;
    memcpy(ret->text, up->text, sizeof ret->text);
    return true;
}

/* --- news of the owner ----------------------------------------------------------------------------------------- */

void heng_core_up_connected(struct heng_core *core, heng_us now) { heng_client_connected(core->client, now); }

void heng_core_up_closed(struct heng_core *core, heng_us now, const char *why)
{
    core->welcomed = false;
    core->wanted = (struct core_wanted){0};
    core_pass_up_lost(core, now);
    heng_client_closed(core->client, now, why);
}

void heng_core_up_bytes(struct heng_core *core, heng_us now, heng_us wall_us, struct heng_slice bytes)
{
    core_clock_see(core, now, wall_us);
    heng_client_feed(core->client, now, core_clock_plain(core, now), bytes);
}

void heng_core_up_unsent(struct heng_core *core, heng_us now, size_t bytes)
{
    heng_client_unsent(core->client, now, bytes);
}

heng_rc heng_core_request(struct heng_core *core, struct heng_slice request, struct heng_err *err)
{
    return heng_client_request(core->client, request, err);
}

void heng_core_restart(struct heng_core *core, heng_us now, unsigned servers, bool enrolled)
{
    core->config.servers = servers;
    core->config.enrolled = enrolled;
    core->wanted = (struct core_wanted){0};
    heng_client_restart(core->client, now, servers, enrolled, "certificate or addresses are new");
}
