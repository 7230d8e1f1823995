/* The operations on files of banks and channels, and on their templates. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "api/money/pay_parts.h"
#include "api/upload.h"
#include "store/read.h"
#include "store/write.h"

enum { TEMPLATE_MAX = 64 << 10, TEMPLATE_NAME_MAX = 64 };

struct heng_api_pay_file heng_api_pay_file_from(struct heng_api_call *call, const struct heng_pay_file *f)
{
    return (struct heng_api_pay_file){
        .id = f->id,
        .channel = heng_arena_text(call->arena, f->channel),
        .kind = heng_api_pay_file_kind_of(heng_pay_file_kind_text(f->kind)),
        .name = heng_arena_text(call->arena, f->name),
        .day = heng_money_day_text(call->arena, f->day),
        .has_batch = f->batch[0] != '\0',
        .batch = heng_api_opt_text(call, f->batch),
        .count = f->count,
        .total = f->total,
        .state = heng_api_pay_file_state_of(heng_pay_file_state_text(f->state)),
        .at = f->at_us,
        .who = heng_arena_text(call->arena, f->who),
        .has_why = f->why[0] != '\0',
        .why = heng_api_opt_text(call, f->why),
    };
}

/* --- bytes in and out ----------------------------------------------------------------------------------------------
 */

heng_rc heng_api_upload_read(struct heng_api_call *call, const struct heng_api_upload *upload, struct heng_slice *ret,
                             struct heng_err *err)
{
    call->is_wish = true;
    if (!upload->n) return heng_fail(err, HENG_ERANGE, 0, "the body is empty: it must be the file");
    char *bytes = heng_arena_take(call->arena, (size_t)upload->n, 1);
    if (!bytes) return heng_api_no_memory(err);
    for (uint64_t at = 0; at < upload->n;) {
        ssize_t n = pread(upload->fd, bytes + at, (size_t)(upload->n - at), (off_t)at);
        if (n <= 0) return heng_fail(err, HENG_EIO, 0, "the file that came in cannot be read");
        at += (uint64_t)n;
    }
    *ret = heng_slice_of(bytes, (size_t)upload->n);
    return HENG_OK;
}

heng_rc heng_api_file_of(struct heng_api_call *call, struct heng_slice bytes, const char *type, const char *name,
                         struct heng_api_file *ret, struct heng_err *err)
{
    ret->fd = heng_api_spool(call->api);
    if (ret->fd < 0) return heng_fail(err, HENG_EIO, 0, "no file can be made for the answer");
    for (size_t at = 0; at < bytes.n;) {
        ssize_t n = pwrite(ret->fd, bytes.p + at, bytes.n - at, (off_t)at);
        if (n > 0) {
            at += (size_t)n;
            continue;
        }
        close(ret->fd);
        ret->fd = -1;
        return heng_fail(err, HENG_EIO, 0, "the answer cannot be written: the disk of the server is full");
    }
    ret->type = type;
    snprintf(ret->name, sizeof ret->name, "%s", name);
    return HENG_OK;
}

/* --- templates -----------------------------------------------------------------------------------------------------
 */

static heng_rc setting_of(const char *name, char ret[static TEMPLATE_NAME_MAX], struct heng_err *err)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
    if (!name[0] || strspn(name, allowed) != strlen(name))
        return heng_fail(err, HENG_ERANGE, 0, "the name of a template has small letters, digits and '-' only");
    snprintf(ret, TEMPLATE_NAME_MAX, "pay_template_%s", name);
    return HENG_OK;
}

heng_rc heng_api_pay_template(struct heng_arena *arena, struct heng_store_reader *reader, const char *name,
                              struct heng_pay_template *ret, struct heng_err *err)
{
    const struct heng_pay_channel *channel = heng_pay_channel_of(name);
    char *text = heng_arena_take(arena, TEMPLATE_MAX, 1), setting[TEMPLATE_NAME_MAX];
    if (!text) return heng_api_no_memory(err);
    heng_rc rc = setting_of(name, setting, err);
    if (rc == HENG_OK) rc = heng_store_get_setting(reader, setting, text, TEMPLATE_MAX, err);
    if (rc == HENG_ENOTFOUND && channel && channel->bill_template)
        return heng_pay_template_read(heng_slice_str(channel->bill_template), ret, err);
    if (rc == HENG_ENOTFOUND)
        return heng_fail(err, rc, 0, "there is no template '%.31s': put one to /api/v1/pay/templates/%.31s", name,
                         name);
    return rc == HENG_OK ? heng_pay_template_read(heng_slice_str(text), ret, err) : rc;
}

