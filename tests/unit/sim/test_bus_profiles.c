/* One virtual meter of every profile, read by the real driver with that profile: it ends well and has values, the main
 * counter is where the meter says it is, and it rises. */
#include "bus_talk.h"

static struct heng_profiles profiles;
static struct heng_read reads[2];

static int set_up(void **state)
{
    (void)state;
    struct heng_err err;
    return heng_profiles_init(&profiles, &err) == HENG_OK ? 0 : 1;
}

static int tear_down(void **state)
{
    (void)state;
    heng_profiles_fini(&profiles);
    return 0;
}

static const char *address_for(heng_protocol protocol)
{
    switch (protocol) {
    case HENG_PROTOCOL_MBUS: return "5";
    case HENG_PROTOCOL_CJT188: return "00001234567890";
    case HENG_PROTOCOL_DLT645_2007:
    case HENG_PROTOCOL_DLT645_1997: return "000012345678";
    case HENG_PROTOCOL_MODBUS_RTU:
    case HENG_PROTOCOL_MODBUS_TCP:
    case HENG_PROTOCOL_COUNT: break;
    }
    return "17";
}

/* A read from now on; returns when it is over. */
static heng_us talk_to(struct heng_sim_bus *bus, const struct heng_meter_config *meter,
                       struct heng_meter_memory *memory, heng_us now, struct heng_read *read)
{
    static struct heng_talk talk;
    struct heng_err err;
    talk = (struct heng_talk){.meter = meter, .memory = memory, .profiles = &profiles};
    if (!converse(bus, &talk, &now, read, &err)) fail_msg("%s: it failed: %s", meter->profile_name, err.text);
    return now;
}

/* How many values are larger than before; both reads have the same ones. */
static unsigned risen(const struct heng_read *before, const struct heng_read *after)
{
    unsigned n = 0;
    for (unsigned i = 0; i < before->value_count && i < after->value_count; i++) {
        const struct heng_value *a = &before->values[i], *b = &after->values[i];
        assert_int_equal(a->key.quantity, b->key.quantity);
        n += a->has_value && b->has_value && heng_dec_cmp(b->dec, a->dec) > 0;
    }
    return n;
}

/* What the samples promise: any value at all, and one that counts. */
static bool promises(const struct heng_profile *profile, bool counter)
{
    /* Registers that no field names are no values. */
    if (profile->protocols >> HENG_PROTOCOL_MODBUS_RTU & 1 && profile->dialect.field_count == 0) return false;
    for (size_t i = 0; i < profile->sample_count; i++)
        for (size_t k = 0; k < profile->samples[i].reading_count; k++) {
            const struct heng_profile_reading *r = &profile->samples[i].readings[k];
            bool counts = r->quantity == HENG_QUANTITY_ENERGY || r->quantity == HENG_QUANTITY_ENERGY_HEAT ||
                          r->quantity == HENG_QUANTITY_VOLUME;
            if (!counter || (counts && r->has_value && r->storage == 0)) return true;
        }
    return false;
}

static void read_one(const struct heng_profile *profile, heng_protocol protocol)
{
    struct heng_sim_bus_config config = quiet_bus();
    struct heng_sim_meter_config sim = {.protocol = protocol,
                                        .medium = profile->medium,
                                        .profile = profile,
                                        .delay_min_us = 30000,
                                        .delay_max_us = 90000,
                                        .rate_per_h = 1000};
    struct heng_meter_config meter = {.protocol = protocol, .medium = profile->medium, .profile = profile};
    struct heng_meter_memory memory = {0};
    struct heng_err err = {0};
    snprintf(sim.address, sizeof sim.address, "%s", address_for(protocol));
    snprintf(meter.address, sizeof meter.address, "%s", address_for(protocol));
    snprintf(meter.profile_name, sizeof meter.profile_name, "%s", profile->name);
    if (profile->parity) config.parity = profile->parity;
    if (profile->baud) config.baud = profile->baud;
    if (heng_meter_check(&meter, &err) != HENG_OK) fail_msg("%s: %s", profile->name, err.text);
    struct heng_sim_bus *bus = new_bus(&config, &sim, 1);
    heng_us now = talk_to(bus, &meter, &memory, HENG_US_PER_S, &reads[0]);
    now = talk_to(bus, &meter, &memory, now + 3600 * HENG_US_PER_S, &reads[1]);
    unsigned rising = risen(&reads[0], &reads[1]);
    assert_true(reads[0].frame_count > 0);
    if (reads[0].value_count == 0 && promises(profile, false)) fail_msg("%s: no values", profile->name);
    if (rising == 0 && promises(profile, true)) fail_msg("%s: nothing counts", profile->name);
    assert_int_equal(reads[0].value_count, reads[1].value_count);
    heng_sim_bus_free(bus);
}

static void every_profile_is_read(void **state)
{
    (void)state;
    unsigned n = 0;
    for (size_t i = 0; i < profiles.count; i++)
        for (unsigned p = 0; p < HENG_PROTOCOL_COUNT; p++) {
            if (!(profiles.items[i]->protocols >> p & 1) || p == HENG_PROTOCOL_MODBUS_TCP) continue;
            read_one(profiles.items[i], (heng_protocol)p);
            n++;
        }
    assert_true(n >= profiles.count);
}

/* Meters without a profile. */
static void every_plain_meter_is_read(void **state)
{
    (void)state;
    static const heng_medium media[] = {HENG_MEDIUM_HEAT, HENG_MEDIUM_WATER, HENG_MEDIUM_GAS, HENG_MEDIUM_ELECTRICITY};
    static const heng_protocol protocols[] = {HENG_PROTOCOL_MBUS, HENG_PROTOCOL_CJT188, HENG_PROTOCOL_DLT645_2007,
                                              HENG_PROTOCOL_DLT645_1997};
    for (size_t p = 0; p < 4; p++)
        for (size_t k = 0; k < 4; k++)
            for (uint8_t telegrams = 1; telegrams <= 4; telegrams++) {
                struct heng_sim_bus_config config = quiet_bus();
                struct heng_sim_meter_config sim = {.protocol = protocols[p],
                                                    .medium = media[k],
                                                    .start_count = 1000000,
                                                    .rate_per_h = 3600,
                                                    .telegrams = telegrams};
                struct heng_meter_config meter = {.protocol = protocols[p], .medium = media[k]};
                struct heng_meter_memory memory = {0};
                snprintf(sim.address, sizeof sim.address, "%s", address_for(protocols[p]));
                snprintf(meter.address, sizeof meter.address, "%s", address_for(protocols[p]));
                snprintf(meter.profile_name, sizeof meter.profile_name, "%s", heng_protocol_text(protocols[p]));
                struct heng_sim_bus *bus = new_bus(&config, &sim, 1);
                heng_us now = talk_to(bus, &meter, &memory, HENG_US_PER_S, &reads[0]);
                (void)talk_to(bus, &meter, &memory, now + 3600 * HENG_US_PER_S, &reads[1]);
                assert_true(risen(&reads[0], &reads[1]) > 0);
                heng_sim_bus_free(bus);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_profile_is_read),
        cmocka_unit_test(every_plain_meter_is_read),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
