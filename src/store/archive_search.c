#include "store/archive_search.h"

#include <stdio.h>
#include <stdlib.h>

#include "store/archive_inside.h"

/* --- words -------------------------------------------------------------------------------------------------------- */

typedef enum letter_kind { LETTER_NONE, LETTER_DIGIT, LETTER_LATIN, LETTER_SINGLE } letter_kind;

/* One character in lower case. Scripts that write words without blanks (Chinese, Japanese, Korean) are taken character
 * by character. */
struct letter {
    letter_kind kind;
    char text[5];
    size_t n, read;
};

static uint32_t fold(uint32_t c)
{
    if (c >= 0xFF01 && c <= 0xFF5E) c -= 0xFEE0; /* full-width forms */
    if ((c >= 'A' && c <= 'Z') || (c >= 0xC0 && c <= 0xDE && c != 0xD7) || (c >= 0x410 && c <= 0x42F)) c += 0x20;
    return c;
}

static letter_kind kind_of(uint32_t c)
{
    if (c >= '0' && c <= '9') return LETTER_DIGIT;
    if (c >= 'a' && c <= 'z') return LETTER_LATIN;
    if (c < 0xC0 || c == 0xD7 || c == 0xF7 || (c >= 0x2000 && c < 0x2E80) || (c >= 0x3000 && c <= 0x3004) ||
        (c >= 0x3008 && c <= 0x3020) || (c >= 0xFE00 && c <= 0xFE4F) || (c >= 0xFF5F && c <= 0xFFFF))
        return LETTER_NONE;
    return c >= 0x2E80 ? LETTER_SINGLE : LETTER_LATIN;
}

static void encode(uint32_t c, struct letter *ret)
{
    enum { TAIL_BITS = 6, TAIL_MASK = 0x3F, TAIL = 0x80 };
    size_t tails = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const uint8_t heads[] = {0, 0xC0, 0xE0, 0xF0};
    ret->n = tails + 1;
    ret->text[0] = (char)(heads[tails] | (c >> (TAIL_BITS * tails)));
    for (size_t i = 1; i <= tails; i++) ret->text[i] = (char)(TAIL | ((c >> (TAIL_BITS * (tails - i))) & TAIL_MASK));
    ret->text[ret->n] = '\0';
}

/* The character at text, which is not its end. A byte that is no UTF-8 is nothing. */
static struct letter letter_at(const char *text)
{
    struct letter letter = {.kind = LETTER_NONE, .read = 1};
    uint8_t first = (uint8_t)text[0];
    size_t tails = first < 0x80 ? 0 : first >= 0xC2 && first < 0xE0 ? 1 : first >= 0xE0 && first < 0xF0 ? 2 : 3;
    if ((first >= 0x80 && first < 0xC2) || first > 0xF4) return letter;
    uint32_t c = tails == 0 ? first : first & (0x3FU >> tails);
    for (size_t i = 1; i <= tails; i++) {
        if (((uint8_t)text[i] & 0xC0) != 0x80) return letter;
        c = c << 6 | ((uint8_t)text[i] & 0x3FU);
    }
    c = fold(c);
    letter.read = tails + 1;
    letter.kind = c > 0x10FFFF ? LETTER_NONE : kind_of(c);
    if (letter.kind != LETTER_NONE) encode(c, &letter);
    return letter;
}

struct word {
    char text[HENG_WORD_MAX];
    size_t n;
};

/* What does not fit is left out: the beginning is enough to be found by. */
static void word_add(struct word *word, const struct letter *letter)
{
    if (word->n + letter->n >= sizeof word->text) return;
    memcpy(word->text + word->n, letter->text, letter->n + 1);
    word->n += letter->n;
}

static void keep(struct heng_words *words, const struct word *word)
{
    if (word->n == 0 || words->n == HENG_PLACE_WORDS_MAX) return;
    for (size_t i = 0; i < words->n; i++)
        if (strcmp(words->words[i], word->text) == 0) return;
    memcpy(words->words[words->n++], word->text, word->n + 1);
}

