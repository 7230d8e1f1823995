/* The tree of M-Bus selections. A node is a selection, its children set one more part of it:
 *
 *   axis              children
 *   ID + 0..7         0..9, A..E; F is the wild card
 *   MEDIUM            the usual ones; all others where those do not tell two meters apart
 *   MANUFACTURER      those of the meters that are known already; then a list of others
 *   VERSION           the same; then 00..FE
 *   FABRICATION +0..7 0..9 of the enhanced selection. E comes first: what answers to that ignores the number
 *
 * Source of the selections: EN 13757-3:2013 clause 11; of the manufacturer codes: the list of the FLAG association. */
#include <stdio.h>

#include "line/search_kinds.h"

enum { DIGITS = 8, HEX_DIGITS = 15, FULL = 1000000 };

static const uint8_t usual_media[] = {0x04, 0x07, 0x06, 0x0C, 0x0D, 0x16, 0x15,
                                      0x0A, 0x0B, 0x03, 0x02, 0x08, 0x00, 0x0F};

static const char usual_makers[][4] = {"KAM", "LUG", "SON", "ABB", "ACW", "AMT", "APA", "APT", "AXI", "BMT", "DFS",
                                       "DME", "DWZ", "DZG", "EFE", "ELR", "ELS", "ELV", "EMH", "EMU", "ESY", "GAV",
                                       "GWF", "HYD", "INE", "ISK", "ITR", "JAN", "LGB", "LGZ", "LSE", "MAD", "MET",
                                       "MID", "NZR", "PAD", "QDS", "QUN", "RAM", "REL", "SBC", "SEN", "SIE", "SLB",
                                       "SPX", "SVM", "TCH", "TPL", "WEH", "ZEN", "ZRI", "ZRM"};

static bool is_fabrication(unsigned axis) { return axis >= HENG_AXIS_FABRICATION; }

/* --- candidates ------------------------------------------------------------------------------------------ */

static void add(struct heng_search_candidates *c, uint16_t value)
{
    for (unsigned i = 0; i < c->n; i++)
        if (c->values[i] == value) return;
    if (c->n < HENG_SEARCH_CANDIDATES_MAX) c->values[c->n++] = value;
}

static uint16_t part_of(const uint8_t wire[8], unsigned axis)
{
    if (axis == HENG_AXIS_MEDIUM) return wire[7];
    if (axis == HENG_AXIS_VERSION) return wire[6];
    return (uint16_t)(wire[4] | wire[5] << 8);
}

/* What the meters say that were found, or should be there. */
static void add_seen(const struct heng_search *search, unsigned axis, struct heng_search_candidates *c)
{
    uint16_t wild = axis == HENG_AXIS_MANUFACTURER ? 0xFFFF : 0xFF;
    for (size_t i = 0; i < search->told_count; i++)
        if (part_of(search->told[i].wire, axis) != wild) add(c, part_of(search->told[i].wire, axis));
    for (size_t i = 0; i < search->known_count; i++)
        if (search->known[i].has_wire && part_of(search->known[i].wire, axis) != wild)
            add(c, part_of(search->known[i].wire, axis));
}

static struct heng_search_candidates *candidates_of(struct heng_search_secondary *s, unsigned axis)
{
    return &s->candidates[axis - HENG_AXIS_MEDIUM];
}

static void gather(struct heng_search *search, unsigned axis)
{
    struct heng_search_candidates *c = candidates_of(&search->secondary, axis);
    c->n = 0;
    if (axis == HENG_AXIS_MEDIUM)
        for (size_t i = 0; i < sizeof usual_media; i++) add(c, usual_media[i]);
    add_seen(search, axis, c);
    c->likely = c->n;
    if (axis == HENG_AXIS_MANUFACTURER) {
        for (size_t i = 0; i < sizeof usual_makers / sizeof usual_makers[0]; i++) {
            const char *m = usual_makers[i];
            unsigned bits = (unsigned)(m[0] - '@') << 10 | (unsigned)(m[1] - '@') << 5 | (unsigned)(m[2] - '@');
            add(c, (uint16_t)bits);
        }
    } else {
        for (uint16_t value = 0; value < 0xFF; value++) add(c, value);
    }
}

