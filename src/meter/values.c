#include "meter/values.h"

#include <stdio.h>

#include "base/buf.h"
#include "codec/present.h"

/* What is worth a register: it is measured or counted. Who the meter is, what it is set to and when something was (of
 * a quantity that is measured, too: "maximum power at", which has no value before there was a maximum) stays in the
 * frame, where the console shows it. */
static bool is_measured(const struct heng_record *record)
{
    if (!record->vif_known || record->unit == HENG_UNIT_UNKNOWN) return false;
    if (record->kind != HENG_VALUE_DEC && record->kind != HENG_VALUE_NONE) return false;
    if (record->time_point) return false;
    switch (record->quantity) {
    case HENG_QUANTITY_ENERGY:
    case HENG_QUANTITY_ENERGY_HEAT:
    case HENG_QUANTITY_ENERGY_COOLING:
    case HENG_QUANTITY_VOLUME:
    case HENG_QUANTITY_MASS:
    case HENG_QUANTITY_ON_TIME:
    case HENG_QUANTITY_OPERATING_TIME:
    case HENG_QUANTITY_POWER:
    case HENG_QUANTITY_VOLUME_FLOW:
    case HENG_QUANTITY_MASS_FLOW:
    case HENG_QUANTITY_FLOW_TEMPERATURE:
    case HENG_QUANTITY_RETURN_TEMPERATURE:
    case HENG_QUANTITY_TEMPERATURE_DIFFERENCE:
    case HENG_QUANTITY_EXTERNAL_TEMPERATURE:
    case HENG_QUANTITY_PRESSURE:
    case HENG_QUANTITY_RELATIVE_HUMIDITY:
    case HENG_QUANTITY_HCA_UNITS:
    case HENG_QUANTITY_VOLTAGE:
    case HENG_QUANTITY_CURRENT:
    case HENG_QUANTITY_FREQUENCY:
    case HENG_QUANTITY_POWER_FACTOR:
    case HENG_QUANTITY_REACTIVE_ENERGY:
    case HENG_QUANTITY_REACTIVE_POWER:
    case HENG_QUANTITY_APPARENT_ENERGY:
    case HENG_QUANTITY_APPARENT_POWER:
    case HENG_QUANTITY_PHASE:
    case HENG_QUANTITY_CREDIT:
    case HENG_QUANTITY_DEBIT:
    case HENG_QUANTITY_ERROR_FLAGS:
    case HENG_QUANTITY_DIGITAL_OUTPUT:
    case HENG_QUANTITY_DIGITAL_INPUT:
    case HENG_QUANTITY_DIMENSIONLESS:
    case HENG_QUANTITY_RESET_COUNTER:
    case HENG_QUANTITY_CUMULATION_COUNTER:
    case HENG_QUANTITY_BATTERY_OPERATING_TIME:
    case HENG_QUANTITY_REMAINING_BATTERY:
    case HENG_QUANTITY_SIGNAL_STRENGTH:
    case HENG_QUANTITY_METER_STOPPED:
    case HENG_QUANTITY_TEMPERATURE:
    case HENG_QUANTITY_RELAY_STATE:
    case HENG_QUANTITY_EVENT_COUNT:
    case HENG_QUANTITY_HARMONIC_DISTORTION:
    case HENG_QUANTITY_CUMULATED_MAX_POWER: return true;
    case HENG_QUANTITY_UNKNOWN:
    case HENG_QUANTITY_COLD_WARM_TEMPERATURE_LIMIT:
    case HENG_QUANTITY_DATE:
    case HENG_QUANTITY_DATETIME:
    case HENG_QUANTITY_TIME:
    case HENG_QUANTITY_AVERAGING_DURATION:
    case HENG_QUANTITY_ACTUALITY_DURATION:
    case HENG_QUANTITY_FABRICATION_NUMBER:
    case HENG_QUANTITY_ENHANCED_ID:
    case HENG_QUANTITY_BUS_ADDRESS:
    case HENG_QUANTITY_ACCESS_NUMBER:
    case HENG_QUANTITY_DEVICE_TYPE:
    case HENG_QUANTITY_MANUFACTURER:
    case HENG_QUANTITY_PARAMETER_SET:
    case HENG_QUANTITY_MODEL_VERSION:
    case HENG_QUANTITY_HARDWARE_VERSION:
    case HENG_QUANTITY_FIRMWARE_VERSION:
    case HENG_QUANTITY_SOFTWARE_VERSION:
    case HENG_QUANTITY_CUSTOMER_LOCATION:
    case HENG_QUANTITY_CUSTOMER:
    case HENG_QUANTITY_ACCESS_CODE:
    case HENG_QUANTITY_PASSWORD:
    case HENG_QUANTITY_ERROR_MASK:
    case HENG_QUANTITY_SECURITY_KEY:
    case HENG_QUANTITY_BAUD_RATE:
    case HENG_QUANTITY_RESPONSE_DELAY:
    case HENG_QUANTITY_RETRY:
    case HENG_QUANTITY_REMOTE_CONTROL:
    case HENG_QUANTITY_STORAGE_NUMBER:
    case HENG_QUANTITY_STORAGE_BLOCK_SIZE:
    case HENG_QUANTITY_STORAGE_INTERVAL:
    case HENG_QUANTITY_OPERATOR_DATA:
    case HENG_QUANTITY_TIME_POINT_SECOND:
    case HENG_QUANTITY_DURATION_SINCE_READOUT:
    case HENG_QUANTITY_TARIFF_START:
    case HENG_QUANTITY_TARIFF_DURATION:
    case HENG_QUANTITY_TARIFF_PERIOD:
    case HENG_QUANTITY_NOMINAL_TRANSMISSION_PERIOD:
    case HENG_QUANTITY_CONTROL_SIGNAL:
    case HENG_QUANTITY_DAY_OF_WEEK:
    case HENG_QUANTITY_WEEK_NUMBER:
    case HENG_QUANTITY_DAY_CHANGE:
    case HENG_QUANTITY_PARAMETER_ACTIVATION:
    case HENG_QUANTITY_SPECIAL_SUPPLIER_INFORMATION:
    case HENG_QUANTITY_DURATION_SINCE_CUMULATION:
    case HENG_QUANTITY_BATTERY_CHANGE:
    case HENG_QUANTITY_DAYLIGHT_SAVING:
    case HENG_QUANTITY_LISTENING_WINDOW:
    case HENG_QUANTITY_MANUFACTURER_DATA:
    case HENG_QUANTITY_TEXT_UNIT:
    case HENG_QUANTITY_ANY:
    case HENG_QUANTITY_STATUS:
    case HENG_QUANTITY_ALARM:
    case HENG_QUANTITY_VALVE_STATE:
    case HENG_QUANTITY_SETTLEMENT_DAY:
    case HENG_QUANTITY_READING_DAY:
    case HENG_QUANTITY_PRICE:
    case HENG_QUANTITY_PURCHASE:
    case HENG_QUANTITY_KEY_VERSION:
    case HENG_QUANTITY_BATTERY_STATE:
    case HENG_QUANTITY_RELAY_ACTION:
    case HENG_QUANTITY_VALVE_ACTION:
    case HENG_QUANTITY_VALID_UNTIL:
    case HENG_QUANTITY_ACCESS_LEVEL:
    case HENG_QUANTITY_OPERATOR:
    case HENG_QUANTITY_METER_CONSTANT:
    case HENG_QUANTITY_FREEZE:
    case HENG_QUANTITY_REGISTER:
    case HENG_QUANTITY_COIL:
    case HENG_QUANTITY_TARIFF:
    case HENG_QUANTITY_MULTIPLIER:
    case HENG_QUANTITY_RATING_FACTOR:
    case HENG_QUANTITY_TARIFF_DESCRIPTOR:
    case HENG_QUANTITY_DATA_CONTAINER:
    case HENG_QUANTITY_SELECTED_APPLICATION:
    case HENG_QUANTITY_COUNT: return false;
    }
    return false;
}

