#ifndef HENG_APP_SCAN_SITE_H
#define HENG_APP_SCAN_SITE_H
/* What a scan takes and gives beside the search itself: a list of known meters, and the site description to import. */
#include "base/buf.h"
#include "model/line.h"
#include "model/search.h"

/* Read known meters: the "meters" of a site description (JSON), or one address per line, blank lines and # aside; these
 * get `protocol`.
 * Owns:   *ret is the caller's to free.
 * Errors: EIO, EFORMAT (err->at = line number), ELIMIT, ENOMEM. */
HENG_NODISCARD heng_rc heng_scan_known(const char *path, heng_protocol protocol, struct heng_meter_config **ret,
                                       size_t *ret_count, struct heng_err *err);

/* One meter as JSON: what `heng scan --json` prints. */
void heng_scan_found_json(const struct heng_search_found *found, const struct heng_line_config *line,
                          struct heng_str *out);

/* The meters that were found as a site for `heng import`: one place, one line. Twins are left out: they cannot be read.
 */
void heng_scan_site_json(const struct heng_line_config *line, const struct heng_search_found *found, size_t count,
                         struct heng_str *out);

#endif
