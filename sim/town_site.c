#include "sim/town_site.h"

#include "base/json.h"

#include <stdio.h>

static void put_text(struct heng_json *j, const char *key, const char *text)
{
    heng_json_key(j, key);
    heng_json_text(j, text);
}

static void put_int(struct heng_json *j, const char *key, int64_t value)
{
    heng_json_key(j, key);
    heng_json_int(j, value);
}

static void put_place(struct heng_json *j, const char *key, const char *parent, const char *kind, const char *name)
{
    heng_json_object(j);
    put_text(j, "key", key);
    put_text(j, "parent", parent);
    put_text(j, "kind", kind);
    put_text(j, "name", name);
    heng_json_end_object(j);
}

/* One line's name, and its meters' places: a building, and a home for each meter. */
struct spot {
    const struct heng_sim_line_plan *plan;
    size_t k;
    char line[HENG_SIM_NAME_MAX];
};

static struct spot spot_of(const struct heng_sim_scenario *scenario, size_t index)
{
    struct spot s = {.plan = NULL};
    s.plan = heng_sim_plan_of(scenario, index, &s.k);
    heng_sim_number_name(s.plan->name, s.k + 1, s.line, sizeof s.line);
    return s;
}

static void home_of(const struct spot *s, size_t i, char *ret_key, size_t cap)
{
    snprintf(ret_key, cap, "%s-%zu", s->line, i + 1);
}

static void put_places(struct heng_json *j, const struct heng_sim_scenario *scenario)
{
    char key[HENG_SIM_NAME_MAX + 24], number[24];
    heng_json_key(j, "places");
    heng_json_array(j);
    for (size_t l = 0; l < scenario->line_count; l++) {
        struct spot s = spot_of(scenario, l);
        put_place(j, s.line, NULL, "building", s.line);
        for (size_t i = 0; i < s.plan->meter_count; i++) {
            home_of(&s, i, key, sizeof key);
            snprintf(number, sizeof number, "%zu", i + 1);
            put_place(j, key, s.line, "household", number);
        }
    }
    heng_json_end_array(j);
}

static heng_rc endpoint_of(const struct spot *s, uint16_t *first_port, char *ret_text, size_t cap, struct heng_err *err)
{
    const struct heng_sim_line_plan *plan = s->plan;
    if (plan->transport == HENG_TRANSPORT_DTU) {
        heng_sim_fleet_registration(plan, s->k, ret_text, cap);
    } else if (plan->transport == HENG_TRANSPORT_SERIAL) {
        heng_sim_number_name(plan->path, s->k + 1, ret_text, cap);
    } else {
        unsigned port = *first_port ? (unsigned)(*first_port)++ : plan->port ? plan->port + (unsigned)s->k : 0;
        if (port == 0)
            return heng_fail(err, HENG_ECONFIG, 0,
                             "line '%s' takes a free port, which nobody knows before it runs: give it a 'port', or "
                             "--first-port",
                             s->line);
        snprintf(ret_text, cap, "127.0.0.1:%u", port);
    }
    return HENG_OK;
}

static void put_line(struct heng_json *j, const struct spot *s, const char *endpoint)
{
    const struct heng_sim_line_plan *plan = s->plan;
    char parity[2] = {plan->bus.parity, '\0'};
    heng_json_object(j);
    put_text(j, "key", s->line);
    put_text(j, "name", s->line);
    put_text(j, "transport", heng_transport_text(plan->transport));
    put_text(j, "endpoint", endpoint);
    if (plan->heartbeat[0]) put_text(j, "heartbeat", plan->heartbeat);
    if (plan->heartbeat[0] && plan->heartbeat_s) put_int(j, "heartbeat_s", plan->heartbeat_s);
    put_int(j, "baud", plan->bus.baud);
    put_text(j, "parity", parity);
    put_int(j, "latency_ms", plan->latency_ms);
    put_int(j, "period_s", plan->period_s);
    heng_json_end_object(j);
}

static heng_rc put_lines(struct heng_json *j, const struct heng_sim_scenario *scenario, uint16_t first_port,
                         struct heng_err *err)
{
    char endpoint[HENG_ENDPOINT_MAX];
    heng_rc rc = HENG_OK;
    heng_json_key(j, "lines");
    heng_json_array(j);
    for (size_t l = 0; l < scenario->line_count && rc == HENG_OK; l++) {
        struct spot s = spot_of(scenario, l);
        rc = endpoint_of(&s, &first_port, endpoint, sizeof endpoint, err);
        if (rc == HENG_OK) put_line(j, &s, endpoint);
    }
    heng_json_end_array(j);
    return rc;
}

