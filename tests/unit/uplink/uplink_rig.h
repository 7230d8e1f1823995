#ifndef HENG_TESTS_UPLINK_RIG_H
#define HENG_TESTS_UPLINK_RIG_H
/* What the tests of an uplink share: a made-up journal, and messages said by hand. */
#include "sim/rng.h"
#include "uplink/batch.h"
#include "uplink/client.h"
#include "uplink/host.h"
#include "uplink/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define S(seconds) ((heng_us)(seconds)*HENG_US_PER_S)

enum { EPOCH = 77, WALL = 1700000000 };

static inline heng_us wall_at(heng_us now) { return S(WALL) + now; }

/* Entry seq of an epoch: its body tells both, and is as long as they say. */
static inline struct heng_batch_entry entry_of(uint64_t epoch, uint64_t seq, size_t body_n, uint8_t *body)
{
    for (size_t i = 0; i < body_n; i++) body[i] = (uint8_t)(seq * 31 + epoch + i);
    struct heng_batch_entry e = {.seq = seq, .entry = {.epoch = epoch, .seq = seq, .at_us = wall_at((heng_us)seq)}};
    e.entry.kind = HENG_ENTRY_READ;
    e.entry.rank = HENG_ENTRY_RANK_PERIODIC;
    e.entry.subject_id = (int64_t)(seq % 64 + 1);
    e.entry.body = heng_slice_of(body, body_n);
    e.entry.check = heng_entry_check(&e.entry);
    return e;
}

static inline struct heng_hello hello_of(uint64_t epoch, uint64_t last)
{
    struct heng_hello hello = {
        .version = 1, .oldest_version = 1, .software = "heng-gateway 0.1.0", .firmware = "box 3"};
    hello.epoch = epoch;
    hello.first = 1;
    hello.last = last;
    hello.clock_us = wall_at(0);
    hello.can_order = hello.can_search = hello.can_tunnel = hello.can_cascade = true;
    return hello;
}

/* The same bytes once more, on the heap. */
static inline struct heng_slice keep(struct heng_slice s, uint8_t **ret_memory)
{
    *ret_memory = malloc(s.n ? s.n : 1);
    assert_non_null(*ret_memory);
    if (s.n) memcpy(*ret_memory, s.p, s.n);
    return heng_slice_of(*ret_memory, s.n);
}

#endif
