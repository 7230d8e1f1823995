#include "line/line.h"

#include <stdio.h>
#include <stdlib.h>

#include "codec/telegram.h"
#include "line/late.h"

/* Tries per request; a line on which this many meters in a row were mute has trouble of its own. */
enum { TRIES_USUAL = 3, SILENT_AFTER = 3, INTERRUPTIONS_MAX = 3, BITS_PER_BYTE = 11, RECEIVE_MAX = 1024 };

/* Converters and USB adapters chop an answer; so long a pause inside one ends it (EN 13757-2 knows no gap
 * inside a frame, 33 bit times are the quiet time between frames). */
enum { GAP_MS = 50, GAP_BITS = 33 };

/* While a round runs, the counters are told this often. */
enum { STATUS_S = 5 };

typedef enum phase {
    PHASE_REST, /* between rounds */
    PHASE_GAP,  /* quiet time before the next request */
    PHASE_WAIT  /* a request is out */
} phase;

struct member {
    struct heng_meter_config config;
    struct heng_meter_memory memory;
    const struct heng_driver *driver;
    struct heng_late late;
};

struct heng_line {
    struct heng_line_config config;
    struct heng_line_counters counters;
    struct member *members;
    size_t member_count;

    bool open;
    heng_line_state state;
    heng_us since;
    char detail[160];
    bool status_due, state_changed;
    heng_us status_at; /* when the last one was taken */
    bool result_told;  /* a result since then: the counters have moved */

    phase phase;
    heng_us wake;         /* end of the phase, if nothing happens before */
    heng_us round_start;  /* of the round that runs or ran last */
    size_t cursor;        /* member that is asked */
    bool talking;         /* talk is under way with it */
    unsigned interrupted; /* so often the line was lost while it was asked */
    unsigned mute;        /* meters in a row without a sign of life */

    struct heng_talk talk;
    struct heng_ask ask;
    size_t asked;         /* the member that ask went to */
    bool begun;           /* the conversation has asked something */
    uint8_t step, part;   /* the question that ask was */
    heng_us settling;     /* the line keeps quiet for answers that may still come, until then at most; 0: it does not */
    heng_us first_byte;   /* an answer has begun by then, or there is none */
    heng_us ask_end;      /* no answer counts after this */
    bool heard;           /* any byte since the request */
    heng_us heard_at;     /* the last byte */
    bool spoiled;         /* a frame since the request was damaged: waiting for the rest is idle */
    heng_outcome outcome; /* best explanation so far of why there is no answer */

    bool send_due, result_due;
    struct heng_read read;

    size_t received_n;
    uint8_t received[RECEIVE_MAX];
};

static heng_us byte_time(const struct heng_line *line)
{
    return BITS_PER_BYTE * HENG_US_PER_S / (heng_us)line->config.baud;
}

static heng_us gap_time(const struct heng_line *line)
{
    return GAP_MS * HENG_US_PER_MS + GAP_BITS * HENG_US_PER_S / (heng_us)line->config.baud;
}

/* When the current round should be over. */
static heng_us round_end(const struct heng_line *line)
{
    return line->round_start + (heng_us)line->config.period_s * HENG_US_PER_S;
}

/* The quiet time that the bus wants now. */
static heng_us idle_time(const struct heng_line *line)
{
    heng_us wanted_bits = line->ask.idle_bits > GAP_BITS ? line->ask.idle_bits : GAP_BITS;
    heng_us bits = wanted_bits * HENG_US_PER_S / (heng_us)line->config.baud;
    heng_us asked = line->ask.idle_ms * HENG_US_PER_MS;
    return asked > bits ? asked : bits;
}

static void set_state(struct heng_line *line, heng_us now, heng_line_state state, const char *detail)
{
    bool other = line->state != state;
    if (!other && strncmp(line->detail, detail, sizeof line->detail - 1) == 0) return;
    if (other || line->since == 0) line->since = now;
    line->state = state;
    snprintf(line->detail, sizeof line->detail, "%s", detail);
    line->status_due = true;
    line->state_changed = line->state_changed || other;
}

/* --- life --------------------------------------------------------------------------------------------- */

