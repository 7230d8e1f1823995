#include "paper/lists.h"

#include <stdio.h>
#include <string.h>

#include "base/zone.h"
#include "sheet/write.h"
#include "usage/usage.h"

typedef enum cell_kind { TEXT, COUNT, MONEY, DAY, MOMENT, BOOKING, BILL, STATE } cell_kind;
struct column {
    cell_kind kind;
    uint8_t width;
    const char *titles[HENG_LANGUAGES];
};

/* The columns that several lists have. */
/* clang-format off */
#define PERIOD    {TEXT, 12, {"期间", "Period", "Zeitraum"}}
#define RECEIPT   {TEXT, 18, {"收据编号", "Receipt", "Beleg-Nr."}}
#define DESK      {TEXT, 10, {"网点", "Desk", "Kasse"}}
#define WHO       {TEXT, 14, {"操作员", "Cashier", "Kassierer"}}
#define CHANNEL   {TEXT, 12, {"缴费方式", "Channel", "Zahlungsweg"}}
#define CURRENCY  {TEXT, 8,  {"币种", "Currency", "Währung"}}
#define ON_DAY    {DAY, 12,  {"日期", "Day", "Datum"}}
#define AT        {MOMENT, 19, {"时间", "Time", "Zeit"}}
#define ACCOUNT   {TEXT, 14, {"户号", "Account", "Kundennummer"}}
#define NAME      {TEXT, 22, {"户名", "Name", "Name"}}
#define KIND      {BOOKING, 14, {"类型", "Kind", "Art"}}
#define SECOND    {TEXT, 14, {"复核人", "Agreed by", "Zweite Person"}}
#define REASON    {TEXT, 28, {"原因", "Reason", "Grund"}}
#define AMOUNT(zh, en, de) {MONEY, 14, {zh, en, de}}

static const struct column sales[] = {
    PERIOD, DESK, WHO, CHANNEL, CURRENCY, {COUNT, 8, {"笔数", "Count", "Anzahl"}}, AMOUNT("收款", "Taken in", "Einnahmen"),
    AMOUNT("退款", "Paid back", "Auszahlungen"), AMOUNT("冲正", "Reversals", "Stornos"), AMOUNT("净额", "Net", "Saldo")};
static const struct column settlement[] = {
    ON_DAY, DESK, WHO, CURRENCY, {MOMENT, 19, {"开班时间", "Opened", "Geöffnet"}}, {MOMENT, 19, {"结班时间", "Closed", "Geschlossen"}},
    AMOUNT("期初备用金", "Float", "Anfangsbestand"), AMOUNT("应有现金", "Expected", "Sollbestand"),
    AMOUNT("实点现金", "Counted", "Gezählt"), AMOUNT("长短款", "Over or short", "Differenz"),
    AMOUNT("上缴", "Handed over", "Abgeführt"), {TEXT, 14, {"接收人", "Handed to", "An"}},
    AMOUNT("留存备用金", "Stays", "Verbleibt"), REASON};
static const struct column refunds[] = {
    ON_DAY, AT, RECEIPT, DESK, ACCOUNT, NAME, KIND, CHANNEL, WHO, SECOND, REASON, CURRENCY, AMOUNT("金额", "Amount", "Betrag")};
static const struct column receipts[] = {
    RECEIPT, DESK, ON_DAY, AT, ACCOUNT, NAME, KIND, CHANNEL, WHO, CURRENCY, AMOUNT("金额", "Amount", "Betrag"),
    AMOUNT("交易前余额", "Balance before", "Guthaben vorher"), AMOUNT("交易后余额", "Balance after", "Guthaben nachher"),
    {COUNT, 10, {"打印次数", "Printed", "Gedruckt"}}, {COUNT, 12, {"缺号数", "Numbers missing before", "Fehlende Nummern davor"}}};
