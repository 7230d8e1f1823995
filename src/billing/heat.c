#include "billing/heat.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account/note.h"
#include "base/json_reader.h"
#include "billing/heat_parts.h"
#include "billing/run_parts.h"
#include "heat/apportion_run.h"
#include "store/archive_points.h"
#include "store/read.h"
#include "vee/day.h"

enum { TEXT_MAX = 64 << 20, MAPPED_MAX = 10000 };

/* --- keep, approve --------------------------------------------------------------------------------------------- */

static heng_rc digest_of(const struct heng_str *ask, const struct heng_str *answer, uint8_t ret[32],
                         struct heng_err *err)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool good = ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) && EVP_DigestUpdate(ctx, ask->text, ask->n + 1) &&
                EVP_DigestUpdate(ctx, answer->text, answer->n) && EVP_DigestFinal_ex(ctx, ret, NULL);
    EVP_MD_CTX_free(ctx);
    return good ? HENG_OK : heng_fail(err, HENG_ENOMEM, 0, "no memory for the digest of an apportionment");
}

static heng_rc keep(struct heng_store *store, const struct heng_apportion_ask *ask, const struct heng_hand *hand,
                    const struct heng_str *text, const struct heng_str *answer, int64_t *ret_id, struct heng_err *err)
{
    struct heng_apportion_row row = {.org_id = ask->org_id,
                                     .from_day = ask->from_day,
                                     .to_day = ask->to_day,
                                     .state = HENG_APPORTION_DRAFT,
                                     .at_us = hand->now_us};
    struct heng_place place;
    heng_rc rc = heng_store_find_place(heng_store_as_reader(store), ask->place, &place, err);
    if (rc == HENG_ENOTFOUND) return heng_fail(err, rc, 0, "there is no place '%s'", ask->place);
    if (rc != HENG_OK) return rc;
    row.place_id = place.id;
    snprintf(row.who, sizeof row.who, "%s", hand->who);
    rc = digest_of(text, answer, row.digest, err);
    if (rc == HENG_OK) rc = heng_store_add_apportion(store, &row, text->text, answer->text, err);
    if (rc == HENG_OK) *ret_id = row.id;
    return rc;
}

heng_rc heng_apportion_keep(struct heng_store *store, const struct heng_apportion_ask *ask,
                            const struct heng_hand *hand, int64_t *ret_id, struct heng_err *err)
{
    const struct heng_apportion_options options = {.language = HENG_LANGUAGES};
    struct heng_arena arena = {.max = HENG_RUN_ARENA_MAX};
    struct heng_str text = {.max = TEXT_MAX}, answer = {.max = TEXT_MAX};
    heng_rc rc = heng_hand_check(hand, err);
    if (rc == HENG_OK && ask->to_day <= ask->from_day)
        rc = heng_fail(err, HENG_ECONFIG, 0, "the period of an apportionment must have at least one day");
    heng_str_put(&text, (const char *)ask->json.p, ask->json.n);
    if (rc == HENG_OK && (text.rc != HENG_OK || memchr(ask->json.p, 0, ask->json.n)))
        rc = heng_fail(err, HENG_ELIMIT, 0, "the form of the apportionment is too long, or no text");
    if (rc == HENG_OK) rc = heng_apportion_json(ask->json, &options, &arena, &answer, err);
    if (rc == HENG_OK) rc = keep(store, ask, hand, &text, &answer, ret_id, err);
    heng_str_fini(&text);
    heng_str_fini(&answer);
    heng_arena_fini(&arena);
    return rc;
}

static heng_rc note_row(struct heng_store *store, const struct heng_apportion_row *row, const struct heng_hand *hand,
                        const char *action, struct heng_err *err)
{
    const struct heng_note note = {
        .action = action, .subject = "apportionment", .subject_id = row->id, .org_id = row->org_id, .reason = ""};
    return heng_account_note(store, &note, hand, "", "", err);
}

