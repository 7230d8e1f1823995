/* Wishes between threads: each is answered once, by whoever took it, or told why not. */
#include <pthread.h>
#include <unistd.h>

#include "flow/desk.h"
#include "flow/latency.h"
#include "unit/small_site.h"

struct counter {
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    unsigned wakes;
};

static void wake(void *owner)
{
    struct counter *counter = owner;
    pthread_mutex_lock(&counter->mutex);
    counter->wakes++;
    pthread_cond_broadcast(&counter->cond);
    pthread_mutex_unlock(&counter->mutex);
}

static void wait_for(struct counter *counter, unsigned wakes)
{
    pthread_mutex_lock(&counter->mutex);
    while (counter->wakes < wakes) pthread_cond_wait(&counter->cond, &counter->mutex);
    pthread_mutex_unlock(&counter->mutex);
}

static struct counter new_counter(void)
{
    return (struct counter){.mutex = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER};
}

struct asker {
    struct heng_desk *desk;
    struct heng_wish wish;
    struct heng_receipt receipt;
    struct heng_err err;
    heng_rc rc;
    pthread_t thread;
};

static void *ask(void *cls)
{
    struct asker *asker = cls;
    asker->rc = heng_desk_ask(asker->desk, &asker->wish, &asker->receipt, &asker->err);
    return NULL;
}

static void start(struct asker *asker, struct heng_desk *desk, int64_t id)
{
    *asker = (struct asker){.desk = desk, .wish = {.kind = HENG_WISH_CANCEL, .id = id}};
    assert_int_equal(pthread_create(&asker->thread, NULL, ask, asker), 0);
}

/* Many ask at once; everybody gets the answer to the own wish. */
static void test_answers(void **state)
{
    enum { ASKERS = 20 };
    static struct asker askers[ASKERS];
    struct counter counter = new_counter();
    struct heng_desk *desk = NULL;
    struct heng_err err;
    (void)state;
    assert_ok(heng_desk_new(wake, &counter, &desk, &err));
    assert_null(heng_desk_take(desk));
    for (int i = 0; i < ASKERS; i++) start(&askers[i], desk, i);
    wait_for(&counter, ASKERS);
    for (int i = 0; i < ASKERS; i++) {
        struct heng_wish_slot *slot = heng_desk_take(desk);
        assert_non_null(slot);
        int64_t id = heng_wish_of(slot)->id;
        struct heng_receipt receipt = {.id = id + 1000, .accepted = 1};
        assert_true(heng_desk_hold(desk, slot));
        heng_desk_answer(desk, slot, &receipt, id % 2 ? HENG_ENOTFOUND : HENG_OK, "not there");
    }
    assert_null(heng_desk_take(desk));
    for (int i = 0; i < ASKERS; i++) {
        pthread_join(askers[i].thread, NULL);
        assert_int_equal(askers[i].rc, i % 2 ? HENG_ENOTFOUND : HENG_OK);
        if (i % 2)
            assert_string_equal(askers[i].err.text, "not there");
        else
            assert_int_equal(askers[i].receipt.id, i + 1000);
    }
    heng_desk_free(desk);
}

/* More than fit are refused at once; when the desk closes all who wait are told, taken or not. */
static void test_full_and_closed(void **state)
{
    static struct asker askers[HENG_DESK_WAITING_MAX];
    struct counter counter = new_counter();
    struct heng_desk *desk = NULL;
    struct heng_wish wish = {.kind = HENG_WISH_CANCEL};
    struct heng_receipt receipt;
    struct heng_err err;
    (void)state;
    assert_ok(heng_desk_new(wake, &counter, &desk, &err));
    for (int i = 0; i < HENG_DESK_WAITING_MAX; i++) start(&askers[i], desk, i);
    wait_for(&counter, HENG_DESK_WAITING_MAX);
    assert_int_equal(heng_desk_ask(desk, &wish, &receipt, &err), HENG_EBUSY);
    struct heng_wish_slot *taken = heng_desk_take(desk), *held = heng_desk_take(desk);
    assert_true(heng_desk_hold(desk, held));
    heng_desk_close(desk);
    for (int i = 0; i < HENG_DESK_WAITING_MAX; i++) {
        pthread_join(askers[i].thread, NULL);
        assert_int_equal(askers[i].rc, HENG_ECLOSED);
    }
    assert_null(heng_desk_take(desk));
    assert_false(heng_desk_hold(desk, taken));
    heng_desk_answer(desk, taken, NULL, HENG_OK, "");
    assert_int_equal(heng_desk_ask(desk, &wish, &receipt, &err), HENG_ECLOSED);
    heng_desk_free(desk);
}

/* Who has lost patience is told that the wish was dropped, and then it must not be done. */
static void test_patience(void **state)
{
    static struct asker impatient, patient;
    struct counter counter = new_counter();
    struct heng_desk *desk = NULL;
    struct heng_err err;
    (void)state;
    assert_ok(heng_desk_new(wake, &counter, &desk, &err));
    start(&impatient, desk, 1);
    wait_for(&counter, 1);
    struct heng_wish_slot *slot = heng_desk_take(desk);
    start(&patient, desk, 2);
    wait_for(&counter, 2);
    struct heng_wish_slot *held = heng_desk_take(desk);
    assert_true(heng_desk_hold(desk, held));
    pthread_join(impatient.thread, NULL);
    assert_int_equal(impatient.rc, HENG_EBUSY);
    assert_false(heng_desk_hold(desk, slot));
    heng_desk_answer(desk, slot, NULL, HENG_OK, "");
    usleep(HENG_DESK_PATIENCE_MS * 1000 / 5); /* beyond the patience of the second one, which is held */
    heng_desk_answer(desk, held, &(struct heng_receipt){.id = 7}, HENG_OK, "");
    pthread_join(patient.thread, NULL);
    assert_int_equal(patient.rc, HENG_OK);
    assert_int_equal(patient.receipt.id, 7);
    heng_desk_free(desk);
}

/* A quantile is never below the true one, and at most an eighth above it. */
static void test_latency(void **state)
{
    static struct heng_histogram histogram;
    (void)state;
    struct heng_latency none = heng_histogram_latency(&histogram);
    assert_true(none.reads == 0 && none.p50_us == 0 && none.p99_us == 0 && none.max_us == 0);
    for (heng_us us = 1; us <= 100000; us++) heng_histogram_add(&histogram, us);
    heng_histogram_add(&histogram, -5);
    heng_histogram_add(&histogram, INT64_MAX);
    struct heng_latency latency = heng_histogram_latency(&histogram);
    assert_int_equal(latency.reads, 100002);
    assert_in_range(latency.p50_us, 50000, 50000 * 9 / 8);
    assert_in_range(latency.p99_us, 99000, 99000 * 9 / 8);
    assert_true(latency.max_us == INT64_MAX);
    static struct heng_histogram one;
    heng_histogram_add(&one, 1234567);
    latency = heng_histogram_latency(&one);
    assert_true(latency.p50_us == 1234567 && latency.p99_us == 1234567);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_full_and_closed),
        cmocka_unit_test(test_patience),
        cmocka_unit_test(test_latency),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
