/* Tables of value information fields.
 *
 *   VIF        b7 extension, b6..0 index into heng_vif_main
 *   FB / FD    the next byte's b6..0 index heng_vif_fb / heng_vif_fd
 *   FD FD      the third byte's b6..0 index heng_vif_fd_fd
 *   7C / FC    length byte and that many characters of a unit's name, last one first; VIFEs behind it or before it
 *   7F / FF    the vendor's own meaning, including all VIFEs that follow
 *   VIFE       b7 extension, b6..0 orthogonal meaning, see heng_vif_resolve
 *
 * Source: EN 13757-3:2013 clause 6 and annex (tables 10, 12, 14), :2018 tables 10 to 14; wmbusmeters and libmbus
 * agree on the frames of tests/golden. Codes that later editions withdrew (gallons, degrees Fahrenheit) keep their
 * meaning: old meters go on sending them. Units are brought to Wh, J, W, m3, s, kg, V, A: the exponents below contain
 * that. */
#include "codec/mbus/vif.h"

#define N(q, u, e)                                                                                                     \
    {                                                                                                                  \
        HENG_QUANTITY_##q, HENG_UNIT_##u, e, HENG_VIF_NUMBER, 0                                                        \
    }
#define U(q)                                                                                                           \
    {                                                                                                                  \
        HENG_QUANTITY_##q, HENG_UNIT_NONE, 0, HENG_VIF_UNSIGNED, 0                                                     \
    }
#define T(q)                                                                                                           \
    {                                                                                                                  \
        HENG_QUANTITY_##q, HENG_UNIT_NONE, 0, HENG_VIF_TIME_POINT, 0                                                   \
    }
#define D(q, s)                                                                                                        \
    {                                                                                                                  \
        HENG_QUANTITY_##q, HENG_UNIT_S, 0, HENG_VIF_NUMBER, s                                                          \
    }
#define B(q)                                                                                                           \
    {                                                                                                                  \
        HENG_QUANTITY_##q, HENG_UNIT_NONE, 0, HENG_VIF_RAW, 0                                                          \
    }
#define S(q)                                                                                                           \
    {                                                                                                                  \
        HENG_QUANTITY_##q, HENG_UNIT_NONE, 0, HENG_VIF_SECRET, 0                                                       \
    }
/* In steps of 2^-12. */
#define Q12(q)                                                                                                         \
    {                                                                                                                  \
        HENG_QUANTITY_##q, HENG_UNIT_NONE, -12, HENG_VIF_NUMBER, HENG_VIF_SCALE_BINARY                                 \
    }
#define R2(i, q, u, e)  [i] = N(q, u, e), [(i) + 1] = N(q, u, (e) + 1)
#define R4(i, q, u, e)  R2(i, q, u, e), R2((i) + 2, q, u, (e) + 2)
#define R8(i, q, u, e)  R4(i, q, u, e), R4((i) + 4, q, u, (e) + 4)
#define R16(i, q, u, e) R8(i, q, u, e), R8((i) + 8, q, u, (e) + 8)
/* Seconds, minutes, hours, days; hours, days, months, years. */
#define SMHD(i, q) [i] = D(q, 0), [(i) + 1] = D(q, 1), [(i) + 2] = D(q, 2), [(i) + 3] = D(q, 3)
#define HDMY(i, q) [i] = D(q, 2), [(i) + 1] = D(q, 3), [(i) + 2] = N(q, MONTH, 0), [(i) + 3] = N(q, YEAR, 0)

const int32_t heng_vif_factor[HENG_VIF_SCALES] = {1, 60, 3600, 86400, 244140625};

const struct heng_vif_entry heng_vif_main[128] = {
    R8(0x00, ENERGY, WH, -3),
    R8(0x08, ENERGY, J, 0),
    R8(0x10, VOLUME, M3, -6),
    R8(0x18, MASS, KG, -3),
    SMHD(0x20, ON_TIME),
    SMHD(0x24, OPERATING_TIME),
    R8(0x28, POWER, W, -3),
    R8(0x30, POWER, J_H, 0),
    R8(0x38, VOLUME_FLOW, M3_H, -6),
    R8(0x40, VOLUME_FLOW, M3_MIN, -7),
    R8(0x48, VOLUME_FLOW, M3_S, -9),
    R8(0x50, MASS_FLOW, KG_H, -3),
    R4(0x58, FLOW_TEMPERATURE, DEG_C, -3),
    R4(0x5C, RETURN_TEMPERATURE, DEG_C, -3),
    R4(0x60, TEMPERATURE_DIFFERENCE, K, -3),
    R4(0x64, EXTERNAL_TEMPERATURE, DEG_C, -3),
    R4(0x68, PRESSURE, BAR, -3),
    [0x6C] = T(DATE),
    [0x6D] = T(DATETIME),
    [0x6E] = N(HCA_UNITS, HCA, 0),
    SMHD(0x70, AVERAGING_DURATION),
    SMHD(0x74, ACTUALITY_DURATION),
    [0x78] = U(FABRICATION_NUMBER),
    [0x79] = U(ENHANCED_ID),
    [0x7A] = U(BUS_ADDRESS),
    [0x7E] = {HENG_QUANTITY_ANY, HENG_UNIT_UNKNOWN, 0, HENG_VIF_UNKNOWN, 0},
};

