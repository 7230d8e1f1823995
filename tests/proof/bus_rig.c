#include "bus_rig.h"

#include "codec/telegram.h"
#include "meter/driver.h"

/* --- making ------------------------------------------------------------------------------------------------- */

static void name_meter(struct rig *rig, size_t i, heng_protocol protocol)
{
    struct heng_meter_config *m = &rig->meters[i];
    struct heng_sim_meter_config *s = &rig->slaves[i];
    *m = (struct heng_meter_config){.device_id = (int64_t)i + 1, .line_id = 1, .protocol = protocol};
    m->medium = protocol == HENG_PROTOCOL_MBUS     ? HENG_MEDIUM_HEAT
                : protocol == HENG_PROTOCOL_CJT188 ? HENG_MEDIUM_COLD_WATER
                                                   : HENG_MEDIUM_ELECTRICITY;
    if (protocol == HENG_PROTOCOL_MBUS || protocol == HENG_PROTOCOL_MODBUS_RTU)
        snprintf(m->address, sizeof m->address, "%zu", i + 1);
    else
        snprintf(m->address, sizeof m->address, protocol == HENG_PROTOCOL_CJT188 ? "11110000%06zu" : "%012zu", i + 1);
    m->position = (uint32_t)i + 1;
    *s = (struct heng_sim_meter_config){.protocol = protocol,
                                        .medium = m->medium,
                                        .delay_min_us = 40000,
                                        .delay_max_us = 60000,
                                        .telegrams = 1,
                                        .start_count = 100000 + 37 * i,
                                        .rate_per_h = 10 + (uint32_t)(i % 50)};
    memcpy(s->address, m->address, sizeof s->address);
    snprintf(s->secondary, sizeof s->secondary, "%08zu24770104", 10000000 + i);
}

struct rig *rig_new(const char *name, heng_protocol protocol, size_t count, uint32_t baud, uint32_t period_s,
                    uint64_t seed)
{
    struct rig *rig = calloc(1, sizeof *rig);
    assert_true(rig && count <= RIG_METERS_MAX);
    rig->name = name;
    rig->count = rig->listed = count;
    rig->config = (struct heng_line_config){.id = 1, .baud = baud, .parity = 'E', .period_s = period_s};
    snprintf(rig->config.name, sizeof rig->config.name, "%s", name);
    rig->wire = (struct heng_sim_bus_config){.baud = baud, .parity = 'E', .seed = seed};
    rig->rng = heng_sim_rng_of(seed, 77);
    for (size_t i = 0; i < count; i++) name_meter(rig, i, protocol);
    return rig;
}

void rig_start(struct rig *rig)
{
    struct heng_err err = {.text = ""};
    for (size_t i = 0; i < rig->count; i++) {
        rig->last_ok[i] = HENG_US_NEVER;
        rig->counted_period[i] = -1;
    }
    if (heng_sim_bus_new(&rig->wire, rig->slaves, rig->count, RIG_LOCAL_US, &rig->bus, &err) != HENG_OK)
        fail_msg("%s: %s", rig->name, err.text);
    if (heng_line_new(&rig->config, rig->meters, rig->listed, &rig->line, &err) != HENG_OK)
        fail_msg("%s: %s", rig->name, err.text);
    heng_line_opened(rig->line, rig->now);
    heng_line_set_clock(rig->line, rig->now, RIG_WALL_US + rig->now);
}

void rig_free(struct rig *rig)
{
    heng_line_free(rig->line);
    heng_sim_bus_free(rig->bus);
    free(rig);
}

/* --- the truth ---------------------------------------------------------------------------------------------- */

static bool ends_with(struct heng_slice whole, struct heng_slice end)
{
    return end.n > 0 && end.n <= whole.n && memcmp(whole.p + whole.n - end.n, end.p, end.n) == 0;
}

/* Has this meter said that, and when last? A stored Modbus answer has its request in front, an answer on the wire its
 * FE bytes. */
