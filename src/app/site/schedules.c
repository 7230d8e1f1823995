#include "app/site/schedules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "line/schedule.h"

enum { LAST_DAY_BIT = 31, MINUTES_A_DAY = 1440 };

/* Which item and field is read, for the sentence. */
struct at {
    size_t item;
    const char *field;
};

static heng_rc refuse(const struct at *at, const char *what, struct heng_err *err)
{
    return heng_fail(err, HENG_ECONFIG, 0, "schedules[%zu]: '%s' %s", at->item, at->field, what);
}

/* "06:30", and 24:00 as the end of a day. Returns what stands behind it, NULL for no time. */
static const char *take_time(const char *text, unsigned *ret_minute)
{
    unsigned fields[2] = {0, 0};
    for (int i = 0; i < 2; i++) {
        int digits = 0;
        for (; *text >= '0' && *text <= '9' && digits < 2; digits++)
            fields[i] = fields[i] * 10 + (unsigned)(*text++ - '0');
        if (digits == 0 || (i == 1 && digits != 2)) return NULL;
        if (i == 0 && *text++ != ':') return NULL;
    }
    *ret_minute = fields[0] * 60 + fields[1];
    return fields[1] < 60 && *ret_minute <= MINUTES_A_DAY ? text : NULL;
}

static heng_rc take_minute(const json_t *value, const struct at *at, uint16_t *ret, struct heng_err *err)
{
    unsigned minute = 0;
    const char *end = json_is_string(value) ? take_time(json_string_value(value), &minute) : NULL;
    if (!end || *end || minute >= MINUTES_A_DAY) return refuse(at, "must be a time of the day such as \"06:30\"", err);
    *ret = (uint16_t)minute;
    return HENG_OK;
}

static heng_rc take_window(const json_t *value, const struct at *at, struct heng_day_window *ret, struct heng_err *err)
{
    unsigned from = 0, until = 0;
    const char *end = json_is_string(value) ? take_time(json_string_value(value), &from) : NULL;
    if (end && *end == '-')
        end = take_time(end + 1, &until);
    else
        end = NULL;
    if (!end || *end || from >= MINUTES_A_DAY) return refuse(at, "must be like \"22:00-06:00\"", err);
    *ret = (struct heng_day_window){(uint16_t)from, (uint16_t)(until % MINUTES_A_DAY)};
    return HENG_OK;
}

/* The list of a field, or NULL when it is not there. */
static heng_rc take_list(json_t *object, struct at *at, const char *field, size_t max, json_t **ret,
                         struct heng_err *err)
{
    char what[48];
    at->field = field;
    *ret = json_object_get(object, field);
    if (!*ret) return HENG_OK;
    if (!json_is_array(*ret)) return refuse(at, "must be a list in brackets", err);
    if (json_array_size(*ret) <= max) return HENG_OK;
    snprintf(what, sizeof what, "has more than %zu items", max);
    return refuse(at, what, err);
}

static heng_rc take_days(json_t *object, struct at *at, const char *field, uint32_t *ret, struct heng_err *err)
{
    json_t *list, *value;
    size_t i;
    heng_rc rc = take_list(object, at, field, 32, &list, err);
    if (rc != HENG_OK || !list) return rc;
    json_array_foreach(list, i, value)
    {
        json_int_t day = json_integer_value(value);
        if (json_is_string(value) && strcmp(json_string_value(value), "last") == 0)
            *ret |= UINT32_C(1) << LAST_DAY_BIT;
        else if (json_is_integer(value) && day >= 1 && day <= 31)
            *ret |= UINT32_C(1) << (day - 1);
        else
            return refuse(at, "must hold days of the month, 1 to 31 or \"last\"", err);
    }
    return HENG_OK;
}

static heng_rc take_windows(json_t *object, struct at *at, const char *field, struct heng_day_window *ret,
                            uint8_t *ret_n, struct heng_err *err)
{
    json_t *list, *value;
    size_t i;
    heng_rc rc = take_list(object, at, field, HENG_SCHEDULE_WINDOWS_MAX, &list, err);
    if (rc != HENG_OK || !list) return rc;
    json_array_foreach(list, i, value)
    {
        rc = take_window(value, at, &ret[i], err);
        if (rc != HENG_OK) return rc;
        *ret_n = (uint8_t)(i + 1);
    }
    return HENG_OK;
}

