#include "vee/balance.h"

#include <string.h>

#include "vee/ratio.h"

__extension__ typedef unsigned __int128 u128;
__extension__ typedef __int128 i128;

const struct heng_balance_limits heng_balance_limits_default = {
    .low = -200, .high = 1500, .estimated_max = 500, .missing_max = 0, .estimate_error = 2000};

enum class_kind { CLASS_NONE, CLASS_POWER, CLASS_HEAT, CLASS_GAS, CLASS_WATER };

static enum class_kind class_kind_of(heng_medium medium)
{
    static const enum class_kind kinds[HENG_MEDIUM_COUNT] = {
        [HENG_MEDIUM_ELECTRICITY] = CLASS_POWER,   [HENG_MEDIUM_HEAT] = CLASS_HEAT,
        [HENG_MEDIUM_HEAT_INLET] = CLASS_HEAT,     [HENG_MEDIUM_HEAT_COOLING] = CLASS_HEAT,
        [HENG_MEDIUM_COOLING] = CLASS_HEAT,        [HENG_MEDIUM_COOLING_INLET] = CLASS_HEAT,
        [HENG_MEDIUM_COOLING_OUTLET] = CLASS_HEAT, [HENG_MEDIUM_GAS] = CLASS_GAS,
        [HENG_MEDIUM_WATER] = CLASS_WATER,         [HENG_MEDIUM_WARM_WATER] = CLASS_WATER,
        [HENG_MEDIUM_HOT_WATER] = CLASS_WATER,     [HENG_MEDIUM_COLD_WATER] = CLASS_WATER,
        [HENG_MEDIUM_DRINKING_WATER] = CLASS_WATER};
    return (unsigned)medium < HENG_MEDIUM_COUNT ? kinds[medium] : CLASS_NONE;
}

uint16_t heng_accuracy_permyriad(heng_medium medium, const char *accuracy)
{
    static const struct {
        enum class_kind kind;
        const char *accuracy;
        uint16_t permyriad;
    } table[] = {
        {CLASS_POWER, "0.2S", 20}, {CLASS_POWER, "0.2", 20}, {CLASS_POWER, "0.5S", 50}, {CLASS_POWER, "0.5", 50},
        {CLASS_POWER, "1", 100},   {CLASS_POWER, "2", 200},  {CLASS_POWER, "3", 300},   {CLASS_POWER, "A", 200},
        {CLASS_POWER, "B", 100},   {CLASS_POWER, "C", 50},   {CLASS_WATER, "1", 100},   {CLASS_WATER, "2", 200},
        {CLASS_GAS, "0.5", 50},    {CLASS_GAS, "1", 100},    {CLASS_GAS, "1.5", 150},   {CLASS_HEAT, "1", 200},
        {CLASS_HEAT, "2", 300},    {CLASS_HEAT, "3", 400},
    };
    enum class_kind kind = class_kind_of(medium);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].kind == kind && strcmp(table[i].accuracy, accuracy) == 0) return table[i].permyriad;
    return 0;
}

const char *heng_balance_state_text(heng_balance_state state)
{
    static const char *const texts[] = {
#define X(symbol, text) [HENG_BALANCE_##symbol] = text,
        HENG_BALANCE_STATE_LIST(X)
#undef X
    };
    return (unsigned)state < HENG_BALANCE_STATE_COUNT ? texts[state] : "unknown";
}

const char *heng_balance_why_text(heng_balance_why why)
{
    static const char *const texts[] = {
#define X(symbol, text) [HENG_BALANCE_WHY_##symbol] = text,
        HENG_BALANCE_WHY_LIST(X)
#undef X
    };
    return (unsigned)why < HENG_BALANCE_WHY_COUNT ? texts[why] : "unknown";
}

/* Everything as multiples of 10^exp, the finest resolution of all parts. */
struct sums {
    int exp;
    struct heng_dec in, in_estimated, out, out_estimated, own;
    i128 area, area_known;
    bool area_of_all;
    bool in_missing, unlike;
    size_t inputs;
    u128 variance;
};

static bool rescaled(struct heng_dec a, int exp, i128 *ret)
{
    i128 value = a.mantissa;
    for (int i = a.exp; i > exp; i--)
        if (__builtin_mul_overflow(value, 10, &value)) return false;
    *ret = value;
    return true;
}

