/* The parts of a line, each by itself: the queue of jobs, learned times, heartbeats, the ways through relays, echoes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "codec/dlt645.h"
#include "line/heartbeat.h"
#include "line/inside.h"
#include "line/learn.h"
#include "sim/rng.h"

/* --- queue ------------------------------------------------------------------------------------------------ */

static bool anybody(const void *context, const struct heng_queued *job)
{
    const uint32_t *without = context;
    return !without || job->member != *without;
}

static struct heng_queued job_of(int64_t id, int64_t group, heng_class cls, heng_us expires)
{
    return (struct heng_queued){.job = {.id = id, .group = group, .cls = cls, .expires_us = expires},
                                .member = (uint32_t)id};
}

static void a_queue_takes_turns_and_takes_back(void **state)
{
    (void)state;
    struct heng_queue *q = NULL;
    struct heng_queued job;
    assert_int_equal(heng_queue_new(&q, NULL), HENG_OK);
    for (int64_t id = 1; id <= 6; id++) {
        job = job_of(id, id <= 4 ? 1 : 2, HENG_CLASS_ON_DEMAND, HENG_US_NEVER);
        assert_int_equal(heng_queue_put(q, &job, NULL), HENG_OK);
    }
    static const int64_t wanted[] = {1, 5, 2};
    for (unsigned i = 0; i < 3; i++) {
        assert_true(heng_queue_take(q, HENG_CLASS_ON_DEMAND, anybody, NULL, &job));
        assert_int_equal(job.job.id, wanted[i]);
    }
    heng_queue_put_back(q, &job); /* it was cut short: it is next again */
    assert_true(heng_queue_take(q, HENG_CLASS_ON_DEMAND, anybody, NULL, &job));
    assert_int_equal(job.job.id, 2);
    uint32_t mute = 6; /* whoever has no power now keeps nobody else waiting */
    assert_true(heng_queue_take(q, HENG_CLASS_ON_DEMAND, anybody, &mute, &job));
    assert_int_equal(job.job.id, 3);
    assert_false(heng_queue_take(q, HENG_CLASS_CONTROL, anybody, NULL, &job));
    assert_int_equal(heng_queue_count(q), 2);
    heng_queue_free(q);
}

/* Against a plain list: what goes in comes out once, as taken, cancelled or expired. */
static void a_queue_loses_nothing(void **state)
{
    (void)state;
    uint64_t seed = 20261121;
    print_message("# seed %llu\n", (unsigned long long)seed);
    struct heng_sim_rng rng = heng_sim_rng_of(seed, 0);
    enum { ALL = 3000 };
    static unsigned out[ALL + 1];
    struct heng_queue *q = NULL;
    int64_t put = 0;
    memset(out, 0, sizeof out);
    assert_int_equal(heng_queue_new(&q, NULL), HENG_OK);
    for (heng_us now = 0; put < ALL || heng_queue_count(q); now++) {
        uint64_t r = heng_sim_rng_next(&rng);
        heng_class cls = (heng_class)(r >> 8 & 3);
        struct heng_queued job = job_of(put + 1, (int64_t)(r >> 16 & 7), cls, now + (heng_us)(r >> 24 & 1023));
        heng_stage stage;
        if (r % 5 < 3 && put < ALL) {
            put++;
            assert_int_equal(heng_queue_put(q, &job, NULL), HENG_OK);
        } else if (r % 5 == 3 && put) {
            (void)!heng_queue_cancel(q, 1 + (int64_t)((r >> 32) % (uint64_t)put));
        } else if (heng_queue_take(q, cls, anybody, NULL, &job)) {
            if (r >> 60 & 1)
                heng_queue_put_back(q, &job);
            else
                out[job.job.id]++;
        }
        heng_queue_expire(q, now);
        assert_true(heng_queue_expires(q) > now);
        while (heng_queue_ended(q, &stage)) {
            const struct heng_queued *ended = heng_queue_ended(q, &stage);
            if (stage == HENG_STAGE_EXPIRED) assert_true(ended->job.expires_us <= now);
            out[ended->job.id]++;
            heng_queue_ended_drop(q);
        }
    }
    for (int64_t i = 1; i <= ALL; i++) assert_int_equal(out[i], 1);
    heng_queue_free(q);
}

