#include "app/explain_table.h"

#include <stdio.h>

enum { BYTES_PER_LINE = 8, BYTES_COLUMN_MAX = 3 * BYTES_PER_LINE - 1 };

struct widths {
    int bytes, name;
};

static void print_summary(const struct heng_capture *capture, const char *profile)
{
    const struct heng_telegram *t = &capture->telegram;
    printf("%s", heng_protocol_text(capture->protocol));
    if (capture->rc != HENG_OK) {
        printf(", refused: %s at offset %u: %s\n", heng_rc_name(capture->rc), (unsigned)capture->err.at,
               capture->err.text);
        return;
    }
    bool modbus = t->protocol == HENG_PROTOCOL_MODBUS_RTU || t->protocol == HENG_PROTOCOL_MODBUS_TCP;
    printf(" %s, %zu byte%s", heng_telegram_kind_text(t->kind), capture->bytes.n, capture->bytes.n == 1 ? "" : "s");
    if (t->has_address || modbus) printf(", address %u", (unsigned)t->address);
    if (t->id[0]) printf(", number %s", t->id);
    if (t->manufacturer[0]) printf(", manufacturer %s", t->manufacturer);
    if (t->id[0] && t->medium != HENG_MEDIUM_UNKNOWN) printf(", %s", heng_medium_text(t->medium));
    if (profile) printf(", profile %s", profile);
    printf("\n");
}

/* The columns as wide as their widest cell, and as their heads. */
static struct widths measure(const struct heng_explained *entries, size_t count)
{
    struct widths widths = {.bytes = (int)strlen("bytes"), .name = (int)strlen("field")};
    for (size_t i = 0; i < count; i++) {
        int bytes = entries[i].length < BYTES_PER_LINE ? 3 * (int)entries[i].length - 1 : BYTES_COLUMN_MAX;
        int name = (int)strlen(entries[i].name);
        if (bytes > widths.bytes) widths.bytes = bytes;
        if (name > widths.name) widths.name = name;
    }
    return widths;
}

static void print_bytes(struct heng_slice bytes, int width)
{
    int n = 0;
    for (size_t i = 0; i < bytes.n; i++) n += printf("%s%02X", i ? " " : "", bytes.p[i]);
    printf("%*s", width > n ? width - n : 0, "");
}

/* One entry; bytes beyond the first line follow on lines of their own, with their offset. */
static void print_entry(const struct heng_explained *entry, struct heng_slice all, struct widths widths)
{
    struct heng_slice rest = heng_slice_of(all.p + entry->at, entry->length);
    for (size_t done = 0; done < entry->length; done += BYTES_PER_LINE) {
        struct heng_slice part = heng_slice_from(rest, done);
        if (part.n > BYTES_PER_LINE) part.n = BYTES_PER_LINE;
        printf("%6zu  ", entry->at + done);
        print_bytes(part, done == 0 ? widths.bytes : 0);
        if (done == 0 && entry->value[0])
            printf("  %-*s  %s", widths.name, entry->name, entry->value);
        else if (done == 0)
            printf("  %s", entry->name);
        printf("\n");
    }
}

void heng_explain_table(const struct heng_capture *capture, const char *profile)
{
    struct heng_explained entries[HENG_EXPLAIN_ENTRIES_MAX];
    size_t count = heng_explain(capture, entries, HENG_EXPLAIN_ENTRIES_MAX);
    struct widths widths = measure(entries, count);
    print_summary(capture, profile);
    if (count) printf("offset  %-*s  %-*s  value\n", widths.bytes, "bytes", widths.name, "field");
    for (size_t i = 0; i < count; i++) print_entry(&entries[i], capture->bytes, widths);
}
