#ifndef HENG_MODEL_UNIT_H
#define HENG_MODEL_UNIT_H
/* What a value is in. As with media: one table, and its texts never change once released. */

/* X(symbol, text). NONE is a dimensionless value, UNKNOWN a unit that we could not tell. */
#define HENG_UNIT_LIST(X)                                                                                              \
    X(NONE, "")                                                                                                        \
    X(UNKNOWN, "unknown")                                                                                              \
    X(WH, "Wh")                                                                                                        \
    X(J, "J")                                                                                                          \
    X(CAL, "cal")                                                                                                      \
    X(M3, "m3")                                                                                                        \
    X(KG, "kg")                                                                                                        \
    X(S, "s")                                                                                                          \
    X(MONTH, "month")                                                                                                  \
    X(YEAR, "year")                                                                                                    \
    X(W, "W")                                                                                                          \
    X(J_H, "J/h")                                                                                                      \
    X(M3_H, "m3/h")                                                                                                    \
    X(M3_MIN, "m3/min")                                                                                                \
    X(M3_S, "m3/s")                                                                                                    \
    X(KG_H, "kg/h")                                                                                                    \
    X(IMP_KWH, "imp/kWh")                                                                                              \
    X(IMP_KVARH, "imp/kvarh")                                                                                          \
    X(DEG_C, "degC")                                                                                                   \
    X(DEG_F, "degF")                                                                                                   \
    X(K, "K")                                                                                                          \
    X(BAR, "bar")                                                                                                      \
    X(V, "V")                                                                                                          \
    X(A, "A")                                                                                                          \
    X(HZ, "Hz")                                                                                                        \
    X(PERCENT, "%")                                                                                                    \
    X(FT3, "ft3")                                                                                                      \
    X(GAL, "gal")                                                                                                      \
    X(GAL_MIN, "gal/min")                                                                                              \
    X(GAL_H, "gal/h")                                                                                                  \
    X(VARH, "varh")                                                                                                    \
    X(VAR, "var")                                                                                                      \
    X(VAH, "VAh")                                                                                                      \
    X(VA, "VA")                                                                                                        \
    X(DEG, "deg")                                                                                                      \
    X(BAUD, "Bd")                                                                                                      \
    X(BIT_TIME, "bit times")                                                                                           \
    X(DBM, "dBm")                                                                                                      \
    X(HCA, "hca")                                                                                                      \
    X(CURRENCY, "currency")

typedef enum heng_unit {
#define X(symbol, text) HENG_UNIT_##symbol,
    HENG_UNIT_LIST(X)
#undef X
        HENG_UNIT_COUNT
} heng_unit;

/* The identifier; "unknown" for a number outside. */
const char *heng_unit_text(heng_unit unit);

/* The way back, for the database and for files; COUNT when the text is not in the table. */
heng_unit heng_unit_of(const char *text);

#endif
