#include "flow/gateways.h"

#include <stdlib.h>

#include "base/log.h"
#include "flow/site.h"
#include "meter/profile.h"
#include "store/read.h"

/* --- the tree --------------------------------------------------------------------------------------------- */

static heng_rc fill_row(struct heng_store_reader *reader, struct heng_gateway_row *row, struct heng_err *err)
{
    struct heng_gateway_count count;
    heng_rc rc = heng_store_get_gateway_status(reader, row->gateway.id, &row->status, err);
    if (rc == HENG_ENOTFOUND) {
        row->status = (struct heng_gateway_status){.gateway_id = row->gateway.id};
        rc = HENG_OK;
    }
    if (rc == HENG_OK) rc = heng_store_count_gateway(reader, row->gateway.id, &count, err);
    if (rc != HENG_OK) return rc;
    row->lines = count.lines;
    row->meters = count.meters;
    row->refused = count.refused;
    row->last_event_us = count.last_event_us;
    row->missing = count.missing;
    return HENG_OK;
}

heng_rc heng_view_gateway(struct heng_store_reader *reader, int64_t id, struct heng_gateway_row *ret,
                          struct heng_err *err)
{
    heng_rc rc = heng_store_get_gateway(reader, id, &ret->gateway, err);
    return rc == HENG_OK ? fill_row(reader, ret, err) : rc;
}

heng_rc heng_gateway_path(struct heng_store_reader *reader, int64_t gateway_id,
                          int64_t ret[static HENG_UPLINK_PATH_MAX], size_t *ret_n, struct heng_err *err)
{
    int64_t up[HENG_UPLINK_PATH_MAX];
    size_t n = 0;
    for (int64_t id = gateway_id; id;) {
        struct heng_gateway gateway;
        if (n == HENG_UPLINK_PATH_MAX)
            return heng_fail(err, HENG_ELIMIT, 0, "gateway %lld: more than %d stand one below the other",
                             (long long)gateway_id, HENG_UPLINK_PATH_MAX);
        heng_rc rc = heng_store_get_gateway(reader, id, &gateway, err);
        if (rc == HENG_ENOTFOUND) return heng_fail(err, rc, 0, "there is no gateway %lld", (long long)id);
        if (rc != HENG_OK) return rc;
        up[n++] = id;
        id = gateway.parent_id;
    }
    for (size_t i = 0; i < n; i++) ret[i] = up[n - 1 - i];
    *ret_n = n;
    return HENG_OK;
}

/* Where a row stands in the tree: the ids from the root down to it, zeros behind. */
struct place {
    int64_t path[HENG_UPLINK_PATH_MAX];
    size_t row;
};

static int by_path(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    for (size_t i = 0; i < HENG_UPLINK_PATH_MAX; i++)
        if (x->path[i] != y->path[i]) return x->path[i] < y->path[i] ? -1 : 1;
    return 0;
}

static heng_rc sort_rows(struct heng_store_reader *reader, struct heng_gateway_row *rows, size_t n,
                         struct heng_err *err)
{
    struct place *places = calloc(n + 1, sizeof *places);
    struct heng_gateway_row *copy = malloc((n + 1) * sizeof *copy);
    heng_rc rc = places && copy ? HENG_OK : heng_fail(err, HENG_ENOMEM, 0, "out of memory for %zu gateways", n);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        size_t deep;
        places[i].row = i;
        rc = heng_gateway_path(reader, rows[i].gateway.id, places[i].path, &deep, err);
    }
    if (rc == HENG_OK) {
        qsort(places, n, sizeof *places, by_path);
        memcpy(copy, rows, n * sizeof *rows);
        for (size_t i = 0; i < n; i++) rows[i] = copy[places[i].row];
    }
    free(places);
    free(copy);
    return rc;
}

heng_rc heng_view_gateways(struct heng_store_reader *reader, int64_t after, struct heng_gateway_row *ret, size_t cap,
                           size_t *ret_n, struct heng_err *err)
{
    struct heng_gateway gateway;
    heng_rc rc = HENG_OK;
    size_t n = 0, got = 1;
    while (rc == HENG_OK && n < cap && got == 1) {
        rc = heng_store_list_gateways(reader, after, &gateway, 1, &got, err);
        if (rc != HENG_OK || got == 0) break;
        after = gateway.id;
        ret[n].gateway = gateway;
        rc = fill_row(reader, &ret[n++], err);
    }
    if (rc == HENG_OK && n > 1) rc = sort_rows(reader, ret, n, err);
    if (rc == HENG_OK) *ret_n = n;
    return rc;
}

/* --- configuration ---------------------------------------------------------------------------------------- */

/* FNV-1a, 128 bits: the prime is 2^88 + 13b hexadecimal. */
struct hash {
    uint64_t high, low;
};

