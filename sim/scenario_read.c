/* The text of a scenario into its struct: tables of fields, and an error that names its place. */
#include "base/hex.h"
#include "base/json_reader.h"
#include "sim/control.h"
#include "sim/scenario.h"

#include <stdio.h>
#include <stdlib.h>

struct reading {
    struct heng_json_reader json;
    const struct heng_profiles *profiles;
    struct heng_sim_scenario *to;
    struct heng_sim_line_plan *line; /* the one that is being read */
    char place[64];                  /* "lines[2].meters[0]." */
    bool placed;                     /* the error names its place */
};

static bool failed(const struct reading *s) { return s->json.err.rc != HENG_OK; }

/* Put the place in front of the first error. */
static void place_error(struct reading *s, const char *key)
{
    char text[sizeof s->json.err.text];
    if (!failed(s) || s->placed) return;
    s->placed = true;
    snprintf(text, sizeof text, "%s", s->json.err.text);
    snprintf(s->json.err.text, sizeof s->json.err.text, "%s%s: %.90s", s->place, key, text);
}

typedef enum field_kind { FIELD_TEXT, FIELD_U32, FIELD_I32, FIELD_BOOL, FIELD_RATE, FIELD_SPAN, FIELD_OWN } field_kind;

/* Takes a value that no table can describe: key is the field's name. */
typedef void take_own(struct reading *s, const char *key);

/* offset: of the member in the struct; size: of a TEXT; SPAN: two u32 one after the other. */
struct field {
    const char *name;
    field_kind kind;
    size_t offset, size;
    int64_t min, max;
    take_own *own;
};

#define FIELD(type, key, kind, member, a, b)                                                                           \
    {                                                                                                                  \
        key, kind, offsetof(type, member), sizeof((type *)0)->member, a, b, NULL                                       \
    }
#define TEXT(type, key, member)         FIELD(type, key, FIELD_TEXT, member, 0, 0)
#define NUMBER(type, key, member, a, b) FIELD(type, key, FIELD_U32, member, a, b)
#define SIGNED(type, key, member, a, b) FIELD(type, key, FIELD_I32, member, a, b)
#define FLAG(type, key, member)         FIELD(type, key, FIELD_BOOL, member, 0, 0)
#define RATE(type, key, member)         FIELD(type, key, FIELD_RATE, member, 0, 0)
#define SPAN(type, key, member, a, b)   FIELD(type, key, FIELD_SPAN, member, a, b)
#define OWN(key, function)                                                                                             \
    {                                                                                                                  \
        key, FIELD_OWN, 0, 0, 0, 0, function                                                                           \
    }
#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

/* A chance from 0 to 1 as a number of JSON, in millionths. */
static uint32_t take_rate(struct reading *s)
{
    char text[32] = "";
    uint32_t ppm = 0;
    struct heng_err why = {0};
    if (heng_json_peek(&s->json) != HENG_JSON_NUMBER) {
        (void)heng_json_get_int(&s->json, 0, 1); /* for its error */
        return 0;
    }
    size_t from = s->json.at;
    heng_json_skip(&s->json);
    if (failed(s)) return 0;
    size_t n = s->json.at - from;
    if (n < sizeof text) memcpy(text, s->json.text.p + from, n);
    if (n >= sizeof text || heng_sim_noise_parse(text, &ppm, &why) != HENG_OK)
        heng_json_refuse(&s->json, HENG_ECONFIG, "is no rate, give a number from 0 to 1 such as 0.002");
    return ppm;
}

/* [smallest, largest] */
static void take_span(struct reading *s, int64_t min, int64_t max, uint32_t *ret)
{
    unsigned n = 0;
    heng_json_open_array(&s->json);
    while (heng_json_next_item(&s->json)) {
        int64_t value = heng_json_get_int(&s->json, min, max);
        if (n < 2) ret[n] = (uint32_t)value;
        n++;
    }
    if (!failed(s) && (n != 2 || ret[0] > ret[1]))
        heng_json_refuse(&s->json, HENG_ECONFIG, "give the smallest and the largest, such as [20, 80]");
}

