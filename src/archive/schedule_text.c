#include "archive/schedule_text.h"

#include <stdio.h>
#include <string.h>

enum { HOUR = 60, MINUTES_A_DAY = 24 * HOUR, LAST_DAY = 31 };

/* --- out -----------------------------------------------------------------------------------------------------------
 */

static size_t add(char *ret, size_t n, const char *text)
{
    int more = snprintf(ret + n, ARCHIVE_SCHEDULE_TEXT_MAX - n, "%s%s", n ? " " : "", text);
    return more > 0 && n + (size_t)more < ARCHIVE_SCHEDULE_TEXT_MAX ? n + (size_t)more : n;
}

void archive_times_format(const uint16_t *times, size_t n, char ret[static ARCHIVE_SCHEDULE_TEXT_MAX])
{
    char text[32];
    size_t at = 0;
    ret[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        snprintf(text, sizeof text, "%02d:%02d", times[i] / HOUR, times[i] % HOUR);
        at = add(ret, at, text);
    }
}

void archive_windows_format(const struct heng_day_window *windows, size_t n, char ret[static ARCHIVE_SCHEDULE_TEXT_MAX])
{
    char text[48];
    size_t at = 0;
    ret[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        int from = windows[i].from, until = windows[i].until ? windows[i].until : MINUTES_A_DAY;
        snprintf(text, sizeof text, "%02d:%02d-%02d:%02d", from / HOUR, from % HOUR, until / HOUR, until % HOUR);
        at = add(ret, at, text);
    }
}

void archive_days_format(uint32_t days, char ret[static ARCHIVE_SCHEDULE_TEXT_MAX])
{
    char text[16];
    size_t at = 0;
    ret[0] = '\0';
    for (unsigned day = 0; day <= LAST_DAY; day++) {
        if (!(days >> day & 1)) continue;
        snprintf(text, sizeof text, "%u", day + 1);
        at = add(ret, at, day == LAST_DAY ? "last" : text);
    }
}

/* --- in ------------------------------------------------------------------------------------------------------------
 */

/* Behind what stands between two of them. */
static const char *next(const char *text)
{
    static const char *const wide[] = {"\xEF\xBC\x8C", "\xEF\xBC\x9B", "\xE3\x80\x81",
                                       "\xE3\x80\x80"}; /* ， ； 、 blank */
    for (bool more = true; more;) {
        more = *text == ' ' || *text == ',' || *text == ';' || *text == '\t' || *text == '\n' || *text == '\r';
        if (more) text++;
        for (size_t i = 0; !more && i < sizeof wide / sizeof *wide; i++)
            if (strncmp(text, wide[i], 3) == 0) {
                text += 3;
                more = true;
            }
    }
    return text;
}

/* At most two digits; NULL: none. */
static const char *number(const char *text, unsigned *ret)
{
    size_t n = 0;
    for (*ret = 0; n < 2 && text[n] >= '0' && text[n] <= '9'; n++) *ret = *ret * 10 + (unsigned)(text[n] - '0');
    return n ? text + n : NULL;
}

static const char *minute(const char *text, unsigned *ret)
{
    unsigned hours = 0, minutes = 0;
    text = number(text, &hours);
    if (!text || *text != ':') return NULL;
    text = number(text + 1, &minutes);
    if (!text || minutes >= HOUR || hours * HOUR + minutes > MINUTES_A_DAY) return NULL;
    *ret = hours * HOUR + minutes;
    return text;
}

const char *archive_times_parse(const char *text, uint16_t *ret, size_t cap, size_t *ret_n)
{
    for (*ret_n = 0, text = next(text); *text; text = next(text)) {
        unsigned at = 0;
        text = minute(text, &at);
        if (!text || at >= MINUTES_A_DAY) return "times of the day are needed, as 06:00 18:30";
        if (*ret_n == cap) return "it has more times than a schedule may have";
        if (*ret_n && ret[*ret_n - 1] >= at) return "the times must rise";
        ret[(*ret_n)++] = (uint16_t)at;
    }
    return NULL;
}

const char *archive_windows_parse(const char *text, struct heng_day_window *ret, size_t cap, size_t *ret_n)
{
    for (*ret_n = 0, text = next(text); *text; text = next(text)) {
        unsigned from = 0, until = 0;
        text = minute(text, &from);
        text = text && *text == '-' ? minute(text + 1, &until) : NULL;
        if (!text || from >= MINUTES_A_DAY) return "windows of the day are needed, as 22:00-06:00";
        if (*ret_n == cap) return "it has more windows than a schedule may have";
        ret[(*ret_n)++] = (struct heng_day_window){(uint16_t)from, (uint16_t)(until % MINUTES_A_DAY)};
    }
    return NULL;
}

const char *archive_days_parse(const char *text, uint32_t *ret)
{
    for (*ret = 0, text = next(text); *text; text = next(text)) {
        unsigned day = 0;
        bool last = strncmp(text, "last", 4) == 0;
        const char *end = last ? text + 4 : number(text, &day);
        if (last) day = LAST_DAY + 1;
        if (!end || day < 1 || (day > LAST_DAY && !last) || (*end >= '0' && *end <= '9'))
            return "days of the month are needed, as 1 15 last";
        *ret |= UINT32_C(1) << (day - 1);
        text = end;
    }
    return NULL;
}
