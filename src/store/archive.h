#ifndef HENG_STORE_ARCHIVE_H
#define HENG_STORE_ARCHIVE_H
/* Who and where: organisations, places as a tree, metering points with their channels, and what hangs on them.
 * scope of a question: the organisation that asks; what it does not manage is ENOTFOUND and in no list. 0: the operator
 * of the system, who sees everything. Writers need an open transaction, as in store/write.h; whether the one who asks
 * may write is decided by what they can find (archive/archive.h). */
#include "store/store.h"

enum {
    HENG_NOTE_MAX = 256, /* bytes of texts, with NUL */
    HENG_POSITION_MAX = 32,
    HENG_ORIENTATION_MAX = 16,
    HENG_KIND_MAX = 16,
    HENG_SERVES_MAX = 16,
    HENG_GROUP_MAX = 64,
    HENG_NOMINAL_MAX = 64,
    HENG_TERMS_MAX = 1024,
    HENG_CHANNELS_MAX = 64,
};

struct heng_org {
    int64_t id;
    char key[HENG_KEY_MAX], name[HENG_NAME_MAX];
    heng_us closed_us; /* 0: open */
};

/* id 0: not known yet. org_id: given the place itself, 0: none. managed_by and place.path are derived. */
struct heng_archive_place {
    struct heng_place place;
    int64_t org_id, managed_by;
    bool has_floor;
    int64_t floor;
    char position[HENG_POSITION_MAX], orientation[HENG_ORIENTATION_MAX], note[HENG_NOTE_MAX];
    int64_t rank;
    heng_us closed_us;
};

/* main_id: the point whose meter measures this one with others, 0: none. */
struct heng_point {
    int64_t id, place_id, main_id;
    char key[HENG_KEY_MAX], name[HENG_NAME_MAX];
    heng_medium medium;
    bool is_virtual;
    char serves[HENG_SERVES_MAX], group[HENG_GROUP_MAX], nominal[HENG_NOMINAL_MAX];
    heng_us opened_us, closed_us;
};

struct heng_point_term {
    int64_t of_id, factor_num, factor_den;
};

/* Usage in multiples of 10^exp unit. */
struct heng_point_channel {
    int64_t id, tariff, exp, interval_minutes;
    heng_quantity quantity;
    heng_unit unit;
    bool main;
};

/* A meter, where it is now and how it is asked. installation_id, line_id 0: nowhere, on no line. visible: to the scope
 * that asked; the number of another's meter is taken, and that is all that may be said of it. */
struct heng_archive_device {
    struct heng_device device;
    int64_t installation_id, point_id, place_id, line_id, factor_num, factor_den, digits;
    heng_us from_us;
    char line[HENG_KEY_MAX], address[HENG_ADDRESS_MAX];
    int64_t schedule_id, relay_id, position;
    char schedule[HENG_NAME_MAX], relay[HENG_NAME_MAX];
    bool visible;
};

struct heng_past_installation {
    char number[HENG_NUMBER_MAX], manufacturer[HENG_MAKER_MAX];
    heng_us from_us, until_us;
    int64_t factor_num, factor_den, digits;
};

struct heng_archive_line {
    int64_t id;
    char key[HENG_KEY_MAX];
    struct heng_line_config config;
    char gateway[HENG_KEY_MAX], org[HENG_KEY_MAX];
    int64_t org_id;
};

struct heng_archive_gateway {
    int64_t id;
    char key[HENG_KEY_MAX], name[HENG_NAME_MAX], parent[HENG_KEY_MAX], org[HENG_KEY_MAX];
    int64_t journal_bytes, journal_days, org_id;
};

