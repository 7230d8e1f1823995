#include "uplink/config.h"

#include "uplink/config_check.h"
#include "uplink/pb.h"

#include <stdlib.h>

/* Of the messages, and of what comes out of them: the fullest message takes about half of it. */
enum { MEMORY_MAX = 16 * 1024 * 1024, PACK_MEMORY_MAX = 64 * 1024 * 1024 };

/* --- packing -------------------------------------------------------------------------------------------------------
 */

#define TEXT(array) heng_pb_text(array, sizeof(array))

static ProtobufCBinaryData text_of(const char *text) { return heng_pb_text(text, strlen(text) + 1); }

static ProtobufCBinaryData bytes_of(const void *p, size_t n)
{
    return (ProtobufCBinaryData){.len = n, .data = (uint8_t *)(uintptr_t)p};
}

/* A list of n messages of a type in the arena, each made by its init, and the pointers to them; NULL: no memory. */
#define LIST_OF(Type, init)                                                                                            \
    static Type **init##_list(struct heng_arena *arena, size_t n)                                                      \
    {                                                                                                                  \
        Type **list = heng_arena_take(arena, n, sizeof *list);                                                         \
        Type *items = heng_arena_take(arena, n, sizeof *items);                                                        \
        for (size_t i = 0; list && items && i < n; i++) {                                                              \
            list[i] = &items[i];                                                                                       \
            init(list[i]);                                                                                             \
        }                                                                                                              \
        return items ? list : NULL;                                                                                    \
    }
LIST_OF(Heng__Uplink__LineConfig, heng__uplink__line_config__init)
LIST_OF(Heng__Uplink__MeterConfig, heng__uplink__meter_config__init)
LIST_OF(Heng__Uplink__RelayConfig, heng__uplink__relay_config__init)
LIST_OF(Heng__Uplink__ScheduleConfig, heng__uplink__schedule_config__init)
LIST_OF(Heng__Uplink__WindowConfig, heng__uplink__window_config__init)
LIST_OF(Heng__Uplink__ProfileFile, heng__uplink__profile_file__init)
LIST_OF(Heng__Uplink__ChildConfig, heng__uplink__child_config__init)
#undef LIST_OF

static Heng__Uplink__WindowConfig **windows_of(struct heng_arena *arena, const struct heng_day_window *windows,
                                               size_t n)
{
    Heng__Uplink__WindowConfig **list = heng__uplink__window_config__init_list(arena, n);
    for (size_t i = 0; list && i < n; i++) {
        list[i]->from = windows[i].from;
        list[i]->until = windows[i].until;
    }
    return list;
}

static bool fill_schedule(struct heng_arena *arena, const struct heng_schedule *from, Heng__Uplink__ScheduleConfig *to)
{
    to->id = from->id;
    to->name = TEXT(from->name);
    to->period_s = from->period_s;
    to->days = from->days;
    to->due_days = from->due_days;
    to->spread_s = from->spread_s;
    to->due_minute = from->due_minute;
    to->n_times = from->time_count;
    to->times = heng_arena_take(arena, from->time_count, sizeof *to->times);
    for (size_t i = 0; to->times && i < from->time_count; i++) to->times[i] = from->times[i];
    to->n_read_windows = from->read_window_count;
    to->read_windows = windows_of(arena, from->read_windows, from->read_window_count);
    to->n_power_off = from->power_off_count;
    to->power_off = windows_of(arena, from->power_off, from->power_off_count);
    return to->times && to->read_windows && to->power_off;
}

static void fill_relay(const struct heng_relay_config *from, Heng__Uplink__RelayConfig *to)
{
    to->id = from->id;
    to->parent_id = from->parent_id;
    to->name = TEXT(from->name);
    to->stores = from->stores;
    to->delay_ms = from->delay_ms;
    to->hold_ms = from->hold_ms;
    to->open = bytes_of(from->open, from->open_n);
    to->open_answer = bytes_of(from->open_answer, from->open_answer_n);
}

