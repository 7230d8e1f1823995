/* A gateway of the simulation: the real core on its disk, meters that speak, orders that are done. */
#include <assert.h>
#include <stdlib.h>

#include "tests/sim/world.h"

enum { PUMP_MAX = 20000, ORDER_TAKES_MS = 800, RETRY_MS = 500, OFTEN_S = 8 };
#define BUILT_US  (WORLD_WALL - 30 * HENG_US_PER_DAY)
#define JOB_TOKEN INT64_C(1000000)

static heng_us system_wall(const struct world *w, const struct world_gateway *g)
{
    heng_us wall_us = world_wall(w) + g->shift_us;
    return wall_us > 0 ? wall_us : w->now;
}

/* What the gateways right below know to be safe with this one; 0: it cannot be said. */
static void note_acked_below(struct world *w, int machine)
{
    static struct heng_core_status status;
    for (int i = 1; i <= WORLD_GATEWAYS; i++) {
        struct world_gateway *child = &w->gateways[i];
        child->above_acked = child->parent == machine ? 0 : child->above_acked;
        if (child->parent != machine || !child->core) continue;
        heng_core_status_now(child->core, w->now, &status);
        child->above_epoch = status.epoch;
        if (status.uplink.welcomed && !child->up_stale) child->above_acked = status.acked;
    }
}

static void check_acked_below(struct world *w, int machine)
{
    for (int i = 1; i <= WORLD_GATEWAYS; i++) {
        struct world_gateway *child = &w->gateways[i];
        struct heng_slice value = {0};
        char name[65];
        if (child->parent != machine || !child->above_acked) continue;
        snprintf(name, sizeof name, "child:%lld:%016llx", (long long)child->id, (unsigned long long)child->above_epoch);
        heng_rc rc = heng_spool_recall(heng_core_journal(w->gateways[machine].core), name, &value, NULL);
        struct heng_reader r = heng_reader_of(value);
        uint64_t has = rc == HENG_OK ? heng_reader_le(&r, 8) : 0;
        if (has < child->above_acked)
            world_fail(w, "%llu of gateway %d was acknowledged by gateway %d, which has %llu",
                       (unsigned long long)child->above_acked, i, machine, (unsigned long long)has);
        child->above_acked = 0;
    }
}

void gateway_boot(struct world *w, int machine)
{
    struct world_gateway *g = &w->gateways[machine];
    struct heng_err err = {.text = ""};
    struct heng_core_config config = {.journal = "journal",
                                      .vfs = heng_sim_disk_vfs(g->disk),
                                      .servers = g->servers,
                                      .enrolled = true,
                                      .seed = w->seed * 16 + (uint64_t)machine + ++w->lives * 1024,
                                      .built_us = BUILT_US};
    snprintf(config.software, sizeof config.software, "sim");
    if (w->small) config.limits.bytes_max = 1024 * 1024;
    if (w->mutant == WORLD_SEND_EARLY) config.limits.weaken_for_tests = HENG_SPOOL_SHOW_EARLY;
    if (w->mutant == WORLD_LET_GO_EARLY) config.weaken_for_tests = HENG_CORE_LET_GO_EARLY;
    if (w->mutant == WORLD_CHILD_ACK_EARLY) config.weaken_for_tests = HENG_CORE_ACK_EARLY;
    if (w->mutant == WORLD_JOURNAL_NORMAL) config.limits.weaken_for_tests = HENG_SPOOL_SYNC_NORMAL;
    if (w->mutant == WORLD_JOURNAL_OFF) config.limits.weaken_for_tests = HENG_SPOOL_SYNC_OFF;
    g->boot_us = HENG_US_NEVER;
    g->up = -1;
    g->up_open = g->full = false;
    for (int i = 0; i < WORLD_CHILDREN; i++) g->children[i] = -1;
    memset(g->jobs, 0, sizeof g->jobs);
    sim_network_up(w->net, machine);
    sim_network_up(w->net, machine + WORLD_SECOND);
    heng_rc rc = heng_core_new(&config, w->now, system_wall(w, g), &g->core, &err);
    if (rc != HENG_OK && !heng_sim_disk_is_cut(g->disk))
        world_fail(w, "gateway %d does not start: %s", machine, err.text);
    if (rc != HENG_OK)
        gateway_crash(w, machine);
    else if (heng_core_journal(g->core))
        check_acked_below(w, machine);
    g->next_us = w->now + world_below(w, OFTEN_S) * HENG_US_PER_S;
    world_trace(w, "gateway %d boots", machine);
}

