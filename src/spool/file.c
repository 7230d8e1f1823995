/* Files under their SQLite VFS. It can look, delete, read; what it cannot is asked of its system calls: a VFS of a
 * simulation has "heng_rename" and "heng_sync_directory" among them, one that has not lies on this system's files. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "spool/inside.h"

typedef int rename_call(sqlite3_vfs *vfs, const char *from, const char *to); /* as rename(2) */
typedef int sync_call(sqlite3_vfs *vfs, const char *path);                   /* path: of a file in the directory */

static sqlite3_syscall_ptr call_of(const char *vfs, const char *name)
{
    sqlite3_vfs *v = sqlite3_vfs_find(vfs);
    return v && v->iVersion >= 3 && v->xGetSystemCall ? v->xGetSystemCall(v, name) : NULL;
}

/* Open for reading only; NULL: it cannot be. Give it back with spool_file_close. */
static sqlite3_file *file_open(sqlite3_vfs *v, const char *path, char full[static SPOOL_PATH_CAP * 2])
{
    sqlite3_file *file = calloc(1, (size_t)v->szOsFile);
    int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_MAIN_DB;
    /* SQLite's own opening puts zeros behind the name: the VFS may look for parameters there. */
    memset(full, 0, (size_t)SPOOL_PATH_CAP * 2);
    int code = file ? v->xFullPathname(v, path, SPOOL_PATH_CAP * 2 - 4, full) : SQLITE_NOMEM;
    /* Names through a link are given with another code, and are as good. */
    if ((code & 0xFF) == SQLITE_OK && v->xOpen(v, full, file, flags, &flags) == SQLITE_OK) return file;
    free(file);
    return NULL;
}

sqlite3_file *spool_file_open(const char *vfs, const char *path, char ret_name[static SPOOL_PATH_CAP * 2])
{
    sqlite3_vfs *v = sqlite3_vfs_find(vfs);
    return v ? file_open(v, path, ret_name) : NULL;
}

void spool_file_close(sqlite3_file *file)
{
    if (!file) return;
    if (file->pMethods) file->pMethods->xClose(file);
    free(file);
}

bool spool_file_exists(const char *vfs, const char *path)
{
    sqlite3_vfs *v = sqlite3_vfs_find(vfs);
    char full[SPOOL_PATH_CAP * 2];
    int there = 0;
    if (!v) return false;
    /* Of an empty file xAccess says that it is not there. */
    if (v->xAccess(v, path, SQLITE_ACCESS_EXISTS, &there) == SQLITE_OK && there) return true;
    sqlite3_file *file = file_open(v, path, full);
    spool_file_close(file);
    return file != NULL;
}

heng_rc spool_file_remove(const char *vfs, const char *path, struct heng_err *err)
{
    sqlite3_vfs *v = sqlite3_vfs_find(vfs);
    int code = v ? v->xDelete(v, path, 1) : SQLITE_ERROR;
    if (code == SQLITE_OK || code == SQLITE_IOERR_DELETE_NOENT) return HENG_OK;
    return heng_fail(err, HENG_EIO, 0, "cannot delete '%s' (code %d)", path, code);
}

heng_rc spool_file_rename(const char *vfs, const char *from, const char *to, struct heng_err *err)
{
    rename_call *call = (rename_call *)call_of(vfs, "heng_rename");
    if ((call ? call(sqlite3_vfs_find(vfs), from, to) : rename(from, to)) == 0) return HENG_OK;
    heng_rc rc = errno == EACCES || errno == EPERM || errno == EROFS ? HENG_EDENIED
                 : errno == ENOSPC                                   ? HENG_ELIMIT
                                                                     : HENG_EIO;
    return heng_fail(err, rc, 0, "cannot rename '%.60s' to '%.60s': %s", from, to, strerror(errno));
}

heng_rc spool_file_sync_directory(const char *vfs, const char *path, struct heng_err *err)
{
    sync_call *call = (sync_call *)call_of(vfs, "heng_sync_directory");
    char directory[512];
    if (call)
        return call(sqlite3_vfs_find(vfs), path) == 0
                   ? HENG_OK
                   : heng_fail(err, HENG_EIO, 0, "cannot sync the directory of '%s'", path);
    (void)snprintf(directory, sizeof directory, "%s", path);
    const char *name = dirname(directory);
    int fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = fd >= 0 && fsync(fd) == 0;
    int why = errno;
    if (fd >= 0) close(fd);
    return good ? HENG_OK : heng_fail(err, HENG_EIO, 0, "cannot sync the directory '%s': %s", name, strerror(why));
}

