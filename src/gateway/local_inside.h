#ifndef HENG_GATEWAY_LOCAL_INSIDE_H
#define HENG_GATEWAY_LOCAL_INSIDE_H
/* What the local port is made of: local.c (who has connected, what is asked), local_tell.c (answers as JSON),
 * local_carry.c (carry files out and in), local_say.c (the same as text), client.c (the other end). */
#include "base/json.h"
#include "gateway/local.h"
#include "uplink/carry.h"

enum {
    LOCAL_CONNECTIONS_MAX = 8,
    LOCAL_WORDS_MAX = 6,
    LOCAL_LINE_MAX = 512,
    LOCAL_READS_MAX = 4096,
    LOCAL_UNSENT_MAX = 1024 * 1024,
    LOCAL_IMPORT_MAX = 64 * 1024 * 1024
};

typedef enum local_task {
    LOCAL_IDLE,
    LOCAL_READ,   /* reads are under way */
    LOCAL_SCAN,   /* a search of ours runs */
    LOCAL_EXPORT, /* entries go out as the other end takes them */
    LOCAL_IMPORT, /* bytes of a file come in */
    LOCAL_CONFIG  /* a configuration that was brought is being applied */
} local_task;

struct local_export {
    struct heng_carry_writer writer;
    uint64_t seq; /* of the next entry */
    heng_us from_us, until_us;
    bool ended;
};

/* A file that comes in lies beside the journal, without a name, until all of it has been looked at: what is wrong with
 * it is known before anything of it is taken. */
struct local_import {
    struct heng_carry_reader reader;
    struct heng_carry_header header;
    int fd;
    bool open, told; /* told: its last entry, the event, was given to the core */
    size_t left;     /* bytes that are still to come */
    uint64_t entries, bytes, readings, refused, config_version;
    uint8_t *config;
    size_t config_n;
    char why[160];    /* of the first that was refused */
    heng_rc rc;       /* nothing of it is taken: the rest is swallowed */
    char broken[200]; /* why */
};

/* Somebody who has connected; number 0 is the console. human: answers are text. */
struct local_conn {
    struct heng_local *local;
    union {
        uv_handle_t handle;
        uv_stream_t stream;
        uv_pipe_t pipe;
        uv_tty_t tty;
    };
    bool used, human, closing;
    char line[LOCAL_LINE_MAX];
    size_t line_n, unsent;
    bool too_long;
    local_task task;
    struct heng_local_words words;
    int64_t *jobs; /* of its reads: not ended yet */
    size_t job_count, refused;
    char why[160];
    int64_t line_id; /* of its search */
    struct local_export export;
    struct local_import import;
};

struct heng_local {
    struct heng_local_config config;
    uv_pipe_t listener;
    uv_timer_t console_timer;
    bool stopped;
    struct local_conn conns[LOCAL_CONNECTIONS_MAX];
};

/* --- local.c --- */
void local_send(struct local_conn *conn, const char *bytes, size_t n); /* as they are */
void local_put(struct local_conn *conn, struct heng_str *line);        /* a line of JSON, or what it says; empties it */
void local_end(struct local_conn *conn);                               /* the request is answered */
void local_fail(struct local_conn *conn, const char *fmt, ...) HENG_PRINTF(2, 3);

/* --- local_tell.c --- */
void local_tell_reading(struct heng_str *out, const struct heng_line_view *line, const struct heng_meter_config *meter,
                        const struct heng_read *read);
void local_tell_found(struct heng_str *out, const struct heng_search_found *found);
void local_tell_progress(struct heng_str *out, const struct heng_search_progress *progress, bool running);

/* --- local_carry.c --- */
void local_export_list(struct local_conn *conn);
void local_export_entries(struct local_conn *conn, heng_us from_us, heng_us until_us);
void local_export_more(struct local_conn *conn); /* the other end has taken what it was given */
void local_import_begin(struct local_conn *conn, size_t bytes);
size_t local_import_take(struct local_conn *conn, struct heng_slice bytes); /* how many it has used */
void local_import_tell(struct local_conn *conn);
void local_import_clear(struct local_import *import);

#endif
