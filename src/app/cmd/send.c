#include "app/cmd/send.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/explain_table.h"
#include "app/fitter.h"
#include "app/options.h"
#include "app/protocol_names.h"
#include "base/hex.h"
#include "codec/present.h"

static const char command[] = "send";

enum { OPT_WAIT = FITTER_OWN, OPT_PROTOCOL, SEND_MAX = 512, HEARD_MAX = 8192, WAIT_MS = 1000 };
enum { BURST_MS = 30 }; /* bytes with shorter pauses are one line of output */

struct sending {
    struct heng_fitter fitter;
    struct heng_link *link;
    uv_timer_t quiet, burst;
    uint32_t wait_ms, protocols;
    heng_us sent_us, burst_us; /* burst: when its first byte came */
    bool sent;
    size_t n, heard_n, told_n; /* told: how much of what was heard is printed */
    uint8_t bytes[SEND_MAX], heard[HEARD_MAX];
    char why[160]; /* the line is closed, and why */
};

static void print_help(void)
{
    puts("usage: heng send ENDPOINT [OPTION...] HEX...\n\n"
         "Sends bytes to a line as they are and prints what comes back, with its time since the end of sending, and "
         "the\n"
         "meaning of the frames in it. Exit status: 0 something came back, 1 nothing did, 2 wrong usage.\n");
    heng_fitter_print_help(30u);
    printf("  --wait-ms N          end after so much quiet (%d)\n"
           "  --protocol NAME      take the answer for one of %s;\n"
           "                       without it the bytes decide\n",
           WAIT_MS, heng_protocol_names());
}

/* Our own bytes, heard back: how many of those at the front of what was heard. */
static size_t echo_length(const struct sending *s)
{
    size_t n = s->heard_n < s->n ? s->heard_n : s->n;
    return memcmp(s->heard, s->bytes, n) == 0 ? n : 0;
}

static void print_bytes(const struct sending *s, heng_us at_us, const char *direction, struct heng_slice bytes,
                        const char *note)
{
    static char text[3 * HEARD_MAX + 1];
    heng_us at = at_us - s->sent_us;
    if (s->fitter.json || bytes.n == 0 || heng_hex_format(bytes, ' ', text, sizeof text) != HENG_OK) return;
    printf("%3lld.%03lld s  %s %s%s\n", (long long)(at / HENG_US_PER_S),
           (long long)(at % HENG_US_PER_S / HENG_US_PER_MS), direction, text, note);
    fflush(stdout);
}

/* What has come and is not printed yet, the echo on a line of its own. */
static void print_burst(struct sending *s)
{
    size_t echo = echo_length(s);
    if (s->told_n < echo) {
        print_bytes(s, s->burst_us, "<", heng_slice_of(s->heard + s->told_n, echo - s->told_n), "  (echo)");
        s->told_n = echo;
    }
    print_bytes(s, s->burst_us, "<", heng_slice_of(s->heard + s->told_n, s->heard_n - s->told_n), "");
    s->told_n = s->heard_n;
}

static void end(void *owner)
{
    struct sending *s = owner;
    if (uv_is_closing((uv_handle_t *)&s->quiet)) return;
    print_burst(s);
    uv_close((uv_handle_t *)&s->quiet, NULL);
    uv_close((uv_handle_t *)&s->burst, NULL);
    heng_link_close(s->link);
    s->link = NULL;
    heng_fitter_done(&s->fitter);
}

static void on_quiet(uv_timer_t *timer) { end(timer->data); }
static void on_burst(uv_timer_t *timer) { print_burst(timer->data); }

static void on_opened(void *owner)
{
    struct sending *s = owner;
    struct heng_slice bytes = heng_slice_of(s->bytes, s->n);
    if (s->sent) return; /* once is what was asked for */
    s->sent_us = heng_clock_mono();
    print_bytes(s, s->sent_us, ">", bytes, "");
    heng_link_send(s->link, bytes);
    s->sent = true;
    /* The quiet begins when the last byte is out, at 11 bits each. */
    uint64_t out_ms = s->n * 11000 / s->fitter.line.baud + s->fitter.line.latency_ms;
    uv_timer_start(&s->quiet, on_quiet, s->wait_ms + out_ms, 0);
}

