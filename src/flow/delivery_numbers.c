/* What of the journals is here, and what hangs on whom. */
#include "flow/delivery_inside.h"

enum { PROBES = 8 };

/* --- what belongs to whom --------------------------------------------------------------------------------- */

static heng_rc ask(struct delivery_work *w, delivery_relation what, int64_t gateway_id, int64_t id, bool *ret,
                   struct heng_err *err)
{
    switch (what) {
    case DELIVERY_OF_METER: return heng_store_gateway_has_meter(w->reader, gateway_id, id, ret, err);
    case DELIVERY_OF_LINE: return heng_store_gateway_has_line(w->reader, gateway_id, id, ret, err);
    case DELIVERY_OF_WAY: return heng_store_gateway_is_below(w->reader, gateway_id, id, ret, err);
    }
    return heng_fail(err, HENG_EBUG, 0, "a relation %d", (int)what);
}

heng_rc delivery_is_of(struct delivery_work *w, delivery_relation what, int64_t gateway_id, int64_t id, bool *ret,
                       struct heng_err *err)
{
    uint64_t hash = ((uint64_t)id * 31 + (uint64_t)gateway_id * 3 + what) * UINT64_C(0x9E3779B97F4A7C15);
    struct delivery_known *free_one = NULL;
    for (size_t i = 0; i < PROBES && !free_one; i++) {
        struct delivery_known *k = &w->known[((hash >> (64 - DELIVERY_KNOWN_BITS)) + i) % DELIVERY_KNOWN];
        if (!k->used) free_one = k;
        if (!k->used || k->what != what || k->gateway_id != gateway_id || k->id != id) continue;
        *ret = k->yes;
        return HENG_OK;
    }
    heng_rc rc = ask(w, what, gateway_id, id, ret, err);
    if (rc == HENG_OK && free_one) *free_one = (struct delivery_known){true, *ret, what, gateway_id, id};
    return rc;
}

/* --- numbers ---------------------------------------------------------------------------------------------- */

heng_rc delivery_find_slot(struct delivery_work *w, int64_t gateway_id, uint64_t epoch, struct delivery_slot **ret,
                           struct heng_err *err)
{
    struct delivery_slot *slot = w->last_used;
    for (size_t i = 0; !slot || slot->journal.gateway_id != gateway_id || slot->journal.epoch != epoch; i++) {
        slot = &w->slots[i];
        if (i < w->slot_count) continue;
        *slot = (struct delivery_slot){0};
        heng_rc rc = heng_store_get_journal(w->reader, gateway_id, epoch, &slot->journal, err);
        if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
        if (rc == HENG_ENOTFOUND)
            slot->journal =
                (struct heng_gateway_journal){.gateway_id = gateway_id, .epoch = epoch, .first_us = w->now_us};
        w->slot_count++;
        break;
    }
    *ret = w->last_used = slot;
    return HENG_OK;
}

heng_rc delivery_is_news(struct delivery_work *w, struct delivery_slot *slot, uint64_t seq, bool *ret,
                         struct heng_err *err)
{
    *ret = seq > slot->journal.seq;
    if (*ret) return HENG_OK;
    if (!slot->gap_known || seq < slot->gap_from || (slot->has_gap && seq > slot->gap.last)) {
        heng_rc rc = heng_store_get_gap(w->reader, slot->journal.gateway_id, slot->journal.epoch, seq, &slot->gap, err);
        if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
        slot->gap_known = true;
        slot->has_gap = rc == HENG_OK;
        slot->gap_from = seq;
    }
    *ret = slot->has_gap && seq >= slot->gap.first;
    return HENG_OK;
}

static heng_rc put_gap(struct delivery_work *w, struct delivery_slot *slot, uint64_t first, uint64_t last,
                       heng_gap_state gone, struct heng_err *err)
{
    slot->gap_known = false;
    if (first > last) return HENG_OK;
    struct heng_gateway_gap gap = {slot->journal.gateway_id, slot->journal.epoch, first, last, gone};
    return heng_store_put_gap(w->store, &gap, err);
}

/* The numbers first..last come out of a gap, which they lie in. */
static heng_rc split_gap(struct delivery_work *w, struct delivery_slot *slot, const struct heng_gateway_gap *gap,
                         uint64_t first, uint64_t last, struct heng_err *err)
{
    heng_rc rc = heng_store_drop_gap(w->store, gap, err);
    if (rc == HENG_OK && first > gap->first) rc = put_gap(w, slot, gap->first, first - 1, gap->gone, err);
    if (rc == HENG_OK && last < gap->last) rc = put_gap(w, slot, last + 1, gap->last, gap->gone, err);
    slot->gap_known = false;
    return rc;
}

