#ifndef HENG_TESTS_UPLINK_RANDOM_BODY_H
#define HENG_TESTS_UPLINK_RANDOM_BODY_H
/* Random bodies of entries over all of their range, and whether two are the same. Include behind cmocka.h. */
#include "sim/rng.h"
#include "uplink/body.h"

#include <stdio.h>

static const heng_us NOW_US = INT64_C(1795271400123456);

/* --- bodies of all kinds, over all of their range --------------------------------------------------------------------
 */

static inline uint32_t below(struct heng_sim_rng *rng, uint32_t n) { return heng_sim_rng_below(rng, n); }

/* Small and great numbers, and the limits. */
static inline uint64_t number(struct heng_sim_rng *rng)
{
    uint64_t n = heng_sim_rng_next(rng);
    switch (below(rng, 4)) {
    case 0: return 0;
    case 1: return n >> below(rng, 64);
    case 2: return UINT64_MAX;
    }
    return n % 1000;
}

static inline int64_t id(struct heng_sim_rng *rng) { return (int64_t)(number(rng) >> 1) | 1; }
static inline bool coin(struct heng_sim_rng *rng) { return below(rng, 2); }

/* Well-formed text of some length up to the room. */
static inline void text(struct heng_sim_rng *rng, char *ret, size_t room)
{
    static const char *const characters[] = {"a", "Z", "0", " ", "\x01", "ü", "热", "𝄞", "'", "\x7f"};
    size_t wanted = below(rng, 3) ? below(rng, (uint32_t)room) : 0, n = 0;
    if (below(rng, 8) == 0) wanted = room - 1;
    memset(ret, 0, room);
    for (;;) {
        const char *c = characters[below(rng, 10)];
        if (n + strlen(c) > wanted) break;
        memcpy(ret + n, c, strlen(c));
        n += strlen(c);
    }
}

#define RANDOM_TEXT(rng, array) text(rng, array, sizeof(array))

static inline void random_order(struct heng_sim_rng *rng, struct heng_order_news *ret)
{
    *ret = (struct heng_order_news){.id = id(rng),
                                    .line_id = id(rng) - 1,
                                    .device_id = id(rng) - 1,
                                    .command = coin(rng),
                                    .ended = coin(rng),
                                    .has_outcome = coin(rng),
                                    .kind = (heng_order_kind)below(rng, HENG_ORDER_COUNT),
                                    .stage = (heng_stage)below(rng, HENG_STAGE_COUNT)};
    if (ret->has_outcome) ret->outcome = (heng_outcome)below(rng, HENG_OUTCOME_COUNT);
    RANDOM_TEXT(rng, ret->why);
}

static inline void random_value(struct heng_sim_rng *rng, struct heng_value *ret)
{
    *ret = (struct heng_value){.key = {.quantity = (heng_quantity)below(rng, HENG_QUANTITY_COUNT),
                                       .unit = (heng_unit)below(rng, HENG_UNIT_COUNT),
                                       .function = (heng_function)below(rng, HENG_FUNCTION_COUNT),
                                       .storage = (uint32_t)number(rng),
                                       .tariff = (uint32_t)number(rng),
                                       .subunit = (uint32_t)number(rng)},
                               .has_value = below(rng, 4) > 0};
    if (below(rng, 4) == 0) RANDOM_TEXT(rng, ret->key.qualifier);
    if (!ret->has_value) {
        RANDOM_TEXT(rng, ret->reason);
        return;
    }
    ret->dec.mantissa = (int64_t)number(rng);
    ret->dec.exp = (int8_t)((int)below(rng, HENG_DEC_EXP_MAX - HENG_DEC_EXP_MIN + 1) + HENG_DEC_EXP_MIN);
}

