#ifndef HENG_CODEC_CJT188_PRESENT_H
#define HENG_CODEC_CJT188_PRESENT_H
/* Private to codec/. Contracts: heng_codec.present, heng_codec.explain. */
#include "codec/explain.h"

void heng_cjt188_present(const struct heng_telegram *t, struct heng_json *json);
void heng_cjt188_explain(const struct heng_telegram *t, struct heng_explainer *e);

#endif
