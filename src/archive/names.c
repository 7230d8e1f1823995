#include "archive/names.h"

#include <stdio.h>
#include <string.h>

#include "archive/columns.h"

void archive_name_point(const char *place_key, heng_medium medium, unsigned nr, char ret[static HENG_KEY_MAX])
{
    char text[2 * HENG_KEY_MAX];
    int n = snprintf(text, sizeof text, "%.63s.%s", place_key, heng_medium_text(medium));
    if (nr > 1) n += snprintf(text + n, sizeof text - (size_t)n, "-%u", nr);
    for (char *p = text + strlen(place_key); *p; p++)
        if (*p == ' ') *p = '-';
    ret[0] = '\0';
    if (n < HENG_KEY_MAX) memcpy(ret, text, (size_t)n + 1);
}

/* Names count the points of a place that have no key, by medium, and go round the keys that there are. */
static heng_rc next_name(struct heng_store_reader *reader, const char *place_key, heng_medium medium, unsigned *nr,
                         char ret[static HENG_KEY_MAX], struct heng_err *err)
{
    struct heng_point known;
    heng_rc rc = HENG_OK;
    while (rc == HENG_OK) {
        archive_name_point(place_key, medium, ++*nr, ret);
        if (!ret[0]) return HENG_OK;
        rc = heng_archive_find_point(reader, 0, ret, &known, err);
    }
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

/* Look for a point by id, or (id 0) by name. ENOTFOUND. */
static heng_rc look(struct heng_store_reader *reader, int64_t scope, const struct heng_archive_place *place, int64_t id,
                    char name[static HENG_KEY_MAX], struct heng_point *ret, struct heng_err *err)
{
    enum { PAGE = 16 };
    struct heng_point page[PAGE];
    unsigned nr[HENG_MEDIUM_COUNT + 1] = {0};
    char candidate[HENG_KEY_MAX];
    size_t n = PAGE;
    int64_t after = 0;
    while (n == PAGE) {
        heng_rc rc = heng_archive_list_points(reader, scope, place->place.id, after, page, PAGE, &n, err);
        for (size_t i = 0; rc == HENG_OK && i < n; i++) {
            after = page[i].id;
            if (page[i].key[0]) continue;
            rc = next_name(reader, place->place.key, page[i].medium, &nr[page[i].medium], candidate, err);
            bool found = rc == HENG_OK && (id ? page[i].id == id : candidate[0] && strcmp(candidate, name) == 0);
            if (!found) continue;
            *ret = page[i];
            memcpy(name, candidate, sizeof candidate);
            return HENG_OK;
        }
        if (rc != HENG_OK) return rc;
    }
    return HENG_ENOTFOUND;
}

heng_rc archive_name_of(struct heng_store_reader *reader, const struct heng_archive_place *place,
                        const struct heng_point *point, char ret[static HENG_KEY_MAX], struct heng_err *err)
{
    struct heng_point same;
    memcpy(ret, point->key, sizeof point->key);
    if (ret[0]) return HENG_OK;
    heng_rc rc = look(reader, 0, place, point->id, ret, &same, err);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

heng_rc archive_named_point(struct heng_store_reader *reader, int64_t scope, const char *name, struct heng_point *ret,
                            struct heng_err *err)
{
    struct heng_archive_place place;
    char key[HENG_KEY_MAX], wanted[HENG_KEY_MAX];
    const char *dot = strrchr(name, '.');
    if (!dot || dot == name || strlen(name) >= HENG_KEY_MAX) return HENG_ENOTFOUND;
    snprintf(key, sizeof key, "%.*s", (int)(dot - name), name);
    snprintf(wanted, sizeof wanted, "%s", name);
    heng_rc rc = heng_archive_find_place(reader, scope, key, &place, err);
    return rc == HENG_OK ? look(reader, scope, &place, 0, wanted, ret, err) : rc;
}

bool archive_is_hidden(const char *text)
{
    for (heng_archive_language language = HENG_ARCHIVE_ZH; language < HENG_ARCHIVE_LANGUAGES; language++)
        if (strcmp(text, heng_archive_hidden_text(language)) == 0) return true;
    return false;
}
