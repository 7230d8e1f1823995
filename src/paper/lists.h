#ifndef HENG_PAPER_LISTS_H
#define HENG_PAPER_LISTS_H
/* Lists for people as .xlsx: ids as text, money as numbers of two places, days as days. The rows and their totals come
 * from the database as they are; nothing is added up here. docs/documents.md tells the columns. */
#include "bill/explain.h"
#include "paper/words.h"
#include "store/money/print.h"

/* Days [from_day, to_day) of the ask; its moments are set here by the clock of the site. ret_rows: written, without
 * totals. Errors: ECONFIG the period; EIO, ELIMIT, ENOMEM; after one there is no file. */
HENG_NODISCARD heng_rc heng_paper_list(struct heng_store_reader *reader, const struct heng_list_ask *ask,
                                       heng_language language, const char *path, int64_t *ret_rows,
                                       struct heng_err *err);

#endif
