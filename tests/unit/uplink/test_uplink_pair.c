/* Both ends over a bad connection: cut at any byte, both sides started again at any moment, a store that is put back to
 * yesterday. A toy journal and a toy store say what must come out. And: every message says the same at both ends. */
#include "uplink_rig.h"

#include "uplink/uplink.pb-c.h"

/* --- a gateway, a server, and the pipe between them ------------------------------------------------------------------
 */

enum { NUMBERS_MAX = 600, PENDING_MAX = 64, PIPE_MAX = 1 << 20 };

struct journal {
    uint64_t epoch, last;
    bool gone[NUMBERS_MAX + 1];
};

/* What the store has of one epoch: number n came as an entry, or as gone. */
struct store {
    uint64_t epoch, stored, highest;
    uint8_t how[NUMBERS_MAX + 1]; /* 1: entry, 2: gone */
};

/* A batch on its way to the disk. It outlives its connection, but not the server. */
struct pending {
    uint64_t first, last, epoch;
    uint8_t how[NUMBERS_MAX + 1];
};

struct pipe {
    uint8_t bytes[PIPE_MAX];
    size_t n;
};

struct pair {
    uint64_t seed;
    struct heng_sim_rng rng;
    heng_us now;
    struct journal journal;
    struct store store;
    struct pending pending[PENDING_MAX];
    size_t pending_count;
    struct heng_client *client;
    struct heng_host *host; /* NULL: no connection */
    struct pipe up, down;
    bool dialled, want_welcome, calm;
    struct heng_hello hello;
    uint64_t connections, lives, batches, acks;
};

static void check(const struct pair *p, bool holds, const char *what)
{
    if (!holds) fail_msg("seed %llu: %s", (unsigned long long)p->seed, what);
}

static uint32_t below(struct pair *p, uint32_t n) { return heng_sim_rng_below(&p->rng, n); }
static bool chance(struct pair *p, uint32_t percent) { return below(p, 100) < percent; }

static size_t body_length(uint64_t seq) { return 5 + seq * 7 % 90; }

static struct heng_batch_entry entries[HENG_UPLINK_BATCH_ENTRIES_MAX];
static struct heng_entry_range gone[HENG_UPLINK_GONE_MAX];
static uint8_t bodies[HENG_UPLINK_BATCH_ENTRIES_MAX][128];

static void start_client(struct pair *p)
{
    struct heng_client_config config = {
        .servers = 1 + below(p, 2), .enrolled = true, .seed = p->seed, .pause_max_s = 10};
    heng_client_free(p->client);
    assert_int_equal(heng_client_new(&config, p->now, &p->client, NULL), HENG_OK);
    heng_client_journal(p->client, p->now, p->journal.epoch, 1, p->journal.last);
}

static void drop_host(struct pair *p)
{
    heng_host_free(p->host);
    p->host = NULL;
    p->up.n = p->down.n = 0;
}

static void cut(struct pair *p)
{
    bool was = p->host || p->dialled;
    drop_host(p);
    p->dialled = p->want_welcome = false;
    if (was) heng_client_closed(p->client, p->now, "connection reset");
}

static void push(struct pair *p, struct pipe *pipe, struct heng_slice bytes)
{
    check(p, bytes.n <= PIPE_MAX - pipe->n, "too much is on its way");
    memcpy(pipe->bytes + pipe->n, bytes.p, bytes.n);
    pipe->n += bytes.n;
}

/* --- the gateway -----------------------------------------------------------------------------------------------------
 */

static void answer_read(struct pair *p, uint64_t from, uint32_t bytes_max)
{
    struct heng_batch batch = {
        .epoch = p->journal.epoch, .first = from, .last = from - 1, .entries = entries, .gone = gone};
    size_t bytes = 0, most = chance(p, 30) ? 1 + below(p, 20) : HENG_UPLINK_BATCH_ENTRIES_MAX;
    if (p->calm || !chance(p, 5)) {
        for (uint64_t seq = from; seq <= p->journal.last && batch.entry_count < most; seq++) {
            if (p->journal.gone[seq]) {
                if (batch.gone_count && gone[batch.gone_count - 1].last == seq - 1)
                    gone[batch.gone_count - 1].last = seq;
                else if (batch.gone_count == HENG_UPLINK_GONE_MAX)
                    break;
                else
                    gone[batch.gone_count++] = (struct heng_entry_range){seq, seq};
            } else {
                bytes += body_length(seq);
                if (batch.entry_count > 0 && bytes > bytes_max) break;
                uint8_t *body = bodies[batch.entry_count];
                entries[batch.entry_count++] = entry_of(p->journal.epoch, seq, body_length(seq), body);
            }
            batch.last = seq;
        }
    }
    heng_client_put_batch(p->client, p->now, &batch);
}