/* The power goes: what the disk has not is gone. It comes back after a while. */
void gateway_crash(struct world *w, int machine)
{
    struct world_gateway *g = &w->gateways[machine];
    if (g->core) note_acked_below(w, machine);
    heng_sim_disk_cut(g->disk);
    heng_core_free(g->core, false);
    g->core = NULL;
    sim_network_down(w->net, w->now, machine);
    sim_network_down(w->net, w->now, machine + WORLD_SECOND);
    heng_sim_disk_restart(g->disk);
    g->boot_us = w->now + (1 + world_below(w, 90)) * HENG_US_PER_S;
    w->power_cuts++;
    world_trace(w, "gateway %d has no power", machine);
}

static struct world_job *find_job(struct world_gateway *g, int64_t id)
{
    for (size_t i = 0; i < sizeof g->jobs / sizeof *g->jobs; i++)
        if (g->jobs[i].stage && g->jobs[i].id == id) return &g->jobs[i];
    return NULL;
}

static bool tell_order(struct world *w, struct world_gateway *g, int64_t id, heng_stage stage, int64_t token)
{
    struct world_order *order = NULL;
    struct heng_err err;
    bool doubtful;
    for (size_t i = 0; i < w->order_n; i++)
        if (w->orders[i].id == id) order = &w->orders[i];
    assert(order);
    struct heng_body body = {.kind = HENG_ENTRY_ORDER,
                             .order = {.id = id,
                                       .line_id = g->line_id,
                                       .device_id = order->device_id,
                                       .command = true,
                                       .kind = HENG_ORDER_CONNECT,
                                       .stage = stage,
                                       .ended = stage == HENG_STAGE_CONFIRMED,
                                       .has_outcome = stage == HENG_STAGE_CONFIRMED,
                                       .outcome = HENG_OUTCOME_OK}};
    heng_us at_us = heng_core_wall(g->core, w->now, system_wall(w, g), &doubtful);
    return heng_core_tell(g->core, w->now, &body, at_us, true, token, &err) == HENG_OK;
}

static void take_order(struct world *w, struct world_gateway *g, const struct heng_down_order *order)
{
    struct world_job *job = NULL;
    struct heng_down_outcome outcome = {.what = HENG_OUTCOME_OF_ORDER, .of = order->id};
    for (size_t i = 0; i < sizeof g->jobs / sizeof *g->jobs; i++)
        if (!g->jobs[i].stage) job = &g->jobs[i];
    /* What the disk does not take has not begun: it would be known for ever, and nobody would do it. */
    outcome.taken = job != NULL && !g->full && tell_order(w, g, order->id, HENG_STAGE_SENT, JOB_TOKEN + order->id);
    if (outcome.taken) *job = (struct world_job){.id = order->id, .token = JOB_TOKEN + order->id, .stage = 1};
    if (!outcome.taken) snprintf(outcome.why, sizeof outcome.why, "the line has enough to do");
    heng_core_outcome(g->core, w->now, &outcome);
}

static void let_go(struct world *w, struct world_gateway *g, int64_t token)
{
    if (token >= JOB_TOKEN) {
        struct world_job *job = find_job(g, token - JOB_TOKEN);
        if (!job) return;
        job->stage = 2;
        job->due_us = w->now + ORDER_TAKES_MS * HENG_US_PER_MS;
        /* From here on the meter may have it, whatever happens to us. */
        for (size_t i = 0; i < w->order_n; i++)
            if (w->orders[i].id == job->id) w->orders[i].done++;
        return;
    }
    assert(token >= 1 && (size_t)token <= g->told_n);
    g->told[token - 1].promised = true;
    g->told[token - 1].promised_us = w->now;
}

static int child_slot(const struct world_gateway *g, int connection)
{
    for (int i = 0; i < WORLD_CHILDREN; i++)
        if (g->children[i] == connection) return i;
    return -1;
}

