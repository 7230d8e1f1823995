#ifndef HENG_TESTS_CORE_RIG_H
#define HENG_TESTS_CORE_RIG_H
/* A world of gateways in virtual time: real journals in a directory of their own, real clients and hosts, wires that
 * can be cut at any byte, and a centre that knows exactly what it has committed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/core.h"

enum { RIG_GATEWAYS = 4, RIG_ENTRIES = 60000, RIG_LOG = 64 };
#define RIG_WALL  INT64_C(1800000000000000)
#define RIG_BUILT (RIG_WALL - 30 * HENG_US_PER_DAY)

/* An entry as the centre has it. mark: the value of an event; 0 of other kinds. */
struct rig_entry {
    int64_t gateway_id;
    uint64_t epoch, seq;
    heng_us at_us;
    heng_entry_kind kind;
    int64_t subject_id, mark;
    heng_gateway_event event;
    bool doubtful;
    struct heng_order_news order;
    char detail[200];
    int64_t maker_id; /* of a GAP */
    uint64_t first, last;
};

/* How far the centre has a journal. */
struct rig_cursor {
    int64_t gateway_id;
    uint64_t epoch, seq, check;
};

struct rig_gateway {
    struct heng_core *core;
    int64_t id;
    int parent;  /* -1: the centre */
    bool up;     /* its uplink is connected */
    bool ending; /* the other end hangs up, when what it said has been heard */
    bool deaf;   /* nobody answers when it dials */
    uint64_t serial;
    char name[32], path[256];
    unsigned life; /* of the path: each restart is a copy of what was on disk */
    struct heng_core_config config;
    heng_us wall_shift_us; /* of its system's clock */
    /* the centre's end, when that is its parent */
    struct heng_host *host;
    uint64_t epoch;
    /* the owner */
    bool hold_config, refuse_config, refuse_orders, full;
    unsigned configs, orders, cancels, searches, asks, full_news, enrolled, dialled;
    uint64_t config_version;
    int64_t order_id;
    int64_t tokens[RIG_LOG];
    size_t token_count;
    struct heng_tunnel_message tunnels[RIG_LOG];
    size_t tunnel_count;
};

struct rig {
    char directory[64];
    heng_us now;
    struct rig_gateway gateways[RIG_GATEWAYS];
    unsigned cut_per_mille; /* of the sends, cut somewhere in the middle */
    uint64_t random;
    /* the centre */
    bool lazy; /* commits only when rig_commit says so */
    struct rig_entry *entries;
    size_t count, committed;
    struct rig_cursor cursors[32], written[32]; /* committed, written */
    size_t cursor_count;
    struct heng_down_outcome outcomes[RIG_LOG];
    size_t outcome_count, live_count;
    struct heng_hello hello;
    struct heng_ping ping;
    struct heng_enrol_ask asked;
    uint8_t asked_hash[32];
    size_t ask_count, answer_count, tunnel_count, gone_count;
    size_t same; /* entries that were there already */
    char answer[256];
    struct heng_tunnel_message tunnel;
    uint64_t config_wanted;
    heng_us clock_shift_us;
    struct heng_read read, scratch;
    struct heng_host_action action;
    struct heng_core_action act;
};

static inline uint64_t rig_random(struct rig *r, uint64_t below)
{
    r->random = r->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (r->random >> 33) % below;
}

static inline heng_us rig_wall(const struct rig *r, const struct rig_gateway *g)
{
    return RIG_WALL + r->now + g->wall_shift_us;
}

/* --- the centre ------------------------------------------------------------------------------------------------ */

static inline struct rig_cursor *rig_cursor(struct rig *r, int64_t gateway_id, uint64_t epoch)
{
    for (size_t i = 0; i < r->cursor_count; i++)
        if (r->written[i].gateway_id == gateway_id && r->written[i].epoch == epoch) return &r->written[i];
    assert_true(r->cursor_count < 32);
    r->cursors[r->cursor_count] = (struct rig_cursor){gateway_id, epoch, 0, 0};
    r->written[r->cursor_count] = r->cursors[r->cursor_count];
    return &r->written[r->cursor_count++];
}

