#ifndef HENG_STORE_GATEWAYS_H
#define HENG_STORE_GATEWAYS_H
/* Gateways: who they are, what of their journals is here, what they told of themselves; who wants to become one:
 * store/enrolments.h. Writing needs an open transaction. Errors of all: those of store/write.h and store/read.h. */
#include "model/entry.h"
#include "store/enrolments.h"
#include "store/store.h"

/* X(symbol, text) */
#define HENG_GATEWAY_STATE_LIST(X)                                                                                     \
    X(DECLARED, "declared") /* described, and not enrolled yet */                                                      \
    X(ENROLLED, "enrolled")                                                                                            \
    X(REVOKED, "revoked") /* its certificates are void */

typedef enum heng_gateway_state {
#define X(symbol, text) HENG_GATEWAY_STATE_##symbol,
    HENG_GATEWAY_STATE_LIST(X)
#undef X
        HENG_GATEWAY_STATE_COUNT
} heng_gateway_state;

const char *heng_gateway_state_text(heng_gateway_state state);
heng_gateway_state heng_gateway_state_of(const char *text); /* COUNT when unknown */

/* common_name: of its certificates, "gw-" and 16 hex digits by chance; "" before it is enrolled. serial: of the one
 * that is valid. parent_id: the gateway above it, 0: the centre. journal_bytes, journal_days: 0: the usual. */
struct heng_gateway {
    int64_t id, parent_id;
    char key[HENG_KEY_MAX], name[HENG_NAME_MAX], common_name[64];
    heng_gateway_state state;
    uint64_t serial;
    heng_us enrolled_us, expires_us; /* expires_us: of the certificate */
    int64_t journal_bytes;
    uint32_t journal_days;
};

/* What is seen of it. config_version: that it should work by; applied_version: works by, as it told; config_why: why it
 * does not take the newer one. queued: entries it has and we do not. */
struct heng_gateway_status {
    int64_t gateway_id;
    bool connected, clock_doubtful;
    heng_us last_contact_us, clock_error_us;
    uint64_t queued, config_version, applied_version, free_bytes;
    char software[48], firmware[48], address[64], config_why[HENG_DETAIL_MAX];
};

/* What of a journal is here: all numbers up to seq came, or are in a gap. check: of entry seq, 0 when that is in a gap.
 */
struct heng_gateway_journal {
    int64_t gateway_id;
    uint64_t epoch, seq, check;
    heng_us first_us, last_us; /* when its first and its last entry came */
};

/* Numbers that are not here. OPEN: nobody has said where they are. GONE: the gateway itself said that it has them no
 * more. GONE_ABOVE: one above it said that they do not come by way of it; the gateway may have them still. */
typedef enum heng_gap_state { HENG_GAP_OPEN, HENG_GAP_GONE, HENG_GAP_GONE_ABOVE } heng_gap_state;

struct heng_gateway_gap {
    int64_t gateway_id;
    uint64_t epoch, first, last;
    heng_gap_state gone;
};

/* epoch, seq: of the entry that told it; 0: noticed here. */
struct heng_gateway_event_row {
    int64_t id, gateway_id, line_id, value; /* gateway_id 0: a stranger */
    heng_us at_us;
    heng_gateway_event kind;
    char detail[200];
    uint64_t epoch, seq;
};

/* --- who, by description and enrolment; writes are in an open transaction --- */

/* Make or change by key: name, parent, limits. ret_id: its id. Errors: EIO, ELIMIT. */
HENG_NODISCARD heng_rc heng_store_put_gateway(struct heng_store *store, const struct heng_gateway *gateway,
                                              int64_t *ret_id, struct heng_err *err);
/* A certificate was issued for it: the older ones stay valid until they end; state ENROLLED. */
HENG_NODISCARD heng_rc heng_store_enrol_gateway(struct heng_store *store, int64_t id, const char *common_name,
                                                uint64_t serial, heng_us at_us, heng_us expires_us,
                                                struct heng_err *err);
/* Is each reached from us, over at most deep_max gateways, with at most children_max right below it?
 * Errors: ECONFLICT, with its key. */
HENG_NODISCARD heng_rc heng_store_check_gateways(struct heng_store *store, size_t deep_max, size_t children_max,
                                                 struct heng_err *err);
/* All its certificates are void from now on. Errors: ENOTFOUND. */
HENG_NODISCARD heng_rc heng_store_revoke_gateway(struct heng_store *store, int64_t id, heng_us at_us,
                                                 struct heng_err *err);

