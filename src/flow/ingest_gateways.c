#include "flow/ingest_gateways.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "store/read.h"

static heng_rc knows_gateway(struct heng_store *store, int64_t gateway_id, bool *ret, struct heng_err *err)
{
    struct heng_gateway gateway;
    heng_rc rc = heng_store_get_gateway(heng_store_as_reader(store), gateway_id, &gateway, err);
    *ret = rc == HENG_OK;
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

static void refuse(int64_t gateway_id, struct heng_ingested *ret)
{
    heng_log(HENG_LOG_WARN, "flow", "event=gateway_refused gateway=%lld reason='no such gateway'",
             (long long)gateway_id);
    ret->refused++;
    ret->refusal = "no such gateway";
}

heng_rc heng_ingest_gateway(struct heng_store *store, const struct heng_gateway_status *status,
                            struct heng_ingested *ret, struct heng_err *err)
{
    struct heng_gateway_status known = {0}, merged = *status;
    bool exists = false;
    heng_rc rc = knows_gateway(store, status->gateway_id, &exists, err);
    if (rc != HENG_OK) return rc;
    if (!exists) {
        refuse(status->gateway_id, ret);
        return HENG_OK;
    }
    rc = heng_store_get_gateway_status(heng_store_as_reader(store), status->gateway_id, &known, err);
    if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
    /* The reason came in an entry; it holds until the gateway works by what it should. */
    if (!merged.config_why[0] && merged.applied_version != known.config_version)
        memcpy(merged.config_why, known.config_why, sizeof merged.config_why);
    rc = heng_store_put_gateway_status(store, &merged, err);
    if (rc == HENG_OK && !heng_ingest_mark_gateway(status->gateway_id, ret, err)) rc = HENG_ENOMEM;
    return rc;
}

heng_rc heng_ingest_gateway_event(struct heng_store *store, const struct heng_gateway_event_row *event,
                                  struct heng_ingested *ret, struct heng_err *err)
{
    struct heng_gateway_event_row row = *event;
    bool exists = true;
    int64_t gateway_id = 0;
    heng_rc rc = event->gateway_id ? knows_gateway(store, event->gateway_id, &exists, err) : HENG_OK;
    if (rc != HENG_OK) return rc;
    if (!exists) {
        refuse(event->gateway_id, ret);
        return HENG_OK;
    }
    if (row.line_id) rc = heng_store_line_gateway(heng_store_as_reader(store), row.line_id, &gateway_id, err);
    if (rc == HENG_ENOTFOUND) row.line_id = 0;
    if (rc == HENG_OK || rc == HENG_ENOTFOUND) rc = heng_store_add_gateway_event(store, &row, err);
    if (rc == HENG_OK && row.gateway_id && !heng_ingest_mark_gateway(row.gateway_id, ret, err)) rc = HENG_ENOMEM;
    return rc;
}

heng_rc heng_ingest_notice(struct heng_store *store, const struct heng_gateway_event_row *event,
                           struct heng_ingested *ret, struct heng_err *err)
{
    enum { QUIET_S = 60 };
    bool noticed = false;
    heng_rc rc = heng_store_gateway_noticed(heng_store_as_reader(store), event->gateway_id, event->kind,
                                            event->at_us - QUIET_S * HENG_US_PER_S, event->at_us, &noticed, err);
    if (rc != HENG_OK || noticed) return rc;
    return heng_ingest_gateway_event(store, event, ret, err);
}

/* --- enrolment -------------------------------------------------------------------------------------------- */

static heng_rc say_no(struct heng_enrolment_fact *fact, heng_rc why_rc, const char *why)
{
    fact->rc = why_rc;
    snprintf(fact->why, sizeof fact->why, "%s", why);
    return HENG_OK;
}

static heng_rc ask(struct heng_store *store, struct heng_enrolment_fact *fact, struct heng_err *err)
{
    struct heng_enrolment known;
    bool room = true;
    heng_rc rc = heng_store_enrolment_by_hash(heng_store_as_reader(store), fact->enrolment.hash, &known, err);
    if (rc == HENG_ENOTFOUND) rc = heng_store_enrolment_room(store, fact->enrolment.last_us, &room, err);
    if (rc != HENG_OK) return rc;
    if (!room)
        return say_no(fact, HENG_ELIMIT, "too many gateways wait to be accepted: decide about some of them first");
    rc = heng_store_put_enrolment(store, &fact->enrolment, &known, err);
    if (rc == HENG_OK) fact->enrolment = known;
    return rc;
}

/* The gateway of this key, made if there is none. What cannot be is in the fact. */
static heng_rc find_or_make(struct heng_store *store, struct heng_enrolment_fact *fact, struct heng_err *err)
{
    struct heng_store_reader *reader = heng_store_as_reader(store);
    struct heng_gateway known;
    int64_t path[HENG_UPLINK_PATH_MAX], children[HENG_UPLINK_CHILDREN_MAX];
    size_t deep = 0, crowd = 0;
    if (!fact->gateway.key[0] || !fact->gateway.common_name[0])
        return say_no(fact, HENG_ECONFLICT, "it has no key or no certificate");
    heng_rc rc = heng_store_gateway_by_key(reader, fact->gateway.key, &known, err);
    if (rc == HENG_OK) fact->gateway.id = known.id;
    if (rc != HENG_ENOTFOUND) return rc;
    if (fact->gateway.parent_id) {
        rc = heng_gateway_path(reader, fact->gateway.parent_id, path, &deep, err);
        if (rc == HENG_ENOTFOUND) return say_no(fact, HENG_ECONFLICT, "there is no such gateway above it");
        if (rc == HENG_OK)
            rc = heng_store_list_children(reader, fact->gateway.parent_id, children, HENG_UPLINK_CHILDREN_MAX, &crowd,
                                          err);
        if (rc != HENG_OK) return rc;
        if (deep >= HENG_UPLINK_PATH_MAX) return say_no(fact, HENG_ECONFLICT, "too many gateways one below the other");
        if (crowd >= HENG_UPLINK_CHILDREN_MAX)
            return say_no(fact, HENG_ECONFLICT, "too many gateways are below that one");
    }
    return heng_store_put_gateway(store, &fact->gateway, &fact->gateway.id, err);
}

static heng_rc accept(struct heng_store *store, struct heng_enrolment_fact *fact, struct heng_ingested *ret,
                      struct heng_err *err)
{
    struct heng_gateway other;
    heng_rc rc = heng_store_gateway_by_certificate(heng_store_as_reader(store), fact->gateway.common_name,
                                                   fact->gateway.serial, &other, err);
    if (rc == HENG_OK || rc == HENG_EDENIED)
        return say_no(fact, HENG_ECONFLICT, "this certificate belongs to a gateway already");
    if (rc == HENG_ENOTFOUND) rc = find_or_make(store, fact, err);
    if (rc != HENG_OK || fact->rc != HENG_OK) return rc;
    rc = heng_store_enrol_gateway(store, fact->gateway.id, fact->gateway.common_name, fact->gateway.serial, fact->at_us,
                                  fact->gateway.expires_us, err);
    if (rc != HENG_OK) return rc;
    fact->enrolment.gateway_id = fact->gateway.id;
    struct heng_gateway_event_row event = {
        .gateway_id = fact->gateway.id, .at_us = fact->at_us, .kind = HENG_GATEWAY_ENROLLED};
    snprintf(event.detail, sizeof event.detail, "%s", fact->enrolment.name);
    return heng_ingest_gateway_event(store, &event, ret, err);
}

static heng_rc decide(struct heng_store *store, struct heng_enrolment_fact *fact, struct heng_ingested *ret,
                      struct heng_err *err)
{
    struct heng_enrolment known;
    heng_rc rc = heng_store_get_enrolment(heng_store_as_reader(store), fact->enrolment.id, &known, err);
    if (rc == HENG_ENOTFOUND) return say_no(fact, HENG_ENOTFOUND, "nobody like that waits");
    if (rc != HENG_OK) return rc;
    if (known.state != HENG_ENROLMENT_WAITING) return say_no(fact, HENG_ECONFLICT, "that is decided already");
    if (fact->enrolment.state != HENG_ENROLMENT_ACCEPTED && fact->enrolment.state != HENG_ENROLMENT_REFUSED)
        return say_no(fact, HENG_ECONFLICT, "that is no decision");
    if (fact->enrolment.state == HENG_ENROLMENT_ACCEPTED) rc = accept(store, fact, ret, err);
    if (rc == HENG_OK && fact->rc == HENG_OK) rc = heng_store_decide_enrolment(store, &fact->enrolment, err);
    if (rc != HENG_OK || fact->rc != HENG_OK) return rc;
    return heng_store_get_enrolment(heng_store_as_reader(store), known.id, &fact->enrolment, err);
}

heng_rc heng_ingest_enrolment(struct heng_store *store, struct heng_enrolment_fact *fact, struct heng_ingested *ret,
                              struct heng_err *err)
{
    fact->rc = HENG_OK;
    fact->why[0] = '\0';
    return fact->decide ? decide(store, fact, ret, err) : ask(store, fact, err);
}

heng_rc heng_ingest_revoke(struct heng_store *store, struct heng_revoke_fact *fact, struct heng_ingested *ret,
                           struct heng_err *err)
{
    bool exists = false;
    heng_rc rc = knows_gateway(store, fact->gateway_id, &exists, err);
    fact->rc = exists ? HENG_OK : HENG_ENOTFOUND;
    if (rc != HENG_OK || !exists) return rc;
    rc = heng_store_revoke_gateway(store, fact->gateway_id, fact->at_us, err);
    if (rc != HENG_OK) return rc;
    struct heng_gateway_event_row event = {
        .gateway_id = fact->gateway_id, .at_us = fact->at_us, .kind = HENG_GATEWAY_REVOKED};
    snprintf(event.detail, sizeof event.detail, "%s", fact->detail);
    return heng_ingest_gateway_event(store, &event, ret, err);
}
