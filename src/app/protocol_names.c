#include "app/protocol_names.h"

#include <string.h>

/* X(name, bits) */
#define FAMILY_LIST(X)                                                                                                 \
    X("dlt645", 1u << HENG_PROTOCOL_DLT645_2007 | 1u << HENG_PROTOCOL_DLT645_1997)                                     \
    X("modbus", 1u << HENG_PROTOCOL_MODBUS_RTU | 1u << HENG_PROTOCOL_MODBUS_TCP)

static const struct {
    const char *name;
    uint32_t protocols;
} families[] = {
#define X(name, bits) {name, bits},
    FAMILY_LIST(X)
#undef X
};

uint32_t heng_protocols_named(const char *name)
{
    heng_protocol protocol = heng_protocol_of(name);
    if (protocol != HENG_PROTOCOL_COUNT) return 1u << protocol;
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
        if (strcmp(families[i].name, name) == 0) return families[i].protocols;
    return 0;
}

const char *heng_protocol_names(void)
{
    static const char names[] =
#define X(symbol, text) ", " text
        HENG_PROTOCOL_LIST(X)
#undef X
#define X(name, bits) ", " name
            FAMILY_LIST(X)
#undef X
        ;
    return names + 2;
}
