/* The searches on a bus of made-up meters. */
#include "search_model.h"

#include "codec/cjt188.h"
#include "codec/dlt645.h"
#include "codec/modbus.h"

static const struct heng_search_config whole = {.kind = HENG_SEARCH_MBUS_SECONDARY};

/* --- M-Bus ------------------------------------------------------------------------------------------------ */

static void finds_250_random_meters(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 2; seed++) {
        struct bus *bus = bus_of(seed);
        bus->eager = seed % 2;
        add_random(bus, 250, "");
        search_all(bus, &whole);
        all_found(bus, "250 random meters", seed);
        /* Walking 0..9 and A..E wherever two meters share a prefix, one confirmation each. */
        assert_true(bus->progress.selects < 2600);
        free(bus);
    }
}

static void finds_neighbours_and_clusters(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 2; seed++) {
        struct bus *bus = bus_of(seed);
        bus->eager = seed % 2;
        add_row(bus, 21400317, 120);
        add_random(bus, 100, "30");
        add_random(bus, 30, "");
        search_all(bus, &whole);
        all_found(bus, "rows and clusters", seed);
        free(bus);
    }
}

static void finds_all_in_noise(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        struct bus *bus = bus_of(seed);
        bus->noise_ppm = 1000;
        bus->late_ppm = seed % 2 ? 5000 : 0;
        bus->eager = seed % 4 > 1;
        add_row(bus, 11000000 + 131 * (unsigned)seed, 50);
        add_random(bus, 200, seed % 2 ? "" : "4");
        search_all(bus, &whole);
        all_found(bus, "1e-3 noise", seed);
        free(bus);
    }
}

/* Meters fresh from the factory: neighbouring numbers, all else zero, and clocked by the same crystal. The AND of two
 * such answers is a good answer of the one with fewer ones. */
static void finds_what_hides_behind_a_good_answer(void **state)
{
    (void)state;
    struct bus *bus = bus_of(1);
    bus->exact = true;
    add_row(bus, 50000000, 20);
    add_row(bus, 50000176, 2);
    add_row(bus, 61200000, 2);
    for (size_t i = 0; i < bus->count; i++) {
        bus->meters[i].energy = bus->meters[i].volume = bus->meters[i].access = 0;
        bus->meters[i].delay = 40 * SAMPLES;
    }
    search_all(bus, &whole);
    all_found(bus, "new meters", 1);
    free(bus);
}

static void tells_meters_of_one_id_apart(void **state)
{
    (void)state;
    struct bus *bus = bus_of(2);
    add_random(bus, 20, "1");
    add(bus, "77777777", "KAM", 1, 0x04);
    add(bus, "77777777", "KAM", 1, 0x07); /* the pulse input of the same meter */
    add(bus, "77777777", "HYD", 1, 0x04);
    add(bus, "88888888", "KAM", 5, 0x04);
    add(bus, "88888888", "KAM", 6, 0x04);
    add(bus, "99999999", "XYZ", 1, 0x04); /* nobody has heard of this maker */
    add(bus, "99999999", "XYZ", 2, 0x04);
    add(bus, "123A5678", "KAM", 1, 0x04);
    add(bus, "123B5678", "KAM", 1, 0x04);
    search_all(bus, &whole);
    all_found(bus, "one id", 2);
    for (size_t i = 0; i < bus->found_count; i++) assert_false(bus->found[i].twin);
    free(bus);
}

static void finds_twins_by_their_fabrication_number(void **state)
{
    (void)state;
    struct bus *bus = bus_of(3);
    add_random(bus, 30, "");
    for (unsigned i = 0; i < 3; i++) {
        struct meter *m = add(bus, "45454545", "KAM", 1, 0x04);
        snprintf(m->fabrication, sizeof m->fabrication, "%08u", 70010000u + i * 9);
    }
    search_all(bus, &whole);
    all_found(bus, "twins", 3);
    unsigned twins = 0;
    for (size_t i = 0; i < bus->found_count; i++) {
        if (!bus->found[i].twin) continue;
        twins++;
        assert_memory_equal(bus->found[i].number, "700100", 6);
        assert_memory_equal(bus->found[i].address, "45454545", 8);
    }
    assert_int_equal(twins, 3);
    free(bus);
}

