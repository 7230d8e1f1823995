/* What a line does next, and what becomes of it: classes, rounds, quarantine, mute lines, reads that are not believed.
 */
#include <stdio.h>
#include <stdlib.h>

#include "line/confirm.h"
#include "line/inside.h"

/* Behind each round probes have a twentieth of its time, so that a line whose rounds never end in time still finds the
 * meters that are back. A search somebody has started has a fifth of all time, a quarter of what the schedules take. It
 * saves up for turns of some requests, for a selection that is cut off from its question has to be made again. What it
 * took while nobody else wanted the line is held against it no further than SEARCH_DEBT_MS. */
enum { BREATHER_SHARE = 20, SEARCH_SHARE = 4, SEARCH_BURST = 4, SEARCH_TURN_MS = 1500, SEARCH_DEBT_MS = 4000 };

/* Garbage in place of answers, in so many conversations, where three of four others answer, two at the least: two
 * meters have one address. */
enum { TWINS_TALKS = 2, TWINS_SUSPECT_MAX = 6, OTHERS_MIN = 2 };
static const char twins_text[] =
    "garbage in place of answers, while others answer well: two meters may have this address";

/* A line that is lost while a meter is asked, so often, is perhaps lost because it is asked. */
enum { INTERRUPTIONS_MAX = 3, NO_LOAD_CHECK_S = 10, POOR_S = 1, CONFIRM_FAILURES_MAX = 2, DOUBTS_MAX = 2 };

/* --- questions ------------------------------------------------------------------------------------------ */

static bool may_ask(const void *context, const struct heng_queued *job)
{
    const struct heng_line *line = context;
    if (job->member == HENG_QUEUE_NOBODY) return true;
    return heng_plan_powered(&line->plan, &line->members[job->member]) && !heng_park_holds(line, job->member);
}

bool heng_work_gives_way(const struct heng_line *line)
{
    if (line->work.kind == HENG_WORK_NONE || line->work.cls == HENG_CLASS_CONTROL || line->tied) return false;
    return heng_queue_has(line->queue, HENG_CLASS_CONTROL, may_ask, line);
}

bool heng_work_is_quick(const struct heng_line *line)
{
    heng_cause cause = line->work.cause;
    bool hopeless = line->no_load || heng_health_is_overload(&line->health);
    return cause == HENG_CAUSE_PROBE || cause == HENG_CAUSE_CHECK || (cause == HENG_CAUSE_ROUND && hopeless);
}

struct heng_line_result heng_work_result(const struct heng_line *line)
{
    const struct heng_work *w = &line->work;
    const struct heng_member *m = w->kind == HENG_WORK_METER ? &line->members[w->member] : NULL;
    struct heng_line_result result = {.job_id = w->cause == HENG_CAUSE_JOB ? w->job.job.id : 0,
                                      .cls = w->cls,
                                      .order = w->job.job.order,
                                      .due_us = w->cause == HENG_CAUSE_DUE ? w->turn.due : 0,
                                      .learned = m ? &m->config.learned : NULL,
                                      .quarantined = m && m->quarantined};
    result.order.has_secret = false;
    memset(result.order.password, 0, sizeof result.order.password);
    memset(result.order.operator_code, 0, sizeof result.order.operator_code);
    return result;
}

/* --- what is next ---------------------------------------------------------------------------------------- */

static void set_work(struct heng_line *line, heng_cause cause, heng_class cls, uint32_t member, heng_order_kind kind)
{
    line->work = (struct heng_work){.kind = HENG_WORK_METER, .cause = cause, .cls = cls, .member = member};
    line->work.job.job.order.kind = kind;
    line->work.job.member = member;
}

static bool pick_job(struct heng_line *line, heng_class cls)
{
    struct heng_queued job;
    if (!heng_queue_take(line->queue, cls, may_ask, line, &job)) return false;
    line->work = (struct heng_work){.kind = job.member == HENG_QUEUE_NOBODY ? HENG_WORK_BROADCAST : HENG_WORK_METER,
                                    .cause = HENG_CAUSE_JOB,
                                    .cls = cls,
                                    .job = job,
                                    .member = job.member};
    return true;
}

