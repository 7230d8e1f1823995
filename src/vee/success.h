#ifndef HENG_VEE_SUCCESS_H
#define HENG_VEE_SUCCESS_H
/* How well meters are read, by the definitions of docs/analysis.md: who is planned, who answered, who is lost. */
#include "base/dec.h"
#include "base/time.h"
#include "vee/verdict.h"

/* Meters of a day on a line, behind a gateway, in a building. planned: in service and due on that day; lost ones are in
 * it, stopped and dismantled ones are not. first: of these, answered in the first try of their first round; answered:
 * have a measured value of the day, by whatever try. estimated: have only an estimate; these never count as read. */
struct heng_success_count {
    int64_t planned, first, answered, estimated;
};

/* In percent with two places; not there when nothing was planned. complete: with estimates, for bills, never for the
 * quality of reading. */
struct heng_success {
    struct heng_opt_dec first, daily, complete;
};
/* Errors: ERANGE when the counts contradict each other (first > answered, answered + estimated > planned). */
HENG_NODISCARD heng_rc heng_success_of(const struct heng_success_count *count, struct heng_success *ret);

/* Intervals that came, of those that should have, in percent with three places. */
HENG_NODISCARD heng_rc heng_success_intervals(int64_t meters, int64_t intervals_per_day, int64_t received,
                                              struct heng_opt_dec *ret);

/* X(symbol, text): since when nothing valid came. */
#define HENG_LOST_LIST(X)                                                                                              \
    X(NOT, "ok")                                                                                                       \
    X(DAY, "lost-24h") /* longer than the limit for meters, 24 hours as a rule */                                      \
    X(WEEK, "lost-7d") /* seven days or more */                                                                        \
    X(NEVER, "never-seen")                                                                                             \
    X(BEHIND, "gateway-lost") /* what reads it is lost itself: one alarm for all of them */
typedef enum heng_lost {
#define X(symbol, text) HENG_LOST_##symbol,
    HENG_LOST_LIST(X)
#undef X
        HENG_LOST_COUNT
} heng_lost;
const char *heng_lost_text(heng_lost lost);

/* last_us 0: never. gateway_lost: of the one that reads the meter. A meter that was never seen stays that, also behind
 * a lost gateway: it was no better before. */
heng_lost heng_lost_meter(heng_us last_us, heng_us now_us, heng_us limit_us, bool gateway_lost);
bool heng_lost_gateway(heng_us last_us, heng_us now_us, heng_us limit_us);

#endif