const struct heng_vif_entry heng_vif_fb[128] = {
    R2(0x00, ENERGY, WH, 5),
    R2(0x02, REACTIVE_ENERGY, VARH, 3),
    R2(0x04, APPARENT_ENERGY, VAH, 3),
    R2(0x08, ENERGY, J, 8),
    R4(0x0C, ENERGY, CAL, 5),
    R2(0x10, VOLUME, M3, 2),
    R4(0x14, REACTIVE_POWER, VAR, 0),
    R2(0x18, MASS, KG, 5),
    R2(0x1A, RELATIVE_HUMIDITY, PERCENT, -1),
    [0x20] = N(VOLUME, FT3, 0),
    [0x21] = N(VOLUME, FT3, -1),
    [0x22] = N(VOLUME, GAL, -1),
    [0x23] = N(VOLUME, GAL, 0),
    [0x24] = N(VOLUME_FLOW, GAL_MIN, -3),
    [0x25] = N(VOLUME_FLOW, GAL_MIN, 0),
    [0x26] = N(VOLUME_FLOW, GAL_H, 0),
    R2(0x28, POWER, W, 5),
    [0x2A] = N(PHASE, DEG, -1),
    [0x2B] = N(PHASE, DEG, -1),
    R4(0x2C, FREQUENCY, HZ, -3),
    R2(0x30, POWER, J_H, 8),
    R4(0x34, APPARENT_POWER, VA, 0),
    R4(0x58, FLOW_TEMPERATURE, DEG_F, -3),
    R4(0x5C, RETURN_TEMPERATURE, DEG_F, -3),
    R4(0x60, TEMPERATURE_DIFFERENCE, DEG_F, -3),
    R4(0x64, EXTERNAL_TEMPERATURE, DEG_F, -3),
    [0x68] = Q12(RATING_FACTOR),
    [0x69] = N(RATING_FACTOR, W, 0),
    [0x6A] = Q12(RATING_FACTOR),
    [0x6B] = Q12(RATING_FACTOR),
    [0x6C] = Q12(RATING_FACTOR),
    [0x6D] = Q12(RATING_FACTOR),
    [0x6E] = Q12(RATING_FACTOR),
    R4(0x70, COLD_WARM_TEMPERATURE_LIMIT, DEG_F, -3),
    R4(0x74, COLD_WARM_TEMPERATURE_LIMIT, DEG_C, -3),
    R8(0x78, CUMULATED_MAX_POWER, W, -3),
};

