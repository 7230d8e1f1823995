#ifndef HENG_TESTS_MADE_READS_H
#define HENG_TESTS_MADE_READS_H
/* The journal of a gateway that is only thought of: what its entry number n says follows from n, so the truth need not
 * be kept to be compared. Entry n is a good read of meter (n - 1) % meters at from_us + n * step_us. */
#include "base/buf.h"
#include "model/entry.h"

/* Its meters are first_device and those that follow, meters_per_line of them on first_line and on each that follows. */
struct made_journal {
    uint64_t epoch;
    int64_t first_line, first_device;
    uint32_t meters, meters_per_line, values, frame_bytes;
    heng_us from_us, step_us;
};

/* Entry seq; its body is written to room, which must have some. Ends the program when that cannot be packed. */
void made_entry(const struct made_journal *journal, uint64_t seq, struct heng_buf *room, struct heng_entry *ret);

#endif
