#ifndef HENG_SPOOL_SPOOL_H
#define HENG_SPOOL_SPOOL_H
/* The journal of a gateway on its disk: entries in the order in which they were made, and what the gateway has to
 * remember. One SQLite file, WAL, synchronous=FULL; written by one thread of one process. Entries leave it by age and
 * size, never because somebody has them.
 *
 *   append, append, keep ... commit     what is committed survives a power cut; before that nobody may hear of it
 *   seek, next, next                    committed entries in order; a jump of seq is a hole that was thinned */
#include "base/rc.h"
#include "model/entry.h"

struct heng_spool;

/* Ways to break the promise of commit, so that the proof by power cuts can show that it would notice. */
typedef enum heng_spool_weakness {
    HENG_SPOOL_STRONG,
    HENG_SPOOL_SYNC_NORMAL,   /* synchronous=NORMAL */
    HENG_SPOOL_SYNC_OFF,      /* synchronous=OFF */
    HENG_SPOOL_TRUST_SECTORS, /* a torn sector is believed to spoil nothing beside what was written */
    HENG_SPOOL_SHOW_EARLY     /* what is not committed can be read as if it were */
} heng_spool_weakness;

/* Zero is the default. bytes_max: of the file and its log together, 0: 64 MiB, at least 1 MiB. age_max_us: entries
 * older than that go, acknowledged or not, 0: 400 days. weaken_for_tests: never set in a program. */
struct heng_spool_limits {
    int64_t bytes_max;
    heng_us age_max_us;
    heng_spool_weakness weaken_for_tests;
};

/* What was found at open. */
struct heng_spool_found {
    bool fresh;          /* a new journal, with a new epoch */
    char set_aside[512]; /* the damaged file lies there now; "": none was */
    char why[160];       /* what was wrong with it */
    heng_us last_at_us;  /* of the newest entry, 0: none: the clock cannot be before that */
};

/* Open the journal at path, or make it. A file that is damaged or not a journal is renamed, with its log, to
 * path.damaged-<number>, and a new one is made: the gateway always starts. now_us makes the epoch: wall clock, and more
 * than that of a file set aside whose epoch could still be read.
 * vfs: name of an SQLite VFS, NULL for the usual one.
 * Errors: EBUSY another process has it; EDENIED, EIO, ELIMIT (no room for a new one): the disk does not let us. */
HENG_NODISCARD heng_rc heng_spool_open(const char *path, const char *vfs, struct heng_spool_limits limits,
                                       heng_us now_us, struct heng_spool **ret, struct heng_spool_found *ret_found,
                                       struct heng_err *err);
void heng_spool_close(struct heng_spool *spool); /* what is not committed is gone; accepts NULL */

uint64_t heng_spool_epoch(const struct heng_spool *spool);
uint64_t heng_spool_first(const struct heng_spool *spool); /* the oldest committed entry; last + 1: there is none */
uint64_t heng_spool_last(const struct heng_spool *spool);  /* the newest committed number; 0: none was given yet */

/* Begin a new epoch, in the open transaction, for a journal whose history the centre knows otherwise. Own entries are
 * numbered, checked and delivered anew in the new epoch, in their order: the readings' own keys keep out what the
 * centre has. Forwarded ones keep the numbers of their makers. */
HENG_NODISCARD heng_rc heng_spool_new_epoch(struct heng_spool *spool, heng_us now_us, struct heng_err *err);

/* Give the entry its epoch, seq and check, and write it; the first write begins a transaction. gateway_id 0: our own.
 * Otherwise epoch, seq and check are the maker's and stay in it: the entry travels on in an envelope that has our
 * numbers (heng_spool_item).
 * Errors: ELIMIT the disk is full or the body too long; EIO; the transaction is rolled back. After an error of the disk
 *         itself the journal refuses all work with EIO: close it and open it again. */
HENG_NODISCARD heng_rc heng_spool_append(struct heng_spool *spool, const struct heng_entry *entry, uint64_t *ret_seq,
                                         struct heng_err *err);
/* Nothing written: OK. Errors: ELIMIT: nothing of it is there, nor will be. Others: all of it or nothing may be there
 * when the journal is opened again: heng_spool_last tells. */
HENG_NODISCARD heng_rc heng_spool_commit(struct heng_spool *spool, struct heng_err *err);
void heng_spool_rollback(struct heng_spool *spool);
bool heng_spool_is_open(const struct heng_spool *spool); /* is something written and not committed? */

/* An entry as it lies in this journal. seq: our number of it. entry: as its maker made it; of our own ones entry.seq is
 * seq. sound: its check fits; if not, it must not be believed, and counts as a hole. */
struct heng_spool_item {
    uint64_t seq;
    bool sound;
    struct heng_entry entry;
};

/* Walk committed entries from seq on; another seek or any write ends the walk. next: OK, ENOTFOUND at the end. The body
 * is borrowed until the next call. Errors: EIO. */
