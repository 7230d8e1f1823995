#include "uplink/carry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

enum { MAGIC_N = 8, HEAD_N = 5, CHECK_N = 8, HEADER_FIXED_N = 24, ENTRY_FIXED_N = 6 * 8 + 3, GROW_BYTES = 4096 };

static const char magic[] = "HENGCRY1";

static uint64_t fnv(uint64_t hash, const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++) hash = (hash ^ p[i]) * UINT64_C(0x100000001B3);
    return hash;
}

static uint64_t check_of_magic(void) { return fnv(UINT64_C(0xCBF29CE484222325), (const uint8_t *)magic, MAGIC_N); }

/* --- writing ---------------------------------------------------------------------------------------------------- */

/* One record of two parts. */
static heng_rc put(struct heng_carry_writer *writer, char kind, struct heng_slice head, struct heng_slice rest,
                   struct heng_buf *buf)
{
    size_t n = head.n + rest.n, start = buf->n;
    if (n > HENG_UPLINK_MESSAGE_MAX || buf->cap - buf->n < HEAD_N + n + CHECK_N) return HENG_ELIMIT;
    heng_buf_le(buf, n, 4);
    heng_buf_u8(buf, (uint8_t)kind);
    heng_buf_put(buf, head);
    heng_buf_put(buf, rest);
    writer->check = fnv(writer->check, buf->p + start, buf->n - start);
    heng_buf_le(buf, writer->check, CHECK_N);
    return HENG_OK;
}

heng_rc heng_carry_begin(struct heng_carry_writer *writer, const struct heng_carry_header *header, struct heng_buf *buf)
{
    uint8_t bytes[HEADER_FIXED_N];
    struct heng_buf fixed = heng_buf_of(bytes, sizeof bytes);
    if (buf->cap - buf->n < MAGIC_N + HEAD_N + sizeof bytes + sizeof header->name + CHECK_N) return HENG_ELIMIT;
    *writer = (struct heng_carry_writer){.check = check_of_magic()};
    heng_buf_put(buf, heng_slice_of(magic, MAGIC_N));
    heng_buf_le(&fixed, (uint64_t)header->made_us, 8);
    heng_buf_le(&fixed, header->config_version, 8);
    heng_buf_le(&fixed, (uint64_t)header->gateway_id, 8);
    return put(writer, 'H', heng_buf_slice(&fixed), heng_slice_str(header->name), buf);
}

static heng_rc put_counted(struct heng_carry_writer *writer, char kind, struct heng_slice head, struct heng_slice rest,
                           struct heng_buf *buf)
{
    heng_rc rc = put(writer, kind, head, rest, buf);
    if (rc == HENG_OK) writer->count++;
    return rc;
}

heng_rc heng_carry_put_config(struct heng_carry_writer *writer, struct heng_slice config, struct heng_buf *buf)
{
    return put_counted(writer, 'C', config, heng_slice_of("", 0), buf);
}

heng_rc heng_carry_put_route(struct heng_carry_writer *writer, struct heng_slice config, struct heng_buf *buf)
{
    return put_counted(writer, 'R', config, heng_slice_of("", 0), buf);
}

heng_rc heng_carry_put_entry(struct heng_carry_writer *writer, const struct heng_entry *entry, struct heng_buf *buf)
{
    uint8_t bytes[ENTRY_FIXED_N];
    struct heng_buf fixed = heng_buf_of(bytes, sizeof bytes);
    heng_buf_le(&fixed, (uint64_t)entry->gateway_id, 8);
    heng_buf_le(&fixed, entry->epoch, 8);
    heng_buf_le(&fixed, entry->seq, 8);
    heng_buf_le(&fixed, (uint64_t)entry->at_us, 8);
    heng_buf_le(&fixed, (uint64_t)entry->subject_id, 8);
    heng_buf_le(&fixed, entry->check, 8);
    heng_buf_u8(&fixed, (uint8_t)entry->kind);
    heng_buf_u8(&fixed, (uint8_t)entry->rank);
    heng_buf_u8(&fixed, entry->doubtful);
    return put_counted(writer, 'E', heng_buf_slice(&fixed), entry->body, buf);
}

heng_rc heng_carry_end(struct heng_carry_writer *writer, struct heng_buf *buf)
{
    uint8_t bytes[8];
    struct heng_buf fixed = heng_buf_of(bytes, sizeof bytes);
    heng_buf_le(&fixed, writer->count, 8);
    return put(writer, 'Z', heng_buf_slice(&fixed), heng_slice_of("", 0), buf);
}

