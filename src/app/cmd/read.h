#ifndef HENG_APP_CMD_READ_H
#define HENG_APP_CMD_READ_H
/* `heng read ENDPOINT --protocol P --address A...`: reads one or several meters, or gives them an order, without a
 * database. Returns the exit status: 0 all did what was asked, 1 one did not, 2 wrong usage. argv[0] is "read". */
int heng_cmd_read(int argc, char **argv);

#endif
