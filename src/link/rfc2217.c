/* A serial converter that lets us set speed and parity over the network: telnet with the COM-PORT-OPTION.
 *
 *   we                                              the converter
 *   WILL COM-PORT, WILL/DO BINARY, WILL/DO SGA
 *                                                   DO COM-PORT
 *   flow control none, DTR, RTS, masks, purge, speed, 8 bits, parity, 1 stop bit
 *                                                   the last four, as they now are
 *   data, FF doubled                                data, NOTIFY-MODEMSTATE
 *
 * The link is open when the converter has confirmed all four; a converter that says nothing of it is named as what it
 * is: a plain one, for transport tcp. Source: RFC 2217, RFC 856 (binary), RFC 858 (suppress go ahead). */
#include <stdarg.h>
#include <stdio.h>

#include "link/internal.h"
#include "link/telnet.h"

enum { BINARY = 0, GO_AHEAD = 3, COM_PORT = 44 };
enum { SET_BAUDRATE = 1, SET_DATASIZE, SET_PARITY, SET_STOPSIZE, SET_CONTROL, SET_LINESTATE_MASK = 10 };
enum { SET_MODEMSTATE_MASK = 11, PURGE_DATA = 12, FROM_SERVER = 100, NOTIFY_MODEMSTATE = 107 };
enum { FLOW_NONE = 1, DTR_ON = 8, RTS_ON = 11, PURGE_BOTH = 3 };
enum { ANSWER_MS = 5000, LATENCY_MS = 50, LATER_MAX = 1024 };

struct rfc2217 {
    struct heng_tcp tcp;
    heng_signal signal;
    enum { DIALLING, GREETING, SETTING, READY, DRAINING } step; /* SETTING also while open: a new speed */
    struct heng_telnet telnet;
    uint8_t awaited; /* bit n: the answer to command n */
    uint32_t asked_baud;
    char asked_parity;
    uint8_t will_answered[32], do_answered[32];
    uint64_t busy_until_ns; /* when the last byte handed over is out on the bus, as far as we can tell */
    size_t later_n;
    uint8_t later[LATER_MAX]; /* handed over after a new speed was asked for */
    uint8_t data[RECEIVE_BYTES];
};

static struct rfc2217 *of(struct heng_link *link) { return (struct rfc2217 *)link; }

HENG_PRINTF(2, 3) static void fail(struct heng_link *link, const char *fmt, ...)
{
    char why[CLOSED_TEXT_MAX], text[112];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    snprintf(why, sizeof why, "'%.40s' %.110s", link->endpoint, text);
    heng_tcp_fail(link, why);
}

static void say(struct heng_link *link, struct heng_slice bytes)
{
    struct rfc2217 *r = of(link);
    if (r->tcp.socket && heng_socket_send(r->tcp.socket, bytes) != HENG_OK) fail(link, "takes no more bytes");
}

static void put_command(struct heng_buf *out, uint8_t command, uint32_t value, size_t bytes)
{
    uint8_t big_endian[4];
    for (size_t i = 0; i < bytes; i++) big_endian[i] = (uint8_t)(value >> (8 * (bytes - 1 - i)));
    heng_buf_put(out, heng_slice_of((const uint8_t[]){TELNET_IAC, TELNET_SB, COM_PORT, command}, 4));
    heng_telnet_escape(out, heng_slice_of(big_endian, bytes));
    heng_buf_put(out, heng_slice_of((const uint8_t[]){TELNET_IAC, TELNET_SE}, 2));
}

static uint8_t parity_number(char parity) { return parity == 'E' ? 3 : parity == 'O' ? 2 : 1; }

/* What the answer to a setting must say. */
static uint32_t wanted(const struct rfc2217 *r, uint8_t command)
{
    if (command == SET_BAUDRATE) return r->asked_baud;
    if (command == SET_DATASIZE) return 8;
    return command == SET_PARITY ? parity_number(r->asked_parity) : 1;
}

static void put_settings(struct heng_link *link, struct heng_buf *out)
{
    struct rfc2217 *r = of(link);
    r->asked_baud = link->baud;
    r->asked_parity = link->parity;
    for (unsigned command = SET_BAUDRATE; command <= SET_STOPSIZE; command++) {
        put_command(out, (uint8_t)command, wanted(r, (uint8_t)command), command == SET_BAUDRATE ? 4 : 1);
        r->awaited |= (uint8_t)(1u << command);
    }
    r->step = SETTING;
}

