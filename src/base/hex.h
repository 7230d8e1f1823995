#ifndef HENG_BASE_HEX_H
#define HENG_BASE_HEX_H
/* Bytes as hexadecimal text and back. */
#include "base/buf.h"

/* Append the bytes of hex text. Blanks, tabs, '-', ':', ',' and "0x" between bytes are skipped.
 * Errors: EFORMAT at a foreign character or half a byte (err->at = offset in text), ELIMIT when buf is full. */
HENG_NODISCARD heng_rc heng_hex_parse(struct heng_slice text, struct heng_buf *buf, struct heng_err *err);

/* Upper-case hex with the given separator ('\0' for none), NUL-terminated.
 * Errors: ELIMIT when cap is too small; ret_text is then empty. */
HENG_NODISCARD heng_rc heng_hex_format(struct heng_slice bytes, char separator, char *ret_text, size_t cap);

#endif
