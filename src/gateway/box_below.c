/* Gateways below that dial in: connections by number, for the core. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "gateway/box_inside.h"

enum { STRANGERS_MAX = 16 };

static void on_opened(void *owner, struct heng_tls *tls, const struct heng_tls_peer *peer)
{
    (void)owner;
    (void)tls;
    (void)peer;
}

static void on_bytes(void *owner, struct heng_tls *tls, struct heng_slice bytes)
{
    struct box_child *child = owner;
    (void)tls;
    heng_core_child_bytes(child->box->core, heng_clock_mono(), heng_clock_wall(), child->number, bytes);
}

static void on_unsent(void *owner, struct heng_tls *tls, size_t bytes)
{
    struct box_child *child = owner;
    (void)tls;
    heng_core_child_unsent(child->box->core, heng_clock_mono(), child->number, bytes);
}

static void on_closed(void *owner, struct heng_tls *tls, const char *why)
{
    struct box_child *child = owner;
    (void)tls;
    child->tls = NULL;
    heng_core_child_closed(child->box->core, heng_clock_mono(), child->number, why);
}

static struct heng_tls_events accepted(void *owner, struct heng_tls *tls, const struct heng_tls_peer *peer)
{
    struct box *box = owner;
    for (int i = 0; i < HENG_UPLINK_CHILDREN_MAX; i++) {
        struct box_child *child = &box->children[i];
        if (child->tls) continue;
        *child = (struct box_child){box, i, tls};
        heng_core_child_connected(box->core, heng_clock_mono(), i, peer->stranger ? "" : peer->common_name,
                                  peer->serial);
        return (struct heng_tls_events){child, on_opened, on_bytes, on_unsent, on_closed};
    }
    return (struct heng_tls_events){0};
}

static void refused(void *owner, const char *address, const char *why)
{
    (void)owner;
    heng_log(HENG_LOG_WARN, "gateway", "event=refused from=%s why='%s'", address, why);
}

heng_rc box_below_listen(struct box *box, struct heng_err *err)
{
    char host[128], port[8];
    if (!box->options->listen || !box->facts.enrolled) return HENG_OK;
    heng_rc rc = heng_endpoint_split(box->options->listen, host, sizeof host, port, sizeof port, err);
    if (rc != HENG_OK) return rc;
    struct heng_pki_files files = heng_identity_files(box->identity);
    struct heng_tls_listen_config config = {.host = host,
                                            .port = (uint16_t)strtoul(port, NULL, 10),
                                            .connections_max = HENG_UPLINK_CHILDREN_MAX,
                                            .strangers_max = STRANGERS_MAX,
                                            .key_file = files.key,
                                            .certificate_file = files.certificate,
                                            .authority_file = files.authority};
    rc = heng_tls_listen(&box->loop, &config, (struct heng_tls_listener_events){box, accepted, refused}, &box->listener,
                         err);
    if (rc == HENG_OK)
        heng_log(HENG_LOG_INFO, "gateway", "event=listening port=%u", (unsigned)heng_tls_port(box->listener));
    return rc;
}

void box_below_hang_up(struct box *box, int number)
{
    struct box_child *child = &box->children[number];
    if (child->tls) heng_tls_close(child->tls, true);
    child->tls = NULL;
    heng_core_child_closed(box->core, heng_clock_mono(), number, "we have ended it");
}

void box_below_send(struct box *box, int number, struct heng_slice bytes)
{
    struct box_child *child = &box->children[number];
    if (!child->tls) return;
    if (heng_tls_send(child->tls, bytes) != HENG_OK)
        box_below_hang_up(box, number);
    else
        heng_core_child_unsent(box->core, heng_clock_mono(), number, heng_tls_unsent(child->tls));
}

void box_below_stop(struct box *box)
{
    for (int i = 0; i < HENG_UPLINK_CHILDREN_MAX; i++)
        if (box->children[i].tls) box_below_hang_up(box, i);
    if (box->listener) heng_tls_listener_close(box->listener);
    box->listener = NULL;
}
