#ifndef HENG_SHEET_SPILL_H
#define HENG_SHEET_SPILL_H
/* Bytes that are appended first and then read at any place: in memory up to a bound, then in a temporary file. */
#include "base/rc.h"
#include "base/slice.h"

/* Zero-initialise with memory_max. */
struct heng_spill {
    uint8_t *memory; /* all of it, or in front of the file what has not been written yet */
    size_t n, cap, memory_max;
    void *file;
    uint64_t size, written; /* in all, and in the file */
    uint64_t window_at;     /* the last piece that was read from the file */
    size_t window_n;
};

/* Append. Errors: ENOMEM, EIO (no temporary file, a full disk). */
HENG_NODISCARD heng_rc heng_spill_put(struct heng_spill *spill, struct heng_slice bytes, struct heng_err *err);

/* n bytes at an offset, which have been appended. Errors: EIO. */
HENG_NODISCARD heng_rc heng_spill_get(struct heng_spill *spill, uint64_t offset, void *ret, size_t n,
                                      struct heng_err *err);

void heng_spill_fini(struct heng_spill *spill);

#endif
