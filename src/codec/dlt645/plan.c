/* Which fields a telegram has: by its data identifier, or by its function.
 *
 *   function  data of the command                       data of the answer
 *   11 01     DI, or DI count, or DI count mm hh DD MM YY  DI values
 *   12 02     DI SEQ (1997: DI)                         DI bytes SEQ (1997: DI bytes)
 *   13        -                                         address 6
 *   14        DI level password 3 operator 4 values     -
 *   04        DI level password 3 values                -
 *   15 0A     address 6                                 -
 *   08        ss mm hh DD MM YY                         no answer
 *   16        mm hh DD MM, 99 any                       -
 *   17 0C     rate 1                                    rate 1
 *   18        DI old level, password; new ones          new ones
 *   0F        old level, password; new ones             new ones
 *   19 1A     level password 3 operator 4               -
 *   1B        the same and the DI of the events         -
 *   1C        level password 3 operator 4 N1 N2 ss mm hh DD MM YY   -
 *   1D        output 1                                  output 1
 *   03        DI operator 4 data                        DI data
 *   A level of 98 or 99 means that what follows the operator is enciphered, or guarded by a check code.
 *
 * Source: DL/T 645-2007 clause 7, its extension for prepaid meters (1C, 03, levels 98 and 99); DL/T 645-1997
 * clause 6. */
#include "codec/dlt645.h"
#include "codec/dlt645/function.h"
#include "codec/dlt645/table.h"

#define F(coding, bytes, exp, quantity, unit, qualifier) HENG_DLT645_F(coding, bytes, exp, quantity, unit, qualifier)
#define LEVEL                                            F(INTEGER, 1, 0, ACCESS_LEVEL, NONE, NULL)
#define PASSWORD_3                                       F(SECRET, 3, 0, PASSWORD, NONE, NULL)
#define OPERATOR_4                                       F(DIGITS, 4, 0, OPERATOR, NONE, NULL)

enum { LEVEL_CIPHERED = 0x98, LEVEL_GUARDED = 0x99 };

static const struct heng_dlt645_field unknown_di[] = {HENG_DLT645_REST("unknown identifier")};
static const struct heng_dlt645_field following[] = {HENG_DLT645_REST("follow-on data")};
static const struct heng_dlt645_field security[] = {HENG_DLT645_REST("security data")};
static const struct heng_dlt645_field ciphered[] = {HENG_DLT645_REST("encrypted")};
static const struct heng_dlt645_field guarded[] = {HENG_DLT645_REST("check code")};
static const struct heng_dlt645_field unexpected[] = {HENG_DLT645_REST("unexpected data")};
static const struct heng_dlt645_field address[] = {F(DIGITS, 6, 0, BUS_ADDRESS, NONE, NULL)};
static const struct heng_dlt645_field authority[] = {LEVEL, PASSWORD_3, OPERATOR_4};
static const struct heng_dlt645_field authority_1997[] = {LEVEL, PASSWORD_3};
static const struct heng_dlt645_field clear_events[] = {LEVEL, PASSWORD_3, OPERATOR_4,
                                                        F(DI, 4, 0, PARAMETER_SET, NONE, "events")};
static const struct heng_dlt645_field profile_asked[] = {F(INTEGER, 1, 0, STORAGE_BLOCK_SIZE, NONE, NULL),
                                                         F(CLOCK, 5, 0, DATETIME, NONE, "begin")};
static const struct heng_dlt645_field clock_set[] = {F(CLOCK, 6, 0, DATETIME, NONE, NULL)};
static const struct heng_dlt645_field freeze[] = {F(PATTERN, 4, 0, FREEZE, NONE, NULL)};
static const struct heng_dlt645_field baud[] = {F(BAUD, 1, 0, BAUD_RATE, BAUD, NULL)};
/* The bits of the rate byte of 1997 are not certain enough to name a rate. */
static const struct heng_dlt645_field baud_1997[] = {F(RAW, 1, 0, BAUD_RATE, UNKNOWN, "coding unclear")};
static const struct heng_dlt645_field passwords[] = {
    F(INTEGER, 1, 0, ACCESS_LEVEL, NONE, "old"), F(SECRET, 3, 0, PASSWORD, NONE, "old"),
    F(INTEGER, 1, 0, ACCESS_LEVEL, NONE, "new"), F(SECRET, 3, 0, PASSWORD, NONE, "new")};
static const struct heng_dlt645_field outputs[] = {
    HENG_DLT645_NAMED(CODE, 1, DIGITAL_OUTPUT, NULL, heng_dlt645_outputs)};
static const struct heng_dlt645_field relay[] = {HENG_DLT645_NAMED(CODE, 1, RELAY_ACTION, NULL, heng_dlt645_actions),
                                                 HENG_DLT645_F(RAW, 1, 0, UNKNOWN, UNKNOWN, "reserved"),
                                                 F(CLOCK, 6, 0, VALID_UNTIL, NONE, NULL)};
static const struct heng_dlt645_field security_asked[] = {OPERATOR_4, HENG_DLT645_REST("security data")};
static const struct heng_dlt645_field error[] = {HENG_DLT645_NAMED(WORD, 1, ERROR_FLAGS, NULL, heng_dlt645_errors)};
static const struct heng_dlt645_field long_error[] = {
    HENG_DLT645_NAMED(WORD, 2, ERROR_FLAGS, NULL, heng_dlt645_long_errors)};

static void use(const struct heng_dlt645_field *fields, size_t count, struct heng_dlt645_plan *ret)
{
    ret->group = fields;
    ret->group_count = (uint8_t)count;
    ret->turns = 1;
}
#define USE(fields) use(fields, HENG_DLT645_COUNT(fields), ret)