static inline bool rig_has(const struct rig *r, int64_t gateway_id, uint64_t epoch, uint64_t seq)
{
    for (size_t i = r->count; i-- > 0;)
        if (r->entries[i].seq == seq && r->entries[i].epoch == epoch && r->entries[i].gateway_id == gateway_id)
            return true;
    return false;
}

static inline void rig_keep(struct rig *r, const struct heng_entry *entry, int64_t gateway_id)
{
    struct heng_body body;
    struct heng_err err;
    struct rig_entry *to = &r->entries[r->count++];
    assert_true(r->count <= RIG_ENTRIES);
    assert_true(heng_entry_check(entry) == entry->check);
    *to = (struct rig_entry){.gateway_id = gateway_id,
                             .epoch = entry->epoch,
                             .seq = entry->seq,
                             .at_us = entry->at_us,
                             .kind = entry->kind,
                             .subject_id = entry->subject_id,
                             .doubtful = entry->doubtful};
    heng_rc rc = heng_body_unpack(entry->body, entry, &r->scratch, &body, &err);
    if (rc != HENG_OK) fail_msg("body: %s", err.text);
    if (entry->kind == HENG_ENTRY_ORDER) to->order = body.order;
    if (entry->kind != HENG_ENTRY_EVENT) return;
    to->event = body.event.kind;
    to->mark = body.event.value;
    memcpy(to->detail, body.event.detail, sizeof to->detail);
    to->maker_id = body.event.maker_id;
    to->first = body.event.first;
    to->last = body.event.last;
}

/* What is committed: the gateway may hear of it. */
static inline void rig_commit(struct rig *r)
{
    r->committed = r->count;
    memcpy(r->cursors, r->written, sizeof r->cursors);
    for (int i = 0; i < RIG_GATEWAYS; i++) {
        struct rig_gateway *g = &r->gateways[i];
        if (g->host && g->epoch) heng_host_stored(g->host, r->now, g->epoch, rig_cursor(r, g->id, g->epoch)->seq);
    }
}

static inline void rig_batch(struct rig *r, struct rig_gateway *g, const struct heng_batch *batch)
{
    struct rig_cursor *cursor = rig_cursor(r, g->id, batch->epoch);
    assert_int_equal(batch->first, cursor->seq + 1);
    for (size_t i = 0; i < batch->entry_count; i++) {
        struct heng_entry entry = batch->entries[i].entry;
        int64_t maker = entry.gateway_id ? entry.gateway_id : g->id;
        if (!entry.gateway_id) {
            assert_true(entry.seq == batch->entries[i].seq);
            entry.epoch = batch->epoch;
        }
        if (rig_has(r, maker, entry.epoch, entry.seq))
            r->same++;
        else
            rig_keep(r, &entry, maker);
    }
    for (size_t i = 0; i < batch->gone_count; i++) r->gone_count += batch->gone[i].last - batch->gone[i].first + 1;
    const struct heng_batch_entry *last = batch->entry_count ? &batch->entries[batch->entry_count - 1] : NULL;
    cursor->seq = batch->last;
    cursor->check = last && last->seq == batch->last ? last->entry.check : 0;
    if (!r->lazy) rig_commit(r);
}

static inline void rig_cut(struct rig *r, int i);

static inline void rig_welcome(struct rig *r, struct rig_gateway *g, const struct heng_hello *hello)
{
    r->hello = *hello;
    g->epoch = hello->epoch;
    struct rig_cursor *cursor = rig_cursor(r, g->id, hello->epoch);
    struct heng_welcome welcome = {.epoch = hello->epoch,
                                   .resume_after = cursor->seq,
                                   .resume_check = cursor->check,
                                   .config_version = r->config_wanted,
                                   .gateway_id = g->id};
    (void)snprintf(welcome.name, sizeof welcome.name, "%s", g->name);
    heng_host_welcome(g->host, r->now, RIG_WALL + r->now + r->clock_shift_us, &welcome);
}

