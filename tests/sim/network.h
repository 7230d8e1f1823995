#ifndef HENG_TESTS_SIM_NETWORK_H
#define HENG_TESTS_SIM_NETWORK_H
/* Connections between simulated machines in virtual time. As TCP: bytes arrive whole and in order, or the connection
 * dies; how it dies is up to the seed: bytes on their way arrive or do not, and each side learns of it soon, late, or
 * never (then it is half open until the program gives up by itself). */
#include "base/slice.h"
#include "base/time.h"
#include "sim/rng.h"

enum { SIM_MACHINES_MAX = 16, SIM_CONNECTIONS_MAX = 64 };

struct sim_network;

/* What has happened at one end of a connection. side 0: who dialled. */
typedef enum sim_news { SIM_NEWS_OPENED, SIM_NEWS_BYTES, SIM_NEWS_CLOSED } sim_news;
struct sim_network_event {
    sim_news news;
    int connection;
    unsigned side;
    int machine, peer;
    struct heng_slice bytes; /* borrowed until the next call */
};

/* latency_us: of one way, the least; as much again comes by chance. chunk_max: bytes arrive in pieces up to that. */
struct sim_network *sim_network_new(uint64_t seed, heng_us latency_us, size_t chunk_max);
void sim_network_free(struct sim_network *net);

/* Dial. OPENED comes at both sides, or CLOSED at ours when the other machine is down or cannot be reached. -1: too many
 * connections, which is a mistake of the test. */
int sim_network_dial(struct sim_network *net, heng_us now, int from, int to);
void sim_network_send(struct sim_network *net, heng_us now, int connection, unsigned side, struct heng_slice bytes);
/* This side is done with it and hears nothing more; the other one learns when what was sent has arrived. */
void sim_network_close(struct sim_network *net, heng_us now, int connection, unsigned side);
/* Bytes of this side that have not arrived: what a socket would hold. */
size_t sim_network_unsent(const struct sim_network *net, int connection, unsigned side);

/* Faults. cut: one living connection by chance, false: there is none. down: the machine's connections end without a
 * word, as when its power goes; up: it can be dialled. part: nothing passes between the two until then; what is sent
 * waits, and after some time kills the connection. */
bool sim_network_cut(struct sim_network *net, heng_us now);
void sim_network_down(struct sim_network *net, heng_us now, int machine);
void sim_network_up(struct sim_network *net, int machine);
void sim_network_part(struct sim_network *net, heng_us now, int a, int b, heng_us until_us);

/* The next event at or before now; false: none. next_us: when there may be one. */
bool sim_network_take(struct sim_network *net, heng_us now, struct sim_network_event *ret);
heng_us sim_network_next_us(const struct sim_network *net);

#endif
