#include "uplink/uplink.h"

const char *heng_refusal_text(heng_refusal refusal)
{
    switch (refusal) {
#define X(symbol, text, number)                                                                                        \
    case HENG_REFUSAL_##symbol: return text;
        HENG_REFUSAL_LIST(X)
#undef X
    }
    return "unknown";
}
