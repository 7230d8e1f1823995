#include "flow/carried.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "flow/ingest_gateways.h"
#include "store/gateways.h"
#include "store/read.h"
#include "uplink/body.h"

/* Before this nobody read a meter with Heng: 2015-01-01. */
#define EARLIEST_US (INT64_C(1420070400) * HENG_US_PER_S)

enum { GATEWAYS_PAGE = 64 };

struct heng_carried {
    struct heng_store *store;
    struct heng_store_reader *reader;
    heng_us now_us;
    struct heng_carry_reader file;
    struct heng_carried_counts counts;
    struct heng_gateway_config route; /* of a handheld's file */
    void *route_memory;
    struct heng_gateway gateway; /* of a journal's file; id 0: not looked for yet */
    struct heng_ingested ingested;
    struct heng_read read;
    bool open, brought; /* brought: an entry has come */
};

heng_rc heng_carried_begin(struct heng_store *store, const struct heng_profiles *profiles, heng_us now_us,
                           struct heng_carried **ret, struct heng_err *err)
{
    struct heng_carried *carried = calloc(1, sizeof *carried);
    if (!carried) return heng_fail(err, HENG_ENOMEM, 0, "no memory for the file");
    carried->store = store;
    carried->reader = heng_store_as_reader(store);
    carried->now_us = now_us;
    carried->ingested.profiles = profiles;
    heng_rc rc = heng_store_begin(store, err);
    carried->open = rc == HENG_OK;
    if (rc == HENG_OK)
        *ret = carried;
    else
        heng_carried_free(carried);
    return rc;
}

void heng_carried_free(struct heng_carried *carried)
{
    if (!carried) return;
    if (carried->open) heng_store_rollback(carried->store);
    heng_carry_reader_fini(&carried->file);
    heng_config_free(carried->route_memory);
    heng_ingested_fini(&carried->ingested);
    free(carried);
}

/* --- whose file it is --------------------------------------------------------------------------------------------- */

/* By the name in its certificate, which it writes into the file. */
static heng_rc find_gateway(struct heng_carried *carried, struct heng_err *err)
{
    static const size_t page = GATEWAYS_PAGE;
    const char *name = carried->counts.header.name;
    struct heng_gateway *list = calloc(page, sizeof *list);
    if (!list) return heng_fail(err, HENG_ENOMEM, 0, "no memory for the gateways");
    int64_t after = 0;
    size_t n = page;
    heng_rc rc = HENG_OK;
    while (rc == HENG_OK && n == page && !carried->gateway.id) {
        rc = heng_store_list_gateways(carried->reader, after, list, page, &n, err);
        for (size_t i = 0; rc == HENG_OK && i < n; i++) {
            if (name[0] && strcmp(list[i].common_name, name) == 0) carried->gateway = list[i];
            after = list[i].id;
        }
    }
    free(list);
    if (rc != HENG_OK) return rc;
    if (!carried->gateway.id)
        return heng_fail(err, HENG_ENOTFOUND, 0, "it is of a gateway that calls itself '%.70s', which is none of ours",
                         name);
    if (carried->gateway.state == HENG_GATEWAY_STATE_REVOKED)
        return heng_fail(err, HENG_EDENIED, 0, "it is of gateway '%.60s', which is revoked", carried->gateway.key);
    return HENG_OK;
}

static heng_rc take_route(struct heng_carried *carried, struct heng_slice bytes, struct heng_err *err)
{
    if (carried->route_memory || carried->brought)
        return heng_fail(err, HENG_EFORMAT, 0, "the list of a handheld stands once, before what was read by it");
    carried->counts.by_hand = true;
    return heng_config_unpack(bytes, &carried->route, &carried->route_memory, err);
}

/* --- one entry ---------------------------------------------------------------------------------------------------- */

static bool can_be(const struct heng_carried *carried, heng_us at_us)
{
    return at_us >= EARLIEST_US && at_us <= carried->now_us + HENG_US_PER_DAY;
}

