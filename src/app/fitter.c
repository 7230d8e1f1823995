#include "app/fitter.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/options.h"
#include "app/site/profiles.h"
#include "base/log.h"

void heng_fitter_print_help(unsigned timeout_s)
{
    printf("The line, exactly one of:\n"
           "  --serial DEV         a serial port, such as /dev/ttyUSB0\n"
           "  --tcp HOST:PORT      a TCP serial converter\n"
           "  --rfc2217 HOST:PORT  a converter whose speed we set\n"
           "  --udp HOST:PORT      a converter that speaks datagrams\n"
           "  --dtu-listen HOST:PORT --registration TEXT\n"
           "                       wait for the DTU that says TEXT first; hex:.. and imei:.. as in a site's file;\n"
           "                       --heartbeat TEXT is stripped\n"
           "and how it runs:\n"
           "  --baud N             speed of the bus (2400)\n"
           "  --parity E|N|O       8 data bits with parity (E)\n"
           "  --latency-ms N       what converter and radio may add to an answer (0; TCP and UDP 100, DTU 2000)\n"
           "  --rts MODE           serial: direction of an RS-485 driver: none, kernel, send-high, send-low\n"
           "  --infrared           serial: an optical head on the port\n"
           "  --timeout S          end after S seconds, whatever has come (%u)\n"
           "  --profiles DIR       more meter models, as for heng serve\n"
           "  --json               print JSON, one object per line\n",
           timeout_s);
}

void heng_fitter_init(struct heng_fitter *f, const char *command, uint32_t timeout_s)
{
    *f = (struct heng_fitter){.command = command, .timeout_s = timeout_s};
    f->line.id = 1;
    snprintf(f->line.name, sizeof f->line.name, "%s", command);
}

bool heng_fitter_number(const struct heng_fitter *f, const char *option, const char *text, uint32_t min, uint32_t max,
                        uint32_t *ret)
{
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end || errno || value < min || value > max) {
        heng_usage_error(f->command, "--%s wants a whole number from %u to %u, not '%.40s'", option, min, max, text);
        return false;
    }
    *ret = (uint32_t)value;
    return true;
}

static int take_text(const struct heng_fitter *f, const char *option, const char *text, char *ret, size_t cap)
{
    if (text[0] == '\0') return heng_usage_error(f->command, "--%s is empty", option);
    if (strlen(text) >= cap) return heng_usage_error(f->command, "--%s is longer than %zu characters", option, cap - 1);
    memcpy(ret, text, strlen(text) + 1);
    return EXIT_SUCCESS;
}

static int take_endpoint(struct heng_fitter *f, heng_transport_kind transport, const char *option, const char *arg)
{
    f->endpoints++;
    f->line.transport = transport;
    return take_text(f, option, arg, f->line.endpoint, sizeof f->line.endpoint);
}

static int take_parity(struct heng_fitter *f, const char *arg)
{
    f->parity_given = true;
    if (strlen(arg) == 1 && strchr("ENO", arg[0])) {
        f->line.parity = arg[0];
        return EXIT_SUCCESS;
    }
    return heng_usage_error(f->command, "--parity is E, N or O, not '%.20s'", arg);
}

static int take_rts(struct heng_fitter *f, const char *arg)
{
    f->line.rts = heng_rts_of(arg);
    if (f->line.rts != HENG_RTS_COUNT) return EXIT_SUCCESS;
    return heng_usage_error(f->command, "--rts is none, kernel, send-high or send-low, not '%.20s'", arg);
}

static int number(struct heng_fitter *f, const char *option, const char *arg, uint32_t min, uint32_t max, uint32_t *ret)
{
    return heng_fitter_number(f, option, arg, min, max, ret) ? EXIT_SUCCESS : EXIT_USAGE;
}

int heng_fitter_take(struct heng_fitter *f, int option, const char *arg)
{
    switch (option) {
    case FITTER_SERIAL: return take_endpoint(f, HENG_TRANSPORT_SERIAL, "serial", arg);
    case FITTER_TCP: return take_endpoint(f, HENG_TRANSPORT_TCP, "tcp", arg);
    case FITTER_RFC2217: return take_endpoint(f, HENG_TRANSPORT_RFC2217, "rfc2217", arg);
    case FITTER_UDP: return take_endpoint(f, HENG_TRANSPORT_UDP, "udp", arg);
    case FITTER_DTU:
        f->endpoints++;
        f->line.transport = HENG_TRANSPORT_DTU;
        f->listen = arg;
        return EXIT_SUCCESS;
    case FITTER_REGISTRATION: return take_text(f, "registration", arg, f->line.endpoint, sizeof f->line.endpoint);
    case FITTER_HEARTBEAT: return take_text(f, "heartbeat", arg, f->line.heartbeat, sizeof f->line.heartbeat);
    case FITTER_BAUD: f->baud_given = true; return number(f, "baud", arg, 300, 115200, &f->line.baud);
    case FITTER_PARITY: return take_parity(f, arg);
    case FITTER_LATENCY: return number(f, "latency-ms", arg, 0, 60000, &f->line.latency_ms);
    case FITTER_RTS: return take_rts(f, arg);
    case FITTER_INFRARED: f->line.infrared = true; return EXIT_SUCCESS;
    case FITTER_TIMEOUT: return number(f, "timeout", arg, 1, 7 * 86400, &f->timeout_s);
    case FITTER_PROFILES: f->profile_folder = arg; return EXIT_SUCCESS;
    case FITTER_JSON: f->json = true; return EXIT_SUCCESS;
    case FITTER_HELP: f->help = true; return EXIT_SUCCESS;
    default: return -1;
    }
}

