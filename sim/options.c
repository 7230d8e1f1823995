#include "sim/options.h"

#include "base/hex.h"
#include "sim/control.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

const char heng_sim_usage[] =
    "usage: heng-sim [options]\n"
    "       heng-sim --scenario FILE [options]\n"
    "Virtual meters on real sockets. Without a scenario it is a building: 48 flats with an M-Bus heat meter and a CJ/T "
    "188 water meter each, and one building heat\n"
    "meter. The heat meters answer behind a TCP serial converter, the water meters behind a DTU that dials in, and if\n"
    "wanted six DL/T 645 and two Modbus electricity meters behind another converter.\n"
    "\n"
    "  --scenario FILE       run the town of a file instead: sim/scenarios has some, sim/README.md says how to write "
    "one\n"
    "  --first-port PORT     its lines that listen take 127.0.0.1:PORT and those after it (as the scenario says)\n"
    "  --wire-speed N        its lines are N times faster than life, 1..1000, or 'instant' for load tests (1)\n"
    "\n"
    "  --mbus-port PORT      listen for the heat line on 127.0.0.1:PORT, 0 picks a free one (10001)\n"
    "  --pty PATH            offer the heat line on a pty too, linked at PATH\n"
    "  --power-port PORT     listen for a line of electricity meters on 127.0.0.1:PORT, 0 picks a free one (off)\n"
    "  --dtu HOST:PORT       where DTUs dial in (127.0.0.1:10002); loopback only\n"
    "  --registration TEXT   what the DTU says first (HENG-SIM-WATER-1)\n"
    "  --heartbeat TEXT      what it says while idle: text with \\r and \\n, or hex:FE (HB\\r\\n)\n"
    "  --heartbeat-period S  seconds of real time between two heartbeats, 0 for none (30)\n"
    "  --baud N              speed of the lines (2400)\n"
    "  --noise RATE          chance of a byte on the water line to be hit, 0..1 (0.002)\n"
    "  --speed N             run N times faster than life, 1..10000 (1); in a scenario weather and consumption only\n"
    "  --seed N              the world to simulate (1)\n"
    "  --start TIME          simulated time at start, such as 2026-01-15T08:00:00Z (now)\n"
    "  --period S            seconds between two rounds of reading, in the printed site (15)\n"
    "  --control-port PORT   take commands on 127.0.0.1:PORT, 0 picks a free one (off)\n"
    "  --duration S          end after S seconds of real time (never)\n"
    "  --gateway KEY         in the printed site the electricity line is read by this gateway\n"
    "  --print-site          print the description of the building for 'heng import' and exit\n"
    "  --help                print this and exit\n";

enum {
    OPT_MBUS_PORT = 256,
    OPT_POWER_PORT,
    OPT_PTY,
    OPT_DTU,
    OPT_REGISTRATION,
    OPT_HEARTBEAT,
    OPT_HEARTBEAT_PERIOD,
    OPT_BAUD,
    OPT_NOISE,
    OPT_SPEED,
    OPT_SEED,
    OPT_START,
    OPT_PERIOD,
    OPT_CONTROL_PORT,
    OPT_DURATION,
    OPT_GATEWAY,
    OPT_PRINT_SITE,
    OPT_SCENARIO,
    OPT_FIRST_PORT,
    OPT_WIRE_SPEED,
    OPT_HELP,
};

static const struct option long_options[] = {
    {"mbus-port", required_argument, NULL, OPT_MBUS_PORT},
    {"power-port", required_argument, NULL, OPT_POWER_PORT},
    {"pty", required_argument, NULL, OPT_PTY},
    {"dtu", required_argument, NULL, OPT_DTU},
    {"registration", required_argument, NULL, OPT_REGISTRATION},
    {"heartbeat", required_argument, NULL, OPT_HEARTBEAT},
    {"heartbeat-period", required_argument, NULL, OPT_HEARTBEAT_PERIOD},
    {"baud", required_argument, NULL, OPT_BAUD},
    {"noise", required_argument, NULL, OPT_NOISE},
    {"speed", required_argument, NULL, OPT_SPEED},
    {"seed", required_argument, NULL, OPT_SEED},
    {"start", required_argument, NULL, OPT_START},
    {"period", required_argument, NULL, OPT_PERIOD},
    {"control-port", required_argument, NULL, OPT_CONTROL_PORT},
    {"duration", required_argument, NULL, OPT_DURATION},
    {"gateway", required_argument, NULL, OPT_GATEWAY},
    {"print-site", no_argument, NULL, OPT_PRINT_SITE},
    {"scenario", required_argument, NULL, OPT_SCENARIO},
    {"first-port", required_argument, NULL, OPT_FIRST_PORT},
    {"wire-speed", required_argument, NULL, OPT_WIRE_SPEED},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

static heng_rc parse_number(const char *option, const char *text, uint64_t min, uint64_t max, uint64_t *ret,
                            struct heng_err *err)
{
    char *end = NULL;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end || errno || value < min || value > max)
        return heng_fail(err, HENG_ECONFIG, 0, "'%.30s' is no valid --%s, give a whole number from %llu to %llu", text,
                         option, (unsigned long long)min, (unsigned long long)max);
    *ret = value;
    return HENG_OK;
}