/* ---- organisations ---- */
HENG_NODISCARD heng_rc heng_archive_put_org(struct heng_store *store, struct heng_org *org, struct heng_err *err);
HENG_NODISCARD heng_rc heng_archive_find_org(struct heng_store_reader *reader, int64_t scope, const char *key,
                                             struct heng_org *ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_archive_list_orgs(struct heng_store_reader *reader, int64_t scope, int64_t after_id,
                                              struct heng_org *ret, size_t cap, size_t *ret_n, struct heng_err *err);

/* ---- places ---- */
HENG_NODISCARD heng_rc heng_archive_get_place(struct heng_store_reader *reader, int64_t scope, int64_t id,
                                              struct heng_archive_place *ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_archive_find_place(struct heng_store_reader *reader, int64_t scope, const char *key,
                                               struct heng_archive_place *ret, struct heng_err *err);
/* The open one of a name right below parent_id (0: a root). */
HENG_NODISCARD heng_rc heng_archive_named_place(struct heng_store_reader *reader, int64_t scope, int64_t parent_id,
                                                const char *name, struct heng_archive_place *ret, struct heng_err *err);
/* Those right below parent_id by rank and id, behind `after` (NULL: from the first). parent_id 0: where the part of the
 * scope begins. */
HENG_NODISCARD heng_rc heng_archive_list_places(struct heng_store_reader *reader, int64_t scope, int64_t parent_id,
                                                const struct heng_archive_place *after, struct heng_archive_place *ret,
                                                size_t cap, size_t *ret_n, struct heng_err *err);
/* Insert (id 0) or change; path, manager and words of it and what is below follow.
 * Errors: ECONFLICT the key is taken, or the place would be below itself; ELIMIT the names are too long together. */
HENG_NODISCARD heng_rc heng_archive_put_place(struct heng_store *store, struct heng_archive_place *place,
                                              struct heng_err *err);
HENG_NODISCARD heng_rc heng_archive_is_below(struct heng_store_reader *reader, int64_t id, int64_t above_id, bool *ret,
                                             struct heng_err *err);
/* How many places at or below it another one than scope manages; open places and open points at or below it; meters
 * that were put in there at or after a time. */
HENG_NODISCARD heng_rc heng_archive_count_foreign(struct heng_store_reader *reader, int64_t scope, int64_t id,
                                                  int64_t *ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_archive_count_open(struct heng_store_reader *reader, int64_t id, int64_t *ret_places,
                                               int64_t *ret_points, struct heng_err *err);
HENG_NODISCARD heng_rc heng_archive_count_late(struct heng_store_reader *reader, int64_t id, heng_us at_us,
                                               int64_t *ret, struct heng_err *err);
/* Close or open again a place with everything below it; closing takes meters off their lines and out of their points.
 */
HENG_NODISCARD heng_rc heng_archive_close_below(struct heng_store *store, int64_t id, heng_us at_us,
                                                struct heng_err *err);
HENG_NODISCARD heng_rc heng_archive_reopen_below(struct heng_store *store, int64_t id, heng_us closed_us,
                                                 struct heng_err *err);
HENG_NODISCARD heng_rc heng_archive_counts(struct heng_store_reader *reader, int64_t scope, int64_t *ret_places,
                                           int64_t *ret_points, int64_t *ret_devices, struct heng_err *err);

/* ---- points (archive_point.c) ---- */
HENG_NODISCARD heng_rc heng_archive_get_point(struct heng_store_reader *reader, int64_t scope, int64_t id,
                                              struct heng_point *ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_archive_find_point(struct heng_store_reader *reader, int64_t scope, const char *key,
                                               struct heng_point *ret, struct heng_err *err);
/* The point that the meter of a number measures. Errors: ENOTFOUND; ECONFLICT: several makers have this number. */
HENG_NODISCARD heng_rc heng_archive_numbered_point(struct heng_store_reader *reader, int64_t scope, const char *number,
                                                   int64_t *ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_archive_list_points(struct heng_store_reader *reader, int64_t scope, int64_t place_id,
                                                int64_t after_id, struct heng_point *ret, size_t cap, size_t *ret_n,
                                                struct heng_err *err);
/* Insert (id 0), with the channels usual for its medium, or change. Errors: ECONFLICT the key is taken, or the point
 * would be its own main one. */
HENG_NODISCARD heng_rc heng_archive_put_point(struct heng_store *store, struct heng_point *point, struct heng_err *err);
/* heat: energy (main), volume; electricity: energy, tariffs 1..4; water, gas: volume; others: none. Those that are
 * there stay as they are. */
HENG_NODISCARD heng_rc heng_archive_add_channels(struct heng_store *store, int64_t point_id, heng_medium medium,
                                                 struct heng_err *err);
HENG_NODISCARD heng_rc heng_archive_list_channels(struct heng_store_reader *reader, int64_t scope, int64_t point_id,
                                                  struct heng_point_channel *ret, size_t cap, size_t *ret_n,
                                                  struct heng_err *err);
/* Errors: ECONFLICT the sum would be made of itself. */
HENG_NODISCARD heng_rc heng_archive_put_term(struct heng_store *store, int64_t point_id,
                                             const struct heng_point_term *term, struct heng_err *err);
HENG_NODISCARD heng_rc heng_archive_list_terms(struct heng_store_reader *reader, int64_t point_id,
                                               struct heng_point_term *ret, size_t cap, size_t *ret_n,
                                               struct heng_err *err);

/* ---- what hangs there (archive_hang.c) ---- */
/* By number and maker, whoever sees it: look at visible. */
HENG_NODISCARD heng_rc heng_archive_find_device(struct heng_store_reader *reader, int64_t scope, const char *number,
                                                const char *manufacturer, struct heng_archive_device *ret,
                                                struct heng_err *err);
HENG_NODISCARD heng_rc heng_archive_device_at(struct heng_store_reader *reader, int64_t scope, int64_t point_id,
                                              struct heng_archive_device *ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_archive_past_installations(struct heng_store_reader *reader, int64_t scope,
                                                       int64_t point_id, struct heng_past_installation *ret, size_t cap,
                                                       size_t *ret_n, struct heng_err *err);
struct heng_installation; /* store/events.h */
/* One as it was or is. */
HENG_NODISCARD heng_rc heng_archive_add_installation(struct heng_store *store, const struct heng_installation *inst,
                                                     int64_t *ret_id, struct heng_err *err);
/* Let a device measure at its point from from_us on; where it was before, it ends. */
HENG_NODISCARD heng_rc heng_archive_install(struct heng_store *store, struct heng_archive_device *device,
                                            struct heng_err *err);
HENG_NODISCARD heng_rc heng_archive_change_installation(struct heng_store *store,
                                                        const struct heng_archive_device *device, struct heng_err *err);
/* The device that has an address on a line. Errors: ENOTFOUND. */
HENG_NODISCARD heng_rc heng_archive_address_holder(struct heng_store_reader *reader, int64_t line_id,
                                                   const char *address, int64_t *ret, struct heng_err *err);
/* What the search of meters knows of one, of all. */
HENG_NODISCARD heng_rc heng_archive_index_device(struct heng_store *store, int64_t device_id, struct heng_err *err);
/* By key, or by a name that only one has. visible as above. Errors: ENOTFOUND; ECONFLICT several have the name. */
HENG_NODISCARD heng_rc heng_archive_find_line(struct heng_store_reader *reader, int64_t scope, const char *key,
                                              int64_t *ret_id, bool *ret_visible, struct heng_err *err);
/* key: only that one; "": all. */
HENG_NODISCARD heng_rc heng_archive_list_lines(struct heng_store_reader *reader, int64_t scope, int64_t after_id,
                                               const char *key, struct heng_archive_line *ret, size_t cap,
                                               size_t *ret_n, struct heng_err *err);
HENG_NODISCARD heng_rc heng_archive_list_gateways(struct heng_store_reader *reader, int64_t scope, int64_t after_id,
                                                  const char *key, struct heng_archive_gateway *ret, size_t cap,
                                                  size_t *ret_n, struct heng_err *err);
HENG_NODISCARD heng_rc heng_archive_endpoint_taken(struct heng_store_reader *reader, const char *transport,
                                                   const char *endpoint, const char *but_key, int64_t gateway_id,
                                                   bool *ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_archive_set_line_org(struct heng_store *store, int64_t line_id, int64_t org_id,
                                                 struct heng_err *err);
HENG_NODISCARD heng_rc heng_archive_set_gateway_org(struct heng_store *store, int64_t gateway_id, int64_t org_id,
                                                    struct heng_err *err);

#endif
