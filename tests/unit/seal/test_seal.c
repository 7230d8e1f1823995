/* Whatever is changed behind our back is found and named; what life brings is no change. */
#include <sys/stat.h>

#include "seal/key.h"
#include "seal/proof.h"
#include "seal/verify.h"
#include "store/dump.h"
#include "unit/seal/seal_rig.h"

enum { MUTATIONS = 500, MUTATIONS_SERVER = 30, FOUND_MAX = 64 };

static void rig_init(struct rig *r, uint64_t seed)
{
    struct heng_err err;
    *r = (struct rig){.random = seed};
    r->store = small_site_open(&r->site);
    assert_ok(heng_seal_new(r->site.directory, &r->seal, &err));
    begin(r);
    sql(r,
        "INSERT INTO account (id, org_id, number, name, language, currency, opened_us) VALUES (1, 0, 'A1', 'Li', 'zh', "
        "'CNY', 1)");
    if (!number(r, "SELECT count(*) FROM point WHERE id = 1"))
        sql(r, "INSERT INTO point (id, place_id, medium, key, name) VALUES (1, 1, 'heat', 'p1', 'p1')");
    sql(r, "INSERT INTO contract (id, account_id, point_id, mode, from_day) VALUES (1, 1, 1, 'postpaid', 1)");
    sql(r,
        "INSERT INTO book (id, org_id, kind, account_id, ref, currency) VALUES (1, 0, 'cash', 0, 'A', 'CNY'), (2, 0, "
        "'customer', 1, '', 'CNY')");
    commit(r);
    live(r, 1, STEPS);
    seal_now(r);
}

static void rig_fini(struct rig *r)
{
    static const char *const files[] = {"seal.key", "seal.head", "seal.key.next"};
    char path[300];
    heng_seal_free(r->seal);
    heng_store_close(r->store);
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", r->site.directory, files[i]);
        unlink(path);
    }
    small_site_fini(&r->site);
}

/* --- looking --------------------------------------------------------------------------------------------------- */

struct looked {
    struct heng_seal_told told;
    size_t n;
    struct heng_seal_finding found[FOUND_MAX];
};

static heng_rc on_found(void *owner, const struct heng_seal_finding *finding, struct heng_err *err)
{
    struct looked *l = owner;
    (void)err;
    if (l->n < FOUND_MAX) l->found[l->n++] = *finding;
    return HENG_OK;
}

static void look(struct heng_store_reader *reader, const struct heng_seal_line *head, const uint8_t *key,
                 struct looked *ret)
{
    struct heng_err err;
    struct heng_seal_ask ask = {.stream = HENG_SEAL_STREAM_COUNT,
                                .heads = head,
                                .head_count = head != NULL,
                                .public_key = key,
                                .owner = ret,
                                .found = on_found};
    ret->n = 0;
    assert_ok(heng_seal_verify(reader, &ask, &ret->told, &err));
}

static void assert_clean(struct heng_store_reader *reader, uint64_t since)
{
    static struct looked l;
    look(reader, NULL, NULL, &l);
    for (size_t i = 0; i < l.n; i++)
        print_message("%s %s %lld %s %s\n", heng_seal_wrong_text(l.found[i].wrong),
                      heng_seal_stream_text(l.found[i].stream), (long long)l.found[i].position, l.found[i].name,
                      l.found[i].why);
    assert_int_equal(l.told.findings, 0);
    assert_int_equal(l.told.since, since);
    assert_true(l.told.rows > 100 && l.told.checkpoints > 3);
}

static bool names(const struct looked *l, heng_seal_stream stream, int64_t position)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->found[i].stream == stream && l->found[i].position == position && l->found[i].wrong <= HENG_SEAL_ADDED)
            return true;
    return false;
}

static bool finds(const struct looked *l, heng_seal_wrong wrong)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->found[i].wrong == wrong) return true;
    return false;
}

/* --- whatever is changed --------------------------------------------------------------------------------------- */

