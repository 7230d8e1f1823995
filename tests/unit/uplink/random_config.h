#ifndef HENG_TESTS_UPLINK_RANDOM_CONFIG_H
#define HENG_TESTS_UPLINK_RANDOM_CONFIG_H
/* Random configurations over all of their range, and whether two are the same. Behind cmocka.h and random_body.h. */
#include "uplink/config.h"

enum { SITE_LINES = 4, SITE_METERS = 60, SITE_SCHEDULES = 4, SITE_RELAYS = 8, SITE_SMALL = 4 };

/* A configuration with the memory of all that is in it. */
struct site {
    struct heng_gateway_config config;
    char name[HENG_NAME_MAX], zone[HENG_CONFIG_ZONE_NAME_MAX];
    struct heng_line_config lines[SITE_LINES];
    struct heng_schedule schedules[SITE_LINES][SITE_SCHEDULES];
    struct heng_relay_config relays[SITE_LINES][SITE_RELAYS];
    struct heng_meter_config meters[SITE_METERS];
    size_t first[SITE_LINES + 1];
    struct heng_config_profile profiles[SITE_SMALL];
    struct heng_config_child children[SITE_SMALL];
    char profile_names[SITE_SMALL][HENG_MODEL_NAME_MAX], child_names[SITE_SMALL][HENG_NAME_MAX],
        common_names[SITE_SMALL][HENG_CONFIG_COMMON_NAME_MAX];
    uint8_t bytes[2000];
    uint64_t revoked[SITE_SMALL];
    char above[HENG_CONFIG_COMMON_NAME_MAX];
};

/* Different for every call of one site. */
static inline int64_t new_id(struct heng_sim_rng *rng)
{
    return (int64_t)(heng_sim_rng_next(rng) >> (coin(rng) ? 1 : 32)) | 1;
}

static inline uint16_t minute(struct heng_sim_rng *rng) { return (uint16_t)below(rng, 1440); }

static inline uint8_t random_windows(struct heng_sim_rng *rng, struct heng_day_window *ret)
{
    uint32_t n = below(rng, HENG_SCHEDULE_WINDOWS_MAX + 1);
    for (uint32_t i = 0; i < n; i++) ret[i] = (struct heng_day_window){minute(rng), minute(rng)};
    return (uint8_t)n;
}

static inline void random_schedule(struct heng_sim_rng *rng, struct heng_schedule *ret)
{
    *ret = (struct heng_schedule){.id = new_id(rng),
                                  .period_s = (uint32_t)number(rng),
                                  .days = (uint32_t)number(rng),
                                  .due_days = (uint32_t)number(rng),
                                  .spread_s = (uint32_t)number(rng),
                                  .due_minute = minute(rng),
                                  .time_count = (uint16_t)below(rng, HENG_SCHEDULE_TIMES_MAX + 1)};
    RANDOM_TEXT(rng, ret->name);
    for (size_t i = 0; i < ret->time_count; i++) ret->times[i] = minute(rng);
    ret->read_window_count = random_windows(rng, ret->read_windows);
    ret->power_off_count = random_windows(rng, ret->power_off);
}

/* The first four are one behind another, the others hang on them. */
static inline void random_relay(struct heng_sim_rng *rng, struct heng_relay_config *relays, size_t i)
{
    relays[i] = (struct heng_relay_config){.id = new_id(rng),
                                           .stores = coin(rng),
                                           .delay_ms = (uint32_t)number(rng),
                                           .hold_ms = (uint32_t)number(rng),
                                           .open_n = (uint8_t)below(rng, HENG_RELAY_BYTES_MAX + 1),
                                           .open_answer_n = (uint8_t)below(rng, HENG_RELAY_BYTES_MAX + 1)};
    if (i && i < HENG_RELAYS_DEEP_MAX) relays[i].parent_id = relays[i - 1].id;
    if (i >= HENG_RELAYS_DEEP_MAX) relays[i].parent_id = relays[below(rng, HENG_RELAYS_DEEP_MAX - 1)].id;
    RANDOM_TEXT(rng, relays[i].name);
    for (size_t k = 0; k < relays[i].open_n; k++) relays[i].open[k] = (uint8_t)number(rng);
    for (size_t k = 0; k < relays[i].open_answer_n; k++) relays[i].open_answer[k] = (uint8_t)number(rng);
}

static inline void random_meter(struct heng_sim_rng *rng, const struct heng_line_config *line,
                                struct heng_meter_config *ret)
{
    *ret = (struct heng_meter_config){.device_id = new_id(rng),
                                      .line_id = line->id,
                                      .protocol = (heng_protocol)below(rng, HENG_PROTOCOL_COUNT),
                                      .medium = (heng_medium)below(rng, HENG_MEDIUM_COUNT),
                                      .position = (uint32_t)number(rng)};
    RANDOM_TEXT(rng, ret->address);
    RANDOM_TEXT(rng, ret->number);
    RANDOM_TEXT(rng, ret->profile_name);
    if (coin(rng))
        ret->learned = (struct heng_learned){(uint32_t)number(rng), (uint32_t)number(rng), (uint32_t)number(rng),
                                             (uint32_t)number(rng), (int64_t)number(rng),  (uint8_t)below(rng, 3)};
    if (line->schedule_count && coin(rng))
        ret->schedule_id = line->schedules[below(rng, (uint32_t)line->schedule_count)].id;
    if (line->relay_count && coin(rng)) ret->relay_id = line->relays[below(rng, (uint32_t)line->relay_count)].id;
}

