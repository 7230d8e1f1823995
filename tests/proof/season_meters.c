/* The meters of a season. Frames are put together here, byte by byte, by the standards; Heng's decoders read them. */
#include "proof/season.h"

#include "codec/telegram.h"
#include "meter/values.h"
#include "store/write.h"
#include "usage/events.h"
#include "vee/day.h"

struct frame {
    uint8_t bytes[160];
    size_t n;
};

static void put(struct frame *f, unsigned byte) { f->bytes[f->n++] = (uint8_t)byte; }

/* Low byte first; plus is what DL/T 645 adds to each. */
static void put_bcd(struct frame *f, uint64_t value, int bytes, unsigned plus)
{
    for (; bytes; bytes--, value /= 100) put(f, (unsigned)(value % 10 + value / 10 % 10 * 16) + plus);
}

static void put_end(struct frame *f, size_t from)
{
    unsigned sum = 0;
    for (size_t i = from; i < f->n; i++) sum += f->bytes[i];
    put(f, sum);
    put(f, 0x16);
}

/* DL/T 645-2007, 91: forward active energy, total and T1 .. T4 (DI 0001FF00). */
static void power_frame(const struct season_meter *m, struct frame *f)
{
    put(f, 0x68);
    put_bcd(f, strtoull(m->number, NULL, 10), 6, 0);
    put(f, 0x68);
    put(f, 0x91);
    put(f, 4 + 4 * SEASON_RATES);
    for (unsigned i = 0; i < 4; i++) put(f, (unsigned[]){0x00, 0xFF, 0x01, 0x00}[i] + 0x33);
    for (unsigned i = 0; i < SEASON_RATES; i++) put_bcd(f, (uint64_t)m->index[i], 4, 0x33);
    put_end(f, 0);
}

/* CJ/T 188-2004, 81: 901F of a cold-water meter. */
static void water_frame(const struct season_meter *m, struct frame *f)
{
    put(f, 0x68);
    put(f, 0x10);
    put_bcd(f, strtoull(m->number, NULL, 10), 7, 0);
    put(f, 0x81);
    put(f, 0x16);
    put(f, 0x90);
    put(f, 0x1F);
    put(f, 0x01);
    for (unsigned i = 0; i < 2; i++) {
        put_bcd(f, (uint64_t)m->index[0], 4, 0);
        put(f, 0x2C);
    }
    put_bcd(f, 20261101000000, 7, 0);
    put(f, 0);
    put(f, 0);
    put_end(f, 0);
}

/* M-Bus, an answer of 8 bytes of values: energy in kWh (06) of a house, external temperature in 0.01 degrees (65) of a
 * room. EN 13757-3. */
static void mbus_frame(const struct season_meter *m, struct frame *f)
{
    const bool room = m->kind == SEASON_ROOM;
    const unsigned length = 15 + (room ? 4 : 6);
    put(f, 0x68);
    put(f, length);
    put(f, length);
    put(f, 0x68);
    put(f, 0x08);
    put(f, 0x01);
    put(f, 0x72);
    put_bcd(f, strtoull(m->number, NULL, 10), 4, 0);
    put(f, 0xC7);
    put(f, 0x21);
    put(f, 1);
    put(f, room ? 0x1B : 0x04);
    for (unsigned i = 0; i < 4; i++) put(f, 0);
    put(f, room ? 0x02 : 0x04);
    put(f, room ? 0x65 : 0x06);
    for (unsigned i = 0; i < (room ? 2 : 4); i++) put(f, (unsigned)(m->index[0] >> 8 * i) & 0xFF);
    put_end(f, 4);
}