static heng_rc parse_u32(const char *option, const char *text, uint32_t min, uint32_t max, uint32_t *ret,
                         struct heng_err *err)
{
    uint64_t value = 0;
    heng_rc rc = parse_number(option, text, min, max, &value, err);
    if (rc == HENG_OK) *ret = (uint32_t)value;
    return rc;
}

static heng_rc parse_port(const char *option, const char *text, uint16_t min, uint16_t *ret, struct heng_err *err)
{
    uint64_t value = 0;
    heng_rc rc = parse_number(option, text, min, 65535, &value, err);
    if (rc == HENG_OK) *ret = (uint16_t)value;
    return rc;
}

/* The simulator never leaves the machine: it would be a stranger's meter on somebody's network. */
static heng_rc parse_dtu(const char *text, uint16_t *ret, struct heng_err *err)
{
    const char *port = NULL;
    if (strncmp(text, "127.0.0.1:", 10) == 0) port = text + 10;
    if (strncmp(text, "localhost:", 10) == 0) port = text + 10;
    if (!port)
        return heng_fail(err, HENG_ECONFIG, 0,
                         "'%.40s' is no valid --dtu, give 127.0.0.1:PORT; other hosts are refused", text);
    return parse_port("dtu", port, 1, ret, err);
}

static heng_rc copy_text(const char *option, const char *text, char *ret, size_t cap, struct heng_err *err)
{
    size_t n = strlen(text);
    if (n == 0 || n >= cap)
        return heng_fail(err, HENG_ECONFIG, 0, "--%s has %zu characters, give 1 to %zu", option, n, cap - 1);
    memcpy(ret, text, n + 1);
    return HENG_OK;
}

static heng_rc parse_heartbeat(const char *text, struct heng_sim_options *o, struct heng_err *err)
{
    struct heng_buf bytes = heng_buf_of(o->heartbeat_bytes, sizeof o->heartbeat_bytes - 1);
    if (strncmp(text, "hex:", 4) == 0) {
        if (heng_hex_parse(heng_slice_str(text + 4), &bytes, NULL) != HENG_OK || bytes.n == 0)
            return heng_fail(err, HENG_ECONFIG, 0, "'%.40s' is no valid --heartbeat, give pairs of hex digits", text);
        o->heartbeat_n = bytes.n;
        return copy_text("heartbeat", text, o->heartbeat, sizeof o->heartbeat, err);
    }
    for (const char *p = text; *p; p++) {
        bool escaped = p[0] == '\\' && (p[1] == 'r' || p[1] == 'n');
        if (escaped) p++;
        heng_buf_u8(&bytes, escaped ? (*p == 'r' ? '\r' : '\n') : (uint8_t)*p);
    }
    if (bytes.n == 0 || bytes.full)
        return heng_fail(err, HENG_ECONFIG, 0, "--heartbeat is empty or too long, give 1 to %zu characters", bytes.cap);
    o->heartbeat_n = bytes.n;
    memcpy(o->heartbeat, bytes.p, bytes.n);
    o->heartbeat[bytes.n] = '\0';
    return HENG_OK;
}

static heng_rc parse_noise(const char *text, uint32_t *ret, struct heng_err *err)
{
    if (heng_sim_noise_parse(text, ret, NULL) == HENG_OK) return HENG_OK;
    return heng_fail(err, HENG_ECONFIG, 0, "'%.30s' is no valid --noise, give a rate from 0 to 1 such as 0.002", text);
}

static heng_rc parse_start(const char *text, heng_us *ret, struct heng_err *err)
{
    if (heng_us_parse(text, ret, NULL) == HENG_OK) return HENG_OK;
    return heng_fail(err, HENG_ECONFIG, 0, "'%.40s' is no valid --start, give a time such as 2026-01-15T08:00:00Z",
                     text);
}

static heng_rc parse_wire_speed(const char *text, uint32_t *ret, struct heng_err *err)
{
    *ret = 0;
    return strcmp(text, "instant") == 0 ? HENG_OK : parse_u32("wire-speed", text, 1, 1000, ret, err);
}

/* What is said of the built-in building has no meaning for a scenario, and the other way round. */
static heng_rc check_world(bool scenario, int option, const char *word, struct heng_err *err)
{
    bool of_scenario = option == OPT_FIRST_PORT || option == OPT_WIRE_SPEED;
    bool of_house = option == OPT_MBUS_PORT || option == OPT_POWER_PORT || option == OPT_PTY || option == OPT_BAUD ||
                    option == OPT_NOISE || option == OPT_REGISTRATION || option == OPT_HEARTBEAT ||
                    option == OPT_HEARTBEAT_PERIOD || option == OPT_PERIOD || option == OPT_GATEWAY;
    if (scenario && of_house)
        return heng_fail(err, HENG_ECONFIG, 0, "--%s is for the built-in building; a scenario says it for each line",
                         word);
    if (!scenario && of_scenario)
        return heng_fail(err, HENG_ECONFIG, 0, "--%s is for scenarios: give one with --scenario", word);
    return HENG_OK;
}

