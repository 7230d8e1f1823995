#ifndef HENG_APP_CMD_USAGE_H
#define HENG_APP_CMD_USAGE_H
int heng_cmd_usage(int argc, char **argv);
int heng_cmd_event(int argc, char **argv);
#endif
