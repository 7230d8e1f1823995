/* Events: how often, how long, when.
 *
 *   DI3 DI2 DI1 DI0   2007
 *    03  kk  00  00   kind kk: count 3, minutes 3; of three phases one after the other
 *    03  kk  pp  nn   n-th last: begin 6, end 6, then what was measured
 *    03  10  pp  nn   voltage of month nn, 0 this one: minutes 3, share good 3, share bad 3, minutes above 3, below 3,
 *                     highest 2, when MM DD hh mm, lowest 2, when; phases may send the shares in 2 bytes
 *    03  11  00  00   power down: count 3; nn: n-th last: begin 6, end 6
 *    03  12  00  00   demand exceeded: count 3 of forward, backward, quadrants 1..4
 *    03  12  qq  nn   n-th last of the q-th of these: begin 6, end 6, maximum 3, when 5
 *    03  30  kk  00   settings of kind kk: count 3
 *    03  30  kk  nn   n-th last: time 6, operator 4, then what was changed
 *    03  35  00  00   magnetic field: count 3; nn: n-th last: begin 6, end 6, then what was measured
 *    10..21 pp 00 01  kind: count 3; pp 01..03 phase
 *    10..21 pp 00 02  minutes 3
 *    10..21 pp 01 nn  n-th last: begin 6; nn FF: the ten last one after the other, here and below
 *    10..1F pp ee nn  end 6: ee depends on how much is recorded at the begin
 *    10..21 pp FF nn  begin 6, then what was measured, the end among it
 *    10  00  02  01   end 6 of the last voltage loss of any phase
 *    1D  00  02  nn   operator 4; FF: all together (1E: the same)
 *   What was measured then is no reading of now: it is kept as bytes. A time names its event: "trip", "voltage loss L1
 *   begin".
 *
 * Source: DL/T 645-2007 appendix A, tables A.4 and A.4 continued (toolkit.eoiot.cn/documentation/appendix-A-4); the ee
 * of the ends as independent implementations agree on them. */
#include "codec/dlt645/table.h"

enum { ALL = 0xFF, LAST_MAX = 0x0A };

/* DI2 of 03 that are no plain count and time. */
enum { VOLTAGE_QUALITY = 0x10, POWER_DOWN = 0x11, DEMAND_EXCEEDED = 0x12, SETTINGS = 0x30, MAGNETIC_FIELD = 0x35 };

#define F(coding, bytes, exp, quantity, unit, qualifier) HENG_DLT645_F(coding, bytes, exp, quantity, unit, qualifier)
#define EXTREME(coding, bytes, exp, quantity, unit, function)                                                          \
    {                                                                                                                  \
        HENG_DLT645_##coding, bytes, exp, HENG_QUANTITY_##quantity, HENG_UNIT_##unit, HENG_FUNCTION_##function, NULL,  \
            NULL                                                                                                       \
    }
#define EVENT_TIME F(CLOCK, 6, 0, DATETIME, NONE, NULL)

static const struct heng_dlt645_field count_fields[] = {F(BCD, 3, 0, EVENT_COUNT, NONE, NULL)};
static const struct heng_dlt645_field minutes_fields[] = {F(MINUTES, 3, 0, ON_TIME, S, NULL)};
static const struct heng_dlt645_field counted_fields[] = {F(BCD, 3, 0, EVENT_COUNT, NONE, NULL),
                                                          F(MINUTES, 3, 0, ON_TIME, S, NULL)};
static const struct heng_dlt645_field period_fields[] = {EVENT_TIME, EVENT_TIME, HENG_DLT645_REST("event details")};
static const struct heng_dlt645_field total_loss_fields[] = {EVENT_TIME, F(BCD, 3, -3, CURRENT, A, "at event"),
                                                             EVENT_TIME};
static const struct heng_dlt645_field time_fields[] = {EVENT_TIME};
static const struct heng_dlt645_field record_fields[] = {EVENT_TIME, HENG_DLT645_REST("event details")};
static const struct heng_dlt645_field operator_fields[] = {F(DIGITS, 4, 0, OPERATOR, NONE, NULL)};
static const struct heng_dlt645_field setting_fields[] = {EVENT_TIME, F(DIGITS, 4, 0, OPERATOR, NONE, NULL),
                                                          HENG_DLT645_REST("event details")};
static const struct heng_dlt645_field time_set_fields[] = {F(DIGITS, 4, 0, OPERATOR, NONE, NULL),
                                                           F(CLOCK, 6, 0, DATETIME, NONE, "time set before"),
                                                           F(CLOCK, 6, 0, DATETIME, NONE, "time set after")};
