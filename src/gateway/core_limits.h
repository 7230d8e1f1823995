#ifndef HENG_GATEWAY_CORE_LIMITS_H
#define HENG_GATEWAY_CORE_LIMITS_H
/* The bounds of the heart of a gateway. */
#include "uplink/uplink.h"

enum {
    CORE_PENDING_ENTRIES = 256, /* as many, or so many bytes, are committed at once */
    CORE_PENDING_BYTES = 256 * 1024,
    CORE_TOKENS_MAX = 512,
    CORE_RETRY_S = 5,          /* a disk that takes nothing is tried again */
    CORE_THIN_S = 60,          /* room is made after so long, ... */
    CORE_THIN_COMMITS = 64,    /* ... so many commits, ... */
    CORE_THIN_PART = 64,       /* ... or such a part of its size written */
    CORE_THIN_STEPS = 4,       /* in one transaction, which must find room in the log, ... */
    CORE_THIN_STEPS_FULL = 16, /* ... or of a journal that is full */
    CORE_BATCH_BYTES = HENG_UPLINK_BATCH_BYTES + HENG_ENTRY_BODY_MAX,
    CORE_LIVE_MAX = 8192, /* meters whose newest read is known; a power of two */
    CORE_LIVE_SCAN = 4096,
    CORE_ORDERS_MAX = 4096,
    CORE_ORDER_DAYS = 7, /* an order that has ended is remembered so long, ... */
    CORE_READ_S = 3600,  /* ... a read so long, and not on disk */
    CORE_OUTCOMES_MAX = 32,
    CORE_ASKERS_MAX = 16, /* strangers that wait for an answer */
    CORE_ASKS_MAX = 32,
    CORE_TUNNELS_MAX = 8,
    CORE_EPOCHS_MAX = 4, /* of a child whose cursors are kept */
    CORE_CHILD_WINDOW_BYTES = 128 * 1024,
    CORE_CHILD_BATCH_BYTES = 32 * 1024,
    CORE_CHILD_HURRY_BYTES = CORE_CHILD_WINDOW_BYTES / 2, /* not committed: it would soon wait for us */
    CORE_CHILD_LOOK_ENTRIES = 16, /* a longer batch is of a child that catches up: nobody waits for one of them */
    CORE_ASIDE_MAX = 640,
    CORE_EVENT_S = 60 /* between two events of the same child */
};

#endif
