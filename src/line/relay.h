#ifndef HENG_LINE_RELAY_H
#define HENG_LINE_RELAY_H
/* The collectors and repeaters of a line: which way is open, and what has to be opened before a meter is asked. */
#include "model/line.h"

struct heng_relay {
    struct heng_relay_config config;
    uint32_t parent; /* index; HENG_RELAY_NONE: on the line itself */
    bool failing;    /* it did not open when it was asked last: one try is enough then */
};

enum { HENG_RELAY_NONE = INT32_MAX };

struct heng_relays {
    struct heng_relay *relays;
    size_t count;
    uint32_t open;     /* the last one that was opened; HENG_RELAY_NONE: none is open */
    uint32_t opening;  /* the way is being opened to this one ... */
    uint8_t opened;    /* ... and so many of its relays are open */
    heng_us opened_at; /* the first one of them */
};

/* Owns a copy. Errors: ECONFIG for a parent that is not there, a circle, more than HENG_RELAYS_DEEP_MAX; ENOMEM. */
HENG_NODISCARD heng_rc heng_relays_init(struct heng_relays *relays, const struct heng_line_config *config,
                                        struct heng_err *err);
void heng_relays_fini(struct heng_relays *relays);

/* The index of a relay, HENG_RELAY_NONE for id 0 or one that is not there. */
uint32_t heng_relays_find(const struct heng_relays *relays, int64_t id);

/* What must be opened next on the way to a meter behind this relay; NULL: nothing. */
struct heng_relay *heng_relays_next(struct heng_relays *relays, uint32_t relay, heng_us now);

/* That one is open now, or did not answer. */
void heng_relays_opened(struct heng_relays *relays, uint32_t relay, heng_us now);
void heng_relays_failed(struct heng_relays *relays, struct heng_relay *which);

/* Nothing is open any more: the line was lost. */
void heng_relays_close(struct heng_relays *relays);

/* What the relays up to this one add to an answer, and whether one of them answers for its meters. */
heng_us heng_relays_delay(const struct heng_relays *relays, uint32_t relay);
bool heng_relays_store(const struct heng_relays *relays, uint32_t relay);

#endif