/* A table of the attacker: by which number a row is found, where verify says it is, its columns as "name type ...". */
static const struct table {
    heng_seal_stream stream;
    const char *name, *id, *position, *columns[22];
} tables[] = {
    {HENG_SEAL_FRAME, "frame", "id", "SELECT @", {"i device_id", "i at_us", "t protocol", "b bytes"}},
    {HENG_SEAL_READING,
     "reading",
     "first_frame",
     "SELECT @",
     {"i at_us", "i source", "i quality", "i frame_count", "b packed", "i due_us", "i partial"}},
    {HENG_SEAL_POINT_EVENT,
     "point_event",
     "id",
     "SELECT @",
     {"t kind", "i at_us", "i until_us", "i recorded_us", "t before", "t after", "i factor_num", "i factor_den",
      "i digits", "t unit", "i reading_at", "i reading_source", "i undoes", "t who", "t second", "t reason",
      "b photo"}},
    {HENG_SEAL_BOOKING,
     "booking",
     "id",
     "SELECT @",
     {"t key", "i org_id", "i account_id", "t kind", "i amount", "t currency", "i at_us", "i day", "t channel",
      "t desk", "i cash_day_id", "t subject", "i subject_id", "i reverses", "t who", "t second", "t reason",
      "b digest"}},
    {HENG_SEAL_POSTING, "posting", "booking_id", "SELECT @", {"i book_id", "i amount"}},
    {HENG_SEAL_RECEIPT,
     "receipt",
     "id",
     "SELECT @",
     {"i org_id", "t desk", "i year", "i number", "i booking_id", "i balance_before", "i balance_after"}},
    {HENG_SEAL_TARIFF,
     "tariff_doc",
     "id",
     "SELECT @",
     {"i org_id", "t key", "i edition", "i at_us", "t who", "t reason", "b digest", "t body"}},
    {HENG_SEAL_AUDIT,
     "audit",
     "id",
     "SELECT @",
     {"i org_id", "i at_us", "t who", "t second", "t action", "t subject", "i subject_id", "t before", "t after",
      "t reason"}},
    {HENG_SEAL_PAY_NOTICE,
     "pay_notice",
     "id",
     "SELECT @",
     {"t channel", "t key", "i at_us", "t order_number", "t outcome", "t why", "b body"}},
    {HENG_SEAL_BILL,
     "bill",
     "id",
     "SELECT id FROM seal_final WHERE stream = 'bill' AND row_id = @",
     {"i run_id", "i org_id", "i account_id", "t kind", "t number", "i from_day", "i to_day", "i due_day", "i total",
      "i tax", "t currency", "i booking_id", "i reverses", "i replaces", "i issued_us", "b digest"}},
    {HENG_SEAL_CHARGE,
     "charge",
     "id",
     "SELECT f.id FROM seal_final f, charge c WHERE f.stream = 'bill' AND f.row_id = c.bill_id AND c.id = @",
     {"i contract_id", "i account_id", "t kind", "i from_day", "i to_day", "t medium", "i total", "i before",
      "i amount", "i tax", "i before_tax", "i estimated", "i bill_id", "i at_us", "t ask", "t states", "t trace",
      "b digest"}},
    {HENG_SEAL_CHARGE_LINE,
     "charge_line",
     "charge_id",
     "SELECT f.id FROM seal_final f, charge c WHERE f.stream = 'bill' AND f.row_id = c.bill_id AND c.id = @",
     {"i n", "t component", "t name", "t version", "i tier", "t rate", "i from_day", "i to_day", "t quantity", "t unit",
      "t price", "i amount", "i tax", "t note", "t vat", "i time_count", "i time_of"}},
    {HENG_SEAL_CASH_DAY,
     "cash_day",
     "id",
     "SELECT id FROM seal_final WHERE stream = 'cash-day' AND row_id = @",
     {"i org_id", "t desk", "t cashier", "i day", "t currency", "i opened_us", "i opening", "i closed_us", "i expected",
      "i counted", "i handed_over", "t handed_to", "t reason", "t totals"}},
    {HENG_SEAL_FINAL, "seal_final", "id", "SELECT @", {"t stream", "i row_id", "i at_us", "i source"}},
};
enum { TABLES = sizeof tables / sizeof *tables };

/* The attacker drops the triggers, and minds no references. */
static void disarm(struct rig *r)
{
    if (!on_server()) sql(r, "PRAGMA defer_foreign_keys = ON");
}

