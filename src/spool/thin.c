/* Which entries leave, and in which order (spool.h). The upper mark is seven eighths of the file's share, the lower one
 * six: room is made rarely and then for a while, because every time is an entry of its own.
 *
 * There is no index: it would cost the flash card a page for every entry. A scan in the order of ids reads what it
 * passes, at most SCAN_ROWS a call, and goes on at a cursor in the next call.
 *
 * Every second read of a few meters frees no page of the tree before the second round has passed; of many meters, whose
 * rounds of reads lie together, it frees whole ones. */
#include <stdio.h>
#include <stdlib.h>

#include "spool/inside.h"

enum {
    SCAN_ROWS = 64 * 1024,
    AGE_SCAN_ROWS = 4096,
    ROW_BYTES = 48, /* beside the body, about */
    DEVICES_MIN = 256,
    DEVICES_MAX = 16 * 1024 /* a power of two; reads of more meters than that are kept in the rounds */
};

typedef enum rule {
    RULE_OLD,   /* up to an id */
    RULE_ACKED, /* up to an id */
    RULE_SECOND,
    RULE_RANK
} rule;

/* One step. goal_bytes: enough when entries of so many are found. */
struct step {
    struct heng_spool *spool;
    struct heng_spool_thinned *ret;
    rule rule;
    int64_t acked_id, until_id, goal_bytes, found_bytes, rank;
    size_t n;
};

struct row {
    int64_t id, at_us, rank, subject, maker, bytes;
    uint64_t epoch, seq;
    bool doubtful;
};

static int64_t upper_pages(const struct heng_spool *spool) { return spool->room_pages - spool->room_pages / 8; }
static int64_t lower_pages(const struct heng_spool *spool) { return spool->room_pages - spool->room_pages / 4; }
static int64_t used_pages(const struct heng_spool *spool) { return spool->pages - spool->free_pages; }

bool heng_spool_is_crowded(const struct heng_spool *spool) { return used_pages(spool) > upper_pages(spool); }

static void end_round(struct spool_thin *thin)
{
    free(thin->devices);
    thin->devices = NULL;
    thin->device_count = thin->device_cap = 0;
    thin->in_round = false;
    thin->dropped = 0;
}

void spool_thin_forget(struct heng_spool *spool)
{
    end_round(&spool->thin);
    spool->thin.at_work = false;
    spool->thin.level = SPOOL_HALF;
    memset(spool->thin.clear, 0, sizeof spool->thin.clear);
}

/* --- scan -------------------------------------------------------------------------------------------------------- */

static void scan_begin(struct heng_spool *spool, int64_t from, int64_t until)
{
    sqlite3_stmt *s = spool_statement(spool, SPOOL_SCAN);
    if (s) sqlite3_bind_int64(s, 1, from);
    if (s) sqlite3_bind_int64(s, 2, until);
}

static heng_rc scan_next(struct heng_spool *spool, struct row *ret, struct heng_err *err)
{
    heng_rc rc = spool_step(spool, SPOOL_SCAN, err);
    if (rc != HENG_OK) return rc;
    sqlite3_stmt *s = spool->statements[SPOOL_SCAN];
    *ret = (struct row){.id = sqlite3_column_int64(s, 0),
                        .at_us = sqlite3_column_int64(s, 1),
                        .rank = sqlite3_column_int64(s, 2),
                        .subject = sqlite3_column_int64(s, 3),
                        .doubtful = sqlite3_column_int64(s, 4) != 0,
                        .maker = sqlite3_column_int64(s, 5),
                        .epoch = (uint64_t)sqlite3_column_int64(s, 6),
                        .seq = (uint64_t)sqlite3_column_int64(s, 7),
                        .bytes = sqlite3_column_int64(s, 8) + ROW_BYTES};
    return HENG_OK;
}

static void scan_end(struct heng_spool *spool)
{
    if (spool->statements[SPOOL_SCAN]) sqlite3_reset(spool->statements[SPOOL_SCAN]);
}

