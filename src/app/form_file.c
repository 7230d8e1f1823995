#include "app/form_file.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/options.h"

static heng_rc read_all(FILE *file, struct heng_str *ret, struct heng_err *err)
{
    char piece[65536];
    size_t n;
    while ((n = fread(piece, 1, sizeof piece, file)) > 0) heng_str_put(ret, piece, n);
    if (ferror(file)) return heng_fail(err, HENG_EIO, 0, "cannot read: %s", strerror(errno));
    if (ret->rc != HENG_OK) return heng_fail(err, ret->rc, 0, "the form is too large");
    return ret->n ? HENG_OK : heng_fail(err, HENG_EFORMAT, 0, "the form is empty");
}

heng_rc heng_form_file_read(const char *path, struct heng_str *ret, struct heng_err *err)
{
    if (!path || strcmp(path, "-") == 0) return read_all(stdin, ret, err);
    FILE *file = fopen(path, "rb");
    if (!file) return heng_fail(err, HENG_EIO, 0, "cannot open '%.100s': %s", path, strerror(errno));
    heng_rc rc = read_all(file, ret, err);
    fclose(file);
    return rc;
}

static int answer_form(const struct heng_form_command *command, const char *path, heng_language language)
{
    struct heng_str in = {.max = command->input_max}, out = {.max = command->output_max};
    struct heng_arena arena = {.max = command->memory_max};
    struct heng_err err = {0};
    heng_rc rc = heng_form_file_read(path, &in, &err);
    if (rc == HENG_OK) rc = command->answer(heng_slice_of(in.text, in.n), language, &arena, &out, &err);
    if (rc == HENG_OK && (puts(out.text) < 0 || fflush(stdout) != 0))
        rc = heng_fail(&err, HENG_EIO, 0, "cannot write: %s", strerror(errno));
    int status = rc == HENG_OK ? EXIT_SUCCESS : heng_failure(command->name, &err);
    heng_arena_fini(&arena);
    heng_str_fini(&in);
    heng_str_fini(&out);
    return status;
}

int heng_form_command_run(const struct heng_form_command *command, int argc, char **argv)
{
    static const struct option known[] = {
        {"explain", required_argument, NULL, 'e'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    heng_language language = HENG_LANGUAGES;
    opterr = 0;
    for (int result; (result = getopt_long(argc, argv, ":e:h", known, NULL)) != -1;) {
        if (result == 'h') {
            puts(command->help);
            return EXIT_SUCCESS;
        }
        if (result != 'e') return heng_option_error(command->name, result, argv);
        language = heng_language_of(optarg);
        if (language == HENG_LANGUAGES)
            return heng_usage_error(command->name, "--explain takes zh, en or de, not '%.40s'", optarg);
    }
    if (argc - optind > 1) return heng_usage_error(command->name, "one form at a time");
    return answer_form(command, argc > optind ? argv[optind] : NULL, language);
}
