/* What only passes through: down by its path, up from the gateways below. An answer goes up only from where the
 * question went down. */
#include <inttypes.h>
#include <stdio.h>

#include "gateway/core_inside.h"
#include "trust/pki.h"

enum { CONN_OURS = -1, RETRY_S = 60, ASK_EVERY_S = 6, ASK_BURST = 10 };

/* path[0] is a child of ours; what it gets is the rest. */
bool core_path_down(struct heng_core *core, const struct heng_path *path, struct heng_path *ret_rest,
                    struct core_conn **ret_conn, char ret_why[static 64])
{
    *ret_conn = core_conn_of(core, path->gateway_ids[0]);
    *ret_rest = (struct heng_path){.n = path->n - 1};
    memcpy(ret_rest->gateway_ids, path->gateway_ids + 1, ret_rest->n * sizeof ret_rest->gateway_ids[0]);
    if (!*ret_conn) (void)snprintf(ret_why, 64, "gateway %" PRId64 " is not connected", path->gateway_ids[0]);
    return *ret_conn != NULL;
}

static int number_of(const struct heng_core *core, const struct core_conn *conn) { return (int)(conn - core->conns); }

/* --- questions ------------------------------------------------------------------------------------------------- */

static void say_error(struct heng_core *core, heng_us now, uint64_t id, const char *why)
{
    char text[128];
    (void)snprintf(text, sizeof text, "{\"error\":\"%s\"}\n", why); /* a sentence of ours: nothing to escape */
    (void)heng_client_answer(core->client, now, id, true, heng_slice_str(text));
}

void core_pass_ask(struct heng_core *core, heng_us now, uint64_t id, const char *what, const struct heng_path *path)
{
    struct heng_path rest;
    struct core_conn *conn;
    char why[64];
    if (!core_path_down(core, path, &rest, &conn, why)) {
        say_error(core, now, id, why);
        return;
    }
    if (!heng_host_ask(conn->host, now, id, what, &rest)) {
        say_error(core, now, id, "the gateway does not take it now");
        return;
    }
    conn->stirred = true;
    core->asks[core->next_ask] = (struct core_way){id, number_of(core, conn)};
    core->next_ask = (core->next_ask + 1) % CORE_ASKS_MAX; /* the oldest one is forgotten */
}

void core_pass_answer_up(struct heng_core *core, heng_us now, int conn, uint64_t id, bool last, struct heng_slice text)
{
    for (size_t i = 0; i < CORE_ASKS_MAX; i++) {
        struct core_way *way = &core->asks[i];
        if (!way->id || way->id != id || way->conn != conn) continue;
        (void)heng_client_answer(core->client, now, id, last, text);
        if (last) way->id = 0;
        return;
    }
}

/* --- tunnels --------------------------------------------------------------------------------------------------- */

static struct core_way *tunnel_of(struct heng_core *core, uint64_t id)
{
    for (size_t i = 0; i < CORE_TUNNELS_MAX; i++)
        if (core->tunnels[i].id == id && id) return &core->tunnels[i];
    return NULL;
}

void core_pass_tunnel_over(struct heng_core *core, uint64_t id)
{
    struct core_way *way = tunnel_of(core, id);
    if (way) way->id = 0;
}

static void close_above(struct heng_core *core, heng_us now, uint64_t id, const char *why)
{
    struct heng_tunnel_message message = {.id = id, .close = true};
    (void)snprintf(message.why, sizeof message.why, "%s", why);
    (void)heng_client_tunnel(core->client, now, &message);
}

static bool open_way(struct heng_core *core, heng_us now, const struct heng_tunnel_message *message)
{
    struct heng_path rest;
    struct core_conn *conn = NULL;
    struct core_way *way = NULL;
    char why[64] = "too many tunnels are open in the gateway";
    for (size_t i = 0; i < CORE_TUNNELS_MAX; i++)
        if (!core->tunnels[i].id) way = &core->tunnels[i];
    bool is = message->id && way && !tunnel_of(core, message->id);
    if (is && message->path.n) is = core_path_down(core, &message->path, &rest, &conn, why);
    if (!is) {
        core_outcome(core, now, HENG_OUTCOME_OF_TUNNEL, (int64_t)message->id, false, "%s", why);
        return false;
    }
    *way = (struct core_way){message->id, conn ? number_of(core, conn) : CONN_OURS};
    return true;
}

/* True: it is for us. */
bool core_pass_tunnel(struct heng_core *core, heng_us now, const struct heng_tunnel_message *message)
{
    struct core_way *way = tunnel_of(core, message->id);
    if (message->open) {
        if (!open_way(core, now, message)) return false;
        way = tunnel_of(core, message->id);
    }
    if (!way) {
        if (!message->close) close_above(core, now, message->id, "there is no such tunnel");
        return false;
    }
    int number = way->conn;
    if (message->close) way->id = 0;
    if (number == CONN_OURS) return true;
    struct heng_tunnel_message down = *message;
    if (down.path.n) {
        down.path.n--;
        memmove(down.path.gateway_ids, down.path.gateway_ids + 1, down.path.n * sizeof down.path.gateway_ids[0]);
    }
    struct core_conn *conn = &core->conns[number];
    conn->stirred = true;
    if (!heng_host_tunnel(conn->host, now, &down) && !message->close) {
        way->id = 0;
        close_above(core, now, message->id, "the gateway does not take so much");
    }
    return false;
}

