#include "store/write.h"

#include "store/archive.h"
#include "store/archive_search.h"
#include "store/db.h"
#include "store/events.h"
#include "store/pack.h"
#include "store/read.h"
#include "store/usage.h"

static struct heng_db *db_of(struct heng_store *store) { return &store->reader.db; }

static heng_rc need_transaction(const struct heng_store *store, struct heng_err *err)
{
    return store->reader.db.in_transaction ? HENG_OK : heng_fail(err, HENG_EBUG, 0, "no transaction is open");
}

heng_rc heng_store_put_setting(struct heng_store *store, const char *name, const char *value, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, db_of(store), HENG_SQL_SETTING_PUT);
    heng_query_text(&q, name);
    heng_query_text(&q, value);
    return heng_query_finish(&q, err);
}

heng_rc heng_store_put_place(struct heng_store *store, const struct heng_place *place, int64_t *ret_id,
                             struct heng_err *err)
{
    struct heng_place known;
    struct heng_query q;
    heng_rc rc = need_transaction(store, err);
    if (rc == HENG_OK) rc = heng_store_find_place(&store->reader, place->key, &known, err);
    if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
    int64_t id = rc == HENG_OK ? known.id : store->next[HENG_ID_PLACE]++;
    heng_query_begin(&q, db_of(store), HENG_SQL_PLACE_PUT);
    heng_query_int(&q, id);
    heng_query_text(&q, place->key);
    heng_query_int(&q, place->parent_id);
    heng_query_text(&q, place->kind);
    heng_query_text(&q, place->name);
    heng_query_text(&q, place->path);
    heng_query_int(&q, place->area_cm2);
    rc = heng_query_finish(&q, err);
    if (rc == HENG_OK) *ret_id = id;
    return rc == HENG_OK ? heng_archive_index_place(store, id, place->name, place->key, err) : rc;
}

/* The state of a line that is new, or was given to somebody else. Ours are down until they are opened. */
static heng_rc init_line_state(struct heng_store *store, int64_t line_id, int64_t gateway_id, bool moved, heng_us at_us,
                               struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, db_of(store), moved ? HENG_SQL_LINE_STATE_UNKNOWN : HENG_SQL_LINE_STATE_INIT);
    heng_query_int(&q, line_id);
    heng_query_int(&q, at_us);
    heng_query_text(&q, gateway_id ? "not known: its gateway has not told yet" : "");
    return heng_query_finish(&q, err);
}

heng_rc heng_store_put_line(struct heng_store *store, const char *key, int64_t gateway_id,
                            const struct heng_line_config *line, heng_us at_us, int64_t *ret_id, struct heng_err *err)
{
    int64_t id = 0, before = gateway_id;
    const char parity[2] = {line->parity, '\0'};
    struct heng_query q;
    heng_rc rc = need_transaction(store, err);
    if (rc == HENG_OK) rc = heng_store_find_line(&store->reader, key, &id, err);
    if (rc == HENG_OK) rc = heng_store_line_gateway(&store->reader, id, &before, err);
    if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
    if (rc == HENG_ENOTFOUND) id = store->next[HENG_ID_LINE]++;
    heng_query_begin(&q, db_of(store), HENG_SQL_LINE_PUT);
    heng_query_int(&q, id);
    heng_query_text(&q, key);
    heng_query_text(&q, line->name);
    heng_query_text(&q, heng_transport_text(line->transport));
    heng_query_text(&q, line->endpoint);
    heng_query_text(&q, line->heartbeat);
    heng_query_int(&q, line->heartbeat_s);
    heng_query_int(&q, line->baud);
    heng_query_text(&q, parity);
    heng_query_int(&q, line->latency_ms);
    heng_query_int(&q, line->period_s);
    heng_query_text(&q, heng_rts_text(line->rts));
    heng_query_text(&q, heng_signal_text(line->overload));
    heng_query_int(&q, line->infrared);
    heng_query_int(&q, line->wake_byte);
    heng_query_int(&q, line->wake_ms);
    heng_query_int(&q, line->wake_rest_ms);
    heng_query_int(&q, line->wake_after_s);
    heng_query_int(&q, line->quarantine_after);
    heng_query_int(&q, line->single_reads);
    heng_query_int(&q, gateway_id);
    rc = heng_query_finish(&q, err);
    if (rc == HENG_OK) rc = init_line_state(store, id, gateway_id, before != gateway_id, at_us, err);
    if (rc == HENG_OK) *ret_id = id;
    return rc;
}

