#include "app/cmd/tariff.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/form_file.h"
#include "app/options.h"
#include "rate/tariff_form.h"

static const char command[] = "tariff";

enum { INPUT_MAX = 16 << 20, FINDINGS = 256 };

static void print_help(void)
{
    puts(
        "usage: heng tariff check FILE...\n"
        "Reads tariffs (docs/rating.md) and says what is wrong with them: versions that overlap or leave a gap, steps\n"
        "that are never reached, calendars with holes, units that do not fit, names that nothing has. A form of heng\n"
        "rate will do as well: its tariff is checked.\n\n"
        "One line for each finding: FILE: PATH: what it is. 'note:' stands before what is allowed but odd.\n"
        "Exit status: 0 good, 1 something is wrong, 2 wrong usage.");
}

/* The tariff of a form of heng rate, or the whole text. */
static void find_tariff(struct heng_form *form, struct heng_slice json)
{
    struct heng_form scan;
    struct heng_slice key;
    heng_form_open(form, json);
    heng_form_open(&scan, json);
    heng_form_object(&scan);
    while (heng_form_key(&scan, &key)) {
        if (heng_slice_is(key, "tariff")) {
            *form = scan;
            return;
        }
        heng_form_skip(&scan);
    }
}

static bool show(const char *path, const struct heng_tariff *tariff)
{
    static struct heng_tariff_finding findings[FINDINGS];
    size_t count = heng_tariff_check(tariff, findings, FINDINGS), errors = 0;
    for (size_t i = 0; i < count; i++) {
        errors += findings[i].is_error;
        printf("%s: %s%s: %s\n", path, findings[i].is_error ? "" : "note: ", findings[i].path, findings[i].text);
    }
    if (count == FINDINGS) printf("%s: there may be more\n", path);
    if (!errors) printf("ok %s: %u components\n", path, (unsigned)tariff->count);
    return errors == 0;
}

static bool check_file(const char *path)
{
    struct heng_str in = {.max = INPUT_MAX};
    struct heng_arena arena = {.max = (size_t)256 << 20};
    struct heng_form form;
    struct heng_tariff tariff;
    struct heng_err err = {0};
    bool good = false;
    heng_rc rc = heng_form_file_read(path, &in, &err);
    if (rc == HENG_OK) {
        find_tariff(&form, heng_slice_of(in.text, in.n));
        heng_tariff_read_unchecked(&form, &arena, &tariff);
        if (!heng_form_failed(&form))
            good = show(path, &tariff);
        else
            rc = heng_form_close(&form, &err);
    }
    if (rc != HENG_OK) printf("%s: %s\n", path, err.text);
    heng_arena_fini(&arena);
    heng_str_fini(&in);
    return good;
}

int heng_cmd_tariff(int argc, char **argv)
{
    bool good = true;
    if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        print_help();
        return EXIT_SUCCESS;
    }
    if (argc < 2 || strcmp(argv[1], "check") != 0) return heng_usage_error(command, "check is what it can do");
    if (argc < 3) return heng_usage_error(command, "check what? name files");
    for (int i = 2; i < argc; i++) good = check_file(argv[i]) && good;
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
