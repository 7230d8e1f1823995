/* Values of DL/T 645: the fields of the plan, one after the other, for as long as there are bytes. Meters send fewer
 * tariffs than the standard has, or more: the length decides, not the table.
 *
 *   left over behind the last field             one record of bytes, "more than expected"
 *   the last field is cut                       one record of bytes, "cut off"
 *   AA behind the last value                    the same, "end of block": meters of 1997 close blocks with it
 *   a single value of another length            one record of bytes, "unexpected length": which digits it has is
 *                                               not known then; two or more whole values are taken for a block
 *
 * Numbers are BCD, low byte first. FF in all bytes: not available. Where the standard has a sign it is the top bit,
 * and the digits are what is left without it.
 *
 * Source: DL/T 645-2007 clause 6 and appendix A. */
#include "codec/dlt645/record.h"
#include "codec/bytes.h"
#include "codec/dlt645.h"
#include "codec/dlt645/function.h"
#include "codec/dlt645/table.h"

/* DI3 of the load profile; the byte that ends a block, no BCD, as sent. */
enum { PROFILE = 0x06, BLOCK_END = (0xAA + HENG_DLT645_BIAS) & 0xFF };

static void no_value(struct heng_record *ret, const char *reason)
{
    ret->kind = HENG_VALUE_NONE;
    ret->reason = reason;
}

static void bytes_value(struct heng_record *ret, const char *reason)
{
    ret->kind = HENG_VALUE_BYTES;
    ret->reason = reason;
}

/* 1..8 bytes of data, low byte first, without the 33h that each of them carries. Nothing is borrowed from one byte
 * to the next: the top bits are set for the subtraction and put right after it. Ten bytes of frame stand in front. */
static uint64_t load(struct heng_slice data)
{
    const uint64_t bias = UINT64_C(0x3333333333333333), top = UINT64_C(0x8080808080808080);
    uint64_t raw = heng_load_le64(data.p + data.n - 8);
    return (((raw | top) - bias) ^ (~raw & top)) >> (64 - 8 * data.n);
}

static uint64_t all_ones(size_t bytes) { return UINT64_MAX >> (64 - 8 * bytes); }

/* raw x 10^exp. */
static void number_value(uint64_t raw, int exp, struct heng_record *ret)
{
    ret->kind = HENG_VALUE_DEC;
    if (raw > INT64_MAX || heng_dec_make((int64_t)raw, exp, &ret->dec) != HENG_OK) no_value(ret, "out of range");
}

static void bcd_value(bool has_sign, int exp, struct heng_record *ret)
{
    uint64_t raw = load(ret->data), sign = UINT64_C(1) << (8 * ret->data.n - 1);
    if (raw == all_ones(ret->data.n)) {
        no_value(ret, "not available");
        return;
    }
    bool negative = has_sign && raw & sign;
    if (negative) raw &= ~sign;
    if (!heng_bcd_valid(raw)) {
        no_value(ret, "invalid bcd");
        return;
    }
    number_value(heng_bcd_value(raw), exp, ret);
    if (negative) ret->dec.mantissa = -ret->dec.mantissa;
}

static void minutes_value(struct heng_record *ret)
{
    bcd_value(false, 0, ret);
    ret->dec.mantissa *= 60; /* at most 8 digits */
}

/* Which part of a clock each byte is: second, minute, hour, weekday, day, month, year. */
static const char *const clock_parts[] = {"", "", "mh", "smh", "WDMY", "mhDMY", "smhDMY", "smhWDMY"};

/* The 1997 edition was in use before 2000. */
static int16_t year_of(const struct heng_telegram *t, unsigned year)
{
    return (int16_t)(t->protocol == HENG_PROTOCOL_DLT645_1997 && year >= 90 ? 1900 + year : 2000 + year);
}

