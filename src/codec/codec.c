#include "codec/cjt188.h"
#include "codec/mbus.h"

#define X(symbol, text) text,
static const char *const kind_texts[] = {HENG_TELEGRAM_KIND_LIST(X)};
#undef X

const char *heng_telegram_kind_text(heng_telegram_kind kind)
{
    return kind < HENG_TELEGRAM_KIND_COUNT ? kind_texts[kind] : "unknown";
}

const struct heng_codec *heng_codec_of(heng_protocol protocol)
{
    switch (protocol) {
    case HENG_PROTOCOL_MBUS: return &heng_mbus_codec;
    case HENG_PROTOCOL_CJT188: return &heng_cjt188_codec;
    case HENG_PROTOCOL_COUNT: break;
    }
    return NULL;
}

/* True when the bytes, behind a preamble, are one good frame and at most a little after it. */
static bool fits(const struct heng_codec *codec, struct heng_slice in)
{
    struct heng_telegram telegram;
    size_t used;
    return codec->decode(in, &telegram, &used, NULL) == HENG_OK && telegram.frame.p == in.p;
}

heng_protocol heng_codec_recognise(struct heng_slice in)
{
    while (in.n && (in.p[0] == 0xFE || in.p[0] == 0xFF || in.p[0] == 0x00)) in = heng_slice_from(in, 1);
    if (fits(&heng_mbus_codec, in)) return HENG_PROTOCOL_MBUS;
    if (fits(&heng_cjt188_codec, in)) return HENG_PROTOCOL_CJT188;
    /* A damaged frame: M-Bus long frames repeat 68 at offset 3, where CJ/T 188 has an address byte. */
    bool mbus_long = in.n < 4 || in.p[3] == 0x68 || in.p[1] == in.p[2];
    return in.n && in.p[0] == 0x68 && !mbus_long ? HENG_PROTOCOL_CJT188 : HENG_PROTOCOL_MBUS;
}
