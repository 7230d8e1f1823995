#include "sim/control.h"

#include "base/dec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 5 };

static const struct {
    const char *word;
    heng_sim_wants wants;
} verbs[HENG_SIM_VERB_COUNT] = {
#define X(symbol, word, wants) {word, HENG_SIM_WANTS_##wants},
    HENG_SIM_VERB_LIST(X)
#undef X
};

static const struct {
    unsigned least, most; /* words behind the verb */
    const char *shape;
} shapes[] = {
    [HENG_SIM_WANTS_NOTHING] = {0, 0, ""},
    [HENG_SIM_WANTS_LINE] = {1, 1, " LINE"},
    [HENG_SIM_WANTS_MAYBE_LINE] = {0, 1, " [LINE]"},
    [HENG_SIM_WANTS_METER] = {2, 2, " LINE METER"},
    [HENG_SIM_WANTS_SECONDS] = {2, 2, " LINE SECONDS"},
    [HENG_SIM_WANTS_SWITCH] = {2, 2, " LINE on|off"},
    [HENG_SIM_WANTS_RATE] = {2, 2, " LINE RATE"},
    [HENG_SIM_WANTS_LATE] = {2, 4, " LINE RATE [MS MS]"},
    [HENG_SIM_WANTS_CLOCK] = {3, 3, " LINE METER SECONDS"},
};

const char *heng_sim_verb_word(heng_sim_verb verb) { return verbs[verb].word; }

heng_rc heng_sim_noise_parse(const char *text, uint32_t *ret_ppm, struct heng_err *err)
{
    struct heng_dec rate, ppm;
    heng_rc rc = heng_dec_parse(text, &rate, err);
    if (rc != HENG_OK) return heng_fail(err, rc, err ? err->at : 0, "noise rate '%.20s' is no decimal number", text);
    const struct heng_dec none = {0, 0}, all = {1, 0};
    if (heng_dec_cmp(rate, none) < 0 || heng_dec_cmp(rate, all) > 0)
        return heng_fail(err, HENG_ERANGE, 0, "noise rate '%.20s' is not between 0 and 1", text);
    rc = heng_dec_shift(rate, 6, &ppm);
    if (rc != HENG_OK) return heng_fail(err, rc, 0, "noise rate '%.20s' has too many digits", text);
    for (; ppm.exp < 0; ppm.exp++) ppm.mantissa /= 10; /* below a millionth there is nothing to tell apart */
    for (; ppm.exp > 0; ppm.exp--) ppm.mantissa *= 10;
    *ret_ppm = (uint32_t)ppm.mantissa;
    return HENG_OK;
}

/* Split at blanks into at most WORDS_MAX words; returns how many there are, more when they do not fit. */
static unsigned split(const char *text, char words[WORDS_MAX][HENG_SIM_WORD_MAX])
{
    unsigned n = 0;
    for (const char *p = text; *p;) {
        size_t length = strcspn(p, " \t\r");
        if (length > 0) {
            if (n >= WORDS_MAX || length >= HENG_SIM_WORD_MAX) return WORDS_MAX + 1;
            memcpy(words[n], p, length);
            words[n++][length] = '\0';
        }
        p += length;
        p += strspn(p, " \t\r");
    }
    return n;
}

static heng_sim_verb verb_of(const char *word)
{
    heng_sim_verb v = 0;
    while (v < HENG_SIM_VERB_COUNT && strcmp(verbs[v].word, word) != 0) v++;
    return v;
}

static heng_rc take_number(const char *text, int64_t min, int64_t max, int64_t *ret, struct heng_err *err)
{
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (end == text || *end || errno || value < min || value > max)
        return heng_fail(err, HENG_ERANGE, 0, "'%.20s' is not a number from %lld to %lld", text, (long long)min,
                         (long long)max);
    *ret = value;
    return HENG_OK;
}

static heng_rc take_switch(const char *text, bool *ret, struct heng_err *err)
{
    *ret = strcmp(text, "on") == 0;
    if (*ret || strcmp(text, "off") == 0) return HENG_OK;
    return heng_fail(err, HENG_EFORMAT, 0, "'%.20s' is neither on nor off", text);
}

static heng_rc take_late(char words[WORDS_MAX][HENG_SIM_WORD_MAX], unsigned n, struct heng_sim_command *ret,
                         struct heng_err *err)
{
    int64_t min_ms = 50, max_ms = 5000;
    heng_rc rc = heng_sim_noise_parse(words[2], &ret->rate_ppm, err);
    if (rc == HENG_OK && n == 4) rc = heng_fail(err, HENG_EFORMAT, 0, "'late' wants the most milliseconds, too");
    if (rc == HENG_OK && n > 4) rc = take_number(words[3], 1, 60000, &min_ms, err);
    if (rc == HENG_OK && n > 4) rc = take_number(words[4], min_ms, 60000, &max_ms, err);
    ret->min_ms = (uint32_t)min_ms;
    ret->max_ms = (uint32_t)max_ms;
    return rc;
}

/* The words behind the verb; how many there are has been checked. */
static heng_rc take_words(char words[WORDS_MAX][HENG_SIM_WORD_MAX], unsigned n, struct heng_sim_command *ret,
                          struct heng_err *err)
{
    if (n > 1) memcpy(ret->line, words[1], sizeof ret->line);
    switch (verbs[ret->verb].wants) {
    case HENG_SIM_WANTS_NOTHING:
    case HENG_SIM_WANTS_LINE:
    case HENG_SIM_WANTS_MAYBE_LINE: return HENG_OK;
    case HENG_SIM_WANTS_METER: memcpy(ret->meter, words[2], sizeof ret->meter); return HENG_OK;
    case HENG_SIM_WANTS_SECONDS: return take_number(words[2], 0, 3600, &ret->seconds, err);
    case HENG_SIM_WANTS_SWITCH: return take_switch(words[2], &ret->on, err);
    case HENG_SIM_WANTS_RATE: return heng_sim_noise_parse(words[2], &ret->rate_ppm, err);
    case HENG_SIM_WANTS_LATE: return take_late(words, n, ret, err);
    case HENG_SIM_WANTS_CLOCK:
        memcpy(ret->meter, words[2], sizeof ret->meter);
        return take_number(words[3], -315360000, 315360000, &ret->seconds, err);
    }
    return HENG_EBUG;
}

heng_rc heng_sim_command_parse(const char *text, struct heng_sim_command *ret, struct heng_err *err)
{
    char words[WORDS_MAX][HENG_SIM_WORD_MAX];
    unsigned n = split(text, words);
    if (n == 0) return heng_fail(err, HENG_EFORMAT, 0, "empty command");
    heng_sim_verb verb = n > WORDS_MAX ? HENG_SIM_VERB_COUNT : verb_of(words[0]);
    if (verb == HENG_SIM_VERB_COUNT) return heng_fail(err, HENG_EFORMAT, 0, "unknown command '%.40s'", text);
    heng_sim_wants wants = verbs[verb].wants;
    if (n - 1 < shapes[wants].least || n - 1 > shapes[wants].most)
        return heng_fail(err, HENG_EFORMAT, 0, "it is: %s%s", words[0], shapes[wants].shape);
    struct heng_sim_command command = {.verb = verb};
    heng_rc rc = take_words(words, n, &command, err);
    if (rc == HENG_OK) *ret = command;
    return rc;
}

bool heng_sim_command_names(const struct heng_sim_command *command, const char *line)
{
    size_t n = strlen(command->line);
    if (n > 0 && command->line[n - 1] == '*') return strncmp(command->line, line, n - 1) == 0;
    return strcmp(command->line, line) == 0;
}
