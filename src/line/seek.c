/* One step of a search: between the other work of the line, one request and what was heard. */
#include "line/inside.h"

/* A frame may be followed by another one, from another meter; after so much quiet it was the only one. */
enum { ALONE_BITS = 55, ALONE_MS = 15, PROGRESS_S = 1 };
enum { BITS_PER_BYTE = 11, LOW_BYTES_MAX = 40 };

bool heng_seek_ready(const struct heng_line *line) { return line->search && !line->search_stopped; }

static void heard(struct heng_line *line, heng_search_heard what, const struct heng_telegram *telegram)
{
    if (heng_search_heard_now(line->search, what, telegram, &line->found)) line->found_due = true;
}

/* Many that answer at once hold the wire low nearly all the time: of their answers a few bytes are heard at the most,
 * and then, as it seems, nothing. Nothing may be asked before the longest of them must be over. */
static heng_us until_over(const struct heng_line *line, heng_us now)
{
    const struct heng_exchange *x = &line->x;
    size_t heard = x->echoed ? x->heard - x->ask.n : x->heard;
    heng_us over = x->first_by + heng_exchange_bits(x, BITS_PER_BYTE * HENG_FRAME_BYTES_MAX);
    bool low = x->ask.tied && heard > 0 && heard < LOW_BYTES_MAX && line->search_frames == 0;
    return low && over > now ? over - now : 0;
}

/* The search's turn on the line is over. */
static void pass(struct heng_line *line, heng_us now, heng_us rest)
{
    heng_work_charge(line, now);
    line->work = (struct heng_work){.kind = HENG_WORK_NONE};
    if (now - line->searched_at >= PROGRESS_S * HENG_US_PER_S) line->searched_due = true;
    heng_ask_gap(line, now, rest);
}

static void end(struct heng_line *line, heng_us now)
{
    line->search_stopped = line->searched_due = true;
    pass(line, now, 0);
}

void heng_seek_next(struct heng_line *line, heng_us now)
{
    struct heng_ask ask = {.n = 0};
    bool tied_to_other = false;
    do { /* a question that belongs to a selection which is not the last any more: the selection again */
        if (tied_to_other) heard(line, HENG_SEARCH_CUT, NULL);
        if (!heng_seek_ready(line) || !heng_search_next(line->search, &ask)) {
            end(line, now);
            return;
        }
        if (tied_to_other && ask.tied) break;
        tied_to_other = ask.tied && !line->search_last;
    } while (tied_to_other);
    line->x.ask = ask;
    heng_exchange_send(&line->x, now,
                       heng_exchange_bits(&line->x, ask.answer_bits) + ask.answer_ms * HENG_US_PER_MS +
                           line->x.latency);
    heng_ask_out(line, now, heng_slice_of(line->x.ask.bytes, line->x.ask.n));
    line->phase = HENG_PHASE_WAIT;
    line->aim = HENG_AIM_SEARCH;
    line->x.searching = true;
    line->wake = line->x.wake;
    line->woken = false;
    line->search_last = true;
    line->search_frames = 0;
    line->asked = HENG_QUEUE_NOBODY;
}

void heng_seek_hear(struct heng_line *line, const struct heng_telegram *telegram)
{
    struct heng_slice sent = heng_slice_of(line->x.ask.bytes, line->x.ask.n);
    bool is_echo = telegram->frame.n <= sent.n &&
                   heng_slice_eq(telegram->frame, heng_slice_from(sent, sent.n - telegram->frame.n));
    if (is_echo || !telegram->from_meter || telegram->frame.n > sizeof line->search_frame) return;
    if (line->search_frames++) return;
    line->search_n = telegram->frame.n;
    memcpy(line->search_frame, telegram->frame.p, telegram->frame.n);
    /* Nothing behind it: it was the only one. */
    heng_us alone = line->x.heard_at + heng_exchange_bits(&line->x, ALONE_BITS) + ALONE_MS * HENG_US_PER_MS;
    line->x.first_by = alone + line->x.latency;
}

void heng_seek_timeout(struct heng_line *line, heng_us now)
{
    const struct heng_codec *codec = heng_codec_of(line->search_protocol);
    struct heng_telegram telegram;
    size_t used = 0;
    while (heng_exchange_flush(&line->x, codec, &telegram)) heng_seek_hear(line, &telegram);
    bool garbage = line->x.garbage || line->x.damaged || line->search_frames > 1;
    bool frame = line->search_frames == 1 &&
                 (codec->decode_answer ? codec->decode_answer : codec->decode)(
                     heng_slice_of(line->search_frame, line->search_n), &telegram, &used, NULL) == HENG_OK;
    if (frame && !garbage) {
        line->counters.answers++;
        heard(line, HENG_SEARCH_FRAME, &telegram);
    } else if (frame || garbage) {
        (void)heng_exchange_fail(&line->x);
        heard(line, HENG_SEARCH_GARBAGE, NULL);
    } else {
        (void)heng_exchange_fail(&line->x);
        heard(line, HENG_SEARCH_NOTHING, NULL);
    }
    pass(line, now, until_over(line, now));
}

/* The line was lost, or the search is stopped: what was asked was not carried out. */
void heng_seek_cut(struct heng_line *line)
{
    if (line->work.kind != HENG_WORK_SEARCH) return;
    if (line->phase == HENG_PHASE_WAIT && line->search) heard(line, HENG_SEARCH_CUT, NULL);
    line->work = (struct heng_work){.kind = HENG_WORK_NONE};
    line->phase = HENG_PHASE_GAP;
    heng_exchange_end_wait(&line->x);
    line->search_last = false;
}
