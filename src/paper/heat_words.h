#ifndef HENG_PAPER_HEAT_WORDS_H
#define HENG_PAPER_HEAT_WORDS_H
/* What is printed on heat cost statements, settlements and the monthly information, in three languages. Inside of
 * paper/ only. */
#include "bill/explain.h"

/* X(symbol, zh, en, de) */
/* clang-format off */
#define HENG_HEAT_WORD_LIST(X) \
    X(STATEMENT, "供热费用分摊表", "Heat cost statement", "Heizkostenabrechnung") \
    X(SETTLEMENT, "供热费结算单", "Heat settlement", "Wärmeabrechnung") \
    X(MONTHLY, "月度用热信息", "Monthly consumption information", "Monatliche Verbrauchsinformation") \
    X(BUILDING, "楼栋", "Building", "Liegenschaft") \
    X(FLAT, "房号", "Flat", "Nutzeinheit") \
    X(TENANT, "用户", "Tenant", "Nutzer") \
    X(TENANT_PERIOD, "使用期间", "Period of use", "Nutzungszeitraum") \
    X(SEASON, "供暖期", "Season", "Abrechnungszeitraum") \
    X(AREA, "面积", "Area", "Fläche") \
    X(COSTS, "全楼费用", "Costs of the building", "Kosten der Liegenschaft") \
    X(COST, "费用项目", "Cost", "Kostenart") \
    X(FUEL_LOT, "入库", "Stock and deliveries", "Bestand und Lieferung") \
    X(FUEL_USED, "燃料消耗", "Fuel used", "Brennstoffverbrauch") \
    X(FUEL_CLOSING, "期末库存", "Closing stock", "Restbestand") \
    X(HEATING, "供暖", "Heating", "Heizung") \
    X(WARM_WATER, "生活热水", "Warm water", "Warmwasser") \
    X(HEAT_COST, "供暖费用", "Cost of heating", "Kosten der Heizung") \
    X(WATER_COST, "热水费用", "Cost of warm water", "Kosten des Warmwassers") \
    X(SEPARATION, "供暖与热水的划分", "Heating and warm water", "Trennung von Heizung und Warmwasser (§ 9)") \
    X(RULE, "划分方法", "Method", "Verfahren") \
    X(WATER_SHARE, "热水占比", "Part of warm water", "Anteil Warmwasser") \
    X(WATER_KWH, "热水耗热量", "Energy for warm water", "Energie für Warmwasser") \
    X(CO2, "二氧化碳成本", "Cost of CO2", "CO₂-Kosten (CO2KostAufG)") \
    X(CO2_KG, "排放量", "Emissions", "Emissionen") \
    X(CO2_SPECIFIC, "单位面积年排放", "per m² and year", "je m² und Jahr") \
    X(CO2_STAGE, "等级；租户承担", "Stage; part of tenants", "Stufe; Anteil der Mieter") \
    X(CO2_TENANT, "租户承担", "Paid by tenants", "Anteil der Mieter") \
    X(CO2_LANDLORD, "房东承担", "Paid by the landlord", "Anteil des Vermieters") \
    X(CO2_TAKEN, "已从分摊费用中扣除", "taken off above", "bereits abgezogen") \
    X(CO2_SHOWN, "仅供参考，未扣除", "not taken off", "nur ausgewiesen, nicht abgezogen") \
    X(YOUR_COSTS, "您的费用", "Your costs", "Ihre Kosten") \
    X(ALL_COST, "总费用", "Total cost", "Gesamtkosten") \
    X(ALL_UNITS, "总单位数", "Total units", "Gesamteinheiten") \
    X(UNIT_PRICE, "单价", "Price per unit", "Preis je Einheit") \
    X(YOUR_UNITS, "您的单位数", "Your units", "Ihre Einheiten") \
    X(YOUR_COST, "您的费用", "Your cost", "Ihre Kosten") \
    X(HEAT_USE, "供暖，按计量", "Heating by use", "Heizung Verbrauch") \
    X(HEAT_BASE, "供暖，按面积", "Heating by area", "Heizung Grundkosten") \
    X(WATER_USE, "热水，按计量", "Warm water by use", "Warmwasser Verbrauch") \
    X(WATER_BASE, "热水，按面积", "Warm water by area", "Warmwasser Grundkosten") \
    X(OTHER, "其他费用", "Other costs", "Sonstige Kosten") \
    X(CHANGE, "租户变更后的划分", "Your part after a change of tenants", "Ihr Anteil bei Nutzerwechsel (§ 9b)") \
    X(DAYS, "天数", "Days", "Tage") \
    X(DEGREE_DAYS, "度日份额（千分）", "Degree days, permille", "Gradtage, Promille") \
    X(REDUCTION, "扣减", "Reduction", "Kürzung (§ 12)") \
    X(PREPAID, "已预缴", "Paid in advance", "Ihre Vorauszahlungen") \
    X(CREDIT, "应退", "In your favour", "Ihr Guthaben") \
    X(CLAIM, "应补", "To pay", "Ihre Nachzahlung") \
    X(DEVICES, "仪表读数", "Devices", "Geräte und Ablesewerte") \
    X(DEVICE, "仪表", "Device", "Gerät") \
    X(K, "系数", "Factor K", "Faktor K") \
    X(NOTE, "备注", "Note", "Hinweis") \
    X(ESTIMATED, "估算", "estimated", "geschätzt") \
    X(ESTIMATES, "估算说明", "Estimates", "Schätzungen (§ 9a)") \
    X(COMPARISON, "用量对比", "Comparison", "Verbrauchsvergleich (§ 6a)") \
    X(THIS, "本期", "This period", "Dieser Zeitraum") \
    X(PREVIOUS, "上期", "Period before", "Vorheriger Zeitraum") \
    X(CORRECTED, "本期（天气修正）", "This period, corrected for weather", "Witterungsbereinigt") \
    X(AVERAGE, "同类用户平均", "Average user", "Durchschnittsnutzer") \
    X(YEAR_BEFORE, "去年同月", "Same month last year", "Vorjahresmonat") \
    X(MONTH_BEFORE, "上月", "Month before", "Vormonat") \
    X(MONTH, "月份", "Month", "Monat") \
    X(USE, "用热量", "Consumption", "Verbrauch") \
    X(INFORMATION, "补充信息", "Further information", "Weitere Angaben (§ 6a)") \
    X(KEYS, "分摊比例", "Keys", "Verteilerschlüssel (§§ 7, 8)") \
    X(BY_USE, "按计量", "by use", "nach Verbrauch") \
    X(METHOD, "分摊方法", "Method", "Verfahren") \
    X(BUILDING_HEAT, "楼栋总热量", "Heat of the building", "Wärme des Gebäudes") \
    X(RATIO, "计量值", "Ratio", "Verhältnis") \
    X(WEIGHT, "分摊权重", "Weight", "Gewicht") \
    X(SHARE, "分摊热量", "Share", "Anteil") \
    X(SOURCE, "数据来源", "Source", "Herkunft") \
    X(CHARGE_AREA, "计费面积", "Charged area", "Abrechnungsfläche") \
    X(MODE, "计费方式", "Price", "Preisart") \
    X(TWO_PART, "两部制热价", "two-part price", "Grund- und Arbeitspreis") \
    X(BY_AREA, "按面积热价", "by area", "nach Fläche") \
    X(LINE_BASE, "基本热费", "Base part", "Grundpreis") \
    X(LINE_METERED, "计量热费", "Metered part", "Arbeitspreis") \
    X(LINE_AREA, "面积热费", "Area fee", "Flächenpreis") \
    X(LINE_CAP, "封顶减免", "Cap", "Höchstbetrag") \
    X(LINE_STOPPED, "停供热能损耗费", "Stopped days", "Stilllegung") \
    X(LINE_COLD, "室温不达标退费", "Room too cold", "Minderung Raumtemperatur") \
    X(LINE_FAILURE, "故障停热退费", "Failures", "Minderung Ausfall") \
    X(PAYABLE, "应缴热费", "Cost of heat", "Wärmekosten") \
    X(CARRY, "结转下个供暖期", "Carried forward", "Übertrag") \
    X(CARRIED_IN, "上期结转", "Carried in", "Übertrag aus Vorperiode") \
    X(WAIVED, "免收", "Waived", "Erlassen") \
    X(LAW, "", "Worked out by HeizkostenV: separation 9, heating 7, warm water 8, failed devices 9a, change of tenants 9b, information 6a.", \
      "Abgerechnet nach HeizkostenV: Trennung § 9, Heizung § 7, Warmwasser § 8, Geräteausfall § 9a, Nutzerwechsel § 9b, Angaben § 6a.") \
    X(LAW_MONTHLY, "", "Information by HeizkostenV 6a (1) and (2). It is no bill.", "Information nach § 6a Abs. 1 und 2 HeizkostenV. Dies ist keine Rechnung.") \
    X(NOT_KNOWN, "无数据", "not known", "nicht bekannt")
/* clang-format on */
typedef enum heng_heat_word {
#define X(symbol, zh, en, de) HENG_HEAT_WORD_##symbol,
    HENG_HEAT_WORD_LIST(X)
#undef X
        HENG_HEAT_WORD_COUNT
} heng_heat_word;
const char *heng_heat_word_text(heng_heat_word word, heng_language language);

#endif
