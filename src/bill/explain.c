#include "bill/explain.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *code, *texts[HENG_LANGUAGES];
} STEPS[] = {
#define X(symbol, code, zh, en, de) {code, {zh, en, de}},
    HENG_STEP_LIST(X)
#undef X
};

struct heng_step *heng_steps_add(struct heng_steps *steps, heng_step_kind kind, const char *subject)
{
    if (!steps) return NULL;
    if (steps->count == steps->cap) {
        steps->lost++;
        return NULL;
    }
    struct heng_step *step = &steps->items[steps->count++];
    memset(step, 0, sizeof *step);
    step->kind = (uint16_t)kind;
    step->places = 255;
    snprintf(step->subject, sizeof step->subject, "%s", subject);
    return step;
}

struct heng_step *heng_steps_say(struct heng_steps *steps, heng_step_kind kind, const char *subject, const char *unit,
                                 const struct heng_dec *numbers, size_t count, struct heng_dec result)
{
    struct heng_step *step = heng_steps_add(steps, kind, subject);
    if (!step) return NULL;
    if (count > HENG_STEP_NUMBERS) count = HENG_STEP_NUMBERS;
    if (count) memcpy(step->numbers, numbers, count * sizeof *numbers);
    step->count = (uint8_t)count;
    step->result = result;
    snprintf(step->unit, sizeof step->unit, "%s", unit ? unit : "");
    return step;
}

heng_language heng_language_of(const char *text)
{
    static const char *const names[] = {"zh", "en", "de"};
    unsigned i = 0;
    while (i < HENG_LANGUAGES && strcmp(text, names[i]) != 0) i++;
    return (heng_language)i;
}

const char *heng_step_code(heng_step_kind kind) { return kind < HENG_STEP_COUNT ? STEPS[kind].code : "none"; }

/* " (half up to 0.01)". */
static void write_rounding(const struct heng_step *step, heng_language language, struct heng_str *out)
{
    static const char *const words[HENG_LANGUAGES][HENG_ROUNDING_COUNT] = {
        {"四舍五入", "四舍六入五成双", "舍去尾数", "进位"},
        {"half up", "half to even", "cut", "up"},
        {"kaufmännisch gerundet", "zur geraden Ziffer gerundet", "abgeschnitten", "aufgerundet"},
    };
    if (step->places == 255 || step->rounding >= HENG_ROUNDING_COUNT) return;
    switch (language) {
    case HENG_LANGUAGE_ZH:
    case HENG_LANGUAGES: heng_str_fmt(out, "（%s，保留 %u 位小数）", words[0][step->rounding], step->places); break;
    case HENG_LANGUAGE_EN: heng_str_fmt(out, " (%s, %u decimals)", words[1][step->rounding], step->places); break;
    case HENG_LANGUAGE_DE:
        heng_str_fmt(out, " (%s, %u Nachkommastellen)", words[2][step->rounding], step->places);
        break;
    }
}

static void write_dec(struct heng_dec dec, heng_language language, struct heng_str *out)
{
    char text[HENG_DEC_TEXT_MAX];
    heng_dec_format(dec, text);
    char *point = strchr(text, '.');
    if (point && language == HENG_LANGUAGE_DE) *point = ',';
    heng_str_put(out, text, strlen(text));
}

/* What the engine itself names, in the language of the sentence; ids of people's own stay as they are. */
static const char *subject_text(const struct heng_step *step, heng_language language)
{
    static const char *const words[][1 + HENG_LANGUAGES] = {
        {"heat-use", "供热（按用量）", "heat, by use", "Heizung, Verbrauch"},
        {"heat-base", "供热（按面积）", "heat, by area", "Heizung, Grundkosten"},
        {"warm-water-use", "热水（按用量）", "warm water, by use", "Warmwasser, Verbrauch"},
        {"warm-water-base", "热水（按面积）", "warm water, by area", "Warmwasser, Grundkosten"},
        {"heat", "供热", "heat", "Heizung"},
        {"warm water", "热水", "warm water", "Warmwasser"},
        {"groups, heat", "用户组，供热", "groups, heat", "Nutzergruppen, Heizung"},
        {"groups, warm water", "用户组，热水", "groups, warm water", "Nutzergruppen, Warmwasser"},
        {"fuel", "燃料", "fuel", "Brennstoff"},
        {"quantity", "总量", "quantity", "Gesamtmenge"},
        {"", "全体", "all", "alle"},
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(step->subject, words[i][0]) == 0) return words[i][1 + language];
    return step->subject;
}

static void write_place(const struct heng_step *step, char place, heng_language language, const char *currency,
                        struct heng_str *out)
{
    if (place >= '1' && place <= '6')
        write_dec(step->numbers[place - '1'], language, out);
    else if (place == '=')
        write_dec(step->result, language, out);
    else if (place == 's')
        heng_str_fmt(out, "%s", subject_text(step, language));
    else if (place == 'u')
        heng_str_put(out, step->unit, strlen(step->unit));
    else if (place == 'c')
        heng_str_put(out, currency, strlen(currency));
    else if (place == 'r')
        write_rounding(step, language, out);
}

void heng_step_write(const struct heng_step *step, heng_language language, const char *currency, struct heng_str *out)
{
    if (step->kind >= HENG_STEP_COUNT || language >= HENG_LANGUAGES) return;
    const char *at = STEPS[step->kind].texts[language];
    for (const char *open; (open = strchr(at, '{')) && open[1] && open[2] == '}'; at = open + 3) {
        heng_str_put(out, at, (size_t)(open - at));
        write_place(step, open[1], language, currency, out);
    }
    heng_str_put(out, at, strlen(at));
}

void heng_step_json(const struct heng_step *step, heng_language language, const char *currency, struct heng_json *json)
{
    struct heng_str text = {.max = 4096};
    heng_step_write(step, language, currency, &text);
    heng_json_object(json);
    if (step->line) {
        heng_json_key(json, "line");
        heng_json_int(json, step->line);
    }
    heng_json_key(json, "code");
    heng_json_text(json, heng_step_code((heng_step_kind)step->kind));
    heng_json_key(json, "subject");
    heng_json_text(json, step->subject);
    heng_json_key(json, "numbers");
    heng_json_array(json);
    for (unsigned i = 0; i < step->count; i++) heng_json_dec(json, step->numbers[i]);
    heng_json_end_array(json);
    heng_json_key(json, "result");
    heng_json_dec(json, step->result);
    if (step->places != 255) {
        char rounding[32];
        snprintf(rounding, sizeof rounding, "%s %u", heng_rounding_text((heng_rounding)step->rounding), step->places);
        heng_json_key(json, "rounding");
        heng_json_text(json, rounding);
    }
    heng_json_key(json, "text");
    heng_json_text(json, text.text ? text.text : "");
    heng_json_end_object(json);
    heng_str_fini(&text);
}