static bool pick_due(struct heng_line *line, heng_us now)
{
    struct heng_plan_turn turn;
    if (!heng_plan_due(&line->plan, line->members, now, &turn)) return false;
    set_work(line, HENG_CAUSE_DUE, HENG_CLASS_DUE_DATE, turn.member,
             turn.back ? HENG_ORDER_READ_HISTORY : HENG_ORDER_READ);
    line->work.job.job.order.back = turn.back;
    line->work.turn = turn;
    return true;
}

static void end_round(struct heng_line *line, heng_us now, const struct heng_group *group)
{
    line->cycle_us = now - group->start;
    line->dead_us = group->dead_us;
    heng_us until = now + line->cycle_us / BREATHER_SHARE;
    if (until > line->breather_until) line->breather_until = until;
    line->status_due = true;
}

static bool pick_round(struct heng_line *line, heng_us now)
{
    struct heng_plan_turn turn;
    struct heng_group *ended;
    if (!heng_plan_periodic(&line->plan, line->members, now, &turn, &ended)) {
        if (ended) end_round(line, now, ended);
        return false;
    }
    set_work(line, HENG_CAUSE_ROUND, HENG_CLASS_PERIODIC, turn.member, HENG_ORDER_READ);
    line->work.turn = turn;
    return true;
}

/* Jobs of a class and what the schedules want take turns. */
static bool pick_by_turns(struct heng_line *line, heng_us now, heng_class cls,
                          bool (*pick_scheduled)(struct heng_line *line, heng_us now))
{
    unsigned bit = 1u << cls;
    bool job_first = line->turns & bit;
    line->turns ^= bit;
    if (job_first) return pick_job(line, cls) || pick_scheduled(line, now);
    return pick_scheduled(line, now) || pick_job(line, cls);
}

/* Whoever answered last tells whether the line is mute; then one after another. */
static bool pick_check(struct heng_line *line, heng_us now)
{
    bool periodic = line->no_load && now >= line->check_at;
    if (!line->check_due && !periodic) return false;
    line->check_due = false;
    line->check_at = now + NO_LOAD_CHECK_S * HENG_US_PER_S;
    if (periodic) line->check_turn = !line->check_turn;
    uint32_t member = periodic && line->check_turn ? HENG_QUEUE_NOBODY : line->last_good;
    for (size_t i = 0; member == HENG_QUEUE_NOBODY && i < line->member_count; i++) {
        line->rotating = (line->rotating + 1) % (uint32_t)line->member_count;
        if (heng_plan_powered(&line->plan, &line->members[line->rotating])) member = line->rotating;
    }
    if (member == HENG_QUEUE_NOBODY || !heng_plan_powered(&line->plan, &line->members[member])) return false;
    set_work(line, HENG_CAUSE_CHECK, HENG_CLASS_PERIODIC, member, HENG_ORDER_PROBE);
    return true;
}

static bool pick_follow(struct heng_line *line)
{
    if (line->follow == HENG_QUEUE_NOBODY) return false;
    if (!heng_plan_powered(&line->plan, &line->members[line->follow])) return false;
    set_work(line, HENG_CAUSE_RETURN, HENG_CLASS_PERIODIC, line->follow, HENG_ORDER_READ);
    return true;
}

/* The meter in quarantine whose probe is due longest. */
static bool pick_probe(struct heng_line *line, heng_us now)
{
    uint32_t best = HENG_QUEUE_NOBODY;
    if (line->quarantined == 0 || line->no_load) return false;
    for (uint32_t i = 0; i < line->member_count; i++) {
        const struct heng_member *m = &line->members[i];
        const struct heng_group *group = &line->plan.groups[m->group];
        if (!m->quarantined || m->probe_at > now || !group->open || !group->powered) continue;
        if (best == HENG_QUEUE_NOBODY || m->probe_at < line->members[best].probe_at) best = i;
    }
    if (best == HENG_QUEUE_NOBODY) return false;
    set_work(line, HENG_CAUSE_PROBE, HENG_CLASS_PROBE, best, HENG_ORDER_PROBE);
    return true;
}

static heng_us probes_at(const struct heng_line *line)
{
    heng_us next = HENG_US_NEVER;
    for (size_t i = 0; line->quarantined && !line->no_load && i < line->member_count; i++) {
        const struct heng_member *m = &line->members[i];
        const struct heng_group *group = &line->plan.groups[m->group];
        if (m->quarantined && m->probe_at < next && group->open && group->powered) next = m->probe_at;
    }
    return next;
}

