#ifndef HENG_TESTS_USAGE_SITE_H
#define HENG_TESTS_USAGE_SITE_H
/* A small site with points and days of usage put in by hand, for what looks at usage and does not care where it comes
 * from. Days are whole ones, in one interval. */
#include "store/usage.h"
#include "store/write.h"
#include "unit/small_site.h"
#include "usage/loss.h"
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

/* A site, its days, and the question about day 0 that losses and comparisons start from. */
struct usage_rig {
    struct small_site site;
    struct heng_store *store;
    struct heng_store_reader *reader;
    struct heng_site_days days;
    struct heng_arena arena;
    struct heng_loss_ask ask;
};

static inline void usage_rig_open(struct usage_rig *r)
{
    struct heng_err err;
    *r = (struct usage_rig){.arena = {.max = 64 << 20}};
    r->store = small_site_open(&r->site);
    r->reader = heng_store_as_reader(r->store);
    assert_ok(heng_site_days_init(&r->days, r->reader, &err));
    r->ask = (struct heng_loss_ask){.from = USAGE_DAY, .to = USAGE_DAY + 1, .limits = heng_balance_limits_default};
}

static inline void usage_rig_close(struct usage_rig *r)
{
    heng_arena_fini(&r->arena);
    heng_site_days_fini(&r->days);
    heng_store_close(r->store);
    small_site_fini(&r->site);
}

static inline void assert_dec(struct heng_dec d, const char *text)
{
    char ours[HENG_DEC_TEXT_MAX];
    heng_dec_format(d, ours);
    assert_string_equal(ours, text);
}

static inline void assert_opt(struct heng_opt_dec d, const char *text)
{
    assert_true(d.is);
    assert_dec(d.dec, text);
}

#endif
