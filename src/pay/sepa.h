#ifndef HENG_PAY_SEPA_H
#define HENG_PAY_SEPA_H
/* SEPA direct debits: account numbers, and the file pain.008.001.02 that asks for the money. Pure. */
#include "base/buf.h"
#include "base/time.h"

/* ISO 13616: letters and digits, and 1 when taken modulo 97 with the first four at the end. Blanks are not taken. */
bool heng_pay_iban_ok(const char *iban);

/* sequence: "FRST", "RCUR", "OOFF", "FNAL". scheme: "CORE", "B2B". Amounts in cents. Days since 1970. */
struct heng_sepa_debit {
    const char *end_to_end, *mandate, *sequence, *name, *iban, *about;
    int32_t signed_day;
    int64_t amount;
};
struct heng_sepa_file {
    const char *message, *creditor, *creditor_id, *iban, *scheme;
    heng_us made_us;
    int32_t collect_day;
};
/* One payment block for each sequence type that there is; NbOfTxs and CtrlSum are those of the debits (PY-C11).
 * Errors: EFORMAT an IBAN, a name or an amount is not right: the text names the debit; ELIMIT. */
HENG_NODISCARD heng_rc heng_sepa_write(const struct heng_sepa_file *file, const struct heng_sepa_debit *debits,
                                       size_t n, struct heng_str *out, struct heng_err *err);

#endif
