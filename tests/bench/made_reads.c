#include "bench/made_reads.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "uplink/body.h"

/* Counters that go up, as meters have: each value needs about as many bytes as a real one. */
static void fill(const struct made_journal *journal, uint64_t seq, heng_us at_us, struct heng_read *read)
{
    memset(read, 0, offsetof(struct heng_read, values));
    read->device_id = journal->first_device + (int64_t)((seq - 1) % journal->meters);
    read->at_us = at_us;
    read->outcome = HENG_OUTCOME_OK;
    read->tries = 1;
    read->frame_count = 1;
    read->frames[0].at_us = at_us;
    read->frames[0].n = (uint16_t)journal->frame_bytes;
    for (uint32_t i = 0; i < journal->frame_bytes; i++) read->frames[0].bytes[i] = (uint8_t)(seq * 31 + i * 7);
    read->value_count = (uint16_t)journal->values;
    for (uint32_t i = 0; i < journal->values; i++) {
        read->values[i] =
            (struct heng_value){.key = {.quantity = HENG_QUANTITY_ENERGY, .unit = HENG_UNIT_WH, .storage = i},
                                .has_value = true,
                                .dec = {(int64_t)(seq * 10 + i), 3}};
        read->frame_of_value[i] = 0;
    }
}

void made_entry(const struct made_journal *journal, uint64_t seq, struct heng_buf *room, struct heng_entry *ret)
{
    static struct heng_read read;
    struct heng_err err = {.text = ""};
    heng_us at_us = journal->from_us + (heng_us)seq * journal->step_us;
    uint32_t meter = (uint32_t)((seq - 1) % journal->meters);
    fill(journal, seq, at_us, &read);
    struct heng_body body = {
        .kind = HENG_ENTRY_READ,
        .read = {.line_id = journal->first_line + meter / journal->meters_per_line, .read = &read, .due_us = at_us}};
    size_t from = room->n;
    if (heng_body_pack(&body, at_us, room, &err) != HENG_OK || room->full) {
        fprintf(stderr, "entry %llu cannot be packed: %s\n", (unsigned long long)seq, err.text);
        exit(1);
    }
    *ret = (struct heng_entry){.epoch = journal->epoch,
                               .seq = seq,
                               .at_us = at_us,
                               .kind = HENG_ENTRY_READ,
                               .rank = HENG_ENTRY_RANK_PERIODIC,
                               .subject_id = read.device_id,
                               .body = heng_slice_of(room->p + from, room->n - from)};
    ret->check = heng_entry_check(ret);
}
