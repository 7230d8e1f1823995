/* Indexes of further registers as people write them. */
#include <stdlib.h>
#include <string.h>

#include "usage/events.h"

static const char blanks[] = " \t\r", ends[] = "\n;";

/* The next word of a line, at most cap - 1 bytes; false when there is none, or it is longer. */
static bool take_word(const char **text, char *ret, size_t cap)
{
    *text += strspn(*text, blanks);
    size_t n = strcspn(*text, " \t\r\n;");
    if (!n || n >= cap) return false;
    memcpy(ret, *text, n);
    ret[n] = '\0';
    *text += n;
    return true;
}

static bool take_index(const char **text, char ret[HENG_AT_LEAST(HENG_DEC_TEXT_MAX)])
{
    if (!take_word(text, ret, HENG_DEC_TEXT_MAX)) return false;
    if (strcmp(ret, "-") == 0) ret[0] = '\0';
    return true;
}

static bool take_line(const char **text, struct heng_event_index *ret)
{
    char channel[20], *end;
    if (!take_word(text, channel, sizeof channel) || !take_word(text, ret->unit, sizeof ret->unit) ||
        !take_index(text, ret->before) || !take_index(text, ret->after))
        return false;
    ret->channel_id = strtoll(channel, &end, 10);
    *text += strspn(*text, blanks);
    return !*end && ret->channel_id > 0 && (!**text || strchr(ends, **text)) && (ret->before[0] || ret->after[0]);
}

heng_rc heng_event_indexes_parse(const char *text, struct heng_event_wish *wish, struct heng_err *err)
{
    for (uint32_t line = 1; *text; line++) {
        text += strspn(text, blanks);
        if (*text && !strchr(ends, *text)) {
            if (wish->index_count == HENG_EVENT_INDEXES_MAX)
                return heng_fail(err, HENG_ELIMIT, line, "more than %d registers", HENG_EVENT_INDEXES_MAX);
            struct heng_event_index *index = &wish->indexes[wish->index_count];
            *index = (struct heng_event_index){0};
            if (!take_line(&text, index))
                return heng_fail(
                    err, HENG_EFORMAT, line,
                    "register %u is not written as '12 m3 1234.5 0.2': channel, unit, before, after (- for "
                    "one that is not known)",
                    (unsigned)line);
            wish->index_count++;
        }
        if (*text) text++;
    }
    return HENG_OK;
}
