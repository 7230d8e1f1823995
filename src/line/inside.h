#ifndef HENG_LINE_INSIDE_H
#define HENG_LINE_INSIDE_H
/* What a line is made of, for the files that make it: line.c (news, actions, state), work.c (what is done next, and how
 * it ends), park.c (commands that wait for a valve), ask.c (one conversation on the wire), seek.c (one step of a
 * search).
 *
 *   REST ──work.c: something is due──► GAP ──wake-up, relays, quiet time──► WAIT ──answer, time-out──► GAP ... REST */
#include "line/exchange.h"
#include "line/line.h"
#include "line/park.h"
#include "line/plan.h"
#include "line/queue.h"

typedef enum heng_phase {
    HENG_PHASE_REST, /* nothing to do before wake */
    HENG_PHASE_GAP,  /* before the next request */
    HENG_PHASE_WAIT  /* a request is out */
} heng_phase;

/* Whose answer is waited for. */
typedef enum heng_aim { HENG_AIM_METER, HENG_AIM_RELAY, HENG_AIM_SEARCH, HENG_AIM_NOBODY } heng_aim;

typedef enum heng_work_kind { HENG_WORK_NONE, HENG_WORK_METER, HENG_WORK_BROADCAST, HENG_WORK_SEARCH } heng_work_kind;

/* Why a meter is asked. */
typedef enum heng_cause {
    HENG_CAUSE_JOB,
    HENG_CAUSE_ROUND,
    HENG_CAUSE_DUE,
    HENG_CAUSE_RETURN, /* it is back from quarantine */
    HENG_CAUSE_PROBE,  /* is it back from quarantine? */
    HENG_CAUSE_CHECK   /* is the line mute as a whole? */
} heng_cause;

/* What the line does now. */
struct heng_work {
    heng_work_kind kind;
    heng_cause cause;
    heng_class cls;
    struct heng_queued job;     /* CAUSE_JOB; else its order is what is asked */
    struct heng_plan_turn turn; /* CAUSE_ROUND, CAUSE_DUE */
    uint32_t member;
    heng_us began;
};

/* One conversation with its reads: up to three, where one is not believed, and what is in the middle of them. */
enum { HENG_READS_MAX = 4 };
struct heng_conversation {
    struct heng_talk talk;
    struct heng_read *reads[HENG_READS_MAX]; /* good ones, and the one that is being made */
    unsigned good, failed, tries;            /* attempts that ended so; requests of all */
    bool begun;                              /* this attempt has asked something */
    uint8_t step, part;                      /* the question that was asked last */
    bool missed;                             /* no answer since the last good one: the ceiling holds */
    bool damaged;                            /* something was heard that was no good frame */
    bool unfit;                              /* the first read holds a value that does not fit */
    bool relay_failed;
    unsigned ended;   /* requests that have ended; ... */
    unsigned garbled; /* ... of them, those that brought nothing but garbage or a wrong check */
    bool way_open;    /* the relays were seen to before this request */
    unsigned relay_tries;
    heng_us tried_end; /* when the request before this one was out, if it was the same; 0: it was not */
    heng_outcome outcome;
    char why[120];
    struct heng_work parked_work; /* while it is put aside, see park.h */
    heng_us parked_until;
    struct heng_conversation *parked_next;
    struct { /* the last error report of the meter, with the request where that belongs to it; n 0: none */
        heng_us at_us;
        size_t n;
        uint8_t bytes[HENG_FRAME_BYTES_MAX];
    } refusal;
};

enum { HENG_WAKE_CHUNK = 64, HENG_MUTE_MAX = 3 };

struct heng_line {
    struct heng_line_config config;
    struct heng_line_counters counters;
    struct heng_member *members;
    size_t member_count, quarantined;
    unsigned quarantine_after;
    struct heng_plan plan;
    struct heng_relays relays;
    struct heng_queue *queue;
    struct heng_exchange x;
    struct heng_health health;

    bool open;
    uint32_t opens_at; /* the speed with which the transport begins */
    heng_line_state state;
    heng_us since;
    char detail[160];
    bool status_due, state_changed;
    heng_us status_at; /* when the last one was taken */
    bool counted;      /* a request or a result since then: the counters have moved */

    heng_phase phase;
    heng_aim aim;
    heng_us wake; /* end of the phase, if nothing happens before */
    struct heng_work work;
    struct heng_conversation *talk; /* of WORK_METER and WORK_BROADCAST */
    struct heng_conversation *parked;
    unsigned parked_n;
    uint32_t asked;   /* the member that was asked last; HENG_QUEUE_NOBODY */
    heng_us settling; /* the line keeps quiet for answers that may still come, until then at most; 0: it does not */
    struct heng_relay *opening; /* whose answer is waited for, AIM_RELAY */
    bool announced;             /* a command was told as sent, and goes out next */
    bool tied;                  /* the next request of the conversation belongs to the last one */
    heng_us bus_at;             /* the bus was last busy */
    heng_us ready_at;           /* after a connection: nothing is sent before */
    unsigned wake_left;         /* bytes of a wake-up that are still to be sent */
    bool woken;                 /* the wake-up of the next request is done */
    heng_us poor_until;         /* there was no memory: not tried again before */

