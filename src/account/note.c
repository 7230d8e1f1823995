#include "account/note.h"

#include <stdio.h>
#include <string.h>

#include "account/texts.h"
#include "base/json.h"

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

/* --- refused -------------------------------------------------------------------------------------------------------
 */

static const char refused_end[] = ".refused";

bool heng_is_refusal(heng_rc rc)
{
    return rc == HENG_EDENIED || rc == HENG_ECONFLICT || rc == HENG_ERANGE || rc == HENG_ECONFIG ||
           rc == HENG_ENOTFOUND || rc == HENG_EEXISTS || rc == HENG_EFORMAT || rc == HENG_EUNSUPPORTED;
}

bool heng_note_is_refused(const struct heng_audit *audit)
{
    size_t n = strlen(audit->action), end = sizeof refused_end - 1;
    return n >= end && strcmp(audit->action + n - end, refused_end) == 0;
}

/* A sentence may quote what was asked, cut anywhere: then without what is no text. */
static void make_plain(const char *text, char ret[HENG_AT_LEAST(HENG_REASON_MAX)])
{
    struct heng_err err;
    snprintf(ret, HENG_REASON_MAX, "%s", text);
    size_t n = strlen(ret);
    while (n && ret[n - 1] == ' ') ret[--n] = '\0';
    if (heng_text_check(ret, "", false, &err) == HENG_OK) return;
    for (char *p = ret; *p; p++)
        if ((unsigned char)*p < ' ' || (unsigned char)*p > '~') *p = '?';
    if (ret[0] == ' ') ret[0] = '?';
}

heng_rc heng_note_refused(struct heng_store *store, const struct heng_note *note, const struct heng_hand *hand,
                          const char *key, struct heng_err *err)
{
    struct heng_str after = {.max = 1024};
    struct heng_json json = heng_json_of(&after);
    char action[32], why[HENG_REASON_MAX], plain_key[HENG_REASON_MAX];
    snprintf(action, sizeof action, "%.23s%s", note->action, refused_end);
    make_plain(note->reason, why);
    make_plain(key, plain_key);
    const struct heng_note line = {action, note->subject, note->subject_id, note->org_id, why};
    heng_json_object(&json);
    heng_json_key(&json, "key");
    heng_json_text(&json, plain_key);
    heng_json_end_object(&json);
    heng_rc rc = after.rc == HENG_OK ? heng_account_note(store, &line, hand, "", after.text, err)
                                     : heng_fail(err, after.rc, 0, "no memory for a line of the audit");
    heng_str_fini(&after);
    return rc;
}
