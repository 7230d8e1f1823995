#include "sim/site.h"

#include "base/json.h"

#include <stdio.h>

void heng_sim_site_init(struct heng_sim_site *site)
{
    /* The flats at the ends of the row are larger: they have a third outer wall. */
    static const uint32_t area_cm2[HENG_SIM_UNITS][HENG_SIM_DOORS] = {
        {1213000, 895000}, {895000, 1046000}, {1046000, 895000}, {895000, 1213000}};
    *site = (struct heng_sim_site){0};
    for (unsigned i = 0; i < HENG_SIM_FLATS; i++) {
        struct heng_sim_flat *f = &site->flats[i];
        f->unit = (uint8_t)(i / (HENG_SIM_FLOORS * HENG_SIM_DOORS) + 1);
        f->floor = (uint8_t)(i / HENG_SIM_DOORS % HENG_SIM_FLOORS + 1);
        f->door = (uint8_t)(i % HENG_SIM_DOORS + 1);
        f->heat_address = (uint8_t)(i + 1);
        f->area_cm2 = area_cm2[f->unit - 1][f->door - 1];
        snprintf(f->name, sizeof f->name, "%u%02u", f->floor, f->door);
        snprintf(f->key, sizeof f->key, "b1-u%u-%u%02u", f->unit, f->floor, f->door);
        snprintf(f->heat_number, sizeof f->heat_number, "230700%02u", i + 1);
        snprintf(f->water_number, sizeof f->water_number, "880100230600%02u", i + 1);
    }
    snprintf(site->building_number, sizeof site->building_number, "23079100");
    for (unsigned i = 0; i < HENG_SIM_POWER_METERS; i++) {
        char *number = site->power_numbers[i];
        if (i < HENG_SIM_POWER_DLT645)
            snprintf(number, sizeof site->power_numbers[i], "0000240600%02u", i + 1);
        else
            snprintf(number, sizeof site->power_numbers[i], "240690%02u", i - HENG_SIM_POWER_DLT645 + 1);
    }
}

static void put_text(struct heng_json *j, const char *key, const char *text)
{
    heng_json_key(j, key);
    heng_json_text(j, text);
}

static void put_int(struct heng_json *j, const char *key, int64_t value)
{
    heng_json_key(j, key);
    heng_json_int(j, value);
}

/* A place without area passes 0. */
static void put_place(struct heng_json *j, const char *key, const char *parent, const char *kind, const char *name,
                      uint32_t area_cm2)
{
    heng_json_object(j);
    put_text(j, "key", key);
    put_text(j, "parent", parent);
    put_text(j, "kind", kind);
    put_text(j, "name", name);
    if (area_cm2) put_int(j, "area_cm2", area_cm2);
    heng_json_end_object(j);
}

/* What the electricity meters measure that no other meter does. */
static void put_power_places(struct heng_json *j)
{
    put_place(j, "b1-substation", "b1", "room", "换热站", 0);
    put_place(j, "b1-lamps", "b1", "room", "室外照明", 0);
    put_place(j, "b1-shop-1", "b1", "shop", "商铺1", 0);
    put_place(j, "b1-shop-2", "b1", "shop", "商铺2", 0);
}

static void put_places(struct heng_json *j, const struct heng_sim_site *site, const struct heng_sim_endpoints *ends)
{
    heng_json_key(j, "places");
    heng_json_array(j);
    put_place(j, "b1", NULL, "building", "1号楼", 0);
    for (unsigned unit = 1; unit <= HENG_SIM_UNITS; unit++) {
        char key[16], name[24];
        snprintf(key, sizeof key, "b1-u%u", unit);
        snprintf(name, sizeof name, "%u单元", unit);
        put_place(j, key, "b1", "unit", name, 0);
        for (unsigned i = 0; i < HENG_SIM_FLATS; i++) {
            const struct heng_sim_flat *f = &site->flats[i];
            if (f->unit == unit) put_place(j, f->key, key, "household", f->name, f->area_cm2);
        }
    }
    if (ends->power_port) put_power_places(j);
    heng_json_end_array(j);
}

static void put_gateways(struct heng_json *j, const char *key)
{
    heng_json_key(j, "gateways");
    heng_json_array(j);
    heng_json_object(j);
    put_text(j, "key", key);
    put_text(j, "name", "1号楼 采集器");
    heng_json_end_object(j);
    heng_json_end_array(j);
}

static void put_power_line(struct heng_json *j, const struct heng_sim_endpoints *ends)
{
    char endpoint[32];
    snprintf(endpoint, sizeof endpoint, "127.0.0.1:%u", ends->power_port);
    heng_json_object(j);
    put_text(j, "key", "power");
    put_text(j, "name", "1号楼 电表 RS-485");
    if (ends->gateway) put_text(j, "gateway", ends->gateway);
    put_text(j, "transport", "tcp");
    put_text(j, "endpoint", endpoint);
    put_int(j, "baud", ends->baud);
    put_text(j, "parity", "E");
    put_int(j, "latency_ms", 300);
    put_int(j, "period_s", ends->period_s);
    heng_json_end_object(j);
}

