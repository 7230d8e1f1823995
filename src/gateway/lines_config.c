/* A configuration becomes lines: all of it is tried first, then what has changed is made anew. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "gateway/lines_inside.h"
#include "trust/pki.h"

/* What a configuration would be, until it is in force. */
struct draft {
    const struct heng_gateway_config *config;
    struct heng_profiles *profiles; /* NULL: those that are there go on */
    uint8_t profiles_fingerprint[LINES_FINGERPRINT];
    struct heng_zone *zone; /* NULL with zone_is_new: UTC */
    bool zone_is_new;
    struct gate_line **lines; /* in the order of the configuration */
};

static void draft_fini(struct draft *draft)
{
    if (draft->profiles) heng_profiles_fini(draft->profiles);
    free(draft->profiles);
    if (draft->zone_is_new) heng_zone_free(draft->zone);
    for (size_t i = 0; draft->lines && i < draft->config->line_count; i++) gate_line_free(draft->lines[i]);
    free(draft->lines);
}

void gate_line_free(struct gate_line *line)
{
    if (!line) return;
    free(line->schedules);
    free(line->relays);
    free(line->meters);
    free(line->search.found);
    free(line);
}

/* --- profiles and zone ------------------------------------------------------------------------------------------ */

static void fingerprint_profiles(const struct heng_gateway_config *config, uint8_t ret[static LINES_FINGERPRINT])
{
    uint8_t all[3 * LINES_FINGERPRINT] = {0};
    for (size_t i = 0; i < config->profile_count; i++) { /* each one's hash is hashed with those before it */
        heng_sha256(heng_slice_str(config->profiles[i].name), all + LINES_FINGERPRINT);
        heng_sha256(config->profiles[i].json, all + 2 * LINES_FINGERPRINT);
        heng_sha256(heng_slice_of(all, sizeof all), all);
    }
    memcpy(ret, all, LINES_FINGERPRINT);
}

static heng_rc draft_profiles(struct heng_lines *lines, struct draft *draft, struct heng_err *err)
{
    const struct heng_gateway_config *config = draft->config;
    struct heng_err why = {.text = ""};
    fingerprint_profiles(config, draft->profiles_fingerprint);
    if (lines->profiles && memcmp(draft->profiles_fingerprint, lines->profiles_fingerprint, LINES_FINGERPRINT) == 0)
        return HENG_OK;
    draft->profiles = calloc(1, sizeof *draft->profiles);
    if (!draft->profiles) return heng_fail(err, HENG_ENOMEM, 0, "no memory for the profiles");
    heng_rc rc = heng_profiles_init(draft->profiles, err);
    for (size_t i = 0; rc == HENG_OK && i < config->profile_count; i++) {
        rc = heng_profiles_add(draft->profiles, config->profiles[i].json, &why);
        if (rc != HENG_OK)
            return heng_fail(err, rc, 0, "profile '%.40s', line %u: %.90s", config->profiles[i].name, why.at, why.text);
    }
    return rc;
}

static heng_rc draft_zone(struct heng_lines *lines, struct draft *draft, struct heng_err *err)
{
    const char *name = draft->config->time_zone;
    if (strlen(name) >= sizeof lines->time_zone) return heng_fail(err, HENG_ECONFIG, 0, "no such time zone");
    draft->zone_is_new = strcmp(name, lines->time_zone) != 0;
    return draft->zone_is_new && name[0] ? heng_zone_open(name, &draft->zone, err) : HENG_OK;
}

/* --- one line --------------------------------------------------------------------------------------------------- */

/* What makes it another line than the one that runs. What was learned of its meters does not, nor does the version. */
static heng_rc fingerprint_line(const struct draft *draft, struct gate_line *line, struct heng_err *err)
{
    struct heng_meter_config *meters = calloc(line->meter_count + 1, sizeof *meters);
    const size_t first[] = {0, line->meter_count};
    uint8_t *packed = NULL;
    size_t n = 0;
    if (!meters) return heng_fail(err, HENG_ENOMEM, 0, "no memory for line '%.60s'", line->config.name);
    for (size_t i = 0; i < line->meter_count; i++) {
        meters[i] = line->meters[i];
        meters[i].learned = (struct heng_learned){0};
    }
    struct heng_gateway_config alone = {.version = 1,
                                        .name = "",
                                        .time_zone = draft->config->time_zone,
                                        .lines = &line->config,
                                        .meters = meters,
                                        .first = first,
                                        .line_count = 1};
    heng_rc rc = heng_config_pack(&alone, &packed, &n, err);
    if (rc == HENG_OK) heng_sha256(heng_slice_of(packed, n), line->fingerprint);
    free(packed);
    free(meters);
    return rc;
}

static void *copy_of(const void *from, size_t count, size_t size)
{
    void *to = malloc(count * size + 1);
    if (to && count) memcpy(to, from, count * size);
    return to;
}