/* A file of its own: closing any descriptor of the journal would drop SQLite's locks. */
heng_rc spool_file_lock(const char *vfs, const char *path, int *ret_lock, struct heng_err *err)
{
    char name[512];
    *ret_lock = -1;
    if (call_of(vfs, "heng_rename")) return HENG_OK;
    (void)snprintf(name, sizeof name, "%s.lock", path);
    int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        heng_rc rc = errno == EACCES || errno == EPERM || errno == EROFS ? HENG_EDENIED
                     : errno == ENOSPC                                   ? HENG_ELIMIT
                                                                         : HENG_EIO;
        return heng_fail(err, rc, 0, "cannot lock '%s': %s", name, strerror(errno));
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        close(fd);
        return heng_fail(err, HENG_EBUSY, 0, "journal '%s' is in use by another program: stop that one first", path);
    }
    *ret_lock = fd;
    return HENG_OK;
}

bool spool_file_is_empty(const char *vfs, const char *path)
{
    sqlite3_vfs *v = sqlite3_vfs_find(vfs);
    char full[SPOOL_PATH_CAP * 2];
    sqlite3_file *file = v ? file_open(v, path, full) : NULL;
    sqlite3_int64 size = -1;
    if (file && file->pMethods->xFileSize(file, &size) != SQLITE_OK) size = -1;
    spool_file_close(file);
    return size == 0;
}

bool spool_file_readable(const char *vfs, const char *path)
{
    enum { BLOCK = 64 * 1024 };
    sqlite3_vfs *v = sqlite3_vfs_find(vfs);
    char full[SPOOL_PATH_CAP * 2];
    sqlite3_file *file = v ? file_open(v, path, full) : NULL;
    char *block = malloc(BLOCK);
    sqlite3_int64 size = 0;
    bool good = file && block && file->pMethods->xFileSize(file, &size) == SQLITE_OK;
    for (sqlite3_int64 at = 0; good && at < size; at += BLOCK) {
        int code = file->pMethods->xRead(file, block, size - at < BLOCK ? (int)(size - at) : BLOCK, at);
        good = code == SQLITE_OK;
    }
    free(block);
    spool_file_close(file);
    return good;
}

/* --- the mark of the epoch --------------------------------------------------------------------------------------- */

#define MARK_HEAD "heng-epoch "
enum { MARK_HEAD_LEN = sizeof MARK_HEAD - 1, MARK_LEN = MARK_HEAD_LEN + 33 };
/* The year 2255: a body that looks like a mark must not use up the numbers. */
static const uint64_t EPOCH_MAX = UINT64_C(1) << 53;

/* The number, and the same with all bits turned, so that a damaged mark is not taken for a high epoch. */
void spool_epoch_mark(uint64_t epoch, char ret[static SPOOL_MARK_CAP])
{
    (void)snprintf(ret, SPOOL_MARK_CAP, MARK_HEAD "%016" PRIx64 " %016" PRIx64, epoch, ~epoch);
}

static bool hex16(const char *text, uint64_t *ret)
{
    char digits[17];
    memcpy(digits, text, 16);
    digits[16] = '\0';
    if (strspn(digits, "0123456789abcdef") != 16) return false;
    *ret = strtoull(digits, NULL, 16);
    return true;
}

static uint64_t highest_mark(const char *text, size_t n)
{
    uint64_t highest = 0, epoch, turned;
    for (size_t i = 0; i + MARK_LEN <= n; i++) {
        const char *p = memchr(text + i, MARK_HEAD[0], n - i - MARK_LEN + 1);
        if (!p) break;
        i = (size_t)(p - text);
        if (memcmp(p, MARK_HEAD, MARK_HEAD_LEN) != 0) continue;
        if (!hex16(p + MARK_HEAD_LEN, &epoch) || !hex16(p + MARK_HEAD_LEN + 17, &turned)) continue;
        if (turned == ~epoch && epoch <= EPOCH_MAX && epoch > highest) highest = epoch;
    }
    return highest;
}

uint64_t spool_file_epoch(const char *vfs, const char *path)
{
    /* In the file the mark lies on one of the first pages; the log is a few MiB. */
    enum { BLOCK = 64 * 1024, FILE_BYTES_MAX = 16 * 1024 * 1024 };
    sqlite3_vfs *v = sqlite3_vfs_find(vfs);
    char full[SPOOL_PATH_CAP * 2];
    sqlite3_file *file = v ? file_open(v, path, full) : NULL;
    char *block = malloc(BLOCK + MARK_LEN);
    sqlite3_int64 size = 0;
    uint64_t highest = 0;
    if (file && block && file->pMethods->xFileSize(file, &size) == SQLITE_OK) {
        for (sqlite3_int64 at = 0; at < size && at < FILE_BYTES_MAX; at += BLOCK) {
            int n = size - at < BLOCK + MARK_LEN ? (int)(size - at) : BLOCK + MARK_LEN;
            if (file->pMethods->xRead(file, block, n, at) != SQLITE_OK) continue;
            uint64_t epoch = highest_mark(block, (size_t)n);
            if (epoch > highest) highest = epoch;
        }
    }
    free(block);
    spool_file_close(file);
    return highest;
}