static void put_lines(struct heng_json *j, const struct heng_sim_endpoints *ends)
{
    char endpoint[32];
    snprintf(endpoint, sizeof endpoint, "127.0.0.1:%u", ends->mbus_port);
    heng_json_key(j, "lines");
    heng_json_array(j);

    heng_json_object(j);
    put_text(j, "key", "heat");
    put_text(j, "name", "1号楼 热量表 M-Bus");
    put_text(j, "transport", "tcp");
    put_text(j, "endpoint", endpoint);
    put_int(j, "baud", ends->baud);
    put_text(j, "parity", "E");
    put_int(j, "latency_ms", 300);
    put_int(j, "period_s", ends->period_s);
    heng_json_end_object(j);

    heng_json_object(j);
    put_text(j, "key", "water");
    put_text(j, "name", "1号楼 水表 DTU");
    put_text(j, "transport", "dtu");
    put_text(j, "endpoint", ends->registration);
    put_text(j, "heartbeat", ends->heartbeat);
    put_int(j, "baud", ends->baud);
    put_text(j, "parity", "E");
    put_int(j, "latency_ms", 500);
    put_int(j, "period_s", ends->period_s);
    heng_json_end_object(j);

    if (ends->power_port) put_power_line(j, ends);
    heng_json_end_array(j);
}

static void put_heat_meter(struct heng_json *j, const char *number, unsigned address, const char *place)
{
    char text[8];
    snprintf(text, sizeof text, "%u", address & 0xFFu);
    heng_json_object(j);
    put_text(j, "number", number);
    put_text(j, "line", "heat");
    put_text(j, "protocol", "mbus");
    put_text(j, "address", text);
    put_text(j, "medium", "heat");
    put_text(j, "place", place);
    put_text(j, "manufacturer", HENG_SIM_MANUFACTURER);
    heng_json_end_object(j);
}

static void put_power_meters(struct heng_json *j, const struct heng_sim_site *site)
{
    static const char *const places[HENG_SIM_POWER_METERS] = {"b1-u1",         "b1-u2",    "b1-u3",     "b1-u4",
                                                              "b1-substation", "b1-lamps", "b1-shop-1", "b1-shop-2"};
    for (unsigned i = 0; i < HENG_SIM_POWER_METERS; i++) {
        bool modbus = i >= HENG_SIM_POWER_DLT645;
        char unit[8];
        snprintf(unit, sizeof unit, "%u", modbus ? (i - HENG_SIM_POWER_DLT645 + 1) & 0xFFu : 0);
        heng_json_object(j);
        put_text(j, "number", site->power_numbers[i]);
        put_text(j, "line", "power");
        put_text(j, "protocol", modbus ? "modbus-rtu" : "dlt645-2007");
        put_text(j, "address", modbus ? unit : site->power_numbers[i]);
        put_text(j, "medium", "electricity");
        put_text(j, "place", places[i]);
        if (modbus) put_text(j, "profile", "acrel-ddsy1352"); /* a DL/T 645 meter says all that is needed by itself */
        heng_json_end_object(j);
    }
}

static void put_meters(struct heng_json *j, const struct heng_sim_site *site, const struct heng_sim_endpoints *ends)
{
    heng_json_key(j, "meters");
    heng_json_array(j);
    put_heat_meter(j, site->building_number, HENG_SIM_BUILDING_ADDRESS, "b1");
    for (unsigned i = 0; i < HENG_SIM_FLATS; i++) {
        const struct heng_sim_flat *f = &site->flats[i];
        put_heat_meter(j, f->heat_number, f->heat_address, f->key);
    }
    for (unsigned i = 0; i < HENG_SIM_FLATS; i++) {
        const struct heng_sim_flat *f = &site->flats[i];
        heng_json_object(j);
        put_text(j, "number", f->water_number);
        put_text(j, "line", "water");
        put_text(j, "protocol", "cjt188");
        put_text(j, "address", f->water_number);
        put_text(j, "medium", "cold water");
        put_text(j, "place", f->key);
        put_text(j, "manufacturer", HENG_SIM_MANUFACTURER);
        heng_json_end_object(j);
    }
    if (ends->power_port) put_power_meters(j, site);
    heng_json_end_array(j);
}

void heng_sim_site_print(const struct heng_sim_site *site, const struct heng_sim_endpoints *ends, struct heng_str *out)
{
    struct heng_json j = heng_json_of(out);
    heng_json_object(&j);
    put_text(&j, "site", "衡园小区");
    put_text(&j, "time_zone", "Asia/Shanghai");
    put_places(&j, site, ends);
    if (ends->gateway) put_gateways(&j, ends->gateway);
    put_lines(&j, ends);
    put_meters(&j, site, ends);
    heng_json_end_object(&j);
}
