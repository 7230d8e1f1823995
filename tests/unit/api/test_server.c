/* The server over real sockets: every operation, every refusal, events, files, and clients that behave badly. */
#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "api/server.h"
#include "unit/small_site.h"

struct house {
    struct small_site site;
    struct heng_store *store;
    struct heng_api *api;
    uint16_t port;
};

static const uint8_t index_html[] = "<!doctype html><title>console</title>";
static const uint8_t script_raw[] = "console.log('raw')", script_gz[] = "pretend this is gzip";
static const struct heng_web_file web_files[] = {
    {"/index.html", "text/html; charset=utf-8", "aa11", false, index_html, NULL, sizeof index_html - 1, 0},
    {"/assets/app.js", "text/javascript; charset=utf-8", "bb22", true, script_raw, script_gz, sizeof script_raw - 1,
     sizeof script_gz - 1},
};

static void house_open(struct house *h, struct heng_api_options options)
{
    struct heng_ingested ingested = {0};
    static struct heng_read read;
    struct heng_err err;
    h->store = small_site_open(&h->site);
    for (int i = 0; i < 3; i++) {
        heat_read(&read, HEAT_1, START_US + i * 60 * HENG_US_PER_S, 100 + i);
        ingest_one(h->store, &read, &ingested);
    }
    struct heng_line_fact down = {.line_id = HEAT_LINE,
                                  .at_us = START_US,
                                  .state = HENG_LINE_STATE_NO_LOAD,
                                  .detail = "no answer",
                                  .last_answer_us = START_US};
    struct heng_fact fact = {.kind = HENG_FACT_LINE, .line = &down};
    assert_ok(heng_ingest(h->store, &fact, 1, INGEST_NOW_US, &ingested, &err));
    heng_ingested_fini(&ingested);
    options.database = h->site.path;
    assert_ok(heng_api_start(&options, &h->api, &err));
    h->port = heng_api_port(h->api);
    assert_true(h->port != 0);
}

static void house_close(struct house *h)
{
    heng_api_stop(h->api);
    heng_store_close(h->store);
    small_site_fini(&h->site);
}

static struct heng_api_options with_files(void)
{
    return (struct heng_api_options){.files = web_files, .file_count = 2};
}