static bool pick_search(struct heng_line *line)
{
    if (!heng_seek_ready(line)) return false;
    line->work = (struct heng_work){.kind = HENG_WORK_SEARCH, .cls = HENG_CLASS_SEARCH};
    return true;
}

/* The search's turn, while the schedules would go on. It ends when its time is used up, but not before some requests.
 */
static bool pick_search_share(struct heng_line *line)
{
    bool goes_on = line->search_burst && (line->search_credit > 0 || line->search_burst < SEARCH_BURST);
    if (goes_on || line->search_credit >= SEARCH_TURN_MS * HENG_US_PER_MS) return pick_search(line);
    line->search_burst = 0;
    return false;
}

static bool pick_probes(struct heng_line *line, heng_us now)
{
    return pick_by_turns(line, now, HENG_CLASS_PROBE, pick_probe);
}

static bool pick_any(struct heng_line *line, heng_us now)
{
    return heng_park_resume(line, now) || pick_job(line, HENG_CLASS_CONTROL) || pick_job(line, HENG_CLASS_ON_DEMAND) ||
           pick_check(line, now) || pick_follow(line) || pick_search_share(line) ||
           (now < line->breather_until && pick_probes(line, now)) ||
           pick_by_turns(line, now, HENG_CLASS_DUE_DATE, pick_due) ||
           pick_by_turns(line, now, HENG_CLASS_PERIODIC, pick_round) || pick_probes(line, now) || pick_search(line) ||
           pick_job(line, HENG_CLASS_SEARCH);
}

void heng_work_charge(struct heng_line *line, heng_us now)
{
    const struct heng_work *w = &line->work;
    heng_us took = now - w->began, least = -SEARCH_DEBT_MS * HENG_US_PER_MS, most = -least;
    if (w->kind == HENG_WORK_SEARCH) {
        line->search_burst++;
        line->search_credit -= took;
    } else if (line->search && (w->cls == HENG_CLASS_DUE_DATE || w->cls == HENG_CLASS_PERIODIC)) {
        line->search_credit += took / SEARCH_SHARE;
    }
    if (line->search_credit < least) line->search_credit = least;
    if (line->search_credit > most) line->search_credit = most;
}

/* A round that is found to be over leaves the next one to the next look. */
static bool pick_work(struct heng_line *line, heng_us now)
{
    for (size_t rounds = 0; rounds <= line->plan.count; rounds++) {
        heng_plan_tick(&line->plan, line->members, now);
        if (pick_any(line, now)) return true;
    }
    return false;
}

/* The round is over and the line was down: a meter that is left is a miss, and is said to be one. */
static bool tell_lost(struct heng_line *line, heng_us now)
{
    struct heng_plan_turn turn;
    if (!heng_plan_lost(&line->plan, line->members, now, &turn)) return false;
    struct heng_member *m = &line->members[turn.member];
    struct heng_read *read = heng_line_read_new(m->config.device_id, now, HENG_OUTCOME_DISCONNECTED);
    if (!read) return false;
    snprintf(read->why, sizeof read->why, "%s",
             line->open ? "overload or short on the line" : "no connection to the line");
    set_work(line, HENG_CAUSE_ROUND, HENG_CLASS_PERIODIC, turn.member, HENG_ORDER_READ);
    struct heng_line_result result = heng_work_result(line);
    result.stage = HENG_STAGE_FAILED;
    line->work = (struct heng_work){.kind = HENG_WORK_NONE};
    heng_plan_passed(&line->plan, line->members, &turn, false);
    line->counters.reads_failed++;
    heng_line_tell(line, &result, read);
    return true;
}

/* Memory for the conversation; without it the work is put aside and tried again later. */
static bool begin(struct heng_line *line, heng_us now)
{
    struct heng_conversation *talk = calloc(1, sizeof *talk);
    int64_t device_id = line->work.kind == HENG_WORK_METER ? line->members[line->work.member].config.device_id : 0;
    if (talk) talk->reads[0] = heng_line_read_new(device_id, now, HENG_OUTCOME_SILENCE);
    line->talk = talk;
    if (talk && talk->reads[0]) {
        if (line->work.kind == HENG_WORK_METER) heng_ask_begin(line);
        return true;
    }
    heng_work_abandon(line, now);
    line->wake = now + POOR_S * HENG_US_PER_S;
    return false;
}

