#ifndef HENG_GATEWAY_BOX_INSIDE_H
#define HENG_GATEWAY_BOX_INSIDE_H
/* What the box is made of: box.c (life, actions of the core), box_up.c (the uplink: dialling, enrolment, renewal),
 * box_below.c (gateways that dial in). */
#include "gateway/box.h"
#include "gateway/core.h"
#include "gateway/lines.h"
#include "gateway/local.h"
#include "gateway/notify.h"
#include "link/tls.h"

struct box;

struct box_child {
    struct box *box;
    int number;
    struct heng_tls *tls; /* NULL: free */
};

struct box {
    const struct gateway_options *options;
    uv_loop_t loop;
    uv_prepare_t prepare; /* before the loop waits: the core has its say */
    uv_timer_t deadline, second, watchdog;
    uv_signal_t interrupt, terminate;
    bool loop_runs, stopping, failed;
    struct heng_core *core;
    struct heng_lines *lines;
    struct heng_dtu_listener *dtu;
    struct heng_local *local;
    struct heng_local_config local_config;
    struct heng_local_facts facts;
    struct heng_notify notify;
    uint64_t seconds;
    /* up */
    struct heng_identity *identity; /* NULL: damaged: why_no_identity; lines are read all the same */
    char why_no_identity[160];
    struct heng_tls *up;
    uint8_t request[HENG_PKI_DER_MAX];
    size_t request_n;
    char code[HENG_PKI_CODE_MAX], refused_why[160];
    const char *dialled;      /* the server that was dialled last */
    bool up_opened;           /* the connection of now is one that is trusted */
    char distrusted_why[120]; /* as it was told last, at distrusted_us; so many since */
    heng_us distrusted_us;
    unsigned distrusted;
    heng_us ends_us; /* when it was told last that the certificate ends */
    /* below */
    struct heng_tls_listener *listener;
    struct box_child children[HENG_UPLINK_CHILDREN_MAX];
};

/* --- box_up.c --- */
HENG_NODISCARD heng_rc box_identity_open(struct box *box, struct heng_err *err);
void box_up_dial(struct box *box, unsigned server);
void box_up_hang_up(struct box *box, const char *why);
void box_up_send(struct box *box, struct heng_slice bytes);
void box_up_enrolled(struct box *box, const struct heng_enrol_answer *answer);
void box_up_renew(struct box *box); /* ask for another certificate when this one ends soon */
void box_facts(struct box *box);    /* as the identity is now */

/* --- box_below.c --- */
HENG_NODISCARD heng_rc box_below_listen(struct box *box, struct heng_err *err);
void box_below_send(struct box *box, int child, struct heng_slice bytes);
void box_below_hang_up(struct box *box, int child);
void box_below_stop(struct box *box);

#endif
