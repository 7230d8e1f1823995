/* heng scan: the searches of line/search.h, one after another, until one has found something.
 *
 *   told nothing        at every speed, the likely ones first: what ends soon when nobody is there (M-Bus by secondary
 *                       address, DL/T 645-2007, CJ/T 188, DL/T 645-1997, and the low addresses of M-Bus and Modbus
 *                       where they are usual); then the other addresses, one after another
 *   --protocol          the searches of that protocol
 *   --baud              that speed alone; without it 2400 8E1 where the transport has no say in the speed
 *
 * Where something was found, the other quick searches of that speed still run: lines may be mixed. */
#include "app/cmd/scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/fitter.h"
#include "app/options.h"
#include "app/scan_site.h"
#include "run/bus.h"

static const char command[] = "scan";

enum { OPT_PROTOCOL = FITTER_OWN, OPT_FIRST, OPT_LAST, OPT_KNOWN, OPT_KNOWN_ONLY, OPT_RESUME, OPT_SITE };
enum { ATTEMPTS_MAX = 64, PROGRESS_LINE_S = 10, LOW_LAST = 16 };

/* One search at one speed. */
struct attempt {
    heng_search_kind kind;
    uint32_t baud;
    char parity;
    unsigned first, last; /* of addresses; 0 and 0: all */
    bool row;             /* asks every address: long, also where nobody is */
};

struct scan {
    struct heng_fitter fitter;
    struct heng_bus *bus;
    struct attempt attempts[ATTEMPTS_MAX];
    size_t attempt_count, at;
    struct heng_search_config search;
    struct heng_schedule never;
    struct heng_meter_config *known;
    size_t known_count;
    const char *known_file, *site_file;
    struct heng_search_found *found;
    size_t found_count;
    unsigned kinds_here;                /* bits: searches that have found something at this speed */
    struct heng_line_config found_line; /* where the first one was */
    uint32_t missing, first, last;      /* first, last: what was asked for */
    uv_timer_t patience;                /* with a line that is down */
    bool header, over, gave_up;
    char detail[160], down[160];
    heng_us told_us; /* the last line of progress */
};

static bool is_row(heng_search_kind kind) { return kind == HENG_SEARCH_MBUS_PRIMARY || kind == HENG_SEARCH_MODBUS_RTU; }

static const struct {
    const char *name;
    heng_search_kind kinds[2];
    unsigned count;
} protocols[] = {
    {"mbus", {HENG_SEARCH_MBUS_SECONDARY, HENG_SEARCH_MBUS_PRIMARY}, 2},
    {"mbus-secondary", {HENG_SEARCH_MBUS_SECONDARY}, 1},
    {"mbus-primary", {HENG_SEARCH_MBUS_PRIMARY}, 1},
    {"cjt188", {HENG_SEARCH_CJT188}, 1},
    {"dlt645", {HENG_SEARCH_DLT645_2007, HENG_SEARCH_DLT645_1997}, 2},
    {"dlt645-2007", {HENG_SEARCH_DLT645_2007}, 1},
    {"dlt645-1997", {HENG_SEARCH_DLT645_1997}, 1},
    {"modbus", {HENG_SEARCH_MODBUS_RTU}, 1},
    {"modbus-rtu", {HENG_SEARCH_MODBUS_RTU}, 1},
};

static const char protocol_names[] =
    "mbus, mbus-secondary, mbus-primary, cjt188, dlt645, dlt645-2007, dlt645-1997, modbus, modbus-rtu";

static void print_help(void)
{
    puts(
        "usage: heng scan ENDPOINT [OPTION...]\n\n"
        "Finds the meters of a line. Told nothing but the line, it tries protocols and speeds, the likely ones first.\n"
        "Ctrl-C stops it and prints the place to go on from. Exit status: 0 something was found, and every known "
        "meter;\n"
        "1 not, or stopped; 2 wrong usage.\n");
    heng_fitter_print_help(0);
    printf(
        "and the search:\n"
        "  --protocol NAME      only this one of %s\n"
        "  --first N, --last N  of a scan of addresses\n"
        "  --known FILE         meters that should be there, asked first: a site description, or an address per line\n"
        "  --known-only         ask for these, and look for no others\n"
        "  --resume PLACE       go on from where a scan was stopped; needs --protocol and --baud as it printed them\n"
        "  --site FILE          write what was found as a site description for 'heng import'; - for the output\n",
        protocol_names);
}

