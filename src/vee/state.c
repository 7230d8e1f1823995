/* The state of a fold as bytes, low byte first; a varint has seven bits a byte, the lowest first; zigzag for signs.
 *
 *   size  meaning
 *    1    HENG_USAGE_STATE_VERSION
 *    8    last_us
 *    1    before
 *    ...  OUTSIDE: nothing more but the end byte
 *    8    pos_us
 *    4+2  day, index
 *    .    amounts (zigzag varint) and trusts (1 byte) of the closed intervals
 *    .    part (zigzag varint), part_trust, part_method, part_flags, method_trust, method (1 byte each),
 *         sure (zigzag varint), sure_count (2)
 *    31   counter: device_id 8, unit 1, digits 1, display_exp 1, multiplier 4, divisor 4, rollover_us 8; how many there
 *         are, 1 each: knots that wait, sayings, stretches, marks
 *    41   `last` when before is KNOT, then each knot that waits: at_us, value, step, mantissa 8 each, exp 1, wraps 4,
 *         unit, trust, kind, forced 1 each
 *    9    each saying: id 8, right 1
 *    25   each stretch: from_us, to_us, amount 8 each, kind 1
 *    12   each mark: day 4, flags 8
 *    1    0x5A: the end
 */
#include "vee/index.h"
#include "vee/spread.h"

#include <string.h>

enum { END_BYTE = 0x5A };
#define AMOUNT_MAX (INT64_C(1) << 62)

static void put_varint(struct heng_buf *buf, int64_t value)
{
    uint64_t bits = ((uint64_t)value << 1) ^ (value < 0 ? UINT64_MAX : 0);
    for (; bits >= 128; bits >>= 7) heng_buf_u8(buf, (uint8_t)(bits | 128));
    heng_buf_u8(buf, (uint8_t)bits);
}

static void put_i64(struct heng_buf *buf, int64_t value) { heng_buf_le(buf, (uint64_t)value, 8); }

static void put_knot(struct heng_buf *buf, const struct heng_knot *knot)
{
    put_i64(buf, knot->at_us);
    put_i64(buf, knot->value);
    put_i64(buf, knot->step);
    put_i64(buf, knot->index.mantissa);
    heng_buf_u8(buf, (uint8_t)knot->index.exp);
    heng_buf_le(buf, knot->wraps, 4);
    heng_buf_u8(buf, knot->unit);
    heng_buf_u8(buf, knot->trust);
    heng_buf_u8(buf, knot->kind);
    heng_buf_u8(buf, knot->forced);
}

static void put_day(struct heng_buf *buf, const struct heng_usage_state *s)
{
    put_i64(buf, s->pos_us);
    heng_buf_le(buf, (uint32_t)s->day, 4);
    heng_buf_le(buf, s->index, 2);
    for (unsigned i = 0; i < s->index; i++) {
        put_varint(buf, s->amounts[i]);
        heng_buf_u8(buf, s->trusts[i]);
    }
    put_varint(buf, s->part);
    heng_buf_u8(buf, s->part_trust);
    heng_buf_u8(buf, s->part_method);
    heng_buf_u8(buf, s->part_flags);
    heng_buf_u8(buf, s->method_trust);
    heng_buf_u8(buf, s->method);
    put_varint(buf, s->sure);
    heng_buf_le(buf, s->sure_count, 2);
}

static void put_counter(struct heng_buf *buf, const struct heng_usage_state *s)
{
    put_i64(buf, s->device_id);
    heng_buf_u8(buf, s->unit);
    heng_buf_u8(buf, s->digits);
    heng_buf_u8(buf, (uint8_t)s->display_exp);
    heng_buf_le(buf, s->multiplier, 4);
    heng_buf_le(buf, s->divisor, 4);
    put_i64(buf, s->rollover_us);
    heng_buf_u8(buf, s->waiting_count);
    heng_buf_u8(buf, s->said_count);
    heng_buf_u8(buf, s->stretch_count);
    heng_buf_u8(buf, s->mark_count);
}

void heng_usage_state_pack(const struct heng_usage_state *s, struct heng_buf *buf)
{
    heng_buf_u8(buf, HENG_USAGE_STATE_VERSION);
    put_i64(buf, s->last_us);
    heng_buf_u8(buf, (uint8_t)s->before);
    if (s->before != HENG_BEFORE_OUTSIDE) {
        put_day(buf, s);
        put_counter(buf, s);
        if (s->before == HENG_BEFORE_KNOT) put_knot(buf, &s->last);
        for (uint8_t i = 0; i < s->waiting_count; i++) put_knot(buf, &s->waiting[i]);
        for (uint8_t i = 0; i < s->said_count; i++) {
            put_i64(buf, s->said[i].id);
            heng_buf_u8(buf, s->said[i].right);
        }
        for (uint8_t i = 0; i < s->stretch_count; i++) {
            put_i64(buf, s->stretches[i].from_us);
            put_i64(buf, s->stretches[i].to_us);
            put_i64(buf, s->stretches[i].amount);
            heng_buf_u8(buf, s->stretches[i].kind);
        }
        for (uint8_t i = 0; i < s->mark_count; i++) {
            heng_buf_le(buf, (uint32_t)s->marks[i].day, 4);
            heng_buf_le(buf, s->marks[i].flags, 8);
        }
    }
    heng_buf_u8(buf, END_BYTE);
}

