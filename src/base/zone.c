#include "base/zone.h"

#include <stdio.h>
#include <stdlib.h>

/* A TZif file (RFC 8536; version 4: RFC 9636), all numbers big-endian:
 *
 *   offset size  meaning
 *    0      4    "TZif"
 *    4      1    version: 0, '2', '3', '4'
 *    5     15    reserved
 *   20    6x4    counts: isut, isstd, leap, time, type, char
 *   44      .    times (time x 4 bytes), type of each (time x 1), types (type x 6: offset 4, is_dst 1, name 1), names
 *                (char x 1), leap seconds (leap x 8), isstd x 1, isut x 1
 *
 * From version 2 on the same comes once more, header included, with times of 8 bytes and leap seconds of 12, and behind
 * it a line feed, the rule for the time behind the table ("CET-1CEST,M3.5.0,M10.5.0/3"), a line feed. */
enum { HEADER_BYTES = 44, TYPE_BYTES = 6, FILE_BYTES_MAX = 65536, TYPES_MAX = 256, TIMES_MAX = 6000 };
enum { NAME_MAX_BYTES = 64, RULE_TEXT_MAX = 128 };
enum { DAY_S = 86400, HOUR_S = 3600, OFFSET_MAX_S = 26 * HOUR_S };

#define ZONES_FOLDER "/usr/share/zoneinfo/"

/* The calendar comes back, weekdays and all, after so many seconds. */
#define ERA_S (INT64_C(146097) * DAY_S)

/* One change of clocks in a year: on a day, at a time of the wall clock that is valid until then. */
struct change {
    enum { JULIAN, DAY_OF_YEAR, WEEKDAY } kind; /* J1..365 without 29 February; 0..365; month, week 1..5, weekday */
    int month, week, day;
    int32_t time_s;
};

struct rule {
    bool present, has_dst;
    int32_t std_s, dst_s; /* ahead of UTC */
    struct change start, end;
};

struct heng_zone {
    char name[NAME_MAX_BYTES];
    struct rule rule;
    int32_t first_s; /* offset before the first time of the table */
    size_t count;
    struct {
        int64_t at_s;
        int32_t offset_s; /* from then on */
    } table[];
};

/* --- the file ------------------------------------------------------------------------------------------------- */

static uint64_t take_be(struct heng_reader *r, size_t n)
{
    uint64_t value = 0;
    for (size_t i = 0; i < n; i++) value = value << 8 | heng_reader_u8(r);
    return value;
}

/* A two's complement number without what C leaves open. */
static int64_t take_signed(struct heng_reader *r, size_t n)
{
    uint64_t value = take_be(r, n);
    if (n < 8 && value >> (8 * n - 1)) value |= UINT64_MAX << (8 * n);
    return value >> 63 ? -(int64_t)~value - 1 : (int64_t)value;
}

struct header {
    uint8_t version;
    uint32_t isut, isstd, leap, time, type, name;
};

static bool take_header(struct heng_reader *r, struct header *ret)
{
    bool magic = heng_slice_is(heng_reader_take(r, 4), "TZif");
    ret->version = heng_reader_u8(r);
    (void)heng_reader_take(r, 15);
    uint32_t *const counts[] = {&ret->isut, &ret->isstd, &ret->leap, &ret->time, &ret->type, &ret->name};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) *counts[i] = (uint32_t)take_be(r, 4);
    return magic && !r->failed;
}

/* How long the data behind a header are; counts have 32 bits, so the sum cannot overflow. */
static uint64_t data_bytes(const struct header *h, uint64_t time_bytes)
{
    return h->time * (time_bytes + 1) + (uint64_t)h->type * TYPE_BYTES + h->name + h->leap * (time_bytes + 4) +
           h->isstd + h->isut;
}

/* --- the rule ------------------------------------------------------------------------------------------------- */

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

static bool skip(const char **p, char c)
{
    if (**p != c) return false;
    (*p)++;
    return true;
}

/* A number of one to three digits between low and high. */
static bool take_number(const char **p, int low, int high, int *ret)
{
    int value = 0, digits = 0;
    for (; is_digit(**p) && digits < 4; (*p)++, digits++) value = value * 10 + (**p - '0');
    *ret = value;
    return digits > 0 && value >= low && value <= high;
}

/* "CET", or "<+08>" where it is not letters alone. */
static bool take_designation(const char **p)
{
    int n = 0;
    if (skip(p, '<')) {
        for (; is_letter(**p) || is_digit(**p) || **p == '+' || **p == '-'; (*p)++) n++;
        return n >= 3 && skip(p, '>');
    }
    for (; is_letter(**p); (*p)++) n++;
    return n >= 3;
}

