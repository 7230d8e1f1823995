#ifndef HENG_PAY_TEMPLATE_H
#define HENG_PAY_TEMPLATE_H
/* Files of banks and channels, read and written by a template: a JSON text that says charset, separator or widths, how
 * amounts and dates look, which fields stand in head, lines and tail, and what the codes mean (docs/payments.md). Pure,
 * but for the arena. */
#include "base/arena.h"
#include "pay/text.h"
#include "store/money/pay_files.h"

/* X(symbol, text) */
#define HENG_PAY_FIELD_LIST(X)                                                                                         \
    X(TEXT, "text") /* always the same */                                                                              \
    X(SKIP, "skip")                                                                                                    \
    X(SEQUENCE, "sequence") /* number of the line, from 1 */                                                           \
    X(BATCH, "batch")                                                                                                  \
    X(COUNT, "count")                                                                                                  \
    X(TOTAL, "total")               /* of the amounts */                                                               \
    X(REFUND_TOTAL, "refund-total") /* of the refunds */                                                               \
    X(DATE, "date")                                                                                                    \
    X(AMOUNT, "amount")                                                                                                \
    X(REFUND, "refund") /* money back to the customer, above zero */                                                   \
    X(FEE, "fee")                                                                                                      \
    X(ORDER, "order")             /* our number */                                                                     \
    X(TRANSACTION, "transaction") /* theirs */                                                                         \
    X(ACCOUNT, "account")         /* our customer's number */                                                          \
    X(BANK, "bank")               /* the customer's bank account */                                                    \
    X(NAME, "name")                                                                                                    \
    X(BILL, "bill") /* our number of the bill */                                                                       \
    X(RESULT, "result")
typedef enum heng_pay_field_kind {
#define X(symbol, text) HENG_PAY_FIELD_##symbol,
    HENG_PAY_FIELD_LIST(X)
#undef X
        HENG_PAY_FIELD_COUNT_OF
} heng_pay_field_kind;

const char *heng_pay_field_text(heng_pay_field_kind kind);

enum {
    HENG_PAY_FIELD_MAX = 48,
    HENG_PAY_VALUE_MAX = 128,
    HENG_PAY_CODES_MAX = 32,
    HENG_PAY_ROWS_MAX = 200000,
};

/* width 0: up to the separator. pad: what fills it, before the value when left. */
struct heng_pay_field {
    heng_pay_field_kind kind;
    uint16_t width;
    bool left;
    char pad;
    char text[HENG_PAY_FIELD_MAX], column[HENG_PAY_FIELD_MAX]; /* column: name in the line of names */
};
struct heng_pay_part {
    size_t n;
    struct heng_pay_field fields[HENG_PAY_FIELD_MAX];
};
struct heng_pay_code {
    char code[HENG_PAY_RESULT_MAX], result[HENG_PAY_RESULT_MAX], text[64];
};
struct heng_pay_template {
    char channel[HENG_CHANNEL_MAX], charset[16], separator[4];
    heng_pay_file_kind kind;
    char comment, strip; /* lines that begin so are none; taken off the beginning of each value; 0: none */
    bool crlf, names, tail_names;
    unsigned places;                  /* of amounts: 2 in yuan, 0 in fen */
    char currency[HENG_CURRENCY_MAX]; /* of all amounts; "": of the account, CNY where there is none */
    char date[12];                    /* "YYYY-MM-DD", "YYYYMMDD", "DD.MM.YYYY" */
    struct heng_pay_part head, line, tail;
    size_t code_count;
    struct heng_pay_code codes[HENG_PAY_CODES_MAX];
};
/* Errors: EFORMAT with the path of the field. */
HENG_NODISCARD heng_rc heng_pay_template_read(struct heng_slice json, struct heng_pay_template *ret,
                                              struct heng_err *err);

/* One line. amount, refund, fee: smallest units. result: by the codes, "" when the file has none. */
struct heng_pay_row {
    char order[HENG_PAY_NUMBER_MAX], transaction[HENG_PAY_TRANSACTION_MAX], account[HENG_PAY_ACCOUNT_MAX];
    char bank[HENG_PAY_ACCOUNT_MAX], name[HENG_PAY_VALUE_MAX], bill[HENG_PAY_NUMBER_MAX];
    char result[HENG_PAY_RESULT_MAX], why[64];
    int64_t amount, refund, fee;
    int32_t day; /* 0: the file does not say */
};
struct heng_pay_table {
    char batch[HENG_PAY_BATCH_MAX];
    int32_t day;
    int64_t total, refund_total; /* of the rows */
    size_t n;
    struct heng_pay_row *rows;
};
/* Reads a whole file, or nothing of it. Rows live in the arena.
 * Errors: EFORMAT with line and field; ECONFLICT count or total of head or tail are not those of the lines. */
HENG_NODISCARD heng_rc heng_pay_table_read(const struct heng_pay_template *form, struct heng_slice bytes,
                                           struct heng_arena *arena, struct heng_pay_table *ret, struct heng_err *err);
/* Writes one. Errors: ELIMIT a value does not fit its width (which is said); EFORMAT not in the charset. */
HENG_NODISCARD heng_rc heng_pay_table_write(const struct heng_pay_template *form, const struct heng_pay_table *table,
                                            struct heng_str *out, struct heng_err *err);

#endif
