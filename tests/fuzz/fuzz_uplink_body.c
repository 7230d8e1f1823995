/* Bodies of entries from strangers. The first byte is the kind of the entry, the second what it is about, the rest the
 * body. What is let in is sound, can be packed, and comes out of that as it was. */
#include "uplink_sane.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FUZZ_AT_US = 1000000 };

static void require(bool condition)
{
    if (!condition) abort();
}

/* Packed, unpacked and packed again: the same bytes. */
static void require_stable(const struct heng_body *body, const struct heng_entry *entry)
{
    static uint8_t first[HENG_ENTRY_BODY_MAX], second[HENG_ENTRY_BODY_MAX];
    static struct heng_read read;
    struct heng_buf a = heng_buf_of(first, sizeof first), b = heng_buf_of(second, sizeof second);
    struct heng_body again;
    require(heng_body_pack(body, entry->at_us, &a, NULL) == HENG_OK);
    require(heng_body_unpack(heng_buf_slice(&a), entry, &read, &again, NULL) == HENG_OK);
    require(heng_body_pack(&again, entry->at_us, &b, NULL) == HENG_OK);
    require(heng_slice_eq(heng_buf_slice(&a), heng_buf_slice(&b)));
    require(heng_body_rank(body) == heng_body_rank(&again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct heng_read read;
    struct heng_body body;
    struct heng_err err = {.text = ""};
    if (size < 2) return 0;
    struct heng_entry entry = {.kind = (heng_entry_kind)data[0], .subject_id = data[1], .at_us = FUZZ_AT_US};
    heng_rc rc = heng_body_unpack(heng_slice_of(data + 2, size - 2), &entry, &read, &body, &err);
    require(rc == HENG_OK || (err.rc == rc && err.text[0]));
    if (rc != HENG_OK) return 0;
    require(body.kind == entry.kind && heng_body_subject(&body) == entry.subject_id && !sane_body(&body));
    require_stable(&body, &entry);
    return 0;
}
