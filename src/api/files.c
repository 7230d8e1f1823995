/* The files of the console: built in, or from a directory while somebody works on them. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/internal.h"

enum { TAG_MAX = 96, SEGMENT_MAX = 128 };

static const struct kind {
    const char *suffix, *mime;
} kinds[] = {
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".json", "application/json"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".ico", "image/x-icon"},
    {".woff2", "font/woff2"},
    {".txt", "text/plain; charset=utf-8"},
};

static const char *mime_of(const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        size_t suffix = strlen(kinds[i].suffix);
        if (n >= suffix && strcmp(name + n - suffix, kinds[i].suffix) == 0) return kinds[i].mime;
    }
    return "application/octet-stream";
}

/* One item of a comma-separated header: start and length without blanks; NULL at the end. */
static const char *next_item(const char **at, size_t *ret_n)
{
    *at += strspn(*at, ", \t");
    if (!**at) return NULL;
    const char *item = *at;
    size_t n = strcspn(item, ",");
    *at += n;
    while (n && (item[n - 1] == ' ' || item[n - 1] == '\t')) n--;
    *ret_n = n;
    return item;
}

bool heng_files_accepts_gzip(const char *header)
{
    size_t n;
    for (const char *at = header, *item; at && (item = next_item(&at, &n)) != NULL;) {
        size_t name = 0;
        while (name < n && item[name] != ';' && item[name] != ' ') name++;
        if (name != 4 || strncasecmp(item, "gzip", 4) != 0) continue;
        /* gzip;q=0, q=0.0 ... forbids it */
        const char *q = memchr(item, '=', n);
        if (!q) return true;
        for (q++; q < item + n; q++)
            if (*q >= '1' && *q <= '9') return true;
        return false;
    }
    return false;
}

bool heng_files_etag_matches(const char *header, const char *etag)
{
    size_t n;
    for (const char *at = header, *item; at && (item = next_item(&at, &n)) != NULL;) {
        if (n == 1 && item[0] == '*') return true;
        if (n > 2 && strncmp(item, "W/", 2) == 0) {
            item += 2;
            n -= 2;
        }
        if (n == strlen(etag) && strncmp(item, etag, n) == 0) return true;
    }
    return false;
}

static const struct heng_web_file *find_built_in(const struct heng_api_options *options, const char *path)
{
    for (size_t i = 0; i < options->file_count; i++)
        if (strcmp(options->files[i].path, path) == 0) return &options->files[i];
    return NULL;
}

static struct MHD_Response *answer_built_in(const struct heng_web_file *file, struct MHD_Connection *connection,
                                            unsigned *ret_status)
{
    const char *accepts = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT_ENCODING);
    const char *has = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_IF_NONE_MATCH);
    bool gzip = file->gzip && heng_files_accepts_gzip(accepts);
    char etag[TAG_MAX];
    snprintf(etag, sizeof etag, "\"%s%s\"", file->etag, gzip ? "-gz" : "");
    bool same = heng_files_etag_matches(has, etag);
    struct MHD_Response *response = same   ? heng_api_response_keep("", 0, file->mime)
                                    : gzip ? heng_api_response_keep(file->gzip, file->gzip_n, file->mime)
                                           : heng_api_response_keep(file->raw, file->raw_n, file->mime);
    if (!response) return NULL;
    *ret_status = same ? MHD_HTTP_NOT_MODIFIED : MHD_HTTP_OK;
    if (gzip && !same) MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
    if (file->gzip) MHD_add_response_header(response, MHD_HTTP_HEADER_VARY, "Accept-Encoding");
    MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, etag);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL,
                            file->immutable ? "public, max-age=31536000, immutable" : "no-cache");
    return response;
}

/* Open a file below root, segment by segment: no "..", no hidden file, no link is followed. -1: no such file. */
static int open_below(const char *root, const char *path)
{
    int at = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    while (at >= 0) {
        char segment[SEGMENT_MAX];
        path += strspn(path, "/");
        size_t n = strcspn(path, "/");
        bool last = path[n] == '\0';
        int next = -1;
        if (n > 0 && n < sizeof segment && path[0] != '.') {
            memcpy(segment, path, n);
            segment[n] = '\0';
            next = openat(at, segment, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | (last ? 0 : O_DIRECTORY));
        }
        close(at);
        at = next;
        path += n;
        if (last) return at;
    }
    return -1;
}

static struct MHD_Response *answer_from_disk(const char *root, const char *path, unsigned *ret_status)
{
    struct stat st;
    int fd = open_below(root, path);
    if (fd < 0) return NULL;
    struct MHD_Response *response = NULL;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) response = MHD_create_response_from_fd64((uint64_t)st.st_size, fd);
    if (!response) {
        close(fd);
        return NULL;
    }
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, mime_of(path));
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-cache");
    heng_api_common_headers(response);
    *ret_status = MHD_HTTP_OK;
    return response;
}

static struct MHD_Response *answer_file(const struct heng_api_options *options, struct MHD_Connection *connection,
                                        const char *path, unsigned *ret_status)
{
    if (options->web_root) return answer_from_disk(options->web_root, path, ret_status);
    const struct heng_web_file *file = find_built_in(options, path);
    return file ? answer_built_in(file, connection, ret_status) : NULL;
}

heng_rc heng_files_check_root(const char *web_root, struct heng_err *err)
{
    struct stat st;
    if (!web_root) return HENG_OK;
    if (stat(web_root, &st) != 0)
        return heng_fail(err, HENG_ENOTFOUND, 0, "the directory of the console '%s': %s", web_root, strerror(errno));
    if (!S_ISDIR(st.st_mode))
        return heng_fail(err, HENG_ENOTFOUND, 0, "'%s' is not a directory: give the one with index.html", web_root);
    return HENG_OK;
}

struct MHD_Response *heng_files_answer(const struct heng_api_options *options, struct MHD_Connection *connection,
                                       const char *path, unsigned *ret_status)
{
    struct MHD_Response *response = NULL;
    const char *name = strrchr(path, '/');
    /* A route of the console has no suffix: the page itself knows what to show. */
    bool is_route = name && !strchr(name, '.');
    if (!is_route) response = answer_file(options, connection, path, ret_status);
    if (is_route) response = answer_file(options, connection, "/index.html", ret_status);
    if (response) return response;
    *ret_status = MHD_HTTP_NOT_FOUND;
    bool none = !options->web_root && options->file_count == 0;
    return heng_api_problem_response(*ret_status, heng_rc_name(HENG_ENOTFOUND),
                                     none ? "this server was built without the console: start it with --web-root DIR"
                                          : "there is no such page");
}
