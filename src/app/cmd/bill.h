#ifndef HENG_APP_CMD_BILL_H
#define HENG_APP_CMD_BILL_H

/* heng bill ...: see its help. Returns the exit status. */
int heng_cmd_bill(int argc, char **argv);

#endif
