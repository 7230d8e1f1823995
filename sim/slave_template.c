#include "sim/slave_template.h"

#include <stdlib.h>

#include "codec/bytes.h"
#include "codec/mbus.h"
#include "codec/modbus.h"
#include "meter/profile.h"

enum { DIF_MORE = 0x1F, DIF_LAST = 0x0F, CI_FIXED = 0x73, CI_SHORT_HEADER = 0x7A, STATUS_TAMPERED = 0x10 };
enum { AT_ADDRESS = 5, AT_CI = 6, AT_DATA = 7, TRAILER = 2, HEADER = 12, SECONDARY = 8 };

static bool counts_up(heng_quantity q)
{
    return q == HENG_QUANTITY_ENERGY || q == HENG_QUANTITY_ENERGY_HEAT || q == HENG_QUANTITY_ENERGY_COOLING ||
           q == HENG_QUANTITY_VOLUME || q == HENG_QUANTITY_MASS || q == HENG_QUANTITY_HCA_UNITS;
}

/* --- making: records of samples --------------------------------------------------------------------------- */

static void add(struct heng_sim_patch *patches, size_t *count, struct heng_sim_patch patch)
{
    if (*count < HENG_SIM_PATCHES_MAX) patches[(*count)++] = patch;
}

/* How the number of a record lies in the frame; COUNT: not in a way that we could write. */
static heng_coding coding_of(const struct heng_telegram *t, const struct heng_record *r)
{
    if (t->protocol != HENG_PROTOCOL_MBUS || t->ci == CI_FIXED) return HENG_CODING_BCD;
    unsigned dif = t->frame.p[r->at] & 0x0Fu;
    if (dif >= 1 && dif <= 7 && dif != 5) return HENG_CODING_SIGNED;
    return dif >= 9 && dif <= 14 && dif != 13 ? HENG_CODING_BCD : HENG_CODING_COUNT;
}

static void add_record(struct heng_sim_sample *s, const struct heng_telegram *t, const struct heng_record *r)
{
    if (r->data.n == 0 || r->data.n > 8 || r->function != HENG_FUNCTION_INSTANTANEOUS || r->tariff || r->subunit)
        return;
    struct heng_sim_patch p = {
        .at = (uint16_t)(r->data.p - t->frame.p),
        .bytes = (uint8_t)r->data.n,
        .raw = heng_load_bytes(r->data.p, r->data.n, false),
    };
    if (r->kind == HENG_VALUE_DATETIME && r->storage == 0) {
        if (t->protocol == HENG_PROTOCOL_MBUS && p.bytes != 4 && p.bytes != 6) return;
        if (t->protocol == HENG_PROTOCOL_CJT188 && p.bytes != 7) return;
        p.kind = p.bytes == 7 ? HENG_SIM_PATCH_CLOCK : p.bytes == 6 ? HENG_SIM_PATCH_TYPE_I : HENG_SIM_PATCH_TYPE_F;
        add(s->patches, &s->patch_count, p);
        return;
    }
    bool month = r->storage == 1 && t->protocol == HENG_PROTOCOL_CJT188;
    if (r->kind != HENG_VALUE_DEC || r->dec.mantissa < 0 || !counts_up(r->quantity) || (r->storage && !month)) return;
    p.coding = coding_of(t, r);
    if (p.coding == HENG_CODING_COUNT || (p.coding == HENG_CODING_BCD && !heng_bcd_valid(p.raw))) return;
    if (p.coding == HENG_CODING_BCD) p.raw = heng_bcd_value(p.raw);
    p.kind = month ? HENG_SIM_PATCH_MONTH : HENG_SIM_PATCH_COUNT;
    add(s->patches, &s->patch_count, p);
}

