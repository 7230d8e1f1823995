#include "pay/sepa.h"

#include <stdio.h>

#include "pay/text.h"

bool heng_pay_iban_ok(const char *iban)
{
    const size_t n = strlen(iban);
    unsigned rest = 0;
    if (n < 15 || n > 34) return false;
    for (size_t i = 0; i < n; i++) {
        const char c = iban[(i + 4) % n];
        const bool digit = c >= '0' && c <= '9', letter = c >= 'A' && c <= 'Z';
        const size_t place = (i + 4) % n;
        if ((!digit && !letter) || (place < 2 && !letter) || (place >= 2 && place < 4 && !digit)) return false;
        rest = digit ? (rest * 10 + (unsigned)(c - '0')) % 97 : (rest * 100 + (unsigned)(c - 'A') + 10) % 97;
    }
    return rest == 1;
}

static void escaped(const char *text, struct heng_str *out)
{
    for (; *text; text++) {
        if (*text == '&')
            heng_str_put(out, "&amp;", 5);
        else if (*text == '<')
            heng_str_put(out, "&lt;", 4);
        else if (*text == '>')
            heng_str_put(out, "&gt;", 4);
        else if (*text == '"')
            heng_str_put(out, "&quot;", 6);
        else
            heng_str_put(out, text, 1);
    }
}

static void element(const char *name, const char *text, struct heng_str *out)
{
    heng_str_fmt(out, "<%s>", name);
    escaped(text, out);
    heng_str_fmt(out, "</%s>", name);
}

static void date_element(const char *name, int32_t day, struct heng_str *out)
{
    const struct heng_civil c = heng_us_to_civil(day * HENG_US_PER_DAY);
    heng_str_fmt(out, "<%s>%04d-%02d-%02d</%s>", name, c.year, c.month, c.day, name);
}

static void sums(const struct heng_sepa_debit *debits, size_t n, const char *sequence, struct heng_str *out)
{
    char text[HENG_PAY_AMOUNT_TEXT_MAX];
    int64_t sum = 0;
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        if (!sequence || strcmp(debits[i].sequence, sequence) == 0) sum += debits[i].amount, count++;
    heng_pay_amount_text(sum, 2, text);
    heng_str_fmt(out, "<NbOfTxs>%zu</NbOfTxs><CtrlSum>%s</CtrlSum>", count, text);
}

static void write_debit(const struct heng_sepa_debit *d, struct heng_str *out)
{
    char amount[HENG_PAY_AMOUNT_TEXT_MAX];
    heng_pay_amount_text(d->amount, 2, amount);
    heng_str_fmt(out, "<DrctDbtTxInf><PmtId>");
    element("EndToEndId", d->end_to_end, out);
    heng_str_fmt(out, "</PmtId><InstdAmt Ccy=\"EUR\">%s</InstdAmt><DrctDbtTx><MndtRltdInf>", amount);
    element("MndtId", d->mandate, out);
    date_element("DtOfSgntr", d->signed_day, out);
    heng_str_fmt(out, "</MndtRltdInf></DrctDbtTx><DbtrAgt><FinInstnId><Othr><Id>NOTPROVIDED</Id></Othr></FinInstnId>"
                      "</DbtrAgt><Dbtr>");
    element("Nm", d->name, out);
    heng_str_fmt(out, "</Dbtr><DbtrAcct><Id><IBAN>%s</IBAN></Id></DbtrAcct><RmtInf>", d->iban);
    element("Ustrd", d->about, out);
    heng_str_fmt(out, "</RmtInf></DrctDbtTxInf>\n");
}