static bool is_learned(const struct heng_learned *l)
{
    return l->answer_us || l->spread_us || l->answers || l->misses || l->due_done_us || l->ser;
}

static bool fill_meter(struct heng_arena *arena, const struct heng_meter_config *from, Heng__Uplink__MeterConfig *to)
{
    to->device_id = from->device_id;
    to->protocol = from->protocol;
    to->medium = from->medium;
    to->address = TEXT(from->address);
    to->number = TEXT(from->number);
    to->profile = TEXT(from->profile_name);
    to->schedule_id = from->schedule_id;
    to->relay_id = from->relay_id;
    to->position = from->position;
    if (!is_learned(&from->learned)) return true;
    to->learned = heng_arena_take(arena, 1, sizeof *to->learned);
    if (to->learned) heng_pb_learned(&from->learned, to->learned);
    return to->learned;
}

static void fill_settings(const struct heng_line_config *from, Heng__Uplink__LineConfig *to)
{
    to->id = from->id;
    to->name = TEXT(from->name);
    to->transport = from->transport;
    to->endpoint = TEXT(from->endpoint);
    to->heartbeat = TEXT(from->heartbeat);
    to->heartbeat_s = from->heartbeat_s;
    to->baud = from->baud;
    to->parity = (uint8_t)from->parity;
    to->latency_ms = from->latency_ms;
    to->period_s = from->period_s;
    to->rts = from->rts;
    to->overload = from->overload;
    to->infrared = from->infrared;
    to->wake_byte = from->wake_byte;
    to->wake_ms = from->wake_ms;
    to->wake_rest_ms = from->wake_rest_ms;
    to->wake_after_s = from->wake_after_s;
    to->quarantine_after = from->quarantine_after;
    to->single_reads = from->single_reads;
}

static bool fill_line(struct heng_arena *arena, const struct heng_gateway_config *config, size_t l,
                      Heng__Uplink__LineConfig *to)
{
    const struct heng_line_config *from = &config->lines[l];
    size_t first = config->first[l];
    fill_settings(from, to);
    to->n_schedules = from->schedule_count;
    to->schedules = heng__uplink__schedule_config__init_list(arena, to->n_schedules);
    to->n_relays = from->relay_count;
    to->relays = heng__uplink__relay_config__init_list(arena, to->n_relays);
    to->n_meters = config->first[l + 1] - first;
    to->meters = heng__uplink__meter_config__init_list(arena, to->n_meters);
    if (!to->schedules || !to->relays || !to->meters) return false;
    for (size_t i = 0; i < to->n_relays; i++) fill_relay(&from->relays[i], to->relays[i]);
    for (size_t i = 0; i < to->n_schedules; i++)
        if (!fill_schedule(arena, &from->schedules[i], to->schedules[i])) return false;
    for (size_t i = 0; i < to->n_meters; i++)
        if (!fill_meter(arena, &config->meters[first + i], to->meters[i])) return false;
    return true;
}

static bool fill(struct heng_arena *arena, const struct heng_gateway_config *from, Heng__Uplink__Config *to)
{
    to->version = from->version;
    to->name = text_of(from->name);
    to->time_zone = text_of(from->time_zone);
    if (from->above) to->above = text_of(from->above);
    to->journal_bytes = from->journal_bytes;
    to->journal_days = from->journal_days;
    to->n_revoked = from->revoked_count;
    to->revoked = (uint64_t *)(uintptr_t)from->revoked;
    to->n_lines = from->line_count;
    to->lines = heng__uplink__line_config__init_list(arena, from->line_count);
    to->n_profiles = from->profile_count;
    to->profiles = heng__uplink__profile_file__init_list(arena, from->profile_count);
    to->n_children = from->child_count;
    to->children = heng__uplink__child_config__init_list(arena, from->child_count);
    if (!to->lines || !to->profiles || !to->children) return false;
    for (size_t i = 0; i < from->profile_count; i++) {
        to->profiles[i]->name = text_of(from->profiles[i].name);
        to->profiles[i]->json = bytes_of(from->profiles[i].json.p, from->profiles[i].json.n);
    }
    for (size_t i = 0; i < from->child_count; i++) {
        to->children[i]->gateway_id = from->children[i].gateway_id;
        to->children[i]->common_name = text_of(from->children[i].common_name);
        to->children[i]->name = text_of(from->children[i].name);
        to->children[i]->config = bytes_of(from->children[i].config.p, from->children[i].config.n);
    }
    for (size_t i = 0; i < from->line_count; i++)
        if (!fill_line(arena, from, i, to->lines[i])) return false;
    return true;
}

