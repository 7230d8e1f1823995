/* What is seen of gateways, told to the writer at a bounded rate: states, events, and lines whose gateway is away. */
#include <stdio.h>
#include <string.h>

#include "app/site/uplink_parts.h"
#include "base/log.h"

/* A gateway that comes back within LOST_S was not lost for people; one that comes and goes is told once a minute. */
enum {
    STATUSES_PER_S = 200,
    EVENTS_PER_S = 50,
    EVENTS_KEPT = 20, /* of them: not for coming and going, which may be of thousands in one moment */
    STATUS_PAUSE_S = 10,
    LOST_S = 30,
    EVENT_PAUSE_S = 60,
    NOTE_PAUSE_S = 60,
    AWAY_S = 300,
    LINE_PAGE = 64
};

/* --- events --------------------------------------------------------------------------------------------------------
 */

static bool put_event(struct site_uplink *uplink, const struct heng_gateway_event_row *event)
{
    struct heng_fact fact = {.kind = HENG_FACT_GATEWAY_EVENT, .event = event};
    if (uplink->events_left == 0 || !heng_writer_has_room(uplink->site->writer)) return false;
    if (heng_writer_put(uplink->site->writer, &fact, 0, NULL) != HENG_OK) return false;
    uplink->events_left--;
    return true;
}

static bool tell_event(struct site_uplink *uplink, int64_t gateway_id, int64_t line_id, heng_gateway_event kind,
                       int64_t value, const char *detail)
{
    struct heng_gateway_event_row event = {
        .gateway_id = gateway_id, .line_id = line_id, .value = value, .at_us = heng_clock_wall(), .kind = kind};
    snprintf(event.detail, sizeof event.detail, "%s", detail);
    return put_event(uplink, &event);
}

void uplink_event(struct site_uplink *uplink, int64_t gateway_id, int64_t line_id, heng_gateway_event kind,
                  int64_t value, const char *detail)
{
    if (!tell_event(uplink, gateway_id, line_id, kind, value, detail))
        heng_log(HENG_LOG_WARN, "uplink", "event=not_kept gateway=%lld kind=%s detail='%s'", (long long)gateway_id,
                 heng_gateway_event_text(kind), detail);
}

void uplink_event_of(struct site_uplink *uplink, const char *who, int64_t gateway_id, heng_gateway_event kind,
                     const char *detail)
{
    heng_us now = heng_clock_mono();
    struct noted *oldest = &uplink->noted[0];
    for (size_t i = 0; i < UPLINK_NOTED_MAX; i++) {
        struct noted *noted = &uplink->noted[i];
        bool recent = noted->at_us && now - noted->at_us < NOTE_PAUSE_S * HENG_US_PER_S;
        if (recent && strncmp(noted->who, who, sizeof noted->who - 1) == 0) return;
        if (noted->at_us < oldest->at_us) oldest = noted;
    }
    /* All of them are of this minute: somebody tries many names. What he does is seen well enough. */
    if (oldest->at_us && now - oldest->at_us < NOTE_PAUSE_S * HENG_US_PER_S) return;
    if (!tell_event(uplink, gateway_id, 0, kind, 0, detail)) return; /* the next one is told */
    snprintf(oldest->who, sizeof oldest->who, "%s", who);
    oldest->at_us = now;
}

/* --- what gateways say of themselves -------------------------------------------------------------------------------
 */

bool uplink_is_below(const struct site_uplink *uplink, const struct seat *seat, int64_t above_id)
{
    for (unsigned deep = 0; seat && seat->parent_id && deep < HENG_UPLINK_PATH_MAX; deep++) {
        if (seat->parent_id == above_id) return true;
        seat = uplink_seat(uplink, seat->parent_id);
    }
    return false;
}

static void set_connected(struct seat *seat, bool connected)
{
    if (seat->status.connected == connected) return;
    seat->status.connected = connected;
    seat->status.last_contact_us = heng_clock_wall();
    seat->since_us = heng_clock_mono();
    seat->news = true;
    seat->told_us = 0;
}

/* One below the gateway that speaks. What it says of others than those is not heard. */
static void note_child(struct seat *above, const struct heng_uplink_child *child)
{
    struct site_uplink *uplink = above->session->uplink;
    struct seat *seat = uplink_seat(uplink, child->gateway_id);
    if (!seat || seat->session || !uplink_is_below(uplink, seat, above->id)) return;
    struct heng_gateway_status *status = &seat->status;
    bool came = child->connected && !status->connected;
    set_connected(seat, child->connected);
    if (status->applied_version != child->config_version) seat->told_us = 0;
    if (child->last_contact_us) status->last_contact_us = child->last_contact_us;
    status->queued = child->queued;
    status->clock_error_us = child->clock_error_us;
    status->applied_version = child->config_version;
    snprintf(status->software, sizeof status->software, "%s", child->software);
    snprintf(status->firmware, sizeof status->firmware, "%s", child->firmware);
    seat->news = true;
    if (came) uplink_send_commands(uplink, seat->id);
}

static void note_children(struct seat *seat, const struct heng_uplink_child *children, size_t count)
{
    if (!seat->session) return;
    if (count) seat->has_children = true;
    for (size_t i = 0; i < count; i++) note_child(seat, &children[i]);
}

static void note_version(struct seat *seat, uint64_t version)
{
    if (seat->status.applied_version == version) return;
    seat->status.applied_version = version;
    seat->told_us = 0;
}

