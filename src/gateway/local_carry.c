/* Carry files out of and into the gateway. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "gateway/local_inside.h"

/* So much goes out before the other end has to take it: the loop does other things in between. */
enum { CHUNK_BYTES = 128 * 1024, ENTRIES_PER_STEP = 256, MESSAGE_MAX = 1024 };

/* --- out -------------------------------------------------------------------------------------------------------- */

static void send_bytes(struct local_conn *conn, const struct heng_buf *buf)
{
    char head[40];
    int n = snprintf(head, sizeof head, "{\"bytes\":%zu}\n", buf->n);
    if (!buf->n || n < 0) return;
    local_send(conn, head, (size_t)n);
    local_send(conn, (const char *)buf->p, buf->n);
}

static struct heng_carry_header header_of(struct local_conn *conn)
{
    static struct heng_core_status status;
    struct heng_core *core = conn->local->config.core;
    heng_us now = heng_clock_mono();
    bool doubtful;
    heng_core_status_now(core, now, &status);
    struct heng_carry_header header = {.made_us = heng_core_wall(core, now, heng_clock_wall(), &doubtful),
                                       .config_version = status.config_version};
    snprintf(header.name, sizeof header.name, "%s", conn->local->config.facts->name);
    return header;
}

/* The configuration as it is in force: lines, meters, profiles, schedules. A handheld reads by it. */
void local_export_list(struct local_conn *conn)
{
    struct heng_spool *spool = heng_core_journal(conn->local->config.core);
    struct heng_carry_writer writer;
    struct heng_slice config;
    struct heng_err err = {.text = ""};
    if (!spool || heng_spool_recall(spool, "config", &config, &err) != HENG_OK) {
        local_fail(conn, "there is no configuration yet");
        return;
    }
    struct heng_carry_header header = header_of(conn);
    uint8_t *room = malloc(config.n + HENG_CARRY_ENTRY_MAX);
    struct heng_buf buf = heng_buf_of(room, room ? config.n + HENG_CARRY_ENTRY_MAX : 0);
    heng_rc rc = room ? heng_carry_begin(&writer, &header, &buf) : HENG_ENOMEM;
    if (rc == HENG_OK) rc = heng_carry_put_config(&writer, config, &buf);
    if (rc == HENG_OK) rc = heng_carry_end(&writer, &buf);
    for (size_t at = 0; rc == HENG_OK && at < buf.n; at += CHUNK_BYTES) {
        struct heng_buf part = heng_buf_of(room + at, buf.n - at < CHUNK_BYTES ? buf.n - at : CHUNK_BYTES);
        part.n = part.cap;
        send_bytes(conn, &part);
    }
    free(room);
    if (rc == HENG_OK)
        local_end(conn);
    else
        local_fail(conn, "out of memory");
}

/* One piece of the journal, from its next number on: others have written and walked in between. */
static heng_rc export_step(struct local_conn *conn, struct heng_buf *buf, struct heng_err *err)
{
    struct local_export *export = &conn->export;
    struct heng_spool *spool = heng_core_journal(conn->local->config.core);
    if (!spool) return heng_fail(err, HENG_EIO, 0, "the disk has failed");
    heng_spool_seek(spool, export->seq);
    for (unsigned i = 0; i < ENTRIES_PER_STEP && buf->cap - buf->n >= HENG_CARRY_ENTRY_MAX; i++) {
        struct heng_spool_item item;
        heng_rc rc = heng_spool_next(spool, &item, err);
        if (rc == HENG_ENOTFOUND) export->ended = true;
        if (rc == HENG_ENOTFOUND) return heng_carry_end(&export->writer, buf);
        if (rc != HENG_OK) return rc;
        export->seq = item.seq + 1;
        if (!item.sound || item.entry.at_us < export->from_us || item.entry.at_us >= export->until_us) continue;
        rc = heng_carry_put_entry(&export->writer, &item.entry, buf);
        if (rc != HENG_OK) return heng_fail(err, rc, 0, "an entry is too long");
    }
    return HENG_OK;
}