/* "b12a" is found by b12a, 12 and a. */
static const char *add_run(struct heng_words *words, const char *text)
{
    struct word whole = {.n = 0}, part = {.n = 0};
    letter_kind before = LETTER_NONE;
    size_t parts = 0;
    while (*text) {
        struct letter letter = letter_at(text);
        if (letter.kind != LETTER_DIGIT && letter.kind != LETTER_LATIN) break;
        if (letter.kind != before && before != LETTER_NONE) {
            if (parts++) keep(words, &part); /* the first one is found as the beginning of the whole */
            if (parts == 1 && before == LETTER_DIGIT) keep(words, &part);
            part = (struct word){.n = 0};
        }
        word_add(&whole, &letter);
        word_add(&part, &letter);
        before = letter.kind;
        text += letter.read;
    }
    keep(words, &whole);
    if (parts) keep(words, &part);
    return text;
}

void heng_words_add(struct heng_words *words, const char *text)
{
    struct letter before = {.kind = LETTER_NONE};
    while (*text) {
        struct letter letter = letter_at(text);
        if (letter.kind == LETTER_DIGIT || letter.kind == LETTER_LATIN) {
            text = add_run(words, text);
            before.kind = LETTER_NONE;
            continue;
        }
        if (letter.kind == LETTER_SINGLE) {
            struct word one = {.n = 0}, pair = {.n = 0};
            word_add(&one, &letter);
            keep(words, &one);
            if (before.kind == LETTER_SINGLE) {
                word_add(&pair, &before);
                word_add(&pair, &letter);
                keep(words, &pair);
            }
        }
        before = letter;
        text += letter.read;
    }
}

static void want(struct heng_search_words *ret, const struct word *word, bool prefix)
{
    if (word->n == 0 || ret->n == HENG_SEARCH_WORDS_MAX) return;
    for (size_t i = 0; i < ret->n; i++)
        if (strcmp(ret->words[i], word->text) == 0 && ret->prefix[i] == prefix) return;
    memcpy(ret->words[ret->n], word->text, word->n + 1);
    ret->prefix[ret->n++] = prefix;
}

/* A number in front of something else is that number: "3" of "3号楼" or "3 101" is not 31. */
static const char *want_run(struct heng_search_words *ret, const char *text)
{
    struct word word = {.n = 0};
    bool digits = true;
    while (*text) {
        struct letter letter = letter_at(text);
        if (letter.kind != LETTER_DIGIT && letter.kind != LETTER_LATIN) break;
        digits = digits && letter.kind == LETTER_DIGIT;
        word_add(&word, &letter);
        text += letter.read;
    }
    bool more = *text != '\0';
    want(ret, &word, !digits || !more);
    return text;
}

/* Pairs side by side; the last one overlaps when their number is odd. */
static const char *want_singles(struct heng_search_words *ret, const char *text)
{
    struct letter letters[2] = {{.n = 0}, {.n = 0}};
    size_t n = 0;
    for (; *text; n++) {
        struct letter letter = letter_at(text);
        if (letter.kind != LETTER_SINGLE) break;
        letters[0] = letters[1];
        letters[1] = letter;
        text += letter.read;
        struct letter next = *text ? letter_at(text) : (struct letter){.kind = LETTER_NONE};
        if (n % 2 == 0 && (n == 0 || next.kind == LETTER_SINGLE)) continue;
        struct word pair = {.n = 0};
        word_add(&pair, &letters[0]);
        word_add(&pair, &letters[1]);
        want(ret, &pair, false);
    }
    if (n == 1) {
        struct word one = {.n = 0};
        word_add(&one, &letters[1]);
        want(ret, &one, false);
    }
    return text;
}

void heng_search_words_of(struct heng_search_words *ret, const char *typed)
{
    *ret = (struct heng_search_words){.n = 0};
    while (*typed) {
        struct letter letter = letter_at(typed);
        switch (letter.kind) {
        case LETTER_NONE: typed += letter.read; break;
        case LETTER_DIGIT:
        case LETTER_LATIN: typed = want_run(ret, typed); break;
        case LETTER_SINGLE: typed = want_singles(ret, typed); break;
        }
    }
}

/* A key that goes on where that of the place above ends has only the rest for itself. */
static heng_rc own_key(struct heng_store *store, int64_t id, const char **key, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, archive_db(store), HENG_SQL_ARCHIVE_PARENT_KEY);
    heng_query_int(&q, id);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) {
        const char *above = heng_query_peek_text(&q);
        size_t n = strlen(above);
        if (strncmp(*key, above, n) == 0) *key += n;
    }
    heng_query_end(&q);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

