#ifndef HENG_UPLINK_CARRY_H
#define HENG_UPLINK_CARRY_H
/* A carry file: what a person carries between centre, gateway and handheld when there is no network: a configuration
 * (the route list with meters, profiles and schedules), or entries of a journal, or readings made by hand.
 *
 *   offset  size  meaning
 *        0     8  "HENGCRY1"
 *        8        records, the first of kind H, the last of kind Z and nothing behind it:
 *                   0   4  n, length of the body
 *                   4   1  kind
 *                   5   n  body
 *                 5+n   8  check: FNV-1a, 64 bits, over the magic and all records so far, their checks left out
 *   body H: made_us (8), config_version (8), gateway_id (8), name (the rest, UTF-8)
 *   body C: a Config as in uplink.proto, for a gateway to work by
 *   body R: the same, only to read by: the list of a handheld, which is kept with what was read by it
 *   body E: gateway_id, epoch, seq, at_us, subject_id, check (8 each), kind, rank, doubtful (1 each), the entry's body
 *   body Z: how many records C, R and E there are (8)
 * Numbers: low byte first. The check of an entry itself is heng_entry_check, as its maker made it. Since each record's
 * check covers all before it, a cut, a changed, a lost or a doubled piece is noticed where it begins. */
#include "base/buf.h"
#include "uplink/config.h"

enum {
    HENG_CARRY_RECORD_MAX = HENG_UPLINK_MESSAGE_MAX + 256, /* bytes of one record on disk, the magic included */
    HENG_CARRY_ENTRY_MAX = HENG_ENTRY_BODY_MAX + 256,
    HENG_CARRY_NAME_MAX = 96
};

/* Who made the file, and when (wall clock). */
struct heng_carry_header {
    heng_us made_us;
    uint64_t config_version;
    int64_t gateway_id; /* 0: not known, or a handheld */
    char name[HENG_CARRY_NAME_MAX];
};

/* --- writing: each call appends one record to buf. Errors: ELIMIT: it has no room, nothing was written. --- */

struct heng_carry_writer {
    uint64_t check, count;
};

HENG_NODISCARD heng_rc heng_carry_begin(struct heng_carry_writer *writer, const struct heng_carry_header *header,
                                        struct heng_buf *buf);
HENG_NODISCARD heng_rc heng_carry_put_config(struct heng_carry_writer *writer, struct heng_slice config,
                                             struct heng_buf *buf);
HENG_NODISCARD heng_rc heng_carry_put_route(struct heng_carry_writer *writer, struct heng_slice config,
                                            struct heng_buf *buf);
HENG_NODISCARD heng_rc heng_carry_put_entry(struct heng_carry_writer *writer, const struct heng_entry *entry,
                                            struct heng_buf *buf);
HENG_NODISCARD heng_rc heng_carry_end(struct heng_carry_writer *writer, struct heng_buf *buf);

/* --- reading, in any pieces --- */

typedef enum heng_carry_kind {
    HENG_CARRY_HEADER,
    HENG_CARRY_CONFIG, /* bytes; for heng_config_unpack */
    HENG_CARRY_ROUTE,  /* the same */
    HENG_CARRY_ENTRY   /* entry; its check was not looked at */
} heng_carry_kind;

/* Do these first bytes of a file look like one of ours? Eight are enough. */
bool heng_carry_is(struct heng_slice bytes);

/* Slices are borrowed until the next call. */
struct heng_carry_item {
    heng_carry_kind kind;
    struct heng_carry_header header;
    struct heng_slice bytes;
    struct heng_entry entry;
};

/* Zero-initialised; fini gives the memory back, which is never more than one record and what was fed at once. */
struct heng_carry_reader {
    uint8_t *bytes;
    size_t n, cap, at;
    uint64_t check, count, offset; /* offset: in the file, of the record that comes next */
    bool began, headed, ended;
    heng_rc rc;
};

/* The writer that goes on behind the items that were taken: the file then ends at offset. Ask before next tells of the
 * end. */
struct heng_carry_writer heng_carry_writer_behind(const struct heng_carry_reader *reader);

void heng_carry_reader_fini(struct heng_carry_reader *reader);

/* Hand over the next bytes; take all items before the next ones. Errors: ENOMEM. */
HENG_NODISCARD heng_rc heng_carry_feed(struct heng_carry_reader *reader, struct heng_slice bytes, struct heng_err *err);

/* OK: *ret is the next item. MORE: feed. ENOTFOUND: the file has ended as it should. Errors, latched: EFORMAT,
 * ECHECKSUM, ELIMIT, EUNSUPPORTED (a newer program made it), with the offset in the text. */
HENG_NODISCARD heng_rc heng_carry_next(struct heng_carry_reader *reader, struct heng_carry_item *ret,
                                       struct heng_err *err);

/* Is the meter that we number device_id the one that a list means by that number? The list of another site may number
 * others so. Errors: ENOTFOUND: it is not on the list; ECONFLICT: another serial number, which the text tells. */
HENG_NODISCARD heng_rc heng_carry_same_meter(const struct heng_gateway_config *list, int64_t device_id,
                                             const char *number, struct heng_err *err);

/* The file is over: was that its end? Errors: EFORMAT: it is cut; those of next. */
HENG_NODISCARD heng_rc heng_carry_close(struct heng_carry_reader *reader, struct heng_err *err);

#endif
