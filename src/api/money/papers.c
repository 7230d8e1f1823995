/* What is printed: bills, receipts, statements of heat, monthly information; and lists as sheets. */
#include "api/money/papers.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "api/upload.h"
#include "heat/apportion_run.h"
#include "paper/bill.h"
#include "paper/escp.h"
#include "paper/lists.h"
#include "paper/page.h"
#include "paper/pdf.h"
#include "paper/receipt.h"
#include "paper/statement.h"
#include "usage/quality.h"

enum { PAPER_MAX = 64 << 20, FORM_MAX = 1 << 20 };

heng_language heng_api_language(bool is, heng_api_money_language language, heng_language otherwise)
{
    return is ? heng_language_of(heng_api_money_language_text(language)) : otherwise;
}

static heng_paper_format format_of(heng_api_paper_format format)
{
    switch (format) {
    case HENG_API_PAPER_FORMAT_ROLL_80: return HENG_PAPER_ROLL_80;
    case HENG_API_PAPER_FORMAT_ROLL_58: return HENG_PAPER_ROLL_58;
    case HENG_API_PAPER_FORMAT_ESCP: return HENG_PAPER_FORM_THIRD;
    case HENG_API_PAPER_FORMAT_PDF:
    case HENG_API_PAPER_FORMAT_PAGE:
    case HENG_API_PAPER_FORMAT_COUNT: return HENG_PAPER_A4;
    }
    return HENG_PAPER_A4;
}

/* The document as the bytes that were asked for. name: without what comes behind the point. */
static heng_rc draw(struct heng_api_call *call, const struct heng_paper *paper, heng_api_paper_format format,
                    const char *name, struct heng_api_file *ret, struct heng_err *err)
{
    const struct heng_escp form = heng_escp_third();
    struct heng_str out = {.max = PAPER_MAX};
    const bool page = format == HENG_API_PAPER_FORMAT_PAGE, escp = format == HENG_API_PAPER_FORMAT_ESCP;
    const char *type = page ? "text/html;charset=utf-8" : escp ? "application/octet-stream" : "application/pdf";
    char file[HENG_API_FILE_NAME_MAX] = "";
    if (!page) snprintf(file, sizeof file, "%.60s.%s", name, escp ? "prn" : "pdf");
    heng_rc rc = page   ? heng_paper_page(paper, &out, err)
                 : escp ? heng_paper_escp(paper, &form, &out, err)
                        : heng_paper_pdf(paper, &out, err);
    if (rc == HENG_OK) rc = heng_api_file_of(call, heng_slice_of(out.text, out.n), type, file, ret, err);
    heng_str_fini(&out);
    return rc;
}

/* Of the account, so that a customer gets paper to read. */
static heng_language account_language(struct heng_api_call *call, int64_t account_id)
{
    struct heng_account account;
    struct heng_err err;
    if (heng_store_get_account(call->reader, 0, account_id, &account, &err) != HENG_OK) return HENG_LANGUAGE_EN;
    const heng_language language = heng_language_of(account.language);
    return language < HENG_LANGUAGES ? language : HENG_LANGUAGE_EN;
}

heng_rc heng_api_get_bill_document(struct heng_api_call *call, const struct heng_api_get_bill_document_params *params,
                                   struct heng_api_file *ret, struct heng_err *err)
{
    const heng_api_paper_format format = params->has_format ? params->format : HENG_API_PAPER_FORMAT_PDF;
    struct heng_paper paper;
    struct heng_bill bill;
    char name[64];
    heng_rc rc = heng_store_get_bill(call->reader, heng_api_scope(call), params->bill_id, &bill, err);
    if (rc != HENG_OK) return rc;
    snprintf(name, sizeof name, "bill-%s", bill.number[0] ? bill.number : "draft");
    heng_paper_begin(&paper, call->arena,
                     heng_api_language(params->has_language, params->language, account_language(call, bill.account_id)),
                     format_of(format), name);
    rc = heng_paper_bill(call->reader, heng_api_scope(call), bill.id, &paper, err);
    return rc == HENG_OK ? draw(call, &paper, format, name, ret, err) : rc;
}

heng_rc heng_api_get_receipt_document(struct heng_api_call *call,
                                      const struct heng_api_get_receipt_document_params *params,
                                      struct heng_api_file *ret, struct heng_err *err)
{
    const heng_api_paper_format format = params->has_format ? params->format : HENG_API_PAPER_FORMAT_PDF;
    struct heng_receipt_row receipt;
    struct heng_paper paper;
    char name[64];
    heng_rc rc = heng_store_find_receipt(call->reader, params->booking_id, &receipt, err);
    if (rc != HENG_OK) return rc;
    snprintf(name, sizeof name, "receipt-%d-%lld", receipt.year, (long long)receipt.number);
    heng_paper_begin(&paper, call->arena, heng_api_language(params->has_language, params->language, HENG_LANGUAGE_ZH),
                     format_of(format), name);
    rc = heng_paper_receipt(call->reader, heng_api_scope(call), &receipt, receipt.printed ? receipt.printed : 1, &paper,
                            err);
    return rc == HENG_OK ? draw(call, &paper, format, name, ret, err) : rc;
}

/* --- heat ----------------------------------------------------------------------------------------------------------
 */

