/* The command line: each word into its place, or a sentence for who typed it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "run/options.h"

struct given {
    bool loud, help;
    unsigned days, from_count;
    const char *name, *from[2];
};

static heng_rc read_line(struct given *g, struct heng_err *err, const char *const *words, int count)
{
    char copies[8][40], *argv[9] = {"program"};
    const struct heng_option options[] = {
        {"loud", .flag = &g->loud},
        {"help", .flag = &g->help},
        {"days", .number = &g->days, .number_max = 400},
        {"name", .text = &g->name},
        {"from", .text = g->from, .text_count = &g->from_count, .text_max = 2},
    };
    assert_true(count <= 8);
    for (int i = 0; i < count; i++) {
        snprintf(copies[i], sizeof copies[i], "%s", words[i]);
        argv[i + 1] = copies[i];
    }
    *g = (struct given){.name = ""};
    heng_rc rc = heng_options_read(count + 1, argv, options, sizeof options / sizeof options[0], err);
    for (unsigned i = 0; i < g->from_count; i++) g->from[i] = g->from[i][0] == 'a' ? "a" : "b"; /* copies end here */
    if (g->name[0]) g->name = strcmp(g->name, "box 7") == 0 ? "box 7" : "other";
    return rc;
}

#define READ(g, err, ...)                                                                                              \
    read_line(g, err, (const char *const[]){__VA_ARGS__}, (int)(sizeof(const char *[]){__VA_ARGS__} / sizeof(char *)))

static void each_word_has_its_place(void **state)
{
    (void)state;
    struct given g;
    struct heng_err err;
    assert_int_equal(READ(&g, &err, "--days", "400", "--loud", "--from=a", "--name", "box 7", "--from", "b"), HENG_OK);
    assert_true(g.loud && !g.help);
    assert_int_equal(g.days, 400);
    assert_int_equal(g.from_count, 2);
    assert_string_equal(g.from[0], "a");
    assert_string_equal(g.from[1], "b");
    assert_string_equal(g.name, "box 7");
    assert_int_equal(READ(&g, &err, "--help"), HENG_OK); /* a second line begins anew */
    assert_true(g.help && !g.loud && g.from_count == 0);
}

static void a_slip_is_told_in_a_sentence(void **state)
{
    (void)state;
    static const struct {
        const char *words[6];
        int count;
        const char *told;
    } cases[] = {
        {{"--nmae", "x"}, 2, "--nmae is not an option"},
        {{"--loud=yes"}, 1, "--loud=yes is not an option"},
        {{"-x"}, 1, "-x is not an option"},
        {{"--name"}, 1, "--name needs a value"},
        {{"--days", "0"}, 2, "--days '0' is not a number from 1 to 400"},
        {{"--days", "401"}, 2, "--days '401' is not a number from 1 to 400"},
        {{"--days", "-1"}, 2, "--days '-1' is not a number from 1 to 400"},
        {{"--days", ""}, 2, "--days '' is not a number from 1 to 400"},
        {{"--days", "7d"}, 2, "--days '7d' is not a number from 1 to 400"},
        {{"--from", "a", "--from", "b", "--from=a"}, 5, "--from is given more than 2 times"},
        {{"--loud", "word"}, 2, "'word' is one word too many"},
        {{"word", "--loud"}, 2, "'word' is one word too many"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct given g;
        struct heng_err err = {.text = ""};
        assert_int_equal(read_line(&g, &err, cases[i].words, cases[i].count), HENG_ECONFIG);
        assert_string_equal(err.text, cases[i].told);
    }
}

static void an_address_is_host_and_port(void **state)
{
    (void)state;
    char host[16];
    uint16_t port = 0;
    struct heng_err err;
    assert_int_equal(heng_option_address("listen", "127.0.0.1:7400", host, sizeof host, &port, &err), HENG_OK);
    assert_string_equal(host, "127.0.0.1");
    assert_int_equal(port, 7400);
    static const char *const wrong[] = {"", "7400", "host:", "host:x", "host:65536", "a.name.longer.than.that:1"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(heng_option_address("listen", wrong[i], host, sizeof host, &port, &err), HENG_ECONFIG);
        assert_non_null(strstr(err.text, "--listen '"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_word_has_its_place),
        cmocka_unit_test(a_slip_is_told_in_a_sentence),
        cmocka_unit_test(an_address_is_host_and_port),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