static void take_field(struct reading *s, const struct field *f, void *base)
{
    uint8_t *at = (uint8_t *)base + f->offset;
    uint32_t number = 0;
    int32_t with_sign = 0;
    switch (f->kind) {
    case FIELD_TEXT: heng_json_get_string(&s->json, (char *)at, f->size); return;
    case FIELD_U32:
        number = (uint32_t)heng_json_get_int(&s->json, f->min, f->max);
        memcpy(at, &number, sizeof number);
        return;
    case FIELD_I32:
        with_sign = (int32_t)heng_json_get_int(&s->json, f->min, f->max);
        memcpy(at, &with_sign, sizeof with_sign);
        return;
    case FIELD_BOOL: *(bool *)at = heng_json_get_bool(&s->json); return;
    case FIELD_RATE:
        number = take_rate(s);
        memcpy(at, &number, sizeof number);
        return;
    case FIELD_SPAN: take_span(s, f->min, f->max, (uint32_t *)(void *)at); return;
    case FIELD_OWN: f->own(s, f->name); return;
    }
}

/* One object by its table; each field at most once. seen: bit i for fields[i]. */
static uint32_t take_object(struct reading *s, const struct field *fields, size_t count, void *base)
{
    uint32_t seen = 0;
    struct heng_slice key;
    heng_json_open_object(&s->json);
    place_error(s, "");
    while (heng_json_next_key(&s->json, &key)) {
        size_t i = 0;
        while (i < count && !heng_slice_is(key, fields[i].name)) i++;
        if (i == count)
            heng_json_refuse(&s->json, HENG_ECONFIG, "'%.*s' is not known here", (int)(key.n < 40 ? key.n : 40),
                             (const char *)key.p);
        else if (seen >> i & 1)
            heng_json_refuse(&s->json, HENG_ECONFIG, "is given twice");
        else
            take_field(s, &fields[i], base);
        if (i < count) seen |= 1u << i;
        place_error(s, i < count ? fields[i].name : "");
    }
    place_error(s, "");
    return seen;
}

/* Set the place for one item of a list; the caller puts back what it was. */
static void enter(struct reading *s, const char *outer, const char *list, size_t index)
{
    if (!s->placed) snprintf(s->place, sizeof s->place, "%.30s%s[%zu].", outer, list, index);
}

/* --- meters -------------------------------------------------------------------------------------------- */

static struct heng_sim_meter_plan *meter_of(struct reading *s) { return &s->to->meters[s->to->meter_plan_count]; }

static void take_protocol(struct reading *s, const char *key)
{
    (void)key;
    char text[24];
    heng_json_get_string(&s->json, text, sizeof text);
    if (failed(s)) return;
    meter_of(s)->protocol = heng_protocol_of(text);
    if (meter_of(s)->protocol == HENG_PROTOCOL_COUNT || meter_of(s)->protocol == HENG_PROTOCOL_MODBUS_TCP)
        heng_json_refuse(&s->json, HENG_ECONFIG,
                         "'%s' is not a protocol: use mbus, cjt188, dlt645-2007, dlt645-1997, modbus-rtu", text);
}

static void take_medium(struct reading *s, const char *key)
{
    (void)key;
    char text[40];
    heng_json_get_string(&s->json, text, sizeof text);
    if (failed(s)) return;
    meter_of(s)->medium = heng_medium_of(text);
    if (meter_of(s)->medium == HENG_MEDIUM_COUNT)
        heng_json_refuse(&s->json, HENG_ECONFIG, "'%s' is not a medium: use heat, cold water, electricity ...", text);
}

static void take_profile(struct reading *s, const char *key)
{
    (void)key;
    char text[HENG_PROFILE_NAME_MAX];
    heng_json_get_string(&s->json, text, sizeof text);
    if (failed(s)) return;
    meter_of(s)->profile = heng_profiles_find(s->profiles, text);
    if (!meter_of(s)->profile)
        heng_json_refuse(&s->json, HENG_ECONFIG, "there is no profile '%s', 'heng profile list' shows them", text);
}