HENG_NODISCARD heng_rc heng_store_get_gateway(struct heng_store_reader *reader, int64_t id, struct heng_gateway *ret,
                                              struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_gateway_by_key(struct heng_store_reader *reader, const char *key,
                                                 struct heng_gateway *ret, struct heng_err *err);
/* Whose certificate is this? Errors: ENOTFOUND nobody's, EDENIED revoked. */
HENG_NODISCARD heng_rc heng_store_gateway_by_certificate(struct heng_store_reader *reader, const char *common_name,
                                                         uint64_t serial, struct heng_gateway *ret,
                                                         struct heng_err *err);
/* By id, those > after, at most cap. */
HENG_NODISCARD heng_rc heng_store_list_gateways(struct heng_store_reader *reader, int64_t after,
                                                struct heng_gateway *ret, size_t cap, size_t *ret_n,
                                                struct heng_err *err);
/* Serial numbers of revoked certificates that have not ended. */
HENG_NODISCARD heng_rc heng_store_list_revoked(struct heng_store_reader *reader, heng_us now_us, uint64_t *ret,
                                               size_t cap, size_t *ret_n, struct heng_err *err);

/* The same, of the gateways right below one and of the one right above it, by number. */
HENG_NODISCARD heng_rc heng_store_list_revoked_around(struct heng_store_reader *reader, int64_t gateway_id,
                                                      heng_us now_us, uint64_t *ret, size_t cap, size_t *ret_n,
                                                      struct heng_err *err);
/* Ids of the gateways right below one. */
HENG_NODISCARD heng_rc heng_store_list_children(struct heng_store_reader *reader, int64_t gateway_id, int64_t *ret,
                                                size_t cap, size_t *ret_n, struct heng_err *err);

/* Does it hang on the gateway, or did it ever: what was read before a move may still be on its way. */
HENG_NODISCARD heng_rc heng_store_gateway_has_meter(struct heng_store_reader *reader, int64_t gateway_id,
                                                    int64_t device_id, bool *ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_gateway_has_line(struct heng_store_reader *reader, int64_t gateway_id,
                                                   int64_t line_id, bool *ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_gateway_is_below(struct heng_store_reader *reader, int64_t gateway_id,
                                                   int64_t above_id, bool *ret, struct heng_err *err);

/* --- what is seen --- */

/* All but config_version, which heng_store_put_gateway_config gives. */
HENG_NODISCARD heng_rc heng_store_put_gateway_status(struct heng_store *store, const struct heng_gateway_status *status,
                                                     struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_get_gateway_status(struct heng_store_reader *reader, int64_t gateway_id,
                                                     struct heng_gateway_status *ret, struct heng_err *err);
/* Nobody is connected: after a start. */
HENG_NODISCARD heng_rc heng_store_rest_gateways(struct heng_store *store, struct heng_err *err);
/* missing: numbers of its journals in gaps that are open. refused: entries that were set aside, all of them. */
struct heng_gateway_count {
    int64_t lines, meters, refused;
    heng_us last_event_us;
    uint64_t missing;
};
HENG_NODISCARD heng_rc heng_store_count_gateway(struct heng_store_reader *reader, int64_t gateway_id,
                                                struct heng_gateway_count *ret, struct heng_err *err);
/* The packed configuration that the gateway should have; a new version when the bytes are other ones than before.
 * ret_version: of these bytes. */
HENG_NODISCARD heng_rc heng_store_put_gateway_config(struct heng_store *store, int64_t gateway_id,
                                                     struct heng_slice hash, uint64_t *ret_version,
                                                     struct heng_err *err);
/* Once for each (gateway, epoch, seq) that is not 0; otherwise a new row. */
HENG_NODISCARD heng_rc heng_store_add_gateway_event(struct heng_store *store,
                                                    const struct heng_gateway_event_row *event, struct heng_err *err);
/* The gateway's clock was put back, from until_us to at_us: tries of its meters that are stamped later were before
 * that, and must not keep out what comes now. */
HENG_NODISCARD heng_rc heng_store_clock_was_ahead(struct heng_store *store, int64_t gateway_id, heng_us at_us,
                                                  heng_us until_us, struct heng_err *err);
/* Newest first, those with an id < before (0: from the newest); gateway_id -1: of all and of strangers. */
HENG_NODISCARD heng_rc heng_store_list_gateway_events(struct heng_store_reader *reader, int64_t gateway_id,
                                                      int64_t before, struct heng_gateway_event_row *ret, size_t cap,
                                                      size_t *ret_n, struct heng_err *err);

/* Was an event of this kind noticed here (not told by an entry) after after_us and not after until_us? */
HENG_NODISCARD heng_rc heng_store_gateway_noticed(struct heng_store_reader *reader, int64_t gateway_id,
                                                  heng_gateway_event kind, heng_us after_us, heng_us until_us,
                                                  bool *ret, struct heng_err *err);

/* --- journals --- */

/* ENOTFOUND: nothing of that epoch is here. */
HENG_NODISCARD heng_rc heng_store_get_journal(struct heng_store_reader *reader, int64_t gateway_id, uint64_t epoch,
                                              struct heng_gateway_journal *ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_put_journal(struct heng_store *store, const struct heng_gateway_journal *journal,
                                              struct heng_err *err);
/* The gap that number seq lies in, or the next one behind it. ENOTFOUND: none. */
HENG_NODISCARD heng_rc heng_store_get_gap(struct heng_store_reader *reader, int64_t gateway_id, uint64_t epoch,
                                          uint64_t seq, struct heng_gateway_gap *ret, struct heng_err *err);
/* The same, of those that nobody has told of, and of those that their gateway may have still. */
HENG_NODISCARD heng_rc heng_store_get_open_gap(struct heng_store_reader *reader, int64_t gateway_id, uint64_t epoch,
                                               uint64_t seq, struct heng_gateway_gap *ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_get_wanted_gap(struct heng_store_reader *reader, int64_t gateway_id, uint64_t epoch,
                                                 uint64_t seq, struct heng_gateway_gap *ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_put_gap(struct heng_store *store, const struct heng_gateway_gap *gap,
                                          struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_drop_gap(struct heng_store *store, const struct heng_gateway_gap *gap,
                                           struct heng_err *err); /* by its first number */

/* An entry that is not believed is kept aside, up to so many of a gateway, then only counted. */
enum { HENG_REFUSED_KEPT_MAX = 10000 };
HENG_NODISCARD heng_rc heng_store_add_refused_entry(struct heng_store *store, int64_t gateway_id,
                                                    const struct heng_entry *entry, const char *why,
                                                    struct heng_err *err);

#endif
