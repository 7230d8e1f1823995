/* bench_charge [POINTS [FILE]]: charges of a month for so many contracts (10,000), with ask and trace, in a new
 * database: FILE, or the one of PostgreSQL that HENG_TEST_DB names. Worked out alone, and with storing, 1,000 to a
 * commit. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "billing/charge.h"
#include "store/db.h"
#include "store/write.h"
#include "vee/day.h"

enum { COMMIT = 1000 };

#define TARIFF                                                                                                         \
    "{\"id\":\"T\",\"currency\":\"CNY\",\"components\":[{\"id\":\"energy\",\"rule\":\"steps\",\"quantity\":"           \
    "\"active\","                                                                                                      \
    "\"unit\":\"kWh\",\"steps\":[{\"from\":\"0\",\"price\":\"0.50\"},{\"from\":\"2760\",\"price\":\"0.55\"},"          \
    "{\"from\":\"4800\",\"price\":\"0.80\"}],\"cycle\":\"year\",\"vat\":{\"rate\":\"0.13\"}},{\"id\":\"fund\","        \
    "\"rule\":\"per-unit\",\"quantity\":\"active\",\"unit\":\"kWh\",\"price\":\"0.0262\",\"vat\":{\"rate\":\"0.13\"}}" \
    "]}"

#define TRY(call)                                                                                                      \
    do {                                                                                                               \
        if ((call) != HENG_OK) {                                                                                       \
            fprintf(stderr, "%s: %s\n", #call, err.text);                                                              \
            exit(EXIT_FAILURE);                                                                                        \
        }                                                                                                              \
    } while (0)

static struct heng_err err;

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* Points with a meter each, and a reading at both ends of the month. */
static void fill_points(struct heng_store *store, int64_t points)
{
#define EACH " FROM (WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %lld) SELECT i FROM n) n"
    static const char *const statements[] = {
        "INSERT INTO setting (name, value) SELECT 'time_zone', 'Asia/Shanghai' WHERE %lld > 0",
        "INSERT INTO place (id, key, parent_id, kind, name, path, area_cm2) SELECT 1, 'p', NULL, 'unit', 'P', 'P', 0 "
        "WHERE %lld > 0",
        "INSERT INTO point (id, place_id, medium, key) SELECT i, 1, 'electricity', 'P' || i" EACH,
        "INSERT INTO channel (id, point_id, quantity, tariff, qualifier, unit, exp, interval_minutes, max_per_hour, "
        "main) SELECT i, i, 'energy', 0, '', 'Wh', 1, 1440, '', 1" EACH,
        "INSERT INTO device (id, number, manufacturer, medium, protocol, profile) SELECT i, 'M' || i, 'HNG', "
        "'electricity', 'dlt645', ''" EACH,
        "INSERT INTO register (id, device_id, quantity, unit, function, storage, tariff, subunit, qualifier) SELECT i, "
        "i, 'energy', 'Wh', 'instantaneous', 0, 0, 0, ''" EACH,
        "INSERT INTO installation (id, device_id, point_id, from_us) SELECT i, i, i, 0" EACH,
    };
    char text[512];
    TRY(heng_store_begin(store, &err));
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(text, sizeof text, statements[i], (long long)points);
#pragma GCC diagnostic pop
        TRY(heng_db_exec(&store->reader.db, "bench", text, NULL, &err));
    }
    TRY(heng_store_commit(store, &err));
}

static void put_readings(struct heng_store *store, int64_t device_id, heng_day from, heng_day to)
{
    static struct heng_reading reading = {.quality = HENG_QUALITY_MEASURED, .frame_count = 1, .value_count = 1};
    const heng_day days[] = {from, to};
    for (unsigned i = 0; i < 2; i++) {
        heng_stored stored;
        int64_t frame_id;
        reading.device_id = device_id;
        reading.at_us = days[i] * HENG_US_PER_DAY - 8 * 3600 * HENG_US_PER_S;
        reading.values[0] = (struct heng_reading_value){
            .register_id = device_id, .has_value = true, .dec = {100000 + i * 20000 + device_id % 1000, 1}};
        const struct heng_frame frame = {.at_us = reading.at_us, .n = 2, .bytes = {0x68, 0x16}};
        TRY(heng_store_add_reading(store, &reading, &frame, &stored, &frame_id, &err));
    }
}

