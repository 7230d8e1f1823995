/* A bill as text, and as proof. */
#include <stdio.h>

#include "api/money/bills.h"
#include "api/money/papers.h"
#include "billing/bundle.h"
#include "flow/frame_words.h"
#include "seal/proof.h"

enum { EXPLAIN_MAX = 64 << 20, BUNDLE_MAX = 256 << 20 };

/* --- explained -----------------------------------------------------------------------------------------------------
 */

struct say {
    const struct heng_profiles *profiles;
    void *memory;
};

static void say_frame(void *ctx, const struct heng_frame *frame, bool json, struct heng_str *out)
{
    const struct say *say = ctx;
    heng_frame_say(say->profiles, frame, json, say->memory, out);
}

static heng_rc explanation_of(struct heng_api_call *call, heng_language language, struct say *say,
                              struct heng_bill_explanation *ret, struct heng_err *err)
{
    *say = (struct say){call->api->options.profiles, heng_arena_take(call->arena, 1, heng_frame_words_size())};
    *ret = (struct heng_bill_explanation){.language = language, .words = say_frame, .words_ctx = say};
    return say->memory ? HENG_OK : heng_api_no_memory(err);
}

heng_rc heng_api_explain_bill(struct heng_api_call *call, const struct heng_api_explain_bill_params *params,
                              struct heng_api_file *ret, struct heng_err *err)
{
    struct heng_charger *charger = NULL;
    struct heng_bill_explanation how;
    struct say say;
    struct heng_bill bill;
    struct heng_str out = {.max = EXPLAIN_MAX};
    const bool text = params->has_format && params->format == HENG_API_EXPLAIN_FORMAT_TEXT;
    heng_rc rc = heng_store_get_bill(call->reader, heng_api_scope(call), params->bill_id, &bill, err);
    if (rc == HENG_OK)
        rc = explanation_of(call, heng_api_language(params->has_language, params->language, HENG_LANGUAGE_EN), &say,
                            &how, err);
    if (rc == HENG_OK) rc = heng_charger_new(call->reader, &charger, err);
    if (rc == HENG_OK)
        rc = text ? heng_bill_explain_text(charger, &bill, &how, &out, err)
                  : heng_bill_explain_json(charger, &bill, &how, &out, err);
    heng_charger_free(charger);
    if (rc == HENG_OK)
        rc = heng_api_file_of(call, heng_slice_of(out.text, out.n),
                              text ? "text/plain;charset=utf-8" : "application/json;charset=utf-8", "", ret, err);
    heng_str_fini(&out);
    return rc;
}

/* The proof of the seals for the bill; without it, when it is not sealed yet. */
static bool add_proof(void *ctx, const struct heng_bill *bill, struct heng_str *out)
{
    struct heng_err err;
    return heng_seal_proof(ctx, HENG_SEAL_BILL, bill->id, out, &err) == HENG_OK;
}

heng_rc heng_api_bundle_bill(struct heng_api_call *call, const struct heng_api_bundle_bill_params *params,
                             struct heng_api_file *ret, struct heng_err *err)
{
    struct heng_charger *charger = NULL;
    struct heng_bill_explanation how;
    struct say say;
    struct heng_bill bill;
    struct heng_str out = {.max = BUNDLE_MAX};
    char name[HENG_API_FILE_NAME_MAX];
    heng_rc rc = heng_store_get_bill(call->reader, heng_api_scope(call), params->bill_id, &bill, err);
    if (rc == HENG_OK)
        rc = explanation_of(call, heng_api_language(params->has_language, params->language, HENG_LANGUAGE_EN), &say,
                            &how, err);
    if (rc == HENG_OK) rc = heng_charger_new(call->reader, &charger, err);
    if (rc == HENG_OK) rc = heng_bill_bundle(charger, &bill, &how, add_proof, call->reader, &out, err);
    heng_charger_free(charger);
    snprintf(name, sizeof name, "bill-%s.tar", bill.number[0] ? bill.number : "draft");
    if (rc == HENG_OK) rc = heng_api_file_of(call, heng_slice_of(out.text, out.n), "application/x-tar", name, ret, err);
    heng_str_fini(&out);
    return rc;
}
