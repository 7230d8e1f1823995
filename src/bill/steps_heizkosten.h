#ifndef HENG_BILL_STEPS_HEIZKOSTEN_H
#define HENG_BILL_STEPS_HEIZKOSTEN_H
/* What a step of a German heating bill says: X(symbol, code, zh, en, de), see explain.h. */
/* clang-format off */
#define HENG_HEIZKOSTEN_STEP_LIST(X)                                                                                   \
    X(FUEL_USED, "fuel-used",                                                                                          \
      "{s}：耗用 = 期初与购入 {1} − 期末 {2} = {=} {u}",                                                               \
      "{s}: used = stock and deliveries {1} − left {2} = {=} {u}",                                                     \
      "{s}: Verbrauch = Bestand und Zugang {1} − Rest {2} = {=} {u}")                                                  \
    X(FUEL_LOT, "fuel-lot",                                                                                            \
      "{s}：先进先出 {1} {c} × {2} ÷ {3} {u} = {=} {c}",                                                               \
      "{s}: first in, first out {1} {c} × {2} ÷ {3} {u} = {=} {c}",                                                    \
      "{s}: zuerst gekauft, zuerst verbraucht {1} {c} × {2} ÷ {3} {u} = {=} {c}")                                      \
    X(WARM_VOLUME, "warm-water-volume",                                                                                \
      "{s} = 2.5 × {1} m³ × ({2} °C − 10) = {=} kWh",                                                                  \
      "{s} = 2.5 × {1} m³ × ({2} °C − 10) = {=} kWh",                                                                  \
      "{s} = 2,5 × {1} m³ × ({2} °C − 10) = {=} kWh")                                                                  \
    X(WARM_AREA, "warm-water-area",                                                                                    \
      "{s} = 32 × {1} m² = {=} kWh",                                                                                   \
      "{s} = 32 × {1} m² = {=} kWh",                                                                                   \
      "{s} = 32 × {1} m² = {=} kWh")                                                                                   \
    X(WARM_FACTOR, "warm-water-factor",                                                                                \
      "{s} = {1} kWh × {2} ÷ {3} = {=} kWh{r}",                                                                        \
      "{s} = {1} kWh × {2} ÷ {3} = {=} kWh{r}",                                                                        \
      "{s} = {1} kWh × {2} ÷ {3} = {=} kWh{r}")                                                                        \
    X(WARM_FUEL, "warm-water-fuel",                                                                                    \
      "{s} = {1} kWh ÷ 低位热值 {2} = {=}{r}",                                                                         \
      "{s} = {1} kWh ÷ net calorific value {2} = {=}{r}",                                                              \
      "{s} = {1} kWh ÷ Heizwert {2} = {=}{r}")                                                                         \
    X(WARM_SHARE, "warm-water-share",                                                                                  \
      "{s}：份额 = {1} ÷ {2} = {=}{r}",                                                                                \
      "{s}: share = {1} ÷ {2} = {=}{r}",                                                                               \
      "{s}: Anteil = {1} ÷ {2} = {=}{r}")                                                                              \
    X(WARM_COST, "warm-water-cost",                                                                                    \
      "{s}：{1} {c} × {2} ÷ {3} = {=} {c}{r}",                                                                         \
      "{s}: {1} {c} × {2} ÷ {3} = {=} {c}{r}",                                                                         \
      "{s}: {1} {c} × {2} ÷ {3} = {=} {c}{r}")                                                                         \
    X(CO2_KG, "co2-per-m2",                                                                                            \
      "{s}：{1} kg ÷ {2} m² × {3} 天 ÷ {4} 天 = {=} kg/m²·a{r}",                                                       \
      "{s}: {1} kg ÷ {2} m² × {3} d ÷ {4} d = {=} kg/m²·a{r}",                                                         \
      "{s}: {1} kg ÷ {2} m² × {3} d ÷ {4} d = {=} kg/m²·a{r}")                                                         \
    X(CO2_SPLIT, "co2-split",                                                                                          \
      "{s}：第 {3} 级，租户 {1} {c} × {2} % = {=} {c}{r}，房东 {4} {c}",                                               \
      "{s}: stage {3}, tenants {1} {c} × {2} % = {=} {c}{r}, landlord {4} {c}",                                        \
      "{s}: Stufe {3}, Mieter {1} {c} × {2} % = {=} {c}{r}, Vermieter {4} {c}")                                        \
    X(HOUSE_SUM, "house-sum",                                                                                          \
      "{s}：共同 {1} + 单独 {2} = {=} {c}",                                                                            \
      "{s}: joint {1} + separately incurred {2} = {=} {c}",                                                            \
      "{s}: gemeinsam {1} + gesondert {2} = {=} {c}")                                                                  \
    X(HOUSE_POT, "pot",                                                                                                \
      "{s}：{1} {c} × {2} = {=} {c}{r}，其余 {3} {c}",                                                                 \
      "{s}: {1} {c} × {2} = {=} {c}{r}, the rest {3} {c}",                                                             \
      "{s}: {1} {c} × {2} = {=} {c}{r}, Rest {3} {c}")                                                                 \
    X(HOUSE_UNIT_PRICE, "house-unit-price",                                                                            \
      "{s}：{1} {c} ÷ {2} = {=} {c}{r}",                                                                               \
      "{s}: {1} {c} ÷ {2} = {=} {c}{r}",                                                                               \
      "{s}: {1} {c} ÷ {2} = {=} {c}{r}")                                                                               \
    X(HOUSE_LINE, "unit-price-line",                                                                                   \
      "{s}：{1} × {2} {c} = {=} {c}{r}",                                                                               \
      "{s}: {1} × {2} {c} = {=} {c}{r}",                                                                               \
      "{s}: {1} × {2} {c} = {=} {c}{r}")                                                                               \
    X(TENANT_UNITS, "tenant-units",                                                                                    \
      "{s}：{1} {c} × 用量 {2} ÷ {3} = {=} {c}{r}",                                                                    \
      "{s}: {1} {c} × units {2} ÷ {3} = {=} {c}{r}",                                                                   \
      "{s}: {1} {c} × Einheiten {2} ÷ {3} = {=} {c}{r}")                                                               \
    X(TENANT_DEGREE_DAYS, "tenant-degree-days",                                                                        \
      "{s}：{1} {c} × 度日千分数 {2} ÷ {3} = {=} {c}{r}",                                                              \
      "{s}: {1} {c} × degree days {2} ‰ ÷ {3} ‰ = {=} {c}{r}",                                                         \
      "{s}: {1} {c} × Gradtage {2} ‰ ÷ {3} ‰ = {=} {c}{r}")                                                            \
    X(TENANT_DAYS, "tenant-days",                                                                                      \
      "{s}：{1} {c} × {2} 天 ÷ {3} 天 = {=} {c}{r}",                                                                   \
      "{s}: {1} {c} × {2} d ÷ {3} d = {=} {c}{r}",                                                                     \
      "{s}: {1} {c} × {2} d ÷ {3} d = {=} {c}{r}")                                                                     \
    X(TENANT_REST, "tenant-rest",                                                                                      \
      "{s}：{1} {c} 的余额 = {=} {c}",                                                                                 \
      "{s}: what is left of {1} {c} = {=} {c}",                                                                        \
      "{s}: Rest von {1} {c} = {=} {c}")                                                                               \
    X(HOUSE_CUT, "reduction",                                                                                          \
      "{s}：扣减 {1} {c} × {2} = {=} {c}{r}",                                                                          \
      "{s}: reduction {1} {c} × {2} = {=} {c}{r}",                                                                     \
      "{s}: Kürzung {1} {c} × {2} = {=} {c}{r}")                                                                       \
    X(HOUSE_BALANCE, "house-balance",                                                                                  \
      "{s}：预付 {1} − (费用 {2} − 扣减 {3}) = {=} {c}",                                                               \
      "{s}: prepaid {1} − (share {2} − reduction {3}) = {=} {c}",                                                      \
      "{s}: Vorauszahlung {1} − (Anteil {2} − Kürzung {3}) = {=} {c}")
/* clang-format on */
#endif
