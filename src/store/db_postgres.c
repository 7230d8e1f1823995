/* The engine of a server: PostgreSQL 15, by libpq. Values travel in binary: int8, text and bytea, and nothing else.
 * What a server can do that a file cannot: go away, be another one after a failover, and say that a commit is done when
 * its standby has not confirmed it. */
#include "store/db.h"

#include <errno.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"

enum {
    PARAMS_MAX = 48,
    SERVER_MIN = 150000,
    QUEUE_MAX = 256,   /* their answers fit into what a socket holds: nobody reads them meanwhile */
    ANSWER_MS = 30000, /* without a word from the server for so long, it is taken for dead */
};

/* Types of the server, as its catalog pg_type has had them for ever. */
enum {
    TYPE_BOOL = 16,
    TYPE_BYTEA = 17,
    TYPE_INT8 = 20,
    TYPE_INT4 = 23,
    TYPE_TEXT = 25,
    TYPE_VOID = 2278,
    TYPE_INT8S = 1016,
    TYPE_TEXTS = 1009,
    TYPE_BYTEAS = 1001
};

/* What latches in heng_query.code. */
enum { FAILED_NOTHING, FAILED_STATEMENT, FAILED_PARAMS, FAILED_TEXT, FAILED_MEMORY };

/* One statement: what is bound, how it was prepared, its answer. count is 0 until it is prepared. */
struct slot {
    bool prepared;
    int count, row;
    Oid types[PARAMS_MAX];
    const char *values[PARAMS_MAX];
    int lengths[PARAMS_MAX], formats[PARAMS_MAX];
    uint8_t ints[PARAMS_MAX][8];
    uint8_t *arrays[PARAMS_MAX];
    PGresult *answer;
};

/* warned: the server has warned since the last statement began. queue: statements that were sent and not waited for;
 * while there are any, the connection is in pipeline mode. */
struct heng_postgres {
    PGconn *conn;
    char *uri;
    bool writes, warned;
    size_t queued;
    heng_sql queue[QUEUE_MAX];
    struct slot *slots[HENG_SQL_COUNT];
};

/* --- errors ----------------------------------------------------------------------------------------------- */

/* What a state of SQL means, by its beginning; the first that fits. lost: the connection is of no use any more. */
static const struct meaning {
    const char *state;
    heng_rc rc;
    bool lost;
    const char *text;
} meanings[] = {
    {"08", HENG_EIO, true, "the connection to the server is lost"},
    {"57P01", HENG_EIO, true, "the server is being stopped"},
    {"57P02", HENG_EIO, true, "the server has crashed and starts again"},
    {"57P03", HENG_EIO, true, "the server is starting"},
    {"25006", HENG_EIO, true, "the server takes no writes: it is a standby now"},
    {"40001", HENG_EBUSY, false, "another transaction was in the way"},
    {"40P01", HENG_EBUSY, false, "another transaction was in the way"},
    {"55P03", HENG_EBUSY, false, "is locked by another program: close it and try again"},
    {"57014", HENG_EBUSY, false, "the server ended the statement"},
    {"53100", HENG_ELIMIT, false, "the disk of the server is full: free some space; nothing was stored"},
    {"53300", HENG_EBUSY, true, "the server has too many connections"},
    {"53", HENG_ENOMEM, false, "the server has not enough of something"},
    {"54", HENG_ELIMIT, false, "a value is too long"},
    {"58", HENG_EIO, true, "reading or writing the disk of the server failed: check its log"},
    {"XX", HENG_EIO, true, "the server has trouble with its data: check its log"},
    {"28", HENG_EDENIED, false, "access is denied: check user, ~/.pgpass and pg_hba.conf"},
    {"42501", HENG_EDENIED, false, "access is denied: the user needs rights on the schema"},
    {"22", HENG_ERANGE, false, "a value cannot be stored"},
};

/* The first line of a message of libpq. */
static void first_line(const char *message, char *ret, size_t cap)
{
    snprintf(ret, cap, "%.*s", (int)strcspn(message, "\n"), message);
}

