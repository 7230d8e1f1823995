/* What SQLite sees of the simulated disk. The rules of locks and of shared memory are those of its Unix VFS
 * (https://www.sqlite.org/c3ref/io_methods.html, https://www.sqlite.org/walformat.html). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/disk_inside.h"

struct handle {
    sqlite3_file base;
    struct heng_sim_disk *disk;
    struct disk_file *file;
    uint64_t life;
    int lock;
    bool trusts_sectors, sync_directory, delete_on_close, read_only;
    char name[DISK_NAME_CAP];
    unsigned shm_shared, shm_exclusive; /* bit per lock of the shared memory */
};

/* The machine this handle belonged to is not there any more. */
static bool is_dead(const struct handle *h) { return h->disk->cut || h->life != h->disk->life; }

/* --- bytes ---------------------------------------------------------------------------------------------------------
 */

static int vfs_read(sqlite3_file *f, void *to, int n, sqlite3_int64 at)
{
    struct handle *h = (struct handle *)f;
    if (is_dead(h) || disk_point(h->disk, HENG_SIM_DISK_READ) != SQLITE_OK) return SQLITE_IOERR_READ;
    const struct disk_bytes *live = &h->file->live;
    size_t want = (size_t)n, there = (size_t)at < live->n ? live->n - (size_t)at : 0;
    size_t got = there < want ? there : want;
    h->disk->counts.reads++;
    h->disk->counts.bytes_read += got;
    if (got) memcpy(to, live->p + at, got);
    if (got == want) return SQLITE_OK;
    memset((uint8_t *)to + got, 0, want - got);
    return SQLITE_IOERR_SHORT_READ;
}

static int vfs_write(sqlite3_file *f, const void *from, int n, sqlite3_int64 at)
{
    struct handle *h = (struct handle *)f;
    struct heng_sim_disk *disk = h->disk;
    if (is_dead(h) || h->read_only) return SQLITE_IOERR_WRITE;
    int code = disk_point(disk, HENG_SIM_DISK_WRITE);
    if (disk->cut) return SQLITE_IOERR_WRITE;
    size_t end = (size_t)at + (size_t)n, grows = end > h->file->live.n ? end - h->file->live.n : 0;
    bool full = disk->room >= 0 && grows && heng_sim_disk_bytes(disk) + (int64_t)grows > disk->room;
    disk->counts.writes++;
    if (full) return SQLITE_FULL;
    disk->counts.bytes_written += (uint64_t)n;
    disk_write(h->file, (size_t)at, from, code == SQLITE_OK ? (size_t)n : (size_t)n / 2);
    return code == SQLITE_OK ? SQLITE_OK : SQLITE_IOERR_WRITE;
}

static int vfs_truncate(sqlite3_file *f, sqlite3_int64 n)
{
    struct handle *h = (struct handle *)f;
    if (is_dead(h) || disk_point(h->disk, HENG_SIM_DISK_TRUNCATE) != SQLITE_OK) return SQLITE_IOERR_TRUNCATE;
    h->disk->counts.truncates++;
    disk_truncate(h->file, (size_t)n);
    return SQLITE_OK;
}

static int vfs_sync(sqlite3_file *f, int flags)
{
    struct handle *h = (struct handle *)f;
    (void)flags;
    if (is_dead(h)) return SQLITE_IOERR_FSYNC;
    int code = disk_point(h->disk, HENG_SIM_DISK_SYNC);
    if (h->disk->cut) return SQLITE_IOERR_FSYNC;
    h->disk->counts.syncs++;
    if (code != SQLITE_OK) {
        disk_forget_unsynced(h->file);
        return SQLITE_IOERR_FSYNC;
    }
    disk_sync(h->file);
    if (h->sync_directory) {
        h->sync_directory = false;
        if (disk_point(h->disk, HENG_SIM_DISK_SYNC) != SQLITE_OK) return SQLITE_IOERR_DIR_FSYNC;
        h->disk->counts.directory_syncs++;
        disk_sync_directory(h->disk);
    }
    return SQLITE_OK;
}

static int vfs_size(sqlite3_file *f, sqlite3_int64 *ret)
{
    struct handle *h = (struct handle *)f;
    if (is_dead(h)) return SQLITE_IOERR_FSTAT;
    *ret = (sqlite3_int64)h->file->live.n;
    return SQLITE_OK;
}