static const struct {
    void (*make)(const struct season_meter *m, struct frame *f);
    heng_protocol protocol;
    heng_quantity main;
    const char *protocol_text, *medium, *line, *endpoint;
    unsigned long long first;
} kinds[SEASON_KINDS] = {
    [SEASON_POWER] = {power_frame, HENG_PROTOCOL_DLT645_2007, HENG_QUANTITY_ENERGY, "dlt645-2007", "electricity",
                      "power", "127.0.0.1:10001", 100000000000},
    [SEASON_WATER] = {water_frame, HENG_PROTOCOL_CJT188, HENG_QUANTITY_VOLUME, "cjt188", "cold water", "water",
                      "127.0.0.1:10002", 20000000000000},
    [SEASON_ROOM] = {mbus_frame, HENG_PROTOCOL_MBUS, HENG_QUANTITY_EXTERNAL_TEMPERATURE, "mbus", "heat", "rooms",
                     "127.0.0.1:10003", 30000000},
    [SEASON_HOUSE] = {mbus_frame, HENG_PROTOCOL_MBUS, HENG_QUANTITY_ENERGY, "mbus", "heat", "houses", "127.0.0.1:10004",
                      40000000},
};

void season_flush(struct season *s)
{
    struct heng_fact facts[SEASON_BATCH];
    if (!s->read_count) return;
    for (size_t i = 0; i < s->read_count; i++)
        facts[i] = (struct heng_fact){.kind = HENG_FACT_READ, .read = &s->reads[i]};
    const uint32_t before = s->ingested.stored;
    struct heng_err *e = &season_err;
    if (heng_ingest(s->store, facts, s->read_count, s->li.now_us, &s->ingested, e) != HENG_OK) fail_msg("%s", e->text);
    if (s->ingested.stored - before != s->read_count)
        fail_msg("%zu readings, %u were stored: %s", s->read_count, s->ingested.stored - before,
                 s->ingested.refusal ? s->ingested.refusal : "");
    heng_ingested_clear(&s->ingested);
    s->read_count = 0;
}

void season_read(struct season *s, const struct season_meter *meter, heng_us at_us, struct heng_value *ret_main)
{
    struct frame f = {.n = 0};
    struct heng_telegram telegram;
    struct heng_err *e = &season_err;
    struct heng_read *read = &s->reads[s->read_count];
    size_t used = 0;
    char hex[2 * sizeof f.bytes + 1];
    kinds[meter->kind].make(meter, &f);
    for (size_t i = 0; i < f.n; i++) snprintf(hex + 2 * i, 3, "%02X", f.bytes[i]);
    season_fact(s, "frame\t%lld\t%s", (long long)at_us, hex);
    const struct heng_codec *codec = heng_codec_of(kinds[meter->kind].protocol);
    memset(read, 0, sizeof *read);
    read->device_id = meter->device_id;
    read->at_us = at_us;
    read->tries = 1;
    if (codec->decode(heng_slice_of(f.bytes, f.n), &telegram, &used, e) != HENG_OK) fail_msg("%s: %s", hex, e->text);
    if (heng_values_take(&telegram, at_us, read, e) != HENG_OK) fail_msg("%s: %s", hex, e->text);
    for (size_t i = 0; ret_main && i < read->value_count; i++)
        if (read->values[i].key.quantity == kinds[meter->kind].main) {
            *ret_main = read->values[i];
            break;
        }
    s->n.frames++;
    if (++s->read_count == SEASON_BATCH) season_flush(s);
}

/* --- what is used ------------------------------------------------------------------------------------------------ */

static void grow(struct season *s, struct season_meter *m, int rate, uint32_t most)
{
    const int64_t more = season_draw(s, most);
    m->index[rate] += more;
    if (rate) m->index[0] += more;
}

/* A day of everybody; the index at the end of it. */
void season_live(struct season *s, int day)
{
    for (int i = 0; i < s->flat_count; i++) {
        struct season_flat *flat = &s->flats[i];
        const uint32_t size = 60 + (uint32_t)(flat->area_dm2 / 100);
        if (!flat->cut) {
            grow(s, &flat->meters[SEASON_POWER], 2, size * 3);
            grow(s, &flat->meters[SEASON_POWER], 3, size * 6);
            grow(s, &flat->meters[SEASON_POWER], 4, size * 3);
        }
        grow(s, &flat->meters[SEASON_WATER], 0, 70 + size / 4);
        flat->meters[SEASON_ROOM].index[0] = 1500 + 250 * (day % 3) + (i % 7) * 40 + (int64_t)season_draw(s, 600);
    }
    for (int h = 0; h < s->house_count; h++) s->houses[h].index[0] += 150 + season_draw(s, 2500);
}

