/* What a server, or who says to be one, can say to a gateway. The input is a script: each step is a byte, and what it
 * needs; lengths and kinds are made right by the harness. Whatever comes, the client asks for numbers in order and only
 * for those that are there, believes no acknowledgement of what it did not send, and dials again. */
#include <stdlib.h>

#include "uplink/batch.h"
#include "uplink/client.h"
#include "uplink/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { EPOCH = 7, STEPS_MAX = 400 };

struct rig {
    struct heng_client *client;
    struct heng_reader script;
    heng_us now;
    uint64_t last, next; /* of the journal; what it must ask for */
    bool dialling, connected, ended;
};

static void require(bool holds)
{
    if (!holds) abort();
}

static void put_batch(struct rig *rig, uint64_t from, uint32_t bytes_max)
{
    static const uint8_t body[64];
    struct heng_batch_entry entries[64];
    struct heng_batch batch = {.epoch = EPOCH, .first = from, .last = from - 1, .entries = entries};
    require(from <= rig->last && bytes_max > 0);
    require(rig->next == 0 || from == rig->next);
    for (; batch.last < rig->last && batch.entry_count < 64 && batch.entry_count * 64 < bytes_max;
         batch.entry_count++) {
        struct heng_batch_entry *e = &entries[batch.entry_count];
        *e = (struct heng_batch_entry){.seq = ++batch.last,
                                       .entry = {.epoch = EPOCH, .seq = batch.last, .kind = HENG_ENTRY_READ}};
        e->entry.body = heng_slice_of(body, sizeof body);
        e->entry.check = heng_entry_check(&e->entry);
    }
    heng_client_put_batch(rig->client, rig->now, &batch);
}

/* The batches among what it sends: one after another. */
static void look(struct rig *rig, struct heng_slice bytes)
{
    static struct heng_batch_room room;
    struct heng_wire_in in = {0};
    struct heng_slice content;
    heng_wire_kind kind;
    require(heng_wire_feed(&in, bytes) == HENG_OK);
    while (heng_wire_next(&in, HENG_UPLINK_MESSAGE_MAX + HENG_WIRE_HEAD_MAX, &kind, &content) == HENG_OK) {
        struct heng_batch batch;
        if (kind != HENG_WIRE_BATCH) continue;
        require(heng_batch_unpack(content, &room, &batch, NULL) == HENG_OK);
        require(rig->next == 0 || batch.first == rig->next);
        rig->next = batch.last + 1;
    }
    require(in.n == in.at);
    heng_wire_in_fini(&in);
}

static void over(struct rig *rig)
{
    rig->dialling = rig->connected = rig->ended = false;
    rig->next = 0;
    heng_client_closed(rig->client, rig->now, "closed");
}

static void pump(struct rig *rig)
{
    static struct heng_client_action a;
    static struct heng_ping ping;
    for (unsigned i = 0; i < 100000; i++) {
        heng_client_poll(rig->client, rig->now, rig->now, &a);
        if (a.kind == HENG_CLIENT_NONE) return;
        require(!rig->ended);
        if (a.kind == HENG_CLIENT_CONNECT) {
            require(!rig->dialling && !rig->connected && a.server < 2);
            rig->dialling = true;
        }
        if (a.kind == HENG_CLIENT_HANG_UP) rig->ended = true;
        if (a.kind == HENG_CLIENT_SEND) look(rig, a.bytes);
        if (a.kind == HENG_CLIENT_READ) put_batch(rig, a.from, a.bytes_max);
        if (a.kind == HENG_CLIENT_READ_LIVE) heng_client_put_live(rig->client, rig->now, NULL, 0, rig->last);
        if (a.kind == HENG_CLIENT_PING) heng_client_ping(rig->client, rig->now, &ping);
        if (a.kind == HENG_CLIENT_ACKED) require(rig->next == 0 || a.from < rig->next);
        if (a.kind == HENG_CLIENT_ORDER) require(a.order.id > 0 && a.order.order.kind < HENG_ORDER_COUNT);
        if (a.kind == HENG_CLIENT_SEARCH) require(a.search.kind < HENG_SEARCH_KIND_COUNT && a.search.line_id > 0);
        if (a.kind == HENG_CLIENT_HELLO) {
            struct heng_hello hello = {.epoch = EPOCH, .first = 1, .last = rig->last};
            heng_client_hello(rig->client, rig->now, &hello);
        }
    }
    abort(); /* it never comes to rest */
}

static void feed(struct rig *rig, struct heng_wire_out *out)
{
    if (rig->connected) heng_client_feed(rig->client, rig->now, rig->now, heng_slice_of(out->p, out->n));
    heng_wire_out_fini(out);
    pump(rig);
}

static void say(struct rig *rig, uint8_t how)
{
    struct heng_wire_out out = {0};
    struct heng_welcome welcome = {.version = 1, .epoch = EPOCH, .resume_after = how, .name = "a"};
    welcome.window_bytes = (uint32_t)heng_reader_u8(&rig->script) << 8;
    bool said = how < 16 ? heng_say_welcome(&out, &welcome) : heng_say_ack(&out, EPOCH, how - 16u);
    require(said);
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

static void step(struct rig *rig)
{
    uint8_t what = heng_reader_u8(&rig->script);
    switch (what % 8) {
    case 0: say(rig, what / 8); break;
    case 1:
        rig->last += what / 8;
        heng_client_journal(rig->client, rig->now, EPOCH, 1, rig->last);
        break;
    case 2: rig->now += (heng_us)(what / 8) * 4 * HENG_US_PER_S; break;
    case 3:
        if (rig->dialling || rig->connected) over(rig);
        break;
    case 4:
        if (!rig->dialling) break;
        rig->dialling = false;
        rig->connected = true;
        heng_client_connected(rig->client, rig->now);
        break;
    case 5:
        if (rig->connected) heng_client_feed(rig->client, rig->now, rig->now, heng_reader_take(&rig->script, what / 8));
        break;
    case 6: say_message(rig, what / 8); break;
    default: say_message(rig, what / 8 + 16);
    }
    pump(rig);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rig rig = {.script = heng_reader_of(heng_slice_of(data, size)), .last = 20};
    bool enrolled = !(heng_reader_u8(&rig.script) & 1);
    struct heng_client_config config = {.servers = 2, .enrolled = enrolled, .enrol = {.request = heng_slice_str("r")}};
    require(heng_client_new(&config, 0, &rig.client, NULL) == HENG_OK);
    heng_client_journal(rig.client, 0, EPOCH, 1, rig.last);
    pump(&rig);
    for (unsigned i = 0; i < STEPS_MAX && !rig.script.failed; i++) step(&rig);
    /* Whatever it was: it dials again, in hours at the most. */
    if (rig.dialling || rig.connected) over(&rig);
    pump(&rig);
    rig.now += 7200 * HENG_US_PER_S;
    pump(&rig);
    require(rig.dialling);
    heng_client_free(rig.client);
    return 0;
}
