#ifndef HENG_LINK_PORT_H
#define HENG_LINK_PORT_H
/* The kernel's side of a serial port or pty: speed, parity, RS-485 direction, modem lines. Apart from serial.c because
 * <asm/termbits.h>, which knows speeds of any number, and libuv's <termios.h> exclude each other. */
#include "base/rc.h"
#include "model/line.h"

struct heng_port_settings {
    uint32_t baud;
    char parity;
    heng_rts rts;
    bool infrared; /* DTR and RTS power a head on the port */
};

/* Open a port for us alone: raw, 8 data bits, 1 stop bit, no flow control, not blocking.
 * Errors: err->text is a whole sentence with the path: EIO, EBUSY (another program has it), EDENIED,
 *         EUNSUPPORTED (speed, RTS or the driver's RS-485 mode cannot be had). */
HENG_NODISCARD heng_rc heng_port_open(const char *path, const struct heng_port_settings *settings, int *ret_fd,
                                      struct heng_err *err);

/* Another speed and parity, at once; bytes that are still on their way out suffer. Errors: EUNSUPPORTED, EIO. */
HENG_NODISCARD heng_rc heng_port_set_speed(int fd, const char *path, uint32_t baud, char parity, struct heng_err *err);

/* Close it, without the half minute that the kernel would wait for bytes that do not go out. */
void heng_port_close(int fd);

/* Bytes that the driver still has to send; the last one may be in the shift register: then 1. */
unsigned heng_port_unsent(int fd);

/* RTS on or off. Returns 0 or errno. */
int heng_port_rts(int fd, bool on);

/* Does the line of the port say overload? Returns 0 or errno. */
int heng_port_overload(int fd, heng_signal signal, bool *ret);

#endif