static bool was_said(const struct rig *rig, size_t meter, struct heng_slice frame, heng_us *ret_at)
{
    struct heng_slice said;
    bool modbus = rig->meters[meter].protocol == HENG_PROTOCOL_MODBUS_RTU;
    for (size_t i = 0; heng_sim_bus_said(rig->bus, meter, i, &said, ret_at); i++)
        if (modbus ? ends_with(frame, said) : ends_with(said, frame)) return true;
    return false;
}

static heng_rc decode(heng_protocol protocol, struct heng_slice in, struct heng_telegram *ret, size_t *ret_used)
{
    const struct heng_codec *codec = heng_codec_of(protocol);
    return (codec->decode_answer ? codec->decode_answer : codec->decode)(in, ret, ret_used, NULL);
}

/* The check of a frame that is kept as evidence. */
static bool check_is_right(heng_protocol protocol, struct heng_slice frame)
{
    struct heng_telegram t;
    size_t used = 0;
    return heng_codec_of(protocol)->decode(frame, &t, &used, NULL) == HENG_OK && used == frame.n;
}

/* Does a frame that the meter did say hold this value? */
static bool holds(const struct rig *rig, size_t meter, struct heng_slice said, const struct heng_value *value)
{
    static struct heng_read truth; /* large */
    struct heng_meter_memory memory = {0};
    struct heng_talk talk = {.meter = &rig->meters[meter], .memory = &memory, .profile = rig->meters[meter].profile};
    struct heng_telegram t;
    size_t used = 0;
    truth.value_count = truth.frame_count = 0;
    if (decode(rig->meters[meter].protocol, said, &t, &used) != HENG_OK) return false;
    if (heng_talk_take(&talk, &t, 0, &truth, NULL) != HENG_OK) return false;
    for (unsigned i = 0; i < truth.value_count; i++) {
        const struct heng_value *v = &truth.values[i];
        if (heng_register_key_eq(&v->key, &value->key) && v->has_value == value->has_value &&
            (!v->has_value || heng_dec_cmp(v->dec, value->dec) == 0))
            return true;
    }
    return false;
}

/* A Modbus answer says nothing without its request, which stands in front of the evidence. */
static struct heng_slice with_request(const struct rig *rig, size_t meter, struct heng_slice evidence,
                                      struct heng_slice said, uint8_t *room, size_t cap)
{
    enum { REQUEST = 8 };
    if (rig->meters[meter].protocol != HENG_PROTOCOL_MODBUS_RTU) return said;
    if (evidence.n < REQUEST || said.n + REQUEST > cap) return heng_slice_of(room, 0);
    memcpy(room, evidence.p, REQUEST);
    memcpy(room + REQUEST, said.p, said.n);
    return heng_slice_of(room, said.n + REQUEST);
}

static bool value_is_true(const struct rig *rig, size_t meter, struct heng_slice evidence,
                          const struct heng_value *value)
{
    uint8_t room[HENG_FRAME_BYTES_MAX];
    struct heng_slice said;
    heng_us at;
    for (size_t i = 0; heng_sim_bus_said(rig->bus, meter, i, &said, &at); i++)
        if (holds(rig, meter, with_request(rig, meter, evidence, said, room, sizeof room), value)) return true;
    return false;
}

/* --- books -------------------------------------------------------------------------------------------------- */

static void tell_wrong(const struct rig *rig, size_t meter, const struct heng_value *value)
{
    char text[HENG_DEC_TEXT_MAX];
    heng_dec_format(value->dec, text);
    print_message("# %s: meter %zu at %lld s: wrong %s %s %s\n", rig->name, meter + 1,
                  (long long)(rig->now / HENG_US_PER_S), heng_quantity_text(value->key.quantity),
                  value->has_value ? text : value->reason, heng_unit_text(value->key.unit));
}

