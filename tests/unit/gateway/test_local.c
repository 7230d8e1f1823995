/* A gateway without a server: its local port, configurations that are carried by hand, a stop, a kill, a silent line.
 */
#include "local_rig.h"

/* --- tests ------------------------------------------------------------------------------------------------------ */

static void test_who_may_and_what_can_be_asked(void **state)
{
    struct rig *rig = *state;
    struct stat what;
    expect(rig, "status\n", "\"name\":\"test box\"");
    assert_int_equal(stat(rig->options.local, &what), 0);
    assert_int_equal(what.st_mode & 0777, 0600);
    expect(rig, "code\n", "\"enrolled\":false");
    expect(rig, "help\n", "scan LINE KIND");
    expect(rig, "nonsense\n", "what is 'nonsense'?");
    expect(rig, "status now\n", "{\"error\":");
    expect(rig, "\n", "{\"error\":");
    expect(rig, "read 77\n", "no meter '77' is here");
    expect(rig, "scan 5 mbus-primary\n", "no line '5' is here");
    expect(rig, "export list\n", "there is no configuration yet");
    expect(rig, "import x\n", "{\"error\":");
    expect(rig, "import 99999999999\n", "{\"error\":");
}

static void test_a_configuration_is_in_force_as_a_whole_or_not_at_all(void **state)
{
    struct rig *rig = *state;
    static uint8_t file[FILE_MAX];
    size_t n = config_file(rig, 7, "", file);
    import(rig, file, n - 1, "the file is cut off");
    expect(rig, "status\n", "\"config_version\":0");
    import(rig, file, n, "\"config_version\":7");
    expect(rig, "status\n", "\"name\":\"riser\"");
    n = config_file(rig, 8, "no-such-profile", file);
    import(rig, file, n, "no profile 'no-such-profile'");
    expect(rig, "status\n", "\"config_version\":7");
    assert_int_equal(count_entries(rig, HENG_ENTRY_EVENT, false, HENG_GATEWAY_CONFIG_APPLIED), 1);
    assert_int_equal(count_entries(rig, HENG_ENTRY_EVENT, false, HENG_GATEWAY_CONFIG_REFUSED), 1);
    end(rig, SIGKILL);
    start(rig);
    expect(rig, "status\n", "\"config_version\":7");
    expect(rig, "read 77\n", "\"outcome\":\"ok\"");
    assert_true(has(rig, "\"value\":\"4711000\"") || has(rig, "\"value\":\"4711\""));
}

static void test_a_line_that_is_as_before_goes_on(void **state)
{
    struct rig *rig = *state;
    static uint8_t file[FILE_MAX];
    import(rig, file, config_file(rig, 1, "", file), "\"config_version\":1");
    expect(rig, "read 77\n", "\"outcome\":\"ok\"");
    assert_int_equal(rig->accepted, 1);
    import(rig, file, config_file(rig, 20, "", file), "\"config_version\":20");
    expect(rig, "status\n", "\"name\":\"attic\"");
    expect(rig, "read 77\n", "\"outcome\":\"ok\"");
    assert_int_equal(rig->accepted, 1);                                            /* the very same connection */
    import(rig, file, config_file(rig, 2, "acrel-ddsy1352", file), "{\"error\":"); /* no profile of M-Bus */
    import(rig, file, config_file(rig, 3, "", file), "\"config_version\":3");
    expect(rig, "status\n", "\"lines\":1");
    assert_int_equal(rig->accepted, 1);
}

/* Until a datagram says so. */
static void hear_manager(struct rig *rig, const char *text)
{
    char bytes[300];
    struct pollfd wait = {.fd = rig->notify, .events = POLLIN};
    for (;;) {
        if (poll(&wait, 1, PATIENCE_MS) != 1) fail_msg("systemd hears no %s", text);
        ssize_t n = recv(rig->notify, bytes, sizeof bytes - 1, 0);
        assert_true(n > 0);
        bytes[n] = '\0';
        if (strncmp(bytes, text, strlen(text)) == 0) return;
    }
}