void local_export_more(struct local_conn *conn)
{
    static uint8_t room[CHUNK_BYTES]; /* copied when it is sent; one loop, one thread */
    struct heng_buf buf = heng_buf_of(room, sizeof room);
    struct heng_err err = {.text = ""};
    if (conn->export.ended) {
        local_end(conn);
        return;
    }
    /* A piece in which nothing is of the wanted days sends nothing, and then nobody would come back here. */
    while (buf.n == 0 && !conn->export.ended) {
        if (export_step(conn, &buf, &err) == HENG_OK) continue;
        local_fail(conn, "%s", err.text);
        return;
    }
    send_bytes(conn, &buf);
}

void local_export_entries(struct local_conn *conn, heng_us from_us, heng_us until_us)
{
    uint8_t room[512];
    struct heng_buf buf = heng_buf_of(room, sizeof room);
    struct heng_carry_header header = header_of(conn);
    conn->export = (struct local_export){.seq = 1, .from_us = from_us, .until_us = until_us};
    if (heng_carry_begin(&conn->export.writer, &header, &buf) != HENG_OK) {
        local_fail(conn, "the name of this gateway is too long");
        return;
    }
    conn->task = LOCAL_EXPORT;
    send_bytes(conn, &buf); /* local_export_more when it is out */
}

/* --- in --------------------------------------------------------------------------------------------------------- */

void local_import_clear(struct local_import *import)
{
    heng_carry_reader_fini(&import->reader);
    free(import->config);
    if (import->open) close(import->fd);
    *import = (struct local_import){0};
}

/* A file that has no name is gone with us, however we go. */
static int nameless(const char *directory)
{
    char path[1024];
    int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0) return fd;
    if (snprintf(path, sizeof path, "%s/import-XXXXXX", directory) >= (int)sizeof path) return -1;
    fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0) (void)unlink(path);
    return fd;
}

static heng_rc open_import(struct local_conn *conn, struct heng_err *err)
{
    const struct heng_local *local = conn->local;
    for (size_t i = 0; i < LOCAL_CONNECTIONS_MAX; i++)
        if (local->conns[i].import.open)
            return heng_fail(err, HENG_EBUSY, 0, "another file is being imported just now");
    conn->import.fd = nameless(local->config.directory);
    conn->import.open = conn->import.fd >= 0;
    return conn->import.open ? HENG_OK
                             : heng_fail(err, HENG_EIO, 0, "cannot keep it to look at it: %s", strerror(errno));
}

static void spoil(struct local_import *import, heng_rc rc, const struct heng_err *why)
{
    import->rc = rc;
    snprintf(import->broken, sizeof import->broken, "%s", why->text);
}

void local_import_begin(struct local_conn *conn, size_t bytes)
{
    struct heng_err err = {.text = ""};
    local_import_clear(&conn->import);
    conn->import.left = bytes;
    conn->task = LOCAL_IMPORT;
    if (bytes == 0) {
        local_fail(conn, "the file is empty");
        return;
    }
    heng_rc rc = open_import(conn, &err);
    if (rc != HENG_OK) spoil(&conn->import, rc, &err);
}

void local_import_tell(struct local_conn *conn)
{
    const struct local_import *import = &conn->import;
    struct heng_str line = {.max = MESSAGE_MAX};
    struct heng_json j = heng_json_of(&line);
    heng_json_object(&j);
    heng_json_key(&j, "imported");
    heng_json_object(&j);
    heng_json_key(&j, "from");
    heng_json_text(&j, import->header.name);
    heng_json_key(&j, "config_version");
    if (import->config)
        heng_json_int(&j, (int64_t)import->config_version);
    else
        heng_json_null(&j);
    heng_json_key(&j, "readings");
    heng_json_int(&j, (int64_t)import->readings);
    heng_json_key(&j, "refused");
    heng_json_int(&j, (int64_t)import->refused);
    heng_json_key(&j, "why");
    heng_json_text(&j, import->why[0] ? import->why : NULL);
    heng_json_end_object(&j);
    heng_json_end_object(&j);
    local_put(conn, &line);
    local_end(conn);
}

