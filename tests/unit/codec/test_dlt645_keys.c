/* No two identifiers of DL/T 645 yield records of one key: who stores readings by their key must not mix two registers.
 * Blocks are the exception, they hold what their parts have one by one, and events that both tables of 2007 have. */
#include "corpus.h"

#include "codec/dlt645.h"
#include "codec/dlt645/table.h"
#include "codec/present.h"

#include <inttypes.h>

enum { SLOTS = 1 << 21, KEY_MAX = 160, BODY_MAX = 240 };

/* Open addressing; hash 0 is a free slot. */
static struct seen {
    uint64_t hash;
    uint32_t di, telegram;
} table[SLOTS];
static uint32_t used_slots, telegrams;

/* DI2 of 03 and DI3 from 10 on that record the same event. */
static const uint8_t twins[] = {0, 0x10, 0x11, 0x12, 0x13, 0, 0, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1A, 0x1B, 0x1C};

static bool are_twins(uint32_t older, uint32_t newer)
{
    uint8_t kind = older >> 16 & 0xFF;
    return older >> 24 == 0x03 && kind < sizeof twins && twins[kind] && twins[kind] == newer >> 24;
}

static bool same_thing(heng_protocol edition, uint32_t a, uint32_t b)
{
    if (edition == HENG_PROTOCOL_DLT645_1997) return a >> 4 == b >> 4 && ((a & 0x0F) == 0x0F || (b & 0x0F) == 0x0F);
    if (are_twins(a, b) || are_twins(b, a)) return true;
    bool same = true;
    for (unsigned shift = 0; shift < 32; shift += 8) {
        uint8_t of_a = (uint8_t)(a >> shift), of_b = (uint8_t)(b >> shift);
        same = same && (of_a == of_b || of_a == 0xFF || of_b == 0xFF);
    }
    return same;
}

static void key_of(const struct heng_record *r, char ret_key[static KEY_MAX])
{
    char qualifier[HENG_QUALIFIER_MAX];
    heng_record_qualifier(r, qualifier);
    snprintf(ret_key, KEY_MAX, "%s|%" PRIu64 "|%u|%u|%s|%s|%s", heng_function_text(r->function), r->storage, r->tariff,
             r->subunit, heng_quantity_text(r->quantity), heng_unit_text(r->unit), qualifier);
}

static void enter(heng_protocol edition, uint32_t di, const struct heng_record *record)
{
    char key[KEY_MAX];
    key_of(record, key);
    uint64_t hash = UINT64_C(14695981039346656037);
    for (const char *c = key; *c; c++) hash = (hash ^ (uint8_t)*c) * UINT64_C(1099511628211);
    hash += hash == 0;
    size_t at = (size_t)(hash ^ hash >> 32) & (SLOTS - 1);
    while (table[at].hash && table[at].hash != hash) at = (at + 1) & (SLOTS - 1);
    if (!table[at].hash) {
        assert_true(++used_slots < SLOTS / 2);
        table[at] = (struct seen){hash, di, telegrams};
    } else if (table[at].telegram == telegrams) {
        fail_msg("%08X twice: %s", di, key);
    } else if (!same_thing(edition, di, table[at].di)) {
        fail_msg("%08X and %08X: %s", table[at].di, di, key);
    }
}

static size_t bytes_of(const struct heng_dlt645_plan *plan)
{
    size_t turn = 0, all = 0;
    for (size_t i = 0; i < plan->group_count; i++) turn += plan->group[i].bytes ? plan->group[i].bytes : 1;
    for (size_t i = 0; i < plan->turns && all + turn <= BODY_MAX; i++) all += turn;
    return all;
}

/* An answer with a value in each field of the identifier. */
static void sweep_one(heng_protocol edition, uint32_t di)
{
    struct heng_dlt645_plan plan;
    bool known = edition == HENG_PROTOCOL_DLT645_1997 ? heng_dlt645_plan_1997(di, 0, &plan)
                                                      : heng_dlt645_plan_2007(di, 0, &plan);
    if (!known) return;
    uint8_t data[255] = {0}, bytes[300];
    struct heng_buf out = heng_buf_of(bytes, sizeof bytes), buf = heng_buf_of(data, sizeof data);
    heng_dlt645_put_di(&buf, edition, di);
    size_t head = buf.n;
    struct heng_dlt645_frame frame = {
        "000000000001", edition == HENG_PROTOCOL_DLT645_1997 ? 0x81 : 0x91, 0, {data, head + bytes_of(&plan)}};
    assert_int_equal(heng_dlt645_encode(&frame, &out), HENG_OK);
    struct heng_telegram t;
    size_t used;
    assert_int_equal(heng_codec_of(edition)->decode(heng_buf_slice(&out), &t, &used, NULL), HENG_OK);
    struct heng_records records = heng_telegram_records(&t);
    struct heng_record record;
    telegrams++;
    while (heng_record_next(&records, &record, NULL) == HENG_OK) {
        if (record.quantity != HENG_QUANTITY_UNKNOWN)
            enter(edition, di, &record);
        else if (record.kind != HENG_VALUE_BYTES)
            fail_msg("%08X has a value without a quantity", di);
    }
}

static void sweep_rows(heng_protocol edition, const struct heng_dlt645_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (uint32_t di = rows[i].first; di <= rows[i].last; di++) sweep_one(edition, di);
}

static void begin(void)
{
    memset(table, 0, sizeof table);
    used_slots = telegrams = 0;
}

static void test_keys_of_1997_are_unique(void **state)
{
    (void)state;
    begin();
    for (uint32_t di = 0; di <= 0xFFFF; di++) sweep_one(HENG_PROTOCOL_DLT645_1997, di);
    printf("# 1997: %u identifiers, %u keys\n", telegrams, used_slots);
    assert_true(telegrams > 900);
}

/* The rows one by one; of the families every kind with all tariffs or records, some settlements among them. */
static void test_keys_of_2007_are_unique(void **state)
{
    (void)state;
    static const uint8_t lows[] = {0x01, 0x00, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0A, 0x0C, 0x15, 0xFF};
    size_t count;
    const struct heng_dlt645_row *rows = heng_dlt645_rows_2007(&count);
    begin();
    sweep_rows(HENG_PROTOCOL_DLT645_2007, rows, count);
    for (uint32_t high = 0; high <= 0x21FF; high++) {
        if (high >> 8 == 0x04 || (high >> 8 >= 0x06 && high >> 8 < 0x10)) continue; /* rows; load profile, security */
        for (uint32_t middle = 0; middle <= 0x41; middle++) {
            for (size_t i = 0; i < sizeof lows; i++) {
                uint32_t di = high << 16 | (middle == 0x41 ? 0xFF : middle) << 8 | lows[i];
                struct heng_dlt645_plan plan;
                bool is_row = heng_dlt645_plan_rows(rows, count, di, &plan);
                if (!is_row) sweep_one(HENG_PROTOCOL_DLT645_2007, di);
            }
        }
    }
    printf("# 2007: %u identifiers, %u keys\n", telegrams, used_slots);
    assert_true(telegrams > 50000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys_of_1997_are_unique),
        cmocka_unit_test(test_keys_of_2007_are_unique),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
