#include "app/cmd/gateway.h"

#include <curl/curl.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/gateway_tunnel.h"
#include "app/options.h"
#include "base/buf.h"

static const char command[] = "gateway";

enum { ANSWER_MAX = 4 * 1024 * 1024, TIMEOUT_S = 30, URL_MAX = 512 };

/* What was typed. word: list, accept ...; what: the code or the key behind it. */
struct asked {
    const char *url, *word, *what;
    const char *key, *name, *parent, *who, *why, *line, *pty;
    long seconds;
    bool json;
};

/* --- HTTP ----------------------------------------------------------------------------------------------------------
 */

static size_t on_text(char *bytes, size_t size, size_t count, void *owner)
{
    struct heng_str *text = owner;
    heng_str_put(text, bytes, size * count);
    return text->rc == HENG_OK ? size * count : 0;
}

/* What a server says that does not do it: its own sentence, if it has one. */
static heng_rc problem(long status, const struct heng_str *text, struct heng_err *err)
{
    json_t *json = text->text ? json_loads(text->text, 0, NULL) : NULL;
    const char *detail = json_string_value(json_object_get(json, "detail"));
    if (!detail) detail = json_string_value(json_object_get(json, "title"));
    heng_rc rc = status == 404 ? HENG_ENOTFOUND : HENG_EDENIED;
    if (detail && detail[0])
        rc = heng_fail(err, rc, 0, "%s", detail);
    else
        rc = heng_fail(err, rc, 0, "the server answered with HTTP %ld", status);
    json_decref(json);
    return rc;
}

/* body NULL: GET. *ret: the answer, json_decref it. */
static heng_rc request(const struct asked *asked, const char *path, json_t *body, json_t **ret, struct heng_err *err)
{
    char url[URL_MAX], why[CURL_ERROR_SIZE] = "";
    struct heng_str text = {.max = ANSWER_MAX};
    long status = 0;
    CURL *curl = curl_easy_init();
    char *sent = body ? json_dumps(body, JSON_COMPACT) : NULL;
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    snprintf(url, sizeof url, "%s%s", asked->url, path);
    heng_rc rc = HENG_OK;
    if (!curl || !headers || (body && !sent)) {
        rc = heng_fail(err, HENG_ENOMEM, 0, "out of memory");
    } else {
        curl_easy_setopt(curl, CURLOPT_URL, url);
        curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
        curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)TIMEOUT_S);
        curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, why);
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_text);
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, &text);
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
        if (sent) curl_easy_setopt(curl, CURLOPT_POSTFIELDS, sent);
        CURLcode code = curl_easy_perform(curl);
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
        if (code != CURLE_OK)
            rc = heng_fail(err, HENG_EIO, 0, "no answer from %.80s: %.60s (is 'heng serve' running?)", asked->url,
                           why[0] ? why : curl_easy_strerror(code));
        else if (status >= 300)
            rc = problem(status, &text, err);
        else if (!(*ret = json_loads(text.text ? text.text : "", 0, NULL)))
            rc = heng_fail(err, HENG_EFORMAT, 0, "what answers at %.80s is not Heng", asked->url);
    }
    heng_str_fini(&text);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    free(sent);
    return rc;
}

/* --- what there is -------------------------------------------------------------------------------------------------
 */

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

static long long number_of(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

static bool flag_of(const json_t *object, const char *name) { return json_is_true(json_object_get(object, name)); }

/* The item of a list whose member says so. *ret is borrowed from list. */
static const json_t *item_where(const json_t *list, const char *name, const char *value)
{
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(list, "items"), i, item)
    {
        if (strcmp(text_of(item, name), value) == 0) return item;
    }
    return NULL;
}

static heng_rc find_gateway(const struct asked *asked, const char *key, long long *ret, struct heng_err *err)
{
    json_t *list = NULL;
    heng_rc rc = request(asked, "/api/v1/gateways", NULL, &list, err);
    const json_t *item = rc == HENG_OK ? item_where(list, "key", key) : NULL;
    if (item)
        *ret = number_of(item, "id");
    else if (rc == HENG_OK)
        rc = heng_fail(err, HENG_ENOTFOUND, 0, "there is no gateway '%.60s': see heng gateway list", key);
    json_decref(list);
    return rc;
}

static int show(json_t *json)
{
    json_dumpf(json, stdout, JSON_INDENT(2));
    putchar('\n');
    return EXIT_SUCCESS;
}