bool heng_dlt645_plan_rows(const struct heng_dlt645_row *rows, size_t count, uint32_t di, struct heng_dlt645_plan *ret)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (rows[middle].last < di)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == count || rows[low].first > di) return false;
    const struct heng_dlt645_row *row = &rows[low];
    uint16_t ordinal = di & 0xFF;
    *ret = (struct heng_dlt645_plan){
        .group = row->fields,
        .group_count = row->count,
        .turns = row->turns,
        .step = row->step,
        .storage = row->ordinal == HENG_DLT645_STORAGE ? ordinal : 0,
        .tariff = row->ordinal == HENG_DLT645_TARIFF ? ordinal : row->step == HENG_DLT645_TARIFF,
        .subunit = row->ordinal == HENG_DLT645_SUBUNIT ? ordinal : row->step == HENG_DLT645_SUBUNIT,
    };
    return true;
}

/* Values behind DI, so many bytes. */
static void plan_di(const struct heng_telegram *t, size_t bytes, struct heng_dlt645_plan *ret)
{
    bool known = t->protocol == HENG_PROTOCOL_DLT645_1997 ? heng_dlt645_plan_1997(t->di, bytes, ret)
                                                          : heng_dlt645_plan_2007(t->di, bytes, ret);
    if (known) return;
    *ret = (struct heng_dlt645_plan){0};
    bool is_2007 = t->protocol == HENG_PROTOCOL_DLT645_2007;
    if (is_2007 && t->di >> 24 == 0x07)
        USE(security);
    else
        USE(unknown_di);
}

static void plan_answer(const struct heng_telegram *t, struct heng_dlt645_plan *ret)
{
    switch (t->control & HENG_DLT645_FUNCTION_MASK) {
    case HENG_DLT645_C_READ:
    case HENG_DLT645_97_C_READ:
    case 0x03: plan_di(t, t->body.n, ret); return;
    case HENG_DLT645_C_FOLLOW:
    case HENG_DLT645_97_C_FOLLOW: USE(following); return; /* which values these are, the first frame decides */
    case HENG_DLT645_C_READ_ADDRESS: USE(address); return;
    case HENG_DLT645_C_BAUD: USE(baud); return;
    case HENG_DLT645_97_C_BAUD: USE(baud_1997); return;
    case 0x0F:
    case 0x18: use(passwords + 2, 2, ret); return;
    case 0x1D: USE(outputs); return;
    default: USE(unexpected); return;
    }
}

/* In front of what the command is about; true when the rest cannot be read. */
static bool plan_authority(const struct heng_telegram *t, struct heng_dlt645_plan *ret)
{
    ret->head = authority;
    ret->head_count =
        t->protocol == HENG_PROTOCOL_DLT645_1997 ? HENG_DLT645_COUNT(authority_1997) : HENG_DLT645_COUNT(authority);
    uint8_t level = t->body.n ? (uint8_t)(t->body.p[0] - HENG_DLT645_BIAS) : 0;
    if (t->protocol == HENG_PROTOCOL_DLT645_1997 || (level != LEVEL_CIPHERED && level != LEVEL_GUARDED)) return false;
    if (level == LEVEL_CIPHERED)
        USE(ciphered);
    else
        USE(guarded);
    return true;
}

static void plan_written(const struct heng_telegram *t, struct heng_dlt645_plan *ret)
{
    struct heng_dlt645_plan head = {0};
    bool closed = plan_authority(t, &head);
    size_t head_bytes = t->protocol == HENG_PROTOCOL_DLT645_1997 ? 4 : 8;
    if (closed)
        *ret = head;
    else
        plan_di(t, t->body.n > head_bytes ? t->body.n - head_bytes : 0, ret);
    ret->head = head.head;
    ret->head_count = head.head_count;
}

static void plan_command(const struct heng_telegram *t, struct heng_dlt645_plan *ret)
{
    switch (t->control & HENG_DLT645_FUNCTION_MASK) {
    case HENG_DLT645_C_READ: USE(profile_asked); return;
    case 0x03:
        if (t->kind == HENG_TELEGRAM_COMMAND)
            USE(security_asked);
        else
            USE(unexpected);
        return;
    case HENG_DLT645_C_WRITE:
    case HENG_DLT645_97_C_WRITE: plan_written(t, ret); return;
    case HENG_DLT645_C_TIME: USE(clock_set); return;
    case HENG_DLT645_C_WRITE_ADDRESS:
    case HENG_DLT645_97_C_WRITE_ADDRESS: USE(address); return;
    case HENG_DLT645_C_FREEZE: USE(freeze); return;
    case HENG_DLT645_C_BAUD: USE(baud); return;
    case HENG_DLT645_97_C_BAUD: USE(baud_1997); return;
    case 0x0F:
    case 0x18: USE(passwords); return;
    case 0x10: USE(authority_1997); return;
    case 0x19:
    case 0x1A: USE(authority); return;
    case 0x1B: USE(clear_events); return;
    case HENG_DLT645_C_RELAY:
        if (!plan_authority(t, ret)) USE(relay);
        return;
    case 0x1D: USE(outputs); return;
    default: USE(unexpected); return;
    }
}

void heng_dlt645_plan(const struct heng_telegram *t, struct heng_dlt645_plan *ret)
{
    *ret = (struct heng_dlt645_plan){0};
    if (t->kind == HENG_TELEGRAM_ERROR && t->body.n == 2)
        USE(long_error);
    else if (t->kind == HENG_TELEGRAM_ERROR)
        USE(error);
    else if (t->from_meter)
        plan_answer(t, ret);
    else
        plan_command(t, ret);
}
