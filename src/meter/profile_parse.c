/* Reading a profile file: the object itself and its small parts. The larger ones are in profile_parts.c, the values in
 * profile_reader.c. The format is drawn in profiles/README.md and profiles/profile.schema.json. */
#include "meter/profile_reader.h"

#include <stdio.h>

#define SEEN(member) (members.seen & UINT32_C(1) << (member))

enum { CJT188 = 1 << HENG_PROTOCOL_CJT188, MBUS = 1 << HENG_PROTOCOL_MBUS };

static void read_name(struct heng_profile_reader *r, struct heng_profile *profile)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-.";
    heng_profile_text(r, profile->name, sizeof profile->name);
    size_t n = strlen(profile->name);
    if (n == 0 || strspn(profile->name, allowed) != n || !strchr(allowed, profile->name[0]) ||
        profile->name[0] == '-' || profile->name[0] == '.')
        heng_profile_refuse(r, HENG_EFORMAT, "'%s' is not a name: use a-z, 0-9, - and . such as acrel-ddsy1352",
                            profile->name);
}

static void read_title(struct heng_profile_reader *r, struct heng_profile *profile)
{
    static const char *const names[] = {"en", "zh", "de"};
    struct heng_profile_members members = HENG_PROFILE_MEMBERS(names);
    heng_profile_open(r);
    for (int m; (m = heng_profile_member(r, &members)) >= 0;) profile->title[m] = heng_profile_keep(r, 120);
    heng_profile_require(r, &members, 1U << 0);
    for (size_t i = 1; i < sizeof names / sizeof names[0]; i++)
        if (!profile->title[i]) profile->title[i] = profile->title[0];
}

/* RTU and TCP are one protocol on two wires; all others have identifiers of their own. */
static uint32_t read_protocols(struct heng_profile_reader *r)
{
    uint32_t protocols = 0;
    char text[16];
    void *items;
    size_t count = heng_profile_array(r, HENG_PROTOCOL_COUNT, 1, &items);
    for (size_t i = 0; heng_profile_item(r, i); i++) {
        heng_profile_text(r, text, sizeof text);
        heng_protocol protocol = heng_protocol_of(text);
        if (protocol == HENG_PROTOCOL_COUNT)
            heng_profile_refuse(r, HENG_EFORMAT,
                                "'%s' is not a protocol: use mbus, cjt188, dlt645-2007, dlt645-1997, "
                                "modbus-rtu or modbus-tcp",
                                text);
        else if (protocols & UINT32_C(1) << protocol)
            heng_profile_refuse(r, HENG_EFORMAT, "'%s' stands here a second time", text);
        else
            protocols |= UINT32_C(1) << protocol;
    }
    if (count == 0) heng_profile_refuse(r, HENG_EFORMAT, "is empty: name the protocol of the meter");
    if (count > 1 && protocols != HENG_PROFILE_MODBUS)
        heng_profile_refuse(r, HENG_EFORMAT, "only modbus-rtu and modbus-tcp can stand together: write two profiles");
    return protocols;
}

static void read_manufacturer(struct heng_profile_reader *r, struct heng_recognition *recognition)
{
    char *text = recognition->manufacturer;
    heng_profile_text(r, text, sizeof recognition->manufacturer);
    size_t n = strlen(text);
    bool letters = n == 3 && strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == n;
    bool digits = n == 4 && strspn(text, "0123456789ABCDEF") == n;
    if (heng_profile_is(r, MBUS) ? !letters : !digits)
        heng_profile_refuse(r, HENG_EFORMAT, "'%s' is not %s", text,
                            heng_profile_is(r, MBUS) ? "three capital letters"
                                                     : "a vendor code of 4 hex digits (A6 A5, capital letters)");
}

static void read_versions(struct heng_profile_reader *r, struct heng_recognition *recognition)
{
    void *items;
    size_t count = heng_profile_array(r, sizeof recognition->versions, 1, &items);
    for (size_t i = 0; heng_profile_item(r, i) && i < count; i++)
        recognition->versions[i] = (uint8_t)heng_json_get_int(&r->json, 0, 255);
    recognition->version_count = (uint8_t)count;
}

static void read_types(struct heng_profile_reader *r, struct heng_recognition *recognition)
{
    void *items;
    size_t count = heng_profile_array(r, sizeof recognition->types, 1, &items);
    for (size_t i = 0; heng_profile_item(r, i) && i < count; i++)
        recognition->types[i] = (uint8_t)heng_profile_hex(r, 2, 2, NULL);
    recognition->type_count = (uint8_t)count;
}

