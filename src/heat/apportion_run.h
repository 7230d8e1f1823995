#ifndef HENG_HEAT_APPORTION_RUN_H
#define HENG_HEAT_APPORTION_RUN_H
/* From one JSON text to the other: the forms "shares", "heat-bill", "heizkosten" and "monthly-information" of
 * docs/apportionment.md. The same text gives the same bytes, in whatever order its participants stand. */
#include "base/arena.h"
#include "bill/explain.h"

struct heng_apportion_options {
    bool explain;
    heng_language language;
};

/* Owns:   nothing; what is read and made lies in the arena, out is the caller's.
 * Errors: EFORMAT, ECONFIG, ERANGE, ECONFLICT, EUNSUPPORTED, ELIMIT with the path of the field in front; ENOMEM. */
HENG_NODISCARD heng_rc heng_apportion_json(struct heng_slice json, const struct heng_apportion_options *options,
                                           struct heng_arena *arena, struct heng_str *out, struct heng_err *err);

#endif