/* --- output ------------------------------------------------------------------------------------------------ */

static void clear_progress(void)
{
    if (isatty(STDERR_FILENO)) fputs("\r\033[K", stderr);
}

static void print_found(struct scan *s, const struct heng_search_found *f)
{
    char speed[24], primary[16] = "", note[24] = "";
    clear_progress();
    if (s->fitter.json) {
        struct heng_str out = {.max = 4096};
        heng_scan_found_json(f, &s->fitter.line, &out);
        if (out.rc == HENG_OK) puts(out.text);
        heng_str_fini(&out);
    } else if (!s->site_file || strcmp(s->site_file, "-") != 0) {
        heng_fitter_speed(&s->fitter.line, speed);
        if (!s->header)
            printf("%-12s  %-16s  %-14s  %-5s  %-16s  %-7s  %-10s\n", "protocol", "address", "number", "maker",
                   "medium", "primary", "speed");
        s->header = true;
        if (f->primary >= 0) snprintf(primary, sizeof primary, "%d", f->primary);
        snprintf(note, sizeof note, "%s%s", f->known ? "  known" : "", f->twin ? "  TWIN" : "");
        printf("%-12s  %-16s  %-14s  %-5s  %-16s  %-7s  %-10s%s\n", heng_protocol_text(f->protocol), f->address,
               f->number, f->manufacturer, heng_medium_text(f->medium), primary, speed, note);
    }
    fflush(stdout);
}

static void print_progress(struct scan *s, const struct heng_search_progress *p)
{
    const struct attempt *a = &s->attempts[s->at];
    heng_us now = heng_clock_mono();
    char speed[24];
    heng_fitter_speed(&s->fitter.line, speed);
    bool terminal = isatty(STDERR_FILENO);
    if (!terminal && now - s->told_us < PROGRESS_LINE_S * HENG_US_PER_S) return;
    s->told_us = now;
    if (terminal) fputs("\r\033[K", stderr);
    fprintf(stderr, "%s %s: %u.%u %%, %u requests, %zu found, at %s%s", heng_search_kind_text(a->kind), speed,
            p->permille / 10, p->permille % 10, p->requests, s->found_count, p->place, terminal ? "" : "\n");
    fflush(stderr);
}

static void print_summary(const struct scan *s, const struct heng_search_progress *p)
{
    const struct attempt *a = &s->attempts[s->at];
    char speed[24];
    clear_progress();
    heng_fitter_speed(&s->fitter.line, speed);
    fprintf(stderr, "%s %s: %u found, %u requests (%u selects), %u collisions", heng_search_kind_text(a->kind), speed,
            p->found, p->requests, p->selects, p->collisions);
    if (p->known) fprintf(stderr, ", %u of %u known ones missing", p->missing, p->known);
    fputs("\n", stderr);
}

static const char *transport_option(heng_transport_kind transport)
{
    return transport == HENG_TRANSPORT_DTU ? "dtu-listen" : heng_transport_text(transport);
}

static void print_place(const struct scan *s, const char *place)
{
    const struct attempt *a = &s->attempts[s->at];
    const struct heng_line_config *line = &s->fitter.line;
    bool dtu = line->transport == HENG_TRANSPORT_DTU;
    fprintf(stderr, "to go on: heng scan --%s %s%s%s --baud %u --parity %c --protocol %s --resume '%s'",
            transport_option(line->transport), dtu ? s->fitter.listen : line->endpoint, dtu ? " --registration " : "",
            dtu ? line->endpoint : "", line->baud, line->parity, heng_search_kind_text(a->kind), place);
    if (s->last) fprintf(stderr, " --first %u --last %u", s->first, s->last);
    if (s->known_file) fprintf(stderr, " --known %s%s", s->known_file, s->search.known_only ? " --known-only" : "");
    fputs("\n", stderr);
}

/* --- from search to search ----------------------------------------------------------------------------------- */

