/* What the gateways below say. Their entries go into our journal as they are, with the numbers of their makers, and in
 * the same transaction how far each of them has come: "child:<gateway>:<epoch>" -> number, check (8 each, low byte
 * first). Copies that run ahead are not kept here: their numbered entries come, and our own copies are made of those.
 */
#include <inttypes.h>
#include <stdio.h>

#include "gateway/core_inside.h"

/* --- hello ----------------------------------------------------------------------------------------------------- */

static void cursor_name(int64_t gateway_id, uint64_t epoch, char ret[static 65])
{
    (void)snprintf(ret, 65, "child:%" PRId64 ":%016" PRIx64, gateway_id, epoch);
}

/* Epochs grow, so the lowest of too many is the oldest. Should it come back after all, it brings all it has once more,
 * and the numbers of the makers decide. */
static void forget_epochs(struct heng_core *core, heng_us now, int64_t gateway_id, uint64_t epoch)
{
    char prefix[65], oldest[65] = "", name[65] = "", next[65], mine[65];
    struct heng_slice value;
    unsigned count = 0;
    cursor_name(gateway_id, epoch, mine);
    (void)snprintf(prefix, sizeof prefix, "child:%" PRId64 ":", gateway_id);
    while (count <= CORE_EPOCHS_MAX &&
           heng_spool_recall_next(core->journal.spool, prefix, name, next, &value, NULL) == HENG_OK) {
        memcpy(name, next, sizeof name);
        if (!oldest[0] && strcmp(name, mine) != 0) memcpy(oldest, name, sizeof oldest);
        count++;
    }
    if (count > CORE_EPOCHS_MAX && oldest[0]) core_keep(core, now, oldest, (struct heng_slice){0});
}

static void resume_at(struct heng_core *core, const struct core_conn *conn, struct heng_welcome *welcome)
{
    char name[65];
    struct heng_slice value;
    cursor_name(conn->gateway_id, conn->epoch, name);
    if (heng_spool_recall(core->journal.spool, name, &value, NULL) != HENG_OK || value.n != 16) return;
    struct heng_reader r = heng_reader_of(value);
    welcome->resume_after = heng_reader_le(&r, 8);
    welcome->resume_check = heng_reader_le(&r, 8);
}

static const char *name_below(const struct heng_core *core, int64_t gateway_id)
{
    const struct heng_gateway_config *config = &core->in_force.config;
    for (size_t i = 0; i < config->child_count; i++)
        if (config->children[i].gateway_id == gateway_id) return config->children[i].name;
    return "";
}

static void note_hello(struct heng_core *core, heng_us now, const struct core_conn *conn,
                       const struct heng_hello *hello)
{
    struct core_node *node = core_node_find(core, conn->gateway_id);
    if (!node) return;
    node->what.connected = true;
    node->what.last_contact_us = core_time(core, now);
    node->what.config_version = hello->config_version;
    node->what.queued = hello->last > conn->taken ? hello->last - conn->taken : 0;
    memcpy(node->what.software, hello->software, sizeof node->what.software);
    memcpy(node->what.firmware, hello->firmware, sizeof node->what.firmware);
    core_node_says(core, conn->gateway_id, hello->children, hello->child_count);
}

static void hello(struct heng_core *core, heng_us now, struct core_conn *conn, const struct heng_hello *hello)
{
    /* What an older connection brought is committed first: where it goes on must be safe. */
    if (!core_commit(core, now) || conn->over) {
        core_conn_refuse(conn, now, HENG_REFUSAL_BUSY, "the disk of the gateway above takes nothing now");
        return;
    }
    conn->epoch = hello->epoch;
    struct heng_welcome welcome = {.epoch = hello->epoch,
                                   .window_bytes = CORE_CHILD_WINDOW_BYTES,
                                   .batch_bytes = CORE_CHILD_BATCH_BYTES,
                                   .ping_s = HENG_UPLINK_PING_S,
                                   .config_version = core_config_child_version(core, conn->gateway_id),
                                   .gateway_id = conn->gateway_id};
    (void)snprintf(welcome.name, sizeof welcome.name, "%s", name_below(core, conn->gateway_id));
    resume_at(core, conn, &welcome);
    conn->taken = conn->stored = welcome.resume_after;
    conn->unstored = 0;
    conn->welcomed = true;
    note_hello(core, now, conn, hello);
    heng_host_welcome(conn->host, now, core->clock.doubtful ? 0 : core_time(core, now), &welcome);
    core_conn_config(core, now, conn);
    forget_epochs(core, now, conn->gateway_id, conn->epoch);
}

/* --- batches --------------------------------------------------------------------------------------------------- */

/* Ours to write: with the maker's numbers. False: it cannot be. */
static bool envelope(const struct heng_core *core, const struct core_conn *conn, const struct heng_batch *batch,
                     const struct heng_batch_entry *from, struct heng_entry *ret)
{
    *ret = from->entry;
    if (!ret->gateway_id) {
        ret->gateway_id = conn->gateway_id;
        ret->epoch = batch->epoch;
        ret->seq = from->seq;
    }
    return ret->gateway_id > 0 && ret->gateway_id != core->own_id && ret->body.n <= HENG_ENTRY_BODY_MAX;
}

