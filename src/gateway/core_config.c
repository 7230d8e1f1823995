/* The configuration: kept in the journal, offered to the owner, in force as a whole or not at all. */
#include <stdio.h>
#include <stdlib.h>

#include "gateway/core_inside.h"

static void slot_clear(struct core_config_slot *slot)
{
    heng_config_free(slot->memory);
    free(slot->bytes);
    *slot = (struct core_config_slot){0};
}

void core_config_fini(struct heng_core *core)
{
    slot_clear(&core->in_force);
    slot_clear(&core->offered);
    slot_clear(&core->waiting);
}

/* What is passed on must be good as well: whole means the whole tree. Only the level right below us: each tier looks at
 * its own. */
static heng_rc check_children(struct core_config_slot *slot, struct heng_err *err)
{
    const struct heng_gateway_config *config = &slot->config;
    if (config->child_count > HENG_UPLINK_CHILDREN_MAX)
        return heng_fail(err, HENG_ELIMIT, 0, "more than %d gateways below", HENG_UPLINK_CHILDREN_MAX);
    for (size_t i = 0; i < config->child_count; i++) {
        struct heng_gateway_config below;
        struct heng_err why;
        void *memory;
        heng_rc rc = heng_config_unpack(config->children[i].config, &below, &memory, &why);
        if (rc != HENG_OK)
            return heng_fail(err, rc, 0, "gateway '%.40s' below: %.90s", config->children[i].name, why.text);
        slot->child_versions[i] = below.version;
        heng_config_free(memory);
    }
    return HENG_OK;
}

static heng_rc slot_fill(struct core_config_slot *slot, struct heng_slice bytes, struct heng_err *err)
{
    struct core_config_slot made = {.bytes = malloc(bytes.n ? bytes.n : 1), .n = bytes.n};
    if (!made.bytes) return heng_fail(err, HENG_ENOMEM, 0, "no memory for the configuration");
    if (bytes.n) memcpy(made.bytes, bytes.p, bytes.n);
    heng_rc rc = heng_config_unpack(heng_slice_of(made.bytes, made.n), &made.config, &made.memory, err);
    if (rc != HENG_OK) {
        free(made.bytes);
        return rc;
    }
    if (!made.config.version) rc = heng_fail(err, HENG_ECONFIG, 0, "the configuration has no version");
    if (rc == HENG_OK) rc = check_children(&made, err);
    if (rc != HENG_OK) {
        slot_clear(&made);
        return rc;
    }
    slot_clear(slot);
    *slot = made;
    return HENG_OK;
}

uint64_t core_config_child_version(const struct heng_core *core, int64_t gateway_id)
{
    const struct core_config_slot *slot = &core->in_force;
    for (size_t i = 0; i < slot->config.child_count; i++)
        if (slot->config.children[i].gateway_id == gateway_id) return slot->child_versions[i];
    return 0;
}

/* The same refusal again is no news, but who asked hears it each time. */
static void refused(struct heng_core *core, heng_us now, uint64_t version, const char *why)
{
    if (core->config_refused != version || strcmp(core->config_why, why) != 0)
        core_event(core, now, HENG_GATEWAY_CONFIG_REFUSED, (int64_t)version, "%s", why);
    core->config_refused = version;
    (void)snprintf(core->config_why, sizeof core->config_why, "%s", why);
    core_hurry(core, now);
    core_outcome(core, now, HENG_OUTCOME_OF_CONFIG, (int64_t)version, false, "%s", why);
}

void core_config_load(struct heng_core *core, heng_us now)
{
    struct heng_slice bytes;
    struct heng_err err;
    if (heng_spool_recall(core->journal.spool, "config", &bytes, NULL) != HENG_OK) return;
    if (slot_fill(&core->offered, bytes, &err) == HENG_OK)
        core->config_at_start = true;
    else
        core_event(core, now, HENG_GATEWAY_CONFIG_REFUSED, 0, "the one of the journal: %s", err.text);
}