heng_rc heng_line_new(const struct heng_line_config *config, const struct heng_meter_config *meters, size_t meter_count,
                      struct heng_line **ret, struct heng_err *err)
{
    if (config->baud < 300 || config->baud > 921600)
        return heng_fail(err, HENG_ECONFIG, 0, "line '%s': %u baud is not possible: 300 to 921600", config->name,
                         config->baud);
    if (config->period_s == 0)
        return heng_fail(err, HENG_ECONFIG, 0, "line '%s': the period must be at least 1 s", config->name);
    struct heng_line *line = calloc(1, sizeof *line);
    struct member *members = calloc(meter_count ? meter_count : 1, sizeof *members);
    heng_rc rc = HENG_OK;
    if (!line || !members) {
        free(line);
        free(members);
        return heng_fail(err, HENG_ENOMEM, 0, "no memory for line '%s'", config->name);
    }
    for (size_t i = 0; rc == HENG_OK && i < meter_count; i++) {
        struct heng_err why;
        members[i].config = meters[i];
        members[i].driver = heng_driver_of(meters[i].protocol);
        if (heng_meter_check(&meters[i], &why) != HENG_OK)
            rc = heng_fail(err, why.rc, 0, "meter '%s': %.100s", meters[i].number, why.text);
    }
    if (rc != HENG_OK) {
        free(line);
        free(members);
        return rc;
    }
    line->config = *config;
    line->members = members;
    line->member_count = meter_count;
    *ret = line;
    return HENG_OK;
}

void heng_line_free(struct heng_line *line)
{
    if (!line) return;
    free(line->members);
    free(line);
}

const struct heng_line_config *heng_line_config(const struct heng_line *line) { return &line->config; }
heng_line_state heng_line_state_now(const struct heng_line *line) { return line->state; }
heng_us heng_line_since(const struct heng_line *line) { return line->since; }
const char *heng_line_detail(const struct heng_line *line) { return line->detail; }
const struct heng_line_counters *heng_line_counters_now(const struct heng_line *line) { return &line->counters; }

/* --- one conversation ----------------------------------------------------------------------------------- */

static void start_talk(struct heng_line *line)
{
    struct member *m = &line->members[line->cursor];
    line->talk = (struct heng_talk){0};
    line->talk.meter = &m->config;
    line->talk.memory = &m->memory;
    line->talk.profiles = line->config.profiles;
    m->driver->begin(&line->talk);
    line->talking = true;
    line->read.device_id = m->config.device_id;
    line->read.outcome = HENG_OUTCOME_SILENCE;
    line->read.tries = 0;
    line->read.value_count = line->read.frame_count = line->read.skipped = 0;
    line->read.why[0] = '\0';
    line->begun = false;
    line->settling = 0;
    line->outcome = HENG_OUTCOME_SILENCE;
}

static void end_talk(struct heng_line *line, heng_us now, heng_outcome outcome)
{
    line->talking = false;
    line->read.outcome = outcome;
    line->result_due = true;
    if (outcome != HENG_OUTCOME_OK) {
        line->read.value_count = line->read.frame_count = 0;
        line->read.at_us = now;
        line->counters.reads_failed++;
    } else {
        line->counters.reads_ok++;
    }
    if (outcome == HENG_OUTCOME_SILENCE)
        line->mute++;
    else if (outcome != HENG_OUTCOME_DISCONNECTED)
        line->mute = 0;
    line->phase = PHASE_GAP;
    line->wake = now + idle_time(line);
}

static void send_ask(struct heng_line *line, heng_us now)
{
    struct heng_ask *ask = &line->ask;
    line->counters.noise += line->received_n; /* what is still here answered nothing */
    line->received_n = 0;
    line->heard = line->spoiled = false;
    line->send_due = true;
    line->counters.requests++;
    line->counters.bytes_out += ask->n;
    if (line->read.tries < UINT8_MAX) line->read.tries++;
    line->first_byte = now + (heng_us)ask->n * byte_time(line) +
                       ask->answer_bits * HENG_US_PER_S / (heng_us)line->config.baud +
                       (heng_us)(ask->answer_ms + line->config.latency_ms) * HENG_US_PER_MS;
    line->phase = PHASE_WAIT;
    line->wake = line->first_byte;
    line->ask_end = line->wake + HENG_FRAME_BYTES_MAX * byte_time(line) + line->config.latency_ms * HENG_US_PER_MS;
    if (line->members[line->cursor].driver->is_from)
        heng_late_ask(&line->members[line->cursor].late, now, line->first_byte - now);
}

static unsigned tries_max(const struct heng_line *line)
{
    const struct heng_profile *profile = line->talk.profile;
    return profile && profile->tries ? profile->tries : TRIES_USUAL;
}

/* Between two requests of one conversation. */
static void rest(struct heng_line *line, heng_us now)
{
    struct heng_talk *talk = &line->talk;
    /* After a silence no gap is needed, in which an answer that is a little late would find nobody. */
    heng_us idle = line->heard_at + idle_time(line);
    line->phase = PHASE_GAP;
    line->wake = (idle > now ? idle : now) + talk->pause_ms * HENG_US_PER_MS;
    talk->pause_ms = 0;
}