static void answer_live(struct pair *p, uint64_t from)
{
    size_t n = 0;
    for (uint64_t seq = p->journal.last > from + 5 ? p->journal.last - 4 : from + 1; seq <= p->journal.last; seq++)
        if (!p->journal.gone[seq]) {
            entries[n] = entry_of(p->journal.epoch, seq, body_length(seq), bodies[n]);
            n++;
        }
    heng_client_put_live(p->client, p->now, entries, n, p->journal.last);
}

static void gateway(struct pair *p)
{
    static struct heng_client_action a;
    for (;;) {
        heng_client_poll(p->client, p->now, wall_at(p->now), &a);
        if (a.kind == HENG_CLIENT_NONE) return;
        if (a.kind == HENG_CLIENT_CONNECT) p->dialled = true;
        if (a.kind == HENG_CLIENT_SEND && p->host) push(p, &p->up, a.bytes);
        if (a.kind == HENG_CLIENT_HANG_UP) cut(p);
        if (a.kind == HENG_CLIENT_READ) answer_read(p, a.from, a.bytes_max);
        if (a.kind == HENG_CLIENT_READ_LIVE) answer_live(p, a.from);
        if (a.kind == HENG_CLIENT_PING)
            heng_client_ping(p->client, p->now, &(struct heng_ping){.clock_us = wall_at(p->now)});
        if (a.kind == HENG_CLIENT_HELLO) {
            struct heng_hello hello = hello_of(p->journal.epoch, p->journal.last);
            heng_client_hello(p->client, p->now, &hello);
        }
        if (a.kind == HENG_CLIENT_ACKED) {
            p->acks++;
            check(p, a.from <= p->store.highest, "acknowledged what was never stored");
        }
    }
}

static void make_entries(struct pair *p)
{
    for (uint32_t n = below(p, 40); n > 0 && p->journal.last < NUMBERS_MAX; n--)
        p->journal.gone[++p->journal.last] = chance(p, 10);
    heng_client_journal(p->client, p->now, p->journal.epoch, 1, p->journal.last);
}

/* The journal was set aside, or the server knows another history. */
static void new_epoch(struct pair *p)
{
    p->journal = (struct journal){.epoch = p->journal.epoch + 1 + below(p, 5)};
    heng_client_journal(p->client, p->now, p->journal.epoch, 1, 0);
}

/* --- the server ------------------------------------------------------------------------------------------------------
 */

static void queue_batch(struct pair *p, const struct heng_batch *batch)
{
    check(p, p->pending_count < PENDING_MAX, "more under way than the window has");
    struct pending *pending = &p->pending[p->pending_count++];
    *pending = (struct pending){.first = batch->first, .last = batch->last, .epoch = batch->epoch};
    check(p, batch->last <= NUMBERS_MAX, "a number that was never given");
    for (size_t i = 0; i < batch->entry_count; i++) {
        uint8_t body[128];
        const struct heng_batch_entry *e = &batch->entries[i];
        struct heng_batch_entry same = entry_of(batch->epoch, e->seq, body_length(e->seq), body);
        check(p, e->entry.check == same.entry.check && heng_slice_eq(e->entry.body, same.entry.body),
              "another content");
        pending->how[e->seq] = 1;
    }
    for (size_t i = 0; i < batch->gone_count; i++)
        for (uint64_t seq = batch->gone[i].first; seq <= batch->gone[i].last; seq++) pending->how[seq] = 2;
}

static void commit(struct pair *p)
{
    if (p->pending_count == 0) return;
    size_t count = 1 + below(p, (uint32_t)p->pending_count);
    for (size_t i = 0; i < count; i++) {
        const struct pending *b = &p->pending[i];
        if (b->epoch != p->store.epoch) continue;
        check(p, b->first <= p->store.stored + 1, "a gap before a batch");
        for (uint64_t seq = b->first; seq <= b->last; seq++) {
            if (seq <= p->store.stored) continue; /* of an older connection, stored in between */
            check(p, b->how[seq] != 0, "a number that is in no list");
            p->store.how[seq] = b->how[seq];
            p->store.stored = seq;
        }
    }
    memmove(p->pending, p->pending + count, (p->pending_count - count) * sizeof p->pending[0]);
    p->pending_count -= count;
    if (p->store.stored > p->store.highest) p->store.highest = p->store.stored;
    if (p->host) heng_host_stored(p->host, p->now, p->store.epoch, p->store.stored);
}