static void take_drift(struct reading *s, const char *key)
{
    (void)key;
    int32_t ends[2] = {0};
    unsigned n = 0;
    heng_json_open_array(&s->json);
    while (heng_json_next_item(&s->json)) {
        int64_t value = heng_json_get_int(&s->json, -100000, 100000);
        if (n < 2) ends[n] = (int32_t)value;
        n++;
    }
    if (!failed(s) && (n != 2 || ends[0] > ends[1]))
        heng_json_refuse(&s->json, HENG_ECONFIG, "give the smallest and the largest, such as [-50, 50]");
    meter_of(s)->drift_min_ppm = ends[0];
    meter_of(s)->drift_max_ppm = ends[1];
}

#define METER struct heng_sim_meter_plan
static const struct field meter_fields[] = {
    NUMBER(METER, "count", count, 1, HENG_SIM_LINE_METERS_MAX),
    OWN("protocol", take_protocol),
    OWN("medium", take_medium),
    OWN("profile", take_profile),
    TEXT(METER, "first_address", first_address),
    TEXT(METER, "relay", relay),
    FLAG(METER, "secondary", secondary),
    FLAG(METER, "twins", twins),
    SPAN(METER, "delay_ms", delay_min_ms, 1, 60000),
    RATE(METER, "dead", dead_ppm),
    RATE(METER, "dying", dying_ppm),
    OWN("drift_ppm", take_drift),
    SIGNED(METER, "clock_off_s", clock_off_s, -315360000, 315360000),
    NUMBER(METER, "telegrams", telegrams, 1, 16),
    FLAG(METER, "valve_sticks", valve_sticks),
    FLAG(METER, "strict_clock", strict_clock),
    FLAG(METER, "rollover", rollover),
};
#undef METER

/* Protocol and medium, where the profile or the protocol tells them. */
static void complete_meter(struct reading *s, struct heng_sim_meter_plan *m)
{
    if (m->protocol == HENG_PROTOCOL_COUNT && !m->profile) {
        heng_json_refuse(&s->json, HENG_ECONFIG, "needs a 'profile' or a 'protocol'");
        return;
    }
    for (heng_protocol p = 0; m->protocol == HENG_PROTOCOL_COUNT && p < HENG_PROTOCOL_MODBUS_TCP; p++)
        if (m->profile->protocols >> p & 1) m->protocol = p;
    if (m->protocol == HENG_PROTOCOL_COUNT) {
        heng_json_refuse(&s->json, HENG_ECONFIG, "profile '%s' is for Modbus TCP alone, which is no bus",
                         m->profile->name);
        return;
    }
    if (m->profile && !(m->profile->protocols >> m->protocol & 1))
        heng_json_refuse(&s->json, HENG_ECONFIG, "profile '%s' does not speak %s", m->profile->name,
                         heng_protocol_text(m->protocol));
    if (m->medium != HENG_MEDIUM_COUNT) return;
    static const heng_medium usual[HENG_PROTOCOL_COUNT] = {
        [HENG_PROTOCOL_MBUS] = HENG_MEDIUM_HEAT,
        [HENG_PROTOCOL_CJT188] = HENG_MEDIUM_COLD_WATER,
        [HENG_PROTOCOL_DLT645_2007] = HENG_MEDIUM_ELECTRICITY,
        [HENG_PROTOCOL_DLT645_1997] = HENG_MEDIUM_ELECTRICITY,
        [HENG_PROTOCOL_MODBUS_RTU] = HENG_MEDIUM_ELECTRICITY,
    };
    bool told = m->profile && m->profile->medium != HENG_MEDIUM_OTHER && m->profile->medium != HENG_MEDIUM_UNKNOWN;
    m->medium = told ? m->profile->medium : usual[m->protocol];
}