static void on_closed(void *owner, const char *why)
{
    struct sending *s = owner;
    snprintf(s->why, sizeof s->why, "%s", why);
    if (s->sent) end(s); /* nothing more can come */
}

static void on_bytes(void *owner, struct heng_slice bytes)
{
    struct sending *s = owner;
    if (!s->sent) return; /* a greeting of the converter */
    size_t room = sizeof s->heard - s->heard_n;
    if (s->told_n == s->heard_n) s->burst_us = heng_clock_mono();
    if (bytes.n > room) bytes.n = room;
    if (bytes.n) memcpy(s->heard + s->heard_n, bytes.p, bytes.n);
    s->heard_n += bytes.n;
    if (s->heard_n == sizeof s->heard) {
        end(s); /* a line that does not stop by itself */
    } else {
        uv_timer_start(&s->quiet, on_quiet, s->wait_ms, 0);
        uv_timer_start(&s->burst, on_burst, BURST_MS, 0);
    }
}

/* --- what it means ----------------------------------------------------------------------------------------- */

static void print_frame(const struct sending *s, heng_protocol protocol, struct heng_slice frame)
{
    struct heng_capture capture;
    heng_capture_init(&capture, protocol, frame);
    const struct heng_profile *profile =
        capture.has_telegram ? heng_profiles_recognise(&s->fitter.profiles, &capture.telegram) : NULL;
    if (profile) heng_capture_use(&capture, &profile->dialect);
    const char *name = profile && !profile->generic ? profile->name : NULL;
    if (!s->fitter.json) {
        puts("");
        heng_explain_table(&capture, name);
        return;
    }
    struct heng_str out = {.max = 1 << 20};
    struct heng_json json = heng_json_of(&out);
    heng_present_json(&capture, name, &json);
    if (out.rc == HENG_OK) puts(out.text);
    heng_str_fini(&out);
}

/* A Modbus answer says nothing without its request. Returns whether it was one. */
static bool print_joined(const struct sending *s, heng_protocol protocol, struct heng_slice heard)
{
    static uint8_t both[SEND_MAX + HEARD_MAX];
    if (protocol != HENG_PROTOCOL_MODBUS_RTU && protocol != HENG_PROTOCOL_MODBUS_TCP) return false;
    struct heng_buf buf = heng_buf_of(both, sizeof both);
    heng_buf_put(&buf, heng_slice_of(s->bytes, s->n));
    heng_buf_put(&buf, heard);
    print_frame(s, protocol, heng_buf_slice(&buf));
    return true;
}

static void print_meaning(const struct sending *s)
{
    struct heng_slice rest = heng_slice_from(heng_slice_of(s->heard, s->heard_n), echo_length(s));
    struct heng_telegram t;
    size_t used;
    unsigned frames = 0;
    if (rest.n == 0) return;
    heng_protocol protocol = s->protocols ? heng_codec_recognise_among(s->protocols, rest) : heng_codec_recognise(rest);
    if (print_joined(s, protocol, rest)) return;
    while (rest.n) {
        heng_rc rc = heng_codec_of(protocol)->decode(rest, &t, &used, NULL);
        if (rc == HENG_MORE) break;
        if (rc == HENG_OK) {
            print_frame(s, protocol, t.frame);
            frames++;
        }
        rest = heng_slice_from(rest, used);
    }
    /* Nothing good in it: then say what is wrong with it. */
    if (frames == 0) print_frame(s, protocol, heng_slice_from(heng_slice_of(s->heard, s->heard_n), echo_length(s)));
}

/* --- the command ------------------------------------------------------------------------------------------- */