/* Whose it is, when the next tier waits for it. NULL: nobody's, or there is no room for one more: see has_room. */
static struct heng_spool_maker *maker_of(struct heng_spool_thinned *thinned, const struct row *row)
{
    for (size_t i = 0; i < thinned->maker_count; i++)
        if (thinned->makers[i].gateway_id == row->maker && thinned->makers[i].epoch == row->epoch)
            return &thinned->makers[i];
    if (thinned->maker_count == HENG_SPOOL_MAKERS_MAX) return NULL;
    struct heng_spool_maker *maker = &thinned->makers[thinned->maker_count];
    *maker = (struct heng_spool_maker){.gateway_id = row->maker, .epoch = row->epoch, .first = row->seq};
    return maker;
}

static bool is_waited_for(const struct step *step, const struct row *row)
{
    return row->maker != 0 && row->id > step->acked_id;
}

static bool has_room(const struct step *step, const struct row *row)
{
    return !is_waited_for(step, row) || maker_of(step->ret, row) != NULL;
}

static void take_of_maker(struct heng_spool_thinned *thinned, const struct row *row)
{
    struct heng_spool_maker *maker = maker_of(thinned, row);
    if (!maker) return;
    if (maker == &thinned->makers[thinned->maker_count]) thinned->maker_count++;
    if (row->seq < maker->first) maker->first = row->seq;
    if (row->seq > maker->last) maker->last = row->seq;
    maker->entries++;
}

static void take(struct step *step, const struct row *row)
{
    struct heng_spool_thinned *ret = step->ret;
    if (step->n == 0 || row->at_us < ret->from_us) ret->from_us = row->at_us;
    if (step->n == 0 || row->at_us > ret->until_us) ret->until_us = row->at_us;
    step->spool->thin.ids[step->n++] = row->id;
    step->found_bytes += row->bytes;
    if (row->id > step->acked_id) ret->unsent++;
    if (is_waited_for(step, row)) take_of_maker(ret, row);
}

/* --- devices of a round ------------------------------------------------------------------------------------------ */

static struct spool_device *slot_of(struct spool_device *devices, size_t cap, int64_t maker, int64_t subject)
{
    uint64_t hash = ((uint64_t)maker * UINT64_C(0x9E3779B97F4A7C15) ^ (uint64_t)subject) * UINT64_C(0xD1342543DE82EF95);
    size_t i = (size_t)(hash >> 40) & (cap - 1);
    while (devices[i].used && (devices[i].maker != maker || devices[i].subject != subject)) i = (i + 1) & (cap - 1);
    return &devices[i];
}

static bool grow(struct spool_thin *thin)
{
    size_t cap = thin->device_cap ? thin->device_cap * 2 : DEVICES_MIN;
    struct spool_device *grown = cap <= DEVICES_MAX ? calloc(cap, sizeof *grown) : NULL;
    if (!grown) return false;
    for (size_t i = 0; i < thin->device_cap; i++) {
        const struct spool_device *d = &thin->devices[i];
        if (d->used) *slot_of(grown, cap, d->maker, d->subject) = *d;
    }
    free(thin->devices);
    thin->devices = grown;
    thin->device_cap = cap;
    return true;
}

/* NULL: no room for another one. */
static struct spool_device *device_of(struct spool_thin *thin, const struct row *row)
{
    if (thin->device_count * 4 >= thin->device_cap * 3 && !grow(thin) && thin->device_count + 1 >= thin->device_cap)
        return NULL;
    struct spool_device *device = slot_of(thin->devices, thin->device_cap, row->maker, row->subject);
    if (!device->used) {
        *device = (struct spool_device){.maker = row->maker, .subject = row->subject, .day = INT64_MIN, .used = true};
        thin->device_count++;
    }
    return device;
}

/* The first read of a device on a day stays, then every second one goes. */
static bool is_second(struct spool_thin *thin, const struct row *row)
{
    int64_t day = row->at_us / HENG_US_PER_DAY;
    struct spool_device *device = device_of(thin, row);
    if (!device) return false;
    if (device->day != day) {
        device->day = day;
        device->drop_next = true;
        return false;
    }
    bool drop = device->drop_next;
    device->drop_next = !drop;
    return drop;
}

