#ifndef HENG_TESTS_SMALL_SITE_H
#define HENG_TESTS_SMALL_SITE_H
/* A database with a few meters for the tests of store, flow and api. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "flow/ingest.h"
#include "flow/site.h"
#include "store/read.h"
#include "store/store.h"

/* Fails with the error's own text, which says more than the code. */
#define assert_ok(call)                                                                                                \
    do {                                                                                                               \
        struct heng_err *const e_ = &err;                                                                              \
        heng_rc rc_ = (call);                                                                                          \
        if (rc_ != HENG_OK) fail_msg("%s: %s: %s", #call, heng_rc_name(rc_), e_->text);                                \
    } while (0)

#define START_US      (INT64_C(1795000000) * HENG_US_PER_S)
#define INGEST_NOW_US (START_US + 30 * HENG_US_PER_DAY)

enum { HEAT_1 = 1, HEAT_2 = 2, WATER_1 = 3, WATER_2 = 4, HEAT_LINE = 1, WATER_LINE = 2 };

struct small_site {
    char directory[64], path[96];
};

static inline void small_site_init(struct small_site *site)
{
    snprintf(site->directory, sizeof site->directory, "/tmp/heng-test-XXXXXX");
    assert_non_null(mkdtemp(site->directory));
    snprintf(site->path, sizeof site->path, "%s/heng.db", site->directory);
}

static inline void small_site_fini(struct small_site *site)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", ".lock", ".new", ".copy"};
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        char name[128];
        snprintf(name, sizeof name, "%s%s", site->path, suffixes[i]);
        unlink(name);
    }
    assert_int_equal(rmdir(site->directory), 0);
}

static inline void small_site_apply(struct heng_store *store)
{
    static const struct heng_site_place places[] = {
        {"b1", "", "building", "1号楼", 0},
        {"b1-u1", "b1", "unit", "1单元", 0},
        {"b1-u1-101", "b1-u1", "household", "101", 893000},
        {"b1-u1-102", "b1-u1", "household", "102", 650000},
    };
    static const struct heng_site_line lines[] = {
        {.key = "heat",
         .name = "heat M-Bus",
         .transport = "tcp",
         .endpoint = "127.0.0.1:10001",
         .parity = "E",
         .baud = 2400,
         .latency_ms = 300,
         .period_s = 60},
        {.key = "water",
         .name = "water DTU",
         .transport = "dtu",
         .endpoint = "DTU-1",
         .heartbeat = "hex:FE",
         .parity = "E",
         .baud = 2400,
         .latency_ms = 500,
         .period_s = 3600},
    };
    static const struct heng_site_meter meters[] = {
        {.number = "10000001",
         .manufacturer = "HNG",
         .line = "heat",
         .place = "b1-u1-101",
         .protocol = "mbus",
         .address = "1",
         .medium = "heat"},
        {.number = "10000002",
         .manufacturer = "HNG",
         .line = "heat",
         .place = "b1-u1-102",
         .protocol = "mbus",
         .address = "2",
         .medium = "heat"},
        {.number = "20000000000001",
         .manufacturer = "HNG",
         .line = "water",
         .place = "b1-u1-101",
         .protocol = "cjt188",
         .address = "20000000000001",
         .medium = "cold water"},
        {.number = "20000000000002",
         .manufacturer = "HNG",
         .line = "water",
         .place = "b1-u1-102",
         .protocol = "cjt188",
         .address = "20000000000002",
         .medium = "cold water"},
    };
    const struct heng_site site = {.name = "Test site",
                                   .time_zone = "Asia/Shanghai",
                                   .places = places,
                                   .lines = lines,
                                   .meters = meters,
                                   .place_count = 4,
                                   .line_count = 2,
                                   .meter_count = 4};
    struct heng_site_applied applied;
    struct heng_err err;
    assert_ok(heng_site_apply(store, &site, START_US, &applied, &err));
}

static inline struct heng_store *small_site_open(struct small_site *site)
{
    struct heng_store *store = NULL;
    struct heng_err err;
    small_site_init(site);
    assert_ok(heng_store_create(site->path, &err));
    assert_ok(heng_store_open(site->path, &store, &err));
    small_site_apply(store);
    return store;
}

/* A read with four values: main energy, its value of last month, power, and one that is not available. */
static inline void heat_read(struct heng_read *read, int64_t device_id, heng_us at_us, int64_t energy_wh)
{
    static const uint8_t frame[] = {0x68, 0x03, 0x03, 0x68, 0x08, 0x01, 0x72, 0x7B, 0x16};
    memset(read, 0, sizeof *read);
    read->device_id = device_id;
    read->at_us = at_us;
    read->outcome = HENG_OUTCOME_OK;
    read->tries = 1;
    read->frame_count = 1;
    read->frames[0].at_us = at_us;
    read->frames[0].n = sizeof frame;
    memcpy(read->frames[0].bytes, frame, sizeof frame);
    read->value_count = 4;
    read->values[0] = (struct heng_value){
        .key = {.quantity = HENG_QUANTITY_ENERGY, .unit = HENG_UNIT_WH}, .has_value = true, .dec = {energy_wh, 3}};
    read->values[1] = (struct heng_value){.key = {.quantity = HENG_QUANTITY_ENERGY, .unit = HENG_UNIT_WH, .storage = 1},
                                          .has_value = true,
                                          .dec = {7, 3}};
    read->values[2] = (struct heng_value){
        .key = {.quantity = HENG_QUANTITY_POWER, .unit = HENG_UNIT_W}, .has_value = true, .dec = {-1250, -1}};
    read->values[3] = (struct heng_value){.key = {.quantity = HENG_QUANTITY_FLOW_TEMPERATURE, .unit = HENG_UNIT_DEG_C},
                                          .reason = "not available"};
}

static inline struct heng_fact fact_of(const struct heng_read *read)
{
    return (struct heng_fact){.kind = HENG_FACT_READ, .read = read};
}

static inline void ingest_one(struct heng_store *store, const struct heng_read *read, struct heng_ingested *ingested)
{
    struct heng_err err;
    struct heng_fact fact = fact_of(read);
    assert_ok(heng_ingest(store, &fact, 1, INGEST_NOW_US, ingested, &err));
}

#endif
