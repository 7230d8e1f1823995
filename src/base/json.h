#ifndef HENG_BASE_JSON_H
#define HENG_BASE_JSON_H
/* A streaming JSON writer over heng_str: no tree, commas placed by itself, strings escaped, bad UTF-8
 * replaced by U+FFFD. Nesting deeper than 32 or a full string latches an error in out->rc. */
#include "base/buf.h"
#include "base/dec.h"
#include "base/time.h"

struct heng_json {
    struct heng_str *out;
    uint32_t has_item; /* bit d: the container at depth d holds an item already */
    uint8_t depth;
    bool after_key;
};

/* A writer of one JSON text at the end of out. */
static inline struct heng_json heng_json_of(struct heng_str *out)
{
    struct heng_json j = {out, 0, 0, false};
    return j;
}

/* Open and close containers; a key before each member of an object. */
void heng_json_object(struct heng_json *j);
void heng_json_end_object(struct heng_json *j);
void heng_json_array(struct heng_json *j);
void heng_json_end_array(struct heng_json *j);
void heng_json_key(struct heng_json *j, const char *key);

/* Write one value. */
void heng_json_text(struct heng_json *j, const char *text); /* NULL writes null */
void heng_json_text_n(struct heng_json *j, const char *text, size_t n);
void heng_json_int(struct heng_json *j, int64_t value);
void heng_json_bool(struct heng_json *j, bool value);
void heng_json_null(struct heng_json *j);
void heng_json_dec(struct heng_json *j, struct heng_dec value);   /* as a string: "54.321" */
void heng_json_hex(struct heng_json *j, struct heng_slice bytes); /* as a string: "68AA" */
void heng_json_time(struct heng_json *j, heng_us at_us);          /* as a string: ISO 8601 UTC */
/* Text that is JSON already; the caller vouches for it. */
void heng_json_raw(struct heng_json *j, const char *json, size_t n);

#endif
