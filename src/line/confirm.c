#include "line/confirm.h"

#include <stdio.h>
#include <string.h>

/* --- noise ----------------------------------------------------------------------------------------------------
 *
 * A byte is damaged with probability p, so a frame of n bytes with about x = n p, and twice with about x^2 / 2. An
 * 8-bit sum sees every single damaged byte; of two it misses those in which the same bit was turned, once up and once
 * down. Fewer than one read in 10^7 may be wrong; the rate is an estimate, so one in 10^8 is what we bear:
 *
 *              wrong and not noticed             a second read is demanded
 *   8-bit sum  x^2 / 2 x 1/8 x 1/2 = x^2 / 32    x > 5.66e-4
 *   CRC-16     x^2 / 2 / 65536                   x > 3.62e-2
 *
 * x is (damaged frames + 1/256) / bytes x n, both counts weighed with 2047/2048 per frame. The 1/256 is what we hold
 * for likely of a line that we know nothing of: for 30 frames of equal length it demands a second read.
 *
 * Bursts are worse: several bytes that are replaced pass the sum once in 256, whatever p is. Therefore the limit for a
 * sum is lower than that, x > 1.3e-4: one damaged frame in a long quiet time makes x = 1/2048, which falls below it
 * after 2048 x ln(4.88e-4 / 1.3e-4) = 2,700 frames. With damage in a share d of all frames the reads that go
 * unconfirmed in such long pauses are exp(-2700 d). Errors that cancel: d^2 / 32 x exp(-2700 d) is nowhere above 3e-9.
 * Lone bursts: d / 256 x exp(-2700 d) is at most 5.3e-7, at d = 1/2700; heng_expect_fits must hold back four fifths of
 * these. It held back all of 47 bursts of six bytes that had slipped on simulated lines, so one in sixteen may get
 * through; their flows and temperatures stood still. */
enum { NOISE_WEIGHT = 2048, NOISE_BYTES_MAX = 65536 };
enum { NOISE_UNKNOWN_MICRO = 1000000 / 256, NOISE_LIMIT_SUM_MICRO = 130, NOISE_LIMIT_CRC_MICRO = 36200 };

static size_t sane_bytes(size_t n) { return n < 1 ? 1 : n < NOISE_BYTES_MAX ? n : NOISE_BYTES_MAX; }

void heng_noise_note(struct heng_noise_gauge *gauge, size_t n, bool damaged)
{
    gauge->damaged_micro -= gauge->damaged_micro / NOISE_WEIGHT;
    gauge->bytes -= gauge->bytes / NOISE_WEIGHT;
    gauge->bytes += sane_bytes(n);
    if (damaged) gauge->damaged_micro += 1000000;
    if (gauge->frames < UINT32_MAX) gauge->frames++;
    gauge->bad_ppm = (uint32_t)(gauge->damaged_micro / gauge->bytes);
}

static uint64_t noise_limit_micro(heng_protocol protocol)
{
    switch (protocol) {
    case HENG_PROTOCOL_MODBUS_RTU:
    case HENG_PROTOCOL_MODBUS_TCP: return NOISE_LIMIT_CRC_MICRO; /* behind a TCP gateway there is RTU */
    case HENG_PROTOCOL_MBUS:
    case HENG_PROTOCOL_CJT188:
    case HENG_PROTOCOL_DLT645_2007:
    case HENG_PROTOCOL_DLT645_1997:
    case HENG_PROTOCOL_COUNT: break;
    }
    return NOISE_LIMIT_SUM_MICRO;
}

bool heng_noise_demands(const struct heng_noise_gauge *gauge, size_t bytes, heng_protocol protocol)
{
    /* The read itself came whole, which counts as well, and keeps the divisor from being nothing. */
    uint64_t n = sane_bytes(bytes);
    return n * (gauge->damaged_micro + NOISE_UNKNOWN_MICRO) / (gauge->bytes + n) >= noise_limit_micro(protocol);
}

/* --- kinds of values ----------------------------------------------------------------------------------------- */

enum { CLOCK_SLACK_S = 2, DAY_S = 86400, HOUR_S = 3600 };

/* Seconds from a decimal of seconds, whole ones. */
static bool whole_seconds(struct heng_dec dec, int64_t *ret)
{
    static const int64_t limit = INT64_C(1) << 50;
    for (; dec.exp < 0; dec.exp++) dec.mantissa /= 10;
    for (; dec.exp > 0 && dec.mantissa < limit && dec.mantissa > -limit; dec.exp--) dec.mantissa *= 10;
    *ret = dec.mantissa;
    return dec.mantissa < limit && dec.mantissa > -limit;
}

