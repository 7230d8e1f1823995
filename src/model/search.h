#ifndef HENG_MODEL_SEARCH_H
#define HENG_MODEL_SEARCH_H
/* A search for meters on a line: its kinds, what it finds, how far it is. */
#include "model/line.h"

/* X(symbol, the protocol that it looks for, text) */
#define HENG_SEARCH_KIND_LIST(X)                                                                                       \
    X(MBUS_SECONDARY, MBUS, "mbus-secondary")                                                                          \
    X(MBUS_PRIMARY, MBUS, "mbus-primary")                                                                              \
    X(CJT188, CJT188, "cjt188")                                                                                        \
    X(DLT645_2007, DLT645_2007, "dlt645-2007")                                                                         \
    X(DLT645_1997, DLT645_1997, "dlt645-1997")                                                                         \
    X(MODBUS_RTU, MODBUS_RTU, "modbus-rtu")

typedef enum heng_search_kind {
#define X(symbol, protocol, text) HENG_SEARCH_##symbol,
    HENG_SEARCH_KIND_LIST(X)
#undef X
        HENG_SEARCH_KIND_COUNT
} heng_search_kind;

const char *heng_search_kind_text(heng_search_kind kind);
heng_search_kind heng_search_kind_of(const char *text);         /* COUNT when unknown */
heng_protocol heng_search_kind_protocol(heng_search_kind kind); /* COUNT when unknown */

/* A place in a search, as text that only the search understands. */
enum { HENG_SEARCH_PLACE_MAX = 64 };

/* One meter. address: as in heng_meter_config. twin: another one has the very same address, so it cannot be read. */
struct heng_search_found {
    heng_protocol protocol;
    heng_medium medium;
    char address[HENG_ADDRESS_MAX], number[24], manufacturer[8];
    int primary; /* M-Bus: what its answer says, -1: nothing */
    bool known, twin;
};

/* found: meters told, those of a search that is resumed included; known: meters that should be there, found or not;
 * missing: those of them that did not answer so far; permille: of the work that is known about. */
struct heng_search_progress {
    bool ended;
    uint32_t requests, selects, found, known, missing, collisions, permille;
    char place[HENG_SEARCH_PLACE_MAX];
};

#endif
