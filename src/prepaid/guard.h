#ifndef HENG_PREPAID_GUARD_H
#define HENG_PREPAID_GUARD_H
/* May supply end now? Every guard there is, in one pure decision with its reason. Supply comes back without guards. */
#include "prepaid/site.h"

/* X(symbol, verdict, text) Why, in the order in which they are looked at: the first that holds says what happens. */
#define HENG_GUARD_LIST(X)                                                                                             \
    X(PAID, GONE, "there is no reason to cut any more")                                                                \
    X(OFF_BY_SITE, NEVER, "this site cuts nobody off: setting supply_cut or supply_arrears")                           \
    X(MEDIUM, NEVER, "this medium is not cut here: setting supply_media")                                              \
    X(MAIN, NEVER, "a main meter is never cut: others hang on it")                                                     \
    X(PROTECTED, NEVER, "the account is protected; a person has to speak with the customer")                           \
    X(KEPT, WAIT, "supply is kept for the time being")                                                                 \
    X(PAYMENT, WAIT, "a payment is on its way")                                                                        \
    X(ORDER, WAIT, "money is on its way into a meter")                                                                 \
    X(NO_DATA, WAIT, "nothing is known of the use")                                                                    \
    X(STALE, WAIT, "the data are too old")                                                                             \
    X(ESTIMATED, WAIT, "the newest use is an estimate")                                                                \
    X(NO_NOTICE, ASK, "the notice could not be delivered; a person has to tell the customer")                          \
    X(NOTICE, WAIT, "the customer was told and has time until then")                                                   \
    X(SEASON, WAIT, "heat is not shut in the heating season")                                                          \
    X(FROST, WAIT, "heat is not shut when it may freeze")                                                              \
    X(SECOND, ASK, "a second person has to agree")                                                                     \
    X(CALENDAR, WAIT, "not at these hours or on this day")                                                             \
    X(NONE, NOW, "")
typedef enum heng_guard {
#define X(symbol, verdict, text) HENG_GUARD_##symbol,
    HENG_GUARD_LIST(X)
#undef X
        HENG_GUARD_COUNT
} heng_guard;

typedef enum heng_verdict_of_supply {
    HENG_CUT_NOW,
    HENG_CUT_WAIT, /* until until_us, then look again */
    HENG_CUT_ASK,  /* a person has to do something */
    HENG_CUT_NEVER,
    HENG_CUT_GONE /* give it up */
} heng_verdict_of_supply;

/* due: the reason for the cut holds still (overdraft reached, arrears old enough). known_us: the end of the last day
 * that is known; 0: none. notice_us: when the customer was told, 0: not yet; notice_lost: that failed. */
struct heng_guard_facts {
    bool due, arrears, main_meter, approved, payment, order, measured, notice_lost, business;
    heng_medium medium;
    heng_protection protection;
    heng_us keep_until_us, known_us, notice_us;
};

struct heng_decision {
    heng_guard guard;
    heng_verdict_of_supply verdict;
    heng_us until_us;
};
struct heng_decision heng_guard_decide(const struct heng_guard_facts *facts, const struct heng_prepaid_site *site,
                                       heng_us now_us);
const char *heng_guard_text(heng_guard guard);

/* How long a notice has to be out before supply ends. */
heng_us heng_guard_notice_us(const struct heng_guard_facts *facts, const struct heng_prepaid_settings *settings);

/* "wait until 2026-11-25 08:30: not at these hours or on this day", local. */
enum { HENG_DECISION_TEXT_MAX = 160 };
void heng_decision_text(const struct heng_decision *decision, const struct heng_zone *zone,
                        char ret[HENG_AT_LEAST(HENG_DECISION_TEXT_MAX)]);

#endif