/* Does somebody behind us wait for it, or is it an event, which are few and may be an alarm? What schedules bring and
 * how lines go on come often, and wait for others. */
static bool is_awaited(const struct heng_entry *entry)
{
    static struct heng_read scratch; /* 80 kB, and only one thread comes here */
    struct heng_body body;
    switch (entry->kind) {
    case HENG_ENTRY_LINE: return false;
    case HENG_ENTRY_READ:
        return heng_body_unpack(entry->body, entry, &scratch, &body, NULL) == HENG_OK && body.read.order.id > 0;
    case HENG_ENTRY_ORDER:
    case HENG_ENTRY_FOUND:
    case HENG_ENTRY_SEARCH:
    case HENG_ENTRY_EVENT: break;
    }
    return true;
}

/* It is committed with others, unless somebody waits for it, or the child soon has to. */
static void hurry_if_awaited(struct heng_core *core, heng_us now, struct core_conn *conn,
                             const struct heng_batch *batch)
{
    bool awaited = false;
    for (size_t i = 0; i < batch->entry_count; i++) {
        conn->unstored += sizeof batch->entries[i] + batch->entries[i].entry.body.n;
        if (!awaited && batch->entry_count <= CORE_CHILD_LOOK_ENTRIES) awaited = is_awaited(&batch->entries[i].entry);
    }
    if (awaited || conn->unstored >= CORE_CHILD_HURRY_BYTES) core_hurry(core, now);
}

static bool keep_cursor(struct heng_core *core, heng_us now, struct core_conn *conn, const struct heng_batch *batch)
{
    char name[65];
    uint8_t bytes[16];
    struct heng_buf buf = heng_buf_of(bytes, sizeof bytes);
    const struct heng_batch_entry *last = batch->entry_count ? &batch->entries[batch->entry_count - 1] : NULL;
    heng_buf_le(&buf, batch->last, 8);
    heng_buf_le(&buf, last && last->seq == batch->last ? last->entry.check : 0, 8);
    cursor_name(conn->gateway_id, conn->epoch, name);
    return core_keep_passed(core, now, name, heng_buf_slice(&buf)) == HENG_OK;
}

/* What the child has no more, the centre must not wait for. One range for all of them, told behind the entries before
 * it and before those within it: these are taken all the same. */
static bool tell_gone(struct heng_core *core, heng_us now, const struct core_conn *conn, const struct heng_batch *batch)
{
    struct heng_spool_maker gap = {.gateway_id = conn->gateway_id,
                                   .epoch = batch->epoch,
                                   .first = batch->gone[0].first,
                                   .last = batch->gone[batch->gone_count - 1].last};
    struct heng_entry entry;
    for (size_t i = 0; i < batch->gone_count; i++) gap.entries += batch->gone[i].last - batch->gone[i].first + 1;
    return core_gap_entry(core, now, &gap, "it has them no more", &entry) == HENG_OK &&
           core_write_passed(core, now, &entry) == HENG_OK;
}

static void batch(struct heng_core *core, heng_us now, struct core_conn *conn, const struct heng_batch *batch)
{
    struct heng_entry entry;
    bool told = false;
    if (conn->over || !conn->welcomed || batch->epoch != conn->epoch) return;
    for (size_t i = 0; i < batch->entry_count; i++)
        if (!envelope(core, conn, batch, &batch->entries[i], &entry)) {
            core_conn_refuse(conn, now, HENG_REFUSAL_PROTOCOL, "an entry that cannot be passed on");
            return;
        }
    for (size_t i = 0; i < batch->entry_count; i++) {
        if (!told && batch->gone_count && batch->gone[0].first < batch->entries[i].seq) {
            if (!tell_gone(core, now, conn, batch)) return;
            told = true;
        }
        (void)envelope(core, conn, batch, &batch->entries[i], &entry);
        if (core_write_passed(core, now, &entry) != HENG_OK) return; /* and so are all of them dropped */
    }
    if (!told && batch->gone_count && !tell_gone(core, now, conn, batch)) return;
    if (!keep_cursor(core, now, conn, batch)) return;
    hurry_if_awaited(core, now, conn, batch);
    struct core_node *node = core_node_find(core, conn->gateway_id);
    uint64_t n = batch->last - conn->taken;
    conn->taken = batch->last;
    if (core->config.weaken_for_tests == HENG_CORE_ACK_EARLY) core_children_committed(core, now);
    if (!node) return;
    node->what.last_contact_us = core_time(core, now);
    node->what.queued = node->what.queued > n ? node->what.queued - n : 0;
}

/* --- the rest -------------------------------------------------------------------------------------------------- */

