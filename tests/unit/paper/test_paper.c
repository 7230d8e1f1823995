/* Documents: the same one as PDF, page and for a printer with pins. What they say is read back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "paper/escp.h"
#include "paper/page.h"
#include "paper/pdf.h"
#include "paper/words.h"

static void fill(struct heng_paper *paper, struct heng_arena *arena, heng_language language, heng_paper_format format,
                 int rows)
{
    const struct heng_paper_column columns[] = {{"项目", false, 40}, {"金额", true, 20}};
    heng_paper_begin(paper, arena, language, format, "2026-000123");
    heng_paper_put(paper, HENG_PAPER_SENDER, "衡州热力 & Söhne <GmbH>\n人民路 1 号");
    heng_paper_put(paper, HENG_PAPER_TITLE, "账单");
    heng_paper_pair(paper, HENG_PAPER_PAIR, "户号", "0012345");
    heng_paper_table(paper, columns, 2);
    for (int i = 0; i < rows; i++) {
        const char *cells[] = {"居民阶梯电价", "1,234.56"};
        heng_paper_row(paper, false, cells);
    }
    const char *sum[] = {"合计", NULL};
    heng_paper_row(paper, true, sum);
    heng_paper_pair(paper, HENG_PAPER_AMOUNT, "应缴金额", "1,234.56");
    heng_paper_foot(paper, "2026-000123");
}

static size_t count(const struct heng_str *text, const char *what)
{
    size_t n = 0, size = strlen(what);
    for (size_t i = 0; i + size <= text->n; i++) n += memcmp(text->text + i, what, size) == 0;
    return n;
}

static void pdf_of(int rows, heng_paper_format format, struct heng_str *ret)
{
    struct heng_arena arena = {.max = 1 << 24};
    struct heng_paper paper;
    fill(&paper, &arena, HENG_LANGUAGE_ZH, format, rows);
    assert_int_equal(heng_paper_pdf(&paper, ret, NULL), HENG_OK);
    heng_arena_fini(&arena);
}

static void test_the_same_document_is_the_same_pdf(void **state)
{
    (void)state;
    struct heng_str a = {.max = HENG_PDF_MAX}, b = {.max = HENG_PDF_MAX};
    pdf_of(120, HENG_PAPER_A4, &a);
    pdf_of(120, HENG_PAPER_A4, &b);
    assert_int_equal(a.n, b.n);
    assert_memory_equal(a.text, b.text, a.n);
    assert_memory_equal(a.text, "%PDF-", 5);
    assert_true(count(&a, "/FontFile") >= 1); /* a reader without Chinese fonts shows it too */
    heng_str_fini(&a);
    heng_str_fini(&b);
}

static void test_tables_go_on_over_pages(void **state)
{
    (void)state;
    struct heng_str one = {.max = HENG_PDF_MAX}, many = {.max = HENG_PDF_MAX}, roll = {.max = HENG_PDF_MAX};
    pdf_of(3, HENG_PAPER_A4, &one);
    pdf_of(200, HENG_PAPER_A4, &many);
    pdf_of(200, HENG_PAPER_ROLL_80, &roll);
    assert_int_equal(count(&one, "/Type /Page %"), 1);
    assert_true(count(&many, "/Type /Page %") >= 3);
    heng_str_clear(&many);
    pdf_of(10000, HENG_PAPER_A4, &many);
    assert_in_range(count(&many, "/Type /Page %"), 150, 300);
    assert_int_equal(count(&roll, "/Type /Page %"), 1); /* a roll is as long as it has to be */
    heng_str_fini(&one);
    heng_str_fini(&many);
    heng_str_fini(&roll);
}

static void test_what_is_too_large_is_refused(void **state)
{
    (void)state;
    struct heng_str small = {.max = 2000}, page = {.max = 500};
    struct heng_arena arena = {.max = 1 << 22}, tiny = {.max = 300};
    struct heng_paper paper;
    struct heng_err err;
    fill(&paper, &arena, HENG_LANGUAGE_DE, HENG_PAPER_A4, 10);
    assert_int_equal(heng_paper_pdf(&paper, &small, &err), HENG_ELIMIT);
    assert_int_equal(heng_paper_page(&paper, &page, &err), HENG_ELIMIT);
    fill(&paper, &tiny, HENG_LANGUAGE_DE, HENG_PAPER_A4, 10);
    heng_str_clear(&small);
    assert_int_equal(heng_paper_pdf(&paper, &small, &err), HENG_ELIMIT);
    heng_str_fini(&small);
    heng_str_fini(&page);
    heng_arena_fini(&arena);
    heng_arena_fini(&tiny);
}