static void set_part(const struct heng_telegram *t, char part, unsigned number, struct heng_civil *ret)
{
    uint8_t byte = (uint8_t)number;
    switch (part) {
    case 's': ret->second = byte; break;
    case 'm': ret->minute = byte; break;
    case 'h': ret->hour = byte; break;
    case 'D': ret->day = byte; break;
    case 'M': ret->month = byte; break;
    case 'Y': ret->year = year_of(t, number); break;
    default: break; /* the day of the week follows from the date */
    }
}

static void clock_value(const struct heng_telegram *t, struct heng_record *ret)
{
    uint64_t raw = load(ret->data);
    const char *parts = clock_parts[ret->data.n];
    bool dated = strchr(parts, 'Y'), timed = strchr(parts, 'h');
    ret->kind = !dated ? HENG_VALUE_TIME : timed ? HENG_VALUE_DATETIME : HENG_VALUE_DATE;
    ret->civil = (struct heng_civil){.year = 2000, .month = 1, .day = 1};
    if (raw == all_ones(ret->data.n)) {
        no_value(ret, "not available");
        return;
    }
    if (dated && raw == 0) {
        no_value(ret, "not set");
        return;
    }
    uint64_t value = heng_bcd_value(raw);
    for (size_t i = 0; i < ret->data.n; i++, value /= 100) set_part(t, parts[i], (unsigned)(value % 100), &ret->civil);
    if (!heng_bcd_valid(raw) || !heng_civil_valid(&ret->civil)) no_value(ret, "invalid time");
}

static bool is_pad(uint8_t wire)
{
    return wire == HENG_DLT645_BIAS || wire == 0x20 + HENG_DLT645_BIAS || wire == (uint8_t)(0xFF + HENG_DLT645_BIAS);
}

static bool is_printable(uint8_t wire)
{
    uint8_t byte = (uint8_t)(wire - HENG_DLT645_BIAS);
    return byte >= 0x20 && byte < 0x7F;
}

/* The standard sends text like numbers, last character first, and fills up behind the text; so the filling comes
 * first. Meters that send it as it is read show it by filling at the end. Fields of text are ASCII: control
 * characters are numbers that somebody put there, and what is above 7E is in a code page that nothing names. */
static void text_value(struct heng_record *ret)
{
    const uint8_t *p = ret->data.p;
    size_t n = ret->data.n, front = 0;
    while (front < n && is_pad(p[front])) front++;
    while (n > front && is_pad(p[n - 1])) n--;
    if (n == front) {
        no_value(ret, "empty");
        return;
    }
    for (size_t i = front; i < n; i++) {
        if (is_printable(p[i])) continue;
        bytes_value(ret, "binary data");
        return;
    }
    ret->kind = HENG_VALUE_TEXT;
    ret->text_reversed = front > 0 || n == ret->data.n;
    ret->data = heng_slice_of(p + front, n - front);
}

static void hex_value(struct heng_record *ret)
{
    ret->kind = HENG_VALUE_TEXT;
    ret->text_hex = ret->text_reversed = true;
}

static void digits_value(struct heng_record *ret)
{
    hex_value(ret);
    if (load(ret->data) == all_ones(ret->data.n)) no_value(ret, "not available");
}

/* MM DD hh mm with 99 for "any": how often. */
static const char *pattern_word(uint64_t raw)
{
    static const struct {
        uint32_t any;
        const char *word;
    } words[] = {{UINT32_C(0x99999999), "instant"},
                 {UINT32_C(0x99999900), "hourly"},
                 {UINT32_C(0x99990000), "daily"},
                 {UINT32_C(0x99000000), "monthly"}};
    for (size_t i = 0; i < HENG_DLT645_COUNT(words); i++)
        if ((raw & words[i].any) == words[i].any) return words[i].word;
    return "yearly";
}

static void code_value(const struct heng_dlt645_field *field, struct heng_record *ret)
{
    uint64_t raw = load(ret->data);
    number_value(raw, 0, ret);
    for (const struct heng_flag *f = field->flags; f->mask; f++)
        if (f->value == raw) ret->enumerated = f->name;
}

/* Bit 1 is 600 Bd, each further one twice as fast. */
static const uint16_t rates[] = {600, 1200, 2400, 4800, 9600, 19200};

