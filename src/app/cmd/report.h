#ifndef HENG_APP_CMD_REPORT_H
#define HENG_APP_CMD_REPORT_H
/* heng report: loss, quality of reading, comparison and habits, as tables. */

/* Returns the exit status. */
int heng_cmd_report(int argc, char **argv);

#endif