/* --- and back: a bound for everything that the fold relies on --------------------------------------------------- */

static int64_t signed_of(uint64_t bits) { return bits >> 63 ? -(int64_t)~bits - 1 : (int64_t)bits; }

static int64_t take_i64(struct heng_reader *r) { return signed_of(heng_reader_le(r, 8)); }

static heng_day take_day_number(struct heng_reader *r)
{
    uint32_t bits = (uint32_t)heng_reader_le(r, 4);
    return bits >> 31 ? (heng_day)(-(int32_t)~bits - 1) : (heng_day)bits;
}

static int8_t take_i8(struct heng_reader *r)
{
    int byte = heng_reader_u8(r);
    return (int8_t)(byte < 128 ? byte : byte - 256);
}

/* Only the shortest form of a number, or equal states were not equal bytes. */
static int64_t take_amount(struct heng_reader *r, bool *good)
{
    uint64_t bits = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
        uint8_t byte = heng_reader_u8(r);
        if (shift == 63 && byte > 1) break;
        bits |= (uint64_t)(byte & 127) << shift;
        if (byte & 128) continue;
        if (byte == 0 && shift) break;
        int64_t value = signed_of((bits >> 1) ^ (bits & 1 ? UINT64_MAX : 0));
        *good = *good && value <= AMOUNT_MAX && value >= -AMOUNT_MAX;
        return value;
    }
    *good = false;
    return 0;
}

static bool is_moment(heng_us at_us) { return at_us >= HENG_CHANNEL_FACT_US_MIN && at_us < HENG_CHANNEL_FACT_US_MAX; }
static bool is_day(heng_day day)
{
    return day > 7000 && day < 84100;
} /* of the moments of facts, and their neighbours */

static bool take_knot(struct heng_reader *r, struct heng_knot *ret)
{
    ret->at_us = take_i64(r);
    ret->value = take_i64(r);
    ret->step = take_i64(r);
    ret->index.mantissa = take_i64(r);
    ret->index.exp = take_i8(r);
    ret->wraps = (uint32_t)heng_reader_le(r, 4);
    ret->unit = heng_reader_u8(r);
    ret->trust = heng_reader_u8(r);
    ret->kind = heng_reader_u8(r);
    ret->forced = heng_reader_u8(r);
    return is_moment(ret->at_us) && ret->value >= -HENG_INDEX_VALUE_MAX && ret->value <= HENG_INDEX_VALUE_MAX &&
           ret->step >= 1 && ret->step <= HENG_INDEX_VALUE_MAX && ret->index.exp >= HENG_DEC_EXP_MIN &&
           ret->index.exp <= HENG_DEC_EXP_MAX && ret->wraps < UINT32_MAX && ret->unit < HENG_UNIT_COUNT &&
           ret->trust >= HENG_TRUST_VALID && ret->trust < HENG_TRUST_MISSING && ret->kind >= HENG_CHANNEL_FACT_END &&
           ret->kind < HENG_CHANNEL_FACT_COUNT && ret->forced <= 1;
}

static bool take_day(const struct heng_channel *channel, struct heng_reader *r, struct heng_usage_state *s)
{
    bool good = true;
    s->pos_us = take_i64(r);
    s->day = take_day_number(r);
    s->index = (uint16_t)heng_reader_le(r, 2);
    if (!is_day(s->day) || s->pos_us < heng_day_from_us(&channel->days, s->day) ||
        s->pos_us >= heng_day_from_us(&channel->days, s->day + 1))
        return false;
    int count = heng_day_interval_count(&channel->days, s->day, channel->minutes);
    int64_t each_us = channel->minutes * 60 * HENG_US_PER_S;
    int64_t index = channel->minutes == 1440 ? 0 : (s->pos_us - heng_day_from_us(&channel->days, s->day)) / each_us;
    if (s->index != (index < count ? index : count - 1)) return false;
    for (unsigned i = 0; i < s->index; i++) {
        s->amounts[i] = take_amount(r, &good);
        s->trusts[i] = heng_reader_u8(r);
        good = good && s->trusts[i] >= HENG_TRUST_VALID && s->trusts[i] < HENG_TRUST_COUNT &&
               (s->trusts[i] != HENG_TRUST_MISSING || s->amounts[i] == 0);
    }
    s->part = take_amount(r, &good);
    s->part_trust = heng_reader_u8(r);
    s->part_method = heng_reader_u8(r);
    s->part_flags = heng_reader_u8(r);
    s->method_trust = heng_reader_u8(r);
    s->method = heng_reader_u8(r);
    s->sure = take_amount(r, &good);
    s->sure_count = (uint16_t)heng_reader_le(r, 2);
    bool known = s->part_flags & HENG_PART_KNOWN;
    good = good && (known ? s->part_trust >= HENG_TRUST_VALID && s->part_trust < HENG_TRUST_MISSING
                          : s->part == 0 && s->part_trust == 0 && s->part_method == 0);
    return good && s->part_method < HENG_METHOD_COUNT && s->part_flags <= HENG_PART_ALL &&
           s->method_trust < HENG_TRUST_COUNT && s->method < HENG_METHOD_COUNT && s->sure_count <= s->index;
}

