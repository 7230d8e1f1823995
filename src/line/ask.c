/* One conversation on the wire: wake-up, relays, late answers, the request, what is heard, and the end of the wait. */
#include <stdio.h>

#include "line/inside.h"
#include "line/learn.h"

/* Tries per request. Where one is enough it takes two to ask a meter that never confirms a reset (M-Bus), or one whose
 * order of the DI is not known (CJ/T 188). */
enum { TRIES_USUAL = 3, TRIES_QUICK = 1, TRIES_QUICK_BOTH = 2 };

/* A relay opens within this, beside its delay; like a meter. The margin of a learned time is at least this. */
enum { RELAY_ANSWER_MS = 500, RELAY_TRIES = 3, MARGIN_MIN_MS = 30, SPREADS_FIT = 4, BITS_PER_BYTE = 11 };

/* An answer that comes later than this is none to what was asked then, and says nothing of the meter's speed. */
enum { LATE_LEARN_MAX_S = 60, WAKE_STALE_MS = 2000 };

static struct heng_member *asked_member(struct heng_line *line) { return &line->members[line->work.member]; }

static uint32_t relay_of(const struct heng_line *line)
{
    if (line->work.kind != HENG_WORK_METER) return HENG_RELAY_NONE;
    return heng_relays_find(&line->relays, line->members[line->work.member].config.relay_id);
}

static struct heng_read *read_now(struct heng_line *line) { return line->talk->reads[line->talk->good]; }

static void set_why(struct heng_line *line, const char *text)
{
    struct heng_read *read = read_now(line);
    snprintf(read->why, sizeof read->why, "%.*s", (int)sizeof read->why - 1, text);
}

/* --- requests --------------------------------------------------------------------------------------------- */

void heng_ask_begin(struct heng_line *line)
{
    struct heng_conversation *c = line->talk;
    struct heng_member *m = asked_member(line);
    struct heng_read *read = read_now(line);
    c->talk = (struct heng_talk){.meter = &m->config,
                                 .memory = &m->memory,
                                 .profiles = line->config.profiles,
                                 .order = line->work.job.job.order};
    m->memory.ser_echo = m->config.learned.ser;
    m->driver->begin(&c->talk);
    read->outcome = HENG_OUTCOME_SILENCE;
    read->tries = 0;
    read->value_count = read->frame_count = read->skipped = 0;
    read->why[0] = '\0';
    c->begun = c->missed = c->way_open = c->damaged = false;
    c->relay_tries = 0;
    c->tried_end = 0;
    c->outcome = HENG_OUTCOME_SILENCE;
    line->settling = 0;
    line->tied = false;
}

void heng_ask_out(struct heng_line *line, heng_us now, struct heng_slice bytes)
{
    line->out = bytes;
    line->send_due = true;
    line->bus_at = now + heng_exchange_bits(&line->x, BITS_PER_BYTE * (heng_us)bytes.n);
}

void heng_ask_baud(struct heng_line *line, uint32_t baud)
{
    line->x.baud = baud;
    line->speed_due = true;
}

/* x.ask goes out, and an answer to it begins within wait. */
static void send_ask(struct heng_line *line, heng_us now, heng_aim aim, heng_us wait)
{
    heng_exchange_send(&line->x, now, wait);
    heng_ask_out(line, now, heng_slice_of(line->x.ask.bytes, line->x.ask.n));
    line->phase = HENG_PHASE_WAIT;
    line->aim = line->x.ask.silent ? HENG_AIM_NOBODY : aim;
    if (line->x.ask.silent) line->x.wake = heng_exchange_free(&line->x);
    line->wake = line->x.wake;
    line->woken = line->search_last = false;
    line->settling = 0;
}

/* The longest time the protocol and the way give an answer to begin. */
static heng_us ceiling(const struct heng_line *line)
{
    const struct heng_ask *ask = &line->x.ask;
    return heng_exchange_bits(&line->x, ask->answer_bits) + ask->answer_ms * HENG_US_PER_MS + line->x.latency +
           line->x.lump + heng_relays_delay(&line->relays, relay_of(line));
}

