#include "model/order.h"

#include <string.h>

#define X(symbol, text) text,
static const char *const orders[] = {HENG_ORDER_LIST(X)};
static const char *const classes[] = {HENG_CLASS_LIST(X)};
static const char *const stages[] = {HENG_STAGE_LIST(X)};
#undef X

static const char *text_at(const char *const *table, unsigned count, unsigned at)
{
    return at < count ? table[at] : "unknown";
}

static unsigned find(const char *const *table, unsigned count, const char *text)
{
    unsigned i = 0;
    while (i < count && strcmp(table[i], text) != 0) i++;
    return i;
}

const char *heng_order_text(heng_order_kind kind) { return text_at(orders, HENG_ORDER_COUNT, kind); }
heng_order_kind heng_order_of(const char *text) { return (heng_order_kind)find(orders, HENG_ORDER_COUNT, text); }
const char *heng_class_text(heng_class cls) { return text_at(classes, HENG_CLASS_COUNT, cls); }
const char *heng_stage_text(heng_stage stage) { return text_at(stages, HENG_STAGE_COUNT, stage); }
heng_stage heng_stage_of(const char *text) { return (heng_stage)find(stages, HENG_STAGE_COUNT, text); }

bool heng_order_changes(heng_order_kind kind)
{
    switch (kind) {
    case HENG_ORDER_SET_CLOCK:
    case HENG_ORDER_FREEZE:
    case HENG_ORDER_CONNECT:
    case HENG_ORDER_DISCONNECT:
    case HENG_ORDER_KEEP:
    case HENG_ORDER_RELEASE:
    case HENG_ORDER_SET_ADDRESS:
    case HENG_ORDER_SET_BAUD: return true;
    case HENG_ORDER_READ:
    case HENG_ORDER_READ_HISTORY:
    case HENG_ORDER_READ_ADDRESS:
    case HENG_ORDER_READ_CLOCK:
    case HENG_ORDER_READ_STATE:
    case HENG_ORDER_PROBE:
    case HENG_ORDER_COUNT: return false;
    }
    return false;
}
