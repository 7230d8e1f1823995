/* A file that a person brings to a gateway: all of it is taken, or nothing. Cut anywhere, damaged anywhere, killed at
 * any moment, brought twice, onto a disk that is full. */
#include "local_rig.h"

#include <dirent.h>
#include <sys/resource.h>

enum { MANY = 1000 };

static uint8_t file[FILE_MAX];

static size_t a_day_ago(size_t count, rig_entry last)
{
    return readings_file(heng_clock_wall() - HENG_US_PER_DAY, count, last, file);
}

static void expect_nothing(struct rig *rig)
{
    assert_int_equal(count_entries(rig, HENG_ENTRY_READ, true, 0), 0);
    assert_int_equal(count_entries(rig, HENG_ENTRY_EVENT, false, HENG_GATEWAY_IMPORTED), 0);
}

static int set_up_with_lines(void **state)
{
    if (set_up(state) != 0) return -1;
    struct rig *rig = *state;
    import(rig, file, config_file(rig, 1, "", file), "\"config_version\":1");
    return 0;
}

static void test_readings_by_hand(void **state)
{
    struct rig *rig = *state;
    expect(rig, "read all\n", "\"outcome\":\"ok\"");
    assert_true(count_entries(rig, HENG_ENTRY_READ, false, 0) >= 1);
    expect_nothing(rig);
    import(rig, file, a_day_ago(1, RIG_FOREIGN),
           "\"readings\":1,\"refused\":1,\"why\":\"meter 78 is not one of ours\"");
    assert_int_equal(count_entries(rig, HENG_ENTRY_READ, true, 0), 1);
    assert_int_equal(count_entries(rig, HENG_ENTRY_EVENT, false, HENG_GATEWAY_IMPORTED), 1);
    size_t n = readings_file(heng_clock_wall() + 30 * HENG_US_PER_DAY, 3, RIG_OURS, file);
    import(rig, file, n, "\"readings\":0,\"refused\":4");
    assert_int_equal(count_entries(rig, HENG_ENTRY_EVENT, false, HENG_GATEWAY_IMPORTED), 1);
}

static void test_one_that_cannot_be_spoils_all(void **state)
{
    struct rig *rig = *state;
    import(rig, file, a_day_ago(4, RIG_UNSOUND), "reading 5 of it: its check does not fit; nothing of it was taken");
    import(rig, file, a_day_ago(4, RIG_OF_A_GATEWAY), "reading 5 of it: not read by hand");
    assert_true(has(rig, "nothing of it was taken"));
    expect_nothing(rig);
}

static void test_cut_anywhere_it_leaves_nothing(void **state)
{
    struct rig *rig = *state;
    size_t n = a_day_ago(3, RIG_OURS);
    for (size_t cut = 1; cut < n; cut++) {
        import(rig, file, cut, "cut off (at byte ");
        assert_true(has(rig, "nothing of it was taken: copy it once more"));
    }
    int fd = dial(rig); /* or the one who brings it goes away */
    char words[40];
    snprintf(words, sizeof words, "import %zu\n", n);
    say(fd, words, strlen(words));
    say(fd, file, n - 1);
    close(fd);
    expect_nothing(rig);
    import(rig, file, n, "\"readings\":4,\"refused\":0");
    assert_int_equal(count_entries(rig, HENG_ENTRY_READ, true, 0), 4);
}

static void test_with_any_bit_flipped_it_leaves_nothing(void **state)
{
    struct rig *rig = *state;
    uint64_t seed = (uint64_t)heng_clock_wall();
    struct heng_sim_rng rng = heng_sim_rng_of(seed, 1);
    printf("# seed %llu\n", (unsigned long long)seed);
    size_t n = a_day_ago(3, RIG_OURS);
    for (size_t at = 0; at < n; at++) {
        uint8_t bit = (uint8_t)(1U << heng_sim_rng_below(&rng, 8));
        file[at] ^= bit;
        import(rig, file, n, "nothing of it was taken: ");
        file[at] ^= bit;
    }
    file[n++] = 0; /* and one byte behind its end */
    import(rig, file, n, "something follows behind the end");
    expect_nothing(rig);
}

