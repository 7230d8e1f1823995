/* The gateways below: who they are, by the configuration, and their connections. What they say is in core_below.c. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "gateway/core_inside.h"

enum { BUSY_RETRY_S = 30 };

/* --- the tree -------------------------------------------------------------------------------------------------- */

struct core_node *core_node_find(struct heng_core *core, int64_t gateway_id)
{
    for (size_t i = 0; i < core->node_count; i++)
        if (core->nodes[i].what.gateway_id == gateway_id) return &core->nodes[i];
    return NULL;
}

/* What was known of a gateway before stays known. */
static void add_node(struct heng_core *core, const struct core_node *old, size_t old_count, int64_t id, int64_t via_id,
                     int64_t child_id)
{
    if (core->node_count == HENG_UPLINK_CHILDREN_MAX || core_node_find(core, id)) return;
    struct core_node *node = &core->nodes[core->node_count++];
    *node = (struct core_node){.what.gateway_id = id};
    for (size_t i = 0; i < old_count; i++)
        if (old[i].what.gateway_id == id) *node = old[i];
    node->what.via_id = via_id;
    node->child_id = child_id;
}

/* A configuration that cannot be read has no gateways below it: its own gateway will refuse it. */
static void add_below(struct heng_core *core, const struct core_node *old, size_t old_count, struct heng_slice bytes,
                      int64_t via_id, int64_t child_id, unsigned depth)
{
    struct heng_gateway_config config;
    void *memory;
    if (depth > HENG_UPLINK_PATH_MAX || heng_config_unpack(bytes, &config, &memory, NULL) != HENG_OK) return;
    for (size_t i = 0; i < config.child_count; i++) {
        const struct heng_config_child *child = &config.children[i];
        add_node(core, old, old_count, child->gateway_id, via_id, child_id);
        add_below(core, old, old_count, child->config, child->gateway_id, child_id, depth + 1);
    }
    heng_config_free(memory);
}

void core_nodes_build(struct heng_core *core)
{
    const struct heng_gateway_config *config = &core->in_force.config;
    size_t old_count = core->node_count;
    struct core_node *old = malloc(sizeof core->nodes);
    if (!old) old_count = 0; /* only what was heard of them is lost */
    if (old) memcpy(old, core->nodes, sizeof core->nodes);
    core->node_count = 0;
    for (size_t i = 0; i < config->child_count; i++)
        add_node(core, old, old_count, config->children[i].gateway_id, 0, config->children[i].gateway_id);
    for (size_t i = 0; i < config->child_count; i++)
        add_below(core, old, old_count, config->children[i].config, config->children[i].gateway_id,
                  config->children[i].gateway_id, 1);
    free(old);
}

size_t core_nodes_list(const struct heng_core *core, struct heng_uplink_child *ret)
{
    for (size_t i = 0; i < core->node_count; i++) {
        ret[i] = core->nodes[i].what;
        if (core->clock.doubtful) ret[i].clock_error_us = 0; /* who are we to say */
    }
    return core->node_count;
}

/* What a child tells of those below it; of others it knows nothing. */
void core_node_says(struct heng_core *core, int64_t child_id, const struct heng_uplink_child *children, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct core_node *node = core_node_find(core, children[i].gateway_id);
        if (!node || node->child_id != child_id || node->what.gateway_id == child_id) continue;
        int64_t via_id = node->what.via_id;
        node->what = children[i];
        node->what.via_id = via_id;
    }
}

/* --- connections ----------------------------------------------------------------------------------------------- */

struct core_conn *core_conn_of(struct heng_core *core, int64_t gateway_id)
{
    for (size_t i = 0; i < HENG_UPLINK_CHILDREN_MAX; i++) {
        struct core_conn *conn = &core->conns[i];
        if (conn->host && conn->welcomed && !conn->over && conn->gateway_id == gateway_id) return conn;
    }
    return NULL;
}

