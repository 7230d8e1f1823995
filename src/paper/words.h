#ifndef HENG_PAPER_WORDS_H
#define HENG_PAPER_WORDS_H
/* What is printed, in the three languages, and amounts, days and moments as people of each write them. */
#include "bill/explain.h"
#include "store/money/bills.h"
#include "vee/day.h"

/* X(symbol, zh, en, de) */
/* clang-format off */
#define HENG_WORD_LIST(X) \
    X(BILL, "账单", "Bill", "Rechnung") \
    X(BILL_STATEMENT, "预付费用量对账单", "Statement of prepaid use", "Abrechnung Ihres Guthabens") \
    X(BILL_FINAL, "结算账单", "Final bill", "Schlussrechnung") \
    X(BILL_HEAT, "供热费结算单", "Heat bill", "Heizkostenabrechnung") \
    X(BILL_PREPAY, "预缴通知单", "Request for prepayment", "Abschlagsrechnung") \
    X(BILL_DELTA, "更正账单", "Corrected bill", "Korrigierte Rechnung") \
    X(BILL_REVERSAL, "红字冲销单", "Reversal of a bill", "Stornorechnung") \
    X(DRAFT, "草稿，未开出", "Draft, not issued", "Entwurf, nicht ausgestellt") \
    X(REVERSED, "已冲销", "Reversed", "Storniert") \
    X(NUMBER, "账单编号", "Bill number", "Rechnungsnummer") \
    X(ISSUED, "开具日期", "Issued on", "Rechnungsdatum") \
    X(REVERSES, "冲销的账单", "Reverses bill", "Storniert Rechnung") \
    X(ACCOUNT, "户号", "Account", "Kundennummer") \
    X(NAME, "户名", "Name", "Name") \
    X(PLACE, "用能地址", "Supply address", "Abnahmestelle") \
    X(PERIOD, "计费周期", "Period", "Zeitraum") \
    X(DUE, "缴费截止日", "Due by", "Zahlbar bis") \
    X(CHARGES, "费用明细", "Charges", "Positionen") \
    X(ITEM, "项目", "Item", "Position") \
    X(QUANTITY, "用量", "Quantity", "Menge") \
    X(UNIT, "单位", "Unit", "Einheit") \
    X(PRICE, "单价", "Price", "Preis") \
    X(AMOUNT, "金额", "Amount", "Betrag") \
    X(TOTAL, "合计", "Total", "Summe") \
    X(TAX_IN, "其中税额", "of which tax", "darin enthaltene Steuer") \
    X(ALREADY, "已从余额扣除", "taken from your balance already", "bereits vom Guthaben abgebucht") \
    X(TO_PAY, "应缴金额", "To pay", "Zu zahlen") \
    X(IN_WORDS, "大写金额", "In words", "In Worten") \
    X(CREDIT, "应退金额", "In your favour", "Guthaben") \
    X(METERS, "计量读数", "Readings", "Zählerstände") \
    X(METER, "表号", "Meter", "Zähler") \
    X(FROM_INDEX, "起始读数", "from", "Anfangsstand") \
    X(TO_INDEX, "终止读数", "to", "Endstand") \
    X(AT, "时间", "at", "am") \
    X(ESTIMATED, "本期部分用量为估算值", "Part of the usage is estimated", "Ein Teil des Verbrauchs ist geschätzt") \
    X(RECEIPT_SALE, "充值收据", "Receipt: top-up", "Quittung: Aufladung") \
    X(RECEIPT_PAYMENT, "缴费收据", "Receipt: payment", "Quittung: Zahlung") \
    X(RECEIPT_REFUND, "退费凭证", "Refund", "Auszahlungsbeleg") \
    X(RECEIPT_REVERSAL, "冲正凭证", "Reversal", "Stornobeleg") \
    X(RECEIPT_DEPOSIT, "押金收据", "Receipt: deposit", "Quittung: Kaution") \
    X(RECEIPT_DEPOSIT_BACK, "押金退还凭证", "Deposit returned", "Kautionsrückzahlung") \
    X(RECEIPT_PAYOUT, "销户退款凭证", "Payout at closing", "Auszahlung bei Kontoschluss") \
    X(RECEIPT_NUMBER, "收据编号", "Receipt number", "Beleg-Nr.") \
    X(OPERATOR, "操作员", "Cashier", "Kassierer") \
    X(SECOND, "复核人", "Agreed by", "Zweite Person") \
    X(DESK, "网点", "Desk", "Kasse") \
    X(CHANNEL, "缴费方式", "Paid by", "Zahlungsart") \
    X(CASH, "现金", "cash", "bar") \
    X(BEFORE, "交易前余额", "Balance before", "Guthaben vorher") \
    X(AFTER, "交易后余额", "Balance after", "Guthaben nachher") \
    X(ORIGINAL, "原收据编号", "Original receipt", "Ursprünglicher Beleg") \
    X(COUNTER, "购电次数", "Purchase number", "Aufladung Nr.") \
    X(SIGN, "收款人签字：____________    客户签字：____________", "Cashier: ____________    Customer: ____________", \
      "Kassierer: ____________    Kunde: ____________") \
    X(REASON, "原因", "Reason", "Grund") \
    X(REPLACES, "更正的账单", "Corrects bill", "Korrigiert Rechnung") \
    X(REVERSED_BY, "冲销单编号", "Reversed by", "Storniert durch") \
    X(MULTIPLIER, "倍率", "Factor", "Faktor") \
    X(INDEX_USE, "读数差", "Difference", "Differenz") \
    X(TAXES, "税额汇总", "Tax", "Steuer") \
    X(TAX_RATE, "税率", "Rate", "Satz") \
    X(NET, "不含税金额", "Net", "Netto") \
    X(TAX, "税额", "Tax", "Steuer") \
    X(GROSS, "含税金额", "With tax", "Brutto") \
    X(UNTAXED, "不计税", "none", "ohne") \
    X(HISTORY, "近12个月用量", "Use of the last 12 months", "Verbrauch der letzten 12 Monate") \
    X(PAYMENTS, "收款情况", "Paid so far", "Bisherige Zahlungen") \
    X(PAID, "已收金额", "Paid", "Gezahlt") \
    X(LATE_FEE, "滞纳金", "Late fee", "Mahngebühr") \
    X(PRINCIPAL, "费用", "Charges", "Forderung") \
    X(DAY, "日期", "Day", "Datum") \
    X(BY_ADVANCE, "预存款抵扣", "from advance payments", "aus Vorauszahlungen") \
    X(BY_REVERSAL, "冲正", "taken back", "zurückgenommen") \
    X(STILL_OPEN, "尚欠金额", "Still to pay", "Noch offen") \
    X(PAID_UP, "已结清", "Paid in full", "Vollständig bezahlt") \
    X(INSTALMENTS, "分期付款", "Instalments", "Ratenplan") \
    X(INSTALMENT, "期次", "Part", "Rate") \
    X(REMINDER, "催缴通知", "Reminder", "Mahnung") \
    X(STEP, "催缴次数", "Step", "Stufe") \
    X(PAID_BILLS, "结清账单", "Bills paid", "Bezahlte Rechnungen") \
    X(DEPOSIT_BEFORE, "交易前押金", "Deposit before", "Kaution vorher") \
    X(DEPOSIT_AFTER, "交易后押金", "Deposit after", "Kaution nachher") \
    X(BANK, "银行", "bank", "Bank") \
    X(PLEASE_PAY, "请尽快缴清欠费。如已缴款，请忽略本提示。", "Please pay what is open. If you have paid already, please disregard this.", \
      "Bitte begleichen Sie den offenen Betrag. Haben Sie bereits gezahlt, ist dieses Schreiben gegenstandslos.") \
    X(NOTHING_DUE, "本单仅供核对，费用已从余额扣除，无需缴费。", "For your information: all of it was taken from your balance, nothing is due.", \
      "Zu Ihrer Information: alles ist vom Guthaben abgebucht, es ist nichts zu zahlen.")
