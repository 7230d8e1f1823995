#ifndef HENG_LINE_EXCHANGE_H
#define HENG_LINE_EXCHANGE_H
/* One request on the wire and what comes back: times, the echo of our own bytes, frames out of noise, and how it ended.
 *
 *      send            first byte              quiet
 *   ────┤request├──wait──┤answer ...├──gap──► end        nothing by first_by: end
 *       (echo, taken out)                              a damaged frame: end after a short quiet time
 *
 * The grammar of the frames decides, never time alone: what stands in front of a frame, or a frame that has begun and
 * is none, is skipped byte by byte, at the end of the wait as well. */
#include "codec/telegram.h"
#include "line/confirm.h"
#include "line/health.h"
#include "line/heartbeat.h"
#include "meter/driver.h"
#include "model/line_state.h"

enum { HENG_RECEIVE_MAX = 1024 };

struct heng_exchange {
    /* of the line */
    uint32_t baud;
    heng_us latency;
    struct heng_heartbeat heartbeat;
    struct heng_line_counters *counters;
    struct heng_noise_gauge noise;
    uint8_t echoes;   /* how sure it is that we hear ourselves: 0 .. 3 */
    uint8_t patience; /* requests whose answers may pause for longer */
    heng_us lump;     /* the longest pause inside a good frame so far */
    size_t unasked;   /* bytes that were no answer, since the last good frame: nobody was asked, or not to the end */
    /* of the request */
    struct heng_ask ask;
    heng_us sent_end; /* its last byte is on the wire */
    heng_us first_by; /* an answer has begun by then, or there is none ... */
    heng_us end_by;   /* ... and has ended by then */
    heng_us wake;     /* when the wait is over, if nothing more comes */
    heng_us first_at; /* the first byte that is not our own; 0: none so far */
    heng_us heard_at; /* the last byte of all; since ever */
    heng_us pause;    /* the longest between two bytes of what came back */
    size_t heard;     /* bytes since the request */
    size_t early;     /* of them: before the request was out, an echo among them */
    size_t garbage;   /* of them: in no frame */
    unsigned damaged; /* frames with a wrong check, or that cannot be understood by anybody */
    bool waiting, echoed, spoiled, broken, flushing;
    bool answered;        /* with a good frame, whatever it says */
    bool searching;       /* what comes back may be several meters at once: it says nothing of noise */
    heng_outcome outcome; /* the best explanation so far of why there is no answer */
    /* bytes that came and are not used up */
    size_t received_n, used;
    bool whole; /* none since the request is used up */
    uint8_t received[HENG_RECEIVE_MAX], candidate[HENG_RECEIVE_MAX];
};

/* Bus times at the speed of now. */
heng_us heng_exchange_bits(const struct heng_exchange *x, heng_us bits);
heng_us heng_exchange_gap(const struct heng_exchange *x);  /* so long a pause inside an answer ends it */
heng_us heng_exchange_free(const struct heng_exchange *x); /* when the bus has had the quiet time it wants */

/* The request x->ask goes out now; its answer begins within wait of its end, or never. */
void heng_exchange_send(struct heng_exchange *x, heng_us now, heng_us wait);

/* Bytes came in: as many as find room are taken, the rest is given again. Returns how many. */
size_t heng_exchange_put(struct heng_exchange *x, heng_us now, struct heng_slice bytes);

/* The next good frame; false: none yet. ret borrows until the next call. */
bool heng_exchange_next(struct heng_exchange *x, const struct heng_codec *codec, struct heng_telegram *ret);

/* All that was fed has been looked at: until when is waited now? */
void heng_exchange_rest(struct heng_exchange *x, heng_us now);

/* The wait is over: look once more for a frame behind one that only seemed to begin. */
bool heng_exchange_flush(struct heng_exchange *x, const struct heng_codec *codec, struct heng_telegram *ret);

/* Nobody waits for this answer any more; what was received may still hold a late one. */
void heng_exchange_end_wait(struct heng_exchange *x);

/* The line is lost: what is left is noise. */
void heng_exchange_drop(struct heng_exchange *x);

/* How the request ended that brought nothing usable. Counts it. */
heng_exchange_end heng_exchange_fail(struct heng_exchange *x);

#endif
