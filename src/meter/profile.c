/* A set of profiles, and which of them fits a meter. */
#include "meter/profile.h"

enum { SET_BYTES_MAX = 32 << 20 };

/* Make room for another of that name. The new one stands last: it was added last. */
static void take_out(struct heng_profiles *profiles, const char *name)
{
    size_t kept = 0;
    for (size_t i = 0; i < profiles->count; i++)
        if (strcmp(profiles->items[i]->name, name) != 0) profiles->items[kept++] = profiles->items[i];
    profiles->count = kept;
}

static heng_rc add(struct heng_profiles *profiles, struct heng_slice json, struct heng_slice text, struct heng_err *err)
{
    struct heng_profile *profile = heng_arena_take(&profiles->arena, 1, sizeof *profile);
    if (!profile) return heng_fail(err, HENG_ENOMEM, 0, "no memory for another profile");
    heng_rc rc = heng_profile_parse(json, &profiles->arena, profile, err);
    if (rc != HENG_OK) return rc;
    profile->text = text;
    take_out(profiles, profile->name);
    if (profiles->count == profiles->cap) { /* the old list stays in the arena: a few hundred bytes, log n times */
        size_t cap = profiles->cap ? 2 * profiles->cap : 64;
        const struct heng_profile **items = heng_arena_take(&profiles->arena, cap, sizeof(struct heng_profile *));
        if (!items) return heng_fail(err, HENG_ENOMEM, 0, "no memory for another profile");
        for (size_t i = 0; i < profiles->count; i++) items[i] = profiles->items[i];
        profiles->items = items;
        profiles->cap = cap;
    }
    profiles->items[profiles->count++] = profile;
    return HENG_OK;
}

heng_rc heng_profiles_add(struct heng_profiles *profiles, struct heng_slice json, struct heng_err *err)
{
    uint8_t *text = heng_arena_take(&profiles->arena, json.n ? json.n : 1, 1);
    if (!text) return heng_fail(err, HENG_ENOMEM, 0, "no memory for another profile");
    if (json.n) memcpy(text, json.p, json.n);
    return add(profiles, json, heng_slice_of(text, json.n), err);
}

heng_rc heng_profiles_init(struct heng_profiles *profiles, struct heng_err *err)
{
    *profiles = (struct heng_profiles){.arena = {.max = SET_BYTES_MAX}};
    for (size_t i = 0; i < heng_profile_file_count; i++) {
        const struct heng_profile_file *file = &heng_profile_files[i];
        struct heng_slice json = heng_slice_of(file->json, file->bytes);
        heng_rc rc = add(profiles, json, json, err);
        if (rc != HENG_OK) return rc;
    }
    return HENG_OK;
}

void heng_profiles_fini(struct heng_profiles *profiles)
{
    heng_arena_fini(&profiles->arena);
    profiles->items = NULL;
    profiles->count = profiles->cap = 0;
}

const struct heng_profile *heng_profiles_find(const struct heng_profiles *profiles, const char *name)
{
    for (size_t i = 0; i < profiles->count; i++)
        if (strcmp(profiles->items[i]->name, name) == 0) return profiles->items[i];
    return NULL;
}

static bool has_byte(const uint8_t *bytes, size_t n, uint8_t byte) { return n && memchr(bytes, byte, n) != NULL; }

static bool has_medium(const struct heng_recognition *who, heng_medium medium)
{
    for (size_t i = 0; i < who->medium_count; i++)
        if (who->media[i] == medium) return true;
    return false;
}

/* How many conditions hold, -1 when one does not. */
static int conditions_met(const struct heng_recognition *who, const struct heng_telegram *t)
{
    int met = 0;
    if (who->manufacturer[0]) {
        if (strcmp(who->manufacturer, t->manufacturer) != 0) return -1;
        met++;
    }
    if (who->version_count) {
        if (!t->has_header || !has_byte(who->versions, who->version_count, t->version)) return -1;
        met++;
    }
    if (who->type_count) {
        if (!has_byte(who->types, who->type_count, t->ci)) return -1;
        met++;
    }
    if (who->medium_count) {
        if (!has_medium(who, t->medium)) return -1;
        met++;
    }
    if (who->id_prefix[0]) {
        if (strncmp(who->id_prefix, t->id, strlen(who->id_prefix)) != 0) return -1;
        met++;
    }
    return met;
}

const struct heng_profile *heng_profiles_recognise(const struct heng_profiles *profiles,
                                                   const struct heng_telegram *telegram)
{
    enum { NAMED = 100 }; /* any condition of a named profile counts more than all of a generic one */
    const struct heng_profile *best = NULL;
    int best_score = -1;
    for (size_t i = 0; i < profiles->count; i++) {
        const struct heng_profile *p = profiles->items[i];
        if (!(p->protocols & UINT32_C(1) << telegram->protocol)) continue;
        int score = conditions_met(&p->recognition, telegram);
        if (score < 0 || (score == 0 && !p->generic)) continue;
        if (!p->generic) score += NAMED;
        if (score < best_score)
            continue; /* of equals the later one: a site's own comes after those that are built in */
        best = p;
        best_score = score;
    }
    return best;
}