heng_rc heng_archive_index_place(struct heng_store *store, int64_t id, const char *name, const char *key,
                                 struct heng_err *err)
{
    struct heng_words words = {.n = 0};
    struct heng_query q;
    heng_rc rc = heng_store_need_transaction(store, err);
    if (rc == HENG_OK) rc = own_key(store, id, &key, err);
    if (rc != HENG_OK) return rc;
    heng_words_add(&words, name);
    heng_words_add(&words, key);
    heng_query_begin(&q, archive_db(store), HENG_SQL_ARCHIVE_WORDS_DROP);
    heng_query_int(&q, id);
    rc = heng_query_finish(&q, err);
    for (size_t i = 0; rc == HENG_OK && i < words.n; i++) {
        heng_query_begin(&q, archive_db(store), HENG_SQL_ARCHIVE_WORD_ADD);
        heng_query_text(&q, words.words[i]);
        heng_query_int(&q, id);
        rc = heng_query_finish(&q, err);
    }
    return rc;
}

heng_rc heng_archive_index_missing(struct heng_store *store, struct heng_err *err)
{
    enum { PAGE = 256 };
    struct heng_place *page = calloc(PAGE, sizeof *page);
    size_t n = PAGE;
    int64_t after = 0;
    heng_rc rc = page ? HENG_OK : heng_fail(err, HENG_ENOMEM, 0, "no memory for the words of places");
    while (rc == HENG_OK && n == PAGE) {
        struct heng_query q;
        n = 0;
        heng_query_begin(&q, archive_db(store), HENG_SQL_ARCHIVE_WORDS_MISSING);
        heng_query_int(&q, after);
        heng_query_int(&q, PAGE);
        for (; n < PAGE && (rc = heng_query_step(&q, err)) == HENG_OK; n++) {
            page[n].id = heng_query_get_int(&q);
            heng_query_get_text(&q, page[n].key, sizeof page[n].key);
            heng_query_get_text(&q, page[n].name, sizeof page[n].name);
        }
        heng_query_end(&q);
        if (rc == HENG_ENOTFOUND) rc = HENG_OK;
        for (size_t i = 0; rc == HENG_OK && i < n; i++)
            rc = heng_archive_index_place(store, page[i].id, page[i].name, page[i].key, err);
        if (n) after = page[n - 1].id;
    }
    free(page);
    return rc;
}

/* --- the search --------------------------------------------------------------------------------------------------- */

/* RARE: a word with no more places than that is gone down from, LOOKED places are looked below, the most promising
 * first. STEP: entries of a common word that are walked up from at once; STEPS_LEAST, STEPS: so often, that the best
 * are among them, and so often at most; for an organisation, of whose places there may be few among them, more often.
 */
enum {
    RARE = 200,
    NODES = 6000,
    LOOKED = 60,
    CHILDREN = 1000,
    FOUND = 200,
    STEP = 128,
    STEPS_LEAST = 2,
    STEPS = 6,
    STEPS_OF_ORG = 120,
    ALL_WORDS = (1 << HENG_SEARCH_WORDS_MAX) - 1
};

struct range {
    char low[HENG_WORD_MAX + 8], high[HENG_WORD_MAX + 8];
    int64_t count; /* RARE + 1: or more */
};

struct search {
    struct heng_store_reader *reader;
    int64_t scope;
    size_t n;
    struct range ranges[HENG_SEARCH_WORDS_MAX]; /* the rarest first */
    struct heng_archive_place *found;
    size_t found_n;
    bool cut;
};

static void bind_words(struct heng_query *q, const struct search *s)
{
    int64_t not_there = 0;
    for (size_t i = s->n; i < HENG_SEARCH_WORDS_MAX; i++) not_there |= INT64_C(1) << i;
    heng_query_int(q, s->scope);
    heng_query_int(q, not_there);
    for (size_t i = 0; i < HENG_SEARCH_WORDS_MAX; i++) {
        heng_query_text(q, i < s->n ? s->ranges[i].low : "");
        heng_query_text(q, i < s->n ? s->ranges[i].high : "");
    }
}

