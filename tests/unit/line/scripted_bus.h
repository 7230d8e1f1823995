#ifndef HENG_TESTS_SCRIPTED_BUS_H
#define HENG_TESTS_SCRIPTED_BUS_H
/* One meter on a line in virtual time: what the line must send, one request after another, and what comes back.
 * A request that differs from the script fails the test with both in hex. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/hex.h"
#include "codec/present.h"
#include "line/line.h"

enum { EXCHANGES_MAX = 40, HEX_MAX = 700 };

/* request: hex that must be sent; "" for any. answer: hex that arrives after_ms behind the end of the request; "" for
 * silence. late: arrives late_ms behind the request besides it, whatever the line does by then. */
struct exchange {
    char request[HEX_MAX], answer[HEX_MAX], late[HEX_MAX];
    unsigned after_ms, late_ms;
};

struct script {
    struct exchange exchanges[EXCHANGES_MAX];
    unsigned count, sent;
    heng_us sent_at[EXCHANGES_MAX];
    heng_us now;
    struct {
        heng_us at;
        char hex[HEX_MAX];
    } wire[8];
    unsigned wire_n;
    struct heng_line *line;
    struct heng_read read;
};

static inline struct exchange *say(struct script *s, const char *request, const char *answer)
{
    assert_true(s->count < EXCHANGES_MAX);
    struct exchange *x = &s->exchanges[s->count++];
    *x = (struct exchange){.after_ms = 60};
    assert_true(strlen(request) < HEX_MAX && strlen(answer) < HEX_MAX);
    memcpy(x->request, request, strlen(request) + 1);
    memcpy(x->answer, answer, strlen(answer) + 1);
    return x;
}

static inline void to_hex(struct heng_slice bytes, char *ret, size_t cap)
{
    static const char digits[] = "0123456789ABCDEF";
    assert_true(2 * bytes.n < cap);
    for (size_t i = 0; i < bytes.n; i++) {
        ret[2 * i] = digits[bytes.p[i] >> 4];
        ret[2 * i + 1] = digits[bytes.p[i] & 15];
    }
    ret[2 * bytes.n] = '\0';
}

/* Put hex behind what ret, of HEX_MAX bytes, holds already. */
static inline void append(char *ret, const char *hex)
{
    assert_true(strlen(ret) + strlen(hex) < HEX_MAX);
    memcpy(ret + strlen(ret), hex, strlen(hex) + 1);
}

static inline void put_on_wire(struct script *s, heng_us at, const char *hex)
{
    if (!hex[0]) return;
    assert_true(s->wire_n < sizeof s->wire / sizeof *s->wire);
    s->wire[s->wire_n].at = at;
    memcpy(s->wire[s->wire_n++].hex, hex, strlen(hex) + 1);
}

static inline void on_send(struct script *s, struct heng_slice bytes)
{
    char sent[HEX_MAX];
    to_hex(bytes, sent, sizeof sent);
    if (s->sent == s->count) fail_msg("request %u is not in the script: %s", s->sent, sent);
    const struct exchange *x = &s->exchanges[s->sent];
    if (x->request[0] && strcmp(x->request, sent) != 0)
        fail_msg("request %u is %s, expected %s", s->sent, sent, x->request);
    s->sent_at[s->sent++] = s->now;
    heng_us end = s->now + (heng_us)bytes.n * 11 * HENG_US_PER_S / 2400;
    put_on_wire(s, end + x->after_ms * HENG_US_PER_MS, x->answer);
    put_on_wire(s, end + x->late_ms * HENG_US_PER_MS, x->late);
}

/* Bytes arrive five at a time within one moment: chunks must not matter. */
static inline void arrive(struct script *s, unsigned i)
{
    uint8_t bytes[HEX_MAX / 2];
    struct heng_buf buf = heng_buf_of(bytes, sizeof bytes);
    assert_int_equal(heng_hex_parse(heng_slice_str(s->wire[i].hex), &buf, NULL), HENG_OK);
    if (s->wire[i].at > s->now) s->now = s->wire[i].at;
    memmove(&s->wire[i], &s->wire[i + 1], (--s->wire_n - i) * sizeof s->wire[0]);
    for (size_t at = 0; at < buf.n; at += 5)
        heng_line_feed(s->line, s->now, heng_slice_of(bytes + at, buf.n - at < 5 ? buf.n - at : 5));
}

