/* Rows about places, and the places that rows of meters name. */
#include <inttypes.h>
#include <stdio.h>

#include "archive/inside.h"

/* What a place says of itself, by bits: what one row of a sheet has said, another may not contradict. */
enum {
    SAID_AREA = 1,
    SAID_FLOOR = 2,
    SAID_POSITION = 4,
    SAID_ORIENTATION = 8,
    SAID_NOTE = 16,
    SAID_KIND = 32,
    SAID_NEW = 64
};

/* m2 with up to four places into cm2. */
static int64_t cm2_of(struct importing *im, int column)
{
    enum { CM2_PER_M2 = 10000 };
    struct heng_dec scaled;
    const struct archive_cell *cell = &im->row.cells[column];
    if (!cell->given) return 0;
    if (heng_dec_scale(cell->number, CM2_PER_M2, &scaled) != HENG_OK) {
        archive_row_fault(im, column, "it has too many digits");
        return 0;
    }
    int64_t cm2 = scaled.mantissa;
    for (int exp = scaled.exp; exp > 0; exp--) cm2 *= 10; /* at most 10^11 by the range of the column */
    for (int exp = scaled.exp; exp < 0; exp++) {
        if (cm2 % 10) {
            archive_row_fault(im, column, "at most four places behind the point: a square centimetre is the least");
            return 0;
        }
        cm2 /= 10;
    }
    return cm2;
}

static void over_floor(struct importing *im, int column, struct heng_archive_place *place)
{
    if (!archive_given(im, column)) return;
    int64_t floor = place->has_floor ? place->floor : INT64_MIN;
    archive_over_int(im, column, &floor, im->row.cells[column].whole);
    place->has_floor = true;
    place->floor = floor;
}

/* The place that the row names as the one above. The top of an organisation's part may stand below another's. */
static heng_rc find_parent(struct importing *im, const struct heng_archive_place *place, struct heng_archive_place *ret,
                           struct heng_err *err)
{
    const char *key = archive_text(im, HENG_PLACE_PARENT);
    if (!key[0]) return HENG_OK;
    heng_rc rc = heng_archive_find_place(im->reader, im->scope, key, ret, err);
    if (rc == HENG_ENOTFOUND && place->place.parent_id) {
        rc = heng_archive_get_place(im->reader, 0, place->place.parent_id, ret, err);
        if (rc == HENG_OK && strcmp(ret->place.key, key) != 0) rc = HENG_ENOTFOUND;
    }
    if (rc != HENG_ENOTFOUND) return rc;
    if (archive_key_seen(im, HENG_ARCHIVE_PLACES, key))
        im->row.bad = true;
    else
        archive_row_fault(im, HENG_PLACE_PARENT, "there is no such place: give it in a row above");
    return HENG_OK;
}

/* The place of the row and the one above it, and whether who asks may do that. */
static heng_rc look_at_place(struct importing *im, struct heng_archive_place *place, struct heng_archive_place *parent,
                             int64_t *ret_org, struct heng_err *err)
{
    struct heng_archive_place other;
    const char *key = archive_text(im, HENG_PLACE_KEY);
    heng_rc rc = heng_archive_find_place(im->reader, im->scope, key, place, err);
    bool is_new = rc == HENG_ENOTFOUND;
    if (is_new) rc = heng_archive_find_place(im->reader, 0, key, &other, err);
    if (is_new && rc == HENG_OK) archive_row_fault(im, HENG_PLACE_KEY, "this key is taken: give another one");
    if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
    rc = archive_org_of(im, HENG_PLACE_ORG, ret_org, err);
    if (rc == HENG_OK) rc = find_parent(im, place, parent, err);
    if (rc != HENG_OK || im->row.bad) return rc;
    if (is_new && !parent->place.id && im->scope)
        archive_row_fault(im, HENG_PLACE_PARENT, "only the operator of the system puts a place at the top");
    if (is_new && parent->closed_us)
        archive_row_fault(im, HENG_PLACE_PARENT, "that place is closed: open it again first");
    if (im->scope && archive_given(im, HENG_PLACE_ORG) && *ret_org != place->org_id)
        archive_row_fault(im, HENG_PLACE_ORG, "only the operator of the system gives places to organisations");
    return HENG_OK;
}

