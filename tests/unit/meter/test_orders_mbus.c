/* M-Bus meters by secondary address, and orders to them: selection, frame count bit, clock, addresses, speed. */
#include "one_meter.h"

#include "codec/mbus.h"

enum { METERS_MAX = 3 };

/* Some meters on one loop. */
struct heat {
    uint8_t address, secondary[8];
    bool selected, expects_fcb, sent_any;
    unsigned telegrams, at; /* how many it has, and which it has sent last */
    bool no_ack, keeps_fcb, deaf, deaf_to_select, clock_stands, no_clock, refuses, ignores_command;
    unsigned acked;           /* commands */
    bool first_only;          /* a telegram behind the first one does not get through */
    bool ignores_fcb, counts; /* always its first telegram; only its access number counts on */
    uint8_t access;
    uint8_t last[64]; /* the telegram that a repetition is */
    size_t last_n;
    struct heng_civil clock;
};
struct loop {
    struct heat meters[METERS_MAX];
    unsigned count;
};

static bool digit_fits(uint8_t mask, uint8_t is) { return mask == 0xF || mask == is; }

static bool selects(const uint8_t *mask, const struct heat *h)
{
    for (unsigned i = 0; i < 8; i++) {
        uint8_t is = h->secondary[i];
        bool by_digit = digit_fits(mask[i] >> 4, is >> 4) && digit_fits(mask[i] & 15, is & 15);
        if (i < 4 ? !by_digit : mask[i] != 0xFF && mask[i] != is) return false;
    }
    return true;
}

static void put_telegram(const struct heat *h, uint8_t address, struct heng_buf *ret)
{
    uint8_t bytes[64];
    struct heng_buf body = heng_buf_of(bytes, sizeof bytes);
    heng_buf_put(&body, heng_slice_of(h->secondary, 8));
    const uint8_t rest[] = {(uint8_t)(7 + h->at + h->access), 0, 0, 0, 0x04, 0x06, (uint8_t)(100 + h->at), 0, 0, 0};
    heng_buf_put(&body, heng_slice_of(rest, sizeof rest));
    if (!h->no_clock) {
        heng_buf_le(&body, 0x6D04, 2);
        heng_buf_le(&body, heng_mbus_encode_type_f(&h->clock), 4);
    }
    if (h->at + 1 < h->telegrams) heng_buf_u8(&body, 0x1F);
    assert_int_equal(heng_mbus_encode_long(0x08, address, 0x72, heng_buf_slice(&body), ret), HENG_OK);
}

static void reset(struct heat *h)
{
    h->expects_fcb = true;
    h->sent_any = false;
    h->at = 0;
}

static void on_ask(struct heat *h, bool fcb, uint8_t address, struct heng_buf *ret)
{
    if (h->ignores_fcb) {
        h->access = (uint8_t)(h->access + h->counts);
        put_telegram(h, address, ret);
        return;
    }
    bool next = fcb == h->expects_fcb;
    if (next && h->sent_any) h->at = (h->at + 1) % h->telegrams;
    if (next) h->expects_fcb = !fcb;
    h->sent_any = true;
    if (next || !h->last_n) {
        struct heng_buf fresh = heng_buf_of(h->last, sizeof h->last);
        put_telegram(h, address, &fresh);
        h->last_n = fresh.n;
    }
    if (!h->first_only || h->at == 0) heng_buf_put(ret, heng_slice_of(h->last, h->last_n));
}