/* --- reading ---------------------------------------------------------------------------------------------------- */

bool heng_carry_is(struct heng_slice bytes)
{
    return bytes.n >= MAGIC_N - 1 && memcmp(bytes.p, magic, MAGIC_N - 1) == 0; /* the last one is the version */
}

struct heng_carry_writer heng_carry_writer_behind(const struct heng_carry_reader *reader)
{
    return (struct heng_carry_writer){.check = reader->check, .count = reader->count};
}

void heng_carry_reader_fini(struct heng_carry_reader *reader)
{
    free(reader->bytes);
    *reader = (struct heng_carry_reader){0};
}

heng_rc heng_carry_feed(struct heng_carry_reader *reader, struct heng_slice bytes, struct heng_err *err)
{
    size_t left = reader->n - reader->at;
    if (left && reader->at) memmove(reader->bytes, reader->bytes + reader->at, left);
    reader->at = 0;
    reader->n = left;
    if (!bytes.n) return HENG_OK;
    if (reader->cap - left < bytes.n) {
        size_t cap = left + bytes.n > 2 * reader->cap ? left + bytes.n + GROW_BYTES : 2 * reader->cap;
        uint8_t *grown = realloc(reader->bytes, cap);
        if (!grown) return heng_fail(err, HENG_ENOMEM, 0, "no memory for the file");
        reader->bytes = grown;
        reader->cap = cap;
    }
    memcpy(reader->bytes + left, bytes.p, bytes.n);
    reader->n += bytes.n;
    return HENG_OK;
}

static heng_rc refuse(struct heng_carry_reader *reader, heng_rc rc, struct heng_err *err, const char *what)
{
    reader->rc = rc;
    return heng_fail(err, rc, (uint32_t)reader->offset, "%s (at byte %llu)", what, (unsigned long long)reader->offset);
}

static heng_rc take_magic(struct heng_carry_reader *reader, struct heng_err *err)
{
    size_t n = reader->n - reader->at < MAGIC_N ? reader->n - reader->at : MAGIC_N;
    if (n && memcmp(reader->bytes + reader->at, magic, n < MAGIC_N - 1 ? n : MAGIC_N - 1) != 0)
        return refuse(reader, HENG_EFORMAT, err, "this is no file of a gateway or handheld");
    if (n < MAGIC_N) return HENG_MORE;
    if (memcmp(reader->bytes + reader->at, magic, MAGIC_N) != 0)
        return refuse(reader, HENG_EUNSUPPORTED, err, "a newer program made this file");
    reader->at += MAGIC_N;
    reader->offset = MAGIC_N;
    reader->check = check_of_magic();
    reader->began = true;
    return HENG_OK;
}

static heng_rc read_header(struct heng_slice body, struct heng_carry_header *ret)
{
    struct heng_reader r = heng_reader_of(body);
    *ret = (struct heng_carry_header){0};
    ret->made_us = (heng_us)heng_reader_le(&r, 8);
    ret->config_version = heng_reader_le(&r, 8);
    ret->gateway_id = (int64_t)heng_reader_le(&r, 8);
    size_t n = heng_reader_left(&r);
    if (r.failed || n >= sizeof ret->name || memchr(r.p, 0, n)) return HENG_EFORMAT;
    memcpy(ret->name, r.p, n);
    for (size_t at = 0, length; at < n; at += length)
        if ((length = heng_utf8_length(r.p + at, n - at)) == 0) return HENG_EFORMAT;
    return HENG_OK;
}

static heng_rc read_entry(struct heng_slice body, struct heng_entry *ret)
{
    struct heng_reader r = heng_reader_of(body);
    *ret = (struct heng_entry){.gateway_id = (int64_t)heng_reader_le(&r, 8)};
    ret->epoch = heng_reader_le(&r, 8);
    ret->seq = heng_reader_le(&r, 8);
    ret->at_us = (heng_us)heng_reader_le(&r, 8);
    ret->subject_id = (int64_t)heng_reader_le(&r, 8);
    ret->check = heng_reader_le(&r, 8);
    uint32_t kind = heng_reader_u8(&r), rank = heng_reader_u8(&r), doubtful = heng_reader_u8(&r);
    size_t n = heng_reader_left(&r);
    if (r.failed || !heng_entry_kind_is(kind) || !heng_entry_rank_is(rank) || doubtful > 1 || n > HENG_ENTRY_BODY_MAX)
        return HENG_EFORMAT;
    ret->kind = (heng_entry_kind)kind;
    ret->rank = (heng_entry_rank)rank;
    ret->doubtful = doubtful;
    ret->body = heng_slice_of(r.p, n);
    return HENG_OK;
}

