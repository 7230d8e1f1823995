#ifndef HENG_TESTS_CLIENT_RIG_H
#define HENG_TESTS_CLIENT_RIG_H
/* A gateway with a made-up journal around a client, and a tier above that says what a test wants. */
#include "uplink_rig.h"

enum { BODY = 200 };

/* A gateway with a journal 1..last of one epoch, and all that its client said. */
struct rig {
    struct heng_client *client;
    heng_us now, clock_error_us; /* its wall clock is so far off */
    uint64_t epoch, last;
    size_t body_n, per_read; /* per_read: how many entries it gives at most */
    struct heng_wire_out say;
    struct heng_wire_in heard;
    unsigned connects, hang_ups, reads, lives, welcomes, clocks, pings, orders, others, enrols;
    unsigned server;
    heng_us connect_us, offset_us, error_us;
    uint64_t read_from, acked;
    uint32_t bytes_max;
    bool answers_reads, grows; /* grows: an entry is made whenever something is sent */
    heng_client_action_kind last_kind;
    char why[160];
};

static inline void setup_with(struct rig *rig, const struct heng_client_config *config)
{
    *rig = (struct rig){.epoch = EPOCH, .body_n = BODY, .per_read = 4096, .answers_reads = true};
    assert_int_equal(heng_client_new(config, rig->now, &rig->client, NULL), HENG_OK);
}

static inline void setup(struct rig *rig, unsigned servers)
{
    setup_with(rig, &(struct heng_client_config){.servers = servers, .enrolled = true, .seed = 7});
}

static inline void teardown(struct rig *rig)
{
    heng_client_free(rig->client);
    heng_wire_out_fini(&rig->say);
    heng_wire_in_fini(&rig->heard);
}

static struct heng_batch_entry entries[HENG_UPLINK_BATCH_ENTRIES_MAX];
static uint8_t bodies[HENG_UPLINK_BATCH_ENTRIES_MAX][1024];

static inline size_t read_journal(struct rig *rig, uint64_t from, size_t bytes_max)
{
    size_t n = 0, bytes = 0;
    for (uint64_t seq = from; seq <= rig->last && n < HENG_UPLINK_BATCH_ENTRIES_MAX && n < rig->per_read; seq++) {
        bytes += rig->body_n;
        if (n > 0 && bytes > bytes_max) break;
        entries[n] = entry_of(rig->epoch, seq, rig->body_n, bodies[n]);
        n++;
    }
    return n;
}

static inline void put_batch(struct rig *rig)
{
    size_t n = read_journal(rig, rig->read_from, rig->bytes_max);
    struct heng_batch batch = {.epoch = rig->epoch, .first = rig->read_from, .last = rig->read_from + n - 1};
    batch.entries = entries;
    batch.entry_count = n;
    heng_client_put_batch(rig->client, rig->now, &batch);
}

static inline void take(struct rig *rig, const struct heng_client_action *a)
{
    switch (a->kind) {
    case HENG_CLIENT_NONE: break;
    case HENG_CLIENT_CONNECT:
        rig->connects++;
        rig->server = a->server;
        rig->connect_us = rig->now;
        break;
    case HENG_CLIENT_HANG_UP:
        rig->hang_ups++;
        snprintf(rig->why, sizeof rig->why, "%s", a->text);
        break;
    case HENG_CLIENT_SEND:
        assert_int_equal(heng_wire_feed(&rig->heard, a->bytes), HENG_OK);
        if (rig->grows) heng_client_journal(rig->client, rig->now, rig->epoch, 1, ++rig->last);
        break;
    case HENG_CLIENT_HELLO: {
        struct heng_hello hello = hello_of(rig->epoch, rig->last);
        heng_client_hello(rig->client, rig->now, &hello);
        break;
    }
    case HENG_CLIENT_READ:
        rig->reads++;
        rig->read_from = a->from;
        rig->bytes_max = a->bytes_max;
        if (rig->answers_reads) put_batch(rig);
        break;
    case HENG_CLIENT_READ_LIVE: {
        rig->lives++;
        uint64_t from = rig->last > 5 && rig->last - 5 > a->from ? rig->last - 5 : a->from;
        size_t n = read_journal(rig, from + 1, a->bytes_max);
        heng_client_put_live(rig->client, rig->now, entries, n, rig->last);
        break;
    }
    case HENG_CLIENT_WELCOME: rig->welcomes++; break;
    case HENG_CLIENT_ACKED: rig->acked = a->from; break;
    case HENG_CLIENT_CLOCK:
        rig->clocks++;
        rig->offset_us = a->offset_us;
        rig->error_us = a->error_us;
        break;
    case HENG_CLIENT_PING: {
        struct heng_ping ping = {.clock_us = wall_at(rig->now) + rig->clock_error_us};
        rig->pings++;
        heng_client_ping(rig->client, rig->now, &ping);
        break;
    }
    case HENG_CLIENT_ORDER: rig->orders++; break;
    case HENG_CLIENT_ENROL: rig->enrols++; break;
    case HENG_CLIENT_CONFIG:
    case HENG_CLIENT_CANCEL:
    case HENG_CLIENT_SEARCH:
    case HENG_CLIENT_ASK:
    case HENG_CLIENT_TUNNEL: rig->others++; break;
    }
    if (a->kind != HENG_CLIENT_NONE) rig->last_kind = a->kind;
}