static bool is_taken(const struct heng_read *read, unsigned count, const struct heng_register_key *key)
{
    for (unsigned i = 0; i < count; i++)
        if (heng_register_key_eq(&read->values[i].key, key)) return true;
    return false;
}

static void value_of(const struct heng_record *record, struct heng_value *ret)
{
    memset(ret, 0, sizeof *ret);
    ret->key = (struct heng_register_key){.quantity = record->quantity,
                                          .unit = record->unit,
                                          .function = record->function,
                                          .storage = (uint32_t)record->storage,
                                          .tariff = record->tariff,
                                          .subunit = record->subunit};
    heng_record_qualifier(record, ret->key.qualifier);
    ret->has_value = record->kind == HENG_VALUE_DEC;
    if (ret->has_value)
        ret->dec = record->dec;
    else
        snprintf(ret->reason, sizeof ret->reason, "%s", record->reason ? record->reason : "not available");
}

/* Make a repeated key unique: "#2", "#3", behind what the qualifier says already. */
static bool make_unique(const struct heng_read *read, unsigned count, struct heng_register_key *key)
{
    char base[HENG_QUALIFIER_MAX];
    memcpy(base, key->qualifier, sizeof base);
    size_t kept = strnlen(base, sizeof base - 6);
    while (kept && ((unsigned char)base[kept] & 0xC0) == 0x80) kept--; /* never within a character of UTF-8 */
    for (unsigned n = 2; is_taken(read, count, key); n++) {
        if (n > HENG_READ_VALUES_MAX) return false;
        snprintf(key->qualifier, sizeof key->qualifier, "%.*s#%u", (int)kept, base, n);
    }
    return true;
}

