#include "sim/scenario.h"

#include "sim/rng.h"

#include <stdio.h>
#include <stdlib.h>

void heng_sim_number_name(const char *name, size_t number, char *ret_text, size_t cap)
{
    const char *mark = strchr(name, '#');
    if (mark)
        snprintf(ret_text, cap, "%.*s%zu%s", (int)(mark - name), name, number, mark + 1);
    else
        snprintf(ret_text, cap, "%s", name);
}

const struct heng_sim_line_plan *heng_sim_plan_of(const struct heng_sim_scenario *scenario, size_t line, size_t *ret_k)
{
    size_t p = 0;
    while (p + 1 < scenario->line_plan_count && scenario->lines[p + 1].first_line <= line) p++;
    *ret_k = line - scenario->lines[p].first_line;
    return &scenario->lines[p];
}

/* --- one meter ----------------------------------------------------------------------------------------- */

/* The meter's plan, its number in it, and how many of the same plan there are on each line. */
static const struct heng_sim_meter_plan *plan_of(const struct heng_sim_scenario *scenario,
                                                 const struct heng_sim_line_plan *line, size_t i, size_t *ret_j)
{
    const struct heng_sim_meter_plan *plan = &scenario->meters[line->first_meter_plan];
    while (i >= plan->count) i -= (plan++)->count;
    *ret_j = i;
    return plan;
}

/* Bytes 7.. of a variable data answer: identification, manufacturer, version, medium (EN 13757-3). */
enum { MBUS_CI_AT = 6, MBUS_MANUFACTURER_AT = 11, MBUS_HEADER_END = 15, MBUS_CI_VARIABLE = 0x72 };

/* Manufacturer, version and medium as the profile's own sample says them; else ours. */
static void mbus_maker(const struct heng_sim_meter_plan *plan, uint8_t ret[4])
{
    static const struct {
        heng_medium medium;
        uint8_t type;
    } types[] = {{HENG_MEDIUM_ELECTRICITY, 0x02}, {HENG_MEDIUM_GAS, 0x03},        {HENG_MEDIUM_HEAT, 0x04},
                 {HENG_MEDIUM_HOT_WATER, 0x15},   {HENG_MEDIUM_WARM_WATER, 0x06}, {HENG_MEDIUM_WATER, 0x07},
                 {HENG_MEDIUM_COLD_WATER, 0x16},  {HENG_MEDIUM_COOLING, 0x0A},    {HENG_MEDIUM_HEAT_COOLING, 0x0D}};
    static const uint8_t ours[4] = {0xC7, 0x21, 0x01, 0x00}; /* HNG, version 1 */
    memcpy(ret, ours, 4);
    for (size_t t = 0; t < sizeof types / sizeof types[0]; t++)
        if (types[t].medium == plan->medium) ret[3] = types[t].type;
    for (size_t n = 0; plan->profile && n < plan->profile->sample_count; n++) {
        struct heng_slice answer = plan->profile->samples[n].answer;
        if (answer.n < MBUS_HEADER_END || answer.p[MBUS_CI_AT] != MBUS_CI_VARIABLE) continue;
        memcpy(ret, answer.p + MBUS_MANUFACTURER_AT, 4);
        return;
    }
}

static void name_mbus(const struct heng_sim_meter_plan *plan, size_t j, size_t i, uint64_t serial,
                      struct heng_sim_meter_config *ret, char ret_number[24])
{
    uint8_t maker[4];
    uint64_t twin = plan->twins ? j % 2 : 0;
    mbus_maker(plan, maker);
    snprintf(ret_number, 24, "%08llu", (unsigned long long)(20000000 + (serial - twin) % 70000000));
    snprintf(ret->secondary, sizeof ret->secondary, "%.8s%02X%02X%02X%02X", ret_number, maker[0], maker[1], maker[2],
             maker[3]);
    snprintf(ret->fabrication, sizeof ret->fabrication, "%08llu", (unsigned long long)(50000000 + serial % 49999999));
    size_t first = plan->first_address[0] ? strtoul(plan->first_address, NULL, 10) + j : i + 1;
    snprintf(ret->address, sizeof ret->address, "%zu", plan->secondary ? 0 : first);
}

