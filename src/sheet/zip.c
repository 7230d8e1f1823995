#include "sheet/zip.h"

#include <stdlib.h>
#include <unzip.h>

enum { PARTS_MAX = 10000, RATIO_FROM_BYTES = 16 << 20 };

struct heng_zip {
    unzFile file;
    struct heng_source *source;
    struct heng_sheet_limits limits;
    uint64_t total, part, part_packed;
    const char *role;
    bool is_open;
};

/* minizip reads by these; opaque is our source, whose place is that of the stream. */
static voidpf stream_open(voidpf opaque, const void *name, int mode)
{
    (void)name;
    (void)mode;
    return opaque;
}

static uLong stream_read(voidpf opaque, voidpf stream, void *ret, uLong n)
{
    struct heng_source *source = stream;
    size_t got;
    (void)opaque;
    if (!heng_source_read(source, source->at, ret, n, &got)) return 0;
    source->at += got;
    return got;
}

static uLong stream_write(voidpf opaque, voidpf stream, const void *bytes, uLong n)
{
    (void)opaque, (void)stream, (void)bytes, (void)n;
    return 0;
}

static ZPOS64_T stream_tell(voidpf opaque, voidpf stream)
{
    (void)opaque;
    return ((const struct heng_source *)stream)->at;
}

static long stream_seek(voidpf opaque, voidpf stream, ZPOS64_T offset, int origin)
{
    struct heng_source *source = stream;
    (void)opaque;
    uint64_t base = origin == ZLIB_FILEFUNC_SEEK_CUR ? source->at : origin == ZLIB_FILEFUNC_SEEK_END ? source->size : 0;
    if (offset > source->size || base + offset > source->size) return -1;
    source->at = base + offset;
    return 0;
}

static int stream_nothing(voidpf opaque, voidpf stream)
{
    (void)opaque, (void)stream;
    return 0;
}

heng_rc heng_zip_open(struct heng_source *source, const struct heng_sheet_limits *limits, struct heng_zip **ret,
                      struct heng_err *err)
{
    zlib_filefunc64_def functions = {stream_open, stream_read,    stream_write,   stream_tell,
                                     stream_seek, stream_nothing, stream_nothing, source};
    unz_global_info64 about;
    struct heng_zip *zip = calloc(1, sizeof *zip);
    if (!zip) return heng_fail(err, HENG_ENOMEM, 0, "no memory for a sheet");
    zip->source = source;
    zip->limits = *limits;
    *ret = zip;
    source->at = 0;
    zip->file = unzOpen2_64(NULL, &functions);
    /* minizip reads zeros behind the end of a file, so a directory that is cut off may look like one without parts. */
    if (!zip->file || unzGetGlobalInfo64(zip->file, &about) != UNZ_OK || unzGoToFirstFile(zip->file) != UNZ_OK)
        return heng_fail(err, HENG_EFORMAT, 0, "the file is cut off or damaged: copy or send it again");
    if (about.number_entry > PARTS_MAX)
        return heng_fail(err, HENG_ELIMIT, 0, "the file has %llu parts, the most is %d",
                         (unsigned long long)about.number_entry, PARTS_MAX);
    return HENG_OK;
}

static void part_close(struct heng_zip *zip)
{
    if (zip->is_open) unzCloseCurrentFile(zip->file);
    zip->is_open = false;
}

void heng_zip_close(struct heng_zip *zip)
{
    if (!zip) return;
    part_close(zip);
    if (zip->file) unzClose(zip->file);
    free(zip);
}

bool heng_zip_has(struct heng_zip *zip, const char *name)
{
    enum { ANY_CASE = 2 };
    part_close(zip);
    /* minizip compares in a buffer of its own of 256 bytes */
    return strlen(name) < 250 && unzLocateFile(zip->file, name, ANY_CASE) == UNZ_OK;
}

heng_rc heng_zip_part(struct heng_zip *zip, const char *name, const char *role, struct heng_err *err)
{
    unz_file_info64 about;
    if (!heng_zip_has(zip, name))
        return heng_fail(err, HENG_ENOTFOUND, 0, "the workbook lacks %s: save it again in Excel or WPS", role);
    if (unzGetCurrentFileInfo64(zip->file, &about, NULL, 0, NULL, 0, NULL, 0) != UNZ_OK)
        return heng_fail(err, HENG_EFORMAT, 0, "%s is damaged: copy or send the file again", role);
    if (about.flag & 1)
        return heng_fail(err, HENG_EUNSUPPORTED, 0, "the archive has a password: save the workbook without one");
    if (about.compression_method != 0 && about.compression_method != Z_DEFLATED)
        return heng_fail(err, HENG_EUNSUPPORTED, 0,
                         "%s is packed in an unusual way: save the workbook again in Excel or WPS", role);
    if (unzOpenCurrentFile(zip->file) != UNZ_OK)
        return heng_fail(err, HENG_EFORMAT, 0, "%s is damaged: copy or send the file again", role);
    zip->is_open = true;
    zip->part = 0;
    zip->role = role;
    /* What a header says of its size is a claim; no part is larger than the file. */
    zip->part_packed = about.compressed_size < zip->source->size ? about.compressed_size : zip->source->size;
    return HENG_OK;
}

static heng_rc within_limits(const struct heng_zip *zip, struct heng_err *err)
{
    const struct heng_sheet_limits *l = &zip->limits;
    if (zip->part > RATIO_FROM_BYTES && zip->part / l->ratio > zip->part_packed)
        return heng_fail(err, HENG_ELIMIT, 0, "%s is over %u times larger than packed: this is no normal workbook",
                         zip->role, l->ratio);
    if (zip->part > l->part_bytes)
        return heng_fail(err, HENG_ELIMIT, 0, "%s has more than %llu bytes unpacked: split the sheet", zip->role,
                         (unsigned long long)l->part_bytes);
    if (zip->total > l->unpacked_bytes)
        return heng_fail(err, HENG_ELIMIT, 0, "the workbook has more than %llu bytes unpacked: split it",
                         (unsigned long long)l->unpacked_bytes);
    return HENG_OK;
}

heng_rc heng_zip_read(struct heng_zip *zip, void *ret, size_t n, size_t *ret_n, struct heng_err *err)
{
    int got = unzReadCurrentFile(zip->file, ret, (unsigned)n);
    bool sound = got >= 0;
    if (got == 0) {
        /* It reports a wrong check sum on closing, but only when all bytes of the claimed size came. */
        sound = unzeof(zip->file) == 1;
        zip->is_open = false;
        if (unzCloseCurrentFile(zip->file) != UNZ_OK) sound = false;
    }
    if (!sound) return heng_fail(err, HENG_EFORMAT, 0, "%s is damaged: copy or send the file again", zip->role);
    *ret_n = (size_t)got;
    zip->part += *ret_n;
    zip->total += *ret_n;
    return within_limits(zip, err);
}
