/* What bills, receipts, statements and lists say, out of a database: as a customer, a cashier and an auditor read it.
 */
#include "account/receipt.h"
#include "billing/collect.h"
#include "billing/heat.h"
#include "heat/apportion_run.h"
#include "paper/bill.h"
#include "paper/escp.h"
#include "paper/lists.h"
#include "paper/page.h"
#include "paper/pdf.h"
#include "paper/receipt.h"
#include "paper/statement.h"
#include "sheet/sheet.h"
#include "unit/billing/bill_site.h"

enum { ROOM = 16 << 20 };

/* --- helpers -------------------------------------------------------------------------------------------------------
 */

static struct heng_bill first_bill(struct bill_site *s)
{
    struct heng_bill bills[8];
    int64_t run = bill_run_begin(s, HENG_RUN_USAGE, "{}", BILL_FROM, BILL_TO);
    bill_run_work(s);
    bill_run_approve(s, run);
    size_t n = bill_list(s, run, bills, 8);
    assert_true(n > 0);
    for (size_t i = 0; i < n; i++)
        if (bills[i].state == HENG_BILL_STATE_ISSUED && bills[i].account_id == 1) return bills[i];
    fail_msg("no bill was issued: %s", bills[0].why);
    return bills[0];
}

static void pay(struct bill_site *s, int64_t account_id, int64_t amount, const char *key, struct heng_booked *ret)
{
    const struct heng_collect_ask ask = {.account_id = account_id, .amount = amount, .channel = "bank", .key = key};
    struct heng_err err;
    assert_ok(heng_store_begin(s->store, &err));
    assert_ok(heng_collect(s->store, &ask, &s->li, ret, &err));
    assert_ok(heng_store_commit(s->store, &err));
}

static void bill_page(struct bill_site *s, int64_t id, heng_language language, struct heng_str *ret)
{
    struct heng_arena arena = {.max = ROOM};
    struct heng_paper paper;
    struct heng_err err;
    heng_paper_begin(&paper, &arena, language, HENG_PAPER_A4, "bill");
    assert_ok(heng_paper_bill(heng_store_as_reader(s->store), 0, id, &paper, &err));
    heng_str_clear(ret);
    assert_ok(heng_paper_page(&paper, ret, &err));
    heng_arena_fini(&arena);
}

static void has(const struct heng_str *page, const char *what)
{
    if (!strstr(page->text, what)) fail_msg("'%s' is not in %s", what, page->text);
}

static void has_not(const struct heng_str *page, const char *what)
{
    if (strstr(page->text, what)) fail_msg("'%s' is in %s", what, page->text);
}

/* --- bills ---------------------------------------------------------------------------------------------------------
 */

/* 300 kWh at 0.25 are 75.00; 20.00 of it are paid, then the rest. */
static void a_bill_says_what_is_left(void **state)
{
    (void)state;
    struct bill_site s;
    struct heng_str page = {.max = ROOM};
    struct heng_booked booked;
    bill_site_open(&s, 1);
    struct heng_bill bill = first_bill(&s);
    bill_page(&s, bill.id, HENG_LANGUAGE_ZH, &page);
    has(&page, bill.number);
    has(&page, "<td class=\"r\">300</td><td>kWh</td><td class=\"r\">0.2500</td>");
    has(&page, "应缴金额</dt><dd class=\"amount\">75.00\u00A0元");
    has(&page, "柒拾伍元整");
    bill_page(&s, bill.id, HENG_LANGUAGE_DE, &page);
    has(&page, "Zu zahlen</dt><dd class=\"amount\">75,00\u00A0CNY");
    has_not(&page, "Bisherige Zahlungen");
    pay(&s, 1, 2000, "p1", &booked);
    bill_page(&s, bill.id, HENG_LANGUAGE_EN, &page);
    has(&page, "Paid so far");
    has(&page, "Still to pay</dt><dd class=\"amount\">CNY\u00A055.00");
    pay(&s, 1, 5500, "p2", &booked);
    bill_page(&s, bill.id, HENG_LANGUAGE_EN, &page);
    has(&page, "<p class=\"mark\">Paid in full</p>");
    heng_str_fini(&page);
    bill_site_close(&s);
}

