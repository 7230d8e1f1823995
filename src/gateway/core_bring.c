/* What a person has brought in a file: all of it, or nothing. It is not kept in memory for a second try, as what lines
 * tell is: the file is still there. */
#include "gateway/core_inside.h"

enum { SHARE = 8 }; /* of the journal; the size rule of thinning leaves as much free */

/* The transaction has nothing of anybody else's in it. */
static void take_back(struct core_journal *journal)
{
    if (journal->spool) heng_spool_rollback(journal->spool);
    journal->written = journal->written_bytes = 0;
    journal->commit_us = HENG_US_NEVER;
}

static heng_rc write_all(struct heng_core *core, heng_us now, heng_core_next *next, void *owner, struct heng_err *err)
{
    struct heng_body body;
    struct heng_entry entry;
    heng_us at_us = 0;
    heng_rc rc;
    while ((rc = next(owner, &body, &at_us, err)) == HENG_OK) {
        rc = core_entry_of(core, &body, at_us, &entry, err);
        if (rc != HENG_OK) return rc;
        rc = core_write_passed(core, now, &entry);
        if (rc != HENG_OK) return heng_fail(err, HENG_EIO, 0, "the disk of the journal has no room for it now");
    }
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

heng_rc heng_core_bring(struct heng_core *core, heng_us now, uint64_t bytes, heng_core_next *next, void *owner,
                        struct heng_err *err)
{
    struct core_journal *journal = &core->journal;
    uint64_t most = (uint64_t)journal->limits.bytes_max / SHARE;
    if (bytes > most)
        return heng_fail(err, HENG_ELIMIT, 0, "%llu kB of readings are more than the journal takes at once, %llu kB",
                         (unsigned long long)(bytes / 1024), (unsigned long long)(most / 1024));
    if (!core_commit(core, now)) return heng_fail(err, HENG_EIO, 0, "the disk of the journal takes nothing now");
    heng_rc rc = write_all(core, now, next, owner, err);
    if (rc != HENG_OK) {
        if (!journal->failed) take_back(journal);
        return rc;
    }
    return core_commit(core, now) ? HENG_OK : heng_fail(err, HENG_EIO, 0, "the disk has failed at the last moment");
}