/* --- one step ---------------------------------------------------------------------------------------------------- */

static bool leaves(struct step *step, const struct row *row)
{
    switch (step->rule) {
    case RULE_OLD:
    case RULE_ACKED: return true;
    case RULE_SECOND: return row->rank == HENG_ENTRY_RANK_PERIODIC && is_second(&step->spool->thin, row);
    case RULE_RANK:
        return row->rank == step->rank || (step->rank == HENG_ENTRY_RANK_LASTING && row->rank > step->rank) ||
               (step->rank == HENG_ENTRY_RANK_LASTING && row->rank < 0);
    }
    return false;
}

/* Find what leaves from *at on; *at is then the id behind the last one looked at. done: all up to until_id was seen. */
static heng_rc find(struct step *step, int64_t *at, bool *ret_done, struct heng_err *err)
{
    struct row row;
    heng_rc rc = HENG_OK;
    *ret_done = false;
    scan_begin(step->spool, *at, step->until_id);
    for (size_t i = 0; i < SCAN_ROWS && step->n < SPOOL_THIN_MAX && step->found_bytes < step->goal_bytes; i++) {
        rc = scan_next(step->spool, &row, err);
        if (rc != HENG_OK || !has_room(step, &row)) break;
        *at = row.id + 1;
        if (leaves(step, &row)) take(step, &row);
    }
    scan_end(step->spool);
    if (rc != HENG_ENOTFOUND) return rc;
    *ret_done = true;
    return HENG_OK;
}

