#ifndef HENG_BILL_STEPS_HEAT_H
#define HENG_BILL_STEPS_HEAT_H
/* What a step of heat money says in China: X(symbol, code, zh, en, de), see explain.h; and those of Germany. */
#include "bill/steps_heizkosten.h"
/* clang-format off */
#define HENG_HEAT_STEP_LIST(X)                                                                                         \
    X(HEAT_AREA, "charge-area",                                                                                        \
      "{s}：计费面积 = {1} m² × 系数 {2} × 层高 {3} ÷ {4} = {=} m²",                                                   \
      "{s}: charge area = {1} m² × coefficient {2} × height {3} ÷ {4} = {=} m²",                                       \
      "{s}: Abrechnungsfläche = {1} m² × Faktor {2} × Höhe {3} ÷ {4} = {=} m²")                                        \
    X(HEAT_BASE_PRICE, "base-price",                                                                                   \
      "{s}：基本价 = {1} × {2} = {=} {c}/m²",                                                                          \
      "{s}: base price = {1} × {2} = {=} {c}/m²",                                                                      \
      "{s}: Grundpreis = {1} × {2} = {=} {c}/m²")                                                                      \
    X(HEAT_UNIT_PRICE, "unit-price",                                                                                   \
      "{s}：计量单价 = {1} × (1 − {2}) ÷ {3} = {=} {c}/{u}{r}",                                                        \
      "{s}: unit price = {1} × (1 − {2}) ÷ {3} = {=} {c}/{u}{r}",                                                      \
      "{s}: Arbeitspreis = {1} × (1 − {2}) ÷ {3} = {=} {c}/{u}{r}")                                                    \
    X(HEAT_AREA_FEE, "area-fee",                                                                                       \
      "{s}：面积热费 = {1} m² × {2} {c}/m² × {3} = {=} {c}{r}",                                                        \
      "{s}: area fee = {1} m² × {2} {c}/m² × {3} = {=} {c}{r}",                                                        \
      "{s}: Flächenentgelt = {1} m² × {2} {c}/m² × {3} = {=} {c}{r}")                                                  \
    X(HEAT_BASE, "base",                                                                                               \
      "{s}：基本热费 = {1} m² × {2} {c}/m² × {3} × {4} 天 ÷ {5} 天 = {=} {c}{r}",                                      \
      "{s}: base part = {1} m² × {2} {c}/m² × {3} × {4} d ÷ {5} d = {=} {c}{r}",                                       \
      "{s}: Grundteil = {1} m² × {2} {c}/m² × {3} × {4} d ÷ {5} d = {=} {c}{r}")                                       \
    X(HEAT_ACTIVE, "active",                                                                                           \
      "{s}：供热期热费 = {1} m² × {2} {c}/m² × {3} × {4} 天 ÷ {5} 天 = {=} {c}{r}",                                    \
      "{s}: heated part = {1} m² × {2} {c}/m² × {3} × {4} d ÷ {5} d = {=} {c}{r}",                                     \
      "{s}: beheizter Teil = {1} m² × {2} {c}/m² × {3} × {4} d ÷ {5} d = {=} {c}{r}")                                  \
    X(HEAT_STOPPED, "stopped",                                                                                         \
      "{s}：报停期热费 = {1} m² × {2} {c}/m² × {3} × {4} 天 ÷ {5} 天 × {6} = {=} {c}{r}",                              \
      "{s}: stopped part = {1} m² × {2} {c}/m² × {3} × {4} d ÷ {5} d × {6} = {=} {c}{r}",                              \
      "{s}: stillgelegter Teil = {1} m² × {2} {c}/m² × {3} × {4} d ÷ {5} d × {6} = {=} {c}{r}")                        \
    X(HEAT_METERED, "metered",                                                                                         \
      "{s}：计量热费 = {1} {u} × {2} {c}/{u} = {=} {c}{r}",                                                            \
      "{s}: metered part = {1} {u} × {2} {c}/{u} = {=} {c}{r}",                                                        \
      "{s}: Verbrauchsteil = {1} {u} × {2} {c}/{u} = {=} {c}{r}")                                                      \
    X(HEAT_TWO_PART, "two-part",                                                                                       \
      "{s}：两部制热费 = {1} + {2} = {=} {c}",                                                                         \
      "{s}: two-part fee = {1} + {2} = {=} {c}",                                                                       \
      "{s}: zweiteiliges Entgelt = {1} + {2} = {=} {c}")                                                               \
    X(HEAT_CAP, "cap",                                                                                                 \
      "{s}：上限 = {1} × {2} = {=} {c}{r}，原为 {3} {c}",                                                              \
      "{s}: cap = {1} × {2} = {=} {c}{r}, without it {3} {c}",                                                         \
      "{s}: Obergrenze = {1} × {2} = {=} {c}{r}, ohne sie {3} {c}")                                                    \
    X(HEAT_TIER, "temperature-tier",                                                                                   \
      "{s}：室温 {1} °C，{2} 天 × 退费比例 {3} = {=} 天",                                                              \
      "{s}: {1} °C in the room, {2} d × refund {3} = {=} d",                                                           \
      "{s}: {1} °C im Raum, {2} d × Erstattung {3} = {=} d")                                                           \
    X(HEAT_REFUND_TEMPERATURE, "refund-temperature",                                                                   \
      "{s}：低温退费 = {1} {c} × {2} ÷ {3} 天 = {=} {c}{r}",                                                           \
      "{s}: refund for low temperature = {1} {c} × {2} ÷ {3} d = {=} {c}{r}",                                          \
      "{s}: Erstattung wegen zu kalter Räume = {1} {c} × {2} ÷ {3} d = {=} {c}{r}")                                    \
    X(HEAT_OUTAGE, "supply-failure",                                                                                   \
      "{s}：停供 {1} h（超过 {2} h）计 {=} 天",                                                                        \
      "{s}: supply failed for {1} h (more than {2} h), counts as {=} d",                                               \
      "{s}: Ausfall {1} h (mehr als {2} h), zählt {=} d")                                                              \
    X(HEAT_REFUND_FAILURE, "refund-failure",                                                                           \
      "{s}：停供退费 = {1} {c} × {2} ÷ {3} 天 = {=} {c}{r}",                                                           \
      "{s}: refund for supply failures = {1} {c} × {2} ÷ {3} d = {=} {c}{r}",                                          \
      "{s}: Erstattung für Ausfälle = {1} {c} × {2} ÷ {3} d = {=} {c}{r}")                                             \
    X(HEAT_PAYABLE, "payable",                                                                                         \
      "{s}：应缴 = {1} + {2} − {3} = {=} {c}",                                                                         \
      "{s}: payable = {1} + {2} − {3} = {=} {c}",                                                                      \
      "{s}: zu zahlen = {1} + {2} − {3} = {=} {c}")                                                                    \
    X(HEAT_BALANCE, "balance",                                                                                         \
      "{s}：结余 = 预缴 {1} + 结转 {2} − 应缴 {3} = {=} {c}",                                                          \
      "{s}: balance = prepaid {1} + carried in {2} − payable {3} = {=} {c}",                                           \
      "{s}: Saldo = vorausgezahlt {1} + Übertrag {2} − zu zahlen {3} = {=} {c}")                                       \
    X(HEAT_VAT, "vat",                                                                                                 \
      "{s}：税率 {1}：净额 {2} + 税额 {=} {c}",                                                                        \
      "{s}: VAT {1}: net {2} + tax {=} {c}",                                                                           \
      "{s}: USt {1}: netto {2} + Steuer {=} {c}")                                                                      \
    HENG_HEIZKOSTEN_STEP_LIST(X)
/* clang-format on */
#endif
