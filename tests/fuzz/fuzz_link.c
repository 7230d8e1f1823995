/* What strangers send to our sockets: a telnet stream of an RFC 2217 server, the first bytes of a DTU, heartbeats. Cut
 * anywhere each of them must give the same. */
#include <stdlib.h>

#include "link/registry.h"
#include "link/sieve.h"
#include "link/telnet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds) abort();
}

struct heard {
    size_t data_n, verbs, subs;
    uint32_t sum; /* over everything in its order */
};

static void note(struct heard *heard, const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++) heard->sum = heard->sum * 31 + p[i];
}

static struct heard listen_to(const uint8_t *data, size_t size, size_t step)
{
    struct heng_telnet telnet = {.state = TELNET_IN_DATA};
    struct heard heard = {0};
    for (size_t at = 0; at < size; at += step) {
        struct heng_slice in = heng_slice_of(data + at, size - at < step ? size - at : step);
        struct heng_telnet_piece piece;
        heng_telnet_kind kind;
        while ((kind = heng_telnet_next(&telnet, &in, &piece)) != HENG_TELNET_NOTHING) {
            if (kind == HENG_TELNET_VERB) {
                heard.verbs++;
                note(&heard, (const uint8_t[]){piece.verb, piece.option}, 2);
                continue;
            }
            require(piece.bytes.n > 0);
            if (kind == HENG_TELNET_SUB) require(piece.bytes.n <= TELNET_SUB_MAX);
            *(kind == HENG_TELNET_SUB ? &heard.subs : &heard.data_n) += kind == HENG_TELNET_SUB ? 1 : piece.bytes.n;
            note(&heard, piece.bytes.p, piece.bytes.n);
        }
        require(in.n == 0);
    }
    return heard;
}

static void telnet(const uint8_t *data, size_t size)
{
    struct heard whole = listen_to(data, size, size ? size : 1), cut = listen_to(data, size, 1);
    require(whole.data_n <= size && whole.sum == cut.sum);
    require(whole.data_n == cut.data_n && whole.verbs == cut.verbs && whole.subs == cut.subs);
}

/* The first byte: how long the two patterns are that follow it; then the stream, its chunks led by their length. What
 * passes must stand in the stream in the same order, and only patterns may be missing. */
static void sieve(const uint8_t *data, size_t size)
{
    if (size < 1) return;
    size_t first = data[0] & 15, second = data[0] >> 4;
    if (size < 1 + first + second) return;
    struct heng_sieve sieve = {0};
    heng_sieve_set(&sieve, 0, heng_slice_of(data + 1, first));
    heng_sieve_set(&sieve, 1, heng_slice_of(data + 1 + first, second));
    struct heng_slice rest = heng_slice_of(data + 1 + first + second, size - 1 - first - second);
    size_t in = 0, out = 0;
    while (rest.n) {
        size_t n = rest.p[0] % 16u;
        rest = heng_slice_from(rest, 1);
        if (n > rest.n) n = rest.n;
        size_t cut = heng_sieve_cut(&sieve, heng_slice_of(rest.p, n));
        require(cut <= n && (cut > 0 || n == 0));
        n = cut;
        struct heng_sieved passed;
        heng_sieve_feed(&sieve, heng_slice_of(rest.p, n), &passed);
        require(passed.held_n <= SIEVE_PATTERN_MAX && passed.bytes.n <= n);
        require(passed.bytes.n == 0 || (passed.bytes.p >= rest.p && passed.bytes.p + passed.bytes.n <= rest.p + n));
        in += n;
        out += passed.held_n + passed.bytes.n;
        require(out + sieve.held_n <= in);
        if (first < 1 && second < 1) require(out == in);
        rest = heng_slice_from(rest, n);
    }
}

/* Registrations of up to 7 bytes from the input, and the rest of it as what a guest says. */
static void registry(const uint8_t *data, size_t size)
{
    enum { COUNT = 12 };
    struct heng_registration all[COUNT];
    struct heng_registry registry = {0};
    struct heng_slice in = heng_slice_of(data, size);
    size_t count = 0;
    while (count < COUNT && in.n > 8) {
        all[count].n = in.p[0] % 7u + 1;
        memcpy(all[count].bytes, in.p + 1, all[count].n);
        in = heng_slice_from(in, 1 + all[count].n);
        if (heng_registry_add(&registry, &all[count]) == HENG_OK) count++;
    }
    bool more, want_more = false;
    size_t best = 0;
    for (size_t i = 0; i < count; i++) {
        size_t have = all[i].n < in.n ? all[i].n : in.n;
        if (have && memcmp(all[i].bytes, in.p, have) != 0) continue;
        if (all[i].n > in.n)
            want_more = true;
        else if (all[i].n > best)
            best = all[i].n;
    }
    const struct heng_registration *found = heng_registry_match(&registry, in, &more);
    require(more == want_more && (found ? found->n : 0) == best);
    for (size_t at = 0, before = 0; heng_imei_next(in, &at).n; before = at) require(at > before && at <= in.n);
    for (size_t i = 0; i < count; i++) heng_registry_remove(&registry, &all[i]);
    require(registry.count == 0);
    heng_registry_fini(&registry);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    telnet(data, size);
    sieve(data, size);
    registry(data, size);
    return 0;
}
