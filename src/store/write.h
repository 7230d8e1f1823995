#ifndef HENG_STORE_WRITE_H
#define HENG_STORE_WRITE_H
/* What can be written. Every function needs an open transaction and, after an error, its rollback.
 * Errors of all: EIO, ELIMIT (disk full), ECONFLICT (breaks a rule of the schema), EBUG (no transaction). */
#include "model/condition.h"
#include "store/store.h"

HENG_NODISCARD heng_rc heng_store_put_setting(struct heng_store *store, const char *name, const char *value,
                                              struct heng_err *err);

/* Insert, or update what has the same key (place, line) or number and manufacturer (device); the id in the struct is
 * ignored and returned. path of a place is the caller's to compute; heng_store_index_places mends those below it. */
HENG_NODISCARD heng_rc heng_store_put_place(struct heng_store *store, const struct heng_place *place, int64_t *ret_id,
                                            struct heng_err *err);
/* gateway_id: who reads it, 0: we do. When that changes, its state is not known until the new one tells. */
HENG_NODISCARD heng_rc heng_store_put_line(struct heng_store *store, const char *key, int64_t gateway_id,
                                           const struct heng_line_config *line, heng_us at_us, int64_t *ret_id,
                                           struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_put_device(struct heng_store *store, const struct heng_device *device,
                                             int64_t *ret_id, struct heng_err *err);

/* The same by name; a relay's name belongs to its line. */
HENG_NODISCARD heng_rc heng_store_put_schedule(struct heng_store *store, const struct heng_schedule *schedule,
                                               int64_t *ret_id, struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_put_relay(struct heng_store *store, int64_t line_id,
                                            const struct heng_relay_config *relay, int64_t *ret_id,
                                            struct heng_err *err);

/* Does a line lead to every relay? Errors: ECONFLICT when one is behind itself. */
HENG_NODISCARD heng_rc heng_store_check_relays(struct heng_store *store, struct heng_err *err);

/* How a device hangs on its line. schedule_id, relay_id, position: 0 for none. */
struct heng_member {
    const char *address;
    int64_t schedule_id, relay_id;
    uint32_t position;
};

/* Take a device off its line, and put it on one. Errors: ECONFLICT when the address is taken on the line. */
HENG_NODISCARD heng_rc heng_store_drop_member(struct heng_store *store, int64_t device_id, struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_put_member(struct heng_store *store, int64_t line_id, int64_t device_id,
                                             const struct heng_member *member, struct heng_err *err);

/* Let the device measure at the place from at_us on; nothing changes when it does already. A device that moves gets a
 * new point there, and its installation at the old one ends. A point counts what is usual for its medium. */
HENG_NODISCARD heng_rc heng_store_install(struct heng_store *store, int64_t device_id, int64_t place_id,
                                          heng_medium medium, heng_us at_us, struct heng_err *err);

/* Bring the paths of all places to the names above them. Errors: ECONFLICT when a place is below itself. */
HENG_NODISCARD heng_rc heng_store_index_places(struct heng_store *store, struct heng_err *err);

/* Refresh the text that heng_store_list_meters searches: after places, members or installations changed. */
HENG_NODISCARD heng_rc heng_store_index_meters(struct heng_store *store, struct heng_err *err);

/* The id of each key's register of the device; registers not known yet are made.
 * Errors: ERANGE when the device would have more than HENG_REGISTERS_MAX. */
HENG_NODISCARD heng_rc heng_store_register_ids(struct heng_store *store, int64_t device_id,
                                               const struct heng_register_key *const *keys, size_t count,
                                               int64_t *ret_ids, struct heng_err *err);

typedef enum heng_stored {
    HENG_STORED_NEW,     /* the reading and its frames are stored */
    HENG_STORED_SAME,    /* known already, word for word: nothing is stored */
    HENG_STORED_CONFLICT /* known with other values: kept beside it in reading_conflict, with its frames */
} heng_stored;

/* Store a reading with the frames that prove it. first_frame and the ids of frames are ignored and allocated here;
 * *ret_first_frame of the SAME reading is that of before, 0 when it is one that is kept as a conflict. */
HENG_NODISCARD heng_rc heng_store_add_reading(struct heng_store *store, const struct heng_reading *reading,
                                              const struct heng_frame *frames, heng_stored *ret_stored,
                                              int64_t *ret_first_frame, struct heng_err *err);

/* Many readings at once, as one step of the transaction: for each what heng_store_add_reading would say. Quick where
 * most are new.
 * Shape:  any order, any number; a key twice in it counts as told the second time. */
struct heng_bulk_reading {
    const struct heng_reading *reading;
    const struct heng_frame *frames;
    heng_conditions conditions; /* what its frames say of the meter (flow/conditions.h), kept with it */
    heng_stored stored;
    int64_t first_frame;
};
HENG_NODISCARD heng_rc heng_store_add_readings(struct heng_store *store, struct heng_bulk_reading *readings, size_t n,
                                               struct heng_err *err);

/* Keep frames that belong to no reading. Errors: as all. */
HENG_NODISCARD heng_rc heng_store_add_frames(struct heng_store *store, int64_t device_id,
                                             const struct heng_frame *frames, size_t count, int64_t *ret_first_frame,
                                             struct heng_err *err);

HENG_NODISCARD heng_rc heng_store_put_device_state(struct heng_store *store, const struct heng_device_state *state,
                                                   struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_put_line_status(struct heng_store *store, const struct heng_line_status *status,
                                                  struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_add_line_event(struct heng_store *store, int64_t line_id,
                                                 const struct heng_line_event *event, struct heng_err *err);

#endif
