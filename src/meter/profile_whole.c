/* What can only be judged of a profile when all of it is there: fields against questions, and both among themselves.
 *
 * Nothing may come twice, because the second of two equal registers becomes "#2" and both look like the meter's; and
 * nothing may be described that no question brings, because its absence would be noticed by nobody.
 *
 *   ask   ask      Modbus: registers of one code may not overlap. DL/T 645, CJ/T 188: not the same DI twice, nor, where
 *                  the standard says what they hold, a DL/T 645 block and an item of it (0001FF00 and 00010000)
 *   field ask      a field lies as a whole in what one question reads
 *   field field    not the same register; numbers do not share a part of their bytes. Bits, texts, clocks and bytes may
 *                  lie over a number, and two numbers in the same bytes are two readings of them */
#include "codec/cjt188.h"
#include "meter/profile_reader.h"

static bool is_same_register(const struct heng_field *a, const struct heng_field *b)
{
    const char *qa = a->qualifier ? a->qualifier : "", *qb = b->qualifier ? b->qualifier : "";
    return a->quantity == b->quantity && a->unit == b->unit && a->function == b->function && a->storage == b->storage &&
           a->tariff == b->tariff && a->subunit == b->subunit && strcmp(qa, qb) == 0;
}

/* --- Modbus: places are registers or coils ------------------------------------------------------------------- */

static uint32_t last_place(const struct heng_field *f)
{
    return f->di + (f->function_code <= 2 ? 0U : f->bytes / 2U - 1U);
}

static bool reads_registers(const struct heng_ask_def *ask, const struct heng_field *f)
{
    return ask->function_code == f->function_code && f->di >= ask->di && last_place(f) < ask->di + ask->count;
}

static bool registers_overlap(const struct heng_ask_def *a, const struct heng_ask_def *b)
{
    return a->function_code == b->function_code && a->di < b->di + b->count && b->di < a->di + a->count;
}

/* --- DL/T 645, CJ/T 188: places are bytes behind a data identifier -------------------------------------------- */

/* An address or a key has no fields (codec/cjt188/field.c). */
static bool reads_data(const struct heng_ask_def *ask)
{
    return ask->function_code != HENG_CJT188_C_READ_ADDRESS && ask->function_code != HENG_CJT188_C_READ_KEY_VERSION;
}

static bool has_fields(const struct heng_profile *p, uint32_t di)
{
    for (size_t i = 0; i < p->dialect.field_count; i++)
        if (p->dialect.fields[i].di == di) return true;
    return false;
}

/* In an identifier FF (edition 2007) or F (1997) stands for "all of them"; the first digits name the class and stand
 * for themselves. Source: DL/T 645-2007 clause 6 and appendix A, DL/T 645-1997 clause 6. */
static bool identifiers_meet(uint32_t a, uint32_t b, unsigned bits, unsigned parts)
{
    const uint32_t all = (UINT32_C(1) << bits) - 1;
    for (unsigned i = 0; i < parts; i++, a >>= bits, b >>= bits)
        if ((a & all) != (b & all) && (a & all) != all && (b & all) != all) return false;
    return a == b;
}

static bool data_overlap(const struct heng_profile *p, uint32_t a, uint32_t b)
{
    if (a == b) return true;
    if (has_fields(p, a) || has_fields(p, b)) return false; /* the profile says what they hold: the fields are judged */
    if (p->protocols & 1 << HENG_PROTOCOL_DLT645_2007) return identifiers_meet(a, b, 8, 3);
    return p->protocols & 1 << HENG_PROTOCOL_DLT645_1997 && identifiers_meet(a, b, 4, 3);
}

/* --- both ------------------------------------------------------------------------------------------------------ */

static void check_ask(struct heng_profile_reader *r, const struct heng_profile *p, size_t i)
{
    const struct heng_ask_def *ask = &p->asks[i];
    for (size_t k = 0; k < i; k++) {
        if (heng_profile_is(r, HENG_PROFILE_MODBUS) && registers_overlap(&p->asks[k], ask))
            heng_profile_refuse(r, HENG_ECONFLICT,
                                "ask[%zu]: reads registers that ask[%zu] reads: their values would come twice", i, k);
        if (!heng_profile_is(r, HENG_PROFILE_MODBUS) && data_overlap(p, p->asks[k].di, ask->di))
            heng_profile_refuse(r, HENG_ECONFLICT, "ask[%zu]: reads what ask[%zu] reads: its values would come twice",
                                i, k);
    }
}

