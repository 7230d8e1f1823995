#include "app/site/money.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/site/usage.h"
#include "base/log.h"
#include "billing/dunning.h"
#include "billing/run.h"
#include "prepaid/meter_order.h"
#include "prepaid/meter_use.h"
#include "prepaid/supply.h"
#include "prepaid/work.h"
#include "usage/usage.h"

/* A piece is short, so that an answer of a meter is never long on its way to the disk. LOOK: while commands are under
 * way; REST: else; SEAL: checkpoints. */
enum { LOOK_MS = 1000, REST_MS = 5000, OUT_MAX = 32 };
#define PIECE_US (50 * HENG_US_PER_MS)

/* What is to be commanded, found in one piece and told in the next. */
struct outbox {
    struct heng_supply_task tasks[OUT_MAX];
    struct heng_meter_order orders[OUT_MAX];
    int64_t task_devices[OUT_MAX];             /* 0: no meter is there */
    struct heng_meter_mirror mirrors[OUT_MAX]; /* whose meters are asked what is left in them */
    int64_t mirror_devices[OUT_MAX];
    size_t task_count, order_count, mirror_count;
};

struct site_money {
    struct heng_writer **writer;
    struct heng_desk *desk;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t woken;
    bool wake, stop;
    bool runs_now; /* of who starts and stops it */
    /* of the thread, and of the writer's while it waits for that */
    struct heng_store *store; /* whose the workers are */
    struct heng_prepaid_worker *prepaid;
    struct heng_run_worker *runs;
    struct heng_dunning_worker dunning;
    struct outbox out;
    struct heng_wish wish;
    bool left, busy; /* more pieces; commands are under way */
    const char *failing;
};

/* --- pieces, on the writer's thread ---------------------------------------------------------------------------- */

static void drop_workers(struct site_money *money)
{
    heng_prepaid_worker_free(money->prepaid);
    heng_run_worker_free(money->runs);
    money->prepaid = NULL;
    money->runs = NULL;
    money->dunning = (struct heng_dunning_worker){.day = 0};
    money->store = NULL;
}

/* The writer opens another store when the disk has failed. */
static heng_rc have_workers(struct site_money *money, struct heng_store *store, struct heng_err *err)
{
    if (money->store == store) return HENG_OK;
    drop_workers(money);
    heng_rc rc = heng_prepaid_worker_new(store, &money->prepaid, err);
    if (rc == HENG_OK) rc = heng_run_worker_new(heng_store_as_reader(store), &money->runs, err);
    if (rc == HENG_OK) money->store = store;
    return rc;
}

static heng_rc run_prepaid(void *ctx, struct heng_store *store, struct heng_err *err)
{
    struct site_money *money = ctx;
    heng_rc rc = have_workers(money, store, err);
    if (rc != HENG_OK) return rc;
    return heng_prepaid_work(money->prepaid, store, heng_clock_wall(), PIECE_US, NULL, &money->left, err);
}

static heng_rc today_of(struct heng_store *store, heng_us now_us, int32_t *ret, struct heng_err *err)
{
    struct heng_usage_site site;
    heng_rc rc = heng_usage_site_open(heng_store_as_reader(store), &site, err);
    if (rc != HENG_OK) return rc;
    *ret = heng_day_at(&site.days, now_us);
    heng_usage_site_close(&site);
    return HENG_OK;
}

static heng_rc run_bills(void *ctx, struct heng_store *store, struct heng_err *err)
{
    struct site_money *money = ctx;
    struct heng_hand hand = {.who = "heng", .now_us = heng_clock_wall()};
    heng_rc rc = have_workers(money, store, err);
    if (rc == HENG_OK) rc = today_of(store, hand.now_us, &hand.day, err);
    return rc == HENG_OK ? heng_bill_run_work(money->runs, store, &hand, PIECE_US, &money->left, err) : rc;
}

static heng_rc run_dunning(void *ctx, struct heng_store *store, struct heng_err *err)
{
    struct site_money *money = ctx;
    struct heng_hand hand = {.who = "heng", .now_us = heng_clock_wall()};
    heng_rc rc = have_workers(money, store, err);
    if (rc == HENG_OK) rc = today_of(store, hand.now_us, &hand.day, err);
    return rc == HENG_OK ? heng_dunning_work(&money->dunning, store, &hand, PIECE_US, &money->left, err) : rc;
}

/* --- commands that have ended ---------------------------------------------------------------------------------- */

