/* The centre of the simulation: real hosts, real flow, the real database on a disk whose power can go. */
#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#include "store/db.h"
#include "store/gateways.h"
#include "store/orders.h"
#include "store/read.h"
#include "store/write.h"
#include "tests/sim/world.h"

enum { PUMP_MAX = 20000, WAITING_MAX = 64, GROUP_MS = 300 };

/* Batches that are taken and not stored yet. */
struct waiting {
    int session;
    bool live;
    uint64_t epoch, first, last;
    size_t n;
    uint8_t *bytes;
};
static struct waiting waiting[WAITING_MAX];
static size_t waiting_n;
static heng_us commit_us;

static void forget_waiting(void)
{
    for (size_t i = 0; i < waiting_n; i++) free(waiting[i].bytes);
    waiting_n = 0;
    commit_us = HENG_US_NEVER;
}

static const char *const gateway_keys[WORLD_GATEWAYS + 1] = {"", "east", "north", "stair-a", "stair-b"};
static const char *const line_keys[WORLD_GATEWAYS + 1] = {"", "line-1", "line-2", "line-3", "line-4"};

static heng_rc open_store(struct world *w, struct heng_err *err)
{
    heng_store_weakness weakness = HENG_STORE_STRONG;
    if (w->mutant == WORLD_STORE_NORMAL) weakness = HENG_STORE_SYNC_NORMAL;
    if (w->mutant == WORLD_STORE_OFF) weakness = HENG_STORE_SYNC_OFF;
    return heng_store_open_on("heng.db", heng_sim_disk_vfs(w->disk), weakness, &w->store, err);
}

/* --- the site ------------------------------------------------------------------------------------------------------
 */

static heng_rc apply_site(struct world *w, struct heng_err *err)
{
    static char numbers[WORLD_GATEWAYS * WORLD_METERS][16], addresses[WORLD_METERS][4];
    struct heng_site_gateway gateways[WORLD_GATEWAYS];
    struct heng_site_line lines[WORLD_GATEWAYS];
    struct heng_site_meter meters[WORLD_GATEWAYS * WORLD_METERS];
    struct heng_site_place place = {.key = "house", .kind = "building", .name = "House"};
    struct heng_site_applied applied;
    for (int i = 0; i < WORLD_GATEWAYS; i++) {
        int parent = w->gateways[i + 1].parent;
        gateways[i] = (struct heng_site_gateway){
            .key = gateway_keys[i + 1], .name = gateway_keys[i + 1], .parent = gateway_keys[parent]};
        lines[i] = (struct heng_site_line){.key = line_keys[i + 1],
                                           .name = line_keys[i + 1],
                                           .gateway = gateway_keys[i + 1],
                                           .transport = "serial",
                                           .endpoint = "/dev/ttyS1",
                                           .parity = "E",
                                           .baud = 2400,
                                           .period_s = 60 + w->site_turn};
        for (int k = 0; k < WORLD_METERS; k++) {
            int at = i * WORLD_METERS + k;
            snprintf(numbers[at], sizeof numbers[at], "%08d", 10000000 + at);
            snprintf(addresses[k], sizeof addresses[k], "%d", k + 1);
            meters[at] = (struct heng_site_meter){.number = numbers[at],
                                                  .manufacturer = "HNG",
                                                  .line = line_keys[i + 1],
                                                  .place = "house",
                                                  .protocol = "mbus",
                                                  .address = addresses[k],
                                                  .medium = "heat"};
        }
    }
    const struct heng_site site = {.name = "sim",
                                   .time_zone = "UTC",
                                   .places = &place,
                                   .place_count = 1,
                                   .lines = lines,
                                   .line_count = WORLD_GATEWAYS,
                                   .meters = meters,
                                   .meter_count = WORLD_GATEWAYS * WORLD_METERS,
                                   .gateways = gateways,
                                   .gateway_count = WORLD_GATEWAYS};
    return heng_site_apply(w->store, &site, world_wall(w), &applied, err);
}

