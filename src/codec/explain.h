#ifndef HENG_CODEC_EXPLAIN_H
#define HENG_CODEC_EXPLAIN_H
/* The byte-by-byte meaning of a frame: one entry per field, in order, no byte left out. `heng decode --explain` and
 * the console's frame view show the same entries. */
#include "base/json.h"
#include "codec/telegram.h"

enum { HENG_EXPLAIN_ENTRIES_MAX = 1200, HENG_EXPLAIN_VALUE_MAX = 96 };

/* at, length: bytes of the captured input. name: identifier that the console translates ("start", "dif", "energy
 * unit"), static. record: index of the record that the bytes belong to, -1 for none. value: for people; standard
 * mnemonics and numbers, UTF-8, but never key material: "secret". The bytes that at and length point at are shown
 * beside it as they are, for whoever has the frame has them anyway. */
struct heng_explained {
    uint32_t at, length;
    const char *name;
    int32_t record;
    char value[HENG_EXPLAIN_VALUE_MAX];
};

/* Where a codec's explain function stands; it covers the bytes from `at` on. Entries beyond cap, or beyond the end of
 * the bytes, are dropped. */
struct heng_explainer {
    struct heng_slice bytes;
    size_t at;
    int32_t record; /* for the entries to come */
    uint8_t bias;   /* shown bytes are meant without it */
    struct heng_explained *entries;
    size_t count, cap;
};

/* The next n bytes (cut off at the end; none: no entry), with their hex as value. Longer values are cut with "...". */
void heng_explain_hex(struct heng_explainer *e, const char *name, size_t n);
void heng_explain_int(struct heng_explainer *e, const char *name, size_t n, int64_t value);
void heng_explain_text(struct heng_explainer *e, const char *name, size_t n, const char *fmt, ...) HENG_PRINTF(4, 5);
/* One byte with its meaning: "08 RSP_UD". */
void heng_explain_code(struct heng_explainer *e, const char *name, uint8_t code, const char *meaning);

/* What a record says, as text for people: "54.321 m3", "2010-12-31", "closed", or why there is no value. */
void heng_record_summary(const struct heng_record *record, uint8_t bias, char *ret_text, size_t cap);

/* An entry named after the record's quantity over all bytes up to its end, with its summary. */
void heng_explain_record(struct heng_explainer *e, const struct heng_telegram *t, const struct heng_record *record);

/* Records of t one by one through heng_explain_record, bytes between them as `gap`, up to the end of the body.
 * For codecs whose records are simple. False when a record is broken; the explainer stands at its start. */
bool heng_explain_records(struct heng_explainer *e, const struct heng_telegram *t, const char *gap);

#endif
