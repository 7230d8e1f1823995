#ifndef HENG_ACCOUNT_IMPORT_H
#define HENG_ACCOUNT_IMPORT_H
/* Accounts, contracts and the balances of an old system in one table, in and out (.xlsx, .csv). A row is a contract
 * with its account; further contracts of an account are further rows with its number and nothing else of it. Balances
 * stand in the first row. Amounts as 12.50, days as dates. */
#include "account/book.h"
#include "sheet/sheet.h"
#include "sheet/write.h"

/* X(symbol, English, 中文, deutsch, note) The columns; a header in any of the three languages is understood. */
#define HENG_ACCOUNT_COLUMN_LIST(X)                                                                                    \
    X(NUMBER, "number", "户号", "Kundennummer", "of the account; it is what people say and print")                     \
    X(NAME, "name", "户名", "Name", "in the first row of an account")                                                  \
    X(PLACE, "place", "位置", "Ort", "key of the place where they live")                                               \
    X(PHONE, "phone", "电话", "Telefon", "")                                                                           \
    X(ADDRESS, "address", "地址", "Anschrift", "where letters go, when it is not the place")                           \
    X(LANGUAGE, "language", "语言", "Sprache", "zh, en, de")                                                           \
    X(WARN_1, "warn 1", "报警1", "Warnung 1", "falling: 50, 20, 0; empty: those of the site")                          \
    X(WARN_2, "warn 2", "报警2", "Warnung 2", "")                                                                      \
    X(WARN_3, "warn 3", "报警3", "Warnung 3", "")                                                                      \
    X(OVERDRAFT, "overdraft", "透支限额", "Kreditrahmen", "how far below zero the balance may go")                     \
    X(HOARD, "highest balance", "囤积限额", "Höchstguthaben", "a sale does not go above it")                           \
    X(PROTECTION, "protection", "保护", "Schutz", "none, second, protected")                                           \
    X(POINT, "point", "计量点", "Messpunkt", "its key, or the number of the meter there")                              \
    X(MODE, "mode", "付费方式", "Zahlweise", "prepaid, in-meter, postpaid")                                            \
    X(TARIFF, "tariff", "电价", "Tarif", "its key; or a group or class")                                               \
    X(GROUP, "group", "分组", "Gruppe", "")                                                                            \
    X(CLASS, "class", "用户类别", "Preisklasse", "")                                                                   \
    X(CYCLE, "cycle", "账期", "Abrechnung", "month, two-months, quarter, year, season")                                \
    X(FROM, "from", "开始日期", "ab", "first day of the contract")                                                     \
    X(TO, "to", "结束日期", "bis", "the first day that is no longer its; empty: no end")                               \
    X(TERMS, "terms", "合同条款", "Bedingungen", "JSON: persons, bases, used tiers (docs/accounts.md)")                \
    X(PURSE, "purse", "余额", "Guthaben", "of an old system, prepaid; may be below zero")                              \
    X(OWED, "owed", "欠费", "Forderung", "of an old system: unpaid bills")                                             \
    X(ADVANCE, "advance", "预存", "Vorauszahlung", "of an old system: paid for the next bills")                        \
    X(DEPOSIT, "deposit", "押金", "Kaution", "")
typedef enum heng_account_column {
#define X(symbol, en, zh, de, note) HENG_ACCOUNT_COLUMN_##symbol,
    HENG_ACCOUNT_COLUMN_LIST(X)
#undef X
        HENG_ACCOUNT_COLUMNS
} heng_account_column;

/* One cell that is wrong; column 0: the row as a whole; row 0: the sheet. */
struct heng_account_fault {
    uint32_t row, column;
    char header[32], why[160];
};
enum { HENG_ACCOUNT_FAULTS_MAX = 200 };
struct heng_account_report {
    size_t fault_count, fault_total;
    int64_t rows, accounts, contracts, balances;
    struct heng_account_fault faults[HENG_ACCOUNT_FAULTS_MAX];
};

/* Read a sheet and do what it says, in the open transaction: commit it when there is no fault and it is wanted, else
 * roll it back: then this was the preview. language: of numbers in a .csv. Errors: ECONFIG there are faults; those of
 * the sheet and the store. */
HENG_NODISCARD heng_rc heng_account_import(struct heng_store *store, int64_t scope, struct heng_sheet *sheet,
                                           const char *language, const struct heng_hand *hand,
                                           struct heng_account_report *ret, struct heng_err *err);

/* Everything that the scope sees of open accounts, with today's balances; reader NULL: a template without rows.
 * language: of the headers. An import of it into another database makes the same accounts. */
HENG_NODISCARD heng_rc heng_account_export(struct heng_store_reader *reader, int64_t scope, const char *path,
                                           heng_sheet_format format, const char *language, size_t *ret_rows,
                                           struct heng_err *err);

#endif
