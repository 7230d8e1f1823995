#ifndef HENG_TESTS_SIM_WORLD_H
#define HENG_TESTS_SIM_WORLD_H
/* Gateways, their network and the centre in one process and in virtual time: the real core of heng-gateway on simulated
 * disks, the real hosts, flow and database of the centre on another one, faults from a seed. What the meters said is
 * known, so that at the end database, journals and truth can be compared.
 *
 *   centre (0) ── east (1)
 *              ── north (2), a concentrator ── stair A (3)
 *                                           └─ stair B (4) */
#include <stdio.h>

#include "flow/delivery.h"
#include "flow/site.h"
#include "gateway/core.h"
#include "sim/disk.h"
#include "sim/rng.h"
#include "tests/sim/network.h"

enum {
    WORLD_GATEWAYS = 4, /* machines 1 .. 4 */
    WORLD_METERS = 3,   /* of each */
    WORLD_CHILDREN = 8, /* connections of a concentrator at once */
    WORLD_ORDERS = 12,
    WORLD_TOLD = 4096,
    WORLD_SMALL_FRAMES = 40, /* of a read, where journals are small */
    WORLD_SECOND = 8         /* machine m has a second address: m + 8 */
};
#define WORLD_WALL INT64_C(1800000000000000)

/* Mistakes that the proof must notice. */
typedef enum world_mutant {
    WORLD_SOUND,
    WORLD_JOURNAL_NORMAL, /* synchronous=NORMAL in the journals */
    WORLD_JOURNAL_OFF,    /* synchronous=OFF */
    WORLD_STORE_NORMAL,   /* the same of the centre's database */
    WORLD_STORE_OFF,
    WORLD_ACK_EARLY,       /* the centre acknowledges, then commits */
    WORLD_NUMBER_APART,    /* data and number in two transactions */
    WORLD_NUMBERLESS,      /* the centre takes what it has once more */
    WORLD_UNCOMPARED,      /* it passes over a number that it has, whatever that says now */
    WORLD_HOLE,            /* the centre forgets a batch and goes on */
    WORLD_SEND_EARLY,      /* a gateway sends what it has not committed */
    WORLD_LET_GO_EARLY,    /* it tells its lines that it has, before it has */
    WORLD_CHILD_ACK_EARLY, /* a concentrator acknowledges before it has committed */
    WORLD_MUTANTS
} world_mutant;
const char *world_mutant_text(world_mutant mutant);

/* What a meter has said, or, device_id 0, an event. promised: the gateway has told that it is committed. life: how
 * often an old disk was put back before. */
struct world_told {
    int64_t device_id, value;
    heng_us at_us, promised_us;
    unsigned life;
    bool promised;
};

struct world_order {
    int64_t id;
    int gateway;
    int64_t device_id;
    unsigned done; /* how often the meter has done it */
};

/* What a gateway has under way on its line. */
struct world_job {
    int64_t id, token;
    heng_us due_us;
    int stage; /* 0: free, 1: waits for LET_GO, 2: the meter does it */
};

struct world_gateway {
    struct heng_sim_disk *disk;
    struct heng_core *core; /* NULL: without power */
    int64_t id;
    int parent; /* machine */
    char common_name[32];
    uint64_t serial;
    int64_t line_id, devices[WORLD_METERS];
    int64_t counters[WORLD_METERS]; /* what the meters show */
    heng_us boot_us, shift_us;      /* power comes back; its system's clock is off by so much */
    heng_us next_us;                /* the meters say something */
    int up;                         /* connection to the tier above, -1: none */
    bool up_open;
    bool up_stale;                /* it leads to a life of the tier above that has forgotten what it took */
    int children[WORLD_CHILDREN]; /* connections from below, -1: none */
    bool full;
    int64_t requests_told, events_told;
    unsigned servers;
    struct heng_sim_disk *kept; /* an old copy of its disk; NULL: none was made */
    heng_us kept_us;
    unsigned put_back; /* how often it came to life with it */
    struct world_job jobs[4];
    struct world_told *told;
    size_t told_n;
    uint64_t acked, acked_epoch;       /* the most that the centre has acknowledged */
    uint64_t above_acked, above_epoch; /* by the concentrator whose power has just gone */
};

/* A connection at the centre. */
struct world_session {
    struct heng_host *host;
    int gateway; /* machine; 0: free */
    uint64_t epoch;
};

struct world {
    uint64_t seed;
    world_mutant mutant;
    bool trace;
    /* What may happen in this history. */
    bool small;    /* journals of 1 MiB, much to keep, long partitions */
    bool restores; /* the centre's database is put back from a backup; nobody gives orders, nobody moves */
    bool clones;   /* disks of gateways are put back */
    struct heng_sim_rng rng;
    heng_us now, faults_until_us, fault_us;
    struct sim_network *net;
    struct heng_sim_disk *disk; /* the centre's */
    struct heng_store *store;   /* NULL: without power */
    heng_us boot_us;
    struct heng_sim_disk *kept; /* its backup, NULL: there is none */
    bool site_changed;          /* the description, and the database does not have it yet */
    unsigned site_turn;
    struct world_session sessions[SIM_CONNECTIONS_MAX];
    struct world_gateway gateways[WORLD_GATEWAYS + 1]; /* [0] is not used */
    struct world_order orders[2 * WORLD_ORDERS];
    size_t order_n;
    heng_us order_us;
    uint64_t hash; /* of all that happened */
    /* counted */
    unsigned cuts, power_cuts, centre_cuts, partitions, full_disks, clock_steps, batches, lives, entries;
    unsigned configs, moves, backups, restored, put_back, thinned;
    char failure[400]; /* "": all is as it should be */
};

/* Run one seed to its end: faults for minutes of virtual time, then quiet until all is delivered. false: failure says
 * what is wrong. */
bool world_run(uint64_t seed, world_mutant mutant, bool trace, struct world *ret);

/* --- inside ------------------------------------------------------------------------------------------------------- */

void world_fail(struct world *w, const char *fmt, ...) HENG_PRINTF(2, 3);
void world_trace(struct world *w, const char *fmt, ...) HENG_PRINTF(2, 3);
heng_us world_wall(const struct world *w);
uint32_t world_below(struct world *w, uint32_t n);

/* world_faults.c */
void fault_strike(struct world *w); /* one more, and when the next one comes */
void fault_calm(struct world *w);   /* from here on nothing breaks any more */

/* world_centre.c */
bool centre_make(struct world *w);
void centre_pump(struct world *w);
void centre_event(struct world *w, const struct sim_network_event *event);
void centre_crash(struct world *w);
bool centre_boot(struct world *w);
void centre_order(struct world *w);
heng_us centre_deadline(const struct world *w);
void centre_check(struct world *w);          /* at the end: database against journals and truth */
const char *centre_refusal(struct world *w); /* why an entry was refused */
void centre_tell_rest(struct world *w);
bool centre_is_done(struct world *w); /* nothing is missing any more */
void centre_restore(struct world *w); /* its disk is its backup now */
int64_t centre_number(struct world *w, const char *sql, int64_t a, int64_t b, int64_t c); /* of its database */

/* world_gateway.c */
void gateway_boot(struct world *w, int machine);
void gateway_crash(struct world *w, int machine);
void gateway_pump(struct world *w, int machine);
void gateway_event(struct world *w, int machine, const struct sim_network_event *event);
void gateway_live(struct world *w, int machine); /* the meters speak, the orders go on */
heng_us gateway_deadline(const struct world *w, int machine);

#endif