/* The first of a month, a new price, a move: charges are cut there. */
static bool must_come(int day)
{
    const int of_month = day - heng_month_of(day) + 1;
    return of_month <= 2 || (of_month >= 9 && of_month <= 17);
}

static void later(struct season *s, const struct season_meter *m, heng_us at_us, int day)
{
    struct season_late *late = calloc(1, sizeof *late);
    assert_non_null(late);
    *late = (struct season_late){.next = s->late, .day = day, .meter = *m, .at_us = at_us};
    s->late = late;
    s->n.late++;
}

static void come_late(struct season *s, int day)
{
    for (struct season_late **at = &s->late; *at;) {
        struct season_late *late = *at;
        if (late->day > day) {
            at = &late->next;
            continue;
        }
        *at = late->next;
        season_read(s, &late->meter, late->at_us, NULL);
        free(late);
    }
}

/* All meters at the begin of a day: most at once, some days later, some never where nothing rests on that very day. */
void season_readings(struct season *s, int day)
{
    const heng_us at_us = season_us(day, 0);
    const bool last = day >= s->first_day + s->days;
    struct heng_value room;
    come_late(s, last ? INT32_MAX : day);
    for (int i = 0; i < s->flat_count; i++)
        for (int k = 0; k < 3; k++) {
            struct season_flat *flat = &s->flats[i];
            struct season_meter *m = &flat->meters[k];
            const uint32_t dice = season_draw(s, 1000);
            const bool meters = k != SEASON_ROOM && day > s->first_day && !last;
            if (meters && dice < (flat->faults || day == heng_month_of(day) ? 60u : 12u)) {
                later(s, m, at_us, day + 1 + (int)season_draw(s, 9));
            } else if (meters && dice > 992 && !must_come(day)) {
                s->n.lost++;
            } else {
                room = (struct heng_value){.has_value = false};
                season_read(s, m, at_us, k == SEASON_ROOM ? &room : NULL);
            }
            if (k == SEASON_ROOM && day < s->first_day + s->days) {
                assert_true(room.has_value && room.dec.exp == -2);
                flat->degree_h += room.dec.mantissa * 24;
            }
        }
    for (int h = 0; h < s->house_count; h++) season_read(s, &s->houses[h], at_us, NULL);
    season_flush(s);
}

/* --- the archive ------------------------------------------------------------------------------------------------- */

static struct heng_site_meter wish(struct season *s, struct season_meter *m, season_kind kind, const char *place)
{
    m->kind = kind;
    snprintf(m->number, sizeof m->number, "%0*llu",
             kind == SEASON_POWER   ? 12
             : kind == SEASON_WATER ? 14
                                    : 8,
             kinds[kind].first + ++s->next_number);
    for (int i = 1; i < SEASON_RATES && kind == SEASON_POWER; i++) {
        m->index[i] = i == 1 ? 0 : season_draw(s, 400000);
        m->index[0] += m->index[i];
    }
    if (kind == SEASON_WATER || kind == SEASON_HOUSE) m->index[0] = season_draw(s, 500000);
    return (struct heng_site_meter){.number = m->number,
                                    .manufacturer = "HNG",
                                    .line = kinds[kind].line,
                                    .place = place,
                                    .protocol = kinds[kind].protocol_text,
                                    .address = m->number,
                                    .medium = kinds[kind].medium};
}

static void find_ids(struct season *s, struct season_meter *m)
{
    char text[256];
    snprintf(text, sizeof text, "SELECT id FROM device WHERE number = '%s'", m->number);
    m->device_id = small_site_number(s->site.path, text);
    snprintf(text, sizeof text, "SELECT point_id FROM installation WHERE device_id = %lld", (long long)m->device_id);
    m->point_id = small_site_number(s->site.path, text);
    season_fact(s, "install\t%lld\t%s\t%lld", (long long)m->point_id, m->number, (long long)season_us(s->first_day, 0));
}

