#ifndef HENG_CODEC_MODBUS_RECORD_H
#define HENG_CODEC_MODBUS_RECORD_H
/* Records of Modbus telegrams; private to codec/. Contract: heng_codec.next. */
#include "codec/telegram.h"

HENG_NODISCARD heng_rc heng_modbus_next(struct heng_records *records, struct heng_record *ret, struct heng_err *err);

/* The registers or coils that a telegram carries. */
struct heng_modbus_items {
    uint8_t space;  /* 1 coils, 2 discrete inputs, 3 holding registers, 4 input registers; 0: it carries none */
    bool has_first; /* `first` is an address, else the items are numbered from 0 */
    uint32_t first, count;
};

struct heng_modbus_items heng_modbus_items_of(const struct heng_telegram *t);

/* True when the fields of the telegram's dialect say what the items mean. */
bool heng_modbus_has_fields(const struct heng_telegram *t, const struct heng_modbus_items *items);

/* How many registers or coils a field takes. */
size_t heng_modbus_field_items(const struct heng_field *field);

#endif
