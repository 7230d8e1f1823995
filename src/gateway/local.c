/* Who has connected to the local port, and what is asked there. */
#include "gateway/local.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include "base/log.h"
#include "gateway/local_inside.h"

enum { BACKLOG = 8, CONSOLE_RETRY_MS = 5000, MESSAGE_MAX = 64 * 1024 };

static const char prompt[] = "heng> ";

/* --- sending ---------------------------------------------------------------------------------------------------- */

struct sending {
    uv_write_t write;
    struct local_conn *conn;
    size_t n;
    char bytes[];
};

static void on_conn_closed(uv_handle_t *handle)
{
    struct local_conn *conn = handle->data;
    struct heng_local *local = conn->local;
    free(conn->jobs);
    local_import_clear(&conn->import);
    *conn = (struct local_conn){.local = local};
}

static void hang_up(struct local_conn *conn)
{
    if (conn->closing) return;
    conn->closing = true;
    if (conn->human && !conn->local->stopped) heng_log(HENG_LOG_INFO, "gateway", "event=console_lost");
    uv_close(&conn->handle, on_conn_closed);
}

static void on_sent(uv_write_t *write, int status)
{
    struct sending *sending = write->data;
    struct local_conn *conn = sending->conn;
    conn->unsent -= sending->n;
    free(sending);
    if (conn->closing) return;
    if (status < 0)
        hang_up(conn);
    else if (conn->task == LOCAL_EXPORT && conn->unsent == 0)
        local_export_more(conn);
}

/* Who does not take what he has asked for is hung up on: the lines do not wait for him. */
void local_send(struct local_conn *conn, const char *bytes, size_t n)
{
    if (conn->closing || n == 0) return;
    struct sending *sending = conn->unsent + n <= LOCAL_UNSENT_MAX ? malloc(sizeof *sending + n) : NULL;
    if (!sending) {
        hang_up(conn);
        return;
    }
    sending->conn = conn;
    sending->n = n;
    sending->write.data = sending;
    memcpy(sending->bytes, bytes, n);
    uv_buf_t buf = uv_buf_init(sending->bytes, (unsigned)n);
    if (uv_write(&sending->write, &conn->stream, &buf, 1, on_sent) != 0) {
        free(sending);
        hang_up(conn);
        return;
    }
    conn->unsent += n;
}

void local_put(struct local_conn *conn, struct heng_str *line)
{
    if (line->rc != HENG_OK || !line->n) {
        heng_str_fini(line);
        return;
    }
    if (conn->human) {
        struct heng_str text = {.max = MESSAGE_MAX};
        heng_local_say(&conn->words, line->text, line->n, &text);
        local_send(conn, text.text, text.n);
        heng_str_fini(&text);
    } else {
        heng_str_put(line, "\n", 1);
        local_send(conn, line->text, line->n);
    }
    heng_str_fini(line);
}

void local_end(struct local_conn *conn)
{
    static const char end[] = "{\"end\":true}\n";
    conn->task = LOCAL_IDLE;
    conn->words = (struct heng_local_words){0};
    if (conn->human)
        local_send(conn, prompt, sizeof prompt - 1);
    else
        local_send(conn, end, sizeof end - 1);
}

void local_fail(struct local_conn *conn, const char *fmt, ...)
{
    char text[256];
    struct heng_str line = {.max = MESSAGE_MAX};
    struct heng_json j = heng_json_of(&line);
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    heng_json_object(&j);
    heng_json_key(&j, "error");
    heng_json_text(&j, text);
    heng_json_end_object(&j);
    local_put(conn, &line);
    conn->task = LOCAL_IDLE;
    conn->words = (struct heng_local_words){0};
    if (conn->human) local_send(conn, prompt, sizeof prompt - 1);
}

/* --- requests --------------------------------------------------------------------------------------------------- */

