#ifndef HENG_CODEC_MBUS_WORDS_H
#define HENG_CODEC_MBUS_WORDS_H
/* What the coded bytes of M-Bus frames are called. Private to codec/mbus/. */
#include "codec/telegram.h"

/* "SND_UD", whatever the frame count, access demand and data flow bits are; NULL for a function without a name. */
const char *heng_mbus_control_word(uint8_t control);

/* "select"; "reserved" for codes without a meaning. */
const char *heng_mbus_ci_word(uint8_t ci);

/* Sub-code of an application reset, its high nibble: "enhanced billing". The low one numbers the telegram. */
const char *heng_mbus_application_word(uint8_t sub);

/* Report byte of CI 70: "application busy". */
const char *heng_mbus_error_word(uint8_t code);

/* Baud rate that CI B8..BF asks for; 0 when it is about something else. */
uint32_t heng_mbus_baud(uint8_t ci);

/* Bits of the status byte of variable and of fixed data, ended by mask 0. */
const struct heng_flag *heng_mbus_status_flags(const struct heng_telegram *t);

#endif
