#ifndef HENG_STORE_MONEY_REQUESTS_H
#define HENG_STORE_MONEY_REQUESTS_H
/* What was asked for by a key, so that the same again is the same. In the transaction that does it. */
#include "store/store.h"

enum { HENG_REQUEST_KEY_MAX = 80, HENG_OPERATION_MAX = 48 };

/* asked: what was asked, in bytes that are equal when it is the same; only their digest is kept. answer_id: what was
 * made or changed; booking_id: 0 nothing was booked; made: how many. */
struct heng_asked {
    const char *key, *operation, *who;
    struct heng_slice asked;
    heng_us at_us;
    int64_t answer_id, booking_id, made;
};

/* Was it asked for before? Then fills answer_id, booking_id, made. Errors: ENOTFOUND it was not; ECONFLICT the key was
 * another wish's; ENOMEM. */
HENG_NODISCARD heng_rc heng_store_find_asked(struct heng_store_reader *reader, struct heng_asked *asked,
                                             struct heng_err *err);
/* It is done. Errors: EEXISTS. */
HENG_NODISCARD heng_rc heng_store_add_asked(struct heng_store *store, const struct heng_asked *asked,
                                            struct heng_err *err);

#endif
