#include "account/import.h"

#include <stdarg.h>
#include <stdio.h>

#include "account/accounts.h"
#include "account/contracts.h"
#include "account/money.h"
#include "account/texts.h"
#include "bill/exact.h"
#include "store/archive_places.h"
#include "store/archive_points.h"

static const char *const titles[HENG_ACCOUNT_COLUMNS][3] = {
#define X(symbol, en, zh, de, note) {en, zh, de},
    HENG_ACCOUNT_COLUMN_LIST(X)
#undef X
};

struct import {
    struct heng_store *store;
    struct heng_store_reader *reader;
    int64_t scope;
    struct heng_sheet_locale locale;
    const struct heng_hand *hand;
    struct heng_account_report *report;
    uint32_t columns[HENG_ACCOUNT_COLUMNS]; /* where each is, 0 nowhere */
    const struct heng_sheet_row *row;
    size_t row_faults;
};

/* --- faults ---------------------------------------------------------------------------------------------------------
 */

static void fault(struct import *im, heng_account_column column, const char *fmt, ...) HENG_PRINTF(3, 4);
static void fault(struct import *im, heng_account_column column, const char *fmt, ...)
{
    struct heng_account_report *report = im->report;
    va_list args;
    im->row_faults++;
    report->fault_total++;
    if (report->fault_count == HENG_ACCOUNT_FAULTS_MAX) return;
    struct heng_account_fault *f = &report->faults[report->fault_count++];
    *f = (struct heng_account_fault){.row = im->row ? im->row->number : 0};
    if (column < HENG_ACCOUNT_COLUMNS) {
        f->column = im->columns[column];
        snprintf(f->header, sizeof f->header, "%s", titles[column][0]);
    }
    va_start(args, fmt);
    vsnprintf(f->why, sizeof f->why, fmt, args);
    va_end(args);
}

/* A refusal becomes a fault of the row; what the store or the machine says ends the import. */
static bool is_refusal(heng_rc rc)
{
    return rc == HENG_ECONFIG || rc == HENG_ECONFLICT || rc == HENG_ENOTFOUND || rc == HENG_ERANGE ||
           rc == HENG_EFORMAT || rc == HENG_ELIMIT || rc == HENG_EDENIED;
}

static heng_rc settle(struct import *im, heng_account_column column, heng_rc rc, const struct heng_err *err)
{
    if (!is_refusal(rc)) return rc;
    fault(im, column, "%s", err->text);
    return HENG_OK;
}

/* --- cells ----------------------------------------------------------------------------------------------------------
 */

static struct heng_sheet_cell cell_of(const struct import *im, heng_account_column column)
{
    struct heng_sheet_cell cell = {.kind = HENG_CELL_EMPTY};
    return im->columns[column] ? heng_sheet_cell(im->row, im->columns[column]) : cell;
}

/* key: full-width digits and blanks within are made plain, as in every name that something is found by. */
static void text_cell(struct import *im, heng_account_column column, bool key, char *ret, size_t cap)
{
    struct heng_sheet_cell cell = cell_of(im, column);
    struct heng_err err = {.text = ""};
    struct heng_buf buf = heng_buf_of(ret, cap - 1);
    struct heng_slice text = heng_clean_trim(cell.text);
    heng_rc rc = HENG_OK;
    ret[0] = '\0';
    if (cell.kind == HENG_CELL_ERROR) {
        fault(im, column, "the cell holds an error of the spreadsheet");
        return;
    }
    if (cell.kind == HENG_CELL_EMPTY || text.n == 0) return;
    if (key) {
        rc = heng_clean_key(text, &buf, &err);
        text = heng_buf_slice(&buf);
        if (rc == HENG_OK) ret[text.n] = '\0';
        if (rc == HENG_OK && memchr(ret, 0, text.n)) rc = heng_fail(&err, HENG_EFORMAT, 0, "it has a NUL in it");
    } else
        rc = heng_text_take(text, titles[column][0], ret, cap, &err);
    if (rc != HENG_OK) {
        ret[0] = '\0';
        fault(im, column, "%s", err.text);
    }
}

