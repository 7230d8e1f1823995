#ifndef HENG_CODEC_DLT645_TABLE_H
#define HENG_CODEC_DLT645_TABLE_H
/* Private to codec/. What stands behind a data identifier or a function: fields, as constant tables. */
#include "codec/telegram.h"

/* How the bytes of a field become a value. Low byte first everywhere. */
typedef enum heng_dlt645_coding {
    HENG_DLT645_BCD,     /* unsigned decimal */
    HENG_DLT645_SIGNED,  /* the same, the top bit is the minus */
    HENG_DLT645_MINUTES, /* decimal, in s */
    HENG_DLT645_INTEGER, /* binary */
    HENG_DLT645_WORD,    /* binary, its bits have names: flags */
    HENG_DLT645_CODE,    /* one byte, each value has a name: flags */
    HENG_DLT645_BAUD,    /* one byte, a bit per rate */
    HENG_DLT645_CLOCK,   /* 2 mm hh, 3 ss mm hh, 4 WW DD MM YY, 5 mm hh DD MM YY, 6 ss and those, 7 ss mm hh WW DD.. */
    HENG_DLT645_TEXT,    /* ASCII */
    HENG_DLT645_DIGITS,  /* hex digits, highest byte first: numbers that nobody counts with */
    HENG_DLT645_DI,      /* the same, FF is any */
    HENG_DLT645_PATTERN, /* MM DD hh mm of a freeze, 99 is any */
    HENG_DLT645_SECRET,  /* never shown */
    HENG_DLT645_RAW      /* as it is; flags NULL: qualifier is the reason */
} heng_dlt645_coding;

/* bytes 0: all that is left. */
struct heng_dlt645_field {
    uint8_t coding, bytes;
    int8_t exp;
    uint8_t quantity, unit, function;
    const char *qualifier;         /* RAW: the reason why there is no value */
    const struct heng_flag *flags; /* WORD, CODE */
};

/* What counts up when the fields of a block come again. */
typedef enum heng_dlt645_step {
    HENG_DLT645_NOTHING,
    HENG_DLT645_TARIFF,
    HENG_DLT645_STORAGE,
    HENG_DLT645_SUBUNIT
} heng_dlt645_step;

/* The fields of one telegram: head once, then group up to `turns` times, as long as there are bytes. */
struct heng_dlt645_plan {
    const struct heng_dlt645_field *head, *group;
    uint8_t head_count, group_count, step;
    uint8_t turns, name_count;
    uint16_t storage, tariff, subunit; /* of the group's first turn */
    const char *qualifier;             /* of the group, where its fields have none */
    const char *const *names;          /* or one for each value of the group; name_count of them, then again */
};

/* A data identifier, or a run of them, with irregular contents. ordinal: what the last byte of the identifier
 * counts; step, turns: as in a plan, step starts at 1. */
struct heng_dlt645_row {
    uint32_t first, last;
    const struct heng_dlt645_field *fields;
    uint8_t count, turns, step, ordinal;
};

#define HENG_DLT645_F(coding, bytes, exp, quantity, unit, qualifier)                                                   \
    {                                                                                                                  \
        HENG_DLT645_##coding, bytes, exp, HENG_QUANTITY_##quantity, HENG_UNIT_##unit, HENG_FUNCTION_INSTANTANEOUS,     \
            qualifier, NULL                                                                                            \
    }
#define HENG_DLT645_NAMED(coding, bytes, quantity, qualifier, flags)                                                   \
    {                                                                                                                  \
        HENG_DLT645_##coding, bytes, 0, HENG_QUANTITY_##quantity, HENG_UNIT_NONE, HENG_FUNCTION_INSTANTANEOUS,         \
            qualifier, flags                                                                                           \
    }
#define HENG_DLT645_REST(reason)  HENG_DLT645_F(RAW, 0, 0, UNKNOWN, UNKNOWN, reason)
#define HENG_DLT645_COUNT(fields) (sizeof(fields) / sizeof((fields)[0]))

/* The plan of a data identifier with so many bytes behind it; false for one that we do not know. */
bool heng_dlt645_plan_2007(uint32_t di, size_t bytes, struct heng_dlt645_plan *ret);
bool heng_dlt645_plan_1997(uint32_t di, size_t bytes, struct heng_dlt645_plan *ret);

/* Parts of 2007: 00 energy, 01 demand, 05 freezes; 03, 10..21 events. The third takes the row of an identifier. */
bool heng_dlt645_plan_energy(uint32_t di, struct heng_dlt645_plan *ret);
bool heng_dlt645_plan_event(uint32_t di, size_t bytes, struct heng_dlt645_plan *ret);
bool heng_dlt645_plan_rows(const struct heng_dlt645_row *rows, size_t count, uint32_t di, struct heng_dlt645_plan *ret);

/* The rows of each edition, sorted: for the test that looks for doubles. */
const struct heng_dlt645_row *heng_dlt645_rows_2007(size_t *ret_count);
const struct heng_dlt645_row *heng_dlt645_rows_1997(size_t *ret_count);

/* The plan of any telegram but an OTHER: DI tables for data, fixed fields for commands and their answers. */
void heng_dlt645_plan(const struct heng_telegram *t, struct heng_dlt645_plan *ret);

/* Bits of status words 1..7, of the error byte, of the two error bytes of newer meters; relay actions; outputs. */
extern const struct heng_flag heng_dlt645_word1[], heng_dlt645_word2[], heng_dlt645_word3[], heng_dlt645_phase_word[],
    heng_dlt645_word7[], heng_dlt645_meter_word_1997[], heng_dlt645_errors[], heng_dlt645_long_errors[],
    heng_dlt645_actions[], heng_dlt645_outputs[];

/* The first field at or behind p in the load profile records that body holds: where it begins, in which block (from 1
 * on). NULL at the end, or where no block begins: *ret_at is NULL, or that place. */
const struct heng_dlt645_field *heng_dlt645_profile_field(struct heng_slice body, const uint8_t *p,
                                                          const uint8_t **ret_at, uint16_t *ret_block);

/* The names of the bits of word, "; " between them; returns ret_text. */
const char *heng_dlt645_flag_text(const struct heng_flag *flags, uint32_t word, char *ret_text, size_t cap);

#endif