static const struct heng_dlt645_field exceeded_fields[] = {
    EVENT_TIME, EVENT_TIME, EXTREME(BCD, 3, -1, POWER, W, MAXIMUM), EXTREME(CLOCK, 5, 0, DATETIME, NONE, MAXIMUM)};
static const struct heng_dlt645_field reactive_exceeded_fields[] = {EVENT_TIME, EVENT_TIME,
                                                                    EXTREME(BCD, 3, -1, REACTIVE_POWER, VAR, MAXIMUM),
                                                                    EXTREME(CLOCK, 5, 0, DATETIME, NONE, MAXIMUM)};

/* The shares are XXXX.XX %; copies of the standard differ on those of the phases, where some have XX.XX. */
#define QUALITY_FIELDS(share_bytes)                                                                                    \
    F(MINUTES, 3, 0, ON_TIME, S, NULL), F(BCD, share_bytes, -2, DIMENSIONLESS, PERCENT, NULL),                         \
        F(BCD, share_bytes, -2, DIMENSIONLESS, PERCENT, NULL), F(MINUTES, 3, 0, ON_TIME, S, NULL),                     \
        F(MINUTES, 3, 0, ON_TIME, S, NULL), EXTREME(BCD, 2, -1, VOLTAGE, V, MAXIMUM),                                  \
        EXTREME(DIGITS, 4, 0, DATETIME, NONE, MAXIMUM), EXTREME(BCD, 2, -1, VOLTAGE, V, MINIMUM),                      \
        EXTREME(DIGITS, 4, 0, DATETIME, NONE, MINIMUM)
static const struct heng_dlt645_field quality_fields[] = {QUALITY_FIELDS(3)};
static const struct heng_dlt645_field short_quality_fields[] = {QUALITY_FIELDS(2)};
enum { QUALITIES = HENG_DLT645_COUNT(quality_fields), SHORT_QUALITY_BYTES = 25, MONTHS = 12 };

#define QUALITY_NAMES(phase)                                                                                           \
    {                                                                                                                  \
        "voltage watched" phase, "voltage good" phase, "voltage bad" phase, "voltage above" phase,                     \
            "voltage below" phase, "month" phase, "voltage" phase, "month" phase, "voltage" phase                      \
    }
static const char *const quality_names[][QUALITIES] = {QUALITY_NAMES(""), QUALITY_NAMES(" L1"), QUALITY_NAMES(" L2"),
                                                       QUALITY_NAMES(" L3")};

#define DEMAND_NAMES(name)                                                                                             \
    {                                                                                                                  \
        "demand " name " begin", "demand " name " end", "exceeded " name, "exceeded " name                             \
    }
static const char *const demand_counts[] = {"demand forward",    "demand backward",   "demand quadrant 1",
                                            "demand quadrant 2", "demand quadrant 3", "demand quadrant 4"};
static const char *const demand_names[][HENG_DLT645_COUNT(exceeded_fields)] = {
    DEMAND_NAMES("forward"),    DEMAND_NAMES("backward"),   DEMAND_NAMES("quadrant 1"),
    DEMAND_NAMES("quadrant 2"), DEMAND_NAMES("quadrant 3"), DEMAND_NAMES("quadrant 4")};
enum { DEMANDS = HENG_DLT645_COUNT(demand_counts), ACTIVE_DEMANDS = 2 };

/* [0] without phase, [1..3] the phases: their names; those of begin, end and the rest of a record, and of a record
 * where the begin and the rest are all; and twice each for count and minutes in one block. */
enum { BEGIN, END_OF, DETAILS, RECORD, PERIOD_NAMES = RECORD + HENG_DLT645_COUNT(record_fields) };
struct event {
    const char *names[4], *periods[4][PERIOD_NAMES], *block[6];
};
#define PERIOD(name, details)                                                                                          \
    {                                                                                                                  \
        name " begin", name " end", details, name " begin", details                                                    \
    }
#define PHASED(name)                                                                                                   \
    {                                                                                                                  \
        {name, name " L1", name " L2", name " L3"},                                                                    \
            {PERIOD(name, name), PERIOD(name " L1", name " L1"), PERIOD(name " L2", name " L2"),                       \
             PERIOD(name " L3", name " L3")},                                                                          \
        {                                                                                                              \
            name " L1", name " L1", name " L2", name " L2", name " L3", name " L3"                                     \
        }                                                                                                              \
    }
#define WHOLE_IN_SHORT(name, short)                                                                                    \
    {                                                                                                                  \
        {name}, {PERIOD(short, name)}, { NULL }                                                                        \
    }
#define WHOLE(name) WHOLE_IN_SHORT(name, name)

