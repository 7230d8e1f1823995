/* Finding CJ/T 188 and DL/T 645 meters by address bytes with wild cards.
 *
 *   node            all bytes AA, then the low byte 00..99 and the others AA, then the next byte ...
 *   nothing         nobody is there
 *   one answer      asked once more; the same again: a meter
 *   garbage, again  several: split by the next byte. With all bytes set: two meters of one address
 *
 *   protocol        question                                      forms, in turn until one is answered
 *   CJ/T 188        68 T address 03 03 81 0A SER                  81 0A, 0A 81; T = AA, 10, 20, 30 one after another
 *   DL/T 645-2007   68 address 68 13 00                           13; 11 with DI 00010000, for meters that answer 13
 *                                                                 to AA.. only
 *   DL/T 645-1997   68 address 68 01 02, DI 9010                  one
 *
 * An error report is no answer: a meter of the other edition of DL/T 645 says so to a function it does not know.
 *
 * The low byte comes first, as in the abbreviated addresses of DL/T 645-2007 (clause 7.1: the bytes left out, the high
 * ones, are AA); it is also where the meters of a site differ most. Many CJ/T 188 meters honour the same. */
#include <stdio.h>
#include <stdlib.h>

#include "codec/cjt188.h"
#include "codec/dlt645.h"
#include "line/search_kinds.h"

enum { ANSWER_MS = 500, GAP_MS = 500, IDLE_MS = 30, PREAMBLE = 4, GARBAGE = 3, CJT188_BYTES = 7, DLT645_BYTES = 6 };
enum { ANY = 0xAA, BYTE_VALUES = 100 };

static const uint8_t types[] = {ANY, 0x10, 0x20, 0x30};

static bool is_cjt188(const struct heng_search *search) { return search->kind == HENG_SEARCH_CJT188; }
static unsigned type_count(const struct heng_search *search) { return is_cjt188(search) ? sizeof types : 1; }
static unsigned form_count(const struct heng_search *search) { return search->kind == HENG_SEARCH_DLT645_1997 ? 1 : 2; }

static void fresh(struct heng_search_wild *w)
{
    w->silent = w->broken = 0;
    w->candidate[0] = '\0';
}

/* The address that is asked, as printed. */
static void address_of(const struct heng_search *search, char ret[HENG_ADDRESS_MAX])
{
    const struct heng_search_wild *w = &search->wild;
    if (w->phase == HENG_WILD_KNOWN) {
        memcpy(ret, search->known[w->known_at].address, HENG_ADDRESS_MAX);
        return;
    }
    for (unsigned i = 0; i < w->bytes; i++) {
        unsigned byte = w->bytes - 1u - i;
        char *to = ret + 2 * (size_t)i;
        to[0] = to[1] = 'A';
        if (byte >= w->depth) continue;
        to[0] = (char)('0' + w->address[byte] / 10 % 10);
        to[1] = (char)('0' + w->address[byte] % 10);
    }
    ret[2 * w->bytes] = '\0';
}

static bool is_full(const struct heng_search *search, const char *text)
{
    size_t n = strlen(text), wanted = 2u * search->wild.bytes;
    const char *digits = is_cjt188(search) ? "0123456789ABCDEF" : "0123456789";
    return n == wanted && strspn(text, digits) == n && !strstr(text, "AA");
}

/* Does an answer come from whom was asked? */
static bool fits(const char *asked, const char *id)
{
    for (size_t i = 0; asked[i] && asked[i + 1]; i += 2)
        if (!(asked[i] == 'A' && asked[i + 1] == 'A') && (asked[i] != id[i] || asked[i + 1] != id[i + 1])) return false;
    return true;
}

/* --- from node to node ----------------------------------------------------------------------------------- */

static bool at_known(struct heng_search *search)
{
    struct heng_search_wild *w = &search->wild;
    while (w->known_at < search->known_count && !is_full(search, search->known[w->known_at].address)) w->known_at++;
    return w->known_at < search->known_count;
}

