#include "flow/delivery.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "flow/delivery_inside.h"
#include "flow/ingest_gateways.h"

/* --- entries ---------------------------------------------------------------------------------------------- */

static heng_rc set_aside(struct delivery_work *w, const struct heng_entry *entry, const char *why, struct heng_err *err)
{
    if (w->delivery->live) return HENG_OK; /* its number will come, and say the same */
    if (!w->delivery->refused++) snprintf(w->refused_why, sizeof w->refused_why, "%s", why);
    return heng_store_add_refused_entry(w->store, w->delivery->gateway_id, entry, why, err);
}

/* What it says, into the database; what breaks a rule of the schema is taken back alone. */
static heng_rc believe_or_not(struct delivery_work *w, int64_t maker_id, const struct heng_entry *entry,
                              const char **ret_why, struct heng_err *err)
{
    static _Thread_local struct heng_err broken; /* its text is a reason until the next entry */
    struct heng_ingested before = *w->ret;
    if (!w->careful) return delivery_apply(w, maker_id, entry, ret_why, err);
    heng_rc rc = heng_store_part_begin(w->store, err);
    if (rc != HENG_OK) return rc;
    rc = delivery_apply(w, maker_id, entry, ret_why, &broken);
    if (rc != HENG_OK && rc != HENG_ECONFLICT) return heng_fail(err, rc, broken.at, "%s", broken.text);
    if (rc == HENG_OK) return heng_store_part_end(w->store, false, err);
    heng_ingested_back(w->ret, &before);
    for (size_t i = 0; i < w->slot_count; i++) w->slots[i].gap_known = false;
    *ret_why = broken.text;
    return heng_store_part_end(w->store, true, err);
}

static heng_rc take(struct delivery_work *w, int64_t maker_id, const struct heng_entry *entry, struct heng_err *err)
{
    struct heng_delivery *delivery = w->delivery;
    const char *why = NULL;
    uint32_t same = w->ret->same;
    heng_rc rc = believe_or_not(w, maker_id, entry, &why, err);
    if (rc == HENG_OK && why) return set_aside(w, entry, why, err);
    if (rc != HENG_OK) return rc;
    if (w->ret->same != same)
        delivery->same++;
    else
        delivery->stored++;
    return HENG_OK;
}

/* What a number is to us. TOLD: it is news, but another epoch of the same box has brought what it says. KNOWN_SAME:
 * what it says is here, under this number or, if that says something else, by another epoch. */
typedef enum standing { NEWS, TOLD, KNOWN_SAME, KNOWN_OTHERWISE } standing;

/* Has another epoch of the same box brought it? */
static heng_rc was_told(struct delivery_work *w, struct delivery_slot *slot, uint64_t seq, uint64_t said, bool *ret,
                        struct heng_err *err)
{
    const struct heng_gateway_journal *journal = &slot->journal;
    if (!slot->relatives) slot->relatives = calloc(1, sizeof *slot->relatives);
    if (!slot->relatives) return heng_fail(err, HENG_ENOMEM, 0, "out of memory for a delivery");
    return heng_checks_is_told(&w->checks, slot->relatives, journal->gateway_id, journal->epoch, seq, said, ret, err);
}

static heng_rc compare(struct delivery_work *w, struct delivery_slot *slot, uint64_t seq, uint64_t said, standing *ret,
                       struct heng_err *err)
{
    const struct heng_gateway_journal *journal = &slot->journal;
    heng_delivery_weakness weakness = w->delivery->weaken_for_tests;
    bool news = false, told = false;
    uint64_t known = 0;
    heng_rc rc = delivery_is_news(w, slot, seq, &news, err);
    *ret = news ? NEWS : KNOWN_SAME;
    if (rc != HENG_OK || !said || weakness == HENG_DELIVERY_NUMBERLESS) return rc;
    if (!news) {
        if (weakness == HENG_DELIVERY_UNCOMPARED) return rc;
        rc = heng_checks_get(&w->checks, journal->gateway_id, journal->epoch, seq, &known, err);
        if (rc != HENG_OK || !known || known == said) return rc;
        *ret = KNOWN_OTHERWISE;
    }
    rc = was_told(w, slot, seq, said, &told, err);
    if (told) *ret = news ? TOLD : KNOWN_SAME;
    return rc;
}

/* The number is known to say something else: its box has forgotten that it gave it. Both are kept. */
static heng_rc take_apart(struct delivery_work *w, struct delivery_slot *slot, const struct heng_entry *entry,
                          uint64_t seq, uint64_t said, struct heng_err *err)
{
    struct heng_entry apart = *entry;
    struct heng_err why;
    bool known = false;
    heng_rc rc = heng_checks_keep_apart(&w->checks, slot->journal.gateway_id, slot->journal.epoch, seq, said,
                                        &apart.epoch, &known, &why);
    if (rc == HENG_ELIMIT) return set_aside(w, entry, why.text, err);
    if (rc != HENG_OK) return heng_fail(err, rc, why.at, "%s", why.text);
    if (known) {
        w->delivery->same++;
        return HENG_OK;
    }
    if (!slot->apart++) slot->apart_first = seq;
    delivery_forget_relatives(w, slot->journal.gateway_id);
    return take(w, slot->journal.gateway_id, &apart, err);
}

