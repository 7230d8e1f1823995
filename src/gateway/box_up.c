/* The uplink: dialling, the code until somebody accepts it, the certificate and its renewal. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "gateway/box_inside.h"

enum { RENEW_DAYS = 60, WARN_DAYS = 30, DISTRUST_S = 3600 };

void box_facts(struct box *box)
{
    const char *name = box->identity ? heng_identity_name(box->identity) : "";
    unsigned count = box->options->server_count;
    box->facts.name = name[0] ? name : box->options->name;
    box->facts.server = count ? box->options->servers[0] : "";
    box->facts.enrolled = box->identity && heng_identity_is_enrolled(box->identity);
    box->facts.expires_us = box->identity ? heng_identity_expires_us(box->identity) : 0;
    if (box->facts.enrolled) box->code[0] = '\0';
    box->facts.code = box->code;
}

/* A damaged key or certificate costs the uplink, not the readings: they wait in the journal for somebody to mend it. */
static heng_rc go_on_without(struct box *box, const struct heng_err *why)
{
    bool says_how = strstr(why->text, "restore it") != NULL;
    snprintf(box->why_no_identity, sizeof box->why_no_identity, "%.110s%s", why->text,
             says_how ? "" : ": restore it, or remove it to enrol again");
    heng_log(HENG_LOG_ERROR, "gateway", "event=no_identity why='%s'", box->why_no_identity);
    fprintf(stderr, "heng-gateway run: %s; until then it reads its lines and keeps everything\n", box->why_no_identity);
    box_facts(box);
    return HENG_OK;
}

heng_rc box_identity_open(struct box *box, struct heng_err *err)
{
    heng_rc rc = heng_identity_open(box->options->directory, &box->identity, err);
    if (rc == HENG_EFORMAT) return go_on_without(box, err);
    if (rc == HENG_OK)
        rc = heng_identity_request(box->identity, box->request, sizeof box->request, &box->request_n, err);
    if (rc == HENG_OK) box_facts(box);
    return rc;
}

/* --- the connection --------------------------------------------------------------------------------------------- */

/* Nobody learns our key before he has shown his authority, and no second one learns the same key. */
static heng_rc meet(struct box *box, struct heng_slice authority, struct heng_err *err)
{
    bool anew = false;
    heng_rc rc = heng_identity_meet(box->identity, authority, &anew, err);
    if (anew) {
        heng_log(HENG_LOG_WARN, "gateway", "event=new_key why='another authority was shown than before'");
        heng_lines_event(box->lines, HENG_GATEWAY_NEW_KEY, 0, 0, "another-authority");
        heng_rc request = heng_identity_request(box->identity, box->request, sizeof box->request, &box->request_n, err);
        if (request == HENG_OK)
            request = heng_core_request(box->core, heng_slice_of(box->request, box->request_n), err);
        if (rc == HENG_OK) rc = request;
    }
    return rc;
}

/* Whoever is to accept this box compares the code on both sides: it covers our key and their authority, so nobody can
 * stand in between. */
static heng_rc show_code(struct box *box, struct heng_err *err)
{
    char code[HENG_PKI_CODE_MAX];
    struct heng_slice authority = heng_tls_authority(box->up);
    heng_rc rc = meet(box, authority, err);
    if (rc == HENG_OK) rc = heng_enrolment_code(heng_slice_of(box->request, box->request_n), authority, code, err);
    if (rc != HENG_OK || strcmp(code, box->code) == 0) return rc;
    memcpy(box->code, code, sizeof code);
    printf("enrolment code: %s\ncompare it with the one that the console shows, then accept it there\n", code);
    fflush(stdout);
    heng_log(HENG_LOG_INFO, "gateway", "event=enrolment_code code=%s", code);
    return HENG_OK;
}

/* Who has a certificate of our authority may be a gateway as we are, stolen perhaps: above us stand the centre and
 * whom it has put there. */
static heng_rc trust(struct box *box, const struct heng_tls_peer *peer, struct heng_err *err)
{
    if (peer->centre ||
        heng_core_trusts_above(box->core, peer->common_name, peer->serial, heng_identity_below(box->identity)))
        return HENG_OK;
    return heng_fail(err, HENG_EDENIED, 0, "gateway '%s' answers, which does not stand above this one",
                     peer->common_name);
}

/* The operator hears of it when somebody is trusted again: at once for another reason, else once an hour. */
static void distrusted(struct box *box, const char *who, const char *why)
{
    heng_us now = heng_clock_mono();
    box->distrusted++;
    heng_log(HENG_LOG_ERROR, "gateway", "event=not_trusted to=%s why='%s'", who, why);
    bool other = strncmp(box->distrusted_why, why, sizeof box->distrusted_why - 1) != 0;
    if (!other && now - box->distrusted_us < DISTRUST_S * HENG_US_PER_S) return;
    snprintf(box->distrusted_why, sizeof box->distrusted_why, "%s", why);
    heng_lines_event(box->lines, HENG_GATEWAY_NOT_TRUSTED, box->distrusted, 0, "not-trusted who='%.50s' why='%.100s'",
                     who, why);
    box->distrusted_us = now;
    box->distrusted = 0;
}

