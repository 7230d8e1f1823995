#ifndef HENG_STORE_ARCHIVE_NOUNS_H
#define HENG_STORE_ARCHIVE_NOUNS_H
/* The rows of the archive: organisations, places, points, and what hangs on them. */
#include "store/store.h"

enum {
    HENG_NOTE_MAX = 256, /* bytes of texts, with NUL */
    HENG_POSITION_MAX = 32,
    HENG_ORIENTATION_MAX = 16,
    HENG_KIND_MAX = 16,
    HENG_SERVES_MAX = 16,
    HENG_GROUP_MAX = 64,
    HENG_NOMINAL_MAX = 64,
    HENG_TERMS_MAX = 1024,
    HENG_CHANNELS_MAX = 64,
    HENG_ACCURACY_MAX = 8,
};

struct heng_org {
    int64_t id;
    char key[HENG_KEY_MAX], name[HENG_NAME_MAX];
    heng_us closed_us; /* 0: open */
};

/* id 0: not known yet. org_id: given the place itself, 0: none. managed_by and place.path are derived. */
struct heng_archive_place {
    struct heng_place place;
    int64_t org_id, managed_by;
    bool has_floor;
    int64_t floor;
    char position[HENG_POSITION_MAX], orientation[HENG_ORIENTATION_MAX], note[HENG_NOTE_MAX];
    int64_t rank;
    heng_us closed_us;
};

/* main_id: the point whose meter measures this one with others, 0: none. */
struct heng_point {
    int64_t id, place_id, main_id;
    char key[HENG_KEY_MAX], name[HENG_NAME_MAX];
    heng_medium medium;
    bool is_virtual;
    char serves[HENG_SERVES_MAX], group[HENG_GROUP_MAX], nominal[HENG_NOMINAL_MAX];
    heng_us opened_us, closed_us;
};

struct heng_point_term {
    int64_t of_id, factor_num, factor_den;
};

/* Usage in multiples of 10^exp unit. */
struct heng_point_channel {
    int64_t id, tariff, exp, interval_minutes;
    heng_quantity quantity;
    heng_unit unit;
    bool main;
};

/* A meter, where it is now and how it is asked. installation_id, line_id 0: nowhere, on no line. visible: to the scope
 * that asked; the number of another's meter is taken, and that is all that may be said of it. */
struct heng_archive_device {
    struct heng_device device;
    int64_t installation_id, point_id, place_id, line_id, factor_num, factor_den, digits;
    heng_us from_us;
    char line[HENG_KEY_MAX], address[HENG_ADDRESS_MAX];
    int64_t schedule_id, relay_id, position;
    char schedule[HENG_NAME_MAX], relay[HENG_NAME_MAX];
    char accuracy[HENG_ACCURACY_MAX]; /* the class on its plate; "": not known */
    bool visible;
};

struct heng_past_installation {
    char number[HENG_NUMBER_MAX], manufacturer[HENG_MAKER_MAX];
    heng_us from_us, until_us;
    int64_t factor_num, factor_den, digits;
    heng_protocol protocol;
    char profile[HENG_MODEL_NAME_MAX];
};

struct heng_archive_line {
    int64_t id;
    char key[HENG_KEY_MAX];
    struct heng_line_config config;
    char gateway[HENG_KEY_MAX], org[HENG_KEY_MAX];
    int64_t org_id;
};

struct heng_archive_gateway {
    int64_t id;
    char key[HENG_KEY_MAX], name[HENG_NAME_MAX], parent[HENG_KEY_MAX], org[HENG_KEY_MAX];
    int64_t journal_bytes, journal_days, org_id;
};

#endif
