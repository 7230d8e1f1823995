#include "app/cmd/read.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/explain_table.h"
#include "app/fitter.h"
#include "app/options.h"
#include "app/protocol_names.h"
#include "app/site/profiles.h"
#include "base/hex.h"
#include "base/zone.h"
#include "codec/present.h"
#include "run/bus.h"

static const char command[] = "read";

enum {
    OPT_PROTOCOL = FITTER_OWN,
    OPT_ADDRESS,
    OPT_NUMBER,
    OPT_MEDIUM,
    OPT_PROFILE,
    OPT_ORDER,
    OPT_BACK,
    OPT_NEW_ADDRESS,
    OPT_NEW_BAUD,
    OPT_SECRET,
    OPT_YES,
    OPT_ZONE,
    OPT_RAW,
};

enum { METERS_MAX = 64, SECRET_MAX = 256 };

struct reading {
    struct heng_fitter fitter;
    struct heng_bus *bus;
    struct heng_schedule never; /* nothing is read but what was asked for */
    struct heng_zone *zone;
    const char *zone_name, *profile_name, *secret_file;
    struct heng_meter_config meters[METERS_MAX];
    size_t count, ended;
    struct heng_order order;
    bool yes, raw, failed, orders_given;
    char detail[160]; /* of the line, when it is down */
};

static void print_help(void)
{
    puts("usage: heng read ENDPOINT --protocol NAME --address A [--address B...] [OPTION...]\n\n"
         "Reads meters without a database, or gives them an order, and prints what they say. Exit status: 0 all did "
         "what\n"
         "was asked, 1 one did not, 2 wrong usage.\n");
    heng_fitter_print_help(120u);
    printf(
        "and the meters:\n"
        "  --protocol NAME      one of %s\n"
        "  --address A          as in a site's file: M-Bus 0..250 or 16 hex digits, CJ/T 188 14 digits, DL/T 645 12\n"
        "                       digits, Modbus 1..247; up to %d of them\n"
        "  --number N           what the one meter must call itself\n"
        "  --medium NAME        what it measures: cold water, heat ... (CJ/T 188 asks by it)\n"
        "  --profile NAME       the meter model, of 'heng profile list'; without it the answer tells\n"
        "and what is wanted:\n"
        "  --order NAME         read (if nothing is said), read-history, read-address, read-clock, read-state, probe,\n"
        "                       set-clock, freeze, connect, disconnect, keep, release, set-address, set-baud,\n"
        "                       read-purse\n"
        "  --back N             read-history: how many due dates or months ago (1)\n"
        "  --new-address A, --new-baud N\n"
        "                       for set-address and set-baud\n"
        "  --yes                needed for an order that changes something\n"
        "  --secret-file FILE   the meter's password in hex, and behind a blank the operator code: a file that only\n"
        "                       you can read (chmod 600)\n"
        "  --zone NAME          the site's time zone, such as Asia/Shanghai: needed to set a clock, and for commands\n"
        "                       that carry a time\n"
        "  --raw                print the frames, byte by byte\n",
        heng_protocol_names(), METERS_MAX);
}

/* --- output ------------------------------------------------------------------------------------------------ */

static const struct heng_meter_config *meter_of(const struct reading *r, int64_t device_id)
{
    return &r->meters[device_id - 1];
}

/* "maximum, storage 1, tariff 2, L1"; "" for the plain value of now. */
static void register_text(const struct heng_register_key *key, char *ret, size_t cap)
{
    size_t n = 0;
    ret[0] = '\0';
    if (key->function != HENG_FUNCTION_INSTANTANEOUS)
        n += (size_t)snprintf(ret + n, cap - n, ", %s", heng_function_text(key->function));
    if (key->storage && n < cap) n += (size_t)snprintf(ret + n, cap - n, ", storage %u", key->storage);
    if (key->tariff && n < cap) n += (size_t)snprintf(ret + n, cap - n, ", tariff %u", key->tariff);
    if (key->subunit && n < cap) n += (size_t)snprintf(ret + n, cap - n, ", subunit %u", key->subunit);
    if (key->qualifier[0] && n < cap) snprintf(ret + n, cap - n, ", %s", key->qualifier);
    if (ret[0]) memmove(ret, ret + 2, strlen(ret + 2) + 1);
}