static int connect_to(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static void send_text(int fd, const char *text)
{
    size_t n = strlen(text);
    while (n) {
        ssize_t sent = send(fd, text, n, MSG_NOSIGNAL);
        if (sent <= 0) return; /* the server may close on us: the answer tells */
        text += sent;
        n -= (size_t)sent;
    }
}

/* Read until the text holds `until` (NULL: until the end of the stream) or the time is over. Returns bytes read. */
static size_t receive(int fd, char *to, size_t cap, const char *until, int timeout_ms)
{
    size_t n = 0;
    heng_us end_us = heng_clock_mono() + timeout_ms * HENG_US_PER_MS;
    to[0] = '\0';
    while (n + 1 < cap && !(until && strstr(to, until))) {
        heng_us left_us = end_us - heng_clock_mono();
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (left_us <= 0 || poll(&p, 1, (int)(left_us / 1000) + 1) <= 0) break;
        ssize_t got = recv(fd, to + n, cap - 1 - n, 0);
        if (got <= 0) break;
        n += (size_t)got;
        to[n] = '\0';
    }
    return n;
}

static char answer[1 << 20];

/* One request with its own connection; the whole answer is in `answer`. Returns the status. */
static int ask_with(const struct house *h, const char *method, const char *path, const char *headers)
{
    static char request[65536];
    int fd = connect_to(h->port);
    snprintf(request, sizeof request, "%s %s HTTP/1.1\r\nConnection: close\r\n%s\r\n", method, path, headers);
    send_text(fd, request);
    receive(fd, answer, sizeof answer, NULL, 10000);
    close(fd);
    return strncmp(answer, "HTTP/1.1 ", 9) == 0 ? (int)strtol(answer + 9, NULL, 10) : 0;
}

static int ask(const struct house *h, const char *path) { return ask_with(h, "GET", path, "Host: localhost\r\n"); }

static void expect_has(const char *words)
{
    if (!strstr(answer, words)) fail_msg("no '%s' in: %.600s", words, answer);
}

static void expect(const struct house *h, const char *path, int status, const char *words)
{
    int got = ask(h, path);
    if (got != status) fail_msg("%s: %d, expected %d: %.600s", path, got, status, answer);
    expect_has(words);
}

static void test_start_refuses(void **state)
{
    static const char *const foreign[] = {"0.0.0.0", "::", "192.168.1.10", "8.8.8.8", "example.org", "128.0.0.1"};
    struct house h;
    struct heng_api *second = NULL;
    struct heng_err err;
    (void)state;
    house_open(&h, with_files());
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
        struct heng_api_options options = {.address = foreign[i], .database = h.site.path};
        assert_int_equal(heng_api_start(&options, &second, &err), HENG_EDENIED);
        assert_non_null(strstr(err.text, foreign[i]));
        assert_non_null(strstr(err.text, "sign-in does not exist yet; use 127.0.0.1 or ::1"));
    }
    struct heng_api_options same = {.port = h.port, .database = h.site.path};
    assert_int_equal(heng_api_start(&same, &second, &err), HENG_EBUSY);
    assert_non_null(strstr(err.text, "is in use by another program"));
    struct heng_api_options no_database = {.database = "/nonexistent/heng.db"};
    assert_int_equal(heng_api_start(&no_database, &second, &err), HENG_ENOTFOUND);
    struct heng_api_options no_root = {.database = h.site.path, .web_root = "/nonexistent"};
    assert_int_equal(heng_api_start(&no_root, &second, &err), HENG_ENOTFOUND);
    struct heng_api_options v6 = {.address = "::1", .database = h.site.path};
    heng_rc rc = heng_api_start(&v6, &second, &err); /* a machine may have no IPv6 */
    assert_true(rc == HENG_OK || rc == HENG_EIO);
    if (rc == HENG_OK) heng_api_stop(second);
    house_close(&h);
}

static void test_operations(void **state)
{
    struct house h;
    (void)state;
    house_open(&h, with_files());
    expect(&h, "/api/v1/health", 200, "\"status\":\"ok\"");
    heng_api_set_health(h.api, HENG_HEALTH_STORE, "the writer waits for the disk");
    expect(&h, "/api/v1/health", 200, "\"detail\":\"the writer waits for the disk\"");
    expect(&h, "/api/v1/overview", 200, "\"meters\":4,\"meters_ok\":1,\"meters_missing\":0,\"meters_never\":3");
    expect(&h, "/api/v1/lines", 200, "\"detail\":\"no answer\"");
    expect(&h, "/api/v1/lines/2", 200, "\"last_answer_at\":null");
    expect(&h, "/api/v1/lines/1/events", 200, "\"state\":\"no-load\"");
    expect(&h, "/api/v1/meters?q=102&limit=1", 200, "\"total\":2");
    expect(&h, "/api/v1/meters?medium=cold%20water&state=never&line=2&offset=1", 200, "20000000000002");
    expect(&h, "/api/v1/meters/1", 200, "\"value\":null,\"reason\":\"not available\"");
    expect(&h, "/api/v1/meters/1", 200, "\"conditions\":[]");
    expect(&h, "/api/v1/meters/1/series?register=1&from=2026-01-01T00:00:00Z&to=2027-01-01T00:00:00Z", 200,
           "\"last\":\"102000\"");
    expect(&h, "/api/v1/meters/1/frames?before=3", 200, "\"id\":2,");
    expect(&h, "/api/v1/frames/1", 200, "\"decoded\":{");
    expect(&h, "/api/openapi.json", 200, "\"operationId\":\"getOverview\"");
    assert_int_equal(ask_with(&h, "HEAD", "/api/v1/overview", "Host: localhost\r\n"), 200);
    assert_null(strstr(answer, "{"));
    house_close(&h);
}

