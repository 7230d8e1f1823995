#ifndef HENG_STORE_DUMP_INSIDE_H
#define HENG_STORE_DUMP_INSIDE_H
/* What backup and restore share. */
#include <openssl/evp.h>

#include "store/db.h"
#include "store/dump.h"

#define HENG_DUMP_MAGIC "Heng backup\n"

enum {
    DUMP_FORMAT = 1,
    DUMP_COLUMNS_MAX = 48,
    DUMP_VALUE_MAX = 64 << 20,
    DUMP_BUFFER = 1 << 16,
    DUMP_MAGIC_N = sizeof HENG_DUMP_MAGIC - 1,
};

/* Write the database that a connection sees to a descriptor; -1: nowhere, only to learn its hash. */
HENG_NODISCARD heng_rc heng_dump_write(struct heng_db *db, int fd, struct heng_dump_told *ret, struct heng_err *err);

#endif