static void says_once_that_twins_cannot_be_told_apart(void **state)
{
    (void)state;
    struct bus *bus = bus_of(4);
    add_random(bus, 10, "");
    for (unsigned i = 0; i < 2; i++) add(bus, "45454545", "KAM", 1, 0x04)->ignores_number = true;
    search_all(bus, &whole);
    unsigned twins = 0;
    for (size_t i = 0; i < bus->found_count; i++) twins += bus->found[i].twin;
    assert_int_equal(twins, 1);
    const struct heng_search_found *twin = told(bus, &bus->meters[10]);
    assert_non_null(twin);
    assert_true(twin->twin);
    assert_string_equal(twin->manufacturer, "KAM");
    assert_int_equal(bus->found_count, 11);
    assert_true(bus->progress.requests < 2000);
    free(bus);
}

static void known_meters_come_first(void **state)
{
    (void)state;
    enum { KNOWN = 202 };
    struct bus *bus = bus_of(5);
    static struct heng_meter_config known[KNOWN];
    add_row(bus, 33300000, 200);
    add_random(bus, 10, "");
    for (size_t i = 0; i < KNOWN; i++) {
        known[i] = (struct heng_meter_config){.protocol = HENG_PROTOCOL_MBUS};
        /* every other one by its number alone; the last two are not there any more */
        snprintf(known[i].address, sizeof known[i].address, i % 2 ? "%08u" : "%08uC7210104", 33300000 + (unsigned)i);
    }
    struct heng_search_config config = {.kind = HENG_SEARCH_MBUS_SECONDARY, .known = known, .known_count = KNOWN};
    config.known_only = true;
    search_all(bus, &config);
    assert_int_equal(bus->found_count, 200);
    assert_int_equal(bus->progress.known, KNOWN);
    assert_int_equal(bus->progress.missing, 2);
    assert_true(bus->progress.requests < 200 * 3 + 2 * 4);
    for (size_t i = 0; i < bus->found_count; i++) assert_true(bus->found[i].known);
    bus->found_count = 0;
    config.known_only = false;
    search_all(bus, &config);
    all_found(bus, "200 known of 210", 5);
    free(bus);
}

static void goes_on_where_it_was_stopped(void **state)
{
    (void)state;
    struct bus *bus = bus_of(6);
    struct heng_search_config config = whole;
    bus->noise_ppm = 500;
    add_random(bus, 60, "");
    add_row(bus, 70000000, 20);
    for (unsigned part = 0; part < 400 && !bus->progress.ended; part++) {
        struct heng_search *search = start(&config);
        run(bus, search, 60);
        snprintf(config.resume, sizeof config.resume, "%s", bus->progress.place);
        heng_search_free(search);
    }
    assert_true(bus->progress.ended);
    for (size_t i = 0; i < bus->count; i++) assert_non_null(told(bus, &bus->meters[i]));
    free(bus);
}

/* Stopped and resumed as by a person: what was found stays and is counted on, nothing of it is told again. */
static void a_resumed_search_counts_on(void **state)
{
    (void)state;
    enum { ROW = 20, OTHERS = 40, KNOWN = ROW + 2 };
    struct bus *bus = bus_of(16);
    static struct heng_meter_config known[KNOWN];
    add_row(bus, 70000000, ROW);
    add_random(bus, OTHERS, "");
    for (unsigned i = 0; i < KNOWN; i++) { /* the last two are not there any more */
        known[i] = (struct heng_meter_config){.protocol = HENG_PROTOCOL_MBUS};
        snprintf(known[i].address, sizeof known[i].address, "%08u", 70000000 + i);
    }
    struct heng_search_config config = {.kind = HENG_SEARCH_MBUS_SECONDARY, .known = known, .known_count = KNOWN};
    unsigned parts = 0;
    for (uint32_t found = 0, missing = KNOWN; parts < 400 && !bus->progress.ended; parts++) {
        struct heng_search *search = start(&config);
        heng_search_progress_now(search, &bus->progress);
        assert_int_equal(bus->progress.found, found);
        assert_int_equal(bus->progress.missing, missing);
        run(bus, search, 25);
        found = bus->progress.found;
        missing = bus->progress.missing;
        assert_int_equal(bus->found_count, found);
        snprintf(config.resume, sizeof config.resume, "%s", bus->progress.place);
        config.before = bus->found;
        config.before_count = bus->found_count;
        heng_search_free(search);
    }
    assert_true(bus->progress.ended && parts > 3);
    assert_int_equal(bus->progress.found, ROW + OTHERS);
    assert_int_equal(bus->progress.known, KNOWN);
    assert_int_equal(bus->progress.missing, 2);
    free(bus);
}

