#ifndef HENG_FLOW_CARRIED_H
#define HENG_FLOW_CARRIED_H
/* A carry file (uplink/carry.h) into the database, at the centre: what a handheld has read, or what a gateway's journal
 * holds. A reading is known by its meter, its moment and its source, so the same file twice, or the same reading by
 * file and by uplink, is stored once. No number of a journal moves: the file proves nothing of who wrote it, and what
 * it left out would be taken for delivered. What only numbers make unique (failed reads, commands, events) stays with
 * the gateway, and comes when that delivers. */
#include "flow/ingest.h"
#include "uplink/carry.h"

enum { HENG_CARRIED_REASONS_MAX = 8 };

/* stored, same, refused: readings; left: entries that are for the gateway itself to deliver. reasons: why readings were
 * refused, each once, how often and of which meter the first time; what has no room there is in refused only. */
struct heng_carried_counts {
    struct heng_carry_header header;
    bool by_hand;
    uint64_t stored, same, refused, left, conflicts;
    struct {
        char why[160];
        uint64_t count;
    } reasons[HENG_CARRIED_REASONS_MAX];
    size_t reason_count;
};

struct heng_carried;

/* Begin, in a transaction of its own. profiles: how frames are read, borrowed until the end; NULL: by the standard.
 * Errors: ENOMEM and those of heng_store_begin. */
HENG_NODISCARD heng_rc heng_carried_begin(struct heng_store *store, const struct heng_profiles *profiles,
                                          heng_us now_us, struct heng_carried **ret, struct heng_err *err);

/* The next bytes of the file. Errors: those of heng_carry_next; ENOTFOUND no such gateway, EDENIED it is revoked,
 * ECONFLICT the file of another site, EUNSUPPORTED nothing that is for the centre; those of the store. */
HENG_NODISCARD heng_rc heng_carried_take(struct heng_carried *carried, struct heng_slice bytes, struct heng_err *err);

/* The file is over. OK: all that was counted is on the disk. Errors: EFORMAT it is cut; those of the store. */
HENG_NODISCARD heng_rc heng_carried_end(struct heng_carried *carried, struct heng_carried_counts *ret,
                                        struct heng_err *err);

/* Without an end that was OK nothing of the file is stored. Accepts NULL. */
void heng_carried_free(struct heng_carried *carried);

#endif
