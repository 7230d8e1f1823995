#ifndef HENG_ACCOUNT_NOTE_H
#define HENG_ACCOUNT_NOTE_H
/* One line of the audit for what the room did, in the same transaction. */
#include "account/book.h"

struct heng_note {
    const char *action, *subject; /* "account.open", "account" */
    int64_t subject_id, org_id;
    const char *reason;
};

/* before, after: JSON or "". */
HENG_NODISCARD heng_rc heng_account_note(struct heng_store *store, const struct heng_note *note,
                                         const struct heng_hand *hand, const char *before, const char *after,
                                         struct heng_err *err);

/* Who does something must have a name. */
HENG_NODISCARD heng_rc heng_hand_check(const struct heng_hand *hand, struct heng_err *err);

#endif
