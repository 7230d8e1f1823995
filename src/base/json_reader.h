#ifndef HENG_BASE_JSON_READER_H
#define HENG_BASE_JSON_READER_H
/* A pull reader for JSON (RFC 8259) in memory: strict, no tree, no recursion, no allocation. Used where a library
 * may have no dependency (profiles); the HTTP interface uses jansson.
 *
 *   heng_json_open_object(&r); while (heng_json_next_key(&r, &key)) { if (heng_slice_is(key, "name")) ... }
 *
 * The first error is latched: every later call fails or says "no more". Check r->err.rc once at the end. */
#include "base/rc.h"
#include "base/slice.h"

enum { HENG_JSON_DEPTH_MAX = 16 };

typedef enum heng_json_type {
    HENG_JSON_NULL,
    HENG_JSON_BOOL,
    HENG_JSON_NUMBER,
    HENG_JSON_STRING,
    HENG_JSON_ARRAY,
    HENG_JSON_OBJECT,
    HENG_JSON_END /* of the container, or of the text */
} heng_json_type;

struct heng_json_reader {
    struct heng_slice text;
    size_t at;
    uint32_t line; /* of the current position, from 1 */
    uint8_t depth;
    char closing[HENG_JSON_DEPTH_MAX]; /* '}' or ']' */
    bool first[HENG_JSON_DEPTH_MAX];
    struct heng_err err; /* at = line number */
};

struct heng_json_reader heng_json_reader_of(struct heng_slice text);

/* What comes next, without taking it. */
heng_json_type heng_json_peek(struct heng_json_reader *r);

void heng_json_open_object(struct heng_json_reader *r);
void heng_json_open_array(struct heng_json_reader *r);
/* The next member of the open object: its key as it stands in the text, without quotes (keys with escapes are errors).
 * False at the end, which closes the object. */
bool heng_json_next_key(struct heng_json_reader *r, struct heng_slice *ret_key);
/* True when the open array has another element; false closes it. */
bool heng_json_next_item(struct heng_json_reader *r);

/* Take one value. Wrong type: error. Strings: unescaped UTF-8 into ret_text, NUL-terminated; ELIMIT when it does not
 * fit, EFORMAT for a NUL inside. */
void heng_json_get_string(struct heng_json_reader *r, char *ret_text, size_t cap);
int64_t heng_json_get_int(struct heng_json_reader *r, int64_t min, int64_t max);
bool heng_json_get_bool(struct heng_json_reader *r);
void heng_json_skip(struct heng_json_reader *r); /* any value, with all that is in it */
/* The text must end here. */
void heng_json_finish(struct heng_json_reader *r);

/* Latch an error of the user's own at the current line. */
void heng_json_refuse(struct heng_json_reader *r, heng_rc rc, const char *fmt, ...) HENG_PRINTF(3, 4);

#endif