static void ping(struct heng_core *core, heng_us now, struct core_conn *conn, const struct heng_ping *ping)
{
    struct core_node *node = core_node_find(core, conn->gateway_id);
    struct heng_host_status status;
    if (conn->over || !node) return;
    heng_host_status_now(conn->host, &status);
    node->what.last_contact_us = core_time(core, now);
    node->what.clock_error_us = core->clock.doubtful ? 0 : status.clock_error_us;
    node->what.queued = ping->queued;
    node->what.config_version = ping->config_version;
    core_node_says(core, conn->gateway_id, ping->children, ping->child_count);
    core_conn_config(core, now, conn); /* it may not have found room before */
}

/* From itself, or from one below it. */
static void outcome(struct heng_core *core, heng_us now, struct core_conn *conn, struct heng_down_outcome outcome)
{
    struct core_node *node = core_node_find(core, outcome.gateway_id ? outcome.gateway_id : conn->gateway_id);
    if (conn->over || !node || node->child_id != conn->gateway_id) return;
    if (outcome.what == HENG_OUTCOME_OF_CONFIG && outcome.taken) node->what.config_version = (uint64_t)outcome.of;
    if (outcome.what == HENG_OUTCOME_OF_TUNNEL && !outcome.taken) core_pass_tunnel_over(core, (uint64_t)outcome.of);
    outcome.gateway_id = node->what.gateway_id;
    core_outcome_pass(core, now, &outcome);
}

/* A gateway below wants a new certificate: who accepts gateways above decides, as with a new one. */
static void renew(struct heng_core *core, heng_us now, struct core_conn *conn, struct heng_slice request)
{
    struct heng_enrol_ask ask = {.request = request};
    struct core_node *node = core_node_find(core, conn->gateway_id);
    (void)snprintf(ask.name, sizeof ask.name, "%.63s", name_below(core, conn->gateway_id));
    if (node) memcpy(ask.software, node->what.software, sizeof ask.software);
    core_pass_enrol_up(core, now, (int)(conn - core->conns), &ask);
}

/* What an operator should hear of: at most one a minute. */
static void tell_refused(struct heng_core *core, heng_us now, const struct core_conn *conn, heng_refusal refusal)
{
    switch (refusal) {
    case HENG_REFUSAL_REPLACED:
    case HENG_REFUSAL_BUSY:
    case HENG_REFUSAL_STOPPING:
    case HENG_REFUSAL_SILENT: return;
    case HENG_REFUSAL_UNKNOWN:
    case HENG_REFUSAL_REVOKED:
    case HENG_REFUSAL_VERSION:
    case HENG_REFUSAL_PROTOCOL:
    case HENG_REFUSAL_TOO_LONG:
    case HENG_REFUSAL_SEQUENCE:
    case HENG_REFUSAL_FORKED:
    case HENG_REFUSAL_ENROLMENT: break;
    }
    if (!refusal || (core->refused_us && now < core->refused_us)) return;
    core->refused_us = now + CORE_EVENT_S * HENG_US_PER_S;
    core_event(core, now, HENG_GATEWAY_REFUSED, conn->gateway_id, "refused who='%.60s' reason=%s why='%.100s'",
               conn->name, heng_refusal_text(refusal), core->below.text);
}

static void heard_quietly(struct heng_core *core, heng_us now, struct core_conn *conn)
{
    const struct heng_host_action *below = &core->below;
    int number = (int)(conn - core->conns);
    switch (below->kind) {
    case HENG_HOST_HELLO: hello(core, now, conn, &below->hello); break;
    case HENG_HOST_BATCH: batch(core, now, conn, &below->batch); break;
    case HENG_HOST_OUTCOME: outcome(core, now, conn, below->outcome); break;
    case HENG_HOST_ANSWER: core_pass_answer_up(core, now, number, below->id, below->last, below->bytes); break;
    case HENG_HOST_ENROL: core_pass_enrol_up(core, now, number, &below->enrol); break;
    case HENG_HOST_RENEW: renew(core, now, conn, below->bytes); break;
    case HENG_HOST_TUNNEL: core_pass_tunnel_up(core, now, number, &below->tunnel); break;
    case HENG_HOST_PING: ping(core, now, conn, &below->ping); break;
    case HENG_HOST_LIVE:
    case HENG_HOST_NONE:
    case HENG_HOST_SEND:
    case HENG_HOST_HANG_UP: break;
    }
}

/* True: it is for the owner. */
bool core_below_heard(struct heng_core *core, heng_us now, struct core_conn *conn, struct heng_core_action *ret)
{
    const struct heng_host_action *below = &core->below;
    if (below->kind != HENG_HOST_SEND && below->kind != HENG_HOST_HANG_UP) {
        heard_quietly(core, now, conn);
        return false;
    }
    ret->kind = below->kind == HENG_HOST_SEND ? HENG_CORE_CHILD_SEND : HENG_CORE_CHILD_HANG_UP;
    ret->child = (int)(conn - core->conns);
    ret->bytes = below->bytes;
    if (below->kind == HENG_HOST_SEND) return true;
    conn->over = true;
    memcpy(ret->text, below->text, sizeof ret->text);
    tell_refused(core, now, conn, below->refusal);
    return true;
}