static inline bool rig_poll_centre(struct rig *r, int i)
{
    struct rig_gateway *g = &r->gateways[i];
    struct heng_host_action *a = &r->action;
    if (!g->host) return false;
    heng_host_poll(g->host, r->now, RIG_WALL + r->now + r->clock_shift_us, a);
    switch (a->kind) {
    case HENG_HOST_NONE: return false;
    case HENG_HOST_SEND: heng_core_up_bytes(g->core, r->now, rig_wall(r, g), a->bytes); break;
    case HENG_HOST_HANG_UP: g->ending = true; break;
    case HENG_HOST_HELLO: rig_welcome(r, g, &a->hello); break;
    case HENG_HOST_BATCH: rig_batch(r, g, &a->batch); break;
    case HENG_HOST_LIVE: r->live_count += a->batch.entry_count; break;
    case HENG_HOST_OUTCOME:
        if (r->outcome_count < RIG_LOG) r->outcomes[r->outcome_count++] = a->outcome;
        break;
    case HENG_HOST_ANSWER:
        r->answer_count++;
        (void)snprintf(r->answer, sizeof r->answer, "%.*s", (int)a->bytes.n, (const char *)a->bytes.p);
        break;
    case HENG_HOST_ENROL:
        r->asked = a->enrol;
        r->ask_count++;
        break;
    case HENG_HOST_TUNNEL:
        r->tunnel = a->tunnel;
        r->tunnel_count++;
        break;
    case HENG_HOST_PING: r->ping = a->ping; break;
    case HENG_HOST_RENEW: break;
    }
    return true;
}

/* --- wires ----------------------------------------------------------------------------------------------------- */

static inline void rig_cut(struct rig *r, int i)
{
    struct rig_gateway *g = &r->gateways[i];
    g->ending = false;
    if (!g->up) return;
    g->up = false;
    heng_host_free(g->host);
    g->host = NULL;
    g->epoch = 0;
    if (g->parent >= 0) heng_core_child_closed(r->gateways[g->parent].core, r->now, i, "cut");
    if (g->core) heng_core_up_closed(g->core, r->now, "cut");
}

static inline void rig_dial(struct rig *r, int i)
{
    struct rig_gateway *g = &r->gateways[i], *p = g->parent >= 0 ? &r->gateways[g->parent] : NULL;
    struct heng_err err;
    g->dialled++;
    if (g->deaf || (p && !p->core)) {
        heng_core_up_closed(g->core, r->now, "nobody is there");
        return;
    }
    g->up = true;
    if (p)
        heng_core_child_connected(p->core, r->now, i, g->config.enrolled ? g->name : "", g->serial);
    else
        assert_int_equal(heng_host_new(!g->config.enrolled, r->now, &g->host, &err), HENG_OK);
    heng_core_up_connected(g->core, r->now);
}

/* Bytes upward; sometimes the wire is cut in the middle of them. */
static inline void rig_up(struct rig *r, int i, struct heng_slice bytes)
{
    struct rig_gateway *g = &r->gateways[i];
    bool cut = r->cut_per_mille && rig_random(r, 1000) < r->cut_per_mille;
    if (!g->up) return;
    if (cut) bytes.n = (size_t)rig_random(r, bytes.n + 1);
    if (g->parent >= 0) {
        struct rig_gateway *p = &r->gateways[g->parent];
        heng_core_child_bytes(p->core, r->now, rig_wall(r, p), i, bytes);
    } else {
        heng_host_feed(g->host, r->now, RIG_WALL + r->now + r->clock_shift_us, bytes);
    }
    if (cut) rig_cut(r, i);
}

static inline void rig_down(struct rig *r, int i, struct heng_slice bytes)
{
    struct rig_gateway *g = &r->gateways[i];
    bool cut = r->cut_per_mille && rig_random(r, 1000) < r->cut_per_mille;
    if (!g->up || !g->core) return;
    if (cut) bytes.n = (size_t)rig_random(r, bytes.n + 1);
    heng_core_up_bytes(g->core, r->now, rig_wall(r, g), bytes);
    if (cut) rig_cut(r, i);
}

