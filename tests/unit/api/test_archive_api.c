/* Sheets over HTTP: what may come in and how much of it, that a preview changes nothing and an import all or nothing,
 * and that what goes out is a file. */
#include "api/contract.h"
#include "archive/archive.h"
#include "unit/api/wish_house.h"

#define SHEET "building,flat,meter number,maker,medium,protocol\nB7,101,41000001,HNG,heat,mbus\n"
#define WRONG "building,flat,meter number,maker,medium,protocol\nB7,101,41000001,HNG,lava,mbus\n"

static int send_sheet(const struct house *h, const char *query, const char *type, const char *body)
{
    char headers[256], path[128];
    snprintf(headers, sizeof headers, "Host: %s\r\nContent-Type: %s\r\n", h->host, type);
    snprintf(path, sizeof path, "/api/v1/archive/import%s", query);
    return ask(h, "POST", path, headers, body);
}

static void expect_sheet(const struct house *h, const char *query, const char *type, const char *body, int status,
                         const char *words)
{
    int got = send_sheet(h, query, type, body);
    if (got != status || !strstr(answer, words))
        fail_msg("%s %s: %d, expected %d and '%s': %.600s", query, type, got, status, words, answer);
}

static int64_t places_of(const struct house *h)
{
    return small_site_number(h->site.path, "SELECT count(*) FROM place");
}

static void test_all_or_nothing(void **state)
{
    struct house h;
    (void)state;
    house_open(&h, false);
    int64_t before = places_of(&h);
    expect_sheet(&h, "", "text/csv", SHEET, 200, "\"applied\":false");
    assert_non_null(strstr(answer, "{\"table\":\"meters\",\"new\":1"));
    assert_int_equal(places_of(&h), before);
    expect_sheet(&h, "?apply=true", "text/csv", WRONG, 200, "\"applied\":false");
    assert_non_null(strstr(answer, "\"row\":2,\"column\":\"E\",\"header\":\"medium\",\"value\":\"lava\""));
    assert_int_equal(places_of(&h), before);
    expect_sheet(&h, "?apply=true&name=b7.csv&policy=skip&language=de", "text/csv; charset=utf-8", SHEET, 200,
                 "\"applied\":true");
    assert_int_equal(places_of(&h), before + 2);
    expect_sheet(&h, "?apply=true", "Text/CSV", SHEET, 200, "\"meters\",\"new\":0,\"changed\":0,\"same\":1");
    assert_int_equal(places_of(&h), before + 2);
    house_close(&h);
}

static void test_who_may(void **state)
{
    static const char *const types[] = {"application/json",         "text/plain", "text/csvx",
                                        "multipart/form-data; x=1", "",           "application/x-www-form-urlencoded"};
    struct house h;
    char headers[256];
    (void)state;
    house_open(&h, false);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        expect_sheet(&h, "", types[i], SHEET, 415, "Content-Type must be");
    expect_sheet(&h, "?apply=yes", "text/csv", SHEET, 400, "'apply'");
    expect_sheet(&h, "?aply=true", "text/csv", SHEET, 400, "'aply' is not known");
    expect_sheet(&h, "?policy=merge", "text/csv", SHEET, 400, "'policy'");
    expect_sheet(&h, "", "text/csv", "", 400, "the body is empty");
    snprintf(headers, sizeof headers, "Host: %s\r\nOrigin: http://evil.example\r\nContent-Type: text/csv\r\n", h.host);
    assert_int_equal(ask(&h, "POST", "/api/v1/archive/import", headers, SHEET), 403);
    assert_int_equal(
        ask(&h, "POST", "/api/v1/archive/import", "Host: localhost:1\r\nContent-Type: text/csv\r\n", SHEET), 421);
    assert_int_equal(ask(&h, "PUT", "/api/v1/archive/import", "Host: localhost\r\n", SHEET), 405);
    expect(&h, "POST", "/api/v1/reads", "{\"line\":1}", 503, ""); /* others still need JSON and have no desk here */
    house_close(&h);
}

/* --- by hand ------------------------------------------------------------------------------------------------------ */