static inline void random_read(struct heng_sim_rng *rng, struct heng_read_news *ret, struct heng_read *read)
{
    *ret = (struct heng_read_news){.line_id = id(rng) - 1,
                                   .read = read,
                                   .due_us = coin(rng) ? (int64_t)number(rng) : 0,
                                   .has_learned = coin(rng),
                                   .quarantined = coin(rng),
                                   .by_hand = coin(rng)};
    if (ret->has_learned)
        ret->learned = (struct heng_learned){(uint32_t)number(rng), (uint32_t)number(rng), (uint32_t)number(rng),
                                             (uint32_t)number(rng), (int64_t)number(rng),  (uint8_t)below(rng, 3)};
    if (coin(rng)) random_order(rng, &ret->order);
    memset(read, 0, sizeof *read);
    read->device_id = id(rng);
    read->at_us = NOW_US - (int64_t)(number(rng) >> 4);
    read->outcome = (heng_outcome)(coin(rng) ? 0 : below(rng, HENG_OUTCOME_COUNT));
    read->tries = (uint8_t)number(rng);
    read->skipped = (uint16_t)number(rng);
    RANDOM_TEXT(rng, read->why);
    read->frame_count = (uint16_t)below(rng, below(rng, 8) ? 3 : HENG_READ_FRAMES_MAX + 1);
    if (read->outcome == HENG_OUTCOME_OK && !ret->by_hand && !read->frame_count) read->frame_count = 1;
    for (size_t i = 0; i < read->frame_count; i++) {
        read->frames[i].at_us = NOW_US + (coin(rng) ? (int64_t)(number(rng) >> 4) : 0);
        read->frames[i].n = (uint16_t)below(rng, HENG_FRAME_BYTES_MAX + 1);
        for (size_t k = 0; k < read->frames[i].n; k++) read->frames[i].bytes[k] = (uint8_t)heng_sim_rng_next(rng);
    }
    if (!read->frame_count && !ret->by_hand) return;
    read->value_count = (uint16_t)below(rng, below(rng, 8) ? 12 : HENG_READ_VALUES_MAX + 1);
    for (size_t i = 0; i < read->value_count; i++) {
        random_value(rng, &read->values[i]);
        read->frame_of_value[i] = (uint16_t)(read->frame_count ? below(rng, read->frame_count) : 0);
    }
}

static inline void random_line(struct heng_sim_rng *rng, struct heng_line_news *ret)
{
    static const char *const hints[] = {"", "none", "all", "cut", "meter", "weak"};
    *ret = (struct heng_line_news){.line_id = id(rng),
                                   .state = (heng_line_state)below(rng, HENG_LINE_STATE_COUNT),
                                   .last_answer_us = (int64_t)number(rng),
                                   .vitals = {.health = (uint32_t)number(rng),
                                              .queued = (uint32_t)number(rng),
                                              .quarantined = (uint32_t)number(rng),
                                              .cycle_us = (int64_t)number(rng),
                                              .dead_us = (int64_t)number(rng),
                                              .hint_from = (uint32_t)number(rng),
                                              .hint_to = (uint32_t)number(rng)}};
#define X(field) ret->counters.field = number(rng);
    HENG_LINE_COUNTER_LIST(X)
#undef X
    RANDOM_TEXT(rng, ret->detail);
    snprintf(ret->vitals.hint_kind, sizeof ret->vitals.hint_kind, "%s", hints[below(rng, 6)]);
    RANDOM_TEXT(rng, ret->vitals.hint_meter);
    RANDOM_TEXT(rng, ret->vitals.hint);
}

static inline void random_found(struct heng_sim_rng *rng, struct heng_found_news *ret)
{
    *ret = (struct heng_found_news){.line_id = id(rng),
                                    .kind = (heng_search_kind)below(rng, HENG_SEARCH_KIND_COUNT),
                                    .found = {.protocol = (heng_protocol)below(rng, HENG_PROTOCOL_COUNT),
                                              .medium = (heng_medium)below(rng, HENG_MEDIUM_COUNT),
                                              .primary = (int)below(rng, 257) - 1,
                                              .known = coin(rng),
                                              .twin = coin(rng)}};
    RANDOM_TEXT(rng, ret->found.address);
    RANDOM_TEXT(rng, ret->found.number);
    RANDOM_TEXT(rng, ret->found.manufacturer);
}

