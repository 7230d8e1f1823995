/* Finding meters by asking one address after another.
 *
 *   M-Bus primary   REQ_UD2 (10 7B A); after a silence SND_NKE (10 40 A), and REQ_UD2 again where that is answered:
 *                   some meters want the one first, some never answer the other
 *   Modbus RTU      holding register 0; after a silence input register 0. An exception is an answer too
 *
 * Garbage three times at one address is two meters. */
#include <stdio.h>
#include <stdlib.h>

#include "codec/mbus.h"
#include "codec/modbus.h"
#include "line/search_kinds.h"

enum { MBUS_FIRST = 0, MBUS_LAST = 250, MODBUS_FIRST = 1, MODBUS_LAST = 247, TRIES = 2, GARBAGE = 3 };
enum { MBUS_ANSWER_BITS = 330, MBUS_ANSWER_MS = 80, MODBUS_ANSWER_MS = 300, MODBUS_IDLE_BITS = 44 };

static bool is_mbus(const struct heng_search *search) { return search->kind == HENG_SEARCH_MBUS_PRIMARY; }

bool heng_row_begin(struct heng_search *search, unsigned first, unsigned last, const char *resume)
{
    struct heng_search_row *row = &search->row;
    unsigned lowest = is_mbus(search) ? MBUS_FIRST : MODBUS_FIRST, highest = is_mbus(search) ? MBUS_LAST : MODBUS_LAST;
    if (first == 0 && last == 0) {
        first = lowest;
        last = highest;
    }
    if (first < lowest || last > highest) return false;
    row->first = row->at = first;
    row->last = last;
    if (!resume[0]) return true;
    size_t n = strspn(resume, "0123456789");
    if (n == 0 || n > 3 || resume[n]) return false;
    row->at = (unsigned)strtoul(resume, NULL, 10);
    return row->at >= first && row->at <= last;
}

static bool is_wanted(const struct heng_search *search, unsigned address)
{
    if (!search->known_only) return true;
    for (size_t i = 0; i < search->known_count; i++) {
        char *end;
        unsigned long known = strtoul(search->known[i].address, &end, 10);
        if (search->known[i].address[0] && *end == '\0' && known == address) return true;
    }
    return false;
}

/* Addresses that nobody is expected at, when only the list is to be confirmed. */
static void skip_unknown(struct heng_search *search)
{
    while (search->row.at <= search->row.last && !is_wanted(search, search->row.at)) search->row.at++;
}

static heng_rc put_mbus(const struct heng_search_row *row, struct heng_ask *ret, struct heng_buf *buf)
{
    bool reset = row->tries && !row->awake;
    uint8_t control = reset ? HENG_MBUS_C_SND_NKE : HENG_MBUS_C_REQ_UD2 | HENG_MBUS_C_FCB;
    ret->answer_bits = MBUS_ANSWER_BITS;
    ret->answer_ms = MBUS_ANSWER_MS;
    return heng_mbus_encode_short(control, (uint8_t)row->at, buf);
}

static heng_rc put_modbus(const struct heng_search_row *row, struct heng_ask *ret, struct heng_buf *buf)
{
    uint8_t bytes[5];
    struct heng_buf pdu = heng_buf_of(bytes, sizeof bytes);
    uint8_t function_code = row->tries ? HENG_MODBUS_READ_INPUT_REGISTERS : HENG_MODBUS_READ_HOLDING_REGISTERS;
    ret->answer_ms = MODBUS_ANSWER_MS;
    ret->idle_bits = MODBUS_IDLE_BITS;
    heng_rc rc = heng_modbus_put_read(function_code, 0, 1, &pdu);
    return rc == HENG_OK ? heng_modbus_encode_rtu((uint8_t)row->at, heng_buf_slice(&pdu), buf) : rc;
}

bool heng_row_next(struct heng_search *search, struct heng_ask *ret)
{
    struct heng_buf buf = heng_buf_of(ret->bytes, sizeof ret->bytes);
    skip_unknown(search);
    if (search->row.at > search->row.last) return false;
    heng_rc rc = is_mbus(search) ? put_mbus(&search->row, ret, &buf) : put_modbus(&search->row, ret, &buf);
    ret->n = buf.n;
    return rc == HENG_OK;
}

static void next_address(struct heng_search_row *row)
{
    row->at++;
    row->tries = row->broken = 0;
    row->awake = false;
}

/* The meter, or the meters, at this address. */
static bool tell(struct heng_search *search, const struct heng_telegram *t, struct heng_search_found *ret)
{
    struct heng_search_told told = {.address = ""};
    *ret = (struct heng_search_found){.protocol = is_mbus(search) ? HENG_PROTOCOL_MBUS : HENG_PROTOCOL_MODBUS_RTU,
                                      .medium = HENG_MEDIUM_UNKNOWN,
                                      .primary = -1,
                                      .twin = t == NULL};
    snprintf(ret->address, sizeof ret->address, "%u", search->row.at);
    memcpy(told.address, ret->address, sizeof told.address);
    if (t && is_mbus(search)) {
        ret->medium = t->medium;
        snprintf(ret->number, sizeof ret->number, "%s", t->id);
        snprintf(ret->manufacturer, sizeof ret->manufacturer, "%s", t->manufacturer);
        if (t->has_address) ret->primary = t->address;
    }
    next_address(&search->row);
    return heng_search_tell(search, &told, ret);
}

static bool is_answer(const struct heng_search *search, const struct heng_telegram *t)
{
    if (is_mbus(search)) return t->kind != HENG_TELEGRAM_ACK;
    return t->address == search->row.at;
}

bool heng_row_heard(struct heng_search *search, heng_search_heard heard, const struct heng_telegram *telegram,
                    struct heng_search_found *ret_found)
{
    struct heng_search_row *row = &search->row;
    switch (heard) {
    case HENG_SEARCH_CUT: return false;
    case HENG_SEARCH_FRAME:
        if (is_answer(search, telegram)) return tell(search, telegram, ret_found);
        /* E5 to SND_NKE, or a late answer of somebody else. */
        row->awake = row->awake || telegram->kind == HENG_TELEGRAM_ACK;
        if (++row->broken < 2 * GARBAGE) return false;
        break;
    case HENG_SEARCH_GARBAGE:
        if (++row->broken < GARBAGE) return false;
        search->progress.collisions++;
        return tell(search, NULL, ret_found);
    case HENG_SEARCH_NOTHING:
        if (++row->tries < TRIES + (row->broken > 0)) return false;
        break;
    }
    next_address(row);
    return false;
}

void heng_row_place(const struct heng_search *search, struct heng_search_progress *ret)
{
    const struct heng_search_row *row = &search->row;
    snprintf(ret->place, sizeof ret->place, "%u", row->at <= row->last ? row->at : row->last);
    uint32_t done = 0, all = 0;
    for (unsigned address = row->first; address <= row->last; address++) {
        if (!is_wanted(search, address)) continue;
        all++;
        done += address < row->at;
    }
    ret->permille = all ? done * 1000 / all : 1000;
}