const struct heng_vif_entry heng_vif_fd[128] = {
    R4(0x00, CREDIT, CURRENCY, -3),
    R4(0x04, DEBIT, CURRENCY, -3),
    [0x08] = U(ACCESS_NUMBER),
    [0x09] = U(DEVICE_TYPE),
    [0x0A] = U(MANUFACTURER),
    [0x0B] = U(PARAMETER_SET),
    [0x0C] = U(MODEL_VERSION),
    [0x0D] = U(HARDWARE_VERSION),
    [0x0E] = U(FIRMWARE_VERSION),
    [0x0F] = U(SOFTWARE_VERSION),
    [0x10] = U(CUSTOMER_LOCATION),
    [0x11] = U(CUSTOMER),
    [0x12] = S(ACCESS_CODE),
    [0x13] = S(ACCESS_CODE),
    [0x14] = S(ACCESS_CODE),
    [0x15] = S(ACCESS_CODE),
    [0x16] = S(PASSWORD),
    [0x17] = U(ERROR_FLAGS),
    [0x18] = U(ERROR_MASK),
    [0x19] = S(SECURITY_KEY),
    [0x1A] = U(DIGITAL_OUTPUT),
    [0x1B] = U(DIGITAL_INPUT),
    [0x1C] = N(BAUD_RATE, BAUD, 0),
    [0x1D] = N(RESPONSE_DELAY, BIT_TIME, 0),
    [0x1E] = U(RETRY),
    [0x1F] = U(REMOTE_CONTROL),
    [0x20] = U(STORAGE_NUMBER),
    [0x21] = U(STORAGE_NUMBER),
    [0x22] = U(STORAGE_BLOCK_SIZE),
    [0x23] = U(TARIFF_DESCRIPTOR),
    SMHD(0x24, STORAGE_INTERVAL),
    [0x28] = N(STORAGE_INTERVAL, MONTH, 0),
    [0x29] = N(STORAGE_INTERVAL, YEAR, 0),
    [0x2A] = U(OPERATOR_DATA),
    [0x2B] = N(TIME_POINT_SECOND, S, 0),
    SMHD(0x2C, DURATION_SINCE_READOUT),
    [0x30] = T(TARIFF_START),
    [0x31] = D(TARIFF_DURATION, 1),
    [0x32] = D(TARIFF_DURATION, 2),
    [0x33] = D(TARIFF_DURATION, 3),
    SMHD(0x34, TARIFF_PERIOD),
    [0x38] = N(TARIFF_PERIOD, MONTH, 0),
    [0x39] = N(TARIFF_PERIOD, YEAR, 0),
    [0x3A] = N(DIMENSIONLESS, NONE, 0),
    [0x3B] = B(DATA_CONTAINER),
    SMHD(0x3C, NOMINAL_TRANSMISSION_PERIOD),
    R16(0x40, VOLTAGE, V, -9),
    R16(0x50, CURRENT, A, -12),
    [0x60] = U(RESET_COUNTER),
    [0x61] = U(CUMULATION_COUNTER),
    [0x62] = U(CONTROL_SIGNAL),
    [0x63] = U(DAY_OF_WEEK),
    [0x64] = U(WEEK_NUMBER),
    [0x65] = T(DAY_CHANGE),
    [0x66] = U(PARAMETER_ACTIVATION),
    [0x67] = U(SPECIAL_SUPPLIER_INFORMATION),
    HDMY(0x68, DURATION_SINCE_CUMULATION),
    HDMY(0x6C, BATTERY_OPERATING_TIME),
    [0x70] = T(BATTERY_CHANGE),
    [0x71] = N(SIGNAL_STRENGTH, DBM, 0),
    [0x72] = B(DAYLIGHT_SAVING),
    [0x73] = B(LISTENING_WINDOW),
    [0x74] = D(REMAINING_BATTERY, 3),
    [0x75] = U(METER_STOPPED),
    [0x76] = B(DATA_CONTAINER),
};

static const struct heng_vif_entry heng_vif_fd_fd[128] = {
    [0x00] = U(SELECTED_APPLICATION),
    [0x02] = N(REMAINING_BATTERY, MONTH, 0),
    [0x03] = N(REMAINING_BATTERY, YEAR, 0),
};

size_t heng_vif_character(uint8_t byte, char ret_utf8[static 2])
{
    bool ascii = byte >= 0x20 && byte < 0x7F, latin = byte >= 0xA0;
    ret_utf8[0] = ascii ? (char)byte : latin ? (char)(0xC0 | byte >> 6) : '?';
    ret_utf8[1] = (char)(0x80 | (byte & 0x3F));
    return latin ? 2 : 1;
}

/* A unit's name with its length byte at in.p[at]. */
static bool has_text(struct heng_slice in, size_t at, struct heng_slice *ret)
{
    if (at >= in.n || in.n - at - 1 < in.p[at]) return false;
    *ret = heng_slice_of(in.p + at + 1, in.p[at]);
    return true;
}

static bool is_readable(struct heng_slice text)
{
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] < 0x20 || text.p[i] == 0x7F) return false;
    return text.n > 0;
}

/* Behind the VIFEs that begin at `at`, the last one being the one without extension bit. */
static heng_rc skip_vifes(struct heng_slice in, size_t *at, const char **ret_problem, size_t *ret_at)
{
    size_t i = *at, limit = in.n - i > HENG_VIFE_MAX ? i + HENG_VIFE_MAX : in.n;
    while (i < limit) {
        if (in.p[i++] & 0x80) continue;
        *at = i;
        return HENG_OK;
    }
    *ret_problem = limit < in.n ? "more than 10 vife" : "record ends before its vif";
    *ret_at = limit;
    return HENG_EFORMAT;
}

