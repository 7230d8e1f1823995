#include "uplink/body.h"

#include "uplink/pb.h"

/* The message and its columns may take many times the bytes of a body that repeats small things; more than this, no
 * honest one takes: a full read has about 200 KiB. */
enum { UNPACK_MEMORY_MAX = 512 * 1024, PRIMARY_MAX = 255, COUNTERS_TOLD_MAX = 64 };

#define X(field) +1
enum { COUNTERS = 0 HENG_LINE_COUNTER_LIST(X) };
#undef X
static_assert(sizeof(struct heng_line_counters) == COUNTERS * sizeof(uint64_t), "counters are a row of numbers");

/* --- laws: what is packed obeys them, and what is unpacked ----------------------------------------------------------
 */

static heng_rc outside(struct heng_err *err, const char *what, int64_t number)
{
    return heng_fail(err, HENG_ERANGE, 0, "%s cannot be %lld", what, (long long)number);
}

static heng_rc too_many(struct heng_err *err, const char *what, size_t count, size_t max)
{
    return heng_fail(err, HENG_ELIMIT, 0, "%zu %s, at most %zu are possible", count, what, max);
}

static heng_rc check_order(const struct heng_order_news *order, struct heng_err *err)
{
    if (order->id <= 0) return outside(err, "order id", order->id);
    if (order->line_id < 0) return outside(err, "line of an order", order->line_id);
    if (order->device_id < 0) return outside(err, "meter of an order", order->device_id);
    if (order->kind >= HENG_ORDER_COUNT) return outside(err, "order", order->kind);
    if (order->stage >= HENG_STAGE_COUNT) return outside(err, "stage", order->stage);
    if (order->has_outcome && order->outcome >= HENG_OUTCOME_COUNT) return outside(err, "outcome", order->outcome);
    return HENG_OK;
}

static heng_rc check_values(const struct heng_read *read, bool by_hand, struct heng_err *err)
{
    for (size_t i = 0; i < read->value_count; i++) {
        const struct heng_value *value = &read->values[i];
        if (value->key.quantity >= HENG_QUANTITY_COUNT) return outside(err, "quantity", value->key.quantity);
        if (value->key.unit >= HENG_UNIT_COUNT) return outside(err, "unit", value->key.unit);
        if (value->key.function >= HENG_FUNCTION_COUNT) return outside(err, "function", value->key.function);
        if (value->has_value && (value->dec.exp < HENG_DEC_EXP_MIN || value->dec.exp > HENG_DEC_EXP_MAX))
            return outside(err, "exponent", value->dec.exp);
        bool without = by_hand && read->frame_count == 0 && read->frame_of_value[i] == 0;
        if (read->frame_of_value[i] >= read->frame_count && !without)
            return outside(err, "frame of a value", read->frame_of_value[i]);
    }
    return HENG_OK;
}

static heng_rc check_read(const struct heng_read_news *news, struct heng_err *err)
{
    const struct heng_read *read = news->read;
    if (news->line_id < 0) return outside(err, "line", news->line_id);
    if (read->device_id <= 0) return outside(err, "meter", read->device_id);
    if (read->outcome >= HENG_OUTCOME_COUNT) return outside(err, "outcome", read->outcome);
    if (read->value_count > HENG_READ_VALUES_MAX)
        return too_many(err, "values", read->value_count, HENG_READ_VALUES_MAX);
    if (read->frame_count > HENG_READ_FRAMES_MAX)
        return too_many(err, "frames", read->frame_count, HENG_READ_FRAMES_MAX);
    for (size_t i = 0; i < read->frame_count; i++)
        if (read->frames[i].n > HENG_FRAME_BYTES_MAX)
            return too_many(err, "bytes in a frame", read->frames[i].n, HENG_FRAME_BYTES_MAX);
    if (read->outcome == HENG_OUTCOME_OK && read->frame_count == 0 && !news->by_hand)
        return heng_fail(err, HENG_EFORMAT, 0, "a good read without a frame that proves it");
    if (news->has_learned && news->learned.ser > HENG_PB_SER_MAX)
        return outside(err, "what is known of ser", news->learned.ser);
    heng_rc rc = check_values(read, news->by_hand, err);
    return rc == HENG_OK && news->order.id ? check_order(&news->order, err) : rc;
}

/* As model/line.h lists them; "": not looked at yet. */
static bool is_hint_kind(const char text[8])
{
    static const char *const kinds[] = {"", "none", "all", "cut", "meter", "weak"};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strncmp(text, kinds[i], 8) == 0) return true;
    return false;
}

