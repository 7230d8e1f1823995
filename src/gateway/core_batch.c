/* What the journal gives to the tier above: batches in order, and copies of the newest reads. */
#include <stdlib.h>

#include "gateway/core_inside.h"

/* --- the newest read of each meter ----------------------------------------------------------------------------- */

static size_t place_of(int64_t device_id)
{
    uint64_t hash = (uint64_t)device_id * UINT64_C(0x9e3779b97f4a7c15);
    return (size_t)(hash >> 32) & (CORE_LIVE_MAX - 1);
}

/* Three quarters full is full: a meter that finds no room has no copies that run ahead, only its numbered entries. */
void core_live_note(struct heng_core *core, int64_t device_id, uint64_t seq)
{
    if (device_id <= 0) return;
    if (!core->live) core->live = calloc(CORE_LIVE_MAX, sizeof *core->live);
    if (!core->live) return;
    size_t at = place_of(device_id);
    while (core->live[at].device_id && core->live[at].device_id != device_id) at = (at + 1) & (CORE_LIVE_MAX - 1);
    if (!core->live[at].device_id) {
        if (core->live_count >= CORE_LIVE_MAX / 4 * 3) return;
        core->live_count++;
        core->live[at].device_id = device_id;
    }
    core->live[at].seq = seq;
}

void core_live_clear(struct heng_core *core)
{
    if (core->live) memset(core->live, 0, CORE_LIVE_MAX * sizeof *core->live);
    core->live_count = 0;
}

/* At a start: of the newest entries only, for a full journal takes long to read. */
void core_live_scan(struct heng_core *core)
{
    struct core_journal *journal = &core->journal;
    uint64_t from = journal->acked + 1;
    if (journal->last > CORE_LIVE_SCAN && from < journal->last - CORE_LIVE_SCAN) from = journal->last - CORE_LIVE_SCAN;
    struct heng_spool_item item;
    heng_spool_seek(journal->spool, from);
    for (unsigned i = 0; i <= CORE_LIVE_SCAN && heng_spool_next(journal->spool, &item, NULL) == HENG_OK; i++)
        if (item.sound && item.entry.kind == HENG_ENTRY_READ) core_live_note(core, item.entry.subject_id, item.seq);
}

/* --- batches --------------------------------------------------------------------------------------------------- */

/* A batch that is being put together; next: the number that comes next. */
struct making {
    struct core_batch_room *room;
    size_t entry_count, gone_count, n;
    uint64_t next, unsound, unsound_first, unsound_last;
};

static bool add_gone(struct making *m, uint64_t first, uint64_t last)
{
    if (m->gone_count && m->room->gone[m->gone_count - 1].last + 1 == first && m->next == first) {
        m->room->gone[m->gone_count - 1].last = last;
        return true;
    }
    if (m->gone_count == HENG_UPLINK_GONE_MAX) return false;
    m->room->gone[m->gone_count++] = (struct heng_entry_range){first, last};
    return true;
}

/* False: the batch is full. */
static bool add_entry(struct making *m, const struct heng_spool_item *item, uint32_t bytes_max)
{
    size_t n = item->entry.body.n;
    if (m->entry_count == HENG_UPLINK_BATCH_ENTRIES_MAX || n > sizeof m->room->bytes - m->n) return false;
    if (m->entry_count && m->n + n > bytes_max) return false;
    struct heng_batch_entry *to = &m->room->entries[m->entry_count++];
    *to = (struct heng_batch_entry){.seq = item->seq, .entry = item->entry};
    if (n) memcpy(m->room->bytes + m->n, item->entry.body.p, n);
    to->entry.body = heng_slice_of(m->room->bytes + m->n, n);
    m->n += n;
    return true;
}

static bool add_item(struct making *m, const struct heng_spool_item *item, uint32_t bytes_max)
{
    if (item->seq > m->next) {
        if (!add_gone(m, m->next, item->seq - 1)) return false;
        m->next = item->seq;
    }
    if (item->sound) {
        if (!add_entry(m, item, bytes_max)) return false;
    } else {
        if (!add_gone(m, item->seq, item->seq)) return false;
        if (!m->unsound++) m->unsound_first = item->seq;
        m->unsound_last = item->seq;
    }
    m->next = item->seq + 1;
    return true;
}

/* An entry that is damaged is told once, however often it is asked for. */
static void tell_damaged(struct heng_core *core, heng_us now, const struct making *m)
{
    struct core_journal *journal = &core->journal;
    if (!m->unsound || m->unsound_last <= journal->damaged) return;
    journal->damaged = m->unsound_last;
    core_event(core, now, HENG_GATEWAY_DAMAGED, (int64_t)m->unsound, "damaged first=%llu last=%llu",
               (unsigned long long)m->unsound_first, (unsigned long long)m->unsound_last);
    uint8_t bytes[16];
    struct heng_buf buf = heng_buf_of(bytes, sizeof bytes);
    heng_buf_le(&buf, journal->epoch, 8);
    heng_buf_le(&buf, journal->damaged, 8);
    core_keep(core, now, "damaged", heng_buf_slice(&buf));
}

