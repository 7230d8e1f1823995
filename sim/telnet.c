#include "sim/telnet.h"

enum {
    IAC = 0xFF,
    DONT = 0xFE,
    DO = 0xFD,
    WONT = 0xFC,
    WILL = 0xFB,
    SB = 0xFA,
    SE = 0xF0,
    BINARY = 0,
    SUPPRESS_GO_AHEAD = 3,
    COM_PORT = 0x2C,
    SET_BAUD = 1,
    SET_DATA_BITS = 2,
    SET_PARITY = 3,
    SET_STOP_BITS = 4,
    SET_CONTROL = 5,
    SET_LINE_MASK = 10,
    SET_MODEM_MASK = 11,
    PURGE = 12,
    NOTIFY_MODEM = 107,
    ANSWER = 100,
    PARITY_NONE = 1,
    PARITY_ODD = 2,
    PARITY_EVEN = 3,
    BAUD_MAX = 921600,
};

enum { STATE_DATA, STATE_IAC, STATE_OPTION, STATE_SUB, STATE_SUB_IAC };

struct heng_sim_telnet heng_sim_telnet_of(uint32_t baud, char parity)
{
    return (struct heng_sim_telnet){
        .baud = baud,
        .data_bits = 8,
        .parity = parity == 'E'   ? PARITY_EVEN
                  : parity == 'O' ? PARITY_ODD
                                  : PARITY_NONE,
        .stop_bits = 1,
        .modem_mask = 0xFF,
    };
}

char heng_sim_telnet_parity(const struct heng_sim_telnet *t)
{
    return t->parity == PARITY_EVEN ? 'E' : t->parity == PARITY_ODD ? 'O' : 'N';
}

static void put_option(struct heng_buf *out, uint8_t verb, uint8_t option)
{
    heng_buf_u8(out, IAC);
    heng_buf_u8(out, verb);
    heng_buf_u8(out, option);
}

static uint8_t option_bit(uint8_t option)
{
    return option == BINARY ? 1 : option == SUPPRESS_GO_AHEAD ? 2 : option == COM_PORT ? 4 : 0;
}

/* Only a change is answered: two ends that answer each other's answers never end (RFC 854). */
static void negotiate(struct heng_sim_telnet *t, uint8_t option, struct heng_buf *out)
{
    bool about_us = t->verb == DO || t->verb == DONT, on = t->verb == DO || t->verb == WILL;
    uint8_t bit = option_bit(option), *have = about_us ? &t->us : &t->him;
    if (on && !bit) {
        put_option(out, about_us ? WONT : DONT, option);
    } else if (on != ((*have & bit) != 0)) {
        *have ^= bit;
        put_option(out, about_us ? (on ? WILL : WONT) : (on ? DO : DONT), option);
    }
    t->com_port = ((t->us | t->him) & option_bit(COM_PORT)) != 0;
}

static void put_sub(struct heng_buf *out, uint8_t command, struct heng_slice value)
{
    heng_buf_u8(out, IAC);
    heng_buf_u8(out, SB);
    heng_buf_u8(out, COM_PORT);
    heng_buf_u8(out, command);
    heng_sim_telnet_say(value, out);
    heng_buf_u8(out, IAC);
    heng_buf_u8(out, SE);
}

/* True when it changes how the bus is driven. */
static bool take_baud(struct heng_sim_telnet *t, struct heng_slice value)
{
    uint32_t baud = 0;
    for (size_t i = 0; i < 4; i++) baud = baud << 8 | value.p[i];
    bool good = baud >= 75 && baud <= BAUD_MAX;
    if (good) t->baud = baud;
    return good;
}

static bool take_small(uint8_t *have, uint8_t value, uint8_t min, uint8_t max)
{
    bool good = value >= min && value <= max;
    if (good) *have = value;
    return good;
}

static bool command(struct heng_sim_telnet *t, struct heng_buf *out)
{
    if (t->too_long || t->n < 2 || t->sub[0] != COM_PORT || !t->com_port) return false;
    uint8_t what = t->sub[1];
    struct heng_slice value = heng_slice_of(t->sub + 2, t->n - 2u);
    uint8_t baud[4], *small = NULL;
    bool set = false;
    if (what == SET_BAUD && value.n == 4) {
        set = take_baud(t, value);
        for (unsigned i = 0; i < 4; i++) baud[i] = (uint8_t)(t->baud >> (24 - 8 * i));
        put_sub(out, SET_BAUD + ANSWER, heng_slice_of(baud, 4));
    } else if (value.n == 1) {
        if (what == SET_DATA_BITS) set = take_small(small = &t->data_bits, value.p[0], 5, 8);
        if (what == SET_PARITY) set = take_small(small = &t->parity, value.p[0], PARITY_NONE, PARITY_EVEN);
        if (what == SET_STOP_BITS) set = take_small(small = &t->stop_bits, value.p[0], 1, 3);
        if (what == SET_MODEM_MASK) *(small = &t->modem_mask) = value.p[0];
        if (what == SET_LINE_MASK) *(small = &t->line_mask) = value.p[0];
        if (what == SET_CONTROL || what == PURGE) small = &t->sub[2]; /* nothing of ours hangs on it: as wanted */
        if (small) put_sub(out, (uint8_t)(what + ANSWER), heng_slice_of(small, 1));
    }
    return set;
}

bool heng_sim_telnet_hear(struct heng_sim_telnet *t, struct heng_slice in, struct heng_buf *ret_data,
                          struct heng_buf *ret_answer)
{
    bool set = false;
    for (size_t i = 0; i < in.n; i++) {
        uint8_t c = in.p[i];
        if (t->state == STATE_DATA) {
            if (c == IAC)
                t->state = STATE_IAC;
            else
                heng_buf_u8(ret_data, c);
        } else if (t->state == STATE_IAC) {
            t->verb = c;
            t->n = 0;
            t->too_long = false;
            t->state = c == SB ? STATE_SUB : c >= WILL && c <= DONT ? STATE_OPTION : STATE_DATA;
            if (c == IAC) heng_buf_u8(ret_data, IAC);
        } else if (t->state == STATE_OPTION) {
            negotiate(t, c, ret_answer);
            t->state = STATE_DATA;
        } else if (t->state == STATE_SUB && c == IAC) {
            t->state = STATE_SUB_IAC;
        } else if (t->state == STATE_SUB_IAC && c != IAC) {
            if (c == SE && command(t, ret_answer)) set = true;
            t->state = STATE_DATA;
        } else {
            t->state = STATE_SUB;
            t->too_long = t->too_long || t->n == sizeof t->sub;
            if (!t->too_long) t->sub[t->n++] = c;
        }
    }
    return set;
}

void heng_sim_telnet_say(struct heng_slice data, struct heng_buf *ret)
{
    for (size_t i = 0; i < data.n; i++) {
        if (data.p[i] == IAC) heng_buf_u8(ret, IAC);
        heng_buf_u8(ret, data.p[i]);
    }
}

void heng_sim_telnet_say_modem(const struct heng_sim_telnet *t, bool overload, struct heng_buf *ret)
{
    /* High half: DCD, RI, DSR, CTS; low half: which of them have set. RI is never there. */
    uint8_t state = (overload ? 0x00 : 0xB0) | 0x0B;
    state = (uint8_t)(state & (t->modem_mask | 0x0F));
    if (t->com_port && t->modem_mask) put_sub(ret, NOTIFY_MODEM, heng_slice_of(&state, 1));
}
