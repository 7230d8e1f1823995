#ifndef HENG_METER_PROFILE_H
#define HENG_METER_PROFILE_H
/* A meter model as a data file: how to recognise it, what to ask, what the answers mean, what it does its own way,
 * and frames that prove it. The files are in profiles/, their shape in profiles/profile.schema.json; all of them are
 * built into the library as well. */
#include "base/arena.h"
#include "codec/dialect.h"
#include "codec/telegram.h"

enum {
    HENG_PROFILE_NAME_MAX = 48,
    HENG_PROFILE_ASKS_MAX = 32,
    HENG_PROFILE_HISTORY_MAX = 8,
    HENG_HISTORY_BACK_MAX = 12,     /* so many due dates meters keep (1997: 2) */
    HENG_HISTORY_STEP_1997 = 0x400, /* 90xx now, 94xx last month, 98xx the one before; elsewhere 1 */
    HENG_PROFILE_BYTES_MAX = 1 << 18
};

/* One question of a conversation. */
struct heng_ask_def {
    uint32_t di;           /* CJ/T 188, DL/T 645: data identifier; Modbus: first register or coil */
    uint16_t count;        /* Modbus: registers or coils */
    uint8_t function_code; /* Modbus: 1..4; CJ/T 188: control code 01, 03, 09 or 21; 01 if not given */
    bool optional;         /* a refusal ("no such data"), or silence in all tries, leaves the conversation good */
};

/* X(symbol, text): in which order a CJ/T 188 meter wants its DI bytes. */
#define HENG_DI_ORDER_LIST(X)                                                                                          \
    X(LEARN, "learn")           /* try both, remember */                                                               \
    X(HIGH_FIRST, "high-first") /* 90 1F */                                                                            \
    X(LOW_FIRST, "low-first")   /* 1F 90 */

typedef enum heng_di_order {
#define X(symbol, text) HENG_DI_ORDER_##symbol,
    HENG_DI_ORDER_LIST(X)
#undef X
        HENG_DI_ORDER_COUNT
} heng_di_order;

/* Who fits the profile: every given condition must hold. A generic profile fits its protocol last; its conditions tell
 * it from the other generic ones (water, heat, gas). */
struct heng_recognition {
    char manufacturer[5];               /* M-Bus letters, or the CJ/T 188 vendor code (A6 A5) as 4 digits */
    uint8_t versions[8], version_count; /* M-Bus */
    uint8_t types[16], type_count;      /* CJ/T 188 T; M-Bus device type byte is `media` */
    heng_medium media[8];
    uint8_t medium_count;
    char id_prefix[13]; /* the printed number begins so */
};

/* A frame and what must come out of it. */
struct heng_profile_sample {
    struct heng_slice request, answer; /* request: Modbus only, else empty */
    const char *source;                /* where the frame is from; NULL: the profile's */
    const struct heng_profile_reading *readings;
    size_t reading_count;
    uint32_t line; /* of the file, for messages */
};
struct heng_profile_reading {
    heng_quantity quantity;
    heng_unit unit;
    heng_function function;
    uint64_t storage;
    uint32_t tariff, subunit;
    const char *qualifier; /* "" without */
    bool has_value;
    struct heng_dec value;
    const char *text;   /* value as text, date or word instead of a number; NULL without */
    const char *reason; /* has_value false: why; NULL: any reason */
};

struct heng_profile {
    char name[HENG_PROFILE_NAME_MAX]; /* "acrel-ddsy1352": a-z 0-9 - . */
    const char *title[3];             /* en, zh, de; en is always there, the others fall back to it */
    const char *source;               /* where the facts are from */
    uint32_t protocols;               /* bit 1 << heng_protocol */
    heng_medium medium;
    struct heng_recognition recognition;
    bool generic; /* fits its protocol when nothing better does */
    struct heng_ask_def asks[HENG_PROFILE_ASKS_MAX];
    size_t ask_count;
    /* CJ/T 188, DL/T 645: for the values of the last due date; for those before it 1 is added to each di (1997: 0400).
     * None: what the standard has. */
    struct heng_ask_def history[HENG_PROFILE_HISTORY_MAX];
    size_t history_count;
    uint32_t move_s;             /* valve or relay may take so long to move; 0: the protocol's */
    bool closes_relay;           /* DL/T 645: its relay is closed from afar; else that is only allowed, and a person
                                    presses its key */
    uint32_t baud;               /* 0: not told */
    char parity;                 /* 'E', 'N', 'O'; 0: not told */
    uint32_t answer_ms, idle_ms; /* 0: the protocol's */
    uint8_t tries;               /* 0: the line's */
    uint8_t preamble;            /* FE bytes in front of a request; 0xFF: the protocol's */
    heng_di_order di_order;
    bool application_reset; /* M-Bus: send CI 50 before reading */
    uint8_t telegrams_max;  /* M-Bus: 0: as many as the meter has */
    struct heng_dialect dialect;
    const struct heng_profile_sample *samples;
    size_t sample_count;
    struct heng_slice text; /* of a profile in a set: its file, to hand it on to a gateway */
};

/* Read one profile file.
 * Owns:   what *ret points to is the arena's.
 * Errors: EFORMAT, ERANGE, ELIMIT, ENOMEM: the text says what is wrong, where in the file (JSON path) and what is
 *         allowed; err->at = line number. Unknown members are errors: a typing mistake must not pass silently. */
HENG_NODISCARD heng_rc heng_profile_parse(struct heng_slice json, struct heng_arena *arena, struct heng_profile *ret,
                                          struct heng_err *err);

/* Run the samples of a profile: every stated reading must come out, with exactly that value, and nothing that is
 * measured may come out that is not stated. Errors: ECONFLICT, err->at = line number of the sample. */
HENG_NODISCARD heng_rc heng_profile_check(const struct heng_profile *profile, struct heng_err *err);

/* A set of profiles: the shipped ones and those of a site. */
struct heng_profiles {
    struct heng_arena arena;
    const struct heng_profile **items;
    size_t count, cap;
};

/* All profiles that are built in. Errors: ENOMEM. fini also after an error. */
HENG_NODISCARD heng_rc heng_profiles_init(struct heng_profiles *profiles, struct heng_err *err);
void heng_profiles_fini(struct heng_profiles *profiles);
/* Add one from a file's text. It stands last, also when it replaces one of its name. Errors: as heng_profile_parse. */
HENG_NODISCARD heng_rc heng_profiles_add(struct heng_profiles *profiles, struct heng_slice json, struct heng_err *err);
/* NULL when there is none of that name. */
const struct heng_profile *heng_profiles_find(const struct heng_profiles *profiles, const char *name);
/* The profile that fits what an answer says about itself: the one with most conditions, else the generic one of
 * the protocol, else NULL. A Modbus answer says nothing: generic. */
const struct heng_profile *heng_profiles_recognise(const struct heng_profiles *profiles,
                                                   const struct heng_telegram *telegram);

/* The built-in files, in the order of their names. */
struct heng_profile_file {
    const char *name; /* without .json */
    const char *json;
    size_t bytes;
};
extern const struct heng_profile_file heng_profile_files[];
extern const size_t heng_profile_file_count;

#endif