static void welcome(struct pair *p)
{
    if (!p->want_welcome || !p->host) return;
    p->want_welcome = false;
    if (p->hello.epoch != p->store.epoch) p->store = (struct store){.epoch = p->hello.epoch};
    struct heng_welcome w = {.epoch = p->store.epoch, .resume_after = p->store.stored};
    w.window_bytes = 2048 + below(p, 20000);
    w.batch_bytes = 1024 + below(p, 4000);
    heng_host_welcome(p->host, p->now, wall_at(p->now), &w);
}

static void server(struct pair *p)
{
    static struct heng_host_action a;
    while (p->host) {
        heng_host_poll(p->host, p->now, wall_at(p->now), &a);
        if (a.kind == HENG_HOST_NONE) return;
        if (a.kind == HENG_HOST_SEND) push(p, &p->down, a.bytes);
        if (a.kind == HENG_HOST_HANG_UP) {
            if (a.refusal != HENG_REFUSAL_SILENT)
                fail_msg("seed %llu: refused: %s", (unsigned long long)p->seed, a.text);
            cut(p);
        }
        if (a.kind == HENG_HOST_HELLO) {
            p->hello = a.hello;
            p->want_welcome = true;
        }
        if (a.kind == HENG_HOST_BATCH) {
            static struct heng_batch_room room;
            struct heng_batch batch;
            assert_int_equal(heng_batch_unpack(a.bytes, &room, &batch, NULL), HENG_OK);
            check(p, batch.first == a.batch.first && batch.last == a.batch.last, "packed is not what was told");
            queue_batch(p, &batch);
            p->batches++;
        }
        if (a.kind == HENG_HOST_LIVE) p->lives++;
    }
}

static void restart_server(struct pair *p)
{
    cut(p);
    p->pending_count = 0;
    /* Sometimes from a backup. */
    if (chance(p, 20)) p->store.stored = below(p, (uint32_t)p->store.stored + 1);
}

/* --- the world -------------------------------------------------------------------------------------------------------
 */

static void dial(struct pair *p)
{
    if (!p->dialled) return;
    p->dialled = false;
    drop_host(p);
    if (!p->calm && chance(p, 20)) {
        heng_client_closed(p->client, p->now, "connection refused");
        return;
    }
    assert_int_equal(heng_host_new(false, p->now, &p->host, NULL), HENG_OK);
    p->connections++;
    heng_client_connected(p->client, p->now);
}

/* Some of the bytes that are on their way arrive. */
static void move(struct pair *p, struct pipe *pipe, bool up)
{
    if (pipe->n == 0 || !p->host) return;
    size_t n = chance(p, 40) ? pipe->n : 1 + below(p, (uint32_t)pipe->n);
    struct heng_slice bytes = heng_slice_of(pipe->bytes, n);
    if (up)
        heng_host_feed(p->host, p->now, wall_at(p->now), bytes);
    else
        heng_client_feed(p->client, p->now, wall_at(p->now), bytes);
    memmove(pipe->bytes, pipe->bytes + n, pipe->n - n);
    pipe->n -= n;
}

static void pass_time(struct pair *p)
{
    heng_us at = heng_client_deadline(p->client);
    if (p->host && heng_host_deadline(p->host) < at) at = heng_host_deadline(p->host);
    heng_us most = p->now + 1 + (heng_us)below(p, 2000000);
    bool idle = p->up.n + p->down.n + p->pending_count == 0 && !p->want_welcome && !p->dialled;
    p->now = idle && at < HENG_US_NEVER ? (at > p->now ? at : p->now) : most;
}

static void step(struct pair *p)
{
    switch (below(p, 8)) {
    case 0: move(p, &p->up, true); break;
    case 1: move(p, &p->up, true); break;
    case 2: move(p, &p->down, false); break;
    case 3: commit(p); break;
    case 4: welcome(p); break;
    case 5: dial(p); break;
    case 6: move(p, &p->down, false); break;
    default: pass_time(p);
    }
    if (!p->calm) {
        if (chance(p, 6)) make_entries(p);
        if (chance(p, 2)) cut(p);
        if (chance(p, 1)) restart_server(p);
        if (below(p, 400) == 0) new_epoch(p);
        if (chance(p, 1)) {
            cut(p);
            start_client(p);
        }
    }
    server(p);
    gateway(p);
}

static bool all_is_delivered(const struct pair *p)
{
    return p->store.epoch == p->journal.epoch && p->store.stored == p->journal.last && p->pending_count == 0;
}