/* The row of a place; one that was found before is not taken again. */
static void take_found(struct search *s, struct heng_query *q)
{
    struct heng_archive_place *place = &s->found[s->found_n];
    archive_fill_place(q, place);
    for (size_t i = 0; i < s->found_n; i++)
        if (s->found[i].place.id == place->place.id) return;
    s->found_n++;
}

/* A place that may have what is looked for below it: the words of those above it and its own. */
struct node {
    int64_t id, above, own;
};

/* Nodes to look below, those with the most words first. */
struct frontier {
    struct node nodes[NODES];
    size_t n;
    bool full;
};

static int words_of(const struct node *node) { return __builtin_popcountll((uint64_t)(node->above | node->own)); }

static heng_rc take_place(struct search *s, int64_t id, struct heng_err *err)
{
    for (size_t i = 0; i < s->found_n; i++)
        if (s->found[i].place.id == id) return HENG_OK;
    return heng_archive_get_place(s->reader, s->scope, id, &s->found[s->found_n++], err);
}

/* The nodes of a question: those that have every word are found, those with something below them are kept. more: words
 * of the one above. */
static heng_rc take_nodes(struct search *s, struct heng_query *q, int64_t more, struct frontier *f,
                          struct heng_err *err)
{
    int64_t found[FOUND];
    size_t found_n = 0;
    heng_rc rc = HENG_OK;
    while (!f->full && found_n < FOUND && (rc = heng_query_step(q, err)) == HENG_OK) {
        struct node *node = &f->nodes[f->n];
        node->id = heng_query_get_int(q);
        node->above = heng_query_get_int(q) | more;
        node->own = heng_query_get_int(q);
        bool visible = heng_query_get_int(q) != 0;
        if (visible && node->own && (node->above | node->own) == ALL_WORDS) found[found_n++] = node->id;
        f->n += heng_query_get_int(q) != 0;
        f->full = f->n == NODES;
    }
    heng_query_end(q);
    if (rc == HENG_ENOTFOUND) rc = HENG_OK;
    for (size_t i = 0; rc == HENG_OK && i < found_n && s->found_n < FOUND; i++) rc = take_place(s, found[i], err);
    return rc;
}

static struct node take_best(struct frontier *f)
{
    size_t best = 0;
    for (size_t i = 1; i < f->n; i++)
        if (words_of(&f->nodes[i]) > words_of(&f->nodes[best])) best = i;
    struct node node = f->nodes[best];
    f->nodes[best] = f->nodes[--f->n];
    return node;
}

static heng_rc search_down(struct search *s, size_t enough, struct heng_err *err)
{
    struct heng_query q;
    struct frontier *f = calloc(1, sizeof *f);
    if (!f) return heng_fail(err, HENG_ENOMEM, 0, "no memory for a search");
    heng_query_begin(&q, &s->reader->db, HENG_SQL_ARCHIVE_SEARCH_FROM);
    bind_words(&q, s);
    heng_query_int(&q, RARE + 1);
    heng_rc rc = take_nodes(s, &q, 0, f, err);
    size_t looked = 0;
    for (; rc == HENG_OK && f->n && !f->full && looked < LOOKED && s->found_n < enough; looked++) {
        struct node node = take_best(f);
        heng_query_begin(&q, &s->reader->db, HENG_SQL_ARCHIVE_SEARCH_CHILDREN);
        bind_words(&q, s);
        heng_query_int(&q, node.id);
        heng_query_int(&q, CHILDREN);
        rc = take_nodes(s, &q, node.above | node.own, f, err);
    }
    s->cut = f->n != 0;
    free(f);
    return rc;
}

struct entry {
    char word[HENG_WORD_MAX + 8];
    int64_t place_id;
};

static heng_rc get_entry(struct heng_query *q, struct entry *ret, struct heng_err *err)
{
    heng_rc rc = heng_query_step(q, err);
    if (rc == HENG_OK) {
        heng_query_get_text(q, ret->word, sizeof ret->word);
        ret->place_id = heng_query_get_int(q);
    }
    heng_query_end(q);
    return rc;
}

