/* The fold of usage: any facts in the order of time, in any channel, and states from bytes that nobody packed. Days
 * come in order and add up, a state survives its bytes, equal facts give equal states. */
#include <stdlib.h>

#include "vee/usage.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FACTS_MAX = 200, YEARS_MAX = 3 };

static void require(bool holds)
{
    if (!holds) abort();
}

struct heard {
    heng_day last;
    uint32_t days, verdicts;
    int64_t sum;
};

static heng_rc on_day(void *ctx, const struct heng_day_usage *day)
{
    struct heard *heard = ctx;
    int64_t sum = 0;
    unsigned missing = 0;
    require(!heard->days || day->day > heard->last);
    require(day->count <= HENG_DAY_INTERVALS_MAX && day->permille <= 1000);
    for (unsigned i = 0; i < day->count; i++) {
        require(day->trusts[i] >= HENG_TRUST_VALID && day->trusts[i] < HENG_TRUST_COUNT);
        require(day->trusts[i] != HENG_TRUST_MISSING || day->amounts[i] == 0);
        if (__builtin_add_overflow(sum, day->amounts[i], &sum)) sum = day->amount;
        missing += day->trusts[i] == HENG_TRUST_MISSING;
    }
    require(missing == day->missing && (day->trust == HENG_TRUST_MISSING) == (missing > 0));
    heard->last = day->day;
    heard->days++;
    heard->sum = (int64_t)((uint64_t)heard->sum * 31 + (uint64_t)day->amount);
    return HENG_OK;
}

static heng_rc on_verdict(void *ctx, const struct heng_verdict *verdict)
{
    struct heard *heard = ctx;
    require(verdict->rule > 0 && verdict->rule < HENG_RULE_COUNT && verdict->from_us <= verdict->to_us);
    heard->verdicts++;
    return HENG_OK;
}

static bool on_weights(void *ctx, heng_us from_us, heng_us to_us, heng_day day, uint16_t count, uint32_t *ret,
                       heng_method *ret_method)
{
    (void)ctx;
    (void)from_us;
    (void)to_us;
    for (uint16_t i = 0; i < count; i++) ret[i] = (uint32_t)day * 2654435761U >> (i % 29);
    *ret_method = HENG_METHOD_SHARE_PROFILE;
    return day % 7 != 0;
}

static int64_t take_number(struct heng_reader *r)
{
    uint64_t bits = heng_reader_le(r, 1 + heng_reader_u8(r) % 8U);
    return (int64_t)(bits & INT64_MAX) * (bits >> 63 ? -1 : 1);
}

static struct heng_channel take_channel(struct heng_reader *r)
{
    static const int16_t minutes[] = {5, 15, 60, 1440};
    static const heng_unit units[] = {HENG_UNIT_WH, HENG_UNIT_M3, HENG_UNIT_GAL, HENG_UNIT_HCA};
    uint8_t bits = heng_reader_u8(r);
    struct heng_channel c = {.medium = HENG_MEDIUM_HEAT, .quantity = HENG_QUANTITY_ENERGY};
    c.minutes = minutes[bits & 3];
    c.unit = units[bits >> 2 & 3];
    c.days.start_minute = bits & 16 ? 480 : 0;
    c.max_per_hour.is = bits & 32;
    c.max_per_hour.dec.mantissa = heng_reader_u8(r);
    c.exp = (int8_t)(heng_reader_u8(r) % 12 - 6);
    c.near_us = heng_reader_u8(r) * 60 * HENG_US_PER_S;
    c.short_gap_us = heng_reader_u8(r) * 600 * HENG_US_PER_S;
    c.doubt = 1;
    return c;
}

