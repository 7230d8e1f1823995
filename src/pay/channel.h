#ifndef HENG_PAY_CHANNEL_H
#define HENG_PAY_CHANNEL_H
/* A payment channel as a struct of functions: it makes requests as bytes and takes messages as bytes; who sends them is
 * not its business. Nothing it says is believed before its signature over the raw bytes is. */
#include "pay/sign.h"
#include "pay/text.h"
#include "store/money/pay.h"

enum { HENG_PAY_MERCHANT_MAX = 40, HENG_PAY_URL_MAX = 256, HENG_PAY_PLATFORM_MAX = 4, HENG_PAY_PATH_MAX = 256 };

/* What the site knows of its contract with a channel. The keys are read from files of the paths in the settings. Two
 * platform keys are valid side by side while the channel changes its own. */
struct heng_pay_setup {
    char merchant[HENG_PAY_MERCHANT_MAX], app[HENG_PAY_MERCHANT_MAX], serial[HENG_PAY_TRANSACTION_MAX];
    char notify_url[HENG_PAY_URL_MAX];
    struct evp_pkey_st *key; /* ours; NULL: nothing can be sent */
    bool has_secret;
    uint8_t secret[32]; /* APIv3 key of WeChat */
    size_t platform_count;
    struct {
        char serial[HENG_PAY_TRANSACTION_MAX];
        struct evp_pkey_st *key;
    } platform[HENG_PAY_PLATFORM_MAX];
};
/* The channel's member of the setting "pay" (docs/payments.md), with its keys. name: whose.
 * Errors: ENOTFOUND the setting has no such channel; EFORMAT; those of the key files. */
HENG_NODISCARD heng_rc heng_pay_setup_read(struct heng_slice json, const char *name, struct heng_pay_setup *ret,
                                           struct heng_err *err);
void heng_pay_setup_fini(struct heng_pay_setup *setup);

/* A message that came in: its headers and its body as they came. */
struct heng_pay_header {
    struct heng_slice name, value;
};
struct heng_pay_in {
    const struct heng_pay_header *headers;
    size_t header_count;
    struct heng_slice body;
};
/* Empty when there is none; names are compared without case. */
struct heng_slice heng_pay_in_header(const struct heng_pay_in *in, const char *name);

/* A message that goes out. path: with its query, no host. headers: lines "Name: value" that end with CR LF. */
struct heng_pay_out {
    char method[8];
    struct heng_str path, headers, body;
};
void heng_pay_out_init(struct heng_pay_out *out);
void heng_pay_out_fini(struct heng_pay_out *out);

/* X(symbol) What a verified message says. */
#define HENG_PAY_EVENT_LIST(X)                                                                                         \
    X(NOTHING) /* nothing that moves an order */                                                                       \
    X(PAID)                                                                                                            \
    X(CLOSED)                                                                                                          \
    X(REFUNDED)                                                                                                        \
    X(REFUND_FAILED)
typedef enum heng_pay_event_kind {
#define X(symbol) HENG_PAY_EVENT_##symbol,
    HENG_PAY_EVENT_LIST(X)
#undef X
} heng_pay_event_kind;

/* key: the message's own number. amount: of the payment; refund_amount: of the refund, or of all refunds of the order
 * up to now when refund_is_total (Alipay). */
struct heng_pay_event {
    heng_pay_event_kind kind;
    char key[HENG_PAY_TRANSACTION_MAX];
    char order_number[HENG_PAY_NUMBER_MAX], refund_number[HENG_PAY_NUMBER_MAX];
    char transaction_id[HENG_PAY_TRANSACTION_MAX];
    int64_t amount, refund_amount;
    bool refund_is_total;
    char currency[HENG_CURRENCY_MAX];
    heng_us at_us;
};

/* When and by which chance a request is signed. */
struct heng_pay_stamp {
    heng_us now_us;
    char nonce[HENG_PAY_NONCE_MAX];
};

/* Verify and read. Errors: EDENIED not the channel's, or for somebody else; EFORMAT. */
typedef heng_rc heng_pay_read(const struct heng_pay_setup *setup, const struct heng_pay_in *in, heng_us now_us,
                              struct heng_pay_event *ret, struct heng_err *err);

/* request, query, refund, notice: NULL where a channel has no such thing. answer: the body that says "understood";
 * again: the one that asks to be told once more. */
struct heng_pay_channel {
    const char *name, *answer, *again;
    heng_rc (*request)(const struct heng_pay_setup *setup, const struct heng_pay_order *order, const char *what,
                       const struct heng_pay_stamp *stamp, struct heng_pay_out *out, struct heng_err *err);
    heng_rc (*query)(const struct heng_pay_setup *setup, const struct heng_pay_order *order,
                     const struct heng_pay_stamp *stamp, struct heng_pay_out *out, struct heng_err *err);
    heng_rc (*refund)(const struct heng_pay_setup *setup, const struct heng_pay_order *order,
                      const struct heng_pay_refund *refund, const struct heng_pay_stamp *stamp,
                      struct heng_pay_out *out, struct heng_err *err);
    heng_pay_read *notice, *answered; /* answered: the signed answer to a query */
    const char *bill_template;        /* of its daily file (template.h); NULL: none is built in */
};
extern const struct heng_pay_channel heng_pay_cash, heng_pay_bank, heng_pay_wechat, heng_pay_alipay, heng_pay_unionpay;
extern const char heng_pay_wechat_bill[], heng_pay_alipay_bill[];
/* "cash", "wechat", "alipay", "unionpay"; "bank" and all that begins with "bank-" is a bank that sends files. NULL:
 * none. */
const struct heng_pay_channel *heng_pay_channel_of(const char *name);

/* SHA-256 of the body in hex: the key of a message that has none of its own. */
void heng_pay_key_of(const struct heng_pay_in *in, char ret[HENG_AT_LEAST(HENG_PAY_TRANSACTION_MAX)]);

#endif
