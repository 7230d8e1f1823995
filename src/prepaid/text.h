#ifndef HENG_PREPAID_TEXT_H
#define HENG_PREPAID_TEXT_H
/* What customers are told, in their language. */
#include "store/money/notices.h"

/* X(symbol, kind) */
#define HENG_TELL_LIST(X)                                                                                              \
    X(WARN_1, "warn-1")                                                                                                \
    X(WARN_2, "warn-2")                                                                                                \
    X(WARN_3, "warn-3")                                                                                                \
    X(CUT_SOON, "cut-soon")                                                                                            \
    X(ARREARS_SOON, "arrears-soon")                                                                                    \
    X(CUT, "cut")                                                                                                      \
    X(RESTORED, "restored")
typedef enum heng_tell {
#define X(symbol, kind) HENG_TELL_##symbol,
    HENG_TELL_LIST(X)
#undef X
        HENG_TELL_COUNT
} heng_tell;
const char *heng_tell_kind(heng_tell tell);

/* per_day: what was used a day of late, 0: not known; days_left: -1 not known. until: local day and time, "" none.
 * amount: balance, or what is owed. */
struct heng_telling {
    const char *name, *number, *currency, *until;
    int64_t amount, per_day, days_left;
};
/* language: "zh", "de"; all else is English. */
void heng_tell_text(heng_tell tell, const char *language, const struct heng_telling *telling,
                    char ret[HENG_AT_LEAST(HENG_NOTICE_TEXT_MAX)]);

#endif