static void book_read(struct rig *rig, size_t meter, const struct heng_read *read)
{
    struct rig_book *b = &rig->book;
    uint64_t untrue = 0; /* bits of frames */
    unsigned wrong = 0;
    for (unsigned i = 0; i < read->frame_count; i++) {
        struct heng_slice frame = heng_slice_of(read->frames[i].bytes, read->frames[i].n);
        heng_us at = 0;
        b->frames++;
        if (was_said(rig, meter, frame, &at)) {
            continue;
        }
        untrue |= UINT64_C(1) << i;
        if (check_is_right(rig->meters[meter].protocol, frame))
            b->untrue++;
        else
            b->unchecked++;
    }
    b->values += read->value_count;
    for (unsigned i = 0; untrue && i < read->value_count; i++) {
        unsigned f = read->frame_of_value[i];
        if (!(untrue >> f & 1)) continue;
        struct heng_slice frame = heng_slice_of(read->frames[f].bytes, read->frames[f].n);
        if (value_is_true(rig, meter, frame, &read->values[i])) continue;
        if (wrong++ == 0 && b->wrong_reads < 5) tell_wrong(rig, meter, &read->values[i]);
    }
    b->wrong_values += wrong;
    b->wrong_reads += wrong > 0;
}

static void book_period(struct rig *rig, size_t meter)
{
    if (rig->config.period_s == 0) return;
    int32_t period = (int32_t)(rig->now / (rig->config.period_s * HENG_US_PER_S));
    rig->book.in_time += period > rig->counted_period[meter];
    rig->counted_period[meter] = period;
}

static void book_result(struct rig *rig, const struct heng_line_result *result)
{
    if (!result->read) return;
    rig->book.results++;
    rig->last_result = rig->now;
    if (result->stage != HENG_STAGE_CONFIRMED) {
        rig->book.failed++;
        return;
    }
    rig->book.ok++;
    if (result->read->device_id == 0 || result->order.kind == HENG_ORDER_PROBE) return;
    size_t meter = (size_t)result->read->device_id - 1;
    rig->last_ok[meter] = rig->now;
    rig->ok_of[meter]++;
    book_read(rig, meter, result->read);
    book_period(rig, meter);
}

/* What came over the wire between two requests: good frames that nobody said? */
static void book_tap(struct rig *rig)
{
    struct heng_slice in = heng_slice_of(rig->tap, rig->tap_n);
    heng_protocol protocol = rig->meters[0].protocol;
    struct heng_telegram t;
    while (in.n) {
        size_t used = 0;
        heng_rc rc = decode(protocol, in, &t, &used);
        if (used == 0) break;
        if (rc == HENG_OK && t.from_meter && t.frame.n > 1) {
            bool said = false;
            heng_us at;
            for (size_t k = 0; !said && k < rig->count; k++) {
                size_t meter = (rig->hint + k) % rig->count;
                said = was_said(rig, meter, t.frame, &at);
                if (said) rig->hint = meter;
            }
            rig->book.slipped += !said;
        }
        in = heng_slice_from(in, used);
    }
    rig->tap_n = 0;
}

/* --- running ------------------------------------------------------------------------------------------------ */

static void take_action(struct rig *rig, const struct heng_line_action *action)
{
    switch (action->kind) {
    case HENG_LINE_SEND:
        book_tap(rig);
        rig->last_send = rig->now;
        heng_sim_bus_hear(rig->bus, rig->now, action->bytes);
        break;
    case HENG_LINE_SPEED: heng_sim_bus_set_speed(rig->bus, rig->now, action->baud, action->parity); break;
    case HENG_LINE_RESULT: book_result(rig, &action->result); break;
    case HENG_LINE_FOUND:
        assert_true(rig->book.found < RIG_METERS_MAX);
        rig->found[rig->book.found++] = action->found;
        break;
    case HENG_LINE_SEARCHED:
        rig->progress = action->progress;
        rig->ended = action->progress.ended;
        break;
    case HENG_LINE_STATUS:
    case HENG_LINE_NONE: break;
    }
    if (rig->on_action) rig->on_action(rig, action);
}