static heng_rc find_device(struct heng_store *store, const struct heng_device *device, int64_t *ret_id,
                           struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, db_of(store), HENG_SQL_DEVICE_FIND);
    heng_query_text(&q, device->number);
    heng_query_text(&q, device->manufacturer);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) *ret_id = heng_query_get_int(&q);
    heng_query_end(&q);
    return rc;
}

heng_rc heng_store_put_device(struct heng_store *store, const struct heng_device *device, int64_t *ret_id,
                              struct heng_err *err)
{
    int64_t id = 0;
    struct heng_query q;
    heng_rc rc = need_transaction(store, err);
    if (rc == HENG_OK) rc = find_device(store, device, &id, err);
    if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
    if (rc == HENG_ENOTFOUND) id = store->next[HENG_ID_DEVICE]++;
    heng_query_begin(&q, db_of(store), HENG_SQL_DEVICE_PUT);
    heng_query_int(&q, id);
    heng_query_text(&q, device->number);
    heng_query_text(&q, device->manufacturer);
    heng_query_text(&q, heng_medium_text(device->medium));
    heng_query_text(&q, heng_protocol_text(device->protocol));
    heng_query_text(&q, device->profile);
    rc = heng_query_finish(&q, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, db_of(store), HENG_SQL_DEVICE_STATE_INIT);
    heng_query_int(&q, id);
    rc = heng_query_finish(&q, err);
    if (rc == HENG_OK) *ret_id = id;
    return rc;
}

heng_rc heng_store_drop_member(struct heng_store *store, int64_t device_id, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, db_of(store), HENG_SQL_MEMBER_DROP);
    heng_query_int(&q, device_id);
    return heng_query_finish(&q, err);
}

heng_rc heng_store_put_member(struct heng_store *store, int64_t line_id, int64_t device_id,
                              const struct heng_member *member, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = heng_store_drop_member(store, device_id, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, db_of(store), HENG_SQL_MEMBER_PUT);
    heng_query_int(&q, device_id);
    heng_query_int(&q, line_id);
    heng_query_text(&q, member->address);
    heng_query_int(&q, member->schedule_id);
    heng_query_int(&q, member->relay_id);
    heng_query_int(&q, member->position);
    return heng_query_finish(&q, err);
}

/* The description of a site says where its meters are: an event like any other. from_point: moved from there. */
static heng_rc add_event(struct heng_store *store, int64_t device_id, int64_t point_id, int64_t from_point,
                         heng_us at_us, struct heng_err *err)
{
    int64_t id;
    const struct heng_point_event event = {.kind = from_point ? HENG_EVENT_MOVE : HENG_EVENT_INSTALL,
                                           .point_id = point_id,
                                           .other_point = from_point,
                                           .device_id = device_id,
                                           .at_us = at_us,
                                           .recorded_us = at_us,
                                           .who = "import",
                                           .reason = "as the site is described"};
    heng_rc rc = heng_store_add_event(store, &event, &id, err);
    return rc == HENG_OK ? heng_store_due_device(store, device_id, INT64_MIN, HENG_US_NEVER, err) : rc;
}

/* What is counted at the point, where nothing is yet: a point of a description that an older version took, or a new
 * one. What its device was read to say before counts from the first reading on. */
static heng_rc count_at(struct heng_store *store, int64_t point_id, heng_medium medium, struct heng_err *err)
{
    struct heng_point_channel first;
    size_t n;
    heng_rc rc = heng_archive_list_channels(heng_store_as_reader(store), 0, point_id, &first, 1, &n, err);
    if (rc != HENG_OK || n) return rc;
    rc = heng_archive_add_channels(store, point_id, medium, err);
    return rc == HENG_OK ? heng_store_due_point(store, point_id, 0, INT64_MIN, HENG_US_NEVER, err) : rc;
}

static heng_rc add_installation(struct heng_store *store, int64_t device_id, int64_t place_id, int64_t from_point,
                                heng_medium medium, heng_us at_us, struct heng_err *err)
{
    struct heng_query q;
    int64_t point_id = store->next[HENG_ID_POINT]++;
    heng_query_begin(&q, db_of(store), HENG_SQL_POINT_ADD);
    heng_query_int(&q, point_id);
    heng_query_int(&q, place_id);
    heng_query_text(&q, heng_medium_text(medium));
    heng_rc rc = heng_query_finish(&q, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, db_of(store), HENG_SQL_INSTALLATION_ADD);
    heng_query_int(&q, store->next[HENG_ID_INSTALLATION]++);
    heng_query_int(&q, device_id);
    heng_query_int(&q, point_id);
    heng_query_int(&q, at_us);
    rc = heng_query_finish(&q, err);
    if (rc == HENG_OK) rc = count_at(store, point_id, medium, err);
    return rc == HENG_OK ? add_event(store, device_id, point_id, from_point, at_us, err) : rc;
}