static void send_question(struct heng_line *line, heng_us now)
{
    struct heng_conversation *c = line->talk;
    struct heng_member *m = asked_member(line);
    heng_us most = ceiling(line), wait = most;
    heng_us margin = heng_exchange_bits(&line->x, BITS_PER_BYTE) + line->x.latency;
    if (margin < MARGIN_MIN_MS * HENG_US_PER_MS) margin = MARGIN_MIN_MS * HENG_US_PER_MS;
    margin += line->x.lump;
    /* A command takes its own time, and whoever has not answered may have become slower. */
    if (!c->missed && !heng_order_changes(c->talk.order.kind)) wait = heng_learn_wait(&m->config.learned, margin, most);
    c->tried_end = c->begun && c->missed ? line->x.sent_end : 0;
    c->begun = true;
    c->way_open = false;
    c->step = c->talk.step;
    c->part = c->talk.sequence;
    uint8_t *tries = &read_now(line)->tries; /* 1 when no question had to be asked again */
    if ((*tries == 0 || c->missed) && *tries < UINT8_MAX) (*tries)++;
    line->asked = line->work.member;
    send_ask(line, now, HENG_AIM_METER, wait);
    line->tied = line->x.ask.tied;
    m->asked_end = line->x.sent_end;
    if (m->driver->is_from) heng_late_ask(&m->late, now, line->x.sent_end - now + most);
}

/* A command is told as sent before its bytes go out: the owner may have to write that down first, and polls on when it
 * has. One whose time was over by then does not go out. Returns true when nothing is to be sent now. */
static bool announce(struct heng_line *line, heng_us now, heng_order_kind kind, heng_stage stage)
{
    if (!heng_order_changes(kind)) return false;
    if (heng_work_stage(line, stage)) {
        line->announced = true;
        line->wake = now;
        return true;
    }
    bool over = line->announced && now >= line->work.job.job.expires_us;
    line->announced = false;
    if (over) heng_work_abandon(line, now);
    return over;
}

/* Keep quiet until nothing can come any more that would be taken for the answer to the next request. */
static void settle(struct heng_line *line, heng_us now)
{
    const struct heng_late *late = &asked_member(line)->late;
    if (line->settling == 0) line->settling = heng_late_limit(late, now);
    heng_us end = heng_late_end(late);
    line->wake = end < line->settling ? end : line->settling;
    if (!heng_late_older(late, now)) { /* the last one has come */
        heng_us free_at = heng_exchange_free(&line->x);
        line->wake = free_at > now ? free_at : now;
    }
}

/* Send the next request of the conversation, once no late answer can be taken for the answer to it. */
static void ask_or_settle(struct heng_line *line, heng_us now)
{
    struct heng_member *m = asked_member(line);
    struct heng_conversation *c = line->talk;
    struct heng_ask ask = {.n = 0};
    if (line->plan.has_clock) c->talk.clock = heng_zone_civil(line->plan.zone, now + line->plan.wall_ahead);
    m->driver->next(&c->talk, &ask);
    bool again = c->begun && c->step == c->talk.step && c->part == c->talk.sequence &&
                 heng_slice_eq(heng_slice_of(ask.bytes, ask.n), heng_slice_of(line->x.ask.bytes, line->x.ask.n));
    if (!again) {
        heng_late_turn(&m->late);
        c->begun = false;
    }
    bool mixed = ask.anonymous && heng_late_older(&m->late, now);
    if (mixed && line->settling && now >= line->settling) {
        set_why(line, "answers that nobody asked for do not end");
        heng_health_note(&line->health, HENG_EXCHANGE_NOISE);
        line->settling = 0;
        heng_work_ended(line, now, HENG_OUTCOME_NOISE);
    } else if (mixed) {
        settle(line, now);
    } else if (!announce(line, now, c->talk.order.kind, c->talk.stage)) {
        line->x.ask = ask;
        send_question(line, now);
    }
}

