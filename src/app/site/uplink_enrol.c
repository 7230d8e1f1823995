/* Who may become a gateway, who is one no more. A request is kept and shown to people; one of them compares the code
 * that the box shows, and only then is anything signed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/site/uplink_parts.h"
#include "base/log.h"

enum {
    ASKS_MAX = 60, /* of one address in ASKS_S: several boxes may stand behind one router */
    ASKS_S = 60,
    RETRY_S = 5, /* somebody stands before the box and waits */
    RETRY_LATE_S = 60,
    FRESH_S = 3600,
    CERTIFICATE_DAYS = 1825,
    RENEW_DAYS = 90, /* are left: boxes ask when 60 are */
    RENEW_PAUSE_S = 3600
};

static const char part[] = "uplink";

/* --- requests ------------------------------------------------------------------------------------------------------
 */

static bool may_ask(struct site_uplink *uplink, const char *address)
{
    heng_us now = heng_clock_mono();
    char host[64];
    uplink_host_of(address, host, sizeof host);
    struct asker *asker = NULL, *oldest = &uplink->askers[0];
    for (size_t i = 0; i < UPLINK_ASKERS_MAX && !asker; i++) {
        if (strcmp(uplink->askers[i].address, host) == 0) asker = &uplink->askers[i];
        if (uplink->askers[i].from_us < oldest->from_us) oldest = &uplink->askers[i];
    }
    if (!asker) {
        bool busy = oldest->from_us && now - oldest->from_us < ASKS_S * HENG_US_PER_S;
        if (busy) return false; /* that many addresses in one minute are no boxes being put up */
        *oldest = (struct asker){.from_us = now};
        memcpy(oldest->address, host, sizeof oldest->address);
        asker = oldest;
    }
    if (now - asker->from_us >= ASKS_S * HENG_US_PER_S) {
        asker->from_us = now;
        asker->asks = 0;
    }
    return asker->asks++ < ASKS_MAX;
}

static heng_rc describe(struct session *session, const struct heng_enrol_ask *ask, struct heng_enrolment *ret,
                        struct heng_err *err)
{
    struct heng_slice authority = heng_authority_certificate(session->uplink->authority);
    if (ask->request.n == 0 || ask->request.n > sizeof ret->request)
        return heng_fail(err, HENG_EFORMAT, 0, "a certificate request has at most %d bytes", HENG_REQUEST_MAX);
    *ret = (struct heng_enrolment){.state = HENG_ENROLMENT_WAITING, .request_n = ask->request.n};
    if (session->seat) ret->via_id = uplink_speaks_for(session, ask->via_id) ? ask->via_id : session->seat->id;
    ret->first_us = ret->last_us = heng_clock_wall();
    memcpy(ret->request, ask->request.p, ask->request.n);
    heng_sha256(ask->request, ret->hash);
    snprintf(ret->name, sizeof ret->name, "%s", ask->name);
    snprintf(ret->serial, sizeof ret->serial, "%s", ask->serial);
    snprintf(ret->software, sizeof ret->software, "%s", ask->software);
    snprintf(ret->address, sizeof ret->address, "%s", session->address);
    return heng_enrolment_code(ask->request, authority, ret->code, err);
}

static bool put_enrolment(struct told *told, const struct heng_enrolment_fact *enrolment)
{
    struct heng_enrolment_fact copy = *enrolment;
    struct heng_fact fact = {.kind = HENG_FACT_ENROLMENT, .enrolment = &copy};
    return heng_writer_put(told->uplink->site->writer, &fact, 0, told) == HENG_OK;
}