static void rest(struct heng_line *line, heng_us now)
{
    line->phase = HENG_PHASE_REST;
    line->wake = heng_plan_next(&line->plan, line->members, heng_line_usable(line));
    if (heng_line_usable(line)) {
        heng_us probes = probes_at(line);
        if (probes < line->wake) line->wake = probes;
        if (line->no_load && line->check_at < line->wake) line->wake = line->check_at;
        if (heng_park_next(line) < line->wake) line->wake = heng_park_next(line);
    }
    if (line->wake <= now) line->wake = now + HENG_US_PER_MS; /* no memory for what is to be told: soon again */
    heng_line_judge(line, now);
}

void heng_work_pick(struct heng_line *line, heng_us now)
{
    if (!heng_line_usable(line)) {
        heng_plan_tick(&line->plan, line->members, now);
        line->phase = HENG_PHASE_REST;
        line->wake = now;
        if (tell_lost(line, now)) return;
        heng_plan_tick(&line->plan, line->members, now); /* the next round may be due already */
        rest(line, now);
        return;
    }
    if (!pick_work(line, now)) {
        rest(line, now);
        return;
    }
    line->work.began = now;
    heng_us free_at = heng_exchange_free(&line->x);
    if (free_at < line->ready_at) free_at = line->ready_at;
    line->phase = HENG_PHASE_GAP;
    line->wake = free_at > now ? free_at : now;
    if (line->work.kind == HENG_WORK_SEARCH || line->talk || begin(line, now)) heng_line_judge(line, now);
}

void heng_conversation_free(struct heng_conversation *conversation)
{
    if (!conversation) return;
    for (unsigned i = 0; i < HENG_READS_MAX; i++) free(conversation->reads[i]);
    free(conversation);
}

/* --- how it ends ---------------------------------------------------------------------------------------- */

void heng_work_done(struct heng_line *line, heng_us now)
{
    heng_work_charge(line, now);
    heng_conversation_free(line->talk);
    line->talk = NULL;
    if (line->x.baud != line->config.baud) heng_ask_baud(line, line->config.baud);
    line->work = (struct heng_work){.kind = HENG_WORK_NONE};
    line->tied = false;
    line->settling = 0;
    if (line->open) {
        heng_us free_at = heng_exchange_free(&line->x);
        line->phase = HENG_PHASE_GAP;
        line->wake = free_at > now ? free_at : now;
    }
}

void heng_work_abandon(struct heng_line *line, heng_us now)
{
    struct heng_work *w = &line->work;
    struct heng_member *m = w->kind == HENG_WORK_METER ? &line->members[w->member] : NULL;
    uint8_t *interrupted = w->cause == HENG_CAUSE_JOB ? &w->job.interrupted : m ? &m->interrupted : NULL;
    bool lost = !heng_line_usable(line) && line->talk;
    if (w->kind == HENG_WORK_NONE) return;
    /* It is done again when the line is back, unless it is what brings the line down. */
    if (lost && interrupted && ++*interrupted >= INTERRUPTIONS_MAX && w->cause != HENG_CAUSE_CHECK) {
        *interrupted = 0;
        heng_work_ended(line, now, HENG_OUTCOME_DISCONNECTED);
        return;
    }
    if (w->cause == HENG_CAUSE_JOB && w->kind != HENG_WORK_SEARCH) heng_queue_put_back(line->queue, &w->job);
    if (w->cause == HENG_CAUSE_CHECK) line->check_due = !lost;
    heng_work_done(line, now);
}

bool heng_work_stage(struct heng_line *line, heng_stage stage)
{
    struct heng_queued *job = &line->work.job;
    if (line->work.cause != HENG_CAUSE_JOB || stage <= job->told || stage >= HENG_STAGE_CONFIRMED) return false;
    job->told = stage;
    job->sent = true;
    line->stage_result = heng_work_result(line);
    line->stages_due |= 1u << stage;
    return true;
}

/* --- is the line mute? ----------------------------------------------------------------------------------- */

