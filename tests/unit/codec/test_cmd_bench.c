/* `heng bench decode` as a program: what it prints, what it counts, what it refuses. */
#include "app/cmd/bench.c"
#include "app/options.c"
#include "app/protocol_names.c"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { SAID_MAX = 4096 };

/* Run the command in a child; what it prints, on both outputs, into ret_said. Returns the exit status. */
static int run(const char *const *arguments, char *ret_said)
{
    char *argv[16] = {(char[]){"bench"}};
    int argc = 1, pipe_ends[2], status;
    size_t n = 0;
    ssize_t got;
    for (; arguments[argc - 1]; argc++) argv[argc] = strdup(arguments[argc - 1]);
    assert_int_equal(pipe(pipe_ends), 0);
    fflush(stdout);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (dup2(pipe_ends[1], 1) < 0 || dup2(pipe_ends[1], 2) < 0) _exit(99);
        _exit(heng_cmd_bench(argc, argv));
    }
    close(pipe_ends[1]);
    while (n < SAID_MAX - 1 && (got = read(pipe_ends[0], ret_said + n, SAID_MAX - 1 - n)) > 0) n += (size_t)got;
    ret_said[n] = '\0';
    close(pipe_ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    for (int i = 1; i < argc; i++) free(argv[i]);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* Run `decode` on a file with this text. */
static int run_on(const char *text, const char *protocol, char *ret_said)
{
    char path[] = "/tmp/heng-bench-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    const char *const arguments[] = {"decode", "--seconds", "1", "--protocol", protocol, path, NULL};
    int status = run(arguments, ret_said);
    unlink(path);
    return status;
}

static void test_the_last_line_is_the_speed(void **state)
{
    (void)state;
    char said[SAID_MAX];
    int status = run_on("# comment\n\n10 5B 05 60 16\n105B056116\nE5\r\nnot hex\n   \n68 03 03 68", "mbus", said);
    if (status != 0) fail_msg("status %d: %s", status, said);
    if (!strstr(said, "# 2 frames, 3 bytes on average, 3 refused\n")) fail_msg("%s", said);
    if (!strstr(said, " 0 bytes allocated per frame")) fail_msg("%s", said);
    char *last = strrchr(said, '#'), *end;
    assert_non_null(last = strchr(last, '\n'));
    unsigned long long speed = strtoull(last + 1, &end, 10);
    if (speed == 0 || strcmp(end, " frames/s\n") != 0) fail_msg("%s", said);
}

static void test_a_pair_counts_as_two_frames(void **state)
{
    (void)state;
    char said[SAID_MAX];
    int status = run_on("11 03 09 00 00 06 C4 C4 11 03 0C 00 00 00 7F 00 00 00 64 00 00 00 1B 96 8D\n", "modbus", said);
    if (status != 0 || !strstr(said, "# 2 frames,")) fail_msg("status %d: %s", status, said);
}

static void test_no_good_frame_is_an_error(void **state)
{
    (void)state;
    char said[SAID_MAX];
    assert_int_equal(run_on("", "mbus", said), 1);
    if (!strstr(said, "no frame in")) fail_msg("%s", said);
    assert_int_equal(run_on("#\n105B056116\n", "mbus", said), 1);
    if (!strstr(said, "line 2: checksum mismatch")) fail_msg("%s", said);
    assert_int_equal(run((const char *const[]){"decode", "/no/such/file", NULL}, said), 1);
    if (!strstr(said, "'/no/such/file'")) fail_msg("%s", said);
}

static void test_wrong_usage(void **state)
{
    (void)state;
    static const char *const cases[][6] = {
        {NULL},
        {"encode", NULL},
        {"decode", NULL},
        {"decode", "--protocol", "telepathy", "x", NULL},
        {"decode", "--protocol", NULL},
        {"decode", "--seconds", "0", "x", NULL},
        {"decode", "--seconds", "1e3", "x", NULL},
        {"decode", "--fast", "x", NULL},
        {"decode", "x", "y", NULL},
    };
    char said[SAID_MAX];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (run(cases[i], said) != 2) fail_msg("case %zu: %s", i, said);
    assert_int_equal(run((const char *const[]){"--help", NULL}, said), 0);
    assert_non_null(strstr(said, "usage: heng bench decode"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_last_line_is_the_speed),
        cmocka_unit_test(test_a_pair_counts_as_two_frames),
        cmocka_unit_test(test_no_good_frame_is_an_error),
        cmocka_unit_test(test_wrong_usage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