static heng_rc check_line(const struct heng_line_news *line, struct heng_err *err)
{
    if (line->line_id <= 0) return outside(err, "line", line->line_id);
    if (line->state >= HENG_LINE_STATE_COUNT) return outside(err, "state of a line", line->state);
    if (!is_hint_kind(line->vitals.hint_kind))
        return heng_fail(err, HENG_ERANGE, 0, "hint of unknown kind '%.8s'", line->vitals.hint_kind);
    return HENG_OK;
}

static heng_rc check_found(const struct heng_found_news *news, struct heng_err *err)
{
    const struct heng_search_found *found = &news->found;
    if (news->line_id <= 0) return outside(err, "line", news->line_id);
    if (news->kind >= HENG_SEARCH_KIND_COUNT) return outside(err, "kind of search", news->kind);
    if (found->protocol >= HENG_PROTOCOL_COUNT) return outside(err, "protocol", found->protocol);
    if (found->medium >= HENG_MEDIUM_COUNT) return outside(err, "medium", found->medium);
    if (found->primary < -1 || found->primary > PRIMARY_MAX) return outside(err, "primary address", found->primary);
    return HENG_OK;
}

static heng_rc check_search(const struct heng_search_news *search, struct heng_err *err)
{
    if (search->line_id <= 0) return outside(err, "line", search->line_id);
    if (search->kind >= HENG_SEARCH_KIND_COUNT) return outside(err, "kind of search", search->kind);
    if (search->progress.permille > 1000) return outside(err, "permille", search->progress.permille);
    return HENG_OK;
}

static bool event_is(uint32_t number)
{
#define X(symbol, text, value)                                                                                         \
    if (number == (value)) return true;
    HENG_GATEWAY_EVENT_LIST(X)
#undef X
    return false;
}

static heng_rc check_gap(const struct heng_event_news *event, struct heng_err *err)
{
    if (event->maker_id <= 0) return outside(err, "gateway of a gap", event->maker_id);
    if (event->first == 0 || event->first > event->last || event->last > INT64_MAX)
        return heng_fail(err, HENG_ERANGE, 0, "a gap that has no numbers");
    if (event->value <= 0 || (uint64_t)event->value - 1 > event->last - event->first)
        return outside(err, "count of a gap", event->value);
    return HENG_OK;
}

static heng_rc check_event(const struct heng_event_news *event, struct heng_err *err)
{
    if (!event_is((uint32_t)event->kind)) return outside(err, "event", event->kind);
    if (event->line_id < 0) return outside(err, "line of an event", event->line_id);
    if (event->kind == HENG_GATEWAY_GAP) return check_gap(event, err);
    if (event->maker_id || event->maker_epoch || event->first || event->last)
        return heng_fail(err, HENG_EFORMAT, 0, "numbers that are missing, in an event that is no gap");
    return HENG_OK;
}

static heng_rc check(const struct heng_body *body, struct heng_err *err)
{
    switch (body->kind) {
    case HENG_ENTRY_READ: return check_read(&body->read, err);
    case HENG_ENTRY_LINE: return check_line(&body->line, err);
    case HENG_ENTRY_ORDER: return check_order(&body->order, err);
    case HENG_ENTRY_FOUND: return check_found(&body->found, err);
    case HENG_ENTRY_SEARCH: return check_search(&body->search, err);
    case HENG_ENTRY_EVENT: return check_event(&body->event, err);
    }
    return heng_fail(err, HENG_EUNSUPPORTED, 0, "entry of unknown kind %u", (unsigned)body->kind);
}

/* --- packing -------------------------------------------------------------------------------------------------------
 */

#define TEXT(array) heng_pb_text(array, sizeof(array))

static heng_rc put(const Heng__Uplink__Body *message, struct heng_buf *buf, struct heng_err *err)
{
    size_t n = heng__uplink__body__get_packed_size(message), room = buf->cap - buf->n;
    if (n > HENG_ENTRY_BODY_MAX || n > room) {
        buf->full = true;
        return too_many(err, "bytes in the body of an entry", n, n > room ? room : HENG_ENTRY_BODY_MAX);
    }
    buf->n += heng__uplink__body__pack(message, buf->p + buf->n);
    return HENG_OK;
}

