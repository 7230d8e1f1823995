#ifndef HENG_STORE_CONDITIONS_H
#define HENG_STORE_CONDITIONS_H
/* What meters said of themselves, by reading; readings of meters that are well have no row. */
#include "model/condition.h"
#include "store/store.h"

struct heng_condition_row {
    heng_us at_us;
    heng_source source;
    heng_conditions conditions;
};

/* Keep what a reading said, in its transaction; added to what is kept under its key. Nothing is kept of 0. */
HENG_NODISCARD heng_rc heng_store_add_conditions(struct heng_store *store, int64_t device_id,
                                                 const struct heng_condition_row *row, struct heng_err *err);

/* Those with from_us <= at < to_us, oldest first, until each says something else than OK; ENOTFOUND stops the walk and
 * is no error. */
typedef heng_rc heng_condition_each(void *ctx, const struct heng_condition_row *row);
HENG_NODISCARD heng_rc heng_store_each_condition(struct heng_store_reader *reader, int64_t device_id, heng_us from_us,
                                                 heng_us to_us, heng_condition_each *each, void *ctx,
                                                 struct heng_err *err);

#endif
