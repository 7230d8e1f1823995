#ifndef HENG_H
#define HENG_H
/* libheng: meter frames to exact values and back. M-Bus, CJ/T 188, DL/T 645 and Modbus, both ways, with nothing but
 * the C library underneath.
 *
 *   struct heng_capture capture;
 *   heng_capture_init(&capture, heng_codec_recognise(bytes), bytes);
 *   struct heng_records records = heng_telegram_records(&capture.telegram);
 *   while (heng_record_next(&records, &record, &err) == HENG_OK) ...
 *
 * What this file includes, and what those files include, is the public interface: it is installed and exported from
 * libheng.so; everything else is private. The reference page of each header is made from its comments.
 * All functions are pure unless they say otherwise; any number of threads may call them at once on data of their own.
 * Language: C11 and later. C++17 includes this file only, never the headers one by one: it gives them their linkage. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#include "base/hex.h"
#include "codec/cjt188.h"
#include "codec/dlt645.h"
#include "codec/explain.h"
#include "codec/mbus.h"
#include "codec/modbus.h"
#include "codec/present.h"
#include "codec/telegram.h"
#include "meter/driver.h"
#include "meter/profile.h"
#include "meter/values.h"

#ifdef __cplusplus
}
#endif

#endif