static const struct column bills[] = {
    {TEXT, 16, {"账单编号", "Bill", "Rechnung"}}, {BILL, 16, {"类型", "Kind", "Art"}}, {STATE, 10, {"状态", "State", "Status"}},
    ACCOUNT, NAME, {MOMENT, 19, {"开具时间", "Issued", "Ausgestellt"}}, {DAY, 12, {"起始日", "From", "Von"}},
    {DAY, 12, {"截止日", "To", "Bis"}}, {DAY, 12, {"缴费截止日", "Due", "Fällig"}}, CURRENCY,
    AMOUNT("不含税金额", "Net", "Netto"), AMOUNT("税额", "Tax", "Steuer"), AMOUNT("金额", "Total", "Brutto"),
    AMOUNT("已收", "Paid", "Gezahlt"), AMOUNT("尚欠", "Open", "Offen")};
static const struct column arrears[] = {
    ACCOUNT, NAME, {TEXT, 16, {"电话", "Phone", "Telefon"}}, {TEXT, 16, {"账单编号", "Bill", "Rechnung"}},
    {DAY, 12, {"缴费截止日", "Due", "Fällig"}}, {COUNT, 10, {"逾期天数", "Days overdue", "Tage überfällig"}}, CURRENCY,
    AMOUNT("未到期", "Not due", "Nicht fällig"), AMOUNT("1-30天", "1-30 days", "1-30 Tage"), AMOUNT("31-60天", "31-60 days", "31-60 Tage"),
    AMOUNT("61-90天", "61-90 days", "61-90 Tage"), AMOUNT("91-365天", "91-365 days", "91-365 Tage"),
    AMOUNT("365天以上", "Over 365 days", "Über 365 Tage"), AMOUNT("滞纳金", "Late fees", "Mahngebühren"),
    AMOUNT("合计", "Total", "Summe")};
static const struct column balances[] = {
    ACCOUNT, NAME, CURRENCY, AMOUNT("余额", "Purse", "Guthaben"), AMOUNT("预存款", "Advance", "Vorauszahlung"),
    AMOUNT("押金", "Deposit", "Kaution"), AMOUNT("表内金额", "In meters", "Im Zähler"), AMOUNT("欠费", "Owed", "Offen"),
    {MOMENT, 19, {"销户时间", "Closed", "Geschlossen"}}};
static const struct column bookings[] = {
    {COUNT, 10, {"凭证号", "Booking", "Buchung"}}, {COUNT, 6, {"分录", "Line", "Zeile"}}, ON_DAY, AT,
    {TEXT, 14, {"类型", "Kind", "Art"}}, ACCOUNT, {TEXT, 14, {"科目", "Book", "Konto"}}, {TEXT, 18, {"明细", "Detail", "Unterkonto"}},
    CURRENCY, AMOUNT("借方", "Debit", "Soll"), AMOUNT("贷方", "Credit", "Haben"), CHANNEL, DESK, WHO, SECOND, REASON,
    {COUNT, 10, {"冲正凭证号", "Reverses", "Storniert"}}, {TEXT, 40, {"业务键", "Key", "Schlüssel"}}};

static const struct list {
    const char *titles[HENG_LANGUAGES];
    const struct column *columns;
    size_t count;
} lists[] = {
#define LIST(columns) columns, sizeof columns / sizeof *columns
    [HENG_LIST_SALES_DAY] = {{"销售日报", "Sales by day", "Umsatz je Tag"}, LIST(sales)},
    [HENG_LIST_SALES_MONTH] = {{"销售月报", "Sales by month", "Umsatz je Monat"}, LIST(sales)},
    [HENG_LIST_SALES_YEAR] = {{"销售年报", "Sales by year", "Umsatz je Jahr"}, LIST(sales)},
    [HENG_LIST_SETTLEMENT] = {{"结算表", "Settlement", "Kassenabschlüsse"}, LIST(settlement)},
    [HENG_LIST_REFUNDS] = {{"退费冲正表", "Refunds and reversals", "Auszahlungen und Stornos"}, LIST(refunds)},
    [HENG_LIST_RECEIPTS] = {{"收据清单", "Receipts", "Belege"}, LIST(receipts)},
    [HENG_LIST_BILLS] = {{"账单清单", "Bills", "Rechnungen"}, LIST(bills)},
    [HENG_LIST_ARREARS] = {{"欠费账龄表", "Arrears by age", "Offene Posten nach Alter"}, LIST(arrears)},
    [HENG_LIST_BALANCES] = {{"账户余额表", "Balances", "Kontostände"}, LIST(balances)},
    [HENG_LIST_BOOKINGS] = {{"会计分录", "Bookings", "Buchungen"}, LIST(bookings)},
#undef LIST
};
/* clang-format on */