/* Numbers of a maker that were jumped over. What is passed on comes in its order: when who passes it on has lost
 * entries of its own journal, these were among them, whether it says so or has lost that, too. */
static heng_rc skip(struct delivery_work *w, struct delivery_slot *slot, uint64_t first, uint64_t last,
                    struct heng_err *err)
{
    const struct heng_gateway_journal *own = &w->own->journal;
    struct heng_gateway_gap gap;
    heng_rc rc = HENG_ENOTFOUND;
    if (slot != w->own) rc = heng_store_get_gap(w->reader, own->gateway_id, own->epoch, 0, &gap, err);
    if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
    bool lost = rc == HENG_OK;
    if (lost)
        slot->lost += last - first + 1;
    else
        slot->skipped += last - first + 1;
    return put_gap(w, slot, first, last, lost ? HENG_GAP_GONE_ABOVE : HENG_GAP_OPEN, err);
}

void delivery_forget_relatives(struct delivery_work *w, int64_t gateway_id)
{
    for (size_t i = 0; i < w->slot_count; i++)
        if (w->slots[i].journal.gateway_id == gateway_id && w->slots[i].relatives)
            w->slots[i].relatives->loaded = false;
}

heng_rc delivery_enter(struct delivery_work *w, struct delivery_slot *slot, uint64_t seq, uint64_t check, uint64_t said,
                       struct heng_err *err)
{
    struct heng_gateway_journal *journal = &slot->journal;
    bool news = false, first = !journal->seq;
    heng_rc rc = heng_checks_put(&w->checks, journal->gateway_id, journal->epoch, seq, said, err);
    if (rc != HENG_OK) return rc;
    if (seq <= journal->seq) {
        rc = delivery_is_news(w, slot, seq, &news, err); /* its gap, which what the entry told of may have changed */
        struct heng_gateway_gap gap = slot->gap;
        if (rc == HENG_OK && news) rc = split_gap(w, slot, &gap, seq, seq, err);
    } else if (seq > journal->seq + 1) {
        rc = skip(w, slot, journal->seq + 1, seq - 1, err);
    }
    if (seq >= journal->seq) {
        journal->seq = seq;
        journal->check = check;
    }
    slot->changed = true;
    if (rc != HENG_OK || !first) return rc;
    delivery_forget_relatives(w, journal->gateway_id);
    return heng_store_put_journal(w->store, journal, err);
}

static void count_gone(struct delivery_work *w, uint64_t first, uint64_t last)
{
    if (!w->gone) w->gone_first = first;
    w->gone += last - first + 1;
    w->gone_last = last;
}

heng_rc delivery_declare_gone(struct delivery_work *w, struct delivery_slot *slot, uint64_t first, uint64_t last,
                              heng_gap_state gone, struct heng_err *err)
{
    struct heng_gateway_journal *journal = &slot->journal;
    struct heng_gateway_gap gap;
    heng_rc rc = HENG_OK;
    slot->changed = true;
    for (uint64_t from = first; from <= last && from <= journal->seq; from = gap.last + 1) {
        rc = (gone == HENG_GAP_GONE ? heng_store_get_wanted_gap : heng_store_get_open_gap)(
            w->reader, journal->gateway_id, journal->epoch, from, &gap, err);
        if (rc == HENG_ENOTFOUND || (rc == HENG_OK && gap.first > last)) break;
        if (rc != HENG_OK) return rc;
        uint64_t a = gap.first > first ? gap.first : first, b = gap.last < last ? gap.last : last;
        rc = split_gap(w, slot, &gap, a, b, err);
        if (rc == HENG_OK) rc = put_gap(w, slot, a, b, gone, err);
        if (rc != HENG_OK) return rc;
        if (gone == HENG_GAP_GONE) count_gone(w, a, b);
    }
    if (last <= journal->seq) return HENG_OK;
    if (first <= journal->seq) first = journal->seq + 1;
    rc = HENG_OK;
    if (first > journal->seq + 1) rc = put_gap(w, slot, journal->seq + 1, first - 1, HENG_GAP_OPEN, err);
    if (rc == HENG_OK) rc = put_gap(w, slot, first, last, gone, err);
    if (gone == HENG_GAP_GONE) count_gone(w, first, last);
    journal->seq = last;
    journal->check = 0;
    return rc;
}

heng_rc delivery_lose(struct delivery_work *w, struct delivery_slot *slot, uint64_t seq, struct heng_err *err)
{
    heng_rc rc = delivery_enter(w, slot, seq, 0, 0, err);
    return rc == HENG_OK ? put_gap(w, slot, seq, seq, HENG_GAP_GONE, err) : rc;
}
