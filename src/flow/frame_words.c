#include "flow/frame_words.h"

#include "base/json.h"
#include "codec/present.h"
#include "meter/profile.h"

size_t heng_frame_words_size(void) { return HENG_EXPLAIN_ENTRIES_MAX * sizeof(struct heng_explained); }

void heng_frame_say(const struct heng_profiles *profiles, const struct heng_frame *frame, bool json, void *memory,
                    struct heng_str *out)
{
    struct heng_explained *entries = memory;
    struct heng_capture capture;
    const struct heng_profile *profile = NULL;
    heng_capture_init(&capture, frame->protocol, heng_slice_of(frame->bytes, frame->n));
    if (capture.has_telegram && profiles) profile = heng_profiles_recognise(profiles, &capture.telegram);
    if (profile) heng_capture_use(&capture, &profile->dialect);
    if (json) {
        struct heng_json writer = heng_json_of(out);
        heng_present_json(&capture, profile && !profile->generic ? profile->name : NULL, &writer);
        return;
    }
    if (capture.rc != HENG_OK) {
        heng_str_fmt(out, "        %s: %s\n", heng_rc_name(capture.rc), capture.err.text);
        return;
    }
    size_t n = heng_explain(&capture, entries, HENG_EXPLAIN_ENTRIES_MAX);
    for (size_t i = 0; i < n; i++)
        if (entries[i].record >= 0)
            heng_str_fmt(out, "        %4u  %-28s %s\n", entries[i].at, entries[i].name, entries[i].value);
}