/* Every answer against openapi.yaml, by the same program that checks a running server. */
static void test_contract(void **state)
{
    struct house h;
    char base[64];
    (void)state;
    house_open(&h, with_files());
    snprintf(base, sizeof base, "http://127.0.0.1:%u", h.port);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(STDERR_FILENO, STDOUT_FILENO);
        execlp("python3", "python3", HENG_SOURCE_DIR "/script/check-api.py", base, (char *)NULL);
        _exit(127);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    house_close(&h);
}

static void test_bad_parameters(void **state)
{
#define SERIES "/api/v1/meters/1/series?"
#define SPAN   "from=2026-01-01T00:00:00Z&to=2027-01-01T00:00:00Z"
    static const char *const cases[][2] = {
        {"/api/v1/meters?limit=0", "'limit'"},
        {"/api/v1/meters?limit=501", "'limit'"},
        {"/api/v1/meters?limit=ten", "'limit'"},
        {"/api/v1/meters?limit=", "'limit'"},
        {"/api/v1/meters?limit=5%205", "'limit'"},
        {"/api/v1/meters?limit=99999999999999999999", "'limit'"},
        {"/api/v1/meters?offset=-1", "'offset'"},
        {"/api/v1/meters?offset=1000001", "'offset'"},
        {"/api/v1/meters?line=0", "'line'"},
        {"/api/v1/meters?state=fine", "'state' must be one of: ok missing never"},
        {"/api/v1/meters?medium=beer", "'medium'"},
        {"/api/v1/meters?medium=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "'medium' is longer than 32"},
        {"/api/v1/meters?q=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "'q' is longer than 64"},
        {"/api/v1/meters?colour=red", "'colour' is not known"},
        {"/api/v1/meters?limit=5&limit=6", "'limit' is given twice"},
        {"/api/v1/meters?q=a%00b", "zero byte"},
        {"/api/v1/meters/0", "'meterId'"},
        {"/api/v1/meters/x", "'meterId'"},
        {"/api/v1/meters/-1", "'meterId'"},
        {"/api/v1/meters/1%00", "zero byte"},
        {"/api/v1/lines/abc", "'lineId'"},
        {"/api/v1/lines/1/events?limit=1e3", "'limit'"},
        {"/api/v1/frames/0x1", "'frameId'"},
        {"/api/v1/meters/1/frames?before=0", "'before'"},
        {SERIES SPAN, "'register' is missing"},
        {SERIES "register=1&to=2027-01-01T00:00:00Z", "'from' is missing"},
        {SERIES "register=1&from=2027-01-01T00:00:00Z", "'to' is missing"},
        {SERIES "register=1&from=yesterday&to=2027-01-01T00:00:00Z", "'from' must be a UTC time"},
        {SERIES "register=1&from=2027-01-01T00:00:00Z&to=2026-13-01T00:00:00Z", "'to' must be a UTC time"},
        {SERIES "register=1&from=2027-01-01T00:00:00Z&to=2026-01-01T00:00:00Z", "'to' must be later"},
        {SERIES SPAN "&register=-5", "'register'"},
        {SERIES SPAN "&register=1&points=2001", "'points'"},
        {"/api/v1/meters?a=1&b=1&c=1&d=1&e=1&f=1&g=1&h=1&i=1&j=1&k=1&l=1&m=1&n=1&o=1&p=1&q=1", "too many parameters"},
    };
    struct house h;
    (void)state;
    house_open(&h, with_files());
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        expect(&h, cases[i][0], 400, cases[i][1]);
        expect_has("Content-Type: application/problem+json");
        expect_has("\"status\":400");
    }
    house_close(&h);
}

static void test_refusals(void **state)
{
    struct house h;
    static char longer[40000];
    (void)state;
    house_open(&h, with_files());
    expect(&h, "/api/v1/meters/99", 404, "\"code\":\"not found\"");
    expect(&h, "/api/v1/lines/99", 404, "\"code\":\"not found\"");
    expect(&h, "/api/v1/lines/99/events", 404, "\"code\":\"not found\"");
    expect(&h, "/api/v1/frames/99", 404, "\"code\":\"not found\"");
    expect(&h, SERIES "register=99&" SPAN, 404, "\"code\":\"not found\"");
    expect(&h, "/api/v1/nothing", 404, "application/problem+json");
    expect(&h, "/api/v1/meters/", 404, "application/problem+json");
    expect(&h, "/api", 404, "application/problem+json");
    expect(&h, "/api/v1/meters/1111111111111111111111111111111111111111111111111111111111111111", 404,
           "application/problem+json");

    static const char *const methods[] = {"POST", "PUT", "DELETE", "PATCH", "OPTIONS"};
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        assert_int_equal(ask_with(&h, methods[i], "/api/v1/overview", "Host: localhost\r\nContent-Length: 0\r\n"), 405);
        expect_has("Allow: GET, HEAD");
    }
    static const char *const hosts[] = {"Host: evil.example\r\n",
                                        "Host: localhost.evil.example\r\n",
                                        "Host: 127.0.0.1.evil.example:80\r\n",
                                        "Host: localhost:\r\n",
                                        "Host: 10.0.0.1\r\n",
                                        "Host: localhost:80x\r\n"};
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        assert_int_equal(ask_with(&h, "GET", "/api/v1/overview", hosts[i]), 421);
        assert_int_equal(ask_with(&h, "GET", "/", hosts[i]), 421);
    }
    assert_int_equal(ask_with(&h, "GET", "/", "Host: localhost\r\nHost: evil.example\r\n"), 400);
    assert_int_equal(ask_with(&h, "GET", "/api/v1/health", "Host: 127.0.0.1:8080\r\n"), 200);
    assert_int_equal(ask_with(&h, "GET", "/api/v1/health", "Host: [::1]:8080\r\n"), 200);

    memset(longer, 'a', sizeof longer - 1);
    longer[0] = '/';
    assert_int_equal(ask(&h, longer), 414);
    memcpy(longer, "Host: localhost\r\nX-Long: ", 25);
    memcpy(longer + sizeof longer - 3, "\r\n", 3);
    int status = ask_with(&h, "GET", "/", longer);
    assert_true(status == 431 || status == 413);
    house_close(&h);
}

