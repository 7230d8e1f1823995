#ifndef HENG_APP_ROUTE_FILE_H
#define HENG_APP_ROUTE_FILE_H
/* The file that a handheld fills: a carry file (uplink/carry.h) of a list and what was read by it. It grows entry by
 * entry, each on the disk before anybody is told of it, and is whole after each one: it can be imported at any moment,
 * and filled on later. */
#include <sys/types.h>

#include "uplink/carry.h"

enum { ROUTE_PATH_MAX = 1024 };

struct heng_route_file {
    int fd;
    off_t end; /* where the next entry goes: over the end mark */
    struct heng_carry_writer writer;
    char
        aside[ROUTE_PATH_MAX]; /* where the whole file as it was is kept, when its last piece was torn; "" it was not */
};

/* What is in the file, from its beginning. Not OK: the file is not opened. */
typedef heng_rc heng_route_item(void *owner, const struct heng_carry_item *item, struct heng_err *err);

/* Open it, and take it from everybody else. A piece at the end that is torn, as by a dead
 * battery, is cut off; the file as it was is kept beside it. Errors: ENOTFOUND; EBUSY somebody else fills it; EIO;
 * those of heng_carry_next, for damage that no dead battery does. */
HENG_NODISCARD heng_rc heng_route_file_open(const char *path, heng_route_item *each, void *owner,
                                            struct heng_route_file *ret, struct heng_err *err);

/* One more entry; OK: it is on the disk. epoch, seq and check are given here. Errors: EIO, ELIMIT. */
HENG_NODISCARD heng_rc heng_route_file_add(struct heng_route_file *file, struct heng_entry *entry,
                                           struct heng_err *err);
void heng_route_file_close(struct heng_route_file *file); /* also of one that was not opened */

/* The list in a file: what heng-gateway export list or heng route list wrote, or a file that is being filled. Owns:
 * *ret, of *ret_n bytes; free() it. Errors: EIO, EUNSUPPORTED there is none in it; those of heng_carry_next. */
HENG_NODISCARD heng_rc heng_route_read_list(const char *path, uint8_t **ret, size_t *ret_n,
                                            struct heng_carry_header *ret_header, struct heng_err *err);

/* Write a whole list, with nothing read by it yet, under its name only when it is whole. Errors: EIO, ENOMEM, ELIMIT.
 */
HENG_NODISCARD heng_rc heng_route_write_list(const char *path, const struct heng_carry_header *header,
                                             struct heng_slice route, struct heng_err *err);

#endif
