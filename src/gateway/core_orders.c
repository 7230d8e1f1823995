/* Orders are done once. What has been sent to a meter is on disk before it is sent; after a power cut nobody knows
 * whether such an order was done, so it has failed, and it is not done again under the same id. Orders that were only
 * waiting are forgotten with the power: who gave them may give them again. Reads do no harm twice and are remembered in
 * memory only.
 *
 * On disk, "order:<id>": form (2), stage, kind, ended; line, device, when it ended (8 each, low byte first), when it
 * expires (seconds, 4). */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "gateway/core_inside.h"

enum { ORDER_FORM = 2, ORDER_BYTES = 32 };

static bool stage_ends(heng_stage stage)
{
    switch (stage) {
    case HENG_STAGE_QUEUED:
    case HENG_STAGE_SENT:
    case HENG_STAGE_ACCEPTED: return false;
    case HENG_STAGE_CONFIRMED:
    case HENG_STAGE_FAILED:
    case HENG_STAGE_EXPIRED:
    case HENG_STAGE_CANCELLED: return true;
    case HENG_STAGE_COUNT: break;
    }
    return true;
}

/* --- the table ------------------------------------------------------------------------------------------------- */

/* Where it is, or would be. */
static size_t find(const struct heng_core *core, int64_t id, bool *ret_found)
{
    size_t low = 0, high = core->order_count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (core->orders[mid].id < id)
            low = mid + 1;
        else
            high = mid;
    }
    *ret_found = low < core->order_count && core->orders[low].id == id;
    return low;
}

static void name_of(int64_t id, char ret[static 65]) { (void)snprintf(ret, 65, "order:%" PRId64, id); }

static void forget(struct heng_core *core, heng_us now, size_t at)
{
    char name[65];
    name_of(core->orders[at].id, name);
    if (core->orders[at].command) core_keep(core, now, name, (struct heng_slice){0});
    core->order_count--;
    memmove(&core->orders[at], &core->orders[at + 1], (core->order_count - at) * sizeof *core->orders);
}

/* Full: what ended longest ago makes room. False: nothing has ended. */
static bool make_room(struct heng_core *core, heng_us now)
{
    if (core->order_count < core->order_cap) return true;
    if (core->order_cap < CORE_ORDERS_MAX) {
        size_t cap = core->order_cap ? core->order_cap * 2 : 64;
        struct core_order *orders = realloc(core->orders, cap * sizeof *orders);
        if (!orders) return false;
        core->orders = orders;
        core->order_cap = cap;
        return true;
    }
    size_t oldest = core->order_count;
    for (size_t i = 0; i < core->order_count; i++)
        if (core->orders[i].ended_us &&
            (oldest == core->order_count || core->orders[i].ended_us < core->orders[oldest].ended_us))
            oldest = i;
    if (oldest == core->order_count) return false;
    forget(core, now, oldest);
    return true;
}

void core_order_set(struct heng_core *core, heng_us now, const struct core_order *order)
{
    bool found;
    size_t at = find(core, order->id, &found);
    if (!found) {
        if (!make_room(core, now)) return; /* it is on disk */
        at = find(core, order->id, &found);
        memmove(&core->orders[at + 1], &core->orders[at], (core->order_count - at) * sizeof *core->orders);
        core->order_count++;
    }
    core->orders[at] = *order;
}

/* A clock that is put right may have gone on by years since it ended. So it is also kept until its time is over: when
 * it comes again after that, it is refused for that reason. */
void core_orders_sweep(struct heng_core *core, heng_us now)
{
    if (core->clock.doubtful) return;
    heng_us time = core_time(core, now);
    for (size_t i = core->order_count; i-- > 0;) {
        const struct core_order *order = &core->orders[i];
        heng_us kept = order->command ? CORE_ORDER_DAYS * HENG_US_PER_DAY : CORE_READ_S * HENG_US_PER_S;
        if (order->command && time <= order->expires_us) continue;
        if (order->ended_us && time - order->ended_us > kept) forget(core, now, i);
    }
}

/* --- on disk --------------------------------------------------------------------------------------------------- */