static void test_headers(void **state)
{
    static const char *const paths[] = {"/", "/api/v1/overview", "/api/v1/none", "/assets/app.js"};
    struct house h;
    (void)state;
    house_open(&h, with_files());
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        ask(&h, paths[i]);
        expect_has(
            "Content-Security-Policy: default-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self' data:; "
            "img-src 'self' data:; frame-ancestors 'none'");
        expect_has("X-Content-Type-Options: nosniff");
        expect_has("Referrer-Policy: no-referrer");
    }
    ask(&h, "/api/v1/overview");
    expect_has("Cache-Control: no-store");
    house_close(&h);
}

static void test_files(void **state)
{
    struct house h;
    (void)state;
    house_open(&h, with_files());
    expect(&h, "/", 200, "<title>console</title>");
    expect_has("Cache-Control: no-cache");
    expect_has("ETag: \"aa11\"");
    expect(&h, "/meters/17", 200, "<title>console</title>"); /* a route of the console */
    expect(&h, "/assets/app.js", 200, "console.log('raw')");
    expect_has("immutable");
    expect(&h, "/assets/none.js", 404, "problem+json");
    assert_int_equal(ask_with(&h, "GET", "/assets/app.js", "Host: localhost\r\nAccept-Encoding: br, gzip\r\n"), 200);
    expect_has("pretend this is gzip");
    expect_has("Content-Encoding: gzip");
    expect_has("ETag: \"bb22-gz\"");
    expect_has("Vary: Accept-Encoding");
    ask_with(&h, "GET", "/assets/app.js", "Host: localhost\r\nAccept-Encoding: gzip;q=0\r\n");
    expect_has("console.log('raw')");
    assert_int_equal(ask_with(&h, "GET", "/", "Host: localhost\r\nIf-None-Match: \"x\", W/\"aa11\"\r\n"), 304);
    assert_null(strstr(answer, "<title>"));
    assert_int_equal(ask_with(&h, "GET", "/", "Host: localhost\r\nIf-None-Match: \"aa1\"\r\n"), 200);
    assert_int_equal(ask_with(&h, "GET", "/assets/app.js",
                              "Host: localhost\r\nAccept-Encoding: gzip\r\nIf-None-Match: \"bb22\"\r\n"),
                     200);
    house_close(&h);

    house_open(&h, (struct heng_api_options){0});
    expect(&h, "/", 404, "built without the console");
    house_close(&h);
}

