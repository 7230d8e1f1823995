#ifndef HENG_STORE_ORDERS_H
#define HENG_STORE_ORDERS_H
/* Commands and searches: what people wanted of meters and lines, and what became of it. Writing needs an open
 * transaction. Errors of all: those of store/write.h and store/read.h. */
#include "model/order.h"
#include "model/search.h"
#include "store/store.h"

enum { HENG_WISH_KEY_MAX = 64, HENG_WHY_MAX = 160 };

/* device_id 0: a broadcast on the line in protocol. Times of stages that were not reached are 0. outcome COUNT: none
 * yet. order is without secrets. */
struct heng_command {
    int64_t id, line_id, device_id;
    heng_protocol protocol;
    struct heng_order order;
    char key[HENG_WISH_KEY_MAX];
    heng_stage stage;
    heng_us requested_us, expires_us, sent_us, accepted_us, ended_us;
    heng_outcome outcome;
    char why[HENG_WHY_MAX];
    int64_t first_frame; /* the frames that prove it */
    uint16_t frame_count;
    heng_us reading_us; /* at of the reading that it brought, 0: none */
};

/* With what people call meter and line. */
struct heng_command_row {
    struct heng_command command;
    char number[HENG_NUMBER_MAX], line_name[HENG_NAME_MAX];
};

/* Store a new command; its id is allocated here. */
HENG_NODISCARD heng_rc heng_store_add_command(struct heng_store *store, const struct heng_command *command,
                                              int64_t *ret_id, struct heng_err *err);
/* Store how far it has come: all but what was ordered. */
HENG_NODISCARD heng_rc heng_store_put_command(struct heng_store *store, const struct heng_command *command,
                                              struct heng_err *err);

HENG_NODISCARD heng_rc heng_store_get_command(struct heng_store_reader *reader, int64_t command_id,
                                              struct heng_command_row *ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_find_command(struct heng_store_reader *reader, const char *key,
                                               struct heng_command_row *ret, struct heng_err *err);
/* Newest first, below before_id (0: from the newest); device_id, line_id: 0 for all. */
HENG_NODISCARD heng_rc heng_store_list_commands(struct heng_store_reader *reader, int64_t device_id, int64_t line_id,
                                                int64_t before_id, struct heng_command_row *ret, size_t cap,
                                                size_t *ret_n, struct heng_err *err);
/* Those that have not ended, oldest first, behind after_id. */
HENG_NODISCARD heng_rc heng_store_list_open_commands(struct heng_store_reader *reader, int64_t after_id,
                                                     struct heng_command_row *ret, size_t cap, size_t *ret_n,
                                                     struct heng_err *err);

/* The last search of a kind on a line. ended in progress: it came to its end. */
struct heng_search_row {
    int64_t line_id;
    heng_search_kind kind;
    bool known_only, running;
    heng_us started_us, updated_us;
    struct heng_search_progress progress;
};
HENG_NODISCARD heng_rc heng_store_put_search(struct heng_store *store, const struct heng_search_row *search,
                                             struct heng_err *err);
/* No search runs and every line is down, as far as they are ours: after a start. */
HENG_NODISCARD heng_rc heng_store_rest(struct heng_store *store, heng_us at_us, struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_get_search(struct heng_store_reader *reader, int64_t line_id, heng_search_kind kind,
                                             struct heng_search_row *ret, struct heng_err *err);
/* Of a line, the newest first. */
HENG_NODISCARD heng_rc heng_store_list_searches(struct heng_store_reader *reader, int64_t line_id,
                                                struct heng_search_row *ret, size_t cap, size_t *ret_n,
                                                struct heng_err *err);

struct heng_found_row {
    heng_us at_us;
    struct heng_search_found found;
};
HENG_NODISCARD heng_rc heng_store_clear_found(struct heng_store *store, int64_t line_id, heng_search_kind kind,
                                              struct heng_err *err);
/* One that is there already, word for word, is not added again. */
HENG_NODISCARD heng_rc heng_store_add_found(struct heng_store *store, int64_t line_id, heng_search_kind kind,
                                            const struct heng_found_row *found, struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_list_found(struct heng_store_reader *reader, int64_t line_id, heng_search_kind kind,
                                             struct heng_found_row *ret, size_t cap, size_t *ret_n,
                                             struct heng_err *err);

#endif
