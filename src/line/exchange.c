#include "line/exchange.h"

/* Converters and USB adapters chop an answer; so long a pause inside one ends it (EN 13757-2 knows no gap
 * inside a frame, 33 bit times are the quiet time between frames). Some hand on larger lumps: after an answer that
 * broke off the next ones are waited for with patience, and the longest pause inside a good one is borne from then on.
 */
enum { BITS_PER_BYTE = 11, GAP_MS = 50, GAP_BITS = 33, GAP_PATIENT_MS = 300, GAP_MAX_MS = 1000, PATIENT_REQUESTS = 8 };

/* So sure that we hear ourselves as to take damage in the first bytes for our own. Garbage of so many bytes in a row at
 * the place of an answer is several answers at once. */
enum { ECHO_SURE = 2, ECHO_MAX = 3, COLLISION_MIN = 8 };

/* A frame that is found behind bytes which only seemed to be its beginning must be more than an accident. */
enum { FLUSH_FRAME_MIN = 8 };

enum { PREAMBLE_BYTE = 0xFE };

heng_us heng_exchange_bits(const struct heng_exchange *x, heng_us bits)
{
    return bits * HENG_US_PER_S / (heng_us)x->baud;
}

heng_us heng_exchange_gap(const struct heng_exchange *x)
{
    heng_us usual = (x->patience ? GAP_PATIENT_MS : GAP_MS) * HENG_US_PER_MS, seen = x->lump + x->lump / 2;
    if (seen > GAP_MAX_MS * HENG_US_PER_MS) seen = GAP_MAX_MS * HENG_US_PER_MS;
    return (seen > usual ? seen : usual) + heng_exchange_bits(x, GAP_BITS);
}

heng_us heng_exchange_free(const struct heng_exchange *x)
{
    heng_us bits = heng_exchange_bits(x, x->ask.idle_bits ? x->ask.idle_bits : GAP_BITS);
    heng_us asked = x->ask.idle_ms * HENG_US_PER_MS;
    heng_us last = x->heard_at > x->sent_end ? x->heard_at : x->sent_end;
    heng_us idle = asked > bits ? asked : bits;
    /* Behind what was no answer there may be more of it, in the converter's next lump. */
    bool torn = !x->answered && x->heard > (x->echoed ? x->ask.n : 0);
    return last + (torn && heng_exchange_gap(x) > idle ? heng_exchange_gap(x) : idle);
}

void heng_exchange_send(struct heng_exchange *x, heng_us now, heng_us wait)
{
    x->counters->noise += x->received_n - x->used; /* what is still here answered nothing */
    x->counters->requests++;
    x->counters->bytes_out += x->ask.n;
    if (x->broken)
        x->patience = PATIENT_REQUESTS;
    else if (x->patience)
        x->patience--;
    x->received_n = x->used = x->heard = x->early = x->garbage = 0;
    x->damaged = 0;
    x->first_at = x->pause = 0;
    x->answered = x->echoed = x->spoiled = x->broken = x->flushing = x->searching = false;
    x->whole = x->waiting = true;
    x->outcome = HENG_OUTCOME_SILENCE;
    x->sent_end = now + heng_exchange_bits(x, BITS_PER_BYTE * (heng_us)x->ask.n);
    x->wake = x->first_by = x->sent_end + wait;
    x->end_by = x->wake + heng_exchange_bits(x, BITS_PER_BYTE * HENG_FRAME_BYTES_MAX) + x->latency;
}

/* --- bytes ---------------------------------------------------------------------------------------------- */

static void note_noise(struct heng_exchange *x, size_t n, bool damaged)
{
    if (!x->searching) heng_noise_note(&x->noise, n, damaged);
}

static void drop_front(struct heng_exchange *x, size_t n)
{
    if (n == 0) return;
    x->received_n -= n;
    memmove(x->received, x->received + n, x->received_n);
    x->whole = false;
}

/* Bytes in front of a frame that are not the usual wake-up preamble. */
static void count_noise(struct heng_exchange *x, struct heng_slice dropped)
{
    for (size_t i = 0; i < dropped.n; i++) {
        if (dropped.p[i] == PREAMBLE_BYTE) continue;
        x->counters->noise++;
        x->garbage++;
    }
}

size_t heng_exchange_put(struct heng_exchange *x, heng_us now, struct heng_slice bytes)
{
    drop_front(x, x->used);
    x->used = 0;
    size_t room = sizeof x->received - x->received_n, n = bytes.n < room ? bytes.n : room;
    if (x->waiting && x->received_n && now - x->heard_at > x->pause) x->pause = now - x->heard_at;
    if (n == 0) { /* no frame is that long */
        count_noise(x, heng_slice_of(x->received, x->received_n));
        x->received_n = 0;
        x->whole = false;
        room = sizeof x->received;
        n = bytes.n < room ? bytes.n : room;
    }
    memcpy(x->received + x->received_n, bytes.p, n);
    x->received_n += n;
    x->heard += n;
    if (x->waiting && now < x->sent_end) x->early += n;
    x->heard_at = now;
    if (x->waiting && x->first_at == 0 && (x->echoes == 0 || x->heard > x->ask.n)) x->first_at = now;
    return n;
}

