/* What has to be so when everything has come to rest: journals, database and what the meters said are the same. */
#include <inttypes.h>

#include "store/db.h"
#include "store/pack.h"
#include "store/read.h"
#include "tests/sim/world.h"
#include "uplink/body.h"

int64_t centre_number(struct world *w, const char *sql, int64_t a, int64_t b, int64_t c)
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
    if (!w->store || w->site_changed) return false;
    for (int i = 1; i <= WORLD_GATEWAYS; i++) {
        struct world_gateway *g = &w->gateways[i];
        if (!g->core || heng_core_deadline(g->core) <= w->now) return false;
        heng_core_status_now(g->core, w->now, &status);
        if (status.acked != status.last || !status.uplink.welcomed || g->up_stale) return false;
        if ((int64_t)status.config_version !=
            centre_number(w, "SELECT config_version FROM gateway_status WHERE gateway_id = ?", g->id, 0, 0))
            return false;
        for (size_t k = 0; k < sizeof g->jobs / sizeof *g->jobs; k++)
            if (g->jobs[k].stage) return false;
    }
    return centre_number(w, "SELECT count(*) FROM command WHERE ended_us = 0", 0, 0, 0) == 0;
}

/* One line for each row; the values of the statement are the kinds of events that say something of numbers. */
static void tell_rows(struct world *w, const char *what, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(heng_store_as_reader(w->store)->db.handle, sql, -1, &statement, NULL) != SQLITE_OK)
        world_trace(w, "no %s can be told: %s", what, sqlite3_errmsg(heng_store_as_reader(w->store)->db.handle));
    for (int i = 0; i < sqlite3_bind_parameter_count(statement); i++)
        sqlite3_bind_int(statement, i + 1, i ? HENG_GATEWAY_GAP : HENG_GATEWAY_FORKED);
    while (sqlite3_step(statement) == SQLITE_ROW)
        world_trace(w, "%s: %s", what, (const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
}

static void tell_journals(struct world *w)
{
    for (int i = 1; i <= WORLD_GATEWAYS; i++) world_trace(w, "gateway %d has the id %" PRId64, i, w->gateways[i].id);
    tell_rows(w, "journal",
              "SELECT 'of ' || gateway_id || ', epoch ' || epoch || ', up to ' || seq || ', since ' || first_us "
              "FROM gateway_journal ORDER BY gateway_id, epoch");
    tell_rows(w, "gap",
              "SELECT 'of ' || gateway_id || ', epoch ' || epoch || ', ' || first_seq || ' to ' || last_seq || "
              "CASE WHEN gone = 0 THEN ', open' ELSE ', told' END FROM gateway_gap ORDER BY gateway_id, epoch");
    tell_rows(w, "event",
              "SELECT 'of ' || gateway_id || ', kind ' || kind || ', ' || value || ' at ' || at_us || ', number ' || "
              "seq || ' of epoch ' || epoch || ': ' || detail FROM gateway_event WHERE kind IN (?, ?) ORDER BY id");
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
    for (int i = 1; w->store && i <= WORLD_GATEWAYS; i++)
        if (w->gateways[i].core) {
            heng_core_status_now(w->gateways[i].core, w->now, &status);
            world_trace(w, "gateway %d works by configuration %" PRIu64 " of %" PRId64, i, status.config_version,
                        centre_number(w, "SELECT config_version FROM gateway_status WHERE gateway_id = ?",
                                      w->gateways[i].id, 0, 0));
        }
    if (w->store)
        world_trace(w, "%" PRId64 " commands are open",
                    centre_number(w, "SELECT count(*) FROM command WHERE ended_us = 0", 0, 0, 0));
    for (size_t i = 0; i < w->order_n; i++)
        world_trace(w, "order %" PRId64 " for gateway %d, done %u times, %" PRId64, w->orders[i].id,
                    w->orders[i].gateway, w->orders[i].done,
                    centre_number(w, "SELECT sent_us FROM command WHERE id = ?", w->orders[i].id, 0, 0));
    if (w->store) tell_journals(w);
}

/* --- a journal against the database ------------------------------------------------------------------------------- */

/* What was counted of a journal. */
struct counted {
    int64_t requests, reads;
    int64_t misses[WORLD_METERS]; /* since the last answer */
};

static void count_read(const struct world_gateway *g, const struct heng_read *read, struct counted *c)
{
    bool answered = read->outcome == HENG_OUTCOME_OK;
    if (answered) c->reads++;
    for (int i = 0; i < WORLD_METERS; i++) {
        if (g->devices[i] != read->device_id) continue;
        c->misses[i] = answered ? 0 : c->misses[i] + 1;
    }
}

/* Once. After a disk was put back it may be there by the number of an older epoch. */
static bool event_is_there(struct world *w, const struct world_gateway *g, const struct heng_entry *entry,
                           const struct heng_event_news *event)
{
    if (!g->put_back)
        return centre_number(w, "SELECT count(*) FROM gateway_event WHERE gateway_id = ? AND epoch = ? AND seq = ?",
                             g->id, (int64_t)entry->epoch, (int64_t)entry->seq) == 1;
    int64_t n = centre_number(w,
                              "SELECT count(*) FROM gateway_event WHERE gateway_id = ? AND kind = ? AND value = ? "
                              "AND seq <> 0",
                              g->id, event->kind, event->value);
    return event->kind == HENG_GATEWAY_IMPORTED ? n == 1 : n > 0;
}

static void check_entry(struct world *w, int machine, const struct heng_entry *entry, struct counted *c)
{
    static struct heng_read read;
    const struct world_gateway *g = &w->gateways[machine];
    struct heng_body body;
    struct heng_err err = {.text = ""};
    if (heng_body_unpack(entry->body, entry, &read, &body, &err) != HENG_OK) {
        world_fail(w, "gateway %d, entry %" PRIu64 ": %s", machine, entry->seq, err.text);
        return;
    }
    if (body.kind == HENG_ENTRY_LINE) c->requests += (int64_t)body.line.counters.requests;
    if (body.kind == HENG_ENTRY_EVENT && body.event.kind == HENG_GATEWAY_THINNED)
        w->thinned += (unsigned)body.event.value;
    if (body.kind == HENG_ENTRY_EVENT && !event_is_there(w, g, entry, &body.event))
        world_fail(w, "gateway %d, event %" PRIu64 " is not there once", machine, entry->seq);
    if (body.kind != HENG_ENTRY_READ) return;
    count_read(g, &read, c);
    if (read.outcome != HENG_OUTCOME_OK) return;
    int64_t value = value_at(w, read.device_id, read.at_us);
    bool may_miss = w->small && value == -1; /* it has thinned it, or who passes it on has */
    if (value != read.values[0].dec.mantissa && !may_miss)
        world_fail(w, "gateway %d, entry %" PRIu64 ": the journal has %" PRId64 ", the database %" PRId64, machine,
                   entry->seq, read.values[0].dec.mantissa, value);
}

/* A journal that was put back does not have what was written between. */
static void check_counted(struct world *w, int machine, const struct counted *c)
{
    const struct world_gateway *g = &w->gateways[machine];
    int64_t stored = centre_number(w, "SELECT requests FROM line_state WHERE line_id = ?", g->line_id, 0, 0);
    int64_t in_database = 0;
    for (int i = 0; i < WORLD_METERS; i++) {
        int64_t id = g->devices[i], n = centre_number(w, "SELECT count(*) FROM reading WHERE device_id = ?", id, 0, 0);
        in_database += n;
        if (n && centre_number(w, "SELECT reads FROM device_state WHERE device_id = ?", id, 0, 0) != n)
            world_fail(w, "meter %" PRId64 " has %" PRId64 " reads, and another count of them", id, n);
        int64_t misses = centre_number(w, "SELECT misses FROM device_state WHERE device_id = ?", id, 0, 0);
        if (!g->put_back && misses >= 0 && misses != c->misses[i])
            world_fail(w, "meter %" PRId64 " has missed %" PRId64 " reads, the database says %" PRId64, id,
                       c->misses[i], misses);
    }
    if (g->put_back ? in_database < c->reads : in_database != c->reads)
        world_fail(w, "gateway %d: %" PRId64 " reads in the journal, %" PRId64 " in the database", machine, c->reads,
                   in_database);
    if (c->requests && (g->put_back ? stored < c->requests : stored != c->requests))
        world_fail(w, "line of gateway %d: %" PRId64 " requests in the journal, %" PRId64 " in the database", machine,
                   c->requests, stored);
}

static void check_journal(struct world *w, int machine)
{
    const struct world_gateway *g = &w->gateways[machine];
    struct heng_spool *journal = heng_core_journal(g->core);
    struct heng_spool_item item;
    struct heng_err err = {.text = ""};
    struct counted counted = {0};
    uint64_t expected = 1;
    heng_rc rc = HENG_OK;
    heng_spool_seek(journal, 1);
    while ((rc = heng_spool_next(journal, &item, &err)) == HENG_OK) {
        if ((item.seq != expected++ && !w->small) || !item.sound)
            world_fail(w, "gateway %d: the journal is not whole at %" PRIu64, machine, item.seq);
        if (item.entry.gateway_id == 0) check_entry(w, machine, &item.entry, &counted);
    }
    if (rc != HENG_ENOTFOUND) world_fail(w, "gateway %d: %s", machine, err.text);
    if (!w->small) check_counted(w, machine, &counted);
    if (centre_number(w, "SELECT count(*) FROM gateway_journal WHERE gateway_id = ?", g->id, 0, 0) > 1 + g->put_back)
        world_fail(w, "gateway %d has begun another epoch", machine);
}

/* --- what was said against the database --------------------------------------------------------------------------- */

/* Is it there? What was never said is not. */
static bool is_there(struct world *w, const struct world_gateway *g, const struct world_told *told)
{
    int64_t value = -1;
    if (!told->device_id)
        return centre_number(w, "SELECT count(*) FROM gateway_event WHERE gateway_id = ? AND kind = ? AND value = ?",
                             g->id, HENG_GATEWAY_IMPORTED, told->value) > 0;
    value = value_at(w, told->device_id, told->at_us);
    if (value != -1 && value != told->value)
        world_fail(w, "meter %" PRId64 " said %" PRId64 ", the database has %" PRId64, told->device_id, told->value,
                   value);
    return value != -1;
}

/* Of journals that are small a read may be missing whose number is in a gap that was told of; events never. */
static void check_told(struct world *w, int machine)
{
    const struct world_gateway *g = &w->gateways[machine];
    int64_t there = 0, in_database = 0, missing = 0;
    for (size_t k = 0; k < g->told_n; k++) {
        const struct world_told *told = &g->told[k];
        bool is = is_there(w, g, told);
        if (is && told->device_id) there++;
        if (is || !told->promised) continue;
        if (!w->small || !told->device_id)
            world_fail(w, "gateway %d promised %" PRId64 " of meter %" PRId64 ", and it is not there", machine,
                       told->value, told->device_id);
        missing++;
    }
    for (int i = 0; i < WORLD_METERS; i++)
        in_database += centre_number(w, "SELECT count(*) FROM reading WHERE device_id = ?", g->devices[i], 0, 0);
    if (there != in_database)
        world_fail(w, "gateway %d: %" PRId64 " reads in the database, its meters said %" PRId64 " of them", machine,
                   in_database, there);
    int64_t gone = centre_number(
        w, "SELECT coalesce(sum(last_seq - first_seq + 1), 0) FROM gateway_gap WHERE gateway_id = ?", g->id, 0, 0);
    if (missing > gone)
        world_fail(w, "gateway %d: %" PRId64 " reads are missing, %" PRId64 " numbers are told to be gone", machine,
                   missing, gone);
    if (centre_number(w, "SELECT requests FROM line_state WHERE line_id = ?", g->line_id, 0, 0) > g->requests_told)
        world_fail(w, "line of gateway %d: more requests in the database than there were", machine);
}

/* In which life of its box was this event told? */
static unsigned life_of(const struct world_gateway *g, int64_t value)
{
    for (size_t i = 0; i < g->told_n; i++)
        if (!g->told[i].device_id && g->told[i].value == value) return g->told[i].life;
    return 0;
}

/* What came later happened later, whatever was between; but a gap may be filled afterwards. What is kept apart may be
 * of several lives of a box, which come by several ways: there what one life told. */
static void check_order_of_events(struct world *w, int machine)
{
    static const char sql[] =
        "SELECT a.kind, a.value, b.kind, b.value, a.epoch FROM gateway_event a JOIN gateway_event b "
        "ON a.gateway_id = b.gateway_id AND a.epoch = b.epoch AND a.seq <> 0 AND b.seq <> 0 AND a.id < b.id "
        "AND a.seq > b.seq WHERE a.gateway_id = ?";
    const struct world_gateway *g = &w->gateways[machine];
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(heng_store_as_reader(w->store)->db.handle, sql, -1, &statement, NULL) != SQLITE_OK)
        world_fail(w, "the order of events cannot be looked at");
    sqlite3_bind_int64(statement, 1, g->id);
    while (sqlite3_step(statement) == SQLITE_ROW) {
        bool apart = sqlite3_column_int64(statement, 4) < 0;
        bool known = sqlite3_column_int(statement, 0) == HENG_GATEWAY_IMPORTED &&
                     sqlite3_column_int(statement, 2) == HENG_GATEWAY_IMPORTED;
        if (apart && (!known ||
                      life_of(g, sqlite3_column_int64(statement, 1)) != life_of(g, sqlite3_column_int64(statement, 3))))
            continue;
        world_fail(w, "events of a gateway are out of order");
    }
    sqlite3_finalize(statement);
}