/* The mirror of a bill has its lines with their signs turned; the bill itself says that it is void, and by which. */
static void a_reversal_is_the_mirror_of_its_bill(void **state)
{
    (void)state;
    struct bill_site s;
    struct heng_str page = {.max = ROOM};
    struct heng_bill reversal;
    struct heng_err err;
    bill_site_open(&s, 1);
    struct heng_bill bill = first_bill(&s);
    assert_ok(heng_store_begin(s.store, &err));
    assert_ok(heng_bill_reverse(s.store, 0, bill.id, &s.wang, "wrong meter", &reversal, &err));
    assert_ok(heng_store_commit(s.store, &err));
    bill_page(&s, reversal.id, HENG_LANGUAGE_EN, &page);
    has(&page, "Reversal of a bill");
    has(&page, bill.number);
    has(&page, "<td class=\"r\">CNY\u00A0-75.00</td>");
    bill_page(&s, bill.id, HENG_LANGUAGE_DE, &page);
    has(&page, "<p class=\"mark\">Storniert</p>");
    has(&page, reversal.number);
    has_not(&page, "Zu zahlen");
    heng_str_fini(&page);
    bill_site_close(&s);
}

static void nobody_sees_the_bills_of_others(void **state)
{
    (void)state;
    struct bill_site s;
    struct heng_arena arena = {.max = ROOM};
    struct heng_paper paper;
    struct heng_err err;
    bill_site_open(&s, 1);
    struct heng_bill bill = first_bill(&s);
    heng_paper_begin(&paper, &arena, HENG_LANGUAGE_EN, HENG_PAPER_A4, "bill");
    assert_int_equal(heng_paper_bill(heng_store_as_reader(s.store), 77, bill.id, &paper, &err), HENG_ENOTFOUND);
    heng_arena_fini(&arena);
    bill_site_close(&s);
}

/* A charge as billing makes it: two tiers with 13 % tax, a fee without, an exchange of the meter in the period. */
#define TRACE(amount, first, last)                                                                                     \
    "{\"rows\": [{\"channel\": 100, \"from\": \"2023-12-09\", \"to\": \"2024-01-08\", \"amount\": \"" amount           \
    "\", \"unit\": \"Wh\", \"days\": 30, \"trust\": \"valid\", \"sha256\": \"x\"}], \"usage\": [], \"lines\": [], "    \
    "\"readings\": [{\"channel\": 100, \"device\": 1, \"meter\": \"0047110815\", \"of\": \"begin\", \"at\": "          \
    "1795000000000000, \"source\": 0, \"register\": 1, \"index\": \"" first "\", \"unit\": \"Wh\", \"frame\": 1}, "    \
    "{\"channel\": 100, \"device\": 1, \"meter\": \"0047110815\", \"of\": \"end\", \"at\": 1797500000000000, "         \
    "\"source\": 0, \"register\": 1, \"index\": \"" last "\", \"unit\": \"Wh\", \"frame\": 2}]}"

static void put_made_bill(struct bill_site *s, const char *number, const char *trace, int32_t from, int32_t to,
                          struct heng_bill *ret)
{
    struct heng_charge_line lines[3] = {
        {.component = "energy",
         .name = "居民阶梯电价",
         .tier = 1,
         .unit = "kWh",
         .quantity = "240",
         .price = "0.5380",
         .amount = 12912,
         .tax = 1485,
         .vat = "0.13",
         .version = "v1"},
        {.component = "energy",
         .name = "居民阶梯电价",
         .tier = 2,
         .unit = "kWh",
         .quantity = "142.54",
         .price = "0.5880",
         .amount = 8381,
         .tax = 964,
         .vat = "0.13",
         .version = "v1"},
        {.component = "fee", .name = "垃圾处理费", .unit = "", .quantity = "1", .price = "8.00", .amount = 800}};
    for (int i = 0; i < 3; i++) lines[i].from_day = from;
    for (int i = 0; i < 3; i++) lines[i].to_day = to;
    struct heng_charge charge = {.contract_id = 1,
                                 .account_id = 1,
                                 .kind = HENG_CHARGE_USAGE,
                                 .from_day = from,
                                 .to_day = to,
                                 .total = 22093,
                                 .amount = 22093,
                                 .tax = 2449,
                                 .estimated = true,
                                 .at_us = START_US,
                                 .ask = heng_slice_str("{}"),
                                 .states = heng_slice_str("{}"),
                                 .trace = heng_slice_str(trace),
                                 .lines = lines,
                                 .line_count = 3};
    struct heng_err err;
    *ret = (struct heng_bill){.account_id = 1,
                              .kind = HENG_BILL_BILL,
                              .state = HENG_BILL_STATE_ISSUED,
                              .from_day = from,
                              .to_day = to,
                              .due_day = to + 30,
                              .total = 22093,
                              .tax = 2449,
                              .currency = "CNY",
                              .issued_us = START_US};
    snprintf(ret->number, sizeof ret->number, "%s", number);
    assert_ok(heng_store_begin(s->store, &err));
    assert_ok(heng_store_put_bill(s->store, ret, &err));
    charge.bill_id = ret->id;
    assert_ok(heng_charge_digest(&charge, charge.digest, &err));
    assert_ok(heng_store_put_charges(s->store, &charge, 1, &err));
    assert_ok(heng_store_commit(s->store, &err));
}

