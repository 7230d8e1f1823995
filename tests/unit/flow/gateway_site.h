#ifndef HENG_TESTS_GATEWAY_SITE_H
#define HENG_TESTS_GATEWAY_SITE_H
/* The small site, read by gateways: east has the heat line and a collector below it with the water line; west has a
 * line of its own. */
#include "unit/small_site.h"

enum { EAST = 1, COLLECTOR = 2, WEST = 3, WEST_LINE = 3, WEST_METER = 5 };

static inline void gateways_apply(struct heng_store *store)
{
    static const struct heng_site_gateway gateways[] = {
        {.key = "east", .name = "East", .journal_mb = 64, .journal_days = 400},
        {.key = "east-b", .name = "East basement", .parent = "east"},
        {.key = "west", .name = "West"},
    };
    static const struct heng_site_line lines[] = {
        {.key = "heat",
         .name = "heat M-Bus",
         .gateway = "east",
         .transport = "tcp",
         .endpoint = "127.0.0.1:10001",
         .parity = "E",
         .baud = 2400,
         .latency_ms = 300,
         .period_s = 60},
        {.key = "water",
         .name = "water",
         .gateway = "east-b",
         .transport = "serial",
         .endpoint = "/dev/ttyS1",
         .parity = "E",
         .baud = 2400,
         .period_s = 3600},
        {.key = "west",
         .name = "west",
         .gateway = "west",
         .transport = "serial",
         .endpoint = "/dev/ttyS1",
         .parity = "E",
         .baud = 2400,
         .period_s = 3600},
    };
    static const struct heng_site_meter meters[] = {{.number = "50000000",
                                                     .manufacturer = "HNG",
                                                     .line = "west",
                                                     .place = "b1-u1-102",
                                                     .protocol = "mbus",
                                                     .address = "7",
                                                     .medium = "heat"}};
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