heng_rc heng_api_get_pay_template(struct heng_api_call *call, const struct heng_api_get_pay_template_params *params,
                                  struct heng_api_file *ret, struct heng_err *err)
{
    char *text = heng_arena_take(call->arena, TEMPLATE_MAX, 1), setting[TEMPLATE_NAME_MAX],
         name[HENG_API_FILE_NAME_MAX];
    if (!text) return heng_api_no_memory(err);
    heng_rc rc = setting_of(params->template_name, setting, err);
    if (rc == HENG_OK) rc = heng_store_get_setting(call->reader, setting, text, TEMPLATE_MAX, err);
    if (rc != HENG_OK) return rc;
    snprintf(name, sizeof name, "%s.json", params->template_name);
    return heng_api_file_of(call, heng_slice_str(text), "application/json;charset=utf-8", name, ret, err);
}

static heng_rc put_template(struct heng_money_change *change, struct heng_store *store, struct heng_err *err)
{
    const struct heng_api_put_pay_template_params *params = change->body;
    char setting[TEMPLATE_NAME_MAX];
    char *text = heng_arena_take(change->arena, change->more.n + 1, 1);
    if (!text) return heng_api_no_memory(err);
    memcpy(text, change->more.p, change->more.n);
    heng_rc rc = setting_of(params->template_name, setting, err);
    return rc == HENG_OK ? heng_store_put_setting(store, setting, text, err) : rc;
}

heng_rc heng_api_put_pay_template(struct heng_api_call *call, const struct heng_api_put_pay_template_params *params,
                                  const struct heng_api_upload *upload, struct heng_api_money_done *ret,
                                  struct heng_err *err)
{
    struct heng_pay_template *form = heng_arena_take(call->arena, 1, sizeof *form);
    struct heng_money_change change = {
        .make = put_template, .subject = "pay-template", .key = params->key, .who = params->who, .body = NULL};
    if (!form) return heng_api_no_memory(err);
    heng_rc rc = heng_api_upload_read(call, upload, &change.more, err);
    if (rc == HENG_OK && change.more.n >= TEMPLATE_MAX)
        return heng_fail(err, HENG_ERANGE, 0, "a template has less than %d bytes", TEMPLATE_MAX);
    if (rc == HENG_OK) rc = heng_pay_template_read(change.more, form, err);
    if (rc != HENG_OK) return rc;
    change.body = params;
    return heng_money_ask(call, &change, ret, err);
}

/* --- files ---------------------------------------------------------------------------------------------------------
 */

heng_rc heng_api_list_pay_files(struct heng_api_call *call, const struct heng_api_list_pay_files_params *params,
                                struct heng_api_pay_file_list *ret, struct heng_err *err)
{
    const size_t cap = (size_t)params->limit;
    struct heng_pay_file *rows = heng_arena_take(call->arena, cap, sizeof *rows);
    struct heng_api_pay_file *items = heng_arena_take(call->arena, cap, sizeof *items);
    const heng_pay_file_kind kind =
        params->has_kind ? heng_pay_file_kind_of(heng_api_pay_file_kind_text(params->kind)) : HENG_PAY_FILE_KIND_COUNT;
    const heng_pay_file_state state = params->has_state
                                          ? heng_pay_file_state_of(heng_api_pay_file_state_text(params->state))
                                          : HENG_PAY_FILE_STATE_COUNT;
    if (!rows || !items) return heng_api_no_memory(err);
    heng_rc rc = heng_store_list_pay_files(call->reader, heng_api_scope(call), kind, state,
                                           params->has_after ? params->after : 0, rows, cap, &ret->items_n, err);
    if (rc != HENG_OK) return rc;
    for (size_t i = 0; i < ret->items_n; i++) items[i] = heng_api_pay_file_from(call, &rows[i]);
    ret->items = items;
    return HENG_OK;
}

