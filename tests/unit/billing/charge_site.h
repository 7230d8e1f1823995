#ifndef HENG_TESTS_CHARGE_SITE_H
#define HENG_TESTS_CHARGE_SITE_H
/* A flat with an electricity meter, an account, a contract, and days of usage put in as they would be derived: for what
 * is charged and billed. Readings have frames that hold them. */
#include "billing/charge.h"
#include "store/events.h"
#include "store/write.h"
#include "unit/small_site.h"

#define DAY(y, m, d) heng_day_of_date(y, m, d)

enum { POINT = 1, MAIN = 1 };

struct charge_site {
    struct small_site site;
    struct heng_store *store;
    struct heng_store_reader *reader;
    struct heng_charger *charger;
    struct heng_arena arena;
    struct heng_account account;
    struct heng_contract contract;
    struct heng_charge charge;
    struct heng_charge_findings findings;
};

static inline void charge_sql(struct charge_site *s, const char *text)
{
    if (small_site_sql(s->site.path, text) != HENG_OK) fail_msg("%s", text);
}

/* Point 1 with channel 1 (10 Wh, by the hour, main); devices 1 and 2 with register 1 and 2, device 1 at the point. */
static inline void charge_site_open(struct charge_site *s)
{
    static const char *const statements[] = {
        "INSERT INTO setting (name, value) VALUES ('time_zone', 'Asia/Shanghai')",
        "INSERT INTO place (id, key, parent_id, kind, name, path, area_cm2) VALUES (1, 'p', NULL, 'unit', 'P', 'P', 0)",
        "INSERT INTO point (id, place_id, medium) VALUES (1, 1, 'electricity')",
        "INSERT INTO channel (id, point_id, quantity, tariff, qualifier, unit, exp, interval_minutes, max_per_hour, "
        "main) VALUES (1, 1, 'energy', 0, '', 'Wh', 1, 60, '', 1)",
        "INSERT INTO device (id, number, manufacturer, medium, protocol, profile) VALUES (1, 'A', 'HNG', "
        "'electricity', 'dlt645', ''), (2, 'B', 'HNG', 'electricity', 'dlt645', '')",
        "INSERT INTO device_state (device_id, state, last_try_us, last_outcome, last_read_us, last_source, misses, "
        "reads) SELECT id, 'never', 0, '', 0, 0, 0, 0 FROM device",
        "INSERT INTO register (id, device_id, quantity, unit, function, storage, tariff, subunit, qualifier) SELECT "
        "id, id, 'energy', 'Wh', 'instantaneous', 0, 0, 0, '' FROM device",
        "INSERT INTO installation (id, device_id, point_id, from_us) VALUES (1, 1, 1, 0)",
    };
    struct heng_err err;
    *s = (struct charge_site){.arena = {.max = 64 << 20}};
    small_site_init(&s->site);
    assert_ok(heng_store_create(s->site.path, &err));
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) charge_sql(s, statements[i]);
    assert_ok(heng_store_open(s->site.path, &s->store, &err));
    s->reader = heng_store_as_reader(s->store);
    s->account = (struct heng_account){.number = "1001",
                                       .name = "Li",
                                       .language = "zh",
                                       .currency = "CNY",
                                       .warn = {HENG_LIMIT_NONE, HENG_LIMIT_NONE, HENG_LIMIT_NONE},
                                       .overdraft = HENG_LIMIT_NONE,
                                       .hoard = HENG_LIMIT_NONE,
                                       .opened_us = 1};
    assert_ok(heng_store_begin(s->store, &err));
    assert_ok(heng_store_put_account(s->store, &s->account, &err));
    s->contract = (struct heng_contract){.account_id = s->account.id,
                                         .point_id = POINT,
                                         .mode = HENG_MODE_POSTPAID,
                                         .tariff_key = "home",
                                         .from_day = DAY(2025, 1, 1),
                                         .terms = "{}"};
    assert_ok(heng_store_put_contract(s->store, &s->contract, &err));
    assert_ok(heng_store_commit(s->store, &err));
    assert_ok(heng_charger_new(s->reader, &s->charger, &err));
}

static inline void charge_site_close(struct charge_site *s)
{
    heng_charger_free(s->charger);
    heng_arena_fini(&s->arena);
    heng_store_close(s->store);
    small_site_fini(&s->site);
}

