#ifndef HENG_APP_CMD_CONTRACT_H
#define HENG_APP_CMD_CONTRACT_H
/* heng contract: which account pays for which point by which tariff. */

/* Returns the exit status. */
int heng_cmd_contract(int argc, char **argv);

#endif
