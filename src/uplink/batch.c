#include "uplink/batch.h"

#include <assert.h>

/* Fields, as in uplink.proto. */
enum { BATCH_EPOCH = 1, BATCH_FIRST, BATCH_LAST, BATCH_ENTRIES, BATCH_GONE };
enum {
    ENTRY_SEQ = 1,
    ENTRY_AT,
    ENTRY_KIND,
    ENTRY_RANK,
    ENTRY_SUBJECT,
    ENTRY_DOUBTFUL,
    ENTRY_CHECK,
    ENTRY_BODY,
    ENTRY_MAKER,
    ENTRY_MAKER_EPOCH,
    ENTRY_MAKER_SEQ
};
enum { RANGE_FIRST = 1, RANGE_LAST };

/* --- what holds -------------------------------------------------------------------------------------------------- */

static bool entry_holds(const struct heng_batch *batch, const struct heng_batch_entry *e)
{
    if (e->entry.gateway_id < 0 || e->entry.body.n > HENG_ENTRY_BODY_MAX || e->seq == 0 || e->seq > INT64_MAX)
        return false;
    if (!heng_entry_kind_is((uint32_t)e->entry.kind) || !heng_entry_rank_is((uint32_t)e->entry.rank)) return false;
    if (e->entry.gateway_id == 0) return e->entry.epoch == batch->epoch && e->entry.seq == e->seq;
    return e->entry.epoch > 0 && e->entry.seq > 0 && e->entry.seq <= INT64_MAX;
}

/* Entries and ranges side by side: together they are every number from first to last. */
static bool numbers_hold(const struct heng_batch *batch)
{
    if (batch->first == 0 || batch->last < batch->first || batch->last > INT64_MAX) return false;
    uint64_t next = batch->first;
    size_t entry = 0, gone = 0;
    while (next <= batch->last) {
        if (entry < batch->entry_count && batch->entries[entry].seq == next) {
            entry++;
            next++;
        } else if (gone < batch->gone_count && batch->gone[gone].first == next && batch->gone[gone].last >= next &&
                   batch->gone[gone].last <= batch->last) {
            next = batch->gone[gone++].last + 1;
        } else {
            return false;
        }
    }
    return entry == batch->entry_count && gone == batch->gone_count;
}

static bool is_live(const struct heng_batch *batch)
{
    return batch->first == 0 && batch->last == 0 && batch->gone_count == 0;
}

bool heng_batch_holds(const struct heng_batch *batch)
{
    if (batch->entry_count > HENG_UPLINK_BATCH_ENTRIES_MAX || batch->gone_count > HENG_UPLINK_GONE_MAX) return false;
    for (size_t i = 0; i < batch->entry_count; i++) {
        if (!entry_holds(batch, &batch->entries[i])) return false;
        if (i > 0 && batch->entries[i].seq <= batch->entries[i - 1].seq) return false;
    }
    return batch->epoch > 0 && (is_live(batch) || numbers_hold(batch));
}

heng_rc heng_batch_verify(const struct heng_batch *batch, struct heng_err *err)
{
    for (size_t i = 0; i < batch->entry_count; i++)
        if (heng_entry_check(&batch->entries[i].entry) != batch->entries[i].entry.check)
            return heng_fail(err, HENG_ECHECKSUM, 0, "batch: the check of entry %llu does not fit",
                             (unsigned long long)batch->entries[i].seq);
    return HENG_OK;
}

/* --- out -----------------------------------------------------------------------------------------------------------
 */

/* All of an entry but its body. */
static size_t entry_head(const struct heng_batch_entry *e, uint8_t head[HENG_AT_LEAST(HENG_BATCH_ENTRY_OVER)])
{
    const struct heng_entry *entry = &e->entry;
    struct heng_buf b = heng_buf_of(head, HENG_BATCH_ENTRY_OVER);
    heng_wire_field_put_number(&b, ENTRY_SEQ, e->seq);
    heng_wire_field_put_number(&b, ENTRY_AT, (uint64_t)entry->at_us);
    heng_wire_field_put_number(&b, ENTRY_KIND, (uint64_t)entry->kind);
    heng_wire_field_put_number(&b, ENTRY_RANK, (uint64_t)entry->rank);
    heng_wire_field_put_number(&b, ENTRY_SUBJECT, (uint64_t)entry->subject_id);
    heng_wire_field_put_number(&b, ENTRY_DOUBTFUL, entry->doubtful);
    heng_wire_field_put_fixed64(&b, ENTRY_CHECK, entry->check);
    if (entry->gateway_id) {
        heng_wire_field_put_number(&b, ENTRY_MAKER, (uint64_t)entry->gateway_id);
        heng_wire_field_put_number(&b, ENTRY_MAKER_EPOCH, entry->epoch);
        heng_wire_field_put_number(&b, ENTRY_MAKER_SEQ, entry->seq);
    }
    if (entry->body.n) heng_wire_field_put_head(&b, ENTRY_BODY, entry->body.n);
    assert(!b.full);
    return b.n;
}