static void enter_no_load(struct heng_line *line, heng_us now)
{
    line->no_load = true;
    line->check_due = false;
    line->check_at = now + NO_LOAD_CHECK_S * HENG_US_PER_S;
    for (unsigned i = 0; i < HENG_MUTE_MAX && i < line->mute; i++) {
        struct heng_member *m = &line->members[line->mutes[i]];
        if (!(line->mutes_counted >> i & 1)) continue;
        line->quarantined -= m->quarantined;
        heng_member_pardon(m, line->quarantine_after);
        line->quarantined += m->quarantined;
    }
    heng_line_judge(line, now);
}

static void not_mute(struct heng_line *line)
{
    line->mute = line->mutes_counted = 0;
    line->check_due = false;
}

/* The meter of this work was silent. A few in a row, and the one that answered last as well: it is the line. */
static void note_mute(struct heng_line *line, heng_us now)
{
    size_t active = line->member_count > line->quarantined ? line->member_count - line->quarantined : 1;
    unsigned enough = active < HENG_MUTE_MAX ? (unsigned)active : HENG_MUTE_MAX;
    uint32_t member = line->work.member;
    bool expected = line->members[member].quarantined && line->quarantined < line->member_count;
    if (line->no_load || expected) return;
    if (line->mute < HENG_MUTE_MAX) line->mutes[line->mute] = member;
    line->mute++;
    bool witness = line->last_good != HENG_QUEUE_NOBODY && line->work.cause != HENG_CAUSE_CHECK;
    for (unsigned i = 0; i < HENG_MUTE_MAX && i < line->mute; i++)
        witness = witness && line->mutes[i] != line->last_good;
    if (line->mute < enough && line->work.cause != HENG_CAUSE_CHECK) return;
    if (witness)
        line->check_due = true;
    else
        enter_no_load(line, now);
}

void heng_work_life(struct heng_line *line, heng_us now, uint32_t member)
{
    struct heng_member *m = &line->members[member];
    bool back = m->quarantined, was_no_load = line->no_load;
    const struct heng_work *w = &line->work;
    bool is_read = w->member == member && (w->cause == HENG_CAUSE_RETURN || w->cause == HENG_CAUSE_ROUND);
    not_mute(line);
    line->no_load = false;
    line->last_good = member;
    heng_member_lives(m, now);
    if (back) {
        line->quarantined--;
        heng_plan_back(&line->plan, m, now);
        if (w->kind != HENG_WORK_METER || !is_read) line->follow = member;
    }
    if (was_no_load) heng_plan_once_more(&line->plan, line->members, now);
    if ((back || was_no_load) && line->phase == HENG_PHASE_REST) line->wake = INT64_MIN;
    if (was_no_load) heng_line_judge(line, now);
}

/* --- is a read believed? --------------------------------------------------------------------------------- */

static size_t bytes_of(const struct heng_read *read)
{
    size_t n = 0;
    for (unsigned i = 0; i < read->frame_count; i++) n += read->frames[i].n;
    return n;
}

static bool is_read(const struct heng_line *line)
{
    heng_order_kind kind = line->work.job.job.order.kind;
    return line->work.kind == HENG_WORK_METER && line->work.cause != HENG_CAUSE_CHECK &&
           (kind == HENG_ORDER_READ || kind == HENG_ORDER_READ_HISTORY || kind == HENG_ORDER_READ_STATE ||
            kind == HENG_ORDER_READ_CLOCK);
}

/* Does this good read need another one? Else the believed one is put into reads[0]. */
static bool wants_more(struct heng_line *line, heng_outcome *outcome)
{
    struct heng_conversation *c = line->talk;
    struct heng_member *m = &line->members[line->work.member];
    struct heng_read **r = c->reads;
    bool as_usual = line->work.job.job.order.kind == HENG_ORDER_READ;
    size_t believed = c->good - 1;
    bool demands = heng_noise_demands(&line->x.noise, bytes_of(r[believed]), m->config.protocol);
    switch (c->good) {
    case 1:
        c->unfit = as_usual && !heng_expect_fits(&m->expect, r[0], c->why, sizeof c->why);
        if (c->unfit || (demands && !line->config.single_reads)) return true;
        break;
    case 2: {
        bool agree = demands ? heng_reads_agree(r[0], r[1]) : heng_reads_alike(r[0], r[1]);
        if (!agree) line->counters.doubted++;
        if (!agree || (c->unfit && demands)) return true;
        break;
    }
    default:
        if (heng_reads_agree(r[1], r[2]) || heng_reads_agree(r[0], r[2])) break;
        believed = 3;
        r[3] = heng_line_read_new(m->config.device_id, r[2]->at_us, HENG_OUTCOME_OK);
        bool noisy = as_usual && m->doubts < DOUBTS_MAX && demands; /* else it is believed the next time */
        if (r[3] && heng_reads_median(r[0], r[1], r[2], r[3]) == HENG_OK &&
            (!noisy || heng_median_fits(&m->expect, r[0], r[1], r[2], r[3], c->why, sizeof c->why)))
            break;
        m->doubts++;
        *outcome = HENG_OUTCOME_NOISE;
        snprintf(c->why, sizeof c->why, "three reads said three different things");
        believed = 2;
    }
    struct heng_read *best = r[believed];
    r[believed] = r[0];
    r[0] = best;
    return false;
}

