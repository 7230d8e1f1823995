#include "billing/bundle.h"

#include <stdio.h>

#include "billing/bill.h"
#include "billing/charge_recompute.h"
#include "billing/trace.h"

enum { BLOCK = 512, NAME_MAX_BYTES = 64, AUDIT_MAX = 256, MEMORY_MAX = 256 << 20, FILE_BYTES_MAX = 256 << 20 };

static const char readme[] =
    "Heng (衡)\n\n"
    "bill.json        the bill, each charge with lines, steps, trace, readings and raw frames; amounts in the smallest "
    "unit\n"
    "ask-N.json       what charge N was worked out from: usage, contract, used tiers, the tariff as it was\n"
    "usage-N.csv      the days of usage of charge N\n"
    "audit.json       who did what with this bill\n"
    "proof.json       the seal's proof, where there is one\n"
    "SHA256SUMS       digests of these files\n\n"
    "English: sha256sum -c SHA256SUMS says that nothing was changed since. 'heng rate --explain en ask-N.json' works "
    "the "
    "charge\nout again; its lines are those of bill.json. 'heng decode HEX' says what a frame of the meter says.\n\n"
    "中文: 运行 sha256sum -c SHA256SUMS 可核对文件未被改动。运行 heng rate --explain zh ask-N.json 可重新计算, "
    "结果应与 bill.json 的\n各行一致。运行 heng decode HEX 可解读电表(水表、热表)的原始报文。\n\n"
    "Deutsch: 'sha256sum -c SHA256SUMS' zeigt, dass nichts geändert wurde. 'heng rate --explain de ask-N.json' rechnet "
    "neu;\nes kommen die Zeilen von bill.json heraus. 'heng decode HEX' sagt, was ein Telegramm des Zählers "
    "bedeutet.\n";

struct tar {
    struct heng_str *out, sums;
    struct heng_err *err;
};

/* ustar: 0 name, 100 mode, 108 uid, 116 gid, 124 size, 136 mtime, 148 checksum, 156 type, 257 magic and version;
 * numbers are octal text. Source: POSIX.1-2017, pax, ustar Interchange Format. No owner and no time: the same bytes
 * each time. */
static heng_rc add_file(struct tar *tar, const char *name, const char *bytes, size_t n)
{
    char head[BLOCK] = {0}, zeros[BLOCK] = {0}, hex[65];
    uint8_t sha[32];
    unsigned sum = 0;
    snprintf(head, 100, "%s", name);
    memcpy(head + 100, "0000644", 8);
    memcpy(head + 108, "0000000", 8);
    memcpy(head + 116, "0000000", 8);
    snprintf(head + 124, 12, "%011zo", n);
    memcpy(head + 136, "00000000000", 12);
    memset(head + 148, ' ', 8);
    head[156] = '0';
    memcpy(head + 257,
           "ustar\0"
           "00",
           8);
    for (size_t i = 0; i < BLOCK; i++) sum += (unsigned char)head[i];
    snprintf(head + 148, 8, "%06o", sum);
    heng_str_put(tar->out, head, BLOCK);
    heng_str_put(tar->out, bytes, n);
    if (n % BLOCK) heng_str_put(tar->out, zeros, BLOCK - n % BLOCK);
    if (EVP_Digest(bytes, n, sha, NULL, EVP_sha256(), NULL) != 1)
        return heng_fail(tar->err, HENG_ENOMEM, 0, "out of memory for a digest");
    for (size_t i = 0; i < 32; i++) snprintf(hex + 2 * i, 3, "%02x", sha[i]);
    heng_str_fmt(&tar->sums, "%s  %s\n", hex, name);
    return tar->out->rc == HENG_OK ? HENG_OK : heng_fail(tar->err, tar->out->rc, 0, "the bundle is too large");
}

static heng_rc add_text(struct tar *tar, const char *name, struct heng_str *text)
{
    if (text->rc != HENG_OK) return heng_fail(tar->err, text->rc, 0, "'%s' is too large", name);
    return add_file(tar, name, text->n ? text->text : "", text->n);
}

/* --- days of usage ----------------------------------------------------------------------------------------------- */

struct days {
    struct heng_str *out;
    int64_t channel_id;
};

static heng_rc each_day(void *ctx, const struct heng_charge_day *day)
{
    struct days *days = ctx;
    char date[HENG_DATE_TEXT_MAX], amount[HENG_DEC_TEXT_MAX];
    heng_date_format(day->day, date);
    (void)heng_dec_format((struct heng_dec){day->amount, day->exp}, amount);
    heng_str_fmt(days->out, "%lld,%s,%s,%s,%s,%u,%u,", (long long)days->channel_id, date, amount,
                 heng_trust_text((heng_trust)day->trust), heng_method_text((heng_method)day->method), day->count,
                 day->missing);
    for (size_t i = 0; i < day->packed.n; i++) heng_str_fmt(days->out, "%02X", day->packed.p[i]);
    heng_str_put(days->out, "\n", 1);
    return HENG_OK;
}

