#ifndef HENG_APP_CMD_PROFILE_H
#define HENG_APP_CMD_PROFILE_H
/* `heng profile check FILE|DIR...`, `heng profile list`, `heng profile show NAME`: meter models as data files. Returns
 * the exit status: 0 good, 1 a profile is bad or not there, 2 wrong usage. argv[0] is "profile". */
int heng_cmd_profile(int argc, char **argv);

#endif
