#ifndef HENG_APP_CMD_PREPAID_H
#define HENG_APP_CMD_PREPAID_H
/* heng prepaid: balances that are paid in beforehand, on the database itself: sold, given back, charged; who runs low;
 * supply that ends and comes back. */

/* Returns the exit status. */
int heng_cmd_prepaid(int argc, char **argv);

#endif