/* VIF 7C, FC. EN 13757-3:2018 annex C wants the text behind the VIFEs, the meters of tests/golden send it in front
 * of them. A length byte that a readable text follows decides; the meters have the last word. */
static heng_rc read_text_unit(struct heng_slice in, struct heng_vif *ret, const char **ret_problem, size_t *ret_at)
{
    struct heng_slice text;
    size_t end = 1;
    bool extended = in.p[0] & 0x80, in_front = has_text(in, 1, &ret->text);
    if (extended && !(in_front && is_readable(ret->text)) && skip_vifes(in, &end, ret_problem, ret_at) == HENG_OK &&
        has_text(in, end, &text) && is_readable(text)) {
        ret->text = text;
        ret->vife = 1;
        ret->vife_end = end;
        ret->bytes = heng_slice_of(in.p, end + 1 + text.n);
        return HENG_OK;
    }
    if (!in_front) {
        *ret_problem = "plain-text unit runs over the end of the frame";
        *ret_at = 1;
        return HENG_EFORMAT;
    }
    ret->vife = end = 2 + ret->text.n;
    heng_rc rc = extended ? skip_vifes(in, &end, ret_problem, ret_at) : HENG_OK;
    ret->vife_end = end;
    ret->bytes = heng_slice_of(in.p, end);
    return rc;
}

heng_rc heng_vif_read(struct heng_slice in, struct heng_vif *ret, const char **ret_problem, size_t *ret_at)
{
    if (in.n == 0) {
        *ret_problem = "record ends before its vif";
        *ret_at = 0;
        return HENG_EFORMAT;
    }
    uint8_t vif = in.p[0];
    if ((vif & 0x7F) == 0x7C) return read_text_unit(in, ret, ret_problem, ret_at);
    size_t end = 1;
    ret->text = (struct heng_slice){in.p, 0};
    if (vif & 0x80 && skip_vifes(in, &end, ret_problem, ret_at) != HENG_OK) return HENG_EFORMAT;
    ret->vife = vif == 0xFD && in.p[1] == 0xFD ? 3 : vif == 0xFB || vif == 0xFD ? 2 : 1;
    ret->vife_end = end;
    ret->bytes = heng_slice_of(in.p, end);
    return HENG_OK;
}

static inline const struct heng_vif_entry *entry_of(const struct heng_vif *vif)
{
    const uint8_t *p = vif->bytes.p;
    if (p[0] == 0xFB) return &heng_vif_fb[p[1] & 0x7F];
    if (p[0] == 0xFD && p[1] == 0xFD) return &heng_vif_fd_fd[p[2] & 0x7F];
    if (p[0] == 0xFD) return &heng_vif_fd[p[1] & 0x7F];
    return &heng_vif_main[p[0] & 0x7F];
}

const struct heng_vif_entry *heng_vif_entry_of(const struct heng_vif *vif) { return entry_of(vif); }

/* A unit in plain text: the qualifier carries it, unless it is a unit of ours.
 * Source: Elvaco CMa10 and CMa11 frames of tests/golden. */
static void name_text_unit(struct heng_slice text, bool msb_first, struct heng_vif_entry *entry)
{
    bool humidity = text.n == 3 && memcmp(text.p, msb_first ? "%RH" : "HR%", 3) == 0;
    entry->quantity = humidity ? HENG_QUANTITY_RELATIVE_HUMIDITY : HENG_QUANTITY_TEXT_UNIT;
    entry->unit = humidity ? HENG_UNIT_PERCENT : HENG_UNIT_NONE;
    entry->type = HENG_VIF_NUMBER;
}

/* The value is a plain count, a duration or a time point of what the main VIF names. */
static void replace_type(struct heng_vif_meaning *m, heng_vif_type type, heng_unit unit, unsigned scale)
{
    m->entry.type = (unsigned)type & 15;
    m->entry.unit = (uint8_t)unit;
    m->entry.scale = scale & 15;
    m->exp = 0;
}

/* One byte behind FC: phases, quadrants and directions name the register, the value stays. */
static void apply_extension(struct heng_vif_meaning *m, uint8_t vife)
{
    bool number = m->entry.type == HENG_VIF_NUMBER;
    if (vife == HENG_VIFE_TYPE_C && number) m->entry.type = HENG_VIF_UNSIGNED;
    if (vife == HENG_VIFE_TYPE_D && number) m->entry.type = HENG_VIF_RAW; /* bits */
}