static void a_bill_shows_readings_tax_and_earlier_use(void **state)
{
    (void)state;
    struct bill_site s;
    struct heng_str page = {.max = ROOM};
    struct heng_bill before, bill;
    struct heng_booked booked;
    bill_site_open(&s, 1);
    put_made_bill(&s, "2023-000009", TRACE("191270", "1000000", "1191270"), BILL_FROM - 30, BILL_FROM, &before);
    put_made_bill(&s, "2024-000001", TRACE("382540", "1191270", "1573810"), BILL_FROM, BILL_TO, &bill);
    bill_page(&s, bill.id, HENG_LANGUAGE_ZH, &page);
    has(&page, "居民阶梯电价，第2档");
    has(&page,
        "13\u00A0%</td><td class=\"r\">188.44\u00A0元</td><td class=\"r\">24.49\u00A0元</td><td class=\"r\">212.93");
    has(&page, "不计税</td><td class=\"r\">8.00\u00A0元</td><td class=\"r\">0.00\u00A0元</td>");
    has(&page, "<td>0047110815</td>");
    has(&page, "1,191.270 kWh</td>");
    has(&page, "382.540 kWh</td>");
    has(&page, "近12个月用量");
    has(&page, "<i style=\"width:50.0%\">"); /* half of what this period used */
    has(&page, "贰佰贰拾元玖角叁分");
    has(&page, "本期部分用量为估算值");
    bill_page(&s, bill.id, HENG_LANGUAGE_DE, &page);
    has(&page, "1.573,810 kWh</td>");
    pay(&s, 1, 100, "p1", &booked); /* of the older one; its booking stands for that of a fee */
    usage_sql(&s.site, "INSERT INTO bill_fee (booking_id, bill_id, kind, amount, day) SELECT (SELECT max(id) FROM "
                       "booking), id, 'dunning', 250, 19800 FROM bill WHERE number = '2024-000001'");
    usage_sql(&s.site, "INSERT INTO dunning (bill_id, step, day, fee, booking_id) SELECT id, 1, 19800, 250, (SELECT "
                       "max(id) FROM booking) FROM bill WHERE number = '2024-000001'");
    usage_sql(&s.site, "INSERT INTO instalment (bill_id, plan, n, due_day, amount, who, made_us) SELECT id, 1, 1, "
                       "19800, 10000, 'Li', 1 FROM bill WHERE number = '2024-000001'");
    bill_page(&s, bill.id, HENG_LANGUAGE_EN, &page);
    has(&page, "Reminder</h2>");
    has(&page, "Still to pay</dt><dd class=\"amount\">CNY\u00A0223.43");
    has(&page, "Instalments</h2>");
    heng_str_fini(&page);
    bill_site_close(&s);
}