static void read_media(struct heng_profile_reader *r, struct heng_recognition *recognition)
{
    void *items;
    size_t count =
        heng_profile_array(r, sizeof recognition->media / sizeof recognition->media[0], sizeof(heng_medium), &items);
    for (size_t i = 0; heng_profile_item(r, i) && i < count; i++) recognition->media[i] = heng_profile_medium(r);
    recognition->medium_count = (uint8_t)count;
}

static void read_id_prefix(struct heng_profile_reader *r, struct heng_recognition *recognition)
{
    char *text = recognition->id_prefix;
    heng_profile_text(r, text, sizeof recognition->id_prefix);
    if (text[0] == '\0' || strspn(text, "0123456789ABCDEF") != strlen(text))
        heng_profile_refuse(r, HENG_EFORMAT, "'%s' is not the start of a printed number", text);
}

static void read_recognition(struct heng_profile_reader *r, struct heng_profile *profile)
{
    enum { MANUFACTURER, VERSIONS, TYPES, MEDIA, ID_PREFIX };
    static const char *const names[] = {"manufacturer", "versions", "types", "media", "id_prefix"};
    struct heng_profile_members members = HENG_PROFILE_MEMBERS(names);
    if (heng_profile_is(r, HENG_PROFILE_MODBUS))
        heng_profile_refuse(r, HENG_EFORMAT, "a Modbus answer does not say who it is from: leave it out");
    heng_profile_open(r);
    for (int m; (m = heng_profile_member(r, &members)) >= 0;) {
        switch (m) {
        case MANUFACTURER: read_manufacturer(r, &profile->recognition); break;
        case VERSIONS: read_versions(r, &profile->recognition); break;
        case TYPES: read_types(r, &profile->recognition); break;
        case MEDIA: read_media(r, &profile->recognition); break;
        default: read_id_prefix(r, &profile->recognition); break;
        }
    }
    if (SEEN(VERSIONS) && !heng_profile_is(r, MBUS))
        heng_profile_refuse(r, HENG_EFORMAT, "versions are for M-Bus only");
    if (SEEN(TYPES) && !heng_profile_is(r, CJT188)) heng_profile_refuse(r, HENG_EFORMAT, "types are for CJ/T 188 only");
    if (SEEN(MANUFACTURER) && heng_profile_is(r, HENG_PROFILE_DLT645))
        heng_profile_refuse(r, HENG_EFORMAT, "a DL/T 645 answer does not name its manufacturer");
}

static void read_line(struct heng_profile_reader *r, struct heng_profile *profile)
{
    enum { BAUD, PARITY };
    static const char *const names[] = {"baud", "parity"};
    struct heng_profile_members members = HENG_PROFILE_MEMBERS(names);
    char parity[2];
    heng_profile_open(r);
    for (int m; (m = heng_profile_member(r, &members)) >= 0;) {
        if (m == BAUD) {
            profile->baud = (uint32_t)heng_json_get_int(&r->json, 300, 115200);
            continue;
        }
        heng_profile_text(r, parity, sizeof parity);
        profile->parity = parity[0];
        if (!strchr("ENO", parity[0]) || !parity[0])
            heng_profile_refuse(r, HENG_EFORMAT, "'%s' is not a parity: use E, N or O", parity);
    }
}

static void read_timing(struct heng_profile_reader *r, struct heng_profile *profile)
{
    enum { ANSWER, IDLE, TRIES, MOVE, PREAMBLE };
    static const char *const names[] = {"answer_ms", "idle_ms", "tries", "move_s", "preamble"};
    struct heng_profile_members members = HENG_PROFILE_MEMBERS(names);
    heng_profile_open(r);
    for (int m; (m = heng_profile_member(r, &members)) >= 0;) {
        switch (m) {
        case ANSWER: profile->answer_ms = (uint32_t)heng_json_get_int(&r->json, 1, 60000); break;
        case IDLE: profile->idle_ms = (uint32_t)heng_json_get_int(&r->json, 1, 60000); break;
        case MOVE: profile->move_s = (uint32_t)heng_json_get_int(&r->json, 1, 600); break;
        case TRIES: profile->tries = (uint8_t)heng_json_get_int(&r->json, 1, 10); break;
        default: profile->preamble = (uint8_t)heng_json_get_int(&r->json, 0, 16); break;
        }
    }
}

