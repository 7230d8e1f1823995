/* Rows about virtual points, and about meters that served a point before. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "archive/inside.h"
#include "archive/names.h"
#include "store/events.h"
#include "store/usage.h"
#include "store/write.h"

/* --- virtual points -------------------------------------------------------------------------------------------------
 */

/* The virtual point of the row, made by its first row. */
static heng_rc virtual_point(struct importing *im, const struct heng_archive_place *place, struct heng_point *ret,
                             bool *ret_new, struct heng_err *err)
{
    const char *key = archive_text(im, HENG_VIRTUAL_POINT);
    heng_medium medium = heng_medium_of(archive_text(im, HENG_VIRTUAL_MEDIUM));
    heng_rc rc = heng_archive_find_point(im->reader, 0, key, ret, err);
    *ret_new = rc == HENG_ENOTFOUND;
    if (rc == HENG_OK && (!ret->is_virtual || ret->place_id != place->place.id || ret->medium != medium))
        archive_row_fault(im, HENG_VIRTUAL_POINT, "this key is that of another point: give another one");
    if (*ret_new) {
        *ret = (struct heng_point){
            .place_id = place->place.id, .medium = medium, .is_virtual = true, .opened_us = im->import->at_us};
        snprintf(ret->key, sizeof ret->key, "%.63s", key);
        snprintf(ret->serves, sizeof ret->serves, "common");
    }
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

/* What the sum has of a point by now; 0: nothing. */
static heng_rc known_term(struct importing *im, int64_t point_id, int64_t of_id, struct heng_point_term *ret,
                          struct heng_err *err)
{
    struct heng_point_term *terms = calloc(HENG_TERMS_MAX, sizeof *terms);
    size_t n = 0;
    *ret = (struct heng_point_term){.of_id = of_id};
    if (!terms) return heng_fail(err, HENG_ENOMEM, 0, "no memory for the terms of a sum");
    heng_rc rc = point_id ? heng_archive_list_terms(im->reader, point_id, terms, HENG_TERMS_MAX, &n, err) : HENG_OK;
    for (size_t i = 0; i < n; i++)
        if (terms[i].of_id == of_id) *ret = terms[i];
    if (n == HENG_TERMS_MAX) archive_row_fault(im, HENG_VIRTUAL_OF, "a sum has at most %d terms", HENG_TERMS_MAX);
    free(terms);
    return rc;
}

/* Sums that this import has made. */
enum { MADE_TAG = HENG_ARCHIVE_TABLES + 3 };

/* Before the terms, all points of sums: one may be a term of another that stands above it. What is wrong with a row is
 * told when its term is taken. */
static heng_rc make_point(struct importing *im, struct heng_err *err)
{
    struct heng_archive_place place;
    struct heng_point point;
    bool is_new = false;
    heng_rc rc = heng_archive_find_place(im->reader, im->scope, archive_text(im, HENG_VIRTUAL_PLACE), &place, err);
    if (rc == HENG_OK) rc = virtual_point(im, &place, &point, &is_new, err);
    if (rc != HENG_OK || !is_new || im->row.bad) return rc == HENG_ENOTFOUND ? HENG_OK : rc;
    struct archive_seen_entry *entry = archive_seen_at(&im->seen, archive_hash(MADE_TAG, point.key));
    if (entry) entry->row = im->row.number;
    return heng_archive_put_point(im->store, &point, err);
}

/* A term that who exported the sheet did not see: it stays as it is, and a sum that has none is not made without it. */
static heng_rc hidden_term(struct importing *im, struct heng_err *err)
{
    struct heng_point point;
    const char *key = archive_text(im, HENG_VIRTUAL_POINT);
    heng_rc rc = heng_archive_find_point(im->reader, im->scope, key, &point, err);
    bool is_new = rc == HENG_ENOTFOUND || archive_hash_seen(im, archive_hash(MADE_TAG, key));
    if (is_new || (rc == HENG_OK && !point.is_virtual))
        archive_row_fault(im, HENG_VIRTUAL_OF, "the sum has a term that could not be seen: name it, or remove the row");
    else if (rc == HENG_OK)
        (void)archive_decide(im, HENG_ARCHIVE_VIRTUAL, false, key); /* as it is */
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

heng_rc archive_take_virtual(struct importing *im, struct heng_err *err)
{
    struct heng_archive_place place;
    struct heng_point point = {.id = 0};
    struct heng_point_term term = {.of_id = 0};
    char what[2 * HENG_KEY_MAX + 4], once[2 * HENG_KEY_MAX + 2];
    bool is_new = false;
    int64_t of_id = 0;
    if (im->row.bad) return HENG_OK;
    snprintf(once, sizeof once, "%.63s\x1f%.63s", archive_text(im, HENG_VIRTUAL_POINT),
             archive_text(im, HENG_VIRTUAL_OF));
    if (im->points_only) return make_point(im, err);
    if (archive_is_hidden(archive_text(im, HENG_VIRTUAL_OF))) return hidden_term(im, err);
    if (!archive_key_once(im, HENG_ARCHIVE_VIRTUAL, HENG_VIRTUAL_OF, once)) return HENG_OK;
    heng_rc rc = heng_archive_find_place(im->reader, im->scope, archive_text(im, HENG_VIRTUAL_PLACE), &place, err);
    if (rc == HENG_ENOTFOUND) {
        archive_row_fault(im, HENG_VIRTUAL_PLACE, "there is no such place");
        return HENG_OK;
    }
    if (rc == HENG_OK) rc = virtual_point(im, &place, &point, &is_new, err);
    if (rc != HENG_OK || im->row.bad) return rc;
    rc = archive_point_of(im, archive_text(im, HENG_VIRTUAL_OF), &of_id, err);
    if (rc == HENG_ENOTFOUND || rc == HENG_ECONFLICT) {
        archive_row_fault(im, HENG_VIRTUAL_OF, "%s",
                          rc == HENG_ECONFLICT ? err->text : "there is no such point, and no meter with this number");
        return HENG_OK;
    }
    if (rc == HENG_OK) rc = known_term(im, point.id, of_id, &term, err);
    if (rc != HENG_OK || im->row.bad) return rc;
    bool term_is_new = term.factor_den == 0;
    if (term_is_new) term.factor_num = term.factor_den = 1;
    archive_over_text(im, HENG_VIRTUAL_NAME, point.name, sizeof point.name);
    archive_over_text(im, HENG_VIRTUAL_SERVES, point.serves, sizeof point.serves);
    bool point_changed = im->row.changed != 0;
    archive_over_int(im, HENG_VIRTUAL_NUM, &term.factor_num, im->row.cells[HENG_VIRTUAL_NUM].whole);
    archive_over_int(im, HENG_VIRTUAL_DEN, &term.factor_den, im->row.cells[HENG_VIRTUAL_DEN].whole);
    snprintf(what, sizeof what, "%.63s = %.63s", point.key, archive_text(im, HENG_VIRTUAL_OF));
    if (!archive_decide(im, HENG_ARCHIVE_VIRTUAL, is_new || term_is_new, what)) return HENG_OK;
    if (is_new || point_changed) rc = heng_archive_put_point(im->store, &point, err);
    if (rc == HENG_OK) rc = heng_archive_put_term(im->store, point.id, &term, err);
    if (rc != HENG_ECONFLICT) return rc;
    archive_row_fault(im, HENG_VIRTUAL_OF, "%s", err->text);
    return HENG_OK;
}

/* --- meters of before -----------------------------------------------------------------------------------------------
 */

struct past {
    struct heng_archive_device device;
    struct heng_installation known; /* id 0: not known yet */
    bool overlaps;
};

/* What is known of this device at this point, and whether it was elsewhere at that time. */
static heng_rc look_at(struct importing *im, int64_t point_id, struct past *ret, struct heng_err *err)
{
    enum { MAX = 256 };
    struct heng_installation *list = calloc(MAX, sizeof *list);
    size_t n = 0;
    heng_us from_us = im->row.cells[HENG_PAST_FROM].at_us, until_us = im->row.cells[HENG_PAST_UNTIL].at_us;
    if (!list) return heng_fail(err, HENG_ENOMEM, 0, "no memory for the history of a meter");
    heng_rc rc = heng_store_list_installations(im->reader, ret->device.device.id, 0, list, MAX, &n, err);
    for (size_t i = 0; i < n; i++) {
        bool same =
            list[i].point_id == point_id && archive_same_moment(im, &im->row.cells[HENG_PAST_FROM], list[i].from_us);
        if (same) ret->known = list[i];
        if (!same && list[i].from_us < until_us && (list[i].until_us == 0 || list[i].until_us > from_us))
            ret->overlaps = true;
    }
    free(list);
    return rc;
}

static heng_rc add_past(struct importing *im, int64_t point_id, struct past *past, struct heng_err *err)
{
    struct heng_installation inst = {.point_id = point_id, .from_us = im->row.cells[HENG_PAST_FROM].at_us};
    int64_t id = 0;
    heng_rc rc = HENG_OK;
    if (!past->device.device.id) {
        struct heng_device *device = &past->device.device;
        snprintf(device->number, sizeof device->number, "%.23s", archive_text(im, HENG_PAST_NUMBER));
        snprintf(device->manufacturer, sizeof device->manufacturer, "%.15s", archive_text(im, HENG_PAST_MAKER));
        rc = heng_store_put_device(im->store, device, &device->id, err);
    }
    inst.device_id = past->device.device.id;
    inst.until_us = im->row.cells[HENG_PAST_UNTIL].at_us;
    inst.digits = (uint8_t)im->row.cells[HENG_PAST_DIGITS].whole;
    if (!archive_given(im, HENG_PAST_DIGITS)) inst.digits = 0;
    if (rc != HENG_OK || !archive_factor_of(im, HENG_PAST_FACTOR, &inst.factor_num, &inst.factor_den)) return rc;
    rc = heng_archive_add_installation(im->store, &inst, &id, err);
    return rc == HENG_OK ? heng_store_due_point(im->store, point_id, 0, inst.from_us, inst.until_us, err) : rc;
}

heng_rc archive_take_past(struct importing *im, struct heng_err *err)
{
    struct heng_point point;
    struct past past = {.overlaps = false};
    if (im->row.bad) return HENG_OK;
    const struct archive_cell *from = &im->row.cells[HENG_PAST_FROM], *until = &im->row.cells[HENG_PAST_UNTIL];
    if (until->at_us <= from->at_us) archive_row_fault(im, HENG_PAST_UNTIL, "it ends before it begins");
    const char *key = archive_text(im, HENG_PAST_POINT);
    heng_rc rc = heng_archive_find_point(im->reader, im->scope, key, &point, err);
    if (rc == HENG_ENOTFOUND) rc = archive_named_point(im->reader, im->scope, key, &point, err);
    if (rc == HENG_ENOTFOUND) archive_row_fault(im, HENG_PAST_POINT, "there is no such point");
    if (im->row.bad) return HENG_OK;
    heng_protocol protocol = HENG_PROTOCOL_COUNT;
    if (archive_given(im, HENG_PAST_PROTOCOL)) protocol = heng_protocol_of(archive_text(im, HENG_PAST_PROTOCOL));
    if (rc == HENG_OK)
        rc = archive_device_of(im, archive_text(im, HENG_PAST_NUMBER), archive_text(im, HENG_PAST_MAKER), protocol,
                               &past.device, err);
    if (rc == HENG_ENOTFOUND) {
        past.device.device = (struct heng_device){.medium = point.medium, .protocol = protocol};
        if (protocol == HENG_PROTOCOL_COUNT) past.device.device.protocol = HENG_PROTOCOL_MBUS;
        snprintf(past.device.device.profile, sizeof past.device.device.profile, "%.47s",
                 archive_text(im, HENG_PAST_PROFILE));
        rc = HENG_OK;
    } else if (rc == HENG_OK) {
        rc = look_at(im, point.id, &past, err);
    }
    if (rc != HENG_OK) return rc;
    if (past.overlaps) archive_row_fault(im, HENG_PAST_FROM, "the meter was somewhere else at that time");
    if (past.known.id && !(past.known.until_us && archive_same_moment(im, until, past.known.until_us)))
        archive_row_fault(im, HENG_PAST_UNTIL,
                          "it is known to have been taken out at another time: that is mended by an event");
    if (im->row.bad || !archive_decide(im, HENG_ARCHIVE_PAST, past.known.id == 0, archive_text(im, HENG_PAST_NUMBER)))
        return HENG_OK;
    return add_past(im, point.id, &past, err);
}
