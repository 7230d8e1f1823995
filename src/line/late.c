#include "line/late.h"

/* One answer may take its time-out and so many halves of it: a little more than the usual three tries, behind which
 * nobody is read anyway. But not more than some seconds, for a long time-out is one that knows how slow its line is.
 * Answers may queue in a gateway, so the quiet time is that of all that is owed. Bytes that never stop are borne for so
 * many quiet times. */
enum { LATE_HALVES = 5, LATE_MAX_S = 5, QUIETS_MAX = 2 };

static heng_us quiet_time(const struct heng_late *late) { return (late->older + late->current) * late->wait; }

heng_us heng_late_end(const struct heng_late *late) { return late->last + quiet_time(late); }

bool heng_late_any(const struct heng_late *late, heng_us now)
{
    return (late->older || late->current) && now < heng_late_end(late);
}

bool heng_late_older(const struct heng_late *late, heng_us now) { return late->older && now < heng_late_end(late); }

heng_us heng_late_limit(const struct heng_late *late, heng_us now) { return now + QUIETS_MAX * quiet_time(late); }

void heng_late_ask(struct heng_late *late, heng_us now, heng_us timeout)
{
    if (!heng_late_any(late, now)) *late = (struct heng_late){0};
    heng_us slack = LATE_HALVES * timeout / 2, most = LATE_MAX_S * HENG_US_PER_S;
    heng_us wait = timeout + (slack < most ? slack : most);
    if (wait > late->wait) late->wait = wait;
    if (late->current < LATE_OWED_MAX) late->current++;
    late->last = now;
}

void heng_late_turn(struct heng_late *late)
{
    late->older += late->current;
    if (late->older > LATE_OWED_MAX) late->older = LATE_OWED_MAX;
    late->current = 0;
}

unsigned heng_late_pay(struct heng_late *late, heng_us now)
{
    unsigned older = heng_late_older(late, now) ? late->older : 0;
    heng_late_stir(late, now); /* a meter, or a gateway, that answers one after another takes its time for each */
    if (older)
        late->older--;
    else if (late->current)
        late->current--;
    return older;
}

void heng_late_stir(struct heng_late *late, heng_us now)
{
    if (heng_late_any(late, now)) late->last = now;
}
