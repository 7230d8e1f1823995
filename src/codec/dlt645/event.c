/* Events: how often, how long, when.
 *
 *   DI3 DI2 DI1 DI0   2007
 *    03  kk  00  00   kind kk: count 3, minutes 3; of three phases one after the other
 *    03  kk  pp  nn   n-th last: begin 6, end 6, then what was measured
 *    03  30  kk  00   settings of kind kk: count 3
 *    03  30  kk  nn   n-th last: time 6, operator 4, then what was changed
 *    10..21 pp 00 01  kind: count 3; pp 01..03 phase
 *    10..21 pp 00 02  minutes 3
 *    10..21 pp 01 nn  n-th last: begin 6
 *    1D  00  02  nn   operator 4; FF: all together (1E: the same)
 *   What was measured then is no reading of now: it is kept as bytes.
 *
 * Source: DL/T 645-2007 appendix A, tables A.4 and A.4 continued (toolkit.eoiot.cn/documentation/appendix-A-4). */
#include "codec/dlt645/table.h"

enum { ALL = 0xFF, LAST_MAX = 0x0A, SETTINGS = 0x30 };

/* Fields after which the bytes are "event details". */
static const struct heng_dlt645_field count_fields[] = {HENG_DLT645_F(BCD, 3, 0, EVENT_COUNT, NONE, NULL)};
static const struct heng_dlt645_field minutes_fields[] = {HENG_DLT645_F(MINUTES, 3, 0, ON_TIME, S, NULL)};
static const struct heng_dlt645_field counted_fields[] = {
    HENG_DLT645_F(BCD, 3, 0, EVENT_COUNT, NONE, NULL),
    HENG_DLT645_F(MINUTES, 3, 0, ON_TIME, S, NULL),
};
static const struct heng_dlt645_field period_fields[] = {
    HENG_DLT645_F(CLOCK, 6, 0, DATETIME, NONE, "begin"),
    HENG_DLT645_F(CLOCK, 6, 0, DATETIME, NONE, "end"),
    HENG_DLT645_REST("event details"),
};
static const struct heng_dlt645_field total_loss_fields[] = {
    HENG_DLT645_F(CLOCK, 6, 0, DATETIME, NONE, "begin"),
    HENG_DLT645_F(BCD, 3, -3, CURRENT, A, "at event"),
    HENG_DLT645_F(CLOCK, 6, 0, DATETIME, NONE, "end"),
};
static const struct heng_dlt645_field begin_fields[] = {HENG_DLT645_F(CLOCK, 6, 0, DATETIME, NONE, "begin")};
static const struct heng_dlt645_field operator_fields[] = {HENG_DLT645_F(DIGITS, 4, 0, OPERATOR, NONE, NULL)};
static const struct heng_dlt645_field setting_fields[] = {
    HENG_DLT645_F(CLOCK, 6, 0, DATETIME, NONE, "begin"),
    HENG_DLT645_F(DIGITS, 4, 0, OPERATOR, NONE, NULL),
    HENG_DLT645_REST("event details"),
};
static const struct heng_dlt645_field time_set_fields[] = {
    HENG_DLT645_F(DIGITS, 4, 0, OPERATOR, NONE, NULL),
    HENG_DLT645_F(CLOCK, 6, 0, DATETIME, NONE, "before"),
    HENG_DLT645_F(CLOCK, 6, 0, DATETIME, NONE, "after"),
};

/* Names: [0] without phase, [1..3] the phases; twice each for count and minutes in one block. */
struct event {
    const char *names[4], *block[6];
};
#define PHASED(name)                                                                                                   \
    {                                                                                                                  \
        {name, name " L1", name " L2", name " L3"},                                                                    \
        {                                                                                                              \
            name " L1", name " L1", name " L2", name " L2", name " L3", name " L3"                                     \
        }                                                                                                              \
    }
#define WHOLE(name)                                                                                                    \
    {                                                                                                                  \
        {name}, { NULL }                                                                                               \
    }

/* DI2 of 03. */
static const struct event counted[] = {
    [0x01] = PHASED("voltage loss"),     [0x02] = PHASED("undervoltage"),      [0x03] = PHASED("overvoltage"),
    [0x04] = PHASED("phase break"),      [0x05] = WHOLE("total voltage loss"), [0x06] = WHOLE("auxiliary power loss"),
    [0x07] = WHOLE("voltage sequence"),  [0x08] = WHOLE("current sequence"),   [0x09] = WHOLE("voltage unbalance"),
    [0x0A] = WHOLE("current unbalance"), [0x0B] = PHASED("current loss"),      [0x0C] = PHASED("overcurrent"),
    [0x0D] = PHASED("current break"),    [0x0E] = PHASED("power reversal"),    [0x0F] = PHASED("overload"),
};
enum { TOTAL_LOSS = 0x05 };