static void on_opened(void *owner, struct heng_tls *tls, const struct heng_tls_peer *peer)
{
    struct box *box = owner;
    struct heng_err err = {.text = ""};
    heng_log(HENG_LOG_INFO, "gateway", "event=connected to=%s", peer->address);
    heng_rc rc = heng_identity_is_enrolled(box->identity) ? trust(box, peer, &err) : show_code(box, &err);
    box->up_opened = rc == HENG_OK;
    if (rc == HENG_OK) {
        heng_core_up_connected(box->core, heng_clock_mono());
        return;
    }
    distrusted(box, peer->address, err.text);
    heng_tls_close(tls, true);
    box->up = NULL;
    heng_core_up_closed(box->core, heng_clock_mono(), err.text);
}

static void on_bytes(void *owner, struct heng_tls *tls, struct heng_slice bytes)
{
    struct box *box = owner;
    (void)tls;
    heng_core_up_bytes(box->core, heng_clock_mono(), heng_clock_wall(), bytes);
}

static void on_unsent(void *owner, struct heng_tls *tls, size_t bytes)
{
    struct box *box = owner;
    (void)tls;
    heng_core_up_unsent(box->core, heng_clock_mono(), bytes);
}

static void on_closed(void *owner, struct heng_tls *tls, const char *why)
{
    struct box *box = owner;
    (void)tls;
    box->up = NULL;
    bool certificate = !box->up_opened && strstr(why, "certificate") != NULL; /* link/tls_context.c has the words */
    if (certificate) distrusted(box, box->dialled, why);
    heng_core_up_closed(box->core, heng_clock_mono(), why);
}

void box_up_dial(struct box *box, unsigned server)
{
    struct heng_err err = {.text = "no server is configured"};
    struct heng_tls_events events = {box, on_opened, on_bytes, on_unsent, on_closed};
    struct heng_pki_files files = {0};
    heng_rc rc = HENG_ECONFIG;
    if (!box->identity) {
        heng_core_up_closed(box->core, heng_clock_mono(), box->why_no_identity);
        return;
    }
    if (heng_identity_is_enrolled(box->identity)) files = heng_identity_files(box->identity);
    box->up_opened = false;
    box->dialled = server < box->options->server_count ? box->options->servers[server] : "";
    if (server < box->options->server_count)
        rc = heng_tls_dial(&box->loop, box->options->servers[server], files.key, files.certificate, files.authority,
                           events, &box->up, &err);
    if (rc == HENG_OK) return;
    box->up = NULL;
    heng_core_up_closed(box->core, heng_clock_mono(), err.text);
}

void box_up_hang_up(struct box *box, const char *why)
{
    if (box->up) heng_tls_close(box->up, true);
    box->up = NULL;
    heng_core_up_closed(box->core, heng_clock_mono(), why);
}

void box_up_send(struct box *box, struct heng_slice bytes)
{
    if (!box->up) return;
    if (heng_tls_send(box->up, bytes) != HENG_OK)
        box_up_hang_up(box, "the tier above takes nothing");
    else
        heng_core_up_unsent(box->core, heng_clock_mono(), heng_tls_unsent(box->up));
}

/* --- certificates ----------------------------------------------------------------------------------------------- */

/* It goes on asking, for people change their minds; who stands before it hears the reason once. */
static void say_refused(struct box *box, const char *why)
{
    if (strcmp(box->refused_why, why) == 0) return;
    snprintf(box->refused_why, sizeof box->refused_why, "%s", why);
    heng_log(HENG_LOG_WARN, "gateway", "event=enrolment_refused why='%s'", why);
    printf("refused by the centre: %s\n", why);
    fflush(stdout);
}

void box_up_enrolled(struct box *box, const struct heng_enrol_answer *answer)
{
    struct heng_err err = {.text = ""};
    if (!answer->certificate.n) {
        say_refused(box, answer->why);
        return;
    }
    bool was = heng_identity_is_enrolled(box->identity);
    if (heng_identity_accept(box->identity, answer->certificate, answer->authority, &err) != HENG_OK) {
        heng_log(HENG_LOG_ERROR, "gateway", "event=certificate_refused why='%s'", err.text);
        return;
    }
    box_facts(box);
    heng_log(HENG_LOG_INFO, "gateway", "event=%s name='%s'", was ? "certificate_renewed" : "enrolled", box->facts.name);
    if (!was) {
        printf("enrolled as %s\n", box->facts.name);
        fflush(stdout);
    }
    unsigned servers = box->options->server_count ? box->options->server_count : 1;
    heng_core_restart(box->core, heng_clock_mono(), servers, true);
    /* Those below see the new certificate, or come to see us at all. */
    box_below_stop(box);
    if (box_below_listen(box, &err) != HENG_OK)
        heng_log(HENG_LOG_ERROR, "gateway", "event=no_listener why='%s'", err.text);
}

/* People hear of it in good time, once a day: it has asked for weeks by then, and nothing has come. */
static void warn(struct box *box, int64_t days)
{
    heng_us now = heng_clock_mono();
    if (days > WARN_DAYS || (box->ends_us && now - box->ends_us < HENG_US_PER_DAY)) return;
    box->ends_us = now;
    heng_lines_event(box->lines, HENG_GATEWAY_CERTIFICATE_ENDS, days, 0, "%s", "");
}

void box_up_renew(struct box *box)
{
    bool doubtful;
    heng_us wall = heng_core_wall(box->core, heng_clock_mono(), heng_clock_wall(), &doubtful);
    int64_t days = (box->facts.expires_us - wall) / HENG_US_PER_DAY;
    if (!box->facts.enrolled || doubtful || days >= RENEW_DAYS) return;
    warn(box, days);
    heng_core_renew(box->core, heng_clock_mono(), heng_slice_of(box->request, box->request_n));
}