/* The printed number is the address: digits of the vendor or the profile in front, a running number behind. */
static void name_by_number(const struct heng_sim_meter_plan *plan, size_t k, size_t j, uint64_t serial, unsigned digits,
                           struct heng_sim_meter_config *ret)
{
    char text[32], prefix[16] = "";
    if (plan->first_address[0]) {
        uint64_t first = strtoull(plan->first_address, NULL, 10) + k * plan->count + j;
        snprintf(text, sizeof text, "%0*llu", (int)digits, (unsigned long long)first);
        memcpy(ret->address, text + strlen(text) - digits, digits + 1);
        return;
    }
    const struct heng_recognition *r = plan->profile ? &plan->profile->recognition : NULL;
    if (r && r->id_prefix[0])
        snprintf(prefix, sizeof prefix, "%s", r->id_prefix);
    else if (digits == 14)
        snprintf(prefix, sizeof prefix, "%.4s", r && strlen(r->manufacturer) == 4 ? r->manufacturer : "8801");
    snprintf(text, sizeof text, "%0*llu", (int)(digits - strlen(prefix)), (unsigned long long)(2600000 + serial));
    snprintf(ret->address, sizeof ret->address, "%s%s", prefix, text + strlen(text) + strlen(prefix) - digits);
}

static heng_sim_fate fate_of(struct heng_sim_rng *rng, const struct heng_sim_meter_plan *plan)
{
    uint32_t dice = heng_sim_rng_below(rng, 1000000);
    if (dice < plan->dead_ppm) return HENG_SIM_FATE_DEAD;
    return dice - plan->dead_ppm < plan->dying_ppm ? HENG_SIM_FATE_DYING : HENG_SIM_FATE_ALIVE;
}

static int64_t relay_of(const struct heng_sim_scenario *scenario, const struct heng_sim_line_plan *line,
                        const char *name)
{
    for (size_t r = 0; name[0] && r < line->relay_count; r++)
        if (strcmp(scenario->relays[line->first_relay + r].name, name) == 0)
            return scenario->relays[line->first_relay + r].id;
    return 0;
}

/* What has been counted since it was installed, in its last place: the counters of the town are no beginners. With a
 * rollover they stand before the last of nine digits turns; narrower registers take the remainder. */
static uint64_t count_of(struct heng_sim_rng *rng, const struct heng_sim_meter_plan *plan)
{
    uint32_t lived = heng_sim_rng_below(rng, 300000);
    return plan->rollover ? UINT64_C(999999990) : UINT64_C(20000) + lived;
}

void heng_sim_plan_meter(const struct heng_sim_scenario *scenario, const struct heng_sim_line_plan *line, size_t k,
                         size_t i, struct heng_sim_meter_config *ret, char ret_number[HENG_AT_LEAST(24)])
{
    size_t j;
    const struct heng_sim_meter_plan *plan = plan_of(scenario, line, i, &j);
    uint64_t serial = line->first_meter + k * line->meter_count + i;
    struct heng_sim_rng rng = heng_sim_rng_of(scenario->seed, 100000 + serial);
    *ret = (struct heng_sim_meter_config){
        .protocol = plan->protocol,
        .medium = plan->medium,
        .profile = plan->profile,
        .relay_id = relay_of(scenario, line, plan->relay),
        .delay_min_us = plan->delay_min_ms * 1000,
        .delay_max_us = plan->delay_max_ms * 1000,
        .clock_off_us = plan->clock_off_s * HENG_US_PER_S,
        .telegrams = (uint8_t)plan->telegrams,
        .valve_sticks = plan->valve_sticks,
        .strict_clock = plan->strict_clock,
    };
    ret->fate = fate_of(&rng, plan);
    ret->start_count = count_of(&rng, plan);
    uint32_t spread_ppm = (uint32_t)(plan->drift_max_ppm - plan->drift_min_ppm);
    ret->clock_drift_ppm = plan->drift_min_ppm + (int32_t)heng_sim_rng_below(&rng, spread_ppm + 1);
    if (plan->protocol == HENG_PROTOCOL_MBUS) {
        name_mbus(plan, j, i, serial, ret, ret_number);
    } else if (plan->protocol == HENG_PROTOCOL_MODBUS_RTU) {
        size_t unit = plan->first_address[0] ? strtoul(plan->first_address, NULL, 10) + j : i + 1;
        snprintf(ret->address, sizeof ret->address, "%zu", unit);
        snprintf(ret_number, 24, "24%08llu", (unsigned long long)serial % 100000000);
    } else {
        name_by_number(plan, k, j, serial, plan->protocol == HENG_PROTOCOL_CJT188 ? 14 : 12, ret);
        snprintf(ret_number, 24, "%.23s", ret->address);
    }
}

