/* What spool.h promises, clause by clause. */
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "spool_rig.h"

static void entries_are_numbered_and_come_back_as_they_were(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig, 1);
    assert_true(rig.found.fresh);
    assert_string_equal(rig.found.set_aside, "");
    assert_int_equal(rig.found.last_at_us, 0);
    assert_int_equal(heng_spool_epoch(rig.spool), T0);
    assert_int_equal(heng_spool_last(rig.spool), 0);
    assert_int_equal(heng_spool_first(rig.spool), 1);
    static struct made m;
    uint64_t seq;
    struct heng_entry *e = make(&m, 0x1122334455667788, 300, T0 + 5);
    *e = (struct heng_entry){.at_us = T0 + 5,
                             .kind = HENG_ENTRY_ORDER,
                             .rank = HENG_ENTRY_RANK_LASTING,
                             .subject_id = 77,
                             .doubtful = true,
                             .epoch = 9,
                             .seq = 9,
                             .check = 9,
                             .body = e->body};
    OK(heng_spool_append(rig.spool, e, &seq, &err));
    assert_int_equal(seq, 1);
    assert_true(heng_spool_is_open(rig.spool));
    OK(heng_spool_commit(rig.spool, &err));
    rig_reopen(&rig);
    assert_false(rig.found.fresh);
    assert_int_equal(rig.found.last_at_us, T0 + 5);
    struct heng_spool_item item;
    OK(heng_spool_get(rig.spool, 1, &item, &err));
    assert_int_equal(item.seq, 1);
    assert_true(item.sound);
    assert_int_equal(item.entry.gateway_id, 0);
    assert_int_equal(item.entry.epoch, T0);
    assert_int_equal(item.entry.seq, 1);
    assert_int_equal(item.entry.at_us, T0 + 5);
    assert_int_equal(item.entry.kind, HENG_ENTRY_ORDER);
    assert_int_equal(item.entry.rank, HENG_ENTRY_RANK_LASTING);
    assert_int_equal(item.entry.subject_id, 77);
    assert_true(item.entry.doubtful);
    assert_true(heng_slice_eq(item.entry.body, e->body));
    assert_int_equal(item.entry.check, heng_entry_check(&item.entry));
    rig_fini(&rig);
}

static void an_entry_from_below_keeps_its_makers_numbers(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig, 2);
    static struct made m;
    uint64_t seq;
    rig_append(&rig, 1, 10);
    struct heng_entry *e = make(&m, 2, 20, T0 - 1000);
    e->gateway_id = 42;
    e->epoch = 7000;
    e->seq = 99;
    e->check = heng_entry_check(e);
    OK(heng_spool_append(rig.spool, e, &seq, &err));
    assert_int_equal(seq, 2);
    e->check++; /* damaged on its way: the next tier must see that */
    OK(heng_spool_append(rig.spool, e, &seq, &err));
    OK(heng_spool_commit(rig.spool, &err));
    struct heng_spool_item item;
    OK(heng_spool_get(rig.spool, 2, &item, &err));
    assert_true(item.sound && item.seq == 2 && item.entry.gateway_id == 42);
    assert_true(item.entry.epoch == 7000 && item.entry.seq == 99 && item.entry.check == heng_entry_check(&item.entry));
    OK(heng_spool_get(rig.spool, 3, &item, &err));
    assert_false(item.sound);
    rig_reopen(&rig);
    assert_int_equal(rig.found.last_at_us, T0); /* our own clock, not that of 42 */
    rig_fini(&rig);
}

static void what_is_not_committed_is_gone(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig, 3);
    struct heng_slice value;
    struct heng_spool_item item;
    OK(heng_spool_commit(rig.spool, &err)); /* nothing written */
    rig_append(&rig, 1, 10);
    OK(heng_spool_keep(rig.spool, "a", heng_slice_str("one"), &err));
    assert_int_equal(heng_spool_last(rig.spool), 0); /* nobody may hear of it */
    assert_int_equal(heng_spool_get(rig.spool, 1, &item, &err), HENG_ENOTFOUND);
    heng_spool_seek(rig.spool, 0);
    assert_int_equal(heng_spool_next(rig.spool, &item, &err), HENG_ENOTFOUND);
    OK(heng_spool_recall(rig.spool, "a", &value, &err)); /* but the writer sees it */
    heng_spool_rollback(rig.spool);
    assert_false(heng_spool_is_open(rig.spool));
    assert_int_equal(heng_spool_recall(rig.spool, "a", &value, &err), HENG_ENOTFOUND);
    assert_int_equal(rig_append(&rig, 2, 10), 1);
    OK(heng_spool_commit(rig.spool, &err));
    rig_append(&rig, 3, 10);
    rig_reopen(&rig);
    assert_int_equal(heng_spool_last(rig.spool), 1);
    assert_int_equal(rig_count_walk(&rig), 1);
    rig_fini(&rig);
}