static const struct heng_config_child *config_of(const struct heng_core *core, int64_t gateway_id)
{
    const struct heng_gateway_config *config = &core->in_force.config;
    for (size_t i = 0; i < config->child_count; i++)
        if (config->children[i].gateway_id == gateway_id) return &config->children[i];
    return NULL;
}

void core_conn_refuse(struct core_conn *conn, heng_us now, heng_refusal refusal, const char *text)
{
    if (!conn->host || conn->over) return;
    heng_host_refuse(conn->host, now, refusal, refusal == HENG_REFUSAL_BUSY ? BUSY_RETRY_S : 0, text);
    conn->over = true;
    conn->stirred = true;
}

/* Who it is, by its certificate; 0: nobody we know. */
static int64_t who_is(const struct heng_core *core, const char *common_name)
{
    const struct heng_gateway_config *config = &core->in_force.config;
    for (size_t i = 0; i < config->child_count; i++)
        if (strcmp(config->children[i].common_name, common_name) == 0) return config->children[i].gateway_id;
    return 0;
}

static bool is_revoked(const struct heng_core *core, uint64_t serial)
{
    const struct heng_gateway_config *config = &core->in_force.config;
    for (size_t i = 0; i < config->revoked_count; i++)
        if (config->revoked[i] == serial) return true;
    return false;
}

bool heng_core_trusts_above(const struct heng_core *core, const char *common_name, uint64_t serial, const char *below)
{
    const char *above = core->in_force.bytes ? core->in_force.config.above : "";
    if (!common_name[0] || is_revoked(core, serial)) return false;
    return strcmp(common_name, above) == 0 || strcmp(common_name, below) == 0;
}

/* One that pushes out what has just come in is a copy of the box, or on a line that breaks again and again. */
static void tell_replaced(struct heng_core *core, heng_us now, const struct core_conn *older)
{
    if (older->over || now - older->since_us >= CORE_EVENT_S * HENG_US_PER_S || now < core->refused_us) return;
    core->refused_us = now + CORE_EVENT_S * HENG_US_PER_S;
    core_event(core, now, HENG_GATEWAY_REPLACED, older->gateway_id, "twice-below who='%.60s'", older->name);
}

static void let_in(struct heng_core *core, heng_us now, struct core_conn *conn)
{
    for (size_t i = 0; i < HENG_UPLINK_CHILDREN_MAX; i++) {
        struct core_conn *other = &core->conns[i];
        if (other == conn || !other->host || other->gateway_id != conn->gateway_id) continue;
        tell_replaced(core, now, other);
        core_conn_refuse(other, now, HENG_REFUSAL_REPLACED, "it has connected anew");
    }
    if (core->journal.failed)
        core_conn_refuse(conn, now, HENG_REFUSAL_BUSY, "the disk of the gateway above takes nothing now");
}

void heng_core_child_connected(struct heng_core *core, heng_us now, int child, const char *common_name, uint64_t serial)
{
    if (child < 0 || child >= HENG_UPLINK_CHILDREN_MAX) return;
    struct core_conn *conn = &core->conns[child];
    if (conn->host) heng_core_child_closed(core, now, child, "");
    *conn = (struct core_conn){.stranger = !common_name[0], .stirred = true, .serial = serial, .since_us = now};
    if (heng_host_new(conn->stranger, now, &conn->host, NULL) != HENG_OK) {
        conn->host = NULL;
        conn->hang_up = true; /* told by the next poll */
        return;
    }
    if (conn->stranger) return;
    (void)snprintf(conn->name, sizeof conn->name, "%s", common_name);
    conn->gateway_id = who_is(core, common_name);
    if (!conn->gateway_id)
        core_conn_refuse(conn, now, HENG_REFUSAL_UNKNOWN, "no gateway of this name belongs below this one");
    else if (is_revoked(core, serial))
        core_conn_refuse(conn, now, HENG_REFUSAL_REVOKED, "its certificate was revoked");
    else
        let_in(core, now, conn);
}