static Heng__Uplink__OrderNews order_message(const struct heng_order_news *order)
{
    Heng__Uplink__OrderNews message = HENG__UPLINK__ORDER_NEWS__INIT;
    message.id = order->id;
    message.command = order->command;
    message.line_id = order->line_id;
    message.device_id = order->device_id;
    message.kind = order->kind;
    message.stage = order->stage;
    message.has_outcome = order->has_outcome;
    message.outcome = order->has_outcome ? order->outcome : 0;
    message.ended = order->ended;
    message.why = TEXT(order->why);
    return message;
}

/* The columns of a read, on the stack: nothing is allocated for a value. */
struct columns {
    int64_t mantissas[HENG_READ_VALUES_MAX], frame_after_us[HENG_READ_FRAMES_MAX];
    int32_t exponents[HENG_READ_VALUES_MAX];
    uint32_t quantities[HENG_READ_VALUES_MAX], units[HENG_READ_VALUES_MAX], functions[HENG_READ_VALUES_MAX],
        storages[HENG_READ_VALUES_MAX], tariffs[HENG_READ_VALUES_MAX], subunits[HENG_READ_VALUES_MAX],
        qualifiers[HENG_READ_VALUES_MAX], reasons[HENG_READ_VALUES_MAX], frame_of_value[HENG_READ_VALUES_MAX];
    ProtobufCBinaryData frames[HENG_READ_FRAMES_MAX], texts[2 * HENG_READ_VALUES_MAX];
    size_t text_count;
};

/* The number of the text among the texts of the read. Registers of one read have few different ones. */
static uint32_t text_number(struct columns *columns, ProtobufCBinaryData text)
{
    size_t i = 0;
    while (i < columns->text_count && (columns->texts[i].len != text.len ||
                                       (text.len && memcmp(columns->texts[i].data, text.data, text.len) != 0)))
        i++;
    if (i == columns->text_count) columns->texts[columns->text_count++] = text;
    return (uint32_t)i + 1;
}

/* How many of a column are told: the zeros at its end are not. */
static size_t told(const uint32_t *column, size_t n)
{
    while (n && column[n - 1] == 0) n--;
    return n;
}

static void fill_values(struct columns *columns, const struct heng_read *read)
{
    for (size_t i = 0; i < read->value_count; i++) {
        const struct heng_value *value = &read->values[i];
        ProtobufCBinaryData qualifier = TEXT(value->key.qualifier);
        columns->mantissas[i] = value->has_value ? value->dec.mantissa : 0;
        columns->exponents[i] = value->has_value ? value->dec.exp : 0;
        columns->quantities[i] = value->key.quantity;
        columns->units[i] = value->key.unit;
        columns->functions[i] = value->key.function;
        columns->storages[i] = value->key.storage;
        columns->tariffs[i] = value->key.tariff;
        columns->subunits[i] = value->key.subunit;
        columns->frame_of_value[i] = read->frame_of_value[i];
        columns->qualifiers[i] = qualifier.len ? text_number(columns, qualifier) : 0;
        columns->reasons[i] = value->has_value ? 0 : text_number(columns, TEXT(value->reason));
    }
}

static void tell_values(Heng__Uplink__Read *message, struct columns *columns, size_t n)
{
    message->n_mantissas = n;
    message->mantissas = columns->mantissas;
    message->n_exponents = n;
    while (message->n_exponents && columns->exponents[message->n_exponents - 1] == 0) message->n_exponents--;
    message->exponents = columns->exponents;
#define TELL(column)                                                                                                   \
    message->n_##column = told(columns->column, n);                                                                    \
    message->column = columns->column
    TELL(quantities);
    TELL(units);
    TELL(functions);
    TELL(storages);
    TELL(tariffs);
    TELL(subunits);
    TELL(qualifiers);
    TELL(reasons);
    TELL(frame_of_value);
#undef TELL
    message->n_texts = columns->text_count;
    message->texts = columns->texts;
}

static heng_rc tell_frames(Heng__Uplink__Read *message, struct columns *columns, const struct heng_read *read,
                           heng_us at_us, struct heng_err *err)
{
    for (size_t i = 0; i < read->frame_count; i++) {
        if (__builtin_sub_overflow(read->frames[i].at_us, at_us, &columns->frame_after_us[i]))
            return outside(err, "time of a frame", read->frames[i].at_us);
        if (columns->frame_after_us[i]) message->n_frame_after_us = i + 1;
        columns->frames[i].data = (uint8_t *)(uintptr_t)read->frames[i].bytes;
        columns->frames[i].len = read->frames[i].n;
    }
    message->frame_after_us = columns->frame_after_us;
    message->n_frames = read->frame_count;
    message->frames = columns->frames;
    return HENG_OK;
}

