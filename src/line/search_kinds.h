#ifndef HENG_LINE_SEARCH_KINDS_H
#define HENG_LINE_SEARCH_KINDS_H
/* What the kinds of search share, and what each of them remembers. Only for search*.c. */
#include "line/search.h"

/* The identity of an M-Bus meter as a select has it: 4 bytes of id, 2 of manufacturer, version, medium, low byte first
 * as on the wire; in a selection an F digit of the id or an FF byte fits all. fabrication: a digit each, F fits all;
 * enhanced: it is part of the select. */
struct heng_search_mask {
    uint8_t wire[8], fabrication[8];
    bool enhanced;
};

/* What a search knows of a meter: one of the list, or one that was found. */
struct heng_search_known {
    char address[HENG_ADDRESS_MAX], number[24];
    heng_medium medium;
    bool has_wire, found;
    uint8_t wire[8]; /* M-Bus: what to select, FF and F where the list says nothing */
};
/* Found by the search that this one resumes. */
struct heng_search_before {
    char address[HENG_ADDRESS_MAX], number[24];
    bool twin, again; /* again: found once more */
};
struct heng_search_told {
    bool known;
    uint8_t wire[8];                /* M-Bus secondary; unknown bytes FF */
    uint8_t fabrication[8];         /* digits; F where none was needed */
    char address[HENG_ADDRESS_MAX]; /* all other kinds */
};

/* The order in which a selection is narrowed: the eight digits, then what tells meters of one id apart. */
enum {
    HENG_AXIS_ID = 0,
    HENG_AXIS_MEDIUM = 8,
    HENG_AXIS_MANUFACTURER,
    HENG_AXIS_VERSION,
    HENG_AXIS_FABRICATION,
    HENG_AXIS_COUNT = HENG_AXIS_FABRICATION + 8
};

/* A selection that is being split: along which axis, and which child it is at. */
struct heng_search_level {
    uint8_t axis;
    uint16_t child;     /* HENG_CHILD_OPEN: the axis told nothing apart and is left a wild card */
    uint16_t explained; /* meters that its children have shown, at least; a child that is split counts for two */
    bool shadow;        /* only children that the meter in `under` could have hidden are asked */
    uint8_t under[8];
};

enum { HENG_SEARCH_CANDIDATES_MAX = 320, HENG_CHILD_OPEN = UINT16_MAX };

/* What to try on an axis: the likely ones, and the others while two meters are not told apart. */
struct heng_search_candidates {
    uint16_t values[HENG_SEARCH_CANDIDATES_MAX], n, likely;
};

/* M-Bus by secondary address; see search_secondary.c. */
struct heng_search_secondary {
    enum { HENG_SECONDARY_KNOWN, HENG_SECONDARY_WALK, HENG_SECONDARY_AGAIN, HENG_SECONDARY_END } phase;
    size_t known_at;
    struct heng_search_mask base; /* what the levels split */
    struct heng_search_level levels[HENG_AXIS_COUNT];
    uint8_t depth;
    struct heng_search_candidates candidates[3]; /* medium, manufacturer, version */
    bool noisy;                                  /* there was trouble: an answer that a repetition did not confirm */
    bool trouble;                                /* at this node */
    char noisy_from[9]; /* the place of the first trouble in the walk: before it silence was believed at once */
    /* the selection that is being judged */
    enum { HENG_STEP_SELECT, HENG_STEP_READ, HENG_STEP_EXACT, HENG_STEP_CONTROL } step;
    uint8_t silent, acks, mute, broken, odd, exact_silent, exact_broken, confirmed, control, given_up;
    bool fcb, has_candidate, candidate_sure, light;
    struct heng_search_found candidate;
    uint8_t candidate_wire[8];
};

/* Addresses one after another: M-Bus primary, Modbus. */
struct heng_search_row {
    unsigned first, at, last;
    uint8_t tries, broken;
    bool awake;
};