static void nonsense_is_no_place(void **state)
{
    (void)state;
    static const char *const places[] = {"x",
                                         "walk",
                                         "walk 123456789",
                                         "walk 12F",
                                         "walk 1 nois",
                                         "walk 1 noise F",
                                         "again Z",
                                         "known",
                                         "known x",
                                         "known -1",
                                         "known 99999",
                                         "known 1 2",
                                         "walk 1 noise 1 1",
                                         " ",
                                         "walk 9 12",
                                         "walk 0 1",
                                         "walk 0 123456789012345678",
                                         "250",
                                         "-1",
                                         "1000",
                                         "12x",
                                         "%s%n"};
    for (unsigned kind = 0; kind < HENG_SEARCH_KIND_COUNT; kind++)
        for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
            struct heng_search_config config = {.kind = (heng_search_kind)kind};
            struct heng_search *search = NULL;
            struct heng_err err = {.text = ""};
            snprintf(config.resume, sizeof config.resume, "%s", places[i]);
            bool row = kind == HENG_SEARCH_MBUS_PRIMARY && strcmp(places[i], "250") == 0;
            assert_int_equal(heng_search_new(&config, &search, &err), row ? HENG_OK : HENG_ECONFIG);
            if (!row) assert_non_null(strstr(err.text, places[i]));
            heng_search_free(search);
        }
    struct heng_search_config config = {.kind = HENG_SEARCH_MODBUS_RTU, .first = 1, .last = 250};
    struct heng_search *search;
    assert_int_equal(heng_search_new(&config, &search, NULL), HENG_ECONFIG);
}

/* libmbus has walked all 10^8 branches for a converter that makes a byte of its own. */
static void a_humming_converter_is_not_a_bus_full_of_meters(void **state)
{
    (void)state;
    struct bus *bus = bus_of(7);
    bus->hum = true;
    search_all(bus, &whole);
    assert_int_equal(bus->found_count, 0);
    assert_true(bus->progress.requests < 100);
    free(bus);
    bus = bus_of(8);
    bus->noise_ppm = 100000; /* one byte in ten is wrong */
    add_random(bus, 20, "");
    search_all(bus, &whole);
    assert_true(bus->progress.requests < 20000);
    for (size_t i = 0; i < bus->found_count; i++)
        assert_true(has_meter(bus, bus->found[i].number) || bus->found[i].twin);
    free(bus);
}

static void an_empty_bus_is_soon_done(void **state)
{
    (void)state;
    struct bus *bus = bus_of(9);
    search_all(bus, &whole);
    assert_int_equal(bus->progress.requests, 3);
    add(bus, "12345678", "KAM", 1, 0x04)->mute = true; /* E5, and then nothing */
    search_all(bus, &whole);
    assert_true(bus->progress.requests < 1500);
    assert_int_equal(bus->found_count, 1);
    assert_string_equal(bus->found[0].number, "12345678");
    free(bus);
}

/* A meter with a fault that takes every select for its own must not keep the search for ever. */
static void a_meter_that_answers_to_all_ends_the_search(void **state)
{
    (void)state;
    struct bus *bus = bus_of(12);
    add_random(bus, 5, "");
    bus->meters[2].ignores_mask = true;
    search_all(bus, &whole);
    assert_true(bus->progress.requests < 500);
    free(bus);
}