static heng_rc pack_read(const struct heng_read_news *news, Heng__Uplink__Body *body, heng_us at_us,
                         struct heng_buf *buf, struct heng_err *err)
{
    const struct heng_read *read = news->read;
    struct columns columns;
    Heng__Uplink__Read message = HENG__UPLINK__READ__INIT;
    Heng__Uplink__Learned learned;
    Heng__Uplink__OrderNews order = order_message(&news->order);
    columns.text_count = 0;
    message.line_id = news->line_id;
    message.device_id = read->device_id;
    message.outcome = read->outcome;
    message.tries = read->tries;
    message.skipped = read->skipped;
    message.why = TEXT(read->why);
    message.due_us = news->due_us;
    message.by_hand = news->by_hand;
    message.quarantined = news->quarantined;
    heng_pb_learned(&news->learned, &learned);
    if (news->has_learned) message.learned = &learned;
    if (news->order.id) message.order = &order;
    if (__builtin_sub_overflow(read->at_us, at_us, &message.after_us))
        return outside(err, "time of a read", read->at_us);
    fill_values(&columns, read);
    tell_values(&message, &columns, read->value_count);
    heng_rc rc = tell_frames(&message, &columns, read, at_us, err);
    if (rc != HENG_OK) return rc;
    body->kind_case = HENG__UPLINK__BODY__KIND_READ;
    body->read = &message;
    return put(body, buf, err);
}

static heng_rc pack_line(const struct heng_line_news *line, Heng__Uplink__Body *body, struct heng_buf *buf,
                         struct heng_err *err)
{
    Heng__Uplink__LineNews message = HENG__UPLINK__LINE_NEWS__INIT;
    uint64_t counters[COUNTERS];
    memcpy(counters, &line->counters, sizeof counters);
    message.line_id = line->line_id;
    message.state = line->state;
    message.detail = TEXT(line->detail);
    message.last_answer_us = line->last_answer_us;
    message.counters = counters;
    message.n_counters = COUNTERS;
    while (message.n_counters && counters[message.n_counters - 1] == 0) message.n_counters--;
    message.health = line->vitals.health;
    message.queued = line->vitals.queued;
    message.quarantined = line->vitals.quarantined;
    message.cycle_us = line->vitals.cycle_us;
    message.dead_us = line->vitals.dead_us;
    message.hint_kind = TEXT(line->vitals.hint_kind);
    message.hint_from = line->vitals.hint_from;
    message.hint_to = line->vitals.hint_to;
    message.hint_meter = TEXT(line->vitals.hint_meter);
    message.hint = TEXT(line->vitals.hint);
    body->kind_case = HENG__UPLINK__BODY__KIND_LINE;
    body->line = &message;
    return put(body, buf, err);
}

static heng_rc pack_order(const struct heng_order_news *order, Heng__Uplink__Body *body, struct heng_buf *buf,
                          struct heng_err *err)
{
    Heng__Uplink__OrderNews message = order_message(order);
    body->kind_case = HENG__UPLINK__BODY__KIND_ORDER;
    body->order = &message;
    return put(body, buf, err);
}

static heng_rc pack_found(const struct heng_found_news *news, Heng__Uplink__Body *body, struct heng_buf *buf,
                          struct heng_err *err)
{
    Heng__Uplink__Found message = HENG__UPLINK__FOUND__INIT;
    message.line_id = news->line_id;
    message.kind = news->kind;
    message.protocol = news->found.protocol;
    message.medium = news->found.medium;
    message.address = TEXT(news->found.address);
    message.number = TEXT(news->found.number);
    message.manufacturer = TEXT(news->found.manufacturer);
    message.primary = news->found.primary;
    message.known = news->found.known;
    message.twin = news->found.twin;
    body->kind_case = HENG__UPLINK__BODY__KIND_FOUND;
    body->found = &message;
    return put(body, buf, err);
}

