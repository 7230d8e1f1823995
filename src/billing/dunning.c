#include "billing/dunning.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account/note.h"
#include "bill/form.h"
#include "billing/collect.h"
#include "billing/instalment.h"
#include "billing/late.h"
#include "ledger/amount.h"
#include "rate/form.h"
#include "store/money/prepaid.h"
#include "store/read.h"

enum { SETTING_MAX = 32768, OPEN_MAX = 400, PAGE = 16, STEPS_MAX = 16 };

/* --- rules ------------------------------------------------------------------------------------------------------ */

static int64_t read_amount(struct heng_form *form)
{
    int64_t amount = 0;
    struct heng_dec dec = heng_form_dec_min(form, 0);
    if (!heng_form_failed(form) && !heng_exact_steps(dec, 2, &amount))
        heng_form_refuse(form, HENG_ECONFIG, "", "an amount has at most two places");
    return amount;
}

static void read_terms(struct heng_form *form, struct heng_dunning_rules *rules)
{
    heng_form_array(form);
    while (heng_form_item(form)) {
        struct heng_slice key;
        if (rules->term_count == HENG_DUNNING_TERMS_MAX) {
            heng_form_refuse(form, HENG_ELIMIT, "", "at most %d", HENG_DUNNING_TERMS_MAX);
            return;
        }
        struct heng_dunning_terms *terms = &rules->terms[rules->term_count++];
        terms->price_class[0] = 0;
        terms->late = heng_late_terms_default();
        heng_form_object(form);
        while (heng_form_key(form, &key))
            if (heng_slice_is(key, "price_class"))
                heng_form_text(form, terms->price_class, sizeof terms->price_class);
            else if (!heng_rate_late_term(form, key, &terms->late))
                heng_form_unknown(form);
    }
}

static void read_texts(struct heng_form *form, struct heng_dunning_step *step)
{
    static const char *const languages[HENG_DUNNING_LANGUAGES] = {"zh", "en", "de"};
    struct heng_slice key;
    heng_form_object(form);
    while (heng_form_key(form, &key)) {
        size_t i = 0;
        while (i < HENG_DUNNING_LANGUAGES && !heng_slice_is(key, languages[i])) i++;
        if (i < HENG_DUNNING_LANGUAGES)
            heng_form_text(form, step->texts[i], sizeof step->texts[i]);
        else
            heng_form_unknown(form);
    }
}

static void read_steps(struct heng_form *form, struct heng_dunning_rules *rules)
{
    heng_form_array(form);
    while (heng_form_item(form)) {
        struct heng_slice key;
        if (rules->step_count == HENG_DUNNING_STEPS_MAX) {
            heng_form_refuse(form, HENG_ELIMIT, "", "at most %d", HENG_DUNNING_STEPS_MAX);
            return;
        }
        struct heng_dunning_step *step = &rules->steps[rules->step_count++];
        const int32_t after = rules->step_count > 1 ? step[-1].days : 0;
        memset(step, 0, sizeof *step);
        heng_form_object(form);
        while (heng_form_key(form, &key))
            if (heng_slice_is(key, "days"))
                step->days = (int32_t)heng_form_int(form, after + 1, 3660);
            else if (heng_slice_is(key, "fee"))
                step->fee = read_amount(form);
            else if (heng_slice_is(key, "text"))
                read_texts(form, step);
            else
                heng_form_unknown(form);
        heng_form_need(form, "days");
    }
}

heng_rc heng_dunning_rules_read(struct heng_slice json, struct heng_dunning_rules *ret, struct heng_err *err)
{
#define X(symbol, text) text,
    static const char *const orders[] = {HENG_PAY_ORDER_LIST(X)};
#undef X
    struct heng_form form;
    struct heng_slice key;
    ret->order = HENG_PAY_RULE_PRINCIPAL_LATE;
    ret->least = 0;
    ret->missed_days = 5;
    ret->term_count = ret->step_count = 0;
    heng_form_open(&form, json);
    heng_form_object(&form);
    while (heng_form_key(&form, &key))
        if (heng_slice_is(key, "pay_order"))
            ret->order = (heng_pay_rule)heng_form_word(&form, orders, HENG_PAY_RULE_COUNT);
        else if (heng_slice_is(key, "least"))
            ret->least = read_amount(&form);
        else if (heng_slice_is(key, "missed_days"))
            ret->missed_days = (int32_t)heng_form_int(&form, 0, 365);
        else if (heng_slice_is(key, "late"))
            read_terms(&form, ret);
        else if (heng_slice_is(key, "steps"))
            read_steps(&form, ret);
        else
            heng_form_unknown(&form);
    return heng_form_close(&form, err);
}