static void on_command(struct heat *h, struct heng_slice f, struct heng_buf *ret)
{
    uint8_t ci = f.p[6];
    const uint8_t *p = f.p + 7;
    if (h->refuses) {
        assert_int_equal(heng_mbus_encode_error(h->address, 1, ret), HENG_OK);
        return;
    }
    if (h->ignores_command) return;
    if (ci == 0x51 && p[0] == 0x04 && p[1] == 0x6D && !h->clock_stands) {
        h->clock.minute = p[2] & 0x3F;
        h->clock.hour = p[3] & 0x1F;
        h->clock.day = p[4] & 0x1F;
        h->clock.month = p[5] & 0x0F;
        h->clock.year = (int16_t)(2000 + (p[4] >> 5 | (p[5] & 0xF0) >> 1));
    } else if (ci == 0x51 && p[0] == 0x01 && p[1] == 0x7A) {
        h->address = p[2];
    } else if (ci == 0x51 && p[0] == 0x0C && p[1] == 0x79) {
        memcpy(h->secondary, p + 2, 4);
    }
    h->acked++;
    assert_int_equal(heng_mbus_encode_ack(ret), HENG_OK);
}

static void one_answers(struct heat *h, struct heng_slice f, struct heng_buf *ret)
{
    bool is_short = f.p[0] == 0x10;
    uint8_t control = f.p[is_short ? 1 : 4], address = f.p[is_short ? 2 : 5];
    bool selecting = !is_short && f.p[6] == 0x52;
    if (h->deaf) return;
    if (selecting) {
        if (h->deaf_to_select) return;
        h->selected = selects(f.p + 7, h);
        if (!h->selected) return;
        if (!h->keeps_fcb) reset(h);
        assert_int_equal(heng_mbus_encode_ack(ret), HENG_OK);
        return;
    }
    if (address != h->address && address != 0xFE && !(address == 0xFD && h->selected)) return;
    if (is_short && control == 0x40) {
        reset(h);
        if (address == 0xFD) h->selected = false;
        if (!h->no_ack) assert_int_equal(heng_mbus_encode_ack(ret), HENG_OK);
    } else if (is_short) {
        on_ask(h, control & 0x20, h->address, ret);
    } else {
        on_command(h, f, ret);
    }
}

/* E5s of several are one E5; anything else of several is garbage. */
static void loop_answers(void *meter, struct heng_slice request, struct heng_buf *ret)
{
    struct loop *loop = meter;
    uint8_t bytes[300];
    unsigned speakers = 0;
    bool acks = true;
    size_t before = ret->n;
    for (unsigned i = 0; i < loop->count; i++) {
        struct heng_buf one = heng_buf_of(bytes, sizeof bytes);
        one_answers(&loop->meters[i], request, &one);
        if (one.n == 0) continue;
        acks = acks && one.n == 1;
        if (speakers++ == 0) heng_buf_put(ret, heng_buf_slice(&one));
    }
    if (speakers < 2) return;
    if (acks)
        ret->n = before + 1;
    else
        for (size_t i = before + 1; i < ret->n; i += 2) ret->p[i] &= 0x5A;
}

static struct loop loop_of(unsigned count)
{
    struct loop loop = {.count = count};
    for (unsigned i = 0; i < count; i++)
        loop.meters[i] = (struct heat){.address = (uint8_t)(7 + i),
                                       .secondary = {(uint8_t)(0x78 + i), 0x56, 0x34, 0x12, 0x2D, 0x2C, 0x1B, 0x04},
                                       .telegrams = 1,
                                       .expects_fcb = true,
                                       .clock = {2026, 11, 20, 11, 0, 0}};
    return loop;
}

static struct conversation *talk_to(struct loop *loop, const char *address)
{
    return conversation_new(HENG_PROTOCOL_MBUS, HENG_MEDIUM_HEAT, address, loop_answers, loop);
}

static const struct heng_order read_order = {.kind = HENG_ORDER_READ};

