/* What all searches share: the list of known meters, what was told, the numbers. The kinds are in files of their own.
 */
#include "line/search.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/hex.h"
#include "codec/mbus.h"
#include "line/search_kinds.h"

uint8_t heng_search_digit(const uint8_t wire[8], unsigned i)
{
    return (uint8_t)(i % 2 ? wire[3 - i / 2] & 0x0F : wire[3 - i / 2] >> 4);
}

void heng_search_set_digit(uint8_t wire[8], unsigned i, uint8_t digit)
{
    uint8_t *byte = &wire[3 - i / 2];
    *byte = (uint8_t)(i % 2 ? (*byte & 0xF0) | digit : (*byte & 0x0F) | digit << 4);
}

bool heng_search_fits(const uint8_t mask[8], const uint8_t wire[8])
{
    for (unsigned i = 0; i < 8; i++) {
        uint8_t digit = heng_search_digit(mask, i);
        if (digit != 0x0F && digit != heng_search_digit(wire, i)) return false;
    }
    bool any_maker = mask[4] == 0xFF && mask[5] == 0xFF;
    if (!any_maker && (mask[4] != wire[4] || mask[5] != wire[5])) return false;
    return (mask[6] == 0xFF || mask[6] == wire[6]) && (mask[7] == 0xFF || mask[7] == wire[7]);
}

/* The eight bytes of an M-Bus address of 16 or 8 hex digits, else of an 8-digit number. */
static bool wire_of(const char *address, const char *number, uint8_t ret[8])
{
    size_t n = strlen(address);
    const char *text = n == 16 || n == 8 ? address : number;
    uint8_t bytes[8];
    struct heng_buf buf = heng_buf_of(bytes, sizeof bytes);
    n = strlen(text);
    if ((n != 16 && n != 8) || strspn(text, "0123456789ABCDEFabcdef") != n) return false;
    if (heng_hex_parse(heng_slice_str(text), &buf, NULL) != HENG_OK) return false;
    memset(ret, 0xFF, 8);
    for (size_t i = 0; i < 4; i++) ret[i] = bytes[3 - i]; /* the id is printed high byte first, the rest as sent */
    if (n == 16) memcpy(ret + 4, bytes + 4, 4);
    return true;
}

static bool has_prefix_zeros(const char *number) { return number[0] == '0' && number[1] != '\0'; }

/* Two numbers, one of which may have lost its leading zeros on the way. */
static bool same_number(const char *a, const char *b)
{
    while (has_prefix_zeros(a)) a++;
    while (has_prefix_zeros(b)) b++;
    return a[0] && strcmp(a, b) == 0;
}

static bool is_told(const struct heng_search *search, const struct heng_search_told *told)
{
    for (size_t i = 0; i < search->told_count; i++) {
        const struct heng_search_told *other = &search->told[i];
        if (memcmp(other->wire, told->wire, sizeof told->wire) == 0 && strcmp(other->address, told->address) == 0 &&
            memcmp(other->fabrication, told->fabrication, sizeof told->fabrication) == 0)
            return true;
    }
    return false;
}

/* Is this entry of the list the meter that was found? */
static bool is_known(const struct heng_search *search, const struct heng_search_known *known,
                     const struct heng_search_told *told, const struct heng_search_found *found)
{
    if (search->kind == HENG_SEARCH_MBUS_SECONDARY) return known->has_wire && heng_search_fits(known->wire, told->wire);
    return strcmp(known->address, found->address) == 0 || same_number(known->number, found->number);
}

/* Two meters may say the very same of themselves: each of the list answers for one. */
static bool was_found_before(struct heng_search *search, const struct heng_search_found *found)
{
    for (size_t i = 0; i < search->before_count; i++) {
        struct heng_search_before *before = &search->before[i];
        if (before->again || before->twin != found->twin || strcmp(before->address, found->address) != 0 ||
            strcmp(before->number, found->number) != 0)
            continue;
        return before->again = true;
    }
    return false;
}

