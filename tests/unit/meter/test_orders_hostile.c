/* Every order to a meter that says anything: good frames of the right sender with any content, damaged ones, pieces.
 * No conversation may read beyond what there is, go on for ever, or end without a verdict. */
#include "one_meter.h"

#include "codec/cjt188.h"
#include "codec/dlt645.h"
#include "codec/mbus.h"
#include "sim/rng.h"

enum { RUNS = 200 };

struct liar {
    struct heng_sim_rng rng;
    heng_protocol protocol;
    const char *address;
};

static unsigned below(struct liar *l, unsigned n) { return (unsigned)(heng_sim_rng_next(&l->rng) % n); }

static struct heng_slice any_bytes(struct liar *l, struct heng_slice request, uint8_t ret[64])
{
    size_t n = below(l, 60);
    for (size_t i = 0; i < n; i++) ret[i] = (uint8_t)below(l, below(l, 2) ? 256 : 3);
    /* Often it begins with what was asked for. */
    size_t head = below(l, 3) ? 4 : 0, from = request.n > 20 ? 14 : request.n / 2;
    for (size_t i = 0; i < head && i < n && from + i < request.n; i++) ret[i] = request.p[from + i];
    return heng_slice_of(ret, n);
}

static void put_mbus(struct liar *l, struct heng_slice data, struct heng_buf *ret)
{
    static const uint8_t cis[] = {0x72, 0x72, 0x72, 0x73, 0x70, 0x76, 0x78, 0x7A};
    static const uint8_t secondary[] = {0x78, 0x56, 0x34, 0x12, 0x2D, 0x2C, 0x1B, 0x04, 1, 0, 0, 0, 0x04, 0x6D};
    uint8_t bytes[80];
    struct heng_buf body = heng_buf_of(bytes, sizeof bytes);
    if (below(l, 2)) {
        heng_buf_u8(ret, 0xE5);
        return;
    }
    heng_buf_put(&body, heng_slice_of(secondary, below(l, 3) ? sizeof secondary : below(l, sizeof secondary)));
    heng_buf_put(&body, data);
    assert_int_equal(heng_mbus_encode_long(0x08, 7, cis[below(l, sizeof cis)], heng_buf_slice(&body), ret), HENG_OK);
}

static void put_cjt188(struct liar *l, struct heng_slice request, struct heng_slice data, struct heng_buf *ret)
{
    struct heng_telegram t;
    size_t used;
    assert_int_equal(heng_cjt188_codec.decode(request, &t, &used, NULL), HENG_OK);
    struct heng_cjt188_frame f = {.type = 0x10,
                                  .control = (uint8_t)(t.control | 0x80 | (below(l, 6) ? 0 : 0x40)),
                                  .ser = (uint8_t)(below(l, 3) ? t.ser : below(l, 256)),
                                  .di = (uint16_t)(below(l, 4) ? t.di : below(l, 65536)),
                                  .without_di = !below(l, 8),
                                  .without_ser = !below(l, 8),
                                  .payload = data};
    memcpy(f.id, l->address, 15);
    assert_int_equal(heng_cjt188_encode(&f, ret), HENG_OK);
}

static void put_dlt645(struct liar *l, struct heng_slice request, struct heng_slice data, struct heng_buf *ret)
{
    struct heng_telegram t;
    size_t used;
    uint8_t bytes[80];
    struct heng_buf body = heng_buf_of(bytes, sizeof bytes);
    assert_int_equal(heng_codec_of(l->protocol)->decode(request, &t, &used, NULL), HENG_OK);
    if (t.has_di && below(l, 4)) heng_dlt645_put_di(&body, l->protocol, t.di);
    heng_buf_put(&body, data);
    struct heng_dlt645_frame f = {.data = heng_buf_slice(&body)};
    f.control = (uint8_t)(t.control | 0x80 | (below(l, 6) ? 0 : 0x40) | (below(l, 6) ? 0 : 0x20));
    memcpy(f.id, l->address, 13);
    assert_int_equal(heng_dlt645_encode(&f, ret), HENG_OK);
}

static void lies(void *meter, struct heng_slice request, struct heng_buf *ret)
{
    struct liar *l = meter;
    uint8_t bytes[64];
    for (unsigned frames = below(l, 4); frames; frames--) {
        size_t before = ret->n;
        struct heng_slice data = any_bytes(l, request, bytes);
        if (l->protocol == HENG_PROTOCOL_MBUS)
            put_mbus(l, data, ret);
        else if (l->protocol == HENG_PROTOCOL_CJT188)
            put_cjt188(l, request, data, ret);
        else
            put_dlt645(l, request, data, ret);
        if (!below(l, 5)) ret->p[before + below(l, (unsigned)(ret->n - before))] ^= (uint8_t)(1U << below(l, 8));
        if (!below(l, 8)) ret->n -= below(l, (unsigned)(ret->n - before));
    }
}

static void one(uint64_t seed, heng_protocol protocol, const char *address, const char *new_address)
{
    for (unsigned kind = 0; kind < HENG_ORDER_COUNT; kind++) {
        struct liar liar = {.protocol = protocol, .address = address};
        struct conversation *c = conversation_new(protocol, HENG_MEDIUM_COLD_WATER, address, lies, &liar);
        struct heng_order order = {.kind = (heng_order_kind)kind, .back = 1, .baud = 9600, .has_secret = true};
        snprintf(order.address, sizeof order.address, "%s", new_address);
        liar.rng = heng_sim_rng_of(seed, kind);
        if (heng_meter_can(&c->config, &order, NULL) == HENG_OK)
            for (unsigned i = 0; i < RUNS; i++) { /* the memory goes on from one to the next */
                heng_stage stage = converse(c, &order);
                if (stage != HENG_STAGE_CONFIRMED && stage != HENG_STAGE_FAILED)
                    fail_msg("seed %llu: '%s' to %s ends as %s", (unsigned long long)seed, heng_order_text(order.kind),
                             heng_protocol_text(protocol), heng_stage_text(stage));
                for (unsigned v = 0; v < c->read->value_count; v++)
                    assert_true(c->read->frame_of_value[v] < c->read->frame_count);
            }
        conversation_free(c);
    }
}

static void test_any_answer(void **state)
{
    const uint64_t seed = 20261121;
    (void)state;
    print_message("seed %llu\n", (unsigned long long)seed);
    one(seed, HENG_PROTOCOL_MBUS, "7", "42");
    one(seed, HENG_PROTOCOL_MBUS, "123456782D2C1B04", "42");
    one(seed, HENG_PROTOCOL_MBUS, "12345678", "87654321");
    one(seed, HENG_PROTOCOL_CJT188, "11110059493675", "11110059493676");
    one(seed, HENG_PROTOCOL_DLT645_2007, "000024060001", "000024060002");
    one(seed, HENG_PROTOCOL_DLT645_1997, "000024060001", "000024060002");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_any_answer)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
