#ifndef HENG_TESTS_SEAL_RIG_H
#define HENG_TESTS_SEAL_RIG_H
/* A site with a history by chance, sealed now and then; money is put in by hand. */
#include <stdarg.h>

#include "seal/seal.h"
#include "store/db.h"
#include "store/write.h"
#include "unit/small_site.h"

enum { STEPS = 60 };

struct rig {
    struct small_site site;
    struct heng_store *store;
    struct heng_seal *seal;
    uint64_t random;
    int frames, bills;
};

/* xorshift64*, the seed is printed. */
static uint32_t pick(struct rig *r, uint32_t below)
{
    r->random ^= r->random >> 12;
    r->random ^= r->random << 25;
    r->random ^= r->random >> 27;
    return (uint32_t)((r->random * UINT64_C(2685821657736338717)) >> 33) % below;
}

static heng_rc HENG_PRINTF(2, 3) try_sql(struct rig *r, const char *fmt, ...)
{
    char text[2048];
    struct heng_err err;
    va_list args;
    va_start(args, fmt);
    assert_true(vsnprintf(text, sizeof text, fmt, args) < (int)sizeof text);
    va_end(args);
    heng_rc rc = heng_db_exec(&r->store->reader.db, "test", text, NULL, &err);
    if (rc != HENG_OK && rc != HENG_ECONFLICT) print_message("%s: %s\n", text, err.text);
    return rc;
}
#define sql(r, ...) assert_int_equal(try_sql(r, __VA_ARGS__), HENG_OK)

static int64_t number(struct rig *r, const char *text)
{
    struct heng_err err;
    int64_t ret = 0;
    assert_ok(heng_db_exec(&r->store->reader.db, "test", text, &ret, &err));
    return ret;
}

#define BLOB(text) (on_server() ? "decode('" text "', 'hex')" : "x'" text "'")

static void begin(struct rig *r)
{
    struct heng_err err;
    assert_ok(heng_store_begin(r->store, &err));
}

static void commit(struct rig *r)
{
    struct heng_err err;
    assert_ok(heng_store_commit(r->store, &err));
}

static void read_meter(struct rig *r, unsigned frames)
{
    static struct heng_reading reading;
    static struct heng_frame frame[3];
    struct heng_err err;
    heng_stored stored;
    int64_t first;
    memset(&reading, 0, sizeof reading);
    int nr = ++r->frames;
    for (unsigned i = 0; i < 3; i++)
        frame[i] = (struct heng_frame){.at_us = START_US + nr, .n = 4, .bytes = {(uint8_t)nr, (uint8_t)i, 0xFF, 0}};
    reading.device_id = 1 + (int64_t)pick(r, 4);
    reading.at_us = START_US + nr * HENG_US_PER_S * (pick(r, 5) ? 1 : -1); /* some come late */
    reading.source = frames ? HENG_SOURCE_LINE : HENG_SOURCE_HANDHELD;
    reading.quality = HENG_QUALITY_MEASURED;
    reading.frame_count = (uint16_t)frames;
    reading.value_count = 1;
    reading.values[0] = (struct heng_reading_value){.register_id = 1, .has_value = true, .dec = {nr, -2}};
    assert_ok(heng_store_add_reading(r->store, &reading, frame, &stored, &first, &err));
    assert_int_equal(stored, HENG_STORED_NEW);
}

static void book(struct rig *r, int k)
{
    sql(r,
        "INSERT INTO booking (id, key, org_id, account_id, kind, amount, currency, at_us, day, who, digest) "
        "VALUES (%d, 'key-%d', 0, 1, 'payment', %d, 'CNY', %d, 20000, 'wang', %s)",
        k, k, 100 * k, k, BLOB("0102"));
    sql(r, "INSERT INTO posting (booking_id, n, book_id, amount) VALUES (%d, 0, 1, %d), (%d, 1, 2, %d)", k, 100 * k, k,
        -100 * k);
    sql(r,
        "INSERT INTO receipt (id, org_id, desk, year, number, booking_id, balance_before, balance_after) "
        "VALUES (%d, 0, 'A', 2026, %d, %d, 0, %d)",
        k, k, k, k);
}

