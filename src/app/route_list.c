#include "app/route_list.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/options.h"
#include "app/route_file.h"
#include "app/site/profiles.h"
#include "flow/site.h"
#include "store/gateways.h"
#include "store/read.h"

static const char command[] = "route";

struct wish {
    const char *folder, *gateway_key, *line_name, *profile_folder, *path;
};

/* What goes into the list, and what it borrows from. */
struct draft {
    struct heng_store_reader *reader;
    struct heng_profiles profiles;
    struct heng_site_lines site;
    struct heng_gateway gateway; /* id 0: lines of our own */
    char time_zone[HENG_CONFIG_ZONE_NAME_MAX];
    struct heng_line_config *lines;
    struct heng_meter_config *meters;
    size_t *first;
    struct heng_config_profile *listed;
    struct heng_gateway_config config;
};

static void fini(struct draft *d)
{
    free(d->lines);
    free(d->meters);
    free(d->first);
    free(d->listed);
    heng_site_lines_fini(&d->site);
    heng_profiles_fini(&d->profiles);
    heng_store_reader_close(d->reader);
}

static heng_rc load(const struct wish *wish, struct draft *d, struct heng_err *err)
{
    char path[DATA_PATH_MAX];
    heng_rc rc = heng_data_name(wish->folder, path, err);
    if (rc == HENG_OK) rc = heng_site_profiles_read(wish->profile_folder, &d->profiles, err);
    if (rc == HENG_OK) rc = heng_store_reader_open(path, &d->reader, err);
    if (rc == HENG_OK && wish->gateway_key) {
        rc = heng_store_gateway_by_key(d->reader, wish->gateway_key, &d->gateway, err);
        if (rc == HENG_ENOTFOUND) return heng_fail(err, rc, 0, "there is no gateway '%.60s'", wish->gateway_key);
    }
    if (rc != HENG_OK) return rc;
    rc = heng_store_get_setting(d->reader, "time_zone", d->time_zone, sizeof d->time_zone, err);
    if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc; /* a site without one reads by UTC */
    return d->gateway.id ? heng_site_load_gateway_lines(d->reader, d->gateway.id, &d->profiles, &d->site, err)
                         : heng_site_load_lines(d->reader, &d->profiles, &d->site, err);
}

/* The file of a meter model, once. One that is not here is left out: the meter says who it is. */
static void take_profile(struct draft *d, struct heng_meter_config *meter)
{
    size_t n = d->config.profile_count, i = 0;
    while (i < n && strcmp(d->listed[i].name, meter->profile_name) != 0) i++;
    if (i < n || !meter->profile_name[0]) return;
    if (meter->profile && n < HENG_CONFIG_PROFILES_MAX)
        d->listed[d->config.profile_count++] = (struct heng_config_profile){meter->profile->name, meter->profile->text};
    else
        meter->profile_name[0] = '\0';
}

static heng_rc choose(const struct wish *wish, struct draft *d, struct heng_err *err)
{
    size_t lines = 0, meters = 0;
    d->lines = calloc(d->site.line_count + 1, sizeof *d->lines);
    d->meters = calloc(d->site.meter_count + 1, sizeof *d->meters);
    d->first = calloc(d->site.line_count + 1, sizeof *d->first);
    d->listed = calloc(d->site.meter_count + 1, sizeof *d->listed);
    if (!d->lines || !d->meters || !d->first || !d->listed)
        return heng_fail(err, HENG_ENOMEM, 0, "no memory for the list");
    for (size_t i = 0; i < d->site.line_count; i++) {
        if (wish->line_name && strcmp(wish->line_name, d->site.lines[i].name) != 0) continue;
        d->lines[lines++] = d->site.lines[i];
        for (size_t j = d->site.first[i]; j < d->site.first[i + 1]; j++) {
            d->meters[meters] = d->site.meters[j];
            take_profile(d, &d->meters[meters++]);
        }
        d->first[lines] = meters;
    }
    if (!meters)
        return heng_fail(err, HENG_ENOTFOUND, 0, "no meter to read there: name a --gateway or a --line that has some");
    d->config.version = 1; /* only to read by */
    d->config.name = d->gateway.id ? d->gateway.name : "centre";
    d->config.time_zone = d->time_zone;
    d->config.lines = d->lines;
    d->config.meters = d->meters;
    d->config.first = d->first;
    d->config.line_count = lines;
    d->config.profiles = d->listed;
    return HENG_OK;
}

static int write_list(const struct wish *wish)
{
    struct draft d = {0};
    struct heng_err err = {.text = ""};
    uint8_t *bytes = NULL;
    size_t n = 0;
    heng_rc rc = load(wish, &d, &err);
    if (rc == HENG_OK) rc = choose(wish, &d, &err);
    if (rc == HENG_OK) rc = heng_config_pack(&d.config, &bytes, &n, &err);
    if (rc == HENG_OK) {
        struct heng_carry_header header = {.made_us = heng_clock_wall(), .gateway_id = d.gateway.id};
        snprintf(header.name, sizeof header.name, "%.*s", (int)sizeof header.name - 1, d.config.name);
        rc = heng_route_write_list(wish->path, &header, heng_slice_of(bytes, n), &err);
    }
    if (rc == HENG_OK)
        printf("'%s': %zu meters of %zu lines\n", wish->path, d.first[d.config.line_count], d.config.line_count);
    free(bytes);
    fini(&d);
    return rc == HENG_OK ? EXIT_SUCCESS : heng_failure(command, &err);
}

int heng_route_list(int argc, char **argv)
{
    static const struct option options[] = {{"data", required_argument, NULL, 'd'},
                                            {"gateway", required_argument, NULL, 'g'},
                                            {"line", required_argument, NULL, 'l'},
                                            {"profiles", required_argument, NULL, 'p'},
                                            {NULL, 0, NULL, 0}};
    struct wish wish = {.folder = "data"};
    int option;
    opterr = 0;
    optind = 1;
    while ((option = getopt_long(argc, argv, ":", options, NULL)) != -1) {
        switch (option) {
        case 'd': wish.folder = optarg; break;
        case 'g': wish.gateway_key = optarg; break;
        case 'l': wish.line_name = optarg; break;
        case 'p': wish.profile_folder = optarg; break;
        default: return heng_option_error(command, option, argv);
        }
    }
    if (argc - optind != 1) return heng_usage_error(command, "list wants one file to write");
    wish.path = argv[optind];
    return write_list(&wish);
}
