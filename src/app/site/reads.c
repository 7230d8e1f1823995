/* Groups of reads that people have asked for, on lines of our own and of gateways. */
#include "app/site/reads.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/site/uplink.h"

/* Jobs of reads have numbers that no command comes to: microseconds since 1970 at the start, and on from there. */
#define READ_IDS_FROM (INT64_C(1) << 50)

enum { GROUPS_MAX = 256, REMOTE_GRACE_S = 120 };

/* One read of a group. remote: a gateway does it. waits: it has not ended. */
struct group_job {
    int64_t line_id, device_id;
    bool remote, waits;
};

/* A group of reads: its jobs are id + 1 .. id + count. left: that wait. ends_us: monotonic, when a gateway that has not
 * told how it ended is waited for no longer. The list, and left and waits, are under the mutex. */
struct group {
    int64_t id;
    size_t count, left;
    heng_us ends_us;
    struct group_job *jobs;
    struct group *next;
};

struct site_reads {
    struct site_run *site;
    struct heng_store_reader *reader;
    struct heng_desk *desk;
    int64_t next_id;
    pthread_mutex_t mutex; /* see struct group */
    struct group *groups;
    size_t group_count;
};

static void drop_group(struct site_reads *reads, struct group *group)
{
    struct group **at = &reads->groups;
    pthread_mutex_lock(&reads->mutex);
    while (*at != group) at = &(*at)->next;
    *at = group->next;
    reads->group_count--;
    pthread_mutex_unlock(&reads->mutex);
    free(group->jobs);
    free(group);
}

static struct group *find_group(const struct site_reads *reads, int64_t id)
{
    struct group *group = reads->groups;
    while (group && (id < group->id || id > group->id + (int64_t)group->count)) group = group->next;
    return group;
}

static heng_rc new_group(struct site_reads *reads, size_t count, struct group **ret, struct heng_err *err)
{
    if (reads->group_count == GROUPS_MAX)
        return heng_fail(err, HENG_EBUSY, 0, "%d groups of reads wait: try again later", GROUPS_MAX);
    struct group *group = calloc(1, sizeof *group);
    struct group_job *jobs = calloc(count, sizeof *jobs);
    if (!group || !jobs) {
        free(group);
        free(jobs);
        return heng_fail(err, HENG_ENOMEM, 0, "out of memory");
    }
    *group = (struct group){.id = reads->next_id, .count = count, .jobs = jobs};
    reads->next_id += (int64_t)count + 1;
    pthread_mutex_lock(&reads->mutex);
    group->next = reads->groups;
    reads->groups = group;
    reads->group_count++;
    pthread_mutex_unlock(&reads->mutex);
    *ret = group;
    return HENG_OK;
}

/* A read of a group has ended: once. Is it the last one? */
static bool job_ended(struct site_reads *reads, struct group *group, int64_t job_id)
{
    struct group_job *job = &group->jobs[job_id - group->id - 1];
    pthread_mutex_lock(&reads->mutex);
    if (job->waits) group->left--;
    job->waits = false;
    bool last = group->left == 0;
    pthread_mutex_unlock(&reads->mutex);
    return last;
}

/* What gateways have told of reads comes with the number of the read, and goes to people with that of the group. The
 * group itself is the loop's: it sees in its next second that nothing of it waits. */
void site_reads_live(struct site_reads *reads, struct heng_live *live, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct heng_order_fact *order = &live[i].order;
        if (live[i].kind != HENG_LIVE_ORDER || order->command || order->id < READ_IDS_FROM) continue;
        pthread_mutex_lock(&reads->mutex);
        struct group *group = find_group(reads, order->id);
        if (group && order->id != group->id) {
            struct group_job *job = &group->jobs[order->id - group->id - 1];
            if (order->ended && job->remote && job->waits) {
                job->waits = false;
                group->left--;
            }
            order->id = group->id;
        }
        pthread_mutex_unlock(&reads->mutex);
    }
}

static heng_rc submit_read(struct site_reads *reads, struct group_job *at, const struct heng_line_job *job,
                           struct heng_err *err)
{
    struct running_line *line = site_run_line(reads->site, at->line_id);
    at->remote = !line && site_uplink_has_line(reads->site->uplink, at->line_id);
    if (at->remote) return site_uplink_read(reads->site->uplink, at->line_id, job, err);
    if (!line) return heng_fail(err, HENG_EUNSUPPORTED, 0, "the line of this meter cannot run");
    return heng_line_submit(heng_bus_line(line->bus), heng_clock_mono(), job, err);
}