static heng_rc put(const Heng__Uplink__Config *message, uint8_t **ret, size_t *ret_n, struct heng_err *err)
{
    size_t n = heng__uplink__config__get_packed_size(message);
    if (n > HENG_CONFIG_BYTES_MAX)
        return heng_fail(err, HENG_ELIMIT, 0, "the configuration has %zu bytes, at most %d are possible", n,
                         HENG_CONFIG_BYTES_MAX);
    uint8_t *bytes = malloc(n ? n : 1);
    if (!bytes) return heng_fail(err, HENG_ENOMEM, 0, "no memory for the configuration");
    *ret_n = heng__uplink__config__pack(message, bytes);
    *ret = bytes;
    return HENG_OK;
}

heng_rc heng_config_pack(const struct heng_gateway_config *config, uint8_t **ret, size_t *ret_n, struct heng_err *err)
{
    struct heng_arena arena = {.max = PACK_MEMORY_MAX};
    Heng__Uplink__Config message = HENG__UPLINK__CONFIG__INIT;
    heng_rc rc = heng_config_check(config, &arena, err);
    if (rc == HENG_OK && !fill(&arena, config, &message))
        rc = heng_fail(err, HENG_ENOMEM, 0, "no memory to pack the configuration");
    if (rc == HENG_OK) rc = put(&message, ret, ret_n, err);
    heng_arena_fini(&arena);
    return rc;
}

/* --- unpacking -----------------------------------------------------------------------------------------------------
 */

/* Numbers are brought into their fields here, texts into their room; heng_config_check looks at the rest. */
struct unpacking {
    struct heng_pb_memory *memory;
    struct heng_err *err;
    heng_rc rc;       /* the first that went wrong */
    const char *item; /* that is looked at, and its id */
    int64_t id;
};

static void wrong(struct unpacking *u, const char *field)
{
    if (u->rc != HENG_OK) return;
    u->rc = heng_fail(u->err, HENG_ECONFIG, 0, "%s %lld: its %s cannot be", u->item, (long long)u->id, field);
}

static void *take(struct unpacking *u, size_t n, size_t size)
{
    void *piece = heng_pb_take(u->memory, n, size);
    if (!piece && u->rc == HENG_OK) u->rc = heng_pb_refused(u->memory, "the configuration", u->err);
    return piece;
}

static void text_into(struct unpacking *u, const char *field, ProtobufCBinaryData from, char *to, size_t room)
{
    if (!heng_pb_get_text(from, to, room)) wrong(u, field);
}

#define TAKE_TEXT(u, field, from, array) text_into(u, field, from, array, sizeof(array))

static const char *take_text(struct unpacking *u, const char *field, ProtobufCBinaryData from, size_t room)
{
    char *text = from.len < room ? take(u, from.len + 1, 1) : NULL;
    if (!text || !heng_pb_get_text(from, text, from.len + 1)) wrong(u, field);
    return text ? text : "";
}

static struct heng_slice take_bytes(struct unpacking *u, ProtobufCBinaryData from)
{
    uint8_t *bytes = take(u, from.len, 1);
    if (bytes && from.len) memcpy(bytes, from.data, from.len);
    return heng_slice_of(bytes, bytes ? from.len : 0);
}