static void act(struct world *w, int machine, const struct heng_core_action *a)
{
    struct world_gateway *g = &w->gateways[machine];
    switch (a->kind) {
    case HENG_CORE_NONE: break;
    case HENG_CORE_CONNECT:
        g->up = sim_network_dial(w->net, w->now, machine, g->parent + (a->server ? WORLD_SECOND : 0));
        assert(g->up >= 0);
        g->up_open = g->up_stale = false;
        break;
    case HENG_CORE_HANG_UP:
        if (g->up >= 0) sim_network_close(w->net, w->now, g->up, 0);
        g->up = -1;
        heng_core_up_closed(g->core, w->now, "hung up");
        break;
    case HENG_CORE_SEND:
        assert(g->up >= 0 && g->up_open);
        sim_network_send(w->net, w->now, g->up, 0, a->bytes);
        break;
    case HENG_CORE_CHILD_SEND:
        if (g->children[a->child] >= 0) sim_network_send(w->net, w->now, g->children[a->child], 1, a->bytes);
        break;
    case HENG_CORE_CHILD_HANG_UP:
        if (g->children[a->child] >= 0) sim_network_close(w->net, w->now, g->children[a->child], 1);
        g->children[a->child] = -1;
        heng_core_child_closed(g->core, w->now, a->child, "hung up");
        break;
    case HENG_CORE_CONFIG: heng_core_config_done(g->core, w->now, true, ""); break;
    case HENG_CORE_ORDER: take_order(w, g, &a->order); break;
    case HENG_CORE_LET_GO: let_go(w, g, a->token); break;
    case HENG_CORE_FULL: g->full = a->full; break;
    case HENG_CORE_CANCEL:
    case HENG_CORE_SEARCH:
    case HENG_CORE_ASK:
    case HENG_CORE_TUNNEL:
    case HENG_CORE_ENROLLED: world_fail(w, "gateway %d: nobody asked for action %d", machine, (int)a->kind); break;
    }
}

void gateway_pump(struct world *w, int machine)
{
    static struct heng_core_action action;
    struct world_gateway *g = &w->gateways[machine];
    for (int i = 0; g->core && i < PUMP_MAX; i++) {
        heng_core_poll(g->core, w->now, system_wall(w, g), &action);
        if (heng_sim_disk_is_cut(g->disk)) {
            gateway_crash(w, machine);
            return;
        }
        if (action.kind == HENG_CORE_NONE) return;
        act(w, machine, &action);
    }
    if (g->core) world_fail(w, "gateway %d never comes to rest", machine);
}

void gateway_event(struct world *w, int machine, const struct sim_network_event *event)
{
    struct world_gateway *g = &w->gateways[machine];
    if (!g->core) return;
    if (event->side == 0) {
        if (event->connection != g->up) return;
        switch (event->news) {
        case SIM_NEWS_OPENED:
            g->up_open = true;
            heng_core_up_connected(g->core, w->now);
            break;
        case SIM_NEWS_BYTES:
            heng_core_up_bytes(g->core, w->now, system_wall(w, g), event->bytes);
            heng_core_up_unsent(g->core, w->now, sim_network_unsent(w->net, g->up, 0));
            break;
        case SIM_NEWS_CLOSED:
            g->up = -1;
            heng_core_up_closed(g->core, w->now, "the connection was lost");
            break;
        }
        return;
    }
    const struct world_gateway *child = &w->gateways[event->peer];
    int slot = child_slot(g, event->connection);
    switch (event->news) {
    case SIM_NEWS_OPENED:
        slot = child_slot(g, -1);
        if (slot < 0) {
            sim_network_close(w->net, w->now, event->connection, 1);
            return;
        }
        g->children[slot] = event->connection;
        heng_core_child_connected(g->core, w->now, slot, child->common_name, child->serial);
        break;
    case SIM_NEWS_BYTES:
        if (slot >= 0) heng_core_child_bytes(g->core, w->now, system_wall(w, g), slot, event->bytes);
        break;
    case SIM_NEWS_CLOSED:
        if (slot < 0) return;
        g->children[slot] = -1;
        heng_core_child_closed(g->core, w->now, slot, "the connection was lost");
        break;
    }
}

/* --- what meters say ------------------------------------------------------------------------------------------- */

/* A clock that was put back comes to the same moment twice; our times are whole milliseconds, those of life are not. */
static bool is_taken(const struct world_gateway *g, int meter, heng_us at_us)
{
    for (size_t i = 0; i < g->told_n; i++)
        if (g->told[i].device_id == g->devices[meter] && g->told[i].at_us == at_us) return true;
    return false;
}

