#include "billing/trace.h"

#include "base/json_reader.h"
#include "usage/quality.h"

/* Room for one more; arrays grow by four. */
static void *grow(struct heng_json_reader *r, struct heng_arena *arena, void *items, size_t n, size_t size)
{
    bool full = n == 0 || (n >= 8 && (n & (n - 1)) == 0);
    if (n == HENG_TRACE_ITEMS_MAX)
        heng_json_refuse(r, HENG_ELIMIT, "a trace has more than %d entries", HENG_TRACE_ITEMS_MAX);
    if (!full || r->err.rc) return r->err.rc ? NULL : items;
    void *more = heng_arena_take(arena, n < 8 ? 8 : n * 2, size);
    if (!more) heng_json_refuse(r, HENG_ENOMEM, "out of memory for a trace");
    if (more && n) memcpy(more, items, n * size);
    return more;
}

static int64_t get_int(struct heng_json_reader *r) { return heng_json_get_int(r, INT64_MIN, INT64_MAX); }

static heng_day get_day(struct heng_json_reader *r)
{
    char text[HENG_DATE_TEXT_MAX];
    heng_day day = 0;
    heng_json_get_string(r, text, sizeof text);
    if (!r->err.rc && !heng_date_parse(text, &day)) heng_json_refuse(r, HENG_EFORMAT, "'%s' is no day", text);
    return day;
}

static void read_row(struct heng_json_reader *r, struct heng_trace_row *row)
{
    struct heng_slice key;
    *row = (struct heng_trace_row){0};
    heng_json_open_object(r);
    while (heng_json_next_key(r, &key)) {
        if (heng_slice_is(key, "channel"))
            row->channel_id = get_int(r);
        else if (heng_slice_is(key, "register"))
            row->register_number = get_int(r);
        else if (heng_slice_is(key, "from"))
            row->from = get_day(r);
        else if (heng_slice_is(key, "to"))
            row->to = get_day(r);
        else if (heng_slice_is(key, "amount"))
            heng_json_get_string(r, row->amount, sizeof row->amount);
        else if (heng_slice_is(key, "unit"))
            heng_json_get_string(r, row->unit, sizeof row->unit);
        else if (heng_slice_is(key, "days"))
            row->days = get_int(r);
        else if (heng_slice_is(key, "estimated"))
            row->estimated = get_int(r);
        else if (heng_slice_is(key, "trust"))
            heng_json_get_string(r, row->trust, sizeof row->trust);
        else if (heng_slice_is(key, "sha256"))
            heng_json_get_string(r, row->sha256, sizeof row->sha256);
        else
            heng_json_skip(r);
    }
}

static void read_usage(struct heng_json_reader *r, struct heng_trace_usage *usage)
{
    struct heng_slice key;
    *usage = (struct heng_trace_usage){0};
    heng_json_open_object(r);
    while (heng_json_next_key(r, &key)) {
        if (heng_slice_is(key, "row"))
            usage->row = get_int(r);
        else if (heng_slice_is(key, "how"))
            heng_json_get_string(r, usage->how, sizeof usage->how);
        else
            heng_json_skip(r);
    }
}

static bool read_reading_number(struct heng_json_reader *r, struct heng_slice key, struct heng_trace_reading *reading)
{
    const struct {
        const char *name;
        int64_t *to;
    } fields[] = {{"channel", &reading->channel_id},   {"device", &reading->device_id},
                  {"register", &reading->register_id}, {"frame", &reading->frame_id},
                  {"source", &reading->source},        {"at", &reading->at_us},
                  {"due", &reading->due_us},           {"removed", &reading->removed_us}};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (heng_slice_is(key, fields[i].name)) {
            *fields[i].to = get_int(r);
            return true;
        }
    return false;
}

static void read_reading(struct heng_json_reader *r, struct heng_trace_reading *reading)
{
    struct heng_slice key;
    *reading = (struct heng_trace_reading){0};
    heng_json_open_object(r);
    while (heng_json_next_key(r, &key)) {
        if (read_reading_number(r, key, reading)) continue;
        if (heng_slice_is(key, "meter"))
            heng_json_get_string(r, reading->meter, sizeof reading->meter);
        else if (heng_slice_is(key, "of"))
            heng_json_get_string(r, reading->of, sizeof reading->of);
        else if (heng_slice_is(key, "index"))
            heng_json_get_string(r, reading->index, sizeof reading->index);
        else if (heng_slice_is(key, "unit"))
            heng_json_get_string(r, reading->unit, sizeof reading->unit);
        else
            heng_json_skip(r);
    }
}

static void read_list(struct heng_json_reader *r, struct heng_slice key, struct heng_arena *arena,
                      struct heng_trace *ret)
{
    bool rows = heng_slice_is(key, "rows"), usage = heng_slice_is(key, "usage");
    heng_json_open_array(r);
    while (heng_json_next_item(r)) {
        if (rows) {
            ret->rows = grow(r, arena, ret->rows, ret->row_count, sizeof *ret->rows);
            if (ret->rows) read_row(r, &ret->rows[ret->row_count++]);
        } else if (usage) {
            ret->usage = grow(r, arena, ret->usage, ret->usage_count, sizeof *ret->usage);
            if (ret->usage) read_usage(r, &ret->usage[ret->usage_count++]);
        } else {
            ret->readings = grow(r, arena, ret->readings, ret->reading_count, sizeof *ret->readings);
            if (ret->readings) read_reading(r, &ret->readings[ret->reading_count++]);
        }
        if (r->err.rc) return;
    }
}

heng_rc heng_trace_read(struct heng_slice json, struct heng_arena *arena, struct heng_trace *ret, struct heng_err *err)
{
    struct heng_json_reader r = heng_json_reader_of(json);
    struct heng_slice key;
    *ret = (struct heng_trace){0};
    heng_json_open_object(&r);
    while (heng_json_next_key(&r, &key)) {
        if (heng_slice_is(key, "rows") || heng_slice_is(key, "usage") || heng_slice_is(key, "readings"))
            read_list(&r, key, arena, ret);
        else
            heng_json_skip(&r);
    }
    heng_json_finish(&r);
    if (r.err.rc == HENG_OK) return HENG_OK;
    *ret = (struct heng_trace){0};
    return heng_fail(err, r.err.rc, r.err.at, "the trace cannot be read: %.100s", r.err.text);
}
