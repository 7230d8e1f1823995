#ifndef HENG_APP_ARCHIVE_UPLOAD_H
#define HENG_APP_ARCHIVE_UPLOAD_H
/* Sheets for a server that runs: it has the database to itself, so it takes them in. */
#include <stdbool.h>

#include "base/rc.h"

struct heng_archive_upload {
    const char *server; /* http://127.0.0.1:8080 */
    const char *policy, *language;
    bool apply; /* false: what would happen */
};

/* Send one file and print what became of it.
 * Errors: ECONFIG there are faults, they are printed and nothing is changed; EDENIED, EBUSY what the server says; EIO
 *         the file cannot be read, or nobody answers. */
HENG_NODISCARD heng_rc heng_archive_upload(const struct heng_archive_upload *upload, const char *path,
                                           struct heng_err *err);

#endif
