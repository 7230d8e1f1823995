#ifndef HENG_CODEC_MBUS_RECORD_H
#define HENG_CODEC_MBUS_RECORD_H
/* Records of M-Bus answers; private to codec/. Contract: heng_codec.next. */
#include "codec/telegram.h"

HENG_NODISCARD heng_rc heng_mbus_next(struct heng_records *records, struct heng_record *ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_mbus_fixed_next(struct heng_records *records, struct heng_record *ret,
                                            struct heng_err *err);

enum { HENG_MBUS_DIFE_MAX = 10 };

/* Data bytes of the coding in b3..0 of dif, for coding 13 behind that length byte; false when the length byte is
 * reserved. */
bool heng_mbus_data_bytes(uint8_t dif, uint8_t length, size_t *ret);

/* True when the body is variable data: records with DIF and VIF. */
bool heng_mbus_has_records(const struct heng_telegram *t);

/* True when the bytes are whole records to the end, or up to a vendor's block. */
bool heng_mbus_are_records(struct heng_slice bytes);

/* Of an encrypted telegram: how many bytes at the front of the body are cipher text. Plain records follow. */
size_t heng_mbus_cipher_bytes(const struct heng_telegram *t);

/* True when the variable data block ends with DIF 1F. */
bool heng_mbus_more_follows(const struct heng_telegram *telegram);

#endif