/* clang-format on */
typedef enum heng_word {
#define X(symbol, zh, en, de) HENG_WORD_##symbol,
    HENG_WORD_LIST(X)
#undef X
        HENG_WORD_COUNT
} heng_word;

const char *heng_word_text(heng_word word, heng_language language);
heng_word heng_word_of_bill(heng_bill_kind kind);

/* "1,234.50 元", "EUR 1,234.50", "1.234,50 €": minor units of two places. */
enum { HENG_MONEY_TEXT_MAX = 48 };
const char *heng_paper_money(int64_t amount, const char *currency, heng_language language,
                             char ret[HENG_AT_LEAST(HENG_MONEY_TEXT_MAX)]);
/* A decimal text with the mark and the groups of the language: "12345.60" is "12.345,60" in German. */
const char *heng_paper_number(const char *decimal, heng_language language,
                              char ret[HENG_AT_LEAST(HENG_MONEY_TEXT_MAX)]);
/* "2026-11-01", "01.11.2026"; a period [from, to) by its first and its last day. */
const char *heng_paper_day(heng_day day, heng_language language, char ret[HENG_AT_LEAST(HENG_MONEY_TEXT_MAX)]);
const char *heng_paper_period(heng_day from, heng_day to, heng_language language,
                              char ret[HENG_AT_LEAST(HENG_MONEY_TEXT_MAX)]);

#endif