static bool take_counter(struct heng_reader *r, struct heng_usage_state *s)
{
    s->device_id = take_i64(r);
    s->unit = heng_reader_u8(r);
    s->digits = heng_reader_u8(r);
    s->display_exp = take_i8(r);
    s->multiplier = (uint32_t)heng_reader_le(r, 4);
    s->divisor = (uint32_t)heng_reader_le(r, 4);
    s->rollover_us = take_i64(r);
    s->waiting_count = heng_reader_u8(r);
    s->said_count = heng_reader_u8(r);
    s->stretch_count = heng_reader_u8(r);
    s->mark_count = heng_reader_u8(r);
    return s->unit < HENG_UNIT_COUNT && s->digits <= 18 && s->display_exp >= -12 && s->display_exp <= 12 &&
           s->multiplier && s->divisor && (s->rollover_us == 0 || is_moment(s->rollover_us)) &&
           s->waiting_count < HENG_LOOK_AHEAD && s->said_count <= HENG_SAID_MAX &&
           s->stretch_count <= HENG_STRETCHES_MAX && s->mark_count <= HENG_MARKS_MAX;
}

/* In order of time, none before what is final, all as often over the last digit. */
static bool take_knots(struct heng_reader *r, struct heng_usage_state *s)
{
    heng_us newest_us = s->pos_us;
    uint32_t wraps = 0;
    bool is_knot = s->before == HENG_BEFORE_KNOT;
    if (is_knot && (!take_knot(r, &s->last) || s->last.at_us != s->pos_us)) return false;
    if (is_knot) wraps = s->last.wraps;
    if (s->before == HENG_BEFORE_REMOVED && s->waiting_count) return false;
    for (uint8_t i = 0; i < s->waiting_count; i++) {
        struct heng_knot *knot = &s->waiting[i];
        if (!take_knot(r, knot) || knot->at_us < newest_us || knot->wraps != wraps) return false;
        newest_us = knot->at_us;
    }
    return newest_us <= s->last_us;
}

static bool take_lists(struct heng_reader *r, struct heng_usage_state *s)
{
    for (uint8_t i = 0; i < s->said_count; i++) {
        s->said[i].id = take_i64(r);
        uint8_t right = heng_reader_u8(r);
        s->said[i].right = right == 1;
        if (right > 1) return false;
    }
    for (uint8_t i = 0; i < s->stretch_count; i++) {
        struct heng_stretch *one = &s->stretches[i];
        one->from_us = take_i64(r);
        one->to_us = take_i64(r);
        one->amount = take_i64(r);
        one->kind = heng_reader_u8(r);
        if (!is_moment(one->from_us) || one->from_us > s->last_us || one->to_us <= one->from_us ||
            one->to_us <= s->pos_us || one->to_us - one->from_us > HENG_STRETCH_DAYS_MAX * HENG_US_PER_DAY ||
            one->amount < 0 || one->amount > HENG_INDEX_VALUE_MAX ||
            (one->kind != HENG_CHANNEL_FACT_EDITED && one->kind != HENG_CHANNEL_FACT_SUBSTITUTED))
            return false;
    }
    for (uint8_t i = 0; i < s->mark_count; i++) {
        s->marks[i].day = take_day_number(r);
        s->marks[i].flags = heng_reader_le(r, 8);
        if (!is_day(s->marks[i].day) || !s->marks[i].flags || s->marks[i].flags >> HENG_RULE_COUNT) return false;
    }
    return true;
}

heng_rc heng_usage_state_unpack(const struct heng_channel *channel, struct heng_slice bytes,
                                struct heng_usage_state *ret, struct heng_err *err)
{
    struct heng_reader r = heng_reader_of(bytes);
    memset(ret, 0, sizeof *ret);
    uint8_t version = heng_reader_u8(&r);
    ret->last_us = take_i64(&r);
    uint8_t before = heng_reader_u8(&r);
    ret->before = (heng_before)before;
    bool good = version == HENG_USAGE_STATE_VERSION && before <= HENG_BEFORE_REMOVED &&
                (ret->last_us == 0 || is_moment(ret->last_us));
    if (good && before != HENG_BEFORE_OUTSIDE)
        good = take_day(channel, &r, ret) && take_counter(&r, ret) && take_knots(&r, ret) && take_lists(&r, ret);
    good = good && heng_reader_u8(&r) == END_BYTE && !r.failed && heng_reader_left(&r) == 0;
    if (good) return HENG_OK;
    memset(ret, 0, sizeof *ret);
    return heng_fail(err, HENG_EFORMAT, (uint32_t)heng_reader_offset(&r), "no state of this channel's usage: byte %zu",
                     heng_reader_offset(&r));
}