static void keep_raw(struct heng_vif_meaning *m, const char *reason)
{
    m->reason = reason;
    m->raw = true;
}

/* VIFE 00..1F of an answer: record errors, and between them what EN 13757-3:2013 put into the gaps: 12 average,
 * 13 1E 1F compact profiles, 14 relative deviation, 1D standard conform data content. */
static void apply_low_vife(struct heng_vif_meaning *m, uint8_t vife)
{
    switch (vife) {
    case 0x00:
    case 0x12:
    case 0x1D: return; /* the value is what the VIF says; 12 is in the qualifier */
    case 0x13:
    case 0x1E:
    case 0x1F: keep_raw(m, "compact profile"); return;
    case 0x14:
        keep_raw(m, "relative deviation"); /* of what, and in which unit, is not said */
        m->entry.unit = HENG_UNIT_UNKNOWN;
        return;
    }
    m->reason = heng_vife_error(vife) ? heng_vife_error(vife) : "record error";
}

/* One orthogonal VIFE, b6..0. Source: EN 13757-3 table of combinable VIFEs. */
static void apply_vife(struct heng_vif_meaning *m, uint8_t vife, bool from_meter)
{
    if (vife < 0x20) {
        if (from_meter)
            apply_low_vife(m, vife);
        else
            m->action = heng_vife_action(vife);
    } else if (vife == 0x3D) {
        m->reason = "non-metric unit";
    } else if (vife == 0x3F) {
        keep_raw(m, "obis declaration"); /* the data say what the register is, not what it holds */
    } else if (vife == 0x41 || vife == 0x49) {
        replace_type(m, HENG_VIF_UNSIGNED, HENG_UNIT_NONE, 0);
    } else if (vife == 0x39 || ((vife & 0x72) == 0x42) || (vife & 0x7A) == 0x6A) {
        replace_type(m, HENG_VIF_TIME_POINT, HENG_UNIT_NONE, 0);
    } else if (vife >= 0x50 && vife <= 0x67) {
        replace_type(m, HENG_VIF_NUMBER, HENG_UNIT_S, vife & 3u);
    } else if (vife >= 0x70 && vife <= 0x77) {
        m->exp += (vife & 7) - 6;
    } else if (vife >= 0x78 && vife <= 0x7B) {
        m->has_add = true;
        if (heng_dec_add(m->add, (struct heng_dec){1, (int8_t)((vife & 3) - 3)}, &m->add) != HENG_OK)
            m->reason = "out of range";
    } else if (vife == 0x7D) {
        m->exp += 3;
    }
}

void heng_vif_resolve(const struct heng_vif *vif, const struct heng_telegram *t, struct heng_vif_meaning *ret)
{
    enum { MSB_FIRST = 0x04 };
    uint8_t first = vif->bytes.p[0] & 0x7F;
    ret->entry = *entry_of(vif);
    ret->exp = ret->entry.exp;
    ret->add = (struct heng_dec){0, 0};
    ret->has_add = ret->raw = false;
    ret->secret = ret->entry.type == HENG_VIF_SECRET;
    ret->reason = ret->action = NULL;
    if (first == 0x7C) name_text_unit(vif->text, t->ci & MSB_FIRST, &ret->entry);
    if (ret->entry.type == HENG_VIF_UNKNOWN && first != 0x7E) { /* what its VIFEs mean, nobody can tell either */
        ret->reason = first == 0x7F ? "manufacturer specific" : "unknown vif";
        return;
    }
    for (size_t i = vif->vife; i < vif->vife_end; i++) {
        uint8_t vife = vif->bytes.p[i] & 0x7F;
        if (vife == 0x7F) break; /* the rest is the vendor's */
        if (vife != 0x7C)
            apply_vife(ret, vife, t->from_meter);
        else if (++i < vif->vife_end)
            apply_extension(ret, vif->bytes.p[i] & 0x7F);
    }
    if (ret->entry.type == HENG_VIF_UNKNOWN && !ret->reason) keep_raw(ret, "any vif");
    if (ret->entry.type == HENG_VIF_RAW && !ret->reason) keep_raw(ret, "binary data");
    if (ret->entry.type == HENG_VIF_SECRET && !ret->reason) keep_raw(ret, "secret");
    /* The constant counts in the unit of the VIF, and FB's units are multiples of ours. */
    if (ret->has_add && first == 0x7B && !ret->reason) ret->reason = "correction in an unclear unit";
}
