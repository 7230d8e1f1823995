#ifndef HENG_TESTS_GATEWAY_RIG_H
#define HENG_TESTS_GATEWAY_RIG_H
/* Journals of toy gateways, and their batches as bytes. */
#include <sqlite3.h>

#include "flow/delivery.h"
#include "store/db.h"
#include "store/orders.h"
#include "store/write.h"
#include "unit/flow/gateway_site.h"
#include "uplink/batch.h"
#include "uplink/body.h"

enum { ENTRIES_MAX = 1200, BODY_MAX = 700 };

/* What a gateway has written down. */
struct toy_journal {
    int64_t gateway_id;
    uint64_t epoch;
    size_t n;
    struct heng_entry entries[ENTRIES_MAX];
    uint8_t bodies[ENTRIES_MAX][BODY_MAX];
};

static inline struct toy_journal *toy_new(int64_t gateway_id, uint64_t epoch)
{
    struct toy_journal *toy = calloc(1, sizeof *toy);
    assert_non_null(toy);
    toy->gateway_id = gateway_id;
    toy->epoch = epoch;
    return toy;
}

static inline struct heng_entry *toy_add(struct toy_journal *toy, const struct heng_body *body, heng_us at_us)
{
    struct heng_err err = {.text = ""};
    assert_in_range(toy->n, 0, ENTRIES_MAX - 1);
    struct heng_buf buf = heng_buf_of(toy->bodies[toy->n], BODY_MAX);
    struct heng_entry *entry = &toy->entries[toy->n++];
    assert_ok(heng_body_pack(body, at_us, &buf, &err));
    *entry = (struct heng_entry){.epoch = toy->epoch,
                                 .seq = toy->n,
                                 .at_us = at_us,
                                 .kind = body->kind,
                                 .rank = heng_body_rank(body),
                                 .subject_id = heng_body_subject(body),
                                 .body = heng_buf_slice(&buf)};
    entry->check = heng_entry_check(entry);
    return entry;
}

static inline struct heng_entry *toy_read(struct toy_journal *toy, int64_t line_id, int64_t device_id, heng_us at_us,
                                          int64_t value)
{
    static struct heng_read read;
    struct heng_body body = {.kind = HENG_ENTRY_READ, .read = {.line_id = line_id, .read = &read}};
    heat_read(&read, device_id, at_us, value);
    return toy_add(toy, &body, at_us);
}

static inline struct heng_entry *toy_line(struct toy_journal *toy, int64_t line_id, heng_us at_us, uint64_t requests)
{
    struct heng_body body = {.kind = HENG_ENTRY_LINE,
                             .line = {.line_id = line_id,
                                      .state = HENG_LINE_STATE_IDLE,
                                      .last_answer_us = at_us,
                                      .counters = {.requests = requests}}};
    return toy_add(toy, &body, at_us);
}

static inline struct heng_entry *toy_event(struct toy_journal *toy, heng_us at_us, heng_gateway_event kind,
                                           int64_t value, const char *detail)
{
    struct heng_body body = {.kind = HENG_ENTRY_EVENT, .event = {.kind = kind, .value = value}};
    snprintf(body.event.detail, sizeof body.event.detail, "%s", detail);
    return toy_add(toy, &body, at_us);
}

/* A batch, packed, in memory that lasts until the next one. */
static inline struct heng_slice batch_bytes(const struct heng_batch *batch)
{
    static uint8_t bytes[1 << 20];
    struct heng_wire_out out = {0};
    struct heng_wire_in in = {0};
    heng_wire_kind kind;
    struct heng_slice content;
    assert_true(heng_say_batch(&out, batch->first == 0, batch));
    assert_int_equal(heng_wire_feed(&in, heng_wire_give(&out)), HENG_OK);
    assert_int_equal(heng_wire_next(&in, sizeof bytes, &kind, &content), HENG_OK);
    assert_in_range(content.n, 1, sizeof bytes);
    memcpy(bytes, content.p, content.n);
    size_t n = content.n;
    heng_wire_in_fini(&in);
    heng_wire_out_fini(&out);
    return heng_slice_of(bytes, n);
}

/* Own entries first..last of a journal. */
static inline struct heng_slice toy_batch(const struct toy_journal *toy, uint64_t first, uint64_t last)
{
    static struct heng_batch_entry entries[HENG_UPLINK_BATCH_ENTRIES_MAX];
    struct heng_batch batch = {.epoch = toy->epoch, .first = first, .last = last, .entries = entries};
    for (uint64_t seq = first; seq <= last; seq++)
        entries[batch.entry_count++] = (struct heng_batch_entry){seq, toy->entries[seq - 1]};
    return batch_bytes(&batch);
}

