#ifndef HENG_TESTS_BUS_TALK_H
#define HENG_TESTS_BUS_TALK_H
/* The smallest pump there can be for a driver: one conversation with a virtual meter, without a line. */
#include "bus_case.h"
#include "meter/driver.h"

/* Judge all telegrams in what was heard. */
static inline heng_talk_verdict judge(const struct heng_driver *driver, struct heng_talk *talk, const struct heard *h,
                                      heng_us now, struct heng_read *read, struct heng_err *err)
{
    const struct heng_codec *codec = heng_codec_of(driver->protocol);
    struct heng_slice in = heard_slice(h);
    heng_talk_verdict verdict = HENG_TALK_IGNORE;
    while (in.n && (verdict == HENG_TALK_IGNORE || verdict == HENG_TALK_FOREIGN)) {
        struct heng_telegram t;
        size_t used = 0;
        heng_rc rc = (codec->decode_answer ? codec->decode_answer : codec->decode)(in, &t, &used, NULL);
        if (rc == HENG_MORE) break;
        if (rc == HENG_OK) verdict = driver->reply(talk, &t, now, read, err);
        in = heng_slice_from(in, used);
    }
    return verdict;
}

/* talk holds meter, memory, profiles and order; *now goes on. true: it ended well. err: why not. */
static inline bool converse(struct heng_sim_bus *bus, struct heng_talk *talk, heng_us *now, struct heng_read *read,
                            struct heng_err *err)
{
    const struct heng_driver *driver = heng_driver_of(talk->meter->protocol);
    *read = (struct heng_read){0};
    *err = (struct heng_err){0};
    assert_non_null(driver);
    driver->begin(talk);
    for (unsigned i = 0; i < 200; i++) {
        struct heng_ask ask = {0};
        struct heard h;
        *now += talk->pause_ms * HENG_US_PER_MS;
        talk->pause_ms = 0;
        talk->clock = heng_us_to_civil(START_WALL_US + *now);
        driver->next(talk, &ask);
        assert_true(ask.n > 0);
        exchange(bus, *now, heng_slice_of(ask.bytes, ask.n), 2500 * HENG_US_PER_MS, &h);
        *now += 3 * HENG_US_PER_S;
        heng_talk_verdict verdict = judge(driver, talk, &h, *now, read, err);
        if (ask.then_baud) heng_sim_bus_set_speed(bus, *now, ask.then_baud, 'E');
        if (verdict == HENG_TALK_DONE) return true;
        if (verdict == HENG_TALK_NEXT) continue;
        heng_missed missed = driver->timeout(talk, 3);
        if (missed == HENG_MISSED_DONE) return true;
        if (missed == HENG_MISSED_FAILED) return false;
    }
    fail_msg("a conversation without an end");
    return false;
}

#endif
