#include "sim/converter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

struct heng_sim_client {
    union {
        uv_tcp_t tcp;
        uv_pipe_t pipe;
        uv_stream_t stream;
        uv_handle_t handle;
    } as;
    struct heng_sim_converter *converter;
    struct heng_sim_client *next;
    struct heng_sim_telnet telnet;
    bool silent; /* half-open */
};

static const char *name_of(const struct heng_sim_converter *c) { return c->port->line->name; }

/* --- connections --------------------------------------------------------------------------------------- */

static void on_client_closed(uv_handle_t *handle) { free(handle->data); }

static void close_client(struct heng_sim_client *client)
{
    struct heng_sim_converter *c = client->converter;
    heng_sim_port_forget(c->port, &client->as.stream);
    if (client == c->pty) c->pty = NULL;
    for (struct heng_sim_client **at = &c->clients; *at; at = &(*at)->next) {
        if (*at != client) continue;
        *at = client->next;
        break;
    }
    uv_close(&client->as.handle, on_client_closed);
}

static void close_clients(struct heng_sim_converter *c)
{
    while (c->clients) close_client(c->clients);
}

unsigned heng_sim_converter_count(const struct heng_sim_converter *c)
{
    unsigned n = 0;
    for (const struct heng_sim_client *client = c->clients; client; client = client->next) n += !client->silent;
    return n;
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret)
{
    (void)suggested;
    struct heng_sim_client *client = handle->data;
    heng_sim_net_alloc(client->converter->port->net, ret);
}

static void hear_telnet(struct heng_sim_client *client, struct heng_slice in)
{
    struct heng_sim_port *port = client->converter->port;
    uint8_t data_memory[512], answer_memory[HENG_SIM_TELNET_ANSWER_MAX(sizeof data_memory)];
    const struct heng_sim_asker asker = {.stream = &client->as.stream, .telnet = &client->telnet};
    for (size_t n; in.n > 0; in = heng_slice_from(in, n)) {
        struct heng_buf data = heng_buf_of(data_memory, sizeof data_memory);
        struct heng_buf answer = heng_buf_of(answer_memory, sizeof answer_memory);
        bool com_port = client->telnet.com_port;
        n = in.n < sizeof data_memory ? in.n : sizeof data_memory;
        if (heng_sim_telnet_hear(&client->telnet, heng_slice_of(in.p, n), &data, &answer))
            heng_sim_town_set_speed(port->line, heng_sim_port_now(port), client->telnet.baud,
                                    heng_sim_telnet_parity(&client->telnet));
        if (!com_port) heng_sim_telnet_say_modem(&client->telnet, port->line->overload, &answer);
        (void)heng_sim_put(&client->as.stream, heng_buf_slice(&answer));
        if (data.n) heng_sim_port_hear(port, &asker, heng_buf_slice(&data));
    }
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct heng_sim_client *client = stream->data;
    struct heng_sim_converter *c = client->converter;
    if (n < 0) {
        if (!c->port->net->quiet) heng_sim_say("%s: connection closed", name_of(c));
        close_client(client);
    } else if (n > 0 && c->rfc2217 && client != c->pty) {
        hear_telnet(client, heng_slice_of(buf->base, (size_t)n));
    } else if (n > 0 && c->plugged) {
        const struct heng_sim_asker asker = {.stream = stream};
        heng_sim_port_hear(c->port, &asker, heng_slice_of(buf->base, (size_t)n));
    }
}

static struct heng_sim_client *client_new(struct heng_sim_converter *c)
{
    struct heng_sim_client *client = calloc(1, sizeof *client);
    if (!client) return NULL;
    const struct heng_sim_town_line *line = c->port->line;
    uint32_t baud = line->plan ? line->plan->bus.baud : line->house->wire.baud;
    client->converter = c;
    client->telnet = heng_sim_telnet_of(baud, line->plan ? line->plan->bus.parity : 'E');
    client->as.handle.data = client;
    return client;
}

static void on_connection(uv_stream_t *server, int status)
{
    struct heng_sim_converter *c = server->data;
    if (status < 0) return;
    bool room = heng_sim_converter_count(c) < HENG_SIM_CLIENTS_MAX;
    struct heng_sim_client *client = room ? client_new(c) : NULL;
    if (!client) {
        heng_sim_refuse(server);
        heng_sim_say("%s: connection refused, %d are open", name_of(c), HENG_SIM_CLIENTS_MAX);
        return;
    }
    uv_tcp_init(c->port->net->loop, &client->as.tcp);
    client->as.handle.data = client;
    client->next = c->clients;
    c->clients = client;
    if (uv_accept(server, &client->as.stream) != 0 || uv_read_start(&client->as.stream, on_alloc, on_read) != 0) {
        close_client(client);
        return;
    }
    uv_tcp_nodelay(&client->as.tcp, 1);
    if (!c->port->net->quiet) heng_sim_say("%s: connection opened", name_of(c));
}

/* --- listening ----------------------------------------------------------------------------------------- */

void heng_sim_converter_init(struct heng_sim_converter *c, struct heng_sim_port *port, uint16_t tcp_port, bool rfc2217,
                             const char *remedy)
{
    *c = (struct heng_sim_converter){
        .port = port, .tcp_port = tcp_port, .rfc2217 = rfc2217, .remedy = remedy, .pty_slave = -1};
    uv_timer_init(port->net->loop, &c->timer);
    c->timer.data = c;
}

static void plug_again(struct heng_sim_converter *c)
{
    struct heng_err err;
    if (heng_sim_converter_plug(c, &err) != HENG_OK) heng_sim_say("%s: %s", name_of(c), err.text);
}