static void print_gateway(const json_t *item, const json_t *list)
{
    char state[32], versions[48];
    unsigned deep = 0;
    for (const json_t *at = item; at && number_of(at, "parent_id") && deep < 4; deep++) {
        long long parent = number_of(at, "parent_id");
        size_t i;
        json_t *other;
        at = NULL;
        json_array_foreach(json_object_get(list, "items"), i, other)
        {
            if (number_of(other, "id") == parent) at = other;
        }
    }
    bool enrolled = strcmp(text_of(item, "state"), "enrolled") == 0;
    snprintf(state, sizeof state, "%s",
             !enrolled                    ? text_of(item, "state")
             : flag_of(item, "connected") ? "connected"
                                          : "not connected");
    snprintf(versions, sizeof versions, "%lld/%lld", number_of(item, "applied_version"),
             number_of(item, "config_version"));
    printf("%*s%-*s  %-13s  %8lld  %8lld  %9s  %5lld  %6lld  %s\n", (int)(2 * deep), "", (int)(24 - 2 * deep),
           text_of(item, "key"), state, number_of(item, "queued"), number_of(item, "missing"), versions,
           number_of(item, "lines"), number_of(item, "meters"), text_of(item, "software"));
    if (text_of(item, "config_why")[0]) printf("%*s! %s\n", (int)(2 * deep + 2), "", text_of(item, "config_why"));
}

static int list(const struct asked *asked, struct heng_err *err)
{
    json_t *gateways = NULL, *boxes = NULL, *item;
    size_t i;
    int status = EXIT_FAILURE;
    if (request(asked, "/api/v1/gateways", NULL, &gateways, err) != HENG_OK ||
        request(asked, "/api/v1/enrolments?state=waiting", NULL, &boxes, err) != HENG_OK) {
        heng_failure(command, err);
    } else if (asked->json) {
        json_t *all = json_pack("{s:O, s:O}", "gateways", json_object_get(gateways, "items"), "waiting",
                                json_object_get(boxes, "items"));
        status = show(all);
        json_decref(all);
    } else {
        printf("%-24s  %-13s  %8s  %8s  %9s  %5s  %6s  %s\n", "gateway", "state", "queued", "missing", "config",
               "lines", "meters", "software");
        json_array_foreach(json_object_get(gateways, "items"), i, item) print_gateway(item, gateways);
        if (json_array_size(json_object_get(boxes, "items"))) puts("\nwaiting to be accepted:");
        json_array_foreach(json_object_get(boxes, "items"), i, item)
        {
            printf("  %s...  '%s'  serial '%s'  from %s since %s\n", text_of(item, "code_begins"),
                   text_of(item, "name"), text_of(item, "serial"), text_of(item, "address"), text_of(item, "first_at"));
        }
        status = EXIT_SUCCESS;
    }
    json_decref(gateways);
    json_decref(boxes);
    return status;
}

/* --- decisions -----------------------------------------------------------------------------------------------------
 */

/* The request whose code begins like this one; the server compares the whole code. Case, dashes and blanks do not
 * matter. */
static bool begins(const char *code, const char *begin)
{
    for (; *begin; begin++) {
        if (*begin == '-' || *begin == ' ') continue;
        while (*code == '-' || *code == ' ') code++;
        int a = *code >= 'a' && *code <= 'z' ? *code - 'a' + 'A' : *code;
        a = a == 'O' ? '0' : a == 'I' || a == 'L' ? '1' : a;
        if (a != *begin) return false;
        code++;
    }
    return true;
}

static heng_rc find_box(const struct asked *asked, long long *ret, char *ret_name, size_t cap, struct heng_err *err)
{
    json_t *boxes = NULL, *item;
    size_t i, found = 0;
    heng_rc rc = request(asked, "/api/v1/enrolments?state=waiting", NULL, &boxes, err);
    json_array_foreach(json_object_get(boxes, "items"), i, item)
    {
        if (!begins(asked->what, text_of(item, "code_begins"))) continue;
        *ret = number_of(item, "id");
        snprintf(ret_name, cap, "%s", text_of(item, "name"));
        found++;
    }
    json_decref(boxes);
    if (rc == HENG_OK && found == 0)
        return heng_fail(err, HENG_ENOTFOUND, 0, "no box with this code waits: see heng gateway list");
    if (rc == HENG_OK && found > 1)
        return heng_fail(err, HENG_ECONFLICT, 0, "several boxes have a code that begins like this: use the console");
    return rc;
}

