#include "api/money/change.h"

#include <inttypes.h>
#include <string.h>

#include "account/note.h"
#include "account/receipt.h"
#include "account/texts.h"
#include "base/log.h"
#include "store/money/requests.h"
#include "usage/usage.h"

enum { ASKED_MAX = 4 << 20 };

/* --- what was asked ------------------------------------------------------------------------------------------------
 */

static void put_text(struct heng_str *to, const char *text)
{
    heng_str_fmt(to, "%zu:", strlen(text));
    heng_str_put(to, text, strlen(text));
}

static void put_ints(struct heng_str *to, const struct heng_api_field *field, const char *body)
{
    const int64_t *numbers;
    size_t n;
    memcpy(&numbers, body + field->offset, sizeof numbers);
    memcpy(&n, body + field->count_offset, sizeof n);
    heng_str_fmt(to, "%zu", n);
    for (size_t i = 0; i < n; i++) heng_str_fmt(to, ",%" PRId64, numbers[i]);
}

static void put_field(struct heng_str *to, const struct heng_api_field *field, const char *body)
{
    const char *text;
    int64_t number;
    unsigned word;
    bool flag;
    heng_str_fmt(to, "\n%s=", field->name);
    switch (field->kind) {
    case HENG_API_FIELD_INT:
        memcpy(&number, body + field->offset, sizeof number);
        heng_str_fmt(to, "%" PRId64, number);
        break;
    case HENG_API_FIELD_TEXT:
    case HENG_API_FIELD_JSON:
        memcpy(&text, body + field->offset, sizeof text);
        put_text(to, text);
        break;
    case HENG_API_FIELD_ENUM:
        memcpy(&word, body + field->offset, sizeof word);
        heng_str_fmt(to, "%u", word);
        break;
    case HENG_API_FIELD_BOOL:
        memcpy(&flag, body + field->offset, sizeof flag);
        heng_str_fmt(to, "%d", flag);
        break;
    case HENG_API_FIELD_INTS: put_ints(to, field, body); break;
    }
}

/* Path, query and body in one form: blanks and the order of names in the JSON do not matter. */
static void put_asked(struct heng_str *to, const struct heng_api_call *call, const struct heng_money_change *change)
{
    const struct heng_api_route *route = call->route;
    heng_str_fmt(to, "%s", route->operation);
    for (size_t i = 0; i < call->input->part_count; i++) put_text(to, call->input->parts[i]);
    for (size_t i = 0; i < call->input->arg_count; i++) {
        put_text(to, call->input->args[i].name);
        put_text(to, call->input->args[i].value);
    }
    for (size_t i = 0; change->body && i < route->field_count; i++) {
        const struct heng_api_field *field = &route->fields[i];
        bool is = true;
        if (field->has_offset != HENG_API_ALWAYS)
            memcpy(&is, (const char *)change->body + field->has_offset, sizeof is);
        if (is) put_field(to, field, change->body);
    }
    heng_str_put(to, "\n", 1);
    heng_str_put(to, (const char *)change->more.p, change->more.n);
}

/* --- one change ----------------------------------------------------------------------------------------------------
 */

struct wish {
    struct heng_api_call *call;
    struct heng_money_change *change;
    struct heng_asked asked;
    struct heng_api_money_done *done;
    struct heng_err refused;
};

heng_rc heng_money_today(struct heng_store_reader *reader, heng_us now_us, int32_t *ret, struct heng_err *err)
{
    struct heng_usage_site site;
    heng_rc rc = heng_usage_site_open(reader, &site, err);
    if (rc != HENG_OK) return rc;
    *ret = heng_day_at(&site.days, now_us);
    heng_usage_site_close(&site);
    return HENG_OK;
}

static heng_rc take(const char *text, const char *what, char *ret, size_t cap, struct heng_err *err)
{
    return text ? heng_text_take(heng_slice_str(text), what, ret, cap, err) : HENG_OK;
}

/* The names are checked before anything else is: who is refused has one. */
static heng_rc take_hand(struct heng_money_change *change, struct heng_err *err)
{
    struct heng_hand *hand = &change->hand;
    heng_rc rc = take(change->who, "field 'who'", hand->who, sizeof hand->who, err);
    if (rc == HENG_OK) rc = take(change->second, "field 'second'", hand->second, sizeof hand->second, err);
    if (rc == HENG_OK) rc = take(change->desk, "field 'desk'", hand->desk, sizeof hand->desk, err);
    if (rc == HENG_OK) rc = take(change->channel, "field 'channel'", hand->channel, sizeof hand->channel, err);
    if (rc == HENG_OK) rc = heng_hand_check(hand, err);
    if (rc == HENG_OK) rc = heng_text_check(hand->second, "field 'second'", false, err);
    if (rc == HENG_OK) rc = heng_name_check(change->key, "field 'key'", err);
    hand->now_us = heng_clock_wall();
    if (!change->reason) change->reason = "";
    return rc;
}

/* The receipt of what was booked, as it was given. */
static heng_rc answer_booking(struct wish *wish, struct heng_store_reader *reader, struct heng_err *err)
{
    struct heng_api_money_done *done = wish->done;
    struct heng_arena *arena = wish->call->arena;
    struct heng_booking *booking = heng_arena_take(arena, 1, sizeof *booking);
    struct heng_receipt_row receipt;
    char text[HENG_RECEIPT_TEXT_MAX];
    if (!booking) return heng_api_no_memory(err);
    heng_rc rc = heng_store_get_booking(reader, wish->asked.booking_id, booking, err);
    if (rc != HENG_OK) return rc;
    done->has_booking = done->has_amount = done->has_currency = true;
    done->booking = booking->id;
    done->amount = booking->amount;
    done->currency = booking->currency;
    rc = heng_store_find_receipt(reader, booking->id, &receipt, err);
    if (rc != HENG_OK) return rc == HENG_ENOTFOUND ? HENG_OK : rc;
    heng_receipt_text(&receipt, text);
    done->has_receipt = done->has_balance_before = done->has_balance_after = true;
    done->receipt = heng_arena_text(arena, text);
    done->balance_before = receipt.balance_before;
    done->balance_after = receipt.balance_after;
    return done->receipt ? HENG_OK : heng_api_no_memory(err);
}

