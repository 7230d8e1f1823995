/* Finding M-Bus meters by their secondary addresses: what one selection holds.
 *
 *   step      request                           heard              then
 *   SELECT    68 0B 0B 68 53 FD 52 mask         nothing            again, or the node is empty
 *             (11h bytes with fabrication no.)  E5, or garbage     READ
 *   READ      10 7B|5B FD                       answer that fits   EXACT, or it is confirmed already
 *                                               another answer     again; then several
 *                                               garbage            again; then several
 *                                               nothing            again; then empty, or several that do not answer
 *   EXACT     the select of what was heard      E5                 it is real. On a noisy line the node is asked anew
 *                                               nothing            it was the sum of several answers
 *   CONTROL   before several are believed in:   nothing            they are there: the node is split
 *             a select that fits nobody         anything, 4 times  a converter hums, or a meter takes every select for
 *                                                                  its own: the node is asked anew, and given up when
 *                                                                  that stays so, instead of all 10^8
 *
 * E5 of several meters is an E5, so it says that somebody is there and not how many. Their answers are ANDed bit by bit
 * on the wire, which no checksum survives, but for two cases: one meter missed the select (so a noisy line is asked
 * three times), or all ones of the visible answer are ones in the hidden one too, as with new meters of neighbouring
 * numbers that stand at zero: behind an answer with so few ones the numbers that it could hide are asked one by one.
 * After the E5 of a wild card the bus is left alone until the slowest meter has said its own, else it would be deaf to
 * the question and its answer missed.
 * Source: EN 13757-2:2018 clause 5 (330 bit times + 50 ms), EN 13757-3:2013 clause 11. */
#include <stdio.h>
#include <stdlib.h>

#include "base/hex.h"
#include "codec/mbus.h"
#include "line/search_kinds.h"

/* ANSWER_MS: 50 by the standard, and a margin. ALL_BITS: until every E5 has come, at 2400 baud. */
enum { ANSWER_BITS = 330, ANSWER_MS = 80, ALL_BITS = 460, IDLE_BITS = 33, ID_DIGITS = 8 };
enum {
    HEADER_AT = 7,
    HEADER = 8,
    MSB_FIRST = 0x76,
    SHOWN_ONES = 24,
    MUTE_MAX = 3,
    CONTROL_MAX = 4,
    GIVEN_UP_AFTER = 2
};

typedef enum verdict { VERDICT_ASK, VERDICT_EMPTY, VERDICT_SINGLE, VERDICT_MANY } verdict;

/* --- the node -------------------------------------------------------------------------------------------- */

static void fresh(struct heng_search_secondary *s)
{
    s->step = HENG_STEP_SELECT;
    s->silent = s->acks = s->mute = s->broken = s->odd = s->exact_silent = s->exact_broken = s->confirmed = 0;
    s->control = s->given_up = 0;
    s->has_candidate = s->candidate_sure = s->light = s->trouble = false;
}

static const struct heng_search_level *top(const struct heng_search_secondary *s)
{
    return s->depth ? &s->levels[s->depth - 1] : NULL;
}

static bool all_digits(const struct heng_search_mask *mask)
{
    for (unsigned i = 0; i < ID_DIGITS; i++)
        if (heng_search_digit(mask->wire, i) == 0x0F) return false;
    return true;
}

static bool is_exact(const struct heng_search_mask *mask)
{
    return all_digits(mask) && !(mask->wire[4] == 0xFF && mask->wire[5] == 0xFF) && mask->wire[6] != 0xFF &&
           mask->wire[7] != 0xFF;
}

/* Two answers to one question. Several meters explain that; with one, or none, the line is not clean, and silence must
 * not be believed at once any more. */
static void note_trouble(struct heng_search_secondary *s, verdict judged)
{
    if (s->noisy || !s->trouble || judged == VERDICT_MANY) return;
    s->noisy = true;
    if (s->phase == HENG_SECONDARY_WALK) heng_walk_place(s, s->noisy_from);
}