static void offline(struct heng_core *core, int64_t child_id)
{
    for (size_t i = 0; i < core->node_count; i++)
        if (core->nodes[i].child_id == child_id) core->nodes[i].what.connected = false;
}

void heng_core_child_closed(struct heng_core *core, heng_us now, int child, const char *why)
{
    (void)why;
    if (child < 0 || child >= HENG_UPLINK_CHILDREN_MAX) return;
    struct core_conn *conn = &core->conns[child];
    int64_t gateway_id = conn->gateway_id;
    heng_host_free(conn->host);
    *conn = (struct core_conn){0};
    core_pass_lost(core, now, child);
    if (gateway_id && !core_conn_of(core, gateway_id)) offline(core, gateway_id);
}

/* While we do not know the time ourselves, nobody hears one from us: 0 is no time. */
static heng_us time_for_below(const struct heng_core *core, heng_us now)
{
    return core->clock.doubtful ? 0 : core_time(core, now);
}

void heng_core_child_bytes(struct heng_core *core, heng_us now, heng_us wall_us, int child, struct heng_slice bytes)
{
    core_clock_see(core, now, wall_us);
    if (child < 0 || child >= HENG_UPLINK_CHILDREN_MAX || !core->conns[child].host) return;
    heng_host_feed(core->conns[child].host, now, time_for_below(core, now), bytes);
    core->conns[child].stirred = true;
}

void heng_core_child_unsent(struct heng_core *core, heng_us now, int child, size_t bytes)
{
    if (child < 0 || child >= HENG_UPLINK_CHILDREN_MAX || !core->conns[child].host) return;
    heng_host_unsent(core->conns[child].host, now, bytes);
    core->conns[child].stirred = true;
}

/* --- what concerns all of them --------------------------------------------------------------------------------- */

void core_conn_config(struct heng_core *core, heng_us now, struct core_conn *conn)
{
    struct core_node *node = core_node_find(core, conn->gateway_id);
    const struct heng_config_child *child = config_of(core, conn->gateway_id);
    if (!node || !child || !conn->welcomed || conn->over) return;
    uint64_t version = core_config_child_version(core, conn->gateway_id);
    if (!version || node->what.config_version == version || conn->offered_version == version) return;
    if (heng_host_config(conn->host, now, child->config)) conn->offered_version = version;
    conn->stirred = true;
}

void core_children_check(struct heng_core *core, heng_us now)
{
    for (size_t i = 0; i < HENG_UPLINK_CHILDREN_MAX; i++) {
        struct core_conn *conn = &core->conns[i];
        if (!conn->host || conn->stranger || conn->over) continue;
        if (who_is(core, conn->name) != conn->gateway_id)
            core_conn_refuse(conn, now, HENG_REFUSAL_UNKNOWN, "it does not belong below this gateway any more");
        else if (is_revoked(core, conn->serial))
            core_conn_refuse(conn, now, HENG_REFUSAL_REVOKED, "its certificate was revoked");
        else
            core_conn_config(core, now, conn);
    }
}

void core_children_committed(struct heng_core *core, heng_us now)
{
    for (size_t i = 0; i < HENG_UPLINK_CHILDREN_MAX; i++) {
        struct core_conn *conn = &core->conns[i];
        if (!conn->host || conn->over || conn->stored == conn->taken) continue;
        conn->stored = conn->taken;
        conn->unstored = 0;
        heng_host_stored(conn->host, now, conn->epoch, conn->stored);
        conn->stirred = true;
    }
}

/* What they brought and was not committed is forgotten; they bring it again. */
void core_children_drop(struct heng_core *core, heng_us now)
{
    for (size_t i = 0; i < HENG_UPLINK_CHILDREN_MAX; i++) {
        struct core_conn *conn = &core->conns[i];
        conn->taken = conn->stored;
        conn->unstored = 0;
        if (conn->host && !conn->stranger)
            core_conn_refuse(conn, now, HENG_REFUSAL_BUSY, "the disk of the gateway above takes nothing now");
    }
}

