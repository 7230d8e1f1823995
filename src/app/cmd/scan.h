#ifndef HENG_APP_CMD_SCAN_H
#define HENG_APP_CMD_SCAN_H
/* `heng scan ENDPOINT [--protocol P] [--baud N]`: finds the meters of a line and, told nothing, its protocol and speed.
 * Returns the exit status: 0 something was found (and every known meter), 1 not, or stopped, 2 wrong usage. argv[0] is
 * "scan". */
int heng_cmd_scan(int argc, char **argv);

#endif