/* --- the owner of a gateway ------------------------------------------------------------------------------------ */

static inline void rig_order(struct rig *r, struct rig_gateway *g, const struct heng_down_order *order)
{
    struct heng_down_outcome outcome = {.what = HENG_OUTCOME_OF_ORDER, .of = order->id, .taken = !g->refuse_orders};
    g->orders++;
    g->order_id = order->id;
    if (g->refuse_orders) (void)snprintf(outcome.why, sizeof outcome.why, "no such meter");
    heng_core_outcome(g->core, r->now, &outcome);
}

static inline bool rig_poll_core(struct rig *r, int i)
{
    struct rig_gateway *g = &r->gateways[i];
    struct heng_core_action *a = &r->act;
    if (!g->core) return false;
    heng_core_poll(g->core, r->now, rig_wall(r, g), a);
    switch (a->kind) {
    case HENG_CORE_NONE: return false;
    case HENG_CORE_CONNECT: rig_dial(r, i); break;
    case HENG_CORE_HANG_UP:
        rig_cut(r, i);
        heng_core_up_closed(g->core, r->now, "hung up");
        break;
    case HENG_CORE_SEND: rig_up(r, i, a->bytes); break;
    case HENG_CORE_CHILD_SEND: rig_down(r, a->child, a->bytes); break;
    case HENG_CORE_CHILD_HANG_UP: r->gateways[a->child].ending = true; break;
    case HENG_CORE_CONFIG:
        g->configs++;
        g->config_version = a->config->version;
        if (!g->hold_config) heng_core_config_done(g->core, r->now, !g->refuse_config, "line 7: no such port");
        break;
    case HENG_CORE_ORDER: rig_order(r, g, &a->order); break;
    case HENG_CORE_CANCEL: g->cancels++; break;
    case HENG_CORE_SEARCH: g->searches++; break;
    case HENG_CORE_ASK:
        g->asks++;
        heng_core_answer(g->core, r->now, (uint64_t)a->id, true, heng_slice_str(g->name));
        break;
    case HENG_CORE_TUNNEL:
        if (g->tunnel_count < RIG_LOG) g->tunnels[g->tunnel_count++] = a->tunnel;
        break;
    case HENG_CORE_ENROLLED: g->enrolled++; break;
    case HENG_CORE_LET_GO:
        if (g->token_count < RIG_LOG) g->tokens[g->token_count++] = a->token;
        break;
    case HENG_CORE_FULL:
        g->full = a->full;
        g->full_news++;
        break;
    }
    return true;
}

/* Everything that can be done without waiting. */
static inline void rig_settle(struct rig *r)
{
    bool more = true;
    unsigned steps = 0;
    while (more) {
        more = false;
        for (int i = 0; i < RIG_GATEWAYS; i++) {
            while (rig_poll_core(r, i)) more = true;
            while (rig_poll_centre(r, i)) more = true;
        }
        for (int i = 0; !more && i < RIG_GATEWAYS; i++)
            if (r->gateways[i].ending) {
                rig_cut(r, i);
                more = true;
            }
        if (++steps > 100000) fail_msg("it does not come to rest");
    }
}

static inline void rig_run(struct rig *r, heng_us us)
{
    heng_us until = r->now + us;
    unsigned idle = 0;
    rig_settle(r);
    while (r->now < until) {
        heng_us next = until;
        for (int i = 0; i < RIG_GATEWAYS; i++) {
            struct rig_gateway *g = &r->gateways[i];
            heng_us at = g->core ? heng_core_deadline(g->core) : HENG_US_NEVER;
            if (g->host && heng_host_deadline(g->host) < at) at = heng_host_deadline(g->host);
            if (at < next) next = at;
        }
        idle = next <= r->now ? idle + 1 : 0;
        if (idle > 1000) fail_msg("a deadline that is over, and nothing to do");
        if (next > r->now) r->now = next;
        rig_settle(r);
    }
}

/* --- gateways -------------------------------------------------------------------------------------------------- */

