#ifndef HENG_LINE_SEARCH_H
#define HENG_LINE_SEARCH_H
/* Finding the meters of a line. Sans-I/O and without a clock: next() says what to send, heard() takes what came back;
 * the line sends, waits, and tells noise from a frame. A search starts with the meters that should be there.
 *
 *   kind              how
 *   M-Bus secondary   known ids are selected first; then wild cards, digit by digit, 0..9 and A..E. A select that
 *                     several answer (a collision, or a good answer that a second question does not confirm) is split
 *                     further; when all digits are set, by medium, manufacturer, version, fabrication number
 *   M-Bus primary     0..250, one after another
 *   CJ/T 188          the address question to the wild card AA..; the same by bytes of the address, the low one
 *                     first, where the meters honour it
 *   DL/T 645          13 (1997: a read) to AA..AA; then bytes of the address, the low one first
 *   Modbus RTU        1..247: a register, or an exception, is a sign of life
 *
 * Noise is not a collision: what was heard as garbage is asked again, and only garbage that comes again and again is
 * several meters. And silence is not emptiness where there is noise: from the first trouble on each silence is asked
 * again, and what was silent before is asked once more at the end. */
#include "codec/telegram.h"
#include "meter/driver.h"
#include "model/line.h"
#include "model/search.h"

struct heng_search_config {
    heng_search_kind kind;
    const struct heng_meter_config *known; /* copied what is needed of it; they are asked first */
    size_t known_count;
    bool known_only;                    /* confirm the list, do not look for others */
    unsigned first, last;               /* of a primary or Modbus scan; 0 and 0: all */
    char resume[HENG_SEARCH_PLACE_MAX]; /* go on from here; "": from the start */
    /* What the search that is resumed had found: it counts, and is not told again. */
    const struct heng_search_found *before;
    size_t before_count;
};

/* A number with an F in a digit (its BCD is none, EN 13757-3) cannot be selected for itself: there F is the wild card.
 * Of two meters that differ only in such a digit the secondary search tells one at most. */

/* What the line heard after a request. */
typedef enum heng_search_heard {
    HENG_SEARCH_NOTHING,
    HENG_SEARCH_FRAME,   /* one good frame, in the telegram */
    HENG_SEARCH_GARBAGE, /* bytes that are no frame, or several frames */
    HENG_SEARCH_CUT      /* the request was not carried out: something went between. It is asked again */
} heng_search_heard;

struct heng_search;

/* A line holds at most so many; what is found beyond that is not told. */
enum { HENG_SEARCH_METERS_MAX = 1024 };

/* Errors: ECONFIG for a place or numbers that cannot be, ELIMIT for more known meters than a line holds, ENOMEM. */
HENG_NODISCARD heng_rc heng_search_new(const struct heng_search_config *config, struct heng_search **ret,
                                       struct heng_err *err);
void heng_search_free(struct heng_search *search);

/* The next request. ret->tied: the request that next() gave before it must have been the last on the line, else
 * heard(CUT) and next() again.
 * Returns false when the search has ended. */
bool heng_search_next(struct heng_search *search, struct heng_ask *ret);

/* telegram is NULL but for FRAME. Returns true when *ret_found is a meter that was not told before. */
bool heng_search_heard_now(struct heng_search *search, heng_search_heard heard, const struct heng_telegram *telegram,
                           struct heng_search_found *ret_found);

void heng_search_progress_now(const struct heng_search *search, struct heng_search_progress *ret);

#endif