static bool is_letter_child(const struct heng_search_secondary *s)
{
    const struct heng_search_level *level = top(s);
    return level && level->axis < ID_DIGITS && level->child >= 10;
}

/* How often silence is heard before it is believed. */
static unsigned silence_max(const struct heng_search_secondary *s)
{
    if (s->acks || s->has_candidate || s->depth == 0) return 3;
    if (!s->noisy) return 1;
    return is_letter_child(s) || top(s)->axis >= HENG_AXIS_MEDIUM ? 2 : 3;
}

static unsigned garbage_max(const struct heng_search_secondary *s, const struct heng_search_mask *mask)
{
    unsigned usual = all_digits(mask) ? 4 : 2; /* behind the digits a needless split costs a minute */
    return s->has_candidate ? usual + 1 : usual;
}

/* --- what is heard --------------------------------------------------------------------------------------- */

/* The identity in an answer, as a select has it; what it does not say is FF. */
static bool identity_of(const struct heng_telegram *t, uint8_t ret[8])
{
    memset(ret, 0xFF, 8);
    if (t->kind == HENG_TELEGRAM_FIXED && t->id[0]) {
        uint8_t id[4];
        struct heng_buf buf = heng_buf_of(id, sizeof id);
        if (heng_hex_parse(heng_slice_str(t->id), &buf, NULL) != HENG_OK || buf.n != sizeof id) return false;
        for (size_t i = 0; i < sizeof id; i++) ret[i] = id[3 - i];
        return true;
    }
    if (t->kind != HENG_TELEGRAM_VARIABLE || !t->has_header || !t->id[0] || t->frame.n < HEADER_AT + HEADER)
        return false;
    const uint8_t *p = t->frame.p + HEADER_AT;
    memcpy(ret, p, HEADER);
    if (t->ci == MSB_FIRST) {
        for (size_t i = 0; i < 4; i++) ret[i] = p[3 - i];
        ret[4] = p[5];
        ret[5] = p[4];
    }
    return true;
}

/* Does the answer fit the selection? Its FF bytes say nothing. */
static bool fits(const struct heng_search_mask *mask, const uint8_t wire[8])
{
    uint8_t soft[8];
    memcpy(soft, mask->wire, sizeof soft);
    if (wire[4] == 0xFF && wire[5] == 0xFF) soft[4] = soft[5] = 0xFF;
    for (size_t i = 6; i < 8; i++)
        if (wire[i] == 0xFF) soft[i] = 0xFF;
    return heng_search_fits(soft, wire);
}

static unsigned ones_of(struct heng_slice bytes)
{
    unsigned n = 0;
    for (size_t i = 0; i < bytes.n; i++)
        for (unsigned b = bytes.p[i]; b; b &= b - 1) n++;
    return n;
}

/* Does the answer show so few ones that a second one could hide behind it? Clock and numbers do not count: they are
 * alike in two meters. The fabrication number is taken along. */
static bool is_light(const struct heng_telegram *t, char ret_fabrication[24])
{
    struct heng_records records = heng_telegram_records(t);
    struct heng_record record;
    unsigned ones = 0;
    ret_fabrication[0] = '\0';
    while (heng_record_next(&records, &record, NULL) == HENG_OK) {
        if (record.quantity == HENG_QUANTITY_FABRICATION_NUMBER) {
            if (record.kind == HENG_VALUE_DEC && record.dec.exp == 0)
                snprintf(ret_fabrication, 24, "%08lld", (long long)record.dec.mantissa);
        } else if (record.kind == HENG_VALUE_DEC) {
            ones += ones_of(record.data);
        }
    }
    return ones < SHOWN_ONES;
}

static void name(const uint8_t wire[8], char ret_address[HENG_ADDRESS_MAX], char ret_number[24])
{
    snprintf(ret_number, 24, "%02X%02X%02X%02X", wire[3], wire[2], wire[1], wire[0]);
    snprintf(ret_address, HENG_ADDRESS_MAX, "%.8s%02X%02X%02X%02X", ret_number, wire[4], wire[5], wire[6], wire[7]);
}

