#ifndef HENG_API_MONEY_PAPERS_H
#define HENG_API_MONEY_PAPERS_H
/* Documents as answers. Inside of api/money/ only. */
#include "api/money/pay_parts.h"
#include "bill/explain.h"

heng_language heng_api_language(bool is, heng_api_money_language language, heng_language otherwise);

#endif
