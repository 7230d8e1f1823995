#ifndef HENG_BILL_STEPS_RATE_H
#define HENG_BILL_STEPS_RATE_H
/* What a step of rating says: X(symbol, code, zh, en, de), see explain.h. */
/* clang-format off */
#define HENG_RATE_STEP_LIST(X)                                                                                         \
    X(RATE_PER_UNIT, "per-unit",                                                                                       \
      "{s}：{1} {u} × {2} {c}/{u} = {=} {c}{r}",                                                                       \
      "{s}: {1} {u} × {2} {c}/{u} = {=} {c}{r}",                                                                       \
      "{s}: {1} {u} × {2} {c}/{u} = {=} {c}{r}")
/* clang-format on */
#endif
