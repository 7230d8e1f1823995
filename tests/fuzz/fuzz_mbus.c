/* M-Bus: the bytes as a stream, and as the inside of a frame whose lengths and checksum are right. */
#include "decode.h"

#include "codec/mbus.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_stream(HENG_PROTOCOL_MBUS, heng_slice_of(data, size));
    fuzz_present(HENG_PROTOCOL_MBUS, heng_slice_of(data, size));
    (void)heng_codec_recognise(heng_slice_of(data, size));

    /* A captured frame as seed: take what is between the delimiters. */
    if (size >= 9 && data[0] == 0x68 && data[3] == 0x68) {
        data += 4;
        size -= 6;
    }
    if (size < 3 || size > 255) return 0;
    uint8_t *frame = malloc(size + 6); /* its own allocation, so that one byte too much is seen */
    if (!frame) return 0;
    struct heng_buf buf = heng_buf_of(frame, size + 6);
    fuzz_require(heng_mbus_encode_long(data[0], data[1], data[2], heng_slice_of(data + 3, size - 3), &buf) == HENG_OK);
    struct heng_telegram t;
    size_t used;
    heng_rc rc = heng_mbus_codec.decode(heng_buf_slice(&buf), &t, &used, NULL);
    fuzz_require((rc == HENG_OK || rc == HENG_EFORMAT) && used == buf.n);
    fuzz_stream(HENG_PROTOCOL_MBUS, heng_buf_slice(&buf));
    fuzz_present(HENG_PROTOCOL_MBUS, heng_buf_slice(&buf));
    free(frame);
    return 0;
}