static void a_queue_is_bounded(void **state)
{
    (void)state;
    struct heng_queue *q = NULL;
    assert_int_equal(heng_queue_new(&q, NULL), HENG_OK);
    for (int64_t id = 1; id <= HENG_LINE_JOBS_MAX; id++) {
        struct heng_queued job = job_of(id, 0, HENG_CLASS_PERIODIC, HENG_US_NEVER);
        assert_int_equal(heng_queue_put(q, &job, NULL), HENG_OK);
    }
    struct heng_queued job = job_of(9999, 0, HENG_CLASS_PERIODIC, HENG_US_NEVER);
    assert_int_equal(heng_queue_put(q, &job, NULL), HENG_ELIMIT);
    heng_queue_free(q);
}

/* --- learned times ---------------------------------------------------------------------------------------- */

static void a_time_out_follows_the_meter(void **state)
{
    (void)state;
    struct heng_learned l = {0};
    heng_us ms = HENG_US_PER_MS, ceiling = 500 * ms;
    assert_int_equal(heng_learn_wait(&l, 30 * ms, ceiling), ceiling);
    for (unsigned i = 0; i < 30; i++) heng_learn_answer(&l, 60 * ms);
    assert_in_range(heng_learn_wait(&l, 30 * ms, ceiling), 90 * ms, 110 * ms);
    for (unsigned i = 0; i < 30; i++) heng_learn_answer(&l, (i % 2 ? 40 : 120) * ms); /* one that varies gets more */
    assert_true(heng_learn_wait(&l, 30 * ms, ceiling) > 200 * ms);
    for (unsigned i = 0; i < 40; i++) heng_learn_answer(&l, 450 * ms); /* slower from now on, up to the ceiling */
    assert_true(heng_learn_wait(&l, 30 * ms, ceiling) > 450 * ms);
    heng_learn_answer(&l, INT64_MAX);
    heng_learn_answer(&l, -5);
    assert_in_range(heng_learn_wait(&l, 30 * ms, ceiling), 1, ceiling);
}

/* --- heartbeats ------------------------------------------------------------------------------------------- */

static void a_heartbeat_is_cut_out(void **state)
{
    (void)state;
    struct heng_heartbeat h;
    uint8_t out[32];
    size_t at = 0;
    assert_int_equal(heng_heartbeat_of("", &h, NULL), HENG_OK);
    assert_int_equal(h.n, 0);
    assert_int_equal(heng_heartbeat_of("hex:FE 01", &h, NULL), HENG_OK);
    assert_int_equal(h.n, 2);
    assert_int_equal(heng_heartbeat_of("hex:F", &h, NULL), HENG_ECONFIG);
    assert_int_equal(heng_heartbeat_of("0123456789012345678901234567890123456789", &h, NULL), HENG_ECONFIG);
    assert_int_equal(heng_heartbeat_of("beat", &h, NULL), HENG_OK);
    assert_int_equal(heng_heartbeat_strip(&h, heng_slice_str("abbeatc"), out, &at), 3);
    assert_int_equal(at, 2);
    assert_memory_equal(out, "abc", 3);
    assert_int_equal(heng_heartbeat_strip(&h, heng_slice_str("abbeac"), out, &at), 0);
    assert_true(heng_heartbeat_begins(&h, heng_slice_str("abbea")));
    assert_false(heng_heartbeat_begins(&h, heng_slice_str("abbeax")));
    assert_false(heng_heartbeat_begins(&h, heng_slice_str("")));
}

/* --- relays ----------------------------------------------------------------------------------------------- */

static heng_rc relays_of(struct heng_relays *relays, const struct heng_relay_config *configs, size_t n)
{
    struct heng_line_config line = {.name = "x", .relays = configs, .relay_count = n};
    heng_rc rc = heng_relays_init(relays, &line, NULL);
    if (rc != HENG_OK) heng_relays_fini(relays);
    return rc;
}

