#ifndef HENG_APP_CMD_DECODE_H
#define HENG_APP_CMD_DECODE_H
/* `heng decode [--protocol NAME] [HEX...]`: captured frames to JSON, one object per line on stdout. Without
 * HEX, one frame per line on stdin. Returns the exit status: 0 every frame decoded, 1 one did not, 2 wrong
 * usage. argv[0] is "decode". */
int heng_cmd_decode(int argc, char **argv);

#endif
