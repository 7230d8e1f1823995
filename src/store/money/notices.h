#ifndef HENG_STORE_MONEY_NOTICES_H
#define HENG_STORE_MONEY_NOTICES_H
/* What people are told: a row for each message, sent by whoever has a way to (flow, a program that reads the API).
 * Writing needs an open transaction. */
#include "base/buf.h"
#include "model/booking.h"
#include "store/store.h"

/* X(symbol, text) */
#define HENG_NOTICE_STATE_LIST(X) X(WAITING, "waiting") X(SENT, "sent") X(FAILED, "failed") X(DROPPED, "dropped")
typedef enum heng_notice_state {
#define X(symbol, text) HENG_NOTICE_##symbol,
    HENG_NOTICE_STATE_LIST(X)
#undef X
        HENG_NOTICE_STATE_COUNT
} heng_notice_state;
const char *heng_notice_state_text(heng_notice_state state);
heng_notice_state heng_notice_state_of(const char *text);

enum { HENG_NOTICE_KIND_MAX = 16, HENG_NOTICE_TEXT_MAX = 480 };

/* kind: 'warn-1' .. 'warn-3', 'cut-soon', 'cut', 'restored', 'dunning-1', 'bill' ... key: told once. */
struct heng_notice {
    int64_t id;
    char key[HENG_BOOKING_KEY_MAX];
    int64_t org_id, account_id;
    char kind[HENG_NOTICE_KIND_MAX], language[4], text[HENG_NOTICE_TEXT_MAX];
    heng_us made_us, sent_us;
    heng_notice_state state;
    char why[HENG_DETAIL_MAX];
};

/* Store one; with a key that is there already nothing is stored, its id is that one and ret_existed (may be NULL) true.
 */
HENG_NODISCARD heng_rc heng_store_add_notice(struct heng_store *store, struct heng_notice *notice, bool *ret_existed,
                                             struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_get_notice(struct heng_store_reader *reader, int64_t scope, int64_t id,
                                             struct heng_notice *ret, struct heng_err *err);
/* What became of it. Errors: ENOTFOUND. */
HENG_NODISCARD heng_rc heng_store_notice_state(struct heng_store *store, int64_t id, heng_notice_state state,
                                               heng_us sent_us, const char *why, struct heng_err *err);
/* Of an account (0: all), newest first, below before_id (0: from the newest). */
HENG_NODISCARD heng_rc heng_store_list_notices(struct heng_store_reader *reader, int64_t scope, int64_t account_id,
                                               int64_t before_id, struct heng_notice *ret, size_t cap, size_t *ret_n,
                                               struct heng_err *err);
/* Those that wait to be sent, oldest first, behind after_id. */
HENG_NODISCARD heng_rc heng_store_waiting_notices(struct heng_store_reader *reader, int64_t scope, int64_t after_id,
                                                  struct heng_notice *ret, size_t cap, size_t *ret_n,
                                                  struct heng_err *err);

#endif