/* A name may hold anything: it turns no page round, steers no printer, and does not become markup. */
static void hostile_names_are_only_names(void **state)
{
    (void)state;
    struct bill_site s;
    struct heng_str out = {.max = ROOM}, again = {.max = ROOM};
    struct heng_arena arena = {.max = ROOM};
    struct heng_account account;
    struct heng_paper paper;
    struct heng_err err;
    const struct heng_escp third = heng_escp_third();
    bill_site_open(&s, 1);
    struct heng_bill bill = first_bill(&s);
    struct heng_store_reader *reader = heng_store_as_reader(s.store);
    assert_ok(heng_store_get_account(reader, 0, 1, &account, &err));
    snprintf(account.name, sizeof account.name, "\u202Eevil\u2066\x1B@\x07<b>&\xF0\x9F\x98\x80\xFF");
    memset(account.address, 'x', sizeof account.address - 1);
    memcpy(account.address, "\r\n\t\f", 4);
    heng_paper_begin(&paper, &arena, HENG_LANGUAGE_ZH, HENG_PAPER_A4, account.name);
    heng_paper_put(&paper, HENG_PAPER_ADDRESS, account.name);
    heng_paper_put(&paper, HENG_PAPER_ADDRESS, account.address);
    assert_ok(heng_paper_bill(reader, 0, bill.id, &paper, &err));
    assert_ok(heng_paper_page(&paper, &out, &err));
    has(&out, "evil@&lt;b&gt;&amp;\xF0\x9F\x98\x80?");
    has_not(&out, "\u202E");
    has_not(&out, "\x1B");
    heng_str_clear(&out);
    assert_ok(heng_paper_escp(&paper, &third, &out, &err));
    assert_null(memmem(out.text + 9, out.n - 9, "\x1B@", 2)); /* only ours, at the begin */
    heng_str_clear(&out);
    assert_ok(heng_paper_pdf(&paper, &out, &err));
    assert_ok(heng_paper_pdf(&paper, &again, &err));
    assert_int_equal(out.n, again.n);
    assert_memory_equal(out.text, again.text, out.n);
    heng_str_fini(&out);
    heng_str_fini(&again);
    heng_arena_fini(&arena);
    bill_site_close(&s);
}

/* --- receipts ------------------------------------------------------------------------------------------------------
 */

static void receipt_into(struct bill_site *s, const struct heng_receipt_row *row, uint32_t number,
                         struct heng_arena *arena, struct heng_paper *paper)
{
    struct heng_err err;
    heng_paper_begin(paper, arena, HENG_LANGUAGE_ZH, HENG_PAPER_FORM_THIRD, "receipt");
    assert_ok(heng_paper_receipt(heng_store_as_reader(s->store), 0, row, number, paper, &err));
}

/* A cashier's receipt fits one third of a page, and says which bills were paid; a copy says that it is one. */
static void a_receipt_fits_a_third(void **state)
{
    (void)state;
    struct bill_site s;
    struct heng_arena arena = {.max = ROOM};
    struct heng_str out = {.max = ROOM};
    struct heng_paper paper;
    struct heng_booked booked;
    struct heng_err err;
    const struct heng_escp third = heng_escp_third();
    bill_site_open(&s, 1);
    struct heng_bill bill = first_bill(&s);
    pay(&s, 1, 8000, "p1", &booked);
    receipt_into(&s, &booked.receipt, 3, &arena, &paper);
    assert_ok(heng_paper_page(&paper, &out, &err));
    has(&out, "补打第 2 次");
    has(&out, "捌拾元整");
    has(&out, bill.number);
    has(&out, "75.00\u00A0元</td>");
    has(&out, "<dd>5.00\u00A0元</dd>"); /* what is over is at hand */
    heng_str_clear(&out);
    assert_ok(heng_paper_escp(&paper, &third, &out, &err));
    size_t forms = 0, lines = 0;
    for (size_t i = 9; i < out.n; i++) {
        forms += out.text[i] == '\f';
        lines += out.text[i] == '\n';
    }
    assert_int_equal(forms, 1);
    assert_in_range(lines, 10, 22);
    heng_str_fini(&out);
    heng_arena_fini(&arena);
    bill_site_close(&s);
}

/* --- statements ----------------------------------------------------------------------------------------------------
 */