/* Whatever comes back, in whatever order: no crash, texts that end, and a place that can be gone on from. */
static void nonsense_does_no_harm(void **state)
{
    (void)state;
    struct heng_sim_rng rng = heng_sim_rng_of(13, 0);
    for (unsigned round = 0; round < 60; round++) {
        struct heng_search_config config = {.kind = (heng_search_kind)(round % HENG_SEARCH_KIND_COUNT)};
        struct heng_search *search = start(&config);
        struct heng_search_progress progress = {0};
        struct heng_search_found found;
        struct heng_ask ask;
        uint32_t garbage = heng_sim_rng_below(&rng, 100);
        for (unsigned step = 0; step < 2000 && heng_search_next(search, &ask); step++) {
            static const heng_protocol protocols[] = {HENG_PROTOCOL_MBUS, HENG_PROTOCOL_CJT188,
                                                      HENG_PROTOCOL_DLT645_2007, HENG_PROTOCOL_MODBUS_RTU};
            uint8_t data[60], frame[128];
            struct heng_buf buf = heng_buf_of(frame, sizeof frame);
            for (size_t i = 0; i < sizeof data; i++) data[i] = (uint8_t)heng_sim_rng_next(&rng);
            struct heng_slice some = heng_slice_of(data, 2 + heng_sim_rng_below(&rng, 50));
            heng_protocol protocol = protocols[heng_sim_rng_below(&rng, 4)];
            struct heng_cjt188_frame cjt188 = {.type = 0x10, .control = 0x83, .di = 0x810A, .payload = some};
            struct heng_dlt645_frame dlt645 = {.control = 0x93, .data = some};
            snprintf(cjt188.id, sizeof cjt188.id, "%02X%02X%010u", data[0], data[1], step);
            snprintf(dlt645.id, sizeof dlt645.id, "%02X%010u", data[0], step);
            heng_rc rc = protocol == HENG_PROTOCOL_MBUS
                             ? heng_mbus_encode_long(0x08, data[0], 0x70 + data[1] % 12, some, &buf)
                         : protocol == HENG_PROTOCOL_CJT188      ? heng_cjt188_encode(&cjt188, &buf)
                         : protocol == HENG_PROTOCOL_DLT645_2007 ? heng_dlt645_encode(&dlt645, &buf)
                                                                 : heng_modbus_encode_rtu(data[0], some, &buf);
            struct heng_telegram t;
            size_t used;
            bool good =
                rc == HENG_OK && heng_codec_of(protocol)->decode(heng_buf_slice(&buf), &t, &used, NULL) == HENG_OK;
            heng_search_heard heard = heng_sim_rng_below(&rng, 100) < garbage
                                          ? (heng_search_heard)(2 * heng_sim_rng_below(&rng, 2))
                                          : (good ? HENG_SEARCH_FRAME : HENG_SEARCH_CUT);
            assert_true(ask.n > 0 && ask.n <= sizeof ask.bytes);
            bool told_one = heng_search_heard_now(search, heard, heard == HENG_SEARCH_FRAME ? &t : NULL, &found);
            if (told_one) assert_non_null(memchr(found.address, '\0', sizeof found.address));
        }
        heng_search_progress_now(search, &progress);
        heng_search_free(search);
        snprintf(config.resume, sizeof config.resume, "%s", progress.place);
        search = start(&config);
        heng_search_free(search);
    }
}

/* Something went between select and question: the select is sent again. */
static void a_cut_pair_is_begun_anew(void **state)
{
    (void)state;
    struct bus *bus = bus_of(10);
    struct heng_search *search = start(&whole);
    struct heng_search_found found;
    struct heng_telegram t;
    struct heng_ask ask, again;
    static uint8_t bytes[BYTES_MAX];
    add(bus, "12345678", "KAM", 1, 0x04);
    assert_true(heng_search_next(search, &ask));
    assert_false(ask.tied);
    assert_int_equal(exchange(bus, &ask, bytes, &t), HENG_SEARCH_FRAME);
    assert_false(heng_search_heard_now(search, HENG_SEARCH_FRAME, &t, &found));
    assert_true(heng_search_next(search, &again));
    assert_true(again.tied);
    assert_false(heng_search_heard_now(search, HENG_SEARCH_CUT, NULL, &found));
    assert_true(heng_search_next(search, &again));
    assert_int_equal(again.n, ask.n);
    assert_memory_equal(again.bytes, ask.bytes, ask.n);
    run(bus, search, REQUESTS_MAX);
    assert_int_equal(bus->found_count, 1);
    heng_search_free(search);
    free(bus);
}

