#include "sim/net.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

heng_us heng_sim_clock_now(const struct heng_sim_clock *clock)
{
    return clock->start_us + (heng_clock_mono() - clock->mono_us) * clock->speed;
}

void heng_sim_say(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vprintf(fmt, args);
    va_end(args);
    putchar('\n');
    fflush(stdout);
}

static void on_port_timer(uv_timer_t *timer);

/* Set the timer to the moment the wire has something to hand on. */
static void arm(struct heng_sim_port *port)
{
    heng_us next_us = heng_sim_wire_next_us(&port->line->wire);
    if (next_us == HENG_US_NEVER) {
        uv_timer_stop(&port->timer);
        return;
    }
    heng_us wait_us = (next_us - heng_sim_clock_now(port->clock)) / port->clock->speed;
    uint64_t wait_ms = wait_us <= 0 ? 1 : (uint64_t)(wait_us / HENG_US_PER_MS + 1);
    uv_update_time(port->timer.loop);
    uv_timer_start(&port->timer, on_port_timer, wait_ms, 0);
}

static void on_port_timer(uv_timer_t *timer)
{
    struct heng_sim_port *port = timer->data;
    struct heng_slice bytes = heng_sim_wire_poll(&port->line->wire, heng_sim_clock_now(port->clock));
    if (bytes.n > 0 && port->asker) {
        /* A converter has no memory to speak of: what the network does not take at once is gone. */
        uv_buf_t buf = uv_buf_init((char *)(uintptr_t)bytes.p, (unsigned)bytes.n);
        int written = uv_try_write(port->asker, &buf, 1);
        port->lost += bytes.n - (written > 0 ? (size_t)written : 0);
    }
    arm(port);
}

void heng_sim_port_init(struct heng_sim_port *port, uv_loop_t *loop, struct heng_sim_line *line,
                        struct heng_sim_world *world, const struct heng_sim_clock *clock)
{
    *port = (struct heng_sim_port){.line = line, .world = world, .clock = clock};
    uv_timer_init(loop, &port->timer);
    port->timer.data = port;
}

void heng_sim_port_hear(struct heng_sim_port *port, uv_stream_t *asker, struct heng_slice bytes)
{
    heng_us now_us = heng_sim_clock_now(port->clock);
    heng_sim_world_advance(port->world, now_us);
    if (!heng_sim_wire_busy(&port->line->wire)) port->asker = asker;
    heng_sim_line_hear(port->line, bytes, now_us);
    arm(port);
}

void heng_sim_port_forget(struct heng_sim_port *port, const uv_stream_t *asker)
{
    if (port->asker == asker) port->asker = NULL;
}

/* ---- the converter ---- */

static const char *name_of(const struct heng_sim_converter *c) { return heng_sim_line_name(c->port->line->id); }

void heng_sim_converter_init(struct heng_sim_converter *c, uv_loop_t *loop, struct heng_sim_port *port,
                             uint16_t tcp_port)
{
    *c = (struct heng_sim_converter){.loop = loop, .port = port, .tcp_port = tcp_port, .pty_slave = -1};
}

static void on_client_closed(uv_handle_t *handle)
{
    struct heng_sim_client *client = handle->data;
    client->used = false;
}

static void close_client(struct heng_sim_client *client)
{
    if (!client->used || uv_is_closing(&client->as.handle)) return;
    heng_sim_port_forget(client->converter->port, &client->as.stream);
    uv_close(&client->as.handle, on_client_closed);
}

static void on_client_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret)
{
    (void)suggested;
    struct heng_sim_client *client = handle->data;
    *ret = uv_buf_init(client->in, sizeof client->in);
}

static void on_client_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct heng_sim_client *client = stream->data;
    if (n < 0) {
        heng_sim_say("%s: connection closed", name_of(client->converter));
        close_client(client);
    } else if (n > 0 && client->converter->plugged) {
        heng_sim_port_hear(client->converter->port, stream, heng_slice_of(buf->base, (size_t)n));
    }
}

static void on_refused_closed(uv_handle_t *handle) { free(handle); }

void heng_sim_refuse(uv_stream_t *server)
{
    uv_tcp_t *tcp = malloc(sizeof *tcp);
    if (!tcp) return;
    uv_tcp_init(server->loop, tcp);
    (void)uv_accept(server, (uv_stream_t *)tcp);
    uv_close((uv_handle_t *)tcp, on_refused_closed);
}

static void on_connection(uv_stream_t *server, int status)
{
    struct heng_sim_converter *c = server->data;
    if (status < 0) return;
    struct heng_sim_client *client = NULL;
    for (unsigned i = 0; i < HENG_SIM_CLIENTS_MAX && !client; i++)
        if (!c->clients[i].used) client = &c->clients[i];
    if (!client) {
        heng_sim_refuse(server);
        heng_sim_say("%s: connection refused, %d are open", name_of(c), HENG_SIM_CLIENTS_MAX);
        return;
    }
    client->used = true;
    client->converter = c;
    uv_tcp_init(c->loop, &client->as.tcp);
    client->as.handle.data = client;
    if (uv_accept(server, &client->as.stream) != 0 ||
        uv_read_start(&client->as.stream, on_client_alloc, on_client_read) != 0) {
        close_client(client);
        return;
    }
    uv_tcp_nodelay(&client->as.tcp, 1);
    heng_sim_say("%s: connection opened", name_of(c));
}

