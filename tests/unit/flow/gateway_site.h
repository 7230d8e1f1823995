#ifndef HENG_TESTS_GATEWAY_SITE_H
#define HENG_TESTS_GATEWAY_SITE_H
/* The small site, read by gateways: east has the heat line and a collector below it with the water line; west has a
 * line of its own. */
#include "unit/small_site.h"

enum { EAST = 1, COLLECTOR = 2, WEST = 3, WEST_LINE = 3, WEST_METER = 5 };

#define GATEWAY_SERIAL_LINE(key, the_gateway)                                                                          \
    SMALL_LINE(key, key), .gateway = (the_gateway), .transport = "serial", .endpoint = "/dev/ttyS1", .period_s = 3600

static inline void gateways_apply(struct heng_store *store)
{
    static const struct heng_site_gateway gateways[] = {
        {.key = "east", .name = "East", .journal_mb = 64, .journal_days = 400},
        {.key = "east-b", .name = "East basement", .parent = "east"},
        {.key = "west", .name = "West"},
    };
    static const struct heng_site_line lines[] = {
        {SMALL_HEAT_TCP, .gateway = "east"},
        {GATEWAY_SERIAL_LINE("water", "east-b")},
        {GATEWAY_SERIAL_LINE("west", "west")},
    };
    static const struct heng_site_meter meters[] = {SMALL_HEAT_METER("50000000", "west", "b1-u1-102", "7")};
    const struct heng_site site = {
        .lines = lines, .meters = meters, .gateways = gateways, .line_count = 3, .meter_count = 1, .gateway_count = 3};
    struct heng_site_applied applied;
    struct heng_err err;
    assert_ok(heng_site_apply(store, &site, START_US, &applied, &err));
    assert_int_equal(applied.gateways, 3);
}

static inline struct heng_store *gateways_open(struct small_site *site)
{
    struct heng_store *store = small_site_open(site);
    gateways_apply(store);
    return store;
}

#endif
