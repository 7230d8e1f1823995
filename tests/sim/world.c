#include "tests/sim/world.h"

#include <stdarg.h>
#include <stdlib.h>

enum { FAULTS_MIN_S = 300, FAULTS_SPREAD_S = 900, QUIET_MAX_S = 6 * 3600, STEPS_MAX = 1000000, LOOK_S = 5 };

const char *world_mutant_text(world_mutant mutant)
{
    static const char *const texts[WORLD_MUTANTS] = {"sound",
                                                     "journal synchronous=NORMAL",
                                                     "journal synchronous=OFF",
                                                     "database synchronous=NORMAL",
                                                     "database synchronous=OFF",
                                                     "acknowledged before the commit",
                                                     "data and number in two transactions",
                                                     "numbers are not looked at",
                                                     "known numbers are not compared",
                                                     "a batch is forgotten",
                                                     "sent before the commit",
                                                     "let go before the commit",
                                                     "a child is acknowledged before the commit"};
    return texts[mutant];
}

heng_us world_wall(const struct world *w) { return WORLD_WALL + w->now; }

uint32_t world_below(struct world *w, uint32_t n) { return heng_sim_rng_below(&w->rng, n); }

void world_fail(struct world *w, const char *fmt, ...)
{
    va_list args;
    if (w->failure[0]) return;
    va_start(args, fmt);
    vsnprintf(w->failure, sizeof w->failure, fmt, args);
    va_end(args);
}

void world_trace(struct world *w, const char *fmt, ...)
{
    va_list args;
    if (!w->trace) return;
    printf("# %10.3f s  ", (double)w->now / 1e6);
    va_start(args, fmt);
    vprintf(fmt, args);
    va_end(args);
    putchar('\n');
}

static void mix(struct world *w, uint64_t value) { w->hash = (w->hash ^ value) * UINT64_C(0x100000001b3); }

/* --- time ----------------------------------------------------------------------------------------------------------
 */

static void pump(struct world *w)
{
    for (int i = 1; i <= WORLD_GATEWAYS; i++) {
        gateway_live(w, i);
        if (w->gateways[i].core) gateway_pump(w, i);
    }
    centre_pump(w);
}

static heng_us next_us(const struct world *w)
{
    heng_us at_us = sim_network_next_us(w->net);
    if (w->fault_us < at_us) at_us = w->fault_us;
    if (centre_deadline(w) < at_us) at_us = centre_deadline(w);
    for (int i = 1; i <= WORLD_GATEWAYS; i++)
        if (gateway_deadline(w, i) < at_us) at_us = gateway_deadline(w, i);
    return at_us;
}

static void boot_due(struct world *w)
{
    if (!w->store && w->boot_us <= w->now) (void)!centre_boot(w);
    for (int i = 1; i <= WORLD_GATEWAYS; i++)
        if (!w->gateways[i].core && w->gateways[i].boot_us <= w->now) gateway_boot(w, i);
}

static void step(struct world *w)
{
    struct sim_network_event event;
    heng_us at_us = next_us(w);
    if (at_us > w->now) w->now = at_us;
    if (w->now >= w->faults_until_us && w->fault_us != HENG_US_NEVER) fault_calm(w);
    if (w->fault_us <= w->now) fault_strike(w);
    boot_due(w);
    if (w->order_us <= w->now) centre_order(w);
    if (sim_network_take(w->net, w->now, &event)) {
        mix(w, (uint64_t)w->now);
        mix(w, event.bytes.n * 64 + (uint64_t)event.connection);
        int machine = event.machine % WORLD_SECOND;
        if (machine == 0)
            centre_event(w, &event);
        else
            gateway_event(w, machine, &event);
    }
    pump(w);
}

/* --- a run ---------------------------------------------------------------------------------------------------------
 */

static void make(struct world *w)
{
    static const int parents[WORLD_GATEWAYS + 1] = {0, 0, 0, 2, 2};
    char name[48];
    heng_us latency_us = (5 + world_below(w, 200)) * HENG_US_PER_MS;
    size_t chunk_max = 1 + world_below(w, 4000);
    snprintf(name, sizeof name, "centre-%llu", (unsigned long long)w->seed);
    w->disk = heng_sim_disk_new(name, w->seed * 8);
    for (int i = 1; i <= WORLD_GATEWAYS; i++) {
        struct world_gateway *g = &w->gateways[i];
        snprintf(name, sizeof name, "gateway-%d-%llu", i, (unsigned long long)w->seed);
        g->disk = heng_sim_disk_new(name, w->seed * 8 + (uint64_t)i);
        g->told = calloc(WORLD_TOLD, sizeof *g->told);
        g->parent = parents[i];
        g->servers = 2;
        g->boot_us = world_below(w, 20) * HENG_US_PER_S;
        g->shift_us = world_below(w, 4) ? 0 : -WORLD_WALL / 2;
        if (!g->disk || !g->told) world_fail(w, "out of memory");
    }
    w->boot_us = HENG_US_NEVER;
    w->small = world_below(w, 8) == 0;
    if (w->small) chunk_max += 1000; /* much to carry: not byte by byte */
    w->net = sim_network_new(w->seed, latency_us, chunk_max);
    w->restores = !w->small && world_below(w, 8) == 0;
    w->clones = !w->small && !w->restores && world_below(w, 4) == 0;
    if (w->mutant == WORLD_UNCOMPARED || w->mutant == WORLD_NUMBER_APART) { /* looked for where it shows */
        w->clones = w->mutant == WORLD_UNCOMPARED;
        w->small = w->restores = false;
    }
    w->faults_until_us = (FAULTS_MIN_S + world_below(w, FAULTS_SPREAD_S)) * HENG_US_PER_S;
    w->fault_us = (30 + world_below(w, 60)) * HENG_US_PER_S;
    if (w->disk && !w->failure[0]) (void)!centre_make(w);
}

static void unmake(struct world *w)
{
    for (int i = 0; i < SIM_CONNECTIONS_MAX; i++) heng_host_free(w->sessions[i].host);
    for (int i = 1; i <= WORLD_GATEWAYS; i++) {
        heng_core_free(w->gateways[i].core, false);
        heng_sim_disk_free(w->gateways[i].disk);
        heng_sim_disk_free(w->gateways[i].kept);
        free(w->gateways[i].told);
    }
    heng_store_close(w->store);
    heng_sim_disk_free(w->disk);
    heng_sim_disk_free(w->kept);
    sim_network_free(w->net);
}

bool world_run(uint64_t seed, world_mutant mutant, bool trace, struct world *ret)
{
    struct world *w = ret;
    *w = (struct world){.seed = seed, .mutant = mutant, .trace = trace, .rng = heng_sim_rng_of(seed, 1)};
    make(w);
    heng_us look_us = 0;
    bool done = false;
    for (long steps = 0; !done && !w->failure[0]; steps++) {
        step(w);
        if (steps > STEPS_MAX) world_fail(w, "no end after %ld steps", steps);
        if (w->now < w->faults_until_us || w->now < look_us) continue;
        look_us = w->now + LOOK_S * HENG_US_PER_S;
        done = centre_is_done(w);
        if (w->now > w->faults_until_us + QUIET_MAX_S * HENG_US_PER_S) world_fail(w, "it does not come to rest");
    }
    if (!w->failure[0]) centre_check(w);
    if (w->failure[0] && trace) centre_tell_rest(w);
    unmake(w);
    return !w->failure[0];
}
