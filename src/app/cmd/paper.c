#include "app/cmd/paper.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "account/receipt.h"
#include "app/cmd/books.h"
#include "app/options.h"
#include "heat/apportion_run.h"
#include "paper/bill.h"
#include "paper/escp.h"
#include "paper/lists.h"
#include "paper/page.h"
#include "paper/pdf.h"
#include "paper/receipt.h"
#include "paper/statement.h"
#include "usage/quality.h"

enum { PAPER_MEMORY = 256 << 20, FORM_MAX = 1 << 20, WORDS_MAX = 3 };

static const char help[] =
    "usage: heng paper bill NUMBER                 a bill as it was issued, with what is paid of it by now\n"
    "       heng paper receipt NUMBER              a receipt; each print counts, from the second on it is marked as a "
    "copy\n"
    "       heng paper statement RUN FLAT          the share of a flat in an apportionment; of one of its tenants "
    "FLAT/NAME\n"
    "       heng paper monthly ACCOUNT MONTH       the heat of a month (2026-01) with its comparisons\n"
    "       heng paper monthly FILE                the same of a form of kind monthly-information\n"
    "       heng paper list KIND -o FILE.xlsx      KIND: sales-day, sales-month, sales-year, settlement, refunds, "
    "receipts,\n"
    "                                              bills, arrears, balances, bookings; [--from DAY] [--to DAY]\n"
    "  --format FORMAT     pdf (default), page (HTML), escp (24 pins, a third of 11 inches), roll-80, roll-58, "
    "form-third\n"
    "  --language LANGUAGE zh, en, de; default: that of the account, of statements de\n"
    "  -o, --output FILE   default: standard output, unless that is a terminal\n"
    "All take --data DIR, --org ORG, --who WHO. --to is not included; arrears are as they were at the end of the day "
    "before\n"
    "it. Exit status: 0 good, 1 it failed, 2 wrong usage.\n";

typedef enum drawn_as { FORM_PDF, FORM_PAGE, FORM_ESCP } drawn_as;

struct asked {
    struct books_words words;
    const char *verb, *output, *rest[WORDS_MAX];
    int rest_n;
    heng_language language; /* LANGUAGES: not said */
    drawn_as form;
    heng_paper_format paper;
    bool help;
};

static const struct option options[] = {
    {"data", required_argument, NULL, 'd'},     {"org", required_argument, NULL, 'O'},
    {"who", required_argument, NULL, 'w'},      {"from", required_argument, NULL, 'f'},
    {"to", required_argument, NULL, 't'},       {"format", required_argument, NULL, 'F'},
    {"language", required_argument, NULL, 'l'}, {"output", required_argument, NULL, 'o'},
    {"help", no_argument, NULL, 'h'},           {NULL, 0, NULL, 0}};

static bool take_format(struct asked *a, const char *text)
{
    a->form = FORM_PDF;
    a->paper = HENG_PAPER_A4;
    if (strcmp(text, "pdf") == 0) return true;
    if (strcmp(text, "page") == 0) return a->form = FORM_PAGE, true;
    if (strcmp(text, "escp") == 0) return a->form = FORM_ESCP, a->paper = HENG_PAPER_FORM_THIRD, true;
    a->paper = heng_paper_format_of(text);
    return a->paper != HENG_PAPER_FORMAT_COUNT;
}

static int read_options(struct asked *a, int argc, char **argv)
{
    int option;
    *a = (struct asked){.words = {.command = "paper", .of[BOOKS_DATA] = "data"}, .language = HENG_LANGUAGES};
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":o:", options, NULL)) != -1) switch (option) {
        case 'd': a->words.of[BOOKS_DATA] = optarg; break;
        case 'O': a->words.of[BOOKS_ORG] = optarg; break;
        case 'w': a->words.of[BOOKS_WHO] = optarg; break;
        case 'f': a->words.of[BOOKS_FROM] = optarg; break;
        case 't': a->words.of[BOOKS_TO] = optarg; break;
        case 'o': a->output = optarg; break;
        case 'h': a->help = true; break;
        case 'F':
            if (!take_format(a, optarg)) return heng_usage_error("paper", "'%s' is no format", optarg);
            break;
        case 'l':
            a->language = heng_language_of(optarg);
            if (a->language == HENG_LANGUAGES) return heng_usage_error("paper", "'%s' is not zh, en or de", optarg);
            break;
        default: return heng_option_error("paper", option, argv);
        }
    if (optind < argc) a->verb = argv[optind++];
    while (optind < argc && a->rest_n < WORDS_MAX) a->rest[a->rest_n++] = argv[optind++];
    if (optind < argc) return heng_usage_error("paper", "'%s' is too much", argv[optind]);
    return EXIT_SUCCESS;
}

/* --- documents --------------------------------------------------------------------------------------------------- */

static void begin(struct asked *a, struct heng_paper *paper, struct heng_arena *arena, const char *language,
                  const char *name)
{
    heng_language by = heng_language_of(language);
    if (a->language == HENG_LANGUAGES) a->language = by == HENG_LANGUAGES ? HENG_LANGUAGE_EN : by;
    heng_paper_begin(paper, arena, a->language, a->paper, name);
}

