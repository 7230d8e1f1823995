/* A bill down to the frames, and what is found when somebody changed something behind our back. */
#include <openssl/evp.h>

#include "billing/bundle.h"
#include "billing/trace.h"
#include "rate/form.h"
#include "unit/billing/charge_site.h"

#define STEPS_TARIFF                                                                                                   \
    "{\"id\":\"T\",\"currency\":\"CNY\",\"components\":[{\"id\":\"energy\",\"name\":\"电费\",\"rule\":\"steps\","    \
    "\"quantity\":\"active\",\"unit\":\"kWh\",\"steps\":[{\"from\":\"0\",\"price\":\"0.50\"},{\"from\":\"200\","       \
    "\"price\":\"0.60\"}],\"cycle\":\"year\",\"bounds_per\":\"cycle\"}]}"

static struct heng_bill bill_of(struct charge_site *s)
{
    struct heng_err err;
    struct heng_bill bill = {.account_id = s->account.id,
                             .kind = HENG_BILL_BILL,
                             .state = HENG_BILL_STATE_DRAFT,
                             .from_day = DAY(2026, 3, 1),
                             .to_day = DAY(2026, 4, 1),
                             .currency = "CNY"};
    put_tariff(s, "home", STEPS_TARIFF);
    put_days(s, MAIN, DAY(2026, 3, 1), DAY(2026, 4, 1), 1000, 24, HENG_TRUST_VALID);
    put_index(s, 1, day_us(s, DAY(2026, 3, 1)), 5000);
    put_index(s, 1, day_us(s, DAY(2026, 4, 1)), 36000);
    assert_ok(work(s, DAY(2026, 3, 1), DAY(2026, 4, 1), true, &err));
    bill.total = s->charge.total;
    bill.tax = s->charge.tax;
    assert_ok(heng_store_begin(s->store, &err));
    assert_ok(heng_store_put_bill(s->store, &bill, &err));
    s->charge.bill_id = bill.id;
    assert_ok(heng_store_put_charges(s->store, &s->charge, 1, &err));
    assert_ok(heng_store_commit(s->store, &err));
    return bill;
}

static void say(void *ctx, const struct heng_frame *frame, bool json, struct heng_str *out)
{
    (void)ctx;
    heng_str_fmt(out, json ? "{\"n\":%u}" : "it has %u bytes\n", (unsigned)frame->n);
}

static void assert_has(const struct heng_str *text, const char *part)
{
    if (!text->text || !strstr(text->text, part)) fail_msg("'%s' is not in\n%s", part, text->text ? text->text : "");
}

static void test_the_chain_for_a_person(void **state)
{
    struct charge_site s;
    struct heng_err err;
    struct heng_str out = {.max = 1 << 20};
    (void)state;
    charge_site_open(&s);
    struct heng_bill bill = bill_of(&s);
    struct heng_bill_explanation how = {.language = HENG_LANGUAGE_EN, .words = say};
    assert_ok(heng_bill_explain_text(s.charger, &bill, &how, &out, &err));
    assert_has(&out, "total 166.00 CNY"); /* 200 x 0.50 + 110 x 0.60 */
    assert_has(&out, "电费 T1: 200 kWh x 0.50 = 100.00 CNY");
    assert_has(&out, "110.00 kWh × 0.60 CNY/kWh = 66.00 CNY"); /* a step of the engine */
    assert_has(&out, "[2026-03-01, 2026-04-01): 310000 Wh, valid");
    assert_has(&out, "reading A (end) 2026-04-01 00:00:00");
    assert_has(&out, ": 360000 Wh");
    assert_has(&out, ": 6816\n"); /* the frame as it came */
    assert_has(&out, "it has 2 bytes");
    assert_has(&out, "worked out again: the same");
    assert_int_equal(how.charges, 1);
    assert_int_equal(how.differ + how.rows_changed, 0);
    heng_str_clear(&out);
    how = (struct heng_bill_explanation){.language = HENG_LANGUAGE_ZH, .words = say};
    assert_ok(heng_bill_explain_text(s.charger, &bill, &how, &out, &err));
    assert_has(&out, "结果一致");
    heng_str_clear(&out);
    assert_ok(heng_bill_explain_json(s.charger, &bill, &how, &out, &err));
    assert_has(&out, "\"bytes\":\"6816\",\"says\":{\"n\":2}");
    assert_has(&out, "\"same\":true");
    heng_str_fini(&out);
    charge_site_close(&s);
}