static void take_candidate(struct heng_search_secondary *s, const struct heng_telegram *t, const uint8_t wire[8])
{
    char fabrication[24];
    struct heng_search_mask mask;
    s->has_candidate = true;
    s->light = is_light(t, fabrication);
    memcpy(s->candidate_wire, wire, sizeof s->candidate_wire);
    s->candidate = (struct heng_search_found){.protocol = HENG_PROTOCOL_MBUS, .medium = t->medium, .primary = -1};
    name(wire, s->candidate.address, s->candidate.number);
    snprintf(s->candidate.manufacturer, sizeof s->candidate.manufacturer, "%s", t->manufacturer);
    if (t->has_address && t->address <= 250) s->candidate.primary = t->address;
    heng_walk_mask(s, &mask);
    if (mask.enhanced) {
        s->candidate.twin = true; /* only the number tells it from its neighbours, and no address holds it */
        if (fabrication[0]) memcpy(s->candidate.number, fabrication, sizeof fabrication);
    }
    s->candidate_sure = is_exact(&mask) && memcmp(mask.wire, wire, sizeof mask.wire) == 0;
}

/* It is real; a noisy line may have hidden another one behind it, so the node is asked twice more. */
static verdict confirmed(struct heng_search_secondary *s)
{
    unsigned wanted = s->noisy && !(top(s) == NULL && s->candidate_sure) ? 3 : 1;
    s->candidate_sure = true;
    if (s->broken || s->silent || s->odd || s->exact_silent || s->exact_broken) {
        s->trouble = true;
        wanted = 3;
    }
    s->step = HENG_STEP_SELECT;
    return s->confirmed >= wanted ? VERDICT_SINGLE : VERDICT_ASK;
}

static verdict heard_answer(struct heng_search_secondary *s, const struct heng_search_mask *mask,
                            const struct heng_telegram *t)
{
    uint8_t wire[8];
    s->step = HENG_STEP_SELECT;
    if (!identity_of(t, wire) || !fits(mask, wire)) {
        /* A late answer, or one that does not say who it is from. */
        if (t->kind == HENG_TELEGRAM_ACK) return ++s->mute >= MUTE_MAX ? VERDICT_MANY : VERDICT_ASK;
        return ++s->odd >= 3 ? VERDICT_MANY : VERDICT_ASK;
    }
    if (s->has_candidate && memcmp(s->candidate_wire, wire, sizeof wire) != 0) return VERDICT_MANY;
    if (!s->has_candidate) take_candidate(s, t, wire);
    s->confirmed++;
    if (s->candidate_sure) return confirmed(s);
    s->step = HENG_STEP_EXACT;
    return VERDICT_ASK;
}

static verdict heard_read(struct heng_search_secondary *s, const struct heng_search_mask *mask, heng_search_heard heard,
                          const struct heng_telegram *t)
{
    if (heard == HENG_SEARCH_FRAME) return heard_answer(s, mask, t);
    s->step = HENG_STEP_SELECT;
    if (heard == HENG_SEARCH_NOTHING) {
        if (++s->mute < MUTE_MAX) return VERDICT_ASK;
        if (s->acks >= 2 || s->has_candidate) return VERDICT_MANY;
        s->trouble = true;
        return VERDICT_EMPTY;
    }
    return ++s->broken < garbage_max(s, mask) ? VERDICT_ASK : VERDICT_MANY;
}

static verdict heard_select(struct heng_search_secondary *s, heng_search_heard heard, const struct heng_telegram *t)
{
    if (heard == HENG_SEARCH_NOTHING) {
        if (s->acks || s->has_candidate) s->trouble = true;
        if (++s->silent < silence_max(s)) return VERDICT_ASK;
        return s->has_candidate ? VERDICT_MANY : s->acks >= 2 ? VERDICT_MANY : VERDICT_EMPTY;
    }
    if (heard == HENG_SEARCH_FRAME && t->kind == HENG_TELEGRAM_ACK) {
        if (s->silent && s->acks == 0) s->trouble = true;
        if (s->acks < 100) s->acks++;
    }
    s->step = HENG_STEP_READ;
    return VERDICT_ASK;
}

