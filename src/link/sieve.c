#include "link/sieve.h"

void heng_sieve_set(struct heng_sieve *sieve, size_t which, struct heng_slice pattern)
{
    size_t n = pattern.n <= SIEVE_PATTERN_MAX ? pattern.n : 0;
    sieve->patterns[which].n = (uint8_t)n;
    if (n) memcpy(sieve->patterns[which].bytes, pattern.p, n);
    sieve->held_n = 0;
}

void heng_sieve_release(struct heng_sieve *sieve, struct heng_sieved *ret)
{
    memcpy(ret->held, sieve->held, sieve->held_n);
    ret->held_n = sieve->held_n;
    ret->bytes = heng_slice_of(ret->held, 0);
    sieve->held_n = 0;
}

static bool same(const uint8_t *a, const uint8_t *b, size_t n) { return n == 0 || memcmp(a, b, n) == 0; }

static bool is_text(const uint8_t *bytes, size_t n)
{
    size_t printable = 0;
    for (size_t i = 0; i < n; i++)
        printable += (bytes[i] >= ' ' && bytes[i] <= '~') || bytes[i] == '\r' || bytes[i] == '\n';
    return n >= SIEVE_TEXT_MIN && printable == n && memcmp(bytes, bytes + 1, n - 1) != 0;
}

size_t heng_sieve_cut(const struct heng_sieve *sieve, struct heng_slice chunk)
{
    size_t first = chunk.n;
    for (size_t i = 0; i < SIEVE_PATTERNS; i++) {
        size_t n = sieve->patterns[i].n;
        if (chunk.n < n || !is_text(sieve->patterns[i].bytes, n)) continue;
        const uint8_t *found = memmem(chunk.p, chunk.n, sieve->patterns[i].bytes, n);
        size_t end = found ? (size_t)(found - chunk.p) + n : first;
        if (end < first) first = end;
    }
    return first;
}

/* Take whole patterns off both ends. */
static struct heng_slice strip(const struct heng_sieve *sieve, struct heng_slice chunk)
{
    for (size_t i = 0, turns_without = 0; turns_without < SIEVE_PATTERNS; i = (i + 1) % SIEVE_PATTERNS) {
        const uint8_t *pattern = sieve->patterns[i].bytes;
        size_t n = sieve->patterns[i].n, before = chunk.n;
        if (n > 1 || (n == 1 && chunk.n == 1)) {
            while (chunk.n >= n && same(chunk.p, pattern, n)) chunk = heng_slice_from(chunk, n);
            while (chunk.n >= n && same(chunk.p + chunk.n - n, pattern, n)) chunk.n -= n;
        }
        turns_without = chunk.n == before ? turns_without + 1 : 0;
    }
    return chunk;
}

/* The longest end of the chunk with which a pattern begins goes into held. */
static void hold(struct heng_sieve *sieve, struct heng_slice *chunk)
{
    size_t longest = 0;
    for (size_t i = 0; i < SIEVE_PATTERNS; i++) {
        size_t n = sieve->patterns[i].n;
        for (size_t k = n > 1 ? n - 1 : 0; k > longest; k--)
            if (k <= chunk->n && same(chunk->p + chunk->n - k, sieve->patterns[i].bytes, k)) longest = k;
    }
    chunk->n -= longest;
    if (longest) memcpy(sieve->held, chunk->p + chunk->n, longest);
    sieve->held_n = (uint8_t)longest;
}

/* Does pattern i begin with the held bytes from `from` on, and does the chunk go on with it? *ret_used: its bytes then.
 */
static bool goes_on(const struct heng_sieve *sieve, size_t i, size_t from, struct heng_slice chunk, size_t *ret_used)
{
    size_t have = sieve->held_n - from, n = sieve->patterns[i].n;
    if (have >= n || !same(sieve->held + from, sieve->patterns[i].bytes, have)) return false;
    *ret_used = n - have < chunk.n ? n - have : chunk.n;
    return same(chunk.p, sieve->patterns[i].bytes + have, *ret_used);
}

/* What was held back and a new chunk: a heartbeat, the middle of one, or nothing but data. Returns what is left. */
static struct heng_slice join(struct heng_sieve *sieve, struct heng_slice chunk, struct heng_sieved *ret)
{
    for (size_t from = 0; from < sieve->held_n; from++) {
        for (size_t i = 0; i < SIEVE_PATTERNS; i++) {
            size_t used, have = sieve->held_n - from;
            if (!goes_on(sieve, i, from, chunk, &used)) continue;
            memcpy(ret->held, sieve->held, from);
            ret->held_n = from;
            bool whole = have + used == sieve->patterns[i].n;
            if (!whole) {
                memmove(sieve->held, sieve->held + from, have);
                if (used) memcpy(sieve->held + have, chunk.p, used);
            }
            sieve->held_n = whole ? 0 : (uint8_t)(have + used);
            return heng_slice_from(chunk, used);
        }
    }
    heng_sieve_release(sieve, ret);
    return chunk;
}

void heng_sieve_feed(struct heng_sieve *sieve, struct heng_slice chunk, struct heng_sieved *ret)
{
    ret->held_n = 0;
    if (sieve->held_n) chunk = join(sieve, chunk, ret);
    if (sieve->held_n == 0) {
        chunk = strip(sieve, chunk);
        hold(sieve, &chunk);
    }
    ret->bytes = chunk;
}