static void test_days_changed_since(void **state)
{
    struct charge_site s;
    struct heng_err err;
    struct heng_str out = {.max = 1 << 20};
    (void)state;
    charge_site_open(&s);
    struct heng_bill bill = bill_of(&s);
    struct heng_bill_explanation how = {.language = HENG_LANGUAGE_DE};
    put_days(&s, MAIN, DAY(2026, 3, 9), DAY(2026, 3, 10), 1001, 24, HENG_TRUST_VALID);
    assert_ok(heng_bill_explain_text(s.charger, &bill, &how, &out, &err));
    assert_int_equal(how.rows_changed, 1);
    assert_int_equal(how.differ, 0); /* the bill itself is what it was */
    assert_has(&out, "seither geändert");
    heng_str_fini(&out);
    charge_site_close(&s);
}

static void test_a_forged_line(void **state)
{
    struct charge_site s;
    struct heng_err err;
    struct heng_str out = {.max = 1 << 20};
    (void)state;
    charge_site_open(&s);
    struct heng_bill bill = bill_of(&s);
    struct heng_bill_explanation how = {.language = HENG_LANGUAGE_EN};
    charge_sql(&s, "UPDATE charge_line SET price = '0.40' WHERE n = 0");
    assert_ok(heng_bill_explain_text(s.charger, &bill, &how, &out, &err));
    assert_int_equal(how.differ, 1);
    assert_has(&out, "it differs: charge 1 was changed");
    heng_str_fini(&out);
    charge_site_close(&s);
}

/* The file of a name in a tar: where its bytes begin. */
static const char *file_in(const struct heng_str *tar, const char *name, size_t *ret_n)
{
    for (size_t at = 0; at + 512 <= tar->n && tar->text[at];) {
        *ret_n = strtoul(tar->text + at + 124, NULL, 8);
        if (strcmp(tar->text + at, name) == 0) return tar->text + at + 512;
        at += 512 + (*ret_n + 511) / 512 * 512;
    }
    return NULL;
}

static void test_the_bundle_proves_itself(void **state)
{
    static const char *const names[] = {"README.txt", "bill.json", "ask-1.json", "usage-1.csv", "audit.json"};
    struct charge_site s;
    struct heng_err err;
    struct heng_str tar = {.max = 8 << 20}, again = {.max = 8 << 20};
    size_t n = 0, sums_n = 0;
    (void)state;
    charge_site_open(&s);
    struct heng_bill bill = bill_of(&s);
    struct heng_bill_explanation how = {.language = HENG_LANGUAGE_EN};
    assert_ok(heng_bill_bundle(s.charger, &bill, &how, NULL, NULL, &tar, &err));
    assert_ok(heng_bill_bundle(s.charger, &bill, &how, NULL, NULL, &again, &err));
    assert_int_equal(tar.n, again.n);
    assert_memory_equal(tar.text, again.text, tar.n);
    assert_int_equal(tar.n % 512, 0);
    const char *sums = file_in(&tar, "SHA256SUMS", &sums_n);
    assert_non_null(sums);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        uint8_t sha[32];
        char line[128];
        const char *bytes = file_in(&tar, names[i], &n);
        assert_non_null(bytes);
        assert_int_equal(EVP_Digest(bytes, n, sha, NULL, EVP_sha256(), NULL), 1);
        for (size_t k = 0; k < 32; k++) snprintf(line + 2 * k, 3, "%02x", sha[k]);
        snprintf(line + 64, sizeof line - 64, "  %s\n", names[i]);
        assert_non_null(memmem(sums, sums_n, line, strlen(line)));
    }
    /* the ask is one that heng rate takes, tariff and all */
    struct heng_arena arena = {.max = 16 << 20};
    struct heng_rate_request request;
    const char *ask = file_in(&tar, "ask-1.json", &n);
    assert_ok(heng_rate_request_read(heng_slice_of(ask, n), &arena, &request, &err));
    assert_int_equal(request.tariff_count, 1);
    heng_arena_fini(&arena);
    heng_str_fini(&tar);
    heng_str_fini(&again);
    charge_site_close(&s);
}

static void test_a_trace_may_be_anything(void **state)
{
    static const char *const texts[] = {"",
                                        "{",
                                        "[]",
                                        "{\"rows\":[{\"from\":\"yesterday\"}]}",
                                        "{\"rows\":[7]}",
                                        "{\"usage\":[{\"row\":99999999999999999999}]}",
                                        "{\"readings\":[{\"meter\":\"123456789012345678901234567890\"}]}",
                                        "{\"rows\":{}}"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct heng_arena arena = {.max = 1 << 20};
        struct heng_trace trace;
        struct heng_err err;
        assert_int_not_equal(heng_trace_read(heng_slice_str(texts[i]), &arena, &trace, &err), HENG_OK);
        assert_int_equal(trace.row_count + trace.usage_count + trace.reading_count, 0);
        heng_arena_fini(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_chain_for_a_person),  cmocka_unit_test(test_days_changed_since),
        cmocka_unit_test(test_a_forged_line),           cmocka_unit_test(test_the_bundle_proves_itself),
        cmocka_unit_test(test_a_trace_may_be_anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