static void test_selection(void **state)
{
    static const char *const addresses[] = {"123456782D2C1B04", "12345678", "12345678FFFFFFFF", "1234F678FFFF1B04",
                                            "123456782d2c1b04"};
    (void)state;
    for (unsigned i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        struct loop loop = loop_of(1);
        struct conversation *c = talk_to(&loop, addresses[i]);
        assert_stage(converse(c, &read_order), HENG_STAGE_CONFIRMED, c);
        assert_int_equal(c->asked, 2);
        assert_true(c->asks[0].tied && !c->asks[1].tied);
        assert_request(c, 1, "107BFD7816");
        assert_int_equal(number_of(c->read, HENG_QUANTITY_ENERGY), 100);
        conversation_free(c);
    }
    struct loop loop = loop_of(1);
    struct conversation *c = talk_to(&loop, addresses[0]);
    assert_stage(converse(c, &read_order), HENG_STAGE_CONFIRMED, c);
    assert_request(c, 0, "680B0B6853FD52785634122D2C1B042E16");
    /* And again, with the bit from the beginning. */
    assert_stage(converse(c, &read_order), HENG_STAGE_CONFIRMED, c);
    assert_request(c, 1, "107BFD7816");
    conversation_free(c);
}

static void test_addresses_that_are_none(void **state)
{
    static const char *const wrong[] = {
        "", "251", "253", "07", "1234567", "123456789", "1234567G", "123456782D2C1B0", "-1", "123456782D2C1B04FF"};
    static const char *const right[] = {"0", "1", "250", "254", "FFFFFFFF", "0000000A", "12345678ffffFFff"};
    struct loop loop = loop_of(1);
    struct conversation *c = talk_to(&loop, "");
    struct heng_err err = {.text = ""};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        snprintf(c->config.address, sizeof c->config.address, "%s", wrong[i]);
        if (heng_meter_check(&c->config, &err) != HENG_ECONFIG) fail_msg("'%s' is taken", wrong[i]);
        assert_non_null(strstr(err.text, "16 with manufacturer"));
    }
    for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
        snprintf(c->config.address, sizeof c->config.address, "%s", right[i]);
        if (heng_meter_check(&c->config, &err) != HENG_OK) fail_msg("'%s': %s", right[i], err.text);
    }
    conversation_free(c);
}

/* The neighbour has not heard that it is not meant any more, and answers too. */
static void test_two_selected(void **state)
{
    struct loop loop = loop_of(2);
    struct conversation *c = talk_to(&loop, "12345678");
    (void)state;
    loop.meters[1].selected = loop.meters[1].deaf_to_select = true;
    assert_stage(converse(c, &read_order), HENG_STAGE_CONFIRMED, c);
    assert_request(c, 2, "1040FD3D16");
    assert_int_equal(c->asked, 5);
    assert_int_equal(number_of(c->read, HENG_QUANTITY_ENERGY), 100);
    /* Only the neighbour is: it is never taken for the one that was meant. */
    loop.meters[1].selected = true;
    loop.meters[0].deaf = true;
    assert_stage(converse(c, &read_order), HENG_STAGE_FAILED, c);
    assert_int_equal(c->read->value_count, 0);
    conversation_free(c);
}

static void test_foreign_answer(void **state)
{
    static const char *const addresses[] = {"12345678", "FFFFFFFF2D2C1B04", "12345678FFFFFF04", "12345678FFFF1BFF"};
    uint8_t bytes[64];
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        struct loop loop = loop_of(1), other = loop_of(1);
        struct conversation *c = talk_to(&loop, addresses[i]);
        struct heng_buf noise = heng_buf_of(bytes, sizeof bytes);
        uint8_t *s = other.meters[0].secondary;
        const unsigned at[] = {0, 4, 7, 6};
        s[at[i]] = (uint8_t)(s[at[i]] ^ 1);
        other.meters[0].at = 3;
        put_telegram(&other.meters[0], 9, &noise);
        c->noise = heng_buf_slice(&noise);
        assert_stage(converse(c, &read_order), HENG_STAGE_CONFIRMED, c);
        assert_int_equal(c->foreign, 2);
        assert_int_equal(number_of(c->read, HENG_QUANTITY_ENERGY), 100);
        conversation_free(c);
    }
}