/* DI2 of 03. */
static const struct event counted[] = {
    [0x01] = PHASED("voltage loss"),
    [0x02] = PHASED("undervoltage"),
    [0x03] = PHASED("overvoltage"),
    [0x04] = PHASED("phase break"),
    [0x05] = WHOLE_IN_SHORT("total voltage loss", "total loss"),
    [0x06] = WHOLE_IN_SHORT("auxiliary power loss", "auxiliary loss"),
    [0x07] = WHOLE("voltage sequence"),
    [0x08] = WHOLE("current sequence"),
    [0x09] = WHOLE("voltage unbalance"),
    [0x0A] = WHOLE("current unbalance"),
    [0x0B] = PHASED("current loss"),
    [0x0C] = PHASED("overcurrent"),
    [0x0D] = PHASED("current break"),
    [0x0E] = PHASED("power reversal"),
    [0x0F] = PHASED("overload"),
};
enum { TOTAL_LOSS = 0x05 };
static const char *const total_loss_names[] = {"total loss begin", NULL, "total loss end"};
static const char *const power_down_names[] = PERIOD("power down", "power down");
static const char *const magnetic_field_names[] = PERIOD("magnetic field", "magnetic field");

/* DI3 from 10 on; the last column is the DI1 of the end, 0 where the standard has none or we do not know it. */
static const struct {
    struct event event;
    uint8_t end;
} newer[] = {
    {PHASED("voltage loss"), 0x25},
    {PHASED("undervoltage"), 0x25},
    {PHASED("overvoltage"), 0x25},
    {PHASED("phase break"), 0x25},
    {WHOLE("voltage sequence"), 0x12},
    {WHOLE("current sequence"), 0x12},
    {WHOLE("voltage unbalance"), 0x13},
    {WHOLE("current unbalance"), 0x13},
    {PHASED("current loss"), 0x21},
    {PHASED("overcurrent"), 0x21},
    {PHASED("current break"), 0x21},
    {PHASED("power reversal"), 0x12},
    {PHASED("overload"), 0x12},
    {WHOLE("trip"), 0},
    {WHOLE("close"), 0},
    {WHOLE("power factor low"), 0x06},
    {WHOLE("severe unbalance"), 0},
    {WHOLE("power direction"), 0},
};
enum { NEWER = 0x10, TRIP = 0x1D, CLOSE = 0x1E, END_OF_ANY_LOSS = 0x10000201 };

/* DI1 of 03 30: what somebody did to the meter. */
static const char *const settings[] = {
    "programming",         "meter clear",         "demand clear",        "event clear",  "time set",
    "slot tables set",     "zone tables set",     "weekend set",         "holidays set", "active mode set",
    "reactive 1 mode set", "reactive 2 mode set", "settlement days set", "cover open",   "terminal cover open",
};
enum { TIME_SET = 0x04, COVER_OPEN = 0x0D, TERMINAL_COVER_OPEN = 0x0E };
static const char *const cover_names[] = PERIOD("cover open", "cover open");
static const char *const terminal_cover_names[] = PERIOD("terminal cover", "terminal cover open");

static bool use(const struct heng_dlt645_field *fields, size_t count, struct heng_dlt645_plan *ret)
{
    ret->group = fields;
    ret->group_count = (uint8_t)count;
    ret->turns = 1;
    return true;
}
#define USE(fields) use(fields, HENG_DLT645_COUNT(fields), ret)

/* Fields that have a name each. */
static bool use_named(const struct heng_dlt645_field *fields, const char *const *names, size_t count,
                      struct heng_dlt645_plan *ret)
{
    ret->names = names;
    ret->name_count = (uint8_t)count;
    return use(fields, count, ret);
}
#define USE_NAMED(fields, names) use_named(fields, names, HENG_DLT645_COUNT(fields), ret)

static bool plan_counted(uint8_t kind, uint8_t phase, uint8_t last, struct heng_dlt645_plan *ret)
{
    const struct event *event = kind < HENG_DLT645_COUNT(counted) ? &counted[kind] : NULL;
    if (!event || !event->names[0] || phase > 3 || !event->names[phase]) return false;
    ret->qualifier = event->names[phase];
    if (last == 0) {
        if (phase) return false;
        USE(counted_fields);
        if (event->block[0]) {
            ret->names = event->block;
            ret->name_count = HENG_DLT645_COUNT(event->block);
            ret->turns = 3;
        }
        return true;
    }
    if (event->block[0] && !phase) return false;
    ret->storage = last;
    return kind == TOTAL_LOSS ? USE_NAMED(total_loss_fields, total_loss_names)
                              : USE_NAMED(period_fields, event->periods[phase]);
}

