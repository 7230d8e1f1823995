/* heng import: a site description (JSON) into the database.
 *
 *   {"site": "name", "time_zone": "Asia/Shanghai",
 *    "places": [{"key", "parent", "kind", "name", "area_cm2"}],
 *    "gateways": [{"key", "name", "parent", "journal_mb", "journal_days"}],
 *    "lines":  [{"key", "name", "gateway", "transport", "endpoint", "heartbeat", "heartbeat_s", "baud", "parity",
 * "latency_ms", "period_s", "rts", "overload", "infrared", "wake_byte", "wake_ms", "wake_rest_ms", "wake_after_s",
 *                "quarantine_after", "single_reads"}],
 *    "relays": [{"key", "line", "parent", "stores", "delay_ms", "hold_ms", "open", "open_answer"}],
 *    "schedules": [see site_schedules.h],
 *    "meters": [{"number", "line", "protocol", "address", "medium", "place", "manufacturer", "profile", "schedule",
 *                "relay", "position"}]}
 *
 * All of it is checked before anything is written; what is wrong is named by list, item and field. */
#include "app/cmd/import.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/import_carried.h"
#include "app/options.h"
#include "app/site/profiles.h"
#include "app/site/schedules.h"
#include "base/time.h"
#include "base/zone.h"
#include "flow/site.h"
#include "link/link.h"
#include "meter/driver.h"

static const char command[] = "import";

/* A hundred thousand meters fit, and need some 400 MiB of memory. */
enum { FILE_BYTES_MAX = 32 << 20 };

/* --- JSON into the structs of flow/site.h; texts stay in the JSON tree --------------------------------- */

typedef enum field_kind { FIELD_TEXT, FIELD_INT, FIELD_BOOL } field_kind;

struct field {
    const char *name;
    field_kind kind;
    bool required;
    size_t offset;
};

#define TEXT(struct_name, member, needed)                                                                              \
    {                                                                                                                  \
#member, FIELD_TEXT, needed, offsetof(struct struct_name, member)                                              \
    }
#define NUMBER(struct_name, member, needed)                                                                            \
    {                                                                                                                  \
#member, FIELD_INT, needed, offsetof(struct struct_name, member)                                               \
    }

#define FLAG(struct_name, member)                                                                                      \
    {                                                                                                                  \
#member, FIELD_BOOL, false, offsetof(struct struct_name, member)                                               \
    }

static const struct field place_fields[] = {
    TEXT(heng_site_place, key, true),  TEXT(heng_site_place, parent, false),     TEXT(heng_site_place, kind, true),
    TEXT(heng_site_place, name, true), NUMBER(heng_site_place, area_cm2, false), {NULL, FIELD_TEXT, false, 0},
};
static const struct field gateway_fields[] = {
    TEXT(heng_site_gateway, key, true),
    TEXT(heng_site_gateway, name, true),
    TEXT(heng_site_gateway, parent, false),
    NUMBER(heng_site_gateway, journal_mb, false),
    NUMBER(heng_site_gateway, journal_days, false),
    {NULL, FIELD_TEXT, false, 0},
};
static const struct field line_fields[] = {
    TEXT(heng_site_line, key, true),
    TEXT(heng_site_line, name, true),
    TEXT(heng_site_line, gateway, false),
    TEXT(heng_site_line, transport, true),
    TEXT(heng_site_line, endpoint, true),
    TEXT(heng_site_line, heartbeat, false),
    TEXT(heng_site_line, parity, true),
    NUMBER(heng_site_line, baud, true),
    NUMBER(heng_site_line, latency_ms, true),
    NUMBER(heng_site_line, period_s, true),
    NUMBER(heng_site_line, heartbeat_s, false),
    TEXT(heng_site_line, rts, false),
    TEXT(heng_site_line, overload, false),
    FLAG(heng_site_line, infrared),
    NUMBER(heng_site_line, wake_byte, false),
    NUMBER(heng_site_line, wake_ms, false),
    NUMBER(heng_site_line, wake_rest_ms, false),
    NUMBER(heng_site_line, wake_after_s, false),
    NUMBER(heng_site_line, quarantine_after, false),
    FLAG(heng_site_line, single_reads),
    {NULL, FIELD_TEXT, false, 0},
};
static const struct field relay_fields[] = {
    TEXT(heng_site_relay, key, true),
    TEXT(heng_site_relay, line, true),
    TEXT(heng_site_relay, parent, false),
    FLAG(heng_site_relay, stores),
    NUMBER(heng_site_relay, delay_ms, false),
    NUMBER(heng_site_relay, hold_ms, false),
    TEXT(heng_site_relay, open, false),
    TEXT(heng_site_relay, open_answer, false),
    {NULL, FIELD_TEXT, false, 0},
};
static const struct field meter_fields[] = {
    TEXT(heng_site_meter, number, true),        TEXT(heng_site_meter, line, true),
    TEXT(heng_site_meter, place, true),         TEXT(heng_site_meter, protocol, true),
    TEXT(heng_site_meter, address, true),       TEXT(heng_site_meter, medium, true),
    TEXT(heng_site_meter, manufacturer, false), TEXT(heng_site_meter, profile, false),
    TEXT(heng_site_meter, schedule, false),     TEXT(heng_site_meter, relay, false),
    NUMBER(heng_site_meter, position, false),   {NULL, FIELD_TEXT, false, 0},
};

