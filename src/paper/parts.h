#ifndef HENG_PAPER_PARTS_H
#define HENG_PAPER_PARTS_H
/* What several documents share. Inside of paper/ only. */
#include "base/zone.h"
#include "paper/document.h"
#include "paper/words.h"

/* Label and value; nothing where the value is "". */
void heng_paper_word(struct heng_paper *paper, heng_word word, const char *value);
void heng_paper_word_money(struct heng_paper *paper, heng_paper_kind kind, heng_word word, int64_t amount,
                           const char *currency);
void heng_paper_heading(struct heng_paper *paper, heng_word word);

/* Columns by their words; the titles are of the document's language. */
struct heng_word_column {
    heng_word word;
    bool right;
    uint8_t share;
};
void heng_paper_word_table(struct heng_paper *paper, const struct heng_word_column *columns, size_t count);

/* "2026-11-20 08:30:15", "20.11.2026 08:30" by the clock of the site; seconds where they are wanted. */
const char *heng_paper_moment(const struct heng_zone *zone, heng_us at_us, bool seconds, heng_language language,
                              char ret[HENG_AT_LEAST(HENG_MONEY_TEXT_MAX)]);

/* How it was paid: "cash", "bank" in words, others by their name. */
const char *heng_paper_channel(const char *channel, heng_language language);

/* Of a Chinese document in yuan, the amount in capital characters. Errors: ERANGE. */
HENG_NODISCARD heng_rc heng_paper_capitals(struct heng_paper *paper, int64_t amount, const char *currency,
                                           struct heng_err *err);

#endif