static inline void random_line_config(struct heng_sim_rng *rng, struct site *site, size_t l)
{
    struct heng_line_config *line = &site->lines[l];
    *line = (struct heng_line_config){.id = new_id(rng),
                                      .transport = (heng_transport_kind)below(rng, HENG_TRANSPORT_COUNT),
                                      .heartbeat_s = (uint32_t)number(rng),
                                      .baud = (uint32_t)number(rng),
                                      .parity = "ENO"[below(rng, 4)],
                                      .latency_ms = (uint32_t)number(rng),
                                      .period_s = (uint32_t)number(rng),
                                      .rts = (heng_rts)below(rng, HENG_RTS_COUNT),
                                      .overload = (heng_signal)below(rng, HENG_SIGNAL_COUNT),
                                      .infrared = coin(rng),
                                      .wake_byte = (uint8_t)number(rng),
                                      .wake_ms = (uint32_t)number(rng),
                                      .wake_rest_ms = (uint32_t)number(rng),
                                      .wake_after_s = (uint32_t)number(rng),
                                      .quarantine_after = (uint8_t)number(rng),
                                      .single_reads = coin(rng),
                                      .schedules = site->schedules[l],
                                      .schedule_count = below(rng, SITE_SCHEDULES + 1),
                                      .relays = site->relays[l],
                                      .relay_count = below(rng, SITE_RELAYS + 1)};
    RANDOM_TEXT(rng, line->name);
    RANDOM_TEXT(rng, line->endpoint);
    RANDOM_TEXT(rng, line->heartbeat);
    for (size_t i = 0; i < line->schedule_count; i++) random_schedule(rng, &site->schedules[l][i]);
    for (size_t i = 0; i < line->relay_count; i++) random_relay(rng, site->relays[l], i);
    site->first[l + 1] = site->first[l] + below(rng, SITE_METERS / SITE_LINES + 1);
    for (size_t i = site->first[l]; i < site->first[l + 1]; i++) random_meter(rng, line, &site->meters[i]);
}

static inline void random_site(struct heng_sim_rng *rng, struct site *site)
{
    memset(site, 0, sizeof *site);
    site->config = (struct heng_gateway_config){.version = number(rng) | 1,
                                                .name = site->name,
                                                .time_zone = site->zone,
                                                .above = site->above,
                                                .lines = site->lines,
                                                .meters = site->meters,
                                                .first = site->first,
                                                .line_count = below(rng, SITE_LINES + 1),
                                                .profiles = site->profiles,
                                                .profile_count = below(rng, SITE_SMALL + 1),
                                                .children = site->children,
                                                .child_count = below(rng, SITE_SMALL + 1),
                                                .revoked = site->revoked,
                                                .revoked_count = below(rng, SITE_SMALL + 1),
                                                .journal_bytes = (int64_t)(number(rng) >> 1),
                                                .journal_days = (uint32_t)number(rng)};
    RANDOM_TEXT(rng, site->name);
    RANDOM_TEXT(rng, site->zone);
    RANDOM_TEXT(rng, site->above);
    for (size_t i = 0; i < sizeof site->bytes; i++) site->bytes[i] = (uint8_t)heng_sim_rng_next(rng);
    for (size_t i = 0; i < site->config.line_count; i++) random_line_config(rng, site, i);
    for (size_t i = 0; i < SITE_SMALL; i++) {
        text(rng, site->profile_names[i], HENG_MODEL_NAME_MAX);
        text(rng, site->common_names[i], HENG_CONFIG_COMMON_NAME_MAX);
        RANDOM_TEXT(rng, site->child_names[i]);
        site->profile_names[i][0] = site->common_names[i][0] = (char)('a' + i); /* none is empty or there twice */
        site->profile_names[i][1] = site->common_names[i][1] = 0;
        site->profiles[i] = (struct heng_config_profile){site->profile_names[i],
                                                         heng_slice_of(site->bytes, below(rng, sizeof site->bytes))};
        site->children[i] = (struct heng_config_child){new_id(rng), site->common_names[i], site->child_names[i],
                                                       heng_slice_of(site->bytes, below(rng, sizeof site->bytes))};
        site->revoked[i] = number(rng);
    }
}

/* --- the same? -----------------------------------------------------------------------------------------------------
 */

static inline void same_windows(const struct heng_day_window *a, const struct heng_day_window *b, size_t n)
{
    for (size_t i = 0; i < n; i++) assert_true(a[i].from == b[i].from && a[i].until == b[i].until);
}