static heng_rc read_field(const json_t *value, const struct field *field, const char *list, size_t item, char *to,
                          struct heng_err *err)
{
    if (!value || json_is_null(value)) {
        if (field->required)
            return heng_fail(err, HENG_ECONFIG, 0, "%s[%zu]: '%s' is missing", list, item, field->name);
        return HENG_OK;
    }
    if (field->kind == FIELD_TEXT) {
        if (!json_is_string(value))
            return heng_fail(err, HENG_ECONFIG, 0, "%s[%zu]: '%s' must be text in quotes", list, item, field->name);
        const char *text = json_string_value(value);
        memcpy(to + field->offset, &text, sizeof text);
        return HENG_OK;
    }
    if (field->kind == FIELD_BOOL) {
        if (!json_is_boolean(value))
            return heng_fail(err, HENG_ECONFIG, 0, "%s[%zu]: '%s' must be true or false", list, item, field->name);
        bool flag = json_is_true(value);
        memcpy(to + field->offset, &flag, sizeof flag);
        return HENG_OK;
    }
    if (!json_is_integer(value))
        return heng_fail(err, HENG_ECONFIG, 0, "%s[%zu]: '%s' must be a whole number", list, item, field->name);
    int64_t number = json_integer_value(value);
    memcpy(to + field->offset, &number, sizeof number);
    return HENG_OK;
}

static heng_rc read_item(json_t *object, const struct field *fields, const char *list, size_t item, char *to,
                         struct heng_err *err)
{
    const char *key;
    json_t *value;
    if (!json_is_object(object))
        return heng_fail(err, HENG_ECONFIG, 0, "%s[%zu] must be an object in braces", list, item);
    json_object_foreach(object, key, value)
    {
        const struct field *f = fields;
        while (f->name && strcmp(f->name, key) != 0) f++;
        if (!f->name) return heng_fail(err, HENG_ECONFIG, 0, "%s[%zu]: unknown field '%.40s'", list, item, key);
    }
    for (const struct field *f = fields; f->name; f++) {
        heng_rc rc = read_field(json_object_get(object, f->name), f, list, item, to, err);
        if (rc != HENG_OK) return rc;
    }
    return HENG_OK;
}

/* One list of the file into an array of structs of `size` bytes. */
static heng_rc read_list(json_t *root, const char *list, const struct field *fields, size_t size, void **ret,
                         size_t *ret_count, struct heng_err *err)
{
    json_t *array = json_object_get(root, list);
    if (!array) return HENG_OK;
    if (!json_is_array(array)) return heng_fail(err, HENG_ECONFIG, 0, "'%s' must be a list in brackets", list);
    size_t count = json_array_size(array);
    char *items = calloc(count ? count : 1, size);
    if (!items) return heng_fail(err, HENG_ENOMEM, 0, "no memory for %zu %s", count, list);
    *ret = items;
    *ret_count = count;
    for (size_t i = 0; i < count; i++) {
        heng_rc rc = read_item(json_array_get(array, i), fields, list, i, items + i * size, err);
        if (rc != HENG_OK) return rc;
    }
    return HENG_OK;
}

static heng_rc protocol_unknown(const struct heng_site_meter *meter, struct heng_err *err)
{
    char names[100] = "";
    size_t n = 0;
    for (int i = 0; i < HENG_PROTOCOL_COUNT && n < sizeof names; i++)
        n += (size_t)snprintf(names + n, sizeof names - n, "%s%s", i ? ", " : "", heng_protocol_text((heng_protocol)i));
    return heng_fail(err, HENG_ECONFIG, 0, "meter '%.24s': protocol '%.24s' is not one of %s", meter->number,
                     meter->protocol, names);
}