void uplink_enrol(struct session *session, const struct heng_enrol_ask *ask)
{
    static struct heng_enrolment_fact fact; /* 12 kB, and only the loop's thread comes here */
    struct site_uplink *uplink = session->uplink;
    struct heng_err why = {.text = ""};
    if (!may_ask(uplink, session->address)) {
        uplink_refuse(session, HENG_REFUSAL_ENROLMENT, ASKS_S, "too many requests come from this address");
        return;
    }
    memset(&fact, 0, sizeof fact);
    fact.at_us = heng_clock_wall();
    if (describe(session, ask, &fact.enrolment, &why) != HENG_OK) {
        uplink_refuse(session, HENG_REFUSAL_ENROLMENT, ASKS_S, why.text);
        return;
    }
    if (!session->seat) {
        memcpy(session->asked, fact.enrolment.hash, sizeof session->asked);
        session->asks = true;
    }
    struct told *told = uplink_told(uplink, TOLD_ENROLMENT);
    if (told) told->enrolment = calloc(1, sizeof *told->enrolment);
    if (told && told->enrolment) {
        told->session = session->number;
        if (put_enrolment(told, &fact)) return;
    }
    if (told) uplink_drop(told);
    uplink_refuse(session, HENG_REFUSAL_BUSY, RETRY_S, "too much is to be stored: try again soon");
}

/* --- answers -------------------------------------------------------------------------------------------------------
 */

static void answer_box(struct session *session, const struct heng_enrolment *enrolment)
{
    struct heng_enrol_answer answer = {.waiting = enrolment->state == HENG_ENROLMENT_WAITING,
                                       .authority = heng_authority_certificate(session->uplink->authority),
                                       .retry_s = RETRY_S};
    if (!answer.waiting || heng_clock_wall() - enrolment->first_us > FRESH_S * HENG_US_PER_S)
        answer.retry_s = RETRY_LATE_S;
    memcpy(answer.request_hash, enrolment->hash, sizeof answer.request_hash);
    if (enrolment->state == HENG_ENROLMENT_ACCEPTED)
        answer.certificate = heng_slice_of(enrolment->certificate, enrolment->certificate_n);
    if (enrolment->state == HENG_ENROLMENT_REFUSED)
        snprintf(answer.why, sizeof answer.why, "%s", enrolment->why[0] ? enrolment->why : "refused by the operator");
    (void)heng_host_enrol_answer(session->host, heng_clock_mono(), &answer); /* if not: it asks again */
    uplink_pump(session);
}

/* It is decided: the box hears it at once if it is there, itself or by the gateway it stands behind. */
static void answer_boxes(struct site_uplink *uplink, const struct heng_enrolment *enrolment)
{
    for (struct session *session = uplink->sessions, *next; session; session = next) {
        next = session->next;
        bool itself = session->asks && memcmp(session->asked, enrolment->hash, sizeof session->asked) == 0;
        if (itself) {
            answer_box(session, enrolment);
            return;
        }
    }
    struct seat *via = enrolment->via_id ? uplink_seat(uplink, enrolment->via_id) : NULL;
    for (unsigned deep = 0; via && !via->session && deep < HENG_UPLINK_PATH_MAX; deep++)
        via = via->parent_id ? uplink_seat(uplink, via->parent_id) : NULL;
    if (via && via->session) answer_box(via->session, enrolment);
}

/* --- decisions of people ---------------------------------------------------------------------------------------------
 */

static void refuse_wish(struct site_uplink *uplink, struct heng_wish_slot *slot, heng_rc rc, const char *why)
{
    uplink_answer(uplink, slot, NULL, rc, why);
}

static heng_rc new_common_name(struct heng_gateway *gateway, struct heng_err *err)
{
    uint8_t bytes[8];
    heng_rc rc = heng_random(bytes, sizeof bytes, err);
    if (rc != HENG_OK) return rc;
    size_t n = (size_t)snprintf(gateway->common_name, sizeof gateway->common_name, "gw-");
    for (size_t i = 0; i < sizeof bytes; i++)
        n += (size_t)snprintf(gateway->common_name + n, sizeof gateway->common_name - n, "%02x", bytes[i]);
    return HENG_OK;
}

/* Whom it stands below, as its certificate says it: the only gateway that it believes before its first configuration.
 */
static const char *below(const struct site_uplink *uplink, int64_t parent_id)
{
    const struct seat *parent = parent_id ? uplink_seat(uplink, parent_id) : NULL;
    return parent ? parent->common_name : "";
}