/* The sentence for a failed call; returns the rc that fits. answer: of the server, NULL when none came. */
static heng_rc fail(struct heng_db *db, const PGresult *answer, const char *what, struct heng_err *err)
{
    const char *state = answer ? PQresultErrorField(answer, PG_DIAG_SQLSTATE) : NULL;
    char line[100];
    if (PQstatus(db->postgres->conn) == CONNECTION_BAD) db->broken = true;
    first_line(answer && state ? PQresultErrorField(answer, PG_DIAG_MESSAGE_PRIMARY)
                               : PQerrorMessage(db->postgres->conn),
               line, sizeof line);
    if (!state) state = "08";
    if (strncmp(state, "23", 2) == 0) return heng_fail(err, HENG_ECONFLICT, 0, "%s: %s", what, line);
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++) {
        const struct meaning *m = &meanings[i];
        if (strncmp(m->state, state, strlen(m->state)) != 0) continue;
        if (m->lost) db->broken = true;
        return heng_fail(err, m->rc, 0, "database '%s': %s (%s: %s)", db->path, m->text, what, line);
    }
    if (db->broken) return heng_fail(err, HENG_EIO, 0, "database '%s': %s: %s", db->path, what, line);
    return heng_fail(err, HENG_EBUG, 0, "database '%s': %s: %s (%s)", db->path, what, line, state);
}

/* What latched before the statement was sent. */
static heng_rc fail_latched(const struct heng_query *q, struct heng_err *err)
{
    const char *name = heng_db_sql_name(q->sql);
    switch (q->code) {
    case FAILED_TEXT: return heng_fail(err, HENG_ERANGE, 0, "%s: a text is not UTF-8", name);
    case FAILED_MEMORY: return heng_fail(err, HENG_ENOMEM, 0, "%s: out of memory", name);
    case FAILED_PARAMS: return heng_fail(err, HENG_EBUG, 0, "%s: its parameters are not those of before", name);
    }
    return heng_fail(err, HENG_EBUG, 0, "%s: not a statement of this engine", name);
}

/* A warning inside of a commit says that it is done here and not where else it should be. */
static void take_notice(void *owner, const PGresult *notice)
{
    struct heng_postgres *pg = owner;
    const char *severity = PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
    if (severity && strcmp(severity, "WARNING") == 0) pg->warned = true;
}

/* --- sending and waiting ---------------------------------------------------------------------------------- */

/* Wait until something can be read (or written). False: nothing came in time, or the connection is gone. */
static bool wait_for(struct heng_postgres *pg, short events)
{
    struct pollfd fd = {.fd = PQsocket(pg->conn), .events = events};
    int n;
    do n = poll(&fd, 1, ANSWER_MS);
    while (n < 0 && errno == EINTR);
    if (n > 0) return true;
    return false;
}

/* The next answer of the server, NULL at the end of answers. False: the server is lost. */
static bool next_answer(struct heng_db *db, PGresult **ret)
{
    struct heng_postgres *pg = db->postgres;
    int unsent;
    while ((unsent = PQflush(pg->conn)) > 0 && wait_for(pg, POLLIN | POLLOUT) && PQconsumeInput(pg->conn)) {
    }
    while (unsent == 0 && PQisBusy(pg->conn))
        if (!wait_for(pg, POLLIN) || !PQconsumeInput(pg->conn)) unsent = -1;
    if (unsent != 0) {
        db->broken = true;
        return false;
    }
    *ret = PQgetResult(pg->conn);
    return true;
}

/* The last answer to what was sent, or the one that failed. NULL: the server is lost. */
static PGresult *answer_to(struct heng_db *db)
{
    PGresult *answer = NULL, *next = NULL;
    while (next_answer(db, &next)) {
        if (!next) return answer;
        ExecStatusType status = PQresultStatus(next);
        if (answer && PQresultStatus(answer) == PGRES_FATAL_ERROR) {
            PQclear(next);
        } else {
            PQclear(answer);
            answer = next;
        }
        if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT) return answer;
    }
    PQclear(answer);
    return NULL;
}

/* --- statements that nobody waits for ------------------------------------------------------------------------ */

/* The answers to all that is queued; the first failure is told. The transaction it was in is spoilt: what came behind
 * it was not done, and the server does nothing more of it until it is rolled back. ret_lost: so is the server. */
