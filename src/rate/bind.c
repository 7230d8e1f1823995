#include "rate/bind.h"

#include <stdio.h>

#include "bill/form.h"

static bool holds(const struct heng_binding *binding, heng_day day)
{
    return binding->from <= day && day < binding->to;
}

/* The strongest on a day; NULL none. */
static const struct heng_binding *strongest(const struct heng_binding *bindings, size_t count, heng_day day)
{
    const struct heng_binding *best = NULL;
    for (size_t i = 0; i < count; i++)
        if (holds(&bindings[i], day) && (!best || bindings[i].level < best->level)) best = &bindings[i];
    return best;
}

static heng_rc check_alone(const struct heng_binding *bindings, size_t count, const struct heng_binding *best,
                           heng_day day, struct heng_err *err)
{
    char text[HENG_DATE_TEXT_MAX];
    for (size_t i = 0; i < count; i++) {
        if (&bindings[i] == best || bindings[i].level != best->level || !holds(&bindings[i], day)) continue;
        heng_date_format(day, text);
        return heng_fail(err, HENG_ECONFIG, 0, "bindings[%zu].from: on %s bindings[%zu] of the same level holds, too",
                         i, text, (size_t)(best - bindings));
    }
    return HENG_OK;
}

static heng_day next_change(const struct heng_binding *bindings, size_t count, heng_day at, heng_day to)
{
    for (size_t i = 0; i < count; i++) {
        if (bindings[i].from > at && bindings[i].from < to) to = bindings[i].from;
        if (bindings[i].to > at && bindings[i].to < to) to = bindings[i].to;
    }
    return to;
}

static void say(struct heng_steps *steps, const struct heng_binding *binding, heng_day from)
{
    char day[HENG_DATE_TEXT_MAX], subject[HENG_STEP_SUBJECT_MAX];
    const struct heng_dec number = heng_dec_of((int64_t)binding->level + 1, 0);
    heng_date_format(from, day);
    snprintf(subject, sizeof subject, "%.10s %.20s %.24s", day, binding->key ? binding->key : "",
             binding->tariff->id ? binding->tariff->id : "");
    heng_steps_say(steps, HENG_STEP_RATE_BIND, subject, "", &number, 1, number);
}

heng_rc heng_bind(const struct heng_binding *bindings, size_t count, heng_day from, heng_day to,
                  struct heng_rate_span *ret, size_t cap, size_t *ret_count, struct heng_steps *steps,
                  struct heng_err *err)
{
    const struct heng_binding *last = NULL;
    size_t n = 0;
    for (heng_day at = from; at < to;) {
        char text[HENG_DATE_TEXT_MAX];
        const struct heng_binding *best = strongest(bindings, count, at);
        heng_day next = next_change(bindings, count, at, to);
        heng_date_format(at, text);
        if (!best) return heng_fail(err, HENG_ECONFIG, 0, "bindings: none holds on %s", text);
        heng_rc rc = check_alone(bindings, count, best, at, err);
        if (rc != HENG_OK) return rc;
        if (best == last) {
            ret[n - 1].to = next;
        } else {
            if (n == cap) return heng_fail(err, HENG_ELIMIT, 0, "bindings: they change more than %zu times", cap);
            ret[n++] = (struct heng_rate_span){best->tariff, at, next};
            say(steps, best, at);
        }
        last = best;
        at = next;
    }
    *ret_count = n;
    return HENG_OK;
}
