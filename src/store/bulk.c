/* Many readings at once. SQLite takes them one by one as fast as anything; a server is asked once for all of a chunk.
 */
#include <stdlib.h>

#include "store/conditions.h"
#include "store/db.h"
#include "store/pack.h"
#include "store/usage.h"
#include "store/write.h"

enum { CHUNK = 1000 };

static struct heng_db *db_of(struct heng_store *store) { return &store->reader.db; }

heng_rc heng_store_need_month(struct heng_store *store, heng_us at_us, struct heng_err *err)
{
    struct heng_query q;
    if (!db_of(store)->postgres) return HENG_OK;
    int64_t day = at_us / HENG_US_PER_DAY - (at_us % HENG_US_PER_DAY < 0);
    int32_t *place = &store->months[(uint64_t)day % HENG_MONTHS_MAX];
    if (*place == day + 1) return HENG_OK;
    heng_query_begin(&q, db_of(store), HENG_SQL_READING_MONTH);
    heng_query_int(&q, at_us);
    heng_rc rc = heng_query_step(&q, err);
    heng_query_end(&q);
    if (rc == HENG_OK) *place = (int32_t)(day + 1);
    return rc;
}

/* The columns of a chunk, as arrays: of readings, then of frames. */
struct chunk {
    int64_t ints[8][CHUNK];
    struct heng_slice packed[CHUNK];
    size_t readings;
    int64_t *frame_ints[3];
    struct heng_slice *frame_texts, *frame_bytes;
    size_t frames, frames_cap;
    struct heng_buf memory;
};

static void chunk_free(struct chunk *c)
{
    if (!c) return;
    for (size_t i = 0; i < 3; i++) free(c->frame_ints[i]);
    free(c->frame_texts);
    free(c->frame_bytes);
    free(c->memory.p);
    free(c);
}

static struct chunk *chunk_new(const struct heng_bulk_reading *readings, size_t n)
{
    size_t bytes = 0;
    struct chunk *c = calloc(1, sizeof *c);
    if (!c) return NULL;
    for (size_t i = 0; i < n; i++) {
        c->frames_cap += readings[i].reading->frame_count;
        bytes += 16 + (size_t)readings[i].reading->value_count * 64; /* as HENG_PACKED_MAX */
    }
    uint8_t *memory = malloc(bytes);
    c->memory = heng_buf_of(memory, bytes);
    for (size_t i = 0; i < 3; i++) c->frame_ints[i] = calloc(c->frames_cap + 1, sizeof *c->frame_ints[i]);
    c->frame_texts = calloc(c->frames_cap + 1, sizeof *c->frame_texts);
    c->frame_bytes = calloc(c->frames_cap + 1, sizeof *c->frame_bytes);
    if (memory && c->frame_ints[0] && c->frame_ints[1] && c->frame_ints[2] && c->frame_texts && c->frame_bytes)
        return c;
    chunk_free(c);
    return NULL;
}

static void put_ints(struct chunk *c, const struct heng_reading *reading, int64_t first_frame)
{
    const int64_t row[] = {reading->device_id, reading->at_us,       reading->source, reading->quality,
                           first_frame,        reading->frame_count, reading->due_us, reading->partial};
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) c->ints[i][c->readings] = row[i];
}

/* Pack the readings of a chunk and give ids to their frames. */
static heng_rc fill_readings(struct heng_store *store, struct chunk *c, struct heng_bulk_reading *readings, size_t n,
                             struct heng_err *err)
{
    for (size_t i = 0; i < n; i++) {
        const struct heng_reading *reading = readings[i].reading;
        size_t before = c->memory.n;
        heng_rc rc = heng_store_need_month(store, reading->at_us, err);
        if (rc != HENG_OK) return rc;
        rc = heng_reading_pack(reading, &c->memory);
        if (rc != HENG_OK) return heng_fail(err, rc, 0, "a reading cannot be packed: %s", heng_rc_name(rc));
        readings[i].first_frame = reading->frame_count ? store->next[HENG_ID_FRAME] : 0;
        store->next[HENG_ID_FRAME] += reading->frame_count;
        put_ints(c, reading, readings[i].first_frame);
        c->packed[c->readings++] = heng_slice_of(c->memory.p + before, c->memory.n - before);
    }
    return HENG_OK;
}

static void fill_frames(struct chunk *c, const struct heng_bulk_reading *from)
{
    for (uint16_t i = 0; i < from->reading->frame_count; i++, c->frames++) {
        const struct heng_frame *frame = &from->frames[i];
        c->frame_ints[0][c->frames] = from->first_frame + i;
        c->frame_ints[1][c->frames] = from->reading->device_id;
        c->frame_ints[2][c->frames] = frame->at_us;
        c->frame_texts[c->frames] = heng_slice_str(heng_protocol_text(frame->protocol));
        c->frame_bytes[c->frames] = heng_slice_of(frame->bytes, frame->n);
    }
}