/* A clock, as seconds; a time of day comes back every day. */
static bool is_clock(const struct heng_value *value, int64_t *ret_s)
{
    return (value->key.quantity == HENG_QUANTITY_DATETIME || value->key.quantity == HENG_QUANTITY_TIME) &&
           value->key.unit == HENG_UNIT_S && value->key.storage == 0 && value->has_value &&
           whole_seconds(value->dec, ret_s);
}

/* By how much a clock is ahead of another, without the time that went by between them. */
static int64_t clock_gain_s(const struct heng_value *value, int64_t first_s, int64_t second_s, heng_us between_us)
{
    int64_t gain = second_s - first_s - between_us / HENG_US_PER_S;
    if (value->key.quantity == HENG_QUANTITY_TIME) {
        gain %= DAY_S;
        if (gain > DAY_S / 2) gain -= DAY_S;
        if (gain < -DAY_S / 2) gain += DAY_S;
    }
    return gain;
}

/* Hours of operation, as seconds. */
static bool is_duration(const struct heng_value *value, int64_t *ret_s)
{
    return (value->key.quantity == HENG_QUANTITY_ON_TIME || value->key.quantity == HENG_QUANTITY_OPERATING_TIME) &&
           value->key.unit == HENG_UNIT_S && value->key.storage == 0 && value->has_value &&
           whole_seconds(value->dec, ret_s);
}

/* May so many seconds of operation have become so many? By the time between, in the unit in which the meter seems to
 * count: the longest of day, hour, minute and second that both are multiples of. One unit more may have been full; of
 * an hour or a day, from one read to another that is made to confirm it, that is so seldom that a third one shall tell.
 */
static bool duration_goes_on(int64_t first_s, int64_t second_s, heng_us between_us, bool confirms)
{
    static const int64_t units[] = {DAY_S, HOUR_S, 60, 1};
    size_t u = 0;
    while (first_s % units[u] || second_s % units[u]) u++;
    int64_t more = confirms && units[u] >= HOUR_S ? 0 : 1;
    int64_t most = (between_us / HENG_US_PER_S / units[u] + more) * units[u];
    return second_s >= first_s && second_s - first_s <= most;
}

/* Numbers that are words or bits: between two of them there is no middle. */
static bool is_coded(heng_quantity quantity)
{
    static const heng_quantity coded[] = {
        HENG_QUANTITY_ERROR_FLAGS, HENG_QUANTITY_DIGITAL_OUTPUT, HENG_QUANTITY_DIGITAL_INPUT,
        HENG_QUANTITY_RELAY_STATE, HENG_QUANTITY_VALVE_STATE,    HENG_QUANTITY_STATUS,
        HENG_QUANTITY_ALARM,       HENG_QUANTITY_BATTERY_STATE,  HENG_QUANTITY_DATE,
        HENG_QUANTITY_DATETIME,    HENG_QUANTITY_TIME,           HENG_QUANTITY_RELAY_ACTION,
        HENG_QUANTITY_VALVE_ACTION};
    for (size_t i = 0; i < sizeof coded / sizeof coded[0]; i++)
        if (coded[i] == quantity) return true;
    return false;
}

/* --- what is expected ----------------------------------------------------------------------------------------- */

enum {
    RISE_TIMES = 10,
    FIRST_TIMES = 1000,
    RISE_SHORTEST_S = 900,
    DRIFT_SHARE = 500, /* a clock that goes wrong by more has jumped */
    JUMP_TIMES = 4,
    JUMP_SHARE = 8,
    JUMP_DIGITS = 16, /* steps of the last digit */
    RESTLESS_STEP = 4,
    RESTLESS_MAX = 64,
    RESTLESS = 16
};

/* What a value does while time goes on. */
typedef enum nature { COUNTER, CLOCK, DURATION, LEVEL, STILL } nature;