/* Have the meters of this type answered to another one already? */
static bool is_done(const struct heng_search *search)
{
    const struct heng_search_wild *w = &search->wild;
    return is_cjt188(search) && types[w->type_at] != ANY && w->class_told[types[w->type_at] >> 4] >= 2;
}

static void next_type(struct heng_search *search)
{
    struct heng_search_wild *w = &search->wild;
    do w->type_at++;
    while (w->type_at < type_count(search) && is_done(search));
    w->depth = w->forms = 0;
    if (w->type_at >= type_count(search)) w->phase = HENG_WILD_END;
}

static void next_node(struct heng_search *search)
{
    struct heng_search_wild *w = &search->wild;
    fresh(w);
    if (w->phase == HENG_WILD_KNOWN) {
        w->known_at++;
        if (!at_known(search)) w->phase = search->known_only ? HENG_WILD_END : HENG_WILD_WALK;
        return;
    }
    while (w->depth && ++w->address[w->depth - 1] >= BYTE_VALUES) w->depth--;
    if (w->depth == 0) next_type(search);
}

static bool tell(struct heng_search *search, const char *address, const struct heng_telegram *t,
                 struct heng_search_found *ret)
{
    struct heng_search_told told = {.address = ""};
    heng_protocol protocol = search->kind == HENG_SEARCH_CJT188        ? HENG_PROTOCOL_CJT188
                             : search->kind == HENG_SEARCH_DLT645_2007 ? HENG_PROTOCOL_DLT645_2007
                                                                       : HENG_PROTOCOL_DLT645_1997;
    *ret = (struct heng_search_found){.protocol = protocol, .primary = -1, .twin = t == NULL};
    ret->medium = is_cjt188(search) ? HENG_MEDIUM_UNKNOWN : HENG_MEDIUM_ELECTRICITY;
    snprintf(ret->address, sizeof ret->address, "%s", address);
    snprintf(ret->number, sizeof ret->number, "%s", address);
    memcpy(told.address, ret->address, sizeof told.address);
    if (t && is_cjt188(search)) {
        uint8_t *told_of_class = &search->wild.class_told[t->ci >> 4];
        ret->medium = t->medium;
        snprintf(ret->manufacturer, sizeof ret->manufacturer, "%s", t->manufacturer);
        if (*told_of_class < 2) (*told_of_class)++;
    }
    return heng_search_tell(search, &told, ret);
}

/* Several meters at this node. */
static bool split(struct heng_search *search, struct heng_search_found *ret)
{
    struct heng_search_wild *w = &search->wild;
    char address[HENG_ADDRESS_MAX];
    search->progress.collisions++;
    if (w->phase == HENG_WILD_KNOWN || w->depth == w->bytes) {
        address_of(search, address);
        next_node(search);
        return tell(search, address, NULL, ret);
    }
    fresh(w);
    w->address[w->depth++] = 0;
    return false;
}

/* --- what is heard --------------------------------------------------------------------------------------- */

static bool heard_answer(struct heng_search *search, const struct heng_telegram *t, struct heng_search_found *ret)
{
    struct heng_search_wild *w = &search->wild;
    char address[HENG_ADDRESS_MAX];
    address_of(search, address);
    if (!is_full(search, t->id) || !fits(address, t->id)) {
        /* A late answer of somebody else, or one that does not give its own address: the next byte may help. */
        if (++w->broken < GARBAGE) return false;
        return w->depth < w->bytes && fits(t->id, address) ? split(search, ret) : (next_node(search), false);
    }
    w->forms |= (uint8_t)(1u << w->form);
    bool alone = is_full(search, address) || strcmp(w->candidate, t->id) == 0;
    if (!alone && w->candidate[0]) return split(search, ret);
    if (!alone) {
        memcpy(w->candidate, t->id, sizeof w->candidate);
        return false;
    }
    memcpy(address, t->id, sizeof w->candidate);
    next_node(search);
    return tell(search, address, t, ret);
}