static void answer_read(struct heng_core *core, heng_us now)
{
    struct core_journal *journal = &core->journal;
    struct making m = {.room = &core->batch, .next = core->wanted.from};
    struct heng_spool_item item;
    heng_rc rc = HENG_OK;
    if (m.next > journal->last) return; /* the client asks again when there is more */
    heng_spool_seek(journal->spool, m.next);
    bool full = false;
    while (!full && m.next <= journal->last) {
        rc = heng_spool_next(journal->spool, &item, NULL);
        if (rc != HENG_OK) break;
        full = !add_item(&m, &item, core->wanted.bytes_max);
    }
    if (rc == HENG_ENOTFOUND) {
        /* The newest ones are not there any more. */
        if (m.next <= journal->last && add_gone(&m, m.next, journal->last)) m.next = journal->last + 1;
    } else if (rc != HENG_OK) {
        core_journal_failed(core, now, rc);
        return;
    }
    struct heng_batch batch = {.epoch = journal->epoch,
                               .first = core->wanted.from,
                               .last = m.next - 1,
                               .entries = m.room->entries,
                               .entry_count = m.entry_count,
                               .gone = m.room->gone,
                               .gone_count = m.gone_count};
    core->wanted.read = false;
    heng_client_put_batch(core->client, now, &batch);
    tell_damaged(core, now, &m);
}

/* Is what the tier above has from us what we have? Entries that are gone, or damaged, cannot be compared. */
static void compare(struct heng_core *core, heng_us now)
{
    struct core_journal *journal = &core->journal;
    struct core_wanted *wanted = &core->wanted;
    struct heng_spool_item item;
    wanted->welcome = false;
    if (wanted->resume_after > journal->last) {
        journal->fork = true;
        return;
    }
    if (!wanted->resume_after || !wanted->resume_check) return;
    heng_rc rc = heng_spool_get(journal->spool, wanted->resume_after, &item, NULL);
    if (rc == HENG_OK && item.sound && item.entry.check != wanted->resume_check) journal->fork = true;
    if (rc != HENG_OK && rc != HENG_ENOTFOUND) {
        wanted->welcome = true; /* once more, when the journal is back */
        core_journal_failed(core, now, rc);
    }
}

void core_batch_answer(struct heng_core *core, heng_us now)
{
    if (core->journal.failed && !core->journal.spool) return;
    if (core->wanted.welcome) compare(core, now);
    if (core->wanted.welcome || core->journal.fork || !core->wanted.read || !core->journal.spool) return;
    answer_read(core, now);
}

/* --- copies that run ahead ------------------------------------------------------------------------------------- */

static int by_seq(const void *a, const void *b)
{
    uint64_t x = ((const struct core_live *)a)->seq, y = ((const struct core_live *)b)->seq;
    return x < y ? -1 : x > y;
}

/* Those of the table above from, ascending, so that what finds no room now comes with the next ones. */
static struct core_live *newer_than(const struct heng_core *core, uint64_t from, size_t *ret_n)
{
    size_t n = 0;
    if (!core->live_count) return NULL;
    struct core_live *list = malloc(core->live_count * sizeof *list);
    for (size_t i = 0; list && i < CORE_LIVE_MAX; i++)
        if (core->live[i].device_id && core->live[i].seq > from && core->live[i].seq <= core->journal.last)
            list[n++] = core->live[i];
    if (n) qsort(list, n, sizeof *list, by_seq);
    *ret_n = n;
    return list;
}

void core_batch_live(struct heng_core *core, heng_us now, uint64_t from, uint32_t bytes_max)
{
    struct making m = {.room = &core->batch};
    struct heng_spool_item item;
    size_t n = 0;
    uint64_t newest = from;
    struct core_live *list = core->journal.spool ? newer_than(core, from, &n) : NULL;
    for (size_t i = 0; i < n; i++) {
        heng_rc rc = heng_spool_get(core->journal.spool, list[i].seq, &item, NULL);
        bool is = rc == HENG_OK && item.sound && item.entry.kind == HENG_ENTRY_READ &&
                  item.entry.subject_id == list[i].device_id;
        if (rc != HENG_OK && rc != HENG_ENOTFOUND) break; /* READ will find out */
        if (is && !add_entry(&m, &item, bytes_max)) break;
        newest = list[i].seq;
    }
    free(list);
    heng_client_put_live(core->client, now, m.room->entries, m.entry_count, newest);
}