static void a_walk_goes_in_order_and_a_write_ends_it(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig, 4);
    struct heng_spool_item item;
    for (uint64_t i = 1; i <= 50; i++) rig_append(&rig, i, 8 + i);
    OK(heng_spool_commit(rig.spool, &err));
    heng_spool_seek(rig.spool, 20);
    for (uint64_t i = 20; i <= 50; i++) {
        OK(heng_spool_next(rig.spool, &item, &err));
        assert_int_equal(item.seq, i);
        assert_int_equal(tag_of(item.entry.body), i);
        assert_int_equal(item.entry.body.n, 8 + i);
        if (i == 30) OK(heng_spool_get(rig.spool, 3, &item, &err)); /* does not disturb it */
    }
    assert_int_equal(heng_spool_next(rig.spool, &item, &err), HENG_ENOTFOUND);
    assert_int_equal(heng_spool_next(rig.spool, &item, &err), HENG_ENOTFOUND);
    heng_spool_seek(rig.spool, 51);
    assert_int_equal(heng_spool_next(rig.spool, &item, &err), HENG_ENOTFOUND);
    heng_spool_seek(rig.spool, UINT64_MAX);
    assert_int_equal(heng_spool_next(rig.spool, &item, &err), HENG_ENOTFOUND);
    assert_int_equal(heng_spool_get(rig.spool, 0, &item, &err), HENG_ENOTFOUND);
    assert_int_equal(heng_spool_get(rig.spool, UINT64_MAX, &item, &err), HENG_ENOTFOUND);
    heng_spool_seek(rig.spool, 1);
    OK(heng_spool_next(rig.spool, &item, &err));
    rig_append(&rig, 51, 8);
    assert_int_equal(heng_spool_next(rig.spool, &item, &err), HENG_EBUG); /* not "the end": that would be a hole */
    rig_fini(&rig);
}

static void what_is_remembered(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig, 5);
    struct heng_slice value;
    char name[65] = "", longest[66];
    static uint8_t big[300000];
    memset(longest, 'x', 65);
    longest[65] = '\0';
    for (size_t i = 0; i < sizeof big; i++) big[i] = (uint8_t)(i * 31);
    OK(heng_spool_keep(rig.spool, "order:2", heng_slice_str("two"), &err));
    OK(heng_spool_keep(rig.spool, "order:1", heng_slice_str("one"), &err));
    OK(heng_spool_keep(rig.spool, "config", heng_slice_of(big, sizeof big), &err));
    OK(heng_spool_keep(rig.spool, "zone", heng_slice_str("\0\1"), &err)); /* no bytes: forgets what was never there */
    OK(heng_spool_keep(rig.spool, longest + 1, heng_slice_str("longest"), &err));
    OK(heng_spool_commit(rig.spool, &err));
    rig_reopen(&rig);
    OK(heng_spool_recall(rig.spool, "config", &value, &err));
    assert_true(heng_slice_eq(value, heng_slice_of(big, sizeof big)));
    OK(heng_spool_recall(rig.spool, longest + 1, &value, &err));
    assert_int_equal(heng_spool_recall(rig.spool, "zone", &value, &err), HENG_ENOTFOUND);
    OK(heng_spool_recall_next(rig.spool, "order:", "", name, &value, &err));
    assert_string_equal(name, "order:1");
    OK(heng_spool_recall_next(rig.spool, "order:", name, name, &value, &err));
    assert_string_equal(name, "order:2");
    assert_true(heng_slice_is(value, "two"));
    assert_int_equal(heng_spool_recall_next(rig.spool, "order:", "order:2", name, &value, &err), HENG_ENOTFOUND);
    OK(heng_spool_keep(rig.spool, "order:1", (struct heng_slice){0}, &err));
    OK(heng_spool_keep(rig.spool, "order:2", heng_slice_str("zwei"), &err));
    OK(heng_spool_commit(rig.spool, &err));
    assert_int_equal(heng_spool_recall(rig.spool, "order:1", &value, &err), HENG_ENOTFOUND);
    OK(heng_spool_recall(rig.spool, "order:2", &value, &err));
    assert_true(heng_slice_is(value, "zwei"));
    assert_int_equal(heng_spool_keep(rig.spool, longest, heng_slice_str("x"), &err), HENG_ELIMIT);
    assert_int_equal(heng_spool_keep(rig.spool, "", heng_slice_str("x"), &err), HENG_ELIMIT);
    rig_fini(&rig);
}

