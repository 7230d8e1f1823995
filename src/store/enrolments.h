#ifndef HENG_STORE_ENROLMENTS_H
#define HENG_STORE_ENROLMENTS_H
/* Who wants to become a gateway. Writing needs an open transaction. Errors of all: those of store/write.h and
 * store/read.h. */
#include "store/store.h"

/* X(symbol, text) */
#define HENG_ENROLMENT_STATE_LIST(X)                                                                                   \
    X(WAITING, "waiting")                                                                                              \
    X(ACCEPTED, "accepted")                                                                                            \
    X(REFUSED, "refused")

typedef enum heng_enrolment_state {
#define X(symbol, text) HENG_ENROLMENT_##symbol,
    HENG_ENROLMENT_STATE_LIST(X)
#undef X
        HENG_ENROLMENT_STATE_COUNT
} heng_enrolment_state;

const char *heng_enrolment_state_text(heng_enrolment_state state);
heng_enrolment_state heng_enrolment_state_of(const char *text);

/* One who wants to become a gateway. hash: SHA-256 of the request. */
enum { HENG_ENROLMENTS_MAX = 200, HENG_REQUEST_MAX = 2048, HENG_CERTIFICATE_MAX = 4096 };
struct heng_enrolment {
    int64_t id, via_id, gateway_id; /* gateway_id: what it became */
    heng_enrolment_state state;
    char code[16], name[64], serial[48], software[48], address[64], why[HENG_DETAIL_MAX];
    heng_us first_us, last_us;
    uint8_t hash[32];
    size_t request_n, certificate_n;
    uint8_t request[HENG_REQUEST_MAX], certificate[HENG_CERTIFICATE_MAX];
};

/* Keep a request, or note that it came again; ret: as it is now. ELIMIT: HENG_ENROLMENTS_MAX wait already; those that
 * have not come for a day make room. */
HENG_NODISCARD heng_rc heng_store_put_enrolment(struct heng_store *store, const struct heng_enrolment *enrolment,
                                                struct heng_enrolment *ret, struct heng_err *err);
/* Is there room for one more who waits? Makes some, if it can. */
HENG_NODISCARD heng_rc heng_store_enrolment_room(struct heng_store *store, heng_us now_us, bool *ret,
                                                 struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_decide_enrolment(struct heng_store *store, const struct heng_enrolment *enrolment,
                                                   struct heng_err *err); /* state, gateway_id, certificate, why */
HENG_NODISCARD heng_rc heng_store_get_enrolment(struct heng_store_reader *reader, int64_t id,
                                                struct heng_enrolment *ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_enrolment_by_hash(struct heng_store_reader *reader, const uint8_t hash[static 32],
                                                    struct heng_enrolment *ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_enrolment_by_code(struct heng_store_reader *reader, const char *code,
                                                    struct heng_enrolment *ret, struct heng_err *err);
/* The gateway that was let in last with this number on its box, but by another request. ENOTFOUND: none. */
HENG_NODISCARD heng_rc heng_store_enrolment_of_serial(struct heng_store_reader *reader, const char *serial,
                                                      const uint8_t hash[static 32], int64_t *ret_gateway_id,
                                                      struct heng_err *err);
/* Newest first; state COUNT: all. request and certificate are left out. */
HENG_NODISCARD heng_rc heng_store_list_enrolments(struct heng_store_reader *reader, heng_enrolment_state state,
                                                  struct heng_enrolment *ret, size_t cap, size_t *ret_n,
                                                  struct heng_err *err);

#endif
