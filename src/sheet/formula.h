#ifndef HENG_SHEET_FORMULA_H
#define HENG_SHEET_FORMULA_H
/* Text that a spreadsheet would run when it opens a .csv: it begins with = + - @ TAB CR LF, or their full-width forms.
 * The writer puts an apostrophe before it, the reader takes one away. So that text which begins with apostrophes and
 * then such a character stays what it was, it gets one, too. */
#include "base/slice.h"

static inline bool heng_formula_dangerous(struct heng_slice text)
{
    static const uint8_t full_width[] = {0x9D, 0x8B, 0x8D, 0xA0};
    size_t i = 0;
    while (i < text.n && text.p[i] == '\'') i++;
    if (i == text.n) return false;
    if (text.p[i] && strchr("=+-@\t\r\n", text.p[i])) return true;
    /* U+FF1D U+FF0B U+FF0D U+FF20, EF BC and one of these: Excel in East Asia takes them for the same */
    return text.n - i >= 3 && text.p[i] == 0xEF && text.p[i + 1] == 0xBC &&
           memchr(full_width, text.p[i + 2], sizeof full_width);
}

/* Has the apostrophe before it. */
static inline bool heng_formula_guarded(struct heng_slice text)
{
    return text.n > 1 && text.p[0] == '\'' && heng_formula_dangerous(text);
}

#endif
