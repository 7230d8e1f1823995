#ifndef HENG_SIM_DISK_INSIDE_H
#define HENG_SIM_DISK_INSIDE_H
/* What the two halves of the simulated disk share: disk.c knows what survives, disk_vfs.c is what SQLite sees. */
#include <sqlite3.h>

#include "sim/disk.h"
#include "sim/rng.h"

enum { DISK_NAME_CAP = 700, DISK_SHM_LOCKS = SQLITE_SHM_NLOCK };

struct disk_bytes {
    uint8_t *p;
    size_t n, cap;
};

/* A write, or with bytes NULL a truncation to `at`, that is not synced. */
struct disk_op {
    size_t at, n;
    uint8_t *bytes;
};

/* A file. holds: open handles. safe: what is synced; live: what is seen. */
struct disk_file {
    struct disk_file *next;
    uint64_t id;
    unsigned holds;
    struct disk_bytes safe, live;
    struct disk_op *ops;
    size_t op_count, op_cap;
    int shared; /* locks of SQLite: how many read, and whether somebody has, or waits for, more */
    bool reserved, pending, exclusive;
    uint8_t **regions; /* shared memory: gone when the machine is */
    size_t region_count;
    int shm_shared[DISK_SHM_LOCKS];
    bool shm_exclusive[DISK_SHM_LOCKS];
};

struct disk_entry {
    char name[DISK_NAME_CAP];
    struct disk_file *file;
};

struct disk_directory {
    struct disk_entry *entries;
    size_t count, cap;
};

/* A change of the directory that is not synced: `to` gets file, `from` goes; either may be empty. */
struct disk_change {
    char from[DISK_NAME_CAP], to[DISK_NAME_CAP];
    struct disk_file *file;
};

struct heng_sim_disk {
    sqlite3_vfs vfs;
    char name[64];
    uint64_t seed, cuts;
    struct heng_sim_rng rng; /* for SQLite's own dice */
    struct disk_file *files;
    struct disk_directory live, safe;
    struct disk_change *changes;
    size_t change_count, change_cap;
    uint64_t next_id, life; /* life: of the machine; handles of an earlier one are dead */
    size_t sector;
    bool spoils, cut, watching;
    uint64_t cut_at;
    void (*at_point)(void *user);
    void *user;
    struct heng_sim_disk_counts counts;
    unsigned fail_mask;
    uint64_t fail_in;
    bool fail_on, failed;
    int64_t room;
};

/* The answer to an operation of this kind: SQLITE_OK, or the failure that was ordered; counts points and cuts. */
int disk_point(struct heng_sim_disk *disk, unsigned kind);

struct disk_file *disk_find(const struct disk_directory *directory, const char *name);
struct disk_file *disk_create(struct heng_sim_disk *disk, const char *name); /* name NULL: without one */
bool disk_unlink(struct heng_sim_disk *disk, const char *name);
bool disk_rename(struct heng_sim_disk *disk, const char *from, const char *to);
void disk_sync_directory(struct heng_sim_disk *disk);
void disk_write(struct disk_file *file, size_t at, const void *bytes, size_t n);
void disk_truncate(struct disk_file *file, size_t n);
void disk_sync(struct disk_file *file);
void disk_forget_unsynced(struct disk_file *file);
void disk_sweep(struct heng_sim_disk *disk); /* files that nobody can reach any more */

void disk_vfs_init(struct heng_sim_disk *disk);

#endif