static heng_rc take_times(json_t *object, struct at *at, struct heng_schedule *ret, struct heng_err *err)
{
    json_t *list, *value;
    size_t i;
    heng_rc rc = take_list(object, at, "times", HENG_SCHEDULE_TIMES_MAX, &list, err);
    if (rc != HENG_OK || !list) return rc;
    json_array_foreach(list, i, value)
    {
        rc = take_minute(value, at, &ret->times[i], err);
        if (rc != HENG_OK) return rc;
        ret->time_count = (uint16_t)(i + 1);
    }
    return HENG_OK;
}

static heng_rc take_seconds(json_t *object, struct at *at, const char *field, uint32_t *ret, struct heng_err *err)
{
    json_t *value = json_object_get(object, field);
    at->field = field;
    if (!value) return HENG_OK;
    json_int_t number = json_integer_value(value);
    if (!json_is_integer(value) || number < 0 || number > UINT32_MAX)
        return refuse(at, "must be a whole number of seconds", err);
    *ret = (uint32_t)number;
    return HENG_OK;
}

static heng_rc check_names(json_t *object, size_t item, struct heng_err *err)
{
    static const char *const known[] = {"key",      "period_s", "times",        "days",     "due_days",
                                        "due_time", "spread_s", "read_windows", "power_off"};
    const char *key;
    json_t *value;
    if (!json_is_object(object))
        return heng_fail(err, HENG_ECONFIG, 0, "schedules[%zu] must be an object in braces", item);
    json_object_foreach(object, key, value)
    {
        size_t i = 0;
        while (i < sizeof known / sizeof *known && strcmp(known[i], key) != 0) i++;
        if (i == sizeof known / sizeof *known)
            return heng_fail(err, HENG_ECONFIG, 0, "schedules[%zu]: unknown field '%.40s'", item, key);
    }
    return HENG_OK;
}

static heng_rc take_schedule(json_t *object, size_t item, struct heng_schedule *ret, struct heng_err *err)
{
    struct at at = {item, "key"};
    heng_rc rc = check_names(object, item, err);
    if (rc != HENG_OK) return rc;
    const char *key = json_string_value(json_object_get(object, "key"));
    if (!key || !key[0] || strlen(key) >= sizeof ret->name) return refuse(&at, "must be a text of 1 to 47 bytes", err);
    memcpy(ret->name, key, strlen(key) + 1);
    rc = take_seconds(object, &at, "period_s", &ret->period_s, err);
    if (rc == HENG_OK) rc = take_seconds(object, &at, "spread_s", &ret->spread_s, err);
    if (rc == HENG_OK) rc = take_times(object, &at, ret, err);
    if (rc == HENG_OK) rc = take_days(object, &at, "days", &ret->days, err);
    if (rc == HENG_OK) rc = take_days(object, &at, "due_days", &ret->due_days, err);
    if (rc == HENG_OK) rc = take_windows(object, &at, "read_windows", ret->read_windows, &ret->read_window_count, err);
    if (rc == HENG_OK) rc = take_windows(object, &at, "power_off", ret->power_off, &ret->power_off_count, err);
    at.field = "due_time";
    json_t *due = json_object_get(object, "due_time");
    if (rc == HENG_OK && due) rc = take_minute(due, &at, &ret->due_minute, err);
    if (rc == HENG_OK && due && !ret->due_days) rc = refuse(&at, "belongs to 'due_days', which are missing", err);
    if (rc != HENG_OK) return rc;
    return heng_schedule_check(ret, err);
}

heng_rc heng_site_schedules_read(json_t *root, struct heng_schedule **ret, size_t *ret_count, struct heng_err *err)
{
    json_t *list = json_object_get(root, "schedules");
    if (!list) return HENG_OK;
    if (!json_is_array(list)) return heng_fail(err, HENG_ECONFIG, 0, "'schedules' must be a list in brackets");
    size_t count = json_array_size(list);
    *ret = calloc(count + 1, sizeof **ret);
    if (!*ret) return heng_fail(err, HENG_ENOMEM, 0, "no memory for %zu schedules", count);
    *ret_count = count;
    heng_rc rc = HENG_OK;
    for (size_t i = 0; rc == HENG_OK && i < count; i++) rc = take_schedule(json_array_get(list, i), i, &(*ret)[i], err);
    return rc;
}
