#ifndef HENG_STORE_DUMP_H
#define HENG_STORE_DUMP_H
/* A whole database as one file that either engine can be made from, and the way back. The file is drawn in dump.c. */
#include "store/store.h"

/* What was written or read. sha256: of the file up to itself; equal ones are equal databases. */
struct heng_dump_told {
    uint64_t tables, rows, bytes;
    int64_t schema;
    uint8_t sha256[32];
};

/* Bring the schema of a database up to date. *ret_from: its version before, *ret_to: afterwards; equal when nothing was
 * to be done. Errors: as heng_store_open. */
HENG_NODISCARD heng_rc heng_store_migrate(const char *database, int64_t *ret_from, int64_t *ret_to,
                                          struct heng_err *err);

/* Write all that is committed at one moment to a new file, while others read and write: beside it, synced, then moved
 * into place. Takes little memory, however much there is.
 * Errors: EEXISTS the file is there; EUNSUPPORTED the schema is an older one: migrate first; as heng_store_reader_open.
 */
HENG_NODISCARD heng_rc heng_store_backup(const char *database, const char *file, struct heng_dump_told *ret,
                                         struct heng_err *err);

/* Make a new database from such a file: a path where nothing is, or an empty schema on a server. The file is checked to
 * its end before anything is touched, and what was stored is read back and compared before it counts: all of it is
 * there then, or nothing. Errors: EEXISTS the database is there; EFORMAT not such a file, cut or changed; EUNSUPPORTED
 * made by a newer Heng. */
HENG_NODISCARD heng_rc heng_store_restore(const char *file, const char *database, struct heng_dump_told *ret,
                                          struct heng_err *err);

#endif