static void read_di_order(struct heng_profile_reader *r, struct heng_profile *profile)
{
#define X(symbol, text) text,
    static const char *const texts[] = {HENG_DI_ORDER_LIST(X)};
#undef X
    char text[16];
    unsigned i = 0;
    heng_profile_text(r, text, sizeof text);
    while (i < HENG_DI_ORDER_COUNT && strcmp(text, texts[i]) != 0) i++;
    if (i == HENG_DI_ORDER_COUNT)
        heng_profile_refuse(r, HENG_EFORMAT, "'%s' is not an order: use learn, high-first (90 1F) or low-first (1F 90)",
                            text);
    profile->di_order = (heng_di_order)i;
}

static void read_unit_order(struct heng_profile_reader *r, struct heng_dialect *dialect)
{
    char text[16];
    heng_profile_text(r, text, sizeof text);
    dialect->cjt188.unit_order = heng_unit_order_of(text);
    if (dialect->cjt188.unit_order == HENG_UNIT_ORDER_COUNT)
        heng_profile_refuse(r, HENG_EFORMAT, "'%s' is not an order: use auto, value-first or unit-first", text);
}

static void read_valve(struct heng_profile_reader *r, struct heng_dialect *dialect)
{
    static const char *const names[] = {"open", "close"};
    struct heng_profile_members members = HENG_PROFILE_MEMBERS(names);
    heng_profile_open(r);
    for (int m; (m = heng_profile_member(r, &members)) >= 0;) {
        uint8_t code = (uint8_t)heng_profile_hex(r, 2, 2, NULL);
        if (m == 0)
            dialect->cjt188.valve_open = code;
        else
            dialect->cjt188.valve_close = code;
    }
    heng_profile_require(r, &members, 3);
    if (dialect->cjt188.valve_open == dialect->cjt188.valve_close)
        heng_profile_refuse(r, HENG_EFORMAT, "open and close are the same code");
}

static void read_flag(struct heng_profile_reader *r, uint32_t *seen, struct heng_flag *ret)
{
    enum { BIT, NAME, BITS = 16, NAME_LETTERS = 40 };
    static const char *const names[] = {"bit", "name"};
    struct heng_profile_members members = HENG_PROFILE_MEMBERS(names);
    heng_profile_open(r);
    for (int m; (m = heng_profile_member(r, &members)) >= 0;) {
        if (m == NAME)
            ret->name = heng_profile_keep(r, NAME_LETTERS);
        else
            ret->mask = ret->value = UINT32_C(1) << heng_json_get_int(&r->json, 0, BITS - 1);
    }
    heng_profile_require(r, &members, 1 << BIT | 1 << NAME);
    if (!heng_profile_failed(r) && (*seen & ret->mask)) heng_profile_refuse(r, HENG_EFORMAT, "a bit has two names");
    *seen |= ret->mask;
}

/* Names of a vendor's bits, 0..7 of ST0 and 8..15 of ST1; an entry of zeros ends them. */
static void read_status_flags(struct heng_profile_reader *r, struct heng_dialect *dialect)
{
    void *items = NULL;
    uint32_t seen = 0;
    size_t n = heng_profile_array(r, 16, sizeof(struct heng_flag), &items);
    struct heng_flag *flags = heng_arena_take(r->arena, n + 1, sizeof *flags);
    if (!flags) {
        heng_profile_refuse(r, HENG_ENOMEM, "no memory for it");
        return;
    }
    for (size_t i = 0; heng_profile_item(r, i) && i < n; i++) read_flag(r, &seen, &flags[i]);
    dialect->cjt188.status_flags = flags;
}

static void read_dlt645(struct heng_profile_reader *r, struct heng_profile *profile)
{
    static const char *const names[] = {"closes_relay"};
    struct heng_profile_members members = HENG_PROFILE_MEMBERS(names);
    if (!heng_profile_is(r, HENG_PROFILE_DLT645)) heng_profile_refuse(r, HENG_EFORMAT, "is for DL/T 645 only");
    heng_profile_open(r);
    while (heng_profile_member(r, &members) >= 0) profile->closes_relay = heng_json_get_bool(&r->json);
}

/* X(symbol, text): decimals of the raw numbers of 901F. */
#define DECIMALS_LIST(X)                                                                                               \
    X(total, "total_decimals")                                                                                         \
    X(energy, "energy_decimals")                                                                                       \
    X(power, "power_decimals")                                                                                         \
    X(flow, "flow_decimals")                                                                                           \
    X(volume, "volume_decimals")