static inline void same_schedule(const struct heng_schedule *a, const struct heng_schedule *b)
{
    assert_true(a->id == b->id && a->period_s == b->period_s && a->days == b->days && a->due_days == b->due_days);
    assert_true(a->spread_s == b->spread_s && a->due_minute == b->due_minute && a->time_count == b->time_count);
    assert_true(a->read_window_count == b->read_window_count && a->power_off_count == b->power_off_count);
    assert_memory_equal(a->times, b->times, a->time_count * sizeof a->times[0]);
    same_windows(a->read_windows, b->read_windows, a->read_window_count);
    same_windows(a->power_off, b->power_off, a->power_off_count);
    assert_string_equal(a->name, b->name);
}

static inline void same_relay(const struct heng_relay_config *a, const struct heng_relay_config *b)
{
    assert_true(a->id == b->id && a->parent_id == b->parent_id && a->stores == b->stores);
    assert_true(a->delay_ms == b->delay_ms && a->hold_ms == b->hold_ms);
    assert_true(a->open_n == b->open_n && a->open_answer_n == b->open_answer_n);
    assert_memory_equal(a->open, b->open, a->open_n);
    assert_memory_equal(a->open_answer, b->open_answer, a->open_answer_n);
    assert_string_equal(a->name, b->name);
}

static inline void same_meter(const struct heng_meter_config *a, const struct heng_meter_config *b)
{
    const struct heng_learned *l = &a->learned, *m = &b->learned;
    assert_true(a->device_id == b->device_id && a->line_id == b->line_id && a->position == b->position);
    assert_true(a->protocol == b->protocol && a->medium == b->medium);
    assert_true(a->schedule_id == b->schedule_id && a->relay_id == b->relay_id);
    assert_true(l->answer_us == m->answer_us && l->spread_us == m->spread_us && l->answers == m->answers);
    assert_true(l->misses == m->misses && l->due_done_us == m->due_done_us && l->ser == m->ser);
    assert_string_equal(a->address, b->address);
    assert_string_equal(a->number, b->number);
    assert_string_equal(a->profile_name, b->profile_name);
}

static inline void same_line_config(const struct heng_line_config *a, const struct heng_line_config *b)
{
    assert_true(a->id == b->id && a->transport == b->transport && a->heartbeat_s == b->heartbeat_s);
    assert_true(a->baud == b->baud && a->parity == b->parity && a->latency_ms == b->latency_ms);
    assert_true(a->period_s == b->period_s && a->rts == b->rts && a->overload == b->overload);
    assert_true(a->infrared == b->infrared && a->single_reads == b->single_reads && a->wake_byte == b->wake_byte);
    assert_true(a->wake_ms == b->wake_ms && a->wake_rest_ms == b->wake_rest_ms && a->wake_after_s == b->wake_after_s);
    assert_true(a->quarantine_after == b->quarantine_after);
    assert_string_equal(a->name, b->name);
    assert_string_equal(a->endpoint, b->endpoint);
    assert_string_equal(a->heartbeat, b->heartbeat);
    assert_true(a->schedule_count == b->schedule_count && a->relay_count == b->relay_count);
    for (size_t i = 0; i < a->schedule_count; i++) same_schedule(&a->schedules[i], &b->schedules[i]);
    for (size_t i = 0; i < a->relay_count; i++) same_relay(&a->relays[i], &b->relays[i]);
}

static inline void same_config(const struct heng_gateway_config *a, const struct heng_gateway_config *b)
{
    assert_true(a->version == b->version && a->journal_bytes == b->journal_bytes);
    assert_true(a->journal_days == b->journal_days && a->line_count == b->line_count);
    assert_true(a->profile_count == b->profile_count && a->child_count == b->child_count);
    assert_string_equal(a->name, b->name);
    assert_string_equal(a->time_zone, b->time_zone);
    assert_string_equal(a->above ? a->above : "", b->above ? b->above : "");
    for (size_t i = 0; i < a->line_count; i++) {
        same_line_config(&a->lines[i], &b->lines[i]);
        assert_true(a->first[i] == b->first[i] && a->first[i + 1] == b->first[i + 1]);
        for (size_t m = a->first[i]; m < a->first[i + 1]; m++) same_meter(&a->meters[m], &b->meters[m]);
    }
    for (size_t i = 0; i < a->profile_count; i++) {
        assert_string_equal(a->profiles[i].name, b->profiles[i].name);
        assert_true(heng_slice_eq(a->profiles[i].json, b->profiles[i].json));
    }
    for (size_t i = 0; i < a->child_count; i++) {
        assert_true(a->children[i].gateway_id == b->children[i].gateway_id);
        assert_string_equal(a->children[i].common_name, b->children[i].common_name);
        assert_string_equal(a->children[i].name, b->children[i].name);
        assert_true(heng_slice_eq(a->children[i].config, b->children[i].config));
    }
    assert_int_equal(a->revoked_count, b->revoked_count);
    for (size_t i = 0; i < a->revoked_count; i++) assert_true(a->revoked[i] == b->revoked[i]);
}

#endif
