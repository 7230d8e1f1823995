#ifndef HENG_RATE_FORM_H
#define HENG_RATE_FORM_H
/* The JSON forms of rating, in and out: docs/rating.md. */
#include "bill/form.h"
#include "bill/late.h"
#include "rate/bind.h"
#include "rate/rate.h"
#include "rate/tariff_form.h"

enum { HENG_RATE_SPANS_MAX = 24, HENG_RATE_LATES_MAX = 1000 };

struct heng_pf_rebill {
    struct heng_dec billed, active, reactive_billed, reactive_true, standard;
};

/* Zero-initialise. Everything lives in the arena. */
struct heng_rate_request {
    bool has_rate, has_late, has_rebill;
    struct heng_rate_ask ask;
    struct heng_rate_usage *usage; /* those of ask */
    struct heng_tariff *tariffs;
    struct heng_binding *bindings;
    size_t tariff_count, binding_count;
    struct heng_rate_span spans[HENG_RATE_SPANS_MAX];
    struct heng_late_terms terms;
    heng_day as_of;
    struct heng_late_bill *lates;
    size_t late_count;
    struct heng_pf_rebill rebill;
};

/* What a form says under "contract" alone: what is kept of a contract beside its bills. */
HENG_NODISCARD heng_rc heng_rate_contract_read(struct heng_slice json, struct heng_arena *arena,
                                               struct heng_rate_contract *ret, struct heng_err *err);

/* One term of late fees ("rule", "class", "same_year" ...), as it stands in a form. False: the key is none of them. */
bool heng_rate_late_term(struct heng_form *form, struct heng_slice key, struct heng_late_terms *terms);

HENG_NODISCARD heng_rc heng_rate_request_read(struct heng_slice json, struct heng_arena *arena,
                                              struct heng_rate_request *ret, struct heng_err *err);

/* Works it out and writes the answer. language HENG_LANGUAGES: without explanation; warnings are then in English.
 * result: with its arrays, as for heng_rate; warnings must be given. Errors: of the request; the text has the path. */
HENG_NODISCARD heng_rc heng_rate_answer(struct heng_rate_request *request, struct heng_rate_result *result,
                                        heng_language language, struct heng_json *json, struct heng_err *err);

#endif
