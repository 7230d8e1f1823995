#ifndef HENG_ARCHIVE_NAMES_H
#define HENG_ARCHIVE_NAMES_H
/* Keys of points that were given none: the key of the place, the medium, and a number from the second on:
 * "b1-u1-101.heat", "b1-u1-101.heat-2". Inside of archive/ only. */
#include "store/archive.h"

/* "" where it would be too long for a key. medium: of the point. */
void archive_name_point(const char *place_key, heng_medium medium, unsigned nr, char ret[static HENG_KEY_MAX]);

/* The key of a point, or the one that stands for it. */
HENG_NODISCARD heng_rc archive_name_of(struct heng_store_reader *reader, const struct heng_archive_place *place,
                                       const struct heng_point *point, char ret[static HENG_KEY_MAX],
                                       struct heng_err *err);

/* The point without a key that a name stands for, in the scope. Errors: ENOTFOUND. */
HENG_NODISCARD heng_rc archive_named_point(struct heng_store_reader *reader, int64_t scope, const char *name,
                                           struct heng_point *ret, struct heng_err *err);

/* What stands in the place of a term that who asks may not see, in each language. */
bool archive_is_hidden(const char *text);

#endif