void centre_check(struct world *w)
{
    for (int i = 1; i <= WORLD_GATEWAYS; i++) {
        check_journal(w, i);
        check_told(w, i);
    }
    if (centre_number(w, "SELECT count(*) FROM reading_conflict", 0, 0, 0))
        world_fail(w, "readings contradict each other");
    if (centre_number(w, "SELECT count(*) FROM gateway_gap WHERE gone = 0", 0, 0, 0))
        world_fail(w, "there is a gap that nobody has told of");
    if (!w->small && centre_number(w, "SELECT count(*) FROM gateway_gap", 0, 0, 0)) world_fail(w, "there is a gap");
    if (centre_number(w, "SELECT count(*) FROM gateway_refused", 0, 0, 0)) world_fail(w, "an entry was refused");
    if (centre_number(w, "SELECT count(*) FROM frame", 0, 0, 0) !=
        centre_number(w, "SELECT count(*) FROM reading", 0, 0, 0) * (w->small ? WORLD_SMALL_FRAMES : 1))
        world_fail(w, "frames and readings do not match");
    for (int i = 1; !w->small && i <= WORLD_GATEWAYS; i++) check_order_of_events(w, i);
    for (size_t i = 0; i < w->order_n; i++) {
        bool confirmed = centre_number(w, "SELECT count(*) FROM command WHERE id = ? AND stage = 'confirmed'",
                                       w->orders[i].id, 0, 0);
        if (w->orders[i].done > 1 + w->gateways[w->orders[i].gateway].put_back)
            world_fail(w, "an order was done %u times", w->orders[i].done);
        if (confirmed && !w->orders[i].done) world_fail(w, "an order is confirmed and was not done");
    }
}
