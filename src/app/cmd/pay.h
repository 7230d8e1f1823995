#ifndef HENG_APP_CMD_PAY_H
#define HENG_APP_CMD_PAY_H
/* heng pay: payments from outside. */
int heng_cmd_pay(int argc, char **argv);
#endif