/* Store the chunk; the server tells those that are new in their order, so one walk finds out which. */
static heng_rc insert_readings(struct heng_store *store, struct chunk *c, struct heng_bulk_reading *readings, size_t n,
                               struct heng_err *err)
{
    static const unsigned before_packed = 6;
    struct heng_query q;
    heng_query_begin(&q, db_of(store), HENG_SQL_READING_ADD_ALL);
    for (unsigned i = 0; i < before_packed; i++) heng_query_ints(&q, c->ints[i], c->readings);
    heng_query_slices(&q, false, c->packed, c->readings);
    for (unsigned i = before_packed; i < 8; i++) heng_query_ints(&q, c->ints[i], c->readings);
    heng_rc rc = heng_query_step(&q, err);
    for (size_t i = 0; i < n; i++) {
        const struct heng_reading *reading = readings[i].reading;
        bool is_new = false;
        if (rc == HENG_OK) {
            q.column = 0;
            is_new = heng_query_get_int(&q) == reading->device_id && heng_query_get_int(&q) == reading->at_us &&
                     heng_query_get_int(&q) == (int64_t)reading->source;
        }
        readings[i].stored = is_new ? HENG_STORED_NEW : HENG_STORED_CONFLICT;
        if (!is_new) continue;
        fill_frames(c, &readings[i]);
        rc = heng_query_step(&q, err);
    }
    heng_query_end(&q);
    if (rc == HENG_OK) return heng_fail(err, HENG_EBUG, 0, "the server told of a reading that it was not given");
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

static heng_rc insert_frames(struct heng_store *store, const struct chunk *c, struct heng_err *err)
{
    struct heng_query q;
    if (c->frames == 0) return HENG_OK;
    heng_query_begin(&q, db_of(store), HENG_SQL_FRAME_ADD_ALL);
    for (size_t i = 0; i < 3; i++) heng_query_ints(&q, c->frame_ints[i], c->frames);
    heng_query_slices(&q, true, c->frame_texts, c->frames);
    heng_query_slices(&q, false, c->frame_bytes, c->frames);
    return heng_query_finish(&q, err);
}

static heng_rc add_one(struct heng_store *store, struct heng_bulk_reading *r, struct heng_err *err)
{
    return heng_store_add_reading(store, r->reading, r->frames, &r->stored, &r->first_frame, err);
}

static heng_rc add_chunk(struct heng_store *store, struct heng_bulk_reading *readings, size_t n, struct heng_err *err)
{
    struct chunk *c = chunk_new(readings, n);
    if (!c) return heng_fail(err, HENG_ENOMEM, 0, "out of memory");
    heng_rc rc = fill_readings(store, c, readings, n, err);
    if (rc == HENG_OK) rc = insert_readings(store, c, readings, n, err);
    if (rc == HENG_OK) rc = insert_frames(store, c, err);
    /* There was one under their key: the same, or a conflict. */
    for (size_t i = 0; rc == HENG_OK && i < n; i++)
        rc = readings[i].stored != HENG_STORED_NEW ? add_one(store, &readings[i], err)
                                                   : heng_store_touch_reading(store, readings[i].reading, err);
    chunk_free(c);
    return rc;
}

/* Those that are new or say something else; what is the same has said it before. */
static heng_rc add_conditions(struct heng_store *store, const struct heng_bulk_reading *r, struct heng_err *err)
{
    const struct heng_condition_row row = {r->reading->at_us, r->reading->source, r->conditions};
    if (!r->conditions || r->stored == HENG_STORED_SAME) return HENG_OK;
    return heng_store_add_conditions(store, r->reading->device_id, &row, err);
}

heng_rc heng_store_add_readings(struct heng_store *store, struct heng_bulk_reading *readings, size_t n,
                                struct heng_err *err)
{
    heng_rc rc = HENG_OK;
    if (!db_of(store)->in_transaction) return heng_fail(err, HENG_EBUG, 0, "no transaction is open");
    if (!db_of(store)->postgres)
        for (size_t i = 0; rc == HENG_OK && i < n; i++) rc = add_one(store, &readings[i], err);
    else
        for (size_t i = 0; rc == HENG_OK && i < n; i += CHUNK)
            rc = add_chunk(store, readings + i, n - i < CHUNK ? n - i : CHUNK, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) rc = add_conditions(store, &readings[i], err);
    return rc;
}
