#ifndef HENG_CODEC_CJT188_RECORD_H
#define HENG_CODEC_CJT188_RECORD_H
/* Records of CJ/T 188 telegrams; private to codec/. Contract of next: heng_codec.next. */
#include "codec/telegram.h"

HENG_NODISCARD heng_rc heng_cjt188_next(struct heng_records *records, struct heng_record *ret, struct heng_err *err);

/* Settle kind, layout, status and `more` of a checked telegram, by the standard's tables and by its dialect. */
void heng_cjt188_judge(struct heng_telegram *t);

/* Fields of the dialect, which must not be NULL. has_fields: at least one of them lies in the body of this telegram;
 * they are its layout then, whatever the tables know. next: as heng_cjt188_next. turn_di: set t->di and t->di_swapped
 * right when only the dialect knows the identifier, with its bytes the other way round. */
bool heng_cjt188_has_fields(const struct heng_telegram *t);
HENG_NODISCARD heng_rc heng_cjt188_field_next(struct heng_records *records, struct heng_record *ret);
void heng_cjt188_turn_di(struct heng_telegram *t);

/* The status byte that the standard defines, ST0 or the dialect's choice; false when there is none or it is FF. */
bool heng_cjt188_status(const struct heng_telegram *t, uint8_t *ret);

#endif
