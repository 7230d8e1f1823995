#ifndef HENG_CODEC_REFUSED_H
#define HENG_CODEC_REFUSED_H
/* What can be told of captured bytes that are no good frame; private to codec/. */
#include "codec/explain.h"
#include "codec/present.h"

/* The entries of a good frame, with what stands in front of it. */
void heng_explain_frame(const struct heng_capture *capture, struct heng_explainer *e);

/* The entries of a refused one as far as they are sure; e->at is then where that ends. */
void heng_explain_refused(const struct heng_capture *capture, struct heng_explainer *e);

#endif