static void mix(struct hash *hash, const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    for (size_t i = 0; i < n; i++) {
        uint64_t low = hash->low ^ p[i];
        uint64_t a = (low & UINT32_MAX) * 0x13b, b = (low >> 32) * 0x13b + (a >> 32);
        hash->high = hash->high * 0x13b + (b >> 32) + (low << 24);
        hash->low = b << 32 | (a & UINT32_MAX);
    }
}

/* A configuration on its way. Owns what it points to, but for the arrays of site. */
struct build {
    struct heng_gateway_config config;
    struct heng_gateway gateway;
    char time_zone[64];
    struct heng_site_lines site;
    struct heng_config_profile *profiles;
    struct heng_config_child *children;
    struct heng_gateway *child_rows;
    struct heng_gateway parent; /* its name is "": the centre */
    uint64_t revoked[HENG_CONFIG_REVOKED_MAX];
};

/* What is made of one: bytes, allocated; hash: of what makes a version. */
struct built {
    uint8_t *bytes;
    size_t n;
    uint64_t version;
    struct hash hash;
};

static heng_rc build(struct heng_store *store, int64_t gateway_id, const struct heng_profiles *profiles, heng_us now_us,
                     unsigned deep, struct built *ret, struct heng_err *err);

/* The files of all profiles that its meters name. */
static heng_rc collect_profiles(struct build *b, const struct heng_profiles *profiles, struct heng_err *err)
{
    b->profiles = calloc(b->site.meter_count + 1, sizeof *b->profiles);
    if (!b->profiles) return heng_fail(err, HENG_ENOMEM, 0, "out of memory for profiles");
    for (size_t i = 0; i < b->site.meter_count; i++) {
        struct heng_meter_config *meter = &b->site.meters[i];
        if (!meter->profile_name[0]) continue;
        size_t at = 0;
        while (at < b->config.profile_count && strcmp(b->profiles[at].name, meter->profile_name) != 0) at++;
        if (at < b->config.profile_count) continue;
        const struct heng_profile *profile = profiles ? heng_profiles_find(profiles, meter->profile_name) : NULL;
        if (profile) {
            b->profiles[b->config.profile_count++] = (struct heng_config_profile){profile->name, profile->text};
        } else {
            heng_log(HENG_LOG_WARN, "flow", "event=no_profile gateway='%s' meter=%s profile=%s", b->gateway.key,
                     meter->number, meter->profile_name);
            meter->profile_name[0] = '\0';
        }
    }
    b->config.profiles = b->profiles;
    return HENG_OK;
}

/* Those that can connect: it must have a certificate. A revoked one stays, so that it hears why it is refused. */
static heng_rc collect_children(struct heng_store *store, struct build *b, const struct heng_profiles *profiles,
                                heng_us now_us, unsigned deep, struct hash *hash, struct heng_err *err)
{
    struct heng_store_reader *reader = heng_store_as_reader(store);
    int64_t ids[HENG_UPLINK_CHILDREN_MAX];
    size_t n = 0;
    heng_rc rc = heng_store_list_children(reader, b->gateway.id, ids, HENG_UPLINK_CHILDREN_MAX, &n, err);
    if (rc != HENG_OK || n == 0) return rc;
    b->children = calloc(n, sizeof *b->children);
    b->child_rows = calloc(n, sizeof *b->child_rows);
    if (!b->children || !b->child_rows) return heng_fail(err, HENG_ENOMEM, 0, "out of memory for gateways");
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        struct heng_config_child *child = &b->children[b->config.child_count];
        struct heng_gateway *row = &b->child_rows[i];
        struct built built = {0};
        rc = heng_store_get_gateway(reader, ids[i], row, err);
        if (rc != HENG_OK || !row->common_name[0]) continue;
        rc = build(store, ids[i], profiles, now_us, deep + 1, &built, err);
        if (rc != HENG_OK) break;
        *child = (struct heng_config_child){ids[i], row->common_name, row->name, heng_slice_of(built.bytes, built.n)};
        b->config.child_count++;
        mix(hash, &ids[i], sizeof ids[i]);
        mix(hash, row->common_name, strlen(row->common_name) + 1);
        mix(hash, row->name, strlen(row->name) + 1);
        mix(hash, &built.hash, sizeof built.hash);
        /* What was so before, and is so again, has another number: who passes it on must hear of it. */
        mix(hash, &built.version, sizeof built.version);
    }
    b->config.children = b->children;
    return rc;
}

