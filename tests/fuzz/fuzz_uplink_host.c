/* What a gateway, or who says to be one, can say to the upper end of an uplink. The input is a script: each step is a
 * byte, and what it needs; lengths, kinds and, mostly, the checks of entries are made right by the harness. Whatever
 * comes, batches go on one after another, nothing comes after the end, and little is kept. */
#include <stdlib.h>

#include "uplink/batch.h"
#include "uplink/host.h"
#include "uplink/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { EPOCH = 7, STEPS_MAX = 400 };

struct rig {
    struct heng_host *host;
    struct heng_reader script;
    heng_us now;
    uint64_t last; /* of the batch that was taken last */
    bool ended, refused;
};

static void require(bool holds)
{
    if (!holds) abort();
}

static void took_batch(struct rig *rig, const struct heng_host_action *a)
{
    static struct heng_batch_room room;
    struct heng_batch batch;
    require(heng_batch_unpack(a->bytes, &room, &batch, NULL) == HENG_OK && heng_batch_holds(&a->batch));
    require(batch.first == a->batch.first && batch.last == a->batch.last && batch.entry_count == a->batch.entry_count);
    require(heng_batch_verify(&a->batch, NULL) == HENG_OK);
    if (a->kind == HENG_HOST_LIVE) {
        require(batch.first == 0);
        return;
    }
    require(batch.first == rig->last + 1 && batch.last >= batch.first && batch.epoch == EPOCH);
    rig->last = batch.last;
}

static void pump(struct rig *rig)
{
    static struct heng_host_action a;
    size_t sent = 0;
    for (;;) {
        heng_host_poll(rig->host, rig->now, rig->now, &a);
        if (a.kind == HENG_HOST_NONE) break;
        require(!rig->ended);
        if (a.kind == HENG_HOST_SEND) sent += a.bytes.n;
        if (a.kind == HENG_HOST_HANG_UP) rig->ended = true;
        if (a.kind == HENG_HOST_BATCH || a.kind == HENG_HOST_LIVE) took_batch(rig, &a);
        if (a.kind == HENG_HOST_ENROL) require(a.enrol.request.n > 0 && a.enrol.request.n <= HENG_UPLINK_REQUEST_MAX);
        if (a.kind == HENG_HOST_HELLO && a.hello.epoch == EPOCH)
            heng_host_welcome(rig->host, rig->now, rig->now, &(struct heng_welcome){.epoch = EPOCH, .name = "a"});
        else if (a.kind == HENG_HOST_HELLO)
            heng_host_refuse(rig->host, rig->now, HENG_REFUSAL_UNKNOWN, 60, "unknown");
    }
    require(sent <= 3 * 1024 * 1024);
}

static void feed(struct rig *rig, struct heng_wire_out *out)
{
    heng_host_feed(rig->host, rig->now, rig->now, heng_slice_of(out->p, out->n));
    heng_wire_out_fini(out);
    pump(rig);
}

/* Entries by the script, from the number that is next, or nearly; one byte of it may be hit. */
static void say_batch(struct rig *rig, bool live)
{
    struct heng_batch_entry entries[16];
    uint8_t how = heng_reader_u8(&rig->script), hit = heng_reader_u8(&rig->script);
    struct heng_batch batch = {.epoch = EPOCH, .first = rig->last + 1 + (how >> 6), .entries = entries};
    batch.entry_count = how % 16;
    batch.last = batch.first + batch.entry_count - 1;
    for (size_t i = 0; i < batch.entry_count; i++) {
        uint8_t kind = heng_reader_u8(&rig->script);
        struct heng_batch_entry *e = &entries[i];
        *e = (struct heng_batch_entry){.seq = batch.first + i, .entry = {.epoch = EPOCH, .seq = batch.first + i}};
        e->entry.kind = (heng_entry_kind)(kind % 8);
        e->entry.rank = (heng_entry_rank)(kind / 8 % 4);
        if (kind >> 7) e->entry.gateway_id = e->entry.subject_id = kind;
        e->entry.body = heng_reader_take(&rig->script, kind / 32 % 4);
        e->entry.check = heng_entry_check(&e->entry);
    }
    if (live) batch.first = batch.last = 0;
    struct heng_wire_out out = {0};
    require(heng_say_batch(&out, live, &batch));
    if (hit) out.p[HENG_WIRE_LENGTH_BYTES + hit % (out.n - HENG_WIRE_LENGTH_BYTES)] ^= hit;
    feed(rig, &out);
}

static void say_message(struct rig *rig, uint32_t number)
{
    struct heng_wire_out out = {0};
    size_t n = heng_reader_u8(&rig->script);
    struct heng_slice content = heng_reader_take(&rig->script, n);
    require(heng_wire_put(&out, (heng_wire_kind)(number + 1), content));
    feed(rig, &out);
}

static void say_hello(struct rig *rig)
{
    uint8_t how = heng_reader_u8(&rig->script);
    struct heng_hello hello = {.version = 1, .oldest_version = how & 1, .epoch = EPOCH, .first = 1, .last = 9};
    hello.can_order = hello.can_search = hello.can_tunnel = hello.can_cascade = how & 2;
    struct heng_wire_out out = {0};
    require(heng_say_hello(&out, &hello));
    feed(rig, &out);
}

/* The owner has news. */
static void own(struct rig *rig, uint8_t how)
{
    struct heng_path path = {.n = how & 1, .gateway_ids = {3}};
    switch (how % 6) {
    case 0: heng_host_stored(rig->host, rig->now, EPOCH, rig->last); break;
    case 1: (void)heng_host_ask(rig->host, rig->now, 1, "status", &path); break;
    case 2: (void)heng_host_cancel(rig->host, rig->now, 1, &path); break;
    case 3: (void)heng_host_config(rig->host, rig->now, heng_slice_str("\x08\x01")); break;
    case 4: heng_host_unsent(rig->host, rig->now, (size_t)how << 14); break;
    default: heng_host_refuse(rig->host, rig->now, HENG_REFUSAL_REPLACED, how, "another one came");
    }
    pump(rig);
}

static void step(struct rig *rig)
{
    uint8_t what = heng_reader_u8(&rig->script);
    struct heng_slice raw;
    switch (what % 8) {
    case 0: say_hello(rig); break;
    case 1: say_batch(rig, false); break;
    case 2: say_batch(rig, true); break;
    case 3: own(rig, what / 8); break;
    case 4:
        rig->now += (heng_us)(what / 8) * HENG_US_PER_S;
        pump(rig);
        break;
    case 5:
        raw = heng_reader_take(&rig->script, what / 8);
        heng_host_feed(rig->host, rig->now, rig->now, raw);
        pump(rig);
        break;
    case 6: say_message(rig, what / 8); break;
    default: say_message(rig, what / 8 + 16);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rig rig = {.script = heng_reader_of(heng_slice_of(data, size))};
    require(heng_host_new(heng_reader_u8(&rig.script) & 1, 0, &rig.host, NULL) == HENG_OK);
    for (unsigned i = 0; i < STEPS_MAX && !rig.script.failed; i++) step(&rig);
    rig.now += 300 * HENG_US_PER_S;
    pump(&rig);
    require(rig.ended && heng_host_deadline(rig.host) == HENG_US_NEVER);
    heng_host_free(rig.host);
    return 0;
}