static void mark_known(struct heng_search *search, const struct heng_search_told *told, struct heng_search_found *found)
{
    for (size_t i = 0; i < search->known_count; i++) {
        if (!is_known(search, &search->known[i], told, found)) continue;
        if (!search->known[i].found) search->progress.missing--;
        search->known[i].found = found->known = true;
    }
}

uint32_t heng_search_list_permille(const struct heng_search *search, size_t at)
{
    enum { WHOLE = 1000, BEFORE_THE_WALK = 50 };
    uint32_t whole = search->known_only ? WHOLE : BEFORE_THE_WALK;
    return search->known_count ? (uint32_t)(at * whole / search->known_count) : 0;
}

bool heng_search_tell(struct heng_search *search, const struct heng_search_told *told, struct heng_search_found *found)
{
    if (is_told(search, told) || search->told_count == HENG_SEARCH_METERS_MAX) return false;
    mark_known(search, told, found);
    search->told[search->told_count] = *told;
    search->told[search->told_count++].known = found->known;
    if (was_found_before(search, found)) return false;
    search->progress.found++;
    return true;
}

static heng_rc take_known(struct heng_search *search, const struct heng_search_config *config, struct heng_err *err)
{
    heng_protocol protocol = heng_search_kind_protocol(config->kind);
    search->known = calloc(config->known_count + 1, sizeof *search->known);
    if (!search->known) return heng_fail(err, HENG_ENOMEM, 0, "no memory for a search");
    for (size_t i = 0; i < config->known_count; i++) {
        const struct heng_meter_config *meter = &config->known[i];
        if (meter->protocol != protocol) continue;
        if (search->known_count == HENG_SEARCH_METERS_MAX)
            return heng_fail(err, HENG_ELIMIT, 0, "more than %d known meters", HENG_SEARCH_METERS_MAX);
        struct heng_search_known *known = &search->known[search->known_count++];
        snprintf(known->address, sizeof known->address, "%s", meter->address);
        snprintf(known->number, sizeof known->number, "%s", meter->number);
        known->medium = meter->medium;
        known->has_wire = protocol == HENG_PROTOCOL_MBUS && wire_of(meter->address, meter->number, known->wire);
    }
    search->progress.known = search->progress.missing = (uint32_t)search->known_count;
    return HENG_OK;
}

static heng_rc take_before(struct heng_search *search, const struct heng_search_config *config, struct heng_err *err)
{
    if (config->before_count == 0) return HENG_OK;
    search->before = calloc(config->before_count, sizeof *search->before);
    if (!search->before) return heng_fail(err, HENG_ENOMEM, 0, "no memory for a search");
    for (size_t i = 0; i < config->before_count; i++) {
        struct heng_search_found found = config->before[i];
        struct heng_search_told told = {.known = false};
        struct heng_search_before *before = &search->before[search->before_count++];
        memcpy(before->address, found.address, sizeof before->address);
        memcpy(before->number, found.number, sizeof before->number);
        before->twin = found.twin;
        if (wire_of(found.address, found.number, told.wire) || config->kind != HENG_SEARCH_MBUS_SECONDARY)
            mark_known(search, &told, &found);
    }
    search->progress.found = (uint32_t)search->before_count;
    return HENG_OK;
}

static bool begin(struct heng_search *search, const struct heng_search_config *config)
{
    switch (config->kind) {
    case HENG_SEARCH_MBUS_SECONDARY: return heng_secondary_begin(search, config->resume);
    case HENG_SEARCH_MBUS_PRIMARY:
    case HENG_SEARCH_MODBUS_RTU: return heng_row_begin(search, config->first, config->last, config->resume);
    case HENG_SEARCH_CJT188:
    case HENG_SEARCH_DLT645_2007:
    case HENG_SEARCH_DLT645_1997: return heng_wild_begin(search, config->resume);
    case HENG_SEARCH_KIND_COUNT: break;
    }
    return false;
}