static int accept_box(const struct asked *asked, struct heng_err *err)
{
    char path[96], name[96] = "";
    long long id = 0, parent = 0;
    json_t *answer = NULL;
    heng_rc rc = find_box(asked, &id, name, sizeof name, err);
    if (rc == HENG_OK && asked->parent) rc = find_gateway(asked, asked->parent, &parent, err);
    if (asked->name) snprintf(name, sizeof name, "%s", asked->name);
    const char *key = asked->key ? asked->key : name;
    if (rc == HENG_OK && !key[0]) rc = heng_fail(err, HENG_ECONFIG, 0, "the box has no name of its own: say --key");
    if (rc == HENG_OK) {
        json_t *body = json_pack("{s:s, s:s, s:s}", "code", asked->what, "key", key, "name", name[0] ? name : key);
        if (body && parent) json_object_set_new(body, "parent", json_integer(parent));
        snprintf(path, sizeof path, "/api/v1/enrolments/%lld/accept", id);
        rc = body ? request(asked, path, body, &answer, err) : heng_fail(err, HENG_EFORMAT, 0, "names must be UTF-8");
        json_decref(body);
    }
    if (rc != HENG_OK) return heng_failure(command, err);
    printf("the box is gateway '%s' now\n", key);
    json_decref(answer);
    return EXIT_SUCCESS;
}

/* A word about one thing that has no answer but done or not. */
static int post(const struct asked *asked, const char *path, json_t *body, const char *done, struct heng_err *err)
{
    json_t *answer = NULL;
    heng_rc rc = body ? request(asked, path, body, &answer, err) : heng_fail(err, HENG_EFORMAT, 0, "not UTF-8");
    json_decref(body);
    if (rc != HENG_OK) return heng_failure(command, err);
    json_decref(answer);
    puts(done);
    return EXIT_SUCCESS;
}

static int refuse_box(const struct asked *asked, struct heng_err *err)
{
    char path[96], name[96];
    long long id = 0;
    if (find_box(asked, &id, name, sizeof name, err) != HENG_OK) return heng_failure(command, err);
    snprintf(path, sizeof path, "/api/v1/enrolments/%lld/refuse", id);
    return post(asked, path, json_pack("{s:s}", "why", asked->why ? asked->why : ""), "the box is refused", err);
}

static int revoke(const struct asked *asked, struct heng_err *err)
{
    char path[96];
    long long id = 0;
    if (!asked->why) return heng_usage_error(command, "revoke needs --why: it is kept for the record");
    if (find_gateway(asked, asked->what, &id, err) != HENG_OK) return heng_failure(command, err);
    snprintf(path, sizeof path, "/api/v1/gateways/%lld/revoke", id);
    return post(asked, path, json_pack("{s:s, s:s}", "who", asked->who, "why", asked->why),
                "its certificates are void from now on", err);
}

/* --- questions -----------------------------------------------------------------------------------------------------
 */

static int ask(const struct asked *asked, struct heng_err *err)
{
    char path[96];
    long long id = 0;
    json_t *answer = NULL;
    heng_rc rc = find_gateway(asked, asked->what, &id, err);
    if (rc == HENG_OK) {
        json_t *body = json_pack("{s:s}", "what", asked->word);
        snprintf(path, sizeof path, "/api/v1/gateways/%lld/ask", id);
        rc = request(asked, path, body, &answer, err);
        json_decref(body);
    }
    if (rc != HENG_OK) return heng_failure(command, err);
    fputs(text_of(answer, "text"), stdout);
    json_decref(answer);
    return EXIT_SUCCESS;
}

/* By its name, or its number. */
static heng_rc find_line(const struct asked *asked, long long *ret, struct heng_err *err)
{
    json_t *lines = NULL;
    char *end;
    heng_rc rc = request(asked, "/api/v1/lines", NULL, &lines, err);
    const json_t *item = rc == HENG_OK ? item_where(lines, "name", asked->line) : NULL;
    *ret = item ? number_of(item, "id") : strtoll(asked->line, &end, 10);
    if (rc == HENG_OK && !item && (*end || *ret <= 0))
        rc = heng_fail(err, HENG_ENOTFOUND, 0, "there is no line '%.60s'", asked->line);
    json_decref(lines);
    return rc;
}

