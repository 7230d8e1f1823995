#ifndef HENG_CODEC_PRESENT_H
#define HENG_CODEC_PRESENT_H
/* Captured bytes for people and programs: the JSON of `heng decode` and the byte-by-byte explanation. */
#include "base/json.h"
#include "codec/explain.h"
#include "codec/telegram.h"

/* One captured frame, taken apart or refused.
 * Shape: bytes hold exactly one frame; leading preamble is allowed; up to 4 trailing bytes behind a CJ/T 188 frame
 *        (signal strength of radio gateways) are allowed; a Modbus answer may have its request in front; anything
 *        else is refused. rc, err: HENG_OK, or why it is no good frame (err.at = offset in bytes).
 * Owns:  nothing; bytes must outlive it. */
struct heng_capture {
    heng_protocol protocol;
    struct heng_slice bytes;
    heng_rc rc;
    struct heng_err err;
    bool has_telegram; /* the link frame was good: telegram is filled, whatever its records are worth */
    struct heng_telegram telegram;
};

/* Take bytes apart. Never fails by itself: see ret->rc. */
void heng_capture_init(struct heng_capture *ret, heng_protocol protocol, struct heng_slice bytes);

/* Read the telegram as the dialect has it from now on; rc and err are judged anew. */
void heng_capture_use(struct heng_capture *capture, const struct heng_dialect *dialect);

/* Write one JSON object: the contract of `heng decode`
 *   {"ok":true,"protocol":"mbus","kind":"variable","address":8,"id":"11490378",...,"records":[...]}
 *   {"ok":false,"protocol":"mbus","error":"checksum","offset":76,"message":"..."}
 * profile: name of the profile in use, written as "profile" behind "kind"; NULL without. */
void heng_present_json(const struct heng_capture *capture, const char *profile, struct heng_json *json);

/* The members that a record has in that JSON, as one object. */
void heng_present_record(const struct heng_telegram *t, const struct heng_record *record, struct heng_json *json);
/* "records": [...] of a telegram, for codecs' present functions. */
void heng_present_records(const struct heng_telegram *t, struct heng_json *json);

/* Shorthands for codecs' present functions: "key": value. */
void heng_present_text(struct heng_json *json, const char *key, const char *value); /* NULL writes null */
void heng_present_int(struct heng_json *json, const char *key, int64_t value);
void heng_present_bool(struct heng_json *json, const char *key, bool value);
void heng_present_number_hex(struct heng_json *json, const char *key, uint64_t value, int digits);
void heng_present_bytes(struct heng_json *json, const char *key, struct heng_slice bytes, uint8_t bias);

/* The byte-by-byte meaning of the captured bytes, at most cap entries; returns how many. Also for a capture that is
 * refused: it covers what can be told; other bytes, in front or behind, are entries "rest". */
size_t heng_explain(const struct heng_capture *capture, struct heng_explained *ret_entries, size_t cap);

/* The same as a JSON array:
 *   [{"offset":0,"length":1,"name":"start","value":"68"}, ... {"offset":19,"length":6,"name":"volume",
 *     "value":"54.321 m3","record":0}, ...]
 * "record" is the index into "records" of heng_present_json. */
void heng_present_fields(const struct heng_capture *capture, struct heng_json *json);

/* The qualifier of a record as in heng_register_key: "L1", "forward", vendor VIFE as hex, "" for none. */
void heng_record_qualifier(const struct heng_record *record, char ret_text[HENG_AT_LEAST(HENG_QUALIFIER_MAX)]);

#endif
