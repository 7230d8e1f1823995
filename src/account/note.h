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

/* Is it the wish that was turned down, and not the store or the machine that failed? */
bool heng_is_refusal(heng_rc rc);
/* What was refused, so that the operator can find it: a line "<action>.refused" with the note's reason, the sentence
 * that who asked was told, and the key of the wish ("": none). In a transaction of its own, behind the rollback of what
 * was tried. */
HENG_NODISCARD heng_rc heng_note_refused(struct heng_store *store, const struct heng_note *note,
                                         const struct heng_hand *hand, const char *key, struct heng_err *err);
bool heng_note_is_refused(const struct heng_audit *audit);

/* Who does something must have a name. */
HENG_NODISCARD heng_rc heng_hand_check(const struct heng_hand *hand, struct heng_err *err);

#endif
