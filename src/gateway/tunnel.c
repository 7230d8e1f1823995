/* A line in the hands of a fitter who is far away: the gateway asks nothing, bytes go both ways. One a line; who and
 * why are told to the journal when it begins and when it ends. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/lines_inside.h"

/* A converter that has just lost one connection needs a moment before it takes another. */
enum { SECONDS_USUAL = 600, SECONDS_MAX = 8 * 3600, REST_S = 1, EARLY_MAX = 4096 };

struct tunnel {
    struct gate_line *line;
    struct heng_link *link;           /* NULL until open_us */
    uint64_t id, bytes_in, bytes_out; /* in: from the meters */
    heng_us open_us, until_us;
    char who[64], why[120];
    const char *failed; /* why it ends at the next look; it cannot end while its link speaks */
    bool opened;
    uint8_t early[EARLY_MAX]; /* what the fitter has said before the link was open: more than that is lost */
    size_t early_n, lost;
};

static void answer(struct heng_lines *lines, uint64_t id, bool taken, const char *why)
{
    struct heng_down_outcome outcome = {.what = HENG_OUTCOME_OF_TUNNEL, .of = (int64_t)id, .taken = taken};
    snprintf(outcome.why, sizeof outcome.why, "%s", why);
    heng_core_outcome(lines->core, heng_clock_mono(), &outcome);
}

/* --- the link --------------------------------------------------------------------------------------------------- */

static void on_opened(void *owner)
{
    struct tunnel *tunnel = owner;
    tunnel->opened = true;
    if (tunnel->early_n) heng_link_send(tunnel->link, heng_slice_of(tunnel->early, tunnel->early_n));
    tunnel->bytes_out += tunnel->early_n;
    tunnel->early_n = 0;
}

/* It opens again by itself; the fitter sees silence meanwhile. */
static void on_closed(void *owner, const char *why)
{
    struct tunnel *tunnel = owner;
    (void)why;
    tunnel->opened = false;
}

static void say(struct tunnel *tunnel, struct heng_slice bytes)
{
    if (tunnel->opened) {
        tunnel->bytes_out += bytes.n;
        heng_link_send(tunnel->link, bytes);
        return;
    }
    size_t n = sizeof tunnel->early - tunnel->early_n;
    if (n > bytes.n) n = bytes.n;
    if (n) memcpy(tunnel->early + tunnel->early_n, bytes.p, n);
    tunnel->early_n += n;
    tunnel->lost += bytes.n - n;
}

static void on_bytes(void *owner, struct heng_slice bytes)
{
    struct tunnel *tunnel = owner;
    struct heng_tunnel_message message = {.id = tunnel->id, .line_id = tunnel->line->id, .bytes = bytes};
    tunnel->bytes_in += bytes.n;
    if (!heng_core_tunnel(tunnel->line->lines->core, heng_clock_mono(), &message))
        tunnel->failed = "the way up is lost or blocked";
}

static void open_link(struct tunnel *tunnel)
{
    struct gate_line *line = tunnel->line;
    struct heng_err why = {.text = ""};
    struct heng_link_events events = {tunnel, on_opened, on_closed, on_bytes, NULL};
    tunnel->open_us = 0;
    if (heng_link_open(line->lines->loop, line->lines->dtu, &line->config, events, &tunnel->link, &why) == HENG_OK)
        return;
    tunnel->failed = "the line cannot be opened";
}

/* --- begin and end ---------------------------------------------------------------------------------------------- */

