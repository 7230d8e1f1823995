#include "app/cmd_rate.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/form_file.h"
#include "app/options.h"
#include "rate/form.h"

static const char command[] = "rate";

enum { INPUT_MAX = 64 << 20, OUTPUT_MAX = 256 << 20, LINES = 4096, STATES = 128, STEPS = 1 << 16, WARNINGS = 1024 };

static void print_help(void)
{
    puts(
        "usage: heng rate [--explain zh|en|de] [FILE]\n"
        "Works out what a period costs: usage, contract and tariff in, lines, tax and totals out. Also late fees, and\n"
        "bills whose reactive energy was wrong. Reads one JSON form from FILE or standard input, writes the answer as\n"
        "JSON. The forms, with examples, are in docs/rating.md.\n\n"
        "  --explain LANGUAGE  with every step of the calculation, as a sentence in Chinese, English or German\n\n"
        "Exit status: 0 done, 1 the form is wrong (where and why is said), 2 wrong usage.");
}

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

static int run(const char *path, heng_language language)
{
    struct heng_str in = {.max = INPUT_MAX}, out = {.max = OUTPUT_MAX};
    struct heng_arena arena = {.max = (size_t)1 << 30};
    struct heng_err err = {0};
    heng_rc rc = heng_form_file_read(path, &in, &err);
    if (rc == HENG_OK) rc = answer(heng_slice_of(in.text, in.n), language, &arena, &out, &err);
    if (rc == HENG_OK && (puts(out.text) < 0 || fflush(stdout) != 0))
        rc = heng_fail(&err, HENG_EIO, 0, "cannot write: %s", strerror(errno));
    int status = rc == HENG_OK ? EXIT_SUCCESS : heng_failure(command, &err);
    heng_arena_fini(&arena);
    heng_str_fini(&in);
    heng_str_fini(&out);
    return status;
}

int heng_cmd_rate(int argc, char **argv)
{
    static const struct option known[] = {
        {"explain", required_argument, NULL, 'e'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    heng_language language = HENG_LANGUAGES;
    opterr = 0;
    for (int result; (result = getopt_long(argc, argv, ":e:h", known, NULL)) != -1;) {
        if (result == 'h') {
            print_help();
            return EXIT_SUCCESS;
        }
        if (result != 'e') return heng_option_error(command, result, argv);
        language = heng_language_of(optarg);
        if (language == HENG_LANGUAGES)
            return heng_usage_error(command, "--explain takes zh, en or de, not '%.40s'", optarg);
    }
    if (argc - optind > 1) return heng_usage_error(command, "one form at a time");
    return run(argc > optind ? argv[optind] : NULL, language);
}
