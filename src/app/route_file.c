#include "app/route_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { READ_BYTES = 64 * 1024, TORN_MAX = HENG_CARRY_ENTRY_MAX + 64, OVER = 512 };

static heng_rc fail_io(struct heng_err *err, const char *what)
{
    return heng_fail(err, HENG_EIO, 0, "%s: %s", what, strerror(errno));
}

static heng_rc write_all(int fd, struct heng_slice bytes, off_t at, struct heng_err *err)
{
    while (bytes.n) {
        ssize_t n = pwrite(fd, bytes.p, bytes.n, at);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return fail_io(err, "cannot write what was read");
        bytes = heng_slice_from(bytes, (size_t)n);
        at += n;
    }
    return HENG_OK;
}

/* Walk over a file. *ret_end: behind the last sound piece before its end mark, with the writer that goes on there.
 * OK: the file is whole. *ret_end -1: there is no damage, but the owner did not want it. */
static heng_rc walk(int fd, heng_route_item *each, void *owner, off_t *ret_end, struct heng_carry_writer *ret_writer,
                    struct heng_err *err)
{
    static uint8_t bytes[READ_BYTES];
    struct heng_carry_reader reader = {0};
    struct heng_carry_item item;
    heng_rc rc = HENG_MORE;
    off_t at = 0;
    *ret_end = 0;
    while (rc == HENG_MORE) {
        ssize_t n = pread(fd, bytes, sizeof bytes, at);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) rc = fail_io(err, "cannot read the file");
        if (n == 0) rc = heng_carry_close(&reader, err);
        if (n <= 0) break;
        at += n;
        rc = heng_carry_feed(&reader, heng_slice_of(bytes, (size_t)n), err);
        while (rc == HENG_OK) {
            rc = heng_carry_next(&reader, &item, err);
            if (rc != HENG_OK) break;
            *ret_end = (off_t)reader.offset;
            *ret_writer = heng_carry_writer_behind(&reader);
            heng_rc mine = each(owner, &item, err);
            if (mine == HENG_OK) continue;
            *ret_end = -1; /* no damage: the owner does not want it */
            rc = mine;
        }
        /* Behind the end mark there must be nothing: the close that says so comes when all is read. */
        if (rc == HENG_ENOTFOUND && *ret_end >= 0) rc = HENG_MORE;
    }
    heng_carry_reader_fini(&reader);
    return rc;
}

/* --- the file that grows ------------------------------------------------------------------------------------------ */

/* path.torn, path.torn-2 ...: a copy, so that nothing is ever thrown away. */
static heng_rc keep_aside(struct heng_route_file *file, const char *path, struct heng_err *err)
{
    static uint8_t bytes[READ_BYTES];
    int fd = -1;
    for (unsigned i = 1; fd < 0 && i < 100; i++) {
        int n = snprintf(file->aside, sizeof file->aside, i == 1 ? "%s.torn" : "%s.torn-%u", path, i);
        if (n < 0 || (size_t)n >= sizeof file->aside) return heng_fail(err, HENG_ELIMIT, 0, "the path is too long");
        fd = open(file->aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd < 0 && errno != EEXIST) break;
    }
    if (fd < 0) return fail_io(err, "cannot keep the torn file");
    heng_rc rc = HENG_OK;
    for (off_t at = 0; rc == HENG_OK;) {
        ssize_t n = pread(file->fd, bytes, sizeof bytes, at);
        if (n < 0) rc = fail_io(err, "cannot read the torn file");
        if (n <= 0) break;
        rc = write_all(fd, heng_slice_of(bytes, (size_t)n), at, err);
        at += n;
    }
    if (rc == HENG_OK && fsync(fd) != 0) rc = fail_io(err, "cannot keep the torn file");
    close(fd);
    return rc;
}

/* The end mark, over whatever is behind the last sound piece. */
static heng_rc seal(struct heng_route_file *file, struct heng_err *err)
{
    uint8_t bytes[64];
    struct heng_buf buf = heng_buf_of(bytes, sizeof bytes);
    struct heng_carry_writer writer = file->writer;
    heng_rc rc = heng_carry_end(&writer, &buf);
    if (rc == HENG_OK) rc = write_all(file->fd, heng_buf_slice(&buf), file->end, err);
    if (rc == HENG_OK && ftruncate(file->fd, file->end + (off_t)buf.n) != 0) rc = fail_io(err, "cannot write the file");
    if (rc == HENG_OK && fdatasync(file->fd) != 0) rc = fail_io(err, "cannot write the file");
    return rc;
}

static heng_rc take_up(struct heng_route_file *file, const char *path, heng_route_item *each, void *owner,
                       struct heng_err *err)
{
    off_t n = lseek(file->fd, 0, SEEK_END);
    if (n < 0) return fail_io(err, "cannot read the file");
    heng_rc rc = walk(file->fd, each, owner, &file->end, &file->writer, err);
    if (rc == HENG_OK) return HENG_OK;
    bool torn = rc == HENG_EFORMAT || rc == HENG_ECHECKSUM || rc == HENG_ELIMIT;
    if (!torn || file->end <= 0 || n - file->end > TORN_MAX) return rc;
    rc = keep_aside(file, path, err);
    return rc == HENG_OK ? seal(file, err) : rc;
}

