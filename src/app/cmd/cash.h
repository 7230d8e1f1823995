#ifndef HENG_APP_CMD_CASH_H
#define HENG_APP_CMD_CASH_H
/* heng cash: a cashier's day at a desk. heng ledger: what was booked, and the proof that it adds up. */

/* Return the exit status. */
int heng_cmd_cash(int argc, char **argv);
int heng_cmd_ledger(int argc, char **argv);

#endif
