#include "run/options.h"

#include <getopt.h>
#include <stdlib.h>

#include "link/link.h"

static heng_rc take(const struct heng_option *o, const char *given, struct heng_err *err)
{
    if (o->flag) {
        *o->flag = true;
    } else if (o->number) {
        char *end;
        unsigned long value = strtoul(given, &end, 10);
        if (*end || value < 1 || value > o->number_max)
            return heng_fail(err, HENG_ECONFIG, 0, "--%s '%.20s' is not a number from 1 to %u", o->name, given,
                             o->number_max);
        *o->number = (unsigned)value;
    } else if (!o->text_count) {
        *o->text = given;
    } else if (*o->text_count < o->text_max) {
        o->text[(*o->text_count)++] = given;
    } else {
        return heng_fail(err, HENG_ECONFIG, 0, "--%s is given more than %u times", o->name, o->text_max);
    }
    return HENG_OK;
}

heng_rc heng_options_read(int argc, char **argv, const struct heng_option *options, size_t count, struct heng_err *err)
{
    struct option words[HENG_OPTIONS_MAX + 1] = {0};
    if (count > HENG_OPTIONS_MAX) return heng_fail(err, HENG_ELIMIT, 0, "at most %d options", HENG_OPTIONS_MAX);
    for (size_t i = 0; i < count; i++)
        words[i] = (struct option){options[i].name, options[i].flag ? no_argument : required_argument, NULL, (int)i};
    int got;
    opterr = 0;
    optind = 0; /* anew, and nothing of a word that was not finished */
    while ((got = getopt_long(argc, argv, "+:", words, NULL)) != -1) {
        if (got == ':') return heng_fail(err, HENG_ECONFIG, 0, "%.60s needs a value", argv[optind - 1]);
        if (got == '?' && optopt) return heng_fail(err, HENG_ECONFIG, 0, "-%c is not an option", optopt);
        if (got == '?') return heng_fail(err, HENG_ECONFIG, 0, "%.60s is not an option", argv[optind - 1]);
        heng_rc rc = take(&options[got], optarg, err);
        if (rc != HENG_OK) return rc;
    }
    if (optind < argc) return heng_fail(err, HENG_ECONFIG, 0, "'%.60s' is one word too many", argv[optind]);
    return HENG_OK;
}

heng_rc heng_option_address(const char *name, const char *given, char *ret_host, size_t cap, uint16_t *ret_port,
                            struct heng_err *err)
{
    char port[8];
    if (heng_endpoint_split(given, ret_host, cap, port, sizeof port, NULL) != HENG_OK)
        return heng_fail(err, HENG_ECONFIG, 0,
                         "--%s '%.60s' is not an address: write host:port, such as 127.0.0.1:8080", name, given);
    *ret_port = (uint16_t)strtoul(port, NULL, 10);
    return HENG_OK;
}