static void refuse(struct heng_carried *carried, int64_t device_id, const char *why)
{
    struct heng_carried_counts *counts = &carried->counts;
    char text[sizeof counts->reasons[0].why];
    size_t i = 0;
    counts->refused++;
    snprintf(text, sizeof text, "%s", why);
    while (i < counts->reason_count && strcmp(counts->reasons[i].why, text) != 0) i++;
    if (i == HENG_CARRIED_REASONS_MAX) return;
    if (i == counts->reason_count) {
        memcpy(counts->reasons[counts->reason_count++].why, text, sizeof text);
        heng_log(HENG_LOG_WARN, "flow", "event=carried_refused meter=%lld reason='%s'", (long long)device_id, text);
    }
    counts->reasons[i].count++;
}

/* May it be in this file? A handheld speaks of the meters of its list; a gateway of its own and of those below it.
 * *ret_why NULL: yes. */
static heng_rc check_meter(struct heng_carried *carried, const struct heng_entry *entry, int64_t device_id,
                           const char **ret_why, struct heng_err *err)
{
    struct heng_meter_row meter;
    bool below = true, has = true;
    heng_rc rc = heng_store_get_meter(carried->reader, device_id, &meter, err);
    if (rc == HENG_ENOTFOUND) {
        *ret_why = "no such meter";
        return HENG_OK;
    }
    if (rc != HENG_OK) return rc;
    if (carried->counts.by_hand) {
        rc = heng_carry_same_meter(&carried->route, device_id, meter.device.number, err);
        if (rc == HENG_ENOTFOUND) *ret_why = "a meter that is not on the list it was read by";
        return rc == HENG_ENOTFOUND ? HENG_OK : rc; /* ECONFLICT: all of the file is of another site */
    }
    int64_t maker_id = entry->gateway_id ? entry->gateway_id : carried->gateway.id;
    if (maker_id != carried->gateway.id)
        rc = heng_store_gateway_is_below(carried->reader, maker_id, carried->gateway.id, &below, err);
    if (rc == HENG_OK) rc = heng_store_gateway_has_meter(carried->reader, maker_id, device_id, &has, err);
    if (rc == HENG_OK && !has) *ret_why = "a meter of another gateway";
    if (rc == HENG_OK && !below) *ret_why = "its maker is no gateway below this one";
    return rc;
}

static heng_rc store_read(struct heng_carried *carried, const struct heng_entry *entry,
                          const struct heng_read_news *news, struct heng_err *err)
{
    struct heng_carried_counts *counts = &carried->counts;
    struct heng_ingested *ingested = &carried->ingested;
    /* Without a number: how an order has come on is not told by a copy. */
    struct heng_order_fact order = {.line_id = news->line_id,
                                    .device_id = news->read->device_id,
                                    .order = news->order.id ? news->order.kind
                                             : news->due_us ? HENG_ORDER_READ_HISTORY
                                                            : HENG_ORDER_READ,
                                    .stage = HENG_STAGE_CONFIRMED,
                                    .outcome = HENG_OUTCOME_OK,
                                    .at_us = news->read->at_us,
                                    .due_us = news->due_us,
                                    .ended = true};
    struct heng_fact fact = {.kind = HENG_FACT_READ,
                             .read = news->read,
                             .order = &order,
                             .doubtful = entry->doubtful,
                             .by_hand = news->by_hand};
    heng_ingested_clear(ingested);
    heng_rc rc = heng_ingest_fact(carried->store, &fact, carried->now_us, ingested, err);
    if (rc != HENG_OK) return rc;
    counts->stored += ingested->stored;
    counts->same += ingested->same;
    counts->conflicts += ingested->conflicts;
    if (ingested->refused) refuse(carried, news->read->device_id, ingested->refusal ? ingested->refusal : "refused");
    return HENG_OK;
}

static bool is_for_the_gateway(const struct heng_body *body)
{
    return body->kind != HENG_ENTRY_READ || body->read.order.command || body->read.read->outcome != HENG_OUTCOME_OK;
}

