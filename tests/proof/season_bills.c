/* Runs, what they left behind, what late readings change, the season of heat; and the proof of all of it. */
#include "proof/season.h"

#include "account/tariffs.h"
#include "billing/correct.h"
#include "billing/explain.h"
#include "billing/heat.h"
#include "billing/issue.h"
#include "billing/run.h"
#include "seal/seal.h"
#include "seal/verify.h"
#include "vee/day.h"

#define OK(call)                                                                                                       \
    do {                                                                                                               \
        if ((call) != HENG_OK) fail_msg("%s: %s", #call, season_err.text);                                             \
    } while (0)

enum { RUNS_MAX = 32, FOUND = 64, SUPPLY_HOURS = 24 };

static int64_t runs[RUNS_MAX];
static size_t run_count;

void season_tariff(struct season *s, const char *key, const char *body)
{
    struct heng_tariff_edition edition;
    bool is_new;
    season_begin(s);
    OK(heng_tariff_put(s->store, 0, key, heng_slice_str(body), &s->li, "", &edition, &is_new, &season_err));
    season_commit(s);
}

static void work(struct season *s)
{
    struct heng_run_worker *worker = NULL;
    bool left = true;
    OK(heng_run_worker_new(s->reader, &worker, &season_err));
    while (left) {
        season_begin(s);
        OK(heng_bill_run_work(worker, s->store, &s->li, HENG_US_PER_S, &left, &season_err));
        season_commit(s);
    }
    heng_run_worker_free(worker);
}

static void approve(struct season *s, int64_t run)
{
    season_begin(s);
    OK(heng_run_approve(s->store, 0, run, &s->wang, &season_err));
    season_commit(s);
    work(s);
    s->n.runs++;
}

void season_run(struct season *s, int from_day, int to_day)
{
    const struct heng_run_ask ask = {.kind = HENG_RUN_USAGE,
                                     .name = "month",
                                     .selection = "{\"mode\": \"postpaid\", \"cycle\": \"month\"}",
                                     .currency = "CNY",
                                     .from_day = from_day,
                                     .to_day = to_day,
                                     .due_day = to_day + 30};
    int64_t id = 0;
    season_begin(s);
    OK(heng_run_begin(s->store, &ask, &s->li, &id, &season_err));
    season_commit(s);
    work(s);
    assert_true(run_count < RUNS_MAX);
    runs[run_count++] = id;
    approve(s, id);
}

/* What was held: the readings are here by now. */
void season_again(struct season *s)
{
    struct heng_run_worker *worker = NULL;
    OK(heng_run_worker_new(s->reader, &worker, &season_err));
    for (size_t r = 0; r < run_count; r++) {
        struct heng_bill_ask ask = {
            .run_id = runs[r], .kind = HENG_BILL_KIND_COUNT, .state = HENG_BILL_STATE_BLOCKED, .after_rank = INT32_MIN};
        size_t n = 0, made = 0;
        do {
            struct heng_bill bills[FOUND], bill;
            OK(heng_store_list_bills(s->reader, &ask, bills, FOUND, &n, &season_err));
            for (size_t i = 0; i < n; i++) {
                ask.after_rank = bills[i].rank;
                ask.after_id = bills[i].id;
                season_begin(s);
                OK(heng_run_again(worker, s->store, 0, bills[i].id, &s->li, &bill, &season_err));
                season_commit(s);
                if (bill.state == HENG_BILL_STATE_DRAFT) made++;
                if (bill.state == HENG_BILL_STATE_BLOCKED && getenv("SEASON_TELL"))
                    print_message("# bill %lld waits: %s\n", (long long)bill.id, bill.why);
                s->n.again++;
            }
        } while (n == FOUND);
        if (made) approve(s, runs[r]);
    }
    heng_run_worker_free(worker);
}

/* Issued bills that today's readings contradict: taken back, and made anew. */
void season_corrections(struct season *s)
{
    struct heng_run_worker *worker = NULL;
    int64_t after = 0;
    OK(heng_run_worker_new(s->reader, &worker, &season_err));
    do {
        struct heng_delta_found found[FOUND];
        size_t n = 0;
        OK(heng_delta_find(worker, 0, s->first_day, s->today + 1, after, FOUND, found, FOUND, &n, &after, &season_err));
        for (size_t i = 0; i < n; i++) {
            struct heng_bill back, draft, bill;
            struct heng_hand hand = s->li;
            snprintf(hand.second, sizeof hand.second, "Wang");
            season_begin(s);
            OK(heng_bill_correct(worker, s->store, 0, found[i].bill.id, &hand, "late reading", &back, &draft,
                                 &season_err));
            OK(heng_issue_one(s->store, 0, draft.id, &hand, &bill, &season_err));
            season_commit(s);
            if (bill.state != HENG_BILL_STATE_ISSUED) fail_msg("a corrected bill is held: %s", bill.why);
            if (bill.total - found[i].bill.total != found[i].difference) fail_msg("a delta is another one");
            s->n.corrected++;
        }
    } while (after);
    heng_run_worker_free(worker);
}

/* Who lives there at the end of the season has a contract for its heat. */
static void heat_contract(struct season *s, struct season_flat *flat)
{
    struct heng_contract contract = {.account_id = flat->account_id,
                                     .point_id = flat->meters[SEASON_ROOM].point_id,
                                     .mode = HENG_MODE_POSTPAID,
                                     .cycle = HENG_BILL_CYCLE_SEASON,
                                     .tariff_key = "heat",
                                     .from_day = s->first_day,
                                     .terms = "{}"};
    season_begin(s);
    OK(heng_contract_add(s->store, 0, &contract, &s->li, "", &season_err));
    season_commit(s);
    flat->contracts[SEASON_ROOM] = contract.id;
}

/* Each house's heat over its flats by room temperature times area; 30 % by area, the rest by what falls to a flat. */
void season_heat(struct season *s)
{
    const int to_day = s->first_day + s->days;
    for (int i = 0; i < s->flat_count; i++) heat_contract(s, &s->flats[i]);
    for (int h = 0; h < s->house_count; h++) {
        char *form = NULL, *accounts = NULL, place[24], first[16];
        size_t size = 0, other = 0;
        FILE *out = open_memstream(&form, &size), *who = open_memstream(&accounts, &other);
        int64_t id = 0, run = 0;
        assert_true(out && who);
        snprintf(place, sizeof place, "h%d", h + 1);
        snprintf(first, sizeof first, "%lld", (long long)s->house_first[h]);
        fprintf(out,
                "{\"kind\": \"shares\", \"method\": \"temperature-area\", \"supply_h\": \"%d\", \"base_c\": \"8\", "
                "\"quantity\": {\"start\": \"%s\", \"end\": \"%lld\", \"unit\": \"kWh\", \"places\": 0}, \"price\": "
                "{\"area\": {\"price\": \"26.70\", \"per\": \"season\"}, \"base\": {\"share\": \"0.30\"}, "
                "\"season\": {\"days\": %d}, \"unit_price\": \"0.2000\", \"settle\": \"refund-collect\"}, "
                "\"participants\": [",
                s->days * SUPPLY_HOURS, first, (long long)s->houses[h].index[0], s->days);
        fprintf(who, "{");
        bool next = false;
        for (int i = 0; i < s->flat_count; i++) {
            const struct season_flat *flat = &s->flats[i];
            if (flat->house != h) continue;
            fprintf(out, "%s{\"id\": \"%s\", \"area\": \"%d.%02d\", \"degree_h\": \"%lld.%02lld\"}", next ? ", " : "",
                    flat->key, flat->area_dm2 / 100, flat->area_dm2 % 100, (long long)(flat->degree_h / 100),
                    (long long)(flat->degree_h % 100));
            fprintf(who, "%s\"%s\": \"%s\"", next ? ", " : "", flat->key, flat->account);
            next = true;
        }
        fprintf(out, "]}");
        fprintf(who, "}");
        fclose(out);
        fclose(who);
        const struct heng_apportion_ask ask = {
            .place = place, .from_day = s->first_day, .to_day = to_day, .json = heng_slice_str(form)};
        season_begin(s);
        OK(heng_apportion_keep(s->store, &ask, &s->li, &id, &season_err));
        OK(heng_apportion_approve(s->store, 0, id, &s->wang, &season_err));
        const struct heng_heat_ask bills = {
            .apportion_id = id, .name = "heat", .currency = "CNY", .accounts = accounts, .due_day = to_day + 30};
        OK(heng_heat_run(s->store, 0, &bills, &s->li, &run, &season_err));
        season_commit(s);
        approve(s, run);
        for (int i = 0; i < s->flat_count; i++)
            if (s->flats[i].house == h)
                season_fact(s, "heat\t%s\t%lld", s->flats[i].key, (long long)s->flats[i].account_id);
        free(form);
        free(accounts);
    }
}

/* --- proof ------------------------------------------------------------------------------------------------------- */

static heng_rc found_wrong(void *owner, const struct heng_seal_finding *finding, struct heng_err *err)
{
    (void)owner;
    (void)err;
    print_message("# sealed, and now %s: %s at %lld\n", heng_seal_wrong_text(finding->wrong), finding->name,
                  (long long)finding->position);
    return HENG_OK;
}

static void sealed(struct season *s)
{
    struct heng_seal *seal = NULL;
    struct heng_seal_told told;
    const struct heng_seal_ask ask = {.stream = HENG_SEAL_STREAM_COUNT, .found = found_wrong};
    bool left = true;
    OK(heng_seal_new(s->folder, &seal, &season_err));
    while (left) {
        season_begin(s);
        OK(heng_seal_work(seal, s->store, s->li.now_us, HENG_US_PER_S, &left, &season_err));
        season_commit(s);
        OK(heng_seal_committed(seal, true, &season_err));
    }
    heng_seal_free(seal);
    OK(heng_seal_verify(s->reader, &ask, &told, &season_err));
    if (told.findings || told.since)
        fail_msg("%llu findings, %llu rows without a seal", (unsigned long long)told.findings,
                 (unsigned long long)told.since);
    print_message("# sealed: %llu rows in %llu checkpoints, nothing changed\n", (unsigned long long)told.rows,
                  (unsigned long long)told.checkpoints);
}

/* Every bill that was issued says what is stored, comes out the same, and is explained in the same bytes twice. */
static void bills(struct season *s)
{
    struct heng_charger *charger = NULL;
    struct heng_bill_ask ask = {.kind = HENG_BILL_KIND_COUNT, .state = HENG_BILL_STATE_COUNT};
    size_t n = 1;
    long long held = 0, explained = 0;
    OK(heng_charger_new(s->reader, &charger, &season_err));
    heng_charger_hold(charger, true);
    while (n) {
        struct heng_bill found[FOUND];
        OK(heng_store_list_bills(s->reader, &ask, found, FOUND, &n, &season_err));
        for (size_t i = 0; i < n; i++) {
            const struct heng_bill *bill = &found[i];
            ask.after_id = bill->id;
            if (bill->state == HENG_BILL_STATE_BLOCKED || bill->state == HENG_BILL_STATE_DRAFT) {
                print_message("# bill %lld is %s: %s\n", (long long)bill->id, heng_bill_state_text(bill->state),
                              bill->why);
                held++;
                continue;
            }
            OK(heng_bill_verify(s->reader, bill, &season_err));
            s->n.bills++;
            if (bill->kind == HENG_BILL_REVERSAL) continue;
            struct heng_str a = {.max = 8 << 20}, b = {.max = 8 << 20};
            struct heng_bill_explanation how = {.language = HENG_LANGUAGE_EN}, again = how;
            OK(heng_bill_explain_json(charger, bill, &how, &a, &season_err));
            if (how.differ) fail_msg("bill %s does not come out the same", bill->number);
            /* Late readings may move what was used between the days of a bill: its quantities stand. */
            if (bill->state == HENG_BILL_STATE_ISSUED && how.rows_changed) s->n.shifted++;
            if (explained++ % 16 == 0) {
                OK(heng_bill_explain_json(charger, bill, &again, &b, &season_err));
                if (a.n != b.n || memcmp(a.text, b.text, a.n) != 0)
                    fail_msg("bill %s is explained in two ways", bill->number);
            }
            heng_str_fini(&a);
            heng_str_fini(&b);
        }
    }
    heng_charger_free(charger);
    if (held) fail_msg("%lld bills are held at the end", held);
    print_message("# %lld bills explained down to their frames and worked out again; of %lld the days shifted inside\n",
                  explained, s->n.shifted);
}

static void receipts(struct season *s)
{
    static const char gaps[] =
        "SELECT count(*) FROM (SELECT org_id, desk, year, max(number) AS most, count(*) AS there, "
        "count(DISTINCT number) AS different FROM receipt GROUP BY org_id, desk, year) AS r WHERE most <> "
        "there OR there <> different";
    assert_int_equal(small_site_number(s->site.path, gaps), 0);
    static const char elsewhere[] =
        "SELECT count(*) FROM charge c JOIN contract k ON k.id = c.contract_id JOIN point p ON "
        "p.id = k.point_id WHERE c.kind = 'heat' AND p.medium <> 'heat'";
    assert_int_equal(small_site_number(s->site.path, elsewhere), 0); /* heat is charged to contracts for heat */
    static const char unclear[] = "SELECT CAST(coalesce(sum(balance), 0) AS BIGINT) FROM book WHERE kind = 'unclear'";
    assert_int_equal(small_site_number(s->site.path, unclear), 0);
}

void season_prove(struct season *s)
{
    struct heng_books_proof proof;
    OK(heng_store_prove_books(s->reader, &proof, &season_err));
    if (proof.wrong) fail_msg("%s", proof.why);
    print_message("# %lld books, %lld bookings, %lld postings: balanced\n", (long long)proof.books,
                  (long long)proof.bookings, (long long)proof.postings);
    receipts(s);
    bills(s);
    sealed(s);
}