#define HOUSE                                                                                                          \
    "{\"kind\": \"heizkosten\", \"building\": \"Lindenweg 4\", \"period\": {\"first\": \"2023-01-01\", "               \
    "\"last\": \"2023-12-31\"}, \"costs\": [{\"name\": \"Fernwärme\", \"date\": \"2024-01-12\", "                     \
    "\"quantity\": \"182.400\", \"unit\": \"MWh\", \"amount\": \"23456.78\"}], \"warm_water\": {\"rule\": "            \
    "\"heat-meter\", \"use\": \"41.250\", \"total\": \"182.400\"}, \"keys\": {\"heat\": \"0.70\", "                    \
    "\"warm_water\": \"0.70\"}, \"flats\": [{\"id\": \"1\", \"area\": \"62.40\", \"units\": \"1843.000\", "            \
    "\"warm_water\": \"21.450\", \"prepaid\": \"7200.00\"}, {\"id\": \"2\", \"area\": \"62.40\", \"units\": "          \
    "\"655.500\", \"warm_water\": \"12.300\", \"prepaid\": \"4200.00\"}, {\"id\": \"3\", \"area\": \"88.15\", "        \
    "\"warm_water\": \"38.905\", \"units\": [{\"serial\": \"HCA 4711\", \"start\": \"12.000\", \"end\": "              \
    "\"2423.250\"}], \"tenants\": [{\"name\": \"old\", \"units\": \"1502.500\", \"warm_water\": \"11.205\", "          \
    "\"prepaid\": \"3000.00\"}, {\"name\": \"new\", \"first\": \"2023-04-15\", \"prepaid\": \"7000.00\"}]}, "          \
    "{\"id\": \"4\", \"area\": \"71.05\", \"missing_heat\": \"device broken\", \"warm_water\": \"0.000\"}]}"

static heng_rc statement(const char *form, const char *flat, heng_language language, struct heng_str *ret,
                         struct heng_err *err)
{
    const struct heng_apportion_options plain = {.explain = false, .language = HENG_LANGUAGES};
    struct heng_arena arena = {.max = ROOM};
    struct heng_str answer = {.max = ROOM};
    struct heng_paper paper;
    heng_rc rc = heng_apportion_json(heng_slice_str(form), &plain, &arena, &answer, err);
    heng_paper_begin(&paper, &arena, language, HENG_PAPER_A4, "statement");
    if (rc == HENG_OK) rc = heng_paper_statement_of(heng_slice_of(answer.text, answer.n), flat, &paper, err);
    heng_str_clear(ret);
    if (rc == HENG_OK) rc = heng_paper_page(&paper, ret, err);
    heng_str_fini(&answer);
    heng_arena_fini(&arena);
    return rc;
}

static void a_german_statement_shows_the_house_and_the_share(void **state)
{
    (void)state;
    struct heng_str page = {.max = ROOM};
    struct heng_err err;
    assert_ok(statement(HOUSE, "3/old", HENG_LANGUAGE_DE, &page, &err));
    has(&page, "Heizkostenabrechnung");
    has(&page, "01.01.2023 – 31.12.2023");
    has(&page, "01.01.2023 – 14.04.2023");
    has(&page, "23.456,78\u00A0€");
    has(&page, "487,333333"); /* degree days of the tenant */
    has(&page, "HCA 4711");
    has(&page, "Heizung Verbrauch");
    assert_ok(statement(HOUSE, "4", HENG_LANGUAGE_DE, &page, &err));
    has(&page, "Schätzungen (§ 9a)");
    has(&page, "device broken");
    assert_int_equal(statement(HOUSE, "3", HENG_LANGUAGE_DE, &page, &err), HENG_ENOTFOUND);
    assert_non_null(strstr(err.text, "3/NAME"));
    assert_int_equal(statement(HOUSE, "9", HENG_LANGUAGE_DE, &page, &err), HENG_ENOTFOUND);
    heng_str_fini(&page);
}

/* CN-C7a: 2,537.70 to pay, 2,392.32 were paid. */
static void a_chinese_settlement_says_what_is_to_collect(void **state)
{
    (void)state;
    static const char form[] =
        "{\"kind\": \"heat-bill\", \"price\": {\"area\": {\"price\": \"26.70\", \"per\": \"season\"}, \"season\": "
        "{\"days\": 120}, \"base\": {\"share\": \"0.30\"}, \"unit_price\": \"0.20\", \"prepay\": \"area-fee\", "
        "\"settle\": \"refund-collect\"}, \"participants\": [{\"id\": \"1-101\", \"area\": \"89.60\", \"quantity\": "
        "\"9100\"}]}";
    struct heng_str page = {.max = ROOM};
    struct heng_err err;
    assert_ok(statement(form, "1-101", HENG_LANGUAGE_ZH, &page, &err));
    has(&page, "供热费结算单");
    has(&page, "两部制热价");
    has(&page, "1,820.00\u00A0元");
    has(&page, "2,392.32\u00A0元");
    has(&page, "应补</dt><dd class=\"amount\">145.38\u00A0元");
    has(&page, "壹佰肆拾伍元叁角捌分");
    heng_str_fini(&page);
}

