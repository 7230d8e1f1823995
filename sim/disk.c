#include "sim/disk.h"

#include <stdio.h>
#include <stdlib.h>

#include "sim/disk_inside.h"

/* A simulation that has no memory cannot go on. */
static void *sure(void *memory)
{
    if (!memory) abort();
    return memory;
}

/* --- bytes ---------------------------------------------------------------------------------------------------------
 */

static void bytes_resize(struct disk_bytes *b, size_t n)
{
    if (n > b->cap) {
        size_t cap = b->cap ? b->cap : 4096;
        while (cap < n) cap *= 2;
        b->p = sure(realloc(b->p, cap));
        b->cap = cap;
    }
    if (n > b->n) memset(b->p + b->n, 0, n - b->n);
    b->n = n;
}

static void bytes_put(struct disk_bytes *b, size_t at, const uint8_t *bytes, size_t n)
{
    if (at + n > b->n) bytes_resize(b, at + n);
    if (n) memcpy(b->p + at, bytes, n);
}

static void bytes_copy(struct disk_bytes *to, const struct disk_bytes *from)
{
    bytes_resize(to, from->n);
    if (from->n) memcpy(to->p, from->p, from->n);
}

static void bytes_fini(struct disk_bytes *b)
{
    free(b->p);
    *b = (struct disk_bytes){0};
}

/* --- files ---------------------------------------------------------------------------------------------------------
 */

static struct disk_file *file_new(struct heng_sim_disk *disk)
{
    struct disk_file *file = sure(calloc(1, sizeof *file));
    file->id = ++disk->next_id;
    file->next = disk->files;
    disk->files = file;
    return file;
}

void disk_forget_unsynced(struct disk_file *file)
{
    for (size_t i = 0; i < file->op_count; i++) free(file->ops[i].bytes);
    file->op_count = 0;
}

static void file_free(struct disk_file *file)
{
    disk_forget_unsynced(file);
    for (size_t i = 0; i < file->region_count; i++) free(file->regions[i]);
    free(file->regions);
    free(file->ops);
    bytes_fini(&file->safe);
    bytes_fini(&file->live);
    free(file);
}

static void remember(struct disk_file *file, struct disk_op op)
{
    if (file->op_count == file->op_cap) {
        file->op_cap = file->op_cap ? file->op_cap * 2 : 16;
        file->ops = sure(realloc(file->ops, file->op_cap * sizeof *file->ops));
    }
    file->ops[file->op_count++] = op;
}

void disk_write(struct disk_file *file, size_t at, const void *bytes, size_t n)
{
    if (n == 0) return;
    struct disk_op op = {.at = at, .n = n, .bytes = sure(malloc(n))};
    memcpy(op.bytes, bytes, n);
    remember(file, op);
    bytes_put(&file->live, at, bytes, n);
}

void disk_truncate(struct disk_file *file, size_t n)
{
    remember(file, (struct disk_op){.at = n});
    bytes_resize(&file->live, n);
}

void disk_sync(struct disk_file *file)
{
    for (size_t i = 0; i < file->op_count; i++) {
        const struct disk_op *op = &file->ops[i];
        if (op->bytes)
            bytes_put(&file->safe, op->at, op->bytes, op->n);
        else
            bytes_resize(&file->safe, op->at);
    }
    disk_forget_unsynced(file);
}

/* --- directory -----------------------------------------------------------------------------------------------------
 */

static struct disk_entry *entry_of(const struct disk_directory *directory, const char *name)
{
    for (size_t i = 0; i < directory->count; i++)
        if (strcmp(directory->entries[i].name, name) == 0) return &directory->entries[i];
    return NULL;
}

struct disk_file *disk_find(const struct disk_directory *directory, const char *name)
{
    const struct disk_entry *entry = entry_of(directory, name);
    return entry ? entry->file : NULL;
}

