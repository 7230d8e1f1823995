#ifndef HENG_PAPER_STATEMENT_H
#define HENG_PAPER_STATEMENT_H
/* The share of a flat in the heat of its building, as a document: the German heat cost statement (HeizkostenV), the
 * Chinese settlement of a season; and the monthly consumption information (HeizkostenV 6a). All numbers are those of
 * the engine's answer (docs/apportionment.md): nothing is worked out here. */
#include "paper/document.h"
#include "store/money/prepay.h"

/* Of a kept apportionment. flat: id of the flat, with several tenants "flat/name". Errors: ENOTFOUND the run, or no
 * such flat or tenant in it; EFORMAT, ELIMIT, EIO. */
HENG_NODISCARD heng_rc heng_paper_statement(struct heng_store_reader *reader, int64_t scope, int64_t apportion_id,
                                            const char *flat, struct heng_paper *paper, struct heng_err *err);

/* Below the letterhead, of an answer of kind heizkosten, shares with price, or heat-bill. */
HENG_NODISCARD heng_rc heng_paper_statement_of(struct heng_slice answer, const char *flat, struct heng_paper *paper,
                                               struct heng_err *err);
/* Of an answer of kind monthly-information; place: where the flat is, "" not said. */
HENG_NODISCARD heng_rc heng_paper_monthly_of(struct heng_slice answer, const char *place, struct heng_paper *paper,
                                             struct heng_err *err);

/* The form of monthly-information for an account out of its usage of heat: of the month, the month before, and the same
 * month of the year before, where all days of it are known; the average user by setting monthly_average_kwh_m2 (kWh per
 * m2 in that month) and the area of the place. Appended to ret.
 * Errors: ENOTFOUND no contract for heat then, or days without usage; ECONFLICT several; EUNSUPPORTED its unit. */
HENG_NODISCARD heng_rc heng_monthly_form(struct heng_store_reader *reader, int64_t scope, const char *account, int year,
                                         int month, struct heng_str *ret, struct heng_err *err);

#endif
