#ifndef HENG_PAPER_ESCP_H
#define HENG_PAPER_ESCP_H
/* A document for a printer with 24 pins and 80 columns: ESC/P, Chinese as GB18030 in double-byte mode, continuous paper
 * of 241 mm in thirds of 11 inches (22 lines of 1/6 inch).
 * Source: Epson LQ and GQ-3500 manuals (ESC @, ESC 2, ESC C n, FF); FS & and FS . for double bytes: common practice. */
#include "paper/document.h"

/* left: columns to leave free, for the calibration of a desk's printer. lines: of a form. */
struct heng_escp {
    uint8_t columns, lines, left, top;
};
static inline struct heng_escp heng_escp_third(void)
{
    struct heng_escp form = {80, 22, 0, 0};
    return form;
}

/* Appends the bytes; lines beyond a form go on the next. Errors: ELIMIT, ENOMEM; EFORMAT a text that is no UTF-8.
 * A character that GB18030 does not have is printed as '?'. */
HENG_NODISCARD heng_rc heng_paper_escp(const struct heng_paper *paper, const struct heng_escp *form,
                                       struct heng_str *ret, struct heng_err *err);

#endif