void core_config_come(struct heng_core *core, heng_us now, uint64_t version, struct heng_slice bytes)
{
    bool busy = core->offered.bytes != NULL;
    struct heng_err err;
    if (busy && version == core->offered.config.version) {
        slot_clear(&core->waiting); /* what came in between was called back */
        return;
    }
    if (!busy && core->in_force.bytes && version == core->in_force.config.version) {
        core_outcome(core, now, HENG_OUTCOME_OF_CONFIG, (int64_t)version, true, "it is in force already");
        return;
    }
    /* One at a time: the newest waits until the owner has decided. */
    if (slot_fill(busy ? &core->waiting : &core->offered, bytes, &err) != HENG_OK) {
        refused(core, now, version, err.text);
        return;
    }
    if (!busy) core->config_told = core->config_at_start = false;
}

heng_rc heng_core_offer_config(struct heng_core *core, heng_us now, struct heng_slice config, struct heng_err *err)
{
    (void)now;
    if (core->offered.bytes) return heng_fail(err, HENG_EBUSY, 0, "another configuration is being applied");
    heng_rc rc = slot_fill(&core->offered, config, err);
    if (rc != HENG_OK) return rc;
    if (core->in_force.bytes && core->in_force.config.version == core->offered.config.version)
        slot_clear(&core->offered);
    core->config_told = core->config_at_start = false;
    return HENG_OK;
}

bool core_config_poll(struct heng_core *core, struct heng_core_action *ret)
{
    if (!core->offered.bytes || core->config_told) return false;
    core->config_told = true;
    ret->kind = HENG_CORE_CONFIG;
    ret->config = &core->offered.config;
    return true;
}

/* Into the journal; while the disk takes nothing, later. */
void core_config_keep(struct heng_core *core, heng_us now)
{
    const struct core_config_slot *slot = core->config_at_start ? &core->offered : &core->in_force;
    if (!slot->bytes) return;
    core->config_kept = !core->journal.failed;
    if (core->config_kept) core_keep(core, now, "config", heng_slice_of(slot->bytes, slot->n));
    core_hurry(core, now);
}

/* That it is in force is said above when it is safe here. */
void core_config_committed(struct heng_core *core, heng_us now)
{
    if (!core->in_force.bytes) return;
    if (!core->config_kept) {
        core_config_keep(core, now);
    } else if (core->config_news) {
        core->config_news = false;
        core_outcome(core, now, HENG_OUTCOME_OF_CONFIG, (int64_t)core->in_force.config.version, true, "%s", "");
    }
}

static void applied_now(struct heng_core *core, heng_us now)
{
    slot_clear(&core->in_force);
    core->in_force = core->offered;
    core->offered = (struct core_config_slot){0};
    core->config_refused = 0;
    core->config_news = !core->config_at_start;
    core->config_kept = core->config_kept || core->config_at_start;
    if (core->config_news) {
        core->config_at_start = false;
        core_config_keep(core, now);
        core_event(core, now, HENG_GATEWAY_CONFIG_APPLIED, (int64_t)core->in_force.config.version, "%s", "");
    }
    core_nodes_build(core);
    core_children_check(core, now);
    core_journal_limits(core, now);
}

void heng_core_config_done(struct heng_core *core, heng_us now, bool applied, const char *why)
{
    if (!core->offered.bytes || !core->config_told) return;
    if (applied) {
        applied_now(core, now);
    } else {
        refused(core, now, core->offered.config.version, why && why[0] ? why : "the lines cannot work by it");
        slot_clear(&core->offered);
    }
    core->config_at_start = core->config_told = false;
    core->offered = core->waiting;
    core->waiting = (struct core_config_slot){0};
    if (core->offered.bytes && core->offered.config.version == core->in_force.config.version)
        slot_clear(&core->offered);
}