static void directory_set(struct disk_directory *directory, const char *name, struct disk_file *file)
{
    struct disk_entry *entry = entry_of(directory, name);
    if (!file) {
        if (entry) *entry = directory->entries[--directory->count];
        return;
    }
    if (!entry) {
        if (directory->count == directory->cap) {
            directory->cap = directory->cap ? directory->cap * 2 : 8;
            directory->entries = sure(realloc(directory->entries, directory->cap * sizeof *directory->entries));
        }
        entry = &directory->entries[directory->count++];
        (void)snprintf(entry->name, sizeof entry->name, "%s", name);
    }
    entry->file = file;
}

static void directory_copy(struct disk_directory *to, const struct disk_directory *from)
{
    to->count = 0;
    for (size_t i = 0; i < from->count; i++) directory_set(to, from->entries[i].name, from->entries[i].file);
}

static void apply(struct disk_directory *directory, const struct disk_change *change)
{
    if (change->from[0]) directory_set(directory, change->from, NULL);
    if (change->to[0]) directory_set(directory, change->to, change->file);
}

static void change_directory(struct heng_sim_disk *disk, const char *from, const char *to, struct disk_file *file)
{
    if (disk->change_count == disk->change_cap) {
        disk->change_cap = disk->change_cap ? disk->change_cap * 2 : 8;
        disk->changes = sure(realloc(disk->changes, disk->change_cap * sizeof *disk->changes));
    }
    struct disk_change *change = &disk->changes[disk->change_count++];
    *change = (struct disk_change){.file = file};
    (void)snprintf(change->from, sizeof change->from, "%s", from);
    (void)snprintf(change->to, sizeof change->to, "%s", to);
    apply(&disk->live, change);
}

struct disk_file *disk_create(struct heng_sim_disk *disk, const char *name)
{
    struct disk_file *file = file_new(disk);
    if (name) change_directory(disk, "", name, file);
    return file;
}

bool disk_unlink(struct heng_sim_disk *disk, const char *name)
{
    if (!disk_find(&disk->live, name)) return false;
    change_directory(disk, name, "", NULL);
    return true;
}

bool disk_rename(struct heng_sim_disk *disk, const char *from, const char *to)
{
    struct disk_file *file = disk_find(&disk->live, from);
    if (!file) return false;
    change_directory(disk, from, to, file);
    return true;
}

void disk_sync_directory(struct heng_sim_disk *disk)
{
    directory_copy(&disk->safe, &disk->live);
    disk->change_count = 0;
    disk_sweep(disk);
}

static bool reachable(const struct heng_sim_disk *disk, const struct disk_file *file)
{
    if (file->holds) return true;
    for (size_t i = 0; i < disk->live.count; i++)
        if (disk->live.entries[i].file == file) return true;
    for (size_t i = 0; i < disk->safe.count; i++)
        if (disk->safe.entries[i].file == file) return true;
    for (size_t i = 0; i < disk->change_count; i++)
        if (disk->changes[i].file == file) return true;
    return false;
}

void disk_sweep(struct heng_sim_disk *disk)
{
    struct disk_file **link = &disk->files;
    while (*link) {
        struct disk_file *file = *link;
        if (reachable(disk, file)) {
            link = &file->next;
            continue;
        }
        *link = file->next;
        file_free(file);
    }
}

/* --- what survives -------------------------------------------------------------------------------------------------
 */

/* How a cut treats the files. MIXED: each sector for itself. */
typedef enum cut_mode { CUT_LOSES, CUT_KEEPS, CUT_AT_ONE_WRITE, CUT_MIXED } cut_mode;

struct cut {
    uint64_t seed;
    cut_mode mode;
    size_t sector;
    bool spoils;
};

/* Dice of their own for a sector, so that its fate does not depend on what else there is. */
static struct heng_sim_rng dice(const struct cut *cut, const struct disk_file *file, size_t sector)
{
    return heng_sim_rng_of(cut->seed ^ (file->id * UINT64_C(0x9E3779B97F4A7C15)), sector);
}

/* The fate of a sector. kept: so many of the file's ops have reached it; torn: of the next one a part; garbage: that
 * one was under way. */
struct fate {
    size_t kept, torn_at;
    bool torn, torn_end, garbage;
    struct heng_sim_rng rng;
};

