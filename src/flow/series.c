/* One register over time: readings into at most so many buckets, gaps kept as gaps. */
#include <string.h>

#include "flow/views.h"
#include "store/pack.h"

/* A year of a 15 s line. More would keep a worker busy for seconds. */
enum { SCAN_MAX = 2100000, PERIOD_MIN_S = 15 };

struct series {
    struct heng_series_view *view;
    size_t limit;
    heng_us from_us, gap_us; /* gap_us: a longer distance between two values is a gap */
    heng_us last_us;         /* of the last value, 0 before the first */
    int64_t bucket;          /* number of the open bucket, -1 before the first */
    bool gap;                /* a value is missing since the last one */
};

static heng_rc add_value(struct series *s, heng_us at_us, struct heng_dec dec)
{
    struct heng_series_view *view = s->view;
    bool gap = s->last_us && (s->gap || at_us - s->last_us > s->gap_us);
    int64_t bucket = view->bucket_us ? (at_us - s->from_us) / view->bucket_us : s->bucket + 1;
    s->last_us = at_us;
    s->gap = false;
    if (bucket != s->bucket) {
        if (view->n == s->limit) return HENG_ELIMIT;
        s->bucket = bucket;
        view->points[view->n++] = (struct heng_point_view){.min = dec, .max = dec};
    }
    struct heng_point_view *point = &view->points[view->n - 1];
    point->at_us = at_us;
    point->last = dec;
    point->count++;
    point->gap = point->gap || gap;
    if (heng_dec_cmp(dec, point->min) < 0) point->min = dec;
    if (heng_dec_cmp(dec, point->max) > 0) point->max = dec;
    return HENG_OK;
}

/* Errors: ELIMIT when the points do not suffice for single readings. */
static heng_rc collect(struct series *s, struct heng_reading_scan *scan, struct heng_err *err)
{
    heng_rc rc;
    for (size_t scanned = 0; (rc = heng_reading_scan_next(scan, err)) == HENG_OK; scanned++) {
        struct heng_reading_value value;
        if (scanned == SCAN_MAX)
            return heng_fail(err, HENG_ERANGE, 0, "more than %d readings in this time: choose a shorter one", SCAN_MAX);
        rc = heng_reading_pick(scan->packed, s->view->reg.id, &value, err);
        if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
        if (rc == HENG_ENOTFOUND || !value.has_value) {
            /* What an order asked for beside the usual says nothing of a value that it never asks. */
            s->gap = s->gap || !(scan->partial || scan->due_us);
            continue;
        }
        rc = add_value(s, scan->at_us, value.dec);
        if (rc != HENG_OK) return rc;
    }
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

static heng_rc walk(struct heng_store_reader *reader, struct series s, heng_us to_us, int64_t bucket_us,
                    struct heng_err *err)
{
    struct heng_reading_scan scan;
    s.view->bucket_us = bucket_us;
    s.view->n = 0;
    s.bucket = -1;
    heng_rc rc = heng_reading_scan_begin(&scan, reader, s.view->reg.device_id, s.from_us, to_us, err);
    if (rc != HENG_OK) return rc;
    rc = collect(&s, &scan, err);
    heng_reading_scan_end(&scan);
    return rc;
}

/* The register, and after how long without a value its line has a gap. */
static heng_rc find_register(struct heng_store_reader *reader, struct heng_arena *arena, int64_t meter_id,
                             int64_t register_id, struct heng_register *ret, heng_us *ret_gap_us, struct heng_err *err)
{
    struct heng_meter_row meter;
    struct heng_line_row line = {0};
    size_t n = 0, i = 0;
    heng_rc rc = heng_store_get_meter(reader, meter_id, &meter, err);
    if (rc == HENG_OK && meter.line_id) rc = heng_store_get_line(reader, meter.line_id, &line, err);
    if (rc != HENG_OK) return rc;
    uint32_t period_s = line.config.period_s > PERIOD_MIN_S ? line.config.period_s : PERIOD_MIN_S;
    *ret_gap_us = (heng_us)period_s * HENG_US_PER_S * 5 / 2;
    struct heng_register *registers = heng_arena_take(arena, HENG_REGISTERS_MAX, sizeof *registers);
    if (!registers) return heng_fail(err, HENG_ENOMEM, 0, "the answer is too large");
    rc = heng_store_list_registers(reader, meter_id, registers, HENG_REGISTERS_MAX, &n, err);
    if (rc != HENG_OK) return rc;
    while (i < n && registers[i].id != register_id) i++;
    if (i == n) return HENG_ENOTFOUND;
    *ret = registers[i];
    return HENG_OK;
}

static heng_rc get_series(struct heng_store_reader *reader, struct heng_arena *arena, int64_t meter_id,
                          int64_t register_id, heng_us from_us, heng_us to_us, size_t limit,
                          struct heng_series_view *ret, struct heng_err *err)
{
    struct series s = {.view = ret, .limit = limit, .from_us = from_us};
    heng_rc rc = find_register(reader, arena, meter_id, register_id, &ret->reg, &s.gap_us, err);
    if (rc != HENG_OK) return rc;
    ret->points = heng_arena_take(arena, limit, sizeof *ret->points);
    if (!ret->points) return heng_fail(err, HENG_ENOMEM, 0, "the answer is too large");
    rc = walk(reader, s, to_us, 0, err);
    if (rc != HENG_ELIMIT) return rc;
    /* Rounded up to whole seconds, so that the last bucket ends behind to_us. */
    int64_t width = (to_us - from_us - 1) / (int64_t)limit + 1;
    width = (width + HENG_US_PER_S - 1) / HENG_US_PER_S * HENG_US_PER_S;
    return walk(reader, s, to_us, width, err);
}

heng_rc heng_view_series(struct heng_store_reader *reader, struct heng_arena *arena, int64_t meter_id,
                         int64_t register_id, heng_us from_us, heng_us to_us, size_t limit,
                         struct heng_series_view *ret, struct heng_err *err)
{
    /* The span of two far apart times must not overflow. */
    if (to_us <= from_us || from_us < -INT64_MAX / 4 || to_us > INT64_MAX / 4)
        return heng_fail(err, HENG_ERANGE, 0, "'to' must be later than 'from'");
    heng_rc rc = heng_store_reader_begin(reader, err);
    if (rc != HENG_OK) return rc;
    rc = get_series(reader, arena, meter_id, register_id, from_us, to_us, limit, ret, err);
    heng_store_reader_end(reader);
    return rc;
}