static int64_t amount_cell(struct import *im, heng_account_column column, int64_t otherwise)
{
    struct heng_sheet_cell cell = cell_of(im, column);
    struct heng_err err = {.text = ""};
    struct heng_dec dec;
    int64_t amount = otherwise;
    heng_rc rc = heng_sheet_cell_number(&cell, im->locale, &dec, &err);
    if (rc == HENG_ENOTFOUND) return otherwise;
    if (rc != HENG_OK)
        fault(im, column, "%s", err.text);
    else if (!heng_exact_steps(dec, 2, &amount))
        fault(im, column, "an amount has at most two digits behind the point");
    return amount;
}

static int32_t day_cell(struct import *im, heng_account_column column)
{
    struct heng_sheet_cell cell = cell_of(im, column);
    struct heng_err err = {.text = ""};
    struct heng_sheet_date date;
    heng_rc rc = heng_sheet_cell_date(&cell, &date, &err);
    if (rc == HENG_ENOTFOUND) return 0;
    if (rc != HENG_OK)
        fault(im, column, "%s", err.text);
    else if (date.has_time)
        fault(im, column, "a day without a time of day is meant");
    return rc == HENG_OK ? heng_day_of_date(date.civil.year, date.civil.month, date.civil.day) : 0;
}

/* --- a row ----------------------------------------------------------------------------------------------------------
 */

static heng_rc read_place(struct import *im, struct heng_account *account, struct heng_err *err)
{
    struct heng_archive_place place;
    char key[HENG_KEY_MAX];
    text_cell(im, HENG_ACCOUNT_COLUMN_PLACE, true, key, sizeof key);
    if (!key[0]) return HENG_OK;
    heng_rc rc = heng_archive_find_place(im->reader, im->scope, key, &place, err);
    if (rc == HENG_OK) account->place_id = place.place.id;
    if (rc == HENG_ENOTFOUND) rc = heng_fail(err, rc, 0, "there is no place '%.60s'", key);
    return settle(im, HENG_ACCOUNT_COLUMN_PLACE, rc, err);
}

static heng_rc read_account(struct import *im, struct heng_account *account, struct heng_err *err)
{
    char protection[16];
    text_cell(im, HENG_ACCOUNT_COLUMN_NAME, false, account->name, sizeof account->name);
    text_cell(im, HENG_ACCOUNT_COLUMN_PHONE, true, account->phone, sizeof account->phone);
    text_cell(im, HENG_ACCOUNT_COLUMN_ADDRESS, false, account->address, sizeof account->address);
    text_cell(im, HENG_ACCOUNT_COLUMN_LANGUAGE, true, account->language, sizeof account->language);
    text_cell(im, HENG_ACCOUNT_COLUMN_PROTECTION, true, protection, sizeof protection);
    if (protection[0]) account->protection = heng_protection_of(protection);
    account->warn[0] = amount_cell(im, HENG_ACCOUNT_COLUMN_WARN_1, HENG_LIMIT_NONE);
    account->warn[1] = amount_cell(im, HENG_ACCOUNT_COLUMN_WARN_2, HENG_LIMIT_NONE);
    account->warn[2] = amount_cell(im, HENG_ACCOUNT_COLUMN_WARN_3, HENG_LIMIT_NONE);
    account->overdraft = amount_cell(im, HENG_ACCOUNT_COLUMN_OVERDRAFT, HENG_LIMIT_NONE);
    account->hoard = amount_cell(im, HENG_ACCOUNT_COLUMN_HOARD, HENG_LIMIT_NONE);
    return read_place(im, account, err);
}

