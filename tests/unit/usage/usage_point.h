#ifndef HENG_TESTS_USAGE_POINT_H
#define HENG_TESTS_USAGE_POINT_H
/* A point with a channel and meters for it, in a database of its own, for the tests of usage and events. */
#include "store/db.h"
#include "store/events.h"
#include "store/usage.h"
#include "store/write.h"
#include "unit/small_site.h"

/* 2026-03-01 00:00 in Shanghai. */
#define MONTH_US  (INT64_C(1772294400) * HENG_US_PER_S)
#define MINUTE_US (60 * HENG_US_PER_S)

struct usage_point {
    struct small_site site;
    struct heng_store *store;
    struct heng_store_reader *reader;
};

/* Place 1 (organisation 7), points 1..3 there, channel 1 at point 1 and 2 at point 2 (electricity in steps of 10 Wh,
 * quarter hours, main), devices 1..3, register n of device n; no installation. */
static inline void usage_point_open(struct usage_point *s)
{
    static const char *const statements[] = {
        "INSERT INTO setting (name, value) VALUES ('time_zone', 'Asia/Shanghai')",
        "INSERT INTO org (id, key, name) VALUES (7, 'o7', 'seven'), (8, 'o8', 'eight')",
        "INSERT INTO place (id, key, parent_id, kind, name, path, area_cm2) VALUES (1, 'p', NULL, 'unit', 'P', 'P', 0)",
        "UPDATE place SET managed_by = 7",
        "INSERT INTO point (id, place_id, medium) VALUES (1, 1, 'electricity'), (2, 1, 'electricity'), (3, 1, "
        "'electricity')",
        "INSERT INTO channel (id, point_id, quantity, tariff, qualifier, unit, exp, interval_minutes, max_per_hour, "
        "main) VALUES (1, 1, 'energy', 0, '', 'Wh', 1, 15, '60000', 1), (2, 2, 'energy', 0, '', 'Wh', 1, 15, '', 1)",
        "INSERT INTO device (id, number, manufacturer, medium, protocol, profile) VALUES (1, 'A', 'HNG', "
        "'electricity', 'dlt645', ''), (2, 'B', 'HNG', 'electricity', 'dlt645', ''), (3, 'C', 'HNG', 'electricity', "
        "'dlt645', '')",
        "INSERT INTO device_state (device_id, state, last_try_us, last_outcome, last_read_us, last_source, misses, "
        "reads) SELECT id, 'never', 0, '', 0, 0, 0, 0 FROM device",
        "INSERT INTO register (id, device_id, quantity, unit, function, storage, tariff, subunit, qualifier) SELECT "
        "id, id, 'energy', 'Wh', 'instantaneous', 0, 0, 0, '' FROM device",
    };
    struct heng_err err;
    small_site_init(&s->site);
    assert_ok(heng_store_create(s->site.path, &err));
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++)
        assert_int_equal(small_site_sql(s->site.path, statements[i]), HENG_OK);
    assert_ok(heng_store_open(s->site.path, &s->store, &err));
    s->reader = heng_store_as_reader(s->store);
}

static inline void usage_point_close(struct usage_point *s)
{
    heng_store_close(s->store);
    small_site_fini(&s->site);
}

/* In an open transaction. value: of 10 Wh. */
static inline void put_index(struct usage_point *s, int64_t device_id, heng_us at_us, heng_source source, int64_t value)
{
    static struct heng_reading reading;
    struct heng_err err;
    heng_stored stored;
    int64_t frame = 0;
    const struct heng_frame frames[1] = {{.at_us = at_us, .n = 2, .bytes = {0x68, 0x16}}};
    reading.device_id = device_id;
    reading.at_us = at_us;
    reading.source = source;
    reading.quality = HENG_QUALITY_MEASURED;
    reading.frame_count = 1;
    reading.value_count = 1;
    reading.values[0] = (struct heng_reading_value){.register_id = device_id, .has_value = true, .dec = {value, 1}};
    assert_ok(heng_store_add_reading(s->store, &reading, frames, &stored, &frame, &err));
}

#endif