static heng_rc make(struct wish *wish, struct heng_store *store, struct heng_err *err)
{
    struct heng_money_change *change = wish->change;
    struct heng_asked *asked = &wish->asked;
    heng_rc rc = change->make(change, store, err);
    if (rc != HENG_OK) return rc;
    asked->answer_id = change->answer_id ? change->answer_id : change->id;
    asked->booking_id = change->booking_id;
    asked->made = change->made ? change->made : 1;
    return heng_store_add_asked(store, asked, err);
}

static heng_rc run(void *ctx, struct heng_store *store, struct heng_err *err)
{
    struct wish *wish = ctx;
    struct heng_store_reader *reader = heng_store_as_reader(store);
    heng_rc rc = heng_store_find_asked(reader, &wish->asked, err);
    if (rc == HENG_ENOTFOUND) {
        rc = heng_money_today(reader, wish->change->hand.now_us, &wish->change->hand.day, err);
        if (rc == HENG_OK) rc = make(wish, store, err);
    }
    if (rc != HENG_OK) return rc;
    *wish->done = (struct heng_api_money_done){.id = wish->asked.answer_id, .made = wish->asked.made};
    return wish->asked.booking_id ? answer_booking(wish, reader, err) : HENG_OK;
}

/* --- refused -------------------------------------------------------------------------------------------------------
 */

static heng_rc run_refused(void *ctx, struct heng_store *store, struct heng_err *err)
{
    const struct wish *wish = ctx;
    const struct heng_note note = {wish->asked.operation, wish->change->subject, wish->change->id, wish->change->scope,
                                   wish->refused.text};
    return heng_note_refused(store, &note, &wish->change->hand, wish->asked.key, err);
}

/* So that the operator can find it. The answer is the refusal, whatever becomes of the line. */
static void note_refusal(struct wish *wish, const struct heng_err *refused)
{
    const struct heng_api_options *options = &wish->call->api->options;
    struct heng_err err;
    wish->refused = *refused;
    if (options->write(options->write_owner, run_refused, wish, &err) != HENG_OK)
        heng_log(HENG_LOG_WARN, "api", "event=refusal_not_kept operation=%s why='%s'", wish->asked.operation, err.text);
}

heng_rc heng_money_ask(struct heng_api_call *call, struct heng_money_change *change, struct heng_api_money_done *ret,
                       struct heng_err *err)
{
    const struct heng_api_options *options = &call->api->options;
    struct heng_str text = {.max = ASKED_MAX};
    struct wish wish = {.call = call, .change = change, .done = ret};
    call->is_wish = true;
    change->arena = call->arena;
    change->scope = change->organisation ? change->organisation : heng_api_scope(call);
    heng_rc rc = take_hand(change, err);
    if (rc != HENG_OK) return rc;
    if (!options->write) return heng_fail(err, HENG_ECLOSED, 0, "nothing can be changed here");
    put_asked(&text, call, change);
    if (text.rc != HENG_OK) {
        heng_str_fini(&text);
        return heng_fail(err, text.rc, 0, "the wish is too large");
    }
    wish.asked = (struct heng_asked){.key = change->key,
                                     .operation = call->route->operation,
                                     .who = change->hand.who,
                                     .asked = heng_slice_of(text.text, text.n),
                                     .at_us = change->hand.now_us};
    rc = options->write(options->write_owner, run, &wish, err);
    if (heng_is_refusal(rc)) note_refusal(&wish, err);
    heng_str_fini(&text);
    return rc;
}

/* --- words ---------------------------------------------------------------------------------------------------------
 */

heng_rc heng_money_day(bool is, const char *text, const char *name, int32_t otherwise, int32_t *ret,
                       struct heng_err *err)
{
    *ret = otherwise;
    if (!is) return HENG_OK;
    heng_rc rc = heng_text_day(text, name, ret, err);
    return rc == HENG_OK ? rc : heng_fail(err, HENG_ERANGE, 0, "%s must be a day such as 2026-11-20", name);
}

const char *heng_money_day_text(struct heng_arena *arena, int32_t day)
{
    char text[HENG_DATE_TEXT_MAX];
    if (!day) return NULL;
    heng_date_format(day, text);
    return heng_arena_text(arena, text);
}

heng_rc heng_money_account(struct heng_store_reader *reader, int64_t scope, int64_t id, struct heng_account *ret,
                           struct heng_err *err)
{
    heng_rc rc = heng_store_get_account(reader, scope, id, ret, err);
    return rc == HENG_ENOTFOUND ? heng_fail(err, rc, 0, "there is no such account") : rc;
}

heng_rc heng_money_contract(struct heng_store_reader *reader, int64_t scope, int64_t id, struct heng_contract *ret,
                            struct heng_err *err)
{
    struct heng_account account;
    heng_rc rc = heng_store_get_contract(reader, id, ret, err);
    if (rc == HENG_OK) rc = heng_store_get_account(reader, scope, ret->account_id, &account, err);
    return rc == HENG_ENOTFOUND ? heng_fail(err, rc, 0, "there is no such contract") : rc;
}