static void over_place(struct importing *im, struct heng_archive_place *place, int64_t parent_id, int64_t org_id)
{
    const struct archive_cell *closed = &im->row.cells[HENG_PLACE_CLOSED];
    bool is_new = place->place.id == 0;
    archive_over_text(im, HENG_PLACE_KEY, place->place.key, sizeof place->place.key);
    archive_over_int(im, HENG_PLACE_PARENT, &place->place.parent_id, parent_id);
    archive_over_text(im, HENG_PLACE_KIND, place->place.kind, sizeof place->place.kind);
    archive_over_text(im, HENG_PLACE_NAME, place->place.name, sizeof place->place.name);
    archive_over_int(im, HENG_PLACE_ORG, &place->org_id, org_id);
    archive_over_int(im, HENG_PLACE_AREA, &place->place.area_cm2, cm2_of(im, HENG_PLACE_AREA));
    over_floor(im, HENG_PLACE_FLOOR, place);
    archive_over_text(im, HENG_PLACE_POSITION, place->position, sizeof place->position);
    archive_over_text(im, HENG_PLACE_ORIENTATION, place->orientation, sizeof place->orientation);
    archive_over_int(im, HENG_PLACE_RANK, &place->rank, im->row.cells[HENG_PLACE_RANK].whole);
    archive_over_text(im, HENG_PLACE_NOTE, place->note, sizeof place->note);
    if (!closed->given || (place->closed_us && archive_same_moment(im, closed, place->closed_us))) return;
    if (!is_new)
        archive_row_fault(im, HENG_PLACE_CLOSED, "a sheet does not close what is there: 'heng archive close' does");
    archive_over_int(im, HENG_PLACE_CLOSED, &place->closed_us, closed->at_us);
}

heng_rc archive_take_place(struct importing *im, struct heng_err *err)
{
    struct heng_archive_place place = {.place.id = 0}, parent = {.place.id = 0};
    const char *key = archive_text(im, HENG_PLACE_KEY);
    int64_t org_id = 0;
    if (!archive_key_once(im, HENG_ARCHIVE_PLACES, HENG_PLACE_KEY, key) || im->row.bad) return HENG_OK;
    heng_rc rc = look_at_place(im, &place, &parent, &org_id, err);
    if (rc != HENG_OK || im->row.bad) return rc;
    over_place(im, &place, parent.place.id, org_id);
    if (im->row.bad || !archive_decide(im, HENG_ARCHIVE_PLACES, place.place.id == 0, key)) return HENG_OK;
    im->chain_known = false;
    rc = heng_archive_put_place(im->store, &place, err);
    if (rc != HENG_ECONFLICT && rc != HENG_ELIMIT) return rc;
    archive_row_fault(im, HENG_PLACE_PARENT, "%s", err->text);
    return HENG_OK;
}

/* What the sheet has said of a place; NULL: no memory. */
static struct archive_seen_entry *place_entry(struct importing *im, int64_t place_id)
{
    char key[32];
    snprintf(key, sizeof key, "%" PRId64, place_id);
    return archive_seen_at(&im->seen, archive_hash(HENG_ARCHIVE_TABLES + 1, key));
}

/* --- by names -------------------------------------------------------------------------------------------------------
 */

/* The same words whether it is there or not. */
static const char not_yours[] = "there is no such place in your part, and you cannot make one there";