static heng_rc supply_ended(struct heng_store *store, const struct heng_supply_answer *answer, struct heng_err *err)
{
    struct heng_command_row row;
    heng_rc rc = heng_store_get_command(heng_store_as_reader(store), answer->command_id, &row, err);
    if (rc != HENG_OK) return rc;
    bool confirmed = row.command.stage == HENG_STAGE_CONFIRMED;
    const char *why = row.command.why[0] || confirmed ? row.command.why : heng_stage_text(row.command.stage);
    return heng_supply_result(store, answer->task_id, confirmed ? HENG_SUPPLY_CONFIRMED : HENG_SUPPLY_FAILED, why,
                              heng_clock_wall(), err);
}

static heng_rc order_ended(struct heng_store *store, const struct heng_meter_order *order, struct heng_err *err)
{
    struct heng_command_row row;
    heng_rc rc = heng_store_get_command(heng_store_as_reader(store), order->command_id, &row, err);
    if (rc != HENG_OK) return rc;
    heng_meter_end end = heng_meter_end_of(&row.command);
    if (end == HENG_METER_CONTRADICTED)
        heng_log(HENG_LOG_ERROR, "money", "event=purchase_alarm order=%" PRId64 " meter=%s why='%s'", order->id,
                 row.number, row.command.why);
    return heng_meter_order_result(store, order->id, end, row.command.why, heng_clock_wall(), err);
}

static heng_rc take_answers(struct heng_store *store, struct heng_err *err)
{
    struct heng_supply_answer answers[OUT_MAX];
    struct heng_meter_order orders[OUT_MAX];
    size_t n = 0;
    struct heng_store_reader *reader = heng_store_as_reader(store);
    heng_rc rc = heng_store_answered_supply(reader, answers, OUT_MAX, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) rc = supply_ended(store, &answers[i], err);
    if (rc == HENG_OK) rc = heng_store_answered_meter_orders(reader, orders, OUT_MAX, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) rc = order_ended(store, &orders[i], err);
    return rc;
}

/* --- commands that are to go out ------------------------------------------------------------------------------- */

