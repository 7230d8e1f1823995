#include "app/route_read.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/fitter.h"
#include "app/options.h"
#include "app/route_file.h"
#include "base/zone.h"
#include "codec/present.h"
#include "run/bus.h"
#include "run/news.h"
#include "uplink/body.h"

static const char command[] = "route";

enum {
    OPT_METER = FITTER_OWN,
    OPT_LINE,
    OPT_READER,
    OPT_TYPED,
    WANTED_MAX = 64,
    WAIT_S = 20
}; /* WAIT_S: for a line that is down */

struct typed {
    char number[24];
    struct heng_dec value;
};

struct route {
    struct heng_fitter fitter;
    struct heng_bus *bus;
    struct heng_schedule never; /* nothing is read but what was asked for */
    struct heng_zone *zone;
    const char *list_path, *out_path, *line_name, *reader;
    const char *wanted[WANTED_MAX]; /* numbers of meters; none: all of the line */
    size_t wanted_count;
    struct typed typed[WANTED_MAX];
    size_t typed_count;
    /* the list, and for each of its meters whether the file has it */
    uint8_t *list;
    size_t list_n, meter_count;
    struct heng_carry_header header;
    struct heng_gateway_config config;
    void *memory;
    bool *done;
    struct heng_route_file file;
    /* what is to be read now: meters of one line; at: the one under way */
    struct heng_meter_config *meters;
    size_t count, at, read_now;
    uv_timer_t next;
    uv_poll_t keys;
    bool listens, deaf, asks, stopped; /* deaf: nobody answers any more; asks: whether the head is on the next one */
    struct heng_err broken;            /* the file cannot be written: nothing is shown that is not kept */
    char detail[160];                  /* of the line, when it is down */
};

static void print_help(void)
{
    puts(
        "usage: heng route read LIST OUT ENDPOINT [OPTION...]\n\n"
        "Reads the meters of LIST and keeps each reading, with its frames, in OUT before it shows it. Run it again to\n"
        "go on: what OUT has is not read once more. Exit status: 0 nothing is missing, 1 something is, 2 wrong "
        "usage.\n");
    heng_fitter_print_help(0);
    puts("and which meters:\n"
         "  --line NAME          those of one line of the list: its name or its number\n"
         "  --meter NUMBER       only this one; may be given often\n"
         "  --reader NAME        who reads, for the record (the name you are logged in with)\n"
         "  --typed NUMBER=VALUE what the display of a meter says, when it cannot be read otherwise: m3 of water and "
         "gas,\n"
         "                       kWh of heat and electricity; needs no line\n\n"
         "With --infrared it waits before each meter until the head is on it.");
}

/* --- list and file ------------------------------------------------------------------------------------------------ */

static heng_rc take_item(void *owner, const struct heng_carry_item *item, struct heng_err *err)
{
    struct route *r = owner;
    if (item->kind == HENG_CARRY_ROUTE && !heng_slice_eq(item->bytes, heng_slice_of(r->list, r->list_n)))
        return heng_fail(err, HENG_ECONFLICT, 0, "'%.80s' was begun with another list: give another name", r->out_path);
    if (item->kind != HENG_CARRY_ENTRY) return HENG_OK;
    for (size_t i = 0; i < r->meter_count; i++)
        if (r->config.meters[i].device_id == item->entry.subject_id) r->done[i] = true;
    return HENG_OK;
}

static heng_rc read_list(struct route *r, struct heng_err *err)
{
    struct heng_err why = {.text = ""};
    heng_rc rc = heng_route_read_list(r->list_path, &r->list, &r->list_n, &r->header, &why);
    if (rc == HENG_OK) rc = heng_config_unpack(heng_slice_of(r->list, r->list_n), &r->config, &r->memory, &why);
    if (rc != HENG_OK) return heng_fail(err, rc, 0, "the list '%.60s': %.90s", r->list_path, why.text);
    r->meter_count = r->config.line_count ? r->config.first[r->config.line_count] : 0;
    r->done = calloc(r->meter_count + 1, sizeof *r->done);
    r->meters = calloc(r->meter_count + 1, sizeof *r->meters);
    return r->done && r->meters ? HENG_OK : heng_fail(err, HENG_ENOMEM, 0, "no memory for the list");
}