static void take_meters(struct reading *s, const char *key)
{
    char outer[sizeof s->place];
    memcpy(outer, s->place, sizeof outer);
    s->line->first_meter_plan = s->to->meter_plan_count;
    heng_json_open_array(&s->json);
    for (size_t i = 0; heng_json_next_item(&s->json); i++) {
        enter(s, outer, key, i);
        if (s->to->meter_plan_count == HENG_SIM_METER_PLANS_MAX) {
            heng_json_refuse(&s->json, HENG_ELIMIT, "more than %d kinds of meters", HENG_SIM_METER_PLANS_MAX);
            place_error(s, "");
            break;
        }
        struct heng_sim_meter_plan *m = meter_of(s);
        *m = (struct heng_sim_meter_plan){.count = 1,
                                          .protocol = HENG_PROTOCOL_COUNT,
                                          .medium = HENG_MEDIUM_COUNT,
                                          .delay_min_ms = 30,
                                          .delay_max_ms = 120,
                                          .telegrams = 1};
        (void)take_object(s, meter_fields, COUNT_OF(meter_fields), m);
        if (!failed(s)) complete_meter(s, m);
        place_error(s, "");
        s->to->meter_plan_count++;
        s->line->meter_count += m->count;
    }
    if (!s->placed) memcpy(s->place, outer, sizeof outer);
    s->line->meter_plan_count = s->to->meter_plan_count - s->line->first_meter_plan;
}

/* --- relays -------------------------------------------------------------------------------------------- */

static struct heng_relay_config *relay_of(struct reading *s) { return &s->to->relays[s->to->relay_count]; }

/* The id of a relay of this line by its name; 0: none. */
static int64_t relay_id_of(const struct reading *s, const char *name)
{
    for (size_t i = s->line->first_relay; i < s->to->relay_count; i++)
        if (strcmp(s->to->relays[i].name, name) == 0) return s->to->relays[i].id;
    return 0;
}

static void take_parent(struct reading *s, const char *key)
{
    (void)key;
    char text[HENG_SIM_NAME_MAX];
    heng_json_get_string(&s->json, text, sizeof text);
    if (failed(s)) return;
    relay_of(s)->parent_id = relay_id_of(s, text);
    if (!relay_of(s)->parent_id)
        heng_json_refuse(&s->json, HENG_ECONFIG, "there is no relay '%s' further up in the list", text);
}

static void take_bytes(struct reading *s, uint8_t *bytes, uint8_t *ret_n)
{
    char text[4 * HENG_RELAY_BYTES_MAX];
    struct heng_buf buf = heng_buf_of(bytes, HENG_RELAY_BYTES_MAX);
    heng_json_get_string(&s->json, text, sizeof text);
    if (failed(s)) return;
    if (heng_hex_parse(heng_slice_str(text), &buf, NULL) != HENG_OK || buf.full)
        heng_json_refuse(&s->json, HENG_ECONFIG, "give at most %d bytes as pairs of hex digits", HENG_RELAY_BYTES_MAX);
    *ret_n = (uint8_t)buf.n;
}

static void take_open(struct reading *s, const char *key)
{
    (void)key;
    take_bytes(s, relay_of(s)->open, &relay_of(s)->open_n);
}

static void take_open_answer(struct reading *s, const char *key)
{
    (void)key;
    take_bytes(s, relay_of(s)->open_answer, &relay_of(s)->open_answer_n);
}

#define RELAY struct heng_relay_config
static const struct field relay_fields[] = {
    TEXT(RELAY, "name", name),
    OWN("parent", take_parent),
    FLAG(RELAY, "stores", stores),
    NUMBER(RELAY, "delay_ms", delay_ms, 0, 60000),
    NUMBER(RELAY, "hold_ms", hold_ms, 0, 3600000),
    OWN("open", take_open),
    OWN("open_answer", take_open_answer),
};
#undef RELAY

