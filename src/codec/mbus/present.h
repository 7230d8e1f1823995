#ifndef HENG_CODEC_MBUS_PRESENT_H
#define HENG_CODEC_MBUS_PRESENT_H
/* Private to codec/. Contracts: heng_codec.present, heng_codec.explain. */
#include "codec/explain.h"

void heng_mbus_present(const struct heng_telegram *t, struct heng_json *json);
void heng_mbus_explain(const struct heng_telegram *t, struct heng_explainer *e);

#endif
