/* The archive: a building of a thousand meters and 100,000 rows from a sheet, and the search box in a million places.
 * PostgreSQL is measured when HENG_TEST_DB names an empty database (script/with-postgres): the places come there as a
 * backup of the others. Usage: bench_archive [PLACES [ROWS]] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "archive/archive.h"
#include "base/time.h"
#include "store/archive_search.h"
#include "store/dump.h"
#include "store/write.h"

enum { PLACES = 1000000, ROWS = 100000, FLATS = 48, UNITS = 4, BUILDINGS = 25, TRIES = 200 };

static void must(heng_rc rc, const struct heng_err *err)
{
    if (rc == HENG_OK) return;
    fprintf(stderr, "bench_archive: %s\n", err->text);
    exit(1);
}

static long peak_mib(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss / 1024;
}

static int64_t add(struct heng_store *store, int64_t parent, const char *kind, const char *name, const char *key)
{
    struct heng_archive_place place = {.place.parent_id = parent};
    struct heng_err err;
    snprintf(place.place.kind, sizeof place.place.kind, "%s", kind);
    snprintf(place.place.name, sizeof place.place.name, "%s", name);
    snprintf(place.place.key, sizeof place.place.key, "%.63s", key);
    must(heng_archive_put_place(store, &place, &err), &err);
    return place.place.id;
}

/* A unit with its flats. */
static int64_t fill_unit(struct heng_store *store, int64_t building, const char *building_key, int nr)
{
    char name[96], key[64];
    snprintf(name, sizeof name, "%d单元", nr);
    snprintf(key, sizeof key, "%.40s-%d", building_key, nr);
    int64_t unit = add(store, building, "unit", name, key);
    for (int flat = 0; flat < FLATS; flat++) {
        char flat_key[80];
        snprintf(name, sizeof name, "%d%02d", flat / 4 + 1, flat % 4 + 1);
        snprintf(flat_key, sizeof flat_key, "%.50s-%.10s", key, name);
        add(store, unit, "household", name, flat_key);
    }
    return FLATS + 1;
}

static void fill(struct heng_store *store, int64_t places)
{
    static const char *const towns[] = {"阳光", "滨江", "翠湖", "万科", "绿地", "和平", "东方", "银河"};
    struct heng_err err;
    int64_t made = 0;
    for (int area = 1; made < places; area++) {
        char name[96], key[64];
        must(heng_store_begin(store, &err), &err);
        snprintf(name, sizeof name, "%s%d小区", towns[area % 8], area);
        snprintf(key, sizeof key, "a%d", area);
        int64_t area_id = add(store, 0, "area", name, key);
        for (int building = 1; building <= BUILDINGS && made < places; building++) {
            snprintf(name, sizeof name, "%d号楼", building);
            snprintf(key, sizeof key, "a%d-%d", area, building);
            int64_t id = add(store, area_id, "building", name, key);
            for (int unit = 1; unit <= UNITS; unit++) made += fill_unit(store, id, key, unit);
            made++;
        }
        made++;
        must(heng_store_commit(store, &err), &err);
    }
}

static int by_time(const void *a, const void *b)
{
    heng_us x = *(const heng_us *)a, y = *(const heng_us *)b;
    return (x > y) - (x < y);
}

static void search_one(struct heng_store_reader *reader, const char *engine, const char *typed)
{
    struct heng_archive_place found[20];
    struct heng_err err;
    heng_us took[TRIES];
    size_t n = 0;
    bool all = true;
    int tries = 0;
    heng_us began = heng_clock_mono();
    for (; tries < TRIES && heng_clock_mono() - began < 3 * HENG_US_PER_S; tries++) {
        heng_us from = heng_clock_mono();
        must(heng_archive_search_places(reader, 0, typed, found, 20, &n, &all, &err), &err);
        took[tries] = heng_clock_mono() - from;
    }
    qsort(took, (size_t)tries, sizeof *took, by_time);
    printf("search %-10s %-28s %2zu%s found, first '%s': median %.2f ms, worst %.2f ms\n", engine, typed, n,
           all ? "" : "+", n ? found[0].place.path : "", (double)took[tries / 2] / 1e3, (double)took[tries - 1] / 1e3);
}

static void search_all(struct heng_store_reader *reader, const char *engine)
{
    static const char *const typed[] = {"滨江1小区 3号楼 2单元 1201",
                                        "翠湖 101",
                                        "101",
                                        "3号楼",
                                        "a7-3-2-1002",
                                        "阳光 小区 0",
                                        "号楼 单元 0604",
                                        "银河7小区",
                                        "月亮"};
    for (size_t i = 0; i < sizeof typed / sizeof *typed; i++) search_one(reader, engine, typed[i]);
}

