#include "app/cmd/rate.h"

#include "app/form_file.h"
#include "rate/form.h"

enum { LINES = 4096, STATES = 128, STEPS = 1 << 16, WARNINGS = 1024 };

static heng_rc answer(struct heng_slice json, heng_language language, struct heng_arena *arena, struct heng_str *out,
                      struct heng_err *err)
{
    struct heng_rate_request *request = heng_arena_take(arena, 1, sizeof *request);
    struct heng_steps steps = {heng_arena_take(arena, STEPS, sizeof *steps.items), 0, STEPS, 0};
    struct heng_steps warnings = {heng_arena_take(arena, WARNINGS, sizeof *warnings.items), 0, WARNINGS, 0};
    struct heng_rate_result result = {.lines = heng_arena_take(arena, LINES, sizeof *result.lines),
                                      .cap = LINES,
                                      .states = heng_arena_take(arena, STATES, sizeof *result.states),
                                      .state_cap = STATES,
                                      .steps = &steps,
                                      .warnings = &warnings};
    struct heng_json writer = heng_json_of(out);
    if (!request || !steps.items || !warnings.items || !result.lines || !result.states)
        return heng_fail(err, HENG_ENOMEM, 0, "there is no memory for it");
    heng_rc rc = heng_rate_request_read(json, arena, request, err);
    if (rc == HENG_OK) rc = heng_rate_answer(request, &result, language, &writer, err);
    return rc == HENG_OK && out->rc != HENG_OK ? heng_fail(err, out->rc, 0, "the answer is too large") : rc;
}

int heng_cmd_rate(int argc, char **argv)
{
    static const struct heng_form_command command = {
        .name = "rate",
        .help =
            "usage: heng rate [--explain zh|en|de] [FILE]\n"
            "Works out what a period costs: usage, contract and tariff in, lines, tax and totals out. Also late fees, "
            "and\n"
            "bills whose reactive energy was wrong. Reads one JSON form from FILE or standard input, writes the answer "
            "as\n"
            "JSON. The forms, with examples, are in docs/rating.md.\n\n"
            "  --explain LANGUAGE  with every step of the calculation, as a sentence in Chinese, English or German\n\n"
            "Exit status: 0 done, 1 the form is wrong (where and why is said), 2 wrong usage.",
        .input_max = 64 << 20,
        .output_max = 256 << 20,
        .memory_max = (size_t)1 << 30,
        .answer = answer};
    return heng_form_command_run(&command, argc, argv);
}