static heng_rc enrol(struct world *w, int machine, struct heng_err *err)
{
    struct heng_gateway row;
    struct heng_site_lines lines = {0};
    struct world_gateway *g = &w->gateways[machine];
    struct heng_store_reader *reader = heng_store_as_reader(w->store);
    heng_rc rc = heng_store_gateway_by_key(reader, gateway_keys[machine], &row, err);
    if (rc == HENG_OK) rc = heng_store_begin(w->store, err);
    if (rc != HENG_OK) return rc;
    g->id = row.id;
    g->serial = 1000 + (uint64_t)machine;
    snprintf(g->common_name, sizeof g->common_name, "gw-%016d", machine);
    rc = heng_store_enrol_gateway(w->store, row.id, g->common_name, g->serial, world_wall(w),
                                  world_wall(w) + 365 * HENG_US_PER_DAY, err);
    if (rc == HENG_OK) rc = heng_site_load_gateway_lines(reader, row.id, NULL, &lines, err);
    for (size_t i = 0; rc == HENG_OK && i < lines.line_count; i++) g->line_id = lines.lines[i].id;
    for (size_t i = 0; rc == HENG_OK && i < lines.meter_count && i < WORLD_METERS; i++)
        g->devices[i] = lines.meters[i].device_id;
    heng_site_lines_fini(&lines);
    return rc == HENG_OK ? heng_store_commit(w->store, err) : rc;
}

/* What all worlds begin with is made once in a process: a database, its site, gateways that are enrolled. */
static struct heng_sim_disk *first_disk;
static struct world_gateway first_gateways[WORLD_GATEWAYS + 1];

static bool make_first(struct world *w)
{
    struct world first = {.now = 0};
    struct heng_err err = {.text = ""};
    if (first_disk) return true;
    first.disk = heng_sim_disk_new("centre-first", 1);
    memcpy(first.gateways, w->gateways, sizeof first.gateways); /* who is below whom */
    heng_rc rc = first.disk ? open_store(&first, &err) : heng_fail(&err, HENG_ENOMEM, 0, "out of memory");
    if (rc == HENG_OK) rc = apply_site(&first, &err);
    for (int i = 1; rc == HENG_OK && i <= WORLD_GATEWAYS; i++) rc = enrol(&first, i, &err);
    heng_store_close(first.store);
    memcpy(first_gateways, first.gateways, sizeof first_gateways);
    if (rc == HENG_OK)
        first_disk = first.disk;
    else
        heng_sim_disk_free(first.disk);
    if (rc != HENG_OK) world_fail(w, "the centre cannot be made: %s", err.text);
    return rc == HENG_OK;
}

bool centre_make(struct world *w)
{
    struct heng_err err = {.text = ""};
    forget_waiting();
    if (!make_first(w)) return false;
    heng_sim_disk_clone(first_disk, w->disk);
    for (int i = 1; i <= WORLD_GATEWAYS; i++) {
        struct world_gateway *g = &w->gateways[i];
        const struct world_gateway *first = &first_gateways[i];
        g->id = first->id;
        g->line_id = first->line_id;
        g->serial = first->serial;
        memcpy(g->common_name, first->common_name, sizeof g->common_name);
        memcpy(g->devices, first->devices, sizeof g->devices);
    }
    if (open_store(w, &err) != HENG_OK) world_fail(w, "the centre does not start: %s", err.text);
    return w->store != NULL;
}

/* --- life ----------------------------------------------------------------------------------------------------------
 */

static void drop_session(struct world *w, int session)
{
    heng_host_free(w->sessions[session].host);
    w->sessions[session] = (struct world_session){0};
    for (size_t i = 0; i < waiting_n; i++)
        if (waiting[i].session == session) waiting[i].session = -1;
}

void centre_crash(struct world *w)
{
    for (int i = 0; i < SIM_CONNECTIONS_MAX; i++)
        if (w->sessions[i].gateway) drop_session(w, i);
    forget_waiting();
    heng_sim_disk_cut(w->disk);
    heng_store_close(w->store);
    w->store = NULL;
    sim_network_down(w->net, w->now, 0);
    sim_network_down(w->net, w->now, WORLD_SECOND);
    heng_sim_disk_restart(w->disk);
    w->boot_us = w->now + (1 + world_below(w, 60)) * HENG_US_PER_S;
    w->centre_cuts++;
    world_trace(w, "the centre has no power");
}