static void value_text(const struct heng_value *value, char *ret, size_t cap)
{
    char number[HENG_DEC_TEXT_MAX];
    if (!value->has_value) {
        snprintf(ret, cap, "(%s)", value->reason);
        return;
    }
    heng_dec_format(value->dec, number);
    const char *unit = value->key.unit == HENG_UNIT_NONE ? "" : heng_unit_text(value->key.unit);
    snprintf(ret, cap, "%s%s%s", number, unit[0] ? " " : "", unit);
}

static void print_values(const struct heng_read *read)
{
    int widest = (int)strlen("quantity"), longest = (int)strlen("value");
    char value[HENG_DEC_TEXT_MAX + 48], where[120];
    for (unsigned i = 0; i < read->value_count; i++) {
        int n = (int)strlen(heng_quantity_text(read->values[i].key.quantity));
        value_text(&read->values[i], value, sizeof value);
        if (n > widest) widest = n;
        if ((int)strlen(value) > longest) longest = (int)strlen(value);
    }
    if (read->value_count) printf("%-*s  %*s  register\n", widest, "quantity", longest, "value");
    for (unsigned i = 0; i < read->value_count; i++) {
        register_text(&read->values[i].key, where, sizeof where);
        value_text(&read->values[i], value, sizeof value);
        printf("%-*s  %*s%s%s\n", widest, heng_quantity_text(read->values[i].key.quantity), longest, value,
               where[0] ? "  " : "", where);
    }
}

static void print_frames(const struct reading *r, heng_protocol protocol, const struct heng_read *read)
{
    for (unsigned i = 0; i < read->frame_count; i++) {
        struct heng_capture capture;
        heng_capture_init(&capture, protocol, heng_slice_of(read->frames[i].bytes, read->frames[i].n));
        const struct heng_profile *profile =
            heng_profiles_find(&r->fitter.profiles, r->profile_name ? r->profile_name : "");
        if (!profile && capture.has_telegram) profile = heng_profiles_recognise(&r->fitter.profiles, &capture.telegram);
        if (profile) heng_capture_use(&capture, &profile->dialect);
        puts("");
        heng_explain_table(&capture, profile && !profile->generic ? profile->name : NULL);
    }
}

/* A broadcast is done when it was sent. */
static bool is_done(const struct heng_line_result *result)
{
    return result->stage == HENG_STAGE_CONFIRMED || result->stage == HENG_STAGE_SENT;
}

static void print_table(const struct reading *r, const struct heng_line_result *result)
{
    const struct heng_meter_config *meter = meter_of(r, result->read->device_id);
    const struct heng_read *read = result->read;
    bool ok = is_done(result);
    printf("%s%s %s, %s: %s", r->ended ? "\n" : "", heng_protocol_text(meter->protocol), meter->address,
           heng_order_text(result->order.kind), heng_stage_text(result->stage));
    if (!ok && read->outcome != HENG_OUTCOME_OK) printf(", %s", heng_outcome_text(read->outcome));
    if (read->why[0]) printf(": %s", read->why); /* also of what went well: somebody has to press the key ... */
    if (!ok && r->detail[0]) printf(" (%s)", r->detail);
    puts("");
    print_values(read);
    if (read->skipped) printf("%u more values are in the frames\n", read->skipped);
    if (r->raw) print_frames(r, meter->protocol, read);
    fflush(stdout);
}

static void put_value(const struct heng_value *value, unsigned frame, struct heng_json *j)
{
    heng_json_object(j);
    heng_present_text(j, "quantity", heng_quantity_text(value->key.quantity));
    heng_present_text(j, "unit", heng_unit_text(value->key.unit));
    heng_present_text(j, "function", heng_function_text(value->key.function));
    heng_present_int(j, "storage", value->key.storage);
    heng_present_int(j, "tariff", value->key.tariff);
    heng_present_int(j, "subunit", value->key.subunit);
    heng_present_text(j, "qualifier", value->key.qualifier);
    heng_json_key(j, "value");
    if (value->has_value)
        heng_json_dec(j, value->dec);
    else
        heng_json_null(j);
    if (!value->has_value) heng_present_text(j, "reason", value->reason);
    heng_present_int(j, "frame", frame);
    heng_json_end_object(j);
}