static heng_rc pack_search(const struct heng_search_news *search, Heng__Uplink__Body *body, struct heng_buf *buf,
                           struct heng_err *err)
{
    const struct heng_search_progress *progress = &search->progress;
    Heng__Uplink__SearchNews message = HENG__UPLINK__SEARCH_NEWS__INIT;
    message.line_id = search->line_id;
    message.kind = search->kind;
    message.known_only = search->known_only;
    message.running = search->running;
    message.fresh = search->fresh;
    message.started_us = search->started_us;
    message.ended = progress->ended;
    message.requests = progress->requests;
    message.selects = progress->selects;
    message.found = progress->found;
    message.known = progress->known;
    message.missing = progress->missing;
    message.collisions = progress->collisions;
    message.permille = progress->permille;
    message.place = TEXT(progress->place);
    body->kind_case = HENG__UPLINK__BODY__KIND_SEARCH;
    body->search = &message;
    return put(body, buf, err);
}

static heng_rc pack_event(const struct heng_event_news *event, Heng__Uplink__Body *body, struct heng_buf *buf,
                          struct heng_err *err)
{
    Heng__Uplink__Event message = HENG__UPLINK__EVENT__INIT;
    message.kind = event->kind;
    message.value = event->value;
    message.detail = TEXT(event->detail);
    message.line_id = event->line_id;
    message.maker = event->maker_id;
    message.maker_epoch = event->maker_epoch;
    message.first = event->first;
    message.last = event->last;
    body->kind_case = HENG__UPLINK__BODY__KIND_EVENT;
    body->event = &message;
    return put(body, buf, err);
}

heng_rc heng_body_pack(const struct heng_body *body, heng_us at_us, struct heng_buf *buf, struct heng_err *err)
{
    Heng__Uplink__Body message = HENG__UPLINK__BODY__INIT;
    heng_rc rc = check(body, err);
    if (rc != HENG_OK) return rc;
    switch (body->kind) {
    case HENG_ENTRY_READ: return pack_read(&body->read, &message, at_us, buf, err);
    case HENG_ENTRY_LINE: return pack_line(&body->line, &message, buf, err);
    case HENG_ENTRY_ORDER: return pack_order(&body->order, &message, buf, err);
    case HENG_ENTRY_FOUND: return pack_found(&body->found, &message, buf, err);
    case HENG_ENTRY_SEARCH: return pack_search(&body->search, &message, buf, err);
    case HENG_ENTRY_EVENT: return pack_event(&body->event, &message, buf, err);
    }
    return HENG_EBUG; /* check knows the same kinds */
}

/* --- unpacking -----------------------------------------------------------------------------------------------------
 */

/* Copies of texts; the first that is none, or has no room, is kept for the error. */
struct texts {
    const char *wrong;
};

static void take_text(struct texts *texts, const char *what, ProtobufCBinaryData field, char *ret, size_t room)
{
    if (!heng_pb_get_text(field, ret, room) && !texts->wrong) texts->wrong = what;
}

#define TAKE_TEXT(texts, what, field, array) take_text(texts, what, field, array, sizeof(array))

static heng_rc texts_rc(const struct texts *texts, struct heng_err *err)
{
    if (!texts->wrong) return HENG_OK;
    return heng_fail(err, HENG_EFORMAT, 0, "%s is too long or no text", texts->wrong);
}

static heng_rc unpack_order(const Heng__Uplink__OrderNews *message, struct heng_order_news *ret, struct heng_err *err)
{
    struct texts texts = {0};
    *ret = (struct heng_order_news){.id = message->id,
                                    .line_id = message->line_id,
                                    .device_id = message->device_id,
                                    .command = message->command,
                                    .ended = message->ended,
                                    .has_outcome = message->has_outcome,
                                    .kind = (heng_order_kind)message->kind,
                                    .stage = (heng_stage)message->stage,
                                    .outcome = (heng_outcome)(message->has_outcome ? message->outcome : 0)};
    TAKE_TEXT(&texts, "why of an order", message->why, ret->why);
    return texts_rc(&texts, err);
}

static heng_rc check_columns(const Heng__Uplink__Read *m, struct heng_err *err)
{
    size_t n = m->n_mantissas;
    if (n > HENG_READ_VALUES_MAX) return too_many(err, "values", n, HENG_READ_VALUES_MAX);
    if (m->n_frames > HENG_READ_FRAMES_MAX) return too_many(err, "frames", m->n_frames, HENG_READ_FRAMES_MAX);
    if (m->n_texts > 2 * n) return too_many(err, "texts", m->n_texts, 2 * n);
    bool fit = m->n_exponents <= n && m->n_quantities <= n && m->n_units <= n && m->n_functions <= n &&
               m->n_storages <= n && m->n_tariffs <= n && m->n_subunits <= n && m->n_qualifiers <= n &&
               m->n_reasons <= n && m->n_frame_of_value <= n && m->n_frame_after_us <= m->n_frames;
    return fit ? HENG_OK : heng_fail(err, HENG_EFORMAT, 0, "a column is longer than the list of values");
}