static void take_relays(struct reading *s, const char *key)
{
    char outer[sizeof s->place];
    memcpy(outer, s->place, sizeof outer);
    heng_json_open_array(&s->json);
    for (size_t i = 0; heng_json_next_item(&s->json); i++) {
        enter(s, outer, key, i);
        if (s->to->relay_count == HENG_SIM_RELAY_PLANS_MAX) {
            heng_json_refuse(&s->json, HENG_ELIMIT, "more than %d relays", HENG_SIM_RELAY_PLANS_MAX);
            place_error(s, "");
            break;
        }
        *relay_of(s) = (struct heng_relay_config){0};
        (void)take_object(s, relay_fields, COUNT_OF(relay_fields), relay_of(s));
        if (!failed(s) && !relay_of(s)->name[0]) heng_json_refuse(&s->json, HENG_ECONFIG, "needs a 'name'");
        if (!failed(s) && relay_id_of(s, relay_of(s)->name))
            heng_json_refuse(&s->json, HENG_ECONFIG, "there is a relay '%s' already", relay_of(s)->name);
        place_error(s, "");
        relay_of(s)->id = (int64_t)(i + 1);
        s->to->relay_count++;
    }
    if (!s->placed) memcpy(s->place, outer, sizeof outer);
    s->line->relay_count = s->to->relay_count - s->line->first_relay;
}

/* --- lines --------------------------------------------------------------------------------------------- */

static void take_transport(struct reading *s, const char *key)
{
    (void)key;
    char text[16];
    heng_json_get_string(&s->json, text, sizeof text);
    if (failed(s)) return;
    s->line->transport = strcmp(text, "pty") == 0 ? HENG_TRANSPORT_SERIAL : heng_transport_of(text);
    if (s->line->transport == HENG_TRANSPORT_COUNT)
        heng_json_refuse(&s->json, HENG_ECONFIG, "'%s' is not a transport: use tcp, dtu, pty, rfc2217, udp", text);
}

static void take_parity(struct reading *s, const char *key)
{
    (void)key;
    char text[4];
    heng_json_get_string(&s->json, text, sizeof text);
    if (failed(s)) return;
    if (strlen(text) != 1 || !strchr("ENO", text[0]))
        heng_json_refuse(&s->json, HENG_ECONFIG, "'%s' is not a parity: use E, N or O", text);
    s->line->bus.parity = text[0];
}

#define BUS struct heng_sim_bus_config
static const struct field noise_fields[] = {
    RATE(BUS, "byte_error", byte_error_ppm), RATE(BUS, "byte_lost", byte_lost_ppm),
    RATE(BUS, "burst", burst_ppm),           NUMBER(BUS, "burst_bytes", burst_bytes, 1, 1000),
    RATE(BUS, "stray", noise_ppm),
};
static const struct field late_fields[] = {
    RATE(BUS, "rate", late_ppm),
    SPAN(BUS, "ms", late_min_ms, 1, 60000),
};
#undef BUS

/* An object inside of the line; its fields are placed below its own key. */
static void take_inner(struct reading *s, const char *key, const struct field *fields, size_t count)
{
    char outer[sizeof s->place];
    memcpy(outer, s->place, sizeof outer);
    snprintf(s->place, sizeof s->place, "%.40s%s.", outer, key);
    (void)take_object(s, fields, count, &s->line->bus);
    if (!s->placed) memcpy(s->place, outer, sizeof outer);
}

static void take_noise(struct reading *s, const char *key)
{
    s->line->bus.burst_bytes = 20;
    take_inner(s, key, noise_fields, COUNT_OF(noise_fields));
}

static void take_late(struct reading *s, const char *key)
{
    s->line->bus.late_min_ms = 50;
    s->line->bus.late_max_ms = 5000;
    take_inner(s, key, late_fields, COUNT_OF(late_fields));
}