static int take_hex(struct sending *s, int count, char **words)
{
    struct heng_buf buf = heng_buf_of(s->bytes, sizeof s->bytes);
    struct heng_err err = {.text = ""};
    if (count == 0) return heng_usage_error(command, "what is to be sent? give its bytes in hex");
    for (int i = 0; i < count; i++)
        if (heng_hex_parse(heng_slice_str(words[i]), &buf, &err) != HENG_OK)
            return heng_usage_error(command, "'%.40s' is not hex: %s", words[i], err.text);
    s->n = buf.n;
    return s->n ? EXIT_SUCCESS : heng_usage_error(command, "what is to be sent? give its bytes in hex");
}

static int take_option(struct sending *s, int option, char **argv)
{
    int taken = heng_fitter_take(&s->fitter, option, optarg);
    if (taken >= 0) return taken;
    if (option == OPT_WAIT)
        return heng_fitter_number(&s->fitter, "wait-ms", optarg, 1, 600000, &s->wait_ms) ? EXIT_SUCCESS : EXIT_USAGE;
    if (option != OPT_PROTOCOL) return heng_option_error(command, option, argv);
    s->protocols = heng_protocols_named(optarg);
    if (s->protocols) return EXIT_SUCCESS;
    return heng_usage_error(command, "there is no protocol '%.40s': use one of %s", optarg, heng_protocol_names());
}

static int run(struct sending *s)
{
    struct heng_err err = {.text = ""};
    struct heng_link_events events = {.owner = s, .opened = on_opened, .closed = on_closed, .bytes = on_bytes};
    heng_rc rc = heng_fitter_start(&s->fitter, &err);
    if (rc == HENG_OK) {
        uv_timer_init(&s->fitter.loop, &s->quiet);
        uv_timer_init(&s->fitter.loop, &s->burst);
        s->quiet.data = s->burst.data = s;
        rc = heng_link_open(&s->fitter.loop, s->fitter.listener, &s->fitter.line, events, &s->link, &err);
        if (rc == HENG_OK)
            heng_fitter_run(&s->fitter);
        else
            end(s);
    }
    if (rc == HENG_OK && !s->sent)
        heng_fail(&err, HENG_ECLOSED, 0, "nothing was sent: %s", s->why[0] ? s->why : "the line did not open");
    if (rc == HENG_OK && s->sent) print_meaning(s);
    heng_fitter_fini(&s->fitter);
    if (rc != HENG_OK || !s->sent) return heng_failure(command, &err);
    if (s->heard_n > echo_length(s)) return EXIT_SUCCESS;
    fprintf(stderr, "heng send: no answer%s\n", s->heard_n ? ", only the echo" : "");
    return EXIT_FAILURE;
}

int heng_cmd_send(int argc, char **argv)
{
    static const struct option options[] = {FITTER_OPTIONS{"wait-ms", required_argument, NULL, OPT_WAIT},
                                            {"protocol", required_argument, NULL, OPT_PROTOCOL},
                                            {NULL, 0, NULL, 0}};
    static struct sending sending;
    int option, status = EXIT_SUCCESS;
    heng_fitter_init(&sending.fitter, command, 30);
    sending.fitter.stop = end;
    sending.fitter.owner = &sending;
    sending.wait_ms = WAIT_MS;
    opterr = 0;
    optind = 1;
    while (status == EXIT_SUCCESS && (option = getopt_long(argc, argv, ":", options, NULL)) != -1)
        status = take_option(&sending, option, argv);
    if (status != EXIT_SUCCESS) return status;
    if (sending.fitter.help) {
        print_help();
        return EXIT_SUCCESS;
    }
    if ((status = heng_fitter_check(&sending.fitter)) != EXIT_SUCCESS) return status;
    if ((status = take_hex(&sending, argc - optind, argv + optind)) != EXIT_SUCCESS) return status;
    return run(&sending);
}
