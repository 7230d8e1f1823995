#ifndef HENG_TESTS_USAGE_SITE_H
#define HENG_TESTS_USAGE_SITE_H
/* A small site with points and days of usage put in by hand, for what looks at usage and does not care where it comes
 * from. Days are whole ones, in one interval. */
#include "store/usage.h"
#include "store/write.h"
#include "unit/small_site.h"
#include "vee/day.h"

enum { USAGE_DAY = 19700 }; /* 2023-12-09 */

static inline void usage_sql(const struct small_site *site, const char *text)
{
    if (small_site_sql(site->path, text) != HENG_OK) fail_msg("%s", text);
}

/* Point and channel `id`, at flat 101 (place 3) or 102 (place 4); unit, exp: of the amounts. main_id 0: none. */
static inline void usage_point(const struct small_site *site, int id, int place, int main_id, const char *serves,
                               const char *unit, int exp)
{
    char text[512];
    snprintf(text, sizeof text,
             "INSERT INTO point (id, place_id, medium, key, name, serves, main_id) "
             "VALUES (%d, %d, 'heat', 'P%d', 'point %d', '%s', nullif(%d, 0))",
             id, place, id, id, serves, main_id);
    usage_sql(site, text);
    snprintf(text, sizeof text,
             "INSERT INTO channel (id, point_id, quantity, unit, exp, interval_minutes, main) "
             "VALUES (%d, %d, 'energy', '%s', %d, 1440, 1)",
             id, id, unit, exp);
    usage_sql(site, text);
}

static inline void usage_put(struct heng_store *store, heng_usage_kind kind, int channel, int day, int exp,
                             int64_t amount, heng_trust trust)
{
    struct heng_err err;
    struct heng_usage_row row = {.channel_id = channel,
                                 .day = USAGE_DAY + day,
                                 .exp = (int8_t)exp,
                                 .trust = (uint8_t)trust,
                                 .permille = 1000,
                                 .count = 1,
                                 .missing = trust == HENG_TRUST_MISSING,
                                 .amount = amount,
                                 .amounts = {amount},
                                 .trusts = {(uint8_t)trust}};
    assert_ok(heng_store_begin(store, &err));
    assert_ok(heng_store_put_usage(store, kind, &row, &err));
    assert_ok(heng_store_commit(store, &err));
}

/* All of it on day 0, as measured. */
static inline void usage_of(struct heng_store *store, int channel, int exp, int64_t amount)
{
    usage_put(store, HENG_USAGE_MEASURED, channel, 0, exp, amount, HENG_TRUST_VALID);
}

#endif
