/* What hangs at the points: devices with their installations, lines and gateways, with who they belong to. */
#include "store/archive_inside.h"
#include "store/events.h"

static void fill_device(struct heng_query *q, struct heng_archive_device *ret)
{
    *ret = (struct heng_archive_device){.device.id = heng_query_get_int(q)};
    heng_query_get_text(q, ret->device.number, sizeof ret->device.number);
    heng_query_get_text(q, ret->device.manufacturer, sizeof ret->device.manufacturer);
    ret->device.medium = heng_medium_of(heng_query_peek_text(q));
    ret->device.protocol = heng_protocol_of(heng_query_peek_text(q));
    heng_query_get_text(q, ret->device.profile, sizeof ret->device.profile);
    ret->installation_id = heng_query_get_int(q);
    ret->point_id = heng_query_get_int(q);
    ret->from_us = heng_query_get_int(q);
    ret->factor_num = heng_query_get_int(q);
    ret->factor_den = heng_query_get_int(q);
    ret->digits = heng_query_get_int(q);
    ret->place_id = heng_query_get_int(q);
    ret->line_id = heng_query_get_int(q);
    heng_query_get_text(q, ret->line, sizeof ret->line);
    heng_query_get_text(q, ret->address, sizeof ret->address);
    ret->schedule_id = heng_query_get_int(q);
    heng_query_get_text(q, ret->schedule, sizeof ret->schedule);
    ret->relay_id = heng_query_get_int(q);
    heng_query_get_text(q, ret->relay, sizeof ret->relay);
    ret->position = heng_query_get_int(q);
    ret->visible = heng_query_get_int(q) != 0;
    heng_query_get_text(q, ret->accuracy, sizeof ret->accuracy);
}

heng_rc heng_archive_put_accuracy(struct heng_store *store, int64_t device_id, const char *accuracy,
                                  struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, archive_db(store), HENG_SQL_ARCHIVE_ACCURACY_PUT);
    heng_query_int(&q, device_id);
    heng_query_text(&q, accuracy);
    return heng_query_finish(&q, err);
}

heng_rc heng_archive_find_device(struct heng_store_reader *reader, int64_t scope, const char *number,
                                 const char *manufacturer, struct heng_archive_device *ret, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_ARCHIVE_DEVICE_FIND);
    heng_query_int(&q, scope);
    heng_query_text(&q, number);
    heng_query_text(&q, manufacturer);
    HENG_QUERY_ONE(fill_device, ret);
}

heng_rc heng_archive_only_maker(struct heng_store_reader *reader, const char *number, heng_protocol protocol,
                                char ret[static HENG_MAKER_MAX], struct heng_err *err)
{
    struct heng_query q;
    size_t n = 0;
    heng_rc rc = HENG_OK;
    heng_query_begin(&q, &reader->db, HENG_SQL_ARCHIVE_MAKERS);
    heng_query_text(&q, number);
    heng_query_text(&q, protocol == HENG_PROTOCOL_COUNT ? "" : heng_protocol_text(protocol));
    for (; (rc = heng_query_step(&q, err)) == HENG_OK; n++) heng_query_get_text(&q, ret, HENG_MAKER_MAX);
    heng_query_end(&q);
    return rc == HENG_ENOTFOUND && n == 1 ? HENG_OK : rc;
}

heng_rc heng_archive_device_at(struct heng_store_reader *reader, int64_t scope, int64_t point_id,
                               struct heng_archive_device *ret, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_ARCHIVE_DEVICE_AT);
    heng_query_int(&q, scope);
    heng_query_int(&q, point_id);
    HENG_QUERY_ONE(fill_device, ret);
}

static void fill_past(struct heng_query *q, struct heng_past_installation *ret)
{
    heng_query_get_text(q, ret->number, sizeof ret->number);
    heng_query_get_text(q, ret->manufacturer, sizeof ret->manufacturer);
    ret->from_us = heng_query_get_int(q);
    ret->until_us = heng_query_get_int(q);
    ret->factor_num = heng_query_get_int(q);
    ret->factor_den = heng_query_get_int(q);
    ret->digits = heng_query_get_int(q);
    ret->protocol = heng_protocol_of(heng_query_peek_text(q));
    heng_query_get_text(q, ret->profile, sizeof ret->profile);
}

heng_rc heng_archive_past_installations(struct heng_store_reader *reader, int64_t scope, int64_t point_id,
                                        struct heng_past_installation *ret, size_t cap, size_t *ret_n,
                                        struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_ARCHIVE_PAST_INSTALLATIONS);
    heng_query_int(&q, scope);
    heng_query_int(&q, point_id);
    heng_query_int(&q, (int64_t)cap);
    HENG_QUERY_ALL(fill_past, ret, cap, ret_n);
}