static void on_action(void *owner, struct heng_bus *bus, const struct heng_line_action *action);
static void on_stop(void *owner);

static void end(struct scan *s)
{
    s->over = true;
    heng_bus_close(s->bus);
    s->bus = NULL;
    if (!uv_is_closing((uv_handle_t *)&s->patience)) uv_close((uv_handle_t *)&s->patience, NULL);
    heng_fitter_done(&s->fitter);
}

static void on_patience(uv_timer_t *timer)
{
    struct scan *s = timer->data;
    s->gave_up = true;
    on_stop(s);
}

/* Is it worth while to make this attempt after those before it? */
static bool is_wanted(const struct scan *s, size_t i)
{
    const struct attempt *a = &s->attempts[i], *before = &s->attempts[s->at];
    if (s->found_count == 0) return true;
    if (a->baud != before->baud || a->parity != before->parity || s->kinds_here == 0) return false;
    /* They would be told once more, by their other address. */
    if (a->kind == HENG_SEARCH_MBUS_PRIMARY && s->kinds_here >> HENG_SEARCH_MBUS_SECONDARY & 1) return false;
    return !a->row || s->kinds_here >> a->kind & 1;
}

static heng_rc open_line(struct scan *s, struct heng_err *err)
{
    const struct attempt *a = &s->attempts[s->at];
    struct heng_bus_events events = {.owner = s, .action = on_action};
    s->fitter.line.baud = a->baud;
    s->fitter.line.parity = a->parity;
    s->kinds_here = 0;
    return heng_bus_open(&s->fitter.loop, s->fitter.listener, &s->fitter.line, NULL, 0, events, &s->bus, err);
}

static heng_rc begin(struct scan *s, struct heng_err *err)
{
    const struct attempt *a = &s->attempts[s->at];
    s->search.kind = a->kind;
    s->search.first = a->first;
    s->search.last = a->last;
    s->search.known = s->known;
    s->search.known_count = s->known_count;
    s->told_us = heng_clock_mono();
    heng_rc rc = heng_line_search(heng_bus_line(s->bus), heng_clock_mono(), &s->search, err);
    if (rc == HENG_OK) heng_bus_pump(s->bus);
    return rc;
}

/* The search is over: the next one, on a line of another speed if need be. */
static void next(struct scan *s)
{
    struct heng_err err = {.text = ""};
    const struct attempt *before = &s->attempts[s->at];
    size_t i = s->at + 1;
    while (i < s->attempt_count && !is_wanted(s, i)) i++;
    if (i == s->attempt_count) {
        end(s);
        return;
    }
    const struct attempt *a = &s->attempts[i];
    bool same = a->baud == before->baud && a->parity == before->parity;
    s->at = i;
    s->search.resume[0] = '\0';
    heng_rc rc = HENG_OK;
    if (!same) {
        heng_bus_close(s->bus);
        s->bus = NULL;
        rc = open_line(s, &err);
    }
    if (rc == HENG_OK) rc = begin(s, &err);
    if (rc == HENG_OK) return;
    snprintf(s->detail, sizeof s->detail, "%s", err.text);
    end(s);
}

static void on_found(struct scan *s, const struct heng_search_found *found)
{
    if (s->found_count == HENG_SEARCH_METERS_MAX) return;
    if (s->found_count == 0) s->found_line = s->fitter.line;
    s->found[s->found_count++] = *found;
    s->kinds_here |= 1u << s->attempts[s->at].kind;
    print_found(s, found);
}

static bool is_stopped(const struct scan *s) { return s->fitter.interrupted || s->fitter.timed_out || s->gave_up; }

static void on_searched(struct scan *s, const struct heng_search_progress *progress)
{
    if (!progress->ended && !is_stopped(s)) {
        snprintf(s->search.resume, sizeof s->search.resume, "%s", progress->place);
        print_progress(s, progress);
        return;
    }
    print_summary(s, progress);
    s->missing = progress->missing;
    if (!is_stopped(s)) {
        next(s);
        return;
    }
    if (progress->place[0] && progress->requests) print_place(s, progress->place);
    end(s);
}

