/* What people write into headers and cells, and which column or word it means. */
#include "archive/columns.h"
#include "base/buf.h"
#include "sheet/clean.h"

enum { PLAIN_MAX = 160 };

/* Bare of what does not matter: ASCII in lower case, without blanks, stars, underscores and hyphens; when bare of
 * brackets, too, "area (m2)" and "面积(m2)" are area and 面积. Too long means nothing. */
static void make_plain(struct heng_slice text, bool brackets, char ret[static PLAIN_MAX])
{
    uint8_t memory[PLAIN_MAX];
    struct heng_buf clean = heng_buf_of(memory, sizeof memory - 1);
    struct heng_err err;
    size_t n = 0;
    bool inside = false;
    ret[0] = '\0';
    if (heng_clean_key(text, &clean, &err) != HENG_OK) return;
    for (size_t i = 0; i < clean.n; i++) {
        char c = (char)clean.p[i];
        if (c == '(' && !brackets) inside = true;
        if (c >= 'A' && c <= 'Z') c = (char)(c + 'a' - 'A');
        bool drop = c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '*' || c == '_' || c == '-' || c == '(' ||
                    c == ')' || c == '.' || c == ':' || c == '/';
        if (!inside && !drop) ret[n++] = c;
        if (clean.p[i] == ')') inside = false;
    }
    ret[n] = '\0';
}

static bool is_plain(const char *candidate, size_t n, const char *plain, bool brackets)
{
    char other[PLAIN_MAX], first = candidate[0]; /* ours begin with what stays */
    if (first >= 'A' && first <= 'Z') first = (char)(first + 'a' - 'A');
    if (first != plain[0]) return false;
    make_plain(heng_slice_of(candidate, n), brackets, other);
    return other[0] && strcmp(other, plain) == 0;
}

static bool is_also(const char *also, const char *plain, bool brackets)
{
    while (also && *also) {
        size_t n = strcspn(also, "|");
        if (is_plain(also, n, plain, brackets)) return true;
        also += n + (also[n] == '|');
    }
    return false;
}

static bool column_is(const struct heng_archive_column *column, const char *plain, bool brackets)
{
    bool is = is_plain(column->key, strlen(column->key), plain, brackets) || is_also(column->also, plain, brackets);
    for (size_t i = 0; !is && i < HENG_ARCHIVE_LANGUAGES; i++)
        is = is_plain(column->title[i], strlen(column->title[i]), plain, brackets);
    return is;
}

size_t heng_archive_find_column(const struct heng_archive_sheet *sheet, struct heng_slice header)
{
    char plain[PLAIN_MAX];
    for (int round = 0; round < 2; round++) { /* as it stands, then without what is in brackets */
        make_plain(header, round == 0, plain);
        for (size_t i = 0; plain[0] && i < sheet->column_count; i++)
            if (column_is(&sheet->columns[i], plain, round == 0)) return i;
    }
    return sheet->column_count;
}

const char *heng_archive_find_choice(const struct heng_archive_column *column, struct heng_slice cell)
{
    char plain[PLAIN_MAX];
    for (size_t i = 0; i < column->choice_count; i++) { /* most cells say it as the template does */
        const struct heng_archive_choice *choice = &column->choices[i];
        if (heng_slice_is(cell, choice->word)) return choice->word;
        for (size_t k = 0; k < HENG_ARCHIVE_LANGUAGES; k++)
            if (heng_slice_is(cell, choice->title[k])) return choice->word;
    }
    make_plain(cell, true, plain);
    for (size_t i = 0; plain[0] && i < column->choice_count; i++) {
        const struct heng_archive_choice *choice = &column->choices[i];
        if (is_plain(choice->word, strlen(choice->word), plain, true)) return choice->word;
        for (size_t k = 0; k < HENG_ARCHIVE_LANGUAGES; k++)
            if (is_plain(choice->title[k], strlen(choice->title[k]), plain, true)) return choice->word;
    }
    return NULL;
}

const char *heng_archive_choice_title(const struct heng_archive_column *column, const char *word,
                                      heng_archive_language language)
{
    for (size_t i = 0; i < column->choice_count; i++)
        if (strcmp(column->choices[i].word, word) == 0) return column->choices[i].title[language];
    return word;
}
