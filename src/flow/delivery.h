#ifndef HENG_FLOW_DELIVERY_H
#define HENG_FLOW_DELIVERY_H
/* Batches of gateways into the database: each entry once, and with it, in the same transaction, how far the journal has
 * come. Numbers that are here already change nothing; an entry that cannot be believed is set aside with the reason and
 * does not hold up the others. A known number that says something else is of a box whose disk was put back, or that was
 * cloned: it is kept, under an epoch apart. What such a box tells once more under a new epoch counts once. */
#include "flow/ingest.h"
#include "store/gateways.h"
#include "uplink/host.h"

/* Mistakes that the proof must notice. */
typedef enum heng_delivery_weakness {
    HENG_DELIVERY_STRONG,
    HENG_DELIVERY_NUMBERLESS, /* what is known is taken once more */
    HENG_DELIVERY_UNCOMPARED  /* a number that is known is passed over, whatever it says now */
} heng_delivery_weakness;

/* One batch of gateway_id, its bytes as HENG_HOST_BATCH gave them. live: copies: good reads are stored if they are
 * news, no number moves; what a command brought, and reads that failed, are left to their numbers. What became of it:
 * rc OK: it is here up to durable, its last number. ECONFLICT: it does not go on where the journal ended, which is
 * durable, or tells another history; EFORMAT: it cannot be understood; EDENIED: revoked, or no such gateway: nothing of
 * it was applied; why says so. */
struct heng_delivery {
    int64_t gateway_id;
    bool live;
    struct heng_slice bytes;
    heng_rc rc;
    uint64_t epoch, durable;
    uint32_t stored, same, refused; /* entries; stored: those too that are kept apart */
    char why[160];
    heng_delivery_weakness weaken_for_tests; /* never set in a program */
};

/* In an open transaction; live events and counts go to ret as with heng_ingest_fact. A gateway may speak of the lines
 * and meters that hang on it or ever did, and pass on what gateways say that are below it or ever were: asked of the
 * database. Errors: those of the store: the transaction must be rolled back. What is wrong with the batch is in the
 * delivery. */
HENG_NODISCARD heng_rc heng_delivery_ingest(struct heng_store *store, struct heng_delivery *delivery, heng_us now_us,
                                            struct heng_ingested *ret, struct heng_err *err);

/* The same when a rule of the schema was broken: the entry that does so is set aside, with the reason; if it is not an
 * entry, the delivery is refused (EFORMAT), and the operator told. */
HENG_NODISCARD heng_rc heng_delivery_ingest_carefully(struct heng_store *store, struct heng_delivery *delivery,
                                                      heng_us now_us, struct heng_ingested *ret, struct heng_err *err);

/* Where a gateway goes on: all up to *ret_seq of the epoch is here or gone; 0 and check 0: nothing. check 0 with
 * another number: not known. What another way left out, as when a concentrator thinned what it had to pass on, is asked
 * of its maker once more: numbers behind that are here already change nothing. */
HENG_NODISCARD heng_rc heng_delivery_resume(struct heng_store_reader *reader, int64_t gateway_id, uint64_t epoch,
                                            uint64_t *ret_seq, uint64_t *ret_check, struct heng_err *err);

#endif
