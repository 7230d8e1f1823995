/* What has to be so when everything has come to rest: journals, database and what the meters said are the same. */
#include <inttypes.h>

#include "store/db.h"
#include "store/pack.h"
#include "store/read.h"
#include "tests/sim/world.h"
#include "uplink/body.h"

static int64_t number_of(struct world *w, const char *sql, int64_t a, int64_t b, int64_t c)
{
    sqlite3_stmt *statement = NULL;
    int64_t number = -1;
    if (sqlite3_prepare_v2(heng_store_as_reader(w->store)->db.handle, sql, -1, &statement, NULL) == SQLITE_OK) {
        const int64_t values[] = {a, b, c};
        for (int i = 0; i < sqlite3_bind_parameter_count(statement); i++)
            sqlite3_bind_int64(statement, i + 1, values[i]);
        if (sqlite3_step(statement) == SQLITE_ROW) number = sqlite3_column_int64(statement, 0);
    } else {
        world_fail(w, "%s: %s", sql, sqlite3_errmsg(heng_store_as_reader(w->store)->db.handle));
    }
    sqlite3_finalize(statement);
    return number;
}

const char *centre_refusal(struct world *w)
{
    static char why[200];
    sqlite3_stmt *statement = NULL;
    snprintf(why, sizeof why, "?");
    if (sqlite3_prepare_v2(heng_store_as_reader(w->store)->db.handle,
                           "SELECT kind || ', ' || at_us || ': ' || why FROM gateway_refused", -1, &statement,
                           NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW)
        snprintf(why, sizeof why, "%s", (const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    return why;
}

/* The value that the database has of this moment; -1: none. */
static int64_t value_at(struct world *w, int64_t device_id, heng_us at_us)
{
    static struct heng_reading reading;
    struct heng_err err;
    heng_rc rc =
        heng_store_get_reading(heng_store_as_reader(w->store), device_id, at_us, HENG_SOURCE_LINE, &reading, &err);
    if (rc != HENG_OK || reading.value_count != 1 || !reading.values[0].has_value) return -1;
    return reading.values[0].dec.exp == 3 ? reading.values[0].dec.mantissa : -2;
}

bool centre_is_done(struct world *w)
{
    static struct heng_core_status status;
    if (!w->store) return false;
    for (int i = 1; i <= WORLD_GATEWAYS; i++) {
        struct world_gateway *g = &w->gateways[i];
        if (!g->core || heng_core_deadline(g->core) <= w->now) return false;
        heng_core_status_now(g->core, w->now, &status);
        if (status.acked != status.last || !status.uplink.welcomed) return false;
        for (size_t k = 0; k < sizeof g->jobs / sizeof *g->jobs; k++)
            if (g->jobs[k].stage) return false;
    }
    return number_of(w, "SELECT count(*) FROM command WHERE ended_us = 0", 0, 0, 0) == 0;
}

/* Who is not at rest, for who looks for the reason. */
void centre_tell_rest(struct world *w)
{
    static struct heng_core_status status;
    for (int i = 1; i <= WORLD_GATEWAYS; i++) {
        const struct world_gateway *g = &w->gateways[i];
        if (!g->core) {
            world_trace(w, "gateway %d has no power", i);
            continue;
        }
        heng_core_status_now(g->core, w->now, &status);
        world_trace(w, "gateway %d: %" PRIu64 " of %" PRIu64 " acknowledged, %s (%s)%s, jobs %d %d %d %d", i,
                    status.acked, status.last, status.uplink.welcomed ? "welcomed" : "not welcomed", status.uplink.text,
                    status.full ? ", full" : "", g->jobs[0].stage, g->jobs[1].stage, g->jobs[2].stage,
                    g->jobs[3].stage);
    }
    if (w->store)
        world_trace(w, "%" PRId64 " commands are open",
                    number_of(w, "SELECT count(*) FROM command WHERE ended_us = 0", 0, 0, 0));
    for (size_t i = 0; i < w->order_n; i++)
        world_trace(w, "order %" PRId64 " for gateway %d, done %u times, %" PRId64, w->orders[i].id,
                    w->orders[i].gateway, w->orders[i].done,
                    number_of(w, "SELECT sent_us FROM command WHERE id = ?", w->orders[i].id, 0, 0));
}

/* One entry of a journal against the database. */
static void check_entry(struct world *w, int machine, const struct heng_entry *entry, int64_t *requests, int64_t *reads)
{
    static struct heng_read read;
    const struct world_gateway *g = &w->gateways[machine];
    struct heng_body body;
    struct heng_err err = {.text = ""};
    if (heng_body_unpack(entry->body, entry, &read, &body, &err) != HENG_OK) {
        world_fail(w, "gateway %d, entry %" PRIu64 ": %s", machine, entry->seq, err.text);
        return;
    }
    if (body.kind == HENG_ENTRY_LINE) *requests += (int64_t)body.line.counters.requests;
    if (body.kind == HENG_ENTRY_EVENT &&
        number_of(w, "SELECT count(*) FROM gateway_event WHERE gateway_id = ? AND epoch = ? AND seq = ?", g->id,
                  (int64_t)entry->epoch, (int64_t)entry->seq) != 1)
        world_fail(w, "gateway %d, event %" PRIu64 " is not there once", machine, entry->seq);
    if (body.kind != HENG_ENTRY_READ || read.outcome != HENG_OUTCOME_OK) return;
    ++*reads;
    int64_t value = value_at(w, read.device_id, read.at_us);
    if (value != read.values[0].dec.mantissa)
        world_fail(w, "gateway %d, entry %" PRIu64 ": the journal has %" PRId64 ", the database %" PRId64, machine,
                   entry->seq, read.values[0].dec.mantissa, value);
}

static void check_journal(struct world *w, int machine)
{
    const struct world_gateway *g = &w->gateways[machine];
    struct heng_spool *journal = heng_core_journal(g->core);
    struct heng_spool_item item;
    struct heng_err err = {.text = ""};
    uint64_t expected = 1;
    int64_t requests = 0, reads = 0;
    heng_rc rc = HENG_OK;
    heng_spool_seek(journal, 1);
    while ((rc = heng_spool_next(journal, &item, &err)) == HENG_OK) {
        if (item.seq != expected++ || !item.sound)
            world_fail(w, "gateway %d: the journal is not whole at %" PRIu64, machine, item.seq);
        if (item.entry.gateway_id == 0) check_entry(w, machine, &item.entry, &requests, &reads);
    }
    if (rc != HENG_ENOTFOUND) world_fail(w, "gateway %d: %s", machine, err.text);
    int64_t stored = number_of(w, "SELECT requests FROM line_state WHERE line_id = ?", g->line_id, 0, 0);
    if (stored != requests && requests)
        world_fail(w, "line of gateway %d: %" PRId64 " requests in the journal, %" PRId64 " in the database", machine,
                   requests, stored);
    int64_t in_database = 0;
    for (int i = 0; i < WORLD_METERS; i++)
        in_database += number_of(w, "SELECT count(*) FROM reading WHERE device_id = ?", g->devices[i], 0, 0);
    if (in_database != reads)
        world_fail(w, "gateway %d: %" PRId64 " reads in the journal, %" PRId64 " in the database", machine, reads,
                   in_database);
    if (number_of(w, "SELECT count(*) FROM gateway_journal WHERE gateway_id = ?", g->id, 0, 0) != 1)
        world_fail(w, "gateway %d has begun another epoch", machine);
}

void centre_check(struct world *w)
{
    for (int i = 1; i <= WORLD_GATEWAYS; i++) {
        const struct world_gateway *g = &w->gateways[i];
        check_journal(w, i);
        for (size_t k = 0; k < g->told_n; k++) {
            const struct world_told *told = &g->told[k];
            if (told->promised && value_at(w, told->device_id, told->at_us) != told->value)
                world_fail(w, "gateway %d promised %" PRId64 " of meter %" PRId64 ", and it is not there", i,
                           told->value, told->device_id);
        }
    }
    if (number_of(w, "SELECT count(*) FROM reading_conflict", 0, 0, 0)) world_fail(w, "readings contradict each other");
    if (number_of(w, "SELECT count(*) FROM gateway_gap", 0, 0, 0)) world_fail(w, "there is a gap");
    if (number_of(w, "SELECT count(*) FROM gateway_refused", 0, 0, 0)) world_fail(w, "an entry was refused");
    if (number_of(w, "SELECT count(*) FROM frame", 0, 0, 0) != number_of(w, "SELECT count(*) FROM reading", 0, 0, 0))
        world_fail(w, "frames and readings do not match");
    /* Of one meter: what came later shows more, whatever happened between. */
    if (number_of(w,
                  "SELECT count(*) FROM gateway_event a JOIN gateway_event b ON a.gateway_id = b.gateway_id AND "
                  "a.epoch = b.epoch AND a.seq <> 0 AND b.seq <> 0 AND a.id < b.id AND a.seq > b.seq",
                  0, 0, 0))
        world_fail(w, "events of a gateway are out of order");
    for (size_t i = 0; i < w->order_n; i++) {
        bool confirmed =
            number_of(w, "SELECT count(*) FROM command WHERE id = ? AND stage = 'confirmed'", w->orders[i].id, 0, 0);
        if (w->orders[i].done > 1) world_fail(w, "an order was done %u times", w->orders[i].done);
        if (confirmed && w->orders[i].done != 1) world_fail(w, "an order is confirmed and was not done");
    }
}
