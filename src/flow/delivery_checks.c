#include "flow/delivery_checks.h"

/* A journal told anew begins with its oldest entry; should that be one that we never got, a few more are looked for. */
enum { SEEK_MAX = 8 };

uint64_t heng_checks_of(const struct heng_entry *entry)
{
    struct heng_entry plain = *entry;
    plain.epoch = plain.seq = 0;
    uint64_t check = heng_entry_check(&plain);
    return check ? check : 1;
}

uint64_t heng_checks_of_envelope(const struct heng_entry *entry)
{
    const struct heng_entry envelope = {.epoch = heng_entry_check(entry), .seq = (uint64_t)entry->gateway_id};
    uint64_t check = heng_entry_check(&envelope);
    return check ? check : 1;
}

void heng_checks_init(struct heng_checks *checks, struct heng_store *store)
{
    checks->store = store;
    checks->next = 0;
    for (size_t i = 0; i < HENG_CHECKS_AT_HAND; i++) checks->parts[i].gateway_id = 0;
}

static heng_rc write_part(struct heng_checks *checks, struct heng_checks_part *part, struct heng_err *err)
{
    if (!part->gateway_id || !part->changed) return HENG_OK;
    part->changed = false;
    return heng_store_put_checks(checks->store, part->gateway_id, part->epoch, part->part, part->checks, err);
}

heng_rc heng_checks_flush(struct heng_checks *checks, struct heng_err *err)
{
    heng_rc rc = HENG_OK;
    for (size_t i = 0; rc == HENG_OK && i < HENG_CHECKS_AT_HAND; i++) rc = write_part(checks, &checks->parts[i], err);
    return rc;
}

static heng_rc part_of(struct heng_checks *checks, int64_t gateway_id, uint64_t epoch, uint64_t seq,
                       struct heng_checks_part **ret, struct heng_err *err)
{
    uint64_t number = (seq - 1) / HENG_CHECKS_PER_PART;
    for (size_t i = 0; i < HENG_CHECKS_AT_HAND; i++) {
        struct heng_checks_part *part = &checks->parts[i];
        if (part->gateway_id != gateway_id || part->epoch != epoch || part->part != number) continue;
        *ret = part;
        return HENG_OK;
    }
    struct heng_checks_part *part = &checks->parts[checks->next];
    checks->next = (checks->next + 1) % HENG_CHECKS_AT_HAND;
    heng_rc rc = write_part(checks, part, err);
    if (rc != HENG_OK) return rc;
    *part = (struct heng_checks_part){.epoch = epoch, .part = number};
    rc = heng_store_get_checks(heng_store_as_reader(checks->store), gateway_id, epoch, number, part->checks, err);
    if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
    part->gateway_id = gateway_id;
    *ret = part;
    return HENG_OK;
}

heng_rc heng_checks_get(struct heng_checks *checks, int64_t gateway_id, uint64_t epoch, uint64_t seq, uint64_t *ret,
                        struct heng_err *err)
{
    struct heng_checks_part *part;
    heng_rc rc = part_of(checks, gateway_id, epoch, seq, &part, err);
    if (rc == HENG_OK) *ret = part->checks[(seq - 1) % HENG_CHECKS_PER_PART];
    return rc;
}

heng_rc heng_checks_put(struct heng_checks *checks, int64_t gateway_id, uint64_t epoch, uint64_t seq, uint64_t check,
                        struct heng_err *err)
{
    struct heng_checks_part *part;
    heng_rc rc = part_of(checks, gateway_id, epoch, seq, &part, err);
    if (rc != HENG_OK) return rc;
    part->checks[(seq - 1) % HENG_CHECKS_PER_PART] = check;
    part->changed = true;
    return HENG_OK;
}

/* --- other epochs ------------------------------------------------------------------------------------------------- */

static heng_rc load(struct heng_checks *checks, struct heng_relatives *relatives, int64_t gateway_id, uint64_t epoch,
                    struct heng_err *err)
{
    struct heng_store_reader *reader = heng_store_as_reader(checks->store);
    uint64_t apart[HENG_APART_MAX];
    size_t n = 0;
    if (relatives->loaded) return HENG_OK;
    heng_rc rc = heng_store_list_relatives(reader, gateway_id, epoch, relatives->all, HENG_RELATIVES_MAX / 2,
                                           &relatives->n, err);
    for (size_t i = 0, own = relatives->n; rc == HENG_OK && i < own; i++) {
        relatives->of[i] = i;
        rc = heng_checks_get(checks, gateway_id, relatives->all[i].epoch, 1, &relatives->first[i], err);
        if (rc == HENG_OK)
            rc = heng_store_list_apart(reader, gateway_id, relatives->all[i].epoch, apart, HENG_APART_MAX, &n, err);
        for (size_t k = 0; rc == HENG_OK && k < n && relatives->n < HENG_RELATIVES_MAX; k++) {
            relatives->of[relatives->n] = i;
            relatives->all[relatives->n++] = (struct heng_relative){.epoch = apart[k]};
        }
    }
    relatives->loaded = rc == HENG_OK;
    return rc;
}

