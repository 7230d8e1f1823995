#ifndef HENG_RATE_TARIFF_FORM_H
#define HENG_RATE_TARIFF_FORM_H
/* The JSON form of a tariff (docs/rating.md, docs/tariff.schema.json), and what is wrong with one. */
#include "base/arena.h"
#include "bill/form.h"
#include "rate/tariff.h"

/* One tariff at hand; texts and arrays live in the arena. What heng_tariff_check finds wrong is an error of the form.
 */
void heng_tariff_read(struct heng_form *form, struct heng_arena *arena, struct heng_tariff *ret);
/* The same without the check: heng tariff check shows all findings, not the first. */
void heng_tariff_read_unchecked(struct heng_form *form, struct heng_arena *arena, struct heng_tariff *ret);

/* A copy of the text at hand, NULL where it is null; and more room in an array of the arena. */
const char *heng_form_copy(struct heng_form *form, struct heng_arena *arena);
/* Room for item number count of an array that grows (items NULL at first). NULL: no memory, the form has failed. */
void *heng_form_grow(struct heng_form *form, struct heng_arena *arena, void *items, size_t count, size_t size,
                     size_t max);

enum { HENG_FINDING_PATH_MAX = 80, HENG_FINDING_TEXT_MAX = 160 };
struct heng_tariff_finding {
    bool is_error; /* else worth a look */
    char path[HENG_FINDING_PATH_MAX], text[HENG_FINDING_TEXT_MAX];
};
/* Overlaps, gaps, steps that nothing reaches, calendars with holes, units: up to cap findings, returns how many. */
size_t heng_tariff_check(const struct heng_tariff *tariff, struct heng_tariff_finding *ret, size_t cap);

#endif
