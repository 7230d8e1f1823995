#include "store/orders.h"

#include "store/db.h"

static struct heng_db *db_of(struct heng_store *store) { return &store->reader.db; }

static heng_rc need_transaction(const struct heng_store *store, struct heng_err *err)
{
    return store->reader.db.in_transaction ? HENG_OK : heng_fail(err, HENG_EBUG, 0, "no transaction is open");
}

/* --- commands --------------------------------------------------------------------------------------------- */

heng_rc heng_store_add_command(struct heng_store *store, const struct heng_command *command, int64_t *ret_id,
                               struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    int64_t id = store->next[HENG_ID_COMMAND]++;
    heng_query_begin(&q, db_of(store), HENG_SQL_COMMAND_ADD);
    heng_query_int(&q, id);
    heng_query_int(&q, command->line_id);
    heng_query_int(&q, command->device_id);
    heng_query_text(&q, heng_protocol_text(command->protocol));
    heng_query_text(&q, heng_order_text(command->order.kind));
    heng_query_int(&q, command->order.back);
    heng_query_int(&q, command->order.baud);
    heng_query_text(&q, command->order.address);
    heng_query_text(&q, command->key);
    heng_query_text(&q, heng_stage_text(command->stage));
    heng_query_int(&q, command->requested_us);
    heng_query_int(&q, command->expires_us);
    heng_query_int(&q, command->order.number);
    heng_query_int(&q, command->order.amount);
    rc = heng_query_finish(&q, err);
    if (rc == HENG_OK) *ret_id = id;
    return rc;
}

heng_rc heng_store_put_command(struct heng_store *store, const struct heng_command *command, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, db_of(store), HENG_SQL_COMMAND_PUT);
    heng_query_int(&q, command->id);
    heng_query_text(&q, heng_stage_text(command->stage));
    heng_query_int(&q, command->sent_us);
    heng_query_int(&q, command->accepted_us);
    heng_query_int(&q, command->ended_us);
    heng_query_text(&q, command->outcome < HENG_OUTCOME_COUNT ? heng_outcome_text(command->outcome) : "");
    heng_query_text(&q, command->why);
    heng_query_int(&q, command->first_frame);
    heng_query_int(&q, command->frame_count);
    heng_query_int(&q, command->reading_us);
    return heng_query_finish(&q, err);
}

static heng_outcome outcome_of(const char *text)
{
    unsigned i = 0;
    while (i < HENG_OUTCOME_COUNT && strcmp(heng_outcome_text((heng_outcome)i), text) != 0) i++;
    return (heng_outcome)i;
}

static void fill_command(struct heng_query *q, struct heng_command_row *ret)
{
    struct heng_command *command = &ret->command;
    *ret = (struct heng_command_row){.command = {.id = heng_query_get_int(q)}};
    command->line_id = heng_query_get_int(q);
    command->device_id = heng_query_get_int(q);
    command->protocol = heng_protocol_of(heng_query_peek_text(q));
    command->order.kind = heng_order_of(heng_query_peek_text(q));
    command->order.back = (uint16_t)heng_query_get_int(q);
    command->order.baud = (uint32_t)heng_query_get_int(q);
    heng_query_get_text(q, command->order.address, sizeof command->order.address);
    heng_query_get_text(q, command->key, sizeof command->key);
    command->stage = heng_stage_of(heng_query_peek_text(q));
    command->requested_us = heng_query_get_int(q);
    command->expires_us = heng_query_get_int(q);
    command->sent_us = heng_query_get_int(q);
    command->accepted_us = heng_query_get_int(q);
    command->ended_us = heng_query_get_int(q);
    command->outcome = outcome_of(heng_query_peek_text(q));
    heng_query_get_text(q, command->why, sizeof command->why);
    command->first_frame = heng_query_get_int(q);
    command->frame_count = (uint16_t)heng_query_get_int(q);
    command->reading_us = heng_query_get_int(q);
    command->order.number = (uint32_t)heng_query_get_int(q);
    command->order.amount = heng_query_get_int(q);
    heng_query_get_text(q, ret->number, sizeof ret->number);
    heng_query_get_text(q, ret->line_name, sizeof ret->line_name);
}