static void everything_is_delivered_once_and_in_order(void **state)
{
    (void)state;
    static struct pair p;
    uint64_t connections = 0, batches = 0, lives = 0, acks = 0;
    for (uint64_t seed = 1; seed <= 2000; seed++) {
        p.up.n = p.down.n = p.pending_count = 0;
        p.seed = seed;
        p.rng = heng_sim_rng_of(seed, 3);
        p.now = 0;
        p.journal = (struct journal){.epoch = 1000};
        p.store = (struct store){0};
        p.dialled = p.want_welcome = p.calm = false;
        p.connections = p.batches = p.lives = p.acks = 0;
        start_client(&p);
        for (unsigned i = 0; i < 400; i++) step(&p);
        p.calm = true;
        if (p.journal.last == 0) make_entries(&p);
        unsigned i = 0;
        for (; i < 20000 && !all_is_delivered(&p); i++) step(&p);
        check(&p, all_is_delivered(&p), "it never comes to an end");
        for (uint64_t seq = 1; seq <= p.journal.last; seq++)
            check(&p, p.store.how[seq] == (p.journal.gone[seq] ? 2 : 1), "an entry is missing, or came as gone");
        connections += p.connections;
        batches += p.batches;
        lives += p.lives;
        acks += p.acks;
        heng_client_free(p.client);
        heng_host_free(p.host);
        p.client = NULL;
        p.host = NULL;
    }
    print_message("# 2000 seeds: %llu connections, %llu batches, %llu live, %llu acknowledged\n",
                  (unsigned long long)connections, (unsigned long long)batches, (unsigned long long)lives,
                  (unsigned long long)acks);
    assert_true(connections > 8000 && batches > 20000 && lives > 500 && acks > 5000);
}

/* --- every message says the same at both ends
 * -------------------------------------------------------------------------- */

static struct heng_wire_out out;

/* The content of what was said last. */
static struct heng_slice said(heng_wire_kind expected)
{
    static struct heng_wire_in in;
    struct heng_slice content;
    heng_wire_kind kind;
    heng_wire_in_fini(&in);
    assert_int_equal(heng_wire_feed(&in, heng_wire_give(&out)), HENG_OK);
    assert_int_equal(heng_wire_next(&in, HENG_UPLINK_MESSAGE_MAX + HENG_WIRE_HEAD_MAX, &kind, &content), HENG_OK);
    assert_int_equal(kind, expected);
    heng_wire_out_fini(&out);
    static uint8_t room[70000];
    assert_true(content.n <= sizeof room);
    if (content.n) memcpy(room, content.p, content.n);
    heng_wire_in_fini(&in);
    return heng_slice_of(room, content.n);
}

static int64_t any(struct heng_sim_rng *rng)
{
    return (int64_t)(heng_sim_rng_next(rng) >> heng_sim_rng_below(rng, 64));
}
static int64_t any_id(struct heng_sim_rng *rng)
{
    return (int64_t)(heng_sim_rng_next(rng) >> (1 + heng_sim_rng_below(rng, 62))) | 1;
}
static void any_text(struct heng_sim_rng *rng, char *to, size_t cap)
{
    size_t n = heng_sim_rng_below(rng, (uint32_t)cap);
    memset(to, 0, cap);
    for (size_t i = 0; i < n; i++) to[i] = (char)(' ' + heng_sim_rng_below(rng, 95));
}
static void any_path(struct heng_sim_rng *rng, struct heng_path *path)
{
    *path = (struct heng_path){.n = heng_sim_rng_below(rng, HENG_UPLINK_PATH_MAX + 1)};
    for (size_t i = 0; i < path->n; i++) path->gateway_ids[i] = any_id(rng);
}
static size_t any_children(struct heng_sim_rng *rng, struct heng_uplink_child *children)
{
    size_t n = heng_sim_rng_below(rng, 4) ? 0 : heng_sim_rng_below(rng, HENG_UPLINK_CHILDREN_MAX + 1);
    for (size_t i = 0; i < n; i++) {
        struct heng_uplink_child *c = &children[i];
        *c = (struct heng_uplink_child){any_id(rng),        any_id(rng),        any(rng) & 1, any(rng), any(rng),
                                        (uint64_t)any(rng), (uint64_t)any(rng), "",           ""};
        any_text(rng, c->software, sizeof c->software);
        any_text(rng, c->firmware, sizeof c->firmware);
    }
    return n;
}

static void same_children(const struct heng_uplink_child *a, const struct heng_uplink_child *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        assert_true(a[i].gateway_id == b[i].gateway_id && a[i].via_id == b[i].via_id &&
                    a[i].connected == b[i].connected);
        assert_true(a[i].last_contact_us == b[i].last_contact_us && a[i].clock_error_us == b[i].clock_error_us);
        assert_true(a[i].queued == b[i].queued && a[i].config_version == b[i].config_version);
        assert_string_equal(a[i].software, b[i].software);
        assert_string_equal(a[i].firmware, b[i].firmware);
    }
}

static void same_path(const struct heng_path *a, const struct heng_path *b)
{
    assert_int_equal(a->n, b->n);
    for (size_t i = 0; i < a->n; i++) assert_int_equal(a->gateway_ids[i], b->gateway_ids[i]);
}