/* The oldest one that is left. */
static heng_rc find_first(struct heng_spool *spool, struct heng_err *err)
{
    heng_rc rc = spool_number(spool, SPOOL_FIRST, &spool->now.first, err);
    if (rc == HENG_ENOTFOUND) spool->now.first = spool->now.given + 1;
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

static heng_rc drop(struct step *step, struct heng_err *err)
{
    struct heng_spool *spool = step->spool;
    if (step->n == 0) return HENG_OK;
    heng_rc rc = spool_begin(spool, err);
    for (size_t i = 0; rc == HENG_OK && i < step->n; i++) {
        sqlite3_stmt *row = spool_statement(spool, SPOOL_DROP);
        if (row) sqlite3_bind_int64(row, 1, spool->thin.ids[i]);
        rc = spool_run(spool, SPOOL_DROP, err);
    }
    spool->now.count -= step->n;
    if (rc == HENG_OK) rc = find_first(spool, err);
    /* The row that told how far the numbers were given is gone. */
    if (rc == HENG_OK && spool->thin.ids[step->n - 1] == spool->now.given)
        rc = spool_write_meta(spool, &spool->now, err);
    if (rc == HENG_OK) rc = spool_count_pages(spool, err);
    if (rc != HENG_OK) {
        heng_spool_rollback(spool);
        return rc;
    }
    step->ret->entries = step->n;
    step->ret->first = (uint64_t)(spool->thin.ids[0] - spool->now.base);
    step->ret->last = (uint64_t)(spool->thin.ids[step->n - 1] - spool->now.base);
    return HENG_OK;
}

/* --- by age ------------------------------------------------------------------------------------------------------ */

/* The id up to which all is too old, 0: nothing. Ages are told by the entries whose time can be believed; what lies
 * before them is as old as they, whatever its own clock has said. */
static heng_rc find_old(struct heng_spool *spool, heng_us now_us, int64_t *ret_id, struct heng_err *err)
{
    heng_us age = spool->limits.age_max_us;
    heng_us slack = age / 64 < 3600 * HENG_US_PER_S ? age / 64 : 3600 * HENG_US_PER_S;
    if (now_us < INT64_MIN + age + slack) now_us = INT64_MIN + age + slack;
    heng_us believed_us = now_us < INT64_MAX - HENG_US_PER_DAY ? now_us + HENG_US_PER_DAY : now_us;
    heng_us limit_us = now_us - age - slack; /* worth the while */
    struct row row;
    heng_rc rc = HENG_OK;
    *ret_id = 0;
    scan_begin(spool, spool->now.first, spool->now.given);
    for (size_t i = 0; i < AGE_SCAN_ROWS; i++) {
        rc = scan_next(spool, &row, err);
        if (rc != HENG_OK) break;
        if (row.doubtful || row.at_us > believed_us) continue;
        if (row.at_us >= limit_us) break;
        *ret_id = row.id;
        limit_us = now_us - age;
    }
    scan_end(spool);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

static heng_rc thin_old(struct step *step, heng_us now_us, bool *ret_more, struct heng_err *err)
{
    struct heng_spool *spool = step->spool;
    int64_t at = spool->now.first;
    bool done = true;
    heng_rc rc = find_old(spool, now_us, &step->until_id, err);
    if (rc != HENG_OK || step->until_id == 0) return rc;
    step->rule = RULE_OLD;
    step->goal_bytes = INT64_MAX;
    (void)snprintf(step->ret->why, sizeof step->ret->why, "older than %lld days",
                   (long long)(spool->limits.age_max_us / HENG_US_PER_DAY));
    rc = find(step, &at, &done, err);
    if (rc == HENG_OK) rc = drop(step, err);
    *ret_more = true;
    return rc;
}

/* --- by size ----------------------------------------------------------------------------------------------------- */

static void set_why(struct step *step, const char *rule_text)
{
    (void)snprintf(step->ret->why, sizeof step->ret->why, "over the size of %lld MiB: %s",
                   (long long)(step->spool->limits.bytes_max >> 20), rule_text);
}

static heng_rc thin_acked(struct step *step, struct heng_err *err)
{
    bool done;
    int64_t at = step->spool->now.first;
    step->rule = RULE_ACKED;
    step->until_id = step->acked_id;
    set_why(step, "what is delivered, oldest first");
    heng_rc rc = find(step, &at, &done, err);
    return rc == HENG_OK ? drop(step, err) : rc;
}

/* The first id from `from` on whose time is behind the middle of all, by halving: in about twenty looks. */
static heng_rc find_middle(struct heng_spool *spool, int64_t from, int64_t *ret, struct heng_err *err)
{
    struct row oldest = {0}, newest = {0}, row;
    int64_t low = from, high = spool->now.given;
    *ret = high;
    scan_begin(spool, low, high);
    heng_rc rc = scan_next(spool, &oldest, err);
    scan_end(spool);
    if (rc == HENG_OK) {
        newest = oldest;
        scan_begin(spool, high, high);
        rc = scan_next(spool, &newest, err);
        scan_end(spool);
    }
    if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
    heng_us middle = oldest.at_us / 2 + newest.at_us / 2;
    while (low < high) {
        int64_t id = low + (high - low) / 2;
        scan_begin(spool, id, high);
        rc = scan_next(spool, &row, err);
        scan_end(spool);
        if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
        if (rc == HENG_OK && row.at_us <= middle)
            low = row.id + 1;
        else
            high = id;
    }
    *ret = low < from ? from : low;
    return HENG_OK;
}

static heng_rc begin_round(struct step *step, int64_t from, struct heng_err *err)
{
    struct spool_thin *thin = &step->spool->thin;
    end_round(thin);
    thin->cursor = from;
    thin->round_last = step->spool->now.given;
    heng_rc rc = thin->level == SPOOL_HALF ? find_middle(step->spool, from, &thin->round_last, err) : HENG_OK;
    thin->in_round = rc == HENG_OK;
    return rc;
}

/* Rounds go on until one has found nothing. */
static heng_rc thin_second(struct step *step, struct heng_err *err)
{
    struct spool_thin *thin = &step->spool->thin;
    bool done;
    int64_t from = step->acked_id + 1 > thin->clear[0] ? step->acked_id + 1 : thin->clear[0];
    heng_rc rc = thin->in_round ? HENG_OK : begin_round(step, from, err);
    if (thin->cursor < from) thin->cursor = from;
    step->rule = RULE_SECOND;
    step->until_id = thin->round_last;
    set_why(step, thin->level == SPOOL_HALF
                      ? "every second periodic read of a meter, oldest half of the time; one a day stays"
                      : "every second periodic read of a meter; one a day stays");
    if (rc == HENG_OK) rc = find(step, &thin->cursor, &done, err);
    if (rc == HENG_OK) rc = drop(step, err);
    if (rc != HENG_OK) return rc;
    thin->dropped += step->n;
    if (!done) return HENG_OK;
    if (thin->dropped == 0) thin->level = thin->level == SPOOL_HALF ? SPOOL_WHOLE : SPOOL_READS;
    end_round(thin);
    return HENG_OK;
}

static heng_rc thin_rank(struct step *step, heng_entry_rank rank, const char *why, struct heng_err *err)
{
    struct spool_thin *thin = &step->spool->thin;
    bool done;
    int64_t at = step->acked_id + 1 > thin->clear[rank] ? step->acked_id + 1 : thin->clear[rank];
    step->rule = RULE_RANK;
    step->rank = rank;
    step->until_id = step->spool->now.given;
    set_why(step, why);
    heng_rc rc = find(step, &at, &done, err);
    if (rc == HENG_OK) rc = drop(step, err);
    if (rc != HENG_OK) return rc;
    thin->clear[rank] = at;
    if (done && thin->level != SPOOL_LASTING) thin->level++;
    /* What is left is not entries: nothing more can be done. */
    else if (done && step->n == 0)
        thin->at_work = false;
    return HENG_OK;
}

static heng_rc thin_unsent(struct step *step, struct heng_err *err)
{
    switch (step->spool->thin.level) {
    case SPOOL_HALF:
    case SPOOL_WHOLE: return thin_second(step, err);
    case SPOOL_READS: return thin_rank(step, HENG_ENTRY_RANK_PERIODIC, "periodic reads, oldest first", err);
    case SPOOL_STATUS: return thin_rank(step, HENG_ENTRY_RANK_STATUS, "states, oldest first", err);
    case SPOOL_LASTING:
        return thin_rank(step, HENG_ENTRY_RANK_LASTING, "due-date values, orders, events, oldest first", err);
    }
    return HENG_OK;
}

static heng_rc thin_size(struct step *step, bool *ret_more, struct heng_err *err)
{
    struct heng_spool *spool = step->spool;
    struct spool_thin *thin = &spool->thin;
    if (!thin->at_work && !heng_spool_is_crowded(spool)) return HENG_OK;
    if (!thin->at_work && thin->level != SPOOL_HALF) {
        end_round(thin);
        thin->level = SPOOL_HALF;
    }
    thin->at_work = true;
    int64_t log_part = spool_log_bytes(spool->limits.bytes_max) / 2;
    step->goal_bytes = (used_pages(spool) - lower_pages(spool)) * SPOOL_PAGE_BYTES;
    if (step->goal_bytes > log_part) step->goal_bytes = log_part;
    heng_rc rc = HENG_OK;
    if (spool->now.first <= step->acked_id)
        rc = thin_acked(step, err);
    else if (spool->now.count > 0)
        rc = thin_unsent(step, err);
    else
        thin->at_work = false;
    if (used_pages(spool) <= lower_pages(spool)) thin->at_work = false;
    *ret_more = thin->at_work;
    return rc;
}

heng_rc heng_spool_thin(struct heng_spool *spool, uint64_t acked, heng_us now_us, struct heng_spool_thinned *ret,
                        bool *ret_more, struct heng_err *err)
{
    uint64_t last = (uint64_t)(spool->now.given - spool->now.base);
    struct heng_spool_thinned found = {0};
    struct step step = {.spool = spool, .ret = &found};
    step.acked_id = spool->now.base + (int64_t)(acked < last ? acked : last);
    *ret_more = false;
    heng_rc rc = spool->broken ? heng_fail(err, HENG_EIO, 0, "journal '%s': the disk failed before", spool->path)
                               : spool_count_pages(spool, err);
    if (rc == HENG_OK) rc = thin_old(&step, now_us, ret_more, err);
    if (rc == HENG_OK && found.entries == 0) rc = thin_size(&step, ret_more, err);
    if (rc == HENG_OK) *ret = found.entries ? found : (struct heng_spool_thinned){0};
    return rc;
}
