#ifndef HENG_GATEWAY_LOCAL_H
#define HENG_GATEWAY_LOCAL_H
/* The local port of a gateway: a Unix socket for its owner and root, and a serial or USB console for who stands before
 * the box. Works without a server.
 *
 *   request  one line of words: status | code | read METER|all | scan LINE KIND | stop LINE | log | help
 *                               export list | export entries FROM_US UNTIL_US | import BYTES
 *   answer   lines of JSON, the last one {"end":true} or {"error":"why"}
 *   export   {"bytes":n} and a newline, then n raw bytes of a carry file (uplink/carry.h), again and again, then the
 * end import   so many raw bytes follow the request at once; all readings of the file are taken, or none of them
 *
 * The console speaks the same words, but for export and import, and answers with text. */
#include "gateway/lines.h"

struct heng_local;

/* What can be asked for beside core and lines; the pointers live as long as the port. */
struct heng_local_facts {
    const char *name, *server, *code; /* name: common name, or what it calls itself; code: "" when it is enrolled */
    bool enrolled;
    heng_us expires_us; /* of the certificate; 0: none */
    char firmware[48];
};

struct heng_local_config {
    uv_loop_t *loop;
    struct heng_core *core;
    struct heng_lines *lines;
    const struct heng_local_facts *facts;
    const char *directory;      /* of the journal: a file that is brought lies there while it is looked at */
    const char *path, *console; /* console NULL: there is none */
};

/* Errors: the socket cannot be made: EBUSY another program listens there, EEXISTS what lies there is no socket,
 * EDENIED, EIO; a console that is not there is waited for. */
HENG_NODISCARD heng_rc heng_local_open(const struct heng_local_config *config, struct heng_local **ret,
                                       struct heng_err *err);
/* The loop then runs until all handles are gone; then free. */
void heng_local_stop(struct heng_local *local);
void heng_local_free(struct heng_local *local); /* accepts NULL */

/* How a configuration that was offered has come out. What lines tell is listened to (heng_lines_listen). */
void heng_local_config_done(struct heng_local *local, uint64_t version, bool applied, const char *why);

/* The whole status, and the newest lines of the log, as they are told here and to the tier above: lines of JSON. */
void heng_local_status(const struct heng_local_config *config, struct heng_str *out);
void heng_local_log(struct heng_str *out);
void heng_local_keep_log(void); /* from now on */

/* One line of JSON of an answer as text for a person; first: the first of its kind, so its heads come before it. */
struct heng_local_words {
    char last[24]; /* kind of the line before */
};
void heng_local_say(struct heng_local_words *words, const char *json, size_t n, struct heng_str *out);

/* heng-gateway status, read ...: the other end. Returns the exit status. */
int heng_local_client(int argc, char **argv);

#endif