static heng_rc take_queued(struct heng_db *db, bool *ret_lost, struct heng_err *err)
{
    struct heng_postgres *pg = db->postgres;
    heng_rc rc = HENG_OK;
    for (size_t i = 0; i < pg->queued; i++) {
        const char *name = heng_db_sql_name(pg->queue[i]);
        PGresult *answer = answer_to(db);
        if (rc == HENG_OK && PQresultStatus(answer) != PGRES_COMMAND_OK) rc = fail(db, answer, name, err);
        *ret_lost = !answer;
        PQclear(answer);
        if (*ret_lost) break;
    }
    pg->queued = 0;
    return rc;
}

/* Behind the answers: the mark up to which they go. */
static heng_rc leave_pipeline(struct heng_db *db, struct heng_err *err)
{
    PGresult *mark = NULL;
    bool ok = next_answer(db, &mark) && PQresultStatus(mark) == PGRES_PIPELINE_SYNC;
    PQclear(mark);
    if (ok && PQexitPipelineMode(db->postgres->conn)) return HENG_OK;
    db->broken = true; /* whose answer is whose is no longer known */
    return fail(db, NULL, "pipeline", err);
}

static heng_rc postgres_settle(struct heng_db *db, struct heng_err *err)
{
    struct heng_err ignored;
    struct heng_postgres *pg = db->postgres;
    if (!pg->queued) return HENG_OK;
    bool lost = !PQpipelineSync(pg->conn);
    heng_rc rc = lost ? fail(db, NULL, "pipeline", err) : take_queued(db, &lost, err);
    pg->queued = 0;
    if (lost) return rc;
    heng_rc left = leave_pipeline(db, rc == HENG_OK ? err : &ignored);
    return rc == HENG_OK ? left : rc;
}

static heng_rc postgres_exec(struct heng_db *db, const char *what, const char *text, int64_t *ret, struct heng_err *err)
{
    heng_rc settled = postgres_settle(db, err);
    if (settled != HENG_OK) return settled;
    PGresult *answer = PQsendQuery(db->postgres->conn, text) ? answer_to(db) : NULL;
    ExecStatusType status = PQresultStatus(answer);
    heng_rc rc = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ? HENG_OK : fail(db, answer, what, err);
    if (rc == HENG_OK && PQntuples(answer) > 0 && PQnfields(answer) > 0)
        *ret = strtoll(PQgetvalue(answer, 0, 0), NULL, 10);
    PQclear(answer);
    return rc;
}

/* What libpq takes at once is sent at once, however long the server needs. */
static bool put_rows(PGconn *conn, struct heng_slice rows)
{
    static const char head[] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0", tail[] = "\377\377";
    return PQsetnonblocking(conn, 0) == 0 && PQputCopyData(conn, head, 19) == 1 &&
           PQputCopyData(conn, (const char *)rows.p, (int)rows.n) == 1 && PQputCopyData(conn, tail, 2) == 1 &&
           PQputCopyEnd(conn, NULL) == 1 && PQsetnonblocking(conn, 1) == 0;
}

heng_rc heng_db_copy(struct heng_db *db, heng_sql sql, struct heng_slice rows, struct heng_err *err)
{
    const char *name = heng_db_sql_name(sql);
    PGconn *conn = db->postgres->conn;
    heng_rc rc = postgres_settle(db, err);
    if (rc != HENG_OK) return rc;
    PGresult *answer = PQsendQuery(conn, heng_db_sql_text(db, sql)) ? answer_to(db) : NULL;
    rc = PQresultStatus(answer) == PGRES_COPY_IN ? HENG_OK : fail(db, answer, name, err);
    PQclear(answer);
    if (rc != HENG_OK) return rc;
    answer = put_rows(conn, rows) ? answer_to(db) : NULL;
    if (PQresultStatus(answer) != PGRES_COMMAND_OK) rc = fail(db, answer, name, err);
    PQclear(answer);
    return rc;
}

/* --- connections ------------------------------------------------------------------------------------------ */

static void forget_statements(struct heng_postgres *pg)
{
    for (size_t i = 0; i < HENG_SQL_COUNT; i++) {
        if (!pg->slots[i]) continue;
        PQclear(pg->slots[i]->answer);
        free(pg->slots[i]);
        pg->slots[i] = NULL;
    }
}

/* What every connection is told. A server that has lost us lets go of what we held within seconds, as we do of it. */
static const char settings[] = "SET standard_conforming_strings = on; SET client_min_messages = warning;"
                               "SET lock_timeout = 2000; SET idle_in_transaction_session_timeout = 0;"
                               "SET tcp_keepalives_idle = 2; SET tcp_keepalives_interval = 1;"
                               "SET tcp_keepalives_count = 3; SET tcp_user_timeout = 4000;"
                               "SET client_connection_check_interval = 1000;"
                               "SET jit = off"; /* its compiler takes longer than any statement of ours */