static struct heng_api_pay_file_line line_from(struct heng_api_call *call, const struct heng_pay_line *l)
{
    return (struct heng_api_pay_file_line){
        .n = l->n,
        .has_order = l->order_number[0] != '\0',
        .order = heng_api_opt_text(call, l->order_number),
        .has_transaction = l->transaction_id[0] != '\0',
        .transaction = heng_api_opt_text(call, l->transaction_id),
        .has_account = l->account_number[0] != '\0',
        .account = heng_api_opt_text(call, l->account_number),
        .has_bill = l->bill_id != 0,
        .bill = l->bill_id,
        .amount = l->amount,
        .fee = l->fee,
        .result = heng_arena_text(call->arena, l->result),
        .has_booking = l->booking_id != 0,
        .booking = l->booking_id,
        .has_why = l->why[0] != '\0',
        .why = heng_api_opt_text(call, l->why),
    };
}

heng_rc heng_api_get_pay_file(struct heng_api_call *call, const struct heng_api_get_pay_file_params *params,
                              struct heng_api_pay_file_detail *ret, struct heng_err *err)
{
    const size_t cap = (size_t)params->limit;
    struct heng_pay_line *rows = heng_arena_take(call->arena, cap, sizeof *rows);
    struct heng_api_pay_file_line *lines = heng_arena_take(call->arena, cap, sizeof *lines);
    struct heng_pay_file file;
    if (!rows || !lines) return heng_api_no_memory(err);
    heng_rc rc = heng_store_get_pay_file(call->reader, heng_api_scope(call), params->file_id, &file, err);
    if (rc == HENG_OK)
        rc = heng_store_list_pay_lines(call->reader, file.id, params->has_after ? params->after : 0, rows, cap,
                                       &ret->lines_n, err);
    if (rc != HENG_OK) return rc;
    ret->file = heng_api_pay_file_from(call, &file);
    for (size_t i = 0; i < ret->lines_n; i++) lines[i] = line_from(call, &rows[i]);
    ret->lines = lines;
    return HENG_OK;
}

heng_rc heng_api_get_pay_file_content(struct heng_api_call *call,
                                      const struct heng_api_get_pay_file_content_params *params,
                                      struct heng_api_file *ret, struct heng_err *err)
{
    struct heng_str text = {.max = HENG_PAY_FILE_MAX};
    char name[HENG_API_FILE_NAME_MAX];
    heng_rc rc = heng_store_get_pay_file_body(call->reader, heng_api_scope(call), params->file_id, &text, err);
    snprintf(name, sizeof name, "heng-bank-file-%lld", (long long)params->file_id);
    if (rc == HENG_OK)
        rc = heng_api_file_of(call, heng_slice_of(text.text ? text.text : "", text.n), "application/octet-stream", name,
                              ret, err);
    heng_str_fini(&text);
    return rc;
}

/* A file that was refused is kept: so the change goes through, and the refusal is said behind it. */
heng_rc heng_api_pay_file_told(struct heng_api_call *call, int64_t file_id, struct heng_err *err)
{
    struct heng_pay_file file;
    heng_rc rc = heng_store_get_pay_file(call->reader, 0, file_id, &file, err);
    if (rc != HENG_OK || file.state != HENG_PAY_FILE_REFUSED) return rc;
    return heng_fail(err, HENG_ECONFLICT, 0, "refused, nothing is booked (file %lld): %.110s", (long long)file.id,
                     file.why);
}

static heng_rc take_file(struct heng_money_change *change, struct heng_store *store, struct heng_err *err)
{
    const struct heng_api_import_pay_file_params *p = change->body;
    struct heng_pay_template *form = heng_arena_take(change->arena, 1, sizeof *form);
    const struct heng_pay_file_ask ask = {
        .org_id = change->scope, .name = p->has_name ? p->name : "file", .batch = p->has_batch ? p->batch : NULL};
    struct heng_pay_file_done done;
    if (!form) return heng_api_no_memory(err);
    heng_rc rc = heng_api_pay_template(change->arena, heng_store_as_reader(store), p->template, form, err);
    if (rc == HENG_OK) rc = heng_pay_import(store, form, &ask, change->more, &change->hand, &done, err);
    if (rc != HENG_OK) return rc;
    change->answer_id = done.file.id;
    change->made = done.paid;
    return HENG_OK;
}