heng_rc heng_store_install(struct heng_store *store, int64_t device_id, int64_t place_id, heng_medium medium,
                           heng_us at_us, struct heng_err *err)
{
    int64_t id = 0, point_id = 0, old_place = 0;
    bool same_medium = false;
    struct heng_query q;
    heng_rc rc = need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, db_of(store), HENG_SQL_INSTALLATION_NOW);
    heng_query_int(&q, device_id);
    rc = heng_query_step(&q, err);
    if (rc == HENG_OK) {
        id = heng_query_get_int(&q);
        point_id = heng_query_get_int(&q);
        old_place = heng_query_get_int(&q);
        same_medium = heng_medium_of(heng_query_peek_text(&q)) == medium;
    }
    heng_query_end(&q);
    if (rc == HENG_ENOTFOUND) return add_installation(store, device_id, place_id, 0, medium, at_us, err);
    if (rc == HENG_OK && old_place == place_id && !same_medium) { /* the description was wrong before */
        heng_query_begin(&q, db_of(store), HENG_SQL_POINT_MEDIUM);
        heng_query_int(&q, point_id);
        heng_query_text(&q, heng_medium_text(medium));
        rc = heng_query_finish(&q, err);
    }
    if (rc != HENG_OK) return rc;
    if (old_place == place_id) return count_at(store, point_id, medium, err);
    heng_query_begin(&q, db_of(store), HENG_SQL_INSTALLATION_END);
    heng_query_int(&q, id);
    heng_query_int(&q, at_us);
    rc = heng_query_finish(&q, err);
    return rc == HENG_OK ? add_installation(store, device_id, place_id, point_id, medium, at_us, err) : rc;
}

heng_rc heng_store_index_places(struct heng_store *store, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, db_of(store), HENG_SQL_PLACE_ASTRAY);
    rc = heng_query_step(&q, err);
    if (rc == HENG_OK)
        rc = heng_fail(err, HENG_ECONFLICT, 0, "place '%s': it is below itself", heng_query_peek_text(&q));
    heng_query_end(&q);
    return rc == HENG_ENOTFOUND ? heng_db_run(db_of(store), HENG_SQL_PLACE_PATHS, NULL, err) : rc;
}

heng_rc heng_store_index_meters(struct heng_store *store, struct heng_err *err)
{
    heng_rc rc = need_transaction(store, err);
    return rc == HENG_OK ? heng_db_run(db_of(store), HENG_SQL_DEVICE_INDEX, NULL, err) : rc;
}

static heng_rc add_register(struct heng_store *store, int64_t device_id, const struct heng_register_key *key,
                            int64_t *ret_id, struct heng_err *err)
{
    struct heng_query q;
    int64_t id = store->next[HENG_ID_REGISTER]++;
    heng_query_begin(&q, db_of(store), HENG_SQL_REGISTER_ADD);
    heng_query_int(&q, id);
    heng_query_int(&q, device_id);
    heng_query_text(&q, heng_quantity_text(key->quantity));
    heng_query_text(&q, heng_unit_text(key->unit));
    heng_query_text(&q, heng_function_text(key->function));
    heng_query_int(&q, key->storage);
    heng_query_int(&q, key->tariff);
    heng_query_int(&q, key->subunit);
    heng_query_text(&q, key->qualifier);
    heng_rc rc = heng_query_finish(&q, err);
    if (rc == HENG_OK) *ret_id = id;
    return rc;
}

heng_rc heng_store_register_ids(struct heng_store *store, int64_t device_id,
                                const struct heng_register_key *const *keys, size_t count, int64_t *ret_ids,
                                struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    memset(ret_ids, 0, count * sizeof *ret_ids);
    heng_query_begin(&q, db_of(store), HENG_SQL_REGISTER_LIST);
    heng_query_int(&q, device_id);
    heng_query_int(&q, HENG_REGISTERS_MAX);
    size_t known = 0;
    for (size_t hint = 0; (rc = heng_query_step(&q, err)) == HENG_OK; known++) {
        struct heng_register reg;
        heng_register_of_row(&q, &reg);
        /* Answers of a meter have their values in the same order every time. */
        for (size_t i = 0; i < count; i++) {
            size_t at = (hint + i) % count;
            if (ret_ids[at] != 0 || !heng_register_key_eq(keys[at], &reg.key)) continue;
            ret_ids[at] = reg.id;
            hint = at + 1;
            break;
        }
    }
    heng_query_end(&q);
    if (rc != HENG_ENOTFOUND) return rc;
    rc = HENG_OK;
    for (size_t i = 0; rc == HENG_OK && i < count; i++) {
        for (size_t j = 0; ret_ids[i] == 0 && j < i; j++)
            if (heng_register_key_eq(keys[i], keys[j])) ret_ids[i] = ret_ids[j];
        if (ret_ids[i] != 0) continue;
        if (known++ >= HENG_REGISTERS_MAX)
            return heng_fail(err, HENG_ERANGE, 0, "meter %lld has more than %d registers", (long long)device_id,
                             HENG_REGISTERS_MAX);
        rc = add_register(store, device_id, keys[i], &ret_ids[i], err);
    }
    return rc;
}