/* Which gateway does it become? One that was described, or had its certificates revoked, or a new one. */
static heng_rc choose_gateway(struct site_uplink *uplink, const struct heng_gateway_wish *wish,
                              const struct heng_enrolment *enrolment, struct heng_gateway *ret, struct heng_err *err)
{
    if (!wish->key[0]) return heng_fail(err, HENG_ECONFIG, 0, "a gateway needs a key");
    heng_rc rc = heng_store_gateway_by_key(uplink->reader, wish->key, ret, err);
    if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
    if (rc == HENG_OK && ret->state == HENG_GATEWAY_STATE_ENROLLED)
        return heng_fail(err, HENG_ECONFLICT, 0,
                         "gateway '%s' has a certificate: revoke it before another box takes its place", wish->key);
    if (rc == HENG_ENOTFOUND) {
        *ret = (struct heng_gateway){.parent_id = wish->parent_id ? wish->parent_id : enrolment->via_id};
        snprintf(ret->key, sizeof ret->key, "%s", wish->key);
        snprintf(ret->name, sizeof ret->name, "%s", wish->name[0] ? wish->name : wish->key);
    }
    /* A box in the place of another one keeps its name: those below it know it by that. */
    return ret->common_name[0] ? HENG_OK : new_common_name(ret, err);
}

static heng_rc accept_box(struct site_uplink *uplink, const struct heng_gateway_wish *wish,
                          struct heng_enrolment_fact *fact, struct heng_err *err)
{
    struct heng_enrolment *enrolment = &fact->enrolment;
    if (!uplink->authority)
        return heng_fail(err, HENG_EUNSUPPORTED, 0, "Heng was started without an uplink: see heng serve --help");
    if (!heng_code_eq(wish->code, enrolment->code))
        return heng_fail(err, HENG_EDENIED, 0, "this is not the code of the box: compare it with what the box shows");
    heng_rc rc = choose_gateway(uplink, wish, enrolment, &fact->gateway, err);
    if (rc != HENG_OK) return rc;
    rc = heng_authority_sign(uplink->authority, heng_slice_of(enrolment->request, enrolment->request_n),
                             fact->gateway.common_name, below(uplink, fact->gateway.parent_id), fact->at_us,
                             CERTIFICATE_DAYS, enrolment->certificate, &enrolment->certificate_n, &fact->gateway.serial,
                             err);
    fact->gateway.expires_us = fact->at_us + CERTIFICATE_DAYS * HENG_US_PER_DAY;
    enrolment->state = HENG_ENROLMENT_ACCEPTED;
    return rc;
}

static heng_rc decide(struct site_uplink *uplink, const struct heng_wish *wish, struct heng_enrolment_fact *fact,
                      struct heng_err *err)
{
    heng_rc rc = heng_store_get_enrolment(uplink->reader, wish->id, &fact->enrolment, err);
    if (rc == HENG_ENOTFOUND) return heng_fail(err, rc, 0, "there is no request %lld", (long long)wish->id);
    if (rc != HENG_OK) return rc;
    if (fact->enrolment.state != HENG_ENROLMENT_WAITING)
        return heng_fail(err, HENG_ECONFLICT, 0, "this request is %s already",
                         heng_enrolment_state_text(fact->enrolment.state));
    fact->decide = true;
    fact->at_us = heng_clock_wall();
    if (wish->kind == HENG_WISH_ENROL_ACCEPT) return accept_box(uplink, &wish->gateway, fact, err);
    fact->enrolment.state = HENG_ENROLMENT_REFUSED;
    snprintf(fact->enrolment.why, sizeof fact->enrolment.why, "%s", wish->gateway.why);
    return HENG_OK;
}