uint8_t heng_dlt645_baud_code(uint32_t baud)
{
    for (size_t i = 0; i < HENG_DLT645_COUNT(rates); i++)
        if (rates[i] == baud) return (uint8_t)(2U << i);
    return 0;
}

static void baud_value(struct heng_record *ret)
{
    uint64_t raw = load(ret->data);
    for (size_t i = 0; i < HENG_DLT645_COUNT(rates); i++) {
        if (raw != UINT64_C(2) << i) continue;
        ret->kind = HENG_VALUE_DEC;
        ret->dec = (struct heng_dec){rates[i], 0};
        return;
    }
    no_value(ret, "unknown code");
}

static void set_value(const struct heng_telegram *t, const struct heng_dlt645_field *field, struct heng_record *ret)
{
    switch ((heng_dlt645_coding)field->coding) {
    case HENG_DLT645_BCD: bcd_value(false, field->exp, ret); break;
    case HENG_DLT645_SIGNED: bcd_value(true, field->exp, ret); break;
    case HENG_DLT645_MINUTES: minutes_value(ret); break;
    case HENG_DLT645_INTEGER: number_value(load(ret->data), field->exp, ret); break;
    case HENG_DLT645_WORD:
        number_value(load(ret->data), 0, ret);
        ret->flags = field->flags;
        break;
    case HENG_DLT645_CODE: code_value(field, ret); break;
    case HENG_DLT645_BAUD: baud_value(ret); break;
    case HENG_DLT645_CLOCK: clock_value(t, ret); break;
    case HENG_DLT645_TEXT: text_value(ret); break;
    case HENG_DLT645_DIGITS: digits_value(ret); break;
    case HENG_DLT645_DI: hex_value(ret); break;
    case HENG_DLT645_PATTERN:
        hex_value(ret);
        ret->qualifier = pattern_word(load(ret->data));
        break;
    case HENG_DLT645_SECRET:
        ret->data.n = 0;
        no_value(ret, "secret");
        break;
    case HENG_DLT645_RAW: bytes_value(ret, field->qualifier); break;
    }
}

/* A record over the next n bytes. */
static void open_record(const struct heng_records *r, size_t n, struct heng_record *ret)
{
    *ret = (struct heng_record){
        .quantity = HENG_QUANTITY_UNKNOWN,
        .unit = HENG_UNIT_UNKNOWN,
        .data = {r->p, n},
        .vif = {r->p, 0},
        .at = (uint32_t)(r->p - r->telegram->frame.p),
        .length = (uint32_t)n,
    };
}

/* The field of record `index`; the place in its block goes to ret. NULL behind the last one. */
static const struct heng_dlt645_field *field_at(const struct heng_dlt645_plan *plan, uint32_t index,
                                                struct heng_record *ret)
{
    if (index < plan->head_count) return &plan->head[index];
    uint32_t item = index - plan->head_count, turn = item / plan->group_count;
    if (turn >= plan->turns) return NULL;
    ret->storage = plan->storage + (plan->step == HENG_DLT645_STORAGE ? turn : 0);
    ret->tariff = plan->tariff + (plan->step == HENG_DLT645_TARIFF ? turn : 0);
    ret->subunit = plan->subunit + (plan->step == HENG_DLT645_SUBUNIT ? turn : 0);
    ret->qualifier = plan->names ? plan->names[item % plan->name_count] : plan->qualifier;
    return &plan->group[item % plan->group_count];
}

/* How many of the next `left` bytes at p the field takes; 0: they do not fit it, and *ret_reason says why. */
static size_t field_bytes(const struct heng_dlt645_plan *plan, const struct heng_dlt645_field *field, uint32_t index,
                          const uint8_t *p, size_t left, const char **ret_reason)
{
    bool single = plan->turns == 1 && plan->group_count == 1 && index == plan->head_count;
    if (field->bytes == 0 || (single && field->coding == HENG_DLT645_TEXT)) return left;
    bool ended = p[left - 1] == BLOCK_END;
    *ret_reason = left == 1 && ended ? "end of block" : "cut off";
    if (left < field->bytes) return 0;
    *ret_reason = "unexpected length";
    return single && left % field->bytes != 0 && !(ended && left == field->bytes + 1u) ? 0 : field->bytes;
}