/* Many lines of JSON at once. */
static void put_lines(struct local_conn *conn, struct heng_str *lines)
{
    for (size_t at = 0; at < lines->n;) {
        const char *end = memchr(lines->text + at, '\n', lines->n - at);
        size_t n = end ? (size_t)(end - (lines->text + at)) : lines->n - at;
        struct heng_str line = {.max = MESSAGE_MAX};
        heng_str_put(&line, lines->text + at, n);
        local_put(conn, &line);
        at += n + 1;
    }
    heng_str_fini(lines);
    local_end(conn);
}

static void on_status(struct local_conn *conn)
{
    struct heng_str lines = {.max = LOCAL_UNSENT_MAX};
    heng_local_status(&conn->local->config, &lines);
    put_lines(conn, &lines);
}

static void on_log(struct local_conn *conn)
{
    struct heng_str lines = {.max = LOCAL_UNSENT_MAX};
    heng_local_log(&lines);
    put_lines(conn, &lines);
}

static void on_code(struct local_conn *conn)
{
    const struct heng_local_facts *facts = conn->local->config.facts;
    struct heng_str line = {.max = MESSAGE_MAX};
    struct heng_json j = heng_json_of(&line);
    heng_json_object(&j);
    heng_json_key(&j, "code");
    heng_json_object(&j);
    heng_json_key(&j, "enrolled");
    heng_json_bool(&j, facts->enrolled);
    heng_json_key(&j, "name");
    heng_json_text(&j, facts->name);
    heng_json_key(&j, "code");
    heng_json_text(&j, facts->code[0] ? facts->code : NULL);
    heng_json_end_object(&j);
    heng_json_end_object(&j);
    local_put(conn, &line);
    local_end(conn);
}

static bool is_meant(const struct heng_meter_config *meter, const char *word)
{
    char id[24];
    snprintf(id, sizeof id, "%lld", (long long)meter->device_id);
    return strcmp(word, "all") == 0 || strcmp(word, meter->number) == 0 || strcmp(word, id) == 0 ||
           strcmp(word, meter->address) == 0;
}

static void ask_meter(struct local_conn *conn, int64_t device_id)
{
    struct heng_err why = {.text = ""};
    int64_t job = 0;
    if (conn->job_count < LOCAL_READS_MAX &&
        heng_lines_read_now(conn->local->config.lines, device_id, &job, &why) == HENG_OK) {
        conn->jobs[conn->job_count++] = job;
    } else if (conn->refused++ == 0) {
        snprintf(conn->why, sizeof conn->why, "%s", why.text[0] ? why.text : "too many at once");
    }
}

static void on_read_request(struct local_conn *conn, const char *word)
{
    struct heng_lines *lines = conn->local->config.lines;
    if (!conn->jobs) conn->jobs = malloc(LOCAL_READS_MAX * sizeof *conn->jobs);
    if (!conn->jobs) {
        local_fail(conn, "out of memory");
        return;
    }
    conn->job_count = conn->refused = 0;
    for (size_t i = 0; i < heng_lines_count(lines); i++) {
        struct heng_line_view line;
        heng_lines_view(lines, i, &line);
        for (size_t m = 0; m < line.meter_count; m++)
            if (is_meant(&line.meters[m], word)) ask_meter(conn, line.meters[m].device_id);
    }
    if (conn->job_count)
        conn->task = LOCAL_READ;
    else if (conn->refused)
        local_fail(conn, "%s", conn->why);
    else
        local_fail(conn, "no meter '%.60s' is here: its number, address or id, or all", word);
}

/* By its id or its name. */
static bool find_line(struct local_conn *conn, const char *word, struct heng_line_view *ret)
{
    struct heng_lines *lines = conn->local->config.lines;
    char id[24];
    for (size_t i = 0; i < heng_lines_count(lines); i++) {
        heng_lines_view(lines, i, ret);
        snprintf(id, sizeof id, "%lld", (long long)ret->config->id);
        if (strcmp(word, id) == 0 || strcmp(word, ret->config->name) == 0) return true;
    }
    local_fail(conn, "no line '%.60s' is here: see status", word);
    return false;
}