/* --- first look: is it whole, and can all of it be what it says? ------------------------------------------------- */

static heng_rc keep_config(struct local_import *import, struct heng_slice bytes, struct heng_err *err)
{
    if (import->config) return heng_fail(err, HENG_EFORMAT, 0, "two configurations in one file");
    import->config = malloc(bytes.n + 1);
    if (!import->config) return heng_fail(err, HENG_ENOMEM, 0, "no memory for the configuration");
    memcpy(import->config, bytes.p, bytes.n);
    import->config_n = bytes.n;
    return HENG_OK;
}

/* The list that a handheld read by. A list of another site may give our numbers to other meters: what is ours must be
 * called the same there. */
static heng_rc check_route(struct local_conn *conn, struct heng_slice bytes, struct heng_err *err)
{
    struct heng_gateway_config config;
    struct heng_line_view line;
    void *memory = NULL;
    heng_rc rc = heng_config_unpack(bytes, &config, &memory, err);
    if (rc != HENG_OK) return rc;
    for (size_t i = 0; rc == HENG_OK && i < heng_lines_count(conn->local->config.lines); i++) {
        heng_lines_view(conn->local->config.lines, i, &line);
        for (size_t j = 0; rc == HENG_OK && j < line.meter_count; j++) {
            rc = heng_carry_same_meter(&config, line.meters[j].device_id, line.meters[j].number, err);
            if (rc == HENG_ENOTFOUND) rc = HENG_OK; /* not on that list */
        }
    }
    heng_config_free(memory);
    return rc;
}

/* Only what was read by hand: entries of a gateway have their number from it, and go to the centre. body: until the
 * next call. */
static heng_rc open_entry(const struct heng_entry *entry, struct heng_body *ret, struct heng_err *err)
{
    static struct heng_read scratch;
    if (entry->check != heng_entry_check(entry)) return heng_fail(err, HENG_ECHECKSUM, 0, "its check does not fit");
    heng_rc rc = heng_body_unpack(entry->body, entry, &scratch, ret, err);
    if (rc == HENG_OK && (ret->kind != HENG_ENTRY_READ || !ret->read.by_hand))
        rc = heng_fail(err, HENG_EUNSUPPORTED, 0, "not read by hand: entries of a gateway are imported at the centre");
    return rc;
}

static heng_rc check_entry(struct local_import *import, const struct heng_entry *entry, struct heng_err *err)
{
    struct heng_body body;
    struct heng_err why = {.text = ""};
    import->entries++;
    import->bytes += sizeof *entry + entry->body.n;
    heng_rc rc = open_entry(entry, &body, &why);
    if (rc == HENG_OK) return HENG_OK;
    return heng_fail(err, rc, 0, "reading %llu of it: %.110s", (unsigned long long)import->entries, why.text);
}

static heng_rc check_item(struct local_conn *conn, const struct heng_carry_item *item, struct heng_err *err)
{
    struct local_import *import = &conn->import;
    switch (item->kind) {
    case HENG_CARRY_HEADER: import->header = item->header; return HENG_OK;
    case HENG_CARRY_CONFIG: return keep_config(import, item->bytes, err);
    case HENG_CARRY_ROUTE: return check_route(conn, item->bytes, err);
    case HENG_CARRY_ENTRY: return check_entry(import, &item->entry, err);
    }
    return HENG_EBUG;
}

/* MORE: it goes on; OK: it has ended as it should. */
static heng_rc check_bytes(struct local_conn *conn, struct heng_slice bytes, struct heng_err *err)
{
    struct heng_carry_reader *reader = &conn->import.reader;
    struct heng_carry_item item;
    heng_rc rc = heng_carry_feed(reader, bytes, err);
    while (rc == HENG_OK) {
        rc = heng_carry_next(reader, &item, err);
        if (rc == HENG_OK) rc = check_item(conn, &item, err);
    }
    return rc == HENG_ENOTFOUND ? HENG_MORE : rc; /* behind the end there must be nothing: the close says so */
}