/* Name the open record as the field has it and read its value. */
static void fill_record(const struct heng_telegram *t, const struct heng_dlt645_field *field, const char *qualifier,
                        struct heng_record *ret)
{
    ret->qualifier = field->qualifier && field->coding != HENG_DLT645_RAW ? field->qualifier : qualifier;
    ret->function = (heng_function)field->function;
    ret->quantity = (heng_quantity)field->quantity;
    ret->unit = (heng_unit)field->unit;
    ret->vif_known = field->coding != HENG_DLT645_RAW;
    set_value(t, field, ret);
}

static void read_field(const struct heng_records *r, size_t left, struct heng_record *ret)
{
    struct heng_dlt645_plan plan;
    const char *reason = left == 1 && r->p[0] == BLOCK_END ? "end of block" : "more than expected";
    struct heng_record place = {0};
    heng_dlt645_plan(r->telegram, &plan);
    const struct heng_dlt645_field *field = field_at(&plan, r->index, &place);
    size_t bytes = field ? field_bytes(&plan, field, r->index, r->p, left, &reason) : 0;
    open_record(r, bytes ? bytes : left, ret);
    if (!bytes) {
        bytes_value(ret, reason);
        return;
    }
    ret->storage = place.storage;
    ret->tariff = place.tariff;
    ret->subunit = place.subunit;
    fill_record(r->telegram, field, place.qualifier, ret);
}

/* Records of the load profile; marks and separators between them are none. What is no whole block stays bytes. */
static heng_rc next_of_profile(struct heng_records *r, struct heng_record *ret)
{
    const uint8_t *at, *end = r->telegram->body.p + r->telegram->body.n;
    uint16_t block;
    const struct heng_dlt645_field *field = heng_dlt645_profile_field(r->telegram->body, r->p, &at, &block);
    if (!at || at < r->p) return HENG_ENOTFOUND;
    r->p = at;
    open_record(r, field ? field->bytes : (size_t)(end - at), ret);
    if (field) {
        ret->storage = block;
        fill_record(r->telegram, field, NULL, ret);
    } else {
        bytes_value(ret, "load profile");
    }
    r->index++;
    r->p += ret->length;
    return HENG_OK;
}

/* The first of the dialect's fields for this identifier; field_count without. */
static size_t first_field(const struct heng_dialect *dialect, uint32_t di)
{
    size_t low = 0, high = dialect->field_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (dialect->fields[middle].di < di)
            low = middle + 1;
        else
            high = middle;
    }
    return low < dialect->field_count && dialect->fields[low].di == di ? low : dialect->field_count;
}

/* A number as the dialect has it: raw x factor x 10^exp. */
static void scale_value(const struct heng_field *field, struct heng_record *ret)
{
    if (ret->kind != HENG_VALUE_DEC) return;
    if (heng_dec_scale(ret->dec, field->factor, &ret->dec) != HENG_OK ||
        heng_dec_shift(ret->dec, field->exp, &ret->dec) != HENG_OK)
        no_value(ret, "out of range");
}

static void signed_value(struct heng_record *ret)
{
    unsigned shift = (unsigned)(64 - 8 * ret->data.n);
    ret->kind = HENG_VALUE_DEC;
    ret->dec = (struct heng_dec){(int64_t)(load(ret->data) << shift) >> shift, 0};
}

static void float_value(struct heng_record *ret)
{
    ret->kind = HENG_VALUE_DEC;
    heng_rc rc = ret->data.n == 8 ? heng_dec_from_f64(load(ret->data), &ret->dec)
                                  : heng_dec_from_f32((uint32_t)load(ret->data), &ret->dec);
    if (ret->data.n != 4 && ret->data.n != 8)
        no_value(ret, "unknown coding");
    else if (rc != HENG_OK)
        no_value(ret, "out of range");
}