/* RP-C8. */
static void the_monthly_information_compares(void **state)
{
    (void)state;
    static const char form[] = "{\"kind\": \"monthly-information\", \"flat\": \"3\", \"month\": \"2026-01\", "
                               "\"use_kwh\": \"612\", \"previous_month_kwh\": \"845\", \"year_before_kwh\": \"598\", "
                               "\"average_user_per_m2\": \"8.9\", \"area\": \"71.05\"}";
    const struct heng_apportion_options plain = {.explain = false, .language = HENG_LANGUAGES};
    struct heng_arena arena = {.max = ROOM};
    struct heng_str answer = {.max = ROOM}, page = {.max = ROOM};
    struct heng_paper paper;
    struct heng_err err;
    assert_ok(heng_apportion_json(heng_slice_str(form), &plain, &arena, &answer, &err));
    heng_paper_begin(&paper, &arena, HENG_LANGUAGE_DE, HENG_PAPER_A4, "month");
    assert_ok(heng_paper_monthly_of(heng_slice_of(answer.text, answer.n), "Lindenweg 4", &paper, &err));
    assert_ok(heng_paper_page(&paper, &page, &err));
    has(&page, "612\u00A0kWh");
    has(&page, "-27,6\u00A0%");
    has(&page, "+2,3\u00A0%");
    has(&page, "632,3\u00A0kWh");
    has(&page, "-3,2\u00A0%");
    has_not(&page, "€"); /* no money on it */
    heng_str_fini(&answer);
    heng_str_fini(&page);
    heng_arena_fini(&arena);
}

/* Out of usage: 10 kWh a day of 31 in December 2023; what is not known is left out. */
static void a_month_out_of_usage(void **state)
{
    (void)state;
    struct bill_site s;
    struct heng_str form = {.max = ROOM};
    struct heng_err err;
    bill_site_open(&s, 1);
    struct heng_store_reader *reader = heng_store_as_reader(s.store);
    assert_int_equal(heng_monthly_form(reader, 0, "A-00", 2023, 12, &form, &err), HENG_ENOTFOUND);
    assert_non_null(strstr(err.text, "23 of 31"));
    for (int day = -8; day < 0; day++)
        usage_put(s.store, HENG_USAGE_MEASURED, BILL_POINT, day, 3, 10, HENG_TRUST_VALID);
    heng_str_clear(&form);
    assert_ok(heng_monthly_form(reader, 0, "A-00", 2023, 12, &form, &err));
    assert_string_equal(form.text, "{\"kind\":\"monthly-information\",\"flat\":\"A-00\",\"month\":\"2023-12\","
                                   "\"use_kwh\":\"310\"}");
    assert_int_equal(heng_monthly_form(reader, 0, "nobody", 2023, 12, &form, &err), HENG_ENOTFOUND);
    assert_int_equal(heng_monthly_form(reader, 0, "A-00", 2023, 13, &form, &err), HENG_ERANGE);
    heng_str_fini(&form);
    bill_site_close(&s);
}

/* --- lists ---------------------------------------------------------------------------------------------------------
 */