/* ENOTFOUND: the file has ended. */
static heng_rc judge(struct heng_carry_reader *reader, char kind, struct heng_slice body, struct heng_carry_item *ret)
{
    struct heng_reader r = heng_reader_of(body);
    if ((kind == 'H') == reader->headed) return HENG_EFORMAT; /* it comes first, and once */
    reader->headed = true;
    switch (kind) {
    case 'H': ret->kind = HENG_CARRY_HEADER; return read_header(body, &ret->header);
    case 'C':
    case 'R':
        ret->kind = kind == 'C' ? HENG_CARRY_CONFIG : HENG_CARRY_ROUTE;
        ret->bytes = body;
        reader->count++;
        return HENG_OK;
    case 'E':
        ret->kind = HENG_CARRY_ENTRY;
        reader->count++;
        return read_entry(body, &ret->entry);
    case 'Z':
        if (body.n != 8 || heng_reader_le(&r, 8) != reader->count) return HENG_EFORMAT;
        reader->ended = true;
        return HENG_ENOTFOUND;
    }
    return HENG_EUNSUPPORTED;
}

heng_rc heng_carry_next(struct heng_carry_reader *reader, struct heng_carry_item *ret, struct heng_err *err)
{
    if (reader->rc != HENG_OK) return heng_fail(err, reader->rc, 0, "the file cannot be read further");
    heng_rc rc = reader->began ? HENG_OK : take_magic(reader, err);
    if (rc != HENG_OK) return rc;
    size_t left = reader->n - reader->at;
    if (reader->ended)
        return left ? refuse(reader, HENG_EFORMAT, err, "something follows behind the end") : HENG_ENOTFOUND;
    struct heng_slice rest = heng_slice_of(reader->bytes + reader->at, left);
    struct heng_reader r = heng_reader_of(rest);
    size_t n = heng_reader_le(&r, 4);
    if (!r.failed && n > HENG_UPLINK_MESSAGE_MAX)
        return refuse(reader, HENG_ELIMIT, err, "a record says it is longer than one can be: the file is damaged");
    if (r.failed || left < HEAD_N + n + CHECK_N) return HENG_MORE;
    uint64_t check = fnv(reader->check, rest.p, HEAD_N + n);
    struct heng_reader tail = heng_reader_of(heng_slice_of(rest.p + HEAD_N + n, CHECK_N));
    if (heng_reader_le(&tail, CHECK_N) != check)
        return refuse(reader, HENG_ECHECKSUM, err, "the file is damaged: a check does not fit");
    reader->check = check;
    rc = judge(reader, (char)rest.p[4], heng_slice_of(rest.p + HEAD_N, n), ret);
    if (rc == HENG_EUNSUPPORTED) return refuse(reader, rc, err, "a newer program made this file");
    if (rc == HENG_EFORMAT) return refuse(reader, rc, err, "a record says what cannot be");
    reader->at += HEAD_N + n + CHECK_N;
    reader->offset += HEAD_N + n + CHECK_N;
    if (rc == HENG_ENOTFOUND) return heng_carry_next(reader, ret, err); /* once: is something behind it? */
    return rc;
}

heng_rc heng_carry_close(struct heng_carry_reader *reader, struct heng_err *err)
{
    struct heng_carry_item item;
    heng_rc rc = heng_carry_next(reader, &item, err);
    if (rc == HENG_ENOTFOUND) return HENG_OK;
    if (rc == HENG_OK || rc == HENG_MORE) return refuse(reader, HENG_EFORMAT, err, "the file is cut off");
    return rc;
}

heng_rc heng_carry_same_meter(const struct heng_gateway_config *list, int64_t device_id, const char *number,
                              struct heng_err *err)
{
    for (size_t i = 0; list->line_count && i < list->first[list->line_count]; i++) {
        const struct heng_meter_config *meter = &list->meters[i];
        if (meter->device_id != device_id) continue;
        if (strcmp(meter->number, number) == 0) return HENG_OK;
        return heng_fail(err, HENG_ECONFLICT, 0, "the list of another site: what it calls meter '%s' is '%s' here",
                         meter->number, number);
    }
    return heng_fail(err, HENG_ENOTFOUND, 0, "meter %lld is not on the list", (long long)device_id);
}