static bool touches(const struct disk_op *op, size_t from, size_t until)
{
    return op->bytes && op->at < until && op->at + op->n > from;
}

/* One of the ops that touch the sector, or behind the last of them. */
static size_t choose_op(const struct cut *cut, const struct disk_file *file, size_t sector, struct heng_sim_rng *rng)
{
    size_t from = sector * cut->sector, until = from + cut->sector;
    uint32_t n = 0;
    for (size_t i = 0; i < file->op_count; i++) n += touches(&file->ops[i], from, until);
    uint32_t chosen = heng_sim_rng_below(rng, n + 1);
    for (size_t i = 0; i < file->op_count; i++)
        if (touches(&file->ops[i], from, until) && chosen-- == 0) return i;
    return file->op_count;
}

/* The length is the file system's, and goes for itself. */
static size_t length_kept(const struct cut *cut, const struct disk_file *file)
{
    struct heng_sim_rng rng = dice(cut, file, SIZE_MAX);
    switch (cut->mode) {
    case CUT_LOSES: return 0;
    case CUT_KEEPS: return file->op_count;
    case CUT_AT_ONE_WRITE:
    case CUT_MIXED: return heng_sim_rng_below(&rng, (uint32_t)file->op_count + 1);
    }
    return 0;
}

static struct fate fate_of(const struct cut *cut, const struct disk_file *file, size_t sector)
{
    struct fate fate = {.kept = length_kept(cut, file), .rng = dice(cut, file, sector)};
    if (cut->mode != CUT_MIXED) return fate;
    uint32_t kind = heng_sim_rng_below(&fate.rng, 8);
    fate.kept = kind < 2 ? 0 : kind < 4 ? file->op_count : choose_op(cut, file, sector, &fate.rng);
    fate.torn = kind == 5 || kind == 6;
    fate.torn_at = heng_sim_rng_below(&fate.rng, (uint32_t)cut->sector);
    fate.torn_end = kind == 6;
    fate.garbage = kind == 7;
    return fate;
}

/* The part of a write that lies in [from, until) of the file; nothing of it behind the end. */
static void put_part(struct disk_bytes *image, const struct disk_op *op, size_t from, size_t until)
{
    size_t begin = op->at > from ? op->at : from, end = op->at + op->n < until ? op->at + op->n : until;
    if (begin < end) bytes_put(image, begin, op->bytes + (begin - op->at), end - begin);
}

static void scramble(const struct cut *cut, struct disk_bytes *image, const struct disk_op *op, size_t from,
                     struct heng_sim_rng *rng)
{
    size_t until = from + cut->sector;
    size_t begin = cut->spoils || op->at < from ? from : op->at;
    size_t end = cut->spoils || op->at + op->n > until ? until : op->at + op->n;
    if (end > image->n) end = image->n;
    for (size_t i = begin; i < end; i++) image->p[i] = (uint8_t)heng_sim_rng_next(rng);
}

/* Op number i as the sectors it touches have got it. Only of a write that was under way a sector gets torn. */
static void survive_write(const struct cut *cut, const struct disk_file *file, size_t i, struct disk_bytes *image)
{
    const struct disk_op *op = &file->ops[i];
    for (size_t s = op->at / cut->sector; s * cut->sector < op->at + op->n; s++) {
        size_t from = s * cut->sector, until = from + cut->sector;
        struct fate fate = fate_of(cut, file, s);
        if (i < fate.kept) put_part(image, op, from, until);
        if (i != fate.kept) continue;
        if (fate.torn)
            put_part(image, op, fate.torn_end ? from + fate.torn_at : from,
                     fate.torn_end ? until : from + fate.torn_at);
        if (fate.torn && cut->spoils) scramble(cut, image, op, from, &fate.rng);
        if (fate.garbage) scramble(cut, image, op, from, &fate.rng);
    }
}