/* All telegrams, once each and in order, whatever is lost. */
static void test_several_telegrams(void **state)
{
    (void)state;
    for (unsigned lost = 0; lost < 64; lost++) {
        struct loop loop = loop_of(2);
        struct conversation *c = talk_to(&loop, "12345678");
        loop.meters[0].telegrams = 3;
        c->lost = lost;
        c->twice = lost & 1;
        heng_stage stage = converse(c, &read_order);
        assert_int_equal(stage, c->failed ? HENG_STAGE_FAILED : HENG_STAGE_CONFIRMED);
        if (stage == HENG_STAGE_CONFIRMED) {
            assert_int_equal(c->read->frame_count, 3);
            assert_int_equal(count_of(c->read, HENG_QUANTITY_ENERGY), 3);
            for (unsigned i = 0; i < 3; i++) assert_int_equal(c->read->values[i].dec.mantissa, 100 + i);
        }
        bool all_lost = (lost & 7) == 7; /* three tries */
        if (all_lost) assert_int_equal(stage, HENG_STAGE_FAILED);
        if (lost == 0 || lost == 1 || lost == 2) assert_int_equal(stage, HENG_STAGE_CONFIRMED);
        conversation_free(c);
    }
}

/* A meter that keeps its bit through a selection says what it said last, for ever, to one who always asks with the same
 * bit. */
/* A meter that promises more and begins anew, as far as an access number lets one see: its values come once. */
static void test_first_telegram_for_ever(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < 4; kind++) {
        struct loop loop = loop_of(1);
        struct conversation *c = talk_to(&loop, kind & 1 ? "12345678" : "7");
        loop.meters[0].telegrams = 2;
        loop.meters[0].ignores_fcb = true;
        loop.meters[0].counts = kind & 2;
        for (unsigned i = 0; i < 3; i++) {
            assert_stage(converse(c, &read_order), HENG_STAGE_CONFIRMED, c);
            assert_int_equal(count_of(c->read, HENG_QUANTITY_ENERGY), 1);
            assert_int_equal(c->read->frame_count, 1);
        }
        conversation_free(c);
    }
}

/* A second telegram that never gets through, because a converter cannot hold it, ends the read and not the line. */
static void test_second_telegram_is_always_lost(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < 2; kind++) {
        struct loop loop = loop_of(1);
        struct conversation *c = talk_to(&loop, kind ? "12345678" : "7");
        loop.meters[0].telegrams = 2;
        loop.meters[0].first_only = true;
        assert_stage(converse(c, &read_order), HENG_STAGE_FAILED, c);
        assert_in_range(c->asked, TRIES_MAX + 1, 6 * TRIES_MAX);
        conversation_free(c);
    }
}

/* Whatever is lost again and again, every order comes to its end; a read that ends well holds every telegram once. */
static void test_losses_in_step(void **state)
{
    static const struct heng_order orders[] = {{.kind = HENG_ORDER_READ},
                                               {.kind = HENG_ORDER_PROBE},
                                               {.kind = HENG_ORDER_SET_CLOCK},
                                               {.kind = HENG_ORDER_SET_ADDRESS, .address = "42"},
                                               {.kind = HENG_ORDER_SET_ADDRESS, .address = "87654321"}};
    (void)state;
    for (unsigned way = 0; way < 5 * 2 * 3; way++)
        for (unsigned period = 2; period < 8; period++)
            for (unsigned phase = 0; phase < period; phase++) {
                struct loop loop = loop_of(1);
                const struct heng_order *order = &orders[way % 5];
                struct conversation *c = talk_to(&loop, way / 5 % 2 ? "12345678" : "7");
                unsigned telegrams = loop.meters[0].telegrams = way / 10 + 1;
                for (unsigned bit = phase; bit < 64; bit += period) c->lost |= UINT64_C(1) << bit;
                heng_stage stage = converse(c, order);
                bool whole = stage == HENG_STAGE_CONFIRMED && order->kind == HENG_ORDER_READ;
                if (whole) assert_int_equal(count_of(c->read, HENG_QUANTITY_ENERGY), telegrams);
                conversation_free(c);
            }
}

