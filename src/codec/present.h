#ifndef HENG_CODEC_PRESENT_H
#define HENG_CODEC_PRESENT_H
/* Telegrams for people and programs: the JSON of `heng decode` and the byte-by-byte explanation. */
#include "base/json.h"
#include "codec/telegram.h"

/* Write one JSON object for one captured frame: the contract of `heng decode`
 *   {"ok":true,"protocol":"mbus","kind":"variable","address":8,"id":"11490378",...,"records":[...]}
 *   {"ok":false,"protocol":"mbus","error":"checksum","offset":76,"message":"..."}
 * Returns HENG_OK when the frame decoded, else the reason that is in the JSON too.
 * Shape: bytes hold exactly one frame; leading preamble is allowed; up to 4 trailing bytes behind a
 *        CJ/T 188 frame (signal strength of radio gateways) are allowed; anything else is refused. */
heng_rc heng_present_json(heng_protocol protocol, struct heng_slice bytes, struct heng_json *json);

/* Write a JSON array that covers every byte of the frame in order:
 *   [{"offset":0,"length":1,"name":"start","value":"68"}, ... {"offset":19,"length":6,"name":"record",
 *     "value":"54.321 m3","record":0}, ...]
 * "record" is the index into "records" of heng_present_json. Names are identifiers that the console
 * translates. For a frame that does not decode it covers what can be told and ends with one entry "rest". */
void heng_present_fields(heng_protocol protocol, struct heng_slice bytes, struct heng_json *json);

/* The qualifier of a record as in heng_register_key: "L1", "forward", vendor VIFE as hex, "" for none. */
void heng_record_qualifier(const struct heng_record *record, char ret_text[static HENG_QUALIFIER_MAX]);

#endif
