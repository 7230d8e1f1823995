#ifndef HENG_PREPAID_SUPPLY_H
#define HENG_PREPAID_SUPPLY_H
/* Supply off and on because of money, as tasks with their guards (guard.h). What runs the lines asks for tasks whose
 * order should go out, and tells what became of it; supply.c knows nothing of lines. */
#include "account/book.h"
#include "store/money/prepaid.h"

/* How an order ended, as the one who gave it sees it. CONFIRMED: the meter was read back and says so. */
typedef enum heng_supply_end {
    HENG_SUPPLY_CONFIRMED,
    HENG_SUPPLY_FAILED,    /* no answer, or refused this time: tried again after a pause */
    HENG_SUPPLY_IMPOSSIBLE /* there is nothing to order: no meter with a valve, not allowed; a person has to look */
} heng_supply_end;

/* The outbox: tasks whose order should go out now, restores first, oldest first. All guards of a cut have been looked
 * at with what the reader sees now. A task is given again and again until heng_supply_ordered.
 * Errors: those of the store. */
HENG_NODISCARD heng_rc heng_supply_next(struct heng_store_reader *reader, heng_us now_us, struct heng_supply_task *ret,
                                        size_t cap, size_t *ret_n, struct heng_err *err);

/* Its order is command_id now; in an open transaction, best the one that stores the command.
 * Errors: ECONFLICT it is not to be ordered any more (paid meanwhile): give no order; ENOTFOUND. */
HENG_NODISCARD heng_rc heng_supply_ordered(struct heng_store *store, int64_t task_id, int64_t command_id,
                                           heng_us now_us, struct heng_err *err);

/* What became of it: done, or again after a growing pause, or, after supply_tries (a setting), failed, which people
 * see. A task that was dropped meanwhile stays dropped. Tells the customer. Errors: ENOTFOUND; those of the store. */
HENG_NODISCARD heng_rc heng_supply_result(struct heng_store *store, int64_t task_id, heng_supply_end end,
                                          const char *why, heng_us now_us, struct heng_err *err);

/* Look at an account again: its level, what it is told, whether supply ends or comes back. In the transaction that
 * changed its money; every sale, charge and payment ends with it. today: of the site. settings NULL: they are read.
 * ret_notices, ret_tasks are added to (may be NULL). */
struct heng_prepaid_settings; /* site.h */
HENG_NODISCARD heng_rc heng_prepaid_look(struct heng_store *store, const struct heng_prepaid_settings *settings,
                                         int64_t account_id, heng_us now_us, int32_t today, uint32_t *ret_notices,
                                         uint32_t *ret_tasks, struct heng_err *err);

/* Waiting cuts that are due for another look: why each waits, and until when. ret_left: there are more. */
HENG_NODISCARD heng_rc heng_supply_work(struct heng_store *store, heng_us now_us, bool *ret_left, struct heng_err *err);

/* By people. A second person agrees to a cut; a cut is given up; supply is kept until a moment (0: no longer).
 * Errors: ENOTFOUND for who asks; ECONFLICT it does not wait for that; EDENIED the same person twice. */
HENG_NODISCARD heng_rc heng_supply_approve(struct heng_store *store, int64_t scope, int64_t task_id,
                                           const struct heng_hand *hand, struct heng_err *err);
HENG_NODISCARD heng_rc heng_supply_drop(struct heng_store *store, int64_t scope, int64_t task_id,
                                        const struct heng_hand *hand, const char *reason, struct heng_err *err);
HENG_NODISCARD heng_rc heng_supply_keep(struct heng_store *store, int64_t scope, int64_t account_id, heng_us until_us,
                                        const struct heng_hand *hand, const char *reason, struct heng_err *err);
/* A failed one is tried again. */
HENG_NODISCARD heng_rc heng_supply_retry(struct heng_store *store, int64_t scope, int64_t task_id,
                                         const struct heng_hand *hand, struct heng_err *err);

#endif
