#ifndef HENG_APP_CMD_ROUTE_H
#define HENG_APP_CMD_ROUTE_H

/* heng route: the way on foot. A list out of the database or a gateway, the meters read by it on site, and a file to
 * import. Returns the exit status. */
int heng_cmd_route(int argc, char **argv);

#endif