/* How long a line may be down before nobody waits for it any more; a DTU dials in when it likes. */
static uint64_t patience_ms(const struct scan *s)
{
    return s->fitter.line.transport == HENG_TRANSPORT_DTU ? 180000 : 20000;
}

static void on_status(struct scan *s, const struct heng_line *line)
{
    const char *detail = heng_line_detail(line);
    if (heng_line_state_now(line) != HENG_LINE_STATE_DOWN) {
        uv_timer_stop(&s->patience);
        s->down[0] = '\0';
        return;
    }
    if (!uv_is_active((uv_handle_t *)&s->patience)) uv_timer_start(&s->patience, on_patience, patience_ms(s), 0);
    if (!detail[0] || strcmp(detail, s->down) == 0) return;
    snprintf(s->down, sizeof s->down, "%s", detail);
    clear_progress();
    fprintf(stderr, "heng scan: %s\n", detail);
}

static void on_action(void *owner, struct heng_bus *bus, const struct heng_line_action *action)
{
    struct scan *s = owner;
    if (bus != s->bus || s->over) return;
    switch (action->kind) {
    case HENG_LINE_FOUND: on_found(s, &action->found); break;
    case HENG_LINE_SEARCHED: on_searched(s, &action->progress); break;
    case HENG_LINE_STATUS: on_status(s, heng_bus_line(bus)); break;
    case HENG_LINE_NONE:
    case HENG_LINE_SEND:
    case HENG_LINE_SPEED:
    case HENG_LINE_RESULT: break;
    }
}

/* Ctrl-C, or the time is over, or the line is down for good. The line says where it was; when it cannot, the last place
 * that was heard of does. */
static void on_stop(void *owner)
{
    struct scan *s = owner;
    if (s->over) return;
    if (s->bus) heng_line_search_stop(heng_bus_line(s->bus), heng_clock_mono());
    if (s->bus) heng_bus_pump(s->bus);
    if (s->over) return;
    clear_progress();
    if (s->search.resume[0]) print_place(s, s->search.resume);
    end(s);
}

/* --- the plan ------------------------------------------------------------------------------------------------ */

static void add(struct scan *s, const struct attempt *attempt)
{
    for (size_t i = 0; i < s->attempt_count; i++) {
        const struct attempt *a = &s->attempts[i];
        if (a->kind == attempt->kind && a->baud == attempt->baud && a->parity == attempt->parity &&
            a->first == attempt->first)
            return;
    }
    if (s->attempt_count < ATTEMPTS_MAX) s->attempts[s->attempt_count++] = *attempt;
}

/* Speeds as they are met: M-Bus, CJ/T 188 and DL/T 645 leave the works at 2400 8E1, newer ones at 9600; Modbus at 9600.
 */
static const struct {
    uint32_t baud;
    char parity;
} speeds[] = {{2400, 'E'}, {9600, 'N'}, {9600, 'E'}, {1200, 'E'}, {4800, 'E'}, {300, 'E'}, {19200, 'N'}, {2400, 'N'}};

/* One address after another is long. Told nothing, it is tried only where it is usual, and the low addresses, where
 * the works and most fitters leave a meter, in the first pass. */
static void add_row(struct scan *s, struct attempt a, bool fixed, bool told, bool rest)
{
    bool modbus = a.kind == HENG_SEARCH_MODBUS_RTU;
    a.row = rest;
    if (told && rest) {
        a.first = s->first;
        a.last = s->last;
        add(s, &a);
    } else if (!told && (fixed || (modbus ? a.baud == 9600 || a.baud == 19200 : a.baud == 2400))) {
        a.first = rest ? LOW_LAST + 1 : modbus;
        a.last = rest ? (modbus ? 247 : 250) : LOW_LAST;
        add(s, &a);
    }
}

static void plan(struct scan *s, const heng_search_kind *kinds, unsigned count)
{
    const struct heng_line_config *line = &s->fitter.line;
    bool settable = line->transport == HENG_TRANSPORT_SERIAL || line->transport == HENG_TRANSPORT_RFC2217;
    bool fixed = s->fitter.baud_given || !settable;
    size_t speed_count = fixed ? 1 : sizeof speeds / sizeof speeds[0];
    for (unsigned rest = 0; rest < 2; rest++)
        for (size_t i = 0; i < speed_count; i++)
            for (unsigned k = 0; k < count; k++) {
                struct attempt a = {.kind = kinds[k],
                                    .baud = fixed ? line->baud : speeds[i].baud,
                                    .parity = fixed || s->fitter.parity_given ? line->parity : speeds[i].parity};
                if (is_row(a.kind))
                    add_row(s, a, fixed, count == 1, rest);
                else if (!rest)
                    add(s, &a);
            }
}

