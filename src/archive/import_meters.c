/* A row of a meter: its point, itself, how it is asked, since when it is there. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "archive/history.h"
#include "archive/inside.h"
#include "archive/names.h"
#include "meter/driver.h"
#include "meter/profile.h"
#include "store/events.h"
#include "store/read.h"
#include "store/usage.h"
#include "store/write.h"

/* Numbers without their makers, by whom main meters are named. */
enum { NUMBER_TAG = HENG_ARCHIVE_TABLES + 2 };

/* What a row comes to. */
struct meter {
    struct heng_archive_place place;
    struct heng_point point;
    struct heng_archive_device device;
    bool has_device, device_is_new, point_is_new, moves, asked;
    bool factor_changes, digits_change;
    int64_t factor_num, factor_den;
    uint64_t point_changed, device_changed, member_changed;
    int64_t former_point;
};

/* Which columns have changed since the last time. */
static uint64_t taken(struct importing *im, uint64_t *before)
{
    uint64_t bits = im->row.changed & ~*before;
    *before = im->row.changed;
    return bits;
}

/* --- which point
 * ------------------------------------------------------------------------------------------------------ */

/* A point of this medium at the place that no meter serves. ENOTFOUND. */
static heng_rc vacant_point(struct importing *im, const struct meter *m, heng_medium medium, struct heng_point *ret,
                            struct heng_err *err)
{
    enum { PAGE = 16 };
    struct heng_point page[PAGE];
    struct heng_archive_device device;
    size_t n = PAGE;
    int64_t after = 0;
    while (n == PAGE) {
        heng_rc rc = heng_archive_list_points(im->reader, 0, m->place.place.id, after, page, PAGE, &n, err);
        if (rc != HENG_OK) return rc;
        for (size_t i = 0; i < n; i++) {
            after = page[i].id;
            if (page[i].medium != medium || page[i].is_virtual || page[i].closed_us) continue;
            rc = heng_archive_device_at(im->reader, 0, page[i].id, &device, err);
            if (rc != HENG_ENOTFOUND && rc != HENG_OK) return rc;
            if (rc == HENG_OK) continue;
            *ret = page[i];
            return HENG_OK;
        }
    }
    return HENG_ENOTFOUND;
}

/* A key for a point that was given none. */
static heng_rc make_point_key(struct importing *im, const struct meter *m, heng_medium medium, char *ret, size_t cap,
                              struct heng_err *err)
{
    enum { TRIES = 200 };
    struct heng_point known;
    char text[2 * HENG_KEY_MAX];
    for (unsigned i = 1; i < TRIES; i++) {
        archive_name_point(m->place.place.key, medium, i, text);
        if (!text[0]) snprintf(text, sizeof text, "m%016" PRIx64, archive_hash(i, m->place.place.key));
        heng_rc rc = heng_archive_find_point(im->reader, 0, text, &known, err);
        if (rc == HENG_ENOTFOUND) snprintf(ret, cap, "%.63s", text);
        if (rc != HENG_OK) return rc == HENG_ENOTFOUND ? HENG_OK : rc;
    }
    archive_row_fault(im, HENG_METER_POINT, "no key can be made for the point: give one");
    return HENG_OK;
}

static const char *serves_of(const char *place_kind)
{
    static const char *const table[][2] = {{"shop", "shop"},   {"building", "building"}, {"unit", "building"},
                                           {"area", "source"}, {"station", "station"},   {"plant", "common"},
                                           {"floor", "common"}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcmp(place_kind, table[i][0]) == 0) return table[i][1];
    return "household";
}

static heng_rc new_point(struct importing *im, struct meter *m, heng_medium medium, struct heng_err *err)
{
    m->point_is_new = true;
    m->point = (struct heng_point){.place_id = m->place.place.id, .medium = medium};
    const struct archive_cell *start = &im->row.cells[HENG_METER_START];
    m->point.opened_us = start->given ? start->at_us : im->import->at_us;
    snprintf(m->point.serves, sizeof m->point.serves, "%s", serves_of(m->place.place.kind));
    if (archive_given(im, HENG_METER_POINT)) {
        snprintf(m->point.key, sizeof m->point.key, "%.63s", archive_text(im, HENG_METER_POINT));
        return HENG_OK;
    }
    return make_point_key(im, m, medium, m->point.key, sizeof m->point.key, err);
}