static void talk(struct rig *r, int k)
{
    sql(r,
        "INSERT INTO audit (id, org_id, at_us, who, action, subject, subject_id) VALUES (%d, 0, %d, 'li', "
        "'account.open', "
        "'account', 1)",
        k, k);
    sql(r,
        "INSERT INTO pay_notice (id, channel, key, at_us, order_number, outcome, body) VALUES (%d, 'wechat', 'n%d', "
        "%d, "
        "'o%d', 'applied', %s)",
        k, k, k, k, BLOB("7b7d"));
    sql(r,
        "INSERT INTO tariff_doc (id, org_id, key, edition, at_us, who, digest, body) VALUES (%d, 0, 'water', %d, %d, "
        "'li', "
        "%s, '{}')",
        k, k, k, BLOB("00"));
    sql(r,
        "INSERT INTO point_event (id, point_id, kind, at_us, recorded_us, who, reason) VALUES (%d, 1, 'edit', %d, %d, "
        "'li', "
        "'leak')",
        1000 + k, k, k);
}

/* A draft; issued some time later, not in the order in which they were made. */
static void draft(struct rig *r, int k)
{
    sql(r,
        "INSERT INTO bill (id, org_id, account_id, kind, state, from_day, to_day, total, tax, currency) VALUES (%d, 0, "
        "1, "
        "'bill', 'draft', 20000, 20030, %d, 3, 'CNY')",
        k, k);
    sql(r,
        "INSERT INTO charge (id, contract_id, account_id, kind, from_day, to_day, medium, total, before, amount, tax, "
        "before_tax, "
        "estimated, bill_id, at_us, ask, states, trace, digest) VALUES (%d, 1, 1, 'usage', 20000, 20030, 'water', %d, "
        "0, %d, "
        "3, 0, 0, %d, %d, '{}', '{}', '{}', %s)",
        k, k, k, k, k, BLOB("00"));
    sql(r,
        "INSERT INTO charge_line (charge_id, n, component, name, version, tier, rate, from_day, to_day, quantity, "
        "unit, "
        "price, amount, tax, note, vat, time_count, time_of) VALUES (%d, 0, 'water', 'Wasser', '1', 1, '', 20000, "
        "20030, "
        "'7.5', 'm3', '3.30', %d, 3, '', '', 1, 1)",
        k, k);
    sql(r,
        "INSERT INTO cash_day (id, org_id, desk, cashier, day, currency, opened_us, opening) VALUES (%d, 0, 'A%d', "
        "'wang', "
        "20000, 'CNY', %d, 0)",
        k, k, k);
}

static void issue(struct rig *r)
{
    int64_t id = number(r, "SELECT coalesce(max(id), 0) FROM bill WHERE number = ''");
    if (!id) return;
    sql(r, "UPDATE bill SET state = 'issued', number = 'B-%lld', issued_us = 7 WHERE id = %lld", (long long)id,
        (long long)id);
    sql(r, "UPDATE cash_day SET closed_us = 9, counted = 5 WHERE id = %lld", (long long)id);
}

static void seal_now(struct rig *r)
{
    struct heng_err err;
    bool left = true;
    while (left) {
        begin(r);
        assert_ok(heng_seal_work(r->seal, r->store, START_US + r->frames, HENG_US_PER_S, &left, &err));
        commit(r);
        assert_ok(heng_seal_committed(r->seal, true, &err));
    }
}

static void live(struct rig *r, int from, int to)
{
    for (int k = from; k < to; k++) {
        begin(r);
        read_meter(r, 1 + pick(r, 3));
        if (pick(r, 3) == 0) read_meter(r, 0);
        book(r, k);
        talk(r, k);
        draft(r, k);
        if (pick(r, 2)) issue(r);
        commit(r);
        if (pick(r, 5) == 0) seal_now(r);
    }
}

#endif