/* A meter that its driver cannot ask would stay unread: refuse it here. */
static heng_rc check_meters(const struct heng_site *site, const struct heng_profiles *profiles, struct heng_err *err)
{
    for (size_t i = 0; i < site->meter_count; i++) {
        const struct heng_site_meter *meter = &site->meters[i];
        struct heng_meter_config config = {.protocol = heng_protocol_of(meter->protocol)};
        const char *profile = meter->profile ? meter->profile : "";
        struct heng_err why;
        if (config.protocol == HENG_PROTOCOL_COUNT) return protocol_unknown(meter, err);
        if (strlen(meter->address) >= sizeof config.address)
            return heng_fail(err, HENG_ECONFIG, 0, "meter '%.24s': the address is too long", meter->number);
        snprintf(config.address, sizeof config.address, "%s", meter->address);
        heng_rc rc = heng_site_profiles_check(profiles, config.protocol, profile, &why);
        config.profile = heng_profiles_find(profiles, profile);
        if (rc == HENG_OK) rc = heng_meter_check(&config, &why);
        if (rc != HENG_OK) return heng_fail(err, why.rc, 0, "meter '%.24s': %.120s", meter->number, why.text);
    }
    return HENG_OK;
}

/* So would an endpoint that no transport understands. Lengths and ranges are the store's to check. */
static heng_rc check_lines(const struct heng_site *site, struct heng_err *err)
{
    for (size_t i = 0; i < site->line_count; i++) {
        const struct heng_site_line *line = &site->lines[i];
        struct heng_line_config config = {.transport = heng_transport_of(line->transport)};
        const char *heartbeat = line->heartbeat ? line->heartbeat : "";
        if (config.transport == HENG_TRANSPORT_COUNT || line->baud < 0 || line->baud > UINT32_MAX ||
            strlen(line->endpoint) >= sizeof config.endpoint || strlen(heartbeat) >= sizeof config.heartbeat)
            continue; /* heng_site_apply says what is wrong */
        config.baud = (uint32_t)line->baud;
        config.parity = line->parity && line->parity[0] ? line->parity[0] : 'E';
        config.infrared = line->infrared;
        config.rts = line->rts && line->rts[0] ? heng_rts_of(line->rts) : HENG_RTS_NONE;
        config.overload = line->overload && line->overload[0] ? heng_signal_of(line->overload) : HENG_SIGNAL_NONE;
        if (config.rts == HENG_RTS_COUNT || config.overload == HENG_SIGNAL_COUNT) continue;
        snprintf(config.name, sizeof config.name, "%.40s", line->key);
        snprintf(config.endpoint, sizeof config.endpoint, "%s", line->endpoint);
        snprintf(config.heartbeat, sizeof config.heartbeat, "%s", heartbeat);
        heng_rc rc = heng_link_check(&config, err);
        if (rc != HENG_OK) return rc;
    }
    return HENG_OK;
}

static int by_text(const void *a, const void *b) { return strcmp(*(const char *const *)a, *(const char *const *)b); }

/* Two items with one key in one file: the second would silently take the place of the first. keys is sorted here. */
static heng_rc check_unique(const char *what, const char **keys, size_t count, struct heng_err *err)
{
    qsort(keys, count, sizeof *keys, by_text);
    for (size_t i = 1; i < count; i++)
        if (strcmp(keys[i - 1], keys[i]) == 0)
            return heng_fail(err, HENG_ECONFIG, 0, "%s '%.60s' stands twice in the file", what, keys[i]);
    return HENG_OK;
}

static heng_rc check_keys(const struct heng_site *site, struct heng_err *err)
{
    size_t most =
        site->place_count + site->line_count + site->meter_count + site->schedule_count + site->gateway_count + 1;
    const char **keys = calloc(most, sizeof *keys);
    if (!keys) return heng_fail(err, HENG_ENOMEM, 0, "no memory for %zu keys", most);
    for (size_t i = 0; i < site->place_count; i++) keys[i] = site->places[i].key;
    heng_rc rc = check_unique("place", keys, site->place_count, err);
    for (size_t i = 0; i < site->line_count; i++) keys[i] = site->lines[i].key;
    if (rc == HENG_OK) rc = check_unique("line", keys, site->line_count, err);
    for (size_t i = 0; i < site->meter_count; i++) keys[i] = site->meters[i].number;
    if (rc == HENG_OK) rc = check_unique("meter", keys, site->meter_count, err);
    for (size_t i = 0; i < site->schedule_count; i++) keys[i] = site->schedules[i].name;
    if (rc == HENG_OK) rc = check_unique("schedule", keys, site->schedule_count, err);
    for (size_t i = 0; i < site->gateway_count; i++) keys[i] = site->gateways[i].key;
    if (rc == HENG_OK) rc = check_unique("gateway", keys, site->gateway_count, err);
    free(keys);
    return rc;
}