/* --- nodes ----------------------------------------------------------------------------------------------- */

/* What child number `child` of a level sets; false: there is no such child any more. */
static bool child_value(const struct heng_search_secondary *s, const struct heng_search_level *level, unsigned child,
                        uint16_t *ret)
{
    *ret = (uint16_t)child;
    if (level->axis < DIGITS) return child < (level->shadow ? 10u : HEX_DIGITS);
    if (is_fabrication(level->axis)) {
        bool tests = level->axis == HENG_AXIS_FABRICATION;
        *ret = tests ? (uint16_t)(child ? child - 1 : 0x0E) : (uint16_t)child;
        return child < (tests ? 11u : 10u);
    }
    const struct heng_search_candidates *c = &s->candidates[level->axis - HENG_AXIS_MEDIUM];
    if (child >= c->n || (child >= c->likely && level->explained >= 2)) return false;
    *ret = c->values[child];
    return true;
}

static void set_part(struct heng_search_mask *mask, unsigned axis, uint16_t value)
{
    if (axis < DIGITS) {
        heng_search_set_digit(mask->wire, axis, (uint8_t)value);
    } else if (is_fabrication(axis)) {
        mask->enhanced = true;
        mask->fabrication[axis - HENG_AXIS_FABRICATION] = (uint8_t)value;
    } else if (axis == HENG_AXIS_MANUFACTURER) {
        mask->wire[4] = (uint8_t)value;
        mask->wire[5] = (uint8_t)(value >> 8);
    } else {
        mask->wire[axis == HENG_AXIS_MEDIUM ? 7 : 6] = (uint8_t)value;
    }
}

void heng_walk_mask(const struct heng_search_secondary *s, struct heng_search_mask *ret)
{
    uint16_t value;
    *ret = s->base;
    for (unsigned i = 0; i < s->depth; i++) {
        const struct heng_search_level *level = &s->levels[i];
        if (level->child != HENG_CHILD_OPEN && child_value(s, level, level->child, &value))
            set_part(ret, level->axis, value);
    }
}

void heng_walk_place(const struct heng_search_secondary *s, char ret_text[9])
{
    unsigned n = 0;
    while (n < s->depth && s->levels[n].axis == n && n < DIGITS) {
        ret_text[n] = "0123456789ABCDE"[s->levels[n].child % HEX_DIGITS];
        n++;
    }
    ret_text[n] = '\0';
}

uint32_t heng_walk_permille(const struct heng_search_secondary *s)
{
    uint32_t done = 0, width = FULL;
    for (unsigned i = 0; i < s->depth && s->levels[i].axis == i && i < 6; i++) {
        uint32_t child = s->levels[i].child;
        width /= 10;
        done += width * (child < 10 ? child : 10);
        if (child >= 10) break; /* letters: nobody is expected there */
    }
    return done / (FULL / 1000);
}

static void push(struct heng_search_secondary *s, unsigned axis)
{
    s->levels[s->depth++] = (struct heng_search_level){.axis = (uint8_t)axis};
}

/* Is this part of the selection still open? */
static bool is_open(const struct heng_search_mask *mask, unsigned axis)
{
    if (axis < DIGITS) return heng_search_digit(mask->wire, axis) == 0x0F;
    if (is_fabrication(axis)) return mask->fabrication[axis - HENG_AXIS_FABRICATION] == 0x0F;
    if (axis == HENG_AXIS_MANUFACTURER) return mask->wire[4] == 0xFF && mask->wire[5] == 0xFF;
    return mask->wire[axis == HENG_AXIS_MEDIUM ? 7 : 6] == 0xFF;
}

