#ifndef HENG_RUN_OPTIONS_H
#define HENG_RUN_OPTIONS_H
/* The command line of the programs that run lines: --name VALUE or --name, each into its place. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rc.h"

enum { HENG_OPTIONS_MAX = 24 };

/* One of flag, number and text is set. A text is borrowed from argv; with text_count it may be given text_max times. */
struct heng_option {
    const char *name; /* without its dashes */
    bool *flag;
    unsigned *number, number_max; /* 1..number_max */
    const char **text;
    unsigned *text_count, text_max;
};

/* Errors: ECONFIG: the text is for a person; ELIMIT: more than HENG_OPTIONS_MAX options. */
HENG_NODISCARD heng_rc heng_options_read(int argc, char **argv, const struct heng_option *options, size_t count,
                                         struct heng_err *err);

/* Host and port of what was given with this option. Errors: ECONFIG. */
HENG_NODISCARD heng_rc heng_option_address(const char *name, const char *given, char *ret_host, size_t cap,
                                           uint16_t *ret_port, struct heng_err *err);

#endif
