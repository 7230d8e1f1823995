/* SQLite's log, looked at from outside, for one case: a commit that found the disk full. It says so, and takes the
 * transaction back; but when only the filling up of the last sector failed, the transaction lies in the log to its end,
 * and the next opening would find it there: what the gateway was told is not kept would be kept, and be written twice.
 *
 *   header of the log 32 bytes | frame: header 24 bytes, page 4096 bytes | frame | ...
 *
 * The frame before the end of the file is then new, and its bytes 4..7 (pages of the file, big-endian) are not 0: it
 * commits. It is no part of what SQLite goes by any more, so it can be wiped.
 * Source: https://www.sqlite.org/walformat.html, clause 2. */
#include "spool/inside.h"

enum { LOG_HEAD = 32, FRAME_BYTES = SPOOL_FRAME_HEAD + SPOOL_PAGE_BYTES };

static sqlite3_file *log_of(struct heng_spool *spool)
{
    sqlite3_file *log = NULL;
    sqlite3_file_control(spool->db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
    return log && log->pMethods ? log : NULL;
}

int64_t spool_log_size(struct heng_spool *spool)
{
    sqlite3_int64 bytes = 0;
    sqlite3_file *log = log_of(spool);
    return log && log->pMethods->xFileSize(log, &bytes) == SQLITE_OK ? bytes : 0;
}

/* Where the last whole frame begins, -1: there is none. */
static int64_t last_frame(struct heng_spool *spool)
{
    int64_t frames = (spool_log_size(spool) - LOG_HEAD) / FRAME_BYTES;
    return frames > 0 ? LOG_HEAD + (frames - 1) * FRAME_BYTES : -1;
}

static bool read_head(struct heng_spool *spool, int64_t at, uint8_t ret[static SPOOL_FRAME_HEAD])
{
    sqlite3_file *log = log_of(spool);
    return log && at >= 0 && log->pMethods->xRead(log, ret, SPOOL_FRAME_HEAD, at) == SQLITE_OK;
}

void spool_log_note(struct heng_spool *spool)
{
    spool->log_last = last_frame(spool);
    if (!read_head(spool, spool->log_last, spool->log_head)) memset(spool->log_head, 0, sizeof spool->log_head);
}

bool spool_log_take_back(struct heng_spool *spool)
{
    static const uint8_t zeros[SPOOL_FRAME_HEAD];
    uint8_t head[SPOOL_FRAME_HEAD];
    sqlite3_file *log = log_of(spool);
    int64_t at = last_frame(spool);
    if (at < 0) return true;
    if (!read_head(spool, at, head)) return false;
    if (at == spool->log_last && memcmp(head, spool->log_head, sizeof head) == 0) return true;
    if (memcmp(head + 4, zeros, 4) == 0) return true;
    return log->pMethods->xWrite(log, zeros, sizeof zeros, at) == SQLITE_OK &&
           log->pMethods->xSync(log, SQLITE_SYNC_NORMAL) == SQLITE_OK;
}
