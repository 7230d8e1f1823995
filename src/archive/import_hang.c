/* Rows about organisations, gateways and lines. */
#include <inttypes.h>
#include <stdio.h>

#include "archive/inside.h"
#include "store/gateways.h"
#include "store/read.h"
#include "store/write.h"

heng_rc archive_take_org(struct importing *im, struct heng_err *err)
{
    struct heng_org org = {.id = 0};
    const char *key = archive_text(im, HENG_ORG_KEY);
    if (im->scope) {
        archive_row_fault(im, ARCHIVE_NO_COLUMN, "only the operator of the system makes organisations");
        return HENG_OK;
    }
    if (!archive_key_once(im, HENG_ARCHIVE_ORGS, HENG_ORG_KEY, key) || im->row.bad) return HENG_OK;
    heng_rc rc = heng_archive_find_org(im->reader, 0, key, &org, err);
    if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
    archive_over_text(im, HENG_ORG_KEY, org.key, sizeof org.key);
    archive_over_text(im, HENG_ORG_NAME, org.name, sizeof org.name);
    return archive_decide(im, HENG_ARCHIVE_ORGS, rc == HENG_ENOTFOUND, key) ? heng_archive_put_org(im->store, &org, err)
                                                                            : HENG_OK;
}

/* --- gateways -------------------------------------------------------------------------------------------------------
 */

/* Another one that the row names; what is not this organisation's is not there. */
static heng_rc gateway_id_of(struct importing *im, int column, const char *key, int64_t *ret, struct heng_err *err)
{
    struct heng_archive_gateway known;
    size_t n = 0;
    *ret = 0;
    if (!key[0]) return HENG_OK;
    heng_rc rc = heng_archive_list_gateways(im->reader, im->scope, 0, key, &known, 1, &n, err);
    if (rc == HENG_OK && n) *ret = known.id;
    if (rc != HENG_OK || n) return rc;
    if (archive_key_seen(im, HENG_ARCHIVE_GATEWAYS, key))
        im->row.bad = true;
    else
        archive_row_fault(im, column, "there is no such gateway: give it in the sheet of gateways, above this row");
    return HENG_OK;
}

/* A key that is somebody else's is taken; that is all that is said of it. */
static heng_rc is_taken(struct importing *im, const char *key, bool *ret, struct heng_err *err)
{
    struct heng_archive_gateway known;
    size_t n = 0;
    heng_rc rc = im->scope ? heng_archive_list_gateways(im->reader, 0, 0, key, &known, 1, &n, err) : HENG_OK;
    *ret = n != 0;
    return rc;
}

static heng_rc put_gateway(struct importing *im, const struct heng_archive_gateway *from, struct heng_err *err)
{
    struct heng_gateway gateway = {.journal_bytes = from->journal_bytes, .journal_days = (uint32_t)from->journal_days};
    int64_t id = 0;
    snprintf(gateway.key, sizeof gateway.key, "%s", from->key);
    snprintf(gateway.name, sizeof gateway.name, "%s", from->name);
    heng_rc rc = gateway_id_of(im, HENG_GATEWAY_PARENT, from->parent, &gateway.parent_id, err);
    if (rc != HENG_OK || im->row.bad) return rc;
    rc = heng_store_put_gateway(im->store, &gateway, &id, err);
    im->gateways_changed = true;
    return rc == HENG_OK ? heng_archive_set_gateway_org(im->store, id, from->org_id, err) : rc;
}

