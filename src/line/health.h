#ifndef HENG_LINE_HEALTH_H
#define HENG_LINE_HEALTH_H
/* What the last exchanges say about a cable: a score, and where to look. Pure functions. */
#include "model/line.h"

/* X(symbol): how one exchange ended. */
#define HENG_EXCHANGE_LIST(X)                                                                                          \
    X(GOOD)                                                                                                            \
    X(SILENCE)                                                                                                         \
    X(NOISE)                                                                                                           \
    X(FRAMING)                                                                                                         \
    X(CHECKSUM)                                                                                                        \
    X(FOREIGN)                                                                                                         \
    X(COLLISION)

typedef enum heng_exchange_end {
#define X(symbol) HENG_EXCHANGE_##symbol,
    HENG_EXCHANGE_LIST(X)
#undef X
        HENG_EXCHANGE_COUNT
} heng_exchange_end;

/* Moving shares of the last some hundred exchanges with meters that are not in quarantine, in ppm. Zero-initialised:
 * nothing yet. */
struct heng_health {
    uint32_t share_ppm[HENG_EXCHANGE_COUNT];
    uint32_t exchanges;
    bool overload;    /* the converter says so */
    unsigned endless; /* exchanges in a row that ended in noise that nobody was asked for */
};

void heng_health_note(struct heng_health *health, heng_exchange_end end);

/* 0 .. 100: 100 while everything asked is answered at the first try; a damaged frame costs less than a silence, for it
 * is read again. 100 before the first exchange. */
uint32_t heng_health_score(const struct heng_health *health);

/* Noise without end: overload, short, or something that sends all the time. */
bool heng_health_is_overload(const struct heng_health *health);

/* How one meter along the cable does: recent answers and misses. position 0: not known. */
struct heng_health_meter {
    uint32_t position;
    char name[24];
    uint8_t good, missed; /* of its last eight conversations */
    bool answered_last;   /* the last one was good: a mended cable is told from a cut one at once */
};

/* Where to look, as one sentence in English with the facts in it, "" for nothing to see; kind and from/to for those who
 * translate: all behind position p are mute (CUT), one alone is, or some here and there (METER, from and to: the first
 * and last of them), misses grow with the position (WEAK: too long, too many, bad contact; from and to: the far half),
 * all are mute (ALL). Mute is who missed two or more of its last eight and did not answer last. Sorts meters by
 * position. */
typedef enum heng_hint_kind {
    HENG_HINT_NONE,
    HENG_HINT_ALL,
    HENG_HINT_CUT,
    HENG_HINT_METER,
    HENG_HINT_WEAK
} heng_hint_kind;
struct heng_hint {
    heng_hint_kind kind;
    uint32_t from_position, to_position; /* CUT: the last that answers and the first that does not */
    char meter[24];                      /* METER: the name of the one that is mute; "": several are, or another kind */
    char text[160];
};
void heng_health_hint(struct heng_health_meter *meters, size_t n, struct heng_hint *ret);

#endif