/* What is passed on has the number of its maker. *ret_lost: it is damaged, and does not come this way again. */
static heng_rc take_passed(struct delivery_work *w, const struct heng_entry *entry, uint64_t said, bool *ret_lost,
                           struct heng_err *err)
{
    struct delivery_slot *slot = NULL;
    standing is = NEWS;
    bool below = true;
    *ret_lost = !said;
    if (!said) return set_aside(w, entry, "its check does not fit", err);
    heng_rc rc = delivery_is_of(w, DELIVERY_OF_WAY, entry->gateway_id, w->delivery->gateway_id, &below, err);
    if (rc == HENG_OK && !below) return set_aside(w, entry, "its maker is no gateway below this one", err);
    if (rc == HENG_OK) rc = delivery_find_slot(w, entry->gateway_id, entry->epoch, &slot, err);
    if (rc == HENG_OK) rc = compare(w, slot, entry->seq, said, &is, err);
    if (rc != HENG_OK) return rc;
    bool again = is == KNOWN_SAME && w->delivery->weaken_for_tests != HENG_DELIVERY_NUMBERLESS;
    if (is == KNOWN_OTHERWISE) return take_apart(w, slot, entry, entry->seq, said, err);
    if (is == TOLD || again)
        w->delivery->same++;
    else
        rc = take(w, entry->gateway_id, entry, err);
    return rc == HENG_OK && is <= TOLD ? delivery_enter(w, slot, entry->seq, entry->check, said, err) : rc;
}

/* An entry under a number of the sender: its own, or in an envelope. */
static heng_rc take_number(struct delivery_work *w, const struct heng_batch_entry *e, struct heng_err *err)
{
    const struct heng_entry *entry = &e->entry;
    uint64_t said = 0;
    standing is = NEWS;
    bool sound = heng_entry_check(entry) == entry->check, lost = false;
    if (sound) said = entry->gateway_id ? heng_checks_of_envelope(entry) : heng_checks_of(entry);
    heng_rc rc = compare(w, w->own, e->seq, said, &is, err);
    if (rc != HENG_OK) return rc;
    bool again = is == KNOWN_SAME && w->delivery->weaken_for_tests != HENG_DELIVERY_NUMBERLESS;
    if (is == TOLD || again)
        w->delivery->same++;
    else if (entry->gateway_id)
        rc = take_passed(w, entry, sound ? heng_checks_of(entry) : 0, &lost, err);
    else if (is == KNOWN_OTHERWISE)
        rc = take_apart(w, w->own, entry, e->seq, said, err);
    else
        rc = said ? take(w, w->delivery->gateway_id, entry, err) : set_aside(w, entry, "its check does not fit", err);
    if (rc != HENG_OK || is > TOLD) return rc;
    /* Who made it, and which number it has there, is not known either: it may be what is missing behind it. */
    if (lost) return delivery_lose(w, w->own, e->seq, err);
    return delivery_enter(w, w->own, e->seq, entry->check, said, err);
}

/* --- batches ---------------------------------------------------------------------------------------------- */

static heng_rc say_no(struct heng_delivery *delivery, heng_rc rc, const char *why)
{
    delivery->rc = rc;
    snprintf(delivery->why, sizeof delivery->why, "%s", why);
    return HENG_OK;
}

/* Copies: their numbers will come, and say the same. */
static heng_rc take_live(struct delivery_work *w, const struct heng_batch *batch, struct heng_err *err)
{
    int64_t sender_id = w->delivery->gateway_id;
    heng_rc rc = HENG_OK;
    for (size_t i = 0; rc == HENG_OK && i < batch->entry_count; i++) {
        const struct heng_entry *entry = &batch->entries[i].entry;
        int64_t maker_id = entry->gateway_id ? entry->gateway_id : sender_id;
        bool below = true;
        if (entry->kind != HENG_ENTRY_READ || heng_entry_check(entry) != entry->check) continue;
        if (entry->gateway_id) rc = delivery_is_of(w, DELIVERY_OF_WAY, maker_id, sender_id, &below, err);
        if (rc == HENG_OK && below) rc = take(w, maker_id, entry, err);
    }
    return rc;
}

/* Does the batch go on where the journal ended, or lie before that, and tell the same of the last number? Who was asked
 * for what is missing before that could not compare itself: what it says otherwise is kept apart. */
