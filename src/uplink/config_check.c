#include "uplink/config_check.h"

#include "uplink/pb.h"

#include <stdlib.h>

enum { DAY_MINUTES = 24 * 60 };

static bool is_text(const char *text, size_t room)
{
    size_t n = strnlen(text, room);
    return n < room && heng_pb_is_text(heng_slice_of(text, n));
}

#define IS_TEXT(array) is_text(array, sizeof(array))

static int compare_ids(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* ids are sorted by it. */
static heng_rc check_ids(int64_t *ids, size_t n, const char *what, struct heng_err *err)
{
    if (!ids) return heng_fail(err, HENG_ENOMEM, 0, "no memory to check a configuration");
    qsort(ids, n, sizeof *ids, compare_ids);
    for (size_t i = 0; i < n; i++) {
        if (ids[i] <= 0) return heng_fail(err, HENG_ECONFIG, 0, "%s %lld: ids are above 0", what, (long long)ids[i]);
        if (i && ids[i] == ids[i - 1])
            return heng_fail(err, HENG_ECONFIG, 0, "%s %lld is there twice", what, (long long)ids[i]);
    }
    return HENG_OK;
}

static heng_rc check_count(size_t count, size_t max, const char *what, struct heng_err *err)
{
    if (count <= max) return HENG_OK;
    return heng_fail(err, HENG_ELIMIT, 0, "%zu %s, at most %zu are possible", count, what, max);
}

/* --- a line --------------------------------------------------------------------------------------------------------
 */

static heng_rc wrong_line(struct heng_err *err, const struct heng_line_config *line, const char *what)
{
    return heng_fail(err, HENG_ECONFIG, 0, "line %lld: its %s cannot be", (long long)line->id, what);
}

static heng_rc check_settings(const struct heng_line_config *line, struct heng_err *err)
{
    if (!IS_TEXT(line->name)) return wrong_line(err, line, "name");
    if (!IS_TEXT(line->endpoint)) return wrong_line(err, line, "endpoint");
    if (!IS_TEXT(line->heartbeat)) return wrong_line(err, line, "heartbeat");
    if (line->transport >= HENG_TRANSPORT_COUNT) return wrong_line(err, line, "transport");
    if (line->parity && line->parity != 'E' && line->parity != 'N' && line->parity != 'O')
        return wrong_line(err, line, "parity");
    if (line->rts >= HENG_RTS_COUNT) return wrong_line(err, line, "rts");
    if (line->overload >= HENG_SIGNAL_COUNT) return wrong_line(err, line, "overload");
    heng_rc rc = check_count(line->schedule_count, HENG_CONFIG_SCHEDULES_MAX, "schedules of a line", err);
    return rc == HENG_OK ? check_count(line->relay_count, HENG_CONFIG_RELAYS_MAX, "relays of a line", err) : rc;
}

static bool are_windows(const struct heng_day_window *windows, size_t n)
{
    if (n > HENG_SCHEDULE_WINDOWS_MAX) return false;
    for (size_t i = 0; i < n; i++)
        if (windows[i].from >= DAY_MINUTES || windows[i].until >= DAY_MINUTES) return false;
    return true;
}

static heng_rc wrong_schedule(struct heng_err *err, const struct heng_line_config *line,
                              const struct heng_schedule *schedule, const char *what)
{
    return heng_fail(err, HENG_ECONFIG, 0, "line '%.60s': schedule %lld: its %s cannot be", line->name,
                     (long long)schedule->id, what);
}

static heng_rc check_schedule(const struct heng_line_config *line, const struct heng_schedule *schedule,
                              struct heng_err *err)
{
    if (!IS_TEXT(schedule->name)) return wrong_schedule(err, line, schedule, "name");
    if (schedule->time_count > HENG_SCHEDULE_TIMES_MAX) return wrong_schedule(err, line, schedule, "number of times");
    for (size_t i = 0; i < schedule->time_count; i++)
        if (schedule->times[i] >= DAY_MINUTES) return wrong_schedule(err, line, schedule, "time of day");
    if (schedule->due_minute >= DAY_MINUTES) return wrong_schedule(err, line, schedule, "due minute");
    if (!are_windows(schedule->read_windows, schedule->read_window_count))
        return wrong_schedule(err, line, schedule, "read windows");
    if (!are_windows(schedule->power_off, schedule->power_off_count))
        return wrong_schedule(err, line, schedule, "times without power");
    return HENG_OK;
}

static heng_rc check_schedules(const struct heng_line_config *line, struct heng_err *err)
{
    int64_t ids[HENG_CONFIG_SCHEDULES_MAX];
    heng_rc rc = HENG_OK;
    for (size_t i = 0; rc == HENG_OK && i < line->schedule_count; i++) {
        ids[i] = line->schedules[i].id;
        rc = check_schedule(line, &line->schedules[i], err);
    }
    return rc == HENG_OK ? check_ids(ids, line->schedule_count, "schedule", err) : rc;
}

static const struct heng_relay_config *find_relay(const struct heng_line_config *line, int64_t id)
{
    for (size_t i = 0; i < line->relay_count; i++)
        if (line->relays[i].id == id) return &line->relays[i];
    return NULL;
}

static bool has_schedule(const struct heng_line_config *line, int64_t id)
{
    size_t i = 0;
    while (i < line->schedule_count && line->schedules[i].id != id) i++;
    return i < line->schedule_count;
}

static heng_rc wrong_relay(struct heng_err *err, const struct heng_line_config *line,
                           const struct heng_relay_config *relay, const char *what)
{
    return heng_fail(err, HENG_ECONFIG, 0, "line '%.60s': relay %lld: %s", line->name, (long long)relay->id, what);
}

/* A circle is a way that is too long. */
static heng_rc check_relay(const struct heng_line_config *line, const struct heng_relay_config *relay,
                           struct heng_err *err)
{
    const struct heng_relay_config *at = relay;
    if (!IS_TEXT(relay->name)) return wrong_relay(err, line, relay, "its name cannot be");
    if (relay->open_n > HENG_RELAY_BYTES_MAX || relay->open_answer_n > HENG_RELAY_BYTES_MAX)
        return wrong_relay(err, line, relay, "too many bytes to open it");
    for (unsigned deep = 1; at->parent_id; deep++) {
        if (deep == HENG_RELAYS_DEEP_MAX) return wrong_relay(err, line, relay, "behind too many others, or itself");
        at = find_relay(line, at->parent_id);
        if (!at) return wrong_relay(err, line, relay, "the one in front of it is not there");
    }
    return HENG_OK;
}

static heng_rc check_relays(const struct heng_line_config *line, struct heng_err *err)
{
    int64_t ids[HENG_CONFIG_RELAYS_MAX];
    for (size_t i = 0; i < line->relay_count; i++) ids[i] = line->relays[i].id;
    heng_rc rc = check_ids(ids, line->relay_count, "relay", err);
    for (size_t i = 0; rc == HENG_OK && i < line->relay_count; i++) rc = check_relay(line, &line->relays[i], err);
    return rc;
}

static heng_rc check_meter(const struct heng_line_config *line, const struct heng_meter_config *meter,
                           struct heng_err *err)
{
    const char *wrong = NULL;
    if (!IS_TEXT(meter->address)) wrong = "address";
    if (!IS_TEXT(meter->number)) wrong = "number";
    if (!IS_TEXT(meter->profile_name)) wrong = "profile";
    if (meter->protocol >= HENG_PROTOCOL_COUNT) wrong = "protocol";
    if (meter->medium >= HENG_MEDIUM_COUNT) wrong = "medium";
    if (meter->learned.ser > HENG_PB_SER_MAX) wrong = "ser";
    if (meter->schedule_id && !has_schedule(line, meter->schedule_id)) wrong = "schedule";
    if (meter->relay_id && !find_relay(line, meter->relay_id)) wrong = "relay";
    if (!wrong) return HENG_OK;
    return heng_fail(err, HENG_ECONFIG, 0, "line '%.60s': meter %lld: its %s cannot be", line->name,
                     (long long)meter->device_id, wrong);
}

static heng_rc check_line(const struct heng_gateway_config *config, size_t l, struct heng_err *err)
{
    const struct heng_line_config *line = &config->lines[l];
    heng_rc rc = check_settings(line, err);
    if (rc == HENG_OK) rc = check_schedules(line, err);
    if (rc == HENG_OK) rc = check_relays(line, err);
    if (rc == HENG_OK)
        rc = check_count(config->first[l + 1] - config->first[l], HENG_CONFIG_METERS_MAX, "meters of a line", err);
    for (size_t m = config->first[l]; rc == HENG_OK && m < config->first[l + 1]; m++)
        rc = check_meter(line, &config->meters[m], err);
    return rc;
}

/* --- the whole -----------------------------------------------------------------------------------------------------
 */

static heng_rc check_profiles(const struct heng_gateway_config *config, struct heng_err *err)
{
    for (size_t i = 0; i < config->profile_count; i++) {
        const struct heng_config_profile *profile = &config->profiles[i];
        if (!is_text(profile->name, HENG_MODEL_NAME_MAX) || !profile->name[0])
            return heng_fail(err, HENG_ECONFIG, 0, "profile number %zu: its name cannot be", i + 1);
        if (profile->json.n > HENG_CONFIG_PROFILE_BYTES_MAX)
            return heng_fail(err, HENG_ELIMIT, 0, "profile '%s' has %zu bytes, at most %d are possible", profile->name,
                             profile->json.n, HENG_CONFIG_PROFILE_BYTES_MAX);
        for (size_t k = 0; k < i; k++)
            if (strcmp(config->profiles[k].name, profile->name) == 0)
                return heng_fail(err, HENG_ECONFIG, 0, "profile '%s' is there twice", profile->name);
    }
    return HENG_OK;
}

static heng_rc check_children(const struct heng_gateway_config *config, struct heng_err *err)
{
    int64_t ids[HENG_UPLINK_CHILDREN_MAX];
    for (size_t i = 0; i < config->child_count; i++) {
        const struct heng_config_child *child = &config->children[i];
        ids[i] = child->gateway_id;
        if (!is_text(child->common_name, HENG_CONFIG_COMMON_NAME_MAX) || !child->common_name[0])
            return heng_fail(err, HENG_ECONFIG, 0, "gateway %lld: its common name cannot be",
                             (long long)child->gateway_id);
        if (!is_text(child->name, HENG_NAME_MAX))
            return heng_fail(err, HENG_ECONFIG, 0, "gateway %lld: its name cannot be", (long long)child->gateway_id);
        for (size_t k = 0; k < i; k++)
            if (strcmp(config->children[k].common_name, child->common_name) == 0)
                return heng_fail(err, HENG_ECONFIG, 0, "two gateways have the common name '%s'", child->common_name);
    }
    return check_ids(ids, config->child_count, "gateway", err);
}

static heng_rc check_counts(const struct heng_gateway_config *config, struct heng_err *err)
{
    heng_rc rc = check_count(config->line_count, HENG_CONFIG_LINES_MAX, "lines", err);
    if (rc == HENG_OK) rc = check_count(config->profile_count, HENG_CONFIG_PROFILES_MAX, "profiles", err);
    if (rc == HENG_OK) rc = check_count(config->child_count, HENG_UPLINK_CHILDREN_MAX, "gateways below", err);
    return rc == HENG_OK ? check_count(config->revoked_count, HENG_CONFIG_REVOKED_MAX, "revoked certificates", err)
                         : rc;
}

/* A line and a meter belong to one place only. */
static heng_rc check_all_ids(const struct heng_gateway_config *config, struct heng_arena *arena, struct heng_err *err)
{
    int64_t lines[HENG_CONFIG_LINES_MAX];
    size_t meter_count = config->line_count ? config->first[config->line_count] : 0;
    int64_t *meters = heng_arena_take(arena, meter_count, sizeof *meters);
    for (size_t i = 0; i < config->line_count; i++) lines[i] = config->lines[i].id;
    for (size_t i = 0; meters && i < meter_count; i++) meters[i] = config->meters[i].device_id;
    heng_rc rc = check_ids(lines, config->line_count, "line", err);
    return rc == HENG_OK ? check_ids(meters, meter_count, "meter", err) : rc;
}

heng_rc heng_config_check(const struct heng_gateway_config *config, struct heng_arena *arena, struct heng_err *err)
{
    if (!is_text(config->name, HENG_NAME_MAX)) return heng_fail(err, HENG_ECONFIG, 0, "the gateway's name cannot be");
    if (!is_text(config->time_zone, HENG_CONFIG_ZONE_NAME_MAX))
        return heng_fail(err, HENG_ECONFIG, 0, "the name of the time zone cannot be");
    if (config->above && !is_text(config->above, HENG_CONFIG_COMMON_NAME_MAX))
        return heng_fail(err, HENG_ECONFIG, 0, "the name of the gateway above cannot be");
    if (config->journal_bytes < 0)
        return heng_fail(err, HENG_ECONFIG, 0, "the journal cannot have %lld bytes", (long long)config->journal_bytes);
    heng_rc rc = check_counts(config, err);
    for (size_t l = 0; rc == HENG_OK && l < config->line_count; l++) rc = check_line(config, l, err);
    if (rc == HENG_OK) rc = check_all_ids(config, arena, err);
    if (rc == HENG_OK) rc = check_profiles(config, err);
    return rc == HENG_OK ? check_children(config, err) : rc;
}
