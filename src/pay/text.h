#ifndef HENG_PAY_TEXT_H
#define HENG_PAY_TEXT_H
/* What messages and files of channels are made of: amounts, moments, forms, base64, charsets. Pure; the input may be
 * anything. */
#include "base/buf.h"
#include "base/time.h"

/* "998.62" with at most `places` digits behind the point to a whole number of 10^-places, exactly (PY-C8). Blanks
 * around it and one sign are taken. Errors: EFORMAT, ERANGE. */
HENG_NODISCARD heng_rc heng_pay_amount(struct heng_slice text, unsigned places, int64_t *ret, struct heng_err *err);
/* "998.62", "-0.05"; always so many places. ret: at least 24 bytes. */
enum { HENG_PAY_AMOUNT_TEXT_MAX = 24 };
void heng_pay_amount_text(int64_t amount, unsigned places, char ret[HENG_AT_LEAST(HENG_PAY_AMOUNT_TEXT_MAX)]);

/* "2024-11-01T12:01:08+08:00", or with Z. Errors: EFORMAT. */
HENG_NODISCARD heng_rc heng_pay_moment(struct heng_slice text, heng_us *ret, struct heng_err *err);
/* "2024-11-01 12:03:11" or "20241101120311", local time that many seconds east of UTC. Errors: EFORMAT. */
HENG_NODISCARD heng_rc heng_pay_local_moment(struct heng_slice text, int32_t east_s, heng_us *ret,
                                             struct heng_err *err);

/* Base64 with padding, nothing else between. Errors: EFORMAT, ELIMIT. */
HENG_NODISCARD heng_rc heng_pay_base64(struct heng_slice text, struct heng_buf *ret, struct heng_err *err);
void heng_pay_base64_text(struct heng_slice bytes, struct heng_str *out);

/* The parameters of a form (a=1&b=%E7), decoded into memory, sorted by name. Errors: EFORMAT, ELIMIT. */
enum { HENG_PAY_PARAMS_MAX = 64 };
struct heng_pay_param {
    struct heng_slice name, value;
};
struct heng_pay_form {
    size_t n;
    struct heng_pay_param params[HENG_PAY_PARAMS_MAX];
};
HENG_NODISCARD heng_rc heng_pay_form_read(struct heng_slice body, struct heng_buf *memory, struct heng_pay_form *ret,
                                          struct heng_err *err);
void heng_pay_form_sort(struct heng_pay_form *form);
/* Empty when there is none of the name. */
struct heng_slice heng_pay_form_get(const struct heng_pay_form *form, const char *name);
/* name=value joined by &, in their order, without the names of the list (NULL at its end) and without empty ones. */
void heng_pay_form_join(const struct heng_pay_form *form, const char *const *without, struct heng_str *out);
/* The same as the body of a request. */
void heng_pay_form_write(const struct heng_pay_form *form, struct heng_str *out);

/* Between UTF-8 and another charset ("GBK"). Errors: EFORMAT with the offset, ELIMIT, EUNSUPPORTED. */
HENG_NODISCARD heng_rc heng_pay_recode(struct heng_slice text, const char *from, const char *to, struct heng_str *out,
                                       struct heng_err *err);

/* A copy as text, when it fits and holds no NUL and no control character. Errors: EFORMAT with what. */
HENG_NODISCARD heng_rc heng_pay_copy(struct heng_slice from, const char *what, char *ret, size_t cap,
                                     struct heng_err *err);

#endif