static void test_brought_twice_it_is_the_same(void **state)
{
    struct rig *rig = *state;
    size_t n = a_day_ago(9, RIG_FOREIGN);
    for (size_t i = 1; i <= 2; i++) {
        import(rig, file, n, "\"readings\":9,\"refused\":1");
        assert_int_equal(count_entries(rig, HENG_ENTRY_READ, true, 0),
                         9 * i); /* with the same moments: the centre keeps one */
        assert_int_equal(count_entries(rig, HENG_ENTRY_EVENT, false, HENG_GATEWAY_IMPORTED), i);
    }
}

/* How many files lie in the folder of the journal. */
static size_t files(const struct rig *rig)
{
    DIR *directory = opendir(rig->directory);
    size_t count = 0;
    assert_non_null(directory);
    while (readdir(directory)) count++;
    closedir(directory);
    return count;
}

static void test_killed_while_it_comes_in_it_leaves_nothing(void **state)
{
    struct rig *rig = *state;
    size_t n = a_day_ago(MANY, RIG_OURS), before = files(rig);
    char words[40];
    int fd = dial(rig);
    snprintf(words, sizeof words, "import %zu\n", n);
    say(fd, words, strlen(words));
    say(fd, file, n - 1);
    ask(rig, "import 9\n", "HENGCRY1H", 9); /* it is heard after the other one */
    assert_true(has(rig, "another file is being imported just now; nothing of it was taken"));
    end(rig, SIGKILL);
    close(fd);
    assert_true(files(rig) <= before);
    start(rig);
    expect(rig, "status\n", "\"lines\":1");
    expect_nothing(rig);
    import(rig, file, n, "\"readings\":1001,\"refused\":0");
    assert_int_equal(count_entries(rig, HENG_ENTRY_EVENT, false, HENG_GATEWAY_IMPORTED), 1);
}

/* All of a file, with its event, or nothing of it, whenever the power goes. */
static void test_killed_while_it_is_taken_it_is_whole_or_not_there(void **state)
{
    struct rig *rig = *state;
    uint64_t seed = (uint64_t)heng_clock_wall();
    struct heng_sim_rng rng = heng_sim_rng_of(seed, 2);
    size_t n = a_day_ago(MANY - 1, RIG_OURS), done = 1, rounds = 12;
    char words[40], said[400];
    printf("# seed %llu\n", (unsigned long long)seed);
    snprintf(words, sizeof words, "import %zu\n", n);
    heng_us from = heng_clock_mono();
    import(rig, file, n, "\"readings\":1000");
    heng_us takes_us = heng_clock_mono() - from;
    for (size_t round = 0; round < rounds; round++) {
        int fd = dial(rig);
        say(fd, words, strlen(words));
        say(fd, file, n);
        usleep(heng_sim_rng_below(&rng, (uint32_t)(takes_us * 5 / 4) + 1));
        end(rig, SIGKILL);
        ssize_t heard = recv(fd, said, sizeof said - 1, MSG_DONTWAIT);
        said[heard > 0 ? heard : 0] = '\0';
        close(fd);
        start(rig);
        expect(rig, "status\n", "\"lines\":1");
        size_t reads = count_entries(rig, HENG_ENTRY_READ, true, 0);
        size_t events = count_entries(rig, HENG_ENTRY_EVENT, false, HENG_GATEWAY_IMPORTED);
        if (reads != events * MANY) fail_msg("round %zu: %zu readings and %zu events", round, reads, events);
        if (events != done && events != done + 1) fail_msg("round %zu: %zu files after %zu", round, events, done);
        if (strstr(said, "\"readings\":1000") && events == done) fail_msg("round %zu: it was told and is gone", round);
        done = events;
    }
    printf("# an import takes %lld ms; %zu of %zu were killed before they were there\n", (long long)takes_us / 1000,
           rounds + 1 - done, rounds);
}

static void limit_files(const struct rig *rig, rlim_t most)
{
    struct rlimit limit = {most, RLIM_INFINITY};
    assert_int_equal(prlimit(rig->pid, RLIMIT_FSIZE, &limit, NULL), 0);
}

