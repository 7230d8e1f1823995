#ifndef HENG_APP_CMD_PURSE_H
#define HENG_APP_CMD_PURSE_H
/* heng purse: money that lies in meters, its orders, and what a person decides about them. */

int heng_cmd_purse(int argc, char **argv);

#endif