static void drop_triggers(struct rig *r)
{
    static const char of_server[] =
        "SELECT 'ALTER TABLE ' || conrelid::regclass || ' DROP CONSTRAINT ' || conname FROM pg_constraint WHERE "
        "contype = "
        "'f' AND conparentid = 0 AND connamespace = current_schema()::regnamespace UNION ALL "
        "SELECT 'ALTER TABLE ' || c.oid::regclass || ' DISABLE TRIGGER USER' FROM pg_class c WHERE c.relkind IN ('r', "
        "'p') "
        "AND c.relnamespace = current_schema()::regnamespace";
    char *lines = small_site_lines(
        r->site.path,
        on_server() ? of_server : "SELECT 'DROP TRIGGER ' || name FROM sqlite_master WHERE type = 'trigger'");
    for (char *at = strtok(lines, "\n"); at; at = strtok(NULL, "\n")) sql(r, "%s", at);
    free(lines);
}

/* A template with @ for a number and # for a text. */
static void spell(char *ret, size_t cap, const char *template, int64_t n, const char *text)
{
    ret[0] = '\0';
    for (const char *at = template; *at; at++) {
        size_t used = strlen(ret);
        if (*at == '@')
            snprintf(ret + used, cap - used, "%lld", (long long)n);
        else
            snprintf(ret + used, cap - used, "%.*s", *at == '#' ? (int)strlen(text) : 1, *at == '#' ? text : at);
    }
}

/* Picks a sealed row; its position as verify says it. */
static int64_t pick_row(struct rig *r, const struct table *t, int64_t *ret_position)
{
    char text[300];
    for (;;) {
        snprintf(text, sizeof text, "SELECT count(*) FROM %s", t->name);
        uint32_t rows = (uint32_t)number(r, text);
        snprintf(text, sizeof text, "SELECT %s FROM %s ORDER BY %s LIMIT 1 OFFSET %u", t->id, t->name, t->id,
                 pick(r, rows));
        int64_t id = number(r, text);
        spell(text, sizeof text, t->position, id, "");
        *ret_position = number(r, text);
        if (id && *ret_position) return id;
    }
}

static heng_rc alter(struct rig *r, const struct table *t, int64_t id)
{
    size_t n = 0;
    while (n < 22 && t->columns[n]) n++;
    const char *column = t->columns[pick(r, (uint32_t)n)], *name = column + 2;
    int64_t by = pick(r, 2) ? 1 : INT64_C(1) << pick(r, 40);
    switch (column[0]) {
    case 'i':
        return try_sql(r, "UPDATE %s SET %s = coalesce(%s, 0) + %lld WHERE %s = %lld", t->name, name, name,
                       (long long)by, t->id, (long long)id);
    case 't':
        return try_sql(r, "UPDATE %s SET %s = %s || '%c' WHERE %s = %lld", t->name, name, name, 'a' + (char)pick(r, 26),
                       t->id, (long long)id);
    case 'b':
        return try_sql(r, "UPDATE %s SET %s = %s WHERE %s = %lld", t->name, name, BLOB("ff00ff01"), t->id,
                       (long long)id);
    }
    fail_msg("column %s", column);
    return HENG_EBUG;
}

/* A copy of the row where no row was: under a number before all others. */
static heng_rc insert(struct rig *r, const struct table *t, int64_t id, int64_t *ret_position)
{
    *ret_position = -3 - (int64_t)pick(r, 1000);
    if (t->stream == HENG_SEAL_FRAME)
        return try_sql(r, "INSERT INTO frame SELECT %lld, device_id, at_us, protocol, bytes FROM frame WHERE id = %lld",
                       (long long)*ret_position, (long long)id);
    if (t->stream == HENG_SEAL_AUDIT)
        return try_sql(
            r,
            "INSERT INTO audit SELECT %lld, org_id, at_us, who, second, action, subject, subject_id, before, "
            "after, reason FROM audit WHERE id = %lld",
            (long long)*ret_position, (long long)id);
    if (t->stream == HENG_SEAL_POSTING) {
        *ret_position = id;
        return try_sql(r, "INSERT INTO posting VALUES (%lld, 7, 1, 5)", (long long)id);
    }
    if (t->stream == HENG_SEAL_READING) {
        *ret_position = id;
        return try_sql(
            r,
            "INSERT INTO reading (device_id, at_us, source, quality, first_frame, frame_count, packed) SELECT "
            "device_id, at_us + 1, source, quality, first_frame, frame_count, packed FROM reading WHERE "
            "first_frame = %lld",
            (long long)id);
    }
    return HENG_ECONFLICT;
}

