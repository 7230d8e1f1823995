#ifndef HENG_STORE_SKETCH_H
#define HENG_STORE_SKETCH_H
/* A sketch of a database to try something on: everything but what was read, derived and logged. A preview that works on
 * one keeps nobody from writing. */
#include "store/store.h"

/* Make one at path, where nothing is, of what the reader sees at this moment; on SQLite, whatever the database is on.
 * It promises nothing about power cuts: it is thrown away. Owns: *ret, until heng_store_close; the caller removes the
 * file then, and those beside it (-wal, -shm). Errors: EIO, ELIMIT (no room), ENOMEM. */
HENG_NODISCARD heng_rc heng_store_sketch(struct heng_store_reader *reader, const char *path, struct heng_store **ret,
                                         struct heng_err *err);

#endif