void heng_spool_seek(struct heng_spool *spool, uint64_t seq);
HENG_NODISCARD heng_rc heng_spool_next(struct heng_spool *spool, struct heng_spool_item *ret, struct heng_err *err);

/* One committed entry. Errors: ENOTFOUND, EIO. */
HENG_NODISCARD heng_rc heng_spool_get(struct heng_spool *spool, uint64_t seq, struct heng_spool_item *ret,
                                      struct heng_err *err);

/* What is remembered beside the entries, by name, in the same transaction as they: configuration, cursors, orders. n 0
 * forgets it. Names: up to 64 characters. */
HENG_NODISCARD heng_rc heng_spool_keep(struct heng_spool *spool, const char *name, struct heng_slice value,
                                       struct heng_err *err);
/* Also what is not committed yet. The value is borrowed until the next call. Errors: ENOTFOUND, EIO. */
HENG_NODISCARD heng_rc heng_spool_recall(struct heng_spool *spool, const char *name, struct heng_slice *ret,
                                         struct heng_err *err);
/* The first name > after that begins with prefix, and its value. Errors: ENOTFOUND, EIO. */
HENG_NODISCARD heng_rc heng_spool_recall_next(struct heng_spool *spool, const char *prefix, const char *after,
                                              char ret_name[static 65], struct heng_slice *ret, struct heng_err *err);

/* Of a gateway below: entries that left and that the next tier does not have, the numbers of their maker. */
struct heng_spool_maker {
    int64_t gateway_id;
    uint64_t epoch, entries, first, last;
};

/* What left the journal. why: the rule, for a person. makers: in one call at most so many, so that all of them are told
 * of; the rest leaves with the next one. */
enum { HENG_SPOOL_MAKERS_MAX = 64 };
struct heng_spool_thinned {
    uint64_t entries, first, last; /* how many, and between which numbers of ours */
    uint64_t unsent;               /* of them: those that the next tier does not have */
    heng_us from_us, until_us;
    char why[120];
    size_t maker_count;
    struct heng_spool_maker makers[HENG_SPOOL_MAKERS_MAX];
};

/* Make room by the policy, in the open transaction, at most a few thousand entries a call. acked: the next tier has all
 * up to it. In this order, each only as far as needed:
 *   1. older than age_max
 *   2. over the size: entries that the next tier has, oldest first
 *   3. periodic reads it does not have, oldest half of the time first: of each device every second one; down to one a
 *      day; then those too
 *   4. STATUS entries, oldest first
 *   5. LASTING entries, oldest first
 * The size rule begins at seven eighths of the share of the file and ends at six; the age rule waits up to an hour, so
 * that not every entry that goes costs an event. One rule a call. Of an entry whose clock was doubtful only its place
 * tells the age. What is dropped stays dropped for the walk only by a commit: do not walk in between.
 * The caller appends the THINNED event and commits; more: call again, also when entries is 0: a part was looked
 * through. Nothing to do: entries 0, not more. Errors: EIO, ELIMIT. */
HENG_NODISCARD heng_rc heng_spool_thin(struct heng_spool *spool, uint64_t acked, heng_us now_us,
                                       struct heng_spool_thinned *ret, bool *ret_more, struct heng_err *err);

/* Is the size rule due? Cheap, for after every commit: a burst between two rounds of thinning must not fill the file.
 */
bool heng_spool_is_crowded(const struct heng_spool *spool);

/* What can still be read of a journal that was set aside: it was never sent. A new journal made beside it remembers, as
 * "aside", 16 bytes for the use of who saves its entries and then the path, until somebody forgets it. */
struct heng_salvage;
/* All that is remembered there and whose check fits, older versions of a value too, first. Names as in keep. */
typedef void heng_salvage_remembered(void *user, const char *name, struct heng_slice value);
/* Looks through the whole of it, and changes nothing. "acked" (epoch, number; 8 each, low byte first) is what the next
 * tier has. Errors: ENOTFOUND, ENOMEM. */
HENG_NODISCARD heng_rc heng_salvage_open(const char *path, const char *vfs, heng_salvage_remembered *tell, void *user,
                                         struct heng_salvage **ret, struct heng_err *err);
void heng_salvage_close(struct heng_salvage *salvage); /* accepts NULL */
/* The next sound entry behind acked, as its maker made it, in their order as far as that can be told; each time the
 * same ones. The body is borrowed until the next call. Errors: ENOTFOUND at the end. */
HENG_NODISCARD heng_rc heng_salvage_next(struct heng_salvage *salvage, struct heng_entry *ret);

int64_t heng_spool_bytes(const struct heng_spool *spool);  /* in use, the free room of the file left out */
uint64_t heng_spool_count(const struct heng_spool *spool); /* committed entries that are there */

#endif