static heng_rc goes_on(struct delivery_work *w, const struct heng_batch *batch, bool *ret, struct heng_err *err)
{
    const struct heng_gateway_journal *journal = &w->own->journal;
    struct heng_delivery *delivery = w->delivery;
    struct heng_gateway_gap gap;
    *ret = batch->first <= journal->seq + 1;
    if (!*ret) {
        delivery->rc = HENG_ECONFLICT;
        snprintf(delivery->why, sizeof delivery->why, "it begins with %" PRIu64 ", but %" PRIu64 " was the last one",
                 batch->first, journal->seq);
    }
    for (size_t i = 0; *ret && i < batch->entry_count; i++) {
        const struct heng_batch_entry *e = &batch->entries[i];
        if (e->seq != journal->seq || !journal->check || e->entry.check == journal->check) continue;
        heng_rc rc = heng_store_get_wanted_gap(w->reader, journal->gateway_id, journal->epoch, 0, &gap, err);
        if (rc != HENG_ENOTFOUND) return rc;
        *ret = false;
        delivery->rc = HENG_ECONFLICT;
        snprintf(delivery->why, sizeof delivery->why, "another history: its entry %" PRIu64 " is not the one of before",
                 e->seq);
    }
    return HENG_OK;
}

/* Entries and ranges, side by side in the order of their numbers. */
static heng_rc take_numbers(struct delivery_work *w, const struct heng_batch *batch, struct heng_err *err)
{
    heng_rc rc = HENG_OK;
    size_t gone = 0;
    for (size_t i = 0; rc == HENG_OK && i <= batch->entry_count; i++) {
        const struct heng_batch_entry *e = i < batch->entry_count ? &batch->entries[i] : NULL;
        for (; rc == HENG_OK && gone < batch->gone_count && (!e || batch->gone[gone].first < e->seq); gone++)
            rc = delivery_declare_gone(w, w->own, batch->gone[gone].first, batch->gone[gone].last, HENG_GAP_GONE, err);
        if (rc == HENG_OK && e) rc = take_number(w, e, err);
    }
    return rc;
}

static heng_rc notice_slot(struct delivery_work *w, const struct delivery_slot *slot, struct heng_err *err)
{
    struct heng_gateway_event_row event = {.gateway_id = slot->journal.gateway_id, .at_us = w->now_us};
    heng_rc rc = HENG_OK;
    if (slot->skipped || slot->lost) {
        event.kind = HENG_GATEWAY_GAP;
        event.value = (int64_t)(slot->skipped + slot->lost);
        snprintf(event.detail, sizeof event.detail, "%s",
                 slot->skipped ? "passed on without them; nobody has said where they are"
                               : "lost in the journal of the gateway that passes them on");
        rc = heng_ingest_notice(w->store, &event, w->ret, err);
    }
    if (rc != HENG_OK || !slot->apart) return rc;
    event.kind = HENG_GATEWAY_FORKED;
    event.value = (int64_t)slot->apart;
    snprintf(event.detail, sizeof event.detail,
             "%" PRIu64 " and what follows it of epoch %" PRIu64
             " came twice, and say different things: was a disk put back, or a box cloned? Both are kept",
             slot->apart_first, slot->journal.epoch);
    return heng_ingest_notice(w->store, &event, w->ret, err);
}

/* What was noticed, and how far the journals have come. */
static heng_rc finish(struct delivery_work *w, struct heng_err *err)
{
    struct heng_gateway_event_row event = {.gateway_id = w->delivery->gateway_id, .at_us = w->now_us};
    heng_rc rc = heng_checks_flush(&w->checks, err);
    for (size_t i = 0; rc == HENG_OK && i < w->slot_count; i++) {
        struct delivery_slot *slot = &w->slots[i];
        slot->journal.last_us = w->now_us;
        if (slot->changed) rc = heng_store_put_journal(w->store, &slot->journal, err);
        if (rc == HENG_OK) rc = notice_slot(w, slot, err);
    }
    event.gateway_id = w->delivery->gateway_id;
    if (rc == HENG_OK && w->gone) {
        event.kind = HENG_GATEWAY_GAP;
        event.value = (int64_t)w->gone;
        snprintf(event.detail, sizeof event.detail, "%" PRIu64 " to %" PRIu64 ": it has them no more", w->gone_first,
                 w->gone_last);
        rc = heng_ingest_gateway_event(w->store, &event, w->ret, err);
    }
    if (rc == HENG_OK && w->delivery->refused) {
        event.kind = HENG_GATEWAY_ENTRY_REFUSED;
        event.value = w->delivery->refused;
        snprintf(event.detail, sizeof event.detail, "%s", w->refused_why);
        rc = heng_ingest_notice(w->store, &event, w->ret, err);
    }
    return rc;
}

