#ifndef HENG_TESTS_ARCHIVE_RIG_H
#define HENG_TESTS_ARCHIVE_RIG_H
/* An empty database, sheets given as text, and a small building. */
#include "archive/archive.h"
#include "base/buf.h"
#include "store/write.h"
#include "unit/small_site.h"

struct rig {
    struct small_site site;
    struct heng_store *store;
    struct heng_archive_report report;
    struct heng_err err;
    heng_archive_policy policy;
    heng_us at_us;
};

static inline void rig_open(struct rig *r)
{
    struct heng_err err;
    memset(r, 0, sizeof *r);
    small_site_init(&r->site);
    assert_ok(heng_store_create(r->site.path, &err));
    assert_ok(heng_store_open(r->site.path, &r->store, &err));
    assert_ok(heng_store_begin(r->store, &err));
    assert_ok(heng_store_put_setting(r->store, "time_zone", "Asia/Shanghai", &err));
    assert_ok(heng_store_commit(r->store, &err));
    r->at_us = START_US;
}

static inline void rig_close(struct rig *r)
{
    heng_archive_report_fini(&r->report);
    heng_store_close(r->store);
    small_site_fini(&r->site);
}

/* An import of several .csv files, in a transaction that is committed when it is good and wanted. */
static inline heng_rc import_texts(struct rig *r, int64_t scope, const char *const *texts, size_t n, bool commit)
{
    struct heng_archive_source sources[16];
    for (size_t i = 0; i < n; i++)
        sources[i] = (struct heng_archive_source){.name = "sheet.csv", .bytes = heng_slice_str(texts[i])};
    struct heng_archive_import import = {
        .sources = sources, .source_count = n, .language = HENG_ARCHIVE_EN, .policy = r->policy, .at_us = r->at_us};
    struct heng_err err;
    heng_archive_report_fini(&r->report);
    assert_ok(heng_store_begin(r->store, &err));
    heng_rc rc = heng_archive_import(r->store, scope, &import, &r->report, &r->err);
    if (rc == HENG_OK && commit)
        assert_ok(heng_store_commit(r->store, &err));
    else
        heng_store_rollback(r->store);
    return rc;
}

static inline heng_rc import_text(struct rig *r, const char *text) { return import_texts(r, 0, &text, 1, true); }

static inline void show(const struct rig *r)
{
    for (size_t i = 0; i < r->report.fault_count; i++)
        print_error("%s row %u column %u %s '%s': %s\n", r->report.faults[i].sheet, r->report.faults[i].row,
                    r->report.faults[i].column, r->report.faults[i].header, r->report.faults[i].value,
                    r->report.faults[i].why);
    for (size_t i = 0; i < r->report.effect_count && i < 20; i++)
        print_error("row %u %s\n", r->report.effects[i].row, r->report.effects[i].what);
}

static inline void good(struct rig *r, const char *text)
{
    heng_rc rc = import_text(r, text);
    if (rc != HENG_OK) {
        show(r);
        fail_msg("%s", r->err.text);
    }
}

static inline int64_t count(const struct rig *r, heng_archive_table table, heng_archive_fate fate)
{
    return r->report.counts[table][fate];
}

static const char archive_lines[] = "line key,name,transport,endpoint\n"
                                    "L1,heat 1,tcp,10.0.0.5:4001\n";
static const char archive_sheet_zh[] =
    "小区,楼栋,单元,楼层,房号,面积(m2),表号,厂家,介质,协议,线路,倍率,起始读数,起始日期,口径,总表,户主\n"
    "阳光小区,1号楼,,,,,90000001,HNG,热量,M-Bus,L1,,,,DN80,,\n"
    "阳光小区,1号楼,1单元,1,101,89.50,10000001,HNG,热量,M-Bus,heat 1,,12.5,2026-10-01,DN20,90000001,张三\n"
    "阳光小区,1号楼,1单元,1,101,89.5,20000000000001,HNG,冷水,CJ/T 188,L1,0.5,,,,,\n"
    "阳光小区,1号楼,1单元,1,102,６５,10000002,HNG,热量,M-Bus,L1,,,,DN20,90000001,李四\n";

#endif