/* Of a list 49 long, on the first 49 addresses: half way through is half of the work, and the end is all of it. */
static void a_known_list_is_all_of_the_work(void **state)
{
    (void)state;
    enum { KNOWN = 49 };
    struct bus *bus = bus_of(12);
    static struct heng_meter_config known[KNOWN];
    add_random(bus, KNOWN, "");
    for (unsigned i = 0; i < KNOWN; i++) {
        bus->meters[i].primary = (uint8_t)(i + 1);
        known[i] = (struct heng_meter_config){.protocol = HENG_PROTOCOL_MBUS};
        snprintf(known[i].address, sizeof known[i].address, "%u", i + 1);
    }
    struct heng_search_config config = {
        .kind = HENG_SEARCH_MBUS_PRIMARY, .known = known, .known_count = KNOWN, .known_only = true};
    struct heng_search *search = start(&config);
    for (unsigned step = 0; step < KNOWN; step++) {
        assert_false(bus->progress.ended);
        run(bus, search, 1);
        assert_int_equal(bus->progress.found, step + 1);
        assert_int_equal(bus->progress.permille, (step + 1) * 1000 / KNOWN);
    }
    run(bus, search, 1);
    assert_true(bus->progress.ended && bus->progress.permille == 1000);
    assert_int_equal(bus->progress.missing, 0);
    heng_search_free(search);
    /* By secondary addresses as well: a request or two each, and no jump at the end. */
    config.kind = HENG_SEARCH_MBUS_SECONDARY;
    for (unsigned i = 0; i < KNOWN; i++)
        snprintf(known[i].address, sizeof known[i].address, "%s", bus->found[i].number);
    bus->found_count = 0;
    search = start(&config);
    uint32_t last = 0;
    bus->progress.ended = false;
    while (!bus->progress.ended) {
        run(bus, search, 1);
        if (bus->progress.permille < 1000) last = bus->progress.permille;
    }
    assert_true(last >= 950);
    assert_int_equal(bus->progress.missing, 0);
    heng_search_free(search);
    free(bus);
}

static void primary_addresses_one_after_another(void **state)
{
    (void)state;
    struct bus *bus = bus_of(11);
    struct heng_search_config config = {.kind = HENG_SEARCH_MBUS_PRIMARY};
    bus->noise_ppm = 1000;
    add_random(bus, 40, "");
    for (size_t i = 0; i < bus->count; i++) bus->meters[i].primary = (uint8_t)(1 + 6 * i);
    bus->meters[7].primary = bus->meters[8].primary; /* two at 49 */
    search_all(bus, &config);
    assert_int_equal(bus->found_count, 39);
    for (size_t i = 0; i < bus->found_count; i++) {
        const struct heng_search_found *f = &bus->found[i];
        assert_int_equal(f->twin, strcmp(f->address, "49") == 0);
        if (!f->twin) assert_true(has_meter(bus, f->number) && f->primary == atoi(f->address));
    }
    bus->found_count = 0;
    config.first = 100, config.last = 120;
    search_all(bus, &config);
    assert_int_equal(bus->found_count, 3); /* 103, 109, 115 */
    free(bus);
}

/* --- the other protocols: what answers, without a wire: several at once are garbage ------------------------- */

struct crowd {
    heng_search_kind kind;
    char addresses[64][15];
    uint8_t types[64];
    size_t count;
    bool only_all; /* partial wild cards are not honoured by question 13 */
};

static bool wild_fits(const char *asked, const char *own)
{
    for (size_t i = 0; own[i]; i += 2) {
        bool any = asked[i] == 'A' && asked[i + 1] == 'A';
        if (!any && (asked[i] != own[i] || asked[i + 1] != own[i + 1])) return false;
    }
    return true;
}

