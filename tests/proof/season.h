#ifndef HENG_PROOF_SEASON_H
#define HENG_PROOF_SEASON_H
/* A season of a district in virtual time: what its meters say, what its people pay, and what Heng makes of it. All that
 * a stranger needs to work the balances out again (frames, archive, contracts, money) goes into facts.tsv as it
 * happens; season_truth.py reads that and nothing else. docs/money-proof.md */
#include "unit/small_site.h"

#include "account/book.h"
#include "account/contracts.h"
#include "prepaid/work.h"
#include "usage/usage.h"

enum {
    SEASON_PER_HOUSE = 100, /* flats */
    SEASON_RATES = 5,       /* the total and T1 .. T4 */
    SEASON_BATCH = 32,
};

/* What a meter is: its protocol and its frame. */
typedef enum season_kind { SEASON_POWER, SEASON_WATER, SEASON_ROOM, SEASON_HOUSE, SEASON_KINDS } season_kind;

/* index: 0.01 kWh by rate; 0.01 m3; 0.01 degrees; kWh. */
struct season_meter {
    season_kind kind;
    char number[16];
    int64_t device_id, point_id;
    int64_t index[SEASON_RATES];
};

struct season_flat {
    char key[24];
    int house, area_dm2;
    struct season_meter meters[3]; /* by kind */
    int64_t account_id, contracts[3];
    char account[HENG_ACCOUNT_NUMBER_MAX];
    int accounts; /* so many lived here */
    bool cut, postpaid;
    int64_t degree_h; /* 0.01 degree hours that were decoded */
    unsigned thrift;  /* how soon they pay, percent a day */
    bool faults;      /* the meter's line is a bad one */
};

/* A frame that comes later than it was read. */
struct season_late {
    struct season_late *next;
    int day; /* when it comes */
    struct season_meter meter;
    heng_us at_us;
};

/* An account of somebody who has left, until it is closed. */
struct season_left {
    struct season_left *next;
    int64_t account_id;
};

struct season {
    struct small_site site;
    struct heng_store *store;
    struct heng_store_reader *reader;
    struct heng_usage_worker *usage;
    struct heng_prepaid_worker *prepaid;
    struct heng_ingested ingested;
    struct season_flat *flats;
    struct season_meter *houses;
    int64_t *house_first;
    int flat_count, house_count, days, first_day, today;
    struct season_late *late;
    struct season_left *left;
    struct heng_hand li, wang;
    FILE *facts;
    const char *folder;
    uint64_t chance;
    unsigned keys, next_number;
    struct heng_read *reads; /* SEASON_BATCH */
    size_t read_count;
    /* what happened, for the report */
    struct {
        long long frames, late, lost, rejected, exchanges, sales, orders, notices, refunds, reversals, transfers, cuts,
            restores, moves, closed, switched, runs, bills, corrected, again, reconciled, differences, cash_days,
            refused, shifted;
    } n;
};

extern struct heng_err season_err;

/* season.c */
uint32_t season_draw(struct season *s, uint32_t below);
void season_begin(struct season *s);
void season_commit(struct season *s);
void season_fact(struct season *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
void season_clock(struct season *s, int day, int minute);
heng_us season_us(int day, int minute);
void season_key(struct season *s, const char *what, char ret[static 32]);

/* season_meters.c: from indexes to frames, through the decoders into the store. */
void season_sites(struct season *s);
void season_read(struct season *s, const struct season_meter *meter, heng_us at_us, struct heng_value *ret_main);
void season_flush(struct season *s);
void season_readings(struct season *s, int day);
void season_live(struct season *s, int day);
void season_exchange(struct season *s, struct season_flat *flat);
void season_wrong(struct season *s, struct season_flat *flat);

/* season_money.c: people at the desk, channels, days that are closed. */
void season_people(struct season *s);
void season_payments(struct season *s);
void season_cash_open(struct season *s);
void season_cash_close(struct season *s);
void season_supply(struct season *s);
void season_moves(struct season *s);
void season_closings(struct season *s);
void season_switch(struct season *s);

/* season_bills.c */
void season_tariff(struct season *s, const char *key, const char *body);
void season_run(struct season *s, int from_day, int to_day);
void season_again(struct season *s);
void season_corrections(struct season *s);
void season_heat(struct season *s);
void season_prove(struct season *s);

#endif