static inline void rig_open(struct rig *r, int i)
{
    struct rig_gateway *g = &r->gateways[i];
    struct heng_err err;
    g->config.journal = g->path;
    heng_rc rc = heng_core_new(&g->config, r->now, rig_wall(r, g), &g->core, &err);
    if (rc != HENG_OK) fail_msg("%s", err.text);
}

static inline struct rig_gateway *rig_add(struct rig *r, int i, int parent)
{
    struct rig_gateway *g = &r->gateways[i];
    g->id = 11 + i;
    g->parent = parent;
    g->serial = 100 + (uint64_t)i;
    (void)snprintf(g->name, sizeof g->name, "gw-%d", i);
    (void)snprintf(g->path, sizeof g->path, "%s/%d-0.heng", r->directory, i);
    g->config = (struct heng_core_config){.software = "heng-gateway 0.1.0",
                                          .firmware = "box 3",
                                          .servers = 1,
                                          .enrolled = true,
                                          .seed = 7 + (uint64_t)i,
                                          .built_us = RIG_BUILT};
    return g;
}

static inline struct rig *rig_new(uint64_t seed)
{
    struct rig *r = (struct rig *)calloc(1, sizeof *r);
    assert_non_null(r);
    r->entries = (struct rig_entry *)calloc(RIG_ENTRIES, sizeof *r->entries);
    assert_non_null(r->entries);
    const char *base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    (void)snprintf(r->directory, sizeof r->directory, "%s/heng-core-XXXXXX", base);
    assert_non_null(mkdtemp(r->directory));
    r->random = seed;
    r->now = 1000 * HENG_US_PER_S;
    for (int i = 0; i < RIG_GATEWAYS; i++) r->gateways[i].parent = -1;
    return r;
}

static inline void rig_copy(const char *from, const char *to, const char *suffix)
{
    char a[300], b[300];
    uint8_t bytes[65536];
    size_t n;
    (void)snprintf(a, sizeof a, "%s%s", from, suffix);
    (void)snprintf(b, sizeof b, "%s%s", to, suffix);
    FILE *in = fopen(a, "rb"), *out = in ? fopen(b, "wb") : NULL;
    if (!in) {
        (void)unlink(b);
        return;
    }
    assert_non_null(out);
    while ((n = fread(bytes, 1, sizeof bytes, in)) > 0) assert_int_equal(fwrite(bytes, 1, n, out), n);
    assert_int_equal(fclose(in), 0);
    assert_int_equal(fclose(out), 0);
}

/* The power goes: what is in its memory is lost, what is on its disk stays. */
static inline void rig_kill(struct rig *r, int i)
{
    struct rig_gateway *g = &r->gateways[i];
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%d-%u.heng", r->directory, i, ++g->life);
    rig_copy(g->path, path, "");
    rig_copy(g->path, path, "-wal");
    for (int c = 0; c < RIG_GATEWAYS; c++)
        if (r->gateways[c].parent == i) rig_cut(r, c);
    rig_cut(r, i);
    heng_core_free(g->core, false);
    g->core = NULL;
    (void)snprintf(g->path, sizeof g->path, "%s", path);
}

static inline void rig_restart(struct rig *r, int i)
{
    rig_kill(r, i);
    rig_open(r, i);
}

/* The centre loses what it has not committed, and all connections. */
static inline void rig_kill_centre(struct rig *r)
{
    r->count = r->committed;
    memcpy(r->written, r->cursors, sizeof r->written);
    for (int i = 0; i < RIG_GATEWAYS; i++)
        if (r->gateways[i].parent < 0) rig_cut(r, i);
}

static inline void rig_free(struct rig *r)
{
    char command[128];
    for (int i = 0; i < RIG_GATEWAYS; i++) {
        heng_core_free(r->gateways[i].core, false);
        heng_host_free(r->gateways[i].host);
    }
    (void)snprintf(command, sizeof command, "rm -r '%s'", r->directory);
    assert_int_equal(system(command), 0);
    free(r->entries);
    free(r);
}

/* --- telling and finding --------------------------------------------------------------------------------------- */

