#ifndef HENG_PAPER_PDF_H
#define HENG_PAPER_PDF_H
/* A document as PDF: text in all scripts of our languages (cairo, pango; Noto CJK where it is installed), tables that
 * go on over pages with their header, page numbers. The same document gives the same bytes. */
#include "paper/document.h"

enum { HENG_PDF_MAX = 64 << 20 };

/* Appends to ret. Errors: ELIMIT over ret->max or over 2,000 pages, ENOMEM, EIO what cairo says. */
HENG_NODISCARD heng_rc heng_paper_pdf(const struct heng_paper *paper, struct heng_str *ret, struct heng_err *err);

/* Give back what fonts keep for the next document, at the end of a program: nothing is drawn after it. */
void heng_paper_end(void);

#endif