static verdict heard_exact(struct heng_search_secondary *s, const struct heng_search_mask *mask,
                           heng_search_heard heard, const struct heng_telegram *t)
{
    if (heard == HENG_SEARCH_FRAME && t->kind == HENG_TELEGRAM_ACK) return confirmed(s);
    if (heard == HENG_SEARCH_NOTHING) {
        if (++s->exact_silent < 3) return VERDICT_ASK;
        if (!all_digits(mask)) return VERDICT_MANY;
        /* Its answer has another identity than its selection: then the address is what it was selected by. */
        memcpy(s->candidate_wire, mask->wire, sizeof s->candidate_wire);
        name(mask->wire, s->candidate.address, s->candidate.number);
        return VERDICT_SINGLE;
    }
    return ++s->exact_broken < 3 ? VERDICT_ASK : VERDICT_MANY;
}

static verdict heard_control(struct heng_search_secondary *s, heng_search_heard heard)
{
    if (heard == HENG_SEARCH_NOTHING) return VERDICT_MANY;
    uint8_t given_up = (uint8_t)(s->given_up + 1);
    s->trouble = true;
    if (++s->control < CONTROL_MAX) return VERDICT_ASK; /* one late answer proves nothing */
    if (given_up >= GIVEN_UP_AFTER) return VERDICT_EMPTY;
    fresh(s);
    s->given_up = given_up;
    return VERDICT_ASK;
}

/* --- from node to node ----------------------------------------------------------------------------------- */

static size_t told_under(const struct heng_search *search, const struct heng_search_mask *mask, bool *ret_known)
{
    size_t n = 0;
    for (size_t i = 0; i < search->told_count; i++) {
        if (!heng_search_fits(mask->wire, search->told[i].wire)) continue;
        *ret_known = search->told[i].known;
        n++;
    }
    return n;
}

static bool select_known(struct heng_search *search)
{
    struct heng_search_secondary *s = &search->secondary;
    while (s->known_at < search->known_count && !search->known[s->known_at].has_wire) s->known_at++;
    if (s->known_at >= search->known_count) return false;
    memcpy(s->base.wire, search->known[s->known_at].wire, sizeof s->base.wire);
    return true;
}

/* The next tree: the next known meter, all meters, once more all meters. */
/* So many meters' answers without damage say that a line is clean. */
enum { SURE_METERS = 100 };

static void next_tree(struct heng_search *search)
{
    struct heng_search_secondary *s = &search->secondary;
    memset(&s->base, 0xFF, sizeof s->base);
    memset(s->base.fabrication, 0x0F, sizeof s->base.fabrication);
    s->base.enhanced = false;
    s->depth = 0;
    switch (s->phase) {
    case HENG_SECONDARY_KNOWN:
        s->known_at++;
        if (select_known(search)) return;
        s->phase = search->known_only ? HENG_SECONDARY_END : HENG_SECONDARY_WALK;
        return;
    case HENG_SECONDARY_WALK:
        /* Few answers came whole by luck, perhaps: where so little was heard, all of silence is asked again. */
        s->phase = HENG_SECONDARY_END;
        if (s->noisy_from[0] || (search->told_count && search->told_count < SURE_METERS))
            s->phase = HENG_SECONDARY_AGAIN;
        return;
    case HENG_SECONDARY_AGAIN:
    case HENG_SECONDARY_END: s->phase = HENG_SECONDARY_END; return;
    }
}

/* Has the second walk come to where silence was asked again the first time already? */
static bool is_repeated(const struct heng_search_secondary *s)
{
    char place[9];
    heng_walk_place(s, place);
    /* Below that place all is asked, too. */
    return s->phase == HENG_SECONDARY_AGAIN && s->noisy_from[0] &&
           strncmp(place, s->noisy_from, strlen(s->noisy_from)) > 0;
}

