#ifndef HENG_FLOW_INGEST_GATEWAYS_H
#define HENG_FLOW_INGEST_GATEWAYS_H
/* Inside of flow/: the part of ingest.h that is about gateways themselves. All in an open transaction. */
#include "flow/ingest.h"

/* This gateway is told of once, as it is at the end of the batch. False: no memory. */
bool heng_ingest_mark_gateway(int64_t gateway_id, struct heng_ingested *ret, struct heng_err *err);

HENG_NODISCARD heng_rc heng_ingest_gateway(struct heng_store *store, const struct heng_gateway_status *status,
                                           struct heng_ingested *ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_ingest_gateway_event(struct heng_store *store, const struct heng_gateway_event_row *event,
                                                 struct heng_ingested *ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_ingest_enrolment(struct heng_store *store, struct heng_enrolment_fact *fact,
                                             struct heng_ingested *ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_ingest_revoke(struct heng_store *store, struct heng_revoke_fact *fact,
                                          struct heng_ingested *ret, struct heng_err *err);

/* Something that is noticed here, at most once a minute for each kind and gateway: who floods us does not fill the
 * record, too. */
HENG_NODISCARD heng_rc heng_ingest_notice(struct heng_store *store, const struct heng_gateway_event_row *event,
                                          struct heng_ingested *ret, struct heng_err *err);

#endif
