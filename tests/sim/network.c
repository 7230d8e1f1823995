#include "tests/sim/network.h"

#include <assert.h>
#include <stdlib.h>

/* How a side learns that its connection is dead: a reset soon, a time-out late, or not at all. */
enum { SOON_MS = 50, LATE_MIN_S = 10, LATE_SPREAD_S = 90, REFUSED_LATE_S = 20, PATIENCE_S = 60 };

struct chunk {
    heng_us arrive_us;
    sim_news news;
    struct chunk *next;
    size_t n;
    uint8_t bytes[];
};

/* What is under way to one side. */
struct way {
    struct chunk *first, **end;
    heng_us last_us;
    size_t bytes;
};

/* done: this side hears nothing more. broken: what is sent arrives nowhere. */
struct connection {
    bool used, broken, done[2];
    int machine[2];
    struct way to[2];
};

struct part {
    int a, b;
    heng_us until_us;
};

struct sim_network {
    struct heng_sim_rng rng;
    heng_us latency_us;
    size_t chunk_max;
    struct connection connections[SIM_CONNECTIONS_MAX];
    bool down[SIM_MACHINES_MAX];
    struct part parts[SIM_MACHINES_MAX];
    struct chunk *given;
};

struct sim_network *sim_network_new(uint64_t seed, heng_us latency_us, size_t chunk_max)
{
    struct sim_network *net = calloc(1, sizeof *net);
    assert(net);
    net->rng = heng_sim_rng_of(seed, 77);
    net->latency_us = latency_us;
    net->chunk_max = chunk_max;
    return net;
}

static void clear_way(struct way *way)
{
    for (struct chunk *chunk = way->first, *next; chunk; chunk = next) {
        next = chunk->next;
        free(chunk);
    }
    *way = (struct way){.end = NULL};
}

void sim_network_free(struct sim_network *net)
{
    if (!net) return;
    for (int i = 0; i < SIM_CONNECTIONS_MAX; i++) {
        clear_way(&net->connections[i].to[0]);
        clear_way(&net->connections[i].to[1]);
    }
    free(net->given);
    free(net);
}

static heng_us below(struct sim_network *net, heng_us n) { return (heng_us)heng_sim_rng_below(&net->rng, (uint32_t)n); }

static heng_us trip(struct sim_network *net) { return net->latency_us + below(net, net->latency_us + 1); }

static heng_us parted_until(const struct sim_network *net, heng_us now, const int machine[2])
{
    heng_us until_us = now;
    for (int i = 0; i < SIM_MACHINES_MAX; i++) {
        const struct part *part = &net->parts[i];
        bool these =
            (part->a == machine[0] && part->b == machine[1]) || (part->a == machine[1] && part->b == machine[0]);
        if (these && part->until_us > until_us) until_us = part->until_us;
    }
    return until_us;
}

static void add(struct connection *c, unsigned side, sim_news news, heng_us arrive_us, struct heng_slice bytes)
{
    struct way *way = &c->to[side];
    if (c->done[side]) return;
    struct chunk *chunk = malloc(sizeof *chunk + bytes.n);
    assert(chunk);
    if (arrive_us < way->last_us) arrive_us = way->last_us;
    *chunk = (struct chunk){.arrive_us = arrive_us, .news = news, .n = bytes.n};
    if (bytes.n) memcpy(chunk->bytes, bytes.p, bytes.n);
    if (!way->end) way->end = &way->first;
    *way->end = chunk;
    way->end = &chunk->next;
    way->last_us = arrive_us;
    way->bytes += bytes.n;
}

static void finish(struct connection *c, unsigned side)
{
    clear_way(&c->to[side]);
    c->done[side] = true;
    if (c->done[0] && c->done[1]) c->used = false;
}

int sim_network_dial(struct sim_network *net, heng_us now, int from, int to)
{
    int i = 0;
    while (i < SIM_CONNECTIONS_MAX && net->connections[i].used) i++;
    if (i == SIM_CONNECTIONS_MAX) return -1;
    struct connection *c = &net->connections[i];
    *c = (struct connection){.used = true, .machine = {from, to}};
    heng_us parted_us = parted_until(net, now, c->machine), there_us = now + trip(net);
    if (net->down[to] || parted_us > now) {
        bool refused = net->down[to] && parted_us == now && below(net, 2);
        c->broken = c->done[1] = true;
        add(c, 0, SIM_NEWS_CLOSED, refused ? there_us : now + REFUSED_LATE_S * HENG_US_PER_S, heng_slice_of("", 0));
        return i;
    }
    add(c, 1, SIM_NEWS_OPENED, there_us, heng_slice_of("", 0));
    add(c, 0, SIM_NEWS_OPENED, there_us + trip(net), heng_slice_of("", 0));
    return i;
}

/* This side may learn that it is dead. */
static void tell_dead(struct sim_network *net, struct connection *c, unsigned side, heng_us now)
{
    heng_us soon_us = now + below(net, SOON_MS) * HENG_US_PER_MS;
    switch (below(net, 3)) {
    case 0: add(c, side, SIM_NEWS_CLOSED, soon_us, heng_slice_of("", 0)); break;
    case 1:
        add(c, side, SIM_NEWS_CLOSED, soon_us + (LATE_MIN_S + below(net, LATE_SPREAD_S)) * HENG_US_PER_S,
            heng_slice_of("", 0));
        break;
    default: break; /* half open */
    }
}