/* A number that must fit into bits. */
static uint32_t narrow(struct unpacking *u, const char *field, uint32_t number, unsigned bits)
{
    if (number >> bits) wrong(u, field);
    return number & ((UINT32_C(1) << bits) - 1);
}

static uint8_t take_windows(struct unpacking *u, const char *field, Heng__Uplink__WindowConfig *const *from, size_t n,
                            struct heng_day_window *ret)
{
    if (n > HENG_SCHEDULE_WINDOWS_MAX) {
        wrong(u, field);
        return 0;
    }
    for (size_t i = 0; i < n; i++) {
        ret[i].from = (uint16_t)narrow(u, field, from[i]->from, 16);
        ret[i].until = (uint16_t)narrow(u, field, from[i]->until, 16);
    }
    return (uint8_t)n;
}

static void take_schedule(struct unpacking *u, const Heng__Uplink__ScheduleConfig *from, struct heng_schedule *ret)
{
    u->item = "schedule", u->id = from->id;
    ret->id = from->id;
    TAKE_TEXT(u, "name", from->name, ret->name);
    ret->period_s = from->period_s;
    ret->days = from->days;
    ret->due_days = from->due_days;
    ret->spread_s = from->spread_s;
    ret->due_minute = (uint16_t)narrow(u, "due minute", from->due_minute, 16);
    if (from->n_times > HENG_SCHEDULE_TIMES_MAX) wrong(u, "list of times");
    ret->time_count = from->n_times > HENG_SCHEDULE_TIMES_MAX ? 0 : (uint16_t)from->n_times;
    for (size_t i = 0; i < ret->time_count; i++) ret->times[i] = (uint16_t)narrow(u, "time", from->times[i], 16);
    ret->read_window_count =
        take_windows(u, "list of read windows", from->read_windows, from->n_read_windows, ret->read_windows);
    ret->power_off_count =
        take_windows(u, "list of times without power", from->power_off, from->n_power_off, ret->power_off);
}

static uint8_t take_opening(struct unpacking *u, ProtobufCBinaryData from, uint8_t ret[HENG_RELAY_BYTES_MAX])
{
    if (from.len > HENG_RELAY_BYTES_MAX) {
        wrong(u, "opening");
        return 0;
    }
    if (from.len) memcpy(ret, from.data, from.len);
    return (uint8_t)from.len;
}

static void take_relay(struct unpacking *u, const Heng__Uplink__RelayConfig *from, struct heng_relay_config *ret)
{
    u->item = "relay", u->id = from->id;
    ret->id = from->id;
    ret->parent_id = from->parent_id;
    TAKE_TEXT(u, "name", from->name, ret->name);
    ret->stores = from->stores;
    ret->delay_ms = from->delay_ms;
    ret->hold_ms = from->hold_ms;
    ret->open_n = take_opening(u, from->open, ret->open);
    ret->open_answer_n = take_opening(u, from->open_answer, ret->open_answer);
}

static void take_meter(struct unpacking *u, const Heng__Uplink__MeterConfig *from, int64_t line_id,
                       struct heng_meter_config *ret)
{
    u->item = "meter", u->id = from->device_id;
    ret->device_id = from->device_id;
    ret->line_id = line_id;
    ret->protocol = (heng_protocol)from->protocol;
    ret->medium = (heng_medium)from->medium;
    TAKE_TEXT(u, "address", from->address, ret->address);
    TAKE_TEXT(u, "number", from->number, ret->number);
    TAKE_TEXT(u, "profile", from->profile, ret->profile_name);
    ret->schedule_id = from->schedule_id;
    ret->relay_id = from->relay_id;
    ret->position = from->position;
    if (from->learned && !heng_pb_get_learned(from->learned, &ret->learned)) wrong(u, "ser");
}