/* --- locks ---------------------------------------------------------------------------------------------------------
 */

static int vfs_lock(sqlite3_file *f, int level)
{
    struct handle *h = (struct handle *)f;
    struct disk_file *file = h->file;
    if (is_dead(h)) return SQLITE_IOERR_LOCK;
    if (h->lock >= level) return SQLITE_OK;
    bool other_reserved = file->reserved && h->lock < SQLITE_LOCK_RESERVED;
    if (level == SQLITE_LOCK_SHARED) {
        if (file->pending || file->exclusive) return SQLITE_BUSY;
        file->shared++;
    } else if (other_reserved) {
        return SQLITE_BUSY;
    } else if (level == SQLITE_LOCK_RESERVED) {
        file->reserved = true;
    } else {
        file->reserved = file->pending = true;
        if (level == SQLITE_LOCK_EXCLUSIVE && file->shared > 1) {
            h->lock = SQLITE_LOCK_PENDING;
            return SQLITE_BUSY;
        }
        file->exclusive = level == SQLITE_LOCK_EXCLUSIVE;
    }
    h->lock = level;
    return SQLITE_OK;
}

static int vfs_unlock(sqlite3_file *f, int level)
{
    struct handle *h = (struct handle *)f;
    if (h->lock <= level) return SQLITE_OK;
    if (h->lock >= SQLITE_LOCK_RESERVED) h->file->reserved = h->file->pending = h->file->exclusive = false;
    if (level == SQLITE_LOCK_NONE) h->file->shared--;
    h->lock = level;
    return SQLITE_OK;
}

static int vfs_check_reserved(sqlite3_file *f, int *ret)
{
    struct handle *h = (struct handle *)f;
    if (is_dead(h)) return SQLITE_IOERR_CHECKRESERVEDLOCK;
    *ret = h->file->reserved;
    return SQLITE_OK;
}

/* --- shared memory -------------------------------------------------------------------------------------------------
 */

static int vfs_shm_map(sqlite3_file *f, int number, int bytes, int extend, void volatile **ret)
{
    struct handle *h = (struct handle *)f;
    struct disk_file *file = h->file;
    *ret = NULL;
    if (is_dead(h)) return SQLITE_IOERR_SHMMAP;
    if ((size_t)number >= file->region_count && !extend) return SQLITE_OK;
    while ((size_t)number >= file->region_count) {
        uint8_t **grown = realloc(file->regions, (file->region_count + 1) * sizeof *grown);
        if (!grown) return SQLITE_NOMEM;
        file->regions = grown;
        grown[file->region_count] = calloc(1, (size_t)bytes);
        if (!grown[file->region_count]) return SQLITE_NOMEM;
        file->region_count++;
    }
    *ret = file->regions[number];
    return SQLITE_OK;
}

static void shm_release(struct handle *h, unsigned bits)
{
    for (unsigned i = 0; i < DISK_SHM_LOCKS; i++) {
        unsigned bit = 1U << i;
        if (!(bits & bit)) continue;
        if (h->shm_shared & bit) h->file->shm_shared[i]--;
        if (h->shm_exclusive & bit) h->file->shm_exclusive[i] = false;
    }
    h->shm_shared &= ~bits;
    h->shm_exclusive &= ~bits;
}

static int vfs_shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
    struct handle *h = (struct handle *)f;
    struct disk_file *file = h->file;
    unsigned bits = ((1U << n) - 1) << offset;
    if (flags & SQLITE_SHM_UNLOCK) {
        shm_release(h, bits);
        return SQLITE_OK;
    }
    if (is_dead(h)) return SQLITE_IOERR_SHMLOCK;
    bool exclusive = (flags & SQLITE_SHM_EXCLUSIVE) != 0;
    for (int i = offset; i < offset + n; i++) {
        unsigned bit = 1U << i;
        int others = file->shm_shared[i] - ((h->shm_shared & bit) != 0);
        if (file->shm_exclusive[i] && !(h->shm_exclusive & bit)) return SQLITE_BUSY;
        if (exclusive && others > 0) return SQLITE_BUSY;
    }
    for (int i = offset; i < offset + n; i++) {
        unsigned bit = 1U << i;
        if (exclusive) {
            file->shm_exclusive[i] = true;
            h->shm_exclusive |= bit;
        } else if (!(h->shm_shared & bit)) {
            file->shm_shared[i]++;
            h->shm_shared |= bit;
        }
    }
    return SQLITE_OK;
}