static void on_server_closed(uv_handle_t *handle)
{
    struct heng_sim_converter *c = handle->data;
    c->open = false;
    if (c->plugged) plug_again(c); /* plugged in again before the old socket was gone */
}

heng_rc heng_sim_converter_plug(struct heng_sim_converter *c, struct heng_err *err)
{
    c->plugged = true;
    if (c->open) return HENG_OK;
    struct sockaddr_in at;
    uv_ip4_addr("127.0.0.1", c->tcp_port, &at);
    uv_tcp_init(c->port->net->loop, &c->server);
    c->server.data = c;
    c->open = true;
    int rc = uv_tcp_bind(&c->server, (const struct sockaddr *)&at, 0);
    if (rc == 0) rc = uv_listen((uv_stream_t *)&c->server, HENG_SIM_CLIENTS_MAX, on_connection);
    if (rc != 0) {
        c->plugged = false;
        uv_close((uv_handle_t *)&c->server, on_server_closed);
        return heng_fail(err, HENG_EIO, 0, "cannot listen on 127.0.0.1:%u: %s; free the port or choose another with %s",
                         c->tcp_port, uv_strerror(rc), c->remedy);
    }
    int size = sizeof at;
    if (uv_tcp_getsockname(&c->server, (struct sockaddr *)&at, &size) == 0) c->tcp_port = ntohs(at.sin_port);
    if (!c->port->net->quiet) heng_sim_say("%s: listening on 127.0.0.1:%u", name_of(c), c->tcp_port);
    return HENG_OK;
}

static void close_server(struct heng_sim_converter *c)
{
    close_clients(c);
    if (c->open && !uv_is_closing((uv_handle_t *)&c->server)) uv_close((uv_handle_t *)&c->server, on_server_closed);
}

void heng_sim_converter_unplug(struct heng_sim_converter *c)
{
    if (!c->plugged) return;
    c->plugged = false;
    uv_timer_stop(&c->timer);
    close_server(c);
    if (!c->port->net->quiet) heng_sim_say("%s: unplugged", name_of(c));
}

void heng_sim_converter_half_open(struct heng_sim_converter *c)
{
    for (struct heng_sim_client *client = c->clients; client; client = client->next) {
        client->silent = true;
        uv_read_stop(&client->as.stream);
        heng_sim_port_forget(c->port, &client->as.stream);
    }
}

static void on_restart(uv_timer_t *timer) { plug_again(timer->data); }

void heng_sim_converter_restart(struct heng_sim_converter *c, uint64_t after_ms)
{
    if (!c->plugged && !c->open) return; /* pulled out before: it stays so */
    c->plugged = false;
    close_server(c);
    uv_timer_start(&c->timer, on_restart, after_ms, 0);
}

void heng_sim_converter_tell_modem(struct heng_sim_converter *c)
{
    uint8_t memory[32];
    for (struct heng_sim_client *client = c->clients; c->rfc2217 && client; client = client->next) {
        struct heng_buf out = heng_buf_of(memory, sizeof memory);
        heng_sim_telnet_say_modem(&client->telnet, c->port->line->overload, &out);
        if (!client->silent) (void)heng_sim_put(&client->as.stream, heng_buf_slice(&out));
    }
}

/* --- the pty ------------------------------------------------------------------------------------------- */

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

/* The link at path, instead of an older one. */
static heng_rc link_at(const char *path, const char *name, struct heng_err *err)
{
    (void)unlink(path);
    if (symlink(name, path) == 0) return HENG_OK;
    return heng_fail(err, HENG_EIO, 0, "cannot link '%.80s' to %s: %s", path, name,
                     uv_strerror(uv_translate_sys_error(errno)));
}

heng_rc heng_sim_converter_open_pty(struct heng_sim_converter *c, const char *path, struct heng_err *err)
{
    char name[64];
    int master;
    struct stat st;
    if (lstat(path, &st) == 0 && !S_ISLNK(st.st_mode))
        return heng_fail(err, HENG_EEXISTS, 0, "'%.80s' exists and is no symbolic link; name another path for the pty",
                         path);
    if (open_pair(c, &master, name, sizeof name) != HENG_OK)
        return heng_fail(err, HENG_EIO, 0, "cannot open a pty: %s", uv_strerror(uv_translate_sys_error(errno)));
    struct heng_sim_client *client = client_new(c);
    c->pty_path = strdup(path);
    heng_rc rc = client && c->pty_path ? link_at(path, name, err) : heng_fail(err, HENG_ENOMEM, 0, "out of memory");
    if (rc != HENG_OK) {
        free(c->pty_path);
        c->pty_path = NULL;
        free(client);
        close(master);
        return rc;
    }
    c->pty = client;
    uv_pipe_init(c->port->net->loop, &client->as.pipe, 0);
    client->as.handle.data = client;
    int broken = uv_pipe_open(&client->as.pipe, master);
    if (broken == 0) broken = uv_read_start(&client->as.stream, on_alloc, on_read);
    if (broken != 0) return heng_fail(err, HENG_EIO, 0, "cannot read from the pty: %s", uv_strerror(broken));
    c->plugged = true;
    if (!c->port->net->quiet) heng_sim_say("%s: pty %s linked at %s", name_of(c), name, path);
    return HENG_OK;
}

void heng_sim_converter_close_pty(struct heng_sim_converter *c)
{
    if (c->pty) close_client(c->pty);
    if (c->pty_path) (void)unlink(c->pty_path);
    free(c->pty_path);
    c->pty_path = NULL;
    if (c->pty_slave >= 0) close(c->pty_slave);
    c->pty_slave = -1;
}

void heng_sim_converter_close(struct heng_sim_converter *c)
{
    c->plugged = false;
    close_server(c);
    uv_close((uv_handle_t *)&c->timer, NULL);
    heng_sim_converter_close_pty(c);
}
