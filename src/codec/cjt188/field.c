/* Data that only a meter's profile can tell: the fields of its dialect, at fixed places behind SER. */
#include "codec/bytes.h"
#include "codec/cjt188/layout.h"
#include "codec/cjt188/record.h"

static void no_value(struct heng_record *ret, const char *reason)
{
    ret->kind = HENG_VALUE_NONE;
    ret->reason = reason;
}

/* First field of this identifier; field_count when there is none. */
static size_t find(const struct heng_dialect *d, uint32_t di)
{
    size_t low = 0, high = d->field_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (d->fields[middle].di < di)
            low = middle + 1;
        else
            high = middle;
    }
    return low < d->field_count && d->fields[low].di == di ? low : d->field_count;
}

static bool lies_inside(const struct heng_telegram *t, const struct heng_field *f)
{
    return f->bytes > 0 && f->at < t->body.n && f->bytes <= t->body.n - f->at;
}

/* Fields describe data: what is read, and what is written. Answers to writes carry a status only, and keys are nobody's
 * business. */
static bool may_have_fields(const struct heng_telegram *t)
{
    return t->has_di && t->body.n && !heng_cjt188_is_secret(t->di) && t->kind != HENG_TELEGRAM_ERROR &&
           t->kind != HENG_TELEGRAM_WRITTEN && t->kind != HENG_TELEGRAM_ADDRESS;
}

/* First field of the telegram's identifier that lies in its body; field_count when there is none. */
static size_t first_field(const struct heng_telegram *t)
{
    const struct heng_dialect *d = t->dialect;
    if (!may_have_fields(t)) return d->field_count;
    for (size_t i = find(d, t->di); i < d->field_count && d->fields[i].di == t->di; i++)
        if (lies_inside(t, &d->fields[i])) return i;
    return d->field_count;
}

bool heng_cjt188_has_fields(const struct heng_telegram *t) { return first_field(t) < t->dialect->field_count; }

void heng_cjt188_turn_di(struct heng_telegram *t)
{
    const struct heng_dialect *d = t->dialect;
    uint32_t swapped = (t->di & 0xFF) << 8 | t->di >> 8;
    if (!t->has_di || heng_cjt188_di_name((uint16_t)t->di)) return;
    if (find(d, t->di) < d->field_count || find(d, swapped) == d->field_count) return;
    t->di = swapped;
    t->di_swapped = !t->di_swapped;
}

/* Integer of the field's coding; false with a reason in *ret when there is none. */
static bool integer_of(const struct heng_field *f, uint64_t raw, struct heng_record *ret, int64_t *ret_value)
{
    unsigned bits = 8U * f->bytes;
    uint64_t sign = UINT64_C(1) << (bits - 1);
    bool negative = f->coding == HENG_CODING_BCD_SIGNED && raw & sign;
    if (f->coding == HENG_CODING_BIT) {
        *ret_value = f->bit < bits ? (int64_t)(raw >> f->bit & 1) : 0;
        return true;
    }
    if (f->coding == HENG_CODING_UNSIGNED || f->coding == HENG_CODING_SIGNED) {
        bool below = f->coding == HENG_CODING_SIGNED && raw & sign;
        uint64_t extended = below ? raw | ~(sign | (sign - 1)) : raw;
        if (!below && raw > INT64_MAX) {
            no_value(ret, "out of range");
            return false;
        }
        memcpy(ret_value, &extended, sizeof extended);
        return true;
    }
    if (negative) raw &= ~sign;
    if (!heng_bcd_valid(raw)) {
        no_value(ret, "invalid bcd");
        return false;
    }
    int64_t value = (int64_t)heng_bcd_value(raw);
    *ret_value = negative ? -value : value;
    return true;
}