/* Two errors that cancel: the same bit of two bytes, once up and once down. */
static void cancel_errors(struct rig *rig, uint8_t *bytes, size_t n)
{
    for (unsigned tries = 0; n > 8 && tries < 64; tries++) {
        size_t i = heng_sim_rng_below(&rig->rng, (uint32_t)n), k = heng_sim_rng_below(&rig->rng, (uint32_t)n);
        uint8_t bit = (uint8_t)(1u << heng_sim_rng_below(&rig->rng, 8));
        if (i == k || !((bytes[i] ^ bytes[k]) & bit)) continue;
        bytes[i] ^= bit;
        bytes[k] ^= bit;
        rig->cancelled++;
        return;
    }
}

static void bring_up(struct rig *rig)
{
    uint8_t bytes[512];
    size_t n;
    while ((n = heng_sim_bus_take(rig->bus, rig->now, bytes, sizeof bytes)) > 0) {
        if (rig->cancelling_ppm && n > 8 && heng_sim_rng_below(&rig->rng, 1000000) < rig->cancelling_ppm)
            cancel_errors(rig, bytes, n);
        if (rig->tap_n + n > sizeof rig->tap) book_tap(rig);
        memcpy(rig->tap + rig->tap_n, bytes, n);
        rig->tap_n += n;
        rig->last_byte = rig->now;
        heng_line_feed(rig->line, rig->now, heng_slice_of(bytes, n));
    }
}

bool rig_run_until(struct rig *rig, heng_us until, bool (*done)(const struct rig *rig))
{
    for (;;) {
        struct heng_line_action action;
        heng_line_poll(rig->line, rig->now, &action);
        if (action.kind != HENG_LINE_NONE) {
            take_action(rig, &action);
            rig->nothing = 0;
            if (done && done(rig)) return true;
            continue;
        }
        heng_us next = heng_line_deadline(rig->line), due = heng_sim_bus_due(rig->bus);
        heng_us at = next < due ? next : due;
        if (next <= rig->now && ++rig->nothing > 2)
            fail_msg("%s: the line's time is over at %lld us, and it does nothing", rig->name, (long long)rig->now);
        if (next > rig->now) rig->nothing = 0;
        if (at > until) break;
        if (at > rig->now) rig->now = at;
        bring_up(rig);
    }
    if (until > rig->now) rig->now = until;
    return done && done(rig);
}

void rig_run(struct rig *rig, heng_us until)
{
    (void)rig_run_until(rig, until, NULL);
    size_t alive = 0;
    for (size_t i = 0; i < rig->count; i++) alive += rig->slaves[i].fate == HENG_SIM_FATE_ALIVE;
    if (rig->config.period_s)
        rig->book.due = alive * (uint64_t)((rig->now + 1) / (rig->config.period_s * HENG_US_PER_S));
}

heng_rc rig_submit(struct rig *rig, int64_t id, heng_class cls, size_t meter, heng_order_kind kind, heng_us expires_us)
{
    struct heng_line_job job = {.id = id,
                                .group = id,
                                .cls = cls,
                                .device_id = (int64_t)meter + 1,
                                .protocol = rig->meters[0].protocol,
                                .order = {.kind = kind, .has_secret = true},
                                .expires_us = expires_us};
    return heng_line_submit(rig->line, rig->now, &job, NULL);
}

heng_us rig_ideal(const struct rig *rig)
{
    struct heng_sim_bus_ledger ledger;
    heng_sim_bus_ledger_now(rig->bus, &ledger);
    return ledger.wire_us + ledger.delay_us;
}

void rig_must_be_true(const struct rig *rig)
{
    const struct rig_book *b = &rig->book;
    if (b->unchecked || b->wrong_values)
        fail_msg("%s: %llu frames without a right check, %llu wrong values in %llu reads", rig->name,
                 (unsigned long long)b->unchecked, (unsigned long long)b->wrong_values,
                 (unsigned long long)b->wrong_reads);
}

void rig_add(struct rig_book *sum, const struct rig_book *book)
{
#define X(field) sum->field += book->field;
    RIG_BOOK_LIST(X)
#undef X
}