static bool tell_mask(struct heng_search *search, const struct heng_search_mask *mask, struct heng_search_found *ret)
{
    struct heng_search_told told = {.address = ""};
    *ret = (struct heng_search_found){
        .protocol = HENG_PROTOCOL_MBUS, .medium = HENG_MEDIUM_UNKNOWN, .primary = -1, .twin = true};
    memcpy(told.wire, mask->wire, sizeof told.wire);
    memcpy(told.fabrication, mask->fabrication, sizeof told.fabrication);
    name(mask->wire, ret->address, ret->number);
    if (mask->wire[7] != 0xFF) ret->medium = heng_mbus_medium(mask->wire[7]);
    if (!(mask->wire[4] == 0xFF && mask->wire[5] == 0xFF)) {
        unsigned letters = (unsigned)(mask->wire[4] | mask->wire[5] << 8);
        for (unsigned i = 0; i < 3; i++) ret->manufacturer[i] = (char)('@' + (letters >> (10 - 5 * i) & 31));
    }
    return heng_search_tell(search, &told, ret);
}

/* What need not be asked: two that were found under a selection are several; the very id of a known meter that was
 * found is not read again. */
static verdict foreseen(const struct heng_search *search)
{
    const struct heng_search_secondary *s = &search->secondary;
    struct heng_search_mask mask;
    bool known = false;
    heng_walk_mask(s, &mask);
    if (s->phase == HENG_SECONDARY_KNOWN || mask.enhanced || (s->depth && top(s)->axis >= HENG_AXIS_MEDIUM))
        return VERDICT_ASK;
    size_t n = told_under(search, &mask, &known);
    if (n >= 2) return VERDICT_MANY;
    return n == 1 && known && all_digits(&mask) ? VERDICT_EMPTY : VERDICT_ASK;
}

/* Leave the node, with the verdict on it, for the next one that must be asked. True: *ret_found is a meter. */
static bool leave(struct heng_search *search, verdict judged, struct heng_search_found *ret_found)
{
    struct heng_search_secondary *s = &search->secondary;
    bool found = false, twin = false;
    struct heng_search_mask mask;
    while (judged != VERDICT_ASK) {
        struct heng_search_level *level = s->depth ? &s->levels[s->depth - 1] : NULL;
        bool tests = level && level->axis == HENG_AXIS_FABRICATION && level->child == 0;
        if (level && judged != VERDICT_EMPTY)
            level->explained = (uint16_t)(level->explained + (judged == VERDICT_MANY ? 2 : 1));
        heng_walk_mask(s, &mask);
        if (judged == VERDICT_MANY && !tests && !heng_walk_split(search))
            found = tell_mask(search, &mask, ret_found) || found;
        bool more = heng_walk_next(search, &twin, &mask) && !is_repeated(s);
        if (twin) found = tell_mask(search, &mask, ret_found) || found;
        if (!more) next_tree(search);
        fresh(s);
        judged = s->phase == HENG_SECONDARY_END || found ? VERDICT_ASK : foreseen(search);
    }
    return found;
}

static bool tell_candidate(struct heng_search *search, const struct heng_search_mask *mask,
                           struct heng_search_found *ret_found)
{
    struct heng_search_secondary *s = &search->secondary;
    struct heng_search_told told = {.address = ""};
    memcpy(told.wire, s->candidate_wire, sizeof told.wire);
    memcpy(told.fabrication, mask->fabrication, sizeof told.fabrication);
    *ret_found = s->candidate;
    return heng_search_tell(search, &told, ret_found);
}