static void put_file(const char *directory, const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void test_web_root(void **state)
{
    static const char *const hidden[] = {"/../secret.txt",
                                         "/%2e%2e/secret.txt",
                                         "/assets/../../secret.txt",
                                         "/assets%2f..%2f..%2fsecret.txt",
                                         "/link.txt",
                                         "/linked/secret.txt",
                                         "/.hidden.txt",
                                         "//etc/passwd.txt",
                                         "/assets/./a.js",
                                         "/assets.d"};
    struct house h;
    char top[] = "/tmp/heng-web-XXXXXX", root[64], path[128];
    (void)state;
    assert_non_null(mkdtemp(top));
    put_file(top, "secret.txt", "SECRET");
    snprintf(root, sizeof root, "%s/dist", top);
    assert_int_equal(mkdir(root, 0700), 0);
    snprintf(path, sizeof path, "%s/assets", root);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/assets.d", root);
    assert_int_equal(mkdir(path, 0700), 0);
    put_file(root, "index.html", "<title>from disk</title>");
    put_file(root, "assets/a.js", "let a = 1");
    put_file(root, ".hidden.txt", "SECRET");
    snprintf(path, sizeof path, "%s/link.txt", root);
    assert_int_equal(symlink("../secret.txt", path), 0);
    snprintf(path, sizeof path, "%s/linked", root);
    assert_int_equal(symlink("..", path), 0);

    house_open(&h, (struct heng_api_options){.web_root = root});
    expect(&h, "/lines", 200, "<title>from disk</title>");
    expect(&h, "/assets/a.js", 200, "text/javascript");
    expect(&h, "/assets/a.js", 200, "let a = 1");
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++) {
        int status = ask(&h, hidden[i]);
        if (status != 404 || strstr(answer, "SECRET")) fail_msg("%s: %d %s", hidden[i], status, answer);
    }
    house_close(&h);
    static const char *const made[] = {"dist/assets/a.js", "dist/index.html",
                                       "dist/.hidden.txt", "dist/link.txt",
                                       "dist/linked",      "dist/assets",
                                       "dist/assets.d",    "dist",
                                       "secret.txt",       ""};
    for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
        snprintf(path, sizeof path, "%s/%s", top, made[i]);
        assert_int_equal(remove(path), 0);
    }
}

/* Open an event stream; its head is read. */
static int listen_to(const struct house *h, const char *headers)
{
    char request[512];
    int fd = connect_to(h->port);
    snprintf(request, sizeof request, "GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n%s\r\n", headers);
    send_text(fd, request);
    receive(fd, answer, sizeof answer, "\n\n", 5000);
    return fd;
}

