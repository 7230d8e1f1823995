/* Places, commands and searches, as people look at them. */
#include <stdio.h>
#include <string.h>

#include "flow/views.h"

enum { PLACES_PAGE = 512, FOUND_MAX = 4096, MEMBERS_MAX = 4096 };

static heng_rc no_memory(struct heng_err *err) { return heng_fail(err, HENG_ENOMEM, 0, "the answer is too large"); }

static heng_rc get_places(struct heng_store_reader *reader, struct heng_arena *arena, struct heng_places_view *ret,
                          struct heng_err *err)
{
    size_t cap = PLACES_PAGE, n = 0;
    int64_t after = 0;
    *ret = (struct heng_places_view){.items = heng_arena_take(arena, cap, sizeof *ret->items)};
    for (;;) {
        if (!ret->items) return no_memory(err);
        heng_rc rc = heng_store_list_places(reader, after, ret->items + ret->n, cap - ret->n, &n, err);
        if (rc != HENG_OK || n == 0) return rc;
        ret->n += n;
        after = ret->items[ret->n - 1].id;
        if (ret->n < cap) continue;
        struct heng_place *wider = heng_arena_take(arena, cap * 2, sizeof *wider);
        if (wider) memcpy(wider, ret->items, ret->n * sizeof *wider);
        ret->items = wider;
        cap *= 2;
    }
}

heng_rc heng_view_places(struct heng_store_reader *reader, struct heng_arena *arena, struct heng_places_view *ret,
                         struct heng_err *err)
{
    heng_rc rc = heng_store_reader_begin(reader, err);
    if (rc != HENG_OK) return rc;
    rc = get_places(reader, arena, ret, err);
    heng_store_reader_end(reader);
    return rc;
}

heng_rc heng_view_commands(struct heng_store_reader *reader, struct heng_arena *arena, int64_t meter_id,
                           int64_t line_id, int64_t before_id, size_t limit, struct heng_commands_view *ret,
                           struct heng_err *err)
{
    ret->items = heng_arena_take(arena, limit, sizeof *ret->items);
    if (!ret->items) return no_memory(err);
    return heng_store_list_commands(reader, meter_id, line_id, before_id, ret->items, limit, &ret->n, err);
}

/* Two secondary addresses, digits that are not known being F. */
static bool fits(const char *pattern, const char *text)
{
    size_t n = strlen(pattern);
    if (n == 0 || n > strlen(text)) return false;
    for (size_t i = 0; i < n; i++)
        if (pattern[i] != text[i] && pattern[i] != 'F' && pattern[i] != 'f') return false;
    return true;
}

bool heng_search_is(const struct heng_search_found *found, const struct heng_meter_config *meter)
{
    if (found->protocol != meter->protocol) return false;
    if (strcmp(found->address, meter->address) == 0) return true;
    if (found->number[0] && strcmp(found->number, meter->number) == 0) return true;
    if (found->protocol != HENG_PROTOCOL_MBUS) return false;
    char primary[8];
    snprintf(primary, sizeof primary, "%d", found->primary < 0 || found->primary > 255 ? -1 : found->primary);
    if (strcmp(primary, meter->address) == 0) return true;
    return strlen(meter->address) >= 8 && fits(meter->address, found->address);
}

static bool is_searched(heng_search_kind kind, heng_protocol protocol)
{
    switch (kind) {
    case HENG_SEARCH_MBUS_SECONDARY:
    case HENG_SEARCH_MBUS_PRIMARY: return protocol == HENG_PROTOCOL_MBUS;
    case HENG_SEARCH_CJT188: return protocol == HENG_PROTOCOL_CJT188;
    case HENG_SEARCH_DLT645_2007: return protocol == HENG_PROTOCOL_DLT645_2007;
    case HENG_SEARCH_DLT645_1997: return protocol == HENG_PROTOCOL_DLT645_1997;
    case HENG_SEARCH_MODBUS_RTU: return protocol == HENG_PROTOCOL_MODBUS_RTU;
    case HENG_SEARCH_KIND_COUNT: return false;
    }
    return false;
}