/* --- what comes before a request -------------------------------------------------------------------------- */

/* Returns true while the sleepers are being woken. */
static bool wake_up(struct heng_line *line, heng_us now)
{
    const struct heng_line_config *config = &line->config;
    heng_us quiet = config->wake_after_s * HENG_US_PER_S, byte = heng_exchange_bits(&line->x, BITS_PER_BYTE);
    heng_us stale = (config->wake_rest_ms + WAKE_STALE_MS) * HENG_US_PER_MS;
    if (now - line->bus_at > stale) { /* a wake-up that nobody made use of, long ago */
        line->wake_left = 0;
        line->woken = false;
    }
    if (config->wake_ms == 0 || line->woken) return false;
    if (line->wake_left == 0) {
        if (line->bus_at && now - line->bus_at < quiet) return false;
        line->wake_left = (unsigned)(config->wake_ms * HENG_US_PER_MS / byte) + 1;
    }
    unsigned n = line->wake_left < HENG_WAKE_CHUNK ? line->wake_left : HENG_WAKE_CHUNK;
    memset(line->x.candidate, config->wake_byte, n);
    heng_ask_out(line, now, heng_slice_of(line->x.candidate, n));
    line->counters.bytes_out += n;
    line->wake_left -= n;
    line->wake = now + n * byte;
    line->woken = line->wake_left == 0;
    if (line->woken) line->wake += config->wake_rest_ms * HENG_US_PER_MS;
    return true;
}

/* Returns true while a relay on the way is being opened. */
static bool open_way(struct heng_line *line, heng_us now)
{
    uint32_t target = relay_of(line);
    if (line->work.kind != HENG_WORK_METER || line->talk->way_open || line->tied) return false;
    struct heng_relay *relay = heng_relays_next(&line->relays, target, now);
    line->talk->way_open = !relay;
    if (!relay) return false;
    struct heng_ask *ask = &line->x.ask;
    *ask = (struct heng_ask){.n = relay->config.open_n, .answer_ms = RELAY_ANSWER_MS};
    memcpy(ask->bytes, relay->config.open, relay->config.open_n);
    heng_us delay = heng_relays_delay(&line->relays, heng_relays_find(&line->relays, relay->config.id));
    line->talk->begun = false; /* the next question is none that was asked last */
    line->opening = relay;
    send_ask(line, now, HENG_AIM_RELAY,
             (relay->config.open_answer_n ? RELAY_ANSWER_MS * HENG_US_PER_MS + line->x.latency : 0) + delay);
    return true;
}

static void send_broadcast(struct heng_line *line, heng_us now)
{
    const struct heng_line_job *job = &line->work.job.job;
    struct heng_civil clock = {.year = 2000, .month = 1, .day = 1};
    struct heng_err err = {.text = ""};
    struct heng_ask ask = {.n = 0};
    if (line->plan.has_clock) clock = heng_zone_civil(line->plan.zone, now + line->plan.wall_ahead);
    if (heng_driver_of(job->protocol)->broadcast(&job->order, &clock, &ask, &err) != HENG_OK) {
        set_why(line, err.text);
        heng_work_ended(line, now, HENG_OUTCOME_REFUSED);
        return;
    }
    if (announce(line, now, job->order.kind, HENG_STAGE_SENT)) return;
    ask.silent = true;
    line->x.ask = ask;
    send_ask(line, now, HENG_AIM_NOBODY, 0);
}

/* Its power may go by plan while it is being asked: nothing is sent to it from then on. */
static bool lost_power(struct heng_line *line, heng_us now)
{
    if (line->work.kind != HENG_WORK_METER) return false;
    heng_plan_tick(&line->plan, line->members, now);
    return !heng_plan_powered(&line->plan, asked_member(line));
}

