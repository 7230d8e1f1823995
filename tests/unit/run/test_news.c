/* What becomes of a line's actions for whoever keeps them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "run/news.h"

#define S HENG_US_PER_S

static void test_times_become_wall_clock(void **state)
{
    (void)state;
    struct heng_read *from = calloc(1, sizeof *from), *to = calloc(1, sizeof *to);
    assert_non_null(from);
    assert_non_null(to);
    *from = (struct heng_read){.device_id = 7, .at_us = 100, .value_count = 2, .frame_count = 2};
    from->values[1].dec.mantissa = 815;
    from->frame_of_value[1] = 1;
    from->frames[0].at_us = 90;
    from->frames[1].at_us = 100;
    from->frames[1].n = 1;
    from->frames[1].bytes[0] = 0xE5;
    heng_news_stamp_read(to, from, 1000 * S);
    assert_true(to->at_us == 1000 * S + 100 && to->frames[0].at_us == 1000 * S + 90);
    assert_true(to->frames[1].at_us == 1000 * S + 100 && to->frames[1].bytes[0] == 0xE5);
    assert_true(to->values[1].dec.mantissa == 815 && to->frame_of_value[1] == 1 && to->device_id == 7);
    free(from);
    free(to);
}

static void test_how_an_order_has_ended(void **state)
{
    (void)state;
    static struct heng_read read = {.device_id = 7, .outcome = HENG_OUTCOME_SILENCE, .why = "it was quiet"};
    struct heng_line_result result = {.stage = HENG_STAGE_FAILED, .read = &read};
    char why[160];
    assert_true(heng_news_was_asked(&result));
    assert_int_equal(heng_news_outcome(&result), HENG_OUTCOME_SILENCE);
    heng_news_why(&result, true, why, sizeof why);
    assert_string_equal(why, "it was quiet");
    result.stage = HENG_STAGE_CONFIRMED;
    heng_news_why(&result, true, why, sizeof why);
    assert_string_equal(why, ""); /* of a try before the one that was good */
    heng_news_why(&result, false, why, sizeof why);
    assert_string_equal(why, "it was quiet");
    result.stage = HENG_STAGE_EXPIRED;
    read.why[0] = '\0';
    assert_false(heng_news_was_asked(&result));
    assert_int_equal(heng_news_outcome(&result), HENG_OUTCOME_COUNT);
    heng_news_why(&result, true, why, sizeof why);
    assert_string_equal(why, "its time was over before the line came to it");
    result = (struct heng_line_result){.stage = HENG_STAGE_SENT};
    assert_false(heng_news_was_asked(&result));
}

/* Trouble is told at once, all else once a second and as long as there is a share; nothing is counted twice. */
static void test_statuses_are_few(void **state)
{
    (void)state;
    struct heng_line_config config = {.id = 1, .name = "l", .baud = 2400, .parity = 'E', .period_s = 60};
    struct heng_meter_config meter = {.device_id = 1, .protocol = HENG_PROTOCOL_MBUS, .address = "1"};
    struct heng_news_told told = {.state = HENG_LINE_STATE_DOWN};
    struct heng_news_status status;
    struct heng_line *line;
    struct heng_line_action action;
    struct heng_err err = {.text = ""};
    bool urgent;
    heng_us now = 1000 * S;
    assert_int_equal(heng_line_new(&config, &meter, 1, &line, &err), HENG_OK);
    heng_line_closed(line, now, "no answer");
    heng_news_status_take(&told, line, now, &status);
    assert_string_equal(status.detail, "no answer");
    assert_false(status.changed);
    assert_false(told.news);
    heng_line_opened(line, now);
    assert_true(heng_news_status_now(&told, line, now, false, &urgent)); /* the end of trouble needs no share */
    assert_true(urgent);
    heng_news_status_take(&told, line, now, &status);
    assert_true(status.changed);
    for (action.kind = HENG_LINE_NONE; action.kind != HENG_LINE_SEND;) { /* one request goes out and is counted */
        heng_line_poll(line, now, &action);
        if (action.kind == HENG_LINE_NONE) now = heng_line_deadline(line);
        assert_true(now < 1100 * S);
    }
    told.at_us = now;
    assert_false(heng_news_status_now(&told, line, now + S / 2, true, &urgent));
    assert_true(told.news);
    assert_false(heng_news_status_due(&told, now + S / 2));
    assert_true(heng_news_status_due(&told, now + S));
    assert_false(heng_news_status_now(&told, line, now + 2 * S, false, &urgent)); /* others have used up the second */
    assert_true(heng_news_status_now(&told, line, now + 2 * S, true, &urgent));
    assert_false(urgent);
    heng_line_closed(line, now + 3 * S, "the cable is out");
    assert_true(heng_news_status_now(&told, line, now + 3 * S, false, &urgent));
    heng_news_status_take(&told, line, now + 3 * S, &status);
    uint64_t requests = status.counters.requests;
    assert_true(requests > 0);
    heng_news_status_take(&told, line, now + 4 * S, &status);
    assert_int_equal(status.counters.requests, 0);
    heng_line_free(line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times_become_wall_clock),
        cmocka_unit_test(test_how_an_order_has_ended),
        cmocka_unit_test(test_statuses_are_few),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