static bool plan_quality(uint8_t phase, uint8_t month, size_t bytes, struct heng_dlt645_plan *ret)
{
    if (phase >= HENG_DLT645_COUNT(quality_names) || month > MONTHS) return false;
    ret->storage = month;
    return phase && bytes == SHORT_QUALITY_BYTES ? USE_NAMED(short_quality_fields, quality_names[phase])
                                                 : USE_NAMED(quality_fields, quality_names[phase]);
}

static bool plan_exceeded(uint8_t which, uint8_t last, struct heng_dlt645_plan *ret)
{
    if (which > DEMANDS || !which != !last) return false;
    if (!which) {
        USE(count_fields);
        ret->names = demand_counts;
        ret->name_count = ret->turns = DEMANDS;
        return true;
    }
    ret->storage = last;
    return which <= ACTIVE_DEMANDS ? USE_NAMED(exceeded_fields, demand_names[which - 1])
                                   : USE_NAMED(reactive_exceeded_fields, demand_names[which - 1]);
}

/* One that is counted and whose records have a begin and an end. */
static bool plan_period(const char *const *names, uint8_t last, struct heng_dlt645_plan *ret)
{
    ret->qualifier = names[DETAILS];
    ret->storage = last;
    return last == 0 ? USE(count_fields) : USE_NAMED(period_fields, names);
}

static bool plan_setting(uint8_t kind, uint8_t last, struct heng_dlt645_plan *ret)
{
    if (kind >= HENG_DLT645_COUNT(settings)) return false;
    if (kind == COVER_OPEN) return plan_period(cover_names, last, ret);
    if (kind == TERMINAL_COVER_OPEN) return plan_period(terminal_cover_names, last, ret);
    ret->qualifier = settings[kind];
    ret->storage = last;
    if (last == 0) return USE(count_fields);
    return kind == TIME_SET ? USE(time_set_fields) : USE(setting_fields);
}

/* A field of a record about the relay. */
static bool use_moment(uint8_t item, struct heng_dlt645_plan *ret)
{
    return item == 1 ? USE(time_fields) : item == 2 ? USE(operator_fields) : item == ALL ? USE(setting_fields) : false;
}

/* A field of any other record. */
static bool use_period(uint32_t di, struct heng_dlt645_plan *ret)
{
    uint8_t kind = (uint8_t)(di >> 24), phase = di >> 16 & 0xFF, item = di >> 8 & 0xFF;
    const struct event *event = &newer[kind - NEWER].event;
    const char *const *names = event->periods[phase];
    bool has_phases = event->names[1];
    if (item == 1) return USE_NAMED(time_fields, &names[BEGIN]);
    if (di == END_OF_ANY_LOSS) return USE_NAMED(time_fields, &names[END_OF]);
    if (has_phases && !phase) return false;
    if (item == ALL) return USE_NAMED(record_fields, &names[RECORD]);
    return item == newer[kind - NEWER].end ? USE_NAMED(time_fields, &names[END_OF]) : false;
}

static bool plan_newer(uint32_t di, struct heng_dlt645_plan *ret)
{
    uint8_t kind = (uint8_t)(di >> 24), phase = di >> 16 & 0xFF, item = di >> 8 & 0xFF, last = di & 0xFF;
    if (kind < NEWER || kind >= NEWER + HENG_DLT645_COUNT(newer) || phase > 3) return false;
    const struct event *event = &newer[kind - NEWER].event;
    if (!event->names[phase]) return false;
    ret->qualifier = event->names[phase];
    if (item == 0) return last == 1 ? USE(count_fields) : last == 2 ? USE(minutes_fields) : false;
    if (last == 0 || (last > LAST_MAX && (last != ALL || item == ALL))) return false;
    bool known = kind == TRIP || kind == CLOSE ? use_moment(item, ret) : use_period(di, ret);
    ret->storage = last == ALL ? 1 : last;
    ret->step = last == ALL ? HENG_DLT645_STORAGE : HENG_DLT645_NOTHING;
    ret->turns = last == ALL ? LAST_MAX : 1;
    return known;
}

bool heng_dlt645_plan_event(uint32_t di, size_t bytes, struct heng_dlt645_plan *ret)
{
    if (di >> 24 != 0x03) return plan_newer(di, ret);
    uint8_t kind = di >> 16 & 0xFF, second = di >> 8 & 0xFF, last = di & 0xFF;
    if (kind == VOLTAGE_QUALITY) return plan_quality(second, last, bytes, ret);
    if (last > LAST_MAX) return false;
    switch (kind) {
    case POWER_DOWN: return second == 0 && plan_period(power_down_names, last, ret);
    case MAGNETIC_FIELD: return second == 0 && plan_period(magnetic_field_names, last, ret);
    case DEMAND_EXCEEDED: return plan_exceeded(second, last, ret);
    case SETTINGS: return plan_setting(second, last, ret);
    default: return plan_counted(kind, second, last, ret);
    }
}
