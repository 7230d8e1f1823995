#ifndef HENG_APP_EXPLAIN_TABLE_H
#define HENG_APP_EXPLAIN_TABLE_H
/* The byte-by-byte meaning of a frame as a table for people. */
#include "codec/present.h"

/* Print to standard output
 *   mbus short, 5 bytes, address 5
 *   offset  bytes  field     value
 *        0  10     start     10
 *        1  7B     control   7B REQ_UD2
 *   ...
 * For a refused frame the first line says what is wrong and where. profile: as in heng_present_json. */
void heng_explain_table(const struct heng_capture *capture, const char *profile);

#endif
