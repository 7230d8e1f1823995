#include "account/note.h"

#include <stdio.h>

#include "account/texts.h"

heng_rc heng_hand_check(const struct heng_hand *hand, struct heng_err *err)
{
    return heng_text_check(hand->who, "the name of who does it", true, err);
}

heng_rc heng_account_note(struct heng_store *store, const struct heng_note *note, const struct heng_hand *hand,
                          const char *before, const char *after, struct heng_err *err)
{
    struct heng_audit audit = {.org_id = note->org_id, .at_us = hand->now_us, .subject_id = note->subject_id};
    heng_rc rc = heng_hand_check(hand, err);
    if (rc == HENG_OK) rc = heng_text_check(hand->second, "the second person's name", false, err);
    if (rc == HENG_OK) rc = heng_text_check(note->reason, "the reason", false, err);
    if (rc == HENG_OK)
        rc = heng_text_take(heng_slice_str(note->reason), "the reason", audit.reason, sizeof audit.reason, err);
    if (rc != HENG_OK) return rc;
    snprintf(audit.who, sizeof audit.who, "%s", hand->who);
    snprintf(audit.second, sizeof audit.second, "%s", hand->second);
    snprintf(audit.action, sizeof audit.action, "%s", note->action);
    snprintf(audit.subject, sizeof audit.subject, "%s", note->subject);
    return heng_store_add_audit(store, &audit, heng_slice_str(before), heng_slice_str(after), err);
}
