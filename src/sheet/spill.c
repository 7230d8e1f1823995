#include "sheet/spill.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Once there is a file, memory is a piece of what comes in, and later a window on what is read. */
enum { PIECE_BYTES = 65536, WINDOW_BYTES = 8192 };

static heng_rc disk_failed(struct heng_err *err)
{
    return heng_fail(err, HENG_EIO, 0, "the temporary file for a large workbook failed: %s", strerror(errno));
}

static heng_rc flush(struct heng_spill *spill, struct heng_err *err)
{
    for (size_t done = 0; done < spill->n;) {
        ssize_t n = pwrite(fileno(spill->file), spill->memory + done, spill->n - done, (off_t)spill->written);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return disk_failed(err);
        done += (size_t)n;
        spill->written += (uint64_t)n;
    }
    spill->n = 0;
    return HENG_OK;
}

static heng_rc to_file(struct heng_spill *spill, struct heng_err *err)
{
    spill->file = tmpfile();
    if (!spill->file) return disk_failed(err);
    heng_rc rc = flush(spill, err);
    uint8_t *smaller = rc == HENG_OK ? realloc(spill->memory, PIECE_BYTES) : NULL;
    if (smaller) {
        spill->memory = smaller;
        spill->cap = PIECE_BYTES;
    }
    return rc == HENG_OK && !smaller ? heng_fail(err, HENG_ENOMEM, 0, "no memory for a sheet") : rc;
}

static heng_rc make_room(struct heng_spill *spill, size_t n, struct heng_err *err)
{
    if (spill->cap - spill->n >= n) return HENG_OK;
    if (spill->file) return flush(spill, err);
    size_t cap = spill->cap ? spill->cap * 2 : PIECE_BYTES;
    while (cap < spill->n + n) cap *= 2;
    if (cap > spill->memory_max) return to_file(spill, err);
    uint8_t *memory = realloc(spill->memory, cap);
    if (!memory) return heng_fail(err, HENG_ENOMEM, 0, "no memory for a sheet");
    spill->memory = memory;
    spill->cap = cap;
    return HENG_OK;
}

heng_rc heng_spill_put(struct heng_spill *spill, struct heng_slice bytes, struct heng_err *err)
{
    while (bytes.n) {
        size_t n = bytes.n < PIECE_BYTES ? bytes.n : PIECE_BYTES;
        heng_rc rc = make_room(spill, n, err);
        if (rc != HENG_OK) return rc;
        memcpy(spill->memory + spill->n, bytes.p, n);
        spill->n += n;
        spill->size += n;
        bytes = heng_slice_from(bytes, n);
    }
    return HENG_OK;
}

static heng_rc read_file(struct heng_spill *spill, uint64_t offset, uint8_t *ret, size_t n, struct heng_err *err)
{
    while (n) {
        ssize_t got = pread(fileno(spill->file), ret, n, (off_t)offset);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return disk_failed(err);
        ret += got;
        offset += (uint64_t)got;
        n -= (size_t)got;
    }
    return HENG_OK;
}

heng_rc heng_spill_get(struct heng_spill *spill, uint64_t offset, void *ret, size_t n, struct heng_err *err)
{
    if (!n) return HENG_OK;
    if (!spill->file) {
        memcpy(ret, spill->memory + offset, n);
        return HENG_OK;
    }
    heng_rc rc = flush(spill, err); /* nothing after the first time: then memory is the window */
    if (rc != HENG_OK) return rc;
    if (n > WINDOW_BYTES / 2) return read_file(spill, offset, ret, n, err);
    if (offset < spill->window_at || offset + n > spill->window_at + spill->window_n) {
        size_t window = spill->size - offset < WINDOW_BYTES ? (size_t)(spill->size - offset) : WINDOW_BYTES;
        spill->window_n = 0;
        rc = read_file(spill, offset, spill->memory, window, err);
        if (rc != HENG_OK) return rc;
        spill->window_at = offset;
        spill->window_n = window;
    }
    memcpy(ret, spill->memory + (offset - spill->window_at), n);
    return HENG_OK;
}

void heng_spill_fini(struct heng_spill *spill)
{
    free(spill->memory);
    if (spill->file) fclose(spill->file);
    *spill = (struct heng_spill){.memory_max = spill->memory_max};
}