void heng_ask_next(struct heng_line *line, heng_us now)
{
    if (lost_power(line, now)) {
        heng_work_abandon(line, now);
        return;
    }
    if (wake_up(line, now)) return;
    if (open_way(line, now)) return;
    switch (line->work.kind) {
    case HENG_WORK_METER: ask_or_settle(line, now); return;
    case HENG_WORK_BROADCAST: send_broadcast(line, now); return;
    case HENG_WORK_SEARCH: heng_seek_next(line, now); return;
    case HENG_WORK_NONE: return;
    }
}

/* Between two requests. After a silence no quiet time is needed, in which an answer that is a little late would find
 * nobody. */
void heng_ask_gap(struct heng_line *line, heng_us now, heng_us pause)
{
    heng_us free_at = heng_exchange_free(&line->x);
    heng_exchange_end_wait(&line->x);
    line->phase = HENG_PHASE_GAP;
    line->wake = (free_at > now ? free_at : now) + (heng_work_gives_way(line) ? 0 : pause);
}

static void rest(struct heng_line *line, heng_us now)
{
    heng_us pause = line->talk->talk.pause_ms * HENG_US_PER_MS;
    line->talk->talk.pause_ms = 0;
    if (pause == 0 || !heng_park(line, now, pause)) heng_ask_gap(line, now, pause);
}

/* --- what is heard ---------------------------------------------------------------------------------------- */

struct heng_member *heng_ask_speaker(struct heng_line *line)
{
    bool now = line->work.kind == HENG_WORK_METER &&
               ((line->phase == HENG_PHASE_WAIT && line->aim == HENG_AIM_METER) || line->settling);
    if (now) return asked_member(line);
    return line->asked == HENG_QUEUE_NOBODY ? NULL : &line->members[line->asked];
}

/* Any answer of the member, asked for by whichever request, is the one that it owes longest. Returns how many to older
 * questions were open before. */
static unsigned pay(heng_us now, struct heng_member *member, const struct heng_telegram *telegram)
{
    bool counts = member->driver->is_from && member->driver->is_from(&member->config, telegram);
    return counts ? heng_late_pay(&member->late, now) : 0;
}

/* What nobody waited for, or no more, was heard: whoever still owes an answer may have more under way, behind it in
 * some gateway. An answer in good time says that nothing is. */
static void stir(struct heng_line *line, heng_us now)
{
    for (size_t i = 0; i < line->member_count; i++) heng_late_stir(&line->members[i].late, now);
}

/* An answer of another meter: one that was asked before and is late? */
static bool was_late(struct heng_line *line, heng_us now, const struct heng_telegram *telegram)
{
    for (size_t i = 0; i < line->member_count; i++) {
        struct heng_member *m = &line->members[i];
        if (m == asked_member(line) || m->asked_end == 0 || !heng_member_said(m, telegram)) continue;
        bool answered_since = m->last_answer >= m->asked_end;
        if (answered_since && !heng_late_any(&m->late, now)) continue; /* it owes nothing */
        bool soon = now - m->asked_end < LATE_LEARN_MAX_S * HENG_US_PER_S;
        if (!answered_since && soon) heng_learn_answer(&m->config.learned, now - m->asked_end);
        heng_work_life(line, now, (uint32_t)i);
        (void)pay(now, m, telegram);
        line->counters.late++;
        return true;
    }
    return false;
}

/* How long the meter took for its answer that was just taken. An acknowledgement says nothing of it, nor does the
 * answer to a command. One that does not fit a repetition belongs to the request before. */
static void learn(struct heng_line *line, const struct heng_telegram *telegram)
{
    struct heng_conversation *c = line->talk;
    struct heng_learned *learned = &asked_member(line)->config.learned;
    const struct heng_exchange *x = &line->x;
    if (x->first_at == 0 || telegram->kind == HENG_TELEGRAM_ACK || heng_order_changes(c->talk.order.kind)) return;
    heng_us took = x->first_at - x->sent_end;
    heng_us mean = learned->answer_us, most = mean + SPREADS_FIT * (heng_us)learned->spread_us;
    if (c->tried_end && learned->answers && (took < mean / 2 || took > most)) {
        took = x->first_at - c->tried_end;
        line->counters.late++;
    }
    heng_learn_answer(learned, took);
}

