/* Files that people carry: what goes in comes out, in any pieces; a cut, a flipped bit, a lost, doubled or swapped
 * record is noticed; bytes of an enemy cost no more than they are long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/rng.h"
#include "uplink/carry.h"

enum { FILE_MAX = 1 << 20, ENTRIES_MAX = 40, SEEDS = 200 };

struct file {
    struct heng_carry_header header;
    uint8_t config[300];
    size_t config_n, entry_count;
    bool route; /* the configuration is only to read by */
    struct heng_entry entries[ENTRIES_MAX];
    uint8_t bodies[ENTRIES_MAX][200];
    size_t starts[ENTRIES_MAX + 1];
    uint8_t bytes[FILE_MAX];
    size_t n;
};

static struct heng_entry random_entry(struct heng_sim_rng *rng, uint8_t *body)
{
    size_t n = heng_sim_rng_below(rng, 200);
    for (size_t i = 0; i < n; i++) body[i] = (uint8_t)heng_sim_rng_below(rng, 256);
    struct heng_entry entry = {.gateway_id = heng_sim_rng_below(rng, 5),
                               .epoch = (uint64_t)heng_sim_rng_below(rng, UINT32_MAX) << 31,
                               .seq = heng_sim_rng_below(rng, UINT32_MAX),
                               .at_us = INT64_C(1768212000000000) + heng_sim_rng_below(rng, UINT32_MAX),
                               .kind = (heng_entry_kind)(HENG_ENTRY_READ + heng_sim_rng_below(rng, 6)),
                               .rank = (heng_entry_rank)heng_sim_rng_below(rng, 3),
                               .subject_id = heng_sim_rng_below(rng, 1000),
                               .doubtful = heng_sim_rng_below(rng, 2) == 1,
                               .body = heng_slice_of(body, n)};
    entry.check = heng_entry_check(&entry);
    return entry;
}

static struct file *file_of(uint64_t seed)
{
    struct heng_sim_rng rng = heng_sim_rng_of(seed, 7);
    struct file *f = calloc(1, sizeof *f);
    assert_non_null(f);
    struct heng_buf buf = heng_buf_of(f->bytes, sizeof f->bytes);
    struct heng_carry_writer writer;
    f->header =
        (struct heng_carry_header){.made_us = INT64_C(1768212000000000), .config_version = seed, .gateway_id = 3};
    snprintf(f->header.name, sizeof f->header.name, "楼 %llu", (unsigned long long)seed);
    assert_int_equal(heng_carry_begin(&writer, &f->header, &buf), HENG_OK);
    f->config_n = heng_sim_rng_below(&rng, sizeof f->config);
    for (size_t i = 0; i < f->config_n; i++) f->config[i] = (uint8_t)heng_sim_rng_below(&rng, 256);
    f->route = seed % 2;
    struct heng_slice config = heng_slice_of(f->config, f->config_n);
    if (f->config_n)
        assert_int_equal((f->route ? heng_carry_put_route : heng_carry_put_config)(&writer, config, &buf), HENG_OK);
    f->entry_count = heng_sim_rng_below(&rng, ENTRIES_MAX);
    for (size_t i = 0; i < f->entry_count; i++) {
        f->starts[i] = buf.n;
        f->entries[i] = random_entry(&rng, f->bodies[i]);
        assert_int_equal(heng_carry_put_entry(&writer, &f->entries[i], &buf), HENG_OK);
    }
    f->starts[f->entry_count] = buf.n;
    assert_int_equal(heng_carry_end(&writer, &buf), HENG_OK);
    f->n = buf.n;
    return f;
}

static void check_item(const struct file *f, const struct heng_carry_item *item, size_t *entries)
{
    switch (item->kind) {
    case HENG_CARRY_HEADER: assert_memory_equal(&item->header, &f->header, sizeof f->header); break;
    case HENG_CARRY_CONFIG:
    case HENG_CARRY_ROUTE:
        assert_int_equal(item->kind == HENG_CARRY_ROUTE, f->route);
        assert_int_equal(item->bytes.n, f->config_n);
        assert_memory_equal(item->bytes.p, f->config, f->config_n);
        break;
    case HENG_CARRY_ENTRY: {
        const struct heng_entry *a = &item->entry, *b = &f->entries[(*entries)++];
        assert_true(*entries <= f->entry_count);
        assert_true(a->gateway_id == b->gateway_id && a->epoch == b->epoch && a->seq == b->seq &&
                    a->check == b->check && heng_entry_check(a) == a->check && heng_slice_eq(a->body, b->body));
        break;
    }
    }
}