/* 'off' acknowledges what a power cut takes away; what is stronger than 'on' stays. */
static const char strong_commit[] =
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'";
static const char only_read[] = "SET default_transaction_read_only = on";

static heng_rc check_server(struct heng_db *db, struct heng_err *err)
{
    struct heng_postgres *pg = db->postgres;
    int64_t ignored = 0;
    const char *encoding = PQparameterStatus(pg->conn, "server_encoding");
    if (PQserverVersion(pg->conn) < SERVER_MIN)
        return heng_fail(err, HENG_EUNSUPPORTED, 0, "database '%s': PostgreSQL 15 or newer is needed, this is %d",
                         db->path, PQserverVersion(pg->conn) / 10000);
    if (!encoding || strcmp(encoding, "UTF8") != 0)
        return heng_fail(err, HENG_ECONFIG, 0,
                         "database '%s' is not in UTF8: make one with createdb -E UTF8 -T template0", db->path);
    heng_rc rc = postgres_exec(db, "set up", settings, &ignored, err);
    if (rc == HENG_OK) rc = postgres_exec(db, "set up", pg->writes ? strong_commit : only_read, &ignored, err);
    return rc;
}

/* A failed connection has no SQL state, only words. */
static heng_rc fail_connect(struct heng_db *db, struct heng_err *err)
{
    const char *message = PQerrorMessage(db->postgres->conn);
    const char *fatal = strstr(message, "FATAL:"); /* behind the address, which the path says already */
    char line[110];
    first_line(fatal ? fatal + strlen("FATAL:  ") : message, line, sizeof line);
    heng_rc rc = HENG_EIO;
    if (strncmp(line, "database ", 9) == 0 && strstr(line, "does not exist")) rc = HENG_ENOTFOUND;
    if (PQconnectionNeedsPassword(db->postgres->conn) || strstr(line, "authentication") ||
        strncmp(line, "role ", 5) == 0)
        rc = HENG_EDENIED;
    return heng_fail(err, rc, 0, "database '%s': no connection: %s", db->path, line);
}

static heng_rc connect_to(struct heng_db *db, struct heng_err *err)
{
    struct heng_postgres *pg = db->postgres;
    /* What stands before dbname can be said otherwise in the URI. */
    const char *const keys[] = {"connect_timeout",      "keepalives_idle",
                                "keepalives_interval",  "keepalives_count",
                                "tcp_user_timeout",     "application_name",
                                "target_session_attrs", "dbname",
                                "client_encoding",      NULL};
    const char *const values[] = {"3",     "2",    "1", "3", "4000", "heng", pg->writes ? "read-write" : "any",
                                  pg->uri, "UTF8", NULL};
    forget_statements(pg);
    PQfinish(pg->conn);
    pg->queued = 0;
    pg->conn = PQconnectdbParams(keys, values, 1);
    if (!pg->conn) return heng_fail(err, HENG_ENOMEM, 0, "database '%s': out of memory", db->path);
    if (PQstatus(pg->conn) != CONNECTION_OK) {
        db->broken = true;
        return fail_connect(db, err);
    }
    db->broken = false;
    PQsetNoticeReceiver(pg->conn, take_notice, pg);
    if (PQsetnonblocking(pg->conn, 1) != 0) return fail(db, NULL, "open", err);
    heng_rc rc = check_server(db, err);
    if (rc != HENG_OK) db->broken = true;
    return rc;
}

/* The name for people: server and database, no user, no option. A password in it is refused: everybody sees it in the
 * list of processes. */