static heng_rc named_point(struct importing *im, struct meter *m, heng_medium medium, struct heng_err *err)
{
    struct heng_archive_place place;
    const char *key = archive_text(im, HENG_METER_POINT);
    heng_rc rc = heng_archive_find_point(im->reader, 0, key, &m->point, err);
    if (rc == HENG_ENOTFOUND && (rc = archive_named_point(im->reader, im->scope, key, &m->point, err)) == HENG_OK)
        snprintf(m->point.key, sizeof m->point.key, "%.63s", key); /* it has none and is called so */
    if (rc == HENG_ENOTFOUND) return new_point(im, m, medium, err);
    if (rc == HENG_OK) rc = heng_archive_get_place(im->reader, im->scope, m->point.place_id, &place, err);
    if (rc == HENG_ENOTFOUND) {
        archive_row_fault(im, HENG_METER_POINT, "this key is taken: give another one");
        return HENG_OK;
    }
    if (rc == HENG_OK && m->point.place_id != m->place.place.id)
        archive_row_fault(im, HENG_METER_POINT, "this point is at '%.80s': a point does not move, give another key",
                          place.place.path);
    return rc;
}

/* The point of the row. */
static heng_rc find_point(struct importing *im, struct meter *m, heng_medium medium, struct heng_err *err)
{
    heng_rc rc;
    if (archive_given(im, HENG_METER_POINT)) {
        rc = named_point(im, m, medium, err);
    } else if (m->has_device && m->device.point_id && m->device.place_id == m->place.place.id) {
        rc = heng_archive_get_point(im->reader, 0, m->device.point_id, &m->point, err);
    } else {
        rc = vacant_point(im, m, medium, &m->point, err);
        if (rc == HENG_ENOTFOUND) rc = new_point(im, m, medium, err);
    }
    if (rc != HENG_OK || im->row.bad || !m->has_device) return rc;
    m->moves = m->device.point_id != m->point.id || m->point.id == 0;
    m->former_point = m->device.point_id;
    if (m->moves && !m->device_is_new)
        im->row.changed |= UINT64_C(1) << (archive_given(im, HENG_METER_PLACE) ? HENG_METER_PLACE : HENG_METER_FLAT);
    struct heng_archive_device other;
    if (!m->moves || !m->point.id) return HENG_OK;
    rc = heng_archive_device_at(im->reader, 0, m->point.id, &other, err);
    if (rc == HENG_OK)
        archive_row_fault(im, HENG_METER_POINT,
                          "meter %s serves this point: an exchange is an event, with both readings",
                          other.device.number);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

/* --- what the row says
 * ------------------------------------------------------------------------------------------------- */

heng_rc archive_device_of(struct importing *im, const char *number, const char *maker, heng_protocol protocol,
                          struct heng_archive_device *ret, struct heng_err *err)
{
    char only[HENG_MAKER_MAX];
    heng_rc rc = heng_archive_find_device(im->reader, im->scope, number, maker, ret, err);
    if (rc != HENG_ENOTFOUND || maker[0]) return rc;
    rc = heng_archive_only_maker(im->reader, number, protocol, only, err);
    return rc == HENG_OK ? heng_archive_find_device(im->reader, im->scope, number, only, ret, err) : rc;
}

static heng_rc find_device(struct importing *im, struct meter *m, struct heng_err *err)
{
    char key[2 * 256 + 2];
    const char *number = archive_text(im, HENG_METER_NUMBER), *maker = archive_text(im, HENG_METER_MAKER);
    heng_protocol protocol = HENG_PROTOCOL_COUNT;
    m->has_device = number[0] != '\0';
    if (!m->has_device) return HENG_OK;
    if (archive_given(im, HENG_METER_PROTOCOL)) protocol = heng_protocol_of(archive_text(im, HENG_METER_PROTOCOL));
    struct archive_seen_entry *entry = archive_seen_at(&im->seen, archive_hash(NUMBER_TAG, number));
    if (entry && !entry->row) entry->row = im->row.number;
    heng_rc rc = archive_device_of(im, number, maker, protocol, &m->device, err);
    if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
    m->device_is_new = rc == HENG_ENOTFOUND;
    if (!m->device_is_new) maker = m->device.device.manufacturer;
    snprintf(key, sizeof key, "%.23s\x1f%.15s", number, maker);
    if (!archive_key_once(im, HENG_ARCHIVE_METERS, HENG_METER_NUMBER, key) || im->row.bad) return HENG_OK;
    if (!m->device_is_new && !m->device.visible)
        archive_row_fault(im, HENG_METER_NUMBER,
                          "a meter with this number and maker is there already, and not in your part");
    if (!m->device_is_new) return HENG_OK;
    m->device = (struct heng_archive_device){.factor_num = 1, .factor_den = 1};
    m->device.device.medium = HENG_MEDIUM_COUNT;
    m->device.device.protocol = HENG_PROTOCOL_COUNT;
    snprintf(m->device.device.number, sizeof m->device.device.number, "%.23s", number);
    snprintf(m->device.device.manufacturer, sizeof m->device.device.manufacturer, "%.15s", maker);
    return HENG_OK;
}

static void over_point(struct importing *im, struct meter *m)
{
    const struct archive_cell *closed = &im->row.cells[HENG_METER_CLOSED];
    archive_over_text(im, HENG_METER_POINT_NAME, m->point.name, sizeof m->point.name);
    archive_over_text(im, HENG_METER_SERVES, m->point.serves, sizeof m->point.serves);
    archive_over_text(im, HENG_METER_GROUP, m->point.group, sizeof m->point.group);
    archive_over_text(im, HENG_METER_NOMINAL, m->point.nominal, sizeof m->point.nominal);
    archive_over_text(im, HENG_METER_POINT, m->point.key, sizeof m->point.key);
    if (!closed->given || (m->point.closed_us && archive_same_moment(im, closed, m->point.closed_us))) return;
    if (!m->point_is_new || m->has_device)
        archive_row_fault(im, HENG_METER_CLOSED, "a sheet does not close what is there: 'heng archive close' does");
    m->point.closed_us = closed->at_us;
}

static void over_device(struct importing *im, struct meter *m)
{
    struct heng_device *device = &m->device.device;
    int64_t medium = device->medium, protocol = device->protocol;
    archive_over_int(im, HENG_METER_MEDIUM, &medium, heng_medium_of(archive_text(im, HENG_METER_MEDIUM)));
    archive_over_int(im, HENG_METER_PROTOCOL, &protocol, heng_protocol_of(archive_text(im, HENG_METER_PROTOCOL)));
    archive_over_text(im, HENG_METER_PROFILE, device->profile, sizeof device->profile);
    archive_over_text(im, HENG_METER_ACCURACY, m->device.accuracy, sizeof m->device.accuracy);
    m->device_changed = device->medium != (heng_medium)medium;
    device->medium = (heng_medium)medium;
    device->protocol = (heng_protocol)protocol;
    if (device->protocol == HENG_PROTOCOL_COUNT)
        archive_row_fault(im, HENG_METER_PROTOCOL, "it is empty, and a new meter needs one");
    if (device->profile[0] && im->import->profiles && !heng_profiles_find(im->import->profiles, device->profile))
        archive_row_fault(im, HENG_METER_PROFILE, "no meter model has this name: see 'heng profile list'");
}

bool archive_factor_of(struct importing *im, int column, int64_t *ret_num, int64_t *ret_den)
{
    const struct archive_cell *cell = &im->row.cells[column];
    *ret_num = *ret_den = 1;
    if (!cell->given) return true;
    int64_t num = cell->number.mantissa, den = 1;
    for (int exp = cell->number.exp; exp > 0; exp--) num *= 10; /* at most 10^6 by the range of the column */
    for (int exp = cell->number.exp; exp < 0; exp++) {
        if (num % 10 == 0) {
            num /= 10;
        } else if (den < INT64_C(1000000000)) {
            den *= 10;
        } else {
            archive_row_fault(im, column, "it has too many places behind the point");
            return false;
        }
    }
    if (num <= 0) {
        archive_row_fault(im, column, "it must be more than zero");
        return false;
    }
    int64_t a = num, b = den;
    while (b) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    *ret_num = num / a;
    *ret_den = den / a;
    return true;
}

/* The multiplier of the row: of a new installation the first one, of one that is there the one of today, whose change
 * is an event. */
static heng_rc over_factor(struct importing *im, struct meter *m, bool there, struct heng_err *err)
{
    struct archive_counter now;
    int column = archive_given(im, HENG_METER_FIRST_FACTOR) && !there ? HENG_METER_FIRST_FACTOR : HENG_METER_FACTOR;
    if (!archive_factor_of(im, column, &m->factor_num, &m->factor_den) || !archive_given(im, column)) return HENG_OK;
    heng_rc rc = there ? archive_counter_of(im->reader, &m->device, &now, err) : HENG_OK;
    if (rc != HENG_OK) return rc;
    if (!there) {
        m->device.factor_num = m->factor_num;
        m->device.factor_den = m->factor_den;
        return HENG_OK;
    }
    m->factor_changes = m->factor_num * now.factor_den != now.factor_num * m->factor_den;
    if (m->factor_changes) im->row.changed |= UINT64_C(1) << HENG_METER_FACTOR;
    return HENG_OK;
}

static heng_rc over_installation(struct importing *im, struct meter *m, struct heng_err *err)
{
    const struct archive_cell *start = &im->row.cells[HENG_METER_START];
    bool there = m->device.installation_id && !m->moves;
    heng_rc rc = over_factor(im, m, there, err);
    if (rc != HENG_OK) return rc;
    int64_t digits = m->device.digits;
    archive_over_int(im, HENG_METER_DIGITS, &m->device.digits, im->row.cells[HENG_METER_DIGITS].whole);
    m->digits_change = digits != m->device.digits;
    if (there && start->given && !archive_same_moment(im, start, m->device.from_us))
        archive_row_fault(im, HENG_METER_START, "it has been there since another day: that is mended by an event");
    if (there) return HENG_OK;
    heng_us from_us = start->given ? start->at_us : im->import->at_us;
    if (m->device.installation_id && from_us <= m->device.from_us && im->import->policy == HENG_ARCHIVE_CHANGE)
        archive_row_fault(im, HENG_METER_START, "it was put in elsewhere after that: give a later day");
    if (from_us > im->import->at_us + HENG_US_PER_DAY) archive_row_fault(im, HENG_METER_START, "it lies in the future");
    m->device.from_us = from_us;
    return HENG_OK;
}

/* --- how it is asked
 * --------------------------------------------------------------------------------------------------- */

static void check_asked(struct importing *im, const struct meter *m)
{
    struct heng_err why = {.text = ""};
    const struct heng_device *device = &m->device.device;
    struct heng_meter_config config = {.protocol = device->protocol, .medium = device->medium};
    snprintf(config.address, sizeof config.address, "%s", m->device.address);
    if (im->import->profiles) config.profile = heng_profiles_find(im->import->profiles, device->profile);
    if (heng_meter_check(&config, &why) != HENG_OK)
        archive_row_fault(im, archive_given(im, HENG_METER_ADDRESS) ? HENG_METER_ADDRESS : HENG_METER_NUMBER, "%s",
                          why.text);
}

static heng_rc over_member(struct importing *im, struct meter *m, struct heng_err *err)
{
    struct heng_archive_device *d = &m->device;
    int64_t line_id = d->line_id, schedule_id = 0, relay_id = 0;
    bool had_line = d->line_id != 0;
    heng_rc rc = archive_line_of_meter(im, &line_id, err);
    if (rc != HENG_OK || im->row.bad || !line_id) return rc;
    m->asked = true;
    archive_over_int(im, HENG_METER_LINE, &d->line_id, line_id);
    if (!had_line && !archive_given(im, HENG_METER_ADDRESS))
        snprintf(d->address, sizeof d->address, "%s", d->device.number);
    archive_over_text(im, HENG_METER_ADDRESS, d->address, sizeof d->address);
    if (archive_given(im, HENG_METER_SCHEDULE)) {
        rc = heng_store_find_schedule(im->reader, archive_text(im, HENG_METER_SCHEDULE), &schedule_id, err);
        if (rc == HENG_ENOTFOUND && archive_key_seen(im, HENG_ARCHIVE_SCHEDULES, archive_text(im, HENG_METER_SCHEDULE)))
            im->row.bad = true;
        else if (rc == HENG_ENOTFOUND)
            archive_row_fault(im, HENG_METER_SCHEDULE, "there is no such schedule");
        archive_over_int(im, HENG_METER_SCHEDULE, &d->schedule_id, schedule_id);
    }
    if ((rc == HENG_OK || rc == HENG_ENOTFOUND) && archive_given(im, HENG_METER_RELAY)) {
        rc = heng_store_find_relay(im->reader, line_id, archive_text(im, HENG_METER_RELAY), &relay_id, err);
        if (rc == HENG_ENOTFOUND) archive_row_fault(im, HENG_METER_RELAY, "its line has no such relay");
        archive_over_int(im, HENG_METER_RELAY, &d->relay_id, relay_id);
    }
    archive_over_int(im, HENG_METER_CABLE, &d->position, im->row.cells[HENG_METER_CABLE].whole);
    if (!im->row.bad) check_asked(im, m);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

/* --- into the database
 * -------------------------------------------------------------------------------------------------- */

bool archive_grow(void **list, size_t n, size_t *cap, size_t size)
{
    if (n < *cap) return true;
    size_t more = *cap ? 2 * *cap : 256;
    void *larger = realloc(*list, more * size);
    if (!larger) return false;
    *list = larger;
    *cap = more;
    return true;
}

static heng_rc keep_member(struct importing *im, const struct meter *m, struct heng_err *err)
{
    void *list = im->members;
    if (!archive_grow(&list, im->member_n, &im->member_cap, sizeof *im->members))
        return heng_fail(err, HENG_ENOMEM, 0, "no memory for the meters of a sheet");
    im->members = list;
    struct archive_member *member = &im->members[im->member_n++];
    *member = (struct archive_member){.device_id = m->device.device.id,
                                      .line_id = m->device.line_id,
                                      .schedule_id = m->device.schedule_id,
                                      .relay_id = m->device.relay_id,
                                      .position = (uint32_t)m->device.position,
                                      .row = im->row.number};
    snprintf(member->address, sizeof member->address, "%s", m->device.address);
    return heng_store_drop_member(im->store, m->device.device.id, err);
}

/* Since when it is there, and what it showed then. */
static heng_rc tell(struct importing *im, const struct meter *m, struct heng_err *err)
{
    const struct archive_told told = {.point_id = m->point.id,
                                      .device_id = m->device.device.id,
                                      .former_point = m->former_point,
                                      .factor_num = m->device.factor_num,
                                      .factor_den = m->device.factor_den,
                                      .from_us = m->device.from_us,
                                      .has_index = archive_given(im, HENG_METER_START_INDEX),
                                      .index = im->row.cells[HENG_METER_START_INDEX].number,
                                      .digits = (uint8_t)m->device.digits,
                                      .row = im->row.number};
    return archive_tell(im, &told, err);
}

/* What a counter is multiplied with from now on; what was before stays as it was. */
static heng_rc tell_factor(struct importing *im, const struct meter *m, struct heng_err *err)
{
    struct heng_point_event event = {.point_id = m->point.id,
                                     .device_id = m->device.device.id,
                                     .kind = HENG_EVENT_MULTIPLIER,
                                     .at_us = im->import->at_us,
                                     .recorded_us = im->import->at_us,
                                     .factor_num = m->factor_num,
                                     .factor_den = m->factor_den};
    int64_t id = 0;
    snprintf(event.who, sizeof event.who, "%s", archive_who(im));
    snprintf(event.reason, sizeof event.reason, "sheet '%s', row %" PRIu32, im->sheet_name, im->row.number);
    heng_rc rc = heng_store_add_event(im->store, &event, &id, err);
    return rc == HENG_OK ? heng_store_due_point(im->store, m->point.id, 0, event.at_us, HENG_US_NEVER, err) : rc;
}

static heng_rc change_installation(struct importing *im, const struct meter *m, struct heng_err *err)
{
    heng_rc rc = HENG_OK;
    if (m->digits_change) rc = heng_archive_change_installation(im->store, &m->device, err);
    if (rc == HENG_OK && m->digits_change)
        rc = heng_store_due_point(im->store, m->point.id, 0, m->device.from_us, HENG_US_NEVER, err);
    return rc == HENG_OK && m->factor_changes ? tell_factor(im, m, err) : rc;
}

static heng_rc apply_device(struct importing *im, struct meter *m, struct heng_err *err)
{
    heng_rc rc = HENG_OK;
    if (m->device_is_new || m->device_changed)
        rc = heng_store_put_device(im->store, &m->device.device, &m->device.device.id, err);
    if (rc == HENG_OK && (m->device_is_new || m->device_changed))
        rc = heng_archive_put_accuracy(im->store, m->device.device.id, m->device.accuracy, err);
    m->device.point_id = m->point.id;
    if (rc == HENG_OK && m->moves) {
        rc = heng_archive_install(im->store, &m->device, err);
        if (rc == HENG_OK) rc = tell(im, m, err);
    } else if (rc == HENG_OK) {
        rc = change_installation(im, m, err);
    }
    if (rc == HENG_OK && m->asked && (m->device_is_new || m->member_changed)) return keep_member(im, m, err);
    return rc == HENG_OK ? heng_archive_index_device(im->store, m->device.device.id, err) : rc;
}

static heng_rc keep_main(struct importing *im, const struct meter *m, int column, struct heng_err *err)
{
    void *list = im->mains;
    if (!archive_given(im, column)) return HENG_OK;
    if (!archive_grow(&list, im->main_n, &im->main_cap, sizeof *im->mains))
        return heng_fail(err, HENG_ENOMEM, 0, "no memory for the meters of a sheet");
    im->mains = list;
    struct archive_main *main = &im->mains[im->main_n++];
    *main = (struct archive_main){m->point.id, im->row.number, column == HENG_METER_CHECK, ""};
    snprintf(main->main, sizeof main->main, "%.63s", archive_text(im, column));
    return HENG_OK;
}

/* A main meter that is known already and is the same needs no second look, and one that differs is a change. So does a
 * check meter. */
static heng_rc look_at_main(struct importing *im, struct meter *m, int column, struct heng_err *err)
{
    int64_t id = 0, known = m->point.main_id;
    if (!archive_given(im, column) || m->point_is_new) return HENG_OK;
    heng_rc rc = column == HENG_METER_CHECK ? heng_archive_get_check(im->reader, m->point.id, &known, err) : HENG_OK;
    if (rc != HENG_OK) return rc;
    rc = archive_point_of(im, archive_text(im, column), &id, err);
    if (rc == HENG_ENOTFOUND || rc == HENG_ECONFLICT || (rc == HENG_OK && id != known))
        im->row.changed |= UINT64_C(1) << column;
    return rc == HENG_ENOTFOUND || rc == HENG_ECONFLICT ? HENG_OK : rc;
}

static heng_rc take(struct importing *im, struct meter *m, struct heng_err *err)
{
    uint64_t before = 0;
    heng_medium medium = archive_given(im, HENG_METER_MEDIUM) ? heng_medium_of(archive_text(im, HENG_METER_MEDIUM))
                                                              : m->device.device.medium;
    if (!m->has_device && !archive_given(im, HENG_METER_MEDIUM)) return HENG_OK; /* only about the place */
    if (medium == HENG_MEDIUM_COUNT) {
        archive_row_fault(im, HENG_METER_MEDIUM, "it is empty, and a new meter needs one");
        return HENG_OK;
    }
    heng_rc rc = find_point(im, m, medium, err);
    if (rc != HENG_OK || im->row.bad) return rc;
    over_point(im, m);
    if (m->point.medium != medium) im->row.changed |= UINT64_C(1) << HENG_METER_MEDIUM;
    m->point.medium = medium;
    if (rc == HENG_OK) rc = look_at_main(im, m, HENG_METER_MAIN, err);
    if (rc == HENG_OK) rc = look_at_main(im, m, HENG_METER_CHECK, err);
    m->point_changed = taken(im, &before);
    if (m->has_device) {
        over_device(im, m);
        m->device_changed |= taken(im, &before);
        rc = over_installation(im, m, err);
        (void)taken(im, &before);
        if (rc == HENG_OK && !im->row.bad) rc = over_member(im, m, err);
        m->member_changed = taken(im, &before);
    }
    if (rc != HENG_OK || im->row.bad) return rc;
    bool is_new = m->has_device ? m->device_is_new : m->point_is_new;
    const char *what = m->has_device ? m->device.device.number : m->point.key;
    if (!archive_decide(im, HENG_ARCHIVE_METERS, is_new, what)) return HENG_OK;
    if (m->point_is_new || m->point_changed) rc = heng_archive_put_point(im->store, &m->point, err);
    if (rc == HENG_ECONFLICT) {
        archive_row_fault(im, HENG_METER_POINT, "%s", err->text);
        return HENG_OK;
    }
    if (rc == HENG_OK && m->has_device) rc = apply_device(im, m, err);
    if (rc == HENG_OK) rc = keep_main(im, m, HENG_METER_MAIN, err);
    return rc == HENG_OK ? keep_main(im, m, HENG_METER_CHECK, err) : rc;
}

heng_rc archive_take_meter(struct importing *im, struct heng_err *err)
{
    struct meter m = {.place.place.id = 0};
    m.device.device.medium = HENG_MEDIUM_COUNT;
    heng_rc rc = find_device(im, &m, err);
    if (rc != HENG_OK || im->row.bad) return rc;
    rc = archive_place_of_meter(im, &m.place, err);
    if (rc == HENG_OK && !im->row.bad && m.place.closed_us && !archive_given(im, HENG_METER_CLOSED))
        archive_row_fault(im, HENG_METER_FLAT, "this place is closed: open it again first");
    return rc == HENG_OK && !im->row.bad ? take(im, &m, err) : rc;
}

/* --- when all rows are there
 * --------------------------------------------------------------------------------------------- */

heng_rc archive_point_of(struct importing *im, const char *text, int64_t *ret, struct heng_err *err)
{
    struct heng_point point;
    heng_rc rc = heng_archive_find_point(im->reader, im->scope, text, &point, err);
    if (rc == HENG_ENOTFOUND) rc = archive_named_point(im->reader, im->scope, text, &point, err);
    if (rc == HENG_OK) *ret = point.id;
    return rc == HENG_ENOTFOUND ? heng_archive_numbered_point(im->reader, im->scope, text, ret, err) : rc;
}

heng_rc archive_take_members(struct importing *im, struct heng_err *err)
{
    heng_rc rc = HENG_OK;
    for (size_t i = 0; rc == HENG_OK && i < im->member_n; i++) {
        const struct archive_member *m = &im->members[i];
        struct heng_member member = {m->address, m->schedule_id, m->relay_id, m->position};
        int64_t holder = 0;
        rc = heng_archive_address_holder(im->reader, m->line_id, m->address, &holder, err);
        if (rc == HENG_OK) {
            archive_fault(im, m->row, HENG_METER_ADDRESS, m->address, "another meter has this address on this line");
            continue;
        }
        if (rc == HENG_ENOTFOUND) rc = heng_store_put_member(im->store, m->line_id, m->device_id, &member, err);
        if (rc == HENG_OK) rc = heng_archive_index_device(im->store, m->device_id, err);
    }
    return rc;
}

/* Points that are named in a cell: errors that are the sheet's own are faults of it. */
static heng_rc put_main(struct importing *im, const struct archive_main *m, int64_t id, struct heng_err *err)
{
    struct heng_point point;
    if (m->is_check) return heng_archive_put_check(im->store, m->point_id, id, err);
    heng_rc rc = heng_archive_get_point(im->reader, 0, m->point_id, &point, err);
    if (rc != HENG_OK || point.main_id == id) return rc;
    point.main_id = id;
    return id == m->point_id ? heng_fail(err, HENG_ECONFLICT, 0, "a meter cannot be its own main meter")
                             : heng_archive_put_point(im->store, &point, err);
}

heng_rc archive_take_mains(struct importing *im, struct heng_err *err)
{
    heng_rc rc = HENG_OK;
    for (size_t i = 0; rc == HENG_OK && i < im->main_n; i++) {
        const struct archive_main *m = &im->mains[i];
        int column = m->is_check ? HENG_METER_CHECK : HENG_METER_MAIN;
        int64_t id = 0;
        rc = archive_point_of(im, m->main, &id, err);
        if (rc == HENG_ENOTFOUND && archive_hash_seen(im, archive_hash(NUMBER_TAG, m->main))) {
            rc = HENG_OK; /* its own row is at fault, which was told */
            continue;
        }
        if (rc == HENG_ENOTFOUND) heng_fail(err, rc, 0, "there is no such point, and no meter with this number");
        if (rc == HENG_OK) rc = put_main(im, m, id, err);
        if (rc != HENG_ENOTFOUND && rc != HENG_ECONFLICT) continue;
        archive_fault(im, m->row, column, m->main, "%s", err->text);
        rc = HENG_OK;
    }
    return rc;
}