/* Step q to its end and fill an array; ends q. */
static heng_rc fill_commands(struct heng_query *q, struct heng_command_row *ret, size_t cap, size_t *ret_n,
                             struct heng_err *err)
{
    heng_rc rc = HENG_OK;
    size_t n = 0;
    while (n < cap && (rc = heng_query_step(q, err)) == HENG_OK) fill_command(q, &ret[n++]);
    heng_query_end(q);
    if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
    *ret_n = n;
    return HENG_OK;
}

heng_rc heng_store_get_command(struct heng_store_reader *reader, int64_t command_id, struct heng_command_row *ret,
                               struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_COMMAND_GET);
    heng_query_int(&q, command_id);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) fill_command(&q, ret);
    heng_query_end(&q);
    return rc;
}

heng_rc heng_store_find_command(struct heng_store_reader *reader, const char *key, struct heng_command_row *ret,
                                struct heng_err *err)
{
    struct heng_query q;
    int64_t id = 0;
    heng_query_begin(&q, &reader->db, HENG_SQL_COMMAND_BY_KEY);
    heng_query_text(&q, key);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) id = heng_query_get_int(&q);
    heng_query_end(&q);
    return rc == HENG_OK ? heng_store_get_command(reader, id, ret, err) : rc;
}

heng_rc heng_store_list_commands(struct heng_store_reader *reader, int64_t device_id, int64_t line_id,
                                 int64_t before_id, struct heng_command_row *ret, size_t cap, size_t *ret_n,
                                 struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_COMMAND_LIST);
    heng_query_int(&q, before_id > 0 ? before_id : INT64_MAX);
    heng_query_int(&q, device_id);
    heng_query_int(&q, line_id);
    heng_query_int(&q, (int64_t)cap);
    return fill_commands(&q, ret, cap, ret_n, err);
}

heng_rc heng_store_list_open_commands(struct heng_store_reader *reader, int64_t after_id, struct heng_command_row *ret,
                                      size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_COMMAND_LIST_OPEN);
    heng_query_int(&q, after_id);
    heng_query_int(&q, (int64_t)cap);
    return fill_commands(&q, ret, cap, ret_n, err);
}

/* --- searches --------------------------------------------------------------------------------------------- */

heng_rc heng_store_put_search(struct heng_store *store, const struct heng_search_row *search, struct heng_err *err)
{
    const struct heng_search_progress *progress = &search->progress;
    struct heng_query q;
    heng_rc rc = need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, db_of(store), HENG_SQL_SEARCH_PUT);
    heng_query_int(&q, search->line_id);
    heng_query_text(&q, heng_search_kind_text(search->kind));
    heng_query_int(&q, search->known_only);
    heng_query_int(&q, search->running);
    heng_query_int(&q, progress->ended);
    heng_query_int(&q, search->started_us);
    heng_query_int(&q, search->updated_us);
    heng_query_text(&q, progress->place);
    heng_query_int(&q, progress->requests);
    heng_query_int(&q, progress->selects);
    heng_query_int(&q, progress->found);
    heng_query_int(&q, progress->known);
    heng_query_int(&q, progress->missing);
    heng_query_int(&q, progress->collisions);
    heng_query_int(&q, progress->permille);
    return heng_query_finish(&q, err);
}

heng_rc heng_store_rest(struct heng_store *store, heng_us at_us, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = need_transaction(store, err);
    if (rc == HENG_OK) rc = heng_db_run(db_of(store), HENG_SQL_SEARCH_HALT, NULL, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, db_of(store), HENG_SQL_LINE_STATE_REST);
    heng_query_int(&q, at_us);
    return heng_query_finish(&q, err);
}

static void fill_search(struct heng_query *q, struct heng_search_row *ret)
{
    struct heng_search_progress *progress = &ret->progress;
    *ret = (struct heng_search_row){.line_id = heng_query_get_int(q)};
    ret->kind = heng_search_kind_of(heng_query_peek_text(q));
    ret->known_only = heng_query_get_int(q) != 0;
    ret->running = heng_query_get_int(q) != 0;
    progress->ended = heng_query_get_int(q) != 0;
    ret->started_us = heng_query_get_int(q);
    ret->updated_us = heng_query_get_int(q);
    heng_query_get_text(q, progress->place, sizeof progress->place);
    progress->requests = (uint32_t)heng_query_get_int(q);
    progress->selects = (uint32_t)heng_query_get_int(q);
    progress->found = (uint32_t)heng_query_get_int(q);
    progress->known = (uint32_t)heng_query_get_int(q);
    progress->missing = (uint32_t)heng_query_get_int(q);
    progress->collisions = (uint32_t)heng_query_get_int(q);
    progress->permille = (uint32_t)heng_query_get_int(q);
}