static heng_rc text_of(json_t *root, const char *name, const char **ret, struct heng_err *err)
{
    json_t *value = json_object_get(root, name);
    *ret = "";
    if (!value) return HENG_OK;
    if (!json_is_string(value)) return heng_fail(err, HENG_ECONFIG, 0, "'%s' must be text in quotes", name);
    *ret = json_string_value(value);
    return HENG_OK;
}

static heng_rc check_zone(const char *name, struct heng_err *err)
{
    struct heng_zone *zone = NULL;
    if (!name[0]) return HENG_OK;
    heng_rc rc = heng_zone_open(name, &zone, err);
    heng_zone_free(zone);
    return rc;
}

static heng_rc apply(json_t *root, const char *folder, const struct heng_profiles *profiles,
                     struct heng_site_applied *ret, struct heng_err *err)
{
    static const char *const known[] = {"site",  "time_zone", "places",    "gateways",
                                        "lines", "relays",    "schedules", "meters"};
    const char *key, *name, *time_zone;
    json_t *value;
    void *places = NULL, *lines = NULL, *meters = NULL, *relays = NULL, *gateways = NULL;
    struct heng_schedule *schedules = NULL;
    size_t place_count = 0, line_count = 0, meter_count = 0, relay_count = 0, schedule_count = 0, gateway_count = 0;
    struct heng_store *store = NULL;
    char path[DATA_PATH_MAX];

    if (!json_is_object(root)) return heng_fail(err, HENG_ECONFIG, 0, "the file must hold one object in braces");
    json_object_foreach(root, key, value)
    {
        size_t i = 0;
        while (i < sizeof known / sizeof known[0] && strcmp(known[i], key) != 0) i++;
        if (i == sizeof known / sizeof known[0])
            return heng_fail(err, HENG_ECONFIG, 0,
                             "unknown part '%.40s'; a site has site, time_zone, places, gateways, lines, relays, "
                             "schedules, meters",
                             key);
    }
    heng_rc rc = text_of(root, "site", &name, err);
    if (rc == HENG_OK) rc = text_of(root, "time_zone", &time_zone, err);
    if (rc == HENG_OK) rc = check_zone(time_zone, err);
    if (rc == HENG_OK)
        rc = read_list(root, "places", place_fields, sizeof(struct heng_site_place), &places, &place_count, err);
    if (rc == HENG_OK)
        rc = read_list(root, "lines", line_fields, sizeof(struct heng_site_line), &lines, &line_count, err);
    if (rc == HENG_OK)
        rc = read_list(root, "meters", meter_fields, sizeof(struct heng_site_meter), &meters, &meter_count, err);
    if (rc == HENG_OK)
        rc = read_list(root, "relays", relay_fields, sizeof(struct heng_site_relay), &relays, &relay_count, err);
    if (rc == HENG_OK)
        rc = read_list(root, "gateways", gateway_fields, sizeof(struct heng_site_gateway), &gateways, &gateway_count,
                       err);
    if (rc == HENG_OK) rc = heng_site_schedules_read(root, &schedules, &schedule_count, err);
    if (rc == HENG_OK) {
        struct heng_site site = {.name = name,
                                 .time_zone = time_zone,
                                 .places = places,
                                 .lines = lines,
                                 .meters = meters,
                                 .place_count = place_count,
                                 .line_count = line_count,
                                 .meter_count = meter_count,
                                 .schedules = schedules,
                                 .schedule_count = schedule_count,
                                 .relays = relays,
                                 .relay_count = relay_count,
                                 .gateways = gateways,
                                 .gateway_count = gateway_count};
        rc = check_keys(&site, err);
        if (rc == HENG_OK) rc = check_lines(&site, err);
        if (rc == HENG_OK) rc = check_meters(&site, profiles, err);
        if (rc == HENG_OK) rc = heng_data_open(folder, path, &store, err);
        if (rc == HENG_OK) rc = heng_site_apply(store, &site, heng_clock_wall(), ret, err);
    }
    heng_store_close(store);
    free(places);
    free(lines);
    free(meters);
    free(relays);
    free(gateways);
    free(schedules);
    return rc;
}