static void fill(struct heng_store *store, int64_t points, heng_day from, heng_day to)
{
    static struct heng_usage_row row = {.permille = 1000, .count = 1, .trust = 1, .exp = 1, .trusts = {1}};
    struct heng_account account = {.name = "bench", .language = "zh", .currency = "CNY", .opened_us = 1};
    struct heng_tariff_edition edition = {.key = "home", .at_us = 1, .who = "bench"};
    for (unsigned i = 0; i < 3; i++) account.warn[i] = HENG_LIMIT_NONE;
    account.overdraft = account.hoard = HENG_LIMIT_NONE;
    fill_points(store, points);
    TRY(heng_store_begin(store, &err));
    TRY(heng_store_put_tariff(store, &edition, heng_slice_str(TARIFF), &err));
    for (int64_t id = 1; id <= points; id++) {
        account.id = 0;
        snprintf(account.number, sizeof account.number, "%lld", (long long)id);
        TRY(heng_store_put_account(store, &account, &err));
        struct heng_contract contract = {.account_id = account.id,
                                         .point_id = id,
                                         .mode = HENG_MODE_POSTPAID,
                                         .tariff_key = "home",
                                         .from_day = from,
                                         .terms = "{}"};
        TRY(heng_store_put_contract(store, &contract, &err));
        put_readings(store, id, from, to);
        row.channel_id = id;
        for (row.day = from; row.day < to; row.day++) {
            row.amount = row.amounts[0] = 500 + (id * 7 + row.day) % 400;
            TRY(heng_store_put_usage(store, HENG_USAGE_MEASURED, &row, &err));
        }
        if (id % COMMIT == 0) {
            TRY(heng_store_commit(store, &err));
            TRY(heng_store_begin(store, &err));
        }
    }
    TRY(heng_store_commit(store, &err));
    TRY(heng_db_exec(&store->reader.db, "bench", "ANALYZE", NULL, &err)); /* as a server at work has it */
}

static void run(struct heng_store *store, int64_t points, heng_day from, heng_day to, bool stores)
{
    static struct heng_contract contracts[COMMIT];
    static struct heng_charge charges[COMMIT];
    struct heng_store_reader *reader = heng_store_as_reader(store);
    struct heng_charger *charger;
    int64_t done = 0, after = 0, bytes = 0, start = now_us();
    TRY(heng_charger_new(reader, &charger, &err));
    for (size_t n = COMMIT; n == COMMIT && done < points;) {
        struct heng_arena arena = {.max = (size_t)256 << 20};
        TRY(heng_store_begin(store, &err));
        heng_charger_hold(charger, true);
        TRY(heng_store_list_contracts(reader, 0, 0, after, contracts, COMMIT, &n, &err));
        for (size_t i = 0; i < n; i++) {
            const struct heng_charge_ask ask = {
                .contract = &contracts[i], .currency = "CNY", .from_day = from, .to_day = to, .must_be_complete = true};
            struct heng_charge_findings findings;
            TRY(heng_charge_work(charger, &ask, &arena, &charges[i], &findings, &err));
            bytes += (int64_t)(charges[i].ask.n + charges[i].trace.n + charges[i].states.n);
            after = contracts[i].id;
        }
        if (stores) TRY(heng_store_put_charges(store, charges, n, &err));
        TRY(heng_store_commit(store, &err));
        done += (int64_t)n;
        heng_arena_fini(&arena);
    }
    int64_t took = now_us() - start;
    printf("%s: %lld charges, %.0f a second, %lld bytes of ask, tiers and trace each\n",
           stores ? "with storing" : "worked out", (long long)done, (double)done * 1e6 / (double)took,
           (long long)(done ? bytes / done : 0));
    heng_charger_free(charger);
}

int main(int argc, char **argv)
{
    struct heng_store *store;
    int64_t points = argc > 1 ? strtoll(argv[1], NULL, 10) : 10000;
    const char *path = getenv("HENG_TEST_DB");
    heng_day from = heng_day_of_date(2026, 3, 1), to = heng_day_of_date(2026, 4, 1);
    if (!path) path = argc > 2 ? argv[2] : "bench_charge.db";
    TRY(heng_store_create(path, &err));
    TRY(heng_store_open(path, &store, &err));
    fill(store, points, from, to);
    run(store, points, from, to, false);
    run(store, points, from, to, true);
    heng_store_close(store);
    return 0;
}
