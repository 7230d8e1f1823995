#include "app/cmd_apportion.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/form_file.h"
#include "app/options.h"
#include "heat/apportion_run.h"

static const char command[] = "apportion";

/* A district of 10,000 flats with their devices is some megabytes; explained it is some tens. */
enum { INPUT_MAX = 256 << 20, OUTPUT_MAX = 1 << 30 };

static void print_help(void)
{
    puts(
        "usage: heng apportion [--explain zh|en|de] [FILE]\n"
        "Shares the heat of a building over its flats, makes their bills, or the whole heating bill of a German "
        "house.\n"
        "Reads one JSON form from FILE or standard input and writes the result as JSON. The forms, with examples, are\n"
        "in docs/apportionment.md: kind shares, heat-bill, heizkosten, monthly-information.\n\n"
        "  --explain LANGUAGE  with every step of the calculation, as a sentence in Chinese, English or German\n\n"
        "Exit status: 0 done, 1 the form is wrong (where and why is said), 2 wrong usage.");
}

static int run(const char *path, const struct heng_apportion_options *options)
{
    struct heng_str in = {.max = INPUT_MAX}, out = {.max = OUTPUT_MAX};
    struct heng_arena arena = {.max = (size_t)2 << 30};
    struct heng_err err = {0};
    heng_rc rc = heng_form_file_read(path, &in, &err);
    if (rc == HENG_OK) rc = heng_apportion_json(heng_slice_of(in.text, in.n), options, &arena, &out, &err);
    if (rc == HENG_OK && (puts(out.text) < 0 || fflush(stdout) != 0))
        rc = heng_fail(&err, HENG_EIO, 0, "cannot write: %s", strerror(errno));
    int status = rc == HENG_OK ? EXIT_SUCCESS : heng_failure(command, &err);
    heng_arena_fini(&arena);
    heng_str_fini(&in);
    heng_str_fini(&out);
    return status;
}

int heng_cmd_apportion(int argc, char **argv)
{
    static const struct option known[] = {
        {"explain", required_argument, NULL, 'e'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    struct heng_apportion_options options = {0};
    opterr = 0;
    for (int result; (result = getopt_long(argc, argv, ":e:h", known, NULL)) != -1;) {
        if (result == 'h') {
            print_help();
            return EXIT_SUCCESS;
        }
        if (result != 'e') return heng_option_error(command, result, argv);
        options.explain = true;
        options.language = heng_language_of(optarg);
        if (options.language == HENG_LANGUAGES)
            return heng_usage_error(command, "--explain takes zh, en or de, not '%s'", optarg);
    }
    if (argc - optind > 1) return heng_usage_error(command, "one form at a time");
    return run(argc > optind ? argv[optind] : NULL, &options);
}