static void on_scan_request(struct local_conn *conn, const char *line_word, const char *kind_word, bool stop)
{
    struct heng_line_view line;
    struct heng_err why = {.text = ""};
    if (!find_line(conn, line_word, &line)) return;
    struct heng_down_search search = {.line_id = line.config->id, .stop = stop};
    if (!stop) search.kind = heng_search_kind_of(kind_word);
    if (search.kind == HENG_SEARCH_KIND_COUNT) {
        local_fail(conn,
                   "'%.40s' is no kind of search: mbus-secondary, mbus-primary, cjt188, dlt645-2007, dlt645-1997, "
                   "modbus-rtu",
                   kind_word);
        return;
    }
    conn->line_id = search.line_id;
    conn->task = stop ? LOCAL_IDLE : LOCAL_SCAN;
    if (heng_lines_search_now(conn->local->config.lines, &search, &why) != HENG_OK)
        local_fail(conn, "%s", why.text);
    else if (stop)
        local_end(conn);
}

static bool number_of(const char *word, int64_t max, int64_t *ret)
{
    char *end;
    errno = 0;
    long long value = strtoll(word, &end, 10);
    *ret = value;
    return word[0] && *end == '\0' && errno == 0 && value >= 0 && value <= max;
}

static void on_export_request(struct local_conn *conn, char **words, size_t count)
{
    int64_t from = 0, until = 0;
    if (conn->human)
        local_fail(conn, "files do not go over the console: use heng-gateway export");
    else if (count == 2 && strcmp(words[1], "list") == 0)
        local_export_list(conn);
    else if (count == 4 && strcmp(words[1], "entries") == 0 && number_of(words[2], INT64_MAX, &from) &&
             number_of(words[3], INT64_MAX, &until))
        local_export_entries(conn, from, until);
    else
        local_fail(conn, "export list, or export entries FROM UNTIL");
}

static void on_import_request(struct local_conn *conn, const char *word)
{
    int64_t bytes;
    if (conn->human)
        local_fail(conn, "files do not come over the console: use heng-gateway import");
    else if (number_of(word, LOCAL_IMPORT_MAX, &bytes))
        local_import_begin(conn, (size_t)bytes);
    else
        local_fail(conn, "import BYTES: a file has at most %d; nothing of it was taken", LOCAL_IMPORT_MAX);
}

static void on_help(struct local_conn *conn)
{
    static const char *const texts[] = {"status            the gateway and its lines",
                                        "code              the enrolment code",
                                        "read METER|all    read now; number, address or id",
                                        "scan LINE KIND    look for meters on a line",
                                        "stop LINE         end its search",
                                        "log               the newest lines of the log"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct heng_str line = {.max = MESSAGE_MAX};
        struct heng_json j = heng_json_of(&line);
        heng_json_object(&j);
        heng_json_key(&j, "log");
        heng_json_text(&j, texts[i]);
        heng_json_end_object(&j);
        local_put(conn, &line);
    }
    local_end(conn);
}

static void on_request(struct local_conn *conn, char *line)
{
    char *words[LOCAL_WORDS_MAX + 1] = {0}, *rest = NULL;
    size_t count = 0;
    for (char *word = strtok_r(line, " \t", &rest); word && count <= LOCAL_WORDS_MAX;
         word = strtok_r(NULL, " \t", &rest))
        words[count++] = word;
    conn->words = (struct heng_local_words){0};
    if (count == 0 && conn->human)
        local_send(conn, prompt, sizeof prompt - 1);
    else if (count == 1 && strcmp(words[0], "status") == 0)
        on_status(conn);
    else if (count == 1 && strcmp(words[0], "code") == 0)
        on_code(conn);
    else if (count == 1 && strcmp(words[0], "log") == 0)
        on_log(conn);
    else if (count == 1 && strcmp(words[0], "help") == 0)
        on_help(conn);
    else if (count == 2 && strcmp(words[0], "read") == 0)
        on_read_request(conn, words[1]);
    else if (count == 3 && strcmp(words[0], "scan") == 0)
        on_scan_request(conn, words[1], words[2], false);
    else if (count == 2 && strcmp(words[0], "stop") == 0)
        on_scan_request(conn, words[1], "", true);
    else if (count >= 1 && strcmp(words[0], "export") == 0)
        on_export_request(conn, words, count);
    else if (count == 2 && strcmp(words[0], "import") == 0)
        on_import_request(conn, words[1]);
    else
        local_fail(conn, "what is '%.40s'? help tells the words", count ? words[0] : "");
}