static void test_a_page_escapes_everything(void **state)
{
    (void)state;
    struct heng_arena arena = {.max = 1 << 20};
    struct heng_str out = {.max = 1 << 20};
    struct heng_paper paper;
    fill(&paper, &arena, HENG_LANGUAGE_ZH, HENG_PAPER_A4, 1);
    heng_paper_put(&paper, HENG_PAPER_TEXT, "<script>alert(\"1\")</script>");
    assert_int_equal(heng_paper_page(&paper, &out, NULL), HENG_OK);
    assert_non_null(strstr(out.text, "lang=\"zh-CN\""));
    assert_non_null(strstr(out.text, "衡州热力 &amp; Söhne &lt;GmbH&gt;"));
    assert_non_null(strstr(out.text, "&lt;script&gt;alert(&quot;1&quot;)"));
    assert_null(strstr(out.text, "<script"));
    assert_null(strstr(out.text, "http"));
    assert_int_equal(count(&out, "<dl>"), count(&out, "</dl>"));
    heng_str_fini(&out);
    heng_arena_fini(&arena);
}

/* RP-C11: a third of 11 inches is 22 lines of 1/6 inch. */
static void test_pins_get_their_form(void **state)
{
    (void)state;
    static const uint8_t begin[] = {0x1B, 0x40, 0x1B, 0x32, 0x1B, 0x43, 0x16};
    static const uint8_t title[] = {0xD5, 0xCB, 0xB5, 0xA5}; /* 账单 in GB18030 */
    struct heng_arena arena = {.max = 1 << 20};
    struct heng_str out = {.max = 1 << 20};
    struct heng_paper paper;
    struct heng_escp form = heng_escp_third();
    fill(&paper, &arena, HENG_LANGUAGE_ZH, HENG_PAPER_FORM_THIRD, 30);
    heng_paper_put(&paper, HENG_PAPER_TEXT, "\xF0\x9F\x98\x80"); /* GB18030 has four bytes for it */
    assert_int_equal(heng_paper_escp(&paper, &form, &out, NULL), HENG_OK);
    assert_memory_equal(out.text, begin, sizeof begin);
    assert_non_null(memmem(out.text, out.n, title, sizeof title));
    assert_int_equal(count(&out, "\f"), 2); /* 37 lines are two forms */
    size_t columns = 0;
    for (size_t i = 9; i < out.n; i++) { /* no line is wider than the paper */
        columns = out.text[i] == '\n' || out.text[i] == '\f' ? 0 : columns + (out.text[i] != '\r');
        assert_true(columns <= 84);
    }
    form.columns = 20;
    assert_int_equal(heng_paper_escp(&paper, &form, &out, NULL), HENG_ERANGE);
    heng_str_fini(&out);
    heng_arena_fini(&arena);
}

static void test_money_is_written_as_people_do(void **state)
{
    (void)state;
    static const struct {
        int64_t amount;
        const char *currency, *zh, *en, *de;
    } cases[] = {
        {123456789, "CNY", "1,234,567.89\u00A0元", "CNY\u00A01,234,567.89", "1.234.567,89\u00A0CNY"},
        {-5, "EUR", "EUR\u00A0-0.05", "EUR\u00A0-0.05", "-0,05\u00A0€"},
        {0, "EUR", "EUR\u00A00.00", "EUR\u00A00.00", "0,00\u00A0€"},
        {INT64_MIN, "EUR", "EUR\u00A0-92,233,720,368,547,758.08", "EUR\u00A0-92,233,720,368,547,758.08",
         "-92.233.720.368.547.758,08\u00A0€"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[HENG_MONEY_TEXT_MAX];
        assert_string_equal(heng_paper_money(cases[i].amount, cases[i].currency, HENG_LANGUAGE_ZH, text), cases[i].zh);
        assert_string_equal(heng_paper_money(cases[i].amount, cases[i].currency, HENG_LANGUAGE_EN, text), cases[i].en);
        assert_string_equal(heng_paper_money(cases[i].amount, cases[i].currency, HENG_LANGUAGE_DE, text), cases[i].de);
    }
    char text[HENG_MONEY_TEXT_MAX];
    assert_string_equal(heng_paper_number("-12345.600", HENG_LANGUAGE_DE, text), "-12.345,600");
    assert_string_equal(heng_paper_number("100", HENG_LANGUAGE_EN, text), "100");
    assert_string_equal(heng_paper_period(20454, 20485, HENG_LANGUAGE_DE, text), "01.01.2026 – 31.01.2026");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_same_document_is_the_same_pdf),
        cmocka_unit_test(test_tables_go_on_over_pages),
        cmocka_unit_test(test_what_is_too_large_is_refused),
        cmocka_unit_test(test_a_page_escapes_everything),
        cmocka_unit_test(test_pins_get_their_form),
        cmocka_unit_test(test_money_is_written_as_people_do),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    heng_paper_end();
    return failed;
}
