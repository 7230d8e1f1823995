#include "line/relay.h"

#include <stdlib.h>
#include <string.h>

uint32_t heng_relays_find(const struct heng_relays *relays, int64_t id)
{
    for (size_t i = 0; id && i < relays->count; i++)
        if (relays->relays[i].config.id == id) return (uint32_t)i;
    return HENG_RELAY_NONE;
}

/* How many relays stand one behind another up to this one; DEEP_MAX + 1: too many, or a circle. */
static unsigned depth(const struct heng_relays *relays, uint32_t relay)
{
    unsigned n = 0;
    for (; relay != HENG_RELAY_NONE && n <= HENG_RELAYS_DEEP_MAX; relay = relays->relays[relay].parent) n++;
    return n;
}

/* The chain from the outer relay to this one, and how long it is. */
static unsigned way(const struct heng_relays *relays, uint32_t relay, uint32_t ret[HENG_RELAYS_DEEP_MAX])
{
    unsigned n = depth(relays, relay);
    if (n > HENG_RELAYS_DEEP_MAX) return 0; /* check has refused such a line */
    for (unsigned i = n; i-- > 0; relay = relays->relays[relay].parent) ret[i] = relay;
    return n;
}

static heng_rc check(const struct heng_relays *relays, const char *line, struct heng_err *err)
{
    for (size_t i = 0; i < relays->count; i++) {
        const struct heng_relay_config *c = &relays->relays[i].config;
        if (c->parent_id && relays->relays[i].parent == HENG_RELAY_NONE)
            return heng_fail(err, HENG_ECONFIG, 0, "line '%s': the relay in front of '%s' is not there", line, c->name);
        if (depth(relays, (uint32_t)i) > HENG_RELAYS_DEEP_MAX)
            return heng_fail(err, HENG_ECONFIG, 0, "line '%s': more than %d relays one behind another at '%s'", line,
                             HENG_RELAYS_DEEP_MAX, c->name);
        if (c->open_n > HENG_RELAY_BYTES_MAX || c->open_answer_n > HENG_RELAY_BYTES_MAX)
            return heng_fail(err, HENG_ECONFIG, 0, "line '%s': relay '%s' is opened with more than %d bytes", line,
                             c->name, HENG_RELAY_BYTES_MAX);
    }
    return HENG_OK;
}

heng_rc heng_relays_init(struct heng_relays *relays, const struct heng_line_config *config, struct heng_err *err)
{
    *relays = (struct heng_relays){.open = HENG_RELAY_NONE, .opening = HENG_RELAY_NONE};
    if (config->relay_count == 0) return HENG_OK;
    relays->relays = calloc(config->relay_count, sizeof *relays->relays);
    if (!relays->relays) return heng_fail(err, HENG_ENOMEM, 0, "no memory for line '%s'", config->name);
    relays->count = config->relay_count;
    for (size_t i = 0; i < relays->count; i++) relays->relays[i].config = config->relays[i];
    for (size_t i = 0; i < relays->count; i++)
        relays->relays[i].parent = heng_relays_find(relays, relays->relays[i].config.parent_id);
    return check(relays, config->name, err);
}

void heng_relays_fini(struct heng_relays *relays)
{
    free(relays->relays);
    *relays = (struct heng_relays){.open = HENG_RELAY_NONE, .opening = HENG_RELAY_NONE};
}

/* The innermost relay of a way that has to be opened: ways that share it are one. */
static uint32_t door(const struct heng_relays *relays, uint32_t relay)
{
    while (relay != HENG_RELAY_NONE && relays->relays[relay].config.open_n == 0) relay = relays->relays[relay].parent;
    return relay;
}

static bool has_lapsed(const struct heng_relays *relays, uint32_t relay, heng_us now)
{
    for (; relay != HENG_RELAY_NONE; relay = relays->relays[relay].parent) {
        const struct heng_relay_config *c = &relays->relays[relay].config;
        if (c->open_n && c->hold_ms && now - relays->opened_at >= c->hold_ms * HENG_US_PER_MS) return true;
    }
    return false;
}

struct heng_relay *heng_relays_next(struct heng_relays *relays, uint32_t relay, heng_us now)
{
    uint32_t wanted = door(relays, relay), chain[HENG_RELAYS_DEEP_MAX];
    if (wanted == HENG_RELAY_NONE) return NULL;
    if (relays->open == wanted && !has_lapsed(relays, wanted, now)) return NULL;
    if (relays->opening != wanted) {
        relays->opening = wanted;
        relays->opened = 0;
    }
    relays->open = HENG_RELAY_NONE;
    unsigned n = way(relays, wanted, chain), doors = 0;
    for (unsigned i = 0; i < n; i++) {
        struct heng_relay *r = &relays->relays[chain[i]];
        if (r->config.open_n && doors++ == relays->opened) return r;
    }
    return NULL;
}

void heng_relays_opened(struct heng_relays *relays, uint32_t relay, heng_us now)
{
    uint32_t chain[HENG_RELAYS_DEEP_MAX], wanted = door(relays, relay);
    unsigned n = way(relays, wanted, chain), doors = 0, seen = 0;
    for (unsigned i = 0; i < n; i++) {
        struct heng_relay *r = &relays->relays[chain[i]];
        if (r->config.open_n && seen++ == relays->opened) r->failing = false;
        doors += r->config.open_n != 0;
    }
    if (relays->opened == 0) relays->opened_at = now;
    if (++relays->opened < doors) return;
    relays->open = wanted;
    relays->opening = HENG_RELAY_NONE;
    relays->opened = 0;
}

void heng_relays_failed(struct heng_relays *relays, struct heng_relay *which)
{
    which->failing = true;
    heng_relays_close(relays);
}

void heng_relays_close(struct heng_relays *relays)
{
    relays->open = relays->opening = HENG_RELAY_NONE;
    relays->opened = 0;
}

heng_us heng_relays_delay(const struct heng_relays *relays, uint32_t relay)
{
    heng_us delay = 0;
    for (; relay != HENG_RELAY_NONE; relay = relays->relays[relay].parent)
        delay += relays->relays[relay].config.delay_ms * HENG_US_PER_MS;
    return delay;
}

bool heng_relays_store(const struct heng_relays *relays, uint32_t relay)
{
    for (; relay != HENG_RELAY_NONE; relay = relays->relays[relay].parent)
        if (relays->relays[relay].config.stores) return true;
    return false;
}