static void read_cjt188(struct heng_profile_reader *r, struct heng_profile *profile)
{
    enum {
#define X(symbol, text) DECIMALS_##symbol,
        DECIMALS_LIST(X)
#undef X
            DI_ORDER,
        SETTLEMENT,
        STATUS_BYTE,
        STATUS_FLAGS,
        UNIT_ORDER,
        VALVE
    };
#define X(symbol, text) text,
    static const char *const names[] = {
        DECIMALS_LIST(X) "di_order", "settlement_is_cooling", "status_byte", "status_flags", "unit_order", "valve"};
#undef X
    struct heng_profile_members members = HENG_PROFILE_MEMBERS(names);
    struct heng_dialect *dialect = &profile->dialect;
    if (!heng_profile_is(r, CJT188)) heng_profile_refuse(r, HENG_EFORMAT, "is for CJ/T 188 only");
    heng_profile_open(r);
    for (int m; (m = heng_profile_member(r, &members)) >= 0;) {
        switch (m) {
#define X(symbol, text)                                                                                                \
    case DECIMALS_##symbol: dialect->cjt188.symbol##_decimals = (int8_t)heng_json_get_int(&r->json, 0, 8); break;
            DECIMALS_LIST(X)
#undef X
        case DI_ORDER: read_di_order(r, profile); break;
        case SETTLEMENT: dialect->cjt188.settlement_is_cooling = heng_json_get_bool(&r->json); break;
        case STATUS_BYTE: dialect->cjt188.status_second = heng_json_get_int(&r->json, 1, 2) == 2; break;
        case STATUS_FLAGS: read_status_flags(r, dialect); break;
        case UNIT_ORDER: read_unit_order(r, dialect); break;
        default: read_valve(r, dialect); break;
        }
    }
}

static void read_mbus(struct heng_profile_reader *r, struct heng_profile *profile)
{
    static const char *const names[] = {"application_reset", "telegrams_max"};
    struct heng_profile_members members = HENG_PROFILE_MEMBERS(names);
    if (!heng_profile_is(r, MBUS)) heng_profile_refuse(r, HENG_EFORMAT, "is for M-Bus only");
    heng_profile_open(r);
    for (int m; (m = heng_profile_member(r, &members)) >= 0;) {
        if (m == 0)
            profile->application_reset = heng_json_get_bool(&r->json);
        else
            profile->telegrams_max = (uint8_t)heng_json_get_int(&r->json, 1, 16);
    }
}

/* X(symbol, text): the members of a profile. */
#define MEMBER_LIST(X)                                                                                                 \
    X(SCHEMA, "$schema")                                                                                               \
    X(NAME, "name")                                                                                                    \
    X(TITLE, "title")                                                                                                  \
    X(SOURCE, "source")                                                                                                \
    X(PROTOCOLS, "protocols")                                                                                          \
    X(MEDIUM, "medium")                                                                                                \
    X(RECOGNISE, "recognise")                                                                                          \
    X(GENERIC, "generic")                                                                                              \
    X(LINE, "line")                                                                                                    \
    X(TIMING, "timing")                                                                                                \
    X(ASK, "ask")                                                                                                      \
    X(HISTORY, "history")                                                                                              \
    X(FIELDS, "fields")                                                                                                \
    X(RULES, "rules")                                                                                                  \
    X(CJT188, "cjt188")                                                                                                \
    X(MBUS, "mbus")                                                                                                    \
    X(DLT645, "dlt645")                                                                                                \
    X(SAMPLES, "samples")

enum member {
#define X(symbol, text) MEMBER_##symbol,
    MEMBER_LIST(X)
#undef X
};

static void read_member(struct heng_profile_reader *r, enum member m, struct heng_profile *p,
                        struct heng_profile_lines *ret_lines)
{
    switch (m) {
    case MEMBER_SCHEMA: (void)heng_profile_keep(r, 200); break;
    case MEMBER_NAME: read_name(r, p); break;
    case MEMBER_TITLE: read_title(r, p); break;
    case MEMBER_SOURCE: p->source = heng_profile_keep(r, HENG_PROFILE_TEXT_MAX); break;
    case MEMBER_PROTOCOLS: p->protocols = read_protocols(r); break;
    case MEMBER_MEDIUM: p->medium = heng_profile_medium(r); break;
    case MEMBER_RECOGNISE: read_recognition(r, p); break;
    case MEMBER_GENERIC: p->generic = heng_json_get_bool(&r->json); break;
    case MEMBER_LINE: read_line(r, p); break;
    case MEMBER_TIMING: read_timing(r, p); break;
    case MEMBER_ASK: heng_profile_read_asks(r, p, ret_lines->asks); break;
    case MEMBER_HISTORY:
        ret_lines->history = r->json.line;
        heng_profile_read_history(r, p);
        break;
    case MEMBER_FIELDS: heng_profile_read_fields(r, &p->dialect, &ret_lines->fields); break;
    case MEMBER_RULES: heng_profile_read_rules(r, &p->dialect); break;
    case MEMBER_CJT188: read_cjt188(r, p); break;
    case MEMBER_MBUS: read_mbus(r, p); break;
    case MEMBER_DLT645: read_dlt645(r, p); break;
    case MEMBER_SAMPLES: heng_profile_read_samples(r, p); break;
    }
}

