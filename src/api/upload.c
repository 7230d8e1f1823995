/* Files that come in and go out. Never in memory as a whole: a body goes to a file without a name, which is gone with
 * us however we go, and an answer is sent out of one. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/upload.h"
#include "store/sketch.h"

int heng_api_spool(const struct heng_api *api)
{
    const char *folder = api->options.spool;
    int fd = folder ? open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600) : -1;
    if (fd >= 0) return fd;
    char path[1024];
    if (folder && snprintf(path, sizeof path, "%s/spool-XXXXXX", folder) < (int)sizeof path) {
        fd = mkostemp(path, O_CLOEXEC); /* a file system that knows no files without a name */
        if (fd >= 0) (void)unlink(path);
        return fd;
    }
    return memfd_create("heng-spool", MFD_CLOEXEC);
}

/* --- databases to try something on ----------------------------------------------------------------------------- */

static const char sketch_name[] = "preview-";

static void remove_sketch(const char *path)
{
    static const char *const parts[] = {"", "-wal", "-shm", "-journal"};
    char name[1100];
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (snprintf(name, sizeof name, "%s%s", path, parts[i]) < (int)sizeof name) (void)unlink(name);
}

heng_rc heng_api_sketch_open(const struct heng_api *api, struct heng_store_reader *reader, struct heng_api_sketch *ret,
                             struct heng_err *err)
{
    int n = snprintf(ret->path, sizeof ret->path, "%s/%sXXXXXX", api->options.spool, sketch_name);
    int fd = n < (int)sizeof ret->path ? mkostemp(ret->path, O_CLOEXEC) : -1;
    ret->store = NULL;
    if (fd < 0) return heng_fail(err, HENG_EIO, 0, "no file can be made for the preview: %s", strerror(errno));
    close(fd);
    heng_rc rc = heng_store_sketch(reader, ret->path, &ret->store, err);
    if (rc != HENG_OK) remove_sketch(ret->path);
    return rc;
}

void heng_api_sketch_close(struct heng_api_sketch *sketch)
{
    heng_store_close(sketch->store);
    remove_sketch(sketch->path);
}

void heng_api_sketches_clean(const struct heng_api *api)
{
    DIR *folder = api->options.spool ? opendir(api->options.spool) : NULL;
    if (!folder) return;
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;)
        if (strncmp(entry->d_name, sketch_name, sizeof sketch_name - 1) == 0)
            (void)unlinkat(dirfd(folder), entry->d_name, 0);
    closedir(folder);
}

/* --- in ----------------------------------------------------------------------------------------------------------- */

void heng_api_fd_path(int fd, char ret[static HENG_API_FD_PATH_MAX])
{
    snprintf(ret, HENG_API_FD_PATH_MAX, "/proc/self/fd/%d", fd);
}

/* "text/csv; charset=utf-8" is text/csv. NULL: none that the route takes. */
static const char *type_of(const struct heng_api_route *route, const char *said)
{
    size_t n = said ? strcspn(said, "; \t") : 0;
    for (const char *const *type = route->upload_types; said && *type; type++)
        if (strlen(*type) == n && strncasecmp(*type, said, n) == 0) return *type;
    return NULL;
}

static bool take_place(struct heng_request *request)
{
    request->uploads = atomic_fetch_add(&request->api->uploads, 1) < HENG_API_UPLOADS_MAX;
    if (!request->uploads) atomic_fetch_sub(&request->api->uploads, 1);
    return request->uploads;
}

heng_rc heng_api_upload_begin(struct heng_request *request, const struct heng_api_route *route, struct heng_err *err)
{
    struct MHD_Connection *connection = request->connection;
    const char *length = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
    const char *said = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_TYPE);
    request->upload.type = type_of(route, said);
    if (!request->upload.type)
        return heng_fail(err, HENG_EFORMAT, 0, "the header Content-Type must be %s, for .csv text/csv",
                         route->upload_types[0]);
    if (length && strtoull(length, NULL, 10) > route->upload_max)
        return heng_fail(err, HENG_ELIMIT, 0, "a file may have %llu MiB",
                         (unsigned long long)(route->upload_max >> 20));
    if (!take_place(request))
        return heng_fail(err, HENG_EBUSY, 0, "%d files are coming in just now: try again in a minute",
                         HENG_API_UPLOADS_MAX);
    request->upload.fd = heng_api_spool(request->api);
    if (request->upload.fd >= 0) return HENG_OK;
    return heng_fail(err, HENG_EIO, 0, "the file cannot be kept: %s", strerror(errno));
}

void heng_api_upload_add(struct heng_request *request, const struct heng_api_route *route, const char *bytes, size_t n)
{
    struct heng_api_upload *upload = &request->upload;
    if (n > route->upload_max - upload->n) request->too_large = true;
    while (n && !request->too_large && !request->broken) {
        ssize_t put = pwrite(upload->fd, bytes, n, (off_t)upload->n);
        if (put < 0 && errno == EINTR) continue;
        request->broken = put <= 0;
        if (put <= 0) return;
        bytes += put;
        n -= (size_t)put;
        upload->n += (size_t)put;
    }
}

void heng_api_upload_end(struct heng_request *request)
{
    if (request->upload.fd >= 0) close(request->upload.fd);
    request->upload.fd = -1;
    if (request->uploads) atomic_fetch_sub(&request->api->uploads, 1);
    request->uploads = false;
}

/* --- out ---------------------------------------------------------------------------------------------------------- */

heng_rc heng_api_file_response(struct heng_api_file *file, struct MHD_Response **ret, struct heng_err *err)
{
    char disposition[HENG_API_FILE_NAME_MAX + 32];
    struct stat about;
    bool good = fstat(file->fd, &about) == 0;
    struct MHD_Response *response = good ? MHD_create_response_from_fd64((uint64_t)about.st_size, file->fd) : NULL;
    if (!response) {
        heng_rc rc = heng_fail(err, HENG_EIO, 0, "the file cannot be sent: %s", strerror(errno));
        if (file->fd >= 0) close(file->fd);
        return rc;
    }
    if (file->name[0])
        snprintf(disposition, sizeof disposition, "attachment; filename=\"%s\"", file->name);
    else
        snprintf(disposition, sizeof disposition, "inline");
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, file->type);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_DISPOSITION, disposition);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    heng_api_common_headers(response);
    *ret = response;
    return HENG_OK;
}
