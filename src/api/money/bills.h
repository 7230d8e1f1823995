#ifndef HENG_API_MONEY_BILLS_H
#define HENG_API_MONEY_BILLS_H
/* What the operations on bills share. Inside of api/money/ only. */
#include "api/money/change.h"
#include "billing/bill.h"

struct heng_api_bill heng_api_bill_from(struct heng_api_call *call, const struct heng_bill *b);

#endif
