#ifndef TESTS_SPOOL_RIG_H
#define TESTS_SPOOL_RIG_H
/* What the tests of the journal share: a journal on a disk in memory, and entries that can be told from each other. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/disk.h"
#include "sim/rng.h"
#include "spool/spool.h"

/* 2026-11-20, and the moments of tests from there. */
static const heng_us T0 = INT64_C(1795132800) * INT64_C(1000000);

/* Of the last call. */
static struct heng_err err;

#define OK(call)                                                                                                       \
    do {                                                                                                               \
        heng_rc ok_rc = (call);                                                                                        \
        if (ok_rc != HENG_OK) fail_msg("%s: %s: %s", #call, heng_rc_name(ok_rc), err.text);                            \
    } while (0)

struct rig {
    struct heng_sim_disk *disk;
    struct heng_spool *spool;
    struct heng_spool_found found;
    struct heng_spool_limits limits;
    heng_us now;
};

static inline heng_rc rig_open(struct rig *rig)
{
    memset(&rig->found, 0, sizeof rig->found);
    return heng_spool_open("journal", heng_sim_disk_vfs(rig->disk), rig->limits, rig->now, &rig->spool, &rig->found,
                           &err);
}

static inline void rig_close(struct rig *rig)
{
    heng_spool_close(rig->spool);
    rig->spool = NULL;
}

static inline void rig_init(struct rig *rig, uint64_t seed)
{
    *rig = (struct rig){.disk = heng_sim_disk_new("rig", seed), .now = T0};
    assert_non_null(rig->disk);
    OK(rig_open(rig));
}

static inline void rig_fini(struct rig *rig)
{
    rig_close(rig);
    heng_sim_disk_free(rig->disk);
}

static inline void rig_reopen(struct rig *rig)
{
    rig_close(rig);
    OK(rig_open(rig));
}

/* An entry whose body says its tag, n bytes long in all. */
struct made {
    struct heng_entry entry;
    uint8_t body[HENG_ENTRY_BODY_MAX + 1];
};

static inline struct heng_entry *make(struct made *m, uint64_t tag, size_t n, heng_us at_us)
{
    for (size_t i = 0; i < n; i++) m->body[i] = (uint8_t)(tag >> (8 * (i % 8)));
    m->entry = (struct heng_entry){.at_us = at_us,
                                   .kind = HENG_ENTRY_READ,
                                   .rank = HENG_ENTRY_RANK_PERIODIC,
                                   .subject_id = (int64_t)(tag % 7) + 1,
                                   .body = heng_slice_of(m->body, n)};
    return &m->entry;
}

static inline uint64_t rig_append(struct rig *rig, uint64_t tag, size_t n)
{
    static struct made m;
    uint64_t seq = 0;
    OK(heng_spool_append(rig->spool, make(&m, tag, n, rig->now), &seq, &err));
    return seq;
}

/* The tag of a body that is at least 8 long. */
static inline uint64_t tag_of(struct heng_slice body)
{
    struct heng_reader r = heng_reader_of(body);
    return heng_reader_le(&r, 8);
}

static inline uint64_t rig_count_walk(struct rig *rig)
{
    struct heng_spool_item item;
    uint64_t n = 0, last = 0;
    heng_rc rc;
    heng_spool_seek(rig->spool, 0);
    while ((rc = heng_spool_next(rig->spool, &item, &err)) == HENG_OK) {
        assert_true(item.seq > last);
        assert_true(item.sound);
        last = item.seq;
        n++;
    }
    if (rc != HENG_ENOTFOUND) fail_msg("walk: %s", err.text);
    return n;
}

#endif