static void answered(struct heng_line *line, heng_us now, const struct heng_telegram *telegram)
{
    line->counters.answers++;
    if (!asked_member(line)->quarantined) heng_health_note(&line->health, HENG_EXCHANGE_GOOD);
    learn(line, telegram);
    line->talk->missed = false;
    line->talk->ended++;
    line->talk->outcome = HENG_OUTCOME_SILENCE;
    heng_work_life(line, now, line->work.member);
    if (line->x.ask.then_baud) heng_ask_baud(line, line->x.ask.then_baud);
}

/* The meter speaks, but not to this question: by order, by transaction, or by its number it answers an older one. */
static bool is_of_another_time(const struct heng_line *line)
{
    const struct heng_talk *talk = &line->talk->talk;
    return talk->late || talk->misnumbered || talk->meter->protocol == HENG_PROTOCOL_MODBUS_TCP;
}

/* The judgement of the driver about something that is no answer, or no good one. */
static void disregard(struct heng_line *line, heng_us now, const struct heng_telegram *telegram,
                      heng_talk_verdict verdict, bool is_echo)
{
    struct heng_exchange *x = &line->x;
    if (verdict == HENG_TALK_IGNORE && is_echo) {
        line->counters.echo++;
    } else if (verdict == HENG_TALK_IGNORE) {
        line->counters.noise += telegram->frame.n;
        if (telegram->from_meter && is_of_another_time(line)) line->counters.late++;
    } else if (verdict == HENG_TALK_FOREIGN) {
        stir(line, now);
        if (was_late(line, now, telegram)) return;
        line->counters.foreign++;
        x->outcome = HENG_OUTCOME_FOREIGN;
    } else if (verdict == HENG_TALK_BAD) {
        line->counters.format++;
        x->outcome = HENG_OUTCOME_FORMAT;
        x->spoiled = true;
    } else {
        struct heng_buf refusal = heng_buf_of(line->talk->refusal.bytes, sizeof line->talk->refusal.bytes);
        heng_buf_put(&refusal, telegram->asked);
        heng_buf_put(&refusal, telegram->frame);
        line->talk->refusal.n = refusal.full ? 0 : refusal.n;
        line->talk->refusal.at_us = now;
        line->counters.refused++;
        x->outcome = HENG_OUTCOME_REFUSED;
        x->spoiled = true;
    }
}

static void hear(struct heng_line *line, heng_us now, const struct heng_telegram *telegram)
{
    struct heng_err why = {.text = ""};
    struct heng_slice sent = heng_slice_of(line->x.ask.bytes, line->x.ask.n);
    bool is_echo = telegram->frame.n <= sent.n &&
                   heng_slice_eq(telegram->frame, heng_slice_from(sent, sent.n - telegram->frame.n));
    struct heng_member *m = asked_member(line);
    struct heng_talk *talk = &line->talk->talk;
    if (m->late.older + m->late.current > 1) stir(line, now);
    talk->late = is_echo ? 0 : pay(now, m, telegram);
    heng_talk_verdict verdict = m->driver->reply(talk, telegram, now, read_now(line), &why);
    if (why.text[0]) set_why(line, why.text);
    if (heng_order_changes(talk->order.kind)) (void)heng_work_stage(line, talk->stage);
    switch (verdict) {
    case HENG_TALK_IGNORE:
    case HENG_TALK_FOREIGN:
    case HENG_TALK_BAD:
    case HENG_TALK_REFUSED: disregard(line, now, telegram, verdict, is_echo); return;
    case HENG_TALK_NEXT:
        answered(line, now, telegram);
        rest(line, now);
        return;
    case HENG_TALK_DONE:
        answered(line, now, telegram);
        heng_work_ended(line, now, HENG_OUTCOME_OK);
        return;
    }
}