/* The next level, before its first child; false: nothing is open. */
static bool push_next(struct heng_search *search)
{
    struct heng_search_secondary *s = &search->secondary;
    struct heng_search_mask mask;
    heng_walk_mask(s, &mask);
    unsigned axis = s->depth ? s->levels[s->depth - 1].axis + 1u : 0;
    while (axis < HENG_AXIS_COUNT && !is_open(&mask, axis)) axis++;
    if (axis == HENG_AXIS_COUNT) return false;
    if (axis >= HENG_AXIS_MEDIUM && !is_fabrication(axis)) gather(search, axis);
    push(s, axis);
    return true;
}

/* Children are counted up before they are looked at: so a new level stands before its first one. */
static void before_first(struct heng_search_secondary *s) { s->levels[s->depth - 1].child = (uint16_t)-2; }

bool heng_walk_split(struct heng_search *search)
{
    if (!push_next(search)) return false;
    before_first(&search->secondary);
    return true;
}

void heng_walk_split_shadow(struct heng_search_secondary *s, const uint8_t under[8])
{
    unsigned axis = s->depth ? s->levels[s->depth - 1].axis + 1u : 0;
    if (axis >= DIGITS || s->depth == HENG_AXIS_COUNT) return;
    push(s, axis);
    struct heng_search_level *level = &s->levels[s->depth - 1];
    level->shadow = true;
    memcpy(level->under, under, sizeof level->under);
    before_first(s);
}

/* The next child of the top level that is worth a question. *ret_deeper: it need not be asked, but split. */
static bool next_child(struct heng_search_secondary *s, bool *ret_deeper)
{
    struct heng_search_level *level = &s->levels[s->depth - 1];
    uint16_t value;
    *ret_deeper = false;
    for (;;) {
        level->child = level->child == (uint16_t)-2 ? 0 : (uint16_t)(level->child + 1);
        if (!child_value(s, level, level->child, &value)) return false;
        if (!level->shadow) return true;
        /* A wire AND: only ones of the other meter can vanish, so its digit has all the ones of the visible one. */
        uint8_t digit = heng_search_digit(level->under, level->axis);
        *ret_deeper = value == digit && level->axis + 1 < DIGITS;
        if (*ret_deeper || (value != digit && (value & digit) == digit)) return true;
    }
}

/* Nothing on this axis answered, but somebody is there: leave it open and go on with the next one. */
static bool leave_open(struct heng_search *search)
{
    struct heng_search_secondary *s = &search->secondary;
    struct heng_search_level *level = &s->levels[s->depth - 1];
    if (level->axis < HENG_AXIS_MEDIUM || is_fabrication(level->axis) || level->explained) return false;
    level->child = HENG_CHILD_OPEN;
    return heng_walk_split(search);
}

/* Did the meters of one full id answer to no fabrication number, or all to one that cannot be? */
static bool ignores_number(const struct heng_search_level *level)
{
    return level->axis == HENG_AXIS_FABRICATION && level->child == 0 && level->explained > 0;
}

bool heng_walk_next(struct heng_search *search, bool *ret_twin, struct heng_search_mask *ret_mask)
{
    struct heng_search_secondary *s = &search->secondary;
    bool deeper;
    *ret_twin = false;
    while (s->depth) {
        struct heng_search_level *level = &s->levels[s->depth - 1];
        bool open = level->child == HENG_CHILD_OPEN, ignored = !open && ignores_number(level);
        if (!open && !ignored && next_child(s, &deeper)) {
            if (!deeper) return true;
            uint8_t under[8];
            memcpy(under, level->under, sizeof under);
            heng_walk_split_shadow(s, under);
            continue;
        }
        if (!open && leave_open(search)) continue;
        bool unexplained = ignored || (is_fabrication(level->axis) && !level->explained);
        s->depth--;
        if (unexplained && !*ret_twin) {
            *ret_twin = true;
            heng_walk_mask(s, ret_mask);
        }
    }
    return false;
}
