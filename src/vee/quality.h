#ifndef HENG_VEE_QUALITY_H
#define HENG_VEE_QUALITY_H
/* How far a derived value can be trusted, and how it was made. Numbers are those of the database; a greater quality
 * number is worse, and a sum is as good as its worst part. */

/* X(symbol, text, number) */
#define HENG_TRUST_LIST(X)                                                                                             \
    X(VALID, "valid", 1)               /* measured, all rules passed */                                                \
    X(OVERRIDE, "override", 2)         /* a person looked and said that it is right */                                 \
    X(INTERPOLATED, "interpolated", 3) /* between two valid readings of the meter itself: the sum is exact */          \
    X(EDITED, "edited", 4)             /* a person wrote it, with a reason */                                          \
    X(SUBSTITUTED, "substituted", 5)   /* from a check meter */                                                        \
    X(ESTIMATED, "estimated", 6)                                                                                       \
    X(SUSPECT, "suspect", 7) /* there is a value, and a rule doubts it */                                              \
    X(MISSING, "missing", 8) /* there is no value */
typedef enum heng_trust {
#define X(symbol, text, number) HENG_TRUST_##symbol = number,
    HENG_TRUST_LIST(X)
#undef X
        HENG_TRUST_COUNT
} heng_trust;
const char *heng_trust_text(heng_trust trust); /* "unknown" for a number outside */
heng_trust heng_trust_of(const char *text);    /* COUNT when unknown */

/* X(symbol, text, number): methods, the first that applies is taken (docs/validation.md). */
#define HENG_METHOD_LIST(X)                                                                                            \
    X(NONE, "none", 0)                   /* measured as it is, or no value */                                          \
    X(LINEAR, "linear", 1)               /* straight between two readings */                                           \
    X(SHARE_FLAT, "share-flat", 2)       /* known amount of a gap, shared evenly over time */                          \
    X(SHARE_PROFILE, "share-profile", 3) /* ... by the shape of like days */                                           \
    X(SHARE_DEGREE_DAYS, "share-degree-days", 4)                                                                       \
    X(CHECK_METER, "check-meter", 5)                                                                                   \
    X(HISTORY, "history", 6)         /* a value the meter kept itself: month end, due date */                          \
    X(LIKE_DAYS, "like-days", 7)     /* average of the same intervals of like days of three weeks */                   \
    X(DEGREE_DAYS, "degree-days", 8) /* own earlier use per degree day */                                              \
    X(LAST_YEAR, "last-year", 9)     /* the same period a year before, scaled by the trend */                          \
    X(NEIGHBOURS, "neighbours", 10)  /* others like it, per m2 where known */                                          \
    X(AREA, "area", 11)              /* the building's use by area */                                                  \
    X(PROFILE, "profile", 12)        /* a standard profile of the group */                                             \
    X(MANUAL, "manual", 13)
typedef enum heng_method {
#define X(symbol, text, number) HENG_METHOD_##symbol = number,
    HENG_METHOD_LIST(X)
#undef X
        HENG_METHOD_COUNT
} heng_method;
const char *heng_method_text(heng_method method);
heng_method heng_method_of(const char *text);

#endif