/* The rows of a list, a line for each, cells between bars; kinds of numbers and dates in front: #75 @2023-12-09. */
static int64_t list_text(struct bill_site *s, heng_list_kind kind, int32_t from, int32_t to, struct heng_str *ret)
{
    const struct heng_list_ask ask = {.kind = kind, .from_day = from, .to_day = to};
    const struct heng_sheet_options options = {.sheet = NULL};
    struct heng_sheet *sheet = NULL;
    struct heng_sheet_row row;
    struct heng_err err;
    char path[256];
    int64_t rows = 0;
    snprintf(path, sizeof path, "%s/list.xlsx", s->site.directory);
    assert_ok(heng_paper_list(heng_store_as_reader(s->store), &ask, HENG_LANGUAGE_EN, path, &rows, &err));
    assert_ok(heng_sheet_open(path, &options, &sheet, &err));
    heng_str_clear(ret);
    while (heng_sheet_next(sheet, &row, &err) == HENG_OK) {
        for (uint32_t c = 1; c <= row.cells[row.count - 1].column; c++) {
            struct heng_sheet_cell cell = heng_sheet_cell(&row, c);
            const char *mark = cell.kind == HENG_CELL_NUMBER ? "#" : cell.kind == HENG_CELL_DATE ? "@" : "";
            heng_str_fmt(ret, "%s%.*s|", mark, (int)cell.text.n, (const char *)cell.text.p);
        }
        heng_str_put(ret, "\n", 1);
    }
    heng_sheet_close(sheet);
    (void)remove(path);
    return rows;
}

static void lists_are_read_back(void **state)
{
    (void)state;
    struct bill_site s;
    struct heng_booked booked;
    struct heng_str text = {.max = ROOM};
    bill_site_open(&s, 2);
    struct heng_bill bill = first_bill(&s);
    pay(&s, 1, 2000, "p1", &booked);
    pay(&s, 2, 10000, "p2", &booked);
    int32_t today = s.li.day;
    assert_int_equal(list_text(&s, HENG_LIST_SALES_MONTH, today - 3, today + 1, &text), 1);
    has(&text, "2024-01|"); /* a text: no program makes a date of it */
    has(&text, "|#2|#120|#0|#0|#120|");
    assert_int_equal(list_text(&s, HENG_LIST_SALES_DAY, today + 1, today + 5, &text), 0);
    assert_int_equal(list_text(&s, HENG_LIST_RECEIPTS, today, today + 1, &text), 2);
    has(&text, "|payment|bank|Li|CNY|#20|");
    has(&text, "Total|");
    assert_int_equal(list_text(&s, HENG_LIST_ARREARS, 0, today + 1, &text), 1);
    has(&text, "A-00|customer 0|"); /* 75.00 - 20.00, not due yet */
    has(&text, "|#0|CNY|#55|#0|#0|#0|#0|#0|#0|#55|");
    assert_int_equal(list_text(&s, HENG_LIST_ARREARS, 0, BILL_TO + 30 + 61 + 1, &text), 1);
    has(&text, "|#61|CNY|#0|#0|#0|#55|#0|#0|#0|#55|");
    assert_int_equal(list_text(&s, HENG_LIST_ARREARS, 0, today, &text), 0); /* the day before there was no bill */
    assert_int_equal(list_text(&s, HENG_LIST_BALANCES, 0, 1, &text), 2);
    has(&text, "A-01|customer 1|CNY|#0|#17.5|#0|#0|#0|"); /* 82.50 of 100.00 */
    assert_int_equal(list_text(&s, HENG_LIST_BILLS, today - 5000, today + 5000, &text), 2);
    has(&text, bill.number);
    has(&text, "|CNY|#75|#0|#75|#20|#55|");
    has(&text, "|CNY|#157.5|#0|#157.5|#102.5|#55|");
    assert_true(list_text(&s, HENG_LIST_BOOKINGS, today, today + 1, &text) >= 8);
    assert_int_equal(list_text(&s, HENG_LIST_SETTLEMENT, 0, today + 1, &text), 0);
    assert_int_equal(list_text(&s, HENG_LIST_REFUNDS, 0, today + 1, &text), 0);
    heng_str_fini(&text);
    bill_site_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bill_says_what_is_left),
        cmocka_unit_test(a_reversal_is_the_mirror_of_its_bill),
        cmocka_unit_test(a_bill_shows_readings_tax_and_earlier_use),
        cmocka_unit_test(hostile_names_are_only_names),
        cmocka_unit_test(nobody_sees_the_bills_of_others),
        cmocka_unit_test(a_receipt_fits_a_third),
        cmocka_unit_test(a_german_statement_shows_the_house_and_the_share),
        cmocka_unit_test(a_chinese_settlement_says_what_is_to_collect),
        cmocka_unit_test(the_monthly_information_compares),
        cmocka_unit_test(a_month_out_of_usage),
        cmocka_unit_test(lists_are_read_back),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    heng_paper_end();
    return failed;
}
