#ifndef HENG_SIM_TELNET_H
#define HENG_SIM_TELNET_H
/* The converter's end of RFC 2217: what a network serial port understands on its TCP connection. No I/O.
 *
 *   FF FF                    the byte FF
 *   FF FB|FC|FD|FE option    WILL, WONT, DO, DONT: BINARY (0), SUPPRESS-GO-AHEAD (3), COM-PORT-OPTION (2C) are
 *                            agreed to, the rest refused; each change is answered once
 *   FF FA 2C n value FF F0   set: 1 baud (4 bytes, high one first), 2 data bits, 3 parity, 4 stop bits, 5 control,
 *                            10 and 11 masks, 12 purge; answered with n + 100 and what is in force; baud .. stop bits
 *                            0 asks only
 *   FF FA 2C 6B state FF F0  from us: the modem lines
 * Source: RFC 854, 855, 856, 858, 2217. */
#include "base/buf.h"

struct heng_sim_telnet {
    uint32_t baud;
    uint8_t data_bits, parity, stop_bits; /* parity, stop_bits: as RFC 2217 numbers them */
    uint8_t modem_mask, line_mask;
    bool com_port;   /* agreed */
    uint8_t us, him; /* bit per option that is on: ours, his */
    uint8_t state, verb, n;
    uint8_t sub[16]; /* of a subnegotiation; what is longer is cut and ignored */
    bool too_long;
};

/* Room that the answers to n bytes need at most. */
#define HENG_SIM_TELNET_ANSWER_MAX(n) (4 * (n) + 32)

struct heng_sim_telnet heng_sim_telnet_of(uint32_t baud, char parity);

/* Bytes of the connection in: data for the bus and answers for the connection out. True when the speed or the parity
 * of the bus has been set, be it to what this client believes it is: another one may have left it elsewhere. */
bool heng_sim_telnet_hear(struct heng_sim_telnet *t, struct heng_slice in, struct heng_buf *ret_data,
                          struct heng_buf *ret_answer);

/* Data of the bus, as it goes into the connection: at most twice as long. */
void heng_sim_telnet_say(struct heng_slice data, struct heng_buf *ret);

/* Tell the modem lines, if the client wants to know: an overloaded converter takes CTS, DSR and DCD away. */
void heng_sim_telnet_say_modem(const struct heng_sim_telnet *t, bool overload, struct heng_buf *ret);

char heng_sim_telnet_parity(const struct heng_sim_telnet *t); /* 'E', 'N' or 'O' */

#endif
