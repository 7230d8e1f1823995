#ifndef HENG_APP_CMD_VERIFY_H
#define HENG_APP_CMD_VERIFY_H
int heng_cmd_verify(int argc, char **argv);
int heng_cmd_seal(int argc, char **argv);
#endif
