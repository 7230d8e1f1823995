#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void heng_str_fini(struct heng_str *s)
{
    free(s->text);
    s->text = NULL;
    s->n = s->cap = 0;
}

void heng_str_clear(struct heng_str *s)
{
    s->n = 0;
    s->rc = HENG_OK;
    if (s->text) s->text[0] = '\0';
}

static bool reserve(struct heng_str *s, size_t more)
{
    if (s->rc != HENG_OK) return false;
    if (more > s->max || s->n > s->max - more) {
        s->rc = HENG_ELIMIT;
        return false;
    }
    if (s->n + more + 1 > s->cap) {
        size_t cap = s->cap ? s->cap : 256;
        while (cap < s->n + more + 1) cap *= 2;
        char *text = realloc(s->text, cap);
        if (!text) {
            s->rc = HENG_ENOMEM;
            return false;
        }
        s->text = text;
        s->cap = cap;
    }
    return true;
}

void heng_str_put(struct heng_str *s, const char *bytes, size_t n)
{
    if (!reserve(s, n)) return;
    if (n) memcpy(s->text + s->n, bytes, n);
    s->n += n;
    s->text[s->n] = '\0';
}

void heng_str_fmt(struct heng_str *s, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (n >= 0 && reserve(s, (size_t)n)) {
        vsnprintf(s->text + s->n, s->cap - s->n, fmt, again);
        s->n += (size_t)n;
    }
    va_end(again);
}
