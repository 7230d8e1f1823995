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

/* What does not go together. */
static heng_rc check_line(struct importing *im, const struct heng_archive_line *line, int64_t gateway_id,
                          struct heng_err *err)
{
    const struct heng_line_config *c = &line->config;
    bool taken = false, serial = c->transport == HENG_TRANSPORT_SERIAL;
    bool dials = c->transport == HENG_TRANSPORT_TCP || c->transport == HENG_TRANSPORT_UDP ||
                 c->transport == HENG_TRANSPORT_RFC2217;
    const char *colon = strrchr(c->endpoint, ':');
    if (dials && (!colon || colon == c->endpoint || !colon[1] || strspn(colon + 1, "0123456789") != strlen(colon + 1)))
        archive_row_fault(im, HENG_LINE_ENDPOINT, "host:port is needed, as 10.0.0.5:4001");
    if (serial && c->endpoint[0] != '/')
        archive_row_fault(im, HENG_LINE_ENDPOINT, "the path of a port, as /dev/ttyUSB0");
    if (c->rts != HENG_RTS_NONE && !serial) archive_row_fault(im, HENG_LINE_RTS, "it belongs to a serial port");
    if (c->infrared && !serial) archive_row_fault(im, HENG_LINE_INFRARED, "it belongs to a serial port");
    if (c->overload != HENG_SIGNAL_NONE && !serial && c->transport != HENG_TRANSPORT_RFC2217)
        archive_row_fault(im, HENG_LINE_OVERLOAD, "it belongs to a serial port or RFC 2217");
    if (c->heartbeat_s && c->transport != HENG_TRANSPORT_DTU)
        archive_row_fault(im, HENG_LINE_HEARTBEAT_S, "it belongs to a DTU");
    heng_rc rc = heng_archive_endpoint_taken(im->reader, heng_transport_text(c->transport), c->endpoint, line->key,
                                             gateway_id, &taken, err);
    if (rc == HENG_OK && taken) archive_row_fault(im, HENG_LINE_ENDPOINT, "another line has this endpoint");
    return rc;
}

static heng_rc put_line(struct importing *im, const struct heng_archive_line *line, int64_t gateway_id,
                        struct heng_err *err)
{
    int64_t id = 0;
    heng_rc rc = heng_store_put_line(im->store, line->key, gateway_id, &line->config, im->import->at_us, &id, err);
    return rc == HENG_OK ? heng_archive_set_line_org(im->store, id, line->org_id, err) : rc;
}

heng_rc archive_take_line(struct importing *im, struct heng_err *err)
{
    enum { BAUD = 2400, LATENCY_MS = 300, PERIOD_S = 3600 };
    const char *key = archive_text(im, HENG_LINE_KEY);
    int64_t org_id = 0, gateway_id = 0, known_id = 0;
    size_t n = 0;
    bool visible = true;
    struct heng_archive_line line = {.org_id = im->scope};
    if (!archive_key_once(im, HENG_ARCHIVE_LINES, HENG_LINE_KEY, key) || im->row.bad) return HENG_OK;
    heng_rc rc = heng_archive_list_lines(im->reader, im->scope, 0, key, &line, 1, &n, err);
    if (rc == HENG_OK && !n) {
        line = (struct heng_archive_line){.org_id = im->scope,
                                          .config = {.baud = BAUD,
                                                     .latency_ms = LATENCY_MS,
                                                     .period_s = PERIOD_S,
                                                     .parity = 'E',
                                                     .rts = HENG_RTS_NONE,
                                                     .overload = HENG_SIGNAL_NONE}};
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
    if (rc == HENG_OK && !im->row.bad) rc = check_line(im, &line, gateway_id, err);
    if (rc != HENG_OK || im->row.bad) return rc;
    return archive_decide(im, HENG_ARCHIVE_LINES, n == 0, key) ? put_line(im, &line, gateway_id, err) : HENG_OK;
}
