#ifndef HENG_PAPER_RECEIPT_H
#define HENG_PAPER_RECEIPT_H
/* A receipt as a document: of a sale, a payment, a refund, a reversal ... In figures and, in Chinese, in capital
 * characters; a copy says that it is one and the how manieth. */
#include "paper/document.h"
#include "store/money/cash.h"

/* number: how often this receipt is printed with this one; 1 is the original (heng_store_printed).
 * Errors: ENOTFOUND (for who asks), ELIMIT, EIO. */
HENG_NODISCARD heng_rc heng_paper_receipt(struct heng_store_reader *reader, int64_t scope,
                                          const struct heng_receipt_row *receipt, uint32_t number,
                                          struct heng_paper *paper, struct heng_err *err);

#endif
