#ifndef HENG_APP_CMD_APPORTION_H
#define HENG_APP_CMD_APPORTION_H
/* "heng apportion": heat of a building over its flats, from a JSON form to a JSON result. */
int heng_cmd_apportion(int argc, char **argv);
#endif