/* The item of a column; behind its end there are zeros. */
#define ITEM(message, column, i) ((i) < (message)->n_##column ? (message)->column[i] : 0)

static heng_rc take_numbered(const Heng__Uplink__Read *m, uint32_t number, const char *what, char *ret, size_t room,
                             struct heng_err *err)
{
    if (number > m->n_texts) return outside(err, "number of a text", number);
    if (!heng_pb_get_text(m->texts[number - 1], ret, room))
        return heng_fail(err, HENG_EFORMAT, 0, "%s is too long or no text", what);
    return HENG_OK;
}

static heng_rc unpack_value(const Heng__Uplink__Read *m, size_t i, struct heng_value *ret, struct heng_err *err)
{
    uint32_t qualifier = ITEM(m, qualifiers, i), reason = ITEM(m, reasons, i);
    int32_t exponent = ITEM(m, exponents, i);
    heng_rc rc = HENG_OK;
    *ret = (struct heng_value){.key = {.quantity = (heng_quantity)ITEM(m, quantities, i),
                                       .unit = (heng_unit)ITEM(m, units, i),
                                       .function = (heng_function)ITEM(m, functions, i),
                                       .storage = ITEM(m, storages, i),
                                       .tariff = ITEM(m, tariffs, i),
                                       .subunit = ITEM(m, subunits, i)},
                               .has_value = reason == 0};
    if (qualifier) rc = take_numbered(m, qualifier, "qualifier", ret->key.qualifier, sizeof ret->key.qualifier, err);
    if (rc == HENG_OK && reason) rc = take_numbered(m, reason, "reason", ret->reason, sizeof ret->reason, err);
    if (rc != HENG_OK || reason) return rc;
    return heng_dec_make(m->mantissas[i], exponent, &ret->dec) == HENG_OK ? HENG_OK
                                                                          : outside(err, "exponent", exponent);
}

static heng_rc unpack_values(const Heng__Uplink__Read *m, struct heng_read *ret, struct heng_err *err)
{
    heng_rc rc = HENG_OK;
    ret->value_count = (uint16_t)m->n_mantissas;
    for (size_t i = 0; rc == HENG_OK && i < m->n_mantissas; i++) {
        uint32_t frame = ITEM(m, frame_of_value, i);
        rc = unpack_value(m, i, &ret->values[i], err);
        if (rc == HENG_OK && frame > UINT16_MAX) rc = outside(err, "frame of a value", frame);
        ret->frame_of_value[i] = (uint16_t)frame;
    }
    return rc;
}

static heng_rc unpack_frames(const Heng__Uplink__Read *m, heng_us at_us, struct heng_read *ret, struct heng_err *err)
{
    ret->frame_count = (uint16_t)m->n_frames;
    for (size_t i = 0; i < m->n_frames; i++) {
        const ProtobufCBinaryData *bytes = &m->frames[i];
        heng_us after_us = ITEM(m, frame_after_us, i);
        if (bytes->len > HENG_FRAME_BYTES_MAX)
            return too_many(err, "bytes in a frame", bytes->len, HENG_FRAME_BYTES_MAX);
        if (__builtin_add_overflow(at_us, after_us, &ret->frames[i].at_us))
            return outside(err, "distance of a frame", after_us);
        ret->frames[i].n = (uint16_t)bytes->len;
        if (bytes->len) memcpy(ret->frames[i].bytes, bytes->data, bytes->len);
    }
    return HENG_OK;
}

