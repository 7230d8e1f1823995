#ifndef HENG_STORE_USAGE_VERDICTS_H
#define HENG_STORE_USAGE_VERDICTS_H
/* What the rules said, what people answered, the rules themselves, calendars and weather. Numbers of rules and texts
 * of severities are those of vee/verdict.h; decimals are texts, "" for none. */
#include "base/buf.h"
#include "store/store.h"

enum { HENG_VERDICT_NUMBERS = 4 };
typedef enum heng_verdict_number {
    HENG_VERDICT_SEEN,
    HENG_VERDICT_LOW,
    HENG_VERDICT_HIGH,
    HENG_VERDICT_REFERENCE
} heng_verdict_number;

/* place: whose verdict it is (vee/derive.h), nr: its number there. */
struct heng_verdict_row {
    int64_t channel_id;
    int32_t day;
    uint16_t place, nr;
    uint8_t rule;
    uint32_t version;
    char severity[8];
    heng_us from_us, to_us;
    char numbers[HENG_VERDICT_NUMBERS][HENG_DEC_TEXT_MAX];
};

HENG_NODISCARD heng_rc heng_store_put_verdict(struct heng_store *store, const struct heng_verdict_row *row,
                                              struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_drop_verdicts(struct heng_store *store, int64_t channel_id, int32_t from, int32_t to,
                                                uint16_t place, struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_list_verdicts(struct heng_store_reader *reader, int64_t channel_id, int32_t from,
                                                int32_t to, struct heng_verdict_row *ret, size_t cap, size_t *ret_n,
                                                struct heng_err *err);

/* A reading that is kept beside: verdict.from_us is its time; channel_id, day, place and nr are not used. */
struct heng_doubt_row {
    int64_t device_id;
    heng_source source;
    heng_us came_us;
    struct heng_verdict_row verdict;
};
HENG_NODISCARD heng_rc heng_store_put_doubt(struct heng_store *store, const struct heng_doubt_row *row,
                                            struct heng_err *err);
/* With from_us <= at < to_us. */
HENG_NODISCARD heng_rc heng_store_list_doubts(struct heng_store_reader *reader, int64_t device_id, heng_us from_us,
                                              heng_us to_us, struct heng_doubt_row *ret, size_t cap, size_t *ret_n,
                                              struct heng_err *err);

/* Verdicts of one rule about one channel that somebody has to look at, as one task: newest is the last of count, they
 * are of so many days from first_day to newest.day. answer: "" none. */
struct heng_exception_row {
    struct heng_verdict_row newest;
    int64_t count, days, point_id;
    int32_t first_day;
    heng_medium medium;
    char place[HENG_PATH_MAX], answer[8];
    /* of readings that are kept beside: whose the newest is, when they came first and last; 0: of usage */
    int64_t device_id, source;
    heng_us first_came_us, last_came_us;
};

/* Which: of days [from, to); 0 and "": all. severity "told" asks for what is for the record, "" for all else. */
struct heng_exception_ask {
    int64_t scope, point_id, place_id;
    int32_t from, to;
    heng_us came_from_us, came_to_us; /* the same days, for readings that are kept beside */
    uint8_t rule;
    const char *medium, *group_name, *severity;
};
/* In order of channel and rule, behind (after_channel, after_rule). */
HENG_NODISCARD heng_rc heng_store_list_exceptions(struct heng_store_reader *reader,
                                                  const struct heng_exception_ask *ask, int64_t after_channel,
                                                  uint8_t after_rule, struct heng_exception_row *ret, size_t cap,
                                                  size_t *ret_n, struct heng_err *err);
/* Of readings that are kept beside, at the point where their device was last; day and first_day are not filled. */
HENG_NODISCARD heng_rc heng_store_list_doubt_exceptions(struct heng_store_reader *reader,
                                                        const struct heng_exception_ask *ask, int64_t after_channel,
                                                        uint8_t after_rule, struct heng_exception_row *ret, size_t cap,
                                                        size_t *ret_n, struct heng_err *err);

/* How many, by rule: tasks, and verdicts in them. */
struct heng_exception_count {
    uint8_t rule;
    char severity[8]; /* the gravest */
    int64_t tasks, verdicts;
};
enum { HENG_EXCEPTION_COUNTS_MAX = 64 };
HENG_NODISCARD heng_rc heng_store_count_exceptions(struct heng_store_reader *reader,
                                                   const struct heng_exception_ask *ask, bool doubts,
                                                   struct heng_exception_count *ret, size_t cap, size_t *ret_n,
                                                   struct heng_err *err);

/* A counter of a device at a point that no channel takes. */
struct heng_undeclared_row {
    int64_t point_id, register_id, device_id;
    heng_quantity quantity;
    heng_unit unit;
    uint32_t tariff;
    char qualifier[HENG_QUALIFIER_MAX];
};
HENG_NODISCARD heng_rc heng_store_list_undeclared(struct heng_store_reader *reader, int64_t scope, int64_t point_id,
                                                  int64_t after_register, struct heng_undeclared_row *ret, size_t cap,
                                                  size_t *ret_n, struct heng_err *err);

/* answer: "right", "wrong", "order", "open". Days inclusive. */
struct heng_answer_row {
    int64_t id, channel_id;
    uint8_t rule;
    int32_t from_day, to_day;
    char answer[8];
    heng_us recorded_us;
    char who[HENG_KEY_MAX], reason[200];
};
HENG_NODISCARD heng_rc heng_store_add_answer(struct heng_store *store, const struct heng_answer_row *row,
                                             struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_list_answers(struct heng_store_reader *reader, int64_t channel_id, int32_t from,
                                               int32_t to, struct heng_answer_row *ret, size_t cap, size_t *ret_n,
                                               struct heng_err *err);

/* Rules as text, in versions that never change; the caller checks them before. group_name "": of the whole medium. */
HENG_NODISCARD heng_rc heng_store_next_rule_version(struct heng_store_reader *reader, int64_t *ret,
                                                    struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_put_rules(struct heng_store *store, int64_t version, heng_medium medium,
                                            const char *group_name, int32_t from_day, struct heng_slice text,
                                            struct heng_err *err);
/* In force on a day. text is appended. Errors: ENOTFOUND. */
HENG_NODISCARD heng_rc heng_store_get_rules(struct heng_store_reader *reader, heng_medium medium,
                                            const char *group_name, int32_t day, int64_t *ret_version,
                                            struct heng_str *ret_text, struct heng_err *err);

HENG_NODISCARD heng_rc heng_store_put_calendar(struct heng_store *store, const char *key, int32_t from_day,
                                               struct heng_slice text, int64_t *ret_version, struct heng_err *err);
/* All versions of a calendar, oldest first. Errors: what each returns. */
typedef heng_rc heng_calendar_each(void *ctx, int64_t version, int32_t from_day, struct heng_slice text);
HENG_NODISCARD heng_rc heng_store_each_calendar(struct heng_store_reader *reader, const char *key,
                                                heng_calendar_each *each, void *ctx, struct heng_err *err);

/* Tenths of a kelvin day and of a degree. computed: the degree days are by the site's base, nobody told them. */
struct heng_weather {
    int64_t degree_dk, outdoor_dc;
    bool computed;
};
HENG_NODISCARD heng_rc heng_store_put_weather(struct heng_store *store, const char *station, int32_t day,
                                              const struct heng_weather *weather, struct heng_err *err);
/* Errors: ENOTFOUND. */
HENG_NODISCARD heng_rc heng_store_get_weather(struct heng_store_reader *reader, const char *station, int32_t day,
                                              struct heng_weather *ret, struct heng_err *err);

#endif