/* Rather later than earlier. */
static uint64_t in_seconds(heng_us at_us)
{
    if (at_us <= 0) return 0;
    heng_us seconds = at_us / HENG_US_PER_S + 1;
    return seconds < UINT32_MAX ? (uint64_t)seconds : UINT32_MAX;
}

static size_t pack(const struct core_order *order, uint8_t ret[static 32])
{
    struct heng_buf buf = heng_buf_of(ret, 32);
    heng_buf_u8(&buf, ORDER_FORM);
    heng_buf_u8(&buf, order->stage);
    heng_buf_u8(&buf, order->kind);
    heng_buf_u8(&buf, order->ended_us != 0);
    heng_buf_le(&buf, (uint64_t)order->line_id, 8);
    heng_buf_le(&buf, (uint64_t)order->device_id, 8);
    heng_buf_le(&buf, (uint64_t)order->ended_us, 8);
    heng_buf_le(&buf, in_seconds(order->expires_us), 4);
    return buf.n;
}

static bool unpack(struct heng_slice bytes, const char *name, struct core_order *ret)
{
    struct heng_reader r = heng_reader_of(bytes);
    if (bytes.n != ORDER_BYTES || heng_reader_u8(&r) != ORDER_FORM) return false;
    *ret = (struct core_order){.id = strtoll(name + strlen("order:"), NULL, 10), .command = true};
    ret->stage = heng_reader_u8(&r);
    ret->kind = heng_reader_u8(&r);
    (void)heng_reader_u8(&r);
    ret->line_id = (int64_t)heng_reader_le(&r, 8);
    ret->device_id = (int64_t)heng_reader_le(&r, 8);
    ret->ended_us = (heng_us)heng_reader_le(&r, 8);
    ret->expires_us = (heng_us)heng_reader_le(&r, 4) * HENG_US_PER_S;
    return ret->id > 0 && ret->stage < HENG_STAGE_COUNT && ret->kind < HENG_ORDER_COUNT;
}

bool core_order_news(const struct heng_core *core, heng_us now, const struct heng_order_news *news,
                     struct core_order *ret, char ret_name[static 65], uint8_t ret_value[static 32], size_t *ret_n)
{
    bool found;
    size_t at = find(core, news->id, &found);
    *ret = (struct core_order){.id = news->id,
                               .line_id = news->line_id,
                               .device_id = news->device_id,
                               .kind = (uint8_t)news->kind,
                               .command = news->command};
    if (found) *ret = core->orders[at];
    if (ret->ended_us) return false; /* what has ended stays so */
    ret->stage = (uint8_t)news->stage;
    if (news->ended || stage_ends(news->stage)) ret->ended_us = core_time(core, now);
    if (!ret->command || news->stage == HENG_STAGE_QUEUED) return false;
    name_of(news->id, ret_name);
    *ret_n = pack(ret, ret_value);
    return true;
}

/* It was sent when the power went: nobody knows. */
static void failed_by_restart(struct heng_core *core, heng_us now, struct core_order *order)
{
    struct heng_body body = {.kind = HENG_ENTRY_ORDER,
                             .order = {.id = order->id,
                                       .line_id = order->line_id,
                                       .device_id = order->device_id,
                                       .command = true,
                                       .ended = true,
                                       .kind = (heng_order_kind)order->kind,
                                       .stage = HENG_STAGE_FAILED,
                                       .why = "it is not known whether it was done: the gateway was restarted"}};
    char name[65];
    uint8_t value[32];
    order->stage = HENG_STAGE_FAILED;
    order->ended_us = core_time(core, now);
    name_of(order->id, name);
    size_t n = pack(order, value);
    struct heng_entry entry;
    if (core_entry_of(core, &body, order->ended_us, &entry, NULL) == HENG_OK)
        core_write_surely(core, now, &entry, name, heng_slice_of(value, n));
}