int heng_fitter_check(struct heng_fitter *f)
{
    static const char ways[] = "--serial, --tcp, --rfc2217, --udp or --dtu-listen";
    struct heng_err err = {.text = ""};
    if (f->endpoints != 1)
        return heng_usage_error(f->command, f->endpoints ? "only one of %s can be given" : "where is the line? give %s",
                                ways);
    bool dtu = f->line.transport == HENG_TRANSPORT_DTU, serial = f->line.transport == HENG_TRANSPORT_SERIAL;
    if (dtu && !f->line.endpoint[0])
        return heng_usage_error(f->command, "--dtu-listen needs --registration: what the DTU says when it dials in");
    if (!serial && (f->line.rts != HENG_RTS_NONE || f->line.infrared))
        return heng_usage_error(f->command, "--rts and --infrared are for --serial");
    if (!f->line.baud) f->line.baud = f->line.infrared ? 1200 : 2400;
    if (!f->line.parity) f->line.parity = 'E';
    if (!f->line.latency_ms && !serial) f->line.latency_ms = dtu ? 2000 : 100;
    if (heng_link_check(&f->line, &err) != HENG_OK) return heng_usage_error(f->command, "%s", err.text);
    return EXIT_SUCCESS;
}

void heng_fitter_speed(const struct heng_line_config *line, char ret_text[24])
{
    snprintf(ret_text, 24, "%u 8%c1", line->baud, line->parity);
}

/* --- the loop -------------------------------------------------------------------------------------------- */

static void on_signal(uv_signal_t *signal, int number)
{
    struct heng_fitter *f = signal->data;
    (void)number;
    f->interrupted = true;
    f->stop(f->owner);
}

static void on_timeout(uv_timer_t *timer)
{
    struct heng_fitter *f = timer->data;
    f->timed_out = true;
    f->stop(f->owner);
}

static heng_rc listen_for_dtu(struct heng_fitter *f, struct heng_err *err)
{
    char host[HENG_ENDPOINT_MAX], port[8];
    if (!f->listen) return HENG_OK;
    heng_rc rc = heng_endpoint_split(f->listen, host, sizeof host, port, sizeof port, err);
    if (rc != HENG_OK) return rc;
    return heng_dtu_listen(&f->loop, host, (uint16_t)strtoul(port, NULL, 10), &f->listener, err);
}

heng_rc heng_fitter_start(struct heng_fitter *f, struct heng_err *err)
{
    heng_log_set_level(HENG_LOG_ERROR); /* what matters is in the output */
    signal(SIGPIPE, SIG_IGN);
    heng_rc rc = heng_site_profiles_read(f->profile_folder, &f->profiles, err);
    if (rc != HENG_OK) return rc;
    if (uv_loop_init(&f->loop) != 0) return heng_fail(err, HENG_EIO, 0, "cannot start the event loop");
    f->running = true;
    f->line.profiles = &f->profiles;
    uv_signal_init(&f->loop, &f->interrupt);
    uv_signal_init(&f->loop, &f->terminate);
    uv_timer_init(&f->loop, &f->timer);
    f->interrupt.data = f->terminate.data = f->timer.data = f;
    uv_signal_start(&f->interrupt, on_signal, SIGINT);
    uv_signal_start(&f->terminate, on_signal, SIGTERM);
    if (f->timeout_s) uv_timer_start(&f->timer, on_timeout, f->timeout_s * UINT64_C(1000), 0);
    return listen_for_dtu(f, err);
}

void heng_fitter_run(struct heng_fitter *f) { uv_run(&f->loop, UV_RUN_DEFAULT); }

void heng_fitter_done(struct heng_fitter *f)
{
    if (!f->running || uv_is_closing((uv_handle_t *)&f->timer)) return;
    heng_dtu_close(f->listener);
    f->listener = NULL;
    uv_close((uv_handle_t *)&f->interrupt, NULL);
    uv_close((uv_handle_t *)&f->terminate, NULL);
    uv_close((uv_handle_t *)&f->timer, NULL);
}

void heng_fitter_fini(struct heng_fitter *f)
{
    if (f->running) {
        heng_fitter_done(f);
        uv_run(&f->loop, UV_RUN_DEFAULT);
        uv_loop_close(&f->loop);
        f->running = false;
    }
    heng_profiles_fini(&f->profiles);
}
