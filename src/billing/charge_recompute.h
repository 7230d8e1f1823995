#ifndef HENG_BILLING_CHARGE_RECOMPUTE_H
#define HENG_BILLING_CHARGE_RECOMPUTE_H
/* A stored charge worked out again; heng_charge_recompute with what explain needs beside. Inside of billing/ only. */
#include "billing/charger.h"

/* The ask of a charge with its tariffs in it: a form that heng rate takes, at the end of ret.
 * Errors: ECONFLICT an edition is gone or changed. */
HENG_NODISCARD heng_rc heng_charge_form(struct heng_charger *charger, struct heng_slice ask, struct heng_str *ret,
                                        struct heng_err *err);

/* As heng_charge_recompute, with the steps of the calculation; steps may be NULL. A charge of heat or a fee was not
 * made by a tariff: of it the digest and the sums are checked. */
HENG_NODISCARD heng_rc heng_charge_again(struct heng_charger *charger, const struct heng_charge *charge,
                                         struct heng_steps *steps, struct heng_arena *arena, struct heng_err *err);

#endif
