/* Organisations, gateways, lines and what stands on them, schedules: a row each. */
#include <stdio.h>
#include <stdlib.h>

#include "archive/out.h"
#include "archive/schedule_text.h"
#include "base/hex.h"
#include "store/read.h"

heng_rc archive_put_orgs(struct exporting *ex, struct heng_err *err)
{
    struct heng_org page[ARCHIVE_PAGE];
    size_t n = ARCHIVE_PAGE;
    int64_t after = 0;
    while (n == ARCHIVE_PAGE) {
        heng_rc rc = heng_archive_list_orgs(ex->reader, ex->scope, after, page, ARCHIVE_PAGE, &n, err);
        if (rc != HENG_OK) return rc;
        for (size_t i = 0; i < n; i++) {
            archive_put_text(ex, page[i].key);
            archive_put_text(ex, page[i].name);
            archive_end_row(ex);
            after = page[i].id;
        }
    }
    return HENG_OK;
}

/* A gateway behind the one it hangs on, so that an import knows that: level by level. */
heng_rc archive_put_gateways(struct exporting *ex, struct heng_err *err)
{
    struct heng_archive_gateway gateway, above;
    for (size_t level = 0; level <= 8; level++) {
        size_t n = 1;
        for (int64_t after = 0; n == 1; after = gateway.id) {
            heng_rc rc = heng_archive_list_gateways(ex->reader, ex->scope, after, "", &gateway, 1, &n, err);
            if (rc != HENG_OK) return rc;
            if (n == 0) break;
            size_t depth = 0, found = 1;
            for (above = gateway; found && above.parent[0] && depth <= 8; depth++) {
                char key[HENG_KEY_MAX];
                snprintf(key, sizeof key, "%s", above.parent);
                rc = heng_archive_list_gateways(ex->reader, 0, 0, key, &above, 1, &found, err);
                if (rc != HENG_OK) return rc;
            }
            if (depth != level) continue;
            archive_put_text(ex, gateway.key);
            archive_put_text(ex, gateway.name);
            archive_put_text(ex, gateway.parent);
            archive_put_text(ex, gateway.org);
            archive_put_int(ex, gateway.journal_bytes >> 20);
            archive_put_int(ex, gateway.journal_days);
            archive_end_row(ex);
        }
    }
    return HENG_OK;
}

static void put_line(struct exporting *ex, const struct heng_archive_line *line)
{
    const struct heng_line_config *c = &line->config;
    const char parity[2] = {c->parity, '\0'};
    archive_put_text(ex, line->key);
    archive_put_text(ex, c->name);
    archive_put_text(ex, line->gateway);
    archive_put_text(ex, line->org);
    archive_put_text(ex, heng_transport_text(c->transport));
    archive_put_text(ex, c->endpoint);
    archive_put_int(ex, c->baud);
    archive_put_text(ex, parity);
    archive_put_int(ex, c->latency_ms);
    archive_put_int(ex, c->period_s);
    archive_put_text(ex, c->heartbeat);
    archive_put_int(ex, c->heartbeat_s);
    archive_put_text(ex, heng_rts_text(c->rts));
    archive_put_text(ex, heng_signal_text(c->overload));
    archive_put_yes(ex, c->infrared);
    archive_put_int(ex, c->wake_byte);
    archive_put_int(ex, c->wake_ms);
    archive_put_int(ex, c->wake_rest_ms);
    archive_put_int(ex, c->wake_after_s);
    archive_put_int(ex, c->quarantine_after);
    archive_put_yes(ex, c->single_reads);
    archive_end_row(ex);
}

heng_rc archive_put_lines(struct exporting *ex, struct heng_err *err)
{
    struct heng_archive_line page[ARCHIVE_PAGE];
    size_t n = ARCHIVE_PAGE;
    int64_t after = 0;
    while (n == ARCHIVE_PAGE) {
        heng_rc rc = heng_archive_list_lines(ex->reader, ex->scope, after, "", page, ARCHIVE_PAGE, &n, err);
        if (rc != HENG_OK) return rc;
        for (size_t i = 0; i < n; i++) {
            put_line(ex, &page[i]);
            after = page[i].id;
        }
    }
    return HENG_OK;
}

/* --- when, and by which way ----------------------------------------------------------------------------------------
 */

