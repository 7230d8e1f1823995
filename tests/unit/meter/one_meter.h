#ifndef HENG_TESTS_ONE_METER_H
#define HENG_TESTS_ONE_METER_H
/* One conversation with one made-up meter, without a line: what the driver asks goes to a function that answers, and
 * the answers come back as they are, twice, not at all, or behind those of others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/hex.h"
#include "meter/driver.h"

enum { EXCHANGES_MAX = 120, TRIES_MAX = 3, ANSWER_MAX = 600 };

/* What the meter says to a request, appended to ret; nothing: silence. */
typedef void (*answer_fn)(void *meter, struct heng_slice request, struct heng_buf *ret);

struct conversation {
    struct heng_talk talk;
    struct heng_meter_config config;
    struct heng_meter_memory memory;
    struct heng_read *read;
    struct heng_err why; /* the last one that reply() gave */
    answer_fn answer;
    void *meter;
    uint64_t lost;           /* bit n: the answer to request n is lost on the way */
    uint64_t unheard;        /* bit n: request n does not reach the meter */
    bool twice;              /* every answer comes a second time */
    struct heng_slice noise; /* comes in front of every answer */
    /* what has happened */
    unsigned asked, tied, foreign, ignored, bad, refused;
    uint32_t paused_ms, then_baud;
    bool ended, failed;
    heng_stage stages[8]; /* that it went through */
    unsigned stage_count;
    struct heng_ask asks[EXCHANGES_MAX];
};

static inline struct conversation *conversation_new(heng_protocol protocol, heng_medium medium, const char *address,
                                                    answer_fn answer, void *meter)
{
    struct conversation *c = calloc(1, sizeof *c);
    assert_non_null(c);
    c->config = (struct heng_meter_config){.device_id = 1, .protocol = protocol, .medium = medium};
    snprintf(c->config.address, sizeof c->config.address, "%s", address);
    c->answer = answer;
    c->meter = meter;
    c->read = calloc(1, sizeof *c->read);
    assert_non_null(c->read);
    return c;
}

static inline void conversation_free(struct conversation *c)
{
    free(c->read);
    free(c);
}

static inline void note_stage(struct conversation *c)
{
    bool news = c->stage_count == 0 || c->stages[c->stage_count - 1] != c->talk.stage;
    if (news && c->stage_count < sizeof c->stages / sizeof *c->stages) c->stages[c->stage_count++] = c->talk.stage;
}

static inline void pass(struct conversation *c, uint32_t ms)
{
    heng_us now = heng_civil_to_us(&c->talk.clock) + ms * HENG_US_PER_MS;
    c->talk.clock = heng_us_to_civil(now);
}

/* Judge all telegrams of an answer. True when the driver has what it wants of this request. */
static inline bool judge(struct conversation *c, struct heng_slice in)
{
    const struct heng_driver *driver = heng_driver_of(c->config.protocol);
    const struct heng_codec *codec = heng_codec_of(c->config.protocol);
    for (unsigned turns = 0; in.n && turns < ANSWER_MAX; turns++) {
        struct heng_telegram telegram;
        struct heng_err err = {.text = ""};
        size_t used = 0;
        heng_rc rc = (codec->decode_answer ? codec->decode_answer : codec->decode)(in, &telegram, &used, &err);
        if (rc == HENG_MORE) return false;
        in = heng_slice_from(in, used);
        if (rc != HENG_OK) continue;
        heng_talk_verdict verdict = driver->reply(&c->talk, &telegram, 1000, c->read, &err);
        if (err.text[0]) c->why = err;
        note_stage(c);
        switch (verdict) {
        case HENG_TALK_IGNORE: c->ignored++; break;
        case HENG_TALK_FOREIGN: c->foreign++; break;
        case HENG_TALK_BAD: c->bad++; return false;
        case HENG_TALK_REFUSED: c->refused++; return false;
        case HENG_TALK_DONE: c->ended = true; return true;
        case HENG_TALK_NEXT: return true;
        }
    }
    return false;
}

