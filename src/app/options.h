#ifndef HENG_APP_OPTIONS_H
#define HENG_APP_OPTIONS_H
/* What the sub-commands share: where the data is and how they speak to a person who typed something wrong. */
#include "base/rc.h"
#include "store/store.h"

enum { EXIT_USAGE = 2, DATA_PATH_MAX = 1024 };

/* "heng serve: text; see heng serve --help" on standard error. Returns EXIT_USAGE. */
int heng_usage_error(const char *command, const char *fmt, ...) HENG_PRINTF(2, 3);

/* The same for what getopt_long did not like: result is what it returned, ':' or '?'. */
int heng_option_error(const char *command, int result, char **argv);

/* "heng serve: text" on standard error. Returns EXIT_FAILURE. */
int heng_failure(const char *command, const struct heng_err *err);

/* The name of the database of a data folder: what its file "database" says in its one line, a path or postgresql://...,
 * else FOLDER/heng.db. Errors: ECONFIG, EIO. */
HENG_NODISCARD heng_rc heng_data_name(const char *folder, char ret_name[static DATA_PATH_MAX], struct heng_err *err);

/* Open the writer of the database of a data folder; both are made where they are missing.
 * Shape:  ret_path receives the database's name.
 * Errors: those of heng_store_create and heng_store_open; EDENIED, EIO for the folder. */
HENG_NODISCARD heng_rc heng_data_open(const char *folder, char ret_path[static DATA_PATH_MAX], struct heng_store **ret,
                                      struct heng_err *err);

#endif