/* --- what lines tell -------------------------------------------------------------------------------------------- */

static bool find_meter(struct heng_lines *lines, int64_t line_id, int64_t device_id, struct heng_line_view *ret_line,
                       const struct heng_meter_config **ret)
{
    for (size_t i = 0; i < heng_lines_count(lines); i++) {
        heng_lines_view(lines, i, ret_line);
        if (ret_line->config->id != line_id) continue;
        for (size_t m = 0; m < ret_line->meter_count; m++) {
            *ret = &ret_line->meters[m];
            if ((*ret)->device_id == device_id) return true;
        }
    }
    return false;
}

static void on_read(void *owner, int64_t job_id, int64_t line_id, const struct heng_read *read)
{
    struct heng_local *local = owner;
    for (size_t c = 0; c < LOCAL_CONNECTIONS_MAX; c++) {
        struct local_conn *conn = &local->conns[c];
        size_t at = 0;
        if (conn->task != LOCAL_READ) continue;
        while (at < conn->job_count && conn->jobs[at] != job_id) at++;
        if (at == conn->job_count) continue;
        conn->jobs[at] = conn->jobs[--conn->job_count];
        struct heng_line_view line;
        const struct heng_meter_config *meter;
        struct heng_str text = {.max = LOCAL_UNSENT_MAX};
        if (find_meter(local->config.lines, line_id, read->device_id, &line, &meter)) {
            local_tell_reading(&text, &line, meter, read);
            local_put(conn, &text);
        } else {
            conn->refused++;
            snprintf(conn->why, sizeof conn->why, "the line has changed meanwhile");
        }
        if (conn->job_count) return;
        if (conn->refused)
            local_fail(conn, "%zu could not be asked: %s", conn->refused, conn->why);
        else
            local_end(conn);
        return;
    }
}

static void on_found(void *owner, int64_t line_id, const struct heng_search_found *found)
{
    struct heng_local *local = owner;
    for (size_t c = 0; c < LOCAL_CONNECTIONS_MAX; c++) {
        struct local_conn *conn = &local->conns[c];
        struct heng_str text = {.max = MESSAGE_MAX};
        if (conn->task != LOCAL_SCAN || conn->line_id != line_id) continue;
        local_tell_found(&text, found);
        local_put(conn, &text);
    }
}

static void on_searched(void *owner, int64_t line_id, const struct heng_search_progress *progress, bool running)
{
    struct heng_local *local = owner;
    for (size_t c = 0; c < LOCAL_CONNECTIONS_MAX; c++) {
        struct local_conn *conn = &local->conns[c];
        struct heng_str text = {.max = MESSAGE_MAX};
        if (conn->task != LOCAL_SCAN || conn->line_id != line_id) continue;
        local_tell_progress(&text, progress, running);
        local_put(conn, &text);
        if (!running) local_end(conn);
    }
}

void heng_local_config_done(struct heng_local *local, uint64_t version, bool applied, const char *why)
{
    for (size_t c = 0; local && c < LOCAL_CONNECTIONS_MAX; c++) {
        struct local_conn *conn = &local->conns[c];
        if (conn->task != LOCAL_CONFIG || conn->import.config_version != version) continue;
        if (applied)
            local_import_tell(conn);
        else
            local_fail(conn, "the configuration is refused, the old one goes on: %s", why);
        local_import_clear(&conn->import);
    }
}

/* --- connections ------------------------------------------------------------------------------------------------ */

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    static char bytes[16 * 1024]; /* all is taken out of it before the next one is asked for */
    (void)handle;
    (void)suggested;
    *buf = uv_buf_init(bytes, sizeof bytes);
}

