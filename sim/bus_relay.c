#include "sim/bus_relay.h"

#include <stdlib.h>

heng_rc heng_sim_relays_init(struct heng_sim_relays *relays, const struct heng_relay_config *items, size_t count,
                             struct heng_err *err)
{
    *relays = (struct heng_sim_relays){0};
    if (count == 0) return HENG_OK;
    relays->items = malloc(count * sizeof *items);
    relays->open_until_us = calloc(count, sizeof *relays->open_until_us);
    if (!relays->items || !relays->open_until_us) return heng_fail(err, HENG_ENOMEM, 0, "no memory for relays");
    memcpy(relays->items, items, count * sizeof *items);
    relays->count = count;
    for (size_t i = 0; i < count; i++) {
        int at = (int)i;
        unsigned deep = 0;
        if (items[i].open_n > HENG_RELAY_BYTES_MAX || items[i].open_answer_n > HENG_RELAY_BYTES_MAX)
            return heng_fail(err, HENG_ECONFIG, (uint32_t)i, "the open bytes of relay '%s' are too long",
                             items[i].name);
        while (at >= 0 && items[at].parent_id && deep++ < HENG_RELAYS_DEEP_MAX) {
            at = heng_sim_relays_find(relays, items[at].parent_id);
            if (at < 0)
                return heng_fail(err, HENG_ECONFIG, (uint32_t)i, "the parent of relay '%s' is not there",
                                 items[i].name);
        }
        if (deep > HENG_RELAYS_DEEP_MAX)
            return heng_fail(err, HENG_ECONFIG, (uint32_t)i, "relay '%s' is deeper than %d relays, or in a circle",
                             items[i].name, HENG_RELAYS_DEEP_MAX);
    }
    return HENG_OK;
}

void heng_sim_relays_fini(struct heng_sim_relays *relays)
{
    free(relays->items);
    free(relays->open_until_us);
    *relays = (struct heng_sim_relays){0};
}

int heng_sim_relays_find(const struct heng_sim_relays *relays, int64_t id)
{
    for (size_t i = 0; id && i < relays->count; i++)
        if (relays->items[i].id == id) return (int)i;
    return HENG_SIM_NO_RELAY;
}

bool heng_sim_relays_open(const struct heng_sim_relays *relays, int relay, heng_us now, heng_us *ret_delay_us,
                          int *ret_stores)
{
    *ret_delay_us = 0;
    *ret_stores = HENG_SIM_NO_RELAY;
    while (relay >= 0) {
        const struct heng_relay_config *r = &relays->items[relay];
        if (r->open_n && relays->open_until_us[relay] <= now) return false;
        if (r->stores) *ret_stores = relay;
        *ret_delay_us += r->delay_ms * HENG_US_PER_MS;
        relay = heng_sim_relays_find(relays, r->parent_id);
    }
    return true;
}

/* Open it; the others of its parent close, and with them what is behind. */
static void open_one(struct heng_sim_relays *relays, size_t which, heng_us now)
{
    const struct heng_relay_config *r = &relays->items[which];
    for (size_t i = 0; i < relays->count; i++)
        if (relays->items[i].parent_id == r->parent_id) relays->open_until_us[i] = 0;
    relays->open_until_us[which] = r->hold_ms ? now + r->hold_ms * HENG_US_PER_MS : HENG_US_NEVER;
}

int heng_sim_relays_hear(struct heng_sim_relays *relays, struct heng_slice heard, heng_us now)
{
    for (size_t i = 0; i < relays->count; i++) {
        const struct heng_relay_config *r = &relays->items[i];
        heng_us delay_us;
        int stores, parent = heng_sim_relays_find(relays, r->parent_id);
        if (r->open_n == 0 || heard.n < r->open_n) continue;
        if (memcmp(heard.p + heard.n - r->open_n, r->open, r->open_n) != 0) continue;
        if (!heng_sim_relays_open(relays, parent, now, &delay_us, &stores)) continue;
        open_one(relays, i, now);
        return (int)i;
    }
    return HENG_SIM_NO_RELAY;
}