static inline void random_search(struct heng_sim_rng *rng, struct heng_search_news *ret)
{
    *ret = (struct heng_search_news){.line_id = id(rng),
                                     .kind = (heng_search_kind)below(rng, HENG_SEARCH_KIND_COUNT),
                                     .known_only = coin(rng),
                                     .running = coin(rng),
                                     .fresh = coin(rng),
                                     .started_us = (int64_t)number(rng),
                                     .progress = {coin(rng), (uint32_t)number(rng), (uint32_t)number(rng),
                                                  (uint32_t)number(rng), (uint32_t)number(rng), (uint32_t)number(rng),
                                                  (uint32_t)number(rng), below(rng, 1001), ""}};
    RANDOM_TEXT(rng, ret->progress.place);
}

static inline heng_gateway_event some_event(struct heng_sim_rng *rng)
{
#define X(symbol, event, value) HENG_GATEWAY_##symbol,
    static const heng_gateway_event events[] = {HENG_GATEWAY_EVENT_LIST(X)};
#undef X
    return events[below(rng, sizeof events / sizeof events[0])];
}

static inline void random_gap(struct heng_sim_rng *rng, struct heng_event_news *ret)
{
    ret->maker_id = id(rng);
    ret->maker_epoch = number(rng);
    ret->first = 1 + number(rng) % (INT64_MAX / 2);
    ret->last = ret->first + number(rng) % (INT64_MAX / 2);
    ret->value = 1 + (int64_t)(number(rng) % (ret->last - ret->first + 1));
}

static inline void random_body(struct heng_sim_rng *rng, heng_entry_kind kind, struct heng_body *ret,
                               struct heng_read *read)
{
    memset(ret, 0, sizeof *ret);
    ret->kind = kind;
    switch (kind) {
    case HENG_ENTRY_READ: random_read(rng, &ret->read, read); break;
    case HENG_ENTRY_LINE: random_line(rng, &ret->line); break;
    case HENG_ENTRY_ORDER: random_order(rng, &ret->order); break;
    case HENG_ENTRY_FOUND: random_found(rng, &ret->found); break;
    case HENG_ENTRY_SEARCH: random_search(rng, &ret->search); break;
    case HENG_ENTRY_EVENT:
        ret->event =
            (struct heng_event_news){.kind = some_event(rng), .value = (int64_t)number(rng), .line_id = id(rng) - 1};
        if (ret->event.kind == HENG_GATEWAY_GAP) random_gap(rng, &ret->event);
        RANDOM_TEXT(rng, ret->event.detail);
        break;
    }
}

/* --- the same? -----------------------------------------------------------------------------------------------------
 */

static inline void same_order(const struct heng_order_news *a, const struct heng_order_news *b)
{
    assert_true(a->id == b->id && a->line_id == b->line_id && a->device_id == b->device_id);
    assert_true(a->command == b->command && a->ended == b->ended && a->has_outcome == b->has_outcome);
    assert_true(a->kind == b->kind && a->stage == b->stage && a->outcome == b->outcome);
    assert_string_equal(a->why, b->why);
}

static inline void same_read(const struct heng_read_news *a, const struct heng_read_news *b)
{
    const struct heng_read *r = a->read, *s = b->read;
    assert_true(a->line_id == b->line_id && a->due_us == b->due_us && a->quarantined == b->quarantined);
    assert_true(a->has_learned == b->has_learned && a->by_hand == b->by_hand);
    assert_true(a->learned.answer_us == b->learned.answer_us && a->learned.spread_us == b->learned.spread_us);
    assert_true(a->learned.answers == b->learned.answers && a->learned.misses == b->learned.misses);
    assert_true(a->learned.due_done_us == b->learned.due_done_us && a->learned.ser == b->learned.ser);
    same_order(&a->order, &b->order);
    assert_true(r->device_id == s->device_id && r->at_us == s->at_us && r->outcome == s->outcome);
    assert_true(r->tries == s->tries && r->skipped == s->skipped);
    assert_string_equal(r->why, s->why);
    assert_int_equal(r->value_count, s->value_count);
    assert_int_equal(r->frame_count, s->frame_count);
    for (size_t i = 0; i < r->value_count; i++) {
        const struct heng_value *v = &r->values[i], *w = &s->values[i];
        assert_true(heng_register_key_eq(&v->key, &w->key) && v->has_value == w->has_value);
        assert_true(v->dec.mantissa == w->dec.mantissa && v->dec.exp == w->dec.exp);
        assert_string_equal(v->reason, w->reason);
        assert_int_equal(r->frame_of_value[i], s->frame_of_value[i]);
    }
    for (size_t i = 0; i < r->frame_count; i++) {
        assert_true(r->frames[i].at_us == s->frames[i].at_us && r->frames[i].n == s->frames[i].n);
        assert_memory_equal(r->frames[i].bytes, s->frames[i].bytes, r->frames[i].n);
    }
}