static void test_events(void **state)
{
    struct house h;
    (void)state;
    house_open(&h, (struct heng_api_options){.heartbeat_ms = 300, .listeners_max = 3});
    int first = listen_to(&h, "");
    expect_has("Content-Type: text/event-stream");
    expect_has("retry: 2000\n\n");
    int second = listen_to(&h, "");
    heng_api_publish(h.api, "reading", "{\"n\":1}");
    receive(first, answer, sizeof answer, "{\"n\":1}\n\n", 5000);
    expect_has("event: reading\ndata: {\"n\":1}\n\n");
    receive(second, answer, sizeof answer, "{\"n\":1}\n\n", 5000);
    char last[64] = "", header[96];
    const char *id = strstr(answer, "id: ");
    assert_non_null(id);
    snprintf(last, sizeof last, "%.*s", (int)strcspn(id + 4, "\n"), id + 4);

    /* a stream that says nothing is kept alive */
    receive(first, answer, sizeof answer, ": alive\n\n", 5000);
    expect_has(": alive\n\n");

    /* back after a break: what was missed, and nothing twice */
    close(second);
    heng_api_publish(h.api, "line", "{\"n\":2}");
    heng_api_publish(h.api, "line", "{\"n\":3}");
    snprintf(header, sizeof header, "Last-Event-ID: %s\r\n", last);
    second = listen_to(&h, header);
    size_t had = strlen(answer);
    if (!strstr(answer, "{\"n\":3}")) receive(second, answer + had, sizeof answer - had, "{\"n\":3}\n\n", 5000);
    expect_has("{\"n\":2}");
    expect_has("{\"n\":3}");
    assert_null(strstr(answer, "{\"n\":1}"));
    close(second);

    /* a text with a line break would end the event: it is not sent */
    heng_api_publish(h.api, "line", "{\n}");
    heng_api_publish(h.api, "line", "{\"n\":4}");
    receive(first, answer, sizeof answer, "{\"n\":4}\n\n", 5000);
    assert_null(strstr(answer, "{\n"));
    close(first);
    house_close(&h);
}

static void test_events_reload(void **state)
{
    static const char *const lost[] = {"Last-Event-ID: 1-1\r\n", "Last-Event-ID: x\r\n", "Last-Event-ID: \r\n",
                                       "Last-Event-ID: 99999999999999999999-1\r\n"};
    struct house h;
    char header[96];
    (void)state;
    house_open(&h, (struct heng_api_options){0});
    for (size_t i = 0; i < sizeof lost / sizeof *lost; i++) {
        int fd = listen_to(&h, lost[i]);
        expect_has("event: reload\ndata: {}\n\n");
        close(fd);
    }
    /* the id of the reload is good to resume from; one that has left the ring is not */
    char id[64];
    const char *from = strstr(answer, "id: ");
    assert_non_null(from);
    snprintf(id, sizeof id, "%.*s", (int)strcspn(from + 4, "\n"), from + 4);
    snprintf(header, sizeof header, "Last-Event-ID: %s\r\n", id);
    heng_api_publish(h.api, "line", "{\"n\":1}");
    int fd = listen_to(&h, header);
    if (!strstr(answer, "{\"n\":1}")) receive(fd, answer, sizeof answer, "{\"n\":1}\n\n", 5000);
    expect_has("data: {\"n\":1}");
    close(fd);
    for (int i = 0; i < 5000; i++) heng_api_publish(h.api, "line", "{}");
    fd = listen_to(&h, header);
    expect_has("event: reload");
    close(fd);
    /* an id that does not exist yet */
    snprintf(header, sizeof header, "Last-Event-ID: %.*s-90000\r\n", (int)strcspn(id, "-"), id);
    fd = listen_to(&h, header);
    expect_has("event: reload");
    close(fd);
    house_close(&h);
}

static void test_events_limit_and_stop(void **state)
{
    struct house h;
    int fds[3];
    (void)state;
    house_open(&h, (struct heng_api_options){.listeners_max = 2});
    for (int i = 0; i < 3; i++) {
        fds[i] = listen_to(&h, "Connection: close\r\n"); /* so that a refusal ends at once */
        expect_has(i < 2 ? "HTTP/1.1 200" : "HTTP/1.1 503");
    }
    expect_has("Retry-After:");
    heng_us before_us = heng_clock_mono();
    house_close(&h); /* with open streams */
    assert_true(heng_clock_mono() - before_us < 5 * HENG_US_PER_S);
    for (int i = 0; i < 2; i++) receive(fds[i], answer, sizeof answer, NULL, 2000);
    for (int i = 0; i < 3; i++) close(fds[i]);
}

