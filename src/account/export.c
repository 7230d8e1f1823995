/* Accounts and contracts as a sheet, of import.h. */
#include <stdio.h>
#include <stdlib.h>

#include "account/contracts.h"
#include "account/import.h"
#include "store/archive_places.h"

static const char *const choices_of_mode[] = {"prepaid", "in-meter", "postpaid"};
static const char *const choices_of_cycle[] = {"month", "two-months", "quarter", "year", "season"};
static const char *const choices_of_protection[] = {"none", "second", "protected"};

static heng_column_kind kind_of(heng_account_column column)
{
    if ((column >= HENG_ACCOUNT_COLUMN_WARN_1 && column <= HENG_ACCOUNT_COLUMN_HOARD) ||
        column >= HENG_ACCOUNT_COLUMN_PURSE)
        return HENG_COLUMN_NUMBER;
    return column == HENG_ACCOUNT_COLUMN_FROM || column == HENG_ACCOUNT_COLUMN_TO ? HENG_COLUMN_DATE : HENG_COLUMN_TEXT;
}

static void choose(struct heng_sheet_column *column, const char *const *choices, size_t n)
{
    column->choices = choices;
    column->choice_count = n;
}

static void fill_columns(struct heng_sheet_column columns[HENG_ACCOUNT_COLUMNS], const char *language)
{
    static const char *const titles[HENG_ACCOUNT_COLUMNS][4] = {
#define X(symbol, en, zh, de, note) {en, zh, de, note},
        HENG_ACCOUNT_COLUMN_LIST(X)
#undef X
    };
    size_t which = strcmp(language, "zh") == 0 ? 1 : strcmp(language, "de") == 0 ? 2 : 0;
    for (heng_account_column i = HENG_ACCOUNT_COLUMN_NUMBER; i < HENG_ACCOUNT_COLUMNS; i++)
        columns[i] = (struct heng_sheet_column){
            .title = titles[i][which], .note = titles[i][3][0] ? titles[i][3] : NULL, .kind = kind_of(i), .places = 2};
    choose(&columns[HENG_ACCOUNT_COLUMN_MODE], choices_of_mode, 3);
    choose(&columns[HENG_ACCOUNT_COLUMN_CYCLE], choices_of_cycle, 5);
    choose(&columns[HENG_ACCOUNT_COLUMN_PROTECTION], choices_of_protection, 3);
}

/* --- rows -----------------------------------------------------------------------------------------------------------
 */

struct out {
    struct heng_store_reader *reader;
    int64_t scope;
    struct heng_sheet_writer *writer;
    size_t rows;
};

static void text(struct out *o, const char *value)
{
    if (value[0])
        heng_sheet_write_text(o->writer, heng_slice_str(value));
    else
        heng_sheet_write_empty(o->writer);
}

static void amount(struct out *o, int64_t value, int64_t nothing)
{
    if (value == nothing)
        heng_sheet_write_empty(o->writer);
    else
        heng_sheet_write_number(o->writer, (struct heng_dec){value, -2});
}

static void day(struct out *o, int32_t value)
{
    struct heng_sheet_date date = {.has_time = false};
    if (value == 0) {
        heng_sheet_write_empty(o->writer);
        return;
    }
    date.civil = heng_us_to_civil(value * HENG_US_PER_DAY);
    heng_sheet_write_date(o->writer, &date);
}

static void empty(struct out *o, heng_account_column from, heng_account_column to)
{
    for (heng_account_column i = from; i <= to; i++) heng_sheet_write_empty(o->writer);
}

static heng_rc put_account(struct out *o, const struct heng_account *account, struct heng_err *err)
{
    struct heng_archive_place place = {.place.key = ""};
    heng_rc rc = HENG_OK;
    if (account->place_id) rc = heng_archive_get_place(o->reader, 0, account->place_id, &place, err);
    if (rc != HENG_OK) return rc;
    text(o, account->name);
    text(o, place.place.key);
    text(o, account->phone);
    text(o, account->address);
    text(o, account->language);
    for (size_t i = 0; i < 3; i++) amount(o, account->warn[i], HENG_LIMIT_NONE);
    amount(o, account->overdraft, HENG_LIMIT_NONE);
    amount(o, account->hoard, HENG_LIMIT_NONE);
    text(o, heng_protection_text(account->protection));
    return HENG_OK;
}

