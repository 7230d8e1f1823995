#ifndef HENG_APP_CMD_BILL_RUN_H
#define HENG_APP_CMD_BILL_RUN_H
#include <stdbool.h>

/* heng bill run|list|show|issue|cancel|reverse|correct ...: see its help. */
bool heng_is_bill_run_verb(const char *verb);
int heng_cmd_bill_run(int argc, char **argv);

#endif