heng_rc heng_dunning_rules_get(struct heng_store_reader *reader, struct heng_dunning_rules *ret, struct heng_err *err)
{
    char *text = malloc(SETTING_MAX);
    if (!text) return heng_fail(err, HENG_ENOMEM, 0, "no memory for the rules of dunning");
    heng_rc rc = heng_store_get_setting(reader, "dunning", text, SETTING_MAX, err);
    if (rc == HENG_ENOTFOUND) {
        snprintf(text, SETTING_MAX, "{}");
        rc = HENG_OK;
    }
    if (rc == HENG_OK) rc = heng_dunning_rules_read(heng_slice_str(text), ret, err);
    if (rc == HENG_ECONFIG || rc == HENG_EFORMAT) {
        struct heng_err of = *err;
        rc = heng_fail(err, HENG_ECONFIG, 0, "setting dunning: %.120s", of.text);
    }
    free(text);
    return rc;
}

/* --- disputes, notices: by people ------------------------------------------------------------------------------- */

static heng_rc issued(struct heng_store *store, int64_t scope, int64_t bill_id, const struct heng_hand *hand,
                      const char *reason, struct heng_bill *ret, bool *ret_disputed, struct heng_err *err)
{
    struct heng_store_reader *reader = heng_store_as_reader(store);
    bool planned;
    heng_rc rc = heng_hand_check(hand, err);
    if (rc == HENG_OK) rc = heng_store_get_bill(reader, scope, bill_id, ret, err);
    if (rc == HENG_ENOTFOUND) return heng_fail(err, rc, 0, "there is no bill with the id %" PRId64, bill_id);
    if (rc == HENG_OK && !reason[0]) return heng_fail(err, HENG_ECONFIG, 0, "say why");
    if (rc == HENG_OK && ret->state != HENG_BILL_STATE_ISSUED)
        return heng_fail(err, HENG_ECONFLICT, 0, "bill %" PRId64 " is %s: only an issued one is in dispute", bill_id,
                         heng_bill_state_text(ret->state));
    return rc == HENG_OK ? heng_store_bill_held(reader, bill_id, ret_disputed, &planned, err) : rc;
}

heng_rc heng_bill_dispute(struct heng_store *store, int64_t scope, int64_t bill_id, int32_t to_day,
                          const struct heng_hand *hand, const char *reason, struct heng_err *err)
{
    struct heng_bill bill;
    struct heng_bill_hold hold = {.bill_id = bill_id, .from_day = hand->day, .to_day = to_day};
    bool disputed = false;
    heng_rc rc = issued(store, scope, bill_id, hand, reason, &bill, &disputed, err);
    if (rc == HENG_OK && disputed)
        return heng_fail(err, HENG_ECONFLICT, 0, "bill %s is in dispute already", bill.number);
    if (rc == HENG_OK && to_day && to_day <= hand->day)
        return heng_fail(err, HENG_ERANGE, 0, "a dispute ends behind today, or without a day when it is settled");
    snprintf(hold.who, sizeof hold.who, "%s", hand->who);
    snprintf(hold.reason, sizeof hold.reason, "%s", reason);
    if (rc == HENG_OK) rc = heng_store_add_hold(store, &hold, err);
    const struct heng_note note = {
        .action = "bill.dispute", .subject = "bill", .subject_id = bill_id, .org_id = bill.org_id, .reason = reason};
    return rc == HENG_OK ? heng_account_note(store, &note, hand, "", "", err) : rc;
}

heng_rc heng_bill_release(struct heng_store *store, int64_t scope, int64_t bill_id, const struct heng_hand *hand,
                          const char *reason, struct heng_err *err)
{
    struct heng_bill bill;
    bool disputed = false;
    heng_rc rc = issued(store, scope, bill_id, hand, reason, &bill, &disputed, err);
    if (rc == HENG_OK && !disputed) return heng_fail(err, HENG_ECONFLICT, 0, "bill %s is not in dispute", bill.number);
    if (rc == HENG_OK) rc = heng_store_end_hold(store, bill_id, hand->now_us, hand->who, err);
    const struct heng_note note = {
        .action = "bill.release", .subject = "bill", .subject_id = bill_id, .org_id = bill.org_id, .reason = reason};
    return rc == HENG_OK ? heng_account_note(store, &note, hand, "", "", err) : rc;
}