static void a_way_is_opened_from_the_outside(void **state)
{
    (void)state;
    struct heng_relay_config c[] = {{.id = 1, .open_n = 1, .delay_ms = 10},
                                    {.id = 2, .parent_id = 1, .delay_ms = 5}, /* always open */
                                    {.id = 3, .parent_id = 2, .open_n = 1, .hold_ms = 1000},
                                    {.id = 4, .parent_id = 1, .open_n = 1, .stores = true}};
    struct heng_relays r;
    assert_int_equal(relays_of(&r, c, 4), HENG_OK);
    assert_null(heng_relays_next(&r, HENG_RELAY_NONE, 0));
    assert_int_equal(heng_relays_next(&r, 2, 0)->config.id, 1);
    heng_relays_opened(&r, 2, 0);
    assert_int_equal(heng_relays_next(&r, 2, 0)->config.id, 3);
    heng_relays_opened(&r, 2, 0);
    assert_null(heng_relays_next(&r, 2, 0));
    assert_int_equal(heng_relays_next(&r, 2, HENG_US_PER_S)->config.id, 1); /* held long enough */
    heng_relays_opened(&r, 2, HENG_US_PER_S);
    assert_int_equal(heng_relays_next(&r, 3, HENG_US_PER_S)->config.id, 1); /* another way: from its beginning */
    assert_int_equal(heng_relays_delay(&r, 2), 15 * HENG_US_PER_MS);
    assert_true(heng_relays_store(&r, 3));
    assert_false(heng_relays_store(&r, 2));
    heng_relays_fini(&r);
    c[0].parent_id = 3;
    assert_int_equal(relays_of(&r, c, 4), HENG_ECONFIG); /* a circle */
    c[0].parent_id = 77;
    assert_int_equal(relays_of(&r, c, 4), HENG_ECONFIG);
}

/* --- one exchange ----------------------------------------------------------------------------------------- */

struct wire {
    struct heng_exchange x;
    struct heng_line_counters counters;
};

static void begin(struct wire *w, struct heng_buf *request)
{
    w->x.counters = &w->counters;
    w->x.baud = 2400;
    memcpy(w->x.ask.bytes, request->p, request->n);
    w->x.ask.n = request->n;
    heng_exchange_send(&w->x, 0, 100000);
}

static void frame(struct heng_buf *out, uint8_t control, unsigned preamble)
{
    static const uint8_t data[] = {0x00, 0x00, 0x01, 0x00, 0x56, 0x34, 0x12, 0x00};
    struct heng_dlt645_frame f = {.id = "000024060001",
                                  .control = control,
                                  .preamble = (uint8_t)preamble,
                                  .data = heng_slice_of(data, control & 0x80 ? 8 : 4)};
    assert_int_equal(heng_dlt645_encode(&f, out), HENG_OK);
}

static bool put(struct wire *w, struct heng_slice bytes, struct heng_telegram *ret)
{
    const struct heng_codec *codec = heng_codec_of(HENG_PROTOCOL_DLT645_2007);
    for (size_t i = 0; i < bytes.n; i++) {
        assert_int_equal(heng_exchange_put(&w->x, 1000, heng_slice_of(bytes.p + i, 1)), 1);
        while (heng_exchange_next(&w->x, codec, ret))
            if (ret->from_meter) return true;
        heng_exchange_rest(&w->x, 1000);
    }
    while (heng_exchange_flush(&w->x, codec, ret))
        if (ret->from_meter) return true;
    return false;
}

/* However the echo comes back, whole, half, damaged or not at all, the answer behind it is heard. */
static void an_echo_hides_no_answer(void **state)
{
    (void)state;
    for (unsigned damage = 0; damage < 400; damage++) {
        struct wire w;
        struct heng_telegram t;
        uint8_t ask[64], answer[64], all[160];
        struct heng_buf q = heng_buf_of(ask, sizeof ask), a = heng_buf_of(answer, sizeof answer),
                        in = heng_buf_of(all, sizeof all);
        memset(&w, 0, sizeof w);
        frame(&q, 0x11, 4);
        frame(&a, 0x91, 1);
        begin(&w, &q);
        w.x.echoes = (uint8_t)(damage & 1 ? 3 : 0);
        size_t at = damage / 2 % q.n, kind = damage / 2 / q.n % 5;
        if (kind == 0) { /* one byte is another */
            ask[at] ^= 0x21;
            heng_buf_put(&in, heng_buf_slice(&q));
        } else if (kind == 1) { /* its beginning is lost */
            heng_buf_put(&in, heng_slice_of(ask + at, q.n - at));
        } else if (kind == 2) { /* its end is lost */
            heng_buf_put(&in, heng_slice_of(ask, at));
        } else if (kind == 3) { /* one byte is lost */
            heng_buf_put(&in, heng_slice_of(ask, at));
            heng_buf_put(&in, heng_slice_of(ask + at + 1, q.n - at - 1));
        } /* else all is lost */
        heng_buf_put(&in, heng_buf_slice(&a));
        if (!put(&w, heng_buf_slice(&in), &t)) fail_msg("damage %u: kind %zu at %zu", damage, kind, at);
        assert_string_equal(t.id, "000024060001");
    }
}

