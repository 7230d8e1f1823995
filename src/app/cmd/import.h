#ifndef HENG_APP_CMD_IMPORT_H
#define HENG_APP_CMD_IMPORT_H

/* heng import [--data DIR] FILE: the sub-command; argv[0] is its name. Returns the exit status. */
int heng_cmd_import(int argc, char **argv);

#endif