static void vfs_shm_barrier(sqlite3_file *f) { (void)f; }

static int vfs_shm_unmap(sqlite3_file *f, int delete_it)
{
    struct handle *h = (struct handle *)f;
    struct disk_file *file = h->file;
    shm_release(h, ~0U);
    if (!delete_it) return SQLITE_OK;
    for (size_t i = 0; i < file->region_count; i++) free(file->regions[i]);
    free(file->regions);
    file->regions = NULL;
    file->region_count = 0;
    return SQLITE_OK;
}

/* --- the handle ----------------------------------------------------------------------------------------------------
 */

static int vfs_close(sqlite3_file *f)
{
    struct handle *h = (struct handle *)f;
    shm_release(h, ~0U);
    vfs_unlock(f, SQLITE_LOCK_NONE);
    h->file->holds--;
    if (h->delete_on_close && h->name[0] && !is_dead(h)) disk_unlink(h->disk, h->name);
    disk_sweep(h->disk);
    h->base.pMethods = NULL;
    return SQLITE_OK;
}

static int vfs_control(sqlite3_file *f, int op, void *arg)
{
    struct handle *h = (struct handle *)f;
    int *value = arg;
    if (op != SQLITE_FCNTL_POWERSAFE_OVERWRITE) return SQLITE_NOTFOUND;
    if (*value >= 0) h->trusts_sectors = *value != 0;
    *value = h->trusts_sectors;
    return SQLITE_OK;
}

static int vfs_sector(sqlite3_file *f)
{
    (void)f;
    return 4096;
}

static int vfs_characteristics(sqlite3_file *f)
{
    return ((struct handle *)f)->trusts_sectors ? SQLITE_IOCAP_POWERSAFE_OVERWRITE : 0;
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = vfs_close,
    .xRead = vfs_read,
    .xWrite = vfs_write,
    .xTruncate = vfs_truncate,
    .xSync = vfs_sync,
    .xFileSize = vfs_size,
    .xLock = vfs_lock,
    .xUnlock = vfs_unlock,
    .xCheckReservedLock = vfs_check_reserved,
    .xFileControl = vfs_control,
    .xSectorSize = vfs_sector,
    .xDeviceCharacteristics = vfs_characteristics,
    .xShmMap = vfs_shm_map,
    .xShmLock = vfs_shm_lock,
    .xShmBarrier = vfs_shm_barrier,
    .xShmUnmap = vfs_shm_unmap,
};

/* --- the disk ------------------------------------------------------------------------------------------------------
 */

static struct heng_sim_disk *disk_of(sqlite3_vfs *vfs) { return vfs->pAppData; }

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *ret_flags)
{
    struct heng_sim_disk *disk = disk_of(vfs);
    struct handle *h = (struct handle *)f;
    h->base.pMethods = NULL;
    struct disk_file *file = name ? disk_find(&disk->live, name) : NULL;
    bool is_new = !file;
    if (disk->cut || (is_new && !(flags & SQLITE_OPEN_CREATE))) return SQLITE_CANTOPEN;
    int code = disk_point(disk, is_new && name ? HENG_SIM_DISK_OPEN : HENG_SIM_DISK_READ);
    if (code != SQLITE_OK) return disk->cut ? SQLITE_IOERR : SQLITE_CANTOPEN;
    if (is_new) file = disk_create(disk, name);
    if (is_new && name) disk->counts.creates++;
    *h = (struct handle){.base.pMethods = &methods, .disk = disk, .file = file, .life = disk->life};
    (void)snprintf(h->name, sizeof h->name, "%s", name ? name : "");
    h->trusts_sectors = true;
    h->delete_on_close = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
    h->read_only = (flags & SQLITE_OPEN_READONLY) != 0;
    h->sync_directory =
        is_new && name && (flags & (SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL));
    file->holds++;
    if (ret_flags) *ret_flags = flags;
    return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync_directory)
{
    struct heng_sim_disk *disk = disk_of(vfs);
    if (disk->cut) return SQLITE_IOERR_DELETE;
    if (!disk_find(&disk->live, name)) return SQLITE_IOERR_DELETE_NOENT;
    if (disk_point(disk, HENG_SIM_DISK_DELETE) != SQLITE_OK) return SQLITE_IOERR_DELETE;
    disk->counts.deletes++;
    disk_unlink(disk, name);
    if (!sync_directory) return SQLITE_OK;
    if (disk_point(disk, HENG_SIM_DISK_SYNC) != SQLITE_OK) return SQLITE_IOERR_DIR_FSYNC;
    disk->counts.directory_syncs++;
    disk_sync_directory(disk);
    return SQLITE_OK;
}