bool heng_secondary_heard(struct heng_search *search, heng_search_heard heard, const struct heng_telegram *t,
                          struct heng_search_found *ret_found)
{
    struct heng_search_secondary *s = &search->secondary;
    struct heng_search_mask mask;
    verdict judged = VERDICT_ASK;
    bool found = false;
    if (heard == HENG_SEARCH_CUT) {
        s->step = s->step == HENG_STEP_READ ? HENG_STEP_SELECT : s->step;
        return false;
    }
    heng_walk_mask(s, &mask);
    switch (s->step) {
    case HENG_STEP_SELECT: judged = heard_select(s, heard, t); break;
    case HENG_STEP_READ: judged = heard_read(s, &mask, heard, t); break;
    case HENG_STEP_EXACT: judged = heard_exact(s, &mask, heard, t); break;
    case HENG_STEP_CONTROL: judged = heard_control(s, heard); break;
    }
    if (judged == VERDICT_MANY && s->step != HENG_STEP_CONTROL) {
        s->step = HENG_STEP_CONTROL;
        judged = VERDICT_ASK;
    }
    if (judged == VERDICT_MANY) search->progress.collisions++;
    if (judged != VERDICT_ASK) note_trouble(s, judged);
    bool tests = top(s) && top(s)->axis == HENG_AXIS_FABRICATION && top(s)->child == 0;
    if (judged == VERDICT_SINGLE && !tests) {
        found = tell_candidate(search, &mask, ret_found);
        if (s->light && !all_digits(&mask)) {
            uint8_t under[8];
            memcpy(under, s->candidate_wire, sizeof under);
            if (s->depth) s->levels[s->depth - 1].explained++;
            heng_walk_split_shadow(s, under);
            judged = VERDICT_EMPTY; /* the node itself is done */
        }
    }
    struct heng_search_found other = {.primary = -1};
    if (leave(search, judged, &other)) {
        *ret_found = other;
        found = true;
    }
    return found;
}

/* --- requests -------------------------------------------------------------------------------------------- */

static heng_rc put_select(const struct heng_search_mask *mask, struct heng_buf *buf)
{
    uint8_t bytes[14];
    struct heng_buf data = heng_buf_of(bytes, sizeof bytes);
    heng_buf_put(&data, heng_slice_of(mask->wire, sizeof mask->wire));
    if (mask->enhanced) {
        heng_buf_u8(&data, 0x0C);
        heng_buf_u8(&data, 0x78);
        for (size_t i = 8; i > 0; i -= 2)
            heng_buf_u8(&data, (uint8_t)(mask->fabrication[i - 2] << 4 | mask->fabrication[i - 1]));
    }
    return heng_mbus_encode_long(HENG_MBUS_C_SND_UD, HENG_MBUS_SELECTED, HENG_MBUS_CI_SELECT, heng_buf_slice(&data),
                                 buf);
}

bool heng_secondary_next(struct heng_search *search, struct heng_ask *ret)
{
    struct heng_search_secondary *s = &search->secondary;
    static const struct heng_search_mask nobody = {.wire = {0xEE, 0xEE, 0xEE, 0xEE, 0x00, 0x00, 0xFE, 0xFE}};
    struct heng_search_mask mask;
    struct heng_buf buf = heng_buf_of(ret->bytes, sizeof ret->bytes);
    heng_rc rc = HENG_OK;
    if (s->phase == HENG_SECONDARY_END) return false;
    heng_walk_mask(s, &mask);
    ret->answer_bits = ANSWER_BITS;
    ret->answer_ms = ANSWER_MS;
    ret->idle_bits = IDLE_BITS;
    switch (s->step) {
    case HENG_STEP_SELECT:
        rc = put_select(&mask, &buf);
        ret->idle_bits = is_exact(&mask) ? IDLE_BITS : ALL_BITS;
        break;
    case HENG_STEP_READ:
        s->fcb = !s->fcb;
        rc = heng_mbus_encode_short((uint8_t)(HENG_MBUS_C_REQ_UD2 | (s->fcb ? HENG_MBUS_C_FCB : 0)), HENG_MBUS_SELECTED,
                                    &buf);
        ret->tied = true;
        break;
    case HENG_STEP_EXACT:
        memcpy(mask.wire, s->candidate_wire, sizeof mask.wire);
        rc = put_select(&mask, &buf);
        break;
    case HENG_STEP_CONTROL: rc = put_select(&nobody, &buf); break;
    }
    if (s->step != HENG_STEP_READ) search->progress.selects++;
    ret->n = buf.n;
    return rc == HENG_OK;
}

/* --- place ----------------------------------------------------------------------------------------------- */