static void survive(const struct cut *cut, const struct disk_file *file, struct disk_bytes *ret)
{
    size_t n = file->safe.n, kept = length_kept(cut, file);
    bytes_copy(ret, &file->safe);
    for (size_t i = 0; i < file->op_count; i++) {
        const struct disk_op *op = &file->ops[i];
        if (op->bytes) {
            if (i < kept && op->at + op->n > n) n = op->at + op->n;
            if (op->at + op->n > ret->n) bytes_resize(ret, op->at + op->n);
            survive_write(cut, file, i, ret);
        } else if (i < kept) {
            n = op->at;
            bytes_resize(ret, n);
        }
    }
    bytes_resize(ret, n);
}

static void drop_all(struct heng_sim_disk *disk)
{
    disk->live.count = disk->safe.count = disk->change_count = 0;
    disk->life++;
    disk->cut = false;
    disk->cut_at = UINT64_MAX;
    disk_sweep(disk);
}

void heng_sim_disk_put(struct heng_sim_disk *disk, const char *name, struct heng_slice bytes)
{
    struct disk_file *file = file_new(disk);
    bytes_put(&file->safe, 0, bytes.p, bytes.n);
    bytes_put(&file->live, 0, bytes.p, bytes.n);
    directory_set(&disk->live, name, file);
    directory_set(&disk->safe, name, file);
    disk_sweep(disk);
}

/* An image of a disk: file names and what is in them. */
struct image {
    struct disk_directory names;
    struct disk_bytes *bytes;
};

static struct image image_of(const struct heng_sim_disk *disk, uint64_t seed)
{
    struct heng_sim_rng rng = heng_sim_rng_of(seed, disk->cuts + 1);
    /* Beside the fate of single sectors the plain cases are tried often: they are what finds a missing sync. */
    static const cut_mode modes[] = {CUT_LOSES, CUT_LOSES, CUT_KEEPS, CUT_AT_ONE_WRITE,
                                     CUT_MIXED, CUT_MIXED, CUT_MIXED};
    struct cut cut = {.seed = heng_sim_rng_next(&rng), .sector = disk->sector, .spoils = disk->spoils};
    cut.mode = modes[heng_sim_rng_below(&rng, sizeof modes / sizeof *modes)];
    struct image image = {0};
    directory_copy(&image.names, &disk->safe);
    size_t kept = heng_sim_rng_below(&rng, (uint32_t)disk->change_count + 1);
    for (size_t i = 0; i < kept; i++) apply(&image.names, &disk->changes[i]);
    image.bytes = sure(calloc(image.names.count + 1, sizeof *image.bytes));
    for (size_t i = 0; i < image.names.count; i++) survive(&cut, image.names.entries[i].file, &image.bytes[i]);
    return image;
}

static void become(struct heng_sim_disk *disk, struct image *image)
{
    drop_all(disk);
    for (size_t i = 0; i < image->names.count; i++) {
        heng_sim_disk_put(disk, image->names.entries[i].name, heng_slice_of(image->bytes[i].p, image->bytes[i].n));
        bytes_fini(&image->bytes[i]);
    }
    free(image->names.entries);
    free(image->bytes);
}

void heng_sim_disk_restart(struct heng_sim_disk *disk)
{
    struct image image = image_of(disk, disk->seed);
    disk->cuts++;
    become(disk, &image);
}

void heng_sim_disk_after_cut(const struct heng_sim_disk *from, struct heng_sim_disk *to, uint64_t seed)
{
    struct image image = image_of(from, seed);
    become(to, &image);
}

void heng_sim_disk_clone(const struct heng_sim_disk *from, struct heng_sim_disk *to)
{
    drop_all(to);
    for (size_t i = 0; i < from->live.count; i++) {
        const struct disk_file *file = from->live.entries[i].file;
        heng_sim_disk_put(to, from->live.entries[i].name, heng_slice_of(file->live.p, file->live.n));
    }
}

/* --- points and faults ---------------------------------------------------------------------------------------------
 */

static bool is_ordered_to_fail(struct heng_sim_disk *disk, unsigned kind)
{
    if (!(disk->fail_mask & kind)) return false;
    if (disk->fail_in > 0) {
        disk->fail_in--;
        return false;
    }
    if (!disk->fail_on) disk->fail_mask = 0;
    disk->failed = true;
    return true;
}