static inline void exchange(struct conversation *c)
{
    const struct heng_driver *driver = heng_driver_of(c->config.protocol);
    uint8_t bytes[ANSWER_MAX];
    struct heng_buf buf = heng_buf_of(bytes, sizeof bytes);
    struct heng_ask *ask = &c->asks[c->asked];
    uint64_t bit = c->asked < 64 ? UINT64_C(1) << c->asked : 0;
    driver->next(&c->talk, ask);
    assert_true(ask->n > 0 && ask->n <= sizeof ask->bytes);
    assert_false(ask->silent); /* nothing that one meter is asked leaves the driver in doubt */
    note_stage(c);
    c->asked++;
    c->tied += ask->tied;
    pass(c, 1000);
    heng_buf_put(&buf, c->noise);
    size_t before = buf.n;
    if (!(c->unheard & bit)) c->answer(c->meter, heng_slice_of(ask->bytes, ask->n), &buf);
    if (c->lost & bit) buf.n = before;
    if (c->twice && buf.n > before) heng_buf_put(&buf, heng_slice_of(bytes + before, buf.n - before));
    assert_false(buf.full);
    bool got = judge(c, heng_buf_slice(&buf));
    if (got && ask->then_baud) c->then_baud = ask->then_baud;
    if (!got && !c->ended) {
        heng_missed missed = driver->timeout(&c->talk, TRIES_MAX);
        c->ended = missed != HENG_MISSED_AGAIN;
        c->failed = missed == HENG_MISSED_FAILED;
    }
    note_stage(c);
    c->paused_ms += c->talk.pause_ms;
    pass(c, c->talk.pause_ms);
    c->talk.pause_ms = 0;
}

/* Give the order at noon and talk to the end. */
static inline heng_stage converse(struct conversation *c, const struct heng_order *order)
{
    c->talk = (struct heng_talk){.meter = &c->config, .memory = &c->memory, .order = *order};
    c->talk.clock = (struct heng_civil){2026, 11, 20, 12, 0, 0};
    c->asked = c->tied = c->foreign = c->ignored = c->bad = c->refused = c->stage_count = 0;
    c->paused_ms = c->then_baud = 0;
    c->ended = c->failed = false;
    c->why = (struct heng_err){.text = ""};
    c->read->value_count = c->read->frame_count = 0;
    struct heng_err err = {.text = ""};
    if (heng_meter_check(&c->config, &err) != HENG_OK) fail_msg("%s", err.text);
    if (heng_meter_can(&c->config, order, &err) != HENG_OK) fail_msg("%s", err.text);
    heng_driver_of(c->config.protocol)->begin(&c->talk);
    while (!c->ended && c->asked < EXCHANGES_MAX) exchange(c);
    if (!c->ended) fail_msg("'%s' never ends", heng_order_text(order->kind));
    return c->talk.stage;
}

static inline void assert_stage(heng_stage is, heng_stage expected, const struct conversation *c)
{
    if (is != expected) fail_msg("%s, expected %s (%s)", heng_stage_text(is), heng_stage_text(expected), c->why.text);
}

static inline void assert_why(const struct conversation *c, const char *part)
{
    if (!strstr(c->why.text, part)) fail_msg("'%s' does not say '%s'", c->why.text, part);
}

static inline void assert_request(const struct conversation *c, unsigned n, const char *hex)
{
    char text[2 * HENG_ASK_BYTES_MAX + 1];
    assert_true(n < c->asked);
    assert_int_equal(heng_hex_format(heng_slice_of(c->asks[n].bytes, c->asks[n].n), 0, text, sizeof text), HENG_OK);
    assert_string_equal(text, hex);
}

/* The value of a quantity as a whole number; the test fails without. */
static inline int64_t number_of(const struct heng_read *read, heng_quantity quantity)
{
    for (unsigned i = 0; i < read->value_count; i++)
        if (read->values[i].key.quantity == quantity && read->values[i].has_value) return read->values[i].dec.mantissa;
    fail_msg("no %s", heng_quantity_text(quantity));
    return -1;
}

static inline unsigned count_of(const struct heng_read *read, heng_quantity quantity)
{
    unsigned n = 0;
    for (unsigned i = 0; i < read->value_count; i++) n += read->values[i].key.quantity == quantity;
    return n;
}

#endif