/* The same as copies, and as a concentrator passes them on with its own numbers from `seq` on. */
static inline struct heng_slice toy_copies(const struct toy_journal *toy, uint64_t first, uint64_t last)
{
    static struct heng_batch_entry entries[HENG_UPLINK_BATCH_ENTRIES_MAX];
    struct heng_batch batch = {.epoch = toy->epoch, .entries = entries};
    for (uint64_t seq = first; seq <= last; seq++)
        entries[batch.entry_count++] = (struct heng_batch_entry){seq, toy->entries[seq - 1]};
    return batch_bytes(&batch);
}

static inline struct heng_slice toy_forward(const struct toy_journal *toy, uint64_t epoch, uint64_t seq, uint64_t first,
                                            uint64_t last)
{
    static struct heng_batch_entry entries[HENG_UPLINK_BATCH_ENTRIES_MAX];
    struct heng_batch batch = {.epoch = epoch, .first = seq, .last = seq + last - first, .entries = entries};
    for (uint64_t at = first; at <= last; at++) {
        struct heng_batch_entry *e = &entries[batch.entry_count++];
        *e = (struct heng_batch_entry){seq + at - first, toy->entries[at - 1]};
        e->entry.gateway_id = toy->gateway_id;
    }
    return batch_bytes(&batch);
}

/* Deliver it, as one transaction; the store must not fail. */
static inline struct heng_delivery deliver_at(struct heng_store *store, int64_t gateway_id, bool live,
                                              struct heng_slice bytes, heng_us now_us)
{
    struct heng_ingested ingested = {0};
    struct heng_delivery delivery = {.gateway_id = gateway_id, .live = live, .bytes = bytes};
    struct heng_fact fact = {.kind = HENG_FACT_DELIVERY, .delivery = &delivery};
    struct heng_err err = {.text = ""};
    assert_ok(heng_ingest(store, &fact, 1, now_us, &ingested, &err));
    heng_ingested_fini(&ingested);
    return delivery;
}

static inline struct heng_delivery deliver(struct heng_store *store, int64_t gateway_id, struct heng_slice bytes)
{
    return deliver_at(store, gateway_id, false, bytes, INGEST_NOW_US);
}

#define assert_delivered(delivery, want_stored, want_same, want_refused, want_durable)                                 \
    do {                                                                                                               \
        struct heng_delivery d_ = (delivery);                                                                          \
        if (d_.rc != HENG_OK) fail_msg("%s: %s", heng_rc_name(d_.rc), d_.why);                                         \
        assert_int_equal(d_.stored, want_stored);                                                                      \
        assert_int_equal(d_.same, want_same);                                                                          \
        assert_int_equal(d_.refused, want_refused);                                                                    \
        assert_int_equal(d_.durable, want_durable);                                                                    \
    } while (0)

static inline int64_t number_of(struct heng_store *store, const char *sql)
{
    int64_t number = 0;
    struct heng_err err;
    assert_ok(heng_db_exec(&store->reader.db, "test", sql, &number, &err));
    return number;
}

static inline void assert_resume(struct heng_store *store, int64_t gateway_id, uint64_t epoch, uint64_t seq,
                                 uint64_t check)
{
    uint64_t got_seq = 77, got_check = 77;
    struct heng_err err;
    assert_ok(heng_delivery_resume(heng_store_as_reader(store), gateway_id, epoch, &got_seq, &got_check, &err));
    assert_int_equal(got_seq, seq);
    assert_true(got_check == check);
}

/* Command 1 is one for the meter of the west. */
static inline void add_west_command(struct heng_store *store)
{
    struct heng_command command = {.line_id = WEST_LINE,
                                   .device_id = WEST_METER,
                                   .protocol = HENG_PROTOCOL_MBUS,
                                   .order = {.kind = HENG_ORDER_DISCONNECT},
                                   .stage = HENG_STAGE_QUEUED,
                                   .requested_us = START_US,
                                   .expires_us = INGEST_NOW_US,
                                   .outcome = HENG_OUTCOME_COUNT};
    int64_t id;
    struct heng_err err;
    assert_ok(heng_store_begin(store, &err));
    assert_ok(heng_store_add_command(store, &command, &id, &err));
    assert_ok(heng_store_commit(store, &err));
    assert_int_equal(id, 1);
}

#endif
