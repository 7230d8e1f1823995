#ifndef HENG_MODEL_WORDS_H
#define HENG_MODEL_WORDS_H
/* The words of an X-macro table, from number to text and back. Of this folder alone. */
#include <string.h>

/* "unknown" for a number outside. */
static inline const char *heng_words_at(const char *const *words, unsigned count, unsigned i)
{
    return i < count ? words[i] : "unknown";
}

/* `count` when the text is not among them. */
static inline unsigned heng_words_find(const char *const *words, unsigned count, const char *text)
{
    unsigned i = 0;
    while (i < count && strcmp(words[i], text) != 0) i++;
    return i;
}

#endif