static heng_rc deliver(struct delivery_work *w, struct heng_err *err)
{
    struct heng_delivery *delivery = w->delivery;
    struct heng_gateway gateway;
    struct heng_batch batch;
    struct heng_err why;
    bool goes = false;
    heng_rc rc = heng_store_get_gateway(w->reader, delivery->gateway_id, &gateway, err);
    if (rc == HENG_ENOTFOUND) return say_no(delivery, HENG_EDENIED, "there is no such gateway");
    if (rc != HENG_OK) return rc;
    if (gateway.state == HENG_GATEWAY_STATE_REVOKED) return say_no(delivery, HENG_EDENIED, "it is revoked");
    if (heng_batch_unpack(delivery->bytes, &w->room, &batch, &why) != HENG_OK)
        return say_no(delivery, HENG_EFORMAT, why.text);
    delivery->epoch = batch.epoch;
    if (delivery->live != (batch.first == 0)) return say_no(delivery, HENG_EFORMAT, "copies have no numbers");
    if (delivery->live) return take_live(w, &batch, err);

    rc = delivery_find_slot(w, delivery->gateway_id, batch.epoch, &w->own, err);
    if (rc != HENG_OK) return rc;
    delivery->durable = w->own->journal.seq;
    rc = goes_on(w, &batch, &goes, err);
    if (rc != HENG_OK || !goes) return rc;
    rc = take_numbers(w, &batch, err);
    if (rc == HENG_OK) rc = finish(w, err);
    delivery->durable = batch.last;
    return rc;
}

static heng_rc ingest(struct heng_store *store, struct heng_delivery *delivery, heng_us now_us, bool careful,
                      struct heng_ingested *ret, struct heng_err *err)
{
    struct delivery_work *w = malloc(sizeof *w);
    if (!w) return heng_fail(err, HENG_ENOMEM, 0, "out of memory for a delivery");
    *delivery = (struct heng_delivery){.gateway_id = delivery->gateway_id,
                                       .live = delivery->live,
                                       .bytes = delivery->bytes,
                                       .weaken_for_tests = delivery->weaken_for_tests};
    w->store = store;
    w->reader = heng_store_as_reader(store);
    w->delivery = delivery;
    w->now_us = now_us;
    w->ret = ret;
    w->careful = careful;
    w->refused_why[0] = '\0';
    w->gone = w->gone_first = w->gone_last = 0;
    w->own = w->last_used = NULL;
    w->slot_count = 0;
    memset(w->known, 0, sizeof w->known);
    heng_checks_init(&w->checks, store);
    heng_rc rc = deliver(w, err);
    for (size_t i = 0; i < w->slot_count; i++) free(w->slots[i].relatives);
    free(w);
    return rc;
}

heng_rc heng_delivery_ingest(struct heng_store *store, struct heng_delivery *delivery, heng_us now_us,
                             struct heng_ingested *ret, struct heng_err *err)
{
    return ingest(store, delivery, now_us, false, ret, err);
}

heng_rc heng_delivery_ingest_carefully(struct heng_store *store, struct heng_delivery *delivery, heng_us now_us,
                                       struct heng_ingested *ret, struct heng_err *err)
{
    struct heng_ingested before = *ret;
    struct heng_err why;
    heng_rc rc = heng_store_part_begin(store, err);
    if (rc != HENG_OK) return rc;
    rc = ingest(store, delivery, now_us, true, ret, &why);
    if (rc == HENG_OK) return heng_store_part_end(store, false, err);
    if (rc != HENG_ECONFLICT) return heng_fail(err, rc, why.at, "%s", why.text);
    heng_ingested_back(ret, &before);
    rc = heng_store_part_end(store, true, err);
    if (rc != HENG_OK) return rc;
    delivery->stored = delivery->same = delivery->refused = 0;
    struct heng_gateway_event_row event = {
        .gateway_id = delivery->gateway_id, .at_us = now_us, .kind = HENG_GATEWAY_PROTOCOL};
    snprintf(event.detail, sizeof event.detail, "a delivery is refused: %s", why.text);
    (void)say_no(delivery, HENG_EFORMAT, why.text);
    return heng_ingest_notice(store, &event, ret, err);
}

heng_rc heng_delivery_resume(struct heng_store_reader *reader, int64_t gateway_id, uint64_t epoch, uint64_t *ret_seq,
                             uint64_t *ret_check, struct heng_err *err)
{
    struct heng_gateway_journal journal = {0};
    struct heng_gateway_gap gap;
    heng_rc rc = heng_store_get_journal(reader, gateway_id, epoch, &journal, err);
    if (rc == HENG_OK) rc = heng_store_get_wanted_gap(reader, gateway_id, epoch, 0, &gap, err);
    if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
    bool open = rc == HENG_OK;
    *ret_seq = open ? gap.first - 1 : journal.seq;
    *ret_check = open ? 0 : journal.check;
    return HENG_OK;
}