/* One whose commit succeeded and was not heard of any more. */
static void find_orders(struct world *w)
{
    static struct heng_command_row rows[2 * WORLD_ORDERS];
    struct heng_err err;
    size_t n = 0;
    if (heng_store_list_open_commands(heng_store_as_reader(w->store), 0, rows, 2 * WORLD_ORDERS, &n, &err) != HENG_OK)
        world_fail(w, "commands: %s", err.text);
    for (size_t i = 0; i < n; i++) {
        struct world_order order = {.id = rows[i].command.id, .device_id = rows[i].command.device_id};
        size_t k = 0;
        for (int m = 1; m <= WORLD_GATEWAYS; m++)
            if (w->gateways[m].line_id == rows[i].command.line_id) order.gateway = m;
        while (k < w->order_n && w->orders[k].id != order.id) k++;
        if (k == w->order_n) w->orders[w->order_n++] = order;
    }
}

/* What was acknowledged is there. */
bool centre_boot(struct world *w)
{
    struct heng_err err = {.text = ""};
    w->boot_us = HENG_US_NEVER;
    if (open_store(w, &err) != HENG_OK) {
        world_fail(w, "the centre does not start: %s", err.text);
        return false;
    }
    for (int i = 1; i <= WORLD_GATEWAYS; i++) {
        const struct world_gateway *g = &w->gateways[i];
        if (!g->acked_epoch) continue;
        struct heng_gateway_journal journal = {0};
        heng_rc rc = heng_store_get_journal(heng_store_as_reader(w->store), g->id, g->acked_epoch, &journal, &err);
        if ((rc != HENG_OK && rc != HENG_ENOTFOUND) || journal.seq < g->acked)
            world_fail(w, "%" PRIu64 " of gateway %d was acknowledged, and the centre has %" PRIu64, g->acked, i,
                       journal.seq);
    }
    find_orders(w);
    sim_network_up(w->net, 0);
    sim_network_up(w->net, WORLD_SECOND);
    world_trace(w, "the centre boots");
    return true;
}

/* What was acknowledged since, and the description of the site as it is, are not in it. */
void centre_restore(struct world *w)
{
    centre_crash(w);
    heng_sim_disk_clone(w->kept, w->disk);
    for (int i = 1; i <= WORLD_GATEWAYS; i++) {
        w->gateways[i].acked = w->gateways[i].acked_epoch = 0;
        if (w->gateways[i].parent == 0) w->gateways[i].up_stale = true;
    }
    w->site_changed = true;
    w->restored++;
    world_trace(w, "the centre is its backup");
}

/* Nobody may lose it from here on. */
static void acknowledge(struct world *w, int session, uint64_t epoch, uint64_t durable)
{
    struct world_gateway *g = &w->gateways[w->sessions[session].gateway];
    heng_host_stored(w->sessions[session].host, w->now, epoch, durable);
    if (g->acked_epoch != epoch) g->acked = 0;
    g->acked_epoch = epoch;
    if (durable > g->acked) g->acked = durable;
}

/* A mistake: what was told and how far it was told are two transactions. */
static heng_rc ingest_apart(struct world *w, struct heng_delivery *delivery, struct heng_ingested *ret,
                            struct heng_err *err)
{
    struct heng_gateway_journal before, after;
    struct heng_store_reader *reader = heng_store_as_reader(w->store);
    struct waiting *batch = NULL;
    for (size_t i = 0; i < waiting_n; i++)
        if (waiting[i].bytes == delivery->bytes.p) batch = &waiting[i];
    bool known = heng_store_get_journal(reader, delivery->gateway_id, batch->epoch, &before, err) == HENG_OK;
    heng_rc rc = heng_store_begin(w->store, err);
    if (rc == HENG_OK) rc = heng_delivery_ingest(w->store, delivery, world_wall(w), ret, err);
    if (rc == HENG_OK) rc = heng_store_get_journal(reader, delivery->gateway_id, batch->epoch, &after, err);
    if (rc == HENG_OK && known) rc = heng_store_put_journal(w->store, &before, err);
    if (rc == HENG_OK) rc = heng_store_commit(w->store, err);
    if (rc == HENG_OK) rc = heng_store_begin(w->store, err);
    if (rc == HENG_OK) rc = heng_store_put_journal(w->store, &after, err);
    if (rc == HENG_OK) rc = heng_store_commit(w->store, err);
    return rc;
}

