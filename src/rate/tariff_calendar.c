#include "rate/tariff_calendar.h"

#include <string.h>

enum { NAME_MAX = 24, VERSIONS_MAX = 64 };

struct season_name {
    char text[NAME_MAX];
};

/* A calendar while it is read. */
struct draft {
    struct heng_arena *arena;
    const struct heng_component *component;
    struct heng_tou tou;
    struct heng_tou_season *seasons;
    struct season_name *names;
    struct heng_tou_window *windows;
    struct heng_tou_special *specials;
};

static uint8_t period_of(struct heng_form *form, const struct heng_component *component)
{
    char name[HENG_TARIFF_ID_MAX];
    heng_form_text(form, name, sizeof name);
    for (unsigned i = 0; i < component->rate_count; i++)
        if (strcmp(component->rates[i].name, name) == 0) return (uint8_t)(i + 1);
    heng_form_refuse(form, HENG_ECONFIG, "", "the component has no rate '%.30s'", name);
    return 1;
}

static bool two_digits(const char *text, int *ret)
{
    if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9') return false;
    *ret = (text[0] - '0') * 10 + (text[1] - '0');
    return true;
}

static int minute_of(struct heng_form *form)
{
    char text[8];
    int hour = 0, minute = 0;
    heng_form_text(form, text, sizeof text);
    bool is = strlen(text) == 5 && text[2] == ':' && two_digits(text, &hour) && two_digits(text + 3, &minute);
    if (is && minute < 60 && hour * 60 + minute <= 1440) return hour * 60 + minute;
    heng_form_refuse(form, HENG_EFORMAT, "", "\"%s\" is no time like 08:30", text);
    return 0;
}

static void read_season(struct heng_form *form, struct draft *draft)
{
    struct heng_slice key;
    size_t n = draft->tou.season_count;
    draft->seasons =
        heng_form_grow(form, draft->arena, draft->seasons, n, sizeof *draft->seasons, HENG_TOU_SEASONS_MAX);
    draft->names = heng_form_grow(form, draft->arena, draft->names, n, sizeof *draft->names, HENG_TOU_SEASONS_MAX);
    if (!draft->seasons || !draft->names) return;
    draft->seasons[n] = (struct heng_tou_season){0, 0};
    draft->names[n].text[0] = '\0';
    heng_form_object(form);
    while (heng_form_key(form, &key)) {
        if (heng_slice_is(key, "name"))
            heng_form_text(form, draft->names[n].text, sizeof draft->names[n].text);
        else if (heng_slice_is(key, "from")) {
            char text[8];
            int month = 0, day = 0;
            heng_form_text(form, text, sizeof text);
            if (strlen(text) != 5 || text[2] != '-' || !two_digits(text, &month) || !two_digits(text + 3, &day) ||
                month < 1 || month > 12 || day < 1 || day > 31)
                heng_form_refuse(form, HENG_EFORMAT, "", "\"%s\" is no month and day like 07-01", text);
            draft->seasons[n].month = (uint8_t)month;
            draft->seasons[n].day = (uint8_t)day;
        } else
            heng_form_unknown(form);
    }
    draft->tou.season_count++;
}

static uint16_t seasons_of(struct heng_form *form, const struct draft *draft)
{
    char name[NAME_MAX];
    uint16_t set = 0;
    heng_form_array(form);
    while (heng_form_item(form)) {
        heng_form_text(form, name, sizeof name);
        uint16_t one = 0;
        for (unsigned i = 0; i < draft->tou.season_count; i++)
            if (strcmp(draft->names[i].text, name) == 0) one = (uint16_t)(one | 1U << i);
        if (!one) heng_form_refuse(form, HENG_ECONFIG, "", "the calendar has no season '%.20s'", name);
        set |= one;
    }
    return set;
}

/* "mon" .. "sun", "holiday", "workdays" (Monday to Friday), "weekend". Returns a set. */
static uint8_t kinds_of(struct heng_form *form)
{
    static const char *const words[] = {"mon", "tue", "wed",     "thu",      "fri",
                                        "sat", "sun", "holiday", "workdays", "weekend"};
    unsigned word = heng_form_word(form, words, 10);
    return (uint8_t)(word == 8 ? 0x1F : word == 9 ? 0x60 : 1U << word);
}

static void add_window(struct heng_form *form, struct draft *draft, struct heng_tou_window window)
{
    size_t n = draft->tou.window_count;
    draft->windows = heng_form_grow(form, draft->arena, draft->windows, n, sizeof window, HENG_TOU_WINDOWS_MAX);
    if (!draft->windows) return;
    draft->windows[n] = window;
    draft->tou.window_count++;
}