static void print_help(void)
{
    puts("usage: heng import [--data DIR] [--profiles DIR] FILE\n\n"
         "Puts the places, gateways, lines and meters that FILE describes (JSON; '-' for standard input) into the\n"
         "database in DIR (default: data). What is there already is brought up to date; nothing is removed;\n"
         "a file with an error changes nothing. Stop 'heng serve' on the same folder first.\n\n"
         "A FILE that a handheld brings back ('heng route read'), or that a gateway wrote ('heng-gateway export\n"
         "entries'), is known by its first bytes: its readings are stored, each once, however often and by whatever\n"
         "other way they come. A gateway takes the file of a handheld as well, while everything runs:\n"
         "'heng-gateway import FILE'.\n\n"
         "With --profiles the meter models of the *.json files in DIR are known besides the built-in ones\n"
         "('heng profile list'); give 'heng serve' the same.");
}

/* --- the file -------------------------------------------------------------------------------------------------- */

struct source {
    FILE *file;
    size_t n; /* read so far */
};

/* json_load_callback_t: the end of the file, too, when it is larger than we take. */
static size_t read_some(void *buffer, size_t size, void *owner)
{
    struct source *source = owner;
    size_t n = fread(buffer, 1, size, source->file);
    source->n += n;
    return source->n > FILE_BYTES_MAX ? 0 : n;
}

static json_t *load(const char *name, struct heng_err *err)
{
    json_error_t where;
    bool standard = strcmp(name, "-") == 0;
    struct source source = {.file = standard ? stdin : fopen(name, "re")};
    if (!source.file) {
        heng_fail(err, HENG_EIO, 0, "cannot read '%.80s': %s", name, strerror(errno));
        return NULL;
    }
    json_t *root = json_load_callback(read_some, &source, JSON_REJECT_DUPLICATES, &where);
    heng_rc rc = root ? HENG_OK : HENG_EFORMAT;
    if (ferror(source.file))
        rc = heng_fail(err, HENG_EIO, 0, "cannot read '%.80s'", name);
    else if (source.n > FILE_BYTES_MAX)
        rc = heng_fail(err, HENG_ELIMIT, 0, "%.60s is larger than %d MiB: sheets take more ('heng archive')", name,
                       FILE_BYTES_MAX >> 20);
    else if (!root)
        heng_fail(err, rc, 0, "%.60s, line %d: %.80s", name, where.line, where.text);
    if (!standard) fclose(source.file);
    if (rc == HENG_OK) return root;
    json_decref(root);
    return NULL;
}

static int import_carried(const char *folder, const char *profile_folder, const char *file)
{
    struct heng_err err = {.text = ""};
    struct heng_profiles profiles = {0};
    heng_rc rc = heng_site_profiles_read(profile_folder, &profiles, &err);
    int status = rc == HENG_OK ? heng_import_carried(folder, &profiles, file) : heng_failure(command, &err);
    heng_profiles_fini(&profiles);
    return status;
}

int heng_cmd_import(int argc, char **argv)
{
    static const struct option options[] = {{"data", required_argument, NULL, 'd'},
                                            {"profiles", required_argument, NULL, 'p'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    const char *folder = "data", *profile_folder = NULL;
    int option;
    opterr = 0;
    optind = 1;
    while ((option = getopt_long(argc, argv, "+:", options, NULL)) != -1) {
        switch (option) {
        case 'd': folder = optarg; break;
        case 'p': profile_folder = optarg; break;
        case 'h': print_help(); return EXIT_SUCCESS;
        default: return heng_option_error(command, option, argv);
        }
    }
    if (optind + 1 != argc) return heng_usage_error(command, "exactly one file is needed");
    const char *file = argv[optind];
    struct heng_err err = {.text = ""};
    if (heng_import_is_carried(file)) return import_carried(folder, profile_folder, file);
    json_t *root = load(file, &err);
    if (!root) return heng_failure(command, &err);
    struct heng_site_applied applied = {0};
    struct heng_profiles profiles = {0};
    heng_rc rc = heng_site_profiles_read(profile_folder, &profiles, &err);
    if (rc == HENG_OK) rc = apply(root, folder, &profiles, &applied, &err);
    heng_profiles_fini(&profiles);
    json_decref(root);
    if (rc != HENG_OK) return heng_failure(command, &err);
    printf("imported %zu places, %zu lines, %zu meters", applied.places, applied.lines, applied.meters);
    if (applied.gateways) printf(", %zu gateways", applied.gateways);
    putchar('\n');
    return EXIT_SUCCESS;
}
