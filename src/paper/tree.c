#include "paper/tree.h"

#include <string.h>

struct reading {
    struct heng_json_reader json;
    struct heng_arena *arena;
    char text[HENG_TREE_TEXT_MAX];
};

static const char *keep(struct reading *r, const char *text, size_t n)
{
    char *mine = heng_arena_take(r->arena, n + 1, 1);
    if (!mine) heng_json_refuse(&r->json, HENG_ENOMEM, "no memory for what is to be printed");
    if (mine) memcpy(mine, text, n);
    return mine ? mine : "";
}

/* A number or a truth, as it stands. */
static const char *raw(struct reading *r)
{
    size_t from = r->json.at;
    heng_json_skip(&r->json);
    return keep(r, (const char *)r->json.text.p + from, r->json.at - from);
}

static struct heng_tree *value(struct reading *r);

static void add(struct heng_tree *tree, struct heng_tree **last, struct heng_tree *item)
{
    if (!item) return;
    if (*last)
        (*last)->next = item;
    else
        tree->first = item;
    *last = item;
    tree->count++;
}

/* The reader allows a depth of HENG_JSON_DEPTH_MAX, which bounds the recursion. */
static void members(struct reading *r, struct heng_tree *tree)
{
    struct heng_slice key;
    struct heng_tree *last = NULL;
    heng_json_open_object(&r->json);
    while (heng_json_next_key(&r->json, &key)) {
        struct heng_tree *item = value(r);
        if (item) item->key = keep(r, (const char *)key.p, key.n);
        add(tree, &last, item);
    }
}

static void items(struct reading *r, struct heng_tree *tree)
{
    struct heng_tree *last = NULL;
    heng_json_open_array(&r->json);
    while (heng_json_next_item(&r->json)) add(tree, &last, value(r));
}

static struct heng_tree *value(struct reading *r)
{
    struct heng_tree *tree = heng_arena_take(r->arena, 1, sizeof *tree);
    if (!tree) heng_json_refuse(&r->json, HENG_ENOMEM, "no memory for what is to be printed");
    if (!tree || r->json.err.rc) return NULL;
    tree->type = heng_json_peek(&r->json);
    tree->key = tree->text = "";
    switch (tree->type) {
    case HENG_JSON_OBJECT: members(r, tree); break;
    case HENG_JSON_ARRAY: items(r, tree); break;
    case HENG_JSON_STRING:
        heng_json_get_string(&r->json, r->text, sizeof r->text);
        tree->text = keep(r, r->text, strlen(r->text));
        break;
    case HENG_JSON_NUMBER:
    case HENG_JSON_BOOL: tree->text = raw(r); break;
    case HENG_JSON_NULL:
    case HENG_JSON_END: heng_json_skip(&r->json); break;
    }
    return tree;
}

heng_rc heng_tree_read(struct heng_slice json, struct heng_arena *arena, const struct heng_tree **ret,
                       struct heng_err *err)
{
    struct reading *r = heng_arena_take(arena, 1, sizeof *r);
    if (!r) return heng_fail(err, HENG_ENOMEM, 0, "no memory for what is to be printed");
    r->json = heng_json_reader_of(json);
    r->arena = arena;
    *ret = value(r);
    heng_json_finish(&r->json);
    if (r->json.err.rc == HENG_OK) return HENG_OK;
    return heng_fail(err, r->json.err.rc, r->json.err.at, "%s", r->json.err.text);
}

const struct heng_tree *heng_tree_at(const struct heng_tree *tree, const char *key)
{
    const struct heng_tree *at = tree && tree->type == HENG_JSON_OBJECT ? tree->first : NULL;
    while (at && strcmp(at->key, key) != 0) at = at->next;
    return at;
}

const char *heng_tree_text(const struct heng_tree *tree, const char *key)
{
    const struct heng_tree *at = heng_tree_at(tree, key);
    return at ? at->text : "";
}

const struct heng_tree *heng_tree_find(const struct heng_tree *list, const char *key, const char *text)
{
    const struct heng_tree *at = list && list->type == HENG_JSON_ARRAY ? list->first : NULL;
    while (at && strcmp(heng_tree_text(at, key), text) != 0) at = at->next;
    return at;
}
