#ifndef HENG_APP_CMD_EXCEPTIONS_H
#define HENG_APP_CMD_EXCEPTIONS_H
/* heng usage exceptions, answer: what the rules found that somebody has to look at, and what was decided. data: the
 * folder of the database. Errors: what the store says, with the reason in words. */
#include "usage/verdicts.h"

/* Of days [from, to), of a point (0: of all), one line each. */
HENG_NODISCARD heng_rc heng_exceptions_print(const char *data, int64_t point_id, int32_t from, int32_t to,
                                             struct heng_err *err);
HENG_NODISCARD heng_rc heng_exceptions_answer(const char *data, const struct heng_answer_wish *wish,
                                              struct heng_err *err);

#endif
