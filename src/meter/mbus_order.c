/* Addresses and orders of M-Bus.
 *
 *   address            select (8 bytes)                    answers to
 *   7                  -                                   A = 07
 *   12345678           78 56 34 12 FF FF FF FF             A = FD, once selected
 *   123456782D2C1B04   78 56 34 12 2D 2C 1B 04             A = FD, once selected
 *
 *   order         command                          read back by a whole readout
 *   set-clock     SND_UD 04 6D type F              its date and time within CLOCK_S of the site's
 *   set-address   SND_UD 01 7A, or 0C 79 number    it answers there, as the same meter; nobody did before
 *   set-baud      control frame CI B8 .. BF        it answers at the new speed; the E5 came at the old one
 *
 * Source: EN 13757-3, EN 13757-7 (selection); the clock has minutes only, which CLOCK_S leaves room for. */
#include "meter/mbus_order.h"

#include <stdlib.h>

#include "base/hex.h"
#include "codec/mbus.h"
#include "meter/order.h"

enum { CLOCK_S = 90, BROADCAST_MS = 200, ALL = 255, ID_DIGITS = 8, SECONDARY_DIGITS = 16 };

static bool primary_of(const char *text, uint8_t *ret)
{
    char *end;
    unsigned long address = strtoul(text, &end, 10);
    bool padded = text[0] == '0' && text[1] != '\0'; /* 1 and 01 would be two of one meter */
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || padded ||
        (address > HENG_MBUS_PRIMARY_MAX && address != HENG_MBUS_POINT_TO_POINT))
        return false;
    *ret = (uint8_t)address;
    return true;
}

static bool is_digits(const char *text, size_t n, const char *allowed) { return strspn(text, allowed) >= n; }

bool heng_mbus_target_of(const char *address, struct heng_mbus_target *ret)
{
    size_t n = strnlen(address, HENG_ADDRESS_MAX);
    uint8_t bytes[HENG_MBUS_SECONDARY_BYTES];
    struct heng_buf buf = heng_buf_of(bytes, sizeof bytes);
    *ret = (struct heng_mbus_target){0};
    if (n != ID_DIGITS && n != SECONDARY_DIGITS) return primary_of(address, &ret->address);
    /* Hexadecimal digits in an identification exist; F is any. */
    if (!is_digits(address, n, "0123456789ABCDEFabcdef")) return false;
    if (heng_hex_parse(heng_slice_of((const uint8_t *)address, n), &buf, NULL) != HENG_OK) return false;
    ret->secondary = true;
    ret->address = HENG_MBUS_SELECTED;
    memset(ret->select, 0xFF, sizeof ret->select);
    for (size_t i = 0; i < 4; i++) ret->select[i] = bytes[3 - i];
    for (size_t i = 4; i < buf.n; i++) ret->select[i] = bytes[i];
    return true;
}

bool heng_mbus_knows_id(const struct heng_mbus_target *target)
{
    bool whole = target->secondary;
    for (unsigned i = 0; i < 4; i++) whole = whole && target->select[i] >> 4 != 0xF && (target->select[i] & 15) != 0xF;
    return whole;
}

struct heng_mbus_target heng_mbus_target_now(const struct heng_talk *talk)
{
    struct heng_mbus_target target, moved;
    (void)heng_mbus_target_of(talk->meter->address, &target); /* checked when the meter was configured */
    if (talk->order.kind == HENG_ORDER_READ_ADDRESS)
        return (struct heng_mbus_target){.address = HENG_MBUS_POINT_TO_POINT};
    bool new = talk->told || !talk->no_twin;
    if (talk->order.kind != HENG_ORDER_SET_ADDRESS || !new) return target;
    if (!heng_mbus_target_of(talk->order.address, &moved)) return target;
    if (!moved.secondary || (!target.secondary && !talk->told)) return moved;
    if (target.secondary) memcpy(target.select, moved.select, 4); /* a new number, and the rest as it was */
    return target;
}

static bool fits(uint8_t wanted, uint8_t is, bool by_digit)
{
    if (!by_digit) return wanted == 0xFF || wanted == is;
    bool high = wanted >> 4 == 0xF || wanted >> 4 == is >> 4, low = (wanted & 15) == 0xF || (wanted & 15) == (is & 15);
    return high && low;
}

bool heng_mbus_selects(const struct heng_mbus_target *target, const struct heng_telegram *telegram)
{
    enum { HEADER_AT = 7, FIXED_ID = 4 };
    const uint8_t *said = telegram->frame.p + HEADER_AT;
    bool variable = telegram->kind == HENG_TELEGRAM_VARIABLE && telegram->ci == HENG_MBUS_CI_RSP_VARIABLE;
    bool fixed = telegram->kind == HENG_TELEGRAM_FIXED && telegram->ci == HENG_MBUS_CI_RSP_FIXED;
    size_t n = variable ? HENG_MBUS_SECONDARY_BYTES : fixed ? FIXED_ID : 0;
    if (!target->secondary || telegram->frame.n < HEADER_AT + n) return true;
    for (size_t i = 0; i < n; i++)
        if (!fits(target->select[i], said[i], i < FIXED_ID)) return false;
    return true;
}

heng_rc heng_mbus_order_put(const struct heng_talk *talk, struct heng_buf *buf)
{
    enum { CONTROL = HENG_MBUS_C_SND_UD | HENG_MBUS_C_FCB };
    struct heng_mbus_target target = heng_mbus_target_now(talk), moved;
    if (talk->order.kind == HENG_ORDER_SET_CLOCK)
        return heng_mbus_encode_set_clock(CONTROL, target.address, &talk->clock, false, buf);
    if (talk->order.kind == HENG_ORDER_SET_BAUD)
        return heng_mbus_encode_set_baud(CONTROL, target.address, talk->order.baud, buf);
    if (!heng_mbus_target_of(talk->order.address, &moved)) return HENG_EFORMAT;
    if (moved.secondary) return heng_mbus_encode_set_id(CONTROL, target.address, talk->order.address, buf);
    return heng_mbus_encode_set_address(CONTROL, target.address, moved.address, buf);
}