/* Everything that waits, in one transaction. */
static void commit(struct world *w)
{
    static struct heng_ingested ingested;
    static struct heng_delivery deliveries[WAITING_MAX];
    struct heng_fact facts[WAITING_MAX] = {0};
    struct heng_err err = {.text = ""};
    heng_rc rc = HENG_OK;
    size_t n = waiting_n;
    if (n == 0) return;
    for (size_t i = 0; i < n; i++) {
        int session = waiting[i].session;
        deliveries[i] =
            (struct heng_delivery){.live = waiting[i].live, .bytes = heng_slice_of(waiting[i].bytes, waiting[i].n)};
        if (w->mutant == WORLD_NUMBERLESS) deliveries[i].weaken_for_tests = HENG_DELIVERY_NUMBERLESS;
        if (w->mutant == WORLD_UNCOMPARED) deliveries[i].weaken_for_tests = HENG_DELIVERY_UNCOMPARED;
        deliveries[i].gateway_id = session >= 0 ? w->gateways[w->sessions[session].gateway].id : 0;
        facts[i] = (struct heng_fact){.kind = HENG_FACT_DELIVERY, .delivery = &deliveries[i]};
    }
    /* What a connection brought that is gone by now is not stored: nobody was told that it would be. */
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (deliveries[i].gateway_id) facts[kept++] = facts[i];
    ingested = (struct heng_ingested){.live = ingested.live, .live_cap = ingested.live_cap};
    if (w->mutant == WORLD_NUMBER_APART) {
        for (size_t i = 0; rc == HENG_OK && i < kept; i++)
            if (!facts[i].delivery->live) rc = ingest_apart(w, facts[i].delivery, &ingested, &err);
    } else if (kept) {
        rc = heng_ingest(w->store, facts, kept, world_wall(w), &ingested, &err);
    }
    w->batches += (unsigned)kept;
    if (heng_sim_disk_is_cut(w->disk)) return;
    if (rc != HENG_OK) world_fail(w, "the centre cannot store: %s", err.text);
    for (size_t i = 0; i < n && rc == HENG_OK; i++) {
        int session = waiting[i].session;
        if (session < 0 || waiting[i].live) continue;
        w->entries += deliveries[i].stored;
        world_trace(w,
                    "the centre has %" PRIu64 " to %" PRIu64 " of epoch %" PRIu64 " of gateway %d: %u new, %u same%s",
                    waiting[i].first, waiting[i].last, waiting[i].epoch, w->sessions[session].gateway,
                    deliveries[i].stored, deliveries[i].same, deliveries[i].rc == HENG_OK ? "" : ", refused");
        if (deliveries[i].refused)
            world_fail(w, "an entry of gateway %d was refused: %s", w->sessions[session].gateway, centre_refusal(w));
        if (deliveries[i].rc == HENG_OK)
            acknowledge(w, session, deliveries[i].epoch, deliveries[i].durable);
        else if (w->clones && strncmp(deliveries[i].why, "another history", 15) == 0)
            /* Its concentrator has brought what it has forgotten since it was welcomed: it compares itself anew. */
            heng_host_refuse(w->sessions[session].host, w->now, HENG_REFUSAL_SEQUENCE, 0, deliveries[i].why);
        else
            world_fail(w, "a batch of gateway %d: %s", w->sessions[session].gateway, deliveries[i].why);
    }
    forget_waiting();
}

static void take_batch(struct world *w, int session, const struct heng_host_action *a)
{
    if (w->mutant == WORLD_HOLE && world_below(w, 16) == 0) return;
    if (waiting_n == WAITING_MAX) commit(w);
    if (heng_sim_disk_is_cut(w->disk)) return;
    struct waiting *batch = &waiting[waiting_n++];
    *batch = (struct waiting){.session = session,
                              .live = a->kind == HENG_HOST_LIVE,
                              .epoch = a->batch.epoch,
                              .first = a->batch.first,
                              .last = a->batch.last,
                              .n = a->bytes.n,
                              .bytes = malloc(a->bytes.n + 1)};
    assert(batch->bytes);
    memcpy(batch->bytes, a->bytes.p, a->bytes.n);
    heng_us due_us = w->now + world_below(w, GROUP_MS) * HENG_US_PER_MS;
    if (due_us < commit_us) commit_us = due_us;
    if (w->mutant == WORLD_ACK_EARLY && !batch->live) acknowledge(w, session, batch->epoch, batch->last);
}

/* --- orders --------------------------------------------------------------------------------------------------------
 */

