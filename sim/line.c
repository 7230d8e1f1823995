#include "sim/line.h"

#include <stdlib.h>

const char *heng_sim_line_name(heng_sim_line_id id)
{
    static const char *const names[HENG_SIM_LINE_COUNT] = {"heat", "water", "power"};
    return names[id];
}

void heng_sim_line_init(struct heng_sim_line *line, heng_sim_line_id id, const struct heng_sim_line_settings *settings,
                        const struct heng_sim_site *site, struct heng_sim_world *world)
{
    *line = (struct heng_sim_line){.id = id, .gap_us = settings->gap_us};
    line->wire = heng_sim_wire_of(settings->baud, settings->noise_ppm, heng_sim_rng_of(settings->seed, 4000u + id));
    switch (id) {
    case HENG_SIM_LINE_HEAT: heng_sim_mbus_init(&line->meters.mbus, site, world, settings->seed); return;
    case HENG_SIM_LINE_WATER: heng_sim_cjt188_init(&line->meters.cjt188, site, world, settings->seed); return;
    case HENG_SIM_LINE_POWER: heng_sim_electric_init(&line->meters.electric, site, world, settings->seed); return;
    case HENG_SIM_LINE_COUNT: return;
    }
}

static size_t take(const struct heng_sim_line *line, struct heng_slice in, size_t *ret_skip)
{
    if (line->id == HENG_SIM_LINE_HEAT) return heng_sim_mbus_take(in, ret_skip);
    return line->id == HENG_SIM_LINE_WATER ? heng_sim_cjt188_take(in, ret_skip) : heng_sim_electric_take(in, ret_skip);
}

/* True when an answer is on its way. */
static bool ask(struct heng_sim_line *line, struct heng_slice request, heng_us now_us)
{
    struct heng_sim_answer answer;
    line->requests++;
    if (line->id == HENG_SIM_LINE_HEAT)
        heng_sim_mbus_ask(&line->meters.mbus, &line->wire, request, &answer);
    else if (line->id == HENG_SIM_LINE_WATER)
        heng_sim_cjt188_ask(&line->meters.cjt188, &line->wire, request, &answer);
    else
        heng_sim_electric_ask(&line->meters.electric, &line->wire, request, &answer);
    if (answer.n == 0) return false;
    line->answers++;
    heng_sim_wire_send(&line->wire, request.n, &answer, now_us);
    return true;
}

void heng_sim_line_hear(struct heng_sim_line *line, struct heng_slice bytes, heng_us now_us)
{
    if (line->muted || heng_sim_wire_busy(&line->wire)) {
        line->n = 0;
        return;
    }
    if (now_us - line->heard_us > line->gap_us || line->n + bytes.n > sizeof line->request) line->n = 0;
    line->heard_us = now_us;
    if (bytes.n > sizeof line->request) return;
    if (bytes.n) memcpy(line->request + line->n, bytes.p, bytes.n);
    line->n += bytes.n;

    struct heng_slice rest = heng_slice_of(line->request, line->n);
    while (rest.n > 0) {
        size_t skip, n = take(line, rest, &skip);
        rest = heng_slice_from(rest, skip);
        if (n == 0) break;
        bool answered = ask(line, heng_slice_of(rest.p, n), now_us);
        rest = answered ? heng_slice_from(rest, rest.n) : heng_slice_from(rest, n);
    }
    memmove(line->request, rest.p, rest.n);
    line->n = rest.n;
}

heng_rc heng_sim_line_set_alive(struct heng_sim_line *line, const char *who, bool alive)
{
    if (line->id == HENG_SIM_LINE_WATER) return heng_sim_cjt188_set_alive(&line->meters.cjt188, who, alive);
    if (line->id == HENG_SIM_LINE_POWER) return heng_sim_electric_set_alive(&line->meters.electric, who, alive);
    char *end;
    unsigned long address = strtoul(who, &end, 10);
    if (*who == '\0' || *end != '\0' || address > 250) return HENG_ENOTFOUND;
    return heng_sim_mbus_set_alive(&line->meters.mbus, (unsigned)address, alive);
}