/* Do most of the others answer? Then what is garbage here is not the line's. */
static bool others_do_well(const struct heng_line *line, const struct heng_member *m)
{
    size_t others = 0, well = 0;
    for (size_t i = 0; i < line->member_count; i++) {
        const struct heng_member *other = &line->members[i];
        if (other == m || other->quarantined || other->talks == 0) continue;
        others++;
        well += other->history & 1;
    }
    return others >= OTHERS_MIN && 4 * well >= 3 * others;
}

/* Two meters of one address that answer bit for bit at the same time make frames that are of neither, pass the sum now
 * and then, and do so again when asked again. A read of such an address is not believed until some have come clean. */
static bool is_doubtful(struct heng_line *line)
{
    const struct heng_member *m = &line->members[line->work.member];
    if (m->garbled < TWINS_TALKS || !others_do_well(line, m)) return false;
    snprintf(line->talk->why, sizeof line->talk->why, "%s", twins_text);
    return true;
}

/* Returns true when the conversation is made again, to confirm what the first one said. */
static bool confirm(struct heng_line *line, heng_us now, heng_outcome *outcome)
{
    struct heng_conversation *c = line->talk;
    struct heng_read *last = c->reads[c->good];
    if (!is_read(line) || *outcome == HENG_OUTCOME_DISCONNECTED) return false;
    c->tries += last->tries;
    if (*outcome == HENG_OUTCOME_OK) {
        c->good++;
        if (!wants_more(line, outcome)) {
            if (*outcome == HENG_OUTCOME_OK && is_doubtful(line)) *outcome = HENG_OUTCOME_NOISE;
            return false;
        }
    } else if (c->good == 0 || ++c->failed >= CONFIRM_FAILURES_MAX) {
        c->reads[c->good] = c->reads[0]; /* what nobody confirmed is told by its failure */
        c->reads[0] = last;
        return false;
    }
    if (!c->reads[c->good]) c->reads[c->good] = heng_line_read_new(last->device_id, now, HENG_OUTCOME_SILENCE);
    if (!c->reads[c->good]) {
        *outcome = HENG_OUTCOME_NOISE;
        return false;
    }
    heng_ask_begin(line);
    heng_ask_gap(line, now, 0);
    return true;
}

/* --- how it ends ---------------------------------------------------------------------------------------- */

static bool was_alive(const struct heng_member *member)
{
    return member->last_answer && member->config.learned.misses == 0;
}

/* Once more at the end of the round: what is damaged now may come through later, and whoever answered until now may
 * have been busy. Not when the line is mute, and not what the meter itself refuses. */
static bool gets_second_chance(const struct heng_line *line, heng_outcome outcome)
{
    const struct heng_member *m = &line->members[line->work.member];
    if (line->work.cause != HENG_CAUSE_ROUND || line->plan.groups[m->group].second || line->no_load) return false;
    if (line->talk->relay_failed) return false;
    if (outcome == HENG_OUTCOME_SILENCE) return was_alive(m);
    return line->talk->damaged && (outcome == HENG_OUTCOME_NOISE || outcome == HENG_OUTCOME_CHECKSUM);
}

bool heng_line_is_behind_store(const struct heng_line *line, const struct heng_member *member)
{
    return heng_relays_store(&line->relays, heng_relays_find(&line->relays, member->config.relay_id));
}