static void send_order(struct world *w, int session, const struct world_order *order)
{
    struct heng_command_row row;
    struct heng_err err;
    const struct world_gateway *g = &w->gateways[order->gateway];
    int direct = g->parent ? g->parent : order->gateway;
    if (w->sessions[session].gateway != direct) return;
    if (heng_store_get_command(heng_store_as_reader(w->store), order->id, &row, &err) != HENG_OK) return;
    if (row.command.ended_us) return;
    struct heng_down_order down = {.id = order->id,
                                   .command = true,
                                   .cls = HENG_CLASS_CONTROL,
                                   .line_id = g->line_id,
                                   .device_id = order->device_id,
                                   .protocol = HENG_PROTOCOL_MBUS,
                                   .order = {.kind = HENG_ORDER_CONNECT},
                                   .expires_us = row.command.expires_us};
    if (g->parent) down.path = (struct heng_path){.n = 1, .gateway_ids = {g->id}};
    (void)!heng_host_order(w->sessions[session].host, w->now, &down);
}

static void send_orders(struct world *w)
{
    for (int i = 0; i < SIM_CONNECTIONS_MAX; i++)
        for (size_t k = 0; w->sessions[i].gateway && k < w->order_n; k++) send_order(w, i, &w->orders[k]);
}

/* A new one every now and then; those that have not ended are said again from time to time. */
void centre_order(struct world *w)
{
    static struct heng_ingested ingested;
    struct heng_err err;
    w->order_us = w->now + (20 + world_below(w, 60)) * HENG_US_PER_S;
    if (!w->store) return;
    if (w->order_n < WORLD_ORDERS && w->now < w->faults_until_us && !w->restores) {
        int machine = 1 + (int)world_below(w, WORLD_GATEWAYS);
        const struct world_gateway *g = &w->gateways[machine];
        int64_t device_id = g->devices[world_below(w, WORLD_METERS)];
        struct heng_command_fact command = {.command = {.line_id = g->line_id,
                                                        .device_id = device_id,
                                                        .protocol = HENG_PROTOCOL_MBUS,
                                                        .order = {.kind = HENG_ORDER_CONNECT},
                                                        .stage = HENG_STAGE_QUEUED,
                                                        .requested_us = world_wall(w),
                                                        .expires_us = world_wall(w) + 30 * HENG_US_PER_DAY,
                                                        .outcome = HENG_OUTCOME_COUNT}};
        struct heng_fact fact = {.kind = HENG_FACT_COMMAND, .command = &command};
        ingested = (struct heng_ingested){.live = ingested.live, .live_cap = ingested.live_cap};
        if (heng_ingest(w->store, &fact, 1, world_wall(w), &ingested, &err) == HENG_OK && command.rc == HENG_OK)
            w->orders[w->order_n++] =
                (struct world_order){.id = command.command.id, .gateway = machine, .device_id = device_id};
        if (heng_sim_disk_is_cut(w->disk)) {
            centre_crash(w);
            return;
        }
    }
    send_orders(w);
}

/* --- sessions ------------------------------------------------------------------------------------------------------
 */

static void send_config(struct world *w, int session, uint64_t has_version)
{
    uint8_t *bytes = NULL;
    size_t n = 0;
    uint64_t version = 0;
    struct heng_err err = {.text = ""};
    heng_rc rc = heng_store_begin(w->store, &err);
    if (rc == HENG_OK)
        rc = heng_gateway_config_build(w->store, w->gateways[w->sessions[session].gateway].id, NULL, world_wall(w),
                                       &bytes, &n, &version, &err);
    if (rc == HENG_OK)
        rc = heng_store_commit(w->store, &err);
    else
        heng_store_rollback(w->store);
    if (rc == HENG_OK && version != has_version)
        (void)!heng_host_config(w->sessions[session].host, w->now, heng_slice_of(bytes, n));
    if (rc != HENG_OK && !heng_sim_disk_is_cut(w->disk)) world_fail(w, "no configuration: %s", err.text);
    free(bytes);
}

static void welcome(struct world *w, int session, const struct heng_hello *hello)
{
    struct heng_err err = {.text = ""};
    struct world_session *s = &w->sessions[session];
    struct heng_welcome answer = {.epoch = hello->epoch, .gateway_id = w->gateways[s->gateway].id};
    uint64_t epoch = hello->epoch, version = hello->config_version;
    commit(w); /* what an older connection brought comes first */
    if (heng_sim_disk_is_cut(w->disk)) return;
    for (int i = 0; i < SIM_CONNECTIONS_MAX; i++)
        if (i != session && w->sessions[i].gateway == s->gateway)
            heng_host_refuse(w->sessions[i].host, w->now, HENG_REFUSAL_REPLACED, 0, "it has connected anew");
    if (heng_delivery_resume(heng_store_as_reader(w->store), answer.gateway_id, epoch, &answer.resume_after,
                             &answer.resume_check, &err) != HENG_OK)
        world_fail(w, "no resume: %s", err.text);
    s->epoch = epoch;
    heng_host_welcome(s->host, w->now, world_wall(w), &answer);
    send_config(w, session, version);
    if (!heng_sim_disk_is_cut(w->disk)) send_orders(w);
}

