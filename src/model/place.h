#ifndef HENG_MODEL_PLACE_H
#define HENG_MODEL_PLACE_H
/* What a place can be. The words are the identifiers of files and database; archive/columns.c has them in the languages
 * of people. */
#include <stdbool.h>

#define HENG_PLACE_KINDS "area, building, unit, floor, household, shop, room, station, plant, other"

bool heng_place_kind_is(const char *text);

#endif
