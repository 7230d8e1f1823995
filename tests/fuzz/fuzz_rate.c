/* The form of rating: any bytes are refused with a reason or rated; what is rated adds up, and its answer is a whole
 * JSON text. The tariff inside is checked on the way; a tariff alone is tried as well. */
#include <stdlib.h>

#include "rate/form.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LINES = 256, STATES = 16, STEPS = 2048 };

static void require(bool holds)
{
    if (!holds) abort();
}

static void require_sums(const struct heng_rate_result *result)
{
    struct heng_dec both, gross = {0, -2};
    for (size_t i = 0; i < result->vat_count; i++) {
        require(heng_dec_add(result->vats[i].net, result->vats[i].tax, &both) == HENG_OK);
        require(heng_dec_cmp(both, result->vats[i].gross) == 0);
        require(heng_dec_add(gross, result->vats[i].gross, &gross) == HENG_OK);
    }
    require(heng_dec_cmp(gross, result->total) == 0);
    for (size_t i = 0; i < result->count; i++) require(result->lines[i].from < result->lines[i].to);
}

static void rate(const uint8_t *data, size_t size)
{
    static struct heng_rate_line lines[LINES];
    static struct heng_rate_state states[STATES];
    static struct heng_step items[STEPS], warned[STEPS];
    static struct heng_rate_request request;
    struct heng_steps steps = {items, 0, STEPS, 0}, warnings = {warned, 0, STEPS, 0};
    struct heng_rate_result result = {
        .lines = lines, .cap = LINES, .states = states, .state_cap = STATES, .steps = &steps, .warnings = &warnings};
    struct heng_arena arena = {.max = 32 << 20};
    struct heng_str out = {.max = 32 << 20};
    struct heng_json writer = heng_json_of(&out);
    struct heng_err err = {0};
    heng_rc rc = heng_rate_request_read(heng_slice_of(data, size), &arena, &request, &err);
    if (rc == HENG_OK) rc = heng_rate_answer(&request, &result, HENG_LANGUAGE_DE, &writer, &err);
    require(rc == HENG_OK || *err.text);
    if (rc == HENG_OK && out.rc == HENG_OK) {
        struct heng_json_reader reader = heng_json_reader_of(heng_slice_of(out.text, out.n));
        heng_json_skip(&reader);
        heng_json_finish(&reader);
        require(reader.err.rc == HENG_OK);
        if (request.has_rate) require_sums(&result);
    }
    heng_str_fini(&out);
    heng_arena_fini(&arena);
}

static void check(const uint8_t *data, size_t size)
{
    struct heng_tariff_finding findings[8];
    struct heng_arena arena = {.max = 32 << 20};
    struct heng_form form;
    struct heng_tariff tariff;
    heng_form_open(&form, heng_slice_of(data, size));
    heng_tariff_read_unchecked(&form, &arena, &tariff);
    if (!heng_form_failed(&form)) (void)heng_tariff_check(&tariff, findings, 8);
    heng_arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    rate(data, size);
    check(data, size);
    return 0;
}