static heng_rc name_of(const char *uri, char *ret, size_t cap, struct heng_err *err)
{
    const char *host = "", *port = "", *base = "";
    char *why = NULL;
    PQconninfoOption *options = PQconninfoParse(uri, &why);
    if (!options) {
        heng_rc rc = heng_fail(err, HENG_ECONFIG, 0,
                               "this is not the name of a database of PostgreSQL: "
                               "write postgresql://USER@HOST:PORT/DATABASE");
        PQfreemem(why); /* it may repeat the password */
        return rc;
    }
    bool secret = false;
    for (const PQconninfoOption *o = options; o->keyword; o++) {
        if (!o->val) continue;
        if (strcmp(o->keyword, "host") == 0) host = o->val;
        if (strcmp(o->keyword, "port") == 0) port = o->val;
        if (strcmp(o->keyword, "dbname") == 0) base = o->val;
        if (strcmp(o->keyword, "password") == 0 || strcmp(o->keyword, "sslpassword") == 0) secret = true;
    }
    snprintf(ret, cap, "postgresql://%.200s%s%.20s/%.80s", host, port[0] ? ":" : "", port, base);
    PQconninfoFree(options);
    return secret
               ? heng_fail(err, HENG_ECONFIG, 0, "the name of a database has no password in it: put it into ~/.pgpass")
               : HENG_OK;
}

static void postgres_close(struct heng_db *db)
{
    struct heng_postgres *pg = db->postgres;
    if (!pg) return;
    forget_statements(pg);
    PQfinish(pg->conn);
    free(pg->uri);
    free(pg);
}

static bool postgres_busy(struct heng_db *db)
{
    PGTransactionStatusType status = PQtransactionStatus(db->postgres->conn);
    /* A pipeline of which answers were lost takes no statement any more; the transaction ends with the connection. */
    if (!db->postgres->queued && PQpipelineStatus(db->postgres->conn) != PQ_PIPELINE_OFF) return false;
    return status == PQTRANS_INTRANS || status == PQTRANS_INERROR || status == PQTRANS_ACTIVE;
}

/* --- statements ------------------------------------------------------------------------------------------- */

static struct slot *slot_of(const struct heng_query *q) { return q->db->postgres->slots[q->sql]; }

static void postgres_begin(struct heng_query *q)
{
    struct heng_db *db = q->db;
    struct heng_postgres *pg = db->postgres;
    struct heng_err err;
    /* One that reads has nothing to lose by a new connection; the first step tells why there is none. */
    if (!pg->writes && !db->in_transaction && (db->broken || PQstatus(pg->conn) == CONNECTION_BAD) &&
        connect_to(db, &err) != HENG_OK)
        db->broken = true;
    if (!heng_db_sql_text(db, q->sql)) {
        q->code = FAILED_STATEMENT;
        return;
    }
    if (!pg->slots[q->sql]) pg->slots[q->sql] = calloc(1, sizeof(struct slot));
    if (!slot_of(q)) q->code = FAILED_MEMORY;
}

static void bind(struct heng_query *q, Oid type, const char *value, size_t n)
{
    struct slot *slot = slot_of(q);
    int i = q->bound - 1;
    if (i >= PARAMS_MAX || n > INT32_MAX || (slot->prepared && i >= slot->count) ||
        (slot->prepared && slot->types[i] != type && slot->types[i] && type)) {
        q->code = FAILED_PARAMS;
        return;
    }
    if (!slot->prepared) {
        slot->types[i] = type;
        slot->count = q->bound;
    }
    slot->values[i] = value;
    slot->lengths[i] = (int)n;
    slot->formats[i] = 1;
}

/* A type of 0 is for the server to find out. */
static void bind_null(struct heng_query *q) { bind(q, 0, NULL, 0); }

static void put_int(uint8_t ret[static 8], int64_t value)
{
    for (unsigned i = 0; i < 8; i++) ret[i] = (uint8_t)((uint64_t)value >> (56 - 8 * i));
}

static void bind_int(struct heng_query *q, int64_t value)
{
    uint8_t *bytes = slot_of(q)->ints[q->bound <= PARAMS_MAX ? q->bound - 1 : 0];
    put_int(bytes, value);
    bind(q, TYPE_INT8, (const char *)bytes, 8);
}

static bool is_utf8(const char *text, size_t n)
{
    for (size_t i = 0, length; i < n; i += length)
        if ((length = heng_utf8_length((const uint8_t *)text + i, n - i)) == 0) return false;
    return true;
}

static void bind_text(struct heng_query *q, const char *text)
{
    size_t n = strlen(text);
    if (is_utf8(text, n))
        bind(q, TYPE_TEXT, text, n);
    else
        q->code = FAILED_TEXT; /* before it spoils the whole transaction */
}