static void hello_is_the_same(struct heng_sim_rng *rng)
{
    static struct heng_hello a, b;
    a = (struct heng_hello){
        .version = (uint32_t)any(rng), .oldest_version = (uint32_t)any(rng), .epoch = (uint64_t)any(rng)};
    any_text(rng, a.software, sizeof a.software);
    any_text(rng, a.firmware, sizeof a.firmware);
    a.first = (uint64_t)any(rng);
    a.last = (uint64_t)any(rng);
    a.config_version = (uint64_t)any(rng);
    a.clock_us = any(rng);
    a.free_bytes = (uint64_t)any(rng);
    a.clock_doubtful = any(rng) & 1;
    a.can_order = any(rng) & 1;
    a.can_search = any(rng) & 1;
    a.can_tunnel = any(rng) & 1;
    a.can_cascade = any(rng) & 1;
    a.child_count = any_children(rng, a.children);
    assert_true(heng_say_hello(&out, &a));
    assert_int_equal(heng_hear_hello(said(HENG_WIRE_HELLO), &b, NULL), HENG_OK);
    assert_true(a.version == b.version && a.oldest_version == b.oldest_version && a.epoch == b.epoch);
    assert_true(a.first == b.first && a.last == b.last && a.config_version == b.config_version);
    assert_true(a.clock_us == b.clock_us && a.free_bytes == b.free_bytes && a.clock_doubtful == b.clock_doubtful);
    assert_true(a.can_order == b.can_order && a.can_search == b.can_search && a.can_tunnel == b.can_tunnel);
    assert_true(a.can_cascade == b.can_cascade && a.child_count == b.child_count);
    assert_string_equal(a.software, b.software);
    assert_string_equal(a.firmware, b.firmware);
    same_children(a.children, b.children, a.child_count);
}

static void order_is_the_same(struct heng_sim_rng *rng)
{
    struct heng_down_order a = {.id = any_id(rng), .group = any(rng), .command = any(rng) & 1}, b;
    a.cls = (heng_class)heng_sim_rng_below(rng, HENG_CLASS_COUNT);
    a.protocol = (heng_protocol)heng_sim_rng_below(rng, HENG_PROTOCOL_COUNT);
    a.order.kind = (heng_order_kind)heng_sim_rng_below(rng, HENG_ORDER_COUNT);
    a.line_id = any_id(rng);
    a.device_id = any(rng) & INT64_MAX;
    a.order.back = (uint16_t)any(rng);
    a.order.baud = (uint32_t)any(rng);
    any_text(rng, a.order.address, sizeof a.order.address);
    a.order.has_secret = any(rng) & 1;
    if (a.order.has_secret)
        for (size_t i = 0; i < 4; i++)
            a.order.password[i] = (uint8_t)any(rng), a.order.operator_code[i] = (uint8_t)any(rng);
    a.expires_us = any(rng);
    any_path(rng, &a.path);
    assert_true(heng_say_order(&out, &a));
    assert_int_equal(heng_hear_order(said(HENG_WIRE_ORDER), &b, NULL), HENG_OK);
    assert_true(a.id == b.id && a.group == b.group && a.command == b.command && a.cls == b.cls);
    assert_true(a.protocol == b.protocol && a.line_id == b.line_id && a.device_id == b.device_id);
    assert_true(a.order.kind == b.order.kind && a.order.back == b.order.back && a.order.baud == b.order.baud);
    assert_true(a.order.has_secret == b.order.has_secret && a.expires_us == b.expires_us);
    assert_memory_equal(a.order.password, b.order.password, 4);
    assert_memory_equal(a.order.operator_code, b.order.operator_code, 4);
    assert_string_equal(a.order.address, b.order.address);
    same_path(&a.path, &b.path);
}