/* The current request has brought nothing usable. */
static void miss(struct heng_line *line, heng_us now)
{
    const struct heng_driver *driver = line->members[line->cursor].driver;
    if (!line->heard) line->counters.silence++;
    if (line->heard && line->outcome == HENG_OUTCOME_SILENCE) line->outcome = HENG_OUTCOME_NOISE;
    switch (driver->timeout(&line->talk, tries_max(line))) {
    case HENG_MISSED_AGAIN: rest(line, now); return;
    case HENG_MISSED_DONE: end_talk(line, now, HENG_OUTCOME_OK); return;
    case HENG_MISSED_FAILED: end_talk(line, now, line->outcome); return;
    }
}

static void answered(struct heng_line *line, heng_us now)
{
    line->counters.answers++;
    line->mute = 0;
    if (line->state == HENG_LINE_STATE_SILENT) set_state(line, now, HENG_LINE_STATE_READING, "");
}

/* Ask again after a quiet time instead of waiting for the rest of the time-out. */
static void hurry(struct heng_line *line, heng_us now)
{
    heng_us soon = now + gap_time(line);
    if (soon < line->wake) line->wake = soon;
}

/* Any answer of the member, asked for by whichever request, is the one that it owes longest. Returns how many to older
 * questions were open before. */
static unsigned pay(heng_us now, struct member *member, const struct heng_telegram *telegram)
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

static void hear(struct heng_line *line, heng_us now, const struct heng_telegram *telegram)
{
    struct heng_err why = {.text = ""};
    struct heng_slice sent = heng_slice_of(line->ask.bytes, line->ask.n);
    bool is_echo = telegram->frame.n <= sent.n &&
                   heng_slice_eq(telegram->frame, heng_slice_from(sent, sent.n - telegram->frame.n));
    struct member *member = &line->members[line->cursor];
    if (member->late.older + member->late.current > 1) stir(line, now);
    line->talk.late = is_echo ? 0 : pay(now, member, telegram);
    heng_verdict verdict = member->driver->reply(&line->talk, telegram, now, &line->read, &why);
    if (why.text[0]) snprintf(line->read.why, sizeof line->read.why, "%.*s", (int)sizeof line->read.why - 1, why.text);
    switch (verdict) {
    case HENG_VERDICT_IGNORE:
        if (is_echo)
            line->counters.echo++;
        else
            line->counters.noise += telegram->frame.n;
        return;
    case HENG_VERDICT_FOREIGN:
        line->counters.foreign++;
        line->outcome = HENG_OUTCOME_FOREIGN;
        stir(line, now);
        return;
    case HENG_VERDICT_BAD:
        line->counters.format++;
        line->outcome = HENG_OUTCOME_FORMAT;
        line->spoiled = true;
        return;
    case HENG_VERDICT_REFUSED:
        line->counters.refused++;
        line->outcome = HENG_OUTCOME_REFUSED;
        line->spoiled = true;
        return;
    case HENG_VERDICT_NEXT:
        answered(line, now);
        rest(line, now);
        return;
    case HENG_VERDICT_DONE:
        answered(line, now);
        end_talk(line, now, HENG_OUTCOME_OK);
        return;
    }
}

/* --- news from outside ---------------------------------------------------------------------------------- */

void heng_line_opened(struct heng_line *line, heng_us now)
{
    line->open = true;
    line->mute = 0;
    line->received_n = 0;
    if (line->phase == PHASE_REST && line->round_start) { /* between rounds: the next one comes when it is due */
        set_state(line, now, HENG_LINE_STATE_IDLE, "");
        return;
    }
    /* Go on where the line was lost. Meters that draw power from a fresh connection and modems need a moment. */
    if (line->phase == PHASE_REST) line->round_start = now;
    line->phase = PHASE_GAP;
    line->wake = now + gap_time(line);
    set_state(line, now, line->member_count ? HENG_LINE_STATE_READING : HENG_LINE_STATE_IDLE, "");
}

void heng_line_closed(struct heng_line *line, heng_us now, const char *why)
{
    line->open = false;
    line->send_due = false;
    line->received_n = 0;
    line->settling = 0;
    set_state(line, now, HENG_LINE_STATE_DOWN, why);
    line->status_due = true;
    if (line->phase == PHASE_REST) return;
    /* The meter is asked again when the line is back, unless asking it is what brings the line down. */
    bool give_up = line->talking && ++line->interrupted >= INTERRUPTIONS_MAX;
    if (give_up) end_talk(line, now, HENG_OUTCOME_DISCONNECTED);
    line->talking = false;
    line->phase = PHASE_GAP;
    line->wake = round_end(line) > now ? round_end(line) : now;
}

