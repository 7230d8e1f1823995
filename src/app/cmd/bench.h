#ifndef HENG_APP_CMD_BENCH_H
#define HENG_APP_CMD_BENCH_H

/* `heng bench`: how fast this machine decodes. argv[0] is "bench". Returns the exit status. */
int heng_cmd_bench(int argc, char **argv);

#endif
