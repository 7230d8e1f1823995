#ifndef HENG_APP_CMD_ARREARS_H
#define HENG_APP_CMD_ARREARS_H
/* heng arrears: what is owed, what comes in, and what is done about it. docs/dunning.md tells it with examples. */

/* Returns the exit status. */
int heng_cmd_arrears(int argc, char **argv);

#endif
