#ifndef HENG_PREPAID_SUPPLY_PARTS_H
#define HENG_PREPAID_SUPPLY_PARTS_H
/* What the files of supply have in common. Inside of prepaid/ only. */
#include "prepaid/guard.h"
#include "prepaid/supply.h"
#include "prepaid/text.h"

/* All that speaks for and against a cut, as the reader sees it. */
HENG_NODISCARD heng_rc heng_supply_facts(struct heng_store_reader *reader, const struct heng_prepaid_site *site,
                                         const struct heng_supply_task *task, heng_us now_us,
                                         struct heng_guard_facts *ret, struct heng_err *err);

/* A notice to the account, once by its key. t: without what the account says. */
HENG_NODISCARD heng_rc heng_prepaid_tell(struct heng_store *store, const struct heng_account *account, heng_tell tell,
                                         const char *key, struct heng_telling *telling, heng_us now_us, int64_t *ret_id,
                                         struct heng_err *err);

/* Postpaid accounts with bills that are overdue for long: cuts are prepared and told. In pieces, behind *after_book_id,
 * which is 0 again at the end. */
HENG_NODISCARD heng_rc heng_supply_arrears(struct heng_store *store, const struct heng_prepaid_site *site,
                                           heng_us now_us, int64_t *after_book_id, uint32_t *ret_tasks,
                                           struct heng_err *err);

#endif