/* (value x permyriad / 10000)^2, added up. Off by less than half a digit of the finest resolution for each part. */
static bool add_variance(u128 *variance, i128 value, unsigned permyriad)
{
    if (value < 0) value = -value;
    if (__builtin_mul_overflow(value, (i128)permyriad, &value)) return false;
    u128 off = ((u128)value + 5000) / 10000, square;
    return !__builtin_mul_overflow(off, off, &square) && !__builtin_add_overflow(*variance, square, variance);
}

static int64_t root_of(u128 square)
{
    u128 root = 0, bit = (u128)1 << 62;
    for (; bit != 0; bit >>= 1)
        if ((root | bit) * (root | bit) <= square) root |= bit;
    return (int64_t)root;
}

static heng_rc add(struct heng_dec *sum, struct heng_dec amount) { return heng_dec_add(*sum, amount, sum); }

static heng_rc add_part(const struct heng_balance_part *part, const struct heng_balance_limits *limits,
                        struct sums *sums, struct heng_balance *ret)
{
    if (part->side == HENG_BALANCE_IN) sums->inputs++;
    sums->unlike |= part->unlike;
    if (part->side == HENG_BALANCE_OUT) {
        ret->children++;
        if (part->area_cm2 <= 0) sums->area_of_all = false;
        sums->area += part->area_cm2;
        if (part->has_amount) sums->area_known += part->area_cm2;
    }
    if (!part->has_amount) {
        if (part->side == HENG_BALANCE_OUT)
            ret->missing++;
        else
            sums->in_missing = true; /* an unknown own use falsifies the input as much */
        return HENG_OK;
    }
    int sign = (part->amount.mantissa > 0) - (part->amount.mantissa < 0);
    struct heng_dec none = {0}, measured;
    if (heng_dec_cmp(part->estimated, none) * sign < 0) return HENG_ERANGE;
    heng_rc rc = heng_dec_sub(part->amount, part->estimated, &measured);
    if (rc != HENG_OK || heng_dec_cmp(measured, none) * sign < 0) return HENG_ERANGE;

    bool is_out = part->side == HENG_BALANCE_OUT;
    if (is_out && part->estimated.mantissa != 0) ret->estimated++;
    rc = add(is_out ? &sums->out : part->side == HENG_BALANCE_IN ? &sums->in : &sums->own, part->amount);
    if (rc == HENG_OK) rc = add(is_out ? &sums->out_estimated : &sums->in_estimated, part->estimated);
    i128 exact, guessed;
    if (rc != HENG_OK || !rescaled(measured, sums->exp, &exact) || !rescaled(part->estimated, sums->exp, &guessed) ||
        !add_variance(&sums->variance, exact, part->error_permyriad) ||
        !add_variance(&sums->variance, guessed, limits->estimate_error))
        return HENG_ERANGE;
    return HENG_OK;
}

/* Shares are rounded up: a share that is just above a limit does not look as if it were within. */
static int32_t permyriad_up(i128 part, i128 whole)
{
    if (whole <= 0) return 0;
    i128 share = (part * 10000 + whole - 1) / whole;
    return share > INT32_MAX ? INT32_MAX : (int32_t)share;
}

static int32_t share_of(struct heng_dec part, struct heng_dec whole, int exp)
{
    i128 p, w;
    if (!rescaled(part, exp, &p) || !rescaled(whole, exp, &w)) return INT32_MAX;
    return permyriad_up(p < 0 ? -p : p, w < 0 ? -w : w);
}