/* Read the meter once. All exchanges must have taken place. */
static inline const struct heng_read *converse(struct script *s)
{
    for (unsigned turns = 0; turns < 100000; turns++) {
        struct heng_line_action action;
        heng_line_poll(s->line, s->now, &action);
        if (action.kind == HENG_LINE_SEND) on_send(s, action.bytes);
        if (action.kind == HENG_LINE_RESULT) {
            s->read = *action.result.read;
            if (s->sent != s->count) fail_msg("only %u of %u requests were sent", s->sent, s->count);
            return &s->read;
        }
        if (action.kind != HENG_LINE_NONE) continue;
        heng_us next = heng_line_deadline(s->line);
        unsigned first = 0;
        for (unsigned i = 1; i < s->wire_n; i++)
            if (s->wire[i].at < s->wire[first].at) first = i;
        if (s->wire_n && s->wire[first].at <= next)
            arrive(s, first);
        else
            s->now = next;
    }
    fail_msg("the line does nothing");
    return NULL;
}

/* The same script object goes on with another read: the next round. */
static inline void next_script(struct script *s) { s->count = s->sent = s->wire_n = 0; }

static inline struct script *script_new(const struct heng_meter_config *meter, const struct heng_profiles *profiles)
{
    struct heng_line_config config = {.name = "bus",
                                      .baud = 2400,
                                      .parity = 'E',
                                      .latency_ms = 0,
                                      .period_s = 60,
                                      .single_reads = true,
                                      .profiles = profiles};
    struct script *s = calloc(1, sizeof *s);
    struct heng_err err = {.text = ""};
    assert_non_null(s);
    s->now = HENG_US_PER_S;
    if (heng_line_new(&config, meter, 1, &s->line, &err) != HENG_OK) fail_msg("%s", err.text);
    heng_line_opened(s->line, s->now);
    return s;
}

static inline void script_free(struct script *s)
{
    heng_line_free(s->line);
    free(s);
}

/* The value of a register, which must be there. */
static inline const struct heng_value *value_of(const struct heng_read *read, heng_quantity quantity, uint32_t tariff,
                                                const char *qualifier)
{
    for (unsigned i = 0; i < read->value_count; i++) {
        const struct heng_register_key *key = &read->values[i].key;
        if (key->quantity == quantity && key->tariff == tariff && strcmp(key->qualifier, qualifier) == 0)
            return &read->values[i];
    }
    fail_msg("no %s of tariff %u '%s'", heng_quantity_text(quantity), tariff, qualifier);
    return NULL;
}

static inline void assert_value(const struct heng_read *read, heng_quantity quantity, uint32_t tariff,
                                const char *qualifier, const char *expected)
{
    const struct heng_value *value = value_of(read, quantity, tariff, qualifier);
    char text[HENG_DEC_TEXT_MAX] = "none";
    if (value->has_value) heng_dec_format(value->dec, text);
    if (strcmp(text, expected) != 0)
        fail_msg("%s of tariff %u '%s' is %s, expected %s", heng_quantity_text(quantity), tariff, qualifier, text,
                 expected);
}

static inline bool has_value(const struct heng_read *read, heng_quantity quantity)
{
    for (unsigned i = 0; i < read->value_count; i++)
        if (read->values[i].key.quantity == quantity) return true;
    return false;
}

/* Every value of a read must come out of its stored frame alone, read as the profile has it. */
static inline void assert_proven(const struct heng_read *read, heng_protocol protocol,
                                 const struct heng_profile *profile)
{
    for (unsigned i = 0; i < read->value_count; i++) {
        const struct heng_value *value = &read->values[i];
        struct heng_capture capture;
        struct heng_record record;
        bool found = false;
        unsigned f = read->frame_of_value[i];
        heng_capture_init(&capture, protocol, heng_slice_of(read->frames[f].bytes, read->frames[f].n));
        if (profile) heng_capture_use(&capture, &profile->dialect);
        if (capture.rc != HENG_OK) fail_msg("frame %u: %s", f, capture.err.text);
        struct heng_records records = heng_telegram_records(&capture.telegram);
        while (heng_record_next(&records, &record, NULL) == HENG_OK)
            if (record.quantity == value->key.quantity && record.tariff == value->key.tariff &&
                record.kind == (value->has_value ? HENG_VALUE_DEC : HENG_VALUE_NONE) &&
                (!value->has_value || heng_dec_cmp(record.dec, value->dec) == 0))
                found = true;
        if (!found) fail_msg("frame %u does not say the value %u", f, i);
    }
}

#endif