static void set_dialect_value(const struct heng_telegram *t, const struct heng_field *field, struct heng_record *ret)
{
    bool word = ret->data.n <= 8;
    if (word && field->has_absent && load(ret->data) == field->absent) {
        no_value(ret, "not available");
        return;
    }
    if (!word && field->coding != HENG_CODING_TEXT && field->coding != HENG_CODING_BYTES) {
        no_value(ret, "unknown coding");
        return;
    }
    switch (field->coding) {
    case HENG_CODING_BCD: bcd_value(false, 0, ret); break;
    case HENG_CODING_BCD_SIGNED: bcd_value(true, 0, ret); break;
    case HENG_CODING_UNSIGNED: number_value(load(ret->data), 0, ret); break;
    case HENG_CODING_SIGNED: signed_value(ret); break;
    case HENG_CODING_FLOAT: float_value(ret); break;
    case HENG_CODING_BIT: number_value(load(ret->data) >> (field->bit & 15) & 1, 0, ret); break;
    case HENG_CODING_TEXT: text_value(ret); break;
    case HENG_CODING_CLOCK:
        if (ret->data.n >= 2 && ret->data.n < HENG_DLT645_COUNT(clock_parts))
            clock_value(t, ret);
        else
            no_value(ret, "unknown coding");
        break;
    case HENG_CODING_BYTES: bytes_value(ret, NULL); break;
    case HENG_CODING_COUNT: no_value(ret, "unknown coding"); break;
    }
    scale_value(field, ret);
}

/* The dialect's fields of the identifier take the place of ours: each at its offset, bytes between them are no
 * records, and a field that is not wholly there, or lies in the one before, is passed over. */
static heng_rc next_of_dialect(struct heng_records *r, size_t first, struct heng_record *ret)
{
    const struct heng_telegram *t = r->telegram;
    const struct heng_dialect *dialect = t->dialect;
    for (size_t i = first + r->index; i < dialect->field_count && dialect->fields[i].di == t->di; i++) {
        const struct heng_field *field = &dialect->fields[i];
        r->index++;
        if (field->bytes == 0 || (size_t)field->at + field->bytes > t->body.n || t->body.p + field->at < r->p) continue;
        r->p = t->body.p + field->at;
        open_record(r, field->bytes, ret);
        ret->storage = field->storage;
        ret->tariff = field->tariff;
        ret->subunit = field->subunit;
        ret->qualifier = field->qualifier;
        ret->function = field->function;
        ret->quantity = field->quantity;
        ret->unit = field->unit;
        ret->vif_known = true;
        set_dialect_value(t, field, ret);
        r->p += field->bytes;
        return HENG_OK;
    }
    return HENG_ENOTFOUND;
}

static bool is_read(const struct heng_telegram *t)
{
    uint8_t function = t->control & HENG_DLT645_FUNCTION_MASK;
    return t->kind == HENG_TELEGRAM_DATA && function != HENG_DLT645_C_FOLLOW && function != HENG_DLT645_97_C_FOLLOW;
}

heng_rc heng_dlt645_next(struct heng_records *r, struct heng_record *ret, struct heng_err *err)
{
    (void)err;
    const struct heng_telegram *t = r->telegram;
    size_t left = (size_t)(t->body.p + t->body.n - r->p);
    if (left == 0 || t->kind == HENG_TELEGRAM_OTHER) return HENG_ENOTFOUND;
    if (t->dialect && is_read(t)) {
        size_t first = first_field(t->dialect, t->di);
        if (first < t->dialect->field_count) return next_of_dialect(r, first, ret);
    }
    if (t->protocol == HENG_PROTOCOL_DLT645_2007 && t->di >> 24 == PROFILE && is_read(t))
        return next_of_profile(r, ret);
    read_field(r, left, ret);
    r->index++;
    r->p += ret->length;
    return HENG_OK;
}
