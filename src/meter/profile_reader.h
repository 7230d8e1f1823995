#ifndef HENG_METER_PROFILE_READER_H
#define HENG_METER_PROFILE_READER_H
/* Reading a profile file: values with their limits, and an error that names its place. Private to meter/.
 *
 * The place is kept while reading ("fields[3].unit"); the first error freezes it. All functions may be called after an
 * error and do nothing then, so a caller checks once, at the end. */
#include "base/json_reader.h"
#include "meter/profile.h"

enum {
    HENG_PROFILE_PATH_MAX = 2 * HENG_JSON_DEPTH_MAX,
    HENG_PROFILE_FIELDS_MAX = 256,
    HENG_PROFILE_RULES_MAX = 64,
    HENG_PROFILE_SAMPLES_MAX = 16,
    HENG_PROFILE_READINGS_MAX = 256,
    HENG_PROFILE_FRAME_MAX = 600, /* bytes of a sample */
    HENG_PROFILE_TEXT_MAX = 600,  /* of "source" */
};

struct heng_profile_reader {
    struct heng_json_reader json;
    struct heng_arena *arena;
    uint32_t protocols; /* bit 1 << heng_protocol: known before anything else is read */
    struct {
        const char *key; /* NULL: an index */
        size_t index;
    } path[HENG_PROFILE_PATH_MAX];
    unsigned depth;
};

/* The members of one object: which there are and which have been seen. */
struct heng_profile_members {
    const char *const *names;
    size_t count; /* <= 32 */
    uint32_t seen;
    bool inside; /* one of them is being read */
};

#define HENG_PROFILE_MEMBERS(list)                                                                                     \
    ((struct heng_profile_members){.names = (list), .count = sizeof(list) / sizeof *(list)})

/* Open an object, then take its members one by one: the index of the next one's name, -1 at the end or after an error.
 * Unknown and repeated members are errors. */
void heng_profile_open(struct heng_profile_reader *r);
int heng_profile_member(struct heng_profile_reader *r, struct heng_profile_members *members);
/* Every member of the mask must have been there. */
void heng_profile_require(struct heng_profile_reader *r, const struct heng_profile_members *members, uint32_t mask);

/* Open an array of at most max items and take room for them from the arena; returns how many there are (0 after an
 * error). Then heng_profile_item once before each item and once more to close it. */
size_t heng_profile_array(struct heng_profile_reader *r, size_t max, size_t item_size, void **ret_items);
bool heng_profile_item(struct heng_profile_reader *r, size_t index);

/* One value each. max counts characters. */
void heng_profile_text(struct heng_profile_reader *r, char *ret_text, size_t cap);
const char *heng_profile_keep(struct heng_profile_reader *r,
                              size_t max); /* not empty, in the arena; "" after an error */
uint64_t heng_profile_hex(struct heng_profile_reader *r, unsigned min_digits, unsigned max_digits,
                          unsigned *ret_digits);
struct heng_slice heng_profile_bytes(struct heng_profile_reader *r, size_t max);
struct heng_dec heng_profile_decimal(struct heng_profile_reader *r);
heng_medium heng_profile_medium(struct heng_profile_reader *r);
heng_quantity heng_profile_quantity(struct heng_profile_reader *r);
heng_function heng_profile_function(struct heng_profile_reader *r);
/* "" allowed. numbered: with "#2" behind it, which is ours to give to the second of two equal registers. */
const char *heng_profile_qualifier(struct heng_profile_reader *r, bool numbered);
/* A decimal as factor x 10^exp. */
void heng_profile_scale(struct heng_profile_reader *r, int32_t *ret_factor, int8_t *ret_exp);

void heng_profile_refuse(struct heng_profile_reader *r, heng_rc rc, const char *fmt, ...) HENG_PRINTF(3, 4);
static inline bool heng_profile_failed(const struct heng_profile_reader *r) { return r->json.err.rc != HENG_OK; }

/* Units as people write them: those of the model, and multiples of them. 1 `text` = factor x 10^exp `unit`. */
struct heng_profile_unit {
    const char *text;
    heng_unit unit;
    int8_t exp;
    int16_t factor;
};
const struct heng_profile_unit *heng_profile_unit_of(const char *text); /* NULL when it is none */
const struct heng_profile_unit *heng_profile_unit(struct heng_profile_reader *r);
/* What is wrong with a quantity in a unit, NULL when nothing is: the units that it can have. */
const char *heng_profile_unit_clash(heng_quantity quantity, heng_unit unit);
/* Whether a value of one quantity can be one of the other as well, in whatever unit it is. */
bool heng_profile_units_meet(heng_quantity a, heng_quantity b);

/* Where asks and fields stand in the file, for messages about what is seen only at its end. */
struct heng_profile_lines {
    uint32_t asks[HENG_PROFILE_ASKS_MAX], history;
    uint32_t *fields; /* in the arena */
};

/* The parts of a profile; each reads one member of the file. */
void heng_profile_read_asks(struct heng_profile_reader *r, struct heng_profile *profile,
                            uint32_t ret_lines[static HENG_PROFILE_ASKS_MAX]);
void heng_profile_read_history(struct heng_profile_reader *r, struct heng_profile *profile);
void heng_profile_read_fields(struct heng_profile_reader *r, struct heng_dialect *dialect, uint32_t **ret_lines);
void heng_profile_read_rules(struct heng_profile_reader *r, struct heng_dialect *dialect);
void heng_profile_read_samples(struct heng_profile_reader *r, struct heng_profile *profile);
/* Fields against asks and all of them among themselves, before they are sorted: ECONFLICT. */
void heng_profile_check_whole(struct heng_profile_reader *r, const struct heng_profile *profile,
                              const struct heng_profile_lines *lines);

enum {
    HENG_PROFILE_MODBUS = 1 << HENG_PROTOCOL_MODBUS_RTU | 1 << HENG_PROTOCOL_MODBUS_TCP,
    HENG_PROFILE_DLT645 = 1 << HENG_PROTOCOL_DLT645_2007 | 1 << HENG_PROTOCOL_DLT645_1997,
};
static inline bool heng_profile_is_number(heng_coding coding)
{
    return coding == HENG_CODING_BCD || coding == HENG_CODING_BCD_SIGNED || coding == HENG_CODING_UNSIGNED ||
           coding == HENG_CODING_SIGNED || coding == HENG_CODING_FLOAT;
}
static inline bool heng_profile_is(const struct heng_profile_reader *r, uint32_t protocols)
{
    return (r->protocols & protocols) != 0;
}

#endif