/* An answer that was not waited for: late, but a sign of life. */
static void overhear(struct heng_line *line, heng_us now, struct heng_member *member,
                     const struct heng_telegram *telegram)
{
    if (heng_member_said(member, telegram)) {
        line->counters.late++;
        heng_learn_answer(&member->config.learned, now - member->asked_end);
        heng_work_life(line, now, (uint32_t)(member - line->members));
    }
    (void)pay(now, member, telegram);
    line->counters.noise += telegram->frame.n;
}

static bool waits(const struct heng_line *line, heng_aim aim)
{
    return line->phase == HENG_PHASE_WAIT && line->aim == aim;
}

/* Is there anybody whose frames are looked for now? */
static const struct heng_codec *listens(struct heng_line *line, heng_us now)
{
    if (waits(line, HENG_AIM_SEARCH)) return heng_codec_of(line->search_protocol);
    struct heng_member *speaker = heng_ask_speaker(line);
    bool late = speaker && line->phase != HENG_PHASE_WAIT && heng_late_any(&speaker->late, now);
    if (!waits(line, HENG_AIM_METER) && !late) return NULL;
    return heng_codec_of(speaker->config.protocol);
}

/* Take the frames out of what was received. */
static void scan(struct heng_line *line, heng_us now)
{
    const struct heng_codec *codec;
    struct heng_telegram telegram;
    while ((codec = listens(line, now)) && heng_exchange_next(&line->x, codec, &telegram)) {
        if (waits(line, HENG_AIM_SEARCH))
            heng_seek_hear(line, &telegram);
        else if (waits(line, HENG_AIM_METER))
            hear(line, now, &telegram);
        else
            overhear(line, now, heng_ask_speaker(line), &telegram);
    }
}

/* Is the answer of the relay among the bytes? Our own, where we hear ourselves, are not. */
static void hear_relay(struct heng_line *line, heng_us now, struct heng_slice bytes)
{
    struct heng_exchange *x = &line->x;
    const struct heng_relay_config *relay = &line->opening->config;
    while (bytes.n) bytes = heng_slice_from(bytes, heng_exchange_put(x, now, bytes));
    size_t from = x->echoes && x->whole ? x->ask.n : 0;
    for (; relay->open_answer_n && from + relay->open_answer_n <= x->received_n; from++) {
        if (memcmp(x->received + from, relay->open_answer, relay->open_answer_n) != 0) continue;
        line->talk->relay_tries = 0;
        heng_relays_opened(&line->relays, relay_of(line), now);
        x->received_n = 0;
        heng_ask_gap(line, now, 0);
        return;
    }
}

void heng_ask_feed(struct heng_line *line, heng_us now, struct heng_slice bytes)
{
    if (waits(line, HENG_AIM_RELAY)) {
        hear_relay(line, now, bytes);
        return;
    }
    if (line->phase != HENG_PHASE_WAIT) {
        stir(line, now);
        line->x.unasked += bytes.n;
    }
    while (bytes.n && listens(line, now)) {
        bytes = heng_slice_from(bytes, heng_exchange_put(&line->x, now, bytes));
        scan(line, now);
    }
    line->counters.noise += bytes.n; /* nobody was asked */
    if (line->phase == HENG_PHASE_GAP && line->settling) settle(line, now);
    if (!waits(line, HENG_AIM_METER) && !waits(line, HENG_AIM_SEARCH)) return;
    heng_exchange_rest(&line->x, now);
    line->wake = line->x.wake;
}

/* --- the end of the wait ---------------------------------------------------------------------------------- */

static unsigned tries_max(const struct heng_line *line)
{
    const struct heng_profile *profile = line->talk->talk.profile;
    const struct heng_member *m = &line->members[line->work.member];
    bool two_ways = m->config.protocol == HENG_PROTOCOL_CJT188 ||
                    (m->config.protocol == HENG_PROTOCOL_MBUS && line->talk->talk.order.kind != HENG_ORDER_PROBE);
    if (heng_work_is_quick(line)) return two_ways ? TRIES_QUICK_BOTH : TRIES_QUICK;
    return profile && profile->tries ? profile->tries : TRIES_USUAL;
}