heng_rc heng_notice_mark(struct heng_store *store, int64_t scope, int64_t notice_id, heng_notice_state state,
                         const char *why, const struct heng_hand *hand, struct heng_err *err)
{
    struct heng_notice notice;
    heng_rc rc = heng_hand_check(hand, err);
    if (rc == HENG_OK) rc = heng_store_get_notice(heng_store_as_reader(store), scope, notice_id, &notice, err);
    if (rc == HENG_ENOTFOUND) return heng_fail(err, rc, 0, "there is no notice %" PRId64, notice_id);
    if (rc != HENG_OK || notice.state == state) return rc;
    if (notice.state == HENG_NOTICE_SENT)
        return heng_fail(err, HENG_ECONFLICT, 0, "notice %" PRId64 " was sent: that stays so", notice_id);
    if (state == HENG_NOTICE_FAILED && !why[0]) return heng_fail(err, HENG_ECONFIG, 0, "say why it failed");
    return heng_store_notice_state(store, notice_id, state, state == HENG_NOTICE_SENT ? hand->now_us : 0, why, err);
}

/* --- steps ------------------------------------------------------------------------------------------------------ */

struct letter {
    const struct heng_account *account;
    const struct heng_open_bill *bill;
    int64_t late, fee;
};

/* One name in braces. */
static void put_field(const struct letter *l, const char *name, size_t n, char *ret, size_t cap)
{
    char amount[HENG_AMOUNT_TEXT_MAX], day[HENG_DATE_TEXT_MAX];
    const int64_t owed = l->bill->principal + l->bill->late;
    heng_date_format(l->bill->due_day, day);
    *ret = 0;
#define IS(word) (n == sizeof word - 1 && memcmp(name, word, n) == 0)
    if (IS("name")) snprintf(ret, cap, "%s", l->account->name);
    if (IS("account")) snprintf(ret, cap, "%s", l->account->number);
    if (IS("bill")) snprintf(ret, cap, "%s", l->bill->number);
    if (IS("due")) snprintf(ret, cap, "%s", day);
    if (IS("currency")) snprintf(ret, cap, "%s", l->account->currency);
    int64_t value = IS("amount") ? owed : IS("late") ? l->late : IS("fee") ? l->fee : owed + l->late + l->fee;
    if (IS("amount") || IS("late") || IS("fee") || IS("total")) {
        heng_amount_text(value, amount);
        snprintf(ret, cap, "%s", amount);
    }
#undef IS
}

/* {name} {account} {bill} {due} {amount} {late} {fee} {total} {currency}; the text is cut at a whole character. */
static void write_letter(const char *text, const struct letter *l, char ret[HENG_NOTICE_TEXT_MAX])
{
    size_t n = 0;
    while (*text) {
        char field[HENG_ACCOUNT_NAME_MAX] = {*text, 0};
        size_t taken = 1;
        if (*text == '{' && strchr(text, '}')) {
            taken = (size_t)(strchr(text, '}') - text) + 1;
            put_field(l, text + 1, taken - 2, field, sizeof field);
        }
        const size_t length = strlen(field);
        if (n + length >= HENG_NOTICE_TEXT_MAX) break;
        memcpy(ret + n, field, length);
        n += length;
        text += taken;
    }
    if (*text)
        while (n > 0 && ((unsigned char)*text & 0xC0) == 0x80) {
            n--;
            text = ret + n;
        }
    ret[n] = 0;
}

/* In the customer's language, else in the first there is. "": nothing is said. */
static const char *text_of(const struct heng_dunning_step *step, const char *language)
{
    const size_t own = strcmp(language, "zh") == 0 ? 0 : strcmp(language, "de") == 0 ? 2 : 1;
    if (step->texts[own][0]) return step->texts[own];
    for (size_t i = 0; i < HENG_DUNNING_LANGUAGES; i++)
        if (step->texts[i][0]) return step->texts[i];
    return "";
}