struct work {
    struct heng_sheet_writer *writer;
    const struct list *list;
    const struct heng_zone *zone;
    heng_language language;
    int64_t rows;
};

/* --- one cell ---------------------------------------------------------------------------------------------------- */

/* Kinds that money at a desk has; the others keep their code. */
static const char *booking_word(const char *code, heng_language language)
{
    static const struct {
        heng_booking_kind kind;
        const char *words[HENG_LANGUAGES];
    } words[] = {{HENG_BOOKING_SALE, {"充值", "top-up", "Aufladung"}},
                 {HENG_BOOKING_PAYMENT, {"缴费", "payment", "Zahlung"}},
                 {HENG_BOOKING_REFUND, {"退费", "refund", "Auszahlung"}},
                 {HENG_BOOKING_REVERSAL, {"冲正", "reversal", "Storno"}},
                 {HENG_BOOKING_DEPOSIT, {"收押金", "deposit", "Kaution"}},
                 {HENG_BOOKING_DEPOSIT_BACK, {"退押金", "deposit returned", "Kautionsrückzahlung"}},
                 {HENG_BOOKING_PAYOUT, {"销户退款", "payout at closing", "Auszahlung bei Schluss"}}};
    heng_booking_kind kind = heng_booking_of(code);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (words[i].kind == kind) return words[i].words[language];
    return code;
}

static const char *bill_word(const char *code, heng_language language)
{
    heng_bill_kind kind = heng_bill_kind_of(code);
    return kind == HENG_BILL_KIND_COUNT ? code : heng_word_text(heng_word_of_bill(kind), language);
}

static const char *state_word(const char *code, heng_language language)
{
    static const char *const issued[HENG_LANGUAGES] = {"已开具", "issued", "ausgestellt"};
    switch (heng_bill_state_of(code)) {
    case HENG_BILL_STATE_ISSUED: return issued[language];
    case HENG_BILL_STATE_REVERSED: return heng_word_text(HENG_WORD_REVERSED, language);
    case HENG_BILL_STATE_DRAFT:
    case HENG_BILL_STATE_BLOCKED:
    case HENG_BILL_STATE_COUNT: break;
    }
    return code;
}

static void put_time(struct heng_sheet_writer *writer, struct heng_civil civil, bool has_time)
{
    const struct heng_sheet_date date = {.civil = civil, .has_time = has_time};
    heng_sheet_write_date(writer, &date);
}

static void put_day(struct heng_sheet_writer *writer, heng_day day)
{
    int year, month, of_month;
    heng_day_date(day, &year, &month, &of_month);
    put_time(writer, (struct heng_civil){.year = (int16_t)year, .month = (uint8_t)month, .day = (uint8_t)of_month},
             false);
}

static void put_text(struct heng_sheet_writer *writer, const char *text)
{
    if (*text)
        heng_sheet_write_text(writer, heng_slice_str(text));
    else
        heng_sheet_write_empty(writer);
}

static void put_cell(const struct work *work, cell_kind kind, const struct heng_list_value *value)
{
    struct heng_sheet_writer *writer = work->writer;
    if (value->is_null) {
        heng_sheet_write_empty(writer);
        return;
    }
    switch (kind) {
    case TEXT: put_text(writer, value->text); break;
    case COUNT: heng_sheet_write_number(writer, (struct heng_dec){value->number, 0}); break;
    case MONEY: heng_sheet_write_number(writer, (struct heng_dec){value->number, -2}); break;
    case DAY: put_day(writer, (heng_day)value->number); break;
    case MOMENT:
        if (value->number)
            put_time(writer, heng_zone_civil(work->zone, value->number), true);
        else
            heng_sheet_write_empty(writer);
        break;
    case BOOKING: put_text(writer, booking_word(value->text, work->language)); break;
    case BILL: put_text(writer, bill_word(value->text, work->language)); break;
    case STATE: put_text(writer, state_word(value->text, work->language)); break;
    }
}