static nature nature_of(const struct heng_value *value)
{
    const struct heng_register_key *key = &value->key;
    int64_t s;
    if (!value->has_value || key->storage || key->function != HENG_FUNCTION_INSTANTANEOUS) return STILL;
    if (key->quantity == HENG_QUANTITY_ENERGY || key->quantity == HENG_QUANTITY_ENERGY_HEAT ||
        key->quantity == HENG_QUANTITY_ENERGY_COOLING || key->quantity == HENG_QUANTITY_VOLUME)
        return COUNTER;
    if (is_clock(value, &s)) return CLOCK;
    if (is_duration(value, &s)) return DURATION;
    return is_coded(key->quantity) ? STILL : LEVEL;
}

static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    for (size_t i = 0; i < n; i++) hash = (hash ^ p[i]) * UINT64_C(0x100000001B3);
    return hash;
}

/* FNV-1a over the parts of the key. */
static uint64_t hash_key(const struct heng_register_key *key)
{
    const uint32_t parts[] = {
        (uint32_t)key->quantity, (uint32_t)key->unit, (uint32_t)key->function, key->storage, key->tariff, key->subunit};
    uint64_t hash = hash_bytes(UINT64_C(0xCBF29CE484222325), parts, sizeof parts);
    return hash_bytes(hash, key->qualifier, strnlen(key->qualifier, HENG_QUALIFIER_MAX));
}

/* The order of the registers does not matter, for the middle of three reads has them in another one. */
static uint64_t hash_still(const struct heng_read *read)
{
    uint64_t sum = 1;
    for (unsigned i = 0; i < read->value_count; i++) {
        const struct heng_value *value = &read->values[i];
        uint64_t hash = hash_key(&value->key);
        if (!value->has_value)
            hash = hash_bytes(hash, value->reason, strnlen(value->reason, sizeof value->reason)) + 1;
        else if (nature_of(value) == STILL)
            hash = hash_bytes(hash_bytes(hash, &value->dec.mantissa, sizeof value->dec.mantissa), &value->dec.exp,
                              sizeof value->dec.exp);
        sum += hash;
    }
    return sum;
}

/* Index of the register in what is expected; HENG_EXPECT_MAX when it is not there. */
static unsigned find_expected(const struct heng_expect *expect, uint64_t key)
{
    for (unsigned i = 0; i < expect->n && i < HENG_EXPECT_MAX; i++)
        if (expect->values[i].key == key) return i;
    return HENG_EXPECT_MAX;
}

/* What a dwelling's connection lets through in an hour at most; 0 where we do not know. */
static struct heng_dec hourly_floor(heng_unit unit)
{
    if (unit == HENG_UNIT_WH) return (struct heng_dec){20, 3};
    if (unit == HENG_UNIT_J) return (struct heng_dec){72, 6};
    if (unit == HENG_UNIT_CAL) return (struct heng_dec){17, 6};
    if (unit == HENG_UNIT_M3) return (struct heng_dec){5, 0};
    return (struct heng_dec){0, 0};
}

/* a x factor, or the greatest there is. */
static struct heng_dec times(struct heng_dec a, int64_t factor)
{
    if (heng_dec_scale(a, factor, &a) != HENG_OK) a = (struct heng_dec){INT64_MAX, HENG_DEC_EXP_MAX};
    return a;
}

static struct heng_dec greater(struct heng_dec a, struct heng_dec b) { return heng_dec_cmp(a, b) < 0 ? b : a; }

static struct heng_dec size_of(struct heng_dec a)
{
    if (a.mantissa < 0) a.mantissa = a.mantissa == INT64_MIN ? INT64_MAX : -a.mantissa;
    return a;
}

/* How far it is from one to the other; the greatest there is when that fits no number. */
static struct heng_dec distance(struct heng_dec a, struct heng_dec b)
{
    struct heng_dec delta;
    if (heng_dec_sub(a, b, &delta) != HENG_OK) return (struct heng_dec){INT64_MAX, HENG_DEC_EXP_MAX};
    return size_of(delta);
}

/* The most that a counter may have risen in so many hours. Two steps of its last digit are always possible. */
static struct heng_dec most_rise(bool has_rise, struct heng_dec rise, const struct heng_value *value, int64_t hours)
{
    struct heng_dec floor = greater(hourly_floor(value->key.unit), (struct heng_dec){2, value->dec.exp});
    if (!has_rise) return times(times(floor, FIRST_TIMES), hours);
    return times(greater(floor, times(rise, RISE_TIMES)), hours);
}

