/* CJ/T 188: the bytes as a stream, and as T, address, C and data of a frame whose length and checksum are right. */
#include "decode.h"

#include "codec/cjt188.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_stream(HENG_PROTOCOL_CJT188, heng_slice_of(data, size));
    fuzz_present(HENG_PROTOCOL_CJT188, heng_slice_of(data, size));
    (void)heng_codec_recognise(heng_slice_of(data, size));

    if (size < 13 || size > 13 + 255) return 0;
    uint8_t *frame = malloc(size); /* its own allocation, so that one byte too much is seen */
    if (!frame) return 0;
    memcpy(frame, data, size);
    frame[0] = 0x68;
    frame[1] = (uint8_t)(0x10 + frame[1] % 0x40);
    frame[10] = (uint8_t)(size - 13);
    uint8_t sum = 0;
    for (size_t i = 0; i < size - 2; i++) sum = (uint8_t)(sum + frame[i]);
    frame[size - 2] = sum;
    frame[size - 1] = 0x16;
    struct heng_telegram t;
    size_t used;
    fuzz_require(heng_cjt188_codec.decode(heng_slice_of(frame, size), &t, &used, NULL) == HENG_OK && used == size);
    fuzz_stream(HENG_PROTOCOL_CJT188, heng_slice_of(frame, size));
    fuzz_present(HENG_PROTOCOL_CJT188, heng_slice_of(frame, size));
    free(frame);
    return 0;
}
