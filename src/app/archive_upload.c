#include "app/archive_upload.h"

#include <curl/curl.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"

enum { URL_MAX = 600, ANSWER_MAX = 16 << 20, CONNECT_S = 10, TIMEOUT_S = 1800, SHOWN = 40 };

/* --- what the server says ---------------------------------------------------------------------------------------- */

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

static long long number_of(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

static void print_faults(const json_t *report)
{
    const json_t *faults = json_object_get(report, "faults"), *fault;
    size_t i;
    json_array_foreach(faults, i, fault)
    {
        printf("%s", text_of(fault, "sheet"));
        if (number_of(fault, "row")) printf(", row %lld", number_of(fault, "row"));
        if (text_of(fault, "column")[0]) printf(", column %s (%s)", text_of(fault, "column"), text_of(fault, "header"));
        if (text_of(fault, "value")[0]) printf(", '%s'", text_of(fault, "value"));
        printf(": %s\n", text_of(fault, "why"));
    }
    long long more = number_of(report, "fault_total") - (long long)json_array_size(faults);
    if (more > 0) printf("... and %lld more\n", more);
}

static void print_report(const json_t *report)
{
    static const char *const fates[] = {"new", "changed", "same", "skipped"};
    const json_t *item;
    size_t i;
    print_faults(report);
    json_array_foreach(json_object_get(report, "effects"), i, item)
    {
        if (number_of(report, "fault_total") || i == SHOWN) break;
        if (strcmp(text_of(item, "fate"), "new") == 0) continue;
        printf("row %lld, %s: %s\n", number_of(item, "row"), text_of(item, "fate"), text_of(item, "what"));
    }
    json_array_foreach(json_object_get(report, "counts"), i, item)
    {
        printf("%s:", text_of(item, "table"));
        for (size_t k = 0; k < sizeof fates / sizeof *fates; k++)
            if (number_of(item, fates[k])) printf(" %lld %s", number_of(item, fates[k]), fates[k]);
        putchar('\n');
    }
}

/* A refusal: the sentence of the server, if it has one. */
static heng_rc refused(long status, const json_t *problem, struct heng_err *err)
{
    heng_rc rc = status == 503 ? HENG_EBUSY : HENG_EDENIED;
    const char *detail = text_of(problem, "detail");
    if (detail[0]) return heng_fail(err, rc, 0, "%s", detail);
    return heng_fail(err, rc, 0, "the server answered with HTTP %ld", status);
}

static heng_rc take_answer(const struct heng_archive_upload *upload, long status, const char *text,
                           struct heng_err *err)
{
    json_t *answer = json_loads(text ? text : "", 0, NULL);
    heng_rc rc = HENG_OK;
    if (status != 200) {
        rc = refused(status, answer, err);
    } else if (!json_is_boolean(json_object_get(answer, "applied"))) {
        rc = heng_fail(err, HENG_EFORMAT, 0, "what answers at %.80s is not Heng", upload->server);
    } else {
        long long faults = number_of(answer, "fault_total");
        print_report(answer);
        if (faults)
            rc = heng_fail(err, HENG_ECONFIG, 0, "%lld faults: nothing is changed", faults);
        else if (!upload->apply)
            puts("nothing is changed yet: this was the preview");
    }
    json_decref(answer);
    return rc;
}

/* --- the request ---------------------------------------------------------------------------------------------------
 */

static size_t on_text(char *bytes, size_t size, size_t count, void *owner)
{
    struct heng_str *text = owner;
    heng_str_put(text, bytes, size * count);
    return text->rc == HENG_OK ? size * count : 0;
}

static size_t on_wanted(char *to, size_t size, size_t count, void *owner) { return fread(to, size, count, owner); }

static void url_of(const struct heng_archive_upload *upload, CURL *curl, const char *name, char ret[static URL_MAX])
{
    char *quoted = curl_easy_escape(curl, name, 0);
    size_t n = strlen(upload->server);
    while (n && upload->server[n - 1] == '/') n--;
    snprintf(ret, URL_MAX, "%.*s/api/v1/archive/import?apply=%s&policy=%s&language=%s&name=%.180s", (int)n,
             upload->server, upload->apply ? "true" : "false", upload->policy, upload->language, quoted ? quoted : "");
    curl_free(quoted);
}

/* file stands at its beginning. */
static heng_rc send_file(const struct heng_archive_upload *upload, CURL *curl, FILE *file, curl_off_t size,
                         const char *name, struct heng_str *text, struct heng_err *err)
{
    char url[URL_MAX], why[CURL_ERROR_SIZE] = "", head[2] = "";
    bool xlsx = fread(head, 1, sizeof head, file) == sizeof head && memcmp(head, "PK", sizeof head) == 0;
    struct curl_slist *headers =
        curl_slist_append(NULL, xlsx ? "Content-Type: application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
                                     : "Content-Type: text/csv");
    if (!headers) return heng_fail(err, HENG_ENOMEM, 0, "out of memory");
    rewind(file);
    url_of(upload, curl, name, url);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)TIMEOUT_S);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, why);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_text);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, text);
    curl_easy_setopt(curl, CURLOPT_POST, 1L);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, size);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, on_wanted);
    curl_easy_setopt(curl, CURLOPT_READDATA, file);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    CURLcode code = curl_easy_perform(curl);
    curl_slist_free_all(headers);
    if (code == CURLE_OK) return HENG_OK;
    return heng_fail(err, HENG_EIO, 0, "no answer from %.60s: %.60s (is 'heng serve' running there?)", upload->server,
                     why[0] ? why : curl_easy_strerror(code));
}

heng_rc heng_archive_upload(const struct heng_archive_upload *upload, const char *path, struct heng_err *err)
{
    const char *slash = strrchr(path, '/');
    struct heng_str text = {.max = ANSWER_MAX};
    struct stat about;
    long status = 0;
    FILE *file = fopen(path, "rbe");
    if (!file || fstat(fileno(file), &about) != 0) {
        heng_rc rc = heng_fail(err, HENG_EIO, 0, "%.100s: %s", path, strerror(errno));
        if (file) fclose(file);
        return rc;
    }
    curl_global_init(CURL_GLOBAL_DEFAULT);
    CURL *curl = curl_easy_init();
    heng_rc rc = curl ? send_file(upload, curl, file, (curl_off_t)about.st_size, slash ? slash + 1 : path, &text, err)
                      : heng_fail(err, HENG_ENOMEM, 0, "out of memory");
    if (rc == HENG_OK) {
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
        rc = take_answer(upload, status, text.text, err);
    }
    curl_easy_cleanup(curl);
    curl_global_cleanup();
    heng_str_fini(&text);
    fclose(file);
    return rc;
}
