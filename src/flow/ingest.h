#ifndef HENG_FLOW_INGEST_H
#define HENG_FLOW_INGEST_H
/* Facts from the lines and from gateways into the database: the one way in for readings. */
#include "base/zone.h"
#include "flow/gateways.h"
#include "flow/orders.h"
#include "flow/views.h"
#include "store/store.h"

/* What a line has to tell. counters are added to those in the database: what was counted since the last fact. */
struct heng_line_fact {
    int64_t line_id;
    heng_us at_us;
    heng_line_state state;
    char detail[HENG_DETAIL_MAX]; /* why it is down, else "" */
    heng_us last_answer_us;       /* 0: none since the last fact */
    struct heng_line_counters counters;
    struct heng_line_vitals_status vitals;
};

/* A search begins (fresh: what the last one of its kind found is forgotten), or has got on. */
struct heng_search_fact {
    struct heng_search_row row;
    bool fresh;
};

/* A meter answered a search. */
struct heng_found_fact {
    int64_t line_id;
    heng_search_kind kind;
    struct heng_found_row row;
};

/* Somebody wants to become a gateway (decide false: kept, or noted that it came again), or a person has decided: state,
 * why, certificate of enrolment. Accepted: it becomes the gateway of gateway.key, made with its name and parent if
 * there is none yet, with the certificate of gateway.common_name, .serial and .expires_us. enrolment: as it is
 * afterwards. rc: ENOTFOUND, ELIMIT too many wait, ECONFLICT (decided already, no such parent, ...). */
struct heng_enrolment_fact {
    bool decide;
    heng_us at_us;
    struct heng_enrolment enrolment;
    struct heng_gateway gateway;
    heng_rc rc;
    char why[HENG_DETAIL_MAX];
};

/* All certificates of a gateway are void; detail: by whom and why. rc: ENOTFOUND. */
struct heng_revoke_fact {
    int64_t gateway_id;
    heng_us at_us;
    char detail[200];
    heng_rc rc;
};

typedef enum heng_fact_kind {
    HENG_FACT_READ,     /* read: good or failed; order: who asked and what was learned, NULL: a plain read */
    HENG_FACT_ORDER,    /* order: it has come on, without a read */
    HENG_FACT_LINE,     /* line */
    HENG_FACT_COMMAND,  /* command: to be stored; tells what became of it */
    HENG_FACT_SEARCH,   /* search */
    HENG_FACT_FOUND,    /* found */
    HENG_FACT_DELIVERY, /* delivery (flow/delivery.h); tells what became of it */
    HENG_FACT_GATEWAY,  /* gateway: what is seen of it; config_version stays, and config_why until that is applied */
    HENG_FACT_GATEWAY_EVENT, /* event */
    HENG_FACT_ENROLMENT,     /* enrolment; tells what became of it */
    HENG_FACT_REVOKE         /* revoke; tells what became of it */
} heng_fact_kind;

/* One fact; what it points to is the caller's until heng_ingest returns. Of a read: doubtful: the clock of who read it
 * was; by_hand: a person read it at the meter, it may be without frames; copy: it may come late, when it is no news;
 * numbered: it comes once, and in the order of its journal. */
struct heng_delivery;
struct heng_fact {
    heng_fact_kind kind;
    const struct heng_read *read;
    const struct heng_order_fact *order;
    const struct heng_line_fact *line;
    struct heng_command_fact *command;
    const struct heng_search_fact *search;
    const struct heng_found_fact *found;
    struct heng_delivery *delivery;
    const struct heng_gateway_status *gateway;
    const struct heng_gateway_event_row *event;
    struct heng_enrolment_fact *enrolment;
    struct heng_revoke_fact *revoke;
    bool doubtful, by_hand, copy, numbered;
};

/* What the browser may hear of, after the commit. */
typedef enum heng_live_kind {
    HENG_LIVE_READING,
    HENG_LIVE_LINE,
    HENG_LIVE_ORDER,
    HENG_LIVE_SEARCH,
    HENG_LIVE_GATEWAY /* as it is after the batch: something of it has changed, or it has told something */
} heng_live_kind;
struct heng_live {
    heng_live_kind kind;
    union {
        struct heng_reading_view reading;
        struct heng_line_row line;
        struct heng_order_fact order;
        struct heng_search_row search;
        struct heng_gateway_row gateway;
    };
};

/* What became of a batch. Zero-initialise; profiles (borrowed, NULL: by the standard) are those by which frames are
 * read for what meters say of themselves, and are kept between batches. live is grown and kept between batches, and so
 * are the zone of the site and its name, looked up once in a batch when the first read has to be counted on its day.
 * Owns: live and zone, until heng_ingested_fini. */
struct heng_ingested {
    struct heng_live *live;
    size_t live_n, live_cap;
    uint32_t stored, same, conflicts, failed, refused; /* reads: refused ones belong to no known meter */
    const char *refusal;                               /* why the last one was refused; NULL: none was */
    const struct heng_profiles *profiles;
    bool zone_known;
    char zone_name[64];
    struct heng_zone *zone;
};
void heng_ingested_fini(struct heng_ingested *ingested);
/* As at the beginning, but for what is kept. */
void heng_ingested_clear(struct heng_ingested *ingested);
/* What was added since before is taken back; live may have grown meanwhile. */
void heng_ingested_back(struct heng_ingested *ingested, const struct heng_ingested *before);

/* Store a batch in one transaction; OK means that all of it is on the disk. A read of an unknown meter and a fact of
 * an unknown line are refused with a line in the log; the rest goes on. Facts that were stored before change nothing.
 * What breaks a rule of the schema is refused alone: of a delivery the entry, which is set aside.
 * now_us: what is known of a meter from a later time than this was stamped by a clock that was wrong, and gives way.
 * Errors: EIO, ELIMIT (disk full), ENOMEM: nothing of the batch is stored, it may be offered again. */
HENG_NODISCARD heng_rc heng_ingest(struct heng_store *store, const struct heng_fact *facts, size_t count,
                                   heng_us now_us, struct heng_ingested *ret, struct heng_err *err);

/* One fact in an open transaction, for who has several that belong together: counts and live events are added to ret,
 * and when all are stored heng_ingest_tell looks up the lines and gateways that have something to tell. */
HENG_NODISCARD heng_rc heng_ingest_fact(struct heng_store *store, const struct heng_fact *fact, heng_us now_us,
                                        struct heng_ingested *ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_ingest_tell(struct heng_store *store, struct heng_ingested *ret, struct heng_err *err);

#endif
