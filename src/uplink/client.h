#ifndef HENG_UPLINK_CLIENT_H
#define HENG_UPLINK_CLIENT_H
/* The lower end of an uplink: a gateway towards the tier above it. Sans-I/O: the owner says what happened and takes
 * actions out until there is none. Times `now` are monotonic.
 *
 *   owner                              client
 *   heng_client_connected, _closed  ->
 *   heng_client_feed (decrypted)    -> messages
 *   heng_client_journal             -> what is committed and may be delivered
 *   heng_client_put_batch           -> the answer to READ
 *   heng_client_poll                <- CONNECT, HANG_UP, SEND, READ, and what the tier above says; until NONE
 *   heng_client_deadline            <- when to poll again without news
 *
 * The owner polls until NONE after each piece of news. Of an action only the members of its kind are filled in.
 * Order is kept: batches go out in the order of their numbers, from where the tier above says. Behind an outage the
 * newest reads go ahead as live copies, at most one batch in four; the numbered ones bring them once more. */
#include "uplink/uplink.h"

struct heng_client;

/* servers: how many addresses there are, 1 or 2; the owner knows them. enrolled false: there is no certificate yet; the
 * client then asks for one with request and takes no other answer. seed: of the jitter. pause_max_s: the longest pause
 * between two attempts, 0: 120. */
struct heng_client_config {
    unsigned servers;
    bool enrolled;
    struct heng_enrol_ask enrol;
    uint64_t seed;
    uint32_t pause_max_s;
};

typedef enum heng_client_action_kind {
    HENG_CLIENT_NONE,
    HENG_CLIENT_CONNECT,   /* to address `server`; answered by connected or closed */
    HENG_CLIENT_HANG_UP,   /* text: why; answered by closed */
    HENG_CLIENT_SEND,      /* bytes */
    HENG_CLIENT_HELLO,     /* fill a Hello and give it to heng_client_hello */
    HENG_CLIENT_READ,      /* give numbers from `from` on, at most `bytes_max` of bodies: heng_client_put_batch */
    HENG_CLIENT_READ_LIVE, /* give the newest reads, none of a number <= from: heng_client_put_live */
    HENG_CLIENT_WELCOME,   /* welcome; the journal is asked from there on. Owner: if resume_check is not that of its
                              entry, heng_client_restart after a new epoch */
    HENG_CLIENT_ACKED,     /* the tier above has all up to `from` */
    HENG_CLIENT_CLOCK,     /* offset_us, error_us: what the clock above is ahead of ours, give or take */
    HENG_CLIENT_CONFIG,    /* bytes: a Config (uplink/config.h), version */
    HENG_CLIENT_ORDER,     /* order */
    HENG_CLIENT_CANCEL,    /* id, path */
    HENG_CLIENT_SEARCH,    /* search */
    HENG_CLIENT_ASK,       /* id, text: what, path */
    HENG_CLIENT_TUNNEL,    /* tunnel */
    HENG_CLIENT_ENROL,     /* enrol: while not enrolled, and in answer to asks passed on or a renewal */
    HENG_CLIENT_PING       /* fill a ping (queue, children): heng_client_ping */
} heng_client_action_kind;

struct heng_client_action {
    heng_client_action_kind kind;
    unsigned server;
    struct heng_slice bytes;
    uint64_t from, version;
    uint32_t bytes_max;
    heng_us offset_us, error_us;
    int64_t id;
    char text[160];
    struct heng_path path;
    struct heng_welcome welcome;
    struct heng_down_order order;
    struct heng_down_search search;
    struct heng_tunnel_message tunnel;
    struct heng_enrol_answer enrol;
};

/* Errors: ENOMEM. */
HENG_NODISCARD heng_rc heng_client_new(const struct heng_client_config *config, heng_us now, struct heng_client **ret,
                                       struct heng_err *err);
void heng_client_free(struct heng_client *client); /* accepts NULL */

void heng_client_connected(struct heng_client *client, heng_us now);
void heng_client_closed(struct heng_client *client, heng_us now, const char *why);
void heng_client_feed(struct heng_client *client, heng_us now, heng_us wall_us, struct heng_slice bytes);

/* How many bytes of SEND have not left yet: above a bound of its own the client waits with batches. */
void heng_client_unsent(struct heng_client *client, heng_us now, size_t bytes);

/* The journal: its epoch, its first and last committed number. Told at the start and after each commit. */
void heng_client_journal(struct heng_client *client, heng_us now, uint64_t epoch, uint64_t first, uint64_t last);

/* Answers to HELLO, READ, READ_LIVE and PING; the batch is packed at once, what does not fit is asked again. A batch
 * may be shorter than asked. Empty (last is first - 1) says: not now; READ comes again after a second, or with news of
 * the journal. Entries are sound: the other end refuses what their check does not fit. live may be empty; newest: the
 * newest number that was looked at. */
void heng_client_hello(struct heng_client *client, heng_us now, const struct heng_hello *hello);
void heng_client_put_batch(struct heng_client *client, heng_us now, const struct heng_batch *batch);
void heng_client_put_live(struct heng_client *client, heng_us now, const struct heng_batch_entry *entries, size_t count,
                          uint64_t newest);
void heng_client_ping(struct heng_client *client, heng_us now, const struct heng_ping *ping);

/* Something that a ping tells has changed, and somebody waits to see it: the next PING comes out of turn, a second
 * after the last one at the earliest. Said often it costs no more than that. */
void heng_client_news(struct heng_client *client);

/* Say it to the tier above; false: there is no connection, or too much waits already: not said. */
bool heng_client_outcome(struct heng_client *client, heng_us now, const struct heng_down_outcome *outcome);
bool heng_client_answer(struct heng_client *client, heng_us now, uint64_t id, bool last, struct heng_slice text);
bool heng_client_tunnel(struct heng_client *client, heng_us now, const struct heng_tunnel_message *message);
bool heng_client_pass_enrol(struct heng_client *client, heng_us now, const struct heng_enrol_ask *ask);
bool heng_client_renew(struct heng_client *client, heng_us now, struct heng_slice request);

/* Another request than that of the configuration, from the next connection on; before it is enrolled.
 * Errors: ELIMIT: longer than HENG_UPLINK_REQUEST_MAX, ENOMEM; the old one stays. */
HENG_NODISCARD heng_rc heng_client_request(struct heng_client *client, struct heng_slice request, struct heng_err *err);

/* Begin anew: hang up, and dial again soon. For a new epoch, a certificate that has come, other addresses. */
void heng_client_restart(struct heng_client *client, heng_us now, unsigned servers, bool enrolled, const char *why);

void heng_client_poll(struct heng_client *client, heng_us now, heng_us wall_us, struct heng_client_action *ret);
heng_us heng_client_deadline(const struct heng_client *client);

/* For status: what is known of the connection. text: "connected", or why not. */
struct heng_client_status {
    bool connected, welcomed;
    unsigned server;
    uint64_t acked;                       /* of the present epoch, as far as was told */
    heng_us last_contact_us, next_try_us; /* monotonic; 0: never, not set */
    char text[160];
};
void heng_client_status_now(const struct heng_client *client, struct heng_client_status *ret);

#endif