/* [+-]h[h[h]][:mm[:ss]] in seconds. */
static bool take_time(const char **p, int hours_max, int32_t *ret)
{
    int sign = skip(p, '-') ? -1 : 1, hours = 0, minutes = 0, seconds = 0;
    if (sign > 0) (void)skip(p, '+');
    if (!take_number(p, 0, hours_max, &hours)) return false;
    if (skip(p, ':')) {
        if (!take_number(p, 0, 59, &minutes)) return false;
        if (skip(p, ':') && !take_number(p, 0, 59, &seconds)) return false;
    }
    *ret = sign * (hours * HOUR_S + minutes * 60 + seconds);
    return true;
}

/* Jn, n or Mm.w.d, and perhaps /time. */
static bool take_change(const char **p, struct change *ret)
{
    bool good = skip(p, ',');
    if (skip(p, 'J')) {
        ret->kind = JULIAN;
        good = good && take_number(p, 1, 365, &ret->day);
    } else if (skip(p, 'M')) {
        ret->kind = WEEKDAY;
        good = good && take_number(p, 1, 12, &ret->month) && skip(p, '.') && take_number(p, 1, 5, &ret->week) &&
               skip(p, '.') && take_number(p, 0, 6, &ret->day);
    } else {
        ret->kind = DAY_OF_YEAR;
        good = good && take_number(p, 0, 365, &ret->day);
    }
    ret->time_s = 2 * HOUR_S;
    return good && (!skip(p, '/') || take_time(p, 167, &ret->time_s));
}

/* The whole text, nothing behind it. POSIX counts offsets westward: "CST-8" is eight hours ahead of UTC. */
static bool parse_rule(const char *p, struct rule *ret)
{
    int32_t west = 0;
    if (!take_designation(&p) || !take_time(&p, 24, &west)) return false;
    *ret = (struct rule){.present = true, .std_s = -west, .dst_s = -west + HOUR_S};
    if (*p == '\0') return true;
    ret->has_dst = true;
    if (!take_designation(&p)) return false;
    if (*p != ',') {
        if (!take_time(&p, 24, &west)) return false;
        ret->dst_s = -west;
    }
    return take_change(&p, &ret->start) && take_change(&p, &ret->end) && *p == '\0';
}

/* --- making one ----------------------------------------------------------------------------------------------- */

static struct heng_zone *make(const char *name, size_t count)
{
    struct heng_zone *zone = calloc(1, sizeof *zone + count * sizeof zone->table[0]);
    if (zone) snprintf(zone->name, sizeof zone->name, "%s", name);
    return zone;
}

/* Times and types of a data block into the zone; false for a table that cannot be. */
static bool take_table(struct heng_reader *r, const struct header *h, size_t time_bytes, struct heng_zone *zone)
{
    struct heng_reader at = heng_reader_of(heng_reader_take(r, h->time * time_bytes));
    struct heng_reader index = heng_reader_of(heng_reader_take(r, h->time));
    struct heng_reader type = heng_reader_of(heng_reader_take(r, (size_t)h->type * TYPE_BYTES));
    int64_t offsets[TYPES_MAX] = {0};
    for (uint32_t i = 0; i < h->type; i++) {
        offsets[i] = take_signed(&type, 4);
        if (offsets[i] > OFFSET_MAX_S || offsets[i] < -OFFSET_MAX_S) return false;
        (void)heng_reader_take(&type, 2);
    }
    zone->first_s = (int32_t)offsets[0];
    for (zone->count = 0; zone->count < h->time; zone->count++) {
        uint8_t which = heng_reader_u8(&index);
        zone->table[zone->count].at_s = take_signed(&at, time_bytes);
        zone->table[zone->count].offset_s = (int32_t)offsets[which];
        if (which >= h->type) return false;
        if (zone->count && zone->table[zone->count].at_s <= zone->table[zone->count - 1].at_s) return false;
    }
    return true;
}

/* The rule between two line feeds; none is none. */
static bool take_footer(struct heng_reader *r, struct rule *ret)
{
    char text[RULE_TEXT_MAX];
    size_t n = 0;
    if (heng_reader_u8(r) != '\n') return false;
    for (;;) {
        uint8_t byte = heng_reader_u8(r);
        if (r->failed || byte == '\0' || n + 1 >= sizeof text) return false;
        if (byte == '\n') break;
        text[n++] = (char)byte;
    }
    text[n] = '\0';
    return n == 0 || parse_rule(text, ret);
}

static heng_rc damaged(const char *name, const char *what, size_t at, struct heng_err *err)
{
    return heng_fail(err, HENG_EFORMAT, (uint32_t)at, "the file of time zone '%.40s' is damaged: %s", name, what);
}