int disk_point(struct heng_sim_disk *disk, unsigned kind)
{
    if (kind != HENG_SIM_DISK_READ && !disk->cut) {
        if (disk->at_point && !disk->watching) {
            disk->watching = true;
            disk->at_point(disk->user);
            disk->watching = false;
        }
        if (disk->counts.points >= disk->cut_at) disk->cut = true;
        disk->counts.points++;
    }
    if (disk->cut) return SQLITE_IOERR;
    return is_ordered_to_fail(disk, kind) ? SQLITE_IOERR : SQLITE_OK;
}

void heng_sim_disk_fail(struct heng_sim_disk *disk, unsigned mask, uint64_t n, bool on)
{
    disk->fail_mask = mask;
    disk->fail_in = n;
    disk->fail_on = on;
    disk->failed = false;
}

void heng_sim_disk_heal(struct heng_sim_disk *disk) { disk->fail_mask = 0; }
bool heng_sim_disk_has_failed(const struct heng_sim_disk *disk) { return disk->failed; }
void heng_sim_disk_set_room(struct heng_sim_disk *disk, int64_t bytes) { disk->room = bytes; }
void heng_sim_disk_cut_at(struct heng_sim_disk *disk, uint64_t point) { disk->cut_at = point; }
void heng_sim_disk_cut(struct heng_sim_disk *disk) { disk->cut = true; }
bool heng_sim_disk_is_cut(const struct heng_sim_disk *disk) { return disk->cut; }
struct heng_sim_disk_counts heng_sim_disk_counts(const struct heng_sim_disk *disk) { return disk->counts; }

void heng_sim_disk_watch(struct heng_sim_disk *disk, void (*at_point)(void *user), void *user)
{
    disk->at_point = at_point;
    disk->user = user;
}

void heng_sim_disk_set_sector(struct heng_sim_disk *disk, size_t bytes, bool spoils)
{
    disk->sector = bytes == 4096 ? 4096 : 512;
    disk->spoils = spoils;
}

/* --- from outside --------------------------------------------------------------------------------------------------
 */

struct heng_sim_disk *heng_sim_disk_new(const char *name, uint64_t seed)
{
    struct heng_sim_disk *disk = calloc(1, sizeof *disk);
    if (!disk) return NULL;
    (void)snprintf(disk->name, sizeof disk->name, "%s", name);
    disk->seed = seed;
    disk->rng = heng_sim_rng_of(seed, 0);
    disk->sector = 512;
    disk->room = -1;
    disk->cut_at = UINT64_MAX;
    disk_vfs_init(disk);
    if (sqlite3_vfs_register(&disk->vfs, 0) == SQLITE_OK) return disk;
    free(disk);
    return NULL;
}

void heng_sim_disk_free(struct heng_sim_disk *disk)
{
    if (!disk) return;
    sqlite3_vfs_unregister(&disk->vfs);
    drop_all(disk);
    free(disk->live.entries);
    free(disk->safe.entries);
    free(disk->changes);
    free(disk);
}

const char *heng_sim_disk_vfs(const struct heng_sim_disk *disk) { return disk->name; }

bool heng_sim_disk_file(const struct heng_sim_disk *disk, const char *name, struct heng_slice *ret)
{
    const struct disk_file *file = disk_find(&disk->live, name);
    if (!file) return false;
    *ret = heng_slice_of(file->live.p, file->live.n);
    return true;
}

void heng_sim_disk_remove(struct heng_sim_disk *disk, const char *name)
{
    directory_set(&disk->live, name, NULL);
    directory_set(&disk->safe, name, NULL);
    disk_sweep(disk);
}

const char *heng_sim_disk_name(const struct heng_sim_disk *disk, size_t i)
{
    return i < disk->live.count ? disk->live.entries[i].name : NULL;
}

int64_t heng_sim_disk_bytes(const struct heng_sim_disk *disk)
{
    int64_t bytes = 0;
    for (size_t i = 0; i < disk->live.count; i++) bytes += (int64_t)disk->live.entries[i].file->live.n;
    return bytes;
}