static size_t entry_size(const struct heng_batch_entry *e)
{
    uint8_t head[HENG_BATCH_ENTRY_OVER];
    size_t n = entry_head(e, head) + e->entry.body.n;
    return 1 + heng_varint_size(n) + n;
}

/* The content of a Range. */
enum { RANGE_BYTES_MAX = 24 };
static size_t range_pack(const struct heng_entry_range *range, uint8_t bytes[HENG_AT_LEAST(RANGE_BYTES_MAX)])
{
    struct heng_buf b = heng_buf_of(bytes, RANGE_BYTES_MAX);
    heng_wire_field_put_number(&b, RANGE_FIRST, range->first);
    heng_wire_field_put_number(&b, RANGE_LAST, range->last);
    return b.n;
}

static size_t range_size(const struct heng_entry_range *range)
{
    uint8_t bytes[RANGE_BYTES_MAX];
    return 2 + range_pack(range, bytes);
}

/* epoch, first, last: each a byte and a number. */
static size_t numbers_size(uint64_t epoch, uint64_t first, uint64_t last)
{
    uint8_t bytes[40];
    struct heng_buf b = heng_buf_of(bytes, sizeof bytes);
    heng_wire_field_put_number(&b, BATCH_EPOCH, epoch);
    heng_wire_field_put_number(&b, BATCH_FIRST, first);
    heng_wire_field_put_number(&b, BATCH_LAST, last);
    return b.n;
}

size_t heng_batch_size(const struct heng_batch *batch)
{
    size_t n = numbers_size(batch->epoch, batch->first, batch->last);
    for (size_t i = 0; i < batch->entry_count; i++) n += entry_size(&batch->entries[i]);
    for (size_t i = 0; i < batch->gone_count; i++) n += range_size(&batch->gone[i]);
    return n;
}

/* Entries and ranges in the order of their numbers, as long as they fit. */
struct heng_batch heng_batch_cut(const struct heng_batch *batch, size_t bytes_max)
{
    struct heng_batch part = *batch;
    bool live = is_live(batch);
    size_t used = numbers_size(batch->epoch, batch->first, batch->last);
    part.entry_count = part.gone_count = 0;
    while (part.entry_count < batch->entry_count || part.gone_count < batch->gone_count) {
        const struct heng_batch_entry *e =
            part.entry_count < batch->entry_count ? &batch->entries[part.entry_count] : NULL;
        const struct heng_entry_range *g = part.gone_count < batch->gone_count ? &batch->gone[part.gone_count] : NULL;
        bool entry_next = e && (!g || e->seq < g->first);
        used += entry_next ? entry_size(e) : range_size(g);
        if (used > bytes_max && part.entry_count + part.gone_count > 0) return part;
        if (!live) part.last = entry_next ? e->seq : g->last;
        *(entry_next ? &part.entry_count : &part.gone_count) += 1;
    }
    return part;
}

bool heng_say_batch(struct heng_wire_out *out, bool live, const struct heng_batch *batch)
{
    size_t size = heng_batch_size(batch);
    uint8_t *p = heng_wire_begin(out, live ? HENG_WIRE_LIVE : HENG_WIRE_BATCH, size);
    if (!p) return false;
    struct heng_buf b = heng_buf_of(p, size);
    heng_wire_field_put_number(&b, BATCH_EPOCH, batch->epoch);
    heng_wire_field_put_number(&b, BATCH_FIRST, batch->first);
    heng_wire_field_put_number(&b, BATCH_LAST, batch->last);
    for (size_t i = 0; i < batch->entry_count; i++) {
        const struct heng_batch_entry *e = &batch->entries[i];
        uint8_t head[HENG_BATCH_ENTRY_OVER];
        size_t n = entry_head(e, head);
        heng_wire_field_put_head(&b, BATCH_ENTRIES, n + e->entry.body.n);
        heng_buf_put(&b, heng_slice_of(head, n));
        heng_buf_put(&b, e->entry.body);
    }
    for (size_t i = 0; i < batch->gone_count; i++) {
        uint8_t bytes[RANGE_BYTES_MAX];
        size_t n = range_pack(&batch->gone[i], bytes);
        heng_wire_field_put_head(&b, BATCH_GONE, n);
        heng_buf_put(&b, heng_slice_of(bytes, n));
    }
    assert(!b.full && b.n == size);
    return true;
}

/* --- in ------------------------------------------------------------------------------------------------------------
 */

static bool is_number(const struct heng_wire_field *f) { return f->type == HENG_WIRE_VARINT; }