static bool answers(const struct crowd *crowd, size_t i, const struct heng_telegram *t, struct heng_buf *out)
{
    if (crowd->kind == HENG_SEARCH_MODBUS_RTU) {
        static const uint8_t data[] = {0, 7};
        uint8_t bytes[8];
        struct heng_buf pdu = heng_buf_of(bytes, sizeof bytes);
        if (t->address != strtoul(crowd->addresses[i], NULL, 10)) return false;
        bool known = crowd->types[i] == t->control;
        return (known ? heng_modbus_put_data(t->control, heng_slice_of(data, 2), &pdu)
                      : heng_modbus_put_exception(t->control, 2, &pdu)) == HENG_OK &&
               heng_modbus_encode_rtu(t->address, heng_buf_slice(&pdu), out) == HENG_OK;
    }
    if (!wild_fits(t->id, crowd->addresses[i])) return false;
    if (crowd->kind == HENG_SEARCH_CJT188) {
        if (t->control != HENG_CJT188_C_READ_ADDRESS || (t->ci != 0xAA && t->ci != crowd->types[i])) return false;
        if (crowd->types[i] == 0x20 && (t->ci == 0xAA || !t->di_swapped)) return false;
        struct heng_cjt188_frame frame = {.type = crowd->types[i], .control = 0x83, .ser = t->ser, .di = 0x810A};
        memcpy(frame.id, crowd->addresses[i], 15);
        return heng_cjt188_encode(&frame, out) == HENG_OK;
    }
    if (t->control == HENG_DLT645_C_READ_ADDRESS && crowd->only_all && strspn(t->id, "A") != 12) return false;
    bool old = crowd->kind == HENG_SEARCH_DLT645_1997;
    if (t->control != (old ? HENG_DLT645_97_C_READ : HENG_DLT645_C_READ) &&
        (old || t->control != HENG_DLT645_C_READ_ADDRESS))
        return false;
    struct heng_dlt645_frame frame = {.control = (uint8_t)(t->control | HENG_DLT645_C_ANSWER)};
    static const uint8_t value[] = {0x10, 0x90, 1, 2, 3, 4};
    frame.data = heng_slice_of(value, sizeof value);
    memcpy(frame.id, crowd->addresses[i], 13);
    return heng_dlt645_encode(&frame, out) == HENG_OK;
}

static const struct heng_codec *codec_for(heng_search_kind kind)
{
    if (kind == HENG_SEARCH_CJT188) return &heng_cjt188_codec;
    if (kind == HENG_SEARCH_MODBUS_RTU) return &heng_modbus_rtu_codec;
    return kind == HENG_SEARCH_DLT645_1997 ? &heng_dlt645_1997_codec : &heng_dlt645_2007_codec;
}

/* Every address of the crowd must be told once, those that are there twice as twins. Returns the requests. */
static uint32_t crowd_is_found(const struct crowd *crowd, size_t different)
{
    struct heng_search_config config = {.kind = crowd->kind};
    struct heng_search *search = start(&config);
    const struct heng_codec *codec = codec_for(crowd->kind);
    struct heng_sim_rng rng = heng_sim_rng_of(1, crowd->kind);
    struct heng_search_progress progress;
    struct heng_ask ask;
    size_t found_count = 0;
    while (heng_search_next(search, &ask)) {
        struct heng_telegram request, t;
        struct heng_search_found found;
        uint8_t bytes[128];
        struct heng_buf out = heng_buf_of(bytes, sizeof bytes);
        size_t used, speakers = 0;
        assert_int_equal(codec->decode(heng_slice_of(ask.bytes, ask.n), &request, &used, NULL), HENG_OK);
        for (size_t i = 0; i < crowd->count; i++) {
            uint8_t other[128];
            struct heng_buf second = heng_buf_of(other, sizeof other);
            speakers += answers(crowd, i, &request, speakers ? &second : &out);
        }
        heng_search_heard heard = speakers == 0   ? HENG_SEARCH_NOTHING
                                  : speakers == 1 ? HENG_SEARCH_FRAME
                                                  : HENG_SEARCH_GARBAGE;
        if (heng_sim_rng_below(&rng, 100) == 0) heard = heard ? HENG_SEARCH_GARBAGE : HENG_SEARCH_NOTHING;
        if (heard == HENG_SEARCH_FRAME) {
            heng_rc (*decode)(struct heng_slice, struct heng_telegram *, size_t *, struct heng_err *) =
                codec->decode_answer ? codec->decode_answer : codec->decode;
            assert_int_equal(decode(heng_buf_slice(&out), &t, &used, NULL), HENG_OK);
        }
        if (!heng_search_heard_now(search, heard, heard == HENG_SEARCH_FRAME ? &t : NULL, &found)) continue;
        size_t there = 0;
        for (size_t i = 0; i < crowd->count; i++) there += strcmp(crowd->addresses[i], found.address) == 0;
        assert_true(there >= 1);
        assert_int_equal(found.twin, there > 1);
        found_count++;
    }
    heng_search_progress_now(search, &progress);
    heng_search_free(search);
    assert_int_equal(found_count, different);
    printf("# %s: %zu meters, %u requests\n", heng_search_kind_text(crowd->kind), different, progress.requests);
    return progress.requests;
}