/* DI3 from 10 on. */
static const struct event newer[] = {
    PHASED("voltage loss"),
    PHASED("undervoltage"),
    PHASED("overvoltage"),
    PHASED("phase break"),
    WHOLE("voltage sequence"),
    WHOLE("current sequence"),
    WHOLE("voltage unbalance"),
    WHOLE("current unbalance"),
    PHASED("current loss"),
    PHASED("overcurrent"),
    PHASED("current break"),
    PHASED("power reversal"),
    PHASED("overload"),
    WHOLE("trip"),
    WHOLE("close"),
    WHOLE("power factor low"),
    WHOLE("severe unbalance"),
    WHOLE("power direction"),
};
enum { NEWER = 0x10, TRIP = 0x1D, CLOSE = 0x1E };

/* DI1 of 03 30: what somebody did to the meter. */
static const char *const settings[] = {
    "programming",         "meter clear",         "demand clear",        "event clear",  "time set",
    "slot tables set",     "zone tables set",     "weekend set",         "holidays set", "active mode set",
    "reactive 1 mode set", "reactive 2 mode set", "settlement days set", "cover open",   "terminal cover open",
};
enum { TIME_SET = 0x04, COVER_OPEN = 0x0D, TERMINAL_COVER_OPEN = 0x0E };

static bool use(const struct heng_dlt645_field *fields, size_t count, struct heng_dlt645_plan *ret)
{
    ret->group = fields;
    ret->group_count = (uint8_t)count;
    ret->turns = 1;
    return true;
}
#define USE(fields) use(fields, HENG_DLT645_COUNT(fields), ret)

static bool plan_counted(uint8_t kind, uint8_t phase, uint8_t last, struct heng_dlt645_plan *ret)
{
    const struct event *event = kind < HENG_DLT645_COUNT(counted) ? &counted[kind] : NULL;
    if (!event || !event->names[0] || phase > 3 || !event->names[phase]) return false;
    ret->qualifier = event->names[phase];
    if (last == 0) {
        if (phase) return false;
        if (event->block[0]) ret->names = event->block;
        USE(counted_fields);
        ret->turns = event->block[0] ? 3 : 1;
        return true;
    }
    if (event->block[0] && !phase) return false;
    ret->storage = last;
    return kind == TOTAL_LOSS ? USE(total_loss_fields) : USE(period_fields);
}

static bool plan_setting(uint8_t kind, uint8_t last, struct heng_dlt645_plan *ret)
{
    if (kind >= HENG_DLT645_COUNT(settings)) return false;
    ret->qualifier = settings[kind];
    ret->storage = last;
    if (last == 0) return USE(count_fields);
    if (kind == TIME_SET) return USE(time_set_fields);
    return kind == COVER_OPEN || kind == TERMINAL_COVER_OPEN ? USE(period_fields) : USE(setting_fields);
}

static bool plan_newer(uint32_t di, struct heng_dlt645_plan *ret)
{
    uint8_t kind = (uint8_t)(di >> 24), phase = di >> 16 & 0xFF, item = di >> 8 & 0xFF, last = di & 0xFF;
    if (kind < NEWER || kind >= NEWER + HENG_DLT645_COUNT(newer) || phase > 3) return false;
    const char *name = newer[kind - NEWER].names[phase];
    if (!name) return false;
    ret->qualifier = name;
    if (item == 0) return last == 1 ? USE(count_fields) : last == 2 ? USE(minutes_fields) : false;
    ret->storage = last;
    bool switched = kind == TRIP || kind == CLOSE;
    if (item == 1) return USE(begin_fields);
    if (switched && item == 2) return USE(operator_fields);
    return switched && item == ALL ? USE(setting_fields) : false;
}

bool heng_dlt645_plan_event(uint32_t di, struct heng_dlt645_plan *ret)
{
    if (di >> 24 != 0x03) return plan_newer(di, ret);
    uint8_t kind = di >> 16 & 0xFF, second = di >> 8 & 0xFF, last = di & 0xFF;
    if (last > LAST_MAX) return false;
    return kind == SETTINGS ? plan_setting(second, last, ret) : plan_counted(kind, second, last, ret);
}