static heng_rc keep_bytes(int fd, struct heng_slice bytes, struct heng_err *err)
{
    while (bytes.n) {
        ssize_t n = write(fd, bytes.p, bytes.n);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return heng_fail(err, HENG_EIO, 0, "cannot keep it to look at it: %s", strerror(errno));
        bytes = heng_slice_from(bytes, (size_t)n);
    }
    return HENG_OK;
}

/* --- second look: what is to be taken ----------------------------------------------------------------------------- */

/* May this reading be kept? What is wrong with one alone, as a meter that has gone since the list was made, does not
 * keep out the others. */
static heng_rc judge(struct local_conn *conn, const struct heng_entry *entry, const struct heng_body *body,
                     struct heng_err *err)
{
    struct heng_core *core = conn->local->config.core;
    bool doubtful;
    heng_us wall = heng_core_wall(core, heng_clock_mono(), heng_clock_wall(), &doubtful) + HENG_US_PER_DAY;
    if (entry->at_us > wall && !doubtful) return heng_fail(err, HENG_ERANGE, 0, "it was read in the future");
    return heng_lines_knows(conn->local->config.lines, body->read.line_id, body->read.read->device_id, err);
}

/* The next item, out of the file beside the journal. */
static heng_rc next_item(struct local_import *import, struct heng_carry_item *ret, struct heng_err *err)
{
    static uint8_t bytes[16 * 1024];
    heng_rc rc;
    while ((rc = heng_carry_next(&import->reader, ret, err)) == HENG_MORE) {
        ssize_t n = read(import->fd, bytes, sizeof bytes);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return heng_fail(err, HENG_EIO, 0, "cannot read it again: %s", n < 0 ? strerror(errno) : "it ends");
        rc = heng_carry_feed(&import->reader, heng_slice_of(bytes, (size_t)n), err);
        if (rc != HENG_OK) return rc;
    }
    return rc;
}

/* The event comes last, so that it can say how many there are. */
static heng_rc next_event(struct local_conn *conn, struct heng_body *ret, heng_us *ret_at_us)
{
    struct local_import *import = &conn->import;
    bool doubtful;
    if (import->told || !import->readings) return HENG_ENOTFOUND;
    import->told = true;
    *ret = (struct heng_body){.kind = HENG_ENTRY_EVENT,
                              .event = {.kind = HENG_GATEWAY_IMPORTED, .value = (int64_t)import->readings}};
    snprintf(ret->event.detail, sizeof ret->event.detail, "from '%s', %llu refused", import->header.name,
             (unsigned long long)import->refused);
    *ret_at_us = heng_core_wall(conn->local->config.core, heng_clock_mono(), heng_clock_wall(), &doubtful);
    return HENG_OK;
}

static heng_rc next_body(void *owner, struct heng_body *ret, heng_us *ret_at_us, struct heng_err *err)
{
    struct local_conn *conn = owner;
    struct local_import *import = &conn->import;
    struct heng_carry_item item;
    heng_rc rc;
    while ((rc = next_item(import, &item, err)) == HENG_OK) {
        struct heng_err why = {.text = ""};
        if (item.kind != HENG_CARRY_ENTRY) continue;
        rc = open_entry(&item.entry, ret, err);
        if (rc != HENG_OK) return rc;
        if (judge(conn, &item.entry, ret, &why) == HENG_OK) {
            import->readings++;
            *ret_at_us = item.entry.at_us;
            return HENG_OK;
        }
        if (import->refused++ == 0) snprintf(import->why, sizeof import->why, "%s", why.text);
    }
    return rc == HENG_ENOTFOUND ? next_event(conn, ret, ret_at_us) : rc;
}