static void count_miss(struct heng_line *line, heng_us now)
{
    struct heng_member *m = &line->members[line->work.member];
    if (line->no_load || heng_health_is_overload(&line->health) || heng_line_is_behind_store(line, m)) return;
    line->quarantined -= m->quarantined;
    (void)heng_member_missed(m, now, line->quarantine_after, heng_plan_period(&line->plan.groups[m->group]));
    line->quarantined += m->quarantined;
    if (line->mute && line->mute <= HENG_MUTE_MAX && line->mutes[line->mute - 1] == line->work.member)
        line->mutes_counted |= 1u << (line->mute - 1);
}

/* Garbage in place of answers where others answer well: two meters have this address. Their acknowledgements are alike
 * and come through, so a quarter of the exchanges is enough. */
static void note_garbled(struct heng_line *line, heng_outcome outcome)
{
    struct heng_member *m = &line->members[line->work.member];
    struct heng_conversation *c = line->talk;
    if (c->garbled == 0 && m->garbled > 0) m->garbled--;
    if (outcome == HENG_OUTCOME_OK || c->garbled < 2 || 4 * c->garbled < c->ended || !others_do_well(line, m)) return;
    if (m->garbled < TWINS_SUSPECT_MAX) m->garbled++;
    if (m->garbled < TWINS_TALKS) return;
    line->counters.collision++;
    snprintf(c->reads[0]->why, sizeof c->reads[0]->why, "%s", twins_text);
}

/* What a conversation says of meter and line. Returns true when it does not count yet. */
static bool account(struct heng_line *line, heng_us now, heng_outcome outcome)
{
    struct heng_member *m = &line->members[line->work.member];
    bool dead = outcome == HENG_OUTCOME_SILENCE || outcome == HENG_OUTCOME_NOISE || outcome == HENG_OUTCOME_FOREIGN;
    /* Who says no has answered: its wires and its address are good. */
    bool answered = outcome == HENG_OUTCOME_OK || outcome == HENG_OUTCOME_REFUSED || outcome == HENG_OUTCOME_FORMAT;
    m->interrupted = 0;
    if (outcome == HENG_OUTCOME_DISCONNECTED || line->talk->relay_failed) return false;
    heng_member_note(m, answered);
    note_garbled(line, outcome);
    if (outcome == HENG_OUTCOME_SILENCE) {
        line->plan.groups[m->group].dead_us += now - line->work.began;
        if (!heng_line_is_behind_store(line, m)) note_mute(line, now);
    } else if (dead || outcome == HENG_OUTCOME_CHECKSUM) {
        not_mute(line);
    } else {
        heng_work_life(line, now, line->work.member);
    }
    if (gets_second_chance(line, outcome)) return true;
    if (dead && line->work.cause != HENG_CAUSE_CHECK) count_miss(line, now);
    if (line->work.cause == HENG_CAUSE_ROUND) m->failed = dead;
    return false;
}

/* A command is not given twice to confirm what was read with it: on a noisy line only the state that it was given for
 * is told. */
static void leave_out_doubtful(const struct heng_line *line, struct heng_read *read)
{
    const struct heng_member *m = &line->members[line->work.member];
    unsigned kept = 0;
    if (line->work.kind != HENG_WORK_METER || line->config.single_reads) return;
    if (!heng_noise_demands(&line->x.noise, bytes_of(read), m->config.protocol)) return;
    for (unsigned i = 0; i < read->value_count; i++) {
        heng_quantity quantity = read->values[i].key.quantity;
        if (quantity != HENG_QUANTITY_VALVE_STATE && quantity != HENG_QUANTITY_RELAY_STATE) continue;
        read->values[kept] = read->values[i];
        read->frame_of_value[kept++] = read->frame_of_value[i];
    }
    read->value_count = (uint16_t)kept;
}

/* A command that the meter refuses ends with its refusal as evidence. */
static void keep_refusal(const struct heng_conversation *c, struct heng_read *read)
{
    if (c->refusal.n == 0 || read->frame_count == HENG_READ_FRAMES_MAX) return;
    unsigned f = read->frame_count++;
    memcpy(read->frames[f].bytes, c->refusal.bytes, c->refusal.n);
    read->frames[f].n = (uint16_t)c->refusal.n;
    read->frames[f].at_us = c->refusal.at_us;
}