static void test_on_a_full_disk_nothing_is_taken(void **state)
{
    struct rig *rig = *state;
    size_t n = a_day_ago(MANY - 1, RIG_OURS);
    limit_files(rig, n / 2); /* there is no room to look at it */
    import(rig, file, n, "cannot keep it to look at it: ");
    assert_true(has(rig, "nothing of it was taken: import it again when status says"));
    limit_files(rig, n + 4096); /* there is, but not beside what the journal has already */
    import(rig, file, n, "nothing of it was taken: import it again when status says");
    assert_true(has(rig, "the disk "));
    limit_files(rig, RLIM_INFINITY);
    for (int tries = 0; tries < PATIENCE_MS / 50; tries++) {
        ask(rig, "status\n", NULL, 0);
        if (has(rig, "\"disk_full\":false")) break;
        poll(NULL, 0, 50);
    }
    expect_nothing(rig);
    import(rig, file, n, "\"readings\":1000,\"refused\":0");
    assert_int_equal(count_entries(rig, HENG_ENTRY_READ, true, 0), MANY);
}

static void test_more_than_the_journal_takes_is_refused(void **state)
{
    struct rig *rig = *state;
    end(rig, SIGTERM);
    rig->options.journal_mb = 1;
    start(rig);
    import(rig, file, a_day_ago(2000, RIG_OURS),
           "are more than the journal takes at once, 128 kB; nothing of it was taken");
    expect_nothing(rig);
    import(rig, file, a_day_ago(499, RIG_OURS), "\"readings\":500");
}

static void test_a_configuration_comes_alone(void **state)
{
    struct rig *rig = *state;
    struct heng_carry_header header = {.made_us = 1, .name = "desk"};
    struct heng_carry_writer writer;
    struct heng_buf buf = heng_buf_of(file, sizeof file), room;
    uint8_t body[400];
    struct heng_err err = {.text = ""};
    struct heng_gateway_config config = {.version = 9, .name = "test", .time_zone = "UTC"};
    uint8_t *packed;
    size_t n;
    assert_int_equal(heng_config_pack(&config, &packed, &n, &err), HENG_OK);
    assert_int_equal(heng_carry_begin(&writer, &header, &buf), HENG_OK);
    assert_int_equal(heng_carry_put_config(&writer, heng_slice_of(packed, n), &buf), HENG_OK);
    free(packed);
    room = heng_buf_of(body, sizeof body);
    struct heng_entry entry = entry_of(77, true, heng_clock_wall() - HENG_US_PER_DAY, &room);
    assert_int_equal(heng_carry_put_entry(&writer, &entry, &buf), HENG_OK);
    assert_int_equal(heng_carry_end(&writer, &buf), HENG_OK);
    import(rig, file, buf.n,
           "a configuration and readings in one file: bring one after the other; nothing of it was taken");
    expect(rig, "status\n", "\"config_version\":1");
    expect_nothing(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_readings_by_hand, set_up_with_lines, tear_down),
        cmocka_unit_test_setup_teardown(test_one_that_cannot_be_spoils_all, set_up_with_lines, tear_down),
        cmocka_unit_test_setup_teardown(test_cut_anywhere_it_leaves_nothing, set_up_with_lines, tear_down),
        cmocka_unit_test_setup_teardown(test_with_any_bit_flipped_it_leaves_nothing, set_up_with_lines, tear_down),
        cmocka_unit_test_setup_teardown(test_brought_twice_it_is_the_same, set_up_with_lines, tear_down),
        cmocka_unit_test_setup_teardown(test_killed_while_it_comes_in_it_leaves_nothing, set_up_with_lines, tear_down),
        cmocka_unit_test_setup_teardown(test_killed_while_it_is_taken_it_is_whole_or_not_there, set_up_with_lines,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_on_a_full_disk_nothing_is_taken, set_up_with_lines, tear_down),
        cmocka_unit_test_setup_teardown(test_more_than_the_journal_takes_is_refused, set_up_with_lines, tear_down),
        cmocka_unit_test_setup_teardown(test_a_configuration_comes_alone, set_up_with_lines, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
