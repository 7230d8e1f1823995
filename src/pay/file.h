#ifndef HENG_PAY_FILE_H
#define HENG_PAY_FILE_H
/* Files of banks: what is owed goes out as a batch, its result comes back line by line, payments at the bank's counters
 * come in. A file is taken as a whole or not at all; one that is refused is kept with the reason. In the writer's open
 * transaction. */
#include "pay/order.h"
#include "pay/template.h"

struct heng_pay_file_ask {
    int64_t org_id;
    const char *name;  /* of the file, for people */
    const char *batch; /* of a result or statement whose lines do not say it; NULL: they do */
    int32_t day;       /* that the file is of; 0: it says so itself, else today */
};

/* What became of a file. state REFUSED: nothing of it was booked, file.why says why. */
struct heng_pay_file_done {
    struct heng_pay_file file;
    int64_t paid, failed, unclear;    /* lines */
    int64_t booked;                   /* smallest units */
    char currency[HENG_CURRENCY_MAX]; /* that its template says; "": of the accounts */
};

/* A batch of all bills of accounts that agreed to withholding that are due by a day; ret_text is the file to send. The
 * bills are locked until the result is here. only: accounts whose id is in the list, n 0: all. Errors: ENOTFOUND
 * nothing is owed; EFORMAT, ELIMIT what does not fit the template. */
HENG_NODISCARD heng_rc heng_pay_withhold(struct heng_store *store, const struct heng_pay_template *form,
                                         const struct heng_pay_file_ask *ask, int32_t due_by,
                                         const struct heng_hand *hand, struct heng_pay_file *ret,
                                         struct heng_str *ret_text, struct heng_err *err);
/* The failed lines of an answered batch once more, as a new one. */
HENG_NODISCARD heng_rc heng_pay_present_again(struct heng_store *store, const struct heng_pay_template *form,
                                              const struct heng_pay_file_ask *ask, int64_t file_id,
                                              const struct heng_hand *hand, struct heng_pay_file *ret,
                                              struct heng_str *ret_text, struct heng_err *err);
/* The bank has the batch. Errors: ENOTFOUND; ECONFLICT it is no open batch. */
HENG_NODISCARD heng_rc heng_pay_sent(struct heng_store *store, int64_t scope, int64_t file_id,
                                     const struct heng_hand *hand, struct heng_pay_file *ret, struct heng_err *err);

/* Take a file in: withhold-in or payments-in, as its template says; statement-in only by heng_pay_reconcile. A file
 * that was taken before, or whose count, total, batch or lines do not fit, is refused. Errors: those of the store only.
 */
HENG_NODISCARD heng_rc heng_pay_import(struct heng_store *store, const struct heng_pay_template *form,
                                       const struct heng_pay_file_ask *ask, struct heng_slice bytes,
                                       const struct heng_hand *hand, struct heng_pay_file_done *ret,
                                       struct heng_err *err);

/* Read a file by its template and keep it: state TAKEN, or REFUSED with the reason (then table is empty). Shared with
 * reconcile.c. Errors: those of the store only. */
HENG_NODISCARD heng_rc heng_pay_file_keep(struct heng_store *store, const struct heng_pay_template *form,
                                          const struct heng_pay_file_ask *ask, struct heng_slice bytes,
                                          const struct heng_hand *hand, struct heng_arena *arena,
                                          struct heng_pay_file *ret, struct heng_pay_table *table,
                                          struct heng_err *err);
/* A file that came is kept as refused. */
HENG_NODISCARD heng_rc heng_pay_file_refuse(struct heng_store *store, struct heng_pay_file *file,
                                            struct heng_slice bytes, const char *why, struct heng_err *err);

#endif