/* An event that carries a number of ours. */
static inline heng_rc rig_tell(struct rig *r, int i, int64_t mark, bool urgent, int64_t token)
{
    struct rig_gateway *g = &r->gateways[i];
    struct heng_body body = {.kind = HENG_ENTRY_EVENT, .event = {.kind = HENG_GATEWAY_IMPORTED, .value = mark}};
    return heng_core_tell(g->core, r->now, &body, heng_core_wall(g->core, r->now, rig_wall(r, g), NULL), urgent, token,
                          NULL);
}

static inline heng_rc rig_tell_read(struct rig *r, int i, int64_t device_id)
{
    struct rig_gateway *g = &r->gateways[i];
    heng_us at = heng_core_wall(g->core, r->now, rig_wall(r, g), NULL);
    struct heng_body body = {.kind = HENG_ENTRY_READ, .read = {.line_id = 1, .read = &r->read}};
    r->read.device_id = device_id;
    r->read.at_us = at;
    r->read.outcome = HENG_OUTCOME_OK;
    r->read.tries = 1;
    r->read.frame_count = 1;
    r->read.frames[0].at_us = at;
    r->read.frames[0].n = 100;
    return heng_core_tell(g->core, r->now, &body, at, false, 0, NULL);
}

static inline heng_rc rig_tell_order(struct rig *r, int i, int64_t id, heng_stage stage, int64_t token)
{
    struct rig_gateway *g = &r->gateways[i];
    struct heng_body body = {.kind = HENG_ENTRY_ORDER,
                             .order = {.id = id,
                                       .line_id = 1,
                                       .device_id = 5,
                                       .command = true,
                                       .kind = HENG_ORDER_DISCONNECT,
                                       .stage = stage,
                                       .ended = stage >= HENG_STAGE_CONFIRMED}};
    return heng_core_tell(g->core, r->now, &body, heng_core_wall(g->core, r->now, rig_wall(r, g), NULL), true, token,
                          NULL);
}

/* How many the centre has: events of a kind, marks of a gateway, orders at a stage. */
static inline size_t rig_events(const struct rig *r, int64_t gateway_id, heng_gateway_event kind)
{
    size_t n = 0;
    for (size_t i = 0; i < r->count; i++)
        n += r->entries[i].kind == HENG_ENTRY_EVENT && r->entries[i].event == kind &&
             r->entries[i].gateway_id == gateway_id;
    return n;
}

static inline const struct rig_entry *rig_event(const struct rig *r, heng_gateway_event kind)
{
    for (size_t i = r->count; i-- > 0;)
        if (r->entries[i].kind == HENG_ENTRY_EVENT && r->entries[i].event == kind) return &r->entries[i];
    return NULL;
}

static inline size_t rig_marks(const struct rig *r, int64_t gateway_id, int64_t mark)
{
    size_t n = 0;
    for (size_t i = 0; i < r->count; i++)
        n += r->entries[i].kind == HENG_ENTRY_EVENT && r->entries[i].event == HENG_GATEWAY_IMPORTED &&
             r->entries[i].gateway_id == gateway_id && r->entries[i].mark == mark;
    return n;
}

static inline const struct heng_down_outcome *rig_outcome(const struct rig *r, heng_outcome_of what, int64_t of)
{
    for (size_t i = r->outcome_count; i-- > 0;)
        if (r->outcomes[i].what == what && r->outcomes[i].of == of) return &r->outcomes[i];
    return NULL;
}

/* Marks 1..last of a gateway: each once, in order. */
static inline void rig_expect_marks(const struct rig *r, int64_t gateway_id, int64_t last)
{
    int64_t next = 1;
    for (size_t i = 0; i < r->count; i++) {
        const struct rig_entry *e = &r->entries[i];
        if (e->kind != HENG_ENTRY_EVENT || e->event != HENG_GATEWAY_IMPORTED || e->gateway_id != gateway_id) continue;
        if (e->mark != next) fail_msg("mark %lld where %lld should be", (long long)e->mark, (long long)next);
        next++;
    }
    assert_int_equal(next, last + 1);
}

#endif