heng_rc archive_take_gateway(struct importing *im, struct heng_err *err)
{
    struct heng_archive_gateway gateway = {.org_id = im->scope};
    const char *key = archive_text(im, HENG_GATEWAY_KEY);
    size_t n = 0;
    bool taken = false;
    int64_t org_id = 0, parent_id = 0;
    if (!archive_key_once(im, HENG_ARCHIVE_GATEWAYS, HENG_GATEWAY_KEY, key) || im->row.bad) return HENG_OK;
    heng_rc rc = heng_archive_list_gateways(im->reader, im->scope, 0, key, &gateway, 1, &n, err);
    if (rc == HENG_OK && !n) rc = is_taken(im, key, &taken, err);
    if (rc == HENG_OK && taken) archive_row_fault(im, HENG_GATEWAY_KEY, "this key is taken: give another one");
    if (rc == HENG_OK && strcmp(key, archive_text(im, HENG_GATEWAY_PARENT)) == 0)
        archive_row_fault(im, HENG_GATEWAY_PARENT, "a gateway cannot stand below itself");
    if (rc == HENG_OK) rc = archive_org_of(im, HENG_GATEWAY_ORG, &org_id, err);
    if (rc == HENG_OK)
        rc = gateway_id_of(im, HENG_GATEWAY_PARENT, archive_text(im, HENG_GATEWAY_PARENT), &parent_id, err);
    if (rc != HENG_OK || im->row.bad) return rc;
    archive_over_text(im, HENG_GATEWAY_KEY, gateway.key, sizeof gateway.key);
    archive_over_text(im, HENG_GATEWAY_NAME, gateway.name, sizeof gateway.name);
    archive_over_text(im, HENG_GATEWAY_PARENT, gateway.parent, sizeof gateway.parent);
    archive_over_int(im, HENG_GATEWAY_ORG, &gateway.org_id, org_id);
    archive_over_int(im, HENG_GATEWAY_JOURNAL_MB, &gateway.journal_bytes,
                     im->row.cells[HENG_GATEWAY_JOURNAL_MB].whole * (1 << 20));
    archive_over_int(im, HENG_GATEWAY_JOURNAL_DAYS, &gateway.journal_days,
                     im->row.cells[HENG_GATEWAY_JOURNAL_DAYS].whole);
    return archive_decide(im, HENG_ARCHIVE_GATEWAYS, n == 0, key) ? put_gateway(im, &gateway, err) : HENG_OK;
}

/* --- lines ----------------------------------------------------------------------------------------------------------
 */

static void over_u32(struct importing *im, int column, uint32_t *to)
{
    int64_t value = *to;
    archive_over_int(im, column, &value, im->row.cells[column].whole);
    *to = (uint32_t)value;
}

static void over_u8(struct importing *im, int column, uint8_t *to)
{
    int64_t value = *to;
    archive_over_int(im, column, &value, im->row.cells[column].whole);
    *to = (uint8_t)value;
}

static void over_flag(struct importing *im, int column, bool *to)
{
    int64_t value = *to;
    archive_over_int(im, column, &value, strcmp(archive_text(im, column), "yes") == 0);
    *to = value != 0;
}

static void over_line(struct importing *im, struct heng_archive_line *line)
{
    struct heng_line_config *c = &line->config;
    int64_t transport = c->transport, parity = c->parity, rts = c->rts, overload = c->overload;
    archive_over_text(im, HENG_LINE_KEY, line->key, sizeof line->key);
    archive_over_text(im, HENG_LINE_NAME, c->name, sizeof c->name);
    archive_over_text(im, HENG_LINE_GATEWAY, line->gateway, sizeof line->gateway);
    archive_over_int(im, HENG_LINE_TRANSPORT, &transport, heng_transport_of(archive_text(im, HENG_LINE_TRANSPORT)));
    archive_over_text(im, HENG_LINE_ENDPOINT, c->endpoint, sizeof c->endpoint);
    over_u32(im, HENG_LINE_BAUD, &c->baud);
    archive_over_int(im, HENG_LINE_PARITY, &parity, archive_text(im, HENG_LINE_PARITY)[0]);
    over_u32(im, HENG_LINE_LATENCY, &c->latency_ms);
    over_u32(im, HENG_LINE_PERIOD, &c->period_s);
    archive_over_text(im, HENG_LINE_HEARTBEAT, c->heartbeat, sizeof c->heartbeat);
    over_u32(im, HENG_LINE_HEARTBEAT_S, &c->heartbeat_s);
    archive_over_int(im, HENG_LINE_RTS, &rts, heng_rts_of(archive_text(im, HENG_LINE_RTS)));
    archive_over_int(im, HENG_LINE_OVERLOAD, &overload, heng_signal_of(archive_text(im, HENG_LINE_OVERLOAD)));
    over_flag(im, HENG_LINE_INFRARED, &c->infrared);
    over_u8(im, HENG_LINE_WAKE_BYTE, &c->wake_byte);
    over_u32(im, HENG_LINE_WAKE_MS, &c->wake_ms);
    over_u32(im, HENG_LINE_WAKE_REST_MS, &c->wake_rest_ms);
    over_u32(im, HENG_LINE_WAKE_AFTER_S, &c->wake_after_s);
    over_u8(im, HENG_LINE_QUARANTINE, &c->quarantine_after);
    over_flag(im, HENG_LINE_SINGLE, &c->single_reads);
    c->transport = (heng_transport_kind)transport;
    c->parity = (char)parity;
    c->rts = (heng_rts)rts;
    c->overload = (heng_signal)overload;
}

