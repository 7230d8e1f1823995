/* What all operations on the archive share: whose call it is, and how a change reaches the writer. */
#include "api/archive.h"

int64_t heng_api_scope(const struct heng_api_call *call)
{
    (void)call;
    return 0;
}

heng_rc heng_api_change(struct heng_api_call *call,
                        heng_rc (*run)(void *ctx, struct heng_store *store, struct heng_err *err), void *ctx,
                        struct heng_err *err)
{
    const struct heng_api_options *options = &call->api->options;
    call->is_wish = true;
    if (!options->write) return heng_fail(err, HENG_ECLOSED, 0, "nothing can be changed here");
    heng_rc rc = options->write(options->write_owner, run, ctx, err);
    if (rc == HENG_OK && options->archive_changed) options->archive_changed(options->archive_owner);
    return rc;
}

heng_rc heng_api_no_memory(struct heng_err *err) { return heng_fail(err, HENG_ENOMEM, 0, "the answer is too large"); }

const char *heng_api_opt_text(struct heng_api_call *call, const char *text)
{
    return text[0] ? heng_arena_text(call->arena, text) : NULL;
}

bool heng_api_put_text(char *ret, size_t cap, bool is, const char *text)
{
    return !is || snprintf(ret, cap, "%s", text) < (int)cap;
}

struct heng_api_archive_place heng_api_archive_place_from(struct heng_api_call *call,
                                                          const struct heng_archive_place *p)
{
    return (struct heng_api_archive_place){
        .id = p->place.id,
        .has_parent = p->place.parent_id != 0,
        .parent = p->place.parent_id,
        .key = heng_arena_text(call->arena, p->place.key),
        .kind = heng_arena_text(call->arena, p->place.kind),
        .name = heng_arena_text(call->arena, p->place.name),
        .path = heng_arena_text(call->arena, p->place.path),
        .has_organisation = p->managed_by != 0,
        .organisation = p->managed_by,
        .has_area_cm2 = p->place.area_cm2 != 0,
        .area_cm2 = p->place.area_cm2,
        .has_floor = p->has_floor,
        .floor = p->floor,
        .has_position = p->position[0] != '\0',
        .position = heng_api_opt_text(call, p->position),
        .has_orientation = p->orientation[0] != '\0',
        .orientation = heng_api_opt_text(call, p->orientation),
        .has_note = p->note[0] != '\0',
        .note = heng_api_opt_text(call, p->note),
        .rank = p->rank,
        .closed = p->closed_us != 0,
        .has_closed_at = p->closed_us != 0,
        .closed_at = p->closed_us,
    };
}