static inline void put_tariff(struct charge_site *s, const char *key, const char *body)
{
    struct heng_err err;
    struct heng_tariff_edition edition = {.at_us = 1, .who = "test"};
    snprintf(edition.key, sizeof edition.key, "%s", key);
    assert_ok(heng_store_begin(s->store, &err));
    assert_ok(heng_store_put_tariff(s->store, &edition, heng_slice_str(body), &err));
    assert_ok(heng_store_commit(s->store, &err));
}

/* A day of so many tens of Wh, spread over its hours: those before eight in the morning first. */
static inline void day_row(int64_t channel, heng_day day, int64_t amount, unsigned count, heng_trust trust,
                           struct heng_usage_row *ret)
{
    *ret = (struct heng_usage_row){.channel_id = channel,
                                   .day = day,
                                   .exp = 1,
                                   .trust = (uint8_t)trust,
                                   .permille = 1000,
                                   .count = (uint16_t)count,
                                   .missing = trust == HENG_TRUST_MISSING,
                                   .amount = amount};
    for (unsigned i = 0; i < count; i++) {
        ret->amounts[i] = amount / count + (i < (unsigned)(amount % count));
        ret->trusts[i] = (uint8_t)(i == 0 ? trust : HENG_TRUST_VALID);
    }
    if (trust == HENG_TRUST_MISSING) {
        ret->amount -= ret->amounts[0];
        ret->amounts[0] = 0;
    }
}

/* In a transaction of its own. */
static inline void put_days(struct charge_site *s, int64_t channel, heng_day from, heng_day to, int64_t amount,
                            unsigned count, heng_trust trust)
{
    static struct heng_usage_row row;
    struct heng_err err;
    assert_ok(heng_store_begin(s->store, &err));
    for (heng_day day = from; day < to; day++) {
        day_row(channel, day, amount, count, trust, &row);
        assert_ok(heng_store_put_usage(s->store, HENG_USAGE_MEASURED, &row, &err));
    }
    assert_ok(heng_store_commit(s->store, &err));
}

/* A reading of register = device at the begin of a day. value: of 10 Wh. */
static inline int64_t put_index(struct charge_site *s, int64_t device_id, heng_us at_us, int64_t value)
{
    static struct heng_reading reading;
    struct heng_err err;
    heng_stored stored;
    int64_t frame = 0;
    const struct heng_frame frames[1] = {
        {.at_us = at_us, .protocol = HENG_PROTOCOL_DLT645_2007, .n = 2, .bytes = {0x68, 0x16}}};
    reading = (struct heng_reading){
        .device_id = device_id, .at_us = at_us, .quality = HENG_QUALITY_MEASURED, .frame_count = 1, .value_count = 1};
    reading.values[0] = (struct heng_reading_value){.register_id = device_id, .has_value = true, .dec = {value, 1}};
    assert_ok(heng_store_begin(s->store, &err));
    assert_ok(heng_store_add_reading(s->store, &reading, frames, &stored, &frame, &err));
    assert_ok(heng_store_commit(s->store, &err));
    return frame;
}

static inline heng_us day_us(const struct charge_site *s, heng_day day)
{
    return heng_day_from_us(&heng_charger_site(s->charger)->days, day);
}

static inline heng_rc work(struct charge_site *s, heng_day from, heng_day to, bool complete, struct heng_err *err)
{
    const struct heng_charge_ask ask = {
        .contract = &s->contract, .currency = "CNY", .from_day = from, .to_day = to, .must_be_complete = complete};
    return heng_charge_work(s->charger, &ask, &s->arena, &s->charge, &s->findings, err);
}

/* Worked out, stored, read back. */
static inline void charge_days(struct charge_site *s, heng_day from, heng_day to)
{
    struct heng_err err;
    assert_ok(work(s, from, to, true, &err));
    s->charge.at_us = 5;
    assert_ok(heng_store_begin(s->store, &err));
    assert_ok(heng_store_put_charges(s->store, &s->charge, 1, &err));
    assert_ok(heng_store_commit(s->store, &err));
    int64_t id = s->charge.id;
    assert_ok(heng_store_get_charge(s->reader, id, &s->arena, &s->charge, &err));
}

static inline void assert_line(const struct heng_charge *charge, size_t i, const char *quantity, const char *price,
                               int64_t amount)
{
    if (i >= charge->line_count) fail_msg("there are %zu lines", charge->line_count);
    assert_string_equal(charge->lines[i].quantity, quantity);
    assert_string_equal(charge->lines[i].price, price);
    assert_int_equal(charge->lines[i].amount, amount);
}

static inline bool says(struct heng_slice text, const char *part)
{
    return memmem(text.p, text.n, part, strlen(part)) != NULL;
}

#endif