static heng_rc carry_in(struct import *im, const struct heng_account *account, struct heng_err *err)
{
    const struct heng_opening opening = {.purse = amount_cell(im, HENG_ACCOUNT_COLUMN_PURSE, 0),
                                         .owed = amount_cell(im, HENG_ACCOUNT_COLUMN_OWED, 0),
                                         .advance = amount_cell(im, HENG_ACCOUNT_COLUMN_ADVANCE, 0),
                                         .deposit = amount_cell(im, HENG_ACCOUNT_COLUMN_DEPOSIT, 0)};
    struct heng_booked booked;
    if (im->row_faults || (!opening.purse && !opening.owed && !opening.advance && !opening.deposit)) return HENG_OK;
    heng_rc rc = heng_account_carry_in(im->store, im->scope, account->id, &opening, im->hand, "carried in by a sheet",
                                       &booked, err);
    im->report->balances += rc == HENG_OK;
    return settle(im, HENG_ACCOUNT_COLUMN_PURSE, rc, err);
}

/* The account of a row: one of a row before, or a new one. */
static heng_rc open_account(struct import *im, struct heng_account *account, struct heng_err *err)
{
    char number[HENG_ACCOUNT_NUMBER_MAX];
    text_cell(im, HENG_ACCOUNT_COLUMN_NUMBER, true, number, sizeof number);
    *account = (struct heng_account){.overdraft = HENG_LIMIT_NONE};
    memcpy(account->number, number, sizeof account->number);
    heng_rc rc = read_account(im, account, err);
    if (rc != HENG_OK || im->row_faults) return rc;
    if (number[0] && !account->name[0]) {
        rc = heng_store_find_account(im->reader, im->scope, number, account, err);
        if (rc == HENG_ENOTFOUND)
            rc = heng_fail(err, rc, 0, "there is no account '%.40s', and the row has no name for a new one", number);
        return settle(im, HENG_ACCOUNT_COLUMN_NUMBER, rc, err);
    }
    rc = heng_account_open(im->store, im->scope, account, im->hand, "by a sheet", err);
    im->report->accounts += rc == HENG_OK;
    if (rc == HENG_OK) return carry_in(im, account, err);
    return settle(im, rc == HENG_ECONFLICT ? HENG_ACCOUNT_COLUMN_NUMBER : HENG_ACCOUNT_COLUMNS, rc, err);
}

static heng_rc find_point(struct import *im, const char *name, int64_t *ret, struct heng_err *err)
{
    struct heng_point point;
    heng_rc rc = heng_archive_find_point(im->reader, im->scope, name, &point, err);
    if (rc == HENG_OK) *ret = point.id;
    if (rc == HENG_ENOTFOUND) rc = heng_archive_numbered_point(im->reader, im->scope, name, ret, err);
    if (rc == HENG_ENOTFOUND) rc = heng_fail(err, rc, 0, "there is no point or meter '%.60s'", name);
    return settle(im, HENG_ACCOUNT_COLUMN_POINT, rc, err);
}

static heng_rc add_contract(struct import *im, int64_t account_id, struct heng_err *err)
{
    struct heng_contract contract = {.account_id = account_id, .mode = HENG_MODE_POSTPAID};
    char point[HENG_KEY_MAX], mode[16], cycle[16];
    text_cell(im, HENG_ACCOUNT_COLUMN_POINT, true, point, sizeof point);
    if (!point[0]) return HENG_OK; /* an account without a contract yet */
    text_cell(im, HENG_ACCOUNT_COLUMN_MODE, true, mode, sizeof mode);
    text_cell(im, HENG_ACCOUNT_COLUMN_CYCLE, true, cycle, sizeof cycle);
    text_cell(im, HENG_ACCOUNT_COLUMN_TARIFF, true, contract.tariff_key, sizeof contract.tariff_key);
    text_cell(im, HENG_ACCOUNT_COLUMN_GROUP, true, contract.tariff_group, sizeof contract.tariff_group);
    text_cell(im, HENG_ACCOUNT_COLUMN_CLASS, true, contract.price_class, sizeof contract.price_class);
    text_cell(im, HENG_ACCOUNT_COLUMN_TERMS, false, contract.terms, sizeof contract.terms);
    if (mode[0] && (contract.mode = heng_mode_of(mode)) == HENG_MODE_COUNT)
        fault(im, HENG_ACCOUNT_COLUMN_MODE, "'%s' is none of prepaid, in-meter, postpaid", mode);
    if (cycle[0] && (contract.cycle = heng_bill_cycle_of(cycle)) == HENG_BILL_CYCLE_COUNT)
        fault(im, HENG_ACCOUNT_COLUMN_CYCLE, "'%s' is none of month, two-months, quarter, year, season", cycle);
    contract.from_day = day_cell(im, HENG_ACCOUNT_COLUMN_FROM);
    contract.to_day = day_cell(im, HENG_ACCOUNT_COLUMN_TO);
    heng_rc rc = find_point(im, point, &contract.point_id, err);
    if (rc != HENG_OK || im->row_faults || !account_id) return rc;
    rc = heng_contract_add(im->store, im->scope, &contract, im->hand, "by a sheet", err);
    im->report->contracts += rc == HENG_OK;
    return settle(im, HENG_ACCOUNT_COLUMNS, rc, err);
}