/* The main counter is the first one; what it was at the end of the month follows it. */
static void name_main(struct heng_sim_patch *patches, size_t count)
{
    size_t main = SIZE_MAX;
    for (size_t i = 0; i < count && main == SIZE_MAX; i++)
        if (patches[i].kind == HENG_SIM_PATCH_COUNT) main = i;
    for (size_t i = 0; i < count && main != SIZE_MAX; i++) {
        patches[i].main = i == main || patches[i].kind == HENG_SIM_PATCH_MONTH;
        if (patches[i].kind == HENG_SIM_PATCH_MONTH) patches[i].raw = patches[main].raw;
    }
}

/* A sample that can be sent: its living parts. false: it is no good frame. */
static bool read_sample(const struct heng_profile *profile, heng_protocol protocol, struct heng_slice answer,
                        struct heng_sim_sample *ret, struct heng_telegram *ret_telegram)
{
    struct heng_telegram t;
    struct heng_record r;
    size_t used, behind = 0;
    if (heng_codec_of(protocol)->decode(answer, &t, &used, NULL) != HENG_OK || !t.from_meter) return false;
    heng_telegram_use(&t, &profile->dialect);
    *ret = (struct heng_sim_sample){.frame = t.frame, .di = t.di, .control = t.control};
    struct heng_records records = heng_telegram_records(&t);
    while (heng_record_next(&records, &r, NULL) == HENG_OK) {
        add_record(ret, &t, &r);
        behind = t.frame.p[r.at] == DIF_MORE ? r.at : r.at + r.length;
    }
    name_main(ret->patches, ret->patch_count);
    if (protocol == HENG_PROTOCOL_MBUS && behind + TRAILER < t.frame.n && t.frame.p[behind] == DIF_MORE)
        add(ret->patches, &ret->patch_count,
            (struct heng_sim_patch){.kind = HENG_SIM_PATCH_NO_MORE, .at = (uint16_t)behind});
    *ret_telegram = t;
    return true;
}

/* --- making: registers ------------------------------------------------------------------------------------- */

static bool is_coils(uint8_t function_code) { return function_code <= HENG_MODBUS_READ_DISCRETE_INPUTS; }

static size_t range_bytes(const struct heng_sim_range *r)
{
    return is_coils(r->function_code) ? r->count : 2u * r->count;
}

static struct heng_sim_range *range_of(const struct heng_sim_template *look, uint8_t function_code, uint32_t first,
                                       uint32_t count)
{
    for (size_t i = 0; i < look->range_count; i++) {
        struct heng_sim_range *r = &look->ranges[i];
        if (r->function_code == function_code && first >= r->first && first + count <= (uint32_t)r->first + r->count)
            return r;
    }
    return NULL;
}

/* What a sample says of registers. */
static void take_registers(struct heng_sim_template *look, const struct heng_profile_sample *sample)
{
    struct heng_telegram request, answer;
    size_t used;
    const struct heng_codec *codec = heng_codec_of(HENG_PROTOCOL_MODBUS_RTU);
    if (codec->decode(sample->request, &request, &used, NULL) != HENG_OK || !request.has_di ||
        codec->decode_answer(sample->answer, &answer, &used, NULL) != HENG_OK || answer.frame.n < 5)
        return;
    struct heng_sim_range *r = range_of(look, request.control, request.di, request.count);
    struct heng_slice data = heng_slice_of(answer.frame.p + 3, answer.frame.n - 5);
    if (!r) return;
    size_t at = request.di - r->first;
    for (size_t i = 0; i < request.count; i++) {
        if (is_coils(r->function_code) && i / 8 < data.n)
            r->bytes[at + i] = data.p[i / 8] >> (i % 8) & 1;
        else if (!is_coils(r->function_code) && 2 * i + 1 < data.n)
            memcpy(r->bytes + 2 * (at + i), data.p + 2 * i, 2);
    }
}