static void check_history(struct heng_profile_reader *r, const struct heng_profile *p, size_t i)
{
    uint32_t di = p->history[i].di;
    for (size_t k = 0; k < i; k++)
        if (data_overlap(p, p->history[k].di, di))
            heng_profile_refuse(r, HENG_ECONFLICT,
                                "history[%zu]: reads what history[%zu] reads: its values would come twice", i, k);
    bool old = p->protocols & 1 << HENG_PROTOCOL_DLT645_1997;
    bool now = old ? (di & 0xFC00) == 0x9000 : p->protocols & 1 << HENG_PROTOCOL_CJT188 && di == HENG_CJT188_DI_CURRENT;
    if (now)
        heng_profile_refuse(r, HENG_ECONFLICT, "history[%zu]: %04X is of now; that of the last due date is %04X", i, di,
                            old ? di + HENG_HISTORY_STEP_1997 : HENG_CJT188_DI_HISTORY);
    if (p->protocols & 1 << HENG_PROTOCOL_DLT645_2007 && (di & 0xFF) == 0)
        heng_profile_refuse(r, HENG_ECONFLICT,
                            "history[%zu]: %08X is of now; that of the last due date ends with 01, the number of due "
                            "dates ago",
                            i, di);
}

static bool is_asked(const struct heng_profile_reader *r, const struct heng_profile *p, const struct heng_field *f)
{
    bool modbus = heng_profile_is(r, HENG_PROFILE_MODBUS);
    for (size_t i = 0; i < p->ask_count; i++)
        if (modbus ? reads_registers(&p->asks[i], f) : p->asks[i].di == f->di && reads_data(&p->asks[i])) return true;
    uint32_t step = p->protocols & 1 << HENG_PROTOCOL_DLT645_1997 ? HENG_HISTORY_STEP_1997 : 1;
    for (size_t i = 0; i < p->history_count; i++)
        for (unsigned back = 0; back < HENG_HISTORY_BACK_MAX; back++)
            if (p->history[i].di + back * step == f->di && reads_data(&p->history[i])) return true;
    return false;
}

/* Two numbers of which one begins or ends inside of the other. */
static bool shares_a_part(const struct heng_field *a, const struct heng_field *b, bool modbus)
{
    if (!heng_profile_is_number(a->coding) || !heng_profile_is_number(b->coding)) return false;
    if (a->function_code != b->function_code || (!modbus && a->di != b->di)) return false;
    uint32_t at_a = modbus ? 2 * a->di : a->at, at_b = modbus ? 2 * b->di : b->at;
    bool same = at_a == at_b && a->bytes == b->bytes;
    return !same && at_a < at_b + b->bytes && at_b < at_a + a->bytes;
}

static void refuse_unasked(struct heng_profile_reader *r, size_t i, const struct heng_field *f)
{
    if (heng_profile_is(r, HENG_PROFILE_MODBUS))
        heng_profile_refuse(r, HENG_ECONFLICT, "fields[%zu].address: no 'ask' with code %u reads register %u to %u", i,
                            f->function_code, f->di, last_place(f));
    else
        heng_profile_refuse(r, HENG_ECONFLICT, "fields[%zu].di: no 'ask' reads the data of %0*X", i,
                            heng_profile_is(r, 1 << HENG_PROTOCOL_DLT645_2007) ? 8 : 4, f->di);
}

static void check_field(struct heng_profile_reader *r, const struct heng_profile *p, size_t i)
{
    const struct heng_field *f = &p->dialect.fields[i];
    for (size_t k = 0; k < i; k++) {
        const struct heng_field *before = &p->dialect.fields[k];
        if (is_same_register(before, f))
            heng_profile_refuse(r, HENG_ECONFLICT,
                                "fields[%zu]: is the same register as fields[%zu]: tell them apart by tariff, storage, "
                                "subunit or qualifier",
                                i, k);
        if (shares_a_part(before, f, heng_profile_is(r, HENG_PROFILE_MODBUS)))
            heng_profile_refuse(r, HENG_ECONFLICT,
                                "fields[%zu]: shares a part of its bytes with fields[%zu]: one of the numbers is wrong",
                                i, k);
    }
    if (!is_asked(r, p, f)) refuse_unasked(r, i, f);
}

void heng_profile_check_whole(struct heng_profile_reader *r, const struct heng_profile *p,
                              const struct heng_profile_lines *lines)
{
    if (heng_profile_is(r, HENG_PROFILE_MODBUS) && p->ask_count == 0)
        heng_profile_refuse(r, HENG_EFORMAT, "'ask' is missing: which registers are to be read?");
    for (size_t i = 0; i < p->ask_count && !heng_profile_failed(r); i++) {
        r->json.line = lines->asks[i];
        check_ask(r, p, i);
    }
    for (size_t i = 0; i < p->history_count && !heng_profile_failed(r); i++) {
        r->json.line = lines->history;
        check_history(r, p, i);
    }
    for (size_t i = 0; i < p->dialect.field_count && !heng_profile_failed(r); i++) {
        r->json.line = lines->fields[i];
        check_field(r, p, i);
    }
}