void season_sites(struct season *s)
{
    const size_t meters = (size_t)(3 * s->flat_count + s->house_count);
    struct heng_site_place *places = calloc((size_t)(s->flat_count + s->house_count), sizeof *places);
    struct heng_site_meter *wishes = calloc(meters, sizeof *wishes);
    char(*houses)[24] = calloc((size_t)s->house_count, sizeof *houses);
    struct heng_site_line lines[SEASON_KINDS];
    struct heng_site_applied applied;
    struct heng_err *e = &season_err;
    size_t n = 0, p = 0;
    assert_true(places && wishes && houses);
    for (int k = 0; k < SEASON_KINDS; k++)
        lines[k] = (struct heng_site_line){SMALL_LINE(kinds[k].line, kinds[k].line), .transport = "tcp",
                                           .endpoint = kinds[k].endpoint, .latency_ms = 300, .period_s = 86400};
    for (int h = 0; h < s->house_count; h++) {
        snprintf(houses[h], sizeof houses[h], "h%d", h + 1);
        places[p++] = (struct heng_site_place){houses[h], "", "building", houses[h], 0};
        wishes[n++] = wish(s, &s->houses[h], SEASON_HOUSE, houses[h]);
    }
    for (int i = 0; i < s->flat_count; i++) {
        struct season_flat *flat = &s->flats[i];
        flat->house = i / SEASON_PER_HOUSE;
        flat->area_dm2 = 4500 + (int)season_draw(s, 9000);
        flat->thrift = 15 + season_draw(s, 80);
        flat->faults = season_draw(s, 10) == 0;
        snprintf(flat->key, sizeof flat->key, "h%d-%03d", flat->house + 1, i % SEASON_PER_HOUSE + 1);
        places[p++] =
            (struct heng_site_place){flat->key, houses[flat->house], "household", flat->key, flat->area_dm2 * 100};
        for (int k = 0; k < 3; k++) wishes[n++] = wish(s, &flat->meters[k], (season_kind)k, flat->key);
    }
    const struct heng_site site = {.name = "Season",
                                   .time_zone = "Asia/Shanghai",
                                   .places = places,
                                   .lines = lines,
                                   .meters = wishes,
                                   .place_count = p,
                                   .line_count = SEASON_KINDS,
                                   .meter_count = n};
    if (heng_site_apply(s->store, &site, season_us(s->first_day, 0), &applied, e) != HENG_OK) fail_msg("%s", e->text);
    /* Read once a day; a DL/T 645 meter calls what it counts "forward". */
    assert_int_equal(small_site_sql(s->site.path,
                                    "UPDATE channel SET qualifier = 'forward' WHERE quantity = 'energy' "
                                    "AND point_id IN (SELECT id FROM point WHERE medium = 'electricity')"),
                     HENG_OK);
    assert_int_equal(small_site_sql(s->site.path, "UPDATE channel SET interval_minutes = 1440"), HENG_OK);
    for (int h = 0; h < s->house_count; h++) find_ids(s, &s->houses[h]);
    for (int i = 0; i < s->flat_count; i++) {
        struct season_flat *flat = &s->flats[i];
        for (int k = 0; k < 3; k++) find_ids(s, &flat->meters[k]);
        season_fact(s, "flat\t%s\t%d\t%d\t%lld\t%lld", flat->key, flat->house, flat->area_dm2,
                    (long long)flat->meters[SEASON_ROOM].point_id, (long long)s->houses[flat->house].point_id);
    }
    free(places);
    free(wishes);
    free(houses);
}

/* --- what happens to meters -------------------------------------------------------------------------------------- */

static void hundredths(int64_t value, char *ret, size_t cap)
{
    snprintf(ret, cap, "%lld.%02lld", (long long)(value / 100), (long long)(value % 100));
}