/* --- our own bytes -------------------------------------------------------------------------------------- */

static void take_echo(struct heng_exchange *x)
{
    drop_front(x, x->ask.n);
    x->counters->echo++;
    x->echoed = true;
    x->first_at = x->received_n ? x->heard_at : 0;
    if (x->echoes < ECHO_MAX) x->echoes++;
}

/* An answer to a write repeats the request in Modbus: then it is an echo only where there is always one. */
static bool could_be_answer(const struct heng_exchange *x, const struct heng_codec *codec)
{
    bool write = x->ask.n > 1 && (x->ask.bytes[1] == 5 || x->ask.bytes[1] == 6);
    return codec->protocol == HENG_PROTOCOL_MODBUS_RTU && write && x->echoes < ECHO_SURE;
}

/* Are the bytes so far, or may they become, the echo of our request? Takes it out when it is there. */
static bool hold_for_echo(struct heng_exchange *x, const struct heng_codec *codec)
{
    if (!x->waiting || x->echoed || !x->whole || x->ask.n == 0 || could_be_answer(x, codec)) return false;
    size_t n = x->received_n < x->ask.n ? x->received_n : x->ask.n;
    /* An answer may begin like its request, so a damaged echo is not taken out: the grammar goes past it. */
    if (memcmp(x->received, x->ask.bytes, n) != 0) return false;
    if (n < x->ask.n) return !x->flushing;
    take_echo(x);
    return false;
}

/* --- frames --------------------------------------------------------------------------------------------- */

static heng_rc decode(const struct heng_codec *codec, struct heng_slice in, struct heng_telegram *ret, size_t *used)
{
    *used = 0;
    return (codec->decode_answer ? codec->decode_answer : codec->decode)(in, ret, used, NULL);
}

/* A frame is broken at this place; is it whole without the heartbeat in its middle? Then used tells how many bytes of
 * both there were. MORE: it may become so. */
static heng_rc decode_stripped(struct heng_exchange *x, const struct heng_codec *codec, struct heng_telegram *ret,
                               size_t *used)
{
    struct heng_slice in = heng_slice_of(x->received, x->received_n);
    size_t at = 0, n = heng_heartbeat_strip(&x->heartbeat, in, x->candidate, &at);
    if (x->heartbeat.n == 0) return HENG_EFORMAT;
    if (n == 0) return heng_heartbeat_begins(&x->heartbeat, in) ? HENG_MORE : HENG_EFORMAT;
    heng_rc rc = decode(codec, heng_slice_of(x->candidate, n), ret, used);
    if (rc == HENG_OK && *used > at) *used += x->heartbeat.n;
    return rc;
}

static void count_error(struct heng_exchange *x, heng_rc rc, size_t used)
{
    bool of_echo = x->echoes >= ECHO_SURE && !x->echoed && x->heard <= x->ask.n;
    if (!x->waiting || of_echo || (rc != HENG_ECHECKSUM && rc != HENG_EUNSUPPORTED)) return;
    if (rc == HENG_ECHECKSUM)
        x->counters->checksum++;
    else
        x->counters->format++;
    x->outcome = rc == HENG_ECHECKSUM ? HENG_OUTCOME_CHECKSUM : HENG_OUTCOME_FORMAT;
    x->spoiled = true;
    x->damaged++;
    note_noise(x, x->received_n > used ? x->received_n : used, true);
}

/* One look at the front of what was received. Returns OK with a frame, MORE when more bytes are needed, an error when
 * some bytes were thrown away. */
static heng_rc look(struct heng_exchange *x, const struct heng_codec *codec, struct heng_telegram *ret)
{
    size_t used = 0, other = 0;
    struct heng_slice in = heng_slice_of(x->received, x->received_n);
    heng_rc rc = decode(codec, in, ret, &used);
    if (rc == HENG_OK) {
        count_noise(x, heng_slice_of(in.p, (size_t)(ret->frame.p - in.p)));
        x->used = used;
        return rc;
    }
    if (rc != HENG_MORE || used || x->flushing) {
        heng_rc stripped = decode_stripped(x, codec, ret, &other);
        if (stripped == HENG_OK) {
            x->used = other < x->received_n ? other : x->received_n;
            return stripped;
        }
        if (stripped == HENG_MORE && !x->flushing) return HENG_MORE;
    }
    if (rc != HENG_MORE) count_error(x, rc, used);
    if (rc == HENG_MORE && x->flushing && used == 0) {
        x->broken = true;
        used = 1;
        rc = HENG_EFORMAT;
    }
    count_noise(x, heng_slice_of(in.p, used));
    drop_front(x, used);
    return x->flushing && rc == HENG_MORE ? HENG_EFORMAT : rc;
}