bool heng_sim_plan_is_twin(const struct heng_sim_scenario *scenario, const struct heng_sim_line_plan *line, size_t i)
{
    size_t j;
    const struct heng_sim_meter_plan *plan = plan_of(scenario, line, i, &j);
    return plan->protocol == HENG_PROTOCOL_MBUS && plan->twins && j % 2;
}

heng_medium heng_sim_plan_medium(const struct heng_sim_scenario *scenario, const struct heng_sim_line_plan *line,
                                 size_t i)
{
    size_t j;
    return plan_of(scenario, line, i, &j)->medium;
}

/* --- what one field alone does not show ---------------------------------------------------------------- */

static heng_rc check_first_address(const struct heng_sim_line_plan *line, const struct heng_sim_meter_plan *plan,
                                   size_t position, struct heng_err *err)
{
    const char *text = plan->first_address;
    bool by_number = plan->protocol != HENG_PROTOCOL_MBUS && plan->protocol != HENG_PROTOCOL_MODBUS_RTU;
    size_t digits = plan->protocol == HENG_PROTOCOL_CJT188 ? 14 : by_number ? 12 : 3;
    if (text[strspn(text, "0123456789")] || strlen(text) > digits)
        return heng_fail(err, HENG_ECONFIG, 0, "line '%s': first_address '%.24s' is no %s address: at most %zu digits",
                         line->name, text, heng_protocol_text(plan->protocol), digits);
    if (by_number || plan->secondary) return HENG_OK;
    unsigned long most = plan->protocol == HENG_PROTOCOL_MBUS ? 250 : 247;
    unsigned long first = text[0] ? strtoul(text, NULL, 10) : position + 1;
    if (first >= 1 && first + plan->count - 1 <= most) return HENG_OK;
    return heng_fail(err, HENG_ECONFIG, 0, "line '%s': %u %s meters from address %lu on: addresses are 1 to %lu%s",
                     line->name, plan->count, heng_protocol_text(plan->protocol), first, most,
                     plan->protocol == HENG_PROTOCOL_MBUS ? "; or give \"secondary\": true" : "");
}

static heng_rc check_addresses(const struct heng_sim_scenario *scenario, struct heng_err *err)
{
    for (size_t l = 0; l < scenario->line_plan_count; l++) {
        const struct heng_sim_line_plan *line = &scenario->lines[l];
        size_t position = 0;
        for (size_t m = 0; m < line->meter_plan_count; m++) {
            const struct heng_sim_meter_plan *plan = &scenario->meters[line->first_meter_plan + m];
            heng_rc rc = check_first_address(line, plan, position, err);
            if (rc != HENG_OK) return rc;
            position += plan->count;
        }
    }
    return HENG_OK;
}

static bool listens(const struct heng_sim_line_plan *line)
{
    return line->transport == HENG_TRANSPORT_TCP || line->transport == HENG_TRANSPORT_RFC2217 ||
           line->transport == HENG_TRANSPORT_UDP;
}

static heng_rc check_ports(const struct heng_sim_scenario *scenario, struct heng_err *err)
{
    for (size_t a = 0; a < scenario->line_plan_count; a++) {
        const struct heng_sim_line_plan *one = &scenario->lines[a];
        for (size_t b = 0; b < a; b++) {
            const struct heng_sim_line_plan *other = &scenario->lines[b];
            bool same_kind = (one->transport == HENG_TRANSPORT_UDP) == (other->transport == HENG_TRANSPORT_UDP);
            if (!listens(one) || !listens(other) || !one->port || !other->port || !same_kind) continue;
            if (one->port < other->port + other->count && other->port < one->port + one->count)
                return heng_fail(err, HENG_ECONFIG, 0, "lines '%s' and '%s' want the same ports: %u..%u and %u..%u",
                                 other->name, one->name, other->port, other->port + other->count - 1, one->port,
                                 one->port + one->count - 1);
        }
    }
    return HENG_OK;
}