static heng_rc account_language(struct books *books, int64_t account_id, char ret[HENG_AT_LEAST(4)],
                                struct heng_err *err)
{
    struct heng_account account;
    heng_rc rc = heng_store_get_account(books->reader, books->scope, account_id, &account, err);
    if (rc == HENG_OK) memcpy(ret, account.language, 4);
    return rc;
}

static heng_rc bill(struct asked *a, struct books *books, struct heng_paper *paper, struct heng_arena *arena,
                    struct heng_err *err)
{
    struct heng_bill found;
    char language[4];
    heng_rc rc = heng_store_find_bill(books->reader, books->scope, a->rest[0], &found, err);
    if (rc == HENG_ENOTFOUND) return heng_fail(err, rc, 0, "there is no bill '%.40s'", a->rest[0]);
    if (rc == HENG_OK) rc = account_language(books, found.account_id, language, err);
    if (rc != HENG_OK) return rc;
    begin(a, paper, arena, language, found.number);
    return heng_paper_bill(books->reader, books->scope, found.id, paper, err);
}

static heng_rc receipt(struct asked *a, struct books *books, struct heng_paper *paper, struct heng_arena *arena,
                       struct heng_err *err)
{
    struct heng_receipt_row row;
    struct heng_booking booking;
    char language[4];
    uint32_t number = 0;
    if (!heng_receipt_of(a->rest[0], &row))
        return heng_fail(err, HENG_EFORMAT, 0, "'%.40s' is no receipt: they look like 2026-A-000123", a->rest[0]);
    heng_rc rc = heng_store_get_receipt(books->reader, books->scope, row.desk, row.year, row.number, &row, err);
    if (rc == HENG_OK) rc = heng_store_get_booking(books->reader, row.booking_id, &booking, err);
    if (rc == HENG_OK) rc = account_language(books, booking.account_id, language, err);
    if (rc == HENG_OK) rc = heng_store_printed(books->store, row.id, books->hand.now_us, books->hand.who, &number, err);
    if (rc != HENG_OK) return rc;
    begin(a, paper, arena, language, a->rest[0]);
    return heng_paper_receipt(books->reader, books->scope, &row, number, paper, err);
}

static heng_rc statement(struct asked *a, struct books *books, struct heng_paper *paper, struct heng_arena *arena,
                         struct heng_err *err)
{
    char *end;
    long long id = strtoll(a->rest[0], &end, 10);
    if (*end || id <= 0) return heng_fail(err, HENG_EFORMAT, 0, "'%.40s' is no number of an apportionment", a->rest[0]);
    begin(a, paper, arena, "de", a->rest[1]);
    return heng_paper_statement(books->reader, books->scope, id, a->rest[1], paper, err);
}

static heng_rc read_form(const char *path, struct heng_str *ret, struct heng_err *err)
{
    char bytes[4096];
    FILE *file = fopen(path, "rb");
    if (!file) return heng_fail(err, HENG_EIO, 0, "'%.200s' cannot be read", path);
    for (size_t n; (n = fread(bytes, 1, sizeof bytes, file)) > 0;) heng_str_put(ret, bytes, n);
    bool good = !ferror(file);
    (void)fclose(file);
    if (ret->rc != HENG_OK) return heng_fail(err, ret->rc, 0, "'%.200s' is too large for a form", path);
    return good ? HENG_OK : heng_fail(err, HENG_EIO, 0, "'%.200s' cannot be read", path);
}

/* The form of an account and month, or of a file; its answer; the document. */
static heng_rc monthly(struct asked *a, struct books *books, struct heng_paper *paper, struct heng_arena *arena,
                       struct heng_err *err)
{
    struct heng_str form = {.max = FORM_MAX}, answer = {.max = FORM_MAX};
    const struct heng_apportion_options plain = {.explain = false, .language = HENG_LANGUAGES};
    char sender[HENG_LETTERHEAD_MAX];
    char date[48];
    int year, month, of_month;
    heng_day day;
    heng_rc rc = HENG_OK;
    if (a->rest_n == 1)
        rc = read_form(a->rest[0], &form, err);
    else if (snprintf(date, sizeof date, "%.40s-01", a->rest[1]) != 10 || !heng_date_parse(date, &day))
        rc = heng_fail(err, HENG_EFORMAT, 0, "'%.40s' is no month: it is written as 2026-01", a->rest[1]);
    else {
        heng_day_date(day, &year, &month, &of_month);
        rc = heng_monthly_form(books->reader, books->scope, a->rest[0], year, month, &form, err);
    }
    if (rc == HENG_OK) rc = heng_apportion_json(heng_slice_of(form.text, form.n), &plain, arena, &answer, err);
    if (rc == HENG_OK) rc = heng_paper_sender(books->reader, books->scope, sender, err);
    if (rc == HENG_OK) {
        begin(a, paper, arena, "de", a->rest_n == 1 ? "monthly" : a->rest[0]);
        heng_paper_put(paper, HENG_PAPER_SENDER, sender);
        rc = heng_paper_monthly_of(heng_slice_of(answer.text, answer.n), "", paper, err);
    }
    heng_str_fini(&form);
    heng_str_fini(&answer);
    return rc;
}