static inline void pump(struct rig *rig)
{
    static struct heng_client_action action;
    do {
        heng_client_poll(rig->client, rig->now, wall_at(rig->now) + rig->clock_error_us, &action);
        take(rig, &action);
    } while (action.kind != HENG_CLIENT_NONE);
}

/* The time until the client wants to be polled goes by. */
static inline void wait_for(struct rig *rig)
{
    heng_us at = heng_client_deadline(rig->client);
    assert_true(at < HENG_US_NEVER);
    if (at > rig->now) rig->now = at;
    pump(rig);
}

static inline void connected(struct rig *rig)
{
    heng_client_connected(rig->client, rig->now);
    pump(rig);
}

static inline void closed(struct rig *rig)
{
    heng_client_closed(rig->client, rig->now, "connection refused");
    heng_wire_in_fini(&rig->heard);
    pump(rig);
}

static inline void flush(struct rig *rig)
{
    if (rig->say.n)
        heng_client_feed(rig->client, rig->now, wall_at(rig->now) + rig->clock_error_us,
                         heng_slice_of(rig->say.p, rig->say.n));
    heng_wire_out_fini(&rig->say);
    pump(rig);
}

static inline heng_wire_kind heard(struct rig *rig, struct heng_slice *ret)
{
    heng_wire_kind kind = HENG_WIRE_UNKNOWN;
    if (heng_wire_next(&rig->heard, HENG_UPLINK_MESSAGE_MAX + HENG_WIRE_HEAD_MAX, &kind, ret) != HENG_OK)
        return HENG_WIRE_UNKNOWN;
    return kind;
}

static const struct heng_welcome usual = {
    .version = 1, .epoch = EPOCH, .window_bytes = 256 * 1024, .batch_bytes = 64 * 1024, .ping_s = 60};

static inline void open_with(struct rig *rig, const struct heng_welcome *welcome)
{
    struct heng_slice in;
    heng_client_journal(rig->client, rig->now, rig->epoch, 1, rig->last);
    while (rig->connects == 0) wait_for(rig);
    rig->connects = 0;
    connected(rig);
    assert_int_equal(heard(rig, &in), HENG_WIRE_HELLO);
    heng_say_welcome(&rig->say, welcome);
    flush(rig);
}

/* One server, a journal 1..last, and the usual welcome. */
static inline void open_journal(struct rig *rig, uint64_t last)
{
    setup(rig, 1);
    rig->last = last;
    open_with(rig, &usual);
}

static inline void ack(struct rig *rig, uint64_t durable)
{
    heng_say_ack(&rig->say, rig->epoch, durable);
    flush(rig);
}

/* Hear one batch, numbered or live; its last number, 0: none came. */
static inline uint64_t hear_batch(struct rig *rig, bool *ret_live, size_t *ret_n)
{
    static struct heng_batch_room room;
    struct heng_batch batch;
    struct heng_slice in;
    heng_wire_kind kind = heard(rig, &in);
    if (kind != HENG_WIRE_BATCH && kind != HENG_WIRE_LIVE) return 0;
    assert_int_equal(heng_batch_unpack(in, &room, &batch, NULL), HENG_OK);
    assert_int_equal(heng_batch_verify(&batch, NULL), HENG_OK);
    *ret_live = kind == HENG_WIRE_LIVE;
    *ret_n = in.n;
    return *ret_live ? batch.entries[batch.entry_count - 1].seq : batch.last;
}

#endif