static void bind_reading(struct heng_query *q, const struct heng_reading *reading, int64_t first_frame,
                         struct heng_slice packed)
{
    heng_query_int(q, reading->device_id);
    heng_query_int(q, reading->at_us);
    heng_query_int(q, reading->source);
    heng_query_int(q, reading->quality);
    heng_query_int(q, first_frame);
    heng_query_int(q, reading->frame_count);
    heng_query_blob(q, packed);
    heng_query_int(q, reading->due_us);
    heng_query_int(q, reading->partial);
}

/* There is a reading under this key: is it, or a conflict that is known, the same? *ret_first_frame: of the same one.
 */
static heng_rc compare_reading(struct heng_store *store, const struct heng_reading *reading, struct heng_slice packed,
                               heng_stored *ret, int64_t *ret_first_frame, struct heng_err *err)
{
    struct heng_query q;
    *ret = HENG_STORED_CONFLICT;
    *ret_first_frame = 0;
    heng_query_begin(&q, db_of(store), HENG_SQL_READING_GET);
    heng_query_int(&q, reading->device_id);
    heng_query_int(&q, reading->at_us);
    heng_query_int(&q, reading->source);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) {
        q.column = 3;
        bool same = heng_query_get_int(&q) == (int64_t)reading->quality;
        int64_t first_frame = heng_query_get_int(&q);
        q.column = 6;
        if (same && heng_slice_eq(heng_query_get_blob(&q), packed)) {
            *ret = HENG_STORED_SAME;
            *ret_first_frame = first_frame;
        }
    }
    heng_query_end(&q);
    if (rc == HENG_ENOTFOUND)
        return heng_fail(err, HENG_ECONFLICT, 0, "reading_add: there is no meter %lld", (long long)reading->device_id);
    if (rc != HENG_OK || *ret == HENG_STORED_SAME) return rc;
    heng_query_begin(&q, db_of(store), HENG_SQL_READING_CONFLICT_KNOWN);
    heng_query_int(&q, reading->device_id);
    heng_query_int(&q, reading->at_us);
    heng_query_int(&q, reading->source);
    heng_query_blob(&q, packed);
    rc = heng_query_step(&q, err);
    heng_query_end(&q);
    if (rc == HENG_OK) *ret = HENG_STORED_SAME; /* the same conflict again */
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

/* One that is new is there at the first step; *ret: NEW, or CONFLICT when there is one under this key already. */
static heng_rc insert_reading(struct heng_store *store, heng_sql sql, const struct heng_reading *reading,
                              int64_t first_frame, struct heng_slice packed, heng_stored *ret, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, db_of(store), sql);
    bind_reading(&q, reading, first_frame, packed);
    heng_rc rc = heng_query_step(&q, err);
    heng_query_end(&q);
    *ret = rc == HENG_OK ? HENG_STORED_NEW : HENG_STORED_CONFLICT;
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

static heng_rc add_frame(struct heng_store *store, const struct heng_frame *frame, int64_t device_id,
                         struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, db_of(store), HENG_SQL_FRAME_ADD);
    heng_query_int(&q, store->next[HENG_ID_FRAME]++);
    heng_query_int(&q, device_id);
    heng_query_int(&q, frame->at_us);
    heng_query_text(&q, heng_protocol_text(frame->protocol));
    heng_query_blob(&q, heng_slice_of(frame->bytes, frame->n));
    return heng_query_finish(&q, err);
}

