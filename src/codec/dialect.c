/* Rules of a dialect, applied to what a codec yields. */
#include "codec/dialect.h"
#include "codec/cjt188/record.h"
#include "codec/present.h"

#define X(symbol, text) text,
static const char *const coding_texts[] = {HENG_CODING_LIST(X)};
static const char *const order_texts[] = {HENG_WORD_ORDER_LIST(X)};
static const char *const unit_order_texts[] = {HENG_UNIT_ORDER_LIST(X)};
#undef X

const char *heng_coding_text(heng_coding coding)
{
    return coding < HENG_CODING_COUNT ? coding_texts[coding] : "unknown";
}

const char *heng_word_order_text(heng_word_order order)
{
    return order < HENG_WORD_ORDER_COUNT ? order_texts[order] : "unknown";
}

heng_coding heng_coding_of(const char *text)
{
    unsigned i = 0;
    while (i < HENG_CODING_COUNT && strcmp(coding_texts[i], text) != 0) i++;
    return (heng_coding)i;
}

heng_word_order heng_word_order_of(const char *text)
{
    unsigned i = 0;
    while (i < HENG_WORD_ORDER_COUNT && strcmp(order_texts[i], text) != 0) i++;
    return (heng_word_order)i;
}

heng_unit_order heng_unit_order_of(const char *text)
{
    unsigned i = 0;
    while (i < HENG_UNIT_ORDER_COUNT && strcmp(unit_order_texts[i], text) != 0) i++;
    return (heng_unit_order)i;
}

const struct heng_dialect heng_dialect_standard = {
    .cjt188 = {.total_decimals = HENG_DECIMALS_UNKNOWN,
               .energy_decimals = HENG_DECIMALS_UNKNOWN,
               .power_decimals = HENG_DECIMALS_UNKNOWN,
               .flow_decimals = HENG_DECIMALS_UNKNOWN,
               .volume_decimals = HENG_DECIMALS_UNKNOWN},
};

void heng_telegram_use(struct heng_telegram *t, const struct heng_dialect *dialect)
{
    t->dialect = dialect;
    if (t->protocol == HENG_PROTOCOL_CJT188) heng_cjt188_judge(t);
}

static bool fits(const struct heng_record_rule *rule, const struct heng_telegram *t, const struct heng_record *record)
{
    char qualifier[HENG_QUALIFIER_MAX];
    if (rule->match.has_di && rule->match.di != t->di) return false;
    if (rule->match.has_quantity && rule->match.quantity != record->quantity) return false;
    if (rule->match.has_unit && rule->match.unit != record->unit) return false;
    if (rule->match.has_function && rule->match.function != record->function) return false;
    if (rule->match.has_storage && rule->match.storage != record->storage) return false;
    if (rule->match.has_tariff && rule->match.tariff != record->tariff) return false;
    if (rule->match.has_subunit && rule->match.subunit != record->subunit) return false;
    if (rule->match.vif.n && !heng_slice_eq(rule->match.vif, record->vif)) return false;
    if (!rule->match.qualifier) return true;
    heng_record_qualifier(record, qualifier);
    return strcmp(rule->match.qualifier, qualifier) == 0;
}

static void no_value(struct heng_record *ret, const char *reason)
{
    ret->kind = HENG_VALUE_NONE;
    ret->reason = reason;
}

static void apply(const struct heng_record_rule *rule, struct heng_record *ret)
{
    if (rule->then.has_quantity) ret->quantity = rule->then.quantity;
    if (rule->then.has_unit) ret->unit = rule->then.unit;
    if (rule->then.has_function) ret->function = rule->then.function;
    if (rule->then.has_storage) ret->storage = rule->then.storage;
    if (rule->then.has_tariff) ret->tariff = rule->then.tariff;
    if (rule->then.has_subunit) ret->subunit = rule->then.subunit;
    if (rule->then.qualifier) ret->qualifier = rule->then.qualifier;
    if (rule->then.has_quantity || rule->then.has_unit) ret->vif_known = true;
    if (ret->kind != HENG_VALUE_DEC) return;
    if (rule->then.factor && heng_dec_scale(ret->dec, rule->then.factor, &ret->dec) != HENG_OK)
        no_value(ret, "out of range");
    else if (heng_dec_shift(ret->dec, rule->then.shift, &ret->dec) != HENG_OK)
        no_value(ret, "out of range");
}

heng_rc heng_record_next(struct heng_records *records, struct heng_record *ret, struct heng_err *err)
{
    const struct heng_telegram *t = records->telegram;
    const struct heng_codec *codec = heng_codec_of(t->protocol);
    if (!t->dialect) return codec->next(records, ret, err); /* most meters speak as the standard says */
    for (;;) {                                              /* a dropped record costs one turn, and the records end */
        heng_rc rc = codec->next(records, ret, err);
        if (rc != HENG_OK) return rc;
        size_t i = 0;
        while (i < t->dialect->rule_count && !fits(&t->dialect->rules[i], t, ret)) i++;
        if (i == t->dialect->rule_count) return HENG_OK;
        if (t->dialect->rules[i].then.drop) continue;
        apply(&t->dialect->rules[i], ret);
        return HENG_OK;
    }
}