/* The most that a level may jump. */
static struct heng_dec most_jump(bool has_rise, struct heng_dec rise, struct heng_dec before)
{
    struct heng_dec share = size_of(before);
    share.mantissa /= JUMP_SHARE;
    struct heng_dec most = greater(share, (struct heng_dec){JUMP_DIGITS, before.exp});
    return has_rise ? greater(most, times(rise, JUMP_TIMES)) : most;
}

static bool counter_fits(const struct heng_expect *expect, unsigned known, const struct heng_value *value,
                         heng_us past_us, char *ret_why, size_t cap)
{
    int64_t hours = past_us > 0 ? past_us / (HOUR_S * HENG_US_PER_S) + 1 : 1;
    struct heng_dec before = expect->values[known].dec;
    char now_text[HENG_DEC_TEXT_MAX], before_text[HENG_DEC_TEXT_MAX];
    const char *name = heng_quantity_text(value->key.quantity), *unit = heng_unit_text(value->key.unit);
    heng_dec_format(value->dec, now_text);
    heng_dec_format(before, before_text);
    if (heng_dec_cmp(value->dec, before) < 0) {
        snprintf(ret_why, cap, "%s went back from %s to %s %s", name, before_text, now_text, unit);
        return false;
    }
    struct heng_dec most = most_rise(expect->values[known].has_rise, expect->values[known].rise, value, hours);
    if (heng_dec_cmp(distance(value->dec, before), most) <= 0) return true;
    snprintf(ret_why, cap, "%s went up from %s to %s %s, more than it can in %lld h", name, before_text, now_text, unit,
             (long long)hours);
    return false;
}

/* Has time gone on for this clock, or these hours of operation, as it has for us? */
static bool time_fits(struct heng_dec before, const struct heng_value *value, heng_us past_us)
{
    int64_t then = 0, now = 0;
    if (!whole_seconds(before, &then) || !whole_seconds(value->dec, &now)) return false;
    if (nature_of(value) == DURATION) return duration_goes_on(then, now, past_us, false);
    int64_t gain = clock_gain_s(value, then, now, past_us), slack = CLOCK_SLACK_S;
    if (past_us > 0) slack += past_us / HENG_US_PER_S / DRIFT_SHARE;
    return gain >= -slack && gain <= slack;
}

static bool value_fits(const struct heng_expect *expect, const struct heng_value *value, heng_us past_us, char *ret_why,
                       size_t cap)
{
    nature does = nature_of(value);
    unsigned known = does == STILL ? HENG_EXPECT_MAX : find_expected(expect, hash_key(&value->key));
    bool fits = true;
    if (known == HENG_EXPECT_MAX) return true;
    struct heng_dec before = expect->values[known].dec;
    switch (does) {
    case COUNTER: return counter_fits(expect, known, value, past_us, ret_why, cap);
    case CLOCK:
    case DURATION: fits = time_fits(before, value, past_us); break;
    case LEVEL: /* a pump, a valve, a load may always be switched off */
        fits = value->dec.mantissa == 0 ||
               heng_dec_cmp(distance(value->dec, before),
                            most_jump(expect->values[known].has_rise, expect->values[known].rise, before)) <= 0;
        break;
    case STILL: break;
    }
    if (!fits) snprintf(ret_why, cap, "%s has jumped", heng_quantity_text(value->key.quantity));
    return fits;
}

static bool still_fits(const struct heng_expect *expect, const struct heng_read *read, char *ret_why, size_t cap)
{
    snprintf(ret_why, cap, "%s", "");
    if (expect->still == 0 || expect->restless > RESTLESS || expect->still == hash_still(read)) return true;
    snprintf(ret_why, cap, "other registers, states or frozen values than before");
    return false;
}

bool heng_expect_fits(const struct heng_expect *expect, const struct heng_read *read, char *ret_why, size_t cap)
{
    snprintf(ret_why, cap, "%s", "");
    for (unsigned i = 0; i < read->value_count; i++)
        if (!value_fits(expect, &read->values[i], read->at_us - expect->at_us, ret_why, cap)) return false;
    return still_fits(expect, read, ret_why, cap);
}

/* What a rise means for an hour, rounded up. Less than a quarter of an hour counts as one: the last digit of a meter
 * moves in steps. False when it does not fit a number. */
static bool hourly(struct heng_dec delta, int64_t past_s, struct heng_dec *ret)
{
    if (past_s < RISE_SHORTEST_S) past_s = RISE_SHORTEST_S;
    if (heng_dec_scale(delta, HOUR_S, ret) != HENG_OK) return false;
    ret->mantissa = ret->mantissa / past_s + (ret->mantissa % past_s != 0);
    return true;
}