static void bind_blob(struct heng_query *q, struct heng_slice bytes)
{
    bind(q, TYPE_BYTEA, bytes.n ? (const char *)bytes.p : "", bytes.n);
}

static void put_u32(uint8_t **at, size_t value)
{
    for (unsigned i = 0; i < 4; i++) *(*at)++ = (uint8_t)(value >> (24 - 8 * i));
}

/* An array as the server writes it: one dimension, no NULL, type of the elements, how many, the first is number 1; then
 * each with its length. bytes: of all elements together. Returns where the elements go to, NULL without memory. */
static uint8_t *begin_array(struct heng_query *q, Oid array, Oid element, size_t n, size_t bytes)
{
    const size_t head = 20, size = head + 4 * n + bytes;
    uint8_t *at = size < INT32_MAX && q->bound <= PARAMS_MAX ? malloc(size) : NULL;
    if (!at) {
        q->code = FAILED_MEMORY;
        return NULL;
    }
    slot_of(q)->arrays[q->bound - 1] = at;
    bind(q, array, (const char *)at, size);
    put_u32(&at, 1);
    put_u32(&at, 0);
    put_u32(&at, element);
    put_u32(&at, n);
    put_u32(&at, 1);
    return at;
}

void heng_query_ints(struct heng_query *q, const int64_t *values, size_t n)
{
    q->bound++;
    uint8_t *at = q->code ? NULL : begin_array(q, TYPE_INT8S, TYPE_INT8, n, 8 * n);
    for (size_t i = 0; at && i < n; i++, at += 8) {
        put_u32(&at, 8);
        put_int(at, values[i]);
    }
}

void heng_query_slices(struct heng_query *q, bool text, const struct heng_slice *values, size_t n)
{
    size_t bytes = 0;
    q->bound++;
    for (size_t i = 0; i < n; i++) bytes += values[i].n;
    uint8_t *at =
        q->code ? NULL : begin_array(q, text ? TYPE_TEXTS : TYPE_BYTEAS, text ? TYPE_TEXT : TYPE_BYTEA, n, bytes);
    for (size_t i = 0; at && i < n; i++) {
        put_u32(&at, values[i].n);
        if (values[i].n) memcpy(at, values[i].p, values[i].n);
        at += values[i].n;
    }
}

static heng_rc prepare(struct heng_query *q, struct heng_err *err)
{
    struct slot *slot = slot_of(q);
    const char *name = heng_db_sql_name(q->sql);
    PGconn *conn = q->db->postgres->conn;
    PGresult *answer =
        PQsendPrepare(conn, name, heng_db_sql_text(q->db, q->sql), slot->count, slot->types) ? answer_to(q->db) : NULL;
    slot->prepared = PQresultStatus(answer) == PGRES_COMMAND_OK;
    heng_rc rc = slot->prepared ? HENG_OK : fail(q->db, answer, name, err);
    PQclear(answer);
    return rc;
}

/* The server says COMMIT to what it commits, ROLLBACK to what an error before has spoilt, and may warn that others do
 * not have it yet: then nobody knows, and the same has to be offered again to whoever is the server then. */
static heng_rc check_commit(struct heng_db *db, PGresult *answer, struct heng_err *err)
{
    if (strcmp(PQcmdStatus(answer), "COMMIT") != 0)
        return heng_fail(err, HENG_EBUG, 0, "database '%s': commit after an error: nothing was stored", db->path);
    if (!db->postgres->warned) return HENG_OK;
    db->broken = true;
    return heng_fail(err, HENG_EIO, 0,
                     "database '%s': the standby has not confirmed the commit: it is not known whether it stays",
                     db->path);
}

/* A sum of bigints is a numeric, say: the statement has to cast it. */
static heng_rc check_columns(const PGresult *answer, const char *name, struct heng_err *err)
{
    for (int i = 0; i < PQnfields(answer); i++) {
        Oid type = PQftype(answer, i);
        if (type != TYPE_INT8 && type != TYPE_TEXT && type != TYPE_BYTEA && type != TYPE_INT4 && type != TYPE_BOOL &&
            type != TYPE_VOID)
            return heng_fail(err, HENG_EBUG, 0, "%s: column %d is of type %u: cast it", name, i, type);
    }
    return HENG_OK;
}