void core_orders_load(struct heng_core *core, heng_us now)
{
    char name[65] = "", next[65];
    struct heng_slice bytes;
    struct core_order order;
    for (unsigned i = 0; i < 4 * CORE_ORDERS_MAX; i++) {
        if (heng_spool_recall_next(core->journal.spool, "order:", name, next, &bytes, NULL) != HENG_OK) break;
        memcpy(name, next, sizeof name);
        if (unpack(bytes, name, &order))
            core_order_set(core, now, &order);
        else
            core_keep(core, now, name, (struct heng_slice){0});
        if (core->journal.failed) return;
    }
    for (size_t i = 0; i < core->order_count; i++)
        if (!core->orders[i].ended_us) failed_by_restart(core, now, &core->orders[i]);
}

/* There may be older versions of it: what has ended stays so. */
void core_order_saved(struct heng_core *core, heng_us now, const char *name, struct heng_slice value)
{
    struct core_order order;
    bool found;
    if (!unpack(value, name, &order)) return;
    size_t at = find(core, order.id, &found);
    if (found && core->orders[at].ended_us) return;
    core_order_set(core, now, &order);
    core_keep(core, now, name, value);
}

void core_orders_keep(struct heng_core *core, heng_us now)
{
    char name[65];
    uint8_t value[32];
    for (size_t i = 0; i < core->order_count; i++) {
        const struct core_order *order = &core->orders[i];
        if (!order->command || order->stage == HENG_STAGE_QUEUED) continue;
        name_of(order->id, name);
        core_keep(core, now, name, heng_slice_of(value, pack(order, value)));
    }
}

/* --- from above ------------------------------------------------------------------------------------------------ */

static bool is_same(const struct core_order *known, const struct heng_down_order *order)
{
    return known->line_id == order->line_id && known->device_id == order->device_id &&
           known->kind == (uint8_t)order->order.kind && known->command == order->command;
}

static bool take(struct heng_core *core, heng_us now, const struct heng_down_order *order)
{
    bool found;
    size_t at = find(core, order->id, &found);
    /* As when the centre was put back from a backup, and gives its numbers once more. */
    if (found && !is_same(&core->orders[at], order)) {
        core_outcome(core, now, HENG_OUTCOME_OF_ORDER, order->id, false, "another order of this number was here");
        return false;
    }
    if (found) {
        core_outcome(core, now, HENG_OUTCOME_OF_ORDER, order->id, true, "it is known already");
        return false;
    }
    if (order->expires_us <= core_time(core, now)) {
        core_outcome(core, now, HENG_OUTCOME_OF_ORDER, order->id, false, "its time was over before it came here");
        return false;
    }
    if (!make_room(core, now)) {
        core_outcome(core, now, HENG_OUTCOME_OF_ORDER, order->id, false, "too many orders wait in the gateway");
        return false;
    }
    struct core_order made = {.id = order->id,
                              .line_id = order->line_id,
                              .device_id = order->device_id,
                              .expires_us = order->expires_us,
                              .kind = (uint8_t)order->order.kind,
                              .stage = HENG_STAGE_QUEUED,
                              .command = order->command};
    core_order_set(core, now, &made);
    return true;
}

bool core_order_come(struct heng_core *core, heng_us now, const struct heng_down_order *order)
{
    struct heng_down_order rest = *order;
    struct core_conn *conn;
    char why[64];
    if (!order->path.n) return take(core, now, order);
    if (!core_path_down(core, &order->path, &rest.path, &conn, why)) {
        core_outcome(core, now, HENG_OUTCOME_OF_ORDER, order->id, false, "%s", why);
    } else if (!heng_host_order(conn->host, now, &rest)) {
        core_outcome(core, now, HENG_OUTCOME_OF_ORDER, order->id, false, "gateway %" PRId64 " does not take it now",
                     conn->gateway_id);
    } else {
        conn->stirred = true;
    }
    return false;
}

void core_order_refused(struct heng_core *core, int64_t id)
{
    bool found;
    size_t at = find(core, id, &found);
    if (!found || core->orders[at].stage != HENG_STAGE_QUEUED || core->orders[at].ended_us) return;
    core->order_count--;
    memmove(&core->orders[at], &core->orders[at + 1], (core->order_count - at) * sizeof *core->orders);
}