struct wanted {
    const heng_search_kind *kinds;
    unsigned count;
    uint32_t first, last;
    const char *resume;
};

static int take_protocol(struct wanted *w, const char *arg)
{
    for (size_t i = 0; i < sizeof protocols / sizeof protocols[0]; i++) {
        if (strcmp(protocols[i].name, arg) != 0) continue;
        w->kinds = protocols[i].kinds;
        w->count = protocols[i].count;
        return EXIT_SUCCESS;
    }
    return heng_usage_error(command, "there is no protocol '%.40s' to scan for: use one of %s", arg, protocol_names);
}

static int take_option(struct scan *s, struct wanted *w, int option, char **argv)
{
    int taken = heng_fitter_take(&s->fitter, option, optarg);
    if (taken >= 0) return taken;
    switch (option) {
    case OPT_PROTOCOL: return take_protocol(w, optarg);
    case OPT_FIRST:
        return heng_fitter_number(&s->fitter, "first", optarg, 0, 250, &w->first) ? EXIT_SUCCESS : EXIT_USAGE;
    case OPT_LAST: return heng_fitter_number(&s->fitter, "last", optarg, 1, 250, &w->last) ? EXIT_SUCCESS : EXIT_USAGE;
    case OPT_KNOWN: s->known_file = optarg; return EXIT_SUCCESS;
    case OPT_KNOWN_ONLY: s->search.known_only = true; return EXIT_SUCCESS;
    case OPT_RESUME: w->resume = optarg; return EXIT_SUCCESS;
    case OPT_SITE: s->site_file = optarg; return EXIT_SUCCESS;
    default: return heng_option_error(command, option, argv);
    }
}

static int check(struct scan *s, const struct wanted *w)
{
    bool one = w->count == 1;
    if (w->resume && (!one || !s->fitter.baud_given))
        return heng_usage_error(command, "--resume needs --protocol and --baud, as the stopped scan printed them");
    if (w->resume && (w->resume[0] == '\0' || strlen(w->resume) >= sizeof s->search.resume))
        return heng_usage_error(command, "'%.60s' is no place to go on from", w->resume);
    if ((w->first || w->last) && !(one && is_row(w->kinds[0])))
        return heng_usage_error(command, "--first and --last are for --protocol mbus-primary and modbus");
    if (w->last && w->first > w->last) return heng_usage_error(command, "--first is behind --last");
    if (w->first && !w->last) return heng_usage_error(command, "--first needs --last");
    if (s->search.known_only && !s->known_file) return heng_usage_error(command, "--known-only needs --known");
    if (s->fitter.json && s->site_file && strcmp(s->site_file, "-") == 0)
        return heng_usage_error(command, "--json and --site - would both be the output");
    if (w->resume) snprintf(s->search.resume, sizeof s->search.resume, "%s", w->resume);
    s->first = w->first;
    s->last = w->last;
    return EXIT_SUCCESS;
}

/* --- the command --------------------------------------------------------------------------------------------- */

static heng_rc write_site(const struct scan *s, struct heng_err *err)
{
    struct heng_str out = {.max = 1 << 22};
    if (!s->site_file || s->found_count == 0) return HENG_OK;
    heng_scan_site_json(&s->found_line, s->found, s->found_count, &out);
    heng_rc rc = out.rc;
    bool standard = strcmp(s->site_file, "-") == 0;
    FILE *file = rc != HENG_OK ? NULL : standard ? stdout : fopen(s->site_file, "we");
    bool good = file && fputs(out.text, file) >= 0 && fputc('\n', file) != EOF && fflush(file) == 0;
    if (file && !standard) good = fclose(file) == 0 && good;
    heng_str_fini(&out);
    return good ? HENG_OK : heng_fail(err, HENG_EIO, 0, "cannot write the site to '%.80s'", s->site_file);
}

