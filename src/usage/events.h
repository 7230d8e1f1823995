#ifndef HENG_USAGE_EVENTS_H
#define HENG_USAGE_EVENTS_H
/* What happens at a metering point: checked against what is known, stored for ever, and followed by the installations
 * and by usage in the same transaction. Taken back only by a counter-event (undo).
 *
 *   kind        uses (beside at_us, who, reason)
 *   install     device_id, after (what it showed), factor, digits, unit
 *   remove      before (what it showed)
 *   exchange    device_id (the new one), before (of the old one), after (of the new one), factor, digits, unit, photo
 *   move        device_id (which is somewhere else until now), before, after
 *   rollover    at_us: between the reading before it and the one behind it
 *   reset       before, after
 *   multiplier  factor_num / factor_den, before
 *   unit        unit, digits, before (in the old unit, as a number), after
 *   accept, reject   device_id, reading_at, reading_source
 *   edit        channel_id, until_us, after (the amount), unit, second
 *   undo        undoes
 *
 * A number needs its unit. Those of further channels at install, remove, exchange, move (also of channels of the point
 * where it was), reset, multiplier and unit: indexes; without one a register of a reset or another multiplier is not
 * known from the reading before to the one behind. Settings:
 * edit_limit_energy (kWh) and edit_limit_volume (m3): an edit that sets or takes away more needs a second person; "" or
 * none: never. An exchange has to tell its factor where the old meter had another one than 1. */
#include "store/events.h"

enum { HENG_EVENT_INDEXES_MAX = 16 };
struct heng_event_index {
    int64_t channel_id;
    char before[HENG_DEC_TEXT_MAX], after[HENG_DEC_TEXT_MAX], unit[16];
};

struct heng_event_wish {
    struct heng_point_event event;
    size_t index_count;
    struct heng_event_index indexes[HENG_EVENT_INDEXES_MAX];
};

/* What further registers showed, one to a line (or behind a ';'): "12 m3 1234.5 0.2" is channel 12, its unit, the index
 * before and the one after; "-" for one that is not known. Adds to the indexes of the wish. Errors: EFORMAT with the
 * line, ELIMIT more than a wish holds. */
HENG_NODISCARD heng_rc heng_event_indexes_parse(const char *text, struct heng_event_wish *wish, struct heng_err *err);

/* Check and store, in an open transaction. scope: who asks, 0 the operator. now_us: nothing happens after it.
 * Errors: ENOTFOUND a point, meter, reading or event that is not there (for who asks); ECONFLICT it contradicts what is
 *         known; ERANGE a number or time that cannot be; EDENIED a second person is needed. The text is one sentence
 *         for the person. What the store says. */
HENG_NODISCARD heng_rc heng_event_add(struct heng_store *store, int64_t scope, const struct heng_event_wish *wish,
                                      heng_us now_us, int64_t *ret_id, struct heng_err *err);

#endif
