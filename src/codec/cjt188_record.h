#ifndef HENG_CODEC_CJT188_RECORD_H
#define HENG_CODEC_CJT188_RECORD_H
/* Records of CJ/T 188 answers; private to codec/. Contract: heng_codec.next. */
#include "codec/telegram.h"

HENG_NODISCARD heng_rc heng_cjt188_next(struct heng_records *records, struct heng_record *ret, struct heng_err *err);

/* True when the answer's data identifier, type and length name a layout that we know. */
bool heng_cjt188_known(const struct heng_telegram *telegram);

/* Offset of ST0 ST1 in the body of a known answer; 0 when it has none. */
size_t heng_cjt188_status_at(const struct heng_telegram *telegram);

#endif