/* Address bytes with wild cards: CJ/T 188, DL/T 645; see search_wild.c. */
struct heng_search_wild {
    enum { HENG_WILD_KNOWN, HENG_WILD_WALK, HENG_WILD_END } phase;
    size_t known_at;
    uint8_t type_at;        /* CJ/T 188: which meter type is asked for */
    uint8_t bytes, depth;   /* of an address; so many of them are set, the low one first */
    uint8_t address[7];     /* 0..99 each */
    uint8_t silent, broken; /* of this question */
    uint8_t forms;          /* bits: these forms of the question were answered; 0: none yet */
    uint8_t form;           /* of the last question */
    uint8_t class_told[16]; /* CJ/T 188: meters of a type 1x, 2x ... that were told, up to 2 */
    char candidate[15];     /* answered alone once; "": nobody */
};

struct heng_search {
    heng_search_kind kind;
    bool known_only;
    struct heng_search_progress progress;
    size_t known_count, told_count, before_count;
    struct heng_search_known *known;
    struct heng_search_before *before;
    struct heng_search_told told[HENG_SEARCH_METERS_MAX];
    union {
        struct heng_search_secondary secondary;
        struct heng_search_row row;
        struct heng_search_wild wild;
    };
};

/* How far a search is with its list, at entry `at` of it: all of the work, or the part before it looks for others. */
uint32_t heng_search_list_permille(const struct heng_search *search, size_t at);

/* One more meter is told; false when it was told before, or there is no room. Marks it in the list of known ones. */
bool heng_search_tell(struct heng_search *search, const struct heng_search_told *told, struct heng_search_found *found);

/* Does the selection fit this identity? Both as on the wire. */
bool heng_search_fits(const uint8_t mask[8], const uint8_t wire[8]);

/* Digit i of the id, 0: the first one as printed. */
uint8_t heng_search_digit(const uint8_t wire[8], unsigned i);
void heng_search_set_digit(uint8_t wire[8], unsigned i, uint8_t digit);

/* --- walking the tree of selections (search_walk.c) --- */

/* What the current node selects. */
void heng_walk_mask(const struct heng_search_secondary *s, struct heng_search_mask *ret);
/* The digits of the id that are set along the way, as text. */
void heng_walk_place(const struct heng_search_secondary *s, char ret_text[9]);
uint32_t heng_walk_permille(const struct heng_search_secondary *s);
/* Split the current node along the next axis that its selection leaves open; false: there is none. */
bool heng_walk_split(struct heng_search *search);
/* Split the digits behind the current node, but only into what the meter `under` could have hidden. */
void heng_walk_split_shadow(struct heng_search_secondary *s, const uint8_t under[8]);
/* Go to the next node; false: the walk is over. *ret_twin: the last node held meters that nothing tells apart, and
 * *ret_mask says which. */
bool heng_walk_next(struct heng_search *search, bool *ret_twin, struct heng_search_mask *ret_mask);

/* The kinds. resume: false when the place cannot be. */
bool heng_secondary_begin(struct heng_search *search, const char *resume);
bool heng_secondary_next(struct heng_search *search, struct heng_ask *ret);
bool heng_secondary_heard(struct heng_search *search, heng_search_heard heard, const struct heng_telegram *telegram,
                          struct heng_search_found *ret_found);
void heng_secondary_place(const struct heng_search *search, struct heng_search_progress *ret);

bool heng_row_begin(struct heng_search *search, unsigned first, unsigned last, const char *resume);
bool heng_row_next(struct heng_search *search, struct heng_ask *ret);
bool heng_row_heard(struct heng_search *search, heng_search_heard heard, const struct heng_telegram *telegram,
                    struct heng_search_found *ret_found);
void heng_row_place(const struct heng_search *search, struct heng_search_progress *ret);

bool heng_wild_begin(struct heng_search *search, const char *resume);
bool heng_wild_next(struct heng_search *search, struct heng_ask *ret);
bool heng_wild_heard(struct heng_search *search, heng_search_heard heard, const struct heng_telegram *telegram,
                     struct heng_search_found *ret_found);
void heng_wild_place(const struct heng_search *search, struct heng_search_progress *ret);

#endif