void uplink_take_enrolment(struct site_uplink *uplink, struct heng_wish_slot *slot)
{
    static struct heng_enrolment_fact fact;
    struct heng_err why = {.text = ""};
    memset(&fact, 0, sizeof fact);
    struct told *told = uplink_told(uplink, TOLD_ENROLMENT);
    if (told) told->enrolment = calloc(1, sizeof *told->enrolment);
    heng_rc rc = told && told->enrolment ? HENG_OK : heng_fail(&why, HENG_ENOMEM, 0, "out of memory");
    if (rc == HENG_OK) rc = decide(uplink, heng_wish_of(slot), &fact, &why);
    /* What is promised now is done: who asked stays until it is on the disk. */
    if (rc == HENG_OK && !heng_desk_hold(uplink->desk, slot)) rc = HENG_ECLOSED;
    if (rc == HENG_OK) {
        told->slot = slot;
        if (!put_enrolment(told, &fact)) rc = heng_fail(&why, HENG_EBUSY, 0, "the disk is slow: try again in a second");
    }
    if (rc == HENG_OK) return;
    if (told) uplink_drop(told);
    refuse_wish(uplink, slot, rc, why.text);
}

/* A gateway is one from now on: it has its seat, and who stands above it must let it in. */
static void seat_accepted(struct site_uplink *uplink, int64_t gateway_id)
{
    struct heng_gateway gateway;
    struct heng_err err = {.text = ""};
    struct seat *seat;
    if (heng_store_get_gateway(uplink->reader, gateway_id, &gateway, &err) == HENG_OK &&
        uplink_add_seat(uplink, &gateway, &seat, &err) == HENG_OK) {
        heng_log(HENG_LOG_INFO, part, "event=enrolled gateway='%s' common_name=%s", gateway.name, gateway.common_name);
        uplink_config_changed(uplink, gateway_id);
    } else {
        heng_log(HENG_LOG_ERROR, part, "event=no_seat gateway=%lld why='%s'", (long long)gateway_id, err.text);
    }
}

/* A box that is known by the number on it asks with another key: its disk was changed, or somebody else pretends to be
 * it. Without a number it is a new one to us. */
static void tell_new_key(struct site_uplink *uplink, const struct heng_enrolment *asks)
{
    int64_t gateway_id = 0;
    char detail[200];
    bool is_first = asks->state == HENG_ENROLMENT_WAITING && asks->first_us == asks->last_us;
    if (!is_first || !asks->serial[0] ||
        heng_store_enrolment_of_serial(uplink->reader, asks->serial, asks->hash, &gateway_id, NULL) != HENG_OK)
        return;
    snprintf(detail, sizeof detail, "new-key serial='%.40s' from=%.60s", asks->serial, asks->address);
    uplink_event_of(uplink, asks->serial, gateway_id, HENG_GATEWAY_NEW_KEY, detail);
}

void uplink_enrolled(struct site_uplink *uplink, struct told *told)
{
    const struct heng_enrolment *enrolment = told->enrolment;
    struct session *session = uplink_session(uplink, told->session);
    if (told->slot) {
        struct heng_receipt receipt = {.id = enrolment->gateway_id, .accepted = 1};
        uplink_answer(uplink, told->slot, &receipt, told->rc, told->why);
        if (told->rc != HENG_OK) return;
        if (enrolment->state == HENG_ENROLMENT_ACCEPTED) seat_accepted(uplink, enrolment->gateway_id);
        answer_boxes(uplink, enrolment);
    } else if (session && told->rc == HENG_OK) {
        tell_new_key(uplink, enrolment);
        bool ours = enrolment->state == HENG_ENROLMENT_ACCEPTED;
        if (!ours || !uplink_renew_below(session, enrolment)) answer_box(session, enrolment);
    } else if (session && !session->seat) {
        uplink_refuse(session, HENG_REFUSAL_ENROLMENT, ASKS_S, told->why);
        uplink_pump(session);
    }
}

/* --- revocation ------------------------------------------------------------------------------------------------------
 */

