#ifndef HENG_BILL_EXPLAIN_H
#define HENG_BILL_EXPLAIN_H
/* A calculation step by step, so that a person can follow it with a pocket calculator: which numbers, what was done
 * with them, what came out. The engines note steps as numbers; words come only when somebody reads them, in Chinese,
 * English or German. */
#include "base/json.h"
#include "bill/exact.h"
#include "bill/steps_rate.h"
#include "bill/steps_share.h"

/* X(symbol, code, zh, en, de). In the sentences {s} is the subject, {1}..{6} are the numbers, {=} the result, {u} the
 * unit of quantity, {c} the currency, {r} how it was rounded. A sentence that shows its arithmetic: "{s}: {1} {u} x {2}
 * {c}/{u} = {=} {c}". */
#define HENG_STEP_LIST(X) HENG_RATE_STEP_LIST(X) HENG_SHARE_STEP_LIST(X)
typedef enum heng_step_kind {
#define X(symbol, code, zh, en, de) HENG_STEP_##symbol,
    HENG_STEP_LIST(X)
#undef X
        HENG_STEP_COUNT
} heng_step_kind;

enum { HENG_STEP_NUMBERS = 6, HENG_STEP_SUBJECT_MAX = 64, HENG_STEP_UNIT_MAX = 12 };
struct heng_step {
    uint16_t kind;  /* heng_step_kind */
    uint8_t count;  /* of numbers */
    uint8_t places; /* of the result when it was rounded; 255: it is exact */
    uint8_t rounding;
    uint32_t line; /* of which line of the result it is a part, from 1; 0: of the whole */
    char subject[HENG_STEP_SUBJECT_MAX], unit[HENG_STEP_UNIT_MAX];
    struct heng_dec numbers[HENG_STEP_NUMBERS], result;
};

/* Where steps go; memory is the caller's. lost: there was no room for so many. */
struct heng_steps {
    struct heng_step *items;
    size_t count, cap, lost;
};

/* A new step with its kind and subject in place, or NULL: explanation is off (steps NULL) or there is no room. */
struct heng_step *heng_steps_add(struct heng_steps *steps, heng_step_kind kind, const char *subject);
/* The same with its numbers, and a result that is exact. */
struct heng_step *heng_steps_say(struct heng_steps *steps, heng_step_kind kind, const char *subject, const char *unit,
                                 const struct heng_dec *numbers, size_t count, struct heng_dec result);

typedef enum heng_language { HENG_LANGUAGE_ZH, HENG_LANGUAGE_EN, HENG_LANGUAGE_DE, HENG_LANGUAGES } heng_language;
heng_language heng_language_of(const char *text); /* "zh", "en", "de"; LANGUAGES when it is none */

const char *heng_step_code(heng_step_kind kind);
/* One sentence for people. currency: "CNY", "EUR". */
void heng_step_write(const struct heng_step *step, heng_language language, const char *currency, struct heng_str *out);
/* {"line": 1, "code": "...", "subject": "...", "numbers": [...], "result": "...", "rounding": "half-up 2",
 *  "text": "..."} */
void heng_step_json(const struct heng_step *step, heng_language language, const char *currency, struct heng_json *json);

#endif