/* The first reason why nothing can be said; what concerns the input goes first. */
static heng_balance_why why_not(const struct sums *sums, const struct heng_balance_limits *limits,
                                const struct heng_balance *made, int32_t *ret_share)
{
    *ret_share = 0;
    if (sums->unlike) return HENG_BALANCE_WHY_UNLIKE;
    if (sums->in_missing) return HENG_BALANCE_WHY_INPUT_MISSING;
    if (sums->inputs == 0 || sums->in.mantissa <= 0) return HENG_BALANCE_WHY_NO_INPUT;
    *ret_share = share_of(sums->in_estimated, sums->in, sums->exp);
    if (*ret_share > limits->estimated_max) return HENG_BALANCE_WHY_INPUT_ESTIMATED;
    *ret_share = 0;
    if (made->children == 0) return HENG_BALANCE_WHY_NO_OUTPUT;
    *ret_share = permyriad_up((i128)made->missing, (i128)made->children);
    if (*ret_share > limits->missing_max) return HENG_BALANCE_WHY_MISSING;
    *ret_share = sums->area_of_all ? permyriad_up(sums->area - sums->area_known, sums->area) : 0;
    if (*ret_share > limits->missing_max) return HENG_BALANCE_WHY_MISSING_AREA;
    *ret_share = share_of(sums->out_estimated, sums->out, sums->exp);
    if (*ret_share > limits->estimated_max) return HENG_BALANCE_WHY_ESTIMATED;
    *ret_share = 0;
    return HENG_BALANCE_WHY_NOTHING;
}

/* in x permyriad / 10000 against loss and its band, all x 10000 so that nothing is rounded. */
static heng_rc judge(const struct sums *sums, const struct heng_balance_limits *limits, struct heng_dec loss,
                     int64_t band, heng_balance_state *ret)
{
    i128 in, lost;
    if (!rescaled(sums->in, sums->exp, &in) || !rescaled(loss, sums->exp, &lost) || in > INT64_MAX ||
        lost > INT64_MAX || lost < -INT64_MAX)
        return HENG_ERANGE;
    i128 low = in * limits->low, high = in * limits->high, off = (i128)band * 10000;
    lost *= 10000;
    if (lost >= low && lost <= high)
        *ret = HENG_BALANCE_OK;
    else if (lost - off > high)
        *ret = HENG_BALANCE_HIGH;
    else if (lost + off < low)
        *ret = HENG_BALANCE_NEGATIVE;
    else
        *ret = HENG_BALANCE_UNCERTAIN;
    return HENG_OK;
}

static heng_rc conclude(const struct sums *sums, const struct heng_balance_limits *limits, struct heng_balance *made)
{
    int64_t band = root_of(sums->variance);
    heng_rc rc = heng_dec_sub(sums->in, sums->out, &made->loss.dec);
    if (rc == HENG_OK) rc = heng_dec_sub(made->loss.dec, sums->own, &made->loss.dec);
    if (rc == HENG_OK) rc = heng_dec_make(band, sums->exp, &made->band.dec);
    if (rc == HENG_OK) rc = heng_percent(made->loss.dec, sums->in, 2, &made->loss_pct.dec);
    if (rc == HENG_OK) rc = heng_percent(made->band.dec, sums->in, 2, &made->band_pct.dec);
    if (rc == HENG_OK) rc = judge(sums, limits, made->loss.dec, band, &made->state);
    made->loss.is = made->band.is = made->loss_pct.is = made->band_pct.is = rc == HENG_OK;
    return rc;
}

heng_rc heng_balance(const struct heng_balance_part *parts, size_t count, const struct heng_balance_limits *limits,
                     struct heng_balance *ret)
{
    struct heng_balance made = {.state = HENG_BALANCE_CANNOT_SAY};
    struct sums sums = {.area_of_all = true};
    for (size_t i = 0; i < count; i++) {
        if (parts[i].has_amount && parts[i].amount.exp < sums.exp) sums.exp = parts[i].amount.exp;
        if (parts[i].has_amount && parts[i].estimated.exp < sums.exp) sums.exp = parts[i].estimated.exp;
    }
    heng_rc rc = HENG_OK;
    for (size_t i = 0; i < count && rc == HENG_OK; i++) rc = add_part(&parts[i], limits, &sums, &made);
    if (rc != HENG_OK) return rc;

    made.in = sums.in;
    made.out = sums.out;
    made.own = sums.own;
    made.out_estimated = sums.out_estimated;
    made.area_permyriad = !sums.area_of_all || sums.area <= 0 ? -1 : (int32_t)(sums.area_known * 10000 / sums.area);
    made.why = why_not(&sums, limits, &made, &made.share_permyriad);
    if (made.why == HENG_BALANCE_WHY_NOTHING) rc = conclude(&sums, limits, &made);
    if (rc == HENG_OK) *ret = made;
    return rc;
}