static void print_json(const struct reading *r, const struct heng_line_result *result)
{
    const struct heng_meter_config *meter = meter_of(r, result->read->device_id);
    const struct heng_read *read = result->read;
    struct heng_str out = {.max = 1 << 20};
    struct heng_json j = heng_json_of(&out);
    heng_json_object(&j);
    heng_present_text(&j, "protocol", heng_protocol_text(meter->protocol));
    heng_present_text(&j, "address", meter->address);
    heng_present_text(&j, "order", heng_order_text(result->order.kind));
    heng_present_text(&j, "stage", heng_stage_text(result->stage));
    heng_present_text(&j, "outcome", heng_outcome_text(read->outcome));
    heng_present_text(&j, "why", read->why[0] ? read->why : r->detail);
    heng_present_int(&j, "tries", read->tries);
    heng_json_key(&j, "values");
    heng_json_array(&j);
    for (unsigned i = 0; i < read->value_count; i++) put_value(&read->values[i], read->frame_of_value[i], &j);
    heng_json_end_array(&j);
    heng_json_key(&j, "frames");
    heng_json_array(&j);
    for (unsigned i = 0; i < read->frame_count; i++)
        heng_json_hex(&j, heng_slice_of(read->frames[i].bytes, read->frames[i].n));
    heng_json_end_array(&j);
    heng_json_end_object(&j);
    if (out.rc == HENG_OK) puts(out.text);
    fflush(stdout);
    heng_str_fini(&out);
}

/* --- the line ---------------------------------------------------------------------------------------------- */

static void end(void *owner)
{
    struct reading *r = owner;
    heng_bus_close(r->bus);
    r->bus = NULL;
    heng_fitter_done(&r->fitter);
}

static void on_result(struct reading *r, const struct heng_line_result *result)
{
    if (!result->read) {
        fprintf(stderr, "heng read: %s: %s\n", heng_order_text(result->order.kind), heng_stage_text(result->stage));
        return;
    }
    if (r->fitter.json)
        print_json(r, result);
    else
        print_table(r, result);
    r->failed = r->failed || !is_done(result);
    if (++r->ended == r->count) end(r);
}

static void on_action(void *owner, struct heng_bus *bus, const struct heng_line_action *action)
{
    struct reading *r = owner;
    if (action->kind == HENG_LINE_RESULT && action->result.job_id) on_result(r, &action->result);
    if (action->kind != HENG_LINE_STATUS) return;
    bool down = heng_line_state_now(heng_bus_line(bus)) == HENG_LINE_STATE_DOWN;
    snprintf(r->detail, sizeof r->detail, "%s", down ? heng_line_detail(heng_bus_line(bus)) : "");
}

static heng_rc submit_all(struct reading *r, struct heng_err *err)
{
    for (size_t i = 0; i < r->count; i++) {
        struct heng_line_job job = {.id = (int64_t)i + 1,
                                    .group = 1,
                                    .cls =
                                        heng_order_changes(r->order.kind) ? HENG_CLASS_CONTROL : HENG_CLASS_ON_DEMAND,
                                    .device_id = r->meters[i].device_id,
                                    .protocol = r->meters[i].protocol,
                                    .order = r->order,
                                    .expires_us = HENG_US_NEVER};
        heng_rc rc = heng_line_submit(heng_bus_line(r->bus), heng_clock_mono(), &job, err);
        if (rc != HENG_OK) return rc;
    }
    heng_bus_pump(r->bus);
    return HENG_OK;
}

/* --- options ----------------------------------------------------------------------------------------------- */