/* One worker, one place to wait: of many at once some are told to come back, all others are served. */
static void test_full_queue(void **state)
{
    enum { CLIENTS = 60, FLOODS_MAX = 50 };
    struct house h;
    int served = 0, refused = 0;
    (void)state;
    house_open(&h, (struct heng_api_options){.workers = 1, .queue_max = 1});
    for (int flood = 0; flood < FLOODS_MAX && refused == 0; flood++) {
        int fds[CLIENTS];
        for (int i = 0; i < CLIENTS; i++) fds[i] = connect_to(h.port);
        for (int i = 0; i < CLIENTS; i++)
            send_text(fds[i], "GET /api/v1/overview HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        for (int i = 0; i < CLIENTS; i++) {
            receive(fds[i], answer, sizeof answer, NULL, 10000);
            close(fds[i]);
            if (strncmp(answer, "HTTP/1.1 200", 12) == 0) {
                served++;
            } else {
                expect_has("HTTP/1.1 503");
                expect_has("Retry-After: 1");
                refused++;
            }
        }
    }
    print_message("%d served, %d refused\n", served, refused);
    assert_true(served > 0 && refused > 0);
    house_close(&h);
}

/* A byte now and then does not keep a connection open, and those who wait do not keep others out. */
static void test_slow_clients(void **state)
{
    struct house h;
    (void)state;
    house_open(&h, (struct heng_api_options){.request_timeout_s = 1});
    int fds[20];
    for (size_t i = 0; i < 20; i++) {
        fds[i] = connect_to(h.port);
        send_text(fds[i], "GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ");
    }
    heng_us begin_us = heng_clock_mono();
    bool closed = false;
    while (!closed && heng_clock_mono() - begin_us < 10 * HENG_US_PER_S) {
        send_text(fds[0], "a");
        assert_int_equal(ask(&h, "/api/v1/health"), 200);
        char byte;
        closed = receive(fds[0], answer, sizeof answer, NULL, 1) == 0 && recv(fds[0], &byte, 1, MSG_DONTWAIT) == 0;
        closed = closed || strstr(answer, "HTTP/1.1 408");
        usleep(200000);
    }
    assert_true(closed);
    assert_true(heng_clock_mono() - begin_us < 5 * HENG_US_PER_S);
    for (size_t i = 0; i < 20; i++) close(fds[i]);
    house_close(&h);
}

/* Several requests on one connection, and one that is cut off in the middle of being answered. */
static void test_connections(void **state)
{
    struct house h;
    (void)state;
    house_open(&h, with_files());
    int fd = connect_to(h.port);
    for (int i = 0; i < 5; i++) {
        send_text(fd, "GET /api/v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n");
        receive(fd, answer, sizeof answer, "}", 5000);
        expect_has("HTTP/1.1 200");
    }
    close(fd);
    for (int i = 0; i < 50; i++) {
        fd = connect_to(h.port);
        send_text(fd, "GET /api/v1/overview HTTP/1.1\r\nHost: localhost\r\n\r\n");
        close(fd);
    }
    fd = connect_to(h.port);
    send_text(fd, "\x16\x03\x01 this is not HTTP\r\n\r\n");
    receive(fd, answer, sizeof answer, NULL, 5000);
    close(fd);
    assert_int_equal(ask(&h, "/api/v1/health"), 200);
    house_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_start_refuses),
        cmocka_unit_test(test_operations),
        cmocka_unit_test(test_contract),
        cmocka_unit_test(test_bad_parameters),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_web_root),
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_events_reload),
        cmocka_unit_test(test_events_limit_and_stop),
        cmocka_unit_test(test_full_queue),
        cmocka_unit_test(test_slow_clients),
        cmocka_unit_test(test_connections),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