/* The first cell of a total says that it is one. */
static heng_rc put_row(void *ctx, bool total, const struct heng_list_value *values)
{
    struct work *work = ctx;
    for (size_t i = 0; i < work->list->count; i++)
        if (total && i == 0)
            put_text(work->writer, heng_word_text(HENG_WORD_TOTAL, work->language));
        else
            put_cell(work, work->list->columns[i].kind, &values[i]);
    heng_sheet_write_row_end(work->writer);
    if (!total) work->rows++;
    return HENG_OK;
}

/* --- the file ---------------------------------------------------------------------------------------------------- */

static bool is_number(cell_kind kind) { return kind == COUNT || kind == MONEY || kind == DAY || kind == MOMENT; }

static heng_rc open_sheet(struct work *work, const char *path, struct heng_sheet_column *columns, struct heng_err *err)
{
    static const heng_column_kind kinds[] = {
        [TEXT] = HENG_COLUMN_TEXT, [COUNT] = HENG_COLUMN_NUMBER,  [MONEY] = HENG_COLUMN_NUMBER,
        [DAY] = HENG_COLUMN_DATE,  [MOMENT] = HENG_COLUMN_MOMENT, [BOOKING] = HENG_COLUMN_TEXT,
        [BILL] = HENG_COLUMN_TEXT, [STATE] = HENG_COLUMN_TEXT};
    for (size_t i = 0; i < work->list->count; i++) {
        const struct column *column = &work->list->columns[i];
        columns[i] = (struct heng_sheet_column){.title = column->titles[work->language],
                                                .kind = kinds[column->kind],
                                                .places = column->kind == MONEY ? 2 : 0,
                                                .width_chars = column->width};
    }
    const struct heng_sheet_layout layout = {
        .title = work->list->titles[work->language], .columns = columns, .column_count = work->list->count};
    return heng_sheet_write_open(path, HENG_SHEET_XLSX, &layout, &work->writer, err);
}

static heng_us begin_of(const struct heng_zone *zone, heng_day day)
{
    struct heng_civil civil = {.year = 0};
    int year, month, of_month;
    heng_day_date(day, &year, &month, &of_month);
    civil.year = (int16_t)year;
    civil.month = (uint8_t)month;
    civil.day = (uint8_t)of_month;
    return heng_zone_us(zone, &civil);
}

heng_rc heng_paper_list(struct heng_store_reader *reader, const struct heng_list_ask *ask, heng_language language,
                        const char *path, int64_t *ret_rows, struct heng_err *err)
{
    struct heng_sheet_column columns[HENG_LIST_COLUMNS_MAX];
    bool numeric[HENG_LIST_COLUMNS_MAX] = {false};
    struct heng_list_ask asked = *ask;
    struct heng_usage_site site;
    struct work work = {.list = &lists[ask->kind], .language = language};
    if (ask->from_day > ask->to_day)
        return heng_fail(err, HENG_ECONFIG, 0, "the period of a list ends before it begins");
    heng_rc rc = heng_usage_site_open(reader, &site, err);
    if (rc != HENG_OK) return rc;
    work.zone = site.zone;
    asked.from_us = begin_of(site.zone, ask->from_day);
    asked.to_us = begin_of(site.zone, ask->to_day);
    for (size_t i = 0; i < work.list->count; i++) numeric[i] = is_number(work.list->columns[i].kind);
    rc = open_sheet(&work, path, columns, err);
    if (rc == HENG_OK) {
        struct heng_err closed = {.text = ""};
        rc = heng_store_each_row(reader, &asked, numeric, work.list->count, put_row, &work, err);
        heng_rc done = heng_sheet_write_close(work.writer, &closed);
        if (rc != HENG_OK)
            (void)remove(path);
        else if (done != HENG_OK)
            rc = heng_fail(err, done, closed.at, "%s", closed.text);
    }
    heng_usage_site_close(&site);
    *ret_rows = work.rows;
    return rc;
}