/* How fast it went from one read to the next: a counter in an hour, a level in one step. */
static bool rise_of(const struct heng_value *value, struct heng_dec before, int64_t past_s, struct heng_dec *ret)
{
    struct heng_dec delta;
    if (heng_dec_sub(value->dec, before, &delta) != HENG_OK) return false;
    if (nature_of(value) == COUNTER) return delta.mantissa >= 0 && hourly(delta, past_s, ret);
    *ret = size_of(delta);
    return true;
}

static void expect_values(const struct heng_expect *before, const struct heng_read *read, bool counters,
                          struct heng_expect *next)
{
    int64_t past_s = (read->at_us - before->at_us) / HENG_US_PER_S;
    for (unsigned i = 0; i < read->value_count && next->n < HENG_EXPECT_MAX; i++) {
        const struct heng_value *value = &read->values[i];
        nature does = nature_of(value);
        uint64_t key = hash_key(&value->key);
        if (does == STILL || (does == COUNTER) != counters || find_expected(next, key) != HENG_EXPECT_MAX) continue;
        unsigned slot = next->n++, known = find_expected(before, key);
        next->values[slot].key = key;
        next->values[slot].dec = value->dec;
        if (known == HENG_EXPECT_MAX) continue;
        /* One that went back and is believed all the same is another meter, or one that starts anew. */
        struct heng_dec rise = before->values[known].rise;
        if (!rise_of(value, before->values[known].dec, past_s, &rise) &&
            heng_dec_cmp(value->dec, before->values[known].dec) < 0)
            continue;
        next->values[slot].has_rise = true;
        next->values[slot].rise = greater(rise, before->values[known].rise);
    }
}

void heng_expect_learn(struct heng_expect *expect, const struct heng_read *read)
{
    struct heng_expect next = {.at_us = read->at_us, .still = hash_still(read), .restless = expect->restless};
    expect_values(expect, read, true, &next); /* bills are made of counters: they come first */
    expect_values(expect, read, false, &next);
    if (next.n == 0) return;
    if (expect->still && expect->still != next.still)
        next.restless =
            (uint8_t)(next.restless + RESTLESS_STEP < RESTLESS_MAX ? next.restless + RESTLESS_STEP : RESTLESS_MAX);
    else if (next.restless)
        next.restless--;
    *expect = next;
}

/* --- the same said twice -------------------------------------------------------------------------------------- */

static unsigned count_of(const struct heng_read *read)
{
    return read->value_count < HENG_READ_VALUES_MAX ? read->value_count : HENG_READ_VALUES_MAX;
}

/* The value of a register in a read, first looked for at `hint`, for reads are alike in order; NULL without. */
static const struct heng_value *find_value(const struct heng_read *read, const struct heng_register_key *key,
                                           unsigned hint)
{
    unsigned count = count_of(read);
    for (unsigned i = 0; i < count; i++) {
        const struct heng_value *value = &read->values[(hint + i) % count];
        if (heng_register_key_eq(&value->key, key)) return value;
    }
    return NULL;
}

static bool same_dec(struct heng_dec a, struct heng_dec b) { return a.mantissa == b.mantissa && a.exp == b.exp; }

/* Exactly the same, number and resolution, or the same reason for none. */
static bool same(const struct heng_value *a, const struct heng_value *b)
{
    if (a->has_value != b->has_value) return false;
    return a->has_value ? same_dec(a->dec, b->dec) : strncmp(a->reason, b->reason, sizeof a->reason) == 0;
}

/* Does `second`, which came so much later (or earlier), say the same of its register as `first`? */
static bool goes_with(const struct heng_value *first, const struct heng_value *second, heng_us between_us)
{
    int64_t x = 0, y = 0;
    if (is_clock(first, &x) && is_clock(second, &y)) {
        int64_t gain = clock_gain_s(first, x, y, between_us);
        return gain >= -CLOCK_SLACK_S && gain <= CLOCK_SLACK_S;
    }
    if (same(first, second)) return true;
    if (!is_duration(first, &x) || !is_duration(second, &y)) return false;
    return between_us >= 0 ? duration_goes_on(x, y, between_us, true) : duration_goes_on(y, x, -between_us, true);
}

