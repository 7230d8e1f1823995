#ifndef HENG_APP_CMD_SERVE_H
#define HENG_APP_CMD_SERVE_H

/* heng serve [OPTION...]: the sub-command; argv[0] is its name. Returns the exit status. */
int heng_cmd_serve(int argc, char **argv);

#endif