static void tell_read(struct world *w, struct world_gateway *g, int meter)
{
    static struct heng_read read;
    struct heng_err err;
    bool doubtful, answered = world_below(w, 8) != 0, watched = world_below(w, 3) == 0;
    heng_us at_us = heng_core_wall(g->core, w->now, system_wall(w, g), &doubtful);
    if (g->told_n == WORLD_TOLD || is_taken(g, meter, at_us)) return;
    read.device_id = g->devices[meter];
    read.at_us = at_us;
    read.outcome = answered ? HENG_OUTCOME_OK : HENG_OUTCOME_SILENCE;
    read.tries = 1;
    read.value_count = answered ? 1 : 0;
    read.frame_count = !answered ? 0 : w->small ? WORLD_SMALL_FRAMES : 1;
    int64_t value = g->counters[meter] + 1 + world_below(w, 5);
    read.values[0] = (struct heng_value){.key = {.quantity = HENG_QUANTITY_ENERGY, .unit = HENG_UNIT_WH},
                                         .has_value = true,
                                         .dec = {.mantissa = value, .exp = 3}};
    read.frame_of_value[0] = 0;
    for (size_t i = 0; i < read.frame_count; i++) {
        read.frames[i].at_us = at_us;
        read.frames[i].n = (uint16_t)(w->small ? 250 : 8 + world_below(w, 200));
        memset(read.frames[i].bytes, (int)(value & 0xFF) + (int)i, read.frames[i].n);
        memcpy(read.frames[i].bytes, &value, sizeof value);
    }
    struct heng_body body = {.kind = HENG_ENTRY_READ, .read = {.line_id = g->line_id, .read = &read}};
    int64_t token = answered && watched ? (int64_t)g->told_n + 1 : 0;
    if (heng_core_tell(g->core, w->now, &body, at_us, watched, token, &err) != HENG_OK) return;
    if (!answered) return;
    g->counters[meter] = value;
    g->told[g->told_n++] = (struct world_told){.device_id = read.device_id, .value = value, .at_us = at_us};
}

/* Something that must arrive, however short of room a journal is. */
static void tell_event(struct world *w, struct world_gateway *g)
{
    struct heng_err err;
    bool doubtful;
    struct heng_body body = {.kind = HENG_ENTRY_EVENT,
                             .event = {.kind = HENG_GATEWAY_IMPORTED, .value = ++g->events_told}};
    heng_us at_us = heng_core_wall(g->core, w->now, system_wall(w, g), &doubtful);
    if (g->told_n == WORLD_TOLD) return;
    if (heng_core_tell(g->core, w->now, &body, at_us, false, (int64_t)g->told_n + 1, &err) != HENG_OK) return;
    g->told[g->told_n++] = (struct world_told){.value = g->events_told, .at_us = at_us, .life = g->put_back};
}

static void tell_line(struct world *w, struct world_gateway *g)
{
    struct heng_err err;
    bool doubtful;
    struct heng_body body = {.kind = HENG_ENTRY_LINE,
                             .line = {.line_id = g->line_id,
                                      .state = HENG_LINE_STATE_IDLE,
                                      .counters = {.requests = 1 + world_below(w, 9)},
                                      .vitals = {.health = 100, .hint_kind = "none"}}};
    heng_us at_us = heng_core_wall(g->core, w->now, system_wall(w, g), &doubtful);
    g->requests_told += (int64_t)body.line.counters.requests;
    (void)!heng_core_tell(g->core, w->now, &body, at_us, false, 0, &err);
}

void gateway_live(struct world *w, int machine)
{
    struct world_gateway *g = &w->gateways[machine];
    if (!g->core) return;
    for (size_t i = 0; i < sizeof g->jobs / sizeof *g->jobs; i++) {
        struct world_job *job = &g->jobs[i];
        if (job->stage != 2 || job->due_us > w->now) continue;
        bool told = tell_order(w, g, job->id, HENG_STAGE_CONFIRMED, 0);
        job->due_us = w->now + RETRY_MS * HENG_US_PER_MS;
        if (told) job->stage = 0;
    }
    if (w->now < g->next_us || w->now >= w->faults_until_us) return;
    g->next_us = w->now + (1 + world_below(w, 2 * OFTEN_S * 1000)) * HENG_US_PER_MS;
    if (g->full || !heng_core_has_room(g->core)) return;
    for (int meter = 0; meter < WORLD_METERS; meter++)
        if (world_below(w, 3)) tell_read(w, g, meter);
    if (world_below(w, 4) == 0) tell_line(w, g);
    if (world_below(w, 8) == 0) tell_event(w, g);
}

heng_us gateway_deadline(const struct world *w, int machine)
{
    const struct world_gateway *g = &w->gateways[machine];
    if (!g->core) return g->boot_us;
    heng_us deadline_us = heng_core_deadline(g->core);
    if (w->now < w->faults_until_us && g->next_us < deadline_us) deadline_us = g->next_us;
    for (size_t i = 0; i < sizeof g->jobs / sizeof *g->jobs; i++)
        if (g->jobs[i].stage == 2 && g->jobs[i].due_us < deadline_us) deadline_us = g->jobs[i].due_us;
    return deadline_us;
}