#define LINE struct heng_sim_line_plan
static const struct field line_fields[] = {
    TEXT(LINE, "name", name),
    NUMBER(LINE, "count", count, 1, HENG_SIM_TOWN_LINES_MAX),
    OWN("transport", take_transport),
    NUMBER(LINE, "port", port, 0, 65535),
    TEXT(LINE, "path", path),
    TEXT(LINE, "registration", registration),
    TEXT(LINE, "heartbeat", heartbeat),
    NUMBER(LINE, "heartbeat_s", heartbeat_s, 0, 86400),
    FLAG(LINE, "heartbeat_inside", heartbeat_inside),
    NUMBER(LINE, "latency_ms", latency_ms, 0, 60000),
    NUMBER(LINE, "period_s", period_s, 1, 2678400),
    NUMBER(LINE, "baud", bus.baud, 300, 115200),
    OWN("parity", take_parity),
    OWN("noise", take_noise),
    FLAG(LINE, "echo", bus.echo),
    OWN("late", take_late),
    RATE(LINE, "half", bus.half_ppm),
    RATE(LINE, "glue", bus.glue_ppm),
    NUMBER(LINE, "chunk_ms", bus.chunk_ms, 0, 10000),
    OWN("relays", take_relays),
    OWN("meters", take_meters),
};
#undef LINE

static void check_name(struct reading *s, char *name, uint32_t count)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.#";
    const char *mark = strchr(name, '#');
    if (!name[0])
        heng_json_refuse(&s->json, HENG_ECONFIG, "needs a 'name'");
    else if (name[strspn(name, letters)] || (mark && strchr(mark + 1, '#')))
        heng_json_refuse(&s->json, HENG_ECONFIG, "name '%s' may have letters, digits, - _ . and one # for the number",
                         name);
    else if (count > 1 && !mark && strlen(name) + 3 > HENG_SIM_NAME_MAX)
        heng_json_refuse(&s->json, HENG_ELIMIT, "name '%.20s..' is too long", name);
    else if (count > 1 && !mark)
        memcpy(name + strlen(name), "-#", 3);
}

/* count lines need count different texts. */
static void check_marked(struct reading *s, const char *what, const char *text, uint32_t count)
{
    if (!failed(s) && count > 1 && text[0] && !strchr(text, '#'))
        heng_json_refuse(&s->json, HENG_ECONFIG, "%s '%.40s' needs a # for the number of each of the %u lines", what,
                         text, count);
}

static void complete_line(struct reading *s, struct heng_sim_line_plan *line)
{
    if (failed(s)) return;
    bool dtu = line->transport == HENG_TRANSPORT_DTU;
    check_name(s, line->name, line->count);
    if (line->transport == HENG_TRANSPORT_COUNT) heng_json_refuse(&s->json, HENG_ECONFIG, "needs a 'transport'");
    if (line->transport == HENG_TRANSPORT_SERIAL && !line->path[0])
        heng_json_refuse(&s->json, HENG_ECONFIG, "a pty needs a 'path' where it is linked");
    if (line->port + line->count > 65536)
        heng_json_refuse(&s->json, HENG_ECONFIG, "%u lines from port %u on go beyond port 65535", line->count,
                         line->port);
    check_marked(s, "path", line->path, line->count);
    check_marked(s, "registration", line->registration, line->count);
    if (!line->meter_count) heng_json_refuse(&s->json, HENG_ECONFIG, "needs 'meters'");
    if (line->meter_count > HENG_SIM_LINE_METERS_MAX)
        heng_json_refuse(&s->json, HENG_ELIMIT, "%zu meters on one line, at most %d are possible", line->meter_count,
                         HENG_SIM_LINE_METERS_MAX);
    for (size_t i = 0; i < line->meter_plan_count && !failed(s); i++) {
        const char *relay = s->to->meters[line->first_meter_plan + i].relay;
        if (relay[0] && !relay_id_of(s, relay))
            heng_json_refuse(&s->json, HENG_ECONFIG, "meters[%zu].relay: there is no relay '%s' on this line", i,
                             relay);
    }
    if (!line->bus.chunk_ms) line->bus.chunk_ms = dtu ? 50 : 20;
    if (!line->latency_ms) line->latency_ms = dtu ? 500 : 300;
    line->first_line = s->to->line_count;
    line->first_meter = s->to->meter_count;
    s->to->line_count += line->count;
    s->to->meter_count += line->count * line->meter_count;
    if (s->to->line_count > HENG_SIM_TOWN_LINES_MAX || s->to->meter_count > HENG_SIM_TOWN_METERS_MAX)
        heng_json_refuse(&s->json, HENG_ELIMIT, "the town has more than %d lines or %d meters", HENG_SIM_TOWN_LINES_MAX,
                         HENG_SIM_TOWN_METERS_MAX);
}

