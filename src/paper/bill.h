#ifndef HENG_PAPER_BILL_H
#define HENG_PAPER_BILL_H
/* A bill as a document: who, for what, every line with quantity and price, tax, what is to pay. */
#include "paper/document.h"
#include "store/money/accounts.h"
#include "store/money/bills.h"

/* Whose paper it is: settings letterhead and letterhead_<org key>, lines of text; the first is the name. Errors: EIO.
 */
enum { HENG_LETTERHEAD_MAX = 512 };
HENG_NODISCARD heng_rc heng_paper_sender(struct heng_store_reader *reader, int64_t org_id,
                                         char ret[HENG_AT_LEAST(HENG_LETTERHEAD_MAX)], struct heng_err *err);

/* Into a document that was begun. language: of the document. Errors: ENOTFOUND (for who asks), ELIMIT, EIO. */
HENG_NODISCARD heng_rc heng_paper_bill(struct heng_store_reader *reader, int64_t scope, int64_t bill_id,
                                       struct heng_paper *paper, struct heng_err *err);

#endif