static heng_rc add_usage(struct heng_charger *charger, struct tar *tar, const struct heng_charge *charge, size_t number,
                         struct heng_arena *arena)
{
    struct heng_str text = {.max = FILE_BYTES_MAX};
    struct heng_trace trace;
    struct heng_err ignored; /* a trace that is none is told by bill.json */
    char name[NAME_MAX_BYTES];
    heng_rc rc = HENG_OK;
    if (heng_trace_read(charge->trace, arena, &trace, &ignored) != HENG_OK) return HENG_OK;
    heng_str_fmt(&text, "channel,day,amount,trust,method,intervals,missing,packed\n");
    for (size_t i = 0; rc == HENG_OK && i < trace.row_count; i++) {
        struct days days = {&text, trace.rows[i].channel_id};
        rc = heng_charge_facts_days(charger->facts, trace.rows[i].channel_id, trace.rows[i].from, trace.rows[i].to,
                                    each_day, &days, tar->err);
    }
    snprintf(name, sizeof name, "usage-%zu.csv", number);
    if (rc == HENG_OK) rc = add_text(tar, name, &text);
    heng_str_fini(&text);
    return rc;
}

static heng_rc add_charge(struct heng_charger *charger, struct tar *tar, const struct heng_charge *charge,
                          size_t number, struct heng_arena *arena)
{
    struct heng_str form = {.max = FILE_BYTES_MAX};
    char name[NAME_MAX_BYTES];
    snprintf(name, sizeof name, "ask-%zu.json", number);
    heng_rc rc = HENG_OK;
    if (charge->kind == HENG_CHARGE_USAGE)
        rc = heng_charge_form(charger, charge->ask, &form, tar->err);
    else
        heng_str_put(&form, (const char *)charge->ask.p, charge->ask.n);
    if (rc == HENG_ECONFLICT) { /* an edition is gone: the ask as it is, bill.json says what differs */
        heng_str_clear(&form);
        heng_str_put(&form, (const char *)charge->ask.p, charge->ask.n);
        rc = HENG_OK;
    }
    if (rc == HENG_OK) rc = add_text(tar, name, &form);
    heng_str_fini(&form);
    return rc == HENG_OK && charge->kind == HENG_CHARGE_USAGE ? add_usage(charger, tar, charge, number, arena) : rc;
}

/* --- who did what ------------------------------------------------------------------------------------------------ */

static heng_rc each_audit(void *ctx, const struct heng_audit *audit, struct heng_slice before, struct heng_slice after)
{
    struct heng_json *json = ctx;
    heng_json_object(json);
    heng_json_key(json, "at");
    heng_json_time(json, audit->at_us);
    heng_json_key(json, "who");
    heng_json_text(json, audit->who);
    heng_json_key(json, "second");
    heng_json_text(json, audit->second);
    heng_json_key(json, "action");
    heng_json_text(json, audit->action);
    heng_json_key(json, "reason");
    heng_json_text(json, audit->reason);
    heng_json_key(json, "before");
    heng_json_text_n(json, before.n ? (const char *)before.p : "", before.n);
    heng_json_key(json, "after");
    heng_json_text_n(json, after.n ? (const char *)after.p : "", after.n);
    heng_json_end_object(json);
    return HENG_OK;
}

static heng_rc add_audit(struct heng_charger *charger, struct tar *tar, const struct heng_bill *bill)
{
    struct heng_str text = {.max = FILE_BYTES_MAX};
    struct heng_json json = heng_json_of(&text);
    heng_json_array(&json);
    heng_rc rc = heng_store_each_audit(charger->reader, 0, 0, "bill", bill->id, AUDIT_MAX, each_audit, &json, tar->err);
    heng_json_end_array(&json);
    if (rc == HENG_OK) rc = add_text(tar, "audit.json", &text);
    heng_str_fini(&text);
    return rc;
}

static heng_rc add_proof(struct tar *tar, const struct heng_bill *bill, heng_bundle_proof *proof, void *ctx)
{
    struct heng_str text = {.max = FILE_BYTES_MAX};
    heng_rc rc = HENG_OK;
    if (proof && proof(ctx, bill, &text)) rc = add_text(tar, "proof.json", &text);
    heng_str_fini(&text);
    return rc;
}

heng_rc heng_bill_bundle(struct heng_charger *charger, const struct heng_bill *bill, struct heng_bill_explanation *how,
                         heng_bundle_proof *proof, void *proof_ctx, struct heng_str *out, struct heng_err *err)
{
    static const char end[2 * BLOCK];
    struct heng_arena arena = {.max = MEMORY_MAX};
    struct heng_str text = {.max = FILE_BYTES_MAX};
    struct tar tar = {.out = out, .sums = {.max = FILE_BYTES_MAX}, .err = err};
    struct heng_charge *charges = NULL;
    size_t n = 0;
    heng_rc rc = add_file(&tar, "README.txt", readme, sizeof readme - 1);
    if (rc == HENG_OK) rc = heng_bill_explain_json(charger, bill, how, &text, err);
    if (rc == HENG_OK) rc = add_text(&tar, "bill.json", &text);
    if (rc == HENG_OK) rc = heng_bill_charges(charger->reader, bill, &arena, &charges, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) rc = add_charge(charger, &tar, &charges[i], i + 1, &arena);
    if (rc == HENG_OK) rc = add_audit(charger, &tar, bill);
    if (rc == HENG_OK) rc = add_proof(&tar, bill, proof, proof_ctx);
    heng_str_clear(&text);
    if (rc == HENG_OK) heng_str_put(&text, tar.sums.text, tar.sums.n);
    if (rc == HENG_OK) rc = add_text(&tar, "SHA256SUMS", &text);
    if (rc == HENG_OK) heng_str_put(out, end, sizeof end);
    heng_str_fini(&text);
    heng_str_fini(&tar.sums);
    heng_arena_fini(&arena);
    return rc == HENG_OK && out->rc != HENG_OK ? heng_fail(err, out->rc, 0, "the bundle is too large") : rc;
}