/* The end of the next step in the list of the rarest word's places. ENOTFOUND: the list ends in it. */
static heng_rc step_end(const struct search *s, const struct entry *from, struct entry *ret, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &s->reader->db, HENG_SQL_ARCHIVE_WORD_STEP);
    heng_query_text(&q, s->ranges[0].low);
    heng_query_text(&q, s->ranges[0].high);
    heng_query_text(&q, from->word);
    heng_query_int(&q, from->place_id);
    heng_query_int(&q, STEP);
    return get_entry(&q, ret, err);
}

static heng_rc list_end(const struct search *s, struct entry *ret, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &s->reader->db, HENG_SQL_ARCHIVE_WORD_LAST);
    heng_query_text(&q, s->ranges[0].low);
    heng_query_text(&q, s->ranges[0].high);
    return get_entry(&q, ret, err);
}

static heng_rc step_up(struct search *s, const struct entry *from, const struct entry *to, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = HENG_OK;
    heng_query_begin(&q, &s->reader->db, HENG_SQL_ARCHIVE_SEARCH_UP);
    bind_words(&q, s);
    heng_query_text(&q, from->word);
    heng_query_int(&q, from->place_id);
    heng_query_text(&q, to->word);
    heng_query_int(&q, to->place_id);
    heng_query_int(&q, FOUND);
    while (s->found_n < FOUND && (rc = heng_query_step(&q, err)) == HENG_OK) take_found(s, &q);
    heng_query_end(&q);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

static heng_rc search_up(struct search *s, size_t enough, struct heng_err *err)
{
    struct entry from = {.word = ""}, to;
    size_t steps = s->scope ? STEPS_OF_ORG : STEPS;
    for (size_t step = 0; s->found_n < enough || (step < STEPS_LEAST && s->found_n < FOUND); step++) {
        if (step == steps) break;
        heng_rc rc = step_end(s, &from, &to, err);
        bool last = rc == HENG_ENOTFOUND;
        if (last) rc = list_end(s, &to, err);
        if (rc == HENG_ENOTFOUND) return HENG_OK;
        if (rc == HENG_OK) rc = step_up(s, &from, &to, err);
        if (rc != HENG_OK) return rc;
        if (last) {
            if (s->n == 1) s->cut = s->found_n == FOUND;
            return HENG_OK;
        }
        from = to;
    }
    s->cut = true;
    return HENG_OK;
}

static heng_rc count_words(struct search *s, struct heng_err *err)
{
    for (size_t i = 0; i < s->n; i++) {
        struct heng_query q;
        heng_query_begin(&q, &s->reader->db, HENG_SQL_ARCHIVE_WORD_COUNT);
        heng_query_text(&q, s->ranges[i].low);
        heng_query_text(&q, s->ranges[i].high);
        heng_query_int(&q, RARE + 1);
        heng_rc rc = heng_query_step(&q, err);
        if (rc == HENG_OK) s->ranges[i].count = heng_query_get_int(&q);
        heng_query_end(&q);
        if (rc != HENG_OK) return rc;
    }
    return HENG_OK;
}

/* The rarest first; of those that are as common as any, the longest. */
static int by_rarity(const void *left, const void *right)
{
    const struct range *a = left, *b = right;
    if (a->count != b->count) return a->count < b->count ? -1 : 1;
    size_t na = strlen(a->low), nb = strlen(b->low);
    return (na < nb) - (na > nb);
}

static void set_range(struct range *range, const char *word, bool prefix)
{
    static const char behind_all[] = "\xF4\x8F\xBF\xBF", behind_it[] = "\x01";
    size_t n = strlen(word);
    memcpy(range->low, word, n + 1);
    memcpy(range->high, word, n);
    if (prefix)
        memcpy(range->high + n, behind_all, sizeof behind_all);
    else
        memcpy(range->high + n, behind_it, sizeof behind_it);
}

static size_t depth_of(const char *path)
{
    size_t depth = 0;
    for (const char *p = path; (p = strstr(p, " / ")) != NULL; p++) depth++;
    return depth;
}

/* What was looked for, rather than something of which it is a part: 2: typed is the key; 1: it is the whole name or
 * ends with it. */
static int is_meant(const struct heng_archive_place *place, const char *typed)
{
    size_t n = strlen(typed), name_n = strlen(place->place.name);
    if (strcmp(place->place.key, typed) == 0) return 2;
    return n >= name_n && strcmp(typed + n - name_n, place->place.name) == 0;
}

/* How many of the words that were typed are in the place's own name. */
static size_t own_words(const struct heng_archive_place *place, const struct heng_search_words *typed)
{
    struct heng_words own = {.n = 0};
    size_t found = 0;
    heng_words_add(&own, place->place.name);
    for (size_t i = 0; i < typed->n; i++) {
        size_t n = strlen(typed->words[i]), k = 0;
        while (k < own.n && strncmp(own.words[k], typed->words[i], n + !typed->prefix[i]) != 0) k++;
        found += k < own.n;
    }
    return found;
}

/* How many of the names from the root down to the place stand in what was typed as they are. */
static size_t literal_names(const char *path, const char *typed)
{
    char name[HENG_NAME_MAX];
    size_t found = 0;
    while (*path) {
        const char *end = strstr(path, " / ");
        size_t n = end ? (size_t)(end - path) : strlen(path);
        snprintf(name, sizeof name, "%.*s", (int)(n < sizeof name ? n : sizeof name - 1), path);
        found += strstr(typed, name) != NULL;
        path += end ? n + 3 : n;
    }
    return found;
}

struct worth {
    const struct heng_archive_place *place;
    int meant;
    size_t own, literal, depth;
};

static int by_worth(const void *left, const void *right)
{
    const struct worth *a = left, *b = right;
    if (a->meant != b->meant) return a->meant > b->meant ? -1 : 1;
    if (a->literal != b->literal) return a->literal > b->literal ? -1 : 1;
    if (a->own != b->own) return a->own > b->own ? -1 : 1;
    if (a->depth != b->depth) return a->depth < b->depth ? -1 : 1;
    return strcmp(a->place->place.path, b->place->place.path);
}

static void best_first(const struct search *s, const struct heng_search_words *words, const char *typed,
                       struct heng_archive_place *ret, size_t n)
{
    struct worth worths[FOUND];
    for (size_t i = 0; i < s->found_n; i++) {
        const struct heng_archive_place *place = &s->found[i];
        worths[i] = (struct worth){.place = place,
                                   .meant = is_meant(place, typed),
                                   .own = own_words(place, words),
                                   .literal = literal_names(place->place.path, typed),
                                   .depth = depth_of(place->place.path)};
    }
    qsort(worths, s->found_n, sizeof *worths, by_worth);
    for (size_t i = 0; i < n; i++) ret[i] = *worths[i].place;
}

heng_rc heng_archive_search_places(struct heng_store_reader *reader, int64_t scope, const char *typed,
                                   struct heng_archive_place *ret, size_t cap, size_t *ret_n, bool *ret_all,
                                   struct heng_err *err)
{
    struct heng_search_words words;
    struct search s = {.reader = reader, .scope = scope};
    heng_search_words_of(&words, typed);
    *ret_n = 0;
    *ret_all = true;
    if (words.n == 0) return HENG_OK;
    for (; s.n < words.n; s.n++) set_range(&s.ranges[s.n], words.words[s.n], words.prefix[s.n]);
    s.found = calloc(FOUND + 1, sizeof *s.found);
    if (!s.found) return heng_fail(err, HENG_ENOMEM, 0, "no memory for what is found");
    heng_rc rc = heng_archive_find_place(reader, scope, typed, &s.found[0], err); /* a key is meant as it is */
    s.found_n = rc == HENG_OK;
    if (rc == HENG_OK || rc == HENG_ENOTFOUND) rc = count_words(&s, err);
    qsort(s.ranges, s.n, sizeof *s.ranges, by_rarity);
    if (rc == HENG_OK && s.ranges[0].count > 0) {
        bool rare = s.n > 1 && s.ranges[0].count <= RARE;
        s.cut = true;
        if (rare) rc = search_down(&s, cap, err);
        for (size_t i = s.n; rc == HENG_OK && s.cut && !(rare && s.found_n) && s.found_n < cap && i-- > 0;) {
            struct range first = s.ranges[0];
            s.ranges[0] = s.ranges[i];
            s.ranges[i] = first;
            rc = search_up(&s, cap, err);
        }
    }
    if (rc == HENG_OK) {
        *ret_n = s.found_n < cap ? s.found_n : cap;
        *ret_all = !s.cut && s.found_n <= cap;
        best_first(&s, &words, typed, ret, *ret_n);
    }
    free(s.found);
    return rc;
}