heng_rc heng_store_get_search(struct heng_store_reader *reader, int64_t line_id, heng_search_kind kind,
                              struct heng_search_row *ret, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_SEARCH_GET);
    heng_query_int(&q, line_id);
    heng_query_text(&q, heng_search_kind_text(kind));
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) fill_search(&q, ret);
    heng_query_end(&q);
    return rc;
}

heng_rc heng_store_list_searches(struct heng_store_reader *reader, int64_t line_id, struct heng_search_row *ret,
                                 size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = HENG_OK;
    size_t n = 0;
    heng_query_begin(&q, &reader->db, HENG_SQL_SEARCH_LIST);
    heng_query_int(&q, line_id);
    heng_query_int(&q, (int64_t)cap);
    while (n < cap && (rc = heng_query_step(&q, err)) == HENG_OK) fill_search(&q, &ret[n++]);
    heng_query_end(&q);
    if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
    *ret_n = n;
    return HENG_OK;
}

heng_rc heng_store_clear_found(struct heng_store *store, int64_t line_id, heng_search_kind kind, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, db_of(store), HENG_SQL_FOUND_CLEAR);
    heng_query_int(&q, line_id);
    heng_query_text(&q, heng_search_kind_text(kind));
    return heng_query_finish(&q, err);
}

heng_rc heng_store_add_found(struct heng_store *store, int64_t line_id, heng_search_kind kind,
                             const struct heng_found_row *row, struct heng_err *err)
{
    const struct heng_search_found *found = &row->found;
    const char *kind_text = heng_search_kind_text(kind), *protocol = heng_protocol_text(found->protocol);
    struct heng_query q;
    heng_rc rc = need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, db_of(store), HENG_SQL_FOUND_KNOWN);
    heng_query_int(&q, line_id);
    heng_query_text(&q, kind_text);
    heng_query_text(&q, protocol);
    heng_query_text(&q, found->address);
    heng_query_text(&q, found->number);
    heng_query_int(&q, found->twin);
    rc = heng_query_step(&q, err);
    heng_query_end(&q);
    if (rc != HENG_ENOTFOUND) return rc;
    heng_query_begin(&q, db_of(store), HENG_SQL_FOUND_ADD);
    heng_query_int(&q, store->next[HENG_ID_FOUND]++);
    heng_query_int(&q, line_id);
    heng_query_text(&q, kind_text);
    heng_query_int(&q, row->at_us);
    heng_query_text(&q, protocol);
    heng_query_text(&q, heng_medium_text(found->medium));
    heng_query_text(&q, found->address);
    heng_query_text(&q, found->number);
    heng_query_text(&q, found->manufacturer);
    heng_query_int(&q, found->primary);
    heng_query_int(&q, found->known);
    heng_query_int(&q, found->twin);
    return heng_query_finish(&q, err);
}

static void fill_found(struct heng_query *q, struct heng_found_row *ret)
{
    struct heng_search_found *found = &ret->found;
    *ret = (struct heng_found_row){.at_us = heng_query_get_int(q)};
    found->protocol = heng_protocol_of(heng_query_peek_text(q));
    found->medium = heng_medium_of(heng_query_peek_text(q));
    heng_query_get_text(q, found->address, sizeof found->address);
    heng_query_get_text(q, found->number, sizeof found->number);
    heng_query_get_text(q, found->manufacturer, sizeof found->manufacturer);
    found->primary = (int)heng_query_get_int(q);
    found->known = heng_query_get_int(q) != 0;
    found->twin = heng_query_get_int(q) != 0;
}

heng_rc heng_store_list_found(struct heng_store_reader *reader, int64_t line_id, heng_search_kind kind,
                              struct heng_found_row *ret, size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = HENG_OK;
    size_t n = 0;
    heng_query_begin(&q, &reader->db, HENG_SQL_FOUND_LIST);
    heng_query_int(&q, line_id);
    heng_query_text(&q, heng_search_kind_text(kind));
    heng_query_int(&q, (int64_t)cap);
    while (n < cap && (rc = heng_query_step(&q, err)) == HENG_OK) fill_found(&q, &ret[n++]);
    heng_query_end(&q);
    if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
    *ret_n = n;
    return HENG_OK;
}
