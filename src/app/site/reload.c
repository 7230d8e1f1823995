#include "app/site/reload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/site/uplink.h"
#include "base/log.h"
#include "uplink/config.h"

/* A line that is busy with what people want of it is not taken off for that: it is looked at again after so long. */
enum { AGAIN_S = 5 };

/* What one look brought back. */
struct reload {
    uv_work_t work; /* first: libuv hands back its address */
    struct site_run *site;
    struct heng_site_lines lines;
    uint64_t *marks;
    heng_rc rc;
    struct heng_err err;
};

void site_reload_changed(void *owner)
{
    struct site_run *site = owner;
    atomic_store(&site->reload.changed, true);
}

/* --- what differs ---------------------------------------------------------------------------------------------- */

/* The configuration of a gateway is packed the same way to find out whether it has changed. What is learned changes by
 * itself and is not in it. */
uint64_t site_reload_mark(const struct heng_line_config *line, const struct heng_meter_config *meters, size_t count)
{
    struct heng_err err;
    struct heng_meter_config *copies = calloc(count + 1, sizeof *copies);
    size_t first[2] = {0, count}, n = 0;
    uint8_t *bytes = NULL;
    uint64_t mark = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
    if (!copies) return 0;
    for (size_t i = 0; i < count; i++) {
        copies[i] = meters[i];
        copies[i].profile = NULL;
        copies[i].learned = (struct heng_learned){0};
    }
    struct heng_line_config alone = *line;
    alone.zone = NULL;
    alone.profiles = NULL;
    struct heng_gateway_config config = {
        .name = "", .time_zone = "", .lines = &alone, .meters = copies, .first = first, .line_count = 1};
    heng_rc rc = heng_config_pack(&config, &bytes, &n, &err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) mark = (mark ^ bytes[i]) * UINT64_C(0x100000001b3);
    free(bytes);
    free(copies);
    return rc == HENG_OK ? mark : 0; /* what cannot be packed cannot run either */
}

/* --- beside the loop ------------------------------------------------------------------------------------------- */

static void look(uv_work_t *work)
{
    struct reload *reload = (struct reload *)work;
    struct heng_store_reader *reader = NULL;
    heng_rc rc = heng_store_reader_open(reload->site->database, &reader, &reload->err);
    if (rc == HENG_OK) rc = heng_site_load_lines(reader, reload->site->profiles, &reload->lines, &reload->err);
    heng_store_reader_close(reader);
    if (rc == HENG_OK) {
        reload->marks = calloc(reload->lines.line_count + 1, sizeof *reload->marks);
        if (!reload->marks) rc = heng_fail(&reload->err, HENG_ENOMEM, 0, "no memory to compare lines");
    }
    const struct heng_site_lines *lines = &reload->lines;
    for (size_t i = 0; rc == HENG_OK && i < lines->line_count; i++)
        reload->marks[i] =
            site_reload_mark(&lines->lines[i], &lines->meters[lines->first[i]], lines->first[i + 1] - lines->first[i]);
    reload->rc = rc;
}

/* --- on the loop ----------------------------------------------------------------------------------------------- */

static bool is_busy(struct site_run *site, const struct running_line *line)
{
    return line->bus && (line->search.running || site_wishes_uses(site->wishes, line));
}

/* begun, ended: how many lines; waits: some are busy. */
struct tally {
    size_t begun, ended;
    bool waits;
};

static void follow_line(struct site_run *site, const struct reload *reload, size_t i, struct tally *tally)
{
    const struct heng_site_lines *lines = &reload->lines;
    struct running_line *line = site_run_known(site, lines->lines[i].id);
    if (line && line->mark == reload->marks[i]) return;
    if (line && is_busy(site, line)) {
        tally->waits = true;
        return;
    }
    if (!line) line = site_run_add(site, lines->lines[i].id);
    if (!line) {
        heng_log(HENG_LOG_ERROR, "serve", "event=no_memory line='%s'", lines->lines[i].name);
        return;
    }
    site_run_end_line(site, line);
    site_run_begin_line(site, line, &lines->lines[i], &lines->meters[lines->first[i]],
                        lines->first[i + 1] - lines->first[i], reload->marks[i]);
    tally->begun++;
}

static bool is_ours(const struct heng_site_lines *lines, int64_t id)
{
    for (size_t low = 0, high = lines->line_count; low < high;) {
        size_t at = low + (high - low) / 2;
        if (lines->lines[at].id == id) return true;
        if (lines->lines[at].id < id)
            low = at + 1;
        else
            high = at;
    }
    return false;
}

static void follow(struct site_run *site, struct reload *reload, struct tally *tally)
{
    struct heng_site_lines *lines = &reload->lines;
    for (size_t i = 0; i < lines->line_count; i++) lines->lines[i].zone = site->zone;
    for (size_t i = 0; i < site->line_count; i++) {
        struct running_line *line = site->lines[i];
        if (!line->bus || is_ours(lines, line->id)) continue;
        if (is_busy(site, line)) {
            tally->waits = true;
            continue;
        }
        site_run_end_line(site, line);
        line->mark = 0;
        tally->ended++;
    }
    for (size_t i = 0; i < lines->line_count; i++) follow_line(site, reload, i, tally);
    site->meter_count = lines->meter_count;
}

static void looked(uv_work_t *work, int status)
{
    struct reload *reload = (struct reload *)work;
    struct site_run *site = reload->site;
    struct tally tally = {0};
    site->reload.looking = false;
    if (status == 0 && site->ticks && reload->rc == HENG_OK) {
        follow(site, reload, &tally);
        site_uplink_changed(site->uplink);
        heng_log(HENG_LOG_INFO, "serve", "event=reloaded lines=%zu meters=%zu begun=%zu ended=%zu waiting=%s",
                 reload->lines.line_count, reload->lines.meter_count, tally.begun, tally.ended,
                 tally.waits ? "yes" : "no");
    } else if (reload->rc != HENG_OK) {
        heng_log(HENG_LOG_ERROR, "serve", "event=reload_failed why='%s' next='in %d s'", reload->err.text, AGAIN_S);
        tally.waits = true;
    }
    if (tally.waits) {
        site->reload.rest_s = AGAIN_S;
        site_reload_changed(site);
    }
    heng_site_lines_fini(&reload->lines);
    free(reload->marks);
    free(reload);
}

void site_reload_second(struct site_run *site)
{
    if (site->reload.rest_s) site->reload.rest_s--;
    if (site->reload.rest_s || site->reload.looking || !atomic_exchange(&site->reload.changed, false)) return;
    struct reload *reload = calloc(1, sizeof *reload);
    if (reload) reload->site = site;
    site->reload.looking = reload && uv_queue_work(site->loop, &reload->work, look, looked) == 0;
    if (site->reload.looking) return;
    free(reload);
    site_reload_changed(site); /* in a second, then */
}
