#include "line/member.h"

#include <stdio.h>

enum { PROBE_DOUBLINGS = 4, PROBE_MAX_S = 3600, HISTORY = 8 };

heng_rc heng_member_init(struct heng_member *member, const struct heng_meter_config *config, unsigned quarantine_after,
                         struct heng_err *err)
{
    struct heng_err why;
    *member = (struct heng_member){.config = *config, .driver = heng_driver_of(config->protocol)};
    if (heng_meter_check(config, &why) != HENG_OK)
        return heng_fail(err, why.rc, 0, "meter '%s': %.100s", config->number, why.text);
    member->quarantined = config->learned.misses >= quarantine_after; /* it was dead before we were started again */
    return HENG_OK;
}

void heng_member_note(struct heng_member *member, bool good)
{
    member->history = (uint8_t)(member->history << 1 | good);
    if (member->talks < HISTORY) member->talks++;
}

void heng_member_lives(struct heng_member *member, heng_us now)
{
    member->config.learned.misses = 0;
    member->quarantined = false;
    member->probes = 0;
    member->last_answer = now;
}

bool heng_member_missed(struct heng_member *member, heng_us now, unsigned quarantine_after, heng_us round_us)
{
    uint32_t *misses = &member->config.learned.misses;
    if (*misses < UINT32_MAX) ++*misses;
    if (*misses < quarantine_after) return false;
    if (member->probes < PROBE_DOUBLINGS) member->probes++;
    heng_us most = PROBE_MAX_S * HENG_US_PER_S;
    heng_us pause = round_us > 0 && round_us < most ? round_us << member->probes : most;
    member->probe_at = now + (pause < most ? pause : most);
    member->quarantined = true;
    return true;
}

void heng_member_pardon(struct heng_member *member, unsigned quarantine_after)
{
    uint32_t *misses = &member->config.learned.misses;
    if (*misses) --*misses;
    if (*misses < quarantine_after) member->quarantined = false;
}

/* The drivers of protocols whose answers always name the question have no is_from; the address must do. */
bool heng_member_said(const struct heng_member *member, const struct heng_telegram *telegram)
{
    if (telegram->protocol != member->config.protocol || !telegram->from_meter) return false;
    if (member->driver->is_from) return member->driver->is_from(&member->config, telegram);
    char primary[4];
    snprintf(primary, sizeof primary, "%u", telegram->address);
    if (telegram->has_address && strcmp(primary, member->config.address) == 0) return true;
    return telegram->id[0] && strncmp(telegram->id, member->config.address, strlen(telegram->id)) == 0;
}
