#include "sim/console.h"

#include <stdlib.h>

static void on_client_closed(uv_handle_t *handle)
{
    struct heng_sim_console_client *client = handle->data;
    client->used = false;
}

/* A long answer (show, of ten thousand lines) goes out as fast as the client takes it. */
struct reply {
    uv_write_t request;
    struct heng_str text;
};

static void on_replied(uv_write_t *request, int status)
{
    (void)status;
    struct reply *reply = request->data;
    heng_str_fini(&reply->text);
    free(reply);
}

static void send_reply(struct heng_sim_console_client *client, struct reply *reply)
{
    uv_buf_t buf = uv_buf_init(reply->text.text, (unsigned)reply->text.n);
    reply->request.data = reply;
    if (!reply->text.n || uv_write(&reply->request, (uv_stream_t *)&client->tcp, &buf, 1, on_replied) != 0)
        on_replied(&reply->request, 0);
}

static void carry_out(struct heng_sim_console_client *client, struct heng_str *out)
{
    struct heng_err err = {0};
    struct heng_sim_fleet *fleet = client->console->fleet;
    client->line[client->n] = '\0';
    if (client->too_long) {
        heng_str_fmt(out, "error: command is too long\n");
    } else if (heng_sim_fleet_do(fleet, client->line, out, &err) == HENG_OK) {
        if (!out->n) heng_sim_say("control: %s", client->line);
        heng_str_fmt(out, "ok\n");
    } else {
        heng_str_fmt(out, "error: %s\n", err.text);
    }
}

static void on_command(struct heng_sim_console_client *client)
{
    struct reply *reply = calloc(1, sizeof *reply);
    if (!reply) return;
    reply->request.data = reply;
    reply->text.max = HENG_SIM_SHOW_MAX;
    carry_out(client, &reply->text);
    send_reply(client, reply);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret)
{
    (void)suggested;
    struct heng_sim_console_client *client = handle->data;
    *ret = uv_buf_init(client->in, sizeof client->in);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct heng_sim_console_client *client = stream->data;
    if (n < 0) {
        uv_close((uv_handle_t *)stream, on_client_closed);
        return;
    }
    for (ssize_t i = 0; i < n; i++) {
        char c = buf->base[i];
        if (c == '\n') {
            on_command(client);
            client->n = 0;
            client->too_long = false;
        } else if (client->n + 1 < sizeof client->line) {
            /* The text may be shown again: nothing in it may move a terminal's cursor. */
            client->line[client->n++] = c >= ' ' && c <= '~' ? c : ' ';
        } else {
            client->too_long = true;
        }
    }
}

static void on_connection(uv_stream_t *server, int status)
{
    struct heng_sim_console *console = server->data;
    if (status < 0) return;
    struct heng_sim_console_client *client = NULL;
    for (unsigned i = 0; i < HENG_SIM_CONSOLES_MAX && !client; i++)
        if (!console->clients[i].used) client = &console->clients[i];
    if (!client) {
        heng_sim_refuse(server);
        return;
    }
    *client = (struct heng_sim_console_client){.used = true, .console = console};
    uv_tcp_init(console->fleet->net->loop, &client->tcp);
    client->tcp.data = client;
    if (uv_accept(server, (uv_stream_t *)&client->tcp) != 0 ||
        uv_read_start((uv_stream_t *)&client->tcp, on_alloc, on_read) != 0)
        uv_close((uv_handle_t *)&client->tcp, on_client_closed);
}

heng_rc heng_sim_console_open(struct heng_sim_console *console, struct heng_sim_fleet *fleet, uint16_t tcp_port,
                              struct heng_err *err)
{
    struct sockaddr_in at;
    console->fleet = fleet;
    uv_ip4_addr("127.0.0.1", tcp_port, &at);
    uv_tcp_init(fleet->net->loop, &console->server);
    console->server.data = console;
    int rc = uv_tcp_bind(&console->server, (const struct sockaddr *)&at, 0);
    if (rc == 0) rc = uv_listen((uv_stream_t *)&console->server, HENG_SIM_CONSOLES_MAX, on_connection);
    if (rc != 0)
        return heng_fail(err, HENG_EIO, 0,
                         "cannot listen on 127.0.0.1:%u: %s; free the port or choose another with "
                         "--control-port",
                         tcp_port, uv_strerror(rc));
    int size = sizeof at;
    if (uv_tcp_getsockname(&console->server, (struct sockaddr *)&at, &size) == 0) tcp_port = ntohs(at.sin_port);
    console->tcp_port = tcp_port;
    heng_sim_say("control: listening on 127.0.0.1:%u", tcp_port);
    return HENG_OK;
}