heng_rc heng_archive_add_installation(struct heng_store *store, const struct heng_installation *inst, int64_t *ret_id,
                                      struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = heng_store_need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    *ret_id = store->next[HENG_ID_INSTALLATION]++;
    heng_query_begin(&q, archive_db(store), HENG_SQL_ARCHIVE_INSTALL);
    heng_query_int(&q, *ret_id);
    heng_query_int(&q, inst->device_id);
    heng_query_int(&q, inst->point_id);
    heng_query_int(&q, inst->from_us);
    heng_query_int(&q, inst->factor_num);
    heng_query_int(&q, inst->factor_den);
    heng_query_int(&q, inst->digits);
    heng_query_int(&q, inst->until_us);
    return heng_query_finish(&q, err);
}

heng_rc heng_archive_install(struct heng_store *store, struct heng_archive_device *device, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = heng_store_need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    if (device->installation_id) {
        heng_query_begin(&q, archive_db(store), HENG_SQL_INSTALLATION_END);
        heng_query_int(&q, device->installation_id);
        heng_query_int(&q, device->from_us);
        rc = heng_query_finish(&q, err);
        if (rc != HENG_OK) return rc;
    }
    struct heng_installation inst = {.device_id = device->device.id,
                                     .point_id = device->point_id,
                                     .from_us = device->from_us,
                                     .factor_num = device->factor_num,
                                     .factor_den = device->factor_den,
                                     .digits = (uint8_t)device->digits};
    return heng_archive_add_installation(store, &inst, &device->installation_id, err);
}

heng_rc heng_archive_change_installation(struct heng_store *store, const struct heng_archive_device *device,
                                         struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = heng_store_need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, archive_db(store), HENG_SQL_ARCHIVE_INSTALLATION_CHANGE);
    heng_query_int(&q, device->installation_id);
    heng_query_int(&q, device->factor_num);
    heng_query_int(&q, device->factor_den);
    heng_query_int(&q, device->digits);
    return heng_query_finish(&q, err);
}

heng_rc heng_archive_address_holder(struct heng_store_reader *reader, int64_t line_id, const char *address,
                                    int64_t *ret, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_ARCHIVE_ADDRESS_HOLDER);
    heng_query_int(&q, line_id);
    heng_query_text(&q, address);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) *ret = heng_query_get_int(&q);
    heng_query_end(&q);
    return rc;
}

heng_rc heng_archive_index_device(struct heng_store *store, int64_t device_id, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = heng_store_need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, archive_db(store), HENG_SQL_ARCHIVE_DEVICE_REFRESH_ONE);
    heng_query_int(&q, device_id);
    return heng_query_finish(&q, err);
}

/* --- lines and gateways ------------------------------------------------------------------------------------------- */

/* The only line with a name. */
static heng_rc named_line(struct heng_store_reader *reader, int64_t scope, const char *name, int64_t *ret,
                          struct heng_err *err)
{
    struct heng_query q;
    size_t n = 0;
    heng_rc rc;
    heng_query_begin(&q, &reader->db, HENG_SQL_ARCHIVE_LINE_NAMED);
    heng_query_int(&q, scope);
    heng_query_text(&q, name);
    for (; (rc = heng_query_step(&q, err)) == HENG_OK; n++) *ret = heng_query_get_int(&q);
    heng_query_end(&q);
    if (rc != HENG_ENOTFOUND || n == 0) return rc;
    return n == 1 ? HENG_OK : heng_fail(err, HENG_ECONFLICT, 0, "several lines are called '%.60s': give the key", name);
}

heng_rc heng_archive_find_line(struct heng_store_reader *reader, int64_t scope, const char *key, int64_t *ret_id,
                               bool *ret_visible, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_ARCHIVE_LINE_FIND);
    heng_query_int(&q, scope);
    heng_query_text(&q, key);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) {
        *ret_id = heng_query_get_int(&q);
        (void)heng_query_get_int(&q); /* whose it is */
        *ret_visible = heng_query_get_int(&q) != 0;
    }
    heng_query_end(&q);
    if (rc != HENG_ENOTFOUND) return rc;
    *ret_visible = true;
    return named_line(reader, scope, key, ret_id, err);
}