static void drop_front(struct heng_line *line, size_t n)
{
    line->received_n -= n;
    memmove(line->received, line->received + n, line->received_n);
}

/* Bytes in front of a frame that are not the usual wake-up preamble. */
static void count_noise(struct heng_line *line, struct heng_slice dropped)
{
    for (size_t i = 0; i < dropped.n; i++)
        if (dropped.p[i] != 0xFE) line->counters.noise++;
}

static void count_error(struct heng_line *line, heng_rc rc)
{
    if (rc == HENG_ECHECKSUM) {
        line->counters.checksum++;
        line->outcome = HENG_OUTCOME_CHECKSUM;
        line->spoiled = true;
    } else if (rc == HENG_EUNSUPPORTED) {
        line->counters.format++;
        line->outcome = HENG_OUTCOME_FORMAT;
        line->spoiled = true;
    }
}

/* The member whose answers may come now, waited for or not. */
static struct member *speaker(struct heng_line *line)
{
    return &line->members[line->phase == PHASE_WAIT || line->settling ? line->cursor : line->asked];
}

static bool listens(struct heng_line *line, heng_us now)
{
    return line->phase == PHASE_WAIT || (line->member_count && heng_late_any(&speaker(line)->late, now));
}

/* Keep quiet until nothing can come any more that would be taken for the answer to the next request. */
static void settle(struct heng_line *line, heng_us now)
{
    const struct heng_late *late = &line->members[line->cursor].late;
    if (line->settling == 0) line->settling = heng_late_limit(late, now);
    heng_us end = heng_late_end(late);
    line->wake = end < line->settling ? end : line->settling;
    if (!heng_late_older(late, now)) line->wake = now + idle_time(line); /* the last one has come */
}

/* An answer that was not waited for. */
static void overhear(struct heng_line *line, heng_us now, const struct heng_telegram *telegram)
{
    (void)pay(now, speaker(line), telegram);
    line->counters.noise += telegram->frame.n;
}

/* Take telegrams off the front of what was received. Each turn either uses up bytes or ends. */
static void scan(struct heng_line *line, heng_us now)
{
    while (line->received_n && listens(line, now)) {
        const struct heng_codec *codec = heng_codec_of(speaker(line)->config.protocol);
        struct heng_telegram telegram;
        struct heng_slice in = heng_slice_of(line->received, line->received_n);
        size_t used = 0;
        heng_rc rc = (codec->decode_answer ? codec->decode_answer : codec->decode)(in, &telegram, &used, NULL);
        if (rc == HENG_OK) {
            count_noise(line, heng_slice_of(in.p, (size_t)(telegram.frame.p - in.p)));
            /* borrows from received: before the bytes move */
            if (line->phase == PHASE_WAIT)
                hear(line, now, &telegram);
            else
                overhear(line, now, &telegram);
        } else {
            if (line->phase == PHASE_WAIT) count_error(line, rc);
            count_noise(line, heng_slice_of(in.p, used));
        }
        drop_front(line, used);
        if (rc == HENG_MORE) break;
    }
}

void heng_line_feed(struct heng_line *line, heng_us now, struct heng_slice bytes)
{
    if (!line->open || bytes.n == 0) return;
    line->counters.bytes_in += bytes.n;
    line->heard_at = now;
    if (line->phase == PHASE_WAIT)
        line->heard = true;
    else
        stir(line, now);
    while (bytes.n && listens(line, now)) {
        size_t room = sizeof line->received - line->received_n;
        size_t n = bytes.n < room ? bytes.n : room;
        memcpy(line->received + line->received_n, bytes.p, n);
        line->received_n += n;
        bytes = heng_slice_from(bytes, n);
        scan(line, now);
        if (line->received_n == sizeof line->received) { /* no frame is that long */
            count_noise(line, heng_slice_of(line->received, line->received_n));
            line->received_n = 0;
        }
    }
    line->counters.noise += bytes.n; /* nobody was asked */
    if (line->phase == PHASE_GAP && line->settling) settle(line, now);
    if (line->phase != PHASE_WAIT) return;
    /* Once a frame has begun, a pause ends it, at the latest when no frame can last longer. An echo or a stray byte is
     * no beginning: the answer still has its time. */
    heng_us gap = line->ask.gap_ms * HENG_US_PER_MS;
    heng_us quiet = now + (gap > gap_time(line) ? gap : gap_time(line)) + line->config.latency_ms * HENG_US_PER_MS;
    line->wake = line->received_n && quiet > line->first_byte ? quiet : line->first_byte;
    if (line->wake > line->ask_end) line->wake = line->ask_end;
    if (line->spoiled) hurry(line, now);
}