static int tunnel(const struct asked *asked, struct heng_err *err)
{
    char path[96];
    long long id = 0;
    json_t *answer = NULL;
    if (!asked->line) return heng_usage_error(command, "tunnel needs --line");
    if (!asked->why) return heng_usage_error(command, "tunnel needs --why: it is kept for the record");
    heng_rc rc = find_line(asked, &id, err);
    if (rc == HENG_OK) {
        json_t *body =
            json_pack("{s:s, s:s, s:I}", "who", asked->who, "why", asked->why, "seconds", (json_int_t)asked->seconds);
        snprintf(path, sizeof path, "/api/v1/lines/%lld/tunnel", id);
        rc = body ? request(asked, path, body, &answer, err) : heng_fail(err, HENG_EFORMAT, 0, "not UTF-8");
        json_decref(body);
    }
    if (rc == HENG_OK)
        rc = gateway_tunnel_run((uint16_t)number_of(answer, "port"), text_of(answer, "token"), asked->pty, err);
    json_decref(answer);
    return rc == HENG_OK ? EXIT_SUCCESS : heng_failure(command, err);
}

/* --- the command ---------------------------------------------------------------------------------------------------
 */

static const struct {
    const char *word, *what;
    int (*run)(const struct asked *asked, struct heng_err *err);
} words[] = {{"list", NULL, list},
             {"accept", "the code that the box shows", accept_box},
             {"refuse", "the code that the box shows", refuse_box},
             {"revoke", "the key of a gateway", revoke},
             {"status", "the key of a gateway", ask},
             {"log", "the key of a gateway", ask},
             {"tunnel", NULL, tunnel}};

static void print_help(void)
{
    puts("usage: heng gateway WORD [OPTION...]\n\n"
         "  list                     gateways, and boxes that want to become one\n"
         "  accept CODE              let the box that shows CODE in: --key, --name, --parent KEY\n"
         "  refuse CODE              do not: --why TEXT\n"
         "  revoke KEY               its certificates are void at once: --why TEXT, --who NAME\n"
         "  status KEY, log KEY      what the box says of itself\n"
         "  tunnel --line NAME       a way to a line that a gateway reads: standard input and output, or --pty PATH;\n"
         "                           --why TEXT, --who NAME, --seconds N (900)\n\n"
         "  --url URL                of the running server (http://127.0.0.1:8080)\n"
         "  --json                   list as JSON");
}

static int run(struct asked *asked)
{
    struct heng_err err = {.text = ""};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(words[i].word, asked->word) != 0) continue;
        if (words[i].what && !asked->what) return heng_usage_error(command, "%s needs %s", asked->word, words[i].what);
        if (!words[i].what && asked->what)
            return heng_usage_error(command, "'%.60s' is one word too many", asked->what);
        curl_global_init(CURL_GLOBAL_DEFAULT);
        int status = words[i].run(asked, &err);
        curl_global_cleanup();
        return status;
    }
    return heng_usage_error(command, "'%.60s' is not a word", asked->word);
}

int heng_cmd_gateway(int argc, char **argv)
{
    static const struct option long_options[] = {
        {"url", required_argument, NULL, 'u'},     {"key", required_argument, NULL, 'k'},
        {"name", required_argument, NULL, 'n'},    {"parent", required_argument, NULL, 'p'},
        {"who", required_argument, NULL, 'w'},     {"why", required_argument, NULL, 'y'},
        {"line", required_argument, NULL, 'l'},    {"pty", required_argument, NULL, 't'},
        {"seconds", required_argument, NULL, 's'}, {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},          {NULL, 0, NULL, 0}};
    struct asked asked = {.url = "http://127.0.0.1:8080", .who = getenv("USER"), .seconds = 900};
    int option;
    char *end = "";
    if (!asked.who || !asked.who[0]) asked.who = "command line";
    opterr = 0;
    optind = 1;
    while ((option = getopt_long(argc, argv, ":", long_options, NULL)) != -1) {
        switch (option) {
        case 'u': asked.url = optarg; break;
        case 'k': asked.key = optarg; break;
        case 'n': asked.name = optarg; break;
        case 'p': asked.parent = optarg; break;
        case 'w': asked.who = optarg; break;
        case 'y': asked.why = optarg; break;
        case 'l': asked.line = optarg; break;
        case 't': asked.pty = optarg; break;
        case 's': asked.seconds = strtol(optarg, &end, 10); break;
        case 'j': asked.json = true; break;
        case 'h': print_help(); return EXIT_SUCCESS;
        default: return heng_option_error(command, option, argv);
        }
    }
    if (*end || asked.seconds < 10 || asked.seconds > 28800)
        return heng_usage_error(command, "--seconds is a number from 10 to 28800");
    if (optind == argc) return heng_usage_error(command, "say what to do");
    asked.word = argv[optind++];
    if (optind < argc) asked.what = argv[optind++];
    if (optind < argc) return heng_usage_error(command, "'%.60s' is one word too many", argv[optind]);
    return run(&asked);
}
