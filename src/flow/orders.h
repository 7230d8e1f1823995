#ifndef HENG_FLOW_ORDERS_H
#define HENG_FLOW_ORDERS_H
/* Wishes on their way: which meters they mean, commands that are kept before they are sent, how they come on, and what
 * becomes of them when the program was stopped. */
#include "flow/desk.h"
#include "store/orders.h"
#include "store/read.h"

enum { HENG_WISH_METERS_MAX = 20000, HENG_WISH_EXPIRES_S = 600 };

/* The meters of a READ, with their lines, by line; at most cap. ret_refused: devices that are not there or hang on no
 * line; ret_why says why of the first.
 * Errors: ENOTFOUND no such line or place, ELIMIT more than cap, EIO. */
HENG_NODISCARD heng_rc heng_wish_meters(struct heng_store_reader *reader, const struct heng_wish *wish,
                                        struct heng_place_member *ret, size_t cap, size_t *ret_n, size_t *ret_refused,
                                        char ret_why[static HENG_WHY_MAX], struct heng_err *err);

/* The row of a COMMAND that is asked for at now_us: whose line, until when.
 * Errors: ENOTFOUND no such meter or line, EUNSUPPORTED (a meter on no line, a broadcast that needs a protocol), EIO.
 */
HENG_NODISCARD heng_rc heng_wish_command(struct heng_store_reader *reader, const struct heng_wish *wish, heng_us now_us,
                                         struct heng_command *ret, struct heng_err *err);

/* A command to be stored, and how that went: its id; existed: it is the one of before with the same key. */
struct heng_command_fact {
    struct heng_command command;
    bool existed;
    heng_rc rc; /* ECONFLICT: the key belongs to another command */
    char why[HENG_WHY_MAX];
};

/* In an open transaction. Errors: those of the store; a conflict is in the fact. */
HENG_NODISCARD heng_rc heng_command_store(struct heng_store *store, struct heng_command_fact *fact,
                                          struct heng_err *err);

/* What a line says of one order beside its read. id: of the command, or of the group of reads; 0: a schedule's. Times
 * are wall clock. due_us: see heng_line_result. */
struct heng_order_fact {
    int64_t id, line_id, device_id;
    bool command;
    heng_order_kind order;
    heng_stage stage;
    heng_us at_us, due_us;
    heng_outcome outcome; /* COUNT: nothing was asked */
    bool ended;           /* nothing more comes; the stage alone does not say so: SENT ends a broadcast */
    char why[HENG_WHY_MAX];
    bool has_learned, quarantined;
    struct heng_learned learned;
};

/* What proves a stage. */
struct heng_evidence {
    int64_t first_frame;
    uint16_t frame_count;
    heng_us reading_us;
};

/* Write down that a command has come on; one that has ended stays as it is, unless it was only given up (failed, and no
 * meter's answer behind it): then its gateway's word, however late, is what happened. In an open transaction. */
HENG_NODISCARD heng_rc heng_command_advance(struct heng_store *store, const struct heng_order_fact *fact,
                                            const struct heng_evidence *evidence, struct heng_err *err);

bool heng_stage_ends(heng_stage stage);

/* After a start, before any line runs: every line of ours is down and no search runs on one; a command that was
 * sent and has not ended is not known to be done, and is never sent twice by itself; one that waits and has not expired
 * waits on (heng_store_list_open_commands). No gateway is connected; its lines, searches and commands are as it told
 * last, for they go on without us. One transaction. */
HENG_NODISCARD heng_rc heng_orders_recover(struct heng_store *store, heng_us now_us, struct heng_err *err);

#endif