static void on_character(struct local_conn *conn, char c)
{
    if (c != '\n' && c != '\r') {
        conn->too_long = conn->too_long || conn->line_n == LOCAL_LINE_MAX - 1;
        if (!conn->too_long) conn->line[conn->line_n++] = c;
        return;
    }
    if (c == '\r' && !conn->human) return;
    bool whole = !conn->too_long && !memchr(conn->line, 0, conn->line_n);
    conn->line[conn->line_n] = '\0';
    conn->line_n = 0;
    conn->too_long = false;
    if (conn->task != LOCAL_IDLE && !conn->human)
        local_fail(conn, "one request at a time");
    else if (!whole)
        local_fail(conn, "a request has at most %d characters", LOCAL_LINE_MAX - 1);
    else
        on_request(conn, conn->line); /* on the console a new request ends the one before */
}

static void on_bytes(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct local_conn *conn = stream->data;
    if (n < 0) {
        hang_up(conn);
        return;
    }
    for (size_t at = 0; at < (size_t)n && !conn->closing;) {
        if (conn->task == LOCAL_IMPORT)
            at += local_import_take(conn, heng_slice_of(buf->base + at, (size_t)n - at));
        else
            on_character(conn, buf->base[at++]);
    }
}

/* The same user, or root: the socket's mode says so already, but its folder may be anywhere. */
static bool is_trusted(struct local_conn *conn)
{
    struct ucred who;
    socklen_t n = sizeof who;
    uv_os_fd_t fd;
    if (uv_fileno(&conn->handle, &fd) != 0 || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) != 0) return false;
    return who.uid == 0 || who.uid == geteuid();
}

static void on_turned_away(uv_handle_t *handle) { free(handle); }

/* Accepted and closed, so that he hears it and the next one is accepted. */
static void turn_away(uv_stream_t *listener)
{
    uv_pipe_t *pipe = malloc(sizeof *pipe);
    if (!pipe) return;
    uv_pipe_init(listener->loop, pipe, 0);
    (void)uv_accept(listener, (uv_stream_t *)pipe); /* it is closed either way */
    uv_close((uv_handle_t *)pipe, on_turned_away);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct heng_local *local = listener->data;
    struct local_conn *conn = NULL;
    if (status < 0) return;
    for (size_t i = 1; i < LOCAL_CONNECTIONS_MAX && !conn; i++)
        if (!local->conns[i].used) conn = &local->conns[i];
    if (!conn) {
        turn_away(listener);
        return;
    }
    *conn = (struct local_conn){.local = local, .used = true};
    uv_pipe_init(local->config.loop, &conn->pipe, 0);
    conn->handle.data = conn;
    if (uv_accept(listener, &conn->stream) != 0 || !is_trusted(conn)) {
        hang_up(conn);
        return;
    }
    uv_read_start(&conn->stream, on_alloc, on_bytes);
}

/* 0: somebody listens there. */
static int knock(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return errno;
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path); /* --local is short enough */
    int error = connect(fd, (const struct sockaddr *)&address, sizeof address) == 0 ? 0 : errno;
    close(fd);
    return error == EAGAIN ? 0 : error; /* so many wait there that there is no room for one more */
}

/* A socket of a run that was killed is taken away; what is anybody else's is not. */
static heng_rc clear_the_way(const char *path, struct heng_err *err)
{
    struct stat old;
    if (lstat(path, &old) != 0) return HENG_OK; /* nothing is there, or bind says why not */
    if (!S_ISSOCK(old.st_mode))
        return heng_fail(err, HENG_EEXISTS, 0, "'%.80s' is no socket: move it away, or use another --local PATH", path);
    int error = knock(path);
    if (error == 0 || error == EPROTOTYPE)
        return heng_fail(err, HENG_EBUSY, 0, "another program listens at '%.80s': end it, or use another --local PATH",
                         path);
    if (error != ECONNREFUSED)
        return heng_fail(err, HENG_EDENIED, 0, "cannot see whose socket '%.60s' is: %s; use another --local PATH", path,
                         strerror(error));
    if (unlink(path) == 0 || errno == ENOENT) return HENG_OK;
    return heng_fail(err, HENG_EDENIED, 0, "cannot take away the old socket '%.80s': %s", path, strerror(errno));
}

