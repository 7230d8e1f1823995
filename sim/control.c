#include "sim/control.h"

#include "base/dec.h"

static const struct {
    const char *word;
    unsigned arguments;
} verbs[HENG_SIM_VERB_COUNT] = {
#define X(symbol, word, arguments) {word, arguments},
    HENG_SIM_VERB_LIST(X)
#undef X
};

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

/* Split at blanks into at most cap words; returns how many there are, more than cap when they do not fit. */
static unsigned split(const char *text, char words[][24], unsigned cap)
{
    unsigned n = 0;
    for (const char *p = text; *p;) {
        size_t length = strcspn(p, " \t\r");
        if (length > 0) {
            if (n >= cap || length >= sizeof words[0]) return cap + 1;
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

heng_rc heng_sim_command_parse(const char *text, struct heng_sim_command *ret, struct heng_err *err)
{
    char words[3][24];
    unsigned n = split(text, words, 3);
    if (n == 0) return heng_fail(err, HENG_EFORMAT, 0, "empty command");
    heng_sim_verb verb = n > 3 ? HENG_SIM_VERB_COUNT : verb_of(words[0]);
    if (verb == HENG_SIM_VERB_COUNT) return heng_fail(err, HENG_EFORMAT, 0, "unknown command '%.40s'", text);
    if (n - 1 != verbs[verb].arguments)
        return heng_fail(err, HENG_EFORMAT, 0, "'%s' takes %u arguments, not %u", words[0], verbs[verb].arguments,
                         n - 1);
    struct heng_sim_command command = {.verb = verb};
    if (n >= 2) {
        while (command.line < HENG_SIM_LINE_COUNT && strcmp(words[1], heng_sim_line_name(command.line)) != 0)
            command.line++;
        if (command.line == HENG_SIM_LINE_COUNT)
            return heng_fail(err, HENG_EFORMAT, 0, "no line '%s', there are heat, water and power", words[1]);
    }
    if (verb == HENG_SIM_VERB_NOISE) {
        heng_rc rc = heng_sim_noise_parse(words[2], &command.noise_ppm, err);
        if (rc != HENG_OK) return rc;
    } else if (n == 3) {
        memcpy(command.meter, words[2], sizeof command.meter);
    }
    *ret = command;
    return HENG_OK;
}

heng_rc heng_sim_command_apply(const struct heng_sim_command *command, struct heng_sim_line *line, struct heng_err *err)
{
    bool alive = false;
    switch (command->verb) {
    case HENG_SIM_VERB_MUTE: line->muted = true; return HENG_OK;
    case HENG_SIM_VERB_UNMUTE: line->muted = false; return HENG_OK;
    case HENG_SIM_VERB_NOISE: line->wire.noise_ppm = command->noise_ppm; return HENG_OK;
    case HENG_SIM_VERB_REVIVE: alive = true; break;
    case HENG_SIM_VERB_KILL: break;
    case HENG_SIM_VERB_UNPLUG:
    case HENG_SIM_VERB_PLUG:
    case HENG_SIM_VERB_QUIT:
    case HENG_SIM_VERB_COUNT: return HENG_OK;
    }
    heng_rc rc = heng_sim_line_set_alive(line, command->meter, alive);
    if (rc == HENG_OK) return rc;
    return heng_fail(err, rc, 0, "no meter '%s' on line %s", command->meter, heng_sim_line_name(line->id));
}