/* Bound as it was prepared, or prepared now. */
static heng_rc make_ready(struct heng_query *q, struct heng_err *err)
{
    struct slot *slot = slot_of(q);
    if (!slot->prepared) {
        heng_rc rc = postgres_settle(q->db, err);
        if (rc == HENG_OK) rc = prepare(q, err);
        if (rc != HENG_OK) return rc;
    }
    if (q->bound == slot->count) return HENG_OK;
    q->code = FAILED_PARAMS;
    return fail_latched(q, err);
}

static bool send_it(struct heng_query *q)
{
    struct slot *slot = slot_of(q);
    slot->row = -1;
    return PQsendQueryPrepared(q->db->postgres->conn, heng_db_sql_name(q->sql), slot->count, slot->values,
                               slot->lengths, slot->formats, 1);
}

/* Send the statement behind those that wait, and wait for them all: one way there and back. */
static heng_rc execute_behind(struct heng_query *q, struct heng_err *err)
{
    struct heng_err ignored;
    struct heng_db *db = q->db;
    struct slot *slot = slot_of(q);
    if (!send_it(q) || !PQpipelineSync(db->postgres->conn)) {
        db->broken = true;
        return fail(db, NULL, heng_db_sql_name(q->sql), err);
    }
    bool lost = false;
    heng_rc rc = take_queued(db, &lost, err);
    if (lost) return rc;
    db->postgres->warned = false;
    slot->answer = answer_to(db);
    heng_rc left = leave_pipeline(db, rc == HENG_OK ? err : &ignored);
    if (rc == HENG_OK) rc = left;
    if (rc == HENG_OK) return HENG_OK;
    PQclear(slot->answer);
    slot->answer = NULL;
    return rc;
}

/* What takes back does so whatever has failed before; an error of what is taken back is nobody's any more. */
static bool takes_back(heng_sql sql) { return sql == HENG_SQL_ROLLBACK || sql == HENG_SQL_SAVEPOINT_BACK; }

/* Send the statement, take all of its answer, or with streamed the first row of it. */
static heng_rc execute(struct heng_query *q, struct heng_err *err)
{
    struct heng_err ignored;
    struct heng_db *db = q->db;
    struct slot *slot = slot_of(q);
    const char *name = heng_db_sql_name(q->sql);
    heng_rc rc = HENG_OK;
    if (takes_back(q->sql) && postgres_settle(db, &ignored) != HENG_OK && db->broken) return fail(db, NULL, name, err);
    if (q->streamed) rc = postgres_settle(db, err);
    if (rc == HENG_OK) rc = make_ready(q, err);
    if (rc != HENG_OK) return rc;
    db->postgres->warned = false;
    if (db->postgres->queued) {
        if ((rc = execute_behind(q, err)) != HENG_OK) return rc;
    } else {
        if (!send_it(q)) return fail(db, NULL, name, err);
        if (q->streamed && (!PQsetSingleRowMode(db->postgres->conn) || !next_answer(db, &slot->answer)))
            return fail(db, NULL, name, err);
        if (!q->streamed) slot->answer = answer_to(db);
    }
    ExecStatusType status = PQresultStatus(slot->answer);
    if (status == PGRES_TUPLES_OK || status == PGRES_SINGLE_TUPLE) return check_columns(slot->answer, name, err);
    if (status != PGRES_COMMAND_OK) return fail(db, slot->answer, name, err);
    return q->sql == HENG_SQL_COMMIT ? check_commit(db, slot->answer, err) : HENG_OK;
}

static heng_rc postgres_queue(struct heng_query *q, struct heng_err *err)
{
    struct heng_db *db = q->db;
    struct heng_postgres *pg = db->postgres;
    if (q->code) return fail_latched(q, err);
    if (db->broken) return heng_fail(err, HENG_EIO, 0, "database '%s': the connection is lost: try again", db->path);
    heng_rc rc = pg->queued == QUEUE_MAX ? postgres_settle(db, err) : HENG_OK;
    if (rc == HENG_OK) rc = make_ready(q, err);
    if (rc != HENG_OK) return rc;
    if ((!pg->queued && !PQenterPipelineMode(pg->conn)) || !send_it(q)) {
        db->broken = true;
        return fail(db, NULL, heng_db_sql_name(q->sql), err);
    }
    pg->queue[pg->queued++] = q->sql;
    return HENG_OK;
}

