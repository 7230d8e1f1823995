/* A run that is killed at any moment, of making and of issuing, goes on where it was: every account has one bill,
 * numbers have no gap, the books agree. */
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "unit/billing/bill_site.h"

enum { ACCOUNTS = 24, KILLS_MAX = 400 };

/* The program that is killed: approves when the preview is there, and works until nothing is left. */
static int work_until_issued(const char *path, int64_t run_id)
{
    struct heng_store *store = NULL;
    struct heng_run_worker *worker = NULL;
    struct heng_run run;
    struct heng_err err;
    struct heng_hand wang = {.who = "Wang", .channel = "bank", .now_us = START_US, .day = BILL_TO + 3};
    bool left = true;
    if (heng_store_open(path, &store, &err) != HENG_OK) return 2;
    if (heng_run_worker_new(heng_store_as_reader(store), &worker, &err) != HENG_OK) return 3;
    for (;;) {
        if (heng_store_begin(store, &err) != HENG_OK) return 4;
        if (heng_bill_run_work(worker, store, &wang, 0, &left, &err) != HENG_OK) return 5;
        if (!left && heng_store_get_run(heng_store_as_reader(store), 0, run_id, &run, &err) != HENG_OK) return 6;
        if (!left && run.state == HENG_RUN_STATE_PREVIEW && heng_run_approve(store, 0, run_id, &wang, &err) != HENG_OK)
            return 7;
        if (heng_store_commit(store, &err) != HENG_OK) return 8;
        if (!left && run.state == HENG_RUN_STATE_ISSUED) break;
    }
    heng_run_worker_free(worker);
    heng_store_close(store);
    return 0;
}

/* true: it ended by itself. */
static bool run_and_kill(const char *path, int64_t run_id, long after_us)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) _exit(work_until_issued(path, run_id));
    assert_true(child > 0);
    nanosleep(&(struct timespec){.tv_sec = after_us / 1000000, .tv_nsec = after_us % 1000000 * 1000}, NULL);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && WEXITSTATUS(status) != 0) fail_msg("the run ended with %d", WEXITSTATUS(status));
    return WIFEXITED(status);
}

static void test_killed_runs_go_on(void **state)
{
    (void)state;
    struct bill_site s;
    struct heng_bill bills[ACCOUNTS + 1];
    struct heng_err err;
    char selection[1024] = "{\"accounts\": [";
    size_t n = strlen(selection);
    unsigned seed = (unsigned)time(NULL);
    int kills = 0;
    print_message("seed %u\n", seed);
    bill_site_open(&s, ACCOUNTS);
    for (int i = 0; i < ACCOUNTS; i++)
        n += (size_t)snprintf(selection + n, sizeof selection - n, "%s\"A-%02d\"", i ? ", " : "", i);
    snprintf(selection + n, sizeof selection - n, "]}");
    int64_t run = bill_run_begin(&s, HENG_RUN_USAGE, selection, BILL_FROM, BILL_TO);
    heng_store_close(s.store);
    /* Longer and longer, so that it ends on a slow machine too. */
    for (long most_us = 20000; kills < KILLS_MAX; kills++, most_us += most_us / 8)
        if (run_and_kill(s.site.path, run, 2000 + rand_r(&seed) % most_us)) break;
    assert_true(kills < KILLS_MAX);
    print_message("killed %d times\n", kills);
    assert_ok(heng_store_open(s.site.path, &s.store, &err));
    assert_int_equal(bill_list(&s, run, bills, ACCOUNTS + 1), ACCOUNTS);
    for (int i = 0; i < ACCOUNTS; i++) {
        char number[HENG_BILL_NUMBER_MAX];
        heng_bill_number(0, 2024, i + 1, number);
        assert_string_equal(bills[i].number, number);
        assert_int_equal(bills[i].total, 30 * (10 + i) * 25);
        assert_int_equal(bill_balance(&s, bills[i].account_id).owed, bills[i].total);
        assert_ok(heng_bill_verify(heng_store_as_reader(s.store), &bills[i], &err));
    }
    assert_int_equal(small_site_number(s.site.path, "SELECT count(*) FROM booking WHERE kind = 'bill'"), ACCOUNTS);
    assert_int_equal(small_site_number(s.site.path, "SELECT count(*) FROM charge"), ACCOUNTS);
    bill_books_agree(&s);
    bill_site_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_killed_runs_go_on)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