static void small_ones_are_the_same(struct heng_sim_rng *rng)
{
    struct heng_down_search search = {.line_id = any_id(rng), .known_only = any(rng) & 1, .stop = any(rng) & 1},
                            search2;
    search.kind = (heng_search_kind)heng_sim_rng_below(rng, HENG_SEARCH_KIND_COUNT);
    any_text(rng, search.resume, sizeof search.resume);
    any_path(rng, &search.path);
    assert_true(heng_say_search(&out, &search));
    assert_int_equal(heng_hear_search(said(HENG_WIRE_SEARCH), &search2, NULL), HENG_OK);
    assert_true(search.line_id == search2.line_id && search.kind == search2.kind && search.stop == search2.stop);
    assert_true(search.known_only == search2.known_only);
    assert_string_equal(search.resume, search2.resume);
    same_path(&search.path, &search2.path);

    struct heng_down_outcome outcome = {HENG_OUTCOME_OF_CANCEL, any(rng), any(rng) & INT64_MAX, any(rng) & 1, ""},
                             outcome2;
    any_text(rng, outcome.why, sizeof outcome.why);
    assert_true(heng_say_outcome(&out, &outcome));
    assert_int_equal(heng_hear_outcome(said(HENG_WIRE_OUTCOME), &outcome2, NULL), HENG_OK);
    assert_true(outcome.what == outcome2.what && outcome.of == outcome2.of && outcome.taken == outcome2.taken);
    assert_int_equal(outcome.gateway_id, outcome2.gateway_id);
    assert_string_equal(outcome.why, outcome2.why);

    uint64_t id = (uint64_t)any(rng), id2;
    bool last = any(rng) & 1, last2;
    uint8_t bytes[200];
    struct heng_slice text = heng_slice_of(bytes, heng_sim_rng_below(rng, sizeof bytes)), text2;
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)any(rng);
    assert_true(heng_say_answer(&out, id, last, text));
    assert_int_equal(heng_hear_answer(said(HENG_WIRE_ANSWER), &id2, &last2, &text2, NULL), HENG_OK);
    assert_true(id == id2 && last == last2 && heng_slice_eq(text, text2));
}

static void tunnels_and_pings_are_the_same(struct heng_sim_rng *rng)
{
    uint8_t bytes[300];
    struct heng_tunnel_message a = {.id = (uint64_t)any_id(rng), .open = any(rng) & 1, .close = any(rng) & 1}, b;
    a.line_id = any(rng);
    a.seconds = (uint32_t)any(rng);
    any_text(rng, a.who, sizeof a.who);
    any_text(rng, a.why, sizeof a.why);
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)any(rng);
    a.bytes = heng_slice_of(bytes, heng_sim_rng_below(rng, sizeof bytes));
    any_path(rng, &a.path);
    assert_true(heng_say_tunnel(&out, &a));
    assert_int_equal(heng_hear_tunnel(said(HENG_WIRE_TUNNEL), &b, NULL), HENG_OK);
    assert_true(a.id == b.id && a.open == b.open && a.close == b.close && a.line_id == b.line_id &&
                a.seconds == b.seconds);
    assert_true(heng_slice_eq(a.bytes, b.bytes));
    assert_string_equal(a.who, b.who);
    assert_string_equal(a.why, b.why);
    same_path(&a.path, &b.path);

    static struct heng_ping ping, ping2;
    ping = (struct heng_ping){any(rng), any(rng) & 1, (uint64_t)any(rng), (uint64_t)any(rng), 0, {{0}}};
    ping.child_count = any_children(rng, ping.children);
    assert_true(heng_say_ping(&out, &ping));
    assert_int_equal(heng_hear_ping(said(HENG_WIRE_PING), &ping2, NULL), HENG_OK);
    assert_true(ping.clock_us == ping2.clock_us && ping.clock_doubtful == ping2.clock_doubtful);
    assert_true(ping.queued == ping2.queued && ping.config_version == ping2.config_version);
    assert_int_equal(ping.child_count, ping2.child_count);
    same_children(ping.children, ping2.children, ping.child_count);
}

static void enrolments_and_welcomes_are_the_same(struct heng_sim_rng *rng)
{
    uint8_t bytes[2000];
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)any(rng);
    struct heng_enrol_ask ask = {.request = heng_slice_of(bytes, 1 + heng_sim_rng_below(rng, 2000)),
                                 .via_id = any_id(rng)},
                          ask2;
    any_text(rng, ask.name, sizeof ask.name);
    any_text(rng, ask.serial, sizeof ask.serial);
    any_text(rng, ask.software, sizeof ask.software);
    assert_true(heng_say_enrol_ask(&out, &ask));
    assert_int_equal(heng_hear_enrol_ask(said(HENG_WIRE_ENROL_ASK), &ask2, NULL), HENG_OK);
    assert_true(heng_slice_eq(ask.request, ask2.request) && ask.via_id == ask2.via_id);
    assert_string_equal(ask.name, ask2.name);
    assert_string_equal(ask.serial, ask2.serial);
    assert_string_equal(ask.software, ask2.software);

    struct heng_enrol_answer answer = {.waiting = any(rng) & 1, .retry_s = (uint32_t)any(rng)}, answer2;
    answer.certificate = heng_slice_of(bytes, heng_sim_rng_below(rng, 1000));
    answer.authority = heng_slice_of(bytes + 1000, heng_sim_rng_below(rng, 1000));
    memcpy(answer.request_hash, bytes + 7, 32);
    any_text(rng, answer.why, sizeof answer.why);
    assert_true(heng_say_enrol_answer(&out, &answer));
    assert_int_equal(heng_hear_enrol_answer(said(HENG_WIRE_ENROL_ANSWER), &answer2, NULL), HENG_OK);
    assert_true(answer.waiting == answer2.waiting && answer.retry_s == answer2.retry_s);
    assert_true(heng_slice_eq(answer.certificate, answer2.certificate) &&
                heng_slice_eq(answer.authority, answer2.authority));
    assert_memory_equal(answer.request_hash, answer2.request_hash, 32);
    assert_string_equal(answer.why, answer2.why);

    struct heng_welcome w = {1, (uint64_t)any(rng), (uint64_t)any(rng), heng_sim_rng_next(rng), any(rng), 1, 2, 3, 4, 5,
                             ""},
                        w2;
    any_text(rng, w.name, sizeof w.name);
    assert_true(heng_say_welcome(&out, &w));
    assert_int_equal(heng_hear_welcome(said(HENG_WIRE_WELCOME), &w2, NULL), HENG_OK);
    assert_true(w.epoch == w2.epoch && w.resume_after == w2.resume_after && w.resume_check == w2.resume_check);
    assert_true(w.clock_us == w2.clock_us && w.window_bytes == w2.window_bytes && w.batch_bytes == w2.batch_bytes);
    assert_true(w.ping_s == w2.ping_s && w.config_version == w2.config_version && w.gateway_id == w2.gateway_id);
    assert_string_equal(w.name, w2.name);
}