static heng_rc take_entry(struct heng_carried *carried, const struct heng_entry *entry, struct heng_err *err)
{
    struct heng_err unpacked = {.text = ""};
    struct heng_body body;
    const char *why = NULL;
    heng_rc rc = HENG_OK;
    if (!carried->counts.by_hand && !carried->gateway.id) rc = find_gateway(carried, err);
    if (rc != HENG_OK) return rc;
    carried->brought = true;
    if (entry->check != heng_entry_check(entry)) {
        refuse(carried, entry->subject_id, "its check does not fit");
        return HENG_OK;
    }
    rc = heng_body_unpack(entry->body, entry, &carried->read, &body, &unpacked);
    if (rc == HENG_ENOMEM) return heng_fail(err, rc, 0, "%s", unpacked.text);
    if (rc != HENG_OK) {
        refuse(carried, entry->subject_id, unpacked.text);
        return HENG_OK;
    }
    bool left = is_for_the_gateway(&body);
    if (carried->counts.by_hand && (left || !body.read.by_hand)) why = "not read by hand";
    if (left && !why) {
        carried->counts.left++;
        return HENG_OK;
    }
    if (!why && (!can_be(carried, entry->at_us) || !can_be(carried, body.read.read->at_us))) why = "impossible time";
    for (size_t i = 0; !why && i < body.read.read->frame_count; i++)
        if (!can_be(carried, body.read.read->frames[i].at_us)) why = "impossible time";
    if (!why) rc = check_meter(carried, entry, body.read.read->device_id, &why, err);
    if (rc != HENG_OK) return rc;
    if (!why) return store_read(carried, entry, &body.read, err);
    refuse(carried, entry->subject_id, why);
    return HENG_OK;
}

/* --- the file ----------------------------------------------------------------------------------------------------- */

static heng_rc take_item(struct heng_carried *carried, const struct heng_carry_item *item, struct heng_err *err)
{
    switch (item->kind) {
    case HENG_CARRY_HEADER: carried->counts.header = item->header; return HENG_OK;
    case HENG_CARRY_CONFIG:
        return heng_fail(err, HENG_EUNSUPPORTED, 0,
                         "it is the list of a gateway, with nothing read in it: read by it with 'heng route read'");
    case HENG_CARRY_ROUTE: return take_route(carried, item->bytes, err);
    case HENG_CARRY_ENTRY: return take_entry(carried, &item->entry, err);
    }
    return heng_fail(err, HENG_EBUG, 0, "an item of kind %d", (int)item->kind);
}

heng_rc heng_carried_take(struct heng_carried *carried, struct heng_slice bytes, struct heng_err *err)
{
    struct heng_carry_item item;
    heng_rc rc = heng_carry_feed(&carried->file, bytes, err);
    while (rc == HENG_OK) {
        rc = heng_carry_next(&carried->file, &item, err);
        if (rc == HENG_OK) rc = take_item(carried, &item, err);
    }
    /* ENOTFOUND of an item is an error, of the file its end. */
    return rc == HENG_MORE || (rc == HENG_ENOTFOUND && carried->file.ended) ? HENG_OK : rc;
}

/* People see on the gateway's page that its readings came on foot. */
static heng_rc tell(struct heng_carried *carried, struct heng_err *err)
{
    const struct heng_carried_counts *counts = &carried->counts;
    if (!carried->gateway.id || !counts->stored) return HENG_OK;
    struct heng_gateway_event_row event = {.gateway_id = carried->gateway.id,
                                           .at_us = carried->now_us,
                                           .kind = HENG_GATEWAY_IMPORTED,
                                           .value = (int64_t)counts->stored};
    snprintf(event.detail, sizeof event.detail, "a file of its journal, at the centre; %llu refused",
             (unsigned long long)counts->refused);
    return heng_ingest_gateway_event(carried->store, &event, &carried->ingested, err);
}

heng_rc heng_carried_end(struct heng_carried *carried, struct heng_carried_counts *ret, struct heng_err *err)
{
    heng_rc rc = heng_carry_close(&carried->file, err);
    if (rc == HENG_OK) rc = tell(carried, err);
    if (rc != HENG_OK) return rc;
    carried->open = false; /* a commit that fails rolls back itself */
    rc = heng_store_commit(carried->store, err);
    if (rc == HENG_OK) *ret = carried->counts;
    return rc;
}
