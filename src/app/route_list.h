#ifndef HENG_APP_ROUTE_LIST_H
#define HENG_APP_ROUTE_LIST_H

/* heng route list: a list to walk by, out of the database. Returns the exit status. */
int heng_route_list(int argc, char **argv);

#endif
