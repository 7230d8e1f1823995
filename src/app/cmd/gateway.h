#ifndef HENG_APP_CMD_GATEWAY_H
#define HENG_APP_CMD_GATEWAY_H

/* heng gateway: who wants to become a gateway, who is one, and a way to a line of one; through a server that runs. */
int heng_cmd_gateway(int argc, char **argv);

#endif