static int begin(const struct house *h, const char *headers)
{
    char text[512];
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(h->port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    int n = snprintf(text, sizeof text, "POST /api/v1/archive/import?apply=true HTTP/1.1\r\nHost: %s\r\n%s\r\n",
                     h->host, headers);
    assert_int_equal(send(fd, text, (size_t)n, MSG_NOSIGNAL), n);
    return fd;
}

static int status_of(int fd)
{
    char text[512];
    ssize_t n = recv(fd, text, sizeof text - 1, 0);
    close(fd);
    if (n <= 0) return 0;
    text[n] = '\0';
    return strncmp(text, "HTTP/1.1 ", 9) == 0 ? (int)strtol(text + 9, NULL, 10) : 0;
}

/* Until the server sees it: at most ten seconds. */
static void wait_for(const struct house *h, int status)
{
    int got = 0;
    for (int i = 0; i < 200 && got != status; i++) {
        if (i) usleep(50000);
        got = send_sheet(h, "", "text/csv", SHEET);
    }
    assert_int_equal(got, status);
}

/* Both hold a place: a third is refused. One of them that came behind the third was refused itself, and tries again. */
static void wait_until_full(const struct house *h, const char *headers, int fds[static 2])
{
    char byte;
    for (int i = 0; i < 200 && send_sheet(h, "", "text/csv", SHEET) != 503; i++) {
        usleep(50000);
        for (int k = 0; k < 2; k++) {
            if (recv(fds[k], &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0) continue; /* no answer: it is waited for */
            close(fds[k]);
            fds[k] = begin(h, headers);
        }
    }
    assert_int_equal(send_sheet(h, "", "text/csv", SHEET), 503);
}

static void test_too_large(void **state)
{
    enum { CHUNK = 65536, MAX = 64 << 20 };
    static char chunk[CHUNK];
    struct house h;
    (void)state;
    house_open(&h, false);
    assert_int_equal(status_of(begin(&h, "Content-Type: text/csv\r\nContent-Length: 67108865\r\n")), 413);
    /* One that does not say how long it is. */
    int fd = begin(&h, "Content-Type: text/csv\r\nTransfer-Encoding: chunked\r\n");
    memset(chunk, 'x', sizeof chunk);
    for (size_t sent = 0; sent <= MAX; sent += CHUNK) {
        if (send(fd, "10000\r\n", 7, MSG_NOSIGNAL) != 7) break;
        for (size_t at = 0; at < CHUNK;) {
            ssize_t n = send(fd, chunk + at, CHUNK - at, MSG_NOSIGNAL);
            if (n <= 0) break;
            at += (size_t)n;
        }
        if (send(fd, "\r\n", 2, MSG_NOSIGNAL) != 2) break;
    }
    assert_int_equal(send(fd, "0\r\n\r\n", 5, MSG_NOSIGNAL), 5);
    assert_int_equal(status_of(fd), 413);
    expect_sheet(&h, "?apply=true", "text/csv", SHEET, 200, "\"applied\":true"); /* its place is free */
    house_close(&h);
}

static void test_places(void **state)
{
    static const char head[] = "Content-Type: text/csv\r\nContent-Length: 5000\r\n";
    struct house h;
    (void)state;
    house_open(&h, false);
    int64_t before = places_of(&h);
    int fds[] = {begin(&h, head), begin(&h, head)};
    wait_until_full(&h, head, fds);
    assert_int_equal(send(fds[0], SHEET, sizeof SHEET - 1, MSG_NOSIGNAL), sizeof SHEET - 1);
    expect(&h, "GET", "/api/v1/health", "", 200, "");
    close(fds[0]); /* cut off */
    wait_for(&h, 200);
    assert_int_equal(places_of(&h), before);
    close(fds[1]);
    house_close(&h);
}

/* Who sends nothing for as long as the server waits loses its place. */
static void test_slow(void **state)
{
    static const char head[] = "Content-Type: text/csv\r\nContent-Length: 5000\r\n";
    struct house h;
    (void)state;
    house_timeout_s = 3; /* longer than a sheet takes */
    house_open(&h, false);
    int fds[] = {begin(&h, head), begin(&h, head)};
    wait_until_full(&h, head, fds);
    wait_for(&h, 200);
    close(fds[0]);
    close(fds[1]);
    house_close(&h);
    house_timeout_s = 0;
}

/* --- out ---------------------------------------------------------------------------------------------------------- */

static void test_out(void **state)
{
    struct house h;
    char path[128];
    (void)state;
    house_open(&h, false);
    for (heng_archive_table table = HENG_ARCHIVE_ORGS; table < HENG_ARCHIVE_TABLES; table++) {
        const char *key = heng_archive_sheet_of(table)->key;
        assert_int_not_equal(heng_api_sheet_table_of(key), HENG_API_SHEET_TABLE_COUNT);
        snprintf(path, sizeof path, "/api/v1/archive/export?table=%s&format=csv", key);
        expect(&h, "GET", path, "", 200, "Content-Type: text/csv");
        snprintf(path, sizeof path, "filename=\"heng-%s.csv\"", key);
        assert_non_null(strstr(answer, path));
        snprintf(path, sizeof path, "/api/v1/archive/templates?table=%s&language=zh", key);
        expect(&h, "GET", path, "", 200, "spreadsheetml.sheet");
        assert_non_null(strstr(answer, "\r\n\r\nPK"));
    }
    assert_int_equal(HENG_API_SHEET_TABLE_COUNT, HENG_ARCHIVE_TABLES);
    expect(&h, "GET", "/api/v1/archive/export?table=places&format=csv", "", 200, "place key,");
    expect(&h, "GET", "/api/v1/archive/export", "", 200, "filename=\"heng-archive.xlsx\"");
    expect(&h, "GET", "/api/v1/archive/templates", "", 200, "filename=\"heng-template-archive.xlsx\"");
    expect(&h, "GET", "/api/v1/archive/export?format=csv", "", 400, "'table' is missing");
    expect(&h, "GET", "/api/v1/archive/export?table=meter", "", 400, "'table'");
    expect(&h, "GET", "/api/v1/archive/export?table=meters&place=999", "", 404, "");
    house_close(&h);
}

/* --- the tree ----------------------------------------------------------------------------------------------------- */

static void test_tree(void **state)
{
    struct house h;
    (void)state;
    house_open(&h, false);
    expect(&h, "GET", "/api/v1/archive/tree", "", 200, "\"open_points\":");
    expect(&h, "GET", "/api/v1/archive/tree?parent=999", "", 404, "");
    expect(&h, "GET", "/api/v1/archive/tree?parent=1&after=999", "", 404, "");
    expect(&h, "GET", "/api/v1/places/1", "", 200, "\"above\":[]");
    expect(&h, "GET", "/api/v1/points/1", "", 200, "\"channels\":[");
    expect(&h, "GET", "/api/v1/points/999", "", 404, "");
    expect(&h, "GET", "/api/v1/organisations", "", 200, "\"items\":[]");
    expect(&h, "GET", "/api/v1/archive/search", "", 400, "'words' is missing");
    expect(&h, "GET", "/api/v1/archive/search?words=nowhere", "", 200, "\"items\":[],\"more\":false");
    house_close(&h);
}

static void test_changes(void **state)
{
    struct house h;
    (void)state;
    house_open(&h, false);
    int64_t before = places_of(&h);
    expect(&h, "POST", "/api/v1/places", "{\"kind\":\"building\",\"name\":\"New\",\"key\":\"new\"}", 200,
           "\"accepted\":1");
    expect(&h, "POST", "/api/v1/places", "{\"kind\":\"building\",\"name\":\"New\",\"key\":\"new\"}", 409, "");
    expect(&h, "POST", "/api/v1/places", "{\"kind\":\"building\"}", 400, "'name' is missing");
    int64_t id = small_site_number(h.site.path, "SELECT id FROM place WHERE key = 'new'");
    char path[128];
    snprintf(path, sizeof path, "/api/v1/places/%lld/bulk", (long long)id);
    expect(&h, "POST", path, "{\"first_floor\":1,\"last_floor\":3,\"per_floor\":2,\"positions\":\"east,west\"}", 200,
           "\"applied\":false,\"made\":6");
    assert_non_null(strstr(answer, "\"name\":\"302\""));
    assert_non_null(strstr(answer, "\"position\":\"west\""));
    assert_int_equal(places_of(&h), before + 1);
    expect(&h, "POST", path, "{\"first_floor\":3,\"last_floor\":1,\"per_floor\":2}", 400, "");
    expect(&h, "POST", path, "{\"first_floor\":1,\"last_floor\":3,\"per_floor\":65}", 400, "'per_floor'");
    expect(&h, "POST", path, "{\"first_floor\":-1,\"last_floor\":1,\"per_floor\":1,\"apply\":true}", 200,
           "\"applied\":true,\"made\":2");
    assert_int_equal(places_of(&h), before + 3);
    snprintf(path, sizeof path, "/api/v1/places/%lld", (long long)id);
    expect(&h, "POST", path, "{\"name\":\"Other\",\"area_cm2\":1000000}", 200, "");
    expect(&h, "GET", path, "", 200, "\"name\":\"Other\"");
    assert_non_null(strstr(answer, "\"key\":\"new\""));
    expect(&h, "POST", path, "{\"key\":\"\"}", 400, "needs a key");
    snprintf(path, sizeof path, "/api/v1/places/%lld/close", (long long)id);
    expect(&h, "POST", path, "{}", 200, "");
    snprintf(path, sizeof path, "/api/v1/places/%lld/reopen", (long long)id);
    expect(&h, "POST", path, "", 200, "");
    expect(&h, "POST", "/api/v1/places/999/move", "{}", 404, "");
    house_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_or_nothing), cmocka_unit_test(test_who_may), cmocka_unit_test(test_too_large),
        cmocka_unit_test(test_places),         cmocka_unit_test(test_slow),    cmocka_unit_test(test_out),
        cmocka_unit_test(test_tree),           cmocka_unit_test(test_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