static heng_rc open_file(struct route *r, struct heng_err *err)
{
    heng_rc rc = heng_route_file_open(r->out_path, take_item, r, &r->file, err);
    if (rc == HENG_ENOTFOUND) {
        struct heng_carry_header header = {.made_us = heng_clock_wall(),
                                           .config_version = r->header.config_version,
                                           .gateway_id = r->header.gateway_id};
        snprintf(header.name, sizeof header.name, "%s", r->reader);
        rc = heng_route_write_list(r->out_path, &header, heng_slice_of(r->list, r->list_n), err);
        if (rc == HENG_OK) rc = heng_route_file_open(r->out_path, take_item, r, &r->file, err);
    }
    if (rc == HENG_OK && r->file.aside[0])
        fprintf(stderr, "heng route: the last reading was torn and is read again; the file as it was: '%s'\n",
                r->file.aside);
    return rc;
}

/* A wrong clock makes readings that nobody can place. */
static heng_rc check_clock(const struct route *r, struct heng_err *err)
{
    char made[40];
    if (heng_clock_wall() + HENG_US_PER_DAY >= r->header.made_us) return HENG_OK;
    heng_us_format(r->header.made_us, made);
    return heng_fail(err, HENG_ERANGE, 0, "the clock of this computer is wrong: the list was made at %s", made);
}

static void fini(struct route *r)
{
    heng_route_file_close(&r->file);
    heng_config_free(r->memory);
    free(r->list);
    free(r->done);
    free(r->meters);
    heng_zone_free(r->zone);
}

/* --- what is kept and shown --------------------------------------------------------------------------------------- */

static heng_rc keep(struct route *r, const struct heng_meter_config *meter, const struct heng_read *read,
                    struct heng_err *err)
{
    static uint8_t room[HENG_ENTRY_BODY_MAX];
    struct heng_buf buf = heng_buf_of(room, sizeof room);
    struct heng_body body = {.kind = HENG_ENTRY_READ,
                             .read = {.line_id = meter->line_id, .read = read, .by_hand = true}};
    heng_rc rc = heng_body_pack(&body, read->at_us, &buf, err);
    if (rc != HENG_OK) return rc;
    struct heng_entry entry = {.at_us = read->at_us,
                               .kind = HENG_ENTRY_READ,
                               .rank = heng_body_rank(&body),
                               .subject_id = heng_body_subject(&body),
                               .body = heng_buf_slice(&buf)};
    rc = heng_route_file_add(&r->file, &entry, err);
    for (size_t i = 0; rc == HENG_OK && i < r->meter_count; i++)
        if (r->config.meters[i].device_id == meter->device_id) r->done[i] = true;
    if (rc == HENG_OK) r->read_now++;
    return rc;
}

/* What stands on the display, more or less: the first plain value. */
static const struct heng_value *main_value(const struct heng_read *read)
{
    for (size_t i = 0; i < read->value_count; i++) {
        const struct heng_value *value = &read->values[i];
        if (value->has_value && value->key.function == HENG_FUNCTION_INSTANTANEOUS && !value->key.storage &&
            !value->key.tariff && !value->key.subunit)
            return value;
    }
    return NULL;
}

static void show_json(const char *number, const struct heng_read *read, const char *why)
{
    const struct heng_value *value = main_value(read);
    struct heng_str out = {.max = 4096};
    struct heng_json j = heng_json_of(&out);
    heng_json_object(&j);
    heng_present_text(&j, "meter", number);
    heng_present_text(&j, "outcome", heng_outcome_text(read->outcome));
    heng_present_text(&j, "why", why);
    heng_present_int(&j, "values", read->value_count);
    if (value) {
        heng_present_text(&j, "quantity", heng_quantity_text(value->key.quantity));
        heng_present_text(&j, "unit", heng_unit_text(value->key.unit));
        heng_json_key(&j, "value");
        heng_json_dec(&j, value->dec);
    }
    heng_json_end_object(&j);
    if (out.rc == HENG_OK) puts(out.text);
    heng_str_fini(&out);
}

static void show(const struct route *r, const char *number, const struct heng_read *read, const char *why)
{
    char text[HENG_DEC_TEXT_MAX];
    const struct heng_value *value = main_value(read);
    if (r->fitter.json) {
        show_json(number, read, why);
    } else if (read->outcome != HENG_OUTCOME_OK) {
        printf("%-16s  not read: %s%s%s\n", number, heng_outcome_text(read->outcome), why[0] ? ", " : "", why);
    } else if (value) {
        heng_dec_format(value->dec, text);
        printf("%-16s  %s %s %s, %u values\n", number, heng_quantity_text(value->key.quantity), text,
               value->key.unit == HENG_UNIT_NONE ? "" : heng_unit_text(value->key.unit), read->value_count);
    } else {
        printf("%-16s  read, %u values\n", number, read->value_count);
    }
    fflush(stdout);
}

