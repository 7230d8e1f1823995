#include "model/place.h"

#include <stddef.h>
#include <string.h>

bool heng_place_kind_is(const char *text)
{
    size_t n = strlen(text);
    if (n == 0 || strcspn(text, ", ") < n) return false;
    for (const char *word = HENG_PLACE_KINDS; word; word = strchr(word, ' ')) {
        if (*word == ' ') word++;
        if (strncmp(word, text, n) == 0 && (word[n] == ',' || word[n] == '\0')) return true;
    }
    return false;
}