static void fill_line(struct heng_query *q, struct heng_archive_line *ret)
{
    struct heng_line_config *line = &ret->config;
    *ret = (struct heng_archive_line){.id = heng_query_get_int(q)};
    line->id = ret->id;
    heng_query_get_text(q, ret->key, sizeof ret->key);
    heng_query_get_text(q, line->name, sizeof line->name);
    line->transport = heng_transport_of(heng_query_peek_text(q));
    heng_query_get_text(q, line->endpoint, sizeof line->endpoint);
    heng_query_get_text(q, line->heartbeat, sizeof line->heartbeat);
    line->heartbeat_s = (uint32_t)heng_query_get_int(q);
    line->baud = (uint32_t)heng_query_get_int(q);
    line->parity = heng_query_peek_text(q)[0];
    line->latency_ms = (uint32_t)heng_query_get_int(q);
    line->period_s = (uint32_t)heng_query_get_int(q);
    line->rts = heng_rts_of(heng_query_peek_text(q));
    line->overload = heng_signal_of(heng_query_peek_text(q));
    line->infrared = heng_query_get_int(q) != 0;
    line->wake_byte = (uint8_t)heng_query_get_int(q);
    line->wake_ms = (uint32_t)heng_query_get_int(q);
    line->wake_rest_ms = (uint32_t)heng_query_get_int(q);
    line->wake_after_s = (uint32_t)heng_query_get_int(q);
    line->quarantine_after = (uint8_t)heng_query_get_int(q);
    line->single_reads = heng_query_get_int(q) != 0;
    heng_query_get_text(q, ret->gateway, sizeof ret->gateway);
    heng_query_get_text(q, ret->org, sizeof ret->org);
    ret->org_id = heng_query_get_int(q);
}

heng_rc heng_archive_list_lines(struct heng_store_reader *reader, int64_t scope, int64_t after_id, const char *key,
                                struct heng_archive_line *ret, size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_ARCHIVE_LINES);
    heng_query_int(&q, scope);
    heng_query_int(&q, after_id);
    heng_query_text(&q, key);
    heng_query_int(&q, (int64_t)cap);
    HENG_QUERY_ALL(fill_line, ret, cap, ret_n);
}

static void fill_gateway(struct heng_query *q, struct heng_archive_gateway *ret)
{
    *ret = (struct heng_archive_gateway){.id = heng_query_get_int(q)};
    heng_query_get_text(q, ret->key, sizeof ret->key);
    heng_query_get_text(q, ret->name, sizeof ret->name);
    heng_query_get_text(q, ret->parent, sizeof ret->parent);
    ret->journal_bytes = heng_query_get_int(q);
    ret->journal_days = heng_query_get_int(q);
    heng_query_get_text(q, ret->org, sizeof ret->org);
    ret->org_id = heng_query_get_int(q);
}

heng_rc heng_archive_list_gateways(struct heng_store_reader *reader, int64_t scope, int64_t after_id, const char *key,
                                   struct heng_archive_gateway *ret, size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_ARCHIVE_GATEWAYS);
    heng_query_int(&q, scope);
    heng_query_int(&q, after_id);
    heng_query_text(&q, key);
    heng_query_int(&q, (int64_t)cap);
    HENG_QUERY_ALL(fill_gateway, ret, cap, ret_n);
}

heng_rc heng_archive_endpoint_taken(struct heng_store_reader *reader, const char *transport, const char *endpoint,
                                    const char *but_key, int64_t gateway_id, bool *ret, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_ARCHIVE_ENDPOINT_HOLDER);
    heng_query_text(&q, transport);
    heng_query_text(&q, endpoint);
    heng_query_text(&q, but_key);
    heng_query_int(&q, gateway_id);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) *ret = heng_query_get_int(&q) != 0;
    heng_query_end(&q);
    return rc;
}

static heng_rc set_org(struct heng_store *store, heng_sql sql, int64_t id, int64_t org_id, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = heng_store_need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, archive_db(store), sql);
    heng_query_int(&q, id);
    heng_query_int(&q, org_id);
    return heng_query_finish(&q, err);
}

heng_rc heng_archive_set_line_org(struct heng_store *store, int64_t line_id, int64_t org_id, struct heng_err *err)
{
    return set_org(store, HENG_SQL_ARCHIVE_LINE_ORG, line_id, org_id, err);
}

heng_rc heng_archive_set_gateway_org(struct heng_store *store, int64_t gateway_id, int64_t org_id, struct heng_err *err)
{
    return set_org(store, HENG_SQL_ARCHIVE_GATEWAY_ORG, gateway_id, org_id, err);
}