/* At noon: both meters are read, the new one hangs where the old one was. */
void season_exchange(struct season *s, struct season_flat *flat)
{
    const season_kind kind = season_draw(s, 2) ? SEASON_POWER : SEASON_WATER;
    struct season_meter *m = &flat->meters[kind], next = {.point_id = m->point_id};
    struct heng_event_wish event = {.event = {.kind = HENG_EVENT_EXCHANGE, .point_id = m->point_id}};
    struct heng_err *e = &season_err;
    const heng_us at_us = season_us(s->today, 720);
    char text[256], *lines, *line;
    int64_t id = 0;
    struct heng_site_meter device = wish(s, &next, kind, flat->key);
    struct heng_device made = {.medium = heng_medium_of(device.medium), .protocol = kinds[kind].protocol};
    snprintf(made.number, sizeof made.number, "%s", next.number);
    snprintf(made.manufacturer, sizeof made.manufacturer, "HNG");
    season_begin(s);
    if (heng_store_put_device(s->store, &made, &next.device_id, e) != HENG_OK) fail_msg("%s", e->text);
    season_commit(s);
    season_read(s, m, at_us - HENG_US_PER_S, NULL);
    season_read(s, &next, at_us + HENG_US_PER_S, NULL);
    season_flush(s);
    event.event.at_us = at_us;
    event.event.device_id = next.device_id;
    event.event.factor_num = event.event.factor_den = 1;
    snprintf(event.event.unit, sizeof event.event.unit, kind == SEASON_POWER ? "kWh" : "m3");
    snprintf(event.event.who, sizeof event.event.who, "Li");
    snprintf(event.event.reason, sizeof event.event.reason, "calibration is due");
    hundredths(m->index[0], event.event.before, sizeof event.event.before);
    hundredths(next.index[0], event.event.after, sizeof event.event.after);
    snprintf(text, sizeof text, "SELECT id || ' ' || tariff FROM channel WHERE point_id = %lld AND tariff > 0",
             (long long)m->point_id);
    lines = small_site_lines(s->site.path, text);
    for (line = lines; *line; line = strchr(line, '\n') + 1) {
        struct heng_event_index *index = &event.indexes[event.index_count++];
        char *end;
        index->channel_id = strtoll(line, &end, 10);
        const long tariff = strtol(end, NULL, 10);
        hundredths(m->index[tariff], index->before, sizeof index->before);
        hundredths(next.index[tariff], index->after, sizeof index->after);
        snprintf(index->unit, sizeof index->unit, "kWh");
    }
    free(lines);
    season_begin(s);
    if (heng_event_add(s->store, 0, &event, at_us + 60 * HENG_US_PER_S, &id, e) != HENG_OK)
        fail_msg("exchange at %s: %s", flat->key, e->text);
    season_commit(s);
    season_fact(s, "exchange\t%lld\t%s\t%s\t%lld", (long long)m->point_id, m->number, next.number, (long long)at_us);
    *m = next;
    s->n.exchanges++;
}

/* A reading that cannot be, at noon, and the person who rejects it later that day. */
void season_wrong(struct season *s, struct season_flat *flat)
{
    struct season_meter wrong = flat->meters[season_draw(s, 2)];
    const heng_us at_us = season_us(s->today, 700);
    struct heng_err *e = &season_err;
    int64_t id = 0;
    wrong.index[0] += 90000;
    if (wrong.kind == SEASON_POWER) wrong.index[3] += 90000;
    season_read(s, &wrong, at_us, NULL);
    season_flush(s);
    struct heng_event_wish event = {.event = {.kind = HENG_EVENT_REJECT,
                                              .point_id = wrong.point_id,
                                              .device_id = wrong.device_id,
                                              .at_us = at_us,
                                              .reading_at = at_us,
                                              .reading_source = HENG_SOURCE_LINE}};
    snprintf(event.event.who, sizeof event.event.who, "Li");
    snprintf(event.event.reason, sizeof event.event.reason, "the display says otherwise");
    season_begin(s);
    if (heng_event_add(s->store, 0, &event, s->li.now_us, &id, e) != HENG_OK) fail_msg("reject: %s", e->text);
    season_commit(s);
    season_fact(s, "reject\t%s\t%lld", wrong.number, (long long)at_us);
    s->n.rejected++;
}