void uplink_take_revoke(struct site_uplink *uplink, struct heng_wish_slot *slot)
{
    const struct heng_wish *wish = heng_wish_of(slot);
    struct heng_revoke_fact revoke = {.gateway_id = wish->id, .at_us = heng_clock_wall()};
    snprintf(revoke.detail, sizeof revoke.detail, "%s: %s", wish->gateway.who, wish->gateway.why);
    struct told *told = uplink_told(uplink, TOLD_REVOKED);
    if (!told) {
        refuse_wish(uplink, slot, HENG_ENOMEM, "out of memory");
        return;
    }
    told->gateway_id = wish->id;
    told->slot = slot;
    if (heng_desk_hold(uplink->desk, slot) &&
        heng_writer_put(uplink->site->writer, &(struct heng_fact){.kind = HENG_FACT_REVOKE, .revoke = &revoke}, 0,
                        told) == HENG_OK)
        return;
    uplink_drop(told);
    refuse_wish(uplink, slot, HENG_EBUSY, "the disk is slow: try again in a second");
}

void uplink_revoked(struct site_uplink *uplink, struct told *told)
{
    struct seat *seat = uplink_seat(uplink, told->gateway_id);
    struct heng_receipt receipt = {.id = told->gateway_id, .accepted = 1};
    if (told->rc == HENG_OK && seat) {
        heng_log(HENG_LOG_WARN, part, "event=revoked gateway='%s'", seat->name);
        if (seat->session) {
            struct session *session = seat->session;
            uplink_refuse(session, HENG_REFUSAL_REVOKED, 0, "its certificate was revoked");
            uplink_pump(session);
        }
        uplink_config_changed(uplink, told->gateway_id);
    }
    uplink_answer(uplink, told->slot, &receipt, told->rc, told->why);
}

/* --- renewal ---------------------------------------------------------------------------------------------------------
 */

/* Of one below another gateway: an answer that was lost on the way is given once more. */
static heng_rc keep_enrolment(struct told *told, struct heng_store *store, const char *common_name,
                              struct heng_err *err)
{
    struct heng_gateway whose;
    heng_rc rc =
        heng_store_gateway_by_certificate(heng_store_as_reader(store), common_name, told->serial_before, &whose, err);
    if (rc != HENG_OK || whose.id != told->gateway_id)
        return heng_fail(err, HENG_EDENIED, 0, "the certificate that it was let in with is revoked");
    memcpy(told->enrolment->certificate, told->bytes, told->n);
    told->enrolment->certificate_n = told->n;
    return heng_store_decide_enrolment(store, told->enrolment, err);
}

static heng_rc keep_renewed(struct heng_writer_work *work, struct heng_store *store, struct heng_err *err)
{
    struct told *told = (struct told *)work;
    struct heng_gateway gateway;
    heng_rc rc = heng_store_get_gateway(heng_store_as_reader(store), told->gateway_id, &gateway, err);
    if (rc == HENG_OK && gateway.state != HENG_GATEWAY_STATE_ENROLLED)
        rc = heng_fail(err, HENG_EDENIED, 0, "its certificate was revoked");
    if (rc == HENG_OK && told->enrolment) rc = keep_enrolment(told, store, gateway.common_name, err);
    if (rc != HENG_OK) return rc;
    return heng_store_enrol_gateway(store, gateway.id, gateway.common_name, told->serial, heng_clock_wall(),
                                    told->expires_us, err);
}

static void renewed(struct heng_writer_work *work, heng_rc rc, const char *why)
{
    struct told *told = (struct told *)work;
    told->rc = rc;
    snprintf(told->why, sizeof told->why, "%s", why);
    uplink_come_back(told);
}

/* The same name, signed anew; the certificate of before stays good until it ends. */
void uplink_renew(struct session *session, struct heng_slice request)
{
    struct site_uplink *uplink = session->uplink;
    struct seat *seat = session->seat;
    struct heng_err err = {.text = ""};
    heng_us now = heng_clock_mono(), now_us = heng_clock_wall();
    if (!seat || !session->welcomed) return;
    if (seat->renewed_us && now - seat->renewed_us < RENEW_PAUSE_S * HENG_US_PER_S) return; /* it asks again */
    struct told *told = uplink_told(uplink, TOLD_RENEWED);
    if (told) told->bytes = malloc(HENG_PKI_DER_MAX);
    if (!told || !told->bytes) {
        if (told) uplink_drop(told);
        return;
    }
    seat->renewed_us = now;
    told->gateway_id = seat->id;
    told->session = session->number;
    told->expires_us = now_us + CERTIFICATE_DAYS * HENG_US_PER_DAY;
    if (heng_authority_sign(uplink->authority, request, session->common_name, below(uplink, seat->parent_id), now_us,
                            CERTIFICATE_DAYS, told->bytes, &told->n, &told->serial, &err) != HENG_OK) {
        uplink_drop(told);
        uplink_event_of(uplink, session->common_name, seat->id, HENG_GATEWAY_PROTOCOL, err.text);
        return;
    }
    heng_sha256(request, told->hash);
    told->work = (struct heng_writer_work){.run = keep_renewed, .done = renewed};
    heng_writer_ask(uplink->site->writer, &told->work);
}

