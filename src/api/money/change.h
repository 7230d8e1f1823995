#ifndef HENG_API_MONEY_CHANGE_H
#define HENG_API_MONEY_CHANGE_H
/* What all changes of money over HTTP share: who does it, on which day of the site, for whom, and the key by which the
 * same again is the same. Inside of api/ only. */
#include "account/book.h"
#include "api/archive.h"

/* One change. The texts are the body's, NULL where it has none. There is no sign-in yet: who and second are names that
 * are believed, and organisation says as which one is asked (0: the operator).
 *
 * make runs in the writer's transaction. The same wish by the same key does not come to it: it is answered as the first
 * time. What it refuses is rolled back, and leaves a line "<operation>.refused" in the audit with the reason. */
struct heng_money_change {
    const char *key, *who, *second, *desk, *channel, *reason;
    int64_t organisation;
    const char *subject; /* what it is about, for that line: "account" ... */
    int64_t id;          /* of it, as the path says */
    const void *body;
    struct heng_slice more; /* what was asked beside path, query and body: a file */
    heng_rc (*make)(struct heng_money_change *change, struct heng_store *store, struct heng_err *err);
    /* for make */
    struct heng_arena *arena;
    int64_t scope;
    struct heng_hand hand;
    /* by make: what was made or changed, as long as it is not id; what was booked for it; how many, 0: one */
    int64_t answer_id, booking_id, made;
};

/* Of a body with key, who, second, reason, organisation; and of one that also has desk and channel. */
#define HENG_MONEY_ASKED(b)                                                                                            \
    .body = (b), .key = (b)->key, .who = (b)->who, .second = (b)->has_second ? (b)->second : NULL,                     \
    .reason = (b)->has_reason ? (b)->reason : NULL, .organisation = (b)->has_organisation ? (b)->organisation : 0
#define HENG_MONEY_ASKED_AT(b)                                                                                         \
    HENG_MONEY_ASKED(b), .desk = (b)->has_desk ? (b)->desk : NULL, .channel = (b)->has_channel ? (b)->channel : NULL

/* Have the writer do it, and say what came of it. Errors: ECLOSED; ECONFLICT the key was another wish's; those of make.
 */
heng_rc heng_money_ask(struct heng_api_call *call, struct heng_money_change *change, struct heng_api_money_done *ret,
                       struct heng_err *err);

/* What make books. */
static inline heng_rc heng_money_booked(struct heng_money_change *change, heng_rc rc, const struct heng_booked *booked)
{
    if (rc == HENG_OK) change->booking_id = change->answer_id = booked->booking_id;
    return rc;
}

/* As whom is asked. */
static inline int64_t heng_money_scope(const struct heng_api_call *call, bool is, int64_t organisation)
{
    return is ? organisation : heng_api_scope(call);
}

/* Look at an account again whose money has moved: what it is told, whether supply ends or comes back (sales.c). */
heng_rc heng_money_look(struct heng_money_change *change, struct heng_store *store, int64_t account_id,
                        struct heng_err *err);

/* Today, of the site. */
heng_rc heng_money_today(struct heng_store_reader *reader, heng_us now_us, int32_t *ret, struct heng_err *err);
/* "2026-11-20"; otherwise: where it is not given. Errors: ERANGE with the name of the field. */
heng_rc heng_money_day(bool is, const char *text, const char *name, int32_t otherwise, int32_t *ret,
                       struct heng_err *err);
/* In the arena. NULL for 0, and without memory. */
const char *heng_money_day_text(struct heng_arena *arena, int32_t day);
/* An account as who asks sees it. Errors: ENOTFOUND, in words. */
heng_rc heng_money_account(struct heng_store_reader *reader, int64_t scope, int64_t id, struct heng_account *ret,
                           struct heng_err *err);
/* The same of a contract with its account. */
heng_rc heng_money_contract(struct heng_store_reader *reader, int64_t scope, int64_t id, struct heng_contract *ret,
                            struct heng_err *err);

/* A booking with its receipt, for lists and details (ledger.c). */
heng_rc heng_money_booking_from(struct heng_api_call *call, const struct heng_booking *booking,
                                struct heng_api_money_booking *ret, struct heng_err *err);
struct heng_api_account_balance heng_money_balance_from(const struct heng_account_balance *balance);
/* In contracts.c. */
heng_rc heng_money_contract_from(struct heng_api_call *call, const struct heng_contract *contract,
                                 struct heng_api_money_contract *ret, struct heng_err *err);

#endif
