#ifndef HENG_SIM_DISK_H
#define HENG_SIM_DISK_H
/* A disk in memory that SQLite writes to, whose power can be cut between any two of its operations. One per simulated
 * machine; each is a VFS of its own name, so file names need no prefix. Everything follows from the seed. One thread.
 *
 *   write, truncate          go to the live file and to a list; what is on the list may be lost
 *   sync                     the list becomes part of the safe file
 *   create, delete, rename   go to the live directory and to a list; a cut leaves some first part of it
 *   sync of the directory    as the VFS of Unix: with the first sync of a new log, with xDelete, or asked for
 *
 * After a cut each sector on the list is, by the seed: lost, written, written up to some write, torn, or garbage.
 * After a failed sync what was on the list is only in the live file, and never gets to the safe one (as on Linux). */
#include "base/slice.h"

struct heng_sim_disk;

/* name: of the VFS, copied. NULL: no memory. */
struct heng_sim_disk *heng_sim_disk_new(const char *name, uint64_t seed);
/* All connections to it are closed. Accepts NULL. */
void heng_sim_disk_free(struct heng_sim_disk *disk);
const char *heng_sim_disk_vfs(const struct heng_sim_disk *disk);

/* Sectors: 512 (default) or 4096 bytes. spoils: a torn or garbage sector takes along the bytes beside what was written
 * (cheap flash cards); not (default): only what was being written, as SQLite expects of a disk unless told otherwise.
 */
void heng_sim_disk_set_sector(struct heng_sim_disk *disk, size_t bytes, bool spoils);

/* --- points: the operations between which the power can go ---------------------------------------------------------
 */

struct heng_sim_disk_counts {
    uint64_t points; /* all but reads, before each of them is a place for a cut */
    uint64_t writes, syncs, truncates, deletes, creates, renames, directory_syncs, reads;
    uint64_t bytes_written, bytes_read;
};
struct heng_sim_disk_counts heng_sim_disk_counts(const struct heng_sim_disk *disk);

/* The power goes before point number `point` (of counts.points, from 0): from there on everything fails. */
void heng_sim_disk_cut_at(struct heng_sim_disk *disk, uint64_t point);
void heng_sim_disk_cut(struct heng_sim_disk *disk); /* now */
bool heng_sim_disk_is_cut(const struct heng_sim_disk *disk);
/* Power is back, with what has survived; also after a crash of the machine, without a cut before. What is still open
 * belongs to a dead program: it can only be closed. */
void heng_sim_disk_restart(struct heng_sim_disk *disk);

/* Called before every point; it may look at the disk, also by heng_sim_disk_after_cut, but not write to it. */
void heng_sim_disk_watch(struct heng_sim_disk *disk, void (*at_point)(void *user), void *user);
/* Let `to` be what would be left of `from` if its power went now, by the seed. */
void heng_sim_disk_after_cut(const struct heng_sim_disk *from, struct heng_sim_disk *to, uint64_t seed);
/* Let `to` be a copy of `from`, all of it safe: a cloned box, a disk put back. */
void heng_sim_disk_clone(const struct heng_sim_disk *from, struct heng_sim_disk *to);

/* --- faults --------------------------------------------------------------------------------------------------------
 */

enum {
    HENG_SIM_DISK_WRITE = 1, /* the first half of it is written */
    HENG_SIM_DISK_SYNC = 2,
    HENG_SIM_DISK_TRUNCATE = 4,
    HENG_SIM_DISK_DELETE = 8, /* and rename */
    HENG_SIM_DISK_OPEN = 16,  /* and create */
    HENG_SIM_DISK_READ = 32,
    HENG_SIM_DISK_ALL = 63,
    HENG_SIM_DISK_CHANGES = 31 /* all but reads */
};

/* Of the operations in `mask`, number n from now on (0: the next) fails with an I/O error; on: and all after it. */
void heng_sim_disk_fail(struct heng_sim_disk *disk, unsigned mask, uint64_t n, bool on);
void heng_sim_disk_heal(struct heng_sim_disk *disk);
bool heng_sim_disk_has_failed(const struct heng_sim_disk *disk); /* since heng_sim_disk_fail */
/* All files together may have so many bytes, -1: any; over it a write finds the disk full. */
void heng_sim_disk_set_room(struct heng_sim_disk *disk, int64_t bytes);

/* --- files, from outside: for damage and for measurements ----------------------------------------------------------
 */

/* Borrowed until the next operation; false: not there. */
bool heng_sim_disk_file(const struct heng_sim_disk *disk, const char *name, struct heng_slice *ret);
void heng_sim_disk_put(struct heng_sim_disk *disk, const char *name, struct heng_slice bytes); /* safe at once */
void heng_sim_disk_remove(struct heng_sim_disk *disk, const char *name);
/* Name number i, NULL: no more. */
const char *heng_sim_disk_name(const struct heng_sim_disk *disk, size_t i);
int64_t heng_sim_disk_bytes(const struct heng_sim_disk *disk); /* of all files, as they are seen now */

#endif