static heng_rc take_option(int option, const char *arg, struct heng_sim_options *o, struct heng_err *err)
{
    switch (option) {
    case OPT_MBUS_PORT: return parse_port("mbus-port", arg, 0, &o->mbus_port, err);
    case OPT_POWER_PORT: o->power = true; return parse_port("power-port", arg, 0, &o->power_port, err);
    case OPT_CONTROL_PORT: o->control = true; return parse_port("control-port", arg, 0, &o->control_port, err);
    case OPT_DTU: return parse_dtu(arg, &o->dtu_port, err);
    case OPT_REGISTRATION: return copy_text("registration", arg, o->registration, sizeof o->registration, err);
    case OPT_HEARTBEAT: return parse_heartbeat(arg, o, err);
    case OPT_HEARTBEAT_PERIOD: return parse_u32("heartbeat-period", arg, 0, 86400, &o->heartbeat_s, err);
    case OPT_BAUD: return parse_u32("baud", arg, 300, 115200, &o->baud, err);
    case OPT_NOISE: return parse_noise(arg, &o->noise_ppm, err);
    case OPT_SPEED: o->speed_told = true; return parse_u32("speed", arg, 1, 10000, &o->speed, err);
    case OPT_SEED: o->seed_told = true; return parse_number("seed", arg, 0, UINT64_MAX, &o->seed, err);
    case OPT_START: return parse_start(arg, &o->start_us, err);
    case OPT_PERIOD: return parse_u32("period", arg, 1, 86400, &o->period_s, err);
    case OPT_DURATION: return parse_u32("duration", arg, 1, 1000000, &o->duration_s, err);
    case OPT_PTY: o->pty = arg; return HENG_OK;
    case OPT_SCENARIO: o->scenario = arg; return HENG_OK;
    case OPT_FIRST_PORT: return parse_port("first-port", arg, 1, &o->first_port, err);
    case OPT_WIRE_SPEED: return parse_wire_speed(arg, &o->wire_speed, err);
    case OPT_GATEWAY: o->gateway = arg; return HENG_OK;
    case OPT_PRINT_SITE: o->print_site = true; return HENG_OK;
    case OPT_HELP: o->help = true; return HENG_OK;
    }
    return HENG_EBUG;
}

heng_rc heng_sim_options_parse(int argc, char **argv, struct heng_sim_options *ret, struct heng_err *err)
{
    struct heng_sim_options o = {
        .mbus_port = 10001,
        .dtu_port = 10002,
        .registration = "HENG-SIM-WATER-1",
        .heartbeat = "HB\r\n",
        .heartbeat_bytes = "HB\r\n",
        .heartbeat_n = 4,
        .heartbeat_s = 30,
        .baud = 2400,
        .speed = 1,
        .noise_ppm = 2000,
        .period_s = 15,
        .seed = 1,
        .start_us = HENG_US_NEVER,
    };
    o.wire_speed = 1;
    uint32_t seen = 0; /* bit per option */
    optind = 0;        /* start anew: tests parse more than one command line */
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, ":", long_options, NULL)) != -1;) {
        const char *word = argv[optind - 1];
        if (option == ':')
            return heng_fail(err, HENG_ECONFIG, 0, "option '%.40s' needs a value, see heng-sim --help", word);
        if (option == '?') return heng_fail(err, HENG_ECONFIG, 0, "unknown option '%.40s', see heng-sim --help", word);
        heng_rc rc = take_option(option, optarg, &o, err);
        if (rc != HENG_OK) return rc;
        seen |= 1u << (option - OPT_MBUS_PORT);
    }
    if (optind < argc)
        return heng_fail(err, HENG_ECONFIG, 0, "unexpected argument '%.40s', see heng-sim --help", argv[optind]);
    for (const struct option *known = long_options; known->name; known++) {
        if (!(seen >> (known->val - OPT_MBUS_PORT) & 1)) continue;
        heng_rc rc = check_world(o.scenario != NULL, known->val, known->name, err);
        if (rc != HENG_OK) return rc;
    }
    if (o.print_site && o.mbus_port == 0)
        return heng_fail(err, HENG_ECONFIG, 0,
                         "--print-site needs the port of the heat line, give it with --mbus-port");
    if (o.gateway && !o.power)
        return heng_fail(err, HENG_ECONFIG, 0, "--gateway is for the electricity line: give that with --power-port");
    if (o.print_site && o.power && o.power_port == 0)
        return heng_fail(err, HENG_ECONFIG, 0, "--print-site needs the port of the electricity line, not 0");
    *ret = o;
    return HENG_OK;
}