static heng_rc take_readings(struct local_conn *conn, struct heng_err *err)
{
    struct local_import *import = &conn->import;
    heng_carry_reader_fini(&import->reader);
    import->reader = (struct heng_carry_reader){0};
    if (lseek(import->fd, 0, SEEK_SET) != 0) return heng_fail(err, HENG_EIO, 0, "cannot read it again");
    heng_rc rc = heng_core_bring(conn->local->config.core, heng_clock_mono(), import->bytes, next_body, conn, err);
    if (rc == HENG_OK)
        heng_log(HENG_LOG_INFO, "gateway", "event=imported from='%s' readings=%llu refused=%llu", import->header.name,
                 (unsigned long long)import->readings, (unsigned long long)import->refused);
    return rc;
}

/* The version in force is no news. The core tells how another one comes out: heng_local_config_done. */
static heng_rc offer_config(struct local_conn *conn, bool *ret_waits, struct heng_err *err)
{
    struct local_import *import = &conn->import;
    struct heng_core *core = conn->local->config.core;
    struct heng_slice bytes = heng_slice_of(import->config, import->config_n);
    struct heng_gateway_config config;
    static struct heng_core_status status;
    void *memory = NULL;
    heng_rc rc = heng_config_unpack(bytes, &config, &memory, err);
    if (rc != HENG_OK) return rc;
    import->config_version = config.version;
    heng_config_free(memory);
    heng_core_status_now(core, heng_clock_mono(), &status);
    if (status.config_version == import->config_version) return HENG_OK;
    rc = heng_core_offer_config(core, heng_clock_mono(), bytes, err);
    *ret_waits = rc == HENG_OK;
    return rc;
}

/* --- the end -------------------------------------------------------------------------------------------------------
 */

static const char *what_to_do(heng_rc rc)
{
    if (rc == HENG_EIO || rc == HENG_EBUSY || rc == HENG_ENOMEM)
        return "import it again when status says that all is well";
    if (rc == HENG_ELIMIT) return "import it at the centre, or give the journal more room";
    if (rc == HENG_ECHECKSUM || rc == HENG_EFORMAT) return "copy it once more from where it was made, and import that";
    return "nothing is lost: the file is as it was";
}

/* All of the file has come. */
static void finish(struct local_conn *conn)
{
    struct local_import *import = &conn->import;
    struct heng_err err = {.text = ""};
    bool waits = false;
    heng_rc rc = import->rc;
    if (rc != HENG_OK)
        heng_fail(&err, rc, 0, "%s", import->broken);
    else
        rc = heng_carry_close(&import->reader, &err);
    if (rc == HENG_OK && import->config && import->entries)
        rc = heng_fail(&err, HENG_EUNSUPPORTED, 0,
                       "a configuration and readings in one file: bring one after the other");
    if (rc == HENG_OK && import->entries) rc = take_readings(conn, &err);
    if (rc == HENG_OK && import->config) rc = offer_config(conn, &waits, &err);
    if (waits) {
        conn->task = LOCAL_CONFIG;
        return;
    }
    if (rc == HENG_OK)
        local_import_tell(conn);
    else
        local_fail(conn, "%s; nothing of it was taken: %s", err.text, what_to_do(rc));
    local_import_clear(import);
}

size_t local_import_take(struct local_conn *conn, struct heng_slice bytes)
{
    struct local_import *import = &conn->import;
    struct heng_err err = {.text = ""};
    size_t n = bytes.n < import->left ? bytes.n : import->left;
    import->left -= n;
    if (import->rc == HENG_OK) {
        heng_rc rc = keep_bytes(import->fd, heng_slice_of(bytes.p, n), &err);
        if (rc == HENG_OK) rc = check_bytes(conn, heng_slice_of(bytes.p, n), &err);
        if (rc != HENG_MORE) spoil(import, rc, &err);
    }
    if (import->left == 0) finish(conn);
    return n;
}
