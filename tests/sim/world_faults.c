/* What breaks in the simulation, and what people do to it. */
#include "tests/sim/world.h"

static void cut_power(struct world *w, struct heng_sim_disk *disk)
{
    heng_sim_disk_cut_at(disk, heng_sim_disk_counts(disk).points + world_below(w, 40));
}

/* One of the two addresses of the tier above, or both; where journals are small also for long. */
static void part(struct world *w, int machine)
{
    int parent = w->gateways[machine].parent;
    uint32_t which = world_below(w, 4);
    heng_us until_us = w->now + (5 + world_below(w, w->small && which < 2 ? 900 : 200)) * HENG_US_PER_S;
    if (which != 2) sim_network_part(w->net, w->now, machine, parent, until_us);
    if (which != 3) sim_network_part(w->net, w->now, machine, parent + WORLD_SECOND, until_us);
    w->partitions++;
}

static void clock_step(struct world *w, struct world_gateway *g)
{
    g->shift_us = world_below(w, 4) ? ((heng_us)world_below(w, 7200) - 3600) * HENG_US_PER_S : -WORLD_WALL / 2;
    w->clock_steps++;
}

/* Somebody changes the description, or the addresses of a gateway. */
static void change(struct world *w, struct world_gateway *g)
{
    w->configs++;
    if (world_below(w, 4)) {
        w->site_turn++;
        w->site_changed = true;
        return;
    }
    g->servers = 1 + world_below(w, 2);
    if (g->core) heng_core_restart(g->core, w->now, g->servers, true);
}

static void move_to(struct world *w, int machine, int parent)
{
    struct world_gateway *g = &w->gateways[machine];
    g->parent = parent;
    g->above_acked = 0;
    if (g->core) heng_core_restart(g->core, w->now, g->servers, true);
    w->site_changed = true;
    w->moves++;
    world_trace(w, "gateway %d is below %d now", machine, parent);
}

/* A stair's box is put below another concentrator, or at the centre itself. */
static void move(struct world *w)
{
    int machine = 3 + (int)world_below(w, 2), parent = (int)world_below(w, 3);
    if (parent != w->gateways[machine].parent && !w->restores) move_to(w, machine, parent);
}

static struct heng_sim_disk *copy_of(struct world *w, const struct heng_sim_disk *disk, const char *of, int machine)
{
    char name[64];
    snprintf(name, sizeof name, "kept-%s-%d-%llu", of, machine, (unsigned long long)w->seed);
    struct heng_sim_disk *kept = heng_sim_disk_new(name, w->seed);
    if (kept) heng_sim_disk_clone(disk, kept);
    return kept;
}

/* A backup is made, or one that is some minutes old is put back. */
static void back_up(struct world *w)
{
    if (!w->store) return;
    if (w->kept && world_below(w, 2)) {
        centre_restore(w);
        return;
    }
    heng_sim_disk_free(w->kept);
    w->kept = copy_of(w, w->disk, "centre", 0);
    w->backups++;
}

/* The copy of a disk is made, or takes the place of the disk: what came in between is forgotten there. Who does that to
 * a stair's box may hang it up elsewhere, too. */
static void put_back(struct world *w, int machine)
{
    struct world_gateway *g = &w->gateways[machine];
    if (!g->core) return;
    if (!g->kept || world_below(w, 4) == 0) {
        heng_sim_disk_free(g->kept);
        g->kept = copy_of(w, g->disk, "gateway", machine);
        g->kept_us = w->now;
        return;
    }
    gateway_crash(w, machine);
    for (int i = 1; i <= WORLD_GATEWAYS; i++)
        if (w->gateways[i].parent == machine) {
            w->gateways[i].above_acked = 0;
            w->gateways[i].up_stale = true;
        }
    heng_sim_disk_clone(g->kept, g->disk);
    g->put_back++;
    w->put_back++;
    for (size_t i = 0; i < g->told_n; i++)
        if (g->told[i].promised_us >= g->kept_us) g->told[i].promised = false;
    world_trace(w, "gateway %d has its old disk", machine);
    int parent = (int)world_below(w, 4);
    if (machine >= 3 && parent < 3 && parent != g->parent) move_to(w, machine, parent);
}

void fault_strike(struct world *w)
{
    int machine = 1 + (int)world_below(w, WORLD_GATEWAYS);
    struct world_gateway *g = &w->gateways[machine];
    w->fault_us = w->now + (1 + world_below(w, 40)) * HENG_US_PER_S;
    for (int i = 1; i <= WORLD_GATEWAYS; i++) heng_sim_disk_set_room(w->gateways[i].disk, -1);
    switch (world_below(w, w->clones ? 18 : 15)) {
    case 0:
    case 1:
    case 2:
    case 3:
        if (sim_network_cut(w->net, w->now)) w->cuts++;
        break;
    case 4:
    case 5:
        if (g->core) cut_power(w, g->disk);
        break;
    case 6:
        if (w->store) cut_power(w, w->disk);
        break;
    case 7:
    case 8: part(w, machine); break;
    case 9:
        heng_sim_disk_set_room(g->disk, heng_sim_disk_bytes(g->disk) + world_below(w, 20000));
        w->full_disks++;
        break;
    case 10: clock_step(w, g); break;
    case 11: change(w, g); break;
    case 12: move(w); break;
    case 13:
        if (w->restores) back_up(w);
        break;
    default:
        if (w->clones) put_back(w, machine);
        break;
    }
}

void fault_calm(struct world *w)
{
    w->fault_us = HENG_US_NEVER;
    for (int i = 1; i <= WORLD_GATEWAYS; i++) {
        heng_sim_disk_set_room(w->gateways[i].disk, -1);
        if (w->gateways[i].core) heng_sim_disk_cut_at(w->gateways[i].disk, UINT64_MAX);
    }
    if (w->store) heng_sim_disk_cut_at(w->disk, UINT64_MAX);
}
