#ifndef HENG_PAPER_TREE_H
#define HENG_PAPER_TREE_H
/* A JSON text as a tree, for the answers of engines that are printed: field by field, in the order of the page and not
 * of the text. What is not there is an empty text and has no items. Inside of paper/ only. */
#include "base/arena.h"
#include "base/json_reader.h"

struct heng_tree {
    heng_json_type type;
    const char *key, *text; /* key: of a member, else ""; text: of a string, number or truth as it stands */
    struct heng_tree *first, *next;
    size_t count; /* of items or members */
};

enum { HENG_TREE_TEXT_MAX = 8192 };
/* Errors: EFORMAT with the line, ELIMIT, ENOMEM. */
HENG_NODISCARD heng_rc heng_tree_read(struct heng_slice json, struct heng_arena *arena, const struct heng_tree **ret,
                                      struct heng_err *err);
/* The member; NULL when there is none, also of NULL. */
const struct heng_tree *heng_tree_at(const struct heng_tree *tree, const char *key);
/* Its text, "" when it has none. */
const char *heng_tree_text(const struct heng_tree *tree, const char *key);
/* The item whose member key is this text; NULL. */
const struct heng_tree *heng_tree_find(const struct heng_tree *list, const char *key, const char *text);

#endif