/* Feed bytes in random pieces; f NULL: whatever comes out is not looked at. Returns how it ended. */
static heng_rc take(const uint8_t *bytes, size_t n, const struct file *f, struct heng_sim_rng *rng)
{
    struct heng_carry_reader reader = {0};
    struct heng_carry_item item;
    struct heng_err err = {.text = ""};
    size_t entries = 0;
    heng_rc rc = HENG_MORE;
    for (size_t at = 0; rc == HENG_MORE && at < n;) {
        size_t piece = 1 + heng_sim_rng_below(rng, 500);
        if (piece > n - at) piece = n - at;
        uint8_t *copy = malloc(piece); /* so that a read beyond it is noticed */
        assert_non_null(copy);
        memcpy(copy, bytes + at, piece);
        assert_int_equal(heng_carry_feed(&reader, heng_slice_of(copy, piece), &err), HENG_OK);
        free(copy);
        at += piece;
        while ((rc = heng_carry_next(&reader, &item, &err)) == HENG_OK)
            if (f) check_item(f, &item, &entries);
        if (rc == HENG_ENOTFOUND && at < n) rc = HENG_MORE; /* what follows is an error */
    }
    assert_true(reader.cap <= HENG_CARRY_RECORD_MAX * 2);
    heng_rc end = heng_carry_close(&reader, &err);
    if (end == HENG_OK && f) assert_int_equal(entries, f->entry_count);
    if (end != HENG_OK) assert_true(err.text[0] != '\0');
    heng_carry_reader_fini(&reader);
    return end;
}

static void test_round_trip(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct heng_sim_rng rng = heng_sim_rng_of(seed, 8);
        struct file *f = file_of(seed);
        heng_rc rc = take(f->bytes, f->n, f, &rng);
        if (rc != HENG_OK) fail_msg("seed %llu: %s", (unsigned long long)seed, heng_rc_name(rc));
        free(f);
    }
}

static void test_every_cut_and_every_flipped_bit(void **state)
{
    (void)state;
    struct heng_sim_rng rng = heng_sim_rng_of(1, 9);
    struct file *f = file_of(3);
    for (size_t n = 0; n < f->n; n++) assert_int_not_equal(take(f->bytes, n, f, &rng), HENG_OK);
    for (size_t bit = 0; bit < f->n * 8; bit++) {
        f->bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_not_equal(take(f->bytes, f->n, NULL, &rng), HENG_OK);
        f->bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_int_equal(take(f->bytes, f->n, f, &rng), HENG_OK);
    f->bytes[f->n] = 0; /* something behind the end */
    assert_int_not_equal(take(f->bytes, f->n + 1, NULL, &rng), HENG_OK);
    free(f);
}

/* A record that is left out, doubled, or changes places with its neighbour: each is whole in itself. */
static void test_records_out_of_place(void **state)
{
    (void)state;
    struct heng_sim_rng rng = heng_sim_rng_of(1, 10);
    struct file *f = file_of(5);
    static uint8_t other[2 * FILE_MAX];
    assert_true(f->entry_count > 2);
    const size_t *s = f->starts;
    memcpy(other, f->bytes, s[1]);
    memcpy(other + s[1], f->bytes + s[2], f->n - s[2]);
    assert_int_equal(take(other, f->n - (s[2] - s[1]), NULL, &rng), HENG_ECHECKSUM);
    memcpy(other, f->bytes, s[2]);
    memcpy(other + s[2], f->bytes + s[1], f->n - s[1]);
    assert_int_equal(take(other, f->n + (s[2] - s[1]), NULL, &rng), HENG_ECHECKSUM);
    memcpy(other, f->bytes, s[1]);
    memcpy(other + s[1], f->bytes + s[2], s[3] - s[2]);
    memcpy(other + s[1] + s[3] - s[2], f->bytes + s[1], s[2] - s[1]);
    memcpy(other + s[3], f->bytes + s[3], f->n - s[3]);
    assert_int_equal(take(other, f->n, NULL, &rng), HENG_ECHECKSUM);
    free(f);
}

static void test_hostile_bytes(void **state)
{
    (void)state;
    static const uint8_t giant[] = "HENGCRY1\xFF\xFF\xFF\x7FH", newer[] = "HENGCRY2", json[] = "{\"places\":[]}";
    struct heng_sim_rng rng = heng_sim_rng_of(2, 11);
    assert_int_equal(take(giant, sizeof giant - 1, NULL, &rng), HENG_ELIMIT);
    assert_int_equal(take(newer, sizeof newer - 1, NULL, &rng), HENG_EUNSUPPORTED);
    assert_int_equal(take(json, sizeof json - 1, NULL, &rng), HENG_EFORMAT);
    for (int round = 0; round < 2000; round++) {
        uint8_t bytes[400];
        memcpy(bytes, "HENGCRY1", 8);
        for (size_t i = 8; i < sizeof bytes; i++)
            bytes[i] =
                (uint8_t)(heng_sim_rng_below(&rng, 4) ? heng_sim_rng_below(&rng, 3) : heng_sim_rng_below(&rng, 256));
        assert_int_not_equal(take(bytes, sizeof bytes, NULL, &rng), HENG_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_every_cut_and_every_flipped_bit),
        cmocka_unit_test(test_records_out_of_place),
        cmocka_unit_test(test_hostile_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