/* Hex digits for cap bytes; false for anything else. */
static bool secret_bytes(const char *text, uint8_t *ret, size_t cap, size_t least)
{
    struct heng_buf buf = heng_buf_of(ret, cap);
    return heng_hex_parse(heng_slice_str(text), &buf, NULL) == HENG_OK && buf.n >= least;
}

/* The password file: "0A BBCCDD"-like words would be ambiguous, so it is two words of hex digits.
 * Errors: EIO; EDENIED when others can read it; EFORMAT. */
static heng_rc read_secret(struct reading *r, struct heng_err *err)
{
    char text[SECRET_MAX], *rest = NULL;
    struct stat st;
    if (!r->secret_file) return HENG_OK;
    int fd = open(r->secret_file, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0) {
        if (fd >= 0) close(fd);
        return heng_fail(err, HENG_EIO, 0, "cannot read the secret file '%.80s'", r->secret_file);
    }
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    if ((st.st_mode & 077) != 0)
        return heng_fail(err, HENG_EDENIED, 0, "others can read '%.80s': chmod 600 it, and change the password",
                         r->secret_file);
    text[n > 0 ? n : 0] = '\0';
    const char *password = strtok_r(text, " \t\r\n", &rest), *operator_code = strtok_r(NULL, " \t\r\n", &rest);
    r->order.has_secret =
        password && secret_bytes(password, r->order.password, sizeof r->order.password, 1) &&
        (!operator_code || secret_bytes(operator_code, r->order.operator_code, sizeof r->order.operator_code, 4));
    explicit_bzero(text, sizeof text);
    if (r->order.has_secret) return HENG_OK;
    return heng_fail(err, HENG_EFORMAT, 0,
                     "'%.60s' must hold the password as up to 8 hex digits, and may hold 8 of the operator code",
                     r->secret_file);
}

static int take_address(struct reading *r, const char *arg)
{
    struct heng_meter_config *meter = &r->meters[r->count];
    if (r->count == METERS_MAX) return heng_usage_error(command, "at most %d meters at once", METERS_MAX);
    if (arg[0] == '\0' || strlen(arg) >= sizeof meter->address)
        return heng_usage_error(command, "'%.40s' is no address", arg);
    for (size_t i = 0; i < r->count; i++)
        if (strcmp(r->meters[i].address, arg) == 0) return heng_usage_error(command, "--address %s stands twice", arg);
    snprintf(meter->address, sizeof meter->address, "%s", arg);
    meter->device_id = (int64_t)++r->count;
    return EXIT_SUCCESS;
}

static int take_protocol(heng_protocol *ret, const char *arg)
{
    *ret = strcmp(arg, "dlt645") == 0   ? HENG_PROTOCOL_DLT645_2007
           : strcmp(arg, "modbus") == 0 ? HENG_PROTOCOL_MODBUS_RTU
                                        : heng_protocol_of(arg);
    if (*ret != HENG_PROTOCOL_COUNT) return EXIT_SUCCESS;
    return heng_usage_error(command, "there is no protocol '%.40s': use one of %s", arg, heng_protocol_names());
}

static int take_number(const struct reading *r, const char *option, uint32_t min, uint32_t max, uint32_t *ret)
{
    return heng_fitter_number(&r->fitter, option, optarg, min, max, ret) ? EXIT_SUCCESS : EXIT_USAGE;
}

static int take_order(struct reading *r, const char *arg)
{
    if (r->orders_given) return heng_usage_error(command, "one --order at a time");
    r->orders_given = true;
    r->order.kind = heng_order_of(arg);
    if (r->order.kind != HENG_ORDER_COUNT) return EXIT_SUCCESS;
    return heng_usage_error(command, "there is no order '%.40s': see the list", arg);
}

struct wanted {
    heng_protocol protocol;
    heng_medium medium;
    const char *number, *new_address;
    uint32_t back, new_baud;
};

