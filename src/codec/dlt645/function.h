#ifndef HENG_CODEC_DLT645_FUNCTION_H
#define HENG_CODEC_DLT645_FUNCTION_H
/* Private to codec/. What the low five bits of the control byte ask for, in each edition. */
#include "codec/telegram.h"

enum {
    HENG_DLT645_CONTROL_AT = 8,
    HENG_DLT645_LENGTH_AT = 9,
    HENG_DLT645_DATA_AT = 10,
    HENG_DLT645_OVERHEAD = 12,
    HENG_DLT645_FUNCTION_MASK = 0x1F
};

/* name: as in JSON, at most three words. di: a data identifier stands first in requests, in answers.
 * sequence: in 2007 both end with the number of the follow-on frame. */
struct heng_dlt645_function {
    const char *name;
    heng_telegram_kind request, answer;
    bool di_asked, di_answered, sequence;
};

/* NULL for a function that the edition (HENG_PROTOCOL_DLT645_...) does not define. */
const struct heng_dlt645_function *heng_dlt645_function_of(heng_protocol edition, uint8_t control);

#endif