static void test_the_service_manager_hears(void **state)
{
    struct rig *rig = *state;
    hear_manager(rig, "READY=1");
    hear_manager(rig, "WATCHDOG=1");
    hear_manager(rig, "STATUS=0 lines; ");
    hear_manager(rig, "WATCHDOG=1");
    assert_int_equal(kill(rig->pid, SIGTERM), 0);
    hear_manager(rig, "STOPPING=1");
    assert_int_equal(waitpid(rig->pid, NULL, 0), rig->pid);
    rig->pid = 0;
}

static void test_it_stops_in_time_and_tells_so(void **state)
{
    struct rig *rig = *state;
    static uint8_t file[FILE_MAX];
    import(rig, file, config_file(rig, 1, "", file), "\"config_version\":1");
    int idle = dial(rig); /* somebody who says nothing keeps nobody up */
    heng_us before = heng_clock_mono();
    int status = end(rig, SIGTERM);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_true(heng_clock_mono() - before < 3 * HENG_US_PER_S);
    close(idle);
    assert_int_equal(access(rig->options.local, F_OK), -1);
    start(rig);
    expect(rig, "status\n", "\"lines\":1");
    assert_int_equal(count_entries(rig, HENG_ENTRY_EVENT, false, HENG_GATEWAY_STOPPED), 1);
    assert_int_equal(count_entries(rig, HENG_ENTRY_EVENT, false, HENG_GATEWAY_STARTED), 2);
}

/* When the first event of this kind was told; -1: none was. */
static long place_of_event(struct rig *rig, const char *kind)
{
    char text[60];
    snprintf(text, sizeof text, "event=%s line=5 ", kind);
    ask(rig, "log\n", NULL, 0);
    const char *at = strstr(rig->answer, text);
    return at ? at - rig->answer : -1;
}

static void wait_for_event(struct rig *rig, const char *kind)
{
    for (int tries = 0; tries < PATIENCE_MS / 50; tries++) {
        if (place_of_event(rig, kind) >= 0) return;
        poll(NULL, 0, 50);
    }
    fail_msg("no event %s", kind);
}

static void wait_for_accepted(struct rig *rig, int count)
{
    for (int tries = 0; tries < PATIENCE_MS / 50 && rig->accepted < count; tries++) poll(NULL, 0, 50);
    assert_true(rig->accepted >= count);
}

/* A converter that holds its connection and says nothing: each step in its turn, on a link that is really opened anew,
 * and no step after it speaks again. */
static void test_a_silent_line_is_healed_step_by_step(void **state)
{
    struct rig *rig = *state;
    static uint8_t file[FILE_MAX];
    import(rig, file, config_file(rig, 1, "", file), "\"config_version\":1");
    expect(rig, "read 77\n", "\"outcome\":\"ok\"");
    poll(NULL, 0, 5000); /* healthy for more than three rhythms: nothing is wrong */
    assert_int_equal(place_of_event(rig, "line-silent"), -1);
    assert_int_equal(rig->accepted, 1);
    rig->silent = true;
    wait_for_event(rig, "line-silent");
    expect(rig, "status\n", "\"silent\":true");
    wait_for_event(rig, "line-reopened");
    wait_for_accepted(rig, 2);
    wait_for_event(rig, "line-reset"); /* it rests before it dials; on a slow machine the next step overtakes it */
    int before = rig->accepted;
    wait_for_event(rig, "line-restarted");
    assert_int_equal(place_of_event(rig, "line-back"), -1);
    wait_for_accepted(rig, before + 1);
    rig->silent = false;
    wait_for_event(rig, "line-back");
    expect(rig, "status\n", "\"silent\":false");
    static const char *const order[] = {"line-silent", "line-reopened", "line-reset", "line-restarted", "line-back"};
    for (size_t i = 0; i + 1 < sizeof order / sizeof *order; i++)
        assert_true(place_of_event(rig, order[i]) < place_of_event(rig, order[i + 1]));
    static const heng_gateway_event kinds[] = {HENG_GATEWAY_LINE_SILENT, HENG_GATEWAY_LINE_REOPENED,
                                               HENG_GATEWAY_LINE_RESET, HENG_GATEWAY_LINE_RESTARTED,
                                               HENG_GATEWAY_LINE_BACK};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        assert_true(count_entries(rig, HENG_ENTRY_EVENT, false, kinds[i]) >= 1);
    assert_int_equal(count_entries(rig, HENG_ENTRY_EVENT, false, HENG_GATEWAY_LINE_SILENT), 1);
    assert_int_equal(count_entries(rig, HENG_ENTRY_EVENT, false, HENG_GATEWAY_LINE_BACK), 1);
}

