#ifndef HENG_API_MONEY_PAY_PARTS_H
#define HENG_API_MONEY_PAY_PARTS_H
/* What the operations on payments share: their rows in the words of the contract, and templates. Inside of api/money/
 * only. */
#include "api/money/change.h"
#include "pay/file.h"
#include "pay/order.h"

struct heng_api_pay_order heng_api_pay_order_from(struct heng_api_call *call, const struct heng_pay_order *o);
struct heng_api_pay_notice heng_api_pay_notice_from(struct heng_api_call *call, const struct heng_pay_notice *n);
struct heng_api_pay_file heng_api_pay_file_from(struct heng_api_call *call, const struct heng_pay_file *f);

/* A template that was put, or the built-in one of a channel. Errors: ENOTFOUND; EFORMAT. */
heng_rc heng_api_pay_template(struct heng_arena *arena, struct heng_store_reader *reader, const char *name,
                              struct heng_pay_template *ret, struct heng_err *err);
/* Was the file taken? Errors: ECONFLICT it was refused, with the reason. */
heng_rc heng_api_pay_file_told(struct heng_api_call *call, int64_t file_id, struct heng_err *err);

/* A file that came in, in the arena. Errors: EIO, ENOMEM; ERANGE it is empty. */
heng_rc heng_api_upload_read(struct heng_api_call *call, const struct heng_api_upload *upload, struct heng_slice *ret,
                             struct heng_err *err);

/* An answer that is a file with these bytes. name: plain ASCII; "": it is shown. Errors: EIO. */
heng_rc heng_api_file_of(struct heng_api_call *call, struct heng_slice bytes, const char *type, const char *name,
                         struct heng_api_file *ret, struct heng_err *err);

#endif