static void test_stale_telegram(void **state)
{
    struct loop loop = loop_of(1);
    struct heat *h = &loop.meters[0];
    struct conversation *c = talk_to(&loop, "12345678");
    (void)state;
    h->keeps_fcb = true;
    for (unsigned hour = 1; hour < 5; hour++) {
        h->clock.hour = (uint8_t)hour;
        assert_stage(converse(c, &read_order), HENG_STAGE_CONFIRMED, c);
        assert_int_equal(c->read->frame_count, 1);
        if (hour == 1) continue;
        assert_int_equal(c->asked, 5); /* select, ask, reset, select, ask */
        assert_int_equal(c->read->frames[0].bytes[7 + 12 + 6 + 2 + 1] & 0x1F, hour);
    }
    /* One that forgets it has shown so by its second answer, and is not doubted when nothing is new. */
    h->keeps_fcb = false;
    c->memory = (struct heng_meter_memory){0};
    for (unsigned i = 0; i < 4; i++) {
        if (i < 2) h->clock.hour++;
        assert_stage(converse(c, &read_order), HENG_STAGE_CONFIRMED, c);
        assert_int_equal(c->asked, 2);
    }
    conversation_free(c);
}

static void test_probe(void **state)
{
    const struct heng_order probe = {.kind = HENG_ORDER_PROBE};
    struct loop loop = loop_of(1);
    struct conversation *c = talk_to(&loop, "7");
    (void)state;
    assert_stage(converse(c, &probe), HENG_STAGE_CONFIRMED, c);
    assert_request(c, 0, "1040074716");
    assert_int_equal(c->asked, 1);
    /* One that does not confirm the reset is found all the same, and from then on at once. */
    loop.meters[0].no_ack = true;
    assert_stage(converse(c, &probe), HENG_STAGE_CONFIRMED, c);
    assert_int_equal(c->asked, 2);
    assert_stage(converse(c, &probe), HENG_STAGE_CONFIRMED, c);
    assert_int_equal(c->asked, 1);
    loop.meters[0].deaf = true;
    assert_stage(converse(c, &probe), HENG_STAGE_FAILED, c);
    assert_int_equal(c->asked, TRIES_MAX);
    conversation_free(c);

    c = talk_to(&loop, "12345678");
    loop.meters[0].deaf = false;
    assert_stage(converse(c, &probe), HENG_STAGE_CONFIRMED, c);
    assert_int_equal(c->asked, 1);
    conversation_free(c);
}

static void clock_of(const char *address)
{
    const struct heng_order set = {.kind = HENG_ORDER_SET_CLOCK};
    struct loop loop = loop_of(1);
    struct heat *h = &loop.meters[0];
    struct conversation *c = talk_to(&loop, address);
    const heng_stage way[] = {HENG_STAGE_QUEUED, HENG_STAGE_SENT, HENG_STAGE_ACCEPTED, HENG_STAGE_CONFIRMED};
    assert_stage(converse(c, &set), HENG_STAGE_CONFIRMED, c);
    assert_int_equal(h->clock.hour, 12);
    assert_int_equal(c->stage_count, 4);
    assert_memory_equal(c->stages, way, sizeof way);
    assert_int_equal(c->read->frame_count, 1);
    h->clock_stands = true;
    h->clock.hour = 3;
    assert_stage(converse(c, &set), HENG_STAGE_FAILED, c);
    assert_why(c, "wrong by -3");
    h->no_clock = true;
    assert_stage(converse(c, &set), HENG_STAGE_FAILED, c);
    assert_why(c, "does not show its clock");
    h->refuses = true;
    h->acked = 0;
    assert_stage(converse(c, &set), HENG_STAGE_FAILED, c);
    assert_int_equal(c->refused, 1);
    assert_why(c, "error 1");
    h->deaf = true;
    assert_stage(converse(c, &set), HENG_STAGE_FAILED, c);
    assert_true(c->failed);
    conversation_free(c);
}

