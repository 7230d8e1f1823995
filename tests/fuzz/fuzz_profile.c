/* Profile files: read as they are, run their samples, recognise and apply what came out. A text that is not accepted
 * must say where and why. */
#include "decode.h"

#include "meter/profile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool speaks(const struct heng_profile *p, heng_protocol protocol) { return p->protocols >> protocol & 1; }

/* They only read, whatever the file says. */
static void require_reading(const struct heng_profile *p, const struct heng_ask_def *ask)
{
    uint8_t code = ask->function_code;
    bool cjt188 = speaks(p, HENG_PROTOCOL_CJT188);
    fuzz_require(code <= 4 || (cjt188 && (code == 0x09 || code == 0x21)));
    fuzz_require(!cjt188 || (code != 2 && code != 4));
}

/* What orders go by. */
static void require_sane_orders(const struct heng_profile *p)
{
    bool dlt645 = speaks(p, HENG_PROTOCOL_DLT645_2007) || speaks(p, HENG_PROTOCOL_DLT645_1997);
    fuzz_require(p->history_count <= HENG_PROFILE_HISTORY_MAX && p->move_s <= 600);
    fuzz_require(!p->history_count || dlt645 || speaks(p, HENG_PROTOCOL_CJT188));
    fuzz_require(!p->closes_relay || dlt645);
    for (size_t i = 0; i < p->history_count; i++) {
        uint32_t di = p->history[i].di;
        require_reading(p, &p->history[i]);
        fuzz_require(!speaks(p, HENG_PROTOCOL_DLT645_2007) || (di & 0xFF));
        fuzz_require(speaks(p, HENG_PROTOCOL_DLT645_2007) || di <= 0xFFFF);
        for (size_t k = 0; k < i; k++) fuzz_require(p->history[k].di != di);
    }
}

static void require_sane(const struct heng_profile *p)
{
    fuzz_require(p->name[0] && p->title[0] && p->title[1] && p->title[2] && p->source && p->protocols);
    fuzz_require(p->ask_count <= HENG_PROFILE_ASKS_MAX && p->di_order < HENG_DI_ORDER_COUNT);
    for (size_t i = 0; i < p->ask_count; i++) require_reading(p, &p->asks[i]);
    require_sane_orders(p);
    for (size_t i = 0; i < p->dialect.field_count; i++) {
        const struct heng_field *f = &p->dialect.fields[i];
        fuzz_require(f->factor != 0 && f->bytes > 0 && f->coding < HENG_CODING_COUNT);
        fuzz_require(f->quantity < HENG_QUANTITY_COUNT && f->unit < HENG_UNIT_COUNT);
        if (i == 0) continue;
        const struct heng_field *before = &p->dialect.fields[i - 1];
        fuzz_require(before->function_code < f->function_code ||
                     (before->function_code == f->function_code && before->di <= f->di));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1); /* its own allocation, without a NUL behind it */
    struct heng_profiles set = {.arena = {.max = 8 << 20}};
    struct heng_err err = {0};
    if (!text) return 0;
    if (size) memcpy(text, data, size);
    heng_rc rc = heng_profiles_add(&set, heng_slice_of(text, size), &err);
    fuzz_require(rc == HENG_OK || (err.rc == rc && err.text[0] && set.count == 0));
    if (rc == HENG_OK) {
        const struct heng_profile *p = set.items[0];
        require_sane(p);
        fuzz_require(heng_profiles_find(&set, p->name) == p);
        rc = heng_profile_check(p, &err);
        fuzz_require(rc == HENG_OK || rc == HENG_ECONFLICT || rc == HENG_ENOMEM);
        for (size_t i = 0; i < p->sample_count; i++)
            for (unsigned protocol = 0; protocol < HENG_PROTOCOL_COUNT; protocol++) {
                struct heng_capture capture;
                heng_capture_init(&capture, (heng_protocol)protocol, p->samples[i].answer);
                if (capture.has_telegram) (void)heng_profiles_recognise(&set, &capture.telegram);
            }
    }
    heng_profiles_fini(&set);
    free(text);
    return 0;
}