static bool has_moved(const struct heng_talk *talk)
{
    struct heng_mbus_target moved;
    if (!heng_mbus_target_of(talk->order.address, &moved)) return false;
    return !moved.secondary || talk->renamed;
}

heng_talk_verdict heng_mbus_order_judge(struct heng_talk *talk, struct heng_err *err)
{
    if (talk->order.kind == HENG_ORDER_SET_BAUD && talk->stage != HENG_STAGE_ACCEPTED) /* nobody has switched */
        return heng_talk_failed(talk, err, "the meter does not answer the command and speaks as fast as before");
    if (talk->order.kind == HENG_ORDER_SET_BAUD) return heng_talk_moved(talk, err);
    if (talk->order.kind == HENG_ORDER_SET_ADDRESS)
        return has_moved(talk)
                   ? heng_talk_moved(talk, err)
                   : heng_talk_failed(talk, err, "the meter still has another number than '%s'", talk->order.address);
    if (!talk->has_date || !talk->has_time) return heng_talk_failed(talk, err, "the meter does not show its clock");
    int64_t ahead_s = heng_talk_clock_ahead_s(talk);
    if (ahead_s >= -CLOCK_S && ahead_s <= CLOCK_S) return heng_talk_confirmed(talk);
    return heng_talk_failed(talk, err, "the meter's clock is still wrong by %lld s", (long long)ahead_s);
}

/* --- what can be ------------------------------------------------------------------------------------------- */

static heng_rc check_address(const char *address, struct heng_err *err)
{
    uint8_t primary;
    bool good = strlen(address) == ID_DIGITS ? is_digits(address, ID_DIGITS, "0123456789")
                                             : primary_of(address, &primary) && primary <= HENG_MBUS_PRIMARY_MAX;
    if (good) return HENG_OK;
    return heng_fail(err, HENG_ECONFIG, 0,
                     "'%s' is no M-Bus address that a meter can be given: 0 to 250, or a number of 8 digits", address);
}

static heng_rc check_baud(uint32_t baud, struct heng_err *err)
{
    uint8_t bytes[HENG_ASK_BYTES_MAX];
    struct heng_buf buf = heng_buf_of(bytes, sizeof bytes);
    if (heng_mbus_encode_set_baud(HENG_MBUS_C_SND_UD, 0, baud, &buf) == HENG_OK) return HENG_OK;
    return heng_fail(err, HENG_ERANGE, 0, "M-Bus knows no %u baud: 300, 600, 1200, 2400, 4800, 9600, 19200 or 38400",
                     baud);
}

/* A selection that several may answer; with the whole number only the same number of another maker would. */
static bool selects_many(const char *address)
{
    struct heng_mbus_target target;
    return heng_mbus_target_of(address, &target) && target.secondary && !heng_mbus_knows_id(&target);
}

heng_rc heng_mbus_can(const struct heng_meter_config *meter, const struct heng_order *order, struct heng_err *err)
{
    bool renames = order->kind == HENG_ORDER_SET_ADDRESS || order->kind == HENG_ORDER_SET_BAUD;
    if (renames && selects_many(meter->address)) return heng_order_not_one(meter->address, order, err);
    switch (order->kind) {
    case HENG_ORDER_READ:
    case HENG_ORDER_PROBE:
    case HENG_ORDER_READ_ADDRESS:
    case HENG_ORDER_READ_CLOCK:
    case HENG_ORDER_SET_CLOCK: return HENG_OK;
    case HENG_ORDER_SET_ADDRESS: return check_address(order->address, err);
    case HENG_ORDER_SET_BAUD: return check_baud(order->baud, err);
    case HENG_ORDER_READ_HISTORY:
        return heng_fail(err, HENG_EUNSUPPORTED, 0,
                         "an M-Bus meter sends the values of its due dates with every read: read it");
    case HENG_ORDER_READ_STATE:
    case HENG_ORDER_FREEZE:
    case HENG_ORDER_CONNECT:
    case HENG_ORDER_DISCONNECT:
    case HENG_ORDER_KEEP:
    case HENG_ORDER_RELEASE:
    case HENG_ORDER_READ_PURSE:
    case HENG_ORDER_PURCHASE:
    case HENG_ORDER_COUNT: break;
    }
    return heng_fail(err, HENG_EUNSUPPORTED, 0, "M-Bus has no command for '%s' that all meters understand",
                     heng_order_text(order->kind));
}

heng_rc heng_mbus_broadcast(const struct heng_order *order, const struct heng_civil *clock, struct heng_ask *ret,
                            struct heng_err *err)
{
    struct heng_ask ask = {.idle_ms = BROADCAST_MS, .silent = true};
    struct heng_buf buf = heng_buf_of(ask.bytes, sizeof ask.bytes);
    if (order->kind != HENG_ORDER_SET_CLOCK)
        return heng_fail(err, HENG_EUNSUPPORTED, 0, "M-Bus has no '%s' for all meters of a line",
                         heng_order_text(order->kind));
    heng_rc rc = heng_mbus_encode_set_clock(HENG_MBUS_C_SND_UD, ALL, clock, false, &buf);
    if (rc != HENG_OK) return heng_fail(err, rc, 0, "this is no time to set a clock to");
    ask.n = buf.n;
    *ret = ask;
    return HENG_OK;
}
