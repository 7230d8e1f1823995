/* Functions of both editions.
 * Source: DL/T 645-2007 clause 7, DL/T 645-1997 clause 6. */
#include "codec/dlt645/function.h"

#define KIND(symbol) HENG_TELEGRAM_##symbol

static const struct heng_dlt645_function functions_2007[HENG_DLT645_FUNCTION_MASK + 1] = {
    [0x03] = {"security", KIND(COMMAND), KIND(DATA), true, true, false},
    [0x08] = {"set time", KIND(COMMAND), KIND(WRITTEN), false, false, false},
    [0x11] = {"read", KIND(REQUEST), KIND(DATA), true, true, false},
    [0x12] = {"read following", KIND(REQUEST), KIND(DATA), true, true, true},
    [0x13] = {"read address", KIND(REQUEST), KIND(ADDRESS), false, false, false},
    [0x14] = {"write", KIND(COMMAND), KIND(WRITTEN), true, false, false},
    [0x15] = {"write address", KIND(COMMAND), KIND(WRITTEN), false, false, false},
    [0x16] = {"freeze", KIND(COMMAND), KIND(WRITTEN), false, false, false},
    [0x17] = {"set baud", KIND(COMMAND), KIND(WRITTEN), false, false, false},
    [0x18] = {"set password", KIND(COMMAND), KIND(WRITTEN), true, false, false},
    [0x19] = {"clear demand", KIND(COMMAND), KIND(WRITTEN), false, false, false},
    [0x1A] = {"clear meter", KIND(COMMAND), KIND(WRITTEN), false, false, false},
    [0x1B] = {"clear events", KIND(COMMAND), KIND(WRITTEN), false, false, false},
    [0x1C] = {"relay", KIND(COMMAND), KIND(WRITTEN), false, false, false},
    [0x1D] = {"set output", KIND(COMMAND), KIND(WRITTEN), false, false, false},
};

/* Follow-on frames of 1997 are not numbered. 03 asks for the last answer once more. */
static const struct heng_dlt645_function functions_1997[HENG_DLT645_FUNCTION_MASK + 1] = {
    [0x01] = {"read", KIND(REQUEST), KIND(DATA), true, true, false},
    [0x02] = {"read following", KIND(REQUEST), KIND(DATA), true, true, false},
    [0x03] = {"read again", KIND(REQUEST), KIND(DATA), false, true, false},
    [0x04] = {"write", KIND(COMMAND), KIND(WRITTEN), true, false, false},
    [0x08] = {"set time", KIND(COMMAND), KIND(WRITTEN), false, false, false},
    [0x0A] = {"write address", KIND(COMMAND), KIND(WRITTEN), false, false, false},
    [0x0C] = {"set baud", KIND(COMMAND), KIND(WRITTEN), false, false, false},
    [0x0F] = {"set password", KIND(COMMAND), KIND(WRITTEN), false, false, false},
    [0x10] = {"clear demand", KIND(COMMAND), KIND(WRITTEN), false, false, false},
};

const struct heng_dlt645_function *heng_dlt645_function_of(heng_protocol edition, uint8_t control)
{
    const struct heng_dlt645_function *functions =
        edition == HENG_PROTOCOL_DLT645_1997 ? functions_1997 : functions_2007;
    const struct heng_dlt645_function *function = &functions[control & HENG_DLT645_FUNCTION_MASK];
    return function->name ? function : NULL;
}