/* Rows of a sheet: a heat and a water meter for each flat. */
static char *make_sheet(int rows)
{
    struct heng_str text = {.max = (size_t)256 << 20};
    heng_str_fmt(&text, "area,building,unit,floor,flat,area m2,meter number,maker,medium,protocol,line,address,start "
                        "index,start date,nominal size,household name\n");
    for (int i = 0; i < rows; i++) {
        int flat = i / 2, building = flat / 480, unit = flat / 120 % 4, floor = flat / 4 % 30, nr = flat % 4;
        heng_str_fmt(&text, "新城,%d号楼,%d单元,%d,%d%02d,89.%d,%08d,HNG,%s,mbus,,,1%d.5,2026-10-15,DN20,住户%d\n",
                     building + 1, unit + 1, floor + 1, floor + 1, nr + 1, flat % 10, 10000000 + i,
                     i % 2 ? "cold water" : "heat", i % 7, flat);
    }
    return text.text;
}

static void import_rows(struct heng_store *store, const char *engine, int rows)
{
    char *text = make_sheet(rows);
    struct heng_archive_source source = {.name = "bench.csv", .bytes = heng_slice_str(text)};
    struct heng_archive_import import = {
        .sources = &source, .source_count = 1, .language = HENG_ARCHIVE_EN, .at_us = heng_clock_wall()};
    struct heng_archive_report report;
    struct heng_err err;
    for (int round = 0; round < 2; round++) {
        heng_us from = heng_clock_mono();
        must(heng_store_begin(store, &err), &err);
        must(heng_archive_import(store, 0, &import, &report, &err), &err);
        must(heng_store_commit(store, &err), &err);
        printf("import %-10s %d rows, %s: %.2f s, at most %ld MiB of memory\n", engine, rows,
               round ? "the same again" : "all new", (double)(heng_clock_mono() - from) / 1e6, peak_mib());
        heng_archive_report_fini(&report);
    }
    free(text);
}

/* A sheet of nothing but wrong rows, from a file: counted to the last, and nothing applied. */
static void import_wrong(struct heng_store *store, const char *path, int rows)
{
    struct heng_archive_report report;
    struct heng_err err;
    FILE *file = fopen(path, "w");
    if (!file) exit(1);
    fputs("building,flat,meter number,maker,medium,protocol,area m2,start date\n", file);
    for (int i = 0; i < rows; i++) fprintf(file, "%d,%d,%d,HNG,lava,telepathy,wide,2026-02-30\n", i / 480, i, i);
    fclose(file);
    struct heng_archive_source source = {.path = path, .name = "wrong.csv"};
    struct heng_archive_import import = {
        .sources = &source, .source_count = 1, .language = HENG_ARCHIVE_EN, .at_us = heng_clock_wall()};
    long before = peak_mib();
    heng_us from = heng_clock_mono();
    must(heng_store_begin(store, &err), &err);
    if (heng_archive_import(store, 0, &import, &report, &err) != HENG_ECONFIG) exit(1);
    heng_store_rollback(store);
    printf("import of %lld wrong rows: %zu faults in %.2f s, memory from %ld to %ld MiB\n", (long long)report.rows,
           report.fault_total, (double)(heng_clock_mono() - from) / 1e6, before, peak_mib());
    heng_archive_report_fini(&report);
    unlink(path);
}

static void measure(const char *path, const char *engine)
{
    struct heng_store *store = NULL;
    struct heng_err err;
    must(heng_store_open(path, &store, &err), &err);
    search_all(heng_store_as_reader(store), engine);
    import_rows(store, engine, 1000);
    heng_store_close(store);
}

int main(int argc, char **argv)
{
    int64_t places = argc > 1 ? strtoll(argv[1], NULL, 10) : PLACES;
    int rows = argc > 2 ? (int)strtol(argv[2], NULL, 10) : ROWS;
    char folder[] = "/tmp/heng-bench-archive-XXXXXX", path[96], backup[96], other[96];
    struct heng_store *store = NULL;
    struct heng_err err;
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (!mkdtemp(folder)) return 1;
    snprintf(path, sizeof path, "%s/heng.db", folder);
    snprintf(other, sizeof other, "%s/rows.db", folder);
    must(heng_store_create(other, &err), &err);
    must(heng_store_open(other, &store, &err), &err);
    snprintf(backup, sizeof backup, "%s/wrong.csv", folder);
    import_wrong(store, backup, (int)places);
    import_rows(store, "sqlite", rows);
    heng_store_close(store);
    snprintf(backup, sizeof backup, "%s/backup", folder);

    must(heng_store_create(path, &err), &err);
    must(heng_store_open(path, &store, &err), &err);
    heng_us from = heng_clock_mono();
    fill(store, places);
    printf("made %lld places in %.1f s\n", (long long)places, (double)(heng_clock_mono() - from) / 1e6);
    heng_store_close(store);
    struct heng_dump_told told;
    const char *server = getenv("HENG_TEST_DB");
    if (server) {
        must(heng_store_backup(path, backup, &told, &err), &err);
        must(heng_store_restore(backup, server, &told, &err), &err);
        measure(server, "postgres");
    }
    measure(path, "sqlite");
    static const char *const files[] = {"heng.db",     "heng.db-wal", "heng.db-shm",  "heng.db.lock", "rows.db",
                                        "rows.db-wal", "rows.db-shm", "rows.db.lock", "backup"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char name[96];
        snprintf(name, sizeof name, "%s/%s", folder, files[i]);
        unlink(name);
    }
    return rmdir(folder) == 0 ? 0 : 1;
}