static void on_server_closed(uv_handle_t *handle)
{
    struct heng_sim_converter *c = handle->data;
    struct heng_err err;
    c->open = false;
    /* Plugged in again before the old socket was gone. */
    if (c->plugged && heng_sim_converter_plug(c, &err) != HENG_OK) heng_sim_say("%s: %s", name_of(c), err.text);
}

heng_rc heng_sim_converter_plug(struct heng_sim_converter *c, struct heng_err *err)
{
    c->plugged = true;
    if (c->open) return HENG_OK;
    struct sockaddr_in at;
    uv_ip4_addr("127.0.0.1", c->tcp_port, &at);
    uv_tcp_init(c->loop, &c->server);
    c->server.data = c;
    c->open = true;
    int rc = uv_tcp_bind(&c->server, (const struct sockaddr *)&at, 0);
    if (rc == 0) rc = uv_listen((uv_stream_t *)&c->server, HENG_SIM_CLIENTS_MAX, on_connection);
    if (rc != 0) {
        c->plugged = false;
        uv_close((uv_handle_t *)&c->server, on_server_closed);
        return heng_fail(err, HENG_EIO, 0,
                         "cannot listen on 127.0.0.1:%u: %s; free the port or choose another with "
                         "%s",
                         c->tcp_port, uv_strerror(rc),
                         c->port->line->id == HENG_SIM_LINE_POWER ? "--power-port" : "--mbus-port");
    }
    int size = sizeof at;
    if (uv_tcp_getsockname(&c->server, (struct sockaddr *)&at, &size) == 0) c->tcp_port = ntohs(at.sin_port);
    heng_sim_say("%s: listening on 127.0.0.1:%u", name_of(c), c->tcp_port);
    return HENG_OK;
}

void heng_sim_converter_unplug(struct heng_sim_converter *c)
{
    if (!c->plugged) return;
    c->plugged = false;
    for (unsigned i = 0; i < HENG_SIM_CLIENTS_MAX; i++) close_client(&c->clients[i]);
    if (!uv_is_closing((uv_handle_t *)&c->server)) uv_close((uv_handle_t *)&c->server, on_server_closed);
    heng_sim_say("%s: unplugged", name_of(c));
}

/* A pty as a serial port would be: eight bits, no echo, no line editing. */
static heng_rc open_pair(struct heng_sim_converter *c, int *ret_master, char *ret_name, size_t cap)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    if (master < 0) return HENG_EIO;
    struct termios mode;
    if (grantpt(master) != 0 || unlockpt(master) != 0 || ptsname_r(master, ret_name, cap) != 0 ||
        (c->pty_slave = open(ret_name, O_RDWR | O_NOCTTY | O_CLOEXEC)) < 0 || tcgetattr(c->pty_slave, &mode) != 0)
        goto failed;
    cfmakeraw(&mode);
    if (tcsetattr(c->pty_slave, TCSANOW, &mode) != 0) goto failed;
    *ret_master = master;
    return HENG_OK;
failed:;
    int reason = errno;
    close(master);
    errno = reason;
    return HENG_EIO;
}

heng_rc heng_sim_converter_open_pty(struct heng_sim_converter *c, const char *path, struct heng_err *err)
{
    char name[64];
    int master;
    struct stat st;
    if (strlen(path) >= sizeof c->pty_path) return heng_fail(err, HENG_ELIMIT, 0, "path of --pty is too long");
    if (lstat(path, &st) == 0 && !S_ISLNK(st.st_mode))
        return heng_fail(err, HENG_EEXISTS, 0, "'%.80s' exists and is no symbolic link; name another with --pty", path);
    if (open_pair(c, &master, name, sizeof name) != HENG_OK)
        return heng_fail(err, HENG_EIO, 0, "cannot open a pty: %s", uv_strerror(uv_translate_sys_error(errno)));
    (void)unlink(path);
    if (symlink(name, path) != 0) {
        heng_fail(err, HENG_EIO, 0, "cannot link '%.80s' to %s: %s", path, name,
                  uv_strerror(uv_translate_sys_error(errno)));
        close(master);
        return HENG_EIO;
    }
    memcpy(c->pty_path, path, strlen(path) + 1);
    c->pty.used = true;
    c->pty.converter = c;
    uv_pipe_init(c->loop, &c->pty.as.pipe, 0);
    c->pty.as.handle.data = &c->pty;
    int rc = uv_pipe_open(&c->pty.as.pipe, master);
    if (rc == 0) rc = uv_read_start(&c->pty.as.stream, on_client_alloc, on_client_read);
    if (rc != 0) return heng_fail(err, HENG_EIO, 0, "cannot read from the pty: %s", uv_strerror(rc));
    heng_sim_say("%s: pty %s linked at %s", name_of(c), name, path);
    return HENG_OK;
}

void heng_sim_converter_fini(struct heng_sim_converter *c)
{
    if (c->pty_path[0]) (void)unlink(c->pty_path);
    if (c->pty_slave >= 0) close(c->pty_slave);
    c->pty_slave = -1;
}