static heng_rc postgres_step(struct heng_query *q, struct heng_err *err)
{
    struct heng_db *db = q->db;
    if (q->code) return fail_latched(q, err);
    if (db->broken) return heng_fail(err, HENG_EIO, 0, "database '%s': the connection is lost: try again", db->path);
    struct slot *slot = slot_of(q);
    if (!slot->answer) {
        heng_rc rc = execute(q, err);
        if (rc != HENG_OK) return rc;
    } else if (q->streamed && PQresultStatus(slot->answer) == PGRES_SINGLE_TUPLE) {
        PQclear(slot->answer);
        slot->answer = NULL;
        slot->row = -1;
        if (!next_answer(db, &slot->answer)) return fail(db, NULL, heng_db_sql_name(q->sql), err);
        if (PQresultStatus(slot->answer) == PGRES_FATAL_ERROR)
            return fail(db, slot->answer, heng_db_sql_name(q->sql), err);
    }
    slot->row++;
    return slot->row < PQntuples(slot->answer) ? HENG_OK : HENG_ENOTFOUND;
}

/* The bytes of the column at hand. */
static struct heng_slice column(const struct heng_query *q)
{
    const struct slot *slot = slot_of(q);
    if (!slot->answer || q->column >= PQnfields(slot->answer) || slot->row >= PQntuples(slot->answer))
        return heng_slice_of(NULL, 0);
    return heng_slice_of(PQgetvalue(slot->answer, slot->row, q->column),
                         (size_t)PQgetlength(slot->answer, slot->row, q->column));
}

static bool is_null(const struct heng_query *q)
{
    const struct slot *slot = slot_of(q);
    return slot->answer && PQgetisnull(slot->answer, slot->row, q->column);
}

/* Numbers come as 1, 2, 4 or 8 bytes: a truth, small constants, counts. */
static int64_t get_int(const struct heng_query *q)
{
    struct heng_slice bytes = column(q);
    uint64_t value = bytes.n && bytes.p[0] & 0x80 && bytes.n > 1 ? UINT64_MAX : 0;
    if (bytes.n > 8) return 0;
    for (size_t i = 0; i < bytes.n; i++) value = value << 8 | bytes.p[i];
    return (int64_t)value;
}

static void postgres_end(struct heng_query *q)
{
    struct slot *slot = q->code == FAILED_STATEMENT || q->code == FAILED_MEMORY ? NULL : slot_of(q);
    if (!slot) return;
    PGresult *rest = NULL;
    if (q->streamed && slot->answer && PQtransactionStatus(q->db->postgres->conn) == PQTRANS_ACTIVE) {
        PGcancel *cancel = PQgetCancel(q->db->postgres->conn); /* nobody wants the rest of a long answer */
        char why[64];
        if (cancel) PQcancel(cancel, why, sizeof why);
        PQfreeCancel(cancel);
    }
    while (q->streamed && slot->answer && next_answer(q->db, &rest) && rest) PQclear(rest);
    PQclear(slot->answer);
    slot->answer = NULL;
    for (int i = 0; i < slot->count; i++) {
        free(slot->arrays[i]);
        slot->arrays[i] = NULL;
    }
    if (!slot->prepared) slot->count = 0;
}

static const struct heng_db_engine postgres_engine = {
    .close = postgres_close,
    .exec = postgres_exec,
    .busy = postgres_busy,
    .begin = postgres_begin,
    .bind_null = bind_null,
    .bind_int = bind_int,
    .bind_text = bind_text,
    .bind_blob = bind_blob,
    .step = postgres_step,
    .queue = postgres_queue,
    .settle = postgres_settle,
    .is_null = is_null,
    .get_int = get_int,
    .get_text = column,
    .get_blob = column,
    .end = postgres_end,
};

heng_rc heng_db_open_postgres(struct heng_db *db, const char *uri, bool writes, struct heng_err *err)
{
    heng_rc rc = name_of(uri, db->path, sizeof db->path, err);
    if (rc != HENG_OK) return rc;
    struct heng_postgres *pg = calloc(1, sizeof *pg);
    char *copy = strdup(uri);
    if (!pg || !copy) {
        free(pg);
        free(copy);
        return heng_fail(err, HENG_ENOMEM, 0, "database '%s': out of memory", db->path);
    }
    pg->uri = copy;
    pg->writes = writes;
    db->engine = &postgres_engine;
    db->postgres = pg;
    return connect_to(db, err);
}