static void each_message_says_the_same_at_both_ends(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 500; seed++) {
        struct heng_sim_rng rng = heng_sim_rng_of(seed, 4);
        hello_is_the_same(&rng);
        order_is_the_same(&rng);
        small_ones_are_the_same(&rng);
        tunnels_and_pings_are_the_same(&rng);
        enrolments_and_welcomes_are_the_same(&rng);
    }
}

/* Who cuts a text within a character does not cut off the gateway. */
static void half_a_character_is_shown_as_a_question_mark(void **state)
{
    (void)state;
    struct heng_down_outcome a = {.what = HENG_OUTCOME_OF_ORDER, .of = 1, .why = "\xe8\xa1\xa1: \xe8\xa1 \x01\x7f"}, b;
    assert_true(heng_say_outcome(&out, &a));
    assert_int_equal(heng_hear_outcome(said(HENG_WIRE_OUTCOME), &b, NULL), HENG_OK);
    assert_string_equal(b.why, "\xe8\xa1\xa1: ?? ??");
    /* A longer text of a newer program ends at a character. */
    uint8_t field[203] = {0x22, 0xc8, 0x01};
    for (size_t i = 3; i < sizeof field; i += 2) memcpy(field + i, "\xc3\xa9", 2);
    uint8_t message[sizeof field + 2] = {0x08, 0x14};
    memcpy(message + 2, field, sizeof field);
    assert_int_equal(heng_hear_outcome(heng_slice_of(message, sizeof message), &b, NULL), HENG_OK);
    assert_int_equal(strlen(b.why), 158);
}

static void same_batch(const struct heng_batch *a, const struct heng_batch *b)
{
    assert_true(a->epoch == b->epoch && a->first == b->first && a->last == b->last);
    assert_true(a->entry_count == b->entry_count && a->gone_count == b->gone_count);
    for (size_t i = 0; i < a->entry_count; i++) {
        const struct heng_entry *x = &a->entries[i].entry, *y = &b->entries[i].entry;
        assert_true(a->entries[i].seq == b->entries[i].seq && x->seq == y->seq && x->epoch == y->epoch);
        assert_true(x->gateway_id == y->gateway_id && x->at_us == y->at_us && x->kind == y->kind);
        assert_true(x->rank == y->rank && x->subject_id == y->subject_id && x->doubtful == y->doubtful);
        assert_true(x->check == y->check && heng_slice_eq(x->body, y->body));
    }
    for (size_t i = 0; i < a->gone_count; i++)
        assert_true(a->gone[i].first == b->gone[i].first && a->gone[i].last == b->gone[i].last);
}