static void test_clock(void **state)
{
    (void)state;
    clock_of("7");
    clock_of("12345678");
}

static void test_silence_at_every_step(void **state)
{
    const struct heng_order set = {.kind = HENG_ORDER_SET_CLOCK};
    (void)state;
    for (unsigned lost = 0; lost < 256; lost++) {
        struct loop loop = loop_of(1);
        struct conversation *c = talk_to(&loop, lost & 1 ? "7" : "12345678");
        c->lost = lost >> 1;
        heng_stage stage = converse(c, &set);
        assert_int_equal(stage, c->failed ? HENG_STAGE_FAILED : HENG_STAGE_CONFIRMED);
        if (stage == HENG_STAGE_CONFIRMED) assert_int_equal(loop.meters[0].clock.hour, 12);
        conversation_free(c);
        loop = loop_of(1);
        c = talk_to(&loop, lost & 1 ? "7" : "12345678");
        c->unheard = lost >> 1;
        stage = converse(c, &set);
        if (stage == HENG_STAGE_CONFIRMED) assert_int_equal(loop.meters[0].clock.hour, 12);
        if (loop.meters[0].clock.hour != 12) assert_int_equal(stage, HENG_STAGE_FAILED);
        conversation_free(c);
    }
}

static void test_addresses(void **state)
{
    struct heng_order set = {.kind = HENG_ORDER_SET_ADDRESS, .address = "42"};
    struct loop loop = loop_of(2);
    struct conversation *c = talk_to(&loop, "12345678");
    (void)state;
    /* By its number, a primary address; then, by that, another number. */
    assert_stage(converse(c, &set), HENG_STAGE_CONFIRMED, c);
    assert_int_equal(loop.meters[0].address, 42);
    assert_why(c, "'42'");
    assert_why(c, "configuration");
    conversation_free(c);
    c = talk_to(&loop, "42");
    snprintf(set.address, sizeof set.address, "87654321");
    assert_stage(converse(c, &set), HENG_STAGE_CONFIRMED, c);
    assert_int_equal(loop.meters[0].secondary[3], 0x87);
    /* Where another meter has that address already, it answers: that is no success. */
    conversation_free(c);
    c = talk_to(&loop, "87654321");
    loop.meters[0].ignores_command = true;
    snprintf(set.address, sizeof set.address, "8");
    assert_stage(converse(c, &set), HENG_STAGE_FAILED, c);
    assert_why(c, "already");
    conversation_free(c);
    /* ... nor where nothing but the address tells the two apart; the meter itself has ignored the command. */
    for (unsigned kind = 0; kind < 2; kind++) {
        loop = loop_of(2);
        loop.meters[0].ignores_command = true;
        loop.meters[1].no_ack = true;
        c = talk_to(&loop, "7");
        snprintf(set.address, sizeof set.address, "%s", kind ? "12345679" : "8");
        assert_stage(converse(c, &set), HENG_STAGE_FAILED, c);
        assert_why(c, "already");
        assert_int_equal(c->read->frame_count, 0);
        conversation_free(c);
    }
    c = talk_to(&loop, "87654321");
    static const char *const wrong[] = {"251", "", "1234567F", "123456782D2C1B04", "-1"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        snprintf(set.address, sizeof set.address, "%s", wrong[i]);
        assert_int_equal(heng_meter_can(&c->config, &set, NULL), HENG_ECONFIG);
    }
    conversation_free(c);
    /* What is meant for one must not reach all whose number begins so. */
    c = talk_to(&loop, "123456FF");
    snprintf(set.address, sizeof set.address, "9");
    assert_int_equal(heng_meter_can(&c->config, &set, NULL), HENG_ECONFIG);
    assert_int_equal(heng_meter_can(&c->config, &(struct heng_order){.kind = HENG_ORDER_SET_BAUD, .baud = 9600}, NULL),
                     HENG_ECONFIG);
    assert_int_equal(heng_meter_can(&c->config, &read_order, NULL), HENG_OK);
    /* Who is there? */
    loop.count = 1;
    assert_stage(converse(c, &(struct heng_order){.kind = HENG_ORDER_READ_ADDRESS}), HENG_STAGE_CONFIRMED, c);
    assert_request(c, 1, "107BFE7916");
    conversation_free(c);
}