bool heng_exchange_next(struct heng_exchange *x, const struct heng_codec *codec, struct heng_telegram *ret)
{
    drop_front(x, x->used);
    x->used = 0;
    while (x->received_n) {
        if (hold_for_echo(x, codec)) return false;
        if (x->received_n == 0) return false;
        heng_rc rc = look(x, codec, ret);
        if (rc == HENG_MORE) return false;
        if (rc != HENG_OK) continue;
        if (ret->frame.n == 1 && x->garbage >= COLLISION_MIN) { /* a byte E5 is in all noise: no acknowledgement */
            x->counters->noise++;
            x->garbage++;
            drop_front(x, x->used);
            x->used = 0;
            continue;
        }
        note_noise(x, ret->frame.n, false);
        x->answered = true;
        if (ret->frame.n >= FLUSH_FRAME_MIN) { /* not by chance */
            x->unasked = 0;
            if (x->pause > x->lump) x->lump = x->pause;
        }
        if (x->waiting && !x->echoed && x->echoes) x->echoes--; /* an answer, and no echo before it */
        return true;
    }
    return false;
}

void heng_exchange_rest(struct heng_exchange *x, heng_us now)
{
    drop_front(x, x->used);
    x->used = 0;
    /* Once a frame has begun, a pause ends it, at the latest when no frame can last longer. An echo or a stray byte is
     * no beginning: the answer still has its time. */
    heng_us gap = x->ask.gap_ms * HENG_US_PER_MS, usual = heng_exchange_gap(x);
    heng_us quiet = now + (gap > usual ? gap : usual) + x->latency;
    x->wake = x->received_n && quiet > x->first_by ? quiet : x->first_by;
    if (x->wake > x->end_by) x->wake = x->end_by;
    /* Ask again after a quiet time instead of waiting for the rest of the time-out. */
    if (x->spoiled && now + usual < x->wake) x->wake = now + usual;
}

bool heng_exchange_flush(struct heng_exchange *x, const struct heng_codec *codec, struct heng_telegram *ret)
{
    x->flushing = true;
    while (heng_exchange_next(x, codec, ret))
        if (ret->frame.n >= FLUSH_FRAME_MIN) return true;
    return false;
}

void heng_exchange_end_wait(struct heng_exchange *x) { x->waiting = x->flushing = false; }

void heng_exchange_drop(struct heng_exchange *x)
{
    drop_front(x, x->used);
    count_noise(x, heng_slice_of(x->received, x->received_n));
    x->received_n = x->used = 0;
    heng_exchange_end_wait(x);
}

heng_exchange_end heng_exchange_fail(struct heng_exchange *x)
{
    size_t foreign_bytes = x->echoed ? x->heard - x->ask.n : x->heard;
    if (foreign_bytes == 0) {
        x->counters->silence++;
        return HENG_EXCHANGE_SILENCE;
    }
    if (x->outcome == HENG_OUTCOME_SILENCE) x->outcome = HENG_OUTCOME_NOISE;
    switch (x->outcome) {
    case HENG_OUTCOME_CHECKSUM: return HENG_EXCHANGE_CHECKSUM;
    case HENG_OUTCOME_FOREIGN: return HENG_EXCHANGE_FOREIGN;
    case HENG_OUTCOME_FORMAT:
    case HENG_OUTCOME_REFUSED: return HENG_EXCHANGE_GOOD; /* the cable has done its part */
    case HENG_OUTCOME_OK:
    case HENG_OUTCOME_SILENCE:
    case HENG_OUTCOME_NOISE:
    case HENG_OUTCOME_DISCONNECTED:
    case HENG_OUTCOME_COUNT: break;
    }
    note_noise(x, foreign_bytes, true);
    size_t echo = x->echoed ? x->ask.n : 0;
    if (x->early > echo) x->unasked += x->early - echo;
    /* Several answers at once end like answers; what goes on when nobody is asked is no answer. */
    bool endless = x->unasked >= COLLISION_MIN || x->wake >= x->end_by;
    if (x->broken && !endless) {
        x->counters->framing++;
        return HENG_EXCHANGE_FRAMING;
    }
    if (endless || x->garbage < COLLISION_MIN) return HENG_EXCHANGE_NOISE;
    x->counters->collision++;
    return HENG_EXCHANGE_COLLISION;
}