    /* is the line mute as a whole? */
    unsigned mute;                 /* conversations in a row without a sign of life */
    uint32_t mutes[HENG_MUTE_MAX]; /* with whom, the first ones */
    unsigned mutes_counted;        /* bits: their miss was counted */
    uint32_t last_good, rotating;
    bool check_due, check_turn, no_load;
    heng_us check_at;

    uint32_t follow; /* a meter that is back and is read at once; HENG_QUEUE_NOBODY */
    unsigned turns;  /* bits of heng_class: jobs are next, not the schedules */
    heng_us cycle_us, dead_us;
    heng_us breather_until; /* behind a round: probes go before the next one */

    /* the search's share while the schedules want the line for themselves; see work.c */
    heng_us search_credit;
    unsigned search_burst; /* requests that it has made in its turn; 0: it is not its turn */

    /* search */
    struct heng_search *search;
    heng_protocol search_protocol;
    bool search_last; /* the last request on the line was the search's */
    unsigned search_frames;
    size_t search_n;
    uint8_t search_frame[HENG_FRAME_BYTES_MAX];
    bool searched_due, search_stopped;
    heng_us searched_at;

    /* actions that wait to be taken */
    struct heng_slice out;
    bool send_due, speed_due, found_due;
    unsigned stages_due; /* bits of heng_stage: stages of the command that is under way */
    bool result_due;
    struct heng_line_result result, stage_result;
    struct heng_read *result_read; /* owned until the call after the one that told it */
    struct heng_search_found found;
};

/* --- line.c */
bool heng_line_usable(const struct heng_line *line);
void heng_line_judge(struct heng_line *line, heng_us now); /* set the state from what is known */
void heng_line_tell(struct heng_line *line, const struct heng_line_result *result, struct heng_read *take_read);
struct heng_read *heng_line_read_new(int64_t device_id, heng_us now, heng_outcome outcome); /* NULL: no memory */

/* --- work.c */
/* Choose and begin what is to be done next, or rest. */
void heng_work_pick(struct heng_line *line, heng_us now);
void heng_conversation_free(struct heng_conversation *conversation); /* accepts NULL */
/* No work any more; the next is chosen when the bus is free. Frees the conversation. */
void heng_work_done(struct heng_line *line, heng_us now);
/* Who asked for what the line does now, as a result without stage and read. */
struct heng_line_result heng_work_result(const struct heng_line *line);
/* What the line did until now is over: the search's share follows from the time it took. */
void heng_work_charge(struct heng_line *line, heng_us now);
/* Put the work aside: it is done again from the start. */
void heng_work_abandon(struct heng_line *line, heng_us now);
bool heng_work_gives_way(const struct heng_line *line); /* a control command waits, and may go first */
bool heng_work_is_quick(const struct heng_line *line);  /* one try is enough: nobody is expected to answer */
/* Is its silence that of a collector which answers for it? */
bool heng_line_is_behind_store(const struct heng_line *line, const struct heng_member *member);

/* The command that is under way has got to this stage. True: it had not before. */
bool heng_work_stage(struct heng_line *line, heng_stage stage);
/* An attempt of the conversation has ended so. */
void heng_work_ended(struct heng_line *line, heng_us now, heng_outcome outcome);
/* A good answer, or an answer that nobody waited for any more: the line lives. */
void heng_work_life(struct heng_line *line, heng_us now, uint32_t member);

/* --- ask.c */
void heng_ask_begin(struct heng_line *line);             /* an attempt */
void heng_ask_next(struct heng_line *line, heng_us now); /* the next request, or what must come before it */
void heng_ask_feed(struct heng_line *line, heng_us now, struct heng_slice bytes);
void heng_ask_timeout(struct heng_line *line, heng_us now);
void heng_ask_out(struct heng_line *line, heng_us now, struct heng_slice bytes); /* SEND these */
void heng_ask_gap(struct heng_line *line, heng_us now, heng_us pause);
void heng_ask_baud(struct heng_line *line, uint32_t baud);
struct heng_member *heng_ask_speaker(struct heng_line *line); /* whose answers may come now, or NULL */

/* --- seek.c */
bool heng_seek_ready(const struct heng_line *line);
void heng_seek_next(struct heng_line *line, heng_us now);
void heng_seek_hear(struct heng_line *line, const struct heng_telegram *telegram);
void heng_seek_timeout(struct heng_line *line, heng_us now);
void heng_seek_cut(struct heng_line *line);

#endif