static void a_heartbeat_inside_an_answer_is_no_damage(void **state)
{
    (void)state;
    static const char *const beats[] = {"beat", "hex:68", "hex:1668", "\x16", "hex:FEFEFE"};
    for (unsigned b = 0; b < sizeof beats / sizeof *beats; b++) {
        for (size_t at = 0; at < 22; at++) {
            struct wire w;
            struct heng_telegram t;
            uint8_t ask[64], answer[64], all[160];
            struct heng_buf q = heng_buf_of(ask, sizeof ask), a = heng_buf_of(answer, sizeof answer),
                            in = heng_buf_of(all, sizeof all);
            memset(&w, 0, sizeof w);
            frame(&q, 0x11, 4);
            frame(&a, 0x91, 0);
            begin(&w, &q);
            assert_int_equal(heng_heartbeat_of(beats[b], &w.x.heartbeat, NULL), HENG_OK);
            if (at > a.n) break;
            heng_buf_put(&in, heng_slice_of(answer, at));
            heng_buf_put(&in, heng_slice_of(w.x.heartbeat.bytes, w.x.heartbeat.n));
            heng_buf_put(&in, heng_slice_of(answer + at, a.n - at));
            /* A beat that looks like the frame itself may be cut at the wrong place: that costs a try, nothing else. */
            bool found = put(&w, heng_buf_slice(&in), &t);
            if (b == 0 && !found) fail_msg("'%s' at %zu", beats[b], at);
            if (found) assert_true(heng_slice_eq(t.frame, heng_buf_slice(&a)));
        }
    }
}

static void ends_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t n;
        heng_exchange_end end;
        bool early; /* before the request was out: no meter can answer so soon */
    } cases[] = {{"", 0, HENG_EXCHANGE_SILENCE, false},
                 {"\x55\xAA", 2, HENG_EXCHANGE_NOISE, false},
                 {"\x68\x01\x00\x06\x24\x00\x00\x68\x91\x08\x33", 11, HENG_EXCHANGE_FRAMING, false},
                 {"\x50\x01\x40\x06\x24\x01\x02\x40\x91\x08\x33", 11, HENG_EXCHANGE_COLLISION, false},
                 {"\x50\x01\x40\x06\x24\x01\x02\x40\x91\x08\x33", 11, HENG_EXCHANGE_NOISE, true}};
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct wire w;
        struct heng_telegram t;
        uint8_t ask[64];
        struct heng_buf q = heng_buf_of(ask, sizeof ask);
        memset(&w, 0, sizeof w);
        frame(&q, 0x11, 4);
        begin(&w, &q);
        if (!cases[i].early) w.x.sent_end = 1000;
        assert_false(put(&w, heng_slice_of(cases[i].bytes, cases[i].n), &t));
        heng_exchange_end end = heng_exchange_fail(&w.x);
        if (end != cases[i].end) fail_msg("case %u ended as %d", i, (int)end);
    }
}

static void a_line_at_rest_is_small(void **state)
{
    (void)state;
    size_t bytes =
        sizeof(struct heng_line) + 32 * sizeof(struct heng_member) + sizeof(struct heng_group) + 32 * sizeof(uint32_t);
    print_message("# a resting line with 32 meters: %zu bytes\n", bytes);
    assert_true(bytes < 40000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_queue_takes_turns_and_takes_back),
        cmocka_unit_test(a_queue_loses_nothing),
        cmocka_unit_test(a_queue_is_bounded),
        cmocka_unit_test(a_time_out_follows_the_meter),
        cmocka_unit_test(a_heartbeat_is_cut_out),
        cmocka_unit_test(a_way_is_opened_from_the_outside),
        cmocka_unit_test(an_echo_hides_no_answer),
        cmocka_unit_test(a_heartbeat_inside_an_answer_is_no_damage),
        cmocka_unit_test(ends_are_told_apart),
        cmocka_unit_test(a_line_at_rest_is_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