heng_rc heng_apportion_approve(struct heng_store *store, int64_t scope, int64_t id, const struct heng_hand *hand,
                               struct heng_err *err)
{
    struct heng_bill_settings settings;
    struct heng_apportion_row row;
    heng_rc rc = heng_hand_check(hand, err);
    if (rc == HENG_OK) rc = heng_bill_settings_get(heng_store_as_reader(store), &settings, err);
    if (rc == HENG_OK) rc = heng_store_get_apportion(heng_store_as_reader(store), scope, id, &row, NULL, NULL, err);
    if (rc == HENG_ENOTFOUND) return heng_fail(err, rc, 0, "there is no apportionment %lld", (long long)id);
    if (rc != HENG_OK || row.state == HENG_APPORTION_APPROVED) return rc;
    if (row.state != HENG_APPORTION_DRAFT)
        return heng_fail(err, HENG_ECONFLICT, 0, "apportionment %lld is %s", (long long)id,
                         heng_apportion_state_text(row.state));
    if (settings.second_person && strcmp(row.who, hand->who) == 0)
        return heng_fail(err, HENG_EDENIED, 0, "apportionment %lld was made by %s: another person has to approve it",
                         (long long)id, row.who);
    row.state = HENG_APPORTION_APPROVED;
    rc = heng_store_set_apportion(store, &row, err);
    return rc == HENG_OK ? note_row(store, &row, hand, "apportionment.approve", err) : rc;
}

/* --- bills ----------------------------------------------------------------------------------------------------- */

/* One job: the run, the row it bills, and the list of accounts that was given. */
struct heat_job {
    struct heng_store *store;
    struct heng_store_reader *reader;
    const struct heng_heat_ask *ask;
    struct heng_apportion_row row;
    struct heng_run *run;
    struct heng_arena arena;
    struct heng_err *err;
};

/* The account that the list names for a flat; "" when it names none. */
static heng_rc listed_account(const struct heat_job *job, const char *id, char ret[HENG_ACCOUNT_NUMBER_MAX])
{
    struct heng_json_reader r = heng_json_reader_of(heng_slice_str(job->ask->accounts));
    struct heng_slice key;
    ret[0] = 0;
    heng_json_open_object(&r);
    while (heng_json_next_key(&r, &key)) {
        if (heng_slice_is(key, id))
            heng_json_get_string(&r, ret, HENG_ACCOUNT_NUMBER_MAX);
        else
            heng_json_skip(&r);
    }
    heng_json_finish(&r);
    if (r.err.rc == HENG_OK) return HENG_OK;
    return heng_fail(job->err, r.err.rc, 0, "accounts of flats: %s", r.err.text);
}

static heng_rc is_for_heat(struct heat_job *job, const struct heng_contract *contract, bool *ret)
{
    struct heng_point point;
    heng_rc rc = heng_archive_get_point(job->reader, 0, contract->point_id, &point, job->err);
    if (rc == HENG_OK)
        *ret = point.medium == HENG_MEDIUM_HEAT || point.medium == HENG_MEDIUM_HEAT_INLET ||
               point.medium == HENG_MEDIUM_HEAT_COOLING || point.medium == HENG_MEDIUM_HEAT_COST_ALLOCATOR;
    return rc;
}

/* Of a listed account the contract for heat of these days (one for something else where it has none); else by the keys
 * of place and point. */
static heng_rc find_contract(struct heat_job *job, const struct heng_flat_bill *flat, struct heng_contract *ret)
{
    char number[HENG_ACCOUNT_NUMBER_MAX];
    struct heng_account account;
    int64_t ids[3];
    size_t n = 0;
    heng_rc rc = listed_account(job, flat->id, number);
    if (rc != HENG_OK) return rc;
    if (!number[0]) {
        rc = heng_store_find_flat_contracts(job->reader, flat->id, flat->from_day, flat->to_day, ids, &n, job->err);
        if (rc == HENG_OK && n != 1)
            rc = heng_fail(job->err, HENG_ECONFIG, 0,
                           n ? "flat '%.60s' has several contracts for its heat: say its account"
                             : "flat '%.60s' has no contract for its heat: say its account, or add one",
                           flat->id);
        return rc == HENG_OK ? heng_store_get_contract(job->reader, ids[0], ret, job->err) : rc;
    }
    rc = heng_store_find_account(job->reader, job->row.org_id, number, &account, job->err);
    if (rc != HENG_OK) return heng_fail(job->err, rc, 0, "flat '%.60s': there is no account '%s'", flat->id, number);
    struct heng_contract *all = heng_arena_take(&job->arena, HENG_CONTRACTS_MAX, sizeof *all);
    if (!all) return heng_fail(job->err, HENG_ENOMEM, 0, "no memory for contracts");
    rc = heng_store_list_contracts(job->reader, account.id, 0, 0, all, HENG_CONTRACTS_MAX, &n, job->err);
    bool found = false;
    for (size_t i = 0; i < n && rc == HENG_OK; i++) {
        bool heat = false;
        if (all[i].mode != HENG_MODE_POSTPAID || all[i].from_day >= flat->to_day ||
            (all[i].to_day && all[i].to_day <= flat->from_day))
            continue;
        rc = is_for_heat(job, &all[i], &heat);
        if (!found || heat) *ret = all[i];
        found = true;
        if (heat) break;
    }
    if (rc == HENG_OK && found) return HENG_OK;
    return rc != HENG_OK ? rc
                         : heng_fail(job->err, HENG_ECONFIG, 0, "flat '%.60s': account '%s' has no contract then",
                                     flat->id, number);
}