static void the_longest_body_goes_in_and_a_longer_one_does_not(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig, 6);
    static struct made m;
    uint64_t seq;
    struct heng_spool_item item;
    rig_append(&rig, 1, 0);
    rig_append(&rig, 2, HENG_ENTRY_BODY_MAX);
    OK(heng_spool_commit(rig.spool, &err));
    OK(heng_spool_get(rig.spool, 2, &item, &err));
    assert_true(item.sound && item.entry.body.n == HENG_ENTRY_BODY_MAX);
    OK(heng_spool_get(rig.spool, 1, &item, &err));
    assert_true(item.sound && item.entry.body.n == 0);
    rig_append(&rig, 3, 10);
    assert_int_equal(heng_spool_append(rig.spool, make(&m, 4, HENG_ENTRY_BODY_MAX + 1, T0), &seq, &err), HENG_ELIMIT);
    assert_false(heng_spool_is_open(rig.spool)); /* rolled back, as after every error */
    assert_int_equal(rig_append(&rig, 3, 10), 3);
    rig_fini(&rig);
}

/* The centre knows another history: all is told anew, under numbers of a new epoch. */
static void a_new_epoch_numbers_what_is_there_anew(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig, 7);
    static struct made m;
    struct heng_spool_item item;
    uint64_t seq;
    for (uint64_t i = 1; i <= 5; i++) rig_append(&rig, i, 16);
    struct heng_entry *e = make(&m, 6, 16, T0);
    e->gateway_id = 5;
    e->epoch = 3;
    e->seq = 4;
    e->check = heng_entry_check(e);
    OK(heng_spool_append(rig.spool, e, &seq, &err));
    OK(heng_spool_commit(rig.spool, &err));
    rig.now = T0 - 1000; /* a clock that went back does not bring an epoch back */
    OK(heng_spool_new_epoch(rig.spool, rig.now, &err));
    assert_int_equal(rig_append(&rig, 7, 16), 7);
    heng_spool_rollback(rig.spool);
    assert_int_equal(heng_spool_epoch(rig.spool), T0);
    for (int round = 0; round < 2; round++) {
        OK(heng_spool_new_epoch(rig.spool, rig.now, &err));
        OK(heng_spool_commit(rig.spool, &err));
    }
    assert_int_equal(heng_spool_epoch(rig.spool), T0 + 2);
    assert_int_equal(rig_append(&rig, 7, 16), 7);
    OK(heng_spool_commit(rig.spool, &err));
    rig_reopen(&rig);
    assert_int_equal(heng_spool_epoch(rig.spool), T0 + 2);
    assert_int_equal(heng_spool_first(rig.spool), 1);
    assert_int_equal(heng_spool_last(rig.spool), 7);
    for (uint64_t i = 1; i <= 7; i++) {
        OK(heng_spool_get(rig.spool, i, &item, &err));
        assert_true(item.sound && item.seq == i && tag_of(item.entry.body) == i);
        assert_int_equal(item.entry.epoch, i == 6 ? 3 : (uint64_t)T0 + 2);
        assert_int_equal(item.entry.seq, i == 6 ? 4 : i);
        assert_int_equal(item.entry.check, heng_entry_check(&item.entry));
    }
    rig_fini(&rig);
}

/* --- on files of this system ---------------------------------------------------------------------------------------
 */

static char folder[64];