static struct heng_channel_fact take_fact(struct heng_reader *r, heng_us *at_us)
{
    static const heng_unit units[] = {HENG_UNIT_NONE, HENG_UNIT_WH,  HENG_UNIT_J,
                                      HENG_UNIT_M3,   HENG_UNIT_FT3, HENG_UNIT_HCA};
    struct heng_channel_fact f = {.kind =
                                      (heng_channel_fact_kind)(1 + heng_reader_u8(r) % (HENG_CHANNEL_FACT_COUNT - 1))};
    uint8_t bits = heng_reader_u8(r);
    *at_us += (heng_us)(heng_reader_le(r, 2) << (bits & 7)) * HENG_US_PER_S;
    f.at_us = *at_us;
    f.to_us = *at_us + (heng_us)heng_reader_le(r, 2) * 60 * HENG_US_PER_S;
    f.index = (struct heng_opt_dec){bits & 8, {take_number(r), (int8_t)(heng_reader_u8(r) % 9 - 4)}};
    f.index2 = (struct heng_opt_dec){bits & 16, {f.index.dec.mantissa / 3, f.index.dec.exp}};
    f.unit = units[heng_reader_u8(r) % 6];
    f.device_id = bits & 32 ? 0 : 1 + (bits >> 7);
    f.id = heng_reader_u8(r);
    f.multiplier = heng_reader_u8(r);
    f.divisor = heng_reader_u8(r) % 9U;
    f.digits = heng_reader_u8(r);
    f.display_exp = (int8_t)(f.id % 7 - 3);
    f.status = bits >> 6 & 1;
    return f;
}

/* A state through its bytes is the same state. */
static void through_bytes(struct heng_usage *u)
{
    static uint8_t bytes[2][HENG_USAGE_STATE_BYTES_MAX];
    struct heng_buf a = heng_buf_of(bytes[0], sizeof bytes[0]), b = heng_buf_of(bytes[1], sizeof bytes[1]);
    heng_usage_state_pack(&u->state, &a);
    require(!a.full);
    require(heng_usage_state_unpack(u->channel, heng_buf_slice(&a), &u->state, NULL) == HENG_OK);
    heng_usage_state_pack(&u->state, &b);
    require(heng_slice_eq(heng_buf_slice(&a), heng_buf_slice(&b)));
}

static struct heard fold(struct heng_usage *u, struct heng_reader r, heng_us at_us, bool by_bytes, struct heard *heard)
{
    for (int i = 0; i < FACTS_MAX && heng_reader_left(&r); i++) {
        struct heng_channel_fact fact = take_fact(&r, &at_us);
        require(heng_usage_fact(u, &fact, NULL) == HENG_OK);
        if (by_bytes) through_bytes(u);
    }
    require(heng_usage_flush(u, NULL) == HENG_OK);
    return *heard;
}

/* The rest of the input as a state; what is let in can be gone on with. */
static void from_bytes(struct heng_usage *u, struct heng_slice bytes)
{
    static uint8_t packed[HENG_USAGE_STATE_BYTES_MAX];
    struct heng_buf buf = heng_buf_of(packed, sizeof packed);
    struct heng_channel_fact fact = {.kind = HENG_CHANNEL_FACT_READING, .index = {true, {12345, 0}}};
    if (heng_usage_state_unpack(u->channel, bytes, &u->state, NULL) != HENG_OK) return;
    heng_usage_state_pack(&u->state, &buf);
    require(heng_slice_eq(heng_buf_slice(&buf), bytes));
    if (u->state.last_us - u->state.pos_us > YEARS_MAX * 366 * HENG_US_PER_DAY) return;
    for (int i = 0; i < 6; i++) {
        fact.at_us = u->state.last_us + i * 3600 * HENG_US_PER_S;
        fact.index.dec.mantissa += i;
        require(heng_usage_fact(u, &fact, NULL) == HENG_OK);
    }
    require(heng_usage_flush(u, NULL) == HENG_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct heng_usage u;
    struct heng_reader r = heng_reader_of(heng_slice_of(data, size));
    struct heard heard = {0}, first, second;
    struct heng_channel channel = take_channel(&r);
    struct heng_usage_out out = {.ctx = &heard, .day = on_day, .verdict = on_verdict};
    if (heng_reader_u8(&r) & 1) out.weights = on_weights;
    heng_us at_us = HENG_CHANNEL_FACT_US_MIN + (heng_us)heng_reader_le(&r, 2) * 3600 * HENG_US_PER_S;
    require(heng_usage_init(&u, &channel, &out, NULL) == HENG_OK);
    first = fold(&u, r, at_us, false, &heard);
    heard = (struct heard){0};
    require(heng_usage_init(&u, &channel, &out, NULL) == HENG_OK);
    second = fold(&u, r, at_us, true, &heard);
    require(first.days == second.days && first.sum == second.sum && first.verdicts == second.verdicts);
    heard = (struct heard){0};
    require(heng_usage_init(&u, &channel, &out, NULL) == HENG_OK);
    from_bytes(&u, heng_reader_take(&r, heng_reader_left(&r)));
    return 0;
}
