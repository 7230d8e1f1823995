#include "app/cmd/apportion.h"

#include "app/form_file.h"
#include "heat/apportion_run.h"

static heng_rc answer(struct heng_slice json, heng_language language, struct heng_arena *arena, struct heng_str *out,
                      struct heng_err *err)
{
    const struct heng_apportion_options options = {.explain = language != HENG_LANGUAGES, .language = language};
    return heng_apportion_json(json, &options, arena, out, err);
}

int heng_cmd_apportion(int argc, char **argv)
{
    /* A district of 10,000 flats with their devices is some megabytes; explained it is some tens. */
    static const struct heng_form_command command = {
        .name = "apportion",
        .help =
            "usage: heng apportion [--explain zh|en|de] [FILE]\n"
            "Shares the heat of a building over its flats, makes their bills, or the whole heating bill of a German "
            "house.\n"
            "Reads one JSON form from FILE or standard input and writes the result as JSON. The forms, with examples, "
            "are\n"
            "in docs/apportionment.md: kind shares, heat-bill, heizkosten, monthly-information.\n\n"
            "  --explain LANGUAGE  with every step of the calculation, as a sentence in Chinese, English or German\n\n"
            "Exit status: 0 done, 1 the form is wrong (where and why is said), 2 wrong usage.",
        .input_max = 256 << 20,
        .output_max = 1 << 30,
        .memory_max = (size_t)2 << 30,
        .answer = answer};
    return heng_form_command_run(&command, argc, argv);
}