static heng_rc tell(struct heng_store *store, const struct heng_dunning_step *step, int32_t number,
                    const struct letter *letter, const struct heng_hand *hand, int64_t *ret_id, struct heng_err *err)
{
    const char *text = text_of(step, letter->account->language);
    struct heng_notice notice = {.org_id = letter->account->org_id,
                                 .account_id = letter->account->id,
                                 .made_us = hand->now_us,
                                 .state = HENG_NOTICE_WAITING};
    *ret_id = 0;
    if (!text[0]) return HENG_OK;
    snprintf(notice.key, sizeof notice.key, "dunning/%" PRId64 "/%d", letter->bill->id, number);
    snprintf(notice.kind, sizeof notice.kind, "dunning-%c", (char)('0' + number)); /* at most 9 */
    memcpy(notice.language, letter->account->language, sizeof notice.language);
    write_letter(text, letter, notice.text);
    heng_rc rc = heng_store_add_notice(store, &notice, NULL, err);
    *ret_id = notice.id;
    return rc;
}

/* Is a step due? The first ones that were missed while nobody worked come one after the other, as far apart as they
 * would have been. */
static heng_rc next_step(struct heng_store_reader *reader, const struct heng_dunning_rules *rules,
                         const struct heng_open_bill *bill, int32_t day, int32_t *ret, struct heng_err *err)
{
    struct heng_dunned done[STEPS_MAX];
    size_t n = 0;
    bool disputed = false, planned = false;
    *ret = 0;
    if (bill->principal + bill->late <= 0 || bill->principal + bill->late < rules->least) return HENG_OK;
    heng_rc rc = heng_store_list_dunned(reader, bill->id, done, STEPS_MAX, &n, err);
    if (rc != HENG_OK) return rc;
    const size_t last = n ? (size_t)done[n - 1].step : 0;
    if (last >= rules->step_count || day < bill->due_day + rules->steps[last].days) return HENG_OK;
    if (last && day < done[n - 1].day + rules->steps[last].days - rules->steps[last - 1].days) return HENG_OK;
    rc = heng_store_bill_held(reader, bill->id, &disputed, &planned, err);
    if (rc != HENG_OK || disputed || planned) return rc;
    rc = heng_bill_locked(reader, bill->id, err);
    if (rc == HENG_OK) *ret = (int32_t)last + 1;
    return rc == HENG_EDENIED ? HENG_OK : rc;
}

static heng_rc dun(struct heng_dunning_worker *worker, struct heng_store *store, const struct heng_dunning_rules *rules,
                   const struct heng_account *account, const struct heng_open_bill *bill, const struct heng_hand *hand,
                   struct heng_err *err)
{
    int32_t number;
    struct heng_dunned dunned = {.bill_id = bill->id, .day = hand->day};
    struct letter letter = {.account = account, .bill = bill};
    heng_rc rc = next_step(heng_store_as_reader(store), rules, bill, hand->day, &number, err);
    if (rc != HENG_OK || !number) return rc;
    const struct heng_dunning_step *step = &rules->steps[number - 1];
    rc = heng_late_due(heng_store_as_reader(store), rules, bill, hand->day, &letter.late, err);
    letter.fee = dunned.fee = step->fee;
    dunned.step = number;
    if (rc == HENG_OK) rc = heng_fee_book(store, bill, HENG_FEE_DUNNING, step->fee, hand, &dunned.booking_id, err);
    if (rc == HENG_OK) rc = tell(store, step, number, &letter, hand, &dunned.notice_id, err);
    if (rc == HENG_OK) rc = heng_store_add_dunned(store, &dunned, err);
    worker->steps += rc == HENG_OK;
    return rc;
}

/* Money that waits in advance pays first; then what is still open is asked for. */
static heng_rc account_day(struct heng_dunning_worker *worker, struct heng_store *store,
                           const struct heng_dunning_rules *rules, int64_t account_id, const struct heng_hand *hand,
                           struct heng_err *err)
{
    struct heng_store_reader *reader = heng_store_as_reader(store);
    struct heng_open_bill *open = calloc(OPEN_MAX, sizeof *open);
    struct heng_account account;
    char key[HENG_BOOKING_KEY_MAX];
    int64_t applied;
    size_t n = 0;
    snprintf(key, sizeof key, "advance:%" PRId64 ":%d", account_id, hand->day);
    heng_rc rc = open ? HENG_OK : heng_fail(err, HENG_ENOMEM, 0, "no memory for the bills of an account");
    if (rc == HENG_OK) rc = heng_store_get_account(reader, 0, account_id, &account, err);
    if (rc == HENG_OK) rc = heng_collect_advance(store, account_id, key, hand, &applied, err);
    if (rc == HENG_OK) rc = heng_store_list_open_bills(reader, account_id, open, OPEN_MAX, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) rc = dun(worker, store, rules, &account, &open[i], hand, err);
    free(open);
    return rc;
}