/* --- time ----------------------------------------------------------------------------------------------- */

static void end_round(struct heng_line *line, heng_us now)
{
    line->phase = PHASE_REST;
    line->cursor = 0;
    line->wake = round_end(line) > now ? round_end(line) : now;
    line->status_due = true;
    if (line->open && line->state != HENG_LINE_STATE_SILENT) set_state(line, now, HENG_LINE_STATE_IDLE, "");
}

static void next_member(struct heng_line *line, heng_us now)
{
    unsigned enough = line->member_count < SILENT_AFTER ? (unsigned)line->member_count : SILENT_AFTER;
    if (line->open && line->mute >= enough)
        set_state(line, now, HENG_LINE_STATE_SILENT, "connected, but no meter answers");
    line->interrupted = 0;
    if (++line->cursor >= line->member_count) end_round(line, now);
}

/* Send the next request, once no late answer can be taken for the answer to it. */
static void ask_or_settle(struct heng_line *line, heng_us now)
{
    struct member *m = &line->members[line->cursor];
    struct heng_talk *talk = &line->talk;
    struct heng_ask ask;
    m->driver->next(talk, &ask);
    bool again = line->begun && line->step == talk->step && line->part == talk->sequence &&
                 heng_slice_eq(heng_slice_of(ask.bytes, ask.n), heng_slice_of(line->ask.bytes, line->ask.n));
    if (!again) heng_late_turn(&m->late);
    bool mixed = ask.anonymous && heng_late_older(&m->late, now);
    if (mixed && line->settling && now >= line->settling) {
        snprintf(line->read.why, sizeof line->read.why, "answers that nobody asked for do not end");
        line->settling = 0;
        end_talk(line, now, HENG_OUTCOME_NOISE);
    } else if (mixed) {
        settle(line, now);
    } else {
        line->ask = ask;
        line->asked = line->cursor;
        line->step = talk->step;
        line->part = talk->sequence;
        line->begun = true;
        line->settling = 0;
        send_ask(line, now);
    }
}

/* What the passing of time brings; at most one step. */
static void advance(struct heng_line *line, heng_us now)
{
    if (line->member_count == 0 || now < line->wake) return;
    switch (line->phase) {
    case PHASE_REST:
        line->round_start = now;
        line->cursor = 0;
        line->phase = PHASE_GAP;
        if (!line->open) line->wake = round_end(line); /* the line has a whole round's time to come back */
        if (line->open && line->state == HENG_LINE_STATE_IDLE) set_state(line, now, HENG_LINE_STATE_READING, "");
        return;
    case PHASE_GAP:
        if (!line->talking) start_talk(line);
        if (line->open) {
            ask_or_settle(line, now);
        } else {
            /* The round is over and the line was down: every meter that is left is a miss, and is said to be one. */
            end_talk(line, now, HENG_OUTCOME_DISCONNECTED);
            line->wake = now;
        }
        return;
    case PHASE_WAIT: miss(line, now); return;
    }
}

void heng_line_poll(struct heng_line *line, heng_us now, struct heng_line_action *ret)
{
    *ret = (struct heng_line_action){.kind = HENG_LINE_NONE};
    if (!line->send_due && !line->result_due && !line->status_due) advance(line, now);
    if (line->send_due) {
        line->send_due = false;
        ret->kind = HENG_LINE_SEND;
        ret->bytes = heng_slice_of(line->ask.bytes, line->ask.n);
    } else if (line->result_due) {
        line->result_due = false;
        ret->kind = HENG_LINE_RESULT;
        ret->read = &line->read;
        line->result_told = true;
        next_member(line, now);
    } else if (line->status_due || (line->result_told && now >= line->status_at + STATUS_S * HENG_US_PER_S)) {
        ret->kind = HENG_LINE_STATUS;
        line->status_at = now;
        line->result_told = false;
        ret->changed = line->state_changed;
        line->status_due = line->state_changed = false;
    }
}

heng_us heng_line_deadline(const struct heng_line *line)
{
    if (line->send_due || line->result_due || line->status_due) return 0;
    return line->member_count ? line->wake : HENG_US_NEVER;
}