static heng_rc unpack_read(const Heng__Uplink__Read *m, heng_us at_us, struct heng_read *scratch,
                           struct heng_read_news *ret, struct heng_err *err)
{
    struct texts texts = {0};
    if (m->tries > UINT8_MAX) return outside(err, "number of tries", m->tries);
    if (m->skipped > UINT16_MAX) return outside(err, "number of values left out", m->skipped);
    *ret = (struct heng_read_news){.line_id = m->line_id,
                                   .read = scratch,
                                   .due_us = m->due_us,
                                   .has_learned = m->learned != NULL,
                                   .quarantined = m->quarantined,
                                   .by_hand = m->by_hand};
    scratch->device_id = m->device_id;
    scratch->outcome = (heng_outcome)m->outcome;
    scratch->tries = (uint8_t)m->tries;
    scratch->skipped = (uint16_t)m->skipped;
    if (__builtin_add_overflow(at_us, m->after_us, &scratch->at_us))
        return outside(err, "distance of a read", m->after_us);
    TAKE_TEXT(&texts, "why of a read", m->why, scratch->why);
    heng_rc rc = texts_rc(&texts, err);
    if (rc == HENG_OK && m->learned && !heng_pb_get_learned(m->learned, &ret->learned))
        rc = outside(err, "what is known of ser", m->learned->ser);
    if (rc == HENG_OK && m->order) rc = unpack_order(m->order, &ret->order, err);
    if (rc == HENG_OK && m->order) rc = check_order(&ret->order, err);
    if (rc == HENG_OK) rc = check_columns(m, err);
    if (rc == HENG_OK) rc = unpack_values(m, scratch, err);
    return rc == HENG_OK ? unpack_frames(m, at_us, scratch, err) : rc;
}

/* A newer gateway may count more than this program knows. */
static heng_rc unpack_line(const Heng__Uplink__LineNews *m, struct heng_line_news *ret, struct heng_err *err)
{
    struct texts texts = {0};
    uint64_t counters[COUNTERS] = {0};
    if (m->n_counters > COUNTERS_TOLD_MAX) return too_many(err, "counters", m->n_counters, COUNTERS_TOLD_MAX);
    *ret = (struct heng_line_news){.line_id = m->line_id,
                                   .state = (heng_line_state)m->state,
                                   .last_answer_us = m->last_answer_us,
                                   .vitals = {.health = m->health,
                                              .queued = m->queued,
                                              .quarantined = m->quarantined,
                                              .cycle_us = m->cycle_us,
                                              .dead_us = m->dead_us,
                                              .hint_from = m->hint_from,
                                              .hint_to = m->hint_to}};
    for (size_t i = 0; i < m->n_counters && i < COUNTERS; i++) counters[i] = m->counters[i];
    memcpy(&ret->counters, counters, sizeof counters);
    TAKE_TEXT(&texts, "detail of a line", m->detail, ret->detail);
    TAKE_TEXT(&texts, "kind of a hint", m->hint_kind, ret->vitals.hint_kind);
    TAKE_TEXT(&texts, "meter of a hint", m->hint_meter, ret->vitals.hint_meter);
    TAKE_TEXT(&texts, "hint of a line", m->hint, ret->vitals.hint);
    return texts_rc(&texts, err);
}

static heng_rc unpack_found(const Heng__Uplink__Found *m, struct heng_found_news *ret, struct heng_err *err)
{
    struct texts texts = {0};
    *ret = (struct heng_found_news){.line_id = m->line_id,
                                    .kind = (heng_search_kind)m->kind,
                                    .found = {.protocol = (heng_protocol)m->protocol,
                                              .medium = (heng_medium)m->medium,
                                              .primary = m->primary,
                                              .known = m->known,
                                              .twin = m->twin}};
    TAKE_TEXT(&texts, "address of a meter", m->address, ret->found.address);
    TAKE_TEXT(&texts, "number of a meter", m->number, ret->found.number);
    TAKE_TEXT(&texts, "manufacturer of a meter", m->manufacturer, ret->found.manufacturer);
    return texts_rc(&texts, err);
}

static heng_rc unpack_search(const Heng__Uplink__SearchNews *m, struct heng_search_news *ret, struct heng_err *err)
{
    struct texts texts = {0};
    *ret = (struct heng_search_news){.line_id = m->line_id,
                                     .kind = (heng_search_kind)m->kind,
                                     .known_only = m->known_only,
                                     .running = m->running,
                                     .fresh = m->fresh,
                                     .started_us = m->started_us,
                                     .progress = {.ended = m->ended,
                                                  .requests = m->requests,
                                                  .selects = m->selects,
                                                  .found = m->found,
                                                  .known = m->known,
                                                  .missing = m->missing,
                                                  .collisions = m->collisions,
                                                  .permille = m->permille}};
    TAKE_TEXT(&texts, "place of a search", m->place, ret->progress.place);
    return texts_rc(&texts, err);
}