/* --- out --------------------------------------------------------------------------------------------------------- */

static heng_rc draw(const struct asked *a, const struct heng_paper *paper, struct heng_str *out, struct heng_err *err)
{
    const struct heng_escp third = heng_escp_third();
    switch (a->form) {
    case FORM_PAGE: return heng_paper_page(paper, out, err);
    case FORM_ESCP: return heng_paper_escp(paper, &third, out, err);
    case FORM_PDF: break;
    }
    return heng_paper_pdf(paper, out, err);
}

static heng_rc put_out(const struct asked *a, const struct heng_str *out, struct heng_err *err)
{
    FILE *file = a->output ? fopen(a->output, "wb") : stdout;
    if (!file) return heng_fail(err, HENG_EIO, 0, "'%.200s' cannot be written", a->output);
    bool good = fwrite(out->text, 1, out->n, file) == out->n;
    good = (a->output ? fclose(file) : fflush(file)) == 0 && good;
    return good ? HENG_OK : heng_fail(err, HENG_EIO, 0, "the document cannot be written");
}

static const struct verb {
    const char *name;
    int least, most;
    bool writes;
    heng_rc (*work)(struct asked *a, struct books *books, struct heng_paper *paper, struct heng_arena *arena,
                    struct heng_err *err);
} verbs[] = {{"bill", 1, 1, false, bill},
             {"receipt", 1, 1, true, receipt},
             {"statement", 2, 2, false, statement},
             {"monthly", 1, 2, false, monthly}};

/* A print that does not come out does not count: the file is written before the transaction ends. */
static int print(struct asked *a, const struct verb *verb)
{
    struct heng_arena arena = {.max = PAPER_MEMORY};
    struct heng_str out = {.max = HENG_PDF_MAX};
    struct heng_paper paper;
    struct books books;
    struct heng_err err = {.text = ""};
    if (!a->output && a->form != FORM_PAGE && isatty(STDOUT_FILENO))
        return heng_usage_error("paper", "a document is no text for a terminal: say -o FILE");
    heng_rc rc = heng_books_open(&books, &a->words, verb->writes, &err);
    if (rc == HENG_OK) rc = verb->work(a, &books, &paper, &arena, &err);
    if (rc == HENG_OK) rc = draw(a, &paper, &out, &err);
    if (rc == HENG_OK) rc = put_out(a, &out, &err);
    int status = heng_books_close(&books, &a->words, rc, false, &err);
    heng_str_fini(&out);
    heng_arena_fini(&arena);
    heng_paper_end();
    return status;
}

static int list(const struct asked *a)
{
    struct heng_list_ask ask = {.kind = heng_list_of(a->rest[0])};
    struct books books;
    struct heng_err err = {.text = ""};
    int64_t rows = 0;
    if (ask.kind == HENG_LIST_COUNT) return heng_usage_error("paper", "'%s' is no list", a->rest[0]);
    if (!a->output) return heng_usage_error("paper", "where does the list go? -o FILE.xlsx");
    heng_rc rc = heng_books_open(&books, &a->words, false, &err);
    if (rc == HENG_OK) rc = heng_books_day(&books, a->words.of[BOOKS_FROM], &ask.from_day, &err);
    if (rc == HENG_OK) rc = heng_books_day(&books, a->words.of[BOOKS_TO], &ask.to_day, &err);
    if (rc == HENG_OK && !a->words.of[BOOKS_TO])
        ask.to_day = (ask.from_day > ask.to_day ? ask.from_day : ask.to_day) + 1;
    if (rc == HENG_OK && !a->words.of[BOOKS_FROM] && ask.from_day >= ask.to_day) ask.from_day = ask.to_day - 1;
    ask.scope = books.scope;
    if (rc == HENG_OK)
        rc = heng_paper_list(books.reader, &ask, a->language == HENG_LANGUAGES ? HENG_LANGUAGE_ZH : a->language,
                             a->output, &rows, &err);
    int status = heng_books_close(&books, &a->words, rc, false, &err);
    if (status == EXIT_SUCCESS) printf("%lld rows in %s\n", (long long)rows, a->output);
    return status;
}

int heng_cmd_paper(int argc, char **argv)
{
    struct asked a;
    int status = read_options(&a, argc, argv);
    if (status != EXIT_SUCCESS) return status;
    if (a.help) return fputs(help, stdout), EXIT_SUCCESS;
    if (!a.verb) return heng_usage_error("paper", "what is to be printed?");
    if (strcmp(a.verb, "list") == 0 && a.rest_n == 1) return list(&a);
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (strcmp(verbs[i].name, a.verb) == 0 && a.rest_n >= verbs[i].least && a.rest_n <= verbs[i].most)
            return print(&a, &verbs[i]);
    return heng_usage_error("paper", "'%s' with %d words is not known", a.verb, a.rest_n);
}
