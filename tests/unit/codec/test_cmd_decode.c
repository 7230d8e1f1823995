/* `heng decode` as a program: options, exit status, and output that cannot be written. The test programs link all
 * of the house but app/, so the command is compiled into this one. */
#include "app/cmd/decode.c"
#include "app/explain_table.c"
#include "app/protocol_names.c"
#include "app/site/profiles.c"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { ARGUMENTS_MAX = 8, SAID_MAX = 4096 };

/* Run the command in a child with stdin empty and stdout at `path` (NULL: into ret_said, where stderr goes too).
 * Returns the exit status. */
static int run(const char *const *arguments, const char *path, char ret_said[static SAID_MAX])
{
    char *argv[ARGUMENTS_MAX + 2] = {(char[]){"decode"}};
    int argc = 1, pipe_ends[2], status;
    size_t n = 0;
    ssize_t got;
    for (; arguments[argc - 1]; argc++) argv[argc] = strdup(arguments[argc - 1]);
    assert_int_equal(pipe(pipe_ends), 0);
    fflush(stdout);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        int in = open("/dev/null", O_RDONLY), out = path ? open(path, O_WRONLY) : pipe_ends[1];
        if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(pipe_ends[1], 2) < 0) _exit(99);
        _exit(heng_cmd_decode(argc, argv));
    }
    close(pipe_ends[1]);
    while (n < SAID_MAX - 1 && (got = read(pipe_ends[0], ret_said + n, SAID_MAX - 1 - n)) > 0) n += (size_t)got;
    ret_said[n] = '\0';
    close(pipe_ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    for (int i = 1; i < argc; i++) free(argv[i]);
    return WEXITSTATUS(status);
}

static unsigned count_lines(const char *text)
{
    unsigned count = 0;
    for (; *text; text++) count += *text == '\n';
    return count;
}

static void test_output_that_cannot_be_written_is_a_failure(void **state)
{
    (void)state;
    static const char *const cases[][3] = {{"E5", NULL}, {"105B056016", "E5", NULL}, {"--help", NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char said[SAID_MAX];
        assert_int_equal(run(cases[i], "/dev/full", said), 1);
        assert_int_equal(count_lines(said), 1);
        assert_non_null(strstr(said, "standard output"));
        assert_int_equal(run(cases[i], "/dev/null", said), 0);
        assert_string_equal(said, "");
    }
}

static void test_options_stand_in_front_of_the_frames(void **state)
{
    (void)state;
    static const struct {
        const char *arguments[ARGUMENTS_MAX];
        int status;
        const char *said;
    } cases[] = {
        {{"E5", "--protocol", "mbus", NULL}, 2, "'--protocol'"},
        {{"E5", "--protocol=mbus", NULL}, 2, "'--protocol=mbus'"},
        {{"10", "40", "FD", "3D", "16", "-x", NULL}, 2, "'-x'"},
        {{"E5", "-", NULL}, 2, "'-'"},
        {{"-", "E5", NULL}, 2, "'-'"},
        {{"-x", "E5", NULL}, 2, "'-x'"},
        {{"--", "E5", "-x", NULL}, 1, "\"error\":\"format\""},
        {{"--protocol", "mbus", "--", "E5", NULL}, 0, "\"protocol\":\"mbus\""},
        {{"--protocol", "cjt188", "E5", NULL}, 1, "\"protocol\":\"cjt188\""},
        {{"--protocol=cjt188", "--", "E5", NULL}, 1, "\"protocol\":\"cjt188\""},
        {{"--protocol", NULL}, 2, "--protocol"},
        {{"--protocol", "telepathy", "E5", NULL},
         2,
         "use one of mbus, cjt188, dlt645-2007, dlt645-1997, modbus-rtu, modbus-tcp, dlt645, modbus"},
        {{"--protocol", "dlt645", "68999999999999680102 43C3 6F16", NULL}, 0, "\"protocol\":\"dlt645-1997\""},
        {{"--protocol", "dlt645", "68AAAAAAAAAAAA681300DF16", NULL}, 0, "\"protocol\":\"dlt645-2007\""},
        {{"--protocol", "modbus", "010300000002C40B", NULL}, 0, "\"protocol\":\"modbus-rtu\""},
        {{"--protocol", "modbus", "000100000006010400000001", NULL}, 0, "\"protocol\":\"modbus-tcp\""},
        {{"--protocol", "modbus-tcp", "010300000006C40B", NULL}, 1, "\"protocol\":\"modbus-tcp\""},
        {{"68AAAAAAAAAAAA681300DF16", NULL}, 0, "\"protocol\":\"dlt645-2007\""},
        {{"--explain", "--protocol", "mbus", "E5", NULL}, 0, "mbus ack, 1 byte\n"},
        {{"--profile", NULL}, 2, "--profile wants a name"},
        {{"--profile", "no-such-meter", "E5", NULL}, 2, "there is no profile 'no-such-meter'"},
        {{"--profile=generic-mbus", "--protocol", "cjt188", "E5", NULL}, 2, "do not speak 'cjt188'"},
        {{"--profile=generic-mbus", "E5", NULL}, 0, "{\"ok\":true,\"protocol\":\"mbus\",\"kind\":\"ack\"}\n"},
        {{"--profile", "acrel-ddsy1352", "01030000000AC5CD", NULL}, 0, "\"profile\":\"acrel-ddsy1352\""},
        {{"--explain", "zz", NULL}, 1, "refused: format at character 0"},
        {{"--explain", "105B056116", NULL}, 1, "mbus, refused: checksum at offset 3"},
        {{"-", NULL}, 0, ""},
        {{NULL}, 0, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char said[SAID_MAX];
        int status = run(cases[i].arguments, NULL, said);
        if (status != cases[i].status) fail_msg("case %zu: status %d: %s", i, status, said);
        if (!strstr(said, cases[i].said)) fail_msg("case %zu: %s", i, said);
        if (status == 2) assert_int_equal(count_lines(said), 1);
    }
}

/* Text of a table line by line, as a person reads it. */
static void test_the_table_of_bytes(void **state)
{
    (void)state;
    char said[SAID_MAX];
    static const char *const two[] = {"--explain", "105B056016", "E5", NULL};
    assert_int_equal(run(two, NULL, said), 0);
    if (!strstr(said, "offset  bytes  field")) fail_msg("%s", said);
    if (!strstr(said, "\n     2  05     address   5\n")) fail_msg("%s", said);
    if (!strstr(said, "     4  16     stop      16\n\nmbus ack, 1 byte\n"))
        fail_msg("%s", said); /* an empty line between frames */

    /* 24 bytes of one field take three lines; each byte is there once, with its offset. */
    static const char *const names[] = {"0  ", "8  ", "16  "};
    static const char *const long_one[] = {"--explain", "--protocol", "cjt188",
                                           "00112233445566778899AABBCCDDEEFF1021324354657687", NULL};
    assert_int_equal(run(long_one, NULL, said), 1);
    for (size_t i = 0; i < 3; i++)
        if (!strstr(said, names[i])) fail_msg("%s", said);
    if (!strstr(said, "10 21 32 43 54 65 76 87")) fail_msg("%s", said);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_output_that_cannot_be_written_is_a_failure),
        cmocka_unit_test(test_options_stand_in_front_of_the_frames),
        cmocka_unit_test(test_the_table_of_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
