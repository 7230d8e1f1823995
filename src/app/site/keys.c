#include "app/site/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hex.h"

enum { LINE_MAX_BYTES = 128, KEYS_MAX = 1000000 };

struct key {
    char number[24];
    uint8_t password[4], operator_code[4];
};

struct heng_site_keys {
    struct key *items;
    size_t n, cap;
};

static void wipe(void *memory, size_t n)
{
    volatile uint8_t *p = memory; /* volatile: else the compiler leaves it out */
    while (n--) *p++ = 0;
}

void heng_site_keys_free(struct heng_site_keys *keys)
{
    if (!keys) return;
    if (keys->items) wipe(keys->items, keys->cap * sizeof *keys->items);
    free(keys->items);
    free(keys);
}

/* Grown by hand: realloc would leave a copy behind. */
static struct key *add(struct heng_site_keys *keys)
{
    if (keys->n == keys->cap) {
        size_t cap = keys->cap ? keys->cap * 2 : 64;
        struct key *items = calloc(cap, sizeof *items);
        if (!items) return NULL;
        if (keys->n) memcpy(items, keys->items, keys->n * sizeof *items);
        if (keys->items) wipe(keys->items, keys->cap * sizeof *items);
        free(keys->items);
        keys->items = items;
        keys->cap = cap;
    }
    return &keys->items[keys->n++];
}

static bool take_bytes(const char *text, uint8_t ret[static 4])
{
    if (!text || strlen(text) != 8) return false;
    struct heng_buf bytes = heng_buf_of(ret, 4);
    return heng_hex_parse(heng_slice_of((const uint8_t *)text, 8), &bytes, NULL) == HENG_OK && bytes.n == 4;
}

static heng_rc take_line(struct heng_site_keys *keys, char *text, uint32_t line, struct heng_err *err)
{
    char *rest = NULL;
    const char *number = strtok_r(text, " \t\r\n", &rest);
    if (!number || number[0] == '#') return HENG_OK;
    const char *password = strtok_r(NULL, " \t\r\n", &rest), *code = strtok_r(NULL, " \t\r\n", &rest);
    if (keys->n == KEYS_MAX) return heng_fail(err, HENG_ELIMIT, line, "more than %d keys", KEYS_MAX);
    struct key *key = add(keys);
    if (!key) return heng_fail(err, HENG_ENOMEM, line, "out of memory");
    if (strlen(number) >= sizeof key->number || !take_bytes(password, key->password) ||
        !take_bytes(code, key->operator_code) || strtok_r(NULL, " \t\r\n", &rest))
        return heng_fail(err, HENG_EFORMAT, line,
                         "line %u is not: NUMBER (or *), password, operator code, eight hex digits each", line);
    memcpy(key->number, number, strlen(number) + 1);
    return HENG_OK;
}

static int by_number(const void *a, const void *b)
{
    return strcmp(((const struct key *)a)->number, ((const struct key *)b)->number);
}

static heng_rc take_lines(FILE *file, struct heng_site_keys *keys, struct heng_err *err)
{
    char text[LINE_MAX_BYTES];
    heng_rc rc = HENG_OK;
    for (uint32_t line = 1; rc == HENG_OK && fgets(text, sizeof text, file); line++) {
        if (!strchr(text, '\n') && !feof(file))
            rc = heng_fail(err, HENG_EFORMAT, line, "line %u is too long", line);
        else
            rc = take_line(keys, text, line, err);
    }
    wipe(text, sizeof text);
    if (rc == HENG_OK && ferror(file)) rc = heng_fail(err, HENG_EIO, 0, "it cannot be read");
    if (keys->n > 1) qsort(keys->items, keys->n, sizeof *keys->items, by_number);
    for (size_t i = 1; rc == HENG_OK && i < keys->n; i++)
        if (strcmp(keys->items[i - 1].number, keys->items[i].number) == 0)
            rc = heng_fail(err, HENG_EFORMAT, 0, "'%s' stands in it twice", keys->items[i].number);
    return rc;
}

static heng_rc open_private(const char *path, FILE **ret, struct heng_err *err)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return heng_fail(err, HENG_EIO, 0, "%s", strerror(errno));
    heng_rc rc = HENG_OK;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        rc = heng_fail(err, HENG_EIO, 0, "it is not a file");
    else if (st.st_mode & 077)
        rc = heng_fail(err, HENG_EDENIED, 0, "others may read or change it: chmod 600 it, and think of new passwords");
    if (rc == HENG_OK) *ret = fdopen(fd, "r");
    if (rc == HENG_OK && !*ret) rc = heng_fail(err, HENG_ENOMEM, 0, "out of memory");
    if (rc != HENG_OK) {
        close(fd);
        return rc;
    }
    setvbuf(*ret, NULL, _IONBF, 0); /* a buffer would keep the passwords in memory that is not wiped */
    return rc;
}

heng_rc heng_site_keys_read(const char *path, struct heng_site_keys **ret, struct heng_err *err)
{
    struct heng_err why = {.text = ""};
    FILE *file = NULL;
    struct heng_site_keys *keys = calloc(1, sizeof *keys);
    if (!keys) return heng_fail(err, HENG_ENOMEM, 0, "out of memory");
    heng_rc rc = open_private(path, &file, &why);
    if (rc == HENG_OK) rc = take_lines(file, keys, &why);
    if (file) fclose(file);
    if (rc != HENG_OK) {
        heng_site_keys_free(keys);
        return heng_fail(err, rc, why.at, "keys '%.60s': %.90s", path, why.text);
    }
    *ret = keys;
    return HENG_OK;
}

static const struct key *find(const struct heng_site_keys *keys, const char *number)
{
    struct key wanted = {.number = ""};
    snprintf(wanted.number, sizeof wanted.number, "%s", number);
    return keys && keys->n ? bsearch(&wanted, keys->items, keys->n, sizeof wanted, by_number) : NULL;
}

void heng_site_keys_give(const struct heng_site_keys *keys, const char *number, struct heng_order *order)
{
    const struct key *found = find(keys, number);
    if (!found) found = find(keys, "*");
    if (!found) return;
    order->has_secret = true;
    memcpy(order->password, found->password, sizeof order->password);
    memcpy(order->operator_code, found->operator_code, sizeof order->operator_code);
}
