#include "model/order.h"

#include "model/words.h"

#define X(symbol, text) text,
static const char *const orders[] = {HENG_ORDER_LIST(X)};
static const char *const classes[] = {HENG_CLASS_LIST(X)};
static const char *const stages[] = {HENG_STAGE_LIST(X)};
#undef X

const char *heng_order_text(heng_order_kind kind) { return heng_words_at(orders, HENG_ORDER_COUNT, kind); }
heng_order_kind heng_order_of(const char *text)
{
    return (heng_order_kind)heng_words_find(orders, HENG_ORDER_COUNT, text);
}
const char *heng_class_text(heng_class cls) { return heng_words_at(classes, HENG_CLASS_COUNT, cls); }
const char *heng_stage_text(heng_stage stage) { return heng_words_at(stages, HENG_STAGE_COUNT, stage); }
heng_stage heng_stage_of(const char *text) { return (heng_stage)heng_words_find(stages, HENG_STAGE_COUNT, text); }

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
    case HENG_ORDER_SET_BAUD:
    case HENG_ORDER_PURCHASE: return true;
    case HENG_ORDER_READ:
    case HENG_ORDER_READ_HISTORY:
    case HENG_ORDER_READ_ADDRESS:
    case HENG_ORDER_READ_CLOCK:
    case HENG_ORDER_READ_STATE:
    case HENG_ORDER_PROBE:
    case HENG_ORDER_READ_PURSE:
    case HENG_ORDER_COUNT: return false;
    }
    return false;
}
