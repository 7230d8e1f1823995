#ifndef HENG_BILL_FORM_H
#define HENG_BILL_FORM_H
/* Reads the JSON forms of the engines and knows where it is: an error names the field's path and the reason,
 *   components[3].steps[1].from: 240 is not above 400, which ends the step before
 * Numbers with digits behind the point are texts ("0.5380"), as everywhere in Heng; whole numbers may be numbers. */
#include "base/json_reader.h"
#include "bill/exact.h"
#include "vee/day.h"

enum { HENG_FORM_PATH_MAX = 120, HENG_FORM_TEXT_MAX = 128, HENG_FORM_KEYS_MAX = 256 };

/* The first error is latched, as in heng_json_reader; then nothing more comes. */
struct heng_form {
    struct heng_json_reader json;
    char path[HENG_FORM_PATH_MAX];
    uint8_t ends[HENG_JSON_DEPTH_MAX + 1]; /* length of the path outside of each open container */
    uint32_t items[HENG_JSON_DEPTH_MAX + 1];
    /* The names seen in each open object, since one that stands twice is an error: those of depth d are
     * keys[first_key[d]] and on, key_count[d] of them. */
    struct heng_slice keys[HENG_FORM_KEYS_MAX];
    uint16_t first_key[HENG_JSON_DEPTH_MAX + 1], key_count[HENG_JSON_DEPTH_MAX + 1];
    struct heng_err err; /* at: the line */
};

void heng_form_open(struct heng_form *form, struct heng_slice json);
/* OK when the whole text was read; else the error, with its path in front. */
HENG_NODISCARD heng_rc heng_form_close(struct heng_form *form, struct heng_err *err);
bool heng_form_failed(const struct heng_form *form);

/* heng_form_object(f); while (heng_form_key(f, &key)) ...;   heng_form_array(f); while (heng_form_item(f)) ...
 * A name that stands twice in an object is an error: which of the two is meant, nobody knows. */
void heng_form_object(struct heng_form *form);
bool heng_form_key(struct heng_form *form, struct heng_slice *ret_key);
/* Right behind that loop: refused as missing when the object had no such name, so that it is no default. */
void heng_form_need(struct heng_form *form, const char *name);
void heng_form_array(struct heng_form *form);
bool heng_form_item(struct heng_form *form);
void heng_form_skip(struct heng_form *form);
/* The key at hand is one that the form does not have: an error, so that a typing mistake is not a default. */
void heng_form_unknown(struct heng_form *form);

/* One value. A wrong one is an error and gives 0, "" or false. */
void heng_form_text(struct heng_form *form, char *ret, size_t cap);
int64_t heng_form_int(struct heng_form *form, int64_t min, int64_t max);
bool heng_form_bool(struct heng_form *form);
struct heng_dec heng_form_dec(struct heng_form *form);                  /* a text, or a whole number */
struct heng_dec heng_form_dec_min(struct heng_form *form, int64_t min); /* not below min */
heng_day heng_form_date(struct heng_form *form);                        /* "2026-11-20" */
heng_rounding heng_form_rounding(struct heng_form *form);
/* One of the words; returns its place. */
unsigned heng_form_word(struct heng_form *form, const char *const *words, unsigned count);
bool heng_form_is_null(struct heng_form *form); /* takes a null; else leaves what is there */

/* An error at the path at hand; at what lies below it: "from" gives "components[3].from". "" for itself. */
void heng_form_refuse(struct heng_form *form, heng_rc rc, const char *below, const char *fmt, ...) HENG_PRINTF(4, 5);

#endif