static void take_field(struct heng_sim_template *look, const struct heng_field *f)
{
    struct heng_sim_range *r = range_of(look, f->function_code, f->di, f->bytes / 2u);
    bool number = f->coding == HENG_CODING_BCD || f->coding == HENG_CODING_UNSIGNED ||
                  f->coding == HENG_CODING_SIGNED || f->coding == HENG_CODING_FLOAT;
    if (!r || is_coils(f->function_code) || !number || !counts_up(f->quantity) || f->bytes > 8 || f->storage ||
        f->tariff || f->function != HENG_FUNCTION_INSTANTANEOUS)
        return;
    struct heng_sim_patch p = {
        .kind = HENG_SIM_PATCH_COUNT,
        .at = (uint16_t)(2 * (f->di - r->first)),
        .bytes = (uint8_t)f->bytes,
        .coding = f->coding,
        .order = f->order,
    };
    p.raw = heng_modbus_load(r->bytes + p.at, p.bytes, p.order);
    if (f->has_absent && p.raw == f->absent) return;
    if (f->coding == HENG_CODING_BCD) p.raw = heng_bcd_valid(p.raw) ? heng_bcd_value(p.raw) : 0;
    add(r->patches, &r->patch_count, p);
}

static heng_rc make_registers(struct heng_sim_template *look)
{
    const struct heng_profile *profile = look->profile;
    look->ranges = calloc(profile->ask_count + 1, sizeof *look->ranges);
    if (!look->ranges) return HENG_ENOMEM;
    for (size_t i = 0; i < profile->ask_count; i++) {
        const struct heng_ask_def *ask = &profile->asks[i];
        struct heng_sim_range *r = &look->ranges[look->range_count];
        *r = (struct heng_sim_range){
            .function_code = ask->function_code, .first = (uint16_t)ask->di, .count = ask->count};
        r->bytes = calloc(range_bytes(r) + 1, 1);
        if (!r->bytes) return HENG_ENOMEM;
        look->range_count++;
    }
    for (size_t i = 0; i < profile->sample_count; i++) take_registers(look, &profile->samples[i]);
    for (size_t i = 0; i < profile->dialect.field_count; i++) take_field(look, &profile->dialect.fields[i]);
    for (size_t i = 0; i < look->range_count; i++) name_main(look->ranges[i].patches, look->ranges[i].patch_count);
    return HENG_OK;
}

static heng_rc make_samples(struct heng_sim_template *look)
{
    const struct heng_profile *profile = look->profile;
    struct heng_telegram t, first = {0};
    bool whole = false;
    look->samples = calloc(profile->sample_count + 1, sizeof *look->samples);
    if (!look->samples) return HENG_ENOMEM;
    for (size_t i = 0; i < profile->sample_count && look->sample_count < HENG_SIM_SAMPLES_MAX; i++) {
        struct heng_sim_sample *s = &look->samples[look->sample_count];
        if (!read_sample(profile, look->protocol, profile->samples[i].answer, s, &t)) continue;
        if (look->sample_count++ == 0) first = t;
        bool belongs = !whole && strcmp(t.id, first.id) == 0;
        look->telegrams += belongs;
        whole = whole || !belongs || !t.more;
    }
    return HENG_OK;
}

heng_rc heng_sim_template_new(const struct heng_profile *profile, heng_protocol protocol,
                              struct heng_sim_template **ret, struct heng_err *err)
{
    struct heng_sim_template *look = calloc(1, sizeof *look);
    heng_rc rc = look ? HENG_OK : HENG_ENOMEM;
    if (look) {
        look->profile = profile;
        look->protocol = protocol;
        rc = protocol == HENG_PROTOCOL_MODBUS_RTU ? make_registers(look) : make_samples(look);
    }
    if (rc != HENG_OK) {
        heng_sim_template_free(look);
        return heng_fail(err, rc, 0, "no memory for the look of '%s'", profile->name);
    }
    if (protocol == HENG_PROTOCOL_MBUS && look->telegrams == 0) {
        heng_sim_template_free(look);
        return heng_fail(err, HENG_ECONFIG, 0, "profile '%s' has no sample that a meter could send", profile->name);
    }
    *ret = look;
    return HENG_OK;
}