heng_rc heng_api_import_pay_file(struct heng_api_call *call, const struct heng_api_import_pay_file_params *params,
                                 const struct heng_api_upload *upload, struct heng_api_money_done *ret,
                                 struct heng_err *err)
{
    struct heng_money_change change = {.make = take_file,
                                       .subject = "pay-file",
                                       .key = params->key,
                                       .who = params->who,
                                       .organisation = params->has_organisation ? params->organisation : 0,
                                       .body = params};
    heng_rc rc = heng_api_upload_read(call, upload, &change.more, err);
    if (rc == HENG_OK) rc = heng_money_ask(call, &change, ret, err);
    return rc == HENG_OK ? heng_api_pay_file_told(call, ret->id, err) : rc;
}

static heng_rc make_again(struct heng_money_change *change, struct heng_store *store, struct heng_err *err)
{
    const struct heng_api_pay_again_request *b = change->body;
    struct heng_pay_template *form = heng_arena_take(change->arena, 1, sizeof *form);
    const struct heng_pay_file_ask ask = {.org_id = change->scope, .name = b->name};
    struct heng_str text = {.max = HENG_PAY_FILE_MAX};
    struct heng_pay_file file;
    if (!form) return heng_api_no_memory(err);
    heng_rc rc = heng_api_pay_template(change->arena, heng_store_as_reader(store), b->template, form, err);
    if (rc == HENG_OK) rc = heng_pay_present_again(store, form, &ask, change->id, &change->hand, &file, &text, err);
    heng_str_fini(&text);
    if (rc == HENG_OK) change->answer_id = file.id;
    return rc;
}

heng_rc heng_api_present_pay_file_again(struct heng_api_call *call,
                                        const struct heng_api_present_pay_file_again_params *params,
                                        const struct heng_api_pay_again_request *body, struct heng_api_money_done *ret,
                                        struct heng_err *err)
{
    struct heng_money_change change = {
        .make = make_again, .subject = "pay-file", .id = params->file_id, HENG_MONEY_ASKED(body)};
    return heng_money_ask(call, &change, ret, err);
}

static heng_rc make_withholding(struct heng_money_change *change, struct heng_store *store, struct heng_err *err)
{
    const struct heng_api_withholding_request *b = change->body;
    struct heng_pay_template *form = heng_arena_take(change->arena, 1, sizeof *form);
    const struct heng_pay_file_ask ask = {.org_id = change->scope, .name = b->name};
    struct heng_str text = {.max = HENG_PAY_FILE_MAX};
    struct heng_pay_file file;
    int32_t due_by = 0;
    if (!form) return heng_api_no_memory(err);
    heng_rc rc = heng_money_day(b->has_due_by, b->due_by, "field 'due_by'", change->hand.day, &due_by, err);
    if (rc == HENG_OK) rc = heng_api_pay_template(change->arena, heng_store_as_reader(store), b->template, form, err);
    if (rc == HENG_OK) rc = heng_pay_withhold(store, form, &ask, due_by, &change->hand, &file, &text, err);
    heng_str_fini(&text);
    if (rc != HENG_OK) return rc;
    change->answer_id = file.id;
    change->made = file.count;
    return HENG_OK;
}

heng_rc heng_api_make_withholding(struct heng_api_call *call, const struct heng_api_withholding_request *body,
                                  struct heng_api_money_done *ret, struct heng_err *err)
{
    struct heng_money_change change = {.make = make_withholding, .subject = "pay-file", HENG_MONEY_ASKED(body)};
    return heng_money_ask(call, &change, ret, err);
}

static heng_rc make_sent(struct heng_money_change *change, struct heng_store *store, struct heng_err *err)
{
    struct heng_pay_file file;
    return heng_pay_sent(store, change->scope, change->id, &change->hand, &file, err);
}

heng_rc heng_api_mark_pay_file_sent(struct heng_api_call *call, const struct heng_api_mark_pay_file_sent_params *params,
                                    const struct heng_api_money_request *body, struct heng_api_money_done *ret,
                                    struct heng_err *err)
{
    struct heng_money_change change = {
        .make = make_sent, .subject = "pay-file", .id = params->file_id, HENG_MONEY_ASKED(body)};
    return heng_money_ask(call, &change, ret, err);
}
