#include "app/form_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static heng_rc read_all(FILE *file, struct heng_str *ret, struct heng_err *err)
{
    char piece[65536];
    size_t n;
    while ((n = fread(piece, 1, sizeof piece, file)) > 0) heng_str_put(ret, piece, n);
    if (ferror(file)) return heng_fail(err, HENG_EIO, 0, "cannot read: %s", strerror(errno));
    if (ret->rc != HENG_OK) return heng_fail(err, ret->rc, 0, "the form is too large");
    return ret->n ? HENG_OK : heng_fail(err, HENG_EFORMAT, 0, "the form is empty");
}

heng_rc heng_form_file_read(const char *path, struct heng_str *ret, struct heng_err *err)
{
    if (!path || strcmp(path, "-") == 0) return read_all(stdin, ret, err);
    FILE *file = fopen(path, "rb");
    if (!file) return heng_fail(err, HENG_EIO, 0, "cannot open '%.100s': %s", path, strerror(errno));
    heng_rc rc = read_all(file, ret, err);
    fclose(file);
    return rc;
}