static int take_option(struct reading *r, struct wanted *w, int option, char **argv)
{
    int taken = heng_fitter_take(&r->fitter, option, optarg);
    if (taken >= 0) return taken;
    switch (option) {
    case OPT_PROTOCOL: return take_protocol(&w->protocol, optarg);
    case OPT_ADDRESS: return take_address(r, optarg);
    case OPT_NUMBER: w->number = optarg; return EXIT_SUCCESS;
    case OPT_MEDIUM:
        w->medium = heng_medium_of(optarg);
        if (w->medium != HENG_MEDIUM_COUNT) return EXIT_SUCCESS;
        return heng_usage_error(command, "there is no medium '%.40s': heat, cold water, hot water, gas ...", optarg);
    case OPT_PROFILE: r->profile_name = optarg; return EXIT_SUCCESS;
    case OPT_ORDER: return take_order(r, optarg);
    case OPT_BACK: return take_number(r, "back", 1, 1000, &w->back);
    case OPT_NEW_ADDRESS: w->new_address = optarg; return EXIT_SUCCESS;
    case OPT_NEW_BAUD: return take_number(r, "new-baud", 300, 115200, &w->new_baud);
    case OPT_SECRET: r->secret_file = optarg; return EXIT_SUCCESS;
    case OPT_YES: r->yes = true; return EXIT_SUCCESS;
    case OPT_ZONE: r->zone_name = optarg; return EXIT_SUCCESS;
    case OPT_RAW: r->raw = true; return EXIT_SUCCESS;
    default: return heng_option_error(command, option, argv);
    }
}

/* Does the order carry a time, so that a wrong zone would set the meter wrong? */
static bool carries_time(heng_order_kind kind)
{
    return heng_order_changes(kind) && kind != HENG_ORDER_SET_ADDRESS && kind != HENG_ORDER_SET_BAUD;
}

static int check(struct reading *r, const struct wanted *w)
{
    const char *name = heng_order_text(r->order.kind);
    if (w->protocol == HENG_PROTOCOL_COUNT)
        return heng_usage_error(command, "--protocol is missing: one of %s", heng_protocol_names());
    if (r->count == 0) return heng_usage_error(command, "which meter? give --address");
    if (w->number && r->count > 1) return heng_usage_error(command, "--number is for one meter");
    if (w->number && strlen(w->number) >= sizeof r->meters[0].number)
        return heng_usage_error(command, "--number is too long");
    if (heng_order_changes(r->order.kind) && !r->yes)
        return heng_usage_error(command, "'%s' changes something in the meter or behind it: say --yes", name);
    if (carries_time(r->order.kind) && !r->zone_name)
        return heng_usage_error(command, "'%s' needs --zone, such as Asia/Shanghai: a meter's clock shows local time",
                                name);
    if (r->order.kind == HENG_ORDER_SET_ADDRESS && (!w->new_address || r->count > 1))
        return heng_usage_error(command, "set-address needs one --address and one --new-address");
    if (w->new_address && strlen(w->new_address) >= sizeof r->order.address)
        return heng_usage_error(command, "'%.40s' is no address", w->new_address);
    if (r->order.kind == HENG_ORDER_SET_BAUD && !w->new_baud)
        return heng_usage_error(command, "set-baud needs --new-baud");
    return EXIT_SUCCESS;
}

static heng_rc set_up(struct reading *r, const struct wanted *w, struct heng_err *err)
{
    const char *name = r->profile_name ? r->profile_name : "";
    heng_rc rc = heng_site_profiles_check(&r->fitter.profiles, w->protocol, name, err);
    if (rc == HENG_OK) rc = read_secret(r, err);
    if (rc == HENG_OK && r->zone_name) rc = heng_zone_open(r->zone_name, &r->zone, err);
    if (rc != HENG_OK) return rc;
    r->order.back = (uint16_t)w->back;
    r->order.baud = w->new_baud;
    if (w->new_address) snprintf(r->order.address, sizeof r->order.address, "%s", w->new_address);
    r->never = (struct heng_schedule){.id = 1, .name = "never"};
    r->fitter.line.zone = r->zone;
    r->fitter.line.schedules = &r->never;
    r->fitter.line.schedule_count = 1;
    for (size_t i = 0; i < r->count; i++) {
        struct heng_meter_config *meter = &r->meters[i];
        meter->line_id = r->fitter.line.id;
        meter->protocol = w->protocol;
        meter->medium = w->medium;
        meter->schedule_id = r->never.id;
        meter->profile = name[0] ? heng_profiles_find(&r->fitter.profiles, name) : NULL;
        snprintf(meter->profile_name, sizeof meter->profile_name, "%s", name);
        if (w->number) snprintf(meter->number, sizeof meter->number, "%s", w->number);
        rc = heng_meter_check(meter, err);
        if (rc != HENG_OK) return rc;
    }
    return HENG_OK;
}

