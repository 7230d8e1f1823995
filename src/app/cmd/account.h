#ifndef HENG_APP_CMD_ACCOUNT_H
#define HENG_APP_CMD_ACCOUNT_H
/* heng account: who pays, opened, changed, closed, with their money that is neither sold nor billed. */

/* Returns the exit status. */
int heng_cmd_account(int argc, char **argv);

#endif