static heng_rc unpack_event(const Heng__Uplink__Event *m, struct heng_event_news *ret, struct heng_err *err)
{
    struct texts texts = {0};
    if (!event_is(m->kind)) return outside(err, "event", m->kind);
    *ret = (struct heng_event_news){.kind = (heng_gateway_event)m->kind,
                                    .value = m->value,
                                    .line_id = m->line_id,
                                    .maker_id = m->maker,
                                    .maker_epoch = m->maker_epoch,
                                    .first = m->first,
                                    .last = m->last};
    TAKE_TEXT(&texts, "detail of an event", m->detail, ret->detail);
    return texts_rc(&texts, err);
}

/* The members are there in the cases that name them: protobuf-c allocates what it has seen. */
static heng_rc unpack_kind(const Heng__Uplink__Body *message, const struct heng_entry *entry, struct heng_read *scratch,
                           struct heng_body *ret, struct heng_err *err)
{
    if ((unsigned)message->kind_case != (unsigned)entry->kind)
        return heng_fail(err, HENG_EFORMAT, 0, "entry of kind '%s' whose body is another one",
                         heng_entry_kind_text(entry->kind));
    ret->kind = entry->kind;
    switch (entry->kind) {
    case HENG_ENTRY_READ: return unpack_read(message->read, entry->at_us, scratch, &ret->read, err);
    case HENG_ENTRY_LINE: return unpack_line(message->line, &ret->line, err);
    case HENG_ENTRY_ORDER: return unpack_order(message->order, &ret->order, err);
    case HENG_ENTRY_FOUND: return unpack_found(message->found, &ret->found, err);
    case HENG_ENTRY_SEARCH: return unpack_search(message->search, &ret->search, err);
    case HENG_ENTRY_EVENT: return unpack_event(message->event, &ret->event, err);
    }
    return HENG_EBUG; /* entry_kind_is knows the same kinds */
}

heng_rc heng_body_unpack(struct heng_slice bytes, const struct heng_entry *entry, struct heng_read *scratch,
                         struct heng_body *ret, struct heng_err *err)
{
    struct heng_pb_memory memory = {.arena = {.max = UNPACK_MEMORY_MAX}};
    ProtobufCAllocator allocator = heng_pb_allocator(&memory);
    if (!heng_entry_kind_is((uint32_t)entry->kind))
        return heng_fail(err, HENG_EUNSUPPORTED, 0, "entry of unknown kind %u", (unsigned)entry->kind);
    if (bytes.n > HENG_ENTRY_BODY_MAX)
        return too_many(err, "bytes in the body of an entry", bytes.n, HENG_ENTRY_BODY_MAX);
    const Heng__Uplink__Body *message = bytes.n ? heng__uplink__body__unpack(&allocator, bytes.n, bytes.p) : NULL;
    heng_rc rc = message ? unpack_kind(message, entry, scratch, ret, err)
                         : heng_pb_refused(&memory, "the body of an entry", err);
    heng_arena_fini(&memory.arena);
    if (rc == HENG_OK) rc = check(ret, err);
    if (rc == HENG_OK && heng_body_subject(ret) != entry->subject_id)
        rc = heng_fail(err, HENG_EFORMAT, 0, "entry about %lld whose body is about %lld", (long long)entry->subject_id,
                       (long long)heng_body_subject(ret));
    return rc;
}

/* --- keys ----------------------------------------------------------------------------------------------------------
 */

int64_t heng_body_subject(const struct heng_body *body)
{
    switch (body->kind) {
    case HENG_ENTRY_READ: return body->read.read->device_id;
    case HENG_ENTRY_LINE: return body->line.line_id;
    case HENG_ENTRY_ORDER: return body->order.id;
    case HENG_ENTRY_FOUND: return body->found.line_id;
    case HENG_ENTRY_SEARCH: return body->search.line_id;
    case HENG_ENTRY_EVENT: return 0;
    }
    return 0;
}

heng_entry_rank heng_body_rank(const struct heng_body *body)
{
    switch (body->kind) {
    case HENG_ENTRY_READ:
        return body->read.due_us || body->read.order.id ? HENG_ENTRY_RANK_LASTING : HENG_ENTRY_RANK_PERIODIC;
    case HENG_ENTRY_LINE:
    case HENG_ENTRY_FOUND:
    case HENG_ENTRY_SEARCH: return HENG_ENTRY_RANK_STATUS;
    case HENG_ENTRY_ORDER:
    case HENG_ENTRY_EVENT: return HENG_ENTRY_RANK_LASTING;
    }
    return HENG_ENTRY_RANK_STATUS;
}
