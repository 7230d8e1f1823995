#ifndef HENG_APP_CMD_STORE_H
#define HENG_APP_CMD_STORE_H

/* heng migrate, heng backup, heng restore. argv[0] is the name of the command. Return the exit status. */
int heng_cmd_migrate(int argc, char **argv);
int heng_cmd_backup(int argc, char **argv);
int heng_cmd_restore(int argc, char **argv);

#endif