/* What a relay is called in the whole town. */
static void relay_key(const struct spot *s, const struct heng_relay_config *relay, char *ret_key, size_t cap)
{
    snprintf(ret_key, cap, "%s-%s", s->line, relay->name);
}

static void put_bytes(struct heng_json *j, const char *key, const uint8_t *bytes, size_t n)
{
    if (!n) return;
    heng_json_key(j, key);
    heng_json_hex(j, heng_slice_of(bytes, n));
}

static void put_line_relays(struct heng_json *j, const struct heng_sim_scenario *scenario, const struct spot *s)
{
    char key[2 * HENG_SIM_NAME_MAX + 2];
    const struct heng_relay_config *relays = &scenario->relays[s->plan->first_relay];
    for (size_t i = 0; i < s->plan->relay_count; i++) {
        const struct heng_relay_config *relay = &relays[i];
        heng_json_object(j);
        relay_key(s, relay, key, sizeof key);
        put_text(j, "key", key);
        put_text(j, "line", s->line);
        if (relay->parent_id) {
            relay_key(s, &relays[relay->parent_id - 1], key, sizeof key);
            put_text(j, "parent", key);
        }
        if (relay->stores) {
            heng_json_key(j, "stores");
            heng_json_bool(j, true);
        }
        put_int(j, "delay_ms", relay->delay_ms);
        put_int(j, "hold_ms", relay->hold_ms);
        put_bytes(j, "open", relay->open, relay->open_n);
        put_bytes(j, "open_answer", relay->open_answer, relay->open_answer_n);
        heng_json_end_object(j);
    }
}

static void put_relays(struct heng_json *j, const struct heng_sim_scenario *scenario)
{
    if (!scenario->relay_count) return;
    heng_json_key(j, "relays");
    heng_json_array(j);
    for (size_t l = 0; l < scenario->line_count; l++) {
        struct spot s = spot_of(scenario, l);
        put_line_relays(j, scenario, &s);
    }
    heng_json_end_array(j);
}

static void put_meter(struct heng_json *j, const struct heng_sim_scenario *scenario, const struct spot *s, size_t i)
{
    struct heng_sim_meter_config m;
    char number[24], home[HENG_SIM_NAME_MAX + 24];
    heng_sim_plan_meter(scenario, s->plan, s->k, i, &m, number);
    bool by_identification = m.protocol == HENG_PROTOCOL_MBUS && strcmp(m.address, "0") == 0;
    home_of(s, i, home, sizeof home);
    heng_json_object(j);
    put_text(j, "number", number);
    put_text(j, "line", s->line);
    put_text(j, "protocol", heng_protocol_text(m.protocol));
    put_text(j, "address", by_identification ? m.secondary : m.address);
    put_text(j, "medium", heng_medium_text(m.medium));
    put_text(j, "place", home);
    if (m.profile) put_text(j, "profile", m.profile->name);
    if (m.relay_id) {
        char key[2 * HENG_SIM_NAME_MAX + 2];
        relay_key(s, &scenario->relays[s->plan->first_relay + (size_t)m.relay_id - 1], key, sizeof key);
        put_text(j, "relay", key);
    }
    put_int(j, "position", (int64_t)i + 1);
    heng_json_end_object(j);
}

heng_rc heng_sim_town_site_print(const struct heng_sim_scenario *scenario, uint16_t first_port, struct heng_str *out,
                                 struct heng_err *err)
{
    struct heng_json j = heng_json_of(out);
    heng_json_object(&j);
    put_text(&j, "site", scenario->title[0] ? scenario->title : "heng-sim");
    put_text(&j, "time_zone", "Asia/Shanghai");
    put_places(&j, scenario);
    heng_rc rc = put_lines(&j, scenario, first_port, err);
    put_relays(&j, scenario);
    heng_json_key(&j, "meters");
    heng_json_array(&j);
    for (size_t l = 0; l < scenario->line_count && rc == HENG_OK; l++) {
        struct spot s = spot_of(scenario, l);
        for (size_t i = 0; i < s.plan->meter_count; i++)
            if (!heng_sim_plan_is_twin(scenario, s.plan, i)) put_meter(&j, scenario, &s, i);
    }
    heng_json_end_array(&j);
    heng_json_end_object(&j);
    if (rc == HENG_OK && out->rc != HENG_OK)
        rc = heng_fail(err, out->rc, 0, "the description of %zu meters is too large", scenario->meter_count);
    return rc;
}
