/* What is done about a line that is silent: its link anew, then with a rest, then the whole line. */
#include <stdio.h>

#include "base/log.h"
#include "gateway/lines_inside.h"

/* A port that was closed so long has let DTR and RTS fall: adapters and heads that hang get up again. */
enum { REOPEN_REST_S = 1, RESET_REST_S = 3 };

void lines_rest(struct gate_line *line, const char *why, heng_us how_long)
{
    if (!line->bus) return;
    heng_bus_disconnect(line->bus, why);
    line->connect_us = heng_clock_mono() + how_long;
}

static void take_up(struct gate_line *line, heng_us now)
{
    struct heng_err why = {.text = ""};
    if (!line->bus || !line->connect_us || now < line->connect_us || line->tunnel) return;
    line->connect_us = 0;
    if (heng_bus_connect(line->bus, &line->config, &why) != HENG_OK)
        heng_log(HENG_LOG_ERROR, "lines", "event=no_link line='%s' why='%s'", line->config.name, why.text);
}

void lines_restart(struct gate_line *line)
{
    struct heng_err why = {.text = ""};
    lines_search_lost(line);
    if (line->bus && line->told.news) lines_put_status(line);
    heng_bus_close(line->bus);
    line->bus = NULL;
    line->connect_us = line->token = 0;
    line->told.counters = (struct heng_line_counters){0};
    if (gate_line_open(line, &why) != HENG_OK)
        heng_log(HENG_LOG_ERROR, "lines", "event=cannot_run line='%s' why='%s'", line->config.name, why.text);
    lines_orders_move(line->lines, line->id);
    if (line->bus) heng_bus_pump(line->bus);
}

static void tell(struct gate_line *line, heng_gateway_event kind, const char *why)
{
    heng_lines_event(line->lines, kind, 0, line->id, "%s%s%s", line->config.name, why[0] ? ": " : "", why);
}

void lines_heal(struct gate_line *line, heng_us now)
{
    struct heng_lines *lines = line->lines;
    char why[120];
    take_up(line, now);
    struct heng_watch_seen seen = {.config = &line->config,
                                   .meters = line->meters,
                                   .meter_count = line->meter_count,
                                   .deadline_us = line->bus ? heng_line_deadline(heng_bus_line(line->bus)) : 0,
                                   .may_ask = !line->tunnel && !line->token && !line->connect_us && !lines->first &&
                                              heng_core_has_room(lines->core),
                                   .least_us = lines->watch_least_us};
    switch (heng_watch_look(&line->watch, &seen, now, lines_wall(lines), why)) {
    case HENG_WATCH_NOTHING: break;
    case HENG_WATCH_SILENT: tell(line, HENG_GATEWAY_LINE_SILENT, why); break;
    case HENG_WATCH_REOPEN:
        tell(line, HENG_GATEWAY_LINE_REOPENED, why);
        lines_rest(line, "it is silent: its link is opened anew", REOPEN_REST_S * HENG_US_PER_S);
        break;
    case HENG_WATCH_RESET:
        tell(line, HENG_GATEWAY_LINE_RESET, why);
        if (line->bus) heng_line_forget(heng_bus_line(line->bus));
        lines_rest(line, "it is silent: it rests and begins anew", RESET_REST_S * HENG_US_PER_S);
        break;
    case HENG_WATCH_RESTART:
        tell(line, HENG_GATEWAY_LINE_RESTARTED, why);
        lines_restart(line);
        break;
    case HENG_WATCH_BACK: tell(line, HENG_GATEWAY_LINE_BACK, why); break;
    }
}