bool heng_wild_heard(struct heng_search *search, heng_search_heard heard, const struct heng_telegram *telegram,
                     struct heng_search_found *ret_found)
{
    struct heng_search_wild *w = &search->wild;
    if (w->phase == HENG_WILD_END) return false;
    if (heard == HENG_SEARCH_FRAME && telegram->kind == HENG_TELEGRAM_ERROR) heard = HENG_SEARCH_NOTHING;
    switch (heard) {
    case HENG_SEARCH_CUT: return false;
    case HENG_SEARCH_FRAME: return heard_answer(search, telegram, ret_found);
    case HENG_SEARCH_GARBAGE: return ++w->broken >= GARBAGE && split(search, ret_found);
    case HENG_SEARCH_NOTHING: break;
    }
    bool somebody = w->broken || w->candidate[0], thorough = w->depth == 0 || w->phase == HENG_WILD_KNOWN;
    if (++w->silent >= (somebody || thorough ? 4u : 2u)) next_node(search);
    return false;
}

/* --- requests -------------------------------------------------------------------------------------------- */

/* The form of the next question: those that were answered before, else in turn. */
static uint8_t form_of(const struct heng_search *search)
{
    const struct heng_search_wild *w = &search->wild;
    unsigned count = form_count(search), turn = (unsigned)(w->silent + w->broken) % count;
    if (w->candidate[0]) return w->form; /* the same question once more */
    if (w->forms == 0 || w->forms & 1u << turn) return (uint8_t)turn;
    return (uint8_t)((turn + 1) % count);
}

static uint8_t type_of(const struct heng_search *search)
{
    const struct heng_search_wild *w = &search->wild;
    if (w->phase != HENG_WILD_KNOWN) return types[w->type_at];
    heng_medium medium = search->known[w->known_at].medium;
    /* A list may not know the medium; then the types come in turn. */
    return medium == HENG_MEDIUM_UNKNOWN || medium == HENG_MEDIUM_OTHER ? types[w->silent % sizeof types]
                                                                        : heng_cjt188_type(medium);
}

static heng_rc put_cjt188(const struct heng_search *search, const char *address, uint8_t form, struct heng_buf *buf)
{
    struct heng_cjt188_frame frame = {.type = type_of(search),
                                      .control = HENG_CJT188_C_READ_ADDRESS,
                                      .ser = (uint8_t)search->progress.requests,
                                      .preamble = PREAMBLE,
                                      .di = HENG_CJT188_DI_ADDRESS,
                                      .di_swapped = form == 1};
    snprintf(frame.id, sizeof frame.id, "%.14s", address);
    return heng_cjt188_encode(&frame, buf);
}

static heng_rc put_dlt645(const struct heng_search *search, const char *address, uint8_t form, struct heng_buf *buf)
{
    uint8_t bytes[4];
    struct heng_buf data = heng_buf_of(bytes, sizeof bytes);
    bool old = search->kind == HENG_SEARCH_DLT645_1997;
    struct heng_dlt645_frame frame = {.control = HENG_DLT645_C_READ_ADDRESS, .preamble = PREAMBLE};
    if (old || form == 1) {
        frame.control = old ? HENG_DLT645_97_C_READ : HENG_DLT645_C_READ;
        heng_dlt645_put_di(&data, old ? HENG_PROTOCOL_DLT645_1997 : HENG_PROTOCOL_DLT645_2007,
                           old ? 0x9010 : 0x00010000);
    }
    frame.data = heng_buf_slice(&data);
    snprintf(frame.id, sizeof frame.id, "%.12s", address);
    return heng_dlt645_encode(&frame, buf);
}

