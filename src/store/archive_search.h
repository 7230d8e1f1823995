#ifndef HENG_STORE_ARCHIVE_SEARCH_H
#define HENG_STORE_ARCHIVE_SEARCH_H
/* The search box over places: what is typed is split into words, each must be in the name or key of a place or of one
 * above it, and one at least in its own. Digits and letters match the beginning of a word, Chinese anywhere. The work
 * of one search is bounded, however many places there are. */
#include "store/archive.h"

enum { HENG_SEARCH_WORDS_MAX = 10, HENG_WORD_MAX = 48, HENG_PLACE_WORDS_MAX = 96 };

/* The words of a name, in lower case, each once: whole runs of letters and digits, the runs of digits and of letters
 * in them, single characters and pairs of other scripts. At most cap; what is longer than HENG_WORD_MAX is cut. */
struct heng_words {
    size_t n;
    char words[HENG_PLACE_WORDS_MAX][HENG_WORD_MAX];
};
void heng_words_add(struct heng_words *words, const char *text);

/* What somebody typed: prefix: the beginning of a word is enough. Behind the tenth word nothing is looked at. */
struct heng_search_words {
    size_t n;
    char words[HENG_SEARCH_WORDS_MAX][HENG_WORD_MAX];
    bool prefix[HENG_SEARCH_WORDS_MAX];
};
void heng_search_words_of(struct heng_search_words *ret, const char *typed);

/* Make the words of a place anew: of its name and key. */
HENG_NODISCARD heng_rc heng_archive_index_place(struct heng_store *store, int64_t id, const char *name, const char *key,
                                                struct heng_err *err);
/* Of all places that have none: those from a database of an older version. In a transaction. */
HENG_NODISCARD heng_rc heng_archive_index_missing(struct heng_store *store, struct heng_err *err);

/* ret_all: false when there may be more than were found: one more word makes it sharper. The best first: the whole name
 * is what was typed, then the higher ones, then by path. */
HENG_NODISCARD heng_rc heng_archive_search_places(struct heng_store_reader *reader, int64_t scope, const char *typed,
                                                  struct heng_archive_place *ret, size_t cap, size_t *ret_n,
                                                  bool *ret_all, struct heng_err *err);

#endif