/* All that it has of its own. */
static heng_rc load(struct heng_store *store, int64_t gateway_id, const struct heng_profiles *profiles, heng_us now_us,
                    struct build *b, struct heng_err *err)
{
    struct heng_store_reader *reader = heng_store_as_reader(store);
    heng_rc rc = heng_store_get_gateway(reader, gateway_id, &b->gateway, err);
    if (rc == HENG_ENOTFOUND) return heng_fail(err, rc, 0, "there is no gateway %lld", (long long)gateway_id);
    if (rc == HENG_OK) rc = heng_store_get_setting(reader, "time_zone", b->time_zone, sizeof b->time_zone, err);
    if (rc == HENG_OK || rc == HENG_ENOTFOUND)
        rc = heng_site_load_gateway_lines(reader, gateway_id, NULL, &b->site, err);
    if (rc == HENG_OK && b->gateway.parent_id)
        rc = heng_store_get_gateway(reader, b->gateway.parent_id, &b->parent, err);
    if (rc == HENG_OK)
        rc = heng_store_list_revoked_around(reader, gateway_id, now_us, b->revoked, HENG_CONFIG_REVOKED_MAX,
                                            &b->config.revoked_count, err);
    if (rc != HENG_OK) return rc;
    if (b->config.revoked_count == HENG_CONFIG_REVOKED_MAX)
        return heng_fail(err, HENG_ELIMIT, 0, "gateway '%s': %d certificates below it are revoked, or more",
                         b->gateway.key, HENG_CONFIG_REVOKED_MAX);
    b->config.name = b->gateway.name;
    b->config.time_zone = b->time_zone;
    b->config.above = b->parent.common_name;
    b->config.lines = b->site.lines;
    b->config.meters = b->site.meters;
    b->config.first = b->site.first;
    b->config.line_count = b->site.line_count;
    b->config.revoked = b->revoked;
    b->config.journal_bytes = b->gateway.journal_bytes;
    b->config.journal_days = b->gateway.journal_days;
    return collect_profiles(b, profiles, err);
}

/* What makes a version: everything but the version itself, what was learned, and the children, who are mixed in by
 * theirs. */
static heng_rc hash_own(struct build *b, struct hash *ret, struct heng_err *err)
{
    uint8_t *bytes = NULL;
    size_t n = 0;
    struct heng_learned *learned = calloc(b->site.meter_count + 1, sizeof *learned);
    if (!learned) return heng_fail(err, HENG_ENOMEM, 0, "out of memory for %zu meters", b->site.meter_count);
    for (size_t i = 0; i < b->site.meter_count; i++) {
        learned[i] = b->site.meters[i].learned;
        b->site.meters[i].learned = (struct heng_learned){0};
    }
    heng_rc rc = heng_config_pack(&b->config, &bytes, &n, err);
    for (size_t i = 0; i < b->site.meter_count; i++) b->site.meters[i].learned = learned[i];
    free(learned);
    *ret = (struct hash){UINT64_C(0x6c62272e07bb0142), UINT64_C(0x62b821756295c58d)};
    if (rc == HENG_OK) mix(ret, bytes, n);
    free(bytes);
    return rc;
}

static void build_fini(struct build *b)
{
    for (size_t i = 0; i < b->config.child_count; i++) free((void *)(uintptr_t)b->children[i].config.p);
    free(b->children);
    free(b->child_rows);
    free(b->profiles);
    heng_site_lines_fini(&b->site);
    free(b);
}

static heng_rc build(struct heng_store *store, int64_t gateway_id, const struct heng_profiles *profiles, heng_us now_us,
                     unsigned deep, struct built *ret, struct heng_err *err)
{
    if (deep >= HENG_UPLINK_PATH_MAX)
        return heng_fail(err, HENG_ELIMIT, 0, "more than %d gateways stand one below the other", HENG_UPLINK_PATH_MAX);
    struct build *b = calloc(1, sizeof *b);
    if (!b) return heng_fail(err, HENG_ENOMEM, 0, "out of memory for a configuration");
    heng_rc rc = load(store, gateway_id, profiles, now_us, b, err);
    if (rc == HENG_OK) rc = hash_own(b, &ret->hash, err);
    if (rc == HENG_OK) rc = collect_children(store, b, profiles, now_us, deep, &ret->hash, err);
    if (rc == HENG_OK) {
        uint8_t bytes[16];
        memcpy(bytes, &ret->hash.high, 8);
        memcpy(bytes + 8, &ret->hash.low, 8);
        rc = heng_store_put_gateway_config(store, gateway_id, heng_slice_of(bytes, sizeof bytes), &ret->version, err);
    }
    b->config.version = ret->version;
    if (rc == HENG_OK) rc = heng_config_pack(&b->config, &ret->bytes, &ret->n, err);
    build_fini(b);
    return rc;
}

heng_rc heng_gateway_config_build(struct heng_store *store, int64_t gateway_id, const struct heng_profiles *profiles,
                                  heng_us now_us, uint8_t **ret, size_t *ret_n, uint64_t *ret_version,
                                  struct heng_err *err)
{
    struct built built = {0};
    heng_rc rc = build(store, gateway_id, profiles, now_us, 0, &built, err);
    if (rc != HENG_OK) return rc;
    *ret = built.bytes;
    *ret_n = built.n;
    *ret_version = built.version;
    return HENG_OK;
}