/* The due date that was read last, if it is later than the configuration knows. */
static void recall_due(struct heng_lines *lines, struct heng_meter_config *meter)
{
    char name[40];
    struct heng_slice value;
    snprintf(name, sizeof name, "due:%lld", (long long)meter->device_id);
    if (heng_core_recall(lines->core, name, &value) != HENG_OK || value.n != 8) return;
    struct heng_reader r = heng_reader_of(value);
    heng_us due_us = (heng_us)heng_reader_le(&r, 8);
    if (due_us > meter->learned.due_done_us) meter->learned.due_done_us = due_us;
}

static heng_rc copy_line(struct heng_lines *lines, const struct heng_line_config *config,
                         const struct heng_meter_config *meters, size_t meter_count, struct gate_line **ret,
                         struct heng_err *err)
{
    struct gate_line *line = calloc(1, sizeof *line);
    if (!line) return heng_fail(err, HENG_ENOMEM, 0, "no memory for line '%.60s'", config->name);
    *ret = line;
    line->lines = lines;
    line->id = config->id;
    line->config = *config;
    line->meter_count = meter_count;
    line->told.state = HENG_LINE_STATE_DOWN; /* as the centre thinks of a gateway's line that tells nothing */
    line->schedules = copy_of(config->schedules, config->schedule_count, sizeof *line->schedules);
    line->relays = copy_of(config->relays, config->relay_count, sizeof *line->relays);
    line->meters = copy_of(meters, meter_count, sizeof *line->meters);
    if (!line->schedules || !line->relays || !line->meters)
        return heng_fail(err, HENG_ENOMEM, 0, "no memory for line '%.60s'", config->name);
    line->config.schedules = line->schedules;
    line->config.relays = line->relays;
    return HENG_OK;
}

static heng_rc check_meters(const struct heng_profiles *profiles, struct gate_line *line, struct heng_err *err)
{
    struct heng_err why = {.text = ""};
    for (size_t i = 0; i < line->meter_count; i++) {
        struct heng_meter_config *meter = &line->meters[i];
        const char *name = meter->number[0] ? meter->number : meter->address;
        meter->profile = meter->profile_name[0] ? heng_profiles_find(profiles, meter->profile_name) : NULL;
        if (meter->profile_name[0] && !meter->profile)
            return heng_fail(err, HENG_ECONFIG, 0, "line '%.50s', meter %s: no profile '%s'", line->config.name, name,
                             meter->profile_name);
        if (heng_meter_check(meter, &why) != HENG_OK)
            return heng_fail(err, why.rc, 0, "line '%.40s', meter %s: %.80s", line->config.name, name, why.text);
    }
    return HENG_OK;
}

/* Could it run? Nothing is opened. */
static heng_rc check_line(const struct heng_lines *lines, const struct heng_profiles *profiles, struct gate_line *line,
                          struct heng_err *err)
{
    struct heng_line *trial = NULL;
    if (line->config.transport == HENG_TRANSPORT_DTU && !lines->dtu)
        return heng_fail(err, HENG_ECONFIG, 0,
                         "line '%.60s': its DTU dials in, and this gateway was started without --dtu-listen",
                         line->config.name);
    heng_rc rc = heng_link_check(&line->config, err);
    if (rc == HENG_OK) rc = check_meters(profiles, line, err);
    if (rc == HENG_OK) rc = heng_line_new(&line->config, line->meters, line->meter_count, &trial, err);
    heng_line_free(trial);
    return rc;
}

/* Two lines cannot have one port, nor one registration. */
static heng_rc check_ends(const struct heng_gateway_config *config, size_t index, struct heng_err *err)
{
    const struct heng_line_config *line = &config->lines[index];
    for (size_t i = 0; i < index; i++) {
        const struct heng_line_config *other = &config->lines[i];
        bool alone = line->transport == HENG_TRANSPORT_DTU || line->transport == HENG_TRANSPORT_SERIAL;
        if (alone && other->transport == line->transport && strcmp(other->endpoint, line->endpoint) == 0)
            return heng_fail(err, HENG_ECONFIG, 0, "lines '%.40s' and '%.40s' have the same end '%.40s'", other->name,
                             line->name, line->endpoint);
    }
    return HENG_OK;
}

static heng_rc draft_line(struct heng_lines *lines, struct draft *draft, size_t index, struct heng_err *err)
{
    const struct heng_gateway_config *config = draft->config;
    const struct heng_profiles *profiles = draft->profiles ? draft->profiles : lines->profiles;
    size_t first = config->first[index];
    heng_rc rc = check_ends(config, index, err);
    if (rc == HENG_OK)
        rc = copy_line(lines, &config->lines[index], config->meters + first, config->first[index + 1] - first,
                       &draft->lines[index], err);
    if (rc != HENG_OK) return rc;
    struct gate_line *line = draft->lines[index];
    line->config.zone = draft->zone_is_new ? draft->zone : lines->zone;
    line->config.profiles = profiles;
    for (size_t i = 0; i < line->meter_count; i++) recall_due(lines, &line->meters[i]);
    rc = check_line(lines, profiles, line, err);
    return rc == HENG_OK ? fingerprint_line(draft, line, err) : rc;
}

