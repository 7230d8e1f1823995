#ifndef HENG_STORE_ARCHIVE_PLACES_H
#define HENG_STORE_ARCHIVE_PLACES_H
/* Organisations and places (archive.c). */
#include "store/archive_nouns.h"

/* ---- organisations ---- */
HENG_NODISCARD heng_rc heng_archive_put_org(struct heng_store *store, struct heng_org *org, struct heng_err *err);
HENG_NODISCARD heng_rc heng_archive_find_org(struct heng_store_reader *reader, int64_t scope, const char *key,
                                             struct heng_org *ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_archive_list_orgs(struct heng_store_reader *reader, int64_t scope, int64_t after_id,
                                              struct heng_org *ret, size_t cap, size_t *ret_n, struct heng_err *err);

/* ---- places ---- */
HENG_NODISCARD heng_rc heng_archive_get_place(struct heng_store_reader *reader, int64_t scope, int64_t id,
                                              struct heng_archive_place *ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_archive_find_place(struct heng_store_reader *reader, int64_t scope, const char *key,
                                               struct heng_archive_place *ret, struct heng_err *err);
/* The open one of a name right below parent_id (0: a root). */
HENG_NODISCARD heng_rc heng_archive_named_place(struct heng_store_reader *reader, int64_t scope, int64_t parent_id,
                                                const char *name, struct heng_archive_place *ret, struct heng_err *err);
/* Those right below parent_id by rank and id, behind `after` (NULL: from the first). parent_id 0: where the part of the
 * scope begins. */
HENG_NODISCARD heng_rc heng_archive_list_places(struct heng_store_reader *reader, int64_t scope, int64_t parent_id,
                                                const struct heng_archive_place *after, struct heng_archive_place *ret,
                                                size_t cap, size_t *ret_n, struct heng_err *err);
/* Insert (id 0) or change; path, manager and words of it and what is below follow.
 * Errors: ECONFLICT the key is taken, or the place would be below itself; ELIMIT the names are too long together. */
HENG_NODISCARD heng_rc heng_archive_put_place(struct heng_store *store, struct heng_archive_place *place,
                                              struct heng_err *err);
HENG_NODISCARD heng_rc heng_archive_is_below(struct heng_store_reader *reader, int64_t id, int64_t above_id, bool *ret,
                                             struct heng_err *err);
/* How many places at or below it another one than scope manages; open places and open points at or below it; meters
 * that were put in there at or after a time. */
HENG_NODISCARD heng_rc heng_archive_count_foreign(struct heng_store_reader *reader, int64_t scope, int64_t id,
                                                  int64_t *ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_archive_count_open(struct heng_store_reader *reader, int64_t id, int64_t *ret_places,
                                               int64_t *ret_points, struct heng_err *err);
HENG_NODISCARD heng_rc heng_archive_count_late(struct heng_store_reader *reader, int64_t id, heng_us at_us,
                                               int64_t *ret, struct heng_err *err);
/* Who closes what, and when that was written down. */
struct heng_archive_closing {
    heng_us at_us, recorded_us;
    const char *who, *reason;
};
/* Close or open again a place with everything below it; closing takes meters off their lines and out of their points,
 * with an event at each. */
HENG_NODISCARD heng_rc heng_archive_close_below(struct heng_store *store, int64_t id,
                                                const struct heng_archive_closing *closing, struct heng_err *err);
HENG_NODISCARD heng_rc heng_archive_reopen_below(struct heng_store *store, int64_t id, heng_us closed_us,
                                                 struct heng_err *err);
HENG_NODISCARD heng_rc heng_archive_counts(struct heng_store_reader *reader, int64_t scope, int64_t *ret_places,
                                           int64_t *ret_points, int64_t *ret_devices, struct heng_err *err);

#endif