static void test_hostile_words(void **state)
{
    struct rig *rig = *state;
    struct heng_sim_rng rng = heng_sim_rng_of(5, 5);
    static char bytes[5000];
    for (int round = 0; round < 100; round++) {
        size_t n = 1 + heng_sim_rng_below(&rng, sizeof bytes - 1);
        for (size_t i = 0; i < n; i++) bytes[i] = (char)heng_sim_rng_below(&rng, round % 2 ? 256 : 128);
        if (round % 3 == 0) memcpy(bytes, "import 4000\nHENGCRY1", 20);
        int fd = dial(rig);
        say(fd, bytes, n);
        close(fd); /* without hearing what it says */
    }
    int many[20]; /* more than there is room for: each of them hears that, and there is room again */
    for (size_t i = 0; i < 20; i++) many[i] = dial(rig);
    for (size_t i = 0; i < 20; i++) close(many[i]);
    bool back = false;
    for (int tries = 0; tries < 100 && !back; tries++) {
        ask(rig, "status\n", NULL, 0);
        back = has(rig, "\"test box\"");
        if (!back) poll(NULL, 0, 20); /* the loop has not seen yet that those have gone */
    }
    assert_true(back);
    memset(bytes, 'x', sizeof bytes);
    bytes[sizeof bytes - 2] = '\n';
    bytes[sizeof bytes - 1] = '\0';
    expect(rig, bytes, "a request has at most");
}

/* What lies where the socket is to be is taken away only when it is a dead one's. */
static void test_it_takes_nobodys_place(void **state)
{
    struct rig *rig = *state;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct heng_err err = {.text = ""};
    struct stat what;
    expect(rig, "status\n", "\"name\":\"test box\"");
    end(rig, SIGKILL); /* leaves its socket */
    assert_int_equal(stat(rig->options.local, &what), 0);
    start(rig);
    expect(rig, "status\n", "\"name\":\"test box\"");
    end(rig, SIGTERM);

    snprintf(address.sun_path, sizeof address.sun_path, "%s", rig->options.local);
    int other = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(other, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(other, 4), 0);
    assert_int_not_equal(heng_box_run(&rig->options, &err), HENG_OK);
    if (!strstr(err.text, "another program listens") || !strstr(err.text, "--local")) fail_msg("%s", err.text);
    int fd = dial(rig); /* it is still there, and is the other's */
    struct pollfd wait = {.fd = other, .events = POLLIN};
    assert_int_equal(poll(&wait, 1, PATIENCE_MS), 1);
    close(fd);
    close(other);
    unlink(rig->options.local);

    FILE *file = fopen(rig->options.local, "w");
    assert_non_null(file);
    fputs("somebody's notes", file);
    fclose(file);
    assert_int_not_equal(heng_box_run(&rig->options, &err), HENG_OK);
    if (!strstr(err.text, "is no socket") || !strstr(err.text, "--local")) fail_msg("%s", err.text);
    assert_int_equal(stat(rig->options.local, &what), 0);
    assert_true(S_ISREG(what.st_mode) && what.st_size == 16);
    unlink(rig->options.local);
    start(rig);
    expect(rig, "status\n", "\"name\":\"test box\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_who_may_and_what_can_be_asked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_configuration_is_in_force_as_a_whole_or_not_at_all, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_line_that_is_as_before_goes_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_service_manager_hears, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_it_stops_in_time_and_tells_so, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_silent_line_is_healed_step_by_step, set_up_impatient, tear_down),
        cmocka_unit_test_setup_teardown(test_it_takes_nobodys_place, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_hostile_words, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