/* Is this entry the first one of the other epoch, or one of the first of ours one of the other's? */
static heng_rc align(struct heng_checks *checks, struct heng_relatives *relatives, size_t i, int64_t gateway_id,
                     uint64_t epoch, uint64_t seq, uint64_t check, struct heng_err *err)
{
    struct heng_relative *other = &relatives->all[i];
    uint64_t number = 1;
    heng_rc rc = HENG_OK;
    if (other->aligned || relatives->of[i] != i) return HENG_OK;
    if (relatives->first[i] != check) {
        if (seq > SEEK_MAX) return HENG_OK;
        rc = heng_checks_flush(checks, err);
        if (rc == HENG_OK)
            rc = heng_store_find_check(heng_store_as_reader(checks->store), gateway_id, other->epoch, check, &number,
                                       err);
        if (rc != HENG_OK) return rc == HENG_ENOTFOUND ? HENG_OK : rc;
    }
    other->aligned = true;
    other->base = (int64_t)(number - seq);
    struct heng_relative branch = {.epoch = epoch, .base = other->base};
    return heng_store_put_branch(checks->store, gateway_id, other->epoch, &branch, false, err);
}

heng_rc heng_checks_is_told(struct heng_checks *checks, struct heng_relatives *relatives, int64_t gateway_id,
                            uint64_t epoch, uint64_t seq, uint64_t check, bool *ret, struct heng_err *err)
{
    heng_rc rc = load(checks, relatives, gateway_id, epoch, err);
    *ret = false;
    for (size_t i = 0; rc == HENG_OK && i < relatives->n; i++)
        rc = align(checks, relatives, i, gateway_id, epoch, seq, check, err);
    for (size_t i = 0; rc == HENG_OK && !*ret && i < relatives->n; i++) {
        const struct heng_relative *by = &relatives->all[relatives->of[i]];
        uint64_t known = 0;
        if (!by->aligned) continue;
        uint64_t number = seq + (uint64_t)by->base;
        if (by->base < 0 && number >= seq) continue; /* before its first one */
        if (number == 0) continue;
        rc = heng_checks_get(checks, gateway_id, relatives->all[i].epoch, number, &known, err);
        *ret = known == check;
    }
    return rc;
}

/* Ours begin with ones at the top, where no clock of a box comes to. */
static uint64_t name_apart(uint64_t epoch, size_t n) { return epoch ^ (uint64_t)(15 - n) << 60; }

heng_rc heng_checks_keep_apart(struct heng_checks *checks, int64_t gateway_id, uint64_t epoch, uint64_t seq,
                               uint64_t check, uint64_t *ret_epoch, bool *ret_known, struct heng_err *err)
{
    uint64_t apart[HENG_APART_MAX], known = 0;
    size_t n = 0, at = HENG_APART_MAX;
    heng_rc rc =
        heng_store_list_apart(heng_store_as_reader(checks->store), gateway_id, epoch, apart, HENG_APART_MAX, &n, err);
    *ret_known = false;
    for (size_t i = 0; rc == HENG_OK && i < n && !*ret_known; i++) {
        rc = heng_checks_get(checks, gateway_id, apart[i], seq, &known, err);
        *ret_known = known == check;
        if (*ret_known || (!known && at == HENG_APART_MAX)) at = i;
    }
    if (rc != HENG_OK) return rc;
    if (at == HENG_APART_MAX && n < HENG_APART_MAX) at = n;
    if (at == HENG_APART_MAX)
        return heng_fail(err, HENG_ELIMIT, 0, "its number was given too often to say what is what");
    *ret_epoch = at < n ? apart[at] : name_apart(epoch, n);
    if (*ret_known) return HENG_OK;
    struct heng_relative branch = {.epoch = *ret_epoch};
    if (at == n) rc = heng_store_put_branch(checks->store, gateway_id, epoch, &branch, true, err);
    return rc == HENG_OK ? heng_checks_put(checks, gateway_id, *ret_epoch, seq, check, err) : rc;
}