heng_rc heng_search_new(const struct heng_search_config *config, struct heng_search **ret, struct heng_err *err)
{
    if (config->kind >= HENG_SEARCH_KIND_COUNT) return heng_fail(err, HENG_ECONFIG, 0, "there is no such search");
    if (!memchr(config->resume, '\0', sizeof config->resume))
        return heng_fail(err, HENG_ECONFIG, 0, "the place to go on from is too long");
    if (config->first > config->last)
        return heng_fail(err, HENG_ECONFIG, 0, "the first address, %u, is behind the last one, %u", config->first,
                         config->last);
    struct heng_search *search = calloc(1, sizeof *search);
    if (!search) return heng_fail(err, HENG_ENOMEM, 0, "no memory for a search");
    search->kind = config->kind;
    search->known_only = config->known_only;
    heng_rc rc = take_known(search, config, err);
    if (rc == HENG_OK) rc = take_before(search, config, err);
    if (rc == HENG_OK && !begin(search, config))
        rc = config->resume[0] ? heng_fail(err, HENG_ECONFIG, 0, "a search '%s' cannot go on from '%.40s'",
                                           heng_search_kind_text(config->kind), config->resume)
                               : heng_fail(err, HENG_ECONFIG, 0, "there are no addresses %u to %u in a search '%s'",
                                           config->first, config->last, heng_search_kind_text(config->kind));
    if (rc != HENG_OK) {
        heng_search_free(search);
        return rc;
    }
    *ret = search;
    return HENG_OK;
}

void heng_search_free(struct heng_search *search)
{
    if (!search) return;
    free(search->known);
    free(search->before);
    free(search);
}

bool heng_search_next(struct heng_search *search, struct heng_ask *ret)
{
    bool more = false;
    *ret = (struct heng_ask){0};
    if (search->progress.ended) return false;
    switch (search->kind) {
    case HENG_SEARCH_MBUS_SECONDARY: more = heng_secondary_next(search, ret); break;
    case HENG_SEARCH_MBUS_PRIMARY:
    case HENG_SEARCH_MODBUS_RTU: more = heng_row_next(search, ret); break;
    case HENG_SEARCH_CJT188:
    case HENG_SEARCH_DLT645_2007:
    case HENG_SEARCH_DLT645_1997: more = heng_wild_next(search, ret); break;
    case HENG_SEARCH_KIND_COUNT: break;
    }
    search->progress.ended = !more;
    if (more) search->progress.requests++;
    return more;
}

bool heng_search_heard_now(struct heng_search *search, heng_search_heard heard, const struct heng_telegram *telegram,
                           struct heng_search_found *ret_found)
{
    if (search->progress.ended) return false;
    if (heard == HENG_SEARCH_FRAME && (!telegram || !telegram->from_meter)) heard = HENG_SEARCH_NOTHING; /* an echo */
    *ret_found = (struct heng_search_found){.primary = -1};
    switch (search->kind) {
    case HENG_SEARCH_MBUS_SECONDARY: return heng_secondary_heard(search, heard, telegram, ret_found);
    case HENG_SEARCH_MBUS_PRIMARY:
    case HENG_SEARCH_MODBUS_RTU: return heng_row_heard(search, heard, telegram, ret_found);
    case HENG_SEARCH_CJT188:
    case HENG_SEARCH_DLT645_2007:
    case HENG_SEARCH_DLT645_1997: return heng_wild_heard(search, heard, telegram, ret_found);
    case HENG_SEARCH_KIND_COUNT: break;
    }
    return false;
}

void heng_search_progress_now(const struct heng_search *search, struct heng_search_progress *ret)
{
    *ret = search->progress;
    switch (search->kind) {
    case HENG_SEARCH_MBUS_SECONDARY: heng_secondary_place(search, ret); break;
    case HENG_SEARCH_MBUS_PRIMARY:
    case HENG_SEARCH_MODBUS_RTU: heng_row_place(search, ret); break;
    case HENG_SEARCH_CJT188:
    case HENG_SEARCH_DLT645_2007:
    case HENG_SEARCH_DLT645_1997: heng_wild_place(search, ret); break;
    case HENG_SEARCH_KIND_COUNT: break;
    }
    if (ret->ended) {
        ret->permille = 1000;
        ret->place[0] = '\0';
    }
}
