/* The parts of a profile that say what to ask and what the answers mean: asks, fields, rules.
 *
 * A field names one value:
 *   Modbus           "address" (97 or "0x0061"), "code" 1..4, "type" u16 .. f64, bcd, bit, text; "order" of the words
 *   DL/T 645, CJ/T 188   "di", "at" (offset behind DI or SER), "type" u8 .. f64, bcd, bcd-signed, bit, text, clock,
 * bytes and for all of them "scale", "unit", "quantity" and what tells registers apart. */
#include "codec/cjt188.h"
#include "meter/profile_reader.h"

#include <stdio.h>

#define SEEN(member) (members.seen & UINT32_C(1) << (member))

/* A Modbus address as the manual prints it: 97, or "0x0061". */
static uint32_t read_address(struct heng_profile_reader *r)
{
    char text[8];
    uint32_t value = 0;
    if (heng_json_peek(&r->json) == HENG_JSON_NUMBER) return (uint32_t)heng_json_get_int(&r->json, 0, 0xFFFF);
    heng_profile_text(r, text, sizeof text);
    size_t n = strlen(text);
    bool good = n == 6 && text[0] == '0' && text[1] == 'x' && strspn(text + 2, "0123456789ABCDEFabcdef") == 4;
    for (size_t i = 2; good && i < n; i++) {
        uint32_t c = (uint8_t)text[i];
        value = value << 4 | (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    if (!good)
        heng_profile_refuse(r, HENG_EFORMAT, "'%s' is not an address: write 97, or \"0x0061\" for hexadecimal", text);
    return value;
}

static uint32_t read_di(struct heng_profile_reader *r)
{
    unsigned digits = heng_profile_is(r, 1 << HENG_PROTOCOL_DLT645_2007) ? 8 : 4;
    return (uint32_t)heng_profile_hex(r, digits, digits, NULL);
}

/* A member that means nothing for the protocol of the profile is a mistake of the writer. */
static void only_for(struct heng_profile_reader *r, bool seen, uint32_t protocols, const char *what, const char *whose)
{
    if (seen && !heng_profile_is(r, protocols))
        heng_profile_refuse(r, HENG_EFORMAT, "'%s' is for %s only", what, whose);
}

enum { ALL_DI = HENG_PROFILE_DLT645 | 1 << HENG_PROTOCOL_CJT188 };

/* What is asked at every poll must leave the meter as it is. The codes of CJ/T 188 that read, and of the vendors' codes
 * the one that is known to read (LCR, data at a higher resolution). */
static uint8_t read_control(struct heng_profile_reader *r)
{
    static const uint8_t reading[] = {HENG_CJT188_C_READ, HENG_CJT188_C_READ_ADDRESS, HENG_CJT188_C_READ_KEY_VERSION,
                                      HENG_CJT188_C_EXTENDED | HENG_CJT188_C_READ};
    uint8_t control = (uint8_t)heng_profile_hex(r, 2, 2, NULL);
    if (heng_profile_is(r, 1 << HENG_PROTOCOL_CJT188) && !memchr(reading, control, sizeof reading))
        heng_profile_refuse(r, HENG_EDENIED, "%02X does not read: use 01 (data), 03 (address), 09 (key version) or 21",
                            control);
    return control;
}

static void read_ask(struct heng_profile_reader *r, struct heng_ask_def *ask)
{
    enum { CODE, ADDRESS, COUNT, DI, CONTROL, OPTIONAL };
    static const char *const names[] = {"code", "address", "count", "di", "control", "optional"};
    struct heng_profile_members members = HENG_PROFILE_MEMBERS(names);
    bool modbus = heng_profile_is(r, HENG_PROFILE_MODBUS);
    ask->function_code = modbus ? 3 : heng_profile_is(r, 1 << HENG_PROTOCOL_CJT188) ? 1 : 0;
    heng_profile_open(r);
    for (int m; (m = heng_profile_member(r, &members)) >= 0;) {
        switch (m) {
        case CODE: ask->function_code = (uint8_t)heng_json_get_int(&r->json, 1, 4); break;
        case ADDRESS: ask->di = read_address(r); break;
        case COUNT: ask->count = (uint16_t)heng_json_get_int(&r->json, 1, 2000); break;
        case DI: ask->di = read_di(r); break;
        case CONTROL: ask->function_code = read_control(r); break;
        case OPTIONAL: ask->optional = heng_json_get_bool(&r->json); break;
        default: break;
        }
    }
    only_for(r, SEEN(CODE) || SEEN(ADDRESS) || SEEN(COUNT), HENG_PROFILE_MODBUS, "code, address, count", "Modbus");
    only_for(r, SEEN(DI), ALL_DI, "di", "CJ/T 188 and DL/T 645");
    only_for(r, SEEN(CONTROL), 1 << HENG_PROTOCOL_CJT188, "control", "CJ/T 188");
    heng_profile_require(r, &members, modbus ? 1U << ADDRESS | 1U << COUNT : 1U << DI);
    if (modbus && ask->function_code >= 3 && ask->count > 125)
        heng_profile_refuse(r, HENG_ERANGE, "more than 125 registers in one answer");
    if (modbus && ask->di + ask->count > 0x10000) heng_profile_refuse(r, HENG_ERANGE, "reaches beyond address 65535");
}

void heng_profile_read_asks(struct heng_profile_reader *r, struct heng_profile *profile,
                            uint32_t ret_lines[static HENG_PROFILE_ASKS_MAX])
{
    void *items;
    if (heng_profile_is(r, 1 << HENG_PROTOCOL_MBUS))
        heng_profile_refuse(r, HENG_EFORMAT, "M-Bus meters say by themselves what they have: leave it out");
    size_t count = heng_profile_array(r, HENG_PROFILE_ASKS_MAX, sizeof profile->asks[0], &items);
    struct heng_ask_def *asks = items;
    for (size_t i = 0; heng_profile_item(r, i) && i < count; i++) {
        (void)heng_json_peek(&r->json); /* over the blanks: the line of the ask itself */
        ret_lines[i] = r->json.line;
        read_ask(r, &asks[i]);
    }
    for (size_t i = 0; i < count; i++) profile->asks[i] = asks[i];
    profile->ask_count = count;
}

void heng_profile_read_history(struct heng_profile_reader *r, struct heng_profile *profile)
{
    void *items;
    if (!heng_profile_is(r, ALL_DI)) heng_profile_refuse(r, HENG_EFORMAT, "is for CJ/T 188 and DL/T 645 only");
    size_t count = heng_profile_array(r, HENG_PROFILE_HISTORY_MAX, sizeof profile->history[0], &items);
    struct heng_ask_def *asks = items;
    for (size_t i = 0; heng_profile_item(r, i) && i < count; i++) read_ask(r, &asks[i]);
    for (size_t i = 0; i < count; i++) profile->history[i] = asks[i];
    profile->history_count = count;
}

/* X(text, coding, bytes): bytes 0: "bytes" says. */
#define TYPE_LIST(X)                                                                                                   \
    X("u8", UNSIGNED, 1)                                                                                               \
    X("u16", UNSIGNED, 2)                                                                                              \
    X("u24", UNSIGNED, 3)                                                                                              \
    X("u32", UNSIGNED, 4)                                                                                              \
    X("u40", UNSIGNED, 5)                                                                                              \
    X("u48", UNSIGNED, 6)                                                                                              \
    X("u64", UNSIGNED, 8)                                                                                              \
    X("i8", SIGNED, 1)                                                                                                 \
    X("i16", SIGNED, 2)                                                                                                \
    X("i24", SIGNED, 3)                                                                                                \
    X("i32", SIGNED, 4)                                                                                                \
    X("i40", SIGNED, 5)                                                                                                \
    X("i48", SIGNED, 6)                                                                                                \
    X("i64", SIGNED, 8)                                                                                                \
    X("f32", FLOAT, 4)                                                                                                 \
    X("f64", FLOAT, 8)                                                                                                 \
    X("bcd", BCD, 0)                                                                                                   \
    X("bcd-signed", BCD_SIGNED, 0)                                                                                     \
    X("bit", BIT, 2)                                                                                                   \
    X("text", TEXT, 0)                                                                                                 \
    X("clock", CLOCK, 0)                                                                                               \
    X("bytes", BYTES, 0)

static void read_type(struct heng_profile_reader *r, struct heng_field *field, uint16_t *ret_bytes)
{
    static const struct {
        const char *text;
        heng_coding coding;
        uint16_t bytes;
    } types[] = {
#define X(text, coding, bytes) {text, HENG_CODING_##coding, bytes},
        TYPE_LIST(X)
#undef X
    };
    char text[16];
    heng_profile_text(r, text, sizeof text);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (strcmp(text, types[i].text) != 0) continue;
        field->coding = types[i].coding;
        *ret_bytes = types[i].bytes;
        return;
    }
    heng_profile_refuse(r, HENG_EFORMAT, "'%s' is not a type: use u16, i16, u32, i32, u64, f32, bcd, bit, text ...",
                        text);
}

static void read_order(struct heng_profile_reader *r, struct heng_field *field)
{
    char text[8];
    heng_profile_text(r, text, sizeof text);
    field->order = heng_word_order_of(text);
    if (field->order == HENG_WORD_ORDER_COUNT)
        heng_profile_refuse(r, HENG_EFORMAT, "'%s' is not an order of bytes: use ABCD, CDAB, BADC or DCBA", text);
}

/* X(symbol, text): the members of a field. */
#define FIELD_MEMBER_LIST(X)                                                                                           \
    X(ADDRESS, "address")                                                                                              \
    X(CODE, "code")                                                                                                    \
    X(DI, "di")                                                                                                        \
    X(AT, "at")                                                                                                        \
    X(TYPE, "type")                                                                                                    \
    X(BYTES, "bytes")                                                                                                  \
    X(BIT, "bit")                                                                                                      \
    X(ORDER, "order")                                                                                                  \
    X(SCALE, "scale")                                                                                                  \
    X(UNIT, "unit")                                                                                                    \
    X(QUANTITY, "quantity")                                                                                            \
    X(FUNCTION, "function")                                                                                            \
    X(STORAGE, "storage")                                                                                              \
    X(TARIFF, "tariff")                                                                                                \
    X(SUBUNIT, "subunit")                                                                                              \
    X(QUALIFIER, "qualifier")                                                                                          \
    X(ABSENT, "absent")

enum field_member {
#define X(symbol, text) FIELD_##symbol,
    FIELD_MEMBER_LIST(X)
#undef X
};

/* What is read of a field before it can be judged. */
struct field_draft {
    struct heng_field *field;
    uint16_t type_bytes, bytes;
    const struct heng_profile_unit *unit;
    unsigned absent_digits;
};

static void read_field_member(struct heng_profile_reader *r, enum field_member m, struct field_draft *d)
{
    struct heng_field *f = d->field;
    switch (m) {
    case FIELD_ADDRESS: f->di = read_address(r); break;
    case FIELD_CODE: f->function_code = (uint8_t)heng_json_get_int(&r->json, 1, 4); break;
    case FIELD_DI: f->di = read_di(r); break;
    case FIELD_AT: f->at = (uint16_t)heng_json_get_int(&r->json, 0, 255); break;
    case FIELD_TYPE: read_type(r, f, &d->type_bytes); break;
    case FIELD_BYTES: d->bytes = (uint16_t)heng_json_get_int(&r->json, 1, 250); break;
    case FIELD_BIT: f->bit = (uint8_t)heng_json_get_int(&r->json, 0, 15); break;
    case FIELD_ORDER: read_order(r, f); break;
    case FIELD_SCALE: heng_profile_scale(r, &f->factor, &f->exp); break;
    case FIELD_UNIT: d->unit = heng_profile_unit(r); break;
    case FIELD_QUANTITY: f->quantity = heng_profile_quantity(r); break;
    case FIELD_FUNCTION: f->function = heng_profile_function(r); break;
    case FIELD_STORAGE: f->storage = (uint16_t)heng_json_get_int(&r->json, 0, 0xFFFF); break;
    case FIELD_TARIFF: f->tariff = (uint16_t)heng_json_get_int(&r->json, 0, 0xFFFF); break;
    case FIELD_SUBUNIT: f->subunit = (uint16_t)heng_json_get_int(&r->json, 0, 0xFFFF); break;
    case FIELD_QUALIFIER: f->qualifier = heng_profile_qualifier(r, false); break;
    case FIELD_ABSENT:
        f->absent = heng_profile_hex(r, 2, 16, &d->absent_digits);
        f->has_absent = true;
        break;
    }
}

/* A coil is a bit; of the bits of a register or byte one must be named. */
static void check_bit(struct heng_profile_reader *r, bool named, bool coil, bool is_bit)
{
    if (coil && !is_bit) heng_profile_refuse(r, HENG_EFORMAT, "codes 1 and 2 read bits: the type is 'bit'");
    if (coil && named) heng_profile_refuse(r, HENG_EFORMAT, "a coil is one bit: leave 'bit' out");
    if (!is_bit && named) heng_profile_refuse(r, HENG_EFORMAT, "'bit' is for the type 'bit' only");
    if (!coil && is_bit && !named) heng_profile_refuse(r, HENG_EFORMAT, "'bit' is missing: which one?");
}

/* The forms that the codecs know: BCD from the minute or second on, and for Modbus those of codec/modbus/value.c. */
static void check_clock(struct heng_profile_reader *r, bool modbus, unsigned bytes)
{
    if (modbus && bytes != 6 && bytes != 8 && bytes != 12)
        heng_profile_refuse(r, HENG_EUNSUPPORTED, "a clock has 6, 8 or 12 bytes in Modbus registers");
    if (!modbus && (bytes < 3 || bytes > 7)) heng_profile_refuse(r, HENG_EUNSUPPORTED, "a clock has 3 to 7 bytes");
}

/* How many bytes the field has, and whether its protocol has fields of that size and type. */
static void check_size(struct heng_profile_reader *r, const struct heng_profile_members *seen, struct field_draft *d)
{
    const struct heng_profile_members members = *seen;
    struct heng_field *f = d->field;
    bool modbus = heng_profile_is(r, HENG_PROFILE_MODBUS), coil = modbus && f->function_code <= 2;
    f->bytes = d->type_bytes ? d->type_bytes : d->bytes;
    if (SEEN(FIELD_BYTES) && d->type_bytes)
        heng_profile_refuse(r, HENG_EFORMAT, "'bytes' is for bcd, bcd-signed, text, clock and bytes: the type says it");
    if (f->bytes == 0) heng_profile_refuse(r, HENG_EFORMAT, "'bytes' is missing: how many has the field?");
    if (heng_profile_is_number(f->coding) && f->bytes > 8)
        heng_profile_refuse(r, HENG_ERANGE, "a number has at most 8 bytes");
    if (f->coding == HENG_CODING_CLOCK) check_clock(r, modbus, f->bytes);
    check_bit(r, SEEN(FIELD_BIT) != 0, coil, f->coding == HENG_CODING_BIT);
    if (!modbus && f->coding == HENG_CODING_BIT) {
        f->bytes = 1;
        if (f->bit > 7) heng_profile_refuse(r, HENG_ERANGE, "a byte has the bits 0 to 7: count 'at' on");
    }
    if (!modbus) return;
    if (coil) f->bytes = 1;
    if (!coil && (f->bytes % 2 || (heng_profile_is_number(f->coding) && f->bytes == 6)))
        heng_profile_refuse(r, HENG_EUNSUPPORTED, "Modbus numbers have 2, 4 or 8 bytes, texts an even number");
}

static void check_meaning(struct heng_profile_reader *r, const struct heng_profile_members *seen, struct field_draft *d)
{
    const struct heng_profile_members members = *seen;
    struct heng_field *f = d->field;
    bool number = heng_profile_is_number(f->coding);
    if (number && !SEEN(FIELD_UNIT))
        heng_profile_refuse(r, HENG_EFORMAT, "'unit' is missing: write \"\" for a number without a unit");
    if (!number && (SEEN(FIELD_SCALE) || SEEN(FIELD_ABSENT)))
        heng_profile_refuse(r, HENG_EFORMAT, "'scale' and 'absent' are for numbers only");
    if (f->has_absent && d->absent_digits != 2U * f->bytes)
        heng_profile_refuse(r, HENG_EFORMAT, "'absent' has %u hex digits, but the field %u", d->absent_digits,
                            2U * f->bytes);
    if (!d->unit || heng_profile_failed(r)) return;
    f->unit = d->unit->unit;
    const char *wanted = number ? heng_profile_unit_clash(f->quantity, f->unit) : NULL;
    if (wanted)
        heng_profile_refuse(r, HENG_EFORMAT, "%s is not measured in '%s': use %s", heng_quantity_text(f->quantity),
                            d->unit->text, wanted);
    int64_t factor = (int64_t)f->factor * d->unit->factor;
    int exp = f->exp + d->unit->exp;
    if (factor > INT32_MAX || factor < INT32_MIN || exp < HENG_DEC_EXP_MIN || exp > HENG_DEC_EXP_MAX)
        heng_profile_refuse(r, HENG_ERANGE, "'scale' is too large or too small");
    if (heng_profile_failed(r)) return;
    f->factor = (int32_t)factor;
    f->exp = (int8_t)exp;
}

static void read_field(struct heng_profile_reader *r, struct heng_field *field)
{
    static const char *const names[] = {
#define X(symbol, text) text,
        FIELD_MEMBER_LIST(X)
#undef X
    };
    struct heng_profile_members members = HENG_PROFILE_MEMBERS(names);
    struct field_draft draft = {.field = field};
    bool modbus = heng_profile_is(r, HENG_PROFILE_MODBUS);
    *field = (struct heng_field){.function_code = modbus ? 3 : 0, .factor = 1};
    heng_profile_open(r);
    for (int m; (m = heng_profile_member(r, &members)) >= 0;) read_field_member(r, (enum field_member)m, &draft);
    only_for(r, SEEN(FIELD_ADDRESS) || SEEN(FIELD_CODE) || SEEN(FIELD_ORDER), HENG_PROFILE_MODBUS,
             "address, code, order", "Modbus");
    only_for(r, SEEN(FIELD_DI) || SEEN(FIELD_AT), ALL_DI, "di, at", "CJ/T 188 and DL/T 645");
    heng_profile_require(r, &members,
                         (modbus ? 1U << FIELD_ADDRESS : 1U << FIELD_DI) | 1U << FIELD_TYPE | 1U << FIELD_QUANTITY);
    check_size(r, &members, &draft);
    check_meaning(r, &members, &draft);
}

void heng_profile_read_fields(struct heng_profile_reader *r, struct heng_dialect *dialect, uint32_t **ret_lines)
{
    void *items;
    if (heng_profile_is(r, 1 << HENG_PROTOCOL_MBUS))
        heng_profile_refuse(r, HENG_EFORMAT, "M-Bus records say what they are: use 'rules' where a meter deviates");
    size_t count = heng_profile_array(r, HENG_PROFILE_FIELDS_MAX, sizeof(struct heng_field), &items);
    struct heng_field *fields = items;
    uint32_t *lines = heng_arena_take(r->arena, count + 1, sizeof *lines);
    if (!lines) {
        heng_profile_refuse(r, HENG_ENOMEM, "no memory for it");
        return;
    }
    for (size_t i = 0; heng_profile_item(r, i) && i < count; i++) {
        (void)heng_json_peek(&r->json); /* over the blanks: the line of the field itself */
        lines[i] = r->json.line;
        read_field(r, &fields[i]);
    }
    dialect->fields = fields;
    dialect->field_count = count;
    *ret_lines = lines;
}

/* X(symbol, text): what a rule can match and, up to QUALIFIER, replace. */
#define RULE_MEMBER_LIST(X)                                                                                            \
    X(QUANTITY, "quantity")                                                                                            \
    X(UNIT, "unit")                                                                                                    \
    X(FUNCTION, "function")                                                                                            \
    X(STORAGE, "storage")                                                                                              \
    X(TARIFF, "tariff")                                                                                                \
    X(SUBUNIT, "subunit")                                                                                              \
    X(QUALIFIER, "qualifier")

enum {
#define X(symbol, text) RULE_##symbol,
    RULE_MEMBER_LIST(X)
#undef X
        RULE_OWN
};
#define X(symbol, text) text,
static const char *const match_names[] = {RULE_MEMBER_LIST(X) "di", "vif"};
static const char *const then_names[] = {RULE_MEMBER_LIST(X) "drop", "scale"};
#undef X

/* A rule sees records, which are in the units of the model: a multiple would silently never match. */
static heng_unit read_model_unit(struct heng_profile_reader *r)
{
    const struct heng_profile_unit *unit = heng_profile_unit(r);
    if (unit->exp != 0 || unit->factor != 1)
        heng_profile_refuse(r, HENG_EFORMAT, "rules work on base units: use %s and, in 'then', a scale",
                            heng_unit_text(unit->unit));
    return unit->unit;
}

static void read_match(struct heng_profile_reader *r, struct heng_record_rule *rule)
{
    struct heng_profile_members members = HENG_PROFILE_MEMBERS(match_names);
    heng_profile_open(r);
    for (int m; (m = heng_profile_member(r, &members)) >= 0;) {
        switch (m) {
        case RULE_QUANTITY: rule->match.quantity = heng_profile_quantity(r); break;
        case RULE_UNIT: rule->match.unit = read_model_unit(r); break;
        case RULE_FUNCTION: rule->match.function = heng_profile_function(r); break;
        case RULE_STORAGE: rule->match.storage = (uint64_t)heng_json_get_int(&r->json, 0, UINT32_MAX); break;
        case RULE_TARIFF: rule->match.tariff = (uint32_t)heng_json_get_int(&r->json, 0, UINT32_MAX); break;
        case RULE_SUBUNIT: rule->match.subunit = (uint32_t)heng_json_get_int(&r->json, 0, UINT32_MAX); break;
        case RULE_QUALIFIER: rule->match.qualifier = heng_profile_qualifier(r, false); break;
        case RULE_OWN: rule->match.di = read_di(r); break;
        default: rule->match.vif = heng_profile_bytes(r, 22); break; /* VIF, 10 VIFE, text: EN 13757-3 clause 6.4 */
        }
    }
    rule->match.has_quantity = SEEN(RULE_QUANTITY);
    rule->match.has_unit = SEEN(RULE_UNIT);
    rule->match.has_function = SEEN(RULE_FUNCTION);
    rule->match.has_storage = SEEN(RULE_STORAGE);
    rule->match.has_tariff = SEEN(RULE_TARIFF);
    rule->match.has_subunit = SEEN(RULE_SUBUNIT);
    rule->match.has_di = SEEN(RULE_OWN);
    only_for(r, rule->match.has_di, ALL_DI, "di", "CJ/T 188 and DL/T 645");
    only_for(r, rule->match.vif.n > 0, 1 << HENG_PROTOCOL_MBUS, "vif", "M-Bus");
    if (members.seen == 0) heng_profile_refuse(r, HENG_EFORMAT, "is empty: a rule for every record is none");
}

static void read_then(struct heng_profile_reader *r, struct heng_record_rule *rule)
{
    struct heng_profile_members members = HENG_PROFILE_MEMBERS(then_names);
    heng_profile_open(r);
    for (int m; (m = heng_profile_member(r, &members)) >= 0;) {
        switch (m) {
        case RULE_QUANTITY: rule->then.quantity = heng_profile_quantity(r); break;
        case RULE_UNIT: rule->then.unit = read_model_unit(r); break;
        case RULE_FUNCTION: rule->then.function = heng_profile_function(r); break;
        case RULE_STORAGE: rule->then.storage = (uint64_t)heng_json_get_int(&r->json, 0, UINT32_MAX); break;
        case RULE_TARIFF: rule->then.tariff = (uint32_t)heng_json_get_int(&r->json, 0, UINT32_MAX); break;
        case RULE_SUBUNIT: rule->then.subunit = (uint32_t)heng_json_get_int(&r->json, 0, UINT32_MAX); break;
        case RULE_QUALIFIER: rule->then.qualifier = heng_profile_qualifier(r, false); break;
        case RULE_OWN: rule->then.drop = heng_json_get_bool(&r->json); break;
        default: heng_profile_scale(r, &rule->then.factor, &rule->then.shift); break;
        }
    }
    rule->then.has_quantity = SEEN(RULE_QUANTITY);
    rule->then.has_unit = SEEN(RULE_UNIT);
    rule->then.has_function = SEEN(RULE_FUNCTION);
    rule->then.has_storage = SEEN(RULE_STORAGE);
    rule->then.has_tariff = SEEN(RULE_TARIFF);
    rule->then.has_subunit = SEEN(RULE_SUBUNIT);
    if (members.seen == 0 || (SEEN(RULE_OWN) && !rule->then.drop))
        heng_profile_refuse(r, HENG_EFORMAT, "changes nothing: give \"drop\": true, or what to replace");
}

/* The unit check of fields, as far as the rule alone tells which quantity in which unit will come out of it. */
static void check_rule(struct heng_profile_reader *r, const struct heng_record_rule *rule)
{
    bool changes = rule->then.has_quantity || rule->then.has_unit;
    bool has_quantity = rule->then.has_quantity || rule->match.has_quantity;
    bool has_unit = rule->then.has_unit || rule->match.has_unit;
    heng_quantity quantity = rule->then.has_quantity ? rule->then.quantity : rule->match.quantity;
    heng_unit unit = rule->then.has_unit ? rule->then.unit : rule->match.unit;
    if (!changes || rule->then.drop || !has_quantity) return;
    const char *wanted = has_unit ? heng_profile_unit_clash(quantity, unit) : NULL;
    if (wanted)
        heng_profile_refuse(r, HENG_EFORMAT, "%s is not measured in '%s': use %s", heng_quantity_text(quantity),
                            heng_unit_text(unit), wanted);
    if (!has_unit && rule->match.has_quantity && !heng_profile_units_meet(rule->match.quantity, quantity))
        heng_profile_refuse(r, HENG_EFORMAT, "%s has no unit of %s: give 'then' a unit",
                            heng_quantity_text(rule->match.quantity), heng_quantity_text(quantity));
}

static void read_rule(struct heng_profile_reader *r, struct heng_record_rule *rule)
{
    enum { MATCH, THEN, NOTE };
    static const char *const names[] = {"match", "then", "note"};
    struct heng_profile_members members = HENG_PROFILE_MEMBERS(names);
    heng_profile_open(r);
    for (int m; (m = heng_profile_member(r, &members)) >= 0;) {
        if (m == MATCH)
            read_match(r, rule);
        else if (m == THEN)
            read_then(r, rule);
        else
            (void)heng_profile_keep(r, HENG_PROFILE_TEXT_MAX);
    }
    heng_profile_require(r, &members, 1U << MATCH | 1U << THEN);
    check_rule(r, rule);
}

void heng_profile_read_rules(struct heng_profile_reader *r, struct heng_dialect *dialect)
{
    void *items;
    size_t count = heng_profile_array(r, HENG_PROFILE_RULES_MAX, sizeof(struct heng_record_rule), &items);
    struct heng_record_rule *rules = items;
    for (size_t i = 0; heng_profile_item(r, i) && i < count; i++) read_rule(r, &rules[i]);
    dialect->rules = rules;
    dialect->rule_count = count;
}