/*   known 17          the list, from its entry 17 on
 *   walk 0314         from the selection 0314FFFF on
 *   walk 0314 noise   the same on a noisy line
 *   walk 0314 noise 02  noisy since 02
 *   again 0314 noise 05   the second walk, which ends behind 05; without a place behind all */
void heng_secondary_place(const struct heng_search *search, struct heng_search_progress *ret)
{
    const struct heng_search_secondary *s = &search->secondary;
    char place[9];
    heng_walk_place(s, place);
    const char *noise = s->noisy ? " noise" : "", *space = s->noisy_from[0] ? " " : "";
    switch (s->phase) {
    case HENG_SECONDARY_KNOWN:
        snprintf(ret->place, sizeof ret->place, "known %zu", s->known_at);
        ret->permille = heng_search_list_permille(search, s->known_at);
        break;
    case HENG_SECONDARY_WALK:
        snprintf(ret->place, sizeof ret->place, "walk %s%s%s%s", place[0] ? place : "-", noise, space, s->noisy_from);
        ret->permille = 50 + heng_walk_permille(s) * 85 / 100;
        break;
    case HENG_SECONDARY_AGAIN:
        snprintf(ret->place, sizeof ret->place, "again %s%s%s%s", place[0] ? place : "-", noise, space, s->noisy_from);
        ret->permille = 900 + heng_walk_permille(s) / 10;
        break;
    case HENG_SECONDARY_END: ret->permille = 1000; break;
    }
}

static bool is_path(const char *text)
{
    size_t n = strlen(text);
    return n >= 1 && n <= ID_DIGITS && strspn(text, "0123456789ABCDE") == n;
}

static bool resume_walk(struct heng_search_secondary *s, char *path, const char *noise, const char *from)
{
    if (strcmp(path, "-") == 0) path[0] = '\0';
    if (path[0] && !is_path(path)) return false;
    if (noise && strcmp(noise, "noise") != 0) return false;
    if (from && !is_path(from)) return false;
    s->noisy = noise != NULL;
    if (from) snprintf(s->noisy_from, sizeof s->noisy_from, "%s", from);
    for (unsigned i = 0; path[i]; i++) {
        uint16_t child = (uint16_t)(path[i] <= '9' ? path[i] - '0' : path[i] - 'A' + 10);
        s->levels[s->depth++] = (struct heng_search_level){.axis = (uint8_t)i, .child = child, .explained = 2};
    }
    return true;
}

static bool resume_at(struct heng_search *search, const char *text)
{
    struct heng_search_secondary *s = &search->secondary;
    char copy[HENG_SEARCH_PLACE_MAX], *rest = NULL, *words[5] = {NULL};
    snprintf(copy, sizeof copy, "%s", text);
    for (size_t i = 0; i < 5; i++) words[i] = strtok_r(i ? NULL : copy, " ", &rest);
    if (!words[0] || !words[1] || words[4]) return false;
    bool walk = strcmp(words[0], "walk") == 0, again = strcmp(words[0], "again") == 0;
    if (walk || again) {
        s->phase = walk ? HENG_SECONDARY_WALK : HENG_SECONDARY_AGAIN;
        memset(s->base.wire, 0xFF, sizeof s->base.wire);
        return resume_walk(s, words[1], words[2], words[3]);
    }
    size_t n = strlen(words[1]);
    if (strcmp(words[0], "known") != 0 || words[2] || n > 4 || strspn(words[1], "0123456789") != n) return false;
    s->known_at = (size_t)strtoul(words[1], NULL, 10);
    return s->known_at <= search->known_count;
}

bool heng_secondary_begin(struct heng_search *search, const char *resume)
{
    struct heng_search_secondary *s = &search->secondary;
    memset(s->base.wire, 0xFF, sizeof s->base.wire);
    memset(s->base.fabrication, 0x0F, sizeof s->base.fabrication);
    if (resume[0] && !resume_at(search, resume)) return false;
    if (s->phase == HENG_SECONDARY_KNOWN && !select_known(search)) next_tree(search);
    fresh(s);
    return true;
}
