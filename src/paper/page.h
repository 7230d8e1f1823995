#ifndef HENG_PAPER_PAGE_H
#define HENG_PAPER_PAGE_H
/* A document as one HTML page to look at and to print: no script, nothing from elsewhere, everything escaped. */
#include "paper/document.h"

/* Appends to ret. Errors: ELIMIT, ENOMEM. */
HENG_NODISCARD heng_rc heng_paper_page(const struct heng_paper *paper, struct heng_str *ret, struct heng_err *err);

#endif
