#ifndef HENG_APP_PROTOCOL_NAMES_H
#define HENG_APP_PROTOCOL_NAMES_H
/* What --protocol takes: the name of a protocol, or the short name of a family in which the frame decides. */
#include "model/line.h"

/* The protocols of a name, bits 1 << heng_protocol; 0 when there is no such name. */
uint32_t heng_protocols_named(const char *name);

/* "mbus, cjt188, ..., modbus": all names, for messages and help; static. */
const char *heng_protocol_names(void);

#endif