/* The read that is told: no values of a read that has failed; a command may have read some before it failed. */
static struct heng_read *last_read(struct heng_line *line, heng_us now, heng_outcome outcome)
{
    struct heng_conversation *c = line->talk;
    struct heng_read *read = c->reads[0];
    c->reads[0] = NULL;
    read->outcome = outcome;
    if (is_read(line)) read->tries = c->tries < UINT8_MAX ? (uint8_t)c->tries : UINT8_MAX;
    if (heng_order_changes(line->work.job.job.order.kind)) leave_out_doubtful(line, read);
    if (outcome == HENG_OUTCOME_OK) return read;
    if (!heng_order_changes(line->work.job.job.order.kind))
        read->value_count = read->frame_count = 0;
    else if (outcome == HENG_OUTCOME_REFUSED)
        keep_refusal(c, read);
    read->at_us = now;
    if (!read->why[0]) snprintf(read->why, sizeof read->why, "%s", c->why);
    return read;
}

/* Nobody answers a broadcast, so nobody can confirm it: it ends with being sent. */
static heng_stage last_stage(const struct heng_line *line, heng_outcome outcome)
{
    if (outcome != HENG_OUTCOME_OK) return HENG_STAGE_FAILED;
    if (line->work.kind == HENG_WORK_BROADCAST) return HENG_STAGE_SENT;
    if (!heng_order_changes(line->work.job.job.order.kind)) return HENG_STAGE_CONFIRMED;
    return line->talk->talk.stage == HENG_STAGE_CONFIRMED ? HENG_STAGE_CONFIRMED : HENG_STAGE_FAILED;
}

static void tell(struct heng_line *line, heng_us now, heng_outcome outcome)
{
    struct heng_work *w = &line->work;
    heng_stage stage = last_stage(line, outcome);
    struct heng_read *read = last_read(line, now, outcome);
    if (outcome == HENG_OUTCOME_OK)
        line->counters.reads_ok++;
    else
        line->counters.reads_failed++;
    if (outcome == HENG_OUTCOME_OK && is_read(line) && w->job.job.order.kind == HENG_ORDER_READ) {
        line->members[w->member].doubts = 0;
        heng_expect_learn(&line->members[w->member].expect, read);
    }
    struct heng_line_result result = heng_work_result(line);
    result.stage = stage;
    heng_line_tell(line, &result, read);
}

/* Where the plan stands behind this. */
static void pass(struct heng_line *line, heng_outcome outcome, bool again)
{
    const struct heng_work *w = &line->work;
    bool scheduled = w->cause == HENG_CAUSE_ROUND || w->cause == HENG_CAUSE_DUE;
    bool denied = (outcome == HENG_OUTCOME_REFUSED || outcome == HENG_OUTCOME_FORMAT) && w->turn.back;
    if (w->cause == HENG_CAUSE_RETURN) line->follow = HENG_QUEUE_NOBODY;
    if (!scheduled) return;
    heng_plan_passed(&line->plan, line->members, &w->turn, again);
    if (w->cause == HENG_CAUSE_DUE && (outcome == HENG_OUTCOME_OK || denied))
        heng_plan_due_done(&line->plan, line->members, &w->turn);
}

void heng_work_ended(struct heng_line *line, heng_us now, heng_outcome outcome)
{
    const struct heng_work *w = &line->work;
    bool meter = w->kind == HENG_WORK_METER, again = false;
    heng_exchange_end_wait(&line->x);
    if (meter && confirm(line, now, &outcome)) return;
    if (meter) {
        struct heng_member *m = &line->members[w->member];
        m->config.learned.ser = m->memory.ser_echo;
        again = account(line, now, outcome);
    }
    /* Whoever was told another speed and has confirmed it takes the line along; else all is as before. */
    if (w->job.job.order.kind == HENG_ORDER_SET_BAUD && last_stage(line, outcome) == HENG_STAGE_CONFIRMED)
        line->config.baud = line->x.baud;
    pass(line, outcome, again);
    bool quiet = w->cause == HENG_CAUSE_CHECK || (w->cause == HENG_CAUSE_PROBE && outcome == HENG_OUTCOME_OK);
    if (!again && !quiet) tell(line, now, outcome);
    heng_work_done(line, now);
}