static void test_baud(void **state)
{
    struct heng_order set = {.kind = HENG_ORDER_SET_BAUD, .baud = 9600};
    struct loop loop = loop_of(1);
    struct conversation *c = talk_to(&loop, "7");
    (void)state;
    assert_stage(converse(c, &set), HENG_STAGE_CONFIRMED, c);
    assert_request(c, 1, "680303687307BD3716");
    assert_int_equal(c->then_baud, 9600);
    assert_why(c, "9600");
    loop.meters[0].ignores_command = true;
    assert_stage(converse(c, &set), HENG_STAGE_FAILED, c);
    assert_int_equal(c->then_baud, 0);
    assert_why(c, "as fast as before");
    set.baud = 1234;
    assert_int_equal(heng_meter_can(&c->config, &set, NULL), HENG_ERANGE);
    conversation_free(c);
}

static void test_broadcast_and_what_cannot_be(void **state)
{
    const struct heng_driver *driver = heng_driver_of(HENG_PROTOCOL_MBUS);
    const struct heng_civil noon = {2026, 11, 20, 12, 0, 0};
    struct loop loop = loop_of(1);
    struct conversation *c = talk_to(&loop, "7");
    struct heng_err err = {.text = ""};
    (void)state;
    c->asked = 1;
    assert_int_equal(driver->broadcast(&(struct heng_order){.kind = HENG_ORDER_SET_CLOCK}, &noon, &c->asks[0], &err),
                     0);
    assert_true(c->asks[0].silent);
    assert_int_equal(c->asks[0].bytes[5], 0xFF);
    assert_int_equal(driver->broadcast(&(struct heng_order){.kind = HENG_ORDER_FREEZE}, &noon, &c->asks[0], &err),
                     HENG_EUNSUPPORTED);
    struct heng_order history = {.kind = HENG_ORDER_READ_HISTORY, .back = 1};
    assert_int_equal(heng_meter_can(&c->config, &history, &err), HENG_EUNSUPPORTED);
    assert_non_null(strstr(err.text, "with every read"));
    assert_int_equal(heng_meter_can(&c->config, &(struct heng_order){.kind = HENG_ORDER_DISCONNECT}, &err),
                     HENG_EUNSUPPORTED);
    struct heng_meter_config modbus = {.protocol = HENG_PROTOCOL_MODBUS_RTU};
    assert_int_equal(heng_meter_can(&modbus, &(struct heng_order){.kind = HENG_ORDER_PROBE}, &err), HENG_OK);
    assert_int_equal(heng_meter_can(&modbus, &(struct heng_order){.kind = HENG_ORDER_DISCONNECT}, &err),
                     HENG_EUNSUPPORTED);
    assert_non_null(strstr(err.text, "disconnect"));
    conversation_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_selection),
        cmocka_unit_test(test_addresses_that_are_none),
        cmocka_unit_test(test_two_selected),
        cmocka_unit_test(test_foreign_answer),
        cmocka_unit_test(test_several_telegrams),
        cmocka_unit_test(test_first_telegram_for_ever),
        cmocka_unit_test(test_second_telegram_is_always_lost),
        cmocka_unit_test(test_losses_in_step),
        cmocka_unit_test(test_stale_telegram),
        cmocka_unit_test(test_probe),
        cmocka_unit_test(test_clock),
        cmocka_unit_test(test_silence_at_every_step),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_baud),
        cmocka_unit_test(test_broadcast_and_what_cannot_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
