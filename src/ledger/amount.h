#ifndef HENG_LEDGER_AMOUNT_H
#define HENG_LEDGER_AMOUNT_H
/* Amounts for people. In the smallest unit, of which a hundred make one (fen, cents). */
#include "base/rc.h"

#include <stddef.h>

/* "-12.05". */
enum { HENG_AMOUNT_TEXT_MAX = 24, HENG_CAPITALS_MAX = 160, HENG_CAPITALS_LIMIT = 15 };
void heng_amount_text(int64_t amount, char ret[HENG_AT_LEAST(HENG_AMOUNT_TEXT_MAX)]);

/* And back: at most two places, a sign in front. Errors: EFORMAT, ERANGE. */
HENG_NODISCARD heng_rc heng_amount_of(const char *text, int64_t *ret, struct heng_err *err);

/* In capital characters (金额大写), as on bank notes: 1409.50 is 壹仟肆佰零玖元伍角整. 零 once for zeros between, none
 * where only the jiao or the end of a group is empty before 元 (107000.53: 壹拾万柒仟元伍角叁分); 整 behind 元 and 角,
 * never behind 分. Below zero: 负 in front. UTF-8. Errors: ERANGE 10^15 yuan and more. Source: rules for filling in
 * bank notes (正确填写票据和结算凭证的基本规定), vectors PY-P3, PY-C9. */
HENG_NODISCARD heng_rc heng_amount_capitals(int64_t amount, char ret[HENG_AT_LEAST(HENG_CAPITALS_MAX)],
                                            struct heng_err *err);

#endif