static void take_settings(struct unpacking *u, const Heng__Uplink__LineConfig *from, struct heng_line_config *ret)
{
    u->item = "line", u->id = from->id;
    ret->id = from->id;
    TAKE_TEXT(u, "name", from->name, ret->name);
    ret->transport = (heng_transport_kind)from->transport;
    TAKE_TEXT(u, "endpoint", from->endpoint, ret->endpoint);
    TAKE_TEXT(u, "heartbeat", from->heartbeat, ret->heartbeat);
    ret->heartbeat_s = from->heartbeat_s;
    ret->baud = from->baud;
    ret->parity = (char)narrow(u, "parity", from->parity, 7);
    ret->latency_ms = from->latency_ms;
    ret->period_s = from->period_s;
    ret->rts = (heng_rts)from->rts;
    ret->overload = (heng_signal)from->overload;
    ret->infrared = from->infrared;
    ret->wake_byte = (uint8_t)narrow(u, "wake byte", from->wake_byte, 8);
    ret->wake_ms = from->wake_ms;
    ret->wake_rest_ms = from->wake_rest_ms;
    ret->wake_after_s = from->wake_after_s;
    ret->quarantine_after = (uint8_t)narrow(u, "number of misses to quarantine", from->quarantine_after, 8);
    ret->single_reads = from->single_reads;
}

static void take_line(struct unpacking *u, const Heng__Uplink__LineConfig *from, struct heng_line_config *ret,
                      struct heng_meter_config *ret_meters)
{
    take_settings(u, from, ret);
    struct heng_schedule *schedules = take(u, from->n_schedules, sizeof *schedules);
    struct heng_relay_config *relays = take(u, from->n_relays, sizeof *relays);
    if (!schedules || !relays) return;
    for (size_t i = 0; u->rc == HENG_OK && i < from->n_schedules; i++)
        take_schedule(u, from->schedules[i], &schedules[i]);
    for (size_t i = 0; u->rc == HENG_OK && i < from->n_relays; i++) take_relay(u, from->relays[i], &relays[i]);
    for (size_t i = 0; u->rc == HENG_OK && i < from->n_meters; i++)
        take_meter(u, from->meters[i], from->id, &ret_meters[i]);
    ret->schedules = schedules;
    ret->schedule_count = from->n_schedules;
    ret->relays = relays;
    ret->relay_count = from->n_relays;
}

static void take_lines(struct unpacking *u, const Heng__Uplink__Config *from, struct heng_gateway_config *ret)
{
    struct heng_line_config *lines = take(u, from->n_lines, sizeof *lines);
    size_t *first = take(u, from->n_lines + 1, sizeof *first);
    if (!lines || !first) return;
    for (size_t i = 0; i < from->n_lines; i++) first[i + 1] = first[i] + from->lines[i]->n_meters;
    struct heng_meter_config *meters = take(u, first[from->n_lines], sizeof *meters);
    for (size_t i = 0; u->rc == HENG_OK && i < from->n_lines; i++)
        take_line(u, from->lines[i], &lines[i], meters + first[i]);
    ret->lines = lines;
    ret->line_count = from->n_lines;
    ret->meters = meters;
    ret->first = first;
}

static void take_profiles(struct unpacking *u, const Heng__Uplink__Config *from, struct heng_gateway_config *ret)
{
    struct heng_config_profile *profiles = take(u, from->n_profiles, sizeof *profiles);
    for (size_t i = 0; u->rc == HENG_OK && i < from->n_profiles; i++) {
        u->item = "profile number", u->id = (int64_t)i + 1;
        profiles[i].name = take_text(u, "name", from->profiles[i]->name, HENG_MODEL_NAME_MAX);
        profiles[i].json = take_bytes(u, from->profiles[i]->json);
    }
    ret->profiles = profiles;
    ret->profile_count = from->n_profiles;
}