static void pump_session(struct world *w, int session)
{
    static struct heng_host_action action;
    struct world_session *s = &w->sessions[session];
    for (int i = 0; s->gateway && i < PUMP_MAX; i++) {
        heng_host_poll(s->host, w->now, world_wall(w), &action);
        switch (action.kind) {
        case HENG_HOST_NONE: return;
        case HENG_HOST_SEND: sim_network_send(w->net, w->now, session, 1, action.bytes); break;
        case HENG_HOST_HANG_UP:
            world_trace(w, "the centre hangs up on gateway %d: %s", s->gateway, action.text);
            if (action.refusal != HENG_REFUSAL_REPLACED && action.refusal != HENG_REFUSAL_SILENT &&
                !(w->clones && action.refusal == HENG_REFUSAL_SEQUENCE))
                world_fail(w, "gateway %d is refused: %s, %s", s->gateway, heng_refusal_text(action.refusal),
                           action.text);
            sim_network_close(w->net, w->now, session, 1);
            drop_session(w, session);
            return;
        case HENG_HOST_HELLO: welcome(w, session, &action.hello); break;
        case HENG_HOST_BATCH:
        case HENG_HOST_LIVE: take_batch(w, session, &action); break;
        case HENG_HOST_OUTCOME:
        case HENG_HOST_ANSWER:
        case HENG_HOST_PING: break;
        case HENG_HOST_ENROL:
        case HENG_HOST_RENEW:
        case HENG_HOST_TUNNEL: world_fail(w, "nobody asked for host action %d", (int)action.kind); break;
        }
        if (heng_sim_disk_is_cut(w->disk)) return;
    }
}

/* Somebody has changed the description: who is connected hears of it, the others when they come. */
static void change_site(struct world *w)
{
    struct heng_err err = {.text = ""};
    heng_rc rc = apply_site(w, &err);
    if (heng_sim_disk_is_cut(w->disk)) return;
    if (rc != HENG_OK) world_fail(w, "the site cannot be changed: %s", err.text);
    w->site_changed = false;
    for (int i = 0; i < SIM_CONNECTIONS_MAX && !heng_sim_disk_is_cut(w->disk); i++)
        if (w->sessions[i].gateway && w->sessions[i].epoch) send_config(w, i, 0);
}

void centre_pump(struct world *w)
{
    if (!w->store) return;
    if (commit_us <= w->now) commit(w);
    if (w->site_changed && !heng_sim_disk_is_cut(w->disk)) change_site(w);
    for (int i = 0; i < SIM_CONNECTIONS_MAX && !heng_sim_disk_is_cut(w->disk); i++)
        if (w->sessions[i].gateway) pump_session(w, i);
    if (heng_sim_disk_is_cut(w->disk)) centre_crash(w);
}

void centre_event(struct world *w, const struct sim_network_event *event)
{
    struct heng_err err;
    struct world_session *s = &w->sessions[event->connection];
    if (!w->store) return;
    switch (event->news) {
    case SIM_NEWS_OPENED:
        if (s->gateway) drop_session(w, event->connection);
        if (heng_host_new(false, w->now, &s->host, &err) != HENG_OK) return;
        s->gateway = event->peer;
        break;
    case SIM_NEWS_BYTES:
        if (s->gateway) heng_host_feed(s->host, w->now, world_wall(w), event->bytes);
        break;
    case SIM_NEWS_CLOSED:
        if (s->gateway) drop_session(w, event->connection);
        break;
    }
}

heng_us centre_deadline(const struct world *w)
{
    heng_us deadline_us = w->store ? commit_us : w->boot_us;
    if (w->store && w->order_us < deadline_us) deadline_us = w->order_us;
    for (int i = 0; i < SIM_CONNECTIONS_MAX; i++)
        if (w->sessions[i].gateway && heng_host_deadline(w->sessions[i].host) < deadline_us)
            deadline_us = heng_host_deadline(w->sessions[i].host);
    return deadline_us;
}
