#ifndef HENG_APP_SITE_MONEY_H
#define HENG_APP_SITE_MONEY_H
/* Money while the site runs: what is used is charged, bills are made, supply goes off and on, purchases go into meters.
 * A thread of its own, which asks the writer for short pieces between its batches and the
 * desk for commands, as a person would: nothing else waits for it.
 *
 * A command's key is of its task and try, so a crash between desk and task gives the same command again, not another
 * one. */
#include "app/writer.h"
#include "flow/desk.h"

struct site_money;

/* writer: where the writer is, as for site_write, which may come later. desk: commands go there. Both borrowed.
 * Errors: ENOMEM. */
HENG_NODISCARD heng_rc site_money_new(struct heng_writer **writer, struct heng_desk *desk, struct site_money **ret,
                                      struct heng_err *err);
void site_money_free(struct site_money *money); /* when nobody wakes it any more; accepts NULL */

/* Begin, when the writer is there. Errors: ENOMEM. */
HENG_NODISCARD heng_rc site_money_start(struct site_money *money, struct heng_err *err);
void site_money_stop(struct site_money *money); /* when the desk is closed, before the writer ends; accepts NULL */

/* Money moved: look at once. From any thread. */
void site_money_wake(struct site_money *money);

#endif
