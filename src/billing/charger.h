#ifndef HENG_BILLING_CHARGER_H
#define HENG_BILLING_CHARGER_H
/* The charger at work, in pieces: which tariff holds (charger.c), what was used (charge_usage.c), lines in the smallest
 * unit of the currency (charge_lines.c), ask and trace as texts (charge_text.c). Inside of billing/ only. */
#include "account/tariffs.h"
#include "billing/charge.h"
#include "rate/form.h"
#include "store/money/charge_facts.h"

#include <openssl/evp.h>

enum {
    CHARGE_ROWS_MAX = 96,     /* runs of days of a channel */
    CHARGE_CHANNELS_MAX = 48, /* of a point */
    CHARGE_QUANTITIES_MAX = 8,
    CHARGE_BOUNDS_MAX = 48,
    CHARGE_STATES_MAX = HENG_TARIFF_COMPONENTS_MAX,
    CHARGE_CUTS_MAX = 64,
    CHARGE_TEXT_MAX = 16 << 20,
};

/* An edition of a tariff, read once. */
struct charge_tariff {
    struct charge_tariff *next;
    struct heng_tariff_edition edition;
    struct heng_tariff tariff;
    struct heng_arena arena;
};

/* What is newest: held for one organisation and key as long as the charger holds (heng_charger_hold). */
struct charge_newest {
    struct charge_newest *next;
    int64_t org_id;
    char key[HENG_TARIFF_KEY_MAX];
    const struct charge_tariff *tariff;
};

/* The tariffs of a group and class for a period, held in the same way. */
struct charge_bound {
    struct charge_bound *next;
    int64_t org_id;
    char group[HENG_TARIFF_KEY_MAX], price_class[HENG_TARIFF_KEY_MAX];
    heng_day from, to;
    size_t count;
    struct heng_rate_span spans[HENG_RATE_SPANS_MAX];
    const struct charge_tariff *tariffs[HENG_RATE_SPANS_MAX];
};

/* Days [from, to) of a channel that an entry of the ask rests on. */
struct charge_row {
    size_t channel; /* in channels */
    heng_day from, to;
    struct heng_dec amount; /* in the channel's unit */
    uint8_t trust;
    uint32_t days, estimated;
    uint8_t digest[32];
};

/* How an entry of the ask came of its row. */
typedef enum charge_how { CHARGE_TOTAL, CHARGE_REGISTER, CHARGE_CALENDAR, CHARGE_SERIES, CHARGE_MAXIMUM } charge_how;
const char *charge_how_text(charge_how how);

struct charge_work {
    const struct heng_charge_ask *ask;
    heng_day from, to;
    struct heng_arena *arena;
    struct heng_charge_findings *findings;
    /* the tariffs */
    struct heng_rate_span spans[HENG_RATE_SPANS_MAX];
    const struct charge_tariff *tariffs[HENG_RATE_SPANS_MAX]; /* of the spans */
    size_t span_count;
    /* the contract */
    struct heng_rate_contract contract;
    struct heng_slice contract_text; /* the same, as it stands in the ask */
    /* what was used */
    struct heng_channel_row channels[CHARGE_CHANNELS_MAX];
    bool channel_used[CHARGE_CHANNELS_MAX];
    size_t channel_count;
    struct heng_rate_usage usage[HENG_RATE_USAGE_MAX];
    size_t usage_rows[HENG_RATE_USAGE_MAX];
    charge_how usage_how[HENG_RATE_USAGE_MAX];
    size_t usage_count;
    struct charge_row rows[CHARGE_ROWS_MAX];
    size_t row_count;
    bool estimated, suspect;
    heng_day known_to;
    /* the meters of the channels that were used */
    struct heng_charge_bound bounds[CHARGE_BOUNDS_MAX];
    size_t bound_channels[CHARGE_BOUNDS_MAX], bound_count;
};

struct heng_charger {
    struct heng_store_reader *reader;
    struct heng_charge_facts *facts;
    struct heng_usage_site site;
    struct charge_tariff *tariffs;
    struct charge_newest *newest;
    struct charge_bound *bound;
    bool holds;
    EVP_MD_CTX *md;
    struct heng_str text, body;
    struct charge_work work;
    struct heng_usage_row day; /* unpacked */
    struct heng_day_usage day_usage;
    struct heng_contract chain; /* of those that a contract follows */
    struct heng_rate_line lines[HENG_CHARGE_LINES_MAX];
    struct heng_rate_state states[CHARGE_STATES_MAX];
    struct heng_charge_line out[HENG_CHARGE_LINES_MAX];
};

/* --- charger.c */
/* The edition (0: the newest) of a key as an organisation sees it; ECONFIG when there is none. */
HENG_NODISCARD heng_rc charge_tariff_of(struct heng_charger *charger, int64_t org_id, const char *key, int64_t edition,
                                        const struct charge_tariff **ret, struct heng_err *err);
/* Fills spans. */
HENG_NODISCARD heng_rc charge_bind(struct heng_charger *charger, struct heng_err *err);

/* --- charge_contract.c: terms, whom it follows, used tiers. Fills contract and its text. */
HENG_NODISCARD heng_rc charge_contract(struct heng_charger *charger, struct heng_err *err);

/* --- charge_usage.c: fills usage, rows, known_to, of [from, to). */
HENG_NODISCARD heng_rc charge_usage(struct heng_charger *charger, struct heng_err *err);

/* What the trace says of days [from, to) of a channel, of these days as they are now. */
HENG_NODISCARD heng_rc charge_days_digest(struct heng_charger *charger, int64_t channel_id, heng_day from, heng_day to,
                                          uint8_t ret[32], struct heng_err *err);

/* --- charge_unit.c: an amount of a channel in the unit of a price, exactly. Errors: ECONFIG no exact way; ERANGE. */
HENG_NODISCARD heng_rc charge_convert(struct heng_dec amount, heng_unit from, const char *to, heng_medium medium,
                                      struct heng_dec *ret);

/* --- charge_lines.c: what the engine gave as lines and totals of a charge; ret->lines is room for cap of them. */
HENG_NODISCARD heng_rc charge_lines(const struct heng_rate_result *result, const char *currency,
                                    struct heng_charge *ret, size_t cap, struct heng_err *err);

/* --- charge_text.c */
HENG_NODISCARD heng_rc charge_texts(struct heng_charger *charger, const struct heng_rate_result *result,
                                    struct heng_charge *ret, struct heng_err *err);
HENG_NODISCARD heng_rc charge_states_text(struct heng_str *text, const struct heng_rate_result *result,
                                          struct heng_arena *arena, struct heng_slice *ret, struct heng_err *err);

#endif