static void take_lines(struct reading *s, const char *key)
{
    heng_json_open_array(&s->json);
    for (size_t i = 0; heng_json_next_item(&s->json); i++) {
        enter(s, "", key, i);
        if (s->to->line_plan_count == HENG_SIM_LINE_PLANS_MAX) {
            heng_json_refuse(&s->json, HENG_ELIMIT, "more than %d kinds of lines", HENG_SIM_LINE_PLANS_MAX);
            place_error(s, "");
            break;
        }
        s->line = &s->to->lines[s->to->line_plan_count++];
        *s->line = (struct heng_sim_line_plan){.count = 1,
                                               .transport = HENG_TRANSPORT_COUNT,
                                               .period_s = 900,
                                               .first_relay = s->to->relay_count,
                                               .bus = {.baud = 2400, .parity = 'E'}};
        (void)take_object(s, line_fields, COUNT_OF(line_fields), s->line);
        complete_line(s, s->line);
        place_error(s, "");
    }
    if (!s->placed) s->place[0] = '\0';
}

/* --- events -------------------------------------------------------------------------------------------- */

struct event_text {
    char at[48];
    char command[HENG_SIM_COMMAND_MAX];
};

/* "+90s", "+15m", "+2h" after the start, or a time. Times before the start is known are kept as they are. */
static void take_moment(struct reading *s, const char *text, struct heng_sim_event *ret)
{
    heng_us at_us;
    if (text[0] == '+') {
        char *end;
        unsigned long long n = text[1] >= '0' && text[1] <= '9' ? strtoull(text + 1, &end, 10) : 0;
        heng_us unit_us = 0;
        if (text[1] >= '0' && text[1] <= '9' && end[0] && !end[1])
            unit_us = end[0] == 's' ? HENG_US_PER_S : end[0] == 'm' ? 60 * HENG_US_PER_S : 0;
        if (!unit_us && text[1] >= '0' && text[1] <= '9' && strcmp(end, "h") == 0) unit_us = 3600 * HENG_US_PER_S;
        if (unit_us && n <= 100000000) {
            ret->at_us = (heng_us)n * unit_us;
            return;
        }
    } else if (heng_us_parse(text, &at_us, NULL) == HENG_OK) {
        ret->at_us = at_us;
        ret->wall = true;
        return;
    }
    heng_json_refuse(&s->json, HENG_ECONFIG, "'at' is '%s': give +90s, +15m, +2h or 2026-01-15T09:00:00Z", text);
}

static void take_events(struct reading *s, const char *key)
{
    static const struct field fields[] = {TEXT(struct event_text, "at", at), TEXT(struct event_text, "do", command)};
    heng_json_open_array(&s->json);
    for (size_t i = 0; heng_json_next_item(&s->json); i++) {
        struct event_text text = {0};
        struct heng_sim_command command;
        struct heng_err why = {0};
        enter(s, "", key, i);
        if (s->to->event_count == HENG_SIM_EVENTS_MAX) {
            heng_json_refuse(&s->json, HENG_ELIMIT, "more than %d events", HENG_SIM_EVENTS_MAX);
            place_error(s, "");
            break;
        }
        struct heng_sim_event *event = &s->to->events[s->to->event_count++];
        *event = (struct heng_sim_event){.line = s->json.line, .order = (uint32_t)i};
        (void)take_object(s, fields, COUNT_OF(fields), &text);
        if (!failed(s)) take_moment(s, text.at, event);
        if (!failed(s) && heng_sim_command_parse(text.command, &command, &why) != HENG_OK)
            heng_json_refuse(&s->json, HENG_ECONFIG, "do: %s", why.text);
        memcpy(event->command, text.command, sizeof event->command);
        place_error(s, "");
    }
    if (!s->placed) s->place[0] = '\0';
}

