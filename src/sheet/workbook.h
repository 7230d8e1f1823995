#ifndef HENG_SHEET_WORKBOOK_H
#define HENG_SHEET_WORKBOOK_H
/* What a workbook consists of: its sheets and which parts of the archive hold them. */
#include "base/arena.h"
#include "sheet/zip.h"

enum { HENG_WORKBOOK_SHEETS_MAX = 1024 };

struct heng_workbook_sheet {
    const char *name, *relation, *part; /* part: NULL for what is no table (a chart) */
};

/* Zero-initialise. */
struct heng_workbook {
    struct heng_arena arena;
    struct heng_workbook_sheet sheets[HENG_WORKBOOK_SHEETS_MAX];
    size_t count;
    const char *strings, *styles; /* parts; NULL where the workbook has none */
    bool from_1904;
};

/* Errors: EUNSUPPORTED for an archive that is no workbook, with what to do; EFORMAT, ELIMIT, ENOMEM. */
HENG_NODISCARD heng_rc heng_workbook_open(struct heng_workbook *workbook, struct heng_zip *zip, uint32_t depth_max,
                                          struct heng_err *err);
void heng_workbook_fini(struct heng_workbook *workbook);

#endif