/* Of what is on its way a part still arrives. */
static void lose_rest(struct sim_network *net, struct way *way)
{
    struct chunk **at = &way->first;
    while (*at && below(net, 3)) at = &(*at)->next;
    if (*at && (*at)->news == SIM_NEWS_BYTES && (*at)->n > 1 && below(net, 2)) {
        (*at)->n = 1 + (size_t)below(net, (heng_us)(*at)->n - 1);
        at = &(*at)->next;
    }
    struct chunk *lost = *at;
    *at = NULL;
    way->end = at;
    for (struct chunk *next; lost; lost = next) {
        next = lost->next;
        way->bytes -= lost->n < way->bytes ? lost->n : way->bytes;
        free(lost);
    }
    way->last_us = 0;
    for (const struct chunk *chunk = way->first; chunk; chunk = chunk->next) way->last_us = chunk->arrive_us;
}

static void break_connection(struct sim_network *net, struct connection *c, heng_us now)
{
    if (c->broken) return;
    c->broken = true;
    for (unsigned side = 0; side < 2; side++) {
        if (c->done[side]) continue;
        lose_rest(net, &c->to[side]);
        tell_dead(net, c, side, now);
    }
}

void sim_network_send(struct sim_network *net, heng_us now, int connection, unsigned side, struct heng_slice bytes)
{
    struct connection *c = &net->connections[connection];
    assert(c->used && !c->done[side]);
    unsigned other = 1 - side;
    heng_us parted_us = parted_until(net, now, c->machine);
    if (parted_us > now + PATIENCE_S * HENG_US_PER_S) break_connection(net, c, now + PATIENCE_S * HENG_US_PER_S);
    if (c->broken || c->done[other]) { /* who is there answers with a reset, now and then the reset is lost */
        if (!net->down[c->machine[other]] && parted_us == now && below(net, 4))
            add(c, side, SIM_NEWS_CLOSED, now + 2 * trip(net), heng_slice_of("", 0));
        return;
    }
    while (bytes.n) {
        size_t n = 1 + (size_t)below(net, (heng_us)net->chunk_max);
        if (n > bytes.n) n = bytes.n;
        add(c, other, SIM_NEWS_BYTES, parted_us + trip(net), heng_slice_of(bytes.p, n));
        bytes = heng_slice_from(bytes, n);
    }
}

void sim_network_close(struct sim_network *net, heng_us now, int connection, unsigned side)
{
    struct connection *c = &net->connections[connection];
    assert(c->used && !c->done[side]);
    if (!c->broken) add(c, 1 - side, SIM_NEWS_CLOSED, now + trip(net), heng_slice_of("", 0));
    finish(c, side);
}

size_t sim_network_unsent(const struct sim_network *net, int connection, unsigned side)
{
    return net->connections[connection].to[1 - side].bytes;
}

bool sim_network_cut(struct sim_network *net, heng_us now)
{
    int living[SIM_CONNECTIONS_MAX], n = 0;
    for (int i = 0; i < SIM_CONNECTIONS_MAX; i++)
        if (net->connections[i].used && !net->connections[i].broken) living[n++] = i;
    if (n == 0) return false;
    break_connection(net, &net->connections[living[below(net, n)]], now);
    return true;
}

void sim_network_down(struct sim_network *net, heng_us now, int machine)
{
    net->down[machine] = true;
    for (int i = 0; i < SIM_CONNECTIONS_MAX; i++) {
        struct connection *c = &net->connections[i];
        for (unsigned side = 0; c->used && side < 2; side++) {
            if (c->machine[side] != machine) continue;
            if (!c->done[side]) finish(c, side);
            if (c->used) break_connection(net, c, now);
        }
    }
}

void sim_network_up(struct sim_network *net, int machine) { net->down[machine] = false; }

void sim_network_part(struct sim_network *net, heng_us now, int a, int b, heng_us until_us)
{
    int i = 0;
    while (i < SIM_MACHINES_MAX - 1 && net->parts[i].until_us > now) i++;
    net->parts[i] = (struct part){a, b, until_us};
}

static bool earliest(const struct sim_network *net, int *ret_connection, unsigned *ret_side)
{
    heng_us best_us = HENG_US_NEVER;
    for (int i = 0; i < SIM_CONNECTIONS_MAX; i++) {
        if (!net->connections[i].used) continue;
        for (unsigned side = 0; side < 2; side++) {
            const struct chunk *chunk = net->connections[i].to[side].first;
            if (!chunk || chunk->arrive_us >= best_us) continue;
            best_us = chunk->arrive_us;
            *ret_connection = i;
            *ret_side = side;
        }
    }
    return best_us != HENG_US_NEVER;
}

bool sim_network_take(struct sim_network *net, heng_us now, struct sim_network_event *ret)
{
    int i = 0;
    unsigned side = 0;
    free(net->given);
    net->given = NULL;
    if (!earliest(net, &i, &side)) return false;
    struct connection *c = &net->connections[i];
    struct way *way = &c->to[side];
    struct chunk *chunk = way->first;
    if (chunk->arrive_us > now) return false;
    way->first = chunk->next;
    if (!way->first) way->end = &way->first;
    way->bytes -= chunk->n < way->bytes ? chunk->n : way->bytes;
    net->given = chunk;
    *ret = (struct sim_network_event){.news = chunk->news,
                                      .connection = i,
                                      .side = side,
                                      .machine = c->machine[side],
                                      .peer = c->machine[1 - side],
                                      .bytes = heng_slice_of(chunk->bytes, chunk->n)};
    if (chunk->news == SIM_NEWS_CLOSED) finish(c, side);
    return true;
}

heng_us sim_network_next_us(const struct sim_network *net)
{
    int i = 0;
    unsigned side = 0;
    return earliest(net, &i, &side) ? net->connections[i].to[side].first->arrive_us : HENG_US_NEVER;
}