/* What a member may hold depends on the protocol, which may stand behind it: look there first. */
static void find_protocols(struct heng_profile_reader *r)
{
    struct heng_profile_reader ahead = *r;
    struct heng_slice key;
    heng_json_open_object(&ahead.json);
    while (heng_json_next_key(&ahead.json, &key) && ahead.protocols == 0) {
        if (!heng_slice_is(key, "protocols")) {
            heng_json_skip(&ahead.json);
            continue;
        }
        ahead.path[0].key = "protocols";
        ahead.depth = 1;
        ahead.protocols = read_protocols(&ahead);
    }
    if (ahead.protocols == 0) heng_profile_refuse(&ahead, HENG_EFORMAT, "'protocols' is missing");
    if (heng_profile_failed(&ahead))
        *r = ahead;
    else
        r->protocols = ahead.protocols;
}

static bool stands_before(const struct heng_field *a, const struct heng_field *b)
{
    if (a->function_code != b->function_code) return a->function_code < b->function_code;
    if (a->di != b->di) return a->di < b->di;
    return a->at != b->at ? a->at < b->at : a->bit < b->bit;
}

/* In the order that codecs walk them (codec/dialect.h); fields of one place stay as written. */
static void sort_fields(struct heng_dialect *dialect)
{
    struct heng_field *fields = (struct heng_field *)dialect->fields;
    for (size_t i = 1; i < dialect->field_count; i++) {
        struct heng_field moved = fields[i];
        size_t at = i;
        for (; at > 0 && stands_before(&moved, &fields[at - 1]); at--) fields[at] = fields[at - 1];
        fields[at] = moved;
    }
}

/* The error with its place in front: "fields[3].unit: 'kWhh' is not a unit: ...". */
static heng_rc tell(const struct heng_profile_reader *r, struct heng_err *err)
{
    char place[80] = "";
    size_t n = 0;
    for (unsigned i = 0; i < r->depth && n < sizeof place; i++)
        n += (size_t)(r->path[i].key ? snprintf(place + n, sizeof place - n, "%s%s", i ? "." : "", r->path[i].key)
                                     : snprintf(place + n, sizeof place - n, "[%zu]", r->path[i].index));
    return heng_fail(err, r->json.err.rc, r->json.err.at, "%s%s%s", place, n ? ": " : "", r->json.err.text);
}

heng_rc heng_profile_parse(struct heng_slice json, struct heng_arena *arena, struct heng_profile *ret,
                           struct heng_err *err)
{
    static const char *const names[] = {
#define X(symbol, text) text,
        MEMBER_LIST(X)
#undef X
    };
    const uint32_t required =
        1U << MEMBER_NAME | 1U << MEMBER_TITLE | 1U << MEMBER_SOURCE | 1U << MEMBER_PROTOCOLS | 1U << MEMBER_MEDIUM;
    struct heng_profile_members members = HENG_PROFILE_MEMBERS(names);
    static const struct heng_slice mark = {(const uint8_t *)"\xEF\xBB\xBF", 3}; /* some editors begin UTF-8 with it */
    bool marked = json.n >= mark.n && heng_slice_eq(heng_slice_of(json.p, mark.n), mark);
    struct heng_profile_reader r = {.json = heng_json_reader_of(marked ? heng_slice_from(json, mark.n) : json),
                                    .arena = arena};
    struct heng_profile profile = {.preamble = 0xFF, .dialect = heng_dialect_standard};
    struct heng_profile_lines lines = {0};
    if (json.n > HENG_PROFILE_BYTES_MAX)
        return heng_fail(err, HENG_ELIMIT, 0, "a profile of more than %d bytes", HENG_PROFILE_BYTES_MAX);
    find_protocols(&r);
    heng_profile_open(&r);
    for (int m; (m = heng_profile_member(&r, &members)) >= 0;) read_member(&r, (enum member)m, &profile, &lines);
    heng_profile_require(&r, &members, required);
    heng_json_finish(&r.json);
    if (!heng_profile_failed(&r)) heng_profile_check_whole(&r, &profile, &lines);
    if (heng_profile_failed(&r)) return tell(&r, err);
    sort_fields(&profile.dialect);
    *ret = profile;
    return HENG_OK;
}