static heng_rc do_row(struct import *im, struct heng_err *err)
{
    struct heng_account account;
    im->row_faults = 0;
    im->report->rows++;
    heng_rc rc = open_account(im, &account, err);
    return rc == HENG_OK ? add_contract(im, im->row_faults ? 0 : account.id, err) : rc;
}

/* --- the sheet ------------------------------------------------------------------------------------------------------
 */

static heng_account_column column_of(struct heng_slice title)
{
    heng_account_column column = HENG_ACCOUNT_COLUMN_NUMBER;
    for (; column < HENG_ACCOUNT_COLUMNS; column++)
        for (size_t language = 0; language < 3; language++)
            if (heng_slice_is(title, titles[column][language])) return column;
    return column;
}

static void read_header(struct import *im)
{
    for (size_t i = 0; i < im->row->count; i++) {
        struct heng_slice title = heng_clean_trim(im->row->cells[i].text);
        if (title.n == 0) continue;
        heng_account_column column = column_of(title);
        if (column == HENG_ACCOUNT_COLUMNS)
            fault(im, HENG_ACCOUNT_COLUMNS, "there is no column '%.*s'", (int)(title.n < 40 ? title.n : 40),
                  (const char *)title.p);
        else if (im->columns[column])
            fault(im, column, "this column stands twice");
        else
            im->columns[column] = im->row->cells[i].column;
    }
    if (!im->columns[HENG_ACCOUNT_COLUMN_NUMBER])
        fault(im, HENG_ACCOUNT_COLUMNS, "there is no column 'number' (户号, Kundennummer)");
}

heng_rc heng_account_import(struct heng_store *store, int64_t scope, struct heng_sheet *sheet, const char *language,
                            const struct heng_hand *hand, struct heng_account_report *ret, struct heng_err *err)
{
    struct import im = {.store = store,
                        .reader = heng_store_as_reader(store),
                        .scope = scope,
                        .locale = heng_sheet_locale_of(language),
                        .hand = hand,
                        .report = ret};
    struct heng_sheet_row row;
    *ret = (struct heng_account_report){.rows = 0};
    heng_rc rc = heng_sheet_next(sheet, &row, err);
    if (rc == HENG_ENOTFOUND) return heng_fail(err, HENG_ECONFIG, 0, "the sheet is empty: there is not even a header");
    im.row = &row;
    if (rc == HENG_OK) read_header(&im);
    while (rc == HENG_OK && im.columns[HENG_ACCOUNT_COLUMN_NUMBER] &&
           (rc = heng_sheet_next(sheet, &row, err)) == HENG_OK)
        rc = do_row(&im, err);
    if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
    if (ret->fault_total)
        return heng_fail(err, HENG_ECONFIG, 0, "%zu cells or rows are wrong: nothing is changed", ret->fault_total);
    return HENG_OK;
}
