#ifndef HENG_APP_ROUTE_READ_H
#define HENG_APP_ROUTE_READ_H

/* heng route read and heng route show. Return the exit status. */
int heng_route_read(int argc, char **argv);
int heng_route_show(int argc, char **argv);

#endif