static heng_rc charge_of(struct heat_job *job, const struct heng_flat_bill *flat, const struct heng_contract *contract,
                         struct heng_charge *ret)
{
    char text[256];
    memset(ret, 0, sizeof *ret);
    ret->contract_id = contract->id;
    ret->account_id = contract->account_id;
    ret->kind = HENG_CHARGE_HEAT;
    snprintf(ret->medium, sizeof ret->medium, "heat");
    ret->from_day = flat->from_day;
    ret->to_day = flat->to_day;
    ret->total = ret->amount = flat->total;
    ret->tax = flat->tax;
    ret->lines = flat->lines;
    ret->line_count = flat->line_count;
    for (size_t i = 0; i < flat->line_count; i++) {
        flat->lines[i].from_day = flat->from_day;
        flat->lines[i].to_day = flat->to_day;
    }
    snprintf(text, sizeof text, "{\"kind\":\"heat\",\"apportionment\":%lld}", (long long)job->row.id);
    const char *ask = heng_arena_text(&job->arena, text);
    if (!ask) return heng_fail(job->err, HENG_ENOMEM, 0, "no memory for a charge");
    ret->ask = heng_slice_str(ask);
    ret->states = heng_slice_str("{}");
    ret->trace = heng_slice_str(ask);
    return heng_charge_digest(ret, ret->digest, job->err);
}

/* The form and the books must agree on what was asked for beforehand, or one of them is wrong. */
static void gate_prepaid(const struct heng_flat_bill *flat, int64_t asked, struct heng_draft *draft)
{
    char why[HENG_DETAIL_MAX];
    if (!flat->prepaid || flat->prepaid == asked) return;
    snprintf(why, sizeof why, "the form says %lld.%02lld were prepaid, bills asked for %lld.%02lld: mend the form",
             (long long)(flat->prepaid / 100), (long long)(flat->prepaid % 100), (long long)(asked / 100),
             (long long)(asked % 100));
    heng_draft_block(draft, 0, why);
}

static heng_rc make_flat(struct heat_job *job, struct heng_flat_bill *flat, struct heng_draft *ret)
{
    struct heng_contract contract;
    bool is = false;
    memset(ret, 0, sizeof *ret);
    if (!flat->from_day) flat->from_day = job->row.from_day;
    if (!flat->to_day) flat->to_day = job->row.to_day;
    heng_rc rc = find_contract(job, flat, &contract);
    if (rc != HENG_OK) return rc;
    struct heng_account account;
    rc = heng_store_get_account(job->reader, 0, contract.account_id, &account, job->err);
    if (rc == HENG_OK && strcmp(account.currency, job->run->currency) != 0)
        rc = heng_fail(job->err, HENG_ECONFIG, 0, "account '%s' is in %s", account.number, account.currency);
    if (rc != HENG_OK) return rc;
    ret->bill = (struct heng_bill){.run_id = job->run->id,
                                   .org_id = account.org_id,
                                   .account_id = account.id,
                                   .kind = HENG_BILL_HEAT,
                                   .state = HENG_BILL_STATE_DRAFT,
                                   .from_day = flat->from_day,
                                   .to_day = flat->to_day,
                                   .due_day = job->run->due_day};
    snprintf(ret->bill.currency, sizeof ret->bill.currency, "%s", job->run->currency);
    ret->charges = heng_arena_take(&job->arena, 2, sizeof *ret->charges);
    if (!ret->charges) return heng_fail(job->err, HENG_ENOMEM, 0, "no memory for the bill of a flat");
    rc = charge_of(job, flat, &contract, &ret->charges[ret->charge_count++]);
    if (rc == HENG_OK)
        rc = heng_prepay_take_off(job->reader, &contract, flat->from_day, flat->to_day, &job->arena, &ret->charges[1],
                                  &is, job->err);
    if (rc == HENG_OK && is) ret->charge_count++;
    if (rc == HENG_OK) gate_prepaid(flat, is ? -ret->charges[1].amount : 0, ret);
    if (rc == HENG_OK) rc = heng_draft_sum(ret, job->err);
    if (ret->bill.total == 0) ret->bill.flags |= HENG_BILL_FLAG_ZERO;
    if (ret->bill.total < 0) ret->bill.flags |= HENG_BILL_FLAG_NEGATIVE;
    ret->bill.rank = heng_bill_rank(&ret->bill);
    return rc;
}