heng_rc heng_store_add_reading(struct heng_store *store, const struct heng_reading *reading,
                               const struct heng_frame *frames, heng_stored *ret_stored, int64_t *ret_first_frame,
                               struct heng_err *err)
{
    uint8_t memory[HENG_PACKED_MAX];
    struct heng_buf packed = heng_buf_of(memory, sizeof memory);
    heng_stored stored, added;
    heng_rc rc = need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    rc = heng_reading_pack(reading, &packed);
    if (rc != HENG_OK) return heng_fail(err, rc, 0, "a reading cannot be packed: %s", heng_rc_name(rc));
    struct heng_slice bytes = heng_buf_slice(&packed);
    int64_t first_frame = reading->frame_count ? store->next[HENG_ID_FRAME] : 0, known_frame = 0;
    rc = heng_store_need_month(store, reading->at_us, err);
    if (rc == HENG_OK) rc = insert_reading(store, HENG_SQL_READING_ADD, reading, first_frame, bytes, &stored, err);
    if (rc == HENG_OK && stored != HENG_STORED_NEW)
        rc = compare_reading(store, reading, bytes, &stored, &known_frame, err);
    if (rc == HENG_OK && stored == HENG_STORED_CONFLICT)
        rc = insert_reading(store, HENG_SQL_READING_CONFLICT_ADD, reading, first_frame, bytes, &added, err);
    if (rc == HENG_OK) *ret_stored = stored;
    if (rc == HENG_OK) *ret_first_frame = stored == HENG_STORED_SAME ? known_frame : first_frame;
    if (rc != HENG_OK || stored == HENG_STORED_SAME) return rc;
    for (size_t i = 0; rc == HENG_OK && i < reading->frame_count; i++)
        rc = add_frame(store, &frames[i], reading->device_id, err);
    return rc == HENG_OK ? heng_store_touch_reading(store, reading, err) : rc;
}

heng_rc heng_store_add_frames(struct heng_store *store, int64_t device_id, const struct heng_frame *frames,
                              size_t count, int64_t *ret_first_frame, struct heng_err *err)
{
    heng_rc rc = need_transaction(store, err);
    *ret_first_frame = store->next[HENG_ID_FRAME];
    for (size_t i = 0; rc == HENG_OK && i < count; i++) rc = add_frame(store, &frames[i], device_id, err);
    return rc;
}

heng_rc heng_store_put_device_state(struct heng_store *store, const struct heng_device_state *state,
                                    struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, db_of(store), HENG_SQL_DEVICE_STATE_PUT);
    heng_query_int(&q, state->device_id);
    heng_query_text(&q, heng_meter_state_text(state->state));
    heng_query_int(&q, state->last_try_us);
    heng_query_text(&q, state->last_outcome < HENG_OUTCOME_COUNT ? heng_outcome_text(state->last_outcome) : "");
    heng_query_int(&q, state->last_read_us);
    heng_query_int(&q, state->last_source);
    heng_query_int(&q, state->misses);
    heng_query_int(&q, state->reads);
    heng_query_int(&q, state->learned.answer_us);
    heng_query_int(&q, state->learned.spread_us);
    heng_query_int(&q, state->learned.answers);
    heng_query_int(&q, state->learned.misses);
    heng_query_int(&q, state->learned.due_done_us);
    heng_query_int(&q, state->learned.ser);
    heng_query_int(&q, state->quarantined);
    return heng_query_finish(&q, err);
}

heng_rc heng_store_put_line_status(struct heng_store *store, const struct heng_line_status *status,
                                   struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, db_of(store), HENG_SQL_LINE_STATE_PUT);
    heng_query_int(&q, status->line_id);
    heng_query_text(&q, heng_line_state_text(status->state));
    heng_query_int(&q, status->since_us);
    heng_query_text(&q, status->detail);
    heng_query_int(&q, status->last_answer_us);
#define X(field) heng_query_int(&q, (int64_t)status->counters.field);
    HENG_LINE_COUNTER_LIST(X)
#undef X
    const struct heng_line_vitals_status *vitals = &status->vitals;
    heng_query_int(&q, vitals->health);
    heng_query_int(&q, vitals->queued);
    heng_query_int(&q, vitals->quarantined);
    heng_query_int(&q, vitals->cycle_us);
    heng_query_int(&q, vitals->dead_us);
    heng_query_text(&q, vitals->hint_kind);
    heng_query_int(&q, vitals->hint_from);
    heng_query_int(&q, vitals->hint_to);
    heng_query_text(&q, vitals->hint);
    heng_query_text(&q, vitals->hint_meter);
    return heng_query_finish(&q, err);
}

heng_rc heng_store_add_line_event(struct heng_store *store, int64_t line_id, const struct heng_line_event *event,
                                  struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, db_of(store), HENG_SQL_LINE_EVENT_ADD);
    heng_query_int(&q, store->next[HENG_ID_LINE_EVENT]++);
    heng_query_int(&q, line_id);
    heng_query_int(&q, event->at_us);
    heng_query_text(&q, heng_line_state_text(event->state));
    heng_query_text(&q, event->detail);
    return heng_query_finish(&q, err);
}