heng_rc heng_zone_parse(const char *name, struct heng_slice bytes, struct heng_zone **ret, struct heng_err *err)
{
    struct heng_reader r = heng_reader_of(bytes);
    struct header h;
    size_t time_bytes = 4;
    if (bytes.n > FILE_BYTES_MAX) return damaged(name, "it is too long", FILE_BYTES_MAX, err);
    if (!take_header(&r, &h)) return damaged(name, "it does not begin as a TZif file", 0, err);
    if (h.version) {
        if (data_bytes(&h, time_bytes) > heng_reader_left(&r)) return damaged(name, "it is cut off", bytes.n, err);
        (void)heng_reader_take(&r, (size_t)data_bytes(&h, time_bytes));
        if (!take_header(&r, &h)) return damaged(name, "its second part is missing", heng_reader_offset(&r), err);
        time_bytes = 8;
    }
    if (data_bytes(&h, time_bytes) > heng_reader_left(&r)) return damaged(name, "it is cut off", bytes.n, err);
    if (h.type == 0 || h.type > TYPES_MAX || h.time > TIMES_MAX)
        return damaged(name, "it has no types of time, or too many", heng_reader_offset(&r), err);
    if (h.leap) return damaged(name, "it counts leap seconds, which UTC here does not", heng_reader_offset(&r), err);

    struct heng_zone *zone = make(name, h.time);
    if (!zone) return heng_fail(err, HENG_ENOMEM, 0, "no memory for time zone '%.40s'", name);
    if (!take_table(&r, &h, time_bytes, zone)) {
        heng_zone_free(zone);
        return damaged(name, "its table cannot be", heng_reader_offset(&r), err);
    }
    (void)heng_reader_take(&r, (size_t)h.name + h.isstd + h.isut);
    if (h.version && !take_footer(&r, &zone->rule)) {
        heng_zone_free(zone);
        return damaged(name, "the rule at its end cannot be", heng_reader_offset(&r), err);
    }
    *ret = zone;
    return HENG_OK;
}

/* Letters, digits, '_', '+' and '-' between single strokes: nothing that leads out of the folder. */
static bool is_zone_name(const char *name)
{
    size_t n = 0;
    char before = '/';
    for (; name[n] && n < NAME_MAX_BYTES; before = name[n++]) {
        char c = name[n];
        if (c == '/' ? before == '/' : !is_letter(c) && !is_digit(c) && c != '_' && c != '+' && c != '-') return false;
    }
    return n > 0 && n < NAME_MAX_BYTES && before != '/';
}

heng_rc heng_zone_open(const char *name, struct heng_zone **ret, struct heng_err *err)
{
    if (!is_zone_name(name))
        return heng_fail(err, HENG_ECONFIG, 0, "'%.40s' is not the name of a time zone: write it as in 'Asia/Shanghai'",
                         name);
    if (strcmp(name, "UTC") == 0) {
        *ret = make(name, 0);
        return *ret ? HENG_OK : heng_fail(err, HENG_ENOMEM, 0, "no memory for time zone '%s'", name);
    }
    char path[sizeof ZONES_FOLDER + NAME_MAX_BYTES];
    snprintf(path, sizeof path, ZONES_FOLDER "%s", name);
    FILE *file = fopen(path, "rbe");
    uint8_t *bytes = malloc(FILE_BYTES_MAX + 1);
    heng_rc rc;
    if (!bytes) {
        rc = heng_fail(err, HENG_ENOMEM, 0, "no memory for time zone '%.40s'", name);
        goto out;
    }
    size_t n = file ? fread(bytes, 1, FILE_BYTES_MAX + 1, file) : 0;
    if (!file || ferror(file)) {
        rc = heng_fail(err, HENG_ECONFIG, 0,
                       "there is no time zone '%.40s' in " ZONES_FOLDER ": package tzdata has them", name);
        goto out;
    }
    rc = heng_zone_parse(name, heng_slice_of(bytes, n), ret, err);
out:
    if (file) fclose(file);
    free(bytes);
    return rc;
}

void heng_zone_free(struct heng_zone *zone) { free(zone); }

const char *heng_zone_name(const struct heng_zone *zone) { return zone ? zone->name : "UTC"; }

/* --- from UTC to local ---------------------------------------------------------------------------------------- */

static int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }

/* The midnight with which a day begins, as seconds since 1970, both by the wall clock. */
static int64_t midnight(int year, int month, int day)
{
    struct heng_civil c = {(int16_t)year, (uint8_t)month, (uint8_t)day, 0, 0, 0};
    return heng_civil_to_us(&c) / HENG_US_PER_S;
}