static void set_up(struct heng_link *link)
{
    static const uint8_t controls[] = {FLOW_NONE, DTR_ON, RTS_ON};
    uint8_t memory[160];
    struct heng_buf out = heng_buf_of(memory, sizeof memory);
    for (size_t i = 0; i < sizeof controls; i++) put_command(&out, SET_CONTROL, controls[i], 1);
    put_command(&out, SET_LINESTATE_MASK, 0, 1);
    put_command(&out, SET_MODEMSTATE_MASK, of(link)->signal == HENG_SIGNAL_NONE ? 0 : 0xF0, 1);
    put_command(&out, PURGE_DATA, PURGE_BOTH, 1);
    put_settings(link, &out);
    heng_link_due_in(link, ANSWER_MS);
    say(link, heng_buf_slice(&out));
}

static void connected(struct heng_link *link)
{
    static const uint8_t greeting[] = {
        TELNET_IAC, TELNET_WILL, COM_PORT,    TELNET_IAC, TELNET_WILL, BINARY,    TELNET_IAC, TELNET_DO,
        BINARY,     TELNET_IAC,  TELNET_WILL, GO_AHEAD,   TELNET_IAC,  TELNET_DO, GO_AHEAD,
    };
    struct rfc2217 *r = of(link);
    r->telnet = (struct heng_telnet){.state = TELNET_IN_DATA};
    memset(r->will_answered, 0, sizeof r->will_answered);
    memset(r->do_answered, 0, sizeof r->do_answered);
    r->step = GREETING;
    r->awaited = 0;
    r->later_n = 0;
    r->busy_until_ns = 0;
    heng_link_due_in(link, ANSWER_MS);
    say(link, heng_slice_of(greeting, sizeof greeting));
}

static void transmit(struct heng_link *link, struct heng_slice bytes)
{
    struct rfc2217 *r = of(link);
    uint8_t memory[2 * PENDING_BYTES_MAX];
    struct heng_buf out = heng_buf_of(memory, sizeof memory);
    heng_telnet_escape(&out, bytes);
    uint64_t now = uv_hrtime();
    if (r->busy_until_ns < now) r->busy_until_ns = now;
    r->busy_until_ns += heng_link_bytes_ns(link, bytes.n);
    if (out.full)
        fail(link, "takes no more bytes");
    else
        say(link, heng_buf_slice(&out));
}

/* The converter changes its speed when it hears of it: what it still has to send must be out by then. */
static void set_speed(struct heng_link *link)
{
    struct rfc2217 *r = of(link);
    if (r->step == SETTING && r->awaited) return; /* when that is answered */
    uint64_t now = uv_hrtime(), busy_ms = r->busy_until_ns > now ? (r->busy_until_ns - now) / 1000000 + 1 : 0;
    r->step = DRAINING;
    heng_link_due_in(link, busy_ms ? busy_ms + LATENCY_MS : 0);
}

static void all_set(struct heng_link *link)
{
    struct rfc2217 *r = of(link);
    if (r->asked_baud != link->baud || r->asked_parity != link->parity) { /* asked for another one meanwhile */
        set_speed(link);
        return;
    }
    r->step = READY;
    if (!link->open) {
        heng_link_opened(link);
        return;
    }
    link->due_ms = 0;
    size_t n = r->later_n;
    r->later_n = 0;
    if (n) transmit(link, heng_slice_of(r->later, n));
}

/* The converter has changed a setting, and says what it is now. */
static void on_setting(struct heng_link *link, uint8_t command, struct heng_slice value)
{
    struct rfc2217 *r = of(link);
    uint32_t is = 0;
    if (r->step != SETTING || !(r->awaited & 1u << command)) return;
    if (value.n != (command == SET_BAUDRATE ? 4u : 1u)) return;
    for (size_t i = 0; i < value.n; i++) is = is << 8 | value.p[i];
    if (is != wanted(r, command)) {
        static const char *const names[] = {"", "speed", "data bits", "parity", "stop bits"};
        fail(link, "sets %s to %u instead of %u: it cannot do %u 8%c1", names[command], is, wanted(r, command),
             r->asked_baud, r->asked_parity);
        return;
    }
    r->awaited &= (uint8_t) ~(1u << command);
    if (r->awaited == 0) all_set(link);
}

static void on_modem_state(struct heng_link *link, uint8_t state)
{
    static const uint8_t bits[HENG_SIGNAL_COUNT] = {
        [HENG_SIGNAL_CTS_LOW] = 0x10,
        [HENG_SIGNAL_DSR_LOW] = 0x20,
        [HENG_SIGNAL_RI_HIGH] = 0x40,
        [HENG_SIGNAL_DCD_LOW] = 0x80,
    };
    heng_signal signal = of(link)->signal;
    bool on = state & bits[signal];
    if (signal != HENG_SIGNAL_NONE) heng_link_overload(link, on == (signal == HENG_SIGNAL_RI_HIGH));
}