static void submit_reads(struct site_reads *reads, struct group *group, const struct heng_place_member *meters,
                         heng_us expires_us, struct heng_receipt *receipt)
{
    group->ends_us = expires_us + REMOTE_GRACE_S * HENG_US_PER_S;
    for (size_t i = 0; i < group->count; i++) {
        struct heng_line_job job = {.id = group->id + 1 + (int64_t)i,
                                    .group = group->id,
                                    .cls = HENG_CLASS_ON_DEMAND,
                                    .device_id = meters[i].device_id,
                                    .order = {.kind = HENG_ORDER_READ},
                                    .expires_us = expires_us};
        struct heng_err why = {.text = ""};
        group->jobs[i] = (struct group_job){.line_id = meters[i].line_id, .device_id = meters[i].device_id};
        if (submit_read(reads, &group->jobs[i], &job, &why) == HENG_OK) {
            receipt->accepted++;
            pthread_mutex_lock(&reads->mutex);
            group->jobs[i].waits = true;
            group->left++;
            pthread_mutex_unlock(&reads->mutex);
        } else if (receipt->refused++ == 0) {
            snprintf(receipt->why, sizeof receipt->why, "%s", why.text);
        }
    }
}

static heng_rc read_meters(struct site_reads *reads, const struct heng_wish *wish, struct heng_place_member *meters,
                           struct heng_receipt *receipt, struct heng_err *err)
{
    size_t n = 0;
    struct group *group = NULL;
    heng_rc rc = heng_wish_meters(reads->reader, wish, meters, HENG_WISH_METERS_MAX + 1, &n, &receipt->refused,
                                  receipt->why, err);
    if (rc != HENG_OK) return rc;
    if (n == 0 && receipt->refused) return heng_fail(err, HENG_ENOTFOUND, 0, "%s", receipt->why);
    if (n == 0) return heng_fail(err, HENG_ENOTFOUND, 0, "no meter is there");
    rc = new_group(reads, n, &group, err);
    if (rc != HENG_OK) return rc;
    heng_us expires_s = wish->expires_s ? wish->expires_s : HENG_WISH_EXPIRES_S;
    submit_reads(reads, group, meters, heng_clock_mono() + expires_s * HENG_US_PER_S, receipt);
    receipt->id = group->id;
    if (receipt->accepted) return HENG_OK;
    drop_group(reads, group);
    return heng_fail(err, HENG_EUNSUPPORTED, 0, "%s", receipt->why);
}

void site_reads_take(struct site_reads *reads, struct heng_wish_slot *slot)
{
    struct heng_receipt receipt = {0};
    struct heng_err why = {.text = ""};
    struct heng_place_member *meters = calloc(HENG_WISH_METERS_MAX + 1, sizeof *meters);
    heng_rc rc = meters ? HENG_OK : heng_fail(&why, HENG_ENOMEM, 0, "out of memory");
    if (rc == HENG_OK && !heng_desk_hold(reads->desk, slot)) rc = HENG_ECLOSED;
    if (rc == HENG_OK) rc = read_meters(reads, heng_wish_of(slot), meters, &receipt, &why);
    heng_desk_answer(reads->desk, slot, &receipt, rc, why.text);
    struct group *group = rc == HENG_OK ? find_group(reads, receipt.id) : NULL;
    /* After the answer, for it brings the number by which results are known. The group may go while lines go on. */
    for (size_t i = 0; rc == HENG_OK && group && i < group->count; i++) {
        struct running_line *line = site_run_line(reads->site, meters[i].line_id);
        if (line && (i == 0 || meters[i].line_id != meters[i - 1].line_id)) heng_bus_pump(line->bus);
        group = find_group(reads, receipt.id);
    }
    free(meters);
}

/* A read that a gateway has not told the end of, or has refused, has failed for people. False: no room, try again. */
static bool put_read_end(struct site_reads *reads, const struct group *group, const struct group_job *job,
                         heng_stage stage, const char *why)
{
    struct heng_order_fact fact = {.id = group->id,
                                   .line_id = job->line_id,
                                   .device_id = job->device_id,
                                   .order = HENG_ORDER_READ,
                                   .stage = stage,
                                   .at_us = heng_clock_wall(),
                                   .outcome = HENG_OUTCOME_COUNT,
                                   .ended = true};
    snprintf(fact.why, sizeof fact.why, "%s", why);
    return heng_writer_has_room(reads->site->writer) &&
           heng_writer_put(reads->site->writer, &(struct heng_fact){.kind = HENG_FACT_ORDER, .order = &fact}, 0,
                           NULL) == HENG_OK;
}

bool site_reads_uses(struct site_reads *reads, int64_t line_id)
{
    bool uses = false;
    pthread_mutex_lock(&reads->mutex);
    for (const struct group *group = reads->groups; group && !uses; group = group->next)
        for (size_t i = 0; i < group->count && !uses; i++)
            uses = group->jobs[i].waits && !group->jobs[i].remote && group->jobs[i].line_id == line_id;
    pthread_mutex_unlock(&reads->mutex);
    return uses;
}

