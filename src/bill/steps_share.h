#ifndef HENG_BILL_STEPS_SHARE_H
#define HENG_BILL_STEPS_SHARE_H
/* What a step of apportionment says: X(symbol, code, zh, en, de), see explain.h. */
/* clang-format off */
#define HENG_SHARE_STEP_LIST(X)                                                                                        \
    X(SHARE_QUANTITY, "share",                                                                                         \
      "{s}：{1} × {2} ÷ {3} = {=} {u}{r}",                                                                             \
      "{s}: {1} × {2} ÷ {3} = {=} {u}{r}",                                                                             \
      "{s}: {1} × {2} ÷ {3} = {=} {u}{r}")
/* clang-format on */
#endif
