#include "sim/console.h"

#include <stdio.h>

static void on_client_closed(uv_handle_t *handle)
{
    struct heng_sim_console_client *client = handle->data;
    client->used = false;
}

static void reply(struct heng_sim_console_client *client, const char *text)
{
    char line[256];
    int n = snprintf(line, sizeof line, "%s\n", text);
    uv_buf_t buf = uv_buf_init(line, (unsigned)n);
    (void)uv_try_write((uv_stream_t *)&client->tcp, &buf, 1);
}

static void unplug(struct heng_sim_console *console, heng_sim_line_id line)
{
    if (line == HENG_SIM_LINE_HEAT)
        heng_sim_converter_unplug(console->converter);
    else if (line == HENG_SIM_LINE_POWER)
        heng_sim_converter_unplug(console->power);
    else
        heng_sim_dtu_unplug(console->dtu);
}

static heng_rc plug(struct heng_sim_console *console, heng_sim_line_id line, struct heng_err *err)
{
    if (line == HENG_SIM_LINE_HEAT) return heng_sim_converter_plug(console->converter, err);
    if (line == HENG_SIM_LINE_POWER) return heng_sim_converter_plug(console->power, err);
    heng_sim_dtu_plug(console->dtu);
    return HENG_OK;
}

static heng_rc carry_out(struct heng_sim_console *console, const char *text, bool *ret_quit, struct heng_err *err)
{
    struct heng_sim_command command;
    heng_rc rc = heng_sim_command_parse(text, &command, err);
    if (rc != HENG_OK) return rc;
    *ret_quit = command.verb == HENG_SIM_VERB_QUIT;
    if (*ret_quit) return HENG_OK;
    if (command.line == HENG_SIM_LINE_POWER && !console->power)
        return heng_fail(err, HENG_ENOTFOUND, 0, "there is no power line: start heng-sim with --power-port");
    if (command.verb == HENG_SIM_VERB_UNPLUG) {
        unplug(console, command.line);
        return HENG_OK;
    }
    if (command.verb == HENG_SIM_VERB_PLUG) return plug(console, command.line, err);
    rc = heng_sim_command_apply(&command, console->lines[command.line], err);
    if (rc == HENG_OK) heng_sim_say("control: %s", text);
    return rc;
}

static void on_command(struct heng_sim_console_client *client)
{
    struct heng_err err = {0};
    bool quit = false;
    if (client->too_long) {
        reply(client, "error: command is too long");
        return;
    }
    client->line[client->n] = '\0';
    if (carry_out(client->console, client->line, &quit, &err) == HENG_OK) {
        reply(client, "ok");
    } else {
        char text[sizeof err.text + 16];
        snprintf(text, sizeof text, "error: %s", err.text);
        reply(client, text);
    }
    if (quit) uv_stop(client->console->loop);
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
    uv_tcp_init(console->loop, &client->tcp);
    client->tcp.data = client;
    if (uv_accept(server, (uv_stream_t *)&client->tcp) != 0 ||
        uv_read_start((uv_stream_t *)&client->tcp, on_alloc, on_read) != 0)
        uv_close((uv_handle_t *)&client->tcp, on_client_closed);
}

heng_rc heng_sim_console_open(struct heng_sim_console *console, uv_loop_t *loop, uint16_t tcp_port,
                              struct heng_err *err)
{
    struct sockaddr_in at;
    console->loop = loop;
    uv_ip4_addr("127.0.0.1", tcp_port, &at);
    uv_tcp_init(loop, &console->server);
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
    heng_sim_say("control: listening on 127.0.0.1:%u", tcp_port);
    return HENG_OK;
}
