#ifndef HENG_CODEC_DLT645_RECORD_H
#define HENG_CODEC_DLT645_RECORD_H
/* Private to codec/. Contract: heng_codec.next; no frame has a record that is an error. */
#include "codec/telegram.h"

heng_rc heng_dlt645_next(struct heng_records *records, struct heng_record *ret, struct heng_err *err);

#endif