static bool read_entry(struct heng_slice bytes, uint64_t epoch, struct heng_batch_entry *ret)
{
    struct heng_reader r = heng_reader_of(bytes);
    struct heng_wire_field f;
    struct heng_entry *entry = &ret->entry;
    uint64_t kind = 0, rank = 0, maker = 0, maker_epoch = 0, maker_seq = 0;
    *ret = (struct heng_batch_entry){.entry = {.body = heng_slice_of(bytes.p, 0)}};
    while (heng_wire_field_next(&r, &f)) {
        bool fits = f.number == ENTRY_CHECK  ? f.type == HENG_WIRE_FIXED64
                    : f.number == ENTRY_BODY ? f.type == HENG_WIRE_BYTES
                                             : f.number > ENTRY_MAKER_SEQ || is_number(&f);
        if (!fits) return false;
        switch (f.number) {
        case ENTRY_SEQ: ret->seq = f.value; break;
        case ENTRY_AT: entry->at_us = (heng_us)f.value; break;
        case ENTRY_KIND: kind = f.value; break;
        case ENTRY_RANK: rank = f.value; break;
        case ENTRY_SUBJECT: entry->subject_id = (int64_t)f.value; break;
        case ENTRY_DOUBTFUL: entry->doubtful = f.value != 0; break;
        case ENTRY_CHECK: entry->check = f.value; break;
        case ENTRY_BODY: entry->body = f.bytes; break;
        case ENTRY_MAKER: maker = f.value; break;
        case ENTRY_MAKER_EPOCH: maker_epoch = f.value; break;
        case ENTRY_MAKER_SEQ: maker_seq = f.value; break;
        default: break; /* of a newer program */
        }
    }
    if (r.failed || kind > UINT8_MAX || rank > UINT8_MAX || maker > INT64_MAX) return false;
    if (maker == 0 && (maker_epoch || maker_seq)) return false;
    entry->kind = (heng_entry_kind)kind;
    entry->rank = (heng_entry_rank)rank;
    entry->gateway_id = (int64_t)maker;
    entry->epoch = maker ? maker_epoch : epoch;
    entry->seq = maker ? maker_seq : ret->seq;
    return true;
}

static bool read_range(struct heng_slice bytes, struct heng_entry_range *ret)
{
    struct heng_reader r = heng_reader_of(bytes);
    struct heng_wire_field f;
    *ret = (struct heng_entry_range){0};
    while (heng_wire_field_next(&r, &f)) {
        if (f.number <= RANGE_LAST && !is_number(&f)) return false;
        if (f.number == RANGE_FIRST) ret->first = f.value;
        if (f.number == RANGE_LAST) ret->last = f.value;
    }
    return !r.failed;
}

/* The epoch first, wherever it stands: own entries need it. */
static uint64_t read_epoch(struct heng_slice bytes)
{
    struct heng_reader r = heng_reader_of(bytes);
    struct heng_wire_field f;
    uint64_t epoch = 0;
    while (heng_wire_field_next(&r, &f))
        if (f.number == BATCH_EPOCH) epoch = f.value;
    return epoch;
}

static bool read_batch(struct heng_slice bytes, struct heng_batch_room *room, struct heng_batch *ret)
{
    struct heng_reader r = heng_reader_of(bytes);
    struct heng_wire_field f;
    *ret = (struct heng_batch){.epoch = read_epoch(bytes), .entries = room->entries, .gone = room->gone};
    while (heng_wire_field_next(&r, &f)) {
        bool list = f.number == BATCH_ENTRIES || f.number == BATCH_GONE;
        if (f.number <= BATCH_GONE && f.type != (list ? HENG_WIRE_BYTES : HENG_WIRE_VARINT)) return false;
        if (f.number == BATCH_FIRST) ret->first = f.value;
        if (f.number == BATCH_LAST) ret->last = f.value;
        if (f.number == BATCH_ENTRIES) {
            if (ret->entry_count == HENG_UPLINK_BATCH_ENTRIES_MAX) return false;
            if (!read_entry(f.bytes, ret->epoch, &room->entries[ret->entry_count++])) return false;
        }
        if (f.number == BATCH_GONE) {
            if (ret->gone_count == HENG_UPLINK_GONE_MAX) return false;
            if (!read_range(f.bytes, &room->gone[ret->gone_count++])) return false;
        }
    }
    return !r.failed;
}

heng_rc heng_batch_unpack(struct heng_slice bytes, struct heng_batch_room *room, struct heng_batch *ret,
                          struct heng_err *err)
{
    if (!read_batch(bytes, room, ret)) return heng_fail(err, HENG_EFORMAT, 0, "batch: cannot be read");
    if (!heng_batch_holds(ret))
        return heng_fail(err, HENG_EFORMAT, 0, "batch: numbers, kinds or lengths that cannot be");
    return HENG_OK;
}
