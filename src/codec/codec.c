#include "codec/cjt188.h"
#include "codec/dlt645.h"
#include "codec/mbus.h"
#include "codec/modbus.h"

#define X(symbol, text) text,
static const char *const kind_texts[] = {HENG_TELEGRAM_KIND_LIST(X)};
#undef X

const char *heng_telegram_kind_text(heng_telegram_kind kind)
{
    return kind < HENG_TELEGRAM_KIND_COUNT ? kind_texts[kind] : "unknown";
}

const struct heng_codec *heng_codec_of(heng_protocol protocol)
{
    switch (protocol) {
    case HENG_PROTOCOL_MBUS: return &heng_mbus_codec;
    case HENG_PROTOCOL_CJT188: return &heng_cjt188_codec;
    case HENG_PROTOCOL_DLT645_2007: return &heng_dlt645_2007_codec;
    case HENG_PROTOCOL_DLT645_1997: return &heng_dlt645_1997_codec;
    case HENG_PROTOCOL_MODBUS_RTU: return &heng_modbus_rtu_codec;
    case HENG_PROTOCOL_MODBUS_TCP: return &heng_modbus_tcp_codec;
    case HENG_PROTOCOL_COUNT: break;
    }
    return NULL;
}