/* Nearly the same: a level that wobbles, a counter that has gone on by a step or two of its last digit. */
static bool is_near(const struct heng_value *first, const struct heng_value *second)
{
    if (!first->has_value || !second->has_value) return false;
    struct heng_dec apart = distance(second->dec, first->dec);
    switch (nature_of(first)) {
    case LEVEL: return heng_dec_cmp(apart, most_jump(false, first->dec, first->dec)) <= 0;
    case COUNTER: return heng_dec_cmp(apart, (struct heng_dec){2, first->dec.exp}) <= 0;
    case CLOCK:
    case DURATION:
    case STILL: break;
    }
    return false;
}

static bool reads_match(const struct heng_read *first, const struct heng_read *second, bool nearly)
{
    unsigned count = count_of(first);
    if (count != count_of(second)) return false;
    for (unsigned i = 0; i < count; i++) {
        const struct heng_value *value = find_value(second, &first->values[i].key, i);
        if (!value || !find_value(first, &second->values[i].key, i)) return false;
        if (!goes_with(&first->values[i], value, second->at_us - first->at_us) &&
            !(nearly && is_near(&first->values[i], value)))
            return false;
    }
    return true;
}

bool heng_reads_agree(const struct heng_read *first, const struct heng_read *second)
{
    return reads_match(first, second, false);
}

bool heng_reads_alike(const struct heng_read *first, const struct heng_read *second)
{
    return reads_match(first, second, true);
}

/* --- the middle of three -------------------------------------------------------------------------------------- */

enum { READS = 3 };

/* One register in the three reads; NULL where it is not there. */
struct three {
    const struct heng_value *value[READS];
    heng_us at_us[READS];
};

static bool is_middle(int below, int above) { return below >= 0 && above >= 0; }

/* Which of the three stands between the two others; READS for none. Later reads come first. */
static unsigned middle_number(const struct three *t)
{
    for (unsigned i = 0; i < READS; i++)
        if (!t->value[i] || !t->value[i]->has_value || is_coded(t->value[i]->key.quantity)) return READS;
    for (unsigned i = READS; i-- > 0;) {
        struct heng_dec own = t->value[i]->dec, x = t->value[(i + 1) % READS]->dec, y = t->value[(i + 2) % READS]->dec;
        int with_x = heng_dec_cmp(own, x), with_y = heng_dec_cmp(own, y);
        if (is_middle(with_x, -with_y) || is_middle(with_y, -with_x)) return i;
    }
    return READS;
}

/* The same of clocks, by how far each is ahead of its time. It must go with one of the others, too. */
static unsigned middle_clock(const struct three *t)
{
    int64_t s[READS];
    for (unsigned i = 0; i < READS; i++)
        if (!t->value[i] || !is_clock(t->value[i], &s[i])) return READS;
    for (unsigned i = READS; i-- > 0;) {
        unsigned j = (i + 1) % READS, k = (i + 2) % READS;
        int64_t over_j = clock_gain_s(t->value[j], s[j], s[i], t->at_us[i] - t->at_us[j]);
        int64_t over_k = clock_gain_s(t->value[k], s[k], s[i], t->at_us[i] - t->at_us[k]);
        bool between = (over_j >= 0 && over_k <= 0) || (over_j <= 0 && over_k >= 0);
        bool near = (over_j >= -CLOCK_SLACK_S && over_j <= CLOCK_SLACK_S) ||
                    (over_k >= -CLOCK_SLACK_S && over_k <= CLOCK_SLACK_S);
        if (between && near) return i;
    }
    return READS;
}

/* Which of the three is to be believed of this register; READS for none. */
static unsigned pick(const struct three *t)
{
    static const uint8_t pairs[READS][2] = {{2, 1}, {2, 0}, {1, 0}}; /* the later one first */
    unsigned middle = middle_clock(t);
    if (middle == READS) middle = middle_number(t);
    for (unsigned i = 0; middle == READS && i < READS; i++) {
        unsigned later = pairs[i][0], earlier = pairs[i][1];
        if (t->value[later] && t->value[earlier] &&
            goes_with(t->value[earlier], t->value[later], t->at_us[later] - t->at_us[earlier]))
            middle = later;
    }
    return middle;
}

/* A frame with those behind it that no value names: an answer in several frames is named by its first. Each frame is
 * copied once; map says where to. */
struct frame_map {
    bool named[HENG_READ_FRAMES_MAX];
    uint8_t to[HENG_READ_FRAMES_MAX]; /* place in the new read + 1; 0: not there */
};

