#ifndef HENG_APP_CMD_PAPER_H
#define HENG_APP_CMD_PAPER_H
/* heng paper: bills, receipts, statements and lists, to print and to hand on. */
int heng_cmd_paper(int argc, char **argv);

#endif