static int run(struct scan *s)
{
    struct heng_err err = {.text = ""};
    heng_rc rc = heng_fitter_start(&s->fitter, &err);
    s->found = calloc(HENG_SEARCH_METERS_MAX, sizeof *s->found);
    if (rc == HENG_OK && !s->found) rc = heng_fail(&err, HENG_ENOMEM, 0, "no memory for what is found");
    if (rc == HENG_OK) {
        uv_timer_init(&s->fitter.loop, &s->patience);
        s->patience.data = s;
        uv_timer_start(&s->patience, on_patience, patience_ms(s), 0);
        s->never = (struct heng_schedule){.id = 1, .name = "never"};
        s->fitter.line.schedules = &s->never;
        s->fitter.line.schedule_count = 1;
        rc = open_line(s, &err);
        if (rc == HENG_OK) rc = begin(s, &err);
        if (rc != HENG_OK) end(s);
    }
    if (rc == HENG_OK) heng_fitter_run(&s->fitter);
    heng_fitter_fini(&s->fitter);
    if (rc == HENG_OK && s->detail[0]) rc = heng_fail(&err, HENG_EIO, 0, "%.150s", s->detail);
    if (rc == HENG_OK) rc = write_site(s, &err);
    free(s->found);
    if (rc != HENG_OK) return heng_failure(command, &err);
    if (s->found_count == 0)
        fprintf(stderr, "heng scan: no meter was found%s%s\n", s->down[0] ? ", for the line is down: " : "", s->down);
    return s->found_count && !is_stopped(s) && !(s->known && s->missing) ? EXIT_SUCCESS : EXIT_FAILURE;
}

int heng_cmd_scan(int argc, char **argv)
{
    static const struct option options[] = {FITTER_OPTIONS{"protocol", required_argument, NULL, OPT_PROTOCOL},
                                            {"first", required_argument, NULL, OPT_FIRST},
                                            {"last", required_argument, NULL, OPT_LAST},
                                            {"known", required_argument, NULL, OPT_KNOWN},
                                            {"known-only", no_argument, NULL, OPT_KNOWN_ONLY},
                                            {"resume", required_argument, NULL, OPT_RESUME},
                                            {"site", required_argument, NULL, OPT_SITE},
                                            {NULL, 0, NULL, 0}};
    static const heng_search_kind all[] = {HENG_SEARCH_MBUS_SECONDARY, HENG_SEARCH_DLT645_2007,
                                           HENG_SEARCH_CJT188,         HENG_SEARCH_DLT645_1997,
                                           HENG_SEARCH_MBUS_PRIMARY,   HENG_SEARCH_MODBUS_RTU};
    static struct scan scan;
    struct wanted wanted = {.kinds = all, .count = sizeof all / sizeof all[0]};
    struct heng_err err = {.text = ""};
    int option, status = EXIT_SUCCESS;
    heng_fitter_init(&scan.fitter, command, 0);
    scan.fitter.stop = on_stop;
    scan.fitter.owner = &scan;
    opterr = 0;
    optind = 1;
    while (status == EXIT_SUCCESS && (option = getopt_long(argc, argv, ":", options, NULL)) != -1)
        status = take_option(&scan, &wanted, option, argv);
    if (status != EXIT_SUCCESS) return status;
    if (scan.fitter.help) {
        print_help();
        return EXIT_SUCCESS;
    }
    if (optind < argc) return heng_usage_error(command, "'%.40s' is one word too many", argv[optind]);
    if ((status = heng_fitter_check(&scan.fitter)) != EXIT_SUCCESS) return status;
    if ((status = check(&scan, &wanted)) != EXIT_SUCCESS) return status;
    heng_protocol protocol = heng_search_kind_protocol(wanted.kinds[0]); /* of the lines of a list of known meters */
    if (scan.known_file && heng_scan_known(scan.known_file, protocol, &scan.known, &scan.known_count, &err) != HENG_OK)
        return heng_failure(command, &err);
    plan(&scan, wanted.kinds, wanted.count);
    status = run(&scan);
    free(scan.known);
    return status;
}
