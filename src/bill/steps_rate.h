#ifndef HENG_BILL_STEPS_RATE_H
#define HENG_BILL_STEPS_RATE_H
/* What a step of rating says: X(symbol, code, zh, en, de), see explain.h. */
/* clang-format off */
#define HENG_RATE_STEP_LIST(X) \
    X(RATE_PER_UNIT, "per-unit", \
      "{s}：{1} {u} × {2} {c}/{u} = {=} {c}{r}", \
      "{s}: {1} {u} × {2} {c}/{u} = {=} {c}{r}", \
      "{s}: {1} {u} × {2} {c}/{u} = {=} {c}{r}") \
    X(RATE_TIMED, "per-unit-and-time", \
      "{s}：{1} {u} × {2} {c}/{u} × {3} ÷ {4} = {=} {c}{r}", \
      "{s}: {1} {u} × {2} {c}/{u} × {3} ÷ {4} = {=} {c}{r}", \
      "{s}: {1} {u} × {2} {c}/{u} × {3} ÷ {4} = {=} {c}{r}") \
    X(RATE_REGISTER, "register-difference", \
      "{s}：(本次 {1} − 上次 {2}) × 倍率 {3} = {=} {u}", \
      "{s}: (now {1} − before {2}) × multiplier {3} = {=} {u}", \
      "{s}: (neu {1} − alt {2}) × Faktor {3} = {=} {u}") \
    X(RATE_ROLLOVER, "roll-over", \
      "{s}：计度器过零，(本次 {1} + {2} − 上次 {3}) × 倍率 {4} = {=} {u}", \
      "{s}: the register passed zero, (now {1} + {2} − before {3}) × multiplier {4} = {=} {u}", \
      "{s}: Zählwerk über null, (neu {1} + {2} − alt {3}) × Faktor {4} = {=} {u}") \
    X(RATE_GAS, "gas-volume", \
      "{s}：{1} {u} × {2} kPa ÷ 101.325 kPa × 293.15 K ÷ {3} K = {=} {u}{r}", \
      "{s}: {1} {u} × {2} kPa ÷ 101.325 kPa × 293.15 K ÷ {3} K = {=} {u}{r}", \
      "{s}: {1} {u} × {2} kPa ÷ 101,325 kPa × 293,15 K ÷ {3} K = {=} {u}{r}") \
    X(RATE_WIRING, "wiring-correction", \
      "{s}：错误接线更正，{1} {u} × {2} = {=} {u}", \
      "{s}: correction of wrong wiring, {1} {u} × {2} = {=} {u}", \
      "{s}: Korrektur der Fehlschaltung, {1} {u} × {2} = {=} {u}") \
    X(RATE_LOSS, "loss", \
      "{s}：每月 {1} {u} × {2} ÷ {3} + {4} {u} × {5} = {=} {u}{r}", \
      "{s}: {1} {u} a month × {2} ÷ {3} + {4} {u} × {5} = {=} {u}{r}", \
      "{s}: {1} {u} im Monat × {2} ÷ {3} + {4} {u} × {5} = {=} {u}{r}") \
    X(RATE_DAYS, "by-days", \
      "{s}：{1} {u} 按天分摊，{2} 天 ÷ {3} 天 → {=} {u}（最大余数法）", \
      "{s}: {1} {u} shared by days, {2} of {3} days → {=} {u} (largest remainder)", \
      "{s}: {1} {u} nach Tagen, {2} von {3} Tagen → {=} {u} (größter Rest)") \
    X(RATE_ADD, "sum-of-quantities", \
      "{s}：{1} {u} + {2} {u} = {=} {u}", \
      "{s}: {1} {u} + {2} {u} = {=} {u}", \
      "{s}: {1} {u} + {2} {u} = {=} {u}") \
    X(RATE_LESS, "less", \
      "{s}：扣减 {1} {u} − {2} {u} = {=} {u}", \
      "{s}: taken off, {1} {u} − {2} {u} = {=} {u}", \
      "{s}: abgezogen, {1} {u} − {2} {u} = {=} {u}") \
    X(RATE_SHARE, "quantity-share", \
      "{s}：{1} {u} × {2} = {=} {u}{r}", \
      "{s}: {1} {u} × {2} = {=} {u}{r}", \
      "{s}: {1} {u} × {2} = {=} {u}{r}") \
    X(RATE_FACTOR, "price-factor", \
      "{s}：{1} {c}/{u} × {2} = {=} {c}/{u}{r}", \
      "{s}: {1} {c}/{u} × {2} = {=} {c}/{u}{r}", \
      "{s}: {1} {c}/{u} × {2} = {=} {c}/{u}{r}") \
    X(RATE_REMAINDER, "remainder", \
      "{s}：总量 {1} {u} − 其他时段 {2} {u} = {=} {u}", \
      "{s}: all {1} {u} − other rates {2} {u} = {=} {u}", \
      "{s}: gesamt {1} {u} − andere Tarife {2} {u} = {=} {u}") \
    X(RATE_TIER, "tier", \
      "{s}：本档 {1} {u} − 已用 {2} {u} → 余 {3} {u}，计入 {4} {u}，其后还有 {5} {u}", \
      "{s}: width {1} {u} − used {2} {u} → room {3} {u}, takes {4} {u}, {5} {u} go on", \
      "{s}: Breite {1} {u} − verbraucht {2} {u} → frei {3} {u}, davon {4} {u}, {5} {u} in die nächste Stufe") \
    X(RATE_LAST_TIER, "last-tier", \
      "{s}：最高档，已用 {2} {u}，计入 {4} {u}", \
      "{s}: the last tier, used {2} {u}, takes {4} {u}", \
      "{s}: letzte Stufe, verbraucht {2} {u}, dazu {4} {u}") \
    X(RATE_TIER_RATE, "tier-by-rate", \
      "{s}：{1} {u} × {2} ÷ {3} → {=} {u}（最大余数法）", \
      "{s}: {1} {u} × {2} ÷ {3} → {=} {u} (largest remainder)", \
      "{s}: {1} {u} × {2} ÷ {3} → {=} {u} (größter Rest)") \
    X(RATE_BOUND, "bound", \
      "{s}：上限 {1} {u} × {2} 个月 ÷ {3} 个月 = {=} {u}", \
      "{s}: bound {1} {u} × {2} ÷ {3} months = {=} {u}", \
      "{s}: Grenze {1} {u} × {2} ÷ {3} Monate = {=} {u}") \
    X(RATE_PERSONS, "persons", \
      "{s}：超出 {1} 人 × {2} {u} = 第一档增加 {=} {u}", \
      "{s}: persons above: {1} × {2} {u} = {=} {u} more in the first tier", \
      "{s}: Personen darüber: {1} × {2} {u} = {=} {u} mehr in der ersten Stufe") \
    X(RATE_EXTENSION, "extension", \
      "{s}：一户多人口，每月 {1} {u} × {2} 个月 = 第一档增加 {=} {u}", \
      "{s}: large household, {1} {u} a month × {2} months = {=} {u} more in the first tier", \
      "{s}: großer Haushalt, {1} {u} im Monat × {2} Monate = {=} {u} mehr in der ersten Stufe") \
    X(RATE_EXCESS, "demand-excess", \
      "{s}：{1} {u} − {2} {u} × {3} = 超出 {=} {u}；电价 {4} × {5} = {6} {c}/{u}", \
      "{s}: {1} {u} − {2} {u} × {3} = {=} {u} too much; price {4} × {5} = {6} {c}/{u}", \
      "{s}: {1} {u} − {2} {u} × {3} = {=} {u} zu viel; Preis {4} × {5} = {6} {c}/{u}") \
    X(RATE_SUM, "sum", \
      "{s}：第 {1} 行 {2} {c}，累计 {=} {c}", \
      "{s}: line {1}, {2} {c}, makes {=} {c}", \
      "{s}: Zeile {1}, {2} {c}, macht {=} {c}") \
    X(RATE_SUM_DAYS, "line-by-days", \
      "{s}：第 {1} 行 {2} {c} 按天分摊，{3} 天 ÷ {4} 天 → {=} {c}（最大余数法）", \
      "{s}: line {1}, {2} {c} shared by days, {3} of {4} days → {=} {c} (largest remainder)", \
      "{s}: Zeile {1}, {2} {c} nach Tagen, {3} von {4} Tagen → {=} {c} (größter Rest)") \
    X(RATE_PER_TIME, "price-and-time", \
      "{s}：{1} {c} × {2} ÷ {3} = {=} {c}{r}", \
      "{s}: {1} {c} × {2} ÷ {3} = {=} {c}{r}", \
      "{s}: {1} {c} × {2} ÷ {3} = {=} {c}{r}") \
    X(RATE_FLAT, "price", \
      "{s}：{1} {c} → {=} {c}{r}", \
      "{s}: {1} {c} → {=} {c}{r}", \
      "{s}: {1} {c} → {=} {c}{r}") \
    X(RATE_PF_NONE, "power-factor-none", \
      "{s}：有功、无功均为零，功率因数按 {=} 计", \
      "{s}: neither active nor reactive energy, the power factor counts as {=}", \
      "{s}: weder Wirk- noch Blindarbeit, der Leistungsfaktor gilt als {=}") \
    X(RATE_PERCENT, "percent", \
      "{s}：{1} {c} × {2} = {=} {c}{r}", \
      "{s}: {1} {c} × {2} = {=} {c}{r}", \
      "{s}: {1} {c} × {2} = {=} {c}{r}") \
    X(RATE_PF, "power-factor", \
      "{s}：cos φ = {1} ÷ √({1}² + {2}²) = {=}{r}", \
      "{s}: cos φ = {1} ÷ √({1}² + {2}²) = {=}{r}", \
      "{s}: cos φ = {1} ÷ √({1}² + {2}²) = {=}{r}") \
    X(RATE_PF_RATE, "power-factor-rate", \
      "{s}：功率因数 {1}，标准 {2} → 调整率 {=}", \
      "{s}: power factor {1}, standard {2} → rate {=}", \
      "{s}: Leistungsfaktor {1}, Sollwert {2} → Zuschlag (−: Abschlag) {=}") \
    X(RATE_MINIMUM, "minimum", \
      "{s}：最低 {1} {c} − {2} {c} = 补收 {=} {c}", \
      "{s}: at least {1} {c} − {2} {c} = {=} {c} is missing", \
      "{s}: mindestens {1} {c} − {2} {c} = {=} {c} fehlen") \
    X(RATE_VAT_LINES, "vat-by-line", \
      "税率 {2}：各行合计 {1} {c}，不含税 {3} {c}，税额 {4} {c}", \
      "VAT {2}: lines sum to {1} {c}, net {3} {c}, tax {4} {c}", \
      "USt {2}: Zeilen zusammen {1} {c}, netto {3} {c}, Steuer {4} {c}") \
    X(RATE_VAT_ON, "vat-on-top", \
      "税率 {2}：不含税 {1} {c} × {2} = 税额 {=} {c}{r}", \
      "VAT {2}: net {1} {c} × {2} = tax {=} {c}{r}", \
      "USt {2}: netto {1} {c} × {2} = Steuer {=} {c}{r}") \
    X(RATE_VAT_IN, "vat-included", \
      "税率 {2}：{1} {c} ÷ (1 + {2}) = 不含税 {3} {c}{r}，税额 {4} {c}", \
      "VAT {2}: {1} {c} ÷ (1 + {2}) = net {3} {c}{r}, tax {4} {c}", \
      "USt {2}: {1} {c} ÷ (1 + {2}) = netto {3} {c}{r}, Steuer {4} {c}") \
    X(RATE_TOTAL, "total", \
      "合计 {1} 行：{=} {c}", \
      "total of {1} lines: {=} {c}", \
      "Summe von {1} Zeilen: {=} {c}") \
    X(RATE_BIND, "binding", \
      "{s}：第 {1} 级绑定（1 表计，2 合同，3 分组，4 类别）", \
      "{s}: bound at level {1} (1 meter, 2 contract, 3 group, 4 class)", \
      "{s}: gebunden auf Ebene {1} (1 Zähler, 2 Vertrag, 3 Gruppe, 4 Klasse)") \
    X(RATE_GAP, "usage-gap", \
      "{s}：{2} 天中只有 {1} 天有用量，缺 {=} 天", \
      "{s}: usage covers {1} of {2} days, {=} are missing", \
      "{s}: Verbrauch für {1} von {2} Tagen, {=} fehlen") \
    X(RATE_REGISTER_GAP, "register-gap", \
      "{s}：按总量 {1} {u}，按分时 {2} {u}，差 {=} {u}", \
      "{s}: by the total {1} {u}, by the register {2} {u}, a gap of {=} {u}", \
      "{s}: nach der Summe {1} {u}, nach dem Zählwerk {2} {u}, Abstand {=} {u}") \
    X(RATE_NEW_CUSTOMER, "new-customer", \
      "{s}：累计量属于另一合同，本合同从零开始", \
      "{s}: the accumulator is of another contract, this one begins at zero", \
      "{s}: die aufgelaufene Menge gehört zu einem anderen Vertrag, dieser beginnt bei null") \
    X(RATE_NO_STATE, "no-state", \
      "{s}：本周期在账期之前已开始，但未提供累计量，按零起算", \
      "{s}: the cycle began before this bill and no state was given, so nothing counts as used before", \
      "{s}: der Zyklus begann vor dieser Rechnung, ein Stand fehlt: bisher gilt nichts als verbraucht") \
    X(LATE_DAYS, "late-days", \
      "{s}：{1} {c} × {2} 天 × {3} = {=} {c}{r}", \
      "{s}: {1} {c} × {2} days × {3} = {=} {c}{r}", \
      "{s}: {1} {c} × {2} Tage × {3} = {=} {c}{r}") \
    X(LATE_MINIMUM, "late-minimum", \
      "{s}：违约金 {1} {c} 不足最低额，收 {=} {c}", \
      "{s}: a fee of {1} {c} is below the least, {=} {c}", \
      "{s}: {1} {c} liegt unter dem Mindestbetrag, {=} {c}") \
    X(LATE_CAP, "late-cap", \
      "{s}：违约金 {1} {c} 超过上限 {2} {c} × {3}，收 {=} {c}", \
      "{s}: a fee of {1} {c} is above the cap {2} {c} × {3}, {=} {c}", \
      "{s}: {1} {c} liegt über der Grenze {2} {c} × {3}, {=} {c}") \
    X(LATE_PAID, "late-paid", \
      "{s}：付款 {1} {c}，其中本金 {2} {c}，违约金 {3} {c}，尚欠本金 {=} {c}", \
      "{s}: paid {1} {c}, principal {2} {c}, fee {3} {c}, principal left {=} {c}", \
      "{s}: gezahlt {1} {c}, davon {2} {c} auf die Rechnung und {3} {c} auf Verzugskosten, Rechnung noch offen {=} {c}") \
    X(PF_REBILL, "power-factor-rebill", \
      "{s}：{1} {c} ÷ (1 + {2}) × (1 + {3}) = {=} {c}{r}", \
      "{s}: {1} {c} ÷ (1 + {2}) × (1 + {3}) = {=} {c}{r}", \
      "{s}: {1} {c} ÷ (1 + {2}) × (1 + {3}) = {=} {c}{r}")
/* clang-format on */
#endif