static int by_account(const void *a, const void *b)
{
    const struct heng_draft *x = a, *y = b;
    return x->bill.account_id < y->bill.account_id ? -1 : x->bill.account_id > y->bill.account_id;
}

static heng_rc make_bills(struct heat_job *job, const struct heng_str *answer)
{
    struct heng_flat_bill *flats = NULL;
    size_t n = 0;
    heng_rc rc = heng_heat_read(heng_slice_of(answer->text, answer->n), &job->arena, &flats, &n, job->err);
    struct heng_draft *drafts = rc == HENG_OK ? heng_arena_take(&job->arena, n, sizeof *drafts) : NULL;
    if (rc == HENG_OK && !drafts) rc = heng_fail(job->err, HENG_ENOMEM, 0, "no memory for %zu bills", n);
    for (size_t i = 0; i < n && rc == HENG_OK; i++) rc = make_flat(job, &flats[i], &drafts[i]);
    if (rc != HENG_OK) return rc;
    qsort(drafts, n, sizeof *drafts, by_account);
    job->run->state = HENG_RUN_STATE_PREVIEW;
    job->run->done = job->run->total = (int64_t)n;
    rc = heng_drafts_put(job->store, drafts, n, job->run->made_us, job->err);
    if (rc == HENG_OK) rc = heng_store_put_run(job->store, job->run, job->err);
    job->row.state = HENG_APPORTION_BILLED;
    job->row.run_id = job->run->id;
    return rc == HENG_OK ? heng_store_set_apportion(job->store, &job->row, job->err) : rc;
}

static heng_rc begin_run(struct heat_job *job, const struct heng_hand *hand)
{
    struct heng_run *run = job->run;
    char date[HENG_DATE_TEXT_MAX];
    heng_date_format(job->row.from_day, date);
    run->org_id = job->row.org_id;
    run->kind = HENG_RUN_HEAT;
    run->from_day = job->row.from_day;
    run->to_day = job->row.to_day;
    run->due_day = job->ask->due_day;
    run->state = HENG_RUN_STATE_PREVIEW;
    run->made_us = hand->now_us;
    snprintf(run->name, sizeof run->name, "%s", job->ask->name[0] ? job->ask->name : date);
    snprintf(run->selection, sizeof run->selection, "{\"apportionment\":%lld}", (long long)job->row.id);
    snprintf(run->currency, sizeof run->currency, "%s", job->ask->currency);
    snprintf(run->made_by, sizeof run->made_by, "%s", hand->who);
    return heng_store_put_run(job->store, run, job->err);
}

heng_rc heng_heat_run(struct heng_store *store, int64_t scope, const struct heng_heat_ask *ask,
                      const struct heng_hand *hand, int64_t *ret_run_id, struct heng_err *err)
{
    struct heng_str answer = {.max = TEXT_MAX};
    struct heat_job job = {.store = store,
                           .reader = heng_store_as_reader(store),
                           .ask = ask,
                           .arena = {.max = HENG_RUN_ARENA_MAX},
                           .err = err};
    heng_rc rc = heng_hand_check(hand, err);
    if (rc == HENG_OK)
        rc = heng_store_get_apportion(job.reader, scope, ask->apportion_id, &job.row, NULL, &answer, err);
    if (rc == HENG_ENOTFOUND)
        rc = heng_fail(err, rc, 0, "there is no apportionment %lld", (long long)ask->apportion_id);
    if (rc == HENG_OK && job.row.state != HENG_APPORTION_APPROVED)
        rc = heng_fail(err, HENG_ECONFLICT, 0, "apportionment %lld is %s: it has to be approved first",
                       (long long)ask->apportion_id, heng_apportion_state_text(job.row.state));
    job.run = rc == HENG_OK ? calloc(1, sizeof *job.run) : NULL;
    if (rc == HENG_OK && !job.run) rc = heng_fail(err, HENG_ENOMEM, 0, "no memory for a bill run");
    if (rc == HENG_OK) rc = begin_run(&job, hand);
    if (rc == HENG_OK) rc = make_bills(&job, &answer);
    if (rc == HENG_OK) *ret_run_id = job.run->id;
    free(job.run);
    heng_str_fini(&answer);
    heng_arena_fini(&job.arena);
    return rc;
}