bool uplink_renew_below(struct session *session, const struct heng_enrolment *asks)
{
    struct site_uplink *uplink = session->uplink;
    struct heng_gateway gateway;
    struct heng_err err = {.text = ""};
    heng_us now = heng_clock_mono(), now_us = heng_clock_wall();
    struct seat *seat = uplink_seat(uplink, asks->gateway_id);
    if (!seat || !session->seat || seat == session->seat || !uplink_speaks_for(session, seat->id)) return false;
    if (heng_store_get_gateway(uplink->reader, seat->id, &gateway, &err) != HENG_OK ||
        gateway.state != HENG_GATEWAY_STATE_ENROLLED || gateway.expires_us - now_us > RENEW_DAYS * HENG_US_PER_DAY)
        return false;
    if (seat->renewed_us && now - seat->renewed_us < RENEW_PAUSE_S * HENG_US_PER_S) return true; /* it asks again */
    struct told *told = uplink_told(uplink, TOLD_RENEWED);
    if (!told) return true;
    told->bytes = malloc(HENG_PKI_DER_MAX);
    told->enrolment = malloc(sizeof *told->enrolment);
    heng_rc rc = told->bytes && told->enrolment ? HENG_OK : heng_fail(&err, HENG_ENOMEM, 0, "out of memory");
    if (rc == HENG_OK)
        rc = heng_authority_renew(uplink->authority, heng_slice_of(asks->certificate, asks->certificate_n),
                                  heng_slice_of(asks->request, asks->request_n), below(uplink, seat->parent_id), now_us,
                                  CERTIFICATE_DAYS, told->bytes, &told->n, &told->serial, &told->serial_before, &err);
    if (rc != HENG_OK) {
        uplink_drop(told);
        uplink_event_of(uplink, seat->common_name, seat->id, HENG_GATEWAY_PROTOCOL, err.text);
        return true;
    }
    *told->enrolment = *asks;
    seat->renewed_us = now;
    told->gateway_id = seat->id;
    told->session = session->number;
    told->expires_us = now_us + CERTIFICATE_DAYS * HENG_US_PER_DAY;
    memcpy(told->hash, asks->hash, sizeof told->hash);
    told->work = (struct heng_writer_work){.run = keep_renewed, .done = renewed};
    heng_writer_ask(uplink->site->writer, &told->work);
    return true;
}

void uplink_renewed(struct site_uplink *uplink, struct told *told)
{
    struct session *session = uplink_session(uplink, told->session);
    struct seat *seat = uplink_seat(uplink, told->gateway_id);
    if (told->rc != HENG_OK) {
        if (seat) seat->renewed_us = 0;
        heng_log(HENG_LOG_ERROR, part, "event=not_renewed gateway=%lld why='%s'", (long long)told->gateway_id,
                 told->why);
        return;
    }
    if (seat) heng_log(HENG_LOG_INFO, part, "event=renewed gateway='%s'", seat->name);
    if (!session) return; /* it asks again, and gets another one */
    struct heng_enrol_answer answer = {.certificate = heng_slice_of(told->bytes, told->n),
                                       .authority = heng_authority_certificate(uplink->authority)};
    memcpy(answer.request_hash, told->hash, sizeof answer.request_hash);
    (void)heng_host_enrol_answer(session->host, heng_clock_mono(), &answer);
    uplink_pump(session);
}