heng_rc heng_route_file_open(const char *path, heng_route_item *each, void *owner, struct heng_route_file *ret,
                             struct heng_err *err)
{
    *ret = (struct heng_route_file){.fd = open(path, O_RDWR | O_CLOEXEC)};
    if (ret->fd < 0)
        return heng_fail(err, errno == ENOENT ? HENG_ENOTFOUND : HENG_EIO, 0, "'%.80s': %s", path, strerror(errno));
    heng_rc rc = HENG_OK;
    if (flock(ret->fd, LOCK_EX | LOCK_NB) != 0)
        rc = heng_fail(err, HENG_EBUSY, 0, "'%.80s' is being filled by somebody else", path);
    if (rc == HENG_OK) rc = take_up(ret, path, each, owner, err);
    if (rc != HENG_OK) heng_route_file_close(ret);
    return rc;
}

heng_rc heng_route_file_add(struct heng_route_file *file, struct heng_entry *entry, struct heng_err *err)
{
    static uint8_t room[HENG_CARRY_ENTRY_MAX + 64];
    struct heng_buf buf = heng_buf_of(room, sizeof room);
    struct heng_carry_writer writer = file->writer;
    entry->epoch = 0; /* no journal's */
    entry->seq = writer.count;
    entry->check = heng_entry_check(entry);
    heng_rc rc = heng_carry_put_entry(&writer, entry, &buf);
    struct heng_carry_writer next = writer;
    size_t n = buf.n;
    if (rc == HENG_OK) rc = heng_carry_end(&writer, &buf);
    if (rc != HENG_OK) return heng_fail(err, rc, 0, "an entry is too long");
    rc = write_all(file->fd, heng_buf_slice(&buf), file->end, err);
    if (rc == HENG_OK && fdatasync(file->fd) != 0) rc = fail_io(err, "cannot write what was read");
    if (rc != HENG_OK) return rc;
    file->writer = next;
    file->end += (off_t)n;
    return HENG_OK;
}

void heng_route_file_close(struct heng_route_file *file)
{
    if (file->fd >= 0) close(file->fd);
    file->fd = -1;
}

/* --- lists -------------------------------------------------------------------------------------------------------- */

struct list {
    uint8_t *bytes;
    size_t n;
    struct heng_carry_header header;
};

static heng_rc take_list(void *owner, const struct heng_carry_item *item, struct heng_err *err)
{
    struct list *list = owner;
    if (item->kind == HENG_CARRY_HEADER) list->header = item->header;
    if (item->kind != HENG_CARRY_CONFIG && item->kind != HENG_CARRY_ROUTE) return HENG_OK;
    if (list->bytes) return heng_fail(err, HENG_EFORMAT, 0, "two lists in one file");
    list->bytes = malloc(item->bytes.n + 1);
    if (!list->bytes) return heng_fail(err, HENG_ENOMEM, 0, "no memory for the list");
    memcpy(list->bytes, item->bytes.p, item->bytes.n);
    list->n = item->bytes.n;
    return HENG_OK;
}

heng_rc heng_route_read_list(const char *path, uint8_t **ret, size_t *ret_n, struct heng_carry_header *ret_header,
                             struct heng_err *err)
{
    struct list list = {0};
    struct heng_carry_writer writer;
    off_t end;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return fail_io(err, "cannot be opened");
    heng_rc rc = walk(fd, take_list, &list, &end, &writer, err);
    close(fd);
    if (rc == HENG_OK && !list.bytes) rc = heng_fail(err, HENG_EUNSUPPORTED, 0, "there is no list of meters in it");
    if (rc != HENG_OK) {
        free(list.bytes);
        return rc;
    }
    *ret = list.bytes;
    *ret_n = list.n;
    *ret_header = list.header;
    return HENG_OK;
}

static heng_rc begin(struct heng_route_file *file, const struct heng_carry_header *header, struct heng_slice route,
                     struct heng_err *err)
{
    size_t cap = route.n + OVER;
    uint8_t *room = malloc(cap);
    if (!room) return heng_fail(err, HENG_ENOMEM, 0, "no memory for the list");
    struct heng_buf buf = heng_buf_of(room, cap);
    heng_rc rc = heng_carry_begin(&file->writer, header, &buf);
    if (rc == HENG_OK) rc = heng_carry_put_route(&file->writer, route, &buf);
    if (rc != HENG_OK) heng_fail(err, rc, 0, "the list is too long");
    if (rc == HENG_OK) rc = write_all(file->fd, heng_buf_slice(&buf), 0, err);
    file->end = (off_t)buf.n;
    free(room);
    return rc == HENG_OK ? seal(file, err) : rc;
}

heng_rc heng_route_write_list(const char *path, const struct heng_carry_header *header, struct heng_slice route,
                              struct heng_err *err)
{
    char part[ROUTE_PATH_MAX];
    int n = snprintf(part, sizeof part, "%s.part", path);
    if (n < 0 || (size_t)n >= sizeof part) return heng_fail(err, HENG_ELIMIT, 0, "the path is too long");
    struct heng_route_file file = {.fd = open(part, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
    if (file.fd < 0) return heng_fail(err, HENG_EIO, 0, "'%.80s': %s", part, strerror(errno));
    heng_rc rc = begin(&file, header, route, err);
    heng_route_file_close(&file);
    if (rc == HENG_OK && rename(part, path) != 0) rc = fail_io(err, "cannot write the list");
    if (rc != HENG_OK) (void)unlink(part);
    return rc;
}