/* Where a fault of a line belongs to. */
struct line_columns {
    int endpoint, rts, infrared, overload, heartbeat;
};

/* What does not go together. */
static heng_rc check_line(struct importing *im, const struct heng_archive_line *line, int64_t gateway_id,
                          const struct line_columns *at, struct heng_err *err)
{
    bool taken = false;
    const char *why = NULL;
    switch (heng_line_check(&line->config, &why)) {
    case HENG_FLAW_NONE: break;
    case HENG_FLAW_ENDPOINT: archive_row_fault(im, at->endpoint, "%s", why); break;
    case HENG_FLAW_RTS: archive_row_fault(im, at->rts, "%s", why); break;
    case HENG_FLAW_INFRARED: archive_row_fault(im, at->infrared, "%s", why); break;
    case HENG_FLAW_OVERLOAD: archive_row_fault(im, at->overload, "%s", why); break;
    case HENG_FLAW_HEARTBEAT: archive_row_fault(im, at->heartbeat, "%s", why); break;
    }
    heng_rc rc = heng_archive_endpoint_taken(im->reader, heng_transport_text(line->config.transport),
                                             line->config.endpoint, line->key, gateway_id, &taken, err);
    if (rc == HENG_OK && taken) archive_row_fault(im, at->endpoint, "another line has this endpoint");
    return rc;
}

static heng_rc put_line(struct importing *im, const struct heng_archive_line *line, int64_t gateway_id,
                        struct heng_err *err)
{
    int64_t id = 0;
    heng_rc rc = heng_store_put_line(im->store, line->key, gateway_id, &line->config, im->import->at_us, &id, err);
    return rc == HENG_OK ? heng_archive_set_line_org(im->store, id, line->org_id, err) : rc;
}

/* A line for whose meters nothing else has been said. */
static const struct heng_line_config usual = {.baud = 2400,
                                              .latency_ms = 300,
                                              .period_s = 3600,
                                              .parity = 'E',
                                              .rts = HENG_RTS_NONE,
                                              .overload = HENG_SIGNAL_NONE};

heng_rc archive_take_line(struct importing *im, struct heng_err *err)
{
    const char *key = archive_text(im, HENG_LINE_KEY);
    int64_t org_id = 0, gateway_id = 0, known_id = 0;
    size_t n = 0;
    bool visible = true;
    struct heng_archive_line line = {.org_id = im->scope};
    if (!archive_key_once(im, HENG_ARCHIVE_LINES, HENG_LINE_KEY, key) || im->row.bad) return HENG_OK;
    heng_rc rc = heng_archive_list_lines(im->reader, im->scope, 0, key, &line, 1, &n, err);
    if (rc == HENG_OK && !n) {
        line = (struct heng_archive_line){.org_id = im->scope, .config = usual};
        rc = heng_store_find_line(im->reader, key, &known_id, err);
        visible = rc == HENG_ENOTFOUND;
        if (rc == HENG_ENOTFOUND) rc = HENG_OK;
    }
    if (!visible) archive_row_fault(im, HENG_LINE_KEY, "this key is taken: give another one");
    if (rc == HENG_OK) rc = archive_org_of(im, HENG_LINE_ORG, &org_id, err);
    if (rc != HENG_OK || im->row.bad) return rc;
    over_line(im, &line);
    archive_over_int(im, HENG_LINE_ORG, &line.org_id, org_id);
    rc = gateway_id_of(im, HENG_LINE_GATEWAY, line.gateway, &gateway_id, err);
    static const struct line_columns at = {HENG_LINE_ENDPOINT, HENG_LINE_RTS, HENG_LINE_INFRARED, HENG_LINE_OVERLOAD,
                                           HENG_LINE_HEARTBEAT_S};
    if (rc == HENG_OK && !im->row.bad) rc = check_line(im, &line, gateway_id, &at, err);
    if (rc != HENG_OK || im->row.bad) return rc;
    return archive_decide(im, HENG_ARCHIVE_LINES, n == 0, key) ? put_line(im, &line, gateway_id, err) : HENG_OK;
}