/* --- plans ------------------------------------------------------------------------------------------------------ */

static heng_rc look_at_plan(struct heng_dunning_worker *worker, struct heng_store *store,
                            const struct heng_dunning_rules *rules, int64_t bill_id, const struct heng_hand *hand,
                            struct heng_err *err)
{
    struct heng_bill bill;
    struct heng_instalment_state state;
    heng_rc rc = heng_store_get_bill(heng_store_as_reader(store), 0, bill_id, &bill, err);
    if (rc == HENG_OK)
        rc = heng_instalment_state(heng_store_as_reader(store), &bill, hand->day - rules->missed_days, &state, err);
    if (rc != HENG_OK) return rc;
    const bool paid = state.paid >= state.total, missed = state.paid < state.due;
    if (!paid && !missed) return HENG_OK;
    worker->plans_paid += paid;
    worker->plans_missed += !paid;
    return heng_instalment_stop(store, 0, bill_id, hand, paid ? "paid" : "a part was missed", err);
}

/* --- pieces ----------------------------------------------------------------------------------------------------- */

enum { PHASE_BEGIN, PHASE_PLANS, PHASE_ACCOUNTS, PHASE_DONE };

static heng_rc plans_piece(struct heng_dunning_worker *w, struct heng_store *store,
                           const struct heng_dunning_rules *rules, const struct heng_hand *hand, struct heng_err *err)
{
    int64_t bills[PAGE];
    size_t n = 0;
    heng_rc rc = heng_store_list_planned(heng_store_as_reader(store), w->after_plan, hand->day, bills, PAGE, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        w->after_plan = bills[i];
        rc = look_at_plan(w, store, rules, bills[i], hand, err);
    }
    if (n < PAGE) w->phase = PHASE_ACCOUNTS;
    return rc;
}

static heng_rc accounts_piece(struct heng_dunning_worker *w, struct heng_store *store,
                              const struct heng_dunning_rules *rules, const struct heng_hand *hand,
                              struct heng_err *err)
{
    struct heng_debtor debtors[PAGE];
    size_t n = 0;
    heng_rc rc = heng_store_debtors(heng_store_as_reader(store), w->after_book, debtors, PAGE, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        w->after_book = debtors[i].book_id;
        rc = account_day(w, store, rules, debtors[i].account_id, hand, err);
    }
    if (n < PAGE) w->phase = PHASE_DONE;
    return rc;
}

heng_rc heng_dunning_work(struct heng_dunning_worker *worker, struct heng_store *store, const struct heng_hand *hand,
                          heng_us budget_us, bool *ret_left, struct heng_err *err)
{
    const heng_us begun_us = heng_clock_mono();
    struct heng_dunning_worker w = *worker;
    *ret_left = false;
    if (w.day == hand->day && w.phase == PHASE_DONE) return HENG_OK;
    if (w.day != hand->day) w = (struct heng_dunning_worker){.day = hand->day};
    struct heng_dunning_rules *rules = malloc(sizeof *rules);
    heng_rc rc = rules ? HENG_OK : heng_fail(err, HENG_ENOMEM, 0, "no memory for the rules of dunning");
    if (rc == HENG_OK) rc = heng_dunning_rules_get(heng_store_as_reader(store), rules, err);
    if (rc == HENG_OK && w.phase == PHASE_BEGIN) {
        rc = heng_store_expire_holds(store, hand->day, hand->now_us, hand->who, err);
        w.phase = PHASE_PLANS;
    }
    do {
        if (rc == HENG_OK && w.phase == PHASE_PLANS)
            rc = plans_piece(&w, store, rules, hand, err);
        else if (rc == HENG_OK && w.phase == PHASE_ACCOUNTS)
            rc = accounts_piece(&w, store, rules, hand, err);
    } while (rc == HENG_OK && w.phase != PHASE_DONE && heng_clock_mono() - begun_us < budget_us);
    free(rules);
    if (rc != HENG_OK) return rc; /* rolled back: the same piece again */
    *ret_left = w.phase != PHASE_DONE;
    *worker = w;
    return HENG_OK;
}