void uplink_note_hello(struct seat *seat, const struct heng_hello *hello)
{
    struct heng_gateway_status *status = &seat->status;
    status->clock_error_us = hello->clock_us - heng_clock_wall();
    status->clock_doubtful = hello->clock_doubtful;
    status->free_bytes = hello->free_bytes;
    snprintf(status->software, sizeof status->software, "%s", hello->software);
    snprintf(status->firmware, sizeof status->firmware, "%s", hello->firmware);
    note_version(seat, hello->config_version);
    seat->news = true;
    note_children(seat, hello->children, hello->child_count);
}

void uplink_note_ping(struct seat *seat, const struct heng_ping *ping)
{
    seat->status.queued = ping->queued;
    seat->status.clock_doubtful = ping->clock_doubtful;
    note_version(seat, ping->config_version);
    seat->news = true;
    note_children(seat, ping->children, ping->child_count);
}

void uplink_note_connected(struct site_uplink *uplink, struct seat *seat, bool connected)
{
    set_connected(seat, connected);
    for (size_t i = 0; !connected && seat->has_children && i < uplink->seat_count; i++) {
        struct seat *below = uplink->seats[i];
        if (!below->session && uplink_is_below(uplink, below, seat->id)) set_connected(below, false);
    }
}

/* --- once a second -------------------------------------------------------------------------------------------------
 */

static void tell_status(struct site_uplink *uplink, struct seat *seat, heng_us now)
{
    struct heng_fact fact = {.kind = HENG_FACT_GATEWAY, .gateway = &seat->status};
    struct heng_host_status host = {0};
    if (uplink->statuses_left == 0 || !heng_writer_has_room(uplink->site->writer)) return;
    if (seat->session) {
        heng_host_status_now(seat->session->host, &host);
        seat->status.last_contact_us = heng_clock_wall() - (now - host.last_contact_us);
        seat->status.clock_error_us = host.clock_error_us;
    }
    if (heng_writer_put(uplink->site->writer, &fact, 0, NULL) != HENG_OK) return;
    uplink->statuses_left--;
    seat->told_us = now;
    seat->news = false;
}

static void tell_coming_and_going(struct site_uplink *uplink, struct seat *seat, heng_us now)
{
    bool connected = seat->status.connected;
    heng_us pause_us = (connected ? EVENT_PAUSE_S : LOST_S) * HENG_US_PER_S;
    heng_us from_us = connected ? seat->event_us : seat->since_us;
    if (connected == seat->told_connected) return;
    if ((from_us || !connected) && now - from_us < pause_us) return;
    const char *detail = connected ? seat->status.address : "";
    if (uplink->events_left <= EVENTS_KEPT) return;
    if (!tell_event(uplink, seat->id, 0, connected ? HENG_GATEWAY_CONNECTED : HENG_GATEWAY_LOST, 0, detail)) return;
    seat->told_connected = connected;
    if (connected) seat->event_us = now;
}

/* What its line knows is out of date, and the last state that came is not the state of now. */
static void put_line_down(struct site_uplink *uplink, const struct heng_line_row *row, const struct seat *seat)
{
    struct heng_line_fact line = {.line_id = row->config.id,
                                  .at_us = heng_clock_wall(),
                                  .state = HENG_LINE_STATE_DOWN,
                                  .vitals = row->status.vitals};
    snprintf(line.detail, sizeof line.detail, "gateway '%s' is not connected", seat->name);
    if (row->status.state == HENG_LINE_STATE_DOWN && strcmp(row->status.detail, line.detail) == 0) return;
    if (!heng_writer_has_room(uplink->site->writer)) return;
    site_run_put(uplink->site, &(struct heng_fact){.kind = HENG_FACT_LINE, .line = &line}, 0, NULL);
}

/* A few lines each second, round and round. */
static void walk_lines(struct site_uplink *uplink, heng_us now)
{
    static struct heng_line_row rows[LINE_PAGE];
    struct heng_err err;
    size_t n = 0;
    if (!uplink->seat_count) return;
    if (heng_store_list_lines(uplink->reader, uplink->line_after, rows, LINE_PAGE, &n, &err) != HENG_OK) n = 0;
    uplink->line_after = n ? rows[n - 1].config.id : 0;
    for (size_t i = 0; i < n; i++) {
        const struct seat *seat = rows[i].gateway_id ? uplink_seat(uplink, rows[i].gateway_id) : NULL;
        bool away = seat && !seat->status.connected && now - seat->since_us >= AWAY_S * HENG_US_PER_S;
        if (away) put_line_down(uplink, &rows[i], seat);
    }
}

void uplink_tell_second(struct site_uplink *uplink)
{
    heng_us now = heng_clock_mono();
    uplink->statuses_left = STATUSES_PER_S;
    uplink->events_left = EVENTS_PER_S;
    for (size_t i = 0; i < uplink->seat_count; i++) {
        struct seat *seat = uplink->seats[uplink->told_next++ % uplink->seat_count];
        bool rested = !seat->told_us || now - seat->told_us >= STATUS_PAUSE_S * HENG_US_PER_S;
        tell_coming_and_going(uplink, seat, now);
        if (seat->news && rested) tell_status(uplink, seat, now);
        if (!uplink->statuses_left) break; /* the others are first in the next second */
    }
    walk_lines(uplink, now);
}