/* --- lines that rows of meters name
 * ----------------------------------------------------------------------------------- */

/* One that is not there is made when the row says where it is. */
static heng_rc make_line(struct importing *im, const char *name, int64_t *ret, struct heng_err *err)
{
    static const struct line_columns at = {HENG_METER_ENDPOINT, HENG_METER_LINE, HENG_METER_LINE, HENG_METER_LINE,
                                           HENG_METER_LINE};
    struct heng_archive_line line = {.org_id = im->scope, .config = usual};
    struct heng_line_config *c = &line.config;
    heng_rc rc = archive_org_of(im, HENG_METER_ORG, &line.org_id, err);
    if (im->scope) line.org_id = im->scope;
    if (strlen(name) >= sizeof line.key)
        archive_row_fault(im, HENG_METER_LINE, "too long for the key of a line: at most %zu bytes",
                          sizeof line.key - 1);
    c->transport = HENG_TRANSPORT_TCP;
    if (archive_given(im, HENG_METER_TRANSPORT))
        c->transport = heng_transport_of(archive_text(im, HENG_METER_TRANSPORT));
    if (archive_given(im, HENG_METER_BAUD)) c->baud = (uint32_t)im->row.cells[HENG_METER_BAUD].whole;
    snprintf(line.key, sizeof line.key, "%.63s", name);
    snprintf(c->name, sizeof c->name, "%.95s", name);
    snprintf(c->endpoint, sizeof c->endpoint, "%.127s", archive_text(im, HENG_METER_ENDPOINT));
    if (rc == HENG_OK && !im->row.bad) rc = check_line(im, &line, 0, &at, err);
    if (rc != HENG_OK || im->row.bad) return rc;
    rc = heng_store_put_line(im->store, line.key, 0, c, im->import->at_us, ret, err);
    if (rc == HENG_OK) rc = heng_archive_set_line_org(im->store, *ret, line.org_id, err);
    im->report->counts[HENG_ARCHIVE_LINES][HENG_ARCHIVE_NEW]++;
    return rc;
}

/* A line that is there stays as it is: the row may only say what is so. */
static heng_rc compare_line(struct importing *im, int64_t id, struct heng_err *err)
{
    struct heng_archive_line line;
    size_t n = 0;
    if (!archive_given(im, HENG_METER_ENDPOINT)) return HENG_OK;
    heng_rc rc = heng_archive_list_lines(im->reader, im->scope, id - 1, "", &line, 1, &n, err);
    if (rc == HENG_OK && n && strcmp(line.config.endpoint, archive_text(im, HENG_METER_ENDPOINT)) != 0)
        archive_row_fault(im, HENG_METER_ENDPOINT, "this line is at '%.80s': change it in the sheet of lines",
                          line.config.endpoint);
    return rc;
}

heng_rc archive_line_of_meter(struct importing *im, int64_t *ret, struct heng_err *err)
{
    bool visible = true;
    const char *name = archive_text(im, HENG_METER_LINE);
    if (!archive_given(im, HENG_METER_LINE)) return HENG_OK;
    heng_rc rc = heng_archive_find_line(im->reader, im->scope, name, ret, &visible, err);
    if (rc == HENG_ECONFLICT) {
        archive_row_fault(im, HENG_METER_LINE, "%s", err->text);
        return HENG_OK;
    }
    if (rc == HENG_OK && visible) return compare_line(im, *ret, err);
    if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
    if (archive_key_seen(im, HENG_ARCHIVE_LINES, name))
        im->row.bad = true;
    else if (rc == HENG_ENOTFOUND && archive_given(im, HENG_METER_ENDPOINT))
        return make_line(im, name, ret, err);
    else
        archive_row_fault(im, HENG_METER_LINE,
                          "there is no such line: give it in the sheet of lines, or say in the row where it is");
    return HENG_OK;
}
