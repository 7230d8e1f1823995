#ifndef HENG_CODEC_MBUS_RECORD_H
#define HENG_CODEC_MBUS_RECORD_H
/* Records of M-Bus answers; private to codec/. Contract: heng_codec.next. */
#include "codec/telegram.h"

HENG_NODISCARD heng_rc heng_mbus_next(struct heng_records *records, struct heng_record *ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_mbus_fixed_next(struct heng_records *records, struct heng_record *ret,
                                            struct heng_err *err);

/* True when the variable data block ends with DIF 1F. */
bool heng_mbus_more_follows(const struct heng_telegram *telegram);

#endif