static inline void same_line(const struct heng_line_news *a, const struct heng_line_news *b)
{
    const struct heng_line_vitals_status *v = &a->vitals, *w = &b->vitals;
    assert_true(a->line_id == b->line_id && a->state == b->state && a->last_answer_us == b->last_answer_us);
    assert_memory_equal(&a->counters, &b->counters, sizeof a->counters);
    assert_true(v->health == w->health && v->queued == w->queued && v->quarantined == w->quarantined);
    assert_true(v->cycle_us == w->cycle_us && v->dead_us == w->dead_us);
    assert_true(v->hint_from == w->hint_from && v->hint_to == w->hint_to);
    assert_string_equal(a->detail, b->detail);
    assert_string_equal(v->hint_kind, w->hint_kind);
    assert_string_equal(v->hint_meter, w->hint_meter);
    assert_string_equal(v->hint, w->hint);
}

static inline void same_found(const struct heng_found_news *a, const struct heng_found_news *b)
{
    assert_true(a->line_id == b->line_id && a->kind == b->kind && a->found.primary == b->found.primary);
    assert_true(a->found.protocol == b->found.protocol && a->found.medium == b->found.medium);
    assert_true(a->found.known == b->found.known && a->found.twin == b->found.twin);
    assert_string_equal(a->found.address, b->found.address);
    assert_string_equal(a->found.number, b->found.number);
    assert_string_equal(a->found.manufacturer, b->found.manufacturer);
}

static inline void same_search(const struct heng_search_news *a, const struct heng_search_news *b)
{
    const struct heng_search_progress *p = &a->progress, *q = &b->progress;
    assert_true(a->line_id == b->line_id && a->kind == b->kind && a->started_us == b->started_us);
    assert_true(a->known_only == b->known_only && a->running == b->running && a->fresh == b->fresh);
    assert_true(p->ended == q->ended && p->requests == q->requests && p->selects == q->selects);
    assert_true(p->found == q->found && p->known == q->known && p->missing == q->missing);
    assert_true(p->collisions == q->collisions && p->permille == q->permille);
    assert_string_equal(p->place, q->place);
}

static inline void same_body(const struct heng_body *a, const struct heng_body *b)
{
    assert_int_equal(a->kind, b->kind);
    switch (a->kind) {
    case HENG_ENTRY_READ: same_read(&a->read, &b->read); break;
    case HENG_ENTRY_LINE: same_line(&a->line, &b->line); break;
    case HENG_ENTRY_ORDER: same_order(&a->order, &b->order); break;
    case HENG_ENTRY_FOUND: same_found(&a->found, &b->found); break;
    case HENG_ENTRY_SEARCH: same_search(&a->search, &b->search); break;
    case HENG_ENTRY_EVENT:
        assert_true(a->event.kind == b->event.kind && a->event.value == b->event.value);
        assert_true(a->event.line_id == b->event.line_id);
        assert_true(a->event.maker_id == b->event.maker_id && a->event.maker_epoch == b->event.maker_epoch);
        assert_true(a->event.first == b->event.first && a->event.last == b->event.last);
        assert_string_equal(a->event.detail, b->event.detail);
        break;
    }
}

#endif