static void on_real_files(void **state)
{
    (void)state;
    char path[128], name[160];
    struct heng_spool *spool, *second;
    struct heng_spool_found found;
    struct stat st;
    (void)snprintf(path, sizeof path, "%s/journal ?%%#", folder); /* names that a URI would take apart */
    OK(heng_spool_open(path, NULL, (struct heng_spool_limits){0}, T0, &spool, &found, &err));
    assert_true(found.fresh);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    (void)snprintf(name, sizeof name, "%s-wal", path);
    assert_int_equal(stat(name, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    (void)snprintf(name, sizeof name, "%s.new", path);
    assert_int_not_equal(stat(name, &st), 0);
    assert_int_equal(heng_spool_open(path, NULL, (struct heng_spool_limits){0}, T0, &second, &found, &err), HENG_EBUSY);
    assert_non_null(strstr(err.text, "in use"));
    heng_spool_close(spool);
    assert_int_equal(truncate(path, 15000), 0); /* damaged: renamed, not overwritten */
    OK(heng_spool_open(path, NULL, (struct heng_spool_limits){0}, T0 - 5, &spool, &found, &err));
    assert_true(found.fresh);
    assert_int_equal(stat(found.set_aside, &st), 0);
    assert_int_equal(st.st_size, 15000);
    assert_int_equal(heng_spool_epoch(spool), T0 + 1);
    heng_spool_close(spool);
}

static void a_second_process_is_kept_out(void **state)
{
    (void)state;
    char path[128];
    struct heng_spool *spool;
    struct heng_spool_found found;
    (void)snprintf(path, sizeof path, "%s/two", folder);
    OK(heng_spool_open(path, NULL, (struct heng_spool_limits){0}, T0, &spool, &found, &err));
    pid_t child = fork();
    if (child == 0) {
        struct heng_spool *mine;
        _exit(heng_spool_open(path, NULL, (struct heng_spool_limits){0}, T0, &mine, &found, NULL) == HENG_EBUSY ? 0
                                                                                                                : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    heng_spool_close(spool);
}

static void a_place_where_nothing_can_be_made(void **state)
{
    (void)state;
    struct heng_spool *spool;
    struct heng_spool_found found;
    char path[700];
    struct heng_spool_limits none = {0};
    assert_int_not_equal(heng_spool_open("/nonexistent/dir/journal", NULL, none, T0, &spool, &found, &err), HENG_OK);
    assert_non_null(strstr(err.text, "/nonexistent/dir/journal"));
    memset(path, 'a', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    assert_int_equal(heng_spool_open(path, NULL, none, T0, &spool, &found, &err), HENG_ECONFIG);
    assert_int_equal(heng_spool_open("x", "no such vfs", none, T0, &spool, &found, &err), HENG_ECONFIG);
    (void)snprintf(path, sizeof path, "%s/dir", folder);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_not_equal(heng_spool_open(path, NULL, none, T0, &spool, &found, &err), HENG_OK);
    heng_spool_close(NULL);
}

static int make_folder(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/heng-spool-XXXXXX");
    return mkdtemp(folder) ? 0 : 1;
}

static int remove_folder(void **state)
{
    (void)state;
    static const char *const names[] = {"journal ?%#",
                                        "journal ?%#-wal",
                                        "journal ?%#.lock",
                                        "journal ?%#.damaged-1",
                                        "journal ?%#.damaged-1-wal",
                                        "two",
                                        "two-wal",
                                        "two.lock",
                                        "dir.lock"};
    char path[200];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    (void)snprintf(path, sizeof path, "%s/dir", folder);
    rmdir(path);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_are_numbered_and_come_back_as_they_were),
        cmocka_unit_test(an_entry_from_below_keeps_its_makers_numbers),
        cmocka_unit_test(what_is_not_committed_is_gone),
        cmocka_unit_test(a_walk_goes_in_order_and_a_write_ends_it),
        cmocka_unit_test(what_is_remembered),
        cmocka_unit_test(the_longest_body_goes_in_and_a_longer_one_does_not),
        cmocka_unit_test(a_new_epoch_numbers_what_is_there_anew),
        cmocka_unit_test(on_real_files),
        cmocka_unit_test(a_second_process_is_kept_out),
        cmocka_unit_test(a_place_where_nothing_can_be_made),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