static void write_block(const struct heng_sepa_file *file, const struct heng_sepa_debit *debits, size_t n,
                        const char *sequence, struct heng_str *out)
{
    heng_str_fmt(out, "<PmtInf><PmtInfId>");
    escaped(file->message, out);
    heng_str_fmt(out, "-%s</PmtInfId><PmtMtd>DD</PmtMtd>", sequence);
    sums(debits, n, sequence, out);
    heng_str_fmt(out,
                 "<PmtTpInf><SvcLvl><Cd>SEPA</Cd></SvcLvl><LclInstrm><Cd>%s</Cd></LclInstrm><SeqTp>%s</SeqTp>"
                 "</PmtTpInf>",
                 file->scheme, sequence);
    date_element("ReqdColltnDt", file->collect_day, out);
    heng_str_fmt(out, "<Cdtr>");
    element("Nm", file->creditor, out);
    heng_str_fmt(out,
                 "</Cdtr><CdtrAcct><Id><IBAN>%s</IBAN></Id></CdtrAcct><CdtrAgt><FinInstnId><Othr><Id>NOTPROVIDED"
                 "</Id></Othr></FinInstnId></CdtrAgt><CdtrSchmeId><Id><PrvtId><Othr>",
                 file->iban);
    element("Id", file->creditor_id, out);
    heng_str_fmt(out, "<SchmeNm><Prtry>SEPA</Prtry></SchmeNm></Othr></PrvtId></Id></CdtrSchmeId>\n");
    for (size_t i = 0; i < n; i++)
        if (strcmp(debits[i].sequence, sequence) == 0) write_debit(&debits[i], out);
    heng_str_fmt(out, "</PmtInf>\n");
}

static const char *const sequences[] = {"FRST", "RCUR", "OOFF", "FNAL"};

static heng_rc check(const struct heng_sepa_file *file, const struct heng_sepa_debit *debits, size_t n,
                     struct heng_err *err)
{
    int64_t sum = 0;
    if (!heng_pay_iban_ok(file->iban)) return heng_fail(err, HENG_EFORMAT, 0, "the creditor's IBAN is not right");
    for (size_t i = 0; i < n; i++) {
        const struct heng_sepa_debit *d = &debits[i];
        const char *why = NULL;
        size_t k = 0;
        while (k < 4 && strcmp(sequences[k], d->sequence) != 0) k++;
        if (!heng_pay_iban_ok(d->iban))
            why = "the IBAN is not right";
        else if (k == 4)
            why = "the sequence is none of FRST, RCUR, OOFF, FNAL";
        else if (d->amount <= 0 || d->amount > INT64_C(99999999999))
            why = "the amount cannot be collected";
        else if (!*d->mandate || !*d->name || !*d->end_to_end || strlen(d->end_to_end) > 35)
            why = "mandate, name or end-to-end id is missing or too long";
        else if (__builtin_add_overflow(sum, d->amount, &sum))
            why = "the sum is too large";
        for (size_t other = 0; !why && other < i; other++)
            if (strcmp(debits[other].end_to_end, d->end_to_end) == 0) why = "the end-to-end id stands twice";
        if (why) return heng_fail(err, HENG_EFORMAT, (uint32_t)i, "debit '%.40s': %s", d->end_to_end, why);
    }
    return HENG_OK;
}

heng_rc heng_sepa_write(const struct heng_sepa_file *file, const struct heng_sepa_debit *debits, size_t n,
                        struct heng_str *out, struct heng_err *err)
{
    char at[HENG_TIME_TEXT_MAX];
    heng_rc rc = check(file, debits, n, err);
    if (rc != HENG_OK) return rc;
    heng_us_format(file->made_us - file->made_us % HENG_US_PER_S, at);
    heng_str_fmt(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Document "
                      "xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.008.001.02\"><CstmrDrctDbtInitn><GrpHdr>");
    element("MsgId", file->message, out);
    heng_str_fmt(out, "<CreDtTm>%s</CreDtTm>", at);
    sums(debits, n, NULL, out);
    heng_str_fmt(out, "<InitgPty>");
    element("Nm", file->creditor, out);
    heng_str_fmt(out, "</InitgPty></GrpHdr>\n");
    for (size_t k = 0; k < 4; k++) {
        size_t i = 0;
        while (i < n && strcmp(debits[i].sequence, sequences[k]) != 0) i++;
        if (i < n) write_block(file, debits, n, sequences[k], out);
    }
    heng_str_fmt(out, "</CstmrDrctDbtInitn></Document>\n");
    return out->rc == HENG_OK ? HENG_OK : heng_fail(err, out->rc, 0, "the file is too long");
}