/* The generated code reads the very same in it, and what that packs is the same to us. */
static void as_the_schema_has_it(const struct heng_batch *a, struct heng_slice packed)
{
    static struct heng_batch_room room;
    struct heng_batch again;
    Heng__Uplink__Batch *m = heng__uplink__batch__unpack(NULL, packed.n, packed.p);
    assert_non_null(m);
    assert_true(m->epoch == a->epoch && m->first == a->first && m->last == a->last && m->n_entries == a->entry_count);
    for (size_t i = 0; i < a->entry_count; i++) {
        const Heng__Uplink__Entry *x = m->entries[i];
        const struct heng_entry *y = &a->entries[i].entry;
        bool own = y->gateway_id == 0;
        assert_true(x->seq == a->entries[i].seq && x->at_us == y->at_us && x->kind == (uint32_t)y->kind);
        assert_true(x->rank == (uint32_t)y->rank && x->subject == y->subject_id && x->doubtful == y->doubtful);
        assert_true(x->check == y->check && x->maker == y->gateway_id && x->body.len == y->body.n);
        assert_true(x->maker_epoch == (own ? 0 : y->epoch) && x->maker_seq == (own ? 0 : y->seq));
        assert_int_equal(x->base.n_unknown_fields, 0);
    }
    size_t n = heng__uplink__batch__get_packed_size(m);
    assert_int_equal(n, packed.n);
    uint8_t *bytes = malloc(n);
    assert_non_null(bytes);
    heng__uplink__batch__pack(m, bytes);
    assert_int_equal(heng_batch_unpack(heng_slice_of(bytes, n), &room, &again, NULL), HENG_OK);
    same_batch(a, &again);
    free(bytes);
    heng__uplink__batch__free_unpacked(m, NULL);
}

/* Batches are packed by hand: what they say must be what the schema says. */
static void batches_are_what_the_schema_says(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 500; seed++) {
        struct heng_sim_rng rng = heng_sim_rng_of(seed, 5);
        struct heng_batch a = {.epoch = (uint64_t)any_id(&rng),
                               .first = (uint64_t)any_id(&rng) >> 8 | 1,
                               .entries = entries,
                               .gone = gone},
                          b;
        uint64_t next = a.first;
        size_t most = 1 + heng_sim_rng_below(&rng, 60);
        while (a.entry_count < most) {
            if (heng_sim_rng_below(&rng, 5) == 0) {
                gone[a.gone_count++] = (struct heng_entry_range){next, next + heng_sim_rng_below(&rng, 9)};
                next = gone[a.gone_count - 1].last + 1;
            }
            struct heng_batch_entry *e = &entries[a.entry_count];
            *e = entry_of(a.epoch, next, heng_sim_rng_below(&rng, 128), bodies[a.entry_count]);
            e->entry.at_us = any(&rng);
            e->entry.subject_id = any(&rng);
            e->entry.doubtful = any(&rng) & 1;
            e->entry.kind = (heng_entry_kind)(1 + heng_sim_rng_below(&rng, 6));
            e->entry.rank = (heng_entry_rank)heng_sim_rng_below(&rng, 3);
            if (heng_sim_rng_below(&rng, 3) == 0) {
                e->entry.gateway_id = any_id(&rng);
                e->entry.epoch = (uint64_t)any_id(&rng);
                e->entry.seq = (uint64_t)any_id(&rng);
            }
            e->entry.check = heng_entry_check(&e->entry);
            a.entry_count++;
            next++;
        }
        a.last = next - 1;
        assert_true(heng_batch_holds(&a));
        assert_true(heng_say_batch(&out, false, &a));
        struct heng_slice packed = said(HENG_WIRE_BATCH);
        assert_int_equal(packed.n, heng_batch_size(&a));
        static struct heng_batch_room room;
        assert_int_equal(heng_batch_unpack(packed, &room, &b, NULL), HENG_OK);
        assert_int_equal(heng_batch_verify(&b, NULL), HENG_OK);
        same_batch(&a, &b);
        as_the_schema_has_it(&a, packed);
        /* Cut anywhere it is a shorter batch that holds, and no longer than was asked. */
        size_t room_n = heng_sim_rng_below(&rng, (uint32_t)packed.n + 100);
        struct heng_batch part = heng_batch_cut(&a, room_n);
        assert_true(heng_batch_holds(&part) && part.first == a.first);
        assert_true(heng_batch_size(&part) <= room_n || part.entry_count + part.gone_count == 1);
        if (room_n >= packed.n) assert_int_equal(part.last, a.last);
        /* Every cut and flipped byte is no batch, or one that holds. */
        for (int i = 0; i < 40; i++) {
            uint8_t *copy;
            struct heng_slice broken =
                keep(heng_slice_of(packed.p, heng_sim_rng_below(&rng, (uint32_t)packed.n + 1)), &copy);
            if (broken.n)
                copy[heng_sim_rng_below(&rng, (uint32_t)broken.n)] ^= (uint8_t)(1 << heng_sim_rng_below(&rng, 8));
            if (heng_batch_unpack(broken, &room, &b, NULL) == HENG_OK) assert_true(heng_batch_holds(&b));
            free(copy);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_is_delivered_once_and_in_order),
        cmocka_unit_test(each_message_says_the_same_at_both_ends),
        cmocka_unit_test(half_a_character_is_shown_as_a_question_mark),
        cmocka_unit_test(batches_are_what_the_schema_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