static void take_children(struct unpacking *u, const Heng__Uplink__Config *from, struct heng_gateway_config *ret)
{
    struct heng_config_child *children = take(u, from->n_children, sizeof *children);
    for (size_t i = 0; u->rc == HENG_OK && i < from->n_children; i++) {
        const Heng__Uplink__ChildConfig *child = from->children[i];
        u->item = "gateway", u->id = child->gateway_id;
        children[i].gateway_id = child->gateway_id;
        children[i].common_name = take_text(u, "common name", child->common_name, HENG_CONFIG_COMMON_NAME_MAX);
        children[i].name = take_text(u, "name", child->name, HENG_NAME_MAX);
        children[i].config = take_bytes(u, child->config);
    }
    ret->children = children;
    ret->child_count = from->n_children;
}

static heng_rc take_all(struct heng_pb_memory *memory, const Heng__Uplink__Config *from,
                        struct heng_gateway_config *ret, struct heng_err *err)
{
    struct unpacking u = {.memory = memory, .err = err, .item = "configuration", .id = (int64_t)from->version};
    *ret = (struct heng_gateway_config){
        .version = from->version, .journal_bytes = from->journal_bytes, .journal_days = from->journal_days};
    ret->name = take_text(&u, "name", from->name, HENG_NAME_MAX);
    ret->time_zone = take_text(&u, "time zone", from->time_zone, HENG_CONFIG_ZONE_NAME_MAX);
    ret->above = take_text(&u, "gateway above", from->above, HENG_CONFIG_COMMON_NAME_MAX);
    uint64_t *revoked = take(&u, from->n_revoked, sizeof *revoked);
    if (revoked && from->n_revoked) memcpy(revoked, from->revoked, from->n_revoked * sizeof *revoked);
    ret->revoked = revoked;
    ret->revoked_count = from->n_revoked;
    if (u.rc == HENG_OK) take_lines(&u, from, ret);
    if (u.rc == HENG_OK) take_profiles(&u, from, ret);
    if (u.rc == HENG_OK) take_children(&u, from, ret);
    return u.rc;
}

static heng_rc unpack(struct heng_pb_memory *memory, struct heng_slice bytes, struct heng_gateway_config *ret,
                      struct heng_err *err)
{
    struct heng_pb_memory messages = {.arena = {.max = MEMORY_MAX}};
    ProtobufCAllocator allocator = heng_pb_allocator(&messages);
    const Heng__Uplink__Config *message = heng__uplink__config__unpack(&allocator, bytes.n, bytes.p);
    heng_rc rc = message ? take_all(memory, message, ret, err) : heng_pb_refused(&messages, "the configuration", err);
    heng_arena_fini(&messages.arena);
    if (rc == HENG_OK && ret->version == 0) rc = heng_fail(err, HENG_ECONFIG, 0, "the configuration has no version");
    return rc == HENG_OK ? heng_config_check(ret, &memory->arena, err) : rc;
}

heng_rc heng_config_unpack(struct heng_slice bytes, struct heng_gateway_config *ret, void **ret_memory,
                           struct heng_err *err)
{
    struct heng_gateway_config config;
    if (bytes.n > HENG_CONFIG_BYTES_MAX)
        return heng_fail(err, HENG_ELIMIT, 0, "the configuration has %zu bytes, at most %d are possible", bytes.n,
                         HENG_CONFIG_BYTES_MAX);
    if (bytes.n == 0) return heng_fail(err, HENG_EFORMAT, 0, "the configuration is empty");
    struct heng_pb_memory *memory = malloc(sizeof *memory);
    if (!memory) return heng_fail(err, HENG_ENOMEM, 0, "no memory for the configuration");
    *memory = (struct heng_pb_memory){.arena = {.max = MEMORY_MAX}};
    heng_rc rc = unpack(memory, bytes, &config, err);
    if (rc != HENG_OK) {
        heng_config_free(memory);
        return rc;
    }
    *ret = config;
    *ret_memory = memory;
    return HENG_OK;
}

void heng_config_free(void *memory)
{
    struct heng_pb_memory *all = memory;
    if (!all) return;
    heng_arena_fini(&all->arena);
    free(all);
}
