#ifndef HENG_SHEET_WRITE_INSIDE_H
#define HENG_SHEET_WRITE_INSIDE_H
/* The half of the writer that makes .xlsx. */
#include "sheet/write.h"

struct heng_xlsx_out;

HENG_NODISCARD heng_rc heng_xlsx_out_open(const char *path, const struct heng_sheet_layout *layout,
                                          struct heng_xlsx_out **ret, struct heng_err *err);

/* Another table; the first one has been opened with. */
HENG_NODISCARD heng_rc heng_xlsx_out_next(struct heng_xlsx_out *out, const struct heng_sheet_layout *layout,
                                          struct heng_err *err);

/* Cells of the current row; text ends with a NUL and holds none. */
HENG_NODISCARD heng_rc heng_xlsx_out_text(struct heng_xlsx_out *out, uint32_t column, const char *text,
                                          struct heng_err *err);
HENG_NODISCARD heng_rc heng_xlsx_out_number(struct heng_xlsx_out *out, uint32_t column, const char *plain,
                                            unsigned places, struct heng_err *err);
HENG_NODISCARD heng_rc heng_xlsx_out_date(struct heng_xlsx_out *out, uint32_t column,
                                          const struct heng_sheet_date *date, struct heng_err *err);
HENG_NODISCARD heng_rc heng_xlsx_out_boolean(struct heng_xlsx_out *out, uint32_t column, bool value,
                                             struct heng_err *err);
HENG_NODISCARD heng_rc heng_xlsx_out_row_end(struct heng_xlsx_out *out, struct heng_err *err);
HENG_NODISCARD heng_rc heng_xlsx_out_close(struct heng_xlsx_out *out, struct heng_err *err);

#endif