static heng_rc take_frame(const struct heng_read *from, struct frame_map *map, unsigned frame, struct heng_read *ret)
{
    if (map->to[frame]) return HENG_OK;
    for (unsigned i = frame; i < from->frame_count && (i == frame || !map->named[i]); i++) {
        if (ret->frame_count >= HENG_READ_FRAMES_MAX) return HENG_ELIMIT;
        ret->frames[ret->frame_count++] = from->frames[i];
        map->to[i] = (uint8_t)ret->frame_count;
    }
    return HENG_OK;
}

/* A value with a frame that is not there has no proof, and does not count. */
static const struct heng_value *find_proven(const struct heng_read *read, const struct heng_register_key *key,
                                            unsigned hint)
{
    const struct heng_value *value = find_value(read, key, hint);
    return value && read->frame_of_value[value - read->values] < read->frame_count ? value : NULL;
}

/* What is believed of the register that stands at `index` in reads[which], if nobody has looked at it yet. */
static heng_rc take_register(const struct heng_read *const reads[static READS], struct frame_map maps[static READS],
                             unsigned which, unsigned index, unsigned used[static READS], struct heng_read *ret)
{
    const struct heng_register_key *key = &reads[which]->values[index].key;
    struct three t = {{NULL}, {0}};
    for (unsigned i = 0; i < READS; i++) {
        t.value[i] = find_proven(reads[i], key, index);
        t.at_us[i] = reads[i]->at_us;
        if (i > which && find_value(reads[i], key, index)) return HENG_OK; /* done with that read */
    }
    unsigned chosen = pick(&t);
    if (chosen == READS || find_value(ret, key, index)) return HENG_OK;
    const struct heng_read *from = reads[chosen];
    unsigned frame = from->frame_of_value[t.value[chosen] - from->values];
    heng_rc rc = take_frame(from, &maps[chosen], frame, ret);
    if (rc != HENG_OK) return rc;
    ret->frame_of_value[ret->value_count] = (uint16_t)(maps[chosen].to[frame] - 1);
    ret->values[ret->value_count++] = *t.value[chosen];
    used[chosen]++;
    return HENG_OK;
}

heng_rc heng_reads_median(const struct heng_read *a, const struct heng_read *b, const struct heng_read *c,
                          struct heng_read *ret)
{
    const struct heng_read *const reads[READS] = {a, b, c};
    struct frame_map maps[READS] = {0};
    unsigned used[READS] = {0};
    for (unsigned i = 0; i < READS; i++)
        for (unsigned v = 0; v < count_of(reads[i]); v++)
            if (reads[i]->frame_of_value[v] < HENG_READ_FRAMES_MAX) maps[i].named[reads[i]->frame_of_value[v]] = true;
    ret->value_count = ret->frame_count = 0;
    for (unsigned which = READS; which-- > 0;)
        for (unsigned v = 0; v < count_of(reads[which]); v++) {
            heng_rc rc = take_register(reads, maps, which, v, used, ret);
            if (rc != HENG_OK) return rc;
        }
    if (ret->value_count == 0) return HENG_EFORMAT;
    unsigned main = READS - 1; /* the read that most values are from */
    for (unsigned i = 0; i < READS; i++)
        if (used[i] > used[main]) main = i;
    ret->device_id = reads[main]->device_id;
    ret->at_us = reads[main]->at_us;
    ret->outcome = reads[main]->outcome;
    ret->tries = reads[main]->tries;
    ret->skipped = reads[main]->skipped;
    memcpy(ret->why, reads[main]->why, sizeof ret->why);
    return HENG_OK;
}

bool heng_median_fits(const struct heng_expect *expect, const struct heng_read *a, const struct heng_read *b,
                      const struct heng_read *c, const struct heng_read *median, char *ret_why, size_t cap)
{
    const struct heng_read *const reads[READS] = {a, b, c};
    for (unsigned i = 0; i < count_of(median); i++) {
        const struct heng_value *value = &median->values[i];
        unsigned say_so = 0;
        if (value_fits(expect, value, median->at_us - expect->at_us, ret_why, cap)) continue;
        for (unsigned k = 0; k < READS; k++) {
            const struct heng_value *other = find_value(reads[k], &value->key, i);
            say_so += other && is_near(value, other);
        }
        if (say_so < 2) return false;
    }
    return still_fits(expect, median, ret_why, cap);
}