static void addresses_with_wild_cards(void **state)
{
    (void)state;
    struct crowd crowd = {.kind = HENG_SEARCH_CJT188};
    for (unsigned i = 0; i < 30; i++) {
        snprintf(crowd.addresses[crowd.count], 15, "78330000%06u", 1200 + i * 37);
        crowd.types[crowd.count++] =
            i % 10 == 9 ? 0x20 : 0x10; /* the heat meters know no AA and have the DI turned round */
    }
    memcpy(crowd.addresses[5], crowd.addresses[4], 15);
    crowd_is_found(&crowd, 29);

    struct crowd one = {.kind = HENG_SEARCH_CJT188, .addresses = {"11110059493675"}, .types = {0x10}, .count = 1};
    assert_true(crowd_is_found(&one, 1) < 20);

    crowd = (struct crowd){.kind = HENG_SEARCH_DLT645_2007, .only_all = true};
    for (unsigned i = 0; i < 32; i++) snprintf(crowd.addresses[crowd.count++], 15, "0021%08u", 5500 + i * 211);
    crowd_is_found(&crowd, 32);
    crowd.kind = HENG_SEARCH_DLT645_1997;
    crowd_is_found(&crowd, 32);
}

static void modbus_units_one_after_another(void **state)
{
    (void)state;
    struct crowd crowd = {
        .kind = HENG_SEARCH_MODBUS_RTU, .addresses = {"1", "17", "17", "247"}, .types = {3, 3, 3, 4}, .count = 4};
    crowd_is_found(&crowd, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_250_random_meters),
        cmocka_unit_test(finds_neighbours_and_clusters),
        cmocka_unit_test(finds_all_in_noise),
        cmocka_unit_test(finds_what_hides_behind_a_good_answer),
        cmocka_unit_test(tells_meters_of_one_id_apart),
        cmocka_unit_test(finds_twins_by_their_fabrication_number),
        cmocka_unit_test(says_once_that_twins_cannot_be_told_apart),
        cmocka_unit_test(known_meters_come_first),
        cmocka_unit_test(goes_on_where_it_was_stopped),
        cmocka_unit_test(nonsense_is_no_place),
        cmocka_unit_test(a_resumed_search_counts_on),
        cmocka_unit_test(a_known_list_is_all_of_the_work),
        cmocka_unit_test(a_humming_converter_is_not_a_bus_full_of_meters),
        cmocka_unit_test(an_empty_bus_is_soon_done),
        cmocka_unit_test(a_meter_that_answers_to_all_ends_the_search),
        cmocka_unit_test(nonsense_does_no_harm),
        cmocka_unit_test(a_cut_pair_is_begun_anew),
        cmocka_unit_test(primary_addresses_one_after_another),
        cmocka_unit_test(addresses_with_wild_cards),
        cmocka_unit_test(modbus_units_one_after_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
