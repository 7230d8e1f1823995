/* sst > si > t, or si > r > t for texts in several fonts. si > rPh > t is how a text is pronounced, and no part of it.
 */
#include "sheet/strings.h"

#include "sheet/spill.h"
#include "sheet/xml.h"

#include <stdlib.h>

struct heng_strings {
    struct heng_spill bytes;
    struct heng_spill ends; /* 8 bytes each: where a string ends in bytes */
    uint32_t count;
    struct heng_str one; /* the string that is read in, or was asked for */
    const struct heng_sheet_limits *limits;
    bool in_string, in_text, in_pronunciation;
};

static void on_start(struct heng_xml *xml, const char *name, const char *const *attributes)
{
    struct heng_strings *strings = xml->owner;
    (void)attributes;
    if (xml->depth == 2) {
        strings->in_string = strcmp(name, "si") == 0;
        heng_str_clear(&strings->one);
    } else if (xml->depth == 3 && strcmp(name, "rPh") == 0) {
        strings->in_pronunciation = true;
    } else if (xml->depth <= 4 && strcmp(name, "t") == 0) {
        strings->in_text = strings->in_string && !strings->in_pronunciation;
    }
}

static void on_text(struct heng_xml *xml, const char *bytes, size_t n)
{
    struct heng_strings *strings = xml->owner;
    if (!strings->in_text) return;
    heng_str_put(&strings->one, bytes, n);
    if (strings->one.rc == HENG_OK) return;
    if (strings->one.rc == HENG_ELIMIT)
        heng_fail(&xml->failed, HENG_ELIMIT, 0, "a text of the workbook is longer than %u bytes",
                  strings->limits->cell_bytes);
    else
        heng_fail(&xml->failed, strings->one.rc, 0, "no memory for a sheet");
    heng_xml_stop(xml);
}

static heng_rc keep(struct heng_strings *strings, struct heng_err *err)
{
    size_t n = strings->one.n ? heng_xml_unescape(strings->one.text, strings->one.n) : 0;
    if (strings->bytes.size + strings->ends.size + n + sizeof(uint64_t) > strings->limits->strings_bytes)
        return heng_fail(err, HENG_ELIMIT, 0, "the texts of the workbook have more than %llu bytes: split it",
                         (unsigned long long)strings->limits->strings_bytes);
    heng_rc rc = heng_spill_put(&strings->bytes, heng_slice_of(strings->one.text, n), err);
    uint64_t end = strings->bytes.size;
    if (rc == HENG_OK) rc = heng_spill_put(&strings->ends, heng_slice_of(&end, sizeof end), err);
    strings->count++;
    return rc;
}

static void on_end(struct heng_xml *xml, const char *name)
{
    struct heng_strings *strings = xml->owner;
    (void)name;
    if (xml->depth <= 4) strings->in_text = false;
    if (xml->depth == 3) strings->in_pronunciation = false;
    if (xml->depth != 2 || !strings->in_string) return;
    strings->in_string = false;
    if (keep(strings, &xml->failed) != HENG_OK) heng_xml_stop(xml);
}

heng_rc heng_strings_open(struct heng_zip *zip, const char *part, const struct heng_sheet_limits *limits,
                          struct heng_strings **ret, struct heng_err *err)
{
    struct heng_strings *strings = calloc(1, sizeof *strings);
    if (!strings) return heng_fail(err, HENG_ENOMEM, 0, "no memory for a sheet");
    *ret = strings;
    strings->limits = limits;
    strings->one.max = limits->cell_bytes;
    strings->bytes.memory_max = strings->ends.memory_max = (size_t)limits->strings_memory_bytes;
    struct heng_xml xml = {.owner = strings, .start = on_start, .end = on_end, .text = on_text};
    return heng_xml_whole(&xml, zip, part, "the list of texts", limits->depth, err);
}

heng_rc heng_strings_get(struct heng_strings *strings, uint32_t i, struct heng_slice *ret, struct heng_err *err)
{
    uint64_t ends[2] = {0, 0};
    if (i >= strings->count) return heng_fail(err, HENG_ENOTFOUND, 0, "the workbook has no text number %u", i);
    heng_rc rc = i ? heng_spill_get(&strings->ends, (i - 1) * sizeof ends[0], ends, sizeof ends, err)
                   : heng_spill_get(&strings->ends, 0, &ends[1], sizeof ends[1], err);
    if (rc != HENG_OK) return rc;
    size_t n = (size_t)(ends[1] - ends[0]);
    *ret = heng_slice_of("", 0);
    if (n == 0) return HENG_OK;
    if (!strings->bytes.file) {
        *ret = heng_slice_of(strings->bytes.memory + ends[0], n);
        return HENG_OK;
    }
    /* one has held every string before it was kept, so it is large enough. */
    rc = heng_spill_get(&strings->bytes, ends[0], strings->one.text, n, err);
    *ret = heng_slice_of(strings->one.text, n);
    return rc;
}

void heng_strings_free(struct heng_strings *strings)
{
    if (!strings) return;
    heng_spill_fini(&strings->bytes);
    heng_spill_fini(&strings->ends);
    heng_str_fini(&strings->one);
    free(strings);
}
