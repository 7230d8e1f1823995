/* Carry files from strangers: in any pieces they say the same, what is let in is within its tables, and a file that is
 * whole comes out of the writer as it was. The input is a file as it is, and the records of one whose lengths and
 * checks the harness makes right. */
#include <stdlib.h>
#include <string.h>

#include "uplink/carry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FILE_MAX = 64 * 1024, MAGIC_N = 8 };

struct told {
    heng_rc rc;
    uint64_t count, offset;
    bool whole;
};

static void require(bool condition)
{
    if (!condition) abort();
}

static void require_sane(const struct heng_carry_item *item)
{
    switch (item->kind) {
    case HENG_CARRY_HEADER: require(memchr(item->header.name, 0, sizeof item->header.name) != NULL); return;
    case HENG_CARRY_CONFIG:
    case HENG_CARRY_ROUTE: require(item->bytes.n <= HENG_UPLINK_MESSAGE_MAX); return;
    case HENG_CARRY_ENTRY:
        require(heng_entry_kind_is(item->entry.kind) && heng_entry_rank_is(item->entry.rank));
        require(item->entry.body.n <= HENG_ENTRY_BODY_MAX);
        return;
    }
    abort();
}

static heng_rc write_again(struct heng_carry_writer *writer, const struct heng_carry_item *item, struct heng_buf *buf)
{
    switch (item->kind) {
    case HENG_CARRY_HEADER: return heng_carry_begin(writer, &item->header, buf);
    case HENG_CARRY_CONFIG: return heng_carry_put_config(writer, item->bytes, buf);
    case HENG_CARRY_ROUTE: return heng_carry_put_route(writer, item->bytes, buf);
    case HENG_CARRY_ENTRY: return heng_carry_put_entry(writer, &item->entry, buf);
    }
    abort();
}

static struct told read_file(struct heng_slice file, size_t step, struct heng_buf *again)
{
    struct heng_carry_reader reader = {0};
    struct heng_carry_writer writer = {0};
    struct heng_carry_item item;
    struct heng_err err = {.text = ""};
    struct told told = {.rc = HENG_MORE};
    for (size_t at = 0; at < file.n && (told.rc == HENG_MORE || told.rc == HENG_ENOTFOUND); at += step) {
        size_t n = file.n - at < step ? file.n - at : step;
        require(heng_carry_feed(&reader, heng_slice_of(file.p + at, n), &err) == HENG_OK);
        while ((told.rc = heng_carry_next(&reader, &item, &err)) == HENG_OK) {
            require_sane(&item);
            require(write_again(&writer, &item, again) == HENG_OK);
            told.count++;
        }
    }
    if (told.rc == HENG_MORE || told.rc == HENG_ENOTFOUND) told.rc = heng_carry_close(&reader, &err);
    told.whole = told.rc == HENG_OK;
    require(told.whole || err.text[0]);
    told.offset = reader.offset;
    if (told.whole) require(heng_carry_end(&writer, again) == HENG_OK);
    heng_carry_reader_fini(&reader);
    return told;
}

static void try_file(struct heng_slice file)
{
    static uint8_t first_room[2 * FILE_MAX + 4096], second_room[2 * FILE_MAX + 4096];
    struct heng_buf first = heng_buf_of(first_room, sizeof first_room);
    struct heng_buf second = heng_buf_of(second_room, sizeof second_room);
    struct told whole = read_file(file, file.n + 1, &first), pieces = read_file(file, 7, &second);
    require(whole.rc == pieces.rc && whole.count == pieces.count && whole.offset == pieces.offset);
    require(heng_slice_eq(heng_buf_slice(&first), heng_buf_slice(&second)));
    if (whole.whole) require(heng_slice_eq(heng_buf_slice(&first), file));
}

/* As carry.h draws it; written once more here, so that a change of the format is seen. */
static uint64_t check_of(uint64_t hash, const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++) hash = (hash ^ p[i]) * UINT64_C(0x100000001B3);
    return hash;
}

/* Records out of the input: kind, two bytes of length, body. */
static void try_records(struct heng_slice input)
{
    static const char kinds[] = "HCREZ?";
    static uint8_t room[2 * FILE_MAX];
    struct heng_buf buf = heng_buf_of(room, sizeof room);
    struct heng_reader r = heng_reader_of(input);
    heng_buf_put(&buf, heng_slice_str("HENGCRY1"));
    uint64_t check = check_of(UINT64_C(0xCBF29CE484222325), room, MAGIC_N);
    while (heng_reader_left(&r) > 3 && buf.n < FILE_MAX) {
        char kind = kinds[heng_reader_u8(&r) % (sizeof kinds - 1)];
        size_t n = (size_t)heng_reader_le(&r, 2), start = buf.n;
        if (n > heng_reader_left(&r)) n = heng_reader_left(&r);
        heng_buf_le(&buf, n, 4);
        heng_buf_u8(&buf, (uint8_t)kind);
        heng_buf_put(&buf, heng_reader_take(&r, n));
        check = check_of(check, room + start, buf.n - start);
        heng_buf_le(&buf, check, 8);
    }
    try_file(heng_buf_slice(&buf));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > FILE_MAX) return 0;
    try_file(heng_slice_of(data, size));
    try_records(heng_slice_of(data, size));
    return 0;
}