static int vfs_access(sqlite3_vfs *vfs, const char *name, int flags, int *ret)
{
    struct heng_sim_disk *disk = disk_of(vfs);
    if (disk->cut) return SQLITE_IOERR_ACCESS;
    const struct disk_file *file = disk_find(&disk->live, name);
    *ret = file && (flags != SQLITE_ACCESS_EXISTS || file->live.n > 0); /* as on Unix */
    return SQLITE_OK;
}

static int vfs_full_pathname(sqlite3_vfs *vfs, const char *name, int cap, char *ret)
{
    (void)vfs;
    int n = snprintf(ret, (size_t)cap, "%s", name);
    return n >= 0 && n < cap ? SQLITE_OK : SQLITE_CANTOPEN;
}

static int vfs_randomness(sqlite3_vfs *vfs, int n, char *ret)
{
    for (int i = 0; i < n; i++) ret[i] = (char)heng_sim_rng_next(&disk_of(vfs)->rng);
    return n;
}

static int vfs_sleep(sqlite3_vfs *vfs, int us)
{
    (void)vfs;
    return us;
}

static int vfs_current_time(sqlite3_vfs *vfs, sqlite3_int64 *ret_ms)
{
    (void)vfs;
    *ret_ms = INT64_C(212630400000000); /* Julian days in ms; nobody asks for more than that it is a time */
    return SQLITE_OK;
}

static int vfs_last_error(sqlite3_vfs *vfs, int n, char *ret)
{
    (void)vfs;
    if (n > 0) ret[0] = '\0';
    return 0;
}

/* --- what SQLite has no word for (spool/file.c, store/store.c) -----------------------------------------------------
 */

static int call_rename(sqlite3_vfs *vfs, const char *from, const char *to)
{
    struct heng_sim_disk *disk = disk_of(vfs);
    bool good = !disk->cut && disk_point(disk, HENG_SIM_DISK_DELETE) == SQLITE_OK;
    errno = good ? ENOENT : EIO;
    if (!good || !disk_rename(disk, from, to)) return -1;
    disk->counts.renames++;
    return 0;
}

static int call_sync_directory(sqlite3_vfs *vfs, const char *path)
{
    struct heng_sim_disk *disk = disk_of(vfs);
    (void)path;
    if (disk->cut || disk_point(disk, HENG_SIM_DISK_SYNC) != SQLITE_OK) return -1;
    disk->counts.directory_syncs++;
    disk_sync_directory(disk);
    return 0;
}

static sqlite3_syscall_ptr vfs_system_call(sqlite3_vfs *vfs, const char *name)
{
    (void)vfs;
    if (strcmp(name, "heng_rename") == 0) return (sqlite3_syscall_ptr)call_rename;
    if (strcmp(name, "heng_sync_directory") == 0) return (sqlite3_syscall_ptr)call_sync_directory;
    return NULL;
}

void disk_vfs_init(struct heng_sim_disk *disk)
{
    disk->vfs = (sqlite3_vfs){
        .iVersion = 3,
        .szOsFile = sizeof(struct handle),
        .mxPathname = DISK_NAME_CAP - 1,
        .zName = disk->name,
        .pAppData = disk,
        .xOpen = vfs_open,
        .xDelete = vfs_delete,
        .xAccess = vfs_access,
        .xFullPathname = vfs_full_pathname,
        .xRandomness = vfs_randomness,
        .xSleep = vfs_sleep,
        .xGetLastError = vfs_last_error,
        .xCurrentTimeInt64 = vfs_current_time,
        .xGetSystemCall = vfs_system_call,
    };
}
