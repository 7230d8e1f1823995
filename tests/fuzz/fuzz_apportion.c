/* Forms of heng apportion: one that is not accepted says why; one that is gives JSON, the same twice, and the shares of
 * each group sum to its quantity. */
#include "base/json_reader.h"
#include "bill/calc.h"
#include "heat/apportion_run.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_require(bool condition)
{
    if (!condition) abort();
}

static struct heng_dec read_dec(struct heng_json_reader *r)
{
    char text[HENG_DEC_TEXT_MAX] = "";
    struct heng_dec dec = {0, 0};
    heng_json_get_string(r, text, sizeof text);
    fuzz_require(heng_dec_parse(text, &dec, NULL) == HENG_OK);
    return dec;
}

static void check_group(struct heng_json_reader *r)
{
    struct heng_slice key;
    struct heng_calc calc = {0};
    struct heng_dec whole = {0, 0}, sum = {0, 0};
    heng_json_open_object(r);
    while (heng_json_next_key(r, &key)) {
        if (heng_slice_is(key, "quantity")) {
            whole = read_dec(r);
        } else if (heng_slice_is(key, "shares")) {
            heng_json_open_array(r);
            while (heng_json_next_item(r)) {
                heng_json_open_object(r);
                while (heng_json_next_key(r, &key))
                    if (heng_slice_is(key, "quantity"))
                        sum = heng_calc_add(&calc, sum, read_dec(r));
                    else
                        heng_json_skip(r);
            }
        } else {
            heng_json_skip(r);
        }
    }
    fuzz_require(calc.rc == HENG_OK && heng_dec_cmp(whole, sum) == 0);
}

static void check(struct heng_slice text, bool shares)
{
    struct heng_json_reader r = heng_json_reader_of(text);
    struct heng_slice key;
    heng_json_open_object(&r);
    while (heng_json_next_key(&r, &key)) {
        if (!shares || !heng_slice_is(key, "groups")) {
            heng_json_skip(&r);
            continue;
        }
        heng_json_open_array(&r);
        while (heng_json_next_item(&r)) check_group(&r);
    }
    heng_json_finish(&r);
    fuzz_require(r.err.rc == HENG_OK || r.err.rc == HENG_ELIMIT); /* a statement may nest as deep as the form */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char shares[] = "{\"kind\":\"shares\"";
    struct heng_str first = {.max = 16 << 20}, second = {.max = 16 << 20};
    for (int i = 0; i < 2; i++) {
        struct heng_apportion_options options = {size % 4 != 3, (heng_language)(size % 3)};
        struct heng_arena arena = {.max = (size_t)64 << 20};
        struct heng_str *out = i ? &second : &first;
        struct heng_err err = {0};
        heng_rc rc = heng_apportion_json(heng_slice_of(data, size), &options, &arena, out, &err);
        if (rc != HENG_OK) {
            fuzz_require(err.rc == rc && *err.text);
            heng_str_clear(out);
        }
        heng_arena_fini(&arena);
    }
    fuzz_require(first.n == second.n && (!first.n || memcmp(first.text, second.text, first.n) == 0));
    if (first.n)
        check(heng_slice_of(first.text, first.n),
              first.n > sizeof shares && !memcmp(first.text, shares, sizeof shares - 1));
    heng_str_fini(&first);
    heng_str_fini(&second);
    return 0;
}