static void number_value(const struct heng_field *f, struct heng_record *ret)
{
    int64_t value;
    bool bcd = f->coding == HENG_CODING_BCD || f->coding == HENG_CODING_BCD_SIGNED;
    if (f->bytes > 8) {
        no_value(ret, "unknown coding");
        return;
    }
    uint64_t raw = heng_load_bytes(ret->data.p, f->bytes, false);
    if ((f->has_absent && raw == f->absent) || (bcd && heng_cjt188_absent(ret->data.p, f->bytes))) {
        no_value(ret, "not available");
        return;
    }
    ret->kind = HENG_VALUE_DEC;
    if (f->coding == HENG_CODING_FLOAT) {
        if (f->bytes != 4)
            no_value(ret, "unknown coding");
        else if (heng_dec_from_f32((uint32_t)raw, &ret->dec) != HENG_OK)
            no_value(ret, "out of range");
    } else if (integer_of(f, raw, ret, &value)) {
        ret->dec = (struct heng_dec){value, 0};
    }
    if (ret->kind == HENG_VALUE_DEC && (heng_dec_shift(ret->dec, f->exp, &ret->dec) != HENG_OK ||
                                        heng_dec_scale(ret->dec, f->factor ? f->factor : 1, &ret->dec) != HENG_OK))
        no_value(ret, "out of range");
}

/* 3 bytes are a date, 4 to 7 a time of it: see heng_cjt188_clock. */
static void clock_value(const struct heng_field *f, struct heng_record *ret)
{
    uint64_t raw = f->bytes <= 8 ? heng_load_bytes(ret->data.p, f->bytes, false) : 0;
    ret->kind = f->bytes == 3 ? HENG_VALUE_DATE : HENG_VALUE_DATETIME;
    if (f->bytes < 3 || f->bytes > 7)
        no_value(ret, "unknown coding");
    else if ((f->has_absent && raw == f->absent) || heng_cjt188_absent(ret->data.p, f->bytes))
        no_value(ret, "not available");
    else if (!heng_cjt188_clock(ret->data.p, f->bytes, &ret->civil))
        no_value(ret, raw == 0 ? "not set" : "invalid time");
}

static void set_value(const struct heng_field *f, struct heng_record *ret)
{
    switch (f->coding) {
    case HENG_CODING_BCD:
    case HENG_CODING_BCD_SIGNED:
    case HENG_CODING_UNSIGNED:
    case HENG_CODING_SIGNED:
    case HENG_CODING_FLOAT:
    case HENG_CODING_BIT: number_value(f, ret); break;
    case HENG_CODING_CLOCK: clock_value(f, ret); break;
    case HENG_CODING_TEXT: ret->kind = HENG_VALUE_TEXT; break;
    case HENG_CODING_BYTES:
        ret->kind = HENG_VALUE_BYTES;
        ret->reason = "raw data";
        break;
    case HENG_CODING_COUNT: no_value(ret, "unknown coding"); break;
    }
}

heng_rc heng_cjt188_field_next(struct heng_records *r, struct heng_record *ret)
{
    const struct heng_telegram *t = r->telegram;
    const struct heng_dialect *d = t->dialect;
    size_t first = first_field(t), i = r->index > first ? r->index : first;
    while (i < d->field_count && d->fields[i].di == t->di && !lies_inside(t, &d->fields[i])) i++;
    if (i >= d->field_count || d->fields[i].di != t->di) return HENG_ENOTFOUND;
    const struct heng_field *f = &d->fields[i];
    *ret = (struct heng_record){
        .quantity = f->quantity,
        .unit = f->unit,
        .function = f->function,
        .storage = f->storage,
        .tariff = f->tariff,
        .subunit = f->subunit,
        .qualifier = f->qualifier,
        .data = {t->body.p + f->at, f->bytes},
        .vif = {t->body.p + f->at, 0},
        .vif_known = true,
        .at = (uint32_t)(t->body.p + f->at - t->frame.p),
        .length = f->bytes,
    };
    set_value(f, ret);
    r->index = (uint32_t)(i + 1);
    r->p = t->frame.p + ret->at + ret->length;
    return HENG_OK;
}