/* --- the whole ----------------------------------------------------------------------------------------- */

static void take_seed(struct reading *s, const char *key)
{
    (void)key;
    s->to->seed = (uint64_t)heng_json_get_int(&s->json, 0, INT64_MAX);
}

static void take_start(struct reading *s, const char *key)
{
    (void)key;
    char text[HENG_TIME_TEXT_MAX];
    heng_json_get_string(&s->json, text, sizeof text);
    if (!failed(s) && heng_us_parse(text, &s->to->start_us, NULL) != HENG_OK)
        heng_json_refuse(&s->json, HENG_ECONFIG, "'%s' is no time, give one such as 2026-01-15T08:00:00Z", text);
}

static int by_time(const void *a, const void *b)
{
    const struct heng_sim_event *one = a, *other = b;
    if (one->at_us != other->at_us) return one->at_us < other->at_us ? -1 : 1;
    return one->order < other->order ? -1 : one->order > other->order;
}

/* Times on the clock become times after the start. */
static void order_events(struct reading *s)
{
    struct heng_sim_scenario *to = s->to;
    for (size_t i = 0; i < to->event_count && !failed(s); i++) {
        struct heng_sim_event *event = &to->events[i];
        if (!event->wall) continue;
        if (to->start_us == HENG_US_NEVER)
            heng_json_refuse(&s->json, HENG_ECONFIG, "events[%zu]: a time on the clock needs a 'start'", i);
        else if (event->at_us < to->start_us)
            heng_json_refuse(&s->json, HENG_ECONFIG, "events[%zu]: is before the 'start'", i);
        if (failed(s)) s->json.err.at = event->line;
        event->at_us -= to->start_us;
    }
    if (!failed(s)) qsort(to->events, to->event_count, sizeof to->events[0], by_time);
}

#define TOWN struct heng_sim_scenario
static const struct field town_fields[] = {
    TEXT(TOWN, "title", title),
    TEXT(TOWN, "text", text),
    OWN("seed", take_seed),
    OWN("start", take_start),
    NUMBER(TOWN, "speed", speed, 1, 10000),
    OWN("lines", take_lines),
    OWN("events", take_events),
};
#undef TOWN

heng_rc heng_sim_scenario_parse(struct heng_slice json, const struct heng_profiles *profiles,
                                struct heng_sim_scenario *ret, struct heng_err *err)
{
    struct heng_sim_scenario *to = calloc(1, sizeof *to);
    if (!to) return heng_fail(err, HENG_ENOMEM, 0, "out of memory");
    *to = (struct heng_sim_scenario){.seed = 1, .speed = 1, .start_us = HENG_US_NEVER};
    struct reading s = {.json = heng_json_reader_of(json), .profiles = profiles, .to = to};
    (void)take_object(&s, town_fields, COUNT_OF(town_fields), to);
    heng_json_finish(&s.json);
    if (!failed(&s) && to->line_count == 0) heng_json_refuse(&s.json, HENG_ECONFIG, "the town has no 'lines'");
    if (!failed(&s)) order_events(&s);
    heng_rc rc = s.json.err.rc;
    if (rc == HENG_OK) rc = heng_sim_scenario_check(to, &s.json.err);
    if (rc == HENG_OK) *ret = *to;
    free(to);
    return rc == HENG_OK ? rc : heng_fail(err, rc, s.json.err.at, "%s", s.json.err.text);
}