void heng_sim_template_free(struct heng_sim_template *look)
{
    if (!look) return;
    for (size_t i = 0; i < look->range_count; i++) free(look->ranges[i].bytes);
    free(look->ranges);
    free(look->samples);
    free(look);
}

bool heng_sim_template_is_of(const struct heng_sim_template *look, const struct heng_profile *profile,
                             heng_protocol protocol)
{
    return look->profile == profile && look->protocol == protocol;
}

/* --- wearing ----------------------------------------------------------------------------------------------- */

/* Where the identification stands in an M-Bus answer, and how much of it: 8 bytes, 4 of a fixed one, 0 without. */
static size_t id_bytes(struct heng_slice frame)
{
    uint8_t ci = frame.n > AT_CI ? frame.p[AT_CI] : 0;
    if (ci == CI_FIXED) return 4;
    return ci == HENG_MBUS_CI_RSP_VARIABLE && frame.n >= AT_DATA + HEADER + TRAILER ? SECONDARY : 0;
}

void heng_sim_template_wear(const struct heng_sim_template *look, struct heng_sim_meter *meter)
{
    meter->look = look;
    if (look->protocol != HENG_PROTOCOL_MBUS || meter->config.secondary[0]) return;
    struct heng_slice frame = look->samples[0].frame;
    size_t n = id_bytes(frame), keep = look->profile->recognition.id_prefix[0] ? 0 : 4; /* a number of its own */
    if (n > keep) memcpy(meter->secondary + keep, frame.p + AT_DATA + keep, n - keep);
}

const struct heng_sim_sample *heng_sim_template_find(const struct heng_sim_template *look, uint32_t di)
{
    for (size_t i = 0; look && i < look->sample_count; i++)
        if (look->samples[i].di == di) return &look->samples[i];
    return NULL;
}

static uint64_t power_of_ten(unsigned digits)
{
    uint64_t value = 1;
    while (digits--) value *= 10;
    return value;
}

/* The low bytes of value at p, in the order of the patch. */
static void store(const struct heng_sim_patch *patch, uint64_t value, bool registers, uint8_t *p)
{
    uint8_t high_first[8] = {0};
    for (unsigned i = 0; i < patch->bytes; i++) high_first[patch->bytes - 1 - i] = (uint8_t)(value >> (8 * i));
    /* Each word order is its own inverse. */
    if (registers) value = heng_modbus_load(high_first, patch->bytes, patch->order);
    for (unsigned i = 0; i < patch->bytes; i++) p[registers ? patch->bytes - 1 - i : i] = (uint8_t)(value >> (8 * i));
}

/* A float counts in hundredths. */
static uint64_t float_after(const struct heng_sim_patch *patch, uint64_t since)
{
    float narrow;
    double wide;
    uint32_t bits = (uint32_t)patch->raw;
    uint64_t raw = patch->raw;
    if (patch->bytes == 8) {
        memcpy(&wide, &raw, sizeof wide);
        wide += (double)since / 100.0;
        memcpy(&raw, &wide, sizeof raw);
        return raw;
    }
    memcpy(&narrow, &bits, sizeof narrow);
    narrow = (float)((double)narrow + (double)since / 100.0);
    memcpy(&bits, &narrow, sizeof bits);
    return bits;
}

static void store_count(const struct heng_sim_meter *meter, const struct heng_sim_patch *patch, uint64_t count,
                        bool registers, uint8_t *p)
{
    uint64_t start = meter->config.start_count;
    if (patch->coding == HENG_CODING_FLOAT) {
        store(patch, float_after(patch, count > start ? count - start : 0), registers, p);
        return;
    }
    uint64_t from = patch->main && start ? start : patch->raw;
    uint64_t value = count >= start ? from + (count - start) : start - count < from ? from - (start - count) : 0;
    unsigned bits = 8u * patch->bytes - (patch->coding == HENG_CODING_SIGNED);
    if (patch->coding == HENG_CODING_BCD)
        value = heng_bcd_encode(value % power_of_ten(2u * patch->bytes), 2u * patch->bytes);
    else if (bits < 64)
        value &= (UINT64_C(1) << bits) - 1;
    store(patch, value, registers, p);
}