heng_rc heng_values_add(const struct heng_telegram *telegram, unsigned frame, struct heng_read *read,
                        struct heng_err *err)
{
    struct heng_records records = heng_telegram_records(telegram);
    struct heng_record record;
    unsigned count = read->value_count, skipped = 0;
    heng_rc rc;

    while ((rc = heng_record_next(&records, &record, err)) == HENG_OK) {
        if (!is_measured(&record)) continue;
        if (count == HENG_READ_VALUES_MAX || record.storage > UINT32_MAX) {
            skipped++;
            continue;
        }
        struct heng_value *value = &read->values[count];
        value_of(&record, value);
        if (!make_unique(read, count, &value->key))
            return heng_fail(err, HENG_EFORMAT, record.at, "the same record over and over");
        read->frame_of_value[count++] = (uint16_t)frame;
    }
    if (rc != HENG_ENOTFOUND) return rc;
    read->value_count = (uint16_t)count;
    read->skipped = (uint16_t)(read->skipped + skipped);
    return HENG_OK;
}

static heng_rc room_for(const struct heng_telegram *telegram, const struct heng_read *read, struct heng_err *err)
{
    if (read->frame_count == HENG_READ_FRAMES_MAX)
        return heng_fail(err, HENG_ELIMIT, 0, "more than %d frames of one read", HENG_READ_FRAMES_MAX);
    if (telegram->asked.n > HENG_FRAME_BYTES_MAX || telegram->frame.n > HENG_FRAME_BYTES_MAX - telegram->asked.n)
        return heng_fail(err, HENG_ELIMIT, 0, "a frame of more than %d bytes", HENG_FRAME_BYTES_MAX);
    return HENG_OK;
}

heng_rc heng_values_keep(const struct heng_telegram *telegram, heng_us now, struct heng_read *read,
                         struct heng_err *err)
{
    heng_rc rc = room_for(telegram, read, err);
    if (rc != HENG_OK) return rc;
    unsigned f = read->frame_count++;
    struct heng_buf bytes = heng_buf_of(read->frames[f].bytes, sizeof read->frames[f].bytes);
    heng_buf_put(&bytes, telegram->asked);
    heng_buf_put(&bytes, telegram->frame);
    read->frames[f].at_us = now;
    read->frames[f].n = (uint16_t)bytes.n;
    if (f == 0) read->at_us = now;
    return HENG_OK;
}

heng_rc heng_values_take(const struct heng_telegram *telegram, heng_us now, struct heng_read *read,
                         struct heng_err *err)
{
    heng_rc rc = room_for(telegram, read, err);
    if (rc == HENG_OK) rc = heng_values_add(telegram, read->frame_count, read, err);
    return rc == HENG_OK ? heng_values_keep(telegram, now, read, err) : rc;
}

void heng_values_add_state(heng_quantity quantity, unsigned state, struct heng_read *read)
{
    if (read->frame_count == 0 || read->value_count == HENG_READ_VALUES_MAX) {
        read->skipped++;
        return;
    }
    struct heng_value *value = &read->values[read->value_count];
    *value = (struct heng_value){
        .key = {.quantity = quantity, .unit = HENG_UNIT_NONE, .function = HENG_FUNCTION_INSTANTANEOUS},
        .has_value = true,
        .dec = {(int64_t)state, 0},
    };
    read->frame_of_value[read->value_count++] = (uint16_t)(read->frame_count - 1);
}
