#ifndef HENG_UPLINK_HOST_H
#define HENG_UPLINK_HOST_H
/* The upper end of an uplink, one for each connection: the centre, or a concentrator, towards a gateway below it.
 * Sans-I/O, as client.h. Memory is bounded whatever the peer says: one message of at most HENG_UPLINK_MESSAGE_MAX, of a
 * stranger HENG_UPLINK_STRANGER_MAX, batches up to the window that it was told, and a bounded queue down.
 *
 * HELLO -> the owner looks the gateway up and says heng_host_welcome or heng_host_refuse
 * BATCH -> the owner stores it and, when it is committed, says heng_host_stored; several may be under way. The batch
 *          goes on where the last one ended, all its checks fit, or the host refuses by itself
 * LIVE  -> stored if there is room, never acknowledged
 *
 * The owner polls until NONE after each feed. Of an action only the members of its kind are filled in. After HANG_UP
 * nothing comes any more. */
#include "uplink/uplink.h"

struct heng_host;

typedef enum heng_host_action_kind {
    HENG_HOST_NONE,
    HENG_HOST_SEND,    /* bytes */
    HENG_HOST_HANG_UP, /* after what was sent is out. refusal, text: why, for the log and the operator */
    HENG_HOST_HELLO,   /* hello */
    HENG_HOST_BATCH,   /* batch; bytes: the same, packed, for who passes it to another thread (heng_batch_unpack) */
    HENG_HOST_LIVE,    /* batch, bytes */
    HENG_HOST_OUTCOME, /* outcome */
    HENG_HOST_ANSWER,  /* id, last, bytes */
    HENG_HOST_ENROL,   /* enrol: of a stranger, or passed on; answered by heng_host_enrol_answer */
    HENG_HOST_RENEW,   /* bytes: a request; answered by heng_host_enrol_answer */
    HENG_HOST_TUNNEL,  /* tunnel */
    HENG_HOST_PING     /* ping: what it tells of itself; rtt is not in it */
} heng_host_action_kind;

struct heng_host_action {
    heng_host_action_kind kind;
    struct heng_slice bytes;
    heng_refusal refusal;
    char text[160];
    struct heng_hello hello;
    struct heng_batch batch;
    struct heng_down_outcome outcome;
    uint64_t id;
    bool last;
    struct heng_enrol_ask enrol;
    struct heng_tunnel_message tunnel;
    struct heng_ping ping;
};

/* stranger: it came without a certificate: enrolment is all it may ask. Errors: ENOMEM. */
HENG_NODISCARD heng_rc heng_host_new(bool stranger, heng_us now, struct heng_host **ret, struct heng_err *err);
void heng_host_free(struct heng_host *host); /* accepts NULL */

void heng_host_feed(struct heng_host *host, heng_us now, heng_us wall_us, struct heng_slice bytes);

/* welcome.clock_us and version are filled in by the host; window_bytes, batch_bytes, ping_s 0: the usual. */
void heng_host_welcome(struct heng_host *host, heng_us now, heng_us wall_us, const struct heng_welcome *welcome);
void heng_host_refuse(struct heng_host *host, heng_us now, heng_refusal refusal, uint32_t retry_s, const char *text);

/* How many bytes of SEND have not left yet: what is said counts together with them. */
void heng_host_unsent(struct heng_host *host, heng_us now, size_t bytes);

/* All batches up to the number `durable` of the epoch are committed. News of another epoch count for nothing, those
 * beyond what was taken on this connection as far as that. */
void heng_host_stored(struct heng_host *host, heng_us now, uint64_t epoch, uint64_t durable);

/* Say it to the gateway; false: too much waits already, it was not welcomed yet, or it cannot do that: not said. */
bool heng_host_config(struct heng_host *host, heng_us now, struct heng_slice packed);
bool heng_host_order(struct heng_host *host, heng_us now, const struct heng_down_order *order);
bool heng_host_cancel(struct heng_host *host, heng_us now, int64_t id, const struct heng_path *path);
bool heng_host_search(struct heng_host *host, heng_us now, const struct heng_down_search *search);
bool heng_host_ask(struct heng_host *host, heng_us now, uint64_t id, const char *what, const struct heng_path *path);
bool heng_host_tunnel(struct heng_host *host, heng_us now, const struct heng_tunnel_message *message);
bool heng_host_enrol_answer(struct heng_host *host, heng_us now, const struct heng_enrol_answer *answer);

void heng_host_poll(struct heng_host *host, heng_us now, heng_us wall_us, struct heng_host_action *ret);
heng_us heng_host_deadline(const struct heng_host *host);

/* clock_error_us: the gateway's clock minus ours, rtt_us: round trip; as the last Ping or Hello tells. */
struct heng_host_status {
    bool welcomed;
    heng_us connected_us, last_contact_us; /* monotonic */
    heng_us clock_error_us, rtt_us;
    uint64_t bytes_in, bytes_out, taken, stored; /* taken, stored: numbers of the epoch */
};
void heng_host_status_now(const struct heng_host *host, struct heng_host_status *ret);

/* A batch as HENG_HOST_BATCH or LIVE gave it in bytes; first 0: live. Everything that uplink.h says of it holds, but
 * for the checks of the entries. entries and gone are the caller's; bodies are borrowed from bytes. Errors: EFORMAT. */
struct heng_batch_room {
    struct heng_batch_entry entries[HENG_UPLINK_BATCH_ENTRIES_MAX];
    struct heng_entry_range gone[HENG_UPLINK_GONE_MAX];
};
HENG_NODISCARD heng_rc heng_batch_unpack(struct heng_slice bytes, struct heng_batch_room *room, struct heng_batch *ret,
                                         struct heng_err *err);

#endif