/* Schedules are the operator's; what a meter has stands in its row by name. */
heng_rc archive_put_schedules(struct exporting *ex, struct heng_err *err)
{
    enum { MAX = 1024 };
    char text[ARCHIVE_SCHEDULE_TEXT_MAX];
    size_t n = 0;
    if (ex->scope) return HENG_OK;
    struct heng_schedule *list = calloc(MAX, sizeof *list);
    if (!list) return heng_fail(err, HENG_ENOMEM, 0, "no memory for the schedules");
    heng_rc rc = heng_store_list_schedules(ex->reader, list, MAX, &n, err);
    if (rc == HENG_OK && n == MAX) rc = heng_fail(err, HENG_ELIMIT, 0, "there are %d schedules or more", MAX);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        const struct heng_schedule *s = &list[i];
        archive_put_text(ex, s->name);
        archive_put_int(ex, s->period_s);
        archive_times_format(s->times, s->time_count, text);
        archive_put_text(ex, text);
        archive_days_format(s->days, text);
        archive_put_text(ex, text);
        archive_days_format(s->due_days, text);
        archive_put_text(ex, text);
        archive_times_format(&s->due_minute, 1, text);
        archive_put_text(ex, text);
        archive_put_int(ex, s->spread_s);
        archive_windows_format(s->read_windows, s->read_window_count, text);
        archive_put_text(ex, text);
        archive_windows_format(s->power_off, s->power_off_count, text);
        archive_put_text(ex, text);
        archive_end_row(ex);
    }
    free(list);
    return rc;
}

static void put_hex(struct exporting *ex, const uint8_t *bytes, size_t n)
{
    char text[2 * HENG_RELAY_BYTES_MAX + 1] = "";
    if (heng_hex_format(heng_slice_of(bytes, n), '\0', text, sizeof text) != HENG_OK) text[0] = '\0';
    archive_put_text(ex, text);
}

static void put_relay(struct exporting *ex, const char *line, const struct heng_relay_config *relay, const char *parent)
{
    archive_put_text(ex, line);
    archive_put_text(ex, relay->name);
    archive_put_text(ex, parent);
    archive_put_yes(ex, relay->stores);
    archive_put_int(ex, relay->delay_ms);
    archive_put_int(ex, relay->hold_ms);
    put_hex(ex, relay->open, relay->open_n);
    put_hex(ex, relay->open_answer, relay->open_answer_n);
    archive_end_row(ex);
}

static const struct heng_relay_config *relay_of(const struct heng_relay_config *list, size_t n, int64_t id)
{
    for (size_t i = 0; i < n; i++)
        if (list[i].id == id) return &list[i];
    return NULL;
}

/* Those of one line, each behind the one that it hangs on. */
static heng_rc put_line_relays(struct exporting *ex, const struct heng_archive_line *line,
                               struct heng_relay_config *list, size_t cap, struct heng_err *err)
{
    size_t n = 0;
    heng_rc rc = heng_store_list_line_relays(ex->reader, line->id, list, cap, &n, err);
    if (rc == HENG_OK && n == cap)
        rc = heng_fail(err, HENG_ELIMIT, 0, "line '%.60s' has %zu relays or more", line->key, cap);
    for (size_t level = 0; rc == HENG_OK && level < HENG_RELAYS_DEEP_MAX; level++)
        for (size_t i = 0; i < n; i++) {
            const struct heng_relay_config *above = relay_of(list, n, list[i].parent_id);
            size_t depth = 0;
            for (const struct heng_relay_config *r = above; r && depth < HENG_RELAYS_DEEP_MAX; depth++)
                r = relay_of(list, n, r->parent_id);
            if (depth == level) put_relay(ex, line->key, &list[i], above ? above->name : "");
        }
    return rc;
}

heng_rc archive_put_relays(struct exporting *ex, struct heng_err *err)
{
    enum { MAX = 1024 };
    struct heng_archive_line line;
    size_t n = 1;
    heng_rc rc = HENG_OK;
    struct heng_relay_config *list = calloc(MAX, sizeof *list);
    if (!list) return heng_fail(err, HENG_ENOMEM, 0, "no memory for the relays");
    for (int64_t after = 0; rc == HENG_OK && n; after = line.id) {
        rc = heng_archive_list_lines(ex->reader, ex->scope, after, "", &line, 1, &n, err);
        if (rc == HENG_OK && n) rc = put_line_relays(ex, &line, list, MAX, err);
    }
    free(list);
    return rc;
}
