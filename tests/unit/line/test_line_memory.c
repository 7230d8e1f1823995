/* Memory that runs out: each allocation of a line fails once, one after another. What cannot be made is refused and
 * leaks nothing; what was accepted ends all the same, exactly once, a little later. */
#include "virtual_bus.h"

/* The linker puts these in the place of the C library's (tests/CMakeLists.txt). */
void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);

static bool armed;         /* only while the line has its turn */
static unsigned left, hit; /* so many succeed, then `fails` fail */
static unsigned fails;

static bool fail_now(void)
{
    if (!armed) return false;
    if (left) {
        left--;
        return false;
    }
    if (hit == fails) return false;
    hit++;
    return true;
}

void *__wrap_malloc(size_t n) { return fail_now() ? NULL : __real_malloc(n); }
void *__wrap_calloc(size_t n, size_t size) { return fail_now() ? NULL : __real_calloc(n, size); }
void *__wrap_realloc(void *p, size_t n) { return fail_now() ? NULL : __real_realloc(p, n); }

static void arm(unsigned after, unsigned count)
{
    left = after;
    fails = count;
    hit = 0;
    armed = true;
}

static struct heng_schedule schedule = {.id = 1, .period_s = 60};
static struct heng_relay_config relay = {.id = 1, .name = "r", .delay_ms = 10};

static struct virtual_bus *configured(void)
{
    struct virtual_bus *v = virtual_new(HENG_PROTOCOL_MBUS, 4, 30);
    v->config.schedules = &schedule;
    v->config.schedule_count = 1;
    v->config.relays = v->wire.relays = &relay;
    v->config.relay_count = v->wire.relay_count = 1;
    v->meters[0].schedule_id = 1;
    v->meters[1].relay_id = v->slaves[1].relay_id = 1;
    return v;
}

static void a_line_that_cannot_be_made_leaves_nothing(void **state)
{
    (void)state;
    struct virtual_bus *v = configured();
    unsigned after = 0;
    for (; after < 100; after++) {
        struct heng_line *line = NULL;
        struct heng_err err = {.text = ""};
        arm(after, 1);
        heng_rc rc = heng_line_new(&v->config, v->meters, v->count, &line, &err);
        armed = false;
        if (rc == HENG_OK) {
            heng_line_free(line);
            break;
        }
        assert_int_equal(rc, HENG_ENOMEM);
        assert_non_null(strstr(err.text, "memory"));
        assert_null(line);
    }
    print_message("# a line is made of %u allocations\n", after);
    assert_in_range(after, 4, 99);
    virtual_free(v);
}

static void a_search_that_cannot_be_made_leaves_nothing(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < HENG_SEARCH_KIND_COUNT; kind++) {
        struct virtual_bus *v = configured();
        struct heng_search_config config = {.kind = (heng_search_kind)kind, .known = v->meters, .known_count = 4};
        virtual_start(v);
        unsigned after = 0;
        for (; after < 100; after++) {
            arm(after, 1);
            heng_rc rc = heng_line_search(v->line, v->now, &config, NULL);
            armed = false;
            if (rc == HENG_OK) break;
            assert_int_equal(rc, HENG_ENOMEM);
        }
        assert_in_range(after, 1, 99);
        heng_line_search_stop(v->line, v->now);
        virtual_run(v, v->now + 5 * HENG_US_PER_S);
        virtual_free(v);
    }
}

/* --- while it runs ------------------------------------------------------------------------------------------ */

struct ends {
    unsigned of[16];
    bool searched;
};

static void note(struct virtual_bus *v, const struct heng_line_action *action)
{
    struct ends *ends = v->owner;
    if (action->kind == HENG_LINE_SEARCHED && action->progress.ended) ends->searched = true;
    if (action->kind != HENG_LINE_RESULT || !action->result.read || !action->result.job_id) return;
    ends->of[action->result.job_id]++;
}

/* Poll with the failing memory, everything else without. */
static void run_poor(struct virtual_bus *v, heng_us until)
{
    while (v->now < until) {
        struct heng_line_action action;
        armed = true;
        heng_line_poll(v->line, v->now, &action);
        armed = false;
        virtual_take(v, &action);
        if (action.kind != HENG_LINE_NONE) continue;
        heng_us next = heng_line_deadline(v->line), due = heng_sim_bus_due(v->bus), at = next < due ? next : due;
        v->now = at > until ? until : at > v->now ? at : v->now + 1;
        uint8_t bytes[256];
        size_t n;
        while ((n = heng_sim_bus_take(v->bus, v->now, bytes, sizeof bytes)) > 0) {
            armed = true;
            heng_line_feed(v->line, v->now, heng_slice_of(bytes, n));
            armed = false;
        }
    }
}

static void what_was_accepted_ends_once(void **state)
{
    (void)state;
    unsigned refused = 0, cases = 0;
    for (unsigned after = 0; after < 30; after++)
        for (unsigned count = 1; count <= 9; count += 4) {
            struct ends ends = {.searched = false};
            struct virtual_bus *v = configured();
            bool accepted[16] = {false};
            v->on_action = note;
            v->owner = &ends;
            v->config.single_reads = false;
            virtual_start(v);
            heng_line_set_clock(v->line, v->now, VIRTUAL_WALL_DAYS * HENG_US_PER_DAY + v->now);
            arm(after, count);
            for (int64_t id = 1; id < 14; id++) {
                struct heng_line_job job = {.id = id,
                                            .cls = id % 2 ? HENG_CLASS_CONTROL : HENG_CLASS_ON_DEMAND,
                                            .device_id = 1 + id % 4,
                                            .expires_us = id % 5 ? HENG_US_NEVER : v->now + HENG_US_PER_S,
                                            .order = {.kind = HENG_ORDER_READ}};
                heng_rc rc = heng_line_submit(v->line, v->now, &job, NULL);
                accepted[id] = rc == HENG_OK;
                refused += rc == HENG_ENOMEM;
                if (rc != HENG_OK) assert_int_equal(rc, HENG_ENOMEM);
            }
            (void)!heng_line_cancel(v->line, v->now, 7);
            run_poor(v, 40 * HENG_US_PER_S);
            virtual_run(v, 200 * HENG_US_PER_S);
            for (unsigned id = 1; id < 14; id++)
                if (ends.of[id] != accepted[id])
                    fail_msg("after %u, %u times: job %u ended %u times", after, count, id, ends.of[id]);
            struct heng_line_vitals vitals;
            arm(0, 1);
            heng_line_vitals_now(v->line, &vitals); /* without memory: all but the hint */
            armed = false;
            assert_int_equal(vitals.queued, 0);
            for (size_t i = 1; i <= 4; i++) assert_true(v->of_device[i] >= 3);
            virtual_free(v);
            cases++;
        }
    print_message("# %u cases, %u jobs refused for want of memory\n", cases, refused);
    assert_true(refused > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_that_cannot_be_made_leaves_nothing),
        cmocka_unit_test(a_search_that_cannot_be_made_leaves_nothing),
        cmocka_unit_test(what_was_accepted_ends_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
