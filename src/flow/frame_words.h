#ifndef HENG_FLOW_FRAME_WORDS_H
#define HENG_FLOW_FRAME_WORDS_H
/* What a stored frame says, for those who explain a bill by it. */
#include "base/buf.h"
#include "store/store.h"

struct heng_profiles;

/* Appended to out: lines for people, or one JSON value. The profile is recognised by the frame; profiles NULL: by the
 * standard. memory: room for entries of the lines, heng_frame_words_size() bytes. What is wrong with the frame is said.
 */
size_t heng_frame_words_size(void);
void heng_frame_say(const struct heng_profiles *profiles, const struct heng_frame *frame, bool json, void *memory,
                    struct heng_str *out);

#endif
