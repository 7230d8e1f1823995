#ifndef HENG_CODEC_DLT645_PRESENT_H
#define HENG_CODEC_DLT645_PRESENT_H
/* Private to codec/. Contracts: heng_codec.present, heng_codec.explain. */
#include "codec/explain.h"

void heng_dlt645_present(const struct heng_telegram *t, struct heng_json *json);
void heng_dlt645_explain(const struct heng_telegram *t, struct heng_explainer *e);

#endif