static heng_rc device_of(struct heng_store *store, int64_t point_id, int64_t *ret, struct heng_err *err)
{
    heng_rc rc = heng_store_device_at(heng_store_as_reader(store), point_id, ret, err);
    if (rc == HENG_ENOTFOUND) *ret = 0;
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

/* Answers first: a meter whose order has ended may have its next one. */
static heng_rc run_outbox(void *ctx, struct heng_store *store, struct heng_err *err)
{
    struct site_money *money = ctx;
    struct outbox *out = &money->out;
    struct heng_store_reader *reader = heng_store_as_reader(store);
    heng_us now_us = heng_clock_wall();
    out->task_count = out->order_count = out->mirror_count = 0;
    heng_rc rc = take_answers(store, err);
    if (rc == HENG_OK) rc = heng_supply_next(reader, now_us, out->tasks, OUT_MAX, &out->task_count, err);
    for (size_t i = 0; rc == HENG_OK && i < out->task_count; i++)
        rc = device_of(store, out->tasks[i].point_id, &out->task_devices[i], err);
    if (rc == HENG_OK) rc = heng_store_due_meter_orders(reader, now_us, out->orders, OUT_MAX, &out->order_count, err);
    for (size_t i = 0; rc == HENG_OK && i < out->order_count; i++)
        rc = heng_meter_order_number(store, out->orders[i].id, &out->orders[i], err);
    if (rc == HENG_OK)
        rc = heng_store_due_meter_mirrors(reader, now_us, out->mirrors, OUT_MAX, &out->mirror_count, err);
    for (size_t i = 0; rc == HENG_OK && i < out->mirror_count; i++)
        rc = heng_meter_use_device(reader, out->mirrors[i].contract_id, &out->mirror_devices[i], err);
    return rc == HENG_OK ? heng_store_money_under_way(reader, &money->busy, err) : rc;
}

/* What became of one wish, to be written down. rc: of the desk. */
struct told {
    const struct heng_supply_task *task;
    const struct heng_meter_order *order;
    const struct heng_meter_mirror *mirror;
    int64_t command_id;
    heng_rc rc;
    char why[HENG_DETAIL_MAX];
    bool too_late;
};

static heng_rc tell_supply(struct told *told, struct heng_store *store, heng_us now_us, struct heng_err *err)
{
    int64_t id = told->task->id;
    if (told->rc == HENG_ENOTFOUND)
        return heng_supply_result(store, id, HENG_SUPPLY_IMPOSSIBLE, told->why, now_us, err);
    heng_rc rc = heng_supply_ordered(store, id, told->command_id, now_us, err);
    told->too_late = rc == HENG_ECONFLICT;
    if (rc != HENG_OK || told->rc == HENG_OK) return told->too_late ? HENG_OK : rc;
    return heng_supply_result(store, id, HENG_SUPPLY_FAILED, told->why, now_us, err);
}

static heng_rc tell_order(struct told *told, struct heng_store *store, heng_us now_us, struct heng_err *err)
{
    int64_t id = told->order->id;
    if (told->rc != HENG_OK) return heng_meter_order_result(store, id, HENG_METER_UNSENT, told->why, now_us, err);
    heng_rc rc = heng_meter_order_sent(store, id, told->command_id, err);
    told->too_late = rc == HENG_ECONFLICT;
    return told->too_late ? HENG_OK : rc;
}

static heng_rc run_told(void *ctx, struct heng_store *store, struct heng_err *err)
{
    struct told *told = ctx;
    heng_us now_us = heng_clock_wall();
    if (told->task) return tell_supply(told, store, now_us, err);
    if (told->order) return tell_order(told, store, now_us, err);
    int64_t command_id = told->rc == HENG_OK ? told->command_id : 0;
    return heng_meter_use_asked(store, told->mirror->contract_id, command_id, told->why, now_us, err);
}

/* --- the thread ------------------------------------------------------------------------------------------------ */

static void note(struct site_money *money, const char *what, heng_rc rc, const struct heng_err *err)
{
    if (rc == HENG_OK) {
        if (money->failing == what) {
            heng_log(HENG_LOG_INFO, "money", "event=recovered what=%s", what);
            money->failing = NULL;
        }
        return;
    }
    if (rc == HENG_ECLOSED) return;
    drop_workers(money);
    if (money->failing) return;
    heng_log(HENG_LOG_ERROR, "money", "event=waits what=%s rc=%s text='%s' next='trying again'", what, heng_rc_name(rc),
             err->text);
    money->failing = what;
}

static bool stopped(struct site_money *money)
{
    pthread_mutex_lock(&money->mutex);
    bool stop = money->stop;
    pthread_mutex_unlock(&money->mutex);
    return stop;
}

/* Piece after piece until all is done. */
static void work(struct site_money *money, const char *what,
                 heng_rc (*run)(void *ctx, struct heng_store *store, struct heng_err *err))
{
    struct heng_err err;
    heng_rc rc = HENG_OK;
    do {
        money->left = false;
        rc = site_write(money->writer, run, money, &err);
        note(money, what, rc, &err);
    } while (rc == HENG_OK && money->left && !stopped(money));
}

/* It has come to nothing meanwhile: what can be taken back is. */
static void cancel(struct site_money *money, int64_t command_id)
{
    struct heng_receipt receipt;
    struct heng_err err;
    memset(&money->wish, 0, sizeof money->wish);
    money->wish.kind = HENG_WISH_CANCEL;
    money->wish.id = command_id;
    if (heng_desk_ask(money->desk, &money->wish, &receipt, &err) != HENG_OK)
        heng_log(HENG_LOG_WARN, "money", "event=command_not_cancelled id=%" PRId64 " why='%s'", command_id, err.text);
}

/* Ask the desk for the wish that is made, and write down what it said. */
static void command(struct site_money *money, int64_t device_id, struct told *told)
{
    struct heng_receipt receipt = {.id = 0};
    struct heng_err err = {.text = ""};
    money->wish.kind = HENG_WISH_COMMAND;
    money->wish.protocol = HENG_PROTOCOL_COUNT;
    money->wish.device_ids[0] = device_id;
    money->wish.device_count = 1;
    told->rc = device_id ? heng_desk_ask(money->desk, &money->wish, &receipt, &err)
                         : heng_fail(&err, HENG_ENOTFOUND, 0, "no meter is at this point: hang one there");
    if (told->rc == HENG_EBUSY || told->rc == HENG_ECLOSED) return; /* the same again with the next look */
    told->command_id = receipt.id;
    snprintf(told->why, sizeof told->why, "%s", err.text);
    heng_rc rc = site_write(money->writer, run_told, told, &err);
    note(money, "outbox", rc, &err);
    if (rc == HENG_OK && told->rc == HENG_OK) money->busy = true; /* what becomes of it is looked for soon */
    if (rc == HENG_OK && told->too_late && told->command_id) cancel(money, told->command_id);
}

static void send_all(struct site_money *money)
{
    struct outbox *out = &money->out;
    struct heng_err err;
    heng_rc rc = site_write(money->writer, run_outbox, money, &err);
    note(money, "outbox", rc, &err);
    if (rc != HENG_OK) return;
    for (size_t i = 0; i < out->task_count && !stopped(money); i++) {
        const struct heng_supply_task *task = &out->tasks[i];
        struct told told = {.task = task};
        memset(&money->wish, 0, sizeof money->wish);
        money->wish.order.kind = task->on ? HENG_ORDER_CONNECT : HENG_ORDER_DISCONNECT;
        snprintf(money->wish.key, sizeof money->wish.key, "supply-%" PRId64 "-%" PRIu32, task->id, task->tries + 1);
        command(money, out->task_devices[i], &told);
    }
    for (size_t i = 0; i < out->order_count && !stopped(money); i++) {
        const struct heng_meter_order *order = &out->orders[i];
        struct told told = {.order = order};
        memset(&money->wish, 0, sizeof money->wish);
        money->wish.order.kind = HENG_ORDER_PURCHASE;
        money->wish.order.number = (uint32_t)order->number;
        money->wish.order.amount = order->amount;
        heng_meter_order_key(order, money->wish.key);
        command(money, order->device_id, &told);
    }
    for (size_t i = 0; i < out->mirror_count && !stopped(money); i++) {
        struct told told = {.mirror = &out->mirrors[i]};
        memset(&money->wish, 0, sizeof money->wish);
        money->wish.order.kind = HENG_ORDER_READ_PURSE;
        heng_meter_use_key(&out->mirrors[i], money->wish.key);
        command(money, out->mirror_devices[i], &told);
    }
}

/* Until somebody wakes us, or it is time to look again. True: to stop. */
static bool rest(struct site_money *money, unsigned ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += (long)(ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&money->mutex);
    while (!money->wake && !money->stop)
        if (pthread_cond_timedwait(&money->woken, &money->mutex, &until) != 0) break;
    money->wake = false;
    bool stop = money->stop;
    pthread_mutex_unlock(&money->mutex);
    return stop;
}

static void *main_of_thread(void *argument)
{
    struct site_money *money = argument;
    do {
        work(money, "prepaid", run_prepaid);
        send_all(money);
        work(money, "bills", run_bills);
        work(money, "dunning", run_dunning);
    } while (!rest(money, money->busy ? LOOK_MS : REST_MS));
    return NULL;
}

/* --- life ------------------------------------------------------------------------------------------------------ */

heng_rc site_money_new(struct heng_writer **writer, struct heng_desk *desk, struct site_money **ret,
                       struct heng_err *err)
{
    pthread_condattr_t attributes;
    struct site_money *money = calloc(1, sizeof *money);
    if (!money) return heng_fail(err, HENG_ENOMEM, 0, "out of memory");
    money->writer = writer;
    money->desk = desk;
    pthread_mutex_init(&money->mutex, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&money->woken, &attributes);
    pthread_condattr_destroy(&attributes);
    *ret = money;
    return HENG_OK;
}

heng_rc site_money_start(struct site_money *money, struct heng_err *err)
{
    if (pthread_create(&money->thread, NULL, main_of_thread, money) != 0)
        return heng_fail(err, HENG_ENOMEM, 0, "cannot start the thread for money");
    money->runs_now = true;
    return HENG_OK;
}

void site_money_wake(struct site_money *money)
{
    pthread_mutex_lock(&money->mutex);
    money->wake = true;
    pthread_cond_signal(&money->woken);
    pthread_mutex_unlock(&money->mutex);
}

void site_money_stop(struct site_money *money)
{
    if (!money || !money->runs_now) return;
    pthread_mutex_lock(&money->mutex);
    money->stop = true;
    pthread_cond_signal(&money->woken);
    pthread_mutex_unlock(&money->mutex);
    pthread_join(money->thread, NULL);
    money->runs_now = false;
}

void site_money_free(struct site_money *money)
{
    if (!money) return;
    drop_workers(money);
    pthread_cond_destroy(&money->woken);
    pthread_mutex_destroy(&money->mutex);
    free(money);
}