void core_pass_tunnel_up(struct heng_core *core, heng_us now, int conn, const struct heng_tunnel_message *message)
{
    struct core_way *way = tunnel_of(core, message->id);
    if (!way || way->conn != conn) return;
    if (message->close) way->id = 0;
    if (heng_client_tunnel(core->client, now, message) || message->close) return;
    struct heng_tunnel_message over = {.id = message->id, .close = true, .why = "the tier above takes nothing now"};
    way->id = 0;
    (void)heng_host_tunnel(core->conns[conn].host, now, &over);
}

bool heng_core_tunnel(struct heng_core *core, heng_us now, const struct heng_tunnel_message *message)
{
    if (!tunnel_of(core, message->id)) return false;
    bool said = heng_client_tunnel(core->client, now, message);
    if (message->close) core_pass_tunnel_over(core, message->id);
    return said;
}

/* --- enrolment ------------------------------------------------------------------------------------------------- */

static void wait_a_while(struct heng_core *core, heng_us now, int conn, const uint8_t *hash)
{
    struct heng_enrol_answer answer = {.waiting = true, .retry_s = RETRY_S};
    memcpy(answer.request_hash, hash, sizeof answer.request_hash);
    (void)heng_host_enrol_answer(core->conns[conn].host, now, &answer);
    core->conns[conn].stirred = true;
}

/* ASK_BURST at once, then one each ASK_EVERY_S: strangers cost the tier above no more than that. */
static bool may_ask(struct heng_core *core, heng_us now)
{
    heng_us every = ASK_EVERY_S * HENG_US_PER_S, oldest = now - ASK_BURST * every;
    if (core->ask_credit_us < oldest) core->ask_credit_us = oldest;
    if (core->ask_credit_us + every > now) return false;
    core->ask_credit_us += every;
    return true;
}

static struct core_asker *asker_for(struct heng_core *core, const uint8_t *hash, int conn)
{
    struct core_asker *free_one = NULL;
    for (size_t i = 0; i < CORE_ASKERS_MAX; i++) {
        struct core_asker *asker = &core->askers[i];
        if (asker->conn == conn && memcmp(asker->hash, hash, sizeof asker->hash) == 0) return asker;
        if (asker->conn < 0) free_one = asker;
    }
    return free_one;
}

void core_pass_enrol_up(struct heng_core *core, heng_us now, int conn, const struct heng_enrol_ask *ask)
{
    struct heng_enrol_ask up = *ask;
    uint8_t hash[32];
    heng_sha256(ask->request, hash);
    struct core_asker *asker = asker_for(core, hash, conn);
    if (!up.via_id) up.via_id = core->own_id;
    if (!asker || !core->welcomed || !may_ask(core, now) || !heng_client_pass_enrol(core->client, now, &up)) {
        wait_a_while(core, now, conn, hash);
        return;
    }
    asker->conn = conn;
    memcpy(asker->hash, hash, sizeof asker->hash);
}

void core_pass_enrol_down(struct heng_core *core, heng_us now, const struct heng_enrol_answer *answer)
{
    for (size_t i = 0; i < CORE_ASKERS_MAX; i++) {
        struct core_asker *asker = &core->askers[i];
        if (asker->conn < 0 || memcmp(asker->hash, answer->request_hash, sizeof asker->hash) != 0) continue;
        struct core_conn *conn = &core->conns[asker->conn];
        (void)heng_host_enrol_answer(conn->host, now, answer);
        conn->stirred = true;
        asker->conn = -1;
    }
}

void heng_core_renew(struct heng_core *core, heng_us now, struct heng_slice request)
{
    heng_sha256(request, core->renew_hash);
    core->renewing = heng_client_renew(core->client, now, request);
}

/* --- ends ------------------------------------------------------------------------------------------------------ */

void core_pass_lost(struct heng_core *core, heng_us now, int conn)
{
    for (size_t i = 0; i < CORE_ASKERS_MAX; i++)
        if (core->askers[i].conn == conn) core->askers[i].conn = -1;
    for (size_t i = 0; i < CORE_ASKS_MAX; i++) {
        if (!core->asks[i].id || core->asks[i].conn != conn) continue;
        say_error(core, now, core->asks[i].id, "the gateway was lost");
        core->asks[i].id = 0;
    }
    for (size_t i = 0; i < CORE_TUNNELS_MAX; i++) {
        if (!core->tunnels[i].id || core->tunnels[i].conn != conn) continue;
        close_above(core, now, core->tunnels[i].id, "the gateway was lost");
        core->tunnels[i].id = 0;
    }
}

/* Who looks through a tunnel sits above. */
void core_pass_up_lost(struct heng_core *core, heng_us now)
{
    memset(core->asks, 0, sizeof core->asks);
    for (size_t i = 0; i < CORE_TUNNELS_MAX; i++) {
        struct core_way *way = &core->tunnels[i];
        if (!way->id || way->conn == CONN_OURS) continue;
        struct heng_tunnel_message over = {.id = way->id, .close = true, .why = "the tier above was lost"};
        (void)heng_host_tunnel(core->conns[way->conn].host, now, &over);
        core->conns[way->conn].stirred = true;
        way->id = 0;
    }
}

bool core_pass_poll(struct heng_core *core, struct heng_core_action *ret)
{
    if (core->welcomed) return false;
    for (size_t i = 0; i < CORE_TUNNELS_MAX; i++) {
        struct core_way *way = &core->tunnels[i];
        if (!way->id) continue;
        ret->kind = HENG_CORE_TUNNEL;
        ret->tunnel = (struct heng_tunnel_message){.id = way->id, .close = true, .why = "the tier above was lost"};
        way->id = 0;
        return true;
    }
    return false;
}
