#ifndef HENG_APP_CMD_ARCHIVE_H
#define HENG_APP_CMD_ARCHIVE_H
/* heng archive: places, meters and who manages them, by hand and by sheets. */
int heng_cmd_archive(int argc, char **argv);
#endif
