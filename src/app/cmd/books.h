#ifndef HENG_APP_CMD_BOOKS_H
#define HENG_APP_CMD_BOOKS_H
/* What heng account, contract and tariff share: their options, the database with its day, and who does it. */
#include "account/accounts.h"
#include "usage/usage.h"

/* X(symbol, option, short letter for getopt) */
#define HENG_BOOKS_OPTION_LIST(X)                                                                                      \
    X(DATA, "data", 'd')                                                                                               \
    X(ORG, "org", 'o')                                                                                                 \
    X(WHO, "who", 'w')                                                                                                 \
    X(SECOND, "second", 's')                                                                                           \
    X(REASON, "reason", 'r')                                                                                           \
    X(KEY, "key", 'k')                                                                                                 \
    X(CHANNEL, "channel", 'c')                                                                                         \
    X(DESK, "desk", 'D')                                                                                               \
    X(NUMBER, "number", 'n')                                                                                           \
    X(NAME, "name", 'N')                                                                                               \
    X(PLACE, "place", 'P')                                                                                             \
    X(PHONE, "phone", 'p')                                                                                             \
    X(ADDRESS, "address", 'a')                                                                                         \
    X(LANGUAGE, "language", 'l')                                                                                       \
    X(CURRENCY, "currency", 'C')                                                                                       \
    X(BANK, "bank", 'b')                                                                                               \
    X(WARN, "warn", 'W')                                                                                               \
    X(OVERDRAFT, "overdraft", 'O')                                                                                     \
    X(HOARD, "hoard", 'H')                                                                                             \
    X(PROTECTION, "protection", 'R')                                                                                   \
    X(NOTE, "note", 'q')                                                                                               \
    X(TO, "to", 't')                                                                                                   \
    X(FROM, "from", 'f')                                                                                               \
    X(POINT, "point", 'i')                                                                                             \
    X(MODE, "mode", 'm')                                                                                               \
    X(TARIFF, "tariff", 'T')                                                                                           \
    X(CLASS, "class", 'L')                                                                                             \
    X(GROUP, "group", 'G')                                                                                             \
    X(CYCLE, "cycle", 'y')                                                                                             \
    X(TERMS, "terms", 'e')                                                                                             \
    X(PERSONS, "persons", 'E')                                                                                         \
    X(BOOK, "book", 'B')                                                                                               \
    X(PURSE, "purse", '1')                                                                                             \
    X(OWED, "owed", '2')                                                                                               \
    X(ADVANCE, "advance", '3')                                                                                         \
    X(DEPOSIT, "deposit", '4')                                                                                         \
    X(FLOAT, "float", '5')                                                                                             \
    X(COUNTED, "counted", '6')                                                                                         \
    X(HAND_OVER, "hand-over", '7')                                                                                     \
    X(HANDED_TO, "handed-to", '8')                                                                                     \
    X(CASHIER, "cashier", '9')                                                                                         \
    X(BILL, "bill", 'u')                                                                                               \
    X(MEDIUM, "medium", 'M')                                                                                           \
    X(TAX, "tax", 'x')
typedef enum books_option {
#define X(symbol, name, letter) BOOKS_##symbol,
    HENG_BOOKS_OPTION_LIST(X)
#undef X
        BOOKS_OPTIONS
} books_option;

/* The words of a line: of[] the texts of options, NULL where there was none; rest: what is no option. */
struct books_words {
    const char *command, *word, *of[BOOKS_OPTIONS];
    bool help;
    char **rest;
    int rest_n;
};
/* argv[0] is the command, argv[1] the word behind it: "cash", "refund". Returns EXIT_SUCCESS or EXIT_USAGE. */
int heng_books_words(struct books_words *w, int argc, char **argv);
const char *heng_books_text(const struct books_words *w, books_option option); /* "" where there is none */

/* A database open for reading or writing (then in a transaction), who asks, and who does it. */
struct books {
    struct heng_store *store;
    struct heng_store_reader *reader;
    int64_t scope;
    struct heng_usage_site site;
    struct heng_hand hand;
    bool begun; /* the transaction of a change: from here on a refusal is noted */
};
HENG_NODISCARD heng_rc heng_books_open(struct books *books, const struct books_words *w, bool writes,
                                       struct heng_err *err);
/* Commit where rc is OK (or keep is true: what was noticed stays), close, say what is wrong: the exit status. What was
 * refused leaves a line in the audit, "cash.refund.refused": heng ledger refused lists them. */
int heng_books_close(struct books *books, const struct books_words *w, heng_rc rc, bool keep, struct heng_err *err);

HENG_NODISCARD heng_rc heng_books_account(const struct books *books, const char *number, struct heng_account *ret,
                                          struct heng_err *err);
/* By the point's key or the number of the meter there. */
HENG_NODISCARD heng_rc heng_books_point(const struct books *books, const char *name, int64_t *ret,
                                        struct heng_err *err);
/* "12.50" as 1250, "" as otherwise. */
HENG_NODISCARD heng_rc heng_books_amount(const char *text, int64_t otherwise, int64_t *ret, struct heng_err *err);
/* "2026-11-20"; NULL: today. */
HENG_NODISCARD heng_rc heng_books_day(const struct books *books, const char *text, int32_t *ret, struct heng_err *err);
/* One word of a command: what it does, how many words it needs behind it, whether it changes something. */
struct books_verb {
    const char *word;
    heng_rc (*run)(struct books *books, const struct books_words *w, struct heng_err *err);
    int rest;
    bool writes;
};
/* The whole command: help, words, database, and the verb that argv[1] is. missing, unknown: what is said of words that
 * are not there, and of a verb that is none. Returns the exit status. */
int heng_books_command(int argc, char **argv, const struct books_verb *verbs, size_t count, void (*help)(void),
                       const char *missing, const char *unknown);

/* The key that --key says, else one made of the moment: then the same wish again is another one. */
void heng_books_key(const struct books *books, const struct books_words *w, const char *what,
                    char ret[HENG_AT_LEAST(HENG_BOOKING_KEY_MAX)]);

#endif