static heng_rc put_contract(struct out *o, const struct heng_contract *contract, struct heng_err *err)
{
    char point[HENG_KEY_MAX];
    heng_rc rc = heng_store_contract_point(o->reader, contract->point_id, point, err);
    if (rc != HENG_OK) return rc;
    text(o, point);
    text(o, heng_mode_text(contract->mode));
    text(o, contract->tariff_key);
    text(o, contract->tariff_group);
    text(o, contract->price_class);
    text(o, heng_bill_cycle_text(contract->cycle));
    day(o, contract->from_day);
    day(o, contract->to_day);
    text(o, strcmp(contract->terms, "{}") == 0 ? "" : contract->terms);
    return HENG_OK;
}

/* One row; contract NULL: an account without any. first: with what is of the account. */
static heng_rc put_row(struct out *o, const struct heng_account *account, const struct heng_contract *contract,
                       bool first, struct heng_err *err)
{
    struct heng_account_balance balance = {0};
    heng_rc rc = HENG_OK;
    text(o, account->number);
    if (first)
        rc = put_account(o, account, err);
    else
        empty(o, HENG_ACCOUNT_COLUMN_NAME, HENG_ACCOUNT_COLUMN_PROTECTION);
    if (rc == HENG_OK && contract)
        rc = put_contract(o, contract, err);
    else
        empty(o, HENG_ACCOUNT_COLUMN_POINT, HENG_ACCOUNT_COLUMN_TERMS);
    if (rc == HENG_OK && first) rc = heng_store_account_balance(o->reader, account->id, &balance, err);
    if (rc != HENG_OK) return rc;
    amount(o, balance.purse, 0);
    amount(o, balance.owed, 0);
    amount(o, balance.advance, 0);
    amount(o, balance.deposit, 0);
    heng_sheet_write_row_end(o->writer);
    o->rows++;
    return HENG_OK;
}

static heng_rc put_rows(struct out *o, const struct heng_account *account, struct heng_err *err)
{
    enum { ALL_MAX = HENG_CONTRACTS_MAX * 8 };
    struct heng_contract *all = malloc(ALL_MAX * sizeof *all);
    size_t n = 0;
    if (!all) return heng_fail(err, HENG_ENOMEM, 0, "no memory for the contracts of an account");
    heng_rc rc = heng_store_list_contracts(o->reader, account->id, 0, 0, all, ALL_MAX, &n, err);
    if (rc == HENG_OK && n == 0) rc = put_row(o, account, NULL, true, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) rc = put_row(o, account, &all[i], i == 0, err);
    free(all);
    return rc;
}

static heng_rc put_all(struct out *o, struct heng_err *err)
{
    enum { PAGE = 64 };
    struct heng_account *page = malloc(PAGE * sizeof *page);
    char after[HENG_ACCOUNT_NUMBER_MAX] = "";
    size_t n = PAGE;
    heng_rc rc = page ? HENG_OK : heng_fail(err, HENG_ENOMEM, 0, "no memory for a page of accounts");
    while (rc == HENG_OK && n == PAGE) {
        rc = heng_store_list_accounts(o->reader, o->scope, "", after, page, PAGE, &n, err);
        for (size_t i = 0; rc == HENG_OK && i < n; i++)
            if (!page[i].closed_us) rc = put_rows(o, &page[i], err);
        if (rc == HENG_OK && n) memcpy(after, page[n - 1].number, sizeof after);
    }
    free(page);
    return rc;
}

heng_rc heng_account_export(struct heng_store_reader *reader, int64_t scope, const char *path, heng_sheet_format format,
                            const char *language, size_t *ret_rows, struct heng_err *err)
{
    struct heng_sheet_column columns[HENG_ACCOUNT_COLUMNS];
    const struct heng_sheet_layout layout = {.title = "accounts",
                                             .notes_title = "notes",
                                             .columns = columns,
                                             .column_count = HENG_ACCOUNT_COLUMNS,
                                             .locale = heng_sheet_locale_of(language)};
    struct out o = {.reader = reader, .scope = scope};
    struct heng_err why = {.text = ""};
    fill_columns(columns, language);
    heng_rc rc = heng_sheet_write_open(path, format, &layout, &o.writer, err);
    if (rc != HENG_OK) return rc;
    if (reader) rc = put_all(&o, &why);
    heng_rc closed = heng_sheet_write_close(o.writer, err);
    if (rc != HENG_OK) return heng_fail(err, rc, 0, "%s", why.text);
    *ret_rows = o.rows;
    return closed;
}