/* The current request has brought nothing usable. */
static void miss(struct heng_line *line, heng_us now)
{
    struct heng_conversation *c = line->talk;
    const struct heng_driver *driver = asked_member(line)->driver;
    heng_exchange_end end = heng_exchange_fail(&line->x);
    if (!asked_member(line)->quarantined) heng_health_note(&line->health, end);
    c->damaged = c->damaged || line->x.damaged || line->x.broken || line->x.garbage;
    c->ended++;
    c->garbled += end == HENG_EXCHANGE_NOISE || end == HENG_EXCHANGE_FRAMING || end == HENG_EXCHANGE_CHECKSUM ||
                  end == HENG_EXCHANGE_COLLISION;
    if (line->x.outcome != HENG_OUTCOME_SILENCE) c->outcome = line->x.outcome;
    c->missed = true;
    line->tied = false;
    switch (driver->timeout(&c->talk, tries_max(line))) {
    case HENG_MISSED_AGAIN: rest(line, now); return;
    case HENG_MISSED_DONE: heng_work_ended(line, now, HENG_OUTCOME_OK); return;
    case HENG_MISSED_FAILED: heng_work_ended(line, now, c->outcome); return;
    }
}

static void miss_relay(struct heng_line *line, heng_us now)
{
    struct heng_conversation *c = line->talk;
    struct heng_relay *relay = line->opening;
    char why[120];
    if (relay->config.open_answer_n == 0) { /* it says nothing: that was the time it takes */
        heng_relays_opened(&line->relays, relay_of(line), now);
        heng_ask_gap(line, now, 0);
        return;
    }
    heng_exchange_end end = heng_exchange_fail(&line->x);
    heng_health_note(&line->health, end);
    if (++c->relay_tries < (relay->failing ? 1 : RELAY_TRIES)) {
        heng_ask_gap(line, now, 0);
        return;
    }
    snprintf(why, sizeof why, "relay '%.60s' does not open: no answer as it should be", relay->config.name);
    set_why(line, why);
    c->relay_failed = true;
    heng_relays_failed(&line->relays, relay);
    heng_work_ended(line, now, line->x.outcome);
}

/* Nobody was to answer. */
static void end_silent(struct heng_line *line, heng_us now)
{
    if (line->work.kind == HENG_WORK_BROADCAST) {
        set_why(line, "sent to all meters; none answers, so nobody confirms it");
        heng_work_ended(line, now, HENG_OUTCOME_OK);
        return;
    }
    if (line->x.ask.then_baud) heng_ask_baud(line, line->x.ask.then_baud);
    switch (asked_member(line)->driver->timeout(&line->talk->talk, tries_max(line))) {
    case HENG_MISSED_AGAIN: rest(line, now); return;
    case HENG_MISSED_DONE: heng_work_ended(line, now, HENG_OUTCOME_OK); return;
    case HENG_MISSED_FAILED: heng_work_ended(line, now, line->talk->outcome); return;
    }
}

void heng_ask_timeout(struct heng_line *line, heng_us now)
{
    struct heng_telegram telegram;
    const struct heng_codec *codec = listens(line, now);
    switch (line->aim) {
    case HENG_AIM_METER:
        while (waits(line, HENG_AIM_METER) && heng_exchange_flush(&line->x, codec, &telegram))
            hear(line, now, &telegram);
        if (waits(line, HENG_AIM_METER)) miss(line, now);
        return;
    case HENG_AIM_RELAY: miss_relay(line, now); return;
    case HENG_AIM_NOBODY: end_silent(line, now); return;
    case HENG_AIM_SEARCH: heng_seek_timeout(line, now); return;
    }
}