/* Beside the archive; seen[i] tells that members[i] was found. */
static void compare_found(struct heng_search_view *view, const struct heng_found_row *found, size_t found_n,
                          const struct heng_meter_config *members, size_t member_n, bool *seen)
{
    for (size_t i = 0; i < found_n; i++) {
        struct heng_search_item *item = &view->items[view->n++];
        *item = (struct heng_search_item){.found = found[i].found, .at_us = found[i].at_us};
        for (size_t j = 0; j < member_n; j++) {
            if (!heng_search_is(&item->found, &members[j])) continue;
            item->meter_id = members[j].device_id;
            seen[j] = true;
            break;
        }
        item->status = item->found.twin ? HENG_SEARCH_STATUS_TWIN
                       : item->meter_id ? HENG_SEARCH_STATUS_KNOWN
                                        : HENG_SEARCH_STATUS_NEW;
    }
    for (size_t j = 0; j < member_n; j++) {
        if (seen[j] || !is_searched(view->search.kind, members[j].protocol)) continue;
        struct heng_search_item *item = &view->items[view->n++];
        *item = (struct heng_search_item){.status = HENG_SEARCH_STATUS_MISSING, .meter_id = members[j].device_id};
        item->found = (struct heng_search_found){
            .protocol = members[j].protocol, .medium = members[j].medium, .primary = -1, .known = true};
        memcpy(item->found.address, members[j].address, sizeof item->found.address);
        memcpy(item->found.number, members[j].number, sizeof item->found.number);
    }
}

static heng_rc find_search(struct heng_store_reader *reader, int64_t line_id, heng_search_kind kind,
                           struct heng_search_row *ret, struct heng_err *err)
{
    size_t n = 0;
    if (kind != HENG_SEARCH_KIND_COUNT) return heng_store_get_search(reader, line_id, kind, ret, err);
    heng_rc rc = heng_store_list_searches(reader, line_id, ret, 1, &n, err);
    return rc == HENG_OK && n == 0 ? HENG_ENOTFOUND : rc;
}

static heng_rc get_search(struct heng_store_reader *reader, struct heng_arena *arena, int64_t line_id,
                          heng_search_kind kind, struct heng_search_view *ret, struct heng_err *err)
{
    size_t found_n = 0, member_n = 0;
    heng_rc rc = find_search(reader, line_id, kind, &ret->search, err);
    if (rc != HENG_OK) return rc;
    struct heng_found_row *found = heng_arena_take(arena, FOUND_MAX, sizeof *found);
    struct heng_meter_config *members = heng_arena_take(arena, MEMBERS_MAX, sizeof *members);
    bool *seen = heng_arena_take(arena, MEMBERS_MAX, sizeof *seen);
    if (!found || !members || !seen) return no_memory(err);
    rc = heng_store_list_found(reader, line_id, ret->search.kind, found, FOUND_MAX, &found_n, err);
    if (rc == HENG_OK) rc = heng_store_list_line_members(reader, line_id, 0, members, MEMBERS_MAX, &member_n, err);
    if (rc != HENG_OK) return rc;
    ret->n = 0;
    ret->items = heng_arena_take(arena, found_n + member_n + 1, sizeof *ret->items);
    if (!ret->items) return no_memory(err);
    compare_found(ret, found, found_n, members, member_n, seen);
    return HENG_OK;
}

heng_rc heng_view_search(struct heng_store_reader *reader, struct heng_arena *arena, int64_t line_id,
                         heng_search_kind kind, struct heng_search_view *ret, struct heng_err *err)
{
    heng_rc rc = heng_store_reader_begin(reader, err);
    if (rc != HENG_OK) return rc;
    rc = get_search(reader, arena, line_id, kind, ret, err);
    heng_store_reader_end(reader);
    return rc;
}