/* The place of a name below parent, made when it is not there. */
static heng_rc step_down(struct importing *im, int column, const char *kind, const struct heng_archive_place *parent,
                         struct heng_archive_place *ret, struct heng_err *err)
{
    const char *name = archive_text(im, column);
    heng_rc rc =
        heng_archive_named_place(im->reader, 0, parent->place.id, name, ret, err); /* the way there may be another's */
    if (rc != HENG_ENOTFOUND) return rc;
    if (im->scope && parent->managed_by != im->scope) {
        archive_row_fault(im, column, "%s", not_yours);
        return HENG_OK;
    }
    *ret = (struct heng_archive_place){.place.parent_id = parent->place.id};
    snprintf(ret->place.name, sizeof ret->place.name, "%.95s", name);
    snprintf(ret->place.kind, sizeof ret->place.kind, "%s", kind);
    rc = heng_archive_add(im->store, 0, ret, err);
    if (rc == HENG_ELIMIT || rc == HENG_ECONFLICT) {
        archive_row_fault(im, column, "%s", err->text);
        return HENG_OK;
    }
    if (rc != HENG_OK) return rc;
    struct archive_seen_entry *entry = place_entry(im, ret->place.id);
    if (entry) entry->mask |= SAID_NEW;
    im->report->counts[HENG_ARCHIVE_PLACES][HENG_ARCHIVE_NEW]++;
    return HENG_OK;
}

static const int level_columns[ARCHIVE_LEVELS] = {HENG_METER_AREA_NAME, HENG_METER_BUILDING, HENG_METER_UNIT,
                                                  HENG_METER_FLAT};

/* Area, building and unit: mostly those of the row before. */
static heng_rc upper_levels(struct importing *im, struct heng_archive_place *ret, struct heng_err *err)
{
    static const char *const kinds[ARCHIVE_LEVELS - 1] = {"area", "building", "unit"};
    bool same = im->chain_known;
    for (size_t i = 0; same && i < ARCHIVE_LEVELS - 1; i++)
        same = strcmp(im->chain_names[i], archive_text(im, level_columns[i])) == 0;
    if (same) {
        *ret = im->chain_end;
        return HENG_OK;
    }
    heng_rc rc = HENG_OK;
    *ret = (struct heng_archive_place){.place.id = 0};
    for (size_t i = 0; rc == HENG_OK && !im->row.bad && i < ARCHIVE_LEVELS - 1; i++) {
        struct heng_archive_place next;
        if (!archive_given(im, level_columns[i])) continue;
        rc = step_down(im, level_columns[i], kinds[i], ret, &next, err);
        if (rc == HENG_OK && !im->row.bad) *ret = next;
    }
    im->chain_known = rc == HENG_OK && !im->row.bad;
    im->chain_end = *ret;
    for (size_t i = 0; i < ARCHIVE_LEVELS - 1; i++)
        snprintf(im->chain_names[i], sizeof im->chain_names[i], "%.95s", archive_text(im, level_columns[i]));
    return rc;
}

static heng_rc by_key(struct importing *im, struct heng_archive_place *ret, struct heng_err *err)
{
    heng_rc rc = heng_archive_find_place(im->reader, im->scope, archive_text(im, HENG_METER_PLACE), ret, err);
    if (rc == HENG_OK && archive_given(im, HENG_METER_FLAT) &&
        strcmp(ret->place.name, archive_text(im, HENG_METER_FLAT)) != 0)
        archive_row_fault(im, HENG_METER_FLAT, "the place of this key is called '%.60s': one of the two is wrong",
                          ret->place.name);
    if (rc != HENG_ENOTFOUND) return rc;
    if (archive_key_seen(im, HENG_ARCHIVE_PLACES, archive_text(im, HENG_METER_PLACE)))
        im->row.bad = true;
    else
        archive_row_fault(im, HENG_METER_PLACE, "there is no such place: give it in the sheet of places");
    return HENG_OK;
}

static heng_rc by_names(struct importing *im, struct heng_archive_place *ret, struct heng_err *err)
{
    struct heng_archive_place above;
    const char *kind = archive_given(im, HENG_METER_KIND) ? archive_text(im, HENG_METER_KIND) : "household";
    bool any = false;
    for (size_t i = 0; i < ARCHIVE_LEVELS; i++) any = any || archive_given(im, level_columns[i]);
    if (!any) {
        archive_row_fault(im, HENG_METER_FLAT, "say where: area, building, unit and flat, or the key of a place");
        return HENG_OK;
    }
    heng_rc rc = upper_levels(im, &above, err);
    *ret = above;
    if (rc == HENG_OK && !im->row.bad && archive_given(im, HENG_METER_FLAT))
        rc = step_down(im, HENG_METER_FLAT, kind, &above, ret, err);
    if (rc == HENG_OK && !im->row.bad && im->scope && ret->managed_by != im->scope)
        archive_row_fault(im, HENG_METER_FLAT, "%s", not_yours);
    return rc;
}

