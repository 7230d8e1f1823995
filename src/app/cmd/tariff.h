#ifndef HENG_APP_CMD_TARIFF_H
#define HENG_APP_CMD_TARIFF_H
/* heng tariff: what is wrong with a tariff before anybody is billed by it; tariffs kept by key and edition. */

/* Returns the exit status. */
int heng_cmd_tariff(int argc, char **argv);

#endif