bool heng_wild_next(struct heng_search *search, struct heng_ask *ret)
{
    struct heng_search_wild *w = &search->wild;
    struct heng_buf buf = heng_buf_of(ret->bytes, sizeof ret->bytes);
    char address[HENG_ADDRESS_MAX];
    if (w->phase == HENG_WILD_END) return false;
    w->form = form_of(search);
    address_of(search, address);
    heng_rc rc =
        is_cjt188(search) ? put_cjt188(search, address, w->form, &buf) : put_dlt645(search, address, w->form, &buf);
    ret->n = buf.n;
    ret->answer_ms = ANSWER_MS;
    ret->gap_ms = is_cjt188(search) ? 0 : GAP_MS;
    ret->idle_ms = IDLE_MS;
    return rc == HENG_OK;
}

/* --- place: "known 17", or "walk 1 3412": type number 1, the bytes that are set, the low one first ---------- */

void heng_wild_place(const struct heng_search *search, struct heng_search_progress *ret)
{
    const struct heng_search_wild *w = &search->wild;
    char set[2 * sizeof w->address + 1] = "-";
    uint32_t done = 0, width = 1000000;
    if (w->phase == HENG_WILD_END) {
        ret->permille = 1000;
        return;
    }
    if (w->phase == HENG_WILD_KNOWN) {
        snprintf(ret->place, sizeof ret->place, "known %zu", w->known_at);
        ret->permille = heng_search_list_permille(search, w->known_at);
        return;
    }
    for (unsigned i = 0; i < w->depth; i++) {
        set[2 * i] = (char)('0' + w->address[i] / 10 % 10);
        set[2 * i + 1] = (char)('0' + w->address[i] % 10);
        set[2 * i + 2] = '\0';
        width /= BYTE_VALUES;
        done += width * w->address[i];
    }
    snprintf(ret->place, sizeof ret->place, "walk %u %s", (unsigned)w->type_at, set);
    ret->permille = 50 + (w->type_at * 1000u + done / 1000) * 95 / 100 / type_count(search);
}

static bool resume_walk(struct heng_search *search, const char *type, const char *set)
{
    struct heng_search_wild *w = &search->wild;
    size_t n = strspn(set, "0123456789");
    if (strlen(type) != 1 || type[0] < '0' || (unsigned)(type[0] - '0') >= type_count(search)) return false;
    w->phase = HENG_WILD_WALK;
    w->type_at = (uint8_t)(type[0] - '0');
    if (strcmp(set, "-") == 0) return true;
    if (set[n] || n % 2 || n == 0 || n > 2u * w->bytes) return false;
    for (size_t i = 0; i < n; i += 2) w->address[w->depth++] = (uint8_t)((set[i] - '0') * 10 + set[i + 1] - '0');
    return true;
}

bool heng_wild_begin(struct heng_search *search, const char *resume)
{
    struct heng_search_wild *w = &search->wild;
    char copy[HENG_SEARCH_PLACE_MAX], *rest = NULL, *words[4] = {NULL};
    w->bytes = is_cjt188(search) ? CJT188_BYTES : DLT645_BYTES;
    snprintf(copy, sizeof copy, "%s", resume);
    for (size_t i = 0; i < 4; i++) words[i] = strtok_r(i ? NULL : copy, " ", &rest);
    if (words[0]) {
        if (words[3]) return false;
        if (strcmp(words[0], "walk") == 0 && words[1] && words[2]) return resume_walk(search, words[1], words[2]);
        size_t n = words[1] ? strspn(words[1], "0123456789") : 0;
        if (strcmp(words[0], "known") != 0 || n == 0 || n > 4 || words[1][n] || words[2]) return false;
        w->known_at = (size_t)strtoul(words[1], NULL, 10);
        if (w->known_at > search->known_count) return false;
    } else if (resume[0]) {
        return false;
    }
    if (!at_known(search)) w->phase = search->known_only ? HENG_WILD_END : HENG_WILD_WALK;
    return true;
}