/* When the change comes in a year, by the wall clock that it ends. */
static int64_t change_in(const struct change *change, int year)
{
    int64_t day = 0;
    switch (change->kind) {
    case JULIAN: {
        bool leap = midnight(year, 3, 1) - midnight(year, 2, 28) == 2 * DAY_S;
        day = midnight(year, 1, 1) + (change->day - 1 + (leap && change->day >= 60)) * (int64_t)DAY_S;
        break;
    }
    case DAY_OF_YEAR: day = midnight(year, 1, 1) + change->day * (int64_t)DAY_S; break;
    case WEEKDAY: {
        int64_t first = midnight(year, change->month, 1);
        int64_t weekday = (first / DAY_S + 4) % 7; /* 1970-01-01 was a Thursday; years here lie behind it */
        int64_t next = change->month == 12 ? midnight(year + 1, 1, 1) : midnight(year, change->month + 1, 1);
        day = first + (((change->day - weekday + 7) % 7) + (change->week - 1) * 7) * (int64_t)DAY_S;
        if (day >= next) day -= 7 * (int64_t)DAY_S; /* week 5 is the last one */
        break;
    }
    }
    return day + change->time_s;
}

struct step {
    int64_t at_s;
    int32_t offset_s;
};

/* The changes of the year of at_s and its neighbours, for a time may lie a week outside of its day. Where daylight
 * saving lasts all year, its end and its next start fall together; the start counts. */
enum { RULE_STEPS = 6 };
static void rule_steps(const struct rule *rule, int64_t at_s, struct step ret[static RULE_STEPS])
{
    int64_t era = floor_div(at_s - INT64_C(946684800), ERA_S) * ERA_S; /* from 2000-01-01 */
    int year = heng_us_to_civil((at_s - era) * HENG_US_PER_S).year;
    for (int i = 0; i < RULE_STEPS; i++) {
        bool start = i % 2;
        struct step step = {change_in(start ? &rule->start : &rule->end, year - 1 + i / 2) + era,
                            start ? rule->dst_s : rule->std_s};
        step.at_s -= start ? rule->std_s : rule->dst_s;
        int k = i;
        for (; k > 0 && (ret[k - 1].at_s > step.at_s || (ret[k - 1].at_s == step.at_s && !start)); k--)
            ret[k] = ret[k - 1];
        ret[k] = step;
    }
}

static int32_t rule_offset(const struct rule *rule, int64_t at_s)
{
    struct step steps[RULE_STEPS];
    if (!rule->has_dst) return rule->std_s;
    rule_steps(rule, at_s, steps);
    int i = RULE_STEPS - 1;
    while (i > 0 && steps[i].at_s > at_s) i--;
    return steps[i].offset_s;
}

/* How many entries of the table are at or before at_s. */
static size_t entries_until(const struct heng_zone *zone, int64_t at_s)
{
    size_t low = 0, high = zone->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (zone->table[middle].at_s <= at_s)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int32_t offset_at(const struct heng_zone *zone, int64_t at_s)
{
    size_t n = entries_until(zone, at_s);
    if (n == zone->count && zone->rule.present) return rule_offset(&zone->rule, at_s);
    return n ? zone->table[n - 1].offset_s : zone->first_s;
}

int32_t heng_zone_offset_s(const struct heng_zone *zone, heng_us at_us)
{
    return zone ? offset_at(zone, floor_div(at_us, HENG_US_PER_S)) : 0;
}

struct heng_civil heng_zone_civil(const struct heng_zone *zone, heng_us at_us)
{
    heng_us local_us = 0;
    if (__builtin_add_overflow(at_us, heng_zone_offset_s(zone, at_us) * HENG_US_PER_S, &local_us)) local_us = at_us;
    return heng_us_to_civil(local_us);
}

/* --- and back ------------------------------------------------------------------------------------------------- */

/* The first moment behind at_s at which the offset may change; INT64_MAX for never. */
static int64_t next_step(const struct heng_zone *zone, int64_t at_s)
{
    size_t n = entries_until(zone, at_s);
    if (n < zone->count) return zone->table[n].at_s;
    if (!zone->rule.has_dst) return INT64_MAX;
    struct step steps[RULE_STEPS];
    rule_steps(&zone->rule, at_s, steps);
    int i = 0;
    while (i < RULE_STEPS - 1 && steps[i].at_s <= at_s) i++;
    return steps[i].at_s > at_s ? steps[i].at_s : at_s + DAY_S;
}

heng_us heng_zone_us(const struct heng_zone *zone, const struct heng_civil *civil)
{
    heng_us as_utc_us = heng_civil_to_us(civil);
    if (!zone) return as_utc_us;
    /* The first moment at which the wall clock shows this time or a later one: step over the spans of equal offset,
     * from where it is earlier for sure. */
    int64_t local_s = floor_div(as_utc_us, HENG_US_PER_S), from_s = local_s - OFFSET_MAX_S;
    for (;;) {
        int64_t at_s = local_s - offset_at(zone, from_s), until_s = next_step(zone, from_s);
        if (at_s < from_s) at_s = from_s; /* the jump went over it */
        if (at_s < until_s) return at_s * HENG_US_PER_S;
        from_s = until_s;
    }
}