heng_rc heng_api_get_statement(struct heng_api_call *call, const struct heng_api_get_statement_params *params,
                               struct heng_api_file *ret, struct heng_err *err)
{
    const heng_api_paper_format format = params->has_format ? params->format : HENG_API_PAPER_FORMAT_PDF;
    struct heng_paper paper;
    char name[64];
    call->is_wish = true; /* which flat there is none of is for who asked */
    snprintf(name, sizeof name, "statement-%lld", (long long)params->apportionment_id);
    heng_paper_begin(&paper, call->arena, heng_api_language(params->has_language, params->language, HENG_LANGUAGE_DE),
                     format_of(format), name);
    heng_rc rc =
        heng_paper_statement(call->reader, heng_api_scope(call), params->apportionment_id, params->flat, &paper, err);
    return rc == HENG_OK ? draw(call, &paper, format, name, ret, err) : rc;
}

/* The answer of the engine to the form of an account and month. */
static heng_rc monthly_answer(struct heng_api_call *call, const struct heng_account *account, int32_t first,
                              struct heng_slice *ret, struct heng_err *err)
{
    const struct heng_apportion_options plain = {.explain = false, .language = HENG_LANGUAGES};
    struct heng_str form = {.max = FORM_MAX}, answer = {.max = FORM_MAX};
    char text[HENG_DATE_TEXT_MAX], *end; /* "2026-01-01" */
    heng_date_format(first, text);
    const int year = (int)strtol(text, &end, 10), month = (int)strtol(end + 1, NULL, 10);
    heng_rc rc = heng_monthly_form(call->reader, heng_api_scope(call), account->number, year, month, &form, err);
    if (rc == HENG_OK) rc = heng_apportion_json(heng_slice_of(form.text, form.n), &plain, call->arena, &answer, err);
    const char *kept = rc == HENG_OK ? heng_arena_text(call->arena, answer.text) : "";
    heng_str_fini(&form);
    heng_str_fini(&answer);
    if (!kept) return heng_api_no_memory(err);
    *ret = heng_slice_str(kept);
    return rc;
}

heng_rc heng_api_get_monthly_information(struct heng_api_call *call,
                                         const struct heng_api_get_monthly_information_params *params,
                                         struct heng_api_file *ret, struct heng_err *err)
{
    const heng_api_paper_format format = params->has_format ? params->format : HENG_API_PAPER_FORMAT_PDF;
    char sender[HENG_LETTERHEAD_MAX], name[64];
    struct heng_account account;
    struct heng_paper paper;
    struct heng_slice answer;
    heng_day first = 0;
    call->is_wish = true; /* why there is none is for who asked */
    if (!heng_month_parse(params->month, &first))
        return heng_fail(err, HENG_ERANGE, 0, "parameter 'month' must be a month such as 2026-01");
    heng_rc rc = heng_money_account(call->reader, heng_api_scope(call), params->account_id, &account, err);
    if (rc == HENG_OK) rc = monthly_answer(call, &account, first, &answer, err);
    if (rc == HENG_OK) rc = heng_paper_sender(call->reader, account.org_id, sender, err);
    if (rc != HENG_OK) return rc;
    snprintf(name, sizeof name, "heat-%.20s-%.7s", account.number, params->month);
    heng_paper_begin(
        &paper, call->arena,
        heng_api_language(params->has_language, params->language, account_language(call, params->account_id)),
        format_of(format), name);
    heng_paper_put(&paper, HENG_PAPER_SENDER, sender);
    rc = heng_paper_monthly_of(answer, "", &paper, err);
    return rc == HENG_OK ? draw(call, &paper, format, name, ret, err) : rc;
}

/* --- lists ---------------------------------------------------------------------------------------------------------
 */

heng_rc heng_api_get_money_list(struct heng_api_call *call, const struct heng_api_get_money_list_params *params,
                                struct heng_api_file *ret, struct heng_err *err)
{
    struct heng_list_ask ask = {.kind = heng_list_of(heng_api_money_list_kind_text(params->list_kind)),
                                .scope = heng_api_scope(call)};
    char path[HENG_API_FD_PATH_MAX];
    int64_t rows = 0;
    int32_t today = 0;
    heng_rc rc = heng_money_today(call->reader, heng_clock_wall(), &today, err);
    if (rc == HENG_OK) rc = heng_money_day(params->has_to, params->to, "parameter 'to'", today + 1, &ask.to_day, err);
    if (rc == HENG_OK)
        rc = heng_money_day(params->has_from, params->from, "parameter 'from'", ask.to_day - 31, &ask.from_day, err);
    if (rc == HENG_OK && ask.from_day >= ask.to_day)
        rc = heng_fail(err, HENG_ERANGE, 0, "parameter 'from' must be before 'to'");
    if (rc != HENG_OK) return rc;
    ret->fd = heng_api_spool(call->api);
    if (ret->fd < 0) return heng_fail(err, HENG_EIO, 0, "no file can be made for the answer");
    heng_api_fd_path(ret->fd, path);
    ret->type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    snprintf(ret->name, sizeof ret->name, "heng-%s.xlsx", heng_list_text(ask.kind));
    rc = heng_paper_list(call->reader, &ask,
                         heng_api_language(params->has_language, params->language, HENG_LANGUAGE_EN), path, &rows, err);
    if (rc != HENG_OK) {
        close(ret->fd);
        ret->fd = -1;
    }
    return rc;
}