static void read_window(struct heng_form *form, struct draft *draft)
{
    struct heng_tou_window window = {.seasons = UINT16_MAX, .kinds = UINT8_MAX};
    struct heng_slice key;
    heng_form_object(form);
    while (heng_form_key(form, &key)) {
        if (heng_slice_is(key, "rate"))
            window.period = period_of(form, draft->component);
        else if (heng_slice_is(key, "from"))
            window.from_minute = (uint16_t)minute_of(form);
        else if (heng_slice_is(key, "to"))
            window.to_minute = (uint16_t)minute_of(form);
        else if (heng_slice_is(key, "seasons"))
            window.seasons = seasons_of(form, draft);
        else if (heng_slice_is(key, "days")) {
            window.kinds = 0;
            heng_form_array(form);
            while (heng_form_item(form)) window.kinds |= kinds_of(form);
        } else
            heng_form_unknown(form);
    }
    if (window.seasons == UINT16_MAX && draft->tou.season_count)
        window.seasons = (uint16_t)((1U << draft->tou.season_count) - 1);
    if (draft->tou.season_count == 0) window.seasons = 1;
    if (window.from_minute < window.to_minute) {
        add_window(form, draft, window);
        return;
    }
    uint16_t to = window.to_minute; /* over midnight */
    window.to_minute = 1440;
    if (window.from_minute < 1440) add_window(form, draft, window);
    window.from_minute = 0;
    window.to_minute = to;
    if (to > 0) add_window(form, draft, window);
}

static void read_special(struct heng_form *form, struct draft *draft)
{
    static const char *const words[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun", "holiday"};
    struct heng_tou_special special = {0, HENG_TOU_HOLIDAY};
    struct heng_slice key;
    size_t n = draft->tou.special_count;
    heng_form_object(form);
    while (heng_form_key(form, &key)) {
        if (heng_slice_is(key, "date"))
            special.date = heng_form_date(form);
        else if (heng_slice_is(key, "as"))
            special.kind = (uint8_t)heng_form_word(form, words, HENG_TOU_KINDS);
        else
            heng_form_unknown(form);
    }
    draft->specials = heng_form_grow(form, draft->arena, draft->specials, n, sizeof special, HENG_TOU_SPECIALS_MAX);
    if (!draft->specials) return;
    for (; n > 0 && draft->specials[n - 1].date > special.date; n--) draft->specials[n] = draft->specials[n - 1];
    draft->specials[n] = special;
    draft->tou.special_count++;
}

/* First round: the seasons, which windows name. */
static void read_seasons(struct heng_form form, struct draft *draft)
{
    struct heng_slice key;
    heng_form_object(&form);
    while (heng_form_key(&form, &key)) {
        if (heng_slice_is(key, "seasons")) {
            heng_form_array(&form);
            while (heng_form_item(&form)) read_season(&form, draft);
        } else
            heng_form_skip(&form);
    }
}

static void read_version(struct heng_form *form, struct draft *draft)
{
    struct heng_slice key;
    read_seasons(*form, draft);
    heng_form_object(form);
    while (heng_form_key(form, &key)) {
        if (heng_slice_is(key, "from"))
            draft->tou.valid_from = heng_form_date(form);
        else if (heng_slice_is(key, "otherwise"))
            draft->tou.otherwise = period_of(form, draft->component);
        else if (heng_slice_is(key, "seasons")) { /* once more, for its errors */
            struct draft again = {.arena = draft->arena, .component = draft->component};
            heng_form_array(form);
            while (heng_form_item(form)) read_season(form, &again);
        } else if (heng_slice_is(key, "windows")) {
            heng_form_array(form);
            while (heng_form_item(form)) read_window(form, draft);
        } else if (heng_slice_is(key, "specials")) {
            heng_form_array(form);
            while (heng_form_item(form)) read_special(form, draft);
        } else
            heng_form_unknown(form);
    }
    if (!draft->tou.otherwise)
        heng_form_refuse(form, HENG_ECONFIG, "otherwise", "it is missing: hours that no window names have no rate");
    draft->tou.seasons = draft->seasons;
    draft->tou.windows = draft->windows;
    draft->tou.specials = draft->specials;
}

void heng_tariff_calendar_read(struct heng_form *form, struct heng_arena *arena, struct heng_component *component)
{
    struct heng_tou *versions = NULL;
    struct heng_err err = {0};
    component->calendar_count = 0;
    heng_form_array(form);
    while (heng_form_item(form)) {
        struct draft draft = {.arena = arena, .component = component, .tou = {.valid_from = INT32_MIN}};
        versions = heng_form_grow(form, arena, versions, component->calendar_count, sizeof *versions, VERSIONS_MAX);
        if (!versions) return;
        read_version(form, &draft);
        if (heng_form_failed(form)) return;
        if (heng_tou_check(&draft.tou, &err) != HENG_OK) {
            heng_form_refuse(form, HENG_ECONFIG, "", "%s (number %u)", err.text, err.at);
            return;
        }
        if (component->calendar_count && versions[component->calendar_count - 1].valid_from >= draft.tou.valid_from)
            heng_form_refuse(form, HENG_ECONFIG, "from", "calendars stand in the order in which they begin");
        versions[component->calendar_count++] = draft.tou;
    }
    component->calendar = versions;
}