static void store_low_first(uint64_t value, size_t n, uint8_t *p)
{
    for (size_t i = 0; i < n; i++) p[i] = (uint8_t)(value >> (8 * i));
}

static void store_clock(const struct heng_civil *c, uint8_t *p)
{
    const unsigned fields[7] = {
        c->second, c->minute, c->hour, c->day, c->month, (unsigned)c->year % 100, (unsigned)c->year / 100};
    for (size_t i = 0; i < 7; i++) p[i] = (uint8_t)heng_bcd_encode(fields[i], 2);
}

void heng_sim_patch_all(const struct heng_sim_meter *meter, const struct heng_sim_patch *patches, size_t count,
                        heng_us now, uint8_t *p)
{
    bool registers = meter->config.protocol == HENG_PROTOCOL_MODBUS_RTU;
    struct heng_civil clock = heng_us_to_civil(heng_sim_meter_clock(meter, now));
    for (size_t i = 0; i < count; i++) {
        const struct heng_sim_patch *patch = &patches[i];
        uint8_t *at = p + patch->at;
        switch (patch->kind) {
        case HENG_SIM_PATCH_COUNT: store_count(meter, patch, heng_sim_meter_count(meter, now), registers, at); break;
        case HENG_SIM_PATCH_MONTH: store_count(meter, patch, meter->months[0], registers, at); break;
        case HENG_SIM_PATCH_TYPE_F: store_low_first(heng_mbus_encode_type_f(&clock), 4, at); break;
        case HENG_SIM_PATCH_TYPE_I: store_low_first(heng_mbus_encode_type_i(&clock), 6, at); break;
        case HENG_SIM_PATCH_CLOCK: store_clock(&clock, at); break;
        case HENG_SIM_PATCH_NO_MORE: break; /* only in the last telegram */
        }
    }
}

/* --- M-Bus ------------------------------------------------------------------------------------------------- */

unsigned heng_sim_template_telegrams(const struct heng_sim_template *look) { return look->telegrams; }

static void last_telegram(const struct heng_sim_sample *s, uint8_t *p)
{
    for (size_t i = 0; i < s->patch_count; i++)
        if (s->patches[i].kind == HENG_SIM_PATCH_NO_MORE) p[s->patches[i].at] = DIF_LAST;
}

void heng_sim_template_mbus(struct heng_sim_meter *meter, heng_us now, unsigned telegram, struct heng_buf *out)
{
    const struct heng_sim_template *look = meter->look;
    const struct heng_sim_sample *s = &look->samples[telegram];
    size_t n = s->frame.n, id = id_bytes(s->frame);
    uint8_t *p = out->p;
    heng_buf_put(out, s->frame);
    if (out->full) {
        out->n = 0;
        return;
    }
    p[AT_ADDRESS] = meter->address[0];
    memcpy(p + AT_DATA, meter->secondary, id);
    if (id || p[AT_CI] == CI_SHORT_HEADER) {
        p[AT_DATA + id] = ++meter->access;
        if (meter->tampered) p[AT_DATA + id + 1] |= STATUS_TAMPERED;
    }
    heng_sim_patch_all(meter, s->patches, s->patch_count, now, p);
    if (telegram + 1 == look->telegrams) last_telegram(s, p);
    p[n - TRAILER] = heng_sum8(p + 4, n - 4 - TRAILER);
}

/* --- Modbus ------------------------------------------------------------------------------------------------ */

const struct heng_sim_range *heng_sim_template_range(const struct heng_sim_template *look, uint8_t function_code,
                                                     uint16_t first, uint16_t count)
{
    return range_of(look, function_code, first, count);
}
