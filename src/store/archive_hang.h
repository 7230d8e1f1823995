#ifndef HENG_STORE_ARCHIVE_HANG_H
#define HENG_STORE_ARCHIVE_HANG_H
/* What hangs at the points: devices, lines, gateways (archive_hang.c). */
#include "store/archive_nouns.h"

/* By number and maker, whoever sees it: look at visible. */
HENG_NODISCARD heng_rc heng_archive_find_device(struct heng_store_reader *reader, int64_t scope, const char *number,
                                                const char *manufacturer, struct heng_archive_device *ret,
                                                struct heng_err *err);
/* The maker of the only device with a number and protocol (COUNT: any). Errors: ENOTFOUND: there is none, or several.
 */
HENG_NODISCARD heng_rc heng_archive_only_maker(struct heng_store_reader *reader, const char *number,
                                               heng_protocol protocol, char ret[static HENG_MAKER_MAX],
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

/* The accuracy class of a device, as its plate says it. */
HENG_NODISCARD heng_rc heng_archive_put_accuracy(struct heng_store *store, int64_t device_id, const char *accuracy,
                                                 struct heng_err *err);

#endif
