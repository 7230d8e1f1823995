#ifndef HENG_UPLINK_MESSAGE_H
#define HENG_UPLINK_MESSAGE_H
/* The messages of uplink.proto as structures, but for batches (batch.h), bodies and configurations.
 *
 * say: append to what is to be sent; false: no memory, or it is too long.
 * hear: the content of a message; slices borrow from it. A text that only people read is cut at a character to its
 * room, and what is no UTF-8 in it is shown as '?': nobody is cut off for half a character. Everything else must fit.
 * Errors: EFORMAT, with what is wrong; ERANGE: well said, but nothing we know, with id, line_id and path filled in. */
#include "uplink/wire.h"

bool heng_say_hello(struct heng_wire_out *out, const struct heng_hello *hello);
bool heng_say_welcome(struct heng_wire_out *out, const struct heng_welcome *welcome);
bool heng_say_ack(struct heng_wire_out *out, uint64_t epoch, uint64_t durable);
bool heng_say_refused(struct heng_wire_out *out, heng_refusal refusal, const char *text, uint32_t retry_s);
bool heng_say_order(struct heng_wire_out *out, const struct heng_down_order *order);
bool heng_say_cancel(struct heng_wire_out *out, int64_t id, const struct heng_path *path);
bool heng_say_search(struct heng_wire_out *out, const struct heng_down_search *search);
bool heng_say_ask(struct heng_wire_out *out, uint64_t id, const char *what, const struct heng_path *path);
bool heng_say_outcome(struct heng_wire_out *out, const struct heng_down_outcome *outcome);
bool heng_say_answer(struct heng_wire_out *out, uint64_t id, bool last, struct heng_slice text);
bool heng_say_enrol_ask(struct heng_wire_out *out, const struct heng_enrol_ask *ask);
bool heng_say_enrol_answer(struct heng_wire_out *out, const struct heng_enrol_answer *answer);
bool heng_say_renew(struct heng_wire_out *out, struct heng_slice request);
bool heng_say_tunnel(struct heng_wire_out *out, const struct heng_tunnel_message *message);
bool heng_say_ping(struct heng_wire_out *out, const struct heng_ping *ping);
bool heng_say_pong(struct heng_wire_out *out, heng_us ping_clock_us, heng_us clock_us);

/* What a Refused says; reason: any number. */
struct heng_refused {
    uint32_t reason, retry_s;
    char text[160];
};

HENG_NODISCARD heng_rc heng_hear_hello(struct heng_slice in, struct heng_hello *ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_hear_welcome(struct heng_slice in, struct heng_welcome *ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_hear_ack(struct heng_slice in, uint64_t *ret_epoch, uint64_t *ret_durable,
                                     struct heng_err *err);
HENG_NODISCARD heng_rc heng_hear_refused(struct heng_slice in, struct heng_refused *ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_hear_order(struct heng_slice in, struct heng_down_order *ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_hear_cancel(struct heng_slice in, int64_t *ret_id, struct heng_path *ret,
                                        struct heng_err *err);
HENG_NODISCARD heng_rc heng_hear_search(struct heng_slice in, struct heng_down_search *ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_hear_ask(struct heng_slice in, uint64_t *ret_id, char *ret_what, size_t cap,
                                     struct heng_path *ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_hear_outcome(struct heng_slice in, struct heng_down_outcome *ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_hear_answer(struct heng_slice in, uint64_t *ret_id, bool *ret_last, struct heng_slice *ret,
                                        struct heng_err *err);
HENG_NODISCARD heng_rc heng_hear_enrol_ask(struct heng_slice in, struct heng_enrol_ask *ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_hear_enrol_answer(struct heng_slice in, struct heng_enrol_answer *ret,
                                              struct heng_err *err);
HENG_NODISCARD heng_rc heng_hear_renew(struct heng_slice in, struct heng_slice *ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_hear_tunnel(struct heng_slice in, struct heng_tunnel_message *ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_hear_ping(struct heng_slice in, struct heng_ping *ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_hear_pong(struct heng_slice in, heng_us *ret_ping_clock_us, heng_us *ret_clock_us,
                                      struct heng_err *err);

#endif