int64_t site_reads_line(const struct site_reads *reads, int64_t job_id)
{
    const struct group *group = job_id >= READ_IDS_FROM ? find_group(reads, job_id) : NULL;
    if (!group || job_id == group->id) return 0;
    const struct group_job *job = &group->jobs[job_id - group->id - 1];
    return job->remote && job->waits ? job->line_id : 0;
}

void site_reads_refused(struct site_reads *reads, int64_t job_id, const char *why)
{
    struct group *group = job_id >= READ_IDS_FROM ? find_group(reads, job_id) : NULL;
    if (!group || job_id == group->id) return;
    if (put_read_end(reads, group, &group->jobs[job_id - group->id - 1], HENG_STAGE_FAILED, why))
        (void)job_ended(reads, group, job_id);
}

/* Groups of which a gateway has told the last end, and those it does not tell of any more. */
void site_reads_second(struct site_reads *reads)
{
    heng_us now = heng_clock_mono();
    for (struct group *group = reads->groups, *next; group; group = next) {
        next = group->next;
        bool room = true, last = false;
        for (size_t i = 0; i < group->count && now >= group->ends_us && room; i++) {
            if (!group->jobs[i].remote || !group->jobs[i].waits) continue;
            room = put_read_end(reads, group, &group->jobs[i], HENG_STAGE_EXPIRED,
                                "its gateway has not told how it ended");
            if (room) (void)job_ended(reads, group, group->id + 1 + (int64_t)i);
        }
        pthread_mutex_lock(&reads->mutex);
        last = group->left == 0;
        pthread_mutex_unlock(&reads->mutex);
        if (last) drop_group(reads, group);
    }
}

static size_t cancel_group(struct site_reads *reads, const struct group *group)
{
    size_t taken_back = 0;
    for (size_t i = 0; i < group->count; i++) {
        struct running_line *line = site_run_line(reads->site, group->jobs[i].line_id);
        int64_t job = group->id + 1 + (int64_t)i;
        if (group->jobs[i].remote) {
            if (group->jobs[i].waits) site_uplink_cancel_read(reads->site->uplink, group->jobs[i].line_id, job);
        } else if (line && heng_line_cancel(heng_bus_line(line->bus), heng_clock_mono(), job) == HENG_OK) {
            taken_back++;
        }
    }
    return taken_back;
}

static void pump_group(struct site_reads *reads, int64_t id)
{
    struct group *group = find_group(reads, id);
    for (size_t i = 0; group && i < group->count; i++) {
        int64_t line_id = group->jobs[i].line_id;
        struct running_line *line = site_run_line(reads->site, line_id);
        if (line && (i == 0 || line_id != group->jobs[i - 1].line_id)) heng_bus_pump(line->bus);
        group = find_group(reads, id);
    }
}

bool site_reads_cancel(struct site_reads *reads, int64_t id, struct heng_wish_slot *slot)
{
    struct group *group = id >= READ_IDS_FROM ? find_group(reads, id) : NULL;
    struct heng_receipt receipt = {.id = id};
    if (!group) return false;
    receipt.accepted = cancel_group(reads, group);
    receipt.refused = group->left > receipt.accepted ? group->left - receipt.accepted : 0;
    heng_desk_answer(reads->desk, slot, &receipt, HENG_OK, "");
    pump_group(reads, id);
    return true;
}

bool site_reads_identify(struct site_reads *reads, int64_t job_id, struct heng_order_fact *fact)
{
    if (job_id < READ_IDS_FROM) return false;
    struct group *group = find_group(reads, job_id);
    if (!group || job_id == group->id) return true;
    fact->id = group->id;
    if (fact->ended && job_ended(reads, group, job_id)) drop_group(reads, group);
    return true;
}

heng_rc site_reads_new(struct site_run *site, struct heng_store_reader *reader, struct heng_desk *desk,
                       struct site_reads **ret, struct heng_err *err)
{
    struct site_reads *reads = calloc(1, sizeof *reads);
    if (!reads) return heng_fail(err, HENG_ENOMEM, 0, "out of memory");
    reads->site = site;
    reads->reader = reader;
    reads->desk = desk;
    reads->next_id = heng_clock_wall() > READ_IDS_FROM ? heng_clock_wall() : READ_IDS_FROM;
    pthread_mutex_init(&reads->mutex, NULL);
    *ret = reads;
    return HENG_OK;
}

void site_reads_free(struct site_reads *reads)
{
    if (!reads) return;
    while (reads->groups) drop_group(reads, reads->groups);
    pthread_mutex_destroy(&reads->mutex);
    free(reads);
}
