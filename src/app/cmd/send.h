#ifndef HENG_APP_CMD_SEND_H
#define HENG_APP_CMD_SEND_H
/* `heng send ENDPOINT HEX...`: raw bytes to a line; what comes back, with its time and, where it can be decoded, its
 * meaning. Returns the exit status: 0 something came back, 1 nothing did, or the line cannot be had, 2 wrong usage.
 * argv[0] is "send". */
int heng_cmd_send(int argc, char **argv);

#endif
