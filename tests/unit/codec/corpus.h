#ifndef HENG_TEST_CORPUS_H
#define HENG_TEST_CORPUS_H
/* The golden files of tests/golden for the tests: rows of protocol, hex, stated values, source. */
#include "base/hex.h"
#include "codec/telegram.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { ROWS_MAX = 256, ROW_BYTES_MAX = 320, STATED_MAX = 12000 };

struct row {
    uint8_t bytes[ROW_BYTES_MAX];
    size_t n;
    char protocol[32], stated[STATED_MAX], source[256];
};

struct corpus {
    struct row rows[ROWS_MAX];
    size_t count;
};

static inline struct heng_slice row_slice(const struct row *row) { return heng_slice_of(row->bytes, row->n); }

static inline int corpus_is_golden(const struct dirent *entry)
{
    size_t n = strlen(entry->d_name);
    if (strncmp(entry->d_name, "vee-", 4) == 0 || strncmp(entry->d_name, "bill-", 5) == 0) return 0; /* no frames */
    return n > 4 && strcmp(entry->d_name + n - 4, ".tsv") == 0;
}

/* The names of all golden files, for tests that hold for every frame. corpus_files_free afterwards. */
static inline size_t corpus_files(struct dirent ***ret_files)
{
    char path[512];
    snprintf(path, sizeof path, "%s/tests/golden", HENG_SOURCE_DIR);
    int count = scandir(path, ret_files, corpus_is_golden, alphasort);
    assert_true(count > 0);
    return (size_t)count;
}

static inline void corpus_files_free(struct dirent **files, size_t count)
{
    for (size_t i = 0; i < count; i++) free(files[i]);
    free(files);
}

static inline void corpus_load(struct corpus *corpus, const char *name)
{
    static char line[1 << 16];
    char path[512];
    snprintf(path, sizeof path, "%s/tests/golden/%s", HENG_SOURCE_DIR, name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    corpus->count = 0;
    assert_non_null(fgets(line, sizeof line, file)); /* column names */
    while (fgets(line, sizeof line, file)) {
        assert_true(corpus->count < ROWS_MAX);
        struct row *row = &corpus->rows[corpus->count++];
        char *rest = line, *column[4];
        for (int i = 0; i < 4; i++) {
            column[i] = strsep(&rest, "\t\n");
            assert_non_null(column[i]);
        }
        struct heng_buf buf = heng_buf_of(row->bytes, sizeof row->bytes);
        assert_int_equal(heng_hex_parse(heng_slice_str(column[1]), &buf, NULL), HENG_OK);
        row->n = buf.n;
        snprintf(row->protocol, sizeof row->protocol, "%s", column[0]);
        assert_true((size_t)snprintf(row->stated, sizeof row->stated, "%s", column[2]) < sizeof row->stated);
        snprintf(row->source, sizeof row->source, "%s", column[3]);
    }
    fclose(file);
    assert_true(corpus->count > 0);
}

/* The text after `key` up to the next ';', in ret_text; false when the row does not state it. */
static inline bool row_states(const struct row *row, const char *key, char *ret_text, size_t cap)
{
    size_t length = strlen(key);
    for (const char *p = row->stated; p; p = strchr(p, ';'), p = p ? p + 1 : NULL) {
        if (strncmp(p, key, length) != 0) continue;
        size_t n = strcspn(p + length, ";");
        assert_true(n < cap);
        memcpy(ret_text, p + length, n);
        ret_text[n] = '\0';
        return true;
    }
    return false;
}

/* A small generator for tests (xorshift64*): the same seed gives the same test. */
struct seeded {
    uint64_t state;
};

static inline uint64_t seeded_next(struct seeded *s)
{
    s->state ^= s->state >> 12;
    s->state ^= s->state << 25;
    s->state ^= s->state >> 27;
    return s->state * UINT64_C(2685821657736338717);
}

static inline size_t seeded_below(struct seeded *s, size_t limit) { return (size_t)(seeded_next(s) >> 33) % limit; }

/* Seed from HENG_SEED, else a fixed one; printed so that a failure can be repeated. */
static inline struct seeded seeded_from_environment(void)
{
    const char *text = getenv("HENG_SEED");
    uint64_t seed = text ? strtoull(text, NULL, 0) : 20261120;
    printf("# HENG_SEED=%llu\n", (unsigned long long)seed);
    return (struct seeded){seed ? seed : 1};
}

#endif
