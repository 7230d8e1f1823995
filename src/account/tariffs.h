#ifndef HENG_ACCOUNT_TARIFFS_H
#define HENG_ACCOUNT_TARIFFS_H
/* Tariffs as documents, and which one holds for a contract.
 *
 * A tariff has a key and editions: each is kept byte for byte and never changes. Its prices by day are the versions of
 * its components (docs/rating.md); an edition is one state of the whole document. What is worked out now goes by the
 * newest edition, for all its days; a charge keeps the editions it went by, and is recomputed by them: a new edition
 * changes no charge and no bill that is there. */
#include "account/book.h"
#include "rate/bind.h"

enum { HENG_TARIFF_BODY_MAX = 1 << 20, HENG_CONTRACT_SPANS_MAX = 24 };

/* Put a document in as the next edition of its key. The same bytes as the newest are the newest: ret_new false.
 * Errors: ECONFIG with the path of what heng tariff check finds wrong; ELIMIT. */
HENG_NODISCARD heng_rc heng_tariff_put(struct heng_store *store, int64_t scope, const char *key, struct heng_slice body,
                                       const struct heng_hand *hand, const char *reason,
                                       struct heng_tariff_edition *ret, bool *ret_new, struct heng_err *err);

/* From a day on the tariff holds for a group or price class (level "group", "class"); to_day 0: no end. What of the
 * same name began before ends there. tariff_key "": from that day there is none. Errors: ENOTFOUND no such tariff. */
HENG_NODISCARD heng_rc heng_tariff_bind(struct heng_store *store, int64_t scope, const char *level, const char *name,
                                        const char *key, int32_t from_day, const struct heng_hand *hand,
                                        const char *reason, struct heng_err *err);

/* A span of days of a contract with the edition that holds. */
struct heng_contract_tariff {
    int32_t from_day, to_day;
    heng_bind_level level;
    char key[HENG_TARIFF_KEY_MAX];
    int64_t edition, edition_id;
};
/* The spans of [from_day, to_day): the contract's own tariff before that of its group before that of its price class;
 * an organisation's own bindings of a name before the operator's. Newest editions.
 * Errors: ECONFIG a day without a tariff, or a key that no tariff has; ELIMIT. */
HENG_NODISCARD heng_rc heng_contract_bindings(struct heng_store_reader *reader, int64_t org_id,
                                              const struct heng_contract *contract, int32_t from_day, int32_t to_day,
                                              struct heng_contract_tariff *ret, size_t cap, size_t *ret_n,
                                              struct heng_err *err);

#endif