void lines_tunnel_end(struct gate_line *line, const char *why)
{
    struct tunnel *tunnel = line->tunnel;
    struct heng_lines *lines = line->lines;
    if (!tunnel) return;
    struct heng_tunnel_message message = {.id = tunnel->id, .line_id = line->id, .close = true};
    snprintf(message.why, sizeof message.why, "%s", why);
    (void)heng_core_tunnel(lines->core, heng_clock_mono(), &message); /* when the way up is lost they know it above */
    heng_lines_event(lines, HENG_GATEWAY_TUNNEL_CLOSED, (int64_t)(tunnel->bytes_in + tunnel->bytes_out), line->id,
                     "%s: %s; %llu bytes from the line, %llu to it, %zu never sent", tunnel->who, why,
                     (unsigned long long)tunnel->bytes_in, (unsigned long long)tunnel->bytes_out,
                     tunnel->early_n + tunnel->lost);
    heng_link_close(tunnel->link);
    line->tunnel = NULL;
    free(tunnel);
    line->connect_us = heng_clock_mono() + REST_S * HENG_US_PER_S;
}

static heng_rc begin(struct gate_line *line, const struct heng_tunnel_message *message, struct heng_err *err)
{
    heng_us now = heng_clock_mono(), seconds = message->seconds ? message->seconds : SECONDS_USUAL;
    if (line->tunnel) return heng_fail(err, HENG_EBUSY, 0, "the line is in the hands of %s", line->tunnel->who);
    if (line->token) return heng_fail(err, HENG_EBUSY, 0, "an order is just going out: try again in a moment");
    if (line->search.running) return heng_fail(err, HENG_EBUSY, 0, "a search runs on this line: stop it first");
    struct tunnel *tunnel = calloc(1, sizeof *tunnel);
    if (!tunnel) return heng_fail(err, HENG_ENOMEM, 0, "out of memory");
    if (seconds > SECONDS_MAX) seconds = SECONDS_MAX;
    *tunnel = (struct tunnel){.line = line,
                              .id = message->id,
                              .open_us = now + REST_S * HENG_US_PER_S,
                              .until_us = now + seconds * HENG_US_PER_S};
    snprintf(tunnel->who, sizeof tunnel->who, "%s", message->who);
    snprintf(tunnel->why, sizeof tunnel->why, "%s", message->why);
    line->tunnel = tunnel;
    char detail[120];
    snprintf(detail, sizeof detail, "in the hands of %s", tunnel->who);
    heng_bus_disconnect(line->bus, detail);
    heng_lines_event(line->lines, HENG_GATEWAY_TUNNEL_OPENED, (int64_t)seconds, line->id, "%s: %s", tunnel->who,
                     tunnel->why);
    return HENG_OK;
}

static struct gate_line *line_of(const struct heng_lines *lines, uint64_t id)
{
    for (size_t i = 0; i < lines->line_count; i++)
        if (lines->lines[i]->tunnel && lines->lines[i]->tunnel->id == id) return lines->lines[i];
    return NULL;
}

void heng_lines_tunnel(struct heng_lines *lines, const struct heng_tunnel_message *message)
{
    struct heng_err why = {.text = ""};
    if (message->open) {
        struct gate_line *line = lines_find(lines, message->line_id);
        heng_rc rc = line && line->bus ? begin(line, message, &why)
                                       : heng_fail(&why, HENG_ENOTFOUND, 0, "no such line is here, or it cannot run");
        answer(lines, message->id, rc == HENG_OK, why.text);
    }
    struct gate_line *line = line_of(lines, message->id);
    if (!line) return;
    say(line->tunnel, message->bytes);
    if (message->close) lines_tunnel_end(line, message->why[0] ? message->why : "the fitter has ended it");
}

void lines_tunnel_second(struct gate_line *line, heng_us now)
{
    struct tunnel *tunnel = line->tunnel;
    if (!tunnel) return;
    struct heng_core_status status;
    heng_core_status_now(line->lines->core, now, &status);
    if (tunnel->open_us && now >= tunnel->open_us) open_link(tunnel);
    if (!status.uplink.connected)
        lines_tunnel_end(line, "the way up is lost");
    else if (tunnel->failed)
        lines_tunnel_end(line, tunnel->failed);
    else if (now >= tunnel->until_us)
        lines_tunnel_end(line, "its time is over");
}