static int by_text(const void *a, const void *b) { return strcmp(a, b); }

/* No two lines of the town may have the same text; "" is none. */
static heng_rc check_unique(const struct heng_sim_scenario *scenario, const char *what, size_t offset,
                            struct heng_err *err)
{
    enum { TEXT_MAX = 128 };
    size_t n = 0;
    char(*texts)[TEXT_MAX] = calloc(scenario->line_count, sizeof *texts);
    if (!texts) return heng_fail(err, HENG_ENOMEM, 0, "out of memory");
    for (size_t p = 0; p < scenario->line_plan_count; p++) {
        const struct heng_sim_line_plan *line = &scenario->lines[p];
        const char *text = (const char *)line + offset;
        for (size_t k = 0; text[0] && k < line->count; k++) heng_sim_number_name(text, k + 1, texts[n++], TEXT_MAX);
    }
    qsort(texts, n, sizeof *texts, by_text);
    heng_rc rc = HENG_OK;
    for (size_t i = 1; i < n && rc == HENG_OK; i++)
        if (strcmp(texts[i - 1], texts[i]) == 0)
            rc = heng_fail(err, HENG_ECONFIG, 0, "two lines have the %s '%.60s'", what, texts[i]);
    free(texts);
    return rc;
}

heng_rc heng_sim_scenario_check(const struct heng_sim_scenario *scenario, struct heng_err *err)
{
    heng_rc rc = check_addresses(scenario, err);
    if (rc == HENG_OK) rc = check_ports(scenario, err);
    if (rc == HENG_OK) rc = check_unique(scenario, "name", offsetof(struct heng_sim_line_plan, name), err);
    if (rc == HENG_OK) rc = check_unique(scenario, "path", offsetof(struct heng_sim_line_plan, path), err);
    if (rc == HENG_OK)
        rc = check_unique(scenario, "registration", offsetof(struct heng_sim_line_plan, registration), err);
    return rc;
}

heng_rc heng_sim_scenario_load(const char *path, const struct heng_profiles *profiles, struct heng_sim_scenario *ret,
                               struct heng_err *err)
{
    FILE *file = fopen(path, "rb");
    if (!file) return heng_fail(err, HENG_EIO, 0, "cannot open the scenario '%.80s'", path);
    char *text = malloc(HENG_SIM_SCENARIO_BYTES_MAX + 1);
    size_t n = text ? fread(text, 1, HENG_SIM_SCENARIO_BYTES_MAX + 1, file) : 0;
    bool broken = ferror(file) != 0;
    fclose(file);
    heng_rc rc = HENG_OK;
    if (!text)
        rc = heng_fail(err, HENG_ENOMEM, 0, "out of memory");
    else if (broken)
        rc = heng_fail(err, HENG_EIO, 0, "cannot read the scenario '%.80s'", path);
    else if (n > HENG_SIM_SCENARIO_BYTES_MAX)
        rc = heng_fail(err, HENG_ELIMIT, 0, "the scenario '%.80s' has more than %d bytes", path,
                       HENG_SIM_SCENARIO_BYTES_MAX);
    if (rc == HENG_OK) {
        struct heng_err why = {0};
        const char *name = strrchr(path, '/');
        rc = heng_sim_scenario_parse(heng_slice_of(text, n), profiles, ret, &why);
        if (rc != HENG_OK && why.at)
            (void)heng_fail(err, rc, why.at, "%.40s:%u: %s", name ? name + 1 : path, why.at, why.text);
        else if (rc != HENG_OK)
            (void)heng_fail(err, rc, 0, "%.40s: %s", name ? name + 1 : path, why.text);
    }
    free(text);
    return rc;
}