/* --- what a row says of the place -----------------------------------------------------------------------------------
 */

struct said {
    int column;
    uint32_t bit;
};
static const struct said said[] = {
    {HENG_METER_AREA, SAID_AREA},         {HENG_METER_FLOOR, SAID_FLOOR},
    {HENG_METER_POSITION, SAID_POSITION}, {HENG_METER_ORIENTATION, SAID_ORIENTATION},
    {HENG_METER_NOTE, SAID_NOTE},         {HENG_METER_KIND, SAID_KIND},
};

/* Two rows of one place must say the same of it. ret_new: it was made by a row of this import. */
static void check_said(struct importing *im, int64_t place_id, bool *ret_new)
{
    struct archive_seen_entry *entry = place_entry(im, place_id);
    *ret_new = false;
    if (!entry) return;
    *ret_new = (entry->mask & SAID_NEW) != 0;
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        bool differs = im->row.changed >> said[i].column & 1;
        if (differs && (entry->mask & said[i].bit))
            archive_row_fault(im, said[i].column,
                              "row %" PRIu32 " says something else of the same place: make both the same", entry->row);
        if (archive_given(im, said[i].column)) entry->mask |= said[i].bit;
    }
    if (!entry->row) entry->row = im->row.number;
}

/* Who manages the place; an organisation that is not there is made. */
static heng_rc over_org(struct importing *im, struct heng_archive_place *place, struct heng_err *err)
{
    struct heng_org org = {.id = 0};
    const char *key = archive_text(im, HENG_METER_ORG);
    if (!archive_given(im, HENG_METER_ORG)) return HENG_OK;
    heng_rc rc = heng_archive_find_org(im->reader, im->scope, key, &org, err);
    if (rc == HENG_ENOTFOUND && im->scope) {
        archive_row_fault(im, HENG_METER_ORG, "only the operator of the system gives places to organisations");
        return HENG_OK;
    }
    if (rc == HENG_ENOTFOUND) {
        archive_keep_text(org.key, sizeof org.key, key);
        archive_keep_text(org.name, sizeof org.name, key);
        rc = heng_archive_put_org(im->store, &org, err);
        im->report->counts[HENG_ARCHIVE_ORGS][HENG_ARCHIVE_NEW]++;
    }
    if (rc == HENG_OK && place->managed_by != org.id) archive_over_int(im, HENG_METER_ORG, &place->org_id, org.id);
    return rc;
}

heng_rc archive_place_of_meter(struct importing *im, struct heng_archive_place *ret, struct heng_err *err)
{
    bool is_new = false;
    heng_rc rc = archive_given(im, HENG_METER_PLACE) ? by_key(im, ret, err) : by_names(im, ret, err);
    if (rc != HENG_OK || im->row.bad) return rc;
    archive_over_int(im, HENG_METER_AREA, &ret->place.area_cm2, cm2_of(im, HENG_METER_AREA));
    over_floor(im, HENG_METER_FLOOR, ret);
    archive_over_text(im, HENG_METER_POSITION, ret->position, sizeof ret->position);
    archive_over_text(im, HENG_METER_ORIENTATION, ret->orientation, sizeof ret->orientation);
    archive_over_text(im, HENG_METER_NOTE, ret->note, sizeof ret->note);
    if (archive_given(im, HENG_METER_FLAT) || archive_given(im, HENG_METER_PLACE))
        archive_over_text(im, HENG_METER_KIND, ret->place.kind, sizeof ret->place.kind);
    rc = over_org(im, ret, err);
    if (rc != HENG_OK || im->row.bad) return rc;
    check_said(im, ret->place.id, &is_new);
    bool apply =
        im->row.changed && !im->row.bad && (is_new || archive_decide(im, HENG_ARCHIVE_PLACES, false, ret->place.path));
    if (apply) rc = heng_archive_put_place(im->store, ret, err);
    if (apply && ret->place.id == im->chain_end.place.id) im->chain_end = *ret;
    im->row.changed = 0;
    return rc;
}