static heng_rc listen_at(struct heng_local *local, struct heng_err *err)
{
    const char *path = local->config.path;
    heng_rc clear = clear_the_way(path, err);
    if (clear != HENG_OK) return clear;
    int rc = uv_pipe_bind(&local->listener, path);
    if (rc == 0 && chmod(path, 0600) != 0) rc = -errno;
    if (rc == 0) rc = uv_listen((uv_stream_t *)&local->listener, BACKLOG, on_connection);
    if (rc == 0) return HENG_OK;
    return heng_fail(err, rc == UV_EACCES ? HENG_EDENIED : HENG_EIO, 0, "cannot make the socket '%.80s': %s", path,
                     uv_strerror(rc));
}

/* --- console ---------------------------------------------------------------------------------------------------- */

static void on_console_timer(uv_timer_t *timer)
{
    struct heng_local *local = timer->data;
    struct local_conn *conn = &local->conns[0];
    if (conn->used || local->stopped) return;
    int fd = open(local->config.console, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) return; /* the timer tries again */
    struct termios mode;
    if (tcgetattr(fd, &mode) == 0 && !(mode.c_cflag & CLOCAL)) {
        mode.c_cflag |= CLOCAL; /* libuv opens it once more, and would wait for a carrier */
        (void)tcsetattr(fd, TCSANOW, &mode);
    }
    *conn = (struct local_conn){.local = local, .used = true, .human = true};
    if (uv_tty_init(local->config.loop, &conn->tty, fd, 1) != 0) {
        close(fd);
        *conn = (struct local_conn){.local = local};
        return;
    }
    conn->handle.data = conn;
    uv_os_fd_t own = fd;
    if (uv_fileno(&conn->handle, &own) == 0 && own != fd) close(fd); /* libuv has opened the device once more */
    heng_log(HENG_LOG_INFO, "gateway", "event=console device='%s'", local->config.console);
    uv_read_start(&conn->stream, on_alloc, on_bytes);
    local_send(conn, prompt, sizeof prompt - 1);
}

/* --- life ------------------------------------------------------------------------------------------------------- */

heng_rc heng_local_open(const struct heng_local_config *config, struct heng_local **ret, struct heng_err *err)
{
    struct heng_local *local = calloc(1, sizeof *local);
    if (!local) return heng_fail(err, HENG_ENOMEM, 0, "out of memory");
    local->config = *config;
    for (size_t i = 0; i < LOCAL_CONNECTIONS_MAX; i++) local->conns[i].local = local;
    uv_pipe_init(config->loop, &local->listener, 0);
    uv_timer_init(config->loop, &local->console_timer);
    local->listener.data = local->console_timer.data = local;
    *ret = local;
    heng_rc rc = listen_at(local, err);
    if (rc != HENG_OK) return rc;
    if (config->console) uv_timer_start(&local->console_timer, on_console_timer, 0, CONSOLE_RETRY_MS);
    heng_lines_listen(config->lines, (struct heng_lines_events){local, on_read, on_found, on_searched});
    return HENG_OK;
}

void heng_local_stop(struct heng_local *local)
{
    if (!local || local->stopped) return;
    local->stopped = true;
    heng_lines_listen(local->config.lines, (struct heng_lines_events){0});
    for (size_t i = 0; i < LOCAL_CONNECTIONS_MAX; i++)
        if (local->conns[i].used) hang_up(&local->conns[i]);
    uv_close((uv_handle_t *)&local->listener, NULL); /* the socket goes with it, if it is ours */
    uv_close((uv_handle_t *)&local->console_timer, NULL);
}

void heng_local_free(struct heng_local *local) { free(local); }