static bool mutate_row(struct rig *r, char *ret_what, size_t cap, heng_seal_stream *ret_stream, int64_t *ret_position)
{
    const struct table *t = &tables[pick(r, TABLES)];
    int64_t id = pick_row(r, t, ret_position);
    uint32_t how = pick(r, 10);
    *ret_stream = t->stream;
    snprintf(ret_what, cap, "%s %s %lld", how < 6 ? "alter" : how < 8 ? "delete" : "insert", t->name, (long long)id);
    if (how < 6) return alter(r, t, id) == HENG_OK;
    if (how < 8) return try_sql(r, "DELETE FROM %s WHERE %s = %lld", t->name, t->id, (long long)id) == HENG_OK;
    return insert(r, t, id, ret_position) == HENG_OK;
}

static bool mutate_seal(struct rig *r, char *ret_what, size_t cap)
{
    static const char *const ways[] = {
        "UPDATE seal SET at_us = at_us + 1 WHERE n = @",
        "UPDATE seal SET chain = # WHERE n = @",
        "UPDATE seal SET signature = # WHERE n = @",
        "UPDATE seal SET key_id = key_id + 1 WHERE n = @",
        "DELETE FROM seal WHERE n = @",
        "DELETE FROM seal_piece WHERE seal_n = @",
        "UPDATE seal_piece SET rows = rows + 1 WHERE seal_n = @",
        "UPDATE seal_piece SET behind = behind + 1 WHERE seal_n = @",
        "UPDATE seal_piece SET root = # WHERE seal_n = @",
        "UPDATE seal_piece SET marks = # WHERE seal_n = @ AND stream = 'frame'",
        "UPDATE seal_piece SET seal_n = seal_n + 1 WHERE seal_n = @ AND stream = 'audit'",
        "UPDATE seal_piece SET stream = 'other' WHERE seal_n = @ AND stream = 'frame'",
        "UPDATE seal_key SET public = # WHERE id > 0 * @",
        "DELETE FROM seal_key WHERE id > 0 * @",
        "DELETE FROM seal_piece WHERE seal_n > @",
        "DELETE FROM seal WHERE n > @"};
    static const char hash[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    char literal[160];
    int64_t last = number(r, "SELECT max(n) FROM seal"), n = 1 + pick(r, (uint32_t)last - 1);
    const char *way = ways[pick(r, sizeof ways / sizeof *ways)];
    snprintf(literal, sizeof literal, on_server() ? "decode('%s', 'hex')" : "x'%s'", hash);
    snprintf(ret_what, cap, "%s (n = %lld)", way, (long long)n);
    char text[400];
    spell(text, sizeof text, way, n, literal);
    return try_sql(r, "%s", text) == HENG_OK;
}

static void head_line(struct rig *r, struct heng_seal_line *ret)
{
    char line[HENG_SEAL_LINE_CAP];
    struct heng_err err;
    assert_ok(heng_seal_head(heng_store_as_reader(r->store), line, &err));
    assert_ok(heng_seal_line_parse(line, ret, &err));
}

static void test_every_change_is_found(void **state)
{
    static struct looked l;
    const uint64_t seed = 20260901;
    struct heng_seal_line head;
    struct rig r;
    (void)state;
    print_message("seed %llu\n", (unsigned long long)seed);
    rig_init(&r, seed);
    head_line(&r, &head);
    drop_triggers(&r);
    int done = 0, wanted = on_server() ? MUTATIONS_SERVER : MUTATIONS;
    for (int i = 0; done < wanted; i++) {
        char what[300];
        heng_seal_stream stream = HENG_SEAL_STREAM_COUNT;
        int64_t position = 0, before = 0;
        assert_true(i < 10 * wanted);
        begin(&r);
        disarm(&r);
        before = number(&r, "SELECT count(*) FROM seal");
        bool row = pick(&r, 10) < 8,
             did = row ? mutate_row(&r, what, sizeof what, &stream, &position) : mutate_seal(&r, what, sizeof what);
        if (did) {
            look(heng_store_as_reader(r.store), &head, NULL, &l);
            if (!l.n) fail_msg("not found: %s, %lld seals", what, (long long)before);
            if (row && !names(&l, stream, position))
                fail_msg("not named: %s at %lld, but '%s' %s %lld", what, (long long)position,
                         heng_seal_wrong_text(l.found[0].wrong), heng_seal_stream_text(l.found[0].stream),
                         (long long)l.found[0].position);
            if (row && l.told.findings > 24) fail_msg("%s: %d findings", what, (int)l.told.findings);
            done++;
        }
        heng_store_rollback(r.store);
    }
    assert_clean(heng_store_as_reader(r.store), 0);
    rig_fini(&r);
}

/* A bill and a reading without frames that nobody of ours put there are no news: they were never reported. */
static void test_strays_are_found(void **state)
{
    static struct looked l;
    struct rig r;
    (void)state;
    rig_init(&r, 3);
    drop_triggers(&r);
    begin(&r);
    disarm(&r);
    sql(&r,
        "INSERT INTO bill (id, org_id, account_id, kind, state, number, from_day, to_day, total, tax, currency) VALUES "
        "(777, 0, 1, 'bill', 'issued', 'B-FALSE', 1, 2, 3, 0, 'CNY')");
    sql(&r,
        "INSERT INTO reading (device_id, at_us, source, quality, first_frame, frame_count, packed) VALUES (2, %lld, 2, "
        "1, "
        "0, "
        "0, %s)",
        (long long)START_US + 777, BLOB("00"));
    look(heng_store_as_reader(r.store), NULL, NULL, &l);
    assert_int_equal(l.n, 2);
    assert_true(names(&l, HENG_SEAL_BILL, 777));
    assert_string_equal(l.found[0].name, "B-FALSE");
    assert_true(names(&l, HENG_SEAL_BY_EYE, 2));
    heng_store_rollback(r.store);
    rig_fini(&r);
}

/* Who cuts off the newest checkpoints with all that is theirs is found by what is kept outside, and sealing stops. */
static void test_a_cut_off_end_is_found(void **state)
{
    static struct looked l;
    struct heng_seal_line head;
    struct heng_err err;
    struct rig r;
    bool left;
    (void)state;
    rig_init(&r, 4);
    head_line(&r, &head);
    drop_triggers(&r);
    begin(&r);
    disarm(&r);
    sql(&r, "DELETE FROM seal_piece WHERE seal_n = (SELECT max(n) FROM seal)");
    sql(&r, "DELETE FROM seal WHERE n = (SELECT max(n) FROM seal)");
    look(heng_store_as_reader(r.store), NULL, NULL, &l);
    assert_int_equal(l.n, 0); /* in the database alone nothing tells it */
    look(heng_store_as_reader(r.store), &head, NULL, &l);
    assert_true(l.n == 1 && l.found[0].wrong == HENG_SEAL_CUT && l.found[0].position == head.n);
    heng_seal_free(r.seal);
    assert_ok(heng_seal_new(r.site.directory, &r.seal, &err));
    assert_int_equal(heng_seal_work(r.seal, r.store, START_US, HENG_US_PER_S, &left, &err), HENG_EDENIED);
    assert_non_null(strstr(err.text, "seal.head"));
    heng_store_rollback(r.store);
    rig_fini(&r);
}

/* --- what life brings ------------------------------------------------------------------------------------------ */

static void test_life_goes_on(void **state)
{
    struct heng_err err;
    struct rig r;
    bool left;
    (void)state;
    rig_init(&r, 5);
    assert_clean(heng_store_as_reader(r.store), 0);
    begin(&r);
    sql(&r, "UPDATE bill SET state = 'reversed' WHERE state = 'issued'");
    sql(&r, "UPDATE bill SET total = total + 1, flags = 3, why = 'gate' WHERE number = ''");
    sql(&r, "UPDATE charge SET booking_id = 3");
    sql(&r, "UPDATE cash_day SET counted = 8 WHERE closed_us = 0");
    sql(&r, "UPDATE book SET balance = balance + 1");
    commit(&r);
    assert_clean(heng_store_as_reader(r.store), 0);
    begin(&r); /* the power fails before a checkpoint is committed */
    read_meter(&r, 2);
    commit(&r);
    assert_clean(heng_store_as_reader(r.store), 3);
    begin(&r);
    assert_ok(heng_seal_work(r.seal, r.store, START_US, HENG_US_PER_S, &left, &err));
    heng_store_rollback(r.store);
    assert_ok(heng_seal_committed(r.seal, false, &err));
    assert_clean(heng_store_as_reader(r.store), 3);
    live(&r, STEPS, STEPS + 20);
    heng_seal_free(r.seal); /* another process, and it has no time: one stream after the other */
    assert_ok(heng_seal_new(r.site.directory, &r.seal, &err));
    for (left = true; left;) {
        begin(&r);
        assert_ok(heng_seal_work(r.seal, r.store, START_US, 0, &left, &err));
        commit(&r);
        assert_ok(heng_seal_committed(r.seal, true, &err));
    }
    assert_clean(heng_store_as_reader(r.store), 0);
    rig_fini(&r);
}

static void test_backup_carries_seals(void **state)
{
    struct heng_dump_told told;
    struct heng_store_reader *reader = NULL;
    struct small_site other;
    struct heng_err err;
    char file[256];
    struct rig r;
    (void)state;
    rig_init(&r, 6);
    snprintf(file, sizeof file, "%s/backup", r.site.directory);
    assert_ok(heng_store_backup(r.site.path, file, &told, &err));
    small_site_init(&other);
    char path[256];
    snprintf(path, sizeof path, "%s/restored.db", other.directory);
    assert_ok(heng_store_restore(file, path, &told, &err)); /* from a server: to the other engine */
    assert_ok(heng_store_reader_open(path, &reader, &err));
    assert_clean(reader, 0);
    heng_store_reader_close(reader);
    unlink(file);
    static const char *const suffixes[] = {"", "-wal", "-shm", ".lock"};
    for (size_t i = 0; i < 4; i++) {
        snprintf(file, sizeof file, "%s%s", path, suffixes[i]);
        unlink(file);
    }
    small_site_fini(&other);
    rig_fini(&r);
}

/* --- keys and proofs ------------------------------------------------------------------------------------------- */

static void change_key(struct rig *r, bool lost)
{
    struct heng_err err;
    begin(r);
    assert_ok(heng_seal_change_key(r->seal, r->store, START_US, lost, &err));
    commit(r);
    assert_ok(heng_seal_committed(r->seal, true, &err));
}

static void test_keys(void **state)
{
    static struct looked l;
    struct heng_seal_line before, after;
    struct heng_err err;
    struct stat st;
    char path[300];
    struct rig r;
    bool left;
    (void)state;
    rig_init(&r, 7);
    snprintf(path, sizeof path, "%s/seal.key", r.site.directory);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    head_line(&r, &before);
    change_key(&r, false);
    live(&r, STEPS, STEPS + 5);
    seal_now(&r);
    head_line(&r, &after);
    assert_memory_not_equal(before.public_key, after.public_key, HENG_SEAL_HASH);
    assert_clean(heng_store_as_reader(r.store), 0);
    look(heng_store_as_reader(r.store), &before, after.public_key, &l);
    assert_int_equal(l.n, 0);
    look(heng_store_as_reader(r.store), NULL, before.public_key, &l);
    assert_true(l.n == 1 && finds(&l, HENG_SEAL_KEY));
    assert_int_equal(unlink(path), 0); /* lost: nothing is sealed until somebody says so, and that stays to be seen */
    heng_seal_free(r.seal);
    assert_ok(heng_seal_new(r.site.directory, &r.seal, &err));
    begin(&r);
    assert_int_equal(heng_seal_work(r.seal, r.store, START_US, HENG_US_PER_S, &left, &err), HENG_ENOTFOUND);
    assert_non_null(strstr(err.text, "--lost"));
    heng_store_rollback(r.store);
    assert_ok(heng_seal_committed(r.seal, false, &err));
    change_key(&r, true);
    live(&r, STEPS + 5, STEPS + 8);
    seal_now(&r);
    look(heng_store_as_reader(r.store), NULL, NULL, &l);
    assert_true(l.n == 1 && finds(&l, HENG_SEAL_KEY));
    head_line(&r, &after);
    look(heng_store_as_reader(r.store), NULL, after.public_key, &l); /* who expects it is content */
    assert_int_equal(l.n, 0);
    chmod(path, 0644);
    heng_seal_free(r.seal);
    assert_ok(heng_seal_new(r.site.directory, &r.seal, &err));
    begin(&r);
    assert_int_equal(heng_seal_work(r.seal, r.store, START_US, HENG_US_PER_S, &left, &err), HENG_EDENIED);
    heng_store_rollback(r.store);
    rig_fini(&r);
}

/* Trees of every size: each leaf with its path gives the root, as docs/seal.md says it is to be computed. */
static void test_paths(void **state)
{
    enum { MAX = 70 };
    struct heng_seal_sha *sha = NULL;
    struct heng_err err;
    (void)state;
    assert_ok(heng_seal_sha_new(&sha, &err));
    for (size_t n = 1; n <= MAX; n++) {
        uint8_t leaves[MAX][HENG_SEAL_HASH] = {{0}}, copy[MAX][HENG_SEAL_HASH], path[HENG_SEAL_LEVELS][HENG_SEAL_HASH];
        uint8_t root[HENG_SEAL_HASH];
        struct heng_seal_tree tree = {0};
        for (size_t i = 0; i < n; i++) {
            leaves[i][0] = (uint8_t)i;
            heng_seal_tree_add(&tree, sha, leaves[i]);
        }
        heng_seal_tree_root(&tree, sha, root);
        for (size_t i = 0; i < n; i++) {
            uint8_t node[HENG_SEAL_HASH];
            memcpy(copy, leaves, sizeof copy);
            size_t steps = heng_seal_path(copy, n, i, sha, path), used = 0;
            memcpy(node, leaves[i], sizeof node);
            for (size_t at = i, width = n; width > 1; at /= 2, width = (width + 1) / 2) {
                if ((at ^ 1) >= width) continue;
                heng_seal_node(sha, at & 1 ? path[used] : node, at & 1 ? node : path[used], node);
                used++;
            }
            assert_int_equal(used, steps);
            assert_memory_equal(node, root, sizeof root);
        }
    }
    heng_seal_sha_free(sha);
}

static void test_proof(void **state)
{
    struct heng_str out = {.max = 1 << 22};
    struct heng_err err;
    struct rig r;
    (void)state;
    rig_init(&r, 8);
    struct heng_store_reader *reader = heng_store_as_reader(r.store);
    assert_ok(heng_seal_proof(reader, HENG_SEAL_POSTING, 7, &out, &err));
    assert_non_null(strstr(out.text, "\"signature\""));
    heng_str_clear(&out);
    assert_int_equal(heng_seal_proof(reader, HENG_SEAL_FRAME, 1 << 30, &out, &err), HENG_EBUSY);
    assert_int_equal(heng_seal_proof(reader, HENG_SEAL_FRAME, 0, &out, &err), HENG_ENOTFOUND);
    drop_triggers(&r);
    begin(&r);
    disarm(&r);
    sql(&r, "UPDATE booking SET amount = 1 WHERE id = 3");
    assert_int_equal(heng_seal_proof(reader, HENG_SEAL_BOOKING, 3, &out, &err), HENG_ECONFLICT);
    heng_store_rollback(r.store);
    heng_str_fini(&out);
    rig_fini(&r);
}

static void test_lines(void **state)
{
    static const char *const bad[] = {
        "", "heng-seal-1", "heng-seal-1 n= at= chain= key=", "heng-seal-1 n=1 chain=00 key=00", "heng-seal-2 n=1"};
    struct heng_seal_head head = {.n = 41, .at_us = START_US, .chain = {1, 2, 255}};
    uint8_t key[HENG_SEAL_HASH] = {9, 8};
    struct heng_seal_line line;
    struct heng_err err;
    char text[HENG_SEAL_LINE_MAX];
    (void)state;
    heng_seal_line_format(&head, key, text);
    assert_ok(heng_seal_line_parse(text, &line, &err));
    assert_int_equal(line.n, 41);
    assert_memory_equal(line.chain, head.chain, sizeof head.chain);
    assert_memory_equal(line.public_key, key, sizeof key);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(heng_seal_line_parse(bad[i], &line, &err), HENG_EFORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_change_is_found),
        cmocka_unit_test(test_strays_are_found),
        cmocka_unit_test(test_a_cut_off_end_is_found),
        cmocka_unit_test(test_life_goes_on),
        cmocka_unit_test(test_backup_carries_seals),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_proof),
        cmocka_unit_test(test_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