static void on_sub(struct heng_link *link, struct heng_slice sub)
{
    if (sub.n < 3 || sub.p[0] != COM_PORT || sub.p[1] < FROM_SERVER) return;
    uint8_t command = (uint8_t)(sub.p[1] - FROM_SERVER);
    if (command >= SET_BAUDRATE && command <= SET_STOPSIZE)
        on_setting(link, command, heng_slice_from(sub, 2));
    else if (sub.p[1] == NOTIFY_MODEMSTATE)
        on_modem_state(link, sub.p[2]);
}

/* Answer what we did not ask for, once for each option, or two that answer each other never end: no, but yes to a
 * server that offers COM-PORT-OPTION by itself. */
static void answer_option(struct heng_link *link, uint8_t verb, uint8_t option)
{
    uint8_t *told = verb == TELNET_WILL ? of(link)->will_answered : of(link)->do_answered;
    if (told[option / 8] & 1u << option % 8) return;
    told[option / 8] |= (uint8_t)(1u << option % 8);
    uint8_t answer = verb == TELNET_DO ? TELNET_WONT : option == COM_PORT ? TELNET_DO : TELNET_DONT;
    say(link, heng_slice_of((const uint8_t[]){TELNET_IAC, answer, option}, 3));
}

static void on_verb(struct heng_link *link, uint8_t verb, uint8_t option)
{
    bool yes = verb == TELNET_WILL || verb == TELNET_DO;
    if (option == COM_PORT && verb == TELNET_DONT)
        fail(link, "does not let us set its port (RFC 2217): use transport tcp and set the speed at the device");
    else if (option == BINARY && !yes)
        fail(link, "refuses bytes of 8 bits (telnet BINARY)");
    else if (verb == TELNET_WILL && option == COM_PORT)
        answer_option(link, verb, option);
    else if (yes && option != BINARY && option != GO_AHEAD && option != COM_PORT)
        answer_option(link, verb, option);
    if (yes && option == COM_PORT && of(link)->step == GREETING) set_up(link);
}

static void received(struct heng_link *link, struct heng_slice bytes)
{
    struct rfc2217 *r = of(link);
    const uv_tcp_t *socket = r->tcp.socket;
    struct heng_telnet_piece piece;
    heng_telnet_kind kind;
    size_t n = 0;
    while ((kind = heng_telnet_next(&r->telnet, &bytes, &piece)) != HENG_TELNET_NOTHING) {
        if (kind == HENG_TELNET_VERB) on_verb(link, piece.verb, piece.option);
        if (kind == HENG_TELNET_SUB) on_sub(link, piece.bytes);
        if (r->tcp.socket != socket || link->stopping) return; /* what was said ended the connection */
        /* What came before the port was set up is of another speed. */
        if (kind != HENG_TELNET_DATA || !link->open) continue;
        memcpy(r->data + n, piece.bytes.p, piece.bytes.n); /* never more than was received */
        n += piece.bytes.n;
    }
    if (n) heng_link_received(link, heng_slice_of(r->data, n));
}

static void rfc2217_send(struct heng_link *link, struct heng_slice bytes)
{
    struct rfc2217 *r = of(link);
    if (r->step == READY) {
        transmit(link, bytes);
    } else if (bytes.n > sizeof r->later - r->later_n) {
        fail(link, "takes no more bytes");
    } else if (bytes.n) {
        memcpy(r->later + r->later_n, bytes.p, bytes.n);
        r->later_n += bytes.n;
    }
}

static void due(struct heng_link *link)
{
    struct rfc2217 *r = of(link);
    uint8_t memory[64];
    struct heng_buf out = heng_buf_of(memory, sizeof memory);
    switch (r->step) {
    case DIALLING: heng_tcp_due(link); return;
    case GREETING:
        fail(link, "does not answer as RFC 2217: use transport tcp, or switch RFC 2217 on at the device");
        return;
    case SETTING: fail(link, "does not confirm speed and parity of its port"); return;
    case DRAINING:
        put_settings(link, &out);
        heng_link_due_in(link, ANSWER_MS);
        say(link, heng_buf_slice(&out));
        return;
    case READY: return;
    }
}

static void rfc2217_start(struct heng_link *link)
{
    of(link)->step = DIALLING;
    heng_tcp_start(link);
}

static heng_rc rfc2217_configure(struct heng_link *link, const struct heng_line_config *config, struct heng_err *err)
{
    of(link)->signal = (unsigned)config->overload < HENG_SIGNAL_COUNT ? config->overload : HENG_SIGNAL_NONE;
    heng_rc rc = heng_speed_check(link->baud, link->parity, err);
    return rc == HENG_OK ? heng_tcp_configure(link, config, err) : rc;
}

const struct heng_transport heng_transport_rfc2217 = {
    .size = sizeof(struct rfc2217),
    .pause_ms_max = 8000,
    .configure = rfc2217_configure,
    .start = rfc2217_start,
    .send = rfc2217_send,
    .stop = heng_tcp_stop,
    .due = due,
    .set_speed = set_speed,
    .connected = connected,
    .received = received,
};