/* --- in force --------------------------------------------------------------------------------------------------- */

heng_rc gate_line_open(struct gate_line *line, struct heng_err *err)
{
    struct heng_lines *lines = line->lines;
    return heng_bus_open_by(lines->loop, lines->dtu, &line->config, line->meters, line->meter_count, lines_wall(lines),
                            lines_bus_events(line), &line->bus, err);
}

static void close_line(struct gate_line *line, const char *why)
{
    lines_tunnel_end(line, why);
    lines_search_lost(line);
    if (line->bus && line->told.news) lines_put_status(line);
    heng_bus_close(line->bus);
    line->bus = NULL;
}

static int by_id(const void *a, const void *b)
{
    int64_t first = (*(struct gate_line *const *)a)->id, second = (*(struct gate_line *const *)b)->id;
    return first < second ? -1 : first > second;
}

/* A line that is as before stays the very same object: it moves from the old ones to those of the draft. */
static bool keep_line(struct heng_lines *lines, const struct draft *draft, struct gate_line **draft_line)
{
    for (size_t i = 0; i < lines->line_count; i++) {
        struct gate_line *running = lines->lines[i];
        if (!running || running->id != (*draft_line)->id) continue;
        if (draft->profiles || !running->bus) return false;
        if (memcmp(running->fingerprint, (*draft_line)->fingerprint, LINES_FINGERPRINT) != 0) return false;
        gate_line_free(*draft_line);
        *draft_line = running;
        lines->lines[i] = NULL;
        return true;
    }
    return false;
}

/* Lines that begin now: the old ones have let go of their ends. */
static void open_new(struct heng_lines *lines, const bool *kept)
{
    for (size_t i = 0; i < lines->line_count; i++) {
        struct gate_line *line = lines->lines[i];
        struct heng_err why = {.text = ""};
        if (kept[i]) continue;
        heng_watch_start(&line->watch, heng_clock_mono());
        if (gate_line_open(line, &why) != HENG_OK) /* the watch tries again */
            heng_log(HENG_LOG_ERROR, "lines", "event=cannot_run line='%s' why='%s'", line->config.name, why.text);
    }
}

/* Take over profiles, zone and lines; nothing here can fail. */
static void put_in_force(struct heng_lines *lines, struct draft *draft, bool *kept)
{
    size_t count = draft->config->line_count, old_count = lines->line_count;
    struct gate_line **old = lines->lines;
    struct heng_profiles *old_profiles = draft->profiles ? lines->profiles : NULL;
    struct heng_zone *old_zone = draft->zone_is_new ? lines->zone : NULL;
    qsort(draft->lines, count, sizeof(struct gate_line *), by_id);
    for (size_t i = 0; i < count; i++) kept[i] = keep_line(lines, draft, &draft->lines[i]);
    for (size_t i = 0; i < old_count; i++)
        if (old[i]) close_line(old[i], "its configuration has changed");
    lines->lines = draft->lines;
    lines->line_count = count;
    lines->turn = lines->told_next = 0;
    if (draft->profiles) lines->profiles = draft->profiles;
    memcpy(lines->profiles_fingerprint, draft->profiles_fingerprint, LINES_FINGERPRINT);
    if (draft->zone_is_new) lines->zone = draft->zone;
    snprintf(lines->time_zone, sizeof lines->time_zone, "%s", draft->config->time_zone);
    open_new(lines, kept);
    for (size_t i = 0; i < old_count; i++) {
        if (!old[i]) continue;
        lines_orders_move(lines, old[i]->id);
        gate_line_free(old[i]);
    }
    free(old);
    if (old_profiles) heng_profiles_fini(old_profiles);
    free(old_profiles);
    heng_zone_free(old_zone);
    for (size_t i = 0; i < count; i++)
        if (lines->lines[i]->bus) heng_bus_pump(lines->lines[i]->bus);
}

heng_rc heng_lines_apply(struct heng_lines *lines, const struct heng_gateway_config *config, struct heng_err *err)
{
    struct draft draft = {.config = config};
    bool *kept = calloc(config->line_count + 1, sizeof *kept);
    draft.lines = calloc(config->line_count + 1, sizeof(struct gate_line *));
    heng_rc rc = kept && draft.lines ? HENG_OK : heng_fail(err, HENG_ENOMEM, 0, "no memory for the lines");
    if (rc == HENG_OK) rc = draft_zone(lines, &draft, err);
    if (rc == HENG_OK) rc = draft_profiles(lines, &draft, err);
    for (size_t i = 0; rc == HENG_OK && i < config->line_count; i++) rc = draft_line(lines, &draft, i, err);
    if (rc == HENG_OK)
        put_in_force(lines, &draft, kept);
    else
        draft_fini(&draft);
    free(kept);
    return rc;
}