/* --- events ---------------------------------------------------------------------------------------------------- */

/* A child that comes and goes is one event a minute: how it is then. */
static bool is_news(const struct core_node *node)
{
    return node->what.via_id == 0 && node->told_connected != node->what.connected;
}

static heng_us news_at(const struct core_node *node)
{
    return node->told ? node->told_us + CORE_EVENT_S * HENG_US_PER_S : 0;
}

/* Of what the tier above shows of the gateways below: who is there, with which configuration and program. */
static uint64_t look_of(const struct heng_core *core)
{
    uint64_t look = 0;
    for (size_t i = 0; i < core->node_count; i++) {
        const struct heng_uplink_child *what = &core->nodes[i].what;
        struct heng_entry all = {.epoch = look,
                                 .seq = (uint64_t)what->gateway_id,
                                 .at_us = what->via_id,
                                 .subject_id = (int64_t)what->config_version,
                                 .doubtful = what->connected,
                                 .body = heng_slice_str(what->software)};
        look = heng_entry_check(&all);
    }
    return look;
}

/* The tier above must not learn only with the next ping in turn that a gateway was lost. */
static void tell_look(struct heng_core *core)
{
    uint64_t look = look_of(core);
    if (look == core->look) return;
    core->look = look;
    heng_client_news(core->client);
}

void core_children_work(struct heng_core *core, heng_us now)
{
    tell_look(core);
    for (size_t i = 0; i < core->node_count; i++) {
        struct core_node *node = &core->nodes[i];
        if (!is_news(node) || now < news_at(node)) continue;
        node->told = true;
        node->told_us = now;
        node->told_connected = node->what.connected;
        core_event(core, now, node->told_connected ? HENG_GATEWAY_CHILD_CONNECTED : HENG_GATEWAY_CHILD_LOST,
                   node->what.gateway_id, "%s", "");
    }
}

/* --- actions out ----------------------------------------------------------------------------------------------- */

heng_us core_children_deadline(const struct heng_core *core)
{
    heng_us at = HENG_US_NEVER;
    for (size_t i = 0; i < HENG_UPLINK_CHILDREN_MAX; i++) {
        const struct core_conn *conn = &core->conns[i];
        heng_us due = conn->host ? heng_host_deadline(conn->host) : HENG_US_NEVER;
        if (conn->stirred) due = 0;
        if (due < at) at = due;
    }
    for (size_t i = 0; i < core->node_count; i++)
        if (is_news(&core->nodes[i]) && news_at(&core->nodes[i]) < at) at = news_at(&core->nodes[i]);
    return at;
}

static bool poll_one(struct heng_core *core, heng_us now, int number, struct heng_core_action *ret, bool *ret_again)
{
    struct core_conn *conn = &core->conns[number];
    if (conn->hang_up) {
        *conn = (struct core_conn){0};
        ret->kind = HENG_CORE_CHILD_HANG_UP;
        ret->child = number;
        (void)snprintf(ret->text, sizeof ret->text, "%s", "no memory for a connection");
        return true;
    }
    if (!conn->host || (!conn->stirred && now < heng_host_deadline(conn->host))) return false;
    conn->stirred = true;
    heng_host_poll(conn->host, now, time_for_below(core, now), &core->below);
    if (core->below.kind == HENG_HOST_NONE) {
        conn->stirred = false;
        return false;
    }
    *ret_again = true;
    return core_below_heard(core, now, conn, ret);
}

/* By turns, so that one that brings much does not keep the others waiting. */
bool core_children_poll(struct heng_core *core, heng_us now, struct heng_core_action *ret, bool *ret_again)
{
    for (int i = 0; i < HENG_UPLINK_CHILDREN_MAX; i++) {
        core->turn = (core->turn + 1) % HENG_UPLINK_CHILDREN_MAX;
        if (poll_one(core, now, core->turn, ret, ret_again)) return true;
    }
    return false;
}