static int tell_missing(const struct route *r)
{
    size_t missing = 0;
    for (size_t i = 0; i < r->meter_count; i++) missing += !r->done[i];
    if (!r->fitter.json)
        printf("%zu of %zu meters of the list are in '%s'\n", r->meter_count - missing, r->meter_count, r->out_path);
    return missing ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* --- typed in ----------------------------------------------------------------------------------------------------- */

static const struct heng_meter_config *find_meter(const struct route *r, const char *number)
{
    for (size_t i = 0; i < r->meter_count; i++)
        if (strcmp(r->config.meters[i].number, number) == 0) return &r->config.meters[i];
    return NULL;
}

/* What the display of such a meter counts in: m3, or kWh, which are kept as Wh. False: nobody knows. */
static bool is_volume(heng_medium medium)
{
    return medium == HENG_MEDIUM_WATER || medium == HENG_MEDIUM_COLD_WATER || medium == HENG_MEDIUM_WARM_WATER ||
           medium == HENG_MEDIUM_HOT_WATER || medium == HENG_MEDIUM_GAS;
}

static bool display_value(const struct heng_meter_config *meter, struct heng_dec typed, struct heng_value *ret)
{
    bool volume = is_volume(meter->medium);
    *ret = (struct heng_value){.has_value = true, .dec = typed};
    ret->key.quantity = volume ? HENG_QUANTITY_VOLUME : HENG_QUANTITY_ENERGY;
    ret->key.unit = volume ? HENG_UNIT_M3 : HENG_UNIT_WH;
    if (volume) return true;
    if (meter->medium != HENG_MEDIUM_ELECTRICITY && meter->medium != HENG_MEDIUM_HEAT) return false;
    return heng_dec_shift(typed, 3, &ret->dec) == HENG_OK;
}

static heng_rc keep_typed(struct route *r, const struct typed *typed, struct heng_err *err)
{
    static struct heng_read read;
    const struct heng_meter_config *meter = find_meter(r, typed->number);
    if (!meter) return heng_fail(err, HENG_ENOTFOUND, 0, "meter '%s' is not on the list", typed->number);
    read = (struct heng_read){.device_id = meter->device_id,
                              .at_us = heng_clock_wall(),
                              .outcome = HENG_OUTCOME_OK,
                              .tries = 1,
                              .value_count = 1};
    if (!display_value(meter, typed->value, &read.values[0]))
        return heng_fail(err, HENG_EUNSUPPORTED, 0, "a %s meter such as '%s' cannot be typed in",
                         heng_medium_text(meter->medium), typed->number);
    heng_rc rc = keep(r, meter, &read, err);
    if (rc == HENG_OK) show(r, meter->number, &read, "");
    return rc;
}

/* --- the line ----------------------------------------------------------------------------------------------------- */

static void end(void *owner)
{
    struct route *r = owner;
    if (r->stopped) return;
    r->stopped = true;
    heng_bus_close(r->bus);
    r->bus = NULL;
    uv_close((uv_handle_t *)&r->next, NULL);
    if (r->listens) uv_close((uv_handle_t *)&r->keys, NULL);
    heng_fitter_done(&r->fitter);
}

static void submit(struct route *r)
{
    struct heng_err err = {.text = ""};
    struct heng_line_job job = {.id = (int64_t)r->at + 1,
                                .group = 1,
                                .cls = HENG_CLASS_ON_DEMAND,
                                .device_id = r->meters[r->at].device_id,
                                .protocol = r->meters[r->at].protocol,
                                .order = {.kind = HENG_ORDER_READ},
                                .expires_us = heng_clock_mono() + WAIT_S * HENG_US_PER_S};
    if (heng_line_submit(heng_bus_line(r->bus), heng_clock_mono(), &job, &err) != HENG_OK) {
        r->broken = err;
        end(r);
        return;
    }
    heng_bus_pump(r->bus);
}

static void go_on(struct route *r)
{
    if (r->at == r->count || r->deaf) {
        end(r);
    } else if (r->listens) {
        r->asks = true;
        fprintf(stderr, "%s: head on it, then Enter (s: skip it, q: end) ", r->meters[r->at].number);
        fflush(stderr);
    } else {
        submit(r);
    }
}

static void on_next(uv_timer_t *timer) { go_on(timer->data); }

static void on_keys(uv_poll_t *poll, int status, int events)
{
    struct route *r = poll->data;
    char bytes[64];
    ssize_t n = status == 0 && events ? read(STDIN_FILENO, bytes, sizeof bytes) : 0;
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (n <= 0) { /* the meter that is being read is still kept */
        uv_poll_stop(&r->keys);
        r->deaf = true;
        if (r->asks) end(r);
        return;
    }
    if (bytes[0] == 'q') {
        end(r);
        return;
    }
    if (!r->asks || !memchr(bytes, '\n', (size_t)n)) return;
    r->asks = false;
    if (bytes[0] != 's') {
        submit(r);
        return;
    }
    r->at++;
    go_on(r);
}

static void on_result(struct route *r, const struct heng_line_result *result)
{
    static struct heng_read stamped;
    const struct heng_meter_config *meter = &r->meters[r->at];
    bool asked = result->read && heng_news_was_asked(result);
    if (asked)
        heng_news_stamp_read(&stamped, result->read, heng_clock_wall() - heng_clock_mono());
    else
        stamped = (struct heng_read){.outcome = HENG_OUTCOME_DISCONNECTED};
    bool good = result->stage == HENG_STAGE_CONFIRMED && stamped.outcome == HENG_OUTCOME_OK && stamped.frame_count;
    heng_rc rc = good ? keep(r, meter, &stamped, &r->broken) : HENG_OK;
    if (rc == HENG_OK) show(r, meter->number, &stamped, stamped.why[0] ? stamped.why : r->detail);
    bool useless = rc != HENG_OK || (!asked && r->detail[0]); /* the others would wait as long for nothing */
    r->at = useless ? r->count : r->at + 1;
    uv_timer_start(&r->next, on_next, 0, 0); /* the line is in the middle of its work now */
}

static void on_action(void *owner, struct heng_bus *bus, const struct heng_line_action *action)
{
    struct route *r = owner;
    if (r->stopped) return;
    if (action->kind == HENG_LINE_RESULT && action->result.job_id == (int64_t)r->at + 1) on_result(r, &action->result);
    if (action->kind != HENG_LINE_STATUS) return;
    bool down = heng_line_state_now(heng_bus_line(bus)) == HENG_LINE_STATE_DOWN;
    snprintf(r->detail, sizeof r->detail, "%s", down ? heng_line_detail(heng_bus_line(bus)) : "");
}

static bool is_wanted(const struct route *r, const char *number)
{
    for (size_t i = 0; i < r->wanted_count; i++)
        if (strcmp(r->wanted[i], number) == 0) return true;
    return r->wanted_count == 0;
}

static bool is_line(const struct route *r, const struct heng_line_config *line)
{
    char id[24];
    snprintf(id, sizeof id, "%" PRId64, line->id);
    return !r->line_name || strcmp(r->line_name, line->name) == 0 || strcmp(r->line_name, id) == 0;
}

/* The meters that are to be read and not read yet, all of one line: we hold one end. */
static heng_rc choose(struct route *r, const struct heng_line_config **ret, struct heng_err *err)
{
    *ret = NULL;
    for (size_t i = 0; i < r->wanted_count; i++)
        if (!find_meter(r, r->wanted[i]))
            return heng_fail(err, HENG_ENOTFOUND, 0, "meter '%.40s' is not on the list", r->wanted[i]);
    for (size_t i = 0; i < r->config.line_count; i++) {
        const struct heng_line_config *line = &r->config.lines[i];
        if (!is_line(r, line)) continue;
        for (size_t j = r->config.first[i]; j < r->config.first[i + 1]; j++) {
            if (r->done[j] || !is_wanted(r, r->config.meters[j].number)) continue;
            if (*ret && *ret != line)
                return heng_fail(err, HENG_ECONFIG, 0,
                                 "the list has several lines, such as '%.40s' and '%.40s': say --line", (*ret)->name,
                                 line->name);
            *ret = line;
            r->meters[r->count++] = r->config.meters[j];
        }
    }
    bool any = false;
    for (size_t i = 0; i < r->config.line_count; i++) any = any || is_line(r, &r->config.lines[i]);
    return any ? HENG_OK : heng_fail(err, HENG_ENOTFOUND, 0, "line '%.40s' is not on the list", r->line_name);
}

/* The line as the list describes it, at the end that we hold. */
static void make_line(struct route *r, const struct heng_line_config *listed)
{
    struct heng_line_config line = *listed, *ours = &r->fitter.line;
    bool head = ours->infrared;
    line.transport = ours->transport;
    memcpy(line.endpoint, ours->endpoint, sizeof line.endpoint);
    memcpy(line.heartbeat, ours->heartbeat, sizeof line.heartbeat);
    line.heartbeat_s = 0;
    if (r->fitter.baud_given || head) line.baud = ours->baud;
    if (r->fitter.parity_given || head) line.parity = ours->parity;
    line.latency_ms = ours->latency_ms;
    line.rts = ours->rts;
    line.overload = HENG_SIGNAL_NONE;
    line.infrared = head;
    line.zone = r->zone;
    line.profiles = &r->fitter.profiles;
    r->never = (struct heng_schedule){.id = 1, .name = "never"};
    line.schedules = &r->never;
    line.schedule_count = 1;
    if (head) line.relay_count = 0; /* the head is on the meter itself */
    *ours = line;
}

static heng_rc set_up(struct route *r, const struct heng_line_config *listed, struct heng_err *err)
{
    heng_rc rc = HENG_OK;
    for (size_t i = 0; rc == HENG_OK && i < r->config.profile_count; i++)
        rc = heng_profiles_add(&r->fitter.profiles, r->config.profiles[i].json, err);
    if (rc == HENG_OK && r->config.time_zone[0]) rc = heng_zone_open(r->config.time_zone, &r->zone, err);
    if (rc != HENG_OK) return rc;
    make_line(r, listed);
    for (size_t i = 0; rc == HENG_OK && i < r->count; i++) {
        struct heng_meter_config *meter = &r->meters[i];
        meter->schedule_id = r->never.id;
        if (r->fitter.line.infrared) meter->relay_id = 0;
        meter->profile = meter->profile_name[0] ? heng_profiles_find(&r->fitter.profiles, meter->profile_name) : NULL;
        rc = heng_meter_check(meter, err);
    }
    return rc;
}

static heng_rc start_line(struct route *r, struct heng_err *err)
{
    struct heng_bus_events events = {.owner = r, .action = on_action};
    uv_timer_init(&r->fitter.loop, &r->next);
    r->next.data = r;
    if (r->fitter.line.infrared && r->count > 1) {
        if (uv_poll_init(&r->fitter.loop, &r->keys, STDIN_FILENO) != 0) {
            end(r);
            return heng_fail(err, HENG_EUNSUPPORTED, 0, "an infrared head needs a terminal, or one --meter at a time");
        }
        r->keys.data = r;
        r->listens = true;
        uv_poll_start(&r->keys, UV_READABLE, on_keys);
    }
    heng_rc rc =
        heng_bus_open(&r->fitter.loop, r->fitter.listener, &r->fitter.line, r->meters, r->count, events, &r->bus, err);
    if (r->bus)
        go_on(r);
    else
        end(r);
    return r->bus || r->stopped ? HENG_OK : rc;
}

static heng_rc walk_line(struct route *r, struct heng_err *err)
{
    const struct heng_line_config *listed = NULL;
    heng_rc rc = choose(r, &listed, err);
    if (rc != HENG_OK || !r->count) return rc;
    rc = heng_fitter_start(&r->fitter, err);
    if (rc == HENG_OK) rc = set_up(r, listed, err);
    if (rc == HENG_OK) rc = start_line(r, err);
    if (rc == HENG_OK) heng_fitter_run(&r->fitter);
    heng_fitter_fini(&r->fitter);
    if (rc == HENG_OK && r->broken.rc != HENG_OK) {
        *err = r->broken;
        rc = r->broken.rc;
    }
    return rc;
}

static int walk(struct route *r)
{
    struct heng_err err = {.text = ""};
    r->file.fd = -1;
    heng_rc rc = read_list(r, &err);
    if (rc == HENG_OK) rc = check_clock(r, &err);
    if (rc == HENG_OK) rc = open_file(r, &err);
    for (size_t i = 0; rc == HENG_OK && i < r->typed_count; i++) rc = keep_typed(r, &r->typed[i], &err);
    if (rc == HENG_OK && r->fitter.endpoints) rc = walk_line(r, &err);
    int status = rc == HENG_OK ? tell_missing(r) : heng_failure(command, &err);
    fini(r);
    return status;
}

/* --- options ------------------------------------------------------------------------------------------------------ */

static int take_typed(struct route *r, const char *arg)
{
    struct typed *typed = &r->typed[r->typed_count];
    struct heng_err err = {.text = ""};
    const char *equals = strchr(arg, '=');
    size_t n = equals ? (size_t)(equals - arg) : 0;
    if (r->typed_count == WANTED_MAX) return heng_usage_error(command, "at most %d --typed at once", WANTED_MAX);
    if (!n || n >= sizeof typed->number) return heng_usage_error(command, "--typed wants NUMBER=VALUE");
    memcpy(typed->number, arg, n);
    typed->number[n] = '\0';
    if (heng_dec_parse(equals + 1, &typed->value, &err) != HENG_OK || equals[1] == '-')
        return heng_usage_error(command, "'%.40s' is no reading of a meter", equals + 1);
    r->typed_count++;
    return EXIT_SUCCESS;
}

static int take_option(struct route *r, int option, char **argv)
{
    int taken = heng_fitter_take(&r->fitter, option, optarg);
    if (taken >= 0) return taken;
    switch (option) {
    case OPT_METER:
        if (r->wanted_count == WANTED_MAX) return heng_usage_error(command, "at most %d --meter at once", WANTED_MAX);
        r->wanted[r->wanted_count++] = optarg;
        return EXIT_SUCCESS;
    case OPT_LINE: r->line_name = optarg; return EXIT_SUCCESS;
    case OPT_READER:
        if (!optarg[0] || strlen(optarg) >= HENG_CARRY_NAME_MAX)
            return heng_usage_error(command, "--reader wants a name of at most %d bytes", HENG_CARRY_NAME_MAX - 1);
        r->reader = optarg;
        return EXIT_SUCCESS;
    case OPT_TYPED: return take_typed(r, optarg);
    default: return heng_option_error(command, option, argv);
    }
}

static const char *user_name(void)
{
    const char *user = getenv("USER");
    return user && user[0] && strlen(user) < HENG_CARRY_NAME_MAX ? user : "handheld";
}

int heng_route_read(int argc, char **argv)
{
    static const struct option options[] = {FITTER_OPTIONS{"meter", required_argument, NULL, OPT_METER},
                                            {"line", required_argument, NULL, OPT_LINE},
                                            {"reader", required_argument, NULL, OPT_READER},
                                            {"typed", required_argument, NULL, OPT_TYPED},
                                            {NULL, 0, NULL, 0}};
    static struct route route;
    int option, status = EXIT_SUCCESS;
    heng_fitter_init(&route.fitter, command, 0);
    route.fitter.stop = end;
    route.fitter.owner = &route;
    route.reader = user_name();
    opterr = 0;
    optind = 1;
    while (status == EXIT_SUCCESS && (option = getopt_long(argc, argv, ":", options, NULL)) != -1)
        status = take_option(&route, option, argv);
    if (status != EXIT_SUCCESS) return status;
    if (route.fitter.help) {
        print_help();
        return EXIT_SUCCESS;
    }
    if (argc - optind != 2) return heng_usage_error(command, "read wants two files: the list, and where readings go");
    route.list_path = argv[optind];
    route.out_path = argv[optind + 1];
    if ((!route.typed_count || route.fitter.endpoints) && (status = heng_fitter_check(&route.fitter)) != EXIT_SUCCESS)
        return status;
    return walk(&route);
}

int heng_route_show(int argc, char **argv)
{
    static struct route route;
    struct heng_err err = {.text = ""};
    if (argc != 2) return heng_usage_error(command, "show wants one file");
    route.list_path = route.out_path = argv[1];
    route.file.fd = -1;
    heng_rc rc = read_list(&route, &err);
    if (rc == HENG_OK) rc = heng_route_file_open(route.out_path, take_item, &route, &route.file, &err);
    for (size_t i = 0; rc == HENG_OK && i < route.meter_count; i++)
        printf("%-16s  %s\n", route.config.meters[i].number, route.done[i] ? "read" : "missing");
    int status = rc == HENG_OK ? tell_missing(&route) : heng_failure(command, &err);
    fini(&route);
    return status;
}