static int run(struct reading *r, const struct wanted *w)
{
    struct heng_err err = {.text = ""};
    struct heng_bus_events events = {.owner = r, .action = on_action};
    heng_rc rc = heng_fitter_start(&r->fitter, &err);
    if (rc == HENG_OK) rc = set_up(r, w, &err);
    if (rc == HENG_OK)
        rc = heng_bus_open(&r->fitter.loop, r->fitter.listener, &r->fitter.line, r->meters, r->count, events, &r->bus,
                           &err);
    if (rc == HENG_OK) rc = submit_all(r, &err);
    if (rc == HENG_OK && r->bus) heng_fitter_run(&r->fitter);
    if (rc != HENG_OK) end(r);
    heng_fitter_fini(&r->fitter);
    heng_zone_free(r->zone);
    explicit_bzero(&r->order, sizeof r->order);
    if (rc != HENG_OK) return heng_failure(command, &err);
    if (r->ended == r->count) return r->failed ? EXIT_FAILURE : EXIT_SUCCESS;
    fprintf(stderr, "heng read: %s, %zu of %zu meters were read%s%s\n",
            r->fitter.interrupted ? "stopped" : "time is over", r->ended, r->count, r->detail[0] ? ": " : "",
            r->detail);
    return EXIT_FAILURE;
}

int heng_cmd_read(int argc, char **argv)
{
    static const struct option options[] = {FITTER_OPTIONS{"protocol", required_argument, NULL, OPT_PROTOCOL},
                                            {"address", required_argument, NULL, OPT_ADDRESS},
                                            {"number", required_argument, NULL, OPT_NUMBER},
                                            {"medium", required_argument, NULL, OPT_MEDIUM},
                                            {"profile", required_argument, NULL, OPT_PROFILE},
                                            {"order", required_argument, NULL, OPT_ORDER},
                                            {"back", required_argument, NULL, OPT_BACK},
                                            {"new-address", required_argument, NULL, OPT_NEW_ADDRESS},
                                            {"new-baud", required_argument, NULL, OPT_NEW_BAUD},
                                            {"secret-file", required_argument, NULL, OPT_SECRET},
                                            {"yes", no_argument, NULL, OPT_YES},
                                            {"zone", required_argument, NULL, OPT_ZONE},
                                            {"raw", no_argument, NULL, OPT_RAW},
                                            {NULL, 0, NULL, 0}};
    static struct reading reading;
    struct wanted wanted = {.protocol = HENG_PROTOCOL_COUNT, .medium = HENG_MEDIUM_UNKNOWN, .back = 1};
    int option, status = EXIT_SUCCESS;
    heng_fitter_init(&reading.fitter, command, 120);
    reading.fitter.stop = end;
    reading.fitter.owner = &reading;
    opterr = 0;
    optind = 1;
    while (status == EXIT_SUCCESS && (option = getopt_long(argc, argv, ":", options, NULL)) != -1)
        status = take_option(&reading, &wanted, option, argv);
    if (status != EXIT_SUCCESS) return status;
    if (reading.fitter.help) {
        print_help();
        return EXIT_SUCCESS;
    }
    if (optind < argc) return heng_usage_error(command, "'%.40s' is one word too many", argv[optind]);
    if ((status = heng_fitter_check(&reading.fitter)) != EXIT_SUCCESS) return status;
    if ((status = check(&reading, &wanted)) != EXIT_SUCCESS) return status;
    return run(&reading, &wanted);
}
