#ifndef HENG_APP_CMD_RATE_H
#define HENG_APP_CMD_RATE_H
/* heng rate: what a period costs, from JSON to JSON. */

/* Returns the exit status. */
int heng_cmd_rate(int argc, char **argv);

#endif
